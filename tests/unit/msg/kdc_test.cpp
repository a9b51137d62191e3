// The AS and TGS messages.
#include <kerb/asn1/payload.hpp>
#include <kerb/msg/kdc.hpp>

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

constexpr bytes_view body = reference("KDC-REQ-BODY: kdc_req_body");
constexpr bytes_view as_req = reference("AS-REQ: as_req");
constexpr bytes_view tgs_req = reference("TGS-REQ: tgs_req");
constexpr bytes_view tgs_rep = reference("TGS-REP: tgs_rep");

constexpr bool body_faults() {
  constexpr field_line lines[] = {{0, "kdc-options", true},
                                  {1, "cname", false},
                                  {2, "realm", true},
                                  {3, "sname", false},
                                  {4, "from", false},
                                  {5, "till", true},
                                  {6, "rtime", false},
                                  {7, "nonce", true},
                                  {8, "etype", true},
                                  {9, "addresses", false},
                                  {10, "enc-authorization-data", false},
                                  {11, "additional-tickets", false}};
  return every_field_is_named<msg::KdcReqBody>(body, 0, "KDC-REQ-BODY", lines);
}
KERB_BOTH("KDC-REQ-BODY: a fault in any field is named", "[msg][rfc4120-5.4.1]", body_faults);

constexpr std::size_t value_of(std::uint8_t number) { return contents_at(body, field_at(body, 0, number)); }
constexpr bool bad_value(std::size_t at, unsigned octet, errc code, std::size_t offset, std::string_view field) {
  return refuses<msg::KdcReqBody>(copy_of(body).set(at, octet).view(), code, offset, "KDC-REQ-BODY", field);
}
constexpr bool body_values() {
  const std::size_t options = value_of(0), till = value_of(5), nonce = value_of(7), etype = value_of(8);
  return bad_value(options + 2, 8, errc::bad_flags, options, "kdc-options") &&
         bad_value(options + 2, 5, errc::bad_flags, options, "kdc-options") &&
         bad_value(till + 6, '9', errc::bad_time, till, "till") &&
         bad_value(value_of(4) + 16, 'z', errc::bad_time, value_of(4), "from") &&
         bad_value(value_of(6) + 2, ' ', errc::bad_time, value_of(6), "rtime") &&
         bad_value(nonce + 1, 0, errc::bad_integer, nonce, "nonce") &&
         bad_value(nonce + 1, 2, errc::truncated, nonce, "nonce") &&
         bad_value(etype + 2, 3, errc::unexpected_tag, etype + 2, "etype") &&
         bad_value(etype + 3, 2, errc::bad_integer, etype + 2, "etype") &&
         bad_value(etype + 1, 7, errc::truncated, etype, "etype");
}
KERB_BOTH("KDC-REQ-BODY: a bad value is named, at its own first octet", "[msg][rfc4120-5.4.1]", body_values);

constexpr bool faults_in_an_additional_ticket() {
  const std::size_t list = value_of(11);
  const std::size_t first = contents_at(body, list), second = first + 94;
  constexpr field_line lines[] = {{0, "tkt-vno", true}, {1, "realm", true}, {2, "sname", true}, {3, "enc-part", true}};
  const std::size_t vno = contents_at(body, field_at(body, second, 0));
  const std::size_t sname = contents_at(body, field_at(body, second, 2));
  const std::size_t name_type = contents_at(body, field_at(body, sname, 0));
  return every_field_is_named<msg::KdcReqBody>(body, first, "Ticket", lines) &&
         every_field_is_named<msg::KdcReqBody>(body, second, "Ticket", lines) &&
         refuses<msg::KdcReqBody>(copy_of(body).set(vno + 2, 4).view(), errc::wrong_constant, vno, "Ticket",
                                  "tkt-vno") &&
         refuses<msg::KdcReqBody>(copy_of(body).set(name_type + 1, 0).view(), errc::bad_integer, name_type,
                                  "PrincipalName", "name-type") &&
         refuses<msg::KdcReqBody>(copy_of(body).set(second, 0x62).view(), errc::unexpected_tag, second, "KDC-REQ-BODY",
                                  "additional-tickets");
}
KERB_BOTH("KDC-REQ-BODY: a fault in any field of a nested Ticket is the Ticket's, where it stands",
          "[msg][rfc4120-5.4.1]", faults_in_an_additional_ticket);

constexpr bool request_faults() {
  constexpr field_line lines[] = {
      {1, "pvno", true}, {2, "msg-type", true}, {3, "padata", false}, {4, "req-body", true}};
  return every_field_is_named<msg::AsReq>(as_req, 0, "AS-REQ", lines) &&
         every_field_is_named<msg::TgsReq>(tgs_req, 0, "TGS-REQ", lines);
}
KERB_BOTH("KDC-REQ: a fault in any field is named, under the request's own name", "[msg][rfc4120-5.4.1]",
          request_faults);

constexpr bool labels_agree() {
  const std::size_t type = contents_at(as_req, field_at(as_req, 0, 2));
  return refuses<msg::AsReq>(tgs_req, errc::unexpected_tag, 0, "AS-REQ", "") &&
         refuses<msg::TgsReq>(as_req, errc::unexpected_tag, 0, "TGS-REQ", "") &&
         refuses<msg::AsReq>(copy_of(as_req).set(type + 2, 12).view(), errc::wrong_constant, type, "AS-REQ",
                             "msg-type") &&
         refuses<msg::TgsReq>(copy_of(as_req).set(0, 0x6c).view(), errc::wrong_constant, type, "TGS-REQ", "msg-type") &&
         refuses<msg::AsReq>(copy_of(tgs_req).set(0, 0x6a).view(), errc::wrong_constant, type, "AS-REQ", "msg-type") &&
         asn1::decode<msg::TgsReq>(copy_of(as_req).set(0, 0x6c).set(type + 2, 12).view());
}
KERB_BOTH("KDC-REQ: a request labelled as another is refused", "[msg][rfc4120-5.4.1]", labels_agree);

constexpr bool version_five() {
  const std::size_t at = contents_at(as_req, field_at(as_req, 0, 1)),
                    rep = contents_at(tgs_rep, field_at(tgs_rep, 0, 0));
  return refuses<msg::AsReq>(copy_of(as_req).set(at + 2, 4).view(), errc::wrong_constant, at, "AS-REQ", "pvno") &&
         refuses<msg::AsReq>(copy_of(as_req).set(at + 2, 6).view(), errc::wrong_constant, at, "AS-REQ", "pvno") &&
         refuses<msg::TgsRep>(copy_of(tgs_rep).set(rep + 2, 4).view(), errc::wrong_constant, rep, "TGS-REP", "pvno");
}
KERB_BOTH("KDC-REQ and KDC-REP: pvno is 5", "[msg][rfc4120-5.4.1]", version_five);

constexpr bool the_body_is_kept() {
  const auto r = asn1::decode<msg::TgsReq>(tgs_req);
  return r->req_body.octets() == body && r->req_body.octets().data() == tgs_req.data() + (tgs_req.size() - body.size());
}
KERB_BOTH("TGS-REQ: the body's octets are those that came, for the checksum over them", "[msg][rfc4120-5.4.1]",
          the_body_is_kept);

constexpr bool a_short_kdc_options_survives_in_the_body() {
  // 29 bits of options; what a checksum covers must not be filled up on the way
  const std::size_t at = contents_at(tgs_req, contents_at(tgs_req, contents_at(tgs_req, field_at(tgs_req, 0, 4))));
  const auto odd = copy_of(tgs_req).set(at + 2, 3).set(at + 6, 0x90);
  const auto r = asn1::decode<msg::TgsReq>(odd.view());
  std::array<std::uint8_t, 600> buffer{};
  const auto out = r ? asn1::encode(*r, buffer) : result<bytes_view>(r.error());
  return out && *out == odd.view() && r->req_body->kdc_options.bits == 0xfedcba90u &&
         refuses<msg::TgsReq>(odd.view(), errc::bad_flags, at, "KDC-REQ-BODY", "kdc-options", der::strict);
}
KERB_BOTH("TGS-REQ: a body that only a tolerance lets in goes out as it came", "[msg][tolerance][rfc4120-5.2.8]",
          a_short_kdc_options_survives_in_the_body);

constexpr bool a_signed_nonce() {
  // as Heimdal 7.8's client writes it; the reply must carry the same 32 bits
  constexpr bytes_view in = reference("EncTGSRepPart: enc_kdc_rep_part");
  const std::size_t nonce = contents_at(in, field_at(in, 0, 2)), asked = value_of(7);
  const auto rep = copy_of(in).set(nonce + 2, 0x87);
  const auto req = copy_of(body).set(asked + 2, 0x87);
  return kerb_test::must(asn1::decode<msg::KdcReqBody>(req.view())).nonce == 0xffffff87u &&
         kerb_test::must(asn1::decode<msg::EncTgsRepPart>(rep.view())).nonce == 0xffffff87u &&
         refuses<msg::KdcReqBody>(req.view(), errc::bad_integer, asked, "KDC-REQ-BODY", "nonce", der::strict) &&
         refuses<msg::EncTgsRepPart>(rep.view(), errc::bad_integer, nonce, "EncKDCRepPart", "nonce", der::strict);
}
KERB_BOTH("KDC messages: a negative nonce is tolerated modulo 2^32, and refused by strict rules",
          "[msg][tolerance][rfc4120-5.4.1]", a_signed_nonce);

constexpr bool checksum_sees_the_body() {
  // the padata stands in front of the body, is written after it, and is made of the body's octets
  const auto r = kerb_test::must(asn1::decode<msg::TgsReq>(tgs_req));
  const msg::KdcReqBody plain = r.req_body.value();
  bytes_view where;
  std::size_t seen = 0;
  const auto digest = asn1::computed{[&](der::writer& w) {
    seen = where.size();
    std::uint8_t sum = 0;
    for (std::uint8_t b : where) sum = static_cast<std::uint8_t>(sum + b);
    der::wrap(w, der::sequence, [&] {
      const std::array<std::uint8_t, 1> octets{sum};
      asn1::write(w, msg::PaData{padata_t::tgs_req, octets});
    });
  }};
  using computed_padata = std::remove_const_t<decltype(digest)>;
  const msg::KdcReq<msg_t::tgs_req, computed_padata, asn1::noted<msg::KdcReqBody>> ours{digest, {plain, where}};
  std::array<std::uint8_t, 600> buffer{};
  const auto out = asn1::encode(ours, buffer);
  if (!out || seen != body.size() || out->size() != asn1::encoded_size(ours)) return false;
  const auto back = asn1::decode<msg::TgsReq>(*out, der::strict);
  if (!back || !(back->req_body.octets() == body) || back->padata->size() != 1) return false;
  std::uint8_t sum = 0;
  for (std::uint8_t b : body) sum = static_cast<std::uint8_t>(sum + b);
  const msg::PaData p = *back->padata->begin();
  return p.padata_value.size() == 1 && p.padata_value[0] == sum;
}
KERB_BOTH("TGS-REQ: what is computed in the padata sees the body's octets", "[msg][rfc4120-5.4.1]",
          checksum_sees_the_body);

constexpr bool no_padata_and_none() {
  const auto r = kerb_test::must(asn1::decode<msg::AsReq>(reference("AS-REQ: as_req(optionals NULL except server)")));
  auto empty = r;
  empty.padata.emplace();
  return !r.padata && asn1::encoded_size(empty) == asn1::encoded_size(r) + 4;
}
KERB_BOTH("AS-REQ: no padata and an empty list are not the same", "[msg][rfc4120-5.4.1]", no_padata_and_none);

constexpr bool reply_faults() {
  constexpr field_line lines[] = {{0, "pvno", true},  {1, "msg-type", true}, {2, "padata", false}, {3, "crealm", true},
                                  {4, "cname", true}, {5, "ticket", true},   {6, "enc-part", true}};
  const std::size_t type = contents_at(tgs_rep, field_at(tgs_rep, 0, 1));
  return every_field_is_named<msg::TgsRep>(tgs_rep, 0, "TGS-REP", lines) &&
         refuses<msg::AsRep>(tgs_rep, errc::unexpected_tag, 0, "AS-REP", "") &&
         refuses<msg::AsRep>(copy_of(tgs_rep).set(0, 0x6b).view(), errc::wrong_constant, type, "AS-REP", "msg-type");
}
KERB_BOTH("KDC-REP: a fault in any field is named; a TGS-REP is no AS-REP", "[msg][rfc4120-5.4.2]", reply_faults);

constexpr bool the_ticket_is_kept() {
  const auto r = kerb_test::must(asn1::decode<msg::TgsRep>(tgs_rep));
  return r.ticket.octets() == reference("Ticket: ticket") && r.ticket->realm == "ATHENA.MIT.EDU";
}
KERB_BOTH("KDC-REP: the ticket goes on as the KDC wrote it", "[msg][rfc4120-5.4.2]", the_ticket_is_kept);

template <class Part>
constexpr bool under_both_tags(std::uint8_t own) {
  constexpr bytes_view in = reference("EncTGSRepPart: enc_kdc_rep_part");
  const auto as_24 = copy_of(in).set(0, 0x78), as_25 = copy_of(in).set(0, 0x79), as_26 = copy_of(in).set(0, 0x7a),
             as_27 = copy_of(in).set(0, 0x7b), written = copy_of(in).set(0, own);
  for (const bytes_view v : {as_25.view(), as_26.view()}) {
    const auto p = asn1::decode<Part>(v, der::strict);
    std::array<std::uint8_t, 400> buffer{};
    if (!p || p->nonce != 42 || !(kerb_test::must(asn1::encode(*p, buffer)) == written.view())) return false;
  }
  return refuses<Part>(as_24.view(), errc::unexpected_tag, 0, "EncKDCRepPart", "") &&
         refuses<Part>(as_27.view(), errc::unexpected_tag, 0, "EncKDCRepPart", "");
}
constexpr bool as_part_under_both_tags() { return under_both_tags<msg::EncAsRepPart>(0x79); }
constexpr bool tgs_part_under_both_tags() { return under_both_tags<msg::EncTgsRepPart>(0x7a); }
KERB_BOTH("EncASRepPart: read under APPLICATION 25 and 26, written under 25", "[msg][tolerance][rfc4120-5.4.2]",
          as_part_under_both_tags);
KERB_BOTH("EncTGSRepPart: read under APPLICATION 26 and 25, written under 26", "[msg][tolerance][rfc4120-5.4.2]",
          tgs_part_under_both_tags);

constexpr bool reply_part_faults() {
  constexpr bytes_view in = reference("EncTGSRepPart: enc_kdc_rep_part");
  constexpr field_line lines[] = {
      {0, "key", true},         {1, "last-req", true}, {2, "nonce", true},      {3, "key-expiration", false},
      {4, "flags", true},       {5, "authtime", true}, {6, "starttime", false}, {7, "endtime", true},
      {8, "renew-till", false}, {9, "srealm", true},   {10, "sname", true},     {11, "caddr", false}};
  return every_field_is_named<msg::EncTgsRepPart>(in, 0, "EncKDCRepPart", lines);
}
KERB_BOTH("EncKDCRepPart: a fault in any field is named", "[msg][rfc4120-5.4.2]", reply_part_faults);

}  // namespace
