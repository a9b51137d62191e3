// A realm's policy, and the words in which a KDC's exchanges ask for what they need.
#pragma once
#include "../environment.hpp"
#include "../step.hpp"
#include "../transited.hpp"
#include "record.hpp"

namespace kerb::inline v0 {

/// A realm's policy as a value; what it cannot say, `authorize` can. Every view must outlive the exchange.
struct kdc_policy {
  kerberos_string realm;
  std::int64_t max_life = 36000;             ///< seconds of a ticket's life, at most
  std::int64_t max_renewable_life = 604800;  ///< seconds that a ticket can be renewed in, at most
  std::int64_t max_postdate = 604800;        ///< seconds that a ticket's start can lie ahead, at most
  bool require_preauth = true;               ///< of every client; false: of those whose record says so
  bool anonymous = false;                    ///< a TGT may be turned into anonymous tickets, RFC 8062
  bool forwardable = true;
  bool proxiable = true;
  bool postdated = true;
  bool renewable = true;
  bool user_to_user = true;
  /// The TGS compares the addresses in a ticket with the peer's, where the caller knows it.
  bool check_addresses = true;
  /// A client that there is not is answered like one that has to pre-authenticate, and fails like one with a wrong
  /// password, so that the names of a realm cannot be counted by asking. Stock clients then ask such a user's password.
  /// What sets a client or a server apart only shows to who has pre-authenticated, and the exchange takes as long for
  /// one as for the other. For that, give as_kdc or kdc a decoy: a record with a random key of each encryption type
  /// that clients have, prepared where theirs are. Without a decoy a key is drawn for every request, and
  /// `for_timestamps` is not used. Still told from nobody is a client
  /// - that need not pre-authenticate,
  /// - whose keys are not of the decoy's types (without a decoy: of all `reply_etypes`), with the default salt of its
  ///   name and the decoy's parameters,
  /// - that is asked for by an alias, or is of another realm (refer_to),
  /// - that the caller's database finds faster or slower than nobody.
  bool conceal_unknown_clients = false;
  /// Every TGS request is put before a store of requests (check_request), so that an authenticator serves one request.
  bool check_requests = false;
  view_of<etype_t> reply_etypes{};    ///< of the key that seals an AS-REP; none: whatever the crypto policy offers
  view_of<etype_t> session_etypes{};  ///< of session keys
  view_of<etype_t> ticket_etypes{};   ///< of the key that seals a ticket
  /// DISABLE-TRANSITED-CHECK is granted, and the path is left to the server (RFC 4120 section 2.7); false: it is
  /// checked.
  bool unchecked_paths = false;
  realm_path_policy paths{};            ///< the realms that a client of another realm may have come through
  unsigned max_authdata_elements = 32;  ///< that are looked at for one ticket; the request is refused beyond
};

/// What the caller's transport knows of a request. The address must outlive the exchange.
struct kdc_peer {
  std::optional<msg::HostAddress> address{};
  transport arrived = transport::stream;
  std::size_t largest_datagram = 1400;  ///< octets of a reply; a longer one is KRB_ERR_RESPONSE_TOO_BIG on a datagram
};

/// Why a principal is asked for.
enum class principal_role : std::uint8_t {
  client,                ///< the client of an AS request
  server,                ///< the server that a ticket is wanted for
  header_server,         ///< the server of the ticket that authenticates a TGS request
  second_ticket_server,  ///< the server of a user-to-user request's second ticket
};
/// Look the principal up, then say found(), refer_to(), absent() or unavailable(). The view is valid until then.
struct need_principal {
  principal_view principal;
  principal_role role{};
  bool may_refer = false;             ///< refer_to() will be of use
  std::optional<std::uint32_t> kvno;  ///< of the key that is wanted, where there is one
};
/// All checks have been passed. Look at draft(), client() and server(), then issue() or refuse().
struct authorize {};
/// The ticket's encrypted part is complete but for `reserved`, which is zeros and lies in it: fill that, then say
/// signed_ticket(). Both are valid until then.
struct sign_ticket {
  bytes_view part;
  std::span<std::uint8_t> reserved;
};
/// Has this authenticator been seen with another request? Asked only where the policy wants it, about authenticated
/// octets; answer with request_checked(). Remember both until `forget_after`.
struct check_request {
  std::array<std::uint8_t, 32> authenticator{};  ///< digest of the sealed authenticator
  std::array<std::uint8_t, 32> request{};        ///< digest of the whole request
  kerberos_time forget_after;
};

/// What a KDC's exchange can say.
using kdc_step =
    std::variant<need_principal, authorize, sign_ticket, check_request, need_buffer, reply, refused, failed>;

/// A ticket about to be issued. Views lie in the request, the records or the exchange's buffer.
struct ticket_draft {
  principal_view client;
  principal_view server;
  msg::TicketFlags flags;
  etype_t session_etype{};
  etype_t ticket_etype{};
  std::uint32_t kvno = 0;
  kerberos_time authtime;
  kerberos_time starttime;
  kerberos_time endtime;
  std::optional<kerberos_time> renew_till;
  std::optional<msg::HostAddresses> addresses;
  msg::TransitedEncoding transited;
  bool is_referral = false;  ///< for the KDC of another realm, in place of what was asked for (RFC 6806 section 8)
};

/// What the caller's own policy makes of a draft; it can only take away, and add authorization data.
struct issue_options {
  std::optional<kerberos_time> endtime{};     ///< no later than this
  std::optional<kerberos_time> renew_till{};  ///< no later than this
  msg::TicketFlags without{};                 ///< flags that the ticket does not get; INVALID stays
  /// Goes in front of what the ticket carries over. Must outlive the call.
  view_of<msg::AuthorizationDataElement> authorization_data{};
  /// Octets of one further element that sign_ticket is to fill, inside AD-IF-RELEVANT; 0: none, and no such step.
  std::size_t reserved_octets = 0;
  ad_t reserved_type = ad_t::win2k_pac;
};

}  // namespace kerb::inline v0
