// Encryption type numbers.
#include <kerb/numbers/etype.hpp>

#include "unit/numbers/registry.hpp"

using namespace kerb;

namespace {

constexpr kerb_test::entry<etype_t> etype_t_registry[] = {
    {etype_t::none, 0, "none"},
    {etype_t::des_cbc_crc, 1, "des-cbc-crc"},
    {etype_t::des_cbc_md4, 2, "des-cbc-md4"},
    {etype_t::des_cbc_md5, 3, "des-cbc-md5"},
    {etype_t::des3_cbc_md5, 5, "des3-cbc-md5"},
    {etype_t::des3_cbc_sha1, 7, "des3-cbc-sha1"},
    {etype_t::dsa_with_sha1_cms_oid, 9, "dsaWithSHA1-CmsOID"},
    {etype_t::md5_with_rsa_encryption_cms_oid, 10, "md5WithRSAEncryption-CmsOID"},
    {etype_t::sha1_with_rsa_encryption_cms_oid, 11, "sha1WithRSAEncryption-CmsOID"},
    {etype_t::rc2_cbc_env_oid, 12, "rc2CBC-EnvOID"},
    {etype_t::rsa_encryption_env_oid, 13, "rsaEncryption-EnvOID"},
    {etype_t::rsa_es_oaep_env_oid, 14, "rsaES-OAEP-ENV-OID"},
    {etype_t::des_ede3_cbc_env_oid, 15, "des-ede3-cbc-Env-OID"},
    {etype_t::des3_cbc_sha1_kd, 16, "des3-cbc-sha1-kd"},
    {etype_t::aes128_cts_hmac_sha1_96, 17, "aes128-cts-hmac-sha1-96"},
    {etype_t::aes256_cts_hmac_sha1_96, 18, "aes256-cts-hmac-sha1-96"},
    {etype_t::aes128_cts_hmac_sha256_128, 19, "aes128-cts-hmac-sha256-128"},
    {etype_t::aes256_cts_hmac_sha384_192, 20, "aes256-cts-hmac-sha384-192"},
    {etype_t::rc4_hmac, 23, "rc4-hmac"},
    {etype_t::rc4_hmac_exp, 24, "rc4-hmac-exp"},
    {etype_t::camellia128_cts_cmac, 25, "camellia128-cts-cmac"},
    {etype_t::camellia256_cts_cmac, 26, "camellia256-cts-cmac"},
    {etype_t::subkey_keymaterial, 65, "subkey-keymaterial"},
};
KERB_BOTH("etype_t: encryption types have the registered numbers and names, no two the same", "[numbers][rfc3961-8]",
          (kerb_test::as_registered<etype_t_registry>));
KERB_BOTH("etype_t: a number without a name is a value like any other", "[numbers][rfc3961-8]",
          (kerb_test::is_open<etype_t>));
TEST_CASE("etype_t: nothing else has a name", "[numbers][rfc3961-8]") {
  CHECK(kerb_test::is_complete<etype_t_registry>());
}

}  // namespace
