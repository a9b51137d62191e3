// The vocabulary in which messages declare themselves.
#include <kerb/asn1/schema.hpp>

#include "unit/asn1/small.hpp"

using namespace kerb;
using kerb_test::Closed;
using kerb_test::Extensible;
using kerb_test::Options;
using kerb_test::Small;
using kerb_test::Tagged;

namespace {

static_assert(asn1::message<Small> && asn1::message<Tagged>);
static_assert(!asn1::message<int> && !asn1::message<bytes_view> && !asn1::message<std::optional<Small>>);
static_assert(std::is_aggregate_v<Small> && std::is_trivially_copyable_v<Small>);

constexpr bool names_of_types() {
  return std::string_view(asn1::type_name<Small>) == "Small" && std::string_view(asn1::type_name<Tagged>) == "Tagged" &&
         std::string_view(asn1::schema_of<Tagged>.inner.name) == "Tagged";
}
KERB_BOTH("schema: a type has the name its schema gives it", "[asn1]", names_of_types);

constexpr bool lines_say_what_they_are() {
  constexpr auto s = asn1::schema_of<Small>;
  static_assert(s.lines.size == 4);
  const auto& a = s.lines.get<0>();
  const auto& b = s.lines.get<1>();
  const auto& k = s.lines.get<2>();
  const auto& c = s.lines.get<3>();
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(b)>::value_type, std::optional<std::uint32_t>>);
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(k)>, asn1::constant_line>);
  return a.number == 0 && b.number == 1 && k.number == 3 && c.number == 4 && a.member == &Small::a &&
         b.member == &Small::b && k.value == 7 && std::string_view(c.name) == "c";
}
KERB_BOTH("schema: a line has number, name, and member or constant", "[asn1]", lines_say_what_they_are);

constexpr bool optional_is_a_type() {
  return asn1::detail::is_optional<std::optional<int>> && !asn1::detail::is_optional<int> &&
         !asn1::detail::is_optional<Options>;
}
KERB_BOTH("schema: OPTIONAL is std::optional and nothing else", "[asn1]", optional_is_a_type);

constexpr bool members_are_told_apart() {
  struct pair {
    int x, y;
  };
  constexpr auto x = asn1::tag<0>("x", &pair::x);
  constexpr auto y = asn1::tag<1>("y", &pair::y);
  constexpr auto again = asn1::tag<2>("x", &pair::x);
  constexpr auto constant = asn1::tag<3>("k", 1);
  constexpr bool apart = asn1::detail::named_once(x, y, constant);
  return apart && !asn1::detail::named_once(x, y, again) && !asn1::detail::named_once(x, constant, again) &&
         asn1::detail::named_once(constant, constant);
}
KERB_BOTH("schema: a member named twice is noticed, two of one type are not confused", "[asn1]",
          members_are_told_apart);

template <std::uint8_t N>
concept numbers_a_field = requires {
  typename asn1::numbered<N>;
};
static_assert(numbers_a_field<0> && numbers_a_field<30> && !numbers_a_field<31>, "one identifier octet holds 0 to 30");

constexpr bool choices_and_tails() {
  constexpr auto c = asn1::schema_of<Closed>;
  static_assert(c.alternatives.size == 3);
  constexpr auto e = asn1::schema_of<Extensible>;
  static_assert(e.lines.size == 4);
  return std::string_view(asn1::type_name<Closed>) == "Closed" && c.member == &Closed::value &&
         c.alternatives.get<1>().how == asn1::tagging::implicitly && c.alternatives.get<1>().number == 1 &&
         c.alternatives.get<2>().how == asn1::tagging::none &&
         std::string_view(c.alternatives.get<0>().name) == "explicit" &&
         e.lines.get<0>().how == asn1::tagging::implicitly && e.lines.get<2>().how == asn1::tagging::explicitly &&
         e.lines.get<3>().member == &Extensible::extensions && std::string_view(e.lines.get<3>().name) == "...";
}
KERB_BOTH("schema: a CHOICE has alternatives, an extensible SEQUENCE a last line", "[asn1]", choices_and_tails);

constexpr bool own_tags() {
  return asn1::own_tag<Small>() == der::sequence && asn1::own_tag<Tagged>() == der::application(5) &&
         asn1::own_tag<std::int32_t>() == der::integer && der::implicitly(3, der::sequence).octet == 0xa3 &&
         der::implicitly(3, der::integer).octet == 0x83;
}
KERB_BOTH("schema: IMPLICIT takes the number and leaves the form", "[asn1]", own_tags);

}  // namespace
