// Published flaws of clients and of programs that check passwords, each under its number: the sequence of events.
#include <kerb/client.hpp>
#include <kerb/service.hpp>
#include <kerb/testing/insecure.hpp>
#include <kerb/testing/realm.hpp>

#include "support/both.hpp"

using namespace kerb;
using namespace kerb::literals;

namespace {

using policy = testing::insecure_policy;
constexpr timestamp noon{{1767268800}, {250000}};
constexpr etype_t aes = etype_t::aes256_cts_hmac_sha1_96;
constexpr std::uint8_t chosen_octets[] = {'c', 'h', 'o', 's', 'e', 'n'}, true_octets[] = {'t', 'r', 'u', 'e'};
constexpr secret_view chosen{chosen_octets, 6}, right{true_octets, 4};

/// What a login program sees: whether it gets a ticket-granting ticket with this password, and whether the host's own
/// key accepts a ticket that is obtained with it. `true_kdc`: whether the realm's KDC answers, and not one that has
/// been made up by somebody who also types the password.
struct login {
  bool tgt = false;
  error host{};
  bool accepted = false;
};
constexpr login log_in(bool true_kdc, secret_view password) {
  policy crypto;
  std::array<std::uint8_t, 8> skipped{};  // the keys of the two realms are not the same
  testing::realm<policy> own(crypto, "EX.ORG"_krb, aes);
  (void)crypto.fill(skipped);
  testing::realm<policy> made_up(crypto, "EX.ORG"_krb, aes);
  if (!own.add_user("alice", right) || !own.add_service("host/login.ex.org")) return {};
  if (!made_up.add_user("alice", chosen) || !made_up.add_service("host/login.ex.org")) return {};
  testing::realm<policy>& kdc = true_kdc ? own : made_up;
  std::array<std::uint8_t, 4096> kdc_buffer{}, buffer1{}, buffer2{}, buffer3{}, buffer4{};
  const auto ask_kdc = [&](const send& s) -> result<answer> {
    const auto r = kdc.answer(s.octets, noon, kdc_buffer);
    if (!r) return r.error();
    return answer(*r);
  };
  const auto alice = principal::parse("alice@EX.ORG"), host = principal::parse("host/login.ex.org@EX.ORG");
  login seen;
  as_client<policy> as({.client = *alice, .password = password, .buffer = buffer1});
  const auto tgt = drive(as, crypto, noon, ask_kdc);
  seen.tgt = tgt.has_value();
  if (!tgt) return seen;
  tgs_client<policy> tgs({.tgt = *tgt, .server = *host, .buffer = buffer2});
  const auto ticket = drive(tgs, crypto, noon, ask_kdc);
  if (!ticket) return seen;
  key_list<policy::key, 1> keytab;
  if (!keytab.add(*host, 1, aes, own.key_of("host/login.ex.org")->copy())) return seen;
  memory_replay_cache<32> replays;
  ap_acceptor<policy> acceptor({.service = *host, .buffer = buffer4});
  ap_initiator<policy> ap({.credential = *ticket, .buffer = buffer3});
  auto first = ap.start({crypto, noon, {}});
  const auto* sent = std::get_if<send>(&first);
  if (sent == nullptr) return seen;
  const auto who = accept(acceptor, sent->octets, crypto, keytab, replays, noon);
  seen.host = who.error();
  seen.accepted = who && same_principal(who->client(), *alice);
  return seen;
}
constexpr bool only_the_hosts_key_proves_the_kdc() {
  const login spoofed = log_in(false, chosen), wrong = log_in(true, chosen), good = log_in(true, right);
  return spoofed.tgt && !spoofed.accepted && spoofed.host.code == errc::integrity && !wrong.tgt && !wrong.accepted &&
         good.tgt && good.accepted;
}
KERB_BOTH(
    "CVE-2023-3326: a login that a made-up KDC has answered is no proof, since the host's key refuses its tickets",
    "[security][exchange][rfc4120-3.1.5]", only_the_hosts_key_proves_the_kdc)

}  // namespace
