// The AP messages, RFC 4120 section 5.5.
#pragma once
#include "../numbers/msgtype.hpp"
#include "ticket.hpp"

template <>
inline constexpr const char* kerb::asn1::flags_name<kerb::ap_option_t> = "APOptions";

namespace kerb::inline v0::msg {

/// APOptions, RFC 4120 section 5.5.1.
using ApOptions = flags<ap_option_t>;

/// AP-REQ, RFC 4120 section 5.5.1. The authenticator is decoded as encrypted octets, and may be
/// computed while it is written.
template <class Auth = EncryptedData>
struct BasicApReq {
  ApOptions          ap_options;
  captured<Ticket>   ticket;
  Auth               authenticator;

  static consteval auto asn1() {
    using T = BasicApReq;
    using namespace kerb::asn1;
    return application<14>(sequence("AP-REQ",
      tag<0>("pvno",          5),
      tag<1>("msg-type",      14),
      tag<2>("ap-options",    &T::ap_options),
      tag<3>("ticket",        &T::ticket),
      tag<4>("authenticator", &T::authenticator)));
  }
};
using ApReq = BasicApReq<>;

/// Authenticator, RFC 4120 section 5.5.1. The checksum and the authorization data may be computed
/// while they are written.
template <class Cksum = Checksum, class Data = AuthorizationData>
struct BasicAuthenticator {
  kerberos_realm               crealm;
  PrincipalName                cname;
  std::optional<Cksum>         cksum;
  microseconds                 cusec;
  kerberos_time                ctime;
  std::optional<EncryptionKey> subkey;
  std::optional<uint32>        seq_number;
  std::optional<Data>          authorization_data;

  static consteval auto asn1() {
    using T = BasicAuthenticator;
    using namespace kerb::asn1;
    return application<2>(sequence("Authenticator",
      tag<0>("authenticator-vno",  5),
      tag<1>("crealm",             &T::crealm),
      tag<2>("cname",              &T::cname),
      tag<3>("cksum",              &T::cksum),
      tag<4>("cusec",              &T::cusec),
      tag<5>("ctime",              &T::ctime),
      tag<6>("subkey",             &T::subkey),
      tag<7>("seq-number",         &T::seq_number),
      tag<8>("authorization-data", &T::authorization_data)));
  }
};
using Authenticator = BasicAuthenticator<>;

/// AP-REP, RFC 4120 section 5.5.2.
template <class EncPart = EncryptedData>
struct BasicApRep {
  EncPart enc_part;

  static consteval auto asn1() {
    using T = BasicApRep;
    using namespace kerb::asn1;
    return application<15>(sequence("AP-REP",
      tag<0>("pvno",     5),
      tag<1>("msg-type", 15),
      tag<2>("enc-part", &T::enc_part)));
  }
};
using ApRep = BasicApRep<>;

/// EncAPRepPart, RFC 4120 section 5.5.2.
struct EncApRepPart {
  kerberos_time                ctime;
  microseconds                 cusec;
  std::optional<EncryptionKey> subkey;
  std::optional<uint32>        seq_number;

  static consteval auto asn1() {
    using T = EncApRepPart;
    using namespace kerb::asn1;
    return application<27>(sequence("EncAPRepPart",
      tag<0>("ctime",      &T::ctime),
      tag<1>("cusec",      &T::cusec),
      tag<2>("subkey",     &T::subkey),
      tag<3>("seq-number", &T::seq_number)));
  }
};

}  // namespace kerb::inline v0::msg
