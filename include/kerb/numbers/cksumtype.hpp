// Checksum type numbers.
#pragma once
#include <cstdint>
#include <string_view>

namespace kerb::inline v0 {

/// Checksum types, RFC 3961 section 8 and its IANA registry. Open: every Int32 is a value.
enum class cksum_t : std::int32_t {
  none = 0,
  crc32 = 1,
  rsa_md4 = 2,
  rsa_md4_des = 3,
  des_mac = 4,
  des_mac_k = 5,
  rsa_md4_des_k = 6,
  rsa_md5 = 7,
  rsa_md5_des = 8,
  rsa_md5_des3 = 9,
  sha1_unkeyed_10 = 10,
  hmac_sha1_des3_kd = 12,
  hmac_sha1_des3 = 13,
  sha1_unkeyed_14 = 14,
  hmac_sha1_96_aes128 = 15,
  hmac_sha1_96_aes256 = 16,
  cmac_camellia128 = 17,
  cmac_camellia256 = 18,
  hmac_sha256_128_aes128 = 19,
  hmac_sha384_192_aes256 = 20,
  gssapi = 32771,          ///< RFC 4121 section 4.1.1: contains flags and bindings; not a checksum
  sha1_unkeyed_ms = -131,  ///< MS-KILE section 3.1.5.3
  hmac_md5 = -138,         ///< RFC 4757 section 4
};

/// The registered name ("hmac-sha1-96-aes256"); empty for a number without a name. Three numbers
/// are registered as "sha1 (unkeyed)"; the names of those that are not in use are made distinct
/// here.
constexpr std::string_view name_of(cksum_t n) {
  switch (n) {
    case cksum_t::none: return "none";
    case cksum_t::crc32: return "CRC32";
    case cksum_t::rsa_md4: return "rsa-md4";
    case cksum_t::rsa_md4_des: return "rsa-md4-des";
    case cksum_t::des_mac: return "des-mac";
    case cksum_t::des_mac_k: return "des-mac-k";
    case cksum_t::rsa_md4_des_k: return "rsa-md4-des-k";
    case cksum_t::rsa_md5: return "rsa-md5";
    case cksum_t::rsa_md5_des: return "rsa-md5-des";
    case cksum_t::rsa_md5_des3: return "rsa-md5-des3";
    case cksum_t::sha1_unkeyed_10: return "sha1 (unkeyed) 10";
    case cksum_t::hmac_sha1_des3_kd: return "hmac-sha1-des3-kd";
    case cksum_t::hmac_sha1_des3: return "hmac-sha1-des3";
    case cksum_t::sha1_unkeyed_14: return "sha1 (unkeyed)";
    case cksum_t::hmac_sha1_96_aes128: return "hmac-sha1-96-aes128";
    case cksum_t::hmac_sha1_96_aes256: return "hmac-sha1-96-aes256";
    case cksum_t::cmac_camellia128: return "cmac-camellia128";
    case cksum_t::cmac_camellia256: return "cmac-camellia256";
    case cksum_t::hmac_sha256_128_aes128: return "hmac-sha256-128-aes128";
    case cksum_t::hmac_sha384_192_aes256: return "hmac-sha384-192-aes256";
    case cksum_t::gssapi: return "gssapi";
    case cksum_t::sha1_unkeyed_ms: return "sha1 (unkeyed) -131";
    case cksum_t::hmac_md5: return "KERB_CHECKSUM_HMAC_MD5";
    default: return "";
  }
}

}  // namespace kerb::inline v0
