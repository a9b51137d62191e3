// The other half: C++23 where the compiler has it, without exceptions, and without assertions.
#undef NDEBUG
#define NDEBUG
#include "measure.hpp"

facts facts_of_b() {
  struct b;
  return measure<b>();
}
