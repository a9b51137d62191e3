// A value or an error: a subset of C++23's std::expected, with the same member names.
#pragma once
#include <optional>
#include <type_traits>
#include <utility>

#include "error.hpp"

namespace kerb::inline v0 {

namespace detail {
/// Converts to a T in which only default member initialisers are applied; T{} would also fill it
/// with zeros first.
template <class T>
struct fresh {
  constexpr operator T() const {
    if constexpr (std::is_trivially_default_constructible_v<T>) {
      return T{};
    } else {
      T v;
      return v;
    }
  }
};
}  // namespace detail

/// A T, or an error in its place. `*r` and `r->` require that there is a value. There is no
/// value(), because it would have to throw. A temporary result has no `->`: nobody could have
/// checked it, and a view that a member returns would outlive it. Its `*` returns the value itself.
template <class T>
class [[nodiscard]] result {
 public:
  using value_type = T;
  constexpr result(const T& value) requires std::is_copy_constructible_v<T> : value_(value) {}
  constexpr result(T&& value) : value_(std::move(value)) {}
  /// Constructs a T in place, for the caller to fill.
  constexpr explicit result(std::in_place_t) : value_(std::in_place, detail::fresh<T>{}) {}
  constexpr result(kerb::error e) : error_(e) {}
  constexpr result(errc c) : error_{.code = c} {}

  constexpr bool has_value() const { return value_.has_value(); }
  constexpr explicit operator bool() const { return has_value(); }
  constexpr const T& operator*() const& KERB_LIFETIMEBOUND { return *value_; }
  constexpr T& operator*() & KERB_LIFETIMEBOUND { return *value_; }
  constexpr T operator*() && { return std::move(*value_); }
  void operator*() const&& = delete;
  constexpr const T* operator->() const& KERB_LIFETIMEBOUND { return &*value_; }
  constexpr T* operator->() & KERB_LIFETIMEBOUND { return &*value_; }
  void operator->() const&& = delete;
  /// The error. Its code is errc::ok when there is a value. Without KERB_LIFETIMEBOUND, because clang 19
  /// then takes `return r.error().code` for a view of what a constant `r` was made of.
  constexpr const kerb::error& error() const& { return error_; }
  constexpr kerb::error error() && { return error_; }

  template <class U>
  constexpr T value_or(U&& other) const& {
    return value_ ? *value_ : static_cast<T>(std::forward<U>(other));
  }
  /// Returns f(value), which must be a result, or this error.
  template <class F>
  constexpr auto and_then(F&& f) && -> std::invoke_result_t<F, T&&> {
    if (value_) return std::forward<F>(f)(std::move(*value_));
    return error_;
  }
  /// Returns f(value) in a result, or this error.
  template <class F>
  constexpr auto transform(F&& f) && -> result<std::remove_cvref_t<std::invoke_result_t<F, T&&>>> {
    if (value_) return std::forward<F>(f)(std::move(*value_));
    return error_;
  }

 private:
  std::optional<T> value_;
  kerb::error error_{};
};

}  // namespace kerb::inline v0
