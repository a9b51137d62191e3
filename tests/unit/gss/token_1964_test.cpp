// The per-message tokens of RC4 and triple DES: their form, captured ones, and all that can be wrong with them.
#include <algorithm>
#include <memory>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/gss_messages.hpp"
#include "unit/crypto/backends.hpp"
#include "unit/crypto/toy.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using gss::order;
using gss::protection;
using gss::tokens_1964;
using enum kind_of_message;

constexpr tokens_1964 rc4_form = *gss::tokens_1964_of(etype_t::rc4_hmac);
constexpr tokens_1964 des3_form = *gss::tokens_1964_of(etype_t::des3_cbc_sha1_kd);

// MS-KILE section 4.5
constexpr auto kile_key = "81a2cb90af7fc2d19554a150d8185359"_hex;
constexpr auto kile_message = "112233445566778899aabbccddeeff"_hex;
constexpr auto kile_confounder = "5256f3fb630cf12a"_hex;
constexpr auto kile_token =
    "603b06092a864886f712010202020111001000ffffe29e8bbc6348e740ebaa619244a156a13b5cf65e3c21b9aa"
    "8ed63f0ac83815335b72e293bae1f660"_hex;
constexpr std::uint32_t kile_number = 0x60cbacd3;

// ---- the form

KERB_BOTH("tokens_1964_of: RC4 and triple DES have such tokens, other encryption types do not", "[gss][rfc4121-2]", [] {
  for (std::int32_t e = -150; e != 30; ++e)
    if (gss::tokens_1964_of(etype_t{e}).has_value() != (e == 16 || e == 23)) return false;
  return rc4_form.mic_octets() == 24 && rc4_form.wrap_octets() == 32 && des3_form.mic_octets() == 36 &&
         des3_form.wrap_octets() == 44;
})
KERB_BOTH("number_1964: the direction is 0 from the initiator and FF from the acceptor", "[gss][rfc1964-1.2.1.2]", [] {
  constexpr std::uint8_t little[] = {4, 3, 2, 1, 0, 0, 0, 0}, big[] = {1, 2, 3, 4, 0xff, 0xff, 0xff, 0xff};
  const auto a = gss::number_1964(0x01020304, false, false), b = gss::number_1964(0x01020304, true, true);
  return bytes_view(a) == bytes_view(little) && bytes_view(b) == bytes_view(big);
})
KERB_BOTH("nearest_number: 32 bits are extended to the number that is nearest to the next one", "[gss]", [] {
  using gss::nearest_number;
  constexpr std::uint64_t high = 0x500000000;
  return nearest_number(5, 5) == 5 && nearest_number(5, 9) == 9 && nearest_number(5, 2) == 2 &&
         nearest_number(0, 0xffffffff) == ~std::uint64_t{0} && nearest_number(0xffffffff, 0) == 0x100000000 &&
         nearest_number(high + 1, 0xffffffff) == high - 1 && nearest_number(high, 0x7fffffff) == high + 0x7fffffff &&
         nearest_number(high, 0x80000000) == high - 0x80000000;
})
KERB_BOTH("message_1964: padding is 1 to 8 octets, each with their number; under RC4 it is one",
          "[gss][rfc1964-1.2.2.3]", [] {
            const auto size = [](const tokens_1964& form, std::size_t n, std::uint8_t last, std::uint8_t before,
                                 bool dce = false) {
              std::array<std::uint8_t, 32> text{};
              for (std::uint8_t& octet : text) octet = before;
              if (n > 8) text[n - 1] = last;
              const auto m = gss::message_1964(std::span(text).first(n), form, dce);
              return m ? static_cast<int>(m->size()) : -1;
            };
            for (std::uint8_t p = 1; p != 9; ++p)
              if (size(des3_form, 24, p, p) != 16 - p || size(des3_form, 16, p, p) != 8 - p) return false;
            return size(des3_form, 24, 9, 9) == -1 && size(des3_form, 24, 0, 0) == -1 &&
                   size(des3_form, 24, 3, 4) == -1 && size(des3_form, 23, 1, 1) == -1 &&
                   size(des3_form, 8, 0, 0) == -1 && size(rc4_form, 8, 0, 0) == -1 && size(rc4_form, 24, 1, 7) == 15 &&
                   size(rc4_form, 24, 2, 2) == -1 && size(rc4_form, 9, 1, 0) == 0 && size(rc4_form, 24, 0, 0) == -1 &&
                   size(rc4_form, 24, 9, 9, true) == 16 && size(des3_form, 24, 9, 9, true) == 16 &&
                   size(des3_form, 23, 1, 1, true) == -1 && size(rc4_form, 8, 0, 0, true) == 0;
          })
constexpr result<gss::token_1964> read(bytes_view t, gss_token_t id = gss_token_t::wrap_v1,
                                       const tokens_1964& form = rc4_form, bool dce = false) {
  return gss::read_token_1964(t, id, form, dce);
}
KERB_BOTH("read_token_1964: the parts of a Wrap token are where RFC 4757 has them", "[gss][rfc4757-7.3]", [] {
  const auto t = must(read(kile_token));
  const bytes_view all(kile_token);
  return t.sealed && t.covered == all.subview(13, 8) && t.number == all.subview(21, 8) &&
         t.cksum == all.subview(29, 8) && t.text == all.subview(37);
})
/// A token with an octet changed.
constexpr error with(std::size_t at, std::uint8_t octet, gss_token_t id = gss_token_t::wrap_v1) {
  auto changed = kile_token;
  changed[at] = octet;
  return read(changed, id).error();
}
KERB_BOTH("read_token_1964: other identifiers, algorithms, fillers and mechanisms are refused", "[gss][rfc4757-7.3]",
          [] {
            using enum errc;
            return kerb_test::is(with(13, 1), unexpected_message, "Wrap token", "TOK_ID") &&
                   kerb_test::is(with(14, 2), unexpected_message, "Wrap token", "TOK_ID") &&
                   kerb_test::is(with(15, 4), wrong_constant, "Wrap token", "SGN_ALG") &&
                   kerb_test::is(with(16, 1), wrong_constant, "Wrap token", "SGN_ALG") &&
                   kerb_test::is(with(17, 2), wrong_constant, "Wrap token", "SEAL_ALG") &&
                   kerb_test::is(with(18, 1), wrong_constant, "Wrap token", "SEAL_ALG") &&
                   kerb_test::is(with(19, 0), wrong_constant, "Wrap token", "Filler") &&
                   kerb_test::is(with(20, 0), wrong_constant, "Wrap token", "Filler") &&
                   kerb_test::is(with(5, 0x82), wrong_constant, "InitialContextToken", "thisMech") &&
                   with(0, 0x61).code != ok && with(1, 0x3a).code != ok && with(1, 0x3c).code != ok &&
                   kerb_test::is(with(14, 1, gss_token_t::mic_v1), unexpected_message, "MIC token", "TOK_ID");
          })
KERB_BOTH("read_token_1964: the shortened identifier of Windows 2000 is none of a message", "[gss][rfc1964-1.2]", [] {
  std::array<std::uint8_t, 100> out{};
  const auto t =
      must(write_krb5_token({msg::mech_ms_krb5, gss_token_t::wrap_v1, bytes_view(kile_token).subview(15)}, out));
  return kerb_test::is(read(t).error(), errc::wrong_constant, "Wrap token", "thisMech");
})
/// A token of so many octets after its identifier.
constexpr bool truncated(gss_token_t id, const tokens_1964& form, std::size_t least) {
  for (std::size_t n = 0; n != least; ++n) {
    std::array<std::uint8_t, 100> out{}, inner{};
    for (std::uint8_t& octet : inner) octet = 0xff;
    inner[0] = form.sgn_alg, inner[1] = 0;
    const auto t = must(write_krb5_token({msg::mech_krb5, id, bytes_view(inner).first(n)}, out));
    const auto read = gss::read_token_1964(t, id, form, false);
    if (read.has_value() != (n + 1 == least) || (!read && read.error().code != errc::truncated)) return false;
  }
  return true;
}
KERB_BOTH("read_token_1964: a token with fewer octets than its header is truncated", "[gss][rfc1964-1.2]", [] {
  return truncated(gss_token_t::wrap_v1, rc4_form, 31) && truncated(gss_token_t::wrap_v1, des3_form, 43) &&
         truncated(gss_token_t::mic_v1, rc4_form, 23) && truncated(gss_token_t::mic_v1, des3_form, 35);
})
KERB_BOTH("read_token_1964: nothing follows a MIC, but two octets of Heimdal's under triple DES",
          "[gss][rfc1964-1.2.1]", [] {
            for (const tokens_1964& form : {rc4_form, des3_form}) {
              for (std::size_t more = 0; more != 5; ++more) {
                std::array<std::uint8_t, 100> out{}, inner{};
                for (std::uint8_t& octet : inner) octet = 0xff;
                inner[0] = form.sgn_alg, inner[1] = 0;
                const bytes_view body = bytes_view(inner).first(form.mic_octets() - 2 + more);
                const auto t = must(write_krb5_token({msg::mech_krb5, gss_token_t::mic_v1, body}, out));
                const auto read = gss::read_token_1964(t, gss_token_t::mic_v1, form, false);
                const bool good = more == 0 || (more == 2 && form.sgn_alg == des3_form.sgn_alg);
                if (read.has_value() != good || (!read && read.error().code != errc::trailing_data)) return false;
              }
            }
            return true;
          })
KERB_BOTH("read_token_1964: a MIC has no SEAL_ALG", "[gss][rfc4757-7.2]", [] {
  std::array<std::uint8_t, 100> out{};
  constexpr auto body = "11001000ffff0000000000000000ffffffffffffffff"_hex;
  const auto t = must(write_krb5_token({msg::mech_krb5, gss_token_t::mic_v1, body}, out));
  return kerb_test::is(read(t, gss_token_t::mic_v1).error(), errc::wrong_constant, "MIC token", "Filler");
})
KERB_BOTH("read_token_1964: in DCE style the frame has the header only, and otherwise everything",
          "[gss][ms-kile-3.4.5.4.1]", [] {
            auto dce = kile_token;
            dce[1] = 0x2b;
            const auto t = read(dce, gss_token_t::wrap_v1, rc4_form, true);
            return t && t->text.size() == 24 && !read(kile_token, gss_token_t::wrap_v1, rc4_form, true) && !read(dce) &&
                   read(bytes_view(dce).first(44), gss_token_t::wrap_v1, rc4_form, true).error().code ==
                       errc::truncated &&
                   read(bytes_view(dce).first(45), gss_token_t::wrap_v1, rc4_form, true).has_value();
          })

// ---- captured tokens

/// A context of one side, without an AP exchange.
template <class P>
gss::context<P> context_with(P& p, etype_t e, bytes_view octets, side here, std::uint32_t initiators,
                             std::uint32_t acceptors, gss_flags f = usual_flags) {
  gss::detail::context_parts<typename P::key> parts;
  parts.here = here;
  parts.flags = f;
  parts.keys.session_key = must(p.import(e, octets));
  parts.keys.initiator_seq = initiators;
  parts.keys.acceptor_seq = acceptors;
  return gss::context<P>(std::move(parts));
}
/// A source with these octets.
struct these_octets {
  bytes_view left;
  bool fill(std::span<std::uint8_t> out) noexcept {
    if (left.size() < out.size()) return false;
    for (std::size_t i = 0; i != out.size(); ++i) out[i] = left[i];
    left = left.subview(out.size());
    return true;
  }
};

KERB_ON_EVERY("rc4 tokens: the example of MS-KILE is opened, and made", "[gss][ms-kile-4.5][rfc4757-7.3]") {
  TestType p;
  octet_list out(100);
  auto acceptor = context_with(p, etype_t::rc4_hmac, kile_key, side::acceptor, kile_number, 0);
  const auto got = acceptor.unwrap(kile_token, out, p);
  REQUIRE(got);
  CHECK(bytes_view(got->message) == bytes_view(kile_message));
  CHECK(got->by == protection::confidentiality);
  CHECK(got->seen == order::in_order);
  these_octets random{kile_confounder};
  with_random<TestType, these_octets> q(p, random);
  auto initiator = context_with(q, etype_t::rc4_hmac, kile_key, side::initiator, kile_number, 0);
  const auto made = initiator.wrap(kile_message, protection::confidentiality, out, q);
  REQUIRE(made);
  CHECK(*made == bytes_view(kile_token));
}
KERB_ON_EVERY("1964 tokens: what MIT krb5 and Heimdal made is opened, and is no message of the other side",
              "[gss][rfc1964-1.2][rfc4757-7]") {
  TestType p;
  for (const auto& v : gss_1964_vectors) {
    INFO(v.name << " " << v.etype);
    const etype_t e = etype_of(v.etype);
    const bool from_acceptor = v.name.find("acceptor") != std::string_view::npos;
    // The number is not in the record: it is the one that follows the number of a MIC before it
    const auto to = [&](bool acceptor) {
      return context_with(p, e, v.key, acceptor ? side::acceptor : side::initiator, 0, 0, one_way_flags);
    };
    auto c = to(!from_acceptor), own = to(from_acceptor);
    octet_list out(v.sealed.size());
    for (const bool sealed : {true, false}) {
      const auto got = c.unwrap(sealed ? v.sealed : v.signed_only, out, p);
      REQUIRE(got);
      CHECK(bytes_view(got->message) == v.message);
      CHECK(got->by == (sealed ? protection::confidentiality : protection::integrity));
      if (!sealed) CHECK(got->seen == order::in_order);
      CHECK(own.unwrap(sealed ? v.sealed : v.signed_only, out, p).error().code == errc::reflected_token);
    }
    CHECK(must(c.verify_mic(v.message, v.mic, p)) == order::in_order);
    CHECK(own.verify_mic(v.message, v.mic, p).error().code == errc::reflected_token);
  }
}

// ---- contexts

template <class P>
std::unique_ptr<talk<P>> context_of(etype_t e, gss_flags f = usual_flags) {
  return std::make_unique<talk<P>>(f, [e](auto& w) {
    w.session_etype = e;
    w.answer.negotiate_etype = false;
  });
}
using policy = every<botan::primitives>;
constexpr etype_t both[] = {etype_t::rc4_hmac, etype_t::des3_cbc_sha1_kd};

KERB_ON_EVERY("1964 tokens: messages of 0 to 65536 octets, in place and in another buffer, both ways",
              "[gss][rfc1964-1.2][rfc4757-7]") {
  for (const etype_t e : both) {
    for (const gss_flags f : {usual_flags, one_way_flags, dce_flags}) {
      const auto t = context_of<TestType>(e, f);
      INFO("etype " << static_cast<int>(e) << ", flags " << f.bits);
      REQUIRE(t->p.ours.etype(t->policy()) == e);
      for (std::size_t n : std::initializer_list<std::size_t>{0, 1, 7, 8, 64, 83, 84, 85, 200, 1000, 65536}) {
        if (f == dce_flags) n -= n % 8;
        const octet_list m = text(n);
        for (const kind_of_message k : kinds_of_token) {
          for (const bool back : {false, true}) {
            // Both sides count from one number here, and RC4 would use one key stream twice
            if (k == sealed && back && f == one_way_flags && e == etype_t::rc4_hmac) continue;
            const octet_list token = t->make(k, back, bytes_view(m));
            if (k == sealed && n >= 64) CHECK(!holds(bytes_view(token), bytes_view(m).first(8)));
            const auto o = t->open(k, back, token, bytes_view(m), n % 16 == 0);
            CHECK(o.why.code == errc::ok);
            CHECK(o.message == m);
            CHECK(o.seen == order::in_order);
            if (k != mic) CHECK(o.by == (k == sealed ? protection::confidentiality : protection::integrity));
          }
        }
      }
    }
  }
}
TEST_CASE("1964 tokens: without mutual authentication an acceptor does not encrypt with RC4, but opens",
          "[gss][rfc4757-8]") {
  const auto t = context_of<policy>(etype_t::rc4_hmac, one_way_flags);
  octet_list out(200);
  const octet_list m = text(20);
  const auto by = protection::confidentiality;
  CHECK(t->p.theirs.wrap(bytes_view(m), by, out, t->policy()).error().code == errc::unsupported_etype);
  CHECK(t->p.theirs.wrap_size(20, by, t->policy()).error().code == errc::unsupported_etype);
  CHECK(t->p.theirs.wrap_in_place(out, 20, by, t->policy()) == errc::unsupported_etype);
  CHECK(t->open(sealed, false, t->make(sealed, false, bytes_view(m)), {}).ok());
  CHECK(t->open(signed_only, true, t->make(signed_only, true, bytes_view(m)), {}).ok());
}
TEST_CASE("1964 tokens: RC4 encrypts no message with a number that the other side may have used",
          "[gss][rfc4757-7.3]") {
  policy p;
  octet_list out(200), octets(1024);
  const octet_list m = text(5), k(16, 0x5b);
  const auto by = protection::confidentiality;
  struct row {
    std::uint32_t initiators, acceptors;
    std::size_t ours, theirs;  ///< how many messages each may encrypt, at least 3 if 3
  };
  for (const row& r : {row{7, 9, 2, 3}, row{9, 7, 3, 2}, row{0xffffffff, 1, 2, 3}, row{5, 5, 0, 0}, row{0, 1, 1, 3}}) {
    for (const bool exported : {false, true}) {
      for (const bool acceptor : {false, true}) {
        INFO(r.initiators << " " << r.acceptors << (acceptor ? " acceptor" : " initiator"));
        auto c = context_with(p, etype_t::rc4_hmac, bytes_view(k), acceptor ? side::acceptor : side::initiator,
                              r.initiators, r.acceptors);
        if (exported) c = must(gss::import_context(must(std::move(c).export_to(octets, p)), p));
        const std::size_t n = acceptor ? r.theirs : r.ours;
        for (std::size_t i = 0; i != n; ++i) CHECK(c.wrap(bytes_view(m), by, out, p).has_value());
        if (n == 3) continue;
        CHECK(c.wrap(bytes_view(m), by, out, p).error().code == errc::unsupported_etype);
        CHECK(c.wrap_in_place(out, 5, by, p) == errc::unsupported_etype);
        CHECK(c.wrap(bytes_view(m), protection::integrity, out, p).has_value());
      }
    }
  }
  // A message that is not encrypted uses a number, but no key stream; other types have none to use twice
  auto c = context_with(p, etype_t::rc4_hmac, bytes_view(k), side::initiator, 7, 9);
  CHECK((c.get_mic(bytes_view(m), out, p) && c.get_mic(bytes_view(m), out, p)));
  CHECK_FALSE(c.wrap(bytes_view(m), by, out, p));
  const octet_list l(24, 0x5b);
  auto d = context_with(p, etype_t::des3_cbc_sha1_kd, bytes_view(l), side::initiator, 7, 7);
  CHECK(d.wrap(bytes_view(m), by, out, p));
}
TEST_CASE("1964 tokens: where RC4 leaves the number open, a message cannot be demanded to be the next one",
          "[gss][rfc4757-7]") {
  const octet_list m = text(16);
  for (const gss_flags f : {usual_flags, dce_flags, one_way_flags}) {
    for (const etype_t e : both) {
      for (const kind_of_message k : kinds_of_token) {
        for (const bool back : {false, true}) {
          const bool rc4 = e == etype_t::rc4_hmac;
          if (rc4 && f == one_way_flags && back && k == sealed) continue;  // no acceptor makes it: see below
          for (const bool in_place : {false, true}) {
            const auto t = context_of<policy>(e, f);
            const bool open = rc4 && k != sealed;
            const octet_list token = t->make(k, back, bytes_view(m));
            INFO("etype " << static_cast<int>(e) << ", kind " << static_cast<int>(k) << ", back " << back);
            CHECK(t->to(back).numbers_are_authentic(k == sealed ? protection::confidentiality : protection::integrity,
                                                    t->policy()) == !open);
            const auto strictly = [&](const gss::message_demands& want) {
              octet_list copy = token, out(token.size());
              if (k == mic) return t->to(back).verify_mic(bytes_view(m), token, want, t->policy()).error();
              auto& to = t->to(back);
              const auto got = in_place ? to.unwrap_in_place(copy, want, t->policy())
                                        : to.unwrap(bytes_view(token), out, want, t->policy());
              const octet_list& left = in_place ? copy : out;
              if (!got) CHECK(std::search(left.begin(), left.end(), m.begin(), m.end()) == left.end());
              return got ? error{} : got.error();
            };
            if (open) {
              CHECK(is(strictly({}), errc::unsupported_etype, k == mic ? "MIC token" : "Wrap token", "SND_SEQ"));
              CHECK(is(strictly({}), errc::unsupported_etype, k == mic ? "MIC token" : "Wrap token", "SND_SEQ"));
              CHECK(strictly({.in_order = false}).ok());
            } else {
              CHECK(strictly({}).ok());
              CHECK(strictly({}).code == errc::replayed);
            }
          }
        }
      }
    }
  }
}
TEST_CASE("1964 tokens: without mutual authentication a message that RC4 encrypts can be sent back to the initiator",
          "[gss][rfc4757-7.3]") {
  const auto t = context_of<policy>(etype_t::rc4_hmac, one_way_flags);
  const octet_list m = text(16);
  octet_list token = t->make(sealed, false, bytes_view(m)), out(100);
  for (std::size_t i = 25; i != 29; ++i) token[i] ^= 0xff;  // the direction
  const gss::message_demands want{.by = protection::confidentiality};
  CHECK(is(t->p.ours.unwrap(bytes_view(token), out, want, t->policy()).error(), errc::unsupported_etype, "Wrap token",
           "SND_SEQ"));
  CHECK(t->p.ours.unwrap(bytes_view(token), out, t->policy()));
}
/// Whether RFC 4757 leaves this octet of a token unauthenticated: the number of an RC4 token that is not encrypted.
constexpr bool is_loose(etype_t e, kind_of_message k, std::size_t octet) {
  return e == etype_t::rc4_hmac && k != sealed && octet >= 21 && octet < 25;
}
TEST_CASE("1964 tokens: no changed bit, truncation or addition of a token is accepted, and none changes the context",
          "[gss][rfc1964-1.2][rfc4757-7]") {
  for (const etype_t e : both) {
    for (const gss_flags f : {usual_flags, dce_flags}) {
      const auto t = context_of<policy>(e, f);
      for (const kind_of_message k : kinds_of_token) {
        for (const bool back : {false, true}) {
          INFO("etype " << static_cast<int>(e) << ", kind " << static_cast<int>(k) << ", flags " << f.bits);
          const octet_list m = text(16), token = t->make(k, back, bytes_view(m));
          const auto refused = [&](const octet_list& changed) {
            return !t->open(k, back, changed, bytes_view(m)).ok() &&
                   !t->open(k, back, changed, bytes_view(m), true).ok();
          };
          for (std::size_t bit = 0; bit != 8 * token.size(); ++bit) {
            if (is_loose(e, k, bit / 8)) continue;
            octet_list changed = token;
            changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ 1 << bit % 8);
            CHECK(refused(changed));
          }
          for (std::size_t n = 0; n != token.size(); ++n)
            CHECK(refused(octet_list(token.begin(), token.begin() + static_cast<std::ptrdiff_t>(n))));
          octet_list longer = token;
          longer.push_back(0);
          CHECK(refused(longer));
          CHECK(t->open(k, back, token, bytes_view(m)).seen == order::in_order);
        }
      }
    }
  }
}
TEST_CASE(
    "1964 tokens: RFC 4757 does not authenticate the number and the direction, and a change shows as another order",
    "[gss][rfc4757-7.2]") {
  for (const kind_of_message k : {signed_only, mic}) {
    const auto t = context_of<policy>(etype_t::rc4_hmac);
    const octet_list m = text(16);
    octet_list token = t->make(k, false, bytes_view(m));
    const octet_list own = token;
    token[21] ^= 0x10;
    CHECK(t->open(k, false, token, bytes_view(m)).seen != order::in_order);
    // Who changes the direction too returns a message to its sender
    token = own;
    for (std::size_t i = 25; i != 29; ++i) token[i] ^= 0xff;
    CHECK(t->open(k, true, own, bytes_view(m)).why.code == errc::reflected_token);
    CHECK(t->open(k, true, token, bytes_view(m)).ok());
  }
}
TEST_CASE("1964 tokens: a token of this side is refused, and leaves nothing that was encrypted",
          "[gss][rfc1964-1.2.1.2]") {
  for (const etype_t e : both) {
    const auto t = context_of<policy>(e);
    const octet_list m = text(60);
    for (const kind_of_message k : kinds_of_token) {
      for (const bool back : {false, true}) {
        octet_list own = t->make(k, back, bytes_view(m)), out(own.size());
        const char* const type = k == mic ? "MIC token" : "Wrap token";
        CHECK(is(t->open(k, !back, own, bytes_view(m)).why, errc::reflected_token, type, "SND_SEQ"));
        if (k != sealed) continue;
        CHECK_FALSE(t->to(!back).unwrap(bytes_view(own), out, t->policy()));
        CHECK_FALSE(holds(bytes_view(out), bytes_view(m).first(8)));
        CHECK_FALSE(t->to(!back).unwrap_in_place(own, t->policy()));
        CHECK_FALSE(holds(bytes_view(own), bytes_view(m).first(8)));
      }
    }
  }
}
TEST_CASE("1964 tokens: a token that does not verify leaves nothing that was encrypted", "[gss]") {
  for (const etype_t e : both) {
    const auto t = context_of<policy>(e);
    const octet_list m = text(60);
    octet_list token = t->make(sealed, false, bytes_view(m)), out(token.size());
    token[token.size() - 1] ^= 1;
    CHECK(is(t->open(sealed, false, token, {}).why, errc::integrity, "Wrap token", "SGN_CKSUM"));
    CHECK_FALSE(t->p.theirs.unwrap(bytes_view(token), out, t->policy()));
    CHECK_FALSE(holds(bytes_view(out), bytes_view(m).first(8)));
    CHECK_FALSE(t->p.theirs.unwrap_in_place(token, t->policy()));
    CHECK_FALSE(holds(bytes_view(token), bytes_view(m).first(8)));
    token = t->make(signed_only, false, bytes_view(m));  // nor what was only signed, in another buffer
    token[token.size() - 1] ^= 1;
    CHECK(is(t->p.theirs.unwrap(bytes_view(token), out, t->policy()).error(), errc::integrity, "Wrap token",
             "SGN_CKSUM"));
    CHECK_FALSE(holds(bytes_view(out), bytes_view(m).first(8)));
  }
}
/// A sealed or signed token as someone with the key can make it: with any padding, from either side.
octet_list forge(talk<policy>& t, etype_t e, bool is_sealed, const octet_list& plain, std::uint32_t n,
                 std::array<std::uint8_t, 4> direction) {
  const auto form = *gss::tokens_1964_of(e);
  const key k = t.protection_key();
  octet_list token(13 + form.mic_octets() + plain.size());
  const auto inner =
      gss::write_header_1964(token, 11 + form.mic_octets() + plain.size(), gss_token_t::wrap_v1, is_sealed, form);
  std::copy(plain.begin(), plain.end(), inner.begin() + static_cast<std::ptrdiff_t>(form.mic_octets()));
  const bytes_view pieces[] = {bytes_view(inner).first(8), plain};
  octet_list sum(must(t.policy().cksum_of(e)).octets);
  REQUIRE(t.policy().sign(must(t.policy().cksum_of(e)).type, k, form.wrap_usage, pieces, sum) == errc::ok);
  std::copy(sum.begin(), sum.begin() + form.cksum, inner.begin() + 16);
  auto number = gss::number_1964(n, false, form.number_is_big_endian);
  std::copy(direction.begin(), direction.end(), number.begin() + 4);
  std::copy(number.begin(), number.end(), inner.begin() + 8);
  REQUIRE(t.policy().encrypt_part(k, token_part::number, bytes_view(inner).subview(16, 8), inner.subspan(8, 8)) ==
          errc::ok);
  const auto salt = gss::number_1964(n, false, true);
  if (is_sealed) {
    REQUIRE(t.policy().encrypt_part(k, token_part::message, bytes_view(salt).first(4),
                                    inner.subspan(form.mic_octets())) == errc::ok);
  }
  return token;
}
TEST_CASE("1964 tokens: padding is checked in a token that verifies, and a refusal leaves nothing that was encrypted",
          "[gss][rfc1964-1.2.2.3]") {
  for (const etype_t e : both) {
    const auto t = context_of<policy>(e);
    octet_list plain(24, 0x41);
    for (const bool is_sealed : {true, false}) {
      for (const int last : {0, 1, 2, 3, 8, 9, 0x41, 0xff}) {
        plain.back() = static_cast<std::uint8_t>(last);
        INFO("etype " << static_cast<int>(e) << ", sealed " << is_sealed << ", last octet " << last);
        octet_list token = forge(*t, e, is_sealed, plain, 7, {}), out(plain.size());
        CHECK(t->open(signed_only, false, token, {}).ok() == (last == 1));
        if (last == 1) continue;
        CHECK(is(t->open(signed_only, false, token, {}, true).why, errc::wrong_constant, "Wrap token", "padding"));
        if (!is_sealed) continue;
        CHECK_FALSE(t->p.theirs.unwrap(bytes_view(token), out, t->policy()));
        CHECK_FALSE(holds(bytes_view(out), bytes_view(plain).first(8)));
        CHECK_FALSE(t->p.theirs.unwrap_in_place(token, t->policy()));
        CHECK_FALSE(holds(bytes_view(token), bytes_view(plain).first(8)));
      }
    }
    plain.assign(23, 0x01);  // no whole blocks, although the checksum covers it
    CHECK(t->open(signed_only, false, forge(*t, e, false, plain, 8, {}), {}).ok() == (e == etype_t::rc4_hmac));
    if (e != etype_t::rc4_hmac) {
      octet_list token = forge(*t, e, true, octet_list(24, 1), 9, {});
      token.pop_back(), token[1] = static_cast<std::uint8_t>(token[1] - 1);
      CHECK(is(t->open(sealed, false, token, {}).why, errc::integrity, "Wrap token", ""));
    }
  }
}
TEST_CASE("1964 tokens: the direction is that of the peer, in all four octets", "[gss][rfc1964-1.2.1.2]") {
  for (const etype_t e : both) {
    const auto t = context_of<policy>(e);
    octet_list plain(24, 0x01);
    for (const bool is_sealed : {true, false}) {
      CHECK(t->open(sealed, false, forge(*t, e, is_sealed, plain, 1, {}), {}).ok());
      const auto why = [&](std::array<std::uint8_t, 4> d) {
        return t->open(sealed, false, forge(*t, e, is_sealed, plain, 2, d), {}).why;
      };
      CHECK(is(why({0xff, 0xff, 0xff, 0xff}), errc::reflected_token, "Wrap token", "SND_SEQ"));
      for (const auto& d : {std::array<std::uint8_t, 4>{1, 0, 0, 0},
                            {0, 1, 0, 0},
                            {0, 0, 1, 0},
                            {0, 0, 0, 1},
                            {0xff, 0, 0, 0},
                            {1, 1, 1, 1},
                            {0xff, 0xff, 0xff, 0}})
        CHECK(is(why(d), errc::integrity, "Wrap token", "SND_SEQ"));
    }
  }
}
TEST_CASE("1964 tokens: a gap, what arrives late, and duplicates are values", "[gss][rfc2743-1.2.3]") {
  for (const etype_t e : both) {
    for (const kind_of_message k : kinds_of_token) {
      for (const bool back : {false, true}) {
        const auto t = context_of<policy>(e);
        const octet_list m = text(9);
        std::vector<octet_list> tokens;
        for (int i = 0; i != 80; ++i) tokens.push_back(t->make(k, back, bytes_view(m)));
        const auto seen = [&](std::size_t i) {
          const auto o = t->open(k, back, tokens[i], bytes_view(m), i % 2 == 0);
          CHECK(o.ok());
          return o.seen;
        };
        CHECK(seen(0) == order::in_order);
        CHECK(seen(3) == order::gap);
        CHECK(seen(2) == order::out_of_order);
        CHECK(seen(2) == order::duplicate);
        CHECK(seen(4) == order::in_order);
        CHECK(seen(79) == order::gap);
        CHECK(seen(1) == order::old);
        CHECK(seen(79) == order::duplicate);
      }
    }
  }
}
TEST_CASE("1964 tokens: numbers of 32 bits wrap around", "[gss][rfc1964-1.2.1.2]") {
  policy p;
  for (const etype_t e : both) {
    const octet_list k(p.key_octets(e), 0x5b), m = text(9);
    auto from = context_with(p, e, bytes_view(k), side::initiator, 0xfffffffe, 0x80000000);
    auto to = context_with(p, e, bytes_view(k), side::acceptor, 0xfffffffe, 0x80000000);
    std::vector<octet_list> tokens;
    octet_list out(100);
    for (int i = 0; i != 5; ++i) {
      const auto t = must(from.wrap(bytes_view(m), protection::confidentiality, out, p));
      tokens.emplace_back(t.begin(), t.end());
    }
    for (const auto& [i, seen] : {std::pair{0, order::in_order},
                                  {1, order::in_order},
                                  {3, order::gap},
                                  {2, order::out_of_order},
                                  {1, order::duplicate},
                                  {4, order::in_order}})
      CHECK(must(to.unwrap(bytes_view(tokens[static_cast<std::size_t>(i)]), out, p)).seen == seen);
  }
}
TEST_CASE("1964 tokens: a token of another context is refused, also of the same ticket", "[gss]") {
  for (const etype_t e : both) {
    const auto t = context_of<policy>(e), other = context_of<policy>(e);
    const octet_list m = text(9);
    for (const kind_of_message k : kinds_of_token)
      CHECK(t->open(k, false, other->make(k, false, bytes_view(m)), bytes_view(m)).why.code == errc::integrity);
  }
}
TEST_CASE("1964 tokens: a MIC of another message is refused, and pieces are one message", "[gss][rfc1964-1.2.1]") {
  for (const etype_t e : both) {
    const auto t = context_of<policy>(e);
    const octet_list m = text(16);
    const octet_list made = t->make(mic, false, bytes_view(m));
    CHECK(is(t->open(mic, false, made, bytes_view(m).first(15)).why, errc::integrity, "MIC token", "SGN_CKSUM"));
    std::vector<bytes_view> pieces;
    for (std::size_t i = 0; i != 16; ++i) pieces.push_back(bytes_view(m).subview(i, 1));
    CHECK(must(t->p.theirs.verify_mic(view_of<bytes_view>(pieces.data(), 16), bytes_view(made), t->policy())) ==
          order::in_order);
    octet_list out(100);
    const auto again = must(t->p.ours.get_mic(view_of<bytes_view>(pieces.data(), 16), out, t->policy()));
    CHECK(must(t->p.theirs.verify_mic(bytes_view(m), again, t->policy())) == order::in_order);
    pieces.push_back({});
    const view_of<bytes_view> many(pieces.data(), 17);
    CHECK(t->p.ours.get_mic(many, out, t->policy()).error().code == errc::api_misuse);
    CHECK(t->p.theirs.verify_mic(many, bytes_view(made), t->policy()).error().code == errc::api_misuse);
  }
}
TEST_CASE("1964 tokens: a Wrap token is no MIC token, a MIC token no Wrap token, and RFC 4121's tokens are neither",
          "[gss][rfc4121-2]") {
  for (const etype_t e : both) {
    const auto t = context_of<policy>(e);
    const octet_list m = text(9);
    const octet_list wrapped = t->make(signed_only, false, bytes_view(m)), signs = t->make(mic, false, bytes_view(m));
    CHECK(is(t->open(mic, false, wrapped, bytes_view(m)).why, errc::unexpected_message, "MIC token", "TOK_ID"));
    CHECK(is(t->open(sealed, false, signs, {}).why, errc::unexpected_message, "Wrap token", "TOK_ID"));
    octet_list out(200);
    for (const std::uint8_t f : std::initializer_list<std::uint8_t>{0, 2, 4, 6}) {
      const auto w = gss::message_header{gss_token_t::wrap, f, 0, 0, 0}.octets();
      const auto s = gss::message_header{gss_token_t::mic, 0, 0, 0, 0}.octets();
      CHECK_FALSE(t->p.theirs.unwrap(w, out, t->policy()));
      CHECK_FALSE(t->p.theirs.verify_mic(bytes_view(m), s, t->policy()));
    }
  }
  talk<policy> aes(usual_flags);
  octet_list out(200);
  CHECK_FALSE(aes.p.theirs.unwrap(kile_token, out, aes.policy()));
}
TEST_CASE("1964 tokens: a buffer of exactly the size is enough, and one octet less is refused before anything is drawn",
          "[gss]") {
  for (const etype_t e : both) {
    for (const protection by : {protection::confidentiality, protection::integrity}) {
      const auto t = context_of<policy>(e);
      const octet_list m = text(84);
      const std::size_t n = must(t->p.ours.wrap_size(84, by, t->policy()));
      octet_list out(n);
      const auto no = t->p.ours.wrap(bytes_view(m), by, std::span(out).first(n - 1), t->policy());
      CHECK(no.error().code == errc::no_space);
      CHECK(no.error().detail == n);
      CHECK(out == octet_list(n));
      const octet_list token(out.size());
      const auto made = must(t->p.ours.wrap(bytes_view(m), by, out, t->policy()));
      CHECK(made.size() == n);
      const std::size_t need = n - (e == etype_t::rc4_hmac ? 38 : 50);  // frame, header and checksum
      octet_list plain(need);
      const auto short_one = t->p.theirs.unwrap(made, std::span(plain).first(need - 1), t->policy());
      CHECK(short_one.error().code == errc::no_space);
      CHECK(short_one.error().detail == need);
      CHECK(bytes_view(must(t->p.theirs.unwrap(made, plain, t->policy())).message) == bytes_view(m));
      const std::size_t sign = must(t->p.ours.mic_size(t->policy()));
      CHECK(t->p.ours.get_mic(bytes_view(m), std::span(out).first(sign - 1), t->policy()).error().detail == sign);
      CHECK(must(t->p.ours.get_mic(bytes_view(m), std::span(out).first(sign), t->policy())).size() == sign);
    }
  }
}
TEST_CASE("1964 tokens: wrap_in_place needs the message's size, and wipes what it does not make", "[gss]") {
  for (const etype_t e : both) {
    for (const protection by : {protection::confidentiality, protection::integrity}) {
      const auto t = context_of<policy>(e);
      const octet_list m = text(13);
      const auto sizes = must(t->p.ours.sizes(by, t->policy()));
      CHECK(t->p.ours.overhead(by, t->policy()).error().code == errc::unsupported_etype);
      octet_list token(sizes.token(13));
      const auto put = [&] {
        std::copy(m.begin(), m.end(), token.begin() + static_cast<std::ptrdiff_t>(sizes.around(13).front));
      };
      put();
      CHECK(t->p.ours.wrap_in_place(token, by, t->policy()) == errc::unsupported_etype);
      CHECK(token == octet_list(token.size()));
      put();
      CHECK(t->p.ours.wrap_in_place(token, 5, by, t->policy()) == errc::api_misuse);
      CHECK(token == octet_list(token.size()));
      CHECK(t->p.ours.wrap_in_place({}, 13, by, t->policy()) == errc::api_misuse);
      put();
      REQUIRE(t->p.ours.wrap_in_place(token, 13, by, t->policy()) == errc::ok);
      const auto o = t->open(sealed, false, token, {});
      CHECK(o.message == m);
      CHECK(o.seen == order::in_order);
    }
  }
}
TEST_CASE("1964 tokens: in DCE style a message under triple DES has whole blocks", "[gss][ms-kile-3.4.5.4.1]") {
  const auto t = context_of<policy>(etype_t::des3_cbc_sha1_kd, dce_flags);
  octet_list out(200);
  for (const std::size_t n : {8u, 9u, 15u, 16u}) {
    const octet_list m = text(n);
    for (const protection by : {protection::confidentiality, protection::integrity}) {
      const auto made = t->p.ours.wrap(bytes_view(m), by, out, t->policy());
      CHECK(made.error().code == (n % 8 == 0 ? errc::ok : errc::api_misuse));
    }
  }
}
TEST_CASE("1964 tokens: messages in pieces are not supported", "[gss]") {
  for (const etype_t e : both) {
    const auto t = context_of<policy>(e, dce_flags);
    octet_list header(60), m = text(16);
    const gss::message_piece pieces[] = {m};
    const auto by = protection::confidentiality;
    CHECK(t->p.ours.pieces_overhead(by, gss::token_layout::rotated, t->policy()).error().code ==
          errc::unsupported_etype);
    CHECK(t->p.ours.wrap_pieces(header, pieces, {}, by, t->policy()) == errc::unsupported_etype);
    auto h = gss::message_header{gss_token_t::wrap, 2, 0, 0, 0}.octets();
    CHECK(t->p.theirs.unwrap_pieces(h, pieces, {}, t->policy()).error().code == errc::unsupported_etype);
  }
}
/// A policy with the encryption types, but without encrypt_part() and decrypt_part().
struct without_parts : policy {
  void encrypt_part() = delete;
  void decrypt_part() = delete;
};
TEST_CASE("gss: a policy that does not encrypt parts of tokens makes and opens none with RC4 and triple DES",
          "[gss][rfc4121-2]") {
  static_assert(crypto_policy<without_parts> && !crypts_tokens_with<without_parts, key>);
  static_assert(crypts_tokens_with<policy, key> && !crypts_tokens_with<botan::policy, key>);
  for (const etype_t e : both) {
    without_parts p;
    const octet_list k(p.key_octets(e), 0x5b), m = text(10);
    octet_list out(400);
    auto c = context_with(p, e, bytes_view(k), side::initiator, 0, 0);
    for (const auto by : {protection::confidentiality, protection::integrity})
      CHECK(c.wrap(bytes_view(m), by, out, p).error().code == errc::unsupported_etype);
    CHECK(c.get_mic(bytes_view(m), out, p).error().code == errc::unsupported_etype);
    const auto wrapped = gss::message_header{gss_token_t::wrap, 1, 0, 0, 0}.octets();
    const auto signs = gss::message_header{gss_token_t::mic, 1, 0, 0, 0}.octets();
    CHECK(c.unwrap(wrapped, out, p).error().code == errc::unsupported_etype);
    CHECK(c.verify_mic(bytes_view(m), signs, p).error().code == errc::unsupported_etype);
    CHECK_FALSE(c.unwrap(kile_token, out, p));
  }
}
/// A policy that names triple DES, but has a key of RC4 from elsewhere.
struct foreign_key_policy : engine<botan::primitives, aes_sha1, weak::des3> {
  result<key> import(etype_t e, bytes_view octets) noexcept { return key(e, *secret<32>::copy_of(octets)); }
};
TEST_CASE("gss: a policy that names one of RC4 and triple DES makes and opens no tokens of the other",
          "[gss][rfc8429-3]") {
  foreign_key_policy p;
  octet_list out(100);
  auto c = context_with(p, etype_t::rc4_hmac, kile_key, side::acceptor, kile_number, 0);
  CHECK(c.wrap({}, protection::integrity, out, p).error().code == errc::unsupported_etype);
  CHECK(c.wrap_size(0, protection::integrity, p).error().code == errc::unsupported_etype);
  CHECK(c.mic_size(p).error().code == errc::unsupported_etype);
  CHECK_FALSE(c.unwrap(kile_token, out, p));
}
TEST_CASE("gss: a program that does not name RC4 has no key for it, and so no context", "[gss][rfc8429-3]") {
  botan::policy p;
  CHECK(p.import(etype_t::rc4_hmac, kile_key).error().code == errc::weak_etype);
  CHECK_FALSE(p.shape(etype_t::rc4_hmac));
}
TEST_CASE("1964 tokens: failing randomness and a failing library are reported, and the token is wiped", "[gss]") {
  for (const etype_t e : both) {
    policy p;
    these_octets none{};
    with_random<policy, these_octets> q(p, none);
    const octet_list k(p.key_octets(e), 0x5b), m = text(10);
    auto c = context_with(q, e, bytes_view(k), side::initiator, 0, 9000);
    octet_list out(100, 0x77);
    const std::size_t n = must(c.wrap_size(10, protection::confidentiality, q));
    CHECK(c.wrap(bytes_view(m), protection::confidentiality, out, q).error().code == errc::entropy);
    CHECK(octet_list(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n)) == octet_list(n));
    // A library that fails at each of its calls in turn
    for (const bool seals : {true, false}) {
      for (int calls = 0; calls != 60; ++calls) {
        toy_calls counted;
        every_toy_policy r{toy{&counted}};
        auto d = context_with(r, e, bytes_view(k), side::initiator, 0, 9000);
        auto to = context_with(r, e, bytes_view(k), side::acceptor, 0, 9000);
        counted.left = calls;
        const auto by = seals ? protection::confidentiality : protection::integrity;
        const auto made = d.wrap(bytes_view(m), by, out, r);
        if (!made) {
          CHECK((made.error().code == errc::crypto_backend || made.error().code == errc::entropy));
          continue;
        }
        const octet_list token(made->begin(), made->end());
        counted.left = calls;
        octet_list plain(100);
        const auto got = to.unwrap(bytes_view(token), plain, r);
        if (!got) CHECK(got.error().code == errc::crypto_backend);
        counted.left = 1000;
        const auto after = to.unwrap(bytes_view(token), plain, r);
        REQUIRE(after);
        CHECK(after->seen == (got ? order::duplicate : order::in_order));
      }
    }
  }
}
TEST_CASE("1964 tokens: one that was moved from refuses every call", "[gss]") {
  for (const etype_t e : both) {
    const auto t = context_of<policy>(e);
    const octet_list m = text(9), wrapped = t->make(sealed, false, bytes_view(m)),
                     signs = t->make(mic, false, bytes_view(m));
    auto taken = std::move(t->p.theirs);
    octet_list out(100);
    CHECK(taken.unwrap(bytes_view(wrapped), out, t->policy()));
    auto& gone = t->p.theirs;
    CHECK(gone.unwrap(bytes_view(wrapped), out, t->policy()).error().code == errc::api_misuse);
    CHECK(gone.verify_mic(bytes_view(m), bytes_view(signs), t->policy()).error().code == errc::api_misuse);
    CHECK(gone.wrap(bytes_view(m), protection::integrity, out, t->policy()).error().code == errc::api_misuse);
    CHECK(gone.get_mic(bytes_view(m), out, t->policy()).error().code == errc::api_misuse);
    CHECK(gone.mic_size(t->policy()).error().code == errc::api_misuse);
    CHECK(gone.sizes(protection::integrity, t->policy()).error().code == errc::api_misuse);
  }
}
TEST_CASE("1964 tokens: a context that was used once makes and opens messages without an allocation, on Botan",
          "[gss]") {
  for (const etype_t e : both) {
    const auto t = context_of<policy>(e);
    std::array<std::uint8_t, 400> token{}, out{};
    const octet_list m = text(100);
    const bytes_view message(m);
    const auto round = [&] {
      bool good = true;
      for (const bool back : {false, true}) {
        for (const auto by : {protection::confidentiality, protection::integrity}) {
          const auto made = t->from(back).wrap(message, by, token, t->policy());
          good = good && made && t->to(back).unwrap(*made, out, t->policy());
        }
        const auto signs = t->from(back).get_mic(message, token, t->policy());
        good = good && signs && t->to(back).verify_mic(message, *signs, t->policy());
      }
      return good;
    };
    CHECK(round());
    bool good = true;
    {
      no_allocations none;
      for (int n = 0; n != 3; ++n) good = good && round();
    }
    INFO("etype " << static_cast<int>(e));
    CHECK(good);
  }
}
TEST_CASE("1964 tokens: a context goes on after export and import", "[gss]") {
  for (const etype_t e : both) {
    const auto t = context_of<policy>(e);
    const octet_list m = text(60);
    octet_list octets(1000);
    CHECK(t->open(sealed, false, t->make(sealed, false, bytes_view(m)), {}).ok());
    const auto v = must(std::move(t->p.theirs).export_to(octets, t->policy()));
    t->p.theirs = must(gss::import_context(v, t->policy()));
    for (const kind_of_message k : kinds_of_token) {
      for (const bool back : {false, true})
        CHECK(t->open(k, back, t->make(k, back, bytes_view(m)), bytes_view(m)).seen == order::in_order);
    }
  }
}

// ---- the key

TEST_CASE("gss: an acceptor answers RC4 and triple DES without a subkey, except in DCE style", "[gss][rfc1964-1.2]") {
  for (const etype_t e : both) {
    for (const gss_flags f : {usual_flags, dce_flags}) {
      const auto t = context_of<policy>(e, f);
      octet_list full(20), partial(20);
      for (gss::context<policy>* const c : {&t->p.ours, &t->p.theirs}) {
        CHECK(c->prf(gss::prf_key::full, {}, full, t->policy()) == errc::ok);
        CHECK(c->prf(gss::prf_key::partial, {}, partial, t->policy()) == errc::ok);
        CHECK((full == partial) == (f == usual_flags));  // the latter is of the initiator's subkey
      }
    }
  }
}

}  // namespace
