// Where a KDC may be, as krb5.conf and DNS name it.
#pragma once
#include <string_view>

#include "../core/fixed.hpp"

namespace kerb::inline v0 {

/// How to reach a server.
enum class reach_t : std::uint8_t {
  any,          ///< over UDP or TCP, as the message requires
  udp,          ///< only over UDP
  tcp,          ///< only over TCP
  https,        ///< through a KDC proxy (MS-KKDCP), by a POST to `https://host:port/path`
  unix_socket,  ///< over a stream to the local socket whose path is `host`
};

/// Which server of a realm.
enum class server_t : std::uint8_t { kdc, primary_kdc, kadmin, kpasswd };

/// The port on which a server listens unless another one is named.
constexpr std::uint16_t default_port(server_t s) {
  switch (s) {
    case server_t::kadmin: return 749;
    case server_t::kpasswd: return 464;
    default: return 88;
  }
}

/// A server that may answer. The texts are views of the configuration or of the buffer into which a
/// DNS reply was read.
struct server_candidate {
  std::string_view host;  ///< a host name, or an address without brackets
  std::uint16_t port = 0;
  reach_t reach = reach_t::any;
  std::string_view path{};  ///< for reach_t::https, without the first '/'
  bool primary = false;     ///< known to be the primary KDC, which has every password change
  friend constexpr bool operator==(const server_candidate&, const server_candidate&) = default;
};

/// Candidates in the order in which to try them, at most N.
template <std::size_t N = 16>
using server_list = fixed<server_candidate, N>;

}  // namespace kerb::inline v0
