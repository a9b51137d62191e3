// A KDC's cache of the TGS requests that it has answered, RFC 4120 section 3.3.2.
#pragma once
#include "replay_cache.hpp"

namespace kerb::inline v0 {

enum class request_verdict : std::uint8_t {
  fresh,    ///< neither was seen before; both are recorded now
  again,    ///< the same request was seen before: answer it again, because the first answer may have been lost
  other,    ///< the authenticator was seen in another request: reject
  full,     ///< no space to record it: reject, or rely on the authenticator's checksum alone
  unknown,  ///< it may have been seen and dropped: the clock was set back, or the call is too late. Treat as `full`
};

/// A set of authenticators, each with the request that contained it, by digest. It has one atomic
/// operation: insert if absent. An entry may be dropped from the time `forget_after` on. All KDCs
/// of a realm must share one cache.
template <class S>
concept request_cache = requires(S& s, const std::array<std::uint8_t, 32>& digest, kerberos_time forget_after,
                                 kerberos_time now) {
  { s.insert(digest, digest, forget_after, now) }
  noexcept->std::same_as<request_verdict>;
};

/// A request cache of up to N requests, stored in place, for one thread. It never allocates, and
/// never drops an entry too early. When the clock is set back, it returns `unknown` for what it may
/// have dropped at the later time. The work per insert is bounded. While the cache is less than
/// half full, `full` is extremely unlikely, as in memory_replay_cache. One client can fill it, and
/// then all are refused: see there.
template <std::size_t N>
class memory_request_cache {
  static_assert(N >= 32,
                "memory_request_cache<N>: a request has 32 places, so N is 32 at least; take "
                "twice as many as may come within twice the clock skew");

 public:
  constexpr request_verdict insert(const std::array<std::uint8_t, 32>& authenticator,
                                   const std::array<std::uint8_t, 32>& request, kerberos_time forget_after,
                                   kerberos_time now) noexcept {
    if (places_.is_blind_to(forget_after, now)) return request_verdict::unknown;
    const auto at = places_.find(authenticator, now);
    if (at.known != nullptr) return at.known->request == request ? request_verdict::again : request_verdict::other;
    if (at.free == nullptr) return request_verdict::full;
    places_.put(*at.free, {authenticator, forget_after, request});
    return request_verdict::fresh;
  }

 private:
  struct entry {
    std::array<std::uint8_t, 32> digest{};  // of the authenticator
    kerberos_time forget_after = earliest_time;
    std::array<std::uint8_t, 32> request{};
  };
  detail::digest_places<entry, N> places_;
};

}  // namespace kerb::inline v0
