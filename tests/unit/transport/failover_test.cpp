// Failover: which server is tried when, and which errors of KDCs are answers.
#include <kerb/asn1/encode.hpp>
#include <kerb/transport/failover.hpp>
#include <random>

#include "support/alloc_count.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb::literals;
using kerb_test::no_allocations;

namespace {

constexpr server_candidate a{.host = "a", .port = 88}, b{.host = "b", .port = 88}, c{.host = "c", .port = 88};
constexpr server_candidate main_b{.host = "b", .port = 88, .primary = true};
constexpr server_candidate proxy{.host = "p", .port = 443, .reach = reach_t::https};
constexpr server_candidate only_udp{.host = "u", .port = 88, .reach = reach_t::udp};

/// A KRB-ERROR with a code.
struct krb_error {
  std::array<std::uint8_t, 2400> buffer{};
  bytes_view octets;
  constexpr explicit krb_error(error_code_t code, std::optional<bytes_view> e_data = {}) {
    const kerberos_string name[] = {"krbtgt"_krb, "R"_krb};
    msg::KrbError e{};
    e.error_code = code;
    e.realm = "R"_krb;
    e.sname = {name_t::srv_inst, view_of<kerberos_string>(name)};
    e.e_data = e_data;
    octets = *asn1::encode(e, std::span<std::uint8_t>(buffer));
  }
  krb_error(const krb_error&) = delete;
};
constexpr auto reply = "6b00"_hex;  // no KRB-ERROR

constexpr bool tries(const failover_step& s, std::string_view host, reach_t via, std::int64_t until) {
  const auto* t = std::get_if<try_server>(&s);
  return t != nullptr && t->server.host == host && t->via == via && t->until == until;
}
constexpr bool gives_up(const failover_step& s, errc code, std::string_view field, std::uint32_t detail = 0) {
  const auto* g = std::get_if<gave_up>(&s);
  return g != nullptr && g->why.code == code && std::string_view(g->why.field) == field && g->why.detail == detail;
}
constexpr bool answers(const failover_step& s, bytes_view octets, std::size_t number) {
  const auto* k = std::get_if<kdc_answer>(&s);
  return k != nullptr && k->octets == octets && k->number == number;
}
constexpr auto udp = reach_t::udp, tcp = reach_t::tcp, https = reach_t::https;

constexpr bool order() {
  const server_candidate list[] = {a, proxy, only_udp};
  kdc_failover f(list, 100000);
  return tries(f.start(200, 0), "a", udp, 1000) && tries(f.timed_out(1000), "p", https, 11000) &&
         tries(f.timed_out(11000), "u", udp, 12000) && tries(f.timed_out(12000), "a", tcp, 22000) &&
         tries(f.timed_out(22000), "a", udp, 24000) && tries(f.timed_out(24000), "u", udp, 26000) &&
         tries(f.timed_out(26000), "a", udp, 30000) && tries(f.timed_out(30000), "u", udp, 34000) &&
         gives_up(f.timed_out(34000), errc::no_answer, "servers") && gives_up(f.timed_out(34000), errc::api_misuse, "");
}
KERB_BOTH("failover: datagrams to all, then streams, then datagrams again with twice the time", "[transport]", order);

constexpr bool of_a_list() {
  server_list<> list;
  if (!list.push_back(a) || !list.push_back(only_udp)) return false;
  kdc_failover f(list, 100000);
  return tries(f.start(200, 0), "a", udp, 1000) && tries(f.timed_out(1000), "u", udp, 2000);
}
KERB_BOTH("failover: is made from a server_list", "[transport]", of_a_list);

constexpr bool large() {
  const server_candidate list[] = {a, only_udp};
  kdc_failover f(list, 100000), g(list, 100000), h(list, 100000);
  return tries(f.start(1466, 0), "a", tcp, 10000) && tries(f.timed_out(10000), "u", udp, 11000) &&
         tries(f.timed_out(11000), "a", udp, 12000) && tries(g.start(1465, 0), "a", udp, 1000) &&
         tries(h.start(10, 0, true), "a", tcp, 10000) && gives_up(h.timed_out(10000), errc::no_answer, "servers");
}
KERB_BOTH("failover: a large request goes over TCP first, and one that needs a stream never over UDP", "[transport]",
          large);

constexpr bool transport_errors() {
  const server_candidate list[] = {a, b};
  kdc_failover f(list, 100000);
  return tries(f.start(10, 0), "a", udp, 1000) && tries(f.unresolved(5), "b", udp, 1005) &&
         tries(f.refused(6), "b", tcp, 10006) && answers(f.received(reply, 7), reply, 1) &&
         tries(f.start(10, 8), "b", udp, 1008) && tries(f.refused(9), "a", udp, 1009) &&
         tries(f.refused(10), "b", tcp, 10010) && tries(f.refused(11), "a", tcp, 10011) &&
         gives_up(f.refused(12), errc::no_answer, "servers");
}
KERB_BOTH("failover: transport errors move on, and the server that answered last is tried first", "[transport]",
          transport_errors);

constexpr bool deadlines() {
  const server_candidate list[] = {a, b};
  kdc_failover f(list, 1500), none(view_of<server_candidate>(), 1500);
  const bool early = tries(f.start(10, 0), "a", udp, 1000);
  const auto s = f.timed_out(999);
  const auto* w = std::get_if<wait_for_answer>(&s);
  return early && w != nullptr && w->until == 1000 && tries(f.timed_out(1000), "b", udp, 1500) &&
         gives_up(f.timed_out(1500), errc::no_answer, "deadline") &&
         gives_up(f.start(10, 1500), errc::no_answer, "deadline") &&
         gives_up(none.start(10, 0), errc::no_answer, "servers");
}
KERB_BOTH("failover: nothing is tried after the deadline, and nothing waits longer", "[transport]", deadlines);

constexpr bool an_error_is_an_answer() {
  const server_candidate list[] = {a, main_b};
  for (const auto code : {error_code_t::kdc_err_c_principal_unknown, error_code_t::kdc_err_preauth_required,
                          error_code_t::krb_ap_err_skew, error_code_t{-1}}) {
    const krb_error e(code);
    kdc_failover f(list, 100000);
    (void)f.start(10, 0);
    if (!answers(f.received(e.octets, 1), e.octets, 0)) return false;
  }
  const krb_error big(error_code_t::krb_err_response_too_big);
  kdc_failover f(list, 100000);
  (void)f.start(10, 0, true);
  const auto junk = "7e03020118"_hex;
  kdc_failover g(list, 100000);
  (void)g.start(10, 0);
  return answers(f.received(big.octets, 1), big.octets, 0) && answers(g.received(junk, 1), junk, 0);
}
KERB_BOTH("failover: a KRB-ERROR is an answer", "[transport]", an_error_is_an_answer);

constexpr bool unavailable() {
  const server_candidate list[] = {a, b};
  const krb_error e(error_code_t::kdc_err_svc_unavailable);
  kdc_failover f(list, 100000), g(list, 100000);
  return tries(f.start(10, 0), "a", udp, 1000) && tries(f.received(e.octets, 1), "b", udp, 1001) &&
         gives_up(f.received(e.octets, 2), errc::kdc_error, "error-code", 29) &&
         tries(g.start(10, 0), "a", udp, 1000) && tries(g.received(e.octets, 1), "b", udp, 1001) &&
         answers(g.received(reply, 2), reply, 1);
}
KERB_BOTH("failover: an unavailable KDC is passed over, and is the error if no other answers", "[transport]",
          unavailable);

constexpr bool too_big() {
  const server_candidate list[] = {a, only_udp, b};
  const krb_error e(error_code_t::krb_err_response_too_big);
  kdc_failover f(list, 100000), g(list, 100000);
  const server_candidate datagrams[] = {only_udp};
  kdc_failover h(datagrams, 100000);
  (void)h.start(10, 0);
  return tries(f.start(10, 0), "a", udp, 1000) && tries(f.received(e.octets, 1), "a", tcp, 10001) &&
         tries(f.refused(2), "b", tcp, 10002) && answers(f.received(reply, 3), reply, 2) &&
         tries(g.start(10, 0), "a", udp, 1000) && tries(g.timed_out(1000), "u", udp, 2000) &&
         tries(g.received(e.octets, 1001), "a", tcp, 11001) && tries(g.refused(1002), "b", tcp, 11002) &&
         gives_up(h.received(e.octets, 1), errc::no_answer, "servers");
}
KERB_BOTH("failover: a reply that is too big for UDP is fetched over TCP", "[transport][rfc4120-7.2.1]", too_big);

constexpr bool earlier_servers_over_streams() {
  const server_candidate list[] = {a, b};
  const krb_error e(error_code_t::krb_err_response_too_big);
  kdc_failover f(list, 100000);
  return tries(f.start(10, 0), "a", udp, 1000) && tries(f.timed_out(1000), "b", udp, 2000) &&
         tries(f.received(e.octets, 1001), "b", tcp, 11001) && tries(f.refused(1002), "a", tcp, 11002) &&
         answers(f.received(reply, 1003), reply, 0);
}
KERB_BOTH("failover: after a reply that is too big, the servers before are tried over TCP too",
          "[transport][rfc4120-7.2.1]", earlier_servers_over_streams);

constexpr bool primary() {
  const server_candidate list[] = {a, c, main_b};
  const krb_error wrong(error_code_t::kdc_err_preauth_failed), expired(error_code_t::kdc_err_key_expired);
  kdc_failover right(list, 100000), same(list, 100000), away(list, 100000), down(list, 100000);
  const bool asked =
      tries(right.start(10, 0), "a", udp, 1000) && tries(right.received(wrong.octets, 1), "b", udp, 1001);
  (void)same.start(10, 0);
  const bool twice = tries(same.received(expired.octets, 1), "b", udp, 1001) &&
                     answers(same.received(wrong.octets, 2), wrong.octets, 2);
  (void)away.start(10, 0);
  bool kept = tries(away.received(wrong.octets, 1), "b", udp, 1001) && tries(away.refused(2), "b", tcp, 10002);
  kept = kept && answers(away.refused(3), wrong.octets, 0);
  (void)down.start(10, 0);
  const krb_error gone(error_code_t::kdc_err_svc_unavailable);
  const bool busy =
      tries(down.received(wrong.octets, 1), "b", udp, 1001) && answers(down.received(gone.octets, 2), wrong.octets, 0);
  return asked && answers(right.received(reply, 2), reply, 2) && twice && kept && busy;
}
KERB_BOTH("failover: a wrong password at a replica is asked once at the primary", "[transport]", primary);

constexpr bool kept_once() {
  const server_candidate list[] = {a, main_b};
  const krb_error wrong(error_code_t::kdc_err_preauth_failed);
  kdc_failover f(list, 100000), late(list, 1500);
  (void)f.start(10, 0);
  bool ok = tries(f.received(wrong.octets, 1), "b", udp, 1001) && tries(f.refused(2), "b", tcp, 10002) &&
            answers(f.refused(3), wrong.octets, 0);
  // The exchange takes it for a forged one
  auto next = f.ignored(4);
  if (std::holds_alternative<wait_for_answer>(next)) next = f.timed_out(10002);
  ok = ok && gives_up(next, errc::no_answer, "servers");
  (void)late.start(10, 0);
  ok = ok && tries(late.received(wrong.octets, 1), "b", udp, 1001) && tries(late.timed_out(1001), "b", tcp, 1500) &&
       answers(late.timed_out(1500), wrong.octets, 0);
  return ok && std::holds_alternative<gave_up>(late.ignored(1500));
}
KERB_BOTH("failover: the error of a replica is given once, also if the exchange ignores it", "[transport][security]",
          kept_once);

constexpr bool two_replicas() {
  const server_candidate list[] = {a, c, main_b};
  const krb_error wrong(error_code_t::kdc_err_preauth_failed);
  kdc_failover f(list, 100000);
  const auto first = std::get<try_server>(f.start(10, 0));
  (void)f.timed_out(1000);
  if (!tries(f.received(wrong.octets, 1001), "b", udp, 2001)) return false;
  const auto s = f.received(wrong.octets, first, 1002);
  const auto* w = std::get_if<wait_for_answer>(&s);
  return w != nullptr && w->until == 2001 && answers(f.received(reply, 1003), reply, 2);
}
KERB_BOTH("failover: while the primary is asked, the errors of replicas are no answer", "[transport]", two_replicas);

constexpr bool no_primary_to_ask() {
  const krb_error wrong(error_code_t::kdc_err_preauth_failed);
  const server_candidate none[] = {a, b}, itself[] = {b, a, main_b};
  kdc_failover f(none, 100000), g(itself, 100000);
  (void)f.start(10, 0);
  (void)g.start(10, 0);
  return answers(f.received(wrong.octets, 1), wrong.octets, 0) && answers(g.received(wrong.octets, 1), wrong.octets, 0);
}
KERB_BOTH("failover: a wrong password is the answer where no other server is the primary", "[transport]",
          no_primary_to_ask);

constexpr bool long_errors() {
  const server_candidate list[] = {a, main_b};
  std::array<std::uint8_t, 2048> e_data{};
  const auto asks = [&](std::size_t octets) {
    krb_error e(error_code_t::kdc_err_preauth_failed, bytes_view(e_data).first(octets));
    kdc_failover f(list, 100000);
    (void)f.start(10, 0);
    return std::holds_alternative<try_server>(f.received(e.octets, 1)) ? e.octets.size() : 0;
  };
  std::size_t n = 1900;
  while (asks(n) != 0) ++n;
  return asks(n - 1) == kdc_failover::max_kept_error;
}
KERB_BOTH("failover: the error of a replica is kept up to its limit", "[transport][security]", long_errors);

constexpr bool primary_that_is_dead() {
  const krb_error wrong(error_code_t::kdc_err_preauth_failed);
  const server_candidate list[] = {main_b, a};
  kdc_failover f(list, 100000);
  (void)f.start(10, 0);
  return tries(f.unresolved(1), "a", udp, 1001) && answers(f.received(wrong.octets, 2), wrong.octets, 1);
}
KERB_BOTH("failover: a primary that has no address is not asked", "[transport]", primary_that_is_dead);

constexpr bool ignoring() {
  const server_candidate list[] = {a, b};
  kdc_failover f(list, 100000);
  if (!gives_up(f.ignored(0), errc::api_misuse, "") || !gives_up(f.received(reply, 0), errc::api_misuse, ""))
    return false;
  (void)f.start(10, 0);
  if (!answers(f.received(reply, 1), reply, 0)) return false;
  const auto s = f.ignored(2);
  const auto* w = std::get_if<wait_for_answer>(&s);
  return w != nullptr && w->until == 1000 && answers(f.received(reply, 3), reply, 0) &&
         tries(f.ignored(1000), "b", udp, 2000);
}
KERB_BOTH("failover: an answer that the exchange ignored is waited for again", "[transport]", ignoring);

constexpr bool late() {
  const server_candidate list[] = {a, b};
  kdc_failover f(list, 100000);
  const auto first = std::get<try_server>(f.start(10, 0));
  (void)f.timed_out(1000);
  return answers(f.received(reply, first, 1001), reply, 0);
}
KERB_BOTH("failover: a late answer of an earlier attempt counts", "[transport]", late);

TEST_CASE("failover: every walk ends within its bounds", "[transport]") {
  const no_allocations none;
  std::mt19937 bits(7);
  const auto random = [&] { return static_cast<unsigned>(bits()); };
  const server_candidate all[] = {a, b, main_b, proxy, only_udp, c};
  const krb_error wrong(error_code_t::kdc_err_preauth_failed), big(error_code_t::krb_err_response_too_big),
      gone(error_code_t::kdc_err_svc_unavailable);
  for (int walk = 0; walk != 5000; ++walk) {
    failover_limits limits;
    limits.attempts = random() % 12;
    limits.rounds = random() % 5;
    const std::int64_t deadline = random() % 60000;
    kdc_failover f(view_of<server_candidate>(all, random() % 7), deadline, limits);
    std::int64_t now = 0;
    auto s = f.start(random() % 3000, now, random() % 2 == 0);
    unsigned attempts = 0, calls = 0;
    for (; calls != 100; ++calls) {
      if (const auto* t = std::get_if<try_server>(&s)) {
        ++attempts;
        REQUIRE(now < deadline);
        REQUIRE(t->until <= deadline);
        REQUIRE(t->until > now);
        REQUIRE(t->via != reach_t::any);
      } else if (!std::holds_alternative<wait_for_answer>(s)) {
        break;
      }
      now += random() % 2000;
      switch (random() % 6) {
        case 0: s = f.refused(now); break;
        case 1: s = f.unresolved(now); break;
        case 2: s = f.received(wrong.octets, now); break;
        case 3: s = f.received(big.octets, now); break;
        case 4: s = f.received(gone.octets, now); break;
        default: s = f.timed_out(now); break;
      }
    }
    REQUIRE(calls != 100);
    REQUIRE(attempts <= limits.attempts);
  }
}

}  // namespace
