// The checks that AS and TGS replies share; the attacks on them are in as_reply_test.cpp and tgs_reply_test.cpp.
#include <kerb/exchange/client/kdc_reply.hpp>

#include "support/both.hpp"
#include "support/kdc_world.hpp"

using namespace kerb_test;

namespace {
using detail::service_is;

/// What was asked of the KDC of EX.ORG with canonicalize, in a TGS exchange.
constexpr detail::request_facts asked_for(const principal_view& server, bool initial = false) {
  detail::request_facts a;
  a.client = alice();
  a.server = server;
  a.kdc = ex_org;
  a.options = {kdc_option_t::canonicalize};
  a.initial = initial;
  return a;
}
constexpr kerberos_string far_parts[] = {"krbtgt"_krb, "FAR.ORG"_krb}, lower_parts[] = {"krbtgt"_krb, "ex.org"_krb};
constexpr kerberos_string ex_lower = "ex.org"_krb;

constexpr bool a_referral_is_from_the_realm_asked_to_another() {
  const auto judge = [](view_of<kerberos_string> parts, kerberos_string realm, const detail::request_facts& a) {
    return detail::verify_service(named(parts, realm), ex_org, a);
  };
  detail::request_facts a = asked_for(web());
  if (judge(web_parts, ex_org, a) != service_is::as_asked) return false;
  if (judge(referral_parts, ex_org, a) != service_is::referral) return false;
  if (judge(referral_parts, other_org, a) != service_is::another) return false;  // another realm's own TGT
  if (judge(far_parts, other_org, a) != service_is::another) return false;       // issued by another realm
  if (judge(krbtgt_parts, ex_org, a) != service_is::another) return false;       // this realm's own TGT
  if (judge(krbtgt_parts, other_org, a) != service_is::another) return false;
  if (judge(ftp_parts, ex_org, a) != service_is::another) return false;
  a.options = {};
  if (judge(referral_parts, ex_org, a) != service_is::another) return false;
  if (judge(lower_parts, ex_org, a) != service_is::another) return false;
  for (const kdc_option_t o : {kdc_option_t::renew, kdc_option_t::validate}) {
    a.options = {kdc_option_t::canonicalize, o};
    if (judge(referral_parts, ex_org, a) != service_is::another) return false;
  }
  return true;
}
constexpr bool a_closer_realm_may_stand_for_the_kdc_of_another() {
  detail::request_facts a = asked_for(named(far_parts));
  const auto closer = [&] { return detail::verify_service(named(referral_parts), ex_org, a); };
  const auto answers = [&](view_of<kerberos_string> parts) { return detail::verify_service(named(parts), ex_org, a); };
  a.options = {};
  if (closer() != service_is::referral) return false;
  if (answers(far_parts) != service_is::as_asked || answers(web_parts) != service_is::another) return false;
  if (answers(krbtgt_parts) != service_is::another || answers(lower_parts) != service_is::another) return false;
  a.options = {kdc_option_t::renew};
  if (closer() != service_is::another) return false;
  a.options = {};
  a.initial = true;
  if (closer() != service_is::another) return false;
  a.initial = false;
  for (const principal_view& other : {web(), krbtgt(), named(lower_parts)}) {
    a.server = other;
    if (closer() != service_is::another) return false;
  }
  return true;
}
constexpr bool a_reply_has_few_addresses() {
  const auto checked = [](std::size_t n) {
    kdc_world w;
    const std::uint8_t localhost[] = {127, 0, 0, 1};
    std::array<msg::HostAddress, 257> all{};
    all.fill({addr_t::ipv4, bytes_view(localhost)});
    const view_of<msg::HostAddress> some(all.data(), n);
    detail::request_facts a = asked_for(krbtgt(), true);
    a.addresses = some;
    const etype_t types[] = {e20};
    a.etypes = types;
    msg::EncAsRepPart p;
    p.flags = {ticket_flag_t::initial};
    p.sname = krbtgt().name;
    p.srealm = ex_org;
    p.key.keytype = e20;
    p.authtime = w.now.at;
    p.endtime = plus(w.now.at, 3600);
    p.caddr = msg::HostAddresses(some);
    msg::Ticket t;
    t.sname = krbtgt().name;
    t.realm = ex_org;
    return detail::check_enc_part(p, t, alice(), a, w.now, {}).code;
  };
  return checked(1) == errc::ok && checked(256) == errc::ok && checked(257) == errc::address_mismatch;
}
KERB_BOTH("check_enc_part: more than 256 addresses are refused, since each is compared with all requested ones",
          "[exchange][rfc4120-3.1.5]", a_reply_has_few_addresses);

constexpr std::uint8_t zero[] = {'O', 'T', 'H', 'E', 'R', 0, 'X'};
constexpr bool no_referral_names_a_realm_that_is_none() {
  const kerberos_string with_zero[] = {"krbtgt"_krb, {bytes_view(zero)}}, none[] = {"krbtgt"_krb, {}};
  const detail::request_facts a = asked_for(web());
  return detail::verify_service(named(view_of<kerberos_string>(with_zero)), ex_org, a) == service_is::another &&
         detail::verify_service(named(view_of<kerberos_string>(none)), ex_org, a) == service_is::another;
}
constexpr bool no_referral_leads_back_to_the_client() {
  detail::request_facts a = asked_for(named(web_parts, other_org));
  a.kdc = other_org;
  return detail::verify_service(named(krbtgt_parts, other_org), ex_org, a) == service_is::another &&
         detail::verify_service(named(lower_parts, other_org), ex_org, a) == service_is::another &&
         detail::verify_service(named(referral_parts, other_org), ex_org, a) == service_is::another &&
         detail::verify_service(named(far_parts, other_org), ex_org, a) == service_is::referral;
}
constexpr bool what_was_asked_for_is_of_the_realm_that_was_asked() {
  detail::request_facts a = asked_for(named(web_parts, other_org));  // asked of EX.ORG
  return detail::verify_service(named(web_parts, other_org), ex_org, a) == service_is::another &&
         detail::verify_service(named(referral_parts, ex_org), ex_org, a) == service_is::referral;
}
constexpr bool an_as_may_write_its_realm_in_another_way() {
  detail::request_facts a = asked_for(named(lower_parts, ex_lower), true);
  a.kdc = a.client.realm = ex_lower;
  const principal_view own = named(krbtgt_parts, ex_org);
  if (detail::verify_service(own, ex_org, a) != service_is::own_tgs) return false;
  if (detail::verify_service(own, ex_lower, a) != service_is::another) return false;  // the client is of another realm
  if (detail::verify_service(named(referral_parts, other_org), other_org, a) != service_is::another) return false;
  if (detail::verify_service(named(referral_parts, ex_org), ex_org, a) != service_is::another) return false;
  if (detail::verify_service(named(web_parts, ex_org), ex_org, a) != service_is::another) return false;
  a.initial = false;
  if (detail::verify_service(own, ex_org, a) != service_is::another) return false;
  a.initial = true;
  a.options = {};
  if (detail::verify_service(own, ex_org, a) != service_is::another) return false;
  a.options = {kdc_option_t::canonicalize};
  for (const principal_view& other :
       {named(web_parts, ex_lower), named(referral_parts, ex_lower), named(lower_parts)}) {
    a.server = other;
    if (detail::verify_service(own, ex_org, a) != service_is::another) return false;
  }
  return true;
}
constexpr bool flags_are_asked_for_or_inherited() {
  using f = ticket_flag_t;
  using o = kdc_option_t;
  struct pair {
    f flag;
    o option;
  };
  constexpr pair pairs[] = {{f::forwardable, o::forwardable},     {f::forwarded, o::forwarded},
                            {f::proxiable, o::proxiable},         {f::proxy, o::proxy},
                            {f::may_postdate, o::allow_postdate}, {f::postdated, o::postdated},
                            {f::renewable, o::renewable},         {f::renewable, o::renewable_ok},
                            {f::anonymous, o::request_anonymous}};
  for (const pair& p : pairs) {
    detail::request_facts a;
    a.till = plus(noon.at, 60);
    const msg::TicketFlags granted{p.flag, f::initial, f::pre_authent, f::transited_policy_checked};
    if (!(detail::unrequested(a, granted) == msg::TicketFlags{p.flag})) return false;
    a.inherited = {p.flag};
    if (!(detail::unrequested(a, granted) == msg::TicketFlags{})) return false;
    a.inherited = {};
    a.options = {p.option};
    if (!(detail::unrequested(a, granted) == msg::TicketFlags{})) return false;
  }
  return true;
}
constexpr bool the_longest_life_asks_for_no_renewal() {
  using o = kdc_option_t;
  using f = ticket_flag_t;
  detail::request_facts a;
  a.options = {o::renewable_ok};
  a.till = {0};
  const msg::TicketFlags renewable{f::renewable};
  if (!(detail::unrequested(a, renewable) == renewable)) return false;
  a.options = {o::renewable_ok, o::renewable};
  return detail::unrequested(a, renewable) == msg::TicketFlags{};
}
constexpr bool no_wish_is_no_bound() {
  detail::request_facts a;
  a.till = {0};
  return detail::check_times(a, {}, noon.at, true, plus(noon.at, 999999), {}, noon, {}).ok();
}
constexpr bool no_wish_is_no_bound_of_renewal() {
  const auto ok = [](const detail::request_facts& a) {
    return detail::check_times(a, {ticket_flag_t::renewable}, noon.at, true, plus(noon.at, 60), plus(noon.at, 999999),
                               noon, {})
        .ok();
  };
  detail::request_facts a;
  a.till = plus(noon.at, 60);
  a.options = {kdc_option_t::renewable};
  if (!ok(a)) return false;  // no rtime
  a.rtime = kerberos_time{0};
  if (!ok(a)) return false;
  a.rtime = plus(noon.at, 60);
  if (ok(a)) return false;
  a.rtime.reset();
  a.options = {kdc_option_t::renewable_ok};
  if (ok(a)) return false;
  a.till = {0};
  return ok(a);
}
constexpr bool a_renewal_nobody_asked_for_has_no_bound() {
  detail::request_facts a;
  a.till = plus(noon.at, 60);
  const auto e = detail::check_times(a, {ticket_flag_t::renewable}, noon.at, true, plus(noon.at, 60),
                                     plus(noon.at, 999999), noon, {});
  return e.ok() && detail::unrequested(a, {ticket_flag_t::renewable}).has(ticket_flag_t::renewable);
}
constexpr bool a_renewal_keeps_its_own_time_of_renewal() {
  detail::request_facts a;
  a.till = plus(noon.at, 60);
  a.rtime = plus(noon.at, 120);
  a.renewable_to = plus(noon.at, 600);
  const auto until = [&](std::int64_t seconds) {
    return detail::check_times(a, {ticket_flag_t::renewable}, noon.at, true, plus(noon.at, 60), plus(noon.at, seconds),
                               noon, {});
  };
  for (const kdc_option_t again : {kdc_option_t::renew, kdc_option_t::validate}) {
    for (const kdc_option_t o : {kdc_option_t::renewable_ok, kdc_option_t::renewable, kdc_option_t::forwardable}) {
      a.options = {again, o};
      if (!until(600).ok() || until(601).code != errc::time_mismatch) return false;
    }
  }
  a.options = {kdc_option_t::renewable};
  return until(120).ok() && until(121).code == errc::time_mismatch;
}
constexpr bool extreme_times_do_not_overflow() {
  detail::request_facts a;
  a.till = latest_time;
  const auto late = detail::check_times(a, {}, latest_time, true, latest_time, {}, noon, {});
  const auto early = detail::check_times(a, {}, earliest_time, true, latest_time, {}, {latest_time, {999999}}, {});
  return late.code == errc::clock_skew && early.code == errc::clock_skew;
}
}  // namespace

KERB_BOTH("verify_service: a referral is issued by the realm that was asked, and names another",
          "[exchange][rfc6806-8]", a_referral_is_from_the_realm_asked_to_another);
KERB_BOTH("verify_service: a closer realm's KDC may be given in place of another realm's KDC without canonicalize",
          "[exchange][rfc4120-3.3.1]", a_closer_realm_may_stand_for_the_kdc_of_another);
KERB_BOTH("verify_service: no referral names a realm that is empty or has an octet 0", "[exchange][rfc4120-5.2.2]",
          no_referral_names_a_realm_that_is_none);
KERB_BOTH("verify_service: no referral leads back to the client's own realm", "[exchange][rfc4120-3.3.1]",
          no_referral_leads_back_to_the_client);
KERB_BOTH("verify_service: what was asked for is issued by the realm that was asked", "[exchange][rfc4120-5.3]",
          what_was_asked_for_is_of_the_realm_that_was_asked);
KERB_BOTH("verify_service: an AS may write its realm in another way, in all places alike", "[exchange][rfc6806-6]",
          an_as_may_write_its_realm_in_another_way);
KERB_BOTH("unrequested: every flag that widens a ticket, unless it was asked for or inherited", "[exchange][rfc4120-2]",
          flags_are_asked_for_or_inherited);
KERB_BOTH("unrequested: RENEWABLE-OK requests nothing of a KDC that is asked for the longest life it allows",
          "[exchange][rfc4120-2.9.1]", the_longest_life_asks_for_no_renewal);
KERB_BOTH("check_times: a till of the epoch bounds nothing", "[exchange][rfc4120-5.4.1]", no_wish_is_no_bound);
KERB_BOTH("check_times: nor does it, or an absent rtime, bound the time of renewal", "[exchange][rfc4120-5.4.1]",
          no_wish_is_no_bound_of_renewal);
KERB_BOTH("check_times: a time of renewal that nobody asked for is no error, and its flag is reported",
          "[exchange][rfc4120-3.1.5]", a_renewal_nobody_asked_for_has_no_bound);
KERB_BOTH("check_times: a renewed or validated ticket is renewable as long as before, whatever times are asked for",
          "[exchange][rfc4120-3.3.3]", a_renewal_keeps_its_own_time_of_renewal);
KERB_BOTH("check_times: the first and the last time of all do not overflow", "[exchange]",
          extreme_times_do_not_overflow);
