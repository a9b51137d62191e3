// The named bits of KDCOptions, TicketFlags and APOptions.
#pragma once
#include <cstdint>
#include <string_view>

namespace kerb::inline v0 {

/// KDCOptions, RFC 4120 section 5.4.1, with cname-in-addl-tkt of MS-SFU section 2.2.3, canonicalize
/// of RFC 6806 section 3 and request-anonymous of RFC 6112.
enum class kdc_option_t : unsigned {
  forwardable = 1,
  forwarded = 2,
  proxiable = 3,
  proxy = 4,
  allow_postdate = 5,
  postdated = 6,
  renewable = 8,
  opt_hardware_auth = 11,
  cname_in_addl_tkt = 14,
  canonicalize = 15,
  request_anonymous = 16,
  disable_transited_check = 26,
  renewable_ok = 27,
  enc_tkt_in_skey = 28,
  renew = 30,
  validate = 31,
};

/// The RFC's name ("forwardable"); empty for a number without a name.
constexpr std::string_view name_of(kdc_option_t n) {
  switch (n) {
    case kdc_option_t::forwardable: return "forwardable";
    case kdc_option_t::forwarded: return "forwarded";
    case kdc_option_t::proxiable: return "proxiable";
    case kdc_option_t::proxy: return "proxy";
    case kdc_option_t::allow_postdate: return "allow-postdate";
    case kdc_option_t::postdated: return "postdated";
    case kdc_option_t::renewable: return "renewable";
    case kdc_option_t::opt_hardware_auth: return "opt-hardware-auth";
    case kdc_option_t::cname_in_addl_tkt: return "cname-in-addl-tkt";
    case kdc_option_t::canonicalize: return "canonicalize";
    case kdc_option_t::request_anonymous: return "request-anonymous";
    case kdc_option_t::disable_transited_check: return "disable-transited-check";
    case kdc_option_t::renewable_ok: return "renewable-ok";
    case kdc_option_t::enc_tkt_in_skey: return "enc-tkt-in-skey";
    case kdc_option_t::renew: return "renew";
    case kdc_option_t::validate: return "validate";
    default: return "";
  }
}

/// TicketFlags, RFC 4120 section 5.3, with enc-pa-rep of RFC 6806 section 11 and anonymous of RFC 6112.
enum class ticket_flag_t : unsigned {
  forwardable = 1,
  forwarded = 2,
  proxiable = 3,
  proxy = 4,
  may_postdate = 5,
  postdated = 6,
  invalid = 7,
  renewable = 8,
  initial = 9,
  pre_authent = 10,
  hw_authent = 11,
  transited_policy_checked = 12,
  ok_as_delegate = 13,
  enc_pa_rep = 15,
  anonymous = 16,
};

/// The RFC's name ("forwardable"); empty for a number without a name.
constexpr std::string_view name_of(ticket_flag_t n) {
  switch (n) {
    case ticket_flag_t::forwardable: return "forwardable";
    case ticket_flag_t::forwarded: return "forwarded";
    case ticket_flag_t::proxiable: return "proxiable";
    case ticket_flag_t::proxy: return "proxy";
    case ticket_flag_t::may_postdate: return "may-postdate";
    case ticket_flag_t::postdated: return "postdated";
    case ticket_flag_t::invalid: return "invalid";
    case ticket_flag_t::renewable: return "renewable";
    case ticket_flag_t::initial: return "initial";
    case ticket_flag_t::pre_authent: return "pre-authent";
    case ticket_flag_t::hw_authent: return "hw-authent";
    case ticket_flag_t::transited_policy_checked: return "transited-policy-checked";
    case ticket_flag_t::ok_as_delegate: return "ok-as-delegate";
    case ticket_flag_t::enc_pa_rep: return "enc-pa-rep";
    case ticket_flag_t::anonymous: return "anonymous";
    default: return "";
  }
}

/// APOptions, RFC 4120 section 5.5.1.
enum class ap_option_t : unsigned {
  use_session_key = 1,
  mutual_required = 2,
};

/// The RFC's name ("mutual-required"); empty for a number without a name.
constexpr std::string_view name_of(ap_option_t n) {
  switch (n) {
    case ap_option_t::use_session_key: return "use-session-key";
    case ap_option_t::mutual_required: return "mutual-required";
    default: return "";
  }
}

}  // namespace kerb::inline v0
