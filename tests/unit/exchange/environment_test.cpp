// What every call of an exchange is given.
#include <kerb/exchange/environment.hpp>
#include <kerb/testing/insecure.hpp>
#include <type_traits>

#include "support/both.hpp"

using namespace kerb;

namespace {

using policy = testing::insecure_policy;
template <class... A>
concept makes_a_turn = requires(A&&... a) {
  environment<policy, policy>{static_cast<A&&>(a)...};
};
static_assert(makes_a_turn<policy&, policy&, timestamp> && makes_a_turn<policy&, policy&, timestamp, exchange_limits>);
static_assert(!makes_a_turn<policy, policy&, timestamp> && !makes_a_turn<policy&, policy, timestamp>,
              "a temporary policy would be gone");
static_assert(std::is_trivially_copyable_v<exchange_limits>);

constexpr bool made_from_its_parts() {
  policy p;
  testing::counting_entropy e;
  const environment one{p, p, timestamp{{5}, {6}}};
  const environment two{p, e, timestamp{{5}, {6}}, exchange_limits{.clock_skew = 7}};
  static_assert(std::same_as<decltype(one), const environment<policy, policy>>);
  static_assert(std::same_as<decltype(two), const environment<policy, testing::counting_entropy>>);
  std::array<std::uint8_t, 4> out{};
  return &one.policy.get() == &p && &two.entropy.get() == &e && one.now.at == kerberos_time{5} &&
         one.limits.clock_skew == 300 && two.limits.clock_skew == 7 && two.entropy->fill(out) && e.draws() == 1;
}
KERB_BOTH("turn: holds what the call is given, by reference and by value", "[exchange]", made_from_its_parts);

constexpr bool limits_by_default() {
  const exchange_limits l{};
  return l.clock_skew == 300 && l.min_iterations == 0 && l.max_iterations == 1048576 && l.max_rounds == 6;
}
KERB_BOTH("exchange_limits: five minutes, 2^20 iterations, six rounds", "[exchange]", limits_by_default);

}  // namespace
