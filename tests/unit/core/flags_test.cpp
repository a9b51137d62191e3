// KerberosFlags by the RFC's bit numbers.
#include <kerb/core/flags.hpp>
#include <type_traits>

#include "support/both.hpp"

using namespace kerb;

namespace {

enum class bit : unsigned { zero = 0, one = 1, seven = 7, eight = 8, last = 31 };
using some_flags = flags<bit>;

static_assert(std::is_trivially_copyable_v<some_flags> && sizeof(some_flags) == 4);

constexpr bool bit_zero_is_first() {
  return some_flags{bit::zero}.bits == 0x80000000u && some_flags{bit::one}.bits == 0x40000000u &&
         some_flags{bit::seven}.bits == 0x01000000u && some_flags{bit::eight}.bits == 0x00800000u &&
         some_flags{bit::last}.bits == 1u;
}
KERB_BOTH("flags: bit 0 is the most significant", "[core][rfc4120-5.2.8]", bit_zero_is_first);

constexpr bool set_and_cleared() {
  some_flags f;
  const bool none = f.bits == 0 && !f.has(bit::one);
  f.set(bit::one);
  f.set(bit::last);
  const bool both = f.has(bit::one) && f.has(bit::last) && !f.has(bit::zero);
  f.set(bit::one, false);
  f.set(bit::eight, false);
  return none && both && f == some_flags{bit::last};
}
KERB_BOTH("flags: a bit is set and cleared alone", "[core]", set_and_cleared);

constexpr bool combined() {
  const some_flags a{bit::one, bit::seven}, b{bit::seven, bit::last};
  return (a | b) == some_flags{bit::one, bit::seven, bit::last} && (a & b) == some_flags{bit::seven} && a.has_any(b) &&
         !some_flags{bit::one}.has_any(some_flags{bit::last}) && !some_flags{}.has_any(a) &&
         some_flags::of(0x41000000u) == a;
}
KERB_BOTH("flags: or, and, any, and equality", "[core]", combined);

}  // namespace
