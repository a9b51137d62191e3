// Authorization data under the MAC of the KDC.
#include <kerb/msg/cammac.hpp>

#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::every_field_is_named;
using kerb_test::field_line;
using kerb_test::reference;
using kerb_test::refuses;

namespace {

constexpr bool is_text(bytes_view octets, std::string_view text) { return kerberos_string{octets} == text; }

constexpr bool least() {
  constexpr bytes_view in = reference("AD-CAMMAC: cammac(optionals NULL)");
  const auto c = kerb_test::must(asn1::decode<msg::AdCammac>(in, der::strict));
  return c.elements->size() == 1 && is_text((*c.elements->begin()).ad_data, "ad1") && !c.kdc_verifier &&
         !c.svc_verifier && !c.other_verifiers && both_ways(c, in);
}
KERB_BOTH("reference: AD-CAMMAC without verifiers", "[msg][rfc7751]", least);

constexpr bool full() {
  constexpr bytes_view in = reference("AD-CAMMAC: cammac");
  const auto c = kerb_test::must(asn1::decode<msg::AdCammac>(in, der::strict));
  auto i = c.other_verifiers->begin();
  const msg::Verifier first = *i++, second = *i;
  const auto mac = std::get<msg::VerifierMac>(first.value), other = std::get<msg::VerifierMac>(second.value);
  return c.elements->size() == 2 && c.elements.octets().size() == 30 && c.kdc_verifier && c.kdc_verifier->kvno == 5u &&
         c.kdc_verifier->identifier->name_string.size() == 2 && static_cast<int>(*c.kdc_verifier->enctype) == 16 &&
         is_text(c.kdc_verifier->mac.checksum, "cksumkdc") && is_text(c.svc_verifier->mac.checksum, "cksumsvc") &&
         c.other_verifiers->size() == 2 && !mac.identifier && is_text(mac.mac.checksum, "cksum1") && other.identifier &&
         both_ways(c, in);
}
KERB_BOTH("reference: AD-CAMMAC with every verifier", "[msg][rfc7751]", full);

constexpr bool faults() {
  constexpr bytes_view in = reference("AD-CAMMAC: cammac");
  constexpr field_line lines[] = {
      {0, "elements", true}, {1, "kdc-verifier", false}, {2, "svc-verifier", false}, {3, "other-verifiers", false}};
  return every_field_is_named<msg::AdCammac>(in, 0, "AD-CAMMAC", lines) &&
         refuses<msg::AdCammac>("3008a0023000a3023000"_hex, errc::empty_sequence, 8, "AD-CAMMAC", "other-verifiers");
}
KERB_BOTH("AD-CAMMAC: a fault in any field is named", "[msg][rfc7751]", faults);

constexpr bool verifiers_of_another_kind() {
  const auto in = "a5040402aabb"_hex;
  const auto v = asn1::decode<msg::Verifier>(in, der::strict);
  return v && v->value.index() == 1 && both_ways(*v, in);
}
KERB_BOTH("Verifier: one that is not known is kept", "[msg][rfc7751]", verifiers_of_another_kind);

constexpr bool indicators() {
  const auto in = "30090c036f74700c026877"_hex;
  const auto r = asn1::decode_as<msg::AdAuthenticationIndicator>("AD-AUTHENTICATION-INDICATOR", in, der::strict);
  return r && r->size() == 2 && is_text((*r->begin()).octets, "otp");
}
KERB_BOTH("AD-AUTHENTICATION-INDICATOR: a list of UTF-8 strings", "[msg][rfc8129]", indicators);

}  // namespace
