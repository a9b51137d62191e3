// Reading silently agrees with reading that tells, and fast writing with the writer.
#include <kerb/asn1/quick.hpp>
#include <vector>

#include "unit/asn1/small.hpp"

using namespace kerb;
using namespace kerb::asn1;
using kerb_test::Small;
using kerb_test::Tagged;
namespace quick = kerb::asn1::detail::quick;

namespace {

enum class bits : std::uint32_t {};

/// A field of each type that has contents of its own, and of each kind that holds others.
struct Everything {
  bool yes = false;
  std::int32_t number = 0;
  std::uint32_t count = 0;
  microseconds usec;
  kerberos_time at;
  std::optional<flags<enum bits>> bits;
  sequence_of<std::int32_t, not_empty> list;
  captured<Small> kept;
  std::optional<Small> small;

  static consteval auto asn1() {
    using T = Everything;
    return application<9, 10>(sequence("Everything", tag<0>("yes", &T::yes), tag<1>("number", &T::number),
                                       tag<2>("count", &T::count), tag<3>("usec", &T::usec), tag<4>("at", &T::at),
                                       tag<5>("bits", &T::bits), tag<6>("list", &T::list), tag<7>("kept", &T::kept),
                                       tag<8>("small", &T::small)));
  }
};

static_assert(quick::known<Everything>() && quick::known<Small>() && quick::known<Tagged>());
static_assert(!quick::known<kerb_test::Closed>() && !quick::known<kerb_test::Open>() &&
                  !quick::known<kerb_test::Extensible>() && !quick::known<kerb_test::Untagged>(),
              "a CHOICE, an IMPLICIT tag, and fields to come are for the careful reader");

constexpr std::array<std::uint8_t, 2> aabb{0xaa, 0xbb};
constexpr std::array<std::int32_t, 3> three{1, -129, 70000};
constexpr Everything full() {
  Everything e;
  e.yes = true;
  e.number = -70000;
  e.count = 0xfffffffe;
  e.usec = {999999};
  e.at = {1700000000};
  e.bits = flags<enum bits>::of(0x80000001);
  e.list = view_of<std::int32_t>(three);
  e.kept = captured<Small>::of({.a = 1, .b = 2, .c = aabb});
  e.small = Small{.a = 3, .b = {}, .c = aabb};
  return e;
}

/// Whether reading silently takes `in` exactly where strict rules do, with the same value, and whether that value is
/// written, measured and written with care as one encoding.
template <class T>
constexpr bool agrees(bytes_view in) {
  T one{}, other{};
  const bool taken = asn1::detail::decode_silent(in, one);
  const bool good = asn1::detail::decode_telling("T", in, der::strict, other).ok();
  if (!good || !taken) return taken == good;
  std::array<std::uint8_t, 400> buffer{}, second{};
  der::writer w(buffer);
  asn1::detail::write_with_care(w, other);
  const std::uint8_t* const at = quick::write(second.data() + second.size(), second.data(), one);
  return bytes_view(at, static_cast<std::size_t>(second.data() + second.size() - at)) ==
             bytes_view(w.written_since(0)) &&
         quick::size(one) == w.count();
}

constexpr bool a_full_one() {
  std::array<std::uint8_t, 400> buffer{};
  const auto out = asn1::encode(full(), buffer);
  if (!out || !agrees<Everything>(*out) || quick::size(full()) != out->size()) return false;
  Everything v{};
  return asn1::detail::decode_silent(*out, v) && v.yes && v.number == -70000 && v.count == 0xfffffffe &&
         v.usec.count == 999999 && v.at.seconds == 1700000000 && v.bits->bits == 0x80000001 && v.list.size() == 3 &&
         v.kept.value().b == 2u && v.kept.octets().size() == 23 && !v.small->b && v.small->c == bytes_view(aabb);
}
KERB_BOTH("quick: a message with all of its fields is read silently, written and measured", "[asn1][rfc4120-5.1]",
          a_full_one);

TEST_CASE("quick: every octet changed to every other, and both modes agree", "[asn1][rfc4120-5.1]") {
  std::array<std::uint8_t, 400> buffer{};
  const auto out = asn1::encode(full(), buffer);
  REQUIRE(out);
  std::vector<std::uint8_t> in(out->begin(), out->end());
  int disagreed = 0;
  for (std::uint8_t& octet : in) {
    const std::uint8_t was = octet;
    for (unsigned other = 0; other != 256; ++other) {
      octet = static_cast<std::uint8_t>(other);
      disagreed += !agrees<Everything>(in);
    }
    octet = was;
  }
  CHECK(disagreed == 0);
}

TEST_CASE("quick: two octets changed at once, and both modes agree", "[asn1][rfc4120-5.1]") {
  std::array<std::uint8_t, 400> buffer{};
  const auto out = asn1::encode(full(), buffer);
  REQUIRE(out);
  std::vector<std::uint8_t> in(out->begin(), out->end());
  int disagreed = 0;
  for (std::size_t a = 0; a != in.size(); ++a) {
    for (std::size_t b = a + 1; b != in.size() && b != a + 6; ++b) {
      const std::uint8_t was_a = in[a], was_b = in[b];
      for (const int by_a : {-2, -1, 1, 2, 0x80}) {
        for (const int by_b : {-2, -1, 1, 2, 0x80}) {
          in[a] = static_cast<std::uint8_t>(was_a + by_a);
          in[b] = static_cast<std::uint8_t>(was_b + by_b);
          disagreed += !agrees<Everything>(in);
        }
      }
      in[a] = was_a;
      in[b] = was_b;
    }
  }
  CHECK(disagreed == 0);
}

TEST_CASE("quick: octets left out or put in, and both modes agree", "[asn1][rfc4120-5.1]") {
  std::array<std::uint8_t, 400> buffer{};
  const auto out = asn1::encode(full(), buffer);
  REQUIRE(out);
  const std::vector<std::uint8_t> whole(out->begin(), out->end());
  int disagreed = 0;
  for (std::size_t at = 0; at != whole.size(); ++at) {
    const auto here = static_cast<std::ptrdiff_t>(at);
    for (const unsigned more : {0x00u, 0x01u, 0x30u, 0x80u, 0xa8u, 0xffu}) {
      std::vector<std::uint8_t> in = whole;
      in.insert(in.begin() + here, static_cast<std::uint8_t>(more));
      disagreed += !agrees<Everything>(in);
    }
    std::vector<std::uint8_t> in = whole;
    in.erase(in.begin() + here);
    disagreed += !agrees<Everything>(in);
    in.resize(at);
    disagreed += !agrees<Everything>(in);
  }
  CHECK(disagreed == 0);
}

// The contents of one TLV, read silently.
template <class T, std::size_t N>
constexpr bool refused(const std::array<std::uint8_t, N>& contents) {
  std::array<std::uint8_t, N + 2> in{codec<T>::tag.octet, N};
  for (std::size_t i = 0; i != N; ++i) in[i + 2] = contents[i];
  T v{};
  return !asn1::detail::decode_silent(in, v);
}
constexpr bool values_out_of_range() {
  return refused<std::int32_t>("0080000000"_hex) && refused<std::int32_t>("ff7fffffff"_hex) &&
         refused<std::uint32_t>("0100000000"_hex) && refused<std::uint32_t>("ff"_hex) &&
         refused<std::uint32_t>("80000000"_hex) && refused<std::int32_t>("0005"_hex) &&
         refused<std::int32_t>("ff80"_hex) && refused<std::int32_t>("000000000005"_hex) &&
         refused<microseconds>("0f4240"_hex) && refused<microseconds>("ff"_hex) && refused<bool>("01"_hex) &&
         refused<bool>("ffff"_hex) && refused<flags<bits>>("0180000000"_hex) && refused<flags<bits>>("00800000"_hex) &&
         !refused<flags<bits>>("000000000000"_hex) && !refused<std::int32_t>("80000000"_hex) &&
         !refused<std::uint32_t>("00ffffffff"_hex) && !refused<microseconds>("0f423f"_hex) && !refused<bool>("ff"_hex);
}
KERB_BOTH("quick: values that their types do not have are not read", "[asn1][rfc4120-5.2.4][rfc4120-5.2.8]",
          values_out_of_range);

constexpr bool lists_of_nothing() {
  const auto none = "3000"_hex;
  sequence_of<std::int32_t, not_empty> some;
  sequence_of<std::int32_t> any;
  return !asn1::detail::decode_silent(none, some) && asn1::detail::decode_silent(none, any) && any.empty();
}
KERB_BOTH("quick: a list that may not be empty is not read when it is", "[asn1][rfc4120-5.2.7.4]", lists_of_nothing);

constexpr bool the_other_application_number() {
  std::array<std::uint8_t, 400> buffer{};
  const auto out = asn1::encode(full(), buffer);
  buffer[buffer.size() - out->size()] = der::application(10).octet;
  Everything v{};
  if (!asn1::detail::decode_silent(*out, v)) return false;
  buffer[buffer.size() - out->size()] = der::application(11).octet;
  return !asn1::detail::decode_silent(*out, v);
}
KERB_BOTH("quick: an APPLICATION type is read under each of its numbers", "[asn1]", the_other_application_number);

constexpr bool every_smaller_buffer() {
  std::array<std::uint8_t, 400> buffer{};
  const std::size_t whole = quick::size(full());
  for (std::size_t n = 0; n != whole; ++n) {
    if (quick::write(buffer.data() + n, buffer.data(), full()) != nullptr) return false;
  }
  return quick::write(buffer.data() + whole, buffer.data(), full()) == buffer.data();
}
KERB_BOTH("quick: nothing is written in front of the buffer, however small", "[asn1]", every_smaller_buffer);

}  // namespace
