// Programs on MIT's library, and our own clients, against examples/kdc; and several of it over one database.
#include <sys/time.h>

#include <kerb/botan.hpp>

#include "examples/support/posix_transport.hpp"
#include "own_kdc.hpp"

using namespace own;

namespace {
using policy = kerb::botan::policy;
using storage = std::array<std::uint8_t, 16384>;

kerb::timestamp now() {
  timeval t{};
  gettimeofday(&t, nullptr);
  return {{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}};
}
void check_done(const outcome& o) {
  INFO(o.said);
  CHECK(o.status == 0);
}
std::size_t count_of(const std::string& part, const std::string& in) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = in.find(part, at)) != std::string::npos; ++at) ++n;
  return n;
}
}  // namespace

TEST_CASE("own kdc: krb5_rd_req accepts a ticket of ours, and authorization data arrive in it", "[own]") {
  const mit_client c = alice();
  const std::string keytab = exported("rd_req.keytab", "HTTP/web.own.test svc/e17");
  auto told = c.peer("through " + c.cache() + " HTTP/web.own.test " + keytab);
  CHECK(told["client"] == "alice@OWN.TEST");
  CHECK(told["transited"] == "");
  CHECK(told["transited_checked"] == "1");
  // 33 belongs to nobody: a KDC copies what it does not know (RFC 4120 section 3.3.3)
  told = c.peer("through " + c.cache() + " svc/e17 " + keytab + " 33 c0ffee");
  CHECK(told["authdata33"] == "c0ffee");
  // and from a client nothing that only a KDC may say
  for (const char* type : {"128", "97"}) {  // a PAC, an authentication indicator
    CAPTURE(type);
    const mit_client other = alice();
    told = other.peer("through " + other.cache() + " svc/e17 " + keytab + " " + type + " c0ffee");
    CHECK(told.count("over") == 1);
    CHECK(told.count(std::string("authdata") + type) == 0);
  }
}

TEST_CASE("own kdc: krb5_fwd_tgt_creds forwards a ticket-granting ticket, which is of use where it arrives", "[own]") {
  const mit_client c = alice("-f");
  auto told = c.peer("forward " + c.cache() + " HTTP/web.own.test " + exported("forward.keytab", "HTTP/web.own.test"));
  CHECK(told["forwarded"] == "krbtgt/OWN.TEST@OWN.TEST");
  CHECK(told["flag_forwarded"] == "1");
  CHECK(told["flag_forwardable"] == "1");
  CHECK(told["used_forwarded"] == "1");
  const mit_client other = alice();
  const outcome refused = other.command(variable("KERB_MIT_PEER") + " forward " + other.cache() +
                                        " HTTP/web.own.test FILE:" + path("forward.keytab"));
  CHECK_THAT(refused.said, contains("failed fwd_tgt_creds"));
}

TEST_CASE("own kdc: our clients get tickets of each encryption type, and a proxy ticket with its addresses", "[own]") {
  policy p;
  const bool tcp = GENERATE(false, true);
  example::posix_transport wire("127.0.0.1", the_kdc().port(), tcp);
  const auto me = kerb_test::must(kerb::principal::parse("alice@OWN.TEST")),
             web = kerb_test::must(kerb::principal::parse("HTTP/web.own.test@OWN.TEST"));
  for (const kerb::etype_t e : p.offered()) {
    CAPTURE(tcp, e);
    storage buffer1, buffer2;
    const kerb::etype_t only[] = {e};
    kerb::botan::as_client as({.client = me,
                               .password = kerb::secret_view::of("alicepw"),
                               .buffer = buffer1,
                               .options = {kerb::kdc_option_t::proxiable},
                               .etypes = only});
    const auto tgt = kerb::drive(as, p, now, wire);
    REQUIRE(tgt);
    CHECK(tgt->session_key().etype() == e);
    CHECK(tgt->facts().flags.has(kerb::ticket_flag_t::proxiable));
    const std::uint8_t octets[] = {192, 0, 2, 7};
    const kerb::msg::HostAddress there[] = {{kerb::addr_t::ipv4, octets}};
    kerb::botan::tgs_client tgs({.tgt = *tgt,
                                 .server = web,
                                 .buffer = buffer2,
                                 .options = {kerb::kdc_option_t::proxy},
                                 .etypes = only,
                                 .addresses = there});
    const auto ticket = kerb::drive(tgs, p, now, wire);
    CHECK(ticket.error().code == kerb::errc::ok);
    REQUIRE(ticket);
    CHECK(ticket->session_key().etype() == e);
    CHECK(ticket->facts().flags.has(kerb::ticket_flag_t::proxy));
  }
}

TEST_CASE("own kdc: what it says of a client goes from the first ticket through the service's to the service",
          "[own]") {
  policy p;
  example::posix_transport wire("127.0.0.1", the_kdc().port());
  const auto me = kerb_test::must(kerb::principal::parse("rita@OWN.TEST")),
             web = kerb_test::must(kerb::principal::parse("HTTP/web.own.test@OWN.TEST"));
  storage buffer1, buffer2, buffer3, buffer4;
  kerb::botan::as_client as({.client = me, .password = kerb::secret_view::of("ritapw"), .buffer = buffer1});
  const auto tgt = kerb::drive(as, p, now, wire);
  REQUIRE(tgt);
  kerb::botan::tgs_client tgs({.tgt = *tgt, .server = web, .buffer = buffer2});
  const auto ticket = kerb::drive(tgs, p, now, wire);
  REQUIRE(ticket);
  (void)exported("rita.keytab", "HTTP/web.own.test");
  const std::string file = read_file(path("rita.keytab"));
  const auto keytab = kerb::keytab_view::open(kerb::octets_of(file));
  REQUIRE(keytab);
  kerb::keytab_keys keys(*keytab, p);
  kerb::memory_replay_cache<64> seen;
  const auto presented = [&](kerb::view_of<kerb::ad_t> understood, auto&& look) {
    kerb::botan::ap_initiator ap({.credential = *ticket, .buffer = buffer3, .mutual = kerb::if_asked});
    const auto sent = ap.start(kerb::environment(p, now()));
    REQUIRE(kerb::is<kerb::send>(sent));
    kerb::botan::ap_acceptor a({.service = web, .buffer = buffer4, .understood = understood});
    const auto who = kerb::accept(a, std::get<kerb::send>(sent).octets, p, keys, seen, now());
    if (who) look(*who);
    return who.error().code;
  };
  constexpr kerb::ad_t restriction{-7001}, information{-7002};
  const kerb::ad_t both[] = {restriction};
  CHECK(presented({}, [](const auto&) {}) == kerb::errc::critical_authdata);  // nobody would enforce it
  unsigned looked = 0;
  CHECK(presented(both, [&](const auto& who) {
          ++looked;
          const std::uint8_t one[] = {1, 2}, two[] = {0xc0, 0xff, 0xee};
          const auto must = who.authorization().find(restriction), may = who.authorization().find(information);
          REQUIRE((must && may));
          CHECK((must->critical && must->from_ticket));
          CHECK(must->data == kerb::bytes_view(one));
          CHECK((!may->critical && may->from_ticket));
          CHECK(may->data == kerb::bytes_view(two));
        }) == kerb::errc::ok);
  CHECK(looked == 1);
}

TEST_CASE("own kdc: two processes on one port share a database", "[own]") {
  const std::string file = write_file("db-principals", principals), db = "--db '" + path("kdc.db") + "'";
  const outcome loaded = run(variable("KERB_KDC") + " --realm OWN.TEST " + db + " --principals " + file +
                                 " --export-keytab " + path("db.keytab") + " alice HTTP/web.own.test",
                             {});
  if (loaded.said.find("without SQLite") != std::string::npos) {
    WARN("examples/kdc was built without SQLite: nothing is tested");
    return;
  }
  check_done(loaded);
  kdc_process one({"--realm", "OWN.TEST", "--db", path("kdc.db"), "--reuse-port"});
  kdc_process two({"--realm", "OWN.TEST", "--db", path("kdc.db"), "--reuse-port", "--port", one.port()});
  const mit_client c(write_file("db.conf", client_configuration("OWN.TEST", {{"OWN.TEST", one.port()}})));
  const std::string cache = "KRB5CCNAME=FILE:" + path("db-cc") + "$i ";
  const outcome o =
      c.command("sh -c '" + ("for i in $(seq 32); do (" + cache + "kinit -k -t " + path("db.keytab") + " alice && " +
                             cache + "kvno HTTP/web.own.test >/dev/null && echo good) & done; wait'"));
  INFO(o.said);
  CHECK(count_of("good\n", o.said) == 32);
  // Which of the two gets a request is the system's choice; a ticket of one is good at the other
  CHECK(count_of(": issued", one.log()) > 0);
  CHECK(count_of(": issued", two.log()) > 0);
  CHECK(count_of("HTTP/web.own.test@OWN.TEST: issued", one.log() + two.log()) >= 32);
  const auto told = c.peer("through FILE:" + path("db-cc1") + " HTTP/web.own.test FILE:" + path("db.keytab"));
  CHECK(told.count("over") == 1);

  // Both see at once what changes, and random keys stay what they were
  const std::string changed =
      write_file("db-changed",
                 "principal bob password=other no_preauth\nprincipal alice password=alicepw locked\n"
                 "principal HTTP/web.own.test\n");
  check_done(run(variable("KERB_KDC") + " --realm OWN.TEST " + db + " --principals " + changed + " --export-keytab " +
                     path("db2.keytab") + " alice HTTP/web.own.test",
                 {}));
  CHECK(read_file(path("db.keytab")).size() == read_file(path("db2.keytab")).size());
  for (int i = 0; i != 6; ++i) {
    const outcome refused = c.kinit("-k -t " + path("db.keytab") + " alice");
    CHECK_THAT(refused.said, contains("have been revoked"));
    check_done(c.kinit("bob", "other"));
  }
  CHECK(c.peer("through " + c.cache() + " HTTP/web.own.test FILE:" + path("db.keytab")).count("over") == 1);
  // A password that goes leaves no keys of it behind
  check_done(run(variable("KERB_KDC") + " --realm OWN.TEST " + db + " --principals " +
                     write_file("db-random", "principal bob no_preauth\n") + " --export-keytab " + path("db3.keytab") +
                     " bob",
                 {}));
  CHECK_THAT(c.kinit("bob", "other").said, contains("Password incorrect"));
  check_done(c.kinit("-k -t " + path("db3.keytab") + " bob"));
  CHECK(one.stop() == 0);
  check_done(c.kvno("svc/e18"));  // whatever came to the first comes to the second
  CHECK(two.stop() == 0);
}

TEST_CASE("own kdc: a database that fails is a KDC that is not available, and goes on when it is back", "[own]") {
  const std::string file = path("failing.db"),
                    python = "python3 -c 'import sqlite3; sqlite3.connect(\"" + file + "\").execute(\"ALTER TABLE ";
  if (run("python3 -c 'import sqlite3'", {}).status != 0) {
    WARN("Python's sqlite3 is not here: nothing is tested");
    return;
  }
  const outcome loaded = run(variable("KERB_KDC") + " --realm OWN.TEST --db " + file + " --principals " +
                                 write_file("failing", "principal bob password=bobpw no_preauth\n") +
                                 " --export-keytab " + path("failing.keytab") + " bob",
                             {});
  if (loaded.said.find("without SQLite") != std::string::npos) return;
  check_done(loaded);
  kdc_process k({"--realm", "OWN.TEST", "--db", file});
  // By our client: kinit would ask again and again for half a minute
  policy p;
  const auto log_in = [&] {
    example::posix_transport wire("127.0.0.1", k.port());
    const auto bob = kerb_test::must(kerb::principal::parse("bob@OWN.TEST"));
    storage buffer;
    kerb::botan::as_client as({.client = bob, .password = kerb::secret_view::of("bobpw"), .buffer = buffer});
    return kerb::drive(as, p, now, wire).error();
  };
  CHECK(log_in().code == kerb::errc::ok);
  check_done(run(python + "principal RENAME TO away\")'", {}));
  CHECK(log_in().detail == static_cast<std::uint32_t>(kerb::error_code_t::kdc_err_svc_unavailable));
  CHECK_THAT(k.log(), contains("the store fails: SQLite: no such table: principal"));
  check_done(run(python + "away RENAME TO principal\")'", {}));
  CHECK(log_in().code == kerb::errc::ok);
}
