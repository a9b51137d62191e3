// The ticket that authenticates a TGS request: what it must be, and what it allows; RFC 4120 section 3.3.3.
#pragma once
#include "../../crypto/cksum_rules.hpp"
#include "../../msg/anonymity.hpp"
#include "../../msg/ap.hpp"
#include "../addresses.hpp"
#include "kdc_request.hpp"
#include "tgs_padata.hpp"
#include "ticket_keys.hpp"

namespace kerb::inline v0::detail {

/// The AP-REQ in the padata of a TGS request.
constexpr checked<msg::ApReq> header_of(const kdc_request& q) {
  const verdict no_tgt = no(errc::no_header_ticket, "TGS-REQ", "padata");
  checked<msg::ApReq> found(no_tgt);
  for (const msg::PaData pa : q.padata) {
    if (is_for_somebody_else(pa.padata_type)) return not_supported(errc::impersonation_not_supported, "TGS-REQ");
    if (pa.padata_type != padata_t::tgs_req) continue;
    if (found) return no_tgt;  // it would be unclear which one to use
    const auto ap = asn1::decode<msg::ApReq>(pa.padata_value);
    if (!ap) return verdict{ap.error(), error_code_t::krb_err_generic};
    found = *ap;
  }
  return found;
}

/// Whether this is the name of the ticket-granting service of `realm`.
constexpr bool is_tgs_of(const msg::PrincipalName& name, kerberos_string realm) {
  const auto of = tgs_realm(name);
  return of && *of == realm;
}
/// Whether the ticket that authenticates a request is a ticket-granting ticket that this KDC has
/// issued. Somebody else has the key of any other ticket and can have made it: the KDC of another
/// realm, or the ticket's own server.
constexpr bool is_own_tgt(const msg::Ticket& t, kerberos_string realm) {
  return t.realm == realm && is_tgs_of(t.sname, realm);
}

/// Checks what a TGS request shows before its ticket is opened.
constexpr verdict check_tgs_form(const kdc_request& q, const msg::ApReq& ap, const kdc_policy& policy) {
  using o = kdc_option_t;
  // RFC 4120 section 5.4.1 lets a user-to-user request omit the name, which is then that of the second
  // ticket's client. This is not supported: the name is what that ticket is compared with
  if (!q.body.sname || q.body.sname->name_string.empty()) {
    return no(errc::server_not_named, "KDC-REQ-BODY", "sname");
  }
  // RFC 6111 section 3: this KDC knows none. RFC 6112 section 4.3: no server is anonymous
  if (is_well_known(*q.body.sname)) return no(errc::well_known_name, "KDC-REQ-BODY", "sname");
  if (!(q.body.realm == policy.realm)) { return no(errc::server_unknown, "KDC-REQ-BODY", "realm"); }
  if (ap.ap_options.has(ap_option_t::use_session_key)) { return no(errc::option_not_allowed, "AP-REQ", "ap-options"); }
  const bool again = q.has(o::renew) || q.has(o::validate);
  const bool same = same_principal({ap.ticket->sname, ap.ticket->realm}, q.server());
  // Also for another realm's ticket for this KDC, krbtgt/OWN@OTHER: the KDC that issued it renews it
  if (again && !same) { return no(errc::server_mismatch, "KDC-REQ-BODY", "sname"); }
  // RFC 4120 section 3.3.2: a ticket-granting ticket for us; or the server's own ticket, to
  // renew, validate or proxy
  if (is_tgs_of(ap.ticket->sname, policy.realm)) return {};
  // RFC 4120 section 3.3.3: a server of this realm, so also another realm's KDC, krbtgt/OTHER@OWN,
  // which can have made the ticket itself: verify_tgs_request() restricts its clients
  if ((again && same) || (q.has(o::proxy) && same && !tgs_realm(ap.ticket->sname))) {
    // Such a ticket stays under the key that opened it: whoever has that key must not get a ticket under
    // the session key of the server's ticket-granting ticket, with any client
    return q.has(o::enc_tkt_in_skey) ? no(errc::options_contradict, "KDC-REQ-BODY", "kdc-options") : verdict{};
  }
  return no(errc::wrong_service, "Ticket", "sname");
}
/// Whether the client can be referred to another realm. A server's own ticket, and a renewed or
/// validated one, is only for that server: no referral.
constexpr bool may_refer(const kdc_request& q, const msg::ApReq& ap, kerberos_string realm) {
  using o = kdc_option_t;
  if (!is_tgs_of(ap.ticket->sname, realm) || q.has(o::renew) || q.has(o::validate)) return false;
  return !q.has(o::enc_tkt_in_skey) && (q.has(o::canonicalize) || tgs_realm(q.server().name).has_value());
}

/// Checks the ticket's times and flags, by the KDC's clock.
constexpr verdict check_header_times(const msg::EncTicketPart& tgt, const msg::KdcOptions& options, kerberos_time now,
                                     std::int64_t skew) {
  const bool validates = options.has(kdc_option_t::validate);
  if (tgt.flags.has(ticket_flag_t::invalid) && !validates) {
    return no(errc::ticket_not_yet_valid, "EncTicketPart", "flags");
  }
  // RFC 4120 section 5.4.1: no ticket is validated before its start, by the clock that set it
  if (tgt.starttime.value_or(tgt.authtime) > plus(now, validates ? 0 : skew)) {
    return no(errc::ticket_not_yet_valid, "EncTicketPart", "starttime");
  }
  if (now > plus(tgt.endtime, skew)) { return no(errc::ticket_expired, "EncTicketPart", "endtime"); }
  if (validates && !tgt.flags.has(ticket_flag_t::invalid)) { return no(errc::already_valid, "EncTicketPart", "flags"); }
  // RFC 4120 section 5.4.1: only a postdated ticket is validated
  if (validates && !tgt.flags.has(ticket_flag_t::postdated)) {
    return no(errc::flag_not_in_ticket, "EncTicketPart", "flags");
  }
  if (options.has(kdc_option_t::renew)) {
    if (!tgt.flags.has(ticket_flag_t::renewable) || !tgt.renew_till) {
      return no(errc::not_renewable, "EncTicketPart", "flags");
    }
    if (now >= *tgt.renew_till) { return no(errc::ticket_expired, "EncTicketPart", "renew-till"); }
  }
  return {};
}

/// Checks every option that needs a flag of the ticket, RFC 4120 section 3.3.3.
constexpr verdict check_options(const msg::EncTicketPart& tgt, const msg::KdcReqBody& body, const kdc_policy& policy) {
  struct pair {
    kdc_option_t option;
    ticket_flag_t needs;
  };
  using o = kdc_option_t;
  using f = ticket_flag_t;
  constexpr pair pairs[] = {{o::forwardable, f::forwardable},
                            {o::forwarded, f::forwardable},
                            {o::proxiable, f::proxiable},
                            {o::proxy, f::proxiable},
                            {o::allow_postdate, f::may_postdate}};
  const auto bad = [](errc why) { return no(why, "KDC-REQ-BODY", "kdc-options"); };
  for (const pair& p : pairs)
    if (body.kdc_options.has(p.option) && !tgt.flags.has(p.needs)) return bad(errc::flag_not_in_ticket);
  if (body.kdc_options.has(o::postdated) && !tgt.flags.has(f::may_postdate)) { return bad(errc::cannot_postdate); }
  // Validation ends INVALID, which a renewal requires to have ended: no request can ask for both
  if (body.kdc_options.has(o::renew) && body.kdc_options.has(o::validate)) return bad(errc::options_contradict);
  // A renewed or validated ticket is the same ticket: no flag would show that its addresses are new
  if (body.kdc_options.has_any({o::renew, o::validate}) && body.kdc_options.has_any({o::forwarded, o::proxy}))
    return bad(errc::options_contradict);
  // Delegation without the user's ticket is that of MS-SFU, which is not implemented here
  if (body.kdc_options.has(o::cname_in_addl_tkt)) return bad(errc::delegation_not_supported);
  if (body.kdc_options.has(o::request_anonymous) && !policy.anonymous) return bad(errc::anonymity_not_supported);
  // RFC 6112 section 4.2: an anonymous ticket leads only to anonymous ones
  if (tgt.flags.has(f::anonymous) && !body.kdc_options.has(o::request_anonymous)) return bad(errc::anonymity_required);
  if (body.kdc_options.has(o::enc_tkt_in_skey)) {
    if (!policy.user_to_user) return bad(errc::user_to_user_not_supported);
    if (!body.additional_tickets || body.additional_tickets->empty()) return bad(errc::second_ticket_missing);
  }
  // Only these options use the addresses of the request
  if (body.kdc_options.has_any({o::forwarded, o::proxy})) return check_requested_addresses(body);
  return {};
}

/// Whether the peer's address is one of the ticket's, if the ticket has any and the peer's is
/// known.
constexpr bool address_fits(const std::optional<msg::HostAddresses>& addresses,
                            const std::optional<msg::HostAddress>& peer) {
  return !peer || verify_address(addresses, *peer) != address_verdict::not_listed;
}

/// Checks the checksum over the body as received. RFC 4120 section 3.3.2 demands one that is
/// collision-proof, and another code for an unknown type. This KDC also demands that it is keyed and
/// of the session key's type: then only the holder of the session key can have made it, even if the
/// authenticator is malleable.
template <crypto_policy C>
constexpr verdict check_body(C& crypto, const std::optional<msg::Checksum>& cksum, const typename C::key& session_key,
                             bytes_view body) {
  if (cksum && name_of(cksum->cksumtype).empty()) {
    return no(errc::unsupported_cksum, error_code_t::kdc_err_sumtype_nosupp, "Authenticator", "cksum");
  }
  if (!cksum || !cksum_allowed(cksum_place::tgs_req_body, cksum->cksumtype, crypto.etype_of(session_key))) {
    return no(errc::inappropriate_checksum, "Authenticator", "cksum");
  }
  const bytes_view pieces[] = {body};
  if (crypto.verify(cksum->cksumtype, session_key, key_usage_t::tgs_req_authenticator_cksum, pieces, cksum->checksum) !=
      errc::ok) {
    return no(errc::request_modified, "Authenticator", "cksum");
  }
  return {};
}

/// Checks the server of a TGS request by its record, RFC 4120 section 3.3.3.
template <crypto_policy C>
constexpr verdict check_tgs_server(const principal_record<C>& s, const msg::EncTicketPart& tgt, bool user_to_user) {
  using a = principal_attribute;
  const auto refused = [](errc why) { return no(why, "KDC-REQ-BODY", "sname"); };
  if (s.attributes.has(a::initial_only)) return refused(errc::initial_ticket_required);
  if (s.attributes.has(a::requires_preauth) && !tgt.flags.has(ticket_flag_t::pre_authent)) {
    return refused(errc::preauth_ticket_required);
  }
  if (s.attributes.has(a::user_to_user_only) && !user_to_user) return refused(errc::must_use_user_to_user);
  if (s.attributes.has(a::no_user_to_user) && user_to_user) return refused(errc::user_to_user_forbidden);
  return {};
}

/// Derives a ticket's flags and times from those of the ticket that authenticates the request.
/// `by_server`: that ticket is under the requested server's own key, so its holder can have put any times
/// into it; the policy's limits count from its authtime.
template <crypto_policy C>
constexpr verdict draft_from(ticket_draft& d, const msg::EncTicketPart& tgt, bool by_server,
                             const msg::KdcReqBody& body, const kdc_policy& policy, const principal_record<C>& server,
                             kerberos_time now, std::int64_t skew) {
  using o = kdc_option_t;
  using f = ticket_flag_t;
  using a = principal_attribute;
  const msg::KdcOptions& options = body.kdc_options;
  // RFC 4120 section 2.5: a proxy is for a service. A ticket-granting ticket with other addresses
  // is a forwarded one.
  if (options.has(o::proxy) && tgs_realm(d.server.name)) {
    return no(errc::option_not_allowed, "KDC-REQ-BODY", "kdc-options");
  }
  // The ticket's flags may be from before the policy, or from another KDC
  const auto forbidden = [&](o option, bool by_policy, a barred) {
    return options.has(option) && (!by_policy || server.attributes.has(barred));
  };
  const auto refused = [](errc why) { return no(why, "KDC-REQ-BODY", "kdc-options"); };
  if (forbidden(o::renew, policy.renewable, a::no_renewable)) return refused(errc::renewal_forbidden);
  if (forbidden(o::forwarded, policy.forwardable, a::no_forwardable)) return refused(errc::forwarding_forbidden);
  if (forbidden(o::proxy, policy.proxiable, a::no_proxiable)) return refused(errc::forwarding_forbidden);
  if (forbidden(o::validate, policy.postdated, a::no_postdated)) return refused(errc::cannot_postdate);
  d.authtime = tgt.authtime;
  std::optional<kerberos_time> renewable_to = tgt.renew_till;
  if (by_server && renewable_to) {
    const std::int64_t most = least(policy.max_renewable_life, server.max_renewable_life);
    renewable_to = earlier(*renewable_to, plus(earlier(tgt.authtime, now), most));
  }
  if (options.has(o::validate) || options.has(o::renew)) {  // RFC 4120 section 3.3.3: the same ticket again
    d.flags = tgt.flags;
    d.flags.set(f::initial, false);
    d.flags.set(f::transited_policy_checked, false);
    d.renew_till = renewable_to;
    const kerberos_time began = tgt.starttime.value_or(tgt.authtime);
    const std::int64_t life =
        least(least(tgt.endtime.seconds - began.seconds, server.max_life), std::optional(policy.max_life));
    if (options.has(o::validate)) {
      d.flags.set(f::invalid, false);
      d.starttime = began;
      d.endtime = by_server ? plus(began, life) : tgt.endtime;
    } else {
      d.starttime = now;
      d.endtime = earlier(plus(now, life), *renewable_to);
      if (by_server && *renewable_to <= now) return no(errc::ticket_expired, "EncTicketPart", "renew-till");
    }
    return {};
  }
  constexpr msg::TicketFlags carried{f::pre_authent, f::hw_authent, f::forwarded, f::proxy, f::anonymous};
  d.flags = tgt.flags & carried;
  const auto grant = [&](o option, f flag, bool by_policy, a barred) {
    if (options.has(option) && by_policy && !server.attributes.has(barred)) d.flags.set(flag);
  };
  grant(o::forwardable, f::forwardable, policy.forwardable, a::no_forwardable);
  grant(o::proxiable, f::proxiable, policy.proxiable, a::no_proxiable);
  grant(o::allow_postdate, f::may_postdate, policy.postdated, a::no_postdated);
  if (options.has(o::forwarded)) d.flags.set(f::forwarded);
  if (options.has(o::proxy)) d.flags.set(f::proxy);
  const bool may_renew =
      tgt.flags.has(f::renewable) && renewable_to && !is_used_as_issued(d.server.name, tgt.crealm, policy.realm);
  const verdict times = set_times<C>(d, body, policy, nullptr, server, now, skew, tgt.endtime, renewable_to, may_renew);
  // RFC 4120 section 2.4: only the AS issues a postdated ticket-granting ticket
  if (times.ok() && d.flags.has(f::postdated) && tgs_realm(d.server.name)) {
    return no(errc::cannot_postdate, "KDC-REQ-BODY", "kdc-options");
  }
  return times;
}

}  // namespace kerb::inline v0::detail
