// expect: address of stack memory associated with local variable 'client' returned
// clang: -Werror=return-stack-address
// The ticket is in the buffer, which ends with the function: the function must return a ticket that owns its octets.
#include <kerb/client.hpp>
#include <kerb/testing/insecure.hpp>

using policy = kerb::testing::insecure_policy;
using cache = kerb::ticket_cache<kerb::key, 2>;
kerb::result<kerb::answer> ask(const kerb::send&);
constexpr kerb::timestamp noon{{1767268800}, {0}};

auto log_in(const kerb::credential_params<kerb::key>& who, cache& tickets, policy& crypto) {
#if defined(KERB_FIXED)
  return kerb::acquire(who, tickets, crypto, noon, ask);
#else
  std::array<std::uint8_t, 12288> buffer{};
  kerb::credential_params<kerb::key> params = who;
  params.buffer = buffer;
  kerb::credential_client<policy> client(params);
  return kerb::acquire(client, tickets, crypto, noon, ask);
#endif
}

bool f(const kerb::credential_params<kerb::key>& who, cache& tickets, policy& crypto) {
  return log_in(who, tickets, crypto).has_value();
}
