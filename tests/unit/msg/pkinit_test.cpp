// PKINIT.
#include <kerb/msg/pkinit.hpp>

#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::every_field_is_named;
using kerb_test::field_line;
using kerb_test::reference;
using kerb_test::refuses;

namespace {

constexpr std::array<std::uint8_t, 2> ab{0xaa, 0xbb};
constexpr bool is_text(bytes_view octets, std::string_view text) { return kerberos_string{octets} == text; }

constexpr bytes_view req = reference("PA-PK-AS-REQ: pa_pk_as_req");

constexpr bool requests() {
  const auto r = kerb_test::must(asn1::decode<msg::PaPkAsReq>(req, der::strict));
  const msg::ExternalPrincipalIdentifier ca = *r.trusted_certifiers->begin();
  return is_text(r.signed_auth_pack, "krb5data") && r.trusted_certifiers->size() == 1 && ca.subject_name &&
         is_text(*ca.issuer_and_serial_number, "krb5data") && ca.subject_key_identifier && r.kdc_pk_id &&
         is_text(*r.kdc_pk_id, "krb5data") && both_ways(r, req);
}
KERB_BOTH("reference: PA-PK-AS-REQ", "[msg][rfc4556-3.2.1]", requests);

constexpr bool request_faults() {
  return refuses<msg::PaPkAsReq>(kerb_test::copy_of(req).set(2, 0xa0).view(), errc::missing_field, 2, "PA-PK-AS-REQ",
                                 "signedAuthPack") &&
         refuses<msg::PaPkAsReq>(kerb_test::copy_of(req).set(14, 0x04).view(), errc::unexpected_tag, 14, "PA-PK-AS-REQ",
                                 "trustedCertifiers") &&
         refuses<msg::PaPkAsReq>(kerb_test::copy_of(req).set(48, 0xa2).view(), errc::trailing_data, 48, "PA-PK-AS-REQ",
                                 "");
}
KERB_BOTH("PA-PK-AS-REQ: IMPLICIT keeps a type's form, EXPLICIT does not", "[msg][rfc4556-3.2.1]", request_faults);

constexpr bool replies() {
  constexpr bytes_view dh = reference("PA-PK-AS-REP: pa_pk_as_rep(dhInfo)");
  constexpr bytes_view key = reference("PA-PK-AS-REP: pa_pk_as_rep(encKeyPack)");
  const auto d = kerb_test::must(asn1::decode<msg::PaPkAsRep>(dh, der::strict));
  const auto k = kerb_test::must(asn1::decode<msg::PaPkAsRep>(key, der::strict));
  const auto* info = std::get_if<msg::DhRepInfo>(&d.value);
  return info != nullptr && is_text(info->dh_signed_data, "krb5data") && is_text(*info->server_dh_nonce, "krb5data") &&
         info->kdf && info->kdf->kdf_id == "2.27.114.98.53.100.97.116.97"_oid && both_ways(d, dh) &&
         k.value.index() == 1 && is_text(std::get<1>(k.value), "krb5data") && both_ways(k, key);
}
KERB_BOTH("reference: PA-PK-AS-REP", "[msg][rfc4556-3.2.3]", replies);

constexpr bool keys() {
  constexpr bytes_view in = reference("KDCDHKeyInfo: kdc_dh_key_info");
  const auto k = kerb_test::must(asn1::decode<msg::KdcDhKeyInfo>(in, der::strict));
  constexpr field_line lines[] = {{0, "subjectPublicKey", true}, {1, "nonce", true}, {2, "dhKeyExpiration", false}};
  return is_text(k.subject_public_key.octets, "krb5data") && k.subject_public_key.unused == 0 && k.nonce == 42 &&
         k.dh_key_expiration == kerberos_time{771228197} && both_ways(k, in) &&
         every_field_is_named<msg::KdcDhKeyInfo>(in, 0, "KDCDHKeyInfo", lines);
}
KERB_BOTH("reference: KDCDHKeyInfo", "[msg][rfc4556-3.2.3]", keys);

constexpr bool key_derivation() {
  constexpr bytes_view other = reference("OtherInfo: sp80056a_other_info");
  constexpr bytes_view supp = reference("PkinitSuppPubInfo: pkinit_supp_pub_info");
  const auto o = kerb_test::must(asn1::decode<msg::OtherInfo>(other, der::strict));
  const auto s = kerb_test::must(asn1::decode<msg::PkinitSuppPubInfo>(supp, der::strict));
  const auto client = asn1::decode<msg::Krb5PrincipalName>(o.party_u_info, der::strict);
  return o.algorithm_id.algorithm == "1.2.840.113554.1.2.2"_oid && client && client->realm == "ATHENA.MIT.EDU" &&
         client->principal_name.name_string.size() == 2 && both_ways(*client, o.party_u_info) &&
         o.party_v_info == o.party_u_info && is_text(*o.supp_pub_info, "krb5data") && !o.supp_priv_info &&
         both_ways(o, other) && static_cast<int>(s.enctype) == 20 && is_text(s.as_req, "krb5data") &&
         is_text(s.pk_as_rep, "krb5data") && both_ways(s, supp);
}
KERB_BOTH("reference: OtherInfo, PkinitSuppPubInfo, and the KRB5PrincipalName inside", "[msg][rfc4556-3.2.2]",
          key_derivation);

constexpr bool auth_packs() {
  const auto least = "3025a0233021a003020105a111180f31393730303130313030303030305aa207020500ffffffff"_hex;
  const auto full =
      "308182a0433041a003020105a111180f31393730303130313030303030305aa203020107a3040402aabba403040166a5173015a0040402aabba10d300b0609608648016503040201a1123010300906072a8648ce3e0201030300aabba20f300d300b06092a864886f70d01010ba3040402aabba410300e300ca00a06082b06010502030602"_hex;
  const auto f = asn1::decode<msg::AuthPack>(full, der::strict);
  msg::AuthPack l{};
  l.pk_authenticator.cusec = {5};
  l.pk_authenticator.nonce = 0xffffffff;
  return both_ways(l, least) && f && both_ways(*f, full) && f->pk_authenticator.freshness_token &&
         is_text(*f->pk_authenticator.freshness_token, "f") && f->pk_authenticator.pa_checksum2 &&
         f->pk_authenticator.pa_checksum2->algorithm_identifier.algorithm == "2.16.840.1.101.3.4.2.1"_oid &&
         f->client_public_value && f->client_public_value->subject_public_key.octets == bytes_view(ab) &&
         (*f->supported_kdfs->begin()).kdf_id == msg::id_pkinit_kdf_ah_sha256;
}
KERB_BOTH("AuthPack: with nothing optional, and with agility and freshness", "[msg][rfc4556-3.2.1]", auth_packs);

constexpr bool auth_pack_faults() {
  const auto in =
      "3032a02a3028a003020105a111180f31393730303130313030303030305aa203020107a3040402aabba403040166a3040402aabb"_hex;
  constexpr field_line lines[] = {{0, "pkAuthenticator", true}, {3, "clientDHNonce", false}};
  constexpr field_line inside[] = {{0, "cusec", true},
                                   {1, "ctime", true},
                                   {2, "nonce", true},
                                   {3, "paChecksum", false},
                                   {4, "freshnessToken", false}};
  const auto p = bytes_view(in).subview(4, bytes_view(in).size() - 10);
  return every_field_is_named<msg::AuthPack>(in, 0, "AuthPack", lines) &&
         every_field_is_named<msg::PkAuthenticator>(p, 0, "PKAuthenticator", inside);
}
KERB_BOTH("AuthPack and PKAuthenticator: a fault in any field is named", "[msg][rfc4556-3.2.1]", auth_pack_faults);

constexpr bool packs_and_typed_data() {
  const auto pack = "301ea00d300ba003020112a1040402aabba10d300ba003020110a1040402aabb"_hex;
  const auto digests = "301ba00b3009300706052b0e03021aa10c300a06082a864886f70d0205"_hex;
  constexpr std::array<msg::AlgorithmIdentifier, 1> allowed{{{"1.3.14.3.2.26"_oid, {}}}};
  return both_ways(msg::ReplyKeyPack{{etype_t::aes256_cts_hmac_sha1_96, ab}, {static_cast<cksum_t>(16), ab}, {}},
                   pack) &&
         both_ways(msg::TdCertDigestAlgorithmsData{allowed, msg::AlgorithmIdentifier{"1.2.840.113549.2.5"_oid, {}}, {}},
                   digests);
}
KERB_BOTH("ReplyKeyPack and TD-CERT-DIGEST-ALGORITHMS-DATA: come back", "[msg][rfc4556-3.2.3.2]", packs_and_typed_data);

}  // namespace
