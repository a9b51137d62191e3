// A policy with static storage, first used in main: the program must end as it should, with both of Botan's interfaces.
#include <kerb/crypto/botan.hpp>
#include <kerb/crypto/botan_ffi.hpp>

namespace {

template <class Policy>
Policy& policy() {
  static Policy p;
  return p;
}

template <class Policy>
bool works() {
  const std::uint8_t octets[32]{};
  auto k = policy<Policy>().import(kerb::etype_t::aes256_cts_hmac_sha1_96, octets);
  std::uint8_t io[16 + 5 + 12]{};
  return k && policy<Policy>().seal(*k, kerb::key_usage_t::ticket, io) == kerb::errc::ok;
}

}  // namespace

int main() { return works<kerb::botan::policy>() && works<kerb::botan_ffi::policy>() ? 0 : 1; }
