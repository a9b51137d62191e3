// The TGS and authorization data, anonymity included. RFC 4120 sections 1.5.1 and 3.3.3, RFC 6112.
#include "support/both.hpp"
#include "support/tgs_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using f = ticket_flag_t;
using o = kdc_option_t;
using a = principal_attribute;
using world = kerb_kdc_test::kdc_world;

constexpr std::uint8_t data_a[] = {1}, data_b[] = {2};
/// An AD-IF-RELEVANT with a PAC and something harmless.
constexpr std::uint8_t mixed_octets[] = {0x30, 0x1b, 0x30, 0x0c, 0xa0, 4, 2, 2,    0,    0x80, 0xa1, 4, 4, 2, 9,
                                         9,    0x30, 0x0b, 0xa0, 4,    2, 2, 0x1b, 0x58, 0xa1, 3,    4, 1, 7};
/// The contents of an AD-IF-RELEVANT with a PAC alone.
constexpr std::uint8_t pac_inside[] = {0x30, 0x0e, 0x30, 0x0c, 0xa0, 4, 2, 2, 0, 0x80, 0xa1, 4, 4, 2, 9, 9};
constexpr std::size_t count(const outcome& r) {
  return r.ticket.authorization_data ? r.ticket.authorization_data->size() : 0;
}
constexpr bool authorization_data_are_carried_over_and_added() {
  world w;
  const msg::AuthorizationDataElement had[] = {{ad_t(7000), data_a}}, adds[] = {{ad_t(7001), data_b}};
  const msg::AuthorizationDataElement ours[] = {{ad_t(7002), data_a}};
  w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(had);
  w.added = adds;
  w.options.authorization_data = ours;
  for (const bool subkey : {false, true}) {
    w.with_subkey = subkey;
    const outcome r = w.ask_tgs();
    if (!r.issued || count(r) != 3) return false;
    auto e = r.ticket.authorization_data->begin();
    if ((*e).ad_type != ad_t(7002) || (*++e).ad_type != ad_t(7000) || (*++e).ad_type != ad_t(7001) ||
        !((*e).ad_data == bytes_view(data_b))) {
      return false;
    }
  }
  return true;
}
KERB_BOTH("tgs_kdc: a ticket's authorization data are carried over, the client's and the caller's are added",
          "[exchange][rfc4120-3.3.3]", authorization_data_are_carried_over_and_added);

constexpr bool what_a_client_may_not_say_is_dropped() {
  constexpr ad_t kdcs_alone[] = {ad_t::win2k_pac,
                                 ad_t::cammac,
                                 ad_t::kdc_issued,
                                 ad_t(512),
                                 ad_t::initial_verified_cas,
                                 ad_t::authentication_strength,
                                 ad_t::login_alias,
                                 ad_t::authentication_indicator};
  constexpr ad_t signed_ones[] = {ad_t::win2k_pac, ad_t::cammac, ad_t::kdc_issued, ad_t(512)};
  for (const ad_t t : kdcs_alone) {
    world w;
    const msg::AuthorizationDataElement adds[] = {{t, data_a}};
    w.added = adds;
    const outcome r = w.ask_tgs();
    if (!r.issued || count(r) != 0) return false;
  }
  for (const ad_t t : signed_ones) {
    world w;
    const msg::AuthorizationDataElement had[] = {{t, data_a}};
    w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(had);
    const outcome r = w.ask_tgs();
    if (!r.issued || count(r) != 0) return false;
  }
  world w;  // what the KDC said of how the client was authenticated stays
  const msg::AuthorizationDataElement had[] = {{ad_t::authentication_indicator, data_a}};
  w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(had);
  return count(w.ask_tgs()) == 1;
}
KERB_BOTH("tgs_kdc: nothing that is signed for another ticket is carried, and nothing that only a KDC may say is added",
          "[exchange][rfc4120-5.2.6]", what_a_client_may_not_say_is_dropped);

constexpr bool the_same_holds_inside_if_relevant() {
  world w;
  const msg::AuthorizationDataElement had[] = {{ad_t::if_relevant, mixed_octets}};
  w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(had);
  const outcome r = w.ask_tgs();
  if (!r.issued || count(r) != 1) return false;
  const msg::AuthorizationDataElement e = *r.ticket.authorization_data->begin();
  const auto inside = asn1::decode_as<msg::AdIfRelevant>("AD-IF-RELEVANT", e.ad_data);
  return e.ad_type == ad_t::if_relevant && inside && inside->size() == 1 && (*inside->begin()).ad_type == ad_t(7000) &&
         (*inside->begin()).ad_data[0] == 7;
}
KERB_BOTH("tgs_kdc: the elements of an AD-IF-RELEVANT are judged one by one", "[exchange][rfc4120-5.2.6.1]",
          the_same_holds_inside_if_relevant);

constexpr kerberos_string anonymous_parts[] = {"WELLKNOWN"_krb, "ANONYMOUS"_krb};
constexpr bool an_anonymous_ticket_names_nobody() {
  world w;
  w.settings.anonymous = true;
  const msg::AuthorizationDataElement had[] = {{ad_t::win2k_pac, data_a}, {ad_t::if_relevant, pac_inside}};
  w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(had);
  w.body.kdc_options.set(o::request_anonymous);
  const outcome r = w.ask_tgs();
  return r.issued && r.ticket.flags.has(f::anonymous) && same_principal(r.clear_client, named(anonymous_parts)) &&
         same_principal({r.ticket.cname, r.ticket.crealm}, named(anonymous_parts)) && count(r) == 0;
}
KERB_BOTH("tgs_kdc: an anonymous ticket has neither the client's name nor its PAC", "[exchange][rfc6112-4.2]",
          an_anonymous_ticket_names_nobody);

constexpr bool anonymity_lifts_no_restriction() {
  const msg::AuthorizationDataElement restriction[] = {{ad_t(7000), data_a}},
                                      optional[] = {{ad_t::if_relevant, mixed_octets}};
  for (const bool from_client : {false, true}) {
    for (const bool inside : {false, true}) {
      world w;
      w.settings.anonymous = true;
      w.body.kdc_options.set(o::request_anonymous);
      const view_of<msg::AuthorizationDataElement> data(inside ? optional : restriction);
      if (from_client) w.added = data;
      else w.tgt.authorization_data = data;
      if (!w.ask_tgs().is(error_code_t::kdc_err_policy, errc::authdata_not_carried, "EncTicketPart",
                          "authorization-data")) {
        return false;
      }
    }
  }
  return true;
}
KERB_BOTH("tgs_kdc: an anonymous ticket is refused where it would be less restricted", "[exchange][rfc6112-4.2]",
          anonymity_lifts_no_restriction);

constexpr bool an_anonymous_ticket_leads_to_anonymous_ones() {
  for (const bool asked : {false, true}) {
    for (const o option : {o::canonicalize, o::renew}) {
      world w;
      w.settings.anonymous = true;
      w.tgt.flags = {f::anonymous, f::renewable};
      w.tgt.renew_till = plus(noon.at, 86400);
      w.tgt.cname = w.authenticator.cname = named(anonymous_parts).name;
      w.body.kdc_options.set(option);
      if (option == o::renew) w.body.sname = krbtgt().name;
      w.body.kdc_options.set(o::request_anonymous, asked);
      const outcome r = w.ask_tgs();
      if (asked ? !r.issued || !r.ticket.flags.has(f::anonymous)
                : !r.is(error_code_t::kdc_err_badoption, errc::anonymity_required, "KDC-REQ-BODY", "kdc-options")) {
        return false;
      }
    }
  }
  return true;
}
KERB_BOTH("tgs_kdc: with an anonymous ticket only anonymous ones are requested", "[exchange][rfc6112-4.2]",
          an_anonymous_ticket_leads_to_anonymous_ones);

constexpr bool a_client_restricts_its_ticket_to_armor() {
  const msg::AuthorizationDataElement armor[] = {{ad_t::fx_fast_armor, {}}};
  world w;
  w.body.sname = krbtgt().name;
  w.added = armor;
  const outcome r = w.ask_tgs();
  if (!r.issued || count(r) != 1 || (*r.ticket.authorization_data->begin()).ad_type != ad_t::fx_fast_armor)
    return false;
  world again;  // and such a ticket is refused
  again.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(armor);
  return again.ask_tgs().is(error_code_t::kdc_err_policy);
}
KERB_BOTH("tgs_kdc: a ticket that its client requests as armor is restricted to that", "[exchange][rfc6113-5.4.1.1]",
          a_client_restricts_its_ticket_to_armor);

constexpr bool another_realms_indicator_is_not_copied() {
  for (const ad_t t : {ad_t::authentication_indicator, ad_t::authentication_strength, ad_t::login_alias}) {
    world w;
    const msg::AuthorizationDataElement had[] = {{t, data_a}, {ad_t(7000), data_b}};
    w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(had);
    from_far(w);
    const outcome r = w.ask_tgs();
    if (!r.issued || count(r) != 1 || (*r.ticket.authorization_data->begin()).ad_type != ad_t(7000)) return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: what another realm states without a signature is not stated in this realm's ticket",
          "[exchange][rfc4120-5.2.6]", another_realms_indicator_is_not_copied);

constexpr bool a_signer_fills_what_is_reserved() {
  world w;
  constexpr std::uint8_t seal[] = {9, 8, 7, 6, 5, 4, 3, 2};
  const msg::AuthorizationDataElement had[] = {{ad_t(7000), data_a}};
  w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(had);
  w.options.reserved_octets = 8;
  w.sign_with = seal;
  const outcome r = w.ask_tgs();
  if (!r.issued || count(r) != 2) return false;
  const msg::AuthorizationDataElement e = *r.ticket.authorization_data->begin();
  const auto inside = asn1::decode_as<msg::AdIfRelevant>("AD-IF-RELEVANT", e.ad_data);
  return e.ad_type == ad_t::if_relevant && inside && inside->size() == 1 &&
         (*inside->begin()).ad_type == ad_t::win2k_pac && (*inside->begin()).ad_data == bytes_view(seal) &&
         r.ticket.key.keyvalue == r.part.key.keyvalue;
}
KERB_BOTH("tgs_kdc: octets that are reserved are filled by the caller once the ticket is complete",
          "[exchange][rfc4120-3.3.3]", a_signer_fills_what_is_reserved);

constexpr bool what_is_nested_less_deep_passes() {
  world w;
  w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(deep_enough);
  return w.ask_tgs().issued;
}
KERB_BOTH("tgs_kdc: authorization data that are nested less deep pass", "[exchange][rfc4120-5.2.6.1]",
          what_is_nested_less_deep_passes);

}  // namespace
