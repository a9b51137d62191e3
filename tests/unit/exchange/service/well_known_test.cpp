// Clients with well-known names (RFC 6111) and anonymous clients (RFC 6112): which of them a service accepts.
#include "support/both.hpp"
#include "support/kpasswd_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using e = error_code_t;
using world = basic_ap_world<testing::insecure_policy>;
constexpr kerberos_string federated_parts[] = {"WELLKNOWN"_krb, "FEDERATED"_krb}, alone_parts[] = {"WELLKNOWN"_krb};
constexpr msg::PrincipalName federated{name_t::wellknown, federated_parts},
    disguised{name_t::principal, federated_parts}, alone{name_t::principal, alone_parts};

/// What a service answers to a client of this name.
constexpr verdict presented(const principal_view& client, bool anonymous_ticket, bool accepts_anonymous) {
  world w;
  w.ticket.flags.set(ticket_flag_t::anonymous, anonymous_ticket);
  w.name_client(client);
  w.request.anonymous = accepts_anonymous;
  return w.present(w.mint());
}

constexpr bool nobody_has_a_well_known_name() {
  for (const bool anonymous_ticket : {false, true}) {
    for (const bool accepts : {false, true}) {
      for (const msg::PrincipalName& name : {federated, disguised, alone}) {
        if (!refused_with(presented({name, alice.realm}, anonymous_ticket, accepts), errc::well_known_name,
                          "EncTicketPart", "cname", e::krb_ap_err_principal_unknown))
          return false;
      }
      for (const principal_view& p :
           {principal_view{alice.name, "WELLKNOWN:ORG.H5L"_krb}, principal_view{anonymous_name, "WELLKNOWN:X"_krb},
            principal_view{alice.name, anonymous_realm}, principal_view{federated, anonymous_realm}}) {
        if (!refused_with(presented(p, anonymous_ticket, accepts), errc::well_known_name, "EncTicketPart", "crealm",
                          e::krb_ap_err_realm_unknown))
          return false;
      }
    }
  }
  return true;
}
KERB_BOTH("ap_acceptor: a client with a well-known name or realm that has no meaning is refused",
          "[exchange][rfc6111-3]", nobody_has_a_well_known_name);

constexpr bool an_anonymous_ticket_has_name_and_flag() {
  for (const bool accepts : {false, true}) {
    for (const kerberos_string realm : {alice.realm, anonymous_realm}) {
      if (!refused_with(presented({anonymous_name, realm}, false, accepts), errc::flags_mismatch, "EncTicketPart",
                        "flags", e::krb_ap_err_badmatch))
        return false;
    }
    if (!refused_with(presented(alice, true, accepts), errc::flags_mismatch, "EncTicketPart", "flags",
                      e::krb_ap_err_badmatch))
      return false;
  }
  return true;
}
KERB_BOTH("ap_acceptor: a ticket has the anonymous name and the flag ANONYMOUS, or neither", "[exchange][rfc6112-3]",
          an_anonymous_ticket_has_name_and_flag);

constexpr bool anonymity_is_allowed_by_the_program() {
  for (const kerberos_string realm : {alice.realm, anonymous_realm}) {
    if (!refused_with(presented({anonymous_name, realm}, true, false), errc::anonymous_client, "EncTicketPart", "flags",
                      e::krb_ap_err_principal_unknown) ||
        !presented({anonymous_name, realm}, true, true).accepted)
      return false;
  }
  return true;
}
KERB_BOTH("ap_acceptor: an anonymous client is accepted only where the program says so", "[exchange][rfc6112-3]",
          anonymity_is_allowed_by_the_program);

constexpr bool an_anonymous_client_has_no_password() {
  for (const bool hides_name : {false, true}) {
    kpasswd_world service;
    if (hides_name) service.w.hide_client();
    service.w.request.anonymous = true;
    const auto r = service.serve(service.request(new_password));
    if (r.replied == hides_name || r.own.has_value() == hides_name) return false;
    if (hides_name && r.why.code != errc::anonymous_client) return false;
  }
  return true;
}
KERB_BOTH("kpasswd_service: an anonymous client is refused", "[exchange][rfc6112-3]",
          an_anonymous_client_has_no_password);

}  // namespace
