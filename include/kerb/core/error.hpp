// Error codes, the place of an error, and which party caused it.
#pragma once
#include <cstdint>
#include <string_view>

#include "config.hpp"

namespace kerb::inline v0 {

/// Every failure of the library. Codes are grouped by cause in hundreds; see is_peer_fault(). The
/// numbers can be stored and logged: a number never changes its meaning and is never used again,
/// and a new code gets a new number. kerb/explain.hpp has a sentence for each code.
enum class errc : std::uint16_t {
  ok = 0,

  // 1xx: the peer's octets are malformed. Drop the message, or send the KRB-ERROR that `refused` contains.
  truncated = 100,           ///< the input ends before the end of an encoding
  trailing_data = 101,       ///< octets follow where none are allowed
  unexpected_tag = 102,      ///< the tag is not the one that the schema requires here
  non_minimal_length = 103,  ///< a length is not in DER's shortest form, or is indefinite
  bad_integer = 104,         ///< an INTEGER is empty, padded, or out of its type's range
  bad_time = 105,            ///< a KerberosTime is not YYYYMMDDHHMMSSZ, or is not a valid date or time
  bad_boolean = 106,         ///< a BOOLEAN is not one octet of 00 or FF
  bad_oid = 107,             ///< an OBJECT IDENTIFIER is empty, padded or cut short
  bad_flags = 108,           ///< a KerberosFlags has fewer than 32 bits, or stray unused bits
  missing_field = 109,       ///< a field that is not OPTIONAL is absent
  empty_sequence = 110,      ///< a SEQUENCE OF is empty where the RFC requires an element
  wrong_constant = 111,      ///< pvno, msg-type or another fixed number has the wrong value
  input_too_large = 112,     ///< the input has 2^32 octets or more
  frame_too_long = 113,      ///< a stream announced more octets than the caller's limit; detail: how many
  stream_ended = 114,        ///< the stream ended within a message, or before the answer to a request
  bad_realm = 115,           ///< a realm contains the octet 0
  bad_base64 = 116,          ///< text is not base64: a wrong character, no padding, or unused bits that are not zero
  bad_http_field = 117,      ///< the value of an HTTP field does not have the syntax of credentials or challenges
  token_too_long = 118,      ///< a token has more octets than the caller's limit; detail: how many
  bad_utf8 = 119,            ///< text is not UTF-8, or contains U+0000
  bad_conf_text = 150,       ///< a configuration text has a syntax error; offset: where; detail: the line
  bad_dns_name = 151,        ///< a name in a DNS message is too long, or its compression does not end

  // 2xx: the message is well-formed but violates the protocol. The exchange fails; do not retry it blindly.
  unexpected_message = 200,  ///< a message type that this exchange does not accept
  nonce_mismatch = 201,      ///< the reply belongs to another request
  name_mismatch = 202,       ///< a client, server or realm is not the one requested
  time_mismatch = 203,       ///< times in a reply contradict the request, or the AP-REP's is not the authenticator's
  /// The ticket is INVALID without a reason, the AS did not mark it as INITIAL, or its client is anonymous and its
  /// flag ANONYMOUS is not set, or the reverse.
  flags_mismatch = 204,
  etype_not_offered = 205,     ///< the KDC used an encryption type that was not offered
  address_mismatch = 206,      ///< the peer's address is not among the ticket's
  clock_skew = 207,            ///< the two clocks differ by more than the allowed skew
  ticket_expired = 208,        ///< the ticket's end time has passed
  ticket_not_yet_valid = 209,  ///< the ticket's start time is in the future, or the ticket is marked INVALID
  replayed = 210,              ///< this authenticator or message has been seen before
  bad_order = 211,             ///< a sequence number is absent, or is not the next one
  no_freshness = 212,          ///< a message has neither a timestamp nor a sequence number
  count_mismatch = 213,        ///< two lists that correspond to each other differ in length
  wrong_service = 214,         ///< the ticket is for a service that this acceptor does not serve
  no_key = 215,                ///< no key for the ticket's service (field sname), or none of its etype (detail: which)
  bad_key_version = 216,       ///< the service has keys, but none of this version; detail: the version requested
  inappropriate_checksum = 217,  ///< the checksum type is not allowed in this place
  mutual_required = 218,         ///< mutual authentication was required, but the peer did not offer it
  session_key_ticket = 219,      ///< the ticket is for user-to-user authentication, and no session key was given
  bad_s2k_parameters = 220,      ///< string-to-key parameters are malformed or outside the caller's limits
  too_many_rounds = 221,         ///< pre-authentication took more rounds than the limits allow
  no_preauth_mechanism = 222,    ///< the KDC requires a pre-authentication mechanism that the client does not have
  path_not_checked = 223,        ///< the client is from another realm, and no KDC has checked the transited realms
  path_not_accepted = 224,       ///< a realm on the client's path is not trusted to vouch for the client
  bad_transited = 225,           ///< the list of transited realms is malformed or too long, or cannot be expanded
  critical_authdata = 226,       ///< authorization data that must be enforced is not understood
  bindings_missing = 227,        ///< the client did not bind its context to a channel, but must
  bindings_mismatch = 228,       ///< the client is bound to another channel than the one that its request arrived on
  refused_by_application = 229,  ///< the application rejected the request with refuse()
  not_sealed = 230,              ///< data that must be encrypted was sent in the clear
  reflected_token = 231,         ///< a token that this side made has come back to it
  wrong_context_key = 232,       ///< a token of a GSS-API context is not under the context's key
  anonymous_client = 233,        ///< the client is anonymous, and must not be
  flags_not_granted = 234,       ///< a GSS-API context lacks required flags; detail: which
  well_known_name = 235,         ///< a name or realm is a well-known one (RFC 6111) that has no meaning here
  no_common_mechanism = 240,     ///< SPNEGO: the two sides have no mechanism in common
  mechanism_not_offered = 241,   ///< SPNEGO: the acceptor selected a mechanism that was not offered
  negotiation_rejected = 242,    ///< SPNEGO: the peer rejected the negotiation, and did not tell why
  mic_missing = 243,             ///< SPNEGO: the MIC that protects the list of mechanisms is required and absent
  too_many_mechanisms = 244,     ///< SPNEGO: the initiator offers more mechanisms than the limit; detail: how many
  ntlm_token = 245,              ///< the token is of NTLM, neither of SPNEGO nor of Kerberos
  no_common_layer = 246,         ///< no security layer of SASL suits both sides; detail: what the peer sent
  no_local_name = 247,      ///< no rule maps the client to a local user name, or its name or the result is not allowed
  referral_loop = 248,      ///< KDCs refer the client in a circle, or through more realms than the limit
  no_tgt = 249,             ///< no ticket-granting ticket, and neither key nor password to get one
  nothing_delegated = 250,  ///< the client has not delegated a credential
  password_refused = 260,   ///< the password service did not change the password; detail: its result code
  dns_error = 270,          ///< the name server returned an error; detail: its RCODE
  kcm_error = 271,          ///< the daemon that keeps the credential caches returned an error; detail: its code
  dns_no_service = 272,     ///< the realm's DNS records say that it has no such server
  /// The KDC of a login has not proved that it knows the key of a local service; detail: the errc of the
  /// check that failed.
  login_not_verified = 280,
  numbers_used_up = 290,  ///< the session has used every sequence number of this direction: establish a new one

  // 3xx: the peer sent a KRB-ERROR (detail: its error code), another failure, or nothing.
  kdc_error = 300,      ///< the KDC sent a KRB-ERROR
  peer_error = 301,     ///< the service sent a KRB-ERROR
  no_answer = 302,      ///< the caller's transport received no answer
  server_failed = 303,  ///< the server reports a failure of its own in place of an answer; detail: its HTTP status

  // 4xx: cryptography.
  integrity = 400,          ///< a seal or checksum does not verify: the octets were altered, or the key is another
  unsupported_etype = 401,  ///< the crypto policy does not support the encryption type
  unsupported_cksum = 402,  ///< the crypto policy does not support the checksum type
  weak_etype = 403,         ///< the encryption type is weak, and the crypto policy does not name it
  bad_key_length = 404,     ///< the key does not have the number of octets that its type requires
  entropy = 405,            ///< the random source failed
  crypto_backend = 406,     ///< the cryptographic library failed
  unsupported_hash = 407,   ///< the data to hash names no single hash function, or an unknown one

  // 5xx: the buffer or the replay cache that the program provides.
  no_space = 500,        ///< the buffer is too small; detail: a size in octets that is enough
  replay_unknown = 501,  ///< the replay cache is full or lost its contents: it cannot tell whether this is a replay

  // 6xx: mistakes in the calling program. No octets from a peer can cause these.
  api_misuse = 600,          ///< a call in the wrong state, or arguments that contradict each other
  wrong_usage = 601,         ///< a prepared key was used with a key usage that it was not prepared for
  bad_name_text = 602,       ///< a principal's text form does not parse; offset: the position
  clock_out_of_range = 603,  ///< Kerberos cannot represent the clock value that was passed
  bad_password = 604,        ///< a password is not UTF-8, or is longer than its encryption type allows
  bad_rule_text = 605,  ///< a rule for local names does not parse, or uses what is not supported; offset: the position
  step_not_handled = 606,   ///< drive() or serve() cannot answer this step; it needs a loop of your own
  missing_parameter = 610,  ///< a parameter that another one requires was not given; field: its name
  not_forwarded = 611,      ///< a credential to delegate is not a forwarded ticket-granting ticket

  // 7xx: a KDC or a password service refuses a request. A client sees the KRB-ERROR that to_krb_error() names.
  // 70x: the client and its keys.
  client_unknown = 700,        ///< there is no such client, or it is not one
  wrong_realm = 701,           ///< the client belongs to another realm, which the refusal names
  client_locked = 702,         ///< the client is locked
  client_not_yet_valid = 703,  ///< the client is not valid yet
  client_expired = 704,        ///< the client has expired
  password_expired = 705,      ///< the client's password has expired or must be changed
  preauth_required = 706,      ///< the client must pre-authenticate, and did not
  no_common_etype = 707,       ///< the request names no encryption type that the principals have and policy allows
  // 71x: the server.
  server_not_named = 710,         ///< the request names no server
  server_unknown = 711,           ///< there is no such server
  not_a_server = 712,             ///< no ticket is issued for this principal
  server_locked = 713,            ///< the server is locked
  server_not_yet_valid = 714,     ///< the server is not valid yet
  server_expired = 715,           ///< the server has expired
  initial_ticket_required = 716,  ///< only the AS exchange issues tickets for this server
  preauth_ticket_required = 717,  ///< the server requires a client that has pre-authenticated
  must_use_user_to_user = 718,    ///< the server gets only user-to-user tickets
  user_to_user_forbidden = 719,   ///< the server gets no user-to-user tickets
  // 72x: the tickets in the request, and what they authenticate.
  no_header_ticket = 720,           ///< a TGS request does not contain exactly one AP-REQ
  request_modified = 721,           ///< the authenticator's checksum is not that of the request's body
  fast_removed = 722,               ///< the client used FAST, and the request does not contain it
  armor_ticket = 723,               ///< the ticket or authenticator may only be used as FAST armor
  own_client_from_elsewhere = 724,  ///< another realm's KDC issued a ticket for a client of this realm
  server_mismatch = 725,            ///< a ticket is to be renewed or validated for another server than its own
  second_ticket_missing = 726,      ///< a user-to-user request has no second ticket
  second_ticket_not_tgt = 727,      ///< the second ticket is no ticket-granting ticket of this realm
  second_ticket_mismatch = 728,     ///< the second ticket's client is not the requested server
  etype_not_allowed = 729,          ///< policy does not allow the encryption type of the second ticket's session key
  // 73x: the options.
  option_not_allowed = 730,          ///< an option has no meaning in this request
  options_contradict = 731,          ///< two options contradict each other
  flag_not_in_ticket = 732,          ///< an option needs a flag that the ticket does not have
  not_renewable = 733,               ///< the ticket to be renewed is not renewable
  renewal_forbidden = 734,           ///< the policy or the server no longer allows renewal
  already_valid = 735,               ///< the ticket to be validated is already valid
  anonymity_not_supported = 736,     ///< the KDC does not issue this anonymous ticket
  anonymity_required = 737,          ///< an anonymous ticket can only be used to get anonymous tickets
  user_to_user_not_supported = 738,  ///< the policy allows no user-to-user tickets
  delegation_not_supported = 739,    ///< constrained delegation (MS-SFU's S4U2Proxy) is not implemented
  // 74x: the times.
  cannot_postdate = 740,   ///< policy, client, server or ticket do not allow a postdated ticket
  starts_too_late = 741,   ///< the requested start is later than the policy allows
  starts_in_future = 742,  ///< the requested start is in the future, and no postdated ticket is requested
  never_valid = 743,       ///< the ticket would end before it starts
  // 744: the addresses.
  address_not_allowed = 744,  ///< a requested address may not be in a ticket
  // 746: an option that the policy or the server forbids.
  forwarding_forbidden = 746,  ///< the policy or the server allows no forwarded, or no proxy, tickets
  // 75x: padata, authorization data and the path.
  impersonation_not_supported = 750,  ///< a ticket for another user (MS-SFU's S4U2Self) is not implemented
  fast_not_supported = 751,           ///< this form of FAST is not implemented
  mandatory_for_kdc = 752,            ///< authorization data that the KDC must understand, and does not
  authdata_not_carried = 753,         ///< authorization data that the ticket can neither contain nor omit
  unknown_transited_type = 754,       ///< the list of transited realms has an unknown encoding
  // 76x: a password service refuses a request, RFC 3244.
  initial_flag_needed = 760,  ///< a client changes its own password only with a ticket from the AS exchange
  // 79x: the KDC itself. The client is not at fault.
  database_unavailable = 790,  ///< the database of principals does not answer
  reply_too_long = 791,        ///< the reply does not fit in a datagram; detail: its size in octets
  server_has_no_key = 792,     ///< the server has no key that policy allows for tickets
};

/// What went wrong and where. Trivially copyable: the texts are literals from the schemas.
struct error {
  errc code = errc::ok;
  std::uint32_t offset = 0;  ///< octets from the start of the outermost message, if one was decoded
  std::uint32_t detail = 0;  ///< its meaning depends on the code: octets needed, the KRB-ERROR code, a key version
  const char* type = "";     ///< the ASN.1 type ("KDC-REQ-BODY")
  const char* field = "";    ///< the field of that type ("till")

  constexpr bool ok() const { return code == errc::ok; }
};

/// Whether the code means a malformed encoding, which anybody on the network can cause.
constexpr bool is_malformed(errc c) { return static_cast<unsigned>(c) / 100 == 1; }

/// Whether the peer's octets caused the error, rather than this program, its buffers or its random source. Both can
/// cause some codes of cryptography: for those, ask with the whole error.
constexpr bool is_peer_fault(errc c) {
  const auto n = static_cast<unsigned>(c);
  return (n >= 100 && n < 400 && c != errc::no_answer) || c == errc::integrity || (n >= 700 && n < 790);
}

/// The same for an error with its place. A key or checksum of an unknown or weak type, or a key of a wrong length, is
/// the peer's fault if it was in a message, which the error then names in `type`, and the program's if it was an
/// argument.
constexpr bool is_peer_fault(const error& e) {
  switch (e.code) {
    case errc::unsupported_etype:
    case errc::unsupported_cksum:
    case errc::weak_etype:
    case errc::bad_key_length:
    case errc::unsupported_hash: return *e.type != '\0';
    default: return is_peer_fault(e.code);
  }
}

/// The name of the enumerator, for logs; empty for a number that is none.
constexpr std::string_view name_of(errc c) {
  switch (c) {  // no default: the compiler warns of an enumerator that is missing
    case errc::ok: return "ok";
    case errc::truncated: return "truncated";
    case errc::trailing_data: return "trailing_data";
    case errc::unexpected_tag: return "unexpected_tag";
    case errc::non_minimal_length: return "non_minimal_length";
    case errc::bad_integer: return "bad_integer";
    case errc::bad_time: return "bad_time";
    case errc::bad_boolean: return "bad_boolean";
    case errc::bad_oid: return "bad_oid";
    case errc::bad_flags: return "bad_flags";
    case errc::missing_field: return "missing_field";
    case errc::empty_sequence: return "empty_sequence";
    case errc::wrong_constant: return "wrong_constant";
    case errc::input_too_large: return "input_too_large";
    case errc::frame_too_long: return "frame_too_long";
    case errc::stream_ended: return "stream_ended";
    case errc::bad_realm: return "bad_realm";
    case errc::bad_base64: return "bad_base64";
    case errc::bad_http_field: return "bad_http_field";
    case errc::token_too_long: return "token_too_long";
    case errc::bad_utf8: return "bad_utf8";
    case errc::bad_conf_text: return "bad_conf_text";
    case errc::bad_dns_name: return "bad_dns_name";
    case errc::unexpected_message: return "unexpected_message";
    case errc::nonce_mismatch: return "nonce_mismatch";
    case errc::name_mismatch: return "name_mismatch";
    case errc::time_mismatch: return "time_mismatch";
    case errc::flags_mismatch: return "flags_mismatch";
    case errc::etype_not_offered: return "etype_not_offered";
    case errc::address_mismatch: return "address_mismatch";
    case errc::clock_skew: return "clock_skew";
    case errc::ticket_expired: return "ticket_expired";
    case errc::ticket_not_yet_valid: return "ticket_not_yet_valid";
    case errc::replayed: return "replayed";
    case errc::bad_order: return "bad_order";
    case errc::no_freshness: return "no_freshness";
    case errc::count_mismatch: return "count_mismatch";
    case errc::wrong_service: return "wrong_service";
    case errc::no_key: return "no_key";
    case errc::bad_key_version: return "bad_key_version";
    case errc::inappropriate_checksum: return "inappropriate_checksum";
    case errc::mutual_required: return "mutual_required";
    case errc::session_key_ticket: return "session_key_ticket";
    case errc::bad_s2k_parameters: return "bad_s2k_parameters";
    case errc::too_many_rounds: return "too_many_rounds";
    case errc::no_preauth_mechanism: return "no_preauth_mechanism";
    case errc::path_not_checked: return "path_not_checked";
    case errc::path_not_accepted: return "path_not_accepted";
    case errc::bad_transited: return "bad_transited";
    case errc::critical_authdata: return "critical_authdata";
    case errc::bindings_missing: return "bindings_missing";
    case errc::bindings_mismatch: return "bindings_mismatch";
    case errc::refused_by_application: return "refused_by_application";
    case errc::not_sealed: return "not_sealed";
    case errc::reflected_token: return "reflected_token";
    case errc::wrong_context_key: return "wrong_context_key";
    case errc::anonymous_client: return "anonymous_client";
    case errc::flags_not_granted: return "flags_not_granted";
    case errc::well_known_name: return "well_known_name";
    case errc::no_common_mechanism: return "no_common_mechanism";
    case errc::mechanism_not_offered: return "mechanism_not_offered";
    case errc::negotiation_rejected: return "negotiation_rejected";
    case errc::mic_missing: return "mic_missing";
    case errc::too_many_mechanisms: return "too_many_mechanisms";
    case errc::ntlm_token: return "ntlm_token";
    case errc::no_common_layer: return "no_common_layer";
    case errc::no_local_name: return "no_local_name";
    case errc::referral_loop: return "referral_loop";
    case errc::no_tgt: return "no_tgt";
    case errc::nothing_delegated: return "nothing_delegated";
    case errc::password_refused: return "password_refused";
    case errc::dns_error: return "dns_error";
    case errc::kcm_error: return "kcm_error";
    case errc::dns_no_service: return "dns_no_service";
    case errc::login_not_verified: return "login_not_verified";
    case errc::numbers_used_up: return "numbers_used_up";
    case errc::kdc_error: return "kdc_error";
    case errc::peer_error: return "peer_error";
    case errc::no_answer: return "no_answer";
    case errc::server_failed: return "server_failed";
    case errc::integrity: return "integrity";
    case errc::unsupported_etype: return "unsupported_etype";
    case errc::unsupported_cksum: return "unsupported_cksum";
    case errc::weak_etype: return "weak_etype";
    case errc::bad_key_length: return "bad_key_length";
    case errc::entropy: return "entropy";
    case errc::crypto_backend: return "crypto_backend";
    case errc::unsupported_hash: return "unsupported_hash";
    case errc::no_space: return "no_space";
    case errc::replay_unknown: return "replay_unknown";
    case errc::api_misuse: return "api_misuse";
    case errc::wrong_usage: return "wrong_usage";
    case errc::bad_name_text: return "bad_name_text";
    case errc::clock_out_of_range: return "clock_out_of_range";
    case errc::bad_password: return "bad_password";
    case errc::bad_rule_text: return "bad_rule_text";
    case errc::step_not_handled: return "step_not_handled";
    case errc::missing_parameter: return "missing_parameter";
    case errc::not_forwarded: return "not_forwarded";
    case errc::client_unknown: return "client_unknown";
    case errc::wrong_realm: return "wrong_realm";
    case errc::client_locked: return "client_locked";
    case errc::client_not_yet_valid: return "client_not_yet_valid";
    case errc::client_expired: return "client_expired";
    case errc::password_expired: return "password_expired";
    case errc::preauth_required: return "preauth_required";
    case errc::no_common_etype: return "no_common_etype";
    case errc::server_not_named: return "server_not_named";
    case errc::server_unknown: return "server_unknown";
    case errc::not_a_server: return "not_a_server";
    case errc::server_locked: return "server_locked";
    case errc::server_not_yet_valid: return "server_not_yet_valid";
    case errc::server_expired: return "server_expired";
    case errc::initial_ticket_required: return "initial_ticket_required";
    case errc::preauth_ticket_required: return "preauth_ticket_required";
    case errc::must_use_user_to_user: return "must_use_user_to_user";
    case errc::user_to_user_forbidden: return "user_to_user_forbidden";
    case errc::no_header_ticket: return "no_header_ticket";
    case errc::request_modified: return "request_modified";
    case errc::fast_removed: return "fast_removed";
    case errc::armor_ticket: return "armor_ticket";
    case errc::own_client_from_elsewhere: return "own_client_from_elsewhere";
    case errc::server_mismatch: return "server_mismatch";
    case errc::second_ticket_missing: return "second_ticket_missing";
    case errc::second_ticket_not_tgt: return "second_ticket_not_tgt";
    case errc::second_ticket_mismatch: return "second_ticket_mismatch";
    case errc::etype_not_allowed: return "etype_not_allowed";
    case errc::option_not_allowed: return "option_not_allowed";
    case errc::options_contradict: return "options_contradict";
    case errc::flag_not_in_ticket: return "flag_not_in_ticket";
    case errc::not_renewable: return "not_renewable";
    case errc::renewal_forbidden: return "renewal_forbidden";
    case errc::already_valid: return "already_valid";
    case errc::anonymity_not_supported: return "anonymity_not_supported";
    case errc::anonymity_required: return "anonymity_required";
    case errc::user_to_user_not_supported: return "user_to_user_not_supported";
    case errc::delegation_not_supported: return "delegation_not_supported";
    case errc::cannot_postdate: return "cannot_postdate";
    case errc::starts_too_late: return "starts_too_late";
    case errc::starts_in_future: return "starts_in_future";
    case errc::never_valid: return "never_valid";
    case errc::address_not_allowed: return "address_not_allowed";
    case errc::forwarding_forbidden: return "forwarding_forbidden";
    case errc::impersonation_not_supported: return "impersonation_not_supported";
    case errc::fast_not_supported: return "fast_not_supported";
    case errc::mandatory_for_kdc: return "mandatory_for_kdc";
    case errc::authdata_not_carried: return "authdata_not_carried";
    case errc::unknown_transited_type: return "unknown_transited_type";
    case errc::initial_flag_needed: return "initial_flag_needed";
    case errc::database_unavailable: return "database_unavailable";
    case errc::reply_too_long: return "reply_too_long";
    case errc::server_has_no_key: return "server_has_no_key";
  }
  return "";
}

}  // namespace kerb::inline v0
