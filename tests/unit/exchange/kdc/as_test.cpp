// The tickets that the AS issues: names, keys, times, flags and addresses, and the reply around them.
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using f = ticket_flag_t;
using o = kdc_option_t;
using a = principal_attribute;
using world = kerb_kdc_test::kdc_world;

constexpr bool a_good_request_gets_a_ticket() {
  world w;
  const outcome r = w.ask_as();
  return r.issued && r.why.ok() && w.asked == 2 && same_principal(r.clear_client, alice()) &&
         same_principal(r.clear_server, krbtgt()) && same_principal({r.ticket.cname, r.ticket.crealm}, alice()) &&
         same_principal({r.part.sname, r.part.srealm}, krbtgt()) && r.part.nonce == 12345 &&
         r.ticket.flags == msg::TicketFlags{f::initial, f::pre_authent, f::enc_pa_rep} &&
         r.part.flags == r.ticket.flags && r.ticket.authtime == noon.at && r.ticket.starttime == noon.at &&
         r.ticket.endtime == w.body.till && !r.ticket.renew_till && r.part.endtime == r.ticket.endtime &&
         r.part.last_req.size() == 1 && r.ticket.key.keytype == r.part.key.keytype &&
         r.ticket.key.keyvalue == r.part.key.keyvalue && r.ticket.transited.tr_type == tr_t::domain_x500_compress &&
         r.ticket.transited.contents.empty() && !r.ticket.authorization_data && r.ticket_kvno == 1u;
}
KERB_BOTH("as_kdc: a good request gets a ticket for the one who asked", "[exchange][rfc4120-3.1.3]",
          a_good_request_gets_a_ticket);

constexpr bool a_nonce_is_answered_as_it_came() {
  // Samba's client writes half of its nonces negative, sspi-rs' all in four octets
  const auto came_back = [](uint32 nonce, bytes_view as_written) {
    world w;
    w.body.nonce = nonce;
    const outcome r = w.ask_as();
    std::array<std::uint8_t, 16> buffer{};
    const auto octets = asn1::encode(r.part.nonce, buffer);
    return r.issued && r.part.nonce == std::uint32_t{nonce} && octets && *octets == as_written;
  };
  const auto negative = "0204b32ffc19"_hex, padded = "020400123456"_hex;
  const auto positive = "020500b32ffc19"_hex;
  return came_back({0xb32ffc19, integer_form::negative}, negative) &&
         came_back({0x123456, integer_form::four_octets}, padded) && came_back(0xb32ffc19, positive);
}
KERB_BOTH("as_kdc: a nonce goes back in the octets that it came in", "[exchange][tolerance][rfc4120-5.4.2]",
          a_nonce_is_answered_as_it_came);

constexpr bool a_key_version_is_written_in_the_form_that_the_database_says() {
  const auto of = [](uint32 kvno) {
    world w;
    w.tgs.keys[0]->kvno = kvno;
    const outcome r = w.ask_as();
    return r.issued && r.ticket_kvno == std::uint32_t{kvno} ? r.ticket_kvno_form : integer_form::four_octets;
  };
  return of(0x80000003) == integer_form::der && of({0x80000003, integer_form::negative}) == integer_form::negative;
}
KERB_BOTH("as_kdc: a key version is written as the database says", "[exchange][tolerance][rfc4120-5.2.9]",
          a_key_version_is_written_in_the_form_that_the_database_says);

constexpr bool the_three_encryption_types_are_chosen_apart() {
  world w;  // the client has a key of type 20, the ticket-granting service one of 18
  const etype_t reordered[] = {e17, e18, e20};
  w.body.etype = view_of<etype_t>(reordered);
  const etype_t declared[] = {e19, e17, e18};
  w.tgs.record.session_etypes = declared;
  const outcome r = w.ask_as();
  return r.issued && r.reply_etype == e20 && r.ticket_etype == e18 && r.ticket.key.keytype == e17;
}
KERB_BOTH("as_kdc: reply key, session key and ticket have an encryption type each", "[exchange][rfc4120-3.1.3]",
          the_three_encryption_types_are_chosen_apart);

constexpr bool a_session_key_is_of_a_type_that_the_service_has() {
  world w;
  const outcome r = w.ask_as();  // the first of the request is 20, and krbtgt has a key of 18 alone
  return r.issued && r.ticket.key.keytype == e18;
}
KERB_BOTH("as_kdc: without a declaration a session key is of a type that the service has a key of",
          "[exchange][rfc4120-3.1.3]", a_session_key_is_of_a_type_that_the_service_has);

constexpr bool prepared_keys_serve_as_well() {
  // Of another key each, so that it shows which one was taken
  const auto with = [](int which, const key& k) {
    world w;
    const auto stamp = w.crypto.prepare(which == 1 ? k : w.client.own, key_usage_t::as_req_enc_timestamp);
    const auto reply = w.crypto.prepare(which == 2 ? k : w.client.own, key_usage_t::as_rep_enc_part);
    const auto checksum = w.crypto.prepare(w.client.own, key_usage_t::as_req);
    const prepared_for<testing::insecure_policy> prepared[] = {{key_usage_t::as_req_enc_timestamp, *stamp},
                                                               {key_usage_t::as_rep_enc_part, *reply},
                                                               {key_usage_t::as_req, *checksum}};
    w.client.keys[0]->prepared = prepared;
    return w.ask_as();
  };
  world other;
  const outcome r = with(0, other.client.own);
  return r.issued && r.reply_etype == e20 && with(1, other.service.own).is(error_code_t::kdc_err_preauth_failed) &&
         !with(2, other.service.own).issued;
}
KERB_BOTH("as_kdc: keys prepared for timestamps and replies open and seal them", "[exchange][rfc4120-3.1.3]",
          prepared_keys_serve_as_well);

constexpr bool pre_authent_is_for_those_who_did() {
  world w;
  w.settings.require_preauth = w.with_timestamp = false;
  const outcome r = w.ask_as();
  return r.issued && r.ticket.flags == msg::TicketFlags{f::initial, f::enc_pa_rep} && r.part.flags == r.ticket.flags;
}
KERB_BOTH("as_kdc: a ticket without pre-authentication does not say that there was one", "[exchange][rfc4120-2.1]",
          pre_authent_is_for_those_who_did);

// ---- times and flags

constexpr bool a_ticket_lives_no_longer_than_anybody_allows() {
  const auto end = [](auto bend) {
    world w;
    w.body.till = {};  // as long as may be
    bend(w);
    return w.ask_as().ticket.endtime.seconds - noon.at.seconds;
  };
  return end([](world&) {}) == 36000 && end([](world& w) { w.settings.max_life = 100; }) == 100 &&
         end([](world& w) { w.client.record.max_life = 200; }) == 200 &&
         end([](world& w) { w.tgs.record.max_life = 300; }) == 300 &&
         end([](world& w) { w.body.till = plus(noon.at, 400); }) == 400 &&
         end([](world& w) { w.options.endtime = plus(noon.at, 500); }) == 500 &&
         end([](world& w) { w.options.endtime = plus(noon.at, 90000); }) == 36000;
}
KERB_BOTH("as_kdc: a ticket lives no longer than client, server, realm and caller allow", "[exchange][rfc4120-3.1.3]",
          a_ticket_lives_no_longer_than_anybody_allows);

constexpr bool a_renewable_ticket_is_renewable_as_long_as_anybody_allows() {
  const auto till = [](auto bend) {
    world w;
    w.body.kdc_options.set(o::renewable);
    w.body.till = plus(noon.at, 60);
    bend(w);
    const outcome r = w.ask_as();
    if (!r.issued || r.ticket.renew_till.has_value() != r.ticket.flags.has(f::renewable)) return std::int64_t{-1};
    return r.ticket.renew_till ? r.ticket.renew_till->seconds - noon.at.seconds : 0;
  };
  return till([](world&) {}) == 604800 && till([](world& w) { w.body.rtime = plus(noon.at, 3600); }) == 3600 &&
         till([](world& w) { w.body.rtime = kerberos_time{}; }) == 604800 &&
         till([](world& w) { w.settings.max_renewable_life = 1000; }) == 1000 &&
         till([](world& w) { w.client.record.max_renewable_life = 900; }) == 900 &&
         till([](world& w) { w.tgs.record.max_renewable_life = 800; }) == 800 &&
         till([](world& w) { w.options.renew_till = plus(noon.at, 700); }) == 700 &&
         till([](world& w) { w.settings.renewable = false; }) == 0 &&
         till([](world& w) { w.client.record.attributes.set(a::no_renewable); }) == 0 &&
         till([](world& w) { w.tgs.record.attributes.set(a::no_renewable); }) == 0 &&
         till([](world& w) { w.options.without.set(f::renewable); }) == 0 &&
         till([](world& w) { w.body.rtime = plus(noon.at, 30); }) == 0;
}
KERB_BOTH("as_kdc: a ticket is renewable as long as client, server, realm and caller allow",
          "[exchange][rfc4120-3.1.3]", a_renewable_ticket_is_renewable_as_long_as_anybody_allows);

constexpr bool renewable_ok_makes_up_for_a_short_life() {
  world w;
  w.body.kdc_options.set(o::renewable_ok);
  w.body.till = plus(noon.at, 72000);
  const outcome longer = w.ask_as();
  w.body.till = plus(noon.at, 3600);
  const outcome shorter = w.ask_as();
  return longer.issued && longer.ticket.endtime == plus(noon.at, 36000) &&
         longer.ticket.renew_till == plus(noon.at, 72000) && shorter.issued && !shorter.ticket.renew_till &&
         !shorter.ticket.flags.has(f::renewable);
}
KERB_BOTH("as_kdc: RENEWABLE-OK gives a renewable ticket only where a long one is not to be had",
          "[exchange][rfc4120-3.1.3]", renewable_ok_makes_up_for_a_short_life);

constexpr bool no_requested_end_is_never_cut_short() {
  world w;
  w.body.kdc_options.set(o::renewable_ok);
  w.body.till = {0};  // as long as policy allows
  const outcome r = w.ask_as();
  return r.issued && r.ticket.endtime == plus(noon.at, 36000) && !r.ticket.renew_till &&
         !r.ticket.flags.has(f::renewable);
}
KERB_BOTH("as_kdc: RENEWABLE-OK gives no renewable ticket to a client that asks for the longest life allowed",
          "[exchange][rfc4120-2.9.1]", no_requested_end_is_never_cut_short);

constexpr bool flags_need_the_option_and_everybodys_leave() {
  struct row {
    o option;
    f flag;
    a barred;
    bool kdc_policy::*allowed;
  };
  constexpr row rows[] = {{o::forwardable, f::forwardable, a::no_forwardable, &kdc_policy::forwardable},
                          {o::proxiable, f::proxiable, a::no_proxiable, &kdc_policy::proxiable},
                          {o::allow_postdate, f::may_postdate, a::no_postdated, &kdc_policy::postdated}};
  for (const row& r : rows) {
    const auto granted = [&](auto bend) {
      world w;
      w.body.kdc_options.set(r.option);
      bend(w);
      const outcome got = w.ask_as();
      return got.issued && got.ticket.flags.has(r.flag);
    };
    if (!granted([](world&) {}) || granted([&](world& w) { w.body.kdc_options.set(r.option, false); }) ||
        granted([&](world& w) { w.settings.*r.allowed = false; }) ||
        granted([&](world& w) { w.client.record.attributes.set(r.barred); }) ||
        granted([&](world& w) { w.tgs.record.attributes.set(r.barred); }) ||
        granted([&](world& w) { w.options.without.set(r.flag); })) {
      return false;
    }
  }
  return true;
}
KERB_BOTH("as_kdc: a flag needs the option, and client's, server's, realm's and caller's leave",
          "[exchange][rfc4120-2]", flags_need_the_option_and_everybodys_leave);

constexpr bool a_postdated_ticket_starts_later_and_is_invalid() {
  world w;
  w.body.kdc_options.set(o::postdated);
  w.body.from = plus(noon.at, 3600);
  w.body.till = plus(noon.at, 7200);
  const outcome r = w.ask_as();
  return r.issued && r.ticket.flags.has(f::postdated) && r.ticket.flags.has(f::invalid) &&
         r.ticket.starttime == plus(noon.at, 3600) && r.ticket.endtime == plus(noon.at, 7200) &&
         r.ticket.authtime == noon.at;
}
KERB_BOTH("as_kdc: a postdated ticket starts when it is to, and is invalid until it is validated",
          "[exchange][rfc4120-2.4]", a_postdated_ticket_starts_later_and_is_invalid);

constexpr bool addresses_are_those_asked_for() {
  world w;
  constexpr std::uint8_t ip[] = {10, 1, 2, 3};
  const msg::HostAddress list[] = {{addr_t::ipv4, ip}};
  w.body.addresses = view_of<msg::HostAddress>(list);
  const outcome r = w.ask_as();
  return r.issued && r.ticket.caddr && r.ticket.caddr->size() == 1 &&
         (*r.ticket.caddr->begin()).address == bytes_view(ip) && r.part.caddr && r.part.caddr->size() == 1;
}
KERB_BOTH("as_kdc: a ticket is bound to the addresses asked for", "[exchange][rfc4120-3.1.3]",
          addresses_are_those_asked_for);
KERB_BOTH("as_kdc: a list without addresses goes into no ticket", "[exchange][rfc4120-5.2.5]", [] {
  world w;
  w.body.addresses = msg::HostAddresses();
  const outcome r = w.ask_as();
  return r.issued && !r.ticket.caddr && !r.part.caddr;
});

constexpr bool keys_that_expire_are_announced() {
  world w;
  w.client.record.password_expires = plus(noon.at, 5000);
  w.client.record.expires = plus(noon.at, 4000);
  const msg::LastReqEntry last[] = {{lr_t(1), plus(noon.at, -50)}};
  w.client.record.last_req = last;
  const outcome r = w.ask_as();
  return r.issued && r.part.key_expiration == plus(noon.at, 4000) && r.part.last_req.size() == 3 &&
         (*r.part.last_req.begin()).lr_value == plus(noon.at, -50);
}
/// The times of this type in the reply's last-req, added up; -1 if there is no reply.
constexpr std::int64_t told(world& w, lr_t type) {
  const outcome r = w.ask_as();
  std::int64_t sum = 0;
  for (const msg::LastReqEntry e : r.part.last_req)
    if (e.lr_type == type) sum += e.lr_value.seconds - noon.at.seconds;
  return r.issued ? sum : -1;
}
constexpr bool what_expires_is_in_last_req() {
  world w;
  w.client.record.password_expires = plus(noon.at, 5000);
  if (told(w, lr_t::password_expires) != 5000 || told(w, lr_t::account_expires) != 0) return false;
  w.client.record.expires = plus(noon.at, 4000);
  if (told(w, lr_t::password_expires) != 5000 || told(w, lr_t::account_expires) != 4000) return false;
  const msg::LastReqEntry own[] = {{lr_t::password_expires, plus(noon.at, 1)},
                                   {lr_t::account_expires_here, plus(noon.at, 2)}};
  w.client.record.last_req = own;
  if (told(w, lr_t::password_expires) != 1 || told(w, lr_t::account_expires) != 0 ||
      told(w, lr_t::account_expires_here) != 2) {
    return false;
  }
  std::array<msg::LastReqEntry, 20> many{};
  for (const std::size_t n : {14u, 15u, 16u, 20u}) {
    w.client.record.last_req = view_of<msg::LastReqEntry>(many.data(), n);
    const outcome r = w.ask_as();
    if (!r.issued || r.part.last_req.size() != (n == 14 ? 16 : n)) return false;
  }
  return true;
}
KERB_BOTH("as_kdc: last-req has when password and account expire", "[exchange][rfc4120-5.4.2]",
          what_expires_is_in_last_req);
KERB_BOTH("as_kdc: the key expires with the password or the principal, whichever is first", "[exchange][rfc4120-5.4.2]",
          [] {
            world w;
            const auto at = [&](std::optional<kerberos_time> password, std::optional<kerberos_time> principal) {
              w.client.record.password_expires = password;
              w.client.record.expires = principal;
              return w.ask_as().part.key_expiration;
            };
            const kerberos_time soon = plus(noon.at, 4000), late = plus(noon.at, 5000);
            return at(soon, late) == soon && at(late, soon) == soon && at(soon, {}) == soon && at({}, soon) == soon &&
                   !at({}, {});
          });
KERB_BOTH("as_kdc: the client learns when its key expires, and what the database has of its last requests",
          "[exchange][rfc4120-5.4.2]", keys_that_expire_are_announced);

constexpr bool an_expired_password_still_gets_its_change() {
  world w;
  w.client.record.password_expires = plus(noon.at, -1);
  w.body.sname = changepw().name;
  const bool before = w.ask_as().is(error_code_t::kdc_err_key_expired);
  w.changer.record.attributes.set(a::changes_passwords);
  const outcome r = w.ask_as();
  return before && r.issued && r.ticket.flags.has(f::initial) && same_principal(r.clear_server, changepw());
}
KERB_BOTH("as_kdc: an expired password gets an initial ticket to change it", "[exchange][rfc4120-3.1.3]",
          an_expired_password_still_gets_its_change);

constexpr bool valid_from_the_first_second_to_the_last() {
  world w;
  for (auto* const r : {&w.client.record, &w.tgs.record}) {
    r->valid_from = noon.at;
    r->expires = plus(noon.at, 1);
    if (!w.ask_as().issued) return false;
    r->valid_from = plus(noon.at, -1000);
    r->expires = plus(noon.at, 1000);
    if (!w.ask_as().issued) return false;
    r->valid_from = plus(noon.at, 1);
    if (w.ask_as().issued) return false;
    r->valid_from.reset();
    r->expires = noon.at;
    if (w.ask_as().issued) return false;
    r->expires.reset();
  }
  return true;
}
KERB_BOTH("as_kdc: client and server are valid from a first second on, and before a last one",
          "[exchange][rfc4120-3.1.3]", valid_from_the_first_second_to_the_last);
KERB_BOTH("as_kdc: nobody gets a renewable ticket who asked for neither", "[exchange][rfc4120-3.1.3]", [] {
  world w;
  w.settings.renewable = true;
  w.settings.max_life = 600;  // less than is asked for
  const outcome r = w.ask_as();
  w.body.kdc_options.set(kdc_option_t::renewable_ok);
  const outcome twin = w.ask_as();
  return r.issued && !r.ticket.renew_till && !r.ticket.flags.has(f::renewable) && twin.issued &&
         twin.ticket.flags.has(f::renewable);
});

constexpr bool enc_pa_rep_is_a_checksum_of_the_request() {
  world w;
  w.ask_enc_pa_rep = true;
  const bytes_view request = w.as_req();
  const outcome r = w.ask(request);
  if (!r.issued || !r.ticket.flags.has(f::enc_pa_rep)) return false;
  const auto value = padata_of(r.part.encrypted_pa_data, padata_t::req_enc_pa_rep);
  if (!value) return false;
  const auto c = asn1::decode<msg::Checksum>(*value);
  const bytes_view pieces[] = {request};
  world without;
  const outcome plain = without.ask_as();
  return c && w.crypto.verify(c->cksumtype, w.client.own, key_usage_t::as_req, pieces, c->checksum) == errc::ok &&
         plain.issued && !plain.part.encrypted_pa_data && plain.ticket.flags.has(f::enc_pa_rep);
}
KERB_BOTH("as_kdc: every ticket has the flag ENC-PA-REP and PA-REQ-ENC-PA-REP brings a checksum of the request",
          "[exchange][rfc6806-11]", enc_pa_rep_is_a_checksum_of_the_request);

struct no_cksum_of_20 : testing::insecure_policy {
  using insecure_policy::cksum_of;
  constexpr std::optional<cksum_shape> cksum_of(etype_t e) const noexcept {
    return e == e20 ? std::nullopt : insecure_policy::cksum_of(e);
  }
};
constexpr bool a_missing_checksum_is_found_before_the_draw() {
  for (const std::size_t reserved : {std::size_t{0}, std::size_t{40}}) {
    kdc_side<no_cksum_of_20> w;
    w.ask_enc_pa_rep = true;
    w.options.reserved_octets = reserved;
    const bytes_view request = w.as_req();
    const unsigned draws = w.crypto.entropy.draws();
    const outcome r = w.ask(request);
    if (r.issued || r.why.code != errc::unsupported_cksum || w.crypto.entropy.draws() != draws) return false;
  }
  kdc_side<no_cksum_of_20> other;  // which nobody asks for
  return other.ask_as().issued;
}
KERB_BOTH("as_kdc: a checksum that the policy cannot make is found before anything is drawn or signed",
          "[exchange][rfc6806-11]", a_missing_checksum_is_found_before_the_draw);

constexpr bool long_hints_are_counted() {
  std::array<std::uint8_t, 1500> octets{};
  for (std::uint8_t& c : octets) c = 'a';
  for (const bool parameters : {false, true}) {
    std::size_t whole = 0;
    for (const int step_by : {0, 1, 2}) {  // the size of the reply; one octet less than it and its length need; those
      world w;
      w.settings.require_preauth = w.with_timestamp = false;
      if (parameters) w.client.keys[0]->s2kparams = bytes_view(octets);
      else w.client.keys[0]->salt = kerberos_string{bytes_view(octets)};
      const bytes_view request = w.as_req();
      const auto env = w.env_now();
      const std::size_t given = step_by == 0 ? w.scratch.size() : step_by == 1 ? whole - 1 : whole;
      as_kdc<testing::insecure_policy> x(w.settings, std::span(w.scratch).first(given), w.peer);
      if (!is<need_principal>(x.receive(request, env)) || !is<need_principal>(x.found(w.client.record, env)) ||
          !is<authorize>(x.found(w.tgs.record, env)))
        return false;
      const auto s = x.issue({}, env);
      const auto* more = std::get_if<need_buffer>(&s);
      if (step_by == 1 ? more == nullptr || more->size != whole : !is<reply>(s)) return false;
      if (step_by == 0) whole = std::get<reply>(s).octets.size() + 4;
    }
  }
  return true;
}
KERB_BOTH("as_kdc: a reply with a long salt or long parameters asks for the space that it lacks", "[exchange]",
          long_hints_are_counted);

}  // namespace
