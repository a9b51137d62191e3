// Key usage numbers.
#pragma once
#include <cstdint>
#include <string_view>

namespace kerb::inline v0 {

/// Key usages, RFC 4120 section 7.5.1 and the documents beside the numbers. Open: 1026 to 2047 are
/// for applications.
enum class key_usage_t : std::int32_t {
  as_req_enc_timestamp = 1,         ///< under the client key
  ticket = 2,                       ///< under the service key
  as_rep_enc_part = 3,              ///< under the reply key
  tgs_req_ad_session = 4,           ///< under the session key
  tgs_req_ad_subkey = 5,            ///< under the subkey
  tgs_req_authenticator_cksum = 6,  ///< keyed with the session key
  tgs_req_authenticator = 7,        ///< under the session key
  tgs_rep_enc_part_session = 8,     ///< under the session key
  tgs_rep_enc_part_subkey = 9,      ///< under the subkey
  ap_req_authenticator_cksum = 10,  ///< keyed with the session key
  ap_req_authenticator = 11,        ///< under the session key
  ap_rep_enc_part = 12,             ///< under the session key
  krb_priv_enc_part = 13,           ///< under the application's key
  krb_cred_enc_part = 14,           ///< under the application's key
  krb_safe_cksum = 15,              ///< keyed with the application's key
  kerb_non_kerb_salt = 16,          ///< MS-KILE section 3.1.5.9
  pa_for_user_cksum = 17,           ///< MS-SFU section 2.2.1; KERB_NON_KERB_CKSUM_SALT in MS-KILE
  ad_kdc_issued_cksum = 19,         ///< RFC 4120 section 5.2.6.2
  gss_acceptor_seal = 22,           ///< RFC 4121 section 2
  gss_acceptor_sign = 23,           ///< RFC 4121 section 2
  gss_initiator_seal = 24,          ///< RFC 4121 section 2
  gss_initiator_sign = 25,          ///< RFC 4121 section 2
  pa_s4u_x509_user_request = 26,    ///< MS-SFU section 2.2.2
  pa_s4u_x509_user_reply = 27,      ///< MS-SFU section 2.2.2
  pku2u_finished = 41,              ///< draft-zhu-pku2u-09
  iakerb_finished = 41,             ///< the same number: IAKERB as MIT krb5 from 1.22 on speaks it
  iakerb_finished_old = 42,         ///< IAKERB as MIT krb5 1.8 to 1.21 spoke it, which the draft does not specify
  pa_pkinit_kx = 44,                ///< RFC 6112
  otp_request = 45,                 ///< RFC 6560
  fast_req_cksum = 50,              ///< RFC 6113
  fast_enc = 51,                    ///< RFC 6113
  fast_rep = 52,                    ///< RFC 6113
  fast_finished = 53,               ///< RFC 6113
  enc_challenge_client = 54,        ///< RFC 6113
  enc_challenge_kdc = 55,           ///< RFC 6113
  as_req = 56,                      ///< RFC 6806 section 11
  cammac = 64,                      ///< RFC 7751
  spake = 65,                       ///< RFC 9588
  application_seal = 1024,          ///< for protocols that do not specify a number
  application_cksum = 1025,         ///< for protocols that do not specify a number
};

/// What is encrypted or signed with that usage ("Ticket"); empty for a number without a name.
constexpr std::string_view name_of(key_usage_t n) {
  switch (n) {
    case key_usage_t::as_req_enc_timestamp: return "AS-REQ PA-ENC-TIMESTAMP";
    case key_usage_t::ticket: return "Ticket";
    case key_usage_t::as_rep_enc_part: return "AS-REP encrypted part";
    case key_usage_t::tgs_req_ad_session: return "TGS-REQ AuthorizationData (session key)";
    case key_usage_t::tgs_req_ad_subkey: return "TGS-REQ AuthorizationData (subkey)";
    case key_usage_t::tgs_req_authenticator_cksum: return "TGS-REQ Authenticator cksum";
    case key_usage_t::tgs_req_authenticator: return "TGS-REQ Authenticator";
    case key_usage_t::tgs_rep_enc_part_session: return "TGS-REP encrypted part (session key)";
    case key_usage_t::tgs_rep_enc_part_subkey: return "TGS-REP encrypted part (subkey)";
    case key_usage_t::ap_req_authenticator_cksum: return "AP-REQ Authenticator cksum";
    case key_usage_t::ap_req_authenticator: return "AP-REQ Authenticator";
    case key_usage_t::ap_rep_enc_part: return "AP-REP encrypted part";
    case key_usage_t::krb_priv_enc_part: return "KRB-PRIV encrypted part";
    case key_usage_t::krb_cred_enc_part: return "KRB-CRED encrypted part";
    case key_usage_t::krb_safe_cksum: return "KRB-SAFE cksum";
    case key_usage_t::kerb_non_kerb_salt: return "KERB_NON_KERB_SALT";
    case key_usage_t::pa_for_user_cksum: return "PA-FOR-USER checksum";
    case key_usage_t::ad_kdc_issued_cksum: return "AD-KDC-ISSUED checksum";
    case key_usage_t::gss_acceptor_seal: return "KG-USAGE-ACCEPTOR-SEAL";
    case key_usage_t::gss_acceptor_sign: return "KG-USAGE-ACCEPTOR-SIGN";
    case key_usage_t::gss_initiator_seal: return "KG-USAGE-INITIATOR-SEAL";
    case key_usage_t::gss_initiator_sign: return "KG-USAGE-INITIATOR-SIGN";
    case key_usage_t::pa_s4u_x509_user_request: return "PA-S4U-X509-USER checksum in a request";
    case key_usage_t::pa_s4u_x509_user_reply: return "PA-S4U-X509-USER checksum in a reply";
    case key_usage_t::pku2u_finished: return "KEY_USAGE_FINISHED";
    case key_usage_t::iakerb_finished_old: return "KEY_USAGE_IAKERB_FINISHED";
    case key_usage_t::pa_pkinit_kx: return "KEY_USAGE_PA_PKINIT_KX";
    case key_usage_t::otp_request: return "KEY_USAGE_OTP_REQUEST";
    case key_usage_t::fast_req_cksum: return "KEY_USAGE_FAST_REQ_CHKSUM";
    case key_usage_t::fast_enc: return "KEY_USAGE_FAST_ENC";
    case key_usage_t::fast_rep: return "KEY_USAGE_FAST_REP";
    case key_usage_t::fast_finished: return "KEY_USAGE_FAST_FINISHED";
    case key_usage_t::enc_challenge_client: return "KEY_USAGE_ENC_CHALLENGE_CLIENT";
    case key_usage_t::enc_challenge_kdc: return "KEY_USAGE_ENC_CHALLENGE_KDC";
    case key_usage_t::as_req: return "KEY_USAGE_AS_REQ";
    case key_usage_t::cammac: return "KEY_USAGE_CAMMAC";
    case key_usage_t::spake: return "KEY_USAGE_SPAKE";
    case key_usage_t::application_seal: return "application encryption";
    case key_usage_t::application_cksum: return "application checksum";
    default: return "";
  }
}

}  // namespace kerb::inline v0
