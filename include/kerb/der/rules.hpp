// The decoder's tolerances: what it accepts although DER or the RFC forbids it.
#pragma once

namespace kerb::inline v0::der {

/// The tolerances. Each is off unless it is named. TOLERANCES.md beside this file lists who sends
/// what, and the tests.
struct rules {
  /// A UInt32 (nonce, kvno, seq-number) encoded as a negative INTEGER of at most 32 bits, as RFC
  /// 1510 peers do. It is read modulo 2^32. RFC 4120 section 5.5.1 allows such sequence numbers.
  bool negative_uint32 = false;
  /// A KerberosFlags of fewer than 32 bits; the missing bits are zero. RFC 4120 section 5.2.8
  /// allows a lenient reader.
  bool short_flags = false;
  /// An Int32, UInt32 or Microseconds padded to exactly four octets. It does not apply to
  /// ENUMERATED or to fixed numbers such as pvno.
  bool four_octet_integers = false;
  /// The target-realm of an IAKERB-HEADER as an OCTET STRING, as MIT krb5 up to 1.21 writes and reads it.
  bool octet_string_realm = false;

  friend constexpr bool operator==(const rules&, const rules&) = default;
};

/// DER and the RFC's constraints, without tolerances.
inline constexpr rules strict{};
/// All tolerances that deployed peers need. The default of every decoder.
inline constexpr rules as_deployed{
    .negative_uint32 = true, .short_flags = true, .four_octet_integers = true, .octet_string_realm = true};

}  // namespace kerb::inline v0::der
