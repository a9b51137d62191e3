// SPAKE pre-authentication.
#include <kerb/msg/spake.hpp>

#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::every_field_is_named;
using kerb_test::field_line;
using kerb_test::reference;
using kerb_test::refuses;

namespace {

constexpr std::array<std::uint8_t, 2> ab{0xaa, 0xbb};
constexpr bool is_text(bytes_view octets, std::string_view text) { return kerberos_string{octets} == text; }

constexpr bool supports() {
  constexpr bytes_view in = reference("PA-SPAKE: pa_spake(support)");
  const auto p = *asn1::decode<msg::PaSpake>(in, der::strict);
  const auto groups = std::get<msg::SpakeSupport>(p.value).groups;
  auto i = groups.begin();
  const spake_group_t first = *i++, second = *i;
  return groups.size() == 2 && first == spake_group_t::edwards25519 && second == spake_group_t::p256 &&
         both_ways(p, in);
}
KERB_BOTH("reference: PA-SPAKE, support", "[msg][rfc9588]", supports);

constexpr bool challenges() {
  constexpr bytes_view in = reference("PA-SPAKE: pa_spake(challenge)");
  const auto p = *asn1::decode<msg::PaSpake>(in, der::strict);
  const auto c = std::get<msg::SpakeChallenge>(p.value);
  auto i = c.factors.begin();
  const msg::SpakeSecondFactor first = *i++, second = *i;
  return c.group == spake_group_t::edwards25519 && is_text(c.pubkey, "T value") && c.factors.size() == 2 &&
         first.type == spake_factor_t::none && !first.data && static_cast<int>(second.type) == 2 && second.data &&
         is_text(*second.data, "fdata") && both_ways(p, in);
}
KERB_BOTH("reference: PA-SPAKE, challenge", "[msg][rfc9588]", challenges);

constexpr bool responses_and_more() {
  constexpr bytes_view in = reference("PA-SPAKE: pa_spake(encdata)");
  const auto p = *asn1::decode<msg::PaSpake>(in, der::strict);
  const auto response = "a2173015a0040402aabba10d300ba003020112a2040402aabb"_hex;
  const msg::SpakeResponse r{ab, {etype_t::aes256_cts_hmac_sha1_96, {}, ab}, {}};
  return p.value.index() == 3 && std::get<3>(p.value).kvno == 5u && both_ways(p, in) &&
         both_ways(msg::PaSpake{r}, response);
}
KERB_BOTH("reference: PA-SPAKE, encdata; and a response comes back", "[msg][rfc9588]", responses_and_more);

constexpr bool faults() {
  const auto response = "3015a0040402aabba10d300ba003020112a2040402aabb"_hex;
  constexpr field_line lines[] = {{0, "pubkey", true}, {1, "factor", true}};
  constexpr field_line challenge[] = {{0, "group", true}, {1, "pubkey", true}, {2, "factors", true}};
  const auto none = "a0063004a0023000"_hex;
  const auto later = "a9023000"_hex;
  const auto kept = asn1::decode<msg::PaSpake>(later, der::strict);
  return every_field_is_named<msg::SpakeResponse>(response, 0, "SPAKEResponse", lines) &&
         every_field_is_named<msg::SpakeChallenge>(reference("PA-SPAKE: pa_spake(challenge)").subview(2), 0,
                                                   "SPAKEChallenge", challenge) &&
         refuses<msg::PaSpake>(none, errc::empty_sequence, 6, "SPAKESupport", "groups") && kept &&
         kept->value.index() == 4 && both_ways(*kept, later);
}
KERB_BOTH("PA-SPAKE: a fault in any field is named, an unknown alternative is kept", "[msg][rfc9588]", faults);

constexpr bool names() {
  return name_of(spake_group_t::p384) == "P-384" && name_of(spake_group_t{5}).empty() &&
         name_of(spake_factor_t::none) == "SF-NONE" && name_of(spake_factor_t{2}).empty();
}
KERB_BOTH("SPAKE: groups and factors have their names", "[msg][rfc9588]", names);

}  // namespace
