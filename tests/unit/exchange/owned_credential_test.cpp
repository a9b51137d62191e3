// A credential with octets of its own.
#include <kerb/exchange/owned_credential.hpp>
#include <kerb/testing/insecure.hpp>

#include <algorithm>
#include <new>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/must.hpp"

using namespace kerb;
using namespace kerb::literals;

namespace {

using owned_ticket = owned_credential<key, 128>;
constexpr kerberos_time noon{1767268800};

/// A credential whose octets are all in `o`.
struct octets {
  std::array<std::uint8_t, 3> ticket{0x61, 1, 1};
  std::array<std::uint8_t, 5> client{'a', 'l', 'i', 'c', 'e'};
  std::array<std::uint8_t, 3> server{'w', 'e', 'b'};
  std::array<std::uint8_t, 6> realm{'E', 'X', '.', 'O', 'R', 'G'};
  std::array<std::uint8_t, 4> address{10, 1, 2, 3};
  std::array<kerberos_string, 1> client_parts{{{bytes_view(client)}}}, server_parts{{{bytes_view(server)}}};
  std::array<msg::HostAddress, 1> addresses{{{addr_t::ipv4, bytes_view(address)}}};

  constexpr octets() = default;
  octets(const octets&) = delete;
  constexpr basic_credential<key> credential() const {
    testing::insecure_policy p;
    std::array<std::uint8_t, 32> k{};
    for (std::uint8_t& b : k) b = 5;
    ticket_facts f;
    f.client = {{name_t::principal, view_of<kerberos_string>(client_parts)}, {bytes_view(realm)}};
    f.server = {{name_t::srv_hst, view_of<kerberos_string>(server_parts)}, {bytes_view(realm)}};
    f.ticket = ticket;
    f.endtime = noon;
    f.is_referral = true;
    f.addresses = view_of<msg::HostAddress>(addresses);
    basic_credential<key> c(f, kerb_test::must(p.import(etype_t::aes256_cts_hmac_sha1_96, k)));
    c.set_kdc_clock_offset(7);
    return c;
  }
  constexpr void overwrite() {
    ticket.fill(0);
    client.fill(0);
    server.fill(0);
    realm.fill(0);
    address.fill(0);
  }
};
/// Whether `c` is that credential.
constexpr bool is_whole(const basic_credential<key>& c) {
  const octets o;
  const basic_credential<key> wanted = o.credential();
  return same_principal(c.client(), wanted.client()) && same_principal(c.server(), wanted.server()) &&
         c.ticket() == wanted.ticket() && c.facts().is_referral && c.endtime() == noon && c.kdc_clock_offset() == 7 &&
         c.facts().addresses && c.facts().addresses->size() == 1 &&
         (*c.facts().addresses->begin()).address == bytes_view(o.address) &&
         c.session_key().octets().unguarded() == wanted.session_key().octets().unguarded();
}

constexpr result<owned_ticket> returned() {
  octets here;
  auto c = owned_ticket::of(here.credential());
  here.overwrite();
  return c;
}
constexpr bool it_outlives_the_octets() {
  const auto c = returned();
  return c && is_whole(**c) && is_whole(c->get()) && (*c)->endtime() == noon;
}
KERB_BOTH("owned_credential: it can be returned from the function that has the octets", "[exchange]",
          it_outlives_the_octets);

constexpr bool a_move_takes_everything_along() {
  owned_ticket a = *returned();
  owned_ticket b = std::move(a);
  if (!is_whole(*b) || !a.get().ticket().empty() || !a.get().session_key().octets().unguarded().empty()) return false;
  owned_ticket c;
  c = std::move(b);
  if (!is_whole(*c) || !b.get().ticket().empty()) return false;
  owned_ticket& same = c;
  c = std::move(same);
  if (!is_whole(*c)) return false;
  c = std::move(a);  // which is empty
  return c.get().ticket().empty() && c.get().client().name.name_string.empty();
}
KERB_BOTH("owned_credential: a move takes octets and key along, and leaves nothing", "[exchange]",
          a_move_takes_everything_along);

constexpr bool a_smaller_one_leaves_nothing_of_a_larger_one() {
  octets here;
  owned_ticket large = *owned_ticket::of(here.credential());
  ticket_facts f;
  f.ticket = here.ticket;
  large = *owned_ticket::of({f, {}});
  return large->ticket() == bytes_view(here.ticket) && large->client().realm.octets.empty() &&
         large->kdc_clock_offset() == 0 && !large->facts().addresses;
}
KERB_BOTH("owned_credential: an assignment leaves nothing of the old value", "[exchange]",
          a_smaller_one_leaves_nothing_of_a_larger_one);

constexpr std::size_t octets_of_it() {
  const octets here;
  const auto c = here.credential();
  return kerb::detail::packed_facts(c.facts()).size();
}
constexpr bool one_octet_too_few_is_no_space() {
  const octets here;
  constexpr std::size_t size = octets_of_it();
  const auto small = owned_credential<key, size - 1>::of(here.credential());
  return owned_credential<key, size>::of(here.credential()).has_value() && small.error().code == errc::no_space &&
         small.error().detail == size && owned_credential<key, size>::capacity() == size;
}
KERB_BOTH("owned_credential: a ticket that does not fit is no_space, with the octets needed", "[exchange]",
          one_octet_too_few_is_no_space);

constexpr bool own_passes_an_error_on() {
  const octets here;
  const auto good = own<128>(result<basic_credential<key>>(here.credential()));
  const auto bad = own<128>(result<basic_credential<key>>(errc::no_answer));
  return good && is_whole(**good) && bad.error().code == errc::no_answer;
}
KERB_BOTH("own: the product of an exchange, or its error", "[exchange]", own_passes_an_error_on);

constexpr bool an_exchange_takes_it_as_a_credential() {
  const auto c = returned();
  if (!c) return false;
  const ref<const basic_credential<key>> r = *c;
  return is_whole(r.get());
}
KERB_BOTH("owned_credential: it stands where an exchange asks for a credential", "[exchange]",
          an_exchange_takes_it_as_a_credential);

TEST_CASE("owned_credential: its octets are wiped on destruction and when it is moved from", "[exchange]") {
  alignas(owned_ticket) std::array<std::uint8_t, sizeof(owned_ticket)> raw{};
  const std::array<std::uint8_t, 5> name{'a', 'l', 'i', 'c', 'e'};
  const auto has_name = [&] { return std::search(raw.begin(), raw.end(), name.begin(), name.end()) != raw.end(); };
  auto* const c = new (raw.data()) owned_ticket(*returned());
  CHECK(has_name());
  owned_ticket other = std::move(*c);
  CHECK_FALSE(has_name());
  *c = std::move(other);
  CHECK(has_name());
  c->~owned_ticket();
  CHECK_FALSE(has_name());
}

TEST_CASE("owned_credential: nothing is allocated", "[exchange]") {
  const octets here;
  const kerb_test::no_allocations none;
  owned_ticket c = kerb_test::must(owned_ticket::of(here.credential()));
  const owned_ticket moved = std::move(c);
  CHECK(moved->endtime() == noon);
}

}  // namespace
