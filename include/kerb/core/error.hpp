// Error codes, the place of an error, and which party caused it.
#pragma once
#include <cstdint>
#include <string_view>

#include "config.hpp"

namespace kerb::inline v0 {

/// Every failure of the library. Codes are grouped by cause in hundreds; see is_peer_fault().
enum class errc : std::uint16_t {
  ok = 0,

  // 1xx: the peer's octets are not valid DER. Drop the message, or send the KRB-ERROR that `refused` contains.
  truncated = 100,     ///< the input ends before the end of an encoding
  trailing_data,       ///< octets follow where none are allowed
  unexpected_tag,      ///< the tag is not the one that the schema requires here
  non_minimal_length,  ///< a length is not in DER's shortest form, or is indefinite
  bad_integer,         ///< an INTEGER is empty, padded, or out of its type's range
  bad_time,            ///< a KerberosTime is not YYYYMMDDHHMMSSZ, or is not a valid date or time
  bad_boolean,         ///< a BOOLEAN is not one octet of 00 or FF
  bad_oid,             ///< an OBJECT IDENTIFIER is empty, padded or cut short
  bad_flags,           ///< a KerberosFlags has fewer than 32 bits, or stray unused bits
  missing_field,       ///< a field that is not OPTIONAL is absent
  empty_sequence,      ///< a SEQUENCE OF is empty where the RFC requires an element
  wrong_constant,      ///< pvno, msg-type or another fixed number has the wrong value
  input_too_large,     ///< the input has 2^32 octets or more
  frame_too_long,      ///< a stream announced more octets than the caller's limit; detail: how many
  stream_ended,        ///< the stream ended within a message
  bad_realm,           ///< a realm contains the octet 0

  // 2xx: the message is well-formed but violates the protocol. The exchange fails; do not retry it blindly.
  unexpected_message = 200,  ///< a message type that this exchange does not accept
  nonce_mismatch,            ///< the reply belongs to another request
  name_mismatch,             ///< a client, server or realm is not the one requested
  time_mismatch,             ///< times in a reply contradict the request, or the AP-REP's is not the authenticator's
  flags_mismatch,            ///< the ticket's flags or options grant something that was not requested
  etype_not_offered,         ///< the KDC used an encryption type that was not offered
  address_mismatch,          ///< the peer's address is not among the ticket's
  clock_skew,                ///< the two clocks differ by more than the allowed skew
  ticket_expired,            ///< the ticket's end time has passed
  ticket_not_yet_valid,      ///< the ticket's start time is in the future, or the ticket is marked INVALID
  replayed,                  ///< this authenticator or message has been seen before
  bad_order,                 ///< a sequence number is absent, or is not the next one
  no_freshness,              ///< a message has neither a timestamp nor a sequence number
  count_mismatch,            ///< two lists that correspond to each other differ in length
  wrong_service,             ///< the ticket is for a service that this acceptor does not serve
  no_key,                    ///< no key for the ticket's service (field sname), or none of its etype (detail: which)
  bad_key_version,           ///< the service has keys, but none of this version; detail: the version requested
  inappropriate_checksum,    ///< the checksum type is not allowed in this place
  mutual_required,           ///< mutual authentication was required, but the peer did not offer it
  session_key_ticket,        ///< the ticket is for user-to-user authentication, and no session key was given
  bad_s2k_parameters,        ///< string-to-key parameters are malformed or outside the caller's limits
  too_many_rounds,           ///< pre-authentication took more rounds than the limits allow
  no_preauth_mechanism,      ///< the KDC requires a pre-authentication mechanism that the client does not have
  path_not_checked,          ///< the client is from another realm, and no KDC has checked the transited realms
  path_not_accepted,         ///< a realm on the client's path is not trusted to vouch for the client
  bad_transited,             ///< the list of transited realms is malformed or too long, or cannot be expanded
  critical_authdata,         ///< authorization data that must be enforced is not understood
  bindings_missing,          ///< the client did not bind its context to a channel, but must
  bindings_mismatch,         ///< the client is bound to another channel than the one that its request arrived on
  refused_by_application,    ///< the application's or the KDC's policy rejected the request
  not_sealed,                ///< data that must be encrypted was sent in the clear

  // 3xx: the peer sent a KRB-ERROR (detail: its error code), or nothing.
  kdc_error = 300,  ///< the KDC sent a KRB-ERROR
  peer_error,       ///< the service sent a KRB-ERROR
  no_answer,        ///< the caller's transport received no answer

  // 4xx: cryptography.
  integrity = 400,    ///< a seal or checksum does not verify: the octets were altered, or the key is another
  unsupported_etype,  ///< the crypto policy does not support the encryption type
  unsupported_cksum,  ///< the crypto policy does not support the checksum type
  weak_etype,         ///< the encryption type is weak, and the crypto policy does not name it
  bad_key_length,     ///< the key does not have the number of octets that its type requires
  entropy,            ///< the random source failed
  crypto_backend,     ///< the cryptographic library failed
  unsupported_hash,   ///< the data to hash names no single hash function, or an unknown one

  // 5xx: buffers.
  no_space = 500,  ///< the buffer is too small; detail: a size in octets that is enough
  replay_unknown,  ///< the replay cache is full or lost its contents: it cannot tell whether this is a replay

  // 6xx: mistakes in the calling program. No octets from a peer can cause these.
  api_misuse = 600,    ///< a call in the wrong state, or arguments that contradict each other
  wrong_usage,         ///< a prepared key was used with a key usage that it was not prepared for
  bad_name_text,       ///< a principal's text form does not parse; offset: the position
  clock_out_of_range,  ///< Kerberos cannot represent the clock value that was passed
  bad_password,        ///< a password is not UTF-8, or is longer than its encryption type allows
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

/// Whether the peer's octets caused the error, rather than this program, its buffers or its random source.
constexpr bool is_peer_fault(errc c) {
  const auto n = static_cast<unsigned>(c);
  return (n >= 100 && n < 400 && c != errc::no_answer) || c == errc::integrity;
}

/// The name of the enumerator, for logs.
constexpr std::string_view name_of(errc c) {
  switch (c) {
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
    case errc::kdc_error: return "kdc_error";
    case errc::peer_error: return "peer_error";
    case errc::no_answer: return "no_answer";
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
    default: return "";
  }
}

}  // namespace kerb::inline v0
