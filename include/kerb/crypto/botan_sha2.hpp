// SHA-2 on Botan 2 with states that can be stored; crypto/botan.hpp builds HMAC and PBKDF2 on it.
#pragma once
#include <botan/secmem.h>
#include <botan/version.h>

#include <array>
#include <cstring>

#include "policy.hpp"

// Botan 2 warns that these headers will become internal. In Botan 3 they are, and none of this is compiled.
#if BOTAN_VERSION_MAJOR == 2 && __has_include(<botan/sha2_64.h>)
#pragma push_macro("BOTAN_FUTURE_INTERNAL_HEADER")
#undef BOTAN_FUTURE_INTERNAL_HEADER
#define BOTAN_FUTURE_INTERNAL_HEADER(header)
#include <botan/sha2_32.h>
#include <botan/sha2_64.h>
#pragma pop_macro("BOTAN_FUTURE_INTERNAL_HEADER")
#endif

namespace kerb::inline v0 {
namespace botan {

#if defined(BOTAN_SHA_224_256_H_) && defined(BOTAN_SHA_64BIT_H_)
/// A hash function of FIPS 180-4 on Botan's compression function. Botan's HMAC processes the key at
/// the beginning and at the end of each message: two compressions, and two states to clear. Stored
/// states save both.
template <class Word, class Compression>
class sha2 {
 public:
  static constexpr std::size_t block_octets = 16 * sizeof(Word);
  static constexpr std::size_t state_octets = 8 * sizeof(Word);
  using state = std::array<Word, 8>;

  /// Uses memory that Botan wipes. Only this constructor may throw.
  sha2() : words_(8) {}
  sha2(const sha2&) = delete;
  sha2& operator=(const sha2&) = delete;
  ~sha2() { forget(); }

  /// Stores the state after one block, starting from `first`.
  void keep(const state& first, const std::uint8_t* block, std::span<std::uint8_t, state_octets> kept) {
    load(first.data());
    Compression::compress_digest(words_, block, 1);
    std::memcpy(kept.data(), words_.data(), state_octets);
  }
  /// Begins a message from a stored state, which is the state after one block.
  void begin(bytes_view kept) {
    load(kept.data());
    filled_ = 0;
    octets_ = block_octets;
  }
  void absorb(bytes_view v) {
    octets_ += v.size();
    if (filled_ != 0) {
      const std::size_t now = v.size() < block_octets - filled_ ? v.size() : block_octets - filled_;
      kerb::detail::copy_octets(v.data(), now, block_.data() + filled_);
      v = v.subview(now);
      if ((filled_ += now) != block_octets) return;
      Compression::compress_digest(words_, block_.data(), 1);
      filled_ = 0;
    }
    if (const std::size_t whole = v.size() / block_octets; whole != 0) {
      Compression::compress_digest(words_, v.data(), whole);
      v = v.subview(whole * block_octets);
    }
    kerb::detail::copy_octets(v.data(), v.size(), block_.data());
    filled_ = v.size();
  }
  /// Ends the message and writes the first out.size() octets of the hash.
  void end(std::span<std::uint8_t> out) {
    block_[filled_++] = 0x80;
    if (filled_ > block_octets - 2 * sizeof(Word)) {
      std::memset(block_.data() + filled_, 0, block_octets - filled_);
      Compression::compress_digest(words_, block_.data(), 1);
      filled_ = 0;
    }
    std::memset(block_.data() + filled_, 0, block_octets - filled_);
    put_bits(octets_);
    Compression::compress_digest(words_, block_.data(), 1);
    filled_ = 0;
    store(out);
  }

  /// A buffer for a message of one block; run_block() hashes it with one compression.
  std::uint8_t* block() { return block_.data(); }
  void pad_block(std::size_t octets) {
    std::memset(block_.data() + octets, 0, block_octets - octets);
    block_[octets] = 0x80;
    put_bits(block_octets + octets);
  }
  void run_block(bytes_view kept, std::span<std::uint8_t> out) {
    load(kept.data());
    Compression::compress_digest(words_, block_.data(), 1);
    store(out);
  }
  /// Wipes what is left of the last message.
  void forget() {
    secure_zero(block_);
    secure_zero(reinterpret_cast<std::uint8_t*>(words_.data()), state_octets);
  }

 private:
  template <class From>
  void load(const From* from) {
    std::memcpy(words_.data(), from, state_octets);
  }
  void store(std::span<std::uint8_t> out) const {
    std::size_t at = 0;
    for (const Word w : words_) {  // whole words first, because each is one store
      if (out.size() - at < sizeof w) break;
      for (std::size_t i = 0; i != sizeof w; ++i) out[at + i] = octet(w, i);
      at += sizeof w;
    }
    for (std::size_t i = 0; at != out.size(); ++i, ++at) out[at] = octet(words_[at / sizeof(Word)], i);
  }
  static std::uint8_t octet(Word w, std::size_t i) { return static_cast<std::uint8_t>(w >> 8 * (sizeof w - 1 - i)); }
  void put_bits(std::uint64_t octets) {
    const std::uint64_t bits = 8 * octets;
    for (std::size_t i = 0; i != 8; ++i) block_[block_octets - 1 - i] = static_cast<std::uint8_t>(bits >> 8 * i);
  }

  Botan::secure_vector<Word> words_;
  std::array<std::uint8_t, block_octets> block_{};
  std::size_t filled_ = 0;
  std::uint64_t octets_ = 0;
};

/// HMAC and PBKDF2 with SHA-256, SHA-384 and SHA-512. Each HMAC costs two compressions besides
/// those of the message.
class sha2_hmac {
 public:
  static constexpr bool serves(hash_id id) {
    return id == hash_id::sha256 || id == hash_id::sha384 || id == hash_id::sha512;
  }
  /// Computes the two states that the functions below use from `key`, which is at most one block
  /// long. Together the states are one block long.
  void schedule(hash_id id, bytes_view key, std::span<std::uint8_t> kept) {
    with(id, [&](auto& h, const auto& first) {
      constexpr std::size_t n = std::remove_reference_t<decltype(h)>::state_octets;
      std::array<std::uint8_t, 2 * n> block{};
      wiped_on_exit wipe(block);
      kerb::detail::copy_octets(key.data(), key.size(), block.data());
      for (std::uint8_t& o : block) o ^= 0x36;
      h.keep(first, block.data(), kept.first<n>());
      for (std::uint8_t& o : block) o ^= 0x36 ^ 0x5c;
      h.keep(first, block.data(), kept.subspan<n, n>());
      h.forget();
    });
  }
  void hmac(hash_id id, bytes_view kept, view_of<bytes_view> pieces, std::span<std::uint8_t> out) {
    with(id, [&](auto& h, const auto&) {
      h.begin(inner(kept));
      for (const bytes_view piece : pieces) h.absorb(piece);
      h.end({h.block(), hash_octets(id)});
      h.pad_block(hash_octets(id));
      h.run_block(outer(kept), out);
      h.forget();
    });
  }
  /// RFC 2898 section 5.2.
  void pbkdf2(hash_id id, bytes_view kept, bytes_view salt, std::uint64_t iterations, std::span<std::uint8_t> out) {
    const std::size_t size = hash_octets(id);
    std::array<std::uint8_t, max_hash_octets> sum;
    wiped_on_exit wipe(sum);
    with(id, [&](auto& h, const auto&) {
      for (std::uint32_t i = 1; !out.empty(); ++i) {
        const std::uint8_t number[]{static_cast<std::uint8_t>(i >> 24), static_cast<std::uint8_t>(i >> 16),
                                    static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
        const std::span<std::uint8_t> u(h.block(), size);
        h.begin(inner(kept));
        h.absorb(salt);
        h.absorb(number);
        h.end(u);
        h.pad_block(size);  // unchanged from here on: each round changes only the first octets
        h.run_block(outer(kept), u);
        std::memcpy(sum.data(), u.data(), size);
        for (std::uint64_t n = 1; n < iterations; ++n) {
          h.run_block(inner(kept), u);
          h.run_block(outer(kept), u);
          for (std::size_t at = 0; at != size; ++at) sum[at] ^= u[at];
        }
        const std::size_t now = out.size() < size ? out.size() : size;
        std::memcpy(out.data(), sum.data(), now);
        out = out.subspan(now);
      }
      h.forget();
    });
  }

 private:
  static bytes_view inner(bytes_view kept) { return kept.first(kept.size() / 2); }
  static bytes_view outer(bytes_view kept) { return kept.subview(kept.size() / 2); }
  /// Returns f(the hash function, its first state), FIPS 180-4 section 5.3.
  template <class F>
  void with(hash_id id, F&& f) {
    static constexpr std::array<std::uint32_t, 8> first256{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                           0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    static constexpr std::array<std::uint64_t, 8> first384{0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17,
                                                           0x152fecd8f70e5939, 0x67332667ffc00b31, 0x8eb44a8768581511,
                                                           0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4};
    static constexpr std::array<std::uint64_t, 8> first512{0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                                           0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                                                           0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
    if (id == hash_id::sha256) f(narrow_, first256);
    else f(wide_, id == hash_id::sha384 ? first384 : first512);
  }

  sha2<std::uint32_t, Botan::SHA_256> narrow_;
  sha2<std::uint64_t, Botan::SHA_512> wide_;
};
#else
/// Botan 3 does not export its compression functions, so its hash functions process the key each time.
class sha2_hmac {
 public:
  static constexpr bool serves(hash_id) { return false; }
  void schedule(hash_id, bytes_view, std::span<std::uint8_t>) {}
  void hmac(hash_id, bytes_view, view_of<bytes_view>, std::span<std::uint8_t>) {}
  void pbkdf2(hash_id, bytes_view, bytes_view, std::uint64_t, std::span<std::uint8_t>) {}
};
#endif

}  // namespace botan
}  // namespace kerb::inline v0
