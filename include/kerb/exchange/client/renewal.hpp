// When to renew a ticket-granting ticket, and when to log in again: a pure function of its times.
#pragma once
#include "../credential.hpp"

namespace kerb::inline v0 {

/// When tickets are renewed. Percentages are of a ticket's lifetime, from its start to its end.
struct renewal_policy {
  unsigned after_percent = 70;   ///< renew when so much of the lifetime has passed; 1 to 99
  unsigned jitter_percent = 10;  ///< and at most so much earlier, so that many clients do not ask at once
  /// Seconds. A renewal that would gain less than this is not made: renew-till is near, and the client
  /// logs in again.
  std::int64_t least_gain = 600;
  std::int64_t first_retry = 30;    ///< seconds after the first failure; doubled after each further one
  std::int64_t last_retry = 1800;   ///< seconds; the longest time between two tries
  std::int64_t least_interval = 5;  ///< seconds; the shortest time from now to a try after a failure
};

/// What to do about a ticket-granting ticket.
enum class renewal_action : std::uint8_t {
  renew,   ///< renew it (RFC 4120 section 3.3, the option RENEW): with tgs_client, or renew_before of credential_client
  log_in,  ///< it cannot be renewed any more, or it is not worth it: log in again, with a keytab or the user
};

/// When and what.
struct renewal {
  renewal_action action{};
  kerberos_time at;      ///< not before `now`
  bool expired = false;  ///< the ticket cannot be used any more, at `now`
};

/// When a client does what, to keep a ticket-granting ticket valid. `now` is the time by the KDC's clock:
/// the caller's clock plus kdc_clock_offset() of the credential. `failures` is the number of tries in a
/// row that no KDC has answered; if a KDC refuses a renewal, log in at once. `random` is a number of the caller's, for
/// example four octets of its random source: the same number gives the same answer. Draw it once for each ticket, so
/// that the answer is the same when it is asked for again.
///
/// A ticket is not renewed if it can end less than least_gain later. After the first failure the next
/// try is first_retry seconds after `now`, after the second twice as many, and so on up to last_retry,
/// less the jitter. While the ticket is valid, it is no later than when three quarters of the rest of
/// its lifetime have passed.
constexpr renewal when(const ticket_facts& facts, kerberos_time now, std::uint32_t random, unsigned failures = 0,
                       const renewal_policy& policy = {}) {
  const kerberos_time end = facts.endtime;
  renewal r{renewal_action::log_in, now, end <= now};
  const bool renewable = facts.flags.has(ticket_flag_t::renewable) && !facts.flags.has(ticket_flag_t::invalid) &&
                         facts.renew_till && *facts.renew_till > now;
  // RFC 4120 section 2.3: a ticket that has expired cannot be renewed
  if (renewable && !r.expired && facts.renew_till->seconds - end.seconds >= policy.least_gain)
    r.action = renewal_action::renew;
  const auto part = [&](std::int64_t of, unsigned percent) {
    return (of * static_cast<std::int64_t>(percent < 100 ? percent : 100)) / 100;
  };
  // Lifetimes are below 2^39 seconds, so nothing overflows
  const auto earlier = [&](std::int64_t most) { return most * static_cast<std::int64_t>(random >> 16) / 65536; };
  if (failures != 0) {
    std::int64_t wait = policy.first_retry > 0 ? policy.first_retry : 1;
    for (unsigned i = 1; i < failures && wait < policy.last_retry && wait < 0x40000000; ++i) wait *= 2;
    if (wait > policy.last_retry) wait = policy.last_retry;
    wait -= earlier(part(wait, policy.jitter_percent));
    const std::int64_t left = end.seconds - now.seconds;
    if (left > 0 && wait > left - left / 4) wait = left - left / 4;
    r.at = plus(now, wait < policy.least_interval ? policy.least_interval : wait);
    return r;
  }
  if (r.expired) return r;
  const std::int64_t lifetime = end.seconds - facts.starttime.seconds;
  const unsigned percent = policy.after_percent == 0 ? 1 : policy.after_percent > 99 ? 99 : policy.after_percent;
  std::int64_t passed = part(lifetime, percent);
  passed -= earlier(part(lifetime, policy.jitter_percent));
  r.at = plus(facts.starttime, passed < 0 ? 0 : passed);
  if (r.at < now) r.at = now;
  return r;
}

}  // namespace kerb::inline v0
