// The floor: what an encryption type asks of a crypto library, done with its own calls on kept objects, and nothing
// else. No error is handled and no key wiped here; this is no code to use.
#pragma once
#define OPENSSL_SUPPRESS_DEPRECATED  // saved states of hashes, which make the cheapest HMAC, have no other interface
#include <botan/block_cipher.h>
#include <botan/hash.h>
#include <botan/mac.h>
#include <botan/pwdhash.h>
#include <botan/system_rng.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <kerb/crypto/openssl.hpp>
#include <kerb/crypto/rfc3962.hpp>
#include <kerb/crypto/rfc8009.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

namespace kerb_bench {

using octets = std::span<const std::uint8_t>;

/// The parameters of one of the four encryption types.
inline const kerb::etype_facts& facts_of(int etype) {
  for (const auto& f : kerb::aes_sha1::etypes)
    if (static_cast<int>(f.etype) == etype) return f;
  for (const auto& f : kerb::aes_sha2::etypes)
    if (static_cast<int>(f.etype) == etype) return f;
  std::abort();
}
inline bool is_sha2(const kerb::etype_facts& f) { return f.hash != kerb::hash_id::sha1; }

/// PBKDF2 of an HMAC with saved states.
template <class Mac>
void pbkdf2_of(const kerb::etype_facts& f, const char* password, octets salt, std::span<std::uint8_t> out) {
  Mac m(f);
  m.set_key({reinterpret_cast<const std::uint8_t*>(password), std::strlen(password)});
  const std::size_t size = hash_octets(f.hash);
  for (std::size_t at = 0, block = 1; at < out.size(); at += size, ++block) {
    const std::uint8_t number[] = {0, 0, 0, static_cast<std::uint8_t>(block)};
    std::uint8_t u[64], t[64];
    m.add(salt);
    m.add(number);
    m.end(u);
    std::memcpy(t, u, size);
    for (std::uint32_t i = 1; i != f.iterations; ++i) {
      m.add({u, size});
      m.end(u);
      for (std::size_t k = 0; k != size; ++k) t[k] ^= u[k];
    }
    std::memcpy(out.data() + at, t, std::min(size, out.size() - at));
  }
}

// ---- Botan

class botan_library {
 public:
  static constexpr const char* name = "botan";

  class cipher {
   public:
    explicit cipher(const kerb::etype_facts& f)
        : c_(Botan::BlockCipher::create_or_throw(f.key == 16 ? "AES-128" : "AES-256")) {}
    void set_key(octets k) { c_->set_key(k.data(), k.size()); }
    /// CBC over whole blocks from a zero vector, the last block's plaintext padded by the caller.
    void encrypt(std::uint8_t* io, std::size_t blocks) {
      const std::uint8_t* before = zero;
      for (std::size_t i = 0; i != blocks; ++i, io += 16) {
        exclusive_or(io, before);
        c_->encrypt_n(io, io, 1);
        before = io;
      }
    }
    void encrypt_block(std::uint8_t* b) { c_->encrypt_n(b, b, 1); }
    void decrypt_blocks(const std::uint8_t* in, std::uint8_t* out, std::size_t n) { c_->decrypt_n(in, out, n); }
    /// CBC with stealing, in place.
    void seal(std::span<std::uint8_t> io) {
      const std::size_t last = (io.size() - 1) / 16 * 16, tail = io.size() - last;
      encrypt(io.data(), last / 16);
      std::uint8_t b[16] = {};
      std::memcpy(b, io.data() + last, tail);
      exclusive_or(b, io.data() + last - 16);
      std::memcpy(io.data() + last, io.data() + last - 16, tail);
      c_->encrypt_n(b, io.data() + last - 16, 1);
    }
    void open(octets in, std::uint8_t* out) {
      const std::size_t last = (in.size() - 1) / 16 * 16, tail = in.size() - last, whole = last / 16 - 1;
      std::uint8_t end[16], full[16];
      c_->decrypt_n(in.data(), out, whole);
      for (std::size_t i = 16; i < whole * 16; i += 16) exclusive_or(out + i, in.data() + i - 16);
      c_->decrypt_n(in.data() + last - 16, end, 1);
      std::memcpy(full, end, 16);
      std::memcpy(full, in.data() + last, tail);
      exclusive_or(end, full);
      c_->decrypt_n(full, full, 1);
      if (whole != 0) exclusive_or(full, in.data() + last - 32);
      std::memcpy(out + last - 16, full, 16);
      std::memcpy(out + last, end, tail);
    }

   private:
    static constexpr std::uint8_t zero[16] = {};
    static void exclusive_or(std::uint8_t* io, const std::uint8_t* with) {
      std::uint64_t a[2], b[2];
      std::memcpy(a, io, 16);
      std::memcpy(b, with, 16);
      a[0] ^= b[0], a[1] ^= b[1];
      std::memcpy(io, a, 16);
    }
    std::unique_ptr<Botan::BlockCipher> c_;
  };

  /// The cheapest HMAC that Botan allows: its own if the key was scheduled before. If the key is new, which costs
  /// Botan's own dearly, by the hash function.
  class mac {
   public:
    explicit mac(const kerb::etype_facts& f, bool fresh = false) : block_(f.hash == kerb::hash_id::sha384 ? 128 : 64) {
      const std::string hash = hash_name(f);
      if (fresh) h_ = Botan::HashFunction::create_or_throw(hash);
      else kept_ = Botan::MessageAuthenticationCode::create_or_throw("HMAC(" + hash + ")");
    }
    void set_key(octets k) {
      if (kept_) return kept_->set_key(k.data(), k.size());
      std::memset(inner_, 0x36, block_);
      std::memset(outer_, 0x5c, block_);
      for (std::size_t i = 0; i != k.size(); ++i) inner_[i] ^= k[i], outer_[i] ^= k[i];
      begun_ = false;
    }
    void add(octets o) {
      if (kept_) return kept_->update(o.data(), o.size());
      if (!begun_) h_->update(inner_, block_), begun_ = true;
      h_->update(o.data(), o.size());
    }
    void end(std::uint8_t* whole) {
      if (kept_) return kept_->final(whole);
      h_->final(whole);
      h_->update(outer_, block_);
      h_->update(whole, h_->output_length());
      h_->final(whole);
      begun_ = false;
    }

   private:
    std::size_t block_;
    std::unique_ptr<Botan::MessageAuthenticationCode> kept_;
    std::unique_ptr<Botan::HashFunction> h_;
    std::uint8_t inner_[128], outer_[128];
    bool begun_ = false;
  };

  static void random(std::span<std::uint8_t> out) { Botan::system_rng().randomize(out.data(), out.size()); }
  static void pbkdf2(const kerb::etype_facts& f, const char* password, octets salt, std::span<std::uint8_t> out) {
    const auto family = Botan::PasswordHashFamily::create_or_throw("PBKDF2(" + hash_name(f) + ")");
    family->from_params(f.iterations)
        ->derive_key(out.data(), out.size(), password, std::strlen(password), salt.data(), salt.size());
  }

 private:
  static std::string hash_name(const kerb::etype_facts& f) {
    return f.hash == kerb::hash_id::sha1 ? "SHA-1" : f.hash == kerb::hash_id::sha256 ? "SHA-256" : "SHA-384";
  }
};

// ---- OpenSSL

class openssl_library {
 public:
  static constexpr const char* name = "openssl";

  class cipher {
   public:
    explicit cipher(const kerb::etype_facts& f)
        : encrypt_(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free), decrypt_(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free) {
      const EVP_CIPHER* const c = f.key == 16 ? EVP_aes_128_cbc() : EVP_aes_256_cbc();
      EVP_EncryptInit_ex(encrypt_.get(), c, nullptr, nullptr, nullptr);
      EVP_DecryptInit_ex(decrypt_.get(), c, nullptr, nullptr, nullptr);
      EVP_CIPHER_CTX_set_padding(encrypt_.get(), 0);
      EVP_CIPHER_CTX_set_padding(decrypt_.get(), 0);
    }
    void set_key(octets k) {
      EVP_EncryptInit_ex(encrypt_.get(), nullptr, nullptr, k.data(), zero);
      EVP_DecryptInit_ex(decrypt_.get(), nullptr, nullptr, k.data(), zero);
    }
    void encrypt_block(std::uint8_t* b) {
      EVP_EncryptInit_ex(encrypt_.get(), nullptr, nullptr, nullptr, zero);
      run_encrypt(b, b, 16);
    }
    void seal(std::span<std::uint8_t> io) {
      const std::size_t last = (io.size() - 1) / 16 * 16, tail = io.size() - last;
      EVP_EncryptInit_ex(encrypt_.get(), nullptr, nullptr, nullptr, zero);
      run_encrypt(io.data(), io.data(), last);
      std::uint8_t b[16] = {};
      std::memcpy(b, io.data() + last, tail);
      std::memcpy(io.data() + last, io.data() + last - 16, tail);
      run_encrypt(b, io.data() + last - 16, 16);
    }
    void open(octets in, std::uint8_t* out) {
      const std::size_t last = (in.size() - 1) / 16 * 16, tail = in.size() - last;
      const std::uint8_t *const swapped = in.data() + last - 16, *const before = last == 16 ? zero : swapped - 16;
      EVP_DecryptInit_ex(decrypt_.get(), nullptr, nullptr, nullptr, zero);
      if (last != 16) run_decrypt(in.data(), out, last - 16);
      std::uint8_t end[16], full[16];
      run_decrypt(swapped, end, 16);
      for (int i = 0; i != 16; ++i) end[i] ^= before[i];
      std::memcpy(full, end, 16);
      std::memcpy(full, in.data() + last, tail);
      for (int i = 0; i != 16; ++i) end[i] ^= full[i];
      run_decrypt(full, full, 16);
      for (int i = 0; i != 16; ++i) full[i] ^= swapped[i] ^ before[i];
      std::memcpy(out + last - 16, full, 16);
      std::memcpy(out + last, end, tail);
    }

   private:
    static constexpr std::uint8_t zero[16] = {};
    void run_encrypt(const std::uint8_t* in, std::uint8_t* out, std::size_t n) {
      int made = 0;
      EVP_EncryptUpdate(encrypt_.get(), out, &made, in, static_cast<int>(n));
    }
    void run_decrypt(const std::uint8_t* in, std::uint8_t* out, std::size_t n) {
      int made = 0;
      EVP_DecryptUpdate(decrypt_.get(), out, &made, in, static_cast<int>(n));
    }
    std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> encrypt_, decrypt_;
  };

  /// HMAC from saved states of the hash.
  class mac {
   public:
    explicit mac(const kerb::etype_facts& f, bool = false) : hash_(f.hash) {}
    void set_key(octets k) {
      std::uint8_t pad[128];
      const std::size_t block = hash_ == kerb::hash_id::sha384 ? 128 : 64;
      for (std::uint8_t* p : {&inner_pad, &outer_pad}) {
        std::memset(pad, *p, block);
        for (std::size_t i = 0; i != k.size(); ++i) pad[i] ^= k[i];
        state& s = p == &inner_pad ? inner_ : outer_;
        switch (hash_) {
          case kerb::hash_id::sha1: SHA1_Init(&s.sha1), SHA1_Update(&s.sha1, pad, block); break;
          case kerb::hash_id::sha256: SHA256_Init(&s.sha256), SHA256_Update(&s.sha256, pad, block); break;
          default: SHA384_Init(&s.sha512), SHA384_Update(&s.sha512, pad, block);
        }
      }
      now_ = inner_;
    }
    void add(octets o) {
      switch (hash_) {
        case kerb::hash_id::sha1: SHA1_Update(&now_.sha1, o.data(), o.size()); break;
        case kerb::hash_id::sha256: SHA256_Update(&now_.sha256, o.data(), o.size()); break;
        default: SHA384_Update(&now_.sha512, o.data(), o.size());
      }
    }
    void end(std::uint8_t* whole) {
      std::uint8_t first[64];
      state s = outer_;
      switch (hash_) {
        case kerb::hash_id::sha1:
          SHA1_Final(first, &now_.sha1), SHA1_Update(&s.sha1, first, 20), SHA1_Final(whole, &s.sha1);
          break;
        case kerb::hash_id::sha256:
          SHA256_Final(first, &now_.sha256), SHA256_Update(&s.sha256, first, 32), SHA256_Final(whole, &s.sha256);
          break;
        default: SHA384_Final(first, &now_.sha512), SHA384_Update(&s.sha512, first, 48), SHA384_Final(whole, &s.sha512);
      }
      now_ = inner_;
    }

   private:
    static inline std::uint8_t inner_pad = 0x36, outer_pad = 0x5c;
    union state {
      SHA_CTX sha1;
      SHA256_CTX sha256;
      SHA512_CTX sha512;
    };
    kerb::hash_id hash_;
    state inner_, outer_, now_;
  };

  static void random(std::span<std::uint8_t> out) { RAND_bytes(out.data(), static_cast<int>(out.size())); }
  static void pbkdf2(const kerb::etype_facts& f, const char* password, octets salt, std::span<std::uint8_t> out) {
    pbkdf2_of<mac>(f, password, salt, out);  // PKCS5_PBKDF2_HMAC makes and frees contexts for each iteration
  }
};

// ---- what the encryption types make of them

/// Ke and Ki of one usage, scheduled, on objects that are kept.
template <class Library>
class floor_keys {
 public:
  /// `fresh`: scheduled for each message.
  explicit floor_keys(const kerb::etype_facts& f, bool fresh = false)
      : f_(f), base_(f), ke_(f), base_mac_(f, true), ki_(f, fresh) {}  // no base key serves twice

  void schedule(octets key, kerb::key_usage_t usage) {
    std::uint8_t e[32], i[64];
    set_base(key);
    derive(usage, kerb::derived_key::encryption, {e, f_.key});
    derive(usage, kerb::derived_key::integrity, {i, f_.mac_key});
    ke_.set_key({e, f_.key});
    ki_.set_key({i, f_.mac_key});
  }
  /// `io`: confounder, plaintext, and space for the tag; the confounder is there.
  void seal(std::span<std::uint8_t> io) {
    const auto text = io.first(io.size() - f_.tag);
    std::uint8_t whole[64];
    if (is_sha2(f_)) {
      ke_.seal(text);
      ki_.add(iv);
    }
    ki_.add(text);
    ki_.end(whole);
    std::memcpy(io.data() + text.size(), whole, f_.tag);
    if (!is_sha2(f_)) ke_.seal(text);
  }
  bool open(octets in, std::uint8_t* out) {
    const octets text = in.first(in.size() - f_.tag);
    std::uint8_t whole[64];
    if (is_sha2(f_)) {
      ki_.add(iv);
      ki_.add(text);
    } else {
      ke_.open(text, out);
      ki_.add({out, text.size()});
    }
    ki_.end(whole);
    unsigned differ = 0;
    for (std::size_t i = 0; i != f_.tag; ++i) differ |= whole[i] ^ in[text.size() + i];
    if (differ != 0) return false;
    if (is_sha2(f_)) ke_.open(text, out);
    return true;
  }
  /// A keyed checksum; its key is derived for it.
  void sum(octets key, kerb::key_usage_t usage, octets data, std::uint8_t* whole) {
    std::uint8_t c[64];
    set_base(key);
    derive(usage, kerb::derived_key::checksum, {c, f_.mac_key});
    ki_.set_key({c, f_.mac_key});
    ki_.add(data);
    ki_.end(whole);
  }
  /// String-to-key's last step, with the constant "kerberos".
  void derive_password_key(octets key, std::uint8_t* out) {
    const octets constant(reinterpret_cast<const std::uint8_t*>("kerberos"), 8);
    set_base(key);
    if (is_sha2(f_)) return kdf(constant, {out, f_.key});
    std::array<std::uint8_t, 16> folded{};
    kerb::nfold(constant, folded);
    chain(folded, {out, f_.key});
  }

 private:
  static constexpr std::uint8_t iv[16] = {};
  void set_base(octets key) {
    if (is_sha2(f_)) base_mac_.set_key(key);
    else base_.set_key(key);
  }
  void derive(kerb::key_usage_t usage, kerb::derived_key kind, std::span<std::uint8_t> out) {
    if (is_sha2(f_)) kdf(kerb::detail::usage_constant(usage, kind), out);
    else chain(kerb::folded_usage(usage, kind), out);
  }
  void chain(std::array<std::uint8_t, 16> b, std::span<std::uint8_t> out) {
    for (std::size_t at = 0; at != out.size(); at += 16) {
      base_.encrypt_block(b.data());
      std::memcpy(out.data() + at, b.data(), 16);
    }
  }
  void kdf(octets label, std::span<std::uint8_t> out) {
    const std::uint8_t counter[] = {0, 0, 0, 1};
    const std::uint8_t rest[] = {0, 0, 0, static_cast<std::uint8_t>(out.size() * 8 >> 8),
                                 static_cast<std::uint8_t>(out.size() * 8)};
    std::uint8_t whole[64];
    base_mac_.add(counter);
    base_mac_.add(label);
    base_mac_.add(rest);
    base_mac_.end(whole);
    std::memcpy(out.data(), whole, out.size());
  }

  const kerb::etype_facts& f_;
  typename Library::cipher base_, ke_;
  typename Library::mac base_mac_, ki_;
};

}  // namespace kerb_bench
