// SPNEGO, RFC 4178, with the hints of MS-SPNG.
#pragma once
#include <variant>

#include "../asn1/bit_string.hpp"
#include "../asn1/oid.hpp"
#include "basic.hpp"

namespace kerb::inline v0 {

/// negState, RFC 4178 section 4.2.2.
enum class neg_state_t : std::int32_t {
  accept_completed  = 0,
  accept_incomplete = 1,
  reject            = 2,
  request_mic       = 3,
};
/// The RFC's name ("accept-completed"); empty for a number without a name.
constexpr std::string_view name_of(neg_state_t n) {
  switch (n) {
    case neg_state_t::accept_completed: return "accept-completed";
    case neg_state_t::accept_incomplete: return "accept-incomplete";
    case neg_state_t::reject: return "reject";
    case neg_state_t::request_mic: return "request-mic";
    default: return "";
  }
}

template <>
inline constexpr bool asn1::is_enumerated<neg_state_t> = true;

namespace msg {

/// MechType, RFC 4178 section 4.1, and the mechanisms of Kerberos.
using MechType = object_identifier;
inline constexpr MechType mech_spnego       = "1.3.6.1.5.5.2"_oid;           ///< RFC 4178 section 4.2
inline constexpr MechType mech_krb5         = "1.2.840.113554.1.2.2"_oid;    ///< RFC 4121 section 4.1
inline constexpr MechType mech_ms_krb5      = "1.2.840.48018.1.2.2"_oid;     ///< arc cut to 16 bits by Windows 2000
inline constexpr MechType mech_user_to_user = "1.2.840.113554.1.2.2.3"_oid;  ///< draft-swift-win2k-krb-user2user-03
/// MechTypeList, RFC 4178 section 4.1: in the initiator's order of preference.
using MechTypeList = sequence_of<MechType>;

/// ContextFlags, RFC 4178 section 4.2.1: named bits without trailing zeros. Not protected; acceptors ignore it.
using ContextFlags = bit_string;

/// NegTokenInit, RFC 4178 section 4.2.1.
struct NegTokenInit {
  captured<MechTypeList>      mech_types;  ///< captured: mechListMIC covers its encoding
  std::optional<ContextFlags> req_flags;
  std::optional<bytes_view>   mech_token;
  std::optional<bytes_view>   mech_list_mic;
  asn1::extension_fields      extensions;

  static consteval auto asn1() {
    using T = NegTokenInit;
    using namespace kerb::asn1;
    return sequence("NegTokenInit",
      tag<0>("mechTypes",   &T::mech_types),
      tag<1>("reqFlags",    &T::req_flags),
      tag<2>("mechToken",   &T::mech_token),
      tag<3>("mechListMIC", &T::mech_list_mic),
      extensible(&T::extensions));
  }
};

/// NegTokenResp, RFC 4178 section 4.2.2.
struct NegTokenResp {
  std::optional<neg_state_t> neg_state;
  std::optional<MechType>    supported_mech;
  std::optional<bytes_view>  response_token;
  std::optional<bytes_view>  mech_list_mic;
  asn1::extension_fields     extensions;

  static consteval auto asn1() {
    using T = NegTokenResp;
    using namespace kerb::asn1;
    return sequence("NegTokenResp",
      tag<0>("negState",      &T::neg_state),
      tag<1>("supportedMech", &T::supported_mech),
      tag<2>("responseToken", &T::response_token),
      tag<3>("mechListMIC",   &T::mech_list_mic),
      extensible(&T::extensions));
  }
};

/// NegotiationToken, RFC 4178 section 4.2.
struct NegotiationToken {
  std::variant<NegTokenInit, NegTokenResp> value;

  static consteval auto asn1() {
    using T = NegotiationToken;
    using namespace kerb::asn1;
    return choice("NegotiationToken", &T::value,
      tag<0>("negTokenInit"),
      tag<1>("negTokenResp"));
  }
};

/// NegHints, MS-SPNG section 2.2.1.
struct NegHints {
  std::optional<kerberos_string> hint_name;
  std::optional<bytes_view>      hint_address;  ///< not in use

  static consteval auto asn1() {
    using T = NegHints;
    using namespace kerb::asn1;
    return sequence("NegHints",
      tag<0>("hintName",    &T::hint_name),
      tag<1>("hintAddress", &T::hint_address));
  }
};

/// NegTokenInit2, MS-SPNG section 2.2.1: sent by a Windows acceptor that speaks first. Its [3]
/// differs from that of NegTokenInit.
struct NegTokenInit2 {
  std::optional<captured<MechTypeList>> mech_types;
  std::optional<ContextFlags>           req_flags;
  std::optional<bytes_view>             mech_token;
  std::optional<NegHints>               neg_hints;
  std::optional<bytes_view>             mech_list_mic;
  asn1::extension_fields                extensions;

  static consteval auto asn1() {
    using T = NegTokenInit2;
    using namespace kerb::asn1;
    return sequence("NegTokenInit2",
      tag<0>("mechTypes",   &T::mech_types),
      tag<1>("reqFlags",    &T::req_flags),
      tag<2>("mechToken",   &T::mech_token),
      tag<3>("negHints",    &T::neg_hints),
      tag<4>("mechListMIC", &T::mech_list_mic),
      extensible(&T::extensions));
  }
};

/// NegotiationToken with a NegTokenInit2, MS-SPNG section 2.2.1.
struct NegotiationToken2 {
  std::variant<NegTokenInit2, NegTokenResp> value;

  static consteval auto asn1() {
    using T = NegotiationToken2;
    using namespace kerb::asn1;
    return choice("NegotiationToken", &T::value,
      tag<0>("negTokenInit"),
      tag<1>("negTokenResp"));
  }
};

}  // namespace msg
}  // namespace kerb::inline v0
