// What has brought down or fooled other KDCs, put to this one. Each case has the number it is known by.
#include <vector>

#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using f = ticket_flag_t;
using o = kdc_option_t;
using a = principal_attribute;
using world = kerb_kdc_test::kdc_world;

constexpr bool client_unknown(const outcome& r) { return r.is(error_code_t::kdc_err_c_principal_unknown); }
constexpr bool server_unknown(const outcome& r) { return r.is(error_code_t::kdc_err_s_principal_unknown); }
constexpr kerberos_string empty_part[] = {kerberos_string{}}, none[1] = {};
constexpr std::uint8_t octets_of_nothing[] = {0};
constexpr std::uint8_t one_octet[] = {7};

/// An AS-REQ with this body and these padata, whatever they are.
constexpr outcome ask_as(world& w, const msg::KdcReqBody& body, std::optional<msg::MethodData> padata = {}) {
  w.body = body;
  std::array<std::uint8_t, 4096> request{};
  const auto made = asn1::encode(msg::AsReq{padata, captured<msg::KdcReqBody>::of(body)}, request);
  return made ? w.ask(*made) : outcome{};
}
constexpr msg::KdcReqBody as_body(world& w) {
  msg::KdcReqBody b = w.body;
  b.cname = alice().name;
  b.sname = krbtgt().name;
  return b;
}

constexpr bool another_type_outside_than_inside() {
  world w;
  std::array<std::uint8_t, 4096> copy{};
  for (const bool tgs : {false, true}) {
    const bytes_view good = tgs ? w.tgs_req() : w.as_req();
    for (const std::uint8_t outside : {std::uint8_t{0x6a}, std::uint8_t{0x6c}}) {
      for (unsigned inside = 0; inside != 128; ++inside) {
        if ((outside == 0x6a && inside == 10) || (outside == 0x6c && inside == 12)) continue;
        detail::copy_octets(good.data(), good.size(), copy.data());
        copy[0] = outside;
        std::size_t at = 0;  // a1 03 02 01 05 a2 03 02 01: pvno, and the type behind it
        while (!(good[at] == 0xa1 && good[at + 1] == 3 && good[at + 5] == 0xa2)) ++at;
        copy[at + 9] = static_cast<std::uint8_t>(inside);
        const outcome r = w.ask(bytes_view(copy).first(good.size()));
        if (!r.is(error_code_t::krb_ap_err_msg_type)) return false;
      }
    }
  }
  return true;
}
KERB_BOTH("kdc: a message type that its tag does not say is an error", "[exchange][cve-2010-0283]",
          another_type_outside_than_inside);

constexpr bool an_as_request_of_another_type_is_refused_whatever_it_holds() {
  world w;  // neither padata nor names
  std::array<std::uint8_t, 256> request{};
  const auto made = asn1::encode(msg::AsReq{{}, captured<msg::KdcReqBody>::of(w.body)}, request);
  if (!made || !client_unknown(w.ask(*made))) return false;
  std::array<std::uint8_t, 256> copy{};
  detail::copy_octets(made->data(), made->size(), copy.data());
  std::size_t type = 4;  // behind a2 03 02 01
  while (!(copy[type - 4] == 0xa2 && copy[type - 3] == 3)) ++type;
  for (copy[type] = 0x0b; copy[type] != 0x80; ++copy[type])
    if (!w.ask(bytes_view(copy).first(made->size())).is(error_code_t::krb_ap_err_msg_type)) return false;
  return w.asked == 0;
}
KERB_BOTH("as_kdc: an AS-REQ of any other message type is refused before it is looked at", "[exchange][cve-2012-1014]",
          an_as_request_of_another_type_is_refused_whatever_it_holds);

constexpr bool a_client_without_a_name_is_unknown() {
  world w;
  msg::KdcReqBody b = as_body(w);
  b.cname = std::optional<msg::PrincipalName>{};
  const outcome absent = ask_as(w, b);
  b.cname = msg::PrincipalName{name_t::principal, view_of<kerberos_string>(none, 0)};
  const outcome without = ask_as(w, b);
  const bool nobody_asked = w.asked == 0;
  b.cname = msg::PrincipalName{name_t::principal, view_of<kerberos_string>(empty_part)};
  const outcome empty = ask_as(w, b);
  return client_unknown(absent) && !absent.sent->cname && client_unknown(without) && nobody_asked &&
         client_unknown(empty) && empty.sent->cname && empty.sent->cname->name_string.size() == 1;
}
KERB_BOTH("as_kdc: a client without a name, or of an empty one, is an unknown client", "[exchange][cve-2017-17439]",
          a_client_without_a_name_is_unknown);

constexpr bool no_server_is_an_unknown_server() {
  for (const bool to_user : {false, true}) {
    world w;
    w.alter_body = [](msg::KdcReqBody& b) { b.sname = std::optional<msg::PrincipalName>{}; };
    if (to_user) {
      w.body.kdc_options.set(o::enc_tkt_in_skey);
      w.second = w.tgt;
    }
    const outcome r = w.ask_tgs();
    if (!server_unknown(r) || w.asked != 0 || r.sent->sname.name_string.size() != 2) return false;
  }
  world w;
  msg::KdcReqBody b = as_body(w);
  b.sname = std::optional<msg::PrincipalName>{};
  return server_unknown(ask_as(w, b));
}
KERB_BOTH("kdc: a request that names no server is refused, to a user too", "[exchange][cve-2021-3671]",
          no_server_is_an_unknown_server);

constexpr bool realms_are_octets() {
  std::array<std::uint8_t, 256> long_one{};
  for (std::size_t i = 1; i != long_one.size(); ++i) long_one[i] = 'A';
  constexpr std::uint8_t cut[] = {'E', 'X', '.', 'O', 'R', 'G', 0}, high[] = {'E', 'X', '.', 'O', 'R', 0xc7};
  for (const bytes_view realm : {bytes_view(long_one), bytes_view(octets_of_nothing), bytes_view(), bytes_view(cut),
                                 bytes_view(high), bytes_view(one_octet)}) {
    // One with a NUL is no realm, and no client sent it
    const auto no_realm = [](const outcome& r) { return r.silent && r.why.code == errc::bad_realm; };
    const bool is_realm = is_realm_text({realm});
    world w;
    msg::KdcReqBody b = as_body(w);
    b.realm = {realm};
    const outcome as = ask_as(w, b);
    if (!(is_realm ? client_unknown(as) : no_realm(as)) || w.asked != 0) return false;
    world t;
    t.body.realm = {realm};
    const outcome tgs = t.ask_tgs();
    if (!(is_realm ? server_unknown(tgs) : no_realm(tgs)) || t.asked != 0) return false;
  }
  return true;
}
KERB_BOTH("kdc: a realm with a NUL in it, an empty one or a long one is not ours", "[exchange][cve-2015-2697]",
          realms_are_octets);

constexpr bool empty_components_are_looked_up_as_they_are() {
  constexpr kerberos_string first[] = {kerberos_string{}, "test"_krb}, second[] = {"test"_krb, kerberos_string{}},
                            both[] = {kerberos_string{}, kerberos_string{}};
  for (const auto parts : {view_of<kerberos_string>(first), view_of<kerberos_string>(second),
                           view_of<kerberos_string>(both), view_of<kerberos_string>(empty_part)}) {
    for (const bool canonicalize : {false, true}) {
      world w;
      w.body.sname = named(parts).name;
      w.body.kdc_options.set(o::canonicalize, canonicalize);
      if (!server_unknown(w.ask_tgs()) || w.asked != 2) return false;
      msg::KdcReqBody b = as_body(w);
      b.sname = w.body.sname;
      if (!server_unknown(ask_as(w, b))) return false;
    }
  }
  return true;
}
KERB_BOTH("kdc: a server with an empty component is an unknown one", "[exchange][cve-2013-1416]",
          empty_components_are_looked_up_as_they_are);

constexpr bool a_realm_that_is_not_served_has_no_kdc() {
  constexpr kerberos_string nowhere[] = {"krbtgt"_krb, kerberos_string{}}, unknown[] = {"krbtgt"_krb, "UNKNOWN"_krb};
  for (const auto parts : {view_of<kerberos_string>(nowhere), view_of<kerberos_string>(unknown)}) {
    world w;
    w.body.sname = named(parts).name;
    const outcome r = w.ask_tgs();
    w.refer = kerberos_string{};  // the directory's own mistake ends in an error as well
    if (!server_unknown(r) || !r.sent->e_text || !server_unknown(w.ask_tgs())) return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: krbtgt of no realm, and of an unknown one, are unknown servers",
          "[exchange][cve-2013-1417][cve-2009-3295][cve-2011-1530]", a_realm_that_is_not_served_has_no_kdc);

TEST_CASE("kdc: a server of ten thousand components is an unknown one", "[exchange][cve-2013-1418]") {
  const std::vector<kerberos_string> parts(10000, "x"_krb);
  world w;
  msg::KdcReqBody b = as_body(w);
  b.sname = named(view_of<kerberos_string>(parts.data(), parts.size())).name;
  std::vector<std::uint8_t> request(100000), buffer(200000);
  const auto made = asn1::encode(msg::AsReq{{}, captured<msg::KdcReqBody>::of(b)}, request);
  REQUIRE(made);
  kdc<testing::insecure_policy> x(w.settings, std::span(buffer));
  const auto t = w.env_now();
  kdc_step s = x.receive(*made, t);
  REQUIRE(is<need_principal>(s));
  s = x.found(w.client.record, t);
  REQUIRE(is<need_principal>(s));
  s = x.absent(t);
  const auto* no = std::get_if<refused>(&s);
  REQUIRE(no != nullptr);
  const auto e = asn1::decode<msg::KrbError>(no->octets);
  REQUIRE(e);
  CHECK(e->error_code == error_code_t::kdc_err_s_principal_unknown);
  CHECK(e->sname.name_string.size() == 10000);
}

constexpr bool types_that_only_a_client_names_are_not_used() {
  constexpr std::int32_t weak[] = {-128, -133, -135, 24, 23, 3, 1, 0, 16};
  for (const std::int32_t n : weak) {
    world w;
    const etype_t offer[] = {etype_t(n)};
    w.body.etype = view_of<etype_t>(offer);
    if (!w.ask_as().is(error_code_t::kdc_err_etype_nosupp)) return false;
    if (!w.ask_tgs().is(error_code_t::kdc_err_etype_nosupp)) return false;
  }
  return true;
}
KERB_BOTH("kdc: no session key of a type that policy does not offer, whoever asks",
          "[exchange][cve-2022-33679][cve-2022-33647]", types_that_only_a_client_names_are_not_used);

constexpr bool a_services_old_key_gives_no_old_session_key() {
  world w;  // the service's key is of type 17; it declares that it can do 18, and the client asks for both
  const key old = w.make(e17, 0xc1);
  const long_term_key<testing::insecure_policy> keys[] = {{.kvno = 1, .key = old}};
  w.service.record.keys = keys;
  w.service.own = w.make(e17, 0xc1);
  const etype_t declared[] = {e17, e18}, offer[] = {e18, e17};
  w.service.record.session_etypes = declared;
  w.body.etype = view_of<etype_t>(offer);
  const outcome r = w.ask_tgs();
  w.settings.session_etypes = view_of<etype_t>(offer, 1);
  const etype_t old_alone[] = {e17};
  w.body.etype = view_of<etype_t>(old_alone);
  return r.issued && r.ticket_etype == e17 && r.ticket.key.keytype == e18 &&
         w.ask_tgs().is(error_code_t::kdc_err_etype_nosupp);
}
KERB_BOTH("tgs_kdc: the session key is of the best type that both can do, whatever key the service has",
          "[exchange][cve-2022-37966][cve-2022-45141]", a_services_old_key_gives_no_old_session_key);

constexpr bool padata_prove_nothing_by_being_there() {
  constexpr padata_t types[] = {padata_t::tgs_req,
                                padata_t::enc_timestamp,
                                padata_t::pw_salt,
                                padata_t::pk_as_req,
                                padata_t::pk_as_req_old,
                                padata_t::for_user,
                                padata_t::fx_fast,
                                padata_t::encrypted_challenge,
                                padata_t::otp_request,
                                padata_t::fx_cookie,
                                padata_t::otp_challenge,
                                padata_t::sam_response,
                                padata_t::etype_info2,
                                padata_t::pac_request,
                                padata_t::req_enc_pa_rep,
                                padata_t(151),
                                padata_t(0)};
  constexpr std::uint8_t garbage[] = {0xff, 0xff, 0xff, 0xff}, sequence[] = {0x30, 0x00};
  for (const padata_t type : types) {
    for (const bytes_view value : {bytes_view(), bytes_view(garbage), bytes_view(sequence)}) {
      world w;
      const msg::PaData list[] = {{type, value}};
      const outcome r = ask_as(w, as_body(w), view_of<msg::PaData>(list));
      if (!r.is(type == padata_t::enc_timestamp ? error_code_t::kdc_err_preauth_failed
                                                : error_code_t::kdc_err_preauth_required)) {
        return false;
      }
      w.settings.require_preauth = false;
      const outcome free = ask_as(w, as_body(w), view_of<msg::PaData>(list));
      if (type == padata_t::enc_timestamp) {
        if (!free.is(error_code_t::kdc_err_preauth_failed)) return false;
      } else if (!free.issued || free.ticket.flags.has(f::pre_authent)) {
        return false;
      }
    }
  }
  return true;
}
KERB_BOTH("as_kdc: padata that are empty, malformed or of no known mechanism prove nothing",
          "[exchange][cve-2015-2694][cve-2021-36222][cve-2013-1415][cve-2012-1016]",
          padata_prove_nothing_by_being_there);

constexpr bool one_good_proof_does_not_make_up_for_a_bad_one() {
  world w;
  const bytes_view made = w.as_req();
  const auto req = asn1::decode<msg::AsReq>(made);
  if (!req) return false;
  const msg::PaData good = *req->padata->begin(), bad{padata_t::enc_timestamp, one_octet};
  const msg::PaData bad_first[] = {bad, good}, unknown_first[] = {{padata_t::encrypted_challenge, {}}, good};
  std::array<std::uint8_t, 4096> again{};
  const auto ask = [&](view_of<msg::PaData> list) {
    return w.ask(kerb_test::must(asn1::encode(
        msg::AsReq{msg::MethodData(list), captured<msg::KdcReqBody>::as_sent(req->req_body.octets())}, again)));
  };
  const bool refused = ask(bad_first).is(error_code_t::kdc_err_preauth_failed);
  const outcome r = ask(unknown_first);
  return refused && r.issued && r.ticket.flags.has(f::pre_authent);
}
KERB_BOTH("as_kdc: of several proofs each has to be good", "[exchange][cve-2015-2694]",
          one_good_proof_does_not_make_up_for_a_bad_one);

constexpr bool similar_types_are_no_common_ones() {
  constexpr etype_t both[] = {etype_t::des3_cbc_sha1_kd, etype_t::rc4_hmac};
  for (std::size_t from = 0; from != 3; ++from) {
    world w;
    w.ask_enc_pa_rep = true;
    w.body.etype = view_of<etype_t>(both + (from == 2 ? 0 : from), 2 - from);
    if (!w.ask_as().is(error_code_t::kdc_err_etype_nosupp)) return false;
  }
  return true;
}
KERB_BOTH("as_kdc: a checksum is made for no request whose types nobody has", "[exchange][cve-2012-1015]",
          similar_types_are_no_common_ones);

constexpr std::uint8_t some_octets[] = {0x30, 0x00};
constexpr auto too_many = [] {
  std::array<msg::AuthorizationDataElement, 33> list{};
  for (auto& e : list) e = {ad_t(7000), some_octets};
  return list;
}();
constexpr bool what_fails_in_a_renewal_fails_once() {
  for (unsigned which = 0; which != 16; ++which) {
    const bool validated = (which & 1) != 0, data = (which & 2) != 0, path = (which & 4) != 0,
               subkey = (which & 8) != 0;
    world w;
    w.body.sname = krbtgt().name;
    w.body.kdc_options.set(validated ? o::validate : o::renew);
    w.tgt.flags = {f::renewable};
    w.tgt.flags.set(f::invalid, validated);
    w.tgt.flags.set(f::postdated, validated);
    w.tgt.renew_till = plus(noon.at, 86400);
    w.with_subkey = subkey;
    if (data) w.added = too_many;
    if (path) w.tgt.transited.contents = far_org.octets;
    const outcome r = w.ask_tgs();
    if (!data && !path && !r.issued) return false;
    if (data && !r.is(error_code_t::kdc_err_policy)) return false;
    if (path && !data && !r.is(error_code_t::kdc_err_path_not_accepted)) return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: renewing and validating end in one error, whatever else is wrong",
          "[exchange][cve-2023-39975][cve-2010-1320][cve-2011-0284]", what_fails_in_a_renewal_fails_once);

constexpr bool a_second_ticket_counts_for_its_owner_alone() {
  const auto ask = [](auto bend) {
    world w;
    w.body.kdc_options.set(o::enc_tkt_in_skey);
    w.body.sname = bob().name;
    w.second = w.tgt;
    w.second->cname = bob().name;
    bend(w);
    return w.ask_tgs();
  };
  return ask([](world&) {}).issued &&
         ask([](world& w) { w.second->cname = alice().name; }).is(error_code_t::kdc_err_server_nomatch) &&
         ask([](world& w) { w.second->flags.set(f::invalid); }).is(error_code_t::krb_ap_err_tkt_nyv) &&
         ask([](world& w) { w.second->endtime = plus(noon.at, -301); }).is(error_code_t::krb_ap_err_tkt_expired);
}
KERB_BOTH("tgs_kdc: a user-to-user ticket is for the owner of the second ticket, while that is good",
          "[exchange][cve-2020-25719]", a_second_ticket_counts_for_its_owner_alone);

constexpr bool no_additional_ticket_is_none() {
  world w;
  constexpr std::uint8_t empty_list[] = {0x30, 0x00};
  w.body.kdc_options.set(o::enc_tkt_in_skey);
  w.body.additional_tickets =
      kerb_test::must(asn1::decode_as<sequence_of<msg::Ticket>>("SEQUENCE OF Ticket", empty_list));
  const outcome empty = w.ask_tgs();
  world other;
  other.authenticator.cname = bob().name;
  world changed;
  changed.alter_body = [](msg::KdcReqBody& b) { b.nonce = 1; };
  return empty.is(error_code_t::kdc_err_badoption) && other.ask_tgs().is(error_code_t::krb_ap_err_badmatch) &&
         changed.ask_tgs().is(error_code_t::krb_ap_err_modified);
}
KERB_BOTH("tgs_kdc: an empty list of tickets, another's authenticator and an altered body are refused",
          "[exchange][kdc-cve-102][kdc-cve-103]", no_additional_ticket_is_none);

constexpr bool a_key_of_another_kdc_of_the_realm_is_not_ours() {
  world w;
  w.tgt_kvno = 0x10001;  // a read-only domain controller's key: its number in the upper half
  return w.ask_tgs().is(error_code_t::krb_ap_err_badkeyver);
}
KERB_BOTH("tgs_kdc: a ticket-granting ticket under a read-only KDC's key is none of ours", "[exchange][cve-2020-25718]",
          a_key_of_another_kdc_of_the_realm_is_not_ours);

constexpr bool each_realm_joins_the_path() {
  world w;  // FAR.ORG to THIRD.ORG to OTHER.ORG to us
  w.tgt_server = from_other();
  w.tgt_key = &w.incoming.own;
  w.tgt.crealm = w.authenticator.crealm = far_org;
  w.tgt.transited.contents = "THIRD.ORG"_krb.octets;
  const kerberos_string one[] = {other_org}, both[] = {other_org, "THIRD.ORG"_krb};
  w.settings.paths.trusted = one;
  const bool part = w.ask_tgs().is(error_code_t::kdc_err_path_not_accepted);
  w.settings.paths.trusted = both;
  const outcome r = w.ask_tgs();
  return part && r.issued && kerberos_string{r.ticket.transited.contents} == "THIRD.ORG,OTHER.ORG"_krb;
}
KERB_BOTH("tgs_kdc: the realm that issued the ticket joins those before it, and all are checked",
          "[exchange][cve-2017-6594]", each_realm_joins_the_path);

constexpr bool tickets_to_change_a_password_are_for_that() {
  world w;  // kadmin/changepw: from the AS alone, and no ticket-granting ticket
  w.changer.record.attributes = {a::initial_only, a::changes_passwords};
  w.body.sname = changepw().name;
  const bool from_tgs = w.ask_tgs().is(error_code_t::kdc_err_policy);
  w.body.sname = web().name;
  w.tgt_server = changepw();
  w.tgt_key = &w.changer.own;
  return from_tgs && w.ask_tgs().is(error_code_t::krb_ap_err_not_us);
}
KERB_BOTH("tgs_kdc: a ticket to change a password comes from the AS, and grants no other",
          "[exchange][cve-2022-2031][cve-2022-32744]", tickets_to_change_a_password_are_for_that);

constexpr bool no_ticket_under_a_users_password() {
  world w;
  w.user.record.attributes.set(a::user_to_user_only);
  w.body.sname = bob().name;
  msg::KdcReqBody b = as_body(w);
  b.sname = bob().name;
  return w.ask_tgs().is(error_code_t::kdc_err_must_use_user2user) &&
         ask_as(w, b).is(error_code_t::kdc_err_must_use_user2user);
}
KERB_BOTH("kdc: nobody gets a ticket under a user's password to guess at", "[exchange][cve-2024-3183]",
          no_ticket_under_a_users_password);

constexpr bool own_replies_are_no_requests() {
  world w;
  w.tgs.there = false;
  const outcome no = w.ask_as();
  std::array<std::uint8_t, 1024> error{};
  detail::copy_octets(no.octets.data(), no.octets.size(), error.data());
  return no.sent && w.ask(bytes_view(error).first(no.octets.size())).silent;
}
KERB_BOTH("kdc: an error is not answered with another", "[exchange][cve-2002-2443]", own_replies_are_no_requests);

constexpr bool delegation_without_the_users_ticket_is_not_here() {
  for (const o also : {o::validate, o::renew, o::proxy, o::canonicalize}) {
    world w;
    w.body.kdc_options = {o::cname_in_addl_tkt, also};
    w.tgt.flags = {f::renewable, f::proxiable, f::forwardable};
    w.tgt.flags.set(f::invalid, also == o::validate);
    w.tgt.flags.set(f::postdated, also == o::validate);
    w.tgt.renew_till = plus(noon.at, 86400);
    w.second = w.tgt;
    if (also == o::renew || also == o::validate) w.body.sname = krbtgt().name;
    if (!w.ask_tgs().is(error_code_t::kdc_err_badoption)) return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: CNAME-IN-ADDL-TKT is refused beside whatever option", "[exchange][cve-2017-11368]",
          delegation_without_the_users_ticket_is_not_here);
}  // namespace
