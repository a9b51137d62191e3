// Host address and transited encoding numbers.
#include <kerb/numbers/addrtype.hpp>

#include "unit/numbers/registry.hpp"

using namespace kerb;

namespace {

constexpr kerb_test::entry<addr_t> addr_t_registry[] = {
    {addr_t::ipv4, 2, "IPv4"},
    {addr_t::directional, 3, "Directional"},
    {addr_t::chaosnet, 5, "ChaosNet"},
    {addr_t::xns, 6, "XNS"},
    {addr_t::iso, 7, "ISO"},
    {addr_t::decnet, 12, "DECNET Phase IV"},
    {addr_t::appletalk, 16, "AppleTalk DDP"},
    {addr_t::netbios, 20, "NetBios"},
    {addr_t::ipv6, 24, "IPv6"},
};
KERB_BOTH("addr_t: address types have the registered numbers and names, no two the same", "[numbers][rfc4120-7.5.3]",
          (kerb_test::as_registered<addr_t_registry>));
KERB_BOTH("addr_t: a number without a name is a value like any other", "[numbers][rfc4120-7.5.3]",
          (kerb_test::is_open<addr_t>));
TEST_CASE("addr_t: nothing else has a name", "[numbers][rfc4120-7.5.3]") {
  CHECK(kerb_test::is_complete<addr_t_registry>());
}

constexpr kerb_test::entry<tr_t> tr_t_registry[] = {
    {tr_t::none, 0, "none"},
    {tr_t::domain_x500_compress, 1, "DOMAIN-X500-COMPRESS"},
};
KERB_BOTH("tr_t: transited encodings have the registered numbers and names, no two the same",
          "[numbers][rfc4120-7.5.5]", (kerb_test::as_registered<tr_t_registry>));
KERB_BOTH("tr_t: a number without a name is a value like any other", "[numbers][rfc4120-7.5.5]",
          (kerb_test::is_open<tr_t>));
TEST_CASE("tr_t: nothing else has a name", "[numbers][rfc4120-7.5.5]") {
  CHECK(kerb_test::is_complete<tr_t_registry>());
}

}  // namespace
