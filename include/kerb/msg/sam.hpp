// The single-use authentication mechanism, draft-ietf-cat-kerberos-passwords.
#pragma once
#include "../core/flags.hpp"
#include "basic.hpp"

namespace kerb::inline v0 {

/// Kinds of devices, draft-ietf-cat-kerberos-passwords. Open: every Int32 is a value.
enum class sam_t : std::int32_t {
  enigma     = 1,
  digi_path  = 2,
  skey_k0    = 3,
  skey       = 4,
  securid    = 5,
  cryptocard = 6,
};
/// The draft's name ("PA_SAM_TYPE_SECURID"); empty for a number without a name.
constexpr std::string_view name_of(sam_t n) {
  switch (n) {
    case sam_t::enigma: return "PA_SAM_TYPE_ENIGMA";
    case sam_t::digi_path: return "PA_SAM_TYPE_DIGI_PATH";
    case sam_t::skey_k0: return "PA_SAM_TYPE_SKEY_K0";
    case sam_t::skey: return "PA_SAM_TYPE_SKEY";
    case sam_t::securid: return "PA_SAM_TYPE_SECURID";
    case sam_t::cryptocard: return "PA_SAM_TYPE_CRYPTOCARD";
    default: return "";
  }
}

/// SAMFlags, draft-ietf-cat-kerberos-passwords.
enum class sam_flag_t : unsigned {
  use_sad_as_key      = 0,
  send_encrypted_sad  = 1,
  must_pk_encrypt_sad = 2,
};
/// The draft's name ("use-sad-as-key"); empty for a number without a name.
constexpr std::string_view name_of(sam_flag_t n) {
  switch (n) {
    case sam_flag_t::use_sad_as_key: return "use-sad-as-key";
    case sam_flag_t::send_encrypted_sad: return "send-encrypted-sad";
    case sam_flag_t::must_pk_encrypt_sad: return "must-pk-encrypt-sad";
    default: return "";
  }
}

namespace msg {

// The strings are GeneralString in the draft and OCTET STRING in MIT krb5, the only known sender.
// Here they are OCTET STRING.

/// SAMFlags.
using SamFlags = flags<sam_flag_t>;

/// PA-SAM-CHALLENGE-2-BODY: the challenge for the device, and texts for the user.
struct PaSamChallenge2Body {
  sam_t                        sam_type{};
  SamFlags                     sam_flags;
  std::optional<bytes_view>    sam_type_name;
  std::optional<bytes_view>    sam_track_id;
  std::optional<bytes_view>    sam_challenge_label;
  std::optional<bytes_view>    sam_challenge;
  std::optional<bytes_view>    sam_response_prompt;
  std::optional<EncryptionKey> sam_pk_for_sad;
  std::int32_t                 sam_nonce{};
  etype_t                      sam_etype{};
  asn1::extension_fields       extensions;

  static consteval auto asn1() {
    using T = PaSamChallenge2Body;
    using namespace kerb::asn1;
    return sequence("PA-SAM-CHALLENGE-2-BODY",
      tag<0>("sam-type",            &T::sam_type),
      tag<1>("sam-flags",           &T::sam_flags),
      tag<2>("sam-type-name",       &T::sam_type_name),
      tag<3>("sam-track-id",        &T::sam_track_id),
      tag<4>("sam-challenge-label", &T::sam_challenge_label),
      tag<5>("sam-challenge",       &T::sam_challenge),
      tag<6>("sam-response-prompt", &T::sam_response_prompt),
      tag<7>("sam-pk-for-sad",      &T::sam_pk_for_sad),
      tag<8>("sam-nonce",           &T::sam_nonce),
      tag<9>("sam-etype",           &T::sam_etype),
      extensible(&T::extensions));
  }
};

/// PA-SAM-CHALLENGE-2: the body is kept as received, because the checksums cover its encoding.
struct PaSamChallenge2 {
  asn1::any_value                        sam_body;  ///< a PA-SAM-CHALLENGE-2-BODY
  sequence_of<Checksum, asn1::not_empty> sam_cksum;
  asn1::extension_fields                 extensions;

  static consteval auto asn1() {
    using T = PaSamChallenge2;
    using namespace kerb::asn1;
    return sequence("PA-SAM-CHALLENGE-2",
      tag<0>("sam-body",  &T::sam_body),
      tag<1>("sam-cksum", &T::sam_cksum),
      extensible(&T::extensions));
  }
};

/// PA-SAM-RESPONSE-2.
struct PaSamResponse2 {
  sam_t                     sam_type{};
  SamFlags                  sam_flags;
  std::optional<bytes_view> sam_track_id;
  EncryptedData             sam_enc_nonce_or_sad;  ///< a PA-ENC-SAM-RESPONSE-ENC-2
  std::int32_t              sam_nonce{};
  asn1::extension_fields    extensions;

  static consteval auto asn1() {
    using T = PaSamResponse2;
    using namespace kerb::asn1;
    return sequence("PA-SAM-RESPONSE-2",
      tag<0>("sam-type",             &T::sam_type),
      tag<1>("sam-flags",            &T::sam_flags),
      tag<2>("sam-track-id",         &T::sam_track_id),
      tag<3>("sam-enc-nonce-or-sad", &T::sam_enc_nonce_or_sad),
      tag<4>("sam-nonce",            &T::sam_nonce),
      extensible(&T::extensions));
  }
};

/// PA-ENC-SAM-RESPONSE-ENC-2.
struct PaEncSamResponseEnc2 {
  std::int32_t              sam_nonce{};
  std::optional<bytes_view> sam_sad;  ///< the single-use password
  asn1::extension_fields    extensions;

  static consteval auto asn1() {
    using T = PaEncSamResponseEnc2;
    using namespace kerb::asn1;
    return sequence("PA-ENC-SAM-RESPONSE-ENC-2",
      tag<0>("sam-nonce", &T::sam_nonce),
      redacted(tag<1>("sam-sad", &T::sam_sad)),
      extensible(&T::extensions));
  }
};

}  // namespace msg
}  // namespace kerb::inline v0
