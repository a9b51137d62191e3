// Which KRB-ERROR code tells the peer of which error. What the exchanges send is in their own tests.
#include <kerb/exchange/krb_error.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {

constexpr bool codes_of_the_rfc() {
  const auto code = [](errc c, const char* type = "", const char* field = "", std::uint32_t offset = 0) {
    return to_krb_error({.code = c, .offset = offset, .type = type, .field = field});
  };
  using e = error_code_t;
  return code(errc::wrong_constant, "KRB-PRIV", "pvno") == e::krb_ap_err_badversion &&
         code(errc::wrong_constant, "KRB-PRIV", "msg-type") == e::krb_ap_err_msg_type &&
         code(errc::unexpected_tag, "KRB-SAFE") == e::krb_ap_err_msg_type &&
         code(errc::unexpected_tag, "KRB-SAFE", "", 2) == e::krb_err_generic &&
         code(errc::unexpected_tag, "EncKrbPrivPart") == e::krb_err_generic &&
         code(errc::integrity, "KRB-PRIV") == e::krb_ap_err_bad_integrity &&
         code(errc::integrity, "KRB-CRED") == e::krb_ap_err_bad_integrity &&
         code(errc::integrity, "KRB-SAFE") == e::krb_ap_err_modified &&
         code(errc::not_sealed, "KRB-CRED") == e::krb_ap_err_bad_integrity &&
         code(errc::no_freshness) == e::krb_ap_err_modified &&
         code(errc::inappropriate_checksum) == e::krb_ap_err_inapp_cksum &&
         code(errc::unsupported_cksum) == e::krb_ap_err_inapp_cksum &&
         code(errc::address_mismatch) == e::krb_ap_err_badaddr && code(errc::clock_skew) == e::krb_ap_err_skew &&
         code(errc::replayed) == e::krb_ap_err_repeat && code(errc::bad_order) == e::krb_ap_err_badorder &&
         code(errc::truncated) == e::krb_err_generic &&
         code(errc::replay_unknown, "KRB-PRIV", "timestamp") == e::krb_err_generic;
}
KERB_BOTH("to_krb_error: the codes that the RFC names", "[exchange][rfc4120-3.4.2][rfc4120-3.5.2][rfc4120-3.6.2]",
          codes_of_the_rfc);

constexpr bool codes_of_an_ap_exchange() {
  const auto code = [](errc c, const char* type, const char* field, std::uint32_t offset = 0) {
    return to_krb_error({.code = c, .offset = offset, .type = type, .field = field});
  };
  using e = error_code_t;
  return code(errc::wrong_constant, "AP-REQ", "pvno") == e::krb_ap_err_badversion &&
         code(errc::wrong_constant, "AP-REQ", "msg-type") == e::krb_ap_err_msg_type &&
         code(errc::wrong_constant, "Ticket", "tkt-vno") == e::krb_ap_err_badversion &&
         code(errc::unexpected_tag, "AP-REQ", "") == e::krb_err_generic &&
         code(errc::integrity, "Ticket", "enc-part") == e::krb_ap_err_bad_integrity &&
         code(errc::replay_unknown, "Authenticator", "ctime") == e::kdc_err_svc_unavailable &&
         code(errc::wrong_service, "Ticket", "sname") == e::krb_ap_err_not_us &&
         code(errc::well_known_name, "EncTicketPart", "cname") == e::krb_ap_err_principal_unknown &&
         code(errc::well_known_name, "KDC-REQ-BODY", "sname") == e::krb_ap_err_principal_unknown &&
         code(errc::well_known_name, "EncTicketPart", "crealm") == e::krb_ap_err_realm_unknown &&
         code(errc::anonymous_client, "EncTicketPart", "flags") == e::krb_ap_err_principal_unknown &&
         code(errc::bindings_mismatch, "checksum 0x8003", "Bnd") == e::krb_err_generic;
}
KERB_BOTH("to_krb_error: the codes for an AP-REQ", "[exchange][rfc4120-3.2.3]", codes_of_an_ap_exchange);

constexpr bool each_error_has_one_row() {
  for (const detail::krb_error_row& a : detail::krb_errors) {
    unsigned rows = 0;
    for (const detail::krb_error_row& b : detail::krb_errors) rows += a.why == b.why;
    if (rows != 1 || name_of(a.why).empty() || name_of(a.code).empty() || a.code == error_code_t::krb_err_generic)
      return false;
  }
  return true;
}
KERB_BOTH("to_krb_error: the table has one row for an error, and none for the generic code", "[exchange]",
          each_error_has_one_row);

TEST_CASE("to_krb_error: every refusal of a KDC has a code that tells more than KRB_ERR_GENERIC",
          "[exchange][rfc4120-7.5.9]") {
  unsigned seen = 0;
  for (unsigned n = 700; n != 800; ++n) {
    const error e{.code = static_cast<errc>(n)};
    if (name_of(e.code).empty()) continue;
    ++seen;
    CAPTURE(name_of(e.code));
    CHECK(to_krb_error(e) != error_code_t::krb_err_generic);
  }
  CHECK(seen > 40);
}

}  // namespace
