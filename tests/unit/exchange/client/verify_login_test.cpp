// A login that is verified with the key of a local service, and KDCs that only pretend.
#include <kerb/exchange/client/verify_login.hpp>
#include <kerb/testing/mint.hpp>

#include "support/acquire_world.hpp"

using namespace kerb_test;

namespace {

using verifier = login_verifier<policy>;
using credential = basic_credential<key>;

// Neither a credential nor its parts make a verified login
static_assert(!std::constructible_from<verified_login<key>, credential>);
static_assert(!std::constructible_from<verified_login<key>, credential&&>);
static_assert(!std::default_initializable<verified_login<key>>);
static_assert(!std::copyable<verified_login<key>> && std::movable<verified_login<key>>);
static_assert(!std::convertible_to<credential, verified_login<key>>);
using owned = owned_credential<key, 1024>;
static_assert(!std::constructible_from<verified_login<key, owned>, owned&&>);
static_assert(!std::default_initializable<verified_login<key, owned>>);
static_assert(!std::copyable<verified_login<key, owned>> && std::movable<verified_login<key, owned>>);

const kerberos_string host_parts[] = {"host"_krb, "here"_krb};
principal_view host(kerberos_string in = a_org) {
  return {{name_t::srv_hst, view_of<kerberos_string>(host_parts)}, in};
}

/// The keytab of this machine.
struct keytab {
  key_list<key, 4> keys;
  unsigned looked = 0;
  const key* find(const need_ticket_key& ask) { return ++looked, keys.find(ask); }
  static kerberos_string realm_of(const need_ticket_key& ask) { return ask.service.realm; }
  no_ticket_key why_none(const need_ticket_key& ask) const { return keys.why_none(ask); }
};

/// A machine in a realm with alice and mallory.
struct machine {
  world w;
  keytab own;
  std::list<std::vector<std::uint8_t>> logins;
  std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(verifier::typical_buffer_size);

  machine() {
    realm_with(w, password);
    REQUIRE(own.keys.add(host(), 1, e18, w.of(a_org)->here.key_of("host/here")->copy()));
  }
  static void realm_with(world& in, secret_view alices) {
    place& p = in.add(a_org);
    REQUIRE(p.here.add_user("alice", alices));
    REQUIRE(p.here.add_user("mallory", password));
    REQUIRE(p.here.add_service("host/here"));
  }
  credential log_in(world& at, secret_view with, const principal_view& who = alice) {
    as_client<policy> x({.client = who, .password = with, .buffer = logins.emplace_back(8192)});
    return must(drive(x, at.crypto, at.now, [&](const send& s) { return at.ask(s); }));
  }
  template <class Ask>
  result<verified_login<key>> verify(credential&& tgt, Ask&& ask, verify_login_params p) {
    verifier x(std::move(p), std::move(tgt));
    return verify_login(x, w.crypto, own, w.now, ask);
  }
  template <class Ask>
  result<verified_login<key>> verify(credential&& tgt, Ask&& ask) {
    return verify(std::move(tgt), ask, {.service = host(), .buffer = buffer});
  }
};

/// A realm of the same name, whose keys are not those of the true one and whose alice has a password that
/// an attacker has chosen.
struct spoofed : world {
  std::uint8_t invented_octets[4] = {'e', 'v', 'i', 'l'};
  secret_view invented{invented_octets, 4};
  spoofed() {
    (void)crypto.entropy.fill(reply_space);  // other keys than the true realm
    machine::realm_with(*this, invented);
  }
  std::array<std::uint8_t, 40> reply_space{};
};

/// A reply to a TGS request under the session key of `tgt`, which the attacker knows, with a ticket that
/// it has from elsewhere and that ends so many seconds later, as the reply claims.
bytes_view forged(world& w, bytes_view request, const key& session, bytes_view ticket, const key& inside,
                  std::vector<std::uint8_t>& out, std::int64_t claimed = 3600) {
  const auto req = must(asn1::decode<msg::TgsReq>(request));
  const msg::PaData pa = *req.padata->begin();
  const auto ap = must(asn1::decode<msg::ApReq>(pa.padata_value));
  std::array<std::uint8_t, 1024> opened;
  const auto plain =
      must(w.crypto.unseal(session, key_usage_t::tgs_req_authenticator, ap.authenticator.cipher, opened));
  const auto a = must(asn1::decode<msg::Authenticator>(bytes_view(plain)));
  const key subkey = must(w.crypto.import(a.subkey->keytype, a.subkey->keyvalue));
  msg::EncTgsRepPart part;
  part.key = {inside.etype(), w.crypto.expose(inside).unguarded()};
  part.nonce = req.req_body->nonce;
  part.authtime = part.endtime = w.now.at;
  part.starttime = w.now.at;
  part.endtime = plus(w.now.at, claimed);
  part.srealm = a_org;
  part.sname = host().name;
  out.assign(4096, 0);
  const environment<policy> env{w.crypto, w.now};
  return must(testing::mint_kdc_rep<msg_t::tgs_rep>(alice, ticket, part, subkey, key_usage_t::tgs_rep_enc_part_subkey,
                                                    env, out, std::nullopt));
}

}  // namespace

TEST_CASE("login_verifier: the true KDC proves itself with a ticket for the local service",
          "[exchange][rfc4120-3.1.5]") {
  machine m;
  const auto v = m.verify(m.log_in(m.w, password), [&](const send& s) { return m.w.ask(s); });
  REQUIRE(v);
  CHECK(same_principal(v->client(), alice));
  CHECK(detail::krbtgt_realm(v->credential().server().name) == a_org);
  CHECK(m.own.looked == 1);
  CHECK(m.w.asked == requests{"A.ORG AS", "A.ORG AS", "A.ORG TGS"});
}

TEST_CASE("login_verifier: a KDC with another key for the service is refused", "[exchange][rfc4120-3.1.5]") {
  machine m;
  spoofed evil;
  const auto v = m.verify(m.log_in(evil, evil.invented), [&](const send& s) { return evil.ask(s); });
  REQUIRE(!v);
  CHECK(v.error().code == errc::login_not_verified);
  CHECK(v.error().detail == static_cast<std::uint32_t>(errc::integrity));
  CHECK(m.own.looked >= 1);
}

TEST_CASE("login_verifier: a recorded ticket of the user is no proof", "[exchange][rfc4120-3.1.5]") {
  machine m;
  spoofed evil;
  // The user's own ticket for this machine, which the attacker has seen on the network, without its session key
  const credential tgt = m.log_in(m.w, password);
  std::vector<std::uint8_t> space(8192), reply;
  tgs_client<policy> x({.tgt = tgt, .server = host(), .buffer = space});
  const credential true_ticket = must(drive(x, m.w.crypto, m.w.now, [&](const send& s) { return m.w.ask(s); }));
  credential his = m.log_in(evil, evil.invented);
  const key session = his.session_key().copy(), invented = evil.random_key(9);
  const auto v = m.verify(std::move(his), [&](const send& s) -> result<answer> {
    return answer(forged(evil, s.octets, session, true_ticket.ticket(), invented, reply), transport::stream);
  });
  REQUIRE(!v);
  CHECK(v.error().code == errc::login_not_verified);
}

/// An attacker has a ticket of the user for this machine, which is valid for an hour, with its session key, and
/// is the KDC of a login whose authtime is `later` than that of the ticket's login by these seconds.
error refusal_of_an_old_ticket(std::int64_t later, std::int64_t machine_later, std::int64_t claimed = 3600) {
  machine m;
  spoofed evil;
  const credential tgt = m.log_in(m.w, password);
  std::vector<std::uint8_t> space(8192), reply;
  tgs_client<policy> x({.tgt = tgt, .server = host(), .buffer = space, .lifetime = 3600});
  const credential old = must(drive(x, m.w.crypto, m.w.now, [&](const send& s) { return m.w.ask(s); }));
  evil.now.at = plus(evil.now.at, later);
  credential his = m.log_in(evil, evil.invented);
  m.w.now.at = plus(m.w.now.at, machine_later);
  his.set_kdc_clock_offset(later - machine_later);  // what an AS-REP with its authtime makes it
  const key session = his.session_key().copy();
  const auto got = m.verify(std::move(his), [&](const send& s) -> result<answer> {
    return answer(forged(evil, s.octets, session, old.ticket(), old.session_key(), reply, claimed), transport::stream);
  });
  return got ? error{} : got.error();
}

TEST_CASE("login_verifier: a ticket of another login is no proof, even with its session key",
          "[exchange][rfc4120-3.1.5]") {
  const error why = refusal_of_an_old_ticket(60, 60);
  CHECK(why.code == errc::login_not_verified);
  CHECK(why.detail == static_cast<std::uint32_t>(errc::time_mismatch));
}

TEST_CASE("login_verifier: a ticket that has expired by this machine's clock is no proof, whatever clock the KDC has",
          "[exchange][rfc4120-3.1.5]") {
  // The reply claims another end than the ticket has
  const error why = refusal_of_an_old_ticket(0, 2 * 3600, 3 * 3600);
  CHECK(why.code == errc::login_not_verified);
  CHECK(why.detail == static_cast<std::uint32_t>(errc::ticket_expired));
  const error claimed = refusal_of_an_old_ticket(0, 30 * 86400);
  CHECK(claimed.code == errc::login_not_verified);
  CHECK(claimed.detail == static_cast<std::uint32_t>(errc::ticket_expired));
}

TEST_CASE("login_verifier: the KDC of a login does not say when that was", "[exchange][rfc4120-3.1.5]") {
  // A KRB-ERROR has set the client's clock back to an earlier login, whose ticket is still valid
  for (const std::int64_t ago : {301, 1800, 3000}) {
    const error why = refusal_of_an_old_ticket(0, ago, 36000);
    CHECK(why.code == errc::login_not_verified);
    CHECK(why.detail == static_cast<std::uint32_t>(errc::clock_skew));
    CHECK(why.field == std::string_view("kdc_clock_offset"));
  }
}

TEST_CASE("login_verifier: a ticket of another user is no proof", "[exchange][rfc4120-3.1.5]") {
  machine m;
  spoofed evil;
  const kerberos_string parts[] = {"mallory"_krb};
  const principal_view mallory{{name_t::principal, view_of<kerberos_string>(parts)}, a_org};
  const credential tgt = m.log_in(m.w, password, mallory);  // the attacker has an account
  std::vector<std::uint8_t> space(8192), reply;
  tgs_client<policy> x({.tgt = tgt, .server = host(), .buffer = space});
  const credential own = must(drive(x, m.w.crypto, m.w.now, [&](const send& s) { return m.w.ask(s); }));
  credential his = m.log_in(evil, evil.invented);
  const key session = his.session_key().copy();
  const auto v = m.verify(std::move(his), [&](const send& s) -> result<answer> {
    return answer(forged(evil, s.octets, session, own.ticket(), own.session_key(), reply), transport::stream);
  });
  REQUIRE(!v);
  CHECK(v.error().code == errc::login_not_verified);
  CHECK(v.error().detail == static_cast<std::uint32_t>(errc::name_mismatch));
}

TEST_CASE("login_verifier: without a key for the service nobody is let in", "[exchange][rfc4120-3.1.5]") {
  machine m;
  m.own.keys = key_list<key, 4>();
  const auto none = m.verify(m.log_in(m.w, password), [&](const send& s) { return m.w.ask(s); });
  REQUIRE(!none);
  CHECK(none.error().code == errc::no_key);
  REQUIRE(m.own.keys.add(host(), 7, e18, m.w.random_key(3)));
  const auto old = m.verify(m.log_in(m.w, password), [&](const send& s) { return m.w.ask(s); });
  REQUIRE(!old);
  CHECK((old.error().code == errc::bad_key_version || old.error().code == errc::login_not_verified));
}

TEST_CASE("login_verifier: what is no ticket-granting ticket of a login is refused before anything is sent",
          "[exchange]") {
  machine m;
  const credential tgt = m.log_in(m.w, password);
  const auto refuses = [&](auto change) {
    ticket_facts f = tgt.facts();
    change(f);
    m.w.asked.clear();
    const auto v = m.verify(credential(f, tgt.session_key().copy()), [&](const send& s) { return m.w.ask(s); });
    return !v && v.error().code == errc::api_misuse && m.w.asked.empty();
  };
  CHECK(!refuses([](ticket_facts&) {}));
  CHECK(!refuses([](ticket_facts& f) { f.client_renamed = true; }));
  CHECK(refuses([](ticket_facts& f) { f.handed_over = true; }));
  CHECK(refuses([](ticket_facts& f) { f.for_peer = true; }));
  CHECK(refuses([](ticket_facts& f) { f.is_referral = true; }));
  CHECK(refuses([](ticket_facts& f) { f.flags.set(ticket_flag_t::invalid); }));
  CHECK(refuses([](ticket_facts& f) { f.server = host(); }));
}

TEST_CASE("login_verifier: errors of the KDC and of the transport end it, and wipe the login", "[exchange]") {
  machine m;
  {
    const auto v = m.verify(m.log_in(m.w, password), [&](const send&) { return result<answer>(errc::no_answer); });
    REQUIRE(!v);
    CHECK(v.error().code == errc::no_answer);
  }
  const kerberos_string parts[] = {"host"_krb, "elsewhere"_krb};
  verifier x({.service = {{name_t::srv_hst, view_of<kerberos_string>(parts)}, a_org}, .buffer = m.buffer},
             m.log_in(m.w, password));
  const auto v = verify_login(x, m.w.crypto, m.own, m.w.now, [&](const send& s) { return m.w.ask(s); });
  REQUIRE(!v);
  CHECK(v.error().code == errc::kdc_error);
  REQUIRE(x.asked_realm());
  CHECK(*x.asked_realm() == a_org);
  CHECK(std::move(x).take().error().code == errc::api_misuse);
}

TEST_CASE("login_verifier: the KDC of a login does not choose the realm whose key proves it",
          "[exchange][rfc4120-3.1.5]") {
  machine m;
  std::uint8_t invented_octets[4] = {'e', 'v', 'i', 'l'}, waste[40];
  const secret_view invented{invented_octets, 4};
  world evil;  // whose KDC of A.ORG knows no host here, and refers to B.A.ORG
  (void)evil.crypto.entropy.fill(waste);
  REQUIRE(evil.add(a_org).here.add_user("alice", invented));
  place& other = evil.add(b_org);  // a hostile KDC, and this machine has a key in its realm too
  REQUIRE(other.here.add_service("host/here"));
  evil.trust(a_org, b_org);
  evil.of(a_org)->elsewhere.push_back({"here", b_org});
  REQUIRE(m.own.keys.add(host(b_org), 1, e18, other.here.key_of("host/here")->copy()));
  const auto v = m.verify(m.log_in(evil, invented), [&](const send& s) { return evil.ask(s); },
                          {.service = host({}), .buffer = m.buffer});
  REQUIRE(!v);
  CHECK(v.error().code == errc::login_not_verified);
  CHECK(v.error().detail == static_cast<std::uint32_t>(errc::name_mismatch));
  // The true one passes without a realm, too
  CHECK(m.verify(m.log_in(m.w, password), [&](const send& s) { return m.w.ask(s); },
                 {.service = host({}), .buffer = m.buffer}));
}

TEST_CASE("login_verifier: a user of another realm is verified along the path that is trusted",
          "[exchange][rfc4120-2.7]") {
  machine m;
  place& b = m.w.add(b_org);
  const kerberos_string bob_parts[] = {"bob"_krb};
  const principal_view bob{{name_t::principal, view_of<kerberos_string>(bob_parts)}, b_org};
  REQUIRE(b.here.add_user("bob", password));
  m.w.trust(b_org, a_org);
  const auto ask = [&](const send& s) { return m.w.ask(s); };
  const auto refused = m.verify(m.log_in(m.w, password, bob), ask);
  const auto v = m.verify(m.log_in(m.w, password, bob), ask,
                          {.service = host(), .buffer = m.buffer, .accepted_paths = realm_path_policy{}});
  REQUIRE(v);
  CHECK(same_principal(v->client(), bob));
  if (!refused) CHECK(refused.error().detail == static_cast<std::uint32_t>(errc::path_not_checked));
}

TEST_CASE("login_verifier: it ends in the same way in every buffer", "[exchange]") {
  std::size_t most = 0;
  for (std::size_t n = 0; n < most + 700 || n == 0; n += n < 100 ? 1 : 37) {
    machine m;
    std::list<std::vector<std::uint8_t>> buffers;
    verifier x({.service = host(), .buffer = buffers.emplace_back(n)}, m.log_in(m.w, password));
    const auto v = verify_login(
        x, m.w.crypto, m.own, m.w.now,
        [&](const send& s) {
          for (auto& old : buffers)  // nothing refers to them any more
            if (&old != &buffers.back()) std::fill(old.begin(), old.end(), std::uint8_t{0xdd});
          return m.w.ask(s);
        },
        {}, [&](std::size_t more) { return std::span<std::uint8_t>(buffers.emplace_back(more)); });
    INFO(n);
    REQUIRE(v);
    CHECK(same_principal(v->client(), alice));
    if (n == 0) most = buffers.back().size();
  }
  CHECK(most > 1000);
  CHECK(most < verifier::typical_buffer_size);
  machine m;
  std::vector<std::uint8_t> small(100);
  verifier x({.service = host(), .buffer = small}, m.log_in(m.w, password));
  const auto v = verify_login(x, m.w.crypto, m.own, m.w.now, [&](const send& s) { return m.w.ask(s); });
  REQUIRE(!v);
  CHECK(v.error().code == errc::no_space);
}

TEST_CASE("login_verifier: what does not fit its state is misuse or ignored", "[exchange]") {
  machine m;
  const environment<policy> env{m.w.crypto, m.w.now};
  const auto misused = [](const verifier::step& s) {
    const auto* f = std::get_if<failed>(&s);
    return f != nullptr && f->why.code == errc::api_misuse;
  };
  const verify_login_params p{.service = host(), .buffer = m.buffer};
  {
    verifier x(p, m.log_in(m.w, password));
    CHECK(misused(x.receive({}, env)));
    CHECK(std::move(x).take().error().code == errc::api_misuse);
  }
  {
    verifier x(p, m.log_in(m.w, password));
    CHECK(misused(x.provide(m.w.random_key(1), env)));
  }
  {
    verifier x(p, m.log_in(m.w, password));
    CHECK(misused(x.no_key(errc::no_key, env)));
  }
  verifier x(p, m.log_in(m.w, password));
  auto s = x.start(env);
  REQUIRE(is<send>(s));
  CHECK(is<ignored>(x.receive({}, env)));
  const auto got = m.w.ask(std::get<send>(s));
  s = x.receive(got->octets, env, got->arrived);
  REQUIRE(is<need_ticket_key>(s));
  CHECK(same_principal(std::get<need_ticket_key>(s).service, host()));
  CHECK(is<ignored>(x.receive({}, env)));  // a stray datagram
  CHECK(!x.set_buffer(std::span<std::uint8_t>()));
  std::vector<std::uint8_t> larger(100000);
  CHECK(!x.set_buffer(larger));
  s = x.provide(m.w.random_key(1), env);
  CHECK(is<need_ticket_key>(s));  // not this one
  CHECK(is<done>(x.provide(*m.w.of(a_org)->here.key_of("host/here"), env)));
  CHECK(is<ignored>(x.receive({}, env)));
  CHECK(std::move(x).take());
  CHECK(std::move(x).take().error().code == errc::api_misuse);
}

TEST_CASE("login_verifier: a login that is not verified is wiped", "[exchange]") {
  machine m;
  spoofed evil;
  credential tgt = m.log_in(evil, evil.invented);
  const bytes_view ticket = tgt.ticket();  // in the buffer of the login
  const auto zeros = [&] { return std::all_of(ticket.begin(), ticket.end(), [](std::uint8_t o) { return o == 0; }); };
  REQUIRE(!zeros());
  verifier x({.service = host(), .buffer = m.buffer}, std::move(tgt));
  REQUIRE(!verify_login(x, m.w.crypto, m.own, m.w.now, [&](const send& s) { return evil.ask(s); }));
  CHECK(zeros());
}

TEST_CASE("login_verifier: a login that owns its octets is verified, and can then be returned", "[exchange]") {
  machine m;
  const auto log_in_and_verify = [&] {
    std::vector<std::uint8_t> here(8192);  // which is gone when the login is returned
    as_client<policy> x({.client = alice, .password = password, .buffer = here});
    const auto ask = [&](const send& s) { return m.w.ask(s); };
    auto tgt = own<1024>(drive(x, m.w.crypto, m.w.now, ask));
    return verify_login({.service = host()}, must(std::move(tgt)), m.w.crypto, m.own, m.w.now, ask);
  };
  result<verified_login<key, owned>> v = log_in_and_verify();
  REQUIRE(v);
  CHECK(same_principal(v->client(), alice));
  verified_login<key, owned> moved = *std::move(v);
  CHECK(detail::krbtgt_realm(moved.credential().server().name) == a_org);
  CHECK(m.own.looked == 1);
  const owned kept = std::move(moved).credential();
  CHECK(same_principal(kept->client(), alice));
  CHECK(!kept->ticket().empty());
}

TEST_CASE("login_verifier: nothing is left of a login that owns its octets and is not verified", "[exchange]") {
  machine m;
  spoofed evil;
  owned tgt = must(owned::of(m.log_in(evil, evil.invented)));
  const std::vector<std::uint8_t> ticket(tgt->ticket().begin(), tgt->ticket().end());
  using owning = login_verifier<policy, owned>;
  alignas(owning) static std::array<std::uint8_t, sizeof(owning)> memory{};
  const auto found = [&] {
    return std::search(memory.begin(), memory.end(), ticket.begin(), ticket.end()) != memory.end();
  };
  auto* const x = new (memory.data()) owning({.service = host(), .buffer = m.buffer}, std::move(tgt));
  CHECK(found());
  CHECK(tgt->ticket().empty());
  const auto v = verify_login(*x, m.w.crypto, m.own, m.w.now, [&](const send& s) { return evil.ask(s); });
  CHECK(!v);
  CHECK(!found());
  x->~owning();
}

TEST_CASE("login_verifier: in one call too, a KDC with another key for the service is refused",
          "[exchange][rfc4120-3.1.5]") {
  machine m;
  spoofed evil;
  owned tgt = must(owned::of(m.log_in(evil, evil.invented)));
  const auto ask = [&](const send& s) { return evil.ask(s); };
  std::vector<std::uint8_t> small(100);
  const auto v = verify_login({.service = host()}, std::move(tgt), m.w.crypto, m.own, m.w.now, ask);
  REQUIRE(!v);
  CHECK(v.error().code == errc::login_not_verified);
  owned again = must(owned::of(m.log_in(m.w, password)));
  const auto no = verify_login({.service = host(), .buffer = small}, std::move(again), m.w.crypto, m.own, m.w.now,
                               [&](const send& s) { return m.w.ask(s); });
  REQUIRE(!no);
  CHECK(no.error().code == errc::no_space);
}
