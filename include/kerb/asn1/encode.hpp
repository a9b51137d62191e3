// Encoding and exact encoded size, derived from the schemas.
#pragma once
#include <utility>
#include <variant>

#include "../core/result.hpp"
#include "../der/integer.hpp"
#include "quick.hpp"
#include "schema.hpp"

namespace kerb::inline v0::asn1 {

template <class T>
constexpr void write(der::writer& w, const T& v);
template <class T>
constexpr void write_as(der::writer& w, const T& v, der::tag t);

template <class T>
constexpr void write_explicit(der::writer& w, std::uint8_t number, const T& v) {
  const std::size_t mark = w.count();
  write(w, v);
  w.header_since(der::context(number), mark);
}

namespace detail {
template <tagging How, class V>
constexpr void write_value(der::writer& w, std::uint8_t number, const V& v) {
  if constexpr (How == tagging::explicitly) write_explicit(w, number, v);
  else if constexpr (How == tagging::implicitly) write_as(w, v, der::implicitly(number, own_tag<V>()));
  else write(w, v);
}
template <class T, class C, class V, tagging How>
constexpr void write_line(der::writer& w, const T& v, const member_line<C, V, How>& l) {
  if constexpr (is_optional<V>) {
    if (v.*l.member) write_value<How>(w, l.number, *(v.*l.member));
  } else {
    write_value<How>(w, l.number, v.*l.member);
  }
}
template <class T, class C>
constexpr void write_line(der::writer& w, const T& v, const tail_line<C>& l) {
  w.octets((v.*l.member).der);
}
template <class T>
constexpr void write_line(der::writer& w, const T&, const constant_line& l) {
  const std::size_t mark = w.count();
  der::write_integer(w, l.value);
  w.header_since(der::context(l.number), mark);
}
template <class T, class... L, std::size_t... I>
constexpr void write_backwards(der::writer& w, const T& v, const sequence_schema<L...>& s, std::index_sequence<I...>) {
  (write_line(w, v, s.lines.template get<sizeof...(L) - 1 - I>()), ...);
}
template <class T, class... L>
constexpr void write_schema(der::writer& w, const T& v, const sequence_schema<L...>& s, der::tag t = der::sequence) {
  const std::size_t mark = w.count();
  write_backwards(w, v, s, std::index_sequence_for<L...>{});
  w.header_since(t, mark);
}
template <class T, class S, std::uint8_t N, std::uint8_t... Also>
constexpr void write_schema(der::writer& w, const T& v, const application_schema<S, N, Also...>& s) {
  const std::size_t mark = w.count();
  write_schema(w, v, s.inner);
  w.header_since(der::application(N), mark);
}
template <class T, class C, class V, class... A>
constexpr void write_schema(der::writer& w, const T& v, const choice_schema<C, V, A...>& s) {
  const V& chosen = v.*s.member;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (void)((chosen.index() == I
                ? (write_value<A::how>(w, s.alternatives.template get<I>().number, std::get<I>(chosen)), true)
                : false) ||
           ...);
  }
  (std::index_sequence_for<A...>{});
  if constexpr (std::variant_size_v<V> == sizeof...(A) + 1) {
    if (chosen.index() == sizeof...(A)) write(w, std::get<sizeof...(A)>(chosen));
  }
}
/// Types with parts that only a writer can write.
template <class T>
constexpr void write_with_care(der::writer& w, const T& v) {
  if constexpr (message<T>) {
    write_schema(w, v, schema_of<T>);
  } else {
    codec<T>::write(w, v);
  }
}
}  // namespace detail

/// Writes one T in front of what `w` contains.
template <class T>
constexpr void write(der::writer& w, const T& v) {
  if constexpr (detail::quick::known<T>()) {
    if (w.is_counting()) return w.count_more(detail::quick::size(v));
    const std::span<std::uint8_t> buffer = w.space();
    const std::uint8_t* const at = detail::quick::write(buffer.data() + buffer.size(), buffer.data(), v);
    if (at == nullptr) return w.has_no_buffer_for(detail::quick::size(v));
    return w.count_more(static_cast<std::size_t>(buffer.data() + buffer.size() - at));
  } else {
    detail::write_with_care(w, v);
  }
}

/// The same, under a tag that IMPLICIT puts in place of the type's own.
template <class T>
constexpr void write_as(der::writer& w, const T& v, der::tag t) {
  if constexpr (message<T>) {
    detail::write_schema(w, v, schema_of<T>, t);
  } else {
    codec<T>::write(w, v, t);
  }
}

/// The exact size of encode(v) in octets.
template <class T>
constexpr std::size_t encoded_size(const T& v) {
  der::writer w = der::writer::counting();
  write(w, v);
  return w.count();
}

/// Writes `v` so that its encoding ENDS where `out` ends, and returns the part of `out` that it
/// fills. For an encoding at the front, pass exactly encoded_size(v) octets. On errc::no_space,
/// `detail` is a size in octets that is enough.
template <class T>
constexpr result<bytes_view> encode(const T& v, std::span<std::uint8_t> out KERB_LIFETIMEBOUND) {
  der::writer w(out);
  write(w, v);
  if (!w.ok()) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(w.count())};
  return bytes_view(w.written_since(0));
}

}  // namespace kerb::inline v0::asn1
