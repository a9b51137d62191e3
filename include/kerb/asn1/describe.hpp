// Describes a message field by field, from the same schemas that decode it.
#pragma once
#include "look.hpp"

namespace kerb::inline v0::asn1 {

namespace detail {
/// Reads a primitive into `out`.
template <class V, class Contents, class C>
constexpr bool walk_leaf(der::reader& r, V& out, [[maybe_unused]] der::tag t, const spot& s, der::place p,
                         [[maybe_unused]] const Contents& c, [[maybe_unused]] const C& so_far) {
  const std::uint8_t* const own = r.mark();
  if constexpr (has_one_tag<V>()) {
    const der::contents<der::mode::telling> contents = r.contents(t, p);
    if (!contents || !codec<V>::read(contents, out)) return false;
  } else {
    if (!codec<V>::read(r, out, p)) return false;
  }
  node n = s.leaf(codec<V>::name, own, r.mark());
  put(n, out);
  if constexpr (requires { c.name(so_far, std::string_view()); }) {
    if (n.holds == content::number && n.name.empty()) n.name = c.name(so_far, s.field);
  }
  if constexpr (std::same_as<V, bytes_view> && requires(look<Contents> & l) { c.content(so_far, "", l); }) {
    if (s.nesting <= max_nesting) {
      look<Contents> l(s, n, r.allowed(), c);
      c.content(so_far, s.field, l);
      l.finish();
      return true;
    }
  }
  s.show(n);
  return true;
}

/// The tag of a T; none for a CHOICE and ANY, whose readers need none.
template <class T>
consteval der::tag tag_if_any() {
  if constexpr (std::same_as<T, any_value>) return {};
  else if constexpr (message<T>) {
    if constexpr (requires { schema_of<T>.alternatives; }) return {};
    else return own_tag<T>();
  } else return own_tag<T>();
}

/// Reads one T with the tagging of its schema line. Only primitives are stored in `out`.
template <class T, tagging How, class Out, class Contents, class C>
constexpr bool walk_value(der::reader& r, std::uint8_t number, [[maybe_unused]] Out& out, const spot& s, der::place p,
                          const Contents& c, [[maybe_unused]] const C& so_far) {
  const auto one = [&](der::reader& in, der::tag t) {
    if constexpr (message<T> || is_list<T>) return walk<T>(in, t, s, p, c);
    else return walk_leaf<T>(in, out, t, s, p, c, so_far);
  };
  if constexpr (How == tagging::explicitly) {
    der::reader in = r.open(der::context(number), p);
    return r.ok() && one(in, tag_if_any<T>()) && in.close(p);
  } else if constexpr (How == tagging::implicitly) {
    return one(r, der::implicitly(number, own_tag<T>()));
  } else {
    return one(r, tag_if_any<T>());
  }
}

template <class T, class Contents, class C, class V, tagging How>
constexpr bool walk_line(der::reader& r, T& so_far, const member_line<C, V, How>& l, const node& whole, const spot& s,
                         const Contents& c) {
  const der::place p{whole.type, l.name};
  if (!may_begin<How, typename bare<V>::type>(r, l.number)) { return is_optional<V> || r.fail(errc::missing_field, p); }
  spot at = s.in(whole, l.name, r.mark());
  at.secret = l.is_secret;
  if constexpr (is_optional<V>) {
    return walk_value<plain_type_t<V>, How>(r, l.number, (so_far.*l.member).emplace(), at, p, c, so_far);
  } else {
    return walk_value<plain_type_t<V>, How>(r, l.number, so_far.*l.member, at, p, c, so_far);
  }
}
template <class T, class Contents>
constexpr bool walk_line(der::reader& r, T&, const constant_line& l, const node& whole, const spot& s,
                         const Contents& c) {
  spot at = s.in(whole, l.name, r.mark());
  if (!tell_constant(r, l.number, l.value, {whole.type, l.name})) return false;
  const bytes_view tag_and_value = r.since(at.begin);
  node n = at.leaf("INTEGER", at.begin + (tag_and_value[1] < 0x80 ? 2 : 2 + (tag_and_value[1] & 0x7f)), r.mark());
  put(n, l.value);
  if constexpr (requires { c.constant(std::string_view(), l.value); }) n.name = c.constant(l.name, l.value);
  at.show(n);
  return true;
}
/// Shows unknown fields, one by one.
template <class T, class Contents, class C>
constexpr bool walk_line(der::reader& r, T&, const tail_line<C>& l, const node& whole, const spot& s, const Contents&,
                         int last_known) {
  while (!r.at_end()) {
    const unsigned octet = *r.mark();
    if (is_context(octet) && static_cast<int>(octet & number_bits) <= last_known) {
      return r.fail(errc::trailing_data, {whole.type, ""});
    }
    const spot at = s.in(whole, l.name, r.mark());
    if (!r.skip({whole.type, l.name})) return false;
    node n = at.leaf("ANY", at.begin, r.mark());
    n.holds = content::any;
    at.show(n);
  }
  return true;
}

template <class Contents, class T>
constexpr Contents table_inside(const Contents& c) {
  if constexpr (requires { c.template inside<T>(); }) return c.template inside<T>();
  else return c;
}

template <class T, class Contents, class... L>
constexpr bool walk_schema(der::reader& r, const sequence_schema<L...>& schema, der::tag t, const spot& s, der::place p,
                           const Contents& around) {
  der::reader in = r.open(t, p);
  if (!r.ok()) return false;
  const Contents c = table_inside<Contents, T>(around);
  node whole = s.make(schema.name, content::fields, in.rest());
  s.show(whole);
  T so_far{};
  int last = no_number;
  const auto line = [&](const auto& l) {
    if constexpr (is_tail<std::remove_cvref_t<decltype(l)>>) {
      return walk_line(in, so_far, l, whole, s, c, last);
    } else {
      if (number_of(l) != no_number) last = number_of(l);
      return walk_line(in, so_far, l, whole, s, c);
    }
  };
  return schema.lines.apply([&](const auto&... l) { return (line(l) && ...); }) && in.close({schema.name, ""});
}
template <class T, class Contents, class S, std::uint8_t N, std::uint8_t... Also>
constexpr bool walk_schema(der::reader& r, const application_schema<S, N, Also...>& schema, der::tag, const spot& s,
                           der::place p, const Contents& c) {
  der::reader in = r.open(der::application(number_here(r, schema)), p);
  return r.ok() && walk_schema<T>(in, schema.inner, der::sequence, s, p, c) && in.close(p);
}
template <std::size_t I, class C, class V, class... A, class Contents>
constexpr bool walk_alternative(der::reader& r, const choice_schema<C, V, A...>& schema, const node& whole,
                                const spot& s, const Contents& c, bool& found) {
  using type = std::variant_alternative_t<I, V>;
  const auto& a = schema.alternatives.template get<I>();
  constexpr tagging how = std::remove_cvref_t<decltype(a)>::how;
  if (!may_begin<how, type>(r, a.number)) return false;
  found = true;
  type chosen{};
  return walk_value<plain_type_t<type>, how>(r, a.number, chosen, s.in(whole, a.name, r.mark()), {schema.name, a.name},
                                             c, C{});
}
template <class T, class Contents, class C, class V, class... A>
constexpr bool walk_schema(der::reader& r, const choice_schema<C, V, A...>& schema, der::tag, const spot& s,
                           der::place p, const Contents& around) {
  const Contents c = table_inside<Contents, T>(around);
  const bytes_view before = r.rest();
  node whole = s.make(schema.name, content::fields, before.first(0));
  {
    der::source apart{.origin = before.data()};  // only finds how long it is; faults in it are found below
    der::reader ahead(before, apart);
    ahead.skip();
    if (apart.why.ok()) whole.size = u32(ahead.since(before.data()).size());
  }
  bool found = false, good = false, shown = false;
  const auto show = [&] {
    if (!shown) s.show(whole);
    shown = true;
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (void)((found ||
            (may_begin<A::how, std::variant_alternative_t<I, V>>(r, schema.alternatives.template get<I>().number) &&
             (show(), good = walk_alternative<I>(r, schema, whole, s, c, found), found))) ||
           ...);
  }
  (std::index_sequence_for<A...>{});
  if (found) return good;
  if constexpr (std::variant_size_v<V> == sizeof...(A) + 1) {
    if (!r.at_end() && !may_be_new(*r.mark(), schema)) return r.fail(errc::unexpected_tag, p);
    const spot at = s.in(whole, "...", r.mark());
    if (!r.skip(p)) return false;
    show();
    node n = at.leaf("ANY", at.begin, r.mark());
    n.holds = content::any;
    at.show(n);
    return true;
  } else {
    return r.fail(r.at_end() ? errc::truncated : errc::unexpected_tag, p);
  }
}

/// Reads one message or list as asn1::read does, and shows what it reads.
template <class T, class Contents>
constexpr bool walk(der::reader& r, der::tag t, const spot& s, der::place p, const Contents& c) {
  if constexpr (message<T>) {
    return walk_schema<T>(r, schema_of<T>, t, s, p, c);
  } else {
    using element = plain_type_t<typename T::value_type>;
    const std::uint8_t* const own = r.mark();
    der::reader in = r.open(t, p);
    if (!r.ok()) return false;
    node whole = s.make("SEQUENCE OF", content::elements, in.rest());
    whole.element = spelling<element>();
    if (*s.field == '\0' && s.index == node::no_index) whole.name = p.type;  // the name that the caller passed
    s.show(whole);
    for (std::size_t i = 0; !in.at_end(); ++i) {
      spot at = s.in(whole, "", in.mark());
      at.index = i;
      element one{};
      if (!walk_value<element, tagging::none>(in, 0, one, at, p, c, T{})) return false;
    }
    return whole.size != 0 || !is_never_empty<T> || r.fail(errc::empty_sequence, p, own);
  }
}
template <class T, class Contents>
constexpr error walk_whole(const char* name, bytes_view octets, der::rules allowed, const spot& s, const Contents& c) {
  der::source source{.origin = s.origin, .allowed = allowed};
  der::reader r(octets, source);
  if (walk<T>(r, tag_if_any<T>(), s, {name, ""}, c) && !r.at_end()) r.fail(errc::trailing_data, {name, ""});
  return source.why;
}
}  // namespace detail

/// Decodes `in` as a T and passes a node for each part to `v`: parents before their fields, up to
/// the first error. Returns the error that decode_as() returns for the same octets and rules, or
/// one whose ok() is true if that succeeds. `c` describes the contents of OCTET STRINGs
/// (msg/contents.hpp); an error inside those becomes the `note` of a node and is not returned.
/// Secrets are withheld unless V has a reveal. Never allocates.
template <class T, visitor V, class Contents = no_contents>
constexpr error describe_as(const char* name, bytes_view in, V&& v, der::rules allowed = der::as_deployed,
                            const Contents& c = {}) {
  if (in.size() > 0xffffffffu) return error{.code = errc::input_too_large, .type = name};
  detail::sink_for<std::remove_reference_t<V>> to(v);
  return detail::walk_whole<T>(name, in, allowed, {.to = &to, .origin = in.data(), .begin = in.data()}, c);
}
/// The same for a message type, which has a name of its own.
template <message T, visitor V, class Contents = no_contents>
constexpr error describe(bytes_view in, V&& v, der::rules allowed = der::as_deployed, const Contents& c = {}) {
  return describe_as<T>(type_name<T>, in, v, allowed, c);
}

}  // namespace kerb::inline v0::asn1
