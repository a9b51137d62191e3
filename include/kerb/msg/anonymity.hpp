// Well-known names, RFC 6111, and the anonymous principal of RFC 6112.
#pragma once
#include "basic.hpp"

namespace kerb::inline v0 {

// PA-PKINIT-KX (RFC 6112) is in pkinit.hpp; the flag and the option "anonymous" are in numbers/bits.hpp.

namespace detail {
inline constexpr std::array<kerberos_string, 2> anonymous_components{"WELLKNOWN"_krb, "ANONYMOUS"_krb};
}  // namespace detail

/// WELLKNOWN/ANONYMOUS, RFC 6112 section 3: the name of a client that does not reveal its identity.
inline constexpr msg::PrincipalName anonymous_name{name_t::wellknown, detail::anonymous_components};
/// The realm WELLKNOWN:ANONYMOUS, RFC 6112 section 3: the realm of a client that does not reveal
/// its realm either.
inline constexpr kerberos_string anonymous_realm = "WELLKNOWN:ANONYMOUS"_krb;

/// Whether a name is the anonymous name, in any realm.
constexpr bool is_anonymous(const msg::PrincipalName& name) { return same_name(name, anonymous_name); }
/// Whether a name is well-known (RFC 6111 section 3): its first component is WELLKNOWN. No account has
/// such a name: a specification gives it its meaning. The only one that this library knows is
/// anonymous_name; its KDC, its services and its clients accept no other.
constexpr bool is_well_known(const msg::PrincipalName& name) {
  return !name.name_string.empty() && *name.name_string.begin() == detail::anonymous_components[0];
}
/// Whether a realm is well-known (RFC 6111 section 3): it begins with WELLKNOWN and a colon. The only
/// one that this library knows is anonymous_realm.
constexpr bool is_well_known(kerberos_string realm) {
  constexpr kerberos_string prefix = "WELLKNOWN:"_krb;
  return realm.octets.size() >= prefix.octets.size() && realm.octets.first(prefix.octets.size()) == prefix.octets;
}

namespace detail {
/// RFC 6111 section 3: the field of a client's name that is well-known without a meaning here, "crealm" or
/// "cname"; null if there is none. The anonymous realm has a meaning only with the anonymous name.
constexpr const char* unknown_well_known(const principal_view& client) {
  const bool anonymous = is_anonymous(client.name);
  if (is_well_known(client.realm) && !(anonymous && client.realm == anonymous_realm)) return "crealm";
  return is_well_known(client.name) && !anonymous ? "cname" : nullptr;
}
}  // namespace detail

}  // namespace kerb::inline v0
