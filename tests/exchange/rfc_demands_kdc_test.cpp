// What the RFCs demand of a KDC: requests that it must refuse, and what its tickets and replies must say.
#include "support/both.hpp"
#include "support/kdc_side.hpp"

namespace {
using namespace kerb_kdc_test;
using world = kerb_kdc_test::kdc_world;
using f = ticket_flag_t;
using o = kdc_option_t;

constexpr bool no_postdated_ticket_granting_ticket_from_the_tgs() {
  for (const principal_view& server : {krbtgt(), to_other(), web()}) {
    for (const std::int64_t ahead : {0, 3600}) {
      world w;
      w.tgt.flags.set(f::may_postdate);
      w.body.sname = server.name;
      w.body.kdc_options.set(o::postdated);
      w.body.from = plus(noon.at, ahead);
      const outcome r = w.ask_tgs();
      const bool refused = ahead != 0 && !same_principal(server, web());
      if (refused ? !r.is(error_code_t::kdc_err_cannot_postdate, errc::cannot_postdate, "KDC-REQ-BODY", "kdc-options")
                  : !r.issued || r.ticket.flags.has(f::postdated) != (ahead != 0)) {
        return false;
      }
    }
  }
  world w;
  w.body.kdc_options.set(o::postdated);
  w.body.from = plus(noon.at, 3600);
  const outcome r = w.ask_as();
  return r.issued && r.ticket.flags.has(f::postdated) && r.ticket.flags.has(f::invalid);
}
KERB_BOTH("tgs_kdc: a postdated ticket-granting ticket comes only from the AS", "[exchange][rfc4120-2.4]",
          no_postdated_ticket_granting_ticket_from_the_tgs);

/// Whether the TGS copies this element of another realm's ticket, and nothing else.
constexpr bool copied_from_another_realm(const msg::AuthorizationDataElement& e) {
  world w;
  const msg::AuthorizationDataElement had[] = {e};
  w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(had);
  w.tgt_server = from_other();
  w.tgt_key = &w.incoming.own;
  w.tgt.crealm = w.authenticator.crealm = other_org;
  const outcome r = w.ask_tgs();
  if (!r.issued || !r.ticket.authorization_data || r.ticket.authorization_data->size() != 1) return false;
  const msg::AuthorizationDataElement got = *r.ticket.authorization_data->begin();
  return got.ad_type == e.ad_type && got.ad_data == e.ad_data;
}
constexpr bool a_path_of_certificates_is_copied_from_every_ticket() {
  constexpr std::uint8_t no_cas[] = {0x30, 0};
  const msg::AuthorizationDataElement cas{ad_t::initial_verified_cas, no_cas};
  std::array<std::uint8_t, 64> list{};
  const msg::AuthorizationDataElement inside[] = {cas};
  const bytes_view wrapped =
      kerb_test::must(asn1::encode(msg::AuthorizationData(view_of<msg::AuthorizationDataElement>(inside)), list));
  return copied_from_another_realm(cas) && copied_from_another_realm({ad_t::if_relevant, wrapped});
}
KERB_BOTH("tgs_kdc: AD-INITIAL-VERIFIED-CAS is copied from another realm's ticket, with its container or without",
          "[exchange][rfc4556-3.2.3]", a_path_of_certificates_is_copied_from_every_ticket);

constexpr bool a_request_cache_that_cannot_tell_reports_no_replay() {
  for (const request_verdict v : {request_verdict::fresh, request_verdict::again, request_verdict::other,
                                  request_verdict::full, request_verdict::unknown}) {
    world w;
    w.settings.check_requests = true;
    w.seen = v;
    const outcome r = w.ask_tgs();
    const bool ok = v == request_verdict::fresh || v == request_verdict::again ? r.issued
                    : v == request_verdict::other
                        ? r.is(error_code_t::krb_ap_err_repeat, errc::replayed, "Authenticator", "ctime")
                        : r.is(error_code_t::kdc_err_svc_unavailable, errc::replay_unknown, "Authenticator", "ctime");
    if (!ok) return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: a request cache that cannot tell makes the KDC unavailable, and reports no replay",
          "[exchange][rfc4120-3.3.2]", a_request_cache_that_cannot_tell_reports_no_replay);

constexpr bool an_anonymous_client_learns_what_is_missing() {
  constexpr kerberos_string parts[] = {"WELLKNOWN"_krb, "ANONYMOUS"_krb};
  for (const bool asked : {false, true}) {
    for (const bool allowed : {false, true}) {
      world w;
      w.settings.anonymous = allowed;
      w.body.cname = msg::PrincipalName{name_t::wellknown, view_of<kerberos_string>(parts)};
      w.body.kdc_options.set(o::request_anonymous, asked);
      const outcome r = w.ask_as();
      const bool ok =
          asked ? r.is(error_code_t::kdc_err_null_key, errc::anonymity_not_supported, "KDC-REQ-BODY", "cname")
                : r.is(error_code_t::kdc_err_badoption, errc::anonymity_required, "KDC-REQ-BODY", "kdc-options");
      if (!ok) return false;
    }
  }
  return true;
}
KERB_BOTH("as_kdc: an anonymous client must request anonymity, and has no key", "[exchange][rfc6112-4.1]",
          an_anonymous_client_learns_what_is_missing);

constexpr kerberos_string federated_parts[] = {"WELLKNOWN"_krb, "FEDERATED"_krb};
constexpr msg::PrincipalName federated{name_t::wellknown, federated_parts};
constexpr bool unknown(const outcome& r, const char* type, const char* field) {
  return r.is(error_code_t::krb_ap_err_principal_unknown, errc::well_known_name, type, field);
}
constexpr bool the_as_has_no_well_known_principals() {
  world client, server, nobody;
  client.body.cname = federated;
  server.body.sname = federated;
  nobody.body.sname = anonymous_name;
  return unknown(client.ask_as(), "KDC-REQ-BODY", "cname") && unknown(server.ask_as(), "KDC-REQ-BODY", "sname") &&
         unknown(nobody.ask_as(), "KDC-REQ-BODY", "sname");
}
KERB_BOTH("as_kdc: a client and a server with a well-known name are refused", "[exchange][rfc6111-3]",
          the_as_has_no_well_known_principals);

constexpr bool the_tgs_has_no_well_known_principals() {
  world client, server, nobody, realm, no_flag, no_name;
  client.tgt.cname = client.authenticator.cname = federated;
  server.body.sname = federated;
  nobody.body.sname = anonymous_name;
  for (world* w : {&realm, &no_flag, &no_name}) {
    w->settings.anonymous = true;
    w->body.kdc_options.set(o::request_anonymous);
  }
  realm.tgt.crealm = realm.authenticator.crealm = "WELLKNOWN:X"_krb;
  no_flag.tgt.cname = no_flag.authenticator.cname = anonymous_name;
  no_name.tgt.flags.set(f::anonymous);
  const auto bad_match = [](const outcome& r) {
    return r.is(error_code_t::krb_ap_err_badmatch, errc::flags_mismatch, "EncTicketPart", "flags");
  };
  return unknown(client.ask_tgs(), "EncTicketPart", "cname") && unknown(server.ask_tgs(), "KDC-REQ-BODY", "sname") &&
         unknown(nobody.ask_tgs(), "KDC-REQ-BODY", "sname") &&
         realm.ask_tgs().is(error_code_t::krb_ap_err_realm_unknown, errc::well_known_name, "EncTicketPart", "crealm") &&
         bad_match(no_flag.ask_tgs()) && bad_match(no_name.ask_tgs());
}
KERB_BOTH("tgs_kdc: a client and a server with a well-known name are refused, and half of an anonymous ticket",
          "[exchange][rfc6111-3][rfc6112-3]", the_tgs_has_no_well_known_principals);

constexpr bool only_a_postdated_ticket_is_validated() {
  for (const bool dated : {false, true}) {
    world w;
    w.tgt.flags.set(f::invalid);
    w.tgt.flags.set(f::postdated, dated);
    w.body.sname = krbtgt().name;
    w.body.kdc_options.set(o::validate);
    const outcome r = w.ask_tgs();
    if (dated ? !r.issued
              : !r.is(error_code_t::kdc_err_badoption, errc::flag_not_in_ticket, "EncTicketPart", "flags")) {
      return false;
    }
  }
  return true;
}
KERB_BOTH("tgs_kdc: only a postdated ticket is validated", "[exchange][rfc4120-5.4.1]",
          only_a_postdated_ticket_is_validated);

constexpr bool an_unknown_checksum_type_has_its_own_code() {
  const auto asked_with = [](cksum_t t) {
    world w;
    w.cksum_type = t;
    const outcome r = w.ask_tgs();
    return r.sent ? r.sent->error_code : error_code_t::kdc_err_none;
  };
  return asked_with(cksum_t(30000)) == error_code_t::kdc_err_sumtype_nosupp &&
         asked_with(cksum_t::rsa_md5) == error_code_t::krb_ap_err_inapp_cksum &&
         asked_with(cksum_t::hmac_sha1_96_aes128) == error_code_t::krb_ap_err_inapp_cksum;
}
KERB_BOTH("tgs_kdc: an unknown type of the body's checksum is reported as such", "[exchange][rfc4120-3.3.2]",
          an_unknown_checksum_type_has_its_own_code);

constexpr bool an_unknown_restriction_in_the_authenticator_is_refused() {
  constexpr std::uint8_t none[] = {0x30, 0};
  for (const ad_t type : {ad_t(7000), ad_t::and_or, ad_t::intended_for_server, ad_t::if_relevant, ad_t::kdc_issued}) {
    world w;
    const msg::AuthorizationDataElement said[] = {{type, none}};
    w.authenticator.authorization_data = view_of<msg::AuthorizationDataElement>(said);
    const outcome r = w.ask_tgs();
    const bool known = type == ad_t::if_relevant || type == ad_t::kdc_issued;
    if (known ? !r.issued
              : !r.is(error_code_t::kdc_err_policy, errc::critical_authdata, "Authenticator", "authorization-data")) {
      return false;
    }
  }
  return true;
}
KERB_BOTH("tgs_kdc: an unknown restriction in the authenticator refuses the request", "[exchange][rfc4120-5.2.6]",
          an_unknown_restriction_in_the_authenticator_is_refused);

constexpr std::uint8_t here_octets[] = {192, 0, 2, 1};
constexpr msg::HostAddress here[] = {{addr_t::ipv4, bytes_view(here_octets)}};
constexpr bool a_tgs_reply_repeats_no_addresses() {
  for (const bool forwarded : {false, true}) {
    world w;
    w.tgt.flags.set(f::forwardable);
    w.tgt.caddr = view_of<msg::HostAddress>(here);
    w.body.addresses = view_of<msg::HostAddress>(here);
    w.body.kdc_options.set(o::forwarded, forwarded);
    const outcome r = w.ask_tgs();
    if (!r.issued || !r.ticket.caddr || r.part.caddr.has_value() != forwarded) return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: only a forwarded or proxy ticket's addresses are in the reply", "[exchange][rfc4120-5.4.2]",
          a_tgs_reply_repeats_no_addresses);

constexpr bool an_anonymous_ticket_keeps_its_addresses() {
  world w;
  w.settings.anonymous = true;
  w.tgt.caddr = view_of<msg::HostAddress>(here);
  w.body.kdc_options.set(o::request_anonymous);
  const outcome r = w.ask_tgs();
  return r.issued && r.ticket.flags.has(f::anonymous) && r.ticket.caddr && r.ticket.caddr->size() == 1;
}
KERB_BOTH("tgs_kdc: an anonymous ticket is restricted to the addresses of the ticket that it was obtained with",
          "[exchange][rfc6112-4.3]", an_anonymous_ticket_keeps_its_addresses);

/// The salt in the PA-ETYPE-INFO2 of these padata.
constexpr std::optional<kerberos_string> salt_in(const std::optional<msg::MethodData>& padata) {
  if (!padata) return std::nullopt;
  for (const msg::PaData pa : *padata) {
    if (pa.padata_type != padata_t::etype_info2) continue;
    const auto info = asn1::decode_as<msg::EtypeInfo2>("ETYPE-INFO2", pa.padata_value);
    if (info && info->size() == 1) return (*info->begin()).salt;
  }
  return std::nullopt;
}
constexpr bool an_alias_has_the_salt_of_the_canonical_name() {
  constexpr kerberos_string al[] = {"al"_krb};
  for (const bool conceals : {false, true}) {
    for (const bool by_alias : {false, true}) {
      for (const bool proves : {false, true}) {
        world w;
        w.settings.conceal_unknown_clients = conceals;
        w.client.keys[0]->salt.reset();
        w.alias = named(al);
        w.alias_of = &w.client;
        w.body.cname = by_alias ? w.alias->name : alice().name;
        w.with_timestamp = proves;
        const outcome r = w.ask_as();
        std::optional<msg::MethodData> padata = r.padata;
        if (r.sent && r.sent->e_data) padata = kerb_test::must(asn1::decode_as<msg::MethodData>("", *r.sent->e_data));
        const auto salt = salt_in(padata);
        if (r.issued != proves || salt.has_value() != (by_alias || conceals)) return false;
        if (salt && !(*salt == "EX.ORGalice"_krb)) return false;
      }
    }
  }
  return true;
}
KERB_BOTH("as_kdc: a client that requests an alias is told the default salt of its canonical name",
          "[exchange][rfc4120-4]", an_alias_has_the_salt_of_the_canonical_name);
}  // namespace
