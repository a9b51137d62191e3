// SPNEGO: whole negotiations between both sides, and what an attacker between them can do.
#include <kerb/gss/spnego.hpp>

#include <algorithm>
#include <list>
#include <vector>

#include "support/both.hpp"
#include "support/negotiate_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using world = negotiate_world;
using key = testing::insecure_policy::key;

constexpr object_identifier windows_list[] = {msg::mech_ms_krb5, msg::mech_krb5, negoex, ntlm};
constexpr object_identifier negoex_first[] = {negoex, ntlm, msg::mech_ms_krb5, msg::mech_krb5};
constexpr object_identifier ms_only[] = {msg::mech_ms_krb5};
constexpr object_identifier ntlm_only[] = {ntlm};
constexpr object_identifier toy_only[] = {toy_oid};
constexpr object_identifier toy_first[] = {toy_oid, msg::mech_krb5};
constexpr object_identifier krb5_first[] = {msg::mech_krb5, toy_oid};
constexpr object_identifier user_to_user_first[] = {msg::mech_user_to_user, msg::mech_krb5};

constexpr gss_flags mutual{gss_flag_t::mutual, gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf};
constexpr gss_flags one_way{gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf};
constexpr gss_flags dce{gss_flag_t::dce_style, gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf};

/// Whether a negotiation ends with this mechanism after so many tokens.
constexpr bool ends(world& w, object_identifier mech, bool verified, unsigned legs) {
  const auto c = w.credential();
  auto o = w.converse(c);
  return w.agreed(o, mech, verified) && o.legs == legs;
}
constexpr bool ends(view_of<object_identifier> offers, view_of<object_identifier> accepts, gss_flags flags,
                    object_identifier mech, bool verified, unsigned legs) {
  world w;
  w.offers = offers;
  w.accepts = accepts;
  w.flags = flags;
  return ends(w, mech, verified, legs);
}

KERB_BOTH("spnego: with Kerberos first it is over after one token each, without a MIC", "[gss][rfc4178-5]",
          [] { return ends(gss::only_krb5, gss::only_krb5, mutual, msg::mech_krb5, false, 2); })
KERB_BOTH("spnego: without mutual authentication the acceptor still answers", "[gss][rfc4178-3.2]",
          [] { return ends(gss::only_krb5, gss::only_krb5, one_way, msg::mech_krb5, false, 2); })
KERB_BOTH("spnego: in DCE style the acceptor answers the third token, without one of Kerberos",
          "[gss][ms-kile-3.4.5.1]", [] { return ends(gss::only_krb5, gss::only_krb5, dce, msg::mech_krb5, false, 4); })
KERB_BOTH("spnego: another mechanism than the first needs both MICs, an even number of tokens", "[gss][rfc4178-5]",
          [] { return ends(toy_first, gss::only_krb5, mutual, msg::mech_krb5, true, 5); })
KERB_BOTH("spnego: another mechanism than the first needs both MICs, an odd number of tokens", "[gss][rfc4178-5]",
          [] { return ends(toy_first, gss::only_krb5, one_way, msg::mech_krb5, true, 4); })
KERB_BOTH("spnego: another mechanism than the first needs both MICs, in DCE style", "[gss][rfc4178-5]",
          [] { return ends(toy_first, gss::only_krb5, dce, msg::mech_krb5, true, 6); })

TEST_CASE("spnego: both identifiers of Kerberos are accepted, and the same one is answered", "[gss][ms-spng-3.2.5]") {
  CHECK(ends(ms_only, gss::only_krb5, mutual, msg::mech_ms_krb5, false, 2));
  CHECK(ends(gss::only_krb5, ms_only, mutual, msg::mech_krb5, false, 2));
  CHECK(ends(windows_list, gss::only_krb5, mutual, msg::mech_ms_krb5, false, 2));
}
TEST_CASE("spnego: NegoEx and NTLM in front of Kerberos are passed over by their identifiers", "[gss][rfc4178-3.2]") {
  world w;
  w.offers = negoex_first;
  w.our_toy.tokens = 3;  // stands for NegoEx and makes a token that no acceptor can read
  CHECK(ends(w, msg::mech_ms_krb5, true, 5));
  CHECK(w.their_toy.asked == 0);
}
TEST_CASE("spnego: the user-to-user mechanism is not the one of Kerberos", "[gss][ms-spng-3.1.5.2]") {
  CHECK(ends(user_to_user_first, gss::only_krb5, mutual, msg::mech_krb5, true, 5));
}

TEST_CASE("spnego: a mechanism of the program, with any number of tokens", "[gss][rfc4178-5]") {
  for (unsigned tokens = 1; tokens != 6; ++tokens) {
    for (const bool optimistic : {true, false}) {
      INFO(tokens << " tokens, optimistic: " << optimistic);
      world w;
      w.offers = w.accepts = toy_only;
      w.our_toy.tokens = w.their_toy.tokens = tokens;
      w.our_toy.optimistic = optimistic;
      // The acceptor answers the last token, if the initiator makes it
      CHECK(ends(w, toy_oid, false, tokens + tokens % 2 + (optimistic ? 0 : 2)));
    }
  }
}
TEST_CASE("spnego: a mechanism of the program that was not the first needs both MICs", "[gss][rfc4178-5]") {
  for (unsigned tokens = 1; tokens != 6; ++tokens) {
    INFO(tokens << " tokens");
    world w;
    w.offers = krb5_first;
    w.accepts = toy_only;
    w.our_toy.tokens = w.their_toy.tokens = tokens;
    // Two tokens to select it; then the MICs go with the last token and the answer to it
    CHECK(ends(w, toy_oid, true, 2 + tokens + 1));
  }
}
TEST_CASE("spnego: without integrity there are no MICs", "[gss][rfc4178-5]") {
  for (unsigned tokens = 1; tokens != 5; ++tokens) {
    world w;
    w.offers = krb5_first;
    w.accepts = toy_only;
    w.our_toy.tokens = w.their_toy.tokens = tokens;
    w.our_toy.integrity = w.their_toy.integrity = false;
    CHECK(ends(w, toy_oid, false, 2 + tokens + tokens % 2));
  }
}
TEST_CASE("spnego: an acceptor with an order of its own requires MICs for what is not its first", "[gss][rfc4178-5]") {
  world w;
  w.by = gss::preference::own;
  w.offers = krb5_first;
  w.accepts = toy_first;
  CHECK(ends(w, toy_oid, true, 5));

  world first;
  first.by = gss::preference::own;
  first.offers = toy_first;
  first.accepts = toy_first;
  CHECK(ends(first, toy_oid, false, 2));

  // Kerberos is the initiator's first one, but the acceptor would have preferred the other
  for (const auto& [flags, legs] : {std::pair(mutual, 3u), std::pair(one_way, 3u), std::pair(dce, 4u)}) {
    world only;
    only.by = gss::preference::own;
    only.flags = flags;
    only.offers = gss::only_krb5;
    only.accepts = toy_first;
    CHECK(ends(only, msg::mech_krb5, true, legs));
  }
}
TEST_CASE("spnego: nothing in common is told by a rejection", "[gss][rfc4178-3.2]") {
  world w;
  w.accepts = ntlm_only;
  const auto c = w.credential();
  const auto o = w.converse(c);
  CHECK(is(o.theirs, errc::no_common_mechanism, "NegTokenInit", "mechTypes"));
  CHECK(is(o.ours, errc::negotiation_rejected, "NegTokenResp", "negState"));
  constexpr auto rejection = "a1073005a0030a0102"_hex;
  CHECK(w.leg(1) == bytes_view(rejection));
}

// ---- attacks

/// A NegTokenInit or a NegTokenResp with something changed in it.
class forged {
 public:
  bytes_view init(bytes_view token, view_of<object_identifier> list, bool with_token = true) {
    const auto framed = must(read_gss_token(token));
    const auto t = must(asn1::decode<msg::NegotiationToken>(framed.inner));
    msg::NegTokenInit n = *std::get_if<msg::NegTokenInit>(&t.value);
    n.mech_types = captured<msg::MechTypeList>::of(msg::MechTypeList(list));
    if (!with_token) n.mech_token = std::optional<bytes_view>{};
    const bytes_view inner = must(asn1::encode(msg::NegotiationToken{n}, inner_));
    return must(write_gss_token({msg::mech_spnego, inner}, out_));
  }
  template <class Change>
  bytes_view resp(bytes_view token, Change&& change) {
    const auto t = must(asn1::decode<msg::NegotiationToken>(token));
    msg::NegTokenResp r = *std::get_if<msg::NegTokenResp>(&t.value);
    change(r);
    return must(asn1::encode(msg::NegotiationToken{r}, out_));
  }

 private:
  std::array<std::uint8_t, 2048> inner_{}, out_{};
};

/// The scenes that attacks are tried in.
struct setting {
  view_of<object_identifier> offers, accepts;
  gss_flags flags;
  gss::preference by = gss::preference::initiators;
  unsigned tokens = 2;

  void enter(world& w) const {
    w.offers = offers;
    w.accepts = accepts;
    w.flags = flags;
    w.by = by;
    w.our_toy.tokens = w.their_toy.tokens = tokens;
  }
};
const setting settings[] = {
    {gss::only_krb5, gss::only_krb5, mutual},
    {gss::only_krb5, gss::only_krb5, one_way},
    {gss::only_krb5, gss::only_krb5, dce},
    {toy_first, gss::only_krb5, mutual},
    {toy_first, gss::only_krb5, one_way},
    {toy_first, gss::only_krb5, dce},
    {krb5_first, toy_only, mutual},
    {krb5_first, toy_only, mutual, gss::preference::initiators, 3},
    {krb5_first, toy_first, mutual, gss::preference::own},
};

/// What must be true of the end of a negotiation, whoever has altered it.
bool is_sound(const setting& x, world& w, world::outcome& o) {
  if (o.initiator && !o.initiator->list_verified && o.initiator->mech != *x.offers.begin()) return false;
  if (!o.both()) return true;
  if (!gss::detail::same_mechanism(o.initiator->mech, o.acceptor->mech)) return false;
  return !o.initiator->kerberos || w.works(*o.initiator, *o.acceptor);
}

TEST_CASE("spnego: a bit flipped in any token never leads to another mechanism, or to contexts that differ",
          "[gss][rfc4178-7]") {
  for (const setting& x : settings) {
    const auto play = [&](auto&& tamper) {
      world w;
      x.enter(w);
      const auto c = w.credential();
      auto o = w.converse(c, tamper);
      return std::pair(is_sound(x, w, o), o.legs);
    };
    const unsigned legs = play([](unsigned, bytes_view octets) { return octets; }).second;
    for (unsigned leg = 0; leg != legs; ++leg) {
      for (std::size_t bit = 0, bits = 1; bit != bits; ++bit) {
        INFO("setting " << &x - settings << ", leg " << leg << ", bit " << bit);
        std::array<std::uint8_t, 2048> changed{};
        const auto [sound, n] = play([&](unsigned at, bytes_view octets) {
          if (at != leg) return octets;
          bits = octets.size() * 8;
          std::copy(octets.begin(), octets.end(), changed.begin());
          changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1u << (bit % 8)));
          return bytes_view(changed).first(octets.size());
        });
        if (!sound) FAIL();
      }
    }
  }
}
TEST_CASE("spnego: no truncated token is accepted", "[gss][rfc4178-4.2]") {
  for (const setting& x : settings) {
    const auto play = [&](auto&& tamper) {
      world w;
      x.enter(w);
      const auto c = w.credential();
      return w.converse(c, tamper);
    };
    const unsigned legs = play([](unsigned, bytes_view octets) { return octets; }).legs;
    for (unsigned leg = 0; leg != legs; ++leg) {
      for (std::size_t size = 0, all = 1; size != all; ++size) {
        INFO("setting " << &x - settings << ", leg " << leg << ", " << size << " octets");
        const auto o = play([&](unsigned at, bytes_view octets) {
          if (at != leg) return octets;
          all = octets.size();
          return octets.first(size);
        });
        const error& met = leg % 2 == 0 ? o.theirs : o.ours;
        if (!is_malformed(met.code)) FAIL(name_of(met.code));
      }
    }
  }
}

TEST_CASE("spnego: an attacker who removes the first mechanism is noticed", "[gss][rfc4178-7]") {
  for (const gss_flags flags : {mutual, one_way, dce}) {
    for (const bool request : {false, true}) {
      world w;
      w.flags = flags;
      w.offers = w.accepts = toy_first;
      forged f, g;
      const auto c = w.credential();
      const auto o = w.converse(c, [&](unsigned leg, bytes_view octets) {
        if (leg == 0) return f.init(octets, gss::only_krb5, false);
        if (leg == 1 && request) return g.resp(octets, [](auto& r) { r.neg_state = neg_state_t::request_mic; });
        return octets;
      });
      CHECK_FALSE(o.ours.ok());
      // In one case the acceptor has already finished, and it is the initiator that fails (section 7 b)
      if (flags == mutual) CHECK(is(o.ours, errc::mic_missing, "NegTokenResp", "mechListMIC"));
      else CHECK(is(o.theirs, errc::integrity, "NegTokenResp", "mechListMIC"));
    }
  }
}
TEST_CASE("spnego: a MIC over another list never passes", "[gss][rfc4178-5]") {
  // The attacker replaces the first mechanism, so that both sides require the MIC
  constexpr object_identifier altered[] = {ntlm, msg::mech_krb5};
  for (const gss_flags flags : {mutual, one_way, dce}) {
    world w;
    w.flags = flags;
    w.offers = w.accepts = toy_first;
    forged f;
    const auto c = w.credential();
    const auto o = w.converse(
        c, [&](unsigned leg, bytes_view octets) { return leg == 0 ? f.init(octets, altered, false) : octets; });
    CHECK_FALSE(o.ours.ok());
    CHECK_FALSE(o.theirs.ok());
    CHECK(is(flags == mutual ? o.ours : o.theirs, errc::integrity, "NegTokenResp", "mechListMIC"));
  }
}
TEST_CASE("spnego: a MIC that an attacker removes is missed where it is required", "[gss][rfc4178-5]") {
  for (const setting& x : settings) {
    world all;
    x.enter(all);
    const auto whole_c = all.credential();
    const auto whole = all.converse(whole_c);
    for (unsigned leg = 0; leg != whole.legs; ++leg) {
      bool had_one = false;
      world w;
      x.enter(w);
      forged f;
      const auto c = w.credential();
      const auto o = w.converse(c, [&](unsigned at, bytes_view octets) {
        if (at != leg || leg == 0) return octets;
        return f.resp(octets, [&](auto& r) {
          had_one = r.mech_list_mic.has_value();
          r.mech_list_mic = std::optional<bytes_view>{};
        });
      });
      INFO("setting " << &x - settings << ", leg " << leg);
      if (had_one) CHECK(is(leg % 2 == 0 ? o.theirs : o.ours, errc::mic_missing, "NegTokenResp", "mechListMIC"));
      else CHECK(o.both());
    }
  }
}
TEST_CASE("spnego: a mechanism that was not offered cannot be selected", "[gss][rfc4178-4.2.2]") {
  for (const object_identifier m : {ntlm, negoex, msg::mech_user_to_user, msg::mech_spnego}) {
    world w;
    w.offers = toy_first;
    forged f;
    const auto c = w.credential();
    const auto o = w.converse(c, [&](unsigned leg, bytes_view octets) {
      return leg == 1 ? f.resp(octets, [&](auto& r) { r.supported_mech = m; }) : octets;
    });
    CHECK(is(o.ours, errc::mechanism_not_offered, "NegTokenResp", "supportedMech"));
  }
}
TEST_CASE("spnego: a token that comes back to its sender is not accepted", "[gss][rfc4178-4.2]") {
  for (const setting& x : settings) {
    for (unsigned leg = 1; leg != 5; ++leg) {
      world w;
      x.enter(w);
      std::array<std::uint8_t, 2048> before{};
      std::size_t size = 0;
      bool reflected = false;
      const auto c = w.credential();
      const auto o = w.converse(c, [&](unsigned at, bytes_view octets) {
        if (at + 1 == leg) std::copy(octets.begin(), octets.end(), before.begin()), size = octets.size();
        if (at != leg) return octets;
        reflected = true;
        return bytes_view(before).first(size);
      });
      INFO("setting " << &x - settings << ", leg " << leg);
      if (reflected) CHECK_FALSE((leg % 2 == 0 ? o.theirs : o.ours).ok());
    }
  }
}
TEST_CASE("spnego: the MIC of the other side does not pass as the own one", "[gss][rfc4121-4.2.2]") {
  world w;
  w.offers = toy_first;
  std::array<std::uint8_t, 128> mic{};
  std::size_t size = 0;
  forged f, g;
  const auto c = w.credential();
  const auto o = w.converse(c, [&](unsigned leg, bytes_view octets) {
    if (leg == 3) {
      (void)f.resp(octets, [&](auto& r) {
        std::copy(r.mech_list_mic->begin(), r.mech_list_mic->end(), mic.begin());
        size = r.mech_list_mic->size();
      });
    }
    if (leg == 4) return g.resp(octets, [&](auto& r) { r.mech_list_mic = bytes_view(mic).first(size); });
    return octets;
  });
  CHECK(is(o.theirs, errc::reflected_token, "NegTokenResp", "mechListMIC"));
}
TEST_CASE("spnego: an answer that is repeated is not accepted twice", "[gss][rfc4178-4.2.2]") {
  world w;
  w.offers = toy_first;
  const auto c = w.credential();
  world::initiator i(w.initiator_params(c));
  world::acceptor a(w.acceptor_params());
  auto s = w.ask_toy(i, w.our_toy, i.start(w.turn()));
  auto t = w.take(a, w.must_be<send>(s).octets);
  std::array<std::uint8_t, 256> first{};
  const bytes_view answer = w.must_be<gss::continue_with>(t).octets;
  std::copy(answer.begin(), answer.end(), first.begin());
  (void)w.must_be<send>(i.receive(bytes_view(first).first(answer.size()), w.turn()));
  CHECK(failure(i.receive(bytes_view(first).first(answer.size()), w.turn())) == errc::unexpected_message);
}

// ---- buffers

/// A side of a negotiation that begins with a buffer of `size` octets and gets what it asks for.
class grown {
 public:
  grown(world& w, std::size_t size) : w_(w), size_(size) { buffers_.emplace_back(size); }
  std::span<std::uint8_t> buffer() { return buffers_.back(); }
  std::size_t most = 0;

  template <class X, class Call>
  typename X::step call(X& x, Call&& make) {
    const unsigned draws = w_.policy.entropy.draws();
    auto s = make();
    const auto* n = std::get_if<need_buffer>(&s);
    if (n == nullptr) return s;
    const std::size_t wanted = n->size;
    REQUIRE(wanted > size_);
    for (const std::size_t size : {wanted - 1, wanted}) {
      REQUIRE(w_.policy.entropy.draws() == draws);
      if (size == size_) continue;
      if (!x.set_buffer(buffers_.emplace_back(size))) continue;  // it may be too small for what is kept
      s = make();
      if (size != wanted) REQUIRE((is<need_buffer>(s) && std::get<need_buffer>(s).size == wanted));
    }
    REQUIRE_FALSE(is<need_buffer>(s));
    most = std::max(most, wanted);
    size_ = wanted;
    return s;
  }
  template <class X>
  typename X::step ask_toy(X& x, toy_mechanism& t, typename X::step s) {
    const auto env = w_.turn();
    for (;;) {
      if (const auto* o = std::get_if<gss::other_mechanism>(&s)) {
        const auto a = t.answer(o->token);
        s = call(x, [&] { return x.mechanism_token(a, env); });
      } else if (const auto* m = std::get_if<gss::make_mic>(&s)) {
        const bytes_view mic = t.mic(m->list);
        s = call(x, [&] { return x.mic_made(mic, env); });
      } else if (const auto* c = std::get_if<gss::check_mic>(&s)) {
        s = x.mic_checked(t.verify(c->list, c->mic), env);
      } else {
        return s;
      }
    }
  }

 private:
  world& w_;
  std::size_t size_;
  std::list<std::vector<std::uint8_t>> buffers_;
};

TEST_CASE("spnego: the buffer that it asks for is enough, and one octet less is not", "[gss]") {
  for (const setting& x : settings) {
    for (std::size_t size = 0, most = 1; size <= most; size += size < 40 || size + 8 > most ? 1 : 61) {
      world w;
      x.enter(w);
      const auto c = w.credential();
      grown ours(w, size), theirs(w, size);
      auto ip = w.initiator_params(c);
      auto ap = w.acceptor_params();
      ip.krb5.buffer = ours.buffer();
      ap.krb5.ap.buffer = theirs.buffer();
      world::initiator i(ip);
      world::acceptor a(ap);
      std::list<std::vector<std::uint8_t>> kept;
      const auto keep = [&](bytes_view v) { return bytes_view(kept.emplace_back(v.begin(), v.end())); };
      const key k = w.service_key();
      bool accepted = false, finished = false;
      auto s = ours.ask_toy(i, w.our_toy, ours.call(i, [&] { return i.start(w.turn()); }));
      while (!finished) {
        REQUIRE(is<send>(s));
        finished = std::get<send>(s).then == afterwards::finished;
        const bytes_view token = keep(std::get<send>(s).octets);
        auto t = theirs.call(a, [&] { return a.receive(token, w.turn()); });
        if (is<need_ticket_key>(t)) t = a.provide(k, w.turn());
        if (is<check_replay>(t)) t = a.replay_checked(true, w.turn());
        if (is<authenticated>(t)) t = a.accept({}, w.turn());
        t = theirs.ask_toy(a, w.their_toy, t);
        accepted = is<reply>(t) || is<done>(t);
        if (finished || is<done>(t)) break;
        REQUIRE((is<reply>(t) || is<gss::continue_with>(t)));
        const bytes_view back = keep(is<reply>(t) ? std::get<reply>(t).octets : std::get<gss::continue_with>(t).octets);
        s = ours.ask_toy(i, w.our_toy, ours.call(i, [&] { return i.receive(back, w.turn()); }));
        finished = is<done>(s);
        if (finished) break;
      }
      INFO("setting " << &x - settings << ", " << size << " octets");
      CHECK(accepted);
      auto mine = must(std::move(i).take());
      auto other = must(std::move(a).take());
      if (mine.kerberos) CHECK(w.works(mine, other));
      most = std::max({most, ours.most, theirs.most});
    }
  }
}
TEST_CASE("spnego: a refusal fits in the buffer that was asked for", "[gss]") {
  for (std::size_t size = 0; size != 1500; ++size) {
    world w;
    w.fresh = false;
    const auto c = w.credential();
    world::initiator i(w.initiator_params(c));
    auto s = i.start(w.turn());
    std::vector<std::uint8_t> buffer(size), larger;
    auto p = w.acceptor_params();
    p.krb5.ap.buffer = buffer;
    world::acceptor a(p);
    const bytes_view token = world::must_be<send>(s).octets;
    auto t = w.take(a, token);
    if (const auto* n = std::get_if<need_buffer>(&t)) {
      larger.resize(n->size);
      REQUIRE(a.set_buffer(larger));
      t = w.take(a, token);
    }
    REQUIRE(is<refused>(t));
    const auto r = must(asn1::decode<msg::NegotiationToken>(std::get<refused>(t).octets));
    REQUIRE(std::get<msg::NegTokenResp>(r.value).response_token);
    for (const auto* b : {&buffer, &larger}) REQUIRE_FALSE(holds(*b, alice_parts[1].octets));
  }
}

}  // namespace
