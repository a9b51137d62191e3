// Why an exchange refuses a request: the reason for its program, and the code for the other side.
#pragma once
#include "krb_error.hpp"

namespace kerb::inline v0::detail {

/// Why a request is refused: `why` for the program, `code` for the client. Code 0: it is not
/// refused.
struct verdict {
  error why{};
  error_code_t code = error_code_t::kdc_err_none;
  constexpr bool ok() const { return code == error_code_t::kdc_err_none; }
};
/// A refusal whose code follows from the reason: to_krb_error().
constexpr verdict no(const error& e) { return {e, to_krb_error(e)}; }
constexpr verdict no(errc c, const char* type, const char* field = "") {
  return no(error{.code = c, .type = type, .field = field});
}
/// A refusal whose code depends on where it happens, besides the reason:
/// - Whatever is wrong with a client's pre-authentication is KDC_ERR_PREAUTH_FAILED, except for a
///   wrong time (KRB_AP_ERR_SKEW) or what a mechanism of the caller decides.
/// - Octets that do not decode although their seal opened are KRB_AP_ERR_BAD_INTEGRITY, and in the
///   checksum of a GSS-API context KRB_AP_ERR_INAPP_CKSUM.
/// - A key that cannot be used is KDC_ERR_ETYPE_NOSUPP, also if the cryptographic library fails.
/// - A KDC has codes of its own for a wrong version (KDC_ERR_BAD_PVNO) and a path that it does not
///   accept (KDC_ERR_PATH_NOT_ACCEPTED), for which a service has KRB_AP codes. A fault in the
///   AP-REQ of a TGS request is KRB_ERR_GENERIC, since it is not the message itself.
constexpr verdict no(errc c, error_code_t code, const char* type, const char* field = "") {
  return {{.code = c, .type = type, .field = field}, code};
}

/// The maximum number of octets of a KRB-ERROR, without its names, realms and e-data.
inline constexpr std::size_t error_bound = 320;

}  // namespace kerb::inline v0::detail
