// KRB-ERROR.
#include <kerb/msg/error.hpp>

#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::contents_at;
using kerb_test::copy_of;
using kerb_test::every_field_is_named;
using kerb_test::field_at;
using kerb_test::field_line;
using kerb_test::reference;
using kerb_test::refuses;

namespace {

constexpr bytes_view in = reference("KRB-ERROR: error(optionals NULL)");

constexpr bool faults() {
  constexpr field_line lines[] = {{0, "pvno", true},  {1, "msg-type", true}, {3, "cusec", false},
                                  {4, "stime", true}, {5, "susec", true},    {6, "error-code", true},
                                  {9, "realm", true}, {10, "sname", true}};
  return every_field_is_named<msg::KrbError>(in, 0, "KRB-ERROR", lines);
}
KERB_BOTH("KRB-ERROR: a fault in any field is named", "[msg][rfc4120-5.9.1]", faults);

constexpr bool constants() {
  const std::size_t pvno = contents_at(in, field_at(in, 0, 0)), type = contents_at(in, field_at(in, 0, 1));
  return refuses<msg::KrbError>(copy_of(in).set(pvno + 2, 4).view(), errc::wrong_constant, pvno, "KRB-ERROR", "pvno") &&
         refuses<msg::KrbError>(copy_of(in).set(type + 2, 10).view(), errc::wrong_constant, type, "KRB-ERROR",
                                "msg-type") &&
         refuses<msg::KrbError>(copy_of(in).set(0, 0x7d).view(), errc::unexpected_tag, 0, "KRB-ERROR", "");
}
KERB_BOTH("KRB-ERROR: version and type are what they must be", "[msg][rfc4120-5.9.1]", constants);

constexpr bool any_code() {
  const std::size_t at = contents_at(in, field_at(in, 0, 6));
  const auto r = asn1::decode<msg::KrbError>(copy_of(in).set(at + 2, 0x7f).view());
  return r && static_cast<int>(r->error_code) == 127 && name_of(r->error_code).empty();
}
KERB_BOTH("KRB-ERROR: a code without a name is a code", "[msg][rfc4120-7.5.9]", any_code);

constexpr bool with_everything() {
  constexpr std::array<kerberos_string, 1> u{"u"_krb};
  constexpr std::array<kerberos_string, 2> krbtgt{"krbtgt"_krb, "EX.ORG"_krb};
  constexpr std::array<std::uint8_t, 3> data{0x30, 0x01, 0x00};  // whatever it is, it is octets here
  const msg::KrbError e{.ctime = kerberos_time{1},
                        .cusec = microseconds{2},
                        .stime = {3},
                        .susec = {4},
                        .error_code = error_code_t::kdc_err_preauth_required,
                        .crealm = "EX.ORG"_krb,
                        .cname = msg::PrincipalName{name_t::principal, u},
                        .realm = "EX.ORG"_krb,
                        .sname = {name_t::srv_inst, krbtgt},
                        .e_text = "NEEDED_PREAUTH"_krb,
                        .e_data = bytes_view(data)};
  std::array<std::uint8_t, 300> buffer{};
  const auto out = asn1::encode(e, buffer);
  const auto back = asn1::decode<msg::KrbError>(*out, der::strict);
  return back && back->ctime == e.ctime && back->cusec == e.cusec && back->stime == e.stime && back->susec == e.susec &&
         back->error_code == e.error_code && *back->crealm == "EX.ORG" && same_name(*back->cname, *e.cname) &&
         same_name(back->sname, e.sname) && *back->e_text == "NEEDED_PREAUTH" && *back->e_data == bytes_view(data);
}
KERB_BOTH("KRB-ERROR: with every field it comes back", "[msg][rfc4120-5.9.1]", with_everything);

constexpr bool empty_is_not_absent() {
  auto e = kerb_test::must(asn1::decode<msg::KrbError>(in));
  e.e_text = ""_krb;
  e.e_data = bytes_view();
  std::array<std::uint8_t, 200> buffer{};
  const auto back = asn1::decode<msg::KrbError>(kerb_test::must(asn1::encode(e, buffer)));
  return back && back->e_text && back->e_text->octets.empty() && back->e_data && back->e_data->empty() && !back->crealm;
}
KERB_BOTH("KRB-ERROR: an empty e-text is there", "[msg][rfc4120-5.9.1]", empty_is_not_absent);

constexpr bool typed_data() {
  constexpr bytes_view two = reference("TYPED-DATA: typed_data");
  const auto t = kerb_test::must(asn1::decode_as<msg::TypedData>("TYPED-DATA", two, der::strict));
  const msg::TypedDataElement first = *t.begin();
  const auto none = "3000"_hex;
  return t.size() == 2 && first.data_type == padata_t::sam_response && first.data_value &&
         kerberos_string{*first.data_value} == "pa-data" && kerb_test::both_ways(first, two.subview(2, 18)) &&
         kerb_test::both_ways(msg::TypedDataElement{padata_t::td_padata, {}}, "3005a003020116"_hex) &&
         asn1::decode_as<msg::TypedData>("TYPED-DATA", none).error().code == errc::empty_sequence;
}
KERB_BOTH("reference: TYPED-DATA, one element at least", "[msg][rfc4120-5.9.1]", typed_data);

}  // namespace
