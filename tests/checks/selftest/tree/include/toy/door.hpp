// A toy library with checks to take out.
#pragma once

namespace toy {

constexpr bool may_enter(int age, int tickets) {
  if (age < 18) return false;
  if (tickets == 0) return false;
  if (age > 150) return false;
  return true;
}

constexpr int fee(int age) {
  const int full = 10;
  if (age < 27 || age > 65) {
    const int half = full / 2;
    return half;
  }
  return full;
}

constexpr int floors(int n) {
  if (n > 9) return 9;
  return n;
}

}  // namespace toy
