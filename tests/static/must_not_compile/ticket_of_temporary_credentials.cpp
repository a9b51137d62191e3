// expect: passing .* as 'this' argument discards qualifiers|no matching function for call to .*take|'this' argument to
// member function 'take' is an rvalue A ticket that a peer has delegated lies in the buffer that the received
// credentials wipe.
#include <kerb/exchange/protect/cred.hpp>
#include <kerb/testing/insecure.hpp>

using policy = kerb::testing::insecure_policy;
kerb::received_credentials<policy> received();

std::size_t f(policy& crypto) {
#if defined(KERB_FIXED)
  auto all = received();
  const auto ticket = all.take(0, crypto);
#else
  const auto ticket = received().take(0, crypto);
#endif
  return ticket ? ticket->ticket().size() : 0;
}
