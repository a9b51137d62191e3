// rc4-hmac. RFC 8429 deprecates it: use it only for peers that support nothing else.
#pragma once
#include "hmac_md5.hpp"
#include "utf16.hpp"

namespace kerb::inline v0 {
namespace weak {

/// Encryption type 23 of RFC 4757 and its checksum type. The exportable type, 24, is not supported.
struct rc4 {
  static constexpr std::array<etype_facts, 1> etypes{{
      {.etype = etype_t::rc4_hmac,
       .cksum = cksum_t::hmac_md5,
       .hash = hash_id::md5,
       .key = 16,
       .mac_key = 16,
       .tag = hmac_md5_octets,
       .prf = 20,
       .front = hmac_md5_octets + 8,  // the checksum precedes the confounder
       .back = 0},
  }};

  template <class P>
  using mac = typename P::mac;

  template <class P>
  static consteval bool supplied_by() {
    static_assert(has_stream_cipher<P, stream_id::rc4>, "this cryptographic library has no RC4");
    static_assert(has_hash<P, hash_id::md5> && has_hash<P, hash_id::md4>,
                  "this cryptographic library has no MD5 or MD4");
    return true;
  }

  /// RFC 4757 section 5: K1 and K2 are the same key, so `ki` serves for both.
  template <primitives P>
  static constexpr errc schedule_seal(P& p, typename P::cipher&, typename P::mac& m, const etype_facts&,
                                      secret_view key, key_usage_t u, typename P::cipher&,
                                      typename P::mac& ki) noexcept {
    const auto type = detail::message_type(u);
    const bytes_view pieces[]{type};
    std::array<std::uint8_t, 16> k1;
    wiped_on_exit wipe(k1);
    if (const errc e = p.rekey(m, hash_id::md5, key); e != errc::ok) return e;
    if (const errc e = p.hmac(m, pieces, k1); e != errc::ok) return e;
    return p.rekey(ki, hash_id::md5, secret_view(bytes_view(k1)));
  }
  template <primitives P>
  static constexpr errc schedule_cksum(P& p, typename P::cipher&, typename P::mac&, const etype_facts&, secret_view key,
                                       key_usage_t, typename P::mac& kc) noexcept {
    return schedule_hmac_md5(p, kc, key);
  }
  template <primitives P>
  static constexpr errc checksum(P& p, typename P::mac& kc, key_usage_t u, view_of<bytes_view> pieces,
                                 std::span<std::uint8_t> out) noexcept {
    return hmac_md5(p, kc, u, pieces, out);
  }

  template <primitives P>
  static constexpr errc seal(P& p, typename P::cipher&, typename P::mac& ki, const etype_facts& f,
                             std::span<std::uint8_t> io) noexcept {
    const std::span<std::uint8_t> sum = io.first(f.tag), text = io.subspan(f.tag);
    const bytes_view pieces[]{text};
    if (const errc e = p.hmac(ki, pieces, sum); e != errc::ok) return e;
    return crypt(p, ki, bytes_view(sum), bytes_view(text), text.data());
  }
  /// The checksum covers the plaintext, so this writes to `out` before it can verify.
  template <primitives P>
  static constexpr errc open(P& p, typename P::cipher&, typename P::mac& ki, const etype_facts& f, bytes_view in,
                             std::span<std::uint8_t> out) noexcept {
    const bytes_view sum = in.first(f.tag), text = in.subview(f.tag);
    const std::span<std::uint8_t> plain = out.subspan(f.tag, text.size());
    if (const errc e = crypt(p, ki, sum, text, plain.data()); e != errc::ok) return e;
    std::array<std::uint8_t, hmac_md5_octets> expected;
    wiped_on_exit wipe(expected);
    const bytes_view pieces[]{plain};
    if (const errc e = p.hmac(ki, pieces, expected); e != errc::ok) return e;
    return ct_equal(expected, sum) ? errc::ok : errc::integrity;
  }

  /// RFC 4757 section 7: RC4 under a key that is derived from the salt. For the message, all octets of
  /// the key are XORed with 0xf0 first.
  template <primitives P>
  static constexpr errc decrypt_part(P& p, typename P::cipher&, typename P::mac& m, secret_view key, token_part part,
                                     bytes_view salt, bytes_view in, std::span<std::uint8_t> out) noexcept {
    constexpr std::array<std::uint8_t, 4> zero{};
    const bytes_view zeros[]{zero};
    std::array<std::uint8_t, 16> base;
    wiped_on_exit wipe(base);
    if (salt.size() != (part == token_part::number ? 8u : 4u)) return errc::api_misuse;
    detail::copy_octets(key.data(), base.size(), base.data());
    if (part == token_part::message)
      for (std::uint8_t& octet : base) octet ^= 0xf0;
    if (const errc e = p.rekey(m, hash_id::md5, secret_view(bytes_view(base))); e != errc::ok) return e;
    if (const errc e = p.hmac(m, zeros, base); e != errc::ok) return e;
    if (const errc e = p.rekey(m, hash_id::md5, secret_view(bytes_view(base))); e != errc::ok) return e;
    return crypt(p, m, salt, in, out.data());
  }
  template <primitives P>
  static constexpr errc encrypt_part(P& p, typename P::cipher& c, typename P::mac& m, secret_view key, token_part part,
                                     bytes_view salt, std::span<std::uint8_t> io) noexcept {
    return decrypt_part(p, c, m, key, part, salt, bytes_view(io), io);
  }

  /// RFC 4757 section 5: HMAC-SHA1 of the input under the key itself.
  template <primitives P>
  static constexpr errc prf(P& p, typename P::cipher&, typename P::mac& m, const etype_facts&, secret_view key,
                            view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    if (const errc e = p.rekey(m, hash_id::sha1, key); e != errc::ok) return e;
    return p.hmac(m, pieces, out);
  }

  /// RFC 4757 section 2: MD4 of the password in UTF-16, without salt. Errors: errc::bad_password
  /// when it is not UTF-8 or has more than max_password_octets; errc::bad_s2k_parameters for any
  /// number of iterations.
  template <primitives P>
  static constexpr errc string_to_key(P& p, typename P::cipher&, typename P::mac&, const etype_facts&,
                                      secret_view password, bytes_view, std::uint64_t iterations,
                                      std::span<std::uint8_t> out) noexcept {
    if (iterations != 0) return errc::bad_s2k_parameters;
    if (password.size() > max_password_octets) return errc::bad_password;
    std::array<std::uint8_t, 2 * max_password_octets> text;
    wiped_on_exit wipe(text);
    const std::optional<std::size_t> n = utf16le(password, text);
    if (!n) return errc::bad_password;
    const bytes_view pieces[]{{text.data(), *n}};
    return p.hash(hash_id::md4, pieces, out);
  }

 private:
  /// RC4 under K3, which is derived from K1 and the checksum or salt.
  template <primitives P>
  static constexpr errc crypt(P& p, typename P::mac& k1, bytes_view sum, bytes_view in, std::uint8_t* out) noexcept {
    std::array<std::uint8_t, 16> k3;
    wiped_on_exit wipe(k3);
    const bytes_view pieces[]{sum};
    if (const errc e = p.hmac(k1, pieces, k3); e != errc::ok) return e;
    return p.stream(stream_id::rc4, secret_view(bytes_view(k3)), in.data(), out, in.size());
  }
};

}  // namespace weak
}  // namespace kerb::inline v0
