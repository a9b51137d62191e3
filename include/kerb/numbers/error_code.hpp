// KRB-ERROR codes.
#pragma once
#include <cstdint>
#include <string_view>

namespace kerb::inline v0 {

/// KRB-ERROR codes, RFC 4120 section 7.5.9 and later documents. Open: every Int32 is a value.
enum class error_code_t : std::int32_t {
  kdc_err_none = 0,
  kdc_err_name_exp = 1,
  kdc_err_service_exp = 2,
  kdc_err_bad_pvno = 3,
  kdc_err_c_old_mast_kvno = 4,
  kdc_err_s_old_mast_kvno = 5,
  kdc_err_c_principal_unknown = 6,
  kdc_err_s_principal_unknown = 7,
  kdc_err_principal_not_unique = 8,
  kdc_err_null_key = 9,
  kdc_err_cannot_postdate = 10,
  kdc_err_never_valid = 11,
  kdc_err_policy = 12,
  kdc_err_badoption = 13,
  kdc_err_etype_nosupp = 14,
  kdc_err_sumtype_nosupp = 15,
  kdc_err_padata_type_nosupp = 16,
  kdc_err_trtype_nosupp = 17,
  kdc_err_client_revoked = 18,
  kdc_err_service_revoked = 19,
  kdc_err_tgt_revoked = 20,
  kdc_err_client_notyet = 21,
  kdc_err_service_notyet = 22,
  kdc_err_key_expired = 23,
  kdc_err_preauth_failed = 24,
  kdc_err_preauth_required = 25,
  kdc_err_server_nomatch = 26,
  kdc_err_must_use_user2user = 27,
  kdc_err_path_not_accepted = 28,
  kdc_err_svc_unavailable = 29,
  krb_ap_err_bad_integrity = 31,
  krb_ap_err_tkt_expired = 32,
  krb_ap_err_tkt_nyv = 33,
  krb_ap_err_repeat = 34,
  krb_ap_err_not_us = 35,
  krb_ap_err_badmatch = 36,
  krb_ap_err_skew = 37,
  krb_ap_err_badaddr = 38,
  krb_ap_err_badversion = 39,
  krb_ap_err_msg_type = 40,
  krb_ap_err_modified = 41,
  krb_ap_err_badorder = 42,
  krb_ap_err_badkeyver = 44,
  krb_ap_err_nokey = 45,
  krb_ap_err_mut_fail = 46,
  krb_ap_err_baddirection = 47,
  krb_ap_err_method = 48,
  krb_ap_err_badseq = 49,
  krb_ap_err_inapp_cksum = 50,
  krb_ap_path_not_accepted = 51,
  krb_err_response_too_big = 52,
  krb_err_generic = 60,
  krb_err_field_toolong = 61,
  kdc_err_client_not_trusted = 62,
  kdc_error_kdc_not_trusted = 63,
  kdc_err_invalid_sig = 64,
  kdc_err_dh_key_parameters_not_accepted = 65,
  kdc_err_certificate_mismatch = 66,
  krb_ap_err_no_tgt = 67,
  kdc_err_wrong_realm = 68,
  krb_ap_err_user_to_user_required = 69,
  kdc_err_cant_verify_certificate = 70,
  kdc_err_invalid_certificate = 71,
  kdc_err_revoked_certificate = 72,
  kdc_err_revocation_status_unknown = 73,
  kdc_err_revocation_status_unavailable = 74,
  kdc_err_client_name_mismatch = 75,
  kdc_err_kdc_name_mismatch = 76,
  kdc_err_inconsistent_key_purpose = 77,
  kdc_err_digest_in_cert_not_accepted = 78,
  kdc_err_pa_checksum_must_be_included = 79,
  kdc_err_digest_in_signed_data_not_accepted = 80,
  kdc_err_public_key_encryption_not_supported = 81,
  krb_ap_err_principal_unknown = 82,
  krb_ap_err_realm_unknown = 83,
  krb_ap_err_principal_reserved = 84,
  krb_ap_err_iakerb_kdc_not_found = 85,
  krb_ap_err_iakerb_kdc_no_response = 86,
  kdc_err_preauth_expired = 90,
  kdc_err_more_preauth_data_required = 91,
  kdc_err_preauth_bad_authentication_set = 92,
  kdc_err_unknown_critical_fast_options = 93,
  kdc_err_no_acceptable_kdf = 100,
};

/// The RFC's name ("KDC_ERR_PREAUTH_REQUIRED"); empty for a number without a name. 62, 64 and 65
/// have the names of RFC 4556 section 3.1.3; RFC 4120 only reserved them, under other names.
constexpr std::string_view name_of(error_code_t n) {
  switch (n) {
    case error_code_t::kdc_err_none: return "KDC_ERR_NONE";
    case error_code_t::kdc_err_name_exp: return "KDC_ERR_NAME_EXP";
    case error_code_t::kdc_err_service_exp: return "KDC_ERR_SERVICE_EXP";
    case error_code_t::kdc_err_bad_pvno: return "KDC_ERR_BAD_PVNO";
    case error_code_t::kdc_err_c_old_mast_kvno: return "KDC_ERR_C_OLD_MAST_KVNO";
    case error_code_t::kdc_err_s_old_mast_kvno: return "KDC_ERR_S_OLD_MAST_KVNO";
    case error_code_t::kdc_err_c_principal_unknown: return "KDC_ERR_C_PRINCIPAL_UNKNOWN";
    case error_code_t::kdc_err_s_principal_unknown: return "KDC_ERR_S_PRINCIPAL_UNKNOWN";
    case error_code_t::kdc_err_principal_not_unique: return "KDC_ERR_PRINCIPAL_NOT_UNIQUE";
    case error_code_t::kdc_err_null_key: return "KDC_ERR_NULL_KEY";
    case error_code_t::kdc_err_cannot_postdate: return "KDC_ERR_CANNOT_POSTDATE";
    case error_code_t::kdc_err_never_valid: return "KDC_ERR_NEVER_VALID";
    case error_code_t::kdc_err_policy: return "KDC_ERR_POLICY";
    case error_code_t::kdc_err_badoption: return "KDC_ERR_BADOPTION";
    case error_code_t::kdc_err_etype_nosupp: return "KDC_ERR_ETYPE_NOSUPP";
    case error_code_t::kdc_err_sumtype_nosupp: return "KDC_ERR_SUMTYPE_NOSUPP";
    case error_code_t::kdc_err_padata_type_nosupp: return "KDC_ERR_PADATA_TYPE_NOSUPP";
    case error_code_t::kdc_err_trtype_nosupp: return "KDC_ERR_TRTYPE_NOSUPP";
    case error_code_t::kdc_err_client_revoked: return "KDC_ERR_CLIENT_REVOKED";
    case error_code_t::kdc_err_service_revoked: return "KDC_ERR_SERVICE_REVOKED";
    case error_code_t::kdc_err_tgt_revoked: return "KDC_ERR_TGT_REVOKED";
    case error_code_t::kdc_err_client_notyet: return "KDC_ERR_CLIENT_NOTYET";
    case error_code_t::kdc_err_service_notyet: return "KDC_ERR_SERVICE_NOTYET";
    case error_code_t::kdc_err_key_expired: return "KDC_ERR_KEY_EXPIRED";
    case error_code_t::kdc_err_preauth_failed: return "KDC_ERR_PREAUTH_FAILED";
    case error_code_t::kdc_err_preauth_required: return "KDC_ERR_PREAUTH_REQUIRED";
    case error_code_t::kdc_err_server_nomatch: return "KDC_ERR_SERVER_NOMATCH";
    case error_code_t::kdc_err_must_use_user2user: return "KDC_ERR_MUST_USE_USER2USER";
    case error_code_t::kdc_err_path_not_accepted: return "KDC_ERR_PATH_NOT_ACCEPTED";
    case error_code_t::kdc_err_svc_unavailable: return "KDC_ERR_SVC_UNAVAILABLE";
    case error_code_t::krb_ap_err_bad_integrity: return "KRB_AP_ERR_BAD_INTEGRITY";
    case error_code_t::krb_ap_err_tkt_expired: return "KRB_AP_ERR_TKT_EXPIRED";
    case error_code_t::krb_ap_err_tkt_nyv: return "KRB_AP_ERR_TKT_NYV";
    case error_code_t::krb_ap_err_repeat: return "KRB_AP_ERR_REPEAT";
    case error_code_t::krb_ap_err_not_us: return "KRB_AP_ERR_NOT_US";
    case error_code_t::krb_ap_err_badmatch: return "KRB_AP_ERR_BADMATCH";
    case error_code_t::krb_ap_err_skew: return "KRB_AP_ERR_SKEW";
    case error_code_t::krb_ap_err_badaddr: return "KRB_AP_ERR_BADADDR";
    case error_code_t::krb_ap_err_badversion: return "KRB_AP_ERR_BADVERSION";
    case error_code_t::krb_ap_err_msg_type: return "KRB_AP_ERR_MSG_TYPE";
    case error_code_t::krb_ap_err_modified: return "KRB_AP_ERR_MODIFIED";
    case error_code_t::krb_ap_err_badorder: return "KRB_AP_ERR_BADORDER";
    case error_code_t::krb_ap_err_badkeyver: return "KRB_AP_ERR_BADKEYVER";
    case error_code_t::krb_ap_err_nokey: return "KRB_AP_ERR_NOKEY";
    case error_code_t::krb_ap_err_mut_fail: return "KRB_AP_ERR_MUT_FAIL";
    case error_code_t::krb_ap_err_baddirection: return "KRB_AP_ERR_BADDIRECTION";
    case error_code_t::krb_ap_err_method: return "KRB_AP_ERR_METHOD";
    case error_code_t::krb_ap_err_badseq: return "KRB_AP_ERR_BADSEQ";
    case error_code_t::krb_ap_err_inapp_cksum: return "KRB_AP_ERR_INAPP_CKSUM";
    case error_code_t::krb_ap_path_not_accepted: return "KRB_AP_PATH_NOT_ACCEPTED";
    case error_code_t::krb_err_response_too_big: return "KRB_ERR_RESPONSE_TOO_BIG";
    case error_code_t::krb_err_generic: return "KRB_ERR_GENERIC";
    case error_code_t::krb_err_field_toolong: return "KRB_ERR_FIELD_TOOLONG";
    case error_code_t::kdc_err_client_not_trusted: return "KDC_ERR_CLIENT_NOT_TRUSTED";
    case error_code_t::kdc_error_kdc_not_trusted: return "KDC_ERROR_KDC_NOT_TRUSTED";
    case error_code_t::kdc_err_invalid_sig: return "KDC_ERR_INVALID_SIG";
    case error_code_t::kdc_err_dh_key_parameters_not_accepted: return "KDC_ERR_DH_KEY_PARAMETERS_NOT_ACCEPTED";
    case error_code_t::kdc_err_certificate_mismatch: return "KDC_ERR_CERTIFICATE_MISMATCH";
    case error_code_t::krb_ap_err_no_tgt: return "KRB_AP_ERR_NO_TGT";
    case error_code_t::kdc_err_wrong_realm: return "KDC_ERR_WRONG_REALM";
    case error_code_t::krb_ap_err_user_to_user_required: return "KRB_AP_ERR_USER_TO_USER_REQUIRED";
    case error_code_t::kdc_err_cant_verify_certificate: return "KDC_ERR_CANT_VERIFY_CERTIFICATE";
    case error_code_t::kdc_err_invalid_certificate: return "KDC_ERR_INVALID_CERTIFICATE";
    case error_code_t::kdc_err_revoked_certificate: return "KDC_ERR_REVOKED_CERTIFICATE";
    case error_code_t::kdc_err_revocation_status_unknown: return "KDC_ERR_REVOCATION_STATUS_UNKNOWN";
    case error_code_t::kdc_err_revocation_status_unavailable: return "KDC_ERR_REVOCATION_STATUS_UNAVAILABLE";
    case error_code_t::kdc_err_client_name_mismatch: return "KDC_ERR_CLIENT_NAME_MISMATCH";
    case error_code_t::kdc_err_kdc_name_mismatch: return "KDC_ERR_KDC_NAME_MISMATCH";
    case error_code_t::kdc_err_inconsistent_key_purpose: return "KDC_ERR_INCONSISTENT_KEY_PURPOSE";
    case error_code_t::kdc_err_digest_in_cert_not_accepted: return "KDC_ERR_DIGEST_IN_CERT_NOT_ACCEPTED";
    case error_code_t::kdc_err_pa_checksum_must_be_included: return "KDC_ERR_PA_CHECKSUM_MUST_BE_INCLUDED";
    case error_code_t::kdc_err_digest_in_signed_data_not_accepted: return "KDC_ERR_DIGEST_IN_SIGNED_DATA_NOT_ACCEPTED";
    case error_code_t::kdc_err_public_key_encryption_not_supported:
      return "KDC_ERR_PUBLIC_KEY_ENCRYPTION_NOT_SUPPORTED";
    case error_code_t::krb_ap_err_principal_unknown: return "KRB_AP_ERR_PRINCIPAL_UNKNOWN";
    case error_code_t::krb_ap_err_realm_unknown: return "KRB_AP_ERR_REALM_UNKNOWN";
    case error_code_t::krb_ap_err_principal_reserved: return "KRB_AP_ERR_PRINCIPAL_RESERVED";
    case error_code_t::krb_ap_err_iakerb_kdc_not_found: return "KRB_AP_ERR_IAKERB_KDC_NOT_FOUND";
    case error_code_t::krb_ap_err_iakerb_kdc_no_response: return "KRB_AP_ERR_IAKERB_KDC_NO_RESPONSE";
    case error_code_t::kdc_err_preauth_expired: return "KDC_ERR_PREAUTH_EXPIRED";
    case error_code_t::kdc_err_more_preauth_data_required: return "KDC_ERR_MORE_PREAUTH_DATA_REQUIRED";
    case error_code_t::kdc_err_preauth_bad_authentication_set: return "KDC_ERR_PREAUTH_BAD_AUTHENTICATION_SET";
    case error_code_t::kdc_err_unknown_critical_fast_options: return "KDC_ERR_UNKNOWN_CRITICAL_FAST_OPTIONS";
    case error_code_t::kdc_err_no_acceptable_kdf: return "KDC_ERR_NO_ACCEPTABLE_KDF";
    default: return "";
  }
}

}  // namespace kerb::inline v0
