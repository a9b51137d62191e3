// An acquisition over three realms whose client tells each event to a sink.
#pragma once
#include "acquire_world.hpp"

namespace kerb_test {

/// Gets a ticket for HTTP/web in C.B.A.ORG by referrals, with a login. Every event goes to `sink`.
template <class Sink>
void walk_referrals(Sink& sink, kerberos_string first = a_org) {
  using policy_with_sink = traced<policy, Sink>;
  world w;
  const principal_view me{alice.name, first};
  REQUIRE(w.add(first).here.add_user("alice", password));
  w.add(b_org);
  REQUIRE(w.add(c_org).here.add_service("HTTP/web"));
  w.trust(first, b_org);
  w.trust(b_org, c_org);
  w.of(first)->elsewhere = {{"web", b_org}};
  w.of(b_org)->elsewhere = {{"web", c_org}};
  const kerberos_string all[] = {first, b_org};
  w.of(c_org)->here.settings.paths.trusted = view_of<kerberos_string>(all);
  std::vector<std::uint8_t> buffer(credential_client<policy_with_sink>::typical_buffer_size);
  policy_with_sink crypto(sink);
  credential_client<policy_with_sink> x({.client = me, .server = web(), .buffer = buffer, .password = password});
  const auto c = acquire(x, w.tickets, crypto, w.now, [&](const send& s) { return w.ask(s); });
  REQUIRE(c);
  CHECK(same_principal(c->server(), web(c_org)));
}

}  // namespace kerb_test
