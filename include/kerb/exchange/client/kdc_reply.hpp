// The checks that a client makes on every reply of a KDC, RFC 4120 sections 3.1.5 and 3.3.4.
#pragma once
#include "../../msg/anonymity.hpp"
#include "../addresses.hpp"
#include "../credential.hpp"
#include "../sealed.hpp"
#include "../step.hpp"
#include "asked.hpp"

namespace kerb::inline v0::detail {

constexpr error mismatch(errc c, const char* field) { return {.code = c, .type = "EncKDCRepPart", .field = field}; }

/// Converts a KRB-ERROR to an error of this library; its detail is the KRB-ERROR's code.
constexpr error krb_error(errc c, const msg::KrbError& e) {
  return {.code = c, .detail = static_cast<std::uint32_t>(e.error_code), .type = "KRB-ERROR", .field = "error-code"};
}

/// How the service in a reply relates to the requested one.
enum class service_is : std::uint8_t { as_asked, own_tgs, referral, another };

/// Classifies the service in a reply's encrypted part by its full identity: name, realm, and the
/// KDC that was asked. Otherwise the KDC of one realm could issue a ticket for a service of another
/// realm, with a session key that it knows.
constexpr service_is verify_service(const principal_view& got, kerberos_string crealm, const request_facts& a) {
  const bool canonical = a.options.has(kdc_option_t::canonicalize);
  const std::optional<kerberos_string> to = krbtgt_realm(got.name), wanted = krbtgt_realm(a.server.name);
  // RFC 4120 section 5.3: the realm of a ticket is the realm that issued it, and a KDC issues only
  // tickets of its own realm
  if (got.realm == a.kdc) {
    if (same_principal(got, a.server)) return service_is::as_asked;
    // RFC 6806 section 8: the next realm to ask. It is neither this realm nor the client's own,
    // which RFC 4120 section 3.3.1 calls a loop, however they are spelled. No referral is accepted
    // from an AS, which refers with KDC_ERR_WRONG_REALM (RFC 6806 section 7), or when the client asked
    // for a renewal or validation
    const bool onward = to && !same_realm_in_any_case(*to, a.kdc) && !same_realm_in_any_case(*to, a.client.realm);
    // RFC 4120 section 3.3.1: without canonicalize, only in place of the KDC of another realm
    const bool closer = wanted && !same_realm_in_any_case(*wanted, a.kdc);
    const bool may_refer = !a.initial && (closer || canonical) && !is_same_ticket_again(a.options);
    return may_refer && onward ? service_is::referral : service_is::another;
  }
  // RFC 6806 section 6: with canonicalize an AS may spell its realm in other letters, in the same
  // way in every place. It has no tickets of any other realm
  const bool wanted_own = a.initial && canonical && wanted && *wanted == a.kdc && a.server.realm == a.kdc;
  const bool own = to && *to == got.realm && crealm == got.realm && same_realm_in_any_case(got.realm, a.kdc);
  return wanted_own && own ? service_is::own_tgs : service_is::another;
}

/// Whether this is the client of an anonymous ticket that the request asks for. RFC 6112 section 4:
/// the ticket has the anonymous name, in the realm of the client. Only a client that is anonymous in
/// the AS request itself gets the anonymous realm.
constexpr bool is_asked_anonymity(const principal_view& got, const request_facts& a) {
  if (!a.options.has(kdc_option_t::request_anonymous) || !is_anonymous(got.name)) return false;
  const bool hides_realm = a.initial && is_anonymous(a.client.name) && got.realm == anonymous_realm;
  return hides_realm || got.realm == a.client.realm;
}

/// RFC 4120 section 3.1.5: compares the unencrypted part with the request. The client takes no
/// information from it, except the name of a renamed or anonymous client. A KDC renames nobody to a
/// well-known name: no account has one (RFC 6111 section 3).
template <class Rep>
constexpr error check_clear_part(const Rep& rep, const request_facts& a) {
  const char* const type = asn1::type_name<Rep>;
  const bool renaming = a.initial && a.options.has(kdc_option_t::canonicalize);  // RFC 6806 section 6
  const principal_view got{rep.cname, rep.crealm};
  const bool may_be_new = renaming && !is_well_known(got.name);  // check_enc_part() checks a new realm
  if (!may_be_new && !same_principal(got, a.client) && !is_asked_anonymity(got, a)) {
    return {.code = errc::name_mismatch, .type = type, .field = rep.crealm == a.client.realm ? "cname" : "crealm"};
  }
  // An encryption type that was not offered may be a downgrade. A TGS-REP is sealed under the subkey
  // or the session key, so its type needs no check
  if (a.initial && !contains(a.etypes, rep.enc_part.etype)) {
    return {.code = errc::etype_not_offered, .type = type, .field = "enc-part"};
  }
  return {};
}

constexpr error check_times(const request_facts& a, const msg::TicketFlags& granted, kerberos_time start,
                            bool has_start, kerberos_time end, std::optional<kerberos_time> renew_till, timestamp now,
                            const exchange_limits& limits) {
  const bool postdated = a.options.has(kdc_option_t::postdated);
  // RFC 4120 sections 3.1.3 and 3.3.3: a ticket that is to start in the past starts now
  if (postdated && a.from && *a.from > plus(now.at, limits.clock_skew)) {
    if (start != *a.from) return mismatch(errc::time_mismatch, "starttime");
  } else if (has_start && !a.options.has(kdc_option_t::validate) &&
             !within_skew({start, {0}}, {now.at, {0}}, limits.clock_skew)) {
    return mismatch(errc::clock_skew, "starttime");
  }
  constexpr kerberos_time no_wish{0};  // RFC 4120 section 5.4.1: as long as policy allows
  // RFC 4120 section 3.3.3: a renewed ticket has the same lifetime again, up to its renew-till, and
  // a validated ticket keeps its times. The field till has no meaning in these requests
  const bool renews = a.options.has(kdc_option_t::renew);
  if (renews && a.renewable_to && end > *a.renewable_to) return mismatch(errc::time_mismatch, "endtime");
  const bool bounded = !is_same_ticket_again(a.options) && a.till != no_wish;
  if (bounded && end > a.till) return mismatch(errc::time_mismatch, "endtime");
  if (end < start || end < plus(now.at, -limits.clock_skew)) return mismatch(errc::ticket_expired, "endtime");
  if (renew_till) {
    if (!granted.has(ticket_flag_t::renewable)) return mismatch(errc::time_mismatch, "renew-till");
    if (is_same_ticket_again(a.options)) {  // its own, whatever the request's times are
      if (a.renewable_to && *renew_till > *a.renewable_to) return mismatch(errc::time_mismatch, "renew-till");
    } else if (a.options.has(kdc_option_t::renewable)) {
      if (a.rtime && *a.rtime != no_wish && *renew_till > *a.rtime) return mismatch(errc::time_mismatch, "renew-till");
    } else if (a.options.has(kdc_option_t::renewable_ok) && a.till != no_wish && *renew_till > a.till) {
      return mismatch(errc::time_mismatch, "renew-till");
    }
  }
  return {};
}

/// The flags that a KDC set without a request. No error (RFC 4120 section 3.1.5 compares no flags),
/// but reported.
constexpr msg::TicketFlags unrequested(const request_facts& a, const msg::TicketFlags& granted) {
  struct pair {
    ticket_flag_t flag;
    kdc_option_t option;
  };
  constexpr pair wideners[] = {{ticket_flag_t::forwardable, kdc_option_t::forwardable},
                               {ticket_flag_t::forwarded, kdc_option_t::forwarded},
                               {ticket_flag_t::proxiable, kdc_option_t::proxiable},
                               {ticket_flag_t::proxy, kdc_option_t::proxy},
                               {ticket_flag_t::may_postdate, kdc_option_t::allow_postdate},
                               {ticket_flag_t::postdated, kdc_option_t::postdated},
                               {ticket_flag_t::renewable, kdc_option_t::renewable},
                               {ticket_flag_t::renewable, kdc_option_t::renewable_ok},
                               {ticket_flag_t::anonymous, kdc_option_t::request_anonymous}};
  msg::TicketFlags wanted = a.inherited, unasked;
  msg::KdcOptions options = a.options;
  // RFC 4120 section 2.9.1: this option is for a life that the KDC cannot give, and "as long as
  // policy allows" is none
  if (a.till == kerberos_time{0}) options.set(kdc_option_t::renewable_ok, false);
  for (const pair& p : wideners)
    if (options.has(p.option)) wanted.set(p.flag);
  for (const pair& p : wideners) unasked.set(p.flag, granted.has(p.flag) && !wanted.has(p.flag));
  return unasked;
}

/// Checks the ticket's flags: a ticket that cannot be used is an error.
constexpr error check_flags(const request_facts& a, const msg::TicketFlags& granted) {
  // RFC 4120 section 3.3.3: only a postdated ticket is invalid at first, and a validated ticket is
  // valid
  const bool may_be_invalid = a.options.has(kdc_option_t::postdated) && !a.options.has(kdc_option_t::validate);
  if (granted.has(ticket_flag_t::invalid) && !may_be_invalid) return mismatch(errc::flags_mismatch, "flags");
  // RFC 4120 section 2.1: INITIAL means that the AS issued the ticket, so the client's key was used
  // recently
  if (a.initial && !granted.has(ticket_flag_t::initial)) return mismatch(errc::flags_mismatch, "flags");
  // RFC 6112 section 4.3: a KDC that does not know the option issues an ordinary ticket
  const bool anonymous = a.options.has(kdc_option_t::request_anonymous);
  if (anonymous && !granted.has(ticket_flag_t::anonymous)) return mismatch(errc::flags_mismatch, "flags");
  return {};
}

/// The addresses that a ticket has if the reply does not name them. RFC 4120 section 5.4.2: those of
/// the ticket in the request, except in a forwarded or proxy ticket.
constexpr std::optional<msg::HostAddresses> addresses_kept(const request_facts& a) {
  if (a.options.has_any({kdc_option_t::forwarded, kdc_option_t::proxy})) return std::nullopt;
  return unless_empty(a.inherited_addresses);
}

/// Checks the encrypted part, the only authority for whom and what the ticket is. `ticket` is the
/// unencrypted one beside it: its names decide nothing, but must not differ.
template <class Part>
constexpr error check_enc_part(const Part& p, const msg::Ticket& ticket, const principal_view& client,
                               const request_facts& a, timestamp now, const exchange_limits& limits) {
  if (p.nonce != a.nonce) return mismatch(errc::nonce_mismatch, "nonce");
  if (verify_service({p.sname, p.srealm}, client.realm, a) == service_is::another)
    return mismatch(errc::name_mismatch, p.srealm == a.kdc && p.srealm == a.server.realm ? "sname" : "srealm");
  // RFC 4120 section 5.4.1: an AS has only clients of its own realm, except anonymous clients that
  // hide their realm
  if (a.initial && !is_asked_anonymity(client, a) && !(client.realm == p.srealm))
    return {.code = errc::name_mismatch, .type = "AS-REP", .field = "crealm"};
  if (!same_principal({ticket.sname, ticket.realm}, {p.sname, p.srealm})) {
    return {.code = errc::name_mismatch, .type = "Ticket", .field = "sname"};
  }
  if (!contains(a.etypes, p.key.keytype)) return mismatch(errc::etype_not_offered, "key");
  if (const error e = check_flags(a, p.flags); !e.ok()) return e;
  // RFC 6112 section 3: an anonymous ticket has the anonymous name
  if (a.options.has(kdc_option_t::request_anonymous) && !is_anonymous(client.name))
    return {.code = errc::name_mismatch, .type = a.initial ? "AS-REP" : "TGS-REP", .field = "cname"};
  // An AS-REP without starttime starts at authtime (RFC 4120 section 5.3); a TGS-REP's authtime is
  // that of the login
  const bool has_start = p.starttime.has_value() || a.initial;
  const kerberos_time start = p.starttime.value_or(p.authtime);
  if (const error e = check_times(a, p.flags, start, has_start, p.endtime, p.renew_till, now, limits); !e.ok())
    return e;
  // RFC 4120 section 5.3: authtime is when the AS has made the ticket, also one that starts later. The
  // offset of the KDC's clock is computed from it
  if (a.initial && !within_skew({p.authtime, {0}}, {now.at, {0}}, limits.clock_skew))
    return mismatch(errc::clock_skew, "authtime");
  // RFC 4120 section 3.1.5: the address field is correct if the client requested every address in
  // it. Those of the ticket in the request also count (section 3.3.3), but not in a forwarded or
  // proxy ticket, which the peer could not use then
  if (const auto caddr = unless_empty(p.caddr)) {
    const std::optional<msg::HostAddresses> kept = addresses_kept(a);
    constexpr std::size_t most = 256;  // each is compared with all requested ones, which a peer may have chosen
    std::size_t addresses = 0;
    for (const msg::HostAddress got : *caddr) {
      if (++addresses > most) return mismatch(errc::address_mismatch, "caddr");
      bool wanted = false;
      const auto look = [&](const auto& list) {
        for (const msg::HostAddress x : list) wanted |= same_address(x, got);
      };
      look(a.addresses);
      if (kept) look(*kept);
      if (!wanted) return mismatch(errc::address_mismatch, "caddr");
    }
  }
  return {};
}

/// The number of octets that a reply needs in a workspace: its opened part, and copies of what is
/// outside of it.
template <class Rep>
constexpr std::size_t buffer_for(const Rep& rep, const request_facts& a) {
  const std::optional<msg::HostAddresses> kept = addresses_kept(a);
  return rep.enc_part.cipher.size() + rep.ticket.octets().size() + rep.crealm.octets.size() +
         asn1::encoded_size(rep.cname) + (kept ? asn1::encoded_size(*kept) : 0);
}

/// Makes the credential from a checked reply; its views point into `in`.
template <class Key, class Rep, class Part>
constexpr basic_credential<Key> make_credential(const Rep& rep, const Part& p, const request_facts& a, Key session_key,
                                                timestamp now, detail::workspace in) {
  ticket_facts f;
  f.server = {p.sname, p.srealm};
  f.flags = p.flags;
  f.authtime = p.authtime;
  f.starttime = p.starttime.value_or(p.authtime);
  f.endtime = p.endtime;
  f.renew_till = p.renew_till;
  f.key_expiration = p.key_expiration;
  for (const msg::LastReqEntry e : p.last_req) {
    const bool here = e.lr_type == lr_t::password_expires_here || e.lr_type == lr_t::account_expires_here;
    const lr_t type = here ? static_cast<lr_t>(-static_cast<std::int32_t>(e.lr_type)) : e.lr_type;
    if (e.lr_value.seconds == 0) continue;  // KDCs write this for no time
    if (type == lr_t::password_expires) f.password_expires = e.lr_value;
    if (type == lr_t::account_expires) f.account_expires = e.lr_value;
  }
  f.unrequested_flags = unrequested(a, p.flags);
  const principal_view client{rep.cname, rep.crealm};
  f.client_renamed =
      has(a.kind, ticket_kind::renamed) || (!same_principal(client, a.client) && !is_asked_anonymity(client, a));
  f.handed_over = has(a.kind, ticket_kind::handed_over);
  f.user_to_user = has(a.kind, ticket_kind::user_to_user);
  f.restricted = has(a.kind, ticket_kind::restricted);
  f.for_peer = has(a.kind, ticket_kind::for_peer);
  f.is_referral = verify_service(f.server, rep.crealm, a) == service_is::referral;
  f.client.realm.octets = in.keep_copy(rep.crealm.octets);
  f.ticket = in.keep_copy(rep.ticket.octets());
  const auto copy = [&in](const auto& v) {
    const std::size_t n = asn1::encoded_size(v);
    const std::span<std::uint8_t> to = in.borrow(n);
    in.keep(n);
    return asn1::encode(v, to);
  };
  if (const auto e = copy(rep.cname)) {
    if (const auto name = asn1::decode<msg::PrincipalName>(*e)) f.client.name = *name;
  }
  f.addresses = unless_empty(p.caddr);
  if (const auto kept = addresses_kept(a); kept && !f.addresses) {
    if (const auto e = copy(*kept)) {
      if (const auto list = asn1::decode_as<msg::HostAddresses>("HostAddresses", *e)) f.addresses = *list;
    }
  }
  f.valid_from_anywhere = !a.addresses.empty() && !f.addresses;
  basic_credential<Key> c(f, std::move(session_key), std::move(in));
  if (a.initial) c.set_kdc_clock_offset(p.authtime.seconds - now.at.seconds);
  return c;
}

}  // namespace kerb::inline v0::detail
