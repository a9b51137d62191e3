// A value that the checks of a request have made, or the verdict that refuses the request.
#pragma once
#include <optional>
#include <type_traits>
#include <utility>

#include "verdict.hpp"

namespace kerb::inline v0::detail {

/// A T, or the verdict that refuses the request in its place.
template <class T>
class [[nodiscard]] checked {
 public:
  constexpr checked(const T& value) requires std::is_copy_constructible_v<T> : value_(value) {}
  constexpr checked(T&& value) : value_(std::move(value)) {}
  /// Constructs a T in place, for the caller to fill.
  constexpr explicit checked(std::in_place_t) : value_(std::in_place) {}
  constexpr checked(const verdict& refusal) : refusal_(refusal) {}

  constexpr explicit operator bool() const { return value_.has_value(); }
  constexpr const T& operator*() const& KERB_LIFETIMEBOUND { return *value_; }
  constexpr T& operator*() & KERB_LIFETIMEBOUND { return *value_; }
  void operator*() const&& = delete;
  constexpr const T* operator->() const& KERB_LIFETIMEBOUND { return &*value_; }
  constexpr T* operator->() & KERB_LIFETIMEBOUND { return &*value_; }
  void operator->() const&& = delete;
  /// Why the request is refused; ok() when there is a value.
  constexpr const verdict& refusal() const& KERB_LIFETIMEBOUND { return refusal_; }
  void refusal() const&& = delete;

 private:
  std::optional<T> value_;
  verdict refusal_{};
};

}  // namespace kerb::inline v0::detail
