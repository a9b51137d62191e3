// AlgorithmIdentifier, SubjectPublicKeyInfo, Certificate and RSASSA-PSS-params.
#include <kerb/msg/pkix.hpp>

#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::refuses;

namespace {

constexpr std::array<std::uint8_t, 2> ab{0xaa, 0xbb};

constexpr bool algorithms() {
  const auto bare = "300706052b0e03021a"_hex;
  const auto null = "300906052b0e03021a0500"_hex;
  const auto more = "300b06052b0e03021a05000500"_hex;
  const auto other = "30020500"_hex;
  const auto r = asn1::decode<msg::AlgorithmIdentifier>(null, der::strict);
  return both_ways(msg::AlgorithmIdentifier{"1.3.14.3.2.26"_oid, {}}, bare) && r && r->parameters &&
         r->parameters->der == bytes_view(null).last(2) && both_ways(*r, null) &&
         refuses<msg::AlgorithmIdentifier>(more, errc::trailing_data, 11, "AlgorithmIdentifier", "") &&
         refuses<msg::AlgorithmIdentifier>(other, errc::missing_field, 2, "AlgorithmIdentifier", "algorithm");
}
KERB_BOTH("AlgorithmIdentifier: its parameters are any one value, or none", "[msg][rfc4556-3.2.1]", algorithms);

constexpr bool keys() {
  const auto in = "3012300b06092a864886f70d010301030300aabb"_hex;
  return both_ways(msg::SubjectPublicKeyInfo{{"1.2.840.113549.1.3.1"_oid, {}}, {ab, 0}}, in);
}
KERB_BOTH("SubjectPublicKeyInfo: comes back", "[msg][rfc4556-3.2.1]", keys);

constexpr bool certificates() {
  constexpr auto certified = "3003020105"_hex;
  constexpr auto in = "30133003020105300706052b0e03021d030300aabb"_hex;
  constexpr auto bare = "300e3003020105300706052b0e03021d"_hex;
  return both_ways(msg::Certificate{{certified}, {"1.3.14.3.2.29"_oid, {}}, {ab, 0}}, in) &&
         refuses<msg::Certificate>(bare, errc::missing_field, 16, "Certificate", "signatureValue");
}
KERB_BOTH("Certificate: its signature's algorithm stands behind what is certified", "[msg][rfc5929]", certificates);

constexpr bool pss() {
  constexpr auto none = "3000"_hex;
  constexpr auto all = "3023a009300706052b0e03021aa10c300a06032a0304300306012aa203020114a303020101"_hex;
  constexpr auto parameter = "300306012a"_hex;
  const msg::RsassaPssParams p{msg::AlgorithmIdentifier{"1.3.14.3.2.26"_oid, {}},
                               msg::AlgorithmIdentifier{"1.2.3.4"_oid, asn1::any_value{parameter}}, 20, 1};
  return both_ways(msg::RsassaPssParams{}, none) && both_ways(p, all);
}
KERB_BOTH("RSASSA-PSS-params: every field may be left out", "[msg][rfc4055]", pss);

}  // namespace
