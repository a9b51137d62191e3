// Pre-authentication data, RFC 4120 section 5.2.7.
#pragma once
#include "basic.hpp"

namespace kerb::inline v0::msg {

// PA-PW-SALT (RFC 4120 section 5.2.7.3) and PA-AFS3-SALT have no ASN.1: the padata-value is the salt.

/// PA-ENC-TIMESTAMP, RFC 4120 section 5.2.7.2: an encrypted PA-ENC-TS-ENC.
using PaEncTimestamp = EncryptedData;

/// PA-ENC-TS-ENC, RFC 4120 section 5.2.7.2: the plaintext of PA-ENC-TIMESTAMP, encrypted under the
/// client's key.
struct PaEncTsEnc {
  kerberos_time               patimestamp;
  std::optional<microseconds> pausec;

  static consteval auto asn1() {
    using T = PaEncTsEnc;
    using namespace kerb::asn1;
    return sequence("PA-ENC-TS-ENC",
      tag<0>("patimestamp", &T::patimestamp),
      tag<1>("pausec",      &T::pausec));
  }
};

/// ETYPE-INFO-ENTRY, RFC 4120 section 5.2.7.4.
struct EtypeInfoEntry {
  etype_t                   etype{};
  std::optional<bytes_view> salt;

  static consteval auto asn1() {
    using T = EtypeInfoEntry;
    using namespace kerb::asn1;
    return sequence("ETYPE-INFO-ENTRY",
      tag<0>("etype", &T::etype),
      tag<1>("salt",  &T::salt));
  }
};
using EtypeInfo = sequence_of<EtypeInfoEntry>;

/// ETYPE-INFO2-ENTRY, RFC 4120 section 5.2.7.5. Unauthenticated: a hint that its user must limit.
struct EtypeInfo2Entry {
  etype_t                        etype{};
  std::optional<kerberos_string> salt;
  std::optional<bytes_view>      s2kparams;

  static consteval auto asn1() {
    using T = EtypeInfo2Entry;
    using namespace kerb::asn1;
    return sequence("ETYPE-INFO2-ENTRY",
      tag<0>("etype",     &T::etype),
      tag<1>("salt",      &T::salt),
      tag<2>("s2kparams", &T::s2kparams));
  }
};
/// ETYPE-INFO2, RFC 4120 section 5.2.7.5: at least one entry, in the KDC's order of preference.
using EtypeInfo2 = sequence_of<EtypeInfo2Entry, asn1::not_empty>;

}  // namespace kerb::inline v0::msg
