// The concepts between Kerberos and cryptography: what a library supplies, and what exchanges use.
#pragma once
#include <concepts>
#include <optional>

#include "cksum_rules.hpp"
#include "key.hpp"

namespace kerb::inline v0 {

/// The block ciphers that profiles use. Blocks have 16 octets, those of des_ede3 (three keys) 8.
enum class cipher_id : std::uint8_t { aes128, aes256, camellia128, camellia256, des_ede3 };
/// Hash functions for profiles, and for channel bindings (RFC 4121 section 4.1.1.2 requires MD5).
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
/// The size in octets of the longest hash.
inline constexpr std::size_t max_hash_octets = 64;

/// The maximum number of pieces of a pseudo-random function's input.
inline constexpr std::size_t max_prf_pieces = 8;
/// The maximum number of pieces of a message that seal_pieces() seals: more than twice as many as a
/// protected RPC message in DCE style has (confounder, header, stub data, padding, trailer, filler,
/// header copy).
inline constexpr std::size_t max_seal_pieces = 16;

/// One of the pieces of a message that lies in several buffers. It has any size, 0 included. The
/// buffer must outlive the piece.
class seal_piece {
 public:
  constexpr seal_piece() = default;
  /// Octets that are encrypted in place, and authenticated.
  constexpr seal_piece(std::span<std::uint8_t> sealed) : sealed_(sealed), authenticated_(sealed) {}
  template <class R>
    requires(std::is_lvalue_reference_v<R&&> && !detail::is_span<std::remove_cvref_t<R>> &&
             std::convertible_to<R, std::span<std::uint8_t>>)
  constexpr seal_piece(R&& sealed KERB_LIFETIMEBOUND) : seal_piece(std::span<std::uint8_t>(sealed)) {}
  /// Octets that are only authenticated, and stay as they are.
  static constexpr seal_piece sign_only(bytes_view octets KERB_LIFETIMEBOUND) {
    seal_piece p;
    p.authenticated_ = octets;
    return p;
  }
  /// What is encrypted: all octets of the piece, or none.
  constexpr std::span<std::uint8_t> sealed() const { return sealed_; }
  /// What is authenticated: all octets of the piece.
  constexpr bytes_view authenticated() const { return authenticated_; }

 private:
  std::span<std::uint8_t> sealed_;
  bytes_view authenticated_;
};

// clang-format off
/// The lower tier: the functions of a cryptographic library. With a model `P` of it,
/// `kerb::engine<P, kerb::aes_sha2, kerb::aes_sha1>` (engine.hpp, rfc8009.hpp, rfc3962.hpp) is a
/// policy. A model has:
///
///   P::cipher, P::mac          holders of a key and its schedule: movable, empty when new and when moved from,
///                              wiped when destroyed, and not tied to one P: a prepared key may be used by another
///                              policy than the one that made it, and may outlive that policy
///   rekey(c, id, key)          schedules a key of the cipher's 16, 24 or 32 octets, for both directions; fails for any
///                              other size
///   encrypt(c, in, out, n)     n of its blocks, each on its own (ECB); in == out is allowed, other overlap is not
///   decrypt(c, in, out, n)     the inverse
///   rekey(m, id, key)          prepares HMAC over that hash with a key of any length, 0 included
///   hmac(m, pieces, out)       HMAC over the pieces in order, truncated to out.size() octets; m can be used again for
///                              another message under the same key, also after a failure. Most keys serve one message:
///                              work that rekey does for later messages should cost less than it saves. If hash states
///                              can be stored, a message costs two compressions besides its own, otherwise four
///   hash(id, pieces, out)      the hash over the pieces in order, truncated to out.size() octets
///   pbkdf2(id, pw, salt, n, out)  PBKDF2-HMAC (RFC 2898 section 5.2) with n >= 1 iterations, to any out.size()
///   fill(out)                  octets from a cryptographically secure source, also after fork(); false when it fails.
///                              with_random (with_random.hpp) makes a policy that uses another source, such as
///                              buffered_random (buffered_random.hpp), which combines many draws into few
///
/// Every function is noexcept. It fails with errc::crypto_backend when the library does, when the
/// library lacks the algorithm, when a holder is empty, and when more octets are requested than a
/// hash has. A rekey that fails leaves its holder empty. Views and spans may be empty, with a null
/// data(). A holder that has contained a key of the same kind, or a P that has used the same hash,
/// must not allocate; pbkdf2 may. No function keeps a view of an argument. A P is used by one
/// thread at a time, need not be copyable, and is moved when its policy is. AES, SHA-1, SHA-256 and
/// SHA-384 are required. The others are as has_cipher, has_hash and has_stream_cipher describe
/// below; MD5 and SHA-512 are needed for channel bindings only.
/// tests/unit/crypto/library_checks.hpp tests all this, and examples/support/nettle.hpp is a model of one page.
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

/// A library that also chains blocks. Optional; useful if it is faster than a call for each block
/// (with OpenSSL a seventh, from 1 KiB on). Decryption needs no chaining, because decrypt() gets
/// all blocks at once.
///
///   cbc_encrypt(c, iv, in, out, n)  n >= 1 blocks in CBC mode from `iv`, a block that does not overlap `out`;
///                                   in == out is allowed, other overlap is not
template <class P>
concept has_cbc = primitives<P> &&
    requires(P& p, typename P::cipher& c, const std::uint8_t* in, std::uint8_t* o, std::size_t n) {
  { p.cbc_encrypt(c, in, in, o, n) } noexcept -> std::same_as<errc>;
};

/// A library that has the named cipher. AES is assumed; `static constexpr bool supports(cipher_id)`
/// declares others. The library may still fail to provide one when the program runs.
template <class P, cipher_id C>
concept has_cipher = primitives<P> && requires { requires P::supports(C); };

/// A library that has the named hash function. SHA-1, SHA-256 and SHA-384 are assumed.
template <class P, hash_id H>
concept has_hash = primitives<P> && requires { requires P::supports(H); };

/// A library with the named stream cipher:
///
///   stream(id, key, in, out, n)  n octets XORed with the key stream from its beginning; in == out is allowed
template <class P, stream_id S>
concept has_stream_cipher = primitives<P> &&
    requires(P& p, secret_view k, const std::uint8_t* in, std::uint8_t* out, std::size_t n) {
  requires P::supports(S);
  { p.stream(S, k, in, out, n) } noexcept -> std::same_as<errc>;
};

/// A source of random octets. When fill() returns false, the exchange fails with errc::entropy;
/// there is no fallback.
template <class R>
concept entropy_source = requires(R& r, std::span<std::uint8_t> out) {
  { r.fill(out) } noexcept -> std::same_as<bool>;
};

/// A key that can seal messages: a policy's own key or prepared key, or a handle to a key that
/// never leaves a device.
///
///   etype_of(k)            its encryption type; shape() of that gives the number of front and back octets
///   seal(k, u, io)         seals in place. `io` contains front octets, which the caller drew at random for the
///                          confounder, then the plaintext with its padding, then space for back octets. On failure
///                          `io` is wiped
///   unseal(k, u, in, out)  opens `in`, which is not written to unless `out` begins where `in` begins; `out` has at
///                          least in.size() octets. Returns the plaintext, which is in `out`. On failure `out` is
///                          wiped, and `in`, if distinct, is unchanged, so that the next key can be tried. Every fault
///                          of the octets is reported as errc::integrity, without details
///
/// A policy that seals several messages faster than one by one also has seal_many, which seal_all
/// (seal_all.hpp) uses. seals_pieces_with is for a message in several buffers.
///
/// To support handles, a policy has these three functions for them: derive a class from the engine,
/// bring in the engine's functions with using-declarations, and add your own, as
/// examples/own_backend.cpp does. An acceptor's provide() accepts anything that the policy can seal
/// with.
template <class C, class K>
concept seals_with = requires(C& c, const K& k, key_usage_t u, bytes_view in, std::span<std::uint8_t> io) {
  { c.etype_of(k) } noexcept -> std::same_as<etype_t>;
  { c.seal(k, u, io) } noexcept -> std::same_as<errc>;
  { c.unseal(k, u, in, io) } noexcept -> std::same_as<result<std::span<std::uint8_t>>>;
};

/// A policy that also seals a message that lies in several buffers, without copying it. Optional;
/// GSS-API contexts need it for protected RPC, where headers between the encrypted parts are only
/// authenticated.
///
///   seal_pieces(k, u, pieces, tag)    seals the concatenation of the pieces in place. The first front octets that are
///                          encrypted are the confounder, which the caller drew at random; `tag` has the back octets.
///                          If all pieces are encrypted, the result is that of seal(). Octets that are only
///                          authenticated enter the integrity checksum at their place in the order. On failure the
///                          encrypted pieces and `tag` are wiped
///   unseal_pieces(k, u, pieces, tag)  the inverse, in place; decrypts the confounder too. On failure the encrypted
///                          pieces are wiped, so that no other key can be tried. Every fault of the octets is reported
///                          as errc::integrity
///
/// The receiver must know which pieces are encrypted: with RFC 8009 the tag covers the octets as they
/// are sent, and does not tell. Put the confounder before all that is only authenticated, since
/// Heimdal authenticates it first, wherever it is. Pieces and tag must not overlap. Both functions
/// fail with errc::api_misuse for more than max_seal_pieces pieces, and with errc::unsupported_etype
/// for an encryption type that does not support this.
template <class C, class K>
concept seals_pieces_with = seals_with<C, K> &&
    requires(C& c, const K& k, key_usage_t u, view_of<seal_piece> pieces, std::span<std::uint8_t> tag, bytes_view in) {
  { c.seal_pieces(k, u, pieces, tag) } noexcept -> std::same_as<errc>;
  { c.unseal_pieces(k, u, pieces, in) } noexcept -> std::same_as<errc>;
};

/// The parts of a per-message token of RFC 1964 or RFC 4757 that are encrypted.
enum class token_part : std::uint8_t {
  number,   ///< SND_SEQ: 8 octets
  message,  ///< the confounder, the message and its padding
};

/// A policy that also encrypts the parts of per-message tokens of RC4 and triple DES, which have a
/// checksum of their own. Optional; GSS-API contexts with keys of these types need it.
///
///   encrypt_part(k, part, salt, io)     encrypts in place, and authenticates nothing. `salt` is the first 8 octets of
///                          SGN_CKSUM for the number, and the number in 4 octets (big-endian) for the message. On
///                          failure `io` is wiped
///   decrypt_part(k, part, salt, in, out)  the inverse; `out` has in.size() octets, and is `in` or does not overlap it.
///                          On failure `out` is wiped
///
/// Both fail with errc::unsupported_etype for an encryption type without such tokens, and with
/// errc::api_misuse for a salt or a size that the part does not have; for the octets of
/// decrypt_part() the latter is errc::integrity.
template <class C, class K>
concept crypts_tokens_with = requires(C& c, const K& k, token_part part, bytes_view in, std::span<std::uint8_t> io) {
  { c.encrypt_part(k, part, in, io) } noexcept -> std::same_as<errc>;
  { c.decrypt_part(k, part, in, in, io) } noexcept -> std::same_as<errc>;
};

/// A key that makes keyed checksums, with sign and verify as in crypto_policy.
template <class C, class K>
concept signs_with = requires(C& c, cksum_t t, const K& k, key_usage_t u, view_of<bytes_view> pieces, bytes_view in,
                              std::span<std::uint8_t> out) {
  { c.sign(t, k, u, pieces, out) } noexcept -> std::same_as<errc>;
  { c.verify(t, k, u, pieces, in) } noexcept -> std::same_as<errc>;
};

/// The upper tier: the cryptography that Kerberos needs, and all that an exchange uses. No function
/// allocates in steady state, throws, or keeps a view of its arguments. A policy is used by one
/// thread at a time.
///
///   fill(out)              random octets, as in primitives: an exchange draws its keys, nonces and confounders here
///   offered()              the encryption types that a client requests, best first; weak ones only if named
///   shape(e)               octets that sealing adds; nullopt: this policy does not support the encryption type
///   key_octets(e)          the size of a key in a message; 0: unsupported encryption type
///   import(e, octets)      a key from the octets in a message; errc::bad_key_length, unsupported_etype
///   prepare(k, u)          the derived keys and schedules for one usage, made once for a long-lived key; using it with
///                          another usage fails with errc::wrong_usage
///   seed_octets(e)         the size of random_to_key(e, ...)'s input (RFC 3961 section 3), at most 64; with the
///                          confounders of two messages and 4 octets at most 128
///   string_to_key(...)     RFC 3961 section 3; `iterations` is not limited here: exchanges limit what a peer sends
///   default_iterations(e)  what string_to_key uses for 0
///   prf_octets(e)          the output size of the pseudo-random function (RFC 3961 section 3); 0: unsupported
///                          encryption type
///   prf(k, pieces, out)    its first out.size() octets, over at most max_prf_pieces pieces in order
///   cksum_of(e)            the mandatory checksum type of an encryption type (RFC 3961 section 3)
///   sign / verify          a checksum of the key's mandatory type, or of a type placed for the key, over the pieces in
///                          order; sign's `out` has exactly the type's size. verify compares in constant time and fails
///                          with errc::integrity
///   cksum_of(c)            the type and size of a placed checksum
///   checksum(c, pieces, out)  one that needs no key; errc::inappropriate_checksum for those that do
///   digest(pieces, out)    SHA-256, for telling messages apart
///   hash(id, pieces, out)  the hash over the pieces in order, truncated to out.size() octets; errc::crypto_backend if
///                          the library does not have it, as with MD5 under FIPS
template <class C>
concept crypto_policy = entropy_source<C> && std::movable<typename C::key> && std::movable<typename C::prepared_key> &&
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
