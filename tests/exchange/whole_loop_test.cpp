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
  std::array<std::uint8_t, 4096> kdc_room{}, room1{}, room2{}, room3{}, room4{};
  const auto ask_kdc = [&](const send& s) -> result<answer> {
    const auto r = realm.answer(s.octets, noon, kdc_room);
    if (!r) return r.error();
    return answer(*r);
  };
  const auto alice = principal::parse("alice@EX.ORG"), web = principal::parse("HTTP/web.ex.org@EX.ORG");
  as_client<policy> as({.client = *alice, .password = sesame, .room = room1});
  const auto tgt = drive(as, crypto, noon, ask_kdc);
  if (!tgt || !tgt->facts().flags.has(ticket_flag_t::pre_authent)) return false;
  tgs_client<policy> tgs({.tgt = *tgt, .server = *web, .room = room2});
  const auto ticket = drive(tgs, crypto, noon, ask_kdc);
  if (!ticket || ticket->endtime() > tgt->endtime()) return false;

  key_list<policy::key, 1> keytab;
  if (!keytab.add(*web, 1, etype_t::aes256_cts_hmac_sha1_96, realm.key_of("HTTP/web.ex.org")->copy())) return false;
  memory_replay_store<32> seen;
  ap_acceptor<policy> acceptor({.service = *web, .mutual = required, .room = room4});
  std::optional<authenticated_client<policy::key>> who;
  const auto ask_service = [&](const send& s) -> result<answer> {
    auto w = accept(acceptor, s.octets, crypto, keytab, seen, noon);
    if (!w) return w.error();
    who.emplace(std::move(*w));
    return answer(who->reply());
  };
  ap_initiator<policy> ap({.credential = *ticket, .room = room3});
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
  std::array<std::uint8_t, 4096> kdc_room{}, room1{}, room2{}, room3{}, room4{};
  const auto ask_kdc = [&](const send& s) -> result<answer> {
    const auto r = realm.answer(s.octets, noon, kdc_room);
    if (!r) return r.error();
    return answer(*r);
  };
  const auto alice = principal::parse("alice@EX.ORG"), bob = principal::parse("bob@EX.ORG");
  as_client<policy> as1({.client = *alice, .password = sesame, .room = room1});
  as_client<policy> as2({.client = *bob, .password = sesame, .room = room2});
  const auto tgt = drive(as1, crypto, noon, ask_kdc), bobs = drive(as2, crypto, noon, ask_kdc);
  if (!tgt || !bobs) return false;
  constexpr std::uint8_t only_reading[] = {'r'};
  const msg::AuthorizationDataElement restrictions[] = {{ad_t::intended_for_server, only_reading}};
  tgs_client<policy> tgs({.tgt = *tgt,
                          .server = *bob,
                          .room = room3,
                          .second_ticket = bobs->ticket(),
                          .user_to_user = true,
                          .authorization_data = msg::AuthorizationData(restrictions)});
  const auto ticket = drive(tgs, crypto, noon, ask_kdc);
  if (!ticket) return false;

  // It is bob's session key that opens the ticket, and not the key of his password
  const auto t = asn1::decode<msg::Ticket>(ticket->ticket());
  if (!t || t->enc_part.kvno || crypto.unseal(*realm.key_of("bob"), key_usage_t::ticket, t->enc_part.cipher, room4))
    return false;
  const auto plain = crypto.unseal(bobs->session_key(), key_usage_t::ticket, t->enc_part.cipher, room4);
  const auto part = plain ? asn1::decode<msg::EncTicketPart>(bytes_view(*plain)) : plain.error();
  if (!part || !same_principal({part->cname, part->crealm}, *alice) || !part->authorization_data ||
      part->authorization_data->size() != 1 || !((*part->authorization_data->begin()).ad_data == only_reading)) {
    return false;
  }
  std::array<std::uint8_t, 4096> room5{};
  ap_initiator<policy> ap({.credential = *ticket, .room = room5, .user_to_user = true});
  const auto first = ap.start(turn{crypto, crypto, noon});
  const auto req = says<send>(first) ? asn1::decode<msg::ApReq>(std::get<send>(first).octets) : errc::truncated;
  return req && req->ap_options.has(ap_option_t::use_session_key);
}
KERB_BOTH("client and KDC: a ticket for a user, under the session key of the user's own ticket, with restrictions",
          "[exchange][rfc4120-3.7][rfc4120-3.3.3]", user_to_user_with_restrictions);
}  // namespace
