// The client that has authenticated to a service: a type that only an opened ticket can produce.
#pragma once
#include "../../msg/ap.hpp"
#include "../../msg/gss.hpp"
#include "../environment.hpp"
#include "../session.hpp"
#include "opened_request.hpp"

namespace kerb::inline v0 {

/// The client that has authenticated, and what the KDC states about it. Only an exchange that
/// opened the ticket makes this object. Its views point into the exchange's buffer, whose plaintext
/// its destructor wipes.
template <class Key>
class authenticated_client {
 public:
  constexpr const principal_view& client() const& KERB_LIFETIMEBOUND { return client_; }
  void client() const&& = delete;
  /// The service that the ticket is for, from its unencrypted part. The KDC has not sealed that
  /// part: if one key opens tickets of several names, or realms, the client chose the name here. It
  /// was used only to select the key.
  constexpr const principal_view& service() const& KERB_LIFETIMEBOUND { return service_; }
  void service() const&& = delete;
  /// The AP-REP to transmit; empty if the client did not request one. It is in
  /// accept_options::reply if that was given, otherwise in the exchange's buffer.
  constexpr bytes_view reply() const { return reply_; }
  constexpr const session_keys<Key>& keys() const& KERB_LIFETIMEBOUND { return keys_; }
  /// Moves the keys out, for a session that outlives this object.
  constexpr session_keys<Key> keys() && { return std::move(keys_); }
  constexpr msg::TicketFlags flags() const { return flags_; }
  constexpr kerberos_time authtime() const { return authtime_; }
  /// When the ticket expires, and with it the authentication.
  constexpr kerberos_time endtime() const { return endtime_; }
  /// The authenticator's checksum, which belongs to the application. Verify it before you rely on
  /// the data that it covers.
  constexpr const std::optional<msg::Checksum>& checksum() const& KERB_LIFETIMEBOUND { return checksum_; }
  void checksum() const&& = delete;
  /// Verifies that the client's keyed checksum covers `data`, RFC 4120 section 3.2.2. Returns
  /// errc::integrity if it does not, and errc::inappropriate_checksum if there is no checksum of
  /// the session key's mandatory type.
  template <crypto_policy C>
  [[nodiscard]] constexpr errc verify_checksum(C& policy, bytes_view data) const {
    const auto shape = policy.cksum_of(policy.etype_of(keys_.session_key));
    if (!checksum_ || !shape || checksum_->cksumtype != shape->type) return errc::inappropriate_checksum;
    const bytes_view pieces[] = {data};
    return policy.verify(shape->type, keys_.session_key, key_usage_t::ap_req_authenticator_cksum, pieces,
                         checksum_->checksum);
  }
  /// The GSS-API context in a checksum of type 0x8003 (RFC 4121 section 4.1.1): flags, and a
  /// delegated KRB-CRED.
  constexpr const std::optional<gss_checksum>& gss() const& KERB_LIFETIMEBOUND { return gss_; }
  void gss() const&& = delete;
  /// Whether the client has bound its context to the channel in acceptor_params::bindings.
  constexpr bool bound() const { return bound_; }
  /// The authorization data of ticket and authenticator. Elements that the caller did not name as
  /// understood are optional.
  constexpr const class authorization& authorization() const& KERB_LIFETIMEBOUND { return authorization_; }
  void authorization() const&& = delete;
  /// Whether the ticket was sealed under a session key (RFC 4120 section 3.7).
  constexpr bool user_to_user() const { return user_to_user_; }
  /// The realms between the client's and the service's, RFC 4120 section 2.7.
  constexpr const msg::TransitedEncoding& transited() const& KERB_LIFETIMEBOUND { return transited_; }
  void transited() const&& = delete;

 private:
  template <crypto_policy>
  friend class ap_acceptor;
  constexpr authenticated_client() = default;
  /// The client of a request that was opened and verified. `service` views the exchange's buffer.
  constexpr authenticated_client(detail::opened_request<Key>&& opened, const detail::verified_request& verified,
                                 const principal_view& service)
      : client_(opened.ticket.client()),
        service_(service),
        flags_(opened.ticket.part.flags),
        authtime_(opened.ticket.part.authtime),
        endtime_(opened.ticket.part.endtime),
        checksum_(opened.authenticator.part.cksum),
        gss_(verified.gss),
        authorization_(verified.authorization),
        bound_(verified.bound),
        user_to_user_(opened.options.has(ap_option_t::use_session_key)),
        transited_(opened.ticket.part.transited),
        keys_{std::move(opened.ticket.session_key),
              std::move(opened.authenticator.subkey),
              {},
              opened.authenticator.part.seq_number,
              {}} {}
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
