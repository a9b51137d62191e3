// The concepts between Kerberos and cryptography: what a library supplies, and what exchanges see.
#pragma once
#include <concepts>
#include <optional>

#include "cksum_rules.hpp"
#include "key.hpp"

namespace kerb::inline v0 {

/// The block ciphers that profiles build on, with blocks of 16 octets; des_ede3, with three keys, has blocks of 8.
enum class cipher_id : std::uint8_t { aes128, aes256, camellia128, camellia256, des_ede3 };
/// Hash functions: what profiles build on, and what channel bindings are made with (RFC 4121 section 4.1.1.2 fixes
/// MD5).
enum class hash_id : std::uint8_t { sha1, sha256, sha384, sha512, md5, md4 };
/// Stream ciphers.
enum class stream_id : std::uint8_t { rc4 };

constexpr std::size_t hash_octets(hash_id h) {
  switch (h) {
    case hash_id::md4:
    case hash_id::md5: return 16;
    case hash_id::sha1: return 20;
    case hash_id::sha256: return 32;
    case hash_id::sha384: return 48;
    default: return 64;
  }
}
/// The octets of the longest.
inline constexpr std::size_t max_hash_octets = 64;

/// The most pieces that the input of a pseudo-random function may come in.
inline constexpr std::size_t max_prf_pieces = 8;

// clang-format off
/// The lower tier: what a cryptographic library has. Whoever writes a model of it has a policy with
/// `kerb::engine<P, kerb::aes_sha2, kerb::aes_sha1>` (engine.hpp, rfc8009.hpp, rfc3962.hpp), and needs to know:
///
///   P::cipher, P::mac          holders of a key and of what is scheduled of it: movable, empty when new and when moved
///                              from, wiped when they die, and of no P in particular: a prepared key may be used
///                              by another policy than the one that made it, and outlive that
///   rekey(c, id, key)          schedules a key of the cipher's 16, 24 or 32 octets, for both directions; with another
///                              number it fails
///   encrypt(c, in, out, n)     n of its blocks, each on its own (ECB); in == out is allowed, other overlap is not
///   decrypt(c, in, out, n)     the inverse
///   rekey(m, id, key)          prepares HMAC over that hash with a key of any length, 0 included
///   hmac(m, pieces, out)       HMAC over the pieces in turn, cut to out.size() octets; m can be used again for another
///                              message under the same key, also after a failure. Most keys serve one message: what
///                              rekey does for the next ones should cost less than it saves. Where hash states can be
///                              kept, a message costs two compressions besides its own, and else four
///   hash(id, pieces, out)      the hash over the pieces in turn, cut to out.size() octets
///   pbkdf2(id, pw, salt, n, out)  PBKDF2-HMAC (RFC 2898 section 5.2) with n >= 1 iterations, to any out.size()
///   fill(out)                  octets from a cryptographically secure source, also after fork(); false when it fails.
///                              An exchange may be given another source: its turn has one beside the policy;
///                              buffered_random (buffered_random.hpp) makes few draws of many
///
/// Every function is noexcept, and fails with errc::crypto_backend: where the library does, where it lacks the
/// algorithm, where a holder is empty, and where more octets are asked for than a hash has. A rekey that fails leaves
/// its holder empty. Views and spans may be empty, their data() null. Nothing is allocated by a holder that has held a
/// key of the same kind, or by a P that has used the same hash; pbkdf2 may. No view of an argument is kept. A P serves
/// one thread at a time, need not be copied, and is moved where its policy is. AES, SHA-1, SHA-256 and SHA-384 are
/// needed; the rest as far as has_cipher, has_hash and has_stream_cipher say below, and MD5 and SHA-512 for channel
/// bindings alone.
/// tests/unit/crypto/library_checks.hpp tries all this, and examples/support/nettle.hpp is a model on one page.
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

/// A library that also chains blocks: optional, and worth it where that is faster than being called for each block, by
/// a seventh from 1 KiB on with OpenSSL. What is to be decrypted needs no chain: its blocks go to decrypt() at once.
///
///   cbc_encrypt(c, iv, in, out, n)  n >= 1 blocks in CBC mode from `iv`, a block that lies apart from `out`; in == out
///                                   is allowed, other overlap is not
template <class P>
concept has_cbc = primitives<P> &&
    requires(P& p, typename P::cipher& c, const std::uint8_t* in, std::uint8_t* o, std::size_t n) {
  { p.cbc_encrypt(c, in, in, o, n) } noexcept -> std::same_as<errc>;
};

/// A library that knows the named cipher. AES is taken for granted; more, `static constexpr bool supports(cipher_id)`
/// says, which does not exclude that the library fails to provide it when the program runs.
template <class P, cipher_id C>
concept has_cipher = primitives<P> && requires { requires P::supports(C); };

/// A library that knows the named hash function: SHA-1, SHA-256 and SHA-384 are taken for granted.
template <class P, hash_id H>
concept has_hash = primitives<P> && requires { requires P::supports(H); };

/// A library with the named stream cipher:
///
///   stream(id, key, in, out, n)  n octets combined with the key stream from its beginning; in == out is allowed
template <class P, stream_id S>
concept has_stream_cipher = primitives<P> &&
    requires(P& p, secret_view k, const std::uint8_t* in, std::uint8_t* out, std::size_t n) {
  requires P::supports(S);
  { p.stream(S, k, in, out, n) } noexcept -> std::same_as<errc>;
};

/// A source of random octets. A false from fill() ends the exchange with errc::entropy; there is no fallback.
template <class R>
concept entropy_source = requires(R& r, std::span<std::uint8_t> out) {
  { r.fill(out) } noexcept -> std::same_as<bool>;
};

/// Something a message can be sealed under: a policy's own key or prepared key, or a handle that never leaves a device.
///
///   etype_of(k)            its encryption type; shape() of that says how many octets stand in front and behind
///   seal(k, u, io)         io holds front octets that the caller drew at random, for the confounder, the plaintext
///                          with its padding, and back octets of buffer; sealed where it stands. On failure `io` is wiped
///   unseal(k, u, in, out)  opens `in`, which is not written to unless `out` begins where `in` begins; `out` has at
///                          least in.size() octets. Returns the plaintext, which lies in `out`. On failure `out` is
///                          wiped, and a distinct `in` is intact, so that the next key can be tried; errc::integrity,
///                          and nothing more, says that anything is wrong with the octets
///
/// What seals several messages faster than one by one has seal_many besides, which seal_all (seal_all.hpp) uses.
///
/// A policy takes handles where it has these three for them: a class derived from its engine that brings in the
/// engine's with using-declarations and adds its own, as examples/own_backend.cpp does. An acceptor's provide() takes
/// whatever the policy seals with.
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
///   key_octets(e)          octets of a key as a message carries it; 0: no such encryption type
///   import(e, octets)      a key from the octets that a message carried; errc::bad_key_length, unsupported_etype
///   prepare(k, u)          the derived keys and schedules for one usage, made once for a long-lived key; using it with
///                          another usage gives errc::wrong_usage
///   seed_octets(e)         random octets that random_to_key(e, ...) wants (RFC 3961 section 3), at most 64; with the
///                          confounders of two messages and 4 octets they are at most 128
///   string_to_key(...)     RFC 3961 section 3; `iterations` is not bounded here: exchanges bound what comes from a peer
///   default_iterations(e)  what string_to_key uses when asked for 0
///   prf_octets(e)          octets that the pseudo-random function gives (RFC 3961 section 3); 0: no such encryption type
///   prf(k, pieces, out)    the first out.size() of them, of at most max_prf_pieces pieces in turn
///   cksum_of(e)            the mandatory checksum type of an encryption type (RFC 3961 section 3)
///   sign / verify          a checksum of the key's mandatory type, or of one that may stand in its place, over the
///                          pieces in turn; sign's `out` has exactly the type's octets. verify compares in constant time
///                          and says errc::integrity
///   cksum_of(c)            the type and the octets of a checksum in its place
///   checksum(c, pieces, out)  one that needs no key; errc::inappropriate_checksum for those that do
///   digest(pieces, out)    SHA-256, for telling messages apart
///   hash(id, pieces, out)  the hash over the pieces in turn, cut to out.size() octets; errc::crypto_backend where the
///                          library does not have it, as with MD5 under FIPS
template <class C>
concept crypto_policy = std::movable<typename C::key> && std::movable<typename C::prepared_key> &&
    seals_with<C, typename C::key> && seals_with<C, typename C::prepared_key> &&
    signs_with<C, typename C::key> && signs_with<C, typename C::prepared_key> &&
    requires(C& c, const typename C::key& k, etype_t e, key_usage_t u, bytes_view in,
             secret_view password, std::span<std::uint8_t> io, view_of<bytes_view> pieces, s2k_iterations it,
             std::span<std::uint8_t, 32> digest, hash_id h, placed_cksum placed) {
  { c.offered() } noexcept -> std::same_as<view_of<etype_t>>;
  { c.shape(e) } noexcept -> std::same_as<std::optional<seal_shape>>;
  { c.import(e, in) } noexcept -> std::same_as<result<typename C::key>>;
  { c.expose(k) } noexcept -> std::same_as<secret_view>;
  { c.prepare(k, u) } noexcept -> std::same_as<result<typename C::prepared_key>>;
  { c.key_octets(e) } noexcept -> std::same_as<std::size_t>;
  { c.seed_octets(e) } noexcept -> std::same_as<std::size_t>;
  { c.random_to_key(e, in) } noexcept -> std::same_as<result<typename C::key>>;
  { c.default_iterations(e) } noexcept -> std::same_as<std::uint64_t>;
  { c.string_to_key(e, password, in, it) } noexcept -> std::same_as<result<typename C::key>>;
  { c.cksum_of(e) } noexcept -> std::same_as<std::optional<cksum_shape>>;
  { c.cksum_of(placed) } noexcept -> std::same_as<std::optional<cksum_shape>>;
  { c.sign(placed, k, u, pieces, io) } noexcept -> std::same_as<errc>;
  { c.verify(placed, k, u, pieces, in) } noexcept -> std::same_as<errc>;
  { c.checksum(placed, pieces, io) } noexcept -> std::same_as<errc>;
  { c.prf_octets(e) } noexcept -> std::same_as<std::size_t>;
  { c.prf(k, pieces, io) } noexcept -> std::same_as<errc>;
  { c.digest(pieces, digest) } noexcept -> std::same_as<errc>;
  { c.hash(h, pieces, io) } noexcept -> std::same_as<errc>;
};
// clang-format on

}  // namespace kerb::inline v0
