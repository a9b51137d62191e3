// The crypto policy on Botan's C interface: for builds without exceptions, or with a C++ library other than Botan's.
#pragma once
#include <botan/ffi.h>

#include <array>
#include <limits>
#include <utility>

#include "engine.hpp"
#include "rfc3962.hpp"
#include "rfc8009.hpp"

namespace kerb::inline v0 {
namespace botan_ffi {

/// Owns an object of Botan's C interface.
template <class T, int (*Destroy)(T)>
class handle {
 public:
  handle() = default;
  handle(handle&& o) noexcept : p_(std::exchange(o.p_, nullptr)) {}
  handle& operator=(handle&& o) noexcept {
    if (this != &o) {
      reset();
      p_ = std::exchange(o.p_, nullptr);
    }
    return *this;
  }
  ~handle() { reset(); }
  T get() const { return p_; }
  /// Creates the object with init(&object, arguments...) unless it exists. Returns whether it exists now.
  template <class Init, class... Args>
  bool make(Init init, Args... args) {
    if (p_ == nullptr && init(&p_, args...) != BOTAN_FFI_SUCCESS) p_ = nullptr;
    return p_ != nullptr;
  }
  void reset() {
    if (p_ != nullptr) (void)Destroy(p_);
    p_ = nullptr;
  }

 private:
  T p_ = nullptr;
};

/// kerb::primitives as in botan.hpp, a little slower because each call validates its handle.
/// Randomness is Botan's "system" generator, which asks the operating system on each call. Nothing
/// is buffered, so neither fork() nor a copied virtual machine can make two processes draw the same
/// octets.
class primitives {
 public:
  /// Contains a cipher's key schedule.
  class cipher {
    friend class primitives;
    std::array<handle<botan_block_cipher_t, botan_block_cipher_destroy>, 5> kinds_;
    std::size_t keyed_ = 0;  // an index, so that a moved-from holder refers to nothing
  };
  /// Contains an HMAC with its key.
  class mac {
    friend class primitives;
    std::array<handle<botan_mac_t, botan_mac_destroy>, 6> kinds_;
    std::size_t keyed_ = 0;
  };

  /// Botan's pool of locked memory is destroyed when the program ends. Allocating from it here
  /// makes it outlive a static policy.
  primitives() noexcept {
    mac first;
    const std::uint8_t any[16]{};
    (void)rekey(first, hash_id::sha1, secret_view(any, sizeof any));
  }

  /// True for all; errc::crypto_backend is returned if Botan was built without one.
  static constexpr bool supports(cipher_id) { return true; }
  static constexpr bool supports(hash_id) { return true; }
  static constexpr bool supports(stream_id) { return true; }

  errc rekey(cipher& c, cipher_id id, secret_view key) noexcept {
    auto& kind = c.kinds_[c.keyed_ = static_cast<std::size_t>(id)];
    if (!kind.make(botan_block_cipher_init, cipher_names[static_cast<std::size_t>(id)])) return errc::crypto_backend;
    return kept(kind, botan_block_cipher_set_key(kind.get(), key.data(), key.size()));
  }
  // Botan itself rejects a null handle.
  errc encrypt(cipher& c, const std::uint8_t* in, std::uint8_t* out, std::size_t n) noexcept {
    return said(botan_block_cipher_encrypt_blocks(c.kinds_[c.keyed_].get(), in, out, n));
  }
  errc decrypt(cipher& c, const std::uint8_t* in, std::uint8_t* out, std::size_t n) noexcept {
    return said(botan_block_cipher_decrypt_blocks(c.kinds_[c.keyed_].get(), in, out, n));
  }

  errc rekey(mac& m, hash_id id, secret_view key) noexcept {
    auto& kind = m.kinds_[m.keyed_ = static_cast<std::size_t>(id)];
    if (!kind.make(botan_mac_init, hmac_names[static_cast<std::size_t>(id)], 0u)) return errc::crypto_backend;
    return kept(kind, botan_mac_set_key(kind.get(), data_of(key.unguarded()), key.size()));
  }
  errc hmac(mac& m, view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    return finish(m.kinds_[m.keyed_].get(), botan_mac_update, botan_mac_final, static_cast<hash_id>(m.keyed_), pieces,
                  out);
  }
  errc hash(hash_id id, view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    auto& kind = hashes_[static_cast<std::size_t>(id)];
    if (!kind.make(botan_hash_init, hash_names[static_cast<std::size_t>(id)], 0u)) return errc::crypto_backend;
    return finish(kind.get(), botan_hash_update, botan_hash_final, id, pieces, out);
  }

  /// Botan's C interface offers stream ciphers as cipher modes, which continue where the last piece
  /// ended and keep a copy of each piece until the next one. In most versions of Botan each call
  /// allocates a few octets.
  errc stream(stream_id, secret_view key, const std::uint8_t* in, std::uint8_t* out, std::size_t n) noexcept {
    constexpr std::uint8_t zeros[256]{};
    std::uint8_t over[sizeof zeros];
    if (!rc4_.make(botan_cipher_init, "RC4", std::uint32_t{BOTAN_CIPHER_INIT_FLAG_ENCRYPT}))
      return errc::crypto_backend;
    int code = botan_cipher_set_key(rc4_.get(), key.data(), key.size());
    if (code == BOTAN_FFI_SUCCESS) code = botan_cipher_start(rc4_.get(), nullptr, 0);
    const auto piece = [&](const std::uint8_t* from, std::uint8_t* to, std::size_t size) {
      std::size_t written = 0, taken = 0;
      if (code == BOTAN_FFI_SUCCESS)
        code = botan_cipher_update(rc4_.get(), BOTAN_CIPHER_UPDATE_FLAG_FINAL, to, size, &written, from, size, &taken);
      if (code == BOTAN_FFI_SUCCESS && written != size) code = BOTAN_FFI_ERROR_INTERNAL_ERROR;
    };
    for (std::size_t at = 0; at < n; at += sizeof zeros)
      piece(in + at, out + at, n - at < sizeof zeros ? n - at : sizeof zeros);
    piece(zeros, over, sizeof zeros);
    return kept(rc4_, code);
  }

  /// Passwords are limited to 4096 octets, Botan's limit for HMAC keys.
  errc pbkdf2(hash_id id, secret_view password, bytes_view salt, std::uint64_t iterations,
              std::span<std::uint8_t> out) noexcept {
    if (iterations > std::numeric_limits<std::size_t>::max()) return errc::crypto_backend;
    // Botan interprets a length of 0 as a zero-terminated password, so it gets an empty one.
    const char* const text = password.empty() ? "" : reinterpret_cast<const char*>(password.data());
    return said(botan_pwdhash(pbkdf2_names[static_cast<std::size_t>(id)], static_cast<std::size_t>(iterations), 0, 0,
                              out.data(), out.size(), text, password.size(), data_of(salt), salt.size()));
  }

  bool fill(std::span<std::uint8_t> out) noexcept {
    return rng_.make(botan_rng_init, "system") &&
           botan_rng_get(rng_.get(), out.data(), out.size()) == BOTAN_FFI_SUCCESS;
  }

 private:
  static errc said(int code) { return code == BOTAN_FFI_SUCCESS ? errc::ok : errc::crypto_backend; }
  /// Whether a key was set. If not, the object is destroyed, so that none is left with the last key.
  template <class Handle>
  static errc kept(Handle& h, int code) {
    if (code != BOTAN_FFI_SUCCESS) h.reset();
    return said(code);
  }
  // Indexed by cipher_id and hash_id.
  static constexpr const char* cipher_names[] = {"AES-128", "AES-256", "Camellia-128", "Camellia-256", "TripleDES"};
  static constexpr const char* hash_names[] = {"SHA-1", "SHA-256", "SHA-384", "SHA-512", "MD5", "MD4"};
  static constexpr const char* hmac_names[] = {"HMAC(SHA-1)",   "HMAC(SHA-256)", "HMAC(SHA-384)",
                                               "HMAC(SHA-512)", "HMAC(MD5)",     "HMAC(MD4)"};
  static constexpr const char* pbkdf2_names[] = {"PBKDF2(SHA-1)",   "PBKDF2(SHA-256)", "PBKDF2(SHA-384)",
                                                 "PBKDF2(SHA-512)", "PBKDF2(MD5)",     "PBKDF2(MD4)"};
  /// A pointer that is never null, even for no octets, because Botan rejects null.
  static const std::uint8_t* data_of(bytes_view v) {
    static constexpr std::uint8_t nothing = 0;
    return v.empty() ? &nothing : v.data();
  }

  /// Runs a hash or an HMAC; final() prepares it for the next message.
  template <class Handle, class Update, class Final>
  static errc finish(Handle h, Update update, Final final, hash_id id, view_of<bytes_view> pieces,
                     std::span<std::uint8_t> out) noexcept {
    std::array<std::uint8_t, max_hash_octets> whole;
    if (h == nullptr || out.size() > hash_octets(id)) return errc::crypto_backend;
    wiped_on_exit wipe(whole);
    errc why = errc::ok;
    for (const bytes_view piece : pieces)
      if (why == errc::ok && !piece.empty()) why = said(update(h, piece.data(), piece.size()));
    // Also after a failure, because absorbed octets must not stay in front of the next message.
    if (const errc e = said(final(h, whole.data())); why == errc::ok) why = e;
    if (why == errc::ok) detail::copy_octets(whole.data(), out.size(), out.data());
    return why;
  }

  std::array<handle<botan_hash_t, botan_hash_destroy>, 6> hashes_;
  handle<botan_cipher_t, botan_cipher_destroy> rc4_;
  handle<botan_rng_t, botan_rng_destroy> rng_;
};

/// The policy that a program uses: the encryption types of RFC 8009 and RFC 3962.
using policy = engine<primitives, aes_sha2, aes_sha1>;

}  // namespace botan_ffi
}  // namespace kerb::inline v0
