// The basic Kerberos types, RFC 4120 section 5.2.
#pragma once
#include "../asn1/captured.hpp"
#include "../asn1/primitives.hpp"
#include "../asn1/sequence_of.hpp"
#include "../core/hex.hpp"
#include "../numbers/addrtype.hpp"
#include "../numbers/adtype.hpp"
#include "../numbers/cksumtype.hpp"
#include "../numbers/etype.hpp"
#include "../numbers/nametype.hpp"
#include "../numbers/patype.hpp"

namespace kerb::inline v0 {

using asn1::captured;
using asn1::sequence_of;

/// A view of a KerberosString, RFC 4120 section 5.2.1: octets with a length, compared octet by
/// octet. The octets must outlive it.
struct kerberos_string {
  bytes_view octets;

  /// A view of `text`, which must outlive it; a temporary string does not compile. Not constexpr, as
  /// octets_of; write constants as "EX.ORG"_krb.
  static kerberos_string of(std::string_view text KERB_LIFETIMEBOUND) { return {octets_of(text)}; }
  template <kerb::detail::owner_of_text Text>
  static kerberos_string of(const Text& text KERB_LIFETIMEBOUND) { return {octets_of(text)}; }
  template <kerb::detail::owner_of_text Text>
  static kerberos_string of(Text&&, a_view_of_a_temporary_object_would_dangle* = nullptr) = delete;
  /// The same octets as text. Escape control characters before printing.
  std::string_view text() const { return {reinterpret_cast<const char*>(octets.data()), octets.size()}; }

  friend constexpr bool operator==(kerberos_string a, kerberos_string b) { return a.octets == b.octets; }
  friend constexpr bool operator==(kerberos_string a, std::string_view b) {
    if (a.octets.size() != b.size()) return false;
    for (std::size_t i = 0; i != b.size(); ++i)
      if (a.octets[i] != static_cast<std::uint8_t>(b[i])) return false;
    return true;
  }
};

/// Realm, RFC 4120 section 5.2.2: a KerberosString without the octet 0. Decoding rejects any other;
/// values made by the program are not checked.
struct kerberos_realm : kerberos_string {
  constexpr kerberos_realm() = default;
  constexpr kerberos_realm(kerberos_string text) : kerberos_string(text) {}
  constexpr kerberos_realm(bytes_view of) : kerberos_string{of} {}
};
/// Whether the text is allowed as a realm: it does not contain the octet 0.
constexpr bool is_realm_text(kerberos_string s) { return !detail::has_zero(s.octets.data(), s.octets.size()); }

namespace detail {
template <literal L>
struct stored_text {
  static constexpr auto octets = [] {
    std::array<std::uint8_t, L.size> a{};
    for (std::size_t i = 0; i != L.size; ++i) a[i] = static_cast<std::uint8_t>(L.text[i]);
    return a;
  }();
};
}  // namespace detail

inline namespace literals {
/// A KerberosString constant, a view of static storage.
template <detail::literal L>
consteval kerberos_string operator""_krb() {
  return {bytes_view(detail::stored_text<L>::octets)};
}
}  // namespace literals

template <>
struct asn1::codec<kerberos_string> {
  static constexpr const char* name = "KerberosString";
  static constexpr der::tag tag = der::general_string;
  template <der::mode M>
  static constexpr bool read(der::contents<M> c, kerberos_string& out) {
    out.octets = c;
    return true;
  }
  static constexpr void write(der::writer& w, kerberos_string v, der::tag t = tag) {
    der::write_octets(w, t, v.octets);
  }

  static constexpr std::uint8_t* put(std::uint8_t* at, const std::uint8_t* floor, kerberos_string v) {
    return der::quick::octets(at, floor, v.octets);
  }
  static constexpr std::size_t size(kerberos_string v) { return v.octets.size(); }
};

template <>
struct asn1::codec<kerberos_realm> {
  static constexpr const char* name = "Realm";
  static constexpr der::tag tag = der::general_string;
  template <der::mode M>
  static constexpr bool read(der::contents<M> c, kerberos_realm& out) {
    out.octets = c;
    return is_realm_text(out) || c.fail(errc::bad_realm);
  }
  static constexpr void write(der::writer& w, kerberos_realm v, der::tag t = tag) {
    der::write_octets(w, t, v.octets);
  }

  static constexpr std::uint8_t* put(std::uint8_t* at, const std::uint8_t* floor, kerberos_realm v) {
    return der::quick::octets(at, floor, v.octets);
  }
  static constexpr std::size_t size(kerberos_realm v) { return v.octets.size(); }
};

namespace msg {

/// PrincipalName, RFC 4120 section 5.2.2. Compare with same_name, which ignores the type.
struct PrincipalName {
  name_t                       name_type{};
  sequence_of<kerberos_string> name_string;

  static consteval auto asn1() {
    using T = PrincipalName;
    using namespace kerb::asn1;
    return sequence("PrincipalName",
      tag<0>("name-type",   &T::name_type),
      tag<1>("name-string", &T::name_string));
  }
};

/// HostAddress, RFC 4120 section 5.2.5.
struct HostAddress {
  addr_t     addr_type{};
  bytes_view address;

  static consteval auto asn1() {
    using T = HostAddress;
    using namespace kerb::asn1;
    return sequence("HostAddress",
      tag<0>("addr-type", &T::addr_type),
      tag<1>("address",   &T::address));
  }
};
using HostAddresses = sequence_of<HostAddress>;

/// One element of AuthorizationData, RFC 4120 section 5.2.6. The data are decoded as octets, and
/// may be computed while they are written.
template <class Data = bytes_view>
struct BasicAuthorizationDataElement {
  ad_t ad_type{};
  Data ad_data;

  static consteval auto asn1() {
    using T = BasicAuthorizationDataElement;
    using namespace kerb::asn1;
    return sequence("AuthorizationData",
      tag<0>("ad-type", &T::ad_type),
      tag<1>("ad-data", &T::ad_data));
  }
};
using AuthorizationDataElement = BasicAuthorizationDataElement<>;
using AuthorizationData = sequence_of<AuthorizationDataElement>;

/// PA-DATA, RFC 4120 section 5.2.7: its first tag is [1]. The value is decoded as octets, and may
/// be computed while it is written.
template <class Value = bytes_view>
struct BasicPaData {
  padata_t padata_type{};
  Value    padata_value;

  static consteval auto asn1() {
    using T = BasicPaData;
    using namespace kerb::asn1;
    return sequence("PA-DATA",
      tag<1>("padata-type",  &T::padata_type),
      tag<2>("padata-value", &T::padata_value));
  }
};
using PaData = BasicPaData<>;
/// METHOD-DATA, RFC 4120 section 5.2.7.
using MethodData = sequence_of<PaData>;

/// EncryptedData, RFC 4120 section 5.2.9. The cipher is decoded as octets, and may be computed
/// while it is written.
template <class Cipher = bytes_view>
struct BasicEncryptedData {
  etype_t                      etype{};
  std::optional<uint32>        kvno;
  Cipher                       cipher;

  static consteval auto asn1() {
    using T = BasicEncryptedData;
    using namespace kerb::asn1;
    return sequence("EncryptedData",
      tag<0>("etype",  &T::etype),
      tag<1>("kvno",   &T::kvno),
      tag<2>("cipher", &T::cipher));
  }
};
using EncryptedData = BasicEncryptedData<>;

/// EncryptionKey, RFC 4120 section 5.2.9. The key's octets are secret.
struct EncryptionKey {
  etype_t    keytype{};
  bytes_view keyvalue;

  static consteval auto asn1() {
    using T = EncryptionKey;
    using namespace kerb::asn1;
    return sequence("EncryptionKey",
      tag<0>("keytype",  &T::keytype),
      redacted(tag<1>("keyvalue", &T::keyvalue)));
  }
};

/// Checksum, RFC 4120 section 5.2.9. It is decoded as octets, and may be computed while it is written.
template <class Octets = bytes_view>
struct BasicChecksum {
  cksum_t cksumtype{};
  Octets  checksum;

  static consteval auto asn1() {
    using T = BasicChecksum;
    using namespace kerb::asn1;
    return sequence("Checksum",
      tag<0>("cksumtype", &T::cksumtype),
      tag<1>("checksum",  &T::checksum));
  }
};
using Checksum = BasicChecksum<>;

}  // namespace msg

/// Whether two names have the same components. RFC 4120 section 5.2.2: the name type is a hint, and
/// no two names may differ only in it.
constexpr bool same_name(const msg::PrincipalName& a, const msg::PrincipalName& b) {
  if (a.name_string.size() != b.name_string.size()) return false;
  // Equal names have equal encodings in DER.
  const bytes_view one = a.name_string.octets(), two = b.name_string.octets();
  if (!one.empty() && !two.empty()) return one == two;
  auto other = b.name_string.begin();
  for (kerberos_string component : a.name_string) {
    if (!(component == *other)) return false;
    ++other;
  }
  return true;
}

/// A view of a name and its realm, which together identify a principal (RFC 4120 section 5.2.2).
struct principal_view {
  msg::PrincipalName name;
  kerberos_string    realm;
};

/// Whether two views name the same principal. Compares the realm and every component, never the name type.
constexpr bool same_principal(const principal_view& a, const principal_view& b) {
  return a.realm == b.realm && same_name(a.name, b.name);
}

namespace detail {
/// The realm whose ticket-granting service has this name, krbtgt/REALM (RFC 4120 section 7.3). None
/// for any other name, and none when the second component is no realm: empty, or with an octet 0
/// (RFC 4120 section 5.2.2). The principal's realm also matters: `krbtgt/B@A` is for the KDC of B,
/// and the KDC of A issues it.
constexpr std::optional<kerberos_string> krbtgt_realm(const msg::PrincipalName& n) {
  if (n.name_string.size() != 2) return std::nullopt;
  auto component = n.name_string.begin();
  if (!(*component == std::string_view("krbtgt"))) return std::nullopt;
  const kerberos_string realm = *++component;
  if (realm.octets.empty() || !is_realm_text(realm)) return std::nullopt;
  return realm;
}
/// Whether two realms have the same name, or names that differ only in the case of ASCII letters.
/// These may be two realms (RFC 4120 section 6.1), so this only widens a refusal or finds a realm
/// that a KDC spells differently.
constexpr bool same_realm_in_any_case(kerberos_string a, kerberos_string b) {
  if (a.octets.size() != b.octets.size()) return false;
  const auto lower = [](std::uint8_t c) { return c >= 'A' && c <= 'Z' ? static_cast<std::uint8_t>(c + 32) : c; };
  for (std::size_t i = 0; i != a.octets.size(); ++i)
    if (lower(a.octets[i]) != lower(b.octets[i])) return false;
  return true;
}
}  // namespace detail

}  // namespace kerb::inline v0
