// What a KDC remembers of requests.
#include <kerb/store/request_store.hpp>

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
static_assert(request_store<memory_request_store<32>>);

constexpr bool an_authenticator_serves_one_request() {
  memory_request_store<64> s;
  const kerberos_time later = plus(noon, 300);
  return s.insert(digest(1), digest(7), later, noon) == request_verdict::fresh &&
         s.insert(digest(1), digest(7), later, noon) == request_verdict::again &&
         s.insert(digest(1), digest(7, 1), later, noon) == request_verdict::other &&
         s.insert(digest(1, 1), digest(7), later, noon) == request_verdict::fresh;
}
KERB_BOTH("request_store: an authenticator serves one request, as often as that comes", "[store][rfc4120-3.3.2]",
          an_authenticator_serves_one_request);

constexpr bool it_forgets_when_it_may_and_not_before() {
  memory_request_store<64> s;
  const kerberos_time later = plus(noon, 300);
  return s.insert(digest(1), digest(7), later, noon) == request_verdict::fresh &&
         s.insert(digest(1), digest(8), later, plus(noon, 299)) == request_verdict::other &&
         s.insert(digest(1), digest(8), plus(noon, 600), later) == request_verdict::fresh;
}
KERB_BOTH("request_store: what is too old to be taken is forgotten, and nothing younger", "[store]",
          it_forgets_when_it_may_and_not_before);

constexpr bool when_it_is_full_it_says_so() {
  memory_request_store<32> s;
  const kerberos_time later = plus(noon, 300);
  for (std::uint8_t i = 0; i != 32; ++i)
    if (s.insert(digest(i), digest(7), later, noon) != request_verdict::fresh) return false;
  return s.insert(digest(99), digest(7), later, noon) == request_verdict::full &&
         s.insert(digest(3), digest(7), later, noon) == request_verdict::again &&
         s.insert(digest(99), digest(7), plus(later, 300), later) == request_verdict::fresh;
}
KERB_BOTH("request_store: when it is full it forgets nothing, and says so", "[store]", when_it_is_full_it_says_so);
}  // namespace
