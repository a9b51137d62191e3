// Decoding, derived from the schemas.
#pragma once
#include <utility>
#include <variant>

#include "../core/result.hpp"
#include "../der/integer.hpp"
#include "schema.hpp"

namespace kerb::inline v0::asn1 {

/// ANY. It is declared here because an extensible CHOICE stores one.
template <>
struct codec<any_value> {
  static constexpr const char* name = "ANY";
  template <der::mode M>
  static constexpr bool read(der::basic_reader<M>& r, any_value& out, der::place p) {
    const std::uint8_t* const m = r.mark();
    if (!r.skip(p)) return false;
    out.der = r.since(m);
    return true;
  }
  static constexpr void write(der::writer& w, const any_value& v) { w.octets(v.der); }
};

template <der::mode M, class T>
constexpr bool read(der::basic_reader<M>& r, T& out, der::place p);

namespace detail {
template <class T>
inline constexpr bool is_choice = false;
template <message T>
inline constexpr bool is_choice<T> = requires {
  schema_of<T>.alternatives;
};
template <class S>
inline constexpr bool has_other_numbers = false;
template <class S, std::uint8_t N, std::uint8_t First, std::uint8_t... Also>
inline constexpr bool has_other_numbers<application_schema<S, N, First, Also...>> = true;

/// Whether every T begins with own_tag<T>(), so that its contents can be read alone.
template <class T>
consteval bool has_one_tag() {
  if constexpr (message<T>) {
    return !is_choice<T> && !has_other_numbers<std::remove_cvref_t<decltype(schema_of<T>)>>;
  } else {
    return !requires(der::reader & r, T & v) { codec<T>::read(r, v, der::place{}); };
  }
}

template <class V, der::mode M>
constexpr bool may_begin_choice(const der::basic_reader<M>& r);
/// Whether the next TLV can be a V with the tagging of its schema line.
template <tagging How, class V, der::mode M>
KERB_INLINE constexpr bool may_begin(const der::basic_reader<M>& r, std::uint8_t number) {
  if constexpr (How == tagging::explicitly) return r.next_is(der::context(number));
  else if constexpr (How == tagging::implicitly) return r.next_is(der::implicitly(number, own_tag<V>()));
  else if constexpr (std::same_as<V, any_value>) return !r.at_end();
  else if constexpr (is_choice<V>) return may_begin_choice<V>(r);
  else return r.next_is(own_tag<V>());
}

template <der::mode M, class T>
constexpr bool read_contents(der::contents<M> c, T& out);

/// Reads one value with the tagging of its schema line.
template <tagging How, class V, der::mode M>
KERB_INLINE constexpr bool read_value(der::basic_reader<M>& r, std::uint8_t number, V& out, der::place p) {
  if constexpr (How == tagging::none) {
    return read(r, out, p);
  } else if constexpr (How == tagging::implicitly) {
    const der::contents<M> c = r.contents(der::implicitly(number, own_tag<V>()), p);
    return c && read_contents(c, out);
  } else if constexpr (has_one_tag<V>()) {
    const der::contents<M> c = r.contents(der::context(number), own_tag<V>(), p);
    return c && read_contents(c, out) && r.close_outer(c, p);
  } else {
    const der::contents<M> c = r.contents(der::context(number), p);
    if (!c) return false;
    der::basic_reader<M> in(c);
    return read(in, out, p) && in.close(p);
  }
}
/// Reads a field that may be absent and is not a message. All fields of a type share this.
template <tagging How, class V>
KERB_NOINLINE constexpr const std::uint8_t* read_present(der::silent_reader r, std::uint8_t number, V& out) {
  return read_value<How>(r, number, out, {}) ? r.mark() : nullptr;
}
template <tagging How, class V, der::mode M>
KERB_INLINE constexpr bool read_member(der::basic_reader<M>& r, std::uint8_t number, V& out, der::place p) {
  if constexpr (is_optional<V>) {
    if (!may_begin<How, typename V::value_type>(r, number)) {
      out.reset();
      return true;  // what follows is read by a later line or is trailing data
    }
    if constexpr (M == der::mode::silent && !message<typename V::value_type>) {
      return r.resume(read_present<How>(r, number, out.emplace()));
    }
    return read_value<How>(r, number, out.emplace(), p);
  } else {
    if constexpr (M == der::mode::telling) {  // another tag is this error, and not unexpected_tag
      if (!may_begin<How, V>(r, number)) return r.fail(errc::missing_field, p);
    }
    return read_value<How>(r, number, out, p);
  }
}
/// The same with errors. All fields of a type share this.
template <tagging How, class V>
KERB_COLD constexpr bool tell_member(der::reader& r, std::uint8_t number, V& out, der::place p) {
  return read_member<How>(r, number, out, p);
}
template <der::mode M>
KERB_INLINE constexpr bool read_constant(der::basic_reader<M>& r, std::uint8_t number, std::int32_t wanted,
                                         der::place p) {
  if constexpr (M == der::mode::telling) {
    if (!r.next_is(der::context(number))) return r.fail(errc::missing_field, p);
  }
  const der::contents<M> c = r.contents(der::context(number), der::integer, p);
  std::int64_t got = 0;
  if (!c || !der::read_int64(c, got) || !r.close_outer(c, p)) return false;
  return got == wanted || c.fail(errc::wrong_constant);
}
KERB_COLD constexpr bool tell_constant(der::reader& r, std::uint8_t number, std::int32_t wanted, der::place p) {
  return read_constant(r, number, wanted, p);
}
inline constexpr unsigned class_bits = 0xc0, number_bits = 0x1f;
constexpr bool is_context(unsigned octet) {
  return (octet & class_bits) == static_cast<unsigned>(der::tag_class::context);
}

/// Reads the fields after the last known one. A known field is not an extension: it is a duplicate
/// or out of order, which is an error.
template <der::mode M>
constexpr bool read_tail(der::basic_reader<M>& r, extension_fields& out, der::place p, int last_known) {
  const std::uint8_t* const m = r.mark();
  while (!r.at_end()) {
    const unsigned octet = *r.mark();
    if (is_context(octet) && static_cast<int>(octet & number_bits) <= last_known) {
      return r.fail(errc::trailing_data, {p.type, ""});
    }
    if (!r.skip(p)) return false;
  }
  out.der = r.since(m);
  return true;
}
/// Reads what one line of a schema describes. When silent it becomes part of the message's code.
template <der::mode M, class T, class Line>
KERB_INLINE constexpr bool read_line(der::basic_reader<M>& r, T& out, const Line& l, const char* type,
                                     [[maybe_unused]] int last_known) {
  constexpr bool telling = M == der::mode::telling;
  if constexpr (std::same_as<Line, constant_line>) {
    if constexpr (telling) return tell_constant(r, l.number, l.value, {type, l.name});
    else return read_constant(r, l.number, l.value, {type, l.name});
  } else if constexpr (is_tail<Line>) {
    return read_tail(r, out.*l.member, {type, l.name}, last_known);
  } else {
    if constexpr (telling) return tell_member<Line::how>(r, l.number, out.*l.member, {type, l.name});
    else return read_member<Line::how>(r, l.number, out.*l.member, {type, l.name});
  }
}
template <class... L, std::size_t... I>
consteval int last_number(const sequence_schema<L...>& s, std::index_sequence<I...>) {
  int last = no_number;
  for (int n : {no_number, number_of(s.lines.template get<I>())...}) last = n > last ? n : last;
  return last;
}

template <der::mode M, class T, class... L, std::size_t... I>
KERB_INLINE constexpr bool read_fields(der::contents<M> c, T& out, const sequence_schema<L...>& s,
                                       std::index_sequence<I...> all) {
  constexpr int last = last_number(fields_of<T>, all);
  der::basic_reader<M> in(c);
  return (read_line(in, out, s.lines.template get<I>(), s.name, last) && ...) && in.close({s.name, ""});
}
/// Reads the contents of the SEQUENCE of a message.
template <der::mode M, class T>
KERB_INLINE constexpr bool read_fields(der::contents<M> c, T& out) {
  return read_fields(c, out, fields_of<T>, std::make_index_sequence<fields_of<T>.lines.size>{});
}

/// The same, not inlined: a program has one copy for all places that read a T with its header.
template <class T>
KERB_NOINLINE constexpr bool read_fields_apart(der::contents<der::mode::silent> c, T& out) {
  return read_fields(c, out);
}
template <class T>
KERB_COLD constexpr bool read_fields_apart(der::contents<der::mode::telling> c, T& out) {
  return read_fields(c, out);
}

/// Reads the contents of a T that has one tag.
template <der::mode M, class T>
constexpr bool read_contents(der::contents<M> c, T& out) {
  if constexpr (!message<T>) {
    return codec<T>::read(c, out);
  } else if constexpr (requires { schema_of<T>.inner; }) {
    der::basic_reader<M> in(c);
    const der::contents<M> fields = in.contents(der::sequence, c.where());
    return fields && read_fields(fields, out) && in.close(c.where());
  } else {
    return read_fields(c, out);
  }
}

/// The number under which an APPLICATION type begins here.
template <der::mode M, class S, std::uint8_t N, std::uint8_t... Also>
KERB_INLINE constexpr std::uint8_t number_here(const der::basic_reader<M>& r,
                                               const application_schema<S, N, Also...>&) {
  std::uint8_t number = N;
  ((r.next_is(der::application(Also)) ? void(number = Also) : void()), ...);
  return number;
}

template <std::size_t I, der::mode M, class C, class V, class... A>
constexpr bool read_alternative(der::basic_reader<M>& r, V& out, const choice_schema<C, V, A...>& s, bool& found) {
  using type = std::variant_alternative_t<I, V>;
  const auto& a = s.alternatives.template get<I>();
  constexpr tagging how = std::remove_cvref_t<decltype(a)>::how;
  if (!may_begin<how, type>(r, a.number)) return false;
  found = true;
  type chosen{};
  const bool good = read_value<how>(r, a.number, chosen, {s.name, a.name});
  out = V(std::in_place_index<I>, chosen);
  return good;
}
/// Whether an unknown tag can be a future alternative: it must be tagged as the known ones are,
/// with another number.
template <class C, class V, class... A>
constexpr bool may_be_new(unsigned octet, const choice_schema<C, V, A...>& s) {
  if constexpr (((A::how == tagging::none) || ...)) return true;
  return is_context(octet) &&
         s.alternatives.apply([&](const auto&... a) { return ((a.number != (octet & number_bits)) && ...); });
}
template <der::mode M, class T, class C, class V, class... A>
constexpr bool read_choice(der::basic_reader<M>& r, T& out, const choice_schema<C, V, A...>& s, der::place p) {
  bool found = false, good = false;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (void)((found || ((good = read_alternative<I>(r, out.*s.member, s, found)), found)) || ...);
  }
  (std::index_sequence_for<A...>{});
  if (found) return good;
  if constexpr (std::variant_size_v<V> == sizeof...(A) + 1) {
    if (!r.at_end() && !may_be_new(*r.mark(), s)) return r.fail(errc::unexpected_tag, p);
    any_value unknown{};
    good = read(r, unknown, p);
    out.*s.member = V(std::in_place_index<sizeof...(A)>, unknown);
    return good;
  } else {
    return r.fail(r.at_end() ? errc::truncated : errc::unexpected_tag, p);
  }
}
template <der::mode M, class C, class V, class... A>
constexpr bool may_begin_choice(const der::basic_reader<M>& r, const choice_schema<C, V, A...>& s) {
  if constexpr (std::variant_size_v<V> == sizeof...(A) + 1) return !r.at_end();
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return (may_begin<A::how, std::variant_alternative_t<I, V>>(r, s.alternatives.template get<I>().number) || ...);
  }
  (std::index_sequence_for<A...>{});
}
template <class V, der::mode M>
constexpr bool may_begin_choice(const der::basic_reader<M>& r) {
  return may_begin_choice(r, schema_of<V>);
}
}  // namespace detail

/// Reads one T; `p` names it in errors.
template <der::mode M, class T>
KERB_INLINE constexpr bool read(der::basic_reader<M>& r, T& out, der::place p) {
  if constexpr (detail::is_choice<T>) {
    return detail::read_choice(r, out, schema_of<T>, p);
  } else if constexpr (requires { schema_of<T>.inner; }) {
    const der::tag t = der::application(detail::number_here(r, schema_of<T>));
    const der::contents<M> c = r.contents(t, der::sequence, p);
    return c && detail::read_fields_apart(c, out) && r.close_outer(c, p);
  } else if constexpr (detail::has_one_tag<T>()) {
    const der::contents<M> c = r.contents(own_tag<T>(), p);
    if constexpr (message<T>) return c && detail::read_fields_apart(c, out);
    else return c && detail::read_contents(c, out);
  } else {
    return codec<T>::read(r, out, p);
  }
}

namespace detail {
/// Reads all of `in` with tolerances and errors.
template <class T>
KERB_COLD constexpr error decode_telling(const char* name, bytes_view in, der::rules allowed, T& out) {
  if (in.size() > 0xffffffffu) return error{.code = errc::input_too_large, .type = name};
  out = T{};
  der::source s{.origin = in.data(), .allowed = allowed};
  der::reader r(in, s);
  (void)(asn1::read(r, out, {name, ""}) && r.close({name, ""}));
  return s.why;
}
/// Reads all of `in` if it is strict DER. Returns false for anything else.
template <class T>
KERB_INLINE constexpr bool decode_silent(bytes_view in, T& out) {
  der::silent_reader r(in);
  return asn1::read(r, out, {}) && r.close({});
}
template <class T>
constexpr error decode_whole(const char* name, bytes_view in, der::rules allowed, T& out) {
  if (in.size() <= 0xffffffffu && decode_silent(in, out)) return {};
  return decode_telling(name, in, allowed, out);
}
/// Reads the first T in octets that have been decoded before, under any rules.
template <class T>
constexpr void read_again(bytes_view in, T& out) {
  der::silent_reader quiet(in);
  if (asn1::read(quiet, out, {})) return;
  out = T{};
  der::source s{.origin = in.data(), .allowed = der::as_deployed};
  der::reader r(in, s);
  (void)asn1::read(r, out, {});
}
}  // namespace detail

/// Decodes all of `in` as a T. Its views point into `in`, which must outlive them. Errors contain
/// the field and the offset; `name` is what they call the whole. Inputs of 2^32 octets or more are
/// rejected.
template <class T>
constexpr result<T> decode_as(const char* name, bytes_view in KERB_LIFETIMEBOUND,
                              der::rules allowed = der::as_deployed) {
  result<T> out(std::in_place);
  if (const error why = detail::decode_whole(name, in, allowed, *out); !why.ok()) out = why;
  return out;
}
/// The same for a message type, which has a name of its own.
template <message T>
constexpr result<T> decode(bytes_view in KERB_LIFETIMEBOUND, der::rules allowed = der::as_deployed) {
  return decode_as<T>(type_name<T>, in, allowed);
}

}  // namespace kerb::inline v0::asn1
