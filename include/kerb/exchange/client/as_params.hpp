// Parameters of an AS exchange.
#pragma once
#include "../../core/secret.hpp"
#include "../../msg/kdc.hpp"

namespace kerb::inline v0 {

/// Parameters of an AS exchange. Every view must outlive the exchange.
template <class Key>
struct as_params {
  principal_view client;
  std::optional<principal_view> server{};  ///< in the client's realm; default: its krbtgt
  secret_view password{};                  ///< if this is empty and there is no key, the exchange returns need_key
  std::optional<ref<const Key>> key{};     ///< the client's long-term key, instead of a password
  std::span<std::uint8_t> buffer;          ///< must outlive the exchange and its product; see typical_buffer_size
  msg::KdcOptions options{};
  std::int64_t lifetime = 36000;                 ///< seconds requested; 0: as long as the KDC's policy allows
  std::optional<std::int64_t> renew_lifetime{};  ///< seconds; requests a renewable ticket
  std::optional<kerberos_time> from{};           ///< with the postdated option
  view_of<etype_t> etypes{};                     ///< offered, best first; empty: the policy's own list
  /// None: a ticket that is valid from any address. Pass an address through normal_address() and leave it
  /// out unless may_be_in_ticket() (exchange/addresses.hpp).
  view_of<msg::HostAddress> addresses{};
  bool follow_kdc_clock = false;  ///< allow one more try with the clock of an unauthenticated KRB-ERROR
};

}  // namespace kerb::inline v0
