// The backend on Botan's C++ interface.
#include "kerb/crypto/botan.hpp"

#include <botan/mac.h>

#include "kerb/core/hex.hpp"
#include "library_checks.hpp"
#include "support/alloc_count.hpp"

namespace {

using kerb::bytes_view;
using kerb::errc;
using kerb::hash_id;
using kerb::secret_view;
using kerb_test::octet_vector;

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

octet_vector octets_from(unsigned first, std::size_t n) {
  octet_vector t(n);
  for (std::size_t i = 0; i != n; ++i) t[i] = static_cast<std::uint8_t>(i * 131 + first + i / 256);
  return t;
}
constexpr std::pair<hash_id, const char*> functions[]{{hash_id::sha1, "SHA-1"},     {hash_id::sha256, "SHA-256"},
                                                      {hash_id::sha384, "SHA-384"}, {hash_id::sha512, "SHA-512"},
                                                      {hash_id::md5, "MD5"},        {hash_id::md4, "MD4"}};

TEST_CASE("botan: HMAC gives the octets of Botan's own, for all sizes of key and message", "[crypto]") {
  for (const auto& [id, name] : functions) {
    const auto theirs = Botan::MessageAuthenticationCode::create_or_throw(std::string("HMAC(") + name + ")");
    kerb::botan::primitives p;
    kerb::botan::primitives::mac m;
    for (const std::size_t key_size : {1u, 16u, 24u, 63u, 64u, 65u, 127u, 128u, 129u, 300u}) {
      const octet_vector key = octets_from(7, key_size);
      REQUIRE(p.rekey(m, id, secret_view(bytes_view(key))) == errc::ok);
      theirs->set_key(key);
      for (std::size_t n = 0; n <= 300; ++n) {
        const octet_vector data = octets_from(1, n);
        octet_vector expected(theirs->output_length()), one(expected.size()), cut(expected.size());
        theirs->update(data);
        theirs->final(expected.data());
        const bytes_view v(data), whole[]{v},
            pieces[]{v.first(n / 5), {}, v.subview(n / 5, n / 2), v.subview(n / 5 + n / 2)};
        REQUIRE(p.hmac(m, whole, one) == errc::ok);
        REQUIRE(p.hmac(m, pieces, cut) == errc::ok);
        REQUIRE(one == expected);
        REQUIRE(cut == expected);
      }
    }
  }
}

TEST_CASE("botan: PBKDF2 gives the octets of Botan's own, also for a password that is longer than a block",
          "[crypto][rfc2898-5.2]") {
  for (const auto& [id, name] : functions) {
    const auto family = Botan::PasswordHashFamily::create_or_throw(std::string("PBKDF2(") + name + ")");
    kerb::botan::primitives p;
    for (const std::size_t password : {0u, 1u, 20u, 63u, 64u, 65u, 127u, 128u, 129u, 4096u})
      for (const std::size_t salt : {0u, 1u, 200u})
        for (const std::size_t n : {1u, 2u, 17u})
          for (const std::size_t size : {0u, 1u, 32u, 65u, 150u}) {
            const octet_vector pw = octets_from(3, password), s = octets_from(5, salt);
            octet_vector expected(size), out(size);
            family->from_params(n)->derive_key(expected.data(), size, reinterpret_cast<const char*>(pw.data()),
                                               pw.size(), s.data(), s.size());
            REQUIRE(p.pbkdf2(id, secret_view(bytes_view(pw)), s, n, out) == errc::ok);
            REQUIRE(out == expected);
          }
  }
}

TEST_CASE("botan: PBKDF2 takes passwords that are longer than Botan permits", "[crypto][rfc2104-2]") {
  using namespace kerb::literals;
  // From Python's hashlib.pbkdf2_hmac.
  constexpr std::pair<hash_id, std::array<std::uint8_t, 20>> expected[]{
      {hash_id::sha1, "ec83984c8edd8acc072cef7c73077e7c65cc7194"_hex},
      {hash_id::sha256, "20567df967c4379d744faf22cac75929930bb564"_hex},
      {hash_id::sha384, "6edcdafaa0b588f11666586cde68c583526684b6"_hex},
      {hash_id::sha512, "3d81957e4f0e8d877abe3b8d889e18cb5c680d0a"_hex},
      {hash_id::md5, "d38081695b4fe0fd29e21da2213eba110dd78336"_hex},
  };
  const octet_vector password(5000, 'p'), salt{'s', 'a', 'l', 't'};
  for (const auto& [id, key] : expected) {
    kerb::botan::primitives p;
    octet_vector out(key.size());
    REQUIRE(p.pbkdf2(id, secret_view(bytes_view(password)), salt, 3, out) == errc::ok);
    CHECK(std::equal(out.begin(), out.end(), key.begin()));
  }
}

TEST_CASE("botan: a new key for an HMAC does not allocate, nor does a message", "[crypto]") {
  kerb::botan::primitives p;
  kerb::botan::primitives::mac m;
  const octet_vector key = octets_from(1, 200), data = octets_from(1, 300);
  const bytes_view pieces[]{data};
  octet_vector out(16);
  bool good = true;
  const auto use = [&] {
    for (const auto& [id, name] : functions)
      good = good && p.rekey(m, id, secret_view(bytes_view(key))) == errc::ok && p.hmac(m, pieces, out) == errc::ok;
  };
  use();
  {
    const kerb_test::no_allocations here;
    use();
  }
  CHECK(good);
}

TEST_CASE("botan: an HMAC's key is wiped with its holder, when it is moved from, and by the next key", "[crypto]") {
  using holder = kerb::botan::primitives::mac;
  kerb::botan::primitives p;
  const octet_vector key = octets_from(1, 32), data = octets_from(1, 30);
  const bytes_view pieces[]{data};
  octet_vector out(16);
  for (const auto& [id, name] : functions) {
    alignas(holder) std::array<std::uint8_t, sizeof(holder)> buffer{};
    const auto written = [&] {
      return sizeof(holder) - static_cast<std::size_t>(std::count(buffer.begin(), buffer.end(), 0));
    };
    auto* const m = new (buffer.data()) holder;
    REQUIRE(p.rekey(*m, id, secret_view(bytes_view(key))) == errc::ok);
    CHECK(written() > 100);
    const holder other = std::move(*m);
    CHECK(written() < 8);
    CHECK(p.hmac(*m, pieces, out) == errc::crypto_backend);
    REQUIRE(p.rekey(*m, hash_id::sha512, secret_view(bytes_view(key))) == errc::ok);
    CHECK(written() > 200);
    REQUIRE(p.rekey(*m, hash_id::md5, secret_view(bytes_view(key))) == errc::ok);
    CHECK(written() < 140);  // two blocks of 64 octets, their size and the hash's number
    m->~holder();
    CHECK(written() < 8);
  }
}

}  // namespace
