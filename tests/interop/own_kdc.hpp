// examples/kdc as a process of its own, its principals, and stock clients that are run against it.
#pragma once
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "examples/support/throwaway_kdc.hpp"
#include "support/catch.hpp"

namespace own {

using kerb_test::contains;

inline std::string variable(const char* name) {
  const char* const v = std::getenv(name);
  return v == nullptr ? "" : v;
}
inline bool runs(const std::string& program) { return !program.empty() && access(program.c_str(), X_OK) == 0; }

inline std::string read_file(const std::string& file) {
  std::ifstream in(file);
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

/// A directory for one run of these tests; main() removes it.
inline std::string workspace;
inline std::string path(const std::string& name) { return workspace + "/" + name; }
inline std::string write_file(const std::string& name, const std::string& text) {
  std::ofstream(path(name)) << text;
  return path(name);
}

/// A run of the KDC, or of another example that serves. It ends with the tests, however they end.
class kdc_process {
 public:
  /// The options but for the port, which is any that is free unless they say so.
  explicit kdc_process(std::vector<std::string> options, const std::string& program = variable("KERB_KDC")) {
    static int count = 0;
    log_ = path("server" + std::to_string(++count) + ".log");
    if (std::find(options.begin(), options.end(), "--port") == options.end()) {
      options.insert(options.end(), {"--port", "0"});
    }
    options.insert(options.begin(), program);
    std::vector<char*> words;
    for (std::string& o : options) words.push_back(o.data());
    words.push_back(nullptr);
    child_ = fork();
    if (child_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(open(log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600), 1);
      dup2(1, 2);
      execv(words[0], words.data());
      _exit(127);
    }
    for (int i = 0; i != 1000 && port_.empty(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      const std::string said = log();
      const std::size_t at = said.find(" port "), end = said.find('\n');
      if (at != std::string::npos && end != std::string::npos) port_ = said.substr(at + 6, end - at - 6);
      if (port_.empty() && waitpid(child_, &status_, WNOHANG) == child_) child_ = -1;
      if (child_ < 0) break;
    }
    if (port_.empty()) throw std::runtime_error(program + " does not start: " + log());
  }
  kdc_process(const kdc_process&) = delete;
  kdc_process& operator=(const kdc_process&) = delete;
  ~kdc_process() { stop(); }

  const std::string& port() const { return port_; }
  /// The port for changes of passwords, which the log's second line has.
  std::string kpasswd_port() const {
    const std::string sign = "changing passwords at port ";
    for (int i = 0; i != 100; ++i, std::this_thread::sleep_for(std::chrono::milliseconds(10))) {
      const std::string said = log();
      const std::size_t at = said.find(sign), end = said.find('\n', at);
      if (at != std::string::npos && end != std::string::npos)
        return said.substr(at + sign.size(), end - at - sign.size());
    }
    return "0";
  }
  pid_t pid() const { return child_; }
  std::string log() const { return read_file(log_); }
  /// What has been logged since `before`, a former log().
  std::string log_since(const std::string& before) const { return log().substr(before.size()); }
  /// Sends SIGTERM; the exit status, or -1 when it has to be killed after three seconds.
  int stop() {
    if (child_ < 0) return status_;
    kill(child_, SIGTERM);
    for (int i = 0; i != 300; ++i) {
      if (waitpid(child_, &status_, WNOHANG) == child_) {
        child_ = -1;
        return status_ = WIFEXITED(status_) ? WEXITSTATUS(status_) : -1;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    child_ = -1;
    return status_ = -1;
  }

 private:
  std::string log_, port_;
  pid_t child_ = -1;
  int status_ = -1;
};

/// Seconds of the processor that a process has used.
inline double processor_time(pid_t pid) {
  const std::string line = read_file("/proc/" + std::to_string(pid) + "/stat");
  std::stringstream fields(line.substr(line.rfind(')') + 1));
  std::string word;
  double user = 0, system = 0;
  for (int i = 0; i != 11; ++i) fields >> word;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

struct outcome {
  int status = -1;
  std::string said;
};
/// Runs a command of the shell in the environment given; `input` is its standard input.
inline outcome run(const std::string& command, const std::map<std::string, std::string>& environment,
                   const std::string& input = "") {
  std::string line;
  for (const auto& [name, value] : environment) line += name + "='" + value + "' ";
  static int count = 0;
  const std::string from = write_file("input" + std::to_string(++count), input);
  line = "{ " + line + command + "; } <'" + from + "' 2>&1";
  outcome o;
  FILE* const out = popen(line.c_str(), "r");
  for (int c; (c = std::fgetc(out)) != EOF;) o.said += static_cast<char>(c);
  const int status = pclose(out);
  o.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  std::filesystem::remove(from);
  return o;
}

/// [libdefaults] and [realms] for MIT's and Heimdal's programs; `more` are lines of the first, `sections` come after.
inline std::string client_configuration(const std::string& realm, const std::map<std::string, std::string>& ports,
                                        const std::string& more = "", const std::string& sections = "") {
  std::string text = "[libdefaults]\n default_realm = " + realm +
                     "\n dns_lookup_kdc = false\n dns_lookup_realm = false\n rdns = false\n"
                     " dns_canonicalize_hostname = false\n" +
                     more + "[realms]\n";
  for (const auto& [name, port] : ports) text += " " + name + " = {\n  kdc = 127.0.0.1:" + port + "\n }\n";
  return text + sections;
}

/// MIT's programs with a credential cache of their own.
class mit_client {
 public:
  explicit mit_client(const std::string& configuration) {
    static int count = 0;
    environment_ = {{"KRB5_CONFIG", configuration},
                    {"KRB5CCNAME", "FILE:" + path("cc" + std::to_string(++count))},
                    {"KRB5RCACHENAME", "none:"},
                    {"LC_ALL", "C"},
                    {"TZ", "UTC"}};
  }
  std::string cache() const { return environment_.at("KRB5CCNAME"); }
  outcome kinit(const std::string& arguments, const std::string& password = "") const {
    return run("kinit " + arguments, environment_, password.empty() ? "" : password + "\n");
  }
  outcome kvno(const std::string& arguments) const { return run("kvno " + arguments, environment_); }
  /// Tickets with flags, encryption types and addresses.
  std::string klist() const { return run("klist -efan", environment_).said; }
  outcome command(const std::string& line) const { return run(line, environment_); }
  /// MIT's library in a program of ours: its lines by their first words.
  std::map<std::string, std::string> peer(const std::string& arguments) const {
    const outcome o = run(variable("KERB_MIT_PEER") + " " + arguments, environment_);
    INFO(o.said);
    CHECK(o.status == 0);
    std::map<std::string, std::string> lines;
    std::stringstream all(o.said);
    for (std::string line; std::getline(all, line);) {
      const std::size_t blank = line.find(' ');
      lines[line.substr(0, blank)] = blank == std::string::npos ? "" : line.substr(blank + 1);
    }
    return lines;
  }

 private:
  std::map<std::string, std::string> environment_;
};

/// The flags that klist shows for a server's ticket, as letters; "" when there is no such ticket.
inline std::string flags_of(const std::string& klist, const std::string& server) {
  const std::size_t at = klist.find(server);
  if (at == std::string::npos) return "";
  const std::size_t flags = klist.find("Flags: ", at);
  return flags == std::string::npos ? "" : klist.substr(flags + 7, klist.find_first_of(",\n", flags) - flags - 7);
}
inline bool has(const std::string& flags, char letter) { return flags.find(letter) != std::string::npos; }

/// The principals of OWN.TEST.
inline const char* const principals = R"(
principal alice password=alicepw
principal bob password=bobpw no_preauth
principal rita password=ritapw authdata=-7001:0102 authdata_if_relevant=-7002:c0ffee
principal e17 password=pw17 etypes=17
principal e18 password=pw18 etypes=18
principal e19 password=pw19 etypes=aes128-cts-hmac-sha256-128
principal e20 password=pw20 etypes=20
principal svc/e17 etypes=17
principal svc/e18 etypes=18
principal svc/e19 etypes=19
principal svc/e20 etypes=20
principal svc/password password=svcpw service
principal HTTP/web.own.test
principal "odd name" password="p w#\"q"
principal short password=shortpw max_life=10m no_renewable no_forwardable no_postdated

alias ally alice
alias HTTP/www.own.test HTTP/web.own.test
enterprise alice@mail.example alice
moved @corp.example A.TEST
moved roamer A.TEST

principal locked password=lockedpw locked
principal gone password=gonepw expires=2020-01-01
principal early password=earlypw valid_from=2099-12-31T23:59:59Z
principal felix password=felixpw password_expires=2020-01-01
principal frank password=frankpw must_change_password
principal keyless no_preauth not_a_client
principal u2uonly password=u2upw user_to_user_only
principal nou2u password=u2upw no_user_to_user
principal svc/locked locked
principal svc/gone expires=2020-01-01
principal svc/careful requires_preauth
principal svc/nobody not_a_server
principal kadmin/changepw initial_only changes_passwords

principal krbtgt/A.TEST password=own-to-a
principal krbtgt/OWN.TEST@A.TEST password=a-to-own
principal krbtgt/C.TEST password=own-to-c
principal krbtgt/OWN.TEST@C.TEST password=c-to-own
referral .a.test A.TEST
referral .c.test C.TEST
referral FAR.TEST C.TEST
)";

/// The KDC of OWN.TEST with its principals in a file, started when it is first needed.
inline std::unique_ptr<kdc_process> kdc;
inline kdc_process& the_kdc() {
  if (!kdc) {
    kdc = std::make_unique<kdc_process>(
        std::vector<std::string>{"--realm", "OWN.TEST", "--principals", write_file("principals", principals)});
    write_file("krb5.conf", client_configuration("OWN.TEST", {{"OWN.TEST", kdc->port()}}));
    write_file("krb5-tcp.conf",
               client_configuration("OWN.TEST", {{"OWN.TEST", kdc->port()}}, " udp_preference_limit = 1\n"));
  }
  return *kdc;
}
inline mit_client client(const std::string& configuration = "krb5.conf") {
  the_kdc();
  return mit_client(path(configuration));
}
/// A client that has logged in.
inline mit_client alice(const std::string& options = "") {
  mit_client c = client();
  const outcome o = c.kinit(options + " alice", "alicepw");
  INFO(o.said);
  REQUIRE(o.status == 0);
  return c;
}
/// A keytab with these principals' keys, written by the KDC.
inline std::string exported(const std::string& file, const std::string& names,
                            const std::string& from = "--principals '" + path("principals") + "'") {
  the_kdc();
  const outcome o =
      run(variable("KERB_KDC") + " --realm OWN.TEST " + from + " --export-keytab '" + path(file) + "' " + names, {});
  INFO(o.said);
  REQUIRE(o.status == 0);
  return "FILE:" + path(file);
}

}  // namespace own
