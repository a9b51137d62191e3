// What an encryption type is made of, and which types are known to be weak.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "nfold.hpp"
#include "policy.hpp"

namespace kerb::inline v0 {

/// The parameters of an AES encryption type: RFC 3962 section 6, RFC 8009.
struct etype_facts {
  etype_t etype{};
  cksum_t cksum{};               ///< its mandatory checksum type
  cipher_id cipher{};            ///< of Ke, and in RFC 3962 of what derives it
  hash_id hash{};                ///< of its HMAC and of PBKDF2
  std::uint8_t key = 0;          ///< octets of the protocol key, of Ke and of random-to-key's seed
  std::uint8_t mac_key = 0;      ///< octets of Ki and Kc
  std::uint8_t tag = 0;          ///< octets of the truncated HMAC, behind a message and as a checksum
  std::uint8_t prf = 0;          ///< octets of the pseudo-random function's output
  std::uint32_t iterations = 0;  ///< of string-to-key where no parameters are given
};

/// Octets of the random confounder in front of a plaintext: one block of the cipher.
inline constexpr std::size_t confounder_octets = 16;
/// The longest salt that string_to_key takes, in octets; a realm and a principal are far shorter.
inline constexpr std::size_t max_salt_octets = 1024;
/// The most iterations that the string-to-key parameters can express, RFC 3962 section 4.
inline constexpr std::uint64_t max_iterations = std::uint64_t{1} << 32;

/// Encryption types that are known, and refused unless a policy names them: single DES, triple DES and RC4.
constexpr bool is_weak(etype_t e) {
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

/// The keys and schedules for one usage of one key. Wiped, like all holders of schedules, when it dies.
template <primitives P>
struct usage_schedules {
  typename P::cipher encryption;  ///< Ke
  typename P::mac integrity;      ///< Ki
  typename P::mac checksum;       ///< Kc
};

namespace detail {
/// The ASCII octets of a text without its final zero.
template <std::size_t N>
consteval std::array<std::uint8_t, N - 1> ascii(const char (&text)[N]) {
  std::array<std::uint8_t, N - 1> a{};
  for (std::size_t i = 0; i + 1 != N; ++i) a[i] = static_cast<std::uint8_t>(text[i]);
  return a;
}

/// How many octets the key of that kind has.
constexpr std::size_t derived_octets(const etype_facts& f, derived_key k) {
  return k == derived_key::encryption ? f.key : f.mac_key;
}
}  // namespace detail

// clang-format off
/// One family of encryption types: what engine<> is put together from. Its functions are static templates over the
/// library; each gets a cipher and a mac, as scratch to be re-keyed at will where they are not called ke and ki.
///
///   etypes                                the facts of each type, best first
///   set_base(p, c, m, f, key)             schedules the protocol key in the scratch, as derive() wants it
///   derive(p, c, m, f, usage, kind, out)  one of a usage's keys, of out.size() octets
///   seal(p, ke, ki, f, io)                as crypto_policy demands; `io` is known to be long enough
///   open(p, ke, ki, f, in, out)           the same for unseal; the caller wipes `out` on failure
///   prf(p, c, m, f, key, pieces, out)     the first octets of the pseudo-random function's output, at most f.prf
///   string_to_key(p, c, m, f, password, salt, iterations, out)
template <class F, class P>
concept crypto_profile = primitives<P> &&
    requires(P& p, typename P::cipher& c, typename P::mac& m, const etype_facts& f, secret_view key, key_usage_t u,
             derived_key d, bytes_view in, std::span<std::uint8_t> out, view_of<bytes_view> pieces, std::uint64_t n) {
  { F::etypes.size() } -> std::convertible_to<std::size_t>;
  { F::etypes[0] } -> std::convertible_to<etype_facts>;
  { F::set_base(p, c, m, f, key) } noexcept -> std::same_as<errc>;
  { F::derive(p, c, m, f, u, d, out) } noexcept -> std::same_as<errc>;
  { F::seal(p, c, m, f, out) } noexcept -> std::same_as<errc>;
  { F::open(p, c, m, f, in, out) } noexcept -> std::same_as<errc>;
  { F::prf(p, c, m, f, key, pieces, out) } noexcept -> std::same_as<errc>;
  { F::string_to_key(p, c, m, f, key, in, n, out) } noexcept -> std::same_as<errc>;
};
// clang-format on

}  // namespace kerb::inline v0
