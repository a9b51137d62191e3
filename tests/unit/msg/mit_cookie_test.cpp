// The cookies of the KDC of MIT krb5.
#include <kerb/msg/mit_cookie.hpp>

#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::reference;
using kerb_test::refuses;

namespace {

constexpr bool is_text(bytes_view octets, std::string_view text) { return kerberos_string{octets} == text; }

constexpr bool cookies() {
  constexpr bytes_view in = reference("SecureCookie: secure_cookie");
  const auto c = kerb_test::must(asn1::decode<msg::SecureCookie>(in, der::strict));
  return c.time == 771228197 && c.data.size() == 2 && is_text((*c.data.begin()).padata_value, "pa-data") &&
         both_ways(c, in);
}
KERB_BOTH("reference: SecureCookie", "[msg]", cookies);

constexpr bool faults() {
  const auto later = "300c020101300004056c61746572"_hex;
  return refuses<msg::SecureCookie>("30023000"_hex, errc::missing_field, 2, "SecureCookie", "time") &&
         refuses<msg::SecureCookie>("3003020101"_hex, errc::missing_field, 5, "SecureCookie", "data") &&
         kerb_test::must(asn1::decode<msg::SecureCookie>(later)).extensions.der.size() == 7;
}
KERB_BOTH("SecureCookie: a fault in any field is named, later fields are kept", "[msg]", faults);

}  // namespace
