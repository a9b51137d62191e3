// The TGS client as an exchange: what it sends, the buffers it is given, and what it leaves behind.
#include <kerb/exchange/client/tgs.hpp>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/tgs_query.hpp"

using namespace kerb_test;
using client = tgs_query::client;
using credential = tgs_query::credential;

namespace {
constexpr bytes_view octets_of_send(const client::step& s) {
  const auto* out = std::get_if<send>(&s);
  return out == nullptr ? bytes_view() : out->octets;
}
constexpr tgs_params<key> ask_for(const credential& tgt, std::span<std::uint8_t> buffer) {
  return {.tgt = tgt, .server = web(), .buffer = buffer};
}
/// A ticket-granting ticket for another realm.
constexpr auto cross_realm = [](ticket_facts& f, kdc_world& w) {
  f.server = named(referral_parts);
  f.ticket = w.ticket(f.server, w.tgs_key);
};
constexpr bool gets_a_ticket() {
  tgs_query query;
  const auto first = query.start();
  const auto* out = std::get_if<send>(&first);
  if (out == nullptr || !(out->realm == ex_org) || out->via != transport::datagram) return false;
  const auto req = asn1::decode<msg::TgsReq>(out->octets, der::strict);
  if (!req || req->req_body->cname || !same_name(*req->req_body->sname, web().name) ||
      !(req->req_body->realm == ex_org) || req->req_body->till != query.tgt.endtime()) {
    return false;
  }
  const auto ap = query.w.ap_req_of(out->octets);
  if (!ap || !(ap->ticket.octets() == query.tgt.ticket()) || ap->ap_options != msg::ApOptions{}) return false;
  const auto a = query.w.authenticator(out->octets);
  if (!a || !same_principal({a->cname, a->crealm}, alice()) || a->ctime != noon.at || a->cusec != noon.usec)
    return false;
  // RFC 4120 section 3.3.2: keyed, of the session key's type, over the body as it stands in the message
  const bytes_view body[] = {req->req_body.octets()};
  if (!a->cksum || a->cksum->cksumtype != cksum_t::hmac_sha384_192_aes256 ||
      query.w.policy.verify(a->cksum->cksumtype, query.w.session_key, key_usage_t::tgs_req_authenticator_cksum, body,
                            a->cksum->checksum) != errc::ok) {
    return false;
  }
  if (!a->subkey || a->subkey->keytype != e20 || a->subkey->keyvalue == query.w.session_key.octets().unguarded())
    return false;
  if (!is<done>(query.reply(honest))) return false;
  const auto c = std::move(query.x).take();
  return c && same_principal(c->client(), alice()) && same_principal(c->server(), web()) &&
         c->session_key().etype() == e20 && asn1::decode<msg::Ticket>(c->ticket()).has_value() &&
         c->endtime() == query.tgt.endtime();
}
}  // namespace

KERB_BOTH("tgs_client: a ticket-granting ticket gets a ticket, asked for as RFC 4120 section 3.3.1 says",
          "[exchange][rfc4120-3.3]", gets_a_ticket);

// ---- the request

TEST_CASE("tgs_client: a renewable ticket is to stay so when it is renewed", "[exchange][rfc4120-2.3]") {
  for (const bool renewable : {true, false}) {
    for (const kdc_option_t o : {kdc_option_t::renew, kdc_option_t::validate}) {
      kdc_world w;
      const basic_credential<key> tgt = w.tgt();
      ticket_facts f = tgt.facts();
      f.flags.set(ticket_flag_t::renewable, renewable);
      const basic_credential<key> old(f, tgt.session_key().copy());
      std::array<std::uint8_t, 4096> buffer{};
      tgs_client<testing::insecure_policy> x({.tgt = old, .server = krbtgt(), .buffer = buffer, .options = {o}});
      const auto s = x.start(w.env_now());
      const auto req = must(asn1::decode<msg::TgsReq>(std::get<send>(s).octets));
      CHECK(req.req_body->kdc_options.has(kdc_option_t::renewable) == (renewable && o == kdc_option_t::renew));
    }
  }
}

TEST_CASE("tgs_client: a ticket is renewed by the realm that has issued it", "[exchange][rfc4120-3.3.3]") {
  for (const kdc_option_t o : {kdc_option_t::renew, kdc_option_t::validate}) {
    tgs_query query(cross_realm, [&](auto& ask) { ask.server = named(referral_parts), ask.options = {o}; });
    const auto s = query.start();
    REQUIRE(std::get<send>(s).realm == ex_org);
    REQUIRE(is<done>(query.reply(honest)));
    const auto got = std::move(query.x).take();
    REQUIRE(same_principal(got->server(), named(referral_parts)));
  }
}

TEST_CASE("tgs_client: a service's ticket is presented to the KDC of its realm", "[exchange][rfc4120-3.3.1]") {
  const auto for_a_service = [](ticket_facts& f, kdc_world& w) {
    f.server = web();
    f.ticket = w.ticket(web(), w.service_key);
  };
  tgs_query query(for_a_service, [](auto&) {});
  const auto s = query.start();
  REQUIRE(std::get<send>(s).realm == ex_org);
}

TEST_CASE("tgs_client: a cross-realm ticket goes to the realm it is for", "[exchange][rfc4120-3.3.1]") {
  tgs_query query(cross_realm, [](auto& ask) { ask.server = named(web_parts, other_org); });
  const auto s = query.start();
  REQUIRE(std::get<send>(s).realm == other_org);
  REQUIRE(must(asn1::decode<msg::TgsReq>(query.sent)).req_body->realm == other_org);
}

TEST_CASE("tgs_client: no more than sixteen encryption types are offered", "[exchange][rfc4120-5.4.1]") {
  std::array<etype_t, 17> types{};
  for (std::size_t i = 0; i != types.size(); ++i) types[i] = etype_t(static_cast<std::int32_t>(i + 1));
  tgs_query seventeen([&](auto& ask) { ask.etypes = types; });
  REQUIRE(fails_with(seventeen.start(), errc::api_misuse, "etype"));
  tgs_query sixteen([&](auto& ask) { ask.etypes = view_of<etype_t>(types.data(), 16); });
  REQUIRE(is<send>(sixteen.start()));
}

TEST_CASE("tgs_client: optional fields are sent where they were asked for, and nowhere else",
          "[exchange][rfc4120-5.4.1]") {
  static constexpr std::uint8_t v4[] = {192, 0, 2, 1};
  static constexpr msg::HostAddress list[] = {{addr_t::ipv4, v4}};
  for (const bool all : {false, true}) {
    tgs_query query([&](auto& ask) {
      if (!all) return;
      ask.addresses = list;
      ask.renew_lifetime = 3600;
    });
    query.start();
    const auto req = asn1::decode<msg::TgsReq>(query.sent);
    REQUIRE(req->req_body->addresses.has_value() == all);
    REQUIRE(req->req_body->rtime.has_value() == all);
    REQUIRE(req->req_body->kdc_options.has(kdc_option_t::renewable) == all);
    if (all) REQUIRE(*req->req_body->rtime == plus(noon.at, 3600));
  }
}

TEST_CASE("tgs_client: a key without a checksum fails before anything is drawn", "[exchange][rfc4120-3.3.2]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const auto as_issued = w.tgt();
  ticket_facts f = as_issued.facts();
  f.ticket = w.ticket(krbtgt(), w.tgs_key);
  const credential empty(f, key{});
  client x(ask_for(empty, buffer));
  const unsigned drawn = w.policy.entropy.draws();
  REQUIRE(why(x.start(w.env_now())).code == errc::unsupported_cksum);
  REQUIRE(w.policy.entropy.draws() == drawn);
}

TEST_CASE("tgs_client: no authenticator time is used twice", "[exchange][rfc4120-3.2.3]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  unique_time times;
  timestamp seen[2]{};
  for (timestamp& t : seen) {
    tgs_params<key> ask = ask_for(tgt, buffer);
    ask.times = times;
    client x(ask);
    const auto s = x.start(w.env_now());
    const auto a = w.authenticator(octets_of_send(s));
    t = {a->ctime, a->cusec};
  }
  REQUIRE(seen[0] == noon);
  REQUIRE(seen[1] == timestamp{noon.at, {noon.usec.count + 1}});
}

// ---- authorization data, a second ticket

namespace {
constexpr std::uint8_t own_data[] = {0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7};
constexpr msg::AuthorizationDataElement own_restrictions[] = {{ad_t::intended_for_server, own_data},
                                                              {ad_t::osf_dce, {}}};

constexpr bool restrictions_are_sealed() {
  for (const bool with_subkey : {true, false}) {
    tgs_query query([&](auto& ask) {
      ask.subkey = with_subkey;
      ask.authorization_data = msg::AuthorizationData(own_restrictions);
    });
    query.start();
    const auto req = asn1::decode<msg::TgsReq>(query.sent);
    const auto a = query.w.authenticator(query.sent);
    if (!req || !a || !req->req_body->enc_authorization_data || a->subkey.has_value() != with_subkey) return false;
    const key k =
        with_subkey ? must(query.w.policy.import(a->subkey->keytype, a->subkey->keyvalue)) : query.w.session_key.copy();
    std::array<std::uint8_t, 256> opened{};
    const auto plain =
        query.w.policy.unseal(k, with_subkey ? key_usage_t::tgs_req_ad_subkey : key_usage_t::tgs_req_ad_session,
                              req->req_body->enc_authorization_data->cipher, opened);
    std::array<std::uint8_t, 256> wanted{};
    if (!plain || req->req_body->enc_authorization_data->etype != e20 ||
        !(bytes_view(*plain) == must(asn1::encode(msg::AuthorizationData(own_restrictions), wanted)))) {
      return false;
    }
    const bytes_view body[] = {req->req_body.octets()};  // sealed before the body is signed
    if (query.w.policy.verify(a->cksum->cksumtype, query.w.session_key, key_usage_t::tgs_req_authenticator_cksum, body,
                              a->cksum->checksum) != errc::ok) {
      return false;
    }
    if (!is<done>(query.reply(honest))) return false;
  }
  return true;
}
constexpr bool no_restrictions_no_field() {
  tgs_query query([](auto& ask) { ask.authorization_data = msg::AuthorizationData(); });
  query.start();
  const auto req = asn1::decode<msg::TgsReq>(query.sent);
  return req && !req->req_body->enc_authorization_data && !req->req_body->additional_tickets;
}

constexpr bool sends_a_second_ticket() {
  for (const bool u2u : {true, false}) {
    kdc_world elsewhere;
    const bytes_view second = elsewhere.ticket(krbtgt(), elsewhere.service_key);
    tgs_query query([&](auto& ask) { ask.second_ticket = second, ask.user_to_user = u2u; });
    query.start();
    const auto req = asn1::decode<msg::TgsReq>(query.sent);
    if (!req || req->req_body->kdc_options.has(kdc_option_t::enc_tkt_in_skey) != u2u ||
        !req->req_body->additional_tickets || req->req_body->additional_tickets->size() != 1 ||
        !(req->req_body->additional_tickets->begin().octets() == second)) {
      return false;
    }
  }
  return true;
}
}  // namespace

KERB_BOTH("tgs_client: authorization data are sealed under the subkey, else the session key, each with its own usage",
          "[exchange][rfc4120-3.3.1][rfc4120-5.4.1]", restrictions_are_sealed);

KERB_BOTH("tgs_client: no authorization data and no second ticket, no fields", "[exchange][rfc4120-5.2.6]",
          no_restrictions_no_field);

KERB_BOTH("tgs_client: a second ticket goes as it came, with ENC-TKT-IN-SKEY for user-to-user",
          "[exchange][rfc4120-3.3.1][rfc4120-3.7]", sends_a_second_ticket);

TEST_CASE("tgs_client: user-to-user without a second ticket is a mistake", "[exchange][rfc4120-3.3.1]") {
  for (const bool by_option : {true, false}) {
    tgs_query query([&](auto& ask) {
      if (by_option) ask.options = {kdc_option_t::enc_tkt_in_skey};
      else ask.user_to_user = true;
    });
    const unsigned drawn = query.w.policy.entropy.draws();
    REQUIRE(fails_with(query.start(), errc::api_misuse, "additional-tickets"));
    REQUIRE(query.w.policy.entropy.draws() == drawn);
  }
}

TEST_CASE("tgs_client: what was asked for beyond a plain ticket is its kind", "[exchange][rfc4120-3.3.3]") {
  const auto kind = [](auto&& ask_how) {
    tgs_query query(ask_how);
    query.start();
    REQUIRE(is<done>(query.reply(honest, transport::stream)));
    const auto c = std::move(query.x).take();
    REQUIRE(c);
    return kind_of(c->facts());
  };
  CHECK(kind([](auto&, auto&) {}) == ticket_kind::asked_for);
  CHECK(kind([](auto& ask, auto& tgt) {
          ask.second_ticket = tgt.ticket();
          ask.user_to_user = true;
        }) == ticket_kind::user_to_user);
  CHECK(kind([](auto& ask, auto& tgt) {
          ask.second_ticket = tgt.ticket();
          ask.options = {kdc_option_t::enc_tkt_in_skey};
        }) == ticket_kind::user_to_user);
  CHECK(kind([](auto& ask, auto& tgt) { ask.second_ticket = tgt.ticket(); }) == ticket_kind::asked_for);
  CHECK(kind([](auto& ask, auto&) { ask.authorization_data = msg::AuthorizationData(); }) == ticket_kind::asked_for);
  CHECK(kind([](auto& ask, auto&) { ask.authorization_data = msg::AuthorizationData(own_restrictions); }) ==
        ticket_kind::restricted);
  for (const kdc_option_t o : {kdc_option_t::forwarded, kdc_option_t::proxy}) {
    CHECK(kind([&](auto& ask, auto&) { ask.options = {o}; }) == ticket_kind::for_peer);
    CHECK(kind([&](auto& ask, auto&) {
            ask.options = {o};
            ask.authorization_data = msg::AuthorizationData(own_restrictions);
          }) == (ticket_kind::for_peer | ticket_kind::restricted));
  }
}

TEST_CASE("tgs_client: a user-to-user ticket that is renewed is still one, and a ticket obtained with it is none",
          "[exchange][rfc4120-3.3.3][rfc4120-3.7]") {
  for (const kdc_option_t o : {kdc_option_t::renew, kdc_option_t::validate, kdc_option_t::forwardable}) {
    const auto user_to_user = [](ticket_facts& f) {
      f.user_to_user = true;
      f.renew_till = plus(noon.at, 86400);
    };
    tgs_query query(user_to_user, [&](auto& ask) { ask.server = krbtgt(), ask.options = {o}; });
    query.start();
    REQUIRE(is<done>(query.reply(honest, transport::stream)));
    const auto c = std::move(query.x).take();
    REQUIRE(c);
    CHECK(c->facts().user_to_user == (o != kdc_option_t::forwardable));
  }
}

TEST_CASE("tgs_client: a second ticket that is none is not sent", "[exchange][rfc4120-3.3.1]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  for (std::size_t n = 0; n != tgt.ticket().size(); ++n) {
    tgs_params<key> ask = ask_for(tgt, buffer);
    ask.second_ticket = tgt.ticket().first(n);
    ask.user_to_user = true;
    client x(ask);
    REQUIRE(why(x.start(w.env_now())).code == errc::truncated);
    REQUIRE(buffer == std::array<std::uint8_t, 2048>{});
  }
  std::array<std::uint8_t, 1024> twice{};
  const std::size_t n = tgt.ticket().size();
  for (std::size_t i = 0; i != 2 * n; ++i) twice[i] = tgt.ticket()[i % n];
  tgs_params<key> ask = ask_for(tgt, buffer);
  ask.second_ticket = bytes_view(twice).first(2 * n);
  client x(ask);
  REQUIRE(why(x.start(w.env_now())).code == errc::trailing_data);
}

// ---- the buffer

TEST_CASE("tgs_client: too small a buffer says what will do, and nothing has changed", "[exchange]") {
  std::array<std::uint8_t, 2048> buffer{}, other{};
  std::size_t needed = 0;
  {
    kdc_world w;
    const credential tgt = w.tgt();
    client x(ask_for(tgt, std::span(buffer).first(0)));
    needed = std::get<need_buffer>(x.start(w.env_now())).size;
  }
  for (std::size_t n = 1; n != needed; ++n) {
    kdc_world w;
    const credential tgt = w.tgt();
    client x(ask_for(tgt, std::span(buffer).first(n)));
    const unsigned draws = w.policy.entropy.draws();
    const auto s = x.start(w.env_now());
    REQUIRE(is<need_buffer>(s));
    REQUIRE(std::get<need_buffer>(s).size == needed);
    REQUIRE(w.policy.entropy.draws() == draws);
    x.set_buffer(std::span(buffer).first(needed));
    REQUIRE(is<send>(x.start(w.env_now())));
  }
  kdc_world w;
  const credential tgt = w.tgt();
  client x(ask_for(tgt, std::span(buffer).first(needed)));
  const auto first = x.start(w.env_now());
  const bytes_view rep = w.tgs_rep(octets_of_send(first), honest);
  const std::size_t more = std::get<need_buffer>(x.receive(rep, w.env_now())).size;
  (void)x.set_buffer(std::span(other).first(more - 1));
  REQUIRE(std::get<need_buffer>(x.receive(rep, w.env_now())).size == more);
  REQUIRE_FALSE(x.set_buffer(std::span(other).first(10)));
  REQUIRE(x.set_buffer(std::span(buffer).first(more)));
  REQUIRE(is<done>(x.receive(rep, w.env_now())));
}

TEST_CASE("tgs_client: with all fields the buffer that is named does, and a failing source leaves none of them",
          "[exchange]") {
  std::size_t needed = 0;
  for (unsigned draw = 0; draw <= 5; ++draw) {  // none; nonce, subkey, two confounders; none
    kdc_world w;
    const credential tgt = w.tgt();
    std::array<std::uint8_t, 2048> buffer{};
    tgs_params<key> ask = ask_for(tgt, std::span(buffer).first(needed));
    ask.authorization_data = msg::AuthorizationData(own_restrictions);
    ask.second_ticket = tgt.ticket();
    ask.user_to_user = true;
    client x(ask);
    w.policy.entropy.fail_at = w.policy.entropy.draws() + draw;
    const auto s = x.start(w.env_now());
    if (draw == 0) {
      REQUIRE(is<need_buffer>(s));
      needed = std::get<need_buffer>(s).size;
      std::array<std::uint8_t, 2048> less{};
      x.set_buffer(std::span(less).first(needed - 1));
      REQUIRE(is<need_buffer>(x.start(w.env_now())));
      REQUIRE(less == std::array<std::uint8_t, 2048>{});
      continue;
    }
    INFO("draw " << draw);
    REQUIRE(is<send>(s) == (draw == 5));
    REQUIRE(holds(buffer, own_data) == (draw == 5));  // this policy hides nothing
    if (draw != 5) REQUIRE(why(s).code == errc::entropy);
  }
}

// ---- failing, ending, moving

TEST_CASE("tgs_client: a random source that fails ends the exchange, and leaves no plaintext", "[exchange]") {
  unsigned draw = 1;
  for (;; ++draw) {
    tgs_query query;
    query.w.policy.entropy.fail_at = query.w.policy.entropy.draws() + draw;
    const auto s = query.start();
    if (is<send>(s)) break;
    REQUIRE(why(s).code == errc::entropy);
    REQUIRE_FALSE(
        holds(query.buffer, "20260101120000Z"_krb.octets));  // ctime of the authenticator that was to be sealed
    REQUIRE_FALSE(holds(query.buffer, "alice"_krb.octets));
  }
  REQUIRE(draw == 4);  // nonce, subkey, confounder
}

TEST_CASE("tgs_client: what was opened is wiped when the credential dies or the reply is refused", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  // a time that stands in the reply's sealed part only
  const bytes_view authtime = "20260101115959Z"_krb.octets;
  const auto bend = [](reply_spec& r) { r.part.authtime = plus(noon.at, -1); };
  {
    client x(ask_for(tgt, buffer));
    const auto first = x.start(w.env_now());
    REQUIRE(is<done>(x.receive(w.tgs_rep(octets_of_send(first), bend), w.env_now())));
    auto c = std::move(x).take();
    REQUIRE(holds(buffer, authtime));
    REQUIRE_FALSE(holds(buffer, c->session_key().octets().unguarded()));
  }
  REQUIRE_FALSE(holds(buffer, authtime));
  for (const bool of_another_request : {true, false}) {
    client y(ask_for(tgt, buffer));
    const auto first = y.start(w.env_now());
    const auto refused = [&](reply_spec& s) {
      bend(s);
      if (of_another_request) s.part.nonce = s.part.nonce ^ 1u;
      else s.part.flags.set(ticket_flag_t::invalid);
    };
    REQUIRE(is<failed>(y.receive(w.tgs_rep(octets_of_send(first), refused), w.env_now(), transport::stream)));
    REQUIRE_FALSE(holds(buffer, authtime));
  }
}

TEST_CASE("tgs_client: a whole exchange takes nothing from the heap", "[exchange]") {
  kdc_world w;
  std::array<std::uint8_t, 2048> buffer{};
  const credential tgt = w.tgt();
  bool ok = false;
  {
    const no_allocations none;
    client x(ask_for(tgt, buffer));
    auto s = x.start(w.env_now());
    s = x.receive(w.tgs_rep(octets_of_send(s), honest), w.env_now());
    ok = is<done>(s) && std::move(x).take().has_value();
  }
  REQUIRE(ok);
}

TEST_CASE("tgs_client: moved from, it refuses every call, and the other one goes on", "[exchange]") {
  tgs_query query;
  query.start();
  client y(std::move(query.x));
  REQUIRE(why(query.reply(honest)).code == errc::api_misuse);
  REQUIRE(query.x.framed().empty());
  REQUIRE(is<done>(y.receive(query.w.tgs_rep(query.sent, honest), query.w.env_now())));
  tgs_query z;
  client idle(std::move(z.x));
  REQUIRE(why(z.start()).code == errc::api_misuse);
  idle = std::move(y);
  REQUIRE(std::move(y).take().error().code == errc::api_misuse);
  const auto got = std::move(idle).take();
  REQUIRE(same_principal(got->server(), web()));
}
