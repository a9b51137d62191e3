// What every registry of numbers is tested for, against a list of what the documents assign.
#pragma once
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string_view>
#include <type_traits>

#include "support/both.hpp"

namespace kerb_test {

template <class E>
struct entry {
  E value;
  std::int64_t number;
  std::string_view name;
};

/// Whether each listed number has its name, no two have one name, and the numbers beside them that are not listed have
/// none.
template <const auto& Registry>
constexpr bool as_registered() {
  using E = std::remove_cvref_t<decltype(Registry[0].value)>;
  using number = std::underlying_type_t<E>;
  const auto listed = [](std::int64_t n) {
    for (const auto& e : Registry)
      if (e.number == n) return true;
    return false;
  };
  for (const auto& e : Registry) {
    if (static_cast<std::int64_t>(e.value) != e.number || name_of(e.value) != e.name || e.name.empty()) return false;
    for (const auto& other : Registry)
      if (&other != &e && (other.number == e.number || other.name == e.name)) return false;
    for (const std::int64_t beside : {e.number - 1, e.number + 1}) {
      if (beside < std::numeric_limits<number>::min() || beside > std::numeric_limits<number>::max()) continue;
      if (!listed(beside) && !name_of(static_cast<E>(beside)).empty()) return false;
    }
  }
  return true;
}

/// Open: the underlying type is fixed, so that whatever a peer sends is a value of the enumeration.
template <class E>
constexpr bool is_open() {
  using number = std::underlying_type_t<E>;
  for (number n : {std::numeric_limits<number>::min(), std::numeric_limits<number>::max(), number{9999}}) {
    const E e = static_cast<E>(n);
    if (static_cast<number>(e) != n) return false;
    if (n != 0 && !name_of(e).empty()) return false;
  }
  return true;
}

/// Whether nothing has a name that is not listed; numbers beyond 2^20 are not tried.
template <const auto& Registry>
bool is_complete() {
  using E = std::remove_cvref_t<decltype(Registry[0].value)>;
  using number = std::underlying_type_t<E>;
  const std::int64_t first = std::is_signed_v<number> ? -2000 : 0;
  const auto last = std::min<std::int64_t>(1 << 20, std::numeric_limits<number>::max());
  std::size_t named = 0;
  for (std::int64_t n = first; n <= last; ++n) named += !name_of(static_cast<E>(n)).empty();
  return named == std::size(Registry);
}

}  // namespace kerb_test
