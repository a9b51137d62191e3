// What a toy test file defines.
#pragma once
#include <span>

struct toy_test {
  const char* name;
  bool (*passes)();
};
std::span<const toy_test> toy_tests();
