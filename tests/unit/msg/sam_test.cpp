// The single-use authentication mechanism.
#include <kerb/msg/sam.hpp>

#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::reference;
using kerb_test::refuses;

namespace {

constexpr bool is_text(bytes_view octets, std::string_view text) { return kerberos_string{octets} == text; }

constexpr bool challenges() {
  constexpr bytes_view in = reference("PA-SAM-CHALLENGE-2: sam_challenge_2");
  const auto c = *asn1::decode<msg::PaSamChallenge2>(in, der::strict);
  return c.sam_body.der == in.subview(4, 13) && c.sam_cksum.size() == 1 &&
         is_text((*c.sam_cksum.begin()).checksum, "1234") && both_ways(c, in);
}
KERB_BOTH("reference: PA-SAM-CHALLENGE-2", "[msg]", challenges);

constexpr bool faults() {
  return refuses<msg::PaSamChallenge2>("3013a000a10f300d300ba003020101a1040402aabb"_hex, errc::truncated, 4,
                                       "PA-SAM-CHALLENGE-2", "sam-body") &&
         refuses<msg::PaSamChallenge2>("3017a00405000500a10f300d300ba003020101a1040402aabb"_hex, errc::trailing_data, 6,
                                       "PA-SAM-CHALLENGE-2", "sam-body") &&
         refuses<msg::PaSamChallenge2>("3008a0020500a1023000"_hex, errc::empty_sequence, 8, "PA-SAM-CHALLENGE-2",
                                       "sam-cksum");
}
KERB_BOTH("PA-SAM-CHALLENGE-2: the body is one value of any type, the checksums one at least", "[msg]", faults);

}  // namespace
