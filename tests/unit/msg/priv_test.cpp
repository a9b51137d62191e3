// KRB-PRIV.
#include <kerb/msg/priv.hpp>

#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::every_field_is_named;
using kerb_test::field_line;
using kerb_test::reference;

namespace {

constexpr bool is_text(bytes_view octets, std::string_view text) { return kerberos_string{octets} == text; }
constexpr kerberos_time when{771228197};  // 19940610060317Z

constexpr bool sealed() {
  constexpr bytes_view in = reference("KRB-PRIV: priv");
  const auto p = kerb_test::must(asn1::decode<msg::KrbPriv>(in, der::strict));
  return static_cast<int>(p.enc_part.etype) == 0 && p.enc_part.kvno == 5u &&
         is_text(p.enc_part.cipher, "krbASN.1 test message") && both_ways(p, in);
}
KERB_BOTH("reference: KRB-PRIV", "[msg][rfc4120-5.7.1]", sealed);

constexpr bytes_view full = reference("EncKrbPrivPart: enc_priv_part");

constexpr bool parts() {
  constexpr bytes_view least = reference("EncKrbPrivPart: enc_priv_part(optionals NULL)");
  const auto p = kerb_test::must(asn1::decode<msg::EncKrbPrivPart>(full, der::strict));
  const auto l = kerb_test::must(asn1::decode<msg::EncKrbPrivPart>(least, der::strict));
  return is_text(p.user_data, "krb5data") && p.timestamp == when && p.usec == microseconds{123456} &&
         p.seq_number == 17u && p.s_address.address.size() == 4 && p.r_address && both_ways(p, full) && !l.timestamp &&
         !l.usec && !l.seq_number && !l.r_address && both_ways(l, least);
}
KERB_BOTH("reference: EncKrbPrivPart", "[msg][rfc4120-5.7.1]", parts);

constexpr bool faults() {
  constexpr field_line lines[] = {{0, "pvno", true}, {1, "msg-type", true}, {3, "enc-part", true}};
  constexpr field_line inside[] = {{0, "user-data", true},   {1, "timestamp", false}, {2, "usec", false},
                                   {3, "seq-number", false}, {4, "s-address", true},  {5, "r-address", false}};
  return every_field_is_named<msg::KrbPriv>(reference("KRB-PRIV: priv"), 0, "KRB-PRIV", lines) &&
         every_field_is_named<msg::EncKrbPrivPart>(full, 0, "EncKrbPrivPart", inside);
}
KERB_BOTH("KRB-PRIV and EncKrbPrivPart: a fault in any field is named", "[msg][rfc4120-5.7.1]", faults);

}  // namespace
