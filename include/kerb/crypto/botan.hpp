// The crypto policy on Botan's C++ interface, versions 2.19 and 3.
#pragma once
#include <botan/block_cipher.h>
#include <botan/hash.h>
#include <botan/pwdhash.h>
#include <botan/secmem.h>
#include <botan/stream_cipher.h>
#include <botan/system_rng.h>

#include <array>
#include <exception>
#include <limits>
#include <memory>

#include "engine.hpp"
#include "rfc3962.hpp"
#include "rfc8009.hpp"

namespace kerb::inline v0 {
namespace botan {

/// kerb::primitives on Botan's block ciphers and hash functions. An object is created when its kind
/// is first needed and is then re-keyed, because creating one costs more than using it. Botan wipes
/// the memory of all of them. HMAC is built here on the hash functions: Botan's own HMAC spends as
/// much on a new key as on a message of four blocks.
///
/// Randomness is Botan's System_RNG, which asks the operating system on each call. Nothing is
/// buffered, so neither fork() nor a copied virtual machine can make two processes draw the same
/// octets. Security depends on the system's generator alone; the price is a system call.
/// buffered_random.hpp takes a sixth of that time; read there what it requires of a program.
class primitives {
 public:
  /// Contains a cipher's key schedule.
  class cipher {
    friend class primitives;
    std::array<std::unique_ptr<Botan::BlockCipher>, 5> kinds_;
    std::size_t keyed_ = 0;  // an index, so that a moved-from holder refers to nothing
  };
  /// Contains the two blocks that an HMAC's key becomes.
  class mac {
    friend class primitives;
    secret<256> kept_;
    hash_id hash_{};
  };

  /// Botan's pool of locked memory is destroyed when the program ends. Allocating from it here
  /// makes it outlive a static policy.
  primitives() noexcept {
    (void)guarded([] { return !Botan::secure_vector<std::uint8_t>(16).empty(); });
  }

  /// True for all; errc::crypto_backend is returned if Botan was built without one.
  static constexpr bool supports(cipher_id) { return true; }
  static constexpr bool supports(hash_id) { return true; }
  static constexpr bool supports(stream_id) { return true; }

  errc rekey(cipher& c, cipher_id id, secret_view key) noexcept {
    auto& kind = c.kinds_[c.keyed_ = static_cast<std::size_t>(id)];
    const errc why = guarded([&] {
      if (!kind) kind = Botan::BlockCipher::create(cipher_names[static_cast<std::size_t>(id)]);
      if (kind) kind->set_key(key.data(), key.size());
      return kind != nullptr;
    });
    if (why != errc::ok) kind.reset();  // no object, rather than one with the last key
    return why;
  }
  errc encrypt(cipher& c, const std::uint8_t* in, std::uint8_t* out, std::size_t n) noexcept {
    const auto& kind = c.kinds_[c.keyed_];
    if (!kind) return errc::crypto_backend;
    return guarded([&] { return kind->encrypt_n(in, out, n), true; });
  }
  errc decrypt(cipher& c, const std::uint8_t* in, std::uint8_t* out, std::size_t n) noexcept {
    const auto& kind = c.kinds_[c.keyed_];
    if (!kind) return errc::crypto_backend;
    return guarded([&] { return kind->decrypt_n(in, out, n), true; });
  }

  errc rekey(mac& m, hash_id id, secret_view key) noexcept {
    m.kept_.wipe();  // also of a longer key than this one
    m.hash_ = id;
    const std::size_t block = block_octets(id);
    const auto both = m.kept_.expose_for_writing(2 * block), inner = both.first(block), outer = both.last(block);
    errc why = hasher(id) == nullptr ? errc::crypto_backend : errc::ok;
    if (key.size() > block) why = shorten(id, key, inner);
    else kerb::detail::copy_octets(key.data(), key.size(), inner.data());
    if (why != errc::ok) return m.kept_.wipe(), why;
    repad(inner, 0x5c, outer.data());
    repad(inner, 0x36, inner.data());
    return errc::ok;
  }
  errc hmac(mac& m, view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    if (m.kept_.empty() || out.size() > hash_octets(m.hash_)) return errc::crypto_backend;
    const bytes_view kept = m.kept_.expose().unguarded();
    Botan::HashFunction* const h = hasher(m.hash_);
    std::array<std::uint8_t, max_hash_octets> whole;
    wiped_on_exit wipe(whole);
    if (h == nullptr) return errc::crypto_backend;
    const errc why = guarded([&] {
      h->update(kept.data(), kept.size() / 2);
      for (const bytes_view piece : pieces) h->update(piece.data(), piece.size());
      h->final(whole.data());
      h->update(kept.data() + kept.size() / 2, kept.size() / 2);
      h->update(whole.data(), hash_octets(m.hash_));
      return h->final(whole.data()), true;
    });
    return ended(*h, why, whole, out);
  }
  errc hash(hash_id id, view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    std::array<std::uint8_t, max_hash_octets> whole;
    wiped_on_exit wipe(whole);
    Botan::HashFunction* const h = hasher(id);
    if (h == nullptr || out.size() > hash_octets(id)) return errc::crypto_backend;
    const errc why = guarded([&] {
      for (const bytes_view piece : pieces) h->update(piece.data(), piece.size());
      return h->final(whole.data()), true;
    });
    return ended(*h, why, whole, out);
  }

  errc stream(stream_id, secret_view key, const std::uint8_t* in, std::uint8_t* out, std::size_t n) noexcept {
    const errc why = guarded([&] {
      if (!rc4_) rc4_ = Botan::StreamCipher::create("RC4");
      if (!rc4_) return false;
      rc4_->set_key(key.data(), key.size());
      return rc4_->cipher(in, out, n), true;
    });
    if (why != errc::ok) rc4_.reset();
    return why;
  }

  /// By Botan's own PBKDF2. A password that is longer than a block is hashed here, because Botan
  /// limits HMAC keys to 4096 octets.
  errc pbkdf2(hash_id id, secret_view password, bytes_view salt, std::uint64_t iterations,
              std::span<std::uint8_t> out) noexcept {
    std::array<std::uint8_t, max_hash_octets> hashed;
    wiped_on_exit wipe(hashed);
    if (password.size() > block_octets(id)) {
      if (const errc e = shorten(id, password, hashed); e != errc::ok) return e;
      password = secret_view(hashed.data(), hash_octets(id));
    }
    if (iterations > std::numeric_limits<std::size_t>::max()) return errc::crypto_backend;
    return guarded([&] {
      const auto family = Botan::PasswordHashFamily::create(pbkdf2_names[static_cast<std::size_t>(id)]);
      if (!family) return false;
      family->from_params(static_cast<std::size_t>(iterations))
          ->derive_key(out.data(), out.size(), reinterpret_cast<const char*>(password.data()), password.size(),
                       salt.data(), salt.size());
      return true;
    });
  }

  bool fill(std::span<std::uint8_t> out) noexcept {
    return guarded([&] { return Botan::system_rng().randomize(out.data(), out.size()), true; }) == errc::ok;
  }

 private:
  template <class F>
  static errc guarded(F&& f) noexcept {
    try {
      return f() ? errc::ok : errc::crypto_backend;
    } catch (...) { return errc::crypto_backend; }
  }
  // Indexed by cipher_id and hash_id.
  static constexpr const char* cipher_names[] = {"AES-128", "AES-256", "Camellia-128", "Camellia-256", "TripleDES"};
  static constexpr const char* hash_names[] = {"SHA-1", "SHA-256", "SHA-384", "SHA-512", "MD5", "MD4"};
  static constexpr const char* pbkdf2_names[] = {"PBKDF2(SHA-1)",   "PBKDF2(SHA-256)", "PBKDF2(SHA-384)",
                                                 "PBKDF2(SHA-512)", "PBKDF2(MD5)",     "PBKDF2(MD4)"};

  static constexpr std::size_t block_octets(hash_id id) {
    return id == hash_id::sha384 || id == hash_id::sha512 ? 128 : 64;
  }
  /// Hashes an HMAC's key that is longer than a block, RFC 2104 section 2.
  errc shorten(hash_id id, secret_view key, std::span<std::uint8_t> out) noexcept {
    const bytes_view whole[]{key.unguarded()};
    return hash(id, whole, out.first(hash_octets(id)));
  }
  /// XORs a padded key, of one block of the hash, with an octet of HMAC's padding.
  static void repad(bytes_view block, std::uint8_t with, std::uint8_t* out) {
    cipher_block pad;
    pad.fill(with);
    for (std::size_t at = 0; at != block.size(); at += pad.size())
      kerb::detail::xor_block(block.data() + at, pad.data(), out + at);
  }
  /// The hash function, created if necessary; null if Botan does not have it.
  Botan::HashFunction* hasher(hash_id id) noexcept {
    auto& kind = hashes_[static_cast<std::size_t>(id)];
    if (!kind)
      (void)guarded([&] {
        kind = Botan::HashFunction::create(hash_names[static_cast<std::size_t>(id)]);
        return true;
      });
    return kind.get();
  }
  /// final() has prepared the object for the next message. Copies as much of the hash as requested.
  static errc ended(Botan::HashFunction& h, errc why, std::span<const std::uint8_t> whole,
                    std::span<std::uint8_t> out) noexcept {
    if (why == errc::ok) kerb::detail::copy_octets(whole.data(), out.size(), out.data());
    else  // else absorbed octets would stay in front of the next message
      (void)guarded([&] { return h.clear(), true; });
    return why;
  }

  std::array<std::unique_ptr<Botan::HashFunction>, 6> hashes_;
  std::unique_ptr<Botan::StreamCipher> rc4_;
};

/// The policy that a program uses: the encryption types of RFC 8009 and RFC 3962.
using policy = engine<primitives, aes_sha2, aes_sha1>;

}  // namespace botan
}  // namespace kerb::inline v0
