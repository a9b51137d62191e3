// Decoding by schema: what is there, what is not, and where it went wrong.
#include <kerb/asn1/decode.hpp>
#include <kerb/asn1/sequence_of.hpp>
#include <vector>

#include "unit/asn1/small.hpp"

using namespace kerb;
using kerb_test::Closed;
using kerb_test::Extensible;
using kerb_test::fails;
using kerb_test::Open;
using kerb_test::Options;
using kerb_test::Small;
using kerb_test::Tagged;
using kerb_test::Untagged;

namespace kerb_test {

/// A type with a codec of its own: an INTEGER that is even, and under a tolerance may be odd.
struct even {
  std::int32_t number = 0;
};
struct Evens {
  even first;
  std::optional<even> second;
  kerb::asn1::sequence_of<even> more;

  static consteval auto asn1() {
    using T = Evens;
    using namespace kerb::asn1;
    return sequence("Evens", tag<0>("first", &T::first), implicit<1>("second", &T::second), tag<2>("more", &T::more));
  }
};

}  // namespace kerb_test

template <>
struct kerb::asn1::codec<kerb_test::even> {
  static constexpr const char* name = "INTEGER";
  static constexpr der::tag tag = der::integer;
  template <der::mode M>
  static constexpr bool read(der::contents<M> c, kerb_test::even& out) {
    if (!der::read_integer(c, out.number)) return false;
    return out.number % 2 == 0 || c.allowed().negative_uint32 || c.fail(errc::bad_integer);
  }
  static constexpr void write(der::writer& w, const kerb_test::even& v, der::tag t = tag) {
    der::write_integer(w, v.number, t);
  }
};

namespace {

using sequence_of_numbers = asn1::sequence_of<std::int32_t>;

template <class In>
concept decodes_from = requires(In&& in) {
  asn1::decode<Small>(static_cast<In&&>(in));
};
static_assert(decodes_from<std::array<std::uint8_t, 4>&> && decodes_from<bytes_view> &&
              decodes_from<std::span<const std::uint8_t>>);
static_assert(!decodes_from<std::array<std::uint8_t, 4>> && !decodes_from<std::vector<std::uint8_t>>,
              "the views in the result would outlive what they look at");

constexpr bool all_present() {
  const auto r = asn1::decode<Small>(kerb_test::small_with_b, der::strict);
  return r && r->a == 5 && r->b && *r->b == 6 && r->c.size() == 2 && r->c.data() == kerb_test::small_with_b.data() + 21;
}
KERB_BOTH("decode: every field, octets as views of the input", "[asn1]", all_present);

constexpr bool optional_absent() {
  const auto r = asn1::decode<Small>(kerb_test::small_without_b);
  return r && r->a == 5 && !r->b && r->c.size() == 2;
}
KERB_BOTH("decode: an absent optional field is absent, not zero", "[asn1]", optional_absent);

constexpr bool nothing_but_options() {
  const auto none = "3000"_hex;
  const auto first = "3005a203020101"_hex;
  const auto last = "3005a503020102"_hex;
  const auto both = "300aa203020101a503020102"_hex;
  const auto n = asn1::decode<Options>(none), f = asn1::decode<Options>(first), l = asn1::decode<Options>(last),
             b = asn1::decode<Options>(both);
  return n && !n->first && !n->last && f && f->first == 1 && !f->last && l && !l->first && l->last == 2 && b &&
         b->first == 1 && b->last == 2;
}
KERB_BOTH("decode: optional fields come in any combination", "[asn1]", nothing_but_options);

constexpr bool fields_left_over() {
  return fails<Options>("3005a603020101"_hex, errc::trailing_data, 2, "Options", "") &&
         fails<Options>("300aa203020101a603020101"_hex, errc::trailing_data, 7, "Options", "") &&
         fails<Options>("300aa503020101a203020101"_hex, errc::trailing_data, 7, "Options", "") &&
         fails<Options>("300aa203020101a203020101"_hex, errc::trailing_data, 7, "Options", "") &&
         fails<Options>("3005a303020101"_hex, errc::trailing_data, 2, "Options", "") &&
         fails<Options>("30020500"_hex, errc::trailing_data, 2, "Options", "");
}
KERB_BOTH("decode: a field that is unknown, out of order or there twice is refused where it stands", "[asn1]",
          fields_left_over);

constexpr bool fields_missing() {
  return fails<Small>("3000"_hex, errc::missing_field, 2, "Small", "a") &&
         fails<Small>("3005a003020105"_hex, errc::missing_field, 7, "Small", "k") &&
         fails<Small>("300aa003020105a103020106"_hex, errc::missing_field, 12, "Small", "k") &&
         fails<Small>("300aa003020105a303020107"_hex, errc::missing_field, 12, "Small", "c") &&
         fails<Small>("3010a203020105a303020107a4040402aabb"_hex, errc::missing_field, 2, "Small", "a") &&
         fails<Small>("3010a003020105a203020107a4040402aabb"_hex, errc::missing_field, 7, "Small", "k");
}
KERB_BOTH("decode: a missing field is named, at the octet where it should begin", "[asn1]", fields_missing);

constexpr bool wrong_constants() {
  return fails<Small>("3010a003020105a303020108a4040402aabb"_hex, errc::wrong_constant, 9, "Small", "k") &&
         fails<Small>("3010a003020105a3030201f9a4040402aabb"_hex, errc::wrong_constant, 9, "Small", "k") &&
         fails<Small>("3014a003020105a30702050100000007a4040402aabb"_hex, errc::wrong_constant, 9, "Small", "k") &&
         fails<Small>("3011a003020105a30402020007a4040402aabb"_hex, errc::bad_integer, 9, "Small", "k") &&
         fails<Small>("3010a003020105a3030a0107a4040402aabb"_hex, errc::unexpected_tag, 9, "Small", "k") &&
         fails<Small>("3012a003020105a3050201070500a4040402aabb"_hex, errc::trailing_data, 12, "Small", "k");
}
KERB_BOTH("decode: a constant is compared in 64 bits, and must be there alone", "[asn1]", wrong_constants);

constexpr bool faults_inside_a_field() {
  return fails<Small>("3010a003040105a303020107a4040402aabb"_hex, errc::unexpected_tag, 4, "Small", "a") &&
         fails<Small>("3012a0050201050500a303020107a4040402aabb"_hex, errc::trailing_data, 7, "Small", "a") &&
         fails<Small>("300ea003020105a303020107a4020200"_hex, errc::unexpected_tag, 14, "Small", "c") &&
         fails<Small>("3010a003020105a303020107a4040403aabb"_hex, errc::truncated, 14, "Small", "c") &&
         fails<Small>("300da000a303020107a4040402aabb"_hex, errc::truncated, 4, "Small", "a") &&
         fails<Small>("3010a003020105a303020107a4800402aabb"_hex, errc::non_minimal_length, 12, "Small", "c") &&
         fails<Small>("3010a003020105a303020107a4060402aabb"_hex, errc::truncated, 12, "Small", "c") &&
         fails<Small>("3010a0030201058303020107a4040402aabb"_hex, errc::missing_field, 7, "Small", "k");
}
KERB_BOTH("decode: a fault in a field has the field's name and the offset of what is wrong", "[asn1]",
          faults_inside_a_field);

constexpr bool faults_of_the_whole() {
  return fails<Small>(std::array<std::uint8_t, 0>{}, errc::truncated, 0, "Small", "") &&
         fails<Small>("3110a003020105a303020107a4040402aabb"_hex, errc::unexpected_tag, 0, "Small", "") &&
         fails<Small>("3010a003020105a303020107a4040402aabb00"_hex, errc::trailing_data, 18, "Small", "") &&
         fails<Small>("3010a003020105a303020107a4040402aa"_hex, errc::truncated, 0, "Small", "") &&
         fails<Small>("3080a003020105a303020107a4040402aabb0000"_hex, errc::non_minimal_length, 0, "Small", "") &&
         fails<Small>("308110a003020105a303020107a4040402aabb"_hex, errc::non_minimal_length, 0, "Small", "");
}
KERB_BOTH("decode: a fault of the whole has no field; octets behind it are refused", "[asn1]", faults_of_the_whole);

constexpr bool application_tags() {
  const auto as_5 = "65163014a0123010a003020105a303020107a4040402aabb"_hex;
  auto as_6 = as_5;
  as_6[0] = 0x66;
  auto as_7 = as_5;
  as_7[0] = 0x67;
  const auto five = asn1::decode<Tagged>(as_5), six = asn1::decode<Tagged>(as_6);
  return five && five->small.a == 5 && six && six->small.a == 5 &&
         fails<Tagged>(as_7, errc::unexpected_tag, 0, "Tagged", "");
}
KERB_BOTH("decode: an APPLICATION type is read under each of its numbers", "[asn1]", application_tags);

constexpr bool nested_faults() {
  auto other_type = "65163014a0123010a003020105a303020107a4040402aabb"_hex;
  other_type[10] = 0x04;
  auto other_field = "65163014a0123010a003020105a303020107a4040402aabb"_hex;
  other_field[13] = 0xa2;
  return fails<Tagged>(other_type, errc::unexpected_tag, 10, "Small", "a") &&
         fails<Tagged>(other_field, errc::missing_field, 13, "Small", "k") &&
         fails<Tagged>("65183014a0123010a003020105a303020107a4040402aabb0500"_hex, errc::trailing_data, 24, "Tagged",
                       "") &&
         fails<Tagged>("65183016a0143010a003020105a303020107a4040402aabb0500"_hex, errc::trailing_data, 24, "Tagged",
                       "small");
}
KERB_BOTH("decode: a nested fault has the inner type's name and an offset from the outermost octet", "[asn1]",
          nested_faults);

constexpr bool types_that_are_no_message() {
  const auto list = "3006020101020102"_hex;
  const auto behind = "30060201010201020500"_hex;
  const auto wrong = "3006020101040102"_hex;
  const auto l = asn1::decode_as<sequence_of_numbers>("LIST", list);
  const auto b = asn1::decode_as<sequence_of_numbers>("LIST", behind),
             w = asn1::decode_as<sequence_of_numbers>("LIST", wrong);
  return l && l->size() == 2 && b.error().code == errc::trailing_data && b.error().offset == 8 &&
         std::string_view(b.error().type) == "LIST" && w.error().code == errc::unexpected_tag &&
         w.error().offset == 5 && std::string_view(w.error().type) == "LIST";
}
KERB_BOTH("decode_as: a bare SEQUENCE OF is decoded under the name it is given", "[asn1]", types_that_are_no_message);

constexpr bool inputs_beyond_32_bits() {
  // never looked at: the size alone decides
  const bytes_view huge(kerb_test::small_with_b.data(), std::size_t{0xffffffff} + 1);
  const auto r = asn1::decode<Small>(huge);
  const auto l = asn1::decode_as<sequence_of_numbers>("LIST", huge);
  return r.error().code == errc::input_too_large && std::string_view(r.error().type) == "Small" &&
         l.error().code == errc::input_too_large && std::string_view(l.error().type) == "LIST";
}
KERB_BOTH("decode: an input of 2^32 octets is refused", "[asn1]", inputs_beyond_32_bits);

constexpr bool rules_reach_every_field() {
  const auto negative = "3015a003020105a1030201ffa303020107a4040402aabb"_hex;
  const auto lenient = asn1::decode<Small>(negative);
  return lenient && lenient->b == 0xffffffffu && fails<Small>(negative, errc::bad_integer, 9, "Small", "b");
}
KERB_BOTH("decode: what is tolerated by default is refused by strict rules", "[asn1][tolerance]",
          rules_reach_every_field);

constexpr bool own_codec() {
  using kerb_test::Evens;
  constexpr auto good = "3012a003020102810104a2083006020106020108"_hex;
  constexpr auto odd = "3012a003020102810105a2083006020106020108"_hex;
  constexpr auto odd_element = "3012a003020102810104a2083006020107020108"_hex;
  Evens silent{};
  const auto v = asn1::decode<Evens>(good, der::strict);
  const auto lenient = asn1::decode<Evens>(odd);
  return asn1::detail::decode_silent(good, silent) && silent.second->number == 4 && v && v->more.size() == 2 &&
         !asn1::detail::decode_silent(odd, silent) && !asn1::detail::decode_silent(odd_element, silent) &&
         fails<Evens>(odd, errc::bad_integer, 7, "Evens", "second") && lenient && lenient->second->number == 5 &&
         fails<Evens>(odd_element, errc::bad_integer, 14, "Evens", "more") && kerb_test::encodes(*v, good);
}
KERB_BOTH("decode: one read of a codec serves both modes, with its tolerance and its error", "[asn1][tolerance]",
          own_codec);

constexpr bool decoding_again() {
  Small out{.a = 1, .b = 2, .c = {}};
  der::source s{.origin = kerb_test::small_without_b.data()};
  der::reader r(kerb_test::small_without_b, s);
  return asn1::read(r, out, {"Small", ""}) && out.a == 5 && !out.b && r.at_end();
}
KERB_BOTH("read: an optional field that is absent does not keep its old value", "[asn1]", decoding_again);

TEST_CASE("decode: every truncation is refused, and never with an offset outside", "[asn1]") {
  for (std::size_t n = 0; n != kerb_test::small_with_b.size(); ++n) {
    const auto r = asn1::decode<Small>(bytes_view(kerb_test::small_with_b).first(n));
    CHECK(!r);
    CHECK(r.error().offset <= n);
  }
}

constexpr bool alternatives() {
  const auto by_explicit = "a0073005a203020101"_hex;
  const auto by_implicit = "8102aabb"_hex;
  const auto by_own = "180f31393730303130313030303030305a"_hex;
  const auto e = asn1::decode<Closed>(by_explicit, der::strict), i = asn1::decode<Closed>(by_implicit, der::strict),
             o = asn1::decode<Closed>(by_own, der::strict);
  return e && e->value.index() == 0 && std::get<0>(e->value).first == 1 && i && i->value.index() == 1 &&
         std::get<1>(i->value) == bytes_view(by_implicit).last(2) && o && o->value.index() == 2;
}
KERB_BOTH("decode: a CHOICE is the alternative whose tag is there", "[asn1]", alternatives);

constexpr bool no_alternative() {
  return fails<Closed>("a2023000"_hex, errc::unexpected_tag, 0, "Closed", "") &&
         fails<Closed>("a102aabb"_hex, errc::unexpected_tag, 0, "Closed", "") &&
         fails<Closed>("80023000"_hex, errc::unexpected_tag, 0, "Closed", "") &&
         fails<Closed>(std::array<std::uint8_t, 0>{}, errc::truncated, 0, "Closed", "") &&
         fails<Closed>("a0020500"_hex, errc::unexpected_tag, 2, "Closed", "explicit") &&
         fails<Closed>("8103aabb"_hex, errc::truncated, 0, "Closed", "implicit") &&
         fails<Closed>("a00430000500"_hex, errc::trailing_data, 4, "Closed", "explicit") &&
         fails<Closed>("8102aabb00"_hex, errc::trailing_data, 4, "Closed", "");
}
KERB_BOTH("decode: a CHOICE of none of its alternatives is refused, a fault in one has its name", "[asn1]",
          no_alternative);

constexpr bool alternatives_to_come() {
  const auto known = "a105a203020101"_hex;
  const auto unknown = "a2023000"_hex;
  const auto primitive = "8201 05"_hex;
  const auto k = asn1::decode<Open>(known, der::strict), u = asn1::decode<Open>(unknown, der::strict),
             p = asn1::decode<Open>(primitive, der::strict);
  return k && k->value.index() == 1 && std::get<1>(k->value).first == 1 && u && u->value.index() == 2 &&
         std::get<2>(u->value).der == bytes_view(unknown) && p && p->value.index() == 2 &&
         fails<Open>("800105"_hex, errc::unexpected_tag, 0, "Open", "") &&
         fails<Open>("020105"_hex, errc::unexpected_tag, 0, "Open", "") &&
         fails<Open>("e2020500"_hex, errc::unexpected_tag, 0, "Open", "") &&
         fails<Open>("a20330"_hex, errc::truncated, 0, "Open", "") &&
         fails<Open>(std::array<std::uint8_t, 0>{}, errc::truncated, 0, "Open", "");
}
KERB_BOTH("decode: an extensible CHOICE keeps the alternative that it does not know", "[asn1]", alternatives_to_come);

constexpr bool implicit_tags() {
  const auto in = "300e 800105 a105a203020101 a2028100"_hex;
  const auto r = asn1::decode<Extensible>(in, der::strict);
  return r && r->number == 5 && r->options && r->options->first == 1 && r->closed && r->closed->value.index() == 1 &&
         r->extensions.der.empty() &&
         fails<Extensible>("3005a003020105"_hex, errc::missing_field, 2, "Extensible", "number") &&
         fails<Extensible>("30048002 0005"_hex, errc::bad_integer, 2, "Extensible", "number") &&
         fails<Extensible>("3007800105a2020500"_hex, errc::unexpected_tag, 7, "Extensible", "closed") &&
         fails<Extensible>("3005800105 a200"_hex, errc::truncated, 7, "Extensible", "closed");
}
KERB_BOTH("decode: IMPLICIT is read under its number in the type's own form", "[asn1]", implicit_tags);

constexpr bool fields_to_come() {
  const auto in = "300a 800105 a3020500 0401aa"_hex;
  const auto r = asn1::decode<Extensible>(in, der::strict);
  return r && !r->options && !r->closed && r->extensions.der == bytes_view(in).last(7) &&
         fails<Extensible>("30058001050000"_hex, errc::unexpected_tag, 5, "Extensible", "...") &&
         fails<Extensible>("3006800105a302 05"_hex, errc::truncated, 5, "Extensible", "...") &&
         fails<Extensible>("3006800105 9f0100"_hex, errc::unexpected_tag, 5, "Extensible", "...") &&
         fails<Extensible>("3006800105 048000"_hex, errc::non_minimal_length, 5, "Extensible", "...");
}
KERB_BOTH("decode: fields of a later version are kept as they came, and are DER in their outermost layer", "[asn1]",
          fields_to_come);

constexpr bool known_fields_are_no_extensions() {
  return fails<Extensible>("3006800105800106"_hex, errc::trailing_data, 5, "Extensible", "") &&
         fails<Extensible>("3009800105a2028100 a100"_hex, errc::trailing_data, 9, "Extensible", "") &&
         fails<Extensible>("300a800105 a3020500 a100"_hex, errc::truncated, 0, "Extensible", "") &&
         fails<Extensible>("3009800105 a3020500 a100"_hex, errc::trailing_data, 9, "Extensible", "");
}
KERB_BOTH("decode: a known field that is there twice, or behind its place, is no extension", "[asn1]",
          known_fields_are_no_extensions);

constexpr bool own_tags() {
  const auto bare = "300306012a"_hex;
  const auto both = "3009 06012a 8102aabb 0500"_hex;
  const auto only_any = "3005 06012a 0500"_hex;
  const auto b = asn1::decode<Untagged>(bare, der::strict), a = asn1::decode<Untagged>(both, der::strict),
             o = asn1::decode<Untagged>(only_any, der::strict);
  return b && !b->closed && !b->rest && a && a->closed && a->rest && a->rest->der.size() == 2 && o && !o->closed &&
         o->rest && fails<Untagged>("30020500"_hex, errc::missing_field, 2, "Untagged", "id") &&
         fails<Untagged>("3007 06012a 0500 0500"_hex, errc::trailing_data, 7, "Untagged", "");
}
KERB_BOTH("decode: fields under their own tags, optional ones by what may begin them", "[asn1]", own_tags);

struct InOrder {
  std::optional<std::int32_t> two;
  std::int32_t zero = 0;
  asn1::extension_fields extensions;

  static consteval auto asn1() {
    using T = InOrder;
    using namespace kerb::asn1;
    return sequence_in_order("InOrder", tag<2>("two", &T::two), tag<0>("zero", &T::zero), extensible(&T::extensions));
  }
};

constexpr bool fields_in_their_own_order() {
  const auto both = "300aa203020107a003020105"_hex;
  const auto one = "3005a003020105"_hex;
  const auto more = "300aa003020105a303020101"_hex;
  const auto b = asn1::decode<InOrder>(both, der::strict), o = asn1::decode<InOrder>(one, der::strict),
             m = asn1::decode<InOrder>(more, der::strict);
  return b && b->two == 7 && b->zero == 5 && kerb_test::encodes(*b, both) && o && !o->two && o->zero == 5 &&
         kerb_test::encodes(*o, one) && m && m->extensions.der.size() == 5 && kerb_test::encodes(*m, more) &&
         // a field that is known is no extension, whichever place its number has
         fails<InOrder>("300aa003020105a203020107"_hex, errc::trailing_data, 7, "InOrder", "") &&
         fails<InOrder>("3005a203020107"_hex, errc::missing_field, 7, "InOrder", "zero");
}
KERB_BOTH("decode: a sequence_in_order has its fields in the order of its lines, whatever their numbers", "[asn1]",
          fields_in_their_own_order);

}  // namespace
