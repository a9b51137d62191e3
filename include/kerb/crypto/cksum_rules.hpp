// Which checksum types are allowed in which places.
#pragma once
#include <optional>

#include "../core/result.hpp"
#include "../numbers/cksumtype.hpp"
#include "../numbers/etype.hpp"

namespace kerb::inline v0 {

/// The fields that contain a checksum.
enum class cksum_place : std::uint8_t {
  tgs_req_body,          ///< in the Authenticator of a TGS-REQ, over its req-body
  ap_req_application,    ///< in the Authenticator of an AP-REQ to an application
  krb_safe,              ///< KRB-SAFE
  kdc_issued,            ///< AD-KDC-ISSUED
  fast_req,              ///< KrbFastArmoredReq, over the body or the AP-REQ
  fast_finished_ticket,  ///< KrbFastFinished, over the ticket
  req_enc_pa_rep,        ///< PA-REQ-ENC-PA-REP, over the AS-REQ
  cammac,                ///< the verifiers of an AD-CAMMAC
  pac,                   ///< every signature of a PAC
  pa_for_user,           ///< PA-FOR-USER, over the user's name
  pa_s4u_x509_user,      ///< PA-S4U-X509-USER, over its user-id
  pkinit_pa_checksum,    ///< PKAuthenticator, over the req-body; signed with it
  pkinit_as_checksum,    ///< ReplyKeyPack, over the AS-REQ
  iakerb_finished,       ///< IAKERB's finished message, over the conversation
  negoex_verify,         ///< NegoEx's VERIFY message, over the conversation
  sam_challenge          ///< PA-SAM-CHALLENGE-2, over its sam-body
};

/// The mandatory checksum type of an encryption type: keyed, collision-proof, and computed with a
/// key of that type only. nullopt for single DES and for types that have none.
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

/// Whether a checksum of type `t` is allowed in a place when the key is of type `e`. If not,
/// verifying or making one fails with errc::inappropriate_checksum. A checksum that anybody can
/// compute, or that belongs to another type of key, authenticates nothing. So the rule is the key's
/// own mandatory type:
/// - RFC 4120 sections 3.3.2 and 5.2.7.1: the checksum of a TGS-REQ must be collision-proof, and
///   nothing else protects the body;
/// - RFC 4120 sections 3.4.1 and 3.4.2: that of a KRB-SAFE is keyed, collision-proof and compatible with the key;
/// - RFC 4120 section 5.2.6.2: that of AD-KDC-ISSUED is the mandatory type of the session key;
/// - RFC 6113 sections 5.4.2 and 5.4.3: those of FAST are the required type of the armor key;
/// - RFC 6806 section 11, RFC 7751, MS-PAC section 2.8 and RFC 4556 section 3.2.3.2: the same for
///   PA-REQ-ENC-PA-REP, AD-CAMMAC, PACs and ReplyKeyPacks.
/// Other types are allowed only where the protocol uses them:
/// - RFC 4121 section 4.1.1: type 0x8003 in an AP-REQ contains the GSS-API's flags and bindings. It
///   is not a checksum; the encryption of the Authenticator protects it;
/// - MS-SFU section 2.2.1: PA-FOR-USER has HMAC-MD5, whatever the key's type;
/// - MS-SFU section 2.2.2: PA-S4U-X509-USER has MD4 if the key is RC4's, and is protected as part
///   of the TGS-REQ;
/// - RFC 4556 section 3.2.1: paChecksum is SHA-1 without a key, and the CMS signature protects it.
constexpr bool cksum_allowed(cksum_place place, cksum_t t, etype_t e) {
  if (t == cksum_t::gssapi) return place == cksum_place::ap_req_application;
  if (place == cksum_place::pkinit_pa_checksum) return t == cksum_t::sha1_unkeyed_14;
  const std::optional<cksum_t> own = keyed_cksum_of(e);
  if (!own) return false;
  if (place == cksum_place::pa_for_user && t == cksum_t::hmac_md5) return true;
  if (place == cksum_place::pa_s4u_x509_user && t == cksum_t::rsa_md4) return e == etype_t::rc4_hmac;
  return t == *own;
}

/// A checksum type that is allowed in its place with keys of one encryption type. Only
/// place_cksum() makes one, so a type other than the key's own cannot be signed or verified
/// anywhere else.
class placed_cksum {
 public:
  constexpr cksum_t type() const { return type_; }
  constexpr etype_t etype() const { return etype_; }

 private:
  friend constexpr result<placed_cksum> place_cksum(cksum_place place, cksum_t t, etype_t e);
  constexpr placed_cksum(cksum_t t, etype_t e) : type_(t), etype_(e) {}
  cksum_t type_;
  etype_t etype_;
};

/// Fails with errc::inappropriate_checksum if cksum_allowed() returns false, and for types that are
/// not checksums.
constexpr result<placed_cksum> place_cksum(cksum_place place, cksum_t t, etype_t e) {
  if (t == cksum_t::gssapi || !cksum_allowed(place, t, e)) return errc::inappropriate_checksum;
  return placed_cksum(t, e);
}

}  // namespace kerb::inline v0
