// A trace: which events an acquisition tells, that it costs nothing without a sink, and that no event can hold a
// secret.
#include <kerb/exchange/trace.hpp>

#include "support/traced_walk.hpp"

using namespace kerb_test;

namespace {

struct nothing {
  constexpr void operator()(timestamp, const trace_event&) const {}
};
using traced_with_nothing = traced<policy, nothing>;

static_assert(!traced_policy<policy> && traced_policy<traced_with_nothing>);
static_assert(crypto_policy<traced_with_nothing>);
// An exchange has the same size with a sink as without
static_assert(sizeof(credential_client<policy>) == sizeof(credential_client<traced_with_nothing>));
static_assert(sizeof(as_client<policy>) == sizeof(as_client<traced_with_nothing>));
static_assert(sizeof(tgs_client<policy>) == sizeof(tgs_client<traced_with_nothing>));

/// What makes an event is not even compiled for a policy without a sink: this one would not compile.
template <class C>
constexpr bool tells_nothing() {
  policy crypto;
  detail::tell(environment<C>{crypto, noon}, [](auto... nobody_calls_this) {
    static_assert(sizeof...(nobody_calls_this) != 0, "an event is made without a sink");
    return trace::clock_learnt{};
  });
  return true;
}
static_assert(tells_nothing<policy>());

template <class Event, class... Secrets>
inline constexpr bool holds_none = (!std::constructible_from<Event, Secrets> && ...);
template <class... Events>
constexpr bool no_event_holds(std::variant<Events...>*) {
  // Nothing to destroy, so nothing to wipe: a secret or a key would have to be
  return (std::is_trivially_copyable_v<Events> && ...) && (std::is_trivially_destructible_v<Events> && ...);
}
static_assert(no_event_holds(static_cast<trace_event*>(nullptr)));
static_assert(!std::constructible_from<trace_event, key> && !std::constructible_from<trace_event, secret_view> &&
              !std::constructible_from<trace_event, bytes_view>);

/// Names of the events, in order.
struct recorder {
  std::vector<std::string> seen;
  std::vector<std::size_t> sizes;

  void operator()(timestamp at, const trace_event& e) {
    CHECK((at == noon || at == timestamp{plus(noon.at, 1000), noon.usec}));  // also the clock of a KDC
    seen.push_back(kind(e));
  }
  static std::string realm(kerberos_string r) { return std::string(r.text()); }
  static std::string kind(const trace_event& event) {
    namespace t = trace;
    return match(
        event, [](const t::cache_searched&) { return std::string("search"); },
        [](const t::cache_hit&) { return std::string("hit"); },
        [](const t::cache_missed&) { return std::string("miss"); },
        [](const t::login_begun&) { return std::string("login"); },
        [](const t::ticket_wanted& e) { return (e.renewal ? "renew at " : "want from ") + realm(e.realm); },
        [](const t::request_made& e) {
          CHECK(e.octets != 0);
          return (e.initial ? "AS-REQ " : "TGS-REQ ") + realm(e.realm);
        },
        [](const t::refusal_arrived& e) { return "error " + std::to_string(static_cast<int>(e.code)); },
        [](const t::reply_arrived& e) { return (e.initial ? "AS-REP " : "TGS-REP ") + realm(e.realm); },
        [](const t::answer_ignored&) { return std::string("ignored"); },
        [](const t::preauth_chosen& e) { return "preauth " + std::to_string(static_cast<int>(e.type)); },
        [](const t::key_chosen& e) { return "key " + std::to_string(static_cast<int>(e.etype)); },
        [](const t::clock_learnt& e) { return "clock " + std::to_string(e.ahead); },
        [](const t::ticket_issued& e) {
          CHECK(e.octets != 0);
          return "ticket " + std::to_string(static_cast<int>(e.sealed_with));
        },
        [](const t::referred& e) { return realm(e.from) + " to " + realm(e.to); },
        [](const t::redirect& e) { return (e.followed ? "follows " : "does not follow ") + realm(e.to); },
        [](const t::fallback_used& e) { return "fallback " + realm(e.realm); },
        [](const t::exchange_failed& e) { return "failed " + std::string(name_of(e.why.code)); });
  }
};
using events = std::vector<std::string>;

/// A client of `w` with a sink.
events trace_of(world& w, credential_params<key> p, bool succeeds = true,
                const std::function<result<answer>(const send&)>& ask = {}) {
  recorder sink;
  traced<policy, recorder> crypto(sink);
  credential_client<traced<policy, recorder>> x(p);
  const auto c = acquire(x, w.tickets, crypto, w.now, [&](const send& s) { return ask ? ask(s) : w.ask(s); });
  CHECK(c.has_value() == succeeds);
  return sink.seen;
}

}  // namespace

TEST_CASE("trace: an acquisition tells where it looks, whom it asks and what it decides", "[exchange]") {
  recorder sink;
  walk_referrals(sink);
  CHECK(sink.seen == events{"search",
                            "miss",
                            "search",
                            "miss",
                            "login",
                            "AS-REQ A.ORG",
                            "error 25",
                            "preauth 2",
                            "key 18",
                            "AS-REQ A.ORG",
                            "AS-REP A.ORG",
                            "ticket 18",
                            "want from A.ORG",
                            "TGS-REQ A.ORG",
                            "TGS-REP A.ORG",
                            "ticket 18",
                            "A.ORG to B.A.ORG",
                            "search",
                            "miss",
                            "want from B.A.ORG",
                            "TGS-REQ B.A.ORG",
                            "TGS-REP B.A.ORG",
                            "ticket 18",
                            "B.A.ORG to C.B.A.ORG",
                            "search",
                            "miss",
                            "want from C.B.A.ORG",
                            "TGS-REQ C.B.A.ORG",
                            "TGS-REP C.B.A.ORG",
                            "ticket 18"});
}

TEST_CASE("trace: what the cache has, a renewal, and a buffer that is too small are told once", "[exchange]") {
  three w;
  w.of(a_org)->here.settings.renewable = true;
  REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
  REQUIRE(w.of(a_org)->here.add_service("ldap/web"));
  w.params.renew_lifetime = 86400;
  {
    client x(w.params);
    REQUIRE(w.get(x));
  }
  CHECK(trace_of(w, w.params) == events{"search", "hit"});
  const kerberos_string parts[] = {"ldap"_krb, "web"_krb};
  w.params.server = {{name_t::srv_inst, view_of<kerberos_string>(parts)}, {}};
  w.params.renew_before = 100000;
  const events renews = trace_of(w, w.params);
  CHECK(renews == events{"search", "miss", "search", "hit", "renew at A.ORG", "TGS-REQ A.ORG", "TGS-REP A.ORG",
                         "ticket 18", "want from A.ORG", "TGS-REQ A.ORG", "TGS-REP A.ORG", "ticket 18"});
  for (std::size_t n = 0; n < 4000; n += 200) {
    w.tickets.log_off();
    {
      client x(credential_params<key>{
          .client = alice, .server = web(), .buffer = w.second, .password = password, .renew_lifetime = 86400});
      REQUIRE(w.get(x));
    }
    recorder sink;
    traced<policy, recorder> crypto(sink);
    std::list<std::vector<std::uint8_t>> buffers;
    credential_params<key> p = w.params;
    p.buffer = buffers.emplace_back(n);
    credential_client<traced<policy, recorder>> x(p);
    const auto c = acquire(
        x, w.tickets, crypto, w.now, [&](const send& s) { return w.ask(s); }, {},
        [&](std::size_t more) { return std::span<std::uint8_t>(buffers.emplace_back(more)); });
    REQUIRE(c);
    events seen;  // a reply that needed a larger buffer arrived twice: the caller has repeated receive()
    for (const std::string& s : sink.seen)
      if (seen.empty() || seen.back() != s) seen.push_back(s);
    INFO(n);
    CHECK(seen == renews);
  }
}

TEST_CASE("trace: refusals, what is ignored, redirects, the fallback and the clock are told", "[exchange]") {
  three w;
  SECTION("an unknown service, and the fallback realm") {
    w.params.fallback_realm = c_org;
    const events seen = trace_of(w, w.params);
    const auto at = std::find(seen.begin(), seen.end(), "fallback C.B.A.ORG");
    REQUIRE(at != seen.end());
    CHECK(*(at - 1) == "failed kdc_error");
    CHECK(*(at - 2) == "error 7");
  }
  SECTION("a redirect") {
    const kerberos_string bob[] = {"bob"_krb};
    w.of(a_org)->elsewhere = {{"bob", b_org}};
    w.params.client = {{name_t::enterprise, view_of<kerberos_string>(bob)}, a_org};
    const events seen = trace_of(w, w.params, false);
    CHECK(seen.back() == "does not follow B.A.ORG");
    w.params.follow_wrong_realm = true;
    const events follows = trace_of(w, w.params, false);
    CHECK(std::find(follows.begin(), follows.end(), "follows B.A.ORG") != follows.end());
  }
  SECTION("octets that are no message") {
    REQUIRE(w.of(a_org)->here.add_service("HTTP/web"));
    bool strange = true;
    const std::uint8_t noise[] = {1, 2, 3};
    std::vector<std::uint8_t> waiting;
    const events seen = trace_of(w, w.params, true, [&](const send& s) -> result<answer> {
      if (!s.octets.empty()) waiting.assign(s.octets.begin(), s.octets.end());
      if (std::exchange(strange, false)) return answer(bytes_view(noise));
      send again = s;
      again.octets = waiting;
      return w.ask(again);
    });
    CHECK(std::find(seen.begin(), seen.end(), "ignored") != seen.end());
  }
  SECTION("the KDC's clock") {
    w.params.follow_kdc_clock = true;
    w.places.front().here.settings.max_life = 36000;
    bool skew = true;
    const events seen = trace_of(w, w.params, false, [&](const send& s) -> result<answer> {
      if (!std::exchange(skew, false)) return errc::no_answer;
      msg::KrbError e;
      e.stime = plus(w.now.at, 1000);
      e.error_code = error_code_t::krb_ap_err_skew;
      e.realm = s.realm;
      const kerberos_string krbtgt[] = {"krbtgt"_krb, s.realm};
      e.sname = {name_t::srv_inst, view_of<kerberos_string>(krbtgt)};
      w.reply.assign(1000, 0);
      return answer(must(asn1::encode(e, w.reply)));
    });
    CHECK(std::find(seen.begin(), seen.end(), "clock 1000") != seen.end());
  }
}
