// INTEGER, with the ranges that RFC 4120 section 5.2.4 names.
#pragma once
#include <concepts>
#include <limits>

#include "reader.hpp"
#include "writer.hpp"

namespace kerb::inline v0::der {

/// The INTEGER as 64 bits; fails on empty, padded and longer ones.
constexpr bool read_int64(reader& r, std::int64_t& out, place p, tag t = integer) {
  const std::uint8_t* const at = r.mark();
  const bytes_view c = r.contents(t, p);
  if (c.size() == 1) {
    out = static_cast<std::int8_t>(c[0]);
    return true;
  }
  if (!r.ok()) return false;
  if (c.empty() || c.size() > 8 || (c[0] == 0x00 && c[1] < 0x80) || (c[0] == 0xff && c[1] >= 0x80)) {
    return r.fail(errc::bad_integer, p, at);
  }
  std::uint64_t v = c[0] >= 0x80 ? ~std::uint64_t{0} : 0;
  for (std::uint8_t b : c) v = v << 8 | b;
  out = static_cast<std::int64_t>(v);
  return true;
}

/// An INTEGER in the range of `I`, which is std::int32_t or std::uint32_t.
template <class I>
  requires(std::same_as<I, std::int32_t> || std::same_as<I, std::uint32_t>)
constexpr bool read_integer(reader& r, I& out, place p, tag t = integer) {
  const std::uint8_t* const at = r.mark();
  std::int64_t v = 0;
  if (!read_int64(r, v, p, t)) return false;
  if (v < std::numeric_limits<I>::min() || v > std::numeric_limits<I>::max()) {
    const bool wraps = std::same_as<I, std::uint32_t> && r.allowed().negative_uint32 && v < 0 &&
                       v >= std::numeric_limits<std::int32_t>::min();
    if (!wraps) return r.fail(errc::bad_integer, p, at);
  }
  out = static_cast<I>(v);
  return true;
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

}  // namespace kerb::inline v0::der
