// The acceptor as a machine: its peer, buffers, randomness, and what is left in memory.
#include <memory>
#include <set>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/ap_world.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using acceptor = ap_acceptor<testing::insecure_policy>;
using buffer_t = std::array<std::uint8_t, 4096>;

enum class state { idle, wants_key, replay, proven, done, over, spent, failed };
enum class call { receive, provide, provide_none, fresh, accept, refuse };

struct machine {
  ap_world w;
  buffer_t buffer{};
  std::vector<std::uint8_t> token;
  key service_key;
  acceptor a;

  machine() : token(copy(w.mint())), service_key(w.service_key()), a(w.request_in(buffer)) {}
  static std::vector<std::uint8_t> copy(bytes_view v) { return {v.begin(), v.end()}; }

  acceptor::step make(call c) {
    const environment t = w.turn();
    switch (c) {
      case call::receive: return a.receive(token, t);
      case call::provide: return a.provide(service_key, t);
      case call::provide_none: return a.no_key(errc::no_key, t);
      case call::fresh: return a.replay_checked(true, t);
      case call::accept: return a.accept({}, t);
      default: return a.refuse(error_code_t::kdc_err_policy, t);
    }
  }
  void reach(state s) {
    if (s == state::failed) (void)a.abandon({.code = errc::no_answer});
    if (s == state::failed || s == state::idle) return;
    (void)make(call::receive);
    if (s == state::wants_key) return;
    (void)make(call::provide);
    if (s == state::replay) return;
    (void)make(call::fresh);
    if (s == state::proven) return;
    (void)make(s == state::over ? call::refuse : call::accept);
    if (s == state::spent) REQUIRE(std::move(a).take());
  }
};

TEST_CASE("ap_acceptor: who the peer is can be asked from `authenticated` on", "[exchange]") {
  for (const state s : {state::idle, state::wants_key, state::replay, state::over, state::spent, state::failed}) {
    machine m;
    m.reach(s);
    INFO(static_cast<int>(s));
    CHECK(m.a.peer() == nullptr);
  }
  for (const state s : {state::proven, state::done}) {
    machine m;
    m.reach(s);
    REQUIRE(m.a.peer() != nullptr);
    CHECK(same_principal(m.a.peer()->client(), alice));
  }
}

// ---- buffers

TEST_CASE("ap_acceptor: a buffer one octet too small says which size will do, and nothing has changed",
          "[exchange][rfc4120-3.2.3]") {
  for (const bool long_ticket : {false, true}) {
    machine m;
    const std::vector<std::uint8_t> filler(900, 0x5a);
    if (long_ticket) {
      m.w.ticket.transited.contents = filler;
      m.w.ticket.flags.set(ticket_flag_t::transited_policy_checked);
      // The world's own buffer is too small for this one
      std::vector<std::uint8_t> ticket(2000), req(3000);
      m.w.ticket.key = key_as_sent(m.w.session_etype, session_octets);
      const key k = m.w.session_key();
      const auto t = testing::mint_ticket(web, m.w.ticket, m.service_key, 3u, m.w.turn(), ticket);
      REQUIRE(t);
      const auto r = testing::mint_ap_req(*t, m.w.authenticator, m.w.options, k, m.w.usage, m.w.turn(), req);
      REQUIRE(r);
      m.token = machine::copy(*r);
    }
    std::vector<std::uint8_t> small(8, 0xee);
    acceptor a(m.w.request_in(small));
    auto step = a.receive(m.token, m.w.turn());
    REQUIRE(is<need_buffer>(step));
    const std::size_t n = std::get<need_buffer>(step).size;

    for (std::size_t size : {std::size_t{0}, n / 2, n - 1}) {
      std::vector<std::uint8_t> buffer(size, 0xee), enough(n, 0xee);
      acceptor b(m.w.request_in(buffer));
      for (int i = 0; i != 2; ++i) {
        step = b.receive(m.token, m.w.turn());
        REQUIRE(is<need_buffer>(step));
        CHECK(std::get<need_buffer>(step).size == n);
      }
      CHECK(buffer == std::vector<std::uint8_t>(size, 0xee));
      const testing::counting_entropy before = m.w.policy.entropy;
      b.set_buffer(enough);
      step = b.receive(m.token, m.w.turn());
      REQUIRE(is<need_ticket_key>(step));
      CHECK(m.w.policy.entropy.draws() == before.draws());
      step = b.provide(m.service_key, m.w.turn());
      step = b.replay_checked(true, m.w.turn());
      step = b.accept({}, m.w.turn());
      REQUIRE(is<reply>(step));  // no later call runs out of buffer
      CHECK(std::move(b).take());
    }
  }
}

TEST_CASE("ap_acceptor: the size that will do is enough for every refusal too", "[exchange]") {
  machine m;
  std::vector<std::uint8_t> none;
  acceptor probe(m.w.request_in(none));
  const auto first = probe.receive(m.token, m.w.turn());
  REQUIRE(is<need_buffer>(first));
  std::vector<std::uint8_t> buffer(std::get<need_buffer>(first).size);
  acceptor a(m.w.request_in(buffer));
  (void)a.receive(m.token, m.w.turn());
  (void)a.provide(m.service_key, m.w.turn());
  (void)a.replay_checked(true, m.w.turn());
  const auto no = a.refuse(error_code_t::krb_err_generic, m.w.turn());
  REQUIRE(is<refused>(no));
  CHECK(!std::get<refused>(no).octets.empty());

  // What does not decode is measured as well
  const std::uint8_t junk[] = {0x6e, 0x01};
  acceptor p(m.w.request_in(none));
  const auto size = p.receive(junk, m.w.turn());
  REQUIRE(is<need_buffer>(size));
  const std::size_t n = std::get<need_buffer>(size).size;
  std::vector<std::uint8_t> less(n - 1), just(n);
  acceptor q(m.w.request_in(less));
  CHECK(is<need_buffer>(q.receive(junk, m.w.turn())));
  q.set_buffer(just);
  const auto told = q.receive(junk, m.w.turn());
  REQUIRE(is<refused>(told));
  CHECK(!std::get<refused>(told).octets.empty());
}

// ---- randomness

TEST_CASE("ap_acceptor: a failing random source fails the exchange, and leaves no plaintext", "[exchange]") {
  for (const bool fails : {false, true}) {
    machine m;
    m.w.authenticator.subkey = key_as_sent(etype_t::aes128_cts_hmac_sha256_128, subkey_octets);
    m.token = machine::copy(m.w.mint());
    m.reach(state::proven);
    m.w.policy.entropy = {};
    m.w.policy.entropy.fail_at = fails ? 1 : 0;
    std::array<std::uint8_t, 32> drawn{};
    testing::counting_entropy same;
    REQUIRE(same.fill(drawn));
    const auto step = m.make(call::accept);
    CHECK(m.w.policy.entropy.draws() == 1);  // all at once
    if (!fails) {
      CHECK(is<reply>(step));
      CHECK(holds(m.buffer, drawn));  // the twin: under this policy the AP-REP shows its subkey
      continue;
    }
    CHECK(failure(step) == errc::entropy);
    CHECK(failure(m.make(call::accept)) == errc::entropy);
    CHECK(m.a.peer() == nullptr);
    CHECK(!std::move(m.a).take());
    CHECK(!holds(m.buffer, drawn));
    CHECK(!holds(m.buffer, bytes_view(session_octets)));
    CHECK(!holds(m.buffer, bytes_view(subkey_octets).first(16)));
    CHECK(!holds(m.buffer, alice_parts[0].octets));
    CHECK(!holds(m.buffer, alice_parts[1].octets));
  }
}

/// A library that fails while an AP-REP is made: at the key, or at the seal, where it leaves what it should wipe.
struct breaking_policy : testing::insecure_policy {
  bool keys = true, seals = true;
  using insecure_policy::seal;
  constexpr errc seal(const key& k, key_usage_t u, std::span<std::uint8_t> io) noexcept {
    return seals ? insecure_policy::seal(k, u, io) : errc::crypto_backend;
  }
  constexpr result<key> random_to_key(etype_t e, bytes_view octets) noexcept {
    if (!keys) return errc::crypto_backend;
    return insecure_policy::random_to_key(e, octets);
  }
};
TEST_CASE("ap_acceptor: a library that fails while the AP-REP is made fails the exchange, and no plaintext is left",
          "[exchange][rfc4120-3.2.4]") {
  for (const bool key_fails : {false, true}) {
    basic_ap_world<breaking_policy> w;
    w.authenticator.subkey = key_as_sent(etype_t::aes128_cts_hmac_sha256_128, subkey_octets);
    const auto token = machine::copy(w.mint());
    const key k = w.service_key();
    buffer_t buffer{};
    ap_acceptor<breaking_policy> a(w.request_in(buffer));
    (void)a.receive(token, w.turn());
    (void)a.provide(k, w.turn());
    REQUIRE(is<authenticated>(a.replay_checked(true, w.turn())));
    w.policy.entropy = {};
    std::array<std::uint8_t, 32> drawn{};
    testing::counting_entropy same;
    REQUIRE(same.fill(drawn));
    (key_fails ? w.policy.keys : w.policy.seals) = false;
    CHECK(failure(a.accept({}, w.turn())) == errc::crypto_backend);
    CHECK(failure(a.accept({}, w.turn())) == errc::crypto_backend);
    CHECK(a.peer() == nullptr);
    CHECK(!holds(buffer, drawn));  // the subkey, which the AP-REP would have told
    CHECK(!holds(buffer, alice_parts[0].octets));
    CHECK(!std::move(a).take());
  }
}

TEST_CASE("ap_acceptor: draws the subkey, the sequence number and the confounder at once, as asked", "[exchange]") {
  struct {
    accept_options options;
    std::size_t octets;
  } const rows[] = {{{true, true}, 44}, {{false, true}, 12}, {{true, false}, 40}, {{false, false}, 8}};
  for (const auto& row : rows) {
    machine m;
    m.reach(state::proven);
    m.w.policy.entropy = {};
    REQUIRE(is<reply>(m.a.accept(row.options, m.w.turn())));
    CHECK(m.w.policy.entropy.draws() == 1);
    testing::counting_entropy same;
    std::array<std::uint8_t, 53> before{}, next{};
    REQUIRE(same.fill(std::span(before).first(row.octets)));
    REQUIRE(same.fill(std::span(next).first(1)));
    REQUIRE(m.w.policy.entropy.fill(std::span(next).subspan(1, 1)));
    CHECK(next[0] == next[1]);  // so many, and no more
    const auto p = std::move(m.a).take();
    REQUIRE(p);
    CHECK(p->keys().acceptor_subkey.has_value() == row.options.subkey);
    CHECK(p->keys().acceptor_seq.has_value() == row.options.sequence_number);
  }
  ap_world w;
  w.options = {};
  machine m;
  m.token = machine::copy(w.mint());
  m.reach(state::proven);
  m.w.policy.entropy = {};
  REQUIRE(is<done>(m.make(call::accept)));
  CHECK(m.w.policy.entropy.draws() == 0);
  CHECK(!m.a.peer()->keys().acceptor_subkey);
  CHECK(m.a.peer()->reply().empty());
  CHECK(m.a.framed().empty());
}

TEST_CASE("ap_acceptor: with RC4 its first number is far from the client's, below 2^30, and drawn",
          "[exchange][rfc4757-7.3]") {
  constexpr std::uint32_t apart = 1u << 28;
  for (const std::uint32_t clients : {0u, 1u, apart, 0x3fffffffu, 0x40000000u, 0x80000005u, 0xffffffffu}) {
    std::set<std::uint32_t> numbers;
    for (std::uint32_t i = 0; i != 400; ++i) {
      const std::uint32_t drawn = i * 0x9e3779b1u;
      for (const etype_t e : {etype_t::rc4_hmac, etype_t::rc4_hmac_exp}) {
        const std::uint32_t own = detail::first_number(e, drawn, clients);
        const std::uint32_t ahead = (own - clients) & (4 * apart - 1);
        CHECK((own < 4 * apart && ahead >= apart && ahead < 3 * apart));
        numbers.insert(own);
      }
      CHECK(detail::first_number(etype_t::aes256_cts_hmac_sha1_96, drawn, clients) == drawn % (4 * apart));
    }
    CHECK(numbers.size() > 390);
  }
}

// ---- memory

TEST_CASE("ap_acceptor: no key is left in the buffer once the client has authenticated", "[exchange]") {
  machine m;
  m.w.authenticator.subkey = key_as_sent(etype_t::aes256_cts_hmac_sha384_192, subkey_octets);
  m.token = machine::copy(m.w.mint());
  CHECK(holds(m.token, bytes_view(session_octets)));  // the twin: under this policy the ticket shows its key
  CHECK(holds(m.token, bytes_view(subkey_octets)));
  m.reach(state::replay);
  CHECK(!holds(m.buffer, bytes_view(session_octets)));
  CHECK(!holds(m.buffer, bytes_view(subkey_octets)));
  CHECK(holds(m.buffer, alice_parts[0].octets));
  (void)m.make(call::fresh);
  (void)m.make(call::accept);
  CHECK(!holds(m.buffer, bytes_view(session_octets)));
  CHECK(!holds(m.buffer, bytes_view(subkey_octets)));
  {
    const auto p = std::move(m.a).take();
    REQUIRE(p);
    CHECK(holds(m.buffer, alice_parts[0].octets));
    CHECK(bytes_view(p->keys().session_key.octets().unguarded()) == bytes_view(session_octets));
    REQUIRE(p->keys().initiator_subkey);
    CHECK(bytes_view(p->keys().initiator_subkey->octets().unguarded()) == bytes_view(subkey_octets));
  }
  // The product is gone, and with it what was opened
  CHECK(!holds(m.buffer, alice_parts[0].octets));
  CHECK(!holds(m.buffer, alice_parts[1].octets));
}

TEST_CASE("ap_acceptor: what was opened is wiped on refusal, on misuse, when given up, and when it dies",
          "[exchange]") {
  for (int how = 0; how != 5; ++how) {
    buffer_t buffer{};
    ap_world w;
    w.authenticator.subkey = key_as_sent(etype_t::aes256_cts_hmac_sha384_192, subkey_octets);
    const key k = w.service_key();
    const bytes_view token = w.mint();
    {
      acceptor a(w.request_in(buffer));
      (void)a.receive(token, w.turn());
      REQUIRE(is<check_replay>(a.provide(k, w.turn())));
      REQUIRE(holds(buffer, alice_parts[0].octets));
      if (how == 0) (void)a.replay_checked(false, w.turn());
      if (how == 1) (void)a.provide(k, w.turn());
      if (how == 2) (void)a.abandon({.code = errc::no_answer});
      if (how == 3) {
        acceptor b(std::move(a));  // moved, it goes on, and only the new one wipes
        CHECK(holds(buffer, alice_parts[0].octets));
        CHECK(is<authenticated>(b.replay_checked(true, w.turn())));
        CHECK(same_principal(b.peer()->client(), alice));
      }
      if (how < 4) CHECK(!holds(buffer, alice_parts[0].octets));
    }
    INFO(how);
    CHECK(!holds(buffer, alice_parts[0].octets));
    CHECK(!holds(buffer, bytes_view(session_octets)));
    CHECK(!holds(buffer, bytes_view(subkey_octets)));
  }
}

TEST_CASE("ap_acceptor: no key is left in the exchange itself once it has refused, failed or died", "[exchange]") {
  for (int how = 0; how != 3; ++how) {
    ap_world w;
    w.authenticator.subkey = key_as_sent(etype_t::aes256_cts_hmac_sha384_192, subkey_octets);
    const key k = w.service_key();
    buffer_t buffer{};
    alignas(acceptor) std::array<std::uint8_t, sizeof(acceptor)> place{};
    acceptor* const a = std::construct_at(reinterpret_cast<acceptor*>(place.data()), w.request_in(buffer));
    (void)a->receive(w.mint(), w.turn());
    REQUIRE(is<check_replay>(a->provide(k, w.turn())));
    CHECK(holds(place, bytes_view(session_octets)));  // the twin
    CHECK(holds(place, bytes_view(subkey_octets)));
    if (how == 0) (void)a->replay_checked(false, w.turn());
    if (how == 1) (void)a->abandon({.code = errc::no_answer});
    if (how == 2) std::destroy_at(a);
    INFO(how);
    CHECK(!holds(place, bytes_view(session_octets)));
    CHECK(!holds(place, bytes_view(subkey_octets)));
    if (how != 2) std::destroy_at(a);
  }
}

TEST_CASE("ap_acceptor: never writes to the request", "[exchange]") {
  machine m;
  const std::vector<std::uint8_t> before = m.token;
  m.reach(state::spent);
  CHECK(m.token == before);
}

TEST_CASE("authenticated_client: outlives the acceptor and the octets that came", "[exchange][rfc4120-3.2.3]") {
  buffer_t buffer{};
  ap_world w;
  w.authenticator.seq_number = 77;
  w.service = ftp;
  w.request.service.reset();
  auto token = std::make_unique<std::vector<std::uint8_t>>(machine::copy(w.mint()));
  auto a = std::make_unique<acceptor>(w.request_in(buffer));
  const key k = w.service_key();
  (void)a->receive(*token, w.turn());
  (void)a->provide(k, ftp.realm, w.turn());
  (void)a->replay_checked(true, w.turn());
  REQUIRE(is<reply>(a->accept({}, w.turn())));
  auto p = std::move(*a).take();
  REQUIRE(p);
  for (std::uint8_t& b : *token) b = 0xaa;
  token.reset();
  a.reset();
  CHECK(same_principal(p->client(), alice));
  CHECK(p->client().name.name_type == name_t::principal);
  CHECK(same_principal(p->service(), ftp));
  CHECK(p->service().name.name_type == name_t::srv_hst);
  CHECK(p->flags() == msg::TicketFlags{ticket_flag_t::initial});
  CHECK(p->authtime() == kerberos_time{1767222000});
  CHECK(p->endtime() == kerberos_time{1767250800});
  CHECK(p->keys().initiator_seq == 77u);
  CHECK(asn1::decode<msg::ApRep>(p->reply()).has_value());
}

TEST_CASE("ap_acceptor: a service with means of its own against replays is asked for none",
          "[exchange][rfc4120-3.2.3]") {
  ap_world w;
  const key k = w.service_key();
  const auto token = machine::copy(w.mint());
  for (const replay_rule rule : {replay_rule::ask, replay_rule::by_application}) {
    buffer_t buffer{};
    w.request.replays = rule;
    acceptor a(w.request_in(buffer));
    (void)a.receive(token, w.turn());
    const auto step = a.provide(k, w.turn());
    CHECK(is<check_replay>(step) == (rule == replay_rule::ask));
    CHECK(is<authenticated>(step) == (rule == replay_rule::by_application));
    if (rule == replay_rule::ask) continue;
    REQUIRE(a.peer() != nullptr);
    CHECK(same_principal(a.peer()->client(), alice));
    REQUIRE(is<reply>(a.accept({}, w.turn())));
    const auto p = std::move(a).take();
    REQUIRE(p);
    CHECK(same_principal(p->service(), web));
    acceptor b(w.request_in(buffer));  // and replay_checked() is no answer to anything
    (void)b.receive(token, w.turn());
    (void)b.provide(k, w.turn());
    CHECK(failure(b.replay_checked(true, w.turn())) == errc::api_misuse);
  }
  // All other checks stand
  w.now.at.seconds += 301;
  buffer_t buffer{};
  acceptor late(w.request_in(buffer));
  (void)late.receive(token, w.turn());
  const auto no = late.provide(k, w.turn());
  REQUIRE(is<refused>(no));
  CHECK(std::get<refused>(no).why.code == errc::clock_skew);
}

TEST_CASE("ap_acceptor: allocates nothing", "[exchange]") {
  machine m;
  bool good = false;
  {
    no_allocations guard;
    (void)m.make(call::receive);
    (void)m.make(call::provide);
    (void)m.make(call::fresh);
    const auto step = m.make(call::accept);
    const auto p = std::move(m.a).take();
    good = is<reply>(step) && p.has_value();
  }
  CHECK(good);
  {
    no_allocations guard;
    good = m.w.present(m.token, false).over;
  }
  CHECK(good);
}

}  // namespace
