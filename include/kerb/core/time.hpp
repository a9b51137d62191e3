// Kerberos time: 64-bit seconds, and microseconds. The library never reads a clock.
#pragma once
#include <compare>
#include <concepts>
#include <cstdint>
#include <limits>

#include "uint32.hpp"

namespace kerb::inline v0 {

/// KerberosTime, RFC 4120 section 5.2.3: whole seconds since 1970-01-01T00:00:00Z, always in 64 bits.
struct kerberos_time {
  std::int64_t seconds = 0;
  friend constexpr auto operator<=>(const kerberos_time&, const kerberos_time&) = default;
};

/// The first and the last second that a GeneralizedTime can represent: the years 0001 to 9999.
inline constexpr kerberos_time earliest_time{-62135596800}, latest_time{253402300799};

/// Microseconds, RFC 4120 section 5.2.4: 0 to 999999; decoding rejects any other number. Only the
/// count is compared.
struct microseconds {
  std::int32_t count = 0;
  integer_form form = integer_form::der;  ///< the form in which it was received and is written again
  friend constexpr auto operator<=>(const microseconds& a, const microseconds& b) { return a.count <=> b.count; }
  friend constexpr bool operator==(const microseconds& a, const microseconds& b) { return a.count == b.count; }
};

/// A clock's value, as the caller passes it and as an authenticator contains it.
struct timestamp {
  kerberos_time at;
  microseconds usec;
  friend constexpr auto operator<=>(const timestamp&, const timestamp&) = default;

  constexpr bool in_range() const {
    return at >= earliest_time && at <= latest_time && usec.count >= 0 && usec.count <= 999999;
  }
};

namespace detail {
/// A std::chrono::time_point of any clock.
template <class T>
concept time_point = requires(const T& t) {
  { t.time_since_epoch().count() } -> std::integral;
  T::duration::period::num;
  typename T::clock;
};
/// One of std::chrono::system_clock, which counts from 1970: no other clock converts to time_t.
template <class T>
concept system_time_point = time_point<T> && requires(const T& t) {
  T::clock::to_time_t(t);
};
}  // namespace detail

/// The time of std::chrono::system_clock, rounded down to a microsecond.
template <detail::system_time_point T>
constexpr timestamp to_timestamp(const T& t) {
  using period = typename T::duration::period;
  static_assert(period::num == 1 || period::den == 1, "to_timestamp: cast the time point to std::chrono::microseconds");
  const auto count = static_cast<std::int64_t>(t.time_since_epoch().count());
  if constexpr (period::den == 1) {
    return {{count * period::num}, {0}};
  } else {
    std::int64_t seconds = count / period::den, rest = count % period::den;
    if (rest < 0) --seconds, rest += period::den;
    return {{seconds}, {static_cast<std::int32_t>(rest * 1000000 / period::den)}};
  }
}

/// `t` plus `seconds`, limited to what a GeneralizedTime can represent.
constexpr kerberos_time plus(kerberos_time t, std::int64_t seconds) {
  if (seconds > 0 && t.seconds > latest_time.seconds - seconds) return latest_time;
  if (seconds < 0 && t.seconds < earliest_time.seconds - seconds) return earliest_time;
  t.seconds += seconds;
  return t < earliest_time ? earliest_time : t > latest_time ? latest_time : t;  // `t` may be outside the range
}

/// Whether two clock values differ by at most `skew` seconds, exact to the microsecond.
constexpr bool within_skew(timestamp a, timestamp b, std::int64_t skew) {
  if (!a.in_range() || !b.in_range() || skew < 0) return false;
  if (skew > latest_time.seconds - earliest_time.seconds) return true;
  const timestamp& early = a < b ? a : b;
  const timestamp& late = a < b ? b : a;
  const std::int64_t apart = (late.at.seconds - early.at.seconds) * 1000000 + (late.usec.count - early.usec.count);
  return apart <= skew * 1000000;
}

/// A filter for clock values, so that a client does not use a time twice while a server may remember
/// it (RFC 4120 section 3.2.3). Keep one for each client principal.
///
/// Where the clock stands, or was set back by at most the clock skew, it goes on in steps of a
/// microsecond: servers accept times that are ahead by the skew. Where the clock was set back by more,
/// servers would refuse those times until the clock has caught up, so it goes on with the clock. It
/// remembers which times it has returned before, for the clock skew, and passes over them. So no time
/// comes twice within that many seconds, also if the clock of a KDC (basic_credential::kdc_clock_offset())
/// and the machine's own clock are used in turns. It remembers two clocks. If three are used in turns, or
/// if the clock was ahead by the skew before it was set back, a time can come again, and a server that
/// remembers it refuses the request as a replay.
class unique_time {
 public:
  constexpr unique_time() = default;
  /// `skew` is the clock skew in seconds that servers accept.
  constexpr explicit unique_time(std::int64_t skew) : skew_(skew < 0 ? 0 : static_cast<std::uint64_t>(skew)) {}

  /// Returns `now`, or the first later time that was not returned in the last seconds.
  constexpr timestamp next(timestamp now) {
    if (!near(now, current_.last)) {  // another clock, or one that was set
      const stretch left = current_;
      current_ = near(now, other_.last) ? other_ : stretch{now, never};
      other_ = left;
      resumed_ = now;
    }
    if (now <= current_.last) now = after(current_.last);
    const bool remembered = near(now, resumed_) && near(now, other_.last);
    if (remembered && other_.first <= now && now <= other_.last) now = after(other_.last);
    current_.last = now;
    return now;
  }

 private:
  static constexpr timestamp never{{std::numeric_limits<std::int64_t>::min()}, {0}};
  /// The times that were returned for one clock, as long as it was not set.
  struct stretch {
    timestamp first, last;
  };
  constexpr bool near(timestamp a, timestamp b) const {
    const auto seconds = [](timestamp t) { return static_cast<std::uint64_t>(t.at.seconds); };
    return (a < b ? seconds(b) - seconds(a) : seconds(a) - seconds(b)) <= skew_;
  }
  static constexpr timestamp after(timestamp t) {
    if (t.usec.count < 999999) return {t.at, {t.usec.count + 1}};
    // Not plus(): at the end of the year 9999 that would return the same second again
    return {{t.at.seconds + (t.at.seconds != std::numeric_limits<std::int64_t>::max())}, {0}};
  }

  std::uint64_t skew_ = 300;
  stretch current_{never, never};
  stretch other_{never, never};
  timestamp resumed_ = never;  // when current_ began, or began again
};

}  // namespace kerb::inline v0
