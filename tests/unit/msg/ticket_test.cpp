// Tickets.
#include <kerb/asn1/payload.hpp>
#include <kerb/msg/ticket.hpp>

#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::contents_at;
using kerb_test::copy_of;
using kerb_test::every_field_is_named;
using kerb_test::field_at;
using kerb_test::reference;
using kerb_test::refuses;

namespace {

constexpr bytes_view ticket = reference("Ticket: ticket");
constexpr bytes_view part = reference("EncTicketPart: enc_tkt_part(optionals NULL)");

constexpr bool ticket_faults() {
  constexpr kerb_test::field_line lines[] = {
      {0, "tkt-vno", true}, {1, "realm", true}, {2, "sname", true}, {3, "enc-part", true}};
  return every_field_is_named<msg::Ticket>(ticket, 0, "Ticket", lines);
}
KERB_BOTH("Ticket: a fault in any field is named", "[msg][rfc4120-5.3]", ticket_faults);

constexpr bool version_five() {
  const std::size_t at = contents_at(ticket, field_at(ticket, 0, 0));
  for (unsigned v : {0u, 1u, 4u, 6u, 0x85u, 0xffu})
    if (!refuses<msg::Ticket>(copy_of(ticket).set(at + 2, v).view(), errc::wrong_constant, at, "Ticket", "tkt-vno"))
      return false;
  return true;
}
KERB_BOTH("Ticket: of another version than 5 is refused", "[msg][rfc4120-5.3]", version_five);

constexpr bool another_application() {
  for (unsigned t : {0x60u, 0x62u, 0x63u, 0x6eu, 0x30u, 0x41u})
    if (!refuses<msg::Ticket>(copy_of(ticket).set(0, t).view(), errc::unexpected_tag, 0, "Ticket", "")) return false;
  return true;
}
KERB_BOTH("Ticket: is APPLICATION 1 and nothing else", "[msg][rfc4120-5.3]", another_application);

constexpr bool enc_part_computed() {
  // a ticket that is sealed while it is written: the same shape, another member
  const auto sealed = asn1::computed{
      [](der::writer& w) { asn1::write(w, kerb_test::must(asn1::decode<msg::Ticket>(ticket)).enc_part); }};
  const auto t = kerb_test::must(asn1::decode<msg::Ticket>(ticket));
  const msg::BasicTicket<std::remove_const_t<decltype(sealed)>> ours{t.realm, t.sname, sealed};
  std::array<std::uint8_t, 128> buffer{};
  const auto out = asn1::encode(ours, buffer);
  return out && *out == ticket;
}
KERB_BOTH("Ticket: its enc-part may be computed while it is written", "[msg][rfc4120-5.3]", enc_part_computed);

constexpr bool part_faults() {
  constexpr kerb_test::field_line lines[] = {{0, "flags", true},  {1, "key", true},       {2, "crealm", true},
                                             {3, "cname", true},  {4, "transited", true}, {5, "authtime", true},
                                             {7, "endtime", true}};
  return every_field_is_named<msg::EncTicketPart>(part, 0, "EncTicketPart", lines);
}
KERB_BOTH("EncTicketPart: a fault in any field is named", "[msg][rfc4120-5.3]", part_faults);

constexpr bool nested_faults() {
  const std::size_t transited = contents_at(part, field_at(part, 0, 4)), key = contents_at(part, field_at(part, 0, 1));
  const std::size_t tr_type = contents_at(part, field_at(part, transited, 0));
  const std::size_t keyvalue = contents_at(part, field_at(part, key, 1));
  const std::size_t endtime = contents_at(part, field_at(part, 0, 7)), flags = contents_at(part, field_at(part, 0, 0));
  return refuses<msg::EncTicketPart>(copy_of(part).set(tr_type, 4).view(), errc::unexpected_tag, tr_type,
                                     "TransitedEncoding", "tr-type") &&
         refuses<msg::EncTicketPart>(copy_of(part).set(keyvalue, 3).view(), errc::unexpected_tag, keyvalue,
                                     "EncryptionKey", "keyvalue") &&
         refuses<msg::EncTicketPart>(copy_of(part).set(endtime + 6, '3').view(), errc::bad_time, endtime,
                                     "EncTicketPart", "endtime") &&
         refuses<msg::EncTicketPart>(copy_of(part).set(flags + 2, 8).view(), errc::bad_flags, flags, "EncTicketPart",
                                     "flags");
}
KERB_BOTH("EncTicketPart: a fault inside a field is named, and where it is", "[msg][rfc4120-5.3]", nested_faults);

constexpr bool all_of_it() {
  const std::array<kerberos_string, 1> u{"u"_krb};
  const std::array<std::uint8_t, 4> four{1, 2, 3, 4};
  const std::array<msg::HostAddress, 1> home{{{addr_t::ipv4, four}}};
  const std::array<msg::AuthorizationDataElement, 2> data{{{ad_t::if_relevant, four}, {ad_t::win2k_pac, {}}}};
  const msg::EncTicketPart v{.flags = {ticket_flag_t::forwardable, ticket_flag_t::initial},
                             .key = {etype_t::aes128_cts_hmac_sha1_96, four},
                             .crealm = "EX.ORG"_krb,
                             .cname = {name_t::principal, u},
                             .transited = {tr_t::domain_x500_compress, {}},
                             .authtime = {1000},
                             .starttime = kerberos_time{1001},
                             .endtime = {2000},
                             .renew_till = kerberos_time{3000},
                             .caddr = home,
                             .authorization_data = data};
  std::array<std::uint8_t, 400> buffer{};
  const auto out = asn1::encode(v, buffer);
  const auto back = asn1::decode<msg::EncTicketPart>(*out, der::strict);
  return back && back->flags == v.flags && back->starttime == v.starttime && back->renew_till == v.renew_till &&
         back->caddr->size() == 1 && (*back->caddr->begin()).address == bytes_view(four) &&
         back->authorization_data->size() == 2 && same_name(back->cname, v.cname) && back->transited.contents.empty();
}
KERB_BOTH("EncTicketPart: with every field it comes back", "[msg][rfc4120-5.3]", all_of_it);

}  // namespace
