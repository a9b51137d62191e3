// PRF+ and KRB-FX-CF2: octets and keys derived from keys.
#pragma once
#include "policy.hpp"

namespace kerb::inline v0 {

/// PRF+, RFC 6113 section 5.1: fills `out` from the key and the pieces of shared information, in
/// order. Returns errc::api_misuse for more pieces than max_prf_pieces - 1, or for more octets than
/// a one-octet counter allows. On failure `out` is wiped.
template <crypto_policy C>
constexpr errc prf_plus(C& policy, const typename C::key& k, view_of<bytes_view> info,
                        std::span<std::uint8_t> out) noexcept {
  std::array<bytes_view, max_prf_pieces> pieces{};
  const std::size_t step = policy.prf_octets(policy.etype_of(k));
  if (info.size() >= pieces.size() || out.size() > 255 * step) {
    secure_zero(out);
    const errc e = policy.prf(k, {}, {});  // returns the reason
    return step == 0 && e != errc::ok ? e : errc::api_misuse;
  }
  std::uint8_t counter[]{0};
  pieces[0] = counter;
  std::size_t n = 1;
  for (const bytes_view piece : info) pieces[n++] = piece;
  for (std::size_t at = 0; at < out.size(); at += step) {
    ++counter[0];
    const std::span<std::uint8_t> block = out.subspan(at, out.size() - at < step ? out.size() - at : step);
    if (const errc e = policy.prf(k, {pieces.data(), n}, block); e != errc::ok) {
      secure_zero(out);
      return e;
    }
  }
  return errc::ok;
}

/// KRB-FX-CF2, RFC 6113 section 5.1: a key of type `e` that only an owner of both keys can compute.
/// The peppers must differ (else errc::api_misuse), because with the same key twice the result
/// would be a key that everybody knows. Other errors are those of random_to_key and prf_plus.
template <crypto_policy C>
constexpr result<typename C::key> fx_cf2(C& policy, etype_t e, const typename C::key& k1, const typename C::key& k2,
                                         bytes_view pepper1, bytes_view pepper2) noexcept {
  std::array<std::uint8_t, max_key_octets> octets1, octets2;
  wiped_on_exit wipe1(octets1), wipe2(octets2);
  const std::size_t n = policy.seed_octets(e);
  if (pepper1 == pepper2 || n > octets1.size()) return errc::api_misuse;
  const auto seed = std::span(octets1).first(n), other = std::span(octets2).first(n);
  const bytes_view info1[]{pepper1}, info2[]{pepper2};
  if (const errc why = prf_plus(policy, k1, info1, seed); why != errc::ok) return why;
  if (const errc why = prf_plus(policy, k2, info2, other); why != errc::ok) return why;
  for (std::size_t i = 0; i != n; ++i) seed[i] = static_cast<std::uint8_t>(seed[i] ^ other[i]);
  return policy.random_to_key(e, bytes_view(seed));
}
/// The same, for a key of the first key's type.
template <crypto_policy C>
constexpr result<typename C::key> fx_cf2(C& policy, const typename C::key& k1, const typename C::key& k2,
                                         bytes_view pepper1, bytes_view pepper2) noexcept {
  return fx_cf2(policy, policy.etype_of(k1), k1, k2, pepper1, pepper2);
}

}  // namespace kerb::inline v0
