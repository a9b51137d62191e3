// Every value inside a decoded message, and every view it holds.
#pragma once
#include <kerb/messages.hpp>
#include <variant>

namespace kerb_test {

template <class T>
inline constexpr bool is_list = false;
template <class T, class Rule>
inline constexpr bool is_list<kerb::sequence_of<T, Rule>> = true;
template <class T>
inline constexpr bool is_captured = false;
template <class T>
inline constexpr bool is_captured<kerb::captured<T>> = true;

/// The encoding of an element of a list, or of a captured value.
struct whole_encoding {
  kerb::bytes_view octets;
};

template <class T, class F>
constexpr void for_each_value(const T& v, F&& f);

template <class T, class... L, class F>
constexpr void for_each_member(const T& v, const kerb::asn1::sequence_schema<L...>& s, F& f) {
  const auto line = [&](const auto& l) {
    if constexpr (requires { l.member; }) for_each_value(v.*l.member, f);
  };
  s.lines.apply([&](const auto&... l) { (line(l), ...); });
}
template <class T, class S, std::uint8_t N, std::uint8_t... Also, class F>
constexpr void for_each_member(const T& v, const kerb::asn1::application_schema<S, N, Also...>& s, F& f) {
  for_each_member(v, s.inner, f);
}
template <class T, class C, class V, class... A, class F>
constexpr void for_each_member(const T& v, const kerb::asn1::choice_schema<C, V, A...>& s, F& f) {
  std::visit([&](const auto& chosen) { for_each_value(chosen, f); }, v.*s.member);
}

/// f(value) for `v` and for everything in it that is there, and f(whole_encoding) for what was kept as it came.
template <class T, class F>
constexpr void for_each_value(const T& v, F&& f) {
  if constexpr (kerb::asn1::detail::is_optional<T>) {
    if (v) for_each_value(*v, f);
  } else if constexpr (is_captured<T>) {
    f(whole_encoding{v.octets()});
    for_each_value(v.value(), f);
  } else if constexpr (is_list<T>) {
    f(v);
    for (auto i = v.begin(); i != v.end(); ++i) {
      f(whole_encoding{i.octets()});
      for_each_value(*i, f);
    }
  } else {
    f(v);
    if constexpr (kerb::asn1::message<T>) for_each_member(v, kerb::asn1::schema_of<T>, f);
  }
}

/// f(octets, whether the decoder has no business with what they are) for every view that the value `v` itself holds.
template <class T, class F>
constexpr void with_view(const T& v, F&& f) {
  if constexpr (std::is_same_v<T, kerb::bytes_view>) f(v, true);
  else if constexpr (std::is_same_v<T, kerb::kerberos_string> || std::is_same_v<T, kerb::utf8_string>)
    f(v.octets, true);
  else if constexpr (std::is_same_v<T, kerb::kerberos_realm> || std::is_same_v<T, kerb::iakerb_realm>)
    f(v.octets, false);  // it looks for the octet 0
  else if constexpr (std::is_same_v<T, kerb::bit_string> || std::is_same_v<T, kerb::object_identifier> ||
                     std::is_same_v<T, whole_encoding>)
    f(v.octets, false);
  else if constexpr (std::is_same_v<T, kerb::asn1::any_value> || std::is_same_v<T, kerb::asn1::extension_fields>)
    f(v.der, false);
}

/// A number for all that a decoded value contains: its parts in order, what they hold, and where their views are.
template <class T>
std::uint64_t digest(const T& whole) {
  std::uint64_t sum = 0;
  const auto add = [&](std::uint64_t n) { sum = (sum ^ n) * 0x100000001b3 + (sum >> 29); };
  for_each_value(whole, [&](const auto& v) {
    using value = std::remove_cvref_t<decltype(v)>;
    add(sizeof v);
    if constexpr (std::is_enum_v<value> || std::is_integral_v<value>) add(static_cast<std::uint64_t>(v));
    else if constexpr (std::is_same_v<value, kerb::uint32>) add(std::uint32_t{v} + (std::uint64_t(v.form()) << 32));
    else if constexpr (std::is_same_v<value, kerb::microseconds>)
      add(static_cast<std::uint32_t>(v.count) + (std::uint64_t(v.form) << 32));
    else if constexpr (std::is_same_v<value, kerb::kerberos_time>) add(static_cast<std::uint64_t>(v.seconds));
    else if constexpr (std::is_same_v<value, kerb::bit_string>) add(v.unused);
    else if constexpr (requires { v.bits; }) add(v.bits);
    else if constexpr (is_list<value>) add(v.size());
    with_view(v, [&](kerb::bytes_view part, bool) {
      add(part.size());
      if (!part.empty()) add(reinterpret_cast<std::uintptr_t>(part.data()));
    });
  });
  return sum;
}

/// Whether reading silently takes exactly what strict rules take, and reads the same. `in` is any octets.
template <class T>
bool modes_agree(kerb::bytes_view in) {
  T silent{}, telling{};
  const bool taken = kerb::asn1::detail::decode_silent(in, silent);
  const bool good = kerb::asn1::detail::decode_telling("", in, kerb::der::strict, telling).ok();
  return taken == good && (!good || digest(silent) == digest(telling));
}

/// Whether every view that a decoded value holds lies in `in`, and every list has the elements it counts.
template <class T>
constexpr bool lies_inside(const T& whole, kerb::bytes_view in) {
  bool good = true;
  for_each_value(whole, [&](const auto& v) {
    with_view(v, [&](kerb::bytes_view part, bool) {
      good = good && part.size() <= in.size() && part.data() >= in.data() && part.end() <= in.end();
    });
    using value = std::remove_cvref_t<decltype(v)>;
    if constexpr (std::is_same_v<value, whole_encoding>) good = good && !v.octets.empty();
    if constexpr (is_list<value>) {
      std::size_t count = 0;
      for (auto i = v.begin(); i != v.end(); ++i) ++count;
      good = good && count == v.size();
    }
  });
  return good;
}

}  // namespace kerb_test
