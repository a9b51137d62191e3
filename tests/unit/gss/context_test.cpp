// An established context: Wrap and MIC tokens, their order, keys.
#include <algorithm>

#include "support/both.hpp"
#include "support/gss_messages.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using gss::order;
using gss::protection;
using crypto = testing::insecure_policy;

constexpr bool round_trip(gss_flags flags, protection by, std::size_t n) {
  gss_world w;
  w.flags = flags;
  const auto c = w.credential();
  auto [ours, theirs] = w.establish(c);
  std::array<std::uint8_t, 128> message{}, token{}, out{};
  for (std::size_t i = 0; i != n; ++i) message[i] = static_cast<std::uint8_t>(i);
  const bytes_view m = bytes_view(message).first(n);
  for (int round = 0; round != 3; ++round) {
    const auto t = ours.wrap(m, by, token, w.policy);
    if (!t || t->size() != must(ours.wrap_size(n, by, w.policy))) return false;
    const auto got = theirs.unwrap(*t, out, w.policy);
    if (!got || !(bytes_view(got->message) == m) || got->by != by || got->seen != order::in_order) return false;
    const auto back = theirs.wrap(m, by, token, w.policy);
    if (!back) return false;
    const auto in = ours.unwrap_in_place(std::span(token).first(back->size()), w.policy);
    if (!in || !(bytes_view(in->message) == m) || in->seen != order::in_order) return false;
    const auto mic = ours.get_mic(m, token, w.policy);
    if (!mic || mic->size() != must(ours.mic_size(w.policy))) return false;
    const auto seen = theirs.verify_mic(m, *mic, w.policy);
    if (!seen || *seen != order::in_order) return false;
  }
  return true;
}

KERB_BOTH("context: a sealed message arrives as it was sent, both ways", "[gss][rfc4121-4.2.4]",
          [] { return round_trip(usual_flags, protection::confidentiality, 40); })
KERB_BOTH("context: a signed message arrives as it was sent, both ways", "[gss][rfc4121-4.2.4]",
          [] { return round_trip(usual_flags, protection::integrity, 40); })
KERB_BOTH("context: without mutual authentication both sides count from the initiator's number", "[gss]",
          [] { return round_trip(one_way_flags, protection::confidentiality, 0); })
KERB_BOTH("context: in DCE style a third token establishes it", "[gss][ms-kile-3.4.5.1]",
          [] { return round_trip(dce_flags, protection::integrity, 17); })

// ---- what is wrong with a message

using talking = talk<crypto>;
constexpr const char* names_of_kinds[] = {"sealed", "signed", "MIC"};
using enum kind_of_message;

TEST_CASE(
    "context: no changed bit, truncation or addition of a token is accepted, and none changes the context "
    "(CVE-2017-11462)",
    "[gss][rfc4121-4.2.4]") {
  for (const gss_flags f : {usual_flags, one_way_flags, dce_flags}) {
    talking t(f);
    for (const kind_of_message k : kinds_of_token) {
      for (const bool back : {false, true}) {
        INFO(names_of_kinds[static_cast<int>(k)] << (back ? " back" : " forth") << ", flags " << f.bits);
        CHECK(no_change_is_accepted(t, k, back));
      }
    }
  }
}
TEST_CASE("context: a MIC of another message is refused", "[gss][rfc4121-4.2.4]") {
  talking t(usual_flags);
  const octet_list m = text(20), mic = t.make(kind_of_message::mic, false, bytes_view(m));
  for (std::size_t bit = 0; bit != 8 * m.size(); ++bit) {
    octet_list other = m;
    other[bit / 8] = static_cast<std::uint8_t>(other[bit / 8] ^ 1 << bit % 8);
    CHECK(t.open(kind_of_message::mic, false, mic, bytes_view(other)).why.code == errc::integrity);
  }
  CHECK(t.open(kind_of_message::mic, false, mic, bytes_view(m).first(19)).why.code == errc::integrity);
  CHECK(t.open(kind_of_message::mic, false, mic, bytes_view(m)).seen == order::in_order);
}
TEST_CASE("context: every rotation count is accepted, also 12 and 28 (go-krb5/krb5#150)", "[gss][rfc4121-4.2.5]") {
  talking t(usual_flags);
  for (const kind_of_message k : {sealed, signed_only}) {
    for (const bool back : {false, true}) {
      for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{16}}) {
        INFO(names_of_kinds[static_cast<int>(k)] << ' ' << n);
        CHECK(every_rotation_opens(t, k, back, n));
      }
    }
  }
}
TEST_CASE("context: every extra count of a sealed token is accepted, and its filler removed (Devolutions/sspi-rs#372)",
          "[gss][rfc4121-4.2.3][ms-kile-3.4.5.4.1]") {
  talking t(usual_flags);
  const octet_list m = text(9);
  gss::message_header h{gss_token_t::wrap, 2 + 4, 0, 0, header_of(t.make(sealed, false, bytes_view(m))).seq};
  for (std::uint16_t ec = 0; ec != 40; ++ec) {
    h.ec = ec;
    ++h.seq;
    const auto token = t.forge(key_usage_t::gss_initiator_seal, h, h, bytes_view(m), ec, 0);
    const auto o = t.open(sealed, false, token, bytes_view(m), ec % 2 == 1);
    CHECK(o.ok());
    CHECK(o.message == m);
    CHECK(o.by == protection::confidentiality);
  }
  // One octet of filler more than there are octets in front of the header's copy
  h.ec = static_cast<std::uint16_t>(m.size() + 4);
  CHECK(t.open(sealed, false, t.forge(key_usage_t::gss_initiator_seal, h, h, bytes_view(m), 4, 0), {}).ok());
  h.ec = static_cast<std::uint16_t>(m.size() + 5);
  const auto o = t.open(sealed, false, t.forge(key_usage_t::gss_initiator_seal, h, h, bytes_view(m), 4, 0), {});
  CHECK(is(o.why, errc::integrity, "Wrap token", "header"));
  h.ec = 65535;
  CHECK(!t.open(sealed, false, t.forge(key_usage_t::gss_initiator_seal, h, h, bytes_view(m), 4, 0), {}).ok());
}
TEST_CASE("context: in DCE style a sealed token is rotated by RRC and EC, as Windows does: RRC 28, EC 16",
          "[gss][ms-kile-3.4.5.4.1]") {
  for (const bool dce : {true, false}) {
    for (const bool in_place : {false, true}) {
      talking t(dce ? dce_flags : usual_flags);
      const octet_list m = text(40);
      gss::message_header h{gss_token_t::wrap, 1 + 2 + 4, 16, 28, header_of(t.make(sealed, true, bytes_view(m))).seq};
      auto inner = h;
      inner.rrc = 0;
      const auto with_ec = t.forge(key_usage_t::gss_acceptor_seal, h, inner, bytes_view(m), 16, 28 + 16);
      const auto without = t.forge(key_usage_t::gss_acceptor_seal, h, inner, bytes_view(m), 16, 28);
      CHECK(t.open(sealed, true, dce ? without : with_ec, {}, in_place).why.code == errc::integrity);
      const auto o = t.open(sealed, true, dce ? with_ec : without, {}, in_place);
      CHECK(o.ok());
      CHECK(o.message == m);
      // A token that is not sealed is rotated by RRC alone: its EC is the size of its checksum
      const auto token = t.make(signed_only, true, bytes_view(m));
      h = header_of(token);
      h.rrc = 12;
      CHECK(t.open(signed_only, true, talking::put_behind(h, octet_list(token.begin() + 16, token.end()), 12), {},
                   in_place)
                .ok());
    }
  }
}
TEST_CASE("context: the sealed copy of the header is compared with the clear one (Manticore#1014)",
          "[gss][rfc4121-4.2.4]") {
  talking t(usual_flags);
  const octet_list m = text(9);
  const gss::message_header good{gss_token_t::wrap, 2 + 4, 0, 0, header_of(t.make(sealed, false, bytes_view(m))).seq};
  const auto refused = [&](const gss::message_header& clear, const gss::message_header& inner, std::size_t filler) {
    const auto token = t.forge(key_usage_t::gss_initiator_seal, clear, inner, bytes_view(m), filler, clear.rrc);
    const auto o = t.open(sealed, false, token, {}), p = t.open(sealed, false, token, {}, true);
    return is(o.why, errc::integrity, "Wrap token", "header") && is(p.why, errc::integrity, "Wrap token", "header");
  };
  auto other = good;
  other.seq += 1;
  CHECK(refused(other, good, 0));
  CHECK(refused(good, other, 0));
  other = good;
  other.flags |= 0x80;  // unknown: ignored, but authenticated
  CHECK(refused(other, good, 0));
  CHECK(t.open(sealed, false, t.forge(key_usage_t::gss_initiator_seal, other, other, bytes_view(m), 0, 0), {}).ok());
  other = good;
  other.ec = 3;
  CHECK(refused(other, good, 3));
  CHECK(refused(good, other, 3));
  other = good;
  other.rrc = 5;
  CHECK(refused(other, other, 0));  // the sealed copy has RRC 0
  CHECK(t.open(sealed, false, t.forge(key_usage_t::gss_initiator_seal, other, good, bytes_view(m), 0, 5), {}).ok());
  // Nothing but the header's copy is the least; less is no message
  CHECK(t.open(sealed, false, t.forge(key_usage_t::gss_initiator_seal, good, good, {}, 0, 0), {}).ok());
  const auto k = t.protection_key();
  octet_list short_one(8 + 15 + 8);
  REQUIRE(t.policy().seal(k, key_usage_t::gss_initiator_seal, short_one) == errc::ok);
  CHECK(is(t.open(sealed, false, talking::put_behind(good, short_one, 0), {}).why, errc::integrity, "Wrap token",
           "header"));
}
TEST_CASE("context: a token of this side is refused, also with the direction changed", "[gss][rfc4121-4.2.2]") {
  talking t(usual_flags);
  const octet_list m = text(9);
  for (const bool back : {false, true}) {
    for (const kind_of_message k : kinds_of_token) {
      const octet_list own = t.make(k, back, bytes_view(m));
      const auto reflected = t.open(k, !back, own, bytes_view(m));
      CHECK(is(reflected.why, errc::reflected_token, k == kind_of_message::mic ? "MIC token" : "Wrap token", "Flags"));
      CHECK(reflected.why.offset == 2);
      auto h = header_of(own);
      h.flags ^= 1;
      CHECK(t.open(k, !back, with_header(own, h), bytes_view(m)).why.code == errc::integrity);
      CHECK(t.open(k, back, with_header(own, h), bytes_view(m)).why.code == errc::reflected_token);
      CHECK(t.open(k, back, own, bytes_view(m)).seen == order::in_order);
    }
  }
  // Even the right key and usage do not help a token that says it is from this side
  gss::message_header h{gss_token_t::wrap, 1 + 2 + 4, 0, 0, 9};
  CHECK(t.open(sealed, false, t.forge(key_usage_t::gss_initiator_seal, h, h, bytes_view(m), 0, 0), {}).why.code ==
        errc::reflected_token);
}
TEST_CASE("context: each kind of token has its key usages, by role", "[gss][rfc4121-2]") {
  talking t(usual_flags);
  const octet_list m = text(9);
  constexpr key_usage_t usages[] = {key_usage_t::gss_acceptor_seal, key_usage_t::gss_acceptor_sign,
                                    key_usage_t::gss_initiator_seal, key_usage_t::gss_initiator_sign};
  for (const bool back : {false, true}) {
    const std::uint8_t from = back ? 1 : 0;
    const key_usage_t own_seal = usages[back ? 0 : 2], own_sign = usages[back ? 1 : 3];
    std::uint64_t seq = header_of(t.make(sealed, back, bytes_view(m))).seq;
    for (const key_usage_t u : usages) {
      gss::message_header h{gss_token_t::wrap, static_cast<std::uint8_t>(from + 2 + 4), 0, 0, ++seq};
      CHECK(t.open(sealed, back, t.forge(u, h, h, bytes_view(m), 0, 0), {}).ok() == (u == own_seal));
      h.flags = static_cast<std::uint8_t>(from + 4);
      auto clear = h;
      clear.ec = 8;
      clear.seq = h.seq = ++seq;
      CHECK(t.open(signed_only, back, t.forge_signed(u, clear, h, bytes_view(m), 0), {}).ok() == (u == own_seal));
      // EC and RRC count as zero in the checksum
      clear.seq = h.seq = ++seq;
      CHECK(t.open(signed_only, back, t.forge_signed(u, clear, clear, bytes_view(m), 0), {}).ok() == false);
      h.id = clear.id = gss_token_t::mic;
      clear.seq = h.seq = ++seq;
      octet_list mic = t.forge_signed(u, clear, h, bytes_view(m), 0);
      mic.erase(mic.begin() + 16, mic.begin() + 16 + static_cast<std::ptrdiff_t>(m.size()));
      CHECK(t.open(kind_of_message::mic, back, mic, bytes_view(m)).ok() == (u == own_sign));
    }
  }
}
TEST_CASE("context: a Wrap token is no MIC token, and a MIC token no Wrap token", "[gss][rfc4121-4.2.6]") {
  talking t(usual_flags);
  const octet_list m = text(9);
  const octet_list wrapped = t.make(signed_only, false, bytes_view(m)),
                   mic = t.make(kind_of_message::mic, false, bytes_view(m));
  CHECK(is(t.open(kind_of_message::mic, false, wrapped, bytes_view(m)).why, errc::unexpected_message, "MIC token",
           "TOK_ID"));
  for (const bool in_place : {false, true})
    CHECK(is(t.open(sealed, false, mic, {}, in_place).why, errc::unexpected_message, "Wrap token", "TOK_ID"));
}
TEST_CASE("context: the extra count of a signed token is the size of its checksum", "[gss][rfc4121-4.2.3]") {
  talking t(usual_flags);
  const octet_list m = text(9), token = t.make(signed_only, false, bytes_view(m));
  const auto h = header_of(token);
  CHECK(h.ec == 8);
  for (std::uint16_t ec = 0; ec != 40; ++ec) {
    if (ec == 8) continue;
    auto other = h;
    other.ec = ec;
    const auto o = t.open(signed_only, false, with_header(token, other), {});
    if (ec > token.size() - 16) CHECK(is(o.why, errc::truncated, "Wrap token", "EC"));
    else CHECK(is(o.why, errc::integrity, "Wrap token", "checksum"));
  }
  CHECK(t.open(signed_only, false, token, {}).seen == order::in_order);
}
TEST_CASE("context: a token of another context is refused, also of the same ticket", "[gss][rfc4121-4.2]") {
  talking t(usual_flags);
  talking other(usual_flags, [](auto& w) {
    std::array<std::uint8_t, 7> skipped{};
    (void)w.policy.fill(skipped);
  });
  const octet_list m = text(9);
  for (const bool back : {false, true}) {
    for (const kind_of_message k : kinds_of_token)
      CHECK(t.open(k, back, other.make(k, back, bytes_view(m)), bytes_view(m)).why.code == errc::integrity);
  }
}

// ---- which key

TEST_CASE(
    "context: once the AP-REP had a subkey, every token has the flag, and a token without it is refused "
    "(dittofs#1125, gokrb5#65)",
    "[gss][rfc4121-4.2.2]") {
  for (const bool subkey : {true, false}) {
    talking t(usual_flags, [&](auto& w) { w.answer.subkey = subkey; });
    const octet_list m = text(9);
    for (const bool back : {false, true}) {
      for (const kind_of_message k : kinds_of_token) {
        const octet_list token = t.make(k, back, bytes_view(m));
        auto h = header_of(token);
        CHECK(h.has(gss::token_flag::acceptor_subkey) == subkey);
        CHECK(h.has(gss::token_flag::sent_by_acceptor) == back);
        CHECK(h.has(gss::token_flag::sealed) == (k == sealed));
        h.flags ^= 4;
        const auto o = t.open(k, back, with_header(token, h), bytes_view(m));
        CHECK(is(o.why, errc::wrong_context_key, k == kind_of_message::mic ? "MIC token" : "Wrap token", "Flags"));
        CHECK(t.open(k, back, token, bytes_view(m)).seen == order::in_order);
      }
    }
  }
}
TEST_CASE(
    "context: the subkey has the type that both sides prefer, and not that of ticket and session key "
    "(Manticore#931)",
    "[gss][rfc4537]") {
  talking t(usual_flags, [](auto& w) { w.session_etype = etype_t::aes128_cts_hmac_sha1_96; });
  CHECK(t.p.ours.etype(t.policy()) == t.p.theirs.etype(t.policy()));
  const octet_list m = text(9);
  for (const kind_of_message k : kinds_of_token)
    CHECK(t.open(k, false, t.make(k, false, bytes_view(m)), bytes_view(m)).ok());
}
TEST_CASE("context: both sides have the same session key and pseudo-random functions", "[gss][rfc4401][rfc4402]") {
  talking t(usual_flags);
  CHECK(t.p.ours.session_key(t.policy()).unguarded() == t.p.theirs.session_key(t.policy()).unguarded());
  const octet_list in = text(20);
  octet_list one(50), two(50), three(50), whole(50);
  for (const gss::prf_key k : {gss::prf_key::full, gss::prf_key::partial}) {
    CHECK(t.p.ours.prf(k, bytes_view(in), one, t.policy()) == errc::ok);
    CHECK(t.p.theirs.prf(k, bytes_view(in), two, t.policy()) == errc::ok);
    CHECK(one == two);
    whole = one;
    for (std::size_t n = 0; n != 50; ++n) {  // a shorter output is a part of a longer one
      octet_list part(n);
      CHECK(t.p.ours.prf(k, bytes_view(in), part, t.policy()) == errc::ok);
      CHECK(std::equal(part.begin(), part.end(), whole.begin()));
    }
    CHECK((k == gss::prf_key::full || one != three));
    three = one;
  }
}

// ---- what a message must be

/// Opens a token that must be what `want` demands; the message, or no octet but zeros.
struct demanding {
  error why;
  octet_list left;
};
demanding open_strictly(talking& t, kind_of_message k, bool in_place, octet_list token, const octet_list& m,
                        const gss::message_demands& want) {
  auto& c = t.p.theirs;
  if (k == kind_of_message::mic) return {c.verify_mic(bytes_view(m), bytes_view(token), want, t.policy()).error(), {}};
  octet_list out(token.size());
  const auto got =
      in_place ? c.unwrap_in_place(token, want, t.policy()) : c.unwrap(bytes_view(token), out, want, t.policy());
  const octet_list& left = in_place ? token : out;
  if (got) return {{}, octet_list(got->message.begin(), got->message.end())};
  // No part of the message is left
  const bool is_there = std::search(left.begin(), left.end(), m.begin(), m.end()) != left.end();
  return {got.error(), is_there ? m : octet_list()};
}

TEST_CASE("context: a message that must be the next one is refused if it is late, repeated, old or after a gap",
          "[gss][rfc2743-1.2.3]") {
  const gss_flags unordered{gss_flag_t::mutual, gss_flag_t::conf, gss_flag_t::integ};
  for (const gss_flags f : {usual_flags, unordered}) {
    for (const kind_of_message k : kinds_of_token) {
      for (const bool in_place : {false, true}) {
        talking t(f);
        const octet_list m = text(9);
        std::vector<octet_list> tokens;
        for (int i = 0; i != 80; ++i) tokens.push_back(t.make(k, false, bytes_view(m)));
        const auto open = [&](std::size_t i, bool ok, errc code, order seen) {
          INFO(names_of_kinds[static_cast<int>(k)] << " number " << i << (in_place ? " in place" : ""));
          const demanding got = open_strictly(t, k, in_place, tokens[i], m, {});
          CHECK(got.why.ok() == ok);
          if (!ok) {
            CHECK(is(got.why, code, k == kind_of_message::mic ? "MIC token" : "Wrap token", "SND_SEQ"));
            CHECK(got.why.detail == static_cast<std::uint32_t>(seen));
          }
          CHECK(got.left == (ok && k != kind_of_message::mic ? m : octet_list()));
        };
        const auto taken = [&](std::size_t i) { open(i, true, {}, {}); };
        taken(0);
        open(0, false, errc::replayed, order::duplicate);
        open(2, false, errc::bad_order, order::gap);
        open(2, false, errc::bad_order, order::gap);  // the number that was refused has not arrived
        taken(1);
        taken(2);
        CHECK(t.open(k, false, tokens[79], bytes_view(m)).ok());
        open(78, false, errc::bad_order, order::out_of_order);
        open(1, false, errc::bad_order, order::old);
        CHECK(open_strictly(t, k, in_place, tokens[78], m, {.in_order = false}).why.ok());
        CHECK(open_strictly(t, k, in_place, tokens[78], m, {.in_order = false}).why.ok());
        open(78, false, errc::replayed, order::duplicate);
        tokens.push_back(t.make(k, false, bytes_view(m)));
        taken(80);
      }
    }
  }
}
TEST_CASE("context: a message that must be encrypted is refused if it is not, and the next one is still the next one",
          "[gss][rfc2743-2.2.4]") {
  for (const bool in_place : {false, true}) {
    talking t(usual_flags);
    const octet_list m = text(9);
    const gss::message_demands encrypted{.by = protection::confidentiality};
    const octet_list open = t.make(signed_only, false, bytes_view(m));
    const demanding got = open_strictly(t, signed_only, in_place, open, m, encrypted);
    CHECK(is(got.why, errc::not_sealed, "Wrap token", "Flags"));
    CHECK(got.left.empty());
    CHECK(open_strictly(t, signed_only, in_place, open, m, {}).why.ok());
    CHECK(open_strictly(t, sealed, in_place, t.make(sealed, false, bytes_view(m)), m, encrypted).why.ok());
    const octet_list mic = t.make(kind_of_message::mic, false, bytes_view(m));
    CHECK(open_strictly(t, kind_of_message::mic, in_place, mic, m, encrypted).why.ok());
  }
}

// ---- order

TEST_CASE("context: a gap, what arrives late, and duplicates are values, and the message is there (RFC 2743)",
          "[gss][rfc2743-1.2.3]") {
  struct expected {
    gss_flags flags;
    order gap, late, again, old;
  };
  const auto f = [](bool replay, bool sequence) {
    gss_flags flags{gss_flag_t::mutual, gss_flag_t::conf, gss_flag_t::integ};
    flags.set(gss_flag_t::replay, replay);
    flags.set(gss_flag_t::sequence, sequence);
    return flags;
  };
  using enum order;
  for (const expected& e : {expected{f(true, true), order::gap, out_of_order, duplicate, order::old},
                            expected{f(true, false), in_order, in_order, duplicate, order::old},
                            expected{f(false, true), order::gap, out_of_order, duplicate, order::old},
                            expected{f(false, false), in_order, in_order, in_order, in_order}}) {
    for (const kind_of_message k : kinds_of_token) {
      for (const bool back : {false, true}) {
        talking t(e.flags);
        const octet_list m = text(9);
        std::vector<octet_list> tokens;
        for (int i = 0; i != 80; ++i) tokens.push_back(t.make(k, back, bytes_view(m)));
        const auto seen = [&](std::size_t i) {
          const auto o = t.open(k, back, tokens[i], bytes_view(m), i % 2 == 0);
          CHECK(o.ok());
          CHECK(o.message == m);
          return o.seen;
        };
        CHECK(seen(0) == in_order);
        CHECK(seen(3) == e.gap);
        CHECK(seen(2) == e.late);
        CHECK(seen(2) == e.again);
        CHECK(seen(0) == e.again);
        CHECK(seen(4) == in_order);
        CHECK(seen(79) == e.gap);
        CHECK(seen(1) == e.old);
        // A token that fails enters no number
        octet_list next = t.make(k, back, bytes_view(m)), far = next;
        auto h = header_of(far);
        h.seq += 1000;
        CHECK(t.open(k, back, with_header(far, h), bytes_view(m)).why.code == errc::integrity);
        CHECK(t.open(k, back, next, bytes_view(m)).seen == in_order);
      }
    }
  }
}
TEST_CASE("context: a peer that signs with number 0 although it counts from another number verifies (sspi-rs#748)",
          "[gss][ms-spng]") {
  talking t(usual_flags);
  const octet_list m = text(30);
  gss::message_header h{gss_token_t::mic, 1 + 4, 0, 0, 0};
  octet_list mic = t.forge_signed(key_usage_t::gss_acceptor_sign, h, h, bytes_view(m), 0);
  mic.erase(mic.begin() + 16, mic.begin() + 16 + 30);
  const auto o = t.open(kind_of_message::mic, true, mic, bytes_view(m));
  CHECK(o.ok());
  CHECK(o.seen == order::old);
  CHECK(t.open(kind_of_message::mic, true, t.make(kind_of_message::mic, true, bytes_view(m)), bytes_view(m)).seen ==
        order::in_order);
}
TEST_CASE("context: the first numbers are those of the AP exchange, and 64 bits are counted (Manticore#1009)",
          "[gss][rfc4121-4.2.6]") {
  for (const uint32 first : {uint32(0), uint32(1), uint32(0x7fffffff), uint32(0x80000000), uint32(0xffffffff),
                             uint32(0xffffffff, integer_form::negative), uint32(0x80000000, integer_form::negative)}) {
    gss_world w;
    w.authenticator.seq_number = first;
    w.authenticator.subkey = key_as_sent(etype_t::aes256_cts_hmac_sha1_96, subkey_octets);
    gss_world::acceptor a(w.acceptor_params());
    const auto s = w.take(a, w.mint_token(one_way_flags));
    REQUIRE(kerb::is<done>(s));
    auto theirs = must(std::move(a).take());
    octet_list out(200);
    const auto token = must(theirs.get_mic(bytes_view(), out, w.policy));
    CHECK(must(gss::read_message_header(token, gss_token_t::mic)).seq == first);
    const auto next = must(theirs.get_mic(bytes_view(), out, w.policy));
    CHECK(must(gss::read_message_header(next, gss_token_t::mic)).seq == std::uint64_t{first} + 1);
    // What the initiator sends begins there too
    const key k = w.import(key_as_sent(etype_t::aes256_cts_hmac_sha1_96, subkey_octets));
    for (const std::uint32_t n : {0u, 1u}) {
      const gss::message_header h{gss_token_t::mic, 0, 0, 0, std::uint64_t{first} + n};
      const auto header = h.octets();
      const bytes_view pieces[] = {header};
      octet_list mic(header.begin(), header.end());
      mic.resize(24);
      REQUIRE(w.policy.sign(cksum_t::hmac_sha1_96_aes256, k, key_usage_t::gss_initiator_sign, pieces,
                            std::span(mic).last(8)) == errc::ok);
      CHECK(must(theirs.verify_mic(bytes_view(), bytes_view(mic), w.policy)) == order::in_order);
    }
  }
}

// ---- sizes and buffers

TEST_CASE("context: messages of 0 to 65536 octets, in place and in another buffer", "[gss][rfc4121-4.2]") {
  talking t(usual_flags);
  for (const std::size_t n :
       std::initializer_list<std::size_t>{0, 1, 7, 15, 16, 17, 31, 255, 256, 1024, 4096, 16384, 65535, 65536}) {
    const octet_list m = text(n);
    for (const kind_of_message k : kinds_of_token) {
      for (const bool in_place : {false, true}) {
        const auto o = t.open(k, in_place, t.make(k, in_place, bytes_view(m)), bytes_view(m), in_place);
        CHECK(o.ok());
        CHECK(o.message == m);
      }
    }
  }
}
TEST_CASE("context: wrap_in_place makes what wrap makes", "[gss][rfc4121-4.2.4]") {
  for (const protection by : {protection::integrity, protection::confidentiality}) {
    talking one(usual_flags), two(usual_flags);
    const octet_list m = text(33);
    const auto around = must(two.p.ours.overhead(by, two.policy()));
    octet_list token(around.octets() + m.size()), out(200);
    std::copy(m.begin(), m.end(), token.begin() + static_cast<std::ptrdiff_t>(around.front));
    REQUIRE(two.p.ours.wrap_in_place(token, by, two.policy()) == errc::ok);
    CHECK(must(one.p.ours.wrap(bytes_view(m), by, out, one.policy())) == bytes_view(token));
    CHECK(token.size() == must(two.p.ours.wrap_size(33, by, two.policy())));
    octet_list small(around.octets() - 1, 0x5a);
    CHECK(two.p.ours.wrap_in_place(small, by, two.policy()) == errc::api_misuse);
    CHECK(small == octet_list(small.size()));
    octet_list least(around.octets());
    CHECK(two.p.ours.wrap_in_place(least, by, two.policy()) == errc::ok);
  }
}
TEST_CASE("context: wrap_size_limit is the largest message whose token fits", "[gss][rfc2743-2.4.3]") {
  talking t(usual_flags);
  octet_list out(400);
  for (const protection by : {protection::integrity, protection::confidentiality}) {
    for (std::size_t n = 0; n != 300; ++n) {
      const std::size_t limit = must(t.p.ours.wrap_size_limit(n, by, t.policy()));
      const std::size_t around = must(t.p.ours.overhead(by, t.policy())).octets();
      CHECK(limit == (n < around ? 0 : n - around));
      const octet_list m = text(limit);
      if (n >= around) CHECK(must(t.p.ours.wrap(bytes_view(m), by, out, t.policy())).size() == n);
    }
  }
}
TEST_CASE("context: a buffer of exactly the size is enough, one octet less is not, and nothing is drawn or written",
          "[gss]") {
  talking t(usual_flags);
  const octet_list m = text(21);
  for (const kind_of_message k : kinds_of_token) {
    const std::size_t n = t.make(k, false, bytes_view(m)).size();
    (void)t.open(k, false, t.make(k, false, bytes_view(m)), bytes_view(m));
    const auto next = header_of(t.make(k, false, bytes_view(m))).seq + 1;
    for (std::size_t size = 0; size != n + 3; ++size) {
      octet_list out(size, 0x5a);
      const unsigned draws = t.policy().entropy.draws();
      const auto made =
          k == kind_of_message::mic
              ? t.p.ours.get_mic(bytes_view(m), out, t.policy())
              : t.p.ours.wrap(bytes_view(m), k == sealed ? protection::confidentiality : protection::integrity, out,
                              t.policy());
      CHECK(made.has_value() == (size >= n));
      if (made) {
        CHECK(header_of(octet_list(made->begin(), made->end())).seq == next + (size - n));
        continue;
      }
      CHECK(made.error().code == errc::no_space);
      CHECK(made.error().detail == n);
      CHECK(t.policy().entropy.draws() == draws);
      CHECK(out == octet_list(size, 0x5a));
    }
    if (k == kind_of_message::mic) continue;
    const octet_list token = t.make(k, false, bytes_view(m));
    for (std::size_t size = 0; size != token.size() - 16; ++size) {
      octet_list out(size, 0x5a);
      const auto got = t.p.theirs.unwrap(bytes_view(token), out, t.policy());
      CHECK((!got && got.error().code == errc::no_space && got.error().detail == token.size() - 16));
      CHECK(out == octet_list(size, 0x5a));
    }
    octet_list out(token.size() - 16);
    CHECK(t.p.theirs.unwrap(bytes_view(token), out, t.policy()).has_value());
  }
}
TEST_CASE("context: a MIC of several pieces is that of the whole message; more than 16 pieces are refused",
          "[gss][rfc4121-4.2.4]") {
  talking t(usual_flags), same(usual_flags);
  const octet_list m = text(20);
  octet_list out(100), other(100);
  for (std::size_t a = 0; a <= m.size(); ++a) {
    for (std::size_t b = a; b <= m.size(); b += 3) {
      const bytes_view whole(m), pieces[] = {whole.first(a), whole.subview(a, b - a), {}, whole.subview(b)};
      const auto mic = must(t.p.ours.get_mic(pieces, out, t.policy()));
      CHECK(mic == must(same.p.ours.get_mic(whole, other, same.policy())));
      CHECK(must(t.p.theirs.verify_mic(pieces, mic, t.policy())) == order::in_order);
    }
  }
  const std::array<bytes_view, 17> many{};
  CHECK(t.p.ours.get_mic(view_of<bytes_view>(many.data(), 17), out, t.policy()).error().code == errc::api_misuse);
  const auto sixteen = t.p.ours.get_mic(view_of<bytes_view>(many.data(), 16), out, t.policy());
  REQUIRE(sixteen);
  CHECK(t.p.theirs.verify_mic(view_of<bytes_view>(many.data(), 17), *sixteen, t.policy()).error().code ==
        errc::api_misuse);
  CHECK(must(t.p.theirs.verify_mic(bytes_view(), *sixteen, t.policy())) == order::in_order);
}
TEST_CASE("context: when the random source fails, the token is wiped and no number is used", "[gss]") {
  talking t(usual_flags);
  const octet_list m = text(21);
  octet_list out(200, 0x5a);
  t.policy().entropy.fail_at = t.policy().entropy.draws() + 1;
  CHECK(t.p.ours.wrap(bytes_view(m), protection::confidentiality, out, t.policy()).error().code == errc::entropy);
  CHECK(!holds(bytes_view(out), bytes_view(m).first(4)));
  const octet_list token = t.make(sealed, false, bytes_view(m));
  CHECK(t.open(sealed, false, token, {}).seen == order::in_order);
  // Tokens that are not sealed draw nothing
  t.policy().entropy.fail_at = t.policy().entropy.draws() + 1;
  CHECK(t.open(signed_only, false, t.make(signed_only, false, bytes_view(m)), {}).ok());
}
TEST_CASE("context: a sealed message that does not verify leaves no plaintext", "[gss]") {
  talking t(usual_flags);
  const octet_list m = text(30);
  gss::message_header h{gss_token_t::wrap, 2 + 4, 0, 0, 5}, other = h;
  other.seq = 6;
  octet_list token = t.forge(key_usage_t::gss_initiator_seal, h, other, bytes_view(m), 0, 0);
  octet_list out(200);
  CHECK(t.p.theirs.unwrap(bytes_view(token), out, t.policy()).error().code == errc::integrity);
  CHECK(!holds(bytes_view(out), bytes_view(m).first(4)));
  CHECK(t.p.theirs.unwrap_in_place(token, t.policy()).error().code == errc::integrity);
  CHECK(!holds(bytes_view(token), bytes_view(m).first(4)));
}

TEST_CASE("context: a signed message that does not verify is not left in another buffer", "[gss]") {
  for (const std::size_t rotated : {0, 5}) {
    talking t(usual_flags);
    const octet_list m = text(30);
    gss::message_header h{gss_token_t::wrap, 4, 0, 0, 5}, other = h;
    other.seq += 1;
    const octet_list token = t.forge_signed(key_usage_t::gss_initiator_seal, h, other, bytes_view(m), rotated);
    octet_list out(200);
    CHECK(t.p.theirs.unwrap(bytes_view(token), out, t.policy()).error().code == errc::integrity);
    CHECK(out == octet_list(200));
    CHECK(t.p.theirs.unwrap(bytes_view(token), out, {}, t.policy()).error().code == errc::integrity);
    CHECK(out == octet_list(200));
  }
}

// ---- a context that was moved from

/// Names that are views of nothing: those of a context that is over could view octets that were wiped.
template <class Context>
bool has_no_names(const Context& c) {
  for (const principal_view* p : {&c.initiator(), &c.acceptor(), &c.peer()})
    if (!p->realm.octets.empty() || !p->name.name_string.empty()) return false;
  return true;
}
TEST_CASE("context: one that was moved from refuses every call", "[gss]") {
  talking t(usual_flags);
  const octet_list m = text(21);
  const octet_list token = t.make(sealed, false, bytes_view(m)),
                   mic = t.make(kind_of_message::mic, false, bytes_view(m));
  auto kept = std::move(t.p.theirs);
  auto& gone = t.p.theirs;
  octet_list out(200), changed = token;
  auto& p = t.policy();
  for (const protection by : {protection::integrity, protection::confidentiality}) {
    CHECK(gone.overhead(by, p).error().code == errc::api_misuse);
    CHECK(gone.wrap_size(1, by, p).error().code == errc::api_misuse);
    CHECK(gone.wrap_size_limit(100, by, p).error().code == errc::api_misuse);
    CHECK(gone.wrap(bytes_view(m), by, out, p).error().code == errc::api_misuse);
    CHECK(gone.wrap_in_place(out, by, p) == errc::api_misuse);
  }
  CHECK(gone.mic_size(p).error().code == errc::api_misuse);
  CHECK(gone.get_mic(bytes_view(m), out, p).error().code == errc::api_misuse);
  CHECK(gone.verify_mic(bytes_view(m), bytes_view(mic), p).error().code == errc::api_misuse);
  CHECK(gone.unwrap(bytes_view(token), out, p).error().code == errc::api_misuse);
  CHECK(gone.unwrap_in_place(changed, p).error().code == errc::api_misuse);
  CHECK(gone.prf(gss::prf_key::full, bytes_view(m), out, p) == errc::api_misuse);
  CHECK(gone.prf(gss::prf_key::partial, bytes_view(m), out, p) == errc::api_misuse);
  CHECK(gone.delegated(out, t.w.turn()).error().code == errc::api_misuse);
  CHECK(gone.client() == nullptr);
  CHECK_FALSE(gone.has_delegated());
  CHECK(gone.session_key(p).unguarded().empty());
  CHECK(has_no_names(gone));
  // The other one goes on
  CHECK(must(kept.unwrap(bytes_view(token), out, p)).seen == order::in_order);
  CHECK(must(kept.verify_mic(bytes_view(m), bytes_view(mic), p)) == order::in_order);
  CHECK(same_principal(kept.peer(), alice));
  CHECK(kept.client() != nullptr);
}
TEST_CASE("context: both sides agree on names, flags and lifetime", "[gss][rfc2743-2.2.6]") {
  talking t(usual_flags);
  for (const auto* c : {&t.p.ours, &t.p.theirs}) {
    CHECK(same_principal(c->initiator(), alice));
    CHECK(same_principal(c->acceptor(), web));
    CHECK(c->endtime() == t.w.ticket.endtime);
    CHECK(c->flags().bits == usual_flags.bits);
    CHECK_FALSE(c->bound());
    CHECK_FALSE(c->has_delegated());
  }
  CHECK(t.p.ours.here() == side::initiator);
  CHECK(t.p.theirs.here() == side::acceptor);
  CHECK(same_principal(t.p.ours.peer(), web));
  CHECK(same_principal(t.p.theirs.peer(), alice));
  CHECK(t.p.ours.client() == nullptr);
  CHECK(t.p.theirs.client()->authtime() == t.w.ticket.authtime);
}

}  // namespace
