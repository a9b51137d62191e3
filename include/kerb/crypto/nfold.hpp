// n-fold, and the constants for key derivation, folded at compile time.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "../core/bytes.hpp"
#include "../numbers/key_usage.hpp"

namespace kerb::inline v0 {

namespace detail {
/// Adds the number whose octet `k` is term(k) to `sum`, in one's complement. Both are big-endian.
template <class Term>
constexpr void add_ones_complement(std::span<std::uint8_t> sum, Term&& term) {
  unsigned carry = 0;
  for (std::size_t k = sum.size(); k-- != 0; carry >>= 8) {
    carry += sum[k] + static_cast<unsigned>(term(k));
    sum[k] = static_cast<std::uint8_t>(carry);
  }
  for (std::size_t k = sum.size(); k-- != 0 && carry != 0; carry >>= 8)  // the carry is added at the end
    sum[k] = static_cast<std::uint8_t>(carry += sum[k]);
}
}  // namespace detail

/// Fills `out` with the n-fold of `in`, RFC 3961 section 5.1. Neither may be empty, and they must not overlap.
constexpr void nfold(bytes_view in, std::span<std::uint8_t> out) {
  const std::size_t m = in.size(), n = out.size(), bits = 8 * m;
  if (m == 0 || n == 0) return;
  std::size_t whole = m;  // becomes the least common multiple of both sizes
  while (whole % n != 0) whole += m;

  for (std::uint8_t& o : out) o = 0;
  for (std::size_t chunk = 0; chunk != whole; chunk += n)
    detail::add_ones_complement(out, [&](std::size_t k) {
      // The input is repeated, each time rotated right by 13 bits more than before.
      const std::size_t i = chunk + k, from = (8 * (i % m) + bits - 13 * (i / m) % bits) % bits, at = from / 8;
      return (static_cast<unsigned>(in[at] << 8 | in[(at + 1) % m]) >> (8 - from % 8)) & 0xffu;
    });
}

/// Selects one of a usage's three keys. The value is the octet that follows the usage number, RFC
/// 3961 section 5.3.
enum class derived_key : std::uint8_t {
  integrity = 0x55,   ///< Ki: authenticates encrypted data
  checksum = 0x99,    ///< Kc: authenticates data that is not encrypted
  encryption = 0xaa,  ///< Ke
};

namespace detail {
using nfold_block = std::array<std::uint8_t, 16>;

template <std::size_t N>
constexpr nfold_block folded(const std::array<std::uint8_t, N>& constant) {
  nfold_block b{};
  nfold(constant, b);
  return b;
}
/// The constant of RFC 3961 section 5.3: the usage number in four octets, then the octet of the key.
constexpr std::array<std::uint8_t, 5> usage_constant(key_usage_t u, derived_key k) {
  const auto n = static_cast<std::uint32_t>(u);
  return {static_cast<std::uint8_t>(n >> 24), static_cast<std::uint8_t>(n >> 16), static_cast<std::uint8_t>(n >> 8),
          static_cast<std::uint8_t>(n), static_cast<std::uint8_t>(k)};
}

// The usages whose constants are folded at compile time: those that have a name, in a few runs without gaps.
struct usage_run {
  std::int32_t first, last;
  std::size_t at;  // the index of `first` in the table
};
inline constexpr std::array<usage_run, 6> usage_runs{
    {{1, 15, 0}, {17, 17, 15}, {19, 19, 16}, {22, 25, 17}, {50, 56, 21}, {1024, 1025, 28}}};
inline constexpr std::size_t usage_count = 30;

// n-fold only moves bits and adds, so the fold of a sum without carries is the one's complement sum
// of the folds. One fold for each usage and one for each kind of key are therefore enough for the
// whole table.
consteval std::array<std::array<nfold_block, 3>, usage_count> fold_usages() {
  const std::array<nfold_block, 3> kinds{folded(usage_constant({}, derived_key::integrity)),
                                         folded(usage_constant({}, derived_key::checksum)),
                                         folded(usage_constant({}, derived_key::encryption))};
  std::array<std::array<nfold_block, 3>, usage_count> t{};
  for (const usage_run& r : usage_runs)
    for (std::int32_t u = r.first; u <= r.last; ++u) {
      auto& row = t[r.at + static_cast<std::size_t>(u - r.first)];
      row.fill(folded(usage_constant(key_usage_t{u}, derived_key{})));
      for (std::size_t kind = 0; kind != kinds.size(); ++kind)
        add_ones_complement(row[kind], [&](std::size_t k) { return kinds[kind][k]; });
    }
  return t;
}
inline constexpr auto usage_table = fold_usages();
}  // namespace detail

/// The 16 octets from which a usage's key is derived, RFC 3961 section 5.3. Usages that have a name
/// are looked up; others are folded at run time.
constexpr std::array<std::uint8_t, 16> folded_usage(key_usage_t u, derived_key k) {
  const auto n = static_cast<std::int32_t>(u);
  const std::size_t column = k == derived_key::integrity ? 0 : k == derived_key::checksum ? 1 : 2;
  for (const detail::usage_run& r : detail::usage_runs)
    if (n >= r.first && n <= r.last) return detail::usage_table[r.at + static_cast<std::size_t>(n - r.first)][column];
  return detail::folded(detail::usage_constant(u, k));
}

}  // namespace kerb::inline v0
