// OBJECT IDENTIFIER: from text, from the wire, and what is none.
#include <kerb/asn1/oid.hpp>

#include "unit/asn1/small.hpp"

using namespace kerb;
using kerb_test::encodes;

namespace {

template <std::size_t N>
constexpr bool both_ways(object_identifier v, const std::array<std::uint8_t, N>& octets) {
  const auto r = asn1::decode_as<object_identifier>("OID", octets, der::strict);
  return r && *r == v && encodes(v, octets);
}
template <std::size_t N>
constexpr bool refuses(const std::array<std::uint8_t, N>& octets, errc code) {
  const auto r = asn1::decode_as<object_identifier>("OID", octets);
  return !r && r.error().code == code && r.error().offset == 0;
}

constexpr bool from_text() {
  return both_ways("1.2.840.113554.1.2.2"_oid, "06092a864886f712010202"_hex) &&
         both_ways("1.3.6.1.5.5.2"_oid, "06062b0601050502"_hex) && both_ways("0.0"_oid, "060100"_hex) &&
         both_ways("1.39"_oid, "06014f"_hex) && both_ways("2.39"_oid, "060177"_hex) &&
         both_ways("2.999.3"_oid, "0603883703"_hex) &&
         both_ways("2.5.127.128.16383.16384"_oid, "0609557f8100ff7f818000"_hex) &&
         both_ways("1.2.4294967295"_oid, "06062a8fffffff7f"_hex);
}
KERB_BOTH("object_identifier: dotted text becomes the arcs' shortest forms", "[asn1]", from_text);

constexpr bool equality() {
  return "1.2.3"_oid == "1.2.3"_oid && !("1.2.3"_oid == "1.2.4"_oid) && !("1.2.3"_oid == "1.2.3.0"_oid) &&
         !("1.2.3"_oid == object_identifier{});
}
KERB_BOTH("object_identifier: equal are equal octets", "[asn1]", equality);

constexpr bool no_identifiers() {
  return refuses("0600"_hex, errc::bad_oid) && refuses("06022a80"_hex, errc::bad_oid) &&
         refuses("06038001 02"_hex, errc::bad_oid) && refuses("06042a800102"_hex, errc::bad_oid) &&
         refuses("06022aff"_hex, errc::bad_oid) && refuses("04012a"_hex, errc::unexpected_tag) &&
         refuses("06032a03"_hex, errc::truncated);
}
KERB_BOTH("object_identifier: an empty one, a padded arc and an arc cut short are refused", "[asn1]", no_identifiers);

}  // namespace
