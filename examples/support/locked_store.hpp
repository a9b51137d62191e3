// A store of authenticators that the threads of one process share.
#pragma once
#include <kerb/store/replay_cache.hpp>
#include <mutex>

namespace example {

/// Any store, for one thread at a time: look-up and entry are one step for all of them. The lock is held for well under
/// a microsecond with kerb::memory_replay_cache; a store that waits for a network belongs behind the step check_replay
/// instead (examples/fleet).
template <kerb::replay_cache Store>
class locked_store {
 public:
  locked_store() = default;
  explicit locked_store(const Store& s) : store_(s) {}

  kerb::replay_verdict insert(const std::array<std::uint8_t, 32>& digest, kerb::kerberos_time forget_after,
                              kerb::kerberos_time now) noexcept {
    try {
      const std::lock_guard hold(mutex_);
      return store_.insert(digest, forget_after, now);
    } catch (...) { return kerb::replay_verdict::unknown; }  // a mutex that cannot be had: refuse
  }

 private:
  std::mutex mutex_;
  Store store_;
};

}  // namespace example
