// Decoding, derived from the schemas.
#pragma once
#include <utility>
#include <variant>

#include "../core/result.hpp"
#include "../der/integer.hpp"
#include "quick.hpp"
#include "schema.hpp"

namespace kerb::inline v0::asn1 {

/// ANY. It is declared here because an extensible CHOICE stores one.
template <>
struct codec<any_value> {
  static constexpr const char* name = "ANY";
  static constexpr bool read(der::reader& r, any_value& out, der::place p) {
    const std::uint8_t* const m = r.mark();
    if (!r.skip(p)) return false;
    out.der = r.since(m);
    return true;
  }
  static constexpr void write(der::writer& w, const any_value& v) { w.octets(v.der); }
};

template <class T>
constexpr bool read(der::reader& r, T& out, der::place p);
template <class T>
constexpr bool read_as(der::reader& r, T& out, der::tag t, der::place p);

template <class T>
constexpr bool read_explicit(der::reader& r, std::uint8_t number, T& out, der::place p) {
  der::reader in = r.open(der::context(number), p);
  return read(in, out, p) && r.close(in, p);
}

namespace detail {
template <class... A, class C, class V>
constexpr bool may_begin(const der::reader& r, const choice_schema<C, V, A...>& s);
template <class V, tagging How>
constexpr bool may_begin(const der::reader& r, std::uint8_t number);

/// Whether the next TLV can be a V under its own tag.
template <class V>
constexpr bool may_begin(const der::reader& r) {
  if constexpr (std::same_as<V, any_value>) return !r.at_end();
  else if constexpr (message<V>) {
    if constexpr (requires { schema_of<V>.alternatives; }) return may_begin(r, schema_of<V>);
    else return r.next_is(own_tag<V>());
  } else return r.next_is(own_tag<V>());
}
template <class V, tagging How>
constexpr bool may_begin(const der::reader& r, std::uint8_t number) {
  if constexpr (How == tagging::explicitly) return r.next_is(der::context(number));
  else if constexpr (How == tagging::implicitly) return r.next_is(der::implicitly(number, own_tag<V>()));
  else return may_begin<V>(r);
}
/// Reads one value with the tagging of its schema line.
template <tagging How, class V>
constexpr bool read_value(der::reader& r, std::uint8_t number, V& out, der::place p) {
  if constexpr (How == tagging::explicitly) return read_explicit(r, number, out, p);
  else if constexpr (How == tagging::implicitly) return read_as(r, out, der::implicitly(number, own_tag<V>()), p);
  else return read(r, out, p);
}

template <class T, class C, class V, tagging How>
constexpr bool read_line(der::reader& r, T& out, const member_line<C, V, How>& l, const char* type) {
  const der::place p{type, l.name};
  if (!may_begin<typename bare<V>::type, How>(r, l.number)) {
    if constexpr (is_optional<V>) {
      (out.*l.member).reset();
      return true;  // what follows is read by a later line or is trailing data
    } else {
      return r.fail(errc::missing_field, p);
    }
  }
  if constexpr (is_optional<V>) {
    return read_value<How>(r, l.number, (out.*l.member).emplace(), p);
  } else {
    return read_value<How>(r, l.number, out.*l.member, p);
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
constexpr unsigned class_bits = 0xc0, number_bits = 0x1f;
constexpr bool is_context(unsigned octet) {
  return (octet & class_bits) == static_cast<unsigned>(der::tag_class::context);
}

/// Reads the fields after the last known one. A known field is not an extension: it is a duplicate
/// or out of order, which is an error.
template <class T, class C>
constexpr bool read_tail(der::reader& r, T& out, const tail_line<C>& l, const char* type, int last_known) {
  const std::uint8_t* const m = r.mark();
  while (!r.at_end()) {
    const unsigned octet = *r.mark();
    if (is_context(octet) && static_cast<int>(octet & number_bits) <= last_known) {
      return r.fail(errc::trailing_data, {type, ""});
    }
    if (!r.skip({type, l.name})) return false;
  }
  (out.*l.member).der = r.since(m);
  return true;
}

template <class T, class... L>
constexpr bool read_schema(der::reader& r, T& out, const sequence_schema<L...>& s, der::tag t, der::place p) {
  der::reader in = r.open(t, p);
  int last = no_number;
  const auto line = [&](const auto& l) {
    if constexpr (is_tail<std::remove_cvref_t<decltype(l)>>) {
      return read_tail(in, out, l, s.name, last);
    } else {
      if (number_of(l) > last) last = number_of(l);
      return read_line(in, out, l, s.name);
    }
  };
  return s.lines.apply([&](const auto&... l) { return (line(l) && ...); }) && r.close(in, {s.name, ""});
}
template <class T, class S, std::uint8_t N, std::uint8_t... Also>
constexpr bool read_schema(der::reader& r, T& out, const application_schema<S, N, Also...>& s, der::place p) {
  std::uint8_t number = N;
  ((r.next_is(der::application(Also)) ? void(number = Also) : void()), ...);
  der::reader in = r.open(der::application(number), p);
  return read_schema(in, out, s.inner, der::sequence, p) && r.close(in, p);
}

template <std::size_t I, class C, class V, class... A>
constexpr bool read_alternative(der::reader& r, V& out, const choice_schema<C, V, A...>& s, bool& found) {
  using type = std::variant_alternative_t<I, V>;
  const auto& a = s.alternatives.template get<I>();
  if (!may_begin<type, std::remove_cvref_t<decltype(a)>::how>(r, a.number)) return false;
  found = true;
  type chosen{};
  const bool good = read_value<std::remove_cvref_t<decltype(a)>::how>(r, a.number, chosen, {s.name, a.name});
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
template <class T, class C, class V, class... A>
constexpr bool read_schema(der::reader& r, T& out, const choice_schema<C, V, A...>& s, der::place p) {
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
template <class... A, class C, class V>
constexpr bool may_begin(const der::reader& r, const choice_schema<C, V, A...>& s) {
  if constexpr (std::variant_size_v<V> == sizeof...(A) + 1) return !r.at_end();
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return (may_begin<std::variant_alternative_t<I, V>, A::how>(r, s.alternatives.template get<I>().number) || ...);
  }
  (std::index_sequence_for<A...>{});
}
}  // namespace detail

/// Reads one T; `p` names it in errors.
template <class T>
constexpr bool read(der::reader& r, T& out, der::place p) {
  if constexpr (!message<T>) {
    return codec<T>::read(r, out, p);
  } else if constexpr (requires { schema_of<T>.lines; }) {
    return detail::read_schema(r, out, schema_of<T>, der::sequence, p);
  } else {
    return detail::read_schema(r, out, schema_of<T>, p);
  }
}
/// The same, under a tag that IMPLICIT puts in place of the type's own.
template <class T>
constexpr bool read_as(der::reader& r, T& out, der::tag t, der::place p) {
  if constexpr (message<T>) {
    return detail::read_schema(r, out, schema_of<T>, t, p);
  } else {
    return codec<T>::read(r, out, p, t);
  }
}

namespace detail {
/// The slow path: applies the tolerances and reports errors.
template <class T>
KERB_COLD constexpr error decode_with_care(const char* name, bytes_view in, der::rules allowed, T& out) {
  if (in.size() > 0xffffffffu) return error{.code = errc::input_too_large, .type = name};
  const der::place whole{name, ""};
  der::source s{.origin = in.data(), .allowed = allowed};
  der::reader r(in, s);
  if (asn1::read(r, out, whole) && !r.at_end()) r.fail(errc::trailing_data, whole);
  return s.why;
}
template <class T>
constexpr error decode_whole(const char* name, bytes_view in, der::rules allowed, T& out) {
  if constexpr (quick::known<T>()) {
    if (in.size() <= 0xffffffffu && !in.empty() && quick::read(in.begin(), in.end(), out) == in.end()) return {};
    out = T{};
  }
  return decode_with_care(name, in, allowed, out);
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
