// BIT STRING as KerberosFlags, RFC 4120 section 5.2.8.
#pragma once
#include "reader.hpp"
#include "writer.hpp"

namespace kerb::inline v0::der {

namespace detail {
template <mode M>
KERB_NOINLINE constexpr bool read_other_flags(contents<M> c, std::uint32_t& out) {
  if (c.size() == 0) return c.fail(errc::bad_flags);
  const unsigned unused = c[0];
  // X.690 section 11.2.1: at most seven unused bits, all zero, and none when there is no octet to hold them
  if (unused > 7 || (unused != 0 && c.size() == 1)) return c.fail(errc::bad_flags);
  if (unused != 0 && (c[c.size() - 1] & ((1u << unused) - 1)) != 0) return c.fail(errc::bad_flags);
  if ((c.size() - 1) * 8 - unused < 32 && !c.allowed().short_flags) return c.fail(errc::bad_flags);
  out = 0;
  for (std::size_t i = 1; i != 5; ++i) out = out << 8 | (i < c.size() ? c[i] : 0u);
  return true;
}
}  // namespace detail

/// Reads the first 32 bits; bit 0 is the most significant. Further bits of longer strings have no
/// names and are discarded. Shorter strings are a tolerance (rules::short_flags).
template <mode M>
KERB_INLINE constexpr bool read_flags(contents<M> c, std::uint32_t& out) {
  if (c.size() == 5 && c[0] == 0) {
    out = static_cast<std::uint32_t>(c[1]) << 24 | static_cast<std::uint32_t>(c[2]) << 16 |
          static_cast<std::uint32_t>(c[3]) << 8 | c[4];
    return true;
  }
  return detail::read_other_flags(c, out);
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
