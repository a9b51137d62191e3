// What a service accepts of an AP-REQ, and how it answers.
#pragma once
#include "../../msg/basic.hpp"
#include "../channel_bindings.hpp"
#include "../session.hpp"
#include "../transited.hpp"

namespace kerb::inline v0 {

/// What a service makes of channel bindings, RFC 4121 section 4.1.1.2.
enum class binding_rule : std::uint8_t {
  ignore,      ///< they are not looked at
  if_present,  ///< a client that binds its context binds it to this channel; one that does not is accepted, unless it
               ///< says that it would have (MS-KILE's KERB_AP_OPTIONS_CBT)
  require,     ///< every client binds its context to this channel
};

/// Who sees to it that an authenticator counts once, RFC 4120 section 3.2.3.
enum class replay_rule : std::uint8_t {
  ask,             ///< check_replay asks for a store of authenticators
  by_application,  ///< nobody is asked, and no digest made: the application has means of its own, such as a challenge
                   ///< of the service's, or messages under the subkey that only the service has made. Without any,
                   ///< whoever has overheard an AP-REQ is taken for its client
};

/// What an acceptor accepts. Every view must outlive the exchange.
struct acceptor_params {
  std::optional<principal_view> service{};  ///< the ticket must be for it, or for one of `services`
  /// With neither: for whatever there is a key. The ticket's name is clear text, so let provide() have no key but of
  /// the very principal that need_ticket_key names, and say of which realm it is; accept() does, where the source of
  /// keys has realm_of(). Without names and without that realm every client counts as one of another realm.
  view_of<principal_view> services{};
  /// required: refuse clients that do not ask for mutual authentication. In a context of GSS-API they ask under the
  /// seal of the Authenticator. Otherwise they ask by an option in clear, for which nothing vouches: whoever takes it
  /// away has the client refused, or waiting; whoever puts it in has the service prove itself to a client that does not
  /// look. A service that must know that the client has looked answers with a subkey (accept_options) and waits for a
  /// message under it: only who has opened the AP-REP can make one.
  requirement mutual = if_asked;
  std::span<std::uint8_t> buffer;  ///< lent until the exchange and its product are gone
  std::optional<msg::HostAddress>
      peer_address{};             ///< where the request came from; compared with the ticket's addresses
  bool demand_addresses = false;  ///< refuse tickets that name no address
  /// The authorization data that the caller will enforce; any other that is not AD-IF-RELEVANT refuses the client,
  /// unless the acceptor reads it itself (verify_authorization).
  view_of<ad_t> understood{};
  /// Judges the path of clients of other realms where no KDC has (RFC 4120 section 2.7); without it they are refused.
  std::optional<realm_path_policy> paths{};
  bool distrust_kdc_paths = false;    ///< judge it also where a KDC says that it has
  bool trust_unchecked_path = false;  ///< accept them all: the caller looks at transited() itself
  /// The channel that the request came through, and what a client has to say of it.
  std::optional<channel_bindings> bindings{};
  binding_rule binding = binding_rule::if_present;
  /// Accept tickets under the session key of a ticket-granting ticket that the service gave to the client (RFC 4120
  /// section 3.7); need_ticket_key::user_to_user then asks for that key.
  bool user_to_user = false;
  replay_rule replays = replay_rule::ask;
};

/// How an acceptor answers a client that has proven who it is.
struct accept_options {
  bool subkey = true;           ///< answer with a fresh key for the session
  bool sequence_number = true;  ///< answer with a first sequence number
  /// Make that key of the type that this service likes best among those that the client offers (RFC 4537); otherwise it
  /// is of the session key's.
  bool negotiate_etype = true;
};

}  // namespace kerb::inline v0
