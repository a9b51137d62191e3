// Contents of authorization data, RFC 4120 section 5.2.6, RFC 4537 and RFC 6806 section 6.
#pragma once
#include "basic.hpp"

namespace kerb::inline v0::msg {

/// AD-IF-RELEVANT, RFC 4120 section 5.2.6.1: a recipient may ignore elements of unknown types inside.
using AdIfRelevant = AuthorizationData;

/// AD-KDCIssued, RFC 4120 section 5.2.6.2. The elements are captured, because ad-checksum covers
/// their encoding.
struct AdKdcIssued {
  Checksum                       ad_checksum;
  std::optional<kerberos_realm>  i_realm;
  std::optional<PrincipalName>   i_sname;
  captured<AuthorizationData>    elements;

  static consteval auto asn1() {
    using T = AdKdcIssued;
    using namespace kerb::asn1;
    return sequence("AD-KDCIssued",
      tag<0>("ad-checksum", &T::ad_checksum),
      tag<1>("i-realm",     &T::i_realm),
      tag<2>("i-sname",     &T::i_sname),
      tag<3>("elements",    &T::elements));
  }
};

/// AD-AND-OR, RFC 4120 section 5.2.6.3: at least condition-count of the elements must be satisfied.
struct AdAndOr {
  std::int32_t      condition_count{};
  AuthorizationData elements;

  static consteval auto asn1() {
    using T = AdAndOr;
    using namespace kerb::asn1;
    return sequence("AD-AND-OR",
      tag<0>("condition-count", &T::condition_count),
      tag<1>("elements",        &T::elements));
  }
};

/// AD-MANDATORY-FOR-KDC, RFC 4120 section 5.2.6.4: a KDC rejects elements of unknown types inside.
using AdMandatoryForKdc = AuthorizationData;

/// EtypeList, RFC 4537: the content of AD-ETYPE-NEGOTIATION, in the client's order of preference.
using EtypeList = sequence_of<etype_t>;

/// AD-LOGIN-ALIAS, RFC 6806 section 6: alternative names of the client, inside AD-KDC-ISSUED.
struct AdLoginAlias {
  sequence_of<PrincipalName, asn1::not_empty> login_aliases;
  asn1::extension_fields                      extensions;

  static consteval auto asn1() {
    using T = AdLoginAlias;
    using namespace kerb::asn1;
    return sequence("AD-LOGIN-ALIAS",
      tag<0>("login-aliases", &T::login_aliases),
      extensible(&T::extensions));
  }
};

}  // namespace kerb::inline v0::msg
