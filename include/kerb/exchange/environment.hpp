// The environment of a call: cryptography with its randomness, the current time, and limits.
#pragma once
#include "../core/time.hpp"
#include "../crypto/policy.hpp"

namespace kerb::inline v0 {

/// Limits that the caller sets on an exchange.
struct exchange_limits {
  std::int64_t clock_skew = 300;            ///< seconds that two clocks may differ
  std::uint64_t min_iterations = 0;         ///< minimum string-to-key iterations from a KDC; 0: the etype's default
  std::uint64_t max_iterations = 1u << 20;  ///< maximum string-to-key iterations from a KDC
  std::int64_t max_clock_offset = 86400;    ///< maximum offset of a KDC clock that is followed unauthenticated; seconds
  unsigned max_keys = 32;                   ///< maximum number of keys tried on one ticket; each decrypts all of it
  /// Maximum number of requests in one AS exchange, including the first; also of keys that it derives as
  /// the KDC's errors say, and of those that it derives as replies say.
  unsigned max_rounds = 6;
};

/// The environment of one call: the crypto policy, from which random octets come too, and the
/// caller's clock. An exchange stores none of it.
template <crypto_policy C>
struct environment {
  ref<C> crypto;
  timestamp now;
  exchange_limits limits{};

  /// The same clock and limits with another policy, such as with_random.
  template <crypto_policy Other>
  constexpr environment<Other> with(Other& other KERB_LIFETIMEBOUND) const {
    return {other, now, limits};
  }
};
namespace detail {
/// errc::clock_out_of_range for a time that is not in range, with the member that is not.
KERB_COLD constexpr error clock_fault(const timestamp& t) {
  const bool date = t.at < earliest_time || t.at > latest_time;
  return {.code = errc::clock_out_of_range, .type = "timestamp", .field = date ? "at" : "usec"};
}
}  // namespace detail

template <class C>
environment(C&, timestamp) -> environment<C>;
template <class C>
environment(C&, timestamp, exchange_limits) -> environment<C>;

}  // namespace kerb::inline v0
