// An adapter for a cryptographic library that kerb does not support itself: GNU Nettle.
#pragma once
#include <nettle/aes.h>
#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <nettle/nettle-meta.h>
#include <nettle/pbkdf2.h>
#include <nettle/sha.h>
#include <sys/random.h>
#undef pbkdf2  // Nettle renames its function with a macro

#include <kerb/crypto/engine.hpp>
#include <kerb/crypto/rfc3962.hpp>
#include <kerb/crypto/rfc8009.hpp>

namespace example {

/// A context of Nettle, which is a plain value. It is wiped when it is destroyed or moved from, and is empty then.
template <class T>
class held {
 public:
  held() = default;
  held(held&& o) noexcept : value_(o.value_), there_(o.there_) { o.wipe(); }
  held& operator=(held&& o) noexcept {
    if (this == &o) return *this;
    value_ = o.value_;
    there_ = o.there_;
    o.wipe();
    return *this;
  }
  ~held() { wipe(); }
  T* get() { return there_ ? &value_ : nullptr; }
  T& fresh() {
    there_ = true;
    return value_;
  }
  void wipe() {
    kerb::secure_zero(reinterpret_cast<std::uint8_t*>(&value_), sizeof value_);
    there_ = false;
  }

 private:
  T value_{};
  bool there_ = false;
};

/// Models kerb::primitives (kerb/crypto/policy.hpp).
class nettle_primitives {
  union hash_state {
    sha1_ctx sha1;
    sha256_ctx sha256;
    sha512_ctx sha512;
    md5_ctx md5;
  };
  struct aes {
    kerb::cipher_id id;
    union {
      aes128_ctx aes128;
      aes256_ctx aes256;
    } encryption, decryption;
  };
  struct keyed_hash {
    const nettle_hash* hash;
    hash_state outer, inner, state;
  };

 public:
  using cipher = held<aes>;
  using mac = held<keyed_hash>;

  kerb::errc rekey(cipher& c, kerb::cipher_id id, kerb::secret_view key) noexcept {
    c.wipe();
    const bool is_128 = id == kerb::cipher_id::aes128;
    if ((!is_128 && id != kerb::cipher_id::aes256) || key.size() != (is_128 ? 16u : 32u))
      return kerb::errc::crypto_backend;
    aes& a = c.fresh();
    a.id = id;
    if (is_128) {
      aes128_set_encrypt_key(&a.encryption.aes128, key.data());
      aes128_invert_key(&a.decryption.aes128, &a.encryption.aes128);
    } else {
      aes256_set_encrypt_key(&a.encryption.aes256, key.data());
      aes256_invert_key(&a.decryption.aes256, &a.encryption.aes256);
    }
    return kerb::errc::ok;
  }
  kerb::errc encrypt(cipher& c, const std::uint8_t* in, std::uint8_t* out, std::size_t n) noexcept {
    const aes* const a = c.get();
    if (a == nullptr) return kerb::errc::crypto_backend;
    if (a->id == kerb::cipher_id::aes128) aes128_encrypt(&a->encryption.aes128, 16 * n, out, in);
    else aes256_encrypt(&a->encryption.aes256, 16 * n, out, in);
    return kerb::errc::ok;
  }
  kerb::errc decrypt(cipher& c, const std::uint8_t* in, std::uint8_t* out, std::size_t n) noexcept {
    const aes* const a = c.get();
    if (a == nullptr) return kerb::errc::crypto_backend;
    if (a->id == kerb::cipher_id::aes128) aes128_decrypt(&a->decryption.aes128, 16 * n, out, in);
    else aes256_decrypt(&a->decryption.aes256, 16 * n, out, in);
    return kerb::errc::ok;
  }

  kerb::errc rekey(mac& m, kerb::hash_id id, kerb::secret_view key) noexcept {
    m.wipe();
    if (hash_of(id) == nullptr) return kerb::errc::crypto_backend;
    keyed_hash& k = m.fresh();
    k.hash = hash_of(id);
    hmac_set_key(&k.outer, &k.inner, &k.state, k.hash, key.size(), key.data());
    return kerb::errc::ok;
  }
  kerb::errc hmac(mac& m, kerb::view_of<kerb::bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    keyed_hash* const k = m.get();
    if (k == nullptr || out.size() > k->hash->digest_size) return kerb::errc::crypto_backend;
    for (const kerb::bytes_view piece : pieces) hmac_update(&k->state, k->hash, piece.size(), piece.data());
    hmac_digest(&k->outer, &k->inner, &k->state, k->hash, out.size(), out.data());
    return kerb::errc::ok;
  }
  kerb::errc hash(kerb::hash_id id, kerb::view_of<kerb::bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    const nettle_hash* const h = hash_of(id);
    if (h == nullptr || out.size() > h->digest_size) return kerb::errc::crypto_backend;
    hash_state state;
    h->init(&state);
    for (const kerb::bytes_view piece : pieces) h->update(&state, piece.size(), piece.data());
    h->digest(&state, out.size(), out.data());
    return kerb::errc::ok;
  }
  kerb::errc pbkdf2(kerb::hash_id id, kerb::secret_view password, kerb::bytes_view salt, std::uint64_t iterations,
                    std::span<std::uint8_t> out) noexcept {
    mac m;
    if (iterations > 0xffffffff || rekey(m, id, password) != kerb::errc::ok) return kerb::errc::crypto_backend;
    const auto update = [](void* k, std::size_t n, const std::uint8_t* octets) {
      hmac_update(&static_cast<keyed_hash*>(k)->state, static_cast<keyed_hash*>(k)->hash, n, octets);
    };
    const auto digest = [](void* p, std::size_t n, std::uint8_t* to) {
      auto* const k = static_cast<keyed_hash*>(p);
      hmac_digest(&k->outer, &k->inner, &k->state, k->hash, n, to);
    };
    nettle_pbkdf2(m.get(), update, digest, m.get()->hash->digest_size, static_cast<unsigned>(iterations), salt.size(),
                  salt.data(), out.size(), out.data());
    return kerb::errc::ok;
  }
  bool fill(std::span<std::uint8_t> out) noexcept {
    return getrandom(out.data(), out.size(), 0) == static_cast<ssize_t>(out.size());
  }

 private:
  static const nettle_hash* hash_of(kerb::hash_id id) {
    switch (id) {
      case kerb::hash_id::sha1: return &nettle_sha1;
      case kerb::hash_id::sha256: return &nettle_sha256;
      case kerb::hash_id::sha384: return &nettle_sha384;
      case kerb::hash_id::sha512: return &nettle_sha512;
      case kerb::hash_id::md5: return &nettle_md5;
      default: return nullptr;
    }
  }
};

using nettle_policy = kerb::engine<nettle_primitives, kerb::aes_sha2, kerb::aes_sha1>;

}  // namespace example
