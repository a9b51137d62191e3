// The header of per-message tokens, and the window of sequence numbers.
#include <kerb/gss/token.hpp>

#include "support/both.hpp"
#include "support/must.hpp"

using namespace kerb;
using namespace kerb_test;
using gss::message_header;
using gss::order;
using gss::sequence_window;

namespace {

constexpr message_header a_wrap{gss_token_t::wrap, 7, 0x1234, 0x5678, 0x0102030405060708};
constexpr message_header a_mic{gss_token_t::mic, 5, 0, 0, 0xfffefdfcfbfaf9f8};

constexpr bool same(const message_header& a, const message_header& b) {
  return a.id == b.id && a.flags == b.flags && a.ec == b.ec && a.rrc == b.rrc && a.seq == b.seq;
}
constexpr bool is(const result<message_header>& r, errc code, std::uint32_t at, std::string_view field,
                  std::string_view type = "Wrap token") {
  return !r && r.error().code == code && r.error().offset == at && field == r.error().field && type == r.error().type;
}

KERB_BOTH("message_header: fields are where RFC 4121 has them", "[gss][rfc4121-4.2.6]", [] {
  constexpr std::uint8_t wrap[] = {5, 4, 7, 0xff, 0x12, 0x34, 0x56, 0x78, 1, 2, 3, 4, 5, 6, 7, 8};
  constexpr std::uint8_t mic[] = {4,    4,    5,    0xff, 0xff, 0xff, 0xff, 0xff,
                                  0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf8};
  const auto w = a_wrap.octets(), m = a_mic.octets();
  return bytes_view(w) == bytes_view(wrap) && bytes_view(m) == bytes_view(mic) &&
         same(must(gss::read_message_header(wrap, gss_token_t::wrap)), a_wrap) &&
         same(must(gss::read_message_header(mic, gss_token_t::mic)), a_mic);
})
KERB_BOTH("message_header: fewer than 16 octets are refused", "[gss][rfc4121-4.2.6]", [] {
  const auto wrap = a_wrap.octets(), mic = a_mic.octets();
  for (std::size_t n = 0; n != 16; ++n) {
    if (!is(gss::read_message_header(bytes_view(wrap).first(n), gss_token_t::wrap), errc::truncated, 0, "")) {
      return false;
    }
    if (!is(gss::read_message_header(bytes_view(mic).first(n), gss_token_t::mic), errc::truncated, 0, "",
            "MIC token")) {
      return false;
    }
  }
  return true;
})
KERB_BOTH("message_header: a token of the other kind, or of RFC 1964, is refused", "[gss][rfc4121-4.2.6]", [] {
  const auto wrap = a_wrap.octets(), mic = a_mic.octets();
  if (!is(gss::read_message_header(mic, gss_token_t::wrap), errc::unexpected_message, 0, "TOK_ID")) return false;
  if (!is(gss::read_message_header(wrap, gss_token_t::mic), errc::unexpected_message, 0, "TOK_ID", "MIC token")) {
    return false;
  }
  for (const int first : {0x60, 0x02, 0x01, 0x00}) {
    auto t = wrap;
    t[0] = static_cast<std::uint8_t>(first);
    if (!is(gss::read_message_header(t, gss_token_t::wrap), errc::unexpected_message, 0, "TOK_ID")) return false;
  }
  return true;
})
KERB_BOTH("message_header: every octet of filler is FF (CVE-2025-57736: a MIC header was composed wrongly)",
          "[gss][rfc4121-4.2.6.1]", [] {
            for (std::uint32_t at = 3; at != 8; ++at) {
              for (int bit = 0; bit != 8; ++bit) {
                auto t = a_mic.octets();
                t[at] = static_cast<std::uint8_t>(t[at] ^ 1 << bit);
                if (!is(gss::read_message_header(t, gss_token_t::mic), errc::wrong_constant, at, "Filler", "MIC token"))
                  return false;
              }
            }
            auto t = a_wrap.octets();
            t[3] = 0;
            return is(gss::read_message_header(t, gss_token_t::wrap), errc::wrong_constant, 3, "Filler");
          })
KERB_BOTH("message_header: a MIC token that is marked as sealed is refused", "[gss][rfc4121-4.2.2]", [] {
  auto t = a_mic.octets();
  t[2] |= 2;
  return is(gss::read_message_header(t, gss_token_t::mic), errc::wrong_constant, 2, "Flags", "MIC token");
})
KERB_BOTH("message_header: unknown flags are kept", "[gss][rfc4121-4.2.2]", [] {
  auto t = a_wrap.octets();
  t[2] = 0xf8;
  return must(gss::read_message_header(t, gss_token_t::wrap)).flags == 0xf8;
})

KERB_BOTH("has_cfx_tokens: not for the encryption types that RFC 4121 excludes", "[gss][rfc4121-2]", [] {
  for (const int e : {0, 1, 2, 3, 5, 7, 16, 23, 24})
    if (gss::has_cfx_tokens(static_cast<etype_t>(e))) return false;
  for (const int e : {17, 18, 19, 20, 25, 26})
    if (!gss::has_cfx_tokens(static_cast<etype_t>(e))) return false;
  return true;
})
KERB_BOTH("order: each has RFC 2743's name", "[gss][rfc2743-1.2.1.1]", [] {
  return name_of(order::in_order) == "GSS_S_COMPLETE" && name_of(order::gap) == "GSS_S_GAP_TOKEN" &&
         name_of(order::out_of_order) == "GSS_S_UNSEQ_TOKEN" && name_of(order::old) == "GSS_S_OLD_TOKEN" &&
         name_of(order::duplicate) == "GSS_S_DUPLICATE_TOKEN";
})

struct arrival {
  std::uint64_t n;
  order both, replay_only, sequence_only;
};
/// What each number shows, under each combination of the negotiated protections. Without any, all are in order.
constexpr bool shows(std::uint64_t first, std::initializer_list<arrival> arrivals) {
  sequence_window both(first), replay(first), sequence(first), none(first);
  for (const arrival& a : arrivals) {
    if (both.enter(a.n, true, true) != a.both || replay.enter(a.n, true, false) != a.replay_only ||
        sequence.enter(a.n, false, true) != a.sequence_only || none.enter(a.n, false, false) != order::in_order ||
        both.next() != none.next())
      return false;
  }
  return true;
}
using enum order;
KERB_BOTH("sequence_window: in order, a gap, what fills it, and duplicates", "[gss][rfc2743-1.2.3]", [] {
  return shows(10, {{10, in_order, in_order, in_order},
                    {11, in_order, in_order, in_order},
                    {14, gap, in_order, gap},
                    {12, out_of_order, in_order, out_of_order},
                    {12, duplicate, duplicate, duplicate},
                    {14, duplicate, duplicate, duplicate},
                    {10, duplicate, duplicate, duplicate},
                    {15, in_order, in_order, in_order},
                    {13, out_of_order, in_order, out_of_order}});
})
KERB_BOTH("sequence_window: a number 64 before the next one is known, and one before that is too old",
          "[gss][rfc2743-1.2.3]", [] {
            return shows(1000, {{1000, in_order, in_order, in_order},
                                {1100, gap, in_order, gap},  // the next one is 1101
                                {1037, out_of_order, in_order, out_of_order},
                                {1037, duplicate, duplicate, duplicate},
                                {1036, old, old, old},
                                {1000, old, old, old},
                                {1101, in_order, in_order, in_order},
                                {1038, out_of_order, in_order, out_of_order},
                                {1037, old, old, old}});
          })
KERB_BOTH("sequence_window: a jump by 63, 64 and 65 forgets exactly what leaves the window", "[gss][rfc2743-1.2.3]",
          [] {
            return shows(0, {{0, in_order, in_order, in_order},
                             {63, gap, in_order, gap},
                             {0, duplicate, duplicate, duplicate}}) &&
                   shows(0, {{0, in_order, in_order, in_order},
                             {64, gap, in_order, gap},
                             {0, old, old, old},
                             {1, out_of_order, in_order, out_of_order}}) &&
                   shows(0, {{0, in_order, in_order, in_order},
                             {65, gap, in_order, gap},
                             {1, old, old, old},
                             {2, out_of_order, in_order, out_of_order}});
          })
KERB_BOTH("sequence_window: numbers wrap around after 2^64", "[gss][rfc4121-4.2.6]", [] {
  constexpr std::uint64_t last = ~std::uint64_t{0};
  return shows(last - 1, {{last - 1, in_order, in_order, in_order},
                          {last, in_order, in_order, in_order},
                          {0, in_order, in_order, in_order},
                          {2, gap, in_order, gap},
                          {last, duplicate, duplicate, duplicate},
                          {1, out_of_order, in_order, out_of_order}});
})
KERB_BOTH(
    "sequence_window: numbers before the first one are out of order, and far before it old (sspi-rs#748: Windows "
    "signs mechListMIC with number 0)",
    "[gss][rfc2743-1.2.3]", [] {
      return shows(0x20000000, {{0, old, old, old},
                                {0x1fffffff, out_of_order, in_order, out_of_order},
                                {0x20000000, in_order, in_order, in_order}});
    })
KERB_BOTH("sequence_window: half of all numbers is ahead, half is behind", "[gss]", [] {
  constexpr std::uint64_t half = std::uint64_t{1} << 63;
  sequence_window w(5);
  return w.enter(5 + half, true, true) == old && w.next() == 5 && w.enter(5 + half - 1, true, true) == gap &&
         w.next() == 5 + half;
})

}  // namespace
