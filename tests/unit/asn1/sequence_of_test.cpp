// SEQUENCE OF: checked octets on the way in, the caller's values on the way out.
#include <kerb/asn1/sequence_of.hpp>
#include <vector>

#include "unit/asn1/small.hpp"

using namespace kerb;
using kerb_test::encodes;
using kerb_test::Options;

namespace {

using numbers = asn1::sequence_of<std::int32_t>;
using some_numbers = asn1::sequence_of<std::int32_t, asn1::not_empty>;

static_assert(std::is_trivially_copyable_v<numbers>);
static_assert(std::is_convertible_v<std::array<std::int32_t, 2>&, numbers>);
static_assert(std::is_convertible_v<view_of<std::int32_t>, numbers>);
static_assert(!std::is_constructible_v<numbers, std::array<std::int32_t, 2>>, "it would outlive its values");
static_assert(!std::is_constructible_v<numbers, std::vector<std::int32_t>>);
static_assert(!std::is_constructible_v<numbers, std::int32_t (&&)[2]>);
static_assert(std::is_constructible_v<numbers, std::vector<std::int32_t>&>);
static_assert(!std::is_constructible_v<numbers, std::array<std::int64_t, 2>&>);

constexpr bool sum_is(const numbers& s, std::int32_t sum) {
  for (std::int32_t n : s) sum -= n;
  return sum == 0;
}

constexpr bool read_from_the_wire() {
  const auto in = "300902010102010202017f"_hex;
  const auto r = asn1::decode_as<numbers>("LIST", in, der::strict);
  if (!r || r->size() != 3 || r->empty()) return false;
  auto i = r->begin();
  const bool first = *i == 1 && i.octets() == bytes_view(in).subview(2, 3);
  const auto before = i++;
  const bool second = *i == 2 && i.octets() == bytes_view(in).subview(5, 3) && *before == 1;
  ++i;
  const bool third = *i == 127 && i != r->end();
  ++i;
  return first && second && third && i == r->end() && sum_is(*r, 130);
}
KERB_BOTH("sequence_of: from the wire each element comes by value, with its own octets", "[asn1]", read_from_the_wire);

constexpr bool seen_in_memory() {
  constexpr std::array<std::int32_t, 3> values{1, 2, 127};
  const numbers s = values;
  auto i = s.begin();
  const bool none = i.octets().empty();
  ++i;
  return none && *i == 2 && s.size() == 3 && sum_is(s, 130) && encodes(s, "300902010102010202017f"_hex);
}
KERB_BOTH("sequence_of: in memory it is the caller's values", "[asn1]", seen_in_memory);

constexpr bool empty_ones() {
  const auto in = "3000"_hex;
  const auto r = asn1::decode_as<numbers>("LIST", in);
  return r && r->empty() && r->begin() == r->end() && encodes(*r, in) && encodes(numbers(), in) && numbers().empty() &&
         encodes(numbers(view_of<std::int32_t>()), in);
}
KERB_BOTH("sequence_of: none is a list too", "[asn1]", empty_ones);

constexpr bool one_at_least() {
  const auto none = "3000"_hex;
  const auto one = "3003020101"_hex;
  const auto r = asn1::decode_as<some_numbers>("LIST", none), s = asn1::decode_as<some_numbers>("LIST", one);
  return !r && r.error().code == errc::empty_sequence && r.error().offset == 0 && s && s->size() == 1;
}
KERB_BOTH("sequence_of: an empty one is refused where the RFC forbids it", "[asn1]", one_at_least);

constexpr bool goes_back_out_as_it_came() {
  const auto in = "300e3005a2030201013005a503020102"_hex;
  const auto r = asn1::decode_as<asn1::sequence_of<Options>>("LIST", in, der::strict);
  if (!r || r->size() != 2) return false;
  auto i = r->begin();
  const Options a = *i;
  const bytes_view a_octets = i.octets();
  ++i;
  const Options b = *i;
  return a.first == 1 && !a.last && b.last == 2 && !b.first && a_octets == bytes_view(in).subview(2, 7) &&
         encodes(*r, in);
}
KERB_BOTH("sequence_of: decoded, it is written as the octets that came", "[asn1]", goes_back_out_as_it_came);

constexpr bool elements_alone() {
  constexpr std::array<std::int32_t, 2> values{1, 2};
  const auto in = "3006020101020102"_hex;
  const auto wanted = "300902017f020101020102"_hex;
  const auto r = asn1::decode_as<numbers>("LIST", in);
  for (const numbers& s : {numbers(values), *r}) {
    std::array<std::uint8_t, 11> out{};
    der::writer w(out);
    asn1::codec<numbers>::write_elements(w, s);
    asn1::write(w, std::int32_t{127});
    w.header_since(der::sequence, 0);
    if (!w.ok() || !(bytes_view(out) == bytes_view(wanted))) return false;
  }
  return true;
}
KERB_BOTH("sequence_of: its elements stand behind others in a longer list", "[asn1]", elements_alone);

constexpr bool every_element_is_checked() {
  const auto bad = "3006020101040102"_hex;
  const auto cut = "3005020101020102"_hex;
  const auto inner = "300e3005a2030201013005a603020102"_hex;
  const auto b = asn1::decode_as<numbers>("LIST", bad), c = asn1::decode_as<numbers>("LIST", cut);
  const auto i = asn1::decode_as<asn1::sequence_of<Options>>("LIST", inner);
  return b.error().code == errc::unexpected_tag && b.error().offset == 5 && c.error().code == errc::truncated &&
         c.error().offset == 5 && i.error().code == errc::trailing_data && i.error().offset == 11 &&
         std::string_view(i.error().type) == "Options";
}
KERB_BOTH("sequence_of: a fault in any element is found while decoding", "[asn1]", every_element_is_checked);

constexpr bool tolerated_elements_stay_readable() {
  const auto in = "30060201ff020105"_hex;
  const auto r = asn1::decode_as<asn1::sequence_of<std::uint32_t>>("LIST", in, der::rules{.negative_uint32 = true});
  return r && *r->begin() == 0xffffffffu && !asn1::decode_as<asn1::sequence_of<std::uint32_t>>("LIST", in, der::strict);
}
KERB_BOTH("sequence_of: an element that was tolerated is read again under the same tolerance", "[asn1][tolerance]",
          tolerated_elements_stay_readable);

constexpr bool copies_are_views() {
  const auto in = "3006020101020102"_hex;
  const auto r = asn1::decode_as<numbers>("LIST", in);
  numbers other;
  other = *r;
  const numbers third = other;
  return third.size() == 2 && sum_is(third, 3) && third.begin().octets().data() == in.data() + 2 &&
         third.octets() == bytes_view(in).subview(2) && third.octets().data() == in.data() + 2;
}
KERB_BOTH("sequence_of: a copy looks at the same octets", "[asn1]", copies_are_views);

TEST_CASE("sequence_of: ten thousand elements, in one pass", "[asn1]") {
  const std::vector<std::int32_t> values(10000, 5);
  const numbers s = values;
  std::vector<std::uint8_t> buffer(asn1::encoded_size(s));
  const auto out = asn1::encode(s, buffer);
  REQUIRE(out);
  const auto r = asn1::decode_as<numbers>("LIST", *out, der::strict);
  REQUIRE(r);
  CHECK(r->size() == 10000);
  CHECK(sum_is(*r, 50000));
}

}  // namespace
