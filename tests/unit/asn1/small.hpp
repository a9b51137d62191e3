// Small types with schemas of every kind of line, and ways to write and read them.
#pragma once
#include <kerb/asn1/captured.hpp>
#include <kerb/asn1/payload.hpp>
#include <kerb/asn1/primitives.hpp>
#include <kerb/asn1/sequence_of.hpp>
#include <kerb/core/hex.hpp>

#include "support/both.hpp"

namespace kerb_test {

/// Required, optional, constant, required.
struct Small {
  std::int32_t a = 0;
  std::optional<std::uint32_t> b;
  kerb::bytes_view c;

  static consteval auto asn1() {
    using T = Small;
    using namespace kerb::asn1;
    return sequence("Small", tag<0>("a", &T::a), tag<1>("b", &T::b), tag<3>("k", 7), tag<4>("c", &T::c));
  }
};
inline constexpr auto small_with_b = kerb::literals::operator""_hex<"3015a003020105a103020106a303020107a4040402aabb">();
inline constexpr auto small_without_b = kerb::literals::operator""_hex<"3010a003020105a303020107a4040402aabb">();

/// Two optional fields, the second at the end.
struct Options {
  std::optional<std::int32_t> first, last;

  static consteval auto asn1() {
    using T = Options;
    using namespace kerb::asn1;
    return sequence("Options", tag<2>("first", &T::first), tag<5>("last", &T::last));
  }
};

/// An APPLICATION type, read under another number too.
struct Tagged {
  Small small;

  static consteval auto asn1() {
    using T = Tagged;
    using namespace kerb::asn1;
    return application<5, 6>(sequence("Tagged", tag<0>("small", &T::small)));
  }
};

/// Whether `v` is written as exactly these octets, at the end of whatever buffer there is, and is counted right.
template <class T, std::size_t N>
constexpr bool encodes(const T& v, const std::array<std::uint8_t, N>& wanted) {
  std::array<std::uint8_t, N + 3> room{};
  const auto out = kerb::asn1::encode(v, room);
  return out && *out == kerb::bytes_view(wanted) && out->data() == room.data() + 3 &&
         kerb::asn1::encoded_size(v) == N && room[0] == 0 && room[1] == 0 && room[2] == 0;
}
/// Whether decoding a T fails so.
template <class T, std::size_t N>
constexpr bool fails(const std::array<std::uint8_t, N>& in, kerb::errc code, std::uint32_t offset,
                     std::string_view type, std::string_view field, kerb::der::rules allowed = kerb::der::strict) {
  const auto r = kerb::asn1::decode<T>(in, allowed);
  return !r && r.error().code == code && r.error().offset == offset && r.error().detail == 0 &&
         r.error().type == type && r.error().field == field;
}

}  // namespace kerb_test
