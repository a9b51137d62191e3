// examples/fleet as processes, the Redis server that they share, and a client that makes its own tickets.
#pragma once
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <kerb/botan.hpp>
#include <kerb/format/keytab.hpp>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "support/ap_world.hpp"
#include "support/catch.hpp"

namespace fleet {

using octet_list = std::vector<std::uint8_t>;
using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

inline std::string variable(const char* name) {
  const char* const v = std::getenv(name);
  return v == nullptr ? "" : v;
}
/// A directory for one run of these tests; main() removes it.
inline std::string workspace;
inline std::string path(const std::string& name) { return workspace + "/" + name; }

/// A program that ends with this object, however the tests end.
class process {
 public:
  explicit process(std::vector<std::string> words) {
    static int count = 0;
    log_ = path("log" + std::to_string(++count));
    std::vector<char*> as_c;
    for (std::string& w : words) as_c.push_back(w.data());
    as_c.push_back(nullptr);
    child_ = fork();
    if (child_ >= 0) setpgid(child_, child_);  // faketime leaves a child of its own behind: both are of one group
    if (child_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(::open(log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600), 1);
    dup2(1, 2);
    execvp(as_c[0], as_c.data());
    _exit(127);
  }
  process(const process&) = delete;
  process& operator=(const process&) = delete;
  ~process() { end(SIGKILL); }

  void send(int signal) const {
    if (child_ > 0) ::kill(-child_, signal);
  }
  /// Sends the signal and waits; the exit status, or -1.
  int end(int signal) {
    if (child_ < 0) return -1;
    send(signal);
    return wait();
  }
  int wait() {
    int status = 0;
    waitpid(child_, &status, 0);
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string log() const {
    std::ifstream in(log_);
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  }
  bool says(const std::string& text, milliseconds within = milliseconds(5000)) const {
    for (const auto until = clock::now() + within; clock::now() < until;) {
      if (log().find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(milliseconds(5));
    }
    return false;
  }

 private:
  std::string log_;
  pid_t child_ = -1;
};

// ---- sockets

class connection {
 public:
  connection() = default;
  explicit connection(int fd) : fd_(fd) {}
  connection(connection&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  connection& operator=(connection&& o) noexcept {
    std::swap(fd_, o.fd_);
    return *this;
  }
  ~connection() { hang_up(); }
  int fd() const { return fd_; }
  void hang_up() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  static connection to_port(unsigned short port) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return open(AF_INET, reinterpret_cast<const sockaddr*>(&a), sizeof a);
  }
  static sockaddr_un at_path(const std::string& file) {
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    file.copy(a.sun_path, sizeof a.sun_path - 1);
    return a;
  }
  static connection to_path(const std::string& file) {
    const sockaddr_un a = at_path(file);
    return open(AF_UNIX, reinterpret_cast<const sockaddr*>(&a), sizeof a);
  }
  bool write(const void* from, std::size_t n) const {
    for (const auto* at = static_cast<const char*>(from); n != 0;) {
      const ssize_t sent = ::send(fd_, at, n, MSG_NOSIGNAL);
      if (sent <= 0) return false;
      at += sent;
      n -= static_cast<std::size_t>(sent);
    }
    return true;
  }
  bool readable(milliseconds within) const {
    pollfd p{fd_, POLLIN, 0};
    return ::poll(&p, 1, static_cast<int>(within.count())) > 0;
  }
  /// Exactly `n` octets; fewer when the other side hangs up or says nothing for ten seconds.
  octet_list read(std::size_t n) const {
    octet_list got(n);
    std::size_t have = 0;
    while (have != n && readable(milliseconds(10000))) {
      const ssize_t now = ::recv(fd_, got.data() + have, n - have, 0);
      if (now <= 0) break;
      have += static_cast<std::size_t>(now);
    }
    got.resize(have);
    return got;
  }

 private:
  static connection open(int family, const sockaddr* a, socklen_t size) {
    connection c(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(c.fd_, a, size) != 0) c.hang_up();
    return c;
  }
  int fd_ = -1;
};

/// What came of a request.
enum class outcome { accepted, replay, unknown, other_refusal, nothing };

/// A client of one acceptor.
class client {
 public:
  explicit client(unsigned short port) : c_(connection::to_port(port)) {}
  bool send(const octet_list& token) const {
    const auto head = kerb::frame_header(static_cast<std::uint32_t>(token.size()));
    octet_list whole(head.begin(), head.end());  // in one piece, for the sake of speed
    whole.insert(whole.end(), token.begin(), token.end());
    return c_.write(whole.data(), whole.size());
  }
  bool answered(milliseconds within) const { return c_.readable(within); }
  outcome answer() const {
    const octet_list head = c_.read(4);
    const auto f = kerb::read_frame(head, 65536);
    if (head.size() != 4 || !f) return outcome::nothing;
    const octet_list octets = c_.read(f->missing);
    if (kerb::asn1::decode<kerb::msg::ApRep>(octets)) return outcome::accepted;
    const auto no = kerb::asn1::decode<kerb::msg::KrbError>(octets);
    if (!no) return outcome::nothing;
    switch (no->error_code) {
      case kerb::error_code_t::krb_ap_err_repeat: return outcome::replay;
      case kerb::error_code_t::kdc_err_svc_unavailable: return outcome::unknown;  // nobody knows whether it is one
      default: return outcome::other_refusal;
    }
  }
  outcome ask(const octet_list& token) const { return send(token) ? answer() : outcome::nothing; }

 private:
  connection c_;
};

// ---- Redis

/// A server of its own, at a socket in the workspace, and at a port where `options` say so.
class redis {
 public:
  explicit redis(std::vector<std::string> options = {}) : options_(std::move(options)) {
    static int count = 0;
    directory_ = path("redis" + std::to_string(++count));
    std::filesystem::create_directory(directory_);
    start();
  }
  std::string address() const { return directory_ + "/redis.sock"; }
  process& it() { return *process_; }
  void start() {
    std::vector<std::string> words{"redis-server",
                                   "--port",
                                   "0",
                                   "--unixsocket",
                                   address(),
                                   "--dir",
                                   directory_,
                                   "--save",
                                   "",
                                   "--appendonly",
                                   "no",
                                   "--daemonize",
                                   "no",
                                   "--repl-diskless-sync-delay",
                                   "0"};
    words.insert(words.end(), options_.begin(), options_.end());
    process_ = std::make_unique<process>(words);
    for (int i = 0; i != 1000 && command("PING") != "+PONG"; ++i) std::this_thread::sleep_for(milliseconds(5));
    if (command("PING") != "+PONG") throw std::runtime_error("redis-server does not start: " + process_->log());
  }
  /// Ends at once, and with it what it has not written to a file.
  void kill() {
    process_->end(SIGKILL);
    std::filesystem::remove(address());
  }
  /// One command in one line; the first line of the reply.
  std::string command(const std::string& line) const {
    const connection c = connection::to_path(address());
    const std::string whole = line + "\r\n";
    if (c.fd() < 0 || !c.write(whole.data(), whole.size())) return "";
    std::string reply;
    for (octet_list o = c.read(1); !o.empty() && o[0] != '\r'; o = c.read(1)) reply += static_cast<char>(o[0]);
    return reply;
  }

 private:
  std::string directory_;
  std::vector<std::string> options_;
  std::unique_ptr<process> process_;
};

/// Stands between acceptors and Redis, and can hold back what Redis says.
class relay {
 public:
  explicit relay(const redis& to) : to_(to.address()), file_(path("relay.sock")) {
    std::filesystem::remove(file_);
    listener_ = connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un a = connection::at_path(file_);
    REQUIRE(::bind(listener_.fd(), reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0);
    REQUIRE(::listen(listener_.fd(), 16) == 0);
    thread_ = std::thread([this] { work(); });
  }
  relay(const relay&) = delete;
  relay& operator=(const relay&) = delete;
  ~relay() {
    stop_ = true;
    thread_.join();
  }
  const std::string& address() const { return file_; }
  /// From now on Redis is told everything, and nothing that it says is passed on.
  void hold_back() { held_back_ = 0, holding_ = true; }
  void let_go() { holding_ = false; }
  /// Waits until Redis has said something that is held back.
  bool holds_something() const {
    for (int i = 0; i != 2000 && held_back_ == 0; ++i) std::this_thread::sleep_for(milliseconds(1));
    return held_back_ != 0;
  }

 private:
  struct pair {
    connection acceptor, redis;
    std::string kept;
  };
  static bool pass(const connection& from, const connection& to) {
    std::array<char, 65536> piece;
    const ssize_t n = ::recv(from.fd(), piece.data(), piece.size(), 0);
    return n > 0 && to.write(piece.data(), static_cast<std::size_t>(n));
  }
  void work() {
    std::vector<pair> pairs;
    while (!stop_) {
      std::vector<pollfd> wanted{{listener_.fd(), POLLIN, 0}};
      for (const pair& p : pairs) {
        wanted.push_back({p.acceptor.fd(), POLLIN, 0});
        wanted.push_back({p.redis.fd(), POLLIN, 0});
      }
      (void)::poll(wanted.data(), wanted.size(), 2);
      for (std::size_t i = pairs.size(); i-- != 0;) {
        pair& p = pairs[i];
        bool lives = true;
        if (wanted[1 + 2 * i].revents != 0) lives = pass(p.acceptor, p.redis);
        if (lives && wanted[2 + 2 * i].revents != 0) {
          std::array<char, 65536> piece;
          const ssize_t n = ::recv(p.redis.fd(), piece.data(), piece.size(), 0);
          lives = n > 0;
          if (lives) p.kept.append(piece.data(), static_cast<std::size_t>(n));
          if (lives && holding_) held_back_ += static_cast<int>(n);
        }
        if (lives && !holding_ && !p.kept.empty()) {
          lives = p.acceptor.write(p.kept.data(), p.kept.size());
          p.kept.clear();
        }
        if (!lives) pairs.erase(pairs.begin() + static_cast<std::ptrdiff_t>(i));
      }
      if (wanted[0].revents != 0) {
        pair p{connection(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC)), connection::to_path(to_), {}};
        if (p.acceptor.fd() >= 0 && p.redis.fd() >= 0) pairs.push_back(std::move(p));
      }
    }
  }

  std::string to_, file_;
  connection listener_;
  std::atomic<bool> stop_{false}, holding_{false};
  std::atomic<int> held_back_{0};
  std::thread thread_;
};

// ---- the service

struct settings {
  int skew = 300, apart = 2, patience = 2000, idle = 30;
  std::vector<std::string> in_front{};  ///< words that run the program
};

/// An acceptor; it serves when this has been made.
class acceptor {
 public:
  explicit acceptor(const std::string& redis, const settings& s = {}) : process_(words(redis, s)) {
    const std::string mark = " port ";
    if (!process_.says(mark)) throw std::runtime_error("examples/fleet does not start: " + process_.log());
    const std::string said = process_.log();
    port_ = static_cast<unsigned short>(std::stoi(said.substr(said.find(mark) + mark.size())));
  }
  unsigned short port() const { return port_; }
  process& it() { return process_; }
  outcome ask(const octet_list& token) const { return client(port_).ask(token); }
  bool says(const std::string& text) const { return process_.says(text); }

 private:
  static std::vector<std::string> words(const std::string& redis, const settings& s) {
    std::vector<std::string> w = s.in_front;
    w.insert(w.end(),
             {variable("KERB_FLEET"), "--service", "HTTP/web.ex.org@EX.ORG", "--keytab", path("keytab"), "--redis",
              redis, "--clock-skew", std::to_string(s.skew), "--apart", std::to_string(s.apart), "--patience",
              std::to_string(std::min(s.patience, 1000 * s.apart)), "--idle", std::to_string(s.idle)});
    return w;
  }
  process process_;
  unsigned short port_ = 0;
};

/// Vouches that the memory is whole.
inline bool vouch(const redis& r) {
  return process({variable("KERB_FLEET"), "--new-service", "--redis", r.address()}).wait() == 0;
}

/// A client whose ticket no KDC issued; each token is a new one, of a clock that is `ahead` seconds ahead.
class minter {
 public:
  minter() {
    w_.now = clock_now();
    w_.ticket.authtime = w_.now.at;
    w_.ticket.starttime = w_.now.at;
    w_.ticket.endtime = kerb::plus(w_.now.at, 36000);
    ticket_ = w_.mint_ticket();
  }
  octet_list token(std::int64_t ahead = 0) {
    const kerb::timestamp t = times_.next(clock_now());
    w_.authenticator.ctime = kerb::plus(t.at, ahead);
    w_.authenticator.cusec = t.usec;
    const kerb::bytes_view v = w_.mint_around(ticket_);
    return {v.begin(), v.end()};
  }
  /// One that the service's key does not open.
  octet_list forged() {
    octet_list t = token();
    t.back() ^= 1;
    return t;
  }
  void write_keytab(const std::string& file) {
    octet_list buffer(1024);
    kerb::keytab_writer w(buffer);
    const auto k = kerb_test::key_as_sent(w_.service_etype, kerb_test::service_octets);
    w.add(kerb::keytab_key{.principal = kerb_test::web,
                           .timestamp = w_.now.at,
                           .kvno = 3,
                           .etype = k.keytype,
                           .key = kerb::secret_view(k.keyvalue)});
    const auto octets = w.finish();
    if (!octets) throw std::runtime_error("no keytab can be written");
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(octets->data()), static_cast<std::streamsize>(octets->size()));
  }
  static kerb::timestamp clock_now() {
    timeval t{};
    gettimeofday(&t, nullptr);
    return {{t.tv_sec}, {static_cast<std::int32_t>(t.tv_usec)}};
  }

 private:
  kerb_test::basic_ap_world<kerb::botan::policy> w_;
  kerb::unique_time times_;
  kerb::bytes_view ticket_;
};

}  // namespace fleet
