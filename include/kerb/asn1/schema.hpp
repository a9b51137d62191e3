// The functions and types with which a message type declares its ASN.1, once.
#pragma once
#include <concepts>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "../core/bytes.hpp"
#include "../der/tag.hpp"

namespace kerb::inline v0::asn1 {

/// How a field's tag relates to the tag of its type: around it, in its place, or absent.
enum class tagging : std::uint8_t { explicitly, implicitly, none };

/// One line `name [N] Type`. The member's C++ type is the ASN.1 type; std::optional means OPTIONAL.
template <class C, class V, tagging How = tagging::explicitly>
struct member_line {
  using value_type = V;
  static constexpr tagging how = How;
  std::uint8_t number;
  V C::*member;
  const char* name;
  bool is_secret = false;
};

/// One line `name [N] INTEGER (K)`: always written, checked when read, never stored.
struct constant_line {
  std::uint8_t number;
  std::int32_t value;
  const char* name;
};

/// The octets of unknown fields after the last known one. They are kept and written unchanged.
struct extension_fields {
  bytes_view der;
};
/// The line `...` of an extensible SEQUENCE. It is the last line.
template <class C>
struct tail_line {
  extension_fields C::*member;
  const char* name;
};

namespace detail {
template <std::size_t I, class Line>
struct numbered_line {
  Line line;
};
template <class I, class... Line>
struct numbered_lines;
template <std::size_t... I, class... Line>
struct numbered_lines<std::index_sequence<I...>, Line...> : numbered_line<I, Line>... {};
template <std::size_t I, class Line>
constexpr const Line& line_at(const numbered_line<I, Line>& l) {
  return l.line;
}
template <class F, std::size_t... I, class... Line>
constexpr decltype(auto) with_lines(F&& f, const numbered_lines<std::index_sequence<I...>, Line...>& l) {
  return f(static_cast<const numbered_line<I, Line>&>(l).line...);
}
}  // namespace detail

/// The lines of a schema. Not a std::tuple, because that takes ten times as long to compile, for every user.
template <class... Line>
struct schema_lines : detail::numbered_lines<std::index_sequence_for<Line...>, Line...> {
  static constexpr std::size_t size = sizeof...(Line);
  /// Returns f(line...).
  template <class F>
  constexpr decltype(auto) apply(F&& f) const {
    return detail::with_lines(static_cast<F&&>(f), *this);
  }
  /// The line at index I.
  template <std::size_t I>
  constexpr const auto& get() const {
    return detail::line_at<I>(*this);
  }
};

template <class... Line>
struct sequence_schema {
  const char* name;
  schema_lines<Line...> lines;
  bool ascending = true;
};

/// `[APPLICATION N] SEQUENCE`; a reader also accepts the numbers in `Also`.
template <class Inner, std::uint8_t N, std::uint8_t... Also>
struct application_schema {
  Inner inner;
};

/// One alternative of a CHOICE, for the variant's type at the same index.
template <tagging How>
struct alternative_line {
  static constexpr tagging how = How;
  std::uint8_t number;
  const char* name;
};
/// A CHOICE, stored in a std::variant member with one type for each alternative. If the last type
/// is any_value and has no line, the CHOICE is extensible, and unknown alternatives are stored
/// there.
template <class C, class V, class... Alternative>
struct choice_schema {
  const char* name;
  V C::*member;
  schema_lines<Alternative...> alternatives;
};

/// ANY: one TLV of any type, as received.
struct any_value {
  bytes_view der;
};

// Declared only: calling one of these ends constant evaluation, and its name is the compiler's message.
void field_numbers_must_ascend();
void field_numbers_ascend_so_this_is_a_plain_sequence();
void field_number_is_used_twice();
void field_is_named_twice();
void extension_fields_come_last();

namespace detail {
template <class A, class B>
constexpr bool same_member(const A&, const B&) {
  return false;
}
template <class C, class V, tagging H, tagging G>
constexpr bool same_member(const member_line<C, V, H>& a, const member_line<C, V, G>& b) {
  return a.member == b.member;
}
template <class L>
constexpr bool named_once(const L&) {
  return true;
}
template <class L, class M, class... More>
constexpr bool named_once(const L& l, const M& m, const More&... more) {
  return !same_member(l, m) && !(same_member(l, more) || ...) && named_once(m, more...);
}
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
/// The type inside an OPTIONAL; other types are unchanged.
template <class V>
struct bare {
  using type = V;
};
template <class V>
struct bare<std::optional<V>> {
  using type = V;
};
template <class L>
inline constexpr bool is_tail = false;
template <class C>
inline constexpr bool is_tail<tail_line<C>> = true;

inline constexpr int no_number = -1;
template <class L>
constexpr int number_of(const L& l) {
  if constexpr (is_tail<L>) return no_number;
  else if constexpr (requires { L::how; }) return L::how == tagging::none ? no_number : l.number;
  else return l.number;
}
template <class... Line>
constexpr bool numbered_once(const Line&... line) {
  std::uint32_t seen = 0;
  for (int n : {number_of(line)...}) {
    if (n == no_number) continue;
    if ((seen >> n & 1u) != 0) return false;
    seen |= 1u << n;
  }
  return true;
}
}  // namespace detail

/// A SEQUENCE of fields. Their tags must ascend, and no field may be named twice.
template <class... Line>
consteval auto sequence(const char* name, Line... line) {
  return sequence_schema<Line...>{name, {{{line}...}}};
}

/// A SEQUENCE whose tag numbers do not ascend in its module. The lines are in the order on the
/// wire. No number may be used twice; if the numbers ascend, use sequence().
template <class... Line>
consteval auto sequence_in_order(const char* name, Line... line) {
  return sequence_schema<Line...>{name, {{{line}...}}, false};
}

template <std::uint8_t N, std::uint8_t... Also, class S>
consteval auto application(S s) {
  return application_schema<S, N, Also...>{s};
}

template <class C, class V, class... Alternative>
consteval auto choice(const char* name, V C::*member, Alternative... a) {
  return choice_schema<C, V, Alternative...>{name, member, {{{a}...}}};
}

template <std::uint8_t N>
  requires(N < 31)
struct numbered {
  template <class C, class V>
  consteval auto operator()(const char* name, V C::*m) const {
    return member_line<C, V>{N, m, name};
  }
  consteval auto operator()(const char* name, std::int32_t k) const { return constant_line{N, k, name}; }
  consteval auto operator()(const char* name) const { return alternative_line<tagging::explicitly>{N, name}; }
};
/// `tag<3>("enc-part", &T::enc_part)` for a field, `tag<0>("pvno", 5)` for a fixed number,
/// `tag<0>("armored-data")` for an alternative of a CHOICE.
template <std::uint8_t N>
inline constexpr numbered<N> tag{};

template <std::uint8_t N>
  requires(N < 31)
struct implicitly_numbered {
  template <class C, class V>
  consteval auto operator()(const char* name, V C::*m) const {
    return member_line<C, V, tagging::implicitly>{N, m, name};
  }
  consteval auto operator()(const char* name) const { return alternative_line<tagging::implicitly>{N, name}; }
};
/// `implicit<0>("signedAuthPack", &T::signed_auth_pack)`: [0] IMPLICIT.
template <std::uint8_t N>
inline constexpr implicitly_numbered<N> implicit{};

/// A field with its type's own tag.
template <class C, class V>
consteval auto plain(const char* name, V C::*m) {
  return member_line<C, V, tagging::none>{0, m, name};
}
/// An alternative with its type's own tag.
consteval auto plain(const char* name) { return alternative_line<tagging::none>{0, name}; }

/// `...`: a later version may add fields here.
template <class C>
consteval auto extensible(extension_fields C::*m) {
  return tail_line<C>{m, "..."};
}

/// `redacted(tag<1>("keyvalue", &T::keyvalue))`: describe() withholds this field.
template <class C, class V, tagging How>
consteval auto redacted(member_line<C, V, How> l) {
  l.is_secret = true;
  return l;
}

/// A type that declares its ASN.1.
template <class T>
concept message = requires {
  T::asn1();
};

template <class T>
struct codec;

namespace detail {
/// Whether V allocates, as no value of a decoded message does.
template <class V>
concept container = !std::is_trivially_destructible_v<V> && requires(const V& v) {
  v.data();
  v.size();
};
template <class V>
concept other_integer =
    std::integral<V> && !std::same_as<V, bool> && !std::same_as<V, std::int32_t> && !std::same_as<V, std::uint32_t>;
template <class V>
concept has_codec = requires {
  sizeof(codec<V>);
};
/// Names what to use instead of a type that is not for members.
template <class C, class V, tagging How>
constexpr void check_member(const member_line<C, V, How>&) {
  using type = typename bare<V>::type;
  constexpr bool text = container<type> && std::convertible_to<const type&, std::string_view>;
  constexpr bool foreign_view = std::is_same_v<type, std::string_view>;
  constexpr bool is_time = requires(const type& v) { v.time_since_epoch(); };
  static_assert(!is_time || has_codec<type>, "kerb::asn1: a KerberosTime is a kerb::kerberos_time");
  static_assert(!foreign_view || has_codec<type>,
                "kerb::asn1: a text is a kerb::kerberos_string, and an OCTET STRING a kerb::bytes_view");
  static_assert(
      !std::is_floating_point_v<type> || has_codec<type>,
      "kerb::asn1: Kerberos has no type REAL: an INTEGER is a std::int32_t, a std::uint32_t or a kerb::uint32");
  if constexpr (container<type> || other_integer<type>) {
    static_assert(!text || has_codec<type>,
                  "kerb::asn1: a member views the message's octets: for text use kerb::kerberos_string, for an OCTET "
                  "STRING kerb::bytes_view");
    static_assert(text || !container<type> || has_codec<type>,
                  "kerb::asn1: a member views the message's octets: for a SEQUENCE OF use kerb::asn1::sequence_of<T>, "
                  "for an OCTET STRING kerb::bytes_view");
    static_assert(!other_integer<type> || has_codec<type>,
                  "kerb::asn1: an INTEGER is a std::int32_t, a std::uint32_t or a kerb::uint32; for another range "
                  "specialise kerb::asn1::codec");
  }
}
template <class Line>
constexpr void check_member(const Line&) {}

// Checked where a schema is used, not where it is defined, because a program that includes all
// messages uses few of them.
template <class... Line>
consteval void check(const sequence_schema<Line...>& s) {
  s.lines.apply([&s](const auto&... line) {
    (check_member(line), ...);
    int last = no_number;
    bool ascending = true;
    for (int n : {number_of(line)...}) {
      if (n == no_number) continue;
      if (n <= last) ascending = false;
      last = n;
    }
    if (!ascending && s.ascending) field_numbers_must_ascend();
    if (ascending && !s.ascending) field_numbers_ascend_so_this_is_a_plain_sequence();
    if (!ascending && !numbered_once(line...)) field_number_is_used_twice();
    std::size_t place = 0, tails_not_last = 0;
    ((++place, tails_not_last += is_tail<std::remove_cvref_t<decltype(line)>> && place != sizeof...(line)), ...);
    if (tails_not_last != 0) extension_fields_come_last();
    if (!named_once(line...)) field_is_named_twice();
  });
}
template <class S, std::uint8_t N, std::uint8_t... Also>
consteval void check(const application_schema<S, N, Also...>& s) {
  check(s.inner);
}
template <class C, class V, class... A>
consteval void check(const choice_schema<C, V, A...>&) {}
template <class T>
consteval auto checked_schema() {
  constexpr auto s = T::asn1();
  check(s);
  return s;
}
}  // namespace detail

template <message T>
inline constexpr auto schema_of = detail::checked_schema<T>();

namespace detail {
template <class... L>
constexpr const auto& plain_sequence(const sequence_schema<L...>& s) {
  return s;
}
template <class S, std::uint8_t N, std::uint8_t... Also>
constexpr const auto& plain_sequence(const application_schema<S, N, Also...>& s) {
  return s.inner;
}
/// The SEQUENCE of a message that is not a CHOICE.
template <message T>
inline constexpr const auto& fields_of = plain_sequence(schema_of<T>);
}  // namespace detail

template <class... L>
consteval const char* name_of_schema(const sequence_schema<L...>& s) {
  return s.name;
}
template <class S, std::uint8_t N, std::uint8_t... Also>
consteval const char* name_of_schema(const application_schema<S, N, Also...>& s) {
  return name_of_schema(s.inner);
}
template <class C, class V, class... A>
consteval const char* name_of_schema(const choice_schema<C, V, A...>& s) {
  return s.name;
}
/// The RFC's name for a message type ("KDC-REQ-BODY").
template <message T>
inline constexpr const char* type_name = name_of_schema(schema_of<T>);

/// How to read and write a type that is not a message:
///   static constexpr der::tag tag
///   static constexpr const char* name, the ASN.1 type's
///   template <der::mode M> static constexpr bool read(der::contents<M> c, T&)
///   static constexpr void write(der::writer&, const T&, der::tag t = tag)
/// `read` receives the contents octets, and returns `c.fail(errc)` if they are not a T. It is compiled
/// twice: decode() reads silently first, which is fast and takes strict DER only. If that fails, it
/// reads again with tolerances and errors. Both run the same code; a tolerance is a condition on
/// `c.allowed()`. A type whose tag varies has a `read` that opens the TLV itself:
///   template <der::mode M> static constexpr bool read(der::basic_reader<M>&, T&, der::place)
/// `t` in `write` is the type's own tag, or the one that IMPLICIT puts in its place. Types that occur
/// in most messages also have these, for fast writing of the contents alone (see quick.hpp):
///   static constexpr std::uint8_t* put(std::uint8_t* at, const std::uint8_t* floor, const T&), in front of `at`
///   static constexpr std::size_t size(const T&)
template <class T>
struct codec;

namespace detail {
template <class... L>
consteval der::tag tag_of_schema(const sequence_schema<L...>&) {
  return der::sequence;
}
template <class S, std::uint8_t N, std::uint8_t... Also>
consteval der::tag tag_of_schema(const application_schema<S, N, Also...>&) {
  return der::application(N);
}
}  // namespace detail
/// The first tag of a T's encoding; a CHOICE has none.
template <class T>
consteval der::tag own_tag() {
  if constexpr (message<T>) return detail::tag_of_schema(schema_of<T>);
  else return codec<T>::tag;
}

}  // namespace kerb::inline v0::asn1
