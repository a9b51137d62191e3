// A KDC that lives as long as one object: MIT's krb5kdc with a directory, a database and a port of its own.
#pragma once
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace example {

struct kdc_setup {
  std::string realm = "EXAMPLE.ORG";
  std::string commands{};     ///< for kadmin.local, one per line: `addprinc -pw secret alice`
  std::string kdcdefaults{};  ///< lines for that section of kdc.conf
  std::string libdefaults{};  ///< lines for that section of krb5.conf
  bool passwords = false;     ///< start kadmind too, which changes passwords (RFC 3244)
  std::string acl{};          ///< who may do what at kadmind, in the form of kadm5.acl
};

/// Starts the KDC on the loopback interface; the destructor stops it and removes everything. A keeper process does this
/// even if a signal kills the program: it holds one end of a socket pair, and the other end closes with the program.
/// The constructor throws std::runtime_error with the output of the tools. Construct it before the program's first
/// thread.
class throwaway_kdc {
 public:
  explicit throwaway_kdc(const kdc_setup& setup) : realm_(setup.realm) {
    make_directory();
    start_keeper();
    try {
      write_configuration(setup);
      std::ofstream(path("acl")) << setup.acl;
      std::ofstream(path("commands")) << setup.commands << "\n";
      run({"kdb5_util", "-r", realm_, "create", "-s", "-P", "the database goes when the program ends"});
      run({"kadmin.local", "-r", realm_}, path("commands"));
      if (tail("setup.out").find(" while ") != std::string::npos)  // kadmin.local continues after an error
        throw std::runtime_error("kadmin.local failed:\n" + tail("setup.out"));
      for (int attempt = 0; !serving(setup); ++attempt)
        if (attempt == 3)
          throw std::runtime_error("krb5kdc or kadmind does not start:\n" + tail("kdc.out") + tail("kdc.log") +
                                   tail("kadmind.out") + tail("kadmind.log"));
    } catch (...) {
      end();
      throw;
    }
  }
  throwaway_kdc(const throwaway_kdc&) = delete;
  throwaway_kdc& operator=(const throwaway_kdc&) = delete;
  ~throwaway_kdc() { end(); }

  /// Returns whether the programs are installed.
  static bool installed() { return !which("krb5kdc").empty() && !which("kadmin.local").empty(); }

  const std::string& realm() const { return realm_; }
  unsigned short port() const { return port_; }
  /// The port of kadmind for changes of passwords, if it was started.
  unsigned short kpasswd_port() const { return kpasswd_port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  /// The path of a file in the KDC's directory.
  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  /// The environment variables with which MIT's programs find this KDC.
  void set_environment() const {
    setenv("KRB5_CONFIG", path("krb5.conf").c_str(), 1);
    setenv("KRB5_KDC_PROFILE", path("kdc.conf").c_str(), 1);
    setenv("KRB5RCACHENAME", "none:", 1);
  }
  /// Runs a program in the KDC's environment and waits for its end. If it fails, throws its output.
  void run(const std::vector<std::string>& command, const std::string& input = "/dev/null") const {
    const pid_t child = spawn(command, input, path("setup.out"));
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (status != 0) throw std::runtime_error(command[0] + " failed:\n" + tail("setup.out"));
  }
  /// The end of a file in the KDC's directory.
  std::string tail(const std::string& name) const {
    std::ifstream in(path(name));
    std::stringstream all;
    all << in.rdbuf();
    const std::string text = all.str();
    return text.size() < 1500 ? text : text.substr(text.size() - 1500);
  }

 private:
  void make_directory() {
    directory_ = (std::filesystem::temp_directory_path() / "kerb-kdc-XXXXXX").string();
    if (mkdtemp(directory_.data()) == nullptr) throw std::runtime_error("no directory can be made: " + directory_);
  }
  /// Writes both files. They contain the port, which is new for each attempt.
  void write_configuration(const kdc_setup& s) const {
    std::ofstream(path("krb5.conf")) << "[libdefaults]\n default_realm = " << realm_
                                     << "\n dns_lookup_kdc = false\n dns_lookup_realm = false\n rdns = false\n"
                                     << " dns_canonicalize_hostname = false\n"
                                     << s.libdefaults << "[realms]\n " << realm_ << " = {\n  kdc = " << address()
                                     << "\n  kpasswd_server = 127.0.0.1:" << kpasswd_port_ << "\n }\n";
    std::ofstream(path("kdc.conf")) << "[kdcdefaults]\n kdc_listen = " << address()
                                    << "\n kdc_tcp_listen = " << address() << "\n"
                                    << s.kdcdefaults << "[logging]\n kdc = FILE:" << path("kdc.log")
                                    << "\n admin_server = FILE:" << path("kadmind.log") << "\n"
                                    << realms();
  }
  std::string realms() const {
    return "[realms]\n " + realm_ + " = {\n  database_name = " + path("principal") +
           "\n  key_stash_file = " + path("stash") + "\n  acl_file = " + path("acl") +
           "\n  kpasswd_listen = 127.0.0.1:" + std::to_string(kpasswd_port_) +
           "\n  kadmind_listen = 127.0.0.1:" + std::to_string(kadmin_port_) +
           "\n  max_life = 12h\n  max_renewable_life = 7d\n"
           "  supported_enctypes = aes256-cts-hmac-sha384-192:normal aes128-cts-hmac-sha256-128:normal"
           " aes256-cts-hmac-sha1-96:normal aes128-cts-hmac-sha1-96:normal\n }\n";
  }

  /// Has the keeper start a KDC on a free port. Returns false if another program took that port first.
  bool serving(const kdc_setup& setup) {
    port_ = free_port();
    kpasswd_port_ = free_port();
    kadmin_port_ = free_port();
    write_configuration(setup);
    for (const char* const log : {"kdc.log", "kadmind.log"}) std::filesystem::remove(path(log));
    return started('k', "kdc.log", "commencing operation") &&
           (!setup.passwords || started('p', "kadmind.log", "starting"));
  }
  /// Has the keeper start a program, and waits until it says so in its log.
  bool started(char which, const std::string& log, const std::string& sign) const {
    if (::send(keeper_socket_, &which, 1, MSG_NOSIGNAL) != 1) return false;
    for (int i = 0; i != 500; ++i) {
      if (tail(log).find(sign) != std::string::npos) return true;
      pollfd ended{keeper_socket_, POLLIN, 0};
      char said = 0;
      if (poll(&ended, 1, 20) > 0) return ::recv(keeper_socket_, &said, 1, 0) < 0;
    }
    return false;
  }
  static unsigned short free_port() {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof a;
    const int s = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ::bind(s, reinterpret_cast<sockaddr*>(&a), size);
    ::getsockname(s, reinterpret_cast<sockaddr*>(&a), &size);
    ::close(s);
    return ntohs(a.sin_port);
  }

  // ---- processes

  /// The path of a program. The PATH of an ordinary user lacks the directories of system programs.
  static std::string which(const std::string& program) {
    const char* const path = std::getenv("PATH");
    std::stringstream places(std::string(path == nullptr ? "" : path) + ":/usr/sbin:/usr/local/sbin:/sbin");
    for (std::string place; std::getline(places, place, ':');)
      if (access((place + "/" + program).c_str(), X_OK) == 0) return place + "/" + program;
    return {};
  }
  pid_t spawn(const std::vector<std::string>& command, const std::string& input, const std::string& output) const {
    const std::string program = which(command[0]);
    if (program.empty()) throw std::runtime_error(command[0] + " is not installed (package krb5-kdc)");
    std::vector<char*> words;
    for (const std::string& w : command) words.push_back(const_cast<char*>(w.c_str()));
    words.push_back(nullptr);
    const pid_t child = fork();
    if (child == 0) {
      if (chdir(directory_.c_str()) != 0) _exit(126);
      set_environment();
      dup2(open(input.c_str(), O_RDONLY | O_CLOEXEC), 0);
      dup2(open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), 1);
      dup2(1, 2);
      execv(program.c_str(), words.data());
      _exit(127);
    }
    if (child < 0) throw std::runtime_error("no process can be started");
    return child;
  }
  void start_keeper() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw std::runtime_error("no socket pair");
    keeper_ = fork();
    if (keeper_ == 0) {
      setsid();  // Ctrl-C must reach only the program
      for (int fd = 3; fd != 1024; ++fd)
        if (fd != ends[0]) ::close(fd);
      keep(ends[0]);
    }
    ::close(ends[0]);
    keeper_socket_ = ends[1];
  }
  /// The keeper process: starts a KDC or a kadmind on request, reports an end, and cleans up when the socket closes.
  [[noreturn]] void keep(int socket) const {
    pid_t kdc = -1, kadmind = -1;
    for (;;) {
      pollfd told{socket, POLLIN, 0};
      poll(&told, 1, kdc > 0 ? 100 : -1);
      for (pid_t* const child : {&kdc, &kadmind}) {
        if (*child <= 0 || waitpid(*child, nullptr, WNOHANG) != *child) continue;
        *child = -1;
        (void)::send(socket, "x", 1, MSG_NOSIGNAL);
      }
      if (told.revents == 0) continue;
      char word = 0;
      if (::recv(socket, &word, 1, 0) <= 0) break;
      if (word == 'k')
        for (pid_t* const child : {&kdc, &kadmind}) end_process(*child);
      if (word == 'k') kdc = spawn({"krb5kdc", "-n", "-r", realm_}, "/dev/null", path("kdc.out"));
      else kadmind = spawn({"kadmind", "-nofork", "-r", realm_}, "/dev/null", path("kadmind.out"));
    }
    for (pid_t* const child : {&kdc, &kadmind}) end_process(*child);
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
    _exit(0);
  }
  static void end_process(pid_t& child) {
    if (child > 0) {
      kill(child, SIGTERM);
      waitpid(child, nullptr, 0);
    }
    child = -1;
  }
  void end() {
    ::close(keeper_socket_);
    while (waitpid(keeper_, nullptr, 0) < 0 && errno == EINTR) {}
  }

  std::string realm_;
  std::string directory_;
  unsigned short port_ = 0, kpasswd_port_ = 0, kadmin_port_ = 0;
  int keeper_socket_ = -1;
  pid_t keeper_ = -1;
};

}  // namespace example
