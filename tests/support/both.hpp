// KERB_BOTH: one constexpr function, run by the compiler and by the test program.
#pragma once
#include "catch.hpp"

// The last argument is a `constexpr bool` function without parameters: a name, `name<a, b>` or a lambda without
// captures. A sanitized or instrumented build defines KERB_RUNTIME_ONLY: there the compiler's run is dropped, since
// sanitizers change what is a constant.
#if defined(KERB_RUNTIME_ONLY)
#define KERB_BOTH(name, tags, ...) \
  TEST_CASE(name, tags) { REQUIRE((__VA_ARGS__)()); }
#else
#define KERB_BOTH(name, tags, ...)      \
  static_assert((__VA_ARGS__)(), name); \
  TEST_CASE(name, tags) { REQUIRE((__VA_ARGS__)()); }
#endif

// The same by the test program alone, for what would take the compiler more than a few seconds.
#define KERB_AT_RUN_TIME(name, tags, ...) \
  TEST_CASE(name, tags) { REQUIRE((__VA_ARGS__)()); }
