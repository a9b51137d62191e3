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
