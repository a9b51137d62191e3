// A ticket from one call: the client's cache, its login, and a walk over realms whose KDCs are this library's.
#include "support/acquire_world.hpp"

using namespace kerb_test;

TEST_CASE("credential_client: a service of the client's realm takes a login and one request", "[exchange]") {
  three w;
  REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
  client x(w.params);
  const auto c = w.get(x);
  REQUIRE(c);
  CHECK(same_principal(c->server(), web(a_org)));
  CHECK(same_principal(c->client(), alice));
  CHECK(w.asked == requests{"A.ORG AS", "A.ORG AS", "A.ORG TGS"});

  SECTION("the next time nothing is asked") {
    w.params.buffer = w.second;
    client again(w.params);
    const auto same = w.get(again);
    REQUIRE(same);
    CHECK(same->session_key().octets().unguarded() == c->session_key().octets().unguarded());
    CHECK(same->ticket() == c->ticket());
    CHECK(w.asked.size() == 3);
  }
  SECTION("another service takes one request, with the ticket-granting ticket of the cache") {
    REQUIRE(w.of(a_org)->here.add_service("ldap/web"));
    const kerberos_string ldap[] = {"ldap"_krb, "web"_krb};
    w.params.server = {{name_t::srv_inst, view_of<kerberos_string>(ldap)}, {}};
    client other(w.params);
    REQUIRE(w.get(other));
    CHECK(w.asked.size() == 4);
    CHECK(w.asked.back() == "A.ORG TGS");
  }
  SECTION("a ticket that ends soon is replaced") {
    w.now.at.seconds += 36000 - 30;
    client late(w.params);
    const auto fresh = w.get(late);
    REQUIRE(fresh);
    CHECK(fresh->endtime() > c->endtime());
    CHECK(w.asked.size() == 6);
  }
  SECTION("another client gets no ticket of the first one") {
    REQUIRE(w.of(a_org)->here.add_user("bob", password));
    const kerberos_string bob[] = {"bob"_krb};
    w.params.client = {{name_t::principal, view_of<kerberos_string>(bob)}, a_org};
    client other(w.params);
    const auto his = w.get(other);
    REQUIRE(his);
    CHECK(same_principal(his->client(), w.params.client));
    CHECK(w.asked.size() == 6);
  }
  SECTION("after log-off it logs in again") {
    w.tickets.log_off();
    client again(w.params);
    REQUIRE(w.get(again));
    CHECK(w.asked.size() == 6);
  }
}

TEST_CASE("credential_client: referrals lead from realm to realm", "[exchange][rfc6806]") {
  three w;
  w.of(a_org)->elsewhere = {{"web", b_org}};
  w.of(b_org)->elsewhere = {{"web", c_org}};
  client x(w.params);
  const auto c = w.get(x);
  REQUIRE(c);
  CHECK(same_principal(c->server(), web(c_org)));
  CHECK(same_principal(c->client(), alice));
  CHECK(w.asked == requests{"A.ORG AS", "A.ORG AS", "A.ORG TGS", "B.A.ORG TGS", "C.B.A.ORG TGS"});

  SECTION("the ticket that was kept is found where the referrals lead") {
    w.params.buffer = w.second;
    client again(w.params);
    const auto same = w.get(again);
    REQUIRE(same);
    CHECK(same->ticket() == c->ticket());
    CHECK(w.asked.size() == 7);  // A.ORG and B.A.ORG tell the way
  }
  SECTION("a service whose realm is given is not accepted from another one") {
    w.tickets.log_off();
    w.params.server = web(b_org);
    client strict(w.params);
    const auto no = w.get(strict);
    REQUIRE(!no);
    CHECK(no.error().code == errc::kdc_error);
  }
}

TEST_CASE("credential_client: KDCs that refer in a circle are asked once each", "[exchange][rfc6806]") {
  three w;
  w.of(a_org)->elsewhere = {{"web", b_org}};
  w.of(b_org)->elsewhere = {{"web", c_org}};
  w.of(c_org)->elsewhere = {{"other", b_org}};
  const kerberos_string other[] = {"HTTP"_krb, "other"_krb};
  w.of(a_org)->elsewhere = {{"other", b_org}};
  w.of(b_org)->elsewhere = {{"other", c_org}};
  w.params.server = {{name_t::srv_inst, view_of<kerberos_string>(other)}, {}};
  client x(w.params);
  const auto c = w.get(x);
  REQUIRE(!c);
  CHECK(c.error().code == errc::referral_loop);
  CHECK(w.asked == requests{"A.ORG AS", "A.ORG AS", "A.ORG TGS", "B.A.ORG TGS", "C.B.A.ORG TGS"});
}

TEST_CASE("credential_client: a service in a given realm is reached along the hierarchy", "[exchange][rfc4120-3.3.1]") {
  three w;
  w.params.server = web(c_org);
  client x(w.params);
  const auto c = w.get(x);
  REQUIRE(c);
  CHECK(same_principal(c->server(), web(c_org)));
  // A.ORG does not know C.B.A.ORG, but the realm in front of it
  CHECK(w.asked == requests{"A.ORG AS", "A.ORG AS", "A.ORG TGS", "A.ORG TGS", "B.A.ORG TGS", "C.B.A.ORG TGS"});
}

TEST_CASE("credential_client: the caller's list of realms replaces the hierarchy", "[exchange][rfc4120-3.3.3.2]") {
  three w;
  REQUIRE(w.add("D.ORG"_krb).here.add_service("HTTP/web"));
  w.trust(b_org, "D.ORG"_krb);
  const kerberos_string trusted[] = {b_org};
  w.of("D.ORG"_krb)->here.settings.paths.trusted = view_of<kerberos_string>(trusted);
  w.params.server = web("D.ORG"_krb);
  {
    client x(w.params);
    const auto c = w.get(x);
    REQUIRE(!c);
    CHECK(c.error().code == errc::kdc_error);
  }
  const realm_path paths[] = {{a_org, "D.ORG"_krb, b_org}};
  w.params.paths.paths = view_of<realm_path>(paths);
  client x(w.params);
  REQUIRE(w.get(x));
}

TEST_CASE("credential_client: OK-AS-DELEGATE needs the flag on every hop", "[exchange][rfc4120-2.8]") {
  for (const bool all : {true, false}) {
    world w;
    REQUIRE(w.add(a_org).here.add_user("alice", password));
    w.add(b_org);
    REQUIRE(w.add(c_org).here.add_service("HTTP/web", {principal_attribute::ok_as_delegate}));
    w.trust(a_org, b_org, all);
    w.trust(b_org, c_org, true);
    std::vector<std::uint8_t> buffer(client::typical_buffer_size);
    client x({.client = alice, .server = web(c_org), .buffer = buffer, .password = password});
    const auto c = w.get(x);
    REQUIRE(c);
    CHECK(c->facts().flags.has(ticket_flag_t::ok_as_delegate) == all);
    const auto* const kept = w.tickets.find(alice, web(c_org), w.now.at);
    REQUIRE(kept != nullptr);
    CHECK(kept->facts().flags.has(ticket_flag_t::ok_as_delegate) == all);
  }
}

TEST_CASE("credential_client: the fallback realm is for services that the client's KDC does not know", "[exchange]") {
  three w;
  w.params.fallback_realm = c_org;
  client x(w.params);
  const auto c = w.get(x);
  REQUIRE(c);
  CHECK(same_principal(c->server(), web(c_org)));
}

TEST_CASE("credential_client: without a login it uses what is there, or says so", "[exchange]") {
  three w;
  w.params.login = false;
  {
    client x(w.params);
    const auto c = w.get(x);
    REQUIRE(!c);
    CHECK(c.error().code == errc::no_tgt);
    CHECK(w.asked.empty());
  }
  w.params.login = true;
  w.params.password = {};
  client x(w.params);
  const auto c = w.get(x);
  REQUIRE(!c);
  CHECK(c.error().code == errc::no_tgt);
}

TEST_CASE("credential_client: the ticket-granting ticket itself can be asked for", "[exchange]") {
  three w;
  const kerberos_string parts[] = {"krbtgt"_krb, a_org};
  w.params.server = {{name_t::srv_inst, view_of<kerberos_string>(parts)}, a_org};
  client x(w.params);
  const auto c = w.get(x);
  REQUIRE(c);
  CHECK(same_principal(c->server(), w.params.server));
  CHECK(w.asked == requests{"A.ORG AS", "A.ORG AS"});
  client again(w.params);
  REQUIRE(w.get(again));
  CHECK(w.asked.size() == 2);
}

TEST_CASE("credential_client: a ticket-granting ticket that ends soon is renewed", "[exchange][rfc4120-3.3.3]") {
  three w;
  REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
  w.of(a_org)->here.settings.renewable = true;
  w.params.renew_lifetime = 7 * 86400;
  w.params.renew_before = 3600;
  {
    client x(w.params);
    REQUIRE(w.get(x));
  }
  w.now.at.seconds += 36000 - 1800;
  w.asked.clear();
  w.params.least_lifetime = 1800;
  const kerberos_string ldap[] = {"ldap"_krb, "web"_krb};
  REQUIRE(w.of(a_org)->here.add_service("ldap/web"));
  w.params.server = {{name_t::srv_inst, view_of<kerberos_string>(ldap)}, {}};
  client x(w.params);
  const auto c = w.get(x);
  REQUIRE(c);
  CHECK(w.asked == requests{"A.ORG TGS", "A.ORG TGS"});
  CHECK(c->endtime() > plus(w.now.at, 3600));
}

TEST_CASE("credential_client: it ends in the same way in every buffer", "[exchange]") {
  for (const bool referred : {true, false}) {
    const auto run = [&](std::size_t n) {
      three w;
      w.of(a_org)->elsewhere = {{"web", b_org}};
      w.of(b_org)->elsewhere = {{"web", c_org}};
      std::list<std::vector<std::uint8_t>> buffers;
      buffers.emplace_back(n);
      w.params.buffer = buffers.back();
      if (!referred) w.params.server = web(c_org);
      client x(w.params);
      const auto c = acquire(
          x, w.tickets, w.crypto, w.now,
          [&](const send& s) {
            for (auto& old : buffers)  // nothing refers to them any more
              if (&old != &buffers.back()) std::fill(old.begin(), old.end(), std::uint8_t{0xdd});
            return w.ask(s);
          },
          {},
          [&](std::size_t more) {
            REQUIRE(more > buffers.back().size());
            return std::span<std::uint8_t>(buffers.emplace_back(more));
          });
      INFO(n);
      REQUIRE(c);
      CHECK(same_principal(c->server(), web(c_org)));
      CHECK(w.asked.size() == (referred ? 5 : 6));
      return buffers.back().size();
    };
    const std::size_t most = run(0);
    for (std::size_t n = 1; n < most + 8; n += 7) (void)run(n);
  }
}

TEST_CASE("credential_client: a credential that was not looked for is refused", "[exchange]") {
  three w;
  REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
  {
    client x(w.params);
    REQUIRE(w.get(x));
  }
  const kerberos_string parts[] = {"krbtgt"_krb, a_org};
  const principal_view krbtgt{{name_t::srv_inst, view_of<kerberos_string>(parts)}, a_org};
  const auto* const tgt = w.tickets.find(alice, krbtgt, w.now.at);
  const auto* const ticket = w.tickets.find(alice, web(a_org), w.now.at);
  REQUIRE((tgt != nullptr && ticket != nullptr));
  const environment<policy> env{w.crypto, w.now};
  const auto refuses = [&](const basic_credential<key>& c, credential_params<key> p) {
    client x(p);
    const auto first = x.start(env);
    if (!is<find_credential>(first)) return false;
    const auto s = x.found(c, env);
    return is<failed>(s) && std::get<failed>(s).why.code == errc::api_misuse;
  };
  CHECK(!refuses(*ticket, w.params));
  CHECK(refuses(*tgt, w.params));  // another server
  credential_params<key> other = w.params;
  other.server = web(b_org);  // another realm
  CHECK(refuses(*ticket, other));
  other = w.params;
  const kerberos_string bob[] = {"bob"_krb};
  other.client = {{name_t::principal, view_of<kerberos_string>(bob)}, a_org};
  CHECK(refuses(*ticket, other));  // another client
  other = w.params;
  other.least_lifetime = 100000;
  CHECK(refuses(*ticket, other));
  ticket_facts f = ticket->facts();
  f.handed_over = true;
  CHECK(refuses(basic_credential<key>(f, ticket->session_key().copy()), w.params));  // another kind
}

TEST_CASE("credential_client: a password that has expired is changed and used", "[exchange][rfc3244]") {
  three w;
  REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
  auto* const record = w.of(a_org)->here.record("alice");
  REQUIRE(record != nullptr);
  record->password_expires = plus(w.now.at, -1);
  {
    client x(w.params);
    const auto c = w.get(x);
    REQUIRE(!c);
    CHECK(c.error().code == errc::password_expired);
  }
  client x(w.params);
  const environment<policy> env{w.crypto, w.now};
  client::step s = x.start(env);
  unsigned steps = 0;
  bool changed = false;
  while (!is<done>(s) && !is<failed>(s) && ++steps < 20) {
    if (is<find_credential>(s)) s = x.not_found(env);
    else if (is<store_credential<key>>(s)) s = x.stored(env);
    else if (is<need_new_password>(s)) {
      changed = true;
      record->password_expires = std::optional<kerberos_time>{};
      s = x.password_changed(password, env);
    } else if (const auto* out = std::get_if<send>(&s)) {
      const auto got = w.ask(*out);
      REQUIRE(got);
      s = x.receive(got->octets, env, got->arrived);
    } else FAIL("another step");
  }
  CHECK(is<done>(s));
  CHECK(changed);
}

TEST_CASE("credential_client: a KDC that does not answer is the caller's error", "[exchange]") {
  three w;
  w.of(a_org)->elsewhere = {{"web", b_org}};
  w.dead.insert("B.A.ORG");
  client x(w.params);
  const auto c = w.get(x);
  REQUIRE(!c);
  CHECK(c.error().code == errc::no_answer);
}

TEST_CASE("credential_client: a login goes to another realm only if the caller allows it", "[exchange][rfc6806-7]") {
  three w;
  REQUIRE(w.of(b_org)->here.add_user("bob", password));
  REQUIRE(w.of(b_org)->here.add_service("HTTP/web"));
  w.of(a_org)->elsewhere = {{"bob", b_org}};
  const kerberos_string bob[] = {"bob"_krb};
  w.params.client = {{name_t::enterprise, view_of<kerberos_string>(bob)}, a_org};
  {
    client x(w.params);
    const auto c = w.get(x);
    REQUIRE(!c);
    CHECK(c.error().code == errc::kdc_error);
    REQUIRE(x.realm_named());
    CHECK(*x.realm_named() == b_org);
    CHECK(w.asked == requests{"A.ORG AS"});
  }
  w.params.follow_wrong_realm = true;
  client x(w.params);
  const auto c = w.get(x);
  REQUIRE(c);
  CHECK(c->client().realm == b_org);
  CHECK(same_principal(c->server(), web(b_org)));
  SECTION("KDCs that send it in a circle are not followed for ever") {
    w.tickets.log_off();
    w.asked.clear();
    const kerberos_string carol[] = {"carol"_krb};
    w.of(a_org)->elsewhere = {{"carol", b_org}};
    w.of(b_org)->elsewhere = {{"carol", a_org}};
    w.params.client = {{name_t::enterprise, view_of<kerberos_string>(carol)}, a_org};
    client lost(w.params);
    const auto none = w.get(lost);
    REQUIRE(!none);
    CHECK(none.error().code == errc::referral_loop);
    CHECK(w.asked.size() == client::max_realms);
  }
}

TEST_CASE("credential_client: it asks at most max_realms realms", "[exchange][rfc6806-8]") {
  for (const std::size_t n : {client::max_realms, client::max_realms + 1}) {
    world w;
    std::list<std::string> names;
    std::vector<kerberos_string> all;
    for (std::size_t i = 0; i != n; ++i) {
      const std::string& name = names.emplace_back("R" + std::to_string(i) + ".ORG");
      all.push_back(kerberos_string{octets_of(name)});
      w.add(all.back());
    }
    REQUIRE(w.of(all.front())->here.add_user("alice", password));
    REQUIRE(w.of(all.back())->here.add_service("HTTP/web"));
    for (std::size_t i = 1; i != n; ++i) {
      w.trust(all[i - 1], all[i]);
      w.of(all[i - 1])->elsewhere = {{"web", all[i]}};
      w.of(all[i])->here.settings.paths.trusted = view_of<kerberos_string>(all);
    }
    std::vector<std::uint8_t> buffer(65536);
    client x({.client = {alice.name, all.front()}, .server = web(), .buffer = buffer, .password = password});
    const auto c = w.get(x);
    INFO(n);
    if (n == client::max_realms) {
      REQUIRE(c);
      CHECK(same_principal(c->server(), web(all.back())));
    } else {
      REQUIRE(!c);
      CHECK(c.error().code == errc::referral_loop);
    }
  }
}

TEST_CASE("credential_client: what does not fit its state is misuse or ignored", "[exchange]") {
  three w;
  const environment<policy> env{w.crypto, w.now};
  const auto misused = [](const client::step& s) {
    const auto* f = std::get_if<failed>(&s);
    return f != nullptr && f->why.code == errc::api_misuse;
  };
  {
    client x(w.params);
    CHECK(misused(x.receive({}, env)));
  }
  {
    client x(w.params);
    CHECK(misused(x.not_found(env)));
  }
  {
    client x(w.params);
    (void)x.start(env);
    CHECK(is<ignored>(x.receive({}, env)));  // a stray datagram
    CHECK(misused(x.receive({}, env, transport::stream)));
  }
  {
    client x(w.params);
    (void)x.start(env);
    CHECK(misused(x.start(env)));
    CHECK(misused(x.not_found(env)));  // the first error stays
    CHECK(std::move(x).take().error().code == errc::api_misuse);
  }
  credential_params<key> p = w.params;
  p.client.realm = {};
  client nobody(p);
  CHECK(misused(nobody.start(env)));
  p = w.params;
  p.server.name = {};
  client nothing(p);
  CHECK(misused(nothing.start(env)));
  p = w.params;
  p.client.name = {};
  client nameless(p);
  CHECK(misused(nameless.start(env)));
  CHECK(!nameless.realm_named());
}

TEST_CASE("credential_client: the key of the login can be asked for", "[exchange]") {
  three w;
  REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
  w.params.password = {};
  w.params.may_ask = true;
  client x(w.params);
  const environment<policy> env{w.crypto, w.now};
  client::step s = x.start(env);
  unsigned asked = 0;
  for (unsigned steps = 0; !is<done>(s) && !is<failed>(s) && steps != 20; ++steps) {
    if (is<find_credential>(s)) s = x.not_found(env);
    else if (is<store_credential<key>>(s)) s = x.stored(env);
    else if (const auto* k = std::get_if<need_key>(&s)) {
      ++asked;
      s = x.provide(must(w.crypto.string_to_key(k->etype, password, k->salt, k->iterations)), env);
    } else if (const auto* out = std::get_if<send>(&s)) {
      const auto got = w.ask(*out);
      REQUIRE(got);
      s = x.receive(got->octets, env, got->arrived);
    } else FAIL("another step");
  }
  CHECK(is<done>(s));
  CHECK(asked == 1);
}

namespace {
/// Runs a client to its end by its steps, and remembers the searches and the requests.
struct walk {
  world& w;
  bool use_cache = true;
  std::vector<find_credential> searches{};
  std::vector<std::vector<std::uint8_t>> requests{};
  std::list<std::vector<std::uint8_t>> buffers{};

  template <class Call>
  client::step grown(client& x, Call call) {
    client::step s = call();
    while (const auto* more = std::get_if<need_buffer>(&s)) {
      REQUIRE(x.set_buffer(buffers.emplace_back(more->size)));
      for (auto& old : buffers)  // nothing refers to them any more
        if (&old != &buffers.back()) std::fill(old.begin(), old.end(), std::uint8_t{0xdd});
      s = call();
    }
    return s;
  }
  client::step run(client& x) {
    const environment<policy> env{w.crypto, w.now};
    client::step s = x.start(env);
    for (unsigned steps = 0; !is<done>(s) && !is<failed>(s) && steps != 60; ++steps) {
      if (const auto* f = std::get_if<find_credential>(&s)) {
        searches.push_back(*f);
        const auto* const c = use_cache ? w.tickets.find(f->client, f->server, w.now.at, f->kind) : nullptr;
        s = grown(x, [&] { return c != nullptr ? x.found(*c, env) : x.not_found(env); });
      } else if (const auto* t = std::get_if<store_credential<key>>(&s)) {
        REQUIRE(w.tickets.store_copy(t->credential.get(), w.crypto, w.now.at));
        s = grown(x, [&] { return x.stored(env); });
      } else if (const auto* k = std::get_if<need_key>(&s)) {
        key own = must(w.crypto.string_to_key(k->etype, password, k->salt, k->iterations));
        s = grown(x, [&] { return x.provide(std::move(own), env); });
      } else if (const auto* out = std::get_if<send>(&s)) {
        requests.emplace_back(out->octets.begin(), out->octets.end());
        const auto got = w.ask(*out);
        REQUIRE(got);
        s = grown(x, [&] { return x.receive(got->octets, env, got->arrived); });
      } else {
        FAIL("another step");
      }
    }
    return s;
  }
};
msg::KdcOptions options_of(const std::vector<std::uint8_t>& request) {
  const bytes_view octets(request);
  if (request.at(0) == 0x6a) return must(asn1::decode<msg::AsReq>(octets)).req_body->kdc_options;
  return must(asn1::decode<msg::TgsReq>(octets)).req_body->kdc_options;
}
const kerberos_string ldap_parts[] = {"ldap"_krb, "web"_krb};
const principal_view ldap{{name_t::srv_inst, view_of<kerberos_string>(ldap_parts)}, {}};
}  // namespace

TEST_CASE("credential_client: what is in the cache is used from any buffer", "[exchange]") {
  for (const bool ticket_too : {false, true}) {
    for (std::size_t n = 0; n < 4200; n += 60) {
      three w;
      REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
      REQUIRE(w.of(a_org)->here.add_service("ldap/web"));
      {
        client x(w.params);
        REQUIRE(w.get(x));
      }
      w.asked.clear();
      std::vector<std::uint8_t> small(n);
      w.params.buffer = small;
      if (!ticket_too) w.params.server = ldap;
      walk steps{w};
      client x(w.params);
      INFO(n);
      REQUIRE(is<done>(steps.run(x)));
      const auto c = std::move(x).take();
      REQUIRE(c);
      CHECK(same_name(c->server().name, w.params.server.name));
      CHECK(asn1::decode<msg::Ticket>(c->ticket()));
      CHECK(w.asked.size() == (ticket_too ? 0 : 1));
    }
  }
}

TEST_CASE("credential_client: a key that is asked for works in any buffer", "[exchange]") {
  for (std::size_t n = 0; n < 4200; n += 60) {
    three w;
    REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
    std::vector<std::uint8_t> small(n);
    w.params.buffer = small;
    w.params.password = {};
    w.params.may_ask = true;
    walk steps{w};
    client x(w.params);
    INFO(n);
    REQUIRE(is<done>(steps.run(x)));
  }
}

TEST_CASE("credential_client: the ticket-granting ticket of another realm is found in the cache", "[exchange]") {
  three w;
  REQUIRE(w.of(b_org)->here.add_service("HTTP/web"));
  REQUIRE(w.of(b_org)->here.add_service("ldap/web"));
  w.params.server = web(b_org);
  {
    client x(w.params);
    REQUIRE(w.get(x));
  }
  w.asked.clear();
  w.params.server = {ldap.name, b_org};
  client x(w.params);
  REQUIRE(w.get(x));
  CHECK(w.asked == requests{"B.A.ORG TGS"});
}

TEST_CASE("credential_client: a login with a key", "[exchange]") {
  three w;
  REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
  const key* const own = w.of(a_org)->here.key_of("alice");
  REQUIRE(own != nullptr);
  w.params.password = {};
  w.params.key = *own;
  client x(w.params);
  REQUIRE(w.get(x));
}

TEST_CASE("credential_client: what renews a ticket-granting ticket, and what does not", "[exchange][rfc4120-3.3.3]") {
  three w;
  REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
  w.params.renew_lifetime = 7 * 86400;
  {
    client x(w.params);
    REQUIRE(w.get(x));
  }
  const kerberos_string parts[] = {"krbtgt"_krb, a_org};
  const auto* const tgt = w.tickets.find(alice, {{name_t::srv_inst, view_of<kerberos_string>(parts)}, a_org}, w.now.at);
  REQUIRE(tgt != nullptr);
  const environment<policy> env{w.crypto, w.now};
  std::int64_t ahead = 0;  // the KDC's clock, as the ticket's credential knows it
  const auto renews = [&](auto change) {
    ticket_facts f = tgt->facts();
    credential_params<key> p = w.params;
    p.renew_before = 3600;
    f.endtime = plus(w.now.at, 3599);
    f.renew_till = plus(w.now.at, 86400);
    change(f, p);
    client x(p);
    (void)x.start(env);
    (void)x.not_found(env);
    basic_credential<key> c(f, tgt->session_key().copy());
    c.set_kdc_clock_offset(ahead);
    const auto s = x.found(c, env);
    const auto* const out = std::get_if<send>(&s);
    REQUIRE(out != nullptr);
    return options_of({out->octets.begin(), out->octets.end()}).has(kdc_option_t::renew);
  };
  using facts = ticket_facts;
  using params = credential_params<key>;
  CHECK(renews([](facts&, params&) {}));
  CHECK(!renews([](facts& f, params&) { f.endtime.seconds += 1; }));
  CHECK(!renews([](facts&, params& p) { p.renew_before = 3599; }));
  CHECK(!renews([](facts& f, params&) { f.flags.set(ticket_flag_t::renewable, false); }));
  CHECK(!renews([](facts& f, params&) { f.renew_till = std::optional<kerberos_time>{}; }));
  CHECK(!renews([&](facts& f, params&) { f.renew_till = w.now.at; }));
  CHECK(renews([&](facts& f, params&) { f.renew_till = plus(w.now.at, 1); }));
  ahead = 100;
  CHECK(renews([](facts& f, params&) { f.endtime.seconds += 100; }));
  CHECK(!renews([](facts& f, params&) { f.endtime.seconds += 101; }));
  CHECK(!renews([&](facts& f, params&) { f.renew_till = plus(w.now.at, 100); }));
  CHECK(renews([&](facts& f, params&) { f.renew_till = plus(w.now.at, 101); }));
  SECTION("the ticket-granting ticket that is asked for is renewed too") {
    w.now.at.seconds += 36000 - 1800;
    w.params.renew_before = 3600;
    w.params.server = {{name_t::srv_inst, view_of<kerberos_string>(parts)}, a_org};
    w.asked.clear();
    client x(w.params);
    const auto c = w.get(x);
    REQUIRE(c);
    CHECK(w.asked == requests{"A.ORG TGS"});
    CHECK(c->endtime() > plus(w.now.at, 3600));
  }
  SECTION("one whose renewal the KDC refuses is used as it is") {
    w.now.at.seconds += 36000 - 1800;
    w.params.renew_before = 3600;
    w.of(a_org)->here.settings.renewable = false;
    REQUIRE(w.of(a_org)->here.add_service("ldap/web"));
    w.params.server = ldap;
    w.asked.clear();
    client x(w.params);
    const auto c = w.get(x);
    REQUIRE(c);
    CHECK(w.asked == requests{"A.ORG TGS", "A.ORG TGS"});
  }
}

TEST_CASE("credential_client: the client's name from the login counts", "[exchange][rfc6806-6]") {
  three w;
  w.of(a_org)->elsewhere = {{"web", b_org}};
  w.of(b_org)->elsewhere = {{"web", c_org}};
  w.params.client = {{name_t::enterprise, alice.name.name_string}, a_org};
  walk steps{w};
  client x(w.params);
  REQUIRE(is<done>(steps.run(x)));
  const auto c = std::move(x).take();
  REQUIRE(c);
  CHECK(options_of(steps.requests.front()).has(kdc_option_t::canonicalize));
  CHECK(same_principal(steps.searches.back().client, c->client()));
  CHECK(steps.searches.back().kind == (kind_of(c->facts()) & ticket_kind::renamed));
  w.params.client = alice;
  walk again{w, false};
  client plain(w.params);
  REQUIRE(is<done>(again.run(plain)));
  CHECK(!options_of(again.requests.front()).has(kdc_option_t::canonicalize));
}

TEST_CASE("credential_client: of the realms on the way the last one is asked for first", "[exchange][rfc4120-3.3.1]") {
  three w;
  const kerberos_string d_org = "D.C.B.A.ORG"_krb;
  REQUIRE(w.add(d_org).here.add_service("HTTP/web"));
  w.trust(c_org, d_org);
  w.trust(a_org, c_org);
  w.params.server = web(d_org);
  client x(w.params);
  REQUIRE(w.get(x));
  CHECK(w.asked == requests{"A.ORG AS", "A.ORG AS", "A.ORG TGS", "A.ORG TGS", "C.B.A.ORG TGS", "D.C.B.A.ORG TGS"});
}

TEST_CASE("credential_client: a path of many realms takes a bounded number of requests", "[exchange]") {
  three w;
  std::string far = "A.ORG";
  for (int i = 0; i != 60; ++i) far = "X." + far;
  w.params.server = web(kerberos_string{octets_of(far)});
  client x(w.params);
  const auto c = w.get(x);
  REQUIRE(!c);
  CHECK(c.error().code == errc::referral_loop);
  CHECK(w.asked.size() == 2 + 3 * client::max_realms);
}

TEST_CASE("credential_client: only an unknown service leads elsewhere", "[exchange][rfc4120-3.3.1]") {
  three w;
  const auto fails_after = [&](std::size_t requests) {
    w.asked.clear();
    w.tickets.log_off();
    client x(w.params);
    const auto c = w.get(x);
    REQUIRE(!c);
    CHECK(c.error().code == errc::kdc_error);
    CHECK(w.asked.size() == requests);
  };
  w.refusal = error_code_t::kdc_err_policy;
  w.params.fallback_realm = c_org;
  fails_after(3);
  w.params.server = web(c_org);  // nor to a realm in front of it
  fails_after(3);
  w.refusal = error_code_t::kdc_err_s_principal_unknown;
  w.params.server = web();
  w.params.fallback_realm = std::optional<kerberos_string>{};
  fails_after(3);
  w.params.fallback_realm = a_org;  // where it has asked
  fails_after(3);
  w.params.server = web(a_org);  // the realm is certain
  w.params.fallback_realm = b_org;
  fails_after(3);
  w.params.server = web();  // and after a referral there is a better answer
  w.of(a_org)->elsewhere = {{"web", b_org}};
  w.refused_from = 3;
  w.params.fallback_realm = c_org;
  fails_after(4);
}

TEST_CASE("credential_client: a closer KDC is no answer where the realm is given", "[exchange][rfc4120-3.3.1]") {
  three w;
  w.of(a_org)->elsewhere = {{"C.B.A.ORG", b_org}};
  const kerberos_string parts[] = {"krbtgt"_krb, c_org};
  w.params.server = {{name_t::srv_inst, view_of<kerberos_string>(parts)}, a_org};
  client x(w.params);
  const auto c = w.get(x);
  REQUIRE(!c);
  CHECK(c.error().code == errc::name_mismatch);
  CHECK(w.asked.size() == 3);
}

TEST_CASE("credential_client: a client that its KDC renames goes on under the new name", "[exchange][rfc6806-6]") {
  three w;
  w.of(a_org)->elsewhere = {{"web", b_org}};
  w.of(b_org)->elsewhere = {{"web", c_org}};
  const kerberos_string nick[] = {"nick"_krb};
  w.params.client = {{name_t::enterprise, view_of<kerberos_string>(nick)}, a_org};
  walk steps{w};
  client x(w.params);
  REQUIRE(is<done>(steps.run(x)));
  const auto c = std::move(x).take();
  REQUIRE(c);
  CHECK(same_principal(c->client(), alice));
  CHECK(c->facts().client_renamed);
  REQUIRE(steps.searches.size() == 4);  // the service, the ticket-granting ticket, and the service in two realms
  CHECK(same_name(steps.searches.front().client.name, w.params.client.name));
  CHECK(steps.searches.front().kind == ticket_kind::asked_for);
  CHECK(steps.searches.back().kind == ticket_kind::renamed);
}

TEST_CASE("credential_client: a login that moves to another realm works in any buffer", "[exchange][rfc6806-7]") {
  for (std::size_t n = 0; n < 3000; n += 40) {
    three w;
    REQUIRE(w.of(b_org)->here.add_user("a-user-with-a-rather-long-name-that-needs-more-octets", password));
    REQUIRE(w.of(b_org)->here.add_service("HTTP/web"));
    const kerberos_string user[] = {"a-user-with-a-rather-long-name-that-needs-more-octets"_krb};
    w.of(a_org)->elsewhere = {{std::string(user[0].text()), b_org}};
    w.params.client = {{name_t::enterprise, view_of<kerberos_string>(user)}, a_org};
    w.params.follow_wrong_realm = true;
    w.params.password = {};
    w.params.may_ask = true;
    for (const bool preauth : {true, false}) {
      w.of(b_org)->here.settings.require_preauth = preauth;
      std::vector<std::uint8_t> small(n);
      w.params.buffer = small;
      w.tickets.log_off();
      walk steps{w};
      client x(w.params);
      INFO(n << " " << preauth);
      REQUIRE(is<done>(steps.run(x)));
    }
  }
}

TEST_CASE("credential_client: the name of a realm that is too long is not remembered", "[exchange]") {
  const std::string letters(256, 'L');
  for (const std::size_t size : {std::size_t{255}, std::size_t{256}}) {
    three w;
    w.of(a_org)->elsewhere = {{"bob", kerberos_string{octets_of(letters).first(size)}}};
    const kerberos_string bob[] = {"bob"_krb};
    w.params.client = {{name_t::enterprise, view_of<kerberos_string>(bob)}, a_org};
    client x(w.params);
    const auto c = w.get(x);
    REQUIRE(!c);
    CHECK(x.realm_named().has_value() == (size == 255));
  }
}

TEST_CASE("credential_client: the peer's error is not shown after a stray datagram, which may lie in its octets",
          "[exchange]") {
  three w;
  const environment<policy> env{w.crypto, w.now};
  w.params.password = {};
  w.params.may_ask = true;
  client x(w.params);
  auto s = x.start(env);
  while (is<find_credential>(s)) s = x.not_found(env);
  REQUIRE(is<send>(s));
  const auto got = w.ask(std::get<send>(s));
  REQUIRE(got);
  REQUIRE(is<need_key>(x.receive(got->octets, env)));
  CHECK(x.peer_error());
  CHECK(is<ignored>(x.receive({}, env)));
  CHECK(!x.peer_error());
}

TEST_CASE("acquire: once a stream was asked for, a stray datagram changes nothing", "[exchange][security]") {
  for (const bool told : {true, false}) {  // whether the transport tells how the KDC's answers arrive
    three w;
    REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
    client x(w.params);
    bool forged = false;
    unsigned strays = 0;
    send last{};
    std::vector<std::uint8_t> other(512);
    const auto error = [&](error_code_t code) {
      msg::KrbError e;
      e.stime = w.now.at;
      const kerberos_string krbtgt[] = {"krbtgt"_krb, a_org};
      e.realm = a_org;
      e.sname = {name_t::srv_inst, view_of<kerberos_string>(krbtgt)};
      e.error_code = code;
      return must(asn1::encode(e, other));
    };
    const auto c = acquire(x, w.tickets, w.crypto, w.now, [&](const send& s) -> result<answer> {
      if (!forged) {
        forged = true;
        return answer{error(error_code_t::krb_err_response_too_big), transport::datagram};
      }
      if (s.via == transport::stream && !s.octets.empty()) {
        last = s;
        ++strays;
        return answer{error(error_code_t::kdc_err_policy), transport::datagram};
      }
      const auto got = w.ask(s.octets.empty() ? last : s);
      if (!got || told) return got;
      return answer{got->octets};
    });
    REQUIRE(c);
    CHECK(strays == 2);  // of both requests of the login
  }
}

TEST_CASE("acquire: why an answer was passed over is the error when no other comes", "[exchange]") {
  three w;
  const std::uint8_t junk[] = {0x30, 0x03, 0x02, 0x01, 0x05};
  const auto fails = [&](std::vector<int> answers) {  // 0: junk, 1: an AS-REP of somebody, 2: none
    client x(w.params);
    std::size_t i = 0;
    std::vector<std::uint8_t> other;
    const auto c = acquire(x, w.tickets, w.crypto, w.now, [&](const send&) -> result<answer> {
      const int which = answers.at(i++);
      if (which == 0) return answer{bytes_view(junk)};
      if (which == 2) return errc::no_answer;
      msg::KrbError e;
      e.stime = w.now.at;
      const kerberos_string krbtgt[] = {"krbtgt"_krb, a_org};
      e.realm = a_org;
      e.sname = {name_t::srv_inst, view_of<kerberos_string>(krbtgt)};
      e.error_code = error_code_t::krb_err_response_too_big;
      other.resize(512);
      return answer{must(asn1::encode(e, other))};
    });
    REQUIRE(!c);
    return c.error().code;
  };
  CHECK(fails({2}) == errc::no_answer);
  CHECK(is_malformed(fails({0, 2})));
  CHECK(is_malformed(fails({0, 0, 2})));
  w.params.password = {};
  w.params.may_ask = true;
  client asks(w.params);
  CHECK(w.get(asks).error().code == errc::no_key);
}

TEST_CASE("acquire: with parameters alone, the product owns its octets and can be returned", "[exchange]") {
  world w;
  w.add(a_org).here.add_user("alice", password);
  w.of(a_org)->here.add_service("HTTP/web");
  const kerberos_string parts[] = {"HTTP"_krb, "web"_krb};
  const principal_view alice{{name_t::principal, view_of<kerberos_string>(alice_parts)}, a_org};
  const principal_view web{{name_t::srv_hst, view_of<kerberos_string>(parts)}, a_org};
  const auto ask = [&](const send& s) { return w.ask(s); };
  const auto get = [&](const principal_view& server) {
    return acquire({.client = alice, .server = server, .password = password}, w.tickets, w.crypto, w.now, ask);
  };
  const auto ticket = get(web);
  REQUIRE(ticket);
  w.reply.assign(w.reply.size(), 0);
  CHECK(same_principal((*ticket)->server(), web));
  CHECK(same_principal((*ticket)->client(), alice));
  const std::size_t requests = w.asked.size();
  CHECK(w.asked.back() == "A.ORG TGS");
  const auto again = get(web);  // from the cache
  REQUIRE(again);
  CHECK((*again)->ticket() == (*ticket)->ticket());
  CHECK(w.asked.size() == requests);

  const kerberos_string nobody_parts[] = {"HTTP"_krb, "nobody"_krb};
  const auto none = get({{name_t::srv_hst, view_of<kerberos_string>(nobody_parts)}, a_org});
  CHECK(none.error().code == errc::kdc_error);
}

TEST_CASE("acquire: a product that is too long for its place is no_space, and a larger place holds it", "[exchange]") {
  world w;
  w.add(a_org).here.add_user("alice", password);
  w.of(a_org)->here.add_service("HTTP/web");
  const kerberos_string parts[] = {"HTTP"_krb, "web"_krb};
  const credential_params<key> p{.client = {{name_t::principal, view_of<kerberos_string>(alice_parts)}, a_org},
                                 .server = {{name_t::srv_hst, view_of<kerberos_string>(parts)}, a_org},
                                 .password = password};
  const auto ask = [&](const send& s) { return w.ask(s); };
  const auto small = acquire<64>(p, w.tickets, w.crypto, w.now, ask);
  CHECK(small.error().code == errc::no_space);
  CHECK(small.error().detail > 64);
  CHECK(small.error().detail < 1024);
  CHECK(acquire<1024>(p, w.tickets, w.crypto, w.now, ask).has_value());

  // A buffer of the caller's is used, and asked to be larger
  std::array<std::uint8_t, 64> tiny{};
  credential_params<key> with_buffer = p;
  with_buffer.buffer = tiny;
  w.tickets.log_off();
  CHECK(acquire(with_buffer, w.tickets, w.crypto, w.now, ask).error().code == errc::no_space);
  std::list<std::vector<std::uint8_t>> larger;
  const auto grow = [&](std::size_t n) { return std::span(larger.emplace_back(n)); };
  CHECK(acquire(with_buffer, w.tickets, w.crypto, w.now, ask, {}, grow).has_value());
  CHECK_FALSE(larger.empty());
}

TEST_CASE("credential_client: a ticket is forwardable only if the ticket-granting ticket is",
          "[exchange][rfc4120-5.4.1]") {
  for (const bool may : {true, false}) {
    three w;
    REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
    auto* const record = w.of(a_org)->here.record("alice");
    REQUIRE(record != nullptr);
    record->attributes.set(principal_attribute::no_forwardable, !may);
    w.params.options.set(kdc_option_t::forwardable);
    client x(w.params);
    const auto c = w.get(x);
    REQUIRE(c);
    CHECK(c->facts().flags.has(ticket_flag_t::forwardable) == may);
  }
}

TEST_CASE("credential_client: the KDC's clock goes on counting after the login", "[exchange][rfc4120-3.1.5]") {
  three w;
  REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
  w.params.follow_kdc_clock = true;
  client x(w.params);
  const timestamp here{plus(noon.at, -1000), noon.usec};
  const auto c = acquire(x, w.tickets, w.crypto, here, [&](const send& s) { return w.ask(s); });
  REQUIRE(c);
  CHECK(c->kdc_clock_offset() == 1000);
}

TEST_CASE("credential_client: a ticket in the cache ends by the KDC's clock, as the login has shown it",
          "[exchange][rfc4120-3.1.5]") {
  for (const std::int64_t ahead : {1000, -1000}) {
    three w;
    REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
    w.params.follow_kdc_clock = true;
    // What is asked when the KDC's clock has gone on by so many seconds
    const auto asks = [&](std::int64_t after) {
      w.now.at = plus(noon.at, after);
      w.asked.clear();
      client x(w.params);
      const timestamp here{plus(w.now.at, -ahead), noon.usec};
      const auto c = acquire(x, w.tickets, w.crypto, here, [&](const send& s) { return w.ask(s); });
      CHECK((c && c->kdc_clock_offset() == ahead));
      return w.asked;
    };
    INFO(ahead);
    const requests login = asks(0);
    CHECK(login.size() > 2);
    CHECK(asks(1).empty());
    const std::int64_t life = 36000, least = w.params.least_lifetime;
    CHECK(asks(life - least).empty());
    CHECK(asks(life - least + 1) == login);  // of the caller's clock there would be more time, or none long before
  }
}

TEST_CASE("credential_client: a credential that ends too early by the KDC's clock is refused", "[exchange]") {
  three w;
  REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
  {
    client x(w.params);
    REQUIRE(w.get(x));
  }
  const auto* const ticket = w.tickets.find(alice, web(a_org), w.now.at);
  REQUIRE(ticket != nullptr);
  w.params.buffer = w.second;
  w.params.least_lifetime = 36000 - 10;
  const environment<policy> env{w.crypto, w.now};
  for (const std::int64_t ahead : {-10, 0, 10, 11}) {
    basic_credential<key> c(ticket->facts(), ticket->session_key().copy());
    c.set_kdc_clock_offset(ahead);
    client x(w.params);
    (void)x.start(env);
    INFO(ahead);
    CHECK(is<done>(x.found(c, env)) == (ahead <= 10));
  }
}

TEST_CASE("credential_client: anonymity is no option of somebody with a name", "[exchange][rfc6112-4]") {
  three w;
  w.params.options.set(kdc_option_t::request_anonymous);
  client x(w.params);
  CHECK(w.get(x).error().code == errc::api_misuse);
}

TEST_CASE("credential_client: the answer to a search is the one that needed a buffer", "[exchange]") {
  three w;
  const environment<policy> env{w.crypto, w.now};
  {
    client fills(w.params);
    REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
    REQUIRE(w.get(fills));
  }
  const kerberos_string parts[] = {"krbtgt"_krb, a_org};
  const auto* const tgt = w.tickets.find(alice, {{name_t::srv_inst, view_of<kerberos_string>(parts)}, a_org}, w.now.at);
  REQUIRE(tgt != nullptr);
  std::vector<std::uint8_t> small(tgt->ticket().size() + 200), large(8192);
  w.params.buffer = small;
  const auto misused = [](const client::step& s) {
    const auto* f = std::get_if<failed>(&s);
    return f != nullptr && f->why.code == errc::api_misuse;
  };
  {
    client x(w.params);
    (void)x.start(env);
    (void)x.not_found(env);
    REQUIRE(is<need_buffer>(x.found(*tgt, env)));
    CHECK(misused(x.not_found(env)));
  }
  w.params.buffer = std::span(small).first(60);
  client x(w.params);
  (void)x.start(env);
  (void)x.not_found(env);
  REQUIRE(is<need_buffer>(x.not_found(env)));
  CHECK(misused(x.found(*tgt, env)));
}

TEST_CASE("credential_client: a search is answered by the clock that it was made with", "[exchange]") {
  three w;
  REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
  {
    client x(w.params);
    REQUIRE(w.get(x));
  }
  const auto* const ticket = w.tickets.find(alice, web(a_org), w.now.at);
  REQUIRE(ticket != nullptr);
  w.params.buffer = w.second;
  w.params.least_lifetime = 36000;
  client x(w.params);
  (void)x.start(environment<policy>{w.crypto, w.now});
  CHECK(is<done>(x.found(*ticket, environment<policy>{w.crypto, {plus(w.now.at, 5), w.now.usec}})));
}

TEST_CASE("credential_client: a ticket of the fallback realm is found from any buffer", "[exchange]") {
  for (std::size_t n = 0; n < 3000; n += 60) {
    three w;
    {
      w.params.server = web(c_org);
      client x(w.params);
      REQUIRE(w.get(x));
    }
    std::vector<std::uint8_t> small(n);
    w.params.server = web();
    w.params.fallback_realm = c_org;
    w.params.buffer = small;
    walk steps{w};
    client x(w.params);
    INFO(n);
    REQUIRE(is<done>(steps.run(x)));
  }
}

TEST_CASE("credential_client: the last ticket is in its buffer, which is not replaced any more", "[exchange]") {
  three w;
  REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
  client x(w.params);
  const environment<policy> env{w.crypto, w.now};
  std::vector<std::uint8_t> large(2 * w.buffer.size());
  client::step s = x.start(env);
  bool last = false;
  for (unsigned steps = 0; !is<done>(s) && !is<failed>(s) && steps != 20; ++steps) {
    if (is<find_credential>(s)) {
      s = x.not_found(env);
    } else if (const auto* t = std::get_if<store_credential<key>>(&s)) {
      last = same_name(t->credential->server().name, web().name);
      if (last) CHECK_FALSE(x.set_buffer(large));
      s = x.stored(env);
    } else {
      REQUIRE(is<send>(s));
      const auto got = w.ask(std::get<send>(s));
      REQUIRE(got);
      s = x.receive(got->octets, env, got->arrived);
    }
  }
  REQUIRE(is<done>(s));
  CHECK(last);
  const auto c = std::move(x).take();
  REQUIRE(c);
  CHECK(c->ticket().data() >= w.buffer.data());
  CHECK(c->ticket().data() < w.buffer.data() + w.buffer.size());
}

TEST_CASE("acquire: the rest of the buffer is free for the next exchange", "[exchange]") {
  const auto free = [](basic_credential<key>& c, std::span<std::uint8_t> buffer) {
    const std::vector<std::uint8_t> ticket(c.ticket().begin(), c.ticket().end());
    const std::size_t used = c.octets_used();
    CHECK(used >= ticket.size());
    CHECK(used < 1500);
    const auto rest = c.release_rest();
    CHECK(rest.data() == buffer.data() + used);
    CHECK(rest.size() == buffer.size() - used);
    CHECK(c.release_rest().empty());
    std::fill(rest.begin(), rest.end(), std::uint8_t{0xee});
    CHECK(c.ticket() == bytes_view(ticket));
    CHECK(asn1::decode<msg::Ticket>(c.ticket()));
    CHECK(c.client().realm == a_org);
    CHECK(!same_principal(c.client(), c.server()));
  };
  three w;
  REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
  {
    client x(w.params);  // issued by a KDC
    auto c = w.get(x);
    REQUIRE(c);
    free(*c, w.buffer);
  }
  {
    w.params.buffer = w.second;
    client x(w.params);  // from the cache
    auto c = w.get(x);
    REQUIRE(c);
    CHECK(w.asked.size() == 3);
    free(*c, w.second);
  }
  const kerberos_string parts[] = {"krbtgt"_krb, a_org};
  w.params.server = {{name_t::srv_inst, view_of<kerberos_string>(parts)}, {}};
  {
    client x(w.params);  // the ticket-granting ticket itself, from the cache
    auto c = w.get(x);
    REQUIRE(c);
    free(*c, w.second);
  }
}

TEST_CASE("credential_client: a ticket-granting ticket that is the product is at the front of its buffer",
          "[exchange]") {
  three w;
  w.of(a_org)->here.settings.renewable = true;
  w.params.renew_lifetime = 7 * 86400;
  const kerberos_string parts[] = {"krbtgt"_krb, a_org};
  w.params.server = {{name_t::srv_inst, view_of<kerberos_string>(parts)}, {}};
  {
    client x(w.params);
    REQUIRE(w.get(x));
  }
  const auto* const tgt = w.tickets.find(alice, {w.params.server.name, a_org}, w.now.at);
  REQUIRE(tgt != nullptr);
  const std::size_t n = detail::packed_facts(tgt->facts()).size();
  for (const std::size_t size : {n, n + 1, n + n / 2, 2 * n, 3 * n}) {  // where it moves over itself, and where not
    std::vector<std::uint8_t> buffer(size);
    w.params.buffer = buffer;
    client x(w.params);
    const environment<policy> env{w.crypto, w.now};
    REQUIRE(is<find_credential>(x.start(env)));
    REQUIRE(is<done>(x.found(*tgt, env)));
    const auto c = std::move(x).take();
    REQUIRE(c);
    CHECK(c->ticket() == tgt->ticket());
    CHECK(same_principal(c->client(), alice));
    CHECK(same_principal(c->server(), tgt->server()));
    CHECK(c->octets_used() == n);
    CHECK(c->ticket().data() + c->ticket().size() == buffer.data() + n);
  }
}
