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

constexpr bool nobody_is_renamed_to_a_well_known_name() {
  constexpr kerberos_string federated[] = {"WELLKNOWN"_krb, "FEDERATED"_krb}, another[] = {"alice2"_krb};
  const as_params<key> ask{.client = alice(), .buffer = {}, .options = {o::canonicalize}};
  const auto renamed = [&](const principal_view& to) { return as_reply(ask, of_client(to, {f::initial})); };
  return is<done>(renamed({{name_t::principal, another}, ex_org})) &&
         fails_with(renamed({{name_t::wellknown, federated}, ex_org}), errc::name_mismatch, "cname") &&
         fails_with(renamed(anonymous()), errc::name_mismatch, "cname") &&
         fails_with(renamed({alice().name, "WELLKNOWN:X"_krb}), errc::name_mismatch, "crealm");
}
KERB_BOTH("as_client: a KDC renames no client to a well-known name", "[exchange][rfc6111-3]",
          nobody_is_renamed_to_a_well_known_name);

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
  const auto given = w.tgt();
  ticket_facts facts = given.facts();
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

// ---- PA-REQ-ENC-PA-REP

constexpr bool every_as_request_asks_for_its_checksum() {
  kdc_world w;
  std::array<std::uint8_t, 4096> buffer{};
  as_client<policy> x(w.ask_as(buffer));
  auto sent = x.start(w.env_now());
  for (int round = 0; round != 2; ++round) {
    const auto* s = std::get_if<send>(&sent);
    const auto req = asn1::decode<msg::AsReq>(s == nullptr ? bytes_view() : s->octets);
    if (!req || !req->padata) return false;
    int asks = 0;
    for (const msg::PaData pa : *req->padata) asks += pa.padata_type == padata_t::req_enc_pa_rep;
    if (asks != 1) return false;
    if (round == 0) sent = x.receive(w.hints(), w.env_now());
  }
  return true;
}
KERB_BOTH("as_client: every request asks for a checksum of itself in the reply", "[exchange][rfc6806-11]",
          every_as_request_asks_for_its_checksum);

constexpr bool a_removed_request_for_the_checksum_is_noticed() {
  // The KDC states that it makes the checksum, and there is none: somebody removed the padata
  const as_params<key> ask{.client = alice(), .buffer = {}};
  return fails_with(as_reply(ask, of_client(alice(), {f::initial, f::enc_pa_rep})), errc::missing_field,
                    "encrypted-pa-data") &&
         is<done>(as_reply(ask, of_client(alice(), {f::initial})));
}
KERB_BOTH("as_client: a KDC that makes the checksum of the request and has not made it is refused",
          "[exchange][rfc6806-11]", a_removed_request_for_the_checksum_is_noticed);

// ---- user-to-user, and postdated tickets

/// A credential for the web server with these facts changed.
template <class F>
constexpr auto web_ticket(kdc_world& w, F alter) {
  const auto given = w.tgt();
  ticket_facts facts = given.facts();
  facts.server = web();
  alter(facts);
  return basic_credential<key>(facts, w.session_key.copy());
}
constexpr bool a_user_to_user_ticket_says_so() {
  for (const bool by_ticket : {false, true}) {
    for (const bool by_caller : {false, true}) {
      kdc_world w;
      std::array<std::uint8_t, 4096> buffer{};
      const auto ticket = web_ticket(w, [&](ticket_facts& t) { t.user_to_user = by_ticket; });
      ap_initiator<policy> x({.credential = ticket, .buffer = buffer, .user_to_user = by_caller});
      const auto sent = x.start(w.env_now());
      const auto* s = std::get_if<send>(&sent);
      const auto req = asn1::decode<msg::ApReq>(s == nullptr ? bytes_view() : s->octets);
      if (!req || req->ap_options.has(ap_option_t::use_session_key) != (by_ticket || by_caller)) return false;
    }
  }
  return true;
}
KERB_BOTH("ap_initiator: a user-to-user ticket sets USE-SESSION-KEY without being told", "[exchange][rfc4120-3.7]",
          a_user_to_user_ticket_says_so);

constexpr auto postdated = [](ticket_facts& t) {
  t.flags.set(f::postdated);
  t.flags.set(f::invalid);
  t.starttime = plus(noon.at, 3600);
};
constexpr bool a_ticket_that_nobody_validated_is_not_sent() {
  kdc_world w;
  std::array<std::uint8_t, 4096> buffer{};
  const auto ticket = web_ticket(w, postdated);
  ap_initiator<policy> ap({.credential = ticket, .buffer = buffer});
  if (!fails_with(ap.start(w.env_now()), errc::ticket_not_yet_valid, "flags")) return false;
  const auto tgt = web_ticket(w, [](ticket_facts& t) {
    postdated(t);
    t.server = krbtgt();
  });
  for (const msg::KdcOptions& options : {msg::KdcOptions{}, msg::KdcOptions{o::renew}, msg::KdcOptions{o::validate}}) {
    tgs_client<policy> x({.tgt = tgt, .server = krbtgt(), .buffer = buffer, .options = options});
    const auto step = x.start(w.env_now());
    if (options.has(o::validate) ? !is<send>(step) : !fails_with(step, errc::ticket_not_yet_valid, "flags"))
      return false;
  }
  return true;
}
KERB_BOTH("clients: a postdated ticket is sent only to the KDC that is to validate it", "[exchange][rfc4120-2.2]",
          a_ticket_that_nobody_validated_is_not_sent);

constexpr bool a_cache_keeps_postdated_tickets_apart() {
  kdc_world w;
  ticket_cache<key, 4, 1024> cache;
  if (!cache.store(web_ticket(w, [](ticket_facts&) {}), noon.at)) return false;
  if (!cache.store(web_ticket(w, postdated), noon.at) || cache.size(noon.at) != 2) return false;
  const auto* plain = cache.find(alice(), web(), noon.at);
  const auto* dormant = cache.find(alice(), web(), noon.at, ticket_kind::not_valid);
  if (plain == nullptr || plain->facts().flags.has(f::invalid)) return false;
  if (dormant == nullptr || !dormant->facts().flags.has(f::invalid)) return false;
  cache.log_off();
  return cache.store(web_ticket(w, postdated), noon.at).has_value() && cache.find(alice(), web(), noon.at) == nullptr &&
         cache.find(web(), noon.at) == nullptr;
}
KERB_BOTH("ticket_cache: a postdated ticket is neither found as a valid one nor replaces it", "[exchange][rfc4120-2.2]",
          a_cache_keeps_postdated_tickets_apart);

// ---- times, addresses, referrals, and other errors

constexpr bool a_start_in_the_past_is_now() {
  const auto starts = [](std::int64_t from, std::int64_t start) {
    const as_params<key> ask{.client = alice(), .buffer = {}, .options = {o::postdated}, .from = plus(noon.at, from)};
    return is<done>(as_reply(ask, [=](reply_spec& r) {
      r.part.starttime = plus(noon.at, start);
      r.part.flags = {f::initial, f::postdated};
    }));
  };
  return starts(-1, 0) && starts(-3600, 0) && starts(0, 0) && starts(100, 0) && starts(100, 100) &&
         starts(3600, 3600) && !starts(3600, 0) && !starts(301, 300) && !starts(-1, 301) && !starts(-3600, -3600);
}
KERB_BOTH("as_client: a postdated ticket that was to start in the past starts now", "[exchange][rfc4120-3.1.3]",
          a_start_in_the_past_is_now);

constexpr bool a_postdated_request_says_when() {
  for (const bool says : {false, true}) {
    kdc_world w;
    std::array<std::uint8_t, 4096> buffer{};
    const auto tgt = w.tgt();
    tgs_params<key> ask{.tgt = tgt, .server = web(), .buffer = buffer, .options = {o::postdated}, .lifetime = 600};
    if (says) ask.from = plus(noon.at, 3600);
    tgs_client<policy> x(ask);
    const auto sent = x.start(w.env_now());
    if (!says) {
      if (!fails_with(sent, errc::api_misuse, "from")) return false;
      continue;
    }
    const auto* s = std::get_if<send>(&sent);
    const auto req = asn1::decode<msg::TgsReq>(s == nullptr ? bytes_view() : s->octets);
    if (!req || req->req_body->from != ask.from || req->req_body->till != plus(noon.at, 4200)) return false;
  }
  return true;
}
KERB_BOTH("tgs_client: a request for a postdated ticket has its start", "[exchange][rfc4120-5.4.1]",
          a_postdated_request_says_when);

constexpr std::uint8_t here_octets[] = {192, 0, 2, 1};
constexpr msg::HostAddress here[] = {{addr_t::ipv4, bytes_view(here_octets)}};
/// The facts of a ticket for the web server whose ticket-granting ticket is for one address; the reply names none.
constexpr std::optional<msg::HostAddress> address_of(msg::KdcOptions options, bool& anywhere) {
  kdc_world w;
  std::array<std::uint8_t, 4096> buffer{};
  std::array<std::uint8_t, 4> ours{192, 0, 2, 1};
  const msg::HostAddress list[] = {{addr_t::ipv4, bytes_view(ours)}};
  const auto given = w.tgt();
  ticket_facts facts = given.facts();
  facts.addresses = view_of<msg::HostAddress>(list);
  const basic_credential<key> tgt(facts, w.session_key.copy());
  tgs_params<key> ask{.tgt = tgt, .server = web(), .buffer = buffer, .options = options};
  if (options.has(o::forwarded)) ask.addresses = here;
  tgs_client<policy> x(ask);
  const auto sent = x.start(w.env_now());
  const auto* s = std::get_if<send>(&sent);
  if (!is<done>(x.receive(w.tgs_rep(s == nullptr ? bytes_view() : s->octets, honest), w.env_now())))
    return std::nullopt;
  const auto c = std::move(x).take();
  ours = {};  // the ticket-granting ticket has gone
  anywhere = c->facts().valid_from_anywhere;
  if (!c->facts().addresses || c->facts().addresses->size() != 1) return std::nullopt;
  const msg::HostAddress got = *c->facts().addresses->begin();
  return same_address(got, here[0]) ? std::optional(here[0]) : std::optional(msg::HostAddress{});
}
constexpr bool a_ticket_has_the_addresses_of_its_tgt() {
  bool anywhere = true;
  const auto kept = address_of({}, anywhere);
  if (!kept || !same_address(*kept, here[0]) || anywhere) return false;
  return !address_of({o::forwarded}, anywhere) && anywhere;
}
KERB_BOTH("tgs_client: a ticket whose reply names no addresses has those of the ticket-granting ticket",
          "[exchange][rfc4120-5.4.2]", a_ticket_has_the_addresses_of_its_tgt);

constexpr bool addresses_that_were_not_granted_are_reported() {
  for (const bool asks : {false, true}) {
    for (const bool granted : {false, true}) {
      kdc_world w;
      std::array<std::uint8_t, 4096> buffer{};
      as_params<key> ask = w.ask_as(buffer);
      ask.key = w.client_key;
      if (asks) ask.addresses = here;
      as_client<policy> x(ask);
      const auto sent = x.start(w.env_now());
      const auto* s = std::get_if<send>(&sent);
      const auto bend = [&](reply_spec& r) {
        if (asks && granted) r.part.caddr = view_of<msg::HostAddress>(here);
      };
      if (!is<done>(x.receive(w.as_rep(s == nullptr ? bytes_view() : s->octets, bend), w.env_now()))) return false;
      const auto got = std::move(x).take();
      if (got->facts().valid_from_anywhere != (asks && !granted)) return false;
    }
  }
  return true;
}
KERB_BOTH("as_client: requested addresses that the ticket does not have are reported", "[exchange][rfc4120-3.1.5]",
          addresses_that_were_not_granted_are_reported);

constexpr bool an_expired_conversation_begins_again_once() {
  kdc_world w;
  std::array<std::uint8_t, 4096> buffer{};
  as_client<policy> x(w.ask_as(buffer));
  constexpr std::uint8_t cookie[] = {1, 2, 3};
  if (!is<send>(x.start(w.env_now())) || !is<send>(x.receive(w.hints({.cookie = bytes_view(cookie)}), w.env_now())))
    return false;
  const auto again = x.receive(w.error(error_code_t::kdc_err_preauth_expired), w.env_now());
  const auto* s = std::get_if<send>(&again);
  const auto req = asn1::decode<msg::AsReq>(s == nullptr ? bytes_view() : s->octets);
  if (!req || !req->padata) return false;
  for (const msg::PaData pa : *req->padata)
    if (pa.padata_type == padata_t::fx_cookie || pa.padata_type == padata_t::enc_timestamp) return false;
  if (!is<send>(x.receive(w.hints(), w.env_now()))) return false;
  return is<failed>(x.receive(w.error(error_code_t::kdc_err_preauth_expired), w.env_now()));
}
KERB_BOTH("as_client: an expired conversation begins again without its cookie, once", "[exchange][rfc6113-2.2]",
          an_expired_conversation_begins_again_once);

struct zeros : policy {
  constexpr bool fill(std::span<std::uint8_t> s) noexcept {
    for (std::uint8_t& b : s) b = 0;
    return true;
  }
};
constexpr bool the_first_number_is_not_zero() {
  kdc_world w;
  zeros crypto;
  std::array<std::uint8_t, 4096> buffer{};
  std::array<std::uint8_t, 512> opened{};
  const auto ticket = web_ticket(w, [](ticket_facts&) {});
  ap_initiator<zeros> x({.credential = ticket, .buffer = buffer});
  const auto sent = x.start(environment{crypto, noon, exchange_limits{}});
  const auto* s = std::get_if<send>(&sent);
  const auto req = asn1::decode<msg::ApReq>(s == nullptr ? bytes_view() : s->octets);
  if (!req) return false;
  const auto plain = crypto.unseal(w.session_key, key_usage_t::ap_req_authenticator, req->authenticator.cipher, opened);
  const auto a =
      plain ? asn1::decode<msg::Authenticator>(bytes_view(*plain)) : result<msg::Authenticator>(errc::integrity);
  return a && a->seq_number && *a->seq_number == 1u;
}
KERB_BOTH("ap_initiator: the first sequence number is never zero", "[exchange][rfc4120-5.5.1]",
          the_first_number_is_not_zero);
}  // namespace
