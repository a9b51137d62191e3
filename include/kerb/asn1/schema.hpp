// The vocabulary in which a message declares its ASN.1, once.
#pragma once
#include <concepts>
#include <cstdint>
#include <optional>
#include <tuple>
#include <type_traits>

#include "../der/tag.hpp"

namespace kerb::inline v0::asn1 {

/// One line `name [N] Type`. The member's C++ type is the ASN.1 type; std::optional is OPTIONAL.
template <class C, class V>
struct member_line {
  using value_type = V;
  std::uint8_t number;
  V C::*member;
  const char* name;
};

/// One line `name [N] INTEGER (K)`: always written, checked when read, stored nowhere.
struct constant_line {
  std::uint8_t number;
  std::int32_t value;
  const char* name;
};

template <class... Line>
struct sequence_schema {
  const char* name;
  std::tuple<Line...> lines;
};

/// `[APPLICATION N] SEQUENCE`; a reader also takes the further numbers.
template <class Inner, std::uint8_t N, std::uint8_t... Also>
struct application_schema {
  Inner inner;
};

// Declared only: a call to one of these ends constant evaluation, and its name is the compiler's message.
void field_numbers_must_ascend();
void field_is_named_twice();

namespace detail {
template <class A, class B>
consteval bool same_member(const A&, const B&) {
  return false;
}
template <class C, class V>
consteval bool same_member(const member_line<C, V>& a, const member_line<C, V>& b) {
  return a.member == b.member;
}
template <class L>
consteval bool named_once(const L&) {
  return true;
}
template <class L, class M, class... More>
consteval bool named_once(const L& l, const M& m, const More&... more) {
  return !same_member(l, m) && !(same_member(l, more) || ...) && named_once(m, more...);
}
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
}  // namespace detail

/// A SEQUENCE of explicitly tagged fields in ascending order, none named twice.
template <class... Line>
consteval auto sequence(const char* name, Line... line) {
  const int numbers[] = {line.number...};
  for (std::size_t i = 1; i < sizeof...(line); ++i)
    if (numbers[i] <= numbers[i - 1]) field_numbers_must_ascend();
  if (!detail::named_once(line...)) field_is_named_twice();
  return sequence_schema<Line...>{name, {line...}};
}

template <std::uint8_t N, std::uint8_t... Also, class S>
consteval auto application(S s) {
  return application_schema<S, N, Also...>{s};
}

template <std::uint8_t N>
  requires(N < 31)
struct numbered {
  template <class C, class V>
  consteval auto operator()(const char* name, V C::*m) const {
    return member_line<C, V>{N, m, name};
  }
  consteval auto operator()(const char* name, std::int32_t k) const { return constant_line{N, k, name}; }
};
/// `tag<3>("enc-part", &T::enc_part)`, or `tag<0>("pvno", 5)` for a fixed number.
template <std::uint8_t N>
inline constexpr numbered<N> tag{};

/// A type that declares its ASN.1.
template <class T>
concept message = requires {
  T::asn1();
};

template <message T>
inline constexpr auto schema_of = T::asn1();

template <class... L>
consteval const char* name_of_schema(const sequence_schema<L...>& s) {
  return s.name;
}
template <class S, std::uint8_t N, std::uint8_t... Also>
consteval const char* name_of_schema(const application_schema<S, N, Also...>& s) {
  return name_of_schema(s.inner);
}
/// The RFC's name of a message type ("KDC-REQ-BODY").
template <message T>
inline constexpr const char* type_name = name_of_schema(schema_of<T>);

/// How a type that is not a message is read and written:
///   static constexpr bool read(der::reader&, T&, der::place)
///   static constexpr void write(der::writer&, const T&)
template <class T>
struct codec;

}  // namespace kerb::inline v0::asn1
