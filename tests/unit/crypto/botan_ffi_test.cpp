// The backend on Botan's C interface.
#include "kerb/crypto/botan_ffi.hpp"

#include "library_checks.hpp"

namespace {

static_assert(kerb::primitives<kerb::botan_ffi::primitives>);
static_assert(kerb::crypto_policy<kerb::botan_ffi::policy> && kerb::entropy_source<kerb::botan_ffi::policy>);
static_assert(std::movable<kerb::botan_ffi::policy> && !std::copyable<kerb::botan_ffi::policy>);

TEST_CASE("botan_ffi: the primitives keep their promises", "[crypto]") {
  kerb_test::check_primitives<kerb::botan_ffi::primitives>();
}

TEST_CASE("botan_ffi: a policy that was moved works on", "[crypto]") {
  kerb::botan_ffi::policy p;
  const auto k = kerb_test::key_of(p, kerb::etype_t::aes256_cts_hmac_sha1_96);
  const auto cipher = kerb_test::sealed(p, k, kerb::key_usage_t::ticket, {1, 2, 3});
  kerb::botan_ffi::policy other = std::move(p);
  kerb_test::octet_vector out(cipher.size());
  REQUIRE(other.unseal(k, kerb::key_usage_t::ticket, cipher, out));
  p = std::move(other);
  REQUIRE(p.unseal(k, kerb::key_usage_t::ticket, cipher, out));
}

}  // namespace
