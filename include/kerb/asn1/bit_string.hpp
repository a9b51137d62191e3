// BIT STRING of any length, for public keys and for named bits without trailing zeros; for KerberosFlags see flags.
#pragma once
#include "../der/reader.hpp"
#include "../der/string.hpp"
#include "schema.hpp"

namespace kerb::inline v0 {

/// A view of a BIT STRING. The last `unused` bits of the last octet, 0 to 7, are zero and not part
/// of the string.
struct bit_string {
  bytes_view octets;
  std::uint8_t unused = 0;

  constexpr std::size_t size() const { return octets.size() * 8 - unused; }
  /// Whether bit `n` is set; the first is bit 0. Bits beyond the end are zero, as for named bits.
  constexpr bool has(std::size_t n) const { return n < size() && (octets[n / 8] & 0x80u >> n % 8) != 0; }
  friend constexpr bool operator==(bit_string a, bit_string b) { return a.unused == b.unused && a.octets == b.octets; }
};

template <>
struct asn1::codec<bit_string> {
  static constexpr const char* name = "BIT STRING";
  static constexpr der::tag tag = der::bit_string;
  template <der::mode M>
  static constexpr bool read(der::contents<M> c, bit_string& out) {
    // X.690 section 11.2.1: at most seven unused bits, all zero, and none when there is no octet to hold them
    if (c.size() == 0 || c[0] > 7 || (c[0] != 0 && (c.size() == 1 || (c[c.size() - 1] & ((1u << c[0]) - 1)) != 0))) {
      return c.fail(errc::bad_flags);
    }
    out = {bytes_view(c).subview(1), c[0]};
    return true;
  }
  static constexpr void write(der::writer& w, const bit_string& v, der::tag t = tag) {
    const std::size_t mark = w.count();
    w.octets(v.octets);
    w.octet(v.unused);
    w.header_since(t, mark);
  }
};

}  // namespace kerb::inline v0
