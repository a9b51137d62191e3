// What a person can do about an error.
#pragma once
#include <kerb/core/error.hpp>
#include <kerb/numbers/error_code.hpp>
#include <string>

namespace example {

inline std::string_view hint(const kerb::error& e) {
  using kerb::errc;
  using kerb::error_code_t;
  if (e.code == errc::kdc_said_no || e.code == errc::peer_said_no) {
    switch (static_cast<error_code_t>(e.detail)) {
      case error_code_t::kdc_err_c_principal_unknown: return "the KDC does not know the client: check name and realm";
      case error_code_t::kdc_err_s_principal_unknown: return "the KDC does not know the service: check its name";
      case error_code_t::kdc_err_etype_nosupp: return "client, service and KDC have no encryption type in common";
      case error_code_t::kdc_err_client_revoked: return "the account is locked or has expired: ask its administrator";
      case error_code_t::kdc_err_key_expired: return "the password has expired: change it (kpasswd), then try again";
      case error_code_t::kdc_err_preauth_failed: return "the password is wrong, or the account has another one now";
      case error_code_t::kdc_err_policy: return "the KDC's policy forbids it";
      case error_code_t::kdc_err_wrong_realm: return "the client belongs to another realm: ask that realm's KDC";
      case error_code_t::krb_ap_err_bad_integrity: return "the service has another key than the KDC has for it";
      case error_code_t::krb_ap_err_repeat: return "the service has seen this very request before";
      default: return "the other side refused; its log may say more";
    }
  }
  switch (e.code) {
    case errc::clock_skew: return "the clocks differ by more than five minutes: set this machine's clock";
    case errc::integrity: return "a seal does not open: the password is wrong, or something was altered on its way";
    case errc::no_answer: return "nobody answers there: check address and port, and whether a firewall drops it";
    case errc::stream_ended: return "the other side closed the connection too early: try again";
    case errc::no_preauth_mechanism: return "the KDC wants pre-authentication that is not built in here";
    case errc::bad_name_text: return "names are written name/instance@REALM";
    case errc::no_key: return "there is no key of the encryption type that is asked for";
    case errc::bad_key_version: return "the service's key is of another version than the ticket's";
    case errc::bad_s2k_parameters: return "the KDC asks for more, or fewer, iterations than the limits allow";
    case errc::no_space: return "a buffer is too small for the message";
    default: break;
  }
  if (kerb::is_malformed(e.code)) return "that was no Kerberos message: check that a KDC listens at the address";
  return kerb::is_peer_fault(e.code) ? "the answer contradicts the request: do not trust it" : "see the error's name";
}

/// What, and where in which message: for logs.
inline std::string brief(const kerb::error& e) {
  const std::string text(kerb::name_of(e.code));
  return *e.type == '\0' ? text : text + " in " + e.type + (*e.field != '\0' ? std::string(".") + e.field : "");
}
/// One line for people: that, and what to do.
inline std::string explain(const kerb::error& e) {
  std::string text = brief(e);
  if (e.code == kerb::errc::kdc_said_no || e.code == kerb::errc::peer_said_no)
    text += ", " + std::string(name_of(static_cast<kerb::error_code_t>(e.detail)));
  return text + ": " + std::string(hint(e));
}

}  // namespace example
