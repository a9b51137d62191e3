// Messages through an HTTPS proxy.
#include <kerb/msg/kkdcp.hpp>

#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::every_field_is_named;
using kerb_test::field_line;

namespace {

constexpr std::array<std::uint8_t, 2> ab{0xaa, 0xbb};

constexpr bool proxied() {
  const auto least = "3006a0040402aabb"_hex;
  const auto full = "3013a0040402aabba1031b0152a206020440000000"_hex;
  constexpr field_line lines[] = {{0, "kerb-message", true}, {1, "target-domain", false}, {2, "dclocator-hint", false}};
  return both_ways(msg::KdcProxyMessage{ab, {}, {}}, least) &&
         both_ways(msg::KdcProxyMessage{ab, "R"_krb, 0x40000000u}, full) &&
         every_field_is_named<msg::KdcProxyMessage>(full, 0, "KDC-PROXY-MESSAGE", lines);
}
KERB_BOTH("KDC-PROXY-MESSAGE: comes back, and a fault in any field is named", "[msg][ms-kkdcp]", proxied);

}  // namespace
