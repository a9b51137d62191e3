// Why an exchange refuses.
#include <kerb/exchange/verdict.hpp>
#include <kerb/msg/error.hpp>

#include "support/both.hpp"

using namespace kerb;

KERB_BOTH("verdict: only one without a code is in order", "[exchange]", [] {
  const detail::verdict fine{}, bad = detail::no(errc::clock_skew, error_code_t::krb_ap_err_skew, "T", "f");
  return fine.ok() && !bad.ok() && bad.why.code == errc::clock_skew && bad.code == error_code_t::krb_ap_err_skew &&
         std::string_view(bad.why.type) == "T" && std::string_view(bad.why.field) == "f";
});

KERB_BOTH("verdict: without a code of its own it has the reason's", "[exchange]", [] {
  const detail::verdict v = detail::no(errc::clock_skew, "T", "f");
  const detail::verdict whole = detail::no({.code = errc::reply_too_long, .detail = 7});
  return v.why.code == errc::clock_skew && v.code == error_code_t::krb_ap_err_skew &&
         std::string_view(v.why.type) == "T" && std::string_view(v.why.field) == "f" &&
         whole.code == error_code_t::krb_err_response_too_big && whole.why.detail == 7;
});

KERB_BOTH("error_bound: the longest KRB-ERROR has no more beside its names, realms and e-data", "[exchange]", [] {
  constexpr std::array<std::uint8_t, 70000> octets{};
  const bytes_view long_one(octets), letters = bytes_view(octets).first(64);
  const kerberos_string parts[] = {{letters}, {long_one}};
  const msg::PrincipalName name{name_t{-0x7fffffff}, view_of<kerberos_string>(parts)};
  msg::KrbError e;
  e.ctime = e.stime = latest_time;
  e.cusec = e.susec = microseconds{999999};
  e.error_code = error_code_t{0x7fffffff};
  e.crealm = kerberos_string{long_one};
  e.cname = name;
  e.realm = {long_one};
  e.sname = name;
  e.e_text = kerberos_string{letters};
  e.e_data = long_one;
  const std::size_t named = 2 * asn1::encoded_size(name) + 3 * long_one.size();
  const std::size_t n = asn1::encoded_size(e);
  return n > named && n <= named + detail::error_bound;
});
