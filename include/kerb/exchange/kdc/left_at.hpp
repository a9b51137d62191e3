// A value that changes when it is moved from.
#pragma once
#include <utility>

namespace kerb::inline v0::detail {

/// A value that becomes `Left` when it is moved from, so that the object it was in can no longer be
/// used.
template <class T, T Left>
class left_at {
 public:
  constexpr left_at(T v) : v_(v) {}
  constexpr left_at(left_at&& o) noexcept : v_(std::exchange(o.v_, Left)) {}
  constexpr left_at& operator=(left_at&& o) noexcept {
    const T v = std::exchange(o.v_, Left);
    v_ = v;
    return *this;
  }
  constexpr left_at& operator=(T v) {
    v_ = v;
    return *this;
  }
  constexpr operator T() const { return v_; }

 private:
  T v_;
};

}  // namespace kerb::inline v0::detail
