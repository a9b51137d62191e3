// Key derivation of the simplified profile.
#include "kerb/crypto/rfc3961.hpp"

#include "backends.hpp"
#include "toy.hpp"

namespace {
using kerb::errc;

KERB_ON_BACKENDS("rfc3961: the published derived keys are derived", "[crypto][rfc3961-5.1][rfc3961-5.3]") {
  using library = typename kerb_test::library_of<TestType>::type;
  library p;
  typename library::cipher c;
  typename library::mac m;
  kerb_test::each_row(kerb_test::derive_vectors, 17, 18, [&](const kerb_test::derive_vector& v) {
    const auto& f = kerb::aes_sha1::etypes[v.etype == 18 ? 0 : 1];
    REQUIRE(kerb::aes_sha1::set_base(p, c, m, f, kerb::secret_view(v.key)) == errc::ok);
    kerb_test::octet_vector out(v.output.size());
    const auto kind = static_cast<kerb::derived_key>(v.derived);
    REQUIRE(kerb::aes_sha1::derive(p, c, m, f, kerb_test::usage_of(v.usage), kind, out) == errc::ok);
    CHECK(out == kerb_test::copy_of(v.output));
  });
}

TEST_CASE("rfc3961: a derived key that is no whole number of blocks is cut", "[crypto][rfc3961-5.1]") {
  kerb_test::toy p;
  kerb_test::toy::cipher c{.key = {1, 2, 3}, .octets = 16};
  kerb_test::octet_vector whole(48), cut(37);
  REQUIRE(kerb::derive_random(p, c, kerb::cipher_block{7}, whole) == errc::ok);
  REQUIRE(kerb::derive_random(p, c, kerb::cipher_block{7}, cut) == errc::ok);
  whole.resize(37);
  CHECK(cut == whole);
}

TEST_CASE("rfc3961: the authenticator covers the confounder and the plaintext", "[crypto][rfc3961-5.3]") {
  kerb_test::toy p;
  kerb_test::toy::cipher ke{.key = {1, 2, 3}, .octets = 16};
  kerb_test::toy::mac ki{99};
  kerb_test::octet_vector io(16 + 5 + 12, 3), expected(12), out(21);
  const kerb::bytes_view text[]{kerb::bytes_view(io).first(21)};
  REQUIRE(p.hmac(ki, text, expected) == errc::ok);
  REQUIRE(kerb::simplified_seal<kerb::aes_sha1>(p, ke, ki, 12, io) == errc::ok);
  CHECK(kerb_test::octet_vector(io.end() - 12, io.end()) == expected);
  REQUIRE(kerb::simplified_open<kerb::aes_sha1>(p, ke, ki, 12, io, out.data()) == errc::ok);
  CHECK(out == kerb_test::octet_vector(21, 3));
  io.back() ^= 1;
  CHECK(kerb::simplified_open<kerb::aes_sha1>(p, ke, ki, 12, io, out.data()) == errc::integrity);
}

}  // namespace
