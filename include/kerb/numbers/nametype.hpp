// Principal name type numbers.
#pragma once
#include <cstdint>
#include <string_view>

namespace kerb::inline v0 {

/// Name types, RFC 4120 section 7.5.8. A hint only: comparisons of names ignore it (RFC 4120 section 6.2).
enum class name_t : std::int32_t {
  unknown = 0,
  principal = 1,
  srv_inst = 2,
  srv_hst = 3,
  srv_xhst = 4,
  uid = 5,
  x500_principal = 6,
  smtp_name = 7,
  enterprise = 10,
  wellknown = 11,
  srv_hst_domain = 12,
  ms_principal = -128,
  ms_principal_and_id = -129,
  ent_principal_and_id = -130,
};

/// The RFC's name ("KRB_NT_PRINCIPAL"); empty for a number without a name.
constexpr std::string_view name_of(name_t n) {
  switch (n) {
    case name_t::unknown: return "KRB_NT_UNKNOWN";
    case name_t::principal: return "KRB_NT_PRINCIPAL";
    case name_t::srv_inst: return "KRB_NT_SRV_INST";
    case name_t::srv_hst: return "KRB_NT_SRV_HST";
    case name_t::srv_xhst: return "KRB_NT_SRV_XHST";
    case name_t::uid: return "KRB_NT_UID";
    case name_t::x500_principal: return "KRB_NT_X500_PRINCIPAL";
    case name_t::smtp_name: return "KRB_NT_SMTP_NAME";
    case name_t::enterprise: return "KRB_NT_ENTERPRISE";
    case name_t::wellknown: return "KRB_NT_WELLKNOWN";
    case name_t::srv_hst_domain: return "KRB_NT_SRV_HST_DOMAIN";
    case name_t::ms_principal: return "KRB_NT_MS_PRINCIPAL";
    case name_t::ms_principal_and_id: return "KRB_NT_MS_PRINCIPAL_AND_ID";
    case name_t::ent_principal_and_id: return "KRB_NT_ENT_PRINCIPAL_AND_ID";
    default: return "";
  }
}

}  // namespace kerb::inline v0
