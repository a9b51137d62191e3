// HTTP's scheme Negotiate: the fields of requests and responses, and the negotiation between them.
#include <kerb/gss/http.hpp>

#include <string>

#include "support/catch.hpp"
#include "support/negotiate_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using world = negotiate_world;
using policy = testing::insecure_policy;
using key = policy::key;
constexpr object_identifier toy_first[] = {toy, msg::mech_krb5};
constexpr gss_flags one_way{gss_flag_t::integ};

struct site {
  world w;
  memory_replay_cache<64> seen;
  key_list<key, 1> keys;
  std::array<std::array<std::uint8_t, 4096>, 4> tokens{};  // each outlives the negotiation
  std::array<char, 4096> out{}, request{};
  unsigned n = 0;

  site() { (void)keys.add(web, 3, w.service_etype, w.service_key()); }
  gss::http_answer serve(world::acceptor& a, std::string_view authorization) {
    return gss::accept_http(a, authorization, tokens[n++], out, w.policy, keys, seen, w.now);
  }
  std::string_view authorization(const send& s) { return must(write_negotiate(s.octets, request)); }
};

TEST_CASE("http: a request without a token is challenged", "[gss][rfc4559-4.1]") {
  for (const std::string_view value : {"", "Negotiate", "Basic YWxpY2U6cHc="}) {
    site s;
    world::acceptor a(s.w.acceptor_params());
    const auto r = s.serve(a, value);
    CHECK(r.status == 401);
    CHECK(r.www_authenticate == "Negotiate");
    CHECK(r.why.ok());
    const auto step = gss::receive_authorization(a, value, s.tokens[3], s.w.turn());
    REQUIRE(step);
    CHECK_FALSE(*step);
  }
}
TEST_CASE("http: the last token of the server goes with status 200", "[gss][rfc4559-5]") {
  site s;
  const auto c = s.w.credential();
  world::initiator i(s.w.initiator_params(c));
  world::acceptor a(s.w.acceptor_params());
  const auto first = i.start(s.w.turn());
  const auto r = s.serve(a, s.authorization(world::must_be<send>(first)));
  CHECK(r.authenticated());
  CHECK(r.www_authenticate.starts_with("Negotiate oYG"));
  CHECK(same_principal(must(std::move(a).take()).kerberos->initiator(), alice));
  std::array<std::uint8_t, 1024> token{};
  CHECK(is<done>(gss::receive_www_authenticate(i, 200, r.www_authenticate, token, s.w.turn())));
}
TEST_CASE("http: a negotiation over several requests", "[gss][rfc4559-5]") {
  site s;
  s.w.offers = toy_first;
  const auto c = s.w.credential();
  world::initiator i(s.w.initiator_params(c));
  world::acceptor a(s.w.acceptor_params());
  auto step = s.w.ask_toy(i, s.w.our_toy, i.start(s.w.turn()));
  std::array<std::uint8_t, 1024> token{};
  gss::http_answer r;
  for (const unsigned status : {401u, 401u, 200u}) {
    r = s.serve(a, s.authorization(world::must_be<send>(step)));
    CHECK(r.status == status);
    if (status == 401) step = gss::receive_www_authenticate(i, 401, r.www_authenticate, token, s.w.turn());
  }
  CHECK(r.www_authenticate.empty());  // the client has sent the last token
  CHECK(world::must_be<send>(step).then == afterwards::finished);
  CHECK(std::move(i).take());
  CHECK(std::move(a).take());
}
TEST_CASE("http: NTLM is refused with an error of its own", "[gss][http]") {
  site s;
  world::acceptor a(s.w.acceptor_params());
  const auto r = s.serve(a, "Negotiate TlRMTVNTUAABAAAAl4II4g==");
  CHECK(r.status == 401);
  CHECK(r.www_authenticate == "Negotiate");
  CHECK(r.why.code == errc::ntlm_token);
}
TEST_CASE("http: Kerberos without SPNEGO is answered in kind", "[gss][rfc4121-4.1]") {
  site s;
  world::acceptor a(s.w.acceptor_params());
  const auto r = s.serve(a, must(write_negotiate(s.w.mint_token(gss_flags{gss_flag_t::mutual}), s.request)));
  CHECK(r.status == 200);
  CHECK(r.www_authenticate.starts_with("Negotiate YI"));
}
TEST_CASE("http: a refusal carries the token that explains it", "[gss][rfc4559-4.1]") {
  site s;
  s.w.now.at.seconds += 86400;
  const auto c = s.w.credential();
  s.w.now.at.seconds -= 86400;
  world::initiator i(s.w.initiator_params(c));
  world::acceptor a(s.w.acceptor_params());
  const auto first = i.start(s.w.turn());
  s.w.now.at.seconds += 3600;
  const auto r = s.serve(a, s.authorization(world::must_be<send>(first)));
  CHECK(r.status == 401);
  CHECK(r.why.code == errc::clock_skew);
  CHECK(r.www_authenticate.starts_with("Negotiate oYG"));
  std::array<std::uint8_t, 1024> token{};
  const auto step = gss::receive_www_authenticate(i, 401, r.www_authenticate, token, s.w.turn());
  CHECK(std::get<failed>(step).why.detail == 37);
  CHECK(i.peer_error()->error_code == error_code_t::krb_ap_err_skew);
}
TEST_CASE("http: a malformed field and a fault of the server have statuses of their own", "[gss][rfc4559-4.2]") {
  site s;
  world::acceptor a(s.w.acceptor_params());
  const auto bad = s.serve(a, "Negotiate !!!!");
  CHECK(bad.status == 400);
  CHECK(bad.www_authenticate.empty());
  CHECK_FALSE(gss::receive_authorization(a, "Negotiate !!!!", s.tokens[3], s.w.turn()));
  // The acceptor is unchanged
  const auto c = s.w.credential();
  world::initiator i(s.w.initiator_params(c));
  const auto first = i.start(s.w.turn());
  const std::string value(s.authorization(world::must_be<send>(first)));
  CHECK(gss::accept_http(a, value, {}, s.out, s.w.policy, s.keys, s.seen, s.w.now).status == 500);
  auto p = s.w.acceptor_params();
  p.krb5.ap.buffer = {};
  world::acceptor small(p);
  const auto no_space = s.serve(small, value);
  CHECK(no_space.status == 500);
  CHECK(no_space.why.code == errc::no_space);
  CHECK(gss::accept_http(a, value, s.tokens[2], {}, s.w.policy, s.keys, s.seen, s.w.now).status == 500);
}
TEST_CASE("http: a client takes no response of a server that did not authenticate", "[gss][rfc4559-4.1]") {
  for (const auto& [status, value, why] :
       {std::tuple(200u, "", errc::mutual_required), std::tuple(200u, "Negotiate", errc::mutual_required),
        std::tuple(302u, "Basic realm=\"x\"", errc::mutual_required),
        std::tuple(401u, "Negotiate", errc::negotiation_rejected), std::tuple(401u, "", errc::negotiation_rejected),
        std::tuple(200u, "Negotiate !!!!", errc::bad_http_field)}) {
    for (const bool mutual : {true, false}) {
      site s;
      if (!mutual) s.w.flags = one_way;
      const auto c = s.w.credential();
      world::initiator i(s.w.initiator_params(c));
      (void)i.start(s.w.turn());
      std::array<std::uint8_t, 64> token{};
      CHECK(failure(gss::receive_www_authenticate(i, status, value, token, s.w.turn())) == why);
      CHECK_FALSE(std::move(i).take());
    }
  }
}
TEST_CASE("http: the step can be taken by the program itself", "[gss]") {
  site s;
  const auto c = s.w.credential();
  world::initiator i(s.w.initiator_params(c));
  world::acceptor a(s.w.acceptor_params());
  const auto first = i.start(s.w.turn());
  const auto step =
      gss::receive_authorization(a, s.authorization(world::must_be<send>(first)), s.tokens[0], s.w.turn());
  REQUIRE(step);
  REQUIRE(*step);
  CHECK(is<need_ticket_key>(**step));
}

}  // namespace
