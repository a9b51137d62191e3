// Kerberos through an HTTPS proxy, MS-KKDCP section 2.2.
#pragma once
#include "basic.hpp"

namespace kerb::inline v0::msg {

/// KDC-PROXY-MESSAGE, MS-KKDCP section 2.2.2. The message is decoded as octets, and may be computed
/// while it is written.
template <class Octets = bytes_view>
struct BasicKdcProxyMessage {
  Octets                         kerb_message;  ///< with the four-octet length of RFC 4120 section 7.2.2
  std::optional<kerberos_realm>  target_domain;  ///< in requests only
  std::optional<uint32>          dclocator_hint;

  static consteval auto asn1() {
    using T = BasicKdcProxyMessage;
    using namespace kerb::asn1;
    return sequence("KDC-PROXY-MESSAGE",
      tag<0>("kerb-message",   &T::kerb_message),
      tag<1>("target-domain",  &T::target_domain),
      tag<2>("dclocator-hint", &T::dclocator_hint));
  }
};
using KdcProxyMessage = BasicKdcProxyMessage<>;

}  // namespace kerb::inline v0::msg
