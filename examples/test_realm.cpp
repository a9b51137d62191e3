// How to test your own service: a realm in memory, a client with a ticket, and the service under test. It needs no KDC
// and no socket, and the test sets the clock.
#include <kerb/botan.hpp>
#include <kerb/testing/insecure.hpp>
#include <kerb/testing/realm.hpp>

#include "support/help.hpp"

namespace {
using namespace kerb::literals;
using policy = kerb::testing::insecure_policy;  // deterministic, constexpr, insecure; kerb::botan::policy works too

int report(const kerb::error& e) {
  std::fprintf(stderr, "test_realm: %s\n", log_line(e, kerb::party::client).c_str());
  return 1;
}

/// The service under test: it greets each client that has authenticated.
struct greeter {
  policy& p;
  kerb::key_list<kerb::key, 1>& keys;
  kerb::principal_view name;
  kerb::memory_replay_cache<32> seen{};
  std::array<std::uint8_t, 8192> buffer{};
  unsigned greeted = 0;

  bool greet(kerb::bytes_view token, kerb::timestamp now) {
    kerb::ap_acceptor<policy> acceptor({.service = name, .buffer = buffer});
    const auto who = kerb::accept(acceptor, token, p, keys, seen, now);
    greeted += who.has_value();
    return who.has_value();
  }
};

int test() {
  const kerb::timestamp noon{{1767268800}, {0}};
  const kerb::secret_view password = kerb::secret_view::of("wonderland");
  const auto alice = kerb::principal::parse("alice@EXAMPLE.ORG"), web = kerb::principal::parse("HTTP/web@EXAMPLE.ORG");
  if (!alice || !web) return 1;
  std::array<std::uint8_t, 8192> buffer1, buffer2, buffer3, kdc_buffer;

  policy p;
  kerb::testing::realm<policy> realm(p, "EXAMPLE.ORG"_krb, kerb::etype_t::aes256_cts_hmac_sha1_96);
  realm.add_user("alice", password);
  realm.add_service("HTTP/web");
  if (!realm.ready()) return report({.code = kerb::errc::no_space});
  const auto ask_kdc = realm.ask(noon, kdc_buffer);

  kerb::as_client<policy> as({.client = *alice, .password = password, .buffer = buffer1});
  const auto tgt = kerb::drive(as, p, noon, ask_kdc);
  if (!tgt) return report(tgt.error());
  kerb::tgs_client<policy> tgs({.tgt = *tgt, .server = *web, .buffer = buffer2});
  const auto ticket = kerb::drive(tgs, p, noon, ask_kdc);
  if (!ticket) return report(ticket.error());

  kerb::key_list<kerb::key, 1> keys;
  const kerb::key* const key = realm.key_of("HTTP/web");
  if (key == nullptr || !keys.add(*web, 1, kerb::etype_t::aes256_cts_hmac_sha1_96, key->copy())) return 1;
  greeter service{p, keys, *web};
  kerb::ap_initiator<policy> ap({.credential = *ticket, .buffer = buffer3, .mutual = kerb::if_asked});
  const auto step = ap.start(kerb::environment(p, noon));
  const auto* token = std::get_if<kerb::send>(&step);
  if (token == nullptr) return 1;

  // The tests: the client is greeted; a replay is not, and neither is a request a day later
  const kerb::timestamp tomorrow{plus(noon.at, 86400), {0}};
  const bool greeted = service.greet(token->octets, noon), replayed = service.greet(token->octets, noon);
  const bool late = service.greet(token->octets, tomorrow);
  std::printf("greeted: %s, a replay: %s, a day later: %s\n", greeted ? "yes" : "no", replayed ? "yes" : "no",
              late ? "yes" : "no");
  return greeted && !replayed && !late && service.greeted == 1 ? 0 : 1;
}
}  // namespace

constexpr const char* usage =
    "usage: test_realm\n"
    "\n"
    "How to test a service of your own: a realm in memory, a client, and the service. It needs no KDC.\n";

int main(int argc, char** argv) { return example::asked_for_help(argc, argv, usage) ? 0 : test(); }
