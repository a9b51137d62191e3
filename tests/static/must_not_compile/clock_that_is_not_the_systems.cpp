// expect: `now` must return a kerb::timestamp or a time of std::chrono::system_clock
// A steady clock counts from the machine's start.
#include <chrono>
#include <kerb/exchange/client/as.hpp>
#include <kerb/exchange/drive.hpp>
#include <kerb/testing/insecure.hpp>

using policy = kerb::testing::insecure_policy;
kerb::result<kerb::answer> ask(const kerb::send&);

bool f(kerb::as_client<policy>& as, policy& crypto) {
#if defined(KERB_FIXED)
  return kerb::drive(as, crypto, std::chrono::system_clock::now, ask).has_value();
#else
  return kerb::drive(as, crypto, std::chrono::steady_clock::now, ask).has_value();
#endif
}
