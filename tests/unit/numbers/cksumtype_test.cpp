// Checksum type numbers.
#include <kerb/numbers/cksumtype.hpp>

#include "unit/numbers/registry.hpp"

using namespace kerb;

namespace {

constexpr kerb_test::entry<cksum_t> cksum_t_registry[] = {
    {cksum_t::hmac_md5, -138, "KERB_CHECKSUM_HMAC_MD5"},
    {cksum_t::sha1_unkeyed_ms, -131, "sha1 (unkeyed) -131"},
    {cksum_t::none, 0, "none"},
    {cksum_t::crc32, 1, "CRC32"},
    {cksum_t::rsa_md4, 2, "rsa-md4"},
    {cksum_t::rsa_md4_des, 3, "rsa-md4-des"},
    {cksum_t::des_mac, 4, "des-mac"},
    {cksum_t::des_mac_k, 5, "des-mac-k"},
    {cksum_t::rsa_md4_des_k, 6, "rsa-md4-des-k"},
    {cksum_t::rsa_md5, 7, "rsa-md5"},
    {cksum_t::rsa_md5_des, 8, "rsa-md5-des"},
    {cksum_t::rsa_md5_des3, 9, "rsa-md5-des3"},
    {cksum_t::sha1_unkeyed_10, 10, "sha1 (unkeyed) 10"},
    {cksum_t::hmac_sha1_des3_kd, 12, "hmac-sha1-des3-kd"},
    {cksum_t::hmac_sha1_des3, 13, "hmac-sha1-des3"},
    {cksum_t::sha1_unkeyed_14, 14, "sha1 (unkeyed)"},
    {cksum_t::hmac_sha1_96_aes128, 15, "hmac-sha1-96-aes128"},
    {cksum_t::hmac_sha1_96_aes256, 16, "hmac-sha1-96-aes256"},
    {cksum_t::cmac_camellia128, 17, "cmac-camellia128"},
    {cksum_t::cmac_camellia256, 18, "cmac-camellia256"},
    {cksum_t::hmac_sha256_128_aes128, 19, "hmac-sha256-128-aes128"},
    {cksum_t::hmac_sha384_192_aes256, 20, "hmac-sha384-192-aes256"},
    {cksum_t::gssapi, 32771, "gssapi"},
};
KERB_BOTH("cksum_t: checksum types have the registered numbers and names, no two the same", "[numbers][rfc3961-8]",
          (kerb_test::as_registered<cksum_t_registry>));
KERB_BOTH("cksum_t: a number without a name is a value like any other", "[numbers][rfc3961-8]",
          (kerb_test::is_open<cksum_t>));
TEST_CASE("cksum_t: nothing else has a name", "[numbers][rfc3961-8]") {
  CHECK(kerb_test::is_complete<cksum_t_registry>());
}

}  // namespace
