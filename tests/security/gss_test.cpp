// Published flaws of GSS-API, SPNEGO and SASL, each under its number: the tokens, and what they must end in.
#include <kerb/gss.hpp>

#include <algorithm>
#include <memory>

#include "support/catch.hpp"
#include "support/gss_messages.hpp"
#include "support/negotiate_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using world = negotiate_world;
using policy = testing::insecure_policy;
using talking = talk<policy>;
using enum kind_of_message;
constexpr object_identifier toy_first[] = {toy_oid, msg::mech_krb5};
constexpr auto negoex_message = "4e45474f45585453"_hex;  // the signature of every message of NegoEx

/// What an acceptor of SPNEGO said, and an initiator that has sent its first token.
struct bench {
  world w;
  basic_credential<policy::key> credential = w.credential();
  std::optional<world::acceptor> a;
  std::array<std::uint8_t, 2048> inner{}, out{}, kept{};

  bytes_view init(view_of<object_identifier> list, std::optional<bytes_view> token = {}) {
    const msg::NegTokenInit n{captured<msg::MechTypeList>::of(msg::MechTypeList(list)), {}, token, {}, {}};
    return must(write_gss_token({msg::mech_spnego, must(asn1::encode(msg::NegotiationToken{n}, inner))}, out));
  }
  bytes_view spnego(bytes_view token) { return must(write_gss_token({msg::mech_spnego, token}, out)); }
  bytes_view krb5() {
    const bytes_view t = w.mint_token(usual_flags);
    std::copy(t.begin(), t.end(), kept.begin());
    return bytes_view(kept).first(t.size());
  }
  world::acceptor::step take(bytes_view token) {
    if (!a) a.emplace(w.acceptor_params());
    return w.take(*a, token);
  }
  /// Gives a token to a new acceptor.
  error refusal(bytes_view token) {
    a.emplace(w.acceptor_params());
    return why(w.take(*a, token));
  }
  error why(const world::acceptor::step& s) {
    const auto* const no = std::get_if<refused>(&s);
    const bool over = no != nullptr && a->peer() == nullptr && failure(a->receive({}, w.turn())) != errc::ok;
    return over ? no->why : error{};
  }
};
template <class Step>
msg::NegTokenResp answer(const Step& s) {
  bytes_view octets;
  if (const auto* c = std::get_if<gss::continue_with>(&s)) octets = c->octets;
  if (const auto* r = std::get_if<reply>(&s)) octets = r->octets;
  if (const auto* no = std::get_if<refused>(&s)) octets = no->octets;
  return std::get<msg::NegTokenResp>(must(asn1::decode<msg::NegotiationToken>(octets)).value);
}

// ---- per-message tokens

TEST_CASE("CVE-2024-37371: a Wrap token that decrypts to fewer octets than a header is refused, and leaves nothing",
          "[security][gss][rfc4121-4.2.4]") {
  for (const gss_flags f : {usual_flags, dce_flags}) {
    talking t(f);
    const auto k = t.protection_key();
    const auto shape = must(t.policy().shape(t.policy().etype_of(k)));
    const octet_list m = text(9);
    gss::message_header h{gss_token_t::wrap, 2 + 4, 0, 0, header_of(t.make(sealed, false, bytes_view(m))).seq};
    for (std::size_t n = 0; n != 17; ++n) {
      for (const std::uint16_t ec : {std::uint16_t(0), std::uint16_t(1), std::uint16_t(n), std::uint16_t(65535)}) {
        h.ec = ec;
        octet_list body(shape.front + n + shape.back, 0x41);
        const auto header = h.octets();  // the first octets of the copy that should be there
        std::copy_n(header.begin(), std::min<std::size_t>(n, 16),
                    body.begin() + static_cast<std::ptrdiff_t>(shape.front));
        REQUIRE(t.policy().seal(k, key_usage_t::gss_initiator_seal, body) == errc::ok);
        octet_list token = talking::put_behind(h, body, 0);
        for (const bool in_place : {false, true}) {
          const auto o = t.open(sealed, false, token, {}, in_place);
          const bool whole = n == 16 && ec == 0;  // a message of no octets
          CHECK(o.ok() == whole);
          if (!whole) CHECK(o.why.code == errc::integrity);
        }
        ++h.seq;
      }
    }
  }
}
TEST_CASE("CVE-2014-5352: a token to delete the context is refused, and the context goes on", "[security][gss]") {
  talking t(usual_flags);
  const octet_list m = text(9);
  // RFC 1964 section 1.2.3: TOK_ID 01 02, with the fields of a MIC token
  constexpr auto fields = "0102 1100ffffffff 0000000000000000 0000000000000000"_hex;
  std::array<std::uint8_t, 64> framed{};
  const bytes_view in_frame = must(write_gss_token({msg::mech_krb5, fields}, framed));
  octet_list out(64);
  for (const bytes_view token : {bytes_view(fields), in_frame}) {
    CHECK_FALSE(t.p.theirs.unwrap(token, out, t.policy()));
    CHECK_FALSE(t.p.theirs.verify_mic(bytes_view(m), token, t.policy()));
  }
  for (const kind_of_message k : kinds_of_token)
    CHECK(t.open(k, false, t.make(k, false, bytes_view(m)), bytes_view(m)).seen == gss::order::in_order);
}

// ---- frames

TEST_CASE("CVE-2022-3437: a frame that ends within its length or its mechanism is refused",
          "[security][gss][rfc2743-3.1]") {
  std::vector<octet_list> tokens{{0x60},
                                 {0x60, 0x00},
                                 {0x60, 0x80},
                                 {0x60, 0x81},
                                 {0x60, 0x81, 0x00},
                                 {0x60, 0x82, 0x00},
                                 {0x60, 0x82, 0x00, 0x00},
                                 {0x60, 0x84, 0xff, 0xff, 0xff, 0xff},
                                 {0x60, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
                                 {0x60, 0x01, 0x06},
                                 {0x60, 0x02, 0x06, 0x00},
                                 {0x60, 0x02, 0x06, 0x7f},
                                 {0x60, 0x02, 0x06, 0x80},
                                 {0x60, 0x06, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86},
                                 {0x60, 0x06, 0x06, 0x04, 0x2a, 0x86, 0x48, 0x86}};
  const octet_list whole{0x60, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02, 0x01, 0x00};
  for (std::size_t n = 0; n != whole.size() + 1; ++n)
    tokens.emplace_back(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
  talking t(usual_flags);
  for (const octet_list& token : tokens) {
    INFO(token.size());
    bench b;
    CHECK_FALSE(b.refusal(bytes_view(token)).ok());
    world::base::acceptor plain(b.w.base::acceptor_params());
    const auto s = b.w.base::take(plain, bytes_view(token));
    CHECK((is<refused>(s) || is<failed>(s)));
    octet_list out(64), copy = token;
    CHECK_FALSE(t.p.theirs.unwrap(bytes_view(token), out, t.policy()));
    CHECK_FALSE(t.p.theirs.unwrap_in_place(copy, t.policy()));
    CHECK_FALSE(t.p.theirs.verify_mic(bytes_view(), bytes_view(token), t.policy()));
  }
}
TEST_CASE("CVE-2009-0844 and CVE-2009-0845: a first token of SPNEGO with a length beyond it is refused at every octet",
          "[security][gss][rfc4178-4.2]") {
  bench b;
  const bytes_view good = b.init(gss::only_krb5, b.krb5());
  const octet_list token(good.begin(), good.end());
  CHECK(is<reply>(b.take(bytes_view(token))));
  for (std::size_t n = 0; n != token.size(); ++n) {
    for (const std::uint8_t length : std::initializer_list<std::uint8_t>{0x7f, 0x80, 0x84, 0x88, 0xff}) {
      octet_list changed(token.begin(), token.begin() + static_cast<std::ptrdiff_t>(n) + 1);
      changed[n] = length;
      CHECK_FALSE(b.refusal(bytes_view(changed)).ok());
    }
    CHECK_FALSE(b.refusal(bytes_view(token).first(n)).ok());
  }
  constexpr auto published = "607f 0606 2b0601050502"_hex;
  for (std::size_t n = 0; n <= published.size(); ++n) CHECK_FALSE(b.refusal(bytes_view(published).first(n)).ok());
}

// ---- SPNEGO, the acceptor

TEST_CASE("CVE-2014-4344: an empty token in the middle of a negotiation is refused", "[security][gss][rfc4178-4.2]") {
  constexpr std::uint8_t empty[] = {0xa1, 0x00, 0xa1, 0x02, 0x30, 0x00};
  for (const bytes_view token : {bytes_view(), bytes_view(empty).first(1), bytes_view(empty).first(2),
                                 bytes_view(empty).subview(2, 3), bytes_view(empty).subview(2)}) {
    bench b;
    CHECK(is<gss::continue_with>(b.take(b.init(gss::only_krb5))));
    CHECK_FALSE(b.why(b.take(token)).ok());
    bench other;  // with a mechanism selected that was not the first one
    CHECK(is<gss::continue_with>(other.take(other.init(toy_first))));
    CHECK_FALSE(other.why(other.take(token)).ok());
  }
}
TEST_CASE("CVE-2021-44758: where no mechanism is known the acceptor rejects, with a token or without",
          "[security][gss][rfc4178-4.2.2]") {
  constexpr object_identifier unknown[] = {toy_oid, ntlm};
  const bytes_view nothing(unknown[0].octets.data(), 0);
  for (const std::optional<bytes_view> token :
       {std::optional<bytes_view>{}, std::optional(nothing), std::optional(bytes_view(negoex_message))}) {
    bench b;
    const auto s = b.take(b.init(unknown, token));
    CHECK(answer(s).neg_state == neg_state_t::reject);
    CHECK_FALSE(answer(s).supported_mech);
    CHECK(is(b.why(s), errc::no_common_mechanism, "NegTokenInit", "mechTypes"));
    bench none;
    CHECK(is(none.why(none.take(none.init(view_of<object_identifier>(), token))), errc::no_common_mechanism,
             "NegTokenInit", "mechTypes"));
  }
}
TEST_CASE("GHSL-2023-016, -017 and -018: a list that repeats a mechanism is read, and an empty SEQUENCE is refused",
          "[security][gss][rfc4178-4.2.1]") {
  constexpr object_identifier three[] = {msg::mech_krb5, msg::mech_krb5, msg::mech_krb5};
  constexpr object_identifier others[] = {ntlm, ntlm, ntlm, msg::mech_krb5, ntlm};
  bench b;
  CHECK(is<reply>(b.take(b.init(three, b.krb5()))));
  bench late;
  CHECK(answer(late.take(late.init(others))).supported_mech == msg::mech_krb5);
  const auto refused = [](const auto& token) {
    bench x;
    return is_malformed(x.refusal(x.spnego(bytes_view(token))).code);
  };
  CHECK(refused("a0023000"_hex));
  CHECK(refused("a0"_hex));
  CHECK(refused("a000"_hex));
  CHECK(refused("a0043002a000"_hex));
  CHECK(refused("a0063004a0023006"_hex));
  CHECK(refused("a0083006a004300206 00"_hex));
  CHECK(refused("6000"_hex));
  CHECK(refused("a0043002a200"_hex));
}
TEST_CASE("CVE-2026-40355 and CVE-2026-40356: a message of NegoEx is not read, whatever its lengths and offsets are",
          "[security][gss]") {
  constexpr object_identifier first[] = {negoex, msg::mech_krb5};
  constexpr object_identifier only[] = {negoex};
  // NEGO_MESSAGE: signature, type, sequence number, cbHeaderLength, cbMessageLength, conversation id, random,
  // protocol version, and the offsets and counts of two vectors
  std::array<std::uint8_t, 96> message{};
  std::copy(negoex_message.begin(), negoex_message.end(), message.begin());
  for (const unsigned header : {0u, 1u, 0x27u, 0x28u, 96u, 0xffffffffu}) {
    for (const std::uint8_t count : std::initializer_list<std::uint8_t>{0, 0xff}) {
      for (std::size_t i = 0; i != 4; ++i) message[16 + i] = static_cast<std::uint8_t>(header >> 8 * i);
      std::fill(message.begin() + 80, message.end(), count);
      bench b;
      const auto s = b.take(b.init(first, bytes_view(message)));
      CHECK(answer(s).supported_mech == msg::mech_krb5);
      CHECK_FALSE(answer(s).response_token);
      CHECK(is<gss::continue_with>(s));
      bench none;
      CHECK(is(none.why(none.take(none.init(only, bytes_view(message)))), errc::no_common_mechanism, "NegTokenInit",
               "mechTypes"));
    }
  }
}
TEST_CASE("CVE-2015-2695: a negotiation that is not complete has no context and, before the client is known, no client",
          "[security][gss]") {
  world w;
  w.offers = w.accepts = toy_first;
  w.by = gss::preference::own;
  const auto c = w.credential();
  for (unsigned rounds = 0; rounds != 5; ++rounds) {  // the last of nine tokens, the initiator's, is not delivered
    world::initiator i(w.initiator_params(c));
    world::acceptor a(w.acceptor_params());
    w.our_toy = toy_mechanism(side::initiator), w.their_toy = toy_mechanism(side::acceptor);
    w.our_toy.tokens = w.their_toy.tokens = 9;
    std::array<std::uint8_t, 2048> kept{};
    auto ours = w.ask_toy(i, w.our_toy, i.start(w.turn()));
    for (unsigned n = 0; n != rounds; ++n) {
      const bytes_view sent = world::must_be<send>(ours).octets;
      std::copy(sent.begin(), sent.end(), kept.begin());
      auto theirs = w.take(a, bytes_view(kept).first(sent.size()));
      CHECK(a.peer() == nullptr);
      const bytes_view back = world::must_be<gss::continue_with>(theirs).octets;
      std::copy(back.begin(), back.end(), kept.begin());
      ours = w.ask_toy(i, w.our_toy, i.receive(bytes_view(kept).first(back.size()), w.turn()));
    }
    CHECK_FALSE(std::move(i).take());
    CHECK_FALSE(std::move(a).take());
    CHECK(a.peer() == nullptr);
  }
}

// ---- the initiator

TEST_CASE(
    "CVE-2016-2125: a ticket-granting ticket is delegated only if the caller passes it and the KDC trusts the service",
    "[security][gss][rfc4121-4.1.1]") {
  constexpr kerberos_string krbtgt_parts[] = {"krbtgt"_krb, "EX.ORG"_krb};
  for (const bool trusted : {false, true}) {
    for (const bool passed : {false, true}) {
      const auto w = std::make_unique<world::base>(), of_tgt = std::make_unique<world::base>();
      w->ticket.flags.set(ticket_flag_t::forwardable);
      w->ticket.flags.set(ticket_flag_t::ok_as_delegate, trusted);
      of_tgt->service = {{name_t::srv_inst, krbtgt_parts}, "EX.ORG"_krb};
      of_tgt->ticket.flags = {ticket_flag_t::forwarded, ticket_flag_t::forwardable};
      const auto c = w->credential(), tgt = of_tgt->credential();
      auto p = w->initiator_params(c);
      if (passed) p.delegated = tgt;
      world::base::initiator i(p);
      world::base::acceptor a(w->acceptor_params());
      auto first = i.start(w->turn());
      auto s = w->take(a, world::must_be<send>(first).octets);
      (void)world::must_be<reply>(s);
      const auto theirs = must(std::move(a).take());
      CHECK(theirs.has_delegated() == (passed && trusted));
      CHECK(theirs.flags().has(gss_flag_t::deleg) == (passed && trusted));
    }
  }
}

TEST_CASE("MIT krb5 942c5036e1 and 4ae75cded0: the MIC of the list is under the tag A3, and an empty one is none",
          "[security][gss][rfc4178-4.2.2]") {
  const auto end = [](std::uint8_t tag, bool empty) {
    world w;
    const auto c = w.credential();
    world::initiator i(w.initiator_params(c));
    world::acceptor a(w.acceptor_params());
    auto s = i.start(w.turn());
    auto t = w.take(a, world::must_be<send>(s).octets);
    auto r = answer(t);
    octet_list mic;
    std::array<std::uint8_t, 2048> out{};
    std::array<std::uint8_t, 256> mic_octets{};
    auto theirs = must(std::move(a).take());
    const auto list = must(asn1::encode(msg::MechTypeList(gss::only_krb5), out));
    const bytes_view made = must(theirs.kerberos->get_mic(list, mic_octets, w.policy));
    r.neg_state = neg_state_t::accept_incomplete;
    r.mech_list_mic = empty ? made.first(0) : made;
    const bytes_view token = must(asn1::encode(msg::NegotiationToken{r}, out));
    octet_list changed(token.begin(), token.end());
    // The field is the last one: its tag, its length, and an OCTET STRING
    const std::size_t size = r.mech_list_mic->size() + 4;
    REQUIRE(changed[changed.size() - size] == 0xa3);
    changed[changed.size() - size] = tag;
    const auto last = i.receive(bytes_view(changed), w.turn());
    const auto product = std::move(i).take();
    return product && product->list_verified ? errc::ok : w.reason(last).code;
  };
  CHECK(end(0xa3, false) == errc::ok);
  CHECK(end(0xa3, true) != errc::ok);
  CHECK(end(0xa4, false) != errc::ok);  // a field of a later version: the list is not verified
  CHECK(is_malformed(end(0xa2, false)));
}

}  // namespace
