// Key usage numbers.
#include <kerb/numbers/key_usage.hpp>

#include "unit/numbers/registry.hpp"

using namespace kerb;

namespace {

constexpr kerb_test::entry<key_usage_t> key_usage_t_registry[] = {
    {key_usage_t::as_req_enc_timestamp, 1, "AS-REQ PA-ENC-TIMESTAMP"},
    {key_usage_t::ticket, 2, "Ticket"},
    {key_usage_t::as_rep_enc_part, 3, "AS-REP encrypted part"},
    {key_usage_t::tgs_req_ad_session, 4, "TGS-REQ AuthorizationData (session key)"},
    {key_usage_t::tgs_req_ad_subkey, 5, "TGS-REQ AuthorizationData (subkey)"},
    {key_usage_t::tgs_req_authenticator_cksum, 6, "TGS-REQ Authenticator cksum"},
    {key_usage_t::tgs_req_authenticator, 7, "TGS-REQ Authenticator"},
    {key_usage_t::tgs_rep_enc_part_session, 8, "TGS-REP encrypted part (session key)"},
    {key_usage_t::tgs_rep_enc_part_subkey, 9, "TGS-REP encrypted part (subkey)"},
    {key_usage_t::ap_req_authenticator_cksum, 10, "AP-REQ Authenticator cksum"},
    {key_usage_t::ap_req_authenticator, 11, "AP-REQ Authenticator"},
    {key_usage_t::ap_rep_enc_part, 12, "AP-REP encrypted part"},
    {key_usage_t::krb_priv_enc_part, 13, "KRB-PRIV encrypted part"},
    {key_usage_t::krb_cred_enc_part, 14, "KRB-CRED encrypted part"},
    {key_usage_t::krb_safe_cksum, 15, "KRB-SAFE cksum"},
    {key_usage_t::kerb_non_kerb_salt, 16, "KERB_NON_KERB_SALT"},
    {key_usage_t::pa_for_user_cksum, 17, "PA-FOR-USER checksum"},
    {key_usage_t::ad_kdc_issued_cksum, 19, "AD-KDC-ISSUED checksum"},
    {key_usage_t::gss_acceptor_seal, 22, "KG-USAGE-ACCEPTOR-SEAL"},
    {key_usage_t::gss_acceptor_sign, 23, "KG-USAGE-ACCEPTOR-SIGN"},
    {key_usage_t::gss_initiator_seal, 24, "KG-USAGE-INITIATOR-SEAL"},
    {key_usage_t::gss_initiator_sign, 25, "KG-USAGE-INITIATOR-SIGN"},
    {key_usage_t::pa_s4u_x509_user_request, 26, "PA-S4U-X509-USER checksum in a request"},
    {key_usage_t::pa_s4u_x509_user_reply, 27, "PA-S4U-X509-USER checksum in a reply"},
    {key_usage_t::pku2u_finished, 41, "KEY_USAGE_FINISHED"},
    {key_usage_t::iakerb_finished_old, 42, "KEY_USAGE_IAKERB_FINISHED"},
    {key_usage_t::pa_pkinit_kx, 44, "KEY_USAGE_PA_PKINIT_KX"},
    {key_usage_t::otp_request, 45, "KEY_USAGE_OTP_REQUEST"},
    {key_usage_t::fast_req_cksum, 50, "KEY_USAGE_FAST_REQ_CHKSUM"},
    {key_usage_t::fast_enc, 51, "KEY_USAGE_FAST_ENC"},
    {key_usage_t::fast_rep, 52, "KEY_USAGE_FAST_REP"},
    {key_usage_t::fast_finished, 53, "KEY_USAGE_FAST_FINISHED"},
    {key_usage_t::enc_challenge_client, 54, "KEY_USAGE_ENC_CHALLENGE_CLIENT"},
    {key_usage_t::enc_challenge_kdc, 55, "KEY_USAGE_ENC_CHALLENGE_KDC"},
    {key_usage_t::as_req, 56, "KEY_USAGE_AS_REQ"},
    {key_usage_t::cammac, 64, "KEY_USAGE_CAMMAC"},
    {key_usage_t::spake, 65, "KEY_USAGE_SPAKE"},
    {key_usage_t::application_seal, 1024, "application encryption"},
    {key_usage_t::application_cksum, 1025, "application checksum"},
};
KERB_BOTH("key_usage_t: key usages have the registered numbers and names, no two the same", "[numbers][rfc4120-7.5.1]",
          (kerb_test::as_registered<key_usage_t_registry>));
// krb5/krb5 commit 04f9c19c98: IAKERB's finished message has the usage of KRB5_KEYUSAGE_FINISHED
KERB_BOTH("key_usage_t: IAKERB's finished message has PKU2U's number, not the one of MIT krb5 before 1.22", "[numbers]",
          [] {
            return key_usage_t::iakerb_finished == static_cast<key_usage_t>(41) &&
                   key_usage_t::iakerb_finished == key_usage_t::pku2u_finished &&
                   key_usage_t::iakerb_finished_old == static_cast<key_usage_t>(42);
          });
KERB_BOTH("key_usage_t: a number without a name is a value like any other", "[numbers][rfc4120-7.5.1]",
          (kerb_test::is_open<key_usage_t>));
TEST_CASE("key_usage_t: nothing else has a name", "[numbers][rfc4120-7.5.1]") {
  CHECK(kerb_test::is_complete<key_usage_t_registry>());
}

}  // namespace
