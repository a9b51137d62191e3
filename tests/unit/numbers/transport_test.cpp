// Transport types and TCP extensions.
#include <kerb/numbers/transport.hpp>

#include "unit/numbers/registry.hpp"

using namespace kerb;

namespace {

constexpr kerb_test::entry<transport_t> transport_t_registry[] = {
    {transport_t::udp, 1, "UDP"},
    {transport_t::tcp, 2, "TCP"},
    {transport_t::tls, 3, "TLS"},
};
KERB_BOTH("transport_t: transport types have the registered numbers and names, no two the same", "[numbers][rfc6784]",
          (kerb_test::as_registered<transport_t_registry>));
KERB_BOTH("transport_t: a number without a name is a value like any other", "[numbers][rfc6784]",
          (kerb_test::is_open<transport_t>));
TEST_CASE("transport_t: nothing else has a name", "[numbers][rfc6784]") {
  CHECK(kerb_test::is_complete<transport_t_registry>());
}

constexpr kerb_test::entry<tcp_extension_t> tcp_extension_t_registry[] = {
    {tcp_extension_t::krb5_over_tls, 0, "Krb5 over TLS"},
};
KERB_BOTH("tcp_extension_t: TCP extensions have the registered numbers and names, no two the same",
          "[numbers][rfc5021]", (kerb_test::as_registered<tcp_extension_t_registry>));
KERB_BOTH("tcp_extension_t: a number without a name is a value like any other", "[numbers][rfc5021]",
          (kerb_test::is_open<tcp_extension_t>));
TEST_CASE("tcp_extension_t: nothing else has a name", "[numbers][rfc5021]") {
  CHECK(kerb_test::is_complete<tcp_extension_t_registry>());
}

}  // namespace
