// What can go wrong, where it went wrong, and whose fault it is.
#pragma once
#include <cstdint>
#include <string_view>

#include "config.hpp"

namespace kerb::inline v0 {

/// Every failure of the library. The hundreds say whose fault it is; see is_peer_fault().
enum class errc : std::uint16_t {
  ok = 0,

  // The peer's octets are not the DER they should be: drop them, or send what `refused` says.
  truncated = 100,     ///< an encoding ends before its length says
  trailing_data,       ///< octets follow where nothing may
  unexpected_tag,      ///< another tag stands where this one must
  non_minimal_length,  ///< a length is not in DER's shortest form, or is indefinite
  bad_integer,         ///< an INTEGER is empty, padded, or out of its type's range
  bad_time,            ///< a KerberosTime is not YYYYMMDDHHMMSSZ, or names no day
  bad_boolean,         ///< a BOOLEAN is not one octet of 00 or FF
  bad_oid,             ///< an OBJECT IDENTIFIER is empty, padded or cut short
  bad_flags,           ///< a KerberosFlags has fewer than 32 bits, or stray unused bits
  missing_field,       ///< a field that is not OPTIONAL is absent
  empty_sequence,      ///< a SEQUENCE OF is empty where the RFC forbids it
  wrong_constant,      ///< pvno, msg-type or another fixed number is not what it must be
  input_too_large,     ///< the input has 2^32 octets or more
  frame_too_long,      ///< a stream announced more octets than the caller's cap; detail: how many
  stream_ended,        ///< the stream ended inside a message
  bad_realm,           ///< a realm holds the octet 0

  // Well-formed, and wrong: the exchange fails, and must not be retried blindly.
  unexpected_message = 200,  ///< another message type than this exchange can use
  nonce_mismatch,            ///< the reply belongs to another request
  name_mismatch,             ///< a client, server or realm is not the one asked for
  time_mismatch,             ///< times in the reply contradict the request, or the AP-REP's is not ours
  flags_mismatch,            ///< the ticket's flags or options grant what was not asked
  etype_not_offered,         ///< the KDC used an encryption type that was not offered
  address_mismatch,          ///< the peer's address is not among the ticket's
  clock_skew,                ///< the two clocks differ by more than the allowed skew
  ticket_expired,            ///< the ticket's end time has passed
  ticket_not_yet_valid,      ///< the ticket's start time is to come, or it is marked INVALID
  replayed,                  ///< this authenticator or message was seen before
  bad_order,                 ///< a sequence number is absent, or not the one that comes next
  no_freshness,              ///< a message has neither a timestamp nor a sequence number
  count_mismatch,            ///< two lists that belong together differ in length
  wrong_service,             ///< the ticket is for a service that this acceptor is not
  no_key,                    ///< no key of the ticket's service (field sname), or none of its etype (detail: which)
  bad_key_version,           ///< there are keys for the service, none of this version; detail: the version asked for
  inappropriate_checksum,    ///< a checksum of a type that may not stand there
  mutual_required,           ///< mutual authentication was demanded and not offered
  session_key_ticket,        ///< the ticket is for user-to-user, and no session key was given
  bad_s2k_parameters,        ///< string-to-key parameters are malformed or outside the caller's bounds
  too_many_rounds,           ///< pre-authentication went on for more rounds than the limits allow
  no_preauth_mechanism,      ///< the KDC asks for pre-authentication that the client does not have
  path_not_checked,          ///< the client is of another realm, and no KDC has checked the realms between
  path_not_accepted,         ///< a realm that the client has come through is not trusted to vouch for it
  bad_transited,             ///< that list is malformed or too long, or leaves out realms that nothing lies between
  critical_authdata,         ///< authorization data that must be enforced and is not understood
  bindings_missing,          ///< the client does not bind its context to a channel, and should
  bindings_mismatch,         ///< the client's channel is another than the one its request came through
  refused_by_application,    ///< the caller's own policy said no
  not_sealed,                ///< what must be sealed came in clear

  // The peer sent a KRB-ERROR; detail: its error code.
  kdc_error = 300,  ///< the KDC refused
  peer_error,       ///< the service refused
  no_answer,        ///< the caller's transport got none

  // Cryptography.
  integrity = 400,    ///< a seal or checksum does not verify: altered, or another key
  unsupported_etype,  ///< the policy has no such encryption type
  unsupported_cksum,  ///< the policy has no such checksum type
  weak_etype,         ///< the encryption type is known and refused
  bad_key_length,     ///< the key has not the number of octets its type demands
  entropy,            ///< the random source failed
  crypto_backend,     ///< the cryptographic library failed
  unsupported_hash,   ///< what is to be hashed names no single hash function, or one that is not known

  // Buffer.
  no_space = 500,  ///< the buffer is too small; detail: octets that will do
  replay_unknown,  ///< the replay cache is full or has lost its memory: whether it was seen before cannot be told

  // The program's own mistakes; nothing a peer sends can cause these.
  api_misuse = 600,    ///< a call out of turn, or an argument that contradicts another
  wrong_usage,         ///< a prepared key was used for another key usage than it was prepared for
  bad_name_text,       ///< a principal's text form does not parse; offset: where
  clock_out_of_range,  ///< the clock value given is not one that Kerberos can write
  bad_password,        ///< a password is not UTF-8, or longer than its encryption type takes
};

/// What went wrong and where. Trivially copyable; the texts are literals from the schemas.
struct error {
  errc code = errc::ok;
  std::uint32_t offset = 0;  ///< octets from the start of the outermost message, where one was decoded
  std::uint32_t detail = 0;  ///< what the code says it is: octets needed, the KRB-ERROR code, a key version
  const char* type = "";     ///< the ASN.1 type ("KDC-REQ-BODY")
  const char* field = "";    ///< the field in it ("till")

  constexpr bool ok() const { return code == errc::ok; }
};

/// Whether it is a fault of the encoding, which anybody on the network can cause.
constexpr bool is_malformed(errc c) { return static_cast<unsigned>(c) / 100 == 1; }

/// Whether the peer's octets caused it, rather than this program, its buffers or its random source.
constexpr bool is_peer_fault(errc c) {
  const auto n = static_cast<unsigned>(c);
  return (n >= 100 && n < 400 && c != errc::no_answer) || c == errc::integrity;
}

/// The enumerator's own name, for logs.
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
