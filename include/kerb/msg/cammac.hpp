// Authorization data with a MAC of the KDC, RFC 7751, and authentication indicators, RFC 8129.
#pragma once
#include <variant>

#include "../asn1/utf8.hpp"
#include "basic.hpp"

namespace kerb::inline v0::msg {

/// Verifier-MAC, RFC 7751: a MAC, and the identity of its key.
struct VerifierMac {
  std::optional<PrincipalName> identifier;
  std::optional<uint32>        kvno;
  std::optional<etype_t>       enctype;
  Checksum                     mac;

  static consteval auto asn1() {
    using T = VerifierMac;
    using namespace kerb::asn1;
    return sequence("Verifier-MAC",
      tag<0>("identifier", &T::identifier),
      tag<1>("kvno",       &T::kvno),
      tag<2>("enctype",    &T::enctype),
      tag<3>("mac",        &T::mac));
  }
};

/// Verifier, RFC 7751.
struct Verifier {
  std::variant<VerifierMac, asn1::any_value> value;

  static consteval auto asn1() {
    using T = Verifier;
    using namespace kerb::asn1;
    return choice("Verifier", &T::value,
      plain("mac"));
  }
};

/// AD-CAMMAC, RFC 7751, inside AD-IF-RELEVANT. The elements are captured, because the MACs cover
/// their encoding.
struct AdCammac {
  captured<AuthorizationData>                           elements;
  std::optional<VerifierMac>                            kdc_verifier;
  std::optional<VerifierMac>                            svc_verifier;
  std::optional<sequence_of<Verifier, asn1::not_empty>> other_verifiers;

  static consteval auto asn1() {
    using T = AdCammac;
    using namespace kerb::asn1;
    return sequence("AD-CAMMAC",
      tag<0>("elements",        &T::elements),
      tag<1>("kdc-verifier",    &T::kdc_verifier),
      tag<2>("svc-verifier",    &T::svc_verifier),
      tag<3>("other-verifiers", &T::other_verifiers));
  }
};

/// AD-AUTHENTICATION-INDICATOR, RFC 8129: how the client authenticated, in strings that the realm defines.
using AdAuthenticationIndicator = sequence_of<utf8_string>;

}  // namespace kerb::inline v0::msg
