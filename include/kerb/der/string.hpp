// GeneralString and OCTET STRING: octets with a length, never terminated text.
#pragma once
#include "writer.hpp"

namespace kerb::inline v0::der {

/// Writes a header and these contents.
constexpr void write_octets(writer& w, tag t, bytes_view v) {
  w.octets(v);
  w.header(t, v.size());
}

}  // namespace kerb::inline v0::der
