// expect: (address of|reference to) stack memory associated with local variable 'tgt' returned
// clang: -Werror=return-stack-address
// The names of a credential are views into it.
#include <kerb/exchange/owned_credential.hpp>
#include <kerb/testing/insecure.hpp>

kerb::owned_credential<kerb::key> log_in();

#if defined(KERB_FIXED)
kerb::owned_credential<kerb::key> credential() { return log_in(); }
#else
const kerb::basic_credential<kerb::key>& credential() {
  const auto tgt = log_in();
  return *tgt;
}
#endif

bool f() {
  const auto& c = credential();
  return sizeof c != 0;
}
