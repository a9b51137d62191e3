// Who can have made the ticket that authenticates a TGS request, and what the KDC then believes of it.
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using world = kerb_kdc_test::kdc_world;
using o = kdc_option_t;
using f = ticket_flag_t;

constexpr std::uint8_t data_a[] = {0x30, 0x00};

/// A request of Alice's with her ticket for the web server, in which the web server can have put anything.
constexpr void show_service_ticket(world& w, o option) {
  w.tgt_server = web();
  w.tgt_key = &w.service.own;
  w.body.sname = web().name;
  w.body.kdc_options.set(option);
  w.tgt.flags = {f::renewable, f::proxiable};
  w.tgt.flags.set(f::invalid, option == o::validate);
  w.tgt.flags.set(f::postdated, option == o::validate);
  w.tgt.renew_till = plus(noon.at, 86400);
}
constexpr void show_other_kdcs_ticket(world& w, bool of_this_realm) {
  w.tgt_server = to_other();
  w.tgt_key = &w.outgoing.own;
  w.body.sname = to_other().name;
  w.body.kdc_options.set(o::renew);
  w.tgt.flags.set(f::renewable);
  w.tgt.renew_till = plus(noon.at, 86400);
  if (!of_this_realm) w.tgt.crealm = w.authenticator.crealm = other_org;
}

/// What the exchange states about the ticket: at need_principal for the server, at authorize and at sign_ticket.
struct stated {
  bool own = false, told_alike = false;
};
constexpr stated shown(world& w, const principal_record<testing::insecure_policy>& header) {
  const bytes_view request = w.tgs_req();
  const auto t = w.env_now();
  std::array<std::uint8_t, 8192> bigger{};
  kdc<testing::insecure_policy> x(w.settings, std::span(w.scratch));
  kdc_step s = x.receive(request, t);
  if (!is<need_principal>(s) || x.tgs()->header_is_own_tgt()) return {};  // nothing was opened yet
  s = x.found(header, t);
  if (!is<need_principal>(s)) return {};
  const bool own = x.tgs()->header_is_own_tgt();
  s = x.found(w.find({kerb_test::must(w.body.sname), ex_org})->record, t);
  if (!is<authorize>(s) || x.tgs()->header_is_own_tgt() != own || !x.set_buffer(bigger)) return {};
  s = x.issue({.reserved_octets = 8}, t);
  const bool alike = is<sign_ticket>(s) && x.tgs()->header_is_own_tgt() == own &&
                     same_principal(x.tgs()->header_server(), w.tgt_server);
  return {own, alike};
}

constexpr bool the_signer_learns_who_made_the_ticket() {
  const auto is_own = [](auto bend, auto header) {
    world w;
    bend(w);
    const stated s = shown(w, (w.*header).record);
    return s.told_alike ? (s.own ? 1 : 0) : -1;
  };
  return is_own([](world&) {}, &world::tgs) == 1 &&
         is_own([](world& w) { show_service_ticket(w, o::renew); }, &world::service) == 0 &&
         is_own([](world& w) { show_service_ticket(w, o::validate); }, &world::service) == 0 &&
         is_own([](world& w) { show_service_ticket(w, o::proxy); }, &world::service) == 0 &&
         is_own([](world& w) { show_other_kdcs_ticket(w, false); }, &world::outgoing) == 0 &&
         is_own(
             [](world& w) {
               w.tgt_server = from_other();
               w.tgt_key = &w.incoming.own;
               w.tgt.crealm = w.authenticator.crealm = other_org;
             },
             &world::incoming) == 0 &&
         // What that ticket was exchanged for
         is_own([](world& w) { w.tgt.crealm = w.authenticator.crealm = other_org; }, &world::tgs) == 0;
}
KERB_BOTH("tgs_kdc: who signs a ticket learns whether anybody but this KDC can have named its client",
          "[exchange][rfc4120-3.3.3]", the_signer_learns_who_made_the_ticket);

constexpr bool a_servers_own_statements_are_not_repeated() {
  for (const o option : {o::renew, o::validate, o::proxy})
    for (const ad_t t : {ad_t::authentication_indicator, ad_t::authentication_strength, ad_t::login_alias}) {
      world w;
      show_service_ticket(w, option);
      const msg::AuthorizationDataElement had[] = {{t, data_a}, {ad_t(7000), data_a}};
      w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(had);
      const outcome r = w.ask_tgs();
      if (!r.issued || !r.ticket.authorization_data || r.ticket.authorization_data->size() != 1) return false;
      if ((*r.ticket.authorization_data->begin()).ad_type != ad_t(7000)) return false;
    }
  return true;
}
KERB_BOTH("tgs_kdc: what a ticket under its server's key states without a signature is not stated again",
          "[exchange][rfc4120-5.2.6]", a_servers_own_statements_are_not_repeated);

constexpr bool a_local_tgt_does_not_make_a_foreign_kdcs_statements_ours() {
  for (const bool foreign : {false, true})
    for (const ad_t t : {ad_t::authentication_indicator, ad_t::authentication_strength, ad_t::login_alias}) {
      world w;
      if (foreign) w.tgt.crealm = w.authenticator.crealm = other_org;
      const msg::AuthorizationDataElement had[] = {{t, data_a}, {ad_t(7000), data_a}};
      w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(had);
      const outcome r = w.ask_tgs();
      if (!r.issued || r.ticket.authorization_data->size() != (foreign ? 1u : 2u)) return false;
    }
  return true;
}
KERB_BOTH("tgs_kdc: what a foreign KDC states of its client is not stated again with a local ticket-granting ticket",
          "[exchange][rfc4120-5.2.6][security]", a_local_tgt_does_not_make_a_foreign_kdcs_statements_ours);

constexpr bool another_kdc_names_no_client_of_this_realm() {
  world own, foreign;
  show_other_kdcs_ticket(own, true);
  show_other_kdcs_ticket(foreign, false);
  return own.ask_tgs().is(error_code_t::kdc_err_policy, errc::own_client_from_elsewhere, "EncTicketPart", "crealm") &&
         foreign.ask_tgs().issued;
}
KERB_BOTH("tgs_kdc: a ticket for another realm's KDC, which has its key, is not renewed for a client of this realm",
          "[exchange][rfc4120-2.7]", another_kdc_names_no_client_of_this_realm);

constexpr bool what_is_not_renewed_is_not_issued_as_renewable() {
  const auto renewable = [](bool initial, bool own_client, o option) {
    world w;
    w.body.sname = to_other().name;
    w.body.kdc_options.set(option);
    w.body.till = option == o::renewable ? plus(noon.at, 60) : plus(noon.at, 9000);
    w.settings.max_life = 3600;
    w.tgt.flags.set(f::renewable);
    w.tgt.renew_till = plus(noon.at, 9000);
    if (!own_client) w.tgt.crealm = w.authenticator.crealm = other_org;
    const outcome r = initial ? w.ask_as() : w.ask_tgs();
    if (!r.issued || !same_principal(r.clear_server, to_other())) return -1;
    return r.ticket.flags.has(f::renewable) && r.ticket.renew_till ? 1 : 0;
  };
  for (const o option : {o::renewable, o::renewable_ok}) {
    if (renewable(true, true, option) != 0 || renewable(false, true, option) != 0) return false;
    if (renewable(false, false, option) != 1) return false;  // and that one is renewed
  }
  return true;
}
constexpr bool nor_as_one_to_validate() {
  world w, own;
  w.body.sname = to_other().name;
  for (world* const x : {&w, &own}) {
    x->body.kdc_options.set(o::postdated);
    x->body.from = plus(noon.at, 3600);
    x->body.till = plus(noon.at, 7200);
  }
  return w.ask_as().is(error_code_t::kdc_err_cannot_postdate, errc::cannot_postdate, "KDC-REQ-BODY", "kdc-options") &&
         own.ask_as().issued;
}
KERB_BOTH("kdc: a ticket for another realm's KDC that would not be renewed is not issued as renewable",
          "[exchange][rfc4120-2.3]", what_is_not_renewed_is_not_issued_as_renewable);
KERB_BOTH("as_kdc: nor is one issued that would have to be validated", "[exchange][rfc4120-2.4]",
          nor_as_one_to_validate);

using policy = testing::insecure_policy;
/// A server with a new key, version 2, and an older one, version 1.
struct two_keys {
  key older;
  std::array<long_term_key<policy>, 2> keys;
  constexpr explicit two_keys(world& w, world::entry& of)
      : older(w.make(e18, 0xc1)), keys{{{.kvno = 2, .key = of.own}, {.kvno = 1, .key = older}}} {
    of.record.keys = keys;
  }
  two_keys(const two_keys&) = delete;
};
constexpr bool an_old_key_makes_no_ticket_under_the_new_one() {
  for (const bool conceals : {false, true})
    for (const bool names_version : {false, true})
      for (const bool by_old : {false, true})
        for (const o option : {o::renew, o::validate, o::proxy, o::forwardable}) {
          world w;
          w.settings.conceal_unknown_clients = conceals;
          const bool to_another_kdc = option == o::forwardable;
          if (to_another_kdc) show_other_kdcs_ticket(w, false);
          else show_service_ticket(w, option);
          world::entry& server = to_another_kdc ? w.outgoing : w.service;
          const two_keys both(w, server);
          const key& shown = by_old ? both.older : server.own;
          w.tgt_key = &shown;
          w.tgt_kvno = names_version ? std::optional<std::uint32_t>(by_old ? 1 : 2) : std::nullopt;
          w.opens_with = &shown;
          const outcome r = w.ask_tgs();
          const bool same_type = w.crypto.etype_of(shown) == w.crypto.etype_of(server.own);
          // Without a version, one key is tried where the policy conceals: the newest of the type
          const bool is_tried = names_version || !conceals || to_another_kdc || !by_old || !same_type;
          if (r.issued != is_tried) return false;
          if (is_tried && r.ticket_kvno != (by_old ? 1u : 2u)) return false;
        }
  return true;
}
KERB_BOTH("tgs_kdc: who has only an old key of a server gets no ticket under the new one",
          "[exchange][rfc4120-3.3.3][security]", an_old_key_makes_no_ticket_under_the_new_one);

constexpr bool a_ticket_granting_ticket_under_an_old_key_moves_to_the_new_one() {
  world w;
  const two_keys both(w, w.tgs);
  w.tgt_key = &both.older;
  w.body.sname = krbtgt().name;
  w.body.kdc_options.set(o::renew);
  w.tgt.flags.set(f::renewable);
  w.tgt.renew_till = plus(noon.at, 86400);
  const outcome r = w.ask_tgs();
  world service;
  const two_keys of_service(service, service.service);
  const outcome s = service.ask_tgs();
  return r.issued && r.ticket_kvno == 2u && s.issued && s.ticket_kvno == 2u;
}
KERB_BOTH("tgs_kdc: a ticket-granting ticket under an old key is renewed under the new one",
          "[exchange][rfc4120-3.3.3]", a_ticket_granting_ticket_under_an_old_key_moves_to_the_new_one);

constexpr bool a_servers_key_leads_to_no_user_to_user_ticket() {
  for (const o option : {o::renew, o::validate, o::proxy}) {
    world w;
    show_service_ticket(w, option);
    w.body.kdc_options.set(o::enc_tkt_in_skey);
    w.second.emplace(w.tgt);
    w.second->flags = {f::initial};
    w.second->cname = web().name;
    w.second_server = krbtgt();
    if (!w.ask_tgs().is(error_code_t::kdc_err_badoption, errc::options_contradict, "KDC-REQ-BODY", "kdc-options"))
      return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: a ticket under its server's key leads to no ticket under that server's session key",
          "[exchange][rfc4120-3.3.3][security]", a_servers_key_leads_to_no_user_to_user_ticket);

constexpr bool a_server_does_not_choose_how_long_its_ticket_is_renewed() {
  const auto renewed = [](o option, auto bend) {
    world w;
    show_service_ticket(w, option);
    w.settings.max_renewable_life = 1000000;
    w.service.record.max_renewable_life = 500000;
    w.tgt.renew_till = plus(noon.at, 10 * 31536000LL);
    if (option == o::proxy) {
      w.body.kdc_options.set(o::renewable);
      w.body.rtime = plus(noon.at, 10 * 31536000LL);
    }
    bend(w);
    const outcome r = w.ask_tgs();
    return r.issued ? r.ticket : msg::EncTicketPart{};
  };
  const auto as_it_is = [](world&) {};
  const auto tomorrow = [](world& w) {
    w.tgt.starttime = plus(noon.at, -600);
    w.tgt.authtime = plus(noon.at, 86400);
  };
  for (const o option : {o::renew, o::validate, o::proxy}) {
    if (renewed(option, as_it_is).renew_till != plus(noon.at, 500000 - 600)) return false;
    // Nor by an authtime in the future
    if (renewed(option, tomorrow).renew_till != plus(noon.at, 500000)) return false;
  }
  const auto far = [](world& w) { w.tgt.endtime = plus(noon.at, 31536000); };
  if (renewed(o::validate, far).endtime != plus(noon.at, -600 + 36000)) return false;
  world late;
  show_service_ticket(late, o::renew);
  late.tgt.authtime = plus(noon.at, -604800);
  late.tgt.starttime = plus(noon.at, -600);
  return late.ask_tgs().is(error_code_t::krb_ap_err_tkt_expired, errc::ticket_expired, "EncTicketPart", "renew-till");
}
KERB_BOTH("tgs_kdc: a ticket under its server's key is not renewed for longer than the policy allows",
          "[exchange][rfc4120-3.3.3][security]", a_server_does_not_choose_how_long_its_ticket_is_renewed);
}  // namespace
