// What a client checks in every reply of a KDC, RFC 4120 sections 3.1.5 and 3.3.4.
#pragma once
#include "../../core/fixed.hpp"
#include "../../msg/error.hpp"
#include "../credential.hpp"
#include "../sealed.hpp"
#include "../step.hpp"

namespace kerb::inline v0::detail {

/// What was asked, for comparison with what came.
struct asked {
  principal_view client;
  principal_view server;
  msg::KdcOptions options;
  std::optional<kerberos_time> from;
  kerberos_time till;
  std::optional<kerberos_time> rtime;
  std::uint32_t nonce = 0;
  view_of<etype_t> etypes;
  view_of<msg::HostAddress> addresses;
  bool initial = false;  // an AS exchange
  // What a TGS-REQ's own ticket brings with it (RFC 4120 sections 2.5 to 2.7 and 3.3.3)
  msg::TicketFlags inherited{};
  std::optional<kerberos_time> renewable_to{};
  std::optional<msg::HostAddresses> inherited_addresses{};
};

constexpr error mismatch(errc c, const char* field) { return {.code = c, .type = "EncKDCRepPart", .field = field}; }

/// A KRB-ERROR as an error of ours; detail: its code.
constexpr error krb_error(errc c, const msg::KrbError& e) {
  return {.code = c, .detail = static_cast<std::uint32_t>(e.error_code), .type = "KRB-ERROR", .field = "error-code"};
}

constexpr bool contains(view_of<etype_t> list, etype_t e) {
  for (etype_t x : list)
    if (x == e) return true;
  return false;
}

constexpr bool is_tgs_name(const msg::PrincipalName& n) {
  return n.name_string.size() == 2 && *n.name_string.begin() == std::string_view("krbtgt");
}

/// The clear part, RFC 4120 section 3.1.5: it is compared with the request, and nothing is learnt from it.
template <class Rep>
constexpr error check_clear_part(const Rep& rep, const asked& a) {
  const char* const type = asn1::type_name<Rep>;
  const bool renaming = a.initial && a.options.has(kdc_option_t::canonicalize);  // RFC 6806 section 6
  if (!renaming && !same_principal({rep.cname, rep.crealm}, a.client)) {
    return {.code = errc::name_mismatch, .type = type, .field = rep.crealm == a.client.realm ? "cname" : "crealm"};
  }
  // An encryption type that was not offered may be a downgrade. A TGS-REP's is that of a key the client already has.
  if (a.initial && !contains(a.etypes, rep.enc_part.etype)) {
    return {.code = errc::etype_not_offered, .type = type, .field = "enc-part"};
  }
  return {};
}

constexpr error check_times(const asked& a, const msg::TicketFlags& granted, kerberos_time start, bool has_start,
                            kerberos_time end, std::optional<kerberos_time> renew_till, timestamp now,
                            const exchange_limits& limits) {
  const bool postdated = a.options.has(kdc_option_t::postdated);
  if (postdated && a.from) {
    if (start != *a.from) return mismatch(errc::time_mismatch, "starttime");
  } else if (has_start && !a.options.has(kdc_option_t::validate) &&
             !within_skew({start, {0}}, {now.at, {0}}, limits.clock_skew)) {
    return mismatch(errc::clock_skew, "starttime");
  }
  constexpr kerberos_time no_wish{0};  // RFC 4120 section 5.4.1: as long as policy allows
  // RFC 4120 section 3.3.3: a renewed ticket lives as long again as it did, within its renew-till, and a validated one
  // as long as it was to; till says nothing there
  const bool renews = a.options.has(kdc_option_t::renew);
  if (renews && a.renewable_to && end > *a.renewable_to) return mismatch(errc::time_mismatch, "endtime");
  const bool bounded = !renews && !a.options.has(kdc_option_t::validate) && a.till != no_wish;
  if (bounded && end > a.till) return mismatch(errc::time_mismatch, "endtime");
  if (end < start || end < plus(now.at, -limits.clock_skew)) return mismatch(errc::ticket_expired, "endtime");
  if (renew_till) {
    if (!granted.has(ticket_flag_t::renewable)) return mismatch(errc::time_mismatch, "renew-till");
    if (a.options.has(kdc_option_t::renewable)) {
      if (a.rtime && *a.rtime != no_wish && *renew_till > *a.rtime) return mismatch(errc::time_mismatch, "renew-till");
    } else if (a.options.has(kdc_option_t::renewable_ok) && a.till != no_wish && *renew_till > a.till) {
      return mismatch(errc::time_mismatch, "renew-till");
    }
  }
  return {};
}

/// The ticket's flags: nothing that widens its use may be granted unasked, and what makes it useless is no success.
constexpr error check_flags(const asked& a, const msg::TicketFlags& granted) {
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
                               {ticket_flag_t::invalid, kdc_option_t::postdated},
                               {ticket_flag_t::anonymous, kdc_option_t::request_anonymous}};
  const bool renews = a.options.has(kdc_option_t::renew) || a.options.has(kdc_option_t::validate);
  if (!renews) {  // a renewed or validated ticket keeps the flags it had
    for (const pair& p : wideners)
      if (granted.has(p.flag) && !a.options.has(p.option) && !a.inherited.has(p.flag))
        return mismatch(errc::flags_mismatch, "flags");
    if (granted.has(ticket_flag_t::renewable) && !a.options.has(kdc_option_t::renewable) &&
        !a.options.has(kdc_option_t::renewable_ok)) {
      return mismatch(errc::flags_mismatch, "flags");
    }
  }
  // RFC 4120 section 3.3.3: what was validated is valid
  if (a.options.has(kdc_option_t::validate) && granted.has(ticket_flag_t::invalid))
    return mismatch(errc::flags_mismatch, "flags");
  // RFC 4120 section 2.1: INITIAL says that the AS issued it, and a fresh password was needed
  if (a.initial && !granted.has(ticket_flag_t::initial)) return mismatch(errc::flags_mismatch, "flags");
  return {};
}

/// The encrypted part, which alone says for whom and what the ticket is. `ticket` is the clear one beside it, whose
/// names decide nothing and may not differ.
template <class Part>
constexpr error check_enc_part(const Part& p, const msg::Ticket& ticket, const asked& a, timestamp now,
                               const exchange_limits& limits) {
  if (p.nonce != a.nonce) return mismatch(errc::nonce_mismatch, "nonce");
  if (!same_principal({p.sname, p.srealm}, a.server)) {
    // RFC 6806 section 8: with canonicalize a KDC may refer the client to another realm's KDC
    const bool may_refer = a.options.has(kdc_option_t::canonicalize) && (!a.initial || is_tgs_name(a.server.name));
    const bool referral = may_refer && is_tgs_name(p.sname);
    if (!referral) return mismatch(errc::name_mismatch, p.srealm == a.server.realm ? "sname" : "srealm");
  }
  if (!same_principal({ticket.sname, ticket.realm}, {p.sname, p.srealm})) {
    return {.code = errc::name_mismatch, .type = "Ticket", .field = "sname"};
  }
  if (!contains(a.etypes, p.key.keytype)) return mismatch(errc::etype_not_offered, "key");
  if (const error e = check_flags(a, p.flags); !e.ok()) return e;
  // An AS-REP without starttime begins at authtime (RFC 4120 section 5.3); a TGS-REP's authtime is that of the login
  const bool has_start = p.starttime.has_value() || a.initial;
  const kerberos_time start = p.starttime.value_or(p.authtime);
  if (const error e = check_times(a, p.flags, start, has_start, p.endtime, p.renew_till, now, limits); !e.ok())
    return e;
  // RFC 4120 section 3.1.5: the address field is correct when every address is one that was asked for
  if (p.caddr) {
    for (const msg::HostAddress got : *p.caddr) {
      bool wanted = false;
      const auto look = [&](const auto& list) {
        for (const msg::HostAddress x : list) wanted |= x.addr_type == got.addr_type && x.address == got.address;
      };
      look(a.addresses);
      if (a.inherited_addresses) look(*a.inherited_addresses);
      if (!wanted) return mismatch(errc::address_mismatch, "caddr");
    }
  }
  return {};
}

/// How many octets of room a reply takes: its opened part, and copies of what stands outside it.
template <class Rep>
constexpr std::size_t room_for(const Rep& rep) {
  return rep.enc_part.cipher.size() + rep.ticket.octets().size() + rep.crealm.octets.size() +
         asn1::encoded_size(rep.cname);
}

/// The credential that a checked reply makes; its views lie in `in`.
template <class Key, class Rep, class Part>
constexpr basic_credential<Key> make_credential(const Rep& rep, const Part& p, const asked& a, Key session_key,
                                                timestamp now, room in) {
  ticket_facts f;
  f.server = {p.sname, p.srealm};
  f.flags = p.flags;
  f.authtime = p.authtime;
  f.starttime = p.starttime.value_or(p.authtime);
  f.endtime = p.endtime;
  f.renew_till = p.renew_till;
  f.key_expiration = p.key_expiration;
  f.addresses = p.caddr;
  f.client_renamed = !same_principal({rep.cname, rep.crealm}, a.client);
  f.is_referral = !same_principal({p.sname, p.srealm}, a.server);
  f.client.realm.octets = in.keep_copy(rep.crealm.octets);
  f.ticket = in.keep_copy(rep.ticket.octets());
  const std::size_t n = asn1::encoded_size(rep.cname);
  const std::span<std::uint8_t> to = in.borrow(n);
  in.keep(n);
  if (const auto e = asn1::encode(rep.cname, to)) {
    if (const auto name = asn1::decode<msg::PrincipalName>(*e)) f.client.name = *name;
  }
  basic_credential<Key> c(f, std::move(session_key), std::move(in));
  if (a.initial) c.set_kdc_clock_offset(p.authtime.seconds - now.at.seconds);
  return c;
}

}  // namespace kerb::inline v0::detail
