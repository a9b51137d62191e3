// A value or an error.
#include <kerb/core/result.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {

struct only_moved {
  int n = 0;
  constexpr explicit only_moved(int v) : n(v) {}
  only_moved(const only_moved&) = delete;
  only_moved& operator=(const only_moved&) = delete;
  constexpr only_moved(only_moved&& o) noexcept : n(o.n) { o.n = -1; }
  only_moved& operator=(only_moved&&) = delete;
  ~only_moved() = default;
};

static_assert(std::is_same_v<result<int>::value_type, int>);
static_assert(!std::is_convertible_v<result<int>, bool>, "only an explicit question has an answer");
static_assert(!std::is_default_constructible_v<result<int>>);

constexpr bool a_value() {
  result<int> r = 5;
  *r += 1;
  return r && r.has_value() && *r == 6 && r.error().ok() && r.error().code == errc::ok;
}
KERB_BOTH("result: with a value it is true, and its error is ok", "[core]", a_value);

struct counts_moves {
  int moves = 0;
  constexpr counts_moves() = default;
  constexpr counts_moves(const counts_moves&) = default;
  constexpr counts_moves(counts_moves&& o) noexcept : moves(o.moves + 1) {}
  counts_moves& operator=(const counts_moves&) = delete;
  counts_moves& operator=(counts_moves&&) = delete;
  ~counts_moves() = default;
};
constexpr bool a_value_moves_once() {
  const counts_moves kept;
  const result<counts_moves> copied = kept, moved = counts_moves();
  return copied->moves == 0 && moved->moves == 1;
}
KERB_BOTH("result: a value goes in by one copy or one move", "[core]", a_value_moves_once);

constexpr bool a_code() {
  const result<int> r = errc::integrity;
  return !r && !r.has_value() && r.error().code == errc::integrity && r.error().offset == 0;
}
KERB_BOTH("result: made of a code it is false", "[core]", a_code);

constexpr bool a_whole_error() {
  const result<int> r = error{errc::bad_time, 17, 3, "Ticket", "realm"};
  return !r && r.error().offset == 17 && r.error().detail == 3 && std::string_view(r.error().type) == "Ticket" &&
         std::string_view(r.error().field) == "realm";
}
KERB_BOTH("result: keeps every part of an error", "[core]", a_whole_error);

constexpr bool members_of_the_value() {
  struct pair {
    int first, second;
  };
  result<pair> r = pair{1, 2};
  const result<pair>& c = r;
  r->first = 9;
  return c->first == 9 && (*c).second == 2;
}
KERB_BOTH("result: -> reaches the value's members", "[core]", members_of_the_value);

constexpr bool moved_out() {
  result<only_moved> r = only_moved(3);
  const only_moved taken = *std::move(r);
  return taken.n == 3 && r->n == -1;
}
KERB_BOTH("result: a value that only moves can be taken out", "[core]", moved_out);

constexpr bool a_substitute() { return result<int>(4).value_or(7) == 4 && result<int>(errc::entropy).value_or(7) == 7; }
KERB_BOTH("result: value_or gives the other value after an error only", "[core]", a_substitute);

constexpr bool one_after_the_other() {
  const auto half = [](int n) -> result<int> {
    if (n % 2 != 0) return errc::bad_integer;
    return n / 2;
  };
  const auto chain = [&](int n) { return result<int>(n).and_then(half).and_then(half); };
  return *chain(8) == 2 && chain(6).error().code == errc::bad_integer &&
         result<int>(errc::entropy).and_then(half).error().code == errc::entropy;
}
KERB_BOTH("result: and_then goes on until the first error", "[core]", one_after_the_other);

constexpr bool changed_values() {
  const auto twice = [](int n) { return long{n} * 2; };
  const result<long> r = result<int>(21).transform(twice);
  return *r == 42 && result<int>(errc::entropy).transform(twice).error().code == errc::entropy;
}
KERB_BOTH("result: transform changes the value and leaves the error", "[core]", changed_values);

}  // namespace
