// An established context: Wrap and MIC tokens, their order, keys.
#include "support/both.hpp"
#include "support/gss_world.hpp"

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
constexpr gss_flags usual{gss_flag_t::mutual, gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf,
                          gss_flag_t::integ};
constexpr gss_flags one_way{gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf, gss_flag_t::integ};
constexpr gss_flags dce{gss_flag_t::dce_style, gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf};

KERB_BOTH("context: a sealed message arrives as it was sent, both ways", "[gss][rfc4121-4.2.4]",
          [] { return round_trip(usual, protection::confidentiality, 40); })
KERB_BOTH("context: a signed message arrives as it was sent, both ways", "[gss][rfc4121-4.2.4]",
          [] { return round_trip(usual, protection::integrity, 40); })
KERB_BOTH("context: without mutual authentication both sides count from the initiator's number", "[gss]",
          [] { return round_trip(one_way, protection::confidentiality, 0); })
KERB_BOTH("context: in DCE style a third token establishes it", "[gss][ms-kile-3.4.5.1]",
          [] { return round_trip(dce, protection::integrity, 17); })

}  // namespace
