// The counter of allocations counts.
#include "support/alloc_count.hpp"

TEST_CASE("alloc_count: an allocation is seen, and none is seen where none is made", "[support]") {
  if (!kerb_test::counting()) return;
  const std::size_t before = kerb_test::allocations();
  int* volatile kept = new int(1);
  const std::size_t after = kerb_test::allocations();
  delete kept;
  CHECK(after == before + 1);
  const kerb_test::no_allocations here;
  int on_the_stack = 0;
  asm volatile("" : : "g"(&on_the_stack) : "memory");
}

TEST_CASE("alloc_count: an allocation in a block that promises none fails the test", "[support][!shouldfail]") {
  if (!kerb_test::counting()) FAIL("nothing is counted here");
  const kerb_test::no_allocations here;
  int* volatile kept = new int(1);
  delete kept;
}

// What alloc_count.cpp must find out for itself: a sanitizer with a heap of its own counts nothing.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KERB_TEST_OWN_HEAP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define KERB_TEST_OWN_HEAP 1
#endif
#endif

TEST_CASE("alloc_count: allocations are counted with glibc, but under a sanitizer with a heap of its own",
          "[support]") {
#if defined(__GLIBC__) && !defined(KERB_TEST_OWN_HEAP)
  CHECK(kerb_test::counting());
#else
  CHECK_FALSE(kerb_test::counting());
#endif
}
