// What both halves of the program must agree on.
#pragma once
#include <cstddef>

struct facts {
  const void* constant;    // an inline constant of the library: both halves must see one object
  std::size_t layout[12];  // size and alignment of a few types
};
facts facts_of_a();
facts facts_of_b();
