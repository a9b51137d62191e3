// What a move leaves behind.
#include <kerb/exchange/kdc/left_at.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {
constexpr bool a_move_takes_the_value_along() {
  detail::left_at<int, -1> a = 7, b = 8;
  detail::left_at<int, -1> c(std::move(a));
  if (a != -1 || c != 7) return false;
  b = std::move(c);
  if (c != -1 || b != 7) return false;
  c = 9;
  detail::left_at<int, -1>& same = c;
  c = std::move(same);
  return c == 9;
}
KERB_BOTH("left_at: a move takes the value along and leaves the other one behind", "[exchange]",
          a_move_takes_the_value_along);
}  // namespace
