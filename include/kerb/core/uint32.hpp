// UInt32, and the form in which an INTEGER came.
#pragma once
#include <cstdint>

namespace kerb::inline v0 {

/// How an INTEGER is written. What came by a tolerance (der/rules.hpp) keeps the form it came in, so that a peer that
/// wrote a number so is answered with the same octets.
enum class integer_form : std::uint8_t {
  der,          ///< the shortest octets of the value, X.690 section 8.3
  negative,     ///< a UInt32 as the INTEGER of the same 32 bits read with a sign, in the shortest octets
  four_octets,  ///< those 32 bits in four octets, where fewer would do
};

/// UInt32, RFC 4120 section 5.2.4: a number of 32 bits, and the form it came in. It is used and compared as a
/// std::uint32_t; only writing looks at the form.
class uint32 {
 public:
  constexpr uint32() = default;
  constexpr uint32(std::uint32_t value) : value_(value) {}
  constexpr uint32(std::uint32_t value, integer_form form) : value_(value), form_(form) {}
  constexpr operator std::uint32_t() const { return value_; }
  constexpr integer_form form() const { return form_; }

 private:
  std::uint32_t value_ = 0;
  integer_form form_ = integer_form::der;
};

}  // namespace kerb::inline v0
