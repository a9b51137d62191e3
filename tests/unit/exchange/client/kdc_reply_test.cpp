// The checks that AS and TGS replies share; the attacks on them are in as_test.cpp and tgs_test.cpp.
#include <kerb/exchange/client/kdc_reply.hpp>

#include "support/both.hpp"
#include "support/kdc_world.hpp"

using namespace kerb_test;

namespace {
constexpr bool ticket_granting_names_have_two_components() {
  const kerberos_string one[] = {"krbtgt"_krb}, other[] = {"KRBTGT"_krb, "EX.ORG"_krb},
                        three[] = {"krbtgt"_krb, "EX.ORG"_krb, "x"_krb};
  return detail::is_tgs_name(krbtgt().name) && !detail::is_tgs_name(named(one).name) &&
         !detail::is_tgs_name(named(other).name) && !detail::is_tgs_name(named(three).name) &&
         !detail::is_tgs_name(web().name) && !detail::is_tgs_name({});
}
constexpr bool no_wish_is_no_bound() {
  detail::asked a;
  a.till = {0};
  return detail::check_times(a, {}, noon.at, true, plus(noon.at, 999999), {}, noon, {}).ok();
}
constexpr bool extreme_times_do_not_overflow() {
  detail::asked a;
  a.till = latest_time;
  const auto late = detail::check_times(a, {}, latest_time, true, latest_time, {}, noon, {});
  const auto early = detail::check_times(a, {}, earliest_time, true, latest_time, {}, {latest_time, {999999}}, {});
  return late.code == errc::clock_skew && early.code == errc::clock_skew;
}
}  // namespace

KERB_BOTH("is_tgs_name: krbtgt and one more component", "[exchange][rfc4120-7.3]",
          ticket_granting_names_have_two_components);
KERB_BOTH("check_times: a till of the epoch bounds nothing", "[exchange][rfc4120-5.4.1]", no_wish_is_no_bound);
KERB_BOTH("check_times: the first and the last time of all do not overflow", "[exchange]",
          extreme_times_do_not_overflow);
