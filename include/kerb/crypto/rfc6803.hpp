// camellia128-cts-cmac and camellia256-cts-cmac.
#pragma once
#include "cmac.hpp"
#include "rfc3961.hpp"

namespace kerb::inline v0 {

/// KDF-FEEDBACK-CMAC of RFC 6803: each block is a CMAC over the previous block, a block counter,
/// the constant, a zero octet and the output's size in bits. `base` contains the scheduled key.
template <primitives P>
constexpr errc kdf_feedback_cmac(P& p, typename P::cipher& base, bytes_view constant,
                                 std::span<std::uint8_t> out) noexcept {
  constexpr std::uint8_t zero[]{0};
  const std::size_t bits = 8 * out.size();
  const std::uint8_t size[]{0, 0, static_cast<std::uint8_t>(bits >> 8), static_cast<std::uint8_t>(bits)};
  cipher_block b{};
  wiped_on_exit wipe(b);
  std::uint8_t counter[]{0, 0, 0, 0};
  const bytes_view pieces[]{b, counter, constant, zero, size};
  for (std::size_t at = 0; at < out.size(); at += b.size()) {
    ++counter[3];
    if (const errc e = cmac(p, base, pieces, b); e != errc::ok) return e;
    detail::copy_octets(b.data(), out.size() - at < b.size() ? out.size() - at : b.size(), out.data() + at);
  }
  return errc::ok;
}

/// The encryption types of RFC 6803 and their checksum types.
struct camellia : by_derivation<camellia> {
  static constexpr std::array<etype_facts, 2> etypes{{
      {etype_t::camellia256_cts_cmac, cksum_t::cmac_camellia256, cipher_id::camellia256, hash_id::sha1, 32, 32, 16, 16,
       32768},
      {etype_t::camellia128_cts_cmac, cksum_t::cmac_camellia128, cipher_id::camellia128, hash_id::sha1, 16, 16, 16, 16,
       32768},
  }};

  template <class P>
  using mac = typename P::cipher;

  template <class P>
  static consteval bool supplied_by() {
    static_assert(has_cipher<P, cipher_id::camellia128> && has_cipher<P, cipher_id::camellia256>,
                  "this cryptographic library has no Camellia");
    return true;
  }

  template <primitives P>
  static constexpr errc set_base(P& p, typename P::cipher&, typename P::cipher& m, const etype_facts& f,
                                 secret_view key) noexcept {
    return p.rekey(m, f.cipher, key);
  }
  template <primitives P>
  static constexpr errc derive(P& p, typename P::cipher&, typename P::cipher& base, const etype_facts&, key_usage_t u,
                               derived_key kind, std::span<std::uint8_t> out) noexcept {
    const auto constant = detail::usage_constant(u, kind);
    return kdf_feedback_cmac(p, base, constant, out);
  }
  template <primitives P>
  static constexpr errc rekey(P& p, typename P::cipher& m, const etype_facts& f, secret_view key) noexcept {
    return p.rekey(m, f.cipher, key);
  }
  template <primitives P>
  static constexpr errc authenticate(P& p, typename P::cipher& m, view_of<bytes_view> pieces,
                                     std::span<std::uint8_t> out) noexcept {
    return cmac(p, m, pieces, out);
  }

  template <primitives P>
  static constexpr errc seal(P& p, typename P::cipher& ke, typename P::cipher& ki, const etype_facts& f,
                             std::span<std::uint8_t> io) noexcept {
    return simplified_seal<camellia>(p, ke, ki, f.tag, io);
  }
  template <primitives P>
  static constexpr errc seal_many(P& p, typename P::cipher& ke, typename P::cipher& ki, const etype_facts& f,
                                  view_of<std::span<std::uint8_t>> messages) noexcept {
    return simplified_seal_many<camellia>(p, ke, ki, f.tag, messages);
  }
  template <primitives P>
  static constexpr errc open(P& p, typename P::cipher& ke, typename P::cipher& ki, const etype_facts& f, bytes_view in,
                             std::span<std::uint8_t> out) noexcept {
    return simplified_open<camellia>(p, ke, ki, f.tag, in, out.data());
  }
  template <primitives P>
  static constexpr errc seal_pieces(P& p, typename P::cipher& ke, typename P::cipher& ki, view_of<seal_piece> pieces,
                                    std::span<std::uint8_t> tag) noexcept {
    return simplified_seal_pieces<camellia>(p, ke, ki, pieces, tag);
  }
  template <primitives P>
  static constexpr errc open_pieces(P& p, typename P::cipher& ke, typename P::cipher& ki, view_of<seal_piece> pieces,
                                    bytes_view tag) noexcept {
    return simplified_open_pieces<camellia>(p, ke, ki, pieces, tag);
  }

  /// RFC 6803: the CMAC of the input under a key derived with the constant "prf".
  template <primitives P>
  static constexpr errc prf(P& p, typename P::cipher&, typename P::cipher& m, const etype_facts& f, secret_view key,
                            view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    constexpr auto constant = detail::ascii("prf");
    std::array<std::uint8_t, max_key_octets> derived;
    wiped_on_exit wipe(derived);
    const std::span<std::uint8_t> dk = std::span(derived).first(f.key);
    if (const errc e = p.rekey(m, f.cipher, key); e != errc::ok) return e;
    if (const errc e = kdf_feedback_cmac(p, m, constant, dk); e != errc::ok) return e;
    if (const errc e = p.rekey(m, f.cipher, secret_view(dk)); e != errc::ok) return e;
    return cmac(p, m, pieces, out);
  }

  /// RFC 6803: PBKDF2 over the encryption type's name, a zero octet and the salt, then the KDF with the constant
  /// "kerberos".
  template <primitives P>
  static constexpr errc string_to_key(P& p, typename P::cipher&, typename P::cipher& m, const etype_facts& f,
                                      secret_view password, bytes_view salt, std::uint64_t iterations,
                                      std::span<std::uint8_t> out) noexcept {
    constexpr auto constant = detail::ascii("kerberos");
    std::array<std::uint8_t, max_key_octets> intermediate;
    wiped_on_exit wipe(intermediate);
    const std::span<std::uint8_t> tkey = std::span(intermediate).first(f.key);
    if (const errc e = detail::pbkdf2_with_name(p, f, password, salt, iterations, tkey); e != errc::ok) return e;
    if (const errc e = p.rekey(m, f.cipher, secret_view(tkey)); e != errc::ok) return e;
    return kdf_feedback_cmac(p, m, constant, out);
  }
};

}  // namespace kerb::inline v0
