// aes128-cts-hmac-sha1-96 and aes256-cts-hmac-sha1-96.
#pragma once
#include "rfc3961.hpp"

namespace kerb::inline v0 {

/// The encryption types of RFC 3962 and their checksum types.
struct aes_sha1 : by_hmac<aes_sha1> {
  static constexpr std::array<etype_facts, 2> etypes{{
      {etype_t::aes256_cts_hmac_sha1_96, cksum_t::hmac_sha1_96_aes256, cipher_id::aes256, hash_id::sha1, 32, 32, 12, 16,
       4096},
      {etype_t::aes128_cts_hmac_sha1_96, cksum_t::hmac_sha1_96_aes128, cipher_id::aes128, hash_id::sha1, 16, 16, 12, 16,
       4096},
  }};

  template <primitives P>
  static constexpr errc set_base(P& p, typename P::cipher& c, typename P::mac&, const etype_facts& f,
                                 secret_view key) noexcept {
    return p.rekey(c, f.cipher, key);
  }

  template <primitives P>
  static constexpr errc derive(P& p, typename P::cipher& base, typename P::mac&, const etype_facts&, key_usage_t u,
                               derived_key kind, std::span<std::uint8_t> out) noexcept {
    return derive_random(p, base, folded_usage(u, kind), out);
  }

  template <primitives P>
  static constexpr errc seal(P& p, typename P::cipher& ke, typename P::mac& ki, const etype_facts& f,
                             std::span<std::uint8_t> io) noexcept {
    return simplified_seal<aes_sha1>(p, ke, ki, f.tag, io);
  }
  template <primitives P>
  static constexpr errc seal_many(P& p, typename P::cipher& ke, typename P::mac& ki, const etype_facts& f,
                                  view_of<std::span<std::uint8_t>> messages) noexcept {
    return simplified_seal_many<aes_sha1>(p, ke, ki, f.tag, messages);
  }

  template <primitives P>
  static constexpr errc open(P& p, typename P::cipher& ke, typename P::mac& ki, const etype_facts& f, bytes_view in,
                             std::span<std::uint8_t> out) noexcept {
    return simplified_open<aes_sha1>(p, ke, ki, f.tag, in, out.data());
  }
  template <primitives P>
  static constexpr errc seal_pieces(P& p, typename P::cipher& ke, typename P::mac& ki, view_of<seal_piece> pieces,
                                    std::span<std::uint8_t> tag) noexcept {
    return simplified_seal_pieces<aes_sha1>(p, ke, ki, pieces, tag);
  }
  template <primitives P>
  static constexpr errc open_pieces(P& p, typename P::cipher& ke, typename P::mac& ki, view_of<seal_piece> pieces,
                                    bytes_view tag) noexcept {
    return simplified_open_pieces<aes_sha1>(p, ke, ki, pieces, tag);
  }

  /// RFC 3961 section 5.3. RFC 3962 section 6 has a message block of one octet, but all deployed
  /// implementations truncate the hash to one block of the cipher, and the published vectors agree
  /// with them.
  template <primitives P>
  static constexpr errc prf(P& p, typename P::cipher& c, typename P::mac&, const etype_facts& f, secret_view key,
                            view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    constexpr cipher_block constant = detail::folded(detail::ascii("prf"));
    std::array<std::uint8_t, max_key_octets> derived;
    wiped_on_exit wipe_derived(derived);
    const std::span<std::uint8_t> dk = std::span(derived).first(f.key);
    if (const errc e = p.rekey(c, f.cipher, key); e != errc::ok) return e;
    if (const errc e = derive_random(p, c, constant, dk); e != errc::ok) return e;
    if (const errc e = p.rekey(c, f.cipher, secret_view(dk)); e != errc::ok) return e;
    cipher_block b;
    wiped_on_exit wipe_block(b);
    if (const errc e = p.hash(f.hash, pieces, b); e != errc::ok) return e;
    if (const errc e = p.encrypt(c, b.data(), b.data(), 1); e != errc::ok) return e;
    detail::copy_octets(b.data(), out.size(), out.data());
    return errc::ok;
  }

  /// RFC 3962 section 4: PBKDF2, then DK with the constant "kerberos".
  template <primitives P>
  static constexpr errc string_to_key(P& p, typename P::cipher& c, typename P::mac&, const etype_facts& f,
                                      secret_view password, bytes_view salt, std::uint64_t iterations,
                                      std::span<std::uint8_t> out) noexcept {
    constexpr cipher_block constant = detail::folded(detail::ascii("kerberos"));
    std::array<std::uint8_t, max_key_octets> intermediate;
    wiped_on_exit wipe(intermediate);
    const std::span<std::uint8_t> tkey = std::span(intermediate).first(f.key);
    if (const errc e = p.pbkdf2(f.hash, password, salt, iterations, tkey); e != errc::ok) return e;
    if (const errc e = p.rekey(c, f.cipher, secret_view(tkey)); e != errc::ok) return e;
    return derive_random(p, c, constant, out);
  }
};

}  // namespace kerb::inline v0
