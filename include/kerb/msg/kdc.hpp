// The AS and TGS messages, RFC 4120 section 5.4.
#pragma once
#include "../numbers/lrtype.hpp"
#include "../numbers/msgtype.hpp"
#include "ticket.hpp"

template <>
inline constexpr const char* kerb::asn1::flags_name<kerb::kdc_option_t> = "KDCOptions";

namespace kerb::inline v0::msg {

/// KDCOptions, RFC 4120 section 5.4.1.
using KdcOptions = flags<kdc_option_t>;

/// KDC-REQ-BODY, RFC 4120 section 5.4.1. The encrypted part and the tickets may be computed while
/// they are written.
template <class Sealed = EncryptedData, class Tickets = sequence_of<Ticket>>
struct BasicKdcReqBody {
  KdcOptions                   kdc_options;
  std::optional<PrincipalName> cname;  ///< only in AS-REQ
  kerberos_realm               realm;  ///< the server's; also the client's in AS-REQ
  std::optional<PrincipalName> sname;
  std::optional<kerberos_time> from;
  kerberos_time                till;
  std::optional<kerberos_time> rtime;
  uint32                       nonce = 0;
  sequence_of<etype_t>         etype;  ///< in preference order
  std::optional<HostAddresses> addresses;
  std::optional<Sealed>        enc_authorization_data;
  std::optional<Tickets>       additional_tickets;

  static consteval auto asn1() {
    using T = BasicKdcReqBody;
    using namespace kerb::asn1;
    return sequence("KDC-REQ-BODY",
      tag<0> ("kdc-options",            &T::kdc_options),
      tag<1> ("cname",                  &T::cname),
      tag<2> ("realm",                  &T::realm),
      tag<3> ("sname",                  &T::sname),
      tag<4> ("from",                   &T::from),
      tag<5> ("till",                   &T::till),
      tag<6> ("rtime",                  &T::rtime),
      tag<7> ("nonce",                  &T::nonce),
      tag<8> ("etype",                  &T::etype),
      tag<9> ("addresses",              &T::addresses),
      tag<10>("enc-authorization-data", &T::enc_authorization_data),
      tag<11>("additional-tickets",     &T::additional_tickets));
  }
};
using KdcReqBody = BasicKdcReqBody<>;

/// KDC-REQ, RFC 4120 section 5.4.1: its first tag is [1]. The APPLICATION tag and msg-type are the
/// same number here, so a request in which they differ can be neither made nor read. The body is
/// captured, because a TGS-REQ's checksum covers the octets received.
template <msg_t M, class Padata = std::optional<MethodData>, class Body = captured<KdcReqBody>>
struct KdcReq {
  Padata padata;
  Body   req_body;

  static consteval auto asn1() {
    using T = KdcReq;
    using namespace kerb::asn1;
    return application<static_cast<std::uint8_t>(M)>(sequence(M == msg_t::as_req ? "AS-REQ" : "TGS-REQ",
      tag<1>("pvno",     5),
      tag<2>("msg-type", static_cast<std::int32_t>(M)),
      tag<3>("padata",   &T::padata),
      tag<4>("req-body", &T::req_body)));
  }
};
using AsReq  = KdcReq<msg_t::as_req>;
using TgsReq = KdcReq<msg_t::tgs_req>;

/// KDC-REP, RFC 4120 section 5.4.2. The ticket is captured, so that the service gets it as the KDC wrote it.
template <msg_t M, class Tkt = captured<Ticket>, class EncPart = EncryptedData, class Padata = MethodData>
struct KdcRep {
  std::optional<Padata> padata;
  kerberos_realm        crealm;
  PrincipalName         cname;
  Tkt                   ticket;
  EncPart               enc_part;

  static consteval auto asn1() {
    using T = KdcRep;
    using namespace kerb::asn1;
    return application<static_cast<std::uint8_t>(M)>(sequence(M == msg_t::as_rep ? "AS-REP" : "TGS-REP",
      tag<0>("pvno",     5),
      tag<1>("msg-type", static_cast<std::int32_t>(M)),
      tag<2>("padata",   &T::padata),
      tag<3>("crealm",   &T::crealm),
      tag<4>("cname",    &T::cname),
      tag<5>("ticket",   &T::ticket),
      tag<6>("enc-part", &T::enc_part)));
  }
};
using AsRep  = KdcRep<msg_t::as_rep>;
using TgsRep = KdcRep<msg_t::tgs_rep>;

/// One element of LastReq, RFC 4120 section 5.4.2.
struct LastReqEntry {
  lr_t          lr_type{};
  kerberos_time lr_value;

  static consteval auto asn1() {
    using T = LastReqEntry;
    using namespace kerb::asn1;
    return sequence("LastReq",
      tag<0>("lr-type",  &T::lr_type),
      tag<1>("lr-value", &T::lr_value));
  }
};
using LastReq = sequence_of<LastReqEntry>;

/// EncKDCRepPart, RFC 4120 section 5.4.2, with the encrypted-pa-data of RFC 6806 section 11: the
/// part of a reply that is encrypted for the client. EncASRepPart has APPLICATION 25 and is also
/// read under 26, which MIT's KDC writes. EncTGSRepPart has 26 and is also read under 25, which GNU
/// Shishi's KDC writes. The key usage tells the two apart.
template <std::uint8_t... Application>
struct EncKdcRepPart {
  EncryptionKey                key;
  LastReq                      last_req;
  uint32                       nonce = 0;
  std::optional<kerberos_time> key_expiration;
  TicketFlags                  flags;
  kerberos_time                authtime;
  std::optional<kerberos_time> starttime;
  kerberos_time                endtime;
  std::optional<kerberos_time> renew_till;
  kerberos_realm               srealm;
  PrincipalName                sname;
  std::optional<HostAddresses> caddr;
  std::optional<MethodData>    encrypted_pa_data;

  static consteval auto asn1() {
    using T = EncKdcRepPart;
    using namespace kerb::asn1;
    return application<Application...>(sequence("EncKDCRepPart",
      tag<0> ("key",               &T::key),
      tag<1> ("last-req",          &T::last_req),
      tag<2> ("nonce",             &T::nonce),
      tag<3> ("key-expiration",    &T::key_expiration),
      tag<4> ("flags",             &T::flags),
      tag<5> ("authtime",          &T::authtime),
      tag<6> ("starttime",         &T::starttime),
      tag<7> ("endtime",           &T::endtime),
      tag<8> ("renew-till",        &T::renew_till),
      tag<9> ("srealm",            &T::srealm),
      tag<10>("sname",             &T::sname),
      tag<11>("caddr",             &T::caddr),
      tag<12>("encrypted-pa-data", &T::encrypted_pa_data)));
  }
};
using EncAsRepPart  = EncKdcRepPart<25, 26>;
using EncTgsRepPart = EncKdcRepPart<26, 25>;

}  // namespace kerb::inline v0::msg
