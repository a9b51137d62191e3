// accept(): an acceptor driven by a list of keys and a store of authenticators.
#include <kerb/exchange/service/accept.hpp>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/ap_world.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using policy = testing::insecure_policy;
using keys_t = key_list<key, 4>;

struct service {
  ap_world w;
  std::array<std::uint8_t, 4096> buffer{};
  keys_t keys;
  memory_replay_cache<64> seen;
  std::vector<std::uint8_t> refusal;
  service() {
    REQUIRE(keys.add(web, 3, w.service_etype, w.service_key()));
    REQUIRE(keys.add(ftp, 3, w.service_etype, w.service_key()));
  }
  errc present() { return present(w.mint()); }
  errc present(bytes_view token) {
    ap_acceptor<policy> a(w.request_in(buffer));
    const auto who = accept(a, token, w.policy, keys, seen, w.now);
    refusal.assign(a.refusal().begin(), a.refusal().end());
    return who ? errc::ok : who.error().code;
  }
  error_code_t told() const {
    const auto e = asn1::decode<msg::KrbError>(refusal);
    return e ? e->error_code : error_code_t::kdc_err_none;
  }
};

constexpr bool accepts_once() {
  ap_world w;
  std::array<std::uint8_t, 4096> buffer{}, other{};
  keys_t keys;
  memory_replay_cache<32> seen;
  if (!keys.add(web, 3, w.service_etype, w.service_key())) return false;
  const bytes_view token = w.mint();
  ap_acceptor<policy> a(w.request_in(buffer)), b(w.request_in(other));
  const auto first = accept(a, token, w.policy, keys, seen, w.now);
  const auto second = accept(b, token, w.policy, keys, seen, w.now);
  return first && same_principal(first->client(), alice) && !first->reply().empty() && a.refusal().empty() && !second &&
         second.error().code == errc::replayed && !b.refusal().empty();
}
KERB_BOTH("accept: a request is accepted once", "[exchange][rfc4120-3.2.3]", accepts_once);

TEST_CASE("accept: the same request twice is a replay", "[exchange][rfc4120-3.2.3]") {
  service s;
  CHECK(s.present() == errc::ok);
  CHECK(s.refusal.empty());
  const std::vector<std::uint8_t> token = [&] {
    s.w.authenticator.cusec.count += 1;
    const bytes_view v = s.w.mint();
    return std::vector<std::uint8_t>(v.begin(), v.end());
  }();
  CHECK(s.present(token) == errc::ok);
  for (int i = 0; i != 3; ++i) {
    CHECK(s.present(token) == errc::replayed);
    CHECK(s.told() == error_code_t::krb_ap_err_repeat);
  }
  // As long as the authenticator's age lets it in
  s.w.now.at.seconds += 300;
  CHECK(s.present(token) == errc::replayed);
  s.w.now.at.seconds += 1;
  CHECK(s.present(token) == errc::clock_skew);
}

TEST_CASE("accept: a replay under another name of the service is one", "[exchange][rfc4120-3.2.3]") {
  service s;
  s.w.request.service.reset();
  const bytes_view token = s.w.mint();
  std::vector<std::uint8_t> renamed(token.begin(), token.end());
  // HTTP/web.ex.org -> ftp: the clear name of a ticket is sealed by nothing, and the keys are the same
  const auto req = asn1::decode<msg::ApReq>(token);
  REQUIRE(req);
  std::vector<std::uint8_t> out(2048);
  const auto again =
      asn1::encode(msg::ApReq{req->ap_options, captured<msg::Ticket>::of({ftp.realm, ftp.name, req->ticket->enc_part}),
                              req->authenticator},
                   out);
  REQUIRE(again);
  CHECK(s.present(*again) == errc::ok);
  CHECK(s.present(renamed) == errc::replayed);
}

/// One key, whatever is asked for.
struct any_name {
  key k;
  constexpr const key* find(const need_ticket_key& ask) const { return ask.tried == 0 ? &k : nullptr; }
  static constexpr errc why_none(const need_ticket_key&) { return errc::no_key; }
};
struct of_ex_org : any_name {
  static constexpr kerberos_string realm_of(const need_ticket_key&) { return web.realm; }
};
static_assert(ticket_keys<any_name> && !names_realms<any_name> && ticket_keys<of_ex_org> && names_realms<of_ex_org>);
static_assert(names_realms<keys_t> && names_realms<user_to_user_key<key>>);

template <class Source>
constexpr errc by_source(kerberos_string client_realm, kerberos_string clear_realm, bool named) {
  ap_world w;
  w.ticket.crealm = w.authenticator.crealm = client_realm;
  w.service.realm = clear_realm;
  if (!named) w.request.service.reset();
  std::array<std::uint8_t, 4096> buffer{};
  memory_replay_cache<32> seen;
  Source keys{w.service_key()};
  ap_acceptor<policy> a(w.request_in(buffer));
  const auto who = accept(a, w.mint(), w.policy, keys, seen, w.now);
  return who ? errc::ok : who.error().code;
}
KERB_BOTH("accept: who is a local client is decided by the realm of the key, where the source says it",
          "[exchange][rfc4120-2.7]", [] {
            constexpr auto ex = web.realm, far = "FAR.ORG"_krb;
            return by_source<of_ex_org>(ex, ex, false) == errc::ok &&
                   by_source<of_ex_org>(ex, far, false) == errc::ok &&
                   by_source<of_ex_org>(far, far, false) == errc::path_not_checked &&
                   by_source<of_ex_org>(far, ex, false) == errc::path_not_checked &&
                   by_source<any_name>(ex, ex, false) == errc::path_not_checked &&
                   by_source<any_name>(far, far, false) == errc::path_not_checked &&
                   by_source<any_name>(ex, ex, true) == errc::ok;
          });

TEST_CASE("accept: two clients, or two services, with equal times are no replay", "[exchange][rfc4120-3.2.3]") {
  service s;
  CHECK(s.present() == errc::ok);
  const kerberos_string bob[] = {"bob"_krb};
  s.w.ticket.cname.name_string = bob;
  s.w.authenticator.cname.name_string = bob;
  CHECK(s.present() == errc::ok);
  CHECK(s.present() == errc::ok);  // sealed anew, with another confounder: another authenticator
}

TEST_CASE("accept: what is not authentic never reaches the store", "[exchange][rfc4120-3.2.3]") {
  struct counting {
    int asked = 0;
    constexpr replay_verdict insert(const std::array<std::uint8_t, 32>&, kerberos_time, kerberos_time) noexcept {
      ++asked;
      return replay_verdict::fresh;
    }
  };
  ap_world w;
  keys_t keys;
  REQUIRE(keys.add(web, 3, w.service_etype, w.service_key()));
  std::array<std::uint8_t, 4096> buffer{};
  const auto asked = [&](auto&& spoil) {
    ap_world x;
    spoil(x);
    counting store;
    ap_acceptor<policy> a(x.request_in(buffer));
    (void)accept(a, x.mint(), x.policy, keys, store, x.now);
    return store.asked;
  };
  CHECK(asked([](ap_world&) {}) == 1);
  CHECK(asked([](ap_world& x) { x.sealed_by = key_as_sent(x.session_etype, other_octets); }) == 0);
  CHECK(asked([](ap_world& x) { x.authenticator.crealm = "EVIL"_krb; }) == 0);
  CHECK(asked([](ap_world& x) { x.authenticator.ctime.seconds += 9999; }) == 0);
  CHECK(asked([](ap_world& x) { x.ticket.endtime = {1000}; }) == 0);
  CHECK(asked([](ap_world& x) { x.ticket.flags.set(ticket_flag_t::invalid); }) == 0);
  CHECK(asked([](ap_world& x) { x.service = ftp; }) == 0);
}

TEST_CASE("accept: a store that is full or blind refuses", "[exchange][rfc4120-3.2.3]") {
  struct fixed_verdict {
    replay_verdict v;
    constexpr replay_verdict insert(const std::array<std::uint8_t, 32>&, kerberos_time, kerberos_time) noexcept {
      return v;
    }
  };
  for (const auto v : {replay_verdict::fresh, replay_verdict::seen, replay_verdict::full, replay_verdict::unknown}) {
    service s;
    fixed_verdict store{v};
    ap_acceptor<policy> a(s.w.request_in(s.buffer));
    const auto who = accept(a, s.w.mint(), s.w.policy, s.keys, store, s.w.now);
    CHECK(who.has_value() == (v == replay_verdict::fresh));
    if (who) continue;
    const bool seen = v == replay_verdict::seen;
    CHECK(who.error().code == (seen ? errc::replayed : errc::replay_unknown));
    const auto told = asn1::decode<msg::KrbError>(a.refusal());
    REQUIRE(told);
    CHECK(told->error_code == (seen ? error_code_t::krb_ap_err_repeat : error_code_t::kdc_err_svc_unavailable));
  }
  // A service that has lost its memory
  service s;
  s.seen = memory_replay_cache<64>::after_loss(s.w.now.at, 300);
  CHECK(s.present() == errc::replay_unknown);
  s.w.now.at.seconds += 300;
  s.w.authenticator.ctime = s.w.now.at;
  CHECK(s.present() == errc::replay_unknown);
  s.w.now.at.seconds += 1;
  s.w.authenticator.ctime = s.w.now.at;
  CHECK(s.present() == errc::ok);
}

TEST_CASE("accept: keys are looked up by what the ticket names", "[exchange][rfc4120-3.2.3]") {
  service s;
  s.w.kvno = 4;
  CHECK(s.present() == errc::bad_key_version);
  CHECK(s.told() == error_code_t::krb_ap_err_badkeyver);
  s.w.kvno.reset();
  CHECK(s.present() == errc::ok);
  s.w.request.service.reset();
  const kerberos_string other[] = {"imap"_krb, "web.ex.org"_krb};
  s.w.service.name.name_string = other;
  CHECK(s.present() == errc::no_key);
  CHECK(s.told() == error_code_t::krb_ap_err_nokey);

  // The second of two candidates opens it
  service t;
  t.keys = {};
  REQUIRE(t.keys.add(web, 2, t.w.service_etype, t.w.other_key(t.w.service_etype)));
  t.w.kvno.reset();
  CHECK(t.present() == errc::integrity);
  CHECK(t.told() == error_code_t::krb_ap_err_bad_integrity);
  REQUIRE(t.keys.add(web, 3, t.w.service_etype, t.w.service_key()));
  CHECK(t.present() == errc::ok);
}

TEST_CASE("accept: too small a buffer is an error that names the size, and the acceptor goes on", "[exchange]") {
  service s;
  const bytes_view token = s.w.mint();
  std::array<std::uint8_t, 64> small{};
  ap_acceptor<policy> a(s.w.request_in(small));
  const auto who = accept(a, token, s.w.policy, s.keys, s.seen, s.w.now);
  REQUIRE(!who);
  CHECK(who.error().code == errc::no_space);
  REQUIRE(who.error().detail <= s.buffer.size());
  a.set_buffer(std::span(s.buffer).first(who.error().detail));
  CHECK(accept(a, token, s.w.policy, s.keys, s.seen, s.w.now).has_value());
}

TEST_CASE("accept: failures and options reach the acceptor", "[exchange]") {
  service s;
  s.w.policy.entropy.fail_at = 0;
  const bytes_view token = s.w.mint();
  {
    ap_acceptor<policy> a(s.w.request_in(s.buffer));
    const auto who = accept(a, token, s.w.policy, s.keys, s.seen, s.w.now, {false, false});
    REQUIRE(who);
    CHECK(!who->keys().acceptor_subkey);
    CHECK(!who->keys().acceptor_seq);
  }
  service t;
  t.w.now.at.seconds += 301;
  const auto old = [&](std::int64_t skew) {
    t.seen = {};
    ap_acceptor<policy> a(t.w.request_in(t.buffer));
    return accept(a, token, t.w.policy, t.keys, t.seen, t.w.now, {}, {.clock_skew = skew}).error().code;
  };
  CHECK(old(300) == errc::clock_skew);
  CHECK(old(301) == errc::ok);
  service u;
  const bytes_view mine = u.w.mint();
  u.w.policy.entropy = {};
  u.w.policy.entropy.fail_at = 1;
  CHECK(u.present(mine) == errc::entropy);
  CHECK(u.refusal.empty());
}

constexpr bool without_a_store() {
  ap_world w;
  std::array<std::uint8_t, 4096> buffer{}, other{};
  keys_t keys;
  no_replay_cache none;
  if (!keys.add(web, 3, w.service_etype, w.service_key())) return false;
  const bytes_view token = w.mint();
  ap_acceptor<policy> asks(w.request_in(buffer));
  const auto no = accept(asks, token, w.policy, keys, none, w.now);
  w.request.replays = replay_rule::by_application;
  ap_acceptor<policy> a(w.request_in(buffer)), b(w.request_in(other));
  const auto first = accept(a, token, w.policy, keys, none, w.now);
  memory_replay_cache<32> seen;
  const auto second = accept(b, token, w.policy, keys, seen, w.now);
  return !no && no.error().code == errc::api_misuse && first && same_principal(first->client(), alice) && second;
}
KERB_BOTH("accept: a store can be left away by a service with means of its own, and by no other",
          "[exchange][rfc4120-3.2.3]", without_a_store);

TEST_CASE("accept: allocates nothing", "[exchange][store]") {
  service s;
  const bytes_view token = s.w.mint();
  bool good = false;
  {
    no_allocations guard;
    ap_acceptor<policy> a(s.w.request_in(s.buffer));
    good = accept(a, token, s.w.policy, s.keys, s.seen, s.w.now).has_value();
    ap_acceptor<policy> b(s.w.request_in(s.buffer));
    good = good && !accept(b, token, s.w.policy, s.keys, s.seen, s.w.now);
  }
  CHECK(good);
}

}  // namespace
