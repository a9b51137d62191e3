// Every type of include/kerb/msg that is decoded whole, under the name of its ASN.1 module.
#pragma once
#include <kerb/messages.hpp>
#include <string_view>
#include <tuple>

namespace kerb_test {

template <class T>
struct kind {
  using type = T;
  const char* name;
};

/// For tests that hold of every type; a new type is added here, and at the end: fuzz corpora count from the front.
inline constexpr auto kinds = [] {
  using namespace kerb::msg;
  return std::tuple{
      kind<AsReq>{"AS-REQ"},
      kind<TgsReq>{"TGS-REQ"},
      kind<AsRep>{"AS-REP"},
      kind<TgsRep>{"TGS-REP"},
      kind<ApReq>{"AP-REQ"},
      kind<ApRep>{"AP-REP"},
      kind<KrbError>{"KRB-ERROR"},
      kind<Ticket>{"Ticket"},
      kind<EncTicketPart>{"EncTicketPart"},
      kind<EncAsRepPart>{"EncASRepPart"},
      kind<EncTgsRepPart>{"EncTGSRepPart"},
      kind<Authenticator>{"Authenticator"},
      kind<EncApRepPart>{"EncAPRepPart"},
      kind<KdcReqBody>{"KDC-REQ-BODY"},
      kind<PaEncTsEnc>{"PA-ENC-TS-ENC"},
      kind<MethodData>{"METHOD-DATA"},
      kind<EtypeInfo>{"ETYPE-INFO"},
      kind<EtypeInfo2>{"ETYPE-INFO2"},
      kind<AuthorizationData>{"AuthorizationData"},
      kind<EncryptedData>{"EncryptedData"},
      kind<EncryptionKey>{"EncryptionKey"},
      kind<Checksum>{"Checksum"},
      kind<PrincipalName>{"PrincipalName"},
      kind<HostAddresses>{"HostAddresses"},
      kind<LastReq>{"LastReq"},
      kind<TransitedEncoding>{"TransitedEncoding"},
      kind<KrbSafe>{"KRB-SAFE"},
      kind<KrbSafeBody>{"KRB-SAFE-BODY"},
      kind<KrbPriv>{"KRB-PRIV"},
      kind<EncKrbPrivPart>{"EncKrbPrivPart"},
      kind<KrbCred>{"KRB-CRED"},
      kind<EncKrbCredPart>{"EncKrbCredPart"},
      kind<AdKdcIssued>{"AD-KDCIssued"},
      kind<AdAndOr>{"AD-AND-OR"},
      kind<EtypeList>{"EtypeList"},
      kind<AdLoginAlias>{"AD-LOGIN-ALIAS"},
      kind<TypedData>{"TYPED-DATA"},
      kind<PaAuthenticationSet>{"PA-AUTHENTICATION-SET"},
      kind<KrbFastArmor>{"KrbFastArmor"},
      kind<PaFxFastRequest>{"PA-FX-FAST-REQUEST"},
      kind<KrbFastReq>{"KrbFastReq"},
      kind<PaFxFastReply>{"PA-FX-FAST-REPLY"},
      kind<KrbFastFinished>{"KrbFastFinished"},
      kind<KrbFastResponse>{"KrbFastResponse"},
      kind<PaPkAsReq>{"PA-PK-AS-REQ"},
      kind<AuthPack>{"AuthPack"},
      kind<PaPkAsRep>{"PA-PK-AS-REP"},
      kind<KdcDhKeyInfo>{"KDCDHKeyInfo"},
      kind<ReplyKeyPack>{"ReplyKeyPack"},
      kind<Krb5PrincipalName>{"KRB5PrincipalName"},
      kind<TdTrustedCertifiers>{"TD-TRUSTED-CERTIFIERS"},
      kind<TdDhParameters>{"TD-DH-PARAMETERS"},
      kind<TdCertDigestAlgorithmsData>{"TD-CERT-DIGEST-ALGORITHMS-DATA"},
      kind<OtherInfo>{"OtherInfo"},
      kind<PkinitSuppPubInfo>{"PkinitSuppPubInfo"},
      kind<PaSpake>{"PA-SPAKE"},
      kind<SpakeSecondFactor>{"SPAKESecondFactor"},
      kind<OtpTokenInfo>{"OTP-TOKENINFO"},
      kind<PaOtpChallenge>{"PA-OTP-CHALLENGE"},
      kind<PaOtpRequest>{"PA-OTP-REQUEST"},
      kind<PaOtpEncRequest>{"PA-OTP-ENC-REQUEST"},
      kind<PaOtpPinChange>{"PA-OTP-PIN-CHANGE"},
      kind<AdCammac>{"AD-CAMMAC"},
      kind<AdAuthenticationIndicator>{"AD-AUTHENTICATION-INDICATOR"},
      kind<NegotiationToken>{"NegotiationToken"},
      kind<NegotiationToken2>{"NegotiationToken2"},
      kind<KerbPaPacRequest>{"KERB-PA-PAC-REQUEST"},
      kind<PaPacOptions>{"PA-PAC-OPTIONS"},
      kind<KerbErrorData>{"KERB-ERROR-DATA"},
      kind<KerbAdRestrictionEntry>{"KERB-AD-RESTRICTION-ENTRY"},
      kind<KerbKeyListRep>{"KERB-KEY-LIST-REP"},
      kind<KerbSupersededByUser>{"KERB-SUPERSEDED-BY-USER"},
      kind<KerbDmsaKeyPackage>{"KERB-DMSA-KEY-PACKAGE"},
      kind<PaForUser>{"PA-FOR-USER"},
      kind<PaS4uX509User>{"PA-S4U-X509-USER"},
      kind<KdcProxyMessage>{"KDC-PROXY-MESSAGE"},
      kind<ChangePasswdData>{"ChangePasswdData"},
      kind<KerbTgtRequest>{"KERB-TGT-REQUEST"},
      kind<KerbTgtReply>{"KERB-TGT-REPLY"},
      kind<IakerbHeader>{"IAKERB-HEADER"},
      kind<IakerbFinished>{"IAKERB-FINISHED"},
      kind<PaSamChallenge2>{"PA-SAM-CHALLENGE-2"},
      kind<SecureCookie>{"SecureCookie"},
      kind<PaSvrReferralData>{"PA-SVR-REFERRAL-DATA"},
      kind<ServerReferralData>{"ServerReferralData"},
      kind<PaSamChallenge2Body>{"PA-SAM-CHALLENGE-2-BODY"},
      kind<PaSamResponse2>{"PA-SAM-RESPONSE-2"},
      kind<PaEncSamResponseEnc2>{"PA-ENC-SAM-RESPONSE-ENC-2"},
      kind<KerbAdRestrictions>{"KERB-AD-RESTRICTIONS"},
  };
}();
inline constexpr std::size_t kind_count = std::tuple_size_v<decltype(kinds)>;

/// f(kind<T>) for each of them.
template <class F>
constexpr void for_each_kind(F&& f) {
  std::apply([&](const auto&... k) { (f(k), ...); }, kinds);
}
/// f(kind<T>) for the type of that name; whether there is one.
template <class F>
constexpr bool with_kind(std::string_view name, F&& f) {
  return std::apply([&](const auto&... k) { return ((name == k.name && (f(k), true)) || ...); }, kinds);
}

/// Messages by decode, bare lists by decode_as.
template <class T>
constexpr kerb::result<T> decode_kind(kind<T> k, kerb::bytes_view in, kerb::der::rules allowed) {
  if constexpr (kerb::asn1::message<T>) {
    return kerb::asn1::decode<T>(in, allowed);
  } else {
    return kerb::asn1::decode_as<T>(k.name, in, allowed);
  }
}

}  // namespace kerb_test
