// Encryption types 17 and 18 against the published vectors.
#include "kerb/crypto/rfc3962.hpp"

#include "backends.hpp"

namespace {

KERB_ON_BACKENDS("aes_sha1: published messages are sealed and opened", "[crypto][rfc3962-6][rfc3961-5.3]") {
  kerb_test::vectors_of<TestType>{17, 18}.seal();
}
KERB_ON_BACKENDS("aes_sha1: what MIT krb5 sealed is opened, and under no other usage", "[crypto][rfc3962-6]") {
  kerb_test::vectors_of<TestType>{17, 18}.opened();
}
KERB_ON_BACKENDS("aes_sha1: random-to-key gives MIT krb5's keys", "[crypto][rfc3962-6]") {
  kerb_test::vectors_of<TestType>{17, 18}.random_to_key();
}
KERB_ON_BACKENDS("aes_sha1: published checksums are made and verified", "[crypto][rfc3962-6][rfc3961-5.4]") {
  kerb_test::vectors_of<TestType>{17, 18}.checksum();
}
KERB_ON_BACKENDS("aes_sha1: the pseudo-random function gives the published octets", "[crypto][rfc3961-5.3]") {
  kerb_test::vectors_of<TestType>{17, 18}.prf();
}
KERB_ON_BACKENDS("aes_sha1: published passwords give the published keys", "[crypto][rfc3962-4]") {
  kerb_test::vectors_of<TestType>{17, 18}.string_to_key();
}

KERB_ON_BACKENDS("aes_sha1: without parameters there are 4096 iterations", "[crypto][rfc3962-4]") {
  TestType p;
  for (const auto e : {kerb::etype_t::aes128_cts_hmac_sha1_96, kerb::etype_t::aes256_cts_hmac_sha1_96}) {
    REQUIRE(p.default_iterations(e) == 4096);
    const kerb_test::octet_vector salt{1, 2, 3};
    const auto a = p.string_to_key(e, kerb::secret_view::of("secret"), salt, {});
    const auto b = p.string_to_key(e, kerb::secret_view::of("secret"), salt, {4096});
    REQUIRE((a && b));
    CHECK(ct_equal(p.expose(*a).unguarded(), p.expose(*b).unguarded()));
  }
}

}  // namespace
