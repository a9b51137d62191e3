// A client that goes to another realm, whose KDC may be an enemy: what it can give, and what it cannot take away.
#include <kerb/client.hpp>
#include <kerb/testing/insecure.hpp>
#include <kerb/testing/mint.hpp>
#include <kerb/testing/realm.hpp>

#include "support/both.hpp"

namespace {
using namespace kerb;
using namespace kerb::literals;
using policy = testing::insecure_policy;
using credential = basic_credential<key>;

constexpr timestamp noon{{1767268800}, {250000}};
constexpr etype_t e18 = etype_t::aes256_cts_hmac_sha1_96;
constexpr kerberos_string ex = "EX.ORG"_krb, other = "OTHER.ORG"_krb, far = "FAR.ORG"_krb;
constexpr std::uint8_t sesame_octets[] = {'s', 'e', 's', 'a', 'm', 'e'};
constexpr secret_view sesame{sesame_octets, 6};
constexpr kerberos_string alice_parts[] = {"alice"_krb}, web_parts[] = {"HTTP"_krb, "www"_krb},
                          to_ex[] = {"krbtgt"_krb, "EX.ORG"_krb}, to_other[] = {"krbtgt"_krb, "OTHER.ORG"_krb},
                          to_far[] = {"krbtgt"_krb, "FAR.ORG"_krb};
constexpr principal_view named(view_of<kerberos_string> parts, kerberos_string realm) {
  return {{name_t::principal, parts}, realm};
}
constexpr principal_view alice = named(alice_parts, ex);

/// What a realm does not know is of the other one.
struct referring {
  testing::realm<policy>& own;
  constexpr lookup<policy> find(const need_principal& ask) {
    lookup<policy> r = own.find(ask);
    if (ask.role == principal_role::server && std::holds_alternative<not_found>(r)) return in_realm{other};
    return r;
  }
};

/// Alice of EX.ORG with her own ticket-granting ticket and a referral to OTHER.ORG, both in her cache.
struct world {
  policy crypto;
  testing::realm<policy> home{crypto, ex, e18}, abroad{crypto, other, e18};
  ticket_cache<key, 8, 1024> cache;
  std::array<std::uint8_t, 4096> kdc_buffer{};
  std::array<std::uint8_t, 512> ticket_octets{};
  std::array<std::uint8_t, 1024> reply_octets{};
  bool ready = false;

  constexpr key make(std::uint8_t fill) {
    std::array<std::uint8_t, 32> o{};
    for (std::uint8_t& b : o) b = fill++;
    return *crypto.import(e18, o);
  }
  constexpr world() {
    const key there = make(0x11), back = make(0x71);
    ready = home.add_user("alice", sesame) && home.add_trust(other, there, back) && abroad.add_trust(ex, back, there) &&
            abroad.add_service("HTTP/www") && log_in() && go_abroad();
  }
  constexpr bool log_in() {
    std::array<std::uint8_t, 4096> buffer{};
    as_client<policy> as({.client = alice, .password = sesame, .buffer = buffer});
    auto tgt = drive(as, crypto, noon, [&](const send& s) -> result<answer> {
      const auto r = home.answer(s.octets, noon, kdc_buffer);
      if (!r) return r.error();
      return answer(*r);
    });
    return tgt && cache.store(std::move(*tgt), noon.at);
  }
  constexpr bool go_abroad() {
    std::array<std::uint8_t, 4096> buffer{};
    const credential* const tgt = cache.find(alice, named(to_ex, ex), noon.at);
    if (tgt == nullptr) return false;
    tgs_client<policy> tgs(
        {.tgt = *tgt, .server = named(web_parts, ex), .buffer = buffer, .options = {kdc_option_t::canonicalize}});
    auto referral = drive(tgs, crypto, noon, [&](const send& s) -> result<answer> {
      if (!(s.realm == ex)) return errc::no_answer;
      kdc<policy> x(home.settings, kdc_buffer);
      referring names{home};
      const auto r = serve(x, s.octets, crypto, names, noon);
      if (!r) return r.error();
      return answer(*r);
    });
    return referral && referral->facts().is_referral && same_principal(referral->server(), named(to_other, ex)) &&
           cache.store(std::move(*referral), noon.at);
  }
  constexpr const credential* referral() const {
    return cache.find(alice, named(to_other, ex), noon.at, ticket_kind::referral);
  }

  /// Asks OTHER.ORG for `server`, and has the enemy there answer with a ticket for `named_as` whose key it knows.
  constexpr result<credential> ask_the_enemy(const principal_view& server, const principal_view& named_as,
                                             std::span<std::uint8_t> buffer) {
    tgs_client<policy> tgs({.tgt = *referral(),
                            .server = server,
                            .buffer = buffer,
                            .options = {kdc_option_t::canonicalize},
                            .subkey = false});
    return drive(tgs, crypto, noon, [&](const send& s) -> result<answer> {
      if (!(s.realm == other)) return errc::no_answer;
      const auto req = asn1::decode<msg::TgsReq>(s.octets);
      const environment<policy> t{crypto, noon, {}};
      const key known = make(0xe0), sealing = make(0xc0);
      msg::EncTicketPart inside;
      inside.key = {e18, known.octets().unguarded()};
      inside.crealm = alice.realm;
      inside.cname = alice.name;
      inside.endtime = plus(noon.at, 3600);
      msg::EncTgsRepPart part;
      part.key = inside.key;
      part.nonce = req->req_body->nonce;
      part.authtime = noon.at;
      part.endtime = plus(noon.at, 3600);
      part.srealm = named_as.realm;
      part.sname = named_as.name;
      part.flags = {ticket_flag_t::initial};
      const auto ticket = testing::mint_ticket(named_as, inside, sealing, 1, t, ticket_octets);
      const auto rep = testing::mint_kdc_rep<msg_t::tgs_rep>(alice, *ticket, part, referral()->session_key(),
                                                             key_usage_t::tgs_rep_enc_part_session, t, reply_octets);
      return answer(*rep, transport::stream);
    });
  }
  /// Whether the ticket-granting ticket that the cache has for EX.ORG is the one that EX.ORG gave to Alice.
  constexpr bool own_tgt_is_there(bytes_view ticket) const {
    const credential* const by_name = cache.find(alice, named(to_ex, ex), noon.at);
    const credential* const only = cache.find(named(to_ex, ex), noon.at);
    return by_name != nullptr && by_name == only && by_name->ticket() == ticket;
  }
};

constexpr bool through_a_referral_to_the_service() {
  world w;
  std::array<std::uint8_t, 4096> buffer{};
  if (!w.ready) return false;
  tgs_client<policy> tgs({.tgt = *w.referral(), .server = named(web_parts, other), .buffer = buffer});
  const auto ticket = drive(tgs, w.crypto, noon, [&](const send& s) -> result<answer> {
    if (!(s.realm == other)) return errc::no_answer;
    const auto r = w.abroad.answer(s.octets, noon, w.kdc_buffer);
    if (!r) return r.error();
    return answer(*r);
  });
  return ticket && !ticket->facts().is_referral && same_principal(ticket->server(), named(web_parts, other));
}

constexpr bool a_foreign_kdc_gives_tickets_of_its_own_realm_alone() {
  world w;
  if (!w.ready) return false;
  std::array<std::uint8_t, 512> kept{};
  const bytes_view own = w.cache.find(alice, named(to_ex, ex), noon.at)->ticket();
  kerb::detail::copy_octets(own.data(), own.size(), kept.data());
  const bytes_view own_ticket = bytes_view(kept).first(own.size());
  const principal_view asked[] = {named(web_parts, other), named(web_parts, ex), named(to_ex, ex), named(to_far, ex)};
  const principal_view given[] = {named(to_ex, ex),       named(to_ex, other), named(to_other, ex),
                                  named(to_other, other), named(to_far, ex),   named(web_parts, ex)};
  for (const principal_view& a : asked) {
    for (const principal_view& g : given) {
      std::array<std::uint8_t, 4096> buffer{};
      const auto c = w.ask_the_enemy(a, g, buffer);
      if (c || c.error().code != errc::name_mismatch) return false;
    }
  }
  // What it may give: a ticket for its own service, and a referral onward. Neither is in anything's place.
  std::array<std::uint8_t, 4096> buffer{}, more{};
  auto web = w.ask_the_enemy(named(web_parts, other), named(web_parts, other), buffer);
  auto onward = w.ask_the_enemy(named(web_parts, other), named(to_far, other), more);
  if (!web || !onward || web->facts().is_referral || !onward->facts().is_referral) return false;
  if (!w.cache.store(std::move(*web), noon.at) || !w.cache.store(std::move(*onward), noon.at)) return false;
  return w.own_tgt_is_there(own_ticket) && w.cache.size(noon.at) == 4 &&
         w.cache.find(alice, named(to_far, other), noon.at) == nullptr &&
         w.cache.find(alice, named(to_other, ex), noon.at) == nullptr &&
         w.cache.find(alice, named(web_parts, ex), noon.at) == nullptr &&
         w.cache.find(alice, named(web_parts, other), noon.at) != nullptr;
}

constexpr kerberos_string ex_lower = "ex.org"_krb;
constexpr kerberos_string to_ex_lower[] = {"krbtgt"_krb, "ex.org"_krb}, mallory_parts[] = {"mallory"_krb};

/// Alice's home realm, whose KDC is an enemy: it answers Alice, who asks with canonicalize, in any names.
struct enemy_at_home {
  world w;
  std::array<std::uint8_t, 4096> buffer{};

  constexpr result<credential> log_in(const principal_view& as, const principal_view& client,
                                      const principal_view& server) {
    const key long_term = w.make(0x21);
    as_client<policy> x({.client = as, .key = long_term, .buffer = buffer, .options = {kdc_option_t::canonicalize}});
    return drive(x, w.crypto, noon, [&](const send& s) -> result<answer> {
      const auto req = asn1::decode<msg::AsReq>(s.octets);
      const environment<policy> t{w.crypto, noon, {}};
      const key known = w.make(0xe0), sealing = w.make(0xc0);
      msg::EncTicketPart inside;
      inside.key = {e18, known.octets().unguarded()};
      inside.crealm = client.realm;
      inside.cname = client.name;
      inside.endtime = plus(noon.at, 3600);
      msg::EncAsRepPart part;
      part.key = inside.key;
      part.nonce = req->req_body->nonce;
      part.authtime = noon.at;
      part.endtime = plus(noon.at, 3600);
      part.srealm = server.realm;
      part.sname = server.name;
      part.flags = {ticket_flag_t::initial};
      const auto ticket = testing::mint_ticket(server, inside, sealing, 1, t, w.ticket_octets);
      const auto rep = testing::mint_kdc_rep<msg_t::as_rep>(client, *ticket, part, long_term,
                                                            key_usage_t::as_rep_enc_part, t, w.reply_octets);
      return answer(*rep, transport::stream);
    });
  }
};

constexpr bool a_home_kdc_gives_no_ticket_of_another_realm() {
  enemy_at_home e;
  if (!e.w.ready) return false;
  for (const principal_view& server : {named(to_other, other), named(to_ex, other), named(to_other, ex)}) {
    for (const kerberos_string realm : {other, ex}) {
      const auto c = e.log_in(alice, named(alice_parts, realm), server);
      if (c || c.error().code != errc::name_mismatch) return false;
    }
  }
  return true;
}

constexpr bool a_renamed_client_takes_no_place() {
  enemy_at_home e;
  if (!e.w.ready) return false;
  ticket_cache<key, 8, 1024>& cache = e.w.cache;
  const bytes_view own = cache.find(alice, named(to_ex, ex), noon.at)->ticket();
  std::array<std::uint8_t, 512> kept{};
  kerb::detail::copy_octets(own.data(), own.size(), kept.data());
  // EX.ORG, if Alice wrote ex.org: these may be two realms, and only one of them is an enemy's
  auto respelled = e.log_in(named(alice_parts, ex_lower), alice, named(to_ex, ex));
  if (!respelled || !respelled->facts().client_renamed || !cache.store(std::move(*respelled), noon.at)) return false;
  if (!e.w.own_tgt_is_there(bytes_view(kept).first(own.size()))) return false;
  const principal_view mallory = named(mallory_parts, ex);
  auto renamed = e.log_in(alice, mallory, named(to_ex, ex));
  if (!renamed || !cache.store(std::move(*renamed), noon.at)) return false;
  return e.w.own_tgt_is_there(bytes_view(kept).first(own.size())) &&
         cache.find(mallory, named(to_ex, ex), noon.at) == nullptr &&
         cache.find(mallory, named(to_ex, ex), noon.at, ticket_kind::renamed) != nullptr &&
         cache.find(alice, named(to_ex, ex), noon.at, ticket_kind::renamed) != nullptr;
}

/// What was obtained with a ticket-granting ticket of a kind.
constexpr bool a_kind_is_passed_on(ticket_kind kind) {
  world w;
  if (!w.ready) return false;
  ticket_facts f = w.referral()->facts();
  f.is_referral = false;
  f.client_renamed = kind == ticket_kind::renamed;
  f.handed_over = kind == ticket_kind::handed_over;
  f.restricted = kind == ticket_kind::restricted;
  f.for_peer = kind == ticket_kind::for_peer;
  const credential tgt(f, w.referral()->session_key().copy());
  std::array<std::uint8_t, 4096> buffer{};
  tgs_client<policy> tgs({.tgt = tgt, .server = named(web_parts, other), .buffer = buffer});
  const auto ticket = drive(tgs, w.crypto, noon, [&](const send& s) -> result<answer> {
    const auto r = w.abroad.answer(s.octets, noon, w.kdc_buffer);
    if (!r) return r.error();
    return answer(*r);
  });
  return ticket && kind_of(ticket->facts()) == kind;
}
constexpr bool kinds_are_passed_on() {
  for (const ticket_kind k : {ticket_kind::asked_for, ticket_kind::renamed, ticket_kind::handed_over,
                              ticket_kind::restricted, ticket_kind::for_peer})
    if (!a_kind_is_passed_on(k)) return false;
  return true;
}
}  // namespace

KERB_BOTH("client: a home KDC gives a login no ticket of another realm, also with canonicalize",
          "[exchange][rfc6806-6]", a_home_kdc_gives_no_ticket_of_another_realm);
KERB_BOTH(
    "client: a ticket whose client a KDC renamed never replaces one that was asked for, and is found by kind alone",
    "[exchange][rfc6806-6]", a_renamed_client_takes_no_place);
KERB_BOTH("client: a ticket is of the kind of the ticket-granting ticket that it was obtained with",
          "[exchange][rfc4120-3.3.3]", kinds_are_passed_on);
KERB_BOTH("client: a referral leads through another realm's KDC to the service", "[exchange][rfc6806-8]",
          through_a_referral_to_the_service);
KERB_BOTH("client: a foreign KDC gives tickets of its own realm alone, and never replaces the client's own TGT",
          "[exchange][rfc6806-8][rfc4120-3.3.3]", a_foreign_kdc_gives_tickets_of_its_own_realm_alone);
