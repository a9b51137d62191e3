// Buffers of every size around the edge: what an exchange asks for is enough, is asked for before anything is drawn or
// changed, and one octet less is not; whatever lengths names, salts, keys and optional fields have.
#include <functional>
#include <vector>

#include "support/ap_world.hpp"
#include "support/catch.hpp"
#include "support/kdc_side.hpp"

namespace {
using namespace kerb;
using octet_list = std::vector<std::uint8_t>;
using policy = testing::insecure_policy;
using kdc_world = kerb_kdc_test::kdc_side<policy>;

constexpr std::size_t lengths[] = {0, 1, 9, 60, 119, 126, 127, 128, 129};

/// A realm and names of components of one length, told apart by their letters.
class long_names {
 public:
  long_names(std::size_t length, std::size_t components)
      : octets_{octet_list(length, 'c'), octet_list(length, 's'), octet_list(length, 'R')} {
    for (std::size_t i = 0; i != components; ++i) {
      client_.push_back({bytes_view(octets_[0])});
      service_.push_back({bytes_view(octets_[1])});
    }
    krbtgt_ = {"krbtgt"_krb, realm()};
  }
  long_names(const long_names&) = delete;
  kerberos_string realm() const { return {bytes_view(octets_[2])}; }
  principal_view client() const { return {{name_t::principal, view_of<kerberos_string>(client_)}, realm()}; }
  principal_view service() const { return {{name_t::srv_hst, view_of<kerberos_string>(service_)}, realm()}; }
  principal_view krbtgt() const { return {{name_t::srv_inst, view_of<kerberos_string>(krbtgt_)}, realm()}; }

 private:
  octet_list octets_[3];
  std::vector<kerberos_string> client_, service_, krbtgt_;
};

/// How a drive ended, which must not depend on the buffer it began with.
struct ending {
  std::string what;
  std::size_t octets = 0;  ///< of the answer
  std::size_t most = 0;    ///< the largest buffer that was asked for
  friend bool operator==(const ending& a, const ending& b) { return a.what == b.what && a.octets == b.octets; }
};

/// Runs `call` again in ever larger buffers, until it asks for no more.
template <class X, class Step>
Step with_buffer(X& x, policy& crypto, std::vector<octet_list>& buffers, ending& e, const std::function<Step()>& call) {
  const unsigned draws = crypto.entropy.draws();
  Step step = call();
  const auto* const more = std::get_if<need_buffer>(&step);
  if (more == nullptr) return step;
  const std::size_t n = more->size;
  e.most = n;
  REQUIRE(n > buffers.back().size());
  REQUIRE(crypto.entropy.draws() == draws);
  if (n - 1 > buffers.back().size()) {
    x.set_buffer(buffers.emplace_back(n - 1));
    step = call();
    REQUIRE(is<need_buffer>(step));
    REQUIRE(std::get<need_buffer>(step).size == n);
    REQUIRE(crypto.entropy.draws() == draws);
  }
  x.set_buffer(buffers.emplace_back(n));
  step = call();
  REQUIRE(!is<need_buffer>(step));
  return step;
}
template <class Step>
bool ended(const Step& step, ending& e) {
  if (const auto* r = std::get_if<reply>(&step)) e.what = "reply", e.octets = r->octets.size();
  else if (const auto* no = std::get_if<refused>(&step))
    e.what = "refused " + std::string(name_of(no->why.code)), e.octets = no->octets.size();
  else if (const auto* f = std::get_if<failed>(&step)) e.what = "failed " + std::string(name_of(f->why.code));
  else return false;
  return true;
}

// ---- the KDC

ending drive_kdc(kdc_world& w, bytes_view request, std::size_t size) {
  ending e;
  std::vector<octet_list> buffers;
  buffers.reserve(64);
  buffers.emplace_back(size);
  const auto t = w.env_now();
  kdc<policy> x(w.settings, buffers.back(), w.peer);
  const auto go = [&](std::function<kdc_step()> call) { return with_buffer(x, w.crypto, buffers, e, call); };
  kdc_step step = go([&] { return x.receive(request, t); });
  while (!ended(step, e)) {
    if (const auto* a = std::get_if<need_principal>(&step)) {
      const auto* const known = w.find(a->principal);
      const bool refers = known == nullptr && w.refer && a->role != principal_role::header_server;
      step = go([&] {
        return known != nullptr ? x.found(known->record, t) : refers ? x.refer_to(*w.refer, t) : x.absent(t);
      });
    } else if (is<authorize>(step)) {
      step = go([&] { return w.refuse ? x.refuse(*w.refuse, t) : x.issue(w.options, t); });
    } else if (is<sign_ticket>(step)) {
      step = go([&] { return x.signed_ticket(t); });
    } else {
      REQUIRE(is<check_request>(step));
      step = go([&] { return x.request_checked(w.seen, t); });
    }
  }
  return e;
}
/// The same request in buffers of every sort ends in the same way, and never for want of buffer.
void in_every_buffer(kdc_world& w, bytes_view request, bool every) {
  const ending ample = drive_kdc(w, request, 65536), none = drive_kdc(w, request, 0);
  REQUIRE(ample.what.find("no_space") == std::string::npos);
  REQUIRE(ample.what != "refused unexpected_message");  // whatever the world could not make
  REQUIRE(ample.octets != 0);
  REQUIRE(none == ample);
  // Around what is asked for at last, and around where the bound that is tried first begins to do
  for (std::size_t n = none.most - (none.most < 8 ? none.most : 8); n != none.most + 8; ++n)
    REQUIRE(drive_kdc(w, request, n) == ample);
  for (std::size_t n = 0; n < none.most + 3500; n += every ? 1 : 61) REQUIRE(drive_kdc(w, request, n) == ample);
}

constexpr std::uint8_t zeros[200] = {}, here_octets[16] = {10, 1, 2, 3};
constexpr auto long_text = [] {  // longer than any request here, and than the space that the bounds have to spare
  std::array<std::uint8_t, 3000> letters{};
  letters.fill('L');
  return letters;
}();
constexpr kerberos_string long_string{bytes_view(long_text)};
constexpr kerberos_string long_parts[] = {long_string}, krbtgt_of_long[] = {"krbtgt"_krb, long_string};
constexpr msg::HostAddress places[] = {{addr_t::ipv6, here_octets}, {addr_t::ipv4, bytes_view(here_octets).first(4)}};
constexpr msg::LastReqEntry visits[] = {{lr_t(0x7fffffff), latest_time}, {lr_t(-0x7fffffff), latest_time}};
constexpr msg::AuthorizationDataElement sayings[] = {{ad_t(-0x7fffffff), bytes_view(zeros).first(60)},
                                                     {ad_t(0x7fffffff), {}}};

void rename(kdc_world& w, const long_names& n) {
  w.settings.realm = w.body.realm = w.tgt.crealm = w.authenticator.crealm = n.realm();
  w.client.record.principal = n.client();
  w.service.record.principal = n.service();
  w.tgs.record.principal = w.tgt_server = n.krbtgt();
  w.body.cname = w.tgt.cname = w.authenticator.cname = n.client().name;
}
using bend = void (*)(kdc_world&);
constexpr bend plain = [](kdc_world&) {};
constexpr bend no_timestamp = [](kdc_world& w) {
  w.with_timestamp = false;
  w.settings.require_preauth = true;
};
constexpr bend wrong_timestamp = [](kdc_world& w) { w.stamp_key = &w.user.own; };
constexpr bend unknown_client = [](kdc_world& w) { w.client.there = false; };
constexpr bend concealed_client = [](kdc_world& w) {
  w.client.there = false;
  w.settings.conceal_unknown_clients = true;
};
constexpr bend referred_client = [](kdc_world& w) {
  w.client.there = false;
  w.body.kdc_options.set(kdc_option_t::canonicalize);
  w.refer = kerberos_string{bytes_view(zeros)};
};
constexpr bend long_referral = [](kdc_world& w) {
  w.peer.arrived = transport::stream;  // no answer is too long
  w.client.there = false;
  w.body.kdc_options.set(kdc_option_t::canonicalize);
  w.refer = long_string;
};
constexpr bend long_hints = [](kdc_world& w) {
  w.peer.arrived = transport::stream;
  w.client.keys[0]->salt = long_string;
  w.client.keys[0]->s2kparams = bytes_view(long_text);
};
constexpr bend long_hints_refused = [](kdc_world& w) {
  long_hints(w);
  no_timestamp(w);
};
constexpr bend long_hints_unproven = [](kdc_world& w) {
  long_hints(w);
  w.with_timestamp = false;
};
constexpr bend long_parameters = [](kdc_world& w) {
  long_hints_unproven(w);
  w.client.keys[0]->salt.reset();
};
constexpr bend long_parameters_refused = [](kdc_world& w) {
  long_parameters(w);
  no_timestamp(w);
};
constexpr bend long_canonical_name = [](kdc_world& w) {  // whose default salt is kept where clients are concealed
  w.alias = w.client.record.principal;
  w.alias_of = &w.client;
  w.client.record.principal.name = {name_t::principal, view_of<kerberos_string>(long_parts)};
  w.client.keys[0]->salt.reset();
  w.settings.conceal_unknown_clients = true;
  w.with_timestamp = false;
};
constexpr bend refused_at_last = [](kdc_world& w) { w.refuse = error_code_t::kdc_err_policy; };
constexpr bend too_big = [](kdc_world& w) {
  w.peer.arrived = transport::datagram;
  w.peer.largest_datagram = 40;
};
constexpr bend everything = [](kdc_world& w) {
  w.ask_enc_pa_rep = true;
  w.body.kdc_options.set(kdc_option_t::renewable);
  w.settings.renewable = true;
  w.body.rtime = w.body.till = latest_time;
  w.body.nonce = 0xffffffff;
  w.body.addresses = view_of<msg::HostAddress>(places);
  w.client.record.password_expires = latest_time;
  w.client.record.last_req = view_of<msg::LastReqEntry>(visits);
  w.client.keys[0]->kvno = w.tgs.keys[0]->kvno = w.service.keys[0]->kvno = 0xffffffff;
  w.tgt_kvno = 0xffffffff;
  w.client.keys[0]->salt = kerberos_string{bytes_view(zeros)};
  w.client.keys[0]->s2kparams = bytes_view(zeros);
  w.options.authorization_data = view_of<msg::AuthorizationDataElement>(sayings);
};
constexpr bend signed_too = [](kdc_world& w) {
  everything(w);
  w.options.reserved_octets = 300;
  w.options.reserved_type = ad_t(-0x7fffffff);
};
constexpr bend with_subkey = [](kdc_world& w) { w.with_subkey = true; };
constexpr bend with_data = [](kdc_world& w) {
  everything(w);
  w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(sayings);
  w.tgt.caddr = view_of<msg::HostAddress>(places);
  w.tgt.renew_till = latest_time;
  w.tgt.flags.set(ticket_flag_t::renewable);
  w.added = view_of<msg::AuthorizationDataElement>(sayings);
};
constexpr bend unknown_server = [](kdc_world& w) { w.service.there = false; };
constexpr bend referred_server = [](kdc_world& w) {
  w.service.there = false;
  w.body.kdc_options.set(kdc_option_t::canonicalize);
  w.refer = "OTHER.ORG"_krb;
  w.outgoing.record.principal.realm = w.settings.realm;
};
constexpr bend seen_before = [](kdc_world& w) {
  w.settings.check_requests = true;
  w.seen = request_verdict::other;
};
constexpr bend from_far = [](kdc_world& w) {  // a realm is added to the path
  w.incoming.record.principal = w.tgt_server = {w.tgs.record.principal.name, "OTHER.ORG"_krb};
  w.tgt_key = &w.incoming.own;
  w.tgt.crealm = w.authenticator.crealm = "FAR.ORG"_krb;
  w.settings.unchecked_paths = true;
  w.body.kdc_options.set(kdc_option_t::disable_transited_check);
};
constexpr bend from_far_referred = [](kdc_world& w) {  // the path grows behind a long name, and is refused
  referred_server(w);
  w.refer = long_string;
  w.outgoing.record.principal.name = {name_t::srv_inst, view_of<kerberos_string>(krbtgt_of_long)};
  from_far(w);
  w.incoming.record.principal.realm = w.tgt_server.realm = {bytes_view(long_text).first(200)};
  w.settings.unchecked_paths = false;
};
constexpr bend another_client = [](kdc_world& w) { w.authenticator.cname = kerb_kdc_test::bob().name; };

TEST_CASE("as_kdc: what it asks for is enough, and one octet less is not", "[exchange]") {
  const std::pair<const char*, bend> cases[] = {{"plain", plain},
                                                {"no timestamp", no_timestamp},
                                                {"wrong timestamp", wrong_timestamp},
                                                {"unknown client", unknown_client},
                                                {"concealed client", concealed_client},
                                                {"referred client", referred_client},
                                                {"refused at last", refused_at_last},
                                                {"too big", too_big},
                                                {"everything", everything},
                                                {"signed too", signed_too}};
  for (const auto& [name, f] : cases) {
    for (const std::size_t length : lengths) {
      for (const std::size_t components : {1u, 2u}) {
        INFO(name << ", " << components << " of " << length);
        const long_names n(length, components);
        kdc_world w;
        rename(w, n);
        f(w);
        w.body.sname = n.krbtgt().name;
        in_every_buffer(w, w.as_req(), length == 9);
      }
    }
  }
}
TEST_CASE("as_kdc: what is longer than the request has space in what it asks for", "[exchange]") {
  const std::pair<const char*, bend> cases[] = {{"long referral", long_referral},
                                                {"long hints", long_hints},
                                                {"long hints, refused", long_hints_refused},
                                                {"long hints, unproven", long_hints_unproven},
                                                {"long parameters", long_parameters},
                                                {"long parameters, refused", long_parameters_refused},
                                                {"long canonical name", long_canonical_name}};
  for (const auto& [name, f] : cases) {
    INFO(name);
    const long_names n(9, 1);
    kdc_world w;
    rename(w, n);
    w.body.sname = n.krbtgt().name;
    f(w);
    in_every_buffer(w, w.as_req(), false);
  }
}

TEST_CASE("tgs_kdc: what it asks for is enough, and one octet less is not", "[exchange]") {
  const std::pair<const char*, bend> cases[] = {{"plain", plain},
                                                {"subkey", with_subkey},
                                                {"data", with_data},
                                                {"unknown server", unknown_server},
                                                {"referred server", referred_server},
                                                {"seen before", seen_before},
                                                {"another client", another_client},
                                                {"from far", from_far},
                                                {"from far, referred", from_far_referred},
                                                {"too big", too_big},
                                                {"refused at last", refused_at_last},
                                                {"everything", everything},
                                                {"signed too", signed_too}};
  for (const auto& [name, f] : cases) {
    for (const std::size_t length : lengths) {
      for (const std::size_t components : {1u, 2u}) {
        INFO(name << ", " << components << " of " << length);
        const long_names n(length, components);
        kdc_world w;
        rename(w, n);
        f(w);
        w.body.cname = std::optional<msg::PrincipalName>{};
        w.body.sname = n.service().name;
        in_every_buffer(w, w.tgs_req(), length == 9);
      }
    }
  }
}

// ---- a service

enum class wish { accept, no_subkey, refuse, seen, wrong_key, no_key };
template <class W>
ending drive_acceptor(W& w, bytes_view request, std::size_t size, wish what) {
  ending e;
  std::vector<octet_list> buffers;
  buffers.reserve(8);
  buffers.emplace_back(size);
  const auto t = w.turn();
  using acceptor = ap_acceptor<policy>;
  acceptor x(w.request_in(buffers.back()));
  const auto k = what == wish::wrong_key ? w.other_key(w.service_etype) : w.service_key();
  acceptor::step step =
      with_buffer<acceptor, acceptor::step>(x, w.policy, buffers, e, [&] { return x.receive(request, t); });
  while (!ended(step, e)) {
    REQUIRE(!is<need_buffer>(step));
    if (is<done>(step)) return e.what = "done", e;
    if (is<need_ticket_key>(step)) {
      const bool none = what == wish::no_key || (what == wish::wrong_key && std::get<need_ticket_key>(step).tried != 0);
      step = none ? x.no_key(errc::no_key, t) : x.provide(k, t);
    } else if (is<check_replay>(step)) {
      step = x.replay_checked(what != wish::seen, t);
    } else {
      REQUIRE(is<authenticated>(step));
      step = what == wish::refuse ? x.refuse(error_code_t::krb_err_generic, t)
                                  : x.accept({.subkey = what != wish::no_subkey}, t);
    }
  }
  return e;
}

TEST_CASE("ap_acceptor: what it asks for is enough, and one octet less is not", "[exchange]") {
  using namespace kerb_test;
  for (const wish what : {wish::accept, wish::no_subkey, wish::refuse, wish::seen, wish::wrong_key, wish::no_key}) {
    for (const bool mutual : {true, false}) {
      for (const std::size_t length : lengths) {
        for (const std::size_t components : {1u, 2u}) {
          for (const int own : {0, 1, 2}) {  // the service's name: any, its own, one of several of which it is none
            INFO(static_cast<int>(what) << ", " << mutual << ", " << components << " of " << length << ", " << own);
            const long_names n(length, components), others(length + 3, 3);
            ap_world w;
            w.now.usec = w.authenticator.cusec = {999999};
            w.kvno = 0xffffffff;
            w.service = n.service();
            w.ticket.cname = w.authenticator.cname = n.client().name;
            w.ticket.crealm = w.authenticator.crealm = n.realm();
            w.authenticator.subkey = key_as_sent(w.session_etype, subkey_octets);
            w.authenticator.seq_number = 0xffffffff;
            w.options = mutual ? msg::ApOptions{ap_option_t::mutual_required} : msg::ApOptions{};
            const principal_view several[] = {others.service(), others.client()};
            w.request.service = own == 1 ? std::optional(n.service()) : std::nullopt;
            if (own == 2) w.request.services = view_of<principal_view>(several);
            const bytes_view request = w.mint();
            const ending ample = drive_acceptor(w, request, 65536, what), none = drive_acceptor(w, request, 0, what);
            REQUIRE(ample.what.substr(0, 6) != "failed");
            REQUIRE((ample.octets != 0 || ample.what == "done"));
            REQUIRE(none == ample);
            for (std::size_t s = 0; s < none.most + 900; s += s + 4 < none.most || s > none.most + 4 ? 37 : 1)
              REQUIRE(drive_acceptor(w, request, s, what) == ample);
          }
        }
      }
    }
  }
}

// ---- a buffer of the caller for the reply

/// A reply buffer with a mark in front and behind. `at` is the octets that the exchange gets.
class marked_buffer {
 public:
  explicit marked_buffer(std::size_t n) : all_(n + 32, mark), at(std::span(all_).subspan(16, n)) {}

 private:
  static constexpr std::uint8_t mark = 0xee;
  octet_list all_;

 public:
  std::span<std::uint8_t> at;
  bool untouched() const { return only_last(0); }
  /// Whether no octet has changed but the last `n` of `at`.
  bool only_last(std::size_t n) const {
    for (std::size_t i = 0; i != all_.size(); ++i)
      if (all_[i] != mark && (i < 16 + at.size() - n || i >= 16 + at.size())) return false;
    return true;
  }
};
/// Runs `last`, which returns the reply, in reply buffers of every size. `make(f)` runs an exchange that begins each
/// time with the same random octets up to its decision, and then f(exchange). `draws` are those of its policy.
template <class Make>
void in_every_reply_buffer(Make make, bool every) {
  octet_list expected;
  make([&](auto& x, auto issue, auto&) {
    const auto step = issue(x, std::span<std::uint8_t>());
    REQUIRE(is<reply>(step));
    const bytes_view v = std::get<reply>(step).octets;
    expected.assign(v.begin(), v.end());
  });
  std::size_t needed = 0;
  make([&](auto& x, auto issue, auto& crypto) {
    marked_buffer tiny(1);
    const unsigned draws = crypto.entropy.draws();
    const auto step = issue(x, tiny.at);
    REQUIRE(is<need_buffer>(step));
    REQUIRE(std::get<need_buffer>(step).for_reply);
    needed = std::get<need_buffer>(step).size;
    REQUIRE(crypto.entropy.draws() == draws);
    REQUIRE(tiny.untouched());
  });
  REQUIRE(needed >= expected.size() + 4);
  REQUIRE(needed <= expected.size() + 4 + 3);  // a sequence number can be shorter than the longest
  for (std::size_t n = 1; n < needed + 600; n += every || n + 8 > needed ? 1 : 37) {
    make([&](auto& x, auto issue, auto& crypto) {
      marked_buffer at(n);
      const unsigned draws = crypto.entropy.draws();
      auto step = issue(x, at.at);
      if (n < needed) {
        REQUIRE(is<need_buffer>(step));
        REQUIRE(std::get<need_buffer>(step).for_reply);
        REQUIRE(std::get<need_buffer>(step).size == needed);
        REQUIRE(crypto.entropy.draws() == draws);
        REQUIRE(at.untouched());
        marked_buffer enough(needed);
        step = issue(x, enough.at);
        REQUIRE(is<reply>(step));
        REQUIRE(std::get<reply>(step).octets == bytes_view(expected));
        return;
      }
      REQUIRE(is<reply>(step));
      const bytes_view v = std::get<reply>(step).octets;
      REQUIRE(v == bytes_view(expected));
      REQUIRE(v.data() + v.size() == at.at.data() + at.at.size());
      REQUIRE(at.only_last(v.size()));
      const bytes_view framed = x.framed();
      REQUIRE(framed.data() + 4 == v.data());
      REQUIRE(framed.size() == v.size() + 4);
      REQUIRE(at.only_last(framed.size()));
    });
    if (n > needed + 4) n += 37;
  }
}
/// Runs a KDC's exchange up to its decision.
void up_to_decision(kdc_world& w, kdc<policy>& x, bytes_view request) {
  kdc_step step = x.receive(request, w.env_now());
  while (const auto* a = std::get_if<need_principal>(&step)) step = x.found(w.find(a->principal)->record, w.env_now());
  REQUIRE(is<authorize>(step));
}
/// issue() with this reply buffer, and the signature where the policy wants one.
kdc_step issued_into(kdc_world& w, kdc<policy>& x, std::span<std::uint8_t> at) {
  issue_options o = w.options;
  o.reply = at;
  kdc_step step = x.issue(o, w.env_now());
  if (is<sign_ticket>(step)) step = x.signed_ticket(w.env_now());
  return step;
}

TEST_CASE("as_kdc, tgs_kdc: a reply buffer of the caller is enough where need_buffer asked for no more", "[exchange]") {
  const std::pair<const char*, bend> cases[] = {
      {"plain", plain}, {"everything", everything}, {"signed too", signed_too}, {"data", with_data}};
  for (const bool tgs : {false, true}) {
    for (const auto& [name, f] : cases) {
      for (const std::size_t length : {9u, 127u}) {
        INFO(name << ", names of " << length << (tgs ? ", TGS" : ", AS"));
        const long_names n(length, 2);
        kdc_world w;
        rename(w, n);
        f(w);
        w.body.sname = tgs ? n.service().name : n.krbtgt().name;
        if (tgs) w.body.cname = std::optional<msg::PrincipalName>{};
        const bytes_view request = tgs ? w.tgs_req() : w.as_req();
        const auto entropy = w.crypto.entropy;
        octet_list buffer(65536);
        in_every_reply_buffer(
            [&](auto g) {
              w.crypto.entropy = entropy;
              kdc<policy> x(w.settings, buffer, w.peer);
              up_to_decision(w, x, request);
              const auto issue = [&](kdc<policy>& of, std::span<std::uint8_t> at) { return issued_into(w, of, at); };
              g(x, issue, w.crypto);
            },
            length == 9);
      }
    }
  }
}
TEST_CASE("as_kdc, tgs_kdc: with a reply buffer, their own buffer need not hold the reply", "[exchange]") {
  for (const bool tgs : {false, true}) {
    for (const bool signs : {false, true}) {
      kdc_world w;
      const octet_list pac(3000);
      const msg::AuthorizationDataElement long_data[] = {{ad_t::win2k_pac, bytes_view(pac)}};
      w.options.authorization_data = view_of<msg::AuthorizationDataElement>(long_data);
      if (signs) w.options.reserved_octets = 300;
      w.body.sname = tgs ? kerb_kdc_test::web().name : kerb_kdc_test::krbtgt().name;
      if (tgs) w.body.cname = std::optional<msg::PrincipalName>{};
      const bytes_view request = tgs ? w.tgs_req() : w.as_req();
      // The smallest own buffer that gets to the decision, and those that are asked for afterwards
      const auto asked = [&](std::span<std::uint8_t> reply_at) {
        std::vector<octet_list> buffers;
        buffers.reserve(64);
        ending e;
        kdc<policy> x(w.settings, buffers.emplace_back(0), w.peer);
        const auto go = [&](std::function<kdc_step()> call) { return with_buffer(x, w.crypto, buffers, e, call); };
        kdc_step step = go([&] { return x.receive(request, w.env_now()); });
        while (const auto* a = std::get_if<need_principal>(&step))
          step = go([&] { return x.found(w.find(a->principal)->record, w.env_now()); });
        REQUIRE(is<authorize>(step));
        issue_options o = w.options;
        o.reply = reply_at;
        step = go([&] { return x.issue(o, w.env_now()); });
        if (signs) step = go([&] { return x.signed_ticket(w.env_now()); });
        REQUIRE(is<reply>(step));
        return buffers.back().size();
      };
      octet_list at(8192);
      const std::size_t with = asked(at), without = asked({});
      INFO(with << " and " << without);
      CHECK(with < without);
    }
  }
}
TEST_CASE("as_kdc, tgs_kdc: a refusal after the decision is not in the reply buffer", "[exchange]") {
  for (const bool tgs : {false, true}) {
    for (const bool signs : {false, true}) {
      kdc_world w;
      too_big(w);
      w.peer.largest_datagram = 200;
      if (signs) w.options.reserved_octets = 300;
      w.body.sname = tgs ? kerb_kdc_test::web().name : kerb_kdc_test::krbtgt().name;
      if (tgs) w.body.cname = std::optional<msg::PrincipalName>{};
      octet_list buffer(65536);
      kdc<policy> x(w.settings, buffer, w.peer);
      up_to_decision(w, x, tgs ? w.tgs_req() : w.as_req());
      octet_list at(4096, 0xee);
      const kdc_step step = issued_into(w, x, at);
      REQUIRE(is<refused>(step));
      const bytes_view no = std::get<refused>(step).octets;
      CHECK(std::get<refused>(step).why.code == errc::reply_too_long);
      CHECK((no.data() >= buffer.data() && no.data() + no.size() <= buffer.data() + buffer.size()));
      CHECK(kerb_test::must(asn1::decode<msg::KrbError>(no)).error_code == error_code_t::krb_err_response_too_big);
      CHECK(x.framed().subview(4) == no);
      for (const std::uint8_t o : at) REQUIRE(o == 0);  // nothing is left of the reply that was too long
    }
  }
}
TEST_CASE("kdc: a reply in the caller's buffer is left alone when the exchange is abandoned", "[exchange]") {
  kdc_world w;
  octet_list buffer(65536), at(4096);
  kdc<policy> x(w.settings, buffer, w.peer);
  w.body.sname = kerb_kdc_test::krbtgt().name;
  up_to_decision(w, x, w.as_req());
  const kdc_step step = issued_into(w, x, at);
  REQUIRE(is<reply>(step));
  const octet_list as_it_was = at;
  CHECK(is<failed>(x.abandon({.code = errc::no_answer})));
  CHECK(at == as_it_was);
  CHECK(x.framed().empty());
}

TEST_CASE("ap_acceptor: a reply buffer of the caller is enough where need_buffer asked for no more", "[exchange]") {
  using namespace kerb_test;
  using acceptor = ap_acceptor<policy>;
  for (unsigned bits = 0; bits != 8; ++bits) {
    INFO("options " << bits);
    ap_world w;
    w.options = msg::ApOptions{ap_option_t::mutual_required};
    w.now.usec = w.authenticator.cusec = {999999};
    const bytes_view request = w.mint();
    const auto entropy = w.policy.entropy;
    octet_list buffer(8192);
    accept_options o{.subkey = (bits & 1) != 0, .sequence_number = (bits & 2) != 0, .negotiate_etype = (bits & 4) != 0};
    in_every_reply_buffer(
        [&](auto g) {
          w.policy.entropy = entropy;
          acceptor x(w.request_in(buffer));
          auto step = x.receive(request, w.turn());
          step = x.provide(w.service_key(), w.turn());
          step = x.replay_checked(true, w.turn());
          REQUIRE(is<authenticated>(step));
          const auto accept = [&](acceptor& of, std::span<std::uint8_t> at) {
            o.reply = at;
            return of.accept(o, w.turn());
          };
          g(x, accept, w.policy);
        },
        true);
  }
}
TEST_CASE("ap_acceptor: the product has the reply that is in the caller's buffer", "[exchange]") {
  using namespace kerb_test;
  ap_world w;
  w.options = msg::ApOptions{ap_option_t::mutual_required};
  const bytes_view request = w.mint();
  octet_list buffer(8192), at(1024);
  ap_acceptor<policy> x(w.request_in(buffer));
  (void)x.receive(request, w.turn());
  (void)x.provide(w.service_key(), w.turn());
  (void)x.replay_checked(true, w.turn());
  const auto step = x.accept({.reply = at}, w.turn());
  REQUIRE(is<reply>(step));
  const bytes_view sent = std::get<reply>(step).octets;
  {
    const auto client = must(std::move(x).take());
    CHECK(client.reply().data() == sent.data());
    CHECK(client.reply().data() + client.reply().size() == at.data() + at.size());
  }
  CHECK(asn1::decode<msg::ApRep>(sent).has_value());  // it outlives the product, whose plaintext is wiped
}

// ---- a client

TEST_CASE("ap_initiator: what it asks for is enough, and one octet less is not", "[exchange]") {
  using namespace kerb_test;
  using initiator = ap_initiator<policy>;
  constexpr std::uint8_t application_octets[] = {1, 2, 3};
  for (unsigned bits = 0; bits != 64; ++bits) {
    const auto has = [&](unsigned bit) { return (bits >> bit & 1) != 0; };
    for (const std::size_t length : lengths) {
      INFO("options " << bits << ", names of " << length);
      const long_names n(length, 2);
      ap_world w;
      w.service = n.service();
      w.now.usec = {999999};
      const auto minted = w.credential();
      ticket_facts facts = minted.facts();
      facts.client = n.client();
      const basic_credential<policy::key> credential(facts, w.session_key());
      initiator_params<policy::key> r{.credential = credential, .buffer = {}};
      r.mutual = has(0) ? required : if_asked;
      r.subkey = has(1);
      r.sequence_number = has(2) || has(4);
      if (has(3)) r.authorization_data = view_of<msg::AuthorizationDataElement>(sayings);
      if (has(4)) {
        r.gss.emplace();
        r.gss->bindings_aware = has(5);
        r.gss->flags.set(gss_flag_t::mutual, has(0));
        if (has(5)) {
          r.gss->flags.set(gss_flag_t::deleg);
          r.gss->deleg = bytes_view(zeros).first(length + 1);
        }
      } else if (has(5)) {
        r.application_data = bytes_view(application_octets);
      }
      std::size_t most = 0;
      for (std::size_t size = 0; size < most + 800 || size == 0; size += size + 4 < most || size > most + 4 ? 37 : 1) {
        ending e;
        std::vector<octet_list> buffers;
        buffers.reserve(8);
        buffers.emplace_back(size);
        r.buffer = buffers.back();
        initiator x(r);
        const initiator::step step =
            with_buffer<initiator, initiator::step>(x, w.policy, buffers, e, [&] { return x.start(w.turn()); });
        REQUIRE(is<send>(step));
        if (e.most > most) most = e.most;
      }
    }
  }
}

}  // namespace
