// The user-to-user messages of GSS-API, draft-swift-win2k-krb-user2user-03 section 4.
#pragma once
#include "../numbers/msgtype.hpp"
#include "ticket.hpp"

namespace kerb::inline v0::msg {

/// KERB-TGT-REQUEST, draft-swift-win2k-krb-user2user-03 section 4.
struct KerbTgtRequest {
  std::optional<PrincipalName>   server_name;
  std::optional<kerberos_realm>  realm;

  static consteval auto asn1() {
    using T = KerbTgtRequest;
    using namespace kerb::asn1;
    return sequence("KERB-TGT-REQUEST",
      tag<0>("pvno",        5),
      tag<1>("msg-type",    16),
      tag<2>("server-name", &T::server_name),
      tag<3>("realm",       &T::realm));
  }
};

/// KERB-TGT-REPLY, draft-swift-win2k-krb-user2user-03 section 4: the service's own ticket-granting ticket.
struct KerbTgtReply {
  captured<Ticket> ticket;

  static consteval auto asn1() {
    using T = KerbTgtReply;
    using namespace kerb::asn1;
    return sequence("KERB-TGT-REPLY",
      tag<0>("pvno",     5),
      tag<1>("msg-type", 17),
      tag<2>("ticket",   &T::ticket));
  }
};

}  // namespace kerb::inline v0::msg
