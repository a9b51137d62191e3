// PRF+ and KRB-FX-CF2 against the published vectors, and what they refuse.
#include "kerb/crypto/prf.hpp"

#include "backends.hpp"
#include "kerb/testing/insecure.hpp"
#include "support/both.hpp"
#include "toy.hpp"

namespace {
using kerb::bytes_view;
using kerb::errc;
using kerb::etype_t;
using kerb::key;
using kerb::testing::insecure_policy;

constexpr etype_t aes256 = etype_t::aes256_cts_hmac_sha1_96;
constexpr std::array<std::uint8_t, 32> octets{1, 2, 3}, others{4, 5, 6};
constexpr std::array<std::uint8_t, 1> a{'a'}, b{'b'};

KERB_ON_EVERY("fx_cf2: the published keys", "[crypto][rfc6113-5.1]") {
  TestType p;
  int seen = 0;
  for (const kerb_test::cf2_vector& v : kerb_test::cf2_vectors) {
    const etype_t e1 = kerb_test::etype_of(v.etype), e2 = kerb_test::etype_of(v.etype2),
                  e3 = kerb_test::etype_of(v.etype3);
    if (!p.shape(e1) || !p.shape(e2) || !p.shape(e3)) continue;
    INFO(v.name);
    const auto k1 = p.import(e1, v.key), k2 = p.import(e2, v.key2);
    REQUIRE((k1 && k2));
    const auto made = fx_cf2(p, e3, *k1, *k2, v.pepper, v.pepper2);
    REQUIRE(made);
    CHECK(made->etype() == e3);
    CHECK(kerb_test::copy_of(p.expose(*made).unguarded()) == kerb_test::copy_of(v.output));
    ++seen;
    if (e1 != e3) continue;
    const auto by_default = fx_cf2(p, *k1, *k2, v.pepper, v.pepper2);
    REQUIRE(by_default);
    CHECK(kerb_test::copy_of(p.expose(*by_default).unguarded()) == kerb_test::copy_of(v.output));
  }
  CHECK(seen > 10);
}

constexpr bool plus_is_the_blocks_in_turn() {
  insecure_policy p;
  const key k = kerb_test::must(p.import(aes256, octets));
  const bytes_view info[]{a, b};
  std::array<std::uint8_t, 16 * 255 + 1> out{};
  for (const std::size_t n : {0u, 1u, 15u, 16u, 17u, 32u, 40u, 16u * 255u}) {
    if (prf_plus(p, k, info, std::span(out).first(n)) != errc::ok) return false;
    for (std::size_t at = 0; at < n; at += 16) {
      const std::uint8_t counter[]{static_cast<std::uint8_t>(1 + at / 16)};
      const bytes_view pieces[]{counter, a, b};
      std::array<std::uint8_t, 16> block{};
      const std::size_t size = n - at < 16 ? n - at : 16;
      if (p.prf(k, pieces, std::span(block).first(size)) != errc::ok) return false;
      if (bytes_view(out).subview(at, size) != bytes_view(block).first(size)) return false;
    }
  }
  out.fill(1);
  return prf_plus(p, k, info, out) == errc::api_misuse && out == decltype(out){};
}
KERB_BOTH("prf_plus: the function of 1, 2, 3 and the information, as long as one octet counts", "[crypto][rfc6113-5.1]",
          plus_is_the_blocks_in_turn);

constexpr bool pieces_are_bounded() {
  insecure_policy p;
  const key k = kerb_test::must(p.import(aes256, octets));
  const std::array<bytes_view, kerb::max_prf_pieces> many{};
  std::array<std::uint8_t, 20> out{};
  return prf_plus(p, k, many, out) == errc::api_misuse &&
         prf_plus(p, k, kerb::view_of<bytes_view>{many.data(), many.size() - 1}, out) == errc::ok;
}
KERB_BOTH("prf_plus: takes one piece fewer than the function itself", "[crypto]", pieces_are_bounded);

constexpr bool same_peppers_are_refused() {
  insecure_policy p;
  const key k = kerb_test::must(p.import(aes256, octets)), other = kerb_test::must(p.import(aes256, others));
  return fx_cf2(p, k, other, a, a).error().code == errc::api_misuse &&
         fx_cf2(p, k, k, {}, {}).error().code == errc::api_misuse && fx_cf2(p, k, k, a, b).has_value() &&
         fx_cf2(p, k, other, {}, b).has_value();
}
KERB_BOTH("fx_cf2: peppers that do not differ are refused", "[crypto][rfc6113-5.1]", same_peppers_are_refused);

constexpr bool types_that_are_not_there() {
  kerb_test::toy_policy p;
  const key k = kerb_test::must(p.import(aes256, octets));
  std::array<std::uint8_t, 4> out{1, 2, 3, 4};
  const key rc4(etype_t::rc4_hmac, *kerb::secret<32>::copy_of(octets));
  const key unknown(etype_t{99}, *kerb::secret<32>::copy_of(octets));
  if (prf_plus(p, rc4, {}, out) != errc::weak_etype || out != decltype(out){}) return false;
  return fx_cf2(p, rc4, k, a, b).error().code == errc::weak_etype &&
         fx_cf2(p, k, rc4, a, b).error().code == errc::weak_etype &&
         fx_cf2(p, k, unknown, a, b).error().code == errc::unsupported_etype &&
         fx_cf2(p, etype_t::rc4_hmac, k, k, a, b).error().code == errc::weak_etype &&
         fx_cf2(p, etype_t{99}, k, k, a, b).error().code == errc::unsupported_etype;
}
KERB_BOTH("fx_cf2: a type that the policy does not have is refused for what it is", "[crypto]",
          types_that_are_not_there);

constexpr bool failing_library() {
  for (const etype_t e : kerb_test::all_etypes)
    for (int good = 0;; ++good) {
      kerb_test::toy_calls calls;
      kerb_test::every_toy_policy p{kerb_test::toy{&calls}};
      const auto k = p.random_to_key(e, bytes_view(octets).first(p.seed_octets(e)));
      std::array<std::uint8_t, 70> out{};
      out.fill(1);
      calls.left = good;
      const errc plus = prf_plus(p, *k, {}, out);
      calls.left = good;
      const auto made = fx_cf2(p, *k, *k, a, b);
      if (plus != errc::ok && (plus != errc::crypto_backend || out != decltype(out){})) return false;
      if (made && plus == errc::ok) break;
      if (!made && made.error().code != errc::crypto_backend) return false;
      if (good > 100) return false;
    }
  return true;
}
KERB_BOTH("prf_plus: when the library fails nothing is left in the buffer", "[crypto]", failing_library);

}  // namespace
