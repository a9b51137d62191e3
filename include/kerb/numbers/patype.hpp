// Pre-authentication data and typed data numbers.
#pragma once
#include <cstdint>
#include <string_view>

namespace kerb::inline v0 {

/// Pre-authentication data types, RFC 4120 section 7.5.2 and the registry of RFC 6113 section 7.1.
/// Open: every Int32 is a value.
enum class padata_t : std::int32_t {
  tgs_req = 1,
  enc_timestamp = 2,
  pw_salt = 3,
  enc_unix_time = 5,
  sandia_secureid = 6,
  sesame = 7,
  osf_dce = 8,
  cybersafe_secureid = 9,
  afs3_salt = 10,
  etype_info = 11,
  sam_challenge = 12,
  sam_response = 13,
  pk_as_req_old = 14,
  pk_as_rep_old = 15,
  pk_as_req = 16,
  pk_as_rep = 17,
  pk_ocsp_response = 18,
  etype_info2 = 19,
  svr_referral_info = 20,  ///< RFC 6806 appendix A; PA-USE-SPECIFIED-KVNO in RFC 4120, which is not in use
  sam_redirect = 21,
  td_padata = 22,  ///< PA-GET-FROM-TYPED-DATA when it is in padata
  sam_etype_info = 23,
  alt_princ = 24,
  server_referral = 25,
  sam_challenge2 = 30,
  sam_response2 = 31,
  extra_tgt = 41,
  td_pkinit_cms_certificates = 101,
  td_krb_principal = 102,
  td_krb_realm = 103,
  td_trusted_certifiers = 104,
  td_certificate_index = 105,
  td_app_defined_error = 106,
  td_req_nonce = 107,
  td_req_seq = 108,
  td_dh_parameters = 109,
  td_cms_digest_algorithms = 111,   ///< RFC 8636
  td_cert_digest_algorithms = 112,  ///< RFC 8636
  pac_request = 128,
  for_user = 129,
  for_x509_user = 130,  ///< PA-S4U-X509-USER in MS-SFU
  for_check_dups = 131,
  as_checksum = 132,
  fx_cookie = 133,
  authentication_set = 134,
  auth_set_selected = 135,
  fx_fast = 136,
  fx_error = 137,
  encrypted_challenge = 138,
  otp_challenge = 141,
  otp_request = 142,
  otp_confirm = 143,
  otp_pin_change = 144,
  epak_as_req = 145,
  epak_as_rep = 146,
  pkinit_kx = 147,
  pku2u_name = 148,
  req_enc_pa_rep = 149,
  as_freshness = 150,
  spake = 151,
  redhat_idp_oauth2 = 152,
  redhat_passkey = 153,
  kerb_key_list_req = 161,
  kerb_key_list_rep = 162,
  supported_etypes = 165,  ///< PA-SUPPORTED-ENCTYPES in MS-KILE
  extended_error = 166,
  pac_options = 167,
  superseded_by_user = 170,  ///< MS-KILE section 2.2.13, which does not give the number; Windows Server 2025 sends it
  dmsa_key_package = 171,    ///< MS-KILE section 2.2.14; the same
};

/// The RFC's name ("PA-ENC-TIMESTAMP"); empty for a number without a name.
constexpr std::string_view name_of(padata_t n) {
  switch (n) {
    case padata_t::tgs_req: return "PA-TGS-REQ";
    case padata_t::enc_timestamp: return "PA-ENC-TIMESTAMP";
    case padata_t::pw_salt: return "PA-PW-SALT";
    case padata_t::enc_unix_time: return "PA-ENC-UNIX-TIME";
    case padata_t::sandia_secureid: return "PA-SANDIA-SECUREID";
    case padata_t::sesame: return "PA-SESAME";
    case padata_t::osf_dce: return "PA-OSF-DCE";
    case padata_t::cybersafe_secureid: return "PA-CYBERSAFE-SECUREID";
    case padata_t::afs3_salt: return "PA-AFS3-SALT";
    case padata_t::etype_info: return "PA-ETYPE-INFO";
    case padata_t::sam_challenge: return "PA-SAM-CHALLENGE";
    case padata_t::sam_response: return "PA-SAM-RESPONSE";
    case padata_t::pk_as_req_old: return "PA-PK-AS-REQ_OLD";
    case padata_t::pk_as_rep_old: return "PA-PK-AS-REP_OLD";
    case padata_t::pk_as_req: return "PA-PK-AS-REQ";
    case padata_t::pk_as_rep: return "PA-PK-AS-REP";
    case padata_t::pk_ocsp_response: return "PA-PK-OCSP-RESPONSE";
    case padata_t::etype_info2: return "PA-ETYPE-INFO2";
    case padata_t::svr_referral_info: return "PA-SVR-REFERRAL-INFO";
    case padata_t::sam_redirect: return "PA-SAM-REDIRECT";
    case padata_t::td_padata: return "TD-PADATA";
    case padata_t::sam_etype_info: return "PA-SAM-ETYPE-INFO";
    case padata_t::alt_princ: return "PA-ALT-PRINC";
    case padata_t::server_referral: return "PA-SERVER-REFERRAL";
    case padata_t::sam_challenge2: return "PA-SAM-CHALLENGE2";
    case padata_t::sam_response2: return "PA-SAM-RESPONSE2";
    case padata_t::extra_tgt: return "PA-EXTRA-TGT";
    case padata_t::td_pkinit_cms_certificates: return "TD-PKINIT-CMS-CERTIFICATES";
    case padata_t::td_krb_principal: return "TD-KRB-PRINCIPAL";
    case padata_t::td_krb_realm: return "TD-KRB-REALM";
    case padata_t::td_trusted_certifiers: return "TD-TRUSTED-CERTIFIERS";
    case padata_t::td_certificate_index: return "TD-CERTIFICATE-INDEX";
    case padata_t::td_app_defined_error: return "TD-APP-DEFINED-ERROR";
    case padata_t::td_req_nonce: return "TD-REQ-NONCE";
    case padata_t::td_req_seq: return "TD-REQ-SEQ";
    case padata_t::td_dh_parameters: return "TD-DH-PARAMETERS";
    case padata_t::td_cms_digest_algorithms: return "TD-CMS-DIGEST-ALGORITHMS";
    case padata_t::td_cert_digest_algorithms: return "TD-CERT-DIGEST-ALGORITHMS";
    case padata_t::pac_request: return "PA-PAC-REQUEST";
    case padata_t::for_user: return "PA-FOR-USER";
    case padata_t::for_x509_user: return "PA-FOR-X509-USER";
    case padata_t::for_check_dups: return "PA-FOR-CHECK_DUPS";
    case padata_t::as_checksum: return "PA-AS-CHECKSUM";
    case padata_t::fx_cookie: return "PA-FX-COOKIE";
    case padata_t::authentication_set: return "PA-AUTHENTICATION-SET";
    case padata_t::auth_set_selected: return "PA-AUTH-SET-SELECTED";
    case padata_t::fx_fast: return "PA-FX-FAST";
    case padata_t::fx_error: return "PA-FX-ERROR";
    case padata_t::encrypted_challenge: return "PA-ENCRYPTED-CHALLENGE";
    case padata_t::otp_challenge: return "PA-OTP-CHALLENGE";
    case padata_t::otp_request: return "PA-OTP-REQUEST";
    case padata_t::otp_confirm: return "PA-OTP-CONFIRM";
    case padata_t::otp_pin_change: return "PA-OTP-PIN-CHANGE";
    case padata_t::epak_as_req: return "PA-EPAK-AS-REQ";
    case padata_t::epak_as_rep: return "PA-EPAK-AS-REP";
    case padata_t::pkinit_kx: return "PA_PKINIT_KX";
    case padata_t::pku2u_name: return "PA_PKU2U_NAME";
    case padata_t::req_enc_pa_rep: return "PA-REQ-ENC-PA-REP";
    case padata_t::as_freshness: return "PA_AS_FRESHNESS";
    case padata_t::spake: return "PA-SPAKE";
    case padata_t::redhat_idp_oauth2: return "PA-REDHAT-IDP-OAUTH2";
    case padata_t::redhat_passkey: return "PA-REDHAT-PASSKEY";
    case padata_t::kerb_key_list_req: return "KERB-KEY-LIST-REQ";
    case padata_t::kerb_key_list_rep: return "KERB-KEY-LIST-REP";
    case padata_t::supported_etypes: return "PA-SUPPORTED-ETYPES";
    case padata_t::extended_error: return "PA-EXTENDED_ERROR";
    case padata_t::pac_options: return "PA-PAC-OPTIONS";
    case padata_t::superseded_by_user: return "KERB-SUPERSEDED-BY-USER";
    case padata_t::dmsa_key_package: return "KERB-DMSA-KEY-PACKAGE";
    default: return "";
  }
}

}  // namespace kerb::inline v0
