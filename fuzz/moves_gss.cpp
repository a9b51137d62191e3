// Contexts of GSS-API by a script of moves, bare or negotiated with SPNEGO: up to three initiators and three acceptors
// at a time, and their messages, on a network on which an adversary delivers what it likes. The adversary is a user
// with a ticket for the service. Two sides have the same context, or none; and what arrives in it is what the peer has
// sent in it, once.
#include <kerb/gss/spnego.hpp>

#include <memory>

#include "moves_tickets.hpp"

using namespace kerb;
using namespace kerb_fuzz;
using kerb_test::web;

namespace {

using context = gss::context<policy>;

/// One half of a context.
struct half {
  std::optional<context> of{};
  std::vector<std::pair<octet_list, bool>> sent{};  ///< texts, and whether each has arrived
  std::size_t next = 0;                             ///< the one after the last that has arrived
};
/// What an honest initiator has asked for, and both halves of the context that came of it.
struct conversation {
  octet_list authenticator;
  gss_flags flags;
  bool honest = true;  ///< alice's: the adversary can answer its own requests as it likes
  int channel = 0;     ///< 0: none
  bool accepted = false;
  half ours{}, theirs{};
};
/// A token of a context.
struct token {
  octet_list octets;
  const conversation* of;
  const half* by;
};
struct world : service_world {
  using service_world::service_world;
  std::list<conversation> all{};
  conversation* find(bytes_view authenticator) {
    for (conversation& c : all)
      if (bytes_view(c.authenticator) == authenticator) return &c;
    return nullptr;
  }
  /// Both halves of a context have the same names, flags and keys.
  void compare(const conversation& c) {
    if (!c.honest || !c.ours.of || !c.theirs.of) return;
    const context &one = *c.ours.of, &other = *c.theirs.of;
    require(same_principal(one.initiator(), alice) && same_principal(other.initiator(), alice),
            "names the client on both sides", "a context");
    require(same_principal(one.acceptor(), service) && same_principal(other.acceptor(), service),
            "names the service on both sides", "a context");
    require(one.flags().bits == other.flags().bits, "has the same flags on both sides", "a context");
    require(one.endtime() == other.endtime(), "ends at the same time on both sides", "a context");
    require(copy(one.session_key(crypto).unguarded()) == copy(other.session_key(crypto).unguarded()),
            "has the same key on both sides", "a context");
    for (const gss::prf_key which : {gss::prf_key::full, gss::prf_key::partial}) {
      std::array<std::uint8_t, 20> here_made{}, there_made{};
      require(one.prf(which, service.realm.octets, here_made, crypto) == errc::ok &&
                  other.prf(which, service.realm.octets, there_made, crypto) == errc::ok && here_made == there_made,
              "has the same pseudo-random function on both sides", "a context");
    }
  }
};

constexpr std::uint8_t channels[] = {1, 2};
std::optional<channel_bindings> bindings_of(int channel) {
  if (channel == 0) return {};
  return channel_bindings{.application_data = bytes_view(channels + channel - 1, 1)};
}

/// One side of a negotiation or of a bare context.
struct participant {
  virtual ~participant() = default;
  virtual void receive(octet_list token) = 0;
  virtual void go_on() = 0;
  virtual void move() = 0;
  virtual void move_buffer(std::size_t size) = 0;
};

template <class X, class Params>
class initiator : public participant {
 public:
  initiator(world& w, std::size_t size, const ticket& t, std::uint8_t how) : w_(w), honest_(t.honest), buffer_(size) {
    conversation c{};
    c.honest = t.honest;
    c.channel = how % 3;
    c.flags = {gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf, gss_flag_t::integ};
    c.flags.set(gss_flag_t::mutual, (how & 4) == 0);
    c.flags.set(gss_flag_t::dce_style, (how & 0x18) == 0x18);
    if (c.flags.has(gss_flag_t::dce_style)) c.flags.set(gss_flag_t::mutual);
    gss::initiator_params<key> krb5{.credential = t.credential, .buffer = buffer_.get(), .flags = c.flags};
    krb5.bindings = bindings_of(c.channel);
    krb5.times = w.times;
    if constexpr (std::is_same_v<Params, gss::initiator_params<key>>) x_ = std::make_unique<X>(std::move(krb5));
    else x_ = std::make_unique<X>(Params{.krb5 = std::move(krb5)});
    auto s = buffer_.grow(*x_, [&] { return x_->start(w.env()); });
    require(is<send>(s), "starts", "the initiator");
    const auto ap = ap_req_in(std::get<send>(s).octets);
    require(ap.has_value(), "sends an AP-REQ", "the initiator");
    c.authenticator = copy(ap->authenticator.cipher);
    w.all.push_back(std::move(c));
    own_ = &w.all.back();
    on(s);
  }
  void receive(octet_list token) override {
    if (over_) return;
    const bytes_view in = lent_.add(std::move(token));
    on(buffer_.grow(*x_, [&] { return x_->receive(in, w_.env()); }));
  }
  void go_on() override {}
  void move() override {
    if (over_) return;
    auto other = std::make_unique<X>(std::move(*x_));
    require(failure(x_->start(w_.env())) == errc::api_misuse, "is empty after a move", "the initiator");
    x_ = std::move(other);
  }
  void move_buffer(std::size_t size) override { (void)buffer_.move(*x_, size); }

 private:
  void on(const typename X::step& s) {
    const auto* out = std::get_if<send>(&s);
    if (out != nullptr) w_.net.add(out->octets);
    if (out != nullptr && out->then == afterwards::wait) return;
    over_ = true;
    if (out == nullptr && !is<done>(s)) {
      const errc why = failure(s);
      require(why != errc::ok && why != errc::api_misuse, "is no misuse, whatever came", "the initiator");
      require(!std::move(*x_).take(), "has no context after a failure", "the initiator");
      return;
    }
    auto p = std::move(*x_).take();
    require(p.has_value(), "has a context at its end", "the initiator");
    if constexpr (std::is_same_v<typename X::product, context>) own_->ours.of.emplace(std::move(*p));
    else own_->ours.of.emplace(std::move(*p->kerberos));
    const context& c = *own_->ours.of;
    require(same_principal(c.peer(), web), "names the service", "the initiator");
    if (!honest_) return;
    require(own_->accepted || !c.flags().has(gss_flag_t::mutual), "is done only after the service has accepted it",
            "the initiator");
    require(c.flags().has(gss_flag_t::mutual) == own_->flags.has(gss_flag_t::mutual), "has the flags of its request",
            "the initiator");
    w_.compare(*own_);
  }

  world& w_;
  bool honest_;
  moving_buffer buffer_;
  lent_octets lent_;
  std::unique_ptr<X> x_;
  conversation* own_ = nullptr;
  bool over_ = false;
};

template <class X, class Params>
class acceptor : public participant {
 public:
  acceptor(world& w, std::size_t size, std::uint8_t how) : w_(w), buffer_(size), channel_(how % 3) {
    gss::acceptor_params krb5;
    krb5.ap.service = web;
    krb5.ap.buffer = buffer_.get();
    krb5.ap.bindings = bindings_of(channel_);
    if (channel_ != 0 && (how & 4) != 0) krb5.ap.binding = binding_rule::require;
    if constexpr (std::is_same_v<Params, gss::acceptor_params>) x_ = std::make_unique<X>(std::move(krb5));
    else x_ = std::make_unique<X>(Params{.krb5 = std::move(krb5)});
  }
  void receive(octet_list token) override {
    if (over_ || !waits_) return;
    waits_ = false;
    const bytes_view in = lent_.add(std::move(token));
    if (const auto ap = ap_req_in(in)) got_ = *ap;
    on(buffer_.grow(*x_, [&] { return x_->receive(in, w_.env()); }));
  }
  void go_on() override {
    const std::size_t how = w_.in.below(8);  // first: the move has the same length whatever the state
    if (over_ || waits_ || !last_) return;
    if (is<need_ticket_key>(*last_)) {
      if (how == 7) on(x_->no_key(errc::no_key, w_.env()));
      else on(x_->provide(how == 6 ? w_.ftp_key : w_.own_key, w_.env()));
    } else if (const auto* ask = std::get_if<check_replay>(&*last_)) {
      on(x_->replay_checked(w_.seen.insert(ask->digest, ask->forget_after, w_.here.now.at), w_.env()));
    } else if (is<authenticated>(*last_)) {
      authenticated_now();
      on(how == 7 ? x_->refuse(error_code_t::kdc_err_policy, w_.env()) : x_->accept({.subkey = how != 5}, w_.env()));
    }
  }
  void move() override {
    if (over_) return;
    auto other = std::make_unique<X>(std::move(*x_));
    require(failure(x_->receive({}, w_.env())) == errc::api_misuse, "is empty after a move", "the acceptor");
    x_ = std::move(other);
  }
  void move_buffer(std::size_t size) override { (void)buffer_.move(*x_, size); }

 private:
  void authenticated_now() {
    const auto* peer = x_->peer();
    require(peer != nullptr && got_.has_value(), "shows its client", "the acceptor");
    const ticket* const t = w_.ticket_of(got_->ticket->enc_part.cipher);
    require(t != nullptr && t->for_service, "accepts tickets that the KDC has granted for this service",
            "the acceptor");
    require(same_principal(peer->client(), t->honest ? alice : mallory), "names the ticket's client", "the acceptor");
    own_ = w_.find(got_->authenticator.cipher);
    if (!t->honest) return;
    require(own_ != nullptr && !own_->accepted, "accepts alice's own requests, once", "the acceptor");
    require(!peer->bound() || own_->channel == channel_, "binds a context to one channel", "the acceptor");
    require(own_->channel == 0 || channel_ == 0 || own_->channel == channel_, "accepts no other channel",
            "the acceptor");
    require(peer->gss().has_value() && (peer->gss()->flags.bits & own_->flags.bits) == own_->flags.bits,
            "has the flags of the request", "the acceptor");
    own_->accepted = true;
  }
  void on(typename X::step s) {
    last_.emplace(std::move(s));
    if (is<need_ticket_key>(*last_) || is<check_replay>(*last_) || is<authenticated>(*last_)) return;
    if (const auto* more = std::get_if<gss::continue_with>(&*last_)) {
      w_.net.add(more->octets);
      waits_ = true;
      return;
    }
    over_ = true;
    if (const auto* no = std::get_if<refused>(&*last_)) {
      require(no->why.code != errc::ok && no->why.code != errc::api_misuse, "is no misuse, whatever came", "a refusal");
      w_.net.add(no->octets);
    }
    if (const auto* f = std::get_if<failed>(&*last_))
      require(f->why.code != errc::ok && f->why.code != errc::api_misuse, "is no misuse, whatever came", "a failure");
    if (is<refused>(*last_) || is<failed>(*last_)) {
      require(x_->peer() == nullptr && !std::move(*x_).take(), "leaves nobody authenticated", "a refusal");
      lent_.forget();
      return;
    }
    if (const auto* r = std::get_if<reply>(&*last_)) w_.net.add(r->octets);
    auto p = std::move(*x_).take();
    require(p.has_value(), "has a context at its end", "the acceptor");
    lent_.forget();
    if (own_ == nullptr) return;
    if constexpr (std::is_same_v<typename X::product, context>) own_->theirs.of.emplace(std::move(*p));
    else own_->theirs.of.emplace(std::move(*p->kerberos));
    w_.compare(*own_);
  }

  world& w_;
  moving_buffer buffer_;
  int channel_;
  lent_octets lent_;
  std::unique_ptr<X> x_;
  std::optional<msg::ApReq> got_{};
  conversation* own_ = nullptr;
  std::optional<typename X::step> last_{};
  bool waits_ = true, over_ = false;
};

/// Sends a message in a context, or delivers one to it.
void messages(world& w, std::vector<token>& tokens) {
  if (w.all.empty()) return;
  auto c = w.all.begin();
  for (std::size_t n = w.in.below(w.all.size()); n != 0; --n) ++c;
  const std::uint8_t how = w.in.next();
  const bool sends = (how & 2) != 0, changed = !sends && (how & 8) != 0;
  const std::uint8_t which = sends ? std::uint8_t{} : w.in.next(), where = changed ? w.in.next() : std::uint8_t{};
  half& one = (how & 1) != 0 ? c->ours : c->theirs;
  half& other = (how & 1) != 0 ? c->theirs : c->ours;
  if (!one.of) return;
  octet_list out(256);
  if (sends) {
    octet_list text(1 + tokens.size() % 60, static_cast<std::uint8_t>(tokens.size()));
    text.push_back(static_cast<std::uint8_t>(how & 1));
    text.push_back(static_cast<std::uint8_t>(std::distance(w.all.begin(), c)));
    const auto by = (how & 4) != 0 ? gss::protection::confidentiality : gss::protection::integrity;
    const auto t = one.of->wrap(text, by, out, w.crypto);
    require(t.has_value(), "makes tokens", "a context");
    tokens.push_back({copy(*t), &*c, &one});
    one.sent.push_back({std::move(text), false});
    return;
  }
  if (tokens.empty()) return;
  token t = tokens[which % tokens.size()];
  if (changed) t.octets[where % t.octets.size()] ^= 1;
  const auto got = one.of->unwrap(t.octets, out, w.crypto);
  if (!got) {
    const bool own = c->honest && t.of == &*c && t.by == &other;
    require(!own || changed, "opens what the peer has sent in it", "a context");
    return;
  }
  for (std::size_t n = 0; n != other.sent.size(); ++n) {
    auto& [text, arrived] = other.sent[n];
    if (bytes_view(text) != bytes_view(got->message)) continue;
    const bool repeated = got->seen == gss::order::duplicate || got->seen == gss::order::old;
    require(arrived == repeated || got->seen == gss::order::old, "tells what has arrived before", "a context");
    require(!c->honest || ((got->seen == gss::order::in_order) == (n == other.next) &&
                           (got->seen == gss::order::gap) == (n > other.next)),
            "tells what is the next one", "a context");
    arrived = true;
    if (n >= other.next) other.next = n + 1;
    return;
  }
  require(false, "opens what the peer has sent in it only", "a context");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using gss_initiator = initiator<gss::initiator<policy>, gss::initiator_params<key>>;
  using gss_acceptor = acceptor<gss::acceptor<policy>, gss::acceptor_params>;
  using spnego_initiator = initiator<gss::negotiate_initiator<policy>, gss::negotiate_initiator_params<key>>;
  using spnego_acceptor = acceptor<gss::negotiate_acceptor<policy>, gss::negotiate_acceptor_params>;
  if (size == 0 || size > 400) return 0;
  std::list<std::unique_ptr<participant>> participants;  // with the buffers of the contexts
  const auto w = std::make_unique<world>(bytes_view(data, size), web);
  participant *initiators[3]{}, *acceptors[3]{};
  const auto keep = [&](std::unique_ptr<participant> p) { return participants.emplace_back(std::move(p)).get(); };
  std::vector<token> tokens;
  script& in = w->in;
  const auto any = [&] { return w->net.any<msg::ApReq, msg::ApRep, msg::KrbError>(in); };
  for (int n = 0; !in.over() && n != 120; ++n) {
    const std::uint8_t move = in.next();
    auto& i = initiators[move / 16 % 3];
    auto& a = acceptors[move / 16 % 3];
    switch (move % 16) {
      case 0:
      case 1: {
        const ticket& t = w->ticket_number(in.below(2) * 2);
        const std::size_t buffer = in.next() * 8u;
        const std::uint8_t how = in.next();
        if (w->has_ended(t)) break;
        if (how < 128) i = keep(std::make_unique<gss_initiator>(*w, buffer, t, how));
        else i = keep(std::make_unique<spnego_initiator>(*w, buffer, t, how));
        break;
      }
      case 2: {
        const std::size_t buffer = in.next() * 8u;
        const std::uint8_t how = in.next();
        if (how < 128) a = keep(std::make_unique<gss_acceptor>(*w, buffer, how));
        else a = keep(std::make_unique<spnego_acceptor>(*w, buffer, how));
        break;
      }
      case 3:
      case 4:
        if (a) a->receive(any());
        break;
      case 5:
      case 6:
      case 7:
        if (a) a->go_on();
        break;
      case 8:
      case 9:
        if (i) i->receive(any());
        break;
      case 10:
        if (i) i->move_buffer(in.next() * 8u);
        if (a) a->move_buffer(in.next() * 8u);
        break;
      case 11:
        if (i) i->move();
        break;
      case 12:
        if (a) a->move();
        break;
      case 13:
      case 14: messages(*w, tokens); break;
      default: w->here.now.at.seconds += (in.next() - 128) * 20; break;
    }
  }
  return 0;
}
