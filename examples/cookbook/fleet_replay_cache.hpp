// A replay cache that all processes of a service share, in a store such as Redis or a database.
#pragma once
#include <kerb/store/replay_cache.hpp>
#include <optional>

namespace cookbook {

/// `Store` is the client of your store. It has a call that is atomic for all processes:
///   std::optional<bool> add(digest, seconds) noexcept   enters the digest for so long, unless it is there. Returns
///                                                        whether it was entered; none: the store does not answer
/// and one that tells whether the store has lost entries (a restart, a replica that has taken over):
///   std::int64_t empty_since() noexcept                 when its memory began, in seconds since 1970
template <class Store>
class shared_replay_cache {
 public:
  /// `skew` is exchange_limits::clock_skew of every process, and `apart` the difference of their clocks in seconds.
  shared_replay_cache(Store& store, std::int64_t skew, std::int64_t apart)
      : store_(store), skew_(skew), apart_(apart) {}

  kerb::replay_verdict insert(const std::array<std::uint8_t, 32>& digest, kerb::kerberos_time forget_after,
                              kerb::kerberos_time now) noexcept {
    // A process whose clock is behind accepts the authenticator for longer
    const auto entered = store_.add(digest, forget_after.seconds - now.seconds + 2 * apart_ + 1);
    if (!entered) return kerb::replay_verdict::unknown;  // and the acceptor refuses the client
    if (!*entered) return kerb::replay_verdict::seen;
    // It may have been accepted before the memory began, by a process whose clock was ahead
    const std::int64_t sure_from = store_.empty_since() + 2 * skew_ + 2 * apart_ + 1;
    return forget_after.seconds > sure_from ? kerb::replay_verdict::fresh : kerb::replay_verdict::unknown;
  }

 private:
  Store& store_;
  std::int64_t skew_, apart_;
};

}  // namespace cookbook
