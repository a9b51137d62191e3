// What a client keeps of a ticket.
#include <kerb/exchange/credential.hpp>
#include <type_traits>

#include "support/ap_world.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using credential_t = basic_credential<key>;
static_assert(!std::is_copy_constructible_v<credential_t> && !std::is_copy_assignable_v<credential_t> &&
              std::is_move_constructible_v<credential_t> && std::is_move_assignable_v<credential_t>);

constexpr bool says_what_it_was_made_of() {
  ap_world w;
  credential_t c = w.credential();
  if (!same_principal(c.client(), alice) || !same_principal(c.server(), web)) return false;
  if (c.ticket().empty() || c.facts().ticket.data() != c.ticket().data()) return false;
  if (c.endtime() != w.ticket.endtime || c.session_key().etype() != w.session_etype) return false;
  if (c.kdc_clock_offset() != 0) return false;
  c.set_kdc_clock_offset(-600);
  const credential_t moved = std::move(c);
  return moved.kdc_clock_offset() == -600 && !moved.session_key().empty() && c.session_key().empty();
}
KERB_BOTH("credential: says what it was made of, and moves its key", "[exchange]", says_what_it_was_made_of);

constexpr bool wipes_its_buffer() {
  std::array<std::uint8_t, 64> octets{};
  {
    detail::workspace r{std::span(octets)};
    const std::uint8_t plain[] = {1, 2, 3, 4};
    ticket_facts f{};
    f.ticket = r.keep_copy(plain);
    credential_t c(f, key{}, std::move(r));
    const credential_t d = std::move(c);
    if (!(d.ticket() == bytes_view(plain)) || octets[0] != 1) return false;
  }
  return octets[0] == 0 && octets[3] == 0;
}
KERB_BOTH("credential: the buffer that it came with is wiped with it", "[exchange]", wipes_its_buffer);

}  // namespace
