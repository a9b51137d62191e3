// The TGS: the tickets that RFC 4120 section 3.3 has it issue.
#include <algorithm>
#include <cstring>

#include "support/both.hpp"
#include "support/tgs_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using f = ticket_flag_t;
using o = kdc_option_t;
using a = principal_attribute;
using world = kerb_kdc_test::kdc_world;

constexpr bool a_good_request_gets_a_ticket(bool subkey) {
  world w;
  w.with_subkey = subkey;
  const outcome r = w.ask_tgs();
  return r.issued && w.asked == 2 && same_principal(r.clear_client, alice()) && same_principal(r.clear_server, web()) &&
         same_principal({r.ticket.cname, r.ticket.crealm}, alice()) &&
         same_principal({r.part.sname, r.part.srealm}, web()) && r.part.nonce == 12345 &&
         r.ticket.flags == msg::TicketFlags{f::pre_authent, f::transited_policy_checked, f::enc_pa_rep} &&
         r.part.flags == r.ticket.flags && r.ticket.authtime == w.tgt.authtime && r.ticket.starttime == noon.at &&
         r.ticket.endtime == w.tgt.endtime && r.ticket.key.keytype == e20 && r.ticket_etype == e20 &&
         r.reply_etype == (subkey ? e20 : e18) && r.ticket.key.keyvalue == r.part.key.keyvalue &&
         r.ticket.transited.contents.empty() && !r.ticket.authorization_data && !r.padata;
}
constexpr bool a_good_request_under_the_session_key() { return a_good_request_gets_a_ticket(false); }
constexpr bool a_good_request_under_a_subkey() { return a_good_request_gets_a_ticket(true); }
KERB_BOTH("tgs_kdc: a good request gets a ticket, sealed for the client under the session key",
          "[exchange][rfc4120-3.3.3]", a_good_request_under_the_session_key);
KERB_BOTH("tgs_kdc: a good request gets a ticket, sealed for the client under its subkey", "[exchange][rfc4120-3.3.3]",
          a_good_request_under_a_subkey);

constexpr bool a_nonce_is_answered_as_it_came() {
  // Samba's client writes half of its nonces negative, sspi-rs' all in four octets
  const auto came_back = [](uint32 nonce, bytes_view as_written) {
    world w;
    w.body.nonce = nonce;
    const outcome r = w.ask_tgs();
    std::array<std::uint8_t, 16> buffer{};
    const auto octets = asn1::encode(r.part.nonce, buffer);
    return r.issued && r.part.nonce == std::uint32_t{nonce} && octets && *octets == as_written;
  };
  const auto negative = "0204b32ffc19"_hex, padded = "020400123456"_hex;
  const auto positive = "020500b32ffc19"_hex;
  return came_back({0xb32ffc19, integer_form::negative}, negative) &&
         came_back({0x123456, integer_form::four_octets}, padded) && came_back(0xb32ffc19, positive);
}
KERB_BOTH("tgs_kdc: a nonce goes back in the octets that it came in", "[exchange][tolerance][rfc4120-5.4.2]",
          a_nonce_is_answered_as_it_came);

constexpr bool an_older_key_opens_what_it_sealed() {
  world w;
  const key older = w.make(e18, 0xc1);
  const long_term_key<testing::insecure_policy> both[] = {{.kvno = 4, .key = w.tgs.own}, {.kvno = 3, .key = older}};
  w.tgs.record.keys = both;
  w.tgt_key = &older;
  w.tgt_kvno = 3;
  const bool by_version = w.ask_tgs().issued;
  w.tgt_kvno = std::optional<std::uint32_t>{};
  const bool by_trying = w.ask_tgs().issued;
  w.tgt_kvno = 0;  // what some KDCs write who keep no versions
  const bool by_zero = w.ask_tgs().issued;
  w.tgt_kvno = 4;
  return by_version && by_trying && by_zero && w.ask_tgs().is(error_code_t::krb_ap_err_bad_integrity);
}
KERB_BOTH("tgs_kdc: a ticket under an older key is opened with that key", "[exchange][rfc4120-3.3.2]",
          an_older_key_opens_what_it_sealed);

constexpr bool a_prepared_key_serves_as_well() {
  world w;
  const auto prepared = w.crypto.prepare(w.tgs.own, key_usage_t::ticket);
  const auto sealing = w.crypto.prepare(w.service.own, key_usage_t::ticket);
  const prepared_for<testing::insecure_policy> opens[] = {{key_usage_t::ticket, *prepared}},
                                               seals[] = {{key_usage_t::ticket, *sealing}};
  w.tgs.keys[0]->prepared = opens;
  w.service.keys[0]->prepared = seals;
  const outcome r = w.ask_tgs();
  return r.issued && r.ticket_kvno == 1u;
}
KERB_BOTH("tgs_kdc: keys prepared for tickets open and seal them", "[exchange][rfc4120-3.3.3]",
          a_prepared_key_serves_as_well);

constexpr bool enc_pa_rep_is_a_checksum_of_the_request() {
  for (const bool subkey : {false, true}) {
    world w;
    w.with_subkey = subkey;
    const msg::PaData asks[] = {{padata_t::req_enc_pa_rep, {}}};
    w.more_padata = asks;
    const bytes_view request = w.tgs_req();
    const outcome r = w.ask(request);
    if (!r.issued || !r.part.encrypted_pa_data) return false;
    std::optional<bytes_view> value;
    for (const msg::PaData pa : *r.part.encrypted_pa_data)
      if (pa.padata_type == padata_t::req_enc_pa_rep) value = pa.padata_value;
    const auto c = value ? asn1::decode<msg::Checksum>(*value) : result<msg::Checksum>(errc::missing_field);
    const bytes_view pieces[] = {request};
    const key& k = subkey ? w.subkey : w.session;
    if (!c || w.crypto.verify(c->cksumtype, k, key_usage_t::as_req, pieces, c->checksum) != errc::ok) return false;
    world without;
    if (without.ask_tgs().part.encrypted_pa_data) return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: PA-REQ-ENC-PA-REP brings a checksum of the request under the reply key", "[exchange][rfc6806-11]",
          enc_pa_rep_is_a_checksum_of_the_request);

struct no_cksum_of_20 : testing::insecure_policy {
  using insecure_policy::cksum_of;
  constexpr std::optional<cksum_shape> cksum_of(etype_t e) const noexcept {
    return e == e20 ? std::nullopt : insecure_policy::cksum_of(e);
  }
};
constexpr bool a_missing_checksum_is_found_before_the_draw() {
  for (const bool asked : {false, true}) {
    kdc_side<no_cksum_of_20> w;
    w.with_subkey = true;  // of type 20: it seals the reply
    const msg::PaData asks[] = {{padata_t::req_enc_pa_rep, {}}};
    if (asked) w.more_padata = asks;
    const bytes_view request = w.tgs_req();
    const unsigned draws = w.crypto.entropy.draws();
    const outcome r = w.ask(request);
    if (asked ? r.issued || r.why.code != errc::unsupported_cksum || w.crypto.entropy.draws() != draws : !r.issued)
      return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: a checksum that the policy cannot make is found before anything is drawn", "[exchange][rfc6806-11]",
          a_missing_checksum_is_found_before_the_draw);

constexpr bool a_renewed_ticket_lives_as_long_again() {
  world w;
  to_renew(w);
  w.tgt.flags = {f::initial, f::renewable, f::forwardable, f::pre_authent};
  w.tgt.starttime = plus(noon.at, -1000);
  w.tgt.endtime = plus(noon.at, 2600);
  const outcome r = w.ask_tgs();
  w.tgt.renew_till = plus(noon.at, 3000);
  const outcome last = w.ask_tgs();
  return r.issued && r.ticket.starttime == noon.at && r.ticket.endtime == plus(noon.at, 3600) &&
         r.ticket.renew_till == plus(noon.at, 86400) &&
         r.ticket.flags == msg::TicketFlags{f::renewable, f::forwardable, f::pre_authent, f::transited_policy_checked,
                                            f::enc_pa_rep} &&
         last.issued && last.ticket.endtime == plus(noon.at, 3000) && same_principal(r.clear_server, krbtgt());
}
KERB_BOTH("tgs_kdc: a renewed ticket lives as long again, to its renew-till and not beyond",
          "[exchange][rfc4120-3.3.3]", a_renewed_ticket_lives_as_long_again);

constexpr bool a_service_ticket_is_renewed_with_the_services_key() {
  world w;
  to_renew(w);
  show(w, w.service);
  w.body.sname = web().name;
  return w.ask_tgs().issued;
}
KERB_BOTH("tgs_kdc: a service ticket is renewed under its own name", "[exchange][rfc4120-3.3.2]",
          a_service_ticket_is_renewed_with_the_services_key);

constexpr bool a_ticket_for_another_kdc_is_renewed_and_validated_where_it_was_issued() {
  for (const o again : {o::renew, o::validate}) {
    world w;
    show(w, w.outgoing);
    w.tgt.crealm = w.authenticator.crealm = other_org;  // one of this realm it could have invented
    w.body.sname = to_other().name;
    w.body.kdc_options.set(again);
    w.tgt.flags.set(f::renewable);
    w.tgt.flags.set(f::invalid, again == o::validate);
    w.tgt.flags.set(f::postdated, again == o::validate);
    w.tgt.renew_till = plus(noon.at, 86400);
    const outcome r = w.ask_tgs();
    if (!r.issued || !same_principal(r.clear_server, to_other()) || r.ticket.flags.has(f::invalid)) return false;
    w.body.sname = web().name;  // for nothing else
    if (!w.ask_tgs().is(error_code_t::kdc_err_server_nomatch)) return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: a ticket for another realm's KDC is renewed and validated by the KDC that issued it",
          "[exchange][rfc4120-3.3.3]", a_ticket_for_another_kdc_is_renewed_and_validated_where_it_was_issued);

constexpr bool a_service_ticket_is_proxied_with_the_services_key() {
  world w;
  w.body.kdc_options.set(o::proxy);
  show(w, w.service);
  w.tgt.flags.set(f::proxiable);
  const outcome r = w.ask_tgs();
  return r.issued && r.ticket.flags.has(f::proxy) && same_principal(r.clear_server, web());
}
KERB_BOTH("tgs_kdc: a service ticket is proxied under its own name", "[exchange][rfc4120-3.3.2]",
          a_service_ticket_is_proxied_with_the_services_key);

constexpr bool a_postdated_ticket_is_validated_when_its_time_has_come() {
  world w;
  w.body.sname = krbtgt().name;
  w.body.kdc_options.set(o::validate);
  w.tgt.flags = {f::initial, f::invalid, f::postdated, f::renewable};
  w.tgt.starttime = noon.at;
  w.tgt.renew_till = plus(noon.at, 86400);
  const outcome r = w.ask_tgs();
  return r.issued && !r.ticket.flags.has(f::invalid) && r.ticket.flags.has(f::postdated) &&
         r.ticket.starttime == noon.at && r.ticket.endtime == w.tgt.endtime && r.ticket.renew_till == w.tgt.renew_till;
}
KERB_BOTH("tgs_kdc: a postdated ticket is validated when its time has come", "[exchange][rfc4120-3.3.3]",
          a_postdated_ticket_is_validated_when_its_time_has_come);

constexpr bool a_ticket_never_outlives_the_one_it_came_from() {
  const auto end = [](auto bend) {
    world w;
    w.body.till = {};
    bend(w);
    return w.ask_tgs().ticket.endtime.seconds - noon.at.seconds;
  };
  return end([](world&) {}) == 7200 && end([](world& w) { w.tgt.endtime = plus(noon.at, 50); }) == 50 &&
         end([](world& w) { w.settings.max_life = 100; }) == 100 &&
         end([](world& w) { w.service.record.max_life = 200; }) == 200 &&
         end([](world& w) { w.options.endtime = plus(noon.at, 300); }) == 300 &&
         end([](world& w) { w.options.endtime = plus(noon.at, 8000); }) == 7200;
}
KERB_BOTH("tgs_kdc: a ticket never outlives the one that it was got with", "[exchange][rfc4120-3.3.3]",
          a_ticket_never_outlives_the_one_it_came_from);

constexpr bool renewable_tickets_need_a_renewable_one() {
  world w;
  w.body.kdc_options.set(o::renewable);
  w.body.till = plus(noon.at, 60);
  const outcome without = w.ask_tgs();
  w.tgt.flags.set(f::renewable);
  w.tgt.renew_till = plus(noon.at, 9000);
  const outcome with = w.ask_tgs();
  w.tgt.renew_till = std::optional<kerberos_time>{};  // some other realm's KDC forgot to say until when
  const outcome unbounded = w.ask_tgs();
  return without.issued && !without.ticket.renew_till && with.issued && with.ticket.renew_till == plus(noon.at, 9000) &&
         unbounded.issued && !unbounded.ticket.renew_till && !unbounded.ticket.flags.has(f::renewable);
}
KERB_BOTH("tgs_kdc: a renewable ticket takes a renewable one, and its renew-till", "[exchange][rfc4120-3.3.3]",
          renewable_tickets_need_a_renewable_one);
KERB_BOTH("tgs_kdc: RENEWABLE-OK gives a renewable ticket no longer than to the requested end",
          "[exchange][rfc4120-2.9.1]", [] {
            world w;
            w.body.kdc_options.set(o::renewable_ok);
            w.tgt.flags.set(f::renewable);
            w.tgt.renew_till = plus(noon.at, 600000);
            w.body.till = {0};  // as long as policy allows
            const outcome longest = w.ask_tgs();
            w.body.till = plus(noon.at, 500000);
            const outcome longer = w.ask_tgs();
            return longest.issued && !longest.ticket.renew_till && !longest.ticket.flags.has(f::renewable) &&
                   longer.issued && longer.ticket.endtime == w.tgt.endtime && longer.ticket.flags.has(f::renewable) &&
                   longer.ticket.renew_till == plus(noon.at, 500000);
          });

constexpr bool forwarded_and_proxied_tickets_have_the_addresses_asked_for() {
  world w;
  w.tgt.flags = {f::forwardable, f::proxiable};
  w.tgt.caddr = view_of<msg::HostAddress>(only_there);
  w.peer.address = there;
  const outcome plain = w.ask_tgs();
  w.body.addresses = view_of<msg::HostAddress>(both_places);
  const outcome unasked = w.ask_tgs();
  w.body.kdc_options = {o::proxy, o::proxiable};
  const outcome proxied = w.ask_tgs();
  w.body.sname = krbtgt().name;
  w.body.kdc_options = {o::forwarded, o::forwardable};
  const outcome forwarded = w.ask_tgs();
  w.body.addresses = std::optional<msg::HostAddresses>{};
  const outcome anywhere = w.ask_tgs();
  return plain.issued && plain.ticket.caddr && plain.ticket.caddr->size() == 1 &&
         !plain.ticket.flags.has(f::forwardable) && unasked.issued && unasked.ticket.caddr->size() == 1 &&
         proxied.issued && proxied.ticket.flags.has(f::proxy) && proxied.ticket.flags.has(f::proxiable) &&
         proxied.ticket.caddr->size() == 2 && forwarded.issued && forwarded.ticket.flags.has(f::forwarded) &&
         forwarded.ticket.flags.has(f::forwardable) && forwarded.ticket.caddr->size() == 2 && anywhere.issued &&
         !anywhere.ticket.caddr;
}
KERB_BOTH("tgs_kdc: only a forwarded or proxied ticket has other addresses than the one it came from",
          "[exchange][rfc4120-3.3.3]", forwarded_and_proxied_tickets_have_the_addresses_asked_for);

constexpr bool no_addresses_are_none() {
  world forwarded;
  forwarded.tgt.flags = {f::forwardable};
  forwarded.body.kdc_options = {o::forwarded};
  forwarded.body.addresses = msg::HostAddresses();
  world kept;
  kept.tgt.caddr = msg::HostAddresses();
  return forwarded.ask_tgs().issued && !forwarded.ask_tgs().ticket.caddr && !forwarded.ask_tgs().part.caddr &&
         kept.ask_tgs().issued && !kept.ask_tgs().ticket.caddr;
}
KERB_BOTH("tgs_kdc: a list without addresses goes into no ticket", "[exchange][rfc4120-5.2.5]", no_addresses_are_none);

constexpr bool a_forwarded_ticket_says_so_ever_after() {
  world w;
  w.tgt.flags = {f::forwarded, f::proxy, f::pre_authent, f::hw_authent, f::may_postdate, f::forwardable};
  const outcome r = w.ask_tgs();
  return r.issued &&
         r.ticket.flags ==
             msg::TicketFlags{f::forwarded, f::proxy, f::pre_authent, f::hw_authent, f::transited_policy_checked,
                              f::enc_pa_rep};
}
KERB_BOTH("tgs_kdc: how the client was authenticated is carried over, what it may do is not", "[exchange][rfc4120-2.6]",
          a_forwarded_ticket_says_so_ever_after);

constexpr bool a_postdated_ticket_comes_from_a_ticket_that_may() {
  world w;
  w.tgt.flags.set(f::may_postdate);
  w.body.kdc_options = {o::postdated, o::allow_postdate};
  w.body.from = plus(noon.at, 1000);
  const outcome r = w.ask_tgs();
  return r.issued && r.ticket.starttime == plus(noon.at, 1000) && r.ticket.flags.has(f::invalid) &&
         r.ticket.flags.has(f::postdated) && r.ticket.flags.has(f::may_postdate) && r.ticket.endtime == w.tgt.endtime;
}
KERB_BOTH("tgs_kdc: a ticket is postdated by one that may be", "[exchange][rfc4120-3.3.3]",
          a_postdated_ticket_comes_from_a_ticket_that_may);

constexpr bool user_to_user_seals_under_the_second_tickets_key() {
  world w;
  to_user(w);
  w.user.record.attributes.set(a::user_to_user_only);
  const outcome r = w.ask_tgs();
  return r.issued && same_principal(r.clear_server, bob()) && !r.ticket_kvno && r.ticket_etype == e18 && w.asked == 3;
}
KERB_BOTH("tgs_kdc: a ticket for a user is sealed under the session key of that user's ticket",
          "[exchange][rfc4120-3.3.3]", user_to_user_seals_under_the_second_tickets_key);

/// The second ticket as the KDC sees it when it decides, or none.
constexpr std::optional<second_ticket_facts> second_at_decision(world& w) {
  const auto t = w.env_now();
  tgs_kdc<testing::insecure_policy> x(w.settings, w.scratch);
  kdc_step step = x.receive(w.tgs_req(), t);
  while (const auto* ask = std::get_if<need_principal>(&step)) {
    const auto* const e = w.find(ask->principal);
    step = e != nullptr ? x.found(e->record, t) : x.absent(t);
  }
  if (!is<authorize>(step)) return std::nullopt;
  tgs_kdc<testing::insecure_policy> moved = std::move(x);
  return moved.second_ticket();
}
constexpr bool the_second_ticket_is_shown() {
  constexpr kerberos_string alias_parts[] = {"HTTP"_krb, "bob"_krb};
  for (const bool by_alias : {false, true}) {
    world w;
    to_user(w);
    w.second->authtime = plus(noon.at, -7);
    w.second->starttime = plus(noon.at, -5);
    w.second->endtime = plus(noon.at, 77);
    w.second->flags = {f::initial, f::pre_authent};
    if (by_alias) {
      w.alias = named(alias_parts);
      w.alias_of = &w.user;
      w.body.sname = w.alias->name;
    }
    auto got = second_at_decision(w);
    if (!got || !same_principal(got->client, bob()) || !(got->flags == w.second->flags) ||
        got->authtime != plus(noon.at, -7) || got->starttime != plus(noon.at, -5) ||
        got->endtime != plus(noon.at, 77)) {
      return false;
    }
    w.second->starttime.reset();
    got = second_at_decision(w);
    if (!got || got->starttime != plus(noon.at, -7)) return false;
  }
  world plain;
  return !second_at_decision(plain);
}
KERB_BOTH("tgs_kdc: at the decision a KDC sees whose second ticket it is and how old", "[exchange][rfc4120-3.3.3.1]",
          the_second_ticket_is_shown);

TEST_CASE("tgs_kdc: no key of the request is left in the exchange once the ticket is issued", "[exchange][security]") {
  for (const bool signs : {false, true}) {
    world w;
    w.with_subkey = true;
    const bytes_view request = w.tgs_req();
    const auto t = w.env_now();
    kdc<testing::insecure_policy> x(w.settings, std::span(w.scratch));
    kdc_step s = x.receive(request, t);
    while (const auto* ask = std::get_if<need_principal>(&s)) s = x.found(w.find(ask->principal)->record, t);
    REQUIRE(is<authorize>(s));
    const auto left = [&](const key& k) {
      std::array<std::uint8_t, sizeof(x)> object{};
      std::memcpy(object.data(), &x, sizeof(x));
      const auto of_key = k.octets().unguarded();
      const auto in = [&](auto& where) {
        return std::search(where.begin(), where.end(), of_key.begin(), of_key.end()) != where.end();
      };
      return in(object) || in(w.scratch);
    };
    REQUIRE(left(w.session));
    REQUIRE(left(w.subkey));
    s = x.issue({.reserved_octets = signs ? std::size_t{8} : 0}, t);
    if (signs) s = x.signed_ticket(t);
    REQUIRE(is<reply>(s));
    CHECK(!left(w.session));
    CHECK(!left(w.subkey));
    CHECK(same_principal(x.tgs()->draft().client, alice()));
  }
}

}  // namespace
