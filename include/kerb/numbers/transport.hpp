// How messages travel: transport types, and the extensions of the TCP transport.
#pragma once
#include <cstdint>
#include <string_view>

namespace kerb::inline v0 {

/// Kerberos message transport types, RFC 6784, in the DHCPv6 option that names KDCs. Open: every Int32 is a value.
enum class transport_t : std::int32_t {
  udp = 1,
  tcp = 2,
  tls = 3,
};

/// The registered name ("TCP"). Empty for a number without a name.
constexpr std::string_view name_of(transport_t n) {
  switch (n) {
    case transport_t::udp: return "UDP";
    case transport_t::tcp: return "TCP";
    case transport_t::tls: return "TLS";
    default: return "";
  }
}

/// Extensions of the TCP transport, RFC 5021: bits of what stands in the place of a length whose first bit is set.
enum class tcp_extension_t : unsigned {
  krb5_over_tls = 0,  ///< RFC 6251
};

/// The registered name ("Krb5 over TLS"). Empty for a number without a name.
constexpr std::string_view name_of(tcp_extension_t n) {
  switch (n) {
    case tcp_extension_t::krb5_over_tls: return "Krb5 over TLS";
    default: return "";
  }
}

}  // namespace kerb::inline v0
