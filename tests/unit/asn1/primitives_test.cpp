// The basic C++ types as ASN.1.
#include <kerb/asn1/primitives.hpp>

#include "unit/asn1/small.hpp"

using namespace kerb;
using kerb_test::encodes;

namespace {

enum class state : std::int32_t { done = 0, more = 1 };
}  // namespace

template <>
inline constexpr bool asn1::is_enumerated<state> = true;

namespace {

enum class number_t : std::int32_t { one = 1 };
enum class bit : unsigned { first = 0, last = 31 };

template <class T, std::size_t N>
constexpr bool both_ways(const T& v, const std::array<std::uint8_t, N>& octets) {
  const auto r = asn1::decode_as<T>("Type", octets, der::strict);
  return r && *r == v && encodes(v, octets);
}
template <class T, std::size_t N>
constexpr bool refuses(const std::array<std::uint8_t, N>& octets, errc code, der::rules allowed = der::as_deployed) {
  const auto r = asn1::decode_as<T>("Type", octets, allowed);
  return !r && r.error().code == code && r.error().offset == 0 && std::string_view(r.error().type) == "Type";
}

constexpr bool integers() {
  return both_ways(std::int32_t{-5}, "0201fb"_hex) && both_ways(std::uint32_t{0xffffffff}, "020500ffffffff"_hex) &&
         both_ways(std::int32_t{0x7fffffff}, "02047fffffff"_hex) &&
         refuses<std::int32_t>("02050080000000"_hex, errc::bad_integer) &&
         refuses<std::uint32_t>("02050100000000"_hex, errc::bad_integer);
}
KERB_BOTH("primitives: Int32 and UInt32, both ways", "[asn1][rfc4120-5.2.4]", integers);

constexpr bool open_enumerations() {
  return both_ways(number_t::one, "020101"_hex) && both_ways(static_cast<number_t>(-128), "020180"_hex) &&
         both_ways(static_cast<number_t>(0x7fffffff), "02047fffffff"_hex) &&
         refuses<number_t>("02050080000000"_hex, errc::bad_integer) &&
         refuses<number_t>("0a0101"_hex, errc::unexpected_tag);
}
KERB_BOTH("primitives: every Int32 is a value of an open enumeration", "[asn1]", open_enumerations);

constexpr bool microsecond_range() {
  return both_ways(microseconds{0}, "020100"_hex) && both_ways(microseconds{999999}, "02030f423f"_hex) &&
         refuses<microseconds>("02030f4240"_hex, errc::bad_integer) &&
         refuses<microseconds>("0201ff"_hex, errc::bad_integer) &&
         refuses<microseconds>("02050080000000"_hex, errc::bad_integer) &&
         refuses<microseconds>("020480000000"_hex, errc::bad_integer);
}
KERB_BOTH("primitives: Microseconds are 0 to 999999, and anything else is refused under any rules",
          "[asn1][rfc4120-5.2.4]", microsecond_range);

template <class T, std::size_t N>
constexpr bool comes_back(const T& v, const std::array<std::uint8_t, N>& octets) {
  const auto r = asn1::decode_as<T>("Type", octets);
  return r && *r == v && encodes(*r, octets) && refuses<T>(octets, errc::bad_integer, der::strict);
}
constexpr bool tolerated_forms() {
  return comes_back(microseconds{0x12345}, "020400012345"_hex) && comes_back(microseconds{0}, "020400000000"_hex) &&
         comes_back(uint32(0x123456), "020400123456"_hex) && comes_back(uint32(0xb32ffc19), "0204b32ffc19"_hex) &&
         comes_back(uint32(0xffffff7f), "0202ff7f"_hex) && comes_back(uint32(0xfffffffe), "0204fffffffe"_hex) &&
         both_ways(uint32(0xffffffff), "020500ffffffff"_hex) && both_ways(uint32(7), "020107"_hex) &&
         refuses<microseconds>("0204000f4240"_hex, errc::bad_integer) &&
         refuses<microseconds>("0204ffffffff"_hex, errc::bad_integer) &&
         refuses<uint32>("02050000000001"_hex, errc::bad_integer) &&
         refuses<uint32>("0205ff7fffffff"_hex, errc::bad_integer) &&
         refuses<uint32>("02050100000000"_hex, errc::bad_integer);
}
KERB_BOTH("primitives: a UInt32 and Microseconds that a tolerance let in are written as they came",
          "[asn1][tolerance][rfc4120-5.2.4]", tolerated_forms);

constexpr bool tolerated_enumerations() {
  const auto four = "020400000012"_hex;
  const auto r = asn1::decode_as<number_t>("Type", four);
  return r && static_cast<int>(*r) == 0x12 && refuses<number_t>(four, errc::bad_integer, der::strict) &&
         refuses<state>("0a0400000001"_hex, errc::bad_integer);
}
KERB_BOTH("primitives: a registered number may be padded to four octets, an ENUMERATED may not",
          "[asn1][tolerance][rfc4120-5.2.4]", tolerated_enumerations);

constexpr bool compared_by_value() {
  const uint32 plain = 7, padded(7, integer_form::four_octets);
  const microseconds m{7}, n{7, integer_form::four_octets};
  return plain == padded && plain == 7u && padded == 7u && std::optional<uint32>(padded) == std::optional(7u) &&
         m == n && !(m < n) && m < microseconds{8} && !(n != m);
}
KERB_BOTH("primitives: the form of a number does not matter to comparing it", "[asn1]", compared_by_value);

constexpr bool times() {
  return both_ways(kerberos_time{0}, "180f31393730303130313030303030305a"_hex) &&
         refuses<kerberos_time>("180f31393730313330313030303030305a"_hex, errc::bad_time);
}
KERB_BOTH("primitives: KerberosTime, both ways", "[asn1][rfc4120-5.2.3]", times);

constexpr bool flag_words() {
  const auto short_one = "030200fe"_hex;
  const auto lenient = asn1::decode_as<flags<bit>>("Type", short_one);
  return both_ways(flags<bit>{bit::first, bit::last}, "03050080000001"_hex) && lenient &&
         lenient->bits == 0xfe000000u && refuses<flags<bit>>(short_one, errc::bad_flags, der::strict);
}
KERB_BOTH("primitives: KerberosFlags, both ways; short ones by tolerance", "[asn1][tolerance][rfc4120-5.2.8]",
          flag_words);

constexpr bool octet_strings() {
  const auto in = "0402aabb"_hex;
  const auto r = asn1::decode_as<bytes_view>("Type", in);
  return r && r->data() == in.data() + 2 && encodes(*r, in) && encodes(bytes_view(), "0400"_hex) &&
         refuses<bytes_view>("2404040201ff"_hex, errc::unexpected_tag);
}
KERB_BOTH("primitives: an OCTET STRING is a view of the input", "[asn1]", octet_strings);

constexpr bool booleans() {
  return both_ways(true, "0101ff"_hex) && both_ways(false, "010100"_hex) &&
         refuses<bool>("010101"_hex, errc::bad_boolean) && refuses<bool>("01017f"_hex, errc::bad_boolean) &&
         refuses<bool>("0100"_hex, errc::bad_boolean) && refuses<bool>("0102ffff"_hex, errc::bad_boolean) &&
         refuses<bool>("0201ff"_hex, errc::unexpected_tag);
}
KERB_BOTH("primitives: BOOLEAN is one octet, ff or 00, and nothing else", "[asn1]", booleans);

constexpr bool enumerated_values() {
  return both_ways(state::more, "0a0101"_hex) && both_ways(static_cast<state>(-129), "0a02ff7f"_hex) &&
         refuses<state>("020101"_hex, errc::unexpected_tag) && refuses<state>("0a020001"_hex, errc::bad_integer) &&
         refuses<state>("0a00"_hex, errc::bad_integer);
}
KERB_BOTH("primitives: ENUMERATED has its own tag, and INTEGER's rules", "[asn1]", enumerated_values);

constexpr bool any_values() {
  const auto in = "3003020105"_hex;
  const auto r = asn1::decode_as<asn1::any_value>("ANY", in, der::strict);
  const auto high = "1f8101 00"_hex;
  const auto cut = "300302"_hex;
  const auto two = "05000500"_hex;
  return r && r->der == bytes_view(in) && encodes(*r, in) && refuses<asn1::any_value>(high, errc::unexpected_tag) &&
         refuses<asn1::any_value>(cut, errc::truncated) &&
         asn1::decode_as<asn1::any_value>("ANY", two).error().code == errc::trailing_data;
}
KERB_BOTH("primitives: ANY is one value of whatever type, as it came", "[asn1]", any_values);

}  // namespace
