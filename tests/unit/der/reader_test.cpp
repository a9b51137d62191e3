// The cursor: every form of a length, sticky errors, and exact offsets.
#include <kerb/der/reader.hpp>

#include "unit/der/walk.hpp"

using namespace kerb;
using kerb_test::here;

namespace {

struct opened {
  std::size_t size = 0, left = 0;
  error why;
};
constexpr opened open_octets(bytes_view in, der::tag t = der::octet_string) {
  der::source s{.origin = in.data()};
  der::reader r(in, s);
  const der::reader inner = r.open(t, here);
  return {inner.rest().size(), r.rest().size(), s.why};
}
template <std::size_t N>
constexpr bool fails(const std::array<std::uint8_t, N>& in, errc c, std::uint32_t at = 0,
                     der::tag t = der::octet_string) {
  const opened o = open_octets(in, t);
  return o.why.code == c && o.why.offset == at && o.size == 0 && o.left == 0 &&
         std::string_view(o.why.type) == "Type" && std::string_view(o.why.field) == "field";
}

constexpr bool short_lengths() {
  const auto none = "0400"_hex;
  const auto one = "0401ff"_hex;
  const auto two = "0401ff0400"_hex;
  std::array<std::uint8_t, 129> longest{0x04, 0x7f};
  return open_octets(none).why.ok() && open_octets(none).size == 0 && open_octets(one).size == 1 &&
         open_octets(two).left == 2 && open_octets(longest).size == 127 && open_octets(longest).left == 0;
}
KERB_BOTH("reader: a length below 128 is one octet", "[der][x690-8.1.3.4]", short_lengths);

constexpr bool long_lengths() {
  std::array<std::uint8_t, 3 + 128> l128{0x04, 0x81, 0x80};
  std::array<std::uint8_t, 3 + 255> l255{0x04, 0x81, 0xff};
  std::array<std::uint8_t, 4 + 256> l256{0x04, 0x82, 0x01, 0x00};
  return open_octets(l128).size == 128 && open_octets(l255).size == 255 && open_octets(l256).size == 256 &&
         open_octets(l128).why.ok() && open_octets(l255).why.ok() && open_octets(l256).why.ok() &&
         open_octets(l256).left == 0;
}
KERB_BOTH("reader: a length from 128 on is in the long form", "[der][x690-8.1.3.5]", long_lengths);

constexpr bool needlessly_long_lengths() {
  std::array<std::uint8_t, 3 + 127> l127{0x04, 0x81, 0x7f};
  std::array<std::uint8_t, 4 + 255> l255{0x04, 0x82, 0x00, 0xff};
  return fails("048100"_hex, errc::non_minimal_length) && fails("04810101"_hex, errc::non_minimal_length) &&
         fails(l127, errc::non_minimal_length) && fails(l255, errc::non_minimal_length) &&
         fails("0482000101"_hex, errc::non_minimal_length) && fails("048300000101"_hex, errc::non_minimal_length) &&
         fails("04840000000101"_hex, errc::non_minimal_length) && fails("0484000000ff"_hex, errc::non_minimal_length);
}
KERB_BOTH("reader: a length in long form that fits a shorter one is refused", "[der][x690-10.1]",
          needlessly_long_lengths);

constexpr bool indefinite_lengths() {
  return fails("0480aabb0000"_hex, errc::non_minimal_length) &&
         fails("308002010500"_hex, errc::non_minimal_length, 0, der::sequence);
}
KERB_BOTH("reader: an indefinite length is refused", "[der][x690-10.1]", indefinite_lengths);

constexpr bool absurd_lengths() {
  return fails("04850100000000"_hex, errc::non_minimal_length) &&
         fails("04880000000000000001aa"_hex, errc::non_minimal_length) && fails("04ff"_hex, errc::non_minimal_length) &&
         fails("0484ffffffff"_hex, errc::truncated) && fails("04847fffffff00"_hex, errc::truncated) &&
         fails("048480000000"_hex, errc::truncated) && fails("0483ffffff"_hex, errc::truncated);
}
KERB_BOTH("reader: a length beyond the input, however large, is refused", "[der][x690-8.1.3.5]", absurd_lengths);

constexpr bool cut_short() {
  return fails(std::array<std::uint8_t, 0>{}, errc::truncated) && fails("04"_hex, errc::truncated) &&
         fails("0401"_hex, errc::truncated) && fails("0402aa"_hex, errc::truncated) &&
         fails("0481"_hex, errc::truncated) && fails("0482"_hex, errc::truncated) &&
         fails("048201"_hex, errc::truncated) && fails("048180aa"_hex, errc::truncated);
}
KERB_BOTH("reader: an encoding that ends early is truncated, at its first octet", "[der]", cut_short);

constexpr bool another_tag() {
  return fails("0201ff"_hex, errc::unexpected_tag) && fails("2401ff"_hex, errc::unexpected_tag) &&
         fails("0000"_hex, errc::unexpected_tag) && fails("1f0400"_hex, errc::unexpected_tag);
}
KERB_BOTH("reader: another tag, or the constructed form of the right one, is refused", "[der][x690-10.2]", another_tag);

constexpr bool one_after_the_other() {
  const auto in = "0401aa02010504020102"_hex;
  der::source s{.origin = in.data()};
  der::reader r(in, s);
  const bool first =
      r.next_is(der::octet_string) && !r.next_is(der::integer) && r.contents(der::octet_string, here)[0] == 0xaa;
  const std::uint8_t* const m = r.mark();
  r.skip();
  const bool skipped = r.since(m).size() == 3 && r.since(m)[0] == 0x02;
  const bool last = r.contents(der::octet_string, here).size() == 2 && r.at_end() && r.ok();
  return first && skipped && last && !r.next_is(der::octet_string);
}
KERB_BOTH("reader: reads, skips and remembers where it was", "[der]", one_after_the_other);

template <std::size_t N>
constexpr bool skips_none(const std::array<std::uint8_t, N>& in, errc code) {
  der::source s{.origin = in.data()};
  der::reader r(in, s);
  return !r.skip(here) && s.why.code == code && s.why.offset == 0;
}
constexpr bool nothing_to_skip() {
  return skips_none(std::array<std::uint8_t, 0>{}, errc::truncated) && skips_none("0500"_hex, errc::ok) == false &&
         skips_none("1f8101 00"_hex, errc::unexpected_tag) && skips_none("0000"_hex, errc::unexpected_tag) &&
         skips_none("0402aa"_hex, errc::truncated) && skips_none("30800000"_hex, errc::non_minimal_length);
}
KERB_BOTH("reader: what is no value cannot be stepped over: the end, a high tag number, end-of-contents", "[der]",
          nothing_to_skip);

constexpr bool nested_offsets() {
  const auto in = "300704010130020502"_hex;  // the innermost INTEGER has another tag, at octet 7
  der::source s{.origin = in.data()};
  der::reader r(in, s);
  der::reader outer = r.open(der::sequence, here);
  (void)outer.contents(der::octet_string, here);
  der::reader inner = outer.open(der::sequence, here);
  (void)inner.contents(der::integer, here);
  return s.why.code == errc::unexpected_tag && s.why.offset == 7 && inner.at_end();
}
KERB_BOTH("reader: an offset counts from the outermost octet", "[der]", nested_offsets);

constexpr bool something_left() {
  const auto in = "30060201050201060400"_hex;
  der::source s{.origin = in.data()};
  der::reader r(in, s);
  der::reader inner = r.open(der::sequence, here);
  (void)inner.contents(der::integer, here);
  return !inner.close(here) && s.why.code == errc::trailing_data && s.why.offset == 5;
}
KERB_BOTH("reader: closing with something left is refused where it stands", "[der]", something_left);

constexpr bool nothing_left() {
  const auto in = "3003020105"_hex;
  der::source s{.origin = in.data()};
  der::reader r(in, s);
  der::reader inner = r.open(der::sequence, here);
  (void)inner.contents(der::integer, here);
  return inner.close(here) && r.at_end() && r.ok();
}
KERB_BOTH("reader: closing with nothing left is well", "[der]", nothing_left);

constexpr bool the_first_error_stays() {
  const auto in = "0401aa0401bb"_hex;
  der::source s{.origin = in.data()};
  der::reader r(in, s);
  (void)r.contents(der::integer, here);
  const bool empty = r.at_end();
  (void)r.contents(der::octet_string, {"Other", "other"});
  r.fail(errc::bad_time, {"Other", "other"}, in.data() + 5);
  return empty && !r.ok() && s.why.code == errc::unexpected_tag && s.why.offset == 0 &&
         std::string_view(s.why.type) == "Type";
}
KERB_BOTH("reader: the first error sticks, and nothing is read behind it", "[der]", the_first_error_stays);

constexpr bool an_error_at_another_octet() {
  const auto in = "0401aa"_hex;
  der::source s{.origin = in.data()};
  der::reader r(in, s);
  return !r.fail(errc::bad_flags, here, in.data() + 2) && s.why.offset == 2 && r.at_end();
}
KERB_BOTH("reader: an error can name an octet behind the cursor", "[der]", an_error_at_another_octet);

constexpr bool a_default_view() {
  der::source s;
  der::reader r(bytes_view(), s);
  (void)r.contents(der::octet_string, here);
  return s.why.code == errc::truncated && s.why.offset == 0;
}
KERB_BOTH("reader: a view of nothing is truncated", "[der]", a_default_view);

constexpr bool silent_steps() {
  const auto in = "300a0401aa02010504020102"_hex;
  der::silent_reader r(in);
  der::silent_reader inner(r.contents(der::sequence, here));
  if (!r.close(here) || inner.close(here) || !inner.next_is(der::octet_string)) return false;
  const std::uint8_t* const m = inner.mark();
  const bool first = inner.contents(der::octet_string, here)[0] == 0xaa && inner.since(m).size() == 3;
  const bool skipped = inner.skip() && inner.rest().size() == 4;
  return first && skipped && inner.contents(der::octet_string, here).size() == 2 && inner.close(here) && !inner.skip();
}
KERB_BOTH("reader: the silent one reads, skips and remembers where it was", "[der]", silent_steps);

constexpr bool silent_failures() {
  const auto in = "0401aa0401bb"_hex;
  const auto high = "1f810100"_hex;
  const auto nothing = "0000"_hex;
  const auto cut = "0402aa"_hex;
  const auto skips = [](bytes_view octets) { return der::silent_reader(octets).skip(); };
  der::silent_reader r(in);
  return !r.fail(errc::bad_time, here) && !r.contents(der::integer, here) && r.at_end() && r.allowed() == der::strict &&
         !skips(high) && !skips(nothing) && !skips(cut) && skips(in);
}
KERB_BOTH("reader: after a failure the silent one is at its end", "[der]", silent_failures);

constexpr bool one_in_another() {
  const auto in = "a2050403aabbcc"_hex;
  const auto more = "a2060401aa0401bb"_hex;
  const auto other = "a203020105"_hex;
  const auto outcome = [](bytes_view octets, std::uint32_t& offset) {
    der::source s{.origin = octets.data()};
    der::reader r(octets, s);
    const auto c = r.contents(der::context(2), der::octet_string, here);
    const bool good = c && r.close_outer(c, here);
    der::silent_reader silent(octets);
    const bool same = static_cast<bool>(silent.contents(der::context(2), der::octet_string, here)) == good;
    offset = s.why.offset;
    return same ? s.why.code : errc::api_misuse;
  };
  std::uint32_t offset = 0;
  return outcome(in, offset) == errc::ok && outcome(more, offset) == errc::trailing_data && offset == 5 &&
         outcome(other, offset) == errc::unexpected_tag && offset == 2 &&
         outcome(bytes_view(in).first(6), offset) == errc::truncated && offset == 0;
}
KERB_BOTH("reader: a TLV that fills another is read in one step", "[der]", one_in_another);

constexpr bool rules_are_handed_on() {
  const auto in = "30020500"_hex;
  der::source s{.origin = in.data(), .allowed = der::as_deployed};
  der::reader r(in, s);
  return r.allowed() == der::as_deployed && r.open(der::sequence, here).allowed() == der::as_deployed;
}
KERB_BOTH("reader: the rules reach every level", "[der]", rules_are_handed_on);

}  // namespace
