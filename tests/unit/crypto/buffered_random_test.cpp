// Random octets in advance: none is handed out twice, none stays behind, and a copy of the memory has none.
#include "kerb/crypto/buffered_random.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include "backends.hpp"
#include "kerb/crypto/fork_wiped.hpp"
#include "support/alloc_count.hpp"
#include "support/both.hpp"

namespace {
using kerb_test::all_zero;

/// Counts upwards, so that every octet handed out tells where it comes from; fails when told to.
struct counter {
  std::uint8_t next = 1;
  int draws = 0, left = 1 << 20;
  std::size_t most = 0;
  constexpr bool fill(std::span<std::uint8_t> out) noexcept {
    most = out.size() > most ? out.size() : most;
    if (left-- <= 0) {
      for (std::uint8_t& o : out) o = 0xee;  // what a source has written before it fails is not used
      return false;
    }
    ++draws;
    for (std::uint8_t& o : out) o = next++;
    return true;
  }
};
static_assert(kerb::entropy_source<kerb::buffered_random<counter>>);
static_assert(!std::movable<kerb::buffered_random<counter>> && !std::copyable<kerb::buffered_random<counter>>);

KERB_BOTH("buffered_random: no octet is handed out twice", "[crypto]", [] {
  counter source;
  std::array<std::uint8_t, 66> memory{};
  kerb::buffered_random random(source, memory);
  std::array<int, 256> seen{};
  for (int i = 0; i != 11; ++i) {  // 11 draws of 16 octets out of 3 times 64
    std::array<std::uint8_t, 16> out{};
    if (!random.fill(out)) return false;
    for (const std::uint8_t o : out)
      if (o == 0 || ++seen[o] != 1) return false;
  }
  return source.draws == 3 && source.most == 64;
});

KERB_BOTH("buffered_random: sizes may change, and what does not suffice is drawn anew", "[crypto]", [] {
  counter source;
  std::array<std::uint8_t, 66> memory{};
  kerb::buffered_random random(source, memory);
  std::array<int, 256> seen{};
  std::array<std::uint8_t, 32> out{};
  for (const std::size_t n : {31u, 1u, 32u, 7u, 32u, 0u, 25u}) {
    if (!random.fill(std::span(out).first(n))) return false;
    for (std::size_t i = 0; i != n; ++i)
      if (++seen[out[i]] != 1) return false;
  }
  return source.draws == 2;  // 64 octets; then 7, 32 and 25 of the next
});

KERB_BOTH("buffered_random: what was handed out is wiped where it lay", "[crypto]", [] {
  counter source;
  std::array<std::uint8_t, 66> memory{};
  kerb::buffered_random random(source, memory);
  for (std::size_t given = 16; given <= 64; given += 16) {
    std::array<std::uint8_t, 16> out{};
    if (!random.fill(out)) return false;
    std::size_t kept = 0;
    for (const std::uint8_t m : std::span(memory).subspan(2)) {
      kept += m != 0;
      for (const std::uint8_t o : out)
        if (m == o) return false;
    }
    if (kept != 64 - given) return false;
  }
  return true;
});

KERB_BOTH("buffered_random: eight octets of memory are used, and seven are not", "[crypto]", [] {
  for (const std::size_t size : {7u, 8u}) {
    counter source;
    std::array<std::uint8_t, 8> memory{};
    kerb::buffered_random random(source, std::span(memory).first(size));
    std::array<std::uint8_t, 3> out{};
    if (!random.fill(out) || !random.fill(out)) return false;
    if (source.draws != (size == 8 ? 1 : 2) || source.most != (size == 8 ? 6 : 3)) return false;
  }
  return true;
});
KERB_BOTH("buffered_random: memory that somebody has written to is drawn anew, and not read beyond", "[crypto]", [] {
  counter source;
  std::array<std::uint8_t, 66> memory{};
  kerb::buffered_random random(source, memory);
  memory[0] = 65;  // more octets than there are
  std::array<std::uint8_t, 16> out{};
  return random.fill(out) && source.draws == 1 && out[0] == 49;
});

KERB_BOTH("buffered_random: more than half its memory comes from the source itself", "[crypto]", [] {
  counter source;
  std::array<std::uint8_t, 66> memory{};
  kerb::buffered_random random(source, memory);
  std::array<std::uint8_t, 200> out{};
  return random.fill(std::span(out).first(33)) && source.most == 33 && all_zero(memory) && random.fill(out) &&
         source.most == 200 && all_zero(memory);
});

KERB_BOTH("buffered_random: without memory every draw comes from the source", "[crypto]", [] {
  for (std::size_t n = 0; n != 8; ++n) {
    counter source;
    std::array<std::uint8_t, 8> memory{};
    kerb::buffered_random random(source, std::span(memory).first(n));
    std::array<std::uint8_t, 4> out{};
    for (int i = 1; i != 4; ++i)
      if (!random.fill(out) || source.draws != i || source.most != 4 || !all_zero(memory)) return false;
  }
  return true;
});

KERB_BOTH("buffered_random: drawing nothing touches no memory, whatever there is of it", "[crypto]", [] {
  counter source;
  for (std::size_t n = 0; n != 12; ++n) {
    std::array<std::uint8_t, 12> memory{};
    kerb::buffered_random random(source, std::span(memory).first(n));
    if (!random.fill({}) || !all_zero(std::span(memory).subspan(n))) return false;
  }
  kerb::buffered_random none(source, {});
  return none.fill({});
});

KERB_BOTH("buffered_random: a source that fails fails it, and leaves nothing to hand out", "[crypto]", [] {
  for (int good = 0; good != 4; ++good) {
    counter source{.left = good};
    std::array<std::uint8_t, 34> memory{};
    kerb::buffered_random random(source, memory);
    std::array<std::uint8_t, 16> out{};
    for (int i = 0; i != 2 * good; ++i)
      if (!random.fill(out)) return false;
    for (int again = 0; again != 2; ++again)
      if (random.fill(out) || !all_zero(memory)) return false;
    source.left = 1;
    source.next = 200;
    if (!random.fill(out) || out[0] < 200 || out[0] == 0xee) return false;  // of the new draw alone
  }
  return true;
});

KERB_BOTH("buffered_random: it begins empty, discards when told to, and leaves nothing behind", "[crypto]", [] {
  counter source;
  std::array<std::uint8_t, 66> memory{};
  memory.fill(40);  // as if 40 octets and more were there
  std::array<std::uint8_t, 16> out{};
  {
    kerb::buffered_random random(source, memory);
    if (!all_zero(memory) || !random.fill(out) || source.draws != 1) return false;
    random.discard();
    if (!all_zero(memory) || !random.fill(out) || source.draws != 2) return false;
  }
  return all_zero(memory);
});

KERB_BOTH("buffered_random: memory filled with zeros, as a forked process finds it, is empty", "[crypto]", [] {
  counter source;
  std::array<std::uint8_t, 66> memory{};
  kerb::buffered_random random(source, memory);
  std::array<std::uint8_t, 16> before{}, after{};
  if (!random.fill(before)) return false;
  memory.fill(0);
  return random.fill(after) && source.draws == 2 && after[0] > 64;
});

KERB_ON_BACKENDS("buffered_random: a policy's octets, without allocation", "[crypto]") {
  TestType p;
  std::array<std::uint8_t, 258> memory{};
  kerb::buffered_random random(p, memory);
  std::array<std::array<std::uint8_t, 16>, 100> out{};
  bool good = random.fill(out[0]);
  {
    const kerb_test::no_allocations here;
    for (auto& o : out) good = good && random.fill(o);
  }
  CHECK(good);
  std::sort(out.begin(), out.end());
  CHECK(std::adjacent_find(out.begin(), out.end()) == out.end());
}

/// What a child draws first, out of `random`.
template <class Random>
kerb_test::octet_vector drawn_by_a_child(Random& random) {
  kerb_test::octet_vector out(16);
  int fds[2];
  REQUIRE(pipe(fds) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) _exit(random.fill(out) && write(fds[1], out.data(), out.size()) == 16 ? 0 : 1);
  int status = 1;
  CHECK(read(fds[0], out.data(), out.size()) == 16);
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  (void)close(fds[0]);
  (void)close(fds[1]);
  return out;
}

TEST_CASE("buffered_random: after fork() parent and child draw different octets from a page that is wiped",
          "[crypto]") {
  kerb::botan::policy p;
  kerb::fork_wiped_page page;
  kerb::buffered_random random(p, page.octets(258));
  kerb_test::octet_vector first(16), mine(16);
  REQUIRE(random.fill(first));
  const auto one = drawn_by_a_child(random), two = drawn_by_a_child(random);
  REQUIRE(random.fill(mine));
  CHECK(one != mine);
  CHECK(two != mine);
  CHECK(one != two);
}

TEST_CASE("buffered_random: ordinary memory is copied by fork(), and discard() in the child is what it needs",
          "[crypto]") {
  kerb::botan::policy p;
  std::array<std::uint8_t, 258> memory{};
  kerb::buffered_random random(p, memory);
  kerb_test::octet_vector first(16), mine(16);
  REQUIRE(random.fill(first));
  struct discarding {
    kerb::buffered_random<kerb::botan::policy>& random;
    bool fill(std::span<std::uint8_t> out) noexcept { return random.discard(), random.fill(out); }
  } in_child{random};
  const auto same = drawn_by_a_child(random), other = drawn_by_a_child(in_child);
  REQUIRE(random.fill(mine));
  CHECK(same == mine);  // why the page above is there
  CHECK(other != mine);
}

}  // namespace
