// Acceptors that share their replays in Redis: what is accepted, and what becomes of that when things break.
#include <algorithm>
#include <barrier>

#include "fleet.hpp"

using namespace fleet;

namespace {

void pause(int ms) { std::this_thread::sleep_for(milliseconds(ms)); }

TEST_CASE("fleet: one AP-REQ at all acceptors at once is accepted once", "[fleet][rfc4120-3.2.3]") {
  constexpr int acceptors = 3, rounds = 200;
  redis r;
  REQUIRE(vouch(r));
  std::vector<std::unique_ptr<acceptor>> all;
  for (int i = 0; i != acceptors; ++i) all.push_back(std::make_unique<acceptor>(r.address()));
  for (auto& a : all) REQUIRE(a->says("redis: connected"));
  minter m;
  std::vector<octet_list> tokens;
  for (int i = 0; i != rounds; ++i) tokens.push_back(m.token());

  std::array<std::array<outcome, rounds>, acceptors> said{};
  std::barrier at_once(acceptors);
  std::vector<std::thread> clients;
  for (std::size_t i = 0; i != acceptors; ++i)
    clients.emplace_back([&, i] {
      const client c(all[i]->port());
      for (std::size_t round = 0; round != rounds; ++round) {
        at_once.arrive_and_wait();
        said[i][round] = c.ask(tokens[round]);
      }
    });
  for (std::thread& t : clients) t.join();

  int once = 0, replays = 0;
  std::array<int, acceptors> won{};
  for (std::size_t round = 0; round != rounds; ++round) {
    int accepted = 0;
    for (std::size_t i = 0; i != acceptors; ++i) {
      accepted += said[i][round] == outcome::accepted;
      won[i] += said[i][round] == outcome::accepted;
      replays += said[i][round] == outcome::replay;
    }
    once += accepted == 1;
  }
  CHECK(once == rounds);
  CHECK(replays == rounds * (acceptors - 1));
  CHECK(std::count(won.begin(), won.end(), 0) <= 1);  // it was a race
  for (int i = 0; i != 20; ++i)
    for (auto& a : all) CHECK(a->ask(tokens[static_cast<std::size_t>(i)]) == outcome::replay);
}

TEST_CASE("fleet: many requests wait for Redis in one thread, which serves others meanwhile", "[fleet]") {
  redis r;
  REQUIRE(vouch(r));
  acceptor a(r.address(), {.apart = 10, .patience = 10000});
  REQUIRE(a.says("redis: connected"));
  minter m;
  constexpr int many = 100;
  std::vector<std::unique_ptr<client>> waiting;
  r.it().send(SIGSTOP);
  for (int i = 0; i != many; ++i) {
    waiting.push_back(std::make_unique<client>(a.port()));
    REQUIRE(waiting.back()->send(m.token()));
  }
  // Redis says nothing, and what needs no look-up is answered
  for (int i = 0; i != 20; ++i) CHECK(a.ask(m.forged()) == outcome::other_refusal);
  int early = 0, accepted = 0;
  for (const auto& c : waiting) early += c->answered(milliseconds(0));
  r.it().send(SIGCONT);
  for (const auto& c : waiting) accepted += c->answer() == outcome::accepted;
  CHECK(early == 0);
  CHECK(accepted == many);
}

TEST_CASE("fleet: a client may send many requests ahead, or hang up while it waits", "[fleet]") {
  redis r;
  REQUIRE(vouch(r));
  acceptor a(r.address(), {.apart = 10, .patience = 10000});
  REQUIRE(a.says("redis: connected"));
  minter m;
  const client eager(a.port());
  const octet_list twice = m.token();
  for (int i = 0; i != 20; ++i) REQUIRE(eager.send(m.token()));
  REQUIRE(eager.send(twice));
  REQUIRE(eager.send(twice));
  for (int i = 0; i != 21; ++i) CHECK(eager.answer() == outcome::accepted);
  CHECK(eager.answer() == outcome::replay);

  r.it().send(SIGSTOP);
  const octet_list lost = m.token();
  for (int i = 0; i != 10; ++i) {
    const client gone(a.port());
    REQUIRE(gone.send(i == 0 ? lost : m.token()));
  }
  const client stays(a.port());
  REQUIRE(stays.send(m.token()));
  pause(50);
  r.it().send(SIGCONT);
  CHECK(stays.answer() == outcome::accepted);
  CHECK(a.ask(lost) == outcome::replay);

  // Empty messages, as many as fit: each is answered, and they take no stack
  const client hostile(a.port());
  const octet_list empty(4 * 4000, 0);
  CHECK(hostile.send({}));
  CHECK(hostile.answer() == outcome::other_refusal);
  const connection raw = connection::to_port(a.port());
  REQUIRE(raw.write(empty.data(), empty.size()));
  CHECK(raw.read(4000).size() == 4000);
  CHECK(a.ask(m.token()) == outcome::accepted);
}

TEST_CASE("fleet: a client whose request drips in is dropped, and stops nobody", "[fleet]") {
  redis r;
  REQUIRE(vouch(r));
  acceptor a(r.address(), {.idle = 1});
  REQUIRE(a.says("redis: connected"));
  minter m;
  const connection slow = connection::to_port(a.port());
  const client steady(a.port());
  const octet_list length{0, 0, 1, 0};
  REQUIRE(slow.write(length.data(), length.size()));
  bool dropped = false;
  for (int i = 0; i != 10 && !dropped; ++i) {
    REQUIRE(steady.send(m.token()));
    CHECK(steady.answer() == outcome::accepted);
    dropped = slow.readable(milliseconds(300)) || !slow.write("x", 1);
  }
  CHECK(dropped);
}

TEST_CASE("fleet: when there are no more files, whoever has waited longest makes buffer", "[fleet]") {
  redis r;
  REQUIRE(vouch(r));
  acceptor a(r.address(), {.in_front = {"/usr/bin/prlimit", "--nofile=24"}});
  REQUIRE(a.says("redis: connected"));
  minter m;
  std::vector<connection> many;
  for (int i = 0; i != 60; ++i) many.push_back(connection::to_port(a.port()));
  CHECK(a.ask(m.token()) == outcome::accepted);
}

TEST_CASE("fleet: an acceptor that dies after Redis has answered leaves nothing to be accepted again",
          "[fleet][rfc4120-3.2.3]") {
  redis r;
  REQUIRE(vouch(r));
  acceptor other(r.address());
  REQUIRE(other.says("redis: connected"));
  minter m;
  for (int round = 0; round != 5; ++round) {
    relay between(r);
    acceptor dies(between.address());
    REQUIRE(dies.says("redis: connected"));
    const octet_list token = m.token();
    const client c(dies.port());
    between.hold_back();
    REQUIRE(c.send(token));
    REQUIRE(between.holds_something());  // Redis has entered it, and the acceptor does not know
    if (round % 2 == 0) {                // or knows, and has not answered
      dies.it().send(SIGSTOP);
      between.let_go();
      pause(20);
    }
    dies.it().end(SIGKILL);
    CHECK(c.answer() == outcome::nothing);
    CHECK(other.ask(token) == outcome::replay);
    acceptor fresh(r.address());
    REQUIRE(fresh.says("redis: connected"));
    CHECK(fresh.ask(token) == outcome::replay);
  }
}

TEST_CASE("fleet: acceptors that are killed at any moment accept a request once at the most",
          "[fleet][rfc4120-3.2.3]") {
  redis r;
  REQUIRE(vouch(r));
  acceptor other(r.address());
  REQUIRE(other.says("redis: connected"));
  minter m;
  int by_the_dead = 0, by_the_other = 0, too_many = 0, later = 0;
  for (int round = 0; round != 40; ++round) {
    acceptor dies(r.address());
    REQUIRE(dies.says("redis: connected"));
    const octet_list token = m.token();
    const client c(dies.port());
    REQUIRE(c.send(token));
    std::this_thread::sleep_for(std::chrono::microseconds(round * 25));
    dies.it().end(SIGKILL);
    const bool first = c.answer() == outcome::accepted, second = other.ask(token) == outcome::accepted;
    by_the_dead += first;
    by_the_other += second;
    too_many += first && second;
    later += other.ask(token) == outcome::accepted;
  }
  CHECK(too_many == 0);
  CHECK(later == 0);
  INFO(by_the_dead << " before it died, " << by_the_other << " by the other");
  CHECK(by_the_dead + by_the_other > 0);
}

TEST_CASE("fleet: without Redis, or with one that is slow, nothing is accepted", "[fleet][rfc4120-3.2.3]") {
  redis r;
  REQUIRE(vouch(r));
  minter m;
  acceptor lonely(path("no-such.sock"));
  CHECK(lonely.ask(m.token()) == outcome::unknown);  // refused at once

  acceptor a(r.address(), {.patience = 200});
  REQUIRE(a.says("redis: connected"));
  CHECK(a.ask(m.token()) == outcome::accepted);
  r.it().send(SIGSTOP);
  const octet_list slow = m.token();
  const auto from = clock::now();
  CHECK(a.ask(slow) == outcome::unknown);
  CHECK(clock::now() - from >= milliseconds(190));
  CHECK(clock::now() - from < milliseconds(3000));
  CHECK(a.ask(m.token()) == outcome::unknown);
  r.it().send(SIGCONT);
  // It goes on by itself; what was refused may have been entered, and is accepted once at the most
  int accepted = 0, of_slow = 0;
  for (int i = 0; i != 100 && accepted == 0; ++i, pause(20)) accepted += a.ask(m.token()) == outcome::accepted;
  for (int i = 0; i != 3; ++i) of_slow += a.ask(slow) == outcome::accepted;
  CHECK(accepted == 1);
  CHECK(of_slow <= 1);

  const octet_list before = m.token();
  CHECK(a.ask(before) == outcome::accepted);
  r.kill();
  for (int i = 0; i != 5; ++i) CHECK(a.ask(m.token()) == outcome::unknown);
  CHECK(a.ask(before) == outcome::unknown);
}

TEST_CASE("fleet: a Redis that has lost its memory is not believed until the window has passed",
          "[fleet][rfc4120-3.2.3]") {
  constexpr int skew = 2, apart = 1;
  const bool flushed = GENERATE(false, true);
  redis r;
  REQUIRE(vouch(r));
  acceptor a(r.address(), {.skew = skew, .apart = apart}), b(r.address(), {.skew = skew, .apart = apart});
  for (acceptor* each : {&a, &b}) REQUIRE(each->says("redis: connected"));
  minter m;
  std::vector<octet_list> accepted;
  for (const int ahead : {0, 1, 2}) {
    accepted.push_back(m.token(ahead));  // the last can be replayed for four seconds
    CHECK(a.ask(accepted.back()) == outcome::accepted);
  }
  if (flushed) {
    CHECK(r.command("FLUSHALL") == "+OK");
  } else {
    r.kill();
    r.start();
  }
  const auto lost = clock::now();
  bool again = false;
  int replayed = 0;
  while (!again && clock::now() - lost < std::chrono::seconds(20)) {
    for (const octet_list& t : accepted)
      replayed += (&t - accepted.data()) % 2 ? a.ask(t) == outcome::accepted : b.ask(t) == outcome::accepted;
    again = b.ask(m.token()) == outcome::accepted;
    pause(50);
  }
  CHECK(replayed == 0);
  CHECK(again);
  CHECK(clock::now() - lost > std::chrono::seconds(skew));
  for (const octet_list& t : accepted) CHECK(a.ask(t) != outcome::accepted);
  CHECK(a.ask(m.token()) == outcome::accepted);
}

TEST_CASE("fleet: a Redis that comes back with old entries is not believed either, but when somebody vouches",
          "[fleet][rfc4120-3.2.3]") {
  redis r({"--appendonly", "yes", "--appendfsync", "always"});
  REQUIRE(vouch(r));
  acceptor a(r.address());
  REQUIRE(a.says("redis: connected"));
  minter m;
  const octet_list before = m.token();
  CHECK(a.ask(before) == outcome::accepted);
  r.kill();
  r.start();
  acceptor b(r.address());
  REQUIRE(b.says("its memory was lost"));
  for (acceptor* each : {&a, &b}) {
    CHECK(each->ask(m.token()) == outcome::unknown);
    CHECK(each->ask(before) != outcome::accepted);
  }
  REQUIRE(vouch(r));  // nothing had been lost
  for (acceptor* each : {&a, &b}) {
    bool accepted = false;
    for (int i = 0; i != 100 && !accepted; ++i, pause(20)) accepted = each->ask(m.token()) == outcome::accepted;
    CHECK(accepted);
    CHECK(each->ask(before) == outcome::replay);
  }
}

TEST_CASE("fleet: a Redis that might forget, or cannot remember, is not used", "[fleet][rfc4120-3.2.3]") {
  redis r;
  REQUIRE(vouch(r));
  minter m;
  REQUIRE(r.command("CONFIG SET maxmemory 50mb") == "+OK");
  REQUIRE(r.command("CONFIG SET maxmemory-policy allkeys-lru") == "+OK");
  acceptor a(r.address());
  CHECK(a.says("not noeviction"));
  CHECK(a.ask(m.token()) == outcome::unknown);

  REQUIRE(r.command("CONFIG SET maxmemory-policy noeviction") == "+OK");
  bool accepted = false;
  for (int i = 0; i != 100 && !accepted; ++i, pause(20)) accepted = a.ask(m.token()) == outcome::accepted;
  CHECK(accepted);
  REQUIRE(r.command("CONFIG SET maxmemory 1") == "+OK");
  const octet_list token = m.token();
  for (int i = 0; i != 3; ++i, pause(100)) CHECK(a.ask(token) == outcome::unknown);
  CHECK(a.says("OOM"));
  REQUIRE(r.command("CONFIG SET maxmemory 50mb") == "+OK");
  accepted = false;
  for (int i = 0; i != 100 && !accepted; ++i, pause(20)) accepted = a.ask(token) == outcome::accepted;
  CHECK(accepted);  // it never was
  CHECK(a.ask(token) == outcome::replay);
}

TEST_CASE("fleet: a replica is not used, nor believed when it becomes the master", "[fleet][rfc4120-3.2.3]") {
  unsigned short port = 0;
  {
    const connection c(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    REQUIRE(::bind(c.fd(), reinterpret_cast<const sockaddr*>(&at), size) == 0);
    REQUIRE(::getsockname(c.fd(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
    port = ntohs(at.sin_port);
  }
  redis master({"--port", std::to_string(port), "--bind", "127.0.0.1"}), replica;
  REQUIRE(vouch(master));
  acceptor a(master.address());
  REQUIRE(a.says("redis: connected"));
  minter m;
  const octet_list before = m.token();
  CHECK(a.ask(before) == outcome::accepted);
  REQUIRE(replica.command("REPLICAOF 127.0.0.1 " + std::to_string(port)) == "+OK");
  acceptor b(replica.address());
  CHECK(b.says("no master"));
  CHECK(b.ask(m.token()) == outcome::unknown);
  REQUIRE(replica.command("REPLICAOF NO ONE") == "+OK");
  CHECK(b.says("its memory was lost"));
  CHECK(b.ask(before) == outcome::replay);
  CHECK(b.ask(m.token()) == outcome::unknown);

  // The one that was the master and is again, on connections that saw neither: others may have been served in between
  REQUIRE(master.command("REPLICAOF 127.0.0.1 1") == "+OK");
  REQUIRE(master.command("REPLICAOF NO ONE") == "+OK");
  CHECK(a.ask(m.token()) == outcome::unknown);
  CHECK(a.says("the memory is not the one it was"));
  CHECK(a.says("its memory was lost"));
  CHECK(a.ask(m.token()) == outcome::unknown);
}

TEST_CASE("fleet: Redis remembers for as long as any acceptor could accept, and no longer than that",
          "[fleet][rfc4120-3.2.3]") {
  constexpr int skew = 30, apart = 3;
  redis r;
  REQUIRE(vouch(r));
  acceptor a(r.address(), {.skew = skew, .apart = apart});
  REQUIRE(a.says("redis: connected"));
  minter m;
  for (const int ahead : {-25, 0, 25}) {
    REQUIRE(a.ask(m.token(ahead)) == outcome::accepted);
    // The one key that ends then
    const std::string left = r.command(
        "EVAL \"local t = {} for _, k in ipairs(redis.call('KEYS', 'kerb:*')) do "
        "t[#t + 1] = redis.call('PTTL', k) end return math.max(unpack(t))\" 0");
    const int most = 1000 * (ahead + skew + 1 + 2 * apart), ms = std::stoi(left.substr(1));
    CHECK(ms <= most);
    CHECK(ms > most - 3000);
  }
}

TEST_CASE("fleet: an acceptor whose clock is not Redis's refuses", "[fleet][rfc4120-3.2.3]") {
  if (std::system("command -v faketime >/dev/null") != 0) {
    WARN("not tested: the package faketime is not here");
    return;
  }
  redis r;
  REQUIRE(vouch(r));
  minter m;
  for (const char* const ahead : {"+10s", "-10s"}) {
    acceptor a(r.address(), {.in_front = {"faketime", "-m", "-f", ahead}});
    REQUIRE(a.says("redis: connected"));
    const octet_list token = m.token();
    CHECK(a.ask(token) == outcome::unknown);
    CHECK(a.says("its clock differs"));
    acceptor fresh(r.address());
    REQUIRE(fresh.says("redis: connected"));
    CHECK(fresh.ask(token) == outcome::replay);  // it was entered
  }
  acceptor near(r.address(), {.apart = 20, .in_front = {"faketime", "-m", "-f", "+10s"}});
  REQUIRE(near.says("redis: connected"));
  CHECK(near.ask(m.token()) == outcome::accepted);
}

}  // namespace
