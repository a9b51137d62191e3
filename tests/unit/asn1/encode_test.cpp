// Encoding by schema: exact sizes, the tail of the buffer, and buffers that are too small.
#include <kerb/asn1/encode.hpp>

#include "unit/asn1/small.hpp"

using namespace kerb;
using kerb_test::Closed;
using kerb_test::encodes;
using kerb_test::Extensible;
using kerb_test::Open;
using kerb_test::Options;
using kerb_test::Small;
using kerb_test::Tagged;
using kerb_test::Untagged;

namespace {

constexpr std::array<std::uint8_t, 2> aabb{0xaa, 0xbb};

constexpr bool fields_in_order() {
  return encodes(Small{.a = 5, .b = 6, .c = aabb}, kerb_test::small_with_b) &&
         encodes(Small{.a = 5, .b = std::nullopt, .c = aabb}, kerb_test::small_without_b);
}
KERB_BOTH("encode: fields in order, absent ones left out, at the buffer's end", "[asn1]", fields_in_order);

constexpr bool options() {
  return encodes(Options{}, "3000"_hex) && encodes(Options{1, {}}, "3005a203020101"_hex) &&
         encodes(Options{{}, 2}, "3005a503020102"_hex) && encodes(Options{1, 2}, "300aa203020101a503020102"_hex) &&
         encodes(Options{0, 0}, "300aa203020100a503020100"_hex);
}
KERB_BOTH("encode: zero is a value, and only nullopt is absent", "[asn1]", options);

constexpr bool the_first_application_tag() {
  return encodes(Tagged{{.a = 5, .b = {}, .c = aabb}}, "65163014a0123010a003020105a303020107a4040402aabb"_hex);
}
KERB_BOTH("encode: an APPLICATION type is written under its first number", "[asn1]", the_first_application_tag);

constexpr bool every_smaller_buffer() {
  const Small v{.a = -70000, .b = 0xffffffff, .c = aabb};
  const std::size_t whole = asn1::encoded_size(v);
  std::array<std::uint8_t, 64> buffer{};
  for (std::size_t n = 0; n != whole; ++n) {
    const auto out = asn1::encode(v, std::span<std::uint8_t>(buffer).first(n));
    if (out || out.error().code != errc::no_space || out.error().detail != whole) return false;
  }
  const auto out = asn1::encode(v, std::span<std::uint8_t>(buffer).first(whole));
  return out && out->size() == whole && out->data() == buffer.data();
}
KERB_BOTH("encode: a buffer that is too small gives no_space and exactly the size that will do", "[asn1]",
          every_smaller_buffer);

constexpr bool sizes_around_the_forms_of_a_length() {
  std::array<std::uint8_t, 300> long_octets{};
  std::array<std::uint8_t, 400> buffer{};
  for (std::size_t n = 95; n != 300; n += n < 130 || n > 225 ? 1 : 40) {
    const Small v{.a = 1, .b = {}, .c = bytes_view(long_octets).first(n)};
    const auto out = asn1::encode(v, buffer);
    if (!out || out->size() != asn1::encoded_size(v)) return false;
    const auto back = asn1::decode<Small>(*out, der::strict);
    if (!back || back->c.size() != n) return false;
  }
  return true;
}
KERB_BOTH("encode: sizes are exact where lengths grow by an octet", "[asn1]", sizes_around_the_forms_of_a_length);

constexpr bool one_in_front_of_another() {
  std::array<std::uint8_t, 64> buffer{};
  der::writer w(buffer);
  asn1::write(w, std::int32_t{7});
  asn1::write(w, Options{1, {}});
  return w.ok() && bytes_view(w.written_since(0)) == bytes_view(std::span<const std::uint8_t>(buffer).last(10)) &&
         buffer[54] == 0x30 && buffer[61] == 0x02 && buffer[63] == 7;
}
KERB_BOTH("write: each value stands in front of what was there", "[asn1]", one_in_front_of_another);

constexpr bool choices() {
  const auto unknown = "a2023000"_hex;
  return encodes(Closed{Options{1, {}}}, "a0073005a203020101"_hex) &&
         encodes(Closed{bytes_view(aabb)}, "8102aabb"_hex) &&
         encodes(Closed{kerberos_time{0}}, "180f31393730303130313030303030305a"_hex) &&
         encodes(Open{Options{1, {}}}, "a105a203020101"_hex) && encodes(Open{7}, "a003020107"_hex) &&
         encodes(Open{asn1::any_value{unknown}}, unknown);
}
KERB_BOTH("encode: a CHOICE is written as what it holds, unknown alternatives as they came", "[asn1]", choices);

constexpr bool implicit_tags_and_extensions() {
  const auto later = "a30205000401aa"_hex;
  return encodes(Extensible{5, Options{1, {}}, Closed{bytes_view()}, {}}, "300e800105a105a203020101a2028100"_hex) &&
         encodes(Extensible{5, {}, {}, {later}}, "300a800105a30205000401aa"_hex) &&
         encodes(Extensible{5, {}, {}, {}}, "3003800105"_hex);
}
KERB_BOTH("encode: IMPLICIT fields under their numbers, extensions at the end as they came", "[asn1]",
          implicit_tags_and_extensions);

constexpr bool own_tags() {
  const auto null = "0500"_hex;
  return encodes(Untagged{"1.2"_oid, {}, {}}, "300306012a"_hex) &&
         encodes(Untagged{"1.2"_oid, Closed{bytes_view(aabb)}, asn1::any_value{null}}, "300906012a8102aabb0500"_hex);
}
KERB_BOTH("encode: fields under their own tags", "[asn1]", own_tags);

}  // namespace
