// KRB-CRED, RFC 4120 section 5.8.
#pragma once
#include "../numbers/msgtype.hpp"
#include "ticket.hpp"

namespace kerb::inline v0::msg {

/// KRB-CRED, RFC 4120 section 5.8.1: as many tickets as the encrypted part has KrbCredInfo, in the
/// same order. With etype 0 the part is not encrypted (RFC 6448). Tickets and part may be computed
/// while they are written.
template <class EncPart = EncryptedData, class Tickets = sequence_of<Ticket>>
struct BasicKrbCred {
  Tickets tickets;
  EncPart enc_part;

  static consteval auto asn1() {
    using T = BasicKrbCred;
    using namespace kerb::asn1;
    return application<22>(sequence("KRB-CRED",
      tag<0>("pvno",     5),
      tag<1>("msg-type", 22),
      tag<2>("tickets",  &T::tickets),
      tag<3>("enc-part", &T::enc_part)));
  }
};
using KrbCred = BasicKrbCred<>;

/// KrbCredInfo, RFC 4120 section 5.8.1: a ticket's key, and the fields of its EncTicketPart that
/// the sender includes.
struct KrbCredInfo {
  EncryptionKey                  key;
  std::optional<kerberos_realm>  prealm;
  std::optional<PrincipalName>   pname;
  std::optional<TicketFlags>     flags;
  std::optional<kerberos_time>   authtime;
  std::optional<kerberos_time>   starttime;
  std::optional<kerberos_time>   endtime;
  std::optional<kerberos_time>   renew_till;
  std::optional<kerberos_realm>  srealm;
  std::optional<PrincipalName>   sname;
  std::optional<HostAddresses>   caddr;

  static consteval auto asn1() {
    using T = KrbCredInfo;
    using namespace kerb::asn1;
    return sequence("KrbCredInfo",
      tag<0> ("key",        &T::key),
      tag<1> ("prealm",     &T::prealm),
      tag<2> ("pname",      &T::pname),
      tag<3> ("flags",      &T::flags),
      tag<4> ("authtime",   &T::authtime),
      tag<5> ("starttime",  &T::starttime),
      tag<6> ("endtime",    &T::endtime),
      tag<7> ("renew-till", &T::renew_till),
      tag<8> ("srealm",     &T::srealm),
      tag<9> ("sname",      &T::sname),
      tag<10>("caddr",      &T::caddr));
  }
};

/// EncKrbCredPart, RFC 4120 section 5.8.1. The list is decoded as elements, and may be computed
/// while it is written.
template <class Infos = sequence_of<KrbCredInfo>>
struct BasicEncKrbCredPart {
  Infos                        ticket_info;
  std::optional<uint32>        nonce;
  std::optional<kerberos_time> timestamp;
  std::optional<microseconds>  usec;
  std::optional<HostAddress>   s_address;
  std::optional<HostAddress>   r_address;

  static consteval auto asn1() {
    using T = BasicEncKrbCredPart;
    using namespace kerb::asn1;
    return application<29>(sequence("EncKrbCredPart",
      tag<0>("ticket-info", &T::ticket_info),
      tag<1>("nonce",       &T::nonce),
      tag<2>("timestamp",   &T::timestamp),
      tag<3>("usec",        &T::usec),
      tag<4>("s-address",   &T::s_address),
      tag<5>("r-address",   &T::r_address)));
  }
};
using EncKrbCredPart = BasicEncKrbCredPart<>;

}  // namespace kerb::inline v0::msg
