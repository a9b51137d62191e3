// IAKERB.
#include <kerb/msg/iakerb.hpp>

#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::every_field_is_named;
using kerb_test::field_line;
using kerb_test::reference;
using kerb_test::refuses;

namespace {

constexpr bool is_text(bytes_view octets, std::string_view text) { return kerberos_string{octets} == text; }

constexpr bool headers() {
  constexpr bytes_view in = reference("IAKERB-HEADER: iakerb_header");
  const auto h = kerb_test::must(asn1::decode<msg::IakerbHeader>(in, der::strict));
  constexpr field_line lines[] = {{1, "target-realm", true}, {2, "cookie", false}};
  return is_text(h.target_realm.octets, "krb5data") && h.cookie && is_text(*h.cookie, "krb5data") && both_ways(h, in) &&
         every_field_is_named<msg::IakerbHeader>(in, 0, "IAKERB-HEADER", lines);
}
KERB_BOTH("reference: IAKERB-HEADER", "[msg]", headers);

constexpr bool realms() {
  const auto utf8 = "3008a1060c0441004243"_hex, old = "3008a106040441004243"_hex;
  return refuses<msg::IakerbHeader>(utf8, errc::bad_realm, 4, "IAKERB-HEADER", "target-realm") &&
         refuses<msg::IakerbHeader>(old, errc::bad_realm, 4, "IAKERB-HEADER", "target-realm");
}
KERB_BOTH("iakerb: a realm with the octet 0 is refused in either form", "[msg][rfc4120-5.2.2]", realms);

constexpr bool finished() {
  constexpr bytes_view in = reference("IAKERB-FINISHED: iakerb_finished");
  const auto f = kerb_test::must(asn1::decode<msg::IakerbFinished>(in, der::strict));
  constexpr field_line lines[] = {{1, "iakerb-messages", true}};
  return is_text(f.iakerb_messages.checksum, "1234") && both_ways(f, in) &&
         every_field_is_named<msg::IakerbFinished>(in, 0, "IAKERB-FINISHED", lines);
}
KERB_BOTH("reference: IAKERB-FINISHED", "[msg]", finished);

}  // namespace
