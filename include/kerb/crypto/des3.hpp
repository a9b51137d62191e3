// des3-cbc-sha1-kd. RFC 8429 deprecates it: use it only for peers that support nothing better.
#pragma once
#include "profile.hpp"

namespace kerb::inline v0 {
namespace detail::des {
/// The octet with its lowest bit set for odd parity.
constexpr std::uint8_t with_parity(std::uint8_t octet) {
  unsigned sum = octet >> 1;
  for (const unsigned shift : {4u, 2u, 1u}) sum ^= sum >> shift;
  return static_cast<std::uint8_t>((octet & 0xfe) | (~sum & 1));
}

/// Whether it is one of the 4 weak and 12 semi-weak DES keys (RFC 3961 section 6.2). In each half
/// two octets alternate. The second half has the same two, with 0xf1 for 0xe0 and 0x0e for 0x1f.
constexpr bool is_weak_des_key(bytes_view key) {
  constexpr std::uint8_t octets[][2]{{0x01, 0x01}, {0xfe, 0xfe}, {0xe0, 0xf1}, {0x1f, 0x0e}};
  bool weak = false;
  for (const auto& a : octets)
    for (const auto& b : octets) {
      const std::array<std::uint8_t, 8> one{a[0], b[0], a[0], b[0], a[1], b[1], a[1], b[1]};
      weak = ct_equal(one, key) || weak;
    }
  return weak;
}

/// CBC encryption of whole blocks in place, with a cipher that has blocks of 8 octets.
template <primitives P>
constexpr errc cbc_encrypt(P& p, typename P::cipher& c, std::span<std::uint8_t> io) noexcept {
  for (std::size_t at = 0; at != io.size(); at += 8) {
    for (std::size_t i = 0; at != 0 && i != 8; ++i) io[at + i] = static_cast<std::uint8_t>(io[at + i] ^ io[at + i - 8]);
    if (const errc e = p.encrypt(c, io.data() + at, io.data() + at, 1); e != errc::ok) return e;
  }
  return errc::ok;
}
/// The inverse. `in` and `out` must be equal or must not overlap.
template <primitives P>
constexpr errc cbc_decrypt(P& p, typename P::cipher& c, bytes_view in, std::uint8_t* out) noexcept {
  for (std::size_t at = in.size(); at != 0;) {  // backwards: each block needs the ciphertext before it
    at -= 8;
    if (const errc e = p.decrypt(c, in.data() + at, out + at, 1); e != errc::ok) return e;
    for (std::size_t i = 0; at != 0 && i != 8; ++i)
      out[at + i] = static_cast<std::uint8_t>(out[at + i] ^ in[at + i - 8]);
  }
  return errc::ok;
}
}  // namespace detail::des

namespace weak {

/// Encryption type 16 of RFC 3961 section 6.3, and its checksum type.
struct des3 : by_hmac<des3> {
  static constexpr std::array<etype_facts, 1> etypes{{
      {.etype = etype_t::des3_cbc_sha1_kd,
       .cksum = cksum_t::hmac_sha1_des3_kd,
       .cipher = cipher_id::des_ede3,
       .hash = hash_id::sha1,
       .key = 24,
       .mac_key = 24,
       .tag = 20,
       .prf = 16,
       .seed = 21,
       .front = 8,
       .back = 20,
       .block = 8},
  }};

  template <class P>
  static consteval bool supplied_by() {
    static_assert(has_cipher<P, cipher_id::des_ede3>, "this cryptographic library has no triple DES");
    return true;
  }

  /// DES3random-to-key, RFC 3961 section 6.3.1: expands each seven octets to eight with parity, and
  /// corrects weak keys.
  static constexpr void random_to_key(bytes_view seed, std::span<std::uint8_t> out) noexcept {
    for (std::size_t k = 0; k != 3; ++k) {
      const std::span<std::uint8_t> key = out.subspan(8 * k, 8);
      std::uint8_t lowest = 0;
      for (std::size_t i = 0; i != 7; ++i) {
        const std::uint8_t octet = seed[7 * k + i];
        lowest = static_cast<std::uint8_t>(lowest | (octet & 1) << (i + 1));
        key[i] = detail::des::with_parity(octet);
      }
      key[7] = detail::des::with_parity(lowest);
      if (detail::des::is_weak_des_key(key)) key[7] ^= 0xf0;
    }
  }

  template <primitives P>
  static constexpr errc set_base(P& p, typename P::cipher& c, typename P::mac&, const etype_facts& f,
                                 secret_view key) noexcept {
    return p.rekey(c, f.cipher, key);
  }
  template <primitives P>
  static constexpr errc derive(P& p, typename P::cipher& base, typename P::mac&, const etype_facts&, key_usage_t u,
                               derived_key kind, std::span<std::uint8_t> out) noexcept {
    const auto constant = detail::usage_constant(u, kind);
    return derive_key(p, base, constant, out);
  }
  /// DK, RFC 3961 section 5.1: a key of 24 octets from the key that `base` has scheduled.
  template <primitives P>
  static constexpr errc derive_key(P& p, typename P::cipher& base, bytes_view constant,
                                   std::span<std::uint8_t> out) noexcept {
    std::array<std::uint8_t, 8> b{};
    std::array<std::uint8_t, 24> random;
    wiped_on_exit wipe_b(b), wipe_random(random);
    nfold(constant, b);
    for (std::size_t at = 0; at != random.size(); at += b.size()) {
      if (const errc e = p.encrypt(base, b.data(), b.data(), 1); e != errc::ok) return e;
      detail::copy_octets(b.data(), b.size(), random.data() + at);
    }
    random_to_key(bytes_view(random).first(21), out);
    return errc::ok;
  }

  /// RFC 3961 section 5.3. Returns errc::api_misuse when the plaintext is not padded.
  template <primitives P>
  static constexpr errc seal(P& p, typename P::cipher& ke, typename P::mac& ki, const etype_facts& f,
                             std::span<std::uint8_t> io) noexcept {
    const std::span<std::uint8_t> text = io.first(io.size() - f.tag);
    if (text.size() % f.block != 0) return errc::api_misuse;
    const bytes_view pieces[]{text};
    if (const errc e = p.hmac(ki, pieces, io.last(f.tag)); e != errc::ok) return e;
    return detail::des::cbc_encrypt(p, ke, text);
  }
  /// The HMAC covers the plaintext, so this writes to `out` before it can verify.
  template <primitives P>
  static constexpr errc open(P& p, typename P::cipher& ke, typename P::mac& ki, const etype_facts& f, bytes_view in,
                             std::span<std::uint8_t> out) noexcept {
    const bytes_view text = in.first(in.size() - f.tag);
    if (text.size() % f.block != 0) return errc::integrity;
    if (const errc e = detail::des::cbc_decrypt(p, ke, text, out.data()); e != errc::ok) return e;
    std::array<std::uint8_t, 20> expected;
    wiped_on_exit wipe(expected);
    const bytes_view pieces[]{{out.data(), text.size()}};
    if (const errc e = p.hmac(ki, pieces, expected); e != errc::ok) return e;
    return ct_equal(expected, in.last(f.tag)) ? errc::ok : errc::integrity;
  }

  /// RFC 1964 section 1.2, with triple DES for DES, as MIT krb5 and Heimdal have it: CBC under the
  /// protocol key itself. The salt is the number's initial vector; the message's is zero.
  template <primitives P>
  static constexpr errc encrypt_part(P& p, typename P::cipher& c, typename P::mac&, secret_view key, token_part part,
                                     bytes_view salt, std::span<std::uint8_t> io) noexcept {
    if (io.empty() || io.size() % 8 != 0) return errc::api_misuse;
    if (const errc e = p.rekey(c, cipher_id::des_ede3, key); e != errc::ok) return e;
    if (const errc e = add_vector(part, salt, io); e != errc::ok) return e;
    return detail::des::cbc_encrypt(p, c, io);
  }
  template <primitives P>
  static constexpr errc decrypt_part(P& p, typename P::cipher& c, typename P::mac&, secret_view key, token_part part,
                                     bytes_view salt, bytes_view in, std::span<std::uint8_t> out) noexcept {
    if (in.empty() || in.size() % 8 != 0) return errc::integrity;
    if (const errc e = p.rekey(c, cipher_id::des_ede3, key); e != errc::ok) return e;
    if (const errc e = detail::des::cbc_decrypt(p, c, in, out.data()); e != errc::ok) return e;
    return add_vector(part, salt, out);
  }

  /// RFC 3961 section 5.3: the hash, truncated to two blocks, encrypted under a key derived with
  /// the constant "prf".
  template <primitives P>
  static constexpr errc prf(P& p, typename P::cipher& c, typename P::mac&, const etype_facts& f, secret_view key,
                            view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    constexpr auto constant = detail::ascii("prf");
    std::array<std::uint8_t, 24> derived;
    std::array<std::uint8_t, 16> b;
    wiped_on_exit wipe_derived(derived), wipe_b(b);
    if (const errc e = p.rekey(c, f.cipher, key); e != errc::ok) return e;
    if (const errc e = derive_key(p, c, constant, derived); e != errc::ok) return e;
    if (const errc e = p.rekey(c, f.cipher, secret_view(bytes_view(derived))); e != errc::ok) return e;
    if (const errc e = p.hash(f.hash, pieces, b); e != errc::ok) return e;
    if (const errc e = detail::des::cbc_encrypt(p, c, b); e != errc::ok) return e;
    detail::copy_octets(b.data(), out.size(), out.data());
    return errc::ok;
  }

  /// DES3string-to-key, RFC 3961 section 6.3.1: the n-fold of password and salt, then DK with the
  /// constant "kerberos". Errors: errc::bad_password when the password has more than
  /// max_password_octets; errc::bad_s2k_parameters for any number of iterations.
  template <primitives P>
  static constexpr errc string_to_key(P& p, typename P::cipher& c, typename P::mac&, const etype_facts& f,
                                      secret_view password, bytes_view salt, std::uint64_t iterations,
                                      std::span<std::uint8_t> out) noexcept {
    constexpr auto constant = detail::ascii("kerberos");
    if (iterations != 0 || salt.size() > max_salt_octets) return errc::bad_s2k_parameters;
    if (password.size() > max_password_octets) return errc::bad_password;
    std::array<std::uint8_t, max_password_octets + max_salt_octets> text;
    std::array<std::uint8_t, 21> folded{};
    std::array<std::uint8_t, 24> key;
    wiped_on_exit wipe_text(text), wipe_folded(folded), wipe_key(key);
    detail::copy_octets(password.data(), password.size(), text.data());
    detail::copy_octets(salt.data(), salt.size(), text.data() + password.size());
    nfold(bytes_view(text).first(password.size() + salt.size()), folded);
    random_to_key(folded, key);
    if (const errc e = p.rekey(c, f.cipher, secret_view(bytes_view(key))); e != errc::ok) return e;
    return derive_key(p, c, constant, out);
  }

 private:
  /// XORs the initial vector into the first block.
  static constexpr errc add_vector(token_part part, bytes_view salt, std::span<std::uint8_t> io) {
    if (part == token_part::message) return errc::ok;
    if (salt.size() != 8) return errc::api_misuse;
    for (std::size_t i = 0; i != 8; ++i) io[i] = static_cast<std::uint8_t>(io[i] ^ salt[i]);
    return errc::ok;
  }
};

}  // namespace weak
}  // namespace kerb::inline v0
