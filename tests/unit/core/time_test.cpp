// Times, skew, and timestamps that are never used twice.
#include <kerb/core/time.hpp>

#include <chrono>
#include <limits>

#include "support/both.hpp"

using namespace kerb;

namespace {

constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min(),
                       highest = std::numeric_limits<std::int64_t>::max();
constexpr std::int32_t lowest32 = std::numeric_limits<std::int32_t>::min(),
                       highest32 = std::numeric_limits<std::int32_t>::max();

constexpr timestamp at(std::int64_t s, std::int32_t us = 0) { return {{s}, {us}}; }

constexpr bool ordered() {
  return kerberos_time{1} < kerberos_time{2} && kerberos_time{-1} < kerberos_time{0} && at(1, 999999) < at(2, 0) &&
         at(1, 1) > at(1, 0) && at(3, 4) == at(3, 4) && microseconds{1} < microseconds{2};
}
KERB_BOTH("timestamp: ordered by second, then by microsecond", "[core]", ordered);

constexpr bool what_a_clock_may_say() {
  return at(0).in_range() && at(0, 999999).in_range() && !at(0, 1000000).in_range() && !at(0, -1).in_range() &&
         at(earliest_time.seconds).in_range() && !at(earliest_time.seconds - 1).in_range() &&
         at(latest_time.seconds, 999999).in_range() && !at(latest_time.seconds + 1).in_range() &&
         !at(lowest, lowest32).in_range() && !at(highest, highest32).in_range();
}
KERB_BOTH("timestamp: in range are the years 0001 to 9999 and 0 to 999999 microseconds", "[core][rfc4120-5.2.4]",
          what_a_clock_may_say);

constexpr bool moved_within_bounds() {
  return plus({10}, 5) == kerberos_time{15} && plus({10}, -15) == kerberos_time{-5} &&
         plus({10}, 0) == kerberos_time{10} && plus(latest_time, 1) == latest_time &&
         plus(latest_time, highest) == latest_time && plus(earliest_time, -1) == earliest_time &&
         plus(earliest_time, lowest) == earliest_time && plus({0}, highest) == latest_time &&
         plus({0}, lowest) == earliest_time && plus({latest_time.seconds - 1}, 1) == latest_time &&
         plus({earliest_time.seconds + 1}, -1) == earliest_time;
}
KERB_BOTH("plus: stays within what can be written", "[core][rfc4120-5.2.3]", moved_within_bounds);

constexpr bool moved_from_outside() {
  return plus({highest}, highest) == latest_time && plus({highest}, 1) == latest_time &&
         plus({highest}, 0) == latest_time && plus({highest}, -1) == latest_time &&
         plus({highest}, lowest) == kerberos_time{-1} && plus({lowest}, lowest) == earliest_time &&
         plus({lowest}, -1) == earliest_time && plus({lowest}, 0) == earliest_time &&
         plus({lowest}, 1) == earliest_time && plus({lowest}, highest) == kerberos_time{-1};
}
KERB_BOTH("plus: a time outside comes back inside", "[core][rfc4120-5.2.3]", moved_from_outside);

constexpr bool skew_to_the_microsecond() {
  const timestamp t = at(1000, 500000);
  return within_skew(t, t, 0) && within_skew(t, at(1300, 500000), 300) && !within_skew(t, at(1300, 500001), 300) &&
         within_skew(t, at(1300, 499999), 300) && within_skew(t, at(700, 500000), 300) &&
         !within_skew(t, at(700, 499999), 300) && within_skew(t, at(700, 500001), 300) &&
         !within_skew(t, at(1000, 500001), 0) && within_skew(at(0, 999999), at(1, 0), 1) &&
         !within_skew(at(0, 999999), at(1, 0), 0) && within_skew(at(-1, 999999), at(0, 0), 1) &&
         within_skew(at(1300, 500000), t, 300) && !within_skew(at(1300, 500001), t, 300);
}
KERB_BOTH("within_skew: exact to the microsecond, in both directions", "[core][rfc4120-3.2.3]",
          skew_to_the_microsecond);

constexpr bool skew_at_the_ends() {
  const timestamp first = at(earliest_time.seconds), last = at(latest_time.seconds, 999999);
  const std::int64_t all = latest_time.seconds - earliest_time.seconds;
  return within_skew(first, last, highest) && within_skew(first, last, all + 1) && !within_skew(first, last, all) &&
         within_skew(first, at(latest_time.seconds), all) && !within_skew(first, last, 300) &&
         !within_skew(first, first, -1) && !within_skew(first, first, lowest) &&
         !within_skew(at(lowest), at(lowest), highest) && !within_skew(at(highest), at(lowest), highest) &&
         !within_skew(at(0, -1), at(0), 300) && !within_skew(at(0), at(0, 1000000), 300) &&
         !within_skew(at(0, lowest32), at(0, highest32), highest);
}
KERB_BOTH("within_skew: extreme clocks and skews are answered, out-of-range ones by no", "[core]", skew_at_the_ends);

constexpr bool a_running_clock_is_left_alone() {
  unique_time u;
  return u.next(at(5, 7)) == at(5, 7) && u.next(at(5, 8)) == at(5, 8) && u.next(at(6, 0)) == at(6, 0);
}
KERB_BOTH("unique_time: a clock that moves on passes unchanged", "[core][rfc4120-3.2.3]",
          a_running_clock_is_left_alone);

constexpr bool a_standing_clock_is_stepped() {
  unique_time u;
  return u.next(at(5, 999998)) == at(5, 999998) && u.next(at(5, 999998)) == at(5, 999999) &&
         u.next(at(5, 999998)) == at(6, 0) && u.next(at(5, 999998)) == at(6, 1) && u.next(at(6, 0)) == at(6, 2) &&
         u.next(at(1, 0)) == at(6, 3) && u.next(at(7, 0)) == at(7, 0);
}
KERB_BOTH("unique_time: a clock that stands or goes back a little is stepped, across the second too",
          "[core][rfc4120-3.2.3]", a_standing_clock_is_stepped);

constexpr bool a_clock_that_was_set_back_counts() {
  unique_time u, v, strict(0), loose(5000);
  (void)u.next(at(4600, 7));
  (void)v.next(at(1300, 7));
  (void)strict.next(at(1001, 7));
  (void)loose.next(at(4600, 7));
  // servers accept what is ahead by the skew of 300 s, and nothing later
  return u.next(at(1000, 3)) == at(1000, 3) && u.next(at(1000, 3)) == at(1000, 4) && u.next(at(1001)) == at(1001) &&
         v.next(at(1000, 3)) == at(1300, 8) && v.next(at(999, 3)) == at(999, 3) &&
         strict.next(at(1000, 3)) == at(1000, 3) && loose.next(at(1000, 3)) == at(4600, 8) &&
         unique_time(-1).next(at(5)) == at(5);
}
KERB_BOTH("unique_time: a clock that was set back by more than the skew counts again", "[core][rfc4120-3.2.3]",
          a_clock_that_was_set_back_counts);

constexpr bool two_clocks_in_turns() {
  // the time of a KDC that is an hour ahead, and the machine's, which counts whole seconds
  unique_time u;
  timestamp last_of_kdc = at(0), last_of_machine = at(0);
  for (std::int64_t s = 1000; s != 1400; ++s)
    for (int i = 0; i != 2; ++i) {
      const timestamp k = u.next(at(s + 3600)), m = u.next(at(s));
      if (k <= last_of_kdc || m <= last_of_machine || k.at.seconds != s + 3600 || m.at.seconds != s) return false;
      last_of_kdc = k;
      last_of_machine = m;
    }
  return true;
}
KERB_BOTH("unique_time: of two clocks that are used in turns no time comes twice", "[core][rfc4120-3.2.3][security]",
          two_clocks_in_turns);

constexpr bool what_was_used_shortly_before_is_passed_over() {
  unique_time u;
  (void)u.next(at(1000));
  (void)u.next(at(1310, 5));  // the clock was set forward, and 1310 to 1320 were used
  (void)u.next(at(1320, 5));
  if (u.next(at(1005)) != at(1005)) return false;  // and it was set back
  (void)u.next(at(1200));
  // within 300 s of that, the clock reads those times again
  return u.next(at(1305)) == at(1305) && u.next(at(1310, 5)) == at(1310, 5);
}
constexpr bool what_was_used_at_once_before_is_passed_over() {
  unique_time u;
  (void)u.next(at(1000));
  (void)u.next(at(1200, 5));
  (void)u.next(at(1320, 5));
  return u.next(at(1010)) == at(1010) && u.next(at(1100)) == at(1320, 6);
}
KERB_BOTH("unique_time: a time that was used in the last seconds is passed over", "[core][rfc4120-3.2.3][security]",
          what_was_used_at_once_before_is_passed_over);
KERB_BOTH("unique_time: a time that was used longer ago counts", "[core][rfc4120-3.2.3]",
          what_was_used_shortly_before_is_passed_over);

constexpr bool before_the_epoch() {
  unique_time u;
  return u.next(at(-1, 999999)) == at(-1, 999999) && u.next(at(-1, 999999)) == at(0, 0);
}
KERB_BOTH("unique_time: times before 1970 step like others", "[core]", before_the_epoch);

constexpr bool nonsense_is_no_overflow() {
  unique_time u;
  (void)u.next(at(highest, highest32));
  const timestamp again = u.next(at(highest, highest32));
  unique_time v;
  (void)v.next(at(lowest, lowest32));
  const timestamp low = v.next(at(lowest, lowest32));
  return again.usec.count >= 0 && again.usec.count <= 999999 && low.usec.count >= 0 && low.usec.count <= 999999;
}
KERB_BOTH("unique_time: a clock out of range overflows nothing", "[core]", nonsense_is_no_overflow);

constexpr bool the_end_of_time_is_not_repeated() {
  unique_time u;
  const timestamp last = at(latest_time.seconds, 999999);
  return u.next(last) == last && u.next(last) > last && !u.next(last).in_range();
}
KERB_BOTH("unique_time: behind the year 9999 it leaves the range rather than repeat a time", "[core]",
          the_end_of_time_is_not_repeated);

TEST_CASE("unique_time: of a million calls under one clock value no two are equal", "[core][rfc4120-3.2.3]") {
  unique_time u;
  timestamp last = u.next(at(100, 5));
  bool ascends = true;
  for (int i = 0; i != 1000000; ++i) {
    const timestamp next = u.next(at(100, 5));
    ascends = ascends && last < next && next.in_range();
    last = next;
  }
  CHECK(ascends);
  CHECK(last == at(101, 5));
}

constexpr bool the_systems_clock() {
  using namespace std::chrono_literals;
  using clock = std::chrono::system_clock;
  using micro = std::chrono::time_point<clock, std::chrono::microseconds>;
  using nano = std::chrono::time_point<clock, std::chrono::nanoseconds>;
  using whole = std::chrono::time_point<clock, std::chrono::seconds>;
  using hours = std::chrono::time_point<clock, std::chrono::hours>;
  return to_timestamp(micro{1767268800250000us}) == at(1767268800, 250000) && to_timestamp(micro{0us}) == at(0) &&
         to_timestamp(nano{1999999999ns}) == at(1, 999999) && to_timestamp(nano{-1ns}) == at(-1, 999999) &&
         to_timestamp(micro{-1us}) == at(-1, 999999) && to_timestamp(micro{-1000000us}) == at(-1) &&
         to_timestamp(whole{-62135596800s}) == at(-62135596800) && to_timestamp(hours{2h}) == at(7200);
}
KERB_BOTH("to_timestamp: a time of std::chrono::system_clock, rounded down to a microsecond", "[core]",
          the_systems_clock);
// Another clock does not count from 1970
template <class T>
constexpr bool converts = requires(T t) {
  to_timestamp(t);
};
static_assert(converts<std::chrono::system_clock::time_point> && !converts<std::chrono::steady_clock::time_point>);
static_assert(!converts<std::int64_t> && !converts<std::chrono::seconds>);

}  // namespace
