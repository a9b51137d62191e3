// HMAC and PBKDF2 from states that are kept, beside Botan's own.
#include "kerb/crypto/botan_sha2.hpp"

#include <botan/mac.h>
#include <botan/pwdhash.h>

#include "backends.hpp"
#include "support/alloc_count.hpp"

namespace {
using kerb::errc;
using kerb::hash_id;
using kerb_test::octet_vector;

octet_vector text_of(std::size_t n, unsigned salt = 1) {
  octet_vector t(n);
  for (std::size_t i = 0; i != n; ++i) t[i] = static_cast<std::uint8_t>(i * 131 + salt + i / 256);
  return t;
}
constexpr std::pair<hash_id, const char*> functions[]{{hash_id::sha1, "SHA-1"},     {hash_id::sha256, "SHA-256"},
                                                      {hash_id::sha384, "SHA-384"}, {hash_id::sha512, "SHA-512"},
                                                      {hash_id::md5, "MD5"},        {hash_id::md4, "MD4"}};

TEST_CASE("botan: an HMAC is Botan's, whatever the sizes and the cuts", "[crypto]") {
  for (const auto& [id, name] : functions) {
    const auto theirs = Botan::MessageAuthenticationCode::create_or_throw(std::string("HMAC(") + name + ")");
    kerb::botan::primitives p;
    kerb::botan::primitives::mac m;
    for (const std::size_t key_size : {1u, 16u, 24u, 63u, 64u, 65u, 127u, 128u, 129u, 300u}) {
      const octet_vector key = text_of(key_size, 7);
      REQUIRE(p.rekey(m, id, kerb::secret_view(kerb::bytes_view(key))) == errc::ok);
      theirs->set_key(key);
      for (std::size_t n = 0; n <= 300; ++n) {
        const octet_vector data = text_of(n);
        octet_vector expected(theirs->output_length()), one(expected.size()), cut(expected.size());
        theirs->update(data);
        theirs->final(expected.data());
        const kerb::bytes_view v(data), whole[]{v},
            pieces[]{v.first(n / 5), {}, v.subview(n / 5, n / 2), v.subview(n / 5 + n / 2)};
        REQUIRE(p.hmac(m, whole, one) == errc::ok);
        REQUIRE(p.hmac(m, pieces, cut) == errc::ok);
        REQUIRE(one == expected);
        REQUIRE(cut == expected);
      }
    }
  }
}

TEST_CASE("botan: PBKDF2 is Botan's, whatever the sizes", "[crypto][rfc2898-5.2]") {
  for (const auto& [id, name] : functions) {
    const auto family = Botan::PasswordHashFamily::create_or_throw(std::string("PBKDF2(") + name + ")");
    kerb::botan::primitives p;
    for (const std::size_t password : {0u, 1u, 20u, 64u, 65u, 128u, 200u})
      for (const std::size_t salt : {0u, 1u, 47u, 51u, 52u, 60u, 107u, 123u, 124u, 200u})
        for (const std::size_t n : {1u, 2u, 17u})
          for (const std::size_t size : {0u, 1u, 16u, 32u, 48u, 64u, 65u, 150u}) {
            const octet_vector pw = text_of(password, 3), s = text_of(salt, 5);
            octet_vector expected(size), out(size);
            family->from_params(n)->derive_key(expected.data(), size, reinterpret_cast<const char*>(pw.data()),
                                               pw.size(), s.data(), s.size());
            REQUIRE(p.pbkdf2(id, kerb::secret_view(kerb::bytes_view(pw)), s, n, out) == errc::ok);
            REQUIRE(out == expected);
          }
  }
}

TEST_CASE("botan: a new key for an HMAC allocates nothing, nor does a message", "[crypto]") {
  kerb::botan::primitives p;
  kerb::botan::primitives::mac m;
  const octet_vector key = text_of(200), data = text_of(300);
  const kerb::bytes_view pieces[]{data};
  octet_vector out(16);
  bool good = true;
  const auto use = [&] {
    for (const auto& [id, name] : functions)
      good = good && p.rekey(m, id, kerb::secret_view(kerb::bytes_view(key))) == errc::ok &&
             p.hmac(m, pieces, out) == errc::ok;
  };
  use();
  {
    const kerb_test::no_allocations here;
    use();
  }
  CHECK(good);
}

TEST_CASE("botan: the states of a key are wiped with their holder, and when it is moved from", "[crypto]") {
  using holder = kerb::botan::primitives::mac;
  kerb::botan::primitives p;
  const octet_vector key = text_of(32), data = text_of(30);
  const kerb::bytes_view pieces[]{data};
  octet_vector out(20);
  for (const auto& [id, name] : functions) {
    alignas(holder) std::array<std::uint8_t, sizeof(holder)> buffer{};
    auto* const m = new (buffer.data()) holder;
    REQUIRE(p.rekey(*m, id, kerb::secret_view(kerb::bytes_view(key))) == errc::ok);
    CHECK(std::count(buffer.begin(), buffer.end(), 0) < static_cast<long>(sizeof(holder)) - 50);
    const holder other = std::move(*m);
    CHECK(std::count(buffer.begin(), buffer.end(), 0) > static_cast<long>(sizeof(holder)) - 8);
    CHECK(p.hmac(*m, pieces, out) == errc::crypto_backend);
    REQUIRE(p.rekey(*m, id, kerb::secret_view(kerb::bytes_view(key))) == errc::ok);
    m->~holder();
    CHECK(std::count(buffer.begin(), buffer.end(), 0) > static_cast<long>(sizeof(holder)) - 8);
  }
}

}  // namespace
