// Encryption type 16 against the published vectors and MIT krb5's.
#include "kerb/crypto/des3.hpp"

#include "backends.hpp"
#include "support/both.hpp"

namespace {
using kerb::bytes_view;
using kerb::errc;
using kerb::etype_t;
using kerb::key_usage_t;
using kerb_test::octet_vector;

constexpr etype_t des3 = etype_t::des3_cbc_sha1_kd;

KERB_ON_EVERY("des3: published messages are sealed and opened", "[crypto][rfc3961-6.3][rfc3961-5.3]") {
  kerb_test::vectors_of<TestType>{16, 16}.seal();
}
KERB_ON_EVERY("des3: what MIT krb5 sealed is opened, and under no other usage", "[crypto][rfc3961-6.3]") {
  kerb_test::vectors_of<TestType>{16, 16}.opened();
}
KERB_ON_EVERY("des3: published checksums are made and verified", "[crypto][rfc3961-6.3]") {
  kerb_test::vectors_of<TestType>{16, 16}.checksum();
}
KERB_ON_EVERY("des3: the pseudo-random function gives MIT krb5's octets", "[crypto][rfc3961-5.3]") {
  kerb_test::vectors_of<TestType>{16, 16}.prf();
}
KERB_ON_EVERY("des3: published passwords give the published keys", "[crypto][rfc3961-6.3.1]") {
  kerb_test::vectors_of<TestType>{16, 16}.string_to_key();
}
KERB_ON_EVERY("des3: random-to-key gives MIT krb5's keys", "[crypto][rfc3961-6.3.1]") {
  kerb_test::vectors_of<TestType>{16, 16}.random_to_key();
}

KERB_ON_EVERY("des3: the published derived keys are derived", "[crypto][rfc3961-5.1][rfc3961-6.3.1]") {
  using library = typename kerb_test::library_of<TestType>::type;
  library p;
  typename library::cipher c;
  typename library::mac m;
  const auto& f = kerb::weak::des3::etypes[0];
  kerb_test::each_row(kerb_test::derive_vectors, 16, 16, [&](const kerb_test::derive_vector& v) {
    REQUIRE(kerb::weak::des3::set_base(p, c, m, f, kerb::secret_view(v.key)) == errc::ok);
    octet_vector out(v.output.size());
    const auto kind = static_cast<kerb::derived_key>(v.derived);
    REQUIRE(kerb::weak::des3::derive(p, c, m, f, kerb_test::usage_of(v.usage), kind, out) == errc::ok);
    CHECK(out == kerb_test::copy_of(v.output));
  });
  kerb_test::each_row(kerb_test::derive_constant_vectors, 16, 16, [&](const kerb_test::derive_constant_vector& v) {
    REQUIRE(kerb::weak::des3::set_base(p, c, m, f, kerb::secret_view(v.key)) == errc::ok);
    octet_vector out(v.output.size());
    REQUIRE(kerb::weak::des3::derive_key(p, c, v.constant, out) == errc::ok);
    CHECK(out == kerb_test::copy_of(v.output));
  });
}

constexpr bool parity_is_odd() {
  for (int i = 0; i != 256; ++i) {
    const std::uint8_t o = kerb::detail::des::with_parity(static_cast<std::uint8_t>(i));
    if ((o & 0xfe) != (i & 0xfe) || std::popcount(o) % 2 != 1) return false;
  }
  return true;
}
KERB_BOTH("des3: every octet of a key has an odd number of bits", "[crypto][rfc3961-6.3]", parity_is_odd);

// The keys of FIPS 74 section 3.6, in hexadecimal as they are usually written.
constexpr std::uint8_t weak_keys[16][8]{
    {0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01}, {0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe},
    {0xe0, 0xe0, 0xe0, 0xe0, 0xf1, 0xf1, 0xf1, 0xf1}, {0x1f, 0x1f, 0x1f, 0x1f, 0x0e, 0x0e, 0x0e, 0x0e},
    {0x01, 0xfe, 0x01, 0xfe, 0x01, 0xfe, 0x01, 0xfe}, {0xfe, 0x01, 0xfe, 0x01, 0xfe, 0x01, 0xfe, 0x01},
    {0x1f, 0xe0, 0x1f, 0xe0, 0x0e, 0xf1, 0x0e, 0xf1}, {0xe0, 0x1f, 0xe0, 0x1f, 0xf1, 0x0e, 0xf1, 0x0e},
    {0x01, 0xe0, 0x01, 0xe0, 0x01, 0xf1, 0x01, 0xf1}, {0xe0, 0x01, 0xe0, 0x01, 0xf1, 0x01, 0xf1, 0x01},
    {0x1f, 0xfe, 0x1f, 0xfe, 0x0e, 0xfe, 0x0e, 0xfe}, {0xfe, 0x1f, 0xfe, 0x1f, 0xfe, 0x0e, 0xfe, 0x0e},
    {0x01, 0x1f, 0x01, 0x1f, 0x01, 0x0e, 0x01, 0x0e}, {0x1f, 0x01, 0x1f, 0x01, 0x0e, 0x01, 0x0e, 0x01},
    {0xe0, 0xfe, 0xe0, 0xfe, 0xf1, 0xfe, 0xf1, 0xfe}, {0xfe, 0xe0, 0xfe, 0xe0, 0xfe, 0xf1, 0xfe, 0xf1}};

constexpr bool weak_keys_are_known() {
  for (const auto& key : weak_keys) {
    if (!kerb::detail::des::is_weak_des_key(key)) return false;
    for (std::size_t bit = 0; bit != 64; ++bit) {
      std::array<std::uint8_t, 8> other{};
      std::copy_n(key, 8, other.begin());
      other[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      if (kerb::detail::des::is_weak_des_key(other)) return false;
    }
  }
  return true;
}
KERB_BOTH("des3: the weak and semi-weak keys are known, and none beside them", "[crypto][rfc3961-6.3.1]",
          weak_keys_are_known);

constexpr bool weak_keys_are_corrected() {
  for (const auto& key : weak_keys) {
    std::array<std::uint8_t, 21> seed{};  // three times what expands to the weak key
    for (std::size_t i = 0; i != seed.size(); ++i)
      seed[i] = static_cast<std::uint8_t>((key[i % 7] & 0xfe) | (key[7] >> (i % 7 + 1) & 1));
    std::array<std::uint8_t, 24> out{};
    kerb::weak::des3::random_to_key(seed, out);
    for (std::size_t i = 0; i != out.size(); ++i)
      if (out[i] != (i % 8 == 7 ? key[7] ^ 0xf0 : key[i % 8])) return false;
  }
  return true;
}
KERB_BOTH("des3: random-to-key makes no weak key", "[crypto][rfc3961-6.3.1]", weak_keys_are_corrected);

KERB_ON_EVERY("des3: a plaintext is padded with zeros, which come back with it", "[crypto][rfc3961-6.3]") {
  TestType p;
  const auto k = kerb_test::key_of(p, des3);
  const kerb::seal_shape shape = kerb_test::must(p.shape(des3));
  CHECK(shape.padding(0) == 0);
  CHECK(shape.padding(1) == 7);
  CHECK(shape.padding(8) == 0);
  CHECK(shape.around(9) == 8 + 16 + 20);
  for (std::size_t n = 28; n != 60; ++n) {
    octet_vector io(n, 1);
    const errc why = p.seal(k, key_usage_t::ticket, io);
    CHECK(why == (n % 8 == 4 ? errc::ok : errc::api_misuse));
    if (why != errc::ok) CHECK(kerb_test::all_zero(io));
  }
}

KERB_ON_EVERY("des3: a password that is too long makes no key, nor do iterations", "[crypto][rfc3961-6.3.1]") {
  TestType p;
  const octet_vector longest(kerb::max_password_octets, 'a'), longer(kerb::max_password_octets + 1, 'a'),
      salt(kerb::max_salt_octets, 's');
  const auto why = [&](bytes_view password, std::uint64_t n) {
    return p.string_to_key(des3, kerb::secret_view(password), salt, {n}).error().code;
  };
  CHECK(why(longest, 0) == errc::ok);
  CHECK(why(longer, 0) == errc::bad_password);
  CHECK(why(longest, 1) == errc::bad_s2k_parameters);
  CHECK(p.string_to_key(des3, {}, {}, {}));
}

KERB_ON_EVERY("des3: parts of tokens have whole blocks, and the number has its initial vector",
              "[crypto][rfc1964-1.2]") {
  using kerb::errc;
  using kerb::token_part;
  using kerb_test::octet_vector;
  TestType p;
  const auto k = kerb_test::key_of(p, kerb::etype_t::des3_cbc_sha1_kd);
  const octet_vector vector(9, 3), plain(24, 7);
  for (const token_part part : {token_part::number, token_part::message}) {
    for (std::size_t n = 0; n != 25; ++n) {
      octet_vector io(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(n)), out(n, 9);
      const auto salt = kerb::bytes_view(vector).first(8);
      const bool good = n != 0 && n % 8 == 0;
      CHECK(p.encrypt_part(k, part, salt, io) == (good ? errc::ok : errc::api_misuse));
      CHECK(p.decrypt_part(k, part, salt, io, out) == (good ? errc::ok : errc::integrity));
      CHECK(out == (good ? octet_vector(n, 7) : octet_vector(n)));
      if (!good) CHECK(io == octet_vector(n));
    }
  }
  // The vector is that of the first block
  octet_vector with = plain, without = plain, swapped(plain);
  CHECK(p.encrypt_part(k, token_part::number, kerb::bytes_view(vector).first(8), with) == errc::ok);
  for (std::size_t i = 0; i != 8; ++i) swapped[i] = 7 ^ 3;
  CHECK(p.encrypt_part(k, token_part::message, {}, swapped) == errc::ok);
  CHECK(with == swapped);
  CHECK(p.encrypt_part(k, token_part::message, {}, without) == errc::ok);
  CHECK(with != without);
  for (const std::size_t n : {0u, 7u, 9u}) {
    octet_vector io(8, 7), out(8, 7);
    CHECK(p.encrypt_part(k, token_part::number, kerb::bytes_view(vector).first(n), io) == errc::api_misuse);
    CHECK(p.decrypt_part(k, token_part::number, kerb::bytes_view(vector).first(n), io, out) == errc::api_misuse);
    CHECK(out == octet_vector(8));
  }
}

}  // namespace
