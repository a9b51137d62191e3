// Authorization data type numbers.
#pragma once
#include <cstdint>
#include <string_view>

namespace kerb::inline v0 {

/// Authorization data types, RFC 4120 section 7.5.4 and later documents, among them MS-KILE section
/// 3.1.5.5. Open: every Int32 is a value.
enum class ad_t : std::int32_t {
  if_relevant = 1,
  intended_for_server = 2,
  intended_for_application_class = 3,
  kdc_issued = 4,
  and_or = 5,
  mandatory_ticket_extensions = 6,
  in_ticket_extensions = 7,
  mandatory_for_kdc = 8,
  initial_verified_cas = 9,
  osf_dce = 64,
  sesame = 65,
  osf_dce_pki_certid = 66,
  authentication_strength = 70,
  fx_fast_armor = 71,
  fx_fast_used = 72,
  login_alias = 80,  ///< RFC 6806 section 6
  cammac = 96,
  authentication_indicator = 97,
  win2k_pac = 128,
  etype_negotiation = 129,
  kerb_auth_data_token_restrictions = 141,
  kerb_auth_data_loopback = 142,
  ad_auth_data_ap_options = 143,
  kerb_auth_data_client_target = 144,
};

/// The RFC's name ("AD-IF-RELEVANT"); empty for a number without a name.
constexpr std::string_view name_of(ad_t n) {
  switch (n) {
    case ad_t::if_relevant: return "AD-IF-RELEVANT";
    case ad_t::intended_for_server: return "AD-INTENDED-FOR-SERVER";
    case ad_t::intended_for_application_class: return "AD-INTENDED-FOR-APPLICATION-CLASS";
    case ad_t::kdc_issued: return "AD-KDC-ISSUED";
    case ad_t::and_or: return "AD-AND-OR";
    case ad_t::mandatory_ticket_extensions: return "AD-MANDATORY-TICKET-EXTENSIONS";
    case ad_t::in_ticket_extensions: return "AD-IN-TICKET-EXTENSIONS";
    case ad_t::mandatory_for_kdc: return "AD-MANDATORY-FOR-KDC";
    case ad_t::initial_verified_cas: return "AD-INITIAL-VERIFIED-CAS";
    case ad_t::osf_dce: return "OSF-DCE";
    case ad_t::sesame: return "SESAME";
    case ad_t::osf_dce_pki_certid: return "AD-OSF-DCE-PKI-CERTID";
    case ad_t::authentication_strength: return "AD-authentication-strength";
    case ad_t::fx_fast_armor: return "AD-fx-fast-armor";
    case ad_t::fx_fast_used: return "AD-fx-fast-used";
    case ad_t::login_alias: return "AD-LOGIN-ALIAS";
    case ad_t::cammac: return "AD-CAMMAC";
    case ad_t::authentication_indicator: return "AD-AUTHENTICATION-INDICATOR";
    case ad_t::win2k_pac: return "AD-WIN2K-PAC";
    case ad_t::etype_negotiation: return "AD-ETYPE-NEGOTIATION";
    case ad_t::kerb_auth_data_token_restrictions: return "KERB_AUTH_DATA_TOKEN_RESTRICTIONS";
    case ad_t::kerb_auth_data_loopback: return "KERB_AUTH_DATA_LOOPBACK";
    case ad_t::ad_auth_data_ap_options: return "AD-AUTH-DATA-AP-OPTIONS";
    case ad_t::kerb_auth_data_client_target: return "KERB_AUTH_DATA_CLIENT_TARGET";
    default: return "";
  }
}

}  // namespace kerb::inline v0
