// A list in place.
#include <kerb/core/fixed.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {

constexpr bool filled_to_the_brim() {
  fixed<int, 2> f;
  const bool empty = f.empty() && f.size() == 0 && f.begin() == f.end();
  const bool took = f.push_back(4) && f.push_back(5);
  const bool refused = !f.push_back(6);
  return empty && took && refused && f.size() == 2 && f[0] == 4 && f[1] == 5 && f.capacity() == 2 && !f.empty();
}
KERB_BOTH("fixed: what does not fit is refused, and changes nothing", "[core]", filled_to_the_brim);

constexpr bool cleared_and_used_again() {
  fixed<int, 2> f;
  bool took = f.push_back(1);
  f[0] = 2;
  int sum = 0;
  for (int n : f) sum += n;
  f.clear();
  took = took && f.empty() && f.push_back(7);
  return took && sum == 2 && f[0] == 7 && f.size() == 1;
}
KERB_BOTH("fixed: cleared, it has all its buffer again", "[core]", cleared_and_used_again);

constexpr bool seen_as_a_view() {
  fixed<std::uint8_t, 4> f;
  const bool took = f.push_back(9) && f.push_back(8);
  const bytes_view v = f;
  const view_of<std::uint8_t> w = f;
  return took && v.size() == 2 && v[1] == 8 && w.size() == 2 && f.data() == v.data();
}
KERB_BOTH("fixed: a view of it sees what is in it, not its capacity", "[core]", seen_as_a_view);

constexpr bool no_buffer_at_all() {
  fixed<int, 0> f;
  return !f.push_back(1) && f.empty();
}
KERB_BOTH("fixed: of no places takes nothing", "[core]", no_buffer_at_all);

}  // namespace
