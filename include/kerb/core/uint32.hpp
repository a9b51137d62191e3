// UInt32, and the form in which an INTEGER was received.
#pragma once
#include <cstdint>

namespace kerb::inline v0 {

/// The form of an INTEGER. A number that was accepted through a tolerance (der/rules.hpp) keeps its
/// form, so that a peer gets the same octets back.
enum class integer_form : std::uint8_t {
  der,          ///< the shortest encoding of the value, X.690 section 8.3
  negative,     ///< a UInt32 as the signed INTEGER with the same 32 bits, in its shortest encoding
  four_octets,  ///< the same 32 bits in four octets, although fewer are enough
};

/// UInt32, RFC 4120 section 5.2.4: a 32-bit number and the form in which it was received. It is
/// used and compared as a std::uint32_t; only encoding uses the form.
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
