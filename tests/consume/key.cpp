// A program with a cryptographic library: it makes a key from a password. KERB_WITH_OPENSSL: with OpenSSL, not Botan.
#ifdef KERB_WITH_OPENSSL
#include <kerb/openssl.hpp>
namespace chosen = kerb::openssl;
#else
#include <kerb/botan.hpp>
namespace chosen = kerb::botan;
#endif

#include <cstdio>

int main() {
  chosen::policy crypto;
  const kerb::secret_view password = kerb::secret_view::of("password");
  const kerb::bytes_view salt = kerb::octets_of("ATHENA.MIT.EDUraeburn");
  const auto key = crypto.string_to_key(kerb::etype_t::aes256_cts_hmac_sha1_96, password, salt, {});
  std::printf("kerb: %s\n", kerb::name_of(key.error().code).data());
}
