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
    {key_usage_t::ad_kdc_issued_cksum, 19, "AD-KDC-ISSUED checksum"},
    {key_usage_t::gss_acceptor_seal, 22, "GSS acceptor seal"},
    {key_usage_t::gss_acceptor_sign, 23, "GSS acceptor sign"},
    {key_usage_t::gss_initiator_seal, 24, "GSS initiator seal"},
    {key_usage_t::gss_initiator_sign, 25, "GSS initiator sign"},
    {key_usage_t::fast_req_cksum, 50, "KEY_USAGE_FAST_REQ_CHKSUM"},
    {key_usage_t::enc_challenge_kdc, 55, "KEY_USAGE_ENC_CHALLENGE_KDC"},
    {key_usage_t::as_req, 56, "KEY_USAGE_AS_REQ"},
    {key_usage_t::application_seal, 1024, "application encryption"},
    {key_usage_t::application_cksum, 1025, "application checksum"},
};
KERB_BOTH("key_usage_t: key usages have the registered numbers and names", "[numbers][rfc4120-7.5.1]",
          (kerb_test::as_registered<key_usage_t_registry>));
KERB_BOTH("key_usage_t: a number without a name is a value like any other", "[numbers][rfc4120-7.5.1]",
          (kerb_test::is_open<key_usage_t>));
TEST_CASE("key_usage_t: 30 numbers have names, no two the same", "[numbers][rfc4120-7.5.1]") {
  kerb_test::names_differ<key_usage_t>(30);
}

}  // namespace
