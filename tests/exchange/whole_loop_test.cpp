// The three exchanges in memory: a client, a KDC and a service, and a clock that the test turns.
#include <kerb/client.hpp>
#include <kerb/service.hpp>
#include <kerb/testing/insecure.hpp>
#include <kerb/testing/realm.hpp>

#include "support/both.hpp"

namespace {
using namespace kerb;
using namespace kerb::literals;
using policy = testing::insecure_policy;

constexpr timestamp noon{{1767268800}, {250000}};
constexpr std::uint8_t sesame_octets[] = {'s', 'e', 's', 'a', 'm', 'e'};
constexpr secret_view sesame{sesame_octets, 6};

constexpr bool as_tgs_and_ap_with_mutual_authentication() {
  policy crypto;
  testing::realm<policy> realm(crypto, "EX.ORG"_krb, etype_t::aes256_cts_hmac_sha1_96);
  if (!realm.add_user("alice", sesame) || !realm.add_service("HTTP/web.ex.org")) return false;
  std::array<std::uint8_t, 4096> kdc_buffer{}, buffer1{}, buffer2{}, buffer3{}, buffer4{};
  const auto ask_kdc = [&](const send& s) -> result<answer> {
    const auto r = realm.answer(s.octets, noon, kdc_buffer);
    if (!r) return r.error();
    return answer(*r);
  };
  const auto alice = principal::parse("alice@EX.ORG"), web = principal::parse("HTTP/web.ex.org@EX.ORG");
  as_client<policy> as({.client = *alice, .password = sesame, .buffer = buffer1});
  const auto tgt = drive(as, crypto, noon, ask_kdc);
  if (!tgt || !tgt->facts().flags.has(ticket_flag_t::pre_authent)) return false;
  tgs_client<policy> tgs({.tgt = *tgt, .server = *web, .buffer = buffer2});
  const auto ticket = drive(tgs, crypto, noon, ask_kdc);
  if (!ticket || ticket->endtime() > tgt->endtime()) return false;

  key_list<policy::key, 1> keytab;
  if (!keytab.add(*web, 1, etype_t::aes256_cts_hmac_sha1_96, realm.key_of("HTTP/web.ex.org")->copy())) return false;
  memory_replay_cache<32> seen;
  ap_acceptor<policy> acceptor({.service = *web, .mutual = required, .buffer = buffer4});
  std::optional<authenticated_client<policy::key>> who;
  const auto ask_service = [&](const send& s) -> result<answer> {
    auto w = accept(acceptor, s.octets, crypto, keytab, seen, noon);
    if (!w) return w.error();
    who.emplace(std::move(*w));
    return answer(who->reply());
  };
  ap_initiator<policy> ap({.credential = *ticket, .buffer = buffer3});
  const auto session = drive(ap, crypto, noon, ask_service);
  return session && who && same_principal(who->client(), *alice) &&
         ct_equal(session->protection_key().octets().unguarded(), who->keys().protection_key().octets().unguarded());
}
KERB_BOTH("client, KDC and service: AS, TGS and AP with mutual authentication, in memory", "[exchange][rfc4120-1.2]",
          as_tgs_and_ap_with_mutual_authentication);

constexpr bool user_to_user_with_restrictions() {
  policy crypto;
  testing::realm<policy> realm(crypto, "EX.ORG"_krb, etype_t::aes256_cts_hmac_sha1_96);
  if (!realm.add_user("alice", sesame) || !realm.add_user("bob", sesame)) return false;
  std::array<std::uint8_t, 4096> kdc_buffer{}, buffer1{}, buffer2{}, buffer3{}, buffer4{};
  const auto ask_kdc = [&](const send& s) -> result<answer> {
    const auto r = realm.answer(s.octets, noon, kdc_buffer);
    if (!r) return r.error();
    return answer(*r);
  };
  const auto alice = principal::parse("alice@EX.ORG"), bob = principal::parse("bob@EX.ORG");
  as_client<policy> as1({.client = *alice, .password = sesame, .buffer = buffer1});
  as_client<policy> as2({.client = *bob, .password = sesame, .buffer = buffer2});
  const auto tgt = drive(as1, crypto, noon, ask_kdc), bobs = drive(as2, crypto, noon, ask_kdc);
  if (!tgt || !bobs) return false;
  constexpr std::uint8_t only_reading[] = {'r'};
  const msg::AuthorizationDataElement restrictions[] = {{ad_t::intended_for_server, only_reading}};
  tgs_client<policy> tgs({.tgt = *tgt,
                          .server = *bob,
                          .buffer = buffer3,
                          .second_ticket = bobs->ticket(),
                          .user_to_user = true,
                          .authorization_data = msg::AuthorizationData(restrictions)});
  const auto ticket = drive(tgs, crypto, noon, ask_kdc);
  if (!ticket) return false;

  // It is bob's session key that opens the ticket, and not the key of his password
  const auto t = asn1::decode<msg::Ticket>(ticket->ticket());
  if (!t || t->enc_part.kvno ||
      crypto.unseal(kerb_test::must(realm.key_of("bob")), key_usage_t::ticket, t->enc_part.cipher, buffer4))
    return false;
  const auto plain = crypto.unseal(bobs->session_key(), key_usage_t::ticket, t->enc_part.cipher, buffer4);
  const auto part = plain ? asn1::decode<msg::EncTicketPart>(bytes_view(*plain)) : plain.error();
  if (!part || !same_principal({part->cname, part->crealm}, *alice) || !part->authorization_data ||
      part->authorization_data->size() != 1 || !((*part->authorization_data->begin()).ad_data == only_reading)) {
    return false;
  }

  std::array<std::uint8_t, 4096> buffer5{};
  ap_initiator<policy> ap({.credential = *ticket, .buffer = buffer5, .user_to_user = true});
  constexpr ad_t enforced[] = {ad_t::intended_for_server};
  ap_acceptor<policy> acceptor({.service = *bob, .buffer = buffer4, .understood = enforced, .user_to_user = true});
  const user_to_user_key<policy::key> keys(*bobs);
  memory_replay_cache<32> seen;
  std::optional<authenticated_client<policy::key>> who;
  const auto ask_bob = [&](const send& s) -> result<answer> {
    auto w = accept(acceptor, s.octets, crypto, keys, seen, noon);
    if (!w) return w.error();
    who.emplace(std::move(*w));
    return answer(who->reply());
  };
  const auto session = drive(ap, crypto, noon, ask_bob);
  return session && who && who->user_to_user() && same_principal(who->client(), *alice) &&
         ct_equal(session->protection_key().octets().unguarded(), who->keys().protection_key().octets().unguarded());
}
KERB_BOTH("client, KDC and a user: a ticket under the session key of the user's own ticket, with restrictions",
          "[exchange][rfc4120-3.7][rfc4120-3.3.3]", user_to_user_with_restrictions);

/// How a context that is bound so ends at a service that demands `wanted`.
constexpr errc bound_context(std::optional<channel_bindings> bindings, bool aware,
                             std::optional<channel_bindings> wanted, binding_rule rule, bool bound) {
  policy crypto;
  testing::realm<policy> realm(crypto, "EX.ORG"_krb, etype_t::aes256_cts_hmac_sha1_96);
  if (!realm.add_user("alice", sesame) || !realm.add_service("HTTP/web.ex.org")) return errc::no_space;
  std::array<std::uint8_t, 4096> kdc_buffer{}, buffer1{}, buffer2{}, buffer3{}, buffer4{};
  const auto ask_kdc = [&](const send& s) -> result<answer> {
    const auto r = realm.answer(s.octets, noon, kdc_buffer);
    if (!r) return r.error();
    return answer(*r);
  };
  const auto alice = principal::parse("alice@EX.ORG"), web = principal::parse("HTTP/web.ex.org@EX.ORG");
  as_client<policy> as({.client = *alice, .password = sesame, .buffer = buffer1});
  const auto tgt = drive(as, crypto, noon, ask_kdc);
  if (!tgt) return tgt.error().code;
  tgs_client<policy> tgs({.tgt = *tgt, .server = *web, .buffer = buffer2});
  const auto ticket = drive(tgs, crypto, noon, ask_kdc);
  if (!ticket) return ticket.error().code;
  ap_initiator<policy> ap(
      {.credential = *ticket,
       .buffer = buffer3,
       .gss = gss_context{
           .flags = {gss_flag_t::mutual, gss_flag_t::integ}, .bindings = bindings, .bindings_aware = aware}});
  key_list<policy::key, 1> keytab;
  if (!keytab.add(*web, 1, etype_t::aes256_cts_hmac_sha1_96, realm.key_of("HTTP/web.ex.org")->copy()))
    return errc::no_space;
  memory_replay_cache<32> seen;
  ap_acceptor<policy> acceptor(
      {.service = *web, .mutual = required, .buffer = buffer4, .bindings = wanted, .binding = rule});
  errc why = errc::ok;
  const auto ask_service = [&](const send& s) -> result<answer> {
    // as GSS-API frames it, and there and back
    std::array<std::uint8_t, 2048> framed{};
    const auto token = write_krb5_token({.id = gss_token_t::ap_req, .message = s.octets}, framed);
    const auto read = token ? read_krb5_token(*token) : result<krb5_token>(token.error());
    if (!read) return read.error();
    auto w = accept(acceptor, read->message, crypto, keytab, seen, noon);
    if (!w) {
      why = w.error().code;
      return answer(acceptor.refusal());
    }
    if (w->bound() != bound || !w->gss() || !w->gss()->flags.has(gss_flag_t::integ)) why = errc::api_misuse;
    return answer(w->reply());
  };
  const auto session = drive(ap, crypto, noon, ask_service);
  return why != errc::ok ? why : session.error().code;
}

constexpr bool contexts_are_bound() {
  constexpr std::array<std::uint8_t, 32> one{1}, other{2};
  const auto a = tls_binding::exporter(one), b = tls_binding::exporter(other);
  if (!a || !b) return false;
  const channel_bindings here = a->bindings(), there = b->bindings();
  using rule = binding_rule;
  return bound_context(here, false, here, rule::require, true) == errc::ok &&
         bound_context(here, true, here, rule::if_present, true) == errc::ok &&
         bound_context(here, false, there, rule::require, true) == errc::bindings_mismatch &&
         bound_context(here, false, there, rule::if_present, true) == errc::bindings_mismatch &&
         bound_context({}, false, here, rule::require, true) == errc::bindings_missing &&
         bound_context({}, false, here, rule::if_present, false) == errc::ok &&
         bound_context({}, true, here, rule::if_present, false) == errc::bindings_missing &&
         bound_context(here, false, {}, rule::if_present, false) == errc::ok;
}
KERB_BOTH("client and service: a context of GSS-API is bound to one channel, and to no other",
          "[exchange][rfc4121-4.1.1.2][rfc9266]", contexts_are_bound);
}  // namespace
