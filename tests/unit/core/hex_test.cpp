// Octets from hexadecimal literals.
#include <kerb/core/hex.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {

constexpr bool every_digit() {
  constexpr auto a = "0123456789abcdefABCDEF"_hex;
  return a == std::array<std::uint8_t, 11>{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xab, 0xcd, 0xef};
}
KERB_BOTH("_hex: digits in either case", "[core]", every_digit);

constexpr bool blanks_are_skipped() {
  constexpr auto a = " 6a 0\nb "_hex;
  return a == std::array<std::uint8_t, 2>{0x6a, 0x0b};
}
KERB_BOTH("_hex: blanks and line ends are skipped", "[core]", blanks_are_skipped);

constexpr bool nothing() { return ""_hex.size() == 0 && " "_hex.size() == 0; }
KERB_BOTH("_hex: an empty text is no octets", "[core]", nothing);

constexpr bool single_digits() {
  using kerb::detail::hex_digit;
  return hex_digit('0') == 0 && hex_digit('9') == 9 && hex_digit('a') == 10 && hex_digit('F') == 15 &&
         hex_digit('g') == -1 && hex_digit('G') == -1 && hex_digit('/') == -1 && hex_digit(':') == -1 &&
         hex_digit('@') == -1 && hex_digit('`') == -1 && hex_digit('\0') == -1;
}
KERB_BOTH("hex_digit: the neighbours of the digits are none", "[core]", single_digits);

}  // namespace
