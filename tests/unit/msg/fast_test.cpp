// FAST and the pre-authentication framework.
#include <kerb/msg/fast.hpp>

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

constexpr bytes_view response = reference("KrbFastResponse: fast_response");

constexpr bool responses() {
  const auto r = kerb_test::must(asn1::decode<msg::KrbFastResponse>(response, der::strict));
  const kerberos_time when{771228197};  // 19940610060317Z
  return r.padata.size() == 2 && (*r.padata.begin()).padata_type == padata_t::sam_response && r.strengthen_key &&
         is_text(r.strengthen_key->keyvalue, "12345678") && r.finished && r.finished->timestamp == when &&
         r.finished->usec.count == 123456 && r.finished->crealm == "ATHENA.MIT.EDU" &&
         r.finished->cname.name_string.size() == 2 && is_text(r.finished->ticket_checksum.checksum, "1234") &&
         r.nonce == 42 && r.extensions.der.empty() && both_ways(r, response);
}
KERB_BOTH("reference: KrbFastResponse and KrbFastFinished", "[msg][rfc6113-5.4.3]", responses);

constexpr bool faults() {
  constexpr field_line lines[] = {
      {0, "padata", true}, {1, "strengthen-key", false}, {2, "finished", false}, {3, "nonce", true}};
  return every_field_is_named<msg::KrbFastResponse>(response, 0, "KrbFastResponse", lines);
}
KERB_BOTH("KrbFastResponse: a fault in any field is named", "[msg][rfc6113-5.4.3]", faults);

constexpr auto armored =
    "a02f302da00d300ba003020101a1040402aabba10d300ba003020110a1040402aabba20d300ba003020112a2040402aabb"_hex;

constexpr bool requests() {
  const msg::KrbFastArmoredReq r{.armor = msg::KrbFastArmor{armor_t::initiator_params, ab, {}},
                                 .req_checksum = {static_cast<cksum_t>(16), ab},
                                 .enc_fast_req = {etype_t::aes256_cts_hmac_sha1_96, {}, ab},
                                 .extensions = {}};
  return both_ways(msg::PaFxFastRequest{r}, armored);
}
KERB_BOTH("PA-FX-FAST-REQUEST: an armored request comes back", "[msg][rfc6113-5.4.2]", requests);

constexpr bool request_faults() {
  constexpr field_line lines[] = {{0, "armor", false}, {1, "req-checksum", true}, {2, "enc-fast-req", true}};
  constexpr field_line armor[] = {{0, "armor-type", true}, {1, "armor-value", true}};
  const auto in = bytes_view(armored).subview(2);
  return every_field_is_named<msg::KrbFastArmoredReq>(in, 0, "KrbFastArmoredReq", lines) &&
         every_field_is_named<msg::KrbFastArmor>(in.subview(4, 13), 0, "KrbFastArmor", armor);
}
KERB_BOTH("KrbFastArmoredReq: a fault in any field is named", "[msg][rfc6113-5.4.2]", request_faults);

constexpr bool what_is_sealed_in_a_request() {
  const auto in =
      "304ba00703050040000000a10f300d300ba103020102a2040402aabba22f302da00703050000000000a2031b0152a511180f31393730303130313030303030305aa703020107a8053003020112"_hex;
  const auto r = asn1::decode<msg::KrbFastReq>(in, der::strict);
  constexpr field_line lines[] = {{0, "fast-options", true}, {1, "padata", true}, {2, "req-body", true}};
  return r && r->fast_options.has(fast_option_t::hide_client_names) && r->padata.size() == 1 &&
         r->req_body->nonce == 7 && r->req_body.octets() == bytes_view(in).last(r->req_body.octets().size()) &&
         both_ways(*r, in) && every_field_is_named<msg::KrbFastReq>(in, 0, "KrbFastReq", lines);
}
KERB_BOTH("KrbFastReq: comes back, its body as it was sent", "[msg][rfc6113-5.4.2]", what_is_sealed_in_a_request);

constexpr bool replies() {
  const auto in = "a011300fa00d300ba003020112a2040402aabb"_hex;
  const msg::KrbFastArmoredRep r{{etype_t::aes256_cts_hmac_sha1_96, {}, ab}, {}};
  return both_ways(msg::PaFxFastReply{r}, in);
}
KERB_BOTH("PA-FX-FAST-REPLY: an armored reply comes back", "[msg][rfc6113-5.4.3]", replies);

constexpr bool other_alternatives() {
  const auto in = "a1083006a0040402aabb"_hex;
  const auto nothing = ""_hex;
  const auto r = asn1::decode<msg::PaFxFastRequest>(in, der::strict);
  return r && r->value.index() == 1 && std::get<1>(r->value).der == bytes_view(in) && both_ways(*r, in) &&
         refuses<msg::PaFxFastRequest>(nothing, errc::truncated, 0, "PA-FX-FAST-REQUEST", "");
}
KERB_BOTH("PA-FX-FAST-REQUEST: an alternative that is not known is kept", "[msg][rfc6113-5.4.2]", other_alternatives);

constexpr bool later_fields() {
  const auto in = "3014a003020101a1040402aabba2030201058702aabb"_hex;
  const auto twice = "3011a003020101a1040402aabba1040402aabb"_hex;
  const auto r = asn1::decode<msg::KrbFastArmor>(in, der::strict);
  return r && r->extensions.der == bytes_view(in).last(9) && both_ways(*r, in) &&
         refuses<msg::KrbFastArmor>(twice, errc::trailing_data, 13, "KrbFastArmor", "");
}
KERB_BOTH("KrbFastArmor: fields of a later version are kept, a field that is there twice is refused",
          "[msg][rfc6113-5.4.1]", later_fields);

constexpr bool authentication_sets() {
  const auto in = "3019300fa003020102a1020400a2040402aabb3006a0040202008a"_hex;
  constexpr std::array<msg::PaAuthenticationSetElem, 2> set{
      {{padata_t::enc_timestamp, bytes_view(), bytes_view(ab), {}}, {padata_t::encrypted_challenge, {}, {}, {}}}};
  std::array<std::uint8_t, 60> buffer{};
  const auto out = asn1::encode(msg::PaAuthenticationSet(set), buffer);
  const auto back = asn1::decode_as<msg::PaAuthenticationSet>("PA-AUTHENTICATION-SET", in, der::strict);
  return out && *out == bytes_view(in) && back && back->size() == 2 && (*back->begin()).pa_hint &&
         (*back->begin()).pa_value == bytes_view(ab);
}
KERB_BOTH("PA-AUTHENTICATION-SET: comes back", "[msg][rfc6113-5.3]", authentication_sets);

constexpr kerb_test::entry<armor_t> armor_t_registry[] = {
    {armor_t::initiator_params, 1, "FX_FAST_ARMOR_AP_REQUEST"},
};
KERB_BOTH("armor_t: armor types have the registered numbers and names, no two the same", "[msg][rfc6113-7.2]",
          (kerb_test::as_registered<armor_t_registry>));
KERB_BOTH("armor_t: a number without a name is a value like any other", "[msg][rfc6113-7.2]",
          (kerb_test::is_open<armor_t>));
TEST_CASE("armor_t: nothing else has a name", "[msg][rfc6113-7.2]") {
  CHECK(kerb_test::is_complete<armor_t_registry>());
}

constexpr kerb_test::entry<fast_option_t> fast_option_t_registry[] = {
    {fast_option_t::hide_client_names, 1, "hide-client-names"},
    {fast_option_t::kdc_follow_referrals, 16, "kdc-follow-referrals"},
};
KERB_BOTH("fast_option_t: FAST options have the registered numbers and names, no two the same", "[msg][rfc6113-7.3]",
          (kerb_test::as_registered<fast_option_t_registry>));
KERB_BOTH("fast_option_t: a number without a name is a value like any other", "[msg][rfc6113-7.3]",
          (kerb_test::is_open<fast_option_t>));
TEST_CASE("fast_option_t: nothing else has a name", "[msg][rfc6113-7.3]") {
  CHECK(kerb_test::is_complete<fast_option_t_registry>());
}

}  // namespace
