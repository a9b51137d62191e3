// When a ticket-granting ticket is renewed, and when the client logs in again.
#include <kerb/exchange/client/renewal.hpp>

#include "support/both.hpp"
#include "support/catch.hpp"

using namespace kerb;

namespace {

constexpr std::int64_t start = 1767268800, hour = 3600;
/// Ten hours, renewable for a week.
constexpr ticket_facts week() {
  ticket_facts f;
  f.flags.set(ticket_flag_t::renewable);
  f.starttime = f.authtime = {start};
  f.endtime = {start + 10 * hour};
  f.renew_till = kerberos_time{start + 168 * hour};
  return f;
}
constexpr kerberos_time at(std::int64_t seconds) { return {start + seconds}; }
constexpr bool is(const renewal& r, renewal_action action, std::int64_t seconds) {
  return r.action == action && r.at == at(seconds) && !r.expired;
}
constexpr auto renew = renewal_action::renew, log_in = renewal_action::log_in;

constexpr bool at_a_fraction() {
  return is(when(week(), at(0), 0), renew, 7 * hour) && is(when(week(), at(6 * hour), 0), renew, 7 * hour) &&
         is(when(week(), at(7 * hour), 0), renew, 7 * hour) && is(when(week(), at(8 * hour), 0), renew, 8 * hour);
}
constexpr bool with_jitter() {
  const renewal middle = when(week(), at(0), 0x80000000), most = when(week(), at(0), 0xffffffff);
  return is(middle, renew, 7 * hour - 1800) && most.at > at(6 * hour) && most.at < at(6 * hour + 2) &&
         when(week(), at(0), 0xffffffff, 0, {.jitter_percent = 0}).at == at(7 * hour) &&
         // Nothing is earlier than the start, whatever the policy says
         when(week(), at(0), 0xffffffff, 0, {.after_percent = 10, .jitter_percent = 90}).at == at(0);
}
constexpr bool percentages_have_limits() {
  return when(week(), at(0), 0, 0, {.after_percent = 0}).at == at(360) &&
         when(week(), at(0), 0, 0, {.after_percent = 100}).at == at(10 * hour - 360) &&
         when(week(), at(0), 0xffffffff, 0, {.after_percent = 99, .jitter_percent = 4000}).at == at(0);
}
constexpr bool logs_in_where_renewal_ends() {
  ticket_facts near = week();
  near.renew_till = kerberos_time{near.endtime.seconds + 599};
  ticket_facts far = week();
  far.renew_till = kerberos_time{far.endtime.seconds + 600};
  ticket_facts never = week();
  never.flags.set(ticket_flag_t::renewable, false);
  ticket_facts unnamed = week();
  unnamed.renew_till = std::optional<kerberos_time>{};
  ticket_facts postdated = week();
  postdated.flags.set(ticket_flag_t::invalid);
  return is(when(near, at(0), 0), log_in, 7 * hour) && is(when(far, at(0), 0), renew, 7 * hour) &&
         is(when(never, at(0), 0), log_in, 7 * hour) && is(when(unnamed, at(0), 0), log_in, 7 * hour) &&
         is(when(postdated, at(0), 0), log_in, 7 * hour);
}
constexpr bool an_expired_ticket_is_not_renewed() {
  const renewal end = when(week(), at(10 * hour), 0), later = when(week(), at(20 * hour), 0);
  ticket_facts past = week();
  past.endtime = at(200 * hour);  // what no KDC issues: it outlives its renew-till
  return end.action == log_in && end.expired && end.at == at(10 * hour) && later.action == log_in && later.expired &&
         later.at == at(20 * hour) && when(past, at(169 * hour), 0).action == log_in &&
         !when(week(), at(10 * hour - 1), 0).expired;
}
constexpr bool waits_longer_after_each_failure() {
  const kerberos_time now = at(hour);
  std::int64_t expected = 30;
  for (unsigned failures = 1; failures != 40; ++failures) {
    const renewal r = when(week(), now, 0, failures);
    if (!is(r, renew, hour + expected)) return false;
    expected = expected * 2 > 1800 ? 1800 : expected * 2;
  }
  return when(week(), now, 0xffffffff, 40).at > at(hour + 1619) &&
         when(week(), now, 0xffffffff, 40).at < at(hour + 1622) &&
         when(week(), now, 0, 0xffffffff).at == at(hour + 1800);
}
constexpr bool tries_again_before_the_ticket_ends() {
  // 400 seconds are left: at three quarters of them, though the back-off is longer
  const renewal r = when(week(), at(10 * hour - 400), 0, 20);
  // Afterwards there is no end to observe, and the client logs in
  const renewal late = when(week(), at(11 * hour), 0, 20);
  return is(r, renew, 10 * hour - 100) && late.action == log_in && late.expired && late.at == at(11 * hour + 1800) &&
         when(week(), at(10 * hour - 1), 0, 3).at == at(10 * hour + 4) &&  // never sooner than least_interval
         when(week(), at(hour), 0, 1, {.first_retry = 1}).at == at(hour + 5);
}
constexpr bool a_strange_ticket_is_no_misfortune() {
  ticket_facts upside_down = week();
  upside_down.starttime = at(20 * hour);
  ticket_facts extreme;
  extreme.starttime = earliest_time;
  extreme.endtime = latest_time;
  return when(upside_down, at(0), 0).at == at(20 * hour) && when(extreme, at(0), 0xffffffff).at >= at(0) &&
         when(extreme, latest_time, 0, 7).at == latest_time;
}

}  // namespace

KERB_BOTH("renewal: a ticket is renewed at a fraction of its lifetime", "[exchange][rfc4120-2.3]", at_a_fraction)
KERB_BOTH("renewal: jitter makes it earlier, by the caller's random number", "[exchange]", with_jitter)
KERB_BOTH("renewal: a policy out of range is limited", "[exchange]", percentages_have_limits)
KERB_BOTH("renewal: where renew-till ends renewal, the client logs in", "[exchange][rfc4120-2.3]",
          logs_in_where_renewal_ends)
KERB_BOTH("renewal: an expired ticket is not renewed", "[exchange][rfc4120-3.3.3]", an_expired_ticket_is_not_renewed)
KERB_BOTH("renewal: while the KDC is away the client waits longer each time", "[exchange]",
          waits_longer_after_each_failure)
KERB_BOTH("renewal: the back-off ends before the ticket does", "[exchange]", tries_again_before_the_ticket_ends)
KERB_BOTH("renewal: times that no KDC issues do no harm", "[exchange]", a_strange_ticket_is_no_misfortune)
