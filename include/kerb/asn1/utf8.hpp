// UTF8String: octets with a length, compared octet by octet.
#pragma once
#include "../der/reader.hpp"
#include "../der/string.hpp"
#include "schema.hpp"

namespace kerb::inline v0 {

/// A view of a UTF8String. Not checked to be UTF-8: no peer checks it, and code that displays it
/// must validate it anyway.
struct utf8_string {
  bytes_view octets;
  friend constexpr bool operator==(utf8_string a, utf8_string b) { return a.octets == b.octets; }
};

template <>
struct asn1::codec<utf8_string> {
  static constexpr const char* name = "UTF8String";
  static constexpr der::tag tag = der::utf8_string;
  template <der::mode M>
  static constexpr bool read(der::contents<M> c, utf8_string& out) {
    out.octets = c;
    return true;
  }
  static constexpr void write(der::writer& w, utf8_string v, der::tag t = tag) { der::write_octets(w, t, v.octets); }
};

}  // namespace kerb::inline v0
