// Rules of a KDC's exchanges: verdicts, and a ticket's times.
#pragma once
#include "../../msg/error.hpp"
#include "../addresses.hpp"
#include "../verdict.hpp"
#include "policy.hpp"

namespace kerb::inline v0::detail {

/// The e-text of a refusal: a short text for people, since some clients show nothing else.
constexpr std::string_view e_text(error_code_t code) {
  switch (code) {
    case error_code_t::kdc_err_c_principal_unknown: return "client unknown";
    case error_code_t::kdc_err_s_principal_unknown: return "server unknown";
    case error_code_t::kdc_err_name_exp: return "client has expired";
    case error_code_t::kdc_err_service_exp: return "server has expired";
    case error_code_t::kdc_err_client_notyet: return "client is not valid yet";
    case error_code_t::kdc_err_service_notyet: return "server is not valid yet";
    case error_code_t::kdc_err_client_revoked: return "client is locked out";
    case error_code_t::kdc_err_service_revoked: return "server is locked out";
    case error_code_t::kdc_err_key_expired: return "password has expired";
    case error_code_t::kdc_err_preauth_required: return "pre-authentication required";
    case error_code_t::kdc_err_preauth_failed: return "pre-authentication failed";
    case error_code_t::kdc_err_etype_nosupp: return "no encryption type in common";
    case error_code_t::kdc_err_cannot_postdate: return "cannot be postdated";
    case error_code_t::kdc_err_never_valid: return "ticket would never be valid";
    case error_code_t::kdc_err_badoption: return "option not granted";
    case error_code_t::kdc_err_policy: return "policy refuses";
    case error_code_t::kdc_err_must_use_user2user: return "user-to-user required";
    case error_code_t::kdc_err_server_nomatch: return "tickets do not match";
    case error_code_t::kdc_err_path_not_accepted: return "path of realms not accepted";
    case error_code_t::kdc_err_wrong_realm: return "client is of another realm";
    case error_code_t::kdc_err_svc_unavailable: return "database not available";
    case error_code_t::krb_ap_err_bad_integrity:
    case error_code_t::krb_ap_err_modified: return "does not verify";
    case error_code_t::krb_ap_err_tkt_expired: return "ticket has expired";
    case error_code_t::krb_ap_err_tkt_nyv: return "ticket is not valid yet";
    case error_code_t::krb_ap_err_repeat: return "request is a replay";
    case error_code_t::krb_ap_err_not_us: return "ticket is not for this KDC";
    case error_code_t::krb_ap_err_badmatch: return "ticket and authenticator do not match";
    case error_code_t::krb_ap_err_skew: return "clock skew too great";
    case error_code_t::krb_ap_err_badaddr: return "address not in ticket";
    case error_code_t::krb_err_response_too_big: return "response too big for a datagram";
    case error_code_t::krb_err_field_toolong: return "length not accepted";
    default: return name_of(code);
  }
}

constexpr bool listed(view_of<etype_t> list, etype_t e) {
  for (etype_t x : list)
    if (x == e) return true;
  return false;
}
constexpr kerberos_time earlier(kerberos_time a, kerberos_time b) { return a < b ? a : b; }
template <class T>
constexpr T least(T a, const std::optional<T>& b) {
  return b && *b < a ? *b : a;
}

/// RFC 4120 section 7.1: which addresses a client may request. A KDC that left some out would issue a
/// ticket without any, valid from anywhere, if no other is requested.
constexpr verdict check_requested_addresses(const msg::KdcReqBody& body) {
  if (!body.addresses) return {};
  for (const msg::HostAddress a : *body.addresses)
    if (!may_be_in_ticket(a)) return no(errc::address_not_allowed, "KDC-REQ-BODY", "addresses");
  return {};
}

/// The second component of krbtgt/REALM; nothing for any other name.
constexpr std::optional<kerberos_string> tgs_realm(const msg::PrincipalName& n) { return krbtgt_realm(n); }

/// Whether this KDC renews and validates no such ticket, so that it issues none that is renewable or has
/// to be validated: a ticket for the KDC of another realm, which has its key and could have made it itself,
/// with a client of this realm (verify_tgs_request()). The client renews its own ticket-granting ticket.
constexpr bool is_used_as_issued(const msg::PrincipalName& server, kerberos_string crealm, kerberos_string own) {
  const auto of = tgs_realm(server);
  return of && !(*of == own) && crealm == own;
}

/// Sets a ticket's times, RFC 4120 sections 3.1.3 and 3.3.3: the requested ones, within all limits.
/// `bound` and `renewable_to` are the limits of the ticket that authenticates the request, if there
/// is one. As in MIT krb5, a ticket that would not be renewable beyond its endtime is not renewable.
template <crypto_policy C>
constexpr verdict set_times(ticket_draft& d, const msg::KdcReqBody& body, const kdc_policy& policy,
                            const principal_record<C>* client, const principal_record<C>& server, kerberos_time now,
                            std::int64_t skew, std::optional<kerberos_time> bound,
                            std::optional<kerberos_time> renewable_to, bool may_renew) {
  constexpr kerberos_time no_wish{0};  // RFC 4120 section 5.4.1: as long as policy allows
  const auto barred = [&](principal_attribute a) {
    return server.attributes.has(a) || (client != nullptr && client->attributes.has(a));
  };
  d.starttime = now;
  if (body.kdc_options.has(kdc_option_t::postdated)) {
    if (!policy.postdated || barred(principal_attribute::no_postdated)) {
      return no(errc::cannot_postdate, "KDC-REQ-BODY", "kdc-options");
    }
    if (body.from && *body.from > now) {  // RFC 4120 section 3.1.3: within the skew too, because of the option
      if (*body.from > plus(now, policy.max_postdate)) { return no(errc::starts_too_late, "KDC-REQ-BODY", "from"); }
      d.starttime = *body.from;
      d.flags.set(ticket_flag_t::postdated);
      d.flags.set(ticket_flag_t::invalid);
    }
  } else if (body.from && *body.from > plus(now, skew)) {
    return no(errc::starts_in_future, "KDC-REQ-BODY", "from");
  }
  std::int64_t life = least(policy.max_life, server.max_life);
  std::int64_t renewable_life = least(policy.max_renewable_life, server.max_renewable_life);
  if (client != nullptr) {
    life = least(life, client->max_life);
    renewable_life = least(renewable_life, client->max_renewable_life);
  }
  const kerberos_time till = body.till == no_wish ? latest_time : body.till;
  // RFC 4120 section 3.3.3 counts the maximum life of a ticket from the TGS from the start of the
  // ticket-granting ticket. As in MIT krb5, it is counted from the ticket's own start here; `bound`,
  // the end of the ticket-granting ticket, limits it too
  d.endtime = earlier(till, least(plus(d.starttime, life), bound));
  if (d.endtime <= d.starttime) { return no(errc::never_valid, "KDC-REQ-BODY", "till"); }
  kerberos_time renew_till = earliest_time;
  if (body.kdc_options.has(kdc_option_t::renewable)) {
    renew_till = !body.rtime || *body.rtime == no_wish ? latest_time : *body.rtime;
  } else if (body.kdc_options.has(kdc_option_t::renewable_ok) && body.till != no_wish && d.endtime < body.till) {
    // RFC 4120 section 2.9.1: only if the requested life cannot be given, and till the requested
    // endtime. A request for the longest life that policy permits always gets what it asks for
    renew_till = body.till;
  }
  renew_till = earlier(renew_till, least(plus(d.starttime, renewable_life), renewable_to));
  if (may_renew && policy.renewable && !barred(principal_attribute::no_renewable) && renew_till > d.endtime) {
    d.flags.set(ticket_flag_t::renewable);
    d.renew_till = renew_till;
  }
  return {};
}

constexpr verdict unknown_client() { return no(errc::client_unknown, "KDC-REQ-BODY", "cname"); }
/// Whether a client can get tickets for this server now, RFC 4120 section 3.1.3.
template <crypto_policy C>
constexpr verdict check_client(const principal_record<C>& c, const principal_record<C>& server, kerberos_time now) {
  using a = principal_attribute;
  const auto refused = [](errc why) { return no(why, "KDC-REQ-BODY", "cname"); };
  if (c.attributes.has(a::not_a_client)) return unknown_client();
  if (c.attributes.has(a::locked)) return refused(errc::client_locked);
  if (c.valid_from && now < *c.valid_from) return refused(errc::client_not_yet_valid);
  if (c.expires && *c.expires <= now) return refused(errc::client_expired);
  const bool spent = (c.password_expires && *c.password_expires <= now) || c.attributes.has(a::must_change_password);
  if (spent && !server.attributes.has(a::changes_passwords)) return refused(errc::password_expired);
  return {};
}
/// Whether a ticket for this server can be issued now (RFC 4120 section 3.1.3), or a ticket that
/// names it be accepted.
template <crypto_policy C>
constexpr verdict check_server(const principal_record<C>& s, kerberos_time now, const char* type = "KDC-REQ-BODY") {
  using a = principal_attribute;
  const auto refused = [&](errc why) { return no(why, type, "sname"); };
  if (s.attributes.has(a::locked)) return refused(errc::server_locked);
  if (s.attributes.has(a::not_a_server)) return refused(errc::not_a_server);
  if (s.valid_from && now < *s.valid_from) return refused(errc::server_not_yet_valid);
  if (s.expires && *s.expires <= now) return refused(errc::server_expired);
  return {};
}

}  // namespace kerb::inline v0::detail
