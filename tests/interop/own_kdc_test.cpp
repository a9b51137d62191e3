// MIT's clients against examples/kdc: kinit, kvno, klist.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>

#include "own_kdc.hpp"

using namespace own;

namespace {
const std::string tgt = "krbtgt/OWN.TEST@OWN.TEST";

std::string today(int hours_ahead) {
  const std::time_t t = std::time(nullptr) + hours_ahead * 3600;
  std::array<char, 16> text{};
  std::strftime(text.data(), text.size(), "%m/%d/%y %H", std::gmtime(&t));
  return text.data();
}
/// Whether MIT's program failed, with this in what it said.
void check_refused(const outcome& o, const std::string& why) {
  INFO(o.said);
  CHECK(o.status != 0);
  CHECK_THAT(o.said, contains(why));
}
void check_done(const outcome& o) {
  INFO(o.said);
  CHECK(o.status == 0);
}
}  // namespace

TEST_CASE("own kdc: kinit, kvno and klist over UDP and over TCP", "[own]") {
  const bool tcp = GENERATE(false, true);
  CAPTURE(tcp);
  const mit_client c = client(tcp ? "krb5-tcp.conf" : "krb5.conf");
  const std::string before = the_kdc().log();
  check_done(c.kinit("alice", "alicepw"));
  const outcome kvno = c.kvno("HTTP/web.own.test");
  check_done(kvno);
  CHECK_THAT(kvno.said, contains("HTTP/web.own.test@OWN.TEST: kvno = 1"));
  const std::string list = c.klist();
  INFO(list);
  CHECK_THAT(list, contains("Default principal: alice@OWN.TEST"));
  CHECK(has(flags_of(list, tgt), 'I'));
  CHECK(has(flags_of(list, tgt), 'A'));
  CHECK(flags_of(list, "HTTP/web.own.test").find('I') == std::string::npos);
  CHECK(has(flags_of(list, "HTTP/web.own.test"), 'T'));
  const std::string log = the_kdc().log_since(before);
  CHECK_THAT(log,
             contains(tcp ? " tcp AS alice@OWN.TEST for krbtgt/OWN.TEST@OWN.TEST: issued" : " udp AS alice@OWN.TEST"));
  CHECK_THAT(log, contains(": asked for pre-authentication, KDC_ERR_PREAUTH_REQUIRED"));
  CHECK_THAT(log, contains(tcp ? " tcp TGS alice@OWN.TEST for HTTP/web.own.test@OWN.TEST: issued" : " udp TGS"));
  CHECK(log.find(tcp ? " udp " : " tcp ") == std::string::npos);
}

TEST_CASE("own kdc: a client and a service of each encryption type", "[own]") {
  const std::map<std::string, std::string> names = {{"17", "aes128-cts-hmac-sha1-96"},
                                                    {"18", "aes256-cts-hmac-sha1-96"},
                                                    {"19", "aes128-cts-hmac-sha256-128"},
                                                    {"20", "aes256-cts-hmac-sha384-192"}};
  const mit_client c = client();
  for (const auto& [number, name] : names) {
    CAPTURE(number);
    check_done(c.kinit("e" + number, "pw" + number));
    for (const auto& [of_service, name_of_service] : names) {
      check_done(c.kvno("svc/e" + of_service));
      const std::string list = c.klist();
      INFO(list);
      const std::size_t at = list.find("svc/e" + of_service);
      REQUIRE(at != std::string::npos);
      CHECK_THAT(list.substr(at), contains("Etype (skey, tkt): " + name_of_service + ", " + name_of_service));
    }
    const auto told = c.peer("through " + c.cache() + " svc/e" + number + " " + exported("e.keytab", "svc/e" + number));
    CHECK(told.count("over") == 1);
    CHECK(told.at("client") == "e" + number + "@OWN.TEST");
    CHECK(told.at("ticket_etype") == number);
  }
}

TEST_CASE("own kdc: names and passwords with blanks and quotation marks in the file", "[own]") {
  check_done(client().kinit("'odd name'", "p w#\"q"));
}

TEST_CASE("own kdc: pre-authentication is asked of all but those who need none", "[own]") {
  const mit_client c = client();
  const std::string before = the_kdc().log();
  check_done(c.kinit("bob", "bobpw"));
  CHECK_FALSE(has(flags_of(c.klist(), tgt), 'A'));
  CHECK(the_kdc().log_since(before).find("PREAUTH_REQUIRED") == std::string::npos);
  check_done(c.kvno("svc/e20"));
  check_refused(c.kvno("svc/careful"), "KDC policy rejects request");
  check_done(alice().kvno("svc/careful"));
}

TEST_CASE("own kdc: what is refused to a client, and how kinit says it", "[own]") {
  struct {
    const char *who, *password, *sentence;
  } const cases[] = {
      {"alice", "wrong", "Password incorrect"},
      {"nobody", "x", "Client 'nobody@OWN.TEST' not found in Kerberos database"},
      {"keyless", "x", "not found in Kerberos database"},
      {"krbtgt/A.TEST", "own-to-a", "not found in Kerberos database"},
      {"locked", "lockedpw", "Client's credentials have been revoked"},
      {"gone", "gonepw", "Client's entry in database has expired"},
      {"early", "earlypw", "not yet valid"},
      {"felix", "felixpw", "Password has expired"},
      {"frank", "frankpw", "Password has expired"},
      {"-S svc/nothing alice", "alicepw", "Server not found in Kerberos database"},
      {"-S svc/locked alice", "alicepw", "Credentials for server have been revoked"},
      {"-S svc/gone alice", "alicepw", "entry in database has expired"},
      {"-S u2uonly alice", "alicepw", "user2user"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.who);
    const mit_client m = client();
    const outcome o = m.kinit(c.who, c.password);
    INFO(o.said);
    CHECK(o.status != 0);
    // An expired password leads kinit to a dialogue, which says so before it fails
    const bool expired = std::string(c.sentence) == "Password has expired";
    CHECK_THAT(o.said, contains(expired ? "assword" : c.sentence));
    if (expired) CHECK_THAT(o.said, contains("xpired"));
    CHECK(m.klist().find("krbtgt/OWN.TEST") == std::string::npos);
    CHECK(the_kdc().log().find(c.password + std::string(" ")) == std::string::npos);
  }
  const std::string log = the_kdc().log();
  for (const char* code :
       {"KDC_ERR_PREAUTH_FAILED", "KDC_ERR_C_PRINCIPAL_UNKNOWN", "KDC_ERR_CLIENT_REVOKED", "KDC_ERR_NAME_EXP",
        "KDC_ERR_CLIENT_NOTYET", "KDC_ERR_KEY_EXPIRED", "KDC_ERR_S_PRINCIPAL_UNKNOWN", "KDC_ERR_SERVICE_REVOKED",
        "KDC_ERR_SERVICE_EXP", "KDC_ERR_MUST_USE_USER2USER"}) {
    CHECK_THAT(log, contains(code));
  }
}

TEST_CASE("own kdc: what is refused to a ticket-granting ticket, and how kvno says it", "[own]") {
  const mit_client c = alice();
  check_refused(c.kvno("svc/nothing"), "not found in Kerberos database");
  check_refused(c.kvno("svc/nobody"), "not found in Kerberos database");
  check_refused(c.kvno("svc/locked"), "Credentials for server have been revoked");
  check_refused(c.kvno("svc/gone"), "entry in database has expired");
  check_refused(c.kvno("kadmin/changepw"), "KDC policy rejects request");
  check_refused(c.kvno("u2uonly"), "user2user");
  check_refused(c.kvno("bob"), "user2user");  // as everybody's who has a password
  check_done(c.kvno("svc/password"));
}

TEST_CASE("own kdc: an expired password gets a ticket to change it with, and no other", "[own]") {
  for (const char* who : {"felix", "frank"}) {
    CAPTURE(who);
    const mit_client c = client();
    check_done(c.kinit(std::string("-S kadmin/changepw ") + who, who + std::string("pw")));
    const std::string list = c.klist();
    CHECK(has(flags_of(list, "kadmin/changepw@OWN.TEST"), 'I'));
    CHECK(list.find("krbtgt/") == std::string::npos);
  }
}

TEST_CASE("own kdc: forwardable, proxiable and renewable tickets, where they are asked for", "[own]") {
  CHECK(flags_of(alice().klist(), tgt).find_first_of("FP") == std::string::npos);
  const std::string list = alice("-f -p -r 3d").klist();
  INFO(list);
  for (const char letter : {'F', 'P', 'R'}) CHECK(has(flags_of(list, tgt), letter));
  CHECK_THAT(list, contains("renew until " + today(72)));
}

TEST_CASE("own kdc: a principal's own limits", "[own]") {
  const mit_client c = client();
  check_done(c.kinit("-f -r 3d short", "shortpw"));
  const std::string list = c.klist();
  INFO(list);
  CHECK(flags_of(list, tgt).find_first_of("FR") == std::string::npos);
  check_refused(c.kinit("-s 1h short", "shortpw"), "postdat");
}

TEST_CASE("own kdc: kinit -R renews, until it may not", "[own]") {
  const mit_client c = alice("-l 2h -r 3d");
  check_done(c.kvno("svc/e20"));
  const std::string before = the_kdc().log();
  check_done(c.kinit("-R"));
  CHECK_THAT(the_kdc().log_since(before), contains("TGS alice@OWN.TEST for krbtgt/OWN.TEST@OWN.TEST: issued"));
  const std::string list = c.klist();
  INFO(list);
  CHECK(has(flags_of(list, tgt), 'R'));
  CHECK_FALSE(has(flags_of(list, tgt), 'I'));
  CHECK_THAT(list, contains("renew until " + today(72)));
  check_done(c.kvno("svc/e19"));
  const mit_client other = client();
  check_done(other.kinit("-l 1h short", "shortpw"));
  check_refused(other.kinit("-R"), "KDC can't fulfill requested option");
}

TEST_CASE("own kdc: a postdated ticket is of use when its time has come and it has been validated", "[own]") {
  const mit_client c = alice("-s 3s");
  CHECK(has(flags_of(c.klist(), tgt), 'd'));
  CHECK(has(flags_of(c.klist(), tgt), 'i'));
  check_refused(c.kinit("-v"), "not yet valid");
  check_refused(c.kvno("svc/e20"), "not yet valid");
  std::this_thread::sleep_for(std::chrono::milliseconds(3200));
  check_refused(c.kvno("svc/e20"), "not yet valid");
  check_done(c.kinit("-v"));
  CHECK_FALSE(has(flags_of(c.klist(), tgt), 'i'));
  check_done(c.kvno("svc/e20"));
}

TEST_CASE("own kdc: addresses in a ticket hold its user to them", "[own]") {
  CHECK_THAT(alice("-A").klist(), contains("Addresses: (none)"));
  const mit_client c = alice("-a");
  const std::string list = c.klist();
  INFO(list);
  if (list.find("Addresses: (none)") != std::string::npos) {
    WARN("this machine has no address but the loopback's: nothing is tested");
    return;
  }
  check_refused(c.kvno("svc/e20"), "Incorrect net address");  // the request comes from 127.0.0.1
  kdc_process careless({"--realm", "OWN.TEST", "--principals",
                        write_file("careless", std::string(principals) + "policy ignore_addresses\n"), "--keys",
                        path("principals.keytab")});
  const mit_client same(write_file("careless.conf", client_configuration("OWN.TEST", {{"OWN.TEST", careless.port()}})));
  check_done(same.kinit("-a alice", "alicepw"));
  check_done(same.kvno("svc/e20"));
}

TEST_CASE("own kdc: user-to-user", "[own]") {
  const mit_client c = alice(), u2uonly = client(), nou2u = client();
  check_done(u2uonly.kinit("u2uonly", "u2upw"));
  check_done(nou2u.kinit("nou2u", "u2upw"));
  check_done(c.kvno("--u2u " + u2uonly.cache() + " u2uonly"));
  CHECK_THAT(c.klist(), contains("u2uonly@OWN.TEST"));
  check_done(u2uonly.kvno("--u2u " + c.cache() + " alice"));
  check_refused(c.kvno("--u2u " + nou2u.cache() + " nou2u"), "KDC policy rejects request");
  check_refused(c.kvno("--u2u " + u2uonly.cache() + " bob"), "");  // not the owner of that ticket
}

TEST_CASE("own kdc: aliases, enterprise names and clients of another realm", "[own]") {
  const mit_client c = client();
  SECTION("an alias, where the client asks for its true name") {
    check_done(c.kinit("-C ally", "alicepw"));
    CHECK_THAT(c.klist(), contains("Default principal: alice@OWN.TEST"));
  }
  SECTION("an alias is no name of its own") {
    check_refused(c.kinit("ally", "alicepw"), "not found in Kerberos database");
  }
  SECTION("an enterprise name") {
    check_done(c.kinit("-E alice@mail.example", "alicepw"));
    CHECK_THAT(c.klist(), contains("Default principal: alice@OWN.TEST"));
  }
  SECTION("an enterprise name that is a principal's") {
    check_done(c.kinit("-E alice@OWN.TEST", "alicepw"));
    CHECK_THAT(c.klist(), contains("Default principal: alice@OWN.TEST"));
  }
  SECTION("an enterprise name that nobody has") {
    check_refused(c.kinit("-E nobody@mail.example", "x"), "not found in Kerberos database");
  }
  SECTION("a client that belongs to another realm") {
    for (const char* who : {"-C roamer", "-E someone@corp.example"}) {
      const std::string before = the_kdc().log();
      check_refused(c.kinit(who, "x"), "A.TEST");  // whose KDC this client does not know
      CHECK_THAT(the_kdc().log_since(before), contains("KDC_ERR_WRONG_REALM"));
    }
  }
  SECTION("a service's alias") {
    check_done(c.kinit("alice", "alicepw"));
    check_done(c.kvno("HTTP/www.own.test"));
    CHECK_THAT(c.klist(), contains("HTTP/www.own.test@OWN.TEST"));
    const auto through = [&](const std::string& keytab) {
      return c.peer("through " + c.cache() + " HTTP/www.own.test " + keytab);
    };
    CHECK(through(exported("web.keytab", "HTTP/web.own.test")).count("client") ==
          0);  // the key under another name alone
    CHECK(through(exported("both.keytab", "HTTP/web.own.test HTTP/www.own.test")).count("client") == 1);
  }
  SECTION("a service's alias, where the client asks for canonicalisation") {
    check_done(c.kinit("alice", "alicepw"));
    const std::string before = the_kdc().log();
    check_done(c.kvno("-C HTTP/www.own.test"));
    CHECK_THAT(the_kdc().log_since(before), contains("issued HTTP/www.own.test@OWN.TEST"));
  }
}

TEST_CASE("own kdc: a service that asks for a user's ticket does not get its own", "[own][ms-sfu]") {
  const mit_client c = client();
  check_done(c.kinit("-k -t " + exported("e20.keytab", "svc/e20") + " svc/e20", ""));
  check_done(c.kvno("svc/e20"));
  const std::string before = the_kdc().log();
  CHECK(c.kvno("-U bob svc/e20").status != 0);
  CHECK_THAT(the_kdc().log_since(before), contains("for svc/e20@OWN.TEST: refused, KDC_ERR_PADATA_TYPE_NOSUPP"));
}

TEST_CASE("own kdc: an answer too big for a datagram is asked for again over TCP", "[own]") {
  kdc_process narrow({"--realm", "OWN.TEST", "--principals", path("principals"), "--largest-datagram", "300"});
  const mit_client c(write_file("narrow.conf", client_configuration("OWN.TEST", {{"OWN.TEST", narrow.port()}})));
  check_done(c.kinit("alice", "alicepw"));
  check_done(c.kvno("svc/e20"));
  const std::string log = narrow.log();
  CHECK_THAT(log, contains(" udp AS alice@OWN.TEST for krbtgt/OWN.TEST@OWN.TEST: refused, KRB_ERR_RESPONSE_TOO_BIG"));
  CHECK_THAT(log, contains(" tcp AS alice@OWN.TEST for krbtgt/OWN.TEST@OWN.TEST: issued"));
  CHECK_THAT(log, contains(" udp TGS alice@OWN.TEST for svc/e20@OWN.TEST: refused, KRB_ERR_RESPONSE_TOO_BIG"));
}

TEST_CASE("own kdc: 64 clients at once", "[own]") {
  const std::string keytab = exported("alice.keytab", "alice");
  const mit_client c = client();
  const std::string before = the_kdc().log();
  const std::string one = "KRB5CCNAME=FILE:" + path("many") + "$i kinit -k -t " + keytab +
                          " alice && KRB5CCNAME=FILE:" + path("many") + "$i kvno svc/e20 >/dev/null && echo good";
  const outcome o = c.command("sh -c '" + ("for i in $(seq 64); do (" + one + ") & done; wait'"));
  INFO(o.said);
  std::size_t good = 0;
  for (std::size_t at = 0; (at = o.said.find("good\n", at)) != std::string::npos; ++at) ++good;
  CHECK(good == 64);
  const std::string log = the_kdc().log_since(before);
  std::size_t issued = 0;
  for (std::size_t at = 0; (at = log.find("svc/e20@OWN.TEST: issued", at)) != std::string::npos; ++at) ++issued;
  CHECK(issued >= 64);
}

// ---- sockets, by hand

namespace {
class tcp_connection {
 public:
  explicit tcp_connection(const std::string& port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0);
    const timeval patience{5, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  tcp_connection(const tcp_connection&) = delete;
  tcp_connection& operator=(const tcp_connection&) = delete;
  ~tcp_connection() { ::close(fd_); }
  void put(const std::string& octets) {
    REQUIRE(::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(octets.size()));
  }
  /// Sends in pieces, each when the last has gone, for as long as somebody takes them.
  bool offer(const std::string& octets) {
    return ::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(octets.size());
  }
  /// So many messages with their length in front; how many came within five seconds of each other.
  std::size_t messages(std::size_t most) {
    std::string all;
    std::array<char, 4096> piece;
    for (std::size_t at = 0, n = 0;;) {
      const auto octet = [&](std::size_t i) { return std::size_t{static_cast<unsigned char>(all[at + i])}; };
      while (all.size() - at >= 4) {
        const std::size_t size = octet(0) << 24 | octet(1) << 16 | octet(2) << 8 | octet(3);
        if (all.size() - at - 4 < size) break;
        at += 4 + size;
        if (++n == most) return n;
      }
      const ssize_t got = ::recv(fd_, piece.data(), piece.size(), 0);
      if (got <= 0) return n;
      all.append(piece.data(), static_cast<std::size_t>(got));
    }
  }
  /// All that comes until the other side closes; nothing if it does not in five seconds.
  std::optional<std::string> rest() {
    std::string all;
    std::array<char, 4096> piece;
    for (;;) {
      const ssize_t n = ::recv(fd_, piece.data(), piece.size(), 0);
      if (n == 0) return all;
      if (n < 0) return std::nullopt;
      all.append(piece.data(), static_cast<std::size_t>(n));
    }
  }

 private:
  int fd_;
};
}  // namespace

TEST_CASE("own kdc: a length with its first bit set is answered with KRB_ERR_FIELD_TOOLONG, and the end", "[own]") {
  for (const std::string& length : {std::string("\x80\0\0\x10", 4), std::string("\x7f\xff\xff\xff", 4)}) {
    tcp_connection c(the_kdc().port());
    c.put(length + std::string(100, 'x'));
    const auto came = c.rest();
    REQUIRE(came);
    REQUIRE(came->size() > 4);
    CHECK((*came)[4] == '\x7e');                                                  // KRB-ERROR
    CHECK(came->find(std::string("\xa6\x03\x02\x01\x3d")) != std::string::npos);  // error-code 61
  }
}

TEST_CASE("own kdc: what is no request gets no answer, and its connection ends", "[own]") {
  tcp_connection c(the_kdc().port());
  c.put(std::string("\0\0\0\x04junk", 8));
  CHECK(c.rest() == std::optional<std::string>(""));
}

namespace {
/// Nine octets that get an answer: an AS-REQ of another version of the protocol, and no more. Their length is in front.
const std::string smallest("\0\0\0\x09\x6a\x07\x30\x05\xa1\x03\x02\x01\x04", 13);

std::string times(std::size_t n, const std::string& text) {
  std::string all;
  for (std::size_t i = 0; i != n; ++i) all += text;
  return all;
}
}  // namespace

TEST_CASE("own kdc: requests that are sent ahead are answered one by one, however many there are", "[own]") {
  kdc_process k({"--realm", "OWN.TEST", "--principals", write_file("principals", principals), "--quiet"});
  for (const std::size_t n : {std::size_t{2}, std::size_t{550}, std::size_t{10000}}) {
    CAPTURE(n);
    tcp_connection c(k.port());
    std::thread sender([&] { (void)c.offer(times(n, smallest)); });
    CHECK(c.messages(n) == n);
    sender.join();
  }
  CHECK(k.stop() == 0);
}

TEST_CASE("own kdc: a client that sends ahead and reads nothing keeps nobody waiting, and is dropped", "[own]") {
  kdc_process k(
      {"--realm", "OWN.TEST", "--principals", write_file("principals", principals), "--quiet", "--idle", "1"});
  const mit_client c(write_file(
      "ahead.conf", client_configuration("OWN.TEST", {{"OWN.TEST", k.port()}}, " udp_preference_limit = 1\n")));
  tcp_connection deaf(k.port());
  bool ended = false;
  std::thread sender([&] {
    while (deaf.offer(times(5000, smallest))) {}
    ended = true;
  });
  const auto began = std::chrono::steady_clock::now();
  check_done(c.kinit("alice", "alicepw"));
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::milliseconds(900));
  sender.join();
  CHECK(ended);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(5));
}

TEST_CASE("own kdc: what comes behind a message that is too long is thrown away, and keeps nobody waiting", "[own]") {
  kdc_process k({"--realm", "OWN.TEST", "--principals", write_file("principals", principals), "--idle", "1"});
  const mit_client c(write_file(
      "behind.conf", client_configuration("OWN.TEST", {{"OWN.TEST", k.port()}}, " udp_preference_limit = 1\n")));
  tcp_connection flood(k.port());
  flood.put(std::string("\x7f\xff\xff\xff", 4));
  std::vector<std::thread> senders;
  for (int i = 0; i != 4; ++i) {
    senders.emplace_back([&] {
      const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
      while (std::chrono::steady_clock::now() < until && flood.offer(std::string(1 << 20, 'x'))) {}
    });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const auto began = std::chrono::steady_clock::now();
  check_done(c.kinit("alice", "alicepw"));
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::milliseconds(900));
  for (std::thread& s : senders) s.join();
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(5));
}

TEST_CASE("own kdc: when there are no more files, whoever has waited longest makes buffer", "[own]") {
  kdc_process k({"--nofile=24", variable("KERB_KDC"), "--realm", "OWN.TEST", "--principals",
                 write_file("principals", principals), "--quiet", "--idle", "60"},
                "/usr/bin/prlimit");
  std::vector<std::unique_ptr<tcp_connection>> many;
  for (int i = 0; i != 60; ++i) many.push_back(std::make_unique<tcp_connection>(k.port()));
  many.back()->put(smallest);
  CHECK(many.back()->messages(1) == 1);
  const double before = processor_time(k.pid());
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  CHECK(processor_time(k.pid()) - before < 0.2);
}

TEST_CASE("own kdc: slow clients keep nobody waiting, and are dropped", "[own]") {
  kdc_process impatient({"--realm", "OWN.TEST", "--principals", path("principals"), "--idle", "1"});
  const mit_client c(write_file("impatient.conf", client_configuration("OWN.TEST", {{"OWN.TEST", impatient.port()}},
                                                                       " udp_preference_limit = 1\n")));
  tcp_connection silent(impatient.port()), slow(impatient.port());
  slow.put(std::string("\0\0\x01", 3));
  const auto began = std::chrono::steady_clock::now();
  check_done(c.kinit("alice", "alicepw"));
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::milliseconds(900));
  CHECK(silent.rest() == std::optional<std::string>(""));
  CHECK(slow.rest() == std::optional<std::string>(""));
}

TEST_CASE("own kdc: 300 connections are not too many, though not all of them are kept", "[own]") {
  std::vector<std::unique_ptr<tcp_connection>> many;
  for (int i = 0; i != 300; ++i) many.push_back(std::make_unique<tcp_connection>(the_kdc().port()));
  check_done(client("krb5-tcp.conf").kinit("alice", "alicepw"));
  CHECK(many.front()->rest() == std::optional<std::string>(""));
}

TEST_CASE("own kdc: SIGTERM ends it at once and in order, whoever is connected", "[own]") {
  kdc_process k({"--realm", "OWN.TEST", "--principals", path("principals")});
  tcp_connection waiting(k.port());
  waiting.put(std::string("\0\0\x01", 3));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(k.stop() == 0);
  CHECK_THAT(k.log(), contains("\nstopped\n"));
  CHECK(waiting.rest() == std::optional<std::string>(""));
}

TEST_CASE("own kdc: random keys survive a restart, and so do the tickets made with them", "[own]") {
  auto k = std::make_unique<kdc_process>(std::vector<std::string>{"--realm", "OWN.TEST", "--principals",
                                                                  path("principals"), "--keys", path("kept.keytab")});
  const std::string port = k->port();
  const mit_client c(write_file("kept.conf", client_configuration("OWN.TEST", {{"OWN.TEST", port}})));
  check_done(c.kinit("alice", "alicepw"));
  k.reset();
  k = std::make_unique<kdc_process>(std::vector<std::string>{"--realm", "OWN.TEST", "--principals", path("principals"),
                                                             "--keys", path("kept.keytab"), "--port", port});
  check_done(c.kvno("svc/e20"));
  CHECK((std::filesystem::status(path("kept.keytab")).permissions() & std::filesystem::perms::all) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("own kdc: names off the wire are escaped in the log", "[own]") {
  const std::string before = the_kdc().log();
  check_refused(client().kinit("\"$(printf 'evil\\\\n2026 127.0.0.1 udp AS \\001\\303\\244')\"", "x"), "not found");
  const std::string log = the_kdc().log_since(before);
  INFO(log);
  CHECK(std::count(log.begin(), log.end(), '\n') == 1);
  CHECK_THAT(log, contains("evil\\x0a2026\\x20127.0.0.1\\x20udp\\x20AS\\x20\\x01\\xc3\\xa4@OWN.TEST"));
}

TEST_CASE("own kdc: a fault in the file is told with its line", "[own]") {
  struct {
    const char *text, *sentence;
  } const cases[] = {
      {"principal alice password=x\nprincipal bob colour=green\n", "bad:2: \"colour=green\" is not known here"},
      {"principal alice password=\"x\n", "bad:1: a quotation mark is open"},
      {"principal a@b@c\n", "bad:1: \"a@b@c\" is no name of a principal"},
      {"principal alice max_life=ever\n", "bad:1: \"ever\" is no duration"},
      {"principal alice expires=tomorrow\n", "bad:1: \"tomorrow\" is no time"},
      {"principal alice etypes=23\n", "bad:1: \"23\" is no encryption type"},
      {"principle alice\n", "bad:1: \"principle\" is none of"},
      {"principal alice\nprincipal alice@OWN.TEST\n", "bad:2: this principal has been there before"},
      {"policy colour\n", "policy: \"colour\" is not known here"},
  };
  for (const auto& c : cases) {
    const outcome o =
        run(variable("KERB_KDC") + " --realm OWN.TEST --port 0 --principals " + write_file("bad", c.text), {});
    CAPTURE(c.text);
    CHECK(o.status == 1);
    CHECK_THAT(o.said, contains(c.sentence));
  }
  const outcome over = run(variable("KERB_KDC") + " --realm OWN.TEST --principals " + path("principals") +
                               " --export-keytab " + path("principals.keytab") + " alice",
                           {});
  CHECK_THAT(over.said, contains("export to another file"));
  const outcome none = run(variable("KERB_KDC") + " --realm OWN.TEST", {});
  CHECK(none.status == 2);
  CHECK_THAT(run(variable("KERB_KDC") + " --help", {}).said, contains("usage: kdc"));
}
