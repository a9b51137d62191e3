// Fields made while the message is written, from the tail to the front.
#include <kerb/asn1/payload.hpp>

#include "unit/asn1/small.hpp"

using namespace kerb;
using asn1::computed;
using asn1::noted;

namespace {

/// The front field is made of the octets of the one behind it, as a checksum of a TGS-REQ's body is.
template <class Front, class Back>
struct Pair {
  Front front;
  Back back;
  static consteval auto asn1() {
    using T = Pair;
    using namespace kerb::asn1;
    return sequence("Pair", tag<0>("front", &T::front), tag<1>("back", &T::back));
  }
};

struct parts {
  std::array<std::uint8_t, 32> buffer{};
  std::size_t size = 0, calls = 0, calls_counting = 0, seen = 0;
};

constexpr parts write_pair(std::size_t buffer) {
  parts p;
  const std::int32_t number = 0x0102;
  bytes_view where;
  const auto sum = [&](der::writer& w) {
    ++p.calls;
    p.calls_counting += w.is_counting();
    p.seen = where.size();
    std::uint8_t total = 0;
    for (std::uint8_t b : where) total = static_cast<std::uint8_t>(total + b);
    w.octet(total);
    w.header(der::octet_string, 1);
  };
  const Pair<computed<decltype(sum)>, noted<std::int32_t>> v{{sum}, {number, where}};
  const auto out = asn1::encode(v, std::span<std::uint8_t>(p.buffer).first(buffer));
  p.size = out ? out->size() : out.error().detail;
  return p;
}

constexpr bool front_sees_back() {
  const parts p = write_pair(32);
  const auto wanted = "300ba003040107a10402020102"_hex;
  return p.size == 13 && p.calls == 1 && p.calls_counting == 0 && p.seen == 4 &&
         bytes_view(std::span<const std::uint8_t>(p.buffer).last(13)) == bytes_view(wanted);
}
KERB_BOTH("payload: a field in front sees the octets of the one behind, where they stand", "[asn1]", front_sees_back);

constexpr bool counted_alike() {
  for (std::size_t n = 0; n != 13; ++n) {
    const parts p = write_pair(n);
    if (p.size != 13 || p.calls != 1) return false;
    // told that it counts exactly when the buffer has already run out, and then the octets behind are gone
    if ((p.calls_counting == 1) != (n < 6) || (p.calls_counting == 1 && p.seen > 4)) return false;
  }
  return true;
}
KERB_BOTH("payload: in a buffer too small the size is the same, and the field is told", "[asn1]", counted_alike);

constexpr bool counting_has_no_octets() {
  const std::int32_t number = 7;
  const std::array<std::uint8_t, 1> something{1};
  bytes_view where = something;
  const std::size_t n = asn1::encoded_size(noted<std::int32_t>{number, where});
  return n == 3 && where.empty();
}
KERB_BOTH("noted: nothing is noted of what is only counted", "[asn1]", counting_has_no_octets);

constexpr bool noted_in_the_buffer() {
  const std::int32_t number = 7;
  bytes_view where;
  std::array<std::uint8_t, 8> buffer{};
  const auto out = asn1::encode(noted<std::int32_t>{number, where}, buffer);
  return out && where == *out && where.data() == buffer.data() + 5;
}
KERB_BOTH("noted: the octets are those in the buffer", "[asn1]", noted_in_the_buffer);

constexpr bool an_aggregate_guides_itself() {
  const auto c = computed{[](der::writer& w) { w.zeros(3); }};
  return asn1::encoded_size(c) == 3;
}
KERB_BOTH("computed: is made of any lambda", "[asn1]", an_aggregate_guides_itself);

template <class T>
concept notes = requires(bytes_view where) {
  noted<std::int32_t>{std::declval<T>(), where};
};
static_assert(notes<const std::int32_t&> && !notes<std::int32_t>, "a noted value must outlive the writing");

}  // namespace
