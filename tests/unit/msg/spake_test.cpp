// SPAKE pre-authentication.
#include <kerb/msg/spake.hpp>

#include "unit/msg/walk.hpp"
#include "unit/numbers/registry.hpp"

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
  const auto p = kerb_test::must(asn1::decode<msg::PaSpake>(in, der::strict));
  const auto groups = std::get<msg::SpakeSupport>(p.value).groups;
  auto i = groups.begin();
  const spake_group_t first = *i++, second = *i;
  return groups.size() == 2 && first == spake_group_t::edwards25519 && second == spake_group_t::p256 &&
         both_ways(p, in);
}
KERB_BOTH("reference: PA-SPAKE, support", "[msg][rfc9588]", supports);

constexpr bool challenges() {
  constexpr bytes_view in = reference("PA-SPAKE: pa_spake(challenge)");
  const auto p = kerb_test::must(asn1::decode<msg::PaSpake>(in, der::strict));
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
  const auto p = kerb_test::must(asn1::decode<msg::PaSpake>(in, der::strict));
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

constexpr kerb_test::entry<spake_group_t> spake_group_t_registry[] = {
    {spake_group_t::edwards25519, 1, "edwards25519"},
    {spake_group_t::p256, 2, "P-256"},
    {spake_group_t::p384, 3, "P-384"},
    {spake_group_t::p521, 4, "P-521"},
};
KERB_BOTH("spake_group_t: SPAKE groups have the registered numbers and names, no two the same", "[msg][rfc9588]",
          (kerb_test::as_registered<spake_group_t_registry>));
KERB_BOTH("spake_group_t: a number without a name is a value like any other", "[msg][rfc9588]",
          (kerb_test::is_open<spake_group_t>));
TEST_CASE("spake_group_t: nothing else has a name", "[msg][rfc9588]") {
  CHECK(kerb_test::is_complete<spake_group_t_registry>());
}

constexpr kerb_test::entry<spake_factor_t> spake_factor_t_registry[] = {
    {spake_factor_t::none, 1, "SF-NONE"},
};
KERB_BOTH("spake_factor_t: second factors have the registered numbers and names, no two the same", "[msg][rfc9588]",
          (kerb_test::as_registered<spake_factor_t_registry>));
KERB_BOTH("spake_factor_t: a number without a name is a value like any other", "[msg][rfc9588]",
          (kerb_test::is_open<spake_factor_t>));
TEST_CASE("spake_factor_t: nothing else has a name", "[msg][rfc9588]") {
  CHECK(kerb_test::is_complete<spake_factor_t_registry>());
}

}  // namespace
