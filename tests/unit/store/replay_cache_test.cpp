// The store of authenticators: what it says, exact to the second, and against a simple model.
#include <kerb/store/replay_cache.hpp>
#include <map>
#include <memory>

#include "support/alloc_count.hpp"
#include "support/both.hpp"

using namespace kerb;

namespace {

using digest_t = std::array<std::uint8_t, 32>;
static_assert(replay_cache<memory_replay_cache<32>>);
struct throws {
  replay_verdict insert(const digest_t&, kerberos_time, kerberos_time) { return replay_verdict::fresh; }
};
static_assert(!replay_cache<throws>, "a store that may throw is none");

/// A digest whose first octets, which choose its place, are `at`, and whose last is `tail`.
constexpr digest_t digest(std::uint64_t at, std::uint8_t tail = 0) {
  digest_t d{};
  for (std::size_t i = 0; i != 8; ++i) d[i] = static_cast<std::uint8_t>(at >> (8 * (7 - i)));
  d[31] = tail;
  return d;
}

constexpr bool seen_until_it_may_be_forgotten() {
  memory_replay_cache<32> s;
  const digest_t d = digest(7);
  return s.insert(d, {1000}, {400}) == replay_verdict::fresh && s.insert(d, {1000}, {400}) == replay_verdict::seen &&
         s.insert(d, {1000}, {999}) == replay_verdict::seen && s.insert(d, {1000}, {-5}) == replay_verdict::seen &&
         s.insert(digest(7, 1), {1000}, {999}) == replay_verdict::fresh &&
         s.insert(d, {2000}, {1000}) == replay_verdict::fresh && s.insert(d, {2000}, {1000}) == replay_verdict::seen;
}
KERB_BOTH("memory_replay_cache: an authenticator is remembered until it may be forgotten, to the second",
          "[store][rfc4120-3.2.3]", seen_until_it_may_be_forgotten);

constexpr bool too_late_to_be_remembered() {
  memory_replay_cache<32> s;
  const digest_t d = digest(7);
  return s.insert(d, {1000}, {1000}) == replay_verdict::unknown &&
         s.insert(d, {1000}, {2000}) == replay_verdict::unknown &&
         s.insert(digest(7, 1), {1001}, {1000}) == replay_verdict::fresh;
}
KERB_BOTH("memory_replay_cache: what it would forget at once it never calls fresh", "[store][rfc4120-3.2.3]",
          too_late_to_be_remembered);

constexpr bool full_and_never_forgetful() {
  memory_replay_cache<32> s;
  for (std::uint8_t i = 0; i != 32; ++i)
    if (s.insert(digest(i), {1000 + i}, {0}) != replay_verdict::fresh) return false;
  if (s.insert(digest(99), {5000}, {999}) != replay_verdict::full) return false;
  for (std::uint8_t i = 0; i != 32; ++i)  // every one is still known
    if (s.insert(digest(i), {5000}, {999}) != replay_verdict::seen) return false;
  // One place comes free with the second, not before, and is used once
  return s.insert(digest(99), {5000}, {1000}) == replay_verdict::fresh &&
         s.insert(digest(98), {5000}, {1000}) == replay_verdict::full &&
         s.insert(digest(98), {5000}, {1001}) == replay_verdict::fresh;
}
KERB_BOTH("memory_replay_cache: when full it refuses, and forgets nothing", "[store][rfc4120-3.2.3]",
          full_and_never_forgetful);

constexpr bool blind_after_a_loss() {
  // An authenticator from the future of 300 seconds may have been accepted in the last moment
  auto s = memory_replay_cache<32>::after_loss({1000}, 300);
  const auto verdict = [&](std::int64_t at, std::int64_t now) {
    return s.insert(digest(static_cast<std::uint64_t>(at)), {at + 301}, {now});
  };
  return verdict(1000, 1000) == replay_verdict::unknown && verdict(700, 1000) == replay_verdict::unknown &&
         verdict(1300, 1000) == replay_verdict::unknown && verdict(1300, 1600) == replay_verdict::unknown &&
         verdict(1301, 1001) == replay_verdict::fresh && verdict(1301, 1001) == replay_verdict::seen;
}
KERB_BOTH("memory_replay_cache: after a loss it refuses what it might have accepted, and no more",
          "[store][rfc4120-3.2.3]", blind_after_a_loss);

constexpr bool what_is_refused_is_not_remembered() {
  auto s = memory_replay_cache<32>::after_loss({1000}, 300);
  for (std::uint8_t i = 0; i != 40; ++i)
    if (s.insert(digest(i), {1500}, {1000}) != replay_verdict::unknown) return false;
  for (std::uint8_t i = 0; i != 32; ++i)  // all places are still free
    if (s.insert(digest(i), {1700}, {1100}) != replay_verdict::fresh) return false;
  return s.insert(digest(50), {1700}, {1100}) == replay_verdict::full &&
         s.insert(digest(50), {2000}, {1700}) == replay_verdict::fresh;
}
KERB_BOTH("memory_replay_cache: what it refuses takes no place and is not remembered", "[store][rfc4120-3.2.3]",
          what_is_refused_is_not_remembered);

constexpr bool blind_after_a_loss_at_the_end_of_time() {
  auto s = memory_replay_cache<32>::after_loss({latest_time.seconds - 10}, 300);
  return s.insert(digest(1), latest_time, {latest_time.seconds - 5}) == replay_verdict::unknown;
}
KERB_BOTH("memory_replay_cache: after a loss near the year 9999 it stays blind", "[store]",
          blind_after_a_loss_at_the_end_of_time);

constexpr bool a_clock_set_back() {
  memory_replay_cache<32> s;
  const auto spend = [&s](std::int64_t forget_after, std::int64_t now) {
    for (std::uint8_t i = 100; i != 132; ++i)
      if (s.insert(digest(i), {forget_after}, {now}) != replay_verdict::fresh) return false;
    return true;
  };
  for (std::uint8_t i = 0; i != 32; ++i)
    if (s.insert(digest(i), {1000 + i}, {900}) != replay_verdict::fresh) return false;
  if (!spend(2000, 1031)) return false;  // the first 32 are forgotten now, the latest of them for the second 1031
  // At an earlier second they would be young enough again
  for (std::uint8_t i = 0; i != 32; ++i)
    if (s.insert(digest(i), {1000 + i}, {950}) != replay_verdict::unknown) return false;
  // What cannot have been among them is looked for as ever
  return s.insert(digest(100), {2000}, {950}) == replay_verdict::seen &&
         s.insert(digest(40), {1031}, {950}) == replay_verdict::unknown &&
         s.insert(digest(40), {1032}, {950}) == replay_verdict::full;
}
KERB_BOTH("memory_replay_cache: when the clock is set back, what it has forgotten by then is not taken for new",
          "[store][rfc4120-3.2.3]", a_clock_set_back);

TEST_CASE("memory_replay_cache: acceptors whose clocks differ accept each authenticator once",
          "[store][rfc4120-3.2.3]") {
  constexpr std::int64_t skew = 30;
  memory_replay_cache<500> s;
  std::map<std::uint64_t, int> accepted;
  std::uint64_t random = 88172645463325252u;
  const auto next = [&](std::uint64_t n) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    return static_cast<std::int64_t>(random % n);
  };
  int blind = 0, fresh = 0;
  for (std::int64_t i = 0; i != 200000; ++i) {
    const std::int64_t now = i / 20 + next(41) - 20;  // one of many clocks, up to 20 seconds wrong
    const std::int64_t ctime = i / 20 + next(81) - 40;
    const std::uint64_t who = static_cast<std::uint64_t>(ctime) << 2 | static_cast<std::uint64_t>(next(4));
    if (ctime > now + skew || ctime < now - skew) continue;
    const replay_verdict v = s.insert(digest(who * 0x9e3779b97f4a7c15u), {ctime + skew + 1}, {now});
    if (v == replay_verdict::fresh) REQUIRE(++accepted[who] == 1);
    fresh += v == replay_verdict::fresh;
    blind += v == replay_verdict::unknown;
  }
  CHECK(fresh > 5000);
  CHECK(blind > 5000);  // those that only the slow clocks would take
}

constexpr bool the_whole_digest_tells() {
  memory_replay_cache<40> s;
  digest_t d = digest(5);
  if (s.insert(d, {1000}, {0}) != replay_verdict::fresh) return false;
  for (std::size_t i = 8; i != 32; ++i) {  // the same place; one octet differs
    digest_t other = d;
    other[i] = 1;
    if (s.insert(other, {1000}, {0}) != replay_verdict::fresh) return false;
    if (s.insert(other, {1000}, {0}) != replay_verdict::seen) return false;
  }
  return true;
}
KERB_BOTH("memory_replay_cache: all octets of a digest tell", "[store]", the_whole_digest_tells);

TEST_CASE("memory_replay_cache: an empty place in front does not hide one behind", "[store][rfc4120-3.2.3]") {
  memory_replay_cache<64> s;
  CHECK(s.insert(digest(3), {100}, {0}) == replay_verdict::fresh);
  CHECK(s.insert(digest(3, 1), {1000}, {0}) == replay_verdict::fresh);  // the next place
  CHECK(s.insert(digest(3, 1), {1000}, {500}) == replay_verdict::seen);
  CHECK(s.insert(digest(3), {1000}, {500}) == replay_verdict::fresh);
}

TEST_CASE("memory_replay_cache: places wrap around its end", "[store]") {
  memory_replay_cache<33> s;
  const std::uint64_t last = ~std::uint64_t{0};
  for (std::uint8_t i = 0; i != 32; ++i) CHECK(s.insert(digest(last, i), {10}, {0}) == replay_verdict::fresh);
  CHECK(s.insert(digest(last, 32), {10}, {0}) == replay_verdict::full);
  for (std::uint8_t i = 0; i != 32; ++i) CHECK(s.insert(digest(last, i), {10}, {0}) == replay_verdict::seen);
}

TEST_CASE("memory_replay_cache: agrees with a model that remembers everything", "[store][rfc4120-3.2.3]") {
  constexpr std::size_t places = 4096;
  const auto s = std::make_unique<memory_replay_cache<places>>();
  std::map<digest_t, std::int64_t> model;
  std::uint64_t random = 88172645463325252u;
  const auto next = [&] {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    return random;
  };
  std::int64_t now = 1000000;
  int fresh = 0, seen = 0;
  for (int i = 0; i != 40000; ++i) {
    now += next() % 8 == 0;
    std::uint64_t who = next() % 3000;  // few enough to come again
    digest_t d{};
    for (std::uint8_t& b : d) {
      who = who * 6364136223846793005u + 1442695040888963407u;
      b = static_cast<std::uint8_t>(who >> 56);
    }
    const auto forget_after = now + 1 + static_cast<std::int64_t>(next() % 600);
    const auto known = model.find(d);
    const bool remembered = known != model.end() && known->second > now;
    const replay_verdict got = s->insert(d, {forget_after}, {now});
    REQUIRE(got == (remembered ? replay_verdict::seen : replay_verdict::fresh));  // never full: less than half is used
    if (!remembered) model[d] = forget_after;
    ++(remembered ? seen : fresh);
  }
  CHECK(fresh > 5000);
  CHECK(seen > 5000);
}

TEST_CASE("memory_replay_cache: at any load it never calls a replay fresh", "[store][rfc4120-3.2.3]") {
  memory_replay_cache<48> s;
  std::map<digest_t, std::int64_t> model;
  std::uint64_t random = 2463534242u;
  int full = 0;
  for (int i = 0; i != 20000; ++i) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    const std::int64_t now = i / 10, until = now + 1 + static_cast<std::int64_t>(random % 16);
    digest_t d = digest(random >> 32 & 0xff, static_cast<std::uint8_t>(random >> 40));
    d[15] = d[31];  // where its second run of places is
    const auto known = model.find(d);
    const bool remembered = known != model.end() && known->second > now;
    const replay_verdict got = s.insert(d, {until}, {now});
    REQUIRE((got == replay_verdict::seen) == remembered);
    if (got == replay_verdict::fresh) model[d] = until;
    full += got == replay_verdict::full;
  }
  CHECK(full > 100);
}

constexpr bool both_runs_are_looked_through() {
  memory_replay_cache<64> s;
  const auto apart = [](std::uint8_t n) {  // one first run for all, and second runs that lie 16 to 48 places behind it
    digest_t d = digest(0, n);
    d[15] = n;
    return d;
  };
  for (std::uint8_t n = 0; n != 48; ++n) {
    if (s.insert(apart(n), {1000}, {0}) != replay_verdict::fresh) return false;
    for (std::uint8_t i = 0; i <= n; ++i)
      if (s.insert(apart(i), {1000}, {0}) != replay_verdict::seen) return false;
  }
  return true;
}
KERB_BOTH("memory_replay_cache: an authenticator is found in either run of its places", "[store]",
          both_runs_are_looked_through);

TEST_CASE("memory_replay_cache: when half of it is taken it is not full", "[store][rfc4120-3.2.3]") {
  const auto s = std::make_unique<memory_replay_cache<1000>>();
  std::uint64_t random = 88172645463325252u;
  std::map<std::int64_t, std::size_t> ends;  // how many are forgotten when
  std::size_t taken = 0, most = 0;
  int full = 0;
  for (int i = 0; i != 500000; ++i) {
    digest_t d{};
    for (std::size_t at = 0; at != 32; ++at) {
      if (at % 8 == 0) random ^= random << 13, random ^= random >> 7, random ^= random << 17;
      d[at] = static_cast<std::uint8_t>(random * 0x9e3779b97f4a7c15u >> 8 * (at % 8));
    }
    const std::int64_t now = i / 10, until = now + 1 + static_cast<std::int64_t>((random >> 33) % 99);
    while (!ends.empty() && ends.begin()->first <= now) {
      taken -= ends.begin()->second;
      ends.erase(ends.begin());
    }
    full += s->insert(d, {until}, {now}) == replay_verdict::full;
    ++ends[until];
    most = ++taken > most ? taken : most;
  }
  CHECK(full == 0);
  CHECK(most > 500);
}

TEST_CASE("memory_replay_cache: allocates nothing", "[store]") {
  int fresh = 0;
  {
    kerb_test::no_allocations guard;
    memory_replay_cache<256> s;
    for (std::uint64_t i = 0; i != 1000; ++i) fresh += s.insert(digest(i), {500}, {0}) == replay_verdict::fresh;
  }
  CHECK(fresh == 256);
}

}  // namespace
