// The AS client with a mechanism of two rounds, a step of its own and a reply key of its own.
#include <kerb/exchange/client/as.hpp>

#include <cstring>
#include <string>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/kdc_world.hpp"
#include "support/toy_preauth.hpp"

using namespace kerb_test;

namespace {
using policy = testing::insecure_policy;
using client = as_client<policy, mechanisms<toy, enc_timestamp>>;
static_assert(preauth_mechanism<toy, policy> && preauth_mechanism<enc_timestamp, policy>);
static_assert(
    std::same_as<client::step, std::variant<send, need_key, need_buffer, ignored, done, failed, toy_question>>);
static_assert(std::same_as<as_client<policy>::step, std::variant<send, need_key, need_buffer, ignored, done, failed>>);

constexpr std::uint8_t challenge[] = {'w', 'h', 'a', 't', '?'}, cookie[] = {9, 8, 7}, pin[] = {'1', '2', '3'},
                       kdc_nonce[] = {1, 2, 3, 4, 5, 6, 7, 8};

/// A KDC that knows the toy.
struct toy_world : kdc_world {
  std::array<std::uint8_t, 1024> data{};
  std::optional<kerberos_string> salt{};  // in the hints
  bool hints_each_time = true;            // otherwise only in the first round

  constexpr bytes_view offer(padata_t type = toy_hello, bytes_view value = {},
                             error_code_t code = error_code_t::kdc_err_preauth_required, bool with_cookie = false) {
    const msg::EtypeInfo2Entry entries[] = {{e20, salt, {}}};
    std::array<std::uint8_t, 400> info{};
    fixed<msg::PaData, 4> list;
    const bool hints = hints_each_time || type == toy_hello;
    if ((hints &&
         !list.push_back({padata_t::etype_info2, must(asn1::encode(msg::EtypeInfo2(view_of(entries)), info))})) ||
        !list.push_back({type, value}) || (with_cookie && !list.push_back({padata_t::fx_cookie, cookie})))
      return {};
    return error(code, must(asn1::encode(msg::MethodData(view_of<msg::PaData>(list)), data)));
  }
  constexpr bytes_view second(bytes_view question = challenge) {
    return offer(toy_challenge, question, error_code_t::kdc_err_more_preauth_data_required, true);
  }
  /// The reply under the replaced key.
  template <class F>
  constexpr bytes_view replaced(bytes_view request, F bend) {
    const auto nonce = padata_of(request, toy_hello);
    if (!nonce) return {};
    const key k = must(toy_reply_key(policy, client_key, *nonce, kdc_nonce));
    const msg::PaData list[] = {{toy_proof, kdc_nonce}};
    return as_rep(request, [&](reply_spec& s) {
      s.padata = msg::MethodData(view_of(list));
      s.seal_with = &k;
      bend(s);
    });
  }
  static constexpr std::optional<bytes_view> padata_of(bytes_view request, padata_t type) {
    const auto req = asn1::decode<msg::AsReq>(request, der::strict);
    if (!req || !req->padata) return std::nullopt;
    for (const msg::PaData pa : *req->padata)
      if (pa.padata_type == type) return pa.padata_value;
    return std::nullopt;
  }
  /// Whether a request proves that the client knows the key and the PIN.
  constexpr bool proves(bytes_view request) {
    const auto req = asn1::decode<msg::AsReq>(request, der::strict);
    const auto nonce = padata_of(request, toy_hello), proof = padata_of(request, toy_proof);
    if (!req || !nonce || !proof) return false;
    std::array<std::uint8_t, 32> mac{};
    const auto out = std::span(mac).first(proof->size() - 1);
    return toy_mac(policy, e20, client_key, req->req_body.octets(), *nonce, challenge, pin, out) == errc::ok &&
           (*proof)[0] == 20 && ct_equal(bytes_view(out), proof->subview(1));
  }
};
constexpr bytes_view sent(const client::step& s) {
  const auto* out = std::get_if<send>(&s);
  return out == nullptr ? bytes_view() : out->octets;
}

constexpr bool a_whole_exchange() {
  toy_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  auto s = x.start(w.env_now());
  if (sent(s).empty() || w.padata_of(sent(s), toy_hello)) return false;
  s = x.receive(w.offer(), w.env_now());
  if (!w.padata_of(sent(s), toy_hello) || w.padata_of(sent(s), toy_proof)) return false;
  s = x.receive(w.second(), w.env_now());
  const auto* q = std::get_if<toy_question>(&s);
  if (q == nullptr || !(q->challenge == bytes_view(challenge))) return false;
  s = x.answer(toy_answer{pin}, w.env_now());
  if (!w.proves(sent(s)) || !(w.padata_of(sent(s), padata_t::fx_cookie) == std::optional<bytes_view>(cookie)))
    return false;
  if (!is<done>(x.receive(w.replaced(sent(s), honest), w.env_now()))) return false;
  const auto c = std::move(x).take();
  return c && same_principal(c->client(), alice()) && !holds(buffer, w.session_key.octets().unguarded());
}
}  // namespace

KERB_BOTH("as_client: a mechanism of two rounds asks its question and replaces the reply key", "[exchange][rfc6113-2]",
          a_whole_exchange);

TEST_CASE("as_client: with a mechanism that replaces the reply key, the long-term key opens no reply",
          "[exchange][rfc4120-3.1.5]") {
  toy_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  REQUIRE(is<send>(x.start(w.env_now())));
  REQUIRE(is<send>(x.receive(w.offer(), w.env_now())));
  REQUIRE(is<toy_question>(x.receive(w.second(), w.env_now())));
  const auto s = x.answer(toy_answer{pin}, w.env_now());
  const auto under_the_long_term_key = [&](reply_spec& r) { r.seal_with = &w.client_key; };
  REQUIRE(why(x.receive(w.as_rep(sent(s), honest), w.env_now())).code == errc::missing_field);
  REQUIRE(why(x.receive(w.replaced(sent(s), under_the_long_term_key), w.env_now())).code == errc::integrity);
  // and the forged replies have spoiled nothing
  REQUIRE(is<done>(x.receive(w.replaced(sent(s), honest), w.env_now())));
}

TEST_CASE("as_client: the long-term key is asked for when the mechanism wants it", "[exchange][rfc4120-3.1.3]") {
  toy_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.password = {};
  client x(ask);
  REQUIRE(is<send>(x.start(w.env_now())));
  REQUIRE(is<send>(x.receive(w.offer(), w.env_now())));  // no key for the first round
  REQUIRE(is<toy_question>(x.receive(w.second(), w.env_now())));
  REQUIRE(is<need_key>(x.answer(toy_answer{pin}, w.env_now())));
  const auto s = x.provide(w.client_key.copy(), w.env_now());
  REQUIRE(w.proves(sent(s)));
  REQUIRE(is<done>(x.receive(w.replaced(sent(s), honest), w.env_now())));
}
TEST_CASE("as_client: a hint of the first round counts in the second, where MIT krb5 does not repeat it",
          "[exchange][rfc4120-5.2.7.5][rfc6113-2]") {
  std::vector<std::uint8_t> long_salt(257, 's');
  const auto asked_with = [&](std::optional<kerberos_string> salt) -> std::string {
    toy_world w;
    w.salt = salt;
    w.hints_each_time = false;
    std::array<std::uint8_t, 2048> buffer{};
    as_params<key> ask = w.ask_as(buffer);
    ask.password = {};
    client x(ask);
    REQUIRE(is<send>(x.start(w.env_now())));
    REQUIRE(is<send>(x.receive(w.offer(), w.env_now())));
    client moved(std::move(x));
    REQUIRE(is<toy_question>(moved.receive(w.second(), w.env_now())));
    const auto s = moved.answer(toy_answer{pin}, w.env_now());
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
  toy_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.password = {};
  client x(ask);
  REQUIRE(is<send>(x.start(w.env_now())));
  const auto s = x.receive(w.offer(), w.env_now());
  REQUIRE(is<need_key>(x.receive(w.replaced(sent(s), honest), w.env_now())));
  REQUIRE(is<done>(x.provide(w.client_key.copy(), w.env_now())));
}

TEST_CASE("as_client: a question that is not answered ends the exchange", "[exchange]") {
  toy_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  REQUIRE(is<send>(x.start(w.env_now())));
  REQUIRE(is<send>(x.receive(w.offer(), w.env_now())));
  REQUIRE(is<toy_question>(x.receive(w.second(), w.env_now())));
  REQUIRE(fails_with(x.answer(toy_answer{}, w.env_now()), errc::no_preauth_mechanism, ""));
}
/// A mechanism that cannot use the key it asks for.
struct picky {
  static constexpr padata_t types[] = {padata_t(4005)};
  using step = no_steps;
  unsigned* considered;
  unsigned* forgotten;
  template <crypto_policy C>
  constexpr preauth_outcome<> consider(const preauth_context<typename C::key>& ctx, const environment<C>&) {
    ++*considered;
    if (ctx.key == nullptr) return preauth::wants_key{};
    return preauth::skip{};
  }
  constexpr void write(der::writer&) const {}
  template <crypto_policy C>
  constexpr result<reply_key<typename C::key>> finish(const msg::MethodData&, const preauth_context<typename C::key>&,
                                                      const typename C::key*, const environment<C>&) const {
    return errc::no_key;
  }
  constexpr void forget() { ++*forgotten; }
};
/// The error of a KDC that offers these, each without a value but the challenge.
bytes_view offering(toy_world& w, std::initializer_list<padata_t> types,
                    error_code_t code = error_code_t::kdc_err_preauth_required) {
  static std::vector<std::uint8_t> octets;
  const msg::EtypeInfo2Entry entries[] = {{e20, {}, {}}};
  std::array<std::uint8_t, 400> info{};
  std::vector<msg::PaData> list{{padata_t::etype_info2, must(asn1::encode(msg::EtypeInfo2(view_of(entries)), info))}};
  for (const padata_t t : types) list.push_back({t, t == toy_challenge ? bytes_view(challenge) : bytes_view()});
  octets.assign(64 + 16 * list.size(), 0);
  return w.error(code, must(asn1::encode(msg::MethodData(view_of<msg::PaData>(list)), octets)));
}

TEST_CASE("as_client: when a mechanism cannot use the key it asked for, the next one is tried", "[exchange]") {
  using picky_client = as_client<policy, mechanisms<picky, enc_timestamp>>;
  for (const bool has_password : {true, false}) {
    for (const bool offers_another : {true, false}) {
      toy_world w;
      unsigned considered = 0, forgotten = 0;
      std::array<std::uint8_t, 2048> buffer{};
      as_params<key> ask = w.ask_as(buffer);
      if (!has_password) ask.password = {};
      picky_client x(ask, {picky{&considered, &forgotten}, enc_timestamp{}});
      REQUIRE(is<send>(x.start(w.env_now())));
      const padata_t another = offers_another ? padata_t::enc_timestamp : padata_t(4006);
      auto s = x.receive(offering(w, {padata_t(4005), another, padata_t(4005)}), w.env_now());
      if (!has_password) {
        REQUIRE(is<need_key>(s));
        s = x.provide(w.client_key.copy(), w.env_now());
      }
      if (!offers_another) {
        REQUIRE(fails_with(s, errc::no_preauth_mechanism, ""));
        REQUIRE(considered == 3);  // twice for the first element, once for the other
        REQUIRE(forgotten == 1);
        continue;
      }
      REQUIRE(is<send>(s));
      REQUIRE(considered == 2);
      REQUIRE(forgotten == 0);
      const bytes_view request = std::get<send>(s).octets;
      REQUIRE(w.padata_of(request, padata_t::enc_timestamp));
      REQUIRE(is<done>(x.receive(w.as_rep(request, honest), w.env_now())));
      REQUIRE(forgotten == 1);
    }
  }
}
TEST_CASE("as_client: a mechanism can wipe its secrets when the exchange fails and when it is over", "[exchange]") {
  using picky_client = as_client<policy, mechanisms<picky, enc_timestamp>>;
  toy_world w;
  unsigned considered = 0, forgotten = 0;
  std::array<std::uint8_t, 2048> buffer{};
  picky_client x(w.ask_as(buffer), {picky{&considered, &forgotten}, enc_timestamp{}});
  REQUIRE(is<send>(x.start(w.env_now())));
  REQUIRE(forgotten == 0);
  REQUIRE(is<failed>(x.abandon({.code = errc::no_answer})));
  REQUIRE(forgotten == 1);

  client y(w.ask_as(buffer));
  REQUIRE(is<send>(y.start(w.env_now())));
  REQUIRE(is<send>(y.receive(w.offer(), w.env_now())));
  REQUIRE(is<toy_question>(y.receive(w.second(), w.env_now())));
  REQUIRE(is<send>(y.answer(toy_answer{pin}, w.env_now())));
  REQUIRE(is<failed>(y.abandon({.code = errc::no_answer})));
  std::array<std::uint8_t, sizeof(client)> octets{};  // of the whole exchange
  std::memcpy(octets.data(), &y, sizeof(client));
  REQUIRE(!holds(octets, bytes_view(pin)));
}
TEST_CASE("as_client: when a mechanism's step is not answered, the next mechanism is tried", "[exchange]") {
  toy_world w;
  std::vector<std::vector<std::uint8_t>> buffers;
  buffers.reserve(64);
  buffers.emplace_back(0);
  client x(w.ask_as(buffers.back()));
  bool grew = false;
  const auto go = [&](auto call) {  // in the smallest buffer that does
    auto s = call();
    grew = is<need_buffer>(s);
    while (const auto* n = std::get_if<need_buffer>(&s)) {
      const std::size_t size = n->size;
      REQUIRE(x.set_buffer(buffers.emplace_back(size)));
      s = call();
    }
    return s;
  };
  REQUIRE(is<send>(go([&] { return x.start(w.env_now()); })));
  REQUIRE(is<send>(go([&] { return x.receive(w.offer(), w.env_now()); })));
  const bytes_view both =
      offering(w, {toy_challenge, padata_t::enc_timestamp}, error_code_t::kdc_err_more_preauth_data_required);
  REQUIRE(is<toy_question>(go([&] { return x.receive(both, w.env_now()); })));
  const auto s = go([&] { return x.answer(toy_answer{}, w.env_now()); });
  REQUIRE(grew);  // the same answer was given again
  REQUIRE(w.padata_of(sent(s), padata_t::enc_timestamp));
  REQUIRE(!w.padata_of(sent(s), toy_proof));
  REQUIRE(is<done>(go([&] { return x.receive(w.as_rep(sent(s), honest), w.env_now()); })));
}
TEST_CASE("as_client: an offer that names a mechanism many times is worked off without recursion", "[exchange]") {
  using picky_client = as_client<policy, mechanisms<picky, enc_timestamp>>;
  toy_world w;
  unsigned considered = 0, forgotten = 0;
  std::array<std::uint8_t, 2048> buffer{};
  picky_client x(w.ask_as(buffer), {picky{&considered, &forgotten}, enc_timestamp{}});
  REQUIRE(is<send>(x.start(w.env_now())));
  std::vector<msg::PaData> list(20000, msg::PaData{padata_t(4005), {}});
  std::vector<std::uint8_t> data(20 * list.size()), whole(21 * list.size());
  msg::KrbError e;
  e.stime = w.now.at;
  e.error_code = error_code_t::kdc_err_preauth_required;
  e.realm = ex_org;
  e.sname = krbtgt().name;
  e.e_data = must(asn1::encode(msg::MethodData(view_of<msg::PaData>(list)), data));
  REQUIRE(fails_with(x.receive(must(asn1::encode(e, whole)), w.env_now()), errc::no_preauth_mechanism, ""));
  REQUIRE(considered == 20001);
}
TEST_CASE("as_client: an answer is misuse unless the mechanism has asked", "[exchange]") {
  toy_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const auto misused = [](const client::step& s) { return is<failed>(s) && why(s).code == errc::api_misuse; };
  client idle(w.ask_as(buffer));
  REQUIRE(misused(idle.answer(toy_answer{pin}, w.env_now())));
  client waiting(w.ask_as(buffer));
  REQUIRE(is<send>(waiting.start(w.env_now())));
  REQUIRE(misused(waiting.answer(toy_answer{pin}, w.env_now())));
  // and while it waits for the answer, every other call is
  for (int call = 0; call != 3; ++call) {
    client x(w.ask_as(buffer));
    REQUIRE(is<send>(x.start(w.env_now())));
    REQUIRE(is<send>(x.receive(w.offer(), w.env_now())));
    REQUIRE(is<toy_question>(x.receive(w.second(), w.env_now())));
    if (call == 0) {
      REQUIRE(is<ignored>(x.receive(w.second(), w.env_now())));  // anybody can send a datagram
      REQUIRE(misused(x.receive(w.second(), w.env_now(), transport::stream)));
    }
    if (call == 1) REQUIRE(misused(x.provide(w.client_key.copy(), w.env_now())));
    if (call == 2) REQUIRE(misused(x.start(w.env_now())));
  }
}
TEST_CASE("as_client: a message that changed before the answer fails", "[exchange]") {
  toy_world w;
  std::array<std::uint8_t, 2048> buffer{};
  std::array<std::uint8_t, 512> wire{};
  client x(w.ask_as(buffer));
  REQUIRE(is<send>(x.start(w.env_now())));
  REQUIRE(is<send>(x.receive(w.offer(), w.env_now())));
  const bytes_view second = w.second();
  for (std::size_t i = 0; i != second.size(); ++i) wire[i] = second[i];
  REQUIRE(is<toy_question>(x.receive(bytes_view(wire).first(second.size()), w.env_now())));
  wire.fill(0);
  REQUIRE(is<failed>(x.answer(toy_answer{pin}, w.env_now())));
}
TEST_CASE("as_client: without a question of the toy, the encrypted timestamp is used", "[exchange][rfc4120-5.2.7]") {
  toy_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  REQUIRE(is<send>(x.start(w.env_now())));
  const auto s = x.receive(w.hints(), w.env_now());
  REQUIRE(w.padata_of(sent(s), padata_t::enc_timestamp));
  REQUIRE_FALSE(w.padata_of(sent(s), toy_hello));
  REQUIRE(is<done>(x.receive(w.as_rep(sent(s), honest), w.env_now())));
}
TEST_CASE("as_client: a mechanism that cannot follow the KDC's clock ends the exchange with the clock's error",
          "[exchange][rfc4120-3.1.5]") {
  toy_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.follow_kdc_clock = true;
  client x(ask);
  REQUIRE(is<send>(x.start(w.env_now())));
  REQUIRE(is<send>(x.receive(w.offer(), w.env_now())));
  REQUIRE(fails_with(x.receive(w.error(error_code_t::krb_ap_err_skew), w.env_now()), errc::clock_skew, "error-code"));
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
  in = w.replaced(sent(s), honest);
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
TEST_CASE("as_client: an exchange of several rounds takes nothing from the heap", "[exchange]") {
  toy_world w;
  std::array<std::uint8_t, 2048> buffer{};
  bool ok = false;
  {
    const no_allocations none;
    client x(w.ask_as(buffer));
    auto s = x.start(w.env_now());
    s = x.receive(w.offer(), w.env_now());
    s = x.receive(w.second(), w.env_now());
    s = x.answer(toy_answer{pin}, w.env_now());
    s = x.receive(w.replaced(sent(s), honest), w.env_now());
    ok = is<done>(s) && std::move(x).take().has_value();
  }
  REQUIRE(ok);
}

namespace {
/// Breaks the rules of a mechanism.
template <int Fault>
class faulty {
 public:
  static constexpr padata_t types[] = {padata_t::enc_timestamp};
  using step = no_steps;
  template <crypto_policy C>
  constexpr preauth_outcome<> consider(const preauth_context<typename C::key>& ctx, const environment<C>&) {
    if (Fault == 0) return preauth::wants_key{};          // for ever
    if (Fault == 1) return preauth::wants_body{1000};     // for ever
    if (ctx.body.empty()) return preauth::wants_body{4};  // and writes more
    return preauth::ready{};
  }
  constexpr void write(der::writer& w) const { asn1::write(w, msg::PaData{padata_t(1000), {}}); }
  template <crypto_policy C>
  constexpr result<reply_key<typename C::key>> finish(const msg::MethodData&, const preauth_context<typename C::key>&,
                                                      const typename C::key*, const environment<C>&) const {
    return errc::no_key;
  }
};
template <int Fault>
errc fault_found() {
  kdc_world w;
  std::array<std::uint8_t, 4096> buffer{};
  as_client<policy, mechanisms<faulty<Fault>>> x(w.ask_as(buffer));
  if (!is<send>(x.start(w.env_now()))) return errc::ok;
  return why(x.receive(w.hints(), w.env_now())).code;
}
}  // namespace
TEST_CASE("as_client: a mechanism that breaks its contract is misuse", "[exchange]") {
  REQUIRE(fault_found<0>() == errc::api_misuse);
  REQUIRE(fault_found<1>() == errc::api_misuse);
  REQUIRE(fault_found<2>() == errc::api_misuse);
}
TEST_CASE("as_client: a reply that the mechanism does not want is ignored, and no key is asked for",
          "[exchange][rfc4120-3.1.5]") {
  toy_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.password = {};
  client x(ask);
  REQUIRE(is<send>(x.start(w.env_now())));
  REQUIRE(is<send>(x.receive(w.offer(), w.env_now())));
  REQUIRE(is<toy_question>(x.receive(w.second(), w.env_now())));
  REQUIRE(is<need_key>(x.answer(toy_answer{pin}, w.env_now())));
  const auto s = x.provide(w.client_key.copy(), w.env_now());
  const msg::EtypeInfo2Entry entries[] = {{e20, "forged"_krb, {}}};
  std::array<std::uint8_t, 64> info{};
  const msg::PaData list[] = {{padata_t::etype_info2, must(asn1::encode(msg::EtypeInfo2(view_of(entries)), info))}};
  const auto forge = [&](reply_spec& r) { r.padata = msg::MethodData(view_of(list)); };
  const auto passed_over = x.receive(w.as_rep(sent(s), forge), w.env_now());  // without what the mechanism needs
  REQUIRE(is<ignored>(passed_over));
  REQUIRE(why(passed_over).code == errc::missing_field);
  REQUIRE(is<done>(x.receive(w.replaced(sent(s), honest), w.env_now())));
}

namespace {
/// Makes padata of `Size` octets around the body, and wants to see the body again in the reply.
template <std::size_t Size>
class body_user {
 public:
  static constexpr padata_t types[] = {padata_t::enc_timestamp};
  using step = no_steps;
  template <crypto_policy C>
  constexpr preauth_outcome<> consider(const preauth_context<typename C::key>& ctx, const environment<C>&) {
    const auto before = asn1::decode<msg::AsReq>(ctx.previous_request);
    previous_is_whole = previous_is_whole && before.has_value();
    if (ctx.body.empty()) return preauth::wants_body{asn1::encoded_size(padata())};
    const auto body = asn1::decode<msg::KdcReqBody>(ctx.body);
    body_is_whole = body_is_whole && body && before && same_name(*body->cname, *before->req_body->cname);
    return preauth::ready{};
  }
  constexpr void write(der::writer& w) const { asn1::write(w, padata()); }
  template <crypto_policy C>
  constexpr result<reply_key<typename C::key>> finish(const msg::MethodData&,
                                                      const preauth_context<typename C::key>& ctx,
                                                      const typename C::key* k, const environment<C>&) const {
    if (k == nullptr) return errc::no_key;
    const auto request = asn1::decode<msg::AsReq>(ctx.previous_request);
    if (!request || !(request->req_body.octets() == ctx.body)) return errc::missing_field;
    return reply_key<typename C::key>(ref(*k));
  }
  bool previous_is_whole = true, body_is_whole = true;

 private:
  static constexpr std::array<std::uint8_t, Size> zeros{};
  static constexpr msg::PaData padata() { return {padata_t(1000), bytes_view(zeros)}; }
};
}  // namespace
TEST_CASE("as_client: a mechanism sees the body of the request that was sent, also beside the reply", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 4096> buffer{};
  as_client<policy, mechanisms<body_user<4>>> x(w.ask_as(buffer));
  REQUIRE(is<send>(x.start(w.env_now())));
  const auto s = x.receive(w.hints(), w.env_now());
  REQUIRE(is<send>(s));
  const bytes_view request = std::get<send>(s).octets;
  REQUIRE(is<done>(x.receive(w.as_rep(request, honest), w.env_now())));
}

namespace {
/// Notes what it saw, since the exchange keeps the mechanism.
struct seen_by {
  bool previous = true, body = true;
};
class watcher : public body_user<4> {
 public:
  explicit watcher(seen_by& to) : to_(&to) {}
  template <crypto_policy C>
  preauth_outcome<> consider(const preauth_context<typename C::key>& ctx, const environment<C>& env) {
    auto o = body_user<4>::consider(ctx, env);
    to_->previous = previous_is_whole;
    to_->body = body_is_whole;
    return o;
  }

 private:
  seen_by* to_;
};
}  // namespace
TEST_CASE("as_client: the body for a mechanism has space beside the last request, and takes no more", "[exchange]") {
  // The second request is hardly longer than the first, so the two bodies decide
  const std::string name(300, 'x');
  std::vector<std::uint8_t> octets(name.begin(), name.end());
  const kerberos_string parts[] = {kerberos_string{bytes_view(octets)}};
  kdc_world w;
  std::vector<std::uint8_t> first, second, just;
  seen_by seen;
  as_params<key> ask = w.ask_as(first);
  ask.client = named(parts);
  ask.password = {};
  ask.key = w.client_key;
  as_client<policy, mechanisms<watcher>> x(ask, std::tuple<watcher>(watcher(seen)));
  auto s = x.start(w.env_now());
  first.resize(std::get<need_buffer>(s).size);
  REQUIRE(x.set_buffer(first));
  s = x.start(w.env_now());
  REQUIRE(is<send>(s));
  const std::size_t one = std::get<send>(s).octets.size();
  s = x.receive(w.hints(), w.env_now());
  REQUIRE(is<need_buffer>(s));
  const std::size_t n = std::get<need_buffer>(s).size;
  REQUIRE(n > first.size() + one / 2);  // last request and body together
  second.resize(n - 1);
  REQUIRE(x.set_buffer(second));
  s = x.receive(w.hints(), w.env_now());
  REQUIRE(is<need_buffer>(s));
  REQUIRE(std::get<need_buffer>(s).size == n);
  just.resize(n);
  REQUIRE(x.set_buffer(just));
  s = x.receive(w.hints(), w.env_now());
  REQUIRE(is<send>(s));
  REQUIRE(seen.previous);
  REQUIRE(seen.body);
  REQUIRE(std::get<send>(s).octets.size() + 100 < n);  // the request alone would have needed less

  // And where the padata are long, the request decides
  std::vector<std::uint8_t> other, more;
  as_params<key> again = w.ask_as(other);
  again.password = {};
  again.key = w.client_key;
  as_client<policy, mechanisms<body_user<1000>>> y(again);
  auto t = y.start(w.env_now());
  other.resize(std::get<need_buffer>(t).size);
  REQUIRE(y.set_buffer(other));
  REQUIRE(is<send>(y.start(w.env_now())));
  t = y.receive(w.hints(), w.env_now());
  REQUIRE(is<need_buffer>(t));
  more.resize(std::get<need_buffer>(t).size);
  REQUIRE(more.size() > 1000 + other.size());
  REQUIRE(y.set_buffer(more));
  t = y.receive(w.hints(), w.env_now());
  REQUIRE(is<send>(t));
  REQUIRE(std::get<send>(t).octets.size() + 64 > more.size());
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
    REQUIRE(w.proves(sent(s)));
    break;
  }
  REQUIRE(most != 0);
}

namespace {
/// Makes its first padata without a key, and wants one when the clock is followed, where there are no hints.
class late_key {
 public:
  static constexpr padata_t types[] = {padata_t::enc_timestamp};
  using step = no_steps;
  template <crypto_policy C>
  constexpr preauth_outcome<> consider(const preauth_context<typename C::key>& ctx, const environment<C>&) {
    if (ctx.new_clock && ctx.key == nullptr) return preauth::wants_key{};
    return preauth::ready{};
  }
  constexpr void write(der::writer& w) const { asn1::write(w, msg::PaData{padata_t(1000), {}}); }
  template <crypto_policy C>
  constexpr result<reply_key<typename C::key>> finish(const msg::MethodData&, const preauth_context<typename C::key>&,
                                                      const typename C::key*, const environment<C>&) const {
    return errc::no_key;
  }
};
}  // namespace
TEST_CASE("as_client: a mechanism that wants its first key when the clock is followed is misuse", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.follow_kdc_clock = true;
  as_client<policy, mechanisms<late_key>> x(ask);
  REQUIRE(is<send>(x.start(w.env_now())));
  REQUIRE(is<send>(x.receive(w.hints(), w.env_now())));
  REQUIRE(fails_with(x.receive(w.error(error_code_t::krb_ap_err_skew), w.env_now()), errc::api_misuse, ""));
}
TEST_CASE("as_client: no space for a body is asked for where no mechanism wants one", "[exchange]") {
  const std::string name(300, 'x');
  std::vector<std::uint8_t> octets(name.begin(), name.end());
  const kerberos_string parts[] = {kerberos_string{bytes_view(octets)}};
  kdc_world w;
  std::vector<std::uint8_t> first, just;
  as_params<key> ask = w.ask_as(first);
  ask.client = named(parts);
  ask.password = {};
  ask.key = w.client_key;
  as_client<policy, mechanisms<late_key>> x(ask);
  auto s = x.start(w.env_now());
  first.resize(std::get<need_buffer>(s).size);
  REQUIRE(x.set_buffer(first));
  REQUIRE(is<send>(x.start(w.env_now())));
  s = x.receive(w.hints(), w.env_now());
  REQUIRE(is<need_buffer>(s));
  just.resize(std::get<need_buffer>(s).size);
  REQUIRE(just.size() < first.size() + 60);
  REQUIRE(x.set_buffer(just));
  REQUIRE(is<send>(x.receive(w.hints(), w.env_now())));
}
