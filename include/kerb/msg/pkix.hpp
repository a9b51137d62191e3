// The few types of X.509 that Kerberos messages use, RFC 3280 as RFC 4556 section 3.2.1 imports them.
#pragma once
#include "../asn1/bit_string.hpp"
#include "../asn1/oid.hpp"
#include "../asn1/primitives.hpp"
#include "../asn1/sequence_of.hpp"

namespace kerb::inline v0::msg {

/// AlgorithmIdentifier, RFC 3280: an algorithm, and its parameters of whatever type.
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

/// SubjectPublicKeyInfo, RFC 3280. The key's bits are an encoding that the algorithm names.
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

}  // namespace kerb::inline v0::msg
