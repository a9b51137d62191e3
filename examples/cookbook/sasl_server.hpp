// SASL GSSAPI (RFC 4752), the server's side, for any protocol.
#pragma once
#include <kerb/botan.hpp>
#include <list>
#include <vector>

namespace cookbook {

/// Authenticates the client of one connection. `response` is its first response, and `exchange(octets)` sends a
/// challenge and returns the next one. If there is a session, report success to the client. `service` is this server's
/// name, such as ldap/host@REALM; `keys` and `seen` are those of kerb::accept.
template <class Keys, class Seen, class Exchange>
auto sasl_accept(const kerb::principal_view& service, std::vector<std::uint8_t> response,
                 std::span<std::uint8_t> buffer, kerb::botan::policy& crypto, Keys& keys, Seen& seen,
                 kerb::timestamp now, Exchange&& exchange) -> kerb::result<kerb::botan::gss::sasl_session> {
  kerb::botan::gss::sasl_server server({.gss = {.ap = {.service = service, .buffer = buffer}}});
  // The client acts as itself, and as nobody else
  const auto may_act = [](const kerb::gss::authorize_as& as) { return as.identity.empty(); };
  std::list<std::vector<std::uint8_t>> came{std::move(response)};  // responses remain valid until the end
  for (;;) {
    const auto a = kerb::gss::accept(server, came.back(), crypto, keys, seen, now, may_act);
    if (!a) return a.error();
    if (a->complete) return std::move(server).take();
    came.push_back(exchange(a->token));
  }
}

}  // namespace cookbook
