// One half: C++20, with exceptions.
#include "measure.hpp"

facts facts_of_a() {
  struct a;
  return measure<a>();
}
