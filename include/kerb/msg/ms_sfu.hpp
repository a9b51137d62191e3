// Service for User, MS-SFU section 2.2.
#pragma once
#include "../core/flags.hpp"
#include "basic.hpp"

namespace kerb::inline v0 {

/// The options of S4UUserID, MS-SFU section 2.2.2.
enum class s4u_option_t : unsigned {
  check_logonhours            = 1,
  use_reply_key_usage         = 2,
  nt_auth_policy_not_required = 3,
  unconditional_delegation    = 4,
};
/// The specification's name ("check_logonhours"); empty for a number without a name.
constexpr std::string_view name_of(s4u_option_t n) {
  switch (n) {
    case s4u_option_t::check_logonhours: return "check_logonhours";
    case s4u_option_t::use_reply_key_usage: return "use_reply_key_usage";
    case s4u_option_t::nt_auth_policy_not_required: return "nt_auth_policy_not_required";
    case s4u_option_t::unconditional_delegation: return "unconditional_delegation";
    default: return "";
  }
}

namespace msg {

/// PA-FOR-USER, MS-SFU section 2.2.1. The checksum is not over an encoding, but over the name type
/// as four little-endian octets, followed by the components, the realm and the package.
struct PaForUser {
  PrincipalName   user_name;
  kerberos_realm  user_realm;
  Checksum        cksum;
  kerberos_string auth_package;  ///< "Kerberos", in any letter case

  static consteval auto asn1() {
    using T = PaForUser;
    using namespace kerb::asn1;
    return sequence("PA-FOR-USER",
      tag<0>("userName",     &T::user_name),
      tag<1>("userRealm",    &T::user_realm),
      tag<2>("cksum",        &T::cksum),
      tag<3>("auth-package", &T::auth_package));
  }
};

/// S4UUserID, MS-SFU section 2.2.2.
struct S4uUserId {
  uint32                             nonce{};  ///< the same as in the KDC-REQ-BODY
  std::optional<PrincipalName>       cname;
  kerberos_realm                     crealm;
  std::optional<bytes_view>          subject_certificate;
  std::optional<flags<s4u_option_t>> options;
  asn1::extension_fields             extensions;

  static consteval auto asn1() {
    using T = S4uUserId;
    using namespace kerb::asn1;
    return sequence("S4UUserID",
      tag<0>("nonce",               &T::nonce),
      tag<1>("cname",               &T::cname),
      tag<2>("crealm",              &T::crealm),
      tag<3>("subject-certificate", &T::subject_certificate),
      tag<4>("options",             &T::options),
      extensible(&T::extensions));
  }
};

/// PA-S4U-X509-USER, MS-SFU section 2.2.2. The user-id is captured, because the checksum covers its encoding.
struct PaS4uX509User {
  captured<S4uUserId> user_id;
  Checksum            checksum;

  static consteval auto asn1() {
    using T = PaS4uX509User;
    using namespace kerb::asn1;
    return sequence("PA-S4U-X509-USER",
      tag<0>("user-id",  &T::user_id),
      tag<1>("checksum", &T::checksum));
  }
};

}  // namespace msg
}  // namespace kerb::inline v0
