// A test of a service: a realm in memory, a client with a ticket, and a clock that the test sets.
#pragma once
#include <kerb/client.hpp>
#include <kerb/testing/insecure.hpp>
#include <kerb/testing/realm.hpp>

#include "fuzz_service.hpp"  // the service under test

namespace cookbook {

/// Returns whether all checks hold.
inline bool test_greeter() {
  using policy = kerb::testing::insecure_policy;  // reproducible and fast; kerb::botan::policy works too
  constexpr kerb::timestamp noon{{1767268800}, {0}}, tomorrow{{1767268800 + 86400}, {0}};
  const auto alice = kerb::principal::parse("alice@EXAMPLE.ORG"), web = kerb::principal::parse("HTTP/web@EXAMPLE.ORG");
  if (!alice || !web) return false;

  policy crypto;
  kerb::testing::realm<policy> realm(crypto, "EXAMPLE.ORG"_krb, kerb::etype_t::aes256_cts_hmac_sha1_96);
  realm.add_user("alice", kerb::secret_view::of("wonderland"));
  realm.add_service("HTTP/web", kerb::secret_view::of("looking-glass"));
  std::array<std::uint8_t, 8192> kdc_buffer, buffer;
  const auto ask_kdc = [&](const kerb::send& s) -> kerb::result<kerb::answer> {
    const auto octets = realm.answer(s.octets, noon, kdc_buffer);
    return octets ? kerb::result<kerb::answer>(*octets) : octets.error();
  };
  kerb::ticket_cache<kerb::key, 4> cache;
  const auto ticket = kerb::acquire({.client = *alice, .server = *web, .password = kerb::secret_view::of("wonderland")},
                                    cache, crypto, noon, ask_kdc);
  if (!realm.ready() || !ticket) return false;
  kerb::ap_initiator<policy> ap({.credential = *ticket, .buffer = buffer});
  const auto step = ap.start(kerb::environment(crypto, noon));
  const auto* const token = std::get_if<kerb::send>(&step);
  if (token == nullptr) return false;

  greeter<policy> service(*realm.key_of("HTTP/web")), another(*realm.key_of("HTTP/web"));
  const auto first = service.greet(token->octets, crypto, noon);
  const auto again = service.greet(token->octets, crypto, noon);
  const auto late = another.greet(token->octets, crypto, tomorrow);
  return first && *first == *alice && again.error().code == kerb::errc::replayed &&
         late.error().code == kerb::errc::clock_skew;
}

}  // namespace cookbook
