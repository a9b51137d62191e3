// What an AS exchange is asked for: a name and a buffer are enough.
#include <kerb/exchange/client/as_params.hpp>

#include "support/both.hpp"
#include "support/kdc_world.hpp"

using namespace kerb_test;

namespace {
constexpr bool only_name_and_buffer_are_needed() {
  std::array<std::uint8_t, 8> buffer{};
  const as_params<key> r{.client = alice(), .buffer = buffer};
  return r.password.empty() && !r.key && !r.server && r.options == msg::KdcOptions{} && r.lifetime > 0 &&
         !r.renew_lifetime && !r.from && r.etypes.empty() && r.addresses.empty() && !r.follow_kdc_clock;
}
}  // namespace

KERB_BOTH("as_params: a name and a buffer are enough, and nothing risky is on", "[exchange][rfc4120-3.1.1]",
          only_name_and_buffer_are_needed);
