// Converts a UTF-8 password to the form that Windows uses: UTF-16 in little-endian octets.
#pragma once
#include <optional>

#include "../core/secret.hpp"
#include "../core/utf8.hpp"

namespace kerb::inline v0 {

/// Writes `text` into `out`, which needs at most twice as many octets, and returns the number of
/// octets written. Returns nullopt when the text is not UTF-8 as Unicode defines it (overlong
/// forms, surrogates, characters above U+10FFFF, truncated sequences) or when `out` is too small;
/// `out` may then have been written to.
constexpr std::optional<std::size_t> utf16le(secret_view text, std::span<std::uint8_t> out) {
  const bytes_view in = text.unguarded();
  std::size_t n = 0;
  const auto put = [&](std::uint32_t unit) {
    if (out.size() - n < 2) return false;
    out[n++] = static_cast<std::uint8_t>(unit);
    out[n++] = static_cast<std::uint8_t>(unit >> 8);
    return true;
  };
  for (std::size_t at = 0; at != in.size();) {
    const std::optional<std::uint32_t> read = detail::read_utf8(in, at);
    if (!read) return std::nullopt;
    const std::uint32_t c = *read;
    if (c < 0x10000 ? !put(c) : !put(0xd7c0 + (c >> 10)) || !put(0xdc00 | (c & 0x3ff))) return std::nullopt;
  }
  return n;
}

}  // namespace kerb::inline v0
