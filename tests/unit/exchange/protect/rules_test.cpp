// What the three messages have in common: addresses, times, numbers, codes.
#include <kerb/exchange/protect/rules.hpp>

#include "support/both.hpp"
#include "support/protect_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

constexpr std::uint8_t mapped_octets[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};

constexpr bool addresses_of_a_session() {
  const auto i = session_addresses::of({.here = side::initiator}), a = session_addresses::of({.here = side::acceptor});
  if (i.ours.addr_type != addr_t::directional || !same_address(i.ours, from_initiator) ||
      !same_address(i.theirs, from_acceptor) || !same_address(a.ours, from_acceptor) ||
      !same_address(a.theirs, from_initiator) || i.recipient() || a.recipient())
    return false;
  const auto s = session_addresses::of(
      {.here = side::acceptor, .local = msg::HostAddress{addr_t::ipv6, mapped_octets}, .peer = there_address});
  return s.ours.addr_type == addr_t::ipv4 && s.ours.address == bytes_view(here_octets) &&
         same_address(s.theirs, there_address) && s.recipient() && same_address(*s.recipient(), there_address);
}
KERB_BOTH("session_addresses: directional unless real ones are given, and IPv4 as IPv4", "[exchange][rfc4120-7.1]",
          addresses_of_a_session);

constexpr bool forbidden_addresses() {
  constexpr std::uint8_t loopback[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
                         link_local[16] = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7}, none[16] = {};
  for (const bytes_view octets : {bytes_view(loopback), bytes_view(link_local), bytes_view(none)}) {
    const msg::HostAddress bad{addr_t::ipv6, octets};
    for (const auto& [local, peer] :
         {std::pair(bad, bad), std::pair(bad, there_address), std::pair(here_address, bad)}) {
      const auto i = session_addresses::of({.here = side::initiator, .local = local, .peer = peer}),
                 a = session_addresses::of({.here = side::acceptor, .local = peer, .peer = local});
      if (!same_address(i.ours, from_initiator) || !same_address(i.theirs, from_acceptor) || i.recipient() ||
          !same_address(a.ours, from_acceptor) || !same_address(a.theirs, from_initiator) || a.recipient())
        return false;
    }
  }
  return true;
}
KERB_BOTH("session_addresses: with an address that may be in no message both sides use the directional ones",
          "[exchange][rfc4120-7.1]", forbidden_addresses);

KERB_BOTH("session_addresses: one real address without the other is as none", "[exchange][rfc4120-7.1]", [] {
  const auto mine = session_addresses::of({.here = side::initiator, .local = here_address}),
             theirs = session_addresses::of({.here = side::acceptor, .peer = there_address});
  return same_address(mine.ours, from_initiator) && same_address(mine.theirs, from_acceptor) &&
         same_address(theirs.ours, from_acceptor) && same_address(theirs.theirs, from_initiator);
});

constexpr bool address_rules() {
  const session_addresses a{here_address, there_address};
  using maybe = std::optional<msg::HostAddress>;
  const auto verify = [&](maybe s, maybe r, bool demand) { return verify_addresses(s, r, a, demand, "X"); };
  return verify(there_address, {}, false).ok() && verify(there_address, here_address, false).ok() &&
         verify(there_address, here_address, true).ok() &&
         is(verify(there_address, {}, true), errc::address_mismatch, "X", "r-address") &&
         is(verify(there_address, there_address, false), errc::address_mismatch, "X", "r-address") &&
         is(verify(here_address, here_address, false), errc::address_mismatch, "X", "s-address") &&
         is(verify({}, here_address, false), errc::address_mismatch, "X", "s-address") &&
         is(verify(from_acceptor, {}, false), errc::address_mismatch, "X", "s-address");
}
KERB_BOTH("verify_addresses: the sender's is the peer's, the recipient's is ours", "[exchange][rfc4120-3.4.2]",
          address_rules);

constexpr bool time_rules() {
  const timestamp now{{1000}, {500000}};
  using at = std::optional<kerberos_time>;
  using usec = std::optional<microseconds>;
  const auto verify = [&](at t, usec u, bool demanded) { return verify_time(t, u, demanded, now, 300, "X"); };
  const auto skewed = [](const error& e, std::string_view field) { return is(e, errc::clock_skew, "X", field); };
  return verify(kerberos_time{1000}, microseconds{0}, true).ok() && verify({}, {}, false).ok() &&
         verify(kerberos_time{700}, microseconds{500000}, false).ok() &&
         verify(kerberos_time{1300}, microseconds{500000}, true).ok() && skewed(verify({}, {}, true), "timestamp") &&
         skewed(verify({}, microseconds{0}, false), "timestamp") &&
         skewed(verify(kerberos_time{1000}, {}, false), "usec") &&
         skewed(verify(kerberos_time{700}, microseconds{499999}, false), "timestamp") &&
         skewed(verify(kerberos_time{1300}, microseconds{500001}, true), "timestamp");
}
KERB_BOTH("verify_time: a time is whole and current, whether it was demanded or not", "[exchange][rfc4120-3.4.2]",
          time_rules);

constexpr bool numbers_go_round() {
  sequence_counter none, c(0xfffffffeu);
  if (none.next() || none.has_used(0) || c.has_used(0xfffffffeu) || c.next() != 0xfffffffeu) return false;
  c.count();
  c.count();
  if (c.next() != 0u || !c.has_used(0xfffffffeu) || !c.has_used(0xffffffffu) || c.has_used(0)) return false;
  c.count();
  return c.next() == 1u && c.has_used(0) && !c.has_used(1) && !c.has_used(0xfffffffdu) && c.first() == 0xfffffffeu;
}
KERB_BOTH("sequence_counter: goes on modulo 2^32, and knows which numbers it has used", "[exchange][rfc4120-5.5.1]",
          numbers_go_round);

KERB_BOTH("sequence_counter: uses each number once", "[exchange][rfc4120-5.5.1]", [] {
  sequence_counter c(7u, 0xfffffffeu);
  if (c.next() != 5u || c.used_up() || c.has_used(5) || c.has_used(6)) return false;
  c.count();
  if (c.next() != 6u || c.used_up() || !c.has_used(5) || c.has_used(6)) return false;
  c.count();
  return c.used_up() && !c.next() && c.has_used(5) && c.has_used(6) && c.has_used(7) && c.first() == 7u;
});

// ---- stores

struct odd_store {
  replay_verdict says = replay_verdict::fresh;
  std::array<std::uint8_t, 32> digest{};
  kerberos_time forget_after{}, now{};
  constexpr replay_verdict insert(const std::array<std::uint8_t, 32>& d, kerberos_time f, kerberos_time n) noexcept {
    digest = d;
    forget_after = f;
    now = n;
    return says;
  }
};
constexpr bool what_a_store_answers() {
  ap_world w;
  const bytes_view mark[] = {some_data};
  for (const replay_verdict v :
       {replay_verdict::fresh, replay_verdict::seen, replay_verdict::full, replay_verdict::unknown}) {
    odd_store s{.says = v};
    const error came = remember(mark, {1767225500}, "X", false, w.turn(), s);
    const error own = remember(mark, {1767225500}, "X", true, w.turn(), s);
    // The last second at which it would be taken is 300 later
    if (s.forget_after != kerberos_time{1767225801} || s.now != w.now.at) return false;
    const errc wanted = v == replay_verdict::fresh  ? errc::ok
                        : v == replay_verdict::seen ? errc::replayed
                                                    : errc::replay_unknown;
    if (came.code != wanted || own.code != (v == replay_verdict::unknown ? errc::ok : wanted)) return false;
    if (v == replay_verdict::seen && !is(came, errc::replayed, "X", "timestamp")) return false;
  }
  odd_store a, b;
  const bytes_view other[] = {bytes_view(some_data).first(8)};
  (void)remember(mark, {0}, "X", false, w.turn(), a);
  (void)remember(other, {0}, "X", false, w.turn(), b);
  return a.digest != b.digest;
}
KERB_BOTH("remember: what is not new, or cannot be remembered, is refused", "[exchange][rfc4120-3.4.2]",
          what_a_store_answers);

/// Without a digest.
struct no_digest : testing::insecure_policy {
  constexpr errc digest(view_of<bytes_view>, std::span<std::uint8_t, 32>) noexcept { return errc::crypto_backend; }
};
KERB_BOTH("remember: what has no digest is refused, and the store hears nothing of it", "[exchange][rfc4120-3.4.2]",
          [] {
            basic_ap_world<no_digest> w;
            const bytes_view mark[] = {some_data};
            odd_store s;
            return remember(mark, {1767225500}, "X", true, w.turn(), s).code == errc::crypto_backend &&
                   s.forget_after == kerberos_time{};
          });

}  // namespace
