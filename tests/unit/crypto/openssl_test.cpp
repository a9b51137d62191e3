// The backend on OpenSSL's providers.
#if defined(KERB_TEST_OPENSSL)
#include "kerb/crypto/openssl.hpp"

#include <openssl/err.h>
#include <openssl/provider.h>

#include "library_checks.hpp"

namespace {
using kerb::bytes_view;
using kerb::errc;
using kerb::hash_id;
using kerb::secret_view;
using kerb_test::octet_vector;
using library = kerb::openssl::primitives;

static_assert(kerb::primitives<library> && kerb::has_cbc<library>);
static_assert(kerb::crypto_policy<kerb::openssl::policy> && kerb::entropy_source<kerb::openssl::policy>);
static_assert(std::movable<kerb::openssl::policy> && !std::copyable<kerb::openssl::policy>);

constexpr hash_id all_hashes[]{hash_id::sha1, hash_id::sha256, hash_id::sha384, hash_id::sha512, hash_id::md5};

octet_vector octets_from(std::size_t n, int first) {
  octet_vector v(n);
  for (std::uint8_t& o : v) o = static_cast<std::uint8_t>(first++);
  return v;
}

TEST_CASE("openssl: the primitives keep their promises", "[crypto]") {
  kerb_test::check_primitives<kerb_test::openssl_with_legacy>();
}

TEST_CASE("openssl: a policy that was moved works on", "[crypto]") {
  kerb::openssl::policy p;
  const auto k = kerb_test::key_of(p, kerb::etype_t::aes256_cts_hmac_sha1_96);
  const auto cipher = kerb_test::sealed(p, k, kerb::key_usage_t::ticket, {1, 2, 3});
  kerb::openssl::policy other = std::move(p);
  octet_vector out(cipher.size());
  REQUIRE(other.unseal(k, kerb::key_usage_t::ticket, cipher, out));
  p = std::move(other);
  REQUIRE(p.unseal(k, kerb::key_usage_t::ticket, cipher, out));
}

TEST_CASE("openssl: a prepared key outlives its policy", "[crypto]") {
  auto p = std::make_unique<kerb::openssl::policy>();
  const auto k = kerb_test::key_of(*p, kerb::etype_t::aes256_cts_hmac_sha1_96);
  const auto prepared = p->prepare(k, kerb::key_usage_t::ticket);
  REQUIRE(prepared);
  const auto cipher = kerb_test::sealed(*p, *prepared, kerb::key_usage_t::ticket, {1, 2, 3});
  p.reset();
  kerb::openssl::policy other;
  octet_vector out(cipher.size());
  REQUIRE(other.unseal(*prepared, kerb::key_usage_t::ticket, cipher, out));
}

TEST_CASE("openssl: every HMAC and hash is the one that Botan computes", "[crypto]") {
  library p;
  kerb::botan::primitives b;
  library::mac m;
  kerb::botan::primitives::mac bm;
  const octet_vector text = octets_from(300, 7);
  for (const hash_id h : all_hashes) {
    octet_vector mine(kerb::hash_octets(h)), theirs(mine.size());
    for (const std::size_t n : {0u, 1u, 16u, 20u, 63u, 64u, 65u, 127u, 128u, 129u, 300u}) {
      const octet_vector key = octets_from(n, 90);
      const bytes_view v(text), pieces[]{v.first(n), {}, v.subview(n)};
      REQUIRE(p.rekey(m, h, secret_view(bytes_view(key))) == errc::ok);
      REQUIRE(b.rekey(bm, h, secret_view(bytes_view(key))) == errc::ok);
      REQUIRE(p.hmac(m, pieces, mine) == errc::ok);
      REQUIRE(b.hmac(bm, pieces, theirs) == errc::ok);
      CHECK(mine == theirs);
      const bytes_view part[]{v.first(n)};
      REQUIRE(p.hash(h, part, mine) == errc::ok);
      REQUIRE(b.hash(h, part, theirs) == errc::ok);
      CHECK(mine == theirs);
    }
  }
}

TEST_CASE("openssl: every cipher is the one that Botan has, single blocks and chained", "[crypto]") {
  library p;
  kerb::botan::primitives b;
  library::cipher c;
  kerb::botan::primitives::cipher bc;
  using kerb::cipher_id;
  struct known {
    cipher_id id;
    std::size_t key, block;
  };
  for (const known& k :
       {known{cipher_id::aes128, 16, 16}, known{cipher_id::aes256, 32, 16}, known{cipher_id::camellia128, 16, 16},
        known{cipher_id::camellia256, 32, 16}, known{cipher_id::des_ede3, 24, 8}}) {
    const octet_vector key = octets_from(k.key, 40), plain = octets_from(96, 1), zeros(k.block);
    const std::size_t n = plain.size() / k.block;
    REQUIRE(p.rekey(c, k.id, secret_view(bytes_view(key))) == errc::ok);
    REQUIRE(b.rekey(bc, k.id, secret_view(bytes_view(key))) == errc::ok);
    octet_vector mine(plain.size()), theirs(plain.size()), chained = plain;
    REQUIRE(p.encrypt(c, plain.data(), mine.data(), n) == errc::ok);
    REQUIRE(b.encrypt(bc, plain.data(), theirs.data(), n) == errc::ok);
    CHECK(mine == theirs);
    REQUIRE(p.decrypt(c, mine.data(), mine.data(), n) == errc::ok);
    CHECK(mine == plain);
    for (std::size_t at = 0; at != chained.size(); at += k.block) {
      for (std::size_t i = at; at != 0 && i != at + k.block; ++i)
        chained[i] = static_cast<std::uint8_t>(chained[i] ^ chained[i - k.block]);
      REQUIRE(b.encrypt(bc, chained.data() + at, chained.data() + at, 1) == errc::ok);
    }
    REQUIRE(p.cbc_encrypt(c, zeros.data(), plain.data(), mine.data(), n) == errc::ok);
    CHECK(mine == chained);
    CHECK(p.rekey(c, k.id, secret_view(key.data(), key.size() - 1)) == errc::crypto_backend);
  }
}

TEST_CASE("openssl: MD4 and RC4 are the legacy provider's, and are refused without it", "[crypto]") {
  library plain;
  kerb_test::openssl_with_legacy p;
  kerb::botan::primitives b;
  const octet_vector key = octets_from(16, 3), text = octets_from(300, 9);
  const bytes_view pieces[]{text};
  octet_vector mine(text.size()), theirs(text.size());
  const auto rc4 = [&](auto& q, octet_vector& to) {
    return q.stream(kerb::stream_id::rc4, secret_view(bytes_view(key)), text.data(), to.data(), text.size());
  };
  CHECK(plain.hash(hash_id::md4, pieces, std::span(mine).first(16)) == errc::crypto_backend);
  CHECK(rc4(plain, mine) == errc::crypto_backend);
  CHECK(mine == octet_vector(text.size()));
  if (!kerb_test::openssl_with_legacy::has_legacy()) return;
  for (int i = 0; i != 2; ++i) {  // each message from the beginning of the key stream
    REQUIRE(rc4(p, mine) == errc::ok);
    REQUIRE(rc4(b, theirs) == errc::ok);
    CHECK(mine == theirs);
  }
  REQUIRE(p.hash(hash_id::md4, pieces, std::span(mine).first(16)) == errc::ok);
  REQUIRE(b.hash(hash_id::md4, pieces, std::span(theirs).first(16)) == errc::ok);
  CHECK(mine == theirs);
}

TEST_CASE("openssl: every PBKDF2 is the one that Botan computes", "[crypto][rfc3962-4]") {
  library p;
  kerb::botan::primitives b;
  for (const hash_id h : all_hashes)
    for (const std::size_t n : {1u, 16u, 20u, 21u, 64u, 65u, 200u})
      for (const std::uint64_t iterations : {1u, 2u, 50u}) {
        const octet_vector password = octets_from(n, 33), salt = octets_from(n % 30 + 1, 1);
        octet_vector mine(n), theirs(n);
        REQUIRE(p.pbkdf2(h, secret_view(bytes_view(password)), salt, iterations, mine) == errc::ok);
        REQUIRE(b.pbkdf2(h, secret_view(bytes_view(password)), salt, iterations, theirs) == errc::ok);
        CHECK(mine == theirs);
      }
}

/// Everything that a library may refuse is refused.
void refuses_everything(library& p) {
  library::cipher c;
  library::mac m;
  octet_vector out(32, 1);
  const octet_vector key(16, 2);
  const secret_view k{bytes_view(key)};
  CHECK(p.rekey(c, kerb::cipher_id::aes128, k) == errc::crypto_backend);
  CHECK(p.encrypt(c, key.data(), out.data(), 1) == errc::crypto_backend);
  CHECK(p.cbc_encrypt(c, key.data(), key.data(), out.data(), 1) == errc::crypto_backend);
  for (const hash_id h : all_hashes) {
    CHECK(p.rekey(m, h, k) == errc::crypto_backend);
    CHECK(p.hmac(m, {}, std::span(out).first(16)) == errc::crypto_backend);
    CHECK(p.hash(h, {}, std::span(out).first(16)) == errc::crypto_backend);
    CHECK(p.pbkdf2(h, k, key, 1, out) == errc::crypto_backend);
  }
  CHECK(out == octet_vector(32, 1));
}

TEST_CASE("openssl: what no provider has is refused", "[crypto]") {
  library p(nullptr, "provider=nobody");
  refuses_everything(p);
}

TEST_CASE("openssl: a policy works on a library context of its own, and fails when that has nothing", "[crypto]") {
  OSSL_LIB_CTX* const context = OSSL_LIB_CTX_new();
  REQUIRE(context != nullptr);
  {
    kerb::openssl::policy p{library(context)}, other;
    const auto k = kerb_test::key_of(p, kerb::etype_t::aes128_cts_hmac_sha256_128);
    const auto cipher = kerb_test::sealed(p, k, kerb::key_usage_t::ticket, {1, 2, 3});
    octet_vector out(cipher.size());
    CHECK(other.unseal(k, kerb::key_usage_t::ticket, cipher, out));
  }
  OSSL_LIB_CTX_free(context);

  OSSL_LIB_CTX* const empty = OSSL_LIB_CTX_new();
  REQUIRE(empty != nullptr);
  OSSL_PROVIDER* const nothing = OSSL_PROVIDER_load(empty, "null");
  REQUIRE(nothing != nullptr);
  {
    library p(empty);
    octet_vector out(16);
    refuses_everything(p);
    CHECK_FALSE(p.fill(out));
    CHECK(ERR_peek_error() == 0);
  }
  OSSL_PROVIDER_unload(nothing);
  OSSL_LIB_CTX_free(empty);
}

TEST_CASE("openssl: the program's queue of errors is left as it was", "[crypto]") {
  const octet_vector key(17, 1);
  for (const bool one_before : {false, true}) {
    ERR_clear_error();
    if (one_before) ERR_raise(ERR_LIB_USER, 77);
    library p, none(nullptr, "provider=nobody");
    library::cipher c;
    octet_vector out(64);
    CHECK(p.rekey(c, kerb::cipher_id::aes128, secret_view(bytes_view(key))) == errc::crypto_backend);
    CHECK(p.encrypt(c, key.data(), out.data(), 1) == errc::crypto_backend);
    refuses_everything(none);
    CHECK(p.hash(hash_id::sha1, {}, std::span(out).first(20)) == errc::ok);
    CHECK(p.fill(out));
    CHECK(ERR_GET_REASON(ERR_get_error()) == (one_before ? 77 : 0));
    CHECK(ERR_get_error() == 0);
  }
}

}  // namespace
#endif
