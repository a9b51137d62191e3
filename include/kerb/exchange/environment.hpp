// What every call of an exchange is given: cryptography, randomness, the clock's value, and limits.
#pragma once
#include "../core/time.hpp"
#include "../crypto/policy.hpp"

namespace kerb::inline v0 {

/// Bounds that the caller's policy sets on an exchange.
struct exchange_limits {
  std::int64_t clock_skew = 300;            ///< seconds that two clocks may differ
  std::uint64_t min_iterations = 0;         ///< string-to-key iterations a KDC may ask for; 0: the etype's own default
  std::uint64_t max_iterations = 1u << 20;  ///< the same, at most
  std::int64_t max_clock_offset = 86400;    ///< seconds that a KDC's unauthenticated clock is followed, at most
  unsigned max_keys = 32;                   ///< keys that are tried on one ticket
  unsigned max_rounds = 6;                  ///< requests of one AS exchange, the first one included
};

/// One call's environment. Nothing of it is stored by an exchange; policy and entropy may be one object.
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
