// One-time passwords.
#include <kerb/msg/otp.hpp>

#include "unit/msg/walk.hpp"
#include "unit/numbers/registry.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::reference;
using kerb_test::refuses;

namespace {

constexpr std::array<std::uint8_t, 2> ab{0xaa, 0xbb};
constexpr bool is_text(bytes_view octets, std::string_view text) { return kerberos_string{octets} == text; }

constexpr bool tokens() {
  constexpr bytes_view least = reference("OTP-TOKENINFO: otp_tokeninfo(optionals NULL)");
  constexpr bytes_view full = reference("OTP-TOKENINFO: otp_tokeninfo");
  const auto l = kerb_test::must(asn1::decode<msg::OtpTokenInfo>(least, der::strict));
  const auto f = kerb_test::must(asn1::decode<msg::OtpTokenInfo>(full, der::strict));
  auto i = f.supported_hash_alg->begin();
  const msg::AlgorithmIdentifier first = *i++, second = *i;
  return l.flags.bits == 0 && !l.otp_vendor && !l.supported_hash_alg && both_ways(l, least) &&
         f.flags.bits == 0x77000000u && f.flags.has(otp_flag_t::next_otp) &&
         !f.flags.has(otp_flag_t::do_not_collect_pin) && is_text(f.otp_vendor->octets, "Examplecorp") &&
         is_text(*f.otp_challenge, "hark!") && f.otp_length == 10 && f.otp_format == otp_format_t::alphanumeric &&
         is_text(*f.otp_token_id, "yourtoken") &&
         is_text(f.otp_alg_id->octets, "urn:ietf:params:xml:ns:keyprov:pskc:hotp") &&
         f.supported_hash_alg->size() == 2 && first.algorithm == "2.16.840.1.101.3.4.2.1"_oid &&
         second.algorithm == "1.3.14.3.2.26"_oid && f.iteration_count == 1000 && both_ways(f, full);
}
KERB_BOTH("reference: OTP-TOKENINFO", "[msg][rfc6560]", tokens);

constexpr bool challenges() {
  constexpr bytes_view least = reference("PA-OTP-CHALLENGE: pa_otp_challenge(optionals NULL)");
  constexpr bytes_view full = reference("PA-OTP-CHALLENGE: pa_otp_challenge");
  const auto l = kerb_test::must(asn1::decode<msg::PaOtpChallenge>(least, der::strict));
  const auto f = kerb_test::must(asn1::decode<msg::PaOtpChallenge>(full, der::strict));
  return is_text(l.nonce, "minnonce") && l.otp_token_info.size() == 1 && !l.otp_service && both_ways(l, least) &&
         is_text(f.nonce, "maxnonce") && is_text(f.otp_service->octets, "testservice") &&
         f.otp_token_info.size() == 2 && *f.salt == "keysalt" && is_text(*f.s2kparams, "1234") && both_ways(f, full);
}
KERB_BOTH("reference: PA-OTP-CHALLENGE", "[msg][rfc6560]", challenges);

constexpr bool sealed_requests() {
  constexpr bytes_view in = reference("PA-OTP-ENC-REQUEST: pa_otp_enc_req");
  const auto r = kerb_test::must(asn1::decode<msg::PaOtpEncRequest>(in, der::strict));
  return is_text(r.nonce, "krb5data") && both_ways(r, in);
}
KERB_BOTH("reference: PA-OTP-ENC-REQUEST", "[msg][rfc6560]", sealed_requests);

constexpr bool requests() {
  const auto least = "301480050000000000a20ba003020112a2040402aabb"_hex;
  const auto full =
      "3055800500000000008102aabba20ba003020112a2040402aabba30706052b0e03021a8401038502aabb8601708702aabb880f31393730303130313030303030305a8902aabb8a01038b02aabb8c01758d01769e020102"_hex;
  const auto f = asn1::decode<msg::PaOtpRequest>(full, der::strict);
  msg::PaOtpRequest l{};
  l.enc_data = {etype_t::aes256_cts_hmac_sha1_96, {}, ab};
  return both_ways(l, least) && f && both_ways(*f, full) && is_text(f->otp_pin->octets, "p") &&
         f->otp_time == kerberos_time{0} && f->otp_format == otp_format_t::binary && f->otp_vendor &&
         f->extensions.der.size() == 4;
}
KERB_BOTH("PA-OTP-REQUEST: with nothing optional, and with everything", "[msg][rfc6560]", requests);

constexpr bool new_pins() {
  const auto full =
      "302f80050020000000810170820104830108a41a3018a003020106a111180f31393730303130313030303030305a850100"_hex;
  const auto f = asn1::decode<msg::PaOtpPinChange>(full, der::strict);
  return f && f->flags.has(pin_flag_t::mandatory) && f->min_length == 4 && f->max_length == 8 &&
         (*f->last_req->begin()).lr_type == lr_t::password_expires && f->format == otp_format_t::decimal &&
         both_ways(*f, full) &&
         refuses<msg::PaOtpPinChange>("3003810170"_hex, errc::missing_field, 2, "PA-OTP-PIN-CHANGE", "flags") &&
         refuses<msg::PaOtpPinChange>("300c80050000000000a1030c0170"_hex, errc::trailing_data, 9, "PA-OTP-PIN-CHANGE",
                                      "");
}
KERB_BOTH("PA-OTP-PIN-CHANGE: comes back; EXPLICIT tags are refused", "[msg][rfc6560]", new_pins);

constexpr kerb_test::entry<otp_format_t> otp_format_t_registry[] = {
    {otp_format_t::decimal, 0, "decimal"},
    {otp_format_t::hexadecimal, 1, "hexadecimal"},
    {otp_format_t::alphanumeric, 2, "alphanumeric"},
    {otp_format_t::binary, 3, "binary"},
    {otp_format_t::base64, 4, "base64"},
};
KERB_BOTH("otp_format_t: OTP formats have the registered numbers and names, no two the same", "[msg][rfc6560]",
          (kerb_test::as_registered<otp_format_t_registry>));
KERB_BOTH("otp_format_t: a number without a name is a value like any other", "[msg][rfc6560]",
          (kerb_test::is_open<otp_format_t>));
TEST_CASE("otp_format_t: nothing else has a name", "[msg][rfc6560]") {
  CHECK(kerb_test::is_complete<otp_format_t_registry>());
}

constexpr kerb_test::entry<otp_flag_t> otp_flag_t_registry[] = {
    {otp_flag_t::next_otp, 1, "nextOTP"},
    {otp_flag_t::combine, 2, "combine"},
    {otp_flag_t::collect_pin, 3, "collect-pin"},
    {otp_flag_t::do_not_collect_pin, 4, "do-not-collect-pin"},
    {otp_flag_t::must_encrypt_nonce, 5, "must-encrypt-nonce"},
    {otp_flag_t::separate_pin_required, 6, "separate-pin-required"},
    {otp_flag_t::check_digit, 7, "check-digit"},
};
KERB_BOTH("otp_flag_t: OTP flags have the registered numbers and names, no two the same", "[msg][rfc6560]",
          (kerb_test::as_registered<otp_flag_t_registry>));
KERB_BOTH("otp_flag_t: a number without a name is a value like any other", "[msg][rfc6560]",
          (kerb_test::is_open<otp_flag_t>));
TEST_CASE("otp_flag_t: nothing else has a name", "[msg][rfc6560]") {
  CHECK(kerb_test::is_complete<otp_flag_t_registry>());
}

constexpr kerb_test::entry<pin_flag_t> pin_flag_t_registry[] = {
    {pin_flag_t::system_set_pin, 1, "systemSetPin"},
    {pin_flag_t::mandatory, 2, "mandatory"},
};
KERB_BOTH("pin_flag_t: PIN flags have the registered numbers and names, no two the same", "[msg][rfc6560]",
          (kerb_test::as_registered<pin_flag_t_registry>));
KERB_BOTH("pin_flag_t: a number without a name is a value like any other", "[msg][rfc6560]",
          (kerb_test::is_open<pin_flag_t>));
TEST_CASE("pin_flag_t: nothing else has a name", "[msg][rfc6560]") {
  CHECK(kerb_test::is_complete<pin_flag_t_registry>());
}

}  // namespace
