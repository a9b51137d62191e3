// The facts of the encryption types, and which are weak.
#include "kerb/crypto/profile.hpp"

#include "support/both.hpp"
#include "toy.hpp"

namespace {
using kerb::etype_t;

static_assert(kerb::crypto_profile<kerb::aes_sha1, kerb_test::toy>);
static_assert(kerb::crypto_profile<kerb::aes_sha2, kerb_test::toy>);
static_assert(kerb::crypto_profile<kerb::camellia, kerb_test::toy>);
static_assert(kerb::crypto_profile<kerb::weak::rc4, kerb_test::toy>);
static_assert(kerb::crypto_profile<kerb::weak::des3, kerb_test::toy>);
static_assert(!kerb::crypto_profile<kerb_test::toy, kerb_test::toy>);

constexpr std::size_t key_octets(kerb::cipher_id c) {
  if (c == kerb::cipher_id::des_ede3) return 24;
  return c == kerb::cipher_id::aes128 || c == kerb::cipher_id::camellia128 ? 16 : 32;
}
KERB_BOTH("profile: the facts fit each other", "[crypto][rfc3962-6][rfc6803][rfc8009]", [] {
  for (const kerb::etype_facts& f : kerb::detail::facts_of<kerb::aes_sha2, kerb::aes_sha1, kerb::camellia>) {
    if (f.key != key_octets(f.cipher) || f.seed != f.key || f.front != 16 || f.back != f.tag || f.block != 1)
      return false;
    if (f.key > kerb::max_key_octets || f.mac_key > kerb::max_key_octets || f.tag > kerb::max_cksum_octets)
      return false;
    if (f.tag > kerb::hash_octets(f.hash) || f.prf > kerb::hash_octets(f.hash)) return false;
    if (kerb::keyed_cksum_of(f.etype) != f.cksum || kerb::is_weak(f.etype)) return false;
    if (kerb::detail::derived_octets(f, kerb::derived_key::encryption) != f.key) return false;
    if (kerb::detail::derived_octets(f, kerb::derived_key::checksum) != f.mac_key) return false;
  }
  return true;
});

KERB_BOTH("profile: single DES, triple DES and RC4 are weak, and nothing else", "[crypto]", [] {
  for (std::int32_t e = -200; e != 100; ++e) {
    const bool weak = (e >= -136 && e <= -128) || e == -140 || e == -141 || (e >= 1 && e <= 3) || e == 5 || e == 7 ||
                      e == 16 || e == 23 || e == 24;
    if (kerb::is_weak(etype_t{e}) != weak) return false;
  }
  return true;
});

}  // namespace
