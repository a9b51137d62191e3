// Clients of two KDCs by a script of moves: logins, requests for tickets and acquisitions, up to three at a time, on a
// network on which an adversary delivers what it likes. The adversary is a user of the home realm, and has the other
// realm's keys. A list of what the home realm's KDC has granted says what a client may end with.
#include <kerb/exchange/client/acquire.hpp>
#include <kerb/testing/realm.hpp>

#include <memory>

#include "moves.hpp"
#include "support/must.hpp"

using namespace kerb;
using namespace kerb::literals;
using namespace kerb_fuzz;
using kerb_test::must;

namespace {

using policy = testing::insecure_policy;
using credential = basic_credential<key>;

constexpr timestamp noon{{1767268800}, {250000}};  // 2026-01-01T12:00:00.25Z
constexpr kerberos_string home_realm = "EX.ORG"_krb, away_realm = "AWAY.ORG"_krb;
constexpr kerberos_string alice_parts[] = {"alice"_krb}, mallory_parts[] = {"mallory"_krb},
                          krbtgt_parts[] = {"krbtgt"_krb, home_realm}, web_parts[] = {"HTTP"_krb, "web"_krb},
                          ftp_parts[] = {"ftp"_krb, "web"_krb}, to_away_parts[] = {"krbtgt"_krb, away_realm};
constexpr principal_view alice{{name_t::principal, alice_parts}, home_realm};
constexpr principal_view mallory{{name_t::principal, mallory_parts}, home_realm};
constexpr principal_view krbtgt{{name_t::srv_inst, krbtgt_parts}, home_realm};
constexpr principal_view servers[] = {{{name_t::srv_inst, web_parts}, home_realm},
                                      {{name_t::srv_inst, ftp_parts}, home_realm},
                                      {{name_t::srv_inst, to_away_parts}, home_realm},
                                      {{name_t::srv_inst, web_parts}, away_realm},
                                      {{name_t::srv_inst, web_parts}, {}}};
constexpr std::uint8_t alice_password[] = {'s', 'e', 's', 'a', 'm', 'e'}, mallory_password[] = {'e', 'v', 'e'};

constexpr secret_view password_of(bool honest) {
  return honest ? secret_view{alice_password, sizeof alice_password}
                : secret_view{mallory_password, sizeof mallory_password};
}

/// What a KDC has granted.
struct grant {
  std::string client, server;
  octet_list key, ticket;
  std::uint32_t nonce = 0, flags = 0;
  std::int64_t authtime = 0, endtime = 0, renew_till = 0;
};

struct world {
  script in;
  policy crypto{};
  network net{};
  timestamp now = noon;
  testing::realm<policy, 8> home{crypto, home_realm, etype_t::aes256_cts_hmac_sha1_96},
      away{crypto, away_realm, etype_t::aes256_cts_hmac_sha1_96};
  std::vector<grant> granted{};                        // by the home realm's KDC
  std::vector<octet_list> stamps{}, authenticators{};  // that alice's clients have made
  ticket_cache<key, 8> tickets{};                      // alice's
  octet_list tgt_buffer[2]{};
  std::optional<credential> tgt[2]{};  // alice's and mallory's

  explicit world(bytes_view octets) : in(octets) {
    std::array<std::uint8_t, 32> out{}, back{};
    out.fill(1), back.fill(2);
    const etype_t e = etype_t::aes256_cts_hmac_sha1_96;
    const key there = must(crypto.import(e, out)), here = must(crypto.import(e, back));
    require(home.add_user("alice", password_of(true)) && home.add_user("mallory", password_of(false)) &&
                home.add_service("HTTP/web") && home.add_service("ftp/web") && home.add_trust(away_realm, there, here),
            "is set up", "the home realm");
    require(away.add_service("HTTP/web") && away.add_trust(home_realm, here, there), "is set up", "the other realm");
    net.learn(e, out), net.learn(e, back);
    for (const char* name : {"krbtgt/AWAY.ORG", "HTTP/web"}) net.learn(e, away.key_of(name)->octets().unguarded());
    net.learn(e, home.key_of("mallory")->octets().unguarded());
    for (const bool honest : {true, false}) log_in(honest);
  }
  environment<policy> env() { return {crypto, now, {}}; }

  /// Notes what an honest client has made.
  void note(bytes_view request) {
    if (const auto as = asn1::decode<msg::AsReq>(request); as && as->padata) {
      for (const msg::PaData pa : *as->padata)
        if (pa.padata_type == padata_t::enc_timestamp) stamps.push_back(copy(pa.padata_value));
    }
    if (const auto ap = ap_req_of(request)) authenticators.push_back(copy(ap->authenticator.cipher));
  }
  static std::optional<msg::ApReq> ap_req_of(bytes_view request) {
    const auto tgs = asn1::decode<msg::TgsReq>(request);
    if (!tgs || !tgs->padata) return {};
    for (const msg::PaData pa : *tgs->padata) {
      if (pa.padata_type != padata_t::tgs_req) continue;
      if (const auto ap = asn1::decode<msg::ApReq>(pa.padata_value)) return *ap;
    }
    return {};
  }
  static bool has(const std::vector<octet_list>& list, bytes_view v) {
    for (const octet_list& o : list)
      if (bytes_view(o) == v) return true;
    return false;
  }

  /// The answer of a realm's KDC, in a buffer of exactly the size that it asks for.
  octet_list ask(bool of_home, const octet_list& request) {
    const octet_list exact = request;  // a block of exactly this size
    auto& r = of_home ? home : away;
    for (std::size_t size = 0, n = 0;; ++n) {
      octet_list buffer(size);
      kdc<policy> x(r.settings, buffer);
      const auto out = serve(x, exact, crypto, r, now);
      if (!out && out.error().code == errc::no_space) {
        require(out.error().detail > size && n < 8, "asks for a larger buffer", "a KDC");
        size = out.error().detail;
        continue;
      }
      require(out.has_value(), "replies or refuses", "a KDC");
      const octet_list reply = copy(*out);
      net.add(reply);
      if (of_home) look(exact, reply);
      else learn(exact);
      return reply;
    }
  }
  /// The adversary reads what the other realm's KDC gets.
  void learn(bytes_view request) {
    const auto ap = ap_req_of(request);
    if (!ap) return;
    if (const auto t = asn1::decode<msg::EncTicketPart>(plain(ap->ticket->enc_part.cipher))) net.learn(t->key);
    const auto a = asn1::decode<msg::Authenticator>(plain(ap->authenticator.cipher));
    if (a && a->subkey) net.learn(*a->subkey);
  }
  /// What the home realm's KDC has replied must be something that it may grant.
  void look(bytes_view request, bytes_view octets) {
    const auto as = asn1::decode<msg::AsRep>(octets);
    const auto tgs = asn1::decode<msg::TgsRep>(octets);
    if (as) {
      const auto part = asn1::decode<msg::EncAsRepPart>(plain(as->enc_part.cipher));
      require(part.has_value(), "seals what decodes", "an AS-REP");
      look_at_login(request, add(*as, *part));
    } else if (tgs) {
      const auto part = asn1::decode<msg::EncTgsRepPart>(plain(tgs->enc_part.cipher));
      require(part.has_value(), "seals what decodes", "a TGS-REP");
      look_at_ticket(request, add(*tgs, *part));
    } else {
      require(octets.empty() || asn1::decode<msg::KrbError>(octets), "replies, refuses or is silent", "a KDC");
    }
  }
  template <class Rep, class Part>
  msg::EncTicketPart add(const Rep& rep, const Part& part) {
    const auto ticket = asn1::decode<msg::EncTicketPart>(plain(rep.ticket->enc_part.cipher));
    require(ticket.has_value(), "seals a ticket that decodes", "a KDC");
    const principal_view client{ticket->cname, ticket->crealm};
    require(same_principal(client, {rep.cname, rep.crealm}) && ticket->key.keyvalue == part.key.keyvalue &&
                ticket->endtime == part.endtime && ticket->flags == part.flags,
            "tells the client what it tells the server", "a KDC");
    require(ticket->endtime.seconds > now.at.seconds, "grants nothing that has ended", "a KDC");
    grant g{text_of(client),
            text_of({part.sname, part.srealm}),
            copy(part.key.keyvalue),
            copy(rep.ticket->enc_part.cipher),
            part.nonce,
            part.flags.bits,
            part.authtime.seconds,
            part.endtime.seconds,
            0};
    if (part.renew_till) g.renew_till = part.renew_till->seconds;
    granted.push_back(std::move(g));
    return *ticket;
  }
  void look_at_login(bytes_view request, const msg::EncTicketPart& t) {
    const auto req = asn1::decode<msg::AsReq>(request);
    require(req.has_value() && t.flags.has(ticket_flag_t::initial) && t.flags.has(ticket_flag_t::pre_authent),
            "grants an initial ticket after pre-authentication", "the AS");
    if (!same_principal({t.cname, t.crealm}, alice)) return;
    bool proven = false;
    for (const msg::PaData pa : must(req->padata)) proven = proven || has(stamps, pa.padata_value);
    require(proven, "grants alice's ticket for what alice has sealed", "the AS");
  }
  void look_at_ticket(bytes_view request, const msg::EncTicketPart& t) {
    const auto ap = ap_req_of(request);
    require(ap.has_value(), "wants an AP-REQ", "the TGS");
    if (!(t.crealm == home_realm)) return;
    const std::string client = text_of({t.cname, t.crealm});
    const grant* from = nullptr;
    for (const grant& g : granted)
      if (bytes_view(g.ticket) == ap->ticket->enc_part.cipher) from = &g;
    require(from != nullptr, "grants tickets of its own clients for its own tickets only", "the TGS");
    require(from->client == client && from->authtime == t.authtime.seconds, "keeps the client and its login",
            "the TGS");
    const bool renewed = t.endtime.seconds > from->endtime;
    require(!renewed || t.endtime.seconds <= from->renew_till, "grants no longer than it has granted", "the TGS");
    if (same_principal({t.cname, t.crealm}, alice))
      require(has(authenticators, ap->authenticator.cipher), "grants alice's ticket to alice only", "the TGS");
  }

  void log_in(bool honest) {
    octet_list& buffer = tgt_buffer[!honest];
    buffer.resize(4096);
    as_client<policy> x({.client = honest ? alice : mallory,
                         .password = password_of(honest),
                         .buffer = buffer,
                         .renew_lifetime = 86400});
    auto s = x.start(env());
    octet_list reply[2];
    for (octet_list& r : reply) {
      if (!is<send>(s)) break;
      const octet_list request = copy(std::get<send>(s).octets);
      net.add(request);
      if (honest) note(request);
      r = ask(true, request);
      s = x.receive(r, env());
    }
    require(is<done>(s), "ends", "an honest login");
    tgt[!honest].emplace(must(std::move(x).take()));
    if (!honest) net.learn(tgt[1]->session_key().etype(), tgt[1]->session_key().octets().unguarded());
  }
};

/// An exchange in the hands of the script.
struct actor {
  virtual ~actor() = default;
  virtual void start() = 0;
  virtual void receive(octet_list octets, transport how) = 0;
  virtual void move_buffer(std::size_t more) = 0;
  virtual void move_exchange() = 0;
  virtual void call_out_of_turn() = 0;

  octet_list request{};  ///< sent last
  bool for_home = true;  ///< whose KDC it is for
};

template <class X>
class client_actor : public actor {
  static constexpr bool logs_in = std::is_same_v<X, as_client<policy>>;
  static constexpr bool acquires = std::is_same_v<X, credential_client<policy>>;

 public:
  client_actor(world& w, bool honest, const principal_view& server, std::size_t size, bool follows_clock)
      : w_(w), honest_(honest), server_(server), buffer_(size) {
    const principal_view client = honest ? alice : mallory;
    if constexpr (logs_in) {
      if (same_principal(server, servers[0]) || same_principal(server, krbtgt)) server_ = krbtgt;
      x_ = std::make_unique<X>(as_params<key>{.client = client,
                                              .server = server_,
                                              .password = size / 16 % 2 == 0 ? password_of(honest) : secret_view{},
                                              .buffer = buffer_.get(),
                                              .follow_kdc_clock = follows_clock});
    } else if constexpr (acquires) {
      x_ = std::make_unique<X>(
          credential_params<key>{.client = client,
                                 .server = server,
                                 .fallback_realm = away_realm,
                                 .buffer = buffer_.get(),
                                 .password = size / 16 % 2 == 0 ? password_of(honest) : secret_view{},
                                 .may_ask = true,
                                 .follow_kdc_clock = follows_clock});
    } else {
      x_ = std::make_unique<X>(
          tgs_params<key>{.tgt = *w.tgt[!honest], .server = server, .buffer = buffer_.get(), .subkey = size % 3 != 0});
    }
  }
  void start() override {
    on(buffer_.grow(*x_, [&] { return x_->start(w_.env()); }), transport::stream);
  }
  void receive(octet_list octets, transport how) override {
    const bytes_view here = lent_.add(std::move(octets));
    on(buffer_.grow(*x_, [&] { return x_->receive(here, w_.env(), how); }), how);
  }
  void move_buffer(std::size_t more) override { (void)buffer_.move(*x_, buffer_.get().size() + more); }
  void move_exchange() override {
    if constexpr (!acquires) {
      auto other = std::make_unique<X>(std::move(*x_));
      const errc why = failure(x_->start(w_.env()));
      require((why == errc::api_misuse || has_failed_) && why != errc::ok && !std::move(*x_).take(),
              "does nothing after it was moved from");
      x_ = std::move(other);
    }
  }
  void call_out_of_turn() override {
    misused_ = true;
    if (w_.in.below(2) == 0) on(x_->start(w_.env()), transport::stream);
    else if constexpr (!std::is_same_v<X, tgs_client<policy>>)
      on(x_->provide(key_of_client(), w_.env()), transport::stream);
    else on(x_->abandon({.code = errc::no_answer}), transport::stream);
  }

 private:
  key key_of_client() { return w_.home.key_of(honest_ ? "alice" : "mallory")->copy(); }

  void on(typename X::step s, transport how) {
    for (int n = 0;; ++n) {
      require(n < 64, "ends, or waits for something");
      if (const auto* out = std::get_if<send>(&s)) return sent(*out);
      if (is<ignored>(s)) return require(how == transport::datagram, "passes nothing over on a stream");
      if (is<done>(s)) return ended();
      if (const auto* f = std::get_if<failed>(&s)) return has_failed(f->why.code);
      if constexpr (logs_in || acquires) {
        if (const auto* ask = std::get_if<need_key>(&s)) {
          key k = must(w_.crypto.string_to_key(ask->etype, password_of(honest_), ask->salt, ask->iterations));
          s = buffer_.grow(*x_, [&] { return x_->provide(std::move(k), w_.env()); });
          continue;
        }
      }
      if constexpr (acquires) {
        if (const auto* f = std::get_if<find_credential>(&s)) {
          const auto* const c = honest_ ? w_.tickets.find(f->client, f->server, w_.now.at, f->kind) : nullptr;
          const bool good = c != nullptr && c->endtime() >= f->valid_until;
          s = buffer_.grow(*x_, [&] { return good ? x_->found(*c, w_.env()) : x_->not_found(w_.env()); });
          continue;
        }
        if (const auto* c = std::get_if<store_credential<key>>(&s)) {
          look(c->credential.get(), true);
          if (honest_) (void)w_.tickets.store_copy(c->credential.get(), w_.crypto, w_.now.at);
          s = buffer_.grow(*x_, [&] { return x_->stored(w_.env()); });
          continue;
        }
        if (is<need_new_password>(s)) {  // which anyone can say
          s = buffer_.grow(*x_, [&] { return x_->password_changed(password_of(honest_), w_.env()); });
          continue;
        }
      }
      require(false, "has no other step");
    }
  }
  void sent(const send& out) {
    for_home = out.realm == home_realm;
    require(acquires || for_home, "asks the realm that it is to ask");
    if (!out.octets.empty()) {
      request = copy(out.octets);
      w_.net.add(request);
      if (honest_ && for_home) w_.note(request);
      const auto as = asn1::decode<msg::AsReq>(request);
      const auto tgs = asn1::decode<msg::TgsReq>(request);
      require(as || tgs, "sends a request that decodes");
      nonces_.push_back(as ? as->req_body->nonce : tgs->req_body->nonce);
    }
    lent_.forget();
  }
  void has_failed(errc why) {
    require(why != errc::ok && (why != errc::api_misuse || misused_), "is no misuse, whatever came");
    request.clear();
    lent_.forget();
    require(!std::move(*x_).take(), "has no product after a failure");
    require(failure(x_->receive({}, w_.env())) == why, "says the first reason again");
    has_failed_ = misused_ = true;
  }
  void ended() {
    lent_.forget();
    const auto c = std::move(*x_).take();
    require(c.has_value() || misused_, "has a product at its end");
    misused_ = true;  // from now on
    request.clear();
    if (!c) return;
    if constexpr (acquires) {
      require(same_name(c->server().name, server_.name), "ends with the server that it was asked for");
      require(server_.realm.octets.empty() || c->server().realm == server_.realm,
              "ends with the realm it was asked for");
      require(!c->facts().is_referral, "ends with no referral");
    } else {
      require(same_principal(c->server(), server_), "ends with the server that it was asked for");
    }
    look(*c, !acquires);
  }
  /// What an honest client has got from the home realm is what its KDC has granted, and unless it comes from the cache,
  /// in answer to this client.
  void look(const credential& c, bool fresh) {
    require(same_principal(c.client(), honest_ ? alice : mallory), "gets tickets for its own name only");
    if (!honest_ || !(c.server().realm == home_realm)) return;
    const octet_list k = octets_of(c.session_key());
    const grant* g = nullptr;
    for (const grant& one : w_.granted)
      if (one.key == k) g = &one;
    require(g != nullptr, "gets a key that the KDC has made");
    require(g->server == text_of(c.server()) && g->client == text_of(c.client()), "gets it for the names of the grant");
    require(g->endtime == c.endtime().seconds && g->authtime == c.facts().authtime.seconds &&
                (g->flags & ~c.facts().flags.bits) == 0,
            "gets it for the times and flags of the grant");
    bool own = !fresh;
    for (const std::uint32_t n : nonces_) own = own || n == g->nonce;
    require(own, "gets it in answer to its own request");
  }

  world& w_;
  bool honest_;
  principal_view server_;
  moving_buffer buffer_;
  lent_octets lent_;
  std::unique_ptr<X> x_;
  std::vector<std::uint32_t> nonces_;
  bool has_failed_ = false;
  bool misused_ = false;  // a call that the exchange does not allow was made, or its product was taken
};

std::unique_ptr<actor> new_actor(world& w) {
  const std::uint8_t how = w.in.next();
  const bool honest = w.in.below(4) != 0, follows_clock = (how & 1) != 0;
  const principal_view server = servers[w.in.below(5)];
  const std::size_t size = w.in.next() * 16u;
  switch (how % 3) {
    case 0: return std::make_unique<client_actor<as_client<policy>>>(w, honest, krbtgt, size, follows_clock);
    case 1: {
      const principal_view s = server.realm == home_realm ? server : servers[0];
      return std::make_unique<client_actor<tgs_client<policy>>>(w, honest, s, size, follows_clock);
    }
    default: return std::make_unique<client_actor<credential_client<policy>>>(w, honest, server, size, follows_clock);
  }
}

octet_list any(world& w) { return w.net.any<msg::AsReq, msg::TgsReq, msg::AsRep, msg::TgsRep, msg::KrbError>(w.in); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 400) return 0;
  const auto w = std::make_unique<world>(bytes_view(data, size));
  std::unique_ptr<actor> actors[3];
  script& in = w->in;
  for (int n = 0; !in.over() && n != 80; ++n) {
    const std::uint8_t move = in.next();
    std::unique_ptr<actor>& a = actors[move % 128 / 16 % 3];
    const transport how = move >= 128 ? transport::stream : transport::datagram;
    if (!a || move % 16 == 0) {
      a = new_actor(*w);
      a->start();
      continue;
    }
    switch (move % 16) {
      case 1:
      case 2:
      case 3:
      case 4:
      case 5:
        if (!a->request.empty()) a->receive(w->ask(a->for_home, a->request), how);
        break;
      case 6:
        if (!a->request.empty()) {
          octet_list reply = w->ask(a->for_home, a->request);
          a->receive(w->net.changed<msg::AsRep, msg::TgsRep, msg::KrbError>(std::move(reply), in), how);
        }
        break;
      case 7:
      case 8: a->receive(any(*w), how); break;
      case 9:
      case 10: (void)w->ask(true, any(*w)); break;
      case 11: (void)w->ask(false, any(*w)); break;
      case 12:
      case 13: a->move_buffer(in.next()); break;
      case 14:
        if (in.below(8) == 0) a->call_out_of_turn();
        else a->move_exchange();
        break;
      default: w->now.at.seconds += (in.next() - 128) * 40; break;
    }
  }
  return 0;
}
