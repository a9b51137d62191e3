// The AS client with mechanisms that skip, wipe themselves, break their contract, or use the body of the request.
#include <kerb/exchange/client/as.hpp>

#include <cstring>
#include <string>
#include <vector>

#include "support/both.hpp"
#include "support/toy_world.hpp"

using namespace kerb_test;

namespace {
using policy = testing::insecure_policy;
using client = toy_client;

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
using picky_login = login_of<as_client<policy, mechanisms<picky, enc_timestamp>>, toy_world>;
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
}  // namespace

TEST_CASE("as_client: when a mechanism cannot use the key it asked for, the next one is tried", "[exchange]") {
  for (const bool has_password : {true, false}) {
    for (const bool offers_another : {true, false}) {
      unsigned considered = 0, forgotten = 0;
      const auto change = [&](auto& ask) {
        if (!has_password) ask.password = {};
      };
      picky_login login(change, std::tuple(picky{&considered, &forgotten}, enc_timestamp{}));
      REQUIRE(is<send>(login.start()));
      const padata_t another = offers_another ? padata_t::enc_timestamp : padata_t(4006);
      auto s = login.receive(offering(login.w, {padata_t(4005), another, padata_t(4005)}));
      if (!has_password) {
        REQUIRE(is<need_key>(s));
        s = login.provide(login.w.client_key.copy());
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
      REQUIRE(login.w.padata_of(login.sent, padata_t::enc_timestamp));
      REQUIRE(is<done>(login.reply(honest)));
      REQUIRE(forgotten == 1);
    }
  }
}

TEST_CASE("as_client: a mechanism can wipe its secrets when the exchange fails and when it is over", "[exchange]") {
  unsigned considered = 0, forgotten = 0;
  picky_login login([](auto&) {}, std::tuple(picky{&considered, &forgotten}, enc_timestamp{}));
  REQUIRE(is<send>(login.start()));
  REQUIRE(forgotten == 0);
  REQUIRE(is<failed>(login.x.abandon({.code = errc::no_answer})));
  REQUIRE(forgotten == 1);

  toy_login with_a_pin;
  REQUIRE(is<send>(with_a_pin.start()));
  REQUIRE(is<send>(with_a_pin.offer()));
  REQUIRE(is<toy_question>(with_a_pin.second()));
  REQUIRE(is<send>(with_a_pin.answer(toy_answer{pin})));
  REQUIRE(is<failed>(with_a_pin.x.abandon({.code = errc::no_answer})));
  std::array<std::uint8_t, sizeof(client)> octets{};  // of the whole exchange
  std::memcpy(octets.data(), &with_a_pin.x, sizeof(client));
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
  REQUIRE(w.padata_of(octets_of_send(s), padata_t::enc_timestamp));
  REQUIRE(!w.padata_of(octets_of_send(s), toy_proof));
  REQUIRE(is<done>(go([&] { return x.receive(w.as_rep(octets_of_send(s), honest), w.env_now()); })));
}

TEST_CASE("as_client: an offer that names a mechanism many times is worked off without recursion", "[exchange]") {
  unsigned considered = 0, forgotten = 0;
  picky_login login([](auto&) {}, std::tuple(picky{&considered, &forgotten}, enc_timestamp{}));
  REQUIRE(is<send>(login.start()));
  std::vector<msg::PaData> list(20000, msg::PaData{padata_t(4005), {}});
  std::vector<std::uint8_t> data(20 * list.size()), whole(21 * list.size());
  msg::KrbError e;
  e.stime = noon.at;
  e.error_code = error_code_t::kdc_err_preauth_required;
  e.realm = ex_org;
  e.sname = krbtgt().name;
  e.e_data = must(asn1::encode(msg::MethodData(view_of<msg::PaData>(list)), data));
  REQUIRE(fails_with(login.receive(must(asn1::encode(e, whole))), errc::no_preauth_mechanism, ""));
  REQUIRE(considered == 20001);
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
  toy_world w;
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
  toy_world w;
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
  toy_world w;
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
  toy_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_params<key> ask = w.ask_as(buffer);
  ask.follow_kdc_clock = true;
  as_client<policy, mechanisms<late_key>> x(ask);
  REQUIRE(is<send>(x.start(w.env_now())));
  REQUIRE(is<send>(x.receive(w.hints(), w.env_now())));
  REQUIRE(fails_with(x.receive(w.error(error_code_t::krb_ap_err_skew), w.env_now()), errc::api_misuse, ""));
}

namespace {
struct wants_a_pin {};
struct no_pin {};
/// Asks its caller when the clock is followed, and skips after the answer.
class asks_when_the_clock_is_followed {
 public:
  static constexpr padata_t types[] = {padata_t::enc_timestamp};
  using step = std::variant<wants_a_pin>;
  template <crypto_policy C>
  constexpr preauth_outcome<step> consider(const preauth_context<typename C::key>& ctx, const environment<C>&) {
    if (ctx.new_clock) return wants_a_pin{};
    return preauth::ready{};
  }
  template <crypto_policy C>
  constexpr preauth_outcome<step> answer(const no_pin&, const preauth_context<typename C::key>&,
                                         const environment<C>&) {
    return preauth::skip{};
  }
  constexpr void write(der::writer& w) const { asn1::write(w, msg::PaData{padata_t(1000), {}}); }
  template <crypto_policy C>
  constexpr result<reply_key<typename C::key>> finish(const msg::MethodData&, const preauth_context<typename C::key>&,
                                                      const typename C::key*, const environment<C>&) const {
    return errc::no_key;
  }
};
}  // namespace

TEST_CASE("as_client: a stray datagram between a KDC's clock and the answer to a mechanism's step changes nothing",
          "[exchange]") {
  for (const bool stray : {false, true}) {
    toy_world w;
    std::array<std::uint8_t, 2048> buffer{};
    as_params<key> ask = w.ask_as(buffer);
    ask.follow_kdc_clock = true;
    as_client<policy, mechanisms<asks_when_the_clock_is_followed>> x(ask);
    REQUIRE(is<send>(x.start(w.env_now())));
    REQUIRE(is<send>(x.receive(w.hints(), w.env_now())));
    REQUIRE(is<wants_a_pin>(x.receive(w.error(error_code_t::krb_ap_err_skew), w.env_now())));
    if (stray) REQUIRE(is<ignored>(x.receive(bytes_view(pin), w.env_now())));
    const auto s = x.answer(no_pin{}, w.env_now());
    REQUIRE(why(s).code == errc::clock_skew);
    REQUIRE(why(s).detail == static_cast<std::uint32_t>(error_code_t::krb_ap_err_skew));
  }
}

TEST_CASE("as_client: no space for a body is asked for where no mechanism wants one", "[exchange]") {
  const std::string name(300, 'x');
  std::vector<std::uint8_t> octets(name.begin(), name.end());
  const kerberos_string parts[] = {kerberos_string{bytes_view(octets)}};
  toy_world w;
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
