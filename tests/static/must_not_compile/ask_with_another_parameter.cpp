// expect: `ask` must be a function that is called with a const kerb::send&
#include <kerb/client.hpp>
#include <kerb/testing/insecure.hpp>

using policy = kerb::testing::insecure_policy;

kerb::errc log_in(policy& p, kerb::principal_view alice, std::span<std::uint8_t> buffer) {
  kerb::as_client<policy> x({.client = alice, .password = {}, .buffer = buffer});
#ifdef KERB_FIXED
  const auto ask = [](const kerb::send&) -> kerb::result<kerb::answer> { return kerb::errc::no_answer; };
#else
  const auto ask = [](kerb::bytes_view) -> kerb::result<kerb::answer> { return kerb::errc::no_answer; };
#endif
  return kerb::drive(x, p, kerb::timestamp{}, ask).error().code;
}
