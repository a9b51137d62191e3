// The names in an AS exchange: aliases, enterprise names, and clients of another realm (RFC 6806).
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using o = kdc_option_t;
using world = kerb_kdc_test::kdc_world;

/// Whether the directory's two records bring a reply to this request, and `check` is satisfied with it.
template <class F>
constexpr bool replied(world& w, const world::entry& client, const world::entry& server, F check) {
  kdc<testing::insecure_policy> x(w.settings, std::span(w.scratch));
  const auto t = w.env_now();
  if (!is<need_principal>(x.receive(w.as_req(), t)) || !is<need_principal>(x.found(client.record, t)) ||
      !is<authorize>(x.found(server.record, t)))
    return false;
  const kdc_step s = x.issue({}, t);
  const auto* r = std::get_if<reply>(&s);
  const auto rep = r != nullptr ? asn1::decode<msg::AsRep>(r->octets) : result<msg::AsRep>(errc::truncated);
  return rep && check(*rep);
}

constexpr kerberos_string alias_parts[] = {"alias"_krb};
constexpr bool an_alias_is_answered_in_the_name_it_was_asked_by() {
  world w;
  const auto answered_as = [&](bool canonicalize, const principal_view& name) {
    w.body.kdc_options.set(o::canonicalize, canonicalize);
    w.body.cname = named(alias_parts).name;
    return replied(w, w.client, w.tgs, [&](const msg::AsRep& rep) {
      return same_principal({rep.cname, rep.crealm}, name);
    });
  };
  return answered_as(false, named(alias_parts)) && answered_as(true, alice());
}
KERB_BOTH("as_kdc: an alias gets its canonical name where it asks for that, and keeps its own where not",
          "[exchange][rfc6806-6]", an_alias_is_answered_in_the_name_it_was_asked_by);

constexpr bool a_server_keeps_the_name_that_it_was_asked_by() {
  constexpr kerberos_string www[] = {"HTTP"_krb, "www"_krb};
  const auto named_in_reply = [&](bool canonicalize, const principal_view& name) {
    world w;
    w.body.kdc_options.set(o::canonicalize, canonicalize);
    w.body.sname = named(www).name;
    return replied(w, w.client, w.service, [&](const msg::AsRep& rep) {
      return same_principal({rep.ticket->sname, rep.ticket->realm}, name);
    });
  };
  return named_in_reply(false, named(www)) && named_in_reply(true, web());
}
KERB_BOTH("as_kdc: a server is renamed where canonicalisation is asked for, and nowhere else", "[exchange][rfc6806-7]",
          a_server_keeps_the_name_that_it_was_asked_by);

constexpr bool a_client_of_another_realm_is_referred() {
  constexpr kerberos_string nick_parts[] = {"nick"_krb};
  for (const bool conceals : {false, true}) {
    for (const bool canonicalize : {false, true}) {
      world w;
      w.settings.conceal_unknown_clients = conceals;
      w.user.record.principal = named(bob_parts, other_org);
      w.alias = named(nick_parts);
      w.alias_of = &w.user;
      w.body.cname = w.alias->name;
      w.stamp_key = &w.user.own;
      w.body.kdc_options.set(o::canonicalize, canonicalize);
      const outcome r = w.ask_as();
      const error_code_t unknown =
          conceals ? error_code_t::kdc_err_preauth_failed : error_code_t::kdc_err_c_principal_unknown;
      if (!r.is(canonicalize ? error_code_t::kdc_err_wrong_realm : unknown)) return false;
      if (canonicalize && r.sent->crealm != other_org) return false;
    }
  }
  return true;
}
KERB_BOTH("as_kdc: the record of a client of another realm refers to that realm", "[exchange][rfc4120-5.4.1]",
          a_client_of_another_realm_is_referred);
KERB_BOTH("as_kdc: the record of a server of another realm is none", "[exchange][rfc4120-5.4.1]", [] {
  constexpr kerberos_string www[] = {"HTTP"_krb, "www"_krb};
  world w;
  w.service.record.principal.realm = other_org;
  w.alias = named(www);
  w.alias_of = &w.service;
  w.body.sname = w.alias->name;
  w.body.kdc_options.set(o::canonicalize);
  return w.ask_as().is(error_code_t::kdc_err_s_principal_unknown, errc::server_unknown, "KDC-REQ-BODY", "sname");
});

constexpr kerberos_string mail_parts[] = {"alice@ex.org"_krb};
constexpr bool an_enterprise_name_becomes_a_principals() {
  world w;
  w.body.cname = msg::PrincipalName{name_t::enterprise, mail_parts};
  return replied(w, w.client, w.tgs, [](const msg::AsRep& rep) {
    return same_principal({rep.cname, rep.crealm}, alice());
  });
}
KERB_BOTH("as_kdc: a ticket for an enterprise name is the principal's, asked for or not", "[exchange][rfc6806-5]",
          an_enterprise_name_becomes_a_principals);

constexpr bool only_clients_are_sent_to_another_realm() {
  world w;
  w.body.kdc_options.set(o::canonicalize);
  kdc<testing::insecure_policy> x(w.settings, std::span(w.scratch));
  const auto t = w.env_now();
  kdc_step s = x.receive(w.as_req(), t);
  s = x.found(w.client.record, t);
  const auto* ask = std::get_if<need_principal>(&s);
  if (ask == nullptr || ask->may_refer) return false;
  return code_of(x.refer_to(other_org, t)) == error_code_t::kdc_err_s_principal_unknown;
}
KERB_BOTH("as_kdc: a server of another realm is unknown here, and the client is not told that it is elsewhere itself",
          "[exchange][rfc6806-4]", only_clients_are_sent_to_another_realm);

constexpr kerberos_string upn_parts[] = {"alice@other.org"_krb};
constexpr bool a_client_of_another_realm_is_sent_there() {
  world w;
  w.refer = other_org;
  w.body.cname = msg::PrincipalName{name_t::enterprise, upn_parts};
  const outcome r = w.ask_as();
  world plain;  // a name that is no enterprise name, and no canonicalisation asked for
  plain.refer = other_org;
  plain.client.there = false;
  return r.is(error_code_t::kdc_err_wrong_realm, errc::wrong_realm, "KDC-REQ-BODY", "cname") && r.sent->crealm &&
         *r.sent->crealm == other_org && plain.ask_as().is(error_code_t::kdc_err_c_principal_unknown);
}
KERB_BOTH("as_kdc: a client of another realm is told which, if it asked", "[exchange][rfc6806-4]",
          a_client_of_another_realm_is_sent_there);

KERB_BOTH("as_kdc: with canonicalize a client of any name type is told which realm it belongs to",
          "[exchange][rfc6806-7]", [] {
            world w;
            w.refer = other_org;
            w.client.there = false;
            w.body.kdc_options.set(o::canonicalize);
            const outcome r = w.ask_as();
            return r.is(error_code_t::kdc_err_wrong_realm) && r.sent->crealm && *r.sent->crealm == other_org;
          });

}  // namespace
