// What a KDC can remember of the TGS requests it has answered, RFC 4120 section 3.3.2.
#pragma once
#include "replay_cache.hpp"

namespace kerb::inline v0 {

enum class request_verdict : std::uint8_t {
  fresh,    ///< neither was seen before, and both are remembered now
  again,    ///< this very request was seen before: it is answered again, since the first answer may have been lost
  other,    ///< the authenticator was seen in another request: refuse
  full,     ///< there is no space to remember it: refuse, or be content with what the authenticator's checksum protects
  unknown,  ///< it may have been seen and forgotten: the clock was set back, or it is asked about too late; as `full`
};

/// A store of authenticators, each with the request that it came in, by their digests: one atomic insert-if-absent. An
/// entry may be forgotten from `forget_after` on. Several KDCs of one realm share one store.
template <class S>
concept request_cache = requires(S& s, const std::array<std::uint8_t, 32>& digest, kerberos_time forget_after,
                                 kerberos_time now) {
  { s.insert(digest, digest, forget_after, now) }
  noexcept->std::same_as<request_verdict>;
};

/// Remembers up to N requests in place, for one thread; never allocates and never forgets one too early. When the clock
/// is set back it is blind to what it may have forgotten by the later time. Work per insert is bounded, and a store
/// that is less than half full is never `full` but by extraordinary chance, as in memory_replay_cache.
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
