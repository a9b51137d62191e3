// What a service answers, and how long that can be.
#include <kerb/exchange/service/ap_answer.hpp>

#include "support/ap_world.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

constexpr timestamp now{{1767225600}, {7}}, then{{1767225000}, {8}};

constexpr bool tells_the_time_that_it_knows() {
  const msg::KrbError with = detail::ap_error(error_code_t::krb_ap_err_skew, web, now, then);
  const msg::KrbError without = detail::ap_error(error_code_t::krb_ap_err_skew, web, now, {});
  return with.ctime == then.at && with.cusec == then.usec && with.stime == now.at && with.susec == now.usec &&
         with.error_code == error_code_t::krb_ap_err_skew && same_principal({with.sname, with.realm}, web) &&
         !without.ctime && !without.cusec && without.stime == now.at && !with.cname && !with.crealm;
}
KERB_BOTH("ap_error: has the service's name and both times, the client's where it is known",
          "[exchange][rfc4120-5.9.1]", tells_the_time_that_it_knows);

constexpr bool no_answer_is_longer() {
  constexpr std::array<std::uint8_t, 300> octets{};
  for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{100}, octets.size()}) {
    const kerberos_string part{bytes_view(octets).first(n)}, parts[] = {part, part};
    const principal_view service{{name_t::srv_hst, view_of<kerberos_string>(parts)}, part};
    const std::size_t exact = detail::ap_answer_size(service);
    const timestamp padded{latest_time, {1, integer_form::four_octets}};
    const auto e = detail::ap_error(error_code_t::krb_err_generic, service, {latest_time, {999999}}, padded);
    if (asn1::encoded_size(e) > exact || exact > detail::ap_answer_bound(service)) return false;
    if (exact < detail::ap_rep_bound) return false;
  }
  return true;
}
KERB_BOTH("ap_answer_size: no KRB-ERROR is longer, and the bound is not shorter", "[exchange]", no_answer_is_longer);

constexpr bool finds_the_name() {
  ap_world w;
  std::array<std::uint8_t, 200> octets{};
  for (std::uint8_t& b : octets) b = 'R';
  for (const std::size_t n : {std::size_t{0}, std::size_t{200}}) {  // a realm of a short length, and of a long one
    w.service.realm = {bytes_view(octets).first(n)};
    const auto req = asn1::decode<msg::ApReq>(w.mint());
    const auto name = asn1::decode<msg::PrincipalName>(detail::sname_octets(req->ticket));
    if (!name || !same_name(*name, web.name) || name->name_type != web.name.name_type) return false;
  }
  return true;
}
KERB_BOTH("sname_octets: the name as it stands in the ticket", "[exchange][rfc4120-5.3]", finds_the_name);

}  // namespace
