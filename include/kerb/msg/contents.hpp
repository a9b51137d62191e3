// The contents of messages' OCTET STRINGs: the table that lets asn1::describe() follow them.
#pragma once
#include "../asn1/describe.hpp"
#include "../numbers/key_usage.hpp"
#include "ap.hpp"
#include "authdata.hpp"
#include "cammac.hpp"
#include "cred.hpp"
#include "error.hpp"
#include "fast.hpp"
#include "kkdcp.hpp"
#include "ms_kile.hpp"
#include "ms_sfu.hpp"
#include "otp.hpp"
#include "pkinit.hpp"
#include "preauth.hpp"
#include "priv.hpp"
#include "referral.hpp"
#include "safe.hpp"
#include "sam.hpp"
#include "spake.hpp"

namespace kerb::inline v0::msg {

/// A contents table for asn1::describe(). It follows pre-authentication data, authorization data,
/// e-data, armor and proxied messages. For EncryptedData it gives the key usages and the plaintext
/// that are allowed in its place. When a description starts inside a larger message, `from` and
/// `sealed` name the enclosing one.
struct contents {
  enum class side : std::uint8_t { unknown, request, reply, error };
  enum class plaintext : std::uint8_t {
    unknown, ticket, as_rep, tgs_rep, ap_authenticator, tgs_authenticator, authorization_data, ap_rep, priv, cred,
    timestamp, challenge, fast_request, fast_reply, spake_factor, otp_request, session_key,
  };
  side from = side::unknown;
  plaintext sealed = plaintext::unknown;

  template <class T>
  constexpr contents inside() const {
    if constexpr (std::same_as<T, AsReq> || std::same_as<T, KrbFastReq>) return {side::request, sealed};
    else if constexpr (std::same_as<T, TgsReq>) return {side::request, plaintext::tgs_authenticator};
    else if constexpr (std::same_as<T, KdcReqBody>) return {from, plaintext::authorization_data};
    else if constexpr (std::same_as<T, AsRep>) return {side::reply, plaintext::as_rep};
    else if constexpr (std::same_as<T, TgsRep>) return {side::reply, plaintext::tgs_rep};
    else if constexpr (std::same_as<T, EncAsRepPart> || std::same_as<T, EncTgsRepPart>) return {side::reply, sealed};
    else if constexpr (std::same_as<T, KrbFastResponse>) return {side::reply, sealed};
    else if constexpr (std::same_as<T, KrbError>) return {side::error, plaintext::unknown};
    else if constexpr (std::same_as<T, Ticket>) return {from, plaintext::ticket};
    else if constexpr (std::same_as<T, ApReq>)
      return {from, sealed == plaintext::tgs_authenticator ? sealed : plaintext::ap_authenticator};
    else if constexpr (std::same_as<T, ApRep>) return {from, plaintext::ap_rep};
    else if constexpr (std::same_as<T, KrbPriv>) return {from, plaintext::priv};
    else if constexpr (std::same_as<T, KrbCred>) return {from, plaintext::cred};
    else if constexpr (std::same_as<T, KrbFastArmoredReq>) return {side::request, plaintext::fast_request};
    else if constexpr (std::same_as<T, KrbFastArmoredRep>) return {from, plaintext::fast_reply};
    else if constexpr (std::same_as<T, PaSpake>) return {from, plaintext::spake_factor};
    else if constexpr (std::same_as<T, PaOtpRequest>) return {from, plaintext::otp_request};
    else return *this;
  }

  /// EncryptedData: the plaintext types and key usages of RFC 4120 section 7.5.1 and of the
  /// pre-authentication mechanisms.
  template <class Look>
  constexpr void content(const EncryptedData& e, std::string_view, Look& look) const {
    const auto etype = static_cast<std::int32_t>(e.etype);
    const auto sealed_as = [&]<class T>(std::type_identity<T>, const char* name, auto... usage) {
      const std::int32_t usages[] = {static_cast<std::int32_t>(usage)...};
      look.template sealed<T>(name, etype, usages, contents{from});
    };
    using u = key_usage_t;
    switch (sealed) {
      case plaintext::ticket: return sealed_as(std::type_identity<EncTicketPart>{}, "EncTicketPart", u::ticket);
      case plaintext::as_rep:
        return sealed_as(std::type_identity<EncAsRepPart>{}, "EncASRepPart", u::as_rep_enc_part);
      case plaintext::tgs_rep:
        return sealed_as(std::type_identity<EncTgsRepPart>{}, "EncTGSRepPart", u::tgs_rep_enc_part_subkey,
                         u::tgs_rep_enc_part_session);
      case plaintext::ap_authenticator:
        return sealed_as(std::type_identity<Authenticator>{}, "Authenticator", u::ap_req_authenticator,
                         u::tgs_req_authenticator);
      case plaintext::tgs_authenticator:
        return sealed_as(std::type_identity<Authenticator>{}, "Authenticator", u::tgs_req_authenticator);
      case plaintext::authorization_data:
        return sealed_as(std::type_identity<AuthorizationData>{}, "AuthorizationData", u::tgs_req_ad_subkey,
                         u::tgs_req_ad_session);
      case plaintext::ap_rep: return sealed_as(std::type_identity<EncApRepPart>{}, "EncAPRepPart", u::ap_rep_enc_part);
      case plaintext::priv:
        return sealed_as(std::type_identity<EncKrbPrivPart>{}, "EncKrbPrivPart", u::krb_priv_enc_part);
      case plaintext::cred:
        // RFC 6448: with etype 0 the part is not encrypted, because the transport is
        if (etype == 0) return look.template as<EncKrbCredPart>("EncKrbCredPart", contents{from});
        return sealed_as(std::type_identity<EncKrbCredPart>{}, "EncKrbCredPart", u::krb_cred_enc_part);
      case plaintext::timestamp:
        return sealed_as(std::type_identity<PaEncTsEnc>{}, "PA-ENC-TS-ENC", u::as_req_enc_timestamp);
      case plaintext::challenge:
        return sealed_as(std::type_identity<PaEncTsEnc>{}, "PA-ENC-TS-ENC", u::enc_challenge_client,
                         u::enc_challenge_kdc);
      case plaintext::fast_request: return sealed_as(std::type_identity<KrbFastReq>{}, "KrbFastReq", u::fast_enc);
      case plaintext::fast_reply:
        return sealed_as(std::type_identity<KrbFastResponse>{}, "KrbFastResponse", u::fast_rep);
      case plaintext::spake_factor:
        return sealed_as(std::type_identity<SpakeSecondFactor>{}, "SPAKESecondFactor", u::spake);
      case plaintext::otp_request:
        return sealed_as(std::type_identity<PaOtpEncRequest>{}, "PA-OTP-ENC-REQUEST", u::otp_request);
      case plaintext::session_key:
        return sealed_as(std::type_identity<EncryptionKey>{}, "EncryptionKey", u::pa_pkinit_kx);
      default: return look.is(asn1::content::sealed);
    }
  }

  template <class Look>
  constexpr void content(const PaData& p, std::string_view, Look& look) const {
    padata(p.padata_type, look);
  }
  template <class Look>
  constexpr void content(const PaAuthenticationSetElem&, std::string_view, Look&) const {}
  template <class Look>
  constexpr void content(const TypedDataElement& t, std::string_view, Look& look) const {
    switch (t.data_type) {
      case padata_t::td_padata: return look.template as<MethodData>("METHOD-DATA");
      case padata_t::td_krb_principal: return look.template as<PrincipalName>();
      case padata_t::td_trusted_certifiers: return look.template as<TdTrustedCertifiers>("TD-TRUSTED-CERTIFIERS");
      case padata_t::td_certificate_index: return look.template as<TdInvalidCertificates>("TD-INVALID-CERTIFICATES");
      case padata_t::td_dh_parameters: return look.template as<TdDhParameters>("TD-DH-PARAMETERS");
      case padata_t::td_cms_digest_algorithms: return look.template as<TdCmsDigestAlgorithmsData>("TD-CMS-DIGEST-ALGORITHMS-DATA");
      case padata_t::td_cert_digest_algorithms: return look.template as<TdCertDigestAlgorithmsData>();
      default: return padata(t.data_type, look);  // RFC 6113 section 5.3: one space of numbers
    }
  }

  template <class Look>
  constexpr void content(const AuthorizationDataElement& a, std::string_view, Look& look) const {
    switch (a.ad_type) {
      case ad_t::if_relevant: return look.template as<AdIfRelevant>("AD-IF-RELEVANT");
      case ad_t::kdc_issued: return look.template as<AdKdcIssued>();
      case ad_t::and_or: return look.template as<AdAndOr>();
      case ad_t::mandatory_for_kdc: return look.template as<AdMandatoryForKdc>("AD-MANDATORY-FOR-KDC");
      case ad_t::initial_verified_cas: return look.template as<AdInitialVerifiedCas>("AD-INITIAL-VERIFIED-CAS");
      case ad_t::cammac: return look.template as<AdCammac>();
      case ad_t::authentication_indicator:
        return look.template as<AdAuthenticationIndicator>("AD-AUTHENTICATION-INDICATOR");
      case ad_t::etype_negotiation: return look.template as<EtypeList>("EtypeList");
      case ad_t::kerb_auth_data_token_restrictions:
        return look.template as<sequence_of<KerbAdRestrictionEntry>>("KERB-AUTH-DATA-TOKEN-RESTRICTIONS");
      case ad_t::ad_auth_data_ap_options: return look.number(true);
      case ad_t::login_alias: return look.template as<AdLoginAlias>();
      default: return;
    }
  }

  /// The e-data of a KRB-ERROR: METHOD-DATA or TYPED-DATA by RFC 4120 section 5.9.1,
  /// KERB-ERROR-DATA from Windows.
  template <class Look>
  constexpr void content(const KrbError& e, std::string_view, Look& look) const {
    switch (e.error_code) {
      case error_code_t::kdc_err_preauth_required:
      case error_code_t::kdc_err_preauth_failed:
      case error_code_t::kdc_err_more_preauth_data_required:
        look.template as<MethodData>("METHOD-DATA");
        return look.template perhaps<TypedData>("TYPED-DATA");
      default:
        look.template perhaps<TypedData>("TYPED-DATA");
        look.template perhaps<MethodData>("METHOD-DATA");
        return look.template perhaps<KerbErrorData>("KERB-ERROR-DATA");
    }
  }
  template <class Look>
  constexpr void content(const KrbFastArmor& a, std::string_view, Look& look) const {
    if (a.armor_type == armor_t::initiator_params)
      look.template as<ApReq>("AP-REQ", contents{from, plaintext::ap_authenticator});
  }
  template <class Look>
  constexpr void content(const OtherInfo&, std::string_view field, Look& look) const {
    if (field == "partyUInfo" || field == "partyVInfo") look.template as<Krb5PrincipalName>();
    if (field == "suppPubInfo") look.template as<PkinitSuppPubInfo>();
  }
  template <class Look>
  constexpr void content(const PkinitSuppPubInfo&, std::string_view field, Look& look) const {
    if (field == "as-REQ") look.template as<AsReq>();
    else look.template as<PaPkAsRep>();
  }
  /// MS-KKDCP section 2.2.2: after a four-octet length.
  template <class Look>
  constexpr void content(const KdcProxyMessage&, std::string_view, Look& look) const {
    const bytes_view in = look.octets();
    switch (in.size() > 4 ? in[4] : 0) {
      case 0x6a: return look.template as<AsReq>("AS-REQ", {}, 4);
      case 0x6b: return look.template as<AsRep>("AS-REP", {}, 4);
      case 0x6c: return look.template as<TgsReq>("TGS-REQ", {}, 4);
      case 0x6d: return look.template as<TgsRep>("TGS-REP", {}, 4);
      case 0x7e: return look.template as<KrbError>("KRB-ERROR", {}, 4);
      default: return;
    }
  }
  template <class Look>
  constexpr void content(const HostAddress& a, std::string_view, Look& look) const {
    look.is(asn1::content::address, static_cast<std::int32_t>(a.addr_type));
  }
  template <class Look>
  constexpr void content(const TransitedEncoding& t, std::string_view, Look& look) const {
    if (t.tr_type == tr_t::domain_x500_compress) look.is(asn1::content::text);
  }
  template <class Look>
  constexpr void content(const EtypeInfoEntry&, std::string_view, Look& look) const {
    look.is(asn1::content::text);
  }
  /// RFC 3962 section 4, RFC 8009 section 4: the iteration count, four octets.
  template <class Look>
  constexpr void content(const EtypeInfo2Entry&, std::string_view, Look& look) const {
    if (look.octets().size() == 4) look.number(false);
  }
  template <class Look>
  constexpr void content(const PaOtpChallenge&, std::string_view field, Look& look) const {
    if (field == "s2kparams" && look.octets().size() == 4) look.number(false);
  }

  constexpr std::string_view constant(std::string_view field, std::int32_t value) const {
    return field == "msg-type" ? name_of(static_cast<msg_t>(value)) : "";
  }

 private:
  template <class Look>
  constexpr void padata(padata_t type, Look& look) const {
    switch (type) {
      case padata_t::tgs_req: return look.template as<ApReq>("AP-REQ", contents{from, plaintext::tgs_authenticator});
      case padata_t::enc_timestamp:
        return look.template as<EncryptedData>("EncryptedData", contents{from, plaintext::timestamp});
      case padata_t::pw_salt:
      case padata_t::afs3_salt: return look.is(asn1::content::text);
      case padata_t::etype_info: return look.template as<EtypeInfo>("ETYPE-INFO");
      case padata_t::etype_info2: return look.template as<EtypeInfo2>("ETYPE-INFO2");
      case padata_t::pk_as_req: return look.template as<PaPkAsReq>();
      case padata_t::pk_as_rep: return look.template as<PaPkAsRep>();
      case padata_t::sam_challenge2: return look.template as<PaSamChallenge2>();
      case padata_t::sam_response2: return look.template as<PaSamResponse2>();
      case padata_t::svr_referral_info: return look.template as<PaSvrReferralData>();
      case padata_t::pac_request: return look.template as<KerbPaPacRequest>();
      case padata_t::for_user: return look.template as<PaForUser>();
      case padata_t::for_x509_user: return look.template as<PaS4uX509User>();
      case padata_t::authentication_set:
      case padata_t::auth_set_selected: return look.template as<PaAuthenticationSet>("PA-AUTHENTICATION-SET");
      case padata_t::fx_fast:
        if (from == side::request) return look.template as<PaFxFastRequest>();
        look.template as<PaFxFastReply>();
        if (from == side::unknown) look.template as<PaFxFastRequest>();
        return;
      case padata_t::fx_error: return look.template as<KrbError>();
      case padata_t::encrypted_challenge:
        return look.template as<EncryptedData>("EncryptedData", contents{from, plaintext::challenge});
      case padata_t::otp_challenge: return look.template as<PaOtpChallenge>();
      case padata_t::otp_request: return look.template as<PaOtpRequest>();
      case padata_t::otp_pin_change: return look.template as<PaOtpPinChange>();
      case padata_t::pkinit_kx:
        return look.template as<EncryptedData>("EncryptedData", contents{from, plaintext::session_key});
      // RFC 6806 section 11: empty in a request
      case padata_t::req_enc_pa_rep: return look.template as<Checksum>();
      case padata_t::spake: return look.template as<PaSpake>();
      case padata_t::kerb_key_list_req: return look.template as<KerbKeyListReq>("KERB-KEY-LIST-REQ");
      case padata_t::kerb_key_list_rep: return look.template as<KerbKeyListRep>("KERB-KEY-LIST-REP");
      case padata_t::supported_etypes: return look.number(true);  // MS-KILE section 2.2.8
      case padata_t::extended_error: return look.template as<KerbErrorData>();
      case padata_t::pac_options: return look.template as<PaPacOptions>();
      case padata_t::superseded_by_user: return look.template as<KerbSupersededByUser>();
      case padata_t::dmsa_key_package: return look.template as<KerbDmsaKeyPackage>();
      default: return;
    }
  }
};

}  // namespace kerb::inline v0::msg
