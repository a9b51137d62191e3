// The AS client with a mechanism of two rounds, a step of its own and a reply key of its own.
#include <kerb/exchange/client/as.hpp>

#include <string>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/toy_world.hpp"

using namespace kerb_test;

namespace {
using policy = testing::insecure_policy;
using client = toy_client;
static_assert(preauth_mechanism<toy, policy> && preauth_mechanism<enc_timestamp, policy>);
static_assert(
    std::same_as<client::step, std::variant<send, need_key, need_buffer, ignored, done, failed, toy_question>>);
static_assert(std::same_as<as_client<policy>::step, std::variant<send, need_key, need_buffer, ignored, done, failed>>);

constexpr bool a_whole_exchange() {
  toy_login login;
  login.start();
  if (login.sent.empty() || login.w.padata_of(login.sent, toy_hello)) return false;
  login.offer();
  if (!login.w.padata_of(login.sent, toy_hello) || login.w.padata_of(login.sent, toy_proof)) return false;
  const auto s = login.second();
  const auto* q = std::get_if<toy_question>(&s);
  if (q == nullptr || !(q->challenge == bytes_view(challenge))) return false;
  login.answer(toy_answer{pin});
  if (!login.w.proves(login.sent) ||
      !(login.w.padata_of(login.sent, padata_t::fx_cookie) == std::optional<bytes_view>(cookie)))
    return false;
  if (!is<done>(login.replaced(honest))) return false;
  const auto c = std::move(login.x).take();
  return c && same_principal(c->client(), alice()) && !holds(login.buffer, login.w.session_key.octets().unguarded());
}
}  // namespace

KERB_BOTH("as_client: a mechanism of two rounds asks its question and replaces the reply key", "[exchange][rfc6113-2]",
          a_whole_exchange);

TEST_CASE("as_client: with a mechanism that replaces the reply key, the long-term key opens no reply",
          "[exchange][rfc4120-3.1.5]") {
  toy_login login;
  REQUIRE(is<send>(login.start()));
  REQUIRE(is<send>(login.offer()));
  REQUIRE(is<toy_question>(login.second()));
  login.answer(toy_answer{pin});
  const auto under_the_long_term_key = [&](reply_spec& r) { r.seal_with = &login.w.client_key; };
  REQUIRE(why(login.reply(honest)).code == errc::missing_field);
  REQUIRE(why(login.replaced(under_the_long_term_key)).code == errc::integrity);
  // and the forged replies have spoiled nothing
  REQUIRE(is<done>(login.replaced(honest)));
}

TEST_CASE("as_client: the long-term key is asked for when the mechanism wants it", "[exchange][rfc4120-3.1.3]") {
  toy_login login(without_password);
  REQUIRE(is<send>(login.start()));
  REQUIRE(is<send>(login.offer()));  // no key for the first round
  REQUIRE(is<toy_question>(login.second()));
  REQUIRE(is<need_key>(login.answer(toy_answer{pin})));
  login.provide(login.w.client_key.copy());
  REQUIRE(login.w.proves(login.sent));
  REQUIRE(is<done>(login.replaced(honest)));
}

TEST_CASE("as_client: a hint of the first round counts in the second, where MIT krb5 does not repeat it",
          "[exchange][rfc4120-5.2.7.5][rfc6113-2]") {
  std::vector<std::uint8_t> long_salt(257, 's');
  const auto asked_with = [&](std::optional<kerberos_string> salt) -> std::string {
    toy_login login(without_password);
    login.w.salt = salt;
    login.w.hints_each_time = false;
    REQUIRE(is<send>(login.start()));
    REQUIRE(is<send>(login.offer()));
    client moved(std::move(login.x));
    REQUIRE(is<toy_question>(moved.receive(login.w.second(), login.w.env_now())));
    const auto s = moved.answer(toy_answer{pin}, login.w.env_now());
    const auto* wants = std::get_if<need_key>(&s);
    REQUIRE(wants != nullptr);
    REQUIRE(wants->etype == e20);
    return {wants->salt.begin(), wants->salt.end()};
  };
  CHECK(asked_with("SPECIALSALT"_krb) == "SPECIALSALT");
  CHECK(asked_with(""_krb).empty());
  const std::string by_default = asked_with({});
  CHECK(by_default == "EX.ORGalice");
  CHECK(asked_with(kerberos_string{bytes_view(long_salt).first(256)}) == std::string(256, 's'));
  CHECK(asked_with(kerberos_string{bytes_view(long_salt)}) == by_default);  // too long to be kept
}

TEST_CASE("as_client: a mechanism that asked for no key gets one for the reply", "[exchange][rfc4120-3.1.5]") {
  toy_login login(without_password);
  REQUIRE(is<send>(login.start()));
  login.offer();
  REQUIRE(is<need_key>(login.replaced(honest)));
  REQUIRE(is<done>(login.provide(login.w.client_key.copy())));
}

TEST_CASE("as_client: a question that is not answered ends the exchange", "[exchange]") {
  toy_login login;
  REQUIRE(is<send>(login.start()));
  REQUIRE(is<send>(login.offer()));
  REQUIRE(is<toy_question>(login.second()));
  REQUIRE(fails_with(login.answer(toy_answer{}), errc::no_preauth_mechanism, ""));
}

TEST_CASE("as_client: an answer is misuse unless the mechanism has asked", "[exchange]") {
  const auto misused = [](const client::step& s) { return is<failed>(s) && why(s).code == errc::api_misuse; };
  toy_login idle;
  REQUIRE(misused(idle.answer(toy_answer{pin})));
  toy_login waiting;
  REQUIRE(is<send>(waiting.start()));
  REQUIRE(misused(waiting.answer(toy_answer{pin})));
  // and while it waits for the answer, every other call is
  for (int call = 0; call != 3; ++call) {
    toy_login login;
    REQUIRE(is<send>(login.start()));
    REQUIRE(is<send>(login.offer()));
    REQUIRE(is<toy_question>(login.second()));
    if (call == 0) {
      REQUIRE(is<ignored>(login.second()));  // anybody can send a datagram
      REQUIRE(misused(login.second(transport::stream)));
    }
    if (call == 1) REQUIRE(misused(login.provide(login.w.client_key.copy())));
    if (call == 2) REQUIRE(misused(login.start()));
  }
}

TEST_CASE("as_client: a message that changed before the answer fails", "[exchange]") {
  std::array<std::uint8_t, 512> wire{};
  toy_login login;
  REQUIRE(is<send>(login.start()));
  REQUIRE(is<send>(login.offer()));
  const bytes_view second = login.w.second();
  for (std::size_t i = 0; i != second.size(); ++i) wire[i] = second[i];
  REQUIRE(is<toy_question>(login.receive(bytes_view(wire).first(second.size()))));
  wire.fill(0);
  REQUIRE(is<failed>(login.answer(toy_answer{pin})));
}

TEST_CASE("as_client: without a question of the toy, the encrypted timestamp is used", "[exchange][rfc4120-5.2.7]") {
  toy_login login;
  REQUIRE(is<send>(login.start()));
  login.hints();
  REQUIRE(login.w.padata_of(login.sent, padata_t::enc_timestamp));
  REQUIRE_FALSE(login.w.padata_of(login.sent, toy_hello));
  REQUIRE(is<done>(login.reply(honest)));
}

TEST_CASE("as_client: a mechanism that cannot follow the KDC's clock ends the exchange with the clock's error",
          "[exchange][rfc4120-3.1.5]") {
  toy_login login(following_the_clock);
  REQUIRE(is<send>(login.start()));
  REQUIRE(is<send>(login.offer()));
  REQUIRE(fails_with(login.error(error_code_t::krb_ap_err_skew), errc::clock_skew, "error-code"));
}

TEST_CASE("as_client: a reply that the mechanism does not want is ignored, and no key is asked for",
          "[exchange][rfc4120-3.1.5]") {
  toy_login login(without_password);
  REQUIRE(is<send>(login.start()));
  REQUIRE(is<send>(login.offer()));
  REQUIRE(is<toy_question>(login.second()));
  REQUIRE(is<need_key>(login.answer(toy_answer{pin})));
  login.provide(login.w.client_key.copy());
  const info2_padata forged({e20, "forged"_krb, {}});
  const auto forge = [&](reply_spec& r) { r.padata = forged.list(); };
  const auto passed_over = login.reply(forge);  // without what the mechanism needs
  REQUIRE(is<ignored>(passed_over));
  REQUIRE(why(passed_over).code == errc::missing_field);
  REQUIRE(is<done>(login.replaced(honest)));
}

namespace {
/// Runs the whole exchange; a buffer that is too small is replaced by one of the size that was asked for.
struct run {
  unsigned questions = 0, larger = 0, draws = 0;
  bool ended = false;
  errc why_not = errc::ok;
};
run run_from(std::size_t size, unsigned fail_at = 0) {
  toy_world w;
  w.policy.entropy.fail_at = fail_at;
  std::vector<std::vector<std::uint8_t>> buffers;
  buffers.emplace_back(size);
  as_params<key> ask = w.ask_as(buffers.back());
  ask.password = {};
  client x(ask);
  run r;
  const auto call = [&](auto f) {
    client::step s = f();
    for (int i = 0; i != 2; ++i) {
      const unsigned draws = w.policy.entropy.draws();
      const auto* n = std::get_if<need_buffer>(&s);
      if (n == nullptr) break;
      const std::size_t want = n->size;
      REQUIRE(want > buffers.back().size());
      if (want - 1 > buffers.back().size()) {  // one octet less is not enough
        x.set_buffer(buffers.emplace_back(want - 1));
        s = f();
        REQUIRE(is<need_buffer>(s));
        REQUIRE(std::get<need_buffer>(s).size == want);
        REQUIRE(w.policy.entropy.draws() == draws);
      }
      ++r.larger;
      x.set_buffer(buffers.emplace_back(want));
      s = f();
      REQUIRE_FALSE(is<need_buffer>(s));
    }
    return s;
  };
  const auto finished = [&](const client::step& s) {
    r.why_not = why(s).code;
    if (is<failed>(s)) {
      for (const auto& b : buffers) REQUIRE_FALSE(holds(b, w.session_key.octets().unguarded()));
    }
    r.draws = w.policy.entropy.draws();
    r.ended = is<done>(s);
    return r;
  };
  client::step s = call([&] { return x.start(w.env_now()); });
  if (!is<send>(s)) return finished(s);
  bytes_view in = w.offer();
  s = call([&] { return x.receive(in, w.env_now()); });
  if (!is<send>(s)) return finished(s);
  in = w.second();
  s = call([&] { return x.receive(in, w.env_now()); });
  if (!is<toy_question>(s)) return finished(s);
  ++r.questions;
  s = call([&] { return x.answer(toy_answer{pin}, w.env_now()); });
  if (!is<need_key>(s)) return finished(s);
  key k = w.client_key.copy();
  s = call([&] { return x.provide(std::move(k), w.env_now()); });
  if (!is<send>(s)) return finished(s);
  w.policy.entropy.fail_at = 0;
  const unsigned drawn = w.policy.entropy.draws();
  in = w.replaced(octets_of_send(s), honest);
  s = call([&] { return x.receive(in, w.env_now()); });
  finished(s);
  r.draws = drawn;
  return r;
}
}  // namespace

TEST_CASE("as_client: a buffer that is too small for any of the rounds can be enlarged, before anything is drawn",
          "[exchange]") {
  const run whole = run_from(4096);
  REQUIRE(whole.ended);
  REQUIRE(whole.larger == 0);
  REQUIRE(whole.draws == 4);  // three nonces and that of the toy
  for (std::size_t size = 0; size < 1200; ++size) {
    CAPTURE(size);
    const run r = run_from(size);
    REQUIRE(r.ended);
    REQUIRE(r.questions == 1);
    REQUIRE(r.draws == whole.draws);
    if (size == 0) REQUIRE(r.larger >= 4);
  }
}

TEST_CASE("as_client: randomness that fails in a mechanism ends the exchange", "[exchange]") {
  for (unsigned draw = 1; draw != 5; ++draw) {
    CAPTURE(draw);
    const run r = run_from(4096, draw);
    REQUIRE_FALSE(r.ended);
    REQUIRE(r.why_not == errc::entropy);
  }
}

TEST_CASE("as_client: an answer for whose request the buffer is too small is given again", "[exchange]") {
  toy_world w;
  std::vector<std::uint8_t> small(1024), large(2048);
  client probe(w.ask_as(small));
  REQUIRE(is<send>(probe.start(w.env_now())));
  REQUIRE(is<send>(probe.receive(w.offer(), w.env_now())));
  REQUIRE(is<toy_question>(probe.receive(w.second(), w.env_now())));
  std::size_t most = 0;
  for (std::size_t n = small.size(); n != 0; --n) {
    std::vector<std::uint8_t> some(n);
    client x(w.ask_as(some));
    if (!is<send>(x.start(w.env_now())) || !is<send>(x.receive(w.offer(), w.env_now())) ||
        !is<toy_question>(x.receive(w.second(), w.env_now()))) {
      break;
    }
    if (!is<need_buffer>(x.answer(toy_answer{pin}, w.env_now()))) continue;
    most = n;
    REQUIRE(is<need_buffer>(x.answer(toy_answer{pin}, w.env_now())));
    REQUIRE(x.set_buffer(large));
    const auto s = x.answer(toy_answer{pin}, w.env_now());
    REQUIRE(w.proves(octets_of_send(s)));
    break;
  }
  REQUIRE(most != 0);
}

TEST_CASE("as_client: an exchange of several rounds takes nothing from the heap", "[exchange]") {
  bool ok = false;
  {
    const no_allocations none;
    toy_login login;
    auto s = login.start();
    s = login.offer();
    s = login.second();
    s = login.answer(toy_answer{pin});
    s = login.replaced(honest);
    ok = is<done>(s) && std::move(login.x).take().has_value();
  }
  REQUIRE(ok);
}
