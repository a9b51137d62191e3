// Who has authenticated to a service: a type that only an opened ticket can make.
#pragma once
#include "../../msg/ap.hpp"
#include "../../msg/gss.hpp"
#include "../environment.hpp"
#include "../session.hpp"
#include "authorization.hpp"

namespace kerb::inline v0 {

/// Who has authenticated, and what the KDC said about it. Only an exchange that opened the ticket makes one; its views
/// lie in the exchange's buffer, whose plaintext is wiped when it dies.
template <class Key>
class authenticated_client {
 public:
  constexpr const principal_view& client() const KERB_LIFETIMEBOUND { return client_; }
  /// The service that the ticket is for, as its clear part says. The KDC has not sealed that: of several names, realms
  /// too, whose tickets one key opens, it is the one that the client chose. Nothing has been decided by it but which
  /// key to try.
  constexpr const principal_view& service() const KERB_LIFETIMEBOUND { return service_; }
  /// The AP-REP to transmit; empty when the client asked for none.
  constexpr bytes_view reply() const { return reply_; }
  constexpr const session_keys<Key>& keys() const& KERB_LIFETIMEBOUND { return keys_; }
  /// The keys alone, for a session that outlives this object; it has none afterwards.
  constexpr session_keys<Key> keys() && { return std::move(keys_); }
  constexpr msg::TicketFlags flags() const { return flags_; }
  constexpr kerberos_time authtime() const { return authtime_; }
  /// When the ticket ends, and with it what was authenticated.
  constexpr kerberos_time endtime() const { return endtime_; }
  /// The authenticator's checksum, which belongs to the application; verify it before relying on what it covers.
  constexpr const std::optional<msg::Checksum>& checksum() const KERB_LIFETIMEBOUND { return checksum_; }
  /// Whether the client's keyed checksum covers `data`, RFC 4120 section 3.2.2: errc::integrity when not, and
  /// errc::inappropriate_checksum when there is none of the session key's mandatory type.
  template <crypto_policy C>
  [[nodiscard]] constexpr errc verify_checksum(C& policy, bytes_view data) const {
    const auto shape = policy.cksum_of(policy.etype_of(keys_.session_key));
    if (!checksum_ || !shape || checksum_->cksumtype != shape->type) return errc::inappropriate_checksum;
    const bytes_view pieces[] = {data};
    return policy.verify(shape->type, keys_.session_key, key_usage_t::ap_req_authenticator_cksum, pieces,
                         checksum_->checksum);
  }
  /// What the checksum says of a GSS-API context, where it is of type 0x8003 (RFC 4121 section 4.1.1): flags, and a
  /// delegated KRB-CRED.
  constexpr const std::optional<gss_checksum>& gss() const KERB_LIFETIMEBOUND { return gss_; }
  /// Whether the client has bound its context to the very channel that acceptor_params::bindings names.
  constexpr bool bound() const { return bound_; }
  /// The authorization data of ticket and authenticator. What the caller did not name as understood is optional.
  constexpr const class authorization& authorization() const KERB_LIFETIMEBOUND { return authorization_; }
  /// Whether the ticket was under a session key (RFC 4120 section 3.7).
  constexpr bool user_to_user() const { return user_to_user_; }
  /// The realms between the client's and the service's, RFC 4120 section 2.7.
  constexpr const msg::TransitedEncoding& transited() const KERB_LIFETIMEBOUND { return transited_; }

 private:
  template <crypto_policy>
  friend class ap_acceptor;
  constexpr authenticated_client() = default;
  principal_view client_;
  principal_view service_;
  msg::TicketFlags flags_;
  kerberos_time authtime_;
  kerberos_time endtime_;
  std::optional<msg::Checksum> checksum_;
  std::optional<gss_checksum> gss_;
  class authorization authorization_;
  bool bound_ = false;
  bool user_to_user_ = false;
  msg::TransitedEncoding transited_;
  session_keys<Key> keys_;
  bytes_view reply_;
  detail::workspace workspace_;
};

}  // namespace kerb::inline v0
