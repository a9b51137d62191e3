// Encoding and exact encoded length, derived from the schemas.
#pragma once
#include <utility>

#include "../core/result.hpp"
#include "../der/integer.hpp"
#include "schema.hpp"

namespace kerb::inline v0::asn1 {

template <class T>
constexpr void write(der::writer& w, const T& v);

template <class T>
constexpr void write_explicit(der::writer& w, std::uint8_t number, const T& v) {
  const std::size_t mark = w.count();
  write(w, v);
  w.header_since(der::context(number), mark);
}

namespace detail {
template <class T, class C, class V>
constexpr void write_line(der::writer& w, const T& v, const member_line<C, V>& l) {
  if constexpr (is_optional<V>) {
    if (v.*l.member) write_explicit(w, l.number, *(v.*l.member));
  } else {
    write_explicit(w, l.number, v.*l.member);
  }
}
template <class T>
constexpr void write_line(der::writer& w, const T&, const constant_line& l) {
  const std::size_t mark = w.count();
  der::write_integer(w, l.value);
  w.header_since(der::context(l.number), mark);
}
template <class T, class... L, std::size_t... I>
constexpr void write_backwards(der::writer& w, const T& v, const sequence_schema<L...>& s, std::index_sequence<I...>) {
  (write_line(w, v, std::get<sizeof...(L) - 1 - I>(s.lines)), ...);
}
template <class T, class... L>
constexpr void write_schema(der::writer& w, const T& v, const sequence_schema<L...>& s) {
  const std::size_t mark = w.count();
  write_backwards(w, v, s, std::index_sequence_for<L...>{});
  w.header_since(der::sequence, mark);
}
template <class T, class S, std::uint8_t N, std::uint8_t... Also>
constexpr void write_schema(der::writer& w, const T& v, const application_schema<S, N, Also...>& s) {
  const std::size_t mark = w.count();
  write_schema(w, v, s.inner);
  w.header_since(der::application(N), mark);
}
}  // namespace detail

/// Writes one T in front of what `w` holds.
template <class T>
constexpr void write(der::writer& w, const T& v) {
  if constexpr (message<T>) {
    detail::write_schema(w, v, schema_of<T>);
  } else {
    codec<T>::write(w, v);
  }
}

/// Exactly how many octets encode(v) fills.
template <class T>
constexpr std::size_t encoded_size(const T& v) {
  der::writer w = der::writer::counting();
  write(w, v);
  return w.count();
}

/// Writes `v` so that its encoding ENDS where `out` ends, and returns the part of `out` it fills. Whoever wants it at
/// the front passes exactly encoded_size(v) octets. errc::no_space says in `detail` how many octets will do.
template <class T>
constexpr result<bytes_view> encode(const T& v, std::span<std::uint8_t> out) {
  der::writer w(out);
  write(w, v);
  if (!w.ok()) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(w.count())};
  return bytes_view(w.written_since(0));
}

}  // namespace kerb::inline v0::asn1
