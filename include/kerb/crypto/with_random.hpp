// A policy with another source of randomness.
#pragma once
#include "seal_all.hpp"

namespace kerb::inline v0 {

/// The policy `C`, with random octets from `R` instead: the system's in one piece
/// (buffered_random.hpp), a device, or a fixed sequence for a test. The policy and the source must
/// outlive this object. Its keys are those of `C`.
template <crypto_policy C, entropy_source R>
class with_random {
 public:
  using key = typename C::key;
  using prepared_key = typename C::prepared_key;

  constexpr with_random(C& crypto KERB_LIFETIMEBOUND, R& random KERB_LIFETIMEBOUND)
      : crypto_(crypto), random_(random) {}

  constexpr bool fill(std::span<std::uint8_t> out) const noexcept { return random_->fill(out); }

  constexpr view_of<etype_t> offered() const noexcept { return crypto_->offered(); }
  constexpr std::optional<seal_shape> shape(etype_t e) const noexcept { return crypto_->shape(e); }
  constexpr result<key> import(etype_t e, bytes_view octets) const noexcept { return crypto_->import(e, octets); }
  constexpr secret_view expose(const key& k) const noexcept { return crypto_->expose(k); }
  constexpr result<prepared_key> prepare(const key& k, key_usage_t u) const noexcept { return crypto_->prepare(k, u); }
  constexpr std::size_t key_octets(etype_t e) const noexcept { return crypto_->key_octets(e); }
  constexpr std::size_t seed_octets(etype_t e) const noexcept { return crypto_->seed_octets(e); }
  constexpr result<key> random_to_key(etype_t e, bytes_view seed) const noexcept {
    return crypto_->random_to_key(e, seed);
  }
  constexpr std::uint64_t default_iterations(etype_t e) const noexcept { return crypto_->default_iterations(e); }
  constexpr result<key> string_to_key(etype_t e, secret_view password, bytes_view salt,
                                      s2k_iterations n) const noexcept {
    return crypto_->string_to_key(e, password, salt, n);
  }

  template <class K>
    requires seals_with<C, K>
  constexpr etype_t etype_of(const K& k) const noexcept { return crypto_->etype_of(k); }
  template <class K>
    requires seals_with<C, K>
  constexpr errc seal(const K& k, key_usage_t u, std::span<std::uint8_t> io) const noexcept {
    return crypto_->seal(k, u, io);
  }
  template <class K>
    requires seals_with<C, K>
  constexpr result<std::span<std::uint8_t>> unseal(const K& k, key_usage_t u, bytes_view in,
                                                   std::span<std::uint8_t> out) const noexcept {
    return crypto_->unseal(k, u, in, out);
  }
  template <class K>
    requires seals_many_with<C, K>
  constexpr errc seal_many(const K& k, key_usage_t u, view_of<std::span<std::uint8_t>> messages) const noexcept {
    return crypto_->seal_many(k, u, messages);
  }
  template <class K>
    requires seals_pieces_with<C, K>
  constexpr errc seal_pieces(const K& k, key_usage_t u, view_of<seal_piece> pieces,
                             std::span<std::uint8_t> tag) const noexcept {
    return crypto_->seal_pieces(k, u, pieces, tag);
  }
  template <class K>
    requires seals_pieces_with<C, K>
  constexpr errc unseal_pieces(const K& k, key_usage_t u, view_of<seal_piece> pieces, bytes_view tag) const noexcept {
    return crypto_->unseal_pieces(k, u, pieces, tag);
  }

  template <class K>
    requires crypts_tokens_with<C, K>
  constexpr errc encrypt_part(const K& k, token_part part, bytes_view salt, std::span<std::uint8_t> io) const noexcept {
    return crypto_->encrypt_part(k, part, salt, io);
  }
  template <class K>
    requires crypts_tokens_with<C, K>
  constexpr errc decrypt_part(const K& k, token_part part, bytes_view salt, bytes_view in,
                              std::span<std::uint8_t> out) const noexcept {
    return crypto_->decrypt_part(k, part, salt, in, out);
  }

  constexpr std::optional<cksum_shape> cksum_of(etype_t e) const noexcept { return crypto_->cksum_of(e); }
  constexpr std::optional<cksum_shape> cksum_of(placed_cksum c) const noexcept { return crypto_->cksum_of(c); }
  template <class Type, class K>
    requires(signs_with<C, K> || std::same_as<Type, placed_cksum>)
  constexpr errc sign(Type t, const K& k, key_usage_t u, view_of<bytes_view> pieces,
                      std::span<std::uint8_t> out) const noexcept {
    return crypto_->sign(t, k, u, pieces, out);
  }
  template <class Type, class K>
    requires(signs_with<C, K> || std::same_as<Type, placed_cksum>)
  constexpr errc verify(Type t, const K& k, key_usage_t u, view_of<bytes_view> pieces, bytes_view mac) const noexcept {
    return crypto_->verify(t, k, u, pieces, mac);
  }
  constexpr errc checksum(placed_cksum c, view_of<bytes_view> pieces, std::span<std::uint8_t> out) const noexcept {
    return crypto_->checksum(c, pieces, out);
  }
  constexpr std::size_t prf_octets(etype_t e) const noexcept { return crypto_->prf_octets(e); }
  constexpr errc prf(const key& k, view_of<bytes_view> pieces, std::span<std::uint8_t> out) const noexcept {
    return crypto_->prf(k, pieces, out);
  }
  constexpr errc digest(view_of<bytes_view> pieces, std::span<std::uint8_t, 32> out) const noexcept {
    return crypto_->digest(pieces, out);
  }
  constexpr errc hash(hash_id h, view_of<bytes_view> pieces, std::span<std::uint8_t> out) const noexcept {
    return crypto_->hash(h, pieces, out);
  }

 private:
  ref<C> crypto_;
  ref<R> random_;
};

}  // namespace kerb::inline v0
