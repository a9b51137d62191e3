// SPAKE pre-authentication, RFC 9588.
#pragma once
#include <variant>

#include "basic.hpp"

namespace kerb::inline v0 {

/// SPAKE groups, RFC 9588. Open: every Int32 is a value.
enum class spake_group_t : std::int32_t {
  edwards25519 = 1,
  p256         = 2,
  p384         = 3,
  p521         = 4,
};
/// The RFC's name ("edwards25519"); empty for a number without a name.
constexpr std::string_view name_of(spake_group_t n) {
  switch (n) {
    case spake_group_t::edwards25519: return "edwards25519";
    case spake_group_t::p256: return "P-256";
    case spake_group_t::p384: return "P-384";
    case spake_group_t::p521: return "P-521";
    default: return "";
  }
}

/// Second factor types, RFC 9588. Open: every Int32 is a value.
enum class spake_factor_t : std::int32_t {
  none = 1,
};
/// The RFC's name ("SF-NONE"); empty for a number without a name.
constexpr std::string_view name_of(spake_factor_t n) {
  switch (n) {
    case spake_factor_t::none: return "SF-NONE";
    default: return "";
  }
}

namespace msg {

/// SPAKESupport, RFC 9588: the groups that a client supports.
struct SpakeSupport {
  sequence_of<spake_group_t, asn1::not_empty> groups;
  asn1::extension_fields                      extensions;

  static consteval auto asn1() {
    using T = SpakeSupport;
    using namespace kerb::asn1;
    return sequence("SPAKESupport",
      tag<0>("groups", &T::groups),
      extensible(&T::extensions));
  }
};

/// SPAKESecondFactor, RFC 9588.
struct SpakeSecondFactor {
  spake_factor_t            type{};
  std::optional<bytes_view> data;

  static consteval auto asn1() {
    using T = SpakeSecondFactor;
    using namespace kerb::asn1;
    return sequence("SPAKESecondFactor",
      tag<0>("type", &T::type),
      tag<1>("data", &T::data));
  }
};

/// SPAKEChallenge, RFC 9588.
struct SpakeChallenge {
  spake_group_t                                   group{};
  bytes_view                                      pubkey;
  sequence_of<SpakeSecondFactor, asn1::not_empty> factors;
  asn1::extension_fields                          extensions;

  static consteval auto asn1() {
    using T = SpakeChallenge;
    using namespace kerb::asn1;
    return sequence("SPAKEChallenge",
      tag<0>("group",   &T::group),
      tag<1>("pubkey",  &T::pubkey),
      tag<2>("factors", &T::factors),
      extensible(&T::extensions));
  }
};

/// SPAKEResponse, RFC 9588.
struct SpakeResponse {
  bytes_view             pubkey;
  EncryptedData          factor;  ///< a SPAKESecondFactor
  asn1::extension_fields extensions;

  static consteval auto asn1() {
    using T = SpakeResponse;
    using namespace kerb::asn1;
    return sequence("SPAKEResponse",
      tag<0>("pubkey", &T::pubkey),
      tag<1>("factor", &T::factor),
      extensible(&T::extensions));
  }
};

/// PA-SPAKE, RFC 9588.
struct PaSpake {
  std::variant<SpakeSupport, SpakeChallenge, SpakeResponse, EncryptedData, asn1::any_value> value;

  static consteval auto asn1() {
    using T = PaSpake;
    using namespace kerb::asn1;
    return choice("PA-SPAKE", &T::value,
      tag<0>("support"),
      tag<1>("challenge"),
      tag<2>("response"),
      tag<3>("encdata"));
  }
};

}  // namespace msg
}  // namespace kerb::inline v0
