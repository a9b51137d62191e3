// Decoding, derived from the schemas.
#pragma once
#include "../core/result.hpp"
#include "../der/integer.hpp"
#include "schema.hpp"

namespace kerb::inline v0::asn1 {

template <class T>
constexpr bool read(der::reader& r, T& out, der::place p);

template <class T>
constexpr bool read_explicit(der::reader& r, std::uint8_t number, T& out, der::place p) {
  der::reader in = r.open(der::context(number), p);
  return read(in, out, p) && r.close(in, p);
}

namespace detail {
template <class T, class C, class V>
constexpr bool read_line(der::reader& r, T& out, const member_line<C, V>& l, const char* type) {
  const der::place p{type, l.name};
  if (!r.next_is(der::context(l.number))) {
    if constexpr (is_optional<V>) {
      (out.*l.member).reset();
      return true;  // whatever else stands there is the next line's business, or trailing data
    } else {
      return r.fail(errc::missing_field, p);
    }
  }
  if constexpr (is_optional<V>) {
    return read_explicit(r, l.number, (out.*l.member).emplace(), p);
  } else {
    return read_explicit(r, l.number, out.*l.member, p);
  }
}
template <class T>
constexpr bool read_line(der::reader& r, T&, const constant_line& l, const char* type) {
  const der::place p{type, l.name};
  if (!r.next_is(der::context(l.number))) return r.fail(errc::missing_field, p);
  der::reader in = r.open(der::context(l.number), p);
  const std::uint8_t* const at = in.mark();
  std::int64_t got = 0;
  if (!der::read_int64(in, got, p) || !r.close(in, p)) return false;
  return got == l.value || r.fail(errc::wrong_constant, p, at);
}
template <class T, class... L>
constexpr bool read_schema(der::reader& r, T& out, const sequence_schema<L...>& s, der::place p) {
  der::reader in = r.open(der::sequence, p);
  return std::apply([&](const auto&... l) { return (read_line(in, out, l, s.name) && ...); }, s.lines) &&
         r.close(in, {s.name, ""});
}
template <class T, class S, std::uint8_t N, std::uint8_t... Also>
constexpr bool read_schema(der::reader& r, T& out, const application_schema<S, N, Also...>& s, der::place p) {
  std::uint8_t number = N;
  ((r.next_is(der::application(Also)) ? void(number = Also) : void()), ...);
  der::reader in = r.open(der::application(number), p);
  return read_schema(in, out, s.inner, p) && r.close(in, p);
}
}  // namespace detail

/// Reads one T inside a walk; `p` says what for.
template <class T>
constexpr bool read(der::reader& r, T& out, der::place p) {
  if constexpr (message<T>) {
    return detail::read_schema(r, out, schema_of<T>, p);
  } else {
    return codec<T>::read(r, out, p);
  }
}

/// The T that `in` encodes, all of it: views into `in`, which must outlive them. The error names the field and the
/// offset. `name` is what errors call the whole. Inputs of 2^32 octets and more are refused.
template <class T>
constexpr result<T> decode_as(const char* name, bytes_view in KERB_LIFETIMEBOUND,
                              der::rules allowed = der::as_deployed) {
  const der::place whole{name, ""};
  if (in.size() > 0xffffffffu) return error{.code = errc::input_too_large, .type = name};
  der::source s{.origin = in.data(), .allowed = allowed};
  der::reader r(in, s);
  result<T> out{T{}};
  if (!read(r, *out, whole)) return s.why;
  if (!r.at_end()) {
    r.fail(errc::trailing_data, whole);
    return s.why;
  }
  return out;
}
/// The same for a message, which has its own name.
template <message T>
constexpr result<T> decode(bytes_view in KERB_LIFETIMEBOUND, der::rules allowed = der::as_deployed) {
  return decode_as<T>(type_name<T>, in, allowed);
}

}  // namespace kerb::inline v0::asn1
