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
/// Whether a name is well-known (RFC 6111 section 3): its first component is WELLKNOWN. Nobody owns
/// such a name, so an unknown one must not be accepted.
constexpr bool is_well_known(const msg::PrincipalName& name) {
  return !name.name_string.empty() && *name.name_string.begin() == detail::anonymous_components[0];
}
/// Whether a realm is well-known (RFC 6111 section 3): it begins with WELLKNOWN and a colon.
constexpr bool is_well_known(kerberos_string realm) {
  constexpr kerberos_string prefix = "WELLKNOWN:"_krb;
  return realm.octets.size() >= prefix.octets.size() && realm.octets.first(prefix.octets.size()) == prefix.octets;
}

}  // namespace kerb::inline v0
