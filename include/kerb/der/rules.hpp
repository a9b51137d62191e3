// What a decoder lets pass that DER or the RFC forbids: every tolerance, by name.
#pragma once

namespace kerb::inline v0::der {

/// The tolerances, each off unless named. TOLERANCES.md beside this file says who sends what, and which test holds it.
struct rules {
  /// A UInt32 (nonce, kvno, seq-number) sent as a negative INTEGER of at most 32 bits, as RFC 1510 peers do; read
  /// modulo 2^32. RFC 4120 section 5.5.1 lets such sequence numbers in.
  bool negative_uint32 = false;
  /// A KerberosFlags of fewer than 32 bits, the missing ones zero. RFC 4120 section 5.2.8 allows a lenient reader.
  bool short_flags = false;
  /// An Int32, UInt32 or Microseconds padded to exactly four octets. No ENUMERATED, and no number that is fixed, such
  /// as pvno.
  bool four_octet_integers = false;
  /// The target-realm of an IAKERB-HEADER as an OCTET STRING, as MIT krb5 up to 1.21 writes and reads it.
  bool octet_string_realm = false;

  friend constexpr bool operator==(const rules&, const rules&) = default;
};

/// DER, and the RFC's constraints to the letter.
inline constexpr rules strict{};
/// What live peers make necessary. The default of every decoder.
inline constexpr rules as_deployed{
    .negative_uint32 = true, .short_flags = true, .four_octet_integers = true, .octet_string_realm = true};

}  // namespace kerb::inline v0::der
