// examples/kdc between realms of MIT's: A.TEST - OWN.TEST - C.TEST - FAR.TEST, in both directions.
#include <sys/time.h>

#include <kerb/botan.hpp>

#include <map>

#include "examples/support/posix_transport.hpp"
#include "own_kdc.hpp"

using namespace own;

namespace {
using example::throwaway_kdc;
using storage = std::array<std::uint8_t, 16384>;

const char* const capaths =
    "[capaths]\n"
    " A.TEST = {\n  C.TEST = OWN.TEST\n  FAR.TEST = OWN.TEST\n  FAR.TEST = C.TEST\n }\n"
    " C.TEST = {\n  A.TEST = OWN.TEST\n }\n"
    " FAR.TEST = {\n  OWN.TEST = C.TEST\n  A.TEST = C.TEST\n  A.TEST = OWN.TEST\n }\n"
    " OWN.TEST = {\n  FAR.TEST = C.TEST\n }\n";

/// The four KDCs, all of them started when the first test needs them.
struct chain {
  std::unique_ptr<throwaway_kdc> a, c, far;
  std::unique_ptr<kdc_process> own;

  static std::unique_ptr<throwaway_kdc> mit(const std::string& realm, const std::string& commands) {
    return std::make_unique<throwaway_kdc>(example::kdc_setup{
        .realm = realm,
        .commands = commands,
        .libdefaults = std::string("[appdefaults]\n[domain_realm]\n .own.test = OWN.TEST\n") + capaths});
  }
  chain() {
    a = mit("A.TEST",
            "addprinc -pw annapw anna\naddprinc -pw roamerpw roamer\naddprinc -randkey HTTP/web.a.test\n"
            "addprinc -pw own-to-a krbtgt/A.TEST@OWN.TEST\naddprinc -pw a-to-own krbtgt/OWN.TEST@A.TEST\n"
            "ktadd -norandkey -k services.keytab HTTP/web.a.test\n");
    c = mit("C.TEST",
            "addprinc -pw carolpw carol\naddprinc -randkey HTTP/web.c.test\n"
            "addprinc -pw own-to-c krbtgt/C.TEST@OWN.TEST\naddprinc -pw c-to-own krbtgt/OWN.TEST@C.TEST\n"
            "addprinc -pw far-to-c krbtgt/C.TEST@FAR.TEST\naddprinc -pw c-to-far krbtgt/FAR.TEST@C.TEST\n"
            "ktadd -norandkey -k services.keytab HTTP/web.c.test\n");
    far = mit("FAR.TEST",
              "addprinc -pw faridpw farid\naddprinc -randkey HTTP/web.far.test\n"
              "addprinc -pw far-to-c krbtgt/C.TEST@FAR.TEST\naddprinc -pw c-to-far krbtgt/FAR.TEST@C.TEST\n"
              "ktadd -norandkey -k services.keytab HTTP/web.far.test\n");
    own = start(std::string(principals) + "capath FAR.TEST OWN.TEST C.TEST\n", "chain");
    write_file("chain.conf", configuration(own->port()));
  }
  static std::unique_ptr<kdc_process> start(const std::string& text, const std::string& name) {
    return std::make_unique<kdc_process>(std::vector<std::string>{
        "--realm", "OWN.TEST", "--principals", write_file(name, text), "--keys", path("chain.keytab")});
  }
  std::string configuration(const std::string& own_port) const {
    return client_configuration("OWN.TEST",
                                {{"OWN.TEST", own_port},
                                 {"A.TEST", std::to_string(a->port())},
                                 {"C.TEST", std::to_string(c->port())},
                                 {"FAR.TEST", std::to_string(far->port())}},
                                "", capaths);
  }
};
chain* realms() {
  if (!throwaway_kdc::installed()) {
    WARN("there is no MIT KDC here (packages krb5-kdc and krb5-admin-server): nothing is tested");
    return nullptr;
  }
  static chain all;
  return &all;
}

mit_client logged_in(const std::string& who, const std::string& password,
                     const std::string& configuration = "chain.conf") {
  mit_client m(path(configuration));
  const outcome o = m.kinit(who, password);
  INFO(o.said);
  REQUIRE(o.status == 0);
  return m;
}
/// A service ticket that MIT's krb5_rd_req accepts, which checks the realms on its way: whose, and what these are.
void check_accepted(const mit_client& m, const std::string& service, const std::string& keytab,
                    const std::string& client, const std::string& transited) {
  const outcome o = m.kvno(service);
  INFO(o.said);
  CHECK(o.status == 0);
  auto told = m.peer("through " + m.cache() + " " + service + " FILE:" + keytab);
  CHECK(told["client"] == client);
  CHECK(told["transited"] == transited);
  CHECK(told["transited_checked"] == "1");
  CHECK(told.count("over") == 1);
}
}  // namespace

TEST_CASE("own kdc: a client of an MIT realm reaches a service of ours", "[own][realms]") {
  chain* const r = realms();
  if (r == nullptr) return;
  const mit_client m = logged_in("anna@A.TEST", "annapw");
  const outcome o =
      run(variable("KERB_KDC") + " --realm OWN.TEST --principals " + path("chain") + " --keys " + path("chain.keytab") +
              " --export-keytab " + path("chain-web.keytab") + " HTTP/web.own.test",
          {});
  REQUIRE(o.status == 0);
  check_accepted(m, "HTTP/web.own.test@OWN.TEST", path("chain-web.keytab"), "anna@A.TEST", "");
  // MIT put a PAC into the ticket-granting ticket; nobody here could sign it again
  auto told = m.peer("through " + m.cache() + " HTTP/web.own.test@OWN.TEST FILE:" + path("chain-web.keytab"));
  CHECK(told.count("authdata128") == 0);
}

TEST_CASE("own kdc: a client of ours reaches a service of an MIT realm", "[own][realms]") {
  chain* const r = realms();
  if (r == nullptr) return;
  const mit_client m = logged_in("alice", "alicepw");
  check_accepted(m, "HTTP/web.a.test@A.TEST", r->a->path("services.keytab"), "alice@OWN.TEST", "");
  check_accepted(m, "HTTP/web.c.test@C.TEST", r->c->path("services.keytab"), "alice@OWN.TEST", "");
  check_accepted(m, "HTTP/web.far.test@FAR.TEST", r->far->path("services.keytab"), "alice@OWN.TEST", "C.TEST");
}

TEST_CASE("own kdc: a client of an MIT realm reaches a service of another through us, in both directions",
          "[own][realms]") {
  chain* const r = realms();
  if (r == nullptr) return;
  const std::string before = r->own->log();
  check_accepted(logged_in("anna@A.TEST", "annapw"), "HTTP/web.c.test@C.TEST", r->c->path("services.keytab"),
                 "anna@A.TEST", "OWN.TEST");
  check_accepted(logged_in("carol@C.TEST", "carolpw"), "HTTP/web.a.test@A.TEST", r->a->path("services.keytab"),
                 "carol@C.TEST", "OWN.TEST");
  const std::string log = r->own->log_since(before);
  CHECK_THAT(log, contains("TGS anna@A.TEST for krbtgt/C.TEST@OWN.TEST: issued"));
  CHECK_THAT(log, contains("TGS carol@C.TEST for krbtgt/A.TEST@OWN.TEST: issued"));
}

TEST_CASE("own kdc: a chain of four realms, ours in the middle", "[own][realms]") {
  chain* const r = realms();
  if (r == nullptr) return;
  check_accepted(logged_in("anna@A.TEST", "annapw"), "HTTP/web.far.test@FAR.TEST", r->far->path("services.keytab"),
                 "anna@A.TEST", "OWN.TEST,C.TEST");
  check_accepted(logged_in("farid@FAR.TEST", "faridpw"), "HTTP/web.a.test@A.TEST", r->a->path("services.keytab"),
                 "farid@FAR.TEST", "C.TEST,OWN.TEST");
}

TEST_CASE("own kdc: a client that came through a realm is accepted where that realm is on its path, and only there",
          "[own][realms]") {
  chain* const r = realms();
  if (r == nullptr) return;
  const outcome o =
      run(variable("KERB_KDC") + " --realm OWN.TEST --principals " + path("chain") + " --keys " + path("chain.keytab") +
              " --export-keytab " + path("chain-web.keytab") + " HTTP/web.own.test",
          {});
  REQUIRE(o.status == 0);
  check_accepted(logged_in("farid@FAR.TEST", "faridpw"), "HTTP/web.own.test@OWN.TEST", path("chain-web.keytab"),
                 "farid@FAR.TEST", "C.TEST");
  const auto wary = chain::start(principals, "wary");  // without the line `capath`
  write_file("wary.conf", r->configuration(wary->port()));
  const mit_client m = logged_in("farid@FAR.TEST", "faridpw", "wary.conf");
  const outcome refused = m.kvno("HTTP/web.own.test@OWN.TEST");
  CHECK_THAT(refused.said, contains("KDC policy rejects transited path"));
  CHECK_THAT(wary->log(), contains("KDC_ERR_PATH_NOT_ACCEPTED"));
}

TEST_CASE("own kdc: a host in another realm's domain is a referral there", "[own][realms]") {
  chain* const r = realms();
  if (r == nullptr) return;
  const std::string before = r->own->log();
  const mit_client m = logged_in("alice", "alicepw");
  const outcome o = m.kvno("-S HTTP web.c.test");
  INFO(o.said);
  CHECK(o.status == 0);
  CHECK_THAT(m.klist(), contains("HTTP/web.c.test@C.TEST"));
  CHECK_THAT(r->own->log_since(before),
             contains("TGS alice@OWN.TEST for HTTP/web.c.test@OWN.TEST: referred to krbtgt/C.TEST@OWN.TEST"));
}

TEST_CASE("own kdc: kinit -C follows us to the realm that a client belongs to", "[own][realms]") {
  chain* const r = realms();
  if (r == nullptr) return;
  const mit_client m(path("chain.conf"));
  const outcome o = m.kinit("-C roamer", "roamerpw");
  INFO(o.said);
  CHECK(o.status == 0);
  CHECK_THAT(m.klist(), contains("Default principal: roamer@A.TEST"));
}

TEST_CASE("own kdc: our client goes from our realm to MIT's", "[own][realms]") {
  chain* const r = realms();
  if (r == nullptr) return;
  kerb::botan::policy p;
  const auto clock = [] {
    timeval t{};
    gettimeofday(&t, nullptr);
    return kerb::timestamp{{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}};
  };
  example::posix_transport ours("127.0.0.1", r->own->port()), theirs("127.0.0.1", std::to_string(r->c->port()));
  const auto me = kerb_test::must(kerb::principal::parse("alice@OWN.TEST")),
             there = kerb_test::must(kerb::principal::parse("krbtgt/C.TEST@OWN.TEST")),
             web = kerb_test::must(kerb::principal::parse("HTTP/web.c.test@C.TEST"));
  storage buffer1, buffer2, buffer3;
  kerb::botan::as_client as({.client = me, .password = kerb::secret_view::of("alicepw"), .buffer = buffer1});
  const auto tgt = kerb::drive(as, p, clock, ours);
  REQUIRE(tgt);
  kerb::botan::tgs_client across({.tgt = *tgt, .server = there, .buffer = buffer2});
  const auto foreign = kerb::drive(across, p, clock, ours);
  CHECK(foreign.error().code == kerb::errc::ok);
  REQUIRE(foreign);
  kerb::botan::tgs_client tgs({.tgt = *foreign, .server = web, .buffer = buffer3});
  const auto ticket = kerb::drive(tgs, p, clock, theirs);
  CHECK(ticket.error().code == kerb::errc::ok);
  REQUIRE(ticket);
  CHECK(kerb::same_principal(ticket->server(), web));
  CHECK(kerb::same_principal(ticket->client(), me));
}

namespace {
/// KDCs by their realm, for credential_client.
struct network {
  explicit network(const chain& r) {
    add("OWN.TEST", r.own->port());
    add("A.TEST", std::to_string(r.a->port()));
    add("C.TEST", std::to_string(r.c->port()));
    add("FAR.TEST", std::to_string(r.far->port()));
  }
  void add(const std::string& realm, const std::string& port) {
    kdcs[realm] = std::make_unique<example::posix_transport>("127.0.0.1", port);
  }
  kerb::result<kerb::answer> operator()(const kerb::send& s) {
    const std::string realm(reinterpret_cast<const char*>(s.realm.octets.data()), s.realm.octets.size());
    if (!s.octets.empty()) asked.push_back(realm);
    const auto to = kdcs.find(realm);
    return to == kdcs.end() ? kerb::errc::no_answer : (*to->second)(s);
  }
  std::map<std::string, std::unique_ptr<example::posix_transport>> kdcs;
  std::vector<std::string> asked;  ///< the realm of each request
};
kerb::timestamp read_clock() {
  timeval t{};
  gettimeofday(&t, nullptr);
  return kerb::timestamp{{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}};
}
using names = std::vector<std::string>;

/// A ticket from one call, for a client of this library.
struct wish {
  const char* client;
  const char* password;
  const char* server;  ///< without a realm: wherever it is
  kerb::realm_path_policy paths{};
};
struct got {
  storage buffer;
  kerb::result<kerb::basic_credential<kerb::botan::policy::key>> ticket = kerb::errc::no_key;
};
template <class Cache>
std::unique_ptr<got> acquire(const wish& w, network& kdcs, Cache& cache) {
  auto g = std::make_unique<got>();
  kerb::botan::policy p;
  const auto me = kerb_test::must(kerb::principal::parse(w.client));
  const auto server = kerb_test::must(kerb::principal::parse_service(w.server));
  kerb::botan::credential_client x({.client = me,
                                    .server = server,
                                    .buffer = g->buffer,
                                    .password = kerb::secret_view::of(w.password),
                                    .paths = w.paths});
  g->ticket = kerb::acquire(x, cache, p, read_clock, kdcs);
  return g;
}
using cache = kerb::ticket_cache<kerb::botan::policy::key, 16, 8192>;
}  // namespace

TEST_CASE("credential_client: along MIT's KDCs and ours to a service three realms away", "[own][realms]") {
  chain* const r = realms();
  if (r == nullptr) return;
  network kdcs(*r);
  const auto tickets = std::make_unique<cache>();
  using namespace kerb::literals;
  const kerb::realm_path way[] = {{"A.TEST"_krb, "FAR.TEST"_krb, "OWN.TEST"_krb},
                                  {"OWN.TEST"_krb, "FAR.TEST"_krb, "C.TEST"_krb}};
  const wish w{"anna@A.TEST", "annapw", "HTTP/web.far.test@FAR.TEST", {.paths = kerb::view_of<kerb::realm_path>(way)}};
  const auto first = acquire(w, kdcs, *tickets);
  REQUIRE(first->ticket.error().code == kerb::errc::ok);
  const auto web = kerb_test::must(kerb::principal::parse(w.server));
  CHECK(kerb::same_principal(first->ticket->server(), web));
  CHECK(kdcs.asked.front() == "A.TEST");
  CHECK(kdcs.asked.back() == "FAR.TEST");
  // The second time, everything is in the cache
  const std::size_t before = kdcs.asked.size();
  const auto second = acquire(w, kdcs, *tickets);
  REQUIRE(second->ticket);
  CHECK(second->ticket->ticket() == first->ticket->ticket());
  CHECK(kdcs.asked.size() == before);
}

TEST_CASE("credential_client: our KDC refers us to a realm where the service is", "[own][realms]") {
  chain* const r = realms();
  if (r == nullptr) return;
  network kdcs(*r);
  const auto tickets = std::make_unique<cache>();
  const auto c = acquire({"alice@OWN.TEST", "alicepw", "HTTP/web.c.test"}, kdcs, *tickets);
  REQUIRE(c->ticket.error().code == kerb::errc::ok);
  const auto web = kerb_test::must(kerb::principal::parse("HTTP/web.c.test@C.TEST"));
  CHECK(kerb::same_principal(c->ticket->server(), web));
  CHECK(kdcs.asked.back() == "C.TEST");
}

TEST_CASE("credential_client: MIT's KDC refers us to us", "[own][realms]") {
  chain* const r = realms();
  if (r == nullptr) return;
  network kdcs(*r);
  const auto tickets = std::make_unique<cache>();
  // A.TEST's KDC knows by its domain_realm where the host is
  const auto c = acquire({"anna@A.TEST", "annapw", "HTTP/web.own.test"}, kdcs, *tickets);
  REQUIRE(c->ticket.error().code == kerb::errc::ok);
  const auto web = kerb_test::must(kerb::principal::parse("HTTP/web.own.test@OWN.TEST"));
  CHECK(kerb::same_principal(c->ticket->server(), web));
  CHECK(kdcs.asked == names{"A.TEST", "A.TEST", "OWN.TEST"});
}

TEST_CASE("credential_client: a wrong password and an unknown service are the KDC's errors", "[own][realms]") {
  chain* const r = realms();
  if (r == nullptr) return;
  network kdcs(*r);
  const auto tickets = std::make_unique<cache>();
  const auto wrong = acquire({"anna@A.TEST", "nonsense", "HTTP/web.a.test"}, kdcs, *tickets);
  CHECK(wrong->ticket.error().code != kerb::errc::ok);
  const auto unknown = acquire({"anna@A.TEST", "annapw", "HTTP/nobody.a.test"}, kdcs, *tickets);
  CHECK(unknown->ticket.error().code == kerb::errc::kdc_error);
  CHECK(unknown->ticket.error().detail == static_cast<std::uint32_t>(kerb::error_code_t::kdc_err_s_principal_unknown));
}
