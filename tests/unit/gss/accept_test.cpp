// The adaptors: one token in, one token out.
#include <kerb/gss/accept.hpp>

#include "support/both.hpp"
#include "support/negotiate_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using world = negotiate_world;
using policy = testing::insecure_policy;
using key = policy::key;
constexpr object_identifier toy_first[] = {toy_oid, msg::mech_krb5};
constexpr object_identifier toy_only[] = {toy_oid};

struct shop {
  world w;
  memory_replay_cache<64> seen;
  key_list<key, 1> keys;
  constexpr shop() { (void)keys.add(web, 3, w.service_etype, w.service_key()); }
};

constexpr bool plain() {
  shop s;
  const auto c = s.w.credential();
  gss::initiator<policy> i(s.w.world::base::initiator_params(c));
  gss::acceptor<policy> a(s.w.world::base::acceptor_params());
  auto first = i.start(s.w.turn());
  const auto r = gss::accept(a, world::must_be<send>(first).octets, s.w.policy, s.keys, s.seen, s.w.now);
  if (!r || !r->complete) return false;
  return is<done>(i.receive(r->token, s.w.turn())) && std::move(a).take();
}
KERB_BOTH("accept: a token of Kerberos is answered with one", "[gss]", plain)

constexpr bool negotiated() {
  shop s;
  const auto c = s.w.credential();
  world::initiator i(s.w.initiator_params(c));
  world::acceptor a(s.w.acceptor_params());
  auto first = i.start(s.w.turn());
  const auto r = gss::accept(a, world::must_be<send>(first).octets, s.w.policy, s.keys, s.seen, s.w.now);
  if (!r || !r->complete) return false;
  return is<done>(i.receive(r->token, s.w.turn())) && std::move(a).take();
}
KERB_BOTH("accept: a token of SPNEGO is answered with one", "[gss]", negotiated)

TEST_CASE("accept: a negotiation of several tokens is one call each", "[gss]") {
  shop s;
  s.w.offers = toy_first;
  const auto c = s.w.credential();
  world::initiator i(s.w.initiator_params(c));
  world::acceptor a(s.w.acceptor_params());
  auto step = s.w.ask_toy(i, s.w.our_toy, i.start(s.w.turn()));
  std::array<std::array<std::uint8_t, 2048>, 3> kept{};
  for (unsigned n = 0; n != 3; ++n) {
    const bytes_view t = world::must_be<send>(step).octets;
    std::copy(t.begin(), t.end(), kept[n].begin());
    const auto r = gss::accept(a, bytes_view(kept[n]).first(t.size()), s.w.policy, s.keys, s.seen, s.w.now);
    REQUIRE(r);
    CHECK(r->complete == (n == 2));
    CHECK(r->token.empty() == (n == 2));
    if (n != 2) step = i.receive(r->token, s.w.turn());
  }
  CHECK(std::move(a).take());
}
TEST_CASE("accept: a filter that repeats a token is refused the second time", "[gss]") {
  shop s;
  const auto c = s.w.credential();
  world::initiator i(s.w.initiator_params(c));
  auto first = i.start(s.w.turn());
  const bytes_view t = world::must_be<send>(first).octets;
  world::acceptor a(s.w.acceptor_params()), b(s.w.acceptor_params());
  CHECK(gss::accept(a, t, s.w.policy, s.keys, s.seen, s.w.now));
  CHECK(gss::accept(a, t, s.w.policy, s.keys, s.seen, s.w.now).error().code == errc::api_misuse);
  CHECK(gss::accept(b, t, s.w.policy, s.keys, s.seen, s.w.now).error().code == errc::replayed);
  CHECK_FALSE(b.refusal().empty());
}
TEST_CASE("accept: what it cannot answer is misuse", "[gss]") {
  shop s;
  s.w.offers = s.w.accepts = toy_only;
  const auto c = s.w.credential();
  world::initiator i(s.w.initiator_params(c));
  world::acceptor a(s.w.acceptor_params());
  auto first = s.w.ask_toy(i, s.w.our_toy, i.start(s.w.turn()));
  CHECK(gss::accept(a, world::must_be<send>(first).octets, s.w.policy, s.keys, s.seen, s.w.now).error().code ==
        errc::api_misuse);

  shop t;
  const auto d = t.w.credential();
  gss::initiator<policy> j(t.w.world::base::initiator_params(d));
  gss::acceptor<policy> b(t.w.world::base::acceptor_params());
  auto token = j.start(t.w.turn());
  no_replay_cache none;
  CHECK(gss::accept(b, world::must_be<send>(token).octets, t.w.policy, t.keys, none, t.w.now).error().code ==
        errc::api_misuse);
}
TEST_CASE("accept: a larger buffer comes from the caller, and nothing else changes", "[gss]") {
  for (const bool grows : {false, true}) {
    shop s;
    const auto c = s.w.credential();
    world::initiator i(s.w.initiator_params(c));
    auto p = s.w.acceptor_params();
    p.krb5.ap.buffer = {};
    world::acceptor a(p);
    auto first = i.start(s.w.turn());
    std::array<std::uint8_t, 4096> larger{};
    const auto grow = [&](std::size_t n) {
      return grows ? std::span<std::uint8_t>(larger).first(n) : std::span<std::uint8_t>();
    };
    const auto r =
        gss::accept(a, world::must_be<send>(first).octets, s.w.policy, s.keys, s.seen, s.w.now, {}, {}, grow);
    CHECK(r.has_value() == grows);
    if (!grows) CHECK(r.error().code == errc::no_space);
  }
}

}  // namespace
