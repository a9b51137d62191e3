// A service whose key stays in a device (an HSM, a smart card, another process): a handle in place of a key.
#pragma once
#include <functional>
#include <kerb/botan.hpp>

namespace cookbook {

/// A handle of a key in a device. `open` decrypts and verifies: it is the call of your device, for example with
/// PKCS #11. It writes the plaintext into the span and returns it, or errc::integrity.
struct device_key {
  using plaintext = kerb::result<std::span<std::uint8_t>>;
  kerb::etype_t etype{};
  std::function<plaintext(kerb::key_usage_t, kerb::bytes_view, std::span<std::uint8_t>)> open;
};

/// Botan for session keys, and the device for the service's key. A handle only has to open tickets.
class device_policy : public kerb::botan::policy {
 public:
  using kerb::botan::policy::etype_of;
  using kerb::botan::policy::seal;
  using kerb::botan::policy::unseal;
  kerb::etype_t etype_of(const device_key& k) const noexcept { return k.etype; }
  kerb::errc seal(const device_key&, kerb::key_usage_t, std::span<std::uint8_t> io) noexcept {
    kerb::secure_zero(io);
    return kerb::errc::wrong_usage;
  }
  device_key::plaintext unseal(const device_key& k, kerb::key_usage_t usage, kerb::bytes_view in,
                               std::span<std::uint8_t> out) noexcept {
    return k.open(usage, in, out);
  }
};
static_assert(kerb::crypto_policy<device_policy> && kerb::seals_with<device_policy, device_key>);

/// The service's keys, for kerb::accept(acceptor, token, crypto, keys, seen, now).
struct keys_of_device {
  device_key key;
  const device_key* find(const kerb::need_ticket_key& ask) {
    return ask.tried == 0 && ask.etype == key.etype && !ask.user_to_user ? &key : nullptr;
  }
  kerb::errc why_none(const kerb::need_ticket_key&) { return kerb::errc::no_key; }
};

}  // namespace cookbook
