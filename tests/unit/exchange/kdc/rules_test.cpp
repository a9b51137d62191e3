// A ticket's times at the edges of what Kerberos can write; the rest is in as_test and tgs_test.
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using world = kerb_kdc_test::kdc_world;
constexpr bool times_never_wrap() {
  world w;
  w.body.till = latest_time;
  w.body.rtime = latest_time;
  w.body.kdc_options.set(kdc_option_t::renewable);
  w.settings.max_life = w.settings.max_renewable_life = std::numeric_limits<std::int64_t>::max();
  ticket_draft d;
  const kerberos_time late = plus(latest_time, -5);
  const auto v = detail::set_times<testing::insecure_policy>(d, w.body, w.settings, nullptr, w.tgs.record, late, 300,
                                                             {}, {}, true);
  ticket_draft none;
  const auto at_the_end = detail::set_times<testing::insecure_policy>(none, w.body, w.settings, nullptr, w.tgs.record,
                                                                      latest_time, 300, {}, {}, true);
  return v.ok() && d.endtime == latest_time && !d.renew_till && at_the_end.code == error_code_t::kdc_err_never_valid;
}
KERB_BOTH("set_times: no time wraps around at the end of what can be written", "[exchange][rfc4120-5.2.3]",
          times_never_wrap);

constexpr bool a_start_within_the_skew_is_now() {
  world w;
  const auto start = [&](std::int64_t ahead) {
    w.body.from = plus(noon.at, ahead);
    ticket_draft d;
    const auto v = detail::set_times<testing::insecure_policy>(d, w.body, w.settings, nullptr, w.tgs.record, noon.at,
                                                               300, {}, {}, true);
    return v.ok() && d.starttime == noon.at;
  };
  return start(-100000) && start(0) && start(300) && !start(301);
}
KERB_BOTH("set_times: a start in the past or within the skew is now", "[exchange][rfc4120-3.1.3]",
          a_start_within_the_skew_is_now);

constexpr bool with_the_option_a_start_within_the_skew_is_postdated() {
  world w;
  w.body.kdc_options.set(kdc_option_t::postdated);
  const auto postdated = [&](std::int64_t ahead) {
    w.body.from = plus(noon.at, ahead);
    ticket_draft d;
    const auto v = detail::set_times<testing::insecure_policy>(d, w.body, w.settings, nullptr, w.tgs.record, noon.at,
                                                               300, {}, {}, true);
    const bool later = d.flags.has(ticket_flag_t::postdated) && d.flags.has(ticket_flag_t::invalid);
    return v.ok() && d.starttime == plus(noon.at, ahead > 0 ? ahead : 0) && later == (ahead > 0);
  };
  return postdated(-1) && postdated(0) && postdated(1) && postdated(300) && postdated(301);
}
KERB_BOTH("set_times: with the option POSTDATED, a start in the future is kept, also within the skew",
          "[exchange][rfc4120-3.1.3]", with_the_option_a_start_within_the_skew_is_postdated);

constexpr bool krbtgt_names_are_told_from_others() {
  constexpr kerberos_string one[] = {"krbtgt"_krb}, three[] = {"krbtgt"_krb, "A"_krb, "B"_krb},
                            other[] = {"kRBTGT"_krb, "A"_krb};
  const auto realm = detail::tgs_realm(krbtgt().name);
  return realm && *realm == ex_org && !detail::tgs_realm(named(one).name) && !detail::tgs_realm(named(three).name) &&
         !detail::tgs_realm(named(other).name) && !detail::tgs_realm({});
}
KERB_BOTH("tgs_realm: krbtgt and one component more is a KDC's name, and nothing else", "[exchange][rfc4120-7.3]",
          krbtgt_names_are_told_from_others);
}  // namespace
