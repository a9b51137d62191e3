// Why an exchange refuses.
#include <kerb/exchange/verdict.hpp>

#include "support/both.hpp"

using namespace kerb;

KERB_BOTH("verdict: only one without a code is in order", "[exchange]", [] {
  const detail::verdict fine{}, bad = detail::no(errc::clock_skew, error_code_t::krb_ap_err_skew, "T", "f");
  return fine.ok() && !bad.ok() && bad.why.code == errc::clock_skew && bad.code == error_code_t::krb_ap_err_skew &&
         std::string_view(bad.why.type) == "T" && std::string_view(bad.why.field) == "f";
});
