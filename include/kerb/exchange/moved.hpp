// The state of an exchange, which changes when the exchange is moved from.
#pragma once
#include <utility>

namespace kerb::inline v0::detail {

/// A value that becomes `Gone` when it is moved from. If every call in the state `Gone` is misuse,
/// an exchange that was moved from refuses every call, even with the move constructor and
/// assignment that the compiler generates.
template <auto Gone>
class moving_state {
 public:
  using state = decltype(Gone);
  constexpr moving_state(state s) : at_(s) {}
  constexpr moving_state(moving_state&& o) noexcept : at_(std::exchange(o.at_, Gone)) {}
  constexpr moving_state& operator=(moving_state&& o) noexcept {
    const state s = std::exchange(o.at_, Gone);  // first, in case `o` is *this
    at_ = s;
    return *this;
  }
  constexpr operator state() const { return at_; }

 private:
  state at_;
};

}  // namespace kerb::inline v0::detail
