// OBJECT IDENTIFIER, as its encoded arcs, compared octet by octet.
#pragma once
#include "../core/hex.hpp"
#include "../der/reader.hpp"
#include "../der/string.hpp"
#include "schema.hpp"

namespace kerb::inline v0 {

/// An OBJECT IDENTIFIER: a view of the contents of its encoding. Write constants as "1.2.840.113554.1.2.2"_oid.
struct object_identifier {
  bytes_view octets;
  friend constexpr bool operator==(object_identifier a, object_identifier b) { return a.octets == b.octets; }
};

namespace detail {
void oid_text_is_not_dotted_numbers();  // declared only: calling it ends constant evaluation

template <literal L, class Put>
constexpr void oid_arcs(Put&& put) {
  std::uint64_t arc = 0, first = 0;
  std::size_t arcs = 0;
  bool digits = false;
  for (std::size_t i = 0; i != L.size + 1; ++i) {
    const char c = i == L.size ? '.' : L.text[i];
    if (c >= '0' && c <= '9') {
      arc = arc * 10 + static_cast<unsigned>(c - '0');
      digits = true;
      continue;
    }
    if (c != '.' || !digits) oid_text_is_not_dotted_numbers();
    if (arcs == 1 && first < 2 && arc > 39) oid_text_is_not_dotted_numbers();  // X.690 section 8.19.4
    if (arcs == 0) first = arc;
    else put(arcs == 1 ? first * 40 + arc : arc);
    ++arcs;
    arc = 0;
    digits = false;
  }
  if (arcs < 2 || first > 2) oid_text_is_not_dotted_numbers();
}
constexpr std::size_t septets(std::uint64_t arc) {
  std::size_t n = 1;
  while (arc >>= 7) ++n;
  return n;
}
template <literal L>
struct stored_oid {
  static constexpr std::size_t size = [] {
    std::size_t n = 0;
    oid_arcs<L>([&](std::uint64_t arc) { n += septets(arc); });
    return n;
  }();
  static constexpr auto octets = [] {
    std::array<std::uint8_t, size> a{};
    std::size_t at = 0;
    oid_arcs<L>([&](std::uint64_t arc) {
      for (std::size_t left = septets(arc); left-- != 0;)
        a[at++] = static_cast<std::uint8_t>((arc >> (7 * left) & 0x7f) | (left != 0 ? 0x80 : 0));
    });
    return a;
  }();
};
}  // namespace detail

inline namespace literals {
/// An object identifier from its dotted text; a view of static storage.
template <detail::literal L>
consteval object_identifier operator""_oid() {
  return {bytes_view(detail::stored_oid<L>::octets)};
}
}  // namespace literals

template <>
struct asn1::codec<object_identifier> {
  static constexpr const char* name = "OBJECT IDENTIFIER";
  static constexpr der::tag tag = der::object_identifier;
  template <der::mode M>
  static constexpr bool read(der::contents<M> c, object_identifier& out) {
    out.octets = c;
    // X.690 section 8.19: each arc has its shortest form, and the last one is complete
    bool begins = true;
    for (std::uint8_t b : c) {
      if (begins && b == 0x80) return c.fail(errc::bad_oid);
      begins = b < 0x80;
    }
    return (c.size() != 0 && begins) || c.fail(errc::bad_oid);
  }
  static constexpr void write(der::writer& w, object_identifier v, der::tag t = tag) {
    der::write_octets(w, t, v.octets);
  }
};

}  // namespace kerb::inline v0
