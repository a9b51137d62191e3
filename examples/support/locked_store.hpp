// A replay cache that the threads of one process share.
#pragma once
#include <kerb/store/replay_cache.hpp>
#include <mutex>

namespace example {

/// A replay cache behind a lock, so that look-up and entry are one step for all threads. With kerb::memory_replay_cache
/// the lock is held for well under a microsecond. For a cache that waits for a network, handle the step check_replay
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
    } catch (...) { return kerb::replay_verdict::unknown; }  // the mutex cannot be locked: refuse
  }

 private:
  std::mutex mutex_;
  Store store_;
};

}  // namespace example
