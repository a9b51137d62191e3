// A page of memory that a forked process finds filled with zeros, on Linux.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "../core/secret.hpp"

#if defined(__linux__) && __has_include(<sys/mman.h>)
#include <sys/mman.h>
#endif

namespace kerb::inline v0 {

/// Memory for buffered_random that is safe after fork(), clone() and whatever else makes a copy of a process: the
/// system (Linux 4.14 and later) gives the copy zeros instead, before it runs, and leaves the page out of core dumps.
/// Where the system does not, octets() is empty, and a buffered_random with it draws from its source each time: slower,
/// and as safe.
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

  /// The first `n` octets, at most 4096; none where the system does not wipe them. Valid as long as this object.
  std::span<std::uint8_t> octets(std::size_t n) & KERB_LIFETIMEBOUND {
    if (page_ == nullptr) return {};
    return {page_, n < size ? n : size};
  }

 private:
  static constexpr std::size_t size = 4096;
  std::uint8_t* page_ = nullptr;
};

}  // namespace kerb::inline v0
