// What the RFCs demand of a client: requests that must say something, and replies that it must not take.
#include <kerb/client.hpp>
#include <kerb/exchange/ticket_cache.hpp>
#include <kerb/testing/insecure.hpp>
#include <kerb/testing/realm.hpp>

#include "support/both.hpp"
#include "support/kdc_world.hpp"

using namespace kerb_test;

namespace {
using policy = testing::insecure_policy;
using f = ticket_flag_t;
using o = kdc_option_t;

constexpr principal_view anonymous(kerberos_string realm = ex_org) { return {anonymous_name, realm}; }

/// The step that an AS client returns for a reply.
template <class F>
constexpr auto as_reply(as_params<key> ask, F bend) {
  kdc_world w;
  std::array<std::uint8_t, 4096> buffer{};
  ask.buffer = buffer;
  ask.key = w.client_key;
  as_client<policy> x(ask);
  const auto sent = x.start(w.env_now());
  const auto* s = std::get_if<send>(&sent);
  return x.receive(w.as_rep(s == nullptr ? bytes_view() : s->octets, bend), w.env_now(), transport::stream);
}
/// The same for a TGS client, whose ticket-granting ticket `alter` may change.
template <class F, class G>
constexpr auto tgs_reply(msg::KdcOptions options, F bend, G alter) {
  kdc_world w;
  std::array<std::uint8_t, 4096> buffer{};
  const auto plain = w.tgt();
  ticket_facts facts = plain.facts();
  alter(facts);
  const basic_credential<key> tgt(facts, w.session_key.copy());
  tgs_client<policy> x({.tgt = tgt, .server = web(), .buffer = buffer, .options = options});
  const auto sent = x.start(w.env_now());
  const auto* s = std::get_if<send>(&sent);
  return x.receive(w.tgs_rep(s == nullptr ? bytes_view() : s->octets, bend), w.env_now(), transport::stream);
}
template <class F>
constexpr auto tgs_reply(msg::KdcOptions options, F bend) {
  return tgs_reply(options, bend, [](ticket_facts&) {});
}
constexpr auto of_client(const principal_view& client, msg::TicketFlags flags) {
  return [=](reply_spec& r) {
    r.client = client;
    r.part.flags = flags;
  };
}

// ---- anonymity

constexpr bool an_ordinary_ticket_is_not_anonymous() {
  const as_params<key> ask{.client = alice(), .buffer = {}, .options = {o::request_anonymous}};
  for (const principal_view& who : {alice(), anonymous()}) {
    if (!fails_with(tgs_reply({o::request_anonymous}, of_client(who, {})), errc::flags_mismatch, "flags")) return false;
    if (!fails_with(as_reply(ask, of_client(who, {f::initial})), errc::flags_mismatch, "flags")) return false;
  }
  return fails_with(tgs_reply({o::request_anonymous}, of_client(alice(), {f::anonymous})), errc::name_mismatch,
                    "cname") &&
         fails_with(as_reply(ask, of_client(alice(), {f::initial, f::anonymous})), errc::name_mismatch, "cname");
}
KERB_BOTH("kdc clients: an ordinary ticket in place of an anonymous one fails", "[exchange][rfc6112-4.3]",
          an_ordinary_ticket_is_not_anonymous);

constexpr bool an_anonymous_ticket_is_as_requested() {
  const as_params<key> ask{.client = alice(), .buffer = {}, .options = {o::request_anonymous}};
  return is<done>(tgs_reply({o::request_anonymous}, of_client(anonymous(), {f::anonymous}))) &&
         is<done>(as_reply(ask, of_client(anonymous(), {f::initial, f::anonymous})));
}
KERB_BOTH("kdc clients: a requested anonymous ticket is accepted", "[exchange][rfc6112-4.2]",
          an_anonymous_ticket_is_as_requested);

constexpr bool anonymity_is_requested() {
  const as_params<key> ask{.client = alice(), .buffer = {}};
  return fails_with(tgs_reply({}, of_client(anonymous(), {f::anonymous})), errc::name_mismatch, "cname") &&
         fails_with(as_reply(ask, of_client(anonymous(), {f::initial, f::anonymous})), errc::name_mismatch, "cname");
}
KERB_BOTH("kdc clients: an anonymous ticket that was not requested fails", "[exchange][rfc6112-4.2]",
          anonymity_is_requested);

constexpr bool an_anonymous_ticket_has_a_known_realm() {
  as_params<key> ask{.client = alice(), .buffer = {}, .options = {o::request_anonymous}};
  const msg::TicketFlags flags{f::initial, f::anonymous};
  for (const kerberos_string realm : {other_org, anonymous_realm}) {
    if (!fails_with(tgs_reply({o::request_anonymous}, of_client(anonymous(realm), flags)), errc::name_mismatch,
                    "crealm"))
      return false;
    ask.client = alice();
    if (!fails_with(as_reply(ask, of_client(anonymous(realm), flags)), errc::name_mismatch, "crealm")) return false;
    ask.client = anonymous();
    const auto step = as_reply(ask, of_client(anonymous(realm), flags));
    if (realm == anonymous_realm ? !is<done>(step) : !fails_with(step, errc::name_mismatch, "crealm")) return false;
  }
  return true;
}
KERB_BOTH("kdc clients: an anonymous ticket has the client's realm, or the anonymous one for an anonymous client",
          "[exchange][rfc6112-4.1]", an_anonymous_ticket_has_a_known_realm);

/// The options of a request.
template <class Req, class X>
constexpr msg::KdcOptions options_sent(X& x, kdc_world& w) {
  const auto sent = x.start(w.env_now());
  const auto* s = std::get_if<send>(&sent);
  const auto req = asn1::decode<Req>(s == nullptr ? bytes_view() : s->octets);
  return req ? req->req_body->kdc_options : msg::KdcOptions{};
}
constexpr bool an_anonymous_client_requests_anonymity() {
  kdc_world w;
  std::array<std::uint8_t, 4096> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  as_client<policy> named_one(ask);
  if (options_sent<msg::AsReq>(named_one, w).has(o::request_anonymous)) return false;
  ask.client = anonymous();
  as_client<policy> as(ask);
  if (!options_sent<msg::AsReq>(as, w).has(o::request_anonymous)) return false;
  ticket_facts facts = w.tgt().facts();
  facts.client = anonymous();
  const basic_credential<key> tgt(facts, w.session_key.copy());
  tgs_client<policy> tgs({.tgt = tgt, .server = web(), .buffer = buffer});
  return options_sent<msg::TgsReq>(tgs, w).has(o::request_anonymous);
}
KERB_BOTH("kdc clients: an anonymous client requests anonymous tickets without being told", "[exchange][rfc6112-4.2]",
          an_anonymous_client_requests_anonymity);

constexpr std::uint8_t sesame_octets[] = {'s', 'e', 's', 'a', 'm', 'e'};
constexpr secret_view sesame{sesame_octets, 6};

constexpr bool an_anonymous_ticket_from_the_own_kdc() {
  policy crypto;
  testing::realm<policy> realm(crypto, ex_org, e18);
  realm.settings.anonymous = true;
  if (!realm.add_user("alice", sesame) || !realm.add_service("HTTP/web.ex.org")) return false;
  std::array<std::uint8_t, 4096> kdc_buffer{}, buffer1{}, buffer2{}, buffer3{};
  const auto ask_kdc = [&](const send& s) -> result<answer> {
    const auto r = realm.answer(s.octets, noon, kdc_buffer);
    if (!r) return r.error();
    return answer(*r);
  };
  as_client<policy> as({.client = alice(), .password = sesame, .buffer = buffer1});
  const auto tgt = drive(as, crypto, noon, ask_kdc);
  if (!tgt) return false;
  tgs_client<policy> first({.tgt = *tgt, .server = krbtgt(), .buffer = buffer2, .options = {o::request_anonymous}});
  const auto hidden = drive(first, crypto, noon, ask_kdc);
  if (!hidden || !same_principal(hidden->client(), anonymous()) || hidden->facts().client_renamed) return false;
  tgs_client<policy> second({.tgt = *hidden, .server = web(), .buffer = buffer3});
  const auto ticket = drive(second, crypto, noon, ask_kdc);
  return ticket && same_principal(ticket->client(), anonymous()) && ticket->facts().flags.has(f::anonymous) &&
         kind_of(ticket->facts()) == ticket_kind::asked_for;
}
KERB_BOTH("kdc clients: this library's KDC gives an anonymous ticket for a plain one, and another one for that",
          "[exchange][rfc6112-4.2]", an_anonymous_ticket_from_the_own_kdc);
}  // namespace
