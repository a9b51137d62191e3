// The state that an exchange leaves behind when it is moved.
#include <kerb/exchange/moved.hpp>

#include "support/both.hpp"

namespace {
enum class state { idle, waiting, spent };
using moving = kerb::detail::moving_state<state::spent>;

constexpr bool a_move_leaves_it_spent() {
  moving a = state::waiting;
  moving b = std::move(a);
  if (a != state::spent || b != state::waiting) return false;
  moving c = state::idle;
  c = std::move(b);
  return b == state::spent && c == state::waiting;
}
constexpr bool onto_itself_nothing_changes() {
  moving a = state::waiting;
  moving& same = a;
  a = std::move(same);
  return a == state::waiting;
}
}  // namespace

KERB_BOTH("moving_state: what is moved from is spent", "[exchange]", a_move_leaves_it_spent);
KERB_BOTH("moving_state: moved onto itself it stays as it is", "[exchange]", onto_itself_nothing_changes);
