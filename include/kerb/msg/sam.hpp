// The single-use authentication mechanism, draft-ietf-cat-kerberos-passwords.
#pragma once
#include "basic.hpp"

namespace kerb::inline v0::msg {

/// PA-SAM-CHALLENGE-2: the body stays as it came, since the checksums cover its encoding.
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

}  // namespace kerb::inline v0::msg
