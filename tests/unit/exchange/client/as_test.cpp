// The AS client as an exchange: what it sends, the buffers it is given, and what it leaves behind.
#include <kerb/exchange/client/as.hpp>
#include <kerb/exchange/over_stream.hpp>

#include "support/alloc_count.hpp"
#include "support/as_login.hpp"
#include "support/both.hpp"

using namespace kerb_test;
using client = as_client<testing::insecure_policy>;

namespace {
constexpr bool without_preauthentication() {
  as_login login;
  const auto first = login.start();
  const auto* out = std::get_if<send>(&first);
  if (out == nullptr || !(out->realm == ex_org) || out->to != destination::kdc || out->via != transport::datagram)
    return false;
  const auto req = asn1::decode<msg::AsReq>(out->octets, der::strict);
  // RFC 6806 section 11: PA-REQ-ENC-PA-REP and nothing else
  if (!req || !req->padata || req->padata->size() != 1 || !same_name(*req->req_body->cname, alice().name) ||
      !same_name(*req->req_body->sname, krbtgt().name) || !(req->req_body->realm == ex_org) ||
      req->req_body->etype.size() != 4 || req->req_body->nonce > 0x7fffffff) {
    return false;
  }
  if (!is<done>(login.reply(honest))) return false;
  const auto c = std::move(login.x).take();
  return c && same_principal(c->client(), alice()) && same_principal(c->server(), krbtgt()) &&
         c->session_key().etype() == e20 &&
         ct_equal(c->session_key().octets().unguarded(), login.w.session_key.octets().unguarded()) &&
         asn1::decode<msg::Ticket>(c->ticket()).has_value() && c->endtime() == plus(noon.at, 36000) &&
         c->kdc_clock_offset() == 0 && !c->facts().client_renamed &&
         !holds(login.buffer, login.w.session_key.octets().unguarded());
}

constexpr bool with_an_encrypted_timestamp() {
  as_login login;
  const bytes_view sent_cookie(kdc_world::password_octets);
  if (!is<send>(login.start()) || !is<send>(login.hints({.cookie = sent_cookie, .strangers = true}))) return false;
  const auto req = asn1::decode<msg::AsReq>(login.sent, der::strict);
  if (!req || !req->padata || req->padata->size() != 3) return false;
  auto pa = req->padata->begin();
  const msg::PaData stamp = *++pa, cookie = *++pa;
  if (stamp.padata_type != padata_t::enc_timestamp || cookie.padata_type != padata_t::fx_cookie) return false;
  if (!(cookie.padata_value == sent_cookie)) return false;  // RFC 6113 section 5.2: as it came
  const auto sealed = asn1::decode<msg::EncryptedData>(stamp.padata_value);
  if (!sealed || sealed->etype != e20 || sealed->kvno) return false;
  std::array<std::uint8_t, 128> opened{};
  const auto plain =
      login.w.policy.unseal(login.w.client_key, key_usage_t::as_req_enc_timestamp, sealed->cipher, opened);
  if (!plain) return false;
  const auto ts = asn1::decode<msg::PaEncTsEnc>(bytes_view(*plain));
  if (!ts || ts->patimestamp != noon.at || ts->pausec != noon.usec) return false;
  return is<done>(login.reply(honest)) && std::move(login.x).take().has_value();
}

}  // namespace

KERB_BOTH("as_client: a principal without pre-authentication gets a ticket", "[exchange][rfc4120-3.1]",
          without_preauthentication);

KERB_BOTH("as_client: PA-ENC-TIMESTAMP follows the KDC's hints, and its cookie goes back",
          "[exchange][rfc4120-5.2.7.2]", with_an_encrypted_timestamp);

TEST_CASE("as_client: each request has a nonce of its own", "[exchange][rfc4120-3.1.1]") {
  as_login login;
  const std::uint32_t first = must(asn1::decode<msg::AsReq>(octets_of_send(login.start()))).req_body->nonce;
  const std::uint32_t second = must(asn1::decode<msg::AsReq>(octets_of_send(login.hints()))).req_body->nonce;
  REQUIRE(first != second);
}

// ---- the request

TEST_CASE("as_client: a server of another realm than the client's is misuse", "[exchange][rfc4120-5.4.1]") {
  as_login elsewhere([](auto& ask) { ask.server = named(web_parts, other_org); });
  REQUIRE(fails_with(elsewhere.start(), errc::api_misuse, "realm"));
  as_login here([](auto& ask) { ask.server = web(); });
  REQUIRE(is<send>(here.start()));
}

TEST_CASE("as_client: one to sixteen encryption types are offered", "[exchange][rfc4120-5.4.1]") {
  std::array<etype_t, 17> types{};
  for (std::size_t i = 0; i != types.size(); ++i) types[i] = etype_t(static_cast<std::int32_t>(i + 1));
  as_login seventeen([&](auto& ask) { ask.etypes = types; });
  REQUIRE(fails_with(seventeen.start(), errc::api_misuse, "etype"));
  as_login sixteen([&](auto& ask) { ask.etypes = view_of<etype_t>(types.data(), 16); });
  REQUIRE(is<send>(sixteen.start()));
}

TEST_CASE("as_client: optional fields are sent where they were asked for, and nowhere else",
          "[exchange][rfc4120-5.4.1]") {
  static constexpr std::uint8_t v4[] = {192, 0, 2, 1};
  static constexpr msg::HostAddress list[] = {{addr_t::ipv4, v4}};
  for (const bool all : {false, true}) {
    as_login login([&](auto& ask) {
      if (!all) return;
      ask.addresses = list;
      ask.renew_lifetime = 3600;
      ask.from = plus(noon.at, 60);
    });
    login.start();
    const auto req = asn1::decode<msg::AsReq>(login.sent);
    REQUIRE(req->req_body->addresses.has_value() == all);
    REQUIRE(req->req_body->rtime.has_value() == all);
    REQUIRE(req->req_body->from.has_value() == all);
    REQUIRE(req->req_body->kdc_options.has(kdc_option_t::renewable) == all);
    if (all) REQUIRE(*req->req_body->rtime == plus(noon.at, 3660));
  }
}

TEST_CASE("as_client: a lifetime of zero asks for as long as possible", "[exchange][rfc4120-5.4.1]") {
  for (const std::int64_t seconds : {std::int64_t{0}, std::int64_t{1}}) {
    as_login login([&](auto& ask) { ask.lifetime = seconds; });
    login.start();
    const auto req = asn1::decode<msg::AsReq>(login.sent);
    REQUIRE(req->req_body->till == (seconds == 0 ? kerberos_time{0} : plus(noon.at, 1)));
    const auto for_a_year = [&](reply_spec& r) { r.part.endtime = plus(noon.at, 365 * 86400); };
    REQUIRE(is<done>(login.reply(for_a_year)) == (seconds == 0));
  }
}

// ---- the buffer

TEST_CASE("as_client: too small a buffer says what will do, and nothing has changed", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const std::span<std::uint8_t> all(buffer);
  std::size_t needed = 0;
  {
    client x(w.ask_as(all.first(0)));
    const auto s = x.start(w.env_now());
    REQUIRE(is<need_buffer>(s));
    needed = std::get<need_buffer>(s).size;
  }
  for (std::size_t n = 0; n != needed; ++n) {
    kdc_world own;
    client x(own.ask_as(all.first(n)));
    const auto s = x.start(own.env_now());
    REQUIRE(is<need_buffer>(s));
    REQUIRE(std::get<need_buffer>(s).size == needed);
    REQUIRE(own.policy.entropy.draws() == 0);
    x.set_buffer(all.first(needed));
    REQUIRE(is<send>(x.start(own.env_now())));
  }
  // and when the reply comes
  std::array<std::uint8_t, 2048> other{};
  kdc_world own;
  client x(own.ask_as(all.first(needed)));
  const auto first = x.start(own.env_now());
  const bytes_view rep = own.as_rep(octets_of_send(first), honest);
  const auto s = x.receive(rep, own.env_now());
  REQUIRE(is<need_buffer>(s));
  const std::size_t more = std::get<need_buffer>(s).size;
  (void)x.set_buffer(std::span(other).first(more - 1));
  REQUIRE(std::get<need_buffer>(x.receive(rep, own.env_now())).size == more);
  REQUIRE_FALSE(x.set_buffer(std::span(other).first(10)));
  REQUIRE(x.set_buffer(all.first(more)));
  const auto end = x.receive(rep, own.env_now());
  INFO(name_of(why(end).code) << ' ' << why(end).type << ' ' << why(end).field << ' ' << end.index());
  REQUIRE(is<done>(end));
}

TEST_CASE("as_client: too small a space for the second request can be enlarged, with the key given back",
          "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> small{}, large{};
  as_params<key> ask = w.ask_as(std::span(small).first(0));
  ask.password = {};
  client x(ask);
  const auto s = x.start(w.env_now());
  x.set_buffer(std::span(small).first(std::get<need_buffer>(s).size));
  REQUIRE(is<send>(x.start(w.env_now())));
  auto next = x.receive(w.hints({.salt = "s"_krb}), w.env_now());
  REQUIRE(is<need_key>(next));
  key k = w.client_key.copy();
  next = x.provide(std::move(k), w.env_now());
  REQUIRE(is<need_buffer>(next));
  REQUIRE_FALSE(k.empty());
  x.set_buffer(large);
  REQUIRE(is<send>(x.provide(std::move(k), w.env_now())));
}

TEST_CASE("as_client: pre-authentication over a stream, octet by octet", "[exchange][rfc4120-7.2.2]") {
  std::array<std::uint8_t, 1024> stream{};
  as_login login;
  over_stream<client> io(login.x, stream);
  using stream_step = over_stream<client>::step;
  const auto feed = [&](bytes_view m) {
    const auto header = frame_header(static_cast<std::uint32_t>(m.size()));
    stream_step s = need_more{};
    for (std::size_t i = 0; i != m.size() + 4; ++i) {
      REQUIRE(is<need_more>(s));
      io.buffer()[0] = i < 4 ? header[i] : m[i - 4];
      s = io.got(1, login.w.env_now());
    }
    return s;
  };
  const auto message_of = [](const stream_step& s) { return std::get<send>(s).octets.subview(4); };
  REQUIRE(is<send>(io.start(login.w.env_now())));
  const stream_step second = feed(login.w.hints());
  REQUIRE(is<send>(second));
  REQUIRE(io.buffer().size() == stream.size());
  REQUIRE(is<done>(feed(login.w.as_rep(message_of(second), honest))));
  REQUIRE(std::move(login.x).take().has_value());
}

/// A login over a stream that the KDC may close.
struct streamed {
  std::array<std::uint8_t, 1024> stream{};
  as_login login;
  over_stream<client> io{login.x, stream};
  using step = over_stream<client>::step;

  streamed() = default;
  template <class F>
  explicit streamed(const F& change) : login(change) {}
  step feed(bytes_view m, std::size_t most = 4096) {
    const auto header = frame_header(static_cast<std::uint32_t>(m.size()));
    std::vector<std::uint8_t> octets(header.begin(), header.end());
    octets.insert(octets.end(), m.begin(), m.end());
    octets.resize(std::min(octets.size(), most));
    std::copy(octets.begin(), octets.end(), io.buffer().begin());
    return io.got(octets.size(), login.w.env_now());
  }
  step end() { return io.got(0, login.w.env_now()); }
};
errc reason(const streamed::step& s) {
  const auto* f = std::get_if<failed>(&s);
  return f == nullptr ? errc::ok : f->why.code;
}
bytes_view message_in(const streamed::step& s) { return std::get<send>(s).octets.subview(4); }

TEST_CASE("over_stream: a stream that the KDC closed after an answer is no failure, and the request is sent again",
          "[exchange][rfc4120-7.2.2]") {
  streamed x;
  REQUIRE(is<send>(x.io.start(x.login.w.env_now())));
  const auto second = x.feed(x.login.w.hints());
  REQUIRE(is<send>(second));
  const std::vector<std::uint8_t> octets(message_in(second).begin(), message_in(second).end());
  const auto again = x.end();
  REQUIRE(is<send>(again));
  REQUIRE(message_in(again) == bytes_view(octets));
  REQUIRE(std::get<send>(again).octets == std::get<send>(second).octets);
  REQUIRE_FALSE(std::get<send>(again).fresh);
  REQUIRE(std::get<send>(again).realm == std::get<send>(second).realm);
  REQUIRE(is<done>(x.feed(x.login.w.as_rep(bytes_view(octets), honest))));
  REQUIRE(std::move(x.login.x).take().has_value());
}

TEST_CASE("over_stream: a request is sent again only once, and not when a part of the answer has arrived",
          "[exchange][rfc4120-7.2.2]") {
  streamed first, twice, cut;
  for (streamed* x : {&first, &twice, &cut}) REQUIRE(is<send>(x->io.start(x->login.w.env_now())));
  CHECK(reason(first.end()) == errc::stream_ended);
  for (streamed* x : {&twice, &cut}) REQUIRE(is<send>(x->feed(x->login.w.hints())));
  REQUIRE(is<send>(twice.end()));
  CHECK(reason(twice.end()) == errc::stream_ended);
  CHECK(reason(twice.end()) == errc::stream_ended);
  REQUIRE(is<need_more>(cut.feed(cut.login.w.hints(), 1)));
  CHECK(reason(cut.end()) == errc::stream_ended);
}

TEST_CASE("over_stream: the end of the stream does not disturb an exchange that waits for its caller",
          "[exchange][rfc4120-7.2.2]") {
  streamed x(without_password);
  REQUIRE(is<send>(x.io.start(x.login.w.env_now())));
  REQUIRE(is<need_key>(x.feed(x.login.w.hints())));
  const auto s = x.end();
  REQUIRE(is<need_more>(s));
  CHECK(std::get<need_more>(s).at_least == 0);
  const auto second = x.io.said(x.login.provide(x.login.w.client_key.copy()));
  REQUIRE(is<send>(second));
  const auto again = x.end();
  REQUIRE(is<send>(again));
  REQUIRE(is<done>(x.feed(x.login.w.as_rep(message_in(again), honest))));
}

TEST_CASE("over_stream: what arrives while the exchange waits for its caller answers no request, and is dropped",
          "[exchange][rfc4120-7.2.2]") {
  streamed x(without_password);
  REQUIRE(is<send>(x.io.start(x.login.w.env_now())));
  REQUIRE(is<need_key>(x.feed(x.login.w.hints())));
  for (int i = 0; i != 3; ++i) REQUIRE(is<need_more>(x.feed(x.login.w.hints())));
  const auto second = x.io.said(x.login.provide(x.login.w.client_key.copy()));
  REQUIRE(is<send>(second));
  REQUIRE(is<done>(x.feed(x.login.w.as_rep(message_in(second), honest))));
}

// ---- failing, ending, moving

TEST_CASE("as_client: a random source that fails ends the exchange, and leaves no plaintext", "[exchange]") {
  for (unsigned draw = 1;; ++draw) {
    as_login login;
    login.w.policy.entropy.fail_at = draw;
    auto s = login.start();
    if (is<send>(s)) s = login.hints();
    if (is<send>(s)) {
      REQUIRE(draw == 4);  // two nonces and a confounder were drawn
      break;
    }
    REQUIRE(why(s).code == errc::entropy);
    REQUIRE_FALSE(holds(login.buffer, "20260101120000Z"_krb.octets));  // the timestamp that was about to be sealed
  }
}

TEST_CASE("as_client: what was opened is wiped when the reply is refused", "[exchange]") {
  as_login login;
  login.start();
  const auto bend = [](reply_spec& s) { s.part.endtime = plus(s.part.endtime, 3600); };
  REQUIRE(is<failed>(login.reply(bend)));
  REQUIRE_FALSE(holds(login.buffer, "20260101230000Z"_krb.octets));
  REQUIRE_FALSE(holds(login.buffer, login.w.session_key.octets().unguarded()));
}

TEST_CASE("as_client: what was opened of a reply to another request is wiped", "[exchange]") {
  as_login login;
  login.start();
  const auto another = [](reply_spec& s) { s.part.nonce = s.part.nonce ^ 1u; };
  const auto before = login.buffer;
  REQUIRE(is<ignored>(login.reply(another)));
  for (std::size_t i = 0; i != login.buffer.size(); ++i) {
    INFO("octet " << i);
    REQUIRE((login.buffer[i] == before[i] || login.buffer[i] == 0));
  }
}

TEST_CASE("as_client: what was opened is wiped when the credential dies", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  {
    client x(w.ask_as(buffer));
    const auto first = x.start(w.env_now());
    REQUIRE(is<done>(x.receive(w.as_rep(octets_of_send(first), honest), w.env_now())));
    auto c = std::move(x).take();
    REQUIRE(holds(buffer, "20260101120000Z"_krb.octets));  // authtime, in the opened part
    REQUIRE_FALSE(holds(buffer, w.session_key.octets().unguarded()));
  }
  REQUIRE_FALSE(holds(buffer, "20260101120000Z"_krb.octets));
}

TEST_CASE("as_client: no long-term key is left in the exchange once the ticket is there", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  alignas(client) std::array<std::uint8_t, sizeof(client)> place{};
  client* const x = std::construct_at(reinterpret_cast<client*>(place.data()), w.ask_as(buffer));
  const auto sent = x->start(w.env_now());
  REQUIRE(is<ignored>(
      x->receive(w.as_rep(octets_of_send(sent), [&](reply_spec& s) { s.seal_with = &w.tgs_key; }), w.env_now())));
  CHECK(holds(place, w.client_key.octets().unguarded()));  // the twin: the key that was derived for that reply
  REQUIRE(is<done>(x->receive(w.as_rep(octets_of_send(sent), honest), w.env_now())));
  CHECK_FALSE(holds(place, w.client_key.octets().unguarded()));
  std::destroy_at(x);
}

TEST_CASE("as_client: a whole exchange takes nothing from the heap", "[exchange]") {
  bool ok = false;
  {
    const no_allocations none;
    as_login login;
    auto s = login.start();
    s = login.hints();
    s = login.reply(honest);
    ok = is<done>(s) && std::move(login.x).take().has_value();
  }
  REQUIRE(ok);
}

TEST_CASE("as_client: moved from, it refuses every call, and the other one goes on", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  client x(w.ask_as(buffer));
  const auto sent = x.start(w.env_now());
  client y(std::move(x));
  REQUIRE(why(x.receive(w.as_rep(octets_of_send(sent), honest), w.env_now())).code == errc::api_misuse);
  REQUIRE(x.framed().empty());
  x.set_buffer(buffer);
  REQUIRE(x.framed().empty());
  REQUIRE(is<done>(y.receive(w.as_rep(octets_of_send(sent), honest), w.env_now())));
  client z(w.ask_as(buffer));
  z = std::move(y);
  REQUIRE(std::move(y).take().error().code == errc::api_misuse);
  REQUIRE(why(y.start(w.env_now())).code == errc::api_misuse);
  const auto got = std::move(z).take();
  REQUIRE(same_principal(got->client(), alice()));
  client idle(w.ask_as(buffer));
  const client other(std::move(idle));
  REQUIRE(why(idle.start(w.env_now())).code == errc::api_misuse);

  as_params<key> ask = w.ask_as(buffer);
  ask.password = {};
  client wants(ask);
  REQUIRE(is<send>(wants.start(w.env_now())));
  REQUIRE(is<need_key>(wants.receive(w.hints(), w.env_now())));
  client has(std::move(wants));
  REQUIRE(why(wants.provide(w.client_key.copy(), w.env_now())).code == errc::api_misuse);
  REQUIRE(is<send>(has.provide(w.client_key.copy(), w.env_now())));
}

TEST_CASE("as_client: the caller may abandon it, for its own reason", "[exchange]") {
  as_login login;
  REQUIRE(is<send>(login.start()));
  REQUIRE(why(login.x.abandon({.code = errc::no_answer})).code == errc::no_answer);
  REQUIRE(why(login.hints()).code == errc::no_answer);
}

namespace {
/// Fails where it is written, and not where it is counted.
struct breaks_late {
  template <crypto_policy C>
  constexpr errc write(der::writer& w, const padata_facts<typename C::key>&, const environment<C>&) const {
    asn1::write(w, msg::PaData{padata_t(1000), {}});
    return w.is_counting() ? errc::ok : errc::crypto_backend;
  }
  template <crypto_policy C>
  constexpr error check_reply(const padata_reply<typename C::key>&, const environment<C>&) const {
    return {};
  }
};
/// Fails where it is counted alone: then it is not written.
struct breaks_early {
  template <crypto_policy C>
  constexpr errc write(der::writer& w, const padata_facts<typename C::key>&, const environment<C>&) const {
    return w.is_counting() ? errc::crypto_backend : errc::ok;
  }
  template <crypto_policy C>
  constexpr error check_reply(const padata_reply<typename C::key>&, const environment<C>&) const {
    return {};
  }
};
template <class Extension>
void ends_without_a_request(unsigned draws) {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  as_client<testing::insecure_policy, mechanisms<enc_timestamp>, padata_extensions<Extension>> x(w.ask_as(buffer), {});
  REQUIRE(fails_with(x.start(w.env_now()), errc::crypto_backend, ""));
  REQUIRE(w.policy.entropy.draws() == draws);
  REQUIRE(x.framed().empty());
}
}  // namespace

TEST_CASE("as_client: an extension that fails ends the exchange, and no request is made", "[exchange]") {
  ends_without_a_request<breaks_early>(0);  // and nothing has been drawn
  ends_without_a_request<breaks_late>(1);
}
