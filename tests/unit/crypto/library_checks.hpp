// What a backend's primitives promise, whichever the backend.
#pragma once
#include "backends.hpp"

namespace kerb_test {

template <class P>
void check_primitives() {
  using kerb::bytes_view;
  using kerb::errc;
  const octet_vector key(16, 1), data(64, 2);
  const bytes_view v(data), whole[]{v}, pieces[]{v.first(1), {}, v.subview(1)};

  SECTION("an empty holder is refused") {
    P p;
    typename P::cipher c;
    typename P::mac m;
    octet_vector out(16);
    CHECK(p.encrypt(c, data.data(), out.data(), 1) == errc::crypto_backend);
    CHECK(p.decrypt(c, data.data(), out.data(), 1) == errc::crypto_backend);
    CHECK(p.hmac(m, whole, out) == errc::crypto_backend);
  }
  SECTION("a moved holder works, and what it was moved from is refused") {
    P p;
    typename P::cipher c;
    typename P::mac m;
    REQUIRE(p.rekey(c, kerb::cipher_id::aes128, kerb::secret_view(bytes_view(key))) == errc::ok);
    REQUIRE(p.rekey(m, kerb::hash_id::sha256, kerb::secret_view(bytes_view(key))) == errc::ok);
    typename P::cipher other_c(std::move(c));
    typename P::mac other_m;
    other_m = std::move(m);
    octet_vector out(16);
    CHECK(p.encrypt(other_c, data.data(), out.data(), 1) == errc::ok);
    CHECK(p.hmac(other_m, whole, out) == errc::ok);
    CHECK(p.encrypt(c, data.data(), out.data(), 1) == errc::crypto_backend);
    CHECK(p.hmac(m, whole, out) == errc::crypto_backend);
    REQUIRE(p.rekey(c, kerb::cipher_id::aes128, kerb::secret_view(bytes_view(key))) == errc::ok);
    CHECK(p.encrypt(c, data.data(), out.data(), 1) == errc::ok);
  }
  SECTION("a key that is not the cipher's is refused, and leaves no other") {
    P p;
    typename P::cipher c;
    for (const kerb::cipher_id id : {kerb::cipher_id::aes128, kerb::cipher_id::camellia128})
      for (const std::size_t n : {0u, 1u, 15u, 17u, 24u, 32u, 33u}) {
        const octet_vector wrong(n, 1);
        octet_vector out(16);
        REQUIRE(p.rekey(c, id, kerb::secret_view(bytes_view(key))) == errc::ok);
        CHECK(p.rekey(c, id, kerb::secret_view(bytes_view(wrong))) == errc::crypto_backend);
        CHECK(p.encrypt(c, data.data(), out.data(), 1) == errc::crypto_backend);  // not with the key before
      }
  }
  SECTION("an HMAC takes keys of all lengths, and gives the same twice after an error") {
    P p;
    typename P::mac m;
    for (const auto h : {kerb::hash_id::sha1, kerb::hash_id::sha256, kerb::hash_id::sha384, kerb::hash_id::sha512,
                         kerb::hash_id::md5, kerb::hash_id::md4}) {
      for (const std::size_t n : {0u, 1u, 16u, 24u, 64u, 65u, 128u, 129u, 300u}) {
        const octet_vector any(n, 3);
        octet_vector one(kerb::hash_octets(h)), two(one.size()), cut(5), over(one.size() + 1);
        REQUIRE(p.rekey(m, h, kerb::secret_view(bytes_view(any))) == errc::ok);
        REQUIRE(p.hmac(m, whole, one) == errc::ok);
        CHECK(p.hmac(m, whole, over) == errc::crypto_backend);
        REQUIRE(p.hmac(m, pieces, two) == errc::ok);
        REQUIRE(p.hmac(m, whole, cut) == errc::ok);
        CHECK(one == two);
        CHECK(std::equal(cut.begin(), cut.end(), one.begin()));
      }
    }
  }
  SECTION("a hash is cut, and refused when more is asked than it has") {
    P p;
    octet_vector one(20), cut(16), over(21);
    REQUIRE(p.hash(kerb::hash_id::sha1, whole, one) == errc::ok);
    REQUIRE(p.hash(kerb::hash_id::sha1, pieces, cut) == errc::ok);
    CHECK(std::equal(cut.begin(), cut.end(), one.begin()));
    CHECK(p.hash(kerb::hash_id::sha1, whole, over) == errc::crypto_backend);
  }
  SECTION("random octets are not twice the same") {
    P p;
    octet_vector a(64), b(64);
    REQUIRE(p.fill(a));
    REQUIRE(p.fill(b));
    CHECK(a != b);
    CHECK(p.fill({}));
  }
  SECTION("a password that is too long for the library is refused without an exception") {
    P p;
    const octet_vector password(100000, 'p');
    octet_vector out(32);
    const errc why = p.pbkdf2(kerb::hash_id::sha1, kerb::secret_view(bytes_view(password)), data, 1, out);
    CHECK((why == errc::crypto_backend || why == errc::ok));
  }
}

}  // namespace kerb_test
