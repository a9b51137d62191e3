// A realm's policy, and the steps by which a KDC's exchanges ask for what they need.
#pragma once
#include "../environment.hpp"
#include "../step.hpp"
#include "../transited.hpp"
#include "record.hpp"

namespace kerb::inline v0 {

/// A realm's policy as a value. Decisions that it cannot express can be made in `authorize`. Every
/// view must outlive the exchange.
struct kdc_policy {
  kerberos_string realm;
  std::int64_t max_life = 36000;             ///< maximum lifetime of a ticket, in seconds
  std::int64_t max_renewable_life = 604800;  ///< maximum time in which a ticket can be renewed, in seconds
  std::int64_t max_postdate = 604800;        ///< maximum time until a ticket's start, in seconds
  bool require_preauth = true;  ///< from every client; false: only if the record of client or server requires it
  bool anonymous = false;       ///< allow a TGT, also an anonymous one, to be exchanged for anonymous tickets: RFC 6112
  bool forwardable = true;
  bool proxiable = true;
  bool postdated = true;
  bool renewable = true;
  bool user_to_user = true;
  /// The TGS compares the addresses in a ticket with the peer's address, if the caller knows it.
  bool check_addresses = true;
  /// An unknown client gets the same answer as a client that must pre-authenticate, and then fails
  /// like a client with a wrong password. So nobody can find out the names of a realm by asking.
  /// Ordinary clients then ask for such a user's password. The state of a client or server is shown
  /// only to clients that have pre-authenticated, and the exchange takes equal time for known and
  /// unknown clients.
  ///
  /// For equal time, give as_kdc, tgs_kdc or kdc a decoy: a record with a random key of each encryption type
  /// that clients have, prepared if theirs are prepared. Without a decoy a key is drawn for every
  /// request, and no key prepared for timestamps is used.
  ///
  /// A TGS request with RENEW, VALIDATE or PROXY can show a ticket that names any principal, before
  /// anything is authenticated. If that principal is not a KDC, the TGS tries exactly one key, in its
  /// unprepared form. This is the principal's first key of the type and version that the ticket names;
  /// if there is none, it is the decoy's. If the key does not open the ticket, the answer is
  /// KRB_AP_ERR_BAD_INTEGRITY.
  ///
  /// A client can still be told from an unknown one if
  /// - it need not pre-authenticate,
  /// - its keys are not of the decoy's types (without a decoy: of all `reply_etypes`), or do not have the
  ///   default salt of its name and the decoy's parameters,
  /// - it is requested by an alias, or belongs to another realm (refer_to),
  /// - the caller's database takes more or less time to find it than to find that a name is unknown.
  bool conceal_unknown_clients = false;
  /// The TGS asks a request cache about every request (check_request), so that an authenticator
  /// serves only one request. RFC 4120 section 3.3.2 recommends this; without it, an authenticator
  /// that is sent again with the same body and other padata gets another ticket.
  bool check_requests = false;
  view_of<etype_t> reply_etypes{};    ///< of the key that seals an AS-REP; none: all that the crypto policy offers
  view_of<etype_t> session_etypes{};  ///< of session keys
  view_of<etype_t> ticket_etypes{};   ///< of the key that seals a ticket
  /// Grant DISABLE-TRANSITED-CHECK and leave the check of the path to the server
  /// (RFC 4120 section 2.7). If false, the KDC checks the path.
  bool unchecked_paths = false;
  /// The realms that a client of another realm may have passed through. Anonymous clients that hide
  /// their realm (WELLKNOWN:ANONYMOUS) may have passed through any (RFC 6112 section 4.3).
  realm_path_policy paths{};
  unsigned max_authdata_elements = 32;  ///< maximum that is examined for one ticket; with more, the request is refused
};

/// What the caller's transport knows about a request. The address must outlive the exchange.
struct kdc_peer {
  std::optional<msg::HostAddress> address{};
  transport arrived = transport::stream;
  /// The maximum size of an answer in a datagram, in octets. A longer reply or refusal to a datagram becomes
  /// KRB_ERR_RESPONSE_TOO_BIG.
  std::size_t largest_datagram = 1400;
};

/// Why the exchange asks for a principal.
enum class principal_role : std::uint8_t {
  client,                ///< the client of an AS request
  server,                ///< the server that the client requests a ticket for
  header_server,         ///< the server of the ticket that authenticates a TGS request
  second_ticket_server,  ///< the server of a user-to-user request's second ticket
};
/// Look up the principal, then call found(), refer_to(), absent() or unavailable(). The view is
/// valid until then.
struct need_principal {
  principal_view principal;
  principal_role role{};
  /// refer_to() is allowed. For a client: it asks for its canonical name (canonicalize, or an enterprise
  /// name). If it does not, and the record has another name, the ticket names the client as it was
  /// requested. A directory that finds one principal under several names, for example without regard to
  /// case, must then answer absent() for any other than the record's own: services would take "aLICE" for
  /// another client than "alice".
  bool may_refer = false;
  std::optional<std::uint32_t> kvno;  ///< of the wanted key, if known
};
/// All checks have passed. Inspect the exchange, then call issue() or refuse(). Both exchanges have
/// draft() and server(). as_kdc also has client(), the client's record. tgs_kdc has header_ticket();
/// second_ticket(), for user-to-user; and header_is_own_tgt(), which tells whether only this KDC can
/// have named the client. A ticket that was reported stolen is refused with KDC_ERR_TGT_REVOKED.
struct authorize {};
/// The ticket's encrypted part is complete except `reserved`, a range in it that is filled with
/// zeros. Fill that range, then call signed_ticket(). Both views are valid until then.
///
/// In a TGS exchange the client's name is from the request's ticket. Sign a statement about the client
/// (a PAC) only if tgs_kdc::header_is_own_tgt(), or after you have verified a signature of this realm
/// in header_ticket(), or one of the realm that vouches for the client.
struct sign_ticket {
  bytes_view part;
  std::span<std::uint8_t> reserved;
};
/// Check whether this authenticator has been seen with another request. Returned only if the policy
/// has check_requests; all octets are authenticated. Answer with request_checked(). Remember both
/// digests until `forget_after`.
struct check_request {
  std::array<std::uint8_t, 32> authenticator{};  ///< digest of the sealed authenticator
  std::array<std::uint8_t, 32> request{};        ///< digest of the whole request
  kerberos_time forget_after;
};

/// The steps of a KDC's exchanges.
using kdc_step =
    std::variant<need_principal, authorize, sign_ticket, check_request, need_buffer, reply, refused, failed>;

/// A ticket that is to be issued. Its views point into the request, the records or the exchange's
/// buffer.
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
  bool new_addresses = true;  ///< they are not those of the ticket that authenticates the request
  msg::TransitedEncoding transited;
  bool is_referral = false;  ///< for the KDC of another realm, instead of the requested server (RFC 6806 section 8)
};

/// Changes by the caller's own policy to a draft. It can only restrict the ticket, and add
/// authorization data.
struct issue_options {
  std::optional<kerberos_time> endtime{};     ///< the ticket ends no later than this
  std::optional<kerberos_time> renew_till{};  ///< the ticket can be renewed no later than this
  msg::TicketFlags
      without{};  ///< flags that the ticket does not get, except those that restrict or describe it (kdc_rep.hpp)
  /// Added before the data that the ticket inherits. Must outlive the call. Views of draft() or of
  /// tgs_kdc::header_ticket() end at set_buffer(): after need_buffer, make them again.
  view_of<msg::AuthorizationDataElement> authorization_data{};
  /// The size of one more element, which sign_ticket lets the caller fill, inside AD-IF-RELEVANT.
  /// 0: none, and no such step.
  std::size_t reserved_octets = 0;
  ad_t reserved_type = ad_t::win2k_pac;
  /// A buffer for the reply, for example the one that is transmitted: the reply is written at its
  /// end, with four octets in front that framed() fills. Empty: the exchange's own buffer. It must
  /// not overlap that one, and must be valid until the exchange is over. If it is too small, the
  /// step is need_buffer with `for_reply`. A refusal is always in the exchange's own buffer.
  std::span<std::uint8_t> reply{};
};

}  // namespace kerb::inline v0
