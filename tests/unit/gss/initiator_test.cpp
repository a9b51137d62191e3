// The initiator: what it sends, what it requires of the acceptor's token, and what it delegates.
#include <kerb/gss/initiator.hpp>

#include <algorithm>
#include <memory>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/gss_messages.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using world = gss_world;
using initiator = world::initiator;
using acceptor = world::acceptor;
using step = initiator::step;

octet_list copy(bytes_view v) { return {v.begin(), v.end()}; }
constexpr std::uint8_t text_of_a_test[] = {0x61, 0x20, 0x74, 0x65, 0x78, 0x74};
error reason(const step& s) { return world::reason(s); }

/// A client, and a service that has answered it.
struct answered {
  std::unique_ptr<world> own = std::make_unique<world>();
  world& w = *own;
  basic_credential<key> c;
  initiator i;
  acceptor a;
  octet_list first, second;

  explicit answered(gss_flags f) : c(w.credential()), i((w.flags = f, w.initiator_params(c))), a(w.acceptor_params()) {
    const step s = i.start(w.turn());
    first = copy(world::must_be<send>(s).octets);
    const auto r = w.take(a, bytes_view(first));
    if (const auto* x = std::get_if<reply>(&r)) second = copy(x->octets);
    else second = copy(world::must_be<gss::continue_with>(r).octets);
  }
  step receive(const octet_list& token) { return i.receive(bytes_view(token), w.turn()); }
};

// ---- flags

constexpr gss_flag_t free_flags[] = {gss_flag_t::mutual,   gss_flag_t::replay,        gss_flag_t::sequence,
                                     gss_flag_t::conf,     gss_flag_t::integ,         gss_flag_t::dce_style,
                                     gss_flag_t::identify, gss_flag_t::extended_error};
TEST_CASE("initiator: every combination of flags establishes a context, and both sides have the same flags",
          "[gss][rfc4121-4.1.1.1]") {
  for (unsigned set = 0; set != 1u << std::size(free_flags); ++set) {
    gss_flags f;
    for (unsigned n = 0; n != std::size(free_flags); ++n) f.set(free_flags[n], (set >> n & 1) != 0);
    talk<testing::insecure_policy> t(f);
    auto expected = f;
    if (f.has(gss_flag_t::dce_style)) expected.set(gss_flag_t::mutual);
    CHECK(t.p.ours.flags().bits == expected.bits);
    CHECK(t.p.theirs.flags().bits == expected.bits);
    const octet_list m = text(9);
    for (const kind_of_message k : kinds_of_token) {
      for (const bool back : {false, true})
        CHECK(t.open(k, back, t.make(k, back, bytes_view(m)), bytes_view(m)).seen == gss::order::in_order);
    }
  }
}
TEST_CASE("initiator: flags that are required and not granted fail it before a token is made", "[gss][rfc2743-2.2.1]") {
  world w;
  const auto c = w.credential();
  auto p = w.initiator_params(c);
  p.required = {gss_flag_t::deleg, gss_flag_t::conf, gss_flag_t::identify};
  const unsigned draws = w.policy.entropy.draws();
  initiator i(p);
  const step s = i.start(w.turn());
  CHECK(kerb_test::is(reason(s), errc::flags_not_granted));
  CHECK(reason(s).detail == 0x2001);
  CHECK(w.policy.entropy.draws() == draws);
  CHECK(std::move(i).take().error().code == errc::api_misuse);
  p.required = {gss_flag_t::conf, gss_flag_t::mutual};
  initiator j(p);
  CHECK(kerb::is<send>(j.start(w.turn())));
}
TEST_CASE("initiator: an unknown flag is not sent", "[gss][rfc4121-4.1.1.1]") {
  world w;
  w.flags = gss_flags::of(usual_flags.bits | 0x40);
  const auto c = w.credential();
  initiator i(w.initiator_params(c));
  CHECK(kerb::is<failed>(i.start(w.turn())));
}
TEST_CASE("initiator: without mutual authentication the context is there at once, and no token is taken", "[gss]") {
  world w;
  w.flags = one_way_flags;
  const auto c = w.credential();
  initiator i(w.initiator_params(c));
  const step s = i.start(w.turn());
  CHECK(world::must_be<send>(s).then == afterwards::finished);
  CHECK(world::must_be<send>(s).octets[0] == 0x60);
  CHECK(std::move(i).take().has_value());
  CHECK(std::move(i).take().error().code == errc::api_misuse);
}
TEST_CASE("initiator: the first token has the frame of the mechanism that is asked for, and none in DCE style",
          "[gss][rfc4121-4.1][ms-kile-3.4.5.1]") {
  for (const auto mech : {msg::mech_krb5, msg::mech_ms_krb5}) {
    world w;
    const auto c = w.credential();
    auto p = w.initiator_params(c);
    p.mech = mech;
    initiator i(p);
    const step s = i.start(w.turn());
    const auto t = must(read_krb5_token(world::must_be<send>(s).octets));
    CHECK(t.mech == mech);
    CHECK(t.id == gss_token_t::ap_req);
    const bytes_view framed = i.framed();
    CHECK(framed.subview(4) == world::must_be<send>(s).octets);
  }
  CHECK(answered(dce_flags).first[0] == 0x6e);
}
TEST_CASE("initiator: a referral is no ticket for a service", "[gss][rfc6806]") {
  static constexpr kerberos_string krbtgt_parts[] = {"krbtgt"_krb, "OTHER.ORG"_krb};
  world w;
  w.service = {{name_t::srv_inst, krbtgt_parts}, "EX.ORG"_krb};
  const auto c = w.credential();
  ticket_facts facts = c.facts();
  facts.is_referral = true;
  const basic_credential<key> referral(facts, w.session_key());
  initiator i(w.initiator_params(referral));
  CHECK(reason(i.start(w.turn())).code == errc::api_misuse);
}

// ---- the acceptor's token

TEST_CASE("initiator: no changed bit and no truncation of the acceptor's token is accepted", "[gss][rfc4120-3.2.5]") {
  for (const gss_flags f : {usual_flags, dce_flags}) {
    const octet_list good = answered(f).second;
    const auto accepted = [&](const octet_list& token) {
      answered x(f);
      REQUIRE(x.second == good);
      const step s = x.receive(token);
      if (kerb::is<failed>(s)) {
        CHECK(std::move(x.i).take().error().code == errc::api_misuse);
        return false;
      }
      return true;
    };
    CHECK(accepted(good));
    for (std::size_t n = 0; n != good.size(); ++n)
      CHECK_FALSE(accepted(octet_list(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n))));
    octet_list longer = good;
    longer.push_back(0);
    CHECK_FALSE(accepted(longer));
    // Everything is under a seal or constant, except that the frame may have the other identifier of Kerberos (Samba)
    octet_list other_mech = good;
    if (good[0] == 0x60) {
      const bytes_view mech = msg::mech_krb5.octets;
      const auto at = std::search(good.begin(), good.end(), mech.begin(), mech.end());
      REQUIRE(at != good.end());
      std::copy(msg::mech_ms_krb5.octets.begin(), msg::mech_ms_krb5.octets.end(),
                other_mech.begin() + (at - good.begin()));
      CHECK(accepted(other_mech));
    }
    for (std::size_t bit = 0; bit != 8 * good.size(); ++bit) {
      octet_list changed = good;
      changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ 1 << bit % 8);
      INFO("bit " << bit);
      CHECK((changed == other_mech || !accepted(changed)));
    }
  }
}
TEST_CASE("initiator: the acceptor's token has the frame and the identifier of an AP-REP", "[gss][rfc4121-4.1]") {
  const auto fails = [](gss_flags f, auto&& change) {
    answered x(f);
    const bytes_view rep =
        f.has(gss_flag_t::dce_style) ? bytes_view(x.second) : must(read_krb5_token(bytes_view(x.second))).message;
    const octet_list token = change(x, rep);
    return reason(x.receive(token));
  };
  const auto id = [](gss_token_t t) { return [t](answered& x, bytes_view rep) { return copy(x.w.framed(rep, t)); }; };
  for (const auto t : {gss_token_t::ap_req, gss_token_t::krb_error, gss_token_t::mic, gss_token_t(0)})
    CHECK(kerb_test::is(fails(usual_flags, id(t)), errc::unexpected_message, "InitialContextToken", "TOK_ID"));
  CHECK(fails(usual_flags, id(gss_token_t::ap_rep)).code == errc::api_misuse);  // which is what a success has
  // An AP-REP without a frame belongs to DCE style only, and there it has none
  CHECK_FALSE(fails(usual_flags, [](answered&, bytes_view rep) { return copy(rep); }).code == errc::api_misuse);
  CHECK(kerb_test::is(fails(dce_flags, id(gss_token_t::ap_rep)), errc::unexpected_message, "InitialContextToken",
                      "TOK_ID"));
  CHECK(kerb_test::is(
      fails(usual_flags,
            [](answered& x, bytes_view rep) { return copy(x.w.framed(rep, gss_token_t::ap_rep, msg::mech_spnego)); }),
      errc::wrong_constant, "InitialContextToken", "thisMech"));
  // Our own token
  CHECK(kerb_test::is(fails(usual_flags, [](answered& x, bytes_view) { return x.first; }), errc::unexpected_message,
                      "InitialContextToken", "TOK_ID"));
  CHECK(fails(usual_flags, [](answered&, bytes_view) { return octet_list(); }).code == errc::truncated);
}
TEST_CASE("initiator: a KRB-ERROR fails it with the peer's code, with a frame or in DCE style without",
          "[gss][rfc4121-4.1]") {
  msg::KrbError e;
  e.stime = {1767225600};
  e.error_code = error_code_t::krb_ap_err_skew;
  e.realm = web.realm;
  e.sname = web.name;
  std::array<std::uint8_t, 512> octets{};
  const octet_list bare = copy(must(asn1::encode(e, octets)));
  for (const gss_flags f : {usual_flags, dce_flags}) {
    for (const bool framed : {true, false}) {
      answered x(f);
      const octet_list token = framed ? copy(x.w.framed(bytes_view(bare), gss_token_t::krb_error)) : bare;
      const step s = x.receive(token);
      REQUIRE(kerb::is<failed>(s));
      if (!framed && !f.has(gss_flag_t::dce_style)) {
        CHECK(reason(s).code != errc::peer_error);
        CHECK_FALSE(x.i.peer_error());
        continue;
      }
      CHECK(reason(s).code == errc::peer_error);
      CHECK(reason(s).detail == 37);
      CHECK(must(x.i.peer_error()).error_code == error_code_t::krb_ap_err_skew);
    }
  }
  answered x(usual_flags);
  octet_list broken = copy(x.w.framed(bytes_view(bare), gss_token_t::krb_error));
  broken[20] ^= 0xff;
  CHECK(kerb::is<failed>(x.receive(broken)));
}
TEST_CASE("initiator: what an acceptor refuses with arrives as the peer's code", "[gss][rfc4121-4.1]") {
  for (const gss_flags f : {usual_flags, dce_flags}) {
    auto w = std::make_unique<world>();
    w->flags = f;
    const auto c = w->credential();
    initiator i(w->initiator_params(c));
    auto p = w->acceptor_params();
    p.required = {gss_flag_t::identify};
    acceptor a(p);
    const step s = i.start(w->turn());
    const auto no = w->take(a, world::must_be<send>(s).octets);
    REQUIRE(kerb::is<refused>(no));
    CHECK(reason(i.receive(std::get<refused>(no).octets, w->turn())).code == errc::peer_error);
  }
}
TEST_CASE("initiator: an answer to another initiator is refused", "[gss][rfc4120-3.2.5]") {
  answered one(usual_flags);
  auto w = std::make_unique<world>();
  w->now.usec.count += 1;
  const auto c = w->credential();
  initiator other(w->initiator_params(c));
  REQUIRE(kerb::is<send>(other.start(w->turn())));
  CHECK(kerb_test::is(reason(other.receive(bytes_view(one.second), w->turn())), errc::time_mismatch, "EncAPRepPart",
                      "cusec"));
}

// ---- delegation

constexpr kerberos_string krbtgt_parts[] = {"krbtgt"_krb, "EX.ORG"_krb};
constexpr principal_view krbtgt{{name_t::srv_inst, krbtgt_parts}, "EX.ORG"_krb};

/// A client with a forwarded ticket-granting ticket.
struct delegating {
  std::unique_ptr<world> own = std::make_unique<world>(), tgt_world = std::make_unique<world>();
  world& w = *own;
  basic_credential<key> c, tgt;

  explicit delegating(bool ok_as_delegate = true)
      : c((w.ticket.flags.set(ticket_flag_t::ok_as_delegate, ok_as_delegate), w.credential())),
        tgt((tgt_world->service = krbtgt, tgt_world->ticket.flags.set(ticket_flag_t::forwarded),
             tgt_world->credential())) {}
  gss::initiator_params<key> params(gss::delegation d) {
    auto p = w.initiator_params(c);
    p.delegated = tgt;
    p.delegate = d;
    return p;
  }
};
TEST_CASE("initiator: a ticket is delegated always, or by the KDC's policy, and the acceptor has it",
          "[gss][rfc4121-4.1.1][rfc5896]") {
  for (const bool marked : {true, false}) {
    for (const auto d : {gss::delegation::always, gss::delegation::by_policy}) {
      for (const gss_flags f : {usual_flags, one_way_flags, dce_flags}) {
        delegating x(marked);
        x.w.flags = f;
        initiator i(x.params(d));
        acceptor a(x.w.acceptor_params());
        const step s = i.start(x.w.turn());
        const auto r = x.w.take(a, world::must_be<send>(s).octets);
        if (const auto* more = std::get_if<gss::continue_with>(&r)) {
          const step last = i.receive(more->octets, x.w.turn());
          REQUIRE(kerb::is<done>(a.receive(world::must_be<send>(last).octets, x.w.turn())));
        } else if (const auto* answer = std::get_if<reply>(&r)) {
          REQUIRE(kerb::is<done>(i.receive(answer->octets, x.w.turn())));
        }
        auto ours = must(std::move(i).take());
        auto theirs = must(std::move(a).take());
        const bool expected = marked || d == gss::delegation::always;
        CHECK(ours.flags().has(gss_flag_t::deleg) == expected);
        CHECK(theirs.flags().has(gss_flag_t::deleg) == expected);
        CHECK(theirs.has_delegated() == expected);
        octet_list buffer(4096);
        auto got = theirs.delegated(buffer, x.w.turn());
        CHECK(got.error().code == (expected ? errc::ok : errc::nothing_delegated));
        if (!expected) continue;
        REQUIRE(got->size() == 1);
        CHECK(same_principal(must(got->facts(0)).server, krbtgt));
        CHECK(same_principal(must(got->facts(0)).client, alice));
        CHECK(must(got->facts(0)).ticket == x.tgt.ticket());
        const auto delegated = must(got->take(0, x.w.policy));
        CHECK(delegated.session_key().octets().unguarded() == x.tgt.session_key().octets().unguarded());
        CHECK_FALSE(ours.has_delegated());
        CHECK(ours.delegated(buffer, x.w.turn()).error().code == errc::nothing_delegated);
      }
    }
  }
}
TEST_CASE("initiator: delegation without a credential is refused and the error names the field",
          "[gss][rfc4121-4.1.1.1]") {
  delegating x;
  auto p = x.w.initiator_params(x.c);
  p.flags.set(gss_flag_t::deleg);
  initiator i(p);
  CHECK(kerb_test::is(reason(i.start(x.w.turn())), errc::missing_parameter, "initiator_params", "delegated"));
}
TEST_CASE("initiator: only a forwarded ticket-granting ticket is delegated", "[gss][rfc4120-2.6]") {
  for (const auto d : {gss::delegation::always, gss::delegation::by_policy}) {
    for (const bool own_ticket : {true, false}) {
      delegating x;
      ticket_facts f = x.tgt.facts();
      if (own_ticket) f.flags.set(ticket_flag_t::forwarded, false);
      else f.server = web;  // a ticket for a service that was obtained with a forwarded one has the flag too
      const basic_credential<key> other(f, x.tgt_world->session_key());
      auto p = x.params(d);
      p.delegated = other;
      initiator i(p);
      CHECK(kerb_test::is(reason(i.start(x.w.turn())), errc::not_forwarded, "initiator_params", "delegated"));
    }
  }
}
/// A context token with these octets as its KRB-CRED, and what the acceptor's context makes of it.
error delegated_error(world& w, bytes_view cred, std::size_t* count = nullptr) {
  auto f = usual_flags;
  f.set(gss_flag_t::deleg);
  acceptor a(w.acceptor_params());
  const auto s = w.take(a, w.mint_token({{}, f, cred, {}}));
  (void)world::must_be<reply>(s);
  const auto c = must(std::move(a).take());
  octet_list buffer(4096);
  const auto got = c.delegated(buffer, w.turn());
  if (!got) return got.error();
  if (count != nullptr) *count = got->size();
  return {};
}
struct cred_parts {
  std::vector<msg::Ticket> tickets;
  std::vector<msg::KrbCredInfo> infos;
  std::array<std::uint8_t, 2048> plain{}, whole{};

  bytes_view unsealed() {
    msg::EncKrbCredPart part;
    part.ticket_info = sequence_of<msg::KrbCredInfo>(infos);
    const bytes_view p = must(asn1::encode(part, plain));
    return must(asn1::encode(msg::KrbCred{sequence_of<msg::Ticket>(tickets), {etype_t::none, {}, p}}, whole));
  }
};
TEST_CASE(
    "acceptor: an empty list of delegated credentials, and counts that differ, are refused; one that is not sealed "
    "is accepted",
    "[gss][rfc4120-5.8.1][rfc6448]") {
  const auto ticket = [](delegating& x) { return must(asn1::decode<msg::Ticket>(x.tgt.ticket())); };
  const auto info = [](delegating& x) {
    msg::KrbCredInfo n;
    n.key = {x.tgt.session_key().etype(), x.tgt.session_key().octets().unguarded()};
    n.prealm = alice.realm;
    n.pname = alice.name;
    n.srealm = krbtgt.realm;
    n.sname = krbtgt.name;
    n.endtime = x.tgt.endtime();
    return n;
  };
  struct row {
    std::size_t tickets, infos;
    bool fine;
  };
  for (const row& r : {row{1, 1, true}, row{2, 2, true}, row{0, 0, false}, row{0, 1, false}, row{1, 0, false},
                       row{1, 2, false}, row{2, 1, false}}) {
    delegating x;
    cred_parts p;
    p.tickets.assign(r.tickets, ticket(x));
    p.infos.assign(r.infos, info(x));
    std::size_t n = 0;
    const error e = delegated_error(x.w, p.unsealed(), &n);
    INFO(r.tickets << " tickets, " << r.infos << " infos: " << name_of(e.code));
    CHECK(e.ok() == r.fine);
    if (r.fine) CHECK(n == r.tickets);
    else CHECK((e.code == errc::count_mismatch || e.code == errc::missing_field || e.code == errc::empty_sequence));
  }
  delegating x;
  constexpr std::uint8_t junk[] = {0x76, 0x03, 0x02, 0x01, 0x05};
  CHECK_FALSE(delegated_error(x.w, junk).ok());
}

// ---- buffers, randomness, allocation

TEST_CASE(
    "initiator: whatever buffer it has, it asks for what it needs before it draws, and an octet less is not enough",
    "[gss]") {
  for (const bool delegates : {false, true}) {
    for (const gss_flags f : {usual_flags, one_way_flags, dce_flags}) {
      delegating x;
      x.w.flags = f;
      std::size_t needed = 0;
      for (std::size_t size = 0; size < 4000; size += size < 1500 && !delegates ? 1 : 13) {
        octet_list buffer(size), less, enough;
        auto p = delegates ? x.params(gss::delegation::always) : x.w.initiator_params(x.c);
        p.buffer = buffer;
        initiator i(p);
        const unsigned draws = x.w.policy.entropy.draws();
        step s = i.start(x.w.turn());
        if (const auto* n = std::get_if<need_buffer>(&s)) {
          CHECK(n->size > size);
          needed = n->size;
          less.resize(needed - 1), enough.resize(needed);
          if (needed - 1 >= size) {
            CHECK(i.set_buffer(less));
            const step again = i.start(x.w.turn());
            REQUIRE(kerb::is<need_buffer>(again));
            CHECK(std::get<need_buffer>(again).size == needed);
          }
          CHECK(x.w.policy.entropy.draws() == draws);
          CHECK(i.set_buffer(enough));
          s = i.start(x.w.turn());
        } else {
          CHECK(size >= needed);
        }
        REQUIRE(kerb::is<send>(s));
        acceptor a(x.w.acceptor_params());
        const auto r = x.w.take(a, std::get<send>(s).octets);
        bytes_view answer;
        if (const auto* more = std::get_if<gss::continue_with>(&r)) answer = more->octets;
        else if (const auto* rep = std::get_if<reply>(&r)) answer = rep->octets;
        else continue;
        octet_list larger(5000);
        step last = i.receive(answer, x.w.turn());
        if (kerb::is<need_buffer>(last)) {
          CHECK(i.set_buffer(larger));
          last = i.receive(answer, x.w.turn());
        }
        CHECK((kerb::is<done>(last) || kerb::is<send>(last)));
        (void)i.abandon({.code = errc::no_answer});  // before its buffer goes
      }
      CHECK(needed != 0);
    }
  }
}
TEST_CASE("initiator: when any draw of the random source fails, so does the exchange", "[gss]") {
  for (const bool delegates : {false, true}) {
    unsigned fails = 0;
    for (unsigned n = 1; n != 10; ++n) {
      delegating x;
      x.w.flags = dce_flags;
      const octet_list second = [&] {
        answered same(dce_flags);
        return same.second;
      }();
      x.w.policy.entropy.fail_at = x.w.policy.entropy.draws() + n;
      initiator i(delegates ? x.params(gss::delegation::always) : x.w.initiator_params(x.c));
      step s = i.start(x.w.turn());
      if (const auto* out = std::get_if<send>(&s)) {
        acceptor a(x.w.acceptor_params());
        const octet_list token = copy(out->octets);
        auto entropy_of_the_client = x.w.policy.entropy;
        x.w.policy.entropy.fail_at = 0;
        const auto r = x.w.take(a, bytes_view(token));
        const octet_list answer = copy(world::must_be<gss::continue_with>(r).octets);
        x.w.policy.entropy = entropy_of_the_client;
        s = i.receive(bytes_view(answer), x.w.turn());
      }
      if (!kerb::is<failed>(s)) {
        CHECK(kerb::is<send>(s));
        break;
      }
      ++fails;
      CHECK(reason(s).code == errc::entropy);
      CHECK(std::move(i).take().error().code == errc::api_misuse);
    }
    CHECK(fails == (delegates ? 3 : 2));
  }
}
TEST_CASE("initiator and acceptor: a context is established, used and refused without an allocation", "[gss]") {
  for (const gss_flags f : {usual_flags, dce_flags}) {
    auto w = std::make_unique<world>();
    w->flags = f;
    const auto c = w->credential();
    std::array<std::uint8_t, 200> out{}, in{};
    bool good = true;
    {
      no_allocations none;
      auto [ours, theirs] = w->establish(c);
      for (int n = 0; n != 2 && good; ++n) {
        const auto token = ours.wrap(bytes_view(text_of_a_test), gss::protection::confidentiality, out, w->policy);
        good = token && theirs.unwrap(*token, in, w->policy);
        const auto mic = theirs.get_mic(bytes_view(text_of_a_test), out, w->policy);
        good = good && mic && ours.verify_mic(bytes_view(text_of_a_test), *mic, w->policy);
      }
      auto p = w->acceptor_params();
      p.required = {gss_flag_t::identify};
      acceptor a(p);
      good = good && kerb::is<refused>(w->take(a, w->mint_token(usual_flags)));
    }
    CHECK(good);
  }
}
TEST_CASE("initiator: without bindings it does not state that it includes those of its channel, unless it is told to",
          "[gss][ms-kile-3.2.5.8]") {
  const std::uint8_t data[] = {1};
  channel_bindings channel;
  channel.application_data = data;
  // An acceptor with a channel accepts a client that may not know of bindings, and refuses one that does but sends none
  for (const auto& [bindings, aware, states] :
       {std::tuple(false, std::optional<bool>(), false), std::tuple(false, std::optional(false), false),
        std::tuple(false, std::optional(true), true), std::tuple(true, std::optional<bool>(), true),
        std::tuple(true, std::optional(false), false)}) {
    world w;
    w.there = channel;
    const auto c = w.credential();
    auto p = w.initiator_params(c);
    if (bindings) p.bindings = channel;
    p.bindings_aware = aware;
    world::initiator i(p);
    world::acceptor a(w.acceptor_params());
    const auto first = i.start(w.turn());
    const auto s = w.take(a, world::must_be<send>(first).octets);
    CHECK(kerb::is<reply>(s) == (bindings || !states));
    if (kerb::is<reply>(s)) CHECK(kerb::detail::knows_bindings(a.peer()->authorization()) == states);
  }
}
TEST_CASE("initiator: a KRB-ERROR under another identifier is refused", "[gss][rfc4121-4.1]") {
  msg::KrbError e;
  e.stime = {1767225600};
  e.error_code = error_code_t::krb_ap_err_skew;
  e.realm = web.realm;
  e.sname = web.name;
  std::array<std::uint8_t, 512> octets{};
  const bytes_view message = must(asn1::encode(e, octets));
  for (const auto id : {gss_token_t::ap_req, gss_token_t::ap_rep, gss_token_t(0)}) {
    for (const gss_flags f : {usual_flags, dce_flags}) {
      answered x(f);
      CHECK(kerb_test::is(reason(x.receive(copy(x.w.framed(message, id)))), errc::unexpected_message,
                          "InitialContextToken", "TOK_ID"));
      CHECK_FALSE(x.i.peer_error());
    }
  }
}
TEST_CASE(
    "initiator: an AP-REP without a sequence number or a subkey is accepted, and its messages count from 0 "
    "(sspi-rs#748)",
    "[gss][rfc4121-4.2.6]") {
  answered x(usual_flags);
  std::array<std::uint8_t, 512> octets{};
  const bytes_view rep =
      must(testing::mint_ap_rep({x.w.now.at, x.w.now.usec, {}, {}}, x.w.session_key(), x.w.turn(), octets));
  REQUIRE(kerb::is<done>(x.receive(copy(x.w.framed(rep, gss_token_t::ap_rep)))));
  auto c = must(std::move(x.i).take());
  const key k = must(x.w.policy.import(c.etype(x.w.policy), c.session_key(x.w.policy).unguarded()));
  for (const std::uint64_t n : {0u, 1u}) {
    const auto header = gss::message_header{gss_token_t::mic, 1, 0, 0, n}.octets();
    const bytes_view pieces[] = {header};
    octet_list mic(header.begin(), header.end());
    mic.resize(24);
    REQUIRE(x.w.policy.sign(must(x.w.policy.cksum_of(k.etype())).type, k, key_usage_t::gss_acceptor_sign, pieces,
                            std::span(mic).last(8)) == errc::ok);
    CHECK(must(c.verify_mic(bytes_view(), bytes_view(mic), x.w.policy)) == gss::order::in_order);
  }
}

}  // namespace
