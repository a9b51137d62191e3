// Realms in memory, for users' tests.
#include <kerb/client.hpp>
#include <kerb/testing/insecure.hpp>
#include <kerb/testing/realm.hpp>

#include <chrono>

#include "support/both.hpp"

using namespace kerb;
using namespace kerb::literals;

namespace {
using policy = testing::insecure_policy;
constexpr timestamp noon{{1767268800}, {0}};
constexpr etype_t e18 = etype_t::aes256_cts_hmac_sha1_96;
constexpr std::uint8_t sesame_octets[] = {'s', 'e', 's', 'a', 'm', 'e'};
constexpr secret_view sesame{sesame_octets, 6};

constexpr bool what_finds_no_place_is_said() {
  policy p;
  testing::realm<policy, 2> r(p, "EX.ORG"_krb, e18);
  const bool first = r.ready() && r.add_user("alice", sesame) && r.ready();
  return first && !r.add_service("a/b") && !r.ready() && r.record("alice") != nullptr && r.record("bob") == nullptr &&
         r.key_of("alice") != nullptr && r.key_of("a/b") == nullptr && r.record("a@b@c") == nullptr;
}
KERB_BOTH("testing::realm: what finds no place is said", "[testing]", what_finds_no_place_is_said);

constexpr bool a_bad_name_is_not_added() {
  policy p;
  testing::realm<policy> r(p, "EX.ORG"_krb, e18);
  testing::realm<policy> other(p, "EX.ORG"_krb, etype_t::rc4_hmac);  // which the policy does not have
  return !r.add_user("", sesame) && !r.ready() && !other.ready();
}
KERB_BOTH("testing::realm: names that do not parse and encryption types that there are not are refused", "[testing]",
          a_bad_name_is_not_added);

constexpr bool a_client_goes_from_realm_to_realm() {
  policy p;
  testing::realm<policy> ours(p, "A.EX.ORG"_krb, e18), theirs(p, "B.EX.ORG"_krb, e18);
  std::array<std::uint8_t, 32> octets{1, 2, 3};
  const auto shared = p.import(e18, octets);
  if (!shared || !ours.add_user("alice", sesame) || !ours.add_trust("B.EX.ORG"_krb, *shared, *shared) ||
      !theirs.add_service("HTTP/web") || !theirs.add_trust("A.EX.ORG"_krb, *shared, *shared)) {
    return false;
  }
  std::array<std::uint8_t, 4096> kdc_buffer{}, buffer1{}, buffer2{}, buffer3{};
  const auto ask = [&](const send& s) -> result<answer> {
    auto& realm = s.realm == "A.EX.ORG"_krb ? ours : theirs;
    const auto r = realm.answer(s.octets, noon, kdc_buffer);
    if (!r) return r.error();
    return answer(*r);
  };
  const auto alice = principal::parse("alice@A.EX.ORG"), there = principal::parse("krbtgt/B.EX.ORG@A.EX.ORG"),
             web = principal::parse("HTTP/web@B.EX.ORG");
  as_client<policy> as({.client = *alice, .password = sesame, .buffer = buffer1});
  const auto tgt = drive(as, p, noon, ask);
  if (!tgt) return false;
  tgs_client<policy> hop({.tgt = *tgt, .server = *there, .buffer = buffer2});
  const auto far = drive(hop, p, noon, ask);
  if (!far) return false;
  tgs_client<policy> last({.tgt = *far, .server = *web, .buffer = buffer3});
  const auto ticket = drive(last, p, noon, ask);
  return ticket && same_principal(ticket->client(), *alice) &&
         ticket->facts().flags.has(ticket_flag_t::transited_policy_checked);
}
KERB_BOTH("testing::realm: a client of one realm reaches a service of another", "[testing][rfc4120-1.2]",
          a_client_goes_from_realm_to_realm);

constexpr bool its_ask_ends_the_wait_for_another_answer(bool preauth, bool right) {
  policy p;
  testing::realm<policy> r(p, "EX.ORG"_krb, e18);
  if (!r.add_user("alice", sesame) || !r.add_service("HTTP/web")) return false;
  r.settings.require_preauth = preauth;
  const auto alice = principal::parse("alice@EX.ORG"), web = principal::parse("HTTP/web@EX.ORG");
  std::array<std::uint8_t, 4096> kdc_buffer{}, buffer{};
  const auto ask = r.ask([] { return noon; }, kdc_buffer);
  const std::uint8_t wrong[] = {'w'};
  ticket_cache<policy::key, 2> cache;
  credential_client<policy> x(
      {.client = *alice, .server = *web, .buffer = buffer, .password = right ? sesame : secret_view{wrong, 1}});
  const auto ticket = acquire(x, cache, p, noon, ask);
  if (right) return ticket && same_principal(ticket->server(), *web);
  return !ticket && ticket.error().code == (preauth ? errc::kdc_error : errc::integrity);
}
constexpr bool its_ask_is_a_transport() {
  return its_ask_ends_the_wait_for_another_answer(true, true) &&
         its_ask_ends_the_wait_for_another_answer(false, true) &&
         its_ask_ends_the_wait_for_another_answer(true, false) &&
         its_ask_ends_the_wait_for_another_answer(false, false);
}
KERB_BOTH(
    "testing::realm: its ask is a transport, and a wrong password ends the login with or without "
    "pre-authentication",
    "[testing][rfc4120-3.1.5]", its_ask_is_a_transport);

constexpr timestamp at_noon{{1767268800}, {0}};
/// What the realm's KDC says to an AS-REQ without pre-authentication.
template <class Realm>
constexpr error_code_t as_answer(Realm& r, const principal_view& client, const principal_view& server) {
  constexpr etype_t types[] = {etype_t::aes256_cts_hmac_sha384_192};
  msg::KdcReqBody body;
  body.cname = client.name;
  body.sname = server.name;
  body.realm = client.realm;
  body.etype = view_of<etype_t>(types);
  std::array<std::uint8_t, 512> octets{};
  std::array<std::uint8_t, 4096> buffer{};
  r.settings.require_preauth = false;
  const auto got =
      r.answer(*asn1::encode(msg::AsReq{{}, captured<msg::KdcReqBody>::of(body)}, octets), at_noon, buffer);
  if (!got) return error_code_t::krb_err_generic;
  const auto e = asn1::decode<msg::KrbError>(*got);
  return e ? e->error_code : error_code_t::kdc_err_none;
}
constexpr bool the_time_comes_from_any_clock() {
  policy p;
  testing::realm<policy> r(p, "EX.ORG"_krb, e18);
  if (!r.add_user("alice", sesame)) return false;
  std::array<std::uint8_t, 4096> kdc_buffer{}, buffer{};
  const std::chrono::system_clock::time_point chrono{std::chrono::seconds(noon.at.seconds)};
  const auto authtime = [&](auto answer_of) {
    const auto ask = [&](const send& s) -> result<answer> {
      const result<bytes_view> a = answer_of(s.octets);
      return a ? result<answer>(*a) : a.error();
    };
    const auto alice = principal::parse("alice@EX.ORG");
    as_client<policy> as({.client = *alice, .password = sesame, .buffer = buffer});
    const auto tgt = drive(as, p, noon, ask);
    return tgt ? tgt->facts().authtime : kerberos_time{};
  };
  return authtime([&](bytes_view o) { return r.answer(o, chrono, kdc_buffer); }) == noon.at &&
         authtime([&](bytes_view o) {
           return r.answer(
               o, [&] { return chrono; }, kdc_buffer);
         }) == noon.at &&
         authtime([&](bytes_view o) {
           return r.answer(o, {noon.at, {0}}, kdc_buffer);
         }) == noon.at;
}
KERB_BOTH("testing::realm: the time is a timestamp, one of the system's clock, or a function that returns one",
          "[testing]", the_time_comes_from_any_clock);

constexpr bool passwords_seal_no_tickets() {
  policy p;
  testing::realm<policy> r(p, "EX.ORG"_krb, etype_t::aes256_cts_hmac_sha384_192);
  const auto k = r.key_of("krbtgt/EX.ORG");
  if (k == nullptr || !r.add_user("alice", sesame, {principal_attribute::no_renewable}) || !r.add_user("bob", sesame) ||
      !r.add_service("HTTP/web.ex.org") || !r.add_service("ftp/web.ex.org", sesame) ||
      !r.add_trust("B.EX.ORG"_krb, *k, *k)) {
    return false;
  }
  const auto name = [](std::string_view text) { return *principal::parse(text, "EX.ORG"); };
  const auto alice = name("alice"), bob = name("bob"), web = name("HTTP/web.ex.org"), ftp = name("ftp/web.ex.org"),
             tgs = name("krbtgt/EX.ORG"), there = name("krbtgt/B.EX.ORG");
  return r.record("alice")->attributes.has(principal_attribute::no_renewable) &&
         as_answer(r, bob, alice) == error_code_t::kdc_err_must_use_user2user &&
         as_answer(r, alice, bob) == error_code_t::kdc_err_must_use_user2user &&
         as_answer(r, alice, web) == error_code_t::kdc_err_none &&
         as_answer(r, alice, ftp) == error_code_t::kdc_err_none &&
         as_answer(r, tgs, web) == error_code_t::kdc_err_c_principal_unknown &&
         as_answer(r, there, web) == error_code_t::kdc_err_c_principal_unknown;
}
KERB_AT_RUN_TIME("realm: a user's password seals no tickets, and nobody logs in as a KDC", "[testing][rfc4120-3.7]",
                 passwords_seal_no_tickets);
}  // namespace
