// A test program without a framework: the first argument selects a case, the exit status tells.
#include <cstdio>
#include <cstring>

#include "toy_tests.hpp"

int main(int argc, char** argv) {
  const char* want = argc > 4 ? argv[4] : "";  // after -r compact -a
  int run = 0, failed = 0;
  for (const toy_test& t : toy_tests()) {
    if (*want != 0 && std::strcmp(want, t.name) != 0) continue;
    ++run;
    failed += !t.passes();
  }
  if (run == 0) std::puts("No test cases matched");
  return failed;
}
