// What a fuzz target says of a property that does not hold.
#pragma once
#include <cstdio>
#include <cstdlib>

namespace kerb_fuzz {

/// Ends the program, for the fuzzer to keep the input.
inline void require(bool holds, const char* what, const char* of = "") {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s %s\n", of, what);
  std::abort();
}

}  // namespace kerb_fuzz
