// The default salt of a principal's key, RFC 4120 section 4.
#pragma once
#include "../msg/basic.hpp"

namespace kerb::inline v0 {

/// The size in octets of a principal's default salt, RFC 4120 section 4.
constexpr std::size_t default_salt_size(const principal_view& client) {
  std::size_t n = client.realm.octets.size();
  for (kerberos_string c : client.name.name_string) n += c.octets.size();
  return n;
}
/// Writes the default salt: the realm and then every component, without separators. `to` has
/// default_salt_size() octets.
constexpr bytes_view write_default_salt(const principal_view& client, std::span<std::uint8_t> to KERB_LIFETIMEBOUND) {
  std::size_t at = 0;
  auto put = [&](bytes_view v) {
    detail::copy_octets(v.data(), v.size(), to.data() + at);
    at += v.size();
  };
  put(client.realm.octets);
  for (kerberos_string c : client.name.name_string) put(c.octets);
  return bytes_view(to);
}

}  // namespace kerb::inline v0
