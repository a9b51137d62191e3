// The words of a KDC's exchanges.
#include <kerb/exchange/kdc/policy.hpp>

#include "support/both.hpp"

using namespace kerb;
using namespace kerb::literals;

namespace {
static_assert(std::is_trivially_copyable_v<kdc_step>, "a step holds views and no secret, and can wait in a queue");
static_assert(std::is_trivially_copyable_v<kdc_policy> && std::is_trivially_copyable_v<kdc_peer>);

constexpr bool the_defaults_are_the_careful_ones() {
  const kdc_policy p{.realm = "EX.ORG"_krb};
  return p.require_preauth && !p.anonymous && p.check_addresses && !p.conceal_unknown_clients && p.max_life == 36000 &&
         kdc_peer{}.arrived == transport::stream;
}
KERB_BOTH("kdc_policy: without a word clients pre-authenticate, and nobody is anonymous", "[exchange]",
          the_defaults_are_the_careful_ones);
}  // namespace
