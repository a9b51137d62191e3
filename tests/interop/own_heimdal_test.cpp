// Heimdal's clients against examples/kdc. Their packages cannot be installed beside MIT's: tests/support/heimdal.sh
// unpacks them, and KERB_HEIMDAL says where.
#include "own_kdc.hpp"

using namespace own;

namespace {
const std::string tgt = "krbtgt/OWN.TEST@OWN.TEST";

class heimdal_client {
 public:
  explicit heimdal_client(bool tcp = false, const std::string& etypes = "") {
    static int count = 0;
    const std::string n = std::to_string(++count), root = variable("KERB_HEIMDAL");
    const std::string configuration = write_file(
        "heimdal" + n + ".conf", client_configuration("OWN.TEST", {{"OWN.TEST", the_kdc().port()}},
                                                      etypes.empty() ? "" : " default_etypes = " + etypes + "\n"));
    if (tcp) {
      std::string text = read_file(configuration);
      text.insert(text.find("127.0.0.1"), "tcp/");
      write_file("heimdal" + n + ".conf", text);
    }
    environment_ = {{"KRB5_CONFIG", configuration},
                    {"KRB5CCNAME", "FILE:" + path("heimdal-cc" + n)},
                    {"LC_ALL", "C"},
                    {"TZ", "UTC"},
                    {"LD_LIBRARY_PATH", root + "/lib"},
                    {"PATH", root + "/bin:/usr/bin:/bin"}};
  }
  static bool installed() {
    if (runs(variable("KERB_HEIMDAL") + "/bin/kinit.heimdal")) return true;
    WARN("Heimdal's clients are not here (tests/support/heimdal.sh): nothing is tested");
    return false;
  }
  outcome kinit(const std::string& arguments, const std::string& password = "") const {
    const std::string file =
        password.empty() ? "" : "--password-file=" + write_file("heimdal-password", password + "\n") + " ";
    return run("kinit.heimdal --no-afslog " + file + arguments, environment_);
  }
  outcome kgetcred(const std::string& arguments) const { return run("kgetcred " + arguments, environment_); }
  std::string klist() const { return run("heimtools klist -v", environment_).said; }
  std::string cache() const { return environment_.at("KRB5CCNAME"); }

 private:
  std::map<std::string, std::string> environment_;
};

/// What klist -v says of one server's ticket.
std::string ticket(const std::string& klist, const std::string& server) {
  const std::size_t at = klist.find("Server: " + server);
  return at == std::string::npos ? "" : klist.substr(at, klist.find("\n\n", at) - at);
}
void check_done(const outcome& o) {
  INFO(o.said);
  CHECK(o.status == 0);
}
void check_refused(const outcome& o, const std::string& why) {
  INFO(o.said);
  CHECK(o.status != 0);
  CHECK_THAT(o.said, contains(why));
}
}  // namespace

TEST_CASE("own kdc: Heimdal's kinit and kgetcred over UDP and over TCP", "[own][heimdal]") {
  if (!heimdal_client::installed()) return;
  const bool tcp = GENERATE(false, true);
  CAPTURE(tcp);
  const heimdal_client c(tcp);
  const std::string before = the_kdc().log();
  check_done(c.kinit("alice", "alicepw"));
  check_done(c.kgetcred("HTTP/web.own.test"));
  const std::string list = c.klist();
  INFO(list);
  CHECK_THAT(list, contains("Principal: alice@OWN.TEST"));
  CHECK_THAT(ticket(list, tgt), contains("initial"));
  CHECK_THAT(ticket(list, tgt), contains("pre-authent"));
  CHECK_THAT(ticket(list, "HTTP/web.own.test@OWN.TEST"), contains("transited-policy-checked"));
  const std::string log = the_kdc().log_since(before);
  CHECK_THAT(log, contains(tcp ? " tcp TGS alice@OWN.TEST for HTTP/web.own.test@OWN.TEST: issued"
                               : " udp TGS alice@OWN.TEST for HTTP/web.own.test@OWN.TEST: issued"));
  CHECK(log.find(tcp ? " udp " : " tcp ") == std::string::npos);
  // and MIT's library accepts what Heimdal's got
  const mit_client mit = client();
  const auto told =
      mit.peer("through " + c.cache() + " HTTP/web.own.test " + exported("heimdal.keytab", "HTTP/web.own.test"));
  CHECK(told.count("over") == 1);
}

TEST_CASE("own kdc: Heimdal's clients with each encryption type", "[own][heimdal]") {
  if (!heimdal_client::installed()) return;
  const std::map<std::string, std::string> names = {{"17", "aes128-cts-hmac-sha1-96"},
                                                    {"18", "aes256-cts-hmac-sha1-96"},
                                                    {"19", "aes128-cts-hmac-sha256-128"},
                                                    {"20", "aes256-cts-hmac-sha384-192"}};
  for (const auto& [number, name] : names) {
    CAPTURE(number);
    const heimdal_client c(false, name);
    check_done(c.kinit("e" + number, "pw" + number));
    check_done(c.kgetcred("svc/e" + number));
    const std::string one = ticket(c.klist(), "svc/e" + number + "@OWN.TEST");
    INFO(one);
    CHECK_THAT(one, contains("Ticket etype: " + name));
  }
}

TEST_CASE("own kdc: Heimdal's kinit renews, postdates, forwards, proxies and canonicalises", "[own][heimdal]") {
  if (!heimdal_client::installed()) return;
  const heimdal_client c;
  SECTION("renewable, forwardable, proxiable") {
    check_done(c.kinit("-f -p -l 1h --renewable-life=3d alice", "alicepw"));
    for (const char* flag : {"forwardable", "proxiable", "renewable"})
      CHECK_THAT(ticket(c.klist(), tgt), contains(flag));
    check_done(c.kinit("-R"));
    CHECK_THAT(ticket(c.klist(), tgt), contains("renewable"));
    CHECK(ticket(c.klist(), tgt).find("initial") == std::string::npos);
    check_done(c.kgetcred("--forwardable svc/e18"));
    CHECK_THAT(ticket(c.klist(), "svc/e18@OWN.TEST"), contains("forwardable"));
  }
  SECTION("postdated") {
    check_done(c.kinit("-s 1h alice", "alicepw"));
    CHECK_THAT(ticket(c.klist(), tgt), contains("invalid"));
    check_refused(c.kinit("-v"), "ticket is not valid yet");
  }
  SECTION("another name of the client") {
    check_done(c.kinit("--canonicalize ally", "alicepw"));
    CHECK_THAT(c.klist(), contains("Principal: alice@OWN.TEST"));
  }
  SECTION("an enterprise name") {
    check_done(c.kinit("--enterprise --canonicalize alice@mail.example", "alicepw"));
    CHECK_THAT(c.klist(), contains("Principal: alice@OWN.TEST"));
  }
  SECTION("without pre-authentication") {
    check_done(c.kinit("bob", "bobpw"));
    check_done(c.kgetcred("svc/e20"));
  }
  SECTION("a key from a keytab of ours") {
    check_done(c.kinit("-k -t " + exported("heimdal-alice.keytab", "alice") + " alice"));
  }
}

// Heimdal's programs show the KDC's own text where there is one.
TEST_CASE("own kdc: what is refused to Heimdal's clients, and how they say it", "[own][heimdal]") {
  if (!heimdal_client::installed()) return;
  struct {
    const char *who, *password, *sentence;
  } const cases[] = {
      {"alice", "wrong", "Password incorrect"},
      {"nobody", "x", "client unknown"},
      {"locked", "lockedpw", "client is locked out"},
      {"gone", "gonepw", "client has expired"},
      {"felix", "felixpw", "xpired"},
      {"-S svc/nothing alice", "alicepw", "server unknown"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.who);
    check_refused(heimdal_client().kinit(one.who, one.password), one.sentence);
  }
  const heimdal_client c;
  check_done(c.kinit("alice", "alicepw"));
  check_refused(c.kgetcred("svc/nothing"), "server unknown");
  check_refused(c.kgetcred("kadmin/changepw"), "policy refuses");
}
