// What the targets with a service share: three tickets, the service's keys and its replay cache. The adversary is a
// user with a ticket for the service, and runs another service, for which the honest client has a ticket too.
#pragma once
#include <kerb/store/replay_cache.hpp>

#include "moves.hpp"
#include "support/ap_world.hpp"

namespace kerb_fuzz {

using policy = kerb::testing::insecure_policy;
using kerb_test::must;

constexpr kerb::principal_view alice = kerb_test::ap_world_names::alice;
constexpr kerb::kerberos_string mallory_parts[] = {
    kerb_test::ap_world_names::alice_parts[0]};  // the name is the front of alice's
constexpr kerb::principal_view mallory{{kerb::name_t::principal, mallory_parts}, alice.realm};

struct ticket {
  bool honest;       ///< alice's
  bool for_service;  ///< and not for the adversary's
  octet_list session{}, cipher{};
  kerb::kerberos_time start{}, end{};
  kerb::basic_credential<kerb::key> credential{};
};

struct service_world {
  script in;
  kerb::principal_view service;
  policy crypto{};
  network net{};
  kerb_test::ap_world here{};  // its time is the time
  std::list<ticket> tickets{};
  kerb::memory_replay_cache<256> seen{};
  /// The clients'. An AP-REP only repeats the time of a request, so two requests with one ticket must differ in it.
  kerb::unique_time times{};
  kerb::key own_key = here.service_key(), ftp_key = here.other_key(here.service_etype);

  service_world(kerb::bytes_view octets, const kerb::principal_view& s) : in(octets), service(s) {
    grant(true, true, 1), grant(true, false, 2), grant(false, true, 3);
    net.learn(ftp_key.etype(), ftp_key.octets().unguarded());
  }
  kerb::environment<policy> env() { return {crypto, here.now, {}}; }
  ticket* ticket_of(kerb::bytes_view cipher) {
    for (ticket& t : tickets)
      if (kerb::bytes_view(t.cipher) == cipher) return &t;
    return nullptr;
  }
  /// Whether a client may already refuse to use a ticket: it ended by a clock skew of five minutes ago.
  bool has_ended(const ticket& t) { return env().now.at.seconds >= t.credential.endtime().seconds + 300; }
  /// One of the three tickets.
  const ticket& ticket_number(std::size_t n) const {
    auto t = tickets.begin();
    for (n %= 3; n != 0; --n) ++t;
    return *t;
  }

 private:
  void grant(bool honest, bool for_service, std::uint8_t fill) {
    using namespace kerb;
    ticket t{honest, for_service};
    std::array<std::uint8_t, 32> session{};
    session.fill(fill);
    const principal_view client = honest ? alice : mallory, server = for_service ? service : kerb_test::ftp;
    msg::EncTicketPart part = here.ticket;
    part.key = {here.session_etype, session};
    part.crealm = client.realm, part.cname = client.name;
    t.start = must(part.starttime), t.end = part.endtime;
    std::array<std::uint8_t, 1024> octets{};
    const bytes_view made = must(testing::mint_ticket(server, part, for_service ? own_key : ftp_key, 3, env(), octets));
    t.session = copy(session);
    t.cipher = copy(must(asn1::decode<msg::Ticket>(made)).enc_part.cipher);
    held_.push_back(copy(made));
    const ticket_facts facts{.client = client,
                             .server = server,
                             .ticket = held_.back(),
                             .flags = part.flags,
                             .authtime = part.authtime,
                             .starttime = t.start,
                             .endtime = t.end,
                             .renew_till = {},
                             .key_expiration = {},
                             .addresses = {}};
    t.credential = {facts, must(crypto.import(here.session_etype, session))};
    if (!honest || !for_service) net.learn(here.session_etype, session);
    tickets.push_back(std::move(t));
  }

  std::list<octet_list> held_;
};

/// The AP-REQ somewhere in a message.
inline std::optional<kerb::msg::ApReq> ap_req_in(kerb::bytes_view m) {
  for (std::size_t i = 0; i + 4 < m.size(); ++i) {
    if (m[i] != 0x6e || (m[i + 1] != 0x81 && m[i + 1] != 0x82)) continue;
    const std::size_t size = m[i + 1] == 0x81 ? 3u + m[i + 2] : 4u + (m[i + 2] * 256u + m[i + 3]);
    if (size > m.size() - i) continue;
    if (const auto r = kerb::asn1::decode<kerb::msg::ApReq>(m.subview(i, size))) return *r;
  }
  return {};
}

}  // namespace kerb_fuzz
