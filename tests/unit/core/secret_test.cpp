// Secrets: wiped when they die and when they move, and compared in constant time only.
#include <kerb/core/secret.hpp>
#include <new>

#include "support/both.hpp"

using namespace kerb;

namespace {

constexpr std::array<std::uint8_t, 4> four{0xa1, 0xb2, 0xc3, 0xd4};

using key32 = secret<32>;
template <class T>
concept compares = requires(const T& a, const T& b) {
  a == b;
};
template <class T>
concept exposes_rvalue = requires(T&& t) {
  static_cast<T&&>(t).expose();
};
template <class T>
concept writes_rvalue = requires(T&& t) {
  static_cast<T&&>(t).expose_for_writing(1);
};

static_assert(!std::is_copy_constructible_v<key32> && !std::is_copy_assignable_v<key32>);
static_assert(std::is_nothrow_move_constructible_v<key32> && std::is_nothrow_move_assignable_v<key32>);
static_assert(!compares<key32> && !compares<secret_view>, "ct_equal is the only comparison");
static_assert(compares<bytes_view>);
static_assert(!exposes_rvalue<key32> && !writes_rvalue<key32>, "a view of a dying secret");
static_assert(!std::is_convertible_v<bytes_view, secret_view> && !std::is_convertible_v<secret_view&, bytes_view>);
static_assert(!std::is_copy_constructible_v<wiped_on_exit>);

constexpr bool a_copy_by_name() {
  const auto s = key32::copy_of(four);
  return s && s->size() == 4 && !s->empty() && ct_equal(s->expose().unguarded(), four) && key32::capacity() == 32 &&
         key32().empty() && key32::copy_of({})->empty();
}
KERB_BOTH("secret: copy_of keeps the octets", "[core]", a_copy_by_name);

constexpr bool too_many_octets() {
  return !secret<3>::copy_of(four) && secret<4>::copy_of(four) && !secret<0>::copy_of(four) && secret<0>::copy_of({});
}
KERB_BOTH("secret: more octets than there is space for are no secret", "[core]", too_many_octets);

constexpr bool moving_empties() {
  auto a = key32::copy_of(four);
  key32 b = std::move(*a);
  const bool gone = a->empty() && b.size() == 4;
  key32 c;
  c = std::move(b);
  key32& same = c;
  c = std::move(same);  // to itself: stays
  return gone && b.empty() && ct_equal(c.expose().unguarded(), four);
}
KERB_BOTH("secret: what was moved from is empty", "[core]", moving_empties);

constexpr bool filled_in_place() {
  secret<4> s;
  const std::span<std::uint8_t> buffer = s.expose_for_writing(4);
  for (std::size_t i = 0; i != 4; ++i) buffer[i] = four[i];
  const bool whole = ct_equal(s.expose().unguarded(), four);
  return whole && s.expose_for_writing(9).size() == 4 && s.expose_for_writing(2).size() == 2 && s.size() == 2 &&
         s.expose().first(1).size() == 1;
}
KERB_BOTH("secret: space for writing never exceeds its capacity", "[core]", filled_in_place);

constexpr bool wiped_by_name() {
  auto s = key32::copy_of(four);
  s->wipe();
  const bool empty = s->empty();
  for (std::uint8_t b : s->expose_for_writing(32))
    if (b != 0) return false;
  return empty;
}
KERB_BOTH("secret: wipe leaves zeros", "[core]", wiped_by_name);

constexpr bool equal_octets() {
  constexpr std::array<std::uint8_t, 4> same = four;
  for (std::size_t i = 0; i != 32; ++i) {
    std::array<std::uint8_t, 4> other = four;
    other[i / 8] = static_cast<std::uint8_t>(other[i / 8] ^ 1u << (i % 8));
    if (ct_equal(four, other)) return false;
  }
  return ct_equal(four, same) && !ct_equal(four, bytes_view(same).first(3)) && ct_equal({}, {}) && !ct_equal({}, four);
}
KERB_BOTH("ct_equal: one bit of difference, anywhere, is seen", "[core]", equal_octets);

constexpr bool wiped_at_the_end_of_a_scope() {
  std::array<std::uint8_t, 4> a = four;
  { const wiped_on_exit w{a}; }
  return a == std::array<std::uint8_t, 4>{};
}
KERB_BOTH("wiped_on_exit: the stretch is zero behind the scope", "[core]", wiped_at_the_end_of_a_scope);

constexpr bool zeroing_a_part() {
  std::array<std::uint8_t, 4> a = four;
  secure_zero(a.data() + 1, 2);
  secure_zero(std::span<std::uint8_t>{});
  return a[0] == 0xa1 && a[1] == 0 && a[2] == 0 && a[3] == 0xd4;
}
KERB_BOTH("secure_zero: wipes what it was given and no more", "[core]", zeroing_a_part);

constexpr bool a_view_of_a_secret() {
  const secret_view v(four.data(), four.size()), none;
  return v.size() == 4 && v.data() == four.data() && v.first(2).size() == 2 && none.empty() &&
         secret_view(bytes_view(four)).unguarded() == bytes_view(four);
}
KERB_BOTH("secret_view: shows its octets only under a name that can be searched for", "[core]", a_view_of_a_secret);

TEST_CASE("secret_view: a password is the octets that were typed", "[core]") {
  CHECK(secret_view::of("pw").unguarded() == octets_of("pw"));
}

// The memory of a dead object may not be named by the program, and an optimiser that sees a dead store drops it: the
// octets are read through a pointer whose origin is hidden from the compiler.
template <class T>
T* laundered(T* p) {
  asm volatile("" : "+r"(p) : : "memory");
  return p;
}
int octets_left(const unsigned char* p, std::size_t n) {
  int left = 0;
  for (const unsigned char* q = laundered(p); q != p + n; ++q)
    for (std::uint8_t b : four) left += *q == b;
  return left;
}

TEST_CASE("secret: nothing is left in memory when it has died", "[core][security]") {
  alignas(key32) unsigned char buffer[sizeof(key32)]{};
  key32* const s = new (buffer) key32;
  const std::span<std::uint8_t> w = s->expose_for_writing(32);
  for (std::size_t i = 0; i != w.size(); ++i) w[i] = four[i % 4];
  CHECK(octets_left(buffer, sizeof buffer) >= 32);
  s->~key32();
  CHECK(octets_left(buffer, sizeof buffer) == 0);
}

TEST_CASE("secret: nothing is left in memory when it has been moved from", "[core][security]") {
  alignas(key32) unsigned char buffer[sizeof(key32)]{};
  key32* const s = new (buffer) key32;
  const std::span<std::uint8_t> w = s->expose_for_writing(32);
  for (std::size_t i = 0; i != w.size(); ++i) w[i] = four[i % 4];
  const key32 moved = std::move(*s);
  CHECK(moved.size() == 32);
  CHECK(octets_left(buffer, sizeof buffer) == 0);
  s->~key32();
}

TEST_CASE("secret: what it held before an assignment is overwritten", "[core][security]") {
  alignas(key32) unsigned char buffer[sizeof(key32)]{};
  key32* const s = new (buffer) key32;
  const std::span<std::uint8_t> w = s->expose_for_writing(32);
  for (std::size_t i = 0; i != w.size(); ++i) w[i] = four[i % 4];
  *s = key32();
  CHECK(octets_left(buffer, sizeof buffer) == 0);
  s->~key32();
}

TEST_CASE("wiped_on_exit: nothing is left in memory, also when the scope ends by an exception", "[core][security]") {
  unsigned char buffer[64];
  for (std::size_t i = 0; i != sizeof buffer; ++i) buffer[i] = four[i % 4];
  try {
    const wiped_on_exit w{buffer};
    throw 1;
  } catch (int) {}
  CHECK(octets_left(buffer, sizeof buffer) == 0);
}

}  // namespace
