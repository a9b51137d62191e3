// Windows extensions of Kerberos, MS-KILE section 2.2.
#pragma once
#include "../core/flags.hpp"
#include "basic.hpp"

namespace kerb::inline v0 {

/// PA-PAC-OPTIONS, MS-KILE section 2.2.10; the last one is from MS-SFU section 2.2.5.
enum class pac_option_t : unsigned {
  claims                                = 0,
  branch_aware                          = 1,
  forward_to_full_dc                    = 2,
  resource_based_constrained_delegation = 3,
};
/// The specification's name ("claims"); empty for a number without a name.
constexpr std::string_view name_of(pac_option_t n) {
  switch (n) {
    case pac_option_t::claims: return "claims";
    case pac_option_t::branch_aware: return "branch-aware";
    case pac_option_t::forward_to_full_dc: return "forward-to-full-dc";
    case pac_option_t::resource_based_constrained_delegation: return "resource-based-constrained-delegation";
    default: return "";
  }
}

/// KERB-ERROR-DATA types, MS-KILE section 2.2.2. Open: every Int32 is a value.
enum class kerb_error_data_t : std::int32_t {
  skew_recovery = 2,
  extended      = 3,
};
/// The specification's name ("KERB_AP_ERR_TYPE_SKEW_RECOVERY"); empty for a number without a name.
constexpr std::string_view name_of(kerb_error_data_t n) {
  switch (n) {
    case kerb_error_data_t::skew_recovery: return "KERB_AP_ERR_TYPE_SKEW_RECOVERY";
    case kerb_error_data_t::extended: return "KERB_ERR_TYPE_EXTENDED";
    default: return "";
  }
}

namespace msg {

// KERB_AUTH_DATA_LOOPBACK (MS-KILE section 2.2.4) has no structure that a recipient can use.
// Structures that are not ASN.1 are in ms_octets.hpp: PA-SUPPORTED-ENCTYPES, KERB-EXT-ERROR,
// LSAP_TOKEN_INFO_INTEGRITY.

/// KERB-PA-PAC-REQUEST, MS-KILE section 2.2.3: whether the client wants a PAC in its ticket.
struct KerbPaPacRequest {
  bool include_pac = false;

  static consteval auto asn1() {
    using T = KerbPaPacRequest;
    using namespace kerb::asn1;
    return sequence("KERB-PA-PAC-REQUEST",
      tag<0>("include-pac", &T::include_pac));
  }
};

/// PA-PAC-OPTIONS, MS-KILE section 2.2.10. The specification shows no tag for the flags; on the wire it is [0].
struct PaPacOptions {
  flags<pac_option_t> options;

  static consteval auto asn1() {
    using T = PaPacOptions;
    using namespace kerb::asn1;
    return sequence("PA-PAC-OPTIONS",
      tag<0>("options", &T::options));
  }
};

/// KERB-ERROR-DATA, MS-KILE section 2.2.2, in the e-data of a KRB-ERROR: its first tag is [1].
struct KerbErrorData {
  kerb_error_data_t         data_type{};
  std::optional<bytes_view> data_value;

  static consteval auto asn1() {
    using T = KerbErrorData;
    using namespace kerb::asn1;
    return sequence("KERB-ERROR-DATA",
      tag<1>("data-type",  &T::data_type),
      tag<2>("data-value", &T::data_value));
  }
};

/// KERB-AD-RESTRICTION-ENTRY, MS-KILE section 2.2.6.
struct KerbAdRestrictionEntry {
  std::int32_t restriction_type{};
  bytes_view   restriction;  ///< an LSAP_TOKEN_INFO_INTEGRITY (ms_octets.hpp)

  static consteval auto asn1() {
    using T = KerbAdRestrictionEntry;
    using namespace kerb::asn1;
    return sequence("KERB-AD-RESTRICTION-ENTRY",
      tag<0>("restriction-type", &T::restriction_type),
      tag<1>("restriction",      &T::restriction));
  }
};

/// The contents of KERB_AUTH_DATA_TOKEN_RESTRICTIONS: on the wire a list of entries, although the
/// specification describes one entry.
using KerbAdRestrictions = sequence_of<KerbAdRestrictionEntry>;

/// KERB-KEY-LIST-REQ, MS-KILE section 2.2.11.
using KerbKeyListReq = sequence_of<etype_t>;
/// KERB-KEY-LIST-REP, MS-KILE section 2.2.12.
using KerbKeyListRep = sequence_of<EncryptionKey>;

/// KERB-SUPERSEDED-BY-USER, MS-KILE section 2.2.13: the account that replaced the requested one.
struct KerbSupersededByUser {
  PrincipalName          name;
  kerberos_realm         realm;
  asn1::extension_fields extensions;

  static consteval auto asn1() {
    using T = KerbSupersededByUser;
    using namespace kerb::asn1;
    return sequence("KERB-SUPERSEDED-BY-USER",
      tag<0>("name",  &T::name),
      tag<1>("realm", &T::realm),
      extensible(&T::extensions));
  }
};

/// KERB-DMSA-KEY-PACKAGE, MS-KILE section 2.2.14: there is no tag [3].
struct KerbDmsaKeyPackage {
  sequence_of<EncryptionKey>                current_keys;
  std::optional<sequence_of<EncryptionKey>> previous_keys;
  kerberos_time                             expiration_interval;
  kerberos_time                             fetch_interval;
  asn1::extension_fields                    extensions;

  static consteval auto asn1() {
    using T = KerbDmsaKeyPackage;
    using namespace kerb::asn1;
    return sequence("KERB-DMSA-KEY-PACKAGE",
      tag<0>("current-keys",        &T::current_keys),
      tag<1>("previous-keys",       &T::previous_keys),
      tag<2>("expiration-interval", &T::expiration_interval),
      tag<4>("fetch-interval",      &T::fetch_interval),
      extensible(&T::extensions));
  }
};

}  // namespace msg
}  // namespace kerb::inline v0
