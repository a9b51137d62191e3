// SPNEGO.
#include <kerb/msg/spnego.hpp>

#include "unit/msg/walk.hpp"
#include "unit/numbers/registry.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::every_field_is_named;
using kerb_test::field_line;
using kerb_test::refuses;

namespace {

constexpr std::array<std::uint8_t, 2> ab{0xaa, 0xbb};

constexpr auto init = "a0223020a018301606092a864882f71201020206092a864886f712010202a2040402aabb"_hex;

constexpr bool first_tokens() {
  const auto t = asn1::decode<msg::NegotiationToken>(init, der::strict);
  const auto* n = t ? std::get_if<msg::NegTokenInit>(&t->value) : nullptr;
  if (n == nullptr) return false;
  auto i = n->mech_types->begin();
  const msg::MechType first = *i++, second = *i;
  return n->mech_types->size() == 2 && first == msg::mech_ms_krb5 && second == msg::mech_krb5 && !n->req_flags &&
         n->mech_types.octets() == bytes_view(init).subview(6, 24) && n->mech_token == bytes_view(ab) &&
         both_ways(*t, init);
}
KERB_BOTH("NegTokenInit: comes back, the list of mechanisms as it was sent", "[msg][rfc4178-4.2.1]", first_tokens);

constexpr bool context_flags() {
  const auto in = "3018a00a300806062b0601050502a10403020162a3040402aabb"_hex;
  const auto n = asn1::decode<msg::NegTokenInit>(in, der::strict);
  return n && n->req_flags->size() == 7 && n->req_flags->has(1) && n->req_flags->has(2) && n->req_flags->has(6) &&
         !n->req_flags->has(0) && !n->req_flags->has(7) && n->mech_list_mic == bytes_view(ab) && both_ways(*n, in);
}
KERB_BOTH("NegTokenInit: reqFlags are as many bits as were sent", "[msg][rfc4178-4.2.1]", context_flags);

constexpr bool responses() {
  const auto in = "a120301ea0030a0101a10b06092a864886f712010202a2040402aabba3040402aabb"_hex;
  const auto empty = "a1023000"_hex;
  const msg::NegTokenResp r{neg_state_t::accept_incomplete, msg::mech_krb5, bytes_view(ab), bytes_view(ab), {}};
  constexpr field_line lines[] = {
      {0, "negState", false}, {1, "supportedMech", false}, {2, "responseToken", false}, {3, "mechListMIC", false}};
  return both_ways(msg::NegotiationToken{r}, in) && both_ways(msg::NegotiationToken{msg::NegTokenResp{}}, empty) &&
         every_field_is_named<msg::NegTokenResp>(bytes_view(in).subview(2), 0, "NegTokenResp", lines);
}
KERB_BOTH("NegTokenResp: comes back, with every field and with none", "[msg][rfc4178-4.2.2]", responses);

constexpr bool states_are_enumerated() {
  return refuses<msg::NegTokenResp>("3005a003020101"_hex, errc::unexpected_tag, 4, "NegTokenResp", "negState") &&
         refuses<msg::NegotiationToken>("a2023000"_hex, errc::unexpected_tag, 0, "NegotiationToken", "") &&
         name_of(neg_state_t::request_mic) == "request-mic" && name_of(neg_state_t{4}).empty();
}
KERB_BOTH("NegTokenResp: negState is ENUMERATED; there are two tokens and no more", "[msg][rfc4178-4.2]",
          states_are_enumerated);

constexpr bool hints() {
  const auto in =
      "a03d303ba00d300b06092a864882f712010202a32a3028a0261b246e6f745f646566696e65645f696e5f5246433431373840706c656173655f69676e6f7265"_hex;
  const auto t = asn1::decode<msg::NegotiationToken2>(in, der::strict);
  const auto* n = t ? std::get_if<msg::NegTokenInit2>(&t->value) : nullptr;
  return n != nullptr && n->neg_hints && *n->neg_hints->hint_name == "not_defined_in_RFC4178@please_ignore" &&
         both_ways(*t, in) &&
         refuses<msg::NegotiationToken>(in, errc::unexpected_tag, 21, "NegTokenInit", "mechListMIC");
}
KERB_BOTH("NegTokenInit2: Windows' hints stand where RFC 4178 has mechListMIC", "[msg][ms-spng]", hints);

constexpr kerb_test::entry<neg_state_t> neg_state_t_registry[] = {
    {neg_state_t::accept_completed, 0, "accept-completed"},
    {neg_state_t::accept_incomplete, 1, "accept-incomplete"},
    {neg_state_t::reject, 2, "reject"},
    {neg_state_t::request_mic, 3, "request-mic"},
};
KERB_BOTH("neg_state_t: negotiation states have the registered numbers and names, no two the same",
          "[msg][rfc4178-4.2.2]", (kerb_test::as_registered<neg_state_t_registry>));
KERB_BOTH("neg_state_t: a number without a name is a value like any other", "[msg][rfc4178-4.2.2]",
          (kerb_test::is_open<neg_state_t>));
TEST_CASE("neg_state_t: nothing else has a name", "[msg][rfc4178-4.2.2]") {
  CHECK(kerb_test::is_complete<neg_state_t_registry>());
}

}  // namespace
