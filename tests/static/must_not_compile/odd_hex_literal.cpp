// expect: hex_text_has_an_odd_digit
#include <kerb/core/hex.hpp>

using namespace kerb::literals;
#ifdef KERB_FIXED
constexpr auto octets = "6a0b0c"_hex;
#else
constexpr auto octets = "6a0b0"_hex;
#endif
