// The policy that protects nothing: the shapes and refusals that exchanges rely on in tests.
#include <kerb/testing/insecure.hpp>

#include "support/both.hpp"

using namespace kerb;
using testing::insecure_policy;

namespace {

constexpr etype_t aes256 = etype_t::aes256_cts_hmac_sha1_96, sha2 = etype_t::aes256_cts_hmac_sha384_192;
constexpr std::uint8_t octets[32] = {1, 2, 3}, others[32] = {1, 2, 4};

constexpr bool scripted() {
  const std::uint8_t script[] = {1, 2, 3, 4, 5};
  testing::scripted_entropy e(script);
  std::array<std::uint8_t, 3> out{};
  std::array<std::uint8_t, 2> two{};
  if (!e.fill(out) || out[2] != 3 || e.left() != 2) return false;
  if (e.fill(out) || e.left() != 2) return false;  // not enough: nothing is drawn
  return e.fill(two) && two[1] == 5 && e.left() == 0 && !e.fill(two) && e.fill(std::span<std::uint8_t>());
}
KERB_BOTH("scripted_entropy: gives what its script holds, then fails", "[testing]", scripted);

constexpr bool counting() {
  testing::counting_entropy a, b;
  std::array<std::uint8_t, 8> x{}, y{};
  if (!a.fill(x) || !a.fill(y) || x == y || a.draws() != 2) return false;
  b.fail_at = 2;
  return b.fill(y) && y == x && !b.fill(y) && b.fill(y) && b.draws() == 3;
}
KERB_BOTH("counting_entropy: goes on from draw to draw, and fails where it is told to", "[testing]", counting);

constexpr bool sealed_and_opened() {
  insecure_policy p;
  const key k = kerb_test::must(p.import(aes256, octets)), other = kerb_test::must(p.import(aes256, others)),
            type = kerb_test::must(p.import(sha2, octets));
  std::array<std::uint8_t, 32> io{}, out{};
  for (std::size_t i = 0; i != 16; ++i) io[8 + i] = static_cast<std::uint8_t>(i);
  if (p.seal(k, key_usage_t::ticket, io) != errc::ok || kerb_test::must(p.shape(aes256)).around(16) != 32) return false;
  const auto good = p.unseal(k, key_usage_t::ticket, io, out);
  if (!good || good->size() != 16 || (*good)[15] != 15) return false;
  if (p.unseal(other, key_usage_t::ticket, io, out) || p.unseal(type, key_usage_t::ticket, io, out)) return false;
  if (p.unseal(k, key_usage_t::as_rep_enc_part, io, out)) return false;
  for (std::size_t i = 0; i != 32; ++i) {
    for (int bit = 0; bit != 8; ++bit) {
      auto bad = io;
      bad[i] = static_cast<std::uint8_t>(bad[i] ^ 1 << bit);
      out.fill(9);
      if (p.unseal(k, key_usage_t::ticket, bad, out) || out[0] != 0 || out[31] != 0) return false;
    }
  }
  for (std::size_t n = 0; n != 32; ++n)
    if (p.unseal(k, key_usage_t::ticket, bytes_view(io).first(n), out)) return false;
  return true;
}
KERB_BOTH("insecure_policy: opens what it sealed, and nothing that was altered", "[testing]", sealed_and_opened);

constexpr bool prepared() {
  insecure_policy p;
  const key k = kerb_test::must(p.import(aes256, octets));
  const auto pk = p.prepare(k, key_usage_t::ticket);
  std::array<std::uint8_t, 24> io{}, out{};
  return pk && p.etype_of(*pk) == aes256 && p.seal(*pk, key_usage_t::ticket, io) == errc::ok &&
         p.unseal(k, key_usage_t::ticket, io, out) && p.unseal(*pk, key_usage_t::ticket, io, out) &&
         p.seal(*pk, key_usage_t::krb_safe_cksum, io) == errc::wrong_usage &&
         p.unseal(*pk, key_usage_t::krb_safe_cksum, io, out).error().code == errc::wrong_usage;
}
KERB_BOTH("insecure_policy: a prepared key does what its key does, for one usage", "[testing]", prepared);

constexpr bool checksums() {
  insecure_policy p;
  const key k = kerb_test::must(p.import(aes256, octets)), other = kerb_test::must(p.import(aes256, others));
  const bytes_view ab[] = {bytes_view(octets).first(2), bytes_view(others).first(3)}, ba[] = {ab[1], ab[0]};
  std::array<std::uint8_t, 8> mac{};
  std::array<std::uint8_t, 9> nine{};
  const auto type = kerb_test::must(p.cksum_of(aes256)).type;
  const auto usage = key_usage_t::krb_safe_cksum;
  return p.sign(type, k, usage, ab, mac) == errc::ok && p.verify(type, k, usage, ab, mac) == errc::ok &&
         p.verify(type, k, usage, ba, mac) == errc::integrity &&
         p.verify(type, other, usage, ab, mac) == errc::integrity &&
         p.verify(type, k, key_usage_t::ticket, ab, mac) == errc::integrity &&
         p.verify(kerb_test::must(p.cksum_of(sha2)).type, k, usage, ab, mac) == errc::unsupported_cksum &&
         p.verify(type, k, usage, ab, bytes_view(mac).first(7)) == errc::integrity &&
         p.sign(type, k, usage, ab, nine) == errc::unsupported_cksum;
}
KERB_BOTH("insecure_policy: a checksum is for one key, usage, type and text", "[testing]", checksums);

constexpr bool keys() {
  insecure_policy p;
  if (p.import(aes256, bytes_view(octets).first(31)).error().code != errc::bad_key_length) return false;
  if (p.import(etype_t::rc4_hmac, bytes_view(octets).first(16)).error().code != errc::unsupported_etype) return false;
  if (p.key_octets(aes256) != 32 || p.key_octets(etype_t::rc4_hmac) != 0) return false;
  if (p.seed_octets(aes256) != 32 || p.seed_octets(etype_t::rc4_hmac) != 0 || p.shape(etype_t::rc4_hmac)) return false;
  const bytes_view pw(octets), salt(others);
  const auto a = p.string_to_key(aes256, secret_view(pw), salt, {4096}),
             b = p.string_to_key(aes256, secret_view(pw), salt, {4097}),
             c = p.string_to_key(aes256, secret_view(pw), pw, {4096});
  return a && b && c && !(a->octets().unguarded() == b->octets().unguarded()) &&
         !(a->octets().unguarded() == c->octets().unguarded()) && p.offered().size() == 4 &&
         p.default_iterations(aes256) == 4096 && p.default_iterations(sha2) == 32768;
}
constexpr bool placed_checksums() {
  insecure_policy p;
  const key k = kerb_test::must(p.import(aes256, octets));
  const bytes_view one[] = {octets}, two[] = {others};
  const auto usage = key_usage_t::pa_for_user_cksum;
  const auto md5 = kerb::place_cksum(kerb::cksum_place::pa_for_user, kerb::cksum_t::hmac_md5, aes256);
  const auto other = kerb::place_cksum(kerb::cksum_place::pa_for_user, kerb::cksum_t::hmac_md5, sha2);
  const auto sha1 = kerb::place_cksum(kerb::cksum_place::pkinit_pa_checksum, kerb::cksum_t::sha1_unkeyed_14, aes256);
  std::array<std::uint8_t, 8> mac{}, hash{};
  std::array<std::uint8_t, 9> nine{};
  return kerb_test::must(p.cksum_of(*md5)).octets == 8 && p.sign(*md5, k, usage, one, mac) == errc::ok &&
         p.verify(*md5, k, usage, one, mac) == errc::ok && p.verify(*md5, k, usage, two, mac) == errc::integrity &&
         p.verify(*other, k, usage, one, mac) == errc::inappropriate_checksum &&
         p.checksum(*md5, one, mac) == errc::inappropriate_checksum && p.checksum(*sha1, one, hash) == errc::ok &&
         p.verify(*sha1, k, usage, one, hash) == errc::ok && p.verify(*sha1, k, usage, two, hash) == errc::integrity &&
         p.checksum(*sha1, one, nine) == errc::unsupported_cksum &&
         p.sign(*md5, k, usage, one, nine) == errc::unsupported_cksum;
}
KERB_BOTH("insecure_policy: a checksum in its place, with and without a key", "[testing]", placed_checksums);

constexpr bool pseudo_random() {
  insecure_policy p;
  const key k = kerb_test::must(p.import(aes256, octets)), other = kerb_test::must(p.import(aes256, others));
  const bytes_view one[] = {octets}, two[] = {others};
  std::array<std::uint8_t, 16> a{}, b{};
  std::array<std::uint8_t, 17> over{};
  const auto of = [&](const key& by, kerb::view_of<bytes_view> text) {
    return p.prf(by, text, b) == errc::ok && a != b;
  };
  const std::array<bytes_view, 9> many{};
  return p.prf_octets(aes256) == 16 && p.prf_octets(etype_t::rc4_hmac) == 0 && p.prf(k, one, a) == errc::ok &&
         of(k, two) && of(other, one) && p.prf(k, one, over) == errc::api_misuse &&
         p.prf(k, many, a) == errc::api_misuse && p.prf(key{}, one, a) == errc::unsupported_etype;
}
KERB_BOTH("insecure_policy: a pseudo-random function of key and text", "[testing]", pseudo_random);

KERB_BOTH("insecure_policy: keys have their types' sizes, and depend on what makes them", "[testing]", keys);

constexpr bool digests() {
  insecure_policy p;
  const bytes_view one[] = {octets}, two[] = {others};
  std::array<std::uint8_t, 32> a{}, b{}, c{};
  return p.digest(one, a) == errc::ok && p.digest(one, b) == errc::ok && p.digest(two, c) == errc::ok && a == b &&
         a != c;
}
KERB_BOTH("insecure_policy: a digest tells texts apart", "[testing]", digests);

}  // namespace
