// What a KDC remembers of requests.
#include <kerb/store/request_cache.hpp>

#include <map>
#include <memory>

#include "support/both.hpp"

using namespace kerb;

namespace {
constexpr kerberos_time noon{1767268800};
constexpr std::array<std::uint8_t, 32> digest(std::uint8_t first, std::uint8_t last = 0) {
  std::array<std::uint8_t, 32> d{};
  d[0] = first;
  d[31] = last;
  return d;
}
static_assert(request_cache<memory_request_cache<32>>);

constexpr bool an_authenticator_serves_one_request() {
  memory_request_cache<64> s;
  const kerberos_time later = plus(noon, 300);
  return s.insert(digest(1), digest(7), later, noon) == request_verdict::fresh &&
         s.insert(digest(1), digest(7), later, noon) == request_verdict::again &&
         s.insert(digest(1), digest(7, 1), later, noon) == request_verdict::other &&
         s.insert(digest(1, 1), digest(7), later, noon) == request_verdict::fresh;
}
KERB_BOTH("request_cache: an authenticator serves one request, as often as that comes", "[store][rfc4120-3.3.2]",
          an_authenticator_serves_one_request);

constexpr bool it_forgets_when_it_may_and_not_before() {
  memory_request_cache<64> s;
  const kerberos_time later = plus(noon, 300);
  return s.insert(digest(1), digest(7), later, noon) == request_verdict::fresh &&
         s.insert(digest(1), digest(8), later, plus(noon, 299)) == request_verdict::other &&
         s.insert(digest(1), digest(8), plus(noon, 600), later) == request_verdict::fresh;
}
KERB_BOTH("request_cache: what is too old to be taken is forgotten, and nothing younger", "[store]",
          it_forgets_when_it_may_and_not_before);

constexpr bool when_it_is_full_it_says_so() {
  memory_request_cache<32> s;
  const kerberos_time later = plus(noon, 300);
  for (std::uint8_t i = 0; i != 32; ++i)
    if (s.insert(digest(i), digest(7), later, noon) != request_verdict::fresh) return false;
  return s.insert(digest(99), digest(7), later, noon) == request_verdict::full &&
         s.insert(digest(3), digest(7), later, noon) == request_verdict::again &&
         s.insert(digest(99), digest(7), plus(later, 300), later) == request_verdict::fresh;
}
KERB_BOTH("request_cache: when it is full it forgets nothing, and says so", "[store]", when_it_is_full_it_says_so);

constexpr bool both_runs_are_looked_through() {
  memory_request_cache<64> s;
  const auto apart = [](std::uint8_t n) {  // one first run for all, and second runs that lie 16 to 48 places behind it
    std::array<std::uint8_t, 32> d = digest(0, n);
    d[15] = n;
    return d;
  };
  const kerberos_time later = plus(noon, 300);
  for (std::uint8_t n = 0; n != 48; ++n) {
    if (s.insert(apart(n), digest(7), later, noon) != request_verdict::fresh) return false;
    for (std::uint8_t i = 0; i <= n; ++i)
      if (s.insert(apart(i), digest(8), later, noon) != request_verdict::other) return false;
  }
  return true;
}
KERB_BOTH("request_cache: an authenticator is found in either run of its places", "[store]",
          both_runs_are_looked_through);

TEST_CASE("request_cache: when half of it is taken it is not full", "[store][rfc4120-3.3.2]") {
  const auto s = std::make_unique<memory_request_cache<1000>>();
  std::uint64_t random = 88172645463325252u;
  std::map<std::int64_t, std::size_t> ends;  // how many are forgotten when
  std::size_t taken = 0, most = 0;
  int full = 0;
  for (int i = 0; i != 500000; ++i) {
    std::array<std::uint8_t, 32> d{};
    for (std::size_t at = 0; at != 32; ++at) {
      if (at % 8 == 0) random ^= random << 13, random ^= random >> 7, random ^= random << 17;
      d[at] = static_cast<std::uint8_t>(random * 0x9e3779b97f4a7c15u >> 8 * (at % 8));
    }
    const std::int64_t now = i / 10, until = now + 1 + static_cast<std::int64_t>((random >> 33) % 99);
    while (!ends.empty() && ends.begin()->first <= now) {
      taken -= ends.begin()->second;
      ends.erase(ends.begin());
    }
    full += s->insert(d, d, {until}, {now}) == request_verdict::full;
    ++ends[until];
    most = ++taken > most ? taken : most;
  }
  CHECK(full == 0);
  CHECK(most > 500);
}

constexpr bool a_clock_set_back() {
  memory_request_cache<32> s;
  const auto at = [](std::int64_t seconds) { return plus(noon, seconds); };
  for (std::uint8_t i = 0; i != 32; ++i)
    if (s.insert(digest(i), digest(7), at(100 + i), noon) != request_verdict::fresh) return false;
  for (std::uint8_t i = 0; i != 32; ++i)  // the first 32 are forgotten now, the latest of them for the second 131
    if (s.insert(digest(i, 1), digest(7), at(500), at(131)) != request_verdict::fresh) return false;
  for (std::uint8_t i = 0; i != 32; ++i)  // in other requests, and young enough again
    if (s.insert(digest(i), digest(8), at(100 + i), at(50)) != request_verdict::unknown) return false;
  return s.insert(digest(3, 1), digest(7), at(500), at(50)) == request_verdict::again &&
         s.insert(digest(3, 1), digest(8), at(500), at(50)) == request_verdict::other;
}
KERB_BOTH("request_cache: when the clock is set back, what it has forgotten by then is not taken for new",
          "[store][rfc4120-3.3.2]", a_clock_set_back);

constexpr bool too_late_to_be_remembered() {
  memory_request_cache<32> s;
  return s.insert(digest(1), digest(7), noon, noon) == request_verdict::unknown &&
         s.insert(digest(1), digest(7), noon, plus(noon, 5)) == request_verdict::unknown &&
         s.insert(digest(1), digest(7), plus(noon, 1), noon) == request_verdict::fresh;
}
KERB_BOTH("request_cache: what it would forget at once it never calls fresh", "[store][rfc4120-3.3.2]",
          too_late_to_be_remembered);
}  // namespace
