// The simplified profile: key derivation, and sealing with an HMAC over the plaintext.
#pragma once
#include "cts_many.hpp"
#include "cts_pieces.hpp"
#include "profile.hpp"

namespace kerb::inline v0 {

/// DR, RFC 3961 section 5.1: fills `out` by encrypting the folded constant, then the result, and so
/// on. `base` contains the scheduled base key. For AES, random-to-key is the identity, so this is
/// also DK.
template <primitives P>
constexpr errc derive_random(P& p, typename P::cipher& base, const cipher_block& folded_constant,
                             std::span<std::uint8_t> out) noexcept {
  cipher_block b = folded_constant;
  wiped_on_exit wipe(b);
  for (std::size_t at = 0; at < out.size(); at += b.size()) {
    if (const errc e = p.encrypt(base, b.data(), b.data(), 1); e != errc::ok) return e;
    detail::copy_octets(b.data(), out.size() - at < b.size() ? out.size() - at : b.size(), out.data() + at);
  }
  return errc::ok;
}

/// The encryption function of RFC 3961 section 5.3 without padding, in place: appends the octets
/// that authenticate confounder and plaintext under Ki, and encrypts confounder and plaintext under
/// Ke.
template <class Profile, primitives P, class Mac>
constexpr errc simplified_seal(P& p, typename P::cipher& ke, Mac& ki, std::size_t tag,
                               std::span<std::uint8_t> io) noexcept {
  const std::span<std::uint8_t> text = io.first(io.size() - tag);
  const bytes_view pieces[]{text};
  if (const errc e = Profile::authenticate(p, ki, pieces, io.last(tag)); e != errc::ok) return e;
  return cts_encrypt(p, ke, text, text.data());
}

/// The same for several messages, whose blocks are encrypted together.
template <class Profile, primitives P, class Mac>
constexpr errc simplified_seal_many(P& p, typename P::cipher& ke, Mac& ki, std::size_t tag,
                                    view_of<std::span<std::uint8_t>> messages) noexcept {
  for (const std::span<std::uint8_t> io : messages) {
    const bytes_view pieces[]{io.first(io.size() - tag)};
    if (const errc e = Profile::authenticate(p, ki, pieces, io.last(tag)); e != errc::ok) return e;
  }
  return cts_encrypt_many(p, ke, messages, tag);
}

/// The decryption function of RFC 3961 section 5.3. The authentication covers the plaintext, so
/// this writes to `out` before it can verify. On errc::integrity the caller must wipe `out`. `in`
/// has at least a confounder and a tag.
template <class Profile, primitives P, class Mac>
constexpr errc simplified_open(P& p, typename P::cipher& ke, Mac& ki, std::size_t tag, bytes_view in,
                               std::uint8_t* out) noexcept {
  const bytes_view text = in.first(in.size() - tag);
  if (const errc e = cts_decrypt(p, ke, text, out); e != errc::ok) return e;
  std::array<std::uint8_t, max_cksum_octets> expected;
  wiped_on_exit wipe(expected);
  const std::span<std::uint8_t> cut = std::span(expected).first(tag);
  const bytes_view pieces[]{{out, text.size()}};
  if (const errc e = Profile::authenticate(p, ki, pieces, cut); e != errc::ok) return e;
  return ct_equal(cut, in.last(tag)) ? errc::ok : errc::integrity;
}

/// simplified_seal for a message in pieces, with the tag in a buffer of its own. Octets that are only
/// authenticated enter the integrity checksum between the plaintext of the other pieces.
template <class Profile, primitives P, class Mac>
constexpr errc simplified_seal_pieces(P& p, typename P::cipher& ke, Mac& ki, view_of<seal_piece> pieces,
                                      std::span<std::uint8_t> tag) noexcept {
  const detail::authenticated_views views(pieces);
  if (const errc e = Profile::authenticate(p, ki, views.all(), tag); e != errc::ok) return e;
  return cts_encrypt_pieces(p, ke, pieces);
}

/// The inverse. It decrypts before it can verify. On errc::integrity the caller must wipe the pieces.
template <class Profile, primitives P, class Mac>
constexpr errc simplified_open_pieces(P& p, typename P::cipher& ke, Mac& ki, view_of<seal_piece> pieces,
                                      bytes_view tag) noexcept {
  if (const errc e = cts_decrypt_pieces(p, ke, pieces); e != errc::ok) return e;
  std::array<std::uint8_t, max_cksum_octets> expected;
  wiped_on_exit wipe(expected);
  const std::span<std::uint8_t> cut = std::span(expected).first(tag.size());
  const detail::authenticated_views views(pieces);
  if (const errc e = Profile::authenticate(p, ki, views.all(), cut); e != errc::ok) return e;
  return ct_equal(cut, tag) ? errc::ok : errc::integrity;
}

}  // namespace kerb::inline v0
