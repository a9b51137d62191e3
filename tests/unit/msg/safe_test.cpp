// KRB-SAFE.
#include <kerb/msg/safe.hpp>

#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::every_field_is_named;
using kerb_test::field_line;
using kerb_test::reference;

namespace {

constexpr bool is_text(bytes_view octets, std::string_view text) { return kerberos_string{octets} == text; }
constexpr kerberos_time when{771228197};  // 19940610060317Z

constexpr bytes_view full = reference("KRB-SAFE: safe");
constexpr bytes_view least = reference("KRB-SAFE: safe(optionals NULL)");

constexpr bool values() {
  const auto s = kerb_test::must(asn1::decode<msg::KrbSafe>(full, der::strict));
  const msg::KrbSafeBody& b = s.safe_body.value();
  return is_text(b.user_data, "krb5data") && b.timestamp == when && b.usec == microseconds{123456} &&
         b.seq_number == 17u && b.s_address.addr_type == addr_t::ipv4 && b.s_address.address.size() == 4 &&
         b.r_address && b.r_address->address == b.s_address.address && static_cast<int>(s.cksum.cksumtype) == 1 &&
         is_text(s.cksum.checksum, "1234") && both_ways(s, full);
}
KERB_BOTH("reference: KRB-SAFE", "[msg][rfc4120-5.6.1]", values);

constexpr bool least_values() {
  const auto s = kerb_test::must(asn1::decode<msg::KrbSafe>(least, der::strict));
  const msg::KrbSafeBody& b = s.safe_body.value();
  return !b.timestamp && !b.usec && !b.seq_number && !b.r_address && both_ways(s, least) &&
         both_ways(msg::KrbSafe{captured<msg::KrbSafeBody>::of(b), s.cksum}, least);
}
KERB_BOTH("reference: KRB-SAFE without what is optional", "[msg][rfc4120-5.6.1]", least_values);

constexpr bool faults() {
  constexpr field_line lines[] = {{0, "pvno", true}, {1, "msg-type", true}, {2, "safe-body", true}, {3, "cksum", true}};
  constexpr field_line inside[] = {{0, "user-data", true},   {1, "timestamp", false}, {2, "usec", false},
                                   {3, "seq-number", false}, {4, "s-address", true},  {5, "r-address", false}};
  const auto s = kerb_test::must(asn1::decode<msg::KrbSafe>(full, der::strict));
  return every_field_is_named<msg::KrbSafe>(full, 0, "KRB-SAFE", lines) &&
         every_field_is_named<msg::KrbSafeBody>(s.safe_body.octets(), 0, "KRB-SAFE-BODY", inside);
}
KERB_BOTH("KRB-SAFE: a fault in any field is named", "[msg][rfc4120-5.6.1]", faults);

constexpr bool the_checksum_left_out() {
  auto s = kerb_test::must(asn1::decode<msg::KrbSafe>(full, der::strict));
  s.cksum = {};
  std::array<std::uint8_t, 200> buffer{};
  const auto out = asn1::encode(s, buffer);
  const auto none = "a30b 3009a003020100a1020400"_hex;
  return out && out->size() == full.size() - 4 && out->last(13) == bytes_view(none) &&
         kerb_test::must(asn1::decode<msg::KrbSafe>(*out)).safe_body.octets() == s.safe_body.octets();
}
KERB_BOTH("KRB-SAFE: with a cksum of type zero and no octets the body stays as it was sent", "[msg][rfc4120-5.6.1]",
          the_checksum_left_out);

}  // namespace
