// A context that is exported and imported again.
#include <kerb/gss/export.hpp>

#include <algorithm>
#include <memory>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/gss_messages.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using crypto = testing::insecure_policy;
using talking = talk<crypto>;
using gss::ExportedContext;
using gss::order;

octet_list exported(talking& t, bool acceptor) {
  octet_list octets(1000);
  auto& c = acceptor ? t.p.theirs : t.p.ours;
  const secret_view v = must(std::move(c).export_to(octets, t.policy()));
  CHECK(v.data() == octets.data());
  octets.resize(v.size());
  return octets;
}
result<gss::context<crypto>> import(crypto& p, const octet_list& octets) {
  return gss::import_context(secret_view(bytes_view(octets)), p);
}
octet_list encode(const ExportedContext& x) {
  octet_list out(1000);
  const bytes_view v = must(asn1::encode(x, out));
  return {v.begin(), v.end()};
}

constexpr bool moves_on() {
  gss_world w;
  const auto c = w.credential();
  auto [ours, theirs] = w.establish(c);
  std::array<std::uint8_t, 100> token{}, out{};
  std::array<std::uint8_t, 600> octets{};
  constexpr std::uint8_t m[] = {1, 2, 3};
  const auto first = ours.wrap(m, gss::protection::confidentiality, token, w.policy);
  if (!first || !theirs.unwrap(*first, out, w.policy)) return false;
  const auto v = std::move(theirs).export_to(octets, w.policy);
  if (!v) return false;
  auto again = gss::import_context(*v, w.policy);
  if (!again) return false;
  const auto second = ours.wrap(m, gss::protection::confidentiality, token, w.policy);
  const auto got = again->unwrap(*second, out, w.policy);
  return got && got->seen == order::in_order && bytes_view(got->message) == bytes_view(m) &&
         same_principal(again->peer(), alice);
}
KERB_BOTH("export: a context goes on in the place of the exported one", "[gss]", moves_on)

TEST_CASE("export: both sides go on after it, with everything that they have negotiated", "[gss]") {
  for (const gss_flags f : {usual_flags, one_way_flags, dce_flags, gss_flags{gss_flag_t::mutual}}) {
    for (const bool subkey : {true, false}) {
      for (const bool acceptor : {false, true}) {
        talking t(f, [&](auto& w) { w.answer.subkey = subkey; });
        const octet_list m = text(9);
        std::vector<octet_list> early;
        for (int n = 0; n != 5; ++n) early.push_back(t.make(kind_of_message::sealed, !acceptor, bytes_view(m)));
        // What has arrived before, and what not: 0, 1, 3
        for (const int n : {0, 1, 3})
          CHECK(t.open(kind_of_message::sealed, !acceptor, early[static_cast<std::size_t>(n)], {}).ok());
        const octet_list sent = t.make(kind_of_message::mic, acceptor, bytes_view(m));
        auto& before = acceptor ? t.p.theirs : t.p.ours;
        const auto flags = before.flags().bits;
        octet_list full(40), full2(40), partial(40), partial2(40);
        CHECK(before.prf(gss::prf_key::full, bytes_view(m), full, t.policy()) == errc::ok);
        CHECK(before.prf(gss::prf_key::partial, bytes_view(m), partial, t.policy()) == errc::ok);
        const octet_list octets = exported(t, acceptor);
        auto after = must(import(t.policy(), octets));
        CHECK(after.here() == (acceptor ? side::acceptor : side::initiator));
        CHECK(after.flags().bits == flags);
        CHECK(same_principal(after.initiator(), alice));
        CHECK(same_principal(after.acceptor(), web));
        CHECK(after.endtime() == t.w.ticket.endtime);
        CHECK_FALSE(after.bound());
        CHECK(after.client() == nullptr);
        CHECK_FALSE(after.has_delegated());
        CHECK(after.prf(gss::prf_key::full, bytes_view(m), full2, t.policy()) == errc::ok);
        CHECK(after.prf(gss::prf_key::partial, bytes_view(m), partial2, t.policy()) == errc::ok);
        CHECK(full == full2);
        CHECK(partial == partial2);
        before = std::move(after);
        const bool ordered = flags & 8;
        const auto seen = [&](std::size_t n) { return t.open(kind_of_message::sealed, !acceptor, early[n], {}).seen; };
        CHECK(seen(0) == (ordered ? order::duplicate : order::in_order));
        CHECK(seen(2) == (ordered ? order::out_of_order : order::in_order));
        CHECK(seen(2) == (ordered ? order::duplicate : order::in_order));
        CHECK(seen(4) == order::in_order);
        const octet_list next = t.make(kind_of_message::mic, acceptor, bytes_view(m));
        CHECK(header_of(next).seq == header_of(sent).seq + 1);
        CHECK(t.open(kind_of_message::mic, acceptor, sent, bytes_view(m)).ok());
        CHECK(t.open(kind_of_message::mic, acceptor, next, bytes_view(m)).seen == order::in_order);
      }
    }
  }
}
TEST_CASE("export: the context is over after it, and not before", "[gss]") {
  talking t(usual_flags);
  const octet_list m = text(9);
  const std::size_t n = exported(*std::make_unique<talking>(usual_flags), true).size();
  for (std::size_t size = 0; size != n; ++size) {
    octet_list octets(size, 0x5a);
    const auto r = std::move(t.p.theirs).export_to(octets, t.policy());
    CHECK((!r && r.error().code == errc::no_space && r.error().detail == n));
    CHECK(octets == octet_list(size, 0x5a));
  }
  CHECK(t.open(kind_of_message::sealed, false, t.make(kind_of_message::sealed, false, bytes_view(m)), {}).ok());
  octet_list octets(n + 5, 0x5a);
  REQUIRE(std::move(t.p.theirs).export_to(octets, t.policy()));
  CHECK(octets[n] == 0x5a);
  CHECK(std::move(t.p.theirs).export_to(octets, t.policy()).error().code == errc::api_misuse);
  CHECK(t.open(kind_of_message::sealed, false, t.make(kind_of_message::sealed, false, bytes_view(m)), {}).why.code ==
        errc::api_misuse);
  CHECK(t.p.theirs.session_key(t.policy()).unguarded().empty());
  CHECK(t.p.theirs.client() == nullptr);
  CHECK(t.p.theirs.initiator().realm.octets.empty());  // its names would view octets that were wiped
  CHECK(t.p.theirs.acceptor().name.name_string.empty());
  CHECK(t.p.theirs.peer().name.name_string.empty());
  CHECK_FALSE(holds(bytes_view(t.w.acceptor_buffer), alice_parts[1].octets));  // the client's data are wiped
}
TEST_CASE("export: what cannot be exported is gone: authorization data and delegated credentials", "[gss]") {
  gss_world w;
  auto f = usual_flags;
  f.set(gss_flag_t::deleg);
  constexpr std::uint8_t cred[] = {0x76, 0x03, 0x02, 0x01, 0x05};
  gss_world::acceptor a(w.acceptor_params());
  (void)w.take(a, w.mint_token({{}, f, bytes_view(cred), {}}));
  auto c = must(std::move(a).take());
  CHECK(c.has_delegated());
  octet_list octets(1000);
  const auto v = must(std::move(c).export_to(octets, w.policy));
  const auto after = must(gss::import_context(v, w.policy));
  CHECK(after.flags().has(gss_flag_t::deleg));
  CHECK_FALSE(after.has_delegated());
  CHECK(after.delegated(octets, w.turn()).error().code == errc::nothing_delegated);
}
TEST_CASE("export: bound() is kept", "[gss][rfc4121-4.1.1.2]") {
  for (const bool bound : {false, true}) {
    constexpr std::uint8_t data[] = {1, 2, 3};
    talking t(usual_flags, [&](auto& w) {
      if (bound) w.here = w.there = channel_bindings{.application_data = data};
    });
    for (const bool acceptor : {false, true}) {
      const octet_list octets = exported(t, acceptor);
      CHECK(must(import(t.policy(), octets)).bound() == bound);
    }
  }
}

// ---- octets that are none

TEST_CASE("import: no truncation, and no octet more, is a context", "[gss]") {
  talking t(usual_flags);
  octet_list octets = exported(t, true);
  for (std::size_t n = 0; n != octets.size(); ++n) {
    const octet_list part(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(n));
    const auto r = import(t.policy(), part);
    CHECK((!r && is_malformed(r.error().code)));
  }
  octets.push_back(0);
  CHECK(import(t.policy(), octets).error().code == errc::trailing_data);
}
TEST_CASE("import: whatever bit is changed, the result is an error or a context that stays within its octets",
          "[gss]") {
  talking t(usual_flags);
  const octet_list octets = exported(t, true), m = text(9);
  int imported = 0;
  for (std::size_t bit = 0; bit != 8 * octets.size(); ++bit) {
    octet_list changed = octets;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ 1 << bit % 8);
    auto r = import(t.policy(), changed);
    if (!r) {
      CHECK(r.error().code != errc::ok);
      continue;
    }
    ++imported;
    octet_list out(200), again(1000);
    CHECK(r->wrap(bytes_view(m), gss::protection::confidentiality, out, t.policy()).has_value());
    const auto v = std::move(*r).export_to(again, t.policy());
    REQUIRE(v);
    // What is imported is exported as it was, but for the number that was used
    CHECK(v->size() == changed.size());
    const auto one = must(asn1::decode<ExportedContext>(bytes_view(changed), der::strict));
    const auto two = must(asn1::decode<ExportedContext>(v->unguarded(), der::strict));
    CHECK(one.key.keyvalue == two.key.keyvalue);
    CHECK(one.numbers.subview(8) == two.numbers.subview(8));
    CHECK(one.flags == two.flags);
  }
  CHECK(imported > 8 * 32);
}
struct wrong {
  const char* name;
  void (*change)(ExportedContext&);
  errc why;
  const char* field;
};
constexpr std::uint8_t zeros[64] = {};
const wrong wrongs[] = {
    {"an unknown flag", [](ExportedContext& x) { x.flags = x.flags | 0x40; }, errc::bad_flags, "flags"},
    {"too few numbers", [](ExportedContext& x) { x.numbers = x.numbers.first(31); }, errc::wrong_constant, "numbers"},
    {"no numbers", [](ExportedContext& x) { x.numbers = {}; }, errc::wrong_constant, "numbers"},
    {"too many numbers", [](ExportedContext& x) { x.numbers = bytes_view(zeros).first(33); }, errc::wrong_constant,
     "numbers"},
    {"an acceptor's subkey without mutual authentication", [](ExportedContext& x) { x.flags = x.flags & ~2u; },
     errc::flags_mismatch, "acceptor-subkey"},
    {"a short key", [](ExportedContext& x) { x.key.keyvalue = x.key.keyvalue.first(31); }, errc::bad_key_length, "key"},
    {"an unknown encryption type", [](ExportedContext& x) { x.key.keytype = etype_t(99); }, errc::unsupported_etype,
     "key"},
    {"a long subkey", [](ExportedContext& x) { x.subkey->keyvalue = bytes_view(zeros).first(33); },
     errc::bad_key_length, "subkey"},
    {"no encryption type of a subkey", [](ExportedContext& x) { x.subkey->keytype = etype_t::none; },
     errc::unsupported_etype, "subkey"},
    {"an empty acceptor's subkey", [](ExportedContext& x) { x.acceptor_subkey->keyvalue = {}; }, errc::bad_key_length,
     "acceptor-subkey"},
};
TEST_CASE("import: each field that contradicts the others is named", "[gss]") {
  talking t(usual_flags);
  const octet_list octets = exported(t, true);
  for (const wrong& w : wrongs) {
    INFO(w.name);
    auto x = must(asn1::decode<ExportedContext>(bytes_view(octets)));
    CHECK(import(t.policy(), encode(x)).has_value());
    w.change(x);
    const auto r = import(t.policy(), encode(x));
    REQUIRE_FALSE(r);
    CHECK(kerb_test::is(r.error(), w.why, "ExportedContext", w.field));
  }
  octet_list other_version = octets;
  const std::size_t at = octets[1] >= 0x80 ? 8 : 6;  // in [0], after the headers
  REQUIRE(other_version[at] == 1);
  other_version[at] = 2;
  CHECK(kerb_test::is(import(t.policy(), other_version).error(), errc::wrong_constant, "ExportedContext", "version"));
}
TEST_CASE("export and import allocate nothing", "[gss]") {
  talking t(usual_flags);
  std::array<std::uint8_t, 600> octets{};
  bool good = false;
  {
    no_allocations none;
    const auto v = std::move(t.p.theirs).export_to(octets, t.policy());
    good = v && gss::import_context(*v, t.policy());
  }
  CHECK(good);
}
TEST_CASE("import: only strict DER is accepted", "[gss]") {
  talking t(usual_flags);
  const octet_list octets = exported(t, true);
  auto x = must(asn1::decode<ExportedContext>(bytes_view(octets)));
  x.flags = uint32(x.flags, integer_form::four_octets);  // as sspi-rs writes numbers
  const octet_list tolerated = encode(x);
  CHECK(asn1::decode<ExportedContext>(bytes_view(tolerated)).has_value());
  CHECK(import(t.policy(), tolerated).error().code == errc::bad_integer);
}

}  // namespace
