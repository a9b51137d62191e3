// drive(): an exchange run to its end by one function that asks the other side.
#include <kerb/exchange/drive.hpp>
#include <vector>

#include "support/ap_world.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using policy = testing::insecure_policy;
using initiator = ap_initiator<policy>;
using octet_list = std::vector<std::uint8_t>;

struct client {
  ap_world w;
  std::array<std::uint8_t, 4096> buffer{};
  std::array<std::uint8_t, 1024> rep{};
  basic_credential<key> credential;
  constexpr client() : credential(w.credential()) {}
  constexpr initiator begin(requirement mutual = required) {
    return initiator({.credential = credential, .buffer = buffer, .mutual = mutual});
  }
  constexpr bytes_view good() {
    const key k = w.session_key();
    return kerb_test::must(testing::mint_ap_rep({w.now.at, w.now.usec, {}, 9}, k, w.turn(), rep));
  }
};

constexpr bool asked_once_and_done() {
  client c;
  initiator x = c.begin();
  int asked = 0;
  const auto s = drive(x, c.w.policy, c.w.now, [&](const send& out) -> result<answer> {
    asked += !out.octets.empty() && out.fresh && out.to == destination::peer;
    return answer{c.good()};
  });
  return s && s->acceptor_seq == 9u && asked == 1;
}
KERB_BOTH("drive: asks, and gives the product", "[exchange]", asked_once_and_done);

constexpr bool junk_is_passed_over() {
  client c;
  initiator x = c.begin();
  int asked = 0;
  const std::uint8_t junk[] = {1, 2, 3};
  const auto s = drive(x, c.w.policy, c.w.now, [&](const send& out) -> result<answer> {
    ++asked;
    if (asked > 1 && (!out.octets.empty() || out.fresh)) asked = 100;  // nothing more to transmit, only to wait for
    return asked < 4 ? answer{junk} : answer{c.good()};
  });
  return s && asked == 4;
}
KERB_BOTH("drive: waits on after a datagram that is no answer", "[exchange]", junk_is_passed_over);

TEST_CASE("drive: without an answer it says why", "[exchange]") {
  client c;
  {
    initiator x = c.begin();
    const auto s = drive(x, c.w.policy, c.w.now, [](const send&) -> result<answer> { return errc::no_answer; });
    REQUIRE(!s);
    CHECK(s.error().code == errc::no_answer);
  }
  // Rather the fault of what was passed over than that nothing else came
  initiator x = c.begin();
  int asked = 0;
  const std::uint8_t junk[] = {0x6f, 2, 3};
  const auto s = drive(x, c.w.policy, c.w.now, [&](const send&) -> result<answer> {
    if (asked++ == 0) return answer{junk};
    return errc::no_answer;
  });
  REQUIRE(!s);
  CHECK(s.error().code == errc::truncated);
  CHECK(std::string_view(s.error().type) == "AP-REP");
}

TEST_CASE("drive: of what was passed over, a message's fault counts more than octets that are none", "[exchange]") {
  client c;
  const std::uint8_t junk[] = {0x6f, 2, 3};
  for (const bool message_first : {true, false}) {
    initiator x = c.begin();
    int asked = 0;
    const auto s = drive(x, c.w.policy, c.w.now, [&](const send&) -> result<answer> {
      if (asked == 2) return errc::no_answer;
      if ((asked++ == 0) != message_first) return answer{junk};
      const bytes_view rep = c.good();
      c.rep.back() ^= 1;  // it stands at the end
      return answer{rep};
    });
    REQUIRE(!s);
    CHECK(s.error().code == errc::integrity);
    CHECK(asked == 2);
  }
}

/// An exchange that passes one datagram over, and then sends.
struct passes_over_and_sends {
  using product = int;
  using step = std::variant<send, need_buffer, ignored, done, failed>;
  bool fresh;
  int received = 0;
  template <class Turn>
  step start(const Turn&) {
    return send{};
  }
  template <class Turn>
  step receive(bytes_view, const Turn&, std::optional<transport>) {
    if (received++ == 0) return ignored{{.code = errc::integrity}};
    send again{};
    again.fresh = fresh;
    return again;
  }
  result<int> take() && { return 1; }
};

constexpr bool an_answer_without_octets_ends_it() {
  client c;
  int asked = 0;
  const auto nothing = [&](const send&) -> result<answer> { return ++asked, answer{bytes_view()}; };
  initiator x = c.begin();
  const auto none = drive(x, c.w.policy, c.w.now, nothing);
  if (none || none.error().code != errc::no_answer || asked != 1) return false;
  // After an answer that was ignored, that one's fault is the reason
  const std::uint8_t junk[] = {0x6f, 2, 3};
  initiator y = c.begin();
  const auto ignored_one = drive(y, c.w.policy, c.w.now, [&](const send&) -> result<answer> {
    return ++asked == 2 ? answer{junk} : answer{bytes_view()};
  });
  if (ignored_one || ignored_one.error().code != errc::truncated || asked != 3) return false;
  // Where no answer is waited for, none is no error
  initiator silent = c.begin(if_asked);
  return drive(silent, c.w.policy, c.w.now, nothing).has_value() && asked == 4;
}
KERB_BOTH("drive: an answer without octets is none, so an ask that has nothing ends it", "[exchange]",
          an_answer_without_octets_ends_it);

TEST_CASE("drive: why an answer was passed over is kept while the same question stands", "[exchange]") {
  for (const bool fresh : {false, true}) {
    passes_over_and_sends x{fresh};
    policy p;
    int asked = 0;
    const std::uint8_t some[] = {0};
    const auto s = drive(x, p, timestamp{}, [&](const send&) -> result<answer> {
      if (asked++ == 2) return errc::no_answer;
      return answer{some};
    });
    REQUIRE(!s);
    CHECK(s.error().code == (fresh ? errc::no_answer : errc::integrity));
  }
}

TEST_CASE("drive: on a stream the first wrong message is the end", "[exchange]") {
  client c;
  initiator x = c.begin();
  int asked = 0;
  const std::uint8_t junk[] = {0x6f, 2, 3};
  const auto s = drive(x, c.w.policy, c.w.now, [&](const send&) -> result<answer> {
    ++asked;
    return answer{junk, transport::stream};
  });
  REQUIRE(!s);
  CHECK(s.error().code == errc::truncated);
  CHECK(asked == 1);
}

TEST_CASE("drive: too small a buffer is an error that names the size", "[exchange]") {
  client c;
  std::array<std::uint8_t, 10> small{};
  initiator x({.credential = c.credential, .buffer = small});
  const auto never = [](const send&) -> result<answer> {
    FAIL("asked");
    return errc::no_answer;
  };
  const auto s = drive(x, c.w.policy, c.w.now, never);
  REQUIRE(!s);
  CHECK(s.error().code == errc::no_space);
  std::vector<std::uint8_t> enough(s.error().detail);
  x.set_buffer(enough);
  CHECK(is<send>(x.start(c.w.turn())));
}

TEST_CASE("drive: a refusal by the peer is its error", "[exchange]") {
  client c;
  initiator x = c.begin();
  msg::KrbError e;
  e.stime = c.w.now.at;
  e.error_code = error_code_t::krb_ap_err_repeat;
  const auto told = asn1::encode(e, c.rep);
  REQUIRE(told);
  const auto s = drive(x, c.w.policy, c.w.now, [&](const send&) -> result<answer> { return answer{*told}; });
  REQUIRE(!s);
  CHECK(s.error().code == errc::peer_error);
  CHECK(s.error().detail == 34);
  REQUIRE(x.peer_error());
}

TEST_CASE("drive: what waits for no answer is transmitted once", "[exchange]") {
  client c;
  initiator x = c.begin(if_asked);
  int asked = 0;
  const auto s = drive(x, c.w.policy, c.w.now, [&](const send& out) -> result<answer> {
    CHECK(out.then == afterwards::finished);
    CHECK(c.w.present(out.octets).accepted);
    ++asked;
    return answer(bytes_view());
  });
  CHECK(s);
  CHECK(asked == 1);
  initiator y = c.begin(if_asked);
  const auto unsent = drive(y, c.w.policy, c.w.now, [](const send&) -> result<answer> { return errc::no_answer; });
  REQUIRE(!unsent);
  CHECK(unsent.error().code == errc::no_answer);
}

TEST_CASE("drive: a refusal is the peer's error also where no answer is waited for", "[exchange][rfc4120-3.2.3]") {
  client c;
  msg::KrbError e;
  e.stime = c.w.now.at;
  e.error_code = error_code_t::krb_ap_err_repeat;
  const auto told = asn1::encode(e, c.rep);
  REQUIRE(told);
  initiator x = c.begin(if_asked);
  const auto s = drive(x, c.w.policy, c.w.now, [&](const send&) -> result<answer> { return answer{*told}; });
  REQUIRE(!s);
  CHECK(s.error().code == errc::peer_error);
  CHECK(s.error().detail == 34);
  initiator y = c.begin(if_asked);  // what is no KRB-ERROR is the application's own
  CHECK(drive(y, c.w.policy, c.w.now,
              [&](const send&) -> result<answer> { return answer{told->first(told->size() - 1)}; }));
}

TEST_CASE("drive: the clock is asked at every turn, and limits reach the exchange", "[exchange]") {
  client c;
  initiator x = c.begin();
  int clock = 0;
  const auto now = [&] {
    ++clock;
    return c.w.now;
  };
  CHECK(drive(x, c.w.policy, now, [&](const send&) -> result<answer> { return answer{c.good()}; }));
  CHECK(clock == 2);
}

/// An exchange that asks for a key at once.
struct wants_a_key {
  using product = int;
  using step = std::variant<send, need_buffer, need_key, ignored, done, failed>;
  exchange_limits* seen;
  template <class Turn>
  step start(const Turn& t) {
    *seen = t.limits;
    return need_key{};
  }
  template <class Turn>
  step receive(bytes_view, const Turn&, std::optional<transport>) {
    return failed{};
  }
  result<int> take() && { return 1; }
};

TEST_CASE("drive: a client that needs a key it was not given fails", "[exchange]") {
  exchange_limits seen;
  wants_a_key x{&seen};
  policy p;
  const auto s =
      drive(x, p, timestamp{}, [](const send&) -> result<answer> { return errc::no_answer; }, {.clock_skew = 77});
  REQUIRE(!s);
  CHECK(s.error().code == errc::no_key);
  CHECK(seen.clock_skew == 77);
}

/// An exchange that returns a step of a mechanism at once.
struct wants_a_finger {
  struct touch_it {};
  using product = int;
  using step = std::variant<send, need_buffer, need_key, touch_it, ignored, done, failed>;
  template <class Turn>
  step start(const Turn&) {
    return touch_it{};
  }
  template <class Turn>
  step receive(bytes_view, const Turn&, std::optional<transport>) {
    return failed{};
  }
  result<int> take() && { return 1; }
};

TEST_CASE("drive: a step of a mechanism needs a loop of the program's own", "[exchange]") {
  wants_a_finger x;
  policy p;
  const auto s = drive(x, p, timestamp{}, [](const send&) -> result<answer> { return errc::no_answer; });
  REQUIRE(!s);
  CHECK(s.error().code == errc::step_not_handled);
}

}  // namespace
