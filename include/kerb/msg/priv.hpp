// KRB-PRIV, RFC 4120 section 5.7.
#pragma once
#include "../numbers/msgtype.hpp"
#include "basic.hpp"

namespace kerb::inline v0::msg {

/// KRB-PRIV, RFC 4120 section 5.7.1: there is no tag [2]. Its encrypted part may be computed while
/// it is written.
template <class EncPart = EncryptedData>
struct BasicKrbPriv {
  EncPart enc_part;

  static consteval auto asn1() {
    using T = BasicKrbPriv;
    using namespace kerb::asn1;
    return application<21>(sequence("KRB-PRIV",
      tag<0>("pvno",     5),
      tag<1>("msg-type", 21),
      tag<3>("enc-part", &T::enc_part)));
  }
};
using KrbPriv = BasicKrbPriv<>;

/// EncKrbPrivPart, RFC 4120 section 5.7.1. The user-data may be computed while it is written.
template <class UserData = bytes_view, class Usec = microseconds>
struct BasicEncKrbPrivPart {
  UserData                     user_data;
  std::optional<kerberos_time> timestamp;
  std::optional<Usec>          usec;
  std::optional<uint32>        seq_number;
  HostAddress                  s_address;  ///< the sender's
  std::optional<HostAddress>   r_address;

  static consteval auto asn1() {
    using T = BasicEncKrbPrivPart;
    using namespace kerb::asn1;
    return application<28>(sequence("EncKrbPrivPart",
      tag<0>("user-data",  &T::user_data),
      tag<1>("timestamp",  &T::timestamp),
      tag<2>("usec",       &T::usec),
      tag<3>("seq-number", &T::seq_number),
      tag<4>("s-address",  &T::s_address),
      tag<5>("r-address",  &T::r_address)));
  }
};
using EncKrbPrivPart = BasicEncKrbPrivPart<>;

/// An EncKrbPrivPart of RFC 3244 section 2, where the usec is the sequence number, and so can be larger than
/// any number of microseconds.
using KpasswdEncKrbPrivPart = BasicEncKrbPrivPart<bytes_view, uint32>;

}  // namespace kerb::inline v0::msg
