// User-to-user messages of GSS-API.
#include <kerb/msg/u2u.hpp>

#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::every_field_is_named;
using kerb_test::field_line;
using kerb_test::reference;
using kerb_test::refuses;

namespace {

constexpr std::array<kerberos_string, 1> u{"u"_krb};
constexpr msg::PrincipalName user{name_t::principal, u};

constexpr bool requests() {
  const auto least = "300aa003020105a103020110"_hex;
  const auto full = "301fa003020105a103020110a20e300ca003020101a10530031b0175a3031b0152"_hex;
  constexpr field_line lines[] = {
      {0, "pvno", true}, {1, "msg-type", true}, {2, "server-name", false}, {3, "realm", false}};
  return both_ways(msg::KerbTgtRequest{}, least) && both_ways(msg::KerbTgtRequest{user, "R"_krb}, full) &&
         every_field_is_named<msg::KerbTgtRequest>(full, 0, "KERB-TGT-REQUEST", lines);
}
KERB_BOTH("KERB-TGT-REQUEST: comes back, and a fault in any field is named", "[msg]", requests);

constexpr bool replies() {
  constexpr bytes_view ticket = reference("Ticket: ticket");
  std::array<std::uint8_t, 200> buffer{};
  const auto out = asn1::encode(msg::KerbTgtReply{captured<msg::Ticket>::as_sent(ticket)}, buffer);
  const auto r = asn1::decode<msg::KerbTgtReply>(*out, der::strict);
  constexpr field_line lines[] = {{0, "pvno", true}, {1, "msg-type", true}, {2, "ticket", true}};
  return r && r->ticket.octets() == ticket && r->ticket->realm == "ATHENA.MIT.EDU" && both_ways(*r, *out) &&
         every_field_is_named<msg::KerbTgtReply>(*out, 0, "KERB-TGT-REPLY", lines) &&
         refuses<msg::KerbTgtReply>("300aa003020105a103020110"_hex, errc::wrong_constant, 9, "KERB-TGT-REPLY",
                                    "msg-type");
}
KERB_BOTH("KERB-TGT-REPLY: the ticket goes as it came", "[msg]", replies);

}  // namespace
