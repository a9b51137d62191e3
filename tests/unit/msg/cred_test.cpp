// KRB-CRED.
#include <kerb/msg/cred.hpp>

#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::every_field_is_named;
using kerb_test::field_line;
using kerb_test::reference;

namespace {

constexpr bool is_text(bytes_view octets, std::string_view text) { return kerberos_string{octets} == text; }
constexpr kerberos_time when{771228197};  // 19940610060317Z

constexpr bytes_view cred = reference("KRB-CRED: cred");
constexpr bytes_view full = reference("EncKrbCredPart: enc_cred_part");
constexpr bytes_view least = reference("EncKrbCredPart: enc_cred_part(optionals NULL)");

constexpr bool tickets() {
  constexpr bytes_view ticket = reference("Ticket: ticket");
  const auto c = kerb_test::must(asn1::decode<msg::KrbCred>(cred, der::strict));
  for (auto t = c.tickets.begin(); t != c.tickets.end(); ++t)
    if (!(t.octets() == ticket) || !((*t).realm == "ATHENA.MIT.EDU")) return false;
  return c.tickets.size() == 2 && is_text(c.enc_part.cipher, "krbASN.1 test message") && both_ways(c, cred);
}
KERB_BOTH("reference: KRB-CRED, its tickets as they were sent", "[msg][rfc4120-5.8.1]", tickets);

constexpr bool full_part() {
  const auto p = kerb_test::must(asn1::decode<msg::EncKrbCredPart>(full, der::strict));
  for (const msg::KrbCredInfo& i : p.ticket_info) {
    if (!is_text(i.key.keyvalue, "12345678") || !i.prealm || !(*i.prealm == "ATHENA.MIT.EDU") || !i.pname ||
        i.pname->name_string.size() != 2 || !i.flags || i.flags->bits != 0xfedcba98u || i.authtime != when ||
        i.starttime != when || i.endtime != when || i.renew_till != when || !i.srealm || !i.sname || !i.caddr ||
        i.caddr->size() != 2) {
      return false;
    }
  }
  return p.ticket_info.size() == 2 && p.nonce == 42u && p.timestamp == when && p.usec == microseconds{123456} &&
         p.s_address && p.r_address && both_ways(p, full);
}
KERB_BOTH("reference: EncKrbCredPart", "[msg][rfc4120-5.8.1]", full_part);

constexpr bool least_part() {
  const auto p = kerb_test::must(asn1::decode<msg::EncKrbCredPart>(least, der::strict));
  const msg::KrbCredInfo i = *p.ticket_info.begin();
  return p.ticket_info.size() == 2 && !p.nonce && !p.timestamp && !p.usec && !p.s_address && !p.r_address &&
         !i.prealm && !i.pname && !i.flags && !i.caddr &&
         both_ways(i, "3015a0133011a003020101a10a04083132333435363738"_hex) && both_ways(p, least);
}
KERB_BOTH("reference: EncKrbCredPart without what is optional", "[msg][rfc4120-5.8.1]", least_part);

constexpr bool faults() {
  constexpr field_line lines[] = {
      {0, "pvno", true}, {1, "msg-type", true}, {2, "tickets", true}, {3, "enc-part", true}};
  constexpr field_line inside[] = {{1, "nonce", false},
                                   {2, "timestamp", false},
                                   {3, "usec", false},
                                   {4, "s-address", false},
                                   {5, "r-address", false}};
  return every_field_is_named<msg::KrbCred>(cred, 0, "KRB-CRED", lines) &&
         every_field_is_named<msg::EncKrbCredPart>(full, 0, "EncKrbCredPart", inside);
}
KERB_BOTH("KRB-CRED and EncKrbCredPart: a fault in any field is named", "[msg][rfc4120-5.8.1]", faults);

}  // namespace
