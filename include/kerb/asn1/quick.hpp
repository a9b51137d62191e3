// Fast writing and measuring of the messages without computed parts, derived from the same schemas as encode.hpp.
#pragma once
#include <utility>

#include "../der/integer.hpp"
#include "schema.hpp"

namespace kerb::inline v0::asn1 {

template <class T>
class captured;

namespace detail::quick {

template <class T>
inline constexpr bool is_captured = false;
template <class T>
inline constexpr bool is_captured<captured<T>> = true;

template <class T>
consteval bool known();
template <class L>
inline constexpr bool known_line = false;
template <>
inline constexpr bool known_line<constant_line> = true;
template <class C, class V>
inline constexpr bool known_line<member_line<C, V, tagging::explicitly>> = known<typename bare<V>::type>();
template <class... L>
consteval bool all_known(const sequence_schema<L...>&) {
  return (known_line<L> && ...);
}
template <class S, std::uint8_t N, std::uint8_t... Also>
consteval bool all_known(const application_schema<S, N, Also...>& s) {
  return all_known(s.inner);
}
template <class C, class V, class... A>
consteval bool all_known(const choice_schema<C, V, A...>&) {
  return false;
}
/// Whether T has a codec for bare contents, or is a SEQUENCE of tagged fields of such types only.
template <class T>
consteval bool known() {
  if constexpr (is_captured<T>) return known<typename T::value_type>();
  else if constexpr (message<T>) return all_known(schema_of<T>);
  else if constexpr (requires { codec<T>::all_known; }) return codec<T>::all_known;
  else return requires(const T& v) {
      codec<T>::size(v);
    };
}

// ---- writing, from the end to the front: null when the output would begin before `floor`

template <class T>
constexpr std::uint8_t* write(std::uint8_t* at, const std::uint8_t* floor, const T& v);
template <class T>
constexpr std::uint8_t* put(std::uint8_t* at, const std::uint8_t* floor, const T& v);

template <class V>
KERB_INLINE constexpr std::uint8_t* write_tagged(std::uint8_t* at, const std::uint8_t* floor, std::uint8_t number,
                                                 const V& v) {
  std::uint8_t* const end = at;
  if constexpr (is_captured<V>) {
    at = write(at, floor, v);
    return at == nullptr ? at : der::quick::header(at, floor, der::context(number), static_cast<std::size_t>(end - at));
  } else {
    at = put(at, floor, v);
    if (at == nullptr) return at;
    return der::quick::header(at, floor, der::context(number), own_tag<V>(), static_cast<std::size_t>(end - at));
  }
}
template <class T>
KERB_INLINE constexpr std::uint8_t* write_line(std::uint8_t* at, const std::uint8_t* floor, const T&,
                                               const constant_line& l) {
  std::uint8_t* const end = at;
  at = der::put_integer(at, floor, l.value);
  if (at == nullptr) return at;
  return der::quick::header(at, floor, der::context(l.number), der::integer, static_cast<std::size_t>(end - at));
}
template <class T, class C, class V>
KERB_INLINE constexpr std::uint8_t* write_line(std::uint8_t* at, const std::uint8_t* floor, const T& v,
                                               const member_line<C, V>& l) {
  if constexpr (is_optional<V>) return v.*l.member ? write_tagged(at, floor, l.number, *(v.*l.member)) : at;
  else return write_tagged(at, floor, l.number, v.*l.member);
}
template <class T, class... L, std::size_t... I>
KERB_INLINE constexpr std::uint8_t* put_lines(std::uint8_t* at, const std::uint8_t* floor, const T& v,
                                              const sequence_schema<L...>& s, std::index_sequence<I...>) {
  (void)((at = write_line(at, floor, v, s.lines.template get<sizeof...(L) - 1 - I>())) && ...);
  return at;
}
template <class T, class... L>
KERB_INLINE constexpr std::uint8_t* put_lines(std::uint8_t* at, const std::uint8_t* floor, const T& v,
                                              const sequence_schema<L...>& s) {
  return put_lines(at, floor, v, s, std::index_sequence_for<L...>{});
}
template <class T, class S, std::uint8_t N, std::uint8_t... Also>
KERB_INLINE constexpr std::uint8_t* put_lines(std::uint8_t* at, const std::uint8_t* floor, const T& v,
                                              const application_schema<S, N, Also...>& s) {
  std::uint8_t* const end = at;
  at = put_lines(at, floor, v, s.inner);
  return at == nullptr ? at : der::quick::header(at, floor, der::sequence, static_cast<std::size_t>(end - at));
}
/// Writes the contents of a T.
template <class T>
constexpr std::uint8_t* put(std::uint8_t* at, const std::uint8_t* floor, const T& v) {
  if constexpr (message<T>) return put_lines(at, floor, v, schema_of<T>);
  else return codec<T>::put(at, floor, v);
}
/// Writes a T with its header.
template <class T>
KERB_NOINLINE constexpr std::uint8_t* write(std::uint8_t* at, const std::uint8_t* floor, const T& v) {
  if constexpr (is_captured<T>) {
    return codec<T>::quick_write(at, floor, v);
  } else {
    std::uint8_t* const end = at;
    at = put(at, floor, v);
    return at == nullptr ? at : der::quick::header(at, floor, own_tag<T>(), static_cast<std::size_t>(end - at));
  }
}

// ---- measuring

template <class T>
constexpr std::size_t size(const T& v);
template <class T>
constexpr std::size_t contents_size(const T& v);

KERB_INLINE constexpr std::size_t with_header(std::size_t n) { return n + der::quick::header_size(n); }
template <class T>
KERB_INLINE constexpr std::size_t line_size(const T&, const constant_line& l) {
  return with_header(with_header(der::integer_size(l.value)));
}
template <class T, class C, class V>
KERB_INLINE constexpr std::size_t line_size(const T& v, const member_line<C, V>& l) {
  if constexpr (is_optional<V>) return v.*l.member ? with_header(size(*(v.*l.member))) : 0;
  else return with_header(size(v.*l.member));
}
template <class T, class... L, std::size_t... I>
KERB_INLINE constexpr std::size_t lines_size(const T& v, const sequence_schema<L...>& s, std::index_sequence<I...>) {
  return (line_size(v, s.lines.template get<I>()) + ... + std::size_t{0});
}
template <class T, class... L>
KERB_INLINE constexpr std::size_t lines_size(const T& v, const sequence_schema<L...>& s) {
  return lines_size(v, s, std::index_sequence_for<L...>{});
}
template <class T, class S, std::uint8_t N, std::uint8_t... Also>
KERB_INLINE constexpr std::size_t lines_size(const T& v, const application_schema<S, N, Also...>& s) {
  return with_header(lines_size(v, s.inner));
}
template <class T>
constexpr std::size_t contents_size(const T& v) {
  if constexpr (message<T>) return lines_size(v, schema_of<T>);
  else return codec<T>::size(v);
}
template <class T>
KERB_NOINLINE constexpr std::size_t size(const T& v) {
  if constexpr (is_captured<T>) return codec<T>::quick_size(v);
  else return with_header(contents_size(v));
}

}  // namespace detail::quick
}  // namespace kerb::inline v0::asn1
