// UTF8String.
#include <kerb/asn1/utf8.hpp>

#include "unit/asn1/small.hpp"

using namespace kerb;
using kerb_test::encodes;

namespace {

constexpr bool octets_both_ways() {
  const auto text = "c3a9"_hex;
  const auto in = "0c02c3a9"_hex, other = "1b02c3a9"_hex;
  const auto none = "0c00"_hex;
  const auto r = asn1::decode_as<utf8_string>("UTF8String", in, der::strict);
  const auto n = asn1::decode_as<utf8_string>("UTF8String", none, der::strict);
  const auto o = asn1::decode_as<utf8_string>("UTF8String", other);
  return r && *r == utf8_string{text} && encodes(*r, in) && n && n->octets.empty() && encodes(*n, none) &&
         !(*n == *r) && o.error().code == errc::unexpected_tag;
}
KERB_BOTH("utf8_string: octets under their own tag, both ways", "[asn1]", octets_both_ways);

constexpr bool not_judged() {
  const auto in = "0c02c328"_hex;  // no UTF-8
  const auto r = asn1::decode_as<utf8_string>("UTF8String", in, der::strict);
  return r && encodes(*r, in);
}
KERB_BOTH("utf8_string: what is no UTF-8 comes back as it was", "[asn1]", not_judged);

}  // namespace
