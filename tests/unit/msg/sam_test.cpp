// The single-use authentication mechanism.
#include <kerb/msg/sam.hpp>

#include "unit/msg/walk.hpp"
#include "unit/numbers/registry.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::every_field_is_named;
using kerb_test::field_line;
using kerb_test::reference;
using kerb_test::refuses;

namespace {

constexpr bool is_text(bytes_view octets, std::string_view text) { return kerberos_string{octets} == text; }

constexpr bool challenges() {
  constexpr bytes_view in = reference("PA-SAM-CHALLENGE-2: sam_challenge_2");
  const auto c = kerb_test::must(asn1::decode<msg::PaSamChallenge2>(in, der::strict));
  return c.sam_body.der == in.subview(4, 13) && c.sam_cksum.size() == 1 &&
         is_text((*c.sam_cksum.begin()).checksum, "1234") && both_ways(c, in);
}
KERB_BOTH("reference: PA-SAM-CHALLENGE-2", "[msg]", challenges);

constexpr bool faults() {
  return refuses<msg::PaSamChallenge2>("3013a000a10f300d300ba003020101a1040402aabb"_hex, errc::truncated, 4,
                                       "PA-SAM-CHALLENGE-2", "sam-body") &&
         refuses<msg::PaSamChallenge2>("3017a00405000500a10f300d300ba003020101a1040402aabb"_hex, errc::trailing_data, 6,
                                       "PA-SAM-CHALLENGE-2", "sam-body") &&
         refuses<msg::PaSamChallenge2>("3008a0020500a1023000"_hex, errc::empty_sequence, 8, "PA-SAM-CHALLENGE-2",
                                       "sam-cksum");
}
KERB_BOTH("PA-SAM-CHALLENGE-2: the body is one value of any type, the checksums one at least", "[msg]", faults);

constexpr bool bodies() {
  constexpr bytes_view in = reference("PA-SAM-CHALLENGE-2-BODY: sam_challenge_2_body");
  const auto c = kerb_test::must(asn1::decode<msg::PaSamChallenge2Body>(in, der::strict));
  constexpr field_line lines[] = {{0, "sam-type", true},       {1, "sam-flags", true},
                                  {2, "sam-type-name", false}, {4, "sam-challenge-label", false},
                                  {5, "sam-challenge", false}, {6, "sam-response-prompt", false},
                                  {8, "sam-nonce", true},      {9, "sam-etype", true}};
  return c.sam_type == sam_t{42} && c.sam_flags == msg::SamFlags{sam_flag_t::use_sad_as_key} &&
         is_text(*c.sam_type_name, "type name") && !c.sam_track_id && is_text(*c.sam_challenge, "challenge ipse") &&
         !c.sam_pk_for_sad && c.sam_nonce == 0x543210 && c.sam_etype == etype_t::aes256_cts_hmac_sha384_192 &&
         both_ways(c, in) && every_field_is_named<msg::PaSamChallenge2Body>(in, 0, "PA-SAM-CHALLENGE-2-BODY", lines);
}
KERB_BOTH("reference: PA-SAM-CHALLENGE-2-BODY", "[msg]", bodies);

constexpr bool responses() {
  constexpr bytes_view in = reference("PA-SAM-RESPONSE-2: sam_response_2");
  constexpr bytes_view sealed = reference("PA-ENC-SAM-RESPONSE-ENC-2: enc_sam_response_enc_2");
  const auto r = kerb_test::must(asn1::decode<msg::PaSamResponse2>(in, der::strict));
  const auto e = kerb_test::must(asn1::decode<msg::PaEncSamResponseEnc2>(sealed, der::strict));
  constexpr field_line lines[] = {{0, "sam-type", true},
                                  {1, "sam-flags", true},
                                  {2, "sam-track-id", false},
                                  {3, "sam-enc-nonce-or-sad", true},
                                  {4, "sam-nonce", true}};
  constexpr field_line sealed_lines[] = {{0, "sam-nonce", true}, {1, "sam-sad", false}};
  return r.sam_type == sam_t{43} && is_text(*r.sam_track_id, "track data") && r.sam_enc_nonce_or_sad.kvno == 3382u &&
         is_text(r.sam_enc_nonce_or_sad.cipher, "nonce or sad") && r.sam_nonce == 0x543210 && both_ways(r, in) &&
         every_field_is_named<msg::PaSamResponse2>(in, 0, "PA-SAM-RESPONSE-2", lines) && e.sam_nonce == 88 &&
         is_text(*e.sam_sad, "enc_sam_response_enc_2") && both_ways(e, sealed) &&
         every_field_is_named<msg::PaEncSamResponseEnc2>(sealed, 0, "PA-ENC-SAM-RESPONSE-ENC-2", sealed_lines);
}
KERB_BOTH("reference: PA-SAM-RESPONSE-2 and what it seals", "[msg]", responses);

constexpr kerb_test::entry<sam_t> sam_t_registry[] = {
    {sam_t::enigma, 1, "PA_SAM_TYPE_ENIGMA"},   {sam_t::digi_path, 2, "PA_SAM_TYPE_DIGI_PATH"},
    {sam_t::skey_k0, 3, "PA_SAM_TYPE_SKEY_K0"}, {sam_t::skey, 4, "PA_SAM_TYPE_SKEY"},
    {sam_t::securid, 5, "PA_SAM_TYPE_SECURID"}, {sam_t::cryptocard, 6, "PA_SAM_TYPE_CRYPTOCARD"},
};
KERB_BOTH("sam_t: kinds of devices have the registered numbers and names, no two the same", "[msg]",
          (kerb_test::as_registered<sam_t_registry>));
KERB_BOTH("sam_t: a number without a name is a value like any other", "[msg]", (kerb_test::is_open<sam_t>));
TEST_CASE("sam_t: nothing else has a name", "[msg]") { CHECK(kerb_test::is_complete<sam_t_registry>()); }

constexpr kerb_test::entry<sam_flag_t> sam_flag_t_registry[] = {
    {sam_flag_t::use_sad_as_key, 0, "use-sad-as-key"},
    {sam_flag_t::send_encrypted_sad, 1, "send-encrypted-sad"},
    {sam_flag_t::must_pk_encrypt_sad, 2, "must-pk-encrypt-sad"},
};
KERB_BOTH("sam_flag_t: SAM flags have the registered numbers and names, no two the same", "[msg]",
          (kerb_test::as_registered<sam_flag_t_registry>));
KERB_BOTH("sam_flag_t: a number without a name is a value like any other", "[msg]", (kerb_test::is_open<sam_flag_t>));
TEST_CASE("sam_flag_t: nothing else has a name", "[msg]") { CHECK(kerb_test::is_complete<sam_flag_t_registry>()); }

}  // namespace
