// The policy on Botan's C++ interface, versions 2.19 and 3.
#pragma once
#include <botan/block_cipher.h>
#include <botan/hash.h>
#include <botan/mac.h>
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

/// kerb::primitives on Botan's block ciphers, HMACs and hashes. An object is made when its kind is first needed and is
/// kept for re-keying, since making one costs more than using it. All of them live in memory that Botan wipes.
///
/// Randomness is Botan's System_RNG, drawn from the operating system for each call: nothing is kept in between, so
/// neither fork() nor a copied virtual machine can make two processes draw the same octets. Its security rests on the
/// system's generator alone, and the price is a system call.
class primitives {
 public:
  /// Holds a cipher's schedule.
  class cipher {
    friend class primitives;
    std::array<std::unique_ptr<Botan::BlockCipher>, 5> kinds_;
    std::size_t keyed_ = 0;  // an index, so that a moved-from holder finds nothing there
  };
  /// Holds an HMAC with its key.
  class mac {
    friend class primitives;
    std::array<std::unique_ptr<Botan::MessageAuthenticationCode>, 6> kinds_;
    std::size_t keyed_ = 0;
  };

  /// Botan's pool of locked memory dies with the program; taking from it here makes it outlive a policy that is static.
  primitives() noexcept {
    (void)guarded([] { return !Botan::secure_vector<std::uint8_t>(16).empty(); });
  }

  /// All of them, unless Botan was built without: then errc::crypto_backend says so.
  static constexpr bool supports(cipher_id) { return true; }
  static constexpr bool supports(hash_id) { return true; }
  static constexpr bool supports(stream_id) { return true; }

  errc rekey(cipher& c, cipher_id id, secret_view key) noexcept {
    return scheduled(c, id, key,
                     [&] { return Botan::BlockCipher::create(cipher_names[static_cast<std::size_t>(id)]); });
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
    return scheduled(
        m, id, key, [&] { return Botan::MessageAuthenticationCode::create(hmac_names[static_cast<std::size_t>(id)]); });
  }
  errc hmac(mac& m, view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    return finish(m.kinds_[m.keyed_].get(), static_cast<hash_id>(m.keyed_), pieces, out);
  }
  errc hash(hash_id id, view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    auto& kind = hashes_[static_cast<std::size_t>(id)];
    const errc made = guarded([&] {
      if (!kind) kind = Botan::HashFunction::create(hash_names[static_cast<std::size_t>(id)]);
      return kind != nullptr;
    });
    return made != errc::ok ? made : finish(kind.get(), id, pieces, out);
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

  /// Passwords have at most 4096 octets, Botan's bound for keys of an HMAC.
  errc pbkdf2(hash_id id, secret_view password, bytes_view salt, std::uint64_t iterations,
              std::span<std::uint8_t> out) noexcept {
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
  /// The object of a kind, made unless it is there, with the key; none when that fails, rather than one with the last
  /// key.
  template <class Holder, class Id, class Make>
  static errc scheduled(Holder& h, Id id, secret_view key, Make&& make) noexcept {
    auto& kind = h.kinds_[h.keyed_ = static_cast<std::size_t>(id)];
    const errc why = guarded([&] {
      if (!kind) kind = make();
      if (kind) kind->set_key(key.data(), key.size());
      return kind != nullptr;
    });
    if (why != errc::ok) kind.reset();
    return why;
  }
  // By cipher_id and hash_id
  static constexpr const char* cipher_names[] = {"AES-128", "AES-256", "Camellia-128", "Camellia-256", "TripleDES"};
  static constexpr const char* hash_names[] = {"SHA-1", "SHA-256", "SHA-384", "SHA-512", "MD5", "MD4"};
  static constexpr const char* hmac_names[] = {"HMAC(SHA-1)",   "HMAC(SHA-256)", "HMAC(SHA-384)",
                                               "HMAC(SHA-512)", "HMAC(MD5)",     "HMAC(MD4)"};
  static constexpr const char* pbkdf2_names[] = {"PBKDF2(SHA-1)",   "PBKDF2(SHA-256)", "PBKDF2(SHA-384)",
                                                 "PBKDF2(SHA-512)", "PBKDF2(MD5)",     "PBKDF2(MD4)"};

  /// A hash or an HMAC, which final() makes ready for the next message.
  template <class Computation>
  static errc finish(Computation* c, hash_id id, view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    std::array<std::uint8_t, max_hash_octets> whole;
    if (c == nullptr || out.size() > hash_octets(id)) return errc::crypto_backend;
    wiped_on_exit wipe(whole);
    const errc why = guarded([&] {
      for (const bytes_view piece : pieces) c->update(piece.data(), piece.size());
      return c->final(whole.data()), true;
    });
    if (why == errc::ok) detail::copy_octets(whole.data(), out.size(), out.data());
    else  // what was absorbed must not stay in front of the next message
      (void)guarded([&] { return c->final(whole.data()), true; });
    return why;
  }

  std::array<std::unique_ptr<Botan::HashFunction>, 6> hashes_;
  std::unique_ptr<Botan::StreamCipher> rc4_;
};

/// What a program names: the encryption types of RFC 8009 and RFC 3962.
using policy = engine<primitives, aes_sha2, aes_sha1>;

}  // namespace botan
}  // namespace kerb::inline v0
