// Threads with an acceptor and a policy each, which share a locked store of authenticators and nothing else. Built with
// ThreadSanitizer, where there is one, whatever the rest is built with.
#include <atomic>
#include <barrier>
#include <kerb/botan.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "examples/support/locked_store.hpp"
#include "support/ap_world.hpp"
#include "support/catch.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using octet_list = std::vector<std::uint8_t>;
using world = basic_ap_world<botan::policy>;
using shared_store = example::locked_store<memory_replay_cache<4096>>;

octet_list copy(bytes_view v) { return {v.begin(), v.end()}; }

/// One thread's own things: policy, key, buffer.
struct acceptor_thread {
  world w;
  key_list<key, 1> keys;
  std::array<std::uint8_t, 4096> buffer{};
  int accepted = 0, replayed = 0, unknown = 0, others = 0;

  acceptor_thread() { (void)keys.add(web, 3, w.service_etype, w.service_key()); }
  void present(bytes_view token, shared_store& seen) {
    ap_acceptor<botan::policy> a(w.request_in(buffer));
    const auto who = accept(a, token, w.policy, keys, seen, w.now);
    const errc why = who ? errc::ok : who.error().code;
    ++(who ? accepted : why == errc::replayed ? replayed : why == errc::replay_unknown ? unknown : others);
  }
};

/// Runs `work` in each of `n` threads.
template <class F>
void together(int n, F work) {
  std::vector<std::thread> threads;
  for (int i = 0; i != n; ++i) threads.emplace_back([&, i] { work(i); });
  for (std::thread& t : threads) t.join();
}

TEST_CASE("threads: of one AP-REQ that all present at once, one is accepted", "[threads][rfc4120-3.2.3]") {
  constexpr int threads = 4, rounds = 200;
  world client;
  std::vector<octet_list> tokens;
  for (int i = 0; i != rounds; ++i) {
    client.authenticator.cusec.count = i;
    tokens.push_back(copy(client.mint()));
  }
  shared_store seen;
  std::vector<std::unique_ptr<acceptor_thread>> service;
  for (int i = 0; i != threads; ++i) service.push_back(std::make_unique<acceptor_thread>());
  std::array<std::atomic<int>, rounds> accepted{};
  std::barrier at_once(threads);
  together(threads, [&](int i) {
    acceptor_thread& me = *service[static_cast<std::size_t>(i)];
    for (std::size_t round = 0; round != rounds; ++round) {
      const int before = me.accepted;
      at_once.arrive_and_wait();
      me.present(tokens[round], seen);
      accepted[round] += me.accepted - before;
    }
  });
  int each_once = 0, refused = 0, others = 0;
  for (const auto& a : accepted) each_once += a == 1;
  for (const auto& s : service) refused += s->replayed, others += s->others + s->unknown;
  CHECK(each_once == rounds);
  CHECK(refused == rounds * (threads - 1));
  CHECK(others == 0);
}

TEST_CASE("threads: two services with requests of their own share nothing but the store", "[threads][rfc4120-3.2.3]") {
  constexpr int rounds = 200;
  shared_store seen;
  std::array<int, 2> accepted{};
  together(2, [&](int i) {
    const auto client = std::make_unique<world>();  // mints in this thread, with a policy of this thread
    acceptor_thread me;
    for (int round = 0; round != rounds; ++round) {
      client->authenticator.cusec.count = round;
      me.present(client->mint(), seen);
    }
    accepted[static_cast<std::size_t>(i)] = me.accepted;
  });
  CHECK(accepted[0] == rounds);
  CHECK(accepted[1] == rounds);
}

TEST_CASE("threads: an exchange may move from thread to thread between its calls", "[threads]") {
  world client;
  const octet_list token = copy(client.mint());
  std::array<std::uint8_t, 4096> buffer{};
  ap_acceptor<botan::policy> a(client.request_in(buffer));
  ap_acceptor<botan::policy>::step step = need_buffer{};
  // Each call in a thread of its own, with a policy of its own
  const auto elsewhere = [&](auto&& call) {
    std::thread([&] {
      world here;
      step = call(here);
    }).join();
  };
  elsewhere([&](world& w) { return a.receive(token, w.turn()); });
  REQUIRE(is<need_ticket_key>(step));
  elsewhere([&](world& w) { return a.provide(w.service_key(), w.turn()); });
  REQUIRE(is<check_replay>(step));
  elsewhere([&](world& w) { return a.replay_checked(true, w.turn()); });
  REQUIRE(is<authenticated>(step));
  elsewhere([&](world& w) { return a.accept({}, w.turn()); });
  REQUIRE(is<reply>(step));
  CHECK(std::move(a).take());
}

TEST_CASE("threads: a store that was made blind is blind to all of them", "[threads][rfc4120-3.2.3]") {
  world client;
  const octet_list token = copy(client.mint());
  shared_store seen{memory_replay_cache<4096>::after_loss(client.now.at, 300)};
  std::array<int, 2> refused{};
  together(2, [&](int i) {
    acceptor_thread me;
    me.present(token, seen);
    refused[static_cast<std::size_t>(i)] = me.unknown;
  });
  CHECK(refused[0] == 1);
  CHECK(refused[1] == 1);
}

}  // namespace
