// Names, addresses, authorization data, padata, and the shapes of section 5.2.9.
#include <kerb/asn1/payload.hpp>
#include <kerb/msg/basic.hpp>
#include <string>

#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::every_field_is_named;
using kerb_test::reference;
using kerb_test::refuses;

namespace {

template <std::size_t N>
struct name_of_parts {
  std::array<kerberos_string, N> parts;
  constexpr msg::PrincipalName name(name_t type = name_t::principal) const { return {type, parts}; }
};
template <class... S>
constexpr name_of_parts<sizeof...(S)> parts(S... s) {
  return {{s...}};
}

constexpr bool string_literals() {
  constexpr kerberos_string s = "EX.ORG"_krb;
  constexpr kerberos_string none = ""_krb;
  return s.octets.size() == 6 && s.octets[0] == 'E' && s == "EX.ORG" && s == "EX.ORG"_krb && !(s == "EX.ORg") &&
         !(s == "EX.OR") && !(s == ""_krb) && none == "" && none.octets.empty();
}
KERB_BOTH("kerberos_string: equal are equal octets, case and all", "[msg][rfc4120-5.2.1]", string_literals);

TEST_CASE("kerberos_string: to and from text, its NUL included", "[msg][rfc4120-5.2.1]") {
  const std::string text("a\0b", 3);
  const kerberos_string s = kerberos_string::of(text);
  CHECK(s.octets.size() == 3);
  CHECK(s.text() == text);
  CHECK(s == std::string_view(text));
  CHECK_FALSE(s == "a");
}

constexpr bool names_are_components() {
  constexpr auto host = parts("host"_krb, "a.ex.org"_krb), same = parts("host"_krb, "a.ex.org"_krb),
                 other = parts("host"_krb, "b.ex.org"_krb);
  constexpr auto one = parts("host/a.ex.org"_krb);
  constexpr auto longer = parts("host"_krb, "a.ex.org"_krb, ""_krb);
  return same_name(host.name(name_t::srv_hst), same.name(name_t::unknown)) && !same_name(host.name(), other.name()) &&
         !same_name(host.name(), one.name()) && !same_name(host.name(), longer.name()) && same_name({}, {}) &&
         !same_name({}, one.name());
}
KERB_BOTH("same_name: the components decide, the name type never does", "[msg][rfc4120-6.2]", names_are_components);

constexpr bool a_name_from_the_wire_and_ours() {
  constexpr auto ours = parts("hftsai"_krb, "extra"_krb);
  constexpr bytes_view ticket = reference("Ticket: ticket");
  const bytes_view wire = ticket.subview(kerb_test::contents_at(ticket, kerb_test::field_at(ticket, 0, 2)), 26);
  const auto theirs = asn1::decode<msg::PrincipalName>(wire);
  return theirs && same_name(*theirs, ours.name()) && same_name(ours.name(), *theirs) && both_ways(ours.name(), wire);
}
constexpr bool two_names_from_the_wire() {
  std::array<std::uint8_t, 40> buffer1{}, buffer2{}, buffer3{};
  const auto ab_c = parts("ab"_krb, "c"_krb), a_bc = parts("a"_krb, "bc"_krb);
  const auto first = asn1::encode(ab_c.name(name_t::principal), buffer1),
             again = asn1::encode(ab_c.name(name_t::srv_hst), buffer2),
             other = asn1::encode(a_bc.name(name_t::principal), buffer3);
  const auto x = asn1::decode<msg::PrincipalName>(*first), y = asn1::decode<msg::PrincipalName>(*again),
             z = asn1::decode<msg::PrincipalName>(*other);
  return same_name(*x, *y) && !same_name(*x, *z) && !same_name(*z, *y) && same_name(*z, a_bc.name());
}
KERB_BOTH("same_name: of two names from the wire the components decide too", "[msg][rfc4120-6.2]",
          two_names_from_the_wire);
KERB_BOTH("PrincipalName: one from the wire and one of ours are the same name", "[msg][rfc4120-5.2.2]",
          a_name_from_the_wire_and_ours);

constexpr bool principals() {
  constexpr auto u = parts("u"_krb);
  const principal_view a{u.name(), "EX.ORG"_krb}, b{u.name(name_t::enterprise), "EX.ORG"_krb},
      c{u.name(), "ex.org"_krb};
  return same_principal(a, b) && !same_principal(a, c);
}
KERB_BOTH("same_principal: the realm belongs to it", "[msg][rfc4120-6.1]", principals);

constexpr bool odd_names() {
  const auto none = "300aa003020100a1033001"_hex;  // cut short
  const auto empty = "3009a003020100a1023000"_hex;
  const auto r = asn1::decode<msg::PrincipalName>(empty, der::strict);
  return r && r->name_string.empty() && both_ways(*r, empty) &&
         refuses<msg::PrincipalName>(none, errc::truncated, 0, "PrincipalName", "");
}
KERB_BOTH("PrincipalName: no component at all is a name", "[msg][rfc4120-5.2.2]", odd_names);

constexpr bool utf8_strings_are_refused() {
  const auto in = "300ca003020101a10530030c0175"_hex;
  return refuses<msg::PrincipalName>(in, errc::unexpected_tag, 11, "PrincipalName", "name-string");
}
KERB_BOTH("PrincipalName: a UTF8String is no KerberosString", "[msg][rfc4120-5.2.1]", utf8_strings_are_refused);

constexpr bool numbers_and_octets() {
  constexpr std::array<std::uint8_t, 3> abc{'a', 'b', 'c'};
  return both_ways(msg::HostAddress{addr_t::ipv4, abc}, "300ca003020102a1050403616263"_hex) &&
         both_ways(msg::AuthorizationDataElement{ad_t::win2k_pac, abc}, "300da00402020080a1050403616263"_hex) &&
         both_ways(msg::PaData{padata_t::enc_timestamp, abc}, "300ca103020102a2050403616263"_hex) &&
         both_ways(msg::EncryptionKey{etype_t::aes256_cts_hmac_sha1_96, abc}, "300ca003020112a1050403616263"_hex) &&
         both_ways(msg::Checksum{cksum_t::hmac_md5, abc}, "300da0040202ff76a1050403616263"_hex) &&
         both_ways(msg::Checksum{cksum_t::gssapi, {}}, "300ba00502030080 03a1020400"_hex);
}
KERB_BOTH("basic types: a number and octets, both ways", "[msg][rfc4120-5.2]", numbers_and_octets);

constexpr bool padata_starts_at_one() {
  const auto in = "300ca003020102a1050403616263"_hex;
  return refuses<msg::PaData>(in, errc::missing_field, 2, "PA-DATA", "padata-type");
}
KERB_BOTH("PA-DATA: its first tag is [1]", "[msg][rfc4120-5.2.7]", padata_starts_at_one);

constexpr bool encrypted_data() {
  constexpr std::array<std::uint8_t, 3> abc{'a', 'b', 'c'};
  return both_ways(msg::EncryptedData{etype_t::rc4_hmac, 0u, abc}, "3011a003020117a103020100a2050403616263"_hex) &&
         both_ways(msg::EncryptedData{etype_t::rc4_hmac, 0xffffffffu, abc},
                   "3015a003020117a107020500ffffffffa2050403616263"_hex) &&
         both_ways(msg::EncryptedData{etype_t::rc4_hmac, {}, abc}, "300ca003020117a2050403616263"_hex);
}
KERB_BOTH("EncryptedData: no kvno and kvno 0 are not the same", "[msg][rfc4120-5.2.9]", encrypted_data);

constexpr bool computed_cipher() {
  const auto cipher = asn1::computed{[](der::writer& w) { der::wrap(w, der::octet_string, [&] { w.zeros(2); }); }};
  const msg::BasicEncryptedData<std::remove_const_t<decltype(cipher)>> e{etype_t::rc4_hmac, {}, cipher};
  const auto wanted = "300ba003020117a20404020000"_hex;
  std::array<std::uint8_t, 16> buffer{};
  const auto out = asn1::encode(e, buffer);
  return out && *out == bytes_view(wanted) && asn1::encoded_size(e) == wanted.size();
}
KERB_BOTH("EncryptedData: the cipher may be computed while it is written", "[msg][rfc4120-5.2.9]", computed_cipher);

constexpr bool faults_are_named() {
  using kerb_test::field_line;
  constexpr field_line sealed[] = {{0, "etype", true}, {1, "kvno", false}, {2, "cipher", true}};
  constexpr field_line key[] = {{0, "keytype", true}, {1, "keyvalue", true}};
  return every_field_is_named<msg::EncryptedData>(reference("EncryptedData: enc_data"), 0, "EncryptedData", sealed) &&
         every_field_is_named<msg::EncryptionKey>(reference("EncryptionKey: keyblock"), 0, "EncryptionKey", key);
}
KERB_BOTH("basic types: a fault in any field is named", "[msg]", faults_are_named);

}  // namespace
