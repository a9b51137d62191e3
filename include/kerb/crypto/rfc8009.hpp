// aes128-cts-hmac-sha256-128 and aes256-cts-hmac-sha384-192.
#pragma once
#include "cts_many.hpp"
#include "cts_pieces.hpp"
#include "profile.hpp"

namespace kerb::inline v0 {

/// KDF-HMAC-SHA2 of RFC 8009: the leading octets of an HMAC over a block counter, the label, a zero
/// octet, the context and the output's size in bits. `base` contains the key. `out` is at most as
/// long as the hash.
template <primitives P>
constexpr errc kdf_hmac_sha2(P& p, typename P::mac& base, bytes_view label, view_of<bytes_view> context,
                             std::span<std::uint8_t> out) noexcept {
  constexpr std::uint8_t counter[]{0, 0, 0, 1}, zero[]{0};
  const std::size_t bits = 8 * out.size();
  const std::uint8_t size[]{0, 0, static_cast<std::uint8_t>(bits >> 8), static_cast<std::uint8_t>(bits)};
  if (context.size() > max_prf_pieces) return errc::api_misuse;
  std::array<bytes_view, max_prf_pieces + 4> pieces{counter, label, zero};
  std::size_t n = 3;
  for (bytes_view piece : context) pieces[n++] = piece;
  pieces[n++] = size;
  return p.hmac(base, {pieces.data(), n}, out);
}

/// The encryption types of RFC 8009 and their checksum types.
struct aes_sha2 : by_hmac<aes_sha2> {
  static constexpr std::array<etype_facts, 2> etypes{{
      {etype_t::aes256_cts_hmac_sha384_192, cksum_t::hmac_sha384_192_aes256, cipher_id::aes256, hash_id::sha384, 32, 24,
       24, 48, 32768},
      {etype_t::aes128_cts_hmac_sha256_128, cksum_t::hmac_sha256_128_aes128, cipher_id::aes128, hash_id::sha256, 16, 16,
       16, 32, 32768},
  }};

  template <primitives P>
  static constexpr errc set_base(P& p, typename P::cipher&, typename P::mac& m, const etype_facts& f,
                                 secret_view key) noexcept {
    return p.rekey(m, f.hash, key);
  }

  template <primitives P>
  static constexpr errc derive(P& p, typename P::cipher&, typename P::mac& base, const etype_facts&, key_usage_t u,
                               derived_key kind, std::span<std::uint8_t> out) noexcept {
    const auto label = detail::usage_constant(u, kind);
    return kdf_hmac_sha2(p, base, label, {}, out);
  }

  /// RFC 8009: the HMAC covers the initial vector and the ciphertext.
  template <primitives P>
  static constexpr errc seal(P& p, typename P::cipher& ke, typename P::mac& ki, const etype_facts& f,
                             std::span<std::uint8_t> io) noexcept {
    const std::span<std::uint8_t> text = io.first(io.size() - f.tag);
    if (const errc e = cts_encrypt(p, ke, text, text.data()); e != errc::ok) return e;
    const bytes_view pieces[]{zero_iv, text};
    return p.hmac(ki, pieces, io.last(f.tag));
  }
  template <primitives P>
  static constexpr errc seal_many(P& p, typename P::cipher& ke, typename P::mac& ki, const etype_facts& f,
                                  view_of<std::span<std::uint8_t>> messages) noexcept {
    if (const errc e = cts_encrypt_many(p, ke, messages, f.tag); e != errc::ok) return e;
    for (const std::span<std::uint8_t> io : messages) {
      const bytes_view pieces[]{zero_iv, io.first(io.size() - f.tag)};
      if (const errc e = p.hmac(ki, pieces, io.last(f.tag)); e != errc::ok) return e;
    }
    return errc::ok;
  }

  /// RFC 8009: verifies the HMAC before it decrypts anything.
  template <primitives P>
  static constexpr errc open(P& p, typename P::cipher& ke, typename P::mac& ki, const etype_facts& f, bytes_view in,
                             std::span<std::uint8_t> out) noexcept {
    const bytes_view text = in.first(in.size() - f.tag);
    std::array<std::uint8_t, max_cksum_octets> expected;
    wiped_on_exit wipe(expected);
    const std::span<std::uint8_t> cut = std::span(expected).first(f.tag);
    const bytes_view pieces[]{zero_iv, text};
    if (const errc e = p.hmac(ki, pieces, cut); e != errc::ok) return e;
    if (!ct_equal(cut, in.last(f.tag))) return errc::integrity;
    return cts_decrypt(p, ke, text, out.data());
  }

  /// The HMAC covers the initial vector, and the ciphertext with the octets that are only
  /// authenticated, in order.
  template <primitives P>
  static constexpr errc seal_pieces(P& p, typename P::cipher& ke, typename P::mac& ki, view_of<seal_piece> pieces,
                                    std::span<std::uint8_t> tag) noexcept {
    if (const errc e = cts_encrypt_pieces(p, ke, pieces); e != errc::ok) return e;
    const detail::authenticated_views views(pieces, zero_iv);
    return p.hmac(ki, views.all(), tag);
  }
  /// Verifies the HMAC before it decrypts anything.
  template <primitives P>
  static constexpr errc open_pieces(P& p, typename P::cipher& ke, typename P::mac& ki, view_of<seal_piece> pieces,
                                    bytes_view tag) noexcept {
    std::array<std::uint8_t, max_cksum_octets> expected;
    wiped_on_exit wipe(expected);
    const std::span<std::uint8_t> cut = std::span(expected).first(tag.size());
    const detail::authenticated_views views(pieces, zero_iv);
    if (const errc e = p.hmac(ki, views.all(), cut); e != errc::ok) return e;
    if (!ct_equal(cut, tag)) return errc::integrity;
    return cts_decrypt_pieces(p, ke, pieces);
  }

  /// RFC 8009: KDF-HMAC-SHA2 with the label "prf" and the input as its context.
  template <primitives P>
  static constexpr errc prf(P& p, typename P::cipher&, typename P::mac& m, const etype_facts& f, secret_view key,
                            view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    constexpr auto label = detail::ascii("prf");
    std::array<std::uint8_t, hash_octets(hash_id::sha384)> whole;
    wiped_on_exit wipe(whole);
    if (const errc e = p.rekey(m, f.hash, key); e != errc::ok) return e;
    if (const errc e = kdf_hmac_sha2(p, m, label, pieces, std::span(whole).first(f.prf)); e != errc::ok) return e;
    detail::copy_octets(whole.data(), out.size(), out.data());
    return errc::ok;
  }

  /// RFC 8009: PBKDF2 over the encryption type's name, a zero octet and the salt, then the KDF with the label
  /// "kerberos".
  template <primitives P>
  static constexpr errc string_to_key(P& p, typename P::cipher&, typename P::mac& m, const etype_facts& f,
                                      secret_view password, bytes_view salt, std::uint64_t iterations,
                                      std::span<std::uint8_t> out) noexcept {
    constexpr auto label = detail::ascii("kerberos");
    std::array<std::uint8_t, max_key_octets> intermediate;
    wiped_on_exit wipe(intermediate);
    const std::span<std::uint8_t> tkey = std::span(intermediate).first(f.key);
    if (const errc e = detail::pbkdf2_with_name(p, f, password, salt, iterations, tkey); e != errc::ok) return e;
    if (const errc e = p.rekey(m, f.hash, secret_view(tkey)); e != errc::ok) return e;
    return kdf_hmac_sha2(p, m, label, {}, out);
  }
};

}  // namespace kerb::inline v0
