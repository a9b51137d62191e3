// The initiator of SPNEGO, against answers that are written by hand.
#include <kerb/gss/negotiate_initiator.hpp>

#include "support/catch.hpp"
#include "support/negotiate_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using world = negotiate_world;
using policy = testing::insecure_policy;
using key = policy::key;
constexpr object_identifier toy_first[] = {toy_oid, msg::mech_krb5};
constexpr object_identifier krb5_first[] = {msg::mech_krb5, toy_oid};
constexpr gss_flags one_way{gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf};
constexpr auto junk = "deadbeef"_hex;

/// An initiator that has sent its first token, and the AP-REP in the answer of the acceptor.
struct begun {
  world w;
  basic_credential<key> credential;
  world::initiator i;
  world::acceptor a;
  bytes_view first;
  msg::NegTokenResp answer;
  std::array<std::uint8_t, 2048> sent{}, first_answer{}, out{};

  template <class Prepare>
  explicit begun(Prepare&& prepare)
      : credential([&] {
          prepare(w);
          return w.credential();
        }()),
        i(w.initiator_params(credential)),
        a(w.acceptor_params()) {
    auto s = w.ask_toy(i, w.our_toy, i.start(w.turn()));
    first = keep(w.must_be<send>(s).octets, sent);
    auto t = w.take(a, first);
    bytes_view octets;
    if (const auto* c = std::get_if<gss::continue_with>(&t)) octets = c->octets;
    if (const auto* r = std::get_if<reply>(&t)) octets = r->octets;
    if (octets.empty()) return;
    answer = std::get<msg::NegTokenResp>(must(asn1::decode<msg::NegotiationToken>(keep(octets, first_answer))).value);
  }
  begun() : begun([](world&) {}) {}

  static bytes_view keep(bytes_view octets, std::array<std::uint8_t, 2048>& in) {
    std::copy(octets.begin(), octets.end(), in.begin());
    return bytes_view(in).first(octets.size());
  }
  world::initiator::step receive(const msg::NegTokenResp& r) {
    return w.ask_toy(i, w.our_toy, i.receive(must(asn1::encode(msg::NegotiationToken{r}, out)), w.turn()));
  }
  world::initiator::step receive() { return receive(answer); }
  error fault(const msg::NegTokenResp& r) { return w.reason(receive(r)); }
};
template <class Step>
msg::NegTokenResp sent_resp(const Step& s) {
  return std::get<msg::NegTokenResp>(must(asn1::decode<msg::NegotiationToken>(world::must_be<send>(s).octets)).value);
}

TEST_CASE("negotiate_initiator: the first token has the frame of SPNEGO, later ones have none", "[gss][rfc4178-4.2]") {
  begun b([](world& w) { w.offers = toy_first; });
  const auto framed = must(read_gss_token(b.first));
  CHECK(framed.mech == msg::mech_spnego);
  const auto init = must(asn1::decode<msg::NegotiationToken>(framed.inner));
  const auto& n = std::get<msg::NegTokenInit>(init.value);
  CHECK(n.mech_types->size() == 2);
  CHECK_FALSE(n.req_flags);
  CHECK(n.mech_token->size() == 2);
  const auto s = b.receive();
  CHECK(world::must_be<send>(s).octets[0] == 0xa1);
}
TEST_CASE("negotiate_initiator: an answer of Java, without supportedMech and negState, means the optimistic mechanism",
          "[gss][rfc4178-4.2.2]") {
  begun b;
  b.answer.neg_state = std::optional<neg_state_t>{};
  b.answer.supported_mech = std::optional<object_identifier>{};
  CHECK(is<done>(b.receive()));
  CHECK((*std::move(b.i).take()).kerberos);
}
TEST_CASE("negotiate_initiator: Samba's answer with the other identifier of Kerberos counts",
          "[gss][ms-spng-3.1.5.2]") {
  begun b;
  b.answer.supported_mech = msg::mech_ms_krb5;
  CHECK(is<done>(b.receive()));
  CHECK((*std::move(b.i).take()).mech == msg::mech_krb5);
}
TEST_CASE("negotiate_initiator: a mechListMIC of Windows 2000 that repeats the responseToken is ignored",
          "[gss][tolerance][rfc4178-appendix-C]") {
  begun b;
  b.answer.mech_list_mic = b.answer.response_token;
  CHECK(is<done>(b.receive()));
  CHECK_FALSE((*std::move(b.i).take()).list_verified);

  begun required;
  required.answer.mech_list_mic = required.answer.response_token;
  required.answer.neg_state = neg_state_t::request_mic;
  CHECK(is(required.fault(required.answer), errc::mic_missing, "NegTokenResp", "mechListMIC"));
}
TEST_CASE("negotiate_initiator: request-mic is allowed in the first answer only", "[gss][rfc4178-4.2.2]") {
  begun b([](world& w) { w.offers = toy_first; });
  CHECK(b.answer.neg_state == neg_state_t::request_mic);
  (void)world::must_be<send>(b.receive());
  CHECK(is(b.fault({.neg_state = neg_state_t::request_mic,
                    .supported_mech = {},
                    .response_token = bytes_view(junk),
                    .mech_list_mic = {},
                    .extensions = {}}),
           errc::unexpected_message, "NegTokenResp", "negState"));
}
TEST_CASE("negotiate_initiator: request-mic without a MIC is refused when the acceptor made the last token",
          "[gss][rfc4178-5]") {
  for (const bool mutual : {true, false}) {
    begun b([&](world& w) {
      if (!mutual) w.flags = one_way;
    });
    b.answer.neg_state = neg_state_t::request_mic;
    CHECK(is(b.fault(b.answer), errc::mic_missing, "NegTokenResp", "mechListMIC"));
  }
}
TEST_CASE("negotiate_initiator: a wrong MIC never passes, required or not", "[gss][rfc4178-5]") {
  for (const bool mutual : {true, false}) {
    for (const neg_state_t state :
         {neg_state_t::accept_completed, neg_state_t::accept_incomplete, neg_state_t::request_mic}) {
      begun b([&](world& w) {
        if (!mutual) w.flags = one_way;
      });
      b.answer.neg_state = state;
      b.answer.mech_list_mic = bytes_view(junk);
      CHECK(b.w.reason(b.receive()).field == std::string_view("mechListMIC"));
      CHECK_FALSE(std::move(b.i).take());
    }
  }
}
TEST_CASE("negotiate_initiator: an acceptor that waits for an even number of tokens gets an empty one, once",
          "[gss][ms-spng-3.1.5]") {
  for (const bool mutual : {true, false}) {
    begun b([&](world& w) {
      if (!mutual) w.flags = one_way;
    });
    b.answer.neg_state = neg_state_t::accept_incomplete;
    const auto s = b.receive();
    CHECK(world::must_be<send>(s).then == afterwards::wait);
    const auto r = sent_resp(s);
    CHECK(r.neg_state == neg_state_t::accept_completed);
    CHECK((!r.supported_mech && !r.response_token && !r.mech_list_mic));
    const bool again = mutual;
    const msg::NegTokenResp last{
        again ? neg_state_t::accept_incomplete : neg_state_t::accept_completed, {}, {}, {}, {}};
    if (again) CHECK(is(b.fault(last), errc::unexpected_message, "NegTokenResp", "negState"));
    else CHECK(is<done>(b.receive(last)));
  }
}
TEST_CASE("negotiate_initiator: a rejection carries the KRB-ERROR up", "[gss][rfc4178-4.2.2]") {
  for (const bool mutual : {true, false}) {
    for (const bool framed : {true, false}) {
      begun b([&](world& w) {
        if (!mutual) w.flags = one_way;
      });
      const msg::KrbError e = kerb::detail::ap_error(error_code_t::krb_ap_err_skew, web, b.w.now, {});
      std::array<std::uint8_t, 512> octets{}, token{};
      bytes_view t = must(asn1::encode(e, octets));
      if (framed) t = must(write_krb5_token({msg::mech_krb5, gss_token_t::krb_error, t}, token));
      const error why = b.fault({neg_state_t::reject, msg::mech_krb5, t, {}, {}});
      CHECK(why.code == errc::peer_error);
      CHECK(why.detail == 37);
      REQUIRE(b.i.peer_error());
      CHECK(b.i.peer_error()->error_code == error_code_t::krb_ap_err_skew);
    }
  }
  begun plain;
  CHECK(is(plain.fault({neg_state_t::reject, {}, {}, {}, {}}), errc::negotiation_rejected, "NegTokenResp", "negState"));
  CHECK_FALSE(plain.i.peer_error());
  begun other;
  CHECK(other.fault({neg_state_t::reject, {}, bytes_view(junk), {}, {}}).code == errc::negotiation_rejected);
}
TEST_CASE("negotiate_initiator: a KRB-ERROR without a rejection is a failure too", "[gss][rfc4121-4.1]") {
  begun b;
  const msg::KrbError e = kerb::detail::ap_error(error_code_t::krb_ap_err_modified, web, b.w.now, {});
  std::array<std::uint8_t, 512> octets{}, token{};
  const bytes_view t =
      must(write_krb5_token({msg::mech_krb5, gss_token_t::krb_error, must(asn1::encode(e, octets))}, token));
  CHECK(b.fault({neg_state_t::accept_incomplete, msg::mech_krb5, t, {}, {}}).code == errc::peer_error);
  CHECK(b.i.peer_error()->error_code == error_code_t::krb_ap_err_modified);
}
TEST_CASE("negotiate_initiator: a mechanism that makes no first token is left out, and the list is encoded anew",
          "[gss][rfc4178-3.1]") {
  world w;
  constexpr object_identifier three[] = {toy_oid, ntlm, msg::mech_krb5};
  w.offers = three;
  const auto c = w.credential();
  world::initiator i(w.initiator_params(c));
  auto s = i.start(w.turn());
  CHECK(world::must_be<gss::other_mechanism>(s).oid == toy_oid);
  s = i.without_mechanism(w.turn());
  CHECK(world::must_be<gss::other_mechanism>(s).oid == ntlm);
  s = i.without_mechanism(w.turn());
  const auto framed = must(read_gss_token(world::must_be<send>(s).octets));
  const auto init = must(asn1::decode<msg::NegotiationToken>(framed.inner));
  const auto& list = std::get<msg::NegTokenInit>(init.value).mech_types;
  CHECK(list->size() == 1);
  CHECK(*list->begin() == msg::mech_krb5);
  // Kerberos is now the first one, and what was left out can no longer be selected
  std::array<std::uint8_t, 64> out{};
  s = i.receive(must(asn1::encode(msg::NegotiationToken{msg::NegTokenResp{{}, toy_oid, {}, {}, {}}}, out)), w.turn());
  CHECK(failure(s) == errc::mechanism_not_offered);

  constexpr object_identifier only[] = {toy_oid};
  w.offers = only;
  world::initiator none(w.initiator_params(c));
  (void)none.start(w.turn());
  CHECK(failure(none.without_mechanism(w.turn())) == errc::no_common_mechanism);
}
TEST_CASE("negotiate_initiator: SPNEGO in its own list of mechanisms is misuse", "[gss][rfc4178-4.1]") {
  constexpr object_identifier with[] = {msg::mech_krb5, msg::mech_spnego};
  world w;
  w.offers = with;
  const auto c = w.credential();
  world::initiator i(w.initiator_params(c));
  const auto s = i.start(w.turn());
  REQUIRE(is<failed>(s));
  CHECK(is(std::get<failed>(s).why, errc::api_misuse, "", "mechs"));
}
TEST_CASE("negotiate_initiator: without a token of the acceptor it ends only if its first token was enough",
          "[gss][rfc4559-4.1]") {
  constexpr gss_flags mutual{gss_flag_t::mutual, gss_flag_t::integ};
  struct row {
    view_of<object_identifier> offers;
    gss_flags flags;
    unsigned tokens;
    bool ends;
  };
  constexpr object_identifier toy_alone[] = {toy_oid};
  for (const row& r : {row{gss::only_krb5, {}, 2, true}, row{gss::only_krb5, mutual, 2, false},
                       row{gss::only_krb5, {gss_flag_t::dce_style}, 2, false}, row{toy_alone, {}, 1, true},
                       row{toy_alone, {}, 2, false}}) {
    world w;
    w.offers = r.offers;
    w.flags = r.flags;
    w.our_toy.tokens = r.tokens;
    const auto c = w.credential();
    world::initiator i(w.initiator_params(c));
    REQUIRE(is<send>(w.ask_toy(i, w.our_toy, i.start(w.turn()))));
    const auto s = i.unanswered(w.turn());
    CHECK(is<done>(s) == r.ends);
    if (!r.ends) CHECK(is(std::get<failed>(s).why, errc::mutual_required, "NegTokenResp", "responseToken"));
    const auto p = std::move(i).take();
    CHECK(p.has_value() == r.ends);
    if (p) CHECK((!p->list_verified && p->mech == *r.offers.begin()));
  }
  // Nor when the acceptor has spoken, and wants another token
  world w;
  w.offers = krb5_first;
  w.flags = {};
  const auto c = w.credential();
  world::initiator i(w.initiator_params(c));
  REQUIRE(is<send>(i.start(w.turn())));
  constexpr auto incomplete = "a1073005a0030a0101"_hex;
  REQUIRE(is<send>(i.receive(incomplete, w.turn())));
  CHECK(failure(i.unanswered(w.turn())) == errc::mutual_required);
}
TEST_CASE("negotiate_initiator: hints of a server that speaks first change nothing", "[gss][ms-spng-3.3.5.2]") {
  world w;
  w.accepts = toy_first;
  const auto c = w.credential();
  world::acceptor a(w.acceptor_params());
  auto hints = a.hints(w.turn());
  std::array<std::uint8_t, 256> copy{};
  const bytes_view token = world::must_be<gss::continue_with>(hints).octets;
  std::copy(token.begin(), token.end(), copy.begin());
  world::initiator i(w.initiator_params(c));
  auto s = i.start(bytes_view(copy).first(token.size()), w.turn());
  auto t = w.take(a, world::must_be<send>(s).octets);
  CHECK(is<done>(i.receive(world::must_be<reply>(t).octets, w.turn())));

  // What Windows Server 2003 sends: the hint is a name, which must not become the one that is authenticated
  constexpr auto old =
      "603c06062b0601050502a0323030a00d300b06092a864882f712010202a31f301da01b1b1961747461636b657224406576696c2e6578616d706c6500000000"_hex;
  world::initiator j(w.initiator_params(c));
  CHECK(is<send>(j.start(bytes_view(old).first(62), w.turn())));
  world::initiator k(w.initiator_params(c));
  CHECK(is_malformed(failure(k.start(bytes_view(old).first(61), w.turn()))));
  // RFC 4178's own form, in which [3] is a MIC
  constexpr auto plain = "602706062b0601050502a01d301ba00d300b06092a864886f712010202a30a04080102030405060708"_hex;
  CHECK(must(gss::read_negotiation_hints(plain)).mech_list_mic->size() == 8);
  CHECK(!must(gss::read_negotiation_hints(plain)).neg_hints);
  world::initiator m(w.initiator_params(c));
  CHECK(is<send>(m.start(plain, w.turn())));
  for (std::size_t n = 0; n != plain.size(); ++n) CHECK_FALSE(gss::read_negotiation_hints(bytes_view(plain).first(n)));
  world::initiator l(w.initiator_params(c));
  std::array<std::uint8_t, 16> other{};
  CHECK(failure(l.start(must(write_gss_token({msg::mech_krb5, {}}, other)), w.turn())) == errc::wrong_constant);
}
TEST_CASE("negotiate_initiator: supportedMech in a later answer is ignored", "[gss][ms-spng-3.3.5]") {
  begun b([](world& w) { w.offers = toy_first; });
  auto s = b.receive();
  std::array<std::uint8_t, 2048> kept{};
  auto t = b.w.take(b.a, begun::keep(world::must_be<send>(s).octets, kept));
  auto r = std::get<msg::NegTokenResp>(
      must(asn1::decode<msg::NegotiationToken>(world::must_be<gss::continue_with>(t).octets)).value);
  r.supported_mech = ntlm;
  s = b.receive(r);
  CHECK(world::must_be<send>(s).then == afterwards::finished);
  CHECK((*std::move(b.i).take()).mech == msg::mech_krb5);
}
TEST_CASE("negotiate_initiator: a token is there where one is due, and only there", "[gss][rfc4178-4.2.2]") {
  begun none;
  none.answer.response_token = std::optional<bytes_view>{};
  CHECK(is(none.fault(none.answer), errc::missing_field, "NegTokenResp", "responseToken"));

  begun spare([](world& w) { w.flags = one_way; });
  spare.answer.response_token = bytes_view(junk);
  CHECK(is(spare.fault(spare.answer), errc::unexpected_message, "NegTokenResp", "responseToken"));

  begun selected([](world& w) { w.offers = toy_first; });
  selected.answer.response_token = bytes_view(junk);
  CHECK(is(selected.fault(selected.answer), errc::unexpected_message, "NegTokenResp", "responseToken"));

  begun early([](world& w) { w.offers = toy_first; });
  early.answer.mech_list_mic = bytes_view(junk);
  CHECK(is(early.fault(early.answer), errc::unexpected_message, "NegTokenResp", "mechListMIC"));
}
TEST_CASE("negotiate_initiator: old IIS servers send an empty responseToken when there is none", "[gss][tolerance]") {
  begun b([](world& w) { w.flags = one_way; });
  b.answer.response_token = bytes_view();
  CHECK(is<done>(b.receive()));
}
TEST_CASE("negotiate_initiator: what is no answer is refused", "[gss][rfc4178-4.2]") {
  begun b;
  CHECK(is(b.fault({neg_state_t{4}, {}, {}, {}, {}}), errc::wrong_constant, "NegTokenResp", "negState"));
  begun framed;
  CHECK(is_malformed(failure(framed.i.receive(framed.first, framed.w.turn()))));
  begun init;
  const auto inner = must(read_gss_token(init.first)).inner;
  CHECK(failure(init.i.receive(inner, init.w.turn())) == errc::unexpected_message);
  begun large;
  static std::array<std::uint8_t, gss::max_negotiation_token + 1> octets{};
  const auto s = large.i.receive(octets, large.w.turn());
  CHECK(failure(s) == errc::token_too_long);
  CHECK(std::get<failed>(s).why.detail == octets.size());
}
TEST_CASE("negotiate_initiator: the list has a mechanism, and no more than the limit", "[gss]") {
  world w;
  const auto c = w.credential();
  static const auto many = [] {
    std::array<object_identifier, gss::max_mechanisms + 1> m;
    m.fill(msg::mech_krb5);
    return m;
  }();
  w.offers = many;
  world::initiator i(w.initiator_params(c));
  CHECK(failure(i.start(w.turn())) == errc::api_misuse);
  w.offers = view_of<object_identifier>(many.data(), gss::max_mechanisms);
  world::initiator full(w.initiator_params(c));
  CHECK(is<send>(full.start(w.turn())));
  w.offers = {};
  world::initiator empty(w.initiator_params(c));
  CHECK(failure(empty.start(w.turn())) == errc::api_misuse);
}
TEST_CASE("negotiate_initiator: the integrity flag is always requested", "[gss][rfc4178-appendix-C]") {
  begun b([](world& w) { w.flags = gss_flags{gss_flag_t::mutual}; });
  CHECK(is<done>(b.receive()));
  CHECK((*std::move(b.i).take()).kerberos->flags().has(gss_flag_t::integ));
}
TEST_CASE("negotiate_initiator: the sequence number in the acceptor's MIC is not checked, as Windows signs with 0",
          "[gss][rfc4178-5]") {
  begun b;
  world::product theirs = must(std::move(b.a).take());
  b.answer.neg_state = neg_state_t::accept_incomplete;
  const auto framed = must(read_gss_token(b.first));
  const auto init = must(asn1::decode<msg::NegotiationToken>(framed.inner));
  const bytes_view list = std::get<msg::NegTokenInit>(init.value).mech_types.octets();
  // A MIC as the acceptor's context makes it, with number 0
  const etype_t e = theirs.kerberos->etype(b.w.policy);
  const key k = must(b.w.policy.import(e, theirs.kerberos->session_key(b.w.policy).unguarded()));
  const auto shape = b.w.policy.cksum_of(e);
  const auto header = gss::message_header{gss_token_t::mic, 5, 0, 0, 0}.octets();
  std::array<std::uint8_t, 64> mic{};
  std::copy(header.begin(), header.end(), mic.begin());
  const bytes_view pieces[] = {list, header};
  REQUIRE(b.w.policy.sign(shape->type, k, key_usage_t::gss_acceptor_sign, pieces,
                          std::span(mic).subspan(16, shape->octets)) == errc::ok);
  b.answer.mech_list_mic = bytes_view(mic).first(16 + shape->octets);
  const auto s = b.receive();
  CHECK(world::must_be<send>(s).then == afterwards::finished);
  const auto last = sent_resp(s);
  CHECK(last.neg_state == neg_state_t::accept_completed);
  REQUIRE(last.mech_list_mic);
  CHECK(theirs.kerberos->verify_mic(list, *last.mech_list_mic, b.w.policy));
  world::product ours = must(std::move(b.i).take());
  CHECK(ours.list_verified);
  // Messages after it are in order
  std::array<std::uint8_t, 128> token{}, out{};
  const auto t = theirs.kerberos->wrap(junk, gss::protection::integrity, token, b.w.policy);
  CHECK(must(ours.kerberos->unwrap(must(t), out, b.w.policy)).seen == gss::order::in_order);
}
TEST_CASE("negotiate_initiator: an acceptor that has finished gets no MIC that it did not require",
          "[gss][rfc4178-5]") {
  begun b([](world& w) {
    w.accepts = krb5_first;
    w.by = gss::preference::own;
  });
  CHECK(b.answer.neg_state == neg_state_t::accept_completed);
  world::product theirs = must(std::move(b.a).take());
  const auto framed = must(read_gss_token(b.first));
  const auto init = must(asn1::decode<msg::NegotiationToken>(framed.inner));
  std::array<std::uint8_t, 64> mic{};
  b.answer.mech_list_mic =
      must(theirs.kerberos->get_mic(std::get<msg::NegTokenInit>(init.value).mech_types.octets(), mic, b.w.policy));
  CHECK(is<done>(b.receive()));
  CHECK((*std::move(b.i).take()).list_verified);
}
TEST_CASE("negotiate_initiator: a MIC of a mechanism without integrity is refused", "[gss][rfc4178-5]") {
  constexpr object_identifier only[] = {toy_oid};
  begun b([&](world& w) {
    w.offers = w.accepts = only;
    w.our_toy.integrity = false;
  });
  b.answer.mech_list_mic = bytes_view(junk);
  CHECK(is(b.fault(b.answer), errc::unexpected_message, "NegTokenResp", "mechListMIC"));
}
TEST_CASE("negotiate_initiator: a MIC that the program's mechanism finds wrong never passes", "[gss][rfc4178-5]") {
  for (const bool valid : {true, false}) {
    constexpr object_identifier only[] = {toy_oid};
    begun b([&](world& w) { w.offers = w.accepts = only; });
    b.answer.mech_list_mic = bytes_view(junk);
    auto s = b.i.receive(must(asn1::encode(msg::NegotiationToken{b.answer}, b.out)), b.w.turn());
    (void)world::must_be<gss::other_mechanism>(s);
    s = b.i.mechanism_token({.token = {}, .complete = true, .integrity = true}, b.w.turn());
    CHECK(world::must_be<gss::check_mic>(s).mic == bytes_view(junk));
    s = b.i.mic_checked(valid, b.w.turn());
    if (valid) CHECK(is<done>(s));
    else CHECK(is(b.w.reason(s), errc::integrity, "NegTokenResp", "mechListMIC"));
  }
}
TEST_CASE("negotiate_initiator: a mechanism of the program cannot be silent where a token is due", "[gss]") {
  world w;
  w.offers = toy_first;
  const auto c = w.credential();
  world::initiator i(w.initiator_params(c));
  (void)i.start(w.turn());
  CHECK(failure(i.mechanism_token({.token = {}, .complete = true, .integrity = true}, w.turn())) == errc::api_misuse);

  begun later([](world& x) {
    x.offers = x.accepts = toy_first;
    x.our_toy.tokens = x.their_toy.tokens = 4;
  });
  const auto s = later.i.receive(must(asn1::encode(msg::NegotiationToken{later.answer}, later.out)), later.w.turn());
  (void)world::must_be<gss::other_mechanism>(s);
  CHECK(failure(later.i.mechanism_token({}, later.w.turn())) == errc::api_misuse);
}

}  // namespace
