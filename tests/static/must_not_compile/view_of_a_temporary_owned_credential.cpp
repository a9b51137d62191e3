// expect: use of deleted function .*operator\*|call to deleted (member )?function 'operator\*'|deleted operator '\*'
// The views of a credential that owns its octets are gone with it.
#include <kerb/exchange/owned_credential.hpp>
#include <kerb/testing/insecure.hpp>

kerb::owned_credential<kerb::key> log_in();

std::size_t f() {
#if defined(KERB_FIXED)
  const auto tgt = log_in();
  const auto& credential = *tgt;
#else
  const auto& credential = *log_in();
#endif
  return credential.ticket().size();
}
