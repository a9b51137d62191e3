// Small types with schemas of every kind of line, and ways to write and read them.
#pragma once
#include <kerb/asn1/captured.hpp>
#include <kerb/asn1/oid.hpp>
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

/// A CHOICE of three, tagged in each way; what is none of them is refused.
struct Closed {
  std::variant<Options, kerb::bytes_view, kerb::kerberos_time> value;

  static consteval auto asn1() {
    using T = Closed;
    using namespace kerb::asn1;
    return choice("Closed", &T::value, tag<0>("explicit"), implicit<1>("implicit"), plain("plain"));
  }
};
/// A CHOICE that may get further alternatives.
struct Open {
  std::variant<std::int32_t, Options, kerb::asn1::any_value> value;

  static consteval auto asn1() {
    using T = Open;
    using namespace kerb::asn1;
    return choice("Open", &T::value, tag<0>("number"), implicit<1>("options"));
  }
};

/// IMPLICIT of a primitive and a constructed type, a CHOICE under EXPLICIT, and fields to come.
struct Extensible {
  std::int32_t number = 0;
  std::optional<Options> options;
  std::optional<Closed> closed;
  kerb::asn1::extension_fields extensions;

  static consteval auto asn1() {
    using T = Extensible;
    using namespace kerb::asn1;
    return sequence("Extensible", implicit<0>("number", &T::number), implicit<1>("options", &T::options),
                    tag<2>("closed", &T::closed), extensible(&T::extensions));
  }
};

/// Fields under their own tags, the last of any type.
struct Untagged {
  kerb::object_identifier id;
  std::optional<Closed> closed;
  std::optional<kerb::asn1::any_value> rest;

  static consteval auto asn1() {
    using T = Untagged;
    using namespace kerb::asn1;
    return sequence("Untagged", plain("id", &T::id), plain("closed", &T::closed), plain("rest", &T::rest));
  }
};

/// Whether `v` is written as exactly these octets, at the end of whatever buffer there is, and is counted right.
template <class T, std::size_t N>
constexpr bool encodes(const T& v, const std::array<std::uint8_t, N>& wanted) {
  std::array<std::uint8_t, N + 3> buffer{};
  const auto out = kerb::asn1::encode(v, buffer);
  return out && *out == kerb::bytes_view(wanted) && out->data() == buffer.data() + 3 &&
         kerb::asn1::encoded_size(v) == N && buffer[0] == 0 && buffer[1] == 0 && buffer[2] == 0;
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
