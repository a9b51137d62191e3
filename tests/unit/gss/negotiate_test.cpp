// SPNEGO with Kerberos: both sides, and what an attacker between them can do.
#include "support/both.hpp"
#include "support/negotiate_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

constexpr bool plain() {
  negotiate_world w;
  const auto c = w.credential();
  negotiate_world::initiator i(w.initiator_params(c));
  negotiate_world::acceptor a(w.acceptor_params());
  auto first = i.start(w.turn());
  const auto& sent = w.must_be<send>(first);
  auto s = w.take(a, sent.octets);
  const auto& answer = w.must_be<reply>(s);
  auto last = i.receive(answer.octets, w.turn());
  (void)w.must_be<done>(last);
  auto ours = must(std::move(i).take());
  auto theirs = must(std::move(a).take());
  return ours.mech == msg::mech_krb5 && theirs.mech == msg::mech_krb5 && !ours.list_verified && w.works(ours, theirs);
}
KERB_BOTH("negotiation: with Kerberos alone it is over after one token each", "[gss][rfc4178-5]", plain)

}  // namespace
