// Pre-authentication and typed data numbers.
#include <kerb/numbers/patype.hpp>

#include "unit/numbers/registry.hpp"

using namespace kerb;

namespace {

constexpr kerb_test::entry<padata_t> padata_t_registry[] = {
    {padata_t::tgs_req, 1, "PA-TGS-REQ"},
    {padata_t::enc_timestamp, 2, "PA-ENC-TIMESTAMP"},
    {padata_t::pw_salt, 3, "PA-PW-SALT"},
    {padata_t::enc_unix_time, 5, "PA-ENC-UNIX-TIME"},
    {padata_t::sandia_secureid, 6, "PA-SANDIA-SECUREID"},
    {padata_t::sesame, 7, "PA-SESAME"},
    {padata_t::osf_dce, 8, "PA-OSF-DCE"},
    {padata_t::cybersafe_secureid, 9, "PA-CYBERSAFE-SECUREID"},
    {padata_t::afs3_salt, 10, "PA-AFS3-SALT"},
    {padata_t::etype_info, 11, "PA-ETYPE-INFO"},
    {padata_t::sam_challenge, 12, "PA-SAM-CHALLENGE"},
    {padata_t::sam_response, 13, "PA-SAM-RESPONSE"},
    {padata_t::pk_as_req_old, 14, "PA-PK-AS-REQ_OLD"},
    {padata_t::pk_as_rep_old, 15, "PA-PK-AS-REP_OLD"},
    {padata_t::pk_as_req, 16, "PA-PK-AS-REQ"},
    {padata_t::pk_as_rep, 17, "PA-PK-AS-REP"},
    {padata_t::pk_ocsp_response, 18, "PA-PK-OCSP-RESPONSE"},
    {padata_t::etype_info2, 19, "PA-ETYPE-INFO2"},
    {padata_t::svr_referral_info, 20, "PA-SVR-REFERRAL-INFO"},
    {padata_t::sam_redirect, 21, "PA-SAM-REDIRECT"},
    {padata_t::td_padata, 22, "TD-PADATA"},
    {padata_t::sam_etype_info, 23, "PA-SAM-ETYPE-INFO"},
    {padata_t::alt_princ, 24, "PA-ALT-PRINC"},
    {padata_t::server_referral, 25, "PA-SERVER-REFERRAL"},
    {padata_t::sam_challenge2, 30, "PA-SAM-CHALLENGE2"},
    {padata_t::sam_response2, 31, "PA-SAM-RESPONSE2"},
    {padata_t::extra_tgt, 41, "PA-EXTRA-TGT"},
    {padata_t::td_pkinit_cms_certificates, 101, "TD-PKINIT-CMS-CERTIFICATES"},
    {padata_t::td_krb_principal, 102, "TD-KRB-PRINCIPAL"},
    {padata_t::td_krb_realm, 103, "TD-KRB-REALM"},
    {padata_t::td_trusted_certifiers, 104, "TD-TRUSTED-CERTIFIERS"},
    {padata_t::td_certificate_index, 105, "TD-CERTIFICATE-INDEX"},
    {padata_t::td_app_defined_error, 106, "TD-APP-DEFINED-ERROR"},
    {padata_t::td_req_nonce, 107, "TD-REQ-NONCE"},
    {padata_t::td_req_seq, 108, "TD-REQ-SEQ"},
    {padata_t::td_dh_parameters, 109, "TD-DH-PARAMETERS"},
    {padata_t::td_cms_digest_algorithms, 111, "TD-CMS-DIGEST-ALGORITHMS"},
    {padata_t::td_cert_digest_algorithms, 112, "TD-CERT-DIGEST-ALGORITHMS"},
    {padata_t::pac_request, 128, "PA-PAC-REQUEST"},
    {padata_t::for_user, 129, "PA-FOR-USER"},
    {padata_t::for_x509_user, 130, "PA-FOR-X509-USER"},
    {padata_t::for_check_dups, 131, "PA-FOR-CHECK_DUPS"},
    {padata_t::as_checksum, 132, "PA-AS-CHECKSUM"},
    {padata_t::fx_cookie, 133, "PA-FX-COOKIE"},
    {padata_t::authentication_set, 134, "PA-AUTHENTICATION-SET"},
    {padata_t::auth_set_selected, 135, "PA-AUTH-SET-SELECTED"},
    {padata_t::fx_fast, 136, "PA-FX-FAST"},
    {padata_t::fx_error, 137, "PA-FX-ERROR"},
    {padata_t::encrypted_challenge, 138, "PA-ENCRYPTED-CHALLENGE"},
    {padata_t::otp_challenge, 141, "PA-OTP-CHALLENGE"},
    {padata_t::otp_request, 142, "PA-OTP-REQUEST"},
    {padata_t::otp_confirm, 143, "PA-OTP-CONFIRM"},
    {padata_t::otp_pin_change, 144, "PA-OTP-PIN-CHANGE"},
    {padata_t::epak_as_req, 145, "PA-EPAK-AS-REQ"},
    {padata_t::epak_as_rep, 146, "PA-EPAK-AS-REP"},
    {padata_t::pkinit_kx, 147, "PA_PKINIT_KX"},
    {padata_t::pku2u_name, 148, "PA_PKU2U_NAME"},
    {padata_t::req_enc_pa_rep, 149, "PA-REQ-ENC-PA-REP"},
    {padata_t::as_freshness, 150, "PA_AS_FRESHNESS"},
    {padata_t::spake, 151, "PA-SPAKE"},
    {padata_t::redhat_idp_oauth2, 152, "PA-REDHAT-IDP-OAUTH2"},
    {padata_t::redhat_passkey, 153, "PA-REDHAT-PASSKEY"},
    {padata_t::kerb_key_list_req, 161, "KERB-KEY-LIST-REQ"},
    {padata_t::kerb_key_list_rep, 162, "KERB-KEY-LIST-REP"},
    {padata_t::supported_etypes, 165, "PA-SUPPORTED-ETYPES"},
    {padata_t::extended_error, 166, "PA-EXTENDED_ERROR"},
    {padata_t::pac_options, 167, "PA-PAC-OPTIONS"},
    {padata_t::superseded_by_user, 170, "KERB-SUPERSEDED-BY-USER"},
    {padata_t::dmsa_key_package, 171, "KERB-DMSA-KEY-PACKAGE"},
};
KERB_BOTH("padata_t: pre-authentication and typed data have the registered numbers and names, no two the same",
          "[numbers][rfc4120-7.5.2][rfc6113-7.1]", (kerb_test::as_registered<padata_t_registry>));
KERB_BOTH("padata_t: a number without a name is a value like any other", "[numbers][rfc4120-7.5.2][rfc6113-7.1]",
          (kerb_test::is_open<padata_t>));
TEST_CASE("padata_t: nothing else has a name", "[numbers][rfc4120-7.5.2][rfc6113-7.1]") {
  CHECK(kerb_test::is_complete<padata_t_registry>());
}

}  // namespace
