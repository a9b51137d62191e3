// credential_client against a KDC that says whatever a test wants it to say.
#include <kerb/exchange/client/acquire.hpp>
#include <kerb/explain.hpp>

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/kdc_world.hpp"

using namespace kerb_test;

namespace {

using client = credential_client<testing::insecure_policy>;

/// A client whose requests are answered by functions, with no cache.
struct run {
  kdc_world& w;
  std::vector<std::string> asked{};
  unsigned answers = 0;

  template <class Answer>
  client::step operator()(client& x, Answer&& answer, const basic_credential<key>* in_cache = nullptr) {
    client::step s = x.start(w.env_now());
    for (unsigned steps = 0; !is<done>(s) && !is<failed>(s) && steps != 40; ++steps) {
      if (const auto* f = std::get_if<find_credential>(&s)) {
        const bool hit = in_cache != nullptr && same_principal(f->server, in_cache->server()) &&
                         f->kind == kind_of(in_cache->facts()) && in_cache->local_endtime() >= f->valid_until;
        s = hit ? x.found(*in_cache, w.env_now()) : x.not_found(w.env_now());
      } else if (is<store_credential<key>>(s)) {
        s = x.stored(w.env_now());
      } else if (const auto* out = std::get_if<send>(&s)) {
        if (!out->octets.empty())
          asked.push_back(std::string(out->realm.text()) + (out->octets[0] == 0x6a ? " AS" : " TGS"));
        const bytes_view octets = answer(*out, answers++);
        if (octets.empty()) return s;
        s = x.receive(octets, w.env_now());
      } else if (is<ignored>(s)) {
        const bytes_view octets = answer(send{}, answers++);
        if (octets.empty()) return s;
        s = x.receive(octets, w.env_now());
      } else {
        FAIL("another step");
      }
    }
    return s;
  }
};
using requests = std::vector<std::string>;

}  // namespace

TEST_CASE("credential_client: a realm that its KDC spells in capitals goes on under that name",
          "[exchange][rfc6806-6]") {
  kdc_world w;
  const kerberos_string small = "ex.org"_krb;
  std::vector<std::uint8_t> buffer(client::typical_buffer_size);
  client x({.client = named(alice_parts, small, name_t::enterprise),
            .server = {web().name, {}},
            .buffer = buffer,
            .key = w.client_key});
  run go{w};
  const auto s = go(x, [&](const send& out, unsigned) {
    if (out.octets[0] == 0x6c) return w.tgs_rep(out.octets, honest);
    return w.as_rep(out.octets, [](reply_spec& r) {
      r.ticket_service = krbtgt();  // all of the reply has the realm in capitals
      r.part.srealm = ex_org;
      r.part.sname = krbtgt().name;
    });
  });
  REQUIRE(is<done>(s));
  CHECK(go.asked == requests{"ex.org AS", "EX.ORG TGS"});
  const auto c = std::move(x).take();
  REQUIRE(c);
  CHECK(same_principal(c->server(), web()));
  CHECK(same_principal(c->client(), alice()));
  CHECK(has(kind_of(c->facts()), ticket_kind::renamed));
}

TEST_CASE("credential_client: OK-AS-DELEGATE of a renewed ticket-granting ticket counts too",
          "[exchange][rfc4120-2.8]") {
  for (const bool before : {true, false}) {
    for (const bool after : {true, false}) {
      kdc_world w;
      const principal_view hop = named(referral_parts, ex_org, name_t::srv_inst);
      const basic_credential<key> tgt = w.tgt();
      ticket_facts f = tgt.facts();
      f.server = hop;
      f.flags = {ticket_flag_t::renewable};
      f.flags.set(ticket_flag_t::ok_as_delegate, before);
      f.endtime = plus(noon.at, 300);
      f.renew_till = plus(noon.at, 86400);
      const std::vector<std::uint8_t> ticket(f.ticket.begin(), f.ticket.end());
      f.ticket = ticket;
      const basic_credential<key> kept(f, w.session_key.copy());
      std::vector<std::uint8_t> buffer(client::typical_buffer_size);
      client x({.client = alice(), .server = named(web_parts, other_org), .buffer = buffer, .renew_before = 3600});
      run go{w};
      const auto s = go(
          x,
          [&](const send& out, unsigned n) {
            return w.tgs_rep(out.octets, [&](reply_spec& r) {
              const bool renewal = n == 0;
              r.part.flags = renewal ? msg::TicketFlags{ticket_flag_t::renewable} : msg::TicketFlags{};
              r.part.flags.set(ticket_flag_t::ok_as_delegate, renewal ? after : true);
              if (renewal) r.part.renew_till = plus(noon.at, 86400), r.part.endtime = plus(noon.at, 36000);
            });
          },
          &kept);
      INFO(before << after);
      REQUIRE(is<done>(s));
      CHECK(go.asked == requests{"EX.ORG TGS", "OTHER.ORG TGS"});  // the realm that issued it renews it
      const auto c = std::move(x).take();
      REQUIRE(c);
      CHECK(c->facts().flags.has(ticket_flag_t::ok_as_delegate) == (before && after));
    }
  }
}

TEST_CASE("credential_client: an unrelated failure after a reply of another realm is no redirect",
          "[exchange][rfc6806-7]") {
  kdc_world w;
  std::vector<std::uint8_t> buffer(client::typical_buffer_size);
  for (const bool redirect : {false, true}) {
    client x({.client = alice(),
              .server = {web().name, {}},
              .buffer = buffer,
              .key = w.client_key,
              .follow_wrong_realm = true});
    run go{w};
    std::vector<std::uint8_t> request;
    const auto s = go(x, [&](const send& out, unsigned n) -> bytes_view {
      if (n == 0) {
        request.assign(out.octets.begin(), out.octets.end());
        return w.as_rep(request, [](reply_spec& r) { r.client = named(alice_parts, other_org); });
      }
      if (n == 1)
        return w.error(redirect ? error_code_t::kdc_err_wrong_realm : error_code_t::kdc_err_c_principal_unknown);
      return {};
    });
    CHECK(go.answers == (redirect ? 3 : 2));
    if (redirect) {  // the same, with the code that belongs to it
      CHECK(go.asked == requests{"EX.ORG AS", "OTHER.ORG AS"});
      continue;
    }
    CHECK(go.asked == requests{"EX.ORG AS"});
    REQUIRE(is<failed>(s));
    CHECK(why(s).code == errc::kdc_error);
    CHECK(why(s).detail == static_cast<std::uint32_t>(error_code_t::kdc_err_c_principal_unknown));
    CHECK(!x.realm_named());
  }
}

TEST_CASE("credential_client: the realm that was asked last is known after a failure", "[exchange]") {
  kdc_world w;
  std::vector<std::uint8_t> buffer(client::typical_buffer_size);
  client x({.client = alice(), .server = {web().name, {}}, .buffer = buffer, .key = w.client_key});
  CHECK(!x.asked_realm());
  run go{w};
  const auto s = go(x, [&](const send& out, unsigned n) {
    if (n == 0) return w.as_rep(out.octets, honest);
    if (n == 1) {
      return w.tgs_rep(out.octets, [](reply_spec& r) {  // a referral
        r.part.sname = named(referral_parts).name;
        r.ticket_service = named(referral_parts);
      });
    }
    return w.error(error_code_t::kdc_err_s_principal_unknown);
  });
  REQUIRE(is<failed>(s));
  REQUIRE(x.asked_realm());
  CHECK(*x.asked_realm() == other_org);
  const auto line = log_line(why(s), party::client, x.asked_realm()->text());
  CHECK(line.view().find("(realm OTHER.ORG)") != std::string_view::npos);
}

TEST_CASE("as_client: when password and account expire comes from LastReq", "[exchange][rfc4120-5.4.2]") {
  kdc_world w;
  const auto facts_of = [&](std::vector<msg::LastReqEntry> entries) {
    std::array<std::uint8_t, 4096> buffer{};
    as_params<key> p = w.ask_as(buffer);
    p.key = w.client_key;
    as_client<testing::insecure_policy> x(std::move(p));
    const auto first = x.start(w.env_now());
    const bytes_view rep = w.as_rep(std::get<send>(first).octets, [&](reply_spec& r) {
      r.part.last_req = msg::LastReq(view_of<msg::LastReqEntry>(entries));
    });
    REQUIRE(is<done>(x.receive(rep, w.env_now())));
    auto c = std::move(x).take();
    REQUIRE(c);
    return std::pair(c->facts().password_expires, c->facts().account_expires);
  };
  const kerberos_time soon = plus(noon.at, 86400), later = plus(noon.at, 186400);
  const auto none = facts_of({{lr_t::none, noon.at}, {lr_t::any_request, soon}});
  CHECK((!none.first && !none.second));
  const auto both = facts_of({{lr_t::password_expires, soon}, {lr_t::account_expires, later}});
  CHECK((both.first == soon && both.second == later));
  const auto here = facts_of({{lr_t::account_expires_here, soon}, {lr_t::password_expires_here, later}});
  CHECK((here.first == later && here.second == soon));
  const auto zero = facts_of({{lr_t::password_expires, {0}}, {lr_t::account_expires, {0}}});
  CHECK((!zero.first && !zero.second));
}

TEST_CASE("credential_client: every request offers the configured types and names no address",
          "[exchange][rfc4120-5.4.1]") {
  kdc_world w;
  const etype_t offered[] = {e20, e18, e17};
  std::vector<std::uint8_t> buffer(client::typical_buffer_size);
  client x({.client = alice(), .server = {web().name, {}}, .buffer = buffer, .key = w.client_key, .etypes = offered});
  run go{w};
  unsigned requests = 0;
  const auto looks = [&](const msg::KdcReqBody& body) {
    ++requests;
    CHECK(std::vector<etype_t>(body.etype.begin(), body.etype.end()) == std::vector<etype_t>{e20, e18, e17});
    CHECK(!body.addresses);
  };
  const key weaker = w.make(e17, 0x33);
  const auto s = go(x, [&](const send& out, unsigned n) {
    if (n == 0) {
      const auto as = must(asn1::decode<msg::AsReq>(out.octets));
      looks(as.req_body.value());
      return w.as_rep(out.octets, [&](reply_spec& r) {  // a session key of another type than the best one
        r.part.key = {weaker.etype(), w.policy.expose(weaker).unguarded()};
        w.session_key = weaker.copy();
      });
    }
    const auto tgs = must(asn1::decode<msg::TgsReq>(out.octets));
    looks(tgs.req_body.value());
    return w.tgs_rep(out.octets, [&](reply_spec& r) {
      if (n != 1) return;
      r.part.sname = named(referral_parts).name;
      r.ticket_service = named(referral_parts);
    });
  });
  REQUIRE(is<done>(s));
  CHECK(requests == 3);
}
