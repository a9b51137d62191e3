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
             &world::incoming) == 0;
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

constexpr bool another_kdc_names_no_client_of_this_realm() {
  world own, foreign;
  show_other_kdcs_ticket(own, true);
  show_other_kdcs_ticket(foreign, false);
  return own.ask_tgs().is(error_code_t::kdc_err_policy, errc::own_client_from_elsewhere, "EncTicketPart", "crealm") &&
         foreign.ask_tgs().issued;
}
KERB_BOTH("tgs_kdc: a ticket for another realm's KDC, which has its key, is not renewed for a client of this realm",
          "[exchange][rfc4120-2.7]", another_kdc_names_no_client_of_this_realm);
}  // namespace
