// INTEGER, with the ranges of RFC 4120 section 5.2.4.
#pragma once
#include <concepts>
#include <limits>

#include "../core/uint32.hpp"
#include "reader.hpp"
#include "writer.hpp"

namespace kerb::inline v0::der {

namespace detail {
/// Reads an INTEGER of one to eight octets. Sets `padded` when fewer octets are enough; this is an
/// error unless there are four octets and `four_octets` is true.
template <mode M>
KERB_INLINE constexpr bool read_number(contents<M> c, std::int64_t& out, bool& padded, bool four_octets) {
  const std::size_t n = c.size();
  padded = false;
  if (n == 0 || n > 8) return c.fail(errc::bad_integer);
  std::int64_t v = static_cast<std::int8_t>(c[0]);
  if (n > 1) {
    padded = (c[0] == 0x00 && c[1] < 0x80) || (c[0] == 0xff && c[1] >= 0x80);
    if (padded && !(four_octets && n == 4)) return c.fail(errc::bad_integer);
    for (std::size_t i = 1; i != n; ++i) v = v * 256 + c[i];
  }
  out = v;
  return true;
}
}  // namespace detail

/// Reads an INTEGER of up to 64 bits. Empty, padded and longer ones are errors under all rules.
template <mode M>
KERB_INLINE constexpr bool read_int64(contents<M> c, std::int64_t& out) {
  bool padded = false;
  return detail::read_number(c, out, padded, false);
}

/// Reads an INTEGER in the range of `I`, which is std::int32_t or std::uint32_t, and the form in
/// which it was encoded.
template <mode M, class I>
  requires(std::same_as<I, std::int32_t> || std::same_as<I, std::uint32_t>)
KERB_INLINE constexpr bool read_integer(contents<M> c, I& out, integer_form& form) {
  std::int64_t v = 0;
  bool padded = false;
  if (!detail::read_number(c, v, padded, c.allowed().four_octet_integers)) return false;
  form = padded ? integer_form::four_octets : integer_form::der;
  out = static_cast<I>(v);
  if (v == static_cast<std::int64_t>(out)) return true;
  const bool wraps = std::same_as<I, std::uint32_t> && c.allowed().negative_uint32 && v < 0 &&
                     v >= std::numeric_limits<std::int32_t>::min();
  if (!wraps) return c.fail(errc::bad_integer);
  if (!padded) form = integer_form::negative;
  return true;
}
template <mode M, class I>
  requires(std::same_as<I, std::int32_t> || std::same_as<I, std::uint32_t>)
KERB_INLINE constexpr bool read_integer(contents<M> c, I& out) {
  integer_form form{};
  return read_integer(c, out, form);
}

/// The size in octets of an INTEGER's contents.
KERB_INLINE constexpr std::size_t integer_size(std::int64_t v) {
  std::size_t n = 1;
  for (; v > 127 || v < -128; v >>= 8) ++n;
  return n;
}
/// Writes the contents so that they end at `at`. Returns where they begin, or null when they would
/// begin before `floor`.
KERB_INLINE constexpr std::uint8_t* put_integer(std::uint8_t* at, const std::uint8_t* floor, std::int64_t v) {
  for (;;) {
    if (at == floor) return nullptr;
    *--at = static_cast<std::uint8_t>(v);
    if (v >= -128 && v <= 127) return at;
    v >>= 8;
  }
}

/// The same for 32 bits in the given form.
KERB_INLINE constexpr std::size_t integer_size(std::uint32_t v, integer_form form) {
  if (form == integer_form::der) return integer_size(v);
  return form == integer_form::four_octets ? 4 : integer_size(static_cast<std::int32_t>(v));
}
KERB_INLINE constexpr std::uint8_t* put_integer(std::uint8_t* at, const std::uint8_t* floor, std::uint32_t v,
                                                integer_form form) {
  if (form == integer_form::der) return put_integer(at, floor, v);
  if (form == integer_form::negative) return put_integer(at, floor, static_cast<std::int32_t>(v));
  if (at - floor < 4) return nullptr;
  for (unsigned shift = 0; shift != 32; shift += 8) *--at = static_cast<std::uint8_t>(v >> shift);
  return at;
}

constexpr void write_integer(writer& w, std::int64_t v, tag t = integer) {
  const std::size_t mark = w.count();
  for (;;) {
    const auto low = static_cast<std::uint8_t>(v);
    w.octet(low);
    v >>= 8;
    if ((v == 0 && low < 0x80) || (v == -1 && low >= 0x80)) break;
  }
  w.header_since(t, mark);
}
/// Writes 32 bits in the given form.
constexpr void write_integer(writer& w, std::uint32_t v, integer_form form, tag t = integer) {
  if (form == integer_form::der) return write_integer(w, v, t);
  if (form == integer_form::negative) return write_integer(w, static_cast<std::int32_t>(v), t);
  for (unsigned shift = 0; shift != 32; shift += 8) w.octet(static_cast<std::uint8_t>(v >> shift));
  w.header(t, 4);
}

}  // namespace kerb::inline v0::der
