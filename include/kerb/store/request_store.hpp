// What a KDC can remember of the TGS requests it has answered, RFC 4120 section 3.3.2.
#pragma once
#include "replay_store.hpp"

namespace kerb::inline v0 {

enum class request_verdict : std::uint8_t {
  fresh,  ///< neither was seen before, and both are remembered now
  again,  ///< this very request was seen before: it is answered again, since the first answer may have been lost
  other,  ///< the authenticator was seen in another request: refuse
  full,   ///< there is no room to remember it: refuse, or be content with what the authenticator's checksum protects
};

/// A store of authenticators, each with the request that it came in, by their digests: one atomic insert-if-absent. An
/// entry may be forgotten from `forget_after` on. Several KDCs of one realm share one store.
template <class S>
concept request_store = requires(S& s, const std::array<std::uint8_t, 32>& digest, kerberos_time forget_after,
                                 kerberos_time now) {
  { s.insert(digest, digest, forget_after, now) }
  noexcept->std::same_as<request_verdict>;
};

/// Remembers up to N requests in place, for one thread; never allocates and never forgets one too early. Work per
/// insert is bounded, as in memory_replay_store.
template <std::size_t N>
class memory_request_store {
  static_assert(N >= 32,
                "memory_request_store<N>: a request has 32 places, so N is 32 at least; take "
                "twice as many as may come within twice the clock skew");

 public:
  constexpr request_verdict insert(const std::array<std::uint8_t, 32>& authenticator,
                                   const std::array<std::uint8_t, 32>& request, kerberos_time forget_after,
                                   kerberos_time now) noexcept {
    std::size_t at = 0;
    for (std::size_t i = 0; i != sizeof(std::size_t); ++i) at = at << 8 | authenticator[i];
    entry* empty = nullptr;
    for (std::size_t i = 0; i != 32; ++i) {
      entry& e = entries_[(at % N + i) % N];
      if (e.forget_after <= now) {
        if (empty == nullptr) empty = &e;
      } else if (e.authenticator == authenticator) {
        return e.request == request ? request_verdict::again : request_verdict::other;
      }
    }
    if (empty == nullptr) return request_verdict::full;
    *empty = {authenticator, request, forget_after};
    return request_verdict::fresh;
  }

 private:
  struct entry {
    std::array<std::uint8_t, 32> authenticator{};
    std::array<std::uint8_t, 32> request{};
    kerberos_time forget_after = earliest_time;
  };
  std::array<entry, N> entries_{};
};

}  // namespace kerb::inline v0
