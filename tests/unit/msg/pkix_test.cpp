// AlgorithmIdentifier and SubjectPublicKeyInfo.
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

}  // namespace
