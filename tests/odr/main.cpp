// Links two halves that were compiled in different modes of the language, and compares what they saw.
#include <cstdio>

#include "facts.hpp"

int main() {
  const facts a = facts_of_a();
  const facts b = facts_of_b();
  if (a.constant != b.constant) {
    std::puts("an inline constant exists twice: something in include/ gives it internal linkage");
    return 1;
  }
  for (std::size_t i = 0; i != sizeof a.layout / sizeof a.layout[0]; ++i) {
    if (a.layout[i] == b.layout[i]) continue;
    std::printf("layout %zu is %zu in one half and %zu in the other: a type depends on the language mode\n", i,
                a.layout[i], b.layout[i]);
    return 1;
  }
  return 0;
}
