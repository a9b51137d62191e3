// IAKERB: AS and TGS exchanges through the acceptor, draft-ietf-kitten-iakerb.
#pragma once
#include "../asn1/utf8.hpp"
#include "basic.hpp"

namespace kerb::inline v0::msg {

/// IAKERB-HEADER, draft-ietf-kitten-iakerb: its first tag is [1].
struct IakerbHeader {
  utf8_string               target_realm;
  std::optional<bytes_view> cookie;
  asn1::extension_fields    extensions;

  static consteval auto asn1() {
    using T = IakerbHeader;
    using namespace kerb::asn1;
    return sequence("IAKERB-HEADER",
      tag<1>("target-realm", &T::target_realm),
      tag<2>("cookie",       &T::cookie),
      extensible(&T::extensions));
  }
};

/// IAKERB-FINISHED, draft-ietf-kitten-iakerb: a checksum over all messages of the conversation.
struct IakerbFinished {
  Checksum               iakerb_messages;
  asn1::extension_fields extensions;

  static consteval auto asn1() {
    using T = IakerbFinished;
    using namespace kerb::asn1;
    return sequence("IAKERB-FINISHED",
      tag<1>("iakerb-messages", &T::iakerb_messages),
      extensible(&T::extensions));
  }
};

}  // namespace kerb::inline v0::msg
