// UTF-8.
#include "kerb/core/utf8.hpp"

#include "kerb/core/hex.hpp"
#include "support/both.hpp"

namespace {
using namespace kerb::literals;
using kerb::valid_utf8_octets;

template <std::size_t N>
constexpr std::size_t valid(const std::array<std::uint8_t, N>& text) {
  return valid_utf8_octets(text);
}

KERB_BOTH("utf8: characters of one to four octets, and the first and last of each length", "[core][rfc3629-3]", [] {
  return valid("01"_hex) == 1 && valid("7f"_hex) == 1 && valid("c280"_hex) == 2 && valid("dfbf"_hex) == 2 &&
         valid("e0a080"_hex) == 3 && valid("ed9fbf"_hex) == 3 && valid("ee8080"_hex) == 3 && valid("efbfbf"_hex) == 3 &&
         valid("f0908080"_hex) == 4 && valid("f48fbfbf"_hex) == 4 && valid("41f09d849ec39f42"_hex) == 8 &&
         valid_utf8_octets({}) == 0;
})
KERB_BOTH("utf8: a text is valid up to its first fault", "[core][rfc3629-3]", [] {
  return valid("61c080"_hex) == 1 && valid("6162e09fbf"_hex) == 2 && valid("c39feda080"_hex) == 2 &&
         valid("f4908080"_hex) == 0 && valid("61ff"_hex) == 1 && valid("61e282"_hex) == 1 && valid("80"_hex) == 0 &&
         valid("616200"_hex) == 2 && valid("00"_hex) == 0;
})

}  // namespace
