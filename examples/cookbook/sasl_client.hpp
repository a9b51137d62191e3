// SASL GSSAPI (RFC 4752), the client's side, for any protocol.
#pragma once
#include <kerb/botan.hpp>
#include <vector>

namespace cookbook {

/// What the server has answered, from the frames of your protocol.
struct sasl_reply {
  std::vector<std::uint8_t> challenge;
  bool success = false;  ///< the server reports that the authentication is complete
};

/// Authenticates, and returns the session that protects what follows. `ticket` is for service/host, with the name that
/// the protocol has, such as ldap; it must outlive the session. `exchange(octets)` sends a response of the mechanism
/// kerb::gss::sasl_mechanism and returns a kerb::result<sasl_reply>.
template <class Exchange>
auto sasl_authenticate(const kerb::botan::credential& ticket, std::span<std::uint8_t> buffer,
                       kerb::botan::policy& crypto, kerb::timestamp now, Exchange&& exchange)
    -> kerb::result<kerb::botan::gss::sasl_session> {
  using kerb::gss::sasl_layer;
  kerb::botan::gss::sasl_client client(
      {.gss = {.credential = ticket, .buffer = buffer}, .layers = {sasl_layer::confidentiality}});
  auto step = client.start({crypto, now});
  for (;;) {
    if (const auto* f = std::get_if<kerb::failed>(&step)) return f->why;
    if (const auto* n = std::get_if<kerb::need_buffer>(&step))
      return kerb::error{.code = kerb::errc::no_space, .detail = static_cast<std::uint32_t>(n->size)};
    const auto& out = std::get<kerb::gss::respond>(step);
    const auto reply = exchange(out.octets);
    if (!reply) return reply.error();
    if (reply->success && out.then == kerb::afterwards::finished) return std::move(client).take();
    if (reply->success) return kerb::errc::unexpected_message;  // before the layer was negotiated
    step = client.receive(reply->challenge, {crypto, now});
  }
}

}  // namespace cookbook
