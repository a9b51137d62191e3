// KRB-ERROR codes.
#include <kerb/numbers/error_code.hpp>

#include "unit/numbers/registry.hpp"

using namespace kerb;

namespace {

constexpr kerb_test::entry<error_code_t> error_code_t_registry[] = {
    {error_code_t::kdc_err_none, 0, "KDC_ERR_NONE"},
    {error_code_t::kdc_err_c_principal_unknown, 6, "KDC_ERR_C_PRINCIPAL_UNKNOWN"},
    {error_code_t::kdc_err_s_principal_unknown, 7, "KDC_ERR_S_PRINCIPAL_UNKNOWN"},
    {error_code_t::kdc_err_etype_nosupp, 14, "KDC_ERR_ETYPE_NOSUPP"},
    {error_code_t::kdc_err_key_expired, 23, "KDC_ERR_KEY_EXPIRED"},
    {error_code_t::kdc_err_preauth_failed, 24, "KDC_ERR_PREAUTH_FAILED"},
    {error_code_t::kdc_err_preauth_required, 25, "KDC_ERR_PREAUTH_REQUIRED"},
    {error_code_t::kdc_err_must_use_user2user, 27, "KDC_ERR_MUST_USE_USER2USER"},
    {error_code_t::krb_ap_err_bad_integrity, 31, "KRB_AP_ERR_BAD_INTEGRITY"},
    {error_code_t::krb_ap_err_tkt_expired, 32, "KRB_AP_ERR_TKT_EXPIRED"},
    {error_code_t::krb_ap_err_repeat, 34, "KRB_AP_ERR_REPEAT"},
    {error_code_t::krb_ap_err_skew, 37, "KRB_AP_ERR_SKEW"},
    {error_code_t::krb_ap_err_modified, 41, "KRB_AP_ERR_MODIFIED"},
    {error_code_t::krb_ap_err_inapp_cksum, 50, "KRB_AP_ERR_INAPP_CKSUM"},
    {error_code_t::krb_err_response_too_big, 52, "KRB_ERR_RESPONSE_TOO_BIG"},
    {error_code_t::krb_err_generic, 60, "KRB_ERR_GENERIC"},
    {error_code_t::krb_err_field_toolong, 61, "KRB_ERR_FIELD_TOOLONG"},
    {error_code_t::kdc_err_wrong_realm, 68, "KDC_ERR_WRONG_REALM"},
    {error_code_t::krb_ap_err_user_to_user_required, 69, "KRB_AP_ERR_USER_TO_USER_REQUIRED"},
    {error_code_t::kdc_err_preauth_expired, 90, "KDC_ERR_PREAUTH_EXPIRED"},
    {error_code_t::kdc_err_more_preauth_data_required, 91, "KDC_ERR_MORE_PREAUTH_DATA_REQUIRED"},
    {error_code_t::kdc_err_unknown_critical_fast_options, 93, "KDC_ERR_UNKNOWN_CRITICAL_FAST_OPTIONS"},
};
KERB_BOTH("error_code_t: error codes have the registered numbers and names", "[numbers][rfc4120-7.5.9]",
          (kerb_test::as_registered<error_code_t_registry>));
KERB_BOTH("error_code_t: a number without a name is a value like any other", "[numbers][rfc4120-7.5.9]",
          (kerb_test::is_open<error_code_t>));
TEST_CASE("error_code_t: 80 numbers have names, no two the same", "[numbers][rfc4120-7.5.9]") {
  kerb_test::names_differ<error_code_t>(80);
}

}  // namespace
