// Authorization data: what refuses a client, what a service is given, and who vouches for it.
#include <kerb/exchange/service/authorization.hpp>
#include <kerb/msg/ap.hpp>
#include <kerb/testing/insecure.hpp>
#include <vector>

#include "support/both.hpp"

using namespace kerb;
using kerb::testing::insecure_policy;

namespace {
using element = msg::AuthorizationDataElement;
constexpr ad_t strange{7777}, known{-5};
constexpr std::uint8_t data_octets[] = {1, 2, 3}, other_octets[] = {4};

/// Octets of lists, one inside another.
template <std::size_t N>
struct encoded {
  std::array<std::uint8_t, N> buffer{};
  bytes_view octets;
};
template <class T, std::size_t N>
constexpr bytes_view encode_in(std::array<std::uint8_t, N>& buffer, const T& v) {
  return kerb_test::must(asn1::encode(v, buffer));
}
constexpr bytes_view list_in(std::span<std::uint8_t> buffer, view_of<element> elements) {
  return kerb_test::must(asn1::encode(msg::AuthorizationData(elements), buffer));
}

struct judged {
  detail::verdict v;
  authorization a;
};
constexpr key session(insecure_policy& p, std::uint8_t first = 1) {
  std::array<std::uint8_t, 32> octets{first};
  return kerb_test::must(p.import(etype_t::aes256_cts_hmac_sha1_96, octets));
}
constexpr judged verify(std::optional<msg::AuthorizationData> ticket,
                        std::optional<msg::AuthorizationData> authenticator, view_of<ad_t> understood = {}) {
  insecure_policy p;
  judged j;
  const key k = session(p);
  j.v = verify_authorization(p, k, understood, ticket, authenticator, j.a);
  return j;
}
constexpr unsigned count(const authorization& a) {
  unsigned n = 0;
  a.for_each([&](const authorization_element&) { ++n; });
  return n;
}
constexpr std::optional<msg::AuthorizationData> in(view_of<element> v) { return msg::AuthorizationData(v); }

constexpr bool none_is_fine() {
  const judged nothing = verify({}, {}), empty = verify(in({}), in({}));
  return nothing.v.ok() && nothing.a.empty() && count(nothing.a) == 0 && !nothing.a.find(strange) && empty.v.ok() &&
         count(empty.a) == 0;
}
KERB_BOTH("authorization: a client without any is fine", "[exchange][rfc4120-5.2.6]", none_is_fine);

constexpr bool unknown_refuses() {
  const element one[] = {{strange, data_octets}};
  constexpr ad_t list[] = {known, strange};
  const judged t = verify(in(one), {}), a = verify({}, in(one)), ok = verify(in(one), in(one), list);
  return t.v.why.code == errc::critical_authdata && std::string_view(t.v.why.type) == "EncTicketPart" &&
         t.v.code == error_code_t::krb_err_generic && a.v.why.code == errc::critical_authdata &&
         std::string_view(a.v.why.type) == "Authenticator" && t.a.empty() && ok.v.ok() && count(ok.a) == 2;
}
KERB_BOTH("authorization: an element that is not understood refuses, from ticket and from authenticator",
          "[exchange][rfc4120-5.2.6]", unknown_refuses);

constexpr bool any_of_the_list_is_understood() {
  constexpr ad_t list[] = {known, strange};
  const element first[] = {{known, data_octets}}, second[] = {{strange, data_octets}}, third[] = {{ad_t{7778}, {}}};
  return verify(in(first), {}, list).v.ok() && verify(in(second), {}, list).v.ok() &&
         !verify(in(third), {}, list).v.ok();
}
KERB_BOTH("authorization: every type that the caller names is understood", "[exchange][rfc4120-5.2.6]",
          any_of_the_list_is_understood);
KERB_BOTH("authorization: it is empty if neither ticket nor authenticator has any", "[exchange][rfc4120-5.2.6]", [] {
  constexpr ad_t list[] = {strange};
  const element one[] = {{strange, data_octets}};
  return verify({}, {}).a.empty() && !verify(in(one), {}, list).a.empty() && !verify({}, in(one), list).a.empty();
});

constexpr bool what_is_read_is_understood() {
  const auto flags = "00400000"_hex;
  const auto other_size = "004000"_hex;
  const auto list = "3003020114"_hex;
  const auto no_list = "0203020114"_hex;
  const auto critical = [](ad_t type, bytes_view data, bool in_ticket) {
    const element one[] = {{type, data}};
    const judged j = in_ticket ? verify(in(one), {}) : verify({}, in(one));
    return j.v.ok() ? j.a.find(type)->critical : j.v.why.code != errc::critical_authdata;
  };
  constexpr ad_t options = ad_t::ad_auth_data_ap_options, etypes = ad_t::etype_negotiation;
  return critical(options, flags, false) && !critical(options, flags, true) && !critical(options, other_size, false) &&
         !critical(options, {}, false) && critical(etypes, list, false) && !critical(etypes, list, true) &&
         !critical(etypes, no_list, false) && !critical(strange, flags, false);
}
KERB_BOTH("authorization: a critical element that the acceptor reads itself, from the authenticator, is understood",
          "[exchange][rfc4120-5.2.6]", what_is_read_is_understood);

// sspi-rs sends the option outside AD-IF-RELEVANT
constexpr bool authenticator_of_sspi_rs() {
  constexpr auto octets =
      "62563054a003020105a10d1b0b4558414d504c452e4f5247a2123010a003020101a10930071b05616c696365a403020135a511180f3230"
      "3236303130313132303030305aa8123010300ea0040202008fa106040400400000"_hex;
  const auto a = asn1::decode<msg::Authenticator>(octets);
  if (!a || !a->authorization_data) return false;
  const judged j = verify({}, a->authorization_data);
  return j.v.ok() && j.a.find(ad_t::ad_auth_data_ap_options);
}
KERB_BOTH("authorization: an authenticator of sspi-rs with bare AP-OPTIONS is accepted", "[exchange]",
          authenticator_of_sspi_rs);

constexpr bool optional_elements_come() {
  std::array<std::uint8_t, 200> inner{}, outer{};
  const element two[] = {{strange, data_octets}, {known, other_octets}};
  const element nested[] = {{ad_t::if_relevant, list_in(inner, two)}, {known, data_octets}};
  const element top[] = {{ad_t::if_relevant, list_in(outer, nested)}};
  const judged j = verify(in(top), {});
  const auto s = j.a.find(strange), k = j.a.find(known);
  return j.v.ok() && count(j.a) == 3 && s && !s->critical && s->from_ticket && !s->issued &&
         s->data == bytes_view(data_octets) && k && k->data == bytes_view(other_octets);
}
KERB_BOTH("authorization: what is inside AD-IF-RELEVANT comes one by one, and is optional",
          "[exchange][rfc4120-5.2.6.1]", optional_elements_come);

constexpr bool for_the_kdc() {
  const element top[] = {{ad_t::mandatory_for_kdc, data_octets}};
  const judged j = verify(in(top), {});
  return j.v.ok() && count(j.a) == 0;
}
KERB_BOTH("authorization: what only KDCs interpret neither refuses nor comes", "[exchange][rfc4120-5.2.6.4]",
          for_the_kdc);

constexpr bool and_or() {
  std::array<std::uint8_t, 200> buffer{}, outer{};
  const element inside[] = {{strange, data_octets}};
  const bytes_view octets = encode_in(buffer, msg::AdAndOr{1, msg::AuthorizationData(view_of<element>(inside))});
  const element top[] = {{ad_t::and_or, octets}}, wrapped[] = {{ad_t::if_relevant, list_in(outer, top)}};
  constexpr ad_t list[] = {ad_t::and_or};
  const judged refused = verify(in(top), {}), understood = verify(in(top), {}, list),
               relevant = verify(in(wrapped), {});
  if (refused.v.ok() || !understood.v.ok() || !relevant.v.ok()) return false;
  const auto e = understood.a.find(ad_t::and_or);
  if (!e || !e->critical) return false;
  const auto v = e->as<msg::AdAndOr>();
  return v && v->condition_count == 1 && v->elements.size() == 1 && !e->as<msg::EtypeList>();
}
KERB_BOTH("authorization: AD-AND-OR refuses unless the caller handles it, and then comes whole",
          "[exchange][rfc4120-5.2.6.3]", and_or);

/// An AD-KDC-ISSUED of one element, signed with the session key of `signer`.
constexpr bytes_view issued_in(std::array<std::uint8_t, 300>& buffer, std::uint8_t signer, key_usage_t usage,
                               std::optional<principal_view> issuer = {}, cksum_t type = cksum_t::hmac_sha1_96_aes256,
                               void (*bend)(msg::AdKdcIssued&) = nullptr) {
  insecure_policy p;
  std::array<std::uint8_t, 100> list_buffer{};
  std::array<std::uint8_t, 8> mac{};
  const element inside[] = {{strange, data_octets}};
  const bytes_view list = list_in(list_buffer, inside);
  const key k = session(p, signer);
  const bytes_view pieces[] = {list};
  if (p.sign(cksum_t::hmac_sha1_96_aes256, k, usage, pieces, mac) != errc::ok) return {};
  msg::AdKdcIssued d{{type, mac}, {}, {}, captured<msg::AuthorizationData>::as_sent(list)};
  if (issuer) {
    d.i_realm = issuer->realm;
    d.i_sname = issuer->name;
  }
  if (bend != nullptr) bend(d);
  return encode_in(buffer, d);
}
constexpr kerberos_string issuer_parts[] = {"attributes"_krb};
constexpr principal_view issuer{{name_t::principal, issuer_parts}, "EX.ORG"_krb};

constexpr bool issued_elements() {
  std::array<std::uint8_t, 300> buffer{};
  const element good[] = {{ad_t::kdc_issued, issued_in(buffer, 1, key_usage_t::ad_kdc_issued_cksum, issuer)}};
  const judged j = verify(in(good), {}), forged = verify({}, in(good));
  const auto e = j.a.find(strange);
  // Who has the session key can sign: in the authenticator that is the client
  return j.v.ok() && e && e->issued && !e->critical && e->from_ticket && e->issuer &&
         same_principal(*e->issuer, issuer) && forged.v.ok() && count(forged.a) == 0;
}
KERB_BOTH("authorization: what a KDC has signed comes as issued, from the ticket alone", "[exchange][rfc4120-5.2.6.2]",
          issued_elements);

constexpr bool half_an_issuer_is_none() {
  constexpr void (*halves[])(msg::AdKdcIssued&) = {[](msg::AdKdcIssued& d) { d.i_realm.reset(); },
                                                   [](msg::AdKdcIssued& d) { d.i_sname.reset(); }};
  for (const auto half : halves) {
    std::array<std::uint8_t, 300> buffer{};
    const element one[] = {{ad_t::kdc_issued, issued_in(buffer, 1, key_usage_t::ad_kdc_issued_cksum, issuer,
                                                        cksum_t::hmac_sha1_96_aes256, half)}};
    const judged j = verify(in(one), {});
    if (!j.v.ok() || j.a.find(strange)) return false;
  }
  return true;
}
KERB_BOTH("authorization: an AD-KDC-ISSUED with a realm alone or a name alone is ignored",
          "[exchange][rfc4120-5.2.6.2]", half_an_issuer_is_none);

constexpr bool unsigned_elements() {
  std::array<std::uint8_t, 300> a{}, b{}, c{}, d{};
  const element bad[] = {{ad_t::kdc_issued, issued_in(a, 2, key_usage_t::ad_kdc_issued_cksum)},
                         {ad_t::kdc_issued, issued_in(b, 1, key_usage_t::ap_req_authenticator_cksum)},
                         {ad_t::kdc_issued, issued_in(c, 1, key_usage_t::ad_kdc_issued_cksum, {}, cksum_t::rsa_md5)},
                         {ad_t::kdc_issued, data_octets},
                         {ad_t::kdc_issued, issued_in(d, 1, key_usage_t::ad_kdc_issued_cksum)}};
  const judged j = verify(in(bad), {});
  const auto e = j.a.find(strange);
  return j.v.ok() && count(j.a) == 1 && e && e->issued && !e->issuer;
}
KERB_BOTH("authorization: an AD-KDC-ISSUED whose checksum does not verify is passed over",
          "[exchange][rfc4120-5.2.6.2]", unsigned_elements);

constexpr bool malformed_lists_refuse() {
  const auto empty = "3000"_hex;
  const element nothing[] = {{ad_t::if_relevant, empty}}, junk[] = {{ad_t::if_relevant, data_octets}},
                none[] = {{ad_t::if_relevant, {}}};
  return verify(in(nothing), {}).v.ok() && !verify(in(junk), {}).v.ok() && !verify(in(none), {}).v.ok() &&
         std::string_view(verify(in(junk), {}).v.why.type) == "AD-IF-RELEVANT";
}
KERB_BOTH("authorization: an empty AD-IF-RELEVANT is fine, a malformed one refuses", "[exchange][rfc4120-5.2.6.1]",
          malformed_lists_refuse);

TEST_CASE("authorization: nesting and number are bounded", "[exchange][rfc4120-5.2.6]") {
  // from the inside out
  const auto nested = [](int depth) {
    std::vector<std::uint8_t> octets(100000), inner;
    for (int i = 0; i != depth; ++i) {
      const element e[] = {{i == 0 ? strange : ad_t::if_relevant, inner}};
      const bytes_view v = list_in(octets, e);
      inner.assign(v.begin(), v.end());
    }
    return inner;
  };
  const auto presented = [&](int depth) {
    const std::vector<std::uint8_t> inner = nested(depth);
    const element top[] = {{ad_t::if_relevant, inner}};
    return verify(in(top), {}).v.why.code;
  };
  CHECK(presented(1) == errc::ok);
  CHECK(presented(8) == errc::ok);
  CHECK(presented(9) == errc::critical_authdata);
  CHECK(presented(1000) == errc::critical_authdata);

  const auto wide = [](std::size_t n) {
    const std::vector<element> many(n, element{known, data_octets});
    constexpr ad_t list[] = {known};
    return verify(in(many), {}, list).v.why.code;
  };
  CHECK(wide(256) == errc::ok);
  CHECK(wide(257) == errc::critical_authdata);
  CHECK(wide(5000) == errc::critical_authdata);

  const std::vector<element> issued(33, element{ad_t::kdc_issued, data_octets});
  CHECK(verify(in(view_of<element>(issued.data(), 32)), {}).v.ok());
  CHECK(verify(in(issued), {}).v.why.code == errc::critical_authdata);
}

constexpr bool stops_when_told() {
  const element three[] = {{known, data_octets}, {known, other_octets}, {known, data_octets}};
  constexpr ad_t list[] = {known};
  const judged j = verify(in(three), in(three), list);
  unsigned seen = 0;
  j.a.for_each([&](const authorization_element&) { return ++seen != 2; });
  const auto first = j.a.find(known);
  return seen == 2 && count(j.a) == 6 && first && first->data == bytes_view(data_octets) && first->critical;
}
KERB_BOTH("authorization: a reader may stop, and find gives the first", "[exchange]", stops_when_told);
}  // namespace
