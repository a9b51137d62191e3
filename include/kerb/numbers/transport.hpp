// Transport types of messages, and the extensions of the TCP transport.
#pragma once
#include <cstdint>
#include <string_view>

namespace kerb::inline v0 {

/// Kerberos message transport types, RFC 6784: used in the DHCPv6 option that lists KDCs. Open:
/// every Int32 is a value.
enum class transport_t : std::int32_t {
  udp = 1,
  tcp = 2,
  tls = 3,
};

/// The registered name ("TCP"); empty for a number without a name.
constexpr std::string_view name_of(transport_t n) {
  switch (n) {
    case transport_t::udp: return "UDP";
    case transport_t::tcp: return "TCP";
    case transport_t::tls: return "TLS";
    default: return "";
  }
}

/// Extensions of the TCP transport, RFC 5021: bits of the word that is sent instead of a length,
/// with its first bit set.
enum class tcp_extension_t : unsigned {
  krb5_over_tls = 0,  ///< RFC 6251
};

/// The registered name ("Krb5 over TLS"); empty for a number without a name.
constexpr std::string_view name_of(tcp_extension_t n) {
  switch (n) {
    case tcp_extension_t::krb5_over_tls: return "Krb5 over TLS";
    default: return "";
  }
}

}  // namespace kerb::inline v0
