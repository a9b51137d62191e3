// Delegation: a service that acts as its client towards another service (RFC 4120 section 2.6).
#pragma once
#include <kerb/botan.hpp>

namespace cookbook {

/// The client: a ticket-granting ticket for the service to use. `tgt` is the client's own, from a login with
/// `.options = {kerb::kdc_option_t::forwardable}`. Never delegate `tgt` itself: the service would have its key.
template <class Ask>
auto forwarded_ticket(const kerb::botan::credential& tgt, kerb::botan::policy& crypto, kerb::timestamp now,
                      Ask&& ask_kdc) -> kerb::result<kerb::botan::owned_credential<>> {
  std::array<std::uint8_t, kerb::botan::tgs_client::typical_buffer_size> buffer;
  kerb::botan::tgs_client tgs({.tgt = tgt,
                               .server = tgt.server(),
                               .buffer = buffer,
                               .options = {kerb::kdc_option_t::forwarded, kerb::kdc_option_t::forwardable}});
  return kerb::own(kerb::drive(tgs, crypto, now, ask_kdc));
}

/// The client: the parameters of a context that delegates. With delegation::by_policy, which is the default, only a
/// service that the KDC trusts (OK-AS-DELEGATE) gets the ticket. All three must outlive the context.
inline kerb::gss::initiator_params<kerb::botan::key> delegating(const kerb::botan::credential& ticket,
                                                                const kerb::botan::credential& forwarded,
                                                                std::span<std::uint8_t> buffer) {
  return {.credential = ticket, .buffer = buffer, .delegated = forwarded};
}

/// The service: a ticket for another service, as the client. `context` is the acceptor's.
template <class Ask>
auto act_as_client(const kerb::botan::gss::context& context, const kerb::principal_view& other,
                   kerb::botan::policy& crypto, kerb::timestamp now, Ask&& ask_kdc)
    -> kerb::result<kerb::botan::owned_credential<>> {
  std::array<std::uint8_t, 16384> opened, buffer;
  auto came = context.delegated(opened, {crypto, now});
  if (!came) return came.error();  // errc::nothing_delegated: the client does not want this
  const auto tgt = came->take(0, crypto);
  if (!tgt) return tgt.error();
  kerb::botan::tgs_client tgs({.tgt = *tgt, .server = other, .buffer = buffer});
  return kerb::own(kerb::drive(tgs, crypto, now, ask_kdc));
}

}  // namespace cookbook
