// The initiator: what it sends, and every check on what comes back (RFC 4120 sections 3.2.2 and 3.2.5).
#include <memory>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/ap_world.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using policy = testing::insecure_policy;
using initiator = ap_initiator<policy>;
using octet_list = std::vector<std::uint8_t>;

octet_list copy(bytes_view v) { return {v.begin(), v.end()}; }

/// A client that has sent its AP-REQ, and a service that can answer as it likes.
struct waiting {
  ap_world w;
  std::array<std::uint8_t, 4096> buffer{};
  std::array<std::uint8_t, 1024> rep_octets{};
  basic_credential<key> credential;
  initiator x;
  octet_list sent;
  msg::EncApRepPart part;

  constexpr explicit waiting(bool subkey = true) : credential(w.credential()), x(request(subkey)) {
    part = {w.now.at, w.now.usec, {}, {}};
  }
  constexpr initiator_params<key> request(bool subkey) {
    return {.credential = credential, .buffer = buffer, .subkey = subkey};
  }
  constexpr initiator::step start() { return x.start(w.turn()); }
  constexpr bytes_view reply() { return reply_under(w.session_key()); }
  constexpr bytes_view reply_under(const key& k) {
    return kerb_test::must(testing::mint_ap_rep(part, k, w.turn(), rep_octets));
  }
  constexpr initiator::step answer(bytes_view octets, transport how = transport::datagram) {
    return x.receive(octets, w.turn(), how);
  }
};

/// Both sides, from the credential to the session.
constexpr bool a_session_begins() {
  waiting c;
  const auto first = c.start();
  if (!is<send>(first) || std::get<send>(first).then != afterwards::wait) return false;
  if (std::get<send>(first).to != destination::peer || !std::get<send>(first).fresh) return false;
  std::array<std::uint8_t, 4096> buffer{};
  ap_acceptor<policy> a(c.w.request_in(buffer));
  const key k = c.w.service_key();
  const environment t = c.w.turn();
  if (!is<need_ticket_key>(a.receive(std::get<send>(first).octets, t))) return false;
  if (!is<check_replay>(a.provide(k, t)) || !is<authenticated>(a.replay_checked(true, t))) return false;
  const auto answer = a.accept({}, t);
  if (!is<reply>(answer)) return false;
  if (!is<done>(c.answer(std::get<reply>(answer).octets))) return false;
  const auto mine = std::move(c.x).take();
  const auto theirs = std::move(a).take();
  if (!mine || !theirs) return false;
  const session_keys<key>& s = theirs->keys();
  const auto same = [](const key& l, const key& r) {
    return l.etype() == r.etype() && l.octets().unguarded() == r.octets().unguarded();
  };
  return same(mine->session_key, s.session_key) && same(*mine->initiator_subkey, *s.initiator_subkey) &&
         same(*mine->acceptor_subkey, *s.acceptor_subkey) && mine->initiator_seq && mine->acceptor_seq &&
         mine->initiator_seq == s.initiator_seq && mine->acceptor_seq == s.acceptor_seq &&
         same(mine->protection_key(), s.protection_key()) && same_principal(theirs->client(), alice) &&
         !same(*mine->acceptor_subkey, *mine->initiator_subkey) && !same(mine->session_key, *mine->initiator_subkey);
}
KERB_BOTH("ap_initiator: both sides end with the same keys and numbers", "[exchange][rfc4120-3.2.2][rfc4120-3.2.5]",
          a_session_begins);

constexpr bool another_time_comes_back() {
  waiting c;
  (void)c.start();
  c.part.cusec.count += 1;
  const auto s = c.answer(c.reply(), transport::stream);
  return is<failed>(s) && is(std::get<failed>(s).why, errc::time_mismatch, "EncAPRepPart", "cusec");
}
constexpr bool a_recorded_answer_is_ignored_on_a_datagram() {
  for (const bool seconds : {true, false}) {
    waiting c;
    (void)c.start();
    const auto good = c.part;
    if (seconds) c.part.ctime.seconds -= 1;
    else c.part.cusec.count += 1;
    const auto s = c.answer(c.reply());
    if (!is<ignored>(s) || std::get<ignored>(s).why.code != errc::time_mismatch) return false;
    c.part = good;
    if (!is<done>(c.answer(c.reply())) || !std::move(c.x).take()) return false;
  }
  return true;
}
KERB_BOTH("ap_initiator: a recorded AP-REP to another request is ignored on a datagram, and the true one accepted",
          "[exchange][rfc4120-3.2.5][security]", a_recorded_answer_is_ignored_on_a_datagram);
KERB_BOTH("ap_initiator: an AP-REP with another microsecond fails", "[exchange][rfc4120-3.2.5]",
          another_time_comes_back);

TEST_CASE("ap_initiator: an AP-REP with another time answers another request", "[exchange][rfc4120-3.2.5]") {
  for (const std::int64_t off : {-1, 1, 300, -86400}) {
    waiting c;
    (void)c.start();
    c.part.ctime.seconds += off;
    const auto s = c.answer(c.reply(), transport::stream);
    REQUIRE(is<failed>(s));
    CHECK(is(std::get<failed>(s).why, errc::time_mismatch, "EncAPRepPart", "ctime"));
    CHECK(!std::move(c.x).take());
    c.part.ctime = c.w.now.at;
    CHECK(failure(c.answer(c.reply())) == errc::time_mismatch);  // the first reason stands
  }
  waiting good;
  (void)good.start();
  CHECK(is<done>(good.answer(good.reply())));
  CHECK(std::move(good.x).take());
}

TEST_CASE("ap_initiator: only the ticket's session key seals an AP-REP", "[exchange][rfc4120-3.2.5]") {
  for (const transport how : {transport::datagram, transport::stream}) {
    for (int which = 0; which != 4; ++which) {
      waiting c;
      c.w.policy.entropy = {};
      testing::counting_entropy same;  // the subkey is the first draw
      std::array<std::uint8_t, 32> seed{};
      const auto sent = c.start();
      REQUIRE(is<send>(sent));
      REQUIRE(same.fill(seed));
      REQUIRE(holds(std::get<send>(sent).octets, seed));  // this policy hides nothing
      const key subkey = c.w.import({c.w.session_etype, seed});
      bytes_view rep;
      if (which == 0) rep = c.reply_under(c.w.other_key(c.w.session_etype));
      if (which == 1) rep = c.reply_under(subkey);
      if (which == 2)  // the same octets as a key of another type
        rep = c.reply_under(c.w.import(key_as_sent(etype_t::aes256_cts_hmac_sha384_192, session_octets)));
      if (which == 3) {
        const key k = c.w.session_key();
        errc why = errc::ok;
        auto sealed = asn1::computed{
            [&](der::writer& w) { write_sealed(w, c.part, k, key_usage_t::krb_priv_enc_part, c.w.turn(), why); }};
        rep = kerb_test::must(asn1::encode(msg::BasicApRep<decltype(sealed)>{sealed}, c.rep_octets));
      }
      const auto s = c.answer(rep, how);
      INFO(which);
      if (how == transport::stream) {
        REQUIRE(is<failed>(s));
        CHECK(is(std::get<failed>(s).why, errc::integrity, "AP-REP", "enc-part"));
        CHECK(!std::move(c.x).take());
      } else {
        REQUIRE(is<ignored>(s));
        CHECK(is(std::get<ignored>(s).why, errc::integrity, "AP-REP", "enc-part"));
        CHECK(!std::move(c.x).take());
        CHECK(is<done>(c.answer(c.reply())));  // and the true one is still awaited
      }
    }
  }
}

TEST_CASE("ap_initiator: every flipped bit and every truncation of an AP-REP is passed over, or fails a stream",
          "[exchange][rfc4120-3.2.5]") {
  waiting c;
  (void)c.start();
  c.part.subkey = key_as_sent(etype_t::aes128_cts_hmac_sha256_128, subkey_octets);
  c.part.seq_number = 5;
  const octet_list good = copy(c.reply());
  const auto refuse = [&](const octet_list& bad) {
    CHECK(is<ignored>(c.answer(bad)));
    CHECK(!std::move(c.x).take());
    waiting s;
    (void)s.start();
    CHECK(is<failed>(s.answer(bad, transport::stream)));
    CHECK(is<failed>(s.answer(good, transport::stream)));
    CHECK(!std::move(s.x).take());
  };
  for (std::size_t at = 0; at != good.size(); ++at) {
    for (int bit = 0; bit != 8; ++bit) {
      octet_list bad = good;
      bad[at] = static_cast<std::uint8_t>(bad[at] ^ 1 << bit);
      refuse(bad);
    }
  }
  for (std::size_t n = 0; n != good.size(); ++n) {
    refuse({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n)});
  }
  octet_list longer = good;
  longer.push_back(0);
  refuse(longer);
  CHECK(is<done>(c.answer(good)));
  const auto p = std::move(c.x).take();
  REQUIRE(p);
  CHECK(p->acceptor_seq == 5u);
  REQUIRE(p->acceptor_subkey);
  CHECK(p->acceptor_subkey->etype() == etype_t::aes128_cts_hmac_sha256_128);
}

TEST_CASE("ap_initiator: an AP-REP that opens and is malformed fails, on any carrier", "[exchange]") {
  waiting c;
  (void)c.start();
  c.part.subkey = msg::EncryptionKey{etype_t::rc4_hmac, bytes_view(subkey_octets).first(16)};
  auto s = c.answer(c.reply());
  REQUIRE(is<failed>(s));
  CHECK(is(std::get<failed>(s).why, errc::unsupported_etype, "EncAPRepPart", "subkey"));
  CHECK(!holds(c.buffer, bytes_view(subkey_octets).first(16)));

  waiting d;
  (void)d.start();
  const key k = d.w.session_key();
  errc why = errc::ok;
  const std::uint8_t nonsense[] = {0x30, 0x00};
  auto sealed = asn1::computed{[&](der::writer& w) {
    write_sealed(w, captured<msg::EncApRepPart>::as_sent(nonsense), k, key_usage_t::ap_rep_enc_part, d.w.turn(), why);
  }};
  s = d.answer(kerb_test::must(asn1::encode(msg::BasicApRep<decltype(sealed)>{sealed}, d.rep_octets)));
  REQUIRE(is<failed>(s));
  CHECK(is(std::get<failed>(s).why, errc::unexpected_tag, "EncAPRepPart", ""));
}

TEST_CASE("ap_initiator: a KRB-ERROR ends the exchange with its code", "[exchange][rfc4120-5.9.1]") {
  waiting c;
  (void)c.start();
  msg::KrbError e;
  e.stime = c.w.now.at;
  e.error_code = error_code_t::krb_ap_err_skew;
  e.realm = web.realm;
  e.sname = web.name;
  const octet_list told = copy(kerb_test::must(asn1::encode(e, c.rep_octets)));
  CHECK(!c.x.peer_error());
  const auto s = c.answer(told);
  REQUIRE(is<failed>(s));
  CHECK(is(std::get<failed>(s).why, errc::peer_error, "KRB-ERROR", "error-code"));
  CHECK(std::get<failed>(s).why.detail == 37);
  REQUIRE(c.x.peer_error());
  CHECK(c.x.peer_error()->error_code == error_code_t::krb_ap_err_skew);
  CHECK(c.x.peer_error()->stime == c.w.now.at);
  CHECK(failure(c.answer(c.reply())) == errc::peer_error);
  CHECK(!std::move(c.x).take());

  // One that does not decode is none
  for (std::size_t n = 1; n != told.size(); ++n) {
    waiting d;
    (void)d.start();
    const octet_list cut(told.begin(), told.begin() + static_cast<std::ptrdiff_t>(n));
    CHECK(is<ignored>(d.answer(cut)));
    CHECK(!d.x.peer_error());
    CHECK(failure(d.answer(cut, transport::stream)) == errc::truncated);
  }
}

TEST_CASE("ap_initiator: asked for mutual authentication, it cannot end without it", "[exchange][rfc4120-3.2.4]") {
  waiting c;
  CHECK(!std::move(c.x).take());
  const auto s = c.start();
  REQUIRE(is<send>(s));
  CHECK(std::get<send>(s).then == afterwards::wait);
  const auto req = asn1::decode<msg::ApReq>(std::get<send>(s).octets);
  REQUIRE(req);
  CHECK(req->ap_options.has(ap_option_t::mutual_required));
  CHECK(!req->ap_options.has(ap_option_t::use_session_key));
  const auto p = std::move(c.x).take();
  REQUIRE(!p);
  CHECK(p.error().code == errc::api_misuse);
  CHECK(is<done>(c.answer(c.reply())));  // asking too early changed nothing
  CHECK(std::move(c.x).take());
  CHECK(!std::move(c.x).take());  // once
}

TEST_CASE("ap_initiator: without mutual authentication the session is ready at once", "[exchange][rfc4120-3.2.2]") {
  waiting c;
  initiator x({.credential = c.credential, .buffer = c.buffer, .mutual = if_asked});
  const auto s = x.start(c.w.turn());
  REQUIRE(is<send>(s));
  CHECK(std::get<send>(s).then == afterwards::finished);
  const auto req = asn1::decode<msg::ApReq>(std::get<send>(s).octets);
  REQUIRE(req);
  CHECK(!req->ap_options.has(ap_option_t::mutual_required));
  CHECK(c.w.present(std::get<send>(s).octets).accepted);
  const auto p = std::move(x).take();
  REQUIRE(p);
  CHECK(p->initiator_subkey);
  CHECK(!p->acceptor_subkey);
  CHECK(!p->acceptor_seq);
  CHECK(&p->protection_key() == &*p->initiator_subkey);
}

TEST_CASE("ap_initiator: proposes what it was asked to propose", "[exchange][rfc4120-5.5.1]") {
  for (const bool subkey : {false, true}) {
    for (const bool number : {false, true}) {
      waiting c;
      c.w.policy.entropy = {};
      initiator x({.credential = c.credential, .buffer = c.buffer, .subkey = subkey, .sequence_number = number});
      const auto s = x.start(c.w.turn());
      REQUIRE(is<send>(s));
      CHECK(c.w.policy.entropy.draws() == 1);  // all at once, and no more than is used
      testing::counting_entropy same;
      std::array<std::uint8_t, 53> before{}, next{};
      REQUIRE(same.fill(std::span(before).first(8u + (subkey ? 32 : 0) + (number ? 4 : 0))));
      REQUIRE(same.fill(std::span(next).first(1)));
      REQUIRE(c.w.policy.entropy.fill(std::span(next).subspan(1, 1)));
      CHECK(next[0] == next[1]);
      std::array<std::uint8_t, 4096> buffer{};
      ap_acceptor<policy> a(c.w.request_in(buffer));
      const key k = c.w.service_key();
      (void)a.receive(std::get<send>(s).octets, c.w.turn());
      (void)a.provide(k, c.w.turn());
      REQUIRE(is<authenticated>(a.replay_checked(true, c.w.turn())));
      CHECK(a.peer()->keys().initiator_subkey.has_value() == subkey);
      CHECK(a.peer()->keys().initiator_seq.has_value() == number);
      if (number) CHECK(*a.peer()->keys().initiator_seq <= 0x3fffffff);
      CHECK(!a.peer()->checksum());
      const auto answer = a.accept({false, false}, c.w.turn());
      REQUIRE(is<reply>(answer));
      CHECK(is<done>(x.receive(std::get<reply>(answer).octets, c.w.turn())));
      const auto p = std::move(x).take();
      REQUIRE(p);
      CHECK(p->initiator_subkey.has_value() == subkey);
      CHECK(p->initiator_seq.has_value() == number);
      CHECK(!p->acceptor_subkey);
      CHECK(!p->acceptor_seq);
      if (!subkey) CHECK(&p->protection_key() == &p->session_key);
    }
  }
}

TEST_CASE("ap_initiator: the subkey and the sequence number are what was drawn", "[exchange][rfc4120-5.5.1]") {
  waiting c;
  c.w.policy.entropy = {};
  testing::counting_entropy same;
  std::array<std::uint8_t, 36> drawn{};
  REQUIRE(same.fill(drawn));
  REQUIRE(is<send>(c.start()));
  REQUIRE(is<done>(c.answer(c.reply())));
  const auto p = std::move(c.x).take();
  REQUIRE(p);
  CHECK(bytes_view(p->initiator_subkey->octets().unguarded()) == bytes_view(drawn).first(32));
  const std::uint32_t number =
      std::uint32_t{drawn[32]} << 24 | std::uint32_t{drawn[33]} << 16 | std::uint32_t{drawn[34]} << 8 | drawn[35];
  CHECK(p->initiator_seq == (number & 0x3fffffff));
  CHECK(*p->initiator_seq != 0);
}

TEST_CASE("ap_initiator: sends the ticket as the KDC sent it, and the client's name from the credential",
          "[exchange][rfc4120-3.2.2]") {
  waiting c;
  const octet_list ticket = copy(c.credential.ticket());
  const auto s = c.start();
  REQUIRE(is<send>(s));
  const auto req = asn1::decode<msg::ApReq>(std::get<send>(s).octets);
  REQUIRE(req);
  CHECK(copy(req->ticket.octets()) == ticket);
  CHECK(req->authenticator.etype == c.w.session_etype);
  CHECK(!req->authenticator.kvno);
  const bytes_view sealed = req->authenticator.cipher;  // 8 octets around the plaintext on each side, unhidden
  const auto auth = asn1::decode<msg::Authenticator>(sealed.subview(8, sealed.size() - 16));
  REQUIRE(auth);
  CHECK(same_principal({auth->cname, auth->crealm}, alice));
  CHECK(auth->ctime == c.w.now.at);
  CHECK(auth->cusec == c.w.now.usec);
}

TEST_CASE("ap_initiator: two requests within one microsecond have different times", "[exchange][rfc4120-3.2.3]") {
  waiting c;
  unique_time times;
  octet_list tokens[3];
  std::array<std::uint8_t, 32> digests[3];
  for (int i = 0; i != 3; ++i) {
    initiator x({.credential = c.credential, .buffer = c.buffer, .times = times});
    const auto s = x.start(c.w.turn());
    REQUIRE(is<send>(s));
    std::array<std::uint8_t, 4096> buffer{};
    ap_acceptor<policy> a(c.w.request_in(buffer));
    const key k = c.w.service_key();
    (void)a.receive(std::get<send>(s).octets, c.w.turn());
    const auto ask = a.provide(k, c.w.turn());
    REQUIRE(is<check_replay>(ask));
    CHECK(std::get<check_replay>(ask).at == timestamp{c.w.now.at, {c.w.now.usec.count + i}});
    digests[i] = std::get<check_replay>(ask).digest;
    (void)a.replay_checked(true, c.w.turn());
    const auto answer = a.accept({}, c.w.turn());
    REQUIRE(is<reply>(answer));
    CHECK(is<done>(x.receive(std::get<reply>(answer).octets, c.w.turn())));  // it knows the time that it sent
  }
  CHECK(digests[0] != digests[1]);
  CHECK(digests[1] != digests[2]);
}

// ---- buffers, randomness, memory

TEST_CASE("ap_initiator: a buffer one octet too small says which size will do, and nothing has changed", "[exchange]") {
  ap_world w;
  const auto credential = w.credential();
  initiator probe({.credential = credential, .buffer = {}});
  const auto first = probe.start(w.turn());
  REQUIRE(is<need_buffer>(first));
  const std::size_t n = std::get<need_buffer>(first).size;
  octet_list small(n - 1, 0xee), just(n, 0xee);
  initiator x({.credential = credential, .buffer = small});
  const unsigned draws = w.policy.entropy.draws();
  for (int i = 0; i != 2; ++i) {
    const auto s = x.start(w.turn());
    REQUIRE(is<need_buffer>(s));
    CHECK(std::get<need_buffer>(s).size == n);
  }
  CHECK(w.policy.entropy.draws() == draws);
  CHECK(small == octet_list(n - 1, 0xee));
  x.set_buffer(just);
  REQUIRE(is<send>(x.start(w.turn())));

  // An AP-REP that is longer than what is left
  msg::EncApRepPart part{w.now.at, w.now.usec, key_as_sent(w.session_etype, subkey_octets), 0x3fffffff};
  std::array<std::uint8_t, 1024> octets{};
  const key k = w.session_key();
  const bytes_view rep = kerb_test::must(testing::mint_ap_rep(part, k, w.turn(), octets));
  const auto s = x.receive(rep, w.turn());
  REQUIRE(is<need_buffer>(s));
  const std::size_t more = std::get<need_buffer>(s).size;
  octet_list less(more - 1), enough(more);
  x.set_buffer(less);
  REQUIRE(is<need_buffer>(x.receive(rep, w.turn())));
  CHECK(std::get<need_buffer>(x.receive(rep, w.turn())).size == more);
  CHECK(!std::move(x).take());
  REQUIRE_FALSE(x.set_buffer(std::span(less).first(10)));
  REQUIRE(x.set_buffer(enough));
  CHECK(is<done>(x.receive(rep, w.turn())));
  const auto p = std::move(x).take();
  REQUIRE(p);
  CHECK(p->acceptor_seq == 0x3fffffffu);
}

TEST_CASE("ap_initiator: a failing random source fails it, and leaves no plaintext", "[exchange]") {
  for (const bool fails : {false, true}) {
    waiting c;
    c.w.policy.entropy = {};
    c.w.policy.entropy.fail_at = fails ? 1 : 0;
    testing::counting_entropy same;
    std::array<std::uint8_t, 32> seed{};
    REQUIRE(same.fill(seed));
    const auto s = c.start();
    CHECK(c.w.policy.entropy.draws() == 1);
    if (!fails) {
      CHECK(is<send>(s));
      CHECK(holds(c.buffer, seed));  // the twin: this policy hides nothing
      CHECK(holds(c.buffer, alice_parts[0].octets));
      continue;
    }
    CHECK(failure(s) == errc::entropy);
    CHECK(failure(c.start()) == errc::entropy);
    CHECK(!std::move(c.x).take());
    CHECK(c.x.framed().empty());
    CHECK(!holds(c.buffer, seed));
    CHECK(!holds(c.buffer, alice_parts[0].octets));
  }
}

/// A library that fails at the subkey, or at the seal, where it leaves what it should wipe.
struct breaking_policy : policy {
  bool keys = true, seals = true, imports = true;
  constexpr result<key> import(etype_t e, bytes_view octets) noexcept {
    if (!imports) return errc::crypto_backend;
    return policy::import(e, octets);
  }
  using policy::seal;
  constexpr errc seal(const key& k, key_usage_t u, std::span<std::uint8_t> io) noexcept {
    return seals ? policy::seal(k, u, io) : errc::crypto_backend;
  }
  constexpr result<key> random_to_key(etype_t e, bytes_view octets) noexcept {
    if (!keys) return errc::crypto_backend;
    return policy::random_to_key(e, octets);
  }
};
TEST_CASE("ap_initiator: a library that fails fails it, and no plaintext is left", "[exchange]") {
  for (const bool key_fails : {false, true}) {
    basic_ap_world<breaking_policy> w;
    const auto credential = w.credential();
    std::array<std::uint8_t, 4096> buffer{};
    ap_initiator<breaking_policy> x({.credential = credential, .buffer = buffer});
    w.policy.entropy = {};
    testing::counting_entropy same;
    std::array<std::uint8_t, 32> seed{};
    REQUIRE(same.fill(seed));
    (key_fails ? w.policy.keys : w.policy.seals) = false;
    CHECK(failure(x.start(w.turn())) == errc::crypto_backend);
    CHECK(failure(x.start(w.turn())) == errc::crypto_backend);
    CHECK(!holds(buffer, seed));
    CHECK(!holds(buffer, alice_parts[0].octets));
  }
}

TEST_CASE("ap_initiator: a library that gives no key for the session fails it, with and without an answer",
          "[exchange]") {
  for (const requirement mutual : {if_asked, required}) {
    basic_ap_world<breaking_policy> w;
    const auto credential = w.credential();
    std::array<std::uint8_t, 4096> buffer{};
    std::array<std::uint8_t, 512> octets{};
    ap_initiator<breaking_policy> x({.credential = credential, .buffer = buffer, .mutual = mutual});
    const key k = w.session_key();
    const bytes_view rep = *testing::mint_ap_rep({w.now.at, w.now.usec, {}, 9}, k, w.turn(), octets);
    if (mutual == if_asked) w.policy.imports = false;
    auto s = x.start(w.turn());
    if (mutual == required) {
      REQUIRE(is<send>(s));
      w.policy.imports = false;
      s = x.receive(rep, w.turn());
    }
    CHECK(failure(s) == errc::crypto_backend);
    CHECK(failure(x.abandon({.code = errc::no_answer})) == errc::crypto_backend);
    CHECK(!std::move(x).take());
  }
}

TEST_CASE("ap_initiator: no key of the AP-REP is left in the buffer", "[exchange]") {
  waiting c;
  (void)c.start();
  c.part.subkey = key_as_sent(c.w.session_etype, subkey_octets);
  const octet_list rep = copy(c.reply());
  CHECK(holds(rep, bytes_view(subkey_octets)));
  REQUIRE(is<done>(c.answer(rep)));
  CHECK(!holds(c.buffer, bytes_view(subkey_octets)));
  const auto p = std::move(c.x).take();
  REQUIRE(p);
  CHECK(bytes_view(p->acceptor_subkey->octets().unguarded()) == bytes_view(subkey_octets));

  // Nor of one that is refused afterwards
  waiting d;
  (void)d.start();
  d.part.subkey = key_as_sent(d.w.session_etype, subkey_octets);
  d.part.cusec.count += 1;
  REQUIRE(is<ignored>(d.answer(d.reply())));
  CHECK(!holds(d.buffer, bytes_view(subkey_octets)));
  REQUIRE(is<failed>(d.answer(d.reply(), transport::stream)));
  CHECK(!holds(d.buffer, bytes_view(subkey_octets)));
}

TEST_CASE("ap_initiator: no subkey is left in the exchange once it has failed", "[exchange]") {
  ap_world w;
  const auto credential = w.credential();
  std::array<std::uint8_t, 4096> buffer{};
  alignas(initiator) std::array<std::uint8_t, sizeof(initiator)> place{};
  initiator* const x = std::construct_at(reinterpret_cast<initiator*>(place.data()),
                                         initiator_params<key>{.credential = credential, .buffer = buffer});
  w.policy.entropy = {};
  testing::counting_entropy same;
  std::array<std::uint8_t, 32> seed{};
  REQUIRE(same.fill(seed));
  REQUIRE(is<send>(x->start(w.turn())));
  CHECK(holds(place, seed));  // the twin
  (void)x->abandon({.code = errc::no_answer});
  CHECK(!holds(place, seed));
  std::destroy_at(x);
}

TEST_CASE("ap_initiator: a key without a checksum fails it", "[exchange]") {
  ap_world w;
  ticket_facts facts;
  facts.endtime = w.ticket.endtime;
  const basic_credential<key> empty(facts, key());
  std::array<std::uint8_t, 4096> buffer{};
  initiator x({.credential = empty, .buffer = buffer});
  CHECK(failure(x.start(w.turn())) == errc::unsupported_etype);
  initiator y({.credential = empty, .buffer = buffer, .application_data = bytes_view(other_octets)});
  CHECK(failure(y.start(w.turn())) == errc::unsupported_cksum);
}

TEST_CASE("ap_initiator: gives the request with its length in front, for a stream", "[exchange][rfc4120-7.2.2]") {
  waiting c;
  const auto s = c.start();
  REQUIRE(is<send>(s));
  const octet_list message = copy(std::get<send>(s).octets);
  const bytes_view framed = c.x.framed();
  REQUIRE(framed.size() == message.size() + 4);
  CHECK(copy(framed.subview(4)) == message);
  CHECK((std::size_t{framed[2]} << 8 | framed[3]) == message.size());
}

TEST_CASE("ap_initiator: moved from, it refuses every call, and the other one goes on", "[exchange]") {
  waiting c;
  REQUIRE(is<send>(c.start()));
  const octet_list rep = copy(c.reply());
  initiator y(std::move(c.x));
  CHECK(failure(c.answer(rep)) == errc::api_misuse);
  CHECK(c.x.framed().empty());
  CHECK(is<done>(y.receive(rep, c.w.turn())));
  waiting d;
  initiator z(std::move(d.x));
  CHECK(failure(d.start()) == errc::api_misuse);
  z = std::move(y);
  const auto none = std::move(y).take();
  REQUIRE(!none);
  CHECK(none.error().code == errc::api_misuse);
  CHECK(std::move(z).take());
}

TEST_CASE("ap_initiator: a KRB-ERROR is not shown any more once its octets may have gone", "[exchange]") {
  waiting c;
  REQUIRE(is<send>(c.start()));
  msg::KrbError e;
  e.stime = c.w.now.at;
  e.error_code = error_code_t::krb_ap_err_repeat;
  std::array<std::uint8_t, 128> octets{};
  CHECK(failure(c.answer(*asn1::encode(e, octets))) == errc::peer_error);
  CHECK(c.x.peer_error());
  octets.fill(0);
  CHECK(failure(c.answer({})) == errc::peer_error);
  CHECK(!c.x.peer_error());
}

TEST_CASE("ap_initiator: a referral is no ticket for a service", "[exchange][rfc6806-8]") {
  ap_world w;
  const auto as_issued = w.credential();
  ticket_facts f = as_issued.facts();
  f.is_referral = true;
  const basic_credential<key> referral(f, w.session_key());
  std::array<std::uint8_t, 4096> buffer{};
  initiator x({.credential = referral, .buffer = buffer});
  const auto s = x.start(w.turn());
  REQUIRE(is<failed>(s));
  CHECK(is(std::get<failed>(s).why, errc::api_misuse, "Ticket", "sname"));
}

TEST_CASE("ap_initiator: allocates nothing", "[exchange]") {
  waiting c;
  const octet_list rep = copy(c.reply());
  bool good = false;
  {
    no_allocations guard;
    const auto s = c.start();
    good = is<send>(s) && is<done>(c.answer(rep)) && std::move(c.x).take().has_value();
  }
  CHECK(good);
}

}  // namespace
