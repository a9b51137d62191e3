// Several Wrap tokens at once: each is what wrap_in_place() makes, or all are wiped and the context is unchanged.
#include <algorithm>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/gss_messages.hpp"
#include "unit/crypto/backends.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using gss::protection;
using token = std::span<std::uint8_t>;

/// Messages of different sizes, laid out for wrap_in_place().
template <std::size_t N>
struct batch {
  std::array<std::array<std::uint8_t, 256>, N> octets{};
  std::array<token, N> tokens{};

  template <class C>
  constexpr batch(const gss::context<C>& c, protection by, const C& crypto) {
    const auto around = must(c.overhead(by, crypto));
    for (std::size_t m = 0; m != N; ++m) {
      const std::size_t size = m * 13 % 120;
      for (std::size_t i = 0; i != size; ++i) octets[m][around.front + i] = static_cast<std::uint8_t>(5 * i + m + 1);
      tokens[m] = token(octets[m]).first(around.octets() + size);
    }
  }
  batch(const batch&) = delete;
  constexpr bool wiped() const {
    return std::all_of(tokens.begin(), tokens.end(),
                       [](token t) { return std::all_of(t.begin(), t.end(), [](std::uint8_t o) { return o == 0; }); });
  }
};

/// Two equal pairs of contexts: the one makes N tokens at once, the other one after the other, and then each one more.
/// The peers open all of them.
template <std::size_t N, class C, class Pair>
constexpr bool as_alone(C& crypto, Pair& p, C& other_crypto, Pair& other, bool back, protection by) {
  auto &together = back ? p.theirs : p.ours, &reader = back ? p.ours : p.theirs;
  auto &alone = back ? other.theirs : other.ours, &other_reader = back ? other.ours : other.theirs;
  batch<N> a(together, by, crypto), b(alone, by, other_crypto);
  if (wrap_many(together, view_of<token>(a.tokens), by, crypto) != errc::ok) return false;
  for (const token one : b.tokens)
    if (alone.wrap_in_place(one, by, other_crypto) != errc::ok) return false;
  batch<1> c(together, by, crypto), d(alone, by, other_crypto);
  if (together.wrap_in_place(c.tokens[0], by, crypto) != errc::ok) return false;
  if (alone.wrap_in_place(d.tokens[0], by, other_crypto) != errc::ok) return false;
  if (a.octets != b.octets || c.octets != d.octets) return false;
  const auto opens = [by](auto& context, token t, C& policy) {
    const auto got = context.unwrap_in_place(t, policy);
    return got && got->by == by && got->seen == gss::order::in_order;
  };
  for (std::size_t n = 0; n != N; ++n)
    if (!opens(reader, a.tokens[n], crypto) || !opens(other_reader, b.tokens[n], other_crypto)) return false;
  return opens(reader, c.tokens[0], crypto) && opens(other_reader, d.tokens[0], other_crypto);
}
template <std::size_t N>
constexpr bool as_alone() {
  gss_world w, v;
  const auto c = w.credential(), d = v.credential();
  auto p = w.establish(c), q = v.establish(d);
  for (const bool back : {false, true})
    for (const protection by : {protection::confidentiality, protection::integrity})
      if (!as_alone<N>(w.policy, p, v.policy, q, back, by)) return false;
  return true;
}

KERB_BOTH("wrap_many: the tokens are octet for octet those that are made one after the other", "[gss][rfc4121-4.2.4]",
          [] { return as_alone<3>(); })
KERB_AT_RUN_TIME("wrap_many: also no token, one, and more than are drawn for at once", "[gss][rfc4121-4.2.4]",
                 [] { return as_alone<0>() && as_alone<1>() && as_alone<16>() && as_alone<17>() && as_alone<40>(); })

/// A policy with seal_many and reproducible randomness.
struct policy : every<botan::primitives> {
  testing::counting_entropy entropy;
  bool fill(std::span<std::uint8_t> out) noexcept { return entropy.fill(out); }
};
static_assert(seals_many_with<policy, policy::prepared_key>);
static_assert(!seals_many_with<testing::insecure_policy, testing::insecure_policy::prepared_key>);

std::unique_ptr<talk<policy>> context_of(std::int32_t e) {
  return std::make_unique<talk<policy>>(usual_flags, [e](auto& w) {
    w.session_etype = static_cast<etype_t>(e);
    w.answer.negotiate_etype = false;
  });
}
TEST_CASE("wrap_many: blocks of several tokens encrypted together make the same tokens, with each encryption type",
          "[gss][rfc4121-4.2.4]") {
  for (const std::int32_t e : {17, 18, 19, 20, 25, 26}) {
    INFO("etype " << e);
    const auto t = context_of(e), other = context_of(e);
    for (const protection by : {protection::confidentiality, protection::integrity}) {
      CHECK(as_alone<9>(t->policy(), t->p, other->policy(), other->p, e % 2 == 0, by));
      CHECK(as_alone<35>(t->policy(), t->p, other->policy(), other->p, e % 2 == 1, by));
    }
  }
}
TEST_CASE("wrap_many: the confounders of sixteen tokens are one draw", "[gss]") {
  const auto t = context_of(18);
  batch<16> sixteen(t->p.ours, protection::confidentiality, t->policy());
  batch<17> more(t->p.ours, protection::confidentiality, t->policy());
  const unsigned before = t->policy().entropy.draws();
  CHECK(wrap_many(t->p.ours, view_of<token>(sixteen.tokens), protection::confidentiality, t->policy()) == errc::ok);
  CHECK(t->policy().entropy.draws() == before + 1);
  CHECK(wrap_many(t->p.ours, view_of<token>(more.tokens), protection::confidentiality, t->policy()) == errc::ok);
  CHECK(t->policy().entropy.draws() == before + 3);
}
using simple = talk<testing::insecure_policy>;
/// Whether the next token has the number that the context had before a failure.
bool goes_on(simple& t) {
  const octet_list m = text(21);
  return t.open(kind_of_message::sealed, false, t.make(kind_of_message::sealed, false, bytes_view(m)), {}).seen ==
         gss::order::in_order;
}
TEST_CASE("wrap_many: with one token too small nothing is drawn, all are wiped, and no number is used", "[gss]") {
  for (const protection by : {protection::confidentiality, protection::integrity}) {
    for (std::size_t short_one = 0; short_one != 20; ++short_one) {
      simple t(usual_flags);
      batch<20> b(t.p.ours, by, t.policy());
      b.tokens[short_one] = b.tokens[short_one].first(must(t.p.ours.overhead(by, t.policy())).octets() - 1);
      const unsigned draws = t.policy().entropy.draws();
      CHECK(wrap_many(t.p.ours, view_of<token>(b.tokens), by, t.policy()) == errc::api_misuse);
      CHECK(t.policy().entropy.draws() == draws);
      CHECK(b.wiped());
      CHECK(goes_on(t));
    }
  }
}
TEST_CASE("wrap_many: when the random source fails at any draw, all tokens are wiped and no number is used", "[gss]") {
  for (unsigned draw = 1; draw != 4; ++draw) {
    simple t(usual_flags);
    batch<40> b(t.p.ours, protection::confidentiality, t.policy());
    t.policy().entropy.fail_at = t.policy().entropy.draws() + draw;
    const errc why = wrap_many(t.p.ours, view_of<token>(b.tokens), protection::confidentiality, t.policy());
    CHECK(why == errc::entropy);
    CHECK(b.wiped());
    CHECK(goes_on(t));
  }
}
TEST_CASE("wrap_many: a context that was moved from makes no tokens", "[gss]") {
  simple t(usual_flags);
  for (const protection by : {protection::confidentiality, protection::integrity}) {
    batch<3> b(t.p.ours, by, t.policy());
    auto kept = std::move(t.p.ours);
    CHECK(wrap_many(t.p.ours, view_of<token>(b.tokens), by, t.policy()) == errc::api_misuse);
    CHECK(b.wiped());
    t.p.ours = std::move(kept);
  }
}
TEST_CASE("wrap_many: with an RC4 key, whose tokens are others, it does what wrap_in_place does", "[gss][rfc4121-2]") {
  const auto with = [](bool together) {
    policy p;
    const octet_list octets(16, 0x5b);
    gss::detail::context_parts<policy::key> parts;
    parts.keys.session_key = must(p.import(etype_t::rc4_hmac, bytes_view(octets)));
    gss::context<policy> c(std::move(parts));
    std::array<std::uint8_t, 100> one;
    one.fill(7);
    const std::array<token, 1> tokens{token(one)};
    const errc why = together ? wrap_many(c, view_of<token>(tokens), protection::confidentiality, p)
                              : c.wrap_in_place(tokens[0], protection::confidentiality, p);
    return std::pair(why, one);
  };
  CHECK(with(true) == with(false));
}
TEST_CASE("wrap_many: allocates nothing in a context that was used once, on Botan", "[gss]") {
  for (const std::int32_t e : {18, 20}) {
    const auto t = context_of(e);
    batch<20> first(t->p.ours, protection::confidentiality, t->policy());
    batch<20> b(t->p.ours, protection::confidentiality, t->policy());
    CHECK(wrap_many(t->p.ours, view_of<token>(first.tokens), protection::confidentiality, t->policy()) == errc::ok);
    errc why = errc::ok;
    {
      no_allocations none;
      why = wrap_many(t->p.ours, view_of<token>(b.tokens), protection::confidentiality, t->policy());
    }
    CHECK(why == errc::ok);
  }
}

}  // namespace
