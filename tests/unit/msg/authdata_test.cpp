// What authorization data hold.
#include <kerb/msg/authdata.hpp>

#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::every_field_is_named;
using kerb_test::field_line;
using kerb_test::refuses;

namespace {

constexpr std::array<std::uint8_t, 2> ab{0xaa, 0xbb};
constexpr std::array<kerberos_string, 1> u{"u"_krb};
constexpr msg::PrincipalName user{name_t::principal, u};

constexpr std::array<msg::AuthorizationDataElement, 1> elements{{{ad_t::if_relevant, ab}}};

constexpr bool kdc_issued() {
  const auto least = "3020a00d300ba003020110a1040402aabba30f300d300ba003020101a1040402aabb"_hex;
  const auto full =
      "3035a00d300ba003020110a1040402aabba1031b0152a20e300ca003020101a10530031b0175a30f300d300ba003020101a1040402aabb"_hex;
  const auto kept = captured<msg::AuthorizationData>::of(elements);
  const msg::Checksum sum{static_cast<cksum_t>(16), ab};
  const auto back = asn1::decode<msg::AdKdcIssued>(full, der::strict);
  return both_ways(msg::AdKdcIssued{sum, {}, {}, kept}, least) &&
         both_ways(msg::AdKdcIssued{sum, "R"_krb, user, kept}, full) && back &&
         back->elements.octets() == bytes_view(full).last(15);
}
KERB_BOTH("AD-KDCIssued: comes back, and shows the elements as they were signed", "[msg][rfc4120-5.2.6.2]", kdc_issued);

constexpr bool and_or() {
  const auto in = "3016a003020101a10f300d300ba003020101a1040402aabb"_hex;
  constexpr field_line lines[] = {{0, "condition-count", true}, {1, "elements", true}};
  return both_ways(msg::AdAndOr{1, elements}, in) && every_field_is_named<msg::AdAndOr>(in, 0, "AD-AND-OR", lines);
}
KERB_BOTH("AD-AND-OR: comes back, and a fault in any field is named", "[msg][rfc4120-5.2.6.3]", and_or);

constexpr bool faults() {
  const auto full =
      "3035a00d300ba003020110a1040402aabba1031b0152a20e300ca003020101a10530031b0175a30f300d300ba003020101a1040402aabb"_hex;
  constexpr field_line lines[] = {
      {0, "ad-checksum", true}, {1, "i-realm", false}, {2, "i-sname", false}, {3, "elements", true}};
  return every_field_is_named<msg::AdKdcIssued>(full, 0, "AD-KDCIssued", lines);
}
KERB_BOTH("AD-KDCIssued: a fault in any field is named", "[msg][rfc4120-5.2.6.2]", faults);

constexpr bool nested() {
  const auto inner = "300e300ca00402020080a1040402aabb"_hex;
  const auto outer = "301b3019a003020101a1120410300e300ca00402020080a1040402aabb"_hex;
  const auto o = asn1::decode_as<msg::AuthorizationData>("AuthorizationData", outer, der::strict);
  const bytes_view data = (*o->begin()).ad_data;
  const auto i = asn1::decode_as<msg::AdIfRelevant>("AD-IF-RELEVANT", data, der::strict);
  return (*o->begin()).ad_type == ad_t::if_relevant && data == bytes_view(inner) && i && i->size() == 1 &&
         (*i->begin()).ad_type == ad_t::win2k_pac && (*i->begin()).ad_data == bytes_view(ab);
}
KERB_BOTH("AD-IF-RELEVANT: holds authorization data in its octets", "[msg][rfc4120-5.2.6.1]", nested);

constexpr bool etypes_and_aliases() {
  constexpr std::array<etype_t, 2> etypes{etype_t::aes256_cts_hmac_sha1_96, etype_t::rc4_hmac};
  const auto list = "3006020112020117"_hex;
  std::array<std::uint8_t, 20> buffer{};
  const auto out = asn1::encode(msg::EtypeList(etypes), buffer);
  constexpr std::array<msg::PrincipalName, 1> names{user};
  const auto alias = "3012a010300e300ca003020101a10530031b0175"_hex;
  const auto none = "3004a0023000"_hex;
  return out && *out == bytes_view(list) && (*asn1::decode_as<msg::EtypeList>("EtypeList", list)).size() == 2 &&
         both_ways(msg::AdLoginAlias{names, {}}, alias) &&
         refuses<msg::AdLoginAlias>(none, errc::empty_sequence, 4, "AD-LOGIN-ALIAS", "login-aliases");
}
KERB_BOTH("EtypeList and AD-LOGIN-ALIAS: come back; an alias is one at least", "[msg][rfc6806-6]", etypes_and_aliases);

}  // namespace
