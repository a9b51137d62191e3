// Keys from the result of a Diffie-Hellman exchange.
#pragma once
#include "policy.hpp"

namespace kerb::inline v0 {

namespace detail {
/// The maximum number of pieces of a shared secret and its additional input.
inline constexpr std::size_t max_kdf_pieces = 7;

/// A key of type `e` from hashes over a counter, which starts at `counter`, and the pieces in order.
template <crypto_policy C, std::size_t N>
constexpr result<typename C::key> key_from_hashes(C& policy, hash_id h, etype_t e, std::array<std::uint8_t, N> counter,
                                                  view_of<bytes_view> input) noexcept {
  std::array<std::uint8_t, max_key_octets> octets;
  wiped_on_exit wipe(octets);
  const std::size_t n = policy.seed_octets(e), step = hash_octets(h);
  if (n > octets.size() || input.size() > max_kdf_pieces) return errc::api_misuse;
  std::array<bytes_view, 1 + max_kdf_pieces> pieces{counter};
  std::size_t count = 1;
  for (const bytes_view piece : input) pieces[count++] = piece;
  const std::span<std::uint8_t> seed = std::span(octets).first(n);
  for (std::size_t at = 0; at < n; at += step) {
    const std::span<std::uint8_t> block = seed.subspan(at, n - at < step ? n - at : step);
    if (const errc why = policy.hash(h, {pieces.data(), count}, block); why != errc::ok) return why;
    ++counter.back();
  }
  return policy.random_to_key(e, bytes_view(seed));
}
}  // namespace detail

/// octetstring2key, RFC 4556 section 3.2.3.1: a key of type `e` from a shared secret in at most 7
/// pieces: the secret, as long as the prime, then the nonces if there are any.
template <crypto_policy C>
constexpr result<typename C::key> octetstring2key(C& policy, etype_t e, view_of<bytes_view> pieces) noexcept {
  return detail::key_from_hashes(policy, hash_id::sha1, e, std::array<std::uint8_t, 1>{0}, pieces);
}

/// The key derivation function of RFC 8636: a key of type `e` from the shared secret and the
/// encoding of its OtherInfo.
template <crypto_policy C>
constexpr result<typename C::key> pkinit_kdf(C& policy, hash_id h, etype_t e, secret_view shared_secret,
                                             bytes_view other_info) noexcept {
  const bytes_view pieces[]{shared_secret.unguarded(), other_info};
  return detail::key_from_hashes(policy, h, e, std::array<std::uint8_t, 4>{0, 0, 0, 1}, pieces);
}

}  // namespace kerb::inline v0
