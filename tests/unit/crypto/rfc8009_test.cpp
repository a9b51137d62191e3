// Encryption types 19 and 20 against the published vectors, and what comes before decryption.
#include "kerb/crypto/rfc8009.hpp"

#include "backends.hpp"
#include "support/both.hpp"
#include "toy.hpp"

namespace {
using kerb::errc;

KERB_ON_BACKENDS("aes_sha2: published messages are sealed and opened", "[crypto][rfc8009]") {
  kerb_test::vectors_of<TestType>{19, 20}.seal();
}
KERB_ON_BACKENDS("aes_sha2: what MIT krb5 sealed is opened, and under no other usage", "[crypto][rfc8009]") {
  kerb_test::vectors_of<TestType>{19, 20}.opened();
}
KERB_ON_BACKENDS("aes_sha2: random-to-key gives MIT krb5's keys", "[crypto][rfc8009]") {
  kerb_test::vectors_of<TestType>{19, 20}.random_to_key();
}
KERB_ON_BACKENDS("aes_sha2: published checksums are made and verified", "[crypto][rfc8009]") {
  kerb_test::vectors_of<TestType>{19, 20}.checksum();
}
KERB_ON_BACKENDS("aes_sha2: the pseudo-random function gives the published octets", "[crypto][rfc8009]") {
  kerb_test::vectors_of<TestType>{19, 20}.prf();
}
KERB_ON_BACKENDS("aes_sha2: published passwords give the published keys", "[crypto][rfc8009]") {
  kerb_test::vectors_of<TestType>{19, 20}.string_to_key();
}

template <class P>
void derives(P p) {
  typename P::cipher c;
  typename P::mac m;
  kerb_test::each_row(kerb_test::derive_vectors, 19, 20, [&](const kerb_test::derive_vector& v) {
    const auto& f = kerb::aes_sha2::etypes[v.etype == 20 ? 0 : 1];
    REQUIRE(kerb::aes_sha2::set_base(p, c, m, f, kerb::secret_view(v.key)) == errc::ok);
    const auto kind = static_cast<kerb::derived_key>(v.derived);
    REQUIRE(kerb::detail::derived_octets(f, kind) == v.output.size());
    kerb_test::octet_vector out(v.output.size());
    REQUIRE(kerb::aes_sha2::derive(p, c, m, f, kerb_test::usage_of(v.usage), kind, out) == errc::ok);
    CHECK(out == kerb_test::copy_of(v.output));
  });
}
TEST_CASE("aes_sha2: the published derived keys are derived", "[crypto][rfc8009]") {
  derives(kerb::botan::primitives{});
  derives(kerb::botan_ffi::primitives{});
#if defined(KERB_TEST_OPENSSL)
  derives(kerb::openssl::primitives{});
#endif
}

constexpr bool verifies_before_it_decrypts() {
  kerb_test::toy_calls calls;
  kerb_test::toy_policy p{kerb_test::toy{&calls}};
  const std::array<std::uint8_t, 32> octets{1, 2, 3};
  const auto k = p.import(kerb::etype_t::aes256_cts_hmac_sha384_192, octets);
  std::array<std::uint8_t, 16 + 40 + 24> io{}, out{};
  if (p.seal(*k, kerb::key_usage_t::ticket, io) != errc::ok) return false;
  for (std::size_t at = 0; at != io.size(); ++at) {
    io[at] ^= 0x10;
    out.fill(1);
    if (p.unseal(*k, kerb::key_usage_t::ticket, io, out).error().code != errc::integrity) return false;
    if (calls.decrypted != 0 || out != decltype(out){}) return false;
    io[at] ^= 0x10;
  }
  return p.unseal(*k, kerb::key_usage_t::ticket, io, out).has_value() && calls.decrypted != 0;
}
KERB_BOTH("aes_sha2: nothing is decrypted before the authenticator is verified", "[crypto][rfc8009]",
          verifies_before_it_decrypts);

constexpr bool many_pieces_are_refused() {
  kerb_test::toy_policy p;
  const std::array<std::uint8_t, 16> octets{};
  const auto k = p.import(kerb::etype_t::aes128_cts_hmac_sha256_128, octets);
  std::array<std::uint8_t, 32> out{};
  const std::array<kerb::bytes_view, kerb::max_prf_pieces + 1> pieces{};
  return p.prf(*k, kerb::view_of<kerb::bytes_view>{pieces.data(), kerb::max_prf_pieces}, out) == errc::ok &&
         p.prf(*k, pieces, out) == errc::api_misuse;
}
KERB_BOTH("aes_sha2: the pseudo-random function takes at most 8 pieces", "[crypto][rfc8009]", many_pieces_are_refused);

}  // namespace
