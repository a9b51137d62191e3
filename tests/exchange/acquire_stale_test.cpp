// What a client does with tickets of its cache that a KDC does not accept any more, with replies that anyone can send
// again, and with views of a buffer that it has left.
#include <kerb/exchange/trace.hpp>
#include <memory>

#include "support/acquire_world.hpp"

using namespace kerb_test;

namespace {
using octet_list = std::vector<std::uint8_t>;
octet_list copy(bytes_view v) { return {v.begin(), v.end()}; }

/// A realm with two services, whose KDC has a clock of its own.
struct two_clocks : world {
  std::int64_t mine = 0, kdcs = 0;  ///< seconds after noon
  std::int64_t drift = 0;           ///< of the KDC's clock, from one request to the next
  static constexpr kerberos_string hosts[] = {"web"_krb, "two"_krb, "three"_krb};

  two_clocks() {
    REQUIRE(add(a_org).here.add_user("alice", password));
    for (const kerberos_string h : hosts) REQUIRE(of(a_org)->here.add_service("HTTP/" + text(h)));
  }
  /// Gets a ticket for one of the services; what happened is in `asked`.
  result<owned_credential<key>> get(std::size_t service, credential_params<key> p) {
    const kerberos_string parts[] = {"HTTP"_krb, hosts[service]};
    p.client = alice;
    p.server = {{name_t::srv_inst, view_of<kerberos_string>(parts)}, a_org};
    asked.clear();
    const timestamp here{plus(noon.at, mine), {0}};
    return acquire(std::move(p), tickets, crypto, here, [&](const send& s) {
      now = {plus(noon.at, kdcs += drift), {0}};
      return ask(s);
    });
  }
};
const requests login_and_ticket{"A.ORG AS", "A.ORG AS", "A.ORG TGS"}, ticket{"A.ORG TGS"},
    two_tries{"A.ORG TGS", "A.ORG TGS"}, login_after_refusal{"A.ORG TGS", "A.ORG AS", "A.ORG AS", "A.ORG TGS"};
credential_params<key> with_password(bool follow) {
  credential_params<key> p;
  p.password = password;
  p.follow_kdc_clock = follow;
  return p;
}
}  // namespace

TEST_CASE("credential_client: a machine whose clock was set goes on with the tickets of its cache",
          "[exchange][rfc4120-3.1.5]") {
  for (const bool follow : {true, false}) {
    for (const bool has_password : {true, false}) {
      two_clocks w;
      w.mine = -3600;
      REQUIRE(w.get(0, with_password(true)));
      w.mine = w.kdcs = 60;  // the machine's clock was set; the cached ticket has an offset of an hour
      auto p = with_password(follow);
      if (!has_password) p.password = {};
      const auto c = w.get(1, std::move(p));
      REQUIRE(c);
      CHECK(w.asked == two_tries);
      CHECK((*c)->kdc_clock_offset() == 0);
    }
  }
}

TEST_CASE("credential_client: after KRB_AP_ERR_SKEW it takes the KDC's clock only if it may, and once",
          "[exchange][rfc4120-3.1.5]") {
  const auto ask = [](bool follow, bool has_password, std::int64_t later) {
    two_clocks w;
    REQUIRE(w.get(0, with_password(false)));
    w.kdcs = later;  // the clocks part after the login
    auto p = with_password(follow);
    if (!has_password) p.password = {};
    const auto c = w.get(1, std::move(p));
    return std::pair(c ? errc::ok : c.error().code, w.asked);
  };
  CHECK(ask(true, false, 3600) == std::pair(errc::ok, two_tries));
  CHECK(ask(true, true, 3600) == std::pair(errc::ok, two_tries));
  const auto no = ask(false, false, 3600);
  CHECK(no.first == errc::clock_skew);
  CHECK(no.second == ticket);
  // With the password it logs in again; as that may not follow the clock, it fails with the same reason
  const auto again = ask(false, true, 3600);
  CHECK(again.first == errc::clock_skew);
  CHECK(again.second.front() == "A.ORG TGS");
  CHECK(again.second.at(1) == "A.ORG AS");
  // More than max_clock_offset
  two_clocks w;
  auto p = with_password(true);
  p.lifetime = 0;
  w.of(a_org)->here.settings.max_life = 400000;
  REQUIRE(w.get(0, std::move(p)));
  w.kdcs = 100000;
  auto q = with_password(true);
  q.password = {};
  CHECK(w.get(1, std::move(q)).error().code == errc::clock_skew);
  CHECK(w.asked == ticket);
}

TEST_CASE("credential_client: a forged KRB_AP_ERR_SKEW costs one more request", "[exchange][security]") {
  two_clocks w;
  REQUIRE(w.get(0, with_password(false)));
  w.refusal = error_code_t::krb_ap_err_skew;
  auto p = with_password(true);
  p.password = {};
  w.drift = 40;  // another time in each forged error
  CHECK(w.get(1, std::move(p)).error().code == errc::clock_skew);
  CHECK(w.asked == two_tries);
}

TEST_CASE("credential_client: a ticket-granting ticket that the KDC refuses is replaced where a secret is there",
          "[exchange][rfc4120-3.3.3]") {
  for (const error_code_t code :
       {error_code_t::krb_ap_err_tkt_expired, error_code_t::kdc_err_tgt_revoked, error_code_t::krb_ap_err_bad_integrity,
        error_code_t::krb_ap_err_badkeyver, error_code_t::krb_ap_err_nokey, error_code_t::krb_ap_err_tkt_nyv}) {
    two_clocks w;
    REQUIRE(w.get(0, with_password(false)));
    w.refusal = code;  // of every TGS-REQ
    const auto no = w.get(1, with_password(false));
    CHECK(no.error().code == errc::kdc_error);
    CHECK(no.error().detail == static_cast<std::uint32_t>(code));
    CHECK(w.asked == login_after_refusal);  // once
    for (const bool may_ask : {true, false}) {
      auto p = with_password(false);
      if (!may_ask) p.login = false;
      else p.password = {}, p.may_ask = true;
      CHECK(w.get(2, std::move(p)).error().detail == static_cast<std::uint32_t>(code));
      CHECK(w.asked == ticket);
    }
  }
  two_clocks other;
  REQUIRE(other.get(0, with_password(false)));
  other.refusal = error_code_t::kdc_err_policy;  // that is no fault of the ticket
  CHECK(other.get(1, with_password(false)).error().code == errc::kdc_error);
  CHECK(other.asked == ticket);
}

TEST_CASE("credential_client: a clock that is behind does not keep an expired ticket-granting ticket",
          "[exchange][rfc4120-3.3.3]") {
  two_clocks w;
  auto p = with_password(true);
  p.lifetime = 3600;
  REQUIRE(w.get(0, std::move(p)));
  w.mine = 3000;
  w.kdcs = 4800;
  const auto c = w.get(1, with_password(true));
  REQUIRE(c);
  CHECK((*c)->endtime() > plus(noon.at, 4800));
  CHECK(w.asked.front() == "A.ORG TGS");
  CHECK(w.asked.back() == "A.ORG TGS");
  REQUIRE(w.get(2, with_password(true)));
  CHECK(w.asked == ticket);  // the cache has the new one
}

TEST_CASE("credential_client: a ticket-granting ticket of another realm that its KDC refuses is got again",
          "[exchange][rfc4120-3.3.3]") {
  three w;
  w.params.server = web(b_org);
  REQUIRE(w.of(b_org)->here.add_service("HTTP/web"));
  REQUIRE(w.of(b_org)->here.add_service("HTTP/two"));
  {
    client x(w.params);
    REQUIRE(w.get(x));
  }
  const kerberos_string two[] = {"HTTP"_krb, "two"_krb};
  w.params.server = {{name_t::srv_inst, view_of<kerberos_string>(two)}, b_org};
  w.params.buffer = w.second;
  w.params.password = {};
  w.asked.clear();
  client x(w.params);
  bool refused_once = false;
  const auto c = acquire(x, w.tickets, w.crypto, w.now, [&](const send& s) {
    w.refusal = std::exchange(refused_once, true) ? std::optional<error_code_t>()
                                                  : std::optional(error_code_t::krb_ap_err_tkt_expired);
    return w.ask(s);
  });
  REQUIRE(c);
  CHECK(w.asked == requests{"B.A.ORG TGS", "A.ORG TGS", "B.A.ORG TGS"});
}

TEST_CASE("credential_client: a client that a KDC renames logs in each time", "[exchange][rfc6806-6]") {
  three w;
  REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
  const kerberos_string nick[] = {"nick"_krb};
  w.params.client = {{name_t::enterprise, view_of<kerberos_string>(nick)}, a_org};
  for (int i = 0; i != 2; ++i) {
    w.asked.clear();
    client x(w.params);
    const auto c = w.get(x);
    REQUIRE(c);
    REQUIRE(same_principal(c->client(), alice));
    CHECK(w.asked == login_and_ticket);
  }
  // The new name is not authenticated: under it alone nothing is found
  w.params.client = alice;
  w.params.login = false;
  client x(w.params);
  CHECK(w.get(x).error().code == errc::no_tgt);
}

TEST_CASE("credential_client: a thousand recorded replies use up nothing of its buffer",
          "[exchange][rfc4120-3.1.5][security]") {
  octet_list recorded;
  const auto run = [&](std::size_t size, bool attacked) -> std::size_t {
    three w;
    REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
    octet_list buffer(size), drawn(attacked ? 7 : 0);
    REQUIRE(w.crypto.fill(drawn));  // other nonces than those that were recorded
    w.params.buffer = buffer;
    client x(w.params);
    const environment<policy> env{w.crypto, w.now, {}};
    client::step s = x.start(env);
    for (;;) {
      if (is<done>(s)) return 0;
      if (const auto* n = std::get_if<need_buffer>(&s)) return n->size;
      if (is<find_credential>(s)) {
        s = x.not_found(env);
      } else if (is<store_credential<key>>(s)) {
        s = x.stored(env);
      } else {
        REQUIRE(is<send>(s));
        const auto got = w.ask(std::get<send>(s));
        REQUIRE(got);
        if (!attacked && w.reply[0] == 0x6b) recorded = copy(got->octets);
        for (int i = 0; attacked && i != 1000; ++i) {
          const auto no = x.receive(recorded, env, transport::datagram);
          const auto* const why = std::get_if<ignored>(&no);
          REQUIRE(why != nullptr);
          if (w.asked.back() == "A.ORG AS") REQUIRE(why->why.code == errc::nonce_mismatch);
        }
        s = x.receive(got->octets, env);
      }
    }
  };
  std::size_t size = 0;
  while (const std::size_t n = run(size, false)) size = n;
  CHECK(run(size, true) == 0);
}

TEST_CASE("credential_client: after set_buffer() it views nothing of the old buffer, also for a trace",
          "[exchange][security]") {
  struct sink {
    std::vector<std::string> referred;
    void operator()(timestamp, const trace_event& e) {
      if (const auto* r = std::get_if<trace::referred>(&e))
        referred.push_back(world::text(r->from) + ">" + world::text(r->to));
    }
  };
  using traced_policy = traced<policy, sink>;
  const octet_list data(3000, 7);
  const msg::AuthorizationDataElement elements[] = {{ad_t(9000), bytes_view(data)}};
  three w;
  REQUIRE(w.of(b_org)->here.add_service("HTTP/web"));
  octet_list kdcs_buffer(65536);
  const auto answer_of = [&](const send& s) {  // with a large ticket-granting ticket for the other realm
    place* const p = w.of(s.realm);
    REQUIRE(p != nullptr);
    kdc<policy> x(p->here.settings, kdcs_buffer);
    const auto decide = [&](const auto& y) -> decision {
      issue_options o;
      if (y.tgs() && detail::krbtgt_realm(y.tgs()->draft().server.name))
        o.authorization_data = view_of<msg::AuthorizationDataElement>(elements);
      return o;
    };
    return copy(must(serve(x, s.octets, w.crypto, *p, w.now, {}, decide)));
  };
  unsigned adopted_in_a_new_buffer = 0;
  for (std::size_t size = 400; size < 9000; size += 150) {
    INFO(size);
    sink seen;
    traced_policy p(seen);
    auto buffer = std::make_unique<octet_list>(size);
    credential_params<key> params{.client = alice, .server = web(b_org)};
    params.buffer = *buffer;
    params.password = password;
    credential_client<traced_policy> x(std::move(params));
    const environment<traced_policy> env{p, w.now, {}};
    octet_list message;
    using step = credential_client<traced_policy>::step;
    std::function<step()> call = [&]() -> step { return x.start(env); };
    step s = call();
    while (!is<done>(s)) {
      if (const auto* n = std::get_if<need_buffer>(&s)) {
        adopted_in_a_new_buffer += !seen.referred.empty() && !message.empty() && message[0] == 0x6d;
        auto larger = std::make_unique<octet_list>(n->size);
        REQUIRE(x.set_buffer(*larger));
        std::fill(buffer->begin(), buffer->end(), std::uint8_t{'?'});
        buffer = std::move(larger);
      } else if (is<find_credential>(s)) {
        call = [&]() -> step { return x.not_found(env); };
      } else if (is<store_credential<key>>(s)) {
        call = [&]() -> step { return x.stored(env); };
      } else {
        REQUIRE(is<send>(s));
        message = answer_of(std::get<send>(s));
        call = [&]() -> step { return x.receive(message, env); };
      }
      s = call();
    }
    CHECK(seen.referred == requests{"A.ORG>B.A.ORG"});
  }
  CHECK(adopted_in_a_new_buffer != 0);
}
