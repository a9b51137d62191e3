// The crypto policy on OpenSSL 3, through its providers; needs no exceptions or RTTI.
#pragma once
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <array>
#include <memory>
#include <new>

#include "engine.hpp"
#include "openssl_provider.hpp"
#include "rfc3962.hpp"
#include "rfc8009.hpp"

namespace kerb::inline v0 {
namespace openssl {

/// kerb::primitives on the ciphers and hash functions of OpenSSL's providers. HMAC and PBKDF2 are
/// built here on the hash functions, so a FIPS provider covers those functions but not HMAC or
/// PBKDF2 as a whole. Algorithms are fetched when they are first needed. Then the provider's own
/// functions are called, as EVP calls them. EVP in OpenSSL 3.0 allocates for each message that is
/// hashed and up to five times for each HMAC, and it takes five times as long to set a key or an
/// initial vector. All schedules and states are in memory that the provider wipes.
///
/// Randomness is RAND_priv_bytes: this thread's generator for private octets (a CTR_DRBG with
/// AES-256 unless configured otherwise). OpenSSL seeds it from the operating system, and again
/// after fork() and from time to time. It keeps its state in between, so two copies of a virtual
/// machine can draw the same octets until the next seeding. Nor is it fast: it takes twice as long
/// as getrandom(). To avoid both, give exchanges another source of randomness.
class primitives {
  static constexpr std::size_t cipher_kinds = 5, hash_kinds = 6;
  struct keyed_cipher {
    cipher_mode ecb, cbc;
    secret<max_key_octets> key;
  };

 public:
  /// Contains a key and its schedules, which are made when they are first used.
  class cipher {
    friend class primitives;
    std::array<std::unique_ptr<keyed_cipher>, cipher_kinds> kinds_;
    std::size_t keyed_ = 0;  // an index, so that a moved-from holder refers to nothing
  };
  /// Contains a key, padded to the hash's block and XORed with HMAC's inner padding.
  class mac {
    friend class primitives;
    secret<128> inner_;
    hash_id hash_{};
  };

  /// Uses OpenSSL's default library context.
  primitives() noexcept : primitives(nullptr) {}
  /// Uses another library context, for providers that only this policy should have, or algorithms
  /// with these properties. Null is the default of either. Both must outlive the policy and the
  /// keys that it has prepared.
  explicit primitives(OSSL_LIB_CTX* library, const char* properties = nullptr) noexcept : from_{library, properties} {
    // OpenSSL cleans up at the end of the program. Initialising it here makes that happen after a
    // static policy is destroyed. The option is what the first algorithm would load; without an
    // option the call does nothing.
    const quiet errors;
    (void)OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, nullptr);
  }

  /// True for all; errc::crypto_backend is returned if no provider has one. MD4 and RC4 are in
  /// OpenSSL's legacy provider, which the program must load itself.
  static constexpr bool supports(cipher_id) { return true; }
  static constexpr bool supports(hash_id) { return true; }
  static constexpr bool supports(stream_id) { return true; }

  errc rekey(cipher& c, cipher_id id, secret_view key) noexcept {
    auto& kind = c.kinds_[c.keyed_ = static_cast<std::size_t>(id)];
    if (!kind) {
      kind.reset(new (std::nothrow) keyed_cipher);
      if (kind && !(kind->ecb.fetch(from_, ecb_names[c.keyed_]) && kind->cbc.fetch(from_, cbc_names[c.keyed_])))
        kind.reset();
    }
    if (!kind) return errc::crypto_backend;
    kind->ecb.forget();
    kind->cbc.forget();
    kind->key.wipe();
    if (key.size() != key_octets[c.keyed_]) return errc::crypto_backend;
    kerb::detail::copy_octets(key.data(), key.size(), kind->key.expose_for_writing(key.size()).data());
    return errc::ok;
  }
  errc encrypt(cipher& c, const std::uint8_t* in, std::uint8_t* out, std::size_t n) noexcept {
    return run(c, false, nullptr, in, out, n);
  }
  errc decrypt(cipher& c, const std::uint8_t* in, std::uint8_t* out, std::size_t n) noexcept {
    return run(c, true, nullptr, in, out, n);
  }
  errc cbc_encrypt(cipher& c, const std::uint8_t* iv, const std::uint8_t* in, std::uint8_t* out,
                   std::size_t n) noexcept {
    return run(c, false, iv, in, out, n);
  }

  errc stream(stream_id, secret_view key, const std::uint8_t* in, std::uint8_t* out, std::size_t n) noexcept {
    if (!rc4_) {
      rc4_.reset(new (std::nothrow) cipher_mode);
      if (rc4_ && !rc4_->fetch(from_, "RC4")) rc4_.reset();
    }
    if (!rc4_) return errc::crypto_backend;
    rc4_->forget();
    return rc4_->run(false, key, {}, in, out, n) ? errc::ok : errc::crypto_backend;
  }

  errc rekey(mac& m, hash_id id, secret_view key) noexcept {
    const auto block = m.inner_.expose_for_writing(block_octets(id));
    secure_zero(block);
    m.hash_ = id;
    if (key.size() <= block.size()) {
      kerb::detail::copy_octets(key.data(), key.size(), block.data());
    } else {
      const bytes_view whole[]{key.unguarded()};
      if (const errc e = hash(id, whole, block.first(hash_octets(id))); e != errc::ok) return m.inner_.wipe(), e;
    }
    for (std::uint8_t& o : block) o ^= 0x36;
    return hasher(id) != nullptr ? errc::ok : (m.inner_.wipe(), errc::crypto_backend);
  }
  errc hmac(mac& m, view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    if (m.inner_.empty() || out.size() > hash_octets(m.hash_)) return errc::crypto_backend;
    hash_function* const h = hasher(m.hash_);
    const keyed_blocks blocks(m);
    std::array<std::uint8_t, max_hash_octets> inner, whole;
    wiped_on_exit wipe_inner(inner), wipe_whole(whole);
    const bool good = h != nullptr && h->begin() && h->absorb(blocks.inner()) && absorb(*h, pieces) && h->end(inner) &&
                      h->begin() && h->absorb(blocks.outer()) &&
                      h->absorb(bytes_view(inner).first(hash_octets(m.hash_))) && h->end(whole);
    if (!good) return errc::crypto_backend;
    kerb::detail::copy_octets(whole.data(), out.size(), out.data());
    return errc::ok;
  }
  errc hash(hash_id id, view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    hash_function* const h = hasher(id);
    std::array<std::uint8_t, max_hash_octets> whole;
    wiped_on_exit wipe(whole);
    if (h == nullptr || out.size() > hash_octets(id) || !h->begin() || !absorb(*h, pieces) || !h->end(whole))
      return errc::crypto_backend;
    kerb::detail::copy_octets(whole.data(), out.size(), out.data());
    return errc::ok;
  }

  errc pbkdf2(hash_id id, secret_view password, bytes_view salt, std::uint64_t iterations,
              std::span<std::uint8_t> out) noexcept {
    mac m;
    if (const errc e = rekey(m, id, password); e != errc::ok) return e;
    const quiet errors;
    password_hash p(*hasher(id), m);
    for (std::uint32_t i = 1; !out.empty(); ++i) {
      const std::size_t now = out.size() < hash_octets(id) ? out.size() : hash_octets(id);
      if (!p.block(salt, i, iterations, out.first(now))) return errc::crypto_backend;
      out = out.subspan(now);
    }
    return errc::ok;
  }

  bool fill(std::span<std::uint8_t> out) noexcept {
    const quiet errors;
    return out.empty() || RAND_priv_bytes_ex(from_.library, out.data(), out.size(), 0) == 1;
  }

 private:
  // Indexed by cipher_id.
  static constexpr const char* ecb_names[] = {"AES-128-ECB", "AES-256-ECB", "CAMELLIA-128-ECB", "CAMELLIA-256-ECB",
                                              "DES-EDE3-ECB"};
  static constexpr const char* cbc_names[] = {"AES-128-CBC", "AES-256-CBC", "CAMELLIA-128-CBC", "CAMELLIA-256-CBC",
                                              "DES-EDE3-CBC"};
  static constexpr std::size_t key_octets[] = {16, 32, 16, 32, 24};
  static constexpr std::size_t cipher_block_octets[] = {16, 16, 16, 16, 8};
  // Indexed by hash_id.
  static constexpr const char* hash_names[] = {"SHA1", "SHA2-256", "SHA2-384", "SHA2-512", "MD5", "MD4"};

  static constexpr std::size_t block_octets(hash_id id) {
    return id == hash_id::sha384 || id == hash_id::sha512 ? 128 : 64;
  }

  /// The two blocks that an HMAC's key becomes.
  class keyed_blocks {
   public:
    explicit keyed_blocks(const mac& m) : inner_(m.inner_.expose()), wipe_(outer_) {
      for (std::size_t i = 0; i != inner_.size(); ++i) outer_[i] = inner_.data()[i] ^ 0x36 ^ 0x5c;
    }
    bytes_view inner() const { return inner_.unguarded(); }
    bytes_view outer() const { return bytes_view(outer_).first(inner_.size()); }

   private:
    secret_view inner_;
    std::array<std::uint8_t, 128> outer_;
    wiped_on_exit wipe_;
  };

  /// PBKDF2 that stores both keyed states of the HMAC: half the work of processing the key in every round.
  class password_hash {
   public:
    password_hash(hash_function& h, const mac& m) : h_(h), octets_(hash_octets(m.hash_)), wipe_u_(u_), wipe_t_(t_) {
      const keyed_blocks blocks(m);
      if (h_.begin() && h_.absorb(blocks.inner())) inner_ = h_.keep();
      if (h_.begin() && h_.absorb(blocks.outer())) outer_ = h_.keep();
    }
    password_hash(const password_hash&) = delete;
    password_hash& operator=(const password_hash&) = delete;
    ~password_hash() {
      h_.drop(inner_);
      h_.drop(outer_);
    }
    /// Computes block `i` of the output, RFC 2898 section 5.2.
    bool block(bytes_view salt, std::uint32_t i, std::uint64_t iterations, std::span<std::uint8_t> out) {
      const std::uint8_t number[]{static_cast<std::uint8_t>(i >> 24), static_cast<std::uint8_t>(i >> 16),
                                  static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
      const auto u = std::span(u_).first(octets_);
      if (!hmac(salt, number)) return false;
      t_ = u_;
      for (std::uint64_t n = 1; n < iterations; ++n) {
        if (!hmac(u, {})) return false;
        for (std::size_t at = 0; at != u.size(); ++at) t_[at] ^= u[at];
      }
      kerb::detail::copy_octets(t_.data(), out.size(), out.data());
      return true;
    }

   private:
    bool hmac(bytes_view a, bytes_view b) {
      return inner_ != nullptr && outer_ != nullptr && h_.begin(inner_) && h_.absorb(a) && h_.absorb(b) && h_.end(u_) &&
             h_.begin(outer_) && h_.absorb(bytes_view(u_).first(octets_)) && h_.end(u_);
    }
    hash_function& h_;
    std::size_t octets_;
    void *inner_ = nullptr, *outer_ = nullptr;
    std::array<std::uint8_t, max_hash_octets> u_, t_;
    wiped_on_exit wipe_u_, wipe_t_;
  };

  static errc run(cipher& c, bool decrypting, const std::uint8_t* iv, const std::uint8_t* in, std::uint8_t* out,
                  std::size_t n) noexcept {
    const auto& kind = c.kinds_[c.keyed_];
    if (!kind || kind->key.empty()) return errc::crypto_backend;
    const std::size_t block = cipher_block_octets[c.keyed_];
    const bool good = iv == nullptr ? kind->ecb.run(decrypting, kind->key.expose(), {}, in, out, n * block)
                                    : kind->cbc.run(decrypting, kind->key.expose(), {iv, block}, in, out, n * block);
    return good ? errc::ok : errc::crypto_backend;
  }
  static bool absorb(hash_function& h, view_of<bytes_view> pieces) {
    for (const bytes_view piece : pieces)
      if (!h.absorb(piece)) return false;
    return true;
  }
  /// The hash function, fetched if necessary; null if no provider has it.
  hash_function* hasher(hash_id id) noexcept {
    auto& h = hashes_[static_cast<std::size_t>(id)];
    if (!h) {
      h.reset(new (std::nothrow) hash_function);
      if (h && !h->fetch(from_, hash_names[static_cast<std::size_t>(id)])) h.reset();
    }
    return h.get();
  }

  source from_;
  std::array<std::unique_ptr<hash_function>, hash_kinds> hashes_;
  std::unique_ptr<cipher_mode> rc4_;
};

/// The policy that a program uses: the encryption types of RFC 8009 and RFC 3962.
using policy = engine<primitives, aes_sha2, aes_sha1>;

}  // namespace openssl
}  // namespace kerb::inline v0
