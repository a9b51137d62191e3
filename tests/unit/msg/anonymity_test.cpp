// Well-known names, and the anonymous one.
#include <kerb/core/hex.hpp>
#include <kerb/msg/anonymity.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {

constexpr bool the_anonymous_name() {
  const auto wanted = "301fa00302010ba11830161b0957454c4c4b4e4f574e1b09414e4f4e594d4f5553"_hex;
  std::array<std::uint8_t, 40> buffer{};
  const auto out = asn1::encode(anonymous_name, buffer);
  const auto back = asn1::decode<msg::PrincipalName>(wanted);
  return out && *out == bytes_view(wanted) && back && is_anonymous(*back) && is_well_known(*back) &&
         anonymous_realm == "WELLKNOWN:ANONYMOUS";
}
KERB_BOTH("anonymity: the name is WELLKNOWN/ANONYMOUS of type 11", "[msg][rfc6112-3]", the_anonymous_name);

constexpr bool other_names() {
  constexpr std::array<kerberos_string, 2> other{"WELLKNOWN"_krb, "FEDERATED"_krb},
      user{"wellknown"_krb, "ANONYMOUS"_krb};
  constexpr std::array<kerberos_string, 3> longer{"WELLKNOWN"_krb, "ANONYMOUS"_krb, "x"_krb};
  const msg::PrincipalName well_known{name_t::principal, other}, not_one{name_t::wellknown, user},
      more{name_t::wellknown, longer}, none{};
  return is_well_known(well_known) && !is_anonymous(well_known) && !is_well_known(not_one) && !is_anonymous(not_one) &&
         is_well_known(more) && !is_anonymous(more) && !is_well_known(none) && !is_anonymous(none);
}
KERB_BOTH("anonymity: the components decide, not the type", "[msg][rfc6111-3]", other_names);

constexpr bool realms() {
  return is_well_known(anonymous_realm) && is_well_known("WELLKNOWN:X"_krb) && !is_well_known("WELLKNOWN"_krb) &&
         !is_well_known("EX.WELLKNOWN:ORG"_krb) && !is_well_known("wellknown:ANONYMOUS"_krb) &&
         !is_well_known(kerberos_string{});
}
KERB_BOTH("anonymity: a realm that begins with WELLKNOWN and a colon is well-known", "[msg][rfc6111-3]", realms);

}  // namespace
