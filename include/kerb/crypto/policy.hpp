// The concepts between Kerberos and cryptography: what a library supplies, and what exchanges see.
#pragma once
#include <concepts>
#include <optional>

#include "key.hpp"

namespace kerb::inline v0 {

/// The block ciphers that profiles build on; all have blocks of 16 octets.
enum class cipher_id : std::uint8_t { aes128, aes256 };
/// Hash functions: what profiles build on, and what channel bindings are made with (RFC 4121 section 4.1.1.2 fixes
/// MD5).
enum class hash_id : std::uint8_t { sha1, sha256, sha384, sha512, md5 };

constexpr std::size_t hash_octets(hash_id h) {
  switch (h) {
    case hash_id::md5: return 16;
    case hash_id::sha1: return 20;
    case hash_id::sha256: return 32;
    case hash_id::sha384: return 48;
    default: return 64;
  }
}
/// The octets of the longest.
inline constexpr std::size_t max_hash_octets = 64;

// clang-format off
/// The lower tier: what a cryptographic library has. `P::cipher` and `P::mac` are movable holders of a schedule,
/// empty when default-constructed, re-keyed without allocation once they have held a key of the same kind, and
/// wiped when they die. Every function is noexcept and reports a failure of the library as errc::crypto_backend;
/// none keeps a view of its arguments. Whoever writes a model needs to know:
///
///   rekey(c, id, key)          schedules an AES key of 16 or 32 octets, for both directions
///   encrypt(c, in, out, n)     n blocks of 16 octets, each on its own (ECB); in == out is allowed, other overlap is not
///   decrypt(c, in, out, n)     the inverse
///   rekey(m, id, key)          prepares HMAC over that hash with a key of any length
///   hmac(m, pieces, out)       HMAC over the pieces in turn, cut to out.size() octets (at most hash_octets); m can be
///                              used again for another message under the same key
///   hash(id, pieces, out)      the hash over the pieces in turn, cut to out.size() octets
///   pbkdf2(id, pw, salt, n, out)  PBKDF2-HMAC (RFC 2898 section 5.2) with n >= 1 iterations
///   fill(out)                  octets from a cryptographically secure source; false when it fails
template <class P>
concept primitives = std::movable<typename P::cipher> && std::movable<typename P::mac> &&
    std::default_initializable<typename P::cipher> && std::default_initializable<typename P::mac> &&
    requires(P& p, typename P::cipher& c, typename P::mac& m, cipher_id ci, hash_id h, secret_view k, bytes_view salt,
             const std::uint8_t* in, std::uint8_t* o, std::size_t n, view_of<bytes_view> pieces,
             std::span<std::uint8_t> out, std::uint64_t iterations) {
  { p.rekey(c, ci, k) } noexcept -> std::same_as<errc>;
  { p.encrypt(c, in, o, n) } noexcept -> std::same_as<errc>;
  { p.decrypt(c, in, o, n) } noexcept -> std::same_as<errc>;
  { p.rekey(m, h, k) } noexcept -> std::same_as<errc>;
  { p.hmac(m, pieces, out) } noexcept -> std::same_as<errc>;
  { p.hash(h, pieces, out) } noexcept -> std::same_as<errc>;
  { p.pbkdf2(h, k, salt, iterations, out) } noexcept -> std::same_as<errc>;
  { p.fill(out) } noexcept -> std::same_as<bool>;
};

/// A source of random octets. A false from fill() ends the exchange with errc::entropy; there is no fallback.
template <class R>
concept entropy_source = requires(R& r, std::span<std::uint8_t> out) {
  { r.fill(out) } noexcept -> std::same_as<bool>;
};

/// Something a message can be sealed under: a policy's own key or prepared key, or a handle that never leaves a device.
///
///   seal(k, u, io)         io holds front octets of room whose first part is a random confounder that the caller drew,
///                          the plaintext, and back octets of room; sealed where it stands
///   unseal(k, u, in, out)  opens `in`, which is not written to unless `out` begins where `in` begins; `out` has at
///                          least in.size() octets. Returns the plaintext, which lies in `out`. On failure `out` is
///                          wiped, and a distinct `in` is intact, so that the next key can be tried
template <class C, class K>
concept seals_with = requires(C& c, const K& k, key_usage_t u, bytes_view in, std::span<std::uint8_t> io) {
  { c.etype_of(k) } noexcept -> std::same_as<etype_t>;
  { c.seal(k, u, io) } noexcept -> std::same_as<errc>;
  { c.unseal(k, u, in, io) } noexcept -> std::same_as<result<std::span<std::uint8_t>>>;
};

/// Something that makes keyed checksums: sign and verify, as crypto_policy has them.
template <class C, class K>
concept signs_with = requires(C& c, cksum_t t, const K& k, key_usage_t u, view_of<bytes_view> pieces, bytes_view in,
                              std::span<std::uint8_t> out) {
  { c.sign(t, k, u, pieces, out) } noexcept -> std::same_as<errc>;
  { c.verify(t, k, u, pieces, in) } noexcept -> std::same_as<errc>;
};

/// The upper tier: what Kerberos asks of cryptography, and all that an exchange sees. Nothing here allocates in steady
/// state, throws, or keeps a view of its arguments. A policy serves one thread at a time.
///
///   offered()              the encryption types a client asks for, best first; weak ones only when named
///   shape(e)               octets that sealing adds; nullopt: this policy has no such encryption type
///   import(e, octets)      a key from the octets that a message carried; errc::bad_key_length, unsupported_etype
///   prepare(k, u)          the derived keys and schedules for one usage, made once for a long-lived key; using it with
///                          another usage gives errc::wrong_usage
///   seed_octets(e)         random octets that random_to_key(e, ...) wants (RFC 3961 section 3)
///   string_to_key(...)     RFC 3961 section 3; `iterations` is not bounded here: exchanges bound what comes from a peer
///   default_iterations(e)  what string_to_key uses when asked for 0
///   cksum_of(e)            the mandatory checksum type of an encryption type (RFC 3961 section 3)
///   sign / verify          a keyed checksum over the pieces in turn; sign's `out` has exactly the type's octets. verify
///                          compares in constant time and says errc::integrity
///   digest(pieces, out)    SHA-256, for telling messages apart
///   hash(id, pieces, out)  the hash over the pieces in turn, cut to out.size() octets; errc::crypto_backend where the
///                          library does not have it, as with MD5 under FIPS
template <class C>
concept crypto_policy = std::movable<typename C::key> && std::movable<typename C::prepared_key> &&
    seals_with<C, typename C::key> && seals_with<C, typename C::prepared_key> &&
    signs_with<C, typename C::key> && signs_with<C, typename C::prepared_key> &&
    requires(C& c, const typename C::key& k, etype_t e, key_usage_t u, bytes_view in,
             secret_view password, std::span<std::uint8_t> io, view_of<bytes_view> pieces, s2k_iterations it,
             std::span<std::uint8_t, 32> digest, hash_id h) {
  { c.offered() } noexcept -> std::same_as<view_of<etype_t>>;
  { c.shape(e) } noexcept -> std::same_as<std::optional<seal_shape>>;
  { c.import(e, in) } noexcept -> std::same_as<result<typename C::key>>;
  { c.expose(k) } noexcept -> std::same_as<secret_view>;
  { c.prepare(k, u) } noexcept -> std::same_as<result<typename C::prepared_key>>;
  { c.seed_octets(e) } noexcept -> std::same_as<std::size_t>;
  { c.random_to_key(e, in) } noexcept -> std::same_as<result<typename C::key>>;
  { c.default_iterations(e) } noexcept -> std::same_as<std::uint64_t>;
  { c.string_to_key(e, password, in, it) } noexcept -> std::same_as<result<typename C::key>>;
  { c.cksum_of(e) } noexcept -> std::same_as<std::optional<cksum_shape>>;
  { c.prf(k, pieces, io) } noexcept -> std::same_as<errc>;
  { c.digest(pieces, digest) } noexcept -> std::same_as<errc>;
  { c.hash(h, pieces, io) } noexcept -> std::same_as<errc>;
};
// clang-format on

}  // namespace kerb::inline v0
