// HTTP's scheme Negotiate: the fields of requests and responses, and the negotiation between them.
#include <kerb/gss/http.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/negotiate_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using world = negotiate_world;
using policy = testing::insecure_policy;
using key = policy::key;
constexpr object_identifier toy_first[] = {toy_oid, msg::mech_krb5};
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
TEST_CASE("http: a buffer for the field that is too small refuses a request before it is recorded as received",
          "[gss][rfc4559-4.1]") {
  site s;
  const auto c = s.w.credential();
  world::initiator i(s.w.initiator_params(c));
  world::acceptor a(s.w.acceptor_params());
  const auto first = i.start(s.w.turn());
  const std::string value(s.authorization(world::must_be<send>(first)));
  const auto answer = [&](std::size_t characters) {
    return gss::accept_http(a, value, s.tokens[0], std::span(s.out).first(characters), s.w.policy, s.keys, s.seen,
                            s.w.now);
  };
  const auto small = answer(0);
  CHECK(small.status == 500);
  CHECK(kerb_test::is(small.why, errc::no_space, "HTTP field", "WWW-Authenticate"));
  REQUIRE(small.why.detail <= 1024);
  CHECK(answer(small.why.detail - 1).why.code == errc::no_space);
  CHECK(answer(small.why.detail).status == 200);
  CHECK(std::move(a).take());
}
TEST_CASE("http: a refusal whose explanation does not fit goes without it", "[gss][rfc4559-4.1]") {
  site s;
  const std::size_t least = negotiate_size(world::acceptor::max_answer_octets);
  const std::vector<std::uint8_t> long_name(1000, 'x');
  const kerberos_string parts[] = {"HTTP"_krb, {bytes_view(long_name)}};
  auto p = s.w.acceptor_params();
  p.krb5.ap.service = {{name_t::srv_inst, parts}, web.realm};
  world::acceptor a(p);
  const auto value = must(write_negotiate(s.w.mint_token(gss_flags{gss_flag_t::mutual}), s.request));
  const auto r =
      gss::accept_http(a, value, s.tokens[0], std::span(s.out).first(least), s.w.policy, s.keys, s.seen, s.w.now);
  CHECK(r.status == 401);
  CHECK(r.www_authenticate == "Negotiate");
  CHECK_FALSE(r.why.ok());
}
TEST_CASE("http: a field that was decoded in place can be read again after a buffer was too small", "[gss]") {
  const auto as_text = [](const std::vector<std::uint8_t>& memory) {
    return std::string_view(reinterpret_cast<const char*>(memory.data()), memory.size());
  };
  const auto memory_of = [](std::string_view v) { return std::vector<std::uint8_t>(v.begin(), v.end()); };
  for (const bool step_by_step : {false, true}) {
    site s;
    const auto c = s.w.credential();
    world::initiator i(s.w.initiator_params(c));
    auto p = s.w.acceptor_params();
    const auto buffer = p.krb5.ap.buffer;
    p.krb5.ap.buffer = {};
    world::acceptor a(p);
    const auto first = i.start(s.w.turn());
    std::vector<std::uint8_t> field =
        memory_of("  nEgotiate   " + std::string(s.authorization(world::must_be<send>(first))).substr(10) + " ");
    const auto accept = [&] {
      return gss::accept_http(a, as_text(field), field, s.out, s.w.policy, s.keys, s.seen, s.w.now);
    };
    for (int n = 0; n != 2; ++n) {
      if (step_by_step) {
        const auto step = must(gss::receive_authorization(a, as_text(field), field, s.w.turn()));
        REQUIRE(step);
        CHECK(is<need_buffer>(*step));
      } else {
        CHECK(accept().why.code == errc::no_space);
      }
    }
    REQUIRE(a.set_buffer(buffer));
    CHECK(gss::accept_http(a, as_text(field), field, {}, s.w.policy, s.keys, s.seen, s.w.now).status == 500);
    const auto r = accept();
    CHECK(r.status == 200);
    CHECK(is<done>(gss::receive_www_authenticate(i, 200, r.www_authenticate, s.tokens[1], s.w.turn())));
  }
}
TEST_CASE("http: a client takes no response of a server that did not authenticate", "[gss][rfc4559-4.1]") {
  for (const auto& [status, value, why] :
       {std::tuple(200u, "", errc::mutual_required), std::tuple(200u, "Negotiate", errc::mutual_required),
        std::tuple(299u, "", errc::mutual_required), std::tuple(302u, "Basic realm=\"x\"", errc::mutual_required),
        std::tuple(199u, "", errc::mutual_required), std::tuple(300u, "", errc::mutual_required),
        std::tuple(499u, "", errc::mutual_required), std::tuple(500u, "", errc::server_failed),
        std::tuple(599u, "Basic realm=\"x\"", errc::server_failed), std::tuple(600u, "", errc::mutual_required),
        std::tuple(401u, "Negotiate", errc::negotiation_rejected), std::tuple(401u, "", errc::negotiation_rejected),
        std::tuple(407u, "", errc::negotiation_rejected), std::tuple(200u, "Negotiate !!!!", errc::bad_http_field)}) {
    for (const bool mutual : {true, false}) {
      site s;
      if (!mutual) s.w.flags = one_way;
      const auto c = s.w.credential();
      world::initiator i(s.w.initiator_params(c));
      (void)i.start(s.w.turn());
      std::array<std::uint8_t, 64> token{};
      const auto step = gss::receive_www_authenticate(i, status, value, token, s.w.turn());
      // RFC 4559 section 4.1: a response of success can also carry a last token
      const bool succeeds = !mutual && status / 100 == 2 && why == errc::mutual_required;
      CHECK(failure(step) == (succeeds ? errc::ok : why));
      if (why == errc::server_failed) {
        CHECK(std::get<failed>(step).why.detail == status);
        CHECK(std::get<failed>(step).why.field == std::string_view("status"));
      }
      CHECK(is<done>(step) == succeeds);
      CHECK(std::move(i).take().has_value() == succeeds);
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

TEST_CASE("http: a response without a token completes a negotiation in which the client sent the last one",
          "[gss][rfc4559-5]") {
  const auto run = [](unsigned status, std::string_view value) {
    site s;
    s.w.accepts = toy_first;
    s.w.by = gss::preference::own;
    const auto c = s.w.credential();
    world::initiator i(s.w.initiator_params(c));
    world::acceptor a(s.w.acceptor_params());
    std::array<std::uint8_t, 1024> token{};
    auto step = i.start(s.w.turn());
    for (const unsigned expected : {401u, 200u}) {
      CHECK(i.complete() == (expected == 200));
      const auto r = s.serve(a, s.authorization(world::must_be<send>(step)));
      CHECK(r.status == expected);
      if (expected == 401) step = gss::receive_www_authenticate(i, 401, r.www_authenticate, token, s.w.turn());
      else CHECK(r.www_authenticate.empty());
    }
    CHECK(world::must_be<send>(step).then == afterwards::finished);
    CHECK(i.complete());
    step = gss::receive_www_authenticate(i, status, value, token, s.w.turn());
    const error why = is<done>(step) ? error{} : world::reason(step);
    CHECK(std::move(i).take().has_value() == why.ok());
    return why.code;
  };
  CHECK(run(200, "") == errc::ok);
  CHECK(run(404, "") == errc::ok);
  CHECK(run(200, "Basic realm=\"x\"") == errc::ok);
  CHECK(run(401, "") == errc::negotiation_rejected);
  CHECK(run(407, "") == errc::negotiation_rejected);
  CHECK(run(401, "Negotiate") == errc::negotiation_rejected);
  CHECK(run(200, "Negotiate oQcwBaADCgEA") == errc::unexpected_message);
  CHECK(run(200, "Negotiate !!!!") == errc::bad_http_field);
}
TEST_CASE("http: the buffer for a token can be reused for the next request", "[gss][rfc4559-5]") {
  for (const gss_flags flags : {gss_flags{gss_flag_t::mutual, gss_flag_t::integ}, one_way,
                                gss_flags{gss_flag_t::dce_style, gss_flag_t::integ}}) {
    site s;
    s.w.offers = toy_first;
    s.w.flags = flags;
    const auto c = s.w.credential();
    world::initiator i(s.w.initiator_params(c));
    world::acceptor a(s.w.acceptor_params());
    auto step = s.w.ask_toy(i, s.w.our_toy, i.start(s.w.turn()));
    gss::http_answer r;
    for (unsigned n = 0; !r.authenticated(); ++n) {
      REQUIRE(n != 6);
      std::array<std::uint8_t, 1024> answer{};
      {
        std::vector<std::uint8_t> token(4096);  // released after each request: a view of it would be noticed
        r = gss::accept_http(a, s.authorization(world::must_be<send>(step)), token, s.out, s.w.policy, s.keys, s.seen,
                             s.w.now);
        std::fill(token.begin(), token.end(), std::uint8_t{0xee});
      }
      REQUIRE(r.why.ok());
      step = gss::receive_www_authenticate(i, r.status, r.www_authenticate, answer, s.w.turn());
    }
    CHECK(is<done>(step));
    CHECK_FALSE(a.key_lookup());
    CHECK(same_principal(must(std::move(a).take()).kerberos->initiator(), alice));
  }
}
TEST_CASE("http: a token that is not acceptable in DCE style is the client's fault", "[gss][ms-kile-3.4.5.1]") {
  site s;
  world::acceptor a(s.w.acceptor_params());
  const auto first = s.w.mint_token(gss_flags{gss_flag_t::dce_style, gss_flag_t::integ});
  std::vector<std::uint8_t> token(4096);
  const auto r =
      gss::accept_http(a, must(write_negotiate(first, s.request)), token, s.out, s.w.policy, s.keys, s.seen, s.w.now);
  CHECK(r.status == 401);
  REQUIRE(r.why.ok());
  CHECK(a.key_lookup());
  const key k = s.w.session_key();
  std::array<std::uint8_t, 512> octets{}, changed{};
  auto rep = must(
      asn1::decode<msg::ApRep>(must(testing::mint_ap_rep({s.w.now.at, s.w.now.usec, {}, 9}, k, s.w.turn(), octets))));
  rep.enc_part.etype = etype_t{99};
  const auto no = gss::accept_http(a, must(write_negotiate(must(asn1::encode(rep, changed)), s.request)), token, s.out,
                                   s.w.policy, s.keys, s.seen, s.w.now);
  CHECK(no.status == 401);
  CHECK(is_peer_fault(no.why));
  CHECK_FALSE(a.key_lookup());
}
TEST_CASE("http: nothing is seen in a token whose buffer was reused", "[gss][ms-kile-3.4.5.1]") {
  site s;
  s.w.flags = {gss_flag_t::dce_style, gss_flag_t::integ};
  const auto c = s.w.credential();
  gss::initiator<policy> i(s.w.world::base::initiator_params(c));
  world::acceptor a(s.w.acceptor_params());
  auto step = i.start(s.w.turn());
  auto r = a.receive(world::must_be<send>(step).octets, s.w.turn());
  CHECK(a.key_lookup());
  r = a.provide(s.w.service_key(), s.w.turn());
  r = a.replay_checked(true, s.w.turn());
  r = a.accept({}, s.w.turn());
  step = i.receive(world::must_be<gss::continue_with>(r).octets, s.w.turn());
  CHECK(is<done>(a.receive(world::must_be<send>(step).octets, s.w.turn())));
  CHECK_FALSE(a.key_lookup());
  CHECK(std::move(a).take());
}
TEST_CASE("http: after a refusal the acceptor tells which key the ticket needs, and which keys there were",
          "[gss][rfc4120-3.2.3]") {
  for (const bool spnego : {true, false}) {
    site s;
    key_list<key, 1> old;
    REQUIRE(old.add(web, 1, s.w.service_etype, s.w.service_key()));
    const auto c = s.w.credential();
    world::initiator i(s.w.initiator_params(c));
    const auto first = i.start(s.w.turn());
    const std::string value(spnego ? s.authorization(world::must_be<send>(first))
                                   : must(write_negotiate(s.w.mint_token(gss_flags{gss_flag_t::mutual}), s.request)));
    const auto accept = [&](world::acceptor& a, auto& keys) {
      return gss::accept_http(a, value, s.tokens[s.n++], s.out, s.w.policy, keys, s.seen, s.w.now);
    };
    world::acceptor a(s.w.acceptor_params());
    const auto r = accept(a, old);
    CHECK(r.status == 401);
    CHECK(kerb_test::is(r.why, errc::bad_key_version, "Ticket", "enc-part"));
    const auto asked = must(a.key_lookup());
    CHECK(asked.ticket.kvno == 3u);
    CHECK(same_principal(asked.ticket.service, web));
    CHECK(asked.had.total == 1);
    CHECK(asked.had.had[0] == key_label{1, s.w.service_etype});
    CHECK(a.peer() == nullptr);
    CHECK_FALSE(a.refusal().empty());
    // A key that is another one
    key_list<key, 1> wrong;
    const std::vector<std::uint8_t> other(32, 7);
    REQUIRE(wrong.add(web, 3, s.w.service_etype, must(s.w.policy.import(s.w.service_etype, other))));
    world::acceptor b(s.w.acceptor_params());
    CHECK(accept(b, wrong).why.code == errc::integrity);
    CHECK(must(b.key_lookup()).had.had[0] == key_label{3, s.w.service_etype});
    CHECK(b.peer() == nullptr);
    // A failure forgets it
    CHECK(failure(b.receive({}, s.w.turn())) == errc::api_misuse);
    CHECK_FALSE(b.key_lookup());
  }
}
TEST_CASE("http: a token has the limit of a negotiation", "[gss]") {
  std::vector<std::uint8_t> token(gss::max_negotiation_token + 1);
  std::string value(negotiate_size(token.size()), ' ');
  for (const std::size_t size : {gss::max_negotiation_token, gss::max_negotiation_token + 1}) {
    site s;
    world::acceptor a(s.w.acceptor_params());
    const std::vector<std::uint8_t> sent(size, 0x55);
    const auto r = gss::accept_http(a, must(write_negotiate(sent, std::span(value))), token, s.out, s.w.policy, s.keys,
                                    s.seen, s.w.now);
    CHECK(r.status == (size == gss::max_negotiation_token ? 401 : 400));
    CHECK((r.why.code == errc::token_too_long) == (size != gss::max_negotiation_token));
  }
}

}  // namespace
