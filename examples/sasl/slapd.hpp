// OpenLDAP's server, as long as one object lives: without a database, only to bind and to ask who one is.
#pragma once
#include <sys/prctl.h>

#include "../support/throwaway_kdc.hpp"

namespace example {

/// A socket that listens on the loopback interface, or is connected there.
inline int listening(unsigned short& port) {
  const int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t n = sizeof a;
  auto* const address = reinterpret_cast<sockaddr*>(&a);
  if (s < 0 || bind(s, address, n) != 0 || listen(s, 8) != 0 || getsockname(s, address, &n) != 0)
    throw std::runtime_error("no port to listen on");
  port = ntohs(a.sin_port);
  return s;
}
inline int connected(unsigned short port) {
  const int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  a.sin_port = htons(port);
  if (s >= 0 && connect(s, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0) return s;
  close(s);
  return -1;
}

class throwaway_slapd {
 public:
  /// Its key is in `keytab`. Its files are in the KDC's directory.
  throwaway_slapd(const throwaway_kdc& kdc, const std::string& keytab) {
    std::ofstream(kdc.path("slapd.conf"))
        << "sasl-host localhost\nsasl-realm " << kdc.realm() << "\npidfile " << kdc.path("slapd.pid") << "\n";
    close(listening(port_));
    process_ = fork();
    if (process_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      kdc.set_environment();
      setenv("KRB5_KTNAME", ("FILE:" + keytab).c_str(), 1);
      const std::string url = "ldap://127.0.0.1:" + std::to_string(port_), file = kdc.path("slapd.conf");
      const int log = open(kdc.path("slapd.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      dup2(log, 1);
      dup2(log, 2);
      execl(program, "slapd", "-d", "0", "-h", url.c_str(), "-f", file.c_str(), nullptr);
      _exit(127);
    }
    for (int i = 0; i != 500; ++i) {
      const int s = connected(port_);
      if (s >= 0) {
        close(s);
        return;
      }
      if (waitpid(process_, nullptr, WNOHANG) == process_) break;
      usleep(20000);
    }
    end();
    throw std::runtime_error("slapd does not start:\n" + kdc.tail("slapd.log"));
  }
  throwaway_slapd(const throwaway_slapd&) = delete;
  throwaway_slapd& operator=(const throwaway_slapd&) = delete;
  ~throwaway_slapd() { end(); }

  unsigned short port() const { return port_; }
  static bool installed() { return access(program, X_OK) == 0; }

 private:
  void end() const {
    if (process_ <= 0) return;
    kill(process_, SIGKILL);
    while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {}
  }
  static constexpr const char* program = "/usr/sbin/slapd";
  unsigned short port_ = 0;
  pid_t process_ = -1;
};

}  // namespace example
