// What both sides of SPNEGO have in common: writing and reading of its tokens.
#include <kerb/gss/negotiate.hpp>

#include "support/both.hpp"
#include "support/must.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

constexpr auto ab = "aabb"_hex;
constexpr auto cd = "ccdd"_hex;
constexpr object_identifier both[] = {msg::mech_ms_krb5, msg::mech_krb5};
using octets = std::array<std::uint8_t, 128>;

constexpr bool is_written(const gss::detail::token_fields& f, bytes_view expected) {
  octets out{};
  der::writer w(out);
  gss::detail::write_negotiation_token(w, f);
  return w.ok() && bytes_view(w.written_since(0)) == expected;
}
constexpr bool resp_is_written(const msg::NegTokenResp& r) {
  octets out{};
  return is_written({.state = r.neg_state,
                     .mech = r.supported_mech,
                     .token = r.response_token.value_or(bytes_view()),
                     .mic = r.mech_list_mic},
                    must(asn1::encode(msg::NegotiationToken{r}, out)));
}
constexpr bool resps() {
  return resp_is_written({neg_state_t::request_mic, msg::mech_krb5, bytes_view(ab), bytes_view(cd), {}}) &&
         resp_is_written({neg_state_t::reject, {}, {}, bytes_view(cd), {}}) &&
         resp_is_written({{}, {}, bytes_view(ab), {}, {}}) && resp_is_written({});
}
KERB_BOTH("negotiate: a NegTokenResp is written as its schema says", "[gss][rfc4178-4.2.2]", resps)

constexpr bool inits() {
  octets inner{}, framed{}, list{};
  der::writer w(list);
  gss::detail::write_mech_list(w, both, 0);
  const bytes_view written = bytes_view(w.written_since(0));
  msg::NegTokenInit n{captured<msg::MechTypeList>::of(msg::MechTypeList(both)), {}, bytes_view(ab), {}, {}};
  bool ok = true;
  for (const bool with_token : {true, false}) {
    if (!with_token) n.mech_token = std::optional<bytes_view>{};
    const bytes_view t = must(asn1::encode(msg::NegotiationToken{n}, inner));
    ok = ok && is_written({.list = written, .token = with_token ? bytes_view(ab) : bytes_view()},
                          must(write_gss_token({msg::mech_spnego, t}, framed)));
  }
  return ok;
}
KERB_BOTH("negotiate: a NegTokenInit is written as its schema says, in the frame of SPNEGO", "[gss][rfc4178-4.2.1]",
          inits)

constexpr bool shrunk() {
  octets a{}, b{};
  der::writer all(a), one(b);
  gss::detail::write_mech_list(all, both, 1);
  gss::detail::write_mech_list(one, gss::only_krb5, 0);
  return bytes_view(all.written_since(0)) == bytes_view(one.written_since(0));
}
KERB_BOTH("negotiate: a list without a mechanism is that of the others", "[gss][rfc4178-4.1]", shrunk)

constexpr bool placed() {
  octets out{};
  const msg::NegTokenResp r{neg_state_t::reject, {}, bytes_view(ab), bytes_view(cd), {}};
  const bytes_view expected = must(asn1::encode(msg::NegotiationToken{r}, out));
  for (std::size_t at = 0; at != 31; ++at) {
    std::array<std::uint8_t, 32> buffer{};
    buffer[at] = ab[0];
    buffer[at + 1] = ab[1];
    const gss::detail::token_fields f{.state = neg_state_t::reject,
                                      .token = bytes_view(buffer).subview(at, 2),
                                      .in_place = true,
                                      .mic = bytes_view(cd)};
    gss::detail::place(buffer, f);
    der::writer w(buffer);
    gss::detail::write_negotiation_token(w, f);
    if (!(bytes_view(w.written_since(0)) == expected)) return false;
  }
  return true;
}
KERB_BOTH("negotiate: a token anywhere in the buffer gets to its place", "[gss]", placed)

constexpr bool tolerated() {
  octets out{};
  const auto mic_of = [&](bytes_view token, bytes_view mic) {
    const auto r = gss::detail::read_resp(
        must(asn1::encode(msg::NegotiationToken{msg::NegTokenResp{{}, {}, token, mic, {}}}, out)));
    return r && r->response_token == token && r->mech_list_mic.has_value();
  };
  return !mic_of(ab, ab) && mic_of(ab, cd);
}
KERB_BOTH("negotiate: a mechListMIC that repeats the responseToken is none", "[gss][tolerance][rfc4178-appendix-C]",
          tolerated)

constexpr bool same() {
  using gss::detail::same_mechanism;
  return same_mechanism(msg::mech_krb5, msg::mech_ms_krb5) && same_mechanism(msg::mech_ms_krb5, msg::mech_krb5) &&
         same_mechanism(msg::mech_spnego, msg::mech_spnego) &&
         !same_mechanism(msg::mech_krb5, msg::mech_user_to_user) && !same_mechanism(msg::mech_spnego, msg::mech_krb5);
}
KERB_BOTH("negotiate: Kerberos has two identifiers, and user-to-user is another mechanism", "[gss][ms-spng-3.1.5.2]",
          same)

constexpr bool bounds() {
  octets out{};
  const msg::NegTokenResp r{neg_state_t::reject, msg::mech_ms_krb5, bytes_view(ab), bytes_view(cd), {}};
  const std::size_t n = must(asn1::encode(msg::NegotiationToken{r}, out)).size() - ab.size() - cd.size();
  return n <= gss::detail::resp_overhead(msg::mech_ms_krb5);
}
KERB_BOTH("negotiate: the bound for what is around tokens is one", "[gss]", bounds)

}  // namespace
