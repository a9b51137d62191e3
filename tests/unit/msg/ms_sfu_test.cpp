// Service for User.
#include <kerb/msg/ms_sfu.hpp>

#include "unit/msg/walk.hpp"
#include "unit/numbers/registry.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::every_field_is_named;
using kerb_test::field_line;

namespace {

constexpr std::array<std::uint8_t, 2> ab{0xaa, 0xbb};
constexpr std::array<kerberos_string, 1> u{"u"_krb};
constexpr msg::PrincipalName user{name_t::principal, u};

constexpr bool for_users() {
  const auto in =
      "3031a00e300ca00302010aa10530031b0175a1031b0152a20e300ca0040202ff76a1040402aabba30a1b084b65726265726f73"_hex;
  constexpr field_line lines[] = {
      {0, "userName", true}, {1, "userRealm", true}, {2, "cksum", true}, {3, "auth-package", true}};
  return both_ways(msg::PaForUser{{name_t::enterprise, u}, "R"_krb, {cksum_t::hmac_md5, ab}, "Kerberos"_krb}, in) &&
         every_field_is_named<msg::PaForUser>(in, 0, "PA-FOR-USER", lines);
}
KERB_BOTH("PA-FOR-USER: comes back, and a fault in any field is named", "[msg][ms-sfu]", for_users);

constexpr bool x509_users() {
  const auto in =
      "303ca02b3029a003020107a10e300ca003020101a10530031b0175a2031b0152a3040402aabba40703050020000000a10d300ba003020110a1040402aabb"_hex;
  const auto least = "300aa003020107a2031b0152"_hex;
  const msg::S4uUserId id{7, user, "R"_krb, bytes_view(ab), flags<s4u_option_t>{s4u_option_t::use_reply_key_usage}, {}};
  const auto r = asn1::decode<msg::PaS4uX509User>(in, der::strict);
  constexpr field_line lines[] = {{0, "nonce", true},
                                  {1, "cname", false},
                                  {2, "crealm", true},
                                  {3, "subject-certificate", false},
                                  {4, "options", false}};
  return both_ways(msg::PaS4uX509User{captured<msg::S4uUserId>::of(id), {static_cast<cksum_t>(16), ab}}, in) && r &&
         both_ways(id, r->user_id.octets()) && both_ways(msg::S4uUserId{7, {}, "R"_krb, {}, {}, {}}, least) &&
         every_field_is_named<msg::S4uUserId>(r->user_id.octets(), 0, "S4UUserID", lines);
}
KERB_BOTH("PA-S4U-X509-USER: comes back, the user-id as it was signed", "[msg][ms-sfu]", x509_users);

constexpr kerb_test::entry<s4u_option_t> s4u_option_t_registry[] = {
    {s4u_option_t::check_logonhours, 1, "check_logonhours"},
    {s4u_option_t::use_reply_key_usage, 2, "use_reply_key_usage"},
    {s4u_option_t::nt_auth_policy_not_required, 3, "nt_auth_policy_not_required"},
    {s4u_option_t::unconditional_delegation, 4, "unconditional_delegation"},
};
KERB_BOTH("s4u_option_t: S4U options have the registered numbers and names, no two the same", "[msg][ms-sfu]",
          (kerb_test::as_registered<s4u_option_t_registry>));
KERB_BOTH("s4u_option_t: a number without a name is a value like any other", "[msg][ms-sfu]",
          (kerb_test::is_open<s4u_option_t>));
TEST_CASE("s4u_option_t: nothing else has a name", "[msg][ms-sfu]") {
  CHECK(kerb_test::is_complete<s4u_option_t_registry>());
}

}  // namespace
