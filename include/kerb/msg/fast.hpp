// FAST and the pre-authentication framework, RFC 6113.
#pragma once
#include <variant>

#include "../core/flags.hpp"
#include "kdc.hpp"

namespace kerb::inline v0 {

/// Armor types, RFC 6113 section 5.4.1. Open: every Int32 is a value.
enum class armor_t : std::int32_t {
  initiator_params = 1,
};
/// The RFC's name ("FX_FAST_ARMOR_AP_REQUEST"); empty for a number without a name.
constexpr std::string_view name_of(armor_t n) {
  switch (n) {
    case armor_t::initiator_params: return "FX_FAST_ARMOR_AP_REQUEST";
    default: return "";
  }
}

/// FastOptions, RFC 6113 section 5.4.2. Bits 1 to 15 are critical: a KDC that does not know one
/// rejects the request.
enum class fast_option_t : unsigned {
  hide_client_names    = 1,
  kdc_follow_referrals = 16,
};
/// The RFC's name ("hide-client-names"); empty for a number without a name.
constexpr std::string_view name_of(fast_option_t n) {
  switch (n) {
    case fast_option_t::hide_client_names: return "hide-client-names";
    case fast_option_t::kdc_follow_referrals: return "kdc-follow-referrals";
    default: return "";
  }
}

template <>
inline constexpr const char* asn1::flags_name<fast_option_t> = "FastOptions";

namespace msg {

// PA-FX-COOKIE (RFC 6113 section 5.2) has no ASN.1: the client returns the octets unchanged.
// PA-FX-ERROR (section 5.4.4) contains a KrbError without e-data.

/// PA-AUTHENTICATION-SET-ELEM, RFC 6113 section 5.3.
struct PaAuthenticationSetElem {
  padata_t                  pa_type{};
  std::optional<bytes_view> pa_hint;
  std::optional<bytes_view> pa_value;  ///< only in the first element of a set
  asn1::extension_fields    extensions;

  static consteval auto asn1() {
    using T = PaAuthenticationSetElem;
    using namespace kerb::asn1;
    return sequence("PA-AUTHENTICATION-SET-ELEM",
      tag<0>("pa-type",  &T::pa_type),
      tag<1>("pa-hint",  &T::pa_hint),
      tag<2>("pa-value", &T::pa_value),
      extensible(&T::extensions));
  }
};
/// PA-AUTHENTICATION-SET, RFC 6113 section 5.3: mechanisms that must all succeed.
/// PA-AUTH-SET-SELECTED returns it octet by octet.
using PaAuthenticationSet = sequence_of<PaAuthenticationSetElem>;

/// FastOptions, RFC 6113 section 5.4.2.
using FastOptions = flags<fast_option_t>;

/// KrbFastArmor, RFC 6113 section 5.4.1: identifies the armor key to the KDC. For
/// FX_FAST_ARMOR_AP_REQUEST the value is an AP-REQ (section 5.4.1.1).
struct KrbFastArmor {
  armor_t                armor_type{};
  bytes_view             armor_value;
  asn1::extension_fields extensions;

  static consteval auto asn1() {
    using T = KrbFastArmor;
    using namespace kerb::asn1;
    return sequence("KrbFastArmor",
      tag<0>("armor-type",  &T::armor_type),
      tag<1>("armor-value", &T::armor_value),
      extensible(&T::extensions));
  }
};

/// KrbFastArmoredReq, RFC 6113 section 5.4.2. For an AS-REQ the checksum is over the outer
/// request's KDC-REQ-BODY, for a TGS-REQ over the AP-REQ of PA-TGS-REQ. The encrypted part may be
/// computed while it is written.
template <class EncPart = EncryptedData>
struct BasicKrbFastArmoredReq {
  std::optional<KrbFastArmor> armor;  ///< required in an AS-REQ
  Checksum                    req_checksum;
  EncPart                     enc_fast_req;  ///< a KrbFastReq
  asn1::extension_fields      extensions;

  static consteval auto asn1() {
    using T = BasicKrbFastArmoredReq;
    using namespace kerb::asn1;
    return sequence("KrbFastArmoredReq",
      tag<0>("armor",        &T::armor),
      tag<1>("req-checksum", &T::req_checksum),
      tag<2>("enc-fast-req", &T::enc_fast_req),
      extensible(&T::extensions));
  }
};
using KrbFastArmoredReq = BasicKrbFastArmoredReq<>;

/// PA-FX-FAST-REQUEST, RFC 6113 section 5.4.2.
struct PaFxFastRequest {
  std::variant<KrbFastArmoredReq, asn1::any_value> value;

  static consteval auto asn1() {
    using T = PaFxFastRequest;
    using namespace kerb::asn1;
    return choice("PA-FX-FAST-REQUEST", &T::value,
      tag<0>("armored-data"));
  }
};

/// KrbFastReq, RFC 6113 section 5.4.2. Its body replaces the outer request's.
struct KrbFastReq {
  FastOptions            fast_options;
  MethodData             padata;
  captured<KdcReqBody>   req_body;
  asn1::extension_fields extensions;

  static consteval auto asn1() {
    using T = KrbFastReq;
    using namespace kerb::asn1;
    return sequence("KrbFastReq",
      tag<0>("fast-options", &T::fast_options),
      tag<1>("padata",       &T::padata),
      tag<2>("req-body",     &T::req_body),
      extensible(&T::extensions));
  }
};

/// KrbFastArmoredRep, RFC 6113 section 5.4.3.
template <class EncPart = EncryptedData>
struct BasicKrbFastArmoredRep {
  EncPart                enc_fast_rep;  ///< a KrbFastResponse
  asn1::extension_fields extensions;

  static consteval auto asn1() {
    using T = BasicKrbFastArmoredRep;
    using namespace kerb::asn1;
    return sequence("KrbFastArmoredRep",
      tag<0>("enc-fast-rep", &T::enc_fast_rep),
      extensible(&T::extensions));
  }
};
using KrbFastArmoredRep = BasicKrbFastArmoredRep<>;

/// PA-FX-FAST-REPLY, RFC 6113 section 5.4.3.
struct PaFxFastReply {
  std::variant<KrbFastArmoredRep, asn1::any_value> value;

  static consteval auto asn1() {
    using T = PaFxFastReply;
    using namespace kerb::asn1;
    return choice("PA-FX-FAST-REPLY", &T::value,
      tag<0>("armored-data"));
  }
};

/// KrbFastFinished, RFC 6113 section 5.4.3: the client's name, and a checksum over the reply's ticket.
struct KrbFastFinished {
  kerberos_time          timestamp;
  microseconds           usec;
  kerberos_realm         crealm;
  PrincipalName          cname;
  Checksum               ticket_checksum;
  asn1::extension_fields extensions;

  static consteval auto asn1() {
    using T = KrbFastFinished;
    using namespace kerb::asn1;
    return sequence("KrbFastFinished",
      tag<0>("timestamp",       &T::timestamp),
      tag<1>("usec",            &T::usec),
      tag<2>("crealm",          &T::crealm),
      tag<3>("cname",           &T::cname),
      tag<4>("ticket-checksum", &T::ticket_checksum),
      extensible(&T::extensions));
  }
};

/// KrbFastResponse, RFC 6113 section 5.4.3.
struct KrbFastResponse {
  MethodData                     padata;
  std::optional<EncryptionKey>   strengthen_key;  ///< required in a TGS-REP, not allowed in a KRB-ERROR
  std::optional<KrbFastFinished> finished;  ///< in a KDC-REP only
  uint32                         nonce{};  ///< the request's
  asn1::extension_fields         extensions;

  static consteval auto asn1() {
    using T = KrbFastResponse;
    using namespace kerb::asn1;
    return sequence("KrbFastResponse",
      tag<0>("padata",         &T::padata),
      tag<1>("strengthen-key", &T::strengthen_key),
      tag<2>("finished",       &T::finished),
      tag<3>("nonce",          &T::nonce),
      extensible(&T::extensions));
  }
};

/// EncryptedChallenge, RFC 6113 section 5.4.6: an encrypted PA-ENC-TS-ENC.
using EncryptedChallenge = EncryptedData;

}  // namespace msg
}  // namespace kerb::inline v0
