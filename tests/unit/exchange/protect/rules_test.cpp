// What the three messages have in common: addresses, times, numbers, codes.
#include <kerb/exchange/protect/rules.hpp>

#include "support/both.hpp"
#include "support/protect_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

constexpr bool codes_of_the_rfc() {
  const auto code = [](errc c, const char* type = "", const char* field = "", std::uint32_t offset = 0) {
    return to_krb_error({.code = c, .offset = offset, .type = type, .field = field});
  };
  using e = error_code_t;
  return code(errc::wrong_constant, "KRB-PRIV", "pvno") == e::krb_ap_err_badversion &&
         code(errc::wrong_constant, "KRB-PRIV", "msg-type") == e::krb_ap_err_msg_type &&
         code(errc::unexpected_tag, "KRB-SAFE") == e::krb_ap_err_msg_type &&
         code(errc::unexpected_tag, "KRB-SAFE", "", 2) == e::krb_err_generic &&
         code(errc::unexpected_tag, "EncKrbPrivPart") == e::krb_err_generic &&
         code(errc::integrity, "KRB-PRIV") == e::krb_ap_err_bad_integrity &&
         code(errc::integrity, "KRB-CRED") == e::krb_ap_err_bad_integrity &&
         code(errc::integrity, "KRB-SAFE") == e::krb_ap_err_modified &&
         code(errc::not_sealed, "KRB-CRED") == e::krb_ap_err_bad_integrity &&
         code(errc::no_freshness) == e::krb_ap_err_modified &&
         code(errc::inappropriate_checksum) == e::krb_ap_err_inapp_cksum &&
         code(errc::unsupported_cksum) == e::krb_ap_err_inapp_cksum &&
         code(errc::address_mismatch) == e::krb_ap_err_badaddr && code(errc::clock_skew) == e::krb_ap_err_skew &&
         code(errc::replayed) == e::krb_ap_err_repeat && code(errc::bad_order) == e::krb_ap_err_badorder &&
         code(errc::truncated) == e::krb_err_generic && code(errc::replay_unknown) == e::krb_err_generic;
}
KERB_BOTH("to_krb_error: the codes that the RFC names", "[exchange][rfc4120-3.4.2][rfc4120-3.5.2][rfc4120-3.6.2]",
          codes_of_the_rfc);

constexpr std::uint8_t mapped_octets[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};

constexpr bool addresses_of_a_session() {
  const auto i = session_addresses::of({.here = side::initiator}), a = session_addresses::of({.here = side::acceptor});
  if (i.ours.addr_type != addr_t::directional || !same_address(i.ours, from_initiator) ||
      !same_address(i.theirs, from_acceptor) || !same_address(a.ours, from_acceptor) ||
      !same_address(a.theirs, from_initiator) || i.recipient() || a.recipient())
    return false;
  const auto s = session_addresses::of(
      {.here = side::acceptor, .local = msg::HostAddress{addr_t::ipv6, mapped_octets}, .peer = there_address});
  return s.ours.addr_type == addr_t::ipv4 && s.ours.address == bytes_view(here_octets) &&
         same_address(s.theirs, there_address) && s.recipient() && same_address(*s.recipient(), there_address);
}
KERB_BOTH("session_addresses: directional unless real ones are given, and IPv4 as IPv4", "[exchange][rfc4120-7.1]",
          addresses_of_a_session);

constexpr bool address_rules() {
  const session_addresses a{here_address, there_address};
  using maybe = std::optional<msg::HostAddress>;
  const auto verify = [&](maybe s, maybe r, bool demand) { return verify_addresses(s, r, a, demand, "X"); };
  return verify(there_address, {}, false).ok() && verify(there_address, here_address, false).ok() &&
         verify(there_address, here_address, true).ok() &&
         is(verify(there_address, {}, true), errc::address_mismatch, "X", "r-address") &&
         is(verify(there_address, there_address, false), errc::address_mismatch, "X", "r-address") &&
         is(verify(here_address, here_address, false), errc::address_mismatch, "X", "s-address") &&
         is(verify({}, here_address, false), errc::address_mismatch, "X", "s-address") &&
         is(verify(from_acceptor, {}, false), errc::address_mismatch, "X", "s-address");
}
KERB_BOTH("verify_addresses: the sender's is the peer's, the recipient's is ours", "[exchange][rfc4120-3.4.2]",
          address_rules);

constexpr bool time_rules() {
  const timestamp now{{1000}, {500000}};
  using at = std::optional<kerberos_time>;
  using usec = std::optional<microseconds>;
  const auto verify = [&](at t, usec u, bool demanded) { return verify_time(t, u, demanded, now, 300, "X"); };
  const auto skewed = [](const error& e, std::string_view field) { return is(e, errc::clock_skew, "X", field); };
  return verify(kerberos_time{1000}, microseconds{0}, true).ok() && verify({}, {}, false).ok() &&
         verify(kerberos_time{700}, microseconds{500000}, false).ok() &&
         verify(kerberos_time{1300}, microseconds{500000}, true).ok() && skewed(verify({}, {}, true), "timestamp") &&
         skewed(verify({}, microseconds{0}, false), "timestamp") &&
         skewed(verify(kerberos_time{1000}, {}, false), "usec") &&
         skewed(verify(kerberos_time{700}, microseconds{499999}, false), "timestamp") &&
         skewed(verify(kerberos_time{1300}, microseconds{500001}, true), "timestamp");
}
KERB_BOTH("verify_time: a time is whole and current, whether it was demanded or not", "[exchange][rfc4120-3.4.2]",
          time_rules);

constexpr bool numbers_go_round() {
  sequence_counter none, c(0xfffffffeu);
  if (none.next() || none.has_used(0) || c.has_used(0xfffffffeu) || c.next() != 0xfffffffeu) return false;
  c.count();
  c.count();
  if (c.next() != 0u || !c.has_used(0xfffffffeu) || !c.has_used(0xffffffffu) || c.has_used(0)) return false;
  c.count();
  return c.next() == 1u && c.has_used(0) && !c.has_used(1) && !c.has_used(0xfffffffdu) && c.first() == 0xfffffffeu;
}
KERB_BOTH("sequence_counter: goes on modulo 2^32, and knows which numbers it has used", "[exchange][rfc4120-5.5.1]",
          numbers_go_round);

// ---- stores

struct odd_store {
  replay_verdict says = replay_verdict::fresh;
  std::array<std::uint8_t, 32> digest{};
  kerberos_time forget_after{}, now{};
  constexpr replay_verdict insert(const std::array<std::uint8_t, 32>& d, kerberos_time f, kerberos_time n) noexcept {
    digest = d;
    forget_after = f;
    now = n;
    return says;
  }
};
constexpr bool what_a_store_answers() {
  ap_world w;
  const bytes_view mark[] = {some_data};
  for (const replay_verdict v :
       {replay_verdict::fresh, replay_verdict::seen, replay_verdict::full, replay_verdict::unknown}) {
    odd_store s{.says = v};
    const error came = remember(mark, {1767225500}, "X", false, w.turn(), s);
    const error own = remember(mark, {1767225500}, "X", true, w.turn(), s);
    // The last second at which it would be taken is 300 later
    if (s.forget_after != kerberos_time{1767225801} || s.now != w.now.at) return false;
    const errc wanted = v == replay_verdict::fresh  ? errc::ok
                        : v == replay_verdict::seen ? errc::replayed
                                                    : errc::replay_unknown;
    if (came.code != wanted || own.code != (v == replay_verdict::unknown ? errc::ok : wanted)) return false;
    if (v == replay_verdict::seen && !is(came, errc::replayed, "X", "timestamp")) return false;
  }
  odd_store a, b;
  const bytes_view other[] = {bytes_view(some_data).first(8)};
  (void)remember(mark, {0}, "X", false, w.turn(), a);
  (void)remember(other, {0}, "X", false, w.turn(), b);
  return a.digest != b.digest;
}
KERB_BOTH("remember: what is not new, or cannot be remembered, is refused", "[exchange][rfc4120-3.4.2]",
          what_a_store_answers);

}  // namespace
