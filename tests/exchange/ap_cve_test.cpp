// Faults that other acceptors have had, each under its number: the message that hit them, and the twin that must pass.
#include <kerb/exchange/service/accept.hpp>
#include <kerb/store/replay_cache.hpp>
#include <vector>

#include "support/ap_world.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {
using policy = testing::insecure_policy;

struct service {
  ap_world w;
  key_list<key, 4> keys;
  memory_replay_cache<64> seen;
  std::array<std::uint8_t, 4096> buffer{};
  constexpr service() {
    (void)keys.add(web, 3, w.service_etype, w.service_key());
    (void)keys.add(ftp, 3, w.service_etype, w.service_key());  // one key under two names
    w.request.service = std::optional<principal_view>{};
  }
  constexpr errc present(bytes_view req) {
    ap_acceptor<policy> a(w.request_in(buffer));
    const auto who = accept(a, req, w.policy, keys, seen, w.now);
    return who.error().code;
  }
};

// ---- gokrb5 issue 577: the realm of the authenticator was the identity

constexpr bool the_realm_is_the_tickets() {
  ap_world w;
  w.authenticator.crealm = "ADMIN.ORG"_krb;
  const verdict v = w.present(w.mint());
  ap_world twin;
  return refused_with(v, errc::name_mismatch, "Authenticator", "crealm", error_code_t::krb_ap_err_badmatch) &&
         twin.present(twin.mint()).accepted;
}
KERB_BOTH("ap_acceptor: a client does not choose its realm", "[exchange][gokrb5-577]", the_realm_is_the_tickets);

// ---- go-krb5 155, Manticore 1395: replays by another clear name, by a short-lived store, and false ones

constexpr bool replays() {
  service s;
  std::array<std::uint8_t, 2048> first{};
  const bytes_view minted = s.w.mint();
  detail::copy_octets(minted.data(), minted.size(), first.data());
  const bytes_view req = bytes_view(first).first(minted.size());
  if (s.present(req) != errc::ok || s.present(req) != errc::replayed || s.present(req) != errc::replayed) return false;
  // The same authenticator, and the ticket's clear name rewritten
  auto m = kerb_test::must(asn1::decode<msg::ApReq>(req));
  msg::Ticket renamed = m.ticket.value();
  renamed.sname = ftp.name;
  std::array<std::uint8_t, 2048> again{};
  m.ticket = captured<msg::Ticket>::of(renamed);
  return s.present(kerb_test::must(asn1::encode(m, again))) == errc::replayed;
}
KERB_BOTH("ap_acceptor: a replay is one under every name that opens the ticket, for as long as the store lives",
          "[exchange][go-krb5-155][manticore-1395]", replays);

constexpr bool no_false_replays() {
  service s;
  if (s.present(s.w.mint()) != errc::ok) return false;
  // Another client in the same microsecond, and the same one once more with another authenticator
  constexpr kerberos_string bob_parts[] = {"bob"_krb};
  s.w.ticket.cname = s.w.authenticator.cname = {name_t::principal, bob_parts};
  if (s.present(s.w.mint()) != errc::ok) return false;
  s.w.authenticator.seq_number = 77;
  return s.present(s.w.mint()) == errc::ok;
}
KERB_BOTH("ap_acceptor: two clients, or two requests, of one microsecond are no replays", "[exchange][go-krb5-155]",
          no_false_replays);

// ---- Kerberos.NET, sspi-rs, Kerby: INVALID was not looked at

constexpr bool invalid_tickets() {
  ap_world marked, coming, twin;
  marked.ticket.flags.set(ticket_flag_t::invalid);
  coming.ticket.starttime = plus(coming.now.at, 3600);
  twin.ticket.starttime = plus(twin.now.at, 200);
  return refused_with(marked.present(marked.mint()), errc::ticket_not_yet_valid, "EncTicketPart", "flags",
                      error_code_t::krb_ap_err_tkt_nyv) &&
         refused_with(coming.present(coming.mint()), errc::ticket_not_yet_valid, "EncTicketPart", "starttime",
                      error_code_t::krb_ap_err_tkt_nyv) &&
         twin.present(twin.mint()).accepted;
}
KERB_BOTH("ap_acceptor: a postdated ticket is refused until it has been validated", "[exchange][kerberos-net][kerby]",
          invalid_tickets);

// ---- all but MIT and Heimdal: the transited field was not looked at

errc through(bytes_view transited, bool judged) {
  ap_world w;
  std::vector<std::uint8_t> ticket(100000), req(120000), buffer(300000);
  w.ticket.crealm = w.authenticator.crealm = "FAR.ORG"_krb;
  w.ticket.transited.contents = transited;
  w.ticket.key = key_as_sent(w.session_etype, session_octets);
  w.request.paths = judged ? std::optional(realm_path_policy{.hierarchical = false}) : std::nullopt;
  w.request.buffer = buffer;
  const key service_key = w.service_key(), session_key = w.session_key();
  const auto t = w.turn();
  const auto minted = testing::mint_ticket(web, w.ticket, service_key, 3, t, ticket);
  const auto sent = testing::mint_ap_req(*minted, w.authenticator, w.options, session_key, w.usage, t, req);
  ap_acceptor<policy> a(w.request);
  (void)a.receive(*sent, t);
  const auto step = a.provide(service_key, t);
  const auto* no = std::get_if<refused>(&step);
  const auto* f = std::get_if<failed>(&step);
  return no != nullptr ? no->why.code : f != nullptr ? f->why.code : errc::ok;
}
TEST_CASE("ap_acceptor: a path through a realm that nobody trusts is refused, whatever its form", "[exchange][sspi]") {
  const auto text = [](std::string_view s) { return octets_of(s); };
  const std::vector<std::uint8_t> commas(65536, ',');
  for (const bool judged : {false, true}) {
    CHECK(through(text("EVIL.COM"), judged) != errc::ok);
    CHECK(through(text("/COM/\\"), judged) != errc::ok);
    CHECK(through(text(",,,"), judged) != errc::ok);
    CHECK(through(commas, judged) != errc::ok);  // and in linear time
  }
  CHECK(through({}, false) == errc::path_not_checked);
  CHECK(through({}, true) == errc::ok);  // an empty path goes through nobody
}

// ---- CVE-2020-25717: a name on its own was taken for a local user's

constexpr bool identity_has_a_realm() {
  service s;
  s.w.ticket.crealm = s.w.authenticator.crealm = "OTHER.ORG"_krb;
  s.w.ticket.flags.set(ticket_flag_t::transited_policy_checked);
  ap_acceptor<policy> a(s.w.request_in(s.buffer));
  const auto who = accept(a, s.w.mint(), s.w.policy, s.keys, s.seen, s.w.now);
  return who && !same_principal(who->client(), alice) && who->client().realm == "OTHER.ORG"_krb;
}
KERB_BOTH("authenticated_client: an identity is name and realm together", "[exchange][cve-2020-25717]",
          identity_has_a_realm);

// ---- gokrb5, go-krb5 134: the first element of an empty AD-IF-RELEVANT was read

constexpr bool empty_list() {
  ap_world w;
  const auto empty = "3000"_hex;
  const msg::AuthorizationDataElement one[] = {{ad_t::if_relevant, empty}};
  w.ticket.authorization_data = one;
  w.authenticator.authorization_data = one;
  return w.present(w.mint()).accepted;
}
KERB_BOTH("ap_acceptor: an AD-IF-RELEVANT without elements is none", "[exchange][go-krb5-134]", empty_list);
TEST_CASE("ap_acceptor: a thousand AD-IF-RELEVANT in each other are refused", "[exchange][go-krb5-134]") {
  std::vector<std::uint8_t> inner, octets(40000), ticket(40000), req(50000), buffer(150000);
  for (int i = 0; i != 1000; ++i) {
    const msg::AuthorizationDataElement e[] = {{ad_t::if_relevant, inner}};
    const auto v = asn1::encode(msg::AuthorizationData(view_of<msg::AuthorizationDataElement>(e)), octets);
    REQUIRE(v);
    inner.assign(v->begin(), v->end());
  }
  const msg::AuthorizationDataElement top[] = {{ad_t::if_relevant, inner}};
  ap_world w;
  w.ticket.authorization_data = top;
  w.ticket.key = key_as_sent(w.session_etype, session_octets);
  w.request.buffer = buffer;
  const key service_key = w.service_key(), session_key = w.session_key();
  const auto t = w.turn();
  const auto minted = testing::mint_ticket(web, w.ticket, service_key, 3, t, ticket);
  REQUIRE(minted);
  const auto sent = testing::mint_ap_req(*minted, w.authenticator, w.options, session_key, w.usage, t, req);
  REQUIRE(sent);
  ap_acceptor<policy> a(w.request);
  (void)a.receive(*sent, t);
  const auto step = a.provide(service_key, t);
  REQUIRE(is<refused>(step));
  CHECK(std::get<refused>(step).why.code == errc::critical_authdata);
}

// ---- Kerberos.NET: microseconds were divided where they should have been multiplied

constexpr errc at_edge(std::int64_t seconds, std::int32_t usec) {
  ap_world w;  // whose clock is at half a second
  w.authenticator.ctime = plus(w.now.at, seconds);
  w.authenticator.cusec = {usec};
  return w.present(w.mint()).why.code;
}
KERB_BOTH("ap_acceptor: the skew is exact to the microsecond", "[exchange][kerberos-net]", [] {
  return at_edge(300, 500000) == errc::ok && at_edge(300, 500001) == errc::clock_skew && at_edge(300, 0) == errc::ok &&
         at_edge(300, 1) == errc::ok && at_edge(300, 999999) == errc::clock_skew && at_edge(-300, 500000) == errc::ok &&
         at_edge(-300, 499999) == errc::clock_skew && at_edge(-301, 999999) == errc::clock_skew &&
         at_edge(-300, 999999) == errc::ok;
});

// ---- CVE-2017-11462: after an error the state was gone, and callers used it

constexpr bool errors_are_final() {
  ap_world w;
  std::array<std::uint8_t, 4096> buffer{};
  const auto junk = "6e03020105"_hex;
  ap_acceptor<policy> a(w.request_in(buffer));
  const key k = w.service_key();
  if (!is<refused>(a.receive(junk, w.turn()))) return false;
  for (int i = 0; i != 2; ++i) {
    if (!is<failed>(a.receive(w.mint(), w.turn())) || !is<failed>(a.provide(k, w.turn())) ||
        !is<failed>(a.replay_checked(true, w.turn())) || !is<failed>(a.accept({}, w.turn())) || a.peer() != nullptr) {
      return false;
    }
  }
  return !std::move(a).take();
}
KERB_BOTH("ap_acceptor: after an error every call says so, and nothing is there to be asked",
          "[exchange][cve-2017-11462]", errors_are_final);
}  // namespace
