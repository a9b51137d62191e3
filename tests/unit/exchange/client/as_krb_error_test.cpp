// What the AS client makes of a KRB-ERROR: refusals, hints, cookies and the KDC's clock.
#include <kerb/exchange/client/as.hpp>

#include "support/as_login.hpp"
#include "support/both.hpp"

using namespace kerb_test;
using client = as_client<testing::insecure_policy>;

namespace {
std::optional<bytes_view> cookie_in(bytes_view request) {
  const auto req = asn1::decode<msg::AsReq>(request);
  if (!req || !req->padata) return std::nullopt;
  for (const msg::PaData pa : *req->padata)
    if (pa.padata_type == padata_t::fx_cookie) return pa.padata_value;
  return std::nullopt;
}
bool has_timestamp(bytes_view request) {
  const auto req = asn1::decode<msg::AsReq>(request);
  if (!req || !req->padata) return false;
  for (const msg::PaData pa : *req->padata)
    if (pa.padata_type == padata_t::enc_timestamp) return true;
  return false;
}
}  // namespace

// ---- refusals

TEST_CASE("as_client: a KRB-ERROR ends the exchange with its code", "[exchange][rfc4120-3.1.6]") {
  for (error_code_t code :
       {error_code_t::kdc_err_c_principal_unknown, error_code_t::kdc_err_s_principal_unknown,
        error_code_t::kdc_err_key_expired, error_code_t::kdc_err_etype_nosupp, error_code_t::kdc_err_wrong_realm,
        error_code_t::kdc_err_client_revoked, error_code_t::krb_err_generic, error_code_t(4711)}) {
    as_login login;
    REQUIRE(is<send>(login.start()));
    const auto s = login.error(code);
    REQUIRE(fails_with(s, errc::kdc_error, "error-code"));
    REQUIRE(why(s).detail == static_cast<std::uint32_t>(code));
    REQUIRE(login.x.peer_error()->error_code == code);
    REQUIRE(why(login.error(error_code_t::kdc_err_policy)).detail == static_cast<std::uint32_t>(code));
  }
}

TEST_CASE("as_client: no truncation of a KRB-ERROR is taken for one", "[exchange][rfc4120-5.9.1]") {
  as_login login;
  REQUIRE(is<send>(login.start()));
  const bytes_view whole = login.w.error(error_code_t::kdc_err_policy);
  for (std::size_t n = 0; n != whole.size(); ++n) {
    INFO(n);
    const auto s = login.receive(whole.first(n));
    REQUIRE(is<ignored>(s));
    REQUIRE(is_malformed(why(s).code));
    REQUIRE_FALSE(login.x.peer_error());
  }
}

TEST_CASE("as_client: a second refusal of the timestamp is the end", "[exchange][rfc4120-3.1.6]") {
  as_login login;
  REQUIRE(is<send>(login.start()));
  REQUIRE(is<send>(login.hints()));
  const auto s = login.hints({.code = error_code_t::kdc_err_preauth_failed});
  REQUIRE(fails_with(s, errc::kdc_error, "error-code"));
  REQUIRE(why(s).detail == 24);
}

TEST_CASE("as_client: a refusal whose e-data is of another type is a refusal all the same",
          "[exchange][rfc4120-5.9.1]") {
  const std::uint8_t typed[] = {0x30, 0x09, 0xa1, 0x03, 0x02, 0x01, 0x03, 0xa2, 0x02, 0x04, 0x00};
  as_login login;
  REQUIRE(is<send>(login.start()));
  REQUIRE(is<send>(login.hints()));
  const auto s = login.error(error_code_t::kdc_err_preauth_failed, bytes_view(typed));
  REQUIRE(fails_with(s, errc::kdc_error, "error-code"));
  REQUIRE(why(s).detail == 24);
}

TEST_CASE("as_client: a KDC with which nothing is left to try has refused, but in the first round", "[exchange]") {
  const auto ended = [&](bool second_round, error_code_t code) {
    as_login login;
    REQUIRE(is<send>(login.start()));
    if (second_round) REQUIRE(is<send>(login.hints()));
    return why(login.hints({.code = code, .timestamp = false})).code;
  };
  REQUIRE(ended(false, error_code_t::kdc_err_preauth_required) == errc::no_preauth_mechanism);
  REQUIRE(ended(false, error_code_t::kdc_err_more_preauth_data_required) == errc::no_preauth_mechanism);
  REQUIRE(ended(false, error_code_t::kdc_err_preauth_failed) == errc::kdc_error);
  REQUIRE(ended(true, error_code_t::kdc_err_more_preauth_data_required) == errc::kdc_error);
}

TEST_CASE("as_client: a reply too big for a datagram is asked for again over a stream, once",
          "[exchange][rfc4120-7.2.1]") {
  as_login login;
  const auto first = login.start();
  const auto again = login.error(error_code_t::krb_err_response_too_big);
  REQUIRE(is<send>(again));
  REQUIRE(std::get<send>(again).octets == octets_of_send(first));
  REQUIRE(std::get<send>(again).via == transport::stream);
  REQUIRE_FALSE(std::get<send>(again).fresh);
  // from now on an answer is one on the stream, unless the caller says otherwise
  REQUIRE(is<failed>(login.receive(bytes_view())));
  as_login twice;
  REQUIRE(is<send>(twice.start()));
  REQUIRE(is<send>(twice.error(error_code_t::krb_err_response_too_big)));
  REQUIRE(is<failed>(twice.error(error_code_t::krb_err_response_too_big)));
}

TEST_CASE("as_client: once a stream was asked for, a stray datagram changes nothing in any state",
          "[exchange][rfc4120-7.2.1][security]") {
  as_login login(without_password);
  const auto strays = [&] {
    return is<ignored>(login.receive(bytes_view(), transport::datagram)) &&
           is<ignored>(login.error(error_code_t::krb_err_response_too_big, {}, transport::datagram)) &&
           is<ignored>(login.error(error_code_t::kdc_err_policy, {}, transport::datagram));
  };
  REQUIRE(is<send>(login.start()));
  REQUIRE(is<send>(login.error(error_code_t::krb_err_response_too_big)));  // anyone can send this one
  REQUIRE(strays());
  const bytes_view hints = login.w.hints();
  const std::vector<std::uint8_t> kept(hints.begin(), hints.end());
  REQUIRE(is<need_key>(login.receive(kept, transport::stream)));
  REQUIRE(strays());
  REQUIRE(is<send>(login.provide(login.w.client_key.copy())));
  REQUIRE(strays());
  REQUIRE(is<done>(login.reply(honest, transport::stream)));
  REQUIRE(strays());
  REQUIRE(std::move(login.x).take());
}

TEST_CASE("as_client: the realm that a KDC names in place of the one asked is there for the caller",
          "[exchange][rfc6806-7]") {
  std::array<std::uint8_t, 256> wire{};
  msg::KrbError e;
  e.stime = noon.at;
  e.error_code = error_code_t::kdc_err_wrong_realm;
  e.realm = ex_org;
  e.sname = krbtgt().name;
  e.crealm = other_org;
  as_login login;
  REQUIRE(is<send>(login.start()));
  REQUIRE_FALSE(login.x.realm_named());
  REQUIRE(fails_with(login.receive(*asn1::encode(e, wire)), errc::kdc_error, "error-code"));
  wire.fill(0xdd);
  REQUIRE(login.x.realm_named() == other_org);

  // A reply that differs in the client's realm alone, passed over on a datagram
  as_login forged;
  forged.start();
  REQUIRE(is<ignored>(forged.reply([](reply_spec& s) { s.client = mallory(); })));
  REQUIRE(is<ignored>(forged.reply([](reply_spec& s) { s.client = named(mallory_parts, other_org); })));
  REQUIRE(is<ignored>(forged.reply([](reply_spec& s) { s.claimed = etype_t::rc4_hmac; })));
  REQUIRE_FALSE(forged.x.realm_named());
  REQUIRE(is<ignored>(forged.reply([](reply_spec& s) { s.client.realm = other_org; })));
  REQUIRE(forged.x.realm_named() == other_org);
}

TEST_CASE("as_client: a KRB-ERROR is not shown any more once its octets may have gone", "[exchange]") {
  as_login login;
  REQUIRE(is<send>(login.start()));
  REQUIRE(is<send>(login.hints()));
  REQUIRE(login.x.peer_error());
  REQUIRE(is<ignored>(login.receive(bytes_view())));
  REQUIRE_FALSE(login.x.peer_error());
  REQUIRE(is<failed>(login.error(error_code_t::kdc_err_policy)));
  REQUIRE(login.x.peer_error());
  REQUIRE(is<failed>(login.receive(bytes_view())));
  REQUIRE_FALSE(login.x.peer_error());
}

// ---- hints

TEST_CASE("as_client: a KDC that offers nothing we have ends the exchange", "[exchange][rfc4120-5.2.7]") {
  as_login login;
  REQUIRE(is<send>(login.start()));
  REQUIRE(fails_with(login.hints({.timestamp = false, .strangers = true}), errc::no_preauth_mechanism, ""));
  as_login without_hints;
  REQUIRE(is<send>(without_hints.start()));
  REQUIRE(fails_with(without_hints.error(error_code_t::kdc_err_preauth_required), errc::kdc_error, "error-code"));
}

TEST_CASE("as_client: broken hints are passed over on a datagram and fail on a stream", "[exchange]") {
  const std::uint8_t junk[] = {0x30, 0x80};
  for (const transport c : {transport::datagram, transport::stream}) {
    as_login login;
    REQUIRE(is<send>(login.start()));
    const auto s = login.error(error_code_t::kdc_err_preauth_required, bytes_view(junk), c);
    REQUIRE(is<failed>(s) == (c == transport::stream));
    REQUIRE(why(s).code == errc::non_minimal_length);
    if (c == transport::datagram) REQUIRE(is<send>(login.hints({}, c)));
  }
}

TEST_CASE("as_client: broken hints are passed over in the first round alone, where they ask for pre-authentication",
          "[exchange][rfc4120-5.9.1]") {
  const std::uint8_t junk[] = {0x30, 0x80};
  const auto ended = [&](bool second_round, error_code_t code) {
    as_login login;
    REQUIRE(is<send>(login.start()));
    if (second_round) REQUIRE(is<send>(login.hints()));
    return is<failed>(login.error(code, bytes_view(junk)));
  };
  REQUIRE_FALSE(ended(false, error_code_t::kdc_err_preauth_required));
  REQUIRE(ended(false, error_code_t::kdc_err_preauth_failed));
  REQUIRE(ended(true, error_code_t::kdc_err_preauth_required));
}

TEST_CASE("as_client: hints that are passed over leave nothing behind", "[exchange]") {
  std::array<std::uint8_t, 128> data{};
  const std::uint8_t junk[] = {0x30, 0x80};
  const msg::PaData list[] = {
      {padata_t::etype_info2, junk}, {padata_t::fx_cookie, junk}, {padata_t::enc_timestamp, {}}};
  const bytes_view broken = must(asn1::encode(msg::MethodData(view_of(list)), data));
  as_login login(following_the_clock);
  REQUIRE(is<send>(login.start()));
  REQUIRE(is<ignored>(login.error(error_code_t::kdc_err_preauth_required, broken)));
  const auto next = login.error(error_code_t::krb_ap_err_skew);
  REQUIRE(is<send>(next));
  REQUIRE_FALSE(cookie_in(octets_of_send(next)));
  REQUIRE_FALSE(has_timestamp(octets_of_send(next)));
  REQUIRE(is<done>(login.reply(honest)));
}

TEST_CASE("as_client: the answer to a datagram that was sent twice does not end the next round", "[exchange]") {
  for (const transport c : {transport::datagram, transport::stream}) {
    as_login login;
    REQUIRE(is<send>(login.start()));
    login.hints({}, c);
    const auto twice = login.hints({}, c);
    REQUIRE(why(twice).code == errc::kdc_error);
    REQUIRE(is<ignored>(twice) == (c == transport::datagram));
    if (c == transport::datagram) REQUIRE(is<done>(login.reply(honest, c)));
  }
}

namespace {
/// Always has something to say, so that a KDC could go on for ever.
class talkative {
 public:
  static constexpr padata_t types[] = {padata_t::enc_timestamp};
  using step = no_steps;
  template <crypto_policy C>
  constexpr preauth_outcome<> consider(const preauth_context<typename C::key>&, const environment<C>&) {
    return preauth::ready{};
  }
  constexpr void write(der::writer& w) const { asn1::write(w, msg::PaData{padata_t(1000), {}}); }
  template <crypto_policy C>
  constexpr result<reply_key<typename C::key>> finish(const msg::MethodData&, const preauth_context<typename C::key>&,
                                                      const typename C::key* k, const environment<C>&) const {
    if (k == nullptr) return errc::no_key;
    return reply_key<typename C::key>(ref(*k));
  }
};
using talkative_login = login_of<as_client<testing::insecure_policy, mechanisms<talkative>>>;
}  // namespace

TEST_CASE("as_client: a KDC that always wants more is bounded by the limits", "[exchange][rfc6113-5.2]") {
  talkative_login login([](auto& ask, auto& w) { ask.key = w.client_key; });
  login.w.limits.max_rounds = 4;
  REQUIRE(is<send>(login.start()));
  const error_code_t more[] = {error_code_t::kdc_err_preauth_required, error_code_t::kdc_err_more_preauth_data_required,
                               error_code_t::kdc_err_more_preauth_data_required};
  for (error_code_t code : more) REQUIRE(is<send>(login.hints({.code = code})));
  REQUIRE(fails_with(login.hints({.code = more[1]}), errc::too_many_rounds, ""));
}

TEST_CASE("as_client: a mechanism that wants no key has none made", "[exchange]") {
  talkative_login login(without_password);
  REQUIRE(is<send>(login.start()));
  REQUIRE(is<send>(login.hints({.etype = etype_t::des_cbc_md5})));
}

// ---- cookies

TEST_CASE("as_client: a cookie outlives the octets it came in, as long as it is sent", "[exchange][rfc6113-5.2]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  std::array<std::uint8_t, 512> wire{};
  const std::uint8_t cookie[] = {'M', 'I', 'T', 1, 2, 3}, longer[] = {'M', 'I', 'T', 1, 2, 3, 4, 5, 6, 7, 8, 9};
  as_params<key> ask = w.ask_as(buffer);
  ask.follow_kdc_clock = true;
  client x(ask);
  REQUIRE(is<send>(x.start(w.env_now())));
  const auto over_the_wire = [&](bytes_view v) {
    for (std::size_t i = 0; i != wire.size(); ++i) wire[i] = i < v.size() ? v[i] : 0xdd;
    return bytes_view(wire).first(v.size());
  };
  for (const bytes_view c : {bytes_view(cookie), bytes_view(longer), bytes_view(cookie)}) {
    std::array<std::uint8_t, 2048> large{};
    client y(ask);
    REQUIRE(is<send>(y.start(w.env_now())));
    const auto second = y.receive(over_the_wire(w.hints({.cookie = c})), w.env_now());
    REQUIRE(cookie_in(octets_of_send(second)) == std::optional(c));
    const auto third = y.receive(over_the_wire(w.error(error_code_t::krb_ap_err_skew)), w.env_now());
    REQUIRE(is<send>(third));
    REQUIRE(cookie_in(octets_of_send(third)) == std::optional(c));
    REQUIRE(has_timestamp(octets_of_send(third)));
    y.set_buffer(large);
    REQUIRE(is<done>(y.receive(w.as_rep(octets_of_send(third), honest), w.env_now())));
  }
}

TEST_CASE("as_client: the cookie that came last is the one that is sent again, in a buffer that just does",
          "[exchange][rfc6113-5.2]") {
  const std::uint8_t first[] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, second[] = {11, 12, 13, 14};
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  std::array<std::uint8_t, 512> wire{};
  as_params<key> ask = w.ask_as(std::span(buffer).first(0));
  ask.key = w.client_key;
  ask.follow_kdc_clock = true;
  as_client<testing::insecure_policy, mechanisms<talkative>> x(ask);
  std::size_t have = 0;
  std::array<std::array<std::uint8_t, 2048>, 4> buffers{};
  const auto next = [&](bytes_view came) {
    auto s = came.empty() ? x.start(w.env_now()) : x.receive(came, w.env_now());
    if (const auto* more = std::get_if<need_buffer>(&s)) {
      x.set_buffer(std::span(buffers[have++]).first(more->size));
      s = came.empty() ? x.start(w.env_now()) : x.receive(came, w.env_now());
    }
    const auto* out = std::get_if<send>(&s);
    return out == nullptr ? bytes_view() : out->octets;
  };
  const auto lent = [&](bytes_view v) {
    wire.fill(0xdd);
    for (std::size_t i = 0; i != v.size(); ++i) wire[i] = v[i];
    return bytes_view(wire).first(v.size());
  };
  const error_code_t more = error_code_t::kdc_err_more_preauth_data_required;
  REQUIRE_FALSE(next({}).empty());
  REQUIRE(cookie_in(next(lent(w.hints({.cookie = bytes_view(first)})))) == bytes_view(first));
  REQUIRE(cookie_in(next(lent(w.hints({.code = more, .cookie = bytes_view(second)})))) == bytes_view(second));
  REQUIRE(cookie_in(next(lent(w.error(error_code_t::krb_ap_err_skew)))) == bytes_view(second));
  const bytes_view none = next(lent(w.hints({.code = more})));
  REQUIRE_FALSE(none.empty());
  REQUIRE_FALSE(cookie_in(none));
}

TEST_CASE("as_client: without a cookie there is none in the next request", "[exchange][rfc6113-5.2]") {
  as_login login;
  REQUIRE(is<send>(login.start()));
  const auto s = login.hints();
  REQUIRE(must(asn1::decode<msg::AsReq>(octets_of_send(s))).padata->size() == 2);
  REQUIRE(has_timestamp(octets_of_send(s)));
}

// ---- the KDC's clock

TEST_CASE("as_client: an unauthenticated clock is followed only with leave, and once", "[exchange][rfc4120-3.1.5]") {
  const timestamp slow{{noon.at.seconds - 3600}, {0}};
  as_login without_leave;
  without_leave.at = slow;
  REQUIRE(is<send>(without_leave.start()));
  const auto refused = without_leave.error(error_code_t::krb_ap_err_skew);
  REQUIRE(why(refused).code == errc::clock_skew);
  REQUIRE(is<failed>(refused));
  REQUIRE(without_leave.x.peer_error()->stime == noon.at);

  as_login once(following_the_clock);
  once.at = slow;
  REQUIRE(is<send>(once.start()));
  REQUIRE(is<send>(once.error(error_code_t::krb_ap_err_skew)));
  REQUIRE(must(asn1::decode<msg::AsReq>(once.sent)).req_body->till == plus(noon.at, 36000));
  REQUIRE(is<done>(once.reply(honest)));
  const auto c = std::move(once.x).take();
  REQUIRE(c->kdc_clock_offset() == 3600);

  as_login twice(following_the_clock);
  twice.at = slow;
  REQUIRE(is<send>(twice.start()));
  REQUIRE(is<send>(twice.error(error_code_t::krb_ap_err_skew)));
  REQUIRE(is<failed>(twice.error(error_code_t::krb_ap_err_skew)));
}

TEST_CASE("as_client: an unauthenticated clock is followed only so far", "[exchange][rfc4120-3.1.5]") {
  const auto followed = [](std::int64_t ahead) {
    as_login login(following_the_clock);
    login.w.limits.max_clock_offset = 7200;
    login.at = timestamp{{noon.at.seconds - ahead}, {0}};
    REQUIRE(is<send>(login.start()));
    return is<send>(login.error(error_code_t::krb_ap_err_skew));
  };
  REQUIRE(followed(7200));
  REQUIRE_FALSE(followed(7201));
  REQUIRE(followed(-7200));
  REQUIRE_FALSE(followed(-7201));
}

TEST_CASE("as_client: a KDC's clock is followed within the limit of rounds", "[exchange][rfc4120-3.1.5]") {
  for (const unsigned most : {1u, 2u}) {
    as_login login(following_the_clock);
    login.w.limits.max_rounds = most;
    REQUIRE(is<send>(login.start()));
    REQUIRE(is<send>(login.error(error_code_t::krb_ap_err_skew)) == (most == 2));
  }
}

TEST_CASE("as_client: a clock that is followed in a larger buffer is followed all the same",
          "[exchange][rfc4120-3.1.5]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> small{}, large{};
  as_params<key> ask = w.ask_as(std::span(small).first(0));
  ask.follow_kdc_clock = true;
  client x(ask);
  const timestamp short_one{noon.at, {1}}, long_one{noon.at, {999999}};  // two octets more in PA-ENC-TIMESTAMP
  const auto none = x.start(w.turn_at(short_one));
  x.set_buffer(std::span(small).first(std::get<need_buffer>(none).size));
  REQUIRE(is<send>(x.start(w.turn_at(short_one))));
  const auto more = x.receive(w.hints(), w.turn_at(short_one));
  std::array<std::uint8_t, 2048> just{};
  x.set_buffer(std::span(just).first(std::get<need_buffer>(more).size));
  REQUIRE(is<send>(x.receive(w.hints(), w.turn_at(short_one))));
  for (int i = 0; i != 2; ++i) {
    REQUIRE(is<need_buffer>(x.receive(w.error(error_code_t::krb_ap_err_skew), w.turn_at(long_one))));
  }
  x.set_buffer(large);
  REQUIRE(is<send>(x.receive(w.error(error_code_t::krb_ap_err_skew), w.turn_at(long_one))));
  REQUIRE(why(x.receive(w.error(error_code_t::krb_ap_err_skew), w.turn_at(long_one))).code == errc::clock_skew);
}
