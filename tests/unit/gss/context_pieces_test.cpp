// Wrap tokens over pieces: both layouts, octets that are only authenticated, and everything that can be wrong with
// them.
#include <vector>

#include "support/both.hpp"
#include "support/gss_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using gss::message_piece;
using gss::order;
using gss::protection;
using gss::token_layout;

constexpr gss_flags usual{gss_flag_t::mutual, gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf};
constexpr gss_flags dce{gss_flag_t::dce_style, gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf};
constexpr token_layout layouts[] = {token_layout::with_trailer, token_layout::rotated};
constexpr protection protections[] = {protection::confidentiality, protection::integrity};

/// A message of three pieces of data with two between them that are only authenticated, and its token.
struct parts {
  std::array<std::uint8_t, 128> header_octets{}, trailer_octets{};
  std::array<std::uint8_t, 5> first{1, 2, 3, 4, 5};
  std::array<std::uint8_t, 7> signed_only{9, 8, 7, 6, 5, 4, 3};
  std::array<std::uint8_t, 33> second{10, 11, 12};
  std::array<std::uint8_t, 2> signed_last{0xaa, 0xbb};
  std::size_t header_size = 0, trailer_size = 0;
  std::array<message_piece, 5> list{};

  constexpr std::span<std::uint8_t> header() { return std::span(header_octets).first(header_size); }
  constexpr std::span<std::uint8_t> trailer() { return std::span(trailer_octets).first(trailer_size); }
  constexpr view_of<message_piece> message() {
    list = {message_piece(first), message_piece::sign_only(signed_only), message_piece(std::span<std::uint8_t>()),
            message_piece(second), message_piece::sign_only(signed_last)};
    return list;
  }
  constexpr bool has_plain_data() const {
    const parts fresh;
    return first == fresh.first && second == fresh.second && signed_only == fresh.signed_only &&
           signed_last == fresh.signed_last;
  }
  constexpr bool has_no_data() const { return first == decltype(first){} && second == decltype(second){}; }
  template <class Context, class C>
  constexpr errc wrap(Context& c, protection by, token_layout layout, C& crypto) {
    const auto sizes = must(c.pieces_overhead(by, layout, crypto));
    header_size = sizes.front, trailer_size = sizes.back;
    return c.wrap_pieces(header(), message(), trailer(), by, crypto);
  }
};

constexpr bool round_trip(gss_flags flags, protection by, token_layout layout) {
  gss_world w;
  w.flags = flags;
  const auto c = w.credential();
  auto [ours, theirs] = w.establish(c);
  for (int round = 0; round != 2; ++round) {
    parts there, back;
    if (there.wrap(ours, by, layout, w.policy) != errc::ok) return false;
    if ((there.trailer_size == 0) != (layout == token_layout::rotated)) return false;
    const auto got = theirs.unwrap_pieces(there.header(), there.message(), there.trailer(), w.policy);
    if (!got || got->by != by || got->seen != order::in_order || !there.has_plain_data()) return false;
    if (back.wrap(theirs, by, layout, w.policy) != errc::ok) return false;
    const auto in = ours.unwrap_pieces(back.header(), back.message(), back.trailer(), w.policy);
    if (!in || in->seen != order::in_order || !back.has_plain_data()) return false;
  }
  return true;
}
constexpr bool every_round_trip(gss_flags flags) {
  for (const protection by : protections)
    for (const token_layout layout : layouts)
      if (!round_trip(flags, by, layout)) return false;
  return true;
}
KERB_BOTH("context: a message in pieces arrives in both layouts, sealed and signed", "[gss][ms-kile-3.4.5.4.1]",
          [] { return every_round_trip(usual); })
KERB_BOTH("context: in DCE style too a message in pieces arrives in both layouts", "[gss][ms-kile-3.4.5.4.1]",
          [] { return every_round_trip(dce); })

/// Two sides of a context.
struct established {
  gss_world w;
  basic_credential<key> c;
  gss_world::pair p;
  explicit established(gss_flags f) : c((w.flags = f, w.credential())), p(w.establish(c)) {}
};

TEST_CASE("context: without octets that are only authenticated, a token over pieces is one that unwrap() opens",
          "[gss][rfc4121-4.2.4]") {
  for (const gss_flags f : {usual, dce}) {
    for (const protection by : protections) {
      for (const token_layout layout : layouts) {
        // In DCE style unwrap() takes a sealed token for one that is rotated by EC, even if RRC is 0
        if (f == dce && layout == token_layout::with_trailer) continue;
        established e(f);
        const auto sizes = must(e.p.ours.pieces_overhead(by, layout, e.w.policy));
        std::vector<std::uint8_t> token(sizes.octets() + 40);
        const std::span<std::uint8_t> all(token);
        for (std::size_t i = 0; i != 40; ++i) token[sizes.front + i] = static_cast<std::uint8_t>(i);
        const message_piece message[] = {all.subspan(sizes.front, 11), all.subspan(sizes.front + 11, 29)};
        REQUIRE(e.p.ours.wrap_pieces(all.first(sizes.front), message, all.last(sizes.back), by, e.w.policy) ==
                errc::ok);
        const auto got = e.p.theirs.unwrap_in_place(all, e.w.policy);
        CAPTURE(f.bits, by == protection::integrity, layout == token_layout::rotated);
        CHECK(got.error().code == errc::ok);
        REQUIRE(got);
        CHECK(got->by == by);
        REQUIRE(got->message.size() == 40);
        for (std::size_t i = 0; i != 40; ++i) CHECK(got->message[i] == i);
      }
    }
  }
}

TEST_CASE("context: in DCE style a sealed token over pieces has 16 octets of filler and is rotated by RRC and EC",
          "[gss][ms-kile-3.4.5.4.1]") {
  established e(dce);
  parts p;
  REQUIRE(p.wrap(e.p.ours, protection::confidentiality, token_layout::rotated, e.w.policy) == errc::ok);
  const auto h = must(gss::read_message_header(bytes_view(p.header()), gss_token_t::wrap));
  const auto around = must(e.p.ours.overhead(protection::confidentiality, e.w.policy));
  CHECK(h.ec == 16);
  CHECK(h.rrc == around.back);
  CHECK(p.header_size == around.octets() + 16);
}

TEST_CASE("context: header and trailer of other sizes, and too many pieces, are a misuse that changes nothing",
          "[gss]") {
  established e(usual);
  for (const protection by : protections) {
    for (const token_layout layout : layouts) {
      const auto sizes = must(e.p.ours.pieces_overhead(by, layout, e.w.policy));
      const unsigned draws = e.w.policy.entropy.draws();
      for (const int more : {-1, 1}) {
        parts p;
        p.header_size = sizes.front + static_cast<std::size_t>(more), p.trailer_size = sizes.back;
        CHECK(e.p.ours.wrap_pieces(p.header(), p.message(), p.trailer(), by, e.w.policy) == errc::api_misuse);
        p.header_size = sizes.front,
        p.trailer_size = sizes.back + (more < 0 && sizes.back == 0 ? 1 : static_cast<std::size_t>(more));
        CHECK(e.p.ours.wrap_pieces(p.header(), p.message(), p.trailer(), by, e.w.policy) == errc::api_misuse);
        CHECK(p.has_plain_data());
      }
      std::vector<std::uint8_t> octets(15, 7);
      std::vector<message_piece> many;
      for (std::uint8_t& o : octets) many.emplace_back(std::span(&o, 1));
      parts p;
      p.header_size = sizes.front, p.trailer_size = sizes.back;
      CHECK(many.size() == gss_world::context::max_message_pieces + 1);
      CHECK(e.p.ours.wrap_pieces(p.header(), many, p.trailer(), by, e.w.policy) == errc::api_misuse);
      CHECK(e.p.theirs.unwrap_pieces(p.header(), many, p.trailer(), e.w.policy).error().code == errc::api_misuse);
      CHECK(e.w.policy.entropy.draws() == draws);
      many.pop_back();
      REQUIRE(e.p.ours.wrap_pieces(p.header(), many, p.trailer(), by, e.w.policy) == errc::ok);
      const auto got = e.p.theirs.unwrap_pieces(p.header(), many, p.trailer(), e.w.policy);
      REQUIRE(got);
      CHECK(got->seen == order::in_order);
    }
  }
}

TEST_CASE("context: when no random octets are to be had, pieces that would be encrypted are wiped", "[gss]") {
  established e(usual);
  e.w.policy.entropy.fail_at = e.w.policy.entropy.draws() + 1;
  parts p;
  CHECK(p.wrap(e.p.ours, protection::confidentiality, token_layout::with_trailer, e.w.policy) == errc::entropy);
  CHECK(p.has_no_data());
}

TEST_CASE("context: no changed bit of a token over pieces is accepted, and the token itself opens afterwards",
          "[gss]") {
  for (const gss_flags f : {usual, dce}) {
    for (const protection by : protections) {
      for (const token_layout layout : layouts) {
        established e(f);
        parts good;
        REQUIRE(good.wrap(e.p.ours, by, layout, e.w.policy) == errc::ok);
        const auto open = [&](parts& p) {
          return e.p.theirs.unwrap_pieces(p.header(), p.message(), p.trailer(), e.w.policy);
        };
        const auto each_bit = [&](auto octets, std::size_t n) {
          for (std::size_t bit = 0; bit != 8 * n; ++bit) {
            parts p = good;
            std::uint8_t& changed = octets(p)[bit / 8];
            changed = static_cast<std::uint8_t>(changed ^ 1 << bit % 8);
            CAPTURE(bit, by == protection::integrity, layout == token_layout::rotated);
            const auto got = open(p);
            CHECK_FALSE(got);
            if (got.error().code == errc::integrity && by == protection::confidentiality) CHECK(p.has_no_data());
          }
        };
        each_bit([](parts& p) { return p.header(); }, good.header_size);
        each_bit([](parts& p) { return p.trailer(); }, good.trailer_size);
        each_bit([](parts& p) { return std::span(p.first); }, good.first.size());
        each_bit([](parts& p) { return std::span(p.second); }, good.second.size());
        each_bit([](parts& p) { return std::span(p.signed_only); }, good.signed_only.size());
        each_bit([](parts& p) { return std::span(p.signed_last); }, good.signed_last.size());
        for (std::size_t n = 0; n != good.header_size; ++n) {
          parts p = good;
          p.header_size = n;
          CHECK_FALSE(open(p));
        }
        for (std::size_t n = 0; n < good.trailer_size; ++n) {
          parts p = good;
          p.trailer_size = n;
          CHECK_FALSE(open(p));
        }
        parts p = good;
        const auto got = open(p);
        REQUIRE(got);
        CHECK(got->seen == order::in_order);
        CHECK(p.has_plain_data());
        p = good;
        CHECK((*open(p)).seen == order::duplicate);
      }
    }
  }
}

TEST_CASE("context: a message over pieces that must be the next one, or encrypted, is refused and wiped if it is not",
          "[gss][rfc2743-1.2.3]") {
  established e(usual);
  const auto open = [&](parts& p, const gss::message_demands& want) {
    return e.p.theirs.unwrap_pieces(p.header(), p.message(), p.trailer(), want, e.w.policy);
  };
  const auto made = [&](protection by) {
    parts p;
    REQUIRE(p.wrap(e.p.ours, by, token_layout::with_trailer, e.w.policy) == errc::ok);
    return p;
  };
  const parts first = made(protection::confidentiality), second = made(protection::integrity);
  parts p = first;
  CHECK(open(p, {.by = protection::confidentiality}));
  CHECK(p.has_plain_data());
  p = first;
  CHECK(kerb_test::is(open(p, {}).error(), errc::replayed, "Wrap token", "SND_SEQ"));
  CHECK(p.has_no_data());
  p = second;
  CHECK(kerb_test::is(open(p, {.by = protection::confidentiality}).error(), errc::not_sealed, "Wrap token", "Flags"));
  CHECK(p.has_no_data());
  p = second;
  CHECK(open(p, {}));
}

TEST_CASE("context: a sealed token over pieces whose header differs from the copy in it is refused and wiped",
          "[gss]") {
  established e(usual);
  parts p;
  REQUIRE(p.wrap(e.p.ours, protection::confidentiality, token_layout::with_trailer, e.w.policy) == errc::ok);
  p.header()[15] ^= 1;  // the number
  const auto got = e.p.theirs.unwrap_pieces(p.header(), p.message(), p.trailer(), e.w.policy);
  CHECK(kerb_test::is(got.error(), errc::integrity, "Wrap token", "header"));
  CHECK(p.has_no_data());
}

}  // namespace
