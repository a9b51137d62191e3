// The fast path for strict DER, derived from the same schemas as decode.hpp and encode.hpp.
//
// Reading returns null or false on any deviation from strict DER. The caller then runs the full
// decoder, which applies the tolerances and reports errors. So the fast path never reads anything
// differently. A change to one path needs the same change in the other; their tests compare the
// two.
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
  else return requires(T & v) {
      codec<T>::parse(nullptr, nullptr, v);
    };
}

// ---- reading: values stay in registers; null or false for anything unexpected

template <class T>
constexpr const std::uint8_t* read(const std::uint8_t* at, const std::uint8_t* end, T& out);
template <class T>
constexpr bool parse(const std::uint8_t* at, const std::uint8_t* end, T& out);

template <class T>
KERB_INLINE constexpr const std::uint8_t* read_line(const std::uint8_t* at, const std::uint8_t* end, T&,
                                                    const constant_line& l) {
  const der::quick::found f = der::quick::open(at, end, der::context(l.number), der::integer);
  std::int32_t got = 0;
  if (f.begin == nullptr || !der::parse_integer(f.begin, static_cast<std::size_t>(f.end - f.begin), got))
    return nullptr;
  return got == l.value ? f.end : nullptr;
}
/// `[number] V`
template <class V>
KERB_INLINE constexpr const std::uint8_t* read_tagged(const std::uint8_t* at, const std::uint8_t* end,
                                                      std::uint8_t number, V& out) {
  if constexpr (is_captured<V>) {
    const der::quick::found f = der::quick::open(at, end, der::context(number));
    return f.begin != nullptr && read(f.begin, f.end, out) == f.end ? f.end : nullptr;
  } else {
    const der::quick::found f = der::quick::open(at, end, der::context(number), own_tag<V>());
    return f.begin != nullptr && parse(f.begin, f.end, out) ? f.end : nullptr;
  }
}
template <class T, class C, class V>
KERB_INLINE constexpr const std::uint8_t* read_line(const std::uint8_t* at, const std::uint8_t* end, T& out,
                                                    const member_line<C, V>& l) {
  if constexpr (is_optional<V>) {
    if (at == end || *at != der::context(l.number).octet) {
      (out.*l.member).reset();
      return at;
    }
    return read_tagged(at, end, l.number, (out.*l.member).emplace());
  } else {
    return read_tagged(at, end, l.number, out.*l.member);
  }
}
template <class T, class... L, std::size_t... I>
KERB_INLINE constexpr bool parse_lines(const std::uint8_t* at, const std::uint8_t* end, T& out,
                                       const sequence_schema<L...>& s, std::index_sequence<I...>) {
  return ((at = read_line(at, end, out, s.lines.template get<I>())) && ...) && at == end;
}
template <class T, class... L>
KERB_INLINE constexpr bool parse_lines(const std::uint8_t* at, const std::uint8_t* end, T& out,
                                       const sequence_schema<L...>& s) {
  return parse_lines(at, end, out, s, std::index_sequence_for<L...>{});
}
template <class T, class S, std::uint8_t N, std::uint8_t... Also>
KERB_INLINE constexpr bool parse_lines(const std::uint8_t* at, const std::uint8_t* end, T& out,
                                       const application_schema<S, N, Also...>& s) {
  const der::quick::found f = der::quick::open(at, end, der::sequence);
  return f.begin != nullptr && f.end == end && parse_lines(f.begin, f.end, out, s.inner);
}
/// Parses the contents of a T, which end at `end`.
template <class T>
constexpr bool parse(const std::uint8_t* at, const std::uint8_t* end, T& out) {
  if constexpr (message<T>) return parse_lines(at, end, out, schema_of<T>);
  else return codec<T>::parse(at, end, out);
}
/// The tag at `at` if the schema allows it as an alternative, else the type's own tag.
template <class S, std::uint8_t N, std::uint8_t... Also>
KERB_INLINE constexpr der::tag tag_here(const std::uint8_t* at, const std::uint8_t* end,
                                        const application_schema<S, N, Also...>&) {
  const bool other = at != end && ((*at == der::application(Also).octet) || ... || false);
  return other ? der::tag{*at} : der::application(N);
}
/// Reads one T with its header. Returns its end, or null. Not inlined: a program has one copy,
/// however often it decodes a T.
template <class T>
KERB_NOINLINE constexpr const std::uint8_t* read(const std::uint8_t* at, const std::uint8_t* end, T& out) {
  if constexpr (is_captured<T>) {
    return codec<T>::quick_read(at, end, out);
  } else {
    if constexpr (message<T>) {
      if constexpr (requires { schema_of<T>.inner; }) {
        const der::quick::found f = der::quick::open(at, end, tag_here(at, end, schema_of<T>), der::sequence);
        return f.begin != nullptr && parse_lines(f.begin, f.end, out, schema_of<T>.inner) ? f.end : nullptr;
      }
    }
    const der::quick::found f = der::quick::open(at, end, own_tag<T>());
    return f.begin != nullptr && parse(f.begin, f.end, out) ? f.end : nullptr;
  }
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
