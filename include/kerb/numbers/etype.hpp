// Encryption type numbers.
#pragma once
#include <cstdint>
#include <string_view>

namespace kerb::inline v0 {

/// Encryption types, RFC 3961 section 8 and its IANA registry. Open: every Int32 is a value.
enum class etype_t : std::int32_t {
  none = 0,  ///< reserved by RFC 3961; RFC 6448 uses it for a KRB-CRED that is not encrypted
  des_cbc_crc = 1,
  des_cbc_md4 = 2,
  des_cbc_md5 = 3,
  des3_cbc_md5 = 5,
  des3_cbc_sha1 = 7,
  dsa_with_sha1_cms_oid = 9,
  md5_with_rsa_encryption_cms_oid = 10,
  sha1_with_rsa_encryption_cms_oid = 11,
  rc2_cbc_env_oid = 12,
  rsa_encryption_env_oid = 13,
  rsa_es_oaep_env_oid = 14,
  des_ede3_cbc_env_oid = 15,
  des3_cbc_sha1_kd = 16,
  aes128_cts_hmac_sha1_96 = 17,
  aes256_cts_hmac_sha1_96 = 18,
  aes128_cts_hmac_sha256_128 = 19,
  aes256_cts_hmac_sha384_192 = 20,
  rc4_hmac = 23,
  rc4_hmac_exp = 24,
  camellia128_cts_cmac = 25,
  camellia256_cts_cmac = 26,
  subkey_keymaterial = 65,
};

/// The registered name ("aes256-cts-hmac-sha1-96"); empty for a number without a name.
constexpr std::string_view name_of(etype_t n) {
  switch (n) {
    case etype_t::none: return "none";
    case etype_t::des_cbc_crc: return "des-cbc-crc";
    case etype_t::des_cbc_md4: return "des-cbc-md4";
    case etype_t::des_cbc_md5: return "des-cbc-md5";
    case etype_t::des3_cbc_md5: return "des3-cbc-md5";
    case etype_t::des3_cbc_sha1: return "des3-cbc-sha1";
    case etype_t::dsa_with_sha1_cms_oid: return "dsaWithSHA1-CmsOID";
    case etype_t::md5_with_rsa_encryption_cms_oid: return "md5WithRSAEncryption-CmsOID";
    case etype_t::sha1_with_rsa_encryption_cms_oid: return "sha1WithRSAEncryption-CmsOID";
    case etype_t::rc2_cbc_env_oid: return "rc2CBC-EnvOID";
    case etype_t::rsa_encryption_env_oid: return "rsaEncryption-EnvOID";
    case etype_t::rsa_es_oaep_env_oid: return "rsaES-OAEP-ENV-OID";
    case etype_t::des_ede3_cbc_env_oid: return "des-ede3-cbc-Env-OID";
    case etype_t::des3_cbc_sha1_kd: return "des3-cbc-sha1-kd";
    case etype_t::aes128_cts_hmac_sha1_96: return "aes128-cts-hmac-sha1-96";
    case etype_t::aes256_cts_hmac_sha1_96: return "aes256-cts-hmac-sha1-96";
    case etype_t::aes128_cts_hmac_sha256_128: return "aes128-cts-hmac-sha256-128";
    case etype_t::aes256_cts_hmac_sha384_192: return "aes256-cts-hmac-sha384-192";
    case etype_t::rc4_hmac: return "rc4-hmac";
    case etype_t::rc4_hmac_exp: return "rc4-hmac-exp";
    case etype_t::camellia128_cts_cmac: return "camellia128-cts-cmac";
    case etype_t::camellia256_cts_cmac: return "camellia256-cts-cmac";
    case etype_t::subkey_keymaterial: return "subkey-keymaterial";
    default: return "";
  }
}

}  // namespace kerb::inline v0
