// Tickets, RFC 4120 section 5.3.
#pragma once
#include "../numbers/bits.hpp"
#include "basic.hpp"

template <>
inline constexpr const char* kerb::asn1::flags_name<kerb::ticket_flag_t> = "TicketFlags";

namespace kerb::inline v0::msg {

/// TicketFlags, RFC 4120 section 5.3.
using TicketFlags = flags<ticket_flag_t>;

/// Ticket, RFC 4120 section 5.3. Only the contents of its enc-part, once decrypted, are authenticated.
template <class EncPart = EncryptedData>
struct BasicTicket {
  kerberos_realm  realm;
  PrincipalName   sname;
  EncPart         enc_part;

  static consteval auto asn1() {
    using T = BasicTicket;
    using namespace kerb::asn1;
    return application<1>(sequence("Ticket",
      tag<0>("tkt-vno",  5),
      tag<1>("realm",    &T::realm),
      tag<2>("sname",    &T::sname),
      tag<3>("enc-part", &T::enc_part)));
  }
};
using Ticket = BasicTicket<>;

/// TransitedEncoding, RFC 4120 section 5.3.
struct TransitedEncoding {
  tr_t       tr_type{};
  bytes_view contents;

  static consteval auto asn1() {
    using T = TransitedEncoding;
    using namespace kerb::asn1;
    return sequence("TransitedEncoding",
      tag<0>("tr-type",  &T::tr_type),
      tag<1>("contents", &T::contents));
  }
};

/// EncTicketPart, RFC 4120 section 5.3: the part of a ticket that is encrypted for the server. The
/// authorization data are decoded as elements, and may be computed while they are written.
template <class Data = AuthorizationData>
struct BasicEncTicketPart {
  TicketFlags                      flags;
  EncryptionKey                    key;
  kerberos_realm                   crealm;
  PrincipalName                    cname;
  TransitedEncoding                transited;
  kerberos_time                    authtime;
  std::optional<kerberos_time>     starttime;
  kerberos_time                    endtime;
  std::optional<kerberos_time>     renew_till;
  std::optional<HostAddresses>     caddr;
  std::optional<Data>              authorization_data;

  static consteval auto asn1() {
    using T = BasicEncTicketPart;
    using namespace kerb::asn1;
    return application<3>(sequence("EncTicketPart",
      tag<0> ("flags",              &T::flags),
      tag<1> ("key",                &T::key),
      tag<2> ("crealm",             &T::crealm),
      tag<3> ("cname",              &T::cname),
      tag<4> ("transited",          &T::transited),
      tag<5> ("authtime",           &T::authtime),
      tag<6> ("starttime",          &T::starttime),
      tag<7> ("endtime",            &T::endtime),
      tag<8> ("renew-till",         &T::renew_till),
      tag<9> ("caddr",              &T::caddr),
      tag<10>("authorization-data", &T::authorization_data)));
  }
};
using EncTicketPart = BasicEncTicketPart<>;

}  // namespace kerb::inline v0::msg
