// What every call of an exchange gets.
#include <kerb/crypto/with_random.hpp>
#include <kerb/exchange/environment.hpp>
#include <kerb/testing/insecure.hpp>
#include <type_traits>

#include "support/both.hpp"

using namespace kerb;

namespace {

using policy = testing::insecure_policy;
template <class... A>
concept makes_one = requires(A&&... a) {
  environment<policy>{static_cast<A&&>(a)...};
};
static_assert(makes_one<policy&, timestamp> && makes_one<policy&, timestamp, exchange_limits>);
static_assert(!makes_one<policy, timestamp>, "a temporary policy would be gone");
static_assert(std::is_trivially_copyable_v<exchange_limits>);

constexpr bool made_from_its_parts() {
  policy p;
  const environment one{p, timestamp{{5}, {6}}};
  const environment two{p, timestamp{{5}, {6}}, exchange_limits{.clock_skew = 7}};
  static_assert(std::same_as<decltype(one), const environment<policy>>);
  return &one.crypto.get() == &p && &two.crypto.get() == &p && one.now.at == kerberos_time{5} &&
         one.limits.clock_skew == 300 && two.limits.clock_skew == 7;
}
KERB_BOTH("environment: holds what the call is given, by reference and by value", "[exchange]", made_from_its_parts);

constexpr bool the_same_with_another_policy() {
  policy p;
  testing::counting_entropy other;
  with_random q(p, other);
  const environment one{p, timestamp{{5}, {6}}, exchange_limits{.clock_skew = 7}};
  const auto two = one.with(q);
  static_assert(std::same_as<decltype(two), const environment<with_random<policy, testing::counting_entropy>>>);
  std::array<std::uint8_t, 4> out{};
  return &two.crypto.get() == &q && two.crypto->fill(out) && other.draws() == 1 && p.entropy.draws() == 0 &&
         two.now.at == kerberos_time{5} && two.now.usec == microseconds{6} && two.limits.clock_skew == 7;
}
KERB_BOTH("environment: with() replaces the policy and nothing else", "[exchange]", the_same_with_another_policy);

constexpr bool limits_by_default() {
  const exchange_limits l{};
  return l.clock_skew == 300 && l.min_iterations == 0 && l.max_iterations == 1048576 && l.max_rounds == 6;
}
KERB_BOTH("exchange_limits: five minutes, 2^20 iterations, six rounds", "[exchange]", limits_by_default);

}  // namespace
