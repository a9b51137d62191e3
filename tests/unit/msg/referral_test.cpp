// Referrals and changed names.
#include <kerb/msg/referral.hpp>

#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::every_field_is_named;
using kerb_test::field_line;
using kerb_test::refuses;

namespace {

constexpr std::array<kerberos_string, 1> u{"u"_krb};
constexpr msg::PrincipalName user{name_t::principal, u};

constexpr bool as_windows_sends_it() {
  const auto in = "300aa0081b0645582e4f5247"_hex;
  return both_ways(msg::PaSvrReferralData{{}, "EX.ORG"_krb}, in);
}
KERB_BOTH("PA-SVR-REFERRAL-DATA: a realm alone", "[msg][rfc6806]", as_windows_sends_it);

constexpr bool in_its_own_order() {
  const auto whole = "3015a10e300ca003020101a10530031b0175a0031b0145"_hex;
  const auto turned = "3015a0031b0145a10e300ca003020101a10530031b0175"_hex;
  constexpr field_line lines[] = {{1, "referred-name", false}, {0, "referred-realm", true}};
  return both_ways(msg::PaSvrReferralData{user, "E"_krb}, whole) &&
         refuses<msg::PaSvrReferralData>(turned, errc::trailing_data, 7, "PA-SVR-REFERRAL-DATA", "") &&
         every_field_is_named<msg::PaSvrReferralData>(whole, 0, "PA-SVR-REFERRAL-DATA", lines);
}
KERB_BOTH("PA-SVR-REFERRAL-DATA: [1] stands before [0], and not the other way round", "[msg][rfc6806]",
          in_its_own_order);

constexpr bool draft_referrals() {
  const auto none = "3000"_hex;
  const auto in =
      "3049a0031b0145a10e300ca003020101a10530031b0175a20e300ca003020101a10530031b0175a311180f32303236303130313030303030305aa40f300da003020110a106040401020304"_hex;
  constexpr std::array<std::uint8_t, 4> sum{1, 2, 3, 4};
  const msg::ServerReferralData v{
      "E"_krb, user, user, kerberos_time{1767225600}, msg::Checksum{cksum_t::hmac_sha1_96_aes256, sum}, {}};
  constexpr field_line lines[] = {{0, "referred-realm", false},
                                  {1, "true-principal-name", false},
                                  {2, "requested-principal-name", false},
                                  {3, "referral-valid-until", false},
                                  {4, "rep-cksum", false}};
  return both_ways(msg::ServerReferralData{}, none) && both_ways(v, in) &&
         every_field_is_named<msg::ServerReferralData>(in, 0, "ServerReferralData", lines);
}
KERB_BOTH("ServerReferralData: comes back, with every field and with none", "[msg]", draft_referrals);

}  // namespace
