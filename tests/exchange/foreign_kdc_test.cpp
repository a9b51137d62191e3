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
    return std::move(*crypto.import(e18, o));
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
      const environment<policy, policy> t{crypto, crypto, noon, {}};
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
}  // namespace

KERB_BOTH("client: a referral leads through another realm's KDC to the service", "[exchange][rfc6806-8]",
          through_a_referral_to_the_service);
KERB_BOTH("client: a foreign KDC gives tickets of its own realm alone, and never replaces the client's own TGT",
          "[exchange][rfc6806-8][rfc4120-3.3.3]", a_foreign_kdc_gives_tickets_of_its_own_realm_alone);
