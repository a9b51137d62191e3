// The environment of a call: cryptography, randomness, the current time, and limits.
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
  unsigned max_keys = 32;                   ///< maximum number of keys that are tried on one ticket
  unsigned max_rounds = 6;                  ///< maximum number of requests in one AS exchange, including the first
};

/// The environment of one call. An exchange stores none of it. The policy may also be the entropy
/// source.
template <crypto_policy C, entropy_source R>
struct environment {
  ref<C> policy;
  ref<R> entropy;
  timestamp now;
  exchange_limits limits{};
};
template <class C, class R>
environment(C&, R&, timestamp) -> environment<C, R>;
template <class C, class R>
environment(C&, R&, timestamp, exchange_limits) -> environment<C, R>;

}  // namespace kerb::inline v0
