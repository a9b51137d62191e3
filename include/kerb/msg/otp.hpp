// One-time passwords, RFC 6560. Its module has IMPLICIT tags.
#pragma once
#include "../asn1/utf8.hpp"
#include "../core/flags.hpp"
#include "kdc.hpp"
#include "pkix.hpp"

namespace kerb::inline v0 {

/// OTPFormat, RFC 6560. Open: every Int32 is a value.
enum class otp_format_t : std::int32_t {
  decimal      = 0,
  hexadecimal  = 1,
  alphanumeric = 2,
  binary       = 3,
  base64       = 4,
};
/// The RFC's name ("decimal"); empty for a number without a name.
constexpr std::string_view name_of(otp_format_t n) {
  switch (n) {
    case otp_format_t::decimal: return "decimal";
    case otp_format_t::hexadecimal: return "hexadecimal";
    case otp_format_t::alphanumeric: return "alphanumeric";
    case otp_format_t::binary: return "binary";
    case otp_format_t::base64: return "base64";
    default: return "";
  }
}

/// OTPFlags, RFC 6560.
enum class otp_flag_t : unsigned {
  next_otp              = 1,
  combine               = 2,
  collect_pin           = 3,
  do_not_collect_pin    = 4,
  must_encrypt_nonce    = 5,
  separate_pin_required = 6,
  check_digit           = 7,
};
/// The RFC's name ("nextOTP"); empty for a number without a name.
constexpr std::string_view name_of(otp_flag_t n) {
  switch (n) {
    case otp_flag_t::next_otp: return "nextOTP";
    case otp_flag_t::combine: return "combine";
    case otp_flag_t::collect_pin: return "collect-pin";
    case otp_flag_t::do_not_collect_pin: return "do-not-collect-pin";
    case otp_flag_t::must_encrypt_nonce: return "must-encrypt-nonce";
    case otp_flag_t::separate_pin_required: return "separate-pin-required";
    case otp_flag_t::check_digit: return "check-digit";
    default: return "";
  }
}

/// PinFlags, RFC 6560.
enum class pin_flag_t : unsigned {
  system_set_pin = 1,
  mandatory      = 2,
};
/// The RFC's name ("systemSetPin"); empty for a number without a name.
constexpr std::string_view name_of(pin_flag_t n) {
  switch (n) {
    case pin_flag_t::system_set_pin: return "systemSetPin";
    case pin_flag_t::mandatory: return "mandatory";
    default: return "";
  }
}

template <>
inline constexpr const char* asn1::flags_name<otp_flag_t> = "OTPFlags";

template <>
inline constexpr const char* asn1::flags_name<pin_flag_t> = "PinFlags";

namespace msg {

/// OTPFlags, RFC 6560.
using OtpFlags = flags<otp_flag_t>;
/// PinFlags, RFC 6560.
using PinFlags = flags<pin_flag_t>;
/// AnyURI, RFC 6560.
using AnyUri = utf8_string;

/// OTP-TOKENINFO, RFC 6560: one token that the user can use.
struct OtpTokenInfo {
  OtpFlags                                        flags;
  std::optional<utf8_string>                      otp_vendor;
  std::optional<bytes_view>                       otp_challenge;
  std::optional<std::int32_t>                     otp_length;
  std::optional<otp_format_t>                     otp_format;
  std::optional<bytes_view>                       otp_token_id;
  std::optional<AnyUri>                           otp_alg_id;
  std::optional<sequence_of<AlgorithmIdentifier>> supported_hash_alg;
  std::optional<std::int32_t>                     iteration_count;
  asn1::extension_fields                          extensions;

  static consteval auto asn1() {
    using T = OtpTokenInfo;
    using namespace kerb::asn1;
    return sequence("OTP-TOKENINFO",
      implicit<0>("flags",            &T::flags),
      implicit<1>("otp-vendor",       &T::otp_vendor),
      implicit<2>("otp-challenge",    &T::otp_challenge),
      implicit<3>("otp-length",       &T::otp_length),
      implicit<4>("otp-format",       &T::otp_format),
      implicit<5>("otp-tokenID",      &T::otp_token_id),
      implicit<6>("otp-algID",        &T::otp_alg_id),
      implicit<7>("supportedHashAlg", &T::supported_hash_alg),
      implicit<8>("iterationCount",   &T::iteration_count),
      extensible(&T::extensions));
  }
};

/// PA-OTP-CHALLENGE, RFC 6560.
struct PaOtpChallenge {
  bytes_view                                 nonce;
  std::optional<utf8_string>                 otp_service;
  sequence_of<OtpTokenInfo, asn1::not_empty> otp_token_info;
  std::optional<kerberos_string>             salt;
  std::optional<bytes_view>                  s2kparams;
  asn1::extension_fields                     extensions;

  static consteval auto asn1() {
    using T = PaOtpChallenge;
    using namespace kerb::asn1;
    return sequence("PA-OTP-CHALLENGE",
      implicit<0>("nonce",         &T::nonce),
      implicit<1>("otp-service",   &T::otp_service),
      implicit<2>("otp-tokenInfo", &T::otp_token_info),
      implicit<3>("salt",          &T::salt),
      implicit<4>("s2kparams",     &T::s2kparams),
      extensible(&T::extensions));
  }
};

/// PA-OTP-REQUEST, RFC 6560.
struct PaOtpRequest {
  OtpFlags                           flags;
  std::optional<bytes_view>          nonce;
  EncryptedData                      enc_data;  ///< a PA-OTP-ENC-REQUEST or a PA-ENC-TS-ENC
  std::optional<AlgorithmIdentifier> hash_alg;
  std::optional<std::int32_t>        iteration_count;
  std::optional<bytes_view>          otp_value;
  std::optional<utf8_string>         otp_pin;
  std::optional<bytes_view>          otp_challenge;
  std::optional<kerberos_time>       otp_time;
  std::optional<bytes_view>          otp_counter;
  std::optional<otp_format_t>        otp_format;
  std::optional<bytes_view>          otp_token_id;
  std::optional<AnyUri>              otp_alg_id;
  std::optional<utf8_string>         otp_vendor;
  asn1::extension_fields             extensions;

  static consteval auto asn1() {
    using T = PaOtpRequest;
    using namespace kerb::asn1;
    return sequence("PA-OTP-REQUEST",
      implicit<0> ("flags",          &T::flags),
      implicit<1> ("nonce",          &T::nonce),
      implicit<2> ("encData",        &T::enc_data),
      implicit<3> ("hashAlg",        &T::hash_alg),
      implicit<4> ("iterationCount", &T::iteration_count),
      redacted(implicit<5>("otp-value", &T::otp_value)),
      redacted(implicit<6>("otp-pin", &T::otp_pin)),
      implicit<7> ("otp-challenge",  &T::otp_challenge),
      implicit<8> ("otp-time",       &T::otp_time),
      implicit<9> ("otp-counter",    &T::otp_counter),
      implicit<10>("otp-format",     &T::otp_format),
      implicit<11>("otp-tokenID",    &T::otp_token_id),
      implicit<12>("otp-algID",      &T::otp_alg_id),
      implicit<13>("otp-vendor",     &T::otp_vendor),
      extensible(&T::extensions));
  }
};

/// PA-OTP-ENC-REQUEST, RFC 6560.
struct PaOtpEncRequest {
  bytes_view             nonce;
  asn1::extension_fields extensions;

  static consteval auto asn1() {
    using T = PaOtpEncRequest;
    using namespace kerb::asn1;
    return sequence("PA-OTP-ENC-REQUEST",
      implicit<0>("nonce", &T::nonce),
      extensible(&T::extensions));
  }
};

/// PA-OTP-PIN-CHANGE, RFC 6560.
struct PaOtpPinChange {
  PinFlags                    flags;
  std::optional<utf8_string>  pin;
  std::optional<std::int32_t> min_length;
  std::optional<std::int32_t> max_length;
  std::optional<LastReq>      last_req;
  std::optional<otp_format_t> format;
  asn1::extension_fields      extensions;

  static consteval auto asn1() {
    using T = PaOtpPinChange;
    using namespace kerb::asn1;
    return sequence("PA-OTP-PIN-CHANGE",
      implicit<0>("flags",     &T::flags),
      redacted(implicit<1>("pin", &T::pin)),
      implicit<2>("minLength", &T::min_length),
      implicit<3>("maxLength", &T::max_length),
      implicit<4>("last-req",  &T::last_req),
      implicit<5>("format",    &T::format),
      extensible(&T::extensions));
  }
};

}  // namespace msg
}  // namespace kerb::inline v0
