// Parameters of an acceptor: what a service accepts in an AP-REQ, and how it answers.
#pragma once
#include "../../msg/basic.hpp"
#include "../channel_bindings.hpp"
#include "../session.hpp"
#include "../step.hpp"
#include "../transited.hpp"

namespace kerb::inline v0 {

/// How a service checks channel bindings, RFC 4121 section 4.1.1.2.
enum class binding_rule : std::uint8_t {
  ignore,      ///< no check
  if_present,  ///< a client that binds its context must bind it to this channel; a client without bindings is accepted,
               ///< unless it states that it supports them (MS-KILE's KERB_AP_OPTIONS_CBT)
  require,     ///< every client must bind its context to this channel: `bindings` must be given, otherwise the first
               ///< receive() fails with errc::missing_parameter
};

/// What makes sure that an authenticator is accepted only once, RFC 4120 section 3.2.3.
enum class replay_rule : std::uint8_t {
  ask,             ///< the acceptor returns check_replay, for a replay cache
  by_application,  ///< no check, and no digest is made: the application prevents replays itself, for example with a
                   ///< challenge from the service, or with messages under a subkey that only the service made. Without
                   ///< such a measure, anyone who records an AP-REQ can impersonate its client
};

/// Parameters of an acceptor. Every view must outlive the exchange.
struct acceptor_params {
  std::optional<principal_view> service{};  ///< the ticket must be for it, or for one of `services`
  /// If neither is set, the ticket may be for any service whose key the caller provides. The
  /// ticket's name is not authenticated. So pass provide() only a key of the principal that
  /// need_ticket_key names, and the realm of that key; accept() does so if the source of keys has
  /// realm_of(). Without names and without that realm, every client counts as a client of another
  /// realm.
  view_of<principal_view> services{};
  /// required: refuse clients that do not request mutual authentication. In a GSS-API context the
  /// request is sealed in the Authenticator. Otherwise it is an option of the AP-REQ, which is not
  /// authenticated. An attacker who removes the option makes the service refuse the client, or the
  /// client wait. An attacker who adds it makes the service authenticate to a client that does not
  /// check.
  ///
  /// A service that must know that the client has checked answers with a subkey (accept_options)
  /// and waits for a message under it: only a client that has opened the AP-REP can make one.
  requirement mutual = if_asked;
  std::span<std::uint8_t> buffer;  ///< must outlive the exchange and its product
  std::optional<msg::HostAddress>
      peer_address{};             ///< where the request came from; compared with the ticket's addresses
  bool demand_addresses = false;  ///< refuse tickets without addresses
  /// Accept clients that do not say who they are (RFC 6112). Their name is WELLKNOWN/ANONYMOUS, in their
  /// own realm or in WELLKNOWN:ANONYMOUS. Without it they are refused with errc::anonymous_client.
  bool anonymous = false;
  /// The authorization data that the caller will enforce. Any other element outside AD-IF-RELEVANT
  /// makes the acceptor refuse the client, unless the acceptor handles it itself
  /// (verify_authorization).
  view_of<ad_t> understood{};
  /// The policy for the paths of clients of other realms that no KDC has checked
  /// (RFC 4120 section 2.7). Without a policy such clients are refused. It does not count for
  /// anonymous clients that hide their realm (WELLKNOWN:ANONYMOUS), which may have any path
  /// (RFC 6112 section 4.3).
  std::optional<realm_path_policy> paths{};
  bool distrust_kdc_paths = false;    ///< check the path also if a KDC states that it has
  bool trust_unchecked_path = false;  ///< accept every path: the caller checks transited() itself
  /// The channel that the request came through, with which a client's bindings are compared.
  std::optional<channel_bindings> bindings{};
  binding_rule binding = binding_rule::if_present;
  /// Accept tickets that are sealed under the session key of a ticket-granting ticket, which the
  /// service gave to the client (RFC 4120 section 3.7). need_ticket_key::user_to_user then asks for
  /// that key.
  bool user_to_user = false;
  replay_rule replays = replay_rule::ask;
  /// How the request came. A refusal of a datagram that would be longer than the datagram is not sent:
  /// `refused` then has no octets.
  transport arrived = transport::stream;
  /// Write answers as tokens of this mechanism (RFC 4121 section 4.1); none: without a frame. An
  /// AP-REP in DCE style never has one.
  std::optional<object_identifier> frame{};
};

/// How an acceptor answers an authenticated client.
struct accept_options {
  bool subkey = true;           ///< answer with a new key for the session
  bool sequence_number = true;  ///< answer with an initial sequence number
  /// Make that subkey of the encryption type that this service prefers among those that the client
  /// offers (RFC 4537). If false, it has the type of the session key.
  bool negotiate_etype = true;
  /// Make an AP-REP even if the client did not request one, for a protocol whose answer always has one
  /// (RFC 3244 section 2).
  bool unasked_reply = false;
  /// A buffer for the AP-REP, for example the one that is transmitted: the AP-REP is written at its
  /// end, with four octets in front that framed() fills. Empty: the exchange's own buffer. It must
  /// not overlap that one, and must be valid as long as authenticated_client::reply() is used. If it
  /// is too small, the step is need_buffer with `for_reply`. A refusal is always in the exchange's
  /// own buffer.
  std::span<std::uint8_t> reply{};
};

}  // namespace kerb::inline v0
