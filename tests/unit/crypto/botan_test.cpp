// The backend on Botan's C++ interface.
#include "kerb/crypto/botan.hpp"

#include "library_checks.hpp"

namespace {

static_assert(kerb::primitives<kerb::botan::primitives>);
static_assert(kerb::crypto_policy<kerb::botan::policy> && kerb::entropy_source<kerb::botan::policy>);
static_assert(std::movable<kerb::botan::policy> && !std::copyable<kerb::botan::policy>);

TEST_CASE("botan: the primitives keep their promises", "[crypto]") {
  kerb_test::check_primitives<kerb::botan::primitives>();
}

TEST_CASE("botan: a policy that was moved works on", "[crypto]") {
  kerb::botan::policy p;
  const auto k = kerb_test::key_of(p, kerb::etype_t::aes256_cts_hmac_sha1_96);
  const auto cipher = kerb_test::sealed(p, k, kerb::key_usage_t::ticket, {1, 2, 3});
  kerb::botan::policy other = std::move(p);
  kerb_test::octet_vector out(cipher.size());
  REQUIRE(other.unseal(k, kerb::key_usage_t::ticket, cipher, out));
  p = std::move(other);
  REQUIRE(p.unseal(k, kerb::key_usage_t::ticket, cipher, out));
}

}  // namespace
