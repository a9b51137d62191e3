// Views of octets and of values, and what they refuse to look at.
#include <kerb/core/bytes.hpp>
#include <string>
#include <vector>

#include "support/both.hpp"

using namespace kerb;

namespace {

constexpr std::array<std::uint8_t, 4> abcd{1, 2, 3, 4};
constexpr std::uint8_t plain_array[3] = {7, 8, 9};

// A view of something that dies at the end of the expression does not compile.
static_assert(std::is_constructible_v<bytes_view, std::array<std::uint8_t, 4>&>);
static_assert(std::is_constructible_v<bytes_view, const std::array<std::uint8_t, 4>&>);
static_assert(!std::is_constructible_v<bytes_view, std::array<std::uint8_t, 4>>);
static_assert(!std::is_constructible_v<bytes_view, const std::array<std::uint8_t, 4>>);
static_assert(std::is_constructible_v<bytes_view, std::vector<std::uint8_t>&>);
static_assert(!std::is_constructible_v<bytes_view, std::vector<std::uint8_t>>);
static_assert(std::is_constructible_v<bytes_view, const std::uint8_t (&)[3]>);
static_assert(!std::is_constructible_v<bytes_view, std::uint8_t (&&)[3]>);
static_assert(!std::is_constructible_v<bytes_view, const std::uint8_t (&&)[3]>);
static_assert(std::is_constructible_v<bytes_view, std::span<std::uint8_t>>, "a span owns nothing");
static_assert(std::is_constructible_v<bytes_view, std::span<const std::uint8_t, 4>>);
static_assert(!std::is_constructible_v<bytes_view, std::string&>, "text is no octets by accident");
static_assert(std::is_trivially_copyable_v<bytes_view>);

static_assert(std::is_constructible_v<view_of<int>, std::array<int, 2>&>);
static_assert(std::is_constructible_v<view_of<int>, const std::array<int, 2>&>);
static_assert(!std::is_constructible_v<view_of<int>, std::array<int, 2>>);
static_assert(!std::is_constructible_v<view_of<int>, const std::array<int, 2>>);
static_assert(!std::is_constructible_v<view_of<int>, std::vector<int>>);
static_assert(std::is_constructible_v<view_of<int>, const int (&)[2]>);
static_assert(!std::is_constructible_v<view_of<int>, int (&&)[2]>);
static_assert(!std::is_constructible_v<view_of<int>, std::array<long, 2>&>, "the elements are what they are");
static_assert(std::is_trivially_copyable_v<view_of<int>>);

static_assert(std::is_constructible_v<ref<int>, int&>);
static_assert(std::is_constructible_v<ref<const int>, int&>);
static_assert(std::is_constructible_v<ref<const int>, const int&>);
static_assert(!std::is_constructible_v<ref<int>, const int&>);
static_assert(!std::is_constructible_v<ref<int>, int>);
static_assert(!std::is_constructible_v<ref<const int>, int>);
static_assert(!std::is_constructible_v<ref<const int>, const int>);
static_assert(!std::is_default_constructible_v<ref<int>>);
static_assert(std::is_trivially_copyable_v<ref<int>>);

constexpr bool a_view_sees_its_owner() {
  const bytes_view v = abcd;
  const bytes_view w = plain_array;
  const bytes_view s = std::span<const std::uint8_t>(abcd).subspan(1, 2);
  return v.size() == 4 && v[0] == 1 && v[3] == 4 && v.data() == abcd.data() && !v.empty() && w.size() == 3 &&
         w[2] == 9 && s.size() == 2 && s[0] == 2;
}
KERB_BOTH("bytes_view: an array, a plain array and a span are seen as they are", "[core]", a_view_sees_its_owner);

constexpr bool an_empty_view() {
  const bytes_view v;
  int octets = 0;
  for (std::uint8_t b : v) octets += b + 1;
  return v.empty() && v.size() == 0 && octets == 0 && v == bytes_view() && !(v == bytes_view(abcd));
}
KERB_BOTH("bytes_view: a default one is empty", "[core]", an_empty_view);

constexpr bool pieces_of_a_view() {
  const bytes_view v = abcd;
  return v.first(2).size() == 2 && v.first(2)[1] == 2 && v.last(3).size() == 3 && v.last(3)[0] == 2 &&
         v.subview(3).size() == 1 && v.subview(3)[0] == 4 && v.subview(4).empty() &&
         v.subview(1, 2) == v.last(3).first(2) && v.first(0).empty() && v.last(0).empty() && v.first(4) == v &&
         v.last(4) == v;
}
KERB_BOTH("bytes_view: first, last and subview are pieces of it", "[core]", pieces_of_a_view);

constexpr bool views_are_compared_by_their_octets() {
  constexpr std::array<std::uint8_t, 4> same{1, 2, 3, 4}, other{1, 2, 3, 5};
  return bytes_view(abcd) == bytes_view(same) && !(bytes_view(abcd) == bytes_view(other)) &&
         !(bytes_view(abcd) == bytes_view(abcd).first(3));
}
KERB_BOTH("bytes_view: equal are those with equal octets", "[core]", views_are_compared_by_their_octets);

constexpr bool views_of_values() {
  constexpr std::array<int, 3> numbers{5, 6, 7};
  constexpr int bare[] = {8, 9};
  const view_of<int> v = numbers, w = bare, none;
  int sum = 0;
  for (int n : v) sum += n;
  return sum == 18 && v.size() == 3 && v[1] == 6 && v.data() == numbers.data() && w.size() == 2 && w[1] == 9 &&
         !w.empty() && none.empty() && none.begin() == none.end();
}
KERB_BOTH("view_of: the caller's values, in place", "[core]", views_of_values);

constexpr bool a_ref_is_its_object() {
  int n = 4;
  const ref<int> r = n;
  r.get() += 1;
  *r += 1;
  const ref<int> copy = r;
  const ref<const int> c = n;
  struct pair {
    int first, second;
  } p{1, 2};
  const ref<pair> q = p;
  q->second = 3;
  return n == 6 && &copy.get() == &n && *c == 6 && p.second == 3;
}
KERB_BOTH("ref: reads and writes the object it was made of", "[core]", a_ref_is_its_object);

constexpr bool copying_octets() {
  std::array<std::uint8_t, 4> to{};
  kerb::detail::copy_octets(abcd.data(), 4, to.data());
  kerb::detail::copy_octets(nullptr, 0, to.data());
  kerb::detail::copy_octets(abcd.data(), 0, nullptr);
  return to == abcd;
}
KERB_BOTH("copy_octets: copies, and nothing may be nowhere", "[core]", copying_octets);

constexpr bool a_text_that_lives() {
  const text_view none, literal = "abc", part = std::string_view("abcd").substr(0, 3);
  return none.empty() && literal.size() == 3 && std::string_view(literal) == std::string_view(part);
}
KERB_BOTH("text_view: shows a literal and a view of text", "[core]", a_text_that_lives);

static_assert(std::is_constructible_v<text_view, std::string&> && std::is_constructible_v<text_view, const char*>);
static_assert(std::is_convertible_v<const std::string&, text_view> &&
              std::is_convertible_v<std::string_view, text_view>);
static_assert(!std::is_constructible_v<text_view, std::string> &&
              !std::is_constructible_v<text_view, const std::string>);
TEST_CASE("text_view: shows a string that has a name", "[core]") {
  const std::string text = "rules";
  const text_view v = text;
  CHECK(std::string_view(v).data() == text.data());
  CHECK(v.size() == 5);
}

TEST_CASE("octets_of: a text's octets, its NUL included only where it is text", "[core]") {
  const std::string text("a\0b", 3);
  const bytes_view v = octets_of(text);
  CHECK(v.size() == 3);
  CHECK(v[1] == 0);
  CHECK(static_cast<const void*>(v.data()) == text.data());
  CHECK(octets_of("").empty());
}

}  // namespace
