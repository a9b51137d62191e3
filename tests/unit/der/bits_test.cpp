// KerberosFlags on the wire.
#include <kerb/der/bits.hpp>

#include "unit/der/walk.hpp"

using namespace kerb;
using kerb_test::read_one;

namespace {

constexpr auto bits = kerb_test::under(der::bit_string, [](auto c, std::uint32_t& v) { return der::read_flags(c, v); });
constexpr auto read = [](const auto& octets, der::rules allowed = der::strict) {
  return read_one<std::uint32_t>(bits, octets, allowed);
};

constexpr bool thirty_two_bits() {
  const auto some = "030500fedcba98"_hex;
  const auto none = "03050000000000"_hex;
  return read(some).is(0xfedcba98) && read(none).is(0) &&
         kerb_test::writes([](der::writer& w) { der::write_flags(w, 0xfedcba98); }, some) &&
         kerb_test::writes([](der::writer& w) { der::write_flags(w, 0); }, none);
}
KERB_BOTH("flags: 32 bits, both ways", "[der][rfc4120-5.2.8]", thirty_two_bits);

constexpr bool more_bits() {
  return read("030600fedcba98ff"_hex).is(0xfedcba98) && read("030602fedcba98fc"_hex).is(0xfedcba98) &&
         read("030607fedcba9880"_hex).is(0xfedcba98) && read("030900fedcba9801020304"_hex).is(0xfedcba98);
}
KERB_BOTH("flags: the bits behind the 32nd have no names and are left out", "[der][rfc4120-5.2.8]", more_bits);

constexpr bool fewer_bits() {
  constexpr auto b24 = "030400fedcba"_hex;
  constexpr auto b29 = "030503fedcba98"_hex;
  constexpr auto b8 = "030200fe"_hex;
  constexpr auto b1 = "03020780"_hex;
  constexpr auto b0 = "030100"_hex;
  constexpr auto b31 = "030501fedcba98"_hex;
  constexpr der::rules only{.short_flags = true};
  return read(b24, only).is(0xfedcba00) && read(b29, only).is(0xfedcba98) && read(b8, only).is(0xfe000000) &&
         read(b1, only).is(0x80000000) && read(b0, only).is(0) && read(b31, der::as_deployed).is(0xfedcba98) &&
         read(b24).failed(errc::bad_flags) && read(b29).failed(errc::bad_flags) && read(b8).failed(errc::bad_flags) &&
         read(b1).failed(errc::bad_flags) && read(b0).failed(errc::bad_flags) && read(b31).failed(errc::bad_flags) &&
         read(b24, der::rules{.negative_uint32 = true}).failed(errc::bad_flags);
}
KERB_BOTH("flags: fewer than 32 bits are filled up where that is tolerated, and refused by strict rules",
          "[der][tolerance][rfc4120-5.2.8]", fewer_bits);

constexpr bool bad_padding() {
  for (der::rules allowed : {der::strict, der::as_deployed}) {
    if (!read("0300"_hex, allowed).failed(errc::bad_flags) ||
        !read("030608fedcba9800"_hex, allowed).failed(errc::bad_flags) ||
        !read("030508fedcba98"_hex, allowed).failed(errc::bad_flags) ||
        !read("0305fffedcba98"_hex, allowed).failed(errc::bad_flags) ||
        !read("030104"_hex, allowed).failed(errc::bad_flags) ||
        !read("030503fedcba9c"_hex, allowed).failed(errc::bad_flags) ||
        !read("030607fedcba98ff"_hex, allowed).failed(errc::bad_flags)) {
      return false;
    }
  }
  return true;
}
KERB_BOTH("flags: stray unused bits, or more than seven, are refused under any rules", "[der][x690-11.2.1]",
          bad_padding);

constexpr bool no_bit_string() {
  return read("230500fedcba98"_hex).failed(errc::unexpected_tag) &&
         read("040500fedcba98"_hex).failed(errc::unexpected_tag) && read("030500fedcba"_hex).failed(errc::truncated);
}
KERB_BOTH("flags: another type, or a string in pieces, is refused", "[der][x690-10.2]", no_bit_string);

constexpr bool contents_need_five_octets() {
  std::array<std::uint8_t, 5> buffer{};
  for (std::size_t n = 0; n != 5; ++n) {
    if (der::put_flags(buffer.data() + n, buffer.data(), 0x80000001) != nullptr) return false;
  }
  const auto wanted = "0080000001"_hex;
  return der::put_flags(buffer.data() + 5, buffer.data(), 0x80000001) == buffer.data() && buffer == wanted;
}
KERB_BOTH("bits: contents are written where there are five octets and not with fewer", "[der][rfc4120-5.2.8]",
          contents_need_five_octets);

}  // namespace
