// The acceptor of SPNEGO, against tokens that are written by hand.
#include <kerb/gss/negotiate_acceptor.hpp>

#include <algorithm>

#include "support/catch.hpp"
#include "support/negotiate_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using world = negotiate_world;
using policy = testing::insecure_policy;
using key = policy::key;
constexpr object_identifier toy_first[] = {toy_oid, msg::mech_krb5};
constexpr object_identifier toy_only[] = {toy_oid};
constexpr gss_flags mutual{gss_flag_t::mutual, gss_flag_t::integ};
constexpr gss_flags one_way{gss_flag_t::integ};
constexpr gss_flags dce{gss_flag_t::dce_style, gss_flag_t::integ};
constexpr auto junk = "deadbeef"_hex;

/// An acceptor, and tokens for it.
struct bench {
  world w;
  std::optional<world::acceptor> a;
  std::array<std::uint8_t, 2048> inner{}, out{}, kept{};

  bytes_view init(const msg::NegTokenInit& n) {
    return must(write_gss_token({msg::mech_spnego, must(asn1::encode(msg::NegotiationToken{n}, inner))}, out));
  }
  bytes_view init(view_of<object_identifier> list, std::optional<bytes_view> token = {},
                  std::optional<bytes_view> mic = {}) {
    return init({captured<msg::MechTypeList>::of(msg::MechTypeList(list)), {}, token, mic, {}});
  }
  bytes_view resp(const msg::NegTokenResp& r) { return must(asn1::encode(msg::NegotiationToken{r}, out)); }
  /// A first token of Kerberos.
  bytes_view krb5(gss_flags f) {
    const bytes_view t = w.mint_token(f);
    std::copy(t.begin(), t.end(), kept.begin());
    return bytes_view(kept).first(t.size());
  }
  world::acceptor::step take(bytes_view token) {
    if (!a) a.emplace(w.acceptor_params());
    return w.take(*a, token);
  }
  template <class Step>
  static msg::NegTokenResp answer(const Step& s) {
    bytes_view octets;
    if (const auto* c = std::get_if<gss::continue_with>(&s)) octets = c->octets;
    if (const auto* r = std::get_if<reply>(&s)) octets = r->octets;
    if (const auto* no = std::get_if<refused>(&s)) octets = no->octets;
    return std::get<msg::NegTokenResp>(must(asn1::decode<msg::NegotiationToken>(octets)).value);
  }
};
template <class Step>
error refusal(const Step& s) {
  const auto* const no = std::get_if<refused>(&s);
  return no == nullptr ? error{} : no->why;
}

TEST_CASE("negotiate_acceptor: a token of NTLM has an error of its own, and no answer", "[gss][http]") {
  constexpr auto ntlm_token = "4e544c4d5353500001000000978208e2"_hex;
  bench b;
  const auto s = b.take(ntlm_token);
  CHECK(refusal(s).code == errc::ntlm_token);
  CHECK(std::get<refused>(s).octets.empty());
  CHECK(b.a->refusal().empty());
}
TEST_CASE("negotiate_acceptor: Kerberos without SPNEGO is answered in kind", "[gss][rfc4121-4.1]") {
  for (const object_identifier mech : {msg::mech_krb5, msg::mech_ms_krb5}) {
    bench b;
    const auto framed = must(read_krb5_token(b.krb5(mutual)));
    const bytes_view t = must(write_krb5_token({mech, framed.id, framed.message}, b.out));
    const auto s = b.take(t);
    const auto back = must(read_krb5_token(world::must_be<reply>(s).octets));
    CHECK(back.mech == mech);
    CHECK(back.id == gss_token_t::ap_rep);
    CHECK(b.a->framed().size() == world::must_be<reply>(s).octets.size() + 4);
    REQUIRE(b.a->peer() != nullptr);
    const world::product p = must(std::move(*b.a).take());
    CHECK(p.mech == mech);
    CHECK(p.kerberos);
    CHECK(b.a->peer() == nullptr);
  }
  bench one;
  CHECK(is<done>(one.take(one.krb5(one_way))));
  bench third;
  const auto s = third.take(third.w.mint_token(dce));
  CHECK(is<gss::continue_with>(s));
  bench failing;
  failing.w.fresh = false;
  const auto no = failing.take(failing.krb5(mutual));
  CHECK(refusal(no).code == errc::replayed);
  CHECK(must(read_krb5_token(std::get<refused>(no).octets)).id == gss_token_t::krb_error);
  CHECK(failing.a->refusal() == std::get<refused>(no).octets);
}
TEST_CASE("negotiate_acceptor: Kerberos taken out of SPNEGO does not cancel the acceptor's own preference",
          "[gss][rfc4178-5]") {
  constexpr object_identifier krb5_then_toy[] = {msg::mech_krb5, toy_oid}, toy_then_krb5[] = {toy_oid, msg::mech_krb5};
  constexpr object_identifier ms_then_toy[] = {msg::mech_ms_krb5, toy_oid};
  struct row {
    view_of<object_identifier> accepts;
    gss::preference by;
    bool accepted;
  };
  for (const row& r :
       {row{toy_then_krb5, gss::preference::own, false}, row{krb5_then_toy, gss::preference::own, true},
        row{ms_then_toy, gss::preference::own, true}, row{toy_then_krb5, gss::preference::initiators, true}}) {
    bench b;
    b.w.accepts = r.accepts;
    b.w.by = r.by;
    const auto s = b.take(b.krb5(mutual));
    CHECK(is<reply>(s) == r.accepted);
    if (!r.accepted) CHECK(is(refusal(s), errc::unexpected_message, "InitialContextToken", "thisMech"));
    // In SPNEGO the same token requires a MIC where it is refused here
    bench in;
    in.w.accepts = r.accepts;
    in.w.by = r.by;
    constexpr object_identifier only[] = {msg::mech_krb5};
    const auto t = in.take(in.init(only, in.krb5(mutual)));
    CHECK(bench::answer(t).neg_state == (r.accepted ? neg_state_t::accept_completed : neg_state_t::request_mic));
  }
}
TEST_CASE("negotiate_acceptor: SPNEGO in its own list of mechanisms is misuse", "[gss][rfc4178-4.1]") {
  constexpr object_identifier with[] = {msg::mech_krb5, msg::mech_spnego};
  bench b;
  b.w.accepts = with;
  b.a.emplace(b.w.acceptor_params());
  const auto s = b.a->receive(b.krb5(mutual), b.w.turn());
  REQUIRE(is<failed>(s));
  CHECK(is(std::get<failed>(s).why, errc::api_misuse, "", "mechs"));
  b.a.emplace(b.w.acceptor_params());
  CHECK(failure(b.a->hints(b.w.turn())) == errc::api_misuse);
}
TEST_CASE("negotiate_acceptor: Kerberos without SPNEGO can be refused", "[gss]") {
  bench b;
  auto p = b.w.acceptor_params();
  p.bare_kerberos = false;
  for (const bytes_view t : {b.krb5(mutual), b.w.mint()}) {
    b.a.emplace(p);
    const auto s = b.a->receive(t, b.w.turn());
    CHECK(is(refusal(s), errc::unexpected_message, "InitialContextToken", "thisMech"));
    CHECK(std::get<refused>(s).octets.empty());
  }
  p.bare_kerberos = true;
  p.mechs = toy_only;
  b.a.emplace(p);
  CHECK(is(refusal(b.a->receive(b.krb5(mutual), b.w.turn())), errc::unexpected_message, "InitialContextToken",
           "thisMech"));
}
TEST_CASE("negotiate_acceptor: a token of another mechanism of GSS-API is refused", "[gss][rfc2743-3.1]") {
  bench b;
  CHECK(is(refusal(b.take(must(write_gss_token({toy_oid, junk}, b.out)))), errc::wrong_constant, "InitialContextToken",
           "thisMech"));
  bench none;
  CHECK(is_malformed(refusal(none.take({})).code));
}
TEST_CASE("negotiate_acceptor: there are limits for the list and for a token", "[gss]") {
  static const auto many = [] {
    std::array<object_identifier, gss::max_mechanisms + 1> m;
    m.fill(ntlm);
    m.back() = msg::mech_krb5;
    return m;
  }();
  bench b;
  const error e = refusal(b.take(b.init(many)));
  CHECK(is(e, errc::too_many_mechanisms, "NegTokenInit", "mechTypes"));
  CHECK(e.detail == many.size());
  bench enough;
  CHECK(is<gss::continue_with>(
      enough.take(enough.init(view_of<object_identifier>(many.data() + 1, gss::max_mechanisms)))));
  bench large;
  static std::array<std::uint8_t, gss::max_negotiation_token + 1> octets{};
  CHECK(refusal(large.take(octets)).code == errc::token_too_long);
  bench empty;
  CHECK(is(refusal(empty.take(empty.init(view_of<object_identifier>()))), errc::no_common_mechanism, "NegTokenInit",
           "mechTypes"));
}
TEST_CASE("negotiate_acceptor: the inner token has either identifier, and its answer the same one",
          "[gss][rfc4121-4.1]") {
  // Windows offers its own identifier first, and its token has the standard one
  constexpr object_identifier windows[] = {msg::mech_ms_krb5, msg::mech_krb5, ntlm};
  for (const object_identifier inner : {msg::mech_krb5, msg::mech_ms_krb5}) {
    bench b;
    const auto framed = must(read_krb5_token(b.krb5(mutual)));
    std::array<std::uint8_t, 2048> token{};
    const auto s = b.take(b.init(windows, must(write_krb5_token({inner, framed.id, framed.message}, token))));
    const auto r = bench::answer(s);
    CHECK(r.neg_state == neg_state_t::accept_completed);
    CHECK(r.supported_mech == msg::mech_ms_krb5);
    CHECK(must(read_krb5_token(*r.response_token)).mech == inner);
    CHECK_FALSE(r.mech_list_mic);
  }
}
TEST_CASE("negotiate_acceptor: without an optimistic token the mechanism is selected", "[gss][rfc4178-3.2]") {
  bench b;
  auto s = b.take(b.init(gss::only_krb5));
  auto r = bench::answer(s);
  CHECK(r.neg_state == neg_state_t::accept_incomplete);
  CHECK(r.supported_mech == msg::mech_krb5);
  CHECK_FALSE(r.response_token);
  s = b.take(b.resp({{}, {}, b.krb5(mutual), {}, {}}));
  r = bench::answer(s);
  CHECK(is<reply>(s));
  CHECK(r.neg_state == neg_state_t::accept_completed);
  CHECK_FALSE(r.supported_mech);  // RFC 4178 section 4.2.2: only in the first answer
}
TEST_CASE("negotiate_acceptor: request-mic is sent in the first answer only", "[gss][rfc4178-4.2.2]") {
  bench b;
  auto s = b.take(b.init(toy_first, bytes_view(junk)));
  auto r = bench::answer(s);
  CHECK(r.neg_state == neg_state_t::request_mic);
  CHECK(r.supported_mech == msg::mech_krb5);
  CHECK_FALSE(r.response_token);  // the token of the other mechanism was not looked at
  s = b.take(b.resp({{}, {}, b.krb5(mutual), {}, {}}));
  r = bench::answer(s);
  CHECK(is<gss::continue_with>(s));
  CHECK(r.neg_state == neg_state_t::accept_incomplete);
  CHECK(r.response_token);
  CHECK(r.mech_list_mic);
  CHECK_FALSE(std::move(*b.a).take());  // not before the initiator's MIC
}
TEST_CASE("negotiate_acceptor: reqFlags and hints of an initiator are ignored", "[gss][rfc4178-4.2.1][ms-spng-3.2.5]") {
  bench b;
  constexpr auto with_flags = "3012a00a300806062b0601050502a10403020640"_hex;  // integrity is not requested
  auto n1 = must(asn1::decode<msg::NegTokenInit>(with_flags));
  REQUIRE(n1.req_flags);
  n1.mech_types = captured<msg::MechTypeList>::of(msg::MechTypeList(gss::only_krb5));
  n1.mech_token = b.krb5(mutual);
  CHECK(is<reply>(b.take(b.init(n1))));
  bench hints;
  const msg::NegTokenInit2 n{captured<msg::MechTypeList>::of(msg::MechTypeList(gss::only_krb5)),
                             {},
                             hints.krb5(mutual),
                             msg::NegHints{"attacker$@EVIL.EXAMPLE"_krb, {}},
                             {},
                             {}};
  const auto s = hints.take(
      must(write_gss_token({msg::mech_spnego, must(asn1::encode(msg::NegotiationToken2{n}, hints.inner))}, hints.out)));
  CHECK(is<reply>(s));
  bench without;  // there the list is OPTIONAL
  const msg::NegTokenInit2 no_list{{}, {}, {}, msg::NegHints{}, {}, {}};
  CHECK(is_malformed(refusal(without.take(must(write_gss_token(
                                 {msg::mech_spnego, must(asn1::encode(msg::NegotiationToken2{no_list}, without.inner))},
                                 without.out))))
                         .code));
}
TEST_CASE("negotiate_acceptor: an acceptor that speaks first sends its mechanisms and the usual hint",
          "[gss][ms-spng-2.2.1]") {
  bench b;
  b.w.accepts = toy_first;
  b.a.emplace(b.w.acceptor_params());
  const auto s = b.a->hints(b.w.turn());
  const bytes_view token = world::must_be<gss::continue_with>(s).octets;
  CHECK(token[0] == 0x60);
  const auto h = must(gss::read_negotiation_hints(token));
  REQUIRE(h.mech_types);
  CHECK((*h.mech_types)->size() == 2);
  CHECK(h.neg_hints->hint_name->text() == "not_defined_in_RFC4178@please_ignore");
  CHECK_FALSE(h.neg_hints->hint_address);
  CHECK_FALSE(h.req_flags);
  CHECK(is<gss::continue_with>(b.take(b.init(toy_first))));
}
TEST_CASE("negotiate_acceptor: a refusal of Kerberos is carried by a rejection", "[gss][rfc4178-4.2.2]") {
  bench b;
  b.w.fresh = false;
  const auto s = b.take(b.init(gss::only_krb5, b.krb5(mutual)));
  CHECK(refusal(s).code == errc::replayed);
  const auto r = bench::answer(s);
  CHECK(r.neg_state == neg_state_t::reject);
  CHECK(r.supported_mech == msg::mech_krb5);
  const auto t = must(read_krb5_token(*r.response_token));
  CHECK(t.id == gss_token_t::krb_error);
  CHECK(must(asn1::decode<msg::KrbError>(t.message)).error_code == error_code_t::krb_ap_err_repeat);
  CHECK(b.a->refusal() == std::get<refused>(s).octets);
  CHECK(b.a->peer() == nullptr);

  bench chosen;
  chosen.a.emplace(chosen.w.acceptor_params());
  auto step = chosen.a->receive(chosen.init(gss::only_krb5, chosen.krb5(mutual)), chosen.w.turn());
  const key k = chosen.w.service_key();
  step = chosen.a->provide(k, web.realm, chosen.w.turn());
  step = chosen.a->replay_checked(true, chosen.w.turn());
  CHECK(is<authenticated>(step));
  CHECK(same_principal(chosen.a->peer()->client(), alice));
  step = chosen.a->refuse(error_code_t::kdc_err_policy, chosen.w.turn());
  CHECK(refusal(step).code == errc::refused_by_application);
  CHECK(bench::answer(step).response_token);

  bench bad;  // what is inside does not decode
  const auto no = bad.take(bad.init(gss::only_krb5, bytes_view(junk)));
  CHECK(is_malformed(refusal(no).code));
  CHECK(bench::answer(no).neg_state == neg_state_t::reject);
}
TEST_CASE("negotiate_acceptor: a MIC in the first token is verified where the initiator can have made it",
          "[gss][rfc4178-5]") {
  constexpr auto list_octets = "300b06092a864886f712010202"_hex;
  for (const bool altered : {false, true}) {
    bench b;
    b.w.flags = one_way;
    const auto c = b.w.credential();
    gss::initiator<policy> i(b.w.base::initiator_params(c));
    auto s = i.start(b.w.turn());
    const bytes_view token = world::must_be<send>(s).octets;
    auto context = must(std::move(i).take());
    std::array<std::uint8_t, 64> mic{};
    bytes_view m = must(context.get_mic(list_octets, mic, b.w.policy));
    if (altered) mic[20] ^= 1;
    const auto t = b.take(b.init(gss::only_krb5, token, m));
    const auto r = bench::answer(t);
    if (altered) {
      CHECK(is(refusal(t), errc::integrity, "NegTokenResp", "mechListMIC"));
      CHECK(r.neg_state == neg_state_t::reject);
      CHECK(b.a->peer() == nullptr);
      continue;
    }
    // c) I: the answer has the acceptor's MIC
    CHECK(is<reply>(t));
    CHECK(r.neg_state == neg_state_t::accept_completed);
    CHECK(context.verify_mic(list_octets, *r.mech_list_mic, b.w.policy));
    CHECK(must(std::move(*b.a).take()).list_verified);
  }
  bench early;  // with mutual authentication the initiator has no context yet
  CHECK(is(refusal(early.take(early.init(gss::only_krb5, early.krb5(mutual), bytes_view(junk)))),
           errc::unexpected_message, "NegTokenResp", "mechListMIC"));
  bench none;  // no token, so no context
  CHECK(is(refusal(none.take(none.init(gss::only_krb5, {}, bytes_view(junk)))), errc::unexpected_message,
           "NegTokenResp", "mechListMIC"));
}
TEST_CASE("negotiate_acceptor: without the MIC that was requested nothing is accepted", "[gss][rfc4178-5]") {
  for (const bool repeats : {false, true}) {  // Windows 2000 repeats its token there
    bench b;
    (void)b.take(b.init(toy_first));
    const bytes_view t = b.krb5(one_way);
    const auto s = b.take(b.resp({{}, {}, t, repeats ? std::optional(t) : std::nullopt, {}}));
    CHECK(is(refusal(s), errc::mic_missing, "NegTokenResp", "mechListMIC"));
    CHECK(b.a->peer() == nullptr);
    CHECK_FALSE(std::move(*b.a).take());
  }
  for (const auto& [r, why] :
       {std::pair(msg::NegTokenResp{{}, {}, {}, {}, {}}, errc::mic_missing),
        std::pair(msg::NegTokenResp{{}, {}, bytes_view(junk), bytes_view(junk).first(2), {}}, errc::unexpected_message),
        std::pair(msg::NegTokenResp{{}, {}, {}, bytes_view(junk), {}}, errc::truncated)}) {
    bench b;
    (void)b.take(b.init(toy_first));
    CHECK(is<gss::continue_with>(b.take(b.resp({{}, {}, b.krb5(mutual), {}, {}}))));
    CHECK(refusal(b.take(b.resp(r))).code == why);
  }
}
TEST_CASE("negotiate_acceptor: an initiator's rejection ends it without an answer", "[gss][rfc4178-4.2.2]") {
  bench b;
  (void)b.take(b.init(toy_first));
  const auto s = b.take(b.resp({neg_state_t::reject, {}, {}, {}, {}}));
  CHECK(is(refusal(s), errc::negotiation_rejected, "NegTokenResp", "negState"));
  CHECK(std::get<refused>(s).octets.empty());
  CHECK(b.a->refusal().empty());
}
TEST_CASE("negotiate_acceptor: an initiator cannot request a MIC", "[gss][rfc4178-4.2.2]") {
  bench b;
  (void)b.take(b.init(gss::only_krb5));
  CHECK(is(refusal(b.take(b.resp({neg_state_t::request_mic, {}, b.krb5(mutual), {}, {}}))), errc::unexpected_message,
           "NegTokenResp", "negState"));
}
TEST_CASE("negotiate_acceptor: a later token is needed, and is no first one", "[gss][rfc4178-4.2]") {
  bench b;
  (void)b.take(b.init(gss::only_krb5));
  CHECK(is(refusal(b.take(b.resp({{}, {}, {}, {}, {}}))), errc::missing_field, "NegTokenResp", "responseToken"));
  bench framed;
  (void)framed.take(framed.init(gss::only_krb5));
  CHECK(is_malformed(refusal(framed.take(framed.init(gss::only_krb5))).code));
  bench first;
  CHECK(is_malformed(refusal(first.take(first.resp({{}, {}, first.krb5(mutual), {}, {}}))).code));
  bench inside;  // a NegTokenResp in the frame of a first token
  const bytes_view r = inside.resp({{}, {}, inside.krb5(mutual), {}, {}});
  CHECK(refusal(inside.take(must(write_gss_token({msg::mech_spnego, r}, inside.inner)))).code ==
        errc::unexpected_message);
}
TEST_CASE("negotiate_acceptor: what the program says for its mechanism", "[gss]") {
  bench b;
  b.w.accepts = toy_only;
  b.a.emplace(b.w.acceptor_params());
  auto s = b.a->receive(b.init(toy_only, bytes_view(junk)), b.w.turn());
  CHECK(world::must_be<gss::other_mechanism>(s).token == bytes_view(junk));
  s = b.a->without_mechanism(bytes_view(junk).first(2), b.w.turn());
  CHECK(refusal(s).code == errc::refused_by_application);
  const auto r = bench::answer(s);
  CHECK(r.neg_state == neg_state_t::reject);
  CHECK(*r.response_token == bytes_view(junk).first(2));

  b.a.emplace(b.w.acceptor_params());
  (void)b.a->receive(b.init(toy_only, bytes_view(junk)), b.w.turn());
  CHECK(failure(b.a->mechanism_token({}, b.w.turn())) == errc::api_misuse);

  b.a.emplace(b.w.acceptor_params());  // a MIC while the mechanism is not complete
  (void)b.a->receive(b.init(toy_only, bytes_view(junk), bytes_view(junk)), b.w.turn());
  s = b.a->mechanism_token({.token = bytes_view(junk), .complete = false, .integrity = true}, b.w.turn());
  CHECK(is(refusal(s), errc::unexpected_message, "NegTokenResp", "mechListMIC"));
}
TEST_CASE("negotiate_acceptor: a MIC that the program's mechanism finds wrong, or cannot check, never passes",
          "[gss][rfc4178-5]") {
  for (const bool integrity : {true, false}) {
    bench b;
    b.w.accepts = toy_only;
    b.a.emplace(b.w.acceptor_params());
    (void)b.a->receive(b.init(toy_only, bytes_view(junk), bytes_view(junk)), b.w.turn());
    auto s = b.a->mechanism_token({.token = {}, .complete = true, .integrity = integrity}, b.w.turn());
    if (!integrity) {
      CHECK(is(refusal(s), errc::unexpected_message, "NegTokenResp", "mechListMIC"));
      continue;
    }
    CHECK(world::must_be<gss::check_mic>(s).mic == bytes_view(junk));
    s = b.a->mic_checked(false, b.w.turn());
    CHECK(is(refusal(s), errc::integrity, "NegTokenResp", "mechListMIC"));
    CHECK_FALSE(std::move(*b.a).take());
  }
}
TEST_CASE("negotiate_acceptor: the client is shown from its authentication until take()", "[gss]") {
  bench b;
  CHECK(is<reply>(b.take(b.init(gss::only_krb5, b.krb5(mutual)))));
  REQUIRE(b.a->peer() != nullptr);
  CHECK(same_principal(b.a->peer()->client(), alice));
  world::acceptor moved(std::move(*b.a));
  CHECK(b.a->peer() == nullptr);
  CHECK(std::move(moved).take());
  CHECK(moved.peer() == nullptr);
}
TEST_CASE("negotiate_acceptor: the list has a mechanism, and no more than the limit", "[gss]") {
  static const std::array<object_identifier, gss::max_mechanisms + 1> many{};
  for (const view_of<object_identifier> list : {view_of<object_identifier>(), view_of<object_identifier>(many)}) {
    bench b;
    b.w.accepts = list;
    b.a.emplace(b.w.acceptor_params());
    CHECK(failure(b.a->receive(b.init(toy_only), b.w.turn())) == errc::api_misuse);
    b.a.emplace(b.w.acceptor_params());
    CHECK(failure(b.a->hints(b.w.turn())) == errc::api_misuse);
  }
}

TEST_CASE("negotiate_acceptor: a buffer for the reply is used without SPNEGO only", "[gss]") {
  std::array<std::uint8_t, 600> reply_in{};
  std::array<std::uint8_t, 8> small{};
  const auto is_in = [&](bytes_view octets) {
    return octets.data() >= reply_in.data() && octets.data() + octets.size() == reply_in.data() + reply_in.size();
  };
  for (const bool bare : {false, true}) {
    bench b;
    b.w.answer.reply = small;
    auto s = b.take(bare ? b.krb5(mutual) : b.init(gss::only_krb5, b.krb5(mutual)));
    if (bare) {
      const auto* n = std::get_if<need_buffer>(&s);
      REQUIRE(n != nullptr);
      CHECK(n->for_reply);
      REQUIRE(n->size <= reply_in.size());
      accept_options larger;
      larger.reply = reply_in;
      s = b.a->accept(larger, b.w.turn());
      CHECK(b.a->framed().size() == world::must_be<reply>(s).octets.size() + 4);
    }
    CHECK(is_in(world::must_be<reply>(s).octets) == bare);
    if (!bare) CHECK(bench::answer(s).response_token);
    CHECK(std::move(*b.a).take());
  }
  reply_in.fill(0);
  bench b;
  b.w.answer.reply = reply_in;
  const auto s = b.take(b.init(gss::only_krb5, b.krb5(mutual)));
  CHECK(bench::answer(s).neg_state == neg_state_t::accept_completed);
  CHECK(std::all_of(reply_in.begin(), reply_in.end(), [](std::uint8_t o) { return o == 0; }));
}
TEST_CASE("negotiate_acceptor: for a token that Kerberos refuses at once, it writes nothing behind a small buffer",
          "[gss][security]") {
  bench b;
  const bytes_view token = b.init(gss::only_krb5, bytes_view(junk));
  std::array<std::uint8_t, 600> octets{};
  for (std::size_t size = 0, asked = 0; asked == 0; ++size) {
    REQUIRE(size < octets.size());
    octets.fill(0x5a);
    auto p = b.w.acceptor_params();
    p.krb5.ap.buffer = std::span(octets).first(size);
    world::acceptor a(std::move(p));
    const auto s = a.receive(token, b.w.turn());
    CHECK(std::all_of(octets.begin() + static_cast<std::ptrdiff_t>(size), octets.end(),
                      [](std::uint8_t o) { return o == 0x5a; }));
    if (const auto* n = std::get_if<need_buffer>(&s)) {
      REQUIRE(n->size > size);
      continue;
    }
    CHECK(is<refused>(s));
    asked = size;
  }
}
TEST_CASE("negotiate_acceptor: a token of the user-to-user mechanism is not one of Kerberos",
          "[gss][ms-spng-3.1.5.2]") {
  bench b;
  const auto framed = must(read_krb5_token(b.krb5(mutual)));
  const bytes_view t = must(write_krb5_token({msg::mech_user_to_user, framed.id, framed.message}, b.out));
  CHECK(is(refusal(b.take(t)), errc::wrong_constant, "InitialContextToken", "thisMech"));
}
TEST_CASE("negotiate_acceptor: the last token in DCE style with an unknown encryption type is refused",
          "[gss][ms-kile-3.4.5.1]") {
  bench b;
  CHECK(is<gss::continue_with>(b.take(b.init(gss::only_krb5, b.krb5(dce)))));
  const key k = b.w.session_key();
  std::array<std::uint8_t, 512> octets{}, changed{};
  auto rep = must(
      asn1::decode<msg::ApRep>(must(testing::mint_ap_rep({b.w.now.at, b.w.now.usec, {}, 9}, k, b.w.turn(), octets))));
  rep.enc_part.etype = etype_t{99};
  const auto s = b.take(b.resp({{}, {}, must(asn1::encode(rep, changed)), {}, {}}));
  CHECK_FALSE(refusal(s).ok());
  CHECK(is_peer_fault(refusal(s)));
  CHECK(bench::answer(s).neg_state == neg_state_t::reject);
}

}  // namespace
