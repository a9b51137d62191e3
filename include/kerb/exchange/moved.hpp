// The state of an exchange, which says when the exchange has been moved from.
#pragma once
#include <utility>

namespace kerb::inline v0::detail {

/// A state that stays behind as `Gone` when it is moved from. With a state in which every call is misuse, an exchange
/// that was moved from refuses every call, although the compiler wrote its move.
template <auto Gone>
class moving_state {
 public:
  using state = decltype(Gone);
  constexpr moving_state(state s) : at_(s) {}
  constexpr moving_state(moving_state&& o) noexcept : at_(std::exchange(o.at_, Gone)) {}
  constexpr moving_state& operator=(moving_state&& o) noexcept {
    const state s = std::exchange(o.at_, Gone);  // first: it may be this one
    at_ = s;
    return *this;
  }
  constexpr operator state() const { return at_; }

 private:
  state at_;
};

}  // namespace kerb::inline v0::detail
