// malloc and its kin, counted and handed on to glibc's own.
#include "alloc_count.hpp"

#include <cerrno>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KERB_TEST_COUNTS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define KERB_TEST_COUNTS 0
#endif
#endif
#if !defined(KERB_TEST_COUNTS)
#if defined(__GLIBC__)
#define KERB_TEST_COUNTS 1
#else
#define KERB_TEST_COUNTS 0
#endif
#endif

namespace {
constinit thread_local std::size_t count = 0;
}

std::size_t kerb_test::allocations() noexcept { return count; }
bool kerb_test::counting() noexcept { return KERB_TEST_COUNTS != 0; }

#if KERB_TEST_COUNTS
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t n) noexcept {
  ++count;
  return __libc_malloc(n);
}
void* calloc(std::size_t n, std::size_t size) noexcept {
  ++count;
  return __libc_calloc(n, size);
}
void* realloc(void* old, std::size_t n) noexcept {
  ++count;
  return __libc_realloc(old, n);
}
void* aligned_alloc(std::size_t alignment, std::size_t n) noexcept {
  ++count;
  return __libc_memalign(alignment, n);
}
int posix_memalign(void** out, std::size_t alignment, std::size_t n) noexcept {
  ++count;
  void* const p = __libc_memalign(alignment, n);
  if (p == nullptr) return ENOMEM;
  *out = p;
  return 0;
}
}
#endif
