// The TGS and other realms: their clients, referrals, and paths. RFC 4120 sections 1.2 and 3.3.3.
#include "support/both.hpp"
#include "support/tgs_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using f = ticket_flag_t;
using o = kdc_option_t;
using a = principal_attribute;
using world = kerb_kdc_test::kdc_world;

KERB_BOTH("tgs_kdc: the record of a server of another realm refers to that realm", "[exchange][rfc4120-5.3]", [] {
  constexpr kerberos_string www[] = {"HTTP"_krb, "www"_krb};
  for (const bool canonicalize : {false, true}) {
    world w;
    w.service.record.principal.realm = other_org;
    w.alias = named(www);
    w.alias_of = &w.service;
    w.body.sname = w.alias->name;
    w.body.kdc_options.set(o::canonicalize, canonicalize);
    const outcome r = w.ask_tgs();
    if (canonicalize ? !r.issued || !same_principal(r.clear_server, to_other())
                     : !r.is(error_code_t::kdc_err_s_principal_unknown)) {
      return false;
    }
  }
  return true;
});

constexpr bool a_client_of_another_realm_is_served() {
  world w;
  from_far(w);
  const outcome r = w.ask_tgs();
  return r.issued && r.ticket.crealm == other_org && r.ticket.transited.contents.empty() &&
         r.ticket.flags.has(f::transited_policy_checked);
}
KERB_BOTH("tgs_kdc: a client of a realm that shares a key with ours is served", "[exchange][rfc4120-3.3.2]",
          a_client_of_another_realm_is_served);

constexpr bool the_realm_before_ours_joins_the_path() {
  world w;
  from_far(w);
  w.tgt.crealm = w.authenticator.crealm = far_org;
  const kerberos_string trusted[] = {other_org};
  w.settings.paths.trusted = trusted;
  const outcome r = w.ask_tgs();
  world unchecked;  // RFC 4120 section 2.7: then the server is left to check it
  from_far(unchecked);
  unchecked.tgt.crealm = unchecked.authenticator.crealm = far_org;
  unchecked.body.kdc_options.set(o::disable_transited_check);
  const bool not_granted = unchecked.ask_tgs().is(error_code_t::kdc_err_path_not_accepted);
  unchecked.settings.unchecked_paths = true;
  const outcome u = unchecked.ask_tgs();
  return r.issued && kerberos_string{r.ticket.transited.contents} == other_org &&
         r.ticket.flags.has(f::transited_policy_checked) && not_granted && u.issued &&
         kerberos_string{u.ticket.transited.contents} == other_org && !u.ticket.flags.has(f::transited_policy_checked);
}
KERB_BOTH("tgs_kdc: the realm that the ticket came from joins the path, which is checked",
          "[exchange][rfc4120-3.3.3.2]", the_realm_before_ours_joins_the_path);

/// Whether `check` holds for the answer to an anonymous client that hides its realm, behind the other
/// realm; `bend` changes its ticket.
template <class F, class G>
constexpr bool of_no_realm(F bend, G check) {
  world w;
  from_far(w);
  w.settings.anonymous = true;
  w.body.kdc_options.set(o::request_anonymous);
  w.tgt.crealm = anonymous_realm;
  w.tgt.cname = anonymous_name;
  w.tgt.flags.set(f::anonymous);
  bend(w);
  w.authenticator.crealm = w.tgt.crealm;
  w.authenticator.cname = w.tgt.cname;
  return check(w.ask_tgs());
}
constexpr std::uint8_t far_octets[] = {'F', 'A', 'R', '.', 'O', 'R', 'G'}, twice_far[] = {'F', ',', 'F'};
constexpr bool an_anonymous_client_has_any_path() {
  const auto served = [](const outcome& r) {
    return r.issued && r.ticket.crealm == anonymous_realm && is_anonymous(r.ticket.cname) &&
           r.ticket.flags.has(f::anonymous) && r.ticket.flags.has(f::transited_policy_checked);
  };
  return of_no_realm([](world&) {},
                     [&](const outcome& r) {
                       return served(r) && kerberos_string{r.ticket.transited.contents} == other_org;
                     }) &&
         of_no_realm(
             [](world& w) {
               w.tgt.transited = {tr_t::domain_x500_compress, far_octets};
             },
             [&](const outcome& r) { return served(r) && r.ticket.transited.contents.size() > std::size(far_octets); });
}
KERB_BOTH("tgs_kdc: an anonymous client that hides its realm may have passed through any realm",
          "[exchange][rfc6112-4.3]", an_anonymous_client_has_any_path);

constexpr bool only_an_anonymous_client_has_any_path() {
  const auto no = [](const outcome& r) { return r.is(error_code_t::kdc_err_path_not_accepted); };
  return of_no_realm([](world& w) { w.tgt.cname = alice().name; },
                     [](const outcome& r) { return r.is(error_code_t::krb_ap_err_realm_unknown); }) &&
         of_no_realm([](world& w) { w.tgt.flags.set(f::anonymous, false); },
                     [](const outcome& r) { return r.is(error_code_t::krb_ap_err_badmatch); }) &&
         of_no_realm([](world& w) { w.tgt.crealm = far_org; }, no) &&
         of_no_realm(
             [](world& w) {
               w.tgt.transited = {tr_t::domain_x500_compress, twice_far};
             },
             no) &&
         of_no_realm([](world& w) { w.settings.anonymous = false; },
                     [](const outcome& r) { return r.is(error_code_t::kdc_err_badoption); });
}
KERB_BOTH("tgs_kdc: nobody else of the anonymous realm has any path", "[exchange][rfc6112-4.3]",
          only_an_anonymous_client_has_any_path);

constexpr kerberos_string far_service[] = {"HTTP"_krb, "www.other.org"_krb},
                          far_tgs_parts[] = {"krbtgt"_krb, "FAR.ORG"_krb};
constexpr bool a_service_elsewhere_is_referred() {
  world w;
  w.refer = other_org;
  w.body.sname = named(far_service).name;
  const bool unasked = w.ask_tgs().is(error_code_t::kdc_err_s_principal_unknown);
  w.body.kdc_options.set(o::canonicalize);
  const outcome r = w.ask_tgs();
  const bool referred = r.issued && same_principal(r.clear_server, to_other()) &&
                        same_principal({r.part.sname, r.part.srealm}, to_other());
  w.outgoing.there = false;
  return unasked && referred && w.ask_tgs().is(error_code_t::kdc_err_s_principal_unknown);
}
KERB_BOTH("tgs_kdc: who asks for canonicalisation is referred to another realm's KDC", "[exchange][rfc6806-8]",
          a_service_elsewhere_is_referred);

constexpr bool nobody_is_referred_to_us() {
  for (const bool by_name : {false, true}) {
    world w;
    w.body.sname = by_name ? named(far_tgs_parts).name : named(far_service).name;
    w.body.kdc_options.set(o::canonicalize);
    w.refer = ex_org;
    if (!w.ask_tgs().is(error_code_t::kdc_err_s_principal_unknown)) return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: nobody is referred to the realm that refers", "[exchange][rfc6806-8]", nobody_is_referred_to_us);

constexpr bool only_the_server_is_elsewhere() {
  world w;
  to_user(w);
  const auto t = w.env_now();
  // Canonicalisation is asked for, and the ticket is one of ours by its name in clear: only the role forbids it
  w.body.kdc_options = {o::canonicalize};
  kdc<testing::insecure_policy> header(w.settings, std::span(w.scratch));
  const kdc_step first = header.receive(w.tgs_req(), t);
  const auto* ask = std::get_if<need_principal>(&first);
  if (ask == nullptr || ask->role != principal_role::header_server || ask->may_refer) return false;
  if (code_of(header.refer_to(other_org, t)) != error_code_t::krb_ap_err_not_us) return false;
  w.body.kdc_options = {o::canonicalize, o::enc_tkt_in_skey};
  kdc<testing::insecure_policy> second(w.settings, std::span(w.scratch));
  kdc_step s = second.receive(w.tgs_req(), t);
  s = second.found(w.tgs.record, t);
  s = second.found(w.user.record, t);
  ask = std::get_if<need_principal>(&s);
  return ask != nullptr && ask->role == principal_role::second_ticket_server && !ask->may_refer &&
         code_of(second.refer_to(other_org, t)) == error_code_t::krb_ap_err_nokey;
}
KERB_BOTH("tgs_kdc: no server of a ticket that is shown is looked for in another realm", "[exchange][rfc4120-3.3.2]",
          only_the_server_is_elsewhere);

/// A service knows its key, and can put into a ticket of its own what it likes.
constexpr bool a_services_own_ticket_leads_nowhere() {
  for (const bool proxied : {false, true}) {
    for (const bool by_tgt : {false, true}) {
      if (proxied && by_tgt) continue;
      world w;
      to_renew(w);
      w.body.kdc_options = {proxied ? o::proxy : o::renew, o::canonicalize};
      w.tgt.flags.set(f::proxiable);
      if (!by_tgt) {
        show(w, w.service);
        w.body.sname = web().name;
      }
      const auto t = w.env_now();
      kdc<testing::insecure_policy> x(w.settings, std::span(w.scratch));
      kdc_step s = x.receive(w.tgs_req(), t);
      s = x.found(by_tgt ? w.tgs.record : w.service.record, t);
      const auto* ask = std::get_if<need_principal>(&s);
      if (ask == nullptr || ask->role != principal_role::server || ask->may_refer) return false;
      if (code_of(x.refer_to(other_org, t)) != error_code_t::kdc_err_s_principal_unknown) return false;
    }
  }
  return true;
}
KERB_BOTH("tgs_kdc: what is renewed, validated or shown by its own server is never referred",
          "[exchange][rfc4120-3.3.2]", a_services_own_ticket_leads_nowhere);

constexpr bool the_way_to_a_realm_leads_through_a_nearer_one() {
  world w;
  w.refer = other_org;
  w.body.sname = named(far_tgs_parts).name;
  const outcome r = w.ask_tgs();
  return r.issued && same_principal(r.clear_server, to_other());
}
KERB_BOTH("tgs_kdc: who asks for a far realm's KDC gets a ticket for one that is nearer to it",
          "[exchange][rfc4120-3.3.1]", the_way_to_a_realm_leads_through_a_nearer_one);

}  // namespace
