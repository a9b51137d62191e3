// A client's tickets, kept until they expire or it logs off.
#include <kerb/exchange/ticket_cache.hpp>
#include <kerb/testing/insecure.hpp>

#include "support/alloc_count.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb::literals;

namespace {
using cache = ticket_cache<key, 2, 128>;
constexpr kerberos_string alice_parts[] = {"alice"_krb}, web_parts[] = {"HTTP"_krb, "web"_krb},
                          ftp_parts[] = {"ftp"_krb}, ssh_parts[] = {"host"_krb};
constexpr principal_view named(view_of<kerberos_string> parts) { return {{name_t::principal, parts}, "EX.ORG"_krb}; }
constexpr kerberos_time noon{1767268800};
constexpr std::uint8_t address_octets[] = {10, 1, 2, 3};
constexpr msg::HostAddress addresses[] = {{addr_t::ipv4, address_octets}};

constexpr basic_credential<key> credential(view_of<kerberos_string> server, bytes_view ticket, std::int64_t life = 60,
                                           std::uint8_t fill = 1) {
  testing::insecure_policy p;
  std::array<std::uint8_t, 32> o{};
  for (std::uint8_t& b : o) b = fill;
  ticket_facts f;
  f.client = named(alice_parts);
  f.server = named(server);
  f.ticket = ticket;
  f.endtime = plus(noon, life + 7);  // by the KDC's clock, which is 7 seconds ahead
  f.addresses = view_of<msg::HostAddress>(addresses);
  basic_credential<key> c(f, kerb_test::must(p.import(etype_t::aes256_cts_hmac_sha1_96, o)));
  c.set_kdc_clock_offset(7);
  return c;
}
constexpr std::uint8_t ticket_a[] = {0x61, 1, 1}, ticket_b[] = {0x61, 1, 2};

constexpr bool a_ticket_is_used_until_it_expires() {
  cache c;
  {
    std::array<std::uint8_t, 3> gone{0x61, 1, 1};
    if (!c.store(credential(web_parts, gone), noon)) return false;
    gone = {};
  }
  const auto* found = c.find(named(web_parts), noon);
  const auto* last = c.find(named(web_parts), plus(noon, 59));
  return found != nullptr && found == last && found->ticket() == bytes_view(ticket_a) &&
         same_principal(found->client(), named(alice_parts)) && found->session_key().octets().unguarded()[0] == 1 &&
         found->facts().addresses && (*found->facts().addresses->begin()).address == bytes_view(address_octets) &&
         found->kdc_clock_offset() == 7 && c.find(named(web_parts), plus(noon, 60)) == nullptr &&
         c.find(named(ftp_parts), noon) == nullptr && c.size(noon) == 1 && c.size(plus(noon, 60)) == 0;
}
KERB_BOTH("ticket_cache: a ticket is used as often as one likes until it expires", "[exchange][rfc4120-3.2.2]",
          a_ticket_is_used_until_it_expires);

constexpr bool expiry_is_by_the_kdcs_clock() {
  cache c;
  const auto stored = [&](std::int64_t offset) {
    basic_credential<key> one = credential(web_parts, ticket_a);
    one.set_kdc_clock_offset(offset);  // the ticket ends at noon + 67
    return c.store(std::move(one), noon).has_value();
  };
  const auto held = [&](std::int64_t after) {
    const kerberos_time at = plus(noon, after);
    const std::size_t n = c.size(at);
    return (n == 1) == (c.find(named(web_parts), at) != nullptr) &&
                   (n == 1) == (c.find(named(alice_parts), named(web_parts), at) != nullptr) &&
                   (n == 1) == (c.credentials(at).begin() != c.credentials(at).end())
               ? n
               : 2;
  };
  if (!stored(50) || held(16) != 1 || held(17) != 0) return false;
  if (!stored(-50) || held(116) != 1 || held(117) != 0) return false;
  // No offset can wrap
  return stored(std::numeric_limits<std::int64_t>::min()) && held(100000) == 1 &&
         stored(std::numeric_limits<std::int64_t>::max()) && held(0) == 0;
}
KERB_BOTH("ticket_cache: a ticket expires by the KDC's clock, as its credential knows it", "[exchange][rfc4120-3.1.5]",
          expiry_is_by_the_kdcs_clock);

constexpr bool addresses_are_copied() {
  cache c;
  std::array<std::uint8_t, 4> octets{10, 1, 2, 3};
  std::array<msg::HostAddress, 1> list{{{addr_t::ipv4, bytes_view(octets)}}};
  basic_credential<key> from = credential(web_parts, ticket_a);
  ticket_facts f = from.facts();
  f.addresses = view_of<msg::HostAddress>(list);
  if (!c.store({f, std::move(from).session_key()}, noon)) return false;
  octets = {};
  list[0].addr_type = addr_t::ipv6;
  const auto* found = c.find(named(web_parts), noon);
  if (found == nullptr || !found->facts().addresses || found->facts().addresses->size() != 1) return false;
  const msg::HostAddress a = *found->facts().addresses->begin();
  return a.addr_type == addr_t::ipv4 && a.address == bytes_view(address_octets);
}
KERB_BOTH("ticket_cache: addresses are copied like everything else", "[exchange]", addresses_are_copied);

/// A credential of a client for a server of a realm, with a key that is told by `fill`.
constexpr basic_credential<key> ticket_of(view_of<kerberos_string> client, view_of<kerberos_string> server,
                                          std::uint8_t fill, ticket_kind kind = ticket_kind::asked_for,
                                          kerberos_string realm = "EX.ORG"_krb) {
  testing::insecure_policy p;
  std::array<std::uint8_t, 32> o{};
  for (std::uint8_t& b : o) b = fill;
  ticket_facts f;
  f.client = named(client);
  f.server = {{name_t::srv_inst, server}, realm};
  f.ticket = bytes_view(ticket_a);
  f.endtime = plus(noon, 60);
  f.is_referral = has(kind, ticket_kind::referral);
  f.handed_over = has(kind, ticket_kind::handed_over);
  f.client_renamed = has(kind, ticket_kind::renamed);
  f.user_to_user = has(kind, ticket_kind::user_to_user);
  f.restricted = has(kind, ticket_kind::restricted);
  f.for_peer = has(kind, ticket_kind::for_peer);
  return {f, *p.import(etype_t::aes256_cts_hmac_sha1_96, o)};
}
constexpr kerberos_string bob_parts[] = {"bob"_krb}, tgt_parts[] = {"krbtgt"_krb, "EX.ORG"_krb};
constexpr bool is(const basic_credential<key>* c, std::uint8_t fill) {
  return c != nullptr && c->session_key().octets().unguarded()[0] == fill;
}

constexpr bool each_kind_has_a_place_of_its_own() {
  ticket_cache<key, 4, 128> c;
  const principal_view alice = named(alice_parts), tgt = named(tgt_parts);
  const auto put = [&](std::uint8_t fill, ticket_kind kind) {
    return c.store(ticket_of(alice_parts, tgt_parts, fill, kind), noon).has_value();
  };
  if (!put(2, ticket_kind::referral) || !put(3, ticket_kind::handed_over)) return false;
  if (c.find(alice, tgt, noon) != nullptr || c.find(tgt, noon) != nullptr) return false;
  if (!put(1, ticket_kind::asked_for) || !put(4, ticket_kind::referral) || !put(5, ticket_kind::handed_over))
    return false;
  return is(c.find(alice, tgt, noon), 1) && is(c.find(tgt, noon), 1) &&
         is(c.find(alice, tgt, noon, ticket_kind::asked_for), 1) &&
         is(c.find(alice, tgt, noon, ticket_kind::referral), 4) &&
         is(c.find(alice, tgt, noon, ticket_kind::handed_over), 5) && c.size(noon) == 3 &&
         c.find(alice, tgt, plus(noon, 60), ticket_kind::referral) == nullptr;
}
KERB_BOTH("ticket_cache: neither a referral nor what a peer handed over takes the place of what was asked for",
          "[exchange][rfc6806-8]", each_kind_has_a_place_of_its_own);

constexpr bool every_kind_and_combination_is_apart() {
  ticket_cache<key, 64, 128> c;
  const principal_view alice = named(alice_parts), tgt = named(tgt_parts);
  for (unsigned k = 63; k != 0; --k) {
    if (!c.store(ticket_of(alice_parts, tgt_parts, static_cast<std::uint8_t>(k), static_cast<ticket_kind>(k)), noon))
      return false;
    if (c.find(alice, tgt, noon) != nullptr || c.find(tgt, noon) != nullptr) return false;
  }
  if (!c.store(ticket_of(alice_parts, tgt_parts, 64), noon) || c.size(noon) != 64) return false;
  for (unsigned k = 1; k != 64; ++k)
    if (!is(c.find(alice, tgt, noon, static_cast<ticket_kind>(k)), static_cast<std::uint8_t>(k))) return false;
  return is(c.find(alice, tgt, noon), 64) && is(c.find(tgt, noon), 64);
}
KERB_BOTH("ticket_cache: a renamed, user-to-user or restricted ticket, or one for a peer, is apart from the plain one",
          "[exchange][rfc4120-3.3.3]", every_kind_and_combination_is_apart);

constexpr bool client_server_and_realm_tell_tickets_apart() {
  ticket_cache<key, 4, 128> c;
  const principal_view alice = named(alice_parts), bob = named(bob_parts), tgt = named(tgt_parts);
  const principal_view foreign{tgt.name, "OTHER.ORG"_krb}, namesake{alice.name, "OTHER.ORG"_krb};
  if (!c.store(ticket_of(alice_parts, tgt_parts, 1), noon) ||
      !c.store(ticket_of(alice_parts, tgt_parts, 2, ticket_kind::asked_for, "OTHER.ORG"_krb), noon)) {
    return false;
  }
  if (!is(c.find(tgt, noon), 1) || !is(c.find(foreign, noon), 2) || c.size(noon) != 2) return false;
  if (!c.store(ticket_of(bob_parts, tgt_parts, 3), noon)) return false;
  return is(c.find(alice, tgt, noon), 1) && is(c.find(alice, foreign, noon), 2) && is(c.find(bob, tgt, noon), 3) &&
         c.find(bob, foreign, noon) == nullptr && c.find(namesake, tgt, noon) == nullptr &&
         c.find(tgt, noon) == nullptr &&  // whose?
         is(c.find(foreign, noon), 2);
}
KERB_BOTH("ticket_cache: client, server and the realm that issued a ticket tell it from every other",
          "[exchange][rfc4120-5.3]", client_server_and_realm_tell_tickets_apart);

constexpr bool a_walk_returns_each_valid_credential_once() {
  ticket_cache<key, 5, 128> c;
  const auto sum = [&](kerberos_time now) {
    unsigned n = 0;
    for (const basic_credential<key>& one : c.credentials(now)) n += one.session_key().octets().unguarded()[0];
    return n;
  };
  if (sum(noon) != 0 || c.credentials(noon).begin() != c.credentials(noon).end()) return false;
  if (!c.store(credential(web_parts, ticket_a, 10, 1), noon) ||
      !c.store(credential(ftp_parts, ticket_b, 60, 2), noon) ||
      !c.store(ticket_of(alice_parts, tgt_parts, 4, ticket_kind::referral), noon) ||
      !c.store(credential(ssh_parts, ticket_a, 10, 8), noon)) {
    return false;
  }
  const auto all = c.credentials(plus(noon, 10));  // the first, the fourth and the fifth place hold nothing of use
  auto i = all.begin();
  const auto first = i++;
  return first != i && &*first == first.operator->() && same_principal(first->server(), named(ftp_parts)) &&
         has(kind_of(i->facts()), ticket_kind::referral) && ++i == all.end() && sum(noon) == 15 &&
         sum(plus(noon, 10)) == 6 && sum(plus(noon, 600)) == 0;
}
KERB_BOTH("ticket_cache: a walk returns each credential that is valid, of every kind, and no other", "[exchange]",
          a_walk_returns_each_valid_credential_once);

constexpr bool logging_off_destroys_everything() {
  cache c;
  if (!c.store(credential(web_parts, ticket_a), noon) || !c.store(credential(ftp_parts, ticket_b), noon)) return false;
  c.log_off();
  return c.size(noon) == 0 && c.find(named(web_parts), noon) == nullptr &&
         c.store(credential(ssh_parts, ticket_a), noon);
}
KERB_BOTH("ticket_cache: logging off destroys tickets and keys", "[exchange]", logging_off_destroys_everything);

constexpr bool places_are_taken_by_what_is_of_no_use() {
  cache c;
  const bool two = c.store(credential(web_parts, ticket_a), noon) && c.store(credential(ftp_parts, ticket_a, 10), noon);
  const auto third = c.store(credential(ssh_parts, ticket_a), noon);
  const bool again = c.store(credential(web_parts, ticket_b, 60, 2), noon).has_value();
  const bool renewed = c.find(named(web_parts), noon)->ticket() == bytes_view(ticket_b) &&
                       c.find(named(web_parts), noon)->session_key().octets().unguarded()[0] == 2;
  return two && !third && third.error().code == errc::no_space && again && renewed && c.size(noon) == 2 &&
         c.store(credential(ssh_parts, ticket_a), plus(noon, 10)) && c.find(named(ftp_parts), noon) == nullptr &&
         c.find(named(ssh_parts), plus(noon, 10)) != nullptr;
}
KERB_BOTH("ticket_cache: a ticket takes the place of one for the same server, or of one that has expired", "[exchange]",
          places_are_taken_by_what_is_of_no_use);

constexpr bool what_is_too_long_says_how_long() {
  cache c;
  const std::array<std::uint8_t, 200> much{};
  const auto no = c.store(credential(web_parts, much), noon);
  if (no || no.error().code != errc::no_space) return false;
  const std::size_t rest = no.error().detail - 200;
  const auto fits = credential(web_parts, bytes_view(much).first(128 - rest));
  return c.store(credential(web_parts, bytes_view(much).first(128 - rest)), noon) &&
         !c.store(credential(ftp_parts, bytes_view(much).first(140)), noon) && fits.ticket().size() == 128 - rest;
}
KERB_BOTH("ticket_cache: a ticket that is too long is refused with the octets that would do", "[exchange]",
          what_is_too_long_says_how_long);

TEST_CASE("ticket_cache: nothing is left in memory when the user has logged off, or the cache is gone", "[exchange]") {
  alignas(cache) std::array<std::uint8_t, sizeof(cache)> memory{};
  std::array<std::uint8_t, 20> of_web{}, of_ftp{};
  of_web.fill(0x5a);
  of_ftp.fill(0x5b);
  // how often 16 octets of a key or a ticket are in the memory
  const auto count = [&](std::uint8_t octet) {
    std::size_t n = 0, run = 0;
    for (const std::uint8_t b : memory) n += (run = b == octet ? run + 1 : 0) >= 16;
    return n;
  };
  const auto left = [&] { return count(0xa5) + count(0xa6) + count(0x5a) + count(0x5b); };
  for (const bool log_off : {true, false}) {
    auto* const c = new (memory.data()) cache;
    REQUIRE(c->store(credential(web_parts, of_web, 60, 0xa5), noon));
    REQUIRE(c->store(credential(ftp_parts, of_ftp, 60, 0xa6), noon));
    CHECK(count(0xa5) != 0);
    CHECK(count(0xa6) != 0);
    CHECK(count(0x5a) != 0);
    CHECK(count(0x5b) != 0);
    if (log_off) {
      c->log_off();
      CHECK(left() == 0);
    }
    c->~cache();
    CHECK(left() == 0);
  }
}
TEST_CASE("ticket_cache: it allocates nothing", "[exchange]") {
  cache c;
  bool found = false;
  {
    kerb_test::no_allocations none;
    found = c.store(credential(web_parts, ticket_a), noon) && c.find(named(web_parts), noon) != nullptr;
  }
  CHECK(found);
}
}  // namespace
