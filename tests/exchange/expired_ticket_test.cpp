// No client sends a ticket that a service would refuse because it has expired: RFC 4120 section 3.2.3.
#include <kerb/gss.hpp>

#include "support/both.hpp"
#include "support/kpasswd_world.hpp"
#include "support/negotiate_world.hpp"
#include "support/sasl_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using policy = testing::insecure_policy;

/// How an exchange began.
struct beginning {
  error why;              ///< ok: it made a token
  bool untouched = true;  ///< nothing was written to its buffer

  constexpr bool sends() const { return why.ok() && !untouched; }
  constexpr bool refuses(std::string_view type, std::string_view field) const {
    return is(why, errc::ticket_expired, type, field) && untouched;
  }
};
template <class X>
constexpr beginning begun(X&& x, bytes_view buffer, const environment<policy>& env) {
  const auto s = x.start(env);
  beginning b;
  if (const auto* f = std::get_if<failed>(&s)) b.why = f->why;
  for (const std::uint8_t octet : buffer) b.untouched = b.untouched && octet == 0;
  return b;
}
/// The credential of a world whose ticket ended `ago` seconds ago.
constexpr auto late(ap_world& w, std::int64_t ago) {
  w.ticket.endtime = plus(w.now.at, -ago);
  return w.credential();
}

constexpr bool of_an_ap_exchange() {
  const auto starting = [](std::int64_t ago, std::int64_t skew) {
    ap_world w;
    const auto c = late(w, ago);
    std::array<std::uint8_t, 4096> buffer{};
    auto env = w.turn();
    env.limits.clock_skew = skew;
    return begun(ap_initiator<policy>({.credential = c, .buffer = buffer}), buffer, env);
  };
  return starting(-1, 0).sends() && starting(0, 0).sends() && starting(1, 0).refuses("EncTicketPart", "endtime") &&
         starting(300, 300).sends() && starting(301, 300).refuses("EncTicketPart", "endtime");
}
KERB_BOTH("ap_initiator: a ticket that ended more than the clock skew ago is not sent", "[exchange][rfc4120-3.2.3]",
          of_an_ap_exchange);

constexpr bool of_a_context() {
  const auto starting = [](std::int64_t ago) {
    gss_world w;
    const auto c = late(w, ago);
    return begun(gss_world::initiator(w.initiator_params(c)), w.initiator_buffer, w.turn());
  };
  return starting(300).sends() && starting(301).refuses("EncTicketPart", "endtime");
}
KERB_BOTH("initiator: a ticket that ended more than the clock skew ago makes no token", "[gss][rfc4120-3.2.3]",
          of_a_context);

constexpr kerberos_string krbtgt_parts[] = {"krbtgt"_krb, "EX.ORG"_krb};
constexpr object_identifier two_mechs[] = {msg::mech_krb5, toy_oid};

constexpr bool of_what_is_delegated() {
  const auto starting = [](std::int64_t ago, gss::delegation d) {
    gss_world w, tgt_world;
    tgt_world.service = {{name_t::srv_inst, krbtgt_parts}, "EX.ORG"_krb};
    tgt_world.ticket.flags.set(ticket_flag_t::forwarded);
    const auto c = w.credential(), tgt = late(tgt_world, ago);
    auto p = w.initiator_params(c);
    p.delegated = tgt;
    p.delegate = d;
    return begun(gss_world::initiator(p), w.initiator_buffer, w.turn());
  };
  // Without the KDC's trust in the service nothing is delegated by policy
  return starting(300, gss::delegation::always).sends() &&
         starting(301, gss::delegation::always).refuses("initiator_params", "delegated") &&
         starting(301, gss::delegation::by_policy).sends();
}
KERB_BOTH("initiator: a ticket that ended more than the clock skew ago is not delegated", "[gss][rfc4120-2.6]",
          of_what_is_delegated);

constexpr bool of_a_negotiation() {
  const auto starting = [](std::int64_t ago) {
    negotiate_world w;
    const auto c = late(w, ago);
    auto p = w.initiator_params(c);
    p.mechs = two_mechs;
    return begun(negotiate_world::initiator(p), p.krb5.buffer, w.turn());
  };
  return starting(300).sends() && starting(301).refuses("EncTicketPart", "endtime");
}
KERB_BOTH("negotiate_initiator: an expired ticket fails it, and the next mechanism is not offered instead",
          "[gss][rfc4178-3.1][rfc4120-3.2.3]", of_a_negotiation);

constexpr bool of_sasl() {
  const auto starting = [](std::int64_t ago) {
    sasl_world w;
    const auto c = late(w, ago);
    return begun(sasl_world::client(w.client_params(c)), w.initiator_buffer, w.turn());
  };
  return starting(300).sends() && starting(301).refuses("EncTicketPart", "endtime");
}
KERB_BOTH("sasl_client: a ticket that ended more than the clock skew ago makes no response", "[gss][rfc4120-3.2.3]",
          of_sasl);

constexpr bool of_a_password_change() {
  const auto starting = [](std::int64_t ago) {
    kpasswd_world k;
    const auto c = late(k.w, ago);
    std::array<std::uint8_t, 4096> buffer{};
    return begun(kpasswd_client<policy>({.credential = c, .new_password = new_secret, .buffer = buffer}), buffer,
                 k.turn());
  };
  return starting(300).sends() && starting(301).refuses("EncTicketPart", "endtime");
}
KERB_BOTH("kpasswd_client: a ticket that ended more than the clock skew ago sends no password",
          "[exchange][rfc4120-3.2.3]", of_a_password_change);

}  // namespace
