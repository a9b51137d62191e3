// Reads UTF-8, RFC 3629.
#pragma once
#include <optional>

#include "bytes.hpp"

namespace kerb::inline v0 {

namespace detail {
/// Reads the character at `at`, and moves `at` behind it. Returns nullopt for what is not UTF-8:
/// overlong forms, surrogates, characters above U+10FFFF, truncated sequences.
constexpr std::optional<std::uint32_t> read_utf8(bytes_view in, std::size_t& at) {
  if (at >= in.size()) return std::nullopt;
  const std::uint8_t lead = in[at++];
  const std::size_t more = lead < 0x80 ? 0 : lead < 0xc2 ? 4 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : 4;
  if (more == 4 || in.size() - at < more) return std::nullopt;
  std::uint32_t c = more == 0 ? lead : lead & (0x3fu >> more);
  for (std::size_t i = 0; i != more; ++i) {
    if ((in[at] & 0xc0) != 0x80) return std::nullopt;
    c = c << 6 | (in[at++] & 0x3fu);
  }
  if ((more == 2 && c < 0x800) || (more == 3 && c < 0x10000)) return std::nullopt;
  if ((c >= 0xd800 && c < 0xe000) || c > 0x10ffff) return std::nullopt;
  return c;
}
}  // namespace detail

/// Where `text` stops to be UTF-8: the offset of the first character that is not valid, or that is
/// U+0000, which most protocols exclude; text.size() if there is none.
constexpr std::size_t valid_utf8_octets(bytes_view text) {
  std::size_t at = 0;
  while (at != text.size()) {
    const std::size_t before = at;
    const std::optional<std::uint32_t> c = detail::read_utf8(text, at);
    if (!c || *c == 0) return before;
  }
  return at;
}

}  // namespace kerb::inline v0
