// The concepts: what models them, and what does not.
#include "kerb/crypto/policy.hpp"

#include "support/both.hpp"
#include "toy.hpp"
#if defined(KERB_TEST_NETTLE)
#include "../examples/support/nettle.hpp"
#include "library_checks.hpp"
#endif

namespace {

struct nothing {};
struct may_throw {
  bool fill(std::span<std::uint8_t>) { return true; }
};
struct no_pbkdf2 : kerb_test::toy {
  void pbkdf2() = delete;
};
struct no_prf : kerb_test::toy_policy {
  void prf() = delete;
};

struct no_camellia : kerb_test::toy {
  static constexpr bool supports(kerb::cipher_id c) { return c == kerb::cipher_id::des_ede3; }
};

static_assert(kerb::primitives<kerb_test::toy> && kerb::entropy_source<kerb_test::toy>);
static_assert(kerb::crypto_policy<kerb_test::toy_policy> && kerb::entropy_source<kerb_test::toy_policy>);
static_assert(kerb::seals_with<kerb_test::toy_policy, kerb::key>);
static_assert(kerb::seals_with<kerb_test::toy_policy, kerb_test::toy_policy::prepared_key>);
static_assert(!kerb::primitives<nothing> && !kerb::primitives<no_pbkdf2>);
static_assert(kerb::primitives<no_camellia> && !kerb::has_cipher<no_camellia, kerb::cipher_id::camellia128> &&
              kerb::has_cipher<no_camellia, kerb::cipher_id::des_ede3>);
static_assert(kerb::has_cipher<kerb_test::toy, kerb::cipher_id::camellia256>);
static_assert(kerb::has_hash<kerb_test::toy, kerb::hash_id::md4> && !kerb::has_hash<no_camellia, kerb::hash_id::md4>);
static_assert(!kerb::has_cipher<nothing, kerb::cipher_id::camellia128>);
static_assert(!kerb::crypto_policy<nothing> && !kerb::crypto_policy<no_prf>);
static_assert(!kerb::entropy_source<nothing> && !kerb::entropy_source<may_throw>);
static_assert(!kerb::seals_with<kerb_test::toy_policy, nothing>);

KERB_BOTH("hash_octets: the sizes of the hashes", "[crypto]", [] {
  return kerb::hash_octets(kerb::hash_id::sha1) == 20 && kerb::hash_octets(kerb::hash_id::sha256) == 32 &&
         kerb::hash_octets(kerb::hash_id::sha384) == 48 && kerb::hash_octets(kerb::hash_id::sha512) == 64 &&
         kerb::hash_octets(kerb::hash_id::md5) == 16 && kerb::hash_octets(kerb::hash_id::md4) == 16 &&
         kerb::max_hash_octets == 64;
});

#if defined(KERB_TEST_NETTLE)
// A model that was written with nothing but the concept's page beside it.
static_assert(kerb::primitives<example::nettle_primitives> && !kerb::has_cbc<example::nettle_primitives>);
static_assert(kerb::crypto_policy<example::nettle_policy> && kerb::entropy_source<example::nettle_policy>);

TEST_CASE("nettle: the primitives keep their promises", "[crypto]") {
  kerb_test::check_primitives<example::nettle_primitives>();
}
TEST_CASE("nettle: the published vectors hold", "[crypto][rfc3962-5][rfc8009]") {
  kerb_test::vectors_of<example::nettle_policy>{19, 20}.seal();
  for (const auto& etypes : {kerb_test::vectors_of<example::nettle_policy>{17, 18}, {19, 20}}) {
    etypes.checksum();
    etypes.prf();
    etypes.string_to_key();
  }
}
#endif

}  // namespace
