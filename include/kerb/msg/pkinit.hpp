// PKINIT, RFC 4556, with the algorithm agility of RFC 8636 and the freshness token of RFC 8070.
#pragma once
#include <variant>

#include "basic.hpp"
#include "pkix.hpp"

namespace kerb::inline v0::msg {

// These messages contain CMS and X.509 as octets. PA_AS_FRESHNESS (RFC 8070) has no ASN.1: the
// client returns the octets as freshnessToken.

// RFC 4556 appendix A
inline constexpr object_identifier id_pkinit_auth_data      = "1.3.6.1.5.2.3.1"_oid;
inline constexpr object_identifier id_pkinit_dh_key_data    = "1.3.6.1.5.2.3.2"_oid;
inline constexpr object_identifier id_pkinit_rkey_data      = "1.3.6.1.5.2.3.3"_oid;
inline constexpr object_identifier id_pkinit_kp_client_auth = "1.3.6.1.5.2.3.4"_oid;
inline constexpr object_identifier id_pkinit_kp_kdc         = "1.3.6.1.5.2.3.5"_oid;
inline constexpr object_identifier id_pkinit_san            = "1.3.6.1.5.2.2"_oid;
// RFC 8636
inline constexpr object_identifier id_pkinit_kdf_ah_sha1    = "1.3.6.1.5.2.3.6.1"_oid;
inline constexpr object_identifier id_pkinit_kdf_ah_sha256  = "1.3.6.1.5.2.3.6.2"_oid;
inline constexpr object_identifier id_pkinit_kdf_ah_sha512  = "1.3.6.1.5.2.3.6.3"_oid;
inline constexpr object_identifier id_pkinit_kdf_ah_sha384  = "1.3.6.1.5.2.3.6.4"_oid;

/// ExternalPrincipalIdentifier, RFC 4556 section 3.2.1: identifies a certificate or its authority
/// in one of three ways.
struct ExternalPrincipalIdentifier {
  std::optional<bytes_view> subject_name;
  std::optional<bytes_view> issuer_and_serial_number;
  std::optional<bytes_view> subject_key_identifier;
  asn1::extension_fields    extensions;

  static consteval auto asn1() {
    using T = ExternalPrincipalIdentifier;
    using namespace kerb::asn1;
    return sequence("ExternalPrincipalIdentifier",
      implicit<0>("subjectName",           &T::subject_name),
      implicit<1>("issuerAndSerialNumber", &T::issuer_and_serial_number),
      implicit<2>("subjectKeyIdentifier",  &T::subject_key_identifier),
      extensible(&T::extensions));
  }
};

/// PA-PK-AS-REQ, RFC 4556 section 3.2.1.
struct PaPkAsReq {
  bytes_view                                              signed_auth_pack;  ///< a CMS ContentInfo
  std::optional<sequence_of<ExternalPrincipalIdentifier>> trusted_certifiers;
  std::optional<bytes_view>                               kdc_pk_id;  ///< a CMS SignerIdentifier
  asn1::extension_fields                                  extensions;

  static consteval auto asn1() {
    using T = PaPkAsReq;
    using namespace kerb::asn1;
    return sequence("PA-PK-AS-REQ",
      implicit<0>("signedAuthPack",    &T::signed_auth_pack),
      tag<1>     ("trustedCertifiers", &T::trusted_certifiers),
      implicit<2>("kdcPkId",           &T::kdc_pk_id),
      extensible(&T::extensions));
  }
};

/// PAChecksum2, MS-PKCA section 2.2.3: a digest of the KDC-REQ-BODY by an algorithm other than SHA-1.
struct PaChecksum2 {
  bytes_view          checksum;
  AlgorithmIdentifier algorithm_identifier;

  static consteval auto asn1() {
    using T = PaChecksum2;
    using namespace kerb::asn1;
    return sequence("PAChecksum2",
      tag<0>("checksum",            &T::checksum),
      tag<1>("algorithmIdentifier", &T::algorithm_identifier));
  }
};

/// PKAuthenticator, RFC 4556 section 3.2.1, with the freshnessToken of RFC 8070 and the paChecksum2 of MS-PKCA.
struct PkAuthenticator {
  microseconds               cusec;
  kerberos_time              ctime;
  uint32                     nonce{};
  std::optional<bytes_view>  pa_checksum;  ///< SHA-1 of the KDC-REQ-BODY
  std::optional<bytes_view>  freshness_token;
  std::optional<PaChecksum2> pa_checksum2;
  asn1::extension_fields     extensions;

  static consteval auto asn1() {
    using T = PkAuthenticator;
    using namespace kerb::asn1;
    return sequence("PKAuthenticator",
      tag<0>("cusec",          &T::cusec),
      tag<1>("ctime",          &T::ctime),
      tag<2>("nonce",          &T::nonce),
      tag<3>("paChecksum",     &T::pa_checksum),
      tag<4>("freshnessToken", &T::freshness_token),
      tag<5>("paChecksum2",    &T::pa_checksum2),
      extensible(&T::extensions));
  }
};

/// KDFAlgorithmId, RFC 8636.
struct KdfAlgorithmId {
  object_identifier      kdf_id;
  asn1::extension_fields extensions;

  static consteval auto asn1() {
    using T = KdfAlgorithmId;
    using namespace kerb::asn1;
    return sequence("KDFAlgorithmId",
      tag<0>("kdf-id", &T::kdf_id),
      extensible(&T::extensions));
  }
};

/// AuthPack, RFC 4556 section 3.2.1, with the supportedKDFs of RFC 8636. Without clientPublicValue
/// the client requests public key encryption.
struct AuthPack {
  PkAuthenticator                                 pk_authenticator;
  std::optional<SubjectPublicKeyInfo>             client_public_value;
  std::optional<sequence_of<AlgorithmIdentifier>> supported_cms_types;
  std::optional<bytes_view>                       client_dh_nonce;
  std::optional<sequence_of<KdfAlgorithmId>>      supported_kdfs;
  asn1::extension_fields                          extensions;

  static consteval auto asn1() {
    using T = AuthPack;
    using namespace kerb::asn1;
    return sequence("AuthPack",
      tag<0>("pkAuthenticator",   &T::pk_authenticator),
      tag<1>("clientPublicValue", &T::client_public_value),
      tag<2>("supportedCMSTypes", &T::supported_cms_types),
      tag<3>("clientDHNonce",     &T::client_dh_nonce),
      tag<4>("supportedKDFs",     &T::supported_kdfs),
      extensible(&T::extensions));
  }
};

/// DHRepInfo, RFC 4556 section 3.2.3, with the kdf of RFC 8636.
struct DhRepInfo {
  bytes_view                    dh_signed_data;  ///< a CMS ContentInfo
  std::optional<bytes_view>     server_dh_nonce;
  std::optional<KdfAlgorithmId> kdf;
  asn1::extension_fields        extensions;

  static consteval auto asn1() {
    using T = DhRepInfo;
    using namespace kerb::asn1;
    return sequence("DHRepInfo",
      implicit<0>("dhSignedData",  &T::dh_signed_data),
      tag<1>     ("serverDHNonce", &T::server_dh_nonce),
      tag<2>     ("kdf",           &T::kdf),
      extensible(&T::extensions));
  }
};

/// PA-PK-AS-REP, RFC 4556 section 3.2.3: a DHRepInfo, or the CMS ContentInfo of encKeyPack.
struct PaPkAsRep {
  std::variant<DhRepInfo, bytes_view, asn1::any_value> value;

  static consteval auto asn1() {
    using T = PaPkAsRep;
    using namespace kerb::asn1;
    return choice("PA-PK-AS-REP", &T::value,
      tag<0>     ("dhInfo"),
      implicit<1>("encKeyPack"));
  }
};

/// KDCDHKeyInfo, RFC 4556 section 3.2.3.
struct KdcDhKeyInfo {
  bit_string                   subject_public_key;
  uint32                       nonce{};  ///< 0 if the keys are reused
  std::optional<kerberos_time> dh_key_expiration;
  asn1::extension_fields       extensions;

  static consteval auto asn1() {
    using T = KdcDhKeyInfo;
    using namespace kerb::asn1;
    return sequence("KDCDHKeyInfo",
      tag<0>("subjectPublicKey", &T::subject_public_key),
      tag<1>("nonce",            &T::nonce),
      tag<2>("dhKeyExpiration",  &T::dh_key_expiration),
      extensible(&T::extensions));
  }
};

/// ReplyKeyPack, RFC 4556 section 3.2.3.2. The checksum is over the AS-REQ.
struct ReplyKeyPack {
  EncryptionKey          reply_key;
  Checksum               as_checksum;
  asn1::extension_fields extensions;

  static consteval auto asn1() {
    using T = ReplyKeyPack;
    using namespace kerb::asn1;
    return sequence("ReplyKeyPack",
      tag<0>("replyKey",   &T::reply_key),
      tag<1>("asChecksum", &T::as_checksum),
      extensible(&T::extensions));
  }
};

/// KRB5PrincipalName, RFC 4556 section 3.2.2: a principal in a certificate.
struct Krb5PrincipalName {
  kerberos_realm  realm;
  PrincipalName   principal_name;

  static consteval auto asn1() {
    using T = Krb5PrincipalName;
    using namespace kerb::asn1;
    return sequence("KRB5PrincipalName",
      tag<0>("realm",         &T::realm),
      tag<1>("principalName", &T::principal_name));
  }
};

/// TD-TRUSTED-CERTIFIERS, RFC 4556 section 3.2.2.
using TdTrustedCertifiers = sequence_of<ExternalPrincipalIdentifier>;
/// TD-INVALID-CERTIFICATES, RFC 4556 section 3.2.2.
using TdInvalidCertificates = sequence_of<ExternalPrincipalIdentifier>;
/// AD-INITIAL-VERIFIED-CAS, RFC 4556 section 3.2.3.
using AdInitialVerifiedCas = sequence_of<ExternalPrincipalIdentifier>;
/// TD-DH-PARAMETERS, RFC 4556 section 3.2.2: in the KDC's order of preference.
using TdDhParameters = sequence_of<AlgorithmIdentifier>;
/// TD-CMS-DIGEST-ALGORITHMS-DATA, RFC 8636: in the KDC's order of preference.
using TdCmsDigestAlgorithmsData = sequence_of<AlgorithmIdentifier>;
/// PA-PKINIT-KX, RFC 6112: the KDC's share of an anonymous client's session key, an encrypted EncryptionKey.
using PaPkinitKx = EncryptedData;

/// TD-CERT-DIGEST-ALGORITHMS-DATA, RFC 8636.
struct TdCertDigestAlgorithmsData {
  sequence_of<AlgorithmIdentifier>   allowed_algorithms;
  std::optional<AlgorithmIdentifier> rejected_algorithm;
  asn1::extension_fields             extensions;

  static consteval auto asn1() {
    using T = TdCertDigestAlgorithmsData;
    using namespace kerb::asn1;
    return sequence("TD-CERT-DIGEST-ALGORITHMS-DATA",
      tag<0>("allowedAlgorithms", &T::allowed_algorithms),
      tag<1>("rejectedAlgorithm", &T::rejected_algorithm),
      extensible(&T::extensions));
  }
};

/// OtherInfo, RFC 8636: the input of the key derivation besides the shared secret.
struct OtherInfo {
  AlgorithmIdentifier       algorithm_id;
  bytes_view                party_u_info;  ///< a Krb5PrincipalName, the client
  bytes_view                party_v_info;  ///< a Krb5PrincipalName, the KDC
  std::optional<bytes_view> supp_pub_info;  ///< a PkinitSuppPubInfo
  std::optional<bytes_view> supp_priv_info;

  static consteval auto asn1() {
    using T = OtherInfo;
    using namespace kerb::asn1;
    return sequence("OtherInfo",
      plain ("algorithmID",  &T::algorithm_id),
      tag<0>("partyUInfo",   &T::party_u_info),
      tag<1>("partyVInfo",   &T::party_v_info),
      tag<2>("suppPubInfo",  &T::supp_pub_info),
      redacted(tag<3>("suppPrivInfo", &T::supp_priv_info)));
  }
};

/// PkinitSuppPubInfo, RFC 8636.
struct PkinitSuppPubInfo {
  etype_t                enctype{};
  bytes_view             as_req;
  bytes_view             pk_as_rep;  ///< a PA-PK-AS-REP
  asn1::extension_fields extensions;

  static consteval auto asn1() {
    using T = PkinitSuppPubInfo;
    using namespace kerb::asn1;
    return sequence("PkinitSuppPubInfo",
      tag<0>("enctype",   &T::enctype),
      tag<1>("as-REQ",    &T::as_req),
      tag<2>("pk-as-rep", &T::pk_as_rep),
      extensible(&T::extensions));
  }
};

}  // namespace kerb::inline v0::msg
