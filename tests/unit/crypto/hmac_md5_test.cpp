// The checksum type HMAC-MD5 with keys of every type.
#include "kerb/crypto/hmac_md5.hpp"

#include "backends.hpp"
#include "support/both.hpp"
#include "toy.hpp"

namespace {
using kerb::bytes_view;
using kerb::cksum_place;
using kerb::cksum_t;
using kerb::errc;
using kerb::etype_t;
using kerb::key_usage_t;
using kerb_test::octet_vector;

template <class Policy>
void are_made_and_verified() {
  Policy p;
  int seen = 0;
  for (const kerb_test::hmac_md5_vector& v : kerb_test::hmac_md5_vectors) {
    const etype_t e = kerb_test::etype_of(v.etype);
    if (!p.shape(e)) continue;
    INFO(v.name);
    const auto k = p.import(e, v.key);
    const auto placed = kerb::place_cksum(cksum_place::pa_for_user, cksum_t::hmac_md5, e);
    REQUIRE((k && placed));
    REQUIRE(kerb_test::must(p.cksum_of(*placed)).type == cksum_t::hmac_md5);
    REQUIRE(kerb_test::must(p.cksum_of(*placed)).octets == v.checksum.size());
    octet_vector out(16);
    const key_usage_t u = kerb_test::usage_of(v.usage);
    const bytes_view whole[]{v.plain}, pieces[]{v.plain.first(2), {}, v.plain.subview(2)};
    CHECK(p.sign(*placed, *k, u, whole, out) == errc::ok);
    CHECK(out == kerb_test::copy_of(v.checksum));
    CHECK(p.verify(*placed, *k, u, pieces, v.checksum) == errc::ok);
    CHECK(p.verify(*placed, *k, key_usage_t{99}, pieces, v.checksum) == errc::integrity);
    CHECK(p.verify(*placed, *k, u, whole, v.checksum.first(15)) == errc::integrity);
    for (std::size_t bit = 0; bit != 8 * out.size(); ++bit) {
      out[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      CHECK(p.verify(*placed, *k, u, whole, out) == errc::integrity);
      out[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    }
    ++seen;
  }
  CHECK(seen >= 4);
}
KERB_ON_BACKENDS("hmac_md5: a policy without RC4 makes PA-FOR-USER's checksum as MIT krb5 does",
                 "[crypto][rfc4757-4]") {
  are_made_and_verified<TestType>();
}
KERB_ON_EVERY("hmac_md5: it is MIT krb5's with keys of every type", "[crypto][rfc4757-4]") {
  are_made_and_verified<TestType>();
}

KERB_BOTH("hmac_md5: usages become message types in little-endian octets", "[crypto][rfc4757-3]", [] {
  const auto is = [](std::int32_t u, std::array<std::uint8_t, 4> t) {
    return kerb::detail::message_type(key_usage_t{u}) == t;
  };
  return is(1, {1, 0, 0, 0}) && is(3, {8, 0, 0, 0}) && is(8, {8, 0, 0, 0}) && is(9, {9, 0, 0, 0}) &&
         is(13, {13, 0, 0, 0}) && is(23, {13, 0, 0, 0}) && is(17, {17, 0, 0, 0}) && is(22, {22, 0, 0, 0}) &&
         is(0x01020304, {4, 3, 2, 1}) && is(-1, {255, 255, 255, 255});
});

constexpr bool misuse() {
  kerb_test::toy_policy p;
  const std::array<std::uint8_t, 32> octets{1};
  const etype_t e = etype_t::aes256_cts_hmac_sha1_96, other = etype_t::aes128_cts_hmac_sha1_96;
  const auto k = p.import(e, octets);
  const auto placed = kerb::place_cksum(cksum_place::pa_for_user, cksum_t::hmac_md5, e);
  const auto for_other = kerb::place_cksum(cksum_place::pa_for_user, cksum_t::hmac_md5, other);
  const key_usage_t u = key_usage_t::pa_for_user_cksum;
  std::array<std::uint8_t, 20> out{};
  const std::array<bytes_view, kerb::max_hmac_md5_pieces + 1> many{};
  for (std::size_t n = 0; n != out.size(); ++n)
    if ((p.sign(*placed, *k, u, {}, std::span(out).first(n)) == errc::ok) != (n == 16)) return false;
  const auto sum = std::span(out).first(16);
  if (p.sign(*placed, *k, u, many, sum) != errc::api_misuse) return false;
  if (p.sign(*placed, *k, u, kerb::view_of<bytes_view>{many.data(), many.size() - 1}, sum) != errc::ok) return false;
  if (p.sign(*for_other, *k, u, {}, sum) != errc::inappropriate_checksum) return false;
  if (p.verify(*for_other, *k, u, {}, sum) != errc::inappropriate_checksum) return false;
  const kerb::key short_one(e, *kerb::secret<32>::copy_of(bytes_view(octets).first(31)));
  if (p.sign(*placed, short_one, u, {}, sum) != errc::bad_key_length) return false;
  const kerb::key rc4(etype_t::rc4_hmac, *kerb::secret<32>::copy_of(bytes_view(octets).first(16)));
  const auto for_rc4 = kerb::place_cksum(cksum_place::pa_for_user, cksum_t::hmac_md5, etype_t::rc4_hmac);
  return p.sign(*for_rc4, rc4, u, {}, sum) == errc::weak_etype &&
         p.checksum(*placed, {}, sum) == errc::inappropriate_checksum;
}
KERB_BOTH("hmac_md5: a key of another type, another size or too many pieces are refused", "[crypto]", misuse);

constexpr bool failing_library() {
  const std::array<std::uint8_t, 32> octets{1};
  const etype_t e = etype_t::aes256_cts_hmac_sha1_96;
  const auto placed = kerb::place_cksum(cksum_place::pa_for_user, cksum_t::hmac_md5, e);
  for (int good = 0; good != 6; ++good) {
    kerb_test::toy_calls calls;
    kerb_test::toy_policy p{kerb_test::toy{&calls}};
    const auto k = p.import(e, octets);
    std::array<std::uint8_t, 16> out{};
    calls.left = good;
    if (p.sign(*placed, *k, key_usage_t::pa_for_user_cksum, {}, out) != (good < 5 ? errc::crypto_backend : errc::ok))
      return false;
  }
  return true;
}
KERB_BOTH("hmac_md5: a library that fails is reported", "[crypto]", failing_library);

constexpr bool unkeyed() {
  kerb_test::every_toy_policy p;
  const etype_t rc4 = etype_t::rc4_hmac;
  const std::array<std::uint8_t, 16> octets{1};
  const auto k = p.import(rc4, octets);
  const auto md4 = kerb::place_cksum(cksum_place::pa_s4u_x509_user, cksum_t::rsa_md4, rc4);
  const auto sha1 = kerb::place_cksum(cksum_place::pkinit_pa_checksum, cksum_t::sha1_unkeyed_14, rc4);
  std::array<std::uint8_t, 16> a{}, b{}, c{};
  std::array<std::uint8_t, 20> d{}, f{};
  const bytes_view pieces[]{octets};
  const key_usage_t u = key_usage_t::pa_s4u_x509_user_request;
  return kerb_test::must(p.cksum_of(*md4)).octets == 16 && kerb_test::must(p.cksum_of(*sha1)).octets == 20 &&
         p.hash(kerb::hash_id::md4, pieces, a) == errc::ok && p.checksum(*md4, pieces, b) == errc::ok &&
         p.sign(*md4, *k, u, pieces, c) == errc::ok && a == b && a == c &&
         p.verify(*md4, *k, u, pieces, a) == errc::ok && p.verify(*md4, *k, u, {}, a) == errc::integrity &&
         p.hash(kerb::hash_id::sha1, pieces, d) == errc::ok && p.checksum(*sha1, pieces, f) == errc::ok && d == f &&
         p.checksum(*sha1, pieces, a) == errc::api_misuse && p.sign(*md4, *k, u, pieces, d) == errc::api_misuse;
}
KERB_BOTH("placed_cksum: a type without a key is the hash itself, where it may stand", "[crypto][rfc3961-6.1.2]",
          unkeyed);

}  // namespace
