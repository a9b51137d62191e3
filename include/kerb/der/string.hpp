// GeneralString and OCTET STRING: octets with a length, never terminated text.
#pragma once
#include "reader.hpp"
#include "writer.hpp"

namespace kerb::inline v0::der {

/// The contents as received, a view of the input.
constexpr bool read_octets(reader& r, tag t, bytes_view& out, place p) {
  out = r.contents(t, p);
  return r.ok();
}
constexpr void write_octets(writer& w, tag t, bytes_view v) {
  w.octets(v);
  w.header(t, v.size());
}

}  // namespace kerb::inline v0::der
