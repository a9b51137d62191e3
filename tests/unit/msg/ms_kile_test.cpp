// What Windows adds to Kerberos.
#include <kerb/msg/ms_kile.hpp>
#include <kerb/msg/ms_octets.hpp>

#include "unit/msg/walk.hpp"
#include "unit/numbers/registry.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::every_field_is_named;
using kerb_test::field_line;
using kerb_test::refuses;

namespace {

constexpr std::array<std::uint8_t, 2> ab{0xaa, 0xbb};
constexpr std::array<kerberos_string, 1> u{"u"_krb};
constexpr msg::PrincipalName user{name_t::principal, u};

constexpr bool pac_requests() {
  const auto yes = "3005a0030101ff"_hex;
  const auto no = "3005a003010100"_hex;
  return both_ways(msg::KerbPaPacRequest{true}, yes) && both_ways(msg::KerbPaPacRequest{false}, no) &&
         refuses<msg::KerbPaPacRequest>("3005a003010101"_hex, errc::bad_boolean, 4, "KERB-PA-PAC-REQUEST",
                                        "include-pac");
}
KERB_BOTH("KERB-PA-PAC-REQUEST: TRUE is ff, and nothing else", "[msg][ms-kile]", pac_requests);

constexpr bool pac_options() {
  const auto in = "3009a00703050050000000"_hex;
  const msg::PaPacOptions o{{pac_option_t::branch_aware, pac_option_t::resource_based_constrained_delegation}};
  return both_ways(o, in) && name_of(pac_option_t::claims) == "claims" && name_of(pac_option_t{4}).empty();
}
KERB_BOTH("PA-PAC-OPTIONS: flags under [0]", "[msg][ms-kile]", pac_options);

constexpr bool error_data() {
  const auto least = "3005a103020102"_hex;
  const auto full = "300ba103020103a2040402aabb"_hex;
  constexpr field_line lines[] = {{1, "data-type", true}, {2, "data-value", false}};
  return both_ways(msg::KerbErrorData{kerb_error_data_t::skew_recovery, {}}, least) &&
         both_ways(msg::KerbErrorData{kerb_error_data_t::extended, bytes_view(ab)}, full) &&
         every_field_is_named<msg::KerbErrorData>(full, 0, "KERB-ERROR-DATA", lines) &&
         name_of(kerb_error_data_t::extended) == "KERB_ERR_TYPE_EXTENDED" && name_of(kerb_error_data_t{1}).empty();
}
KERB_BOTH("KERB-ERROR-DATA: its first tag is [1]", "[msg][ms-kile]", error_data);

constexpr bool restrictions() {
  const auto in = "300ba003020100a1040402aabb"_hex;
  constexpr field_line lines[] = {{0, "restriction-type", true}, {1, "restriction", true}};
  return both_ways(msg::KerbAdRestrictionEntry{0, ab}, in) &&
         every_field_is_named<msg::KerbAdRestrictionEntry>(in, 0, "KERB-AD-RESTRICTION-ENTRY", lines);
}
KERB_BOTH("KERB-AD-RESTRICTION-ENTRY: comes back, and a fault in any field is named", "[msg][ms-kile]", restrictions);

// An authenticator's authorization data as Windows sent them (Kerberos.NET's tests).
constexpr bool windows_sends_a_list() {
  const auto in =
      "30333031a003020100a12a04280000000000300000677dd18a92f9171b15b8b393e8c9fd8784984860234a62b439a56c59412240c5"_hex;
  const auto r = asn1::decode_as<msg::KerbAdRestrictions>("KERB-AD-RESTRICTIONS", in, der::strict);
  if (!r || r->size() != 1) return false;
  const auto t = read_lsap_token_info_integrity((*r->begin()).restriction);
  return t && t->flags == token_info_t::full && t->token_il == integrity_level_t::high && t->machine_id[0] == 0x67 &&
         t->machine_id[31] == 0xc5;
}
KERB_BOTH("KERB-AD-RESTRICTION-ENTRY: Windows sends a list of them", "[msg][ms-kile]", windows_sends_a_list);

constexpr bool key_lists() {
  const auto in = "300d300ba003020117a1040402aabb"_hex;
  const auto r = asn1::decode_as<msg::KerbKeyListRep>("KERB-KEY-LIST-REP", in, der::strict);
  return r && r->size() == 1 && (*r->begin()).keytype == etype_t::rc4_hmac;
}
KERB_BOTH("KERB-KEY-LIST-REP: a list of keys", "[msg][ms-kile]", key_lists);

constexpr bool migrated_accounts() {
  const auto user_in = "3019a00e300ca003020101a10530031b0175a1031b01529e020102"_hex;
  const auto package =
      "3037a00f300d300ba003020112a1040402aabba211180f31393730303130313030303030305aa411180f31393730303130313030303030305a"_hex;
  const auto later = "9e020102"_hex;
  constexpr std::array<msg::EncryptionKey, 1> keys{{{etype_t::aes256_cts_hmac_sha1_96, ab}}};
  return both_ways(msg::KerbSupersededByUser{user, "R"_krb, {later}}, user_in) &&
         both_ways(msg::KerbDmsaKeyPackage{keys, {}, {0}, {0}, {}}, package);
}
KERB_BOTH("KERB-SUPERSEDED-BY-USER and KERB-DMSA-KEY-PACKAGE: come back", "[msg][ms-kile]", migrated_accounts);

constexpr kerb_test::entry<pac_option_t> pac_option_t_registry[] = {
    {pac_option_t::claims, 0, "claims"},
    {pac_option_t::branch_aware, 1, "branch-aware"},
    {pac_option_t::forward_to_full_dc, 2, "forward-to-full-dc"},
    {pac_option_t::resource_based_constrained_delegation, 3, "resource-based-constrained-delegation"},
};
KERB_BOTH("pac_option_t: PAC options have the registered numbers and names, no two the same", "[msg][ms-kile]",
          (kerb_test::as_registered<pac_option_t_registry>));
KERB_BOTH("pac_option_t: a number without a name is a value like any other", "[msg][ms-kile]",
          (kerb_test::is_open<pac_option_t>));
TEST_CASE("pac_option_t: nothing else has a name", "[msg][ms-kile]") {
  CHECK(kerb_test::is_complete<pac_option_t_registry>());
}

constexpr kerb_test::entry<kerb_error_data_t> kerb_error_data_t_registry[] = {
    {kerb_error_data_t::skew_recovery, 2, "KERB_AP_ERR_TYPE_SKEW_RECOVERY"},
    {kerb_error_data_t::extended, 3, "KERB_ERR_TYPE_EXTENDED"},
};
KERB_BOTH("kerb_error_data_t: KERB-ERROR-DATA types have the registered numbers and names, no two the same",
          "[msg][ms-kile]", (kerb_test::as_registered<kerb_error_data_t_registry>));
KERB_BOTH("kerb_error_data_t: a number without a name is a value like any other", "[msg][ms-kile]",
          (kerb_test::is_open<kerb_error_data_t>));
TEST_CASE("kerb_error_data_t: nothing else has a name", "[msg][ms-kile]") {
  CHECK(kerb_test::is_complete<kerb_error_data_t_registry>());
}

}  // namespace
