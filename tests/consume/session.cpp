// A whole exchange with Botan: a login, a service ticket, and the AP exchange, with a KDC in memory.
#include <kerb/botan.hpp>
#include <kerb/testing/realm.hpp>

#include <cstdio>
#include <vector>

using namespace kerb::literals;
using policy = kerb::botan::policy;

kerb::errc session() {
  const kerb::timestamp noon{{1767268800}, {0}};
  const kerb::secret_view password = kerb::secret_view::of("wonderland");
  const auto alice = kerb::principal::parse("alice@EXAMPLE.ORG"), web = kerb::principal::parse("HTTP/web@EXAMPLE.ORG");
  static std::array<std::uint8_t, 12288> buffer1, buffer2, buffer3, buffer4;

  policy crypto;
  kerb::testing::realm<policy> realm(crypto, "EXAMPLE.ORG"_krb, kerb::etype_t::aes256_cts_hmac_sha1_96);
  realm.add_user("alice", password);
  realm.add_service("HTTP/web");
  if (!realm.ready() || !alice || !web) return kerb::errc::api_misuse;
  const auto ask_kdc = realm.ask(noon, buffer4);
  kerb::ticket_cache<kerb::botan::key, 2> cache;
  kerb::botan::credential_client wanted({.client = *alice, .server = *web, .buffer = buffer1, .password = password});
  const auto ticket = kerb::acquire(wanted, cache, crypto, noon, ask_kdc);
  if (!ticket) return ticket.error().code;

  kerb::key_list<kerb::botan::key, 1> keys;
  const auto* const key = realm.key_of("HTTP/web");
  if (key == nullptr || !keys.add(*web, 1, kerb::etype_t::aes256_cts_hmac_sha1_96, key->copy()))
    return kerb::errc::no_key;
  kerb::memory_replay_cache<32> seen;
  std::vector<std::uint8_t> came;
  kerb::botan::ap_initiator initiator({.credential = *ticket, .buffer = buffer2, .mutual = kerb::required});
  const auto ask_service = [&](const kerb::send& s) -> kerb::result<kerb::answer> {
    kerb::botan::ap_acceptor acceptor({.service = *web, .mutual = kerb::required, .buffer = buffer3});
    const auto who = kerb::accept(acceptor, s.octets, crypto, keys, seen, noon);
    if (!who) return who.error();
    came.assign(who->reply().begin(), who->reply().end());
    return kerb::answer(came);
  };
  const auto keys_of_session = kerb::drive(initiator, crypto, noon, ask_service);
  return keys_of_session.error().code;
}

int main() { std::printf("kerb: %s\n", kerb::name_of(session()).data()); }
