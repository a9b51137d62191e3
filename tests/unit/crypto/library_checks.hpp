// What a backend's primitives promise, whichever the backend.
#pragma once
#include <sys/wait.h>
#include <unistd.h>

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
  SECTION("a holder serves another library than the one that keyed it, which may be gone") {
    typename P::cipher c;
    typename P::mac m;
    octet_vector before(16), after(16), mac_before(16), mac_after(16);
    {
      P p;
      REQUIRE(p.rekey(c, kerb::cipher_id::aes128, kerb::secret_view(bytes_view(key))) == errc::ok);
      REQUIRE(p.rekey(m, kerb::hash_id::sha256, kerb::secret_view(bytes_view(key))) == errc::ok);
      REQUIRE(p.encrypt(c, data.data(), before.data(), 1) == errc::ok);
      REQUIRE(p.hmac(m, whole, mac_before) == errc::ok);
    }
    P other;
    REQUIRE(other.encrypt(c, data.data(), after.data(), 1) == errc::ok);
    REQUIRE(other.hmac(m, whole, mac_after) == errc::ok);
    CHECK(before == after);
    CHECK(mac_before == mac_after);
  }
  SECTION("blocks are encrypted each on its own, in place and apart, and come back") {
    P p;
    typename P::cipher c;
    octet_vector plain(37 * 16), before;
    std::uint8_t octet = 5;
    for (std::size_t i = 0; i != plain.size(); ++i) plain[i] = static_cast<std::uint8_t>(i % 251);
    for (const auto id : {kerb::cipher_id::aes128, kerb::cipher_id::aes256, kerb::cipher_id::aes128}) {
      const octet_vector k(id == kerb::cipher_id::aes128 ? 16 : 32, octet++);
      REQUIRE(p.rekey(c, id, kerb::secret_view(bytes_view(k))) == errc::ok);
      octet_vector one(plain.size()), many(plain.size()), back(plain.size());
      for (std::size_t at = 0; at != plain.size(); at += 16)
        REQUIRE(p.encrypt(c, plain.data() + at, one.data() + at, 1) == errc::ok);
      REQUIRE(p.encrypt(c, plain.data(), many.data(), plain.size() / 16) == errc::ok);
      CHECK(one == many);
      CHECK(many != before);  // a new key is taken
      before = many;
      REQUIRE(p.decrypt(c, many.data(), back.data(), plain.size() / 16) == errc::ok);
      CHECK(back == plain);
      REQUIRE(p.decrypt(c, many.data(), many.data(), plain.size() / 16) == errc::ok);
      CHECK(many == plain);
      if constexpr (kerb::has_cbc<P>) {
        const octet_vector iv(16, 0xa5);
        octet_vector chained(plain.size()), in_place = plain;
        for (std::size_t at = 0; at != plain.size(); at += 16) {
          for (std::size_t i = at; i != at + 16; ++i)
            chained[i] = static_cast<std::uint8_t>(plain[i] ^ (at == 0 ? iv[i] : chained[i - 16]));
          REQUIRE(p.encrypt(c, chained.data() + at, chained.data() + at, 1) == errc::ok);
        }
        for (const std::size_t n : {plain.size() / 16, std::size_t{1}}) {
          octet_vector apart(16 * n);
          REQUIRE(p.cbc_encrypt(c, iv.data(), plain.data(), apart.data(), n) == errc::ok);
          CHECK(std::equal(apart.begin(), apart.end(), chained.begin()));
        }
        REQUIRE(p.cbc_encrypt(c, iv.data(), in_place.data(), in_place.data(), plain.size() / 16) == errc::ok);
        CHECK(in_place == chained);
        typename P::cipher empty;
        CHECK(p.cbc_encrypt(empty, iv.data(), plain.data(), chained.data(), 1) == errc::crypto_backend);
      }
    }
  }
  SECTION("a key that is not the cipher's is refused, and leaves no other") {
    P p;
    typename P::cipher c;
    for (const kerb::cipher_id id : {kerb::cipher_id::aes128, kerb::cipher_id::camellia128}) {
      if (id == kerb::cipher_id::camellia128 && !kerb::has_cipher<P, kerb::cipher_id::camellia128>) continue;
      for (const std::size_t n : {0u, 1u, 15u, 17u, 24u, 32u, 33u}) {
        const octet_vector wrong(n, 1);
        octet_vector out(16);
        REQUIRE(p.rekey(c, id, kerb::secret_view(bytes_view(key))) == errc::ok);
        CHECK(p.rekey(c, id, kerb::secret_view(bytes_view(wrong))) == errc::crypto_backend);
        CHECK(p.encrypt(c, data.data(), out.data(), 1) == errc::crypto_backend);  // not with the key before
      }
    }
  }
  SECTION("an HMAC takes keys of all lengths, and gives the same twice after an error") {
    P p;
    typename P::mac m;
    for (const auto h : {kerb::hash_id::sha1, kerb::hash_id::sha256, kerb::hash_id::sha384, kerb::hash_id::sha512,
                         kerb::hash_id::md5, kerb::hash_id::md4}) {
      if (h == kerb::hash_id::md4 && !has_md4<P>()) continue;
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
  SECTION("after fork() parent and child draw different octets") {
    P p;
    octet_vector mine(32), childs(32);
    REQUIRE(p.fill(mine));
    int fds[2];
    REQUIRE(pipe(fds) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    const bool drawn = p.fill(mine);
    if (child == 0)
      _exit(drawn && write(fds[1], mine.data(), mine.size()) == static_cast<ssize_t>(mine.size()) ? 0 : 1);
    int status = 1;
    CHECK(read(fds[0], childs.data(), childs.size()) == static_cast<ssize_t>(childs.size()));
    REQUIRE(waitpid(child, &status, 0) == child);
    (void)close(fds[0]);
    (void)close(fds[1]);
    CHECK(status == 0);
    CHECK(drawn);
    CHECK(mine != childs);
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
