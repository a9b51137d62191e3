// Name canonicalization and realm referrals: RFC 6806 and its earlier drafts.
#pragma once
#include "basic.hpp"

namespace kerb::inline v0::msg {

// AD-LOGIN-ALIAS (RFC 6806 section 6) is in authdata.hpp, encrypted-pa-data (section 11) in
// kdc.hpp. PA-CLIENT-CANONICALIZED, in drafts before the RFC, never got a registered number.

/// PA-REQ-ENC-PA-REP in a reply's encrypted-pa-data, RFC 6806 section 11: a checksum over the
/// request as it was sent. In a request the padata-value is empty.
using PaReqEncPaRep = Checksum;

/// PA-SVR-REFERRAL-DATA, RFC 6806 appendix A, in encrypted-pa-data: the realm that Windows refers
/// to. In this module [1] precedes [0].
struct PaSvrReferralData {
  std::optional<PrincipalName> referred_name;  ///< not in use
  kerberos_realm               referred_realm;

  static consteval auto asn1() {
    using T = PaSvrReferralData;
    using namespace kerb::asn1;
    return sequence_in_order("PA-SVR-REFERRAL-DATA",
      tag<1>("referred-name",  &T::referred_name),
      tag<0>("referred-realm", &T::referred_realm));
  }
};

/// PA-SERVER-REFERRAL-DATA, draft-ietf-krb-wg-kerberos-referrals-11: an encrypted
/// ServerReferralData. RFC 6806 kept only its number.
using PaServerReferralData = EncryptedData;

/// ServerReferralData, draft-ietf-krb-wg-kerberos-referrals-11. Implementations of earlier drafts send no rep-cksum.
struct ServerReferralData {
  std::optional<kerberos_realm>  referred_realm;
  std::optional<PrincipalName>   true_principal_name;
  std::optional<PrincipalName>   requested_principal_name;
  std::optional<kerberos_time>   referral_valid_until;
  std::optional<Checksum>        rep_cksum;  ///< over the reply without its padata
  asn1::extension_fields         extensions;

  static consteval auto asn1() {
    using T = ServerReferralData;
    using namespace kerb::asn1;
    return sequence("ServerReferralData",
      tag<0>("referred-realm",           &T::referred_realm),
      tag<1>("true-principal-name",      &T::true_principal_name),
      tag<2>("requested-principal-name", &T::requested_principal_name),
      tag<3>("referral-valid-until",     &T::referral_valid_until),
      tag<4>("rep-cksum",                &T::rep_cksum),
      extensible(&T::extensions));
  }
};

}  // namespace kerb::inline v0::msg
