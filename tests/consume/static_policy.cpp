// A policy with static storage, first used in main: the program must end as it should, on every library.
#include <kerb/crypto/botan.hpp>
#include <kerb/crypto/botan_ffi.hpp>
#if defined(KERB_TEST_OPENSSL)
#include <kerb/crypto/openssl.hpp>
#endif

#include <cstdlib>

namespace {

bool cleaned_up = false;

template <class Policy>
struct watched {
  Policy policy;
  ~watched() {
    if (cleaned_up) std::_Exit(1);  // what the policy still holds is of a library that has ended
  }
};
template <class Policy>
Policy& policy() {
  static watched<Policy> w;
  return w.policy;
}

template <class Policy>
bool works() {
  const std::uint8_t octets[32]{};
  auto k = policy<Policy>().import(kerb::etype_t::aes256_cts_hmac_sha1_96, octets);
  std::uint8_t io[16 + 5 + 12]{};
  return k && policy<Policy>().seal(*k, kerb::key_usage_t::ticket, io) == kerb::errc::ok;
}

}  // namespace

int main() {
#if defined(KERB_TEST_OPENSSL)
  if (!works<kerb::openssl::policy>() || OPENSSL_atexit([] { cleaned_up = true; }) != 1) return 1;
#endif
  return works<kerb::botan::policy>() && works<kerb::botan_ffi::policy>() ? 0 : 1;
}
