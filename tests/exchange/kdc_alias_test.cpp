// Other names of a service: tickets keep the name that was asked for, and no other name leads to a KDC.
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using world = kerb_kdc_test::kdc_world;
using o = kdc_option_t;
using f = ticket_flag_t;
using a = principal_attribute;

constexpr kerberos_string www_parts[] = {"HTTP"_krb, "www.ex.org"_krb}, ally_parts[] = {"ally"_krb},
                          elsewhere_parts[] = {"HTTP"_krb, "www.other.org"_krb},
                          far_parts[] = {"krbtgt"_krb, "FAR.ORG"_krb};
constexpr principal_view www() { return named(www_parts); }
constexpr void to_alias(world& w, const principal_view& name, world::entry& of) {
  w.alias = name;
  w.alias_of = &of;
  w.body.sname = name.name;
}
/// The ticket was got under an alias, and is shown to its own server's KDC.
constexpr void from_alias(world& w) {
  to_alias(w, www(), w.service);
  w.tgt_server = www();
  w.tgt_key = &w.service.own;
  w.tgt.flags = {f::renewable, f::proxiable, f::pre_authent};
  w.tgt.renew_till = plus(noon.at, 86400);
}
constexpr bool names(const outcome& r, const principal_view& server) {
  return r.issued && same_principal(r.clear_server, server) && same_principal({r.part.sname, r.part.srealm}, server);
}

constexpr bool an_alias_is_answered_as_it_was_asked() {
  for (const bool canonicalize : {false, true}) {
    for (const bool subkey : {false, true}) {
      world w;
      to_alias(w, www(), w.service);
      w.body.sname->name_type = name_t::srv_inst;
      w.body.kdc_options.set(o::canonicalize, canonicalize);
      w.with_subkey = subkey;
      const outcome r = w.ask_tgs();  // which opens the ticket with the key of HTTP/web.ex.org
      if (!names(r, www()) || r.ticket_kvno != 1u || r.clear_server.name.name_type != name_t::srv_inst) return false;
    }
  }
  return true;
}
KERB_BOTH("tgs_kdc: a ticket for an alias has the name that was asked for, and the service's key",
          "[exchange][rfc6806-6]", an_alias_is_answered_as_it_was_asked);

constexpr bool the_service_behind_an_alias_decides() {
  world w;
  to_alias(w, www(), w.service);
  w.service.record.attributes.set(a::user_to_user_only);
  return w.ask_tgs().is(error_code_t::kdc_err_must_use_user2user);
}
KERB_BOTH("tgs_kdc: what is said of a service holds for its aliases", "[exchange][rfc6806-6]",
          the_service_behind_an_alias_decides);

constexpr bool a_ticket_for_an_alias_is_renewed_as_it_is() {
  for (const o option : {o::renew, o::validate, o::proxy}) {
    for (const bool canonicalize : {false, true}) {
      world w;
      from_alias(w);
      w.body.kdc_options = {option};
      w.body.kdc_options.set(o::canonicalize, canonicalize);
      w.tgt.flags.set(f::invalid, option == o::validate);
      w.tgt.flags.set(f::postdated, option == o::validate);
      if (!names(w.ask_tgs(), www())) return false;
    }
  }
  world other;  // its canonical name is another name
  from_alias(other);
  other.body.kdc_options = {o::renew};
  other.body.sname = web().name;
  return other.ask_tgs().is(error_code_t::kdc_err_server_nomatch);
}
KERB_BOTH("tgs_kdc: a ticket for an alias is renewed, validated and proxied under that alias",
          "[exchange][rfc6806-6][rfc4120-3.3.3]", a_ticket_for_an_alias_is_renewed_as_it_is);

constexpr bool user_to_user_knows_the_owner_by_an_alias() {
  const auto issued = [](const principal_view& owner, world::entry world::*behind) {
    world w;
    to_alias(w, named(ally_parts), w.*behind);
    w.body.kdc_options.set(o::enc_tkt_in_skey);
    w.second = w.tgt;
    w.second->cname = owner.name;
    w.second->crealm = owner.realm;
    const outcome r = w.ask_tgs();
    return r.issued ? names(r, named(ally_parts)) : !r.is(error_code_t::kdc_err_server_nomatch);
  };
  return issued(bob(), &world::user) && issued(named(ally_parts), &world::user) && !issued(bob(), &world::client) &&
         !issued(named(bob_parts, other_org), &world::user);
}
KERB_BOTH("tgs_kdc: user-to-user compares the owner of the second ticket with the alias and with whom it stands for",
          "[exchange][rfc6806-8]", user_to_user_knows_the_owner_by_an_alias);

constexpr bool an_alias_of_another_realms_kdc_is_a_referral() {
  world w;
  to_alias(w, named(elsewhere_parts), w.outgoing);
  const bool unasked = w.ask_tgs().is(error_code_t::kdc_err_s_principal_unknown);
  w.body.kdc_options.set(o::canonicalize);
  const bool referred = names(w.ask_tgs(), to_other());
  w.body.kdc_options.set(o::enc_tkt_in_skey);
  w.second = w.tgt;
  return unasked && referred && w.ask_tgs().is(error_code_t::kdc_err_s_principal_unknown);
}
KERB_BOTH("tgs_kdc: an alias that leads to another realm's KDC is a referral, for whom may be referred",
          "[exchange][rfc6806-6][rfc6806-8]", an_alias_of_another_realms_kdc_is_a_referral);

constexpr bool no_name_stands_for_a_kdc() {
  const auto unknown = [](const principal_view& name, world::entry world::*behind) {
    for (const bool canonicalize : {false, true}) {
      world w;
      to_alias(w, name, w.*behind);
      w.body.kdc_options.set(o::canonicalize, canonicalize);
      if (!w.ask_tgs().is(error_code_t::kdc_err_s_principal_unknown)) return false;
    }
    return true;
  };
  world nearer;  // RFC 4120 section 3.3.3: a realm on the way
  to_alias(nearer, named(far_parts), nearer.outgoing);
  return unknown(www(), &world::tgs) && unknown(www(), &world::incoming) && unknown(named(far_parts), &world::tgs) &&
         unknown(named(far_parts), &world::service) && names(nearer.ask_tgs(), to_other());
}
KERB_BOTH("tgs_kdc: a ticket-granting service has no alias and is none", "[exchange][rfc6806-6]",
          no_name_stands_for_a_kdc);

constexpr bool no_name_stands_for_a_kdc_in_an_as_request() {
  const auto unknown = [](const principal_view& name, world::entry world::*behind) {
    for (const bool canonicalize : {false, true}) {
      world w;
      to_alias(w, name, w.*behind);
      w.body.kdc_options.set(o::canonicalize, canonicalize);
      if (!w.ask_as().is(error_code_t::kdc_err_s_principal_unknown, errc::server_unknown, "KDC-REQ-BODY", "sname"))
        return false;
    }
    return true;
  };
  for (world::entry world::*kdc : {&world::tgs, &world::incoming, &world::outgoing})
    if (!unknown(www(), kdc) || !unknown(named(far_parts), kdc)) return false;
  world service, own;
  to_alias(service, www(), service.service);
  own.body.sname = to_other().name;
  return unknown(named(far_parts), &world::service) && service.ask_as().issued && own.ask_as().issued;
}
KERB_BOTH("as_kdc: a ticket-granting service has no alias and is none", "[exchange][rfc6806-6]",
          no_name_stands_for_a_kdc_in_an_as_request);

constexpr bool an_enterprise_name_is_no_servers() {
  constexpr kerberos_string mail[] = {"web@ex.org"_krb}, trust[] = {"krbtgt/EX.ORG@OTHER.ORG"_krb};
  for (const bool is_trust : {false, true}) {
    world w;
    to_alias(w, named(is_trust ? trust : mail, ex_org, name_t::enterprise), is_trust ? w.incoming : w.service);
    if (!w.ask_as().is(error_code_t::kdc_err_s_principal_unknown) || w.asked != 0) return false;
  }
  return true;
}
KERB_BOTH("as_kdc: an enterprise name is the name of no server", "[exchange][rfc6806-5]",
          an_enterprise_name_is_no_servers);

/// A ticket for another realm's KDC, under a name that does not look like it.
constexpr bool a_header_under_a_kdcs_alias_is_not_ours() {
  for (const bool proxied : {false, true}) {
    for (const bool own : {false, true}) {
      world w;
      from_alias(w);
      w.alias_of = own ? &w.tgs : &w.outgoing;
      w.tgt_key = &w.alias_of->own;
      w.body.kdc_options = {proxied ? o::proxy : o::renew, o::canonicalize};
      if (!w.ask_tgs().is(error_code_t::krb_ap_err_not_us, errc::wrong_service, "Ticket", "sname")) return false;
    }
  }
  return true;
}
KERB_BOTH("tgs_kdc: a ticket-granting ticket under an alias is not taken for a service's own",
          "[exchange][rfc4120-3.3.2]", a_header_under_a_kdcs_alias_is_not_ours);

/// Whatever the database answers about krbtgt/EX.ORG: only that principal opens a ticket of that name.
constexpr bool the_kdcs_own_name_is_its_own() {
  world w;
  w.body.kdc_options.set(o::enc_tkt_in_skey);
  w.body.sname = bob().name;
  w.second = w.tgt;
  w.second->cname = bob().name;
  const auto t = w.env_now();
  const auto code = [](const kdc_step& s) {
    const auto* no = std::get_if<refused>(&s);
    const auto e = no == nullptr ? result<msg::KrbError>(errc::truncated) : asn1::decode<msg::KrbError>(no->octets);
    return e ? e->error_code : error_code_t::kdc_err_none;
  };
  kdc<testing::insecure_policy> header(w.settings, std::span(w.scratch));
  kdc_step s = header.receive(w.tgs_req(), t);
  w.outgoing.record.keys = w.tgs.record.keys;
  if (code(header.found(w.outgoing.record, t)) != error_code_t::krb_ap_err_not_us) return false;
  kdc<testing::insecure_policy> second(w.settings, std::span(w.scratch));
  s = second.receive(w.tgs_req(), t);
  s = second.found(w.tgs.record, t);
  s = second.found(w.user.record, t);
  const auto* ask = std::get_if<need_principal>(&s);
  return ask != nullptr && ask->role == principal_role::second_ticket_server &&
         same_principal(ask->principal, krbtgt()) && ask->kvno == 1u && !ask->may_refer &&
         code(second.found(w.outgoing.record, t)) == error_code_t::krb_ap_err_nokey;
}
KERB_BOTH("tgs_kdc: no other principal's record opens a ticket-granting ticket", "[exchange][rfc4120-3.3.2]",
          the_kdcs_own_name_is_its_own);
}  // namespace
