// KRB-SAFE, RFC 4120 section 5.6.
#pragma once
#include "../numbers/msgtype.hpp"
#include "basic.hpp"

namespace kerb::inline v0::msg {

/// KRB-SAFE-BODY, RFC 4120 section 5.6.1.
struct KrbSafeBody {
  bytes_view                   user_data;
  std::optional<kerberos_time> timestamp;
  std::optional<microseconds>  usec;
  std::optional<uint32>        seq_number;
  HostAddress                  s_address;
  std::optional<HostAddress>   r_address;

  static consteval auto asn1() {
    using T = KrbSafeBody;
    using namespace kerb::asn1;
    return sequence("KRB-SAFE-BODY",
      tag<0>("user-data",  &T::user_data),
      tag<1>("timestamp",  &T::timestamp),
      tag<2>("usec",       &T::usec),
      tag<3>("seq-number", &T::seq_number),
      tag<4>("s-address",  &T::s_address),
      tag<5>("r-address",  &T::r_address));
  }
};

/// KRB-SAFE, RFC 4120 section 5.6.1. The body is captured: the checksum covers it as it was sent,
/// inside a KRB-SAFE whose cksum has type zero and no octets.
struct KrbSafe {
  captured<KrbSafeBody> safe_body;
  Checksum              cksum;

  static consteval auto asn1() {
    using T = KrbSafe;
    using namespace kerb::asn1;
    return application<20>(sequence("KRB-SAFE",
      tag<0>("pvno",      5),
      tag<1>("msg-type",  20),
      tag<2>("safe-body", &T::safe_body),
      tag<3>("cksum",     &T::cksum)));
  }
};

}  // namespace kerb::inline v0::msg
