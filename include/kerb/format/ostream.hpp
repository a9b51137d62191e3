// Errors in streams and in the messages of test frameworks. No other header includes this one.
#pragma once
#include "../core/error.hpp"
#include "../numbers/error_code.hpp"

namespace kerb::inline v0 {

namespace detail {
/// A std::ostream or one like it. So this header needs none of the standard library's streams.
template <class S>
concept text_stream = requires(S& s, std::string_view text, std::uint32_t number) {
  typename S::traits_type;
  s << text;
  s << number;
};
}  // namespace detail

/// Writes the name of the code: `no_space`. Catch2 and GoogleTest print values with it too: then include
/// this header in each file of the program that compares errors, since they have one function for all.
template <detail::text_stream S>
S& operator<<(S& s, errc c) {
  const std::string_view name = name_of(c);
  if (name.empty()) s << std::string_view("errc ") << static_cast<std::uint32_t>(c);
  else s << name;
  return s;
}
/// Writes the name, the place, and the detail: `bad_time in KDC-REQ-BODY.till at offset 97`,
/// `kdc_error (KDC_ERR_C_PRINCIPAL_UNKNOWN)`, `no_space (4096)`. For sentences see kerb/explain.hpp.
template <detail::text_stream S>
S& operator<<(S& s, const error& e) {
  s << e.code;
  const std::string_view type = e.type, field = e.field;
  if (!type.empty()) s << std::string_view(" in ") << type;
  if (!type.empty() && !field.empty()) s << std::string_view(".") << field;
  if (e.offset != 0) s << std::string_view(" at offset ") << e.offset;
  if (e.detail == 0) return s;
  const bool from_peer = e.code == errc::kdc_error || e.code == errc::peer_error;
  const std::string_view sent = from_peer ? name_of(static_cast<error_code_t>(e.detail)) : std::string_view();
  s << std::string_view(" (");
  if (sent.empty()) s << e.detail;
  else s << sent;
  s << std::string_view(")");
  return s;
}

}  // namespace kerb::inline v0
