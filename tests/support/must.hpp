// The value of a result or optional that a test takes for granted.
#pragma once
#include <kerb/core/error.hpp>
#include <source_location>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace kerb_test {

/// Fails the test: Catch2 reports the text. Where the compiler runs the test, it stops at the call of this function.
[[noreturn]] inline void missing_value(const kerb::error& e, const std::source_location& at) {
  std::string text = std::string(at.file_name()) + ":" + std::to_string(at.line()) + ": no value";
  if (!e.ok()) {
    text.append(", but ").append(kerb::name_of(e.code)).append(" in ").append(e.type).append(".").append(e.field);
    text += " at " + std::to_string(e.offset) + ", detail " + std::to_string(e.detail);
  }
  throw std::logic_error(text);
}

template <class R>
using value_of = std::conditional_t<std::is_lvalue_reference_v<R> || std::is_pointer_v<R>, decltype(*std::declval<R>()),
                                    std::remove_cvref_t<decltype(*std::declval<R>())>>;

/// What a result, an optional or a pointer holds: a reference, or of a temporary result or optional a value. Where it
/// holds nothing, the test fails with the error and the place of the call.
template <class R>
constexpr value_of<R> must(R&& r, const std::source_location& at = std::source_location::current()) {
  if (!r) {
    if constexpr (requires { r.error(); }) missing_value(r.error(), at);
    else missing_value({}, at);
  }
  return *std::forward<R>(r);
}

}  // namespace kerb_test
