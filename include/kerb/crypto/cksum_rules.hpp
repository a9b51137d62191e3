// Which checksum types may stand where.
#pragma once
#include <optional>

#include "../numbers/cksumtype.hpp"
#include "../numbers/etype.hpp"

namespace kerb::inline v0 {

/// The fields that hold a checksum.
enum class cksum_place : std::uint8_t {
  tgs_req_body,         ///< in the Authenticator of a TGS-REQ, over its req-body
  ap_req_application,   ///< in the Authenticator of an AP-REQ to an application
  krb_safe,             ///< KRB-SAFE
  kdc_issued,           ///< AD-KDC-ISSUED
  fast_req,             ///< KrbFastArmoredReq, over the body or the AP-REQ
  fast_finished_ticket  ///< KrbFastFinished, over the ticket
};

/// The mandatory checksum type of an encryption type: keyed, collision-proof, and made with a key of that type alone.
/// nullopt for types that have none, and for single DES.
constexpr std::optional<cksum_t> keyed_cksum_of(etype_t e) {
  switch (e) {
    case etype_t::des3_cbc_sha1_kd: return cksum_t::hmac_sha1_des3_kd;
    case etype_t::aes128_cts_hmac_sha1_96: return cksum_t::hmac_sha1_96_aes128;
    case etype_t::aes256_cts_hmac_sha1_96: return cksum_t::hmac_sha1_96_aes256;
    case etype_t::aes128_cts_hmac_sha256_128: return cksum_t::hmac_sha256_128_aes128;
    case etype_t::aes256_cts_hmac_sha384_192: return cksum_t::hmac_sha384_192_aes256;
    case etype_t::rc4_hmac:
    case etype_t::rc4_hmac_exp: return cksum_t::hmac_md5;
    case etype_t::camellia128_cts_cmac: return cksum_t::cmac_camellia128;
    case etype_t::camellia256_cts_cmac: return cksum_t::cmac_camellia256;
    default: return std::nullopt;
  }
}

/// Whether a checksum of type `t` may stand in that place where the key is of type `e`; what may not is
/// errc::inappropriate_checksum. A checksum that anybody can make, or that goes with another key, authenticates
/// nothing, so everywhere it is the key's own mandatory type:
/// - RFC 4120 sections 3.3.2 and 5.2.7.1 demand that a TGS-REQ's checksum is collision-proof, and the body is
///   protected by nothing else;
/// - RFC 4120 section 3.4.1: that of a KRB-SAFE is keyed, collision-proof and compatible with the key;
/// - RFC 4120 section 5.2.6.2: that of AD-KDC-ISSUED is the mandatory type of the session key;
/// - RFC 6113 sections 5.4.2 and 5.4.3: those of FAST are the required type of the armor key.
/// RFC 4121 section 4.1.1: type 0x8003 carries the GSS-API's flags and bindings in an AP-REQ, protected by the
/// encryption of the Authenticator; it is not a checksum, and may stand nowhere else.
constexpr bool cksum_allowed(cksum_place place, cksum_t t, etype_t e) {
  if (t == cksum_t::gssapi) return place == cksum_place::ap_req_application;
  const std::optional<cksum_t> own = keyed_cksum_of(e);
  return own && t == *own;
}

}  // namespace kerb::inline v0
