// The KRB-ERROR code of each error: what a KDC, a service or a session's program tells the peer.
#pragma once
#include "../core/error.hpp"
#include "../numbers/error_code.hpp"

namespace kerb::inline v0 {

namespace detail {
struct krb_error_row {
  errc why;
  error_code_t code;
};
/// The table behind to_krb_error(). An errc that is not in it has KRB_ERR_GENERIC.
inline constexpr krb_error_row krb_errors[] = {
    {errc::frame_too_long, error_code_t::krb_err_field_toolong},
    {errc::unexpected_message, error_code_t::krb_ap_err_msg_type},
    {errc::name_mismatch, error_code_t::krb_ap_err_badmatch},
    {errc::address_mismatch, error_code_t::krb_ap_err_badaddr},
    {errc::clock_skew, error_code_t::krb_ap_err_skew},
    {errc::ticket_expired, error_code_t::krb_ap_err_tkt_expired},
    {errc::ticket_not_yet_valid, error_code_t::krb_ap_err_tkt_nyv},
    {errc::replayed, error_code_t::krb_ap_err_repeat},
    {errc::bad_order, error_code_t::krb_ap_err_badorder},
    {errc::no_freshness, error_code_t::krb_ap_err_modified},
    {errc::wrong_service, error_code_t::krb_ap_err_not_us},
    {errc::no_key, error_code_t::krb_ap_err_nokey},
    {errc::bad_key_version, error_code_t::krb_ap_err_badkeyver},
    {errc::inappropriate_checksum, error_code_t::krb_ap_err_inapp_cksum},
    {errc::mutual_required, error_code_t::krb_ap_err_mut_fail},
    {errc::session_key_ticket, error_code_t::krb_ap_err_no_tgt},
    {errc::anonymous_client, error_code_t::krb_ap_err_principal_unknown},
    {errc::well_known_name, error_code_t::krb_ap_err_principal_unknown},
    {errc::path_not_checked, error_code_t::krb_ap_path_not_accepted},
    {errc::path_not_accepted, error_code_t::krb_ap_path_not_accepted},
    {errc::bad_transited, error_code_t::krb_ap_path_not_accepted},
    {errc::not_sealed, error_code_t::krb_ap_err_bad_integrity},
    {errc::integrity, error_code_t::krb_ap_err_bad_integrity},
    {errc::unsupported_etype, error_code_t::kdc_err_etype_nosupp},
    {errc::unsupported_cksum, error_code_t::krb_ap_err_inapp_cksum},
    {errc::weak_etype, error_code_t::kdc_err_etype_nosupp},
    {errc::bad_key_length, error_code_t::kdc_err_etype_nosupp},

    {errc::client_unknown, error_code_t::kdc_err_c_principal_unknown},
    {errc::wrong_realm, error_code_t::kdc_err_wrong_realm},
    {errc::client_locked, error_code_t::kdc_err_client_revoked},
    {errc::client_not_yet_valid, error_code_t::kdc_err_client_notyet},
    {errc::client_expired, error_code_t::kdc_err_name_exp},
    {errc::password_expired, error_code_t::kdc_err_key_expired},
    {errc::preauth_required, error_code_t::kdc_err_preauth_required},
    {errc::no_common_etype, error_code_t::kdc_err_etype_nosupp},
    {errc::server_not_named, error_code_t::kdc_err_s_principal_unknown},
    {errc::server_unknown, error_code_t::kdc_err_s_principal_unknown},
    {errc::not_a_server, error_code_t::kdc_err_s_principal_unknown},
    {errc::server_locked, error_code_t::kdc_err_service_revoked},
    {errc::server_not_yet_valid, error_code_t::kdc_err_service_notyet},
    {errc::server_expired, error_code_t::kdc_err_service_exp},
    {errc::initial_ticket_required, error_code_t::kdc_err_policy},
    {errc::preauth_ticket_required, error_code_t::kdc_err_policy},
    {errc::must_use_user_to_user, error_code_t::kdc_err_must_use_user2user},
    {errc::user_to_user_forbidden, error_code_t::kdc_err_policy},
    {errc::no_header_ticket, error_code_t::kdc_err_padata_type_nosupp},
    {errc::request_modified, error_code_t::krb_ap_err_modified},
    {errc::fast_removed, error_code_t::krb_ap_err_modified},
    {errc::armor_ticket, error_code_t::kdc_err_policy},
    {errc::own_client_from_elsewhere, error_code_t::kdc_err_policy},
    {errc::server_mismatch, error_code_t::kdc_err_server_nomatch},
    {errc::second_ticket_missing, error_code_t::kdc_err_badoption},
    {errc::second_ticket_not_tgt, error_code_t::kdc_err_policy},
    {errc::second_ticket_mismatch, error_code_t::kdc_err_server_nomatch},
    {errc::etype_not_allowed, error_code_t::kdc_err_etype_nosupp},
    {errc::option_not_allowed, error_code_t::kdc_err_badoption},
    {errc::options_contradict, error_code_t::kdc_err_badoption},
    {errc::flag_not_in_ticket, error_code_t::kdc_err_badoption},
    {errc::not_renewable, error_code_t::kdc_err_badoption},
    {errc::renewal_forbidden, error_code_t::kdc_err_policy},
    {errc::forwarding_forbidden, error_code_t::kdc_err_policy},
    {errc::already_valid, error_code_t::kdc_err_policy},
    {errc::anonymity_not_supported, error_code_t::kdc_err_badoption},
    {errc::anonymity_required, error_code_t::kdc_err_badoption},
    {errc::user_to_user_not_supported, error_code_t::kdc_err_badoption},
    {errc::delegation_not_supported, error_code_t::kdc_err_badoption},
    {errc::cannot_postdate, error_code_t::kdc_err_cannot_postdate},
    {errc::starts_too_late, error_code_t::kdc_err_cannot_postdate},
    {errc::starts_in_future, error_code_t::kdc_err_cannot_postdate},
    {errc::never_valid, error_code_t::kdc_err_never_valid},
    {errc::address_not_allowed, error_code_t::kdc_err_policy},
    {errc::impersonation_not_supported, error_code_t::kdc_err_padata_type_nosupp},
    {errc::fast_not_supported, error_code_t::kdc_err_padata_type_nosupp},
    {errc::mandatory_for_kdc, error_code_t::kdc_err_policy},
    {errc::authdata_not_carried, error_code_t::kdc_err_policy},
    {errc::unknown_transited_type, error_code_t::kdc_err_trtype_nosupp},
    {errc::initial_flag_needed, error_code_t::kdc_err_policy},
    {errc::database_unavailable, error_code_t::kdc_err_svc_unavailable},
    {errc::reply_too_long, error_code_t::krb_err_response_too_big},
    {errc::server_has_no_key, error_code_t::kdc_err_etype_nosupp},
};
}  // namespace detail

/// The code of the KRB-ERROR that tells the peer of this error. A KDC's exchange and an acceptor
/// put it into `refused`; a program sends it for a message of a session that it refuses
/// (RFC 4120 sections 3.4.2, 3.5.2 and 3.6.2). KRB_ERR_GENERIC if no other code fits.
constexpr error_code_t to_krb_error(const error& e) {
  const std::string_view type = e.type, field = e.field;
  switch (e.code) {  // where the RFC has a second code, the place of the error selects it
    case errc::wrong_constant:
      return field == "msg-type" ? error_code_t::krb_ap_err_msg_type : error_code_t::krb_ap_err_badversion;
    case errc::unexpected_tag:  // of a whole message: it is another one
      if (e.offset == 0 && type.starts_with("KRB-")) return error_code_t::krb_ap_err_msg_type;
      break;
    case errc::well_known_name:  // RFC 6111 section 3
      if (field == "crealm") return error_code_t::krb_ap_err_realm_unknown;
      break;
    case errc::integrity:  // sections 3.4.2 and 3.5.2: a checksum in the clear, not a seal
      if (type == "KRB-SAFE") return error_code_t::krb_ap_err_modified;
      break;
    case errc::replay_unknown:  // of an AP-REQ or a TGS-REQ: the client may try again later. Section 3.4.2 names no
                                // code
      if (type == "Authenticator") return error_code_t::kdc_err_svc_unavailable;
      break;
    default: break;
  }
  for (const detail::krb_error_row& row : detail::krb_errors)
    if (row.why == e.code) return row.code;
  return error_code_t::krb_err_generic;
}

}  // namespace kerb::inline v0
