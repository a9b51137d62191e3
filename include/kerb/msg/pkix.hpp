// The X.509 types that Kerberos uses, RFC 3280 as RFC 4556 section 3.2.1 imports them, and RFC 4055.
#pragma once
#include "../asn1/bit_string.hpp"
#include "../asn1/oid.hpp"
#include "../asn1/primitives.hpp"
#include "../asn1/sequence_of.hpp"

namespace kerb::inline v0::msg {

/// AlgorithmIdentifier, RFC 3280: an algorithm, and its parameters of any type.
struct AlgorithmIdentifier {
  object_identifier              algorithm;
  std::optional<asn1::any_value> parameters;

  static consteval auto asn1() {
    using T = AlgorithmIdentifier;
    using namespace kerb::asn1;
    return sequence("AlgorithmIdentifier",
      plain("algorithm",  &T::algorithm),
      plain("parameters", &T::parameters));
  }
};

/// SubjectPublicKeyInfo, RFC 3280. The algorithm determines the encoding of the key's bits.
struct SubjectPublicKeyInfo {
  AlgorithmIdentifier algorithm;
  bit_string          subject_public_key;

  static consteval auto asn1() {
    using T = SubjectPublicKeyInfo;
    using namespace kerb::asn1;
    return sequence("SubjectPublicKeyInfo",
      plain("algorithm",        &T::algorithm),
      plain("subjectPublicKey", &T::subject_public_key));
  }
};

/// Certificate, RFC 3280: only the signature algorithm and the signature are decoded, not the
/// certified contents.
struct Certificate {
  asn1::any_value     tbs_certificate;
  AlgorithmIdentifier signature_algorithm;
  bit_string          signature_value;

  static consteval auto asn1() {
    using T = Certificate;
    using namespace kerb::asn1;
    return sequence("Certificate",
      plain("tbsCertificate",     &T::tbs_certificate),
      plain("signatureAlgorithm", &T::signature_algorithm),
      plain("signatureValue",     &T::signature_value));
  }
};

/// RSASSA-PSS-params, RFC 4055: the parameters of id-RSASSA-PSS. The defaults of absent fields are
/// SHA-1, MGF1 with SHA-1, 20 and 1.
struct RsassaPssParams {
  std::optional<AlgorithmIdentifier> hash_algorithm;
  std::optional<AlgorithmIdentifier> mask_gen_algorithm;  ///< its parameters are another AlgorithmIdentifier
  std::optional<std::int32_t>        salt_length;
  std::optional<std::int32_t>        trailer_field;

  static consteval auto asn1() {
    using T = RsassaPssParams;
    using namespace kerb::asn1;
    return sequence("RSASSA-PSS-params",
      tag<0>("hashAlgorithm",    &T::hash_algorithm),
      tag<1>("maskGenAlgorithm", &T::mask_gen_algorithm),
      tag<2>("saltLength",       &T::salt_length),
      tag<3>("trailerField",     &T::trailer_field));
  }
};

}  // namespace kerb::inline v0::msg
