// Little-endian words in Windows' octet strings.
#include <kerb/core/hex.hpp>
#include <kerb/msg/ms_octets.hpp>

#include "unit/numbers/registry.hpp"

using namespace kerb;

namespace {

constexpr bool words() {
  const auto in = "1f000500"_hex;
  const auto flags = read_ms_flags(in);
  const auto out = octets_of_ms_flags(0x0005001f);
  return flags && *flags == 0x0005001f && bytes_view(out) == bytes_view(in) &&
         has(*flags, supported_etype_t::aes256_cts_hmac_sha1_96) && has(*flags, supported_etype_t::claims_supported) &&
         !has(*flags, supported_etype_t::compound_identity_supported) && has(0x4000, kerb_ap_option_t::cbt) &&
         !has(0x4000, kerb_ap_option_t::unverified_target_name);
}
KERB_BOTH("PA-SUPPORTED-ETYPES: a word whose first octet is the least", "[msg][ms-kile]", words);

constexpr bool ext_errors() {
  const auto in = "6d0000c00000000001000000"_hex;
  const auto odd = "6d0000c0ffffffff01000000"_hex;
  const auto e = read_kerb_ext_error(in), reserved = read_kerb_ext_error(odd);
  if (!e || !reserved) return false;
  const auto out = octets_of(*e), zeroed = octets_of(*reserved);
  return e->status == 0xc000006d && e->flags == 1 && bytes_view(out) == bytes_view(in) && zeroed == out;
}
KERB_BOTH("KERB-EXT-ERROR: comes back; its reserved word is not read and written as zero", "[msg][ms-kile]",
          ext_errors);

constexpr bool token_infos() {
  const auto in = "0100000000200000000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"_hex;
  const auto t = read_lsap_token_info_integrity(in);
  if (!t) return false;
  const auto out = octets_of(*t);
  return t->flags == token_info_t::uac_restricted && t->token_il == integrity_level_t::medium &&
         t->machine_id[0] == 0 && t->machine_id[31] == 0x1f && bytes_view(out) == bytes_view(in);
}
KERB_BOTH("LSAP_TOKEN_INFO_INTEGRITY: comes back", "[msg][ms-kile]", token_infos);

constexpr bool sizes() {
  const std::array<std::uint8_t, 41> in{};
  const bytes_view all(in);
  return read_ms_flags(all.first(3)).error().code == errc::truncated &&
         read_ms_flags(all.first(5)).error().code == errc::trailing_data &&
         read_kerb_ext_error(all.first(11)).error().code == errc::truncated &&
         read_kerb_ext_error(all.first(13)).error().code == errc::trailing_data &&
         read_lsap_token_info_integrity(all.first(39)).error().code == errc::truncated &&
         read_lsap_token_info_integrity(all).error().code == errc::trailing_data;
}
KERB_BOTH("MS-KILE structures: another size is refused", "[msg][ms-kile]", sizes);

constexpr kerb_test::entry<supported_etype_t> supported_etype_t_registry[] = {
    {supported_etype_t::des_cbc_crc, 1, "DES-CBC-CRC"},
    {supported_etype_t::des_cbc_md5, 2, "DES-CBC-MD5"},
    {supported_etype_t::rc4_hmac, 4, "RC4-HMAC"},
    {supported_etype_t::aes128_cts_hmac_sha1_96, 8, "AES128-CTS-HMAC-SHA1-96"},
    {supported_etype_t::aes256_cts_hmac_sha1_96, 16, "AES256-CTS-HMAC-SHA1-96"},
    {supported_etype_t::aes256_cts_hmac_sha1_96_sk, 32, "AES256-CTS-HMAC-SHA1-96-SK"},
    {supported_etype_t::fast_supported, 65536, "FAST-supported"},
    {supported_etype_t::compound_identity_supported, 131072, "Compound-identity-supported"},
    {supported_etype_t::claims_supported, 262144, "Claims-supported"},
    {supported_etype_t::resource_sid_compression_disabled, 524288, "Resource-SID-compression-disabled"},
};
KERB_BOTH("supported_etype_t: supported encryption types have the registered numbers and names, no two the same",
          "[msg][ms-kile]", (kerb_test::as_registered<supported_etype_t_registry>));
KERB_BOTH("supported_etype_t: a number without a name is a value like any other", "[msg][ms-kile]",
          (kerb_test::is_open<supported_etype_t>));
TEST_CASE("supported_etype_t: nothing else has a name", "[msg][ms-kile]") {
  CHECK(kerb_test::is_complete<supported_etype_t_registry>());
}

constexpr kerb_test::entry<kerb_ap_option_t> kerb_ap_option_t_registry[] = {
    {kerb_ap_option_t::cbt, 16384, "KERB_AP_OPTIONS_CBT"},
    {kerb_ap_option_t::unverified_target_name, 32768, "KERB_AP_OPTIONS_UNVERIFIED_TARGET_NAME"},
};
KERB_BOTH("kerb_ap_option_t: AP options have the registered numbers and names, no two the same", "[msg][ms-kile]",
          (kerb_test::as_registered<kerb_ap_option_t_registry>));
KERB_BOTH("kerb_ap_option_t: a number without a name is a value like any other", "[msg][ms-kile]",
          (kerb_test::is_open<kerb_ap_option_t>));
TEST_CASE("kerb_ap_option_t: nothing else has a name", "[msg][ms-kile]") {
  CHECK(kerb_test::is_complete<kerb_ap_option_t_registry>());
}

constexpr kerb_test::entry<token_info_t> token_info_t_registry[] = {
    {token_info_t::full, 0, "Full token"},
    {token_info_t::uac_restricted, 1, "User Account Control (UAC) restricted token"},
};
KERB_BOTH("token_info_t: token kinds have the registered numbers and names, no two the same", "[msg][ms-kile]",
          (kerb_test::as_registered<token_info_t_registry>));
KERB_BOTH("token_info_t: a number without a name is a value like any other", "[msg][ms-kile]",
          (kerb_test::is_open<token_info_t>));
TEST_CASE("token_info_t: nothing else has a name", "[msg][ms-kile]") {
  CHECK(kerb_test::is_complete<token_info_t_registry>());
}

constexpr kerb_test::entry<integrity_level_t> integrity_level_t_registry[] = {
    {integrity_level_t::untrusted, 0, "Untrusted"}, {integrity_level_t::low, 4096, "Low"},
    {integrity_level_t::medium, 8192, "Medium"},    {integrity_level_t::high, 12288, "High"},
    {integrity_level_t::system, 16384, "System"},   {integrity_level_t::protected_process, 20480, "Protected process"},
};
KERB_BOTH("integrity_level_t: integrity levels have the registered numbers and names, no two the same",
          "[msg][ms-kile]", (kerb_test::as_registered<integrity_level_t_registry>));
KERB_BOTH("integrity_level_t: a number without a name is a value like any other", "[msg][ms-kile]",
          (kerb_test::is_open<integrity_level_t>));
TEST_CASE("integrity_level_t: nothing else has a name", "[msg][ms-kile]") {
  CHECK(kerb_test::is_complete<integrity_level_t_registry>());
}

}  // namespace
