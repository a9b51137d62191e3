// A value with the octets it came as.
#include <kerb/asn1/captured.hpp>

#include "unit/asn1/small.hpp"

using namespace kerb;
using kerb_test::encodes;
using kerb_test::Small;

namespace {

using asn1::captured;

struct Holder {
  captured<Small> small;
  static consteval auto asn1() {
    using T = Holder;
    using namespace kerb::asn1;
    return sequence("Holder", tag<0>("small", &T::small));
  }
};

constexpr bool decoded() {
  const auto in = "3014a0123010a003020105a303020107a4040402aabb"_hex;
  const auto r = asn1::decode<Holder>(in);
  return r && r->small->a == 5 && r->small.value().c.size() == 2 && r->small.octets() == bytes_view(in).subview(4) &&
         r->small.octets().data() == in.data() + 4 && encodes(*r, in);
}
KERB_BOTH("captured: decoded, it has the value and the octets, and the octets go out again", "[asn1]", decoded);

constexpr bool something_behind() {
  const auto in = "3016a0143010a003020105a303020107a4040402aabb0500"_hex;
  Holder silent;
  return kerb_test::fails<Holder>(in, errc::trailing_data, 22, "Holder", "small") &&
         !asn1::detail::decode_silent(in, silent);
}
KERB_BOTH("captured: octets behind it in its field are refused", "[asn1][rfc4120-5.1]", something_behind);

constexpr bool tolerated_octets_stay() {
  // the seq-number of an old peer: read modulo 2^32, and under a checksum it stays as it was sent
  const auto in = "3019a0173015a003020105a1030201ffa303020107a4040402aabb"_hex;
  const auto r = asn1::decode<Holder>(in, der::as_deployed);
  return r && r->small->b == 0xffffffffu && encodes(*r, in) && !asn1::decode<Holder>(in, der::strict);
}
KERB_BOTH("captured: what was tolerated goes out as it came, not as we would write it", "[asn1][tolerance]",
          tolerated_octets_stay);

constexpr bool our_own() {
  constexpr std::array<std::uint8_t, 2> aabb{0xaa, 0xbb};
  const auto c = captured<Small>::of({.a = 5, .b = 6, .c = aabb});
  return c->a == 5 && c.value().b == 6u && c.octets().empty() && encodes(c, kerb_test::small_with_b);
}
KERB_BOTH("captured: of a value of our own, it is encoded when it is written", "[asn1]", our_own);

constexpr bool kept_from_before() {
  const auto odd = "deadbeef"_hex;  // never decoded, so not even DER
  const auto c = captured<Small>::as_sent(odd);
  return c.octets() == bytes_view(odd) && encodes(c, odd) && c->a == 0 && !c->b;
}
KERB_BOTH("captured: as_sent writes the octets as they are", "[asn1]", kept_from_before);

constexpr bool a_default_one() {
  return captured<Small>().octets().empty() && encodes(captured<Small>(), "300ea003020100a303020107a4020400"_hex);
}
KERB_BOTH("captured: a default one is a default value of our own", "[asn1]", a_default_one);

constexpr bool faults_are_not_captured() {
  const auto in = "3014a0123010a003020105a303020108a4040402aabb"_hex;
  const auto r = asn1::decode<Holder>(in);
  return r.error().code == errc::wrong_constant && r.error().offset == 13 &&
         std::string_view(r.error().type) == "Small";
}
KERB_BOTH("captured: a fault inside is found like any other", "[asn1]", faults_are_not_captured);

}  // namespace
