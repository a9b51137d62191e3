// The parameters of encryption types, and which types are weak.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "nfold.hpp"
#include "policy.hpp"

namespace kerb::inline v0 {

/// The parameters of an encryption type: RFC 3961 section 6, RFC 3962 section 6, RFC 6803, RFC 8009, RFC 4757.
struct etype_facts {
  etype_t etype{};
  cksum_t cksum{};               ///< the mandatory checksum type
  cipher_id cipher{};            ///< of Ke and of the key derivation
  hash_id hash{};                ///< of its HMAC and of PBKDF2
  std::uint8_t key = 0;          ///< octets of the protocol key and of Ke
  std::uint8_t mac_key = 0;      ///< octets of Ki and Kc
  std::uint8_t tag = 0;          ///< octets of the truncated HMAC: its checksums have as many
  std::uint8_t prf = 0;          ///< octets of the pseudo-random function's output
  std::uint32_t iterations = 0;  ///< default of string-to-key; 0: it has no iteration count
  std::uint8_t seed = key;       ///< octets of random-to-key's input
  std::uint8_t front = 16;       ///< octets in front of a plaintext: the random confounder, one block of the cipher
  std::uint8_t back = tag;       ///< octets after it
  std::uint8_t block = 1;        ///< the size of a plaintext must be a multiple of this
};

/// The longest salt that string_to_key accepts, in octets; a realm and a principal are far shorter.
inline constexpr std::size_t max_salt_octets = 1024;
/// The longest password, in octets, of the encryption types without PBKDF2: longer than any directory allows.
inline constexpr std::size_t max_password_octets = 1024;
/// The maximum that the string-to-key parameters can express, RFC 3962 section 4.
inline constexpr std::uint64_t max_iterations = std::uint64_t{1} << 32;

/// Whether an encryption type is weak, so that it is rejected unless a policy names it: single DES,
/// triple DES, RC4, and the private types of early Windows, which are not registered.
constexpr bool is_weak(etype_t e) {
  const auto n = static_cast<std::int32_t>(e);
  if ((n >= -136 && n <= -128) || n == -140 || n == -141) return true;
  switch (e) {
    case etype_t::des_cbc_crc:
    case etype_t::des_cbc_md4:
    case etype_t::des_cbc_md5:
    case etype_t::des3_cbc_md5:
    case etype_t::des3_cbc_sha1:
    case etype_t::des3_cbc_sha1_kd:
    case etype_t::rc4_hmac:
    case etype_t::rc4_hmac_exp: return true;
    default: return false;
  }
}

namespace detail {
/// The ASCII octets of a text without its terminating zero.
template <std::size_t N>
consteval std::array<std::uint8_t, N - 1> ascii(const char (&text)[N]) {
  std::array<std::uint8_t, N - 1> a{};
  for (std::size_t i = 0; i + 1 != N; ++i) a[i] = static_cast<std::uint8_t>(text[i]);
  return a;
}

/// The size in octets of a key of that kind.
constexpr std::size_t derived_octets(const etype_facts& f, derived_key k) {
  return k == derived_key::encryption ? f.key : f.mac_key;
}

/// PBKDF2 with the salt of RFC 6803 and RFC 8009: the encryption type's name, a zero octet and `salt`.
template <primitives P>
constexpr errc pbkdf2_with_name(P& p, const etype_facts& f, secret_view password, bytes_view salt,
                                std::uint64_t iterations, std::span<std::uint8_t> out) noexcept {
  const std::string_view name = name_of(f.etype);
  std::array<std::uint8_t, 32 + max_salt_octets> saltp;
  if (name.size() >= 32 || salt.size() > max_salt_octets) return errc::bad_s2k_parameters;
  std::size_t n = 0;
  for (const char ch : name) saltp[n++] = static_cast<std::uint8_t>(ch);
  saltp[n++] = 0;
  copy_octets(salt.data(), salt.size(), saltp.data() + n);
  return p.pbkdf2(f.hash, password, {saltp.data(), n + salt.size()}, iterations, out);
}
}  // namespace detail

/// Functions for profiles that derive the keys of a usage with three constants, as in RFC 3961
/// section 5.3. They use these functions of the profile:
///
///   set_base(p, c, m, f, key)             schedules the protocol key in the scratch holder that derive() uses
///   derive(p, c, m, f, usage, kind, out)  one of a usage's keys, of out.size() octets
///   rekey(p, m, f, key)                   schedules Ki or Kc
///   authenticate(p, m, pieces, out)       the octets that authenticate the pieces, in order
template <class Profile>
struct by_derivation {
  /// Schedules Ke and Ki; the holders may be the scratch holders.
  template <primitives P, class Mac>
  static constexpr errc schedule_seal(P& p, typename P::cipher& c, Mac& m, const etype_facts& f, secret_view key,
                                      key_usage_t u, typename P::cipher& ke, Mac& ki) noexcept {
    std::array<std::uint8_t, max_key_octets> e_octets, i_octets;
    wiped_on_exit wipe_e(e_octets), wipe_i(i_octets);
    const auto e_key = std::span(e_octets).first(f.key), i_key = std::span(i_octets).first(f.mac_key);
    if (const errc e = Profile::set_base(p, c, m, f, key); e != errc::ok) return e;
    if (const errc e = Profile::derive(p, c, m, f, u, derived_key::encryption, e_key); e != errc::ok) return e;
    if (const errc e = Profile::derive(p, c, m, f, u, derived_key::integrity, i_key); e != errc::ok) return e;
    if (const errc e = p.rekey(ke, f.cipher, secret_view(e_key)); e != errc::ok) return e;
    return Profile::rekey(p, ki, f, secret_view(i_key));
  }
  /// The same for Kc.
  template <primitives P, class Mac>
  static constexpr errc schedule_cksum(P& p, typename P::cipher& c, Mac& m, const etype_facts& f, secret_view key,
                                       key_usage_t u, Mac& kc) noexcept {
    std::array<std::uint8_t, max_key_octets> octets;
    wiped_on_exit wipe(octets);
    const auto c_key = std::span(octets).first(f.mac_key);
    if (const errc e = Profile::set_base(p, c, m, f, key); e != errc::ok) return e;
    if (const errc e = Profile::derive(p, c, m, f, u, derived_key::checksum, c_key); e != errc::ok) return e;
    return Profile::rekey(p, kc, f, secret_view(c_key));
  }
  /// Kc already depends on the usage.
  template <primitives P, class Mac>
  static constexpr errc checksum(P& p, Mac& kc, key_usage_t, view_of<bytes_view> pieces,
                                 std::span<std::uint8_t> out) noexcept {
    return Profile::authenticate(p, kc, pieces, out);
  }
};

/// Further functions for such profiles that authenticate with an HMAC.
template <class Profile>
struct by_hmac : by_derivation<Profile> {
  template <class P>
  using mac = typename P::mac;

  template <primitives P>
  static constexpr errc rekey(P& p, typename P::mac& m, const etype_facts& f, secret_view key) noexcept {
    return p.rekey(m, f.hash, key);
  }
  template <primitives P>
  static constexpr errc authenticate(P& p, typename P::mac& m, view_of<bytes_view> pieces,
                                     std::span<std::uint8_t> out) noexcept {
    return p.hmac(m, pieces, out);
  }
};

// clang-format off
/// A family of encryption types, from which engine<> is built. Its functions are static templates
/// over the library. Each gets a cipher and a mac; if they are not called ke, ki or kc they are
/// scratch holders, which it may re-key.
///
///   etypes                                the facts of each type, best first
///   mac<P>                                the holder that it authenticates with: P::mac, or P::cipher for a CMAC
///   schedule_seal(p, c, m, f, key, usage, ke, ki)  the keys that seal under a usage; ke and ki may be the scratch
///   schedule_cksum(p, c, m, f, key, usage, kc)     the key of that usage's checksums
///   seal(p, ke, ki, f, io)                as crypto_policy requires; the caller has checked that `io` is long enough
///   seal_many(p, ke, ki, f, messages)     only if several at once are faster than one by one; the caller has checked
///                                         that all are long enough and padded
///   seal_pieces(p, ke, ki, pieces, tag)   only if messages can be sealed in pieces; the caller has checked the number
///                                         of pieces and the sizes, and wipes on failure
///   open_pieces(p, ke, ki, pieces, tag)   its inverse, under the same conditions
///   open(p, ke, ki, f, in, out)           the same for unseal; the caller wipes `out` on failure
///   checksum(p, kc, usage, pieces, out)   a checksum of out.size() octets
///   encrypt_part(p, c, m, key, part, salt, io)  only if per-message tokens have the form of RFC 1964, as in
///                                         crypts_tokens_with; the caller wipes `io` on failure
///   decrypt_part(p, c, m, key, part, salt, in, out)  its inverse; the caller wipes `out` on failure
///   prf(p, c, m, f, key, pieces, out)     the first octets of the pseudo-random function's output, at most f.prf
///   string_to_key(p, c, m, f, password, salt, iterations, out)
///   random_to_key(seed, out)              only if a key differs from its seed
///   supplied_by<P>()                      only if it needs more than every model of primitives has: a static_assert
///                                         reports what P lacks
template <class F, class P>
concept crypto_profile = primitives<P> &&
    requires(P& p, typename P::cipher& c, typename F::template mac<P>& m, const etype_facts& f, secret_view key,
             key_usage_t u, bytes_view in, std::span<std::uint8_t> out, view_of<bytes_view> pieces, std::uint64_t n) {
  { F::etypes.size() } -> std::convertible_to<std::size_t>;
  { F::etypes[0] } -> std::convertible_to<etype_facts>;
  { F::schedule_seal(p, c, m, f, key, u, c, m) } noexcept -> std::same_as<errc>;
  { F::schedule_cksum(p, c, m, f, key, u, m) } noexcept -> std::same_as<errc>;
  { F::seal(p, c, m, f, out) } noexcept -> std::same_as<errc>;
  { F::open(p, c, m, f, in, out) } noexcept -> std::same_as<errc>;
  { F::checksum(p, m, u, pieces, out) } noexcept -> std::same_as<errc>;
  { F::prf(p, c, m, f, key, pieces, out) } noexcept -> std::same_as<errc>;
  { F::string_to_key(p, c, m, f, key, in, n, out) } noexcept -> std::same_as<errc>;
};
// clang-format on

}  // namespace kerb::inline v0
