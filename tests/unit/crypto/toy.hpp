// A cryptographic library that is none: it runs in the compiler, counts its calls, and fails when told to.
#pragma once
#include <algorithm>
#include <array>

#include "kerb/crypto/des3.hpp"
#include "kerb/crypto/engine.hpp"
#include "kerb/crypto/rc4.hpp"
#include "kerb/crypto/rfc3962.hpp"
#include "kerb/crypto/rfc6803.hpp"
#include "kerb/crypto/rfc8009.hpp"

namespace kerb_test {

/// What a toy was asked for; shared by the test and the toy.
struct toy_calls {
  int left = 1 << 20;  ///< calls that succeed before all fail
  int decrypted = 0;   ///< blocks
};

struct toy {
  struct cipher {
    std::array<std::uint8_t, 32> key{};
    std::size_t octets = 0;
    std::size_t block = 16;
  };
  struct mac {
    std::uint64_t state = 0;
  };
  toy_calls* calls = nullptr;

  static constexpr bool supports(kerb::cipher_id) { return true; }
  static constexpr bool supports(kerb::hash_id) { return true; }
  static constexpr bool supports(kerb::stream_id) { return true; }

  constexpr kerb::errc rekey(cipher& c, kerb::cipher_id id, kerb::secret_view key) noexcept {
    c.octets = key.size();
    c.block = id == kerb::cipher_id::des_ede3 ? 8 : 16;
    std::copy_n(key.data(), key.size(), c.key.begin());
    return said();
  }
  constexpr kerb::errc encrypt(cipher& c, const std::uint8_t* in, std::uint8_t* out, std::size_t n) noexcept {
    for (std::size_t at = 0; at != n * c.block; at += c.block) {
      std::array<std::uint8_t, 16> o{};
      for (std::size_t i = 0; i != c.block; ++i)
        o[i] = static_cast<std::uint8_t>(in[at + (5 * i + 3) % c.block] + c.key[i % c.octets] + 7 * i);
      std::copy_n(o.begin(), c.block, out + at);
    }
    return said();
  }
  constexpr kerb::errc decrypt(cipher& c, const std::uint8_t* in, std::uint8_t* out, std::size_t n) noexcept {
    for (std::size_t at = 0; at != n * c.block; at += c.block) {
      std::array<std::uint8_t, 16> o{};
      for (std::size_t i = 0; i != c.block; ++i)
        o[(5 * i + 3) % c.block] = static_cast<std::uint8_t>(in[at + i] - c.key[i % c.octets] - 7 * i);
      std::copy_n(o.begin(), c.block, out + at);
    }
    if (calls != nullptr) calls->decrypted += static_cast<int>(n);
    return said();
  }
  constexpr kerb::errc stream(kerb::stream_id, kerb::secret_view key, const std::uint8_t* in, std::uint8_t* out,
                              std::size_t n) noexcept {
    std::uint64_t s = mixed(1, key.unguarded());
    for (std::size_t i = 0; i != n; ++i) {
      s = mixed(s, {});
      out[i] = static_cast<std::uint8_t>(in[i] ^ s >> 56);
    }
    return said();
  }
  constexpr kerb::errc rekey(mac& m, kerb::hash_id h, kerb::secret_view key) noexcept {
    m.state = mixed(static_cast<std::uint64_t>(h) + 1, key.unguarded());
    return said();
  }
  constexpr kerb::errc hmac(mac& m, kerb::view_of<kerb::bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    std::uint64_t s = m.state;
    for (const kerb::bytes_view piece : pieces) s = absorbed(s, piece);  // wherever the pieces are cut
    for (std::uint8_t& o : out) {
      s = mixed(s, {});
      o = static_cast<std::uint8_t>(s >> 56);
    }
    return said();
  }
  constexpr kerb::errc hash(kerb::hash_id h, kerb::view_of<kerb::bytes_view> pieces,
                            std::span<std::uint8_t> out) noexcept {
    mac m{static_cast<std::uint64_t>(h)};
    return hmac(m, pieces, out);
  }
  constexpr kerb::errc pbkdf2(kerb::hash_id h, kerb::secret_view password, kerb::bytes_view salt, std::uint64_t n,
                              std::span<std::uint8_t> out) noexcept {
    const kerb::bytes_view pieces[]{password.unguarded(), salt};
    mac m{static_cast<std::uint64_t>(h) + n};
    return hmac(m, pieces, out);
  }
  constexpr bool fill(std::span<std::uint8_t> out) noexcept {
    for (std::uint8_t& o : out) o = 0x5a;
    return said() == kerb::errc::ok;
  }

 private:
  static constexpr std::uint64_t absorbed(std::uint64_t s, kerb::bytes_view octets) {
    for (const std::uint8_t o : octets) s = (s ^ o) * 0x9e3779b97f4a7c15u + (s >> 29);
    return s;
  }
  static constexpr std::uint64_t mixed(std::uint64_t s, kerb::bytes_view octets) {
    s = absorbed(s, octets);
    s = (s ^ (s >> 31)) * 0xbf58476d1ce4e5b9u;
    return s ^ (s >> 27);
  }
  constexpr kerb::errc said() {
    return calls != nullptr && calls->left-- <= 0 ? kerb::errc::crypto_backend : kerb::errc::ok;
  }
};

/// A toy that chains blocks itself, as some libraries do, and counts those that it is given.
template <class Toy>
struct chaining : Toy {
  std::size_t chained = 0;
  constexpr kerb::errc cbc_encrypt(typename Toy::cipher& c, const std::uint8_t* iv, const std::uint8_t* in,
                                   std::uint8_t* out, std::size_t n) noexcept {
    chained += n;
    for (std::size_t at = 0; at != 16 * n; at += 16) {
      for (std::size_t i = 0; i != 16; ++i) out[at + i] = static_cast<std::uint8_t>(in[at + i] ^ iv[i]);
      if (const kerb::errc e = toy::encrypt(c, out + at, out + at, 1); e != kerb::errc::ok) return e;
      iv = out + at;
    }
    return kerb::errc::ok;
  }
};

using toy_policy = kerb::engine<toy, kerb::aes_sha2, kerb::aes_sha1>;
using every_toy_policy =
    kerb::engine<toy, kerb::aes_sha2, kerb::aes_sha1, kerb::camellia, kerb::weak::rc4, kerb::weak::des3>;

}  // namespace kerb_test
