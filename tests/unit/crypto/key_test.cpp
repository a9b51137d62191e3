// Keys and the shapes around what they seal.
#include "kerb/crypto/key.hpp"

#include "support/both.hpp"

namespace {
using kerb::etype_t;
using kerb::key;

static_assert(std::movable<key> && !std::copyable<key> && !std::equality_comparable<key>);

constexpr kerb::secret<32> three_octets() {
  const std::uint8_t octets[]{1, 2, 3};
  return *kerb::secret<32>::copy_of(octets);
}

KERB_BOTH("key: a copy asked for by name has the same type and octets", "[crypto][rfc3961-3]", [] {
  const key k(etype_t::rc4_hmac, three_octets());
  const key other = k.copy();
  return other.etype() == k.etype() && other.octets().size() == 3 &&
         kerb::ct_equal(k.octets().unguarded(), other.octets().unguarded());
});

KERB_BOTH("key: what is moved from has no octets left", "[crypto]", [] {
  key k(etype_t::rc4_hmac, three_octets());
  const key moved = std::move(k);
  return k.empty() && !moved.empty() && key{}.empty();
});

KERB_BOTH("seal_shape: adds what stands in front and behind", "[crypto]", [] {
  return kerb::seal_shape{16, 12}.around(100) == 128 && kerb::seal_shape{}.around(7) == 7;
});

}  // namespace
