// What every registry of numbers is tested for.
#pragma once
#include <limits>
#include <set>
#include <string>
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

template <const auto& Registry>
constexpr bool as_registered() {
  for (const auto& e : Registry)
    if (static_cast<std::int64_t>(e.value) != e.number || name_of(e.value) != e.name) return false;
  return true;
}

/// Open: the underlying type is fixed, so that whatever a peer sends is a value of the enumeration.
template <class E>
constexpr bool is_open() {
  using number = std::underlying_type_t<E>;
  static_assert(std::is_same_v<number, std::int32_t> || std::is_same_v<number, unsigned>);
  for (number n : {std::numeric_limits<number>::min(), std::numeric_limits<number>::max(), number{9999}}) {
    const E e = static_cast<E>(n);
    if (static_cast<number>(e) != n) return false;
    if (n != 0 && !name_of(e).empty()) return false;
  }
  return true;
}

template <class E>
void names_differ(std::size_t count) {
  std::set<std::string> names;
  std::size_t named = 0;
  for (std::int32_t n = std::is_same_v<std::underlying_type_t<E>, unsigned> ? 0 : -1000; n != 40000; ++n) {
    const std::string name(name_of(static_cast<E>(n)));
    if (name.empty()) continue;
    ++named;
    // two checksum types have one name in RFC 3961, which does not tell them apart
    CHECK((names.insert(name).second || name == "sha1 (unkeyed)"));
  }
  CHECK(named == count);
}

}  // namespace kerb_test
