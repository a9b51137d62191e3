// Replay caches in files: the type file2 of MIT krb5 since 1.18, which its services share.
#pragma once
#include <optional>
#include <span>

#include "../core/bytes.hpp"
#include "../core/time.hpp"
#include "../numbers/etype.hpp"

namespace kerb::inline v0 {

/// What identifies an authenticator in the file.
struct rcache_tag {
  std::array<std::uint8_t, 12> octets{};

  /// The tag for an authenticator's ciphertext (`cipher` of EncryptedData): the beginning of its last
  /// octets, as many as the encryption type's checksum has. None for an unknown type or a ciphertext
  /// that is too short.
  static constexpr std::optional<rcache_tag> of(etype_t etype, bytes_view cipher) {
    std::size_t n = 0;
    switch (etype) {
      case etype_t::aes128_cts_hmac_sha1_96:
      case etype_t::aes256_cts_hmac_sha1_96: n = 12; break;
      case etype_t::aes128_cts_hmac_sha256_128:
      case etype_t::camellia128_cts_cmac:
      case etype_t::camellia256_cts_cmac:
      case etype_t::rc4_hmac: n = 16; break;
      case etype_t::aes256_cts_hmac_sha384_192: n = 24; break;
      case etype_t::des3_cbc_sha1_kd: n = 20; break;
      default: break;
    }
    if (n == 0 || cipher.size() < n) return std::nullopt;
    return of_checksum(cipher.last(n));
  }
  /// The tag for a checksum: its first 12 octets, with zeros behind a shorter one.
  static constexpr rcache_tag of_checksum(bytes_view checksum) {
    rcache_tag t;
    detail::copy_octets(checksum.data(), checksum.size() < 12 ? checksum.size() : 12, t.octets.data());
    return t;
  }
  friend constexpr bool operator==(const rcache_tag&, const rcache_tag&) = default;
};

/// The octets of the hash seed at the beginning of the file.
inline constexpr std::size_t rcache_seed_octets = 16;
/// The octets of a record: a tag and a time.
inline constexpr std::size_t rcache_record_octets = 16;

namespace detail {
/// SipHash-2-4, the format's hash for finding places.
constexpr std::uint64_t siphash24(bytes_view in, bytes_view seed) {
  const auto word = [](bytes_view b, std::size_t at, std::size_t n) {
    std::uint64_t v = 0;
    for (std::size_t i = 0; i != n; ++i) v |= std::uint64_t{b[at + i]} << (8 * i);
    return v;
  };
  const auto rotated = [](std::uint64_t v, unsigned by) { return v << by | v >> (64 - by); };
  const std::uint64_t k0 = word(seed, 0, 8), k1 = word(seed, 8, 8);
  std::uint64_t v0 = k0 ^ 0x736f6d6570736575u, v1 = k1 ^ 0x646f72616e646f6du, v2 = k0 ^ 0x6c7967656e657261u,
                v3 = k1 ^ 0x7465646279746573u;
  const auto round = [&] {
    v0 += v1;
    v2 += v3;
    v1 = rotated(v1, 13) ^ v0;
    v3 = rotated(v3, 16) ^ v2;
    v0 = rotated(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = rotated(v1, 17) ^ v2;
    v3 = rotated(v3, 21) ^ v0;
    v2 = rotated(v2, 32);
  };
  const auto take = [&](std::uint64_t m) {
    v3 ^= m;
    round();
    round();
    v0 ^= m;
  };
  std::size_t at = 0;
  for (; in.size() - at >= 8; at += 8) take(word(in, at, 8));
  take(word(in, at, in.size() - at) | std::uint64_t{in.size() & 0xff} << 56);
  v2 ^= 0xff;
  for (int i = 0; i != 4; ++i) round();
  return v0 ^ v1 ^ v2 ^ v3;
}
}  // namespace detail

/// What to do with the file next.
struct rcache_step {
  enum class kind : std::uint8_t {
    read,      ///< read up to 32 octets at `offset`, then call found()
    write,     ///< the authenticator is new: write `record` at `offset`, beyond the end of the file too
    replayed,  ///< the authenticator is in the file. Reject it
    full,      ///< the file has no place for it. Reject the authenticator, as nothing can be recorded
  };
  kind what = kind::full;
  std::uint64_t offset = 0;
  std::array<std::uint8_t, rcache_record_octets> record{};
};

/// Looks an authenticator up in a replay cache file and records it. It reads and writes nothing
/// itself; each step names a place in the file:
///
/// 1. Open the file, create it if it does not exist, and lock it exclusively for all of this. MIT
///    krb5 locks it with fcntl().
/// 2. Read the first 16 octets. If there are fewer, write 16 random octets there.
/// 3. start(), then found() for each step `read`, until another step comes.
///
/// All services that hold a key must share the file, and use the same clock skew.
///
/// A record has the time at which it was stored, not the authenticator's, which can be later by the
/// skew and is acceptable for the skew after that. So a record is kept for twice the skew. MIT krb5
/// keeps it for the skew alone: one of its services that shares the file can overwrite it before
/// the authenticator is too old.
///
/// The times in the file have 32 bits and go on from zero in the year 2106. A record that seems to be
/// from the future, by a clock that was set back, is kept.
class rcache_file {
 public:
  /// `now` is the service's time, and `skew` the clock skew in seconds that it accepts.
  constexpr rcache_file(std::span<const std::uint8_t, rcache_seed_octets> seed, const rcache_tag& tag,
                        kerberos_time now, std::int64_t skew)
      : tag_(tag), now_(static_cast<std::uint32_t>(now.seconds)), skew_(skew) {
    if (now_ == 0) now_ = 1;  // zero is the time of a place that was never used
    for (std::size_t i = 0; i != seed_.size(); ++i) seed_[i] = seed[i];
  }
  constexpr rcache_step start() { return next_table(); }
  /// `octets` are those at the step's offset: fewer than 32, or none, at the end of the file.
  constexpr rcache_step found(bytes_view octets) {
    const std::size_t n = octets.size() / rcache_record_octets;  // whole records
    bool searched = n < 2;                                       // the tag would have been written here
    for (std::size_t i = 0; i != 2; ++i) {
      const bytes_view record = i < n ? octets.subview(i * rcache_record_octets, rcache_record_octets) : bytes_view();
      const std::uint32_t at = i < n ? time_of(record) : 0;
      if (at != 0 && record.first(tag_.octets.size()) == bytes_view(tag_.octets)) {
        return {.what = rcache_step::kind::replayed};
      }
      searched = searched || at == 0;
      if (!free_ && (at == 0 || is_expired(at))) free_ = offset_ + i * rcache_record_octets;
    }
    if (!searched) return next_table();
    rcache_step w{.what = rcache_step::kind::write, .offset = *free_};
    detail::copy_octets(tag_.octets.data(), tag_.octets.size(), w.record.data());
    for (std::size_t i = 0; i != 4; ++i) w.record[12 + i] = static_cast<std::uint8_t>(now_ >> (8 * (3 - i)));
    return w;
  }

 private:
  static constexpr std::uint64_t first_records = 1023;
  static constexpr std::uint64_t largest_file = 0x7fffffff;

  static constexpr std::uint32_t time_of(bytes_view record) {
    std::uint32_t t = 0;
    for (std::size_t i = 12; i != 16; ++i) t = t << 8 | record[i];
    return t;
  }
  constexpr bool is_expired(std::uint32_t at) const {
    const std::int64_t age = static_cast<std::int32_t>(now_ - at);  // negative: of the future
    return age > 0 && (age - 1) / 2 >= skew_;                       // age > 2 * skew_, for any skew_
  }
  /// Each table has twice the places of the one before, and its own hash.
  constexpr rcache_step next_table() {
    if (records_ == 0) {
      table_ = rcache_seed_octets;
      records_ = first_records;
    } else {
      table_ += records_ * rcache_record_octets;
      records_ = records_ == first_records ? 2 * (first_records + 1) : 2 * records_;
      ++seed_[0];
    }
    if (table_ + records_ * rcache_record_octets > largest_file) return {.what = rcache_step::kind::full};
    offset_ = table_ + detail::siphash24(tag_.octets, seed_) % records_ * rcache_record_octets;
    return {.what = rcache_step::kind::read, .offset = offset_};
  }

  rcache_tag tag_;
  std::array<std::uint8_t, rcache_seed_octets> seed_{};
  std::uint32_t now_ = 0;
  std::int64_t skew_ = 0;
  std::uint64_t table_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t offset_ = 0;
  std::optional<std::uint64_t> free_;
};

}  // namespace kerb::inline v0
