// Counts the heap allocations of this thread, to prove that a block makes none.
#pragma once
#include <cstddef>
#include <exception>

#include "catch.hpp"

namespace kerb_test {

/// How often this thread has taken memory from the heap since it began (malloc and its kin, hence operator new too).
[[nodiscard]] std::size_t allocations() noexcept;

/// Whether allocations are counted here: not with a C library other than glibc and not under a sanitizer.
[[nodiscard]] bool counting() noexcept;

/// Fails the test when anything was allocated between its construction and its destruction.
/// Catch's own macros allocate: keep them out of the block, and look at results after it.
class [[nodiscard]] no_allocations {
 public:
  no_allocations() noexcept : unwinding_(std::uncaught_exceptions()), before_(allocations()) {}
  no_allocations(const no_allocations&) = delete;
  no_allocations& operator=(const no_allocations&) = delete;
  ~no_allocations() noexcept(false) {
    const std::size_t made = allocations() - before_;
    if (!counting() || std::uncaught_exceptions() != unwinding_) return;
    INFO("heap allocations in a block that promises none: " << made);
    REQUIRE(made == 0);
  }

 private:
  int unwinding_;
  std::size_t before_;
};

}  // namespace kerb_test
