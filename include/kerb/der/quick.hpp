// Fast reading and writing of headers for strict DER; der::reader and der::writer do the rest.
#pragma once
#include <bit>

#include "../core/bytes.hpp"
#include "tag.hpp"

namespace kerb::inline v0::der::quick {

/// The octets at `p` as a little-endian number.
template <class U>
KERB_INLINE constexpr U load(const std::uint8_t* p) {
  if (std::is_constant_evaluated()) {
    U v = 0;
    for (std::size_t i = sizeof(U); i != 0; --i) v = static_cast<U>(v << 8 | p[i - 1]);
    return v;
  }
  if constexpr (std::endian::native == std::endian::little) {
    U v;
    std::memcpy(&v, p, sizeof v);
    return v;
  } else {
    U v = 0;
    for (std::size_t i = sizeof(U); i != 0; --i) v = static_cast<U>(v << 8 | p[i - 1]);
    return v;
  }
}
template <class U>
KERB_INLINE constexpr void store(std::uint8_t* p, U v) {
  if (!std::is_constant_evaluated() && std::endian::native == std::endian::little) {
    std::memcpy(p, &v, sizeof v);
    return;
  }
  for (std::size_t i = 0; i != sizeof(U); ++i) p[i] = static_cast<std::uint8_t>(v >> 8 * i);
}

/// The contents of a TLV, or of the inner one of two nested TLVs. `begin` is null when the octets
/// do not match. The TLV ends where its contents end.
struct found {
  const std::uint8_t* begin = nullptr;
  const std::uint8_t* end = nullptr;
};

/// The contents after the length at `at`, which must be in DER's shortest form. `at` must not be `end`.
KERB_INLINE constexpr found contents(const std::uint8_t* at, const std::uint8_t* end) {
  std::size_t size = *at++;
  if (size == 0x82) {  // nearly all lengths have one or two further octets
    if (end - at < 2) return {};
    size = static_cast<std::size_t>(at[0]) << 8 | at[1];
    at += 2;
    if (size < 0x100) return {};
  } else if (size == 0x81) {
    if (end == at) return {};
    size = *at++;
    if (size < 0x80) return {};
  } else if (size >= 0x80) {
    const std::size_t octets = size & 0x7f;
    if (octets == 0 || octets > 4 || static_cast<std::size_t>(end - at) < octets) return {};
    size = 0;
    for (std::size_t i = 0; i != octets; ++i) size = size << 8 | *at++;
    if (size >> (8 * (octets - 1)) == 0) return {};
  }
  if (static_cast<std::size_t>(end - at) < size) return {};
  return {at, at + size};
}
KERB_NOINLINE constexpr found open_long(const std::uint8_t* at, const std::uint8_t* end, tag t) {
  return end - at >= 2 && *at == t.octet ? contents(at + 1, end) : found{};
}
KERB_NOINLINE constexpr found open_long(const std::uint8_t* at, const std::uint8_t* end, tag outer, tag inner) {
  if (end - at < 2 || *at != outer.octet) return {};
  const found o = contents(at + 1, end);
  if (o.begin == nullptr || o.end - o.begin < 2 || *o.begin != inner.octet) return {};
  const found i = contents(o.begin + 1, o.end);
  return i.end == o.end ? i : found{};
}

KERB_INLINE constexpr found open(const std::uint8_t* at, const std::uint8_t* end, tag t) {
  if (end - at >= 2 && at[0] == t.octet && at[1] < 0x80 && at[1] <= end - at - 2) return {at + 2, at + 2 + at[1]};
  return open_long(at, end, t);
}
/// The contents of one `inner` TLV that fills one `outer` TLV, as with EXPLICIT tags.
KERB_INLINE constexpr found open(const std::uint8_t* at, const std::uint8_t* end, tag outer, tag inner) {
  if (end - at >= 4) {
    const auto h = load<std::uint32_t>(at);
    const std::uint32_t n = h >> 24;
    if ((h & 0x00ff00ffu) == (outer.octet | static_cast<std::uint32_t>(inner.octet) << 16) &&
        (h >> 8 & 0xff) == n + 2 && n < 0x7e && static_cast<std::ptrdiff_t>(n) <= end - at - 4) {
      return {at + 4, at + 4 + n};
    }
  }
  return open_long(at, end, outer, inner);
}

/// The size in octets of the header for `n` octets of contents.
KERB_INLINE constexpr std::size_t header_size(std::size_t n) {
  if (n < 0x80) return 2;
  if (n < 0x10000) return n < 0x100 ? 3 : 4;
  std::size_t octets = 4;
  for (n >>= 16; n != 0; n >>= 8) ++octets;
  return octets;
}

/// Writing goes from the end to the front: this writes a header in front of the `n` octets of
/// contents at `at`. These functions all return where their output begins, or null when it would
/// begin before `floor`.
KERB_INLINE constexpr std::uint8_t* header_of_any_length(std::uint8_t* at, const std::uint8_t* floor, tag t,
                                                         std::size_t n) {
  if (at - floor >= 4) {  // the most common case
    if (n >= 0x100 && n < 0x10000) {
      store<std::uint32_t>(at - 4, static_cast<std::uint32_t>(t.octet | 0x8200u | (n >> 8) << 16 | (n & 0xff) << 24));
      return at - 4;
    }
    if (n >= 0x80 && n < 0x100) {
      at[-1] = static_cast<std::uint8_t>(n);
      store<std::uint16_t>(at - 3, static_cast<std::uint16_t>(t.octet | 0x8100u));
      return at - 3;
    }
  }
  const std::size_t size = header_size(n);
  if (static_cast<std::size_t>(at - floor) < size) return nullptr;
  if (n < 0x80) {
    *--at = static_cast<std::uint8_t>(n);
  } else {
    for (std::size_t left = n; left != 0; left >>= 8) *--at = static_cast<std::uint8_t>(left);
    *--at = static_cast<std::uint8_t>(0x80 | (size - 2));
  }
  *--at = t.octet;
  return at;
}
KERB_NOINLINE constexpr std::uint8_t* header_long(std::uint8_t* at, const std::uint8_t* floor, tag t, std::size_t n) {
  return header_of_any_length(at, floor, t, n);
}
KERB_NOINLINE constexpr std::uint8_t* header_long(std::uint8_t* at, const std::uint8_t* floor, tag outer, tag inner,
                                                  std::size_t n) {
  if (n >= 0x100 && n <= 0xfffb && at - floor >= 8) {  // both lengths have two octets
    const auto lengths = static_cast<std::uint64_t>((n + 4) >> 8 << 16 | ((n + 4) & 0xff) << 24) |
                         static_cast<std::uint64_t>(n >> 8) << 48 | static_cast<std::uint64_t>(n & 0xff) << 56;
    store<std::uint64_t>(at - 8,
                         lengths | 0x0000820000008200u | outer.octet | static_cast<std::uint64_t>(inner.octet) << 32);
    return at - 8;
  }
  at = header_of_any_length(at, floor, inner, n);
  return at == nullptr ? nullptr : header_of_any_length(at, floor, outer, n + header_size(n));
}
KERB_INLINE constexpr std::uint8_t* header(std::uint8_t* at, const std::uint8_t* floor, tag t, std::size_t n) {
  if (n >= 0x80 || at - floor < 2) return header_long(at, floor, t, n);
  store<std::uint16_t>(at - 2, static_cast<std::uint16_t>(t.octet | n << 8));
  return at - 2;
}
KERB_INLINE constexpr std::uint8_t* header(std::uint8_t* at, const std::uint8_t* floor, tag outer, tag inner,
                                           std::size_t n) {
  if (n >= 0x7e || at - floor < 4) return header_long(at, floor, outer, inner, n);
  store<std::uint32_t>(at - 4, static_cast<std::uint32_t>(outer.octet | static_cast<std::uint32_t>(inner.octet) << 16 |
                                                          (n + 2) << 8 | n << 24));
  return at - 4;
}
/// Copies octets in front of `at`. Short ones are copied with two moves that may overlap, which is
/// cheaper than a call.
KERB_INLINE constexpr std::uint8_t* octets(std::uint8_t* at, const std::uint8_t* floor, bytes_view v) {
  const std::size_t n = v.size();
  if (static_cast<std::size_t>(at - floor) < n) return nullptr;
  at -= n;
  if (std::is_constant_evaluated() || n > 16) {
    detail::copy_octets(v.data(), n, at);
  } else if (n >= 8) {
    const auto first = load<std::uint64_t>(v.data()), last = load<std::uint64_t>(v.data() + n - 8);
    store(at, first);
    store(at + n - 8, last);
  } else if (n >= 4) {
    const auto first = load<std::uint32_t>(v.data()), last = load<std::uint32_t>(v.data() + n - 4);
    store(at, first);
    store(at + n - 4, last);
  } else {
    for (std::size_t i = 0; i != n; ++i) at[i] = v[i];
  }
  return at;
}

}  // namespace kerb::inline v0::der::quick
