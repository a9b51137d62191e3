// must() gives the value, or fails the test with the reason.
#include "support/must.hpp"

#include <kerb/core/result.hpp>
#include <memory>

#include "support/both.hpp"

using namespace kerb;
using kerb_test::must;

namespace {

constexpr bool values_are_given() {
  const result<int> r = 5;
  std::optional<int> o = 6;
  must(o) = 7;  // a reference
  const int* const p = &*r;
  return must(r) == 5 && o == 7 && &must(p) == p && &must(&*o) == &*o && must(result<int>(8)) == 8;
}
KERB_BOTH("must: gives what a result, an optional or a pointer holds", "[support]", values_are_given);

// What a temporary held outlives it.
static_assert(std::is_same_v<decltype(must(result<int>(1))), int>);
static_assert(std::is_same_v<decltype(must(std::declval<const result<int>&>())), const int&>);

TEST_CASE("must: what cannot be copied is moved", "[support]") {
  CHECK(*must(std::optional<std::unique_ptr<int>>(std::make_unique<int>(3))) == 3);
}

TEST_CASE("must: where nothing is, the test fails with the reason and the place", "[support]") {
  using kerb_test::contains;
  const result<int> none = error{errc::no_space, 17, 42, "Ticket", "realm"};
  REQUIRE_THROWS_WITH(must(none), contains("must_test.cpp:") && contains("no_space") && contains("Ticket.realm") &&
                                      contains("at 17, detail 42"));
  REQUIRE_THROWS_WITH(must(std::optional<int>()), contains("must_test.cpp:") && contains("no value"));
  REQUIRE_THROWS_WITH(must(static_cast<const int*>(nullptr)), contains("no value"));
}

}  // namespace
