// The AP messages.
#include <kerb/asn1/payload.hpp>
#include <kerb/msg/ap.hpp>

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

constexpr bytes_view req = reference("AP-REQ: ap_req");
constexpr bytes_view rep = reference("AP-REP: ap_rep");
constexpr bytes_view authenticator = reference("Authenticator: authenticator");
constexpr bytes_view part = reference("EncAPRepPart: ap_rep_enc_part(optionals NULL)");

constexpr bool request_faults() {
  constexpr field_line lines[] = {{0, "pvno", true},
                                  {1, "msg-type", true},
                                  {2, "ap-options", true},
                                  {3, "ticket", true},
                                  {4, "authenticator", true}};
  return every_field_is_named<msg::ApReq>(req, 0, "AP-REQ", lines);
}
KERB_BOTH("AP-REQ: a fault in any field is named", "[msg][rfc4120-5.5.1]", request_faults);

constexpr bool reply_faults() {
  constexpr field_line lines[] = {{0, "pvno", true}, {1, "msg-type", true}, {2, "enc-part", true}};
  constexpr field_line inside[] = {{0, "ctime", true}, {1, "cusec", true}};
  return every_field_is_named<msg::ApRep>(rep, 0, "AP-REP", lines) &&
         every_field_is_named<msg::EncApRepPart>(part, 0, "EncAPRepPart", inside);
}
KERB_BOTH("AP-REP and EncAPRepPart: a fault in any field is named", "[msg][rfc4120-5.5.2]", reply_faults);

constexpr bool authenticator_faults() {
  constexpr field_line lines[] = {{0, "authenticator-vno", true},
                                  {1, "crealm", true},
                                  {2, "cname", true},
                                  {3, "cksum", false},
                                  {4, "cusec", true},
                                  {5, "ctime", true},
                                  {6, "subkey", false},
                                  {7, "seq-number", false},
                                  {8, "authorization-data", false}};
  return every_field_is_named<msg::Authenticator>(authenticator, 0, "Authenticator", lines);
}
KERB_BOTH("Authenticator: a fault in any field is named", "[msg][rfc4120-5.5.1]", authenticator_faults);

constexpr bool constants() {
  const std::size_t pvno = contents_at(req, field_at(req, 0, 0)), type = contents_at(req, field_at(req, 0, 1));
  const std::size_t vno = contents_at(authenticator, field_at(authenticator, 0, 0)),
                    rep_type = contents_at(rep, field_at(rep, 0, 1));
  return refuses<msg::ApReq>(copy_of(req).set(pvno + 2, 4).view(), errc::wrong_constant, pvno, "AP-REQ", "pvno") &&
         refuses<msg::ApReq>(copy_of(req).set(type + 2, 15).view(), errc::wrong_constant, type, "AP-REQ", "msg-type") &&
         refuses<msg::ApRep>(copy_of(rep).set(rep_type + 2, 14).view(), errc::wrong_constant, rep_type, "AP-REP",
                             "msg-type") &&
         refuses<msg::Authenticator>(copy_of(authenticator).set(vno + 2, 4).view(), errc::wrong_constant, vno,
                                     "Authenticator", "authenticator-vno") &&
         refuses<msg::ApRep>(req, errc::unexpected_tag, 0, "AP-REP", "") &&
         refuses<msg::ApReq>(rep, errc::unexpected_tag, 0, "AP-REQ", "");
}
KERB_BOTH("AP messages: versions and types are what they must be", "[msg][rfc4120-5.5]", constants);

constexpr bool microsecond_range() {
  const std::size_t at = contents_at(authenticator, field_at(authenticator, 0, 4));  // 02 03 01 e2 40
  const auto limit = copy_of(authenticator).set(at + 2, 0x0f).set(at + 3, 0x42).set(at + 4, 0x3f);
  const auto above = copy_of(authenticator).set(at + 2, 0x0f).set(at + 3, 0x42).set(at + 4, 0x40);
  const auto below = copy_of(authenticator).set(at + 2, 0xff).set(at + 3, 0x00).set(at + 4, 0x00);
  return kerb_test::must(asn1::decode<msg::Authenticator>(limit.view())).cusec.count == 999999 &&
         refuses<msg::Authenticator>(above.view(), errc::bad_integer, at, "Authenticator", "cusec") &&
         refuses<msg::Authenticator>(below.view(), errc::bad_integer, at, "Authenticator", "cusec");
}
KERB_BOTH("Authenticator: cusec is 0 to 999999", "[msg][rfc4120-5.2.4]", microsecond_range);

constexpr bool old_sequence_numbers() {
  const std::size_t at = contents_at(authenticator, field_at(authenticator, 0, 7));
  const auto negative = copy_of(authenticator).set(at + 2, 0x80);
  const auto r = asn1::decode<msg::Authenticator>(negative.view());
  return r && r->seq_number == 0xffffff80u &&
         refuses<msg::Authenticator>(negative.view(), errc::bad_integer, at, "Authenticator", "seq-number",
                                     der::strict);
}
KERB_BOTH("Authenticator: a negative seq-number is tolerated modulo 2^32, and refused by strict rules",
          "[msg][tolerance][rfc4120-5.5.1]", old_sequence_numbers);

constexpr bool the_ticket_goes_as_it_came() {
  constexpr bytes_view ticket = reference("Ticket: ticket");
  const auto r = kerb_test::must(asn1::decode<msg::ApReq>(req));
  const msg::ApReq ours{r.ap_options, captured<msg::Ticket>::as_sent(ticket), r.authenticator};
  return r.ticket.octets() == ticket && kerb_test::both_ways(ours, req);
}
KERB_BOTH("AP-REQ: the ticket is written as the KDC sent it", "[msg][rfc4120-5.5.1]", the_ticket_goes_as_it_came);

constexpr bool computed_authenticator() {
  const auto r = kerb_test::must(asn1::decode<msg::ApReq>(req));
  const auto sealed = asn1::computed{[&](der::writer& w) { asn1::write(w, r.authenticator); }};
  const msg::BasicApReq<std::remove_const_t<decltype(sealed)>> ours{r.ap_options, r.ticket, sealed};
  std::array<std::uint8_t, 200> buffer{};
  const auto out = asn1::encode(ours, buffer);
  return out && *out == req;
}
KERB_BOTH("AP-REQ: the authenticator may be computed while it is written", "[msg][rfc4120-5.5.1]",
          computed_authenticator);

constexpr bool mutual_options() {
  msg::ApOptions o{ap_option_t::mutual_required};
  return o.bits == 0x20000000u && !o.has(ap_option_t::use_session_key);
}
KERB_BOTH("AP-REQ: mutual-required is bit 2", "[msg][rfc4120-5.5.1]", mutual_options);

constexpr bool reply_part_options() {
  constexpr std::array<std::uint8_t, 2> two{1, 2};
  const msg::EncApRepPart full{{1000}, {5}, msg::EncryptionKey{etype_t::rc4_hmac, two}, 0xffffffffu};
  std::array<std::uint8_t, 100> buffer{};
  const auto out = asn1::encode(full, buffer);
  const auto back = asn1::decode<msg::EncApRepPart>(*out, der::strict);
  return back && back->subkey && back->subkey->keyvalue == bytes_view(two) && back->seq_number == 0xffffffffu &&
         back->ctime == kerberos_time{1000} && back->cusec.count == 5;
}
KERB_BOTH("EncAPRepPart: a subkey and a sequence number come back", "[msg][rfc4120-5.5.2]", reply_part_options);

}  // namespace
