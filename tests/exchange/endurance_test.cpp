// A service that goes on for a million requests: one acceptor after the other, one store, a clock that the test turns.
#include <kerb/botan.hpp>
#include <memory>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/ap_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

// A million is some hours of a busy service, and some seconds here. Instrumented builds, which are up to fifty times as
// slow, are there to look at each path once: they are given 20000.
#if !defined(KERB_ENDURANCE_REQUESTS)
#define KERB_ENDURANCE_REQUESTS 1000000
#endif
constexpr std::int64_t requests = KERB_ENDURANCE_REQUESTS;
constexpr std::int64_t a_second = 10;  ///< requests

using policy = botan::policy;

/// A store that counts its verdicts.
template <std::size_t N>
struct watched_store {
  memory_replay_cache<N> store;
  std::array<std::int64_t, 4> said{};
  replay_verdict insert(const std::array<std::uint8_t, 32>& digest, kerberos_time forget_after,
                        kerberos_time now) noexcept {
    const replay_verdict v = store.insert(digest, forget_after, now);
    ++said[static_cast<std::size_t>(v)];
    return v;
  }
  std::int64_t count(replay_verdict v) const { return said[static_cast<std::size_t>(v)]; }
};

/// A client with one ticket, which seals one authenticator after the other, and a service. Neither allocates.
template <std::size_t N>
class endurance {
 public:
  watched_store<N> seen;
  timestamp now{{1767225600}, {0}};

  endurance() {
    w_.ticket.endtime = {w_.ticket.endtime.seconds + 100000000};
    ticket_ = w_.mint_ticket();
    const key service = w_.service_key(), session = w_.session_key();
    service_key_.emplace(kerb_test::must(service_policy_.prepare(service, key_usage_t::ticket)));
    session_key_.emplace(kerb_test::must(w_.policy.prepare(session, key_usage_t::ap_req_authenticator)));
  }

  const policy::prepared_key* find(const need_ticket_key& ask) const {
    return ask.tried == 0 ? &*service_key_ : nullptr;
  }
  errc why_none(const need_ticket_key&) const { return errc::no_key; }

  /// A request of a client whose clock is `ahead` seconds ahead; it lies in this object until the next one.
  bytes_view request(std::int64_t ahead, bool mutual) {
    msg::Authenticator a = w_.authenticator;
    a.ctime = plus(now.at, ahead);
    a.cusec.count = static_cast<std::int32_t>(++number_ % 1000000);
    const msg::ApOptions options = mutual ? msg::ApOptions{ap_option_t::mutual_required} : msg::ApOptions{};
    return kerb_test::must(testing::mint_ap_req(ticket_, a, options, *session_key_, key_usage_t::ap_req_authenticator,
                                                w_.turn(now), octets_));
  }
  errc present(bytes_view token) {
    ap_acceptor<policy> a(w_.request_in(workspace_));
    const auto who = accept(a, token, service_policy_, *this, seen, now);
    if (who) answered_ += !who->reply().empty();
    return who ? errc::ok : who.error().code;
  }
  std::int64_t answered() const { return answered_; }

  std::uint64_t random() {
    random_ ^= random_ << 13, random_ ^= random_ >> 7, random_ ^= random_ << 17;
    return random_;
  }

 private:
  using key = policy::key;
  basic_ap_world<policy> w_;
  policy service_policy_;
  std::optional<policy::prepared_key> service_key_, session_key_;
  bytes_view ticket_;
  std::int64_t number_ = 0, answered_ = 0;
  std::uint64_t random_ = 88172645463325252u;
  std::array<std::uint8_t, 2048> octets_{};
  std::array<std::uint8_t, 4096> workspace_{};
};

/// The octets of former requests, in places that were there before.
class former_requests {
 public:
  explicit former_requests(std::size_t n) : all_(n) {}
  void keep(bytes_view token) {
    one& to = all_[kept_++ % all_.size()];
    to.size = token.size();
    for (std::size_t i = 0; i != token.size(); ++i) to.octets[i] = token[i];
  }
  bytes_view any(std::uint64_t random) const {
    const one& from = all_[random % (kept_ < all_.size() ? kept_ : all_.size())];
    return bytes_view(from.octets).first(from.size);
  }
  std::size_t size() const { return kept_; }

 private:
  struct one {
    std::array<std::uint8_t, 640> octets{};
    std::size_t size = 0;
  };
  std::vector<one> all_;
  std::size_t kept_ = 0;
};

TEST_CASE("endurance: a million requests, with no allocation, no replay accepted and no other refused",
          "[exchange][store][rfc4120-3.2.3]") {
  // Ten requests a second, each remembered for 2 to 600 seconds: less than half of the places are ever taken
  const auto e = std::make_unique<endurance<8192>>();
  former_requests former(2048);  // every fourth of the last 8192: a third of them is young enough to be replayed
  std::int64_t fresh = 0, replayed = 0, too_old = 0, wrong = 0, allocated = 0;
  const auto one_request = [&](std::int64_t i) {
    if (i % a_second == 0) ++e->now.at.seconds;
    const std::int64_t ahead = static_cast<std::int64_t>(e->random() % 599) - 299;
    const bytes_view token = e->request(ahead, i % 8 == 0);
    if (i % 4 == 0) former.keep(token);
    ++(e->present(token) == errc::ok ? fresh : wrong);
    if (i % 16 != 1) return;
    const errc again = e->present(former.any(e->random()));
    ++(again == errc::replayed ? replayed : again == errc::clock_skew ? too_old : wrong);
  };
  constexpr std::int64_t warm_up = 64;
  for (std::int64_t i = 0; i != warm_up; ++i) one_request(i);
  const std::size_t before = allocations();
  for (std::int64_t i = warm_up; i != requests; ++i) one_request(i);
  allocated = static_cast<std::int64_t>(allocations() - before);

  CHECK(allocated == 0);
  CHECK(wrong == 0);
  CHECK(fresh == requests);
  CHECK(e->answered() == requests / 8);
  CHECK(replayed + too_old == requests / 16);
  CHECK(replayed > requests / 16 / 5);
  CHECK(too_old > requests / 16 / 5);
  // The refused ones were refused for what they are
  CHECK(e->seen.count(replay_verdict::fresh) == fresh);
  CHECK(e->seen.count(replay_verdict::seen) == replayed);
  CHECK(e->seen.count(replay_verdict::full) == 0);
  CHECK(e->seen.count(replay_verdict::unknown) == 0);
}

TEST_CASE("endurance: while the clock stands still a full store refuses what is new and forgets nothing",
          "[exchange][store][rfc4120-3.2.3]") {
  constexpr std::size_t places = 1024;
  const auto e = std::make_unique<endurance<places>>();
  former_requests accepted(places);
  std::int64_t wrong = 0, tries = 0;
  for (; accepted.size() != places && tries != 100 * std::int64_t{places}; ++tries) {
    const bytes_view token = e->request(0, false);
    const std::int64_t full = e->seen.count(replay_verdict::full);
    const errc how = e->present(token);
    if (how == errc::ok) accepted.keep(token);
    else wrong += e->seen.count(replay_verdict::full) != full + 1;
  }
  REQUIRE(accepted.size() == places);  // every place is taken now
  CHECK(wrong == 0);

  constexpr std::int64_t more = requests / 100;
  std::int64_t let_in = 0, forgotten = 0;
  const std::size_t before = allocations();
  const std::int64_t full = e->seen.count(replay_verdict::full);
  for (std::int64_t i = 0; i != more; ++i) let_in += e->present(e->request(0, false)) == errc::ok;
  const std::int64_t refused = e->seen.count(replay_verdict::full) - full;
  const std::int64_t seen = e->seen.count(replay_verdict::seen);
  for (std::size_t i = 0; i != places; ++i) forgotten += e->present(accepted.any(i)) == errc::ok;
  const std::int64_t known = e->seen.count(replay_verdict::seen) - seen;
  const std::size_t allocated = allocations() - before;
  CHECK(allocated == 0);
  CHECK(let_in == 0);
  CHECK(refused == more);
  CHECK(forgotten == 0);
  CHECK(known == places);

  // Until the last second of the window, and then there is space again
  e->now.at.seconds += 300;
  for (std::size_t i = 0; i != places; ++i) forgotten += e->present(accepted.any(i)) == errc::ok;
  let_in += e->present(e->request(0, false)) == errc::ok;
  CHECK(forgotten == 0);
  CHECK(let_in == 0);
  e->now.at.seconds += 1;
  CHECK(e->present(e->request(0, false)) == errc::ok);
  for (std::size_t i = 0; i != places; ++i) forgotten += e->present(accepted.any(i)) != errc::clock_skew;
  CHECK(forgotten == 0);
}

}  // namespace
