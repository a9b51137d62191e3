// INTEGER: every boundary of Int32, UInt32 and 64 bits.
#include <kerb/der/integer.hpp>
#include <optional>

#include "unit/der/walk.hpp"

using namespace kerb;
using kerb_test::read_one;
using kerb_test::writes;

namespace {

constexpr auto wide = kerb_test::under(der::integer, [](auto c, std::int64_t& v) { return der::read_int64(c, v); });
constexpr auto any = kerb_test::under(der::integer, [](auto c, auto& v) { return der::read_integer(c, v); });
using i32 = std::int32_t;
using u32 = std::uint32_t;
constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min(),
                       highest = std::numeric_limits<std::int64_t>::max();

template <std::size_t N>
constexpr bool both_ways(std::int64_t v, const std::array<std::uint8_t, N>& octets) {
  return read_one<std::int64_t>(wide, octets).is(v) &&
         writes([&](der::writer& w) { der::write_integer(w, v); }, octets);
}
constexpr bool boundaries() {
  return both_ways(0, "020100"_hex) && both_ways(1, "020101"_hex) && both_ways(-1, "0201ff"_hex) &&
         both_ways(127, "02017f"_hex) && both_ways(128, "02020080"_hex) && both_ways(-128, "020180"_hex) &&
         both_ways(-129, "0202ff7f"_hex) && both_ways(255, "020200ff"_hex) && both_ways(256, "02020100"_hex) &&
         both_ways(32767, "02027fff"_hex) && both_ways(32768, "0203008000"_hex) && both_ways(-32768, "02028000"_hex) &&
         both_ways(-32769, "0203ff7fff"_hex) && both_ways(8388607, "02037fffff"_hex) &&
         both_ways(8388608, "020400800000"_hex) && both_ways(-8388608, "0203800000"_hex) &&
         both_ways(0x7fffffff, "02047fffffff"_hex) && both_ways(0x80000000, "02050080000000"_hex) &&
         both_ways(0xffffffff, "020500ffffffff"_hex) && both_ways(0x100000000, "02050100000000"_hex) &&
         both_ways(-0x80000000LL, "020480000000"_hex) && both_ways(-0x80000001LL, "0205ff7fffffff"_hex) &&
         both_ways(highest, "02087fffffffffffffff"_hex) && both_ways(lowest, "02088000000000000000"_hex) &&
         both_ways(highest >> 8, "02077fffffffffffff"_hex) && both_ways(lowest >> 8, "020780000000000000"_hex);
}
KERB_BOTH("integer: each boundary of a number of octets, both ways", "[der][x690-8.3]", boundaries);

constexpr bool padded() {
  return read_one<std::int64_t>(wide, "02020000"_hex).failed(errc::bad_integer) &&
         read_one<std::int64_t>(wide, "0202007f"_hex).failed(errc::bad_integer) &&
         read_one<std::int64_t>(wide, "0202ff80"_hex).failed(errc::bad_integer) &&
         read_one<std::int64_t>(wide, "0202ffff"_hex).failed(errc::bad_integer) &&
         read_one<std::int64_t>(wide, "020400000005"_hex).failed(errc::bad_integer) &&
         read_one<i32>(any, "02020005"_hex).failed(errc::bad_integer) &&
         read_one<u32>(any, "02050000000005"_hex, der::as_deployed).failed(errc::bad_integer);
}
KERB_BOTH("integer: a padded one is refused under any rules", "[der][x690-8.3.2]", padded);

constexpr bool empty_or_too_long() {
  return read_one<std::int64_t>(wide, "0200"_hex).failed(errc::bad_integer) &&
         read_one<std::int64_t>(wide, "0209010000000000000000"_hex).failed(errc::bad_integer) &&
         read_one<std::int64_t>(wide, "0209ff0000000000000000"_hex).failed(errc::bad_integer) &&
         read_one<std::int64_t>(wide, "0209008000000000000000"_hex).failed(errc::bad_integer) &&
         read_one<i32>(any, "0200"_hex).failed(errc::bad_integer);
}
KERB_BOTH("integer: none and nine octets are refused", "[der][x690-8.3.1]", empty_or_too_long);

constexpr bool int32_range() {
  return read_one<i32>(any, "02047fffffff"_hex).is(0x7fffffff) &&
         read_one<i32>(any, "020480000000"_hex).is(-0x7fffffff - 1) && read_one<i32>(any, "0201ff"_hex).is(-1) &&
         read_one<i32>(any, "02050080000000"_hex).failed(errc::bad_integer) &&
         read_one<i32>(any, "0205ff7fffffff"_hex).failed(errc::bad_integer) &&
         read_one<i32>(any, "020500ffffffff"_hex, der::as_deployed).failed(errc::bad_integer) &&
         read_one<i32>(any, "02087fffffffffffffff"_hex).failed(errc::bad_integer);
}
KERB_BOTH("integer: an Int32 is -2^31 to 2^31-1", "[der][rfc4120-5.2.4]", int32_range);

constexpr bool uint32_range() {
  return read_one<u32>(any, "020100"_hex).is(0) && read_one<u32>(any, "020500ffffffff"_hex).is(0xffffffff) &&
         read_one<u32>(any, "02050080000000"_hex).is(0x80000000) &&
         read_one<u32>(any, "02050100000000"_hex).failed(errc::bad_integer) &&
         read_one<u32>(any, "0201ff"_hex).failed(errc::bad_integer) &&
         read_one<u32>(any, "020480000000"_hex).failed(errc::bad_integer);
}
KERB_BOTH("integer: a UInt32 is 0 to 2^32-1", "[der][rfc4120-5.2.4]", uint32_range);

constexpr bool negative_uint32() {
  constexpr auto minus_one = "0201ff"_hex;
  constexpr auto minus_128 = "020180"_hex;
  constexpr auto least = "020480000000"_hex;
  constexpr auto below = "0205ff7fffffff"_hex;
  constexpr der::rules only{.negative_uint32 = true};
  return read_one<u32>(any, minus_one, only).is(0xffffffff) &&
         read_one<u32>(any, minus_128, der::as_deployed).is(0xffffff80) &&
         read_one<u32>(any, least, only).is(0x80000000) && read_one<u32>(any, below, only).failed(errc::bad_integer) &&
         read_one<u32>(any, minus_one, der::strict).failed(errc::bad_integer) &&
         read_one<u32>(any, least, der::strict).failed(errc::bad_integer) &&
         read_one<u32>(any, minus_one, der::rules{.short_flags = true}).failed(errc::bad_integer) &&
         read_one<u32>(any, "02050100000000"_hex, only).failed(errc::bad_integer);
}
KERB_BOTH("integer: a UInt32 sent negative is read modulo 2^32 where that is tolerated, and refused by strict rules",
          "[der][tolerance][rfc4120-5.5.1]", negative_uint32);

constexpr bool four_octets() {
  constexpr der::rules only{.four_octet_integers = true};
  constexpr auto small = "020400012345"_hex, minus_two = "0204fffffffe"_hex, least = "020400000000"_hex;
  return read_one<i32>(any, small, only).is(0x12345) && read_one<u32>(any, small, only).is(0x12345) &&
         read_one<u32>(any, least, only).is(0) && read_one<i32>(any, "0204007fffff"_hex, only).is(0x7fffff) &&
         read_one<i32>(any, minus_two, only).is(-2) && read_one<i32>(any, "0204ff800000"_hex, only).is(-0x800000) &&
         read_one<u32>(any, minus_two, der::as_deployed).is(0xfffffffe) &&
         read_one<u32>(any, minus_two, only).failed(errc::bad_integer) &&  // that is another tolerance too
         read_one<u32>(any, minus_two, der::rules{.negative_uint32 = true}).failed(errc::bad_integer) &&
         read_one<i32>(any, small, der::strict).failed(errc::bad_integer) &&
         read_one<u32>(any, small, der::rules{.negative_uint32 = true, .short_flags = true}).failed(errc::bad_integer);
}
KERB_BOTH("integer: a number padded to four octets is read where that is tolerated, and refused by strict rules",
          "[der][tolerance][rfc4120-5.2.4]", four_octets);

constexpr bool padded_otherwise() {
  return read_one<i32>(any, "02020005"_hex, der::as_deployed).failed(errc::bad_integer) &&
         read_one<i32>(any, "0203000005"_hex, der::as_deployed).failed(errc::bad_integer) &&
         read_one<i32>(any, "02050000000005"_hex, der::as_deployed).failed(errc::bad_integer) &&
         read_one<u32>(any, "0206000000000005"_hex, der::as_deployed).failed(errc::bad_integer) &&
         read_one<i32>(any, "0203ffff85"_hex, der::as_deployed).failed(errc::bad_integer) &&
         read_one<u32>(any, "0205ffff000000"_hex, der::as_deployed).failed(errc::bad_integer) &&
         read_one<std::int64_t>(wide, "020400012345"_hex, der::as_deployed).failed(errc::bad_integer);
}
KERB_BOTH("integer: padding to another number of octets is refused by all rules, and any padding of a fixed number",
          "[der][tolerance][x690-8.3.2]", padded_otherwise);

/// The form in which `in` is read, and whether that writes it again; none where it is refused.
template <std::size_t N>
constexpr std::optional<integer_form> form_of(const std::array<std::uint8_t, N>& in) {
  der::source s{.origin = in.data(), .allowed = der::as_deployed};
  der::reader r(in, s);
  u32 v = 0;
  integer_form form{};
  if (!der::read_integer(r.contents(der::integer, kerb_test::here), v, form)) return std::nullopt;
  std::array<std::uint8_t, 8> buffer{};
  std::uint8_t* const at = der::put_integer(buffer.data() + buffer.size(), buffer.data(), v, form);
  const bytes_view quick(at, static_cast<std::size_t>(buffer.data() + buffer.size() - at));
  const bool same = writes([&](der::writer& w) { der::write_integer(w, v, form); }, in) &&
                    quick == bytes_view(in).subview(2) && der::integer_size(v, form) == N - 2;
  return same ? std::optional(form) : std::nullopt;
}
constexpr bool forms() {
  constexpr auto plain = integer_form::der, negative = integer_form::negative, four = integer_form::four_octets;
  return form_of("020100"_hex) == plain && form_of("02047fffffff"_hex) == plain &&
         form_of("020500b32ffc19"_hex) == plain && form_of("0204b32ffc19"_hex) == negative &&
         form_of("0201ff"_hex) == negative && form_of("0202ff7f"_hex) == negative &&
         form_of("020400123456"_hex) == four && form_of("0204ffb00000"_hex) == four &&
         form_of("020400000000"_hex) == four;
}
KERB_BOTH("integer: what is read by tolerance is written as it came", "[der][tolerance][rfc4120-5.2.4]", forms);

constexpr bool no_buffer_for_a_form() {
  std::array<std::uint8_t, 4> buffer{};
  for (std::size_t n = 0; n != 4; ++n) {
    if (der::put_integer(buffer.data() + n, buffer.data(), u32{1}, integer_form::four_octets) != nullptr) return false;
  }
  return der::put_integer(buffer.data() + 4, buffer.data(), u32{1}, integer_form::four_octets) == buffer.data() &&
         der::put_integer(buffer.data(), buffer.data(), u32{0xffffffff}, integer_form::negative) == nullptr;
}
KERB_BOTH("integer: no form is written in front of the buffer", "[der]", no_buffer_for_a_form);

// The same without errors; arrays of exactly their octets, so that looking behind them is noticed.
template <class I, std::size_t N>
constexpr std::optional<I> silently(const std::array<std::uint8_t, N>& in) {
  der::silent_reader r(in);
  const auto c = r.contents(der::integer, {});
  I v = 1;
  return c && der::read_integer(c, v) ? std::optional(v) : std::nullopt;
}
constexpr bool silent_values() {
  return !silently<i32>("0200"_hex) && !silently<i32>("0209010000000000000005"_hex) &&
         !silently<u32>("0209010000000000000005"_hex) && !silently<u32>("0206010000000005"_hex) &&
         !silently<i32>("0205ff7fffffff"_hex) && !silently<i32>("02050080000000"_hex) &&
         !silently<u32>("02050100000000"_hex) && !silently<u32>("0201ff"_hex) && !silently<u32>("020480000000"_hex) &&
         !silently<i32>("020400000005"_hex) && silently<u32>("020500ffffffff"_hex) == 0xffffffffu &&
         silently<u32>("02050080000000"_hex) == 0x80000000u && silently<i32>("020480000000"_hex) == -0x7fffffff - 1 &&
         silently<i32>("020100"_hex) == 0 && silently<i32>("0201ff"_hex) == -1;
}
KERB_BOTH("integer: read silently, only DER in the type's range is a value", "[der][rfc4120-5.2.4]", silent_values);

}  // namespace
