// A page of memory that is zero-filled in a forked process, on Linux.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "../core/secret.hpp"

#if defined(__linux__) && __has_include(<sys/mman.h>)
#include <sys/mman.h>
#endif

namespace kerb::inline v0 {

/// Memory for buffered_random that is safe after fork(), clone() and any other copy of a process.
/// The system (Linux 4.14 and later) gives the copy zeros instead, before it runs, and excludes the
/// page from core dumps. If the system does not, octets() is empty, and a buffered_random with it
/// draws from its source each time, which is slower but as safe.
class fork_wiped_page {
 public:
  fork_wiped_page() noexcept {
#if defined(MADV_WIPEONFORK)
    void* const p = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return;
    if (madvise(p, size, MADV_WIPEONFORK) != 0) {
      (void)munmap(p, size);
      return;
    }
    (void)madvise(p, size, MADV_DONTDUMP);
    page_ = static_cast<std::uint8_t*>(p);
#endif
  }
  fork_wiped_page(const fork_wiped_page&) = delete;
  fork_wiped_page& operator=(const fork_wiped_page&) = delete;
  ~fork_wiped_page() {
#if defined(MADV_WIPEONFORK)
    if (page_ == nullptr) return;
    secure_zero(page_, size);
    (void)munmap(page_, size);
#endif
  }

  /// The first `n` octets, at most 4096; empty if the system does not wipe them. Valid while this object lives.
  std::span<std::uint8_t> octets(std::size_t n) & KERB_LIFETIMEBOUND {
    if (page_ == nullptr) return {};
    return {page_, n < size ? n : size};
  }

 private:
  static constexpr std::size_t size = 4096;
  std::uint8_t* page_ = nullptr;
};

}  // namespace kerb::inline v0
