// Converts a UTF-8 password to the form that Windows uses: UTF-16 in little-endian octets.
#pragma once
#include <optional>

#include "../core/secret.hpp"

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
    const std::uint8_t lead = in[at++];
    const std::size_t more = lead < 0x80   ? 0
                             : lead < 0xc2 ? 4
                             : lead < 0xe0 ? 1
                             : lead < 0xf0 ? 2
                             : lead < 0xf5 ? 3
                                           : 4;
    if (more == 4 || in.size() - at < more) return std::nullopt;
    std::uint32_t c = more == 0 ? lead : lead & (0x3fu >> more);
    for (std::size_t i = 0; i != more; ++i) {
      if ((in[at] & 0xc0) != 0x80) return std::nullopt;
      c = c << 6 | (in[at++] & 0x3fu);
    }
    if ((more == 2 && c < 0x800) || (more == 3 && c < 0x10000)) return std::nullopt;
    if ((c >= 0xd800 && c < 0xe000) || c > 0x10ffff) return std::nullopt;
    if (c < 0x10000 ? !put(c) : !put(0xd7c0 + (c >> 10)) || !put(0xdc00 | (c & 0x3ff))) return std::nullopt;
  }
  return n;
}

}  // namespace kerb::inline v0
