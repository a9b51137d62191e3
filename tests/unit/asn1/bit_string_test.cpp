// BIT STRING of any length.
#include <kerb/asn1/bit_string.hpp>

#include "unit/asn1/small.hpp"

using namespace kerb;
using kerb_test::encodes;

namespace {

template <std::size_t N>
constexpr bool refuses(const std::array<std::uint8_t, N>& octets, errc code) {
  const auto r = asn1::decode_as<bit_string>("BITS", octets);
  return !r && r.error().code == code && r.error().offset == 0;
}

constexpr bool bits() {
  const auto in = "030305a0e0"_hex;
  const auto none = "030100"_hex;
  const auto r = asn1::decode_as<bit_string>("BITS", in, der::strict);
  const auto n = asn1::decode_as<bit_string>("BITS", none, der::strict);
  return r && r->size() == 11 && r->unused == 5 && r->has(0) && !r->has(1) && r->has(2) && r->has(8) && r->has(10) &&
         !r->has(11) && !r->has(1000) && encodes(*r, in) && n && n->size() == 0 && !n->has(0) && encodes(*n, none) &&
         *r == *r && !(*r == *n);
}
KERB_BOTH("bit_string: bits are counted from the first; those behind the end are zero", "[asn1]", bits);

constexpr bool no_bit_strings() {
  return refuses("0300"_hex, errc::bad_flags) && refuses("030101"_hex, errc::bad_flags) &&
         refuses("03020800"_hex, errc::bad_flags) && refuses("03020101"_hex, errc::bad_flags) &&
         refuses("2302 0000"_hex, errc::unexpected_tag) && refuses("0303 00aa"_hex, errc::truncated);
}
KERB_BOTH("bit_string: without a count, with too high a one, or with a stray bit it is refused", "[asn1]",
          no_bit_strings);

}  // namespace
