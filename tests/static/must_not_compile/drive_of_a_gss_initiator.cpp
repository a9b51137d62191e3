// expect: send the tokens of an exchange of kerb::gss with its start\(\) and receive\(\)
// The tokens of GSS-API travel in another protocol, which a function that waits for a datagram does not know.
#include <kerb/exchange/drive.hpp>
#include <kerb/gss/initiator.hpp>
#include <kerb/testing/insecure.hpp>

using policy = kerb::testing::insecure_policy;
kerb::result<kerb::answer> ask(const kerb::send&);

bool f(kerb::gss::initiator<policy>& i, policy& crypto, const kerb::timestamp& now) {
#if defined(KERB_FIXED)
  const auto step = i.start(kerb::environment{crypto, now});
  const auto* first = std::get_if<kerb::send>(&step);
  const auto token = first ? ask(*first) : kerb::result<kerb::answer>(kerb::errc::api_misuse);
  return token && kerb::is<kerb::done>(i.receive(token->octets, kerb::environment{crypto, now}));
#else
  return kerb::drive(i, crypto, now, ask).has_value();
#endif
}
