// BIT STRING as KerberosFlags, RFC 4120 section 5.2.8.
#pragma once
#include "quick.hpp"
#include "reader.hpp"
#include "writer.hpp"

namespace kerb::inline v0::der {

/// Reads the first 32 bits; bit 0 is the most significant. Further bits of longer strings have no
/// names and are discarded. Shorter strings are a tolerance (rules::short_flags).
constexpr bool read_flags(reader& r, std::uint32_t& out, place p, tag t = bit_string) {
  const std::uint8_t* const at = r.mark();
  const bytes_view c = r.contents(t, p);
  if (!r.ok()) return false;
  if (c.empty()) return r.fail(errc::bad_flags, p, at);
  const unsigned unused = c[0];
  // X.690 section 11.2.1: at most seven unused bits, all zero, and none when there is no octet to hold them
  if (unused > 7 || (unused != 0 && c.size() == 1)) return r.fail(errc::bad_flags, p, at);
  if (unused != 0 && (c[c.size() - 1] & ((1u << unused) - 1)) != 0) return r.fail(errc::bad_flags, p, at);
  if ((c.size() - 1) * 8 - unused < 32 && !r.allowed().short_flags) return r.fail(errc::bad_flags, p, at);
  out = 0;
  for (std::size_t i = 1; i != 5; ++i) out = out << 8 | (i < c.size() ? c[i] : 0u);
  return true;
}

/// Parses the contents of a BIT STRING of exactly 32 bits; returns false for any other.
KERB_INLINE constexpr bool parse_flags(const std::uint8_t* c, std::size_t n, std::uint32_t& out) {
  if (n != 5 || c[0] != 0) return false;
  out = static_cast<std::uint32_t>(c[1]) << 24 | static_cast<std::uint32_t>(c[2]) << 16 |
        static_cast<std::uint32_t>(c[3]) << 8 | c[4];
  return true;
}

/// Writes the contents so that they end at `at`. Returns where they begin, or null when they would
/// begin before `floor`.
KERB_INLINE constexpr std::uint8_t* put_flags(std::uint8_t* at, const std::uint8_t* floor, std::uint32_t bits) {
  if (at - floor < 5) return nullptr;
  for (unsigned shift = 0; shift != 32; shift += 8) *--at = static_cast<std::uint8_t>(bits >> shift);
  *--at = 0;
  return at;
}

constexpr void write_flags(writer& w, std::uint32_t bits, tag t = bit_string) {
  for (unsigned shift = 0; shift != 32; shift += 8) w.octet(static_cast<std::uint8_t>(bits >> shift));
  w.octet(0);
  w.header(t, 5);
}

}  // namespace kerb::inline v0::der
