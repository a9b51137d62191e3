// The acceptor: which tokens it takes, and every reason for which it refuses a client.
#include <kerb/gss/acceptor.hpp>

#include <algorithm>
#include <memory>

#include "support/both.hpp"
#include "support/gss_messages.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using world = gss_world;
using acceptor = world::acceptor;
using step = acceptor::step;

octet_list copy(bytes_view v) { return {v.begin(), v.end()}; }
constexpr std::uint8_t channel_octets[] = {'t', 'l', 's', ':', 1, 2, 3},
                       other_channel_octets[] = {'t', 'l', 's', ':', 4};
constexpr channel_bindings channel{.application_data = channel_octets};
constexpr channel_bindings other_channel{.application_data = other_channel_octets};

/// A KRB-ERROR in a token, with or without the frame.
std::optional<error_code_t> code_in(bytes_view token) {
  bytes_view m = token;
  if (!token.empty() && token[0] == 0x60) {
    const auto t = read_krb5_token(token);
    if (!t || t->id != gss_token_t::krb_error) return std::nullopt;
    m = t->message;
  }
  const auto e = asn1::decode<msg::KrbError>(m);
  if (!e) return std::nullopt;
  return e->error_code;
}
error reason(const step& s) { return world::reason(s); }

// ---- refusals

struct refusal {
  const char* name;
  void (*spoil)(world&, gss::acceptor_params&);
  errc why;
  const char *type, *field;
  std::optional<error_code_t> sent;  ///< none: the exchange fails, and nothing is sent
};
void no_checksum(world& w, gss::acceptor_params&) { w.authenticator.cksum = {}; }
constexpr std::uint8_t some_tag[8] = {1, 2, 3, 4, 5, 6, 7, 8};

const refusal refusals[] = {
    {"no checksum", no_checksum, errc::inappropriate_checksum, "Authenticator", "cksum",
     error_code_t::krb_ap_err_inapp_cksum},
    {"a checksum of another type",
     [](world& w, gss::acceptor_params&) {
       w.authenticator.cksum = msg::Checksum{cksum_t::hmac_sha1_96_aes256, some_tag};
     },
     errc::inappropriate_checksum, "Authenticator", "cksum", error_code_t::krb_ap_err_inapp_cksum},
    {"an anonymous client", [](world& w, gss::acceptor_params&) { w.hide_client(); }, errc::anonymous_client,
     "EncTicketPart", "flags", error_code_t::krb_ap_err_principal_unknown},
    {"a required flag that is not requested",
     [](world&, gss::acceptor_params& p) {
       p.required = {gss_flag_t::identify, gss_flag_t::conf};
     },
     errc::flags_not_granted,
     "checksum 0x8003",
     "Flags",
     {}},
    {"a ticket for another service", [](world& w, gss::acceptor_params&) { w.service = ftp; }, errc::wrong_service,
     "Ticket", "sname", error_code_t::krb_ap_err_not_us},
    {"bindings to another channel",
     [](world& w, gss::acceptor_params& p) {
       static std::uint8_t bnd[16];
       (void)hash_bindings(w.policy, other_channel, bnd);
       p.ap.bindings = channel;
       static std::uint8_t checksum[24];
       w.authenticator.cksum =
           msg::Checksum{cksum_t::gssapi, must(write_gss_checksum({bnd, usual_flags, {}, {}}, checksum))};
     },
     errc::bindings_mismatch,
     "checksum 0x8003",
     "Bnd",
     {}},
    {"no bindings where they are required",
     [](world&, gss::acceptor_params& p) {
       p.ap.bindings = channel;
       p.ap.binding = binding_rule::require;
     },
     errc::bindings_missing,
     "checksum 0x8003",
     "Bnd",
     {}},
    {"a ticket that has expired", [](world& w, gss::acceptor_params&) { w.ticket.endtime = {w.now.at.seconds - 3600}; },
     errc::ticket_expired, "EncTicketPart", "endtime", error_code_t::krb_ap_err_tkt_expired},
};

TEST_CASE("acceptor: each client that must be refused is refused, for the right reason, with a KRB-ERROR in a token",
          "[gss][rfc4121-4.1]") {
  for (const refusal& r : refusals) {
    INFO(r.name);
    auto w = std::make_unique<world>();
    (void)w->mint_token(usual_flags);  // sets the checksum
    auto p = w->acceptor_params();
    r.spoil(*w, p);
    const octet_list token = copy(w->framed(w->mint()));
    for (const bool framed : {true, false}) {
      acceptor a(p);
      const auto req = must(read_krb5_token(bytes_view(token)));
      const step s = w->take(a, framed ? bytes_view(token) : req.message);
      REQUIRE(kerb::is<refused>(s));
      const auto& no = std::get<refused>(s);
      CHECK(kerb_test::is(no.why, r.why, r.type, r.field));
      REQUIRE(code_in(no.octets));
      if (r.sent) CHECK(*code_in(no.octets) == *r.sent);
      CHECK(*code_in(no.octets) == to_krb_error(no.why));
      CHECK(no.octets[0] == 0x60);  // MIT krb5 and Heimdal answer a bare AP-REQ with a frame too
      CHECK(a.refusal() == no.octets);
      CHECK(a.peer() == nullptr);
      CHECK(std::move(a).take().error().code == errc::api_misuse);
      CHECK_FALSE(holds(bytes_view(w->acceptor_buffer), alice_parts[1].octets));
    }
  }
}
TEST_CASE("acceptor: the error for lacking flags says which", "[gss]") {
  world w;
  auto p = w.acceptor_params();
  p.required = {gss_flag_t::identify, gss_flag_t::conf, gss_flag_t::extended_error};
  acceptor a(p);
  CHECK(reason(w.take(a, w.mint_token(usual_flags))).detail == 0x6000);
  acceptor b(p);
  auto more = usual_flags;
  more.set(gss_flag_t::identify), more.set(gss_flag_t::extended_error);
  CHECK(kerb::is<reply>(w.take(b, w.mint_token(more))));
}
TEST_CASE("acceptor: an anonymous client is accepted where the program says so", "[gss][rfc6112]") {
  world w;
  w.hide_client();
  auto p = w.acceptor_params();
  p.ap.anonymous = true;
  acceptor a(p);
  CHECK(kerb::is<reply>(w.take(a, w.mint_token(usual_flags))));
}
TEST_CASE("acceptor: unknown flags are ignored", "[gss][rfc4121-4.1.1.1]") {
  world w;
  acceptor a(w.acceptor_params());
  // written by hand, since kerb does not write them
  std::array<std::uint8_t, 24> checksum{16};
  checksum[20] = 0x3e, checksum[22] = 0x80, checksum[23] = 0x40;
  w.authenticator.cksum = msg::Checksum{cksum_t::gssapi, checksum};
  CHECK(kerb::is<reply>(w.take(a, w.framed(w.mint()))));
  CHECK(must(std::move(a).take()).flags().bits == usual_flags.bits);
}
TEST_CASE("acceptor: a refusal by the program sends its code", "[gss]") {
  world w;
  acceptor a(w.acceptor_params());
  const auto env = w.turn();
  const key k = w.service_key();
  (void)a.receive(w.mint_token(usual_flags), env);
  (void)a.provide(k, env);
  REQUIRE(kerb::is<authenticated>(a.replay_checked(true, env)));
  REQUIRE(a.peer() != nullptr);
  CHECK(same_principal(a.peer()->client(), alice));
  const step s = a.refuse(error_code_t::krb_ap_err_badmatch, env);
  REQUIRE(kerb::is<refused>(s));
  CHECK(code_in(std::get<refused>(s).octets) == error_code_t::krb_ap_err_badmatch);
}
TEST_CASE("acceptor: a replay, and a replay cache that cannot tell, are refused", "[gss][rfc4120-3.2.3]") {
  for (const auto v : {replay_verdict::seen, replay_verdict::unknown}) {
    world w;
    acceptor a(w.acceptor_params());
    const auto env = w.turn();
    const key k = w.service_key();
    (void)a.receive(w.mint_token(usual_flags), env);
    REQUIRE(kerb::is<check_replay>(a.provide(k, env)));
    const step s = a.replay_checked(v, env);
    REQUIRE(kerb::is<refused>(s));
    CHECK(code_in(std::get<refused>(s).octets).has_value());
  }
}

// ---- tokens that are none

TEST_CASE("acceptor: an unknown TOK_ID is answered with KRB_AP_ERR_MSG_TYPE, and an answer with nothing",
          "[gss][rfc4121-4.1]") {
  for (const auto id : {gss_token_t::tgt_req, gss_token_t::mic, gss_token_t::iakerb_proxy, gss_token_t(0x0000),
                        gss_token_t(0xffff), gss_token_t(0x0001)}) {
    world w;
    acceptor a(w.acceptor_params());
    (void)w.mint_token(usual_flags);
    const step s = w.take(a, w.framed(w.mint(), id));
    REQUIRE(kerb::is<refused>(s));
    CHECK(kerb_test::is(std::get<refused>(s).why, errc::unexpected_message, "InitialContextToken", "TOK_ID"));
    CHECK(code_in(std::get<refused>(s).octets) == error_code_t::krb_ap_err_msg_type);
    CHECK(a.refusal() == std::get<refused>(s).octets);
  }
  for (const auto id : {gss_token_t::ap_rep, gss_token_t::krb_error}) {
    world w;
    acceptor a(w.acceptor_params());
    (void)w.mint_token(usual_flags);
    const step s = w.take(a, w.framed(w.mint(), id));
    REQUIRE(kerb::is<failed>(s));
    CHECK(kerb_test::is(std::get<failed>(s).why, errc::unexpected_message, "InitialContextToken", "TOK_ID"));
    CHECK(a.refusal().empty());
  }
}
TEST_CASE("acceptor: a refusal is not longer than the datagram that it answers, whatever identifier is in front of it",
          "[gss][rfc4120-3.2.3]") {
  for (const auto id : {gss_token_t::tgt_req, gss_token_t::ap_req}) {
    const auto refusal_of = [&](std::size_t octets, transport arrived) {
      world w;
      auto p = w.acceptor_params();
      p.ap.arrived = arrived;
      acceptor a(p);
      const octet_list message(octets, 0);
      const octet_list token = copy(w.framed(bytes_view(message), id));
      const step s = w.take(a, bytes_view(token));
      REQUIRE(kerb::is<refused>(s));
      const bytes_view out = std::get<refused>(s).octets;
      CHECK(a.refusal() == out);
      CHECK(a.framed().empty() == out.empty());
      CHECK((out.empty() || out.size() <= token.size() || arrived == transport::stream));
      return std::pair(out.size(), token.size());
    };
    const auto [longest, token] = refusal_of(1, transport::stream);
    REQUIRE(longest > token);
    const std::size_t frame = token - 1;
    CHECK(refusal_of(longest - frame - 1, transport::datagram).first == 0);
    CHECK(refusal_of(longest - frame, transport::datagram).first == longest);
    CHECK(refusal_of(1000, transport::datagram).first == longest);
  }
}
TEST_CASE("acceptor: an answer is never answered, whatever identifier is in front of it", "[gss][rfc4120-3.2.3]") {
  msg::KrbError e;
  e.stime = {1767225600};
  e.realm = web.realm;
  e.sname = web.name;
  std::array<std::uint8_t, 512> octets{};
  const bytes_view error_octets = must(asn1::encode(e, octets));
  world w;
  for (const bool framed : {true, false}) {
    acceptor a(w.acceptor_params());
    const step s = w.take(a, framed ? w.framed(error_octets) : error_octets);
    CHECK(!kerb::is<reply>(s));
    CHECK(a.refusal().empty());
    if (const auto* no = std::get_if<refused>(&s)) CHECK(no->octets.empty());
  }
}
TEST_CASE(
    "acceptor: a token of another mechanism is refused; each identifier of Kerberos is accepted, and answered with "
    "the same",
    "[gss][rfc4121-4.1]") {
  {
    world w;
    (void)w.mint_token(usual_flags);
    acceptor a(w.acceptor_params());
    const step s = w.take(a, w.framed(w.mint(), gss_token_t::ap_req, msg::mech_spnego));
    REQUIRE(kerb::is<failed>(s));
    CHECK(kerb_test::is(std::get<failed>(s).why, errc::wrong_constant, "InitialContextToken", "thisMech"));
  }
  for (const auto mech : {msg::mech_krb5, msg::mech_ms_krb5}) {
    world w;
    (void)w.mint_token(usual_flags);
    const octet_list token = copy(w.framed(w.mint(), gss_token_t::ap_req, mech));
    acceptor a(w.acceptor_params());
    const step s = w.take(a, bytes_view(token));
    REQUIRE(kerb::is<reply>(s));
    const auto t = must(read_krb5_token(std::get<reply>(s).octets));
    CHECK(t.mech == mech);
    CHECK(t.id == gss_token_t::ap_rep);
  }
}
TEST_CASE("acceptor: no truncation of a token, and no token with an octet more, is accepted", "[gss][rfc4121-4.1]") {
  world w;
  octet_list token = copy(w.mint_token(usual_flags));
  for (std::size_t n = 0; n != token.size(); ++n) {
    acceptor a(w.acceptor_params());
    const step s = w.take(a, bytes_view(token).first(n));
    CHECK((kerb::is<failed>(s) || kerb::is<refused>(s)));
  }
  token.push_back(0);
  acceptor a(w.acceptor_params());
  CHECK(kerb::is<failed>(w.take(a, bytes_view(token))));
}
TEST_CASE("acceptor: no changed bit of a token changes what the context says", "[gss][rfc4121-4.1]") {
  auto w = std::make_unique<world>();
  const octet_list token = copy(w->mint_token(one_way_flags));
  int accepted = 0;
  for (std::size_t bit = 0; bit != 8 * token.size(); ++bit) {
    octet_list changed = token;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ 1 << bit % 8);
    acceptor a(w->acceptor_params());
    const step s = w->take(a, bytes_view(changed));
    if (kerb::is<failed>(s) || kerb::is<refused>(s)) continue;
    // What is not under a seal: the options of the AP-REQ and the key version
    ++accepted;
    REQUIRE(kerb::is<done>(s));
    const auto c = must(std::move(a).take());
    CHECK(c.flags().bits == one_way_flags.bits);
    CHECK(same_principal(c.initiator(), alice));
    CHECK(same_principal(c.acceptor(), web));
  }
  CHECK(accepted < 60);
}

// ---- channel bindings

TEST_CASE("acceptor: bound() tells whether the client is bound to this channel", "[gss][rfc4121-4.1.1.2]") {
  struct expected {
    std::optional<channel_bindings> client, service;
    bool aware;
    binding_rule rule;
    std::optional<bool> bound;  ///< none: refused
  };
  const std::optional<channel_bindings> none{};
  using enum binding_rule;
  for (const expected& e : {
           expected{none, none, true, if_present, false},
           expected{channel, channel, true, if_present, true},
           expected{channel, channel, true, binding_rule::require, true},
           expected{channel, channel, true, ignore, false},
           expected{channel, none, true, if_present, false},
           expected{channel, other_channel, true, if_present, {}},
           expected{channel, other_channel, true, ignore, false},
           expected{none, channel, true, if_present, {}},      // it supports bindings, and there was another channel
           expected{none, channel, false, if_present, false},  // it may not know of them: accepted, and reported
           expected{none, channel, false, binding_rule::require, {}},
       }) {
    for (const gss_flags f : {usual_flags, one_way_flags}) {
      world w;
      w.flags = f;
      const auto c = w.credential();
      auto ip = w.initiator_params(c);
      ip.bindings = e.client;
      ip.bindings_aware = e.aware;
      auto ap = w.acceptor_params();
      ap.ap.bindings = e.service;
      ap.ap.binding = e.rule;
      world::initiator i(ip);
      acceptor a(ap);
      const auto first = i.start(w.turn());
      const step s = w.take(a, world::must_be<send>(first).octets);
      if (!e.bound) {
        CHECK(kerb::is<refused>(s));
        continue;
      }
      const auto theirs = must(std::move(a).take());
      CHECK(theirs.bound() == *e.bound);
      if (const auto* r = std::get_if<reply>(&s)) REQUIRE(kerb::is<done>(i.receive(r->octets, w.turn())));
      CHECK(must(std::move(i).take()).bound() == e.client.has_value());
    }
  }
}

// ---- the last token in DCE style

/// An acceptor that waits for the third token, and the initiator that has sent two.
struct third_leg {
  world w;
  basic_credential<key> c;
  world::initiator i;
  acceptor a;
  octet_list second;
  timestamp at;
  std::uint32_t seq = 0;
  std::array<std::uint8_t, 1024> octets{};

  third_leg() : c(w.credential()), i((w.flags = dce_flags, w.initiator_params(c))), a(w.acceptor_params()) {
    at = w.now;
    const auto first = i.start(w.turn());
    const step s = w.take(a, world::must_be<send>(first).octets);
    second = copy(world::must_be<gss::continue_with>(s).octets);
    const auto rep = must(asn1::decode<msg::ApRep>(bytes_view(second)));
    octet_list plain(rep.enc_part.cipher.size());
    const auto opened =
        must(w.policy.unseal(w.session_key(), key_usage_t::ap_rep_enc_part, rep.enc_part.cipher, plain));
    seq = must(must(asn1::decode<msg::EncApRepPart>(bytes_view(opened))).seq_number);
  }
  octet_list mint(const msg::EncApRepPart& part) { return mint(part, w.session_key()); }
  octet_list mint(const msg::EncApRepPart& part, const key& k) {
    return copy(must(testing::mint_ap_rep(part, k, w.turn(), octets)));
  }
  error receive(const octet_list& token) {
    const step s = a.receive(bytes_view(token), w.turn());
    if (kerb::is<done>(s)) return {};
    const error e = reason(s);
    CHECK(kerb::is<failed>(s));
    CHECK(std::move(a).take().error().code == errc::api_misuse);
    return e;
  }
};
TEST_CASE("acceptor: in DCE style the second and the third token have no frame, and both sides have the same keys",
          "[gss][ms-kile-3.4.5.1]") {
  third_leg t;
  CHECK(t.second[0] == 0x6f);
  const auto last = t.i.receive(bytes_view(t.second), t.w.turn());
  const auto& sent = world::must_be<send>(last);
  CHECK(sent.octets[0] == 0x6f);
  CHECK(sent.then == afterwards::finished);
  CHECK(t.receive(copy(sent.octets)).ok());
  const auto ours = must(std::move(t.i).take()), theirs = must(std::move(t.a).take());
  CHECK(ours.session_key(t.w.policy).unguarded() == theirs.session_key(t.w.policy).unguarded());
  CHECK(ours.flags().has(gss_flag_t::mutual));
  CHECK(theirs.flags().has(gss_flag_t::mutual));
}
TEST_CASE("acceptor: in DCE style a third token that is our own AP-REP, or the same in other octets, is refused",
          "[gss][ms-kile-3.4.5.1]") {
  {
    third_leg t;
    CHECK(kerb_test::is(t.receive(t.second), errc::reflected_token, "EncAPRepPart", "subkey"));
  }
  third_leg t;
  // With a key version, which is not authenticated
  auto rep = must(asn1::decode<msg::ApRep>(bytes_view(t.second)));
  rep.enc_part.kvno = 1;
  std::array<std::uint8_t, 512> octets{};
  const octet_list changed = copy(must(asn1::encode(rep, octets)));
  CHECK(changed != t.second);
  CHECK(kerb_test::is(t.receive(changed), errc::reflected_token, "EncAPRepPart", "subkey"));
}
TEST_CASE("acceptor: in DCE style a third token with another number or none, or under another key is refused",
          "[gss][ms-kile-3.4.5.1]") {
  {
    third_leg t;
    CHECK(kerb_test::is(t.receive(t.mint({t.at.at, t.at.usec, {}, t.seq + 1})), errc::bad_order, "EncAPRepPart",
                        "seq-number"));
  }
  {
    third_leg t;
    CHECK(
        kerb_test::is(t.receive(t.mint({t.at.at, t.at.usec, {}, {}})), errc::bad_order, "EncAPRepPart", "seq-number"));
  }
  {
    third_leg t;
    CHECK(kerb_test::is(
        t.receive(t.mint({t.at.at, t.at.usec, {}, t.seq}, t.w.other_key(etype_t::aes256_cts_hmac_sha1_96))),
        errc::integrity, "AP-REP", "enc-part"));
  }
}
TEST_CASE("acceptor: in DCE style a subkey in the third token is not used", "[gss][ms-kile-3.4.5.1]") {
  third_leg t;
  const auto subkey = key_as_sent(etype_t::aes256_cts_hmac_sha1_96, subkey_octets);
  CHECK(t.receive(t.mint({t.at.at, t.at.usec, subkey, t.seq})).ok());
}
TEST_CASE("acceptor: in DCE style the time in the third token may be that of any clock, as MIT krb5's is",
          "[gss][ms-kile-3.4.5.1]") {
  for (const std::int64_t off : {0, -86400, 1}) {
    third_leg t;
    CHECK(t.receive(t.mint({{t.at.at.seconds + off}, {17}, {}, t.seq})).ok());
  }
}
TEST_CASE("acceptor: in DCE style it proposes a subkey, whatever the options of accept()", "[gss][ms-kile-3.4.5.1]") {
  world w;
  w.flags = dce_flags;
  w.answer.subkey = false;
  const auto c = w.credential();
  auto pair = w.establish(c);
  octet_list out(64);
  const auto token = must(pair.theirs.get_mic(bytes_view(), out, w.policy));
  CHECK((token[2] & static_cast<std::uint8_t>(gss::token_flag::acceptor_subkey)) != 0);
}
TEST_CASE("acceptor: in DCE style no truncation and no changed bit of the third token is accepted",
          "[gss][ms-kile-3.4.5.1]") {
  octet_list good;
  {
    third_leg t;
    good = t.mint({t.at.at, t.at.usec, {}, t.seq});
  }
  for (std::size_t n = 0; n != good.size(); ++n)
    CHECK_FALSE(third_leg().receive(octet_list(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n))).ok());
  for (std::size_t bit = 0; bit != 8 * good.size(); ++bit) {
    octet_list changed = good;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ 1 << bit % 8);
    CHECK_FALSE(third_leg().receive(changed).ok());
  }
  good.resize(4000, 1);
  CHECK_FALSE(third_leg().receive(good).ok());
}

// ---- buffers, randomness

TEST_CASE(
    "acceptor: whatever buffer it has, it asks for what it needs before it draws, and an octet less is not enough",
    "[gss]") {
  for (const gss_flags f : {usual_flags, one_way_flags, dce_flags}) {
    auto w = std::make_unique<world>();
    const octet_list token = copy(w->mint_token(f));
    std::size_t needed = 0;
    for (std::size_t size = 0; size != 2200; ++size) {
      octet_list buffer(size), less, enough;
      auto p = w->acceptor_params();
      p.ap.buffer = buffer;
      acceptor a(p);
      const auto env = w->turn();
      const unsigned draws = w->policy.entropy.draws();
      step s = a.receive(bytes_view(token), env);
      const auto* n = std::get_if<need_buffer>(&s);
      if (n == nullptr) {
        CHECK(needed != 0);
        CHECK(size >= needed);
        CHECK(kerb::is<need_ticket_key>(s));
        continue;
      }
      CHECK(n->size > size);
      CHECK((needed == 0 || needed == n->size));
      needed = n->size;
      less.resize(needed - 1), enough.resize(needed);
      CHECK(a.set_buffer(less));
      CHECK(kerb::is<need_buffer>(a.receive(bytes_view(token), env)));
      CHECK(w->policy.entropy.draws() == draws);
      CHECK(a.set_buffer(enough));
      s = w->take(a, bytes_view(token));
      CHECK((kerb::is<reply>(s) || kerb::is<done>(s) || kerb::is<gss::continue_with>(s)));
    }
    CHECK(needed != 0);
  }
}
TEST_CASE("acceptor: when the random source fails, the exchange fails and nothing is left in its buffer", "[gss]") {
  for (const gss_flags f : {usual_flags, dce_flags}) {
    auto w = std::make_unique<world>();
    const octet_list token = copy(w->mint_token(f));
    w->policy.entropy.fail_at = w->policy.entropy.draws() + 1;
    acceptor a(w->acceptor_params());
    const step s = w->take(a, bytes_view(token));
    REQUIRE(kerb::is<failed>(s));
    CHECK(reason(s).code == errc::entropy);
    CHECK_FALSE(holds(bytes_view(w->acceptor_buffer), alice_parts[1].octets));
    CHECK_FALSE(holds(bytes_view(w->acceptor_buffer), bytes_view(session_octets).first(8)));
    CHECK(reason(a.receive(bytes_view(token), w->turn())).code == errc::entropy);
  }
}
TEST_CASE("acceptor: in DCE style a third token that is too large is none", "[gss][ms-kile-3.4.5.1]") {
  third_leg t;
  std::array<std::uint8_t, 600> zeros{};
  msg::ApRep rep;
  rep.enc_part = {etype_t::aes256_cts_hmac_sha1_96, {}, zeros};
  octet_list out(1000);
  const bytes_view token = must(asn1::encode(rep, out));
  CHECK(kerb_test::is(t.receive(copy(token)), errc::integrity, "AP-REP", "enc-part"));
}
TEST_CASE("acceptor: the frame of the user-to-user mechanism is for services that accept its tickets",
          "[gss][rfc4121-4.1]") {
  for (const bool accepts : {false, true}) {
    world w;
    const bytes_view bare = must(read_krb5_token(w.mint_token(usual_flags))).message;
    const bytes_view t = w.framed(bare, gss_token_t::ap_req, msg::mech_user_to_user);
    auto p = w.acceptor_params();
    p.ap.user_to_user = accepts;
    acceptor a(p);
    const auto s = w.take(a, t);
    CHECK(kerb::is<reply>(s) == accepts);
    if (!accepts) CHECK(is(world::reason(s), errc::wrong_constant, "InitialContextToken", "thisMech"));
  }
}
TEST_CASE("acceptor: clients without a checksum are accepted only on request, without flags and bindings",
          "[gss][ms-kile-3.4.5]") {
  const std::uint8_t data[] = {1};
  channel_bindings own;
  own.application_data = data;
  struct row {
    bool accepts, mutual, other_checksum, bindings;
    gss_flags required;
    errc why;
  };
  constexpr gss_flags integ{gss_flag_t::integ};
  for (const row& r :
       {row{false, true, false, false, {}, errc::inappropriate_checksum}, row{true, true, false, false, {}, errc::ok},
        row{true, false, false, false, {}, errc::ok}, row{true, true, true, false, {}, errc::inappropriate_checksum},
        row{true, true, false, true, {}, errc::bindings_missing},
        row{true, true, false, false, integ, errc::flags_not_granted}}) {
    world w;
    w.options = {};
    w.options.set(ap_option_t::mutual_required, r.mutual);
    w.authenticator.cksum = {};
    const std::uint8_t octets[12] = {};
    if (r.other_checksum) w.authenticator.cksum = msg::Checksum{cksum_t::hmac_sha1_96_aes256, octets};
    auto p = w.acceptor_params();
    p.without_checksum = r.accepts;
    p.required = r.required;
    if (r.bindings) p.ap.bindings = own, p.ap.binding = binding_rule::require;
    acceptor a(p);
    const auto s = w.take(a, w.framed(w.mint()));
    CHECK((r.mutual ? kerb::is<reply>(s) : kerb::is<done>(s)) == (r.why == errc::ok));
    if (r.why != errc::ok) {
      CHECK(world::reason(s).code == r.why);
      continue;
    }
    const auto c = must(std::move(a).take());
    CHECK(c.flags() == (r.mutual ? gss_flags{gss_flag_t::mutual} : gss_flags{}));
    CHECK((!c.bound() && !c.has_delegated()));
    CHECK(same_principal(c.initiator(), alice));
  }
}
TEST_CASE("acceptor: the AP-REP has a number, whatever the options say", "[gss][rfc4120-5.5.2]") {
  world w;
  w.answer.sequence_number = false;
  acceptor a(w.acceptor_params());
  const step s = w.take(a, w.mint_token(usual_flags));
  const auto t = must(read_krb5_token(world::must_be<reply>(s).octets));
  const auto rep = must(asn1::decode<msg::ApRep>(t.message));
  octet_list plain(rep.enc_part.cipher.size());
  const auto opened = must(w.policy.unseal(w.session_key(), key_usage_t::ap_rep_enc_part, rep.enc_part.cipher, plain));
  CHECK(must(asn1::decode<msg::EncApRepPart>(bytes_view(opened))).seq_number.has_value());
}

TEST_CASE("acceptor: an AP-REP is written into the buffer for the reply, whose size is told", "[gss]") {
  world w;
  const auto c = w.credential();
  world::initiator i(w.initiator_params(c));
  acceptor a(w.acceptor_params());
  const auto first = i.start(w.turn());
  octet_list out(8);
  w.answer.reply = out;
  step s = w.take(a, world::must_be<send>(first).octets);
  const auto* n = std::get_if<need_buffer>(&s);
  REQUIRE(n != nullptr);
  CHECK(n->for_reply);
  out.resize(n->size);
  accept_options larger;
  larger.reply = out;
  s = a.accept(larger, w.turn());
  const bytes_view token = world::must_be<reply>(s).octets;
  CHECK(token.data() + token.size() == out.data() + out.size());
  CHECK(a.framed().data() == out.data() + out.size() - token.size() - 4);
  CHECK(is<done>(i.receive(token, w.turn())));
  CHECK(std::move(a).take());
}

}  // namespace
