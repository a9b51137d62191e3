// Passwords of examples/kdc, changed by the kpasswd of MIT krb5 and of Heimdal; and by our client, also at Heimdal's
// kpasswdd.
#include <netinet/in.h>
#include <sys/socket.h>

#include "own_kdc.hpp"
#include "password_client.hpp"

using kerb::errc;
using namespace own;

namespace {

const char* const people = R"(
principal alice password=alice-old
principal bob password=bob-old must_change_password
principal felix password=felix-old password_expires=2020-01-01
principal admin password=admin-old sets_passwords
principal HTTP/web.own.test
principal kadmin/changepw initial_only changes_passwords
policy min_password=6
)";

/// A KDC with a store of its own, and clients that know its ports.
class password_realm {
 public:
  explicit password_realm(bool database) {
    static int count = 0;
    const std::string n = std::to_string(++count);
    options_ = {"--realm", "OWN.TEST", "--principals", write_file("people" + n, people), "--kpasswd-port", "0"};
    if (database) options_.insert(options_.end(), {"--db", path("people" + n + ".db")});
    start();
  }
  kdc_process& kdc() { return *kdc_; }
  /// Starts the KDC again. From a database, without the file, which has the first passwords.
  void start_again() {
    kdc_->stop();
    if (options_.size() > 6) options_.erase(options_.begin() + 2, options_.begin() + 4);
    start();
  }
  mit_client mit() const { return mit_client(configuration_); }
  const std::string& configuration() const { return configuration_; }
  passwords::realm ports() const { return {"OWN.TEST", kdc_->port(), kdc_->kpasswd_port()}; }
  bool logs_in(const std::string& who, const std::string& password) const {
    return mit().kinit(who, password).status == 0;
  }

 private:
  void start() {
    kdc_ = std::make_unique<kdc_process>(options_);
    std::string text = client_configuration("OWN.TEST", {{"OWN.TEST", kdc_->port()}});
    text.insert(text.find(" }"), "  kpasswd_server = 127.0.0.1:" + kdc_->kpasswd_port() + "\n");
    configuration_ = write_file("kpasswd.conf", text);
  }
  std::vector<std::string> options_;
  std::unique_ptr<kdc_process> kdc_;
  std::string configuration_;
};

own::outcome kpasswd(const password_realm& r, const std::string& who, const std::string& old, const std::string& next) {
  return run("kpasswd " + who, {{"KRB5_CONFIG", r.configuration()}, {"LC_ALL", "C"}},
             old + "\n" + next + "\n" + next + "\n");
}
bool has_sqlite() {
  return run(variable("KERB_KDC") + " --realm X --db " + path("probe.db") + " --principals /dev/null --export-keytab " +
                 path("probe.keytab") + " krbtgt/X",
             {})
             .said.find("without SQLite") == std::string::npos;
}
}  // namespace

TEST_CASE("own kdc: MIT's kpasswd changes a password, which lasts", "[own][kpasswd][rfc3244-2]") {
  const bool database = GENERATE(false, true);
  CAPTURE(database);
  if (database && !has_sqlite()) return;
  password_realm r(database);
  const outcome o = kpasswd(r, "alice", "alice-old", "alice-new");
  INFO(o.said << r.kdc().log());
  REQUIRE(o.status == 0);
  CHECK_THAT(o.said, contains("Password changed"));
  CHECK_THAT(r.kdc().log(), contains("kpasswd by alice@OWN.TEST: KRB5_KPASSWD_SUCCESS, Password changed"));
  CHECK(r.logs_in("alice", "alice-new"));
  CHECK(!r.logs_in("alice", "alice-old"));
  CHECK(r.logs_in("admin", "admin-old"));
  CHECK(kpasswd(r, "alice", "alice-new", "alice-third").status == 0);
  r.start_again();
  CHECK(r.logs_in("alice", "alice-third"));
  CHECK(!r.logs_in("alice", "alice-old"));
  CHECK(r.logs_in("admin", "admin-old"));
  CHECK(r.kdc().log().find("alice-") == std::string::npos);
}
TEST_CASE("own kdc: MIT's kpasswd and kinit change a password that has expired", "[own][kpasswd][rfc3244-2]") {
  const bool database = GENERATE(false, true);
  CAPTURE(database);
  if (database && !has_sqlite()) return;
  password_realm r(database);
  CHECK(kpasswd(r, "felix", "felix-old", "felix-new").status == 0);
  CHECK(r.logs_in("felix", "felix-new"));
  const outcome o = r.mit().kinit("bob", "bob-old\nbob-new\nbob-new");  // kinit offers to change it
  INFO(o.said);
  CHECK(o.status == 0);
  r.start_again();
  CHECK(r.logs_in("bob", "bob-new"));
  CHECK(r.logs_in("felix", "felix-new"));
}
TEST_CASE("own kdc: MIT's kpasswd shows why a password is refused", "[own][kpasswd][rfc3244-2]") {
  password_realm r(false);
  const outcome o = kpasswd(r, "alice", "alice-old", "tiny");
  CHECK(o.status != 0);
  CHECK_THAT(o.said, contains("The password needs at least 6 characters."));
  CHECK(r.logs_in("alice", "alice-old"));
  CHECK(kpasswd(r, "alice", "wrong-old", "alice-new").status != 0);
  CHECK(r.logs_in("alice", "alice-old"));
}

TEST_CASE("own kdc: Heimdal's kpasswd changes a password", "[own][kpasswd][heimdal][rfc3244-2]") {
  const std::string root = variable("KERB_HEIMDAL");
  if (!runs(root + "/bin/kpasswd.heimdal")) {
    WARN("Heimdal's clients are not here (tests/support/heimdal.sh): nothing is tested");
    return;
  }
  const bool database = GENERATE(false, true);
  if (database && !has_sqlite()) return;
  password_realm r(database);
  const std::map<std::string, std::string> environment = {{"KRB5_CONFIG", r.configuration()},
                                                          {"KRB5CCNAME", "FILE:" + path("heimdal-kpasswd")},
                                                          {"LC_ALL", "C"},
                                                          {"LD_LIBRARY_PATH", root + "/lib"},
                                                          {"PATH", root + "/bin:/usr/bin:/bin"}};
  const auto change = [&](const std::string& who, const std::string& old, const std::string& next) {
    return run("kpasswd.heimdal " + who, environment, old + "\n" + next + "\n" + next + "\n");
  };
  const outcome o = change("alice", "alice-old", "alice-new");
  INFO(o.said << r.kdc().log());
  CHECK(o.status == 0);
  CHECK(r.logs_in("alice", "alice-new"));
  CHECK(!r.logs_in("alice", "alice-old"));
  CHECK_THAT(change("alice", "alice-new", "tiny").said, contains("The password needs at least 6 characters."));
  CHECK(r.logs_in("alice", "alice-new"));
  CHECK(change("--admin-principal=admin alice", "admin-old", "alice-by-admin").status == 0);
  CHECK(r.logs_in("alice", "alice-by-admin"));
  CHECK(change("--admin-principal=alice admin", "alice-by-admin", "admin-by-alice").status != 0);
  CHECK_THAT(r.kdc().log(), contains("by alice@OWN.TEST for admin@OWN.TEST: KRB5_KPASSWD_ACCESSDENIED"));
  CHECK(r.logs_in("admin", "admin-old"));
}

TEST_CASE("own kdc: who may, sets the passwords of others", "[own][kpasswd][rfc3244-2]") {
  using kerb::kpasswd_result_t;
  const bool database = GENERATE(false, true);
  if (database && !has_sqlite()) return;
  password_realm r(database);
  const passwords::realm at = r.ports();
  passwords::policy p;
  const auto admin = at.login(p, "admin", "admin-old"), alice = at.login(p, "alice", "alice-old");
  REQUIRE((admin && alice));
  for (const bool tcp : {false, true}) {
    const std::string next = tcp ? "by-admin-tcp" : "by-admin";
    CHECK(at.change(p, *admin.credential, {next, passwords::set, "alice", tcp}).why == errc::ok);
    CHECK(r.logs_in("alice", next));
  }
  CHECK(at.change(p, *alice.credential, {"by-alice", passwords::set, "admin"}).code == kpasswd_result_t::accessdenied);
  CHECK(at.change(p, *alice.credential, {"by-alice", passwords::set, "alice"}).why == errc::ok);
  CHECK(at.change(p, *alice.credential, {"again-by-alice", passwords::set}).why == errc::ok);
  CHECK(r.logs_in("alice", "again-by-alice"));
  for (const char* const nobody : {"HTTP/web.own.test", "krbtgt/OWN.TEST", "nobody"})
    CHECK(at.change(p, *admin.credential, {"by-admin", passwords::set, nobody}).code == kpasswd_result_t::harderror);
  CHECK(r.logs_in("admin", "admin-old"));
  CHECK_THAT(r.kdc().log(), contains("kpasswd by admin@OWN.TEST for alice@OWN.TEST: KRB5_KPASSWD_SUCCESS"));
}

namespace {
/// Heimdal's KDC and kpasswdd, or nothing.
class heimdal_realm {
 public:
  heimdal_realm() {
    const std::string root = variable("KERB_HEIMDAL"), servers = root + "/libexec/";
    if (!runs(servers + "kdc") || !runs(servers + "kpasswdd")) return;
    const std::string port = free_port(), kpasswd = free_port();
    const std::string file =
        write_file("heimdal-kdc.conf", client_configuration("HEIM.TEST", {{"HEIM.TEST", port}}) +
                                           "[kdc]\n database = {\n  dbname = " + path("heimdal") +
                                           "\n  realm = HEIM.TEST\n  mkey_file = " + path("heimdal-mkey") +
                                           "\n  acl_file = " + write_file("heimdal-acl", "admin@HEIM.TEST all\n") +
                                           "\n  log_file = " + path("heimdal-log") +
                                           "\n }\n[logging]\n default = FILE:" + path("heimdal-servers.log") + "\n");
    const std::map<std::string, std::string> environment = {
        {"KRB5_CONFIG", file}, {"LD_LIBRARY_PATH", root + "/lib"}, {"LC_ALL", "C"}};
    const auto kadmin = [&](const std::string& words) {
      return run(root + "/bin/kadmin.heimdal -l -c " + file + " -r HEIM.TEST " + words, environment);
    };
    said_ = kadmin("init --realm-max-ticket-life=unlimited --realm-max-renewable-life=unlimited HEIM.TEST").said;
    for (const char* const who : {"alice", "bob", "admin"}) {
      said_ += kadmin("add --use-defaults --password=" + std::string(who) + "-old-password " + who).said;
    }
    setenv("LD_LIBRARY_PATH", (root + "/lib").c_str(), 1);
    setenv("KRB5_CONFIG", file.c_str(), 1);
    servers_.push_back(spawn({servers + "kdc", "-c", file, "--addresses=127.0.0.1", "--ports=" + port}));
    servers_.push_back(
        spawn({servers + "kpasswdd", "-c", file, "--addresses=127.0.0.1", "--port=" + kpasswd, "-r", "HEIM.TEST"}));
    unsetenv("LD_LIBRARY_PATH");
    unsetenv("KRB5_CONFIG");
    ports_ = {"HEIM.TEST", port, kpasswd};
  }
  heimdal_realm(const heimdal_realm&) = delete;
  ~heimdal_realm() {
    for (const pid_t p : servers_) {
      kill(p, SIGTERM);
      waitpid(p, nullptr, 0);
    }
  }
  const passwords::realm* operator->() const { return &ports_; }
  explicit operator bool() const { return !servers_.empty(); }
  std::string log() const { return said_ + read_file(path("heimdal-servers.log")); }

 private:
  static std::string free_port() {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof a;
    const int s = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ::bind(s, reinterpret_cast<sockaddr*>(&a), size);
    ::getsockname(s, reinterpret_cast<sockaddr*>(&a), &size);
    ::close(s);
    return std::to_string(ntohs(a.sin_port));
  }
  static pid_t spawn(std::vector<std::string> command) {
    std::vector<char*> words;
    for (std::string& w : command) words.push_back(w.data());
    words.push_back(nullptr);
    const std::string out = path("heimdal-servers.out");
    const pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(open(out.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), 1);
      dup2(1, 2);
      execv(words[0], words.data());
      _exit(127);
    }
    return child;
  }
  passwords::realm ports_;
  std::vector<pid_t> servers_;
  std::string said_;
};
}  // namespace

TEST_CASE("Heimdal's kpasswdd changes a password, and lets an administrator set one",
          "[own][kpasswd][heimdal][rfc3244-2]") {
  const heimdal_realm r;
  if (!r) {
    WARN("Heimdal's servers are not here (tests/support/heimdal.sh): nothing is tested");
    return;
  }
  passwords::policy p;
  for (int i = 0; i != 100 && !r->logs_in(p, "alice", "alice-old-password"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  INFO(r.log());
  std::string old = "alice-old-password";
  for (const passwords::wish& w :
       {passwords::wish{"alice-new-password"}, passwords::wish{"alice-set-password", passwords::set},
        passwords::wish{"alice-own-password", passwords::set, "alice"}}) {
    const auto t = r->login(p, "alice", old);
    REQUIRE(t);
    const auto o = r->change(p, *t.credential, w);
    CHECK(o.why == errc::ok);
    CHECK(r->logs_in(p, "alice", w.password));
    CHECK(!r->logs_in(p, "alice", old));
    old = w.password;
  }
  const auto alice = r->login(p, "alice", old), admin = r->login(p, "admin", "admin-old-password");
  REQUIRE((alice && admin));
  const auto tiny = r->change(p, *alice.credential, {"tiny"});
  CHECK(tiny.why == errc::password_refused);
  CHECK(tiny.code == kerb::kpasswd_result_t::softerror);
  CHECK(!tiny.text.empty());
  CHECK(r->change(p, *alice.credential, {"bob-by-alice-1", passwords::set, "bob"}).why == errc::password_refused);
  CHECK(r->change(p, *admin.credential, {"bob-by-admin-1", passwords::set, "bob"}).why == errc::ok);
  CHECK(r->logs_in(p, "bob", "bob-by-admin-1"));
}
