// A PostgreSQL server that lives as long as one object, with a directory and a port of its own. It accepts only
// connections that GSS-API authenticates and encrypts.
#pragma once
#include <pwd.h>

#include <algorithm>

#include "../support/throwaway_kdc.hpp"

namespace example {

class throwaway_postgres {
 public:
  /// The server's keytab must be readable for it; `user` may do everything in the database.
  throwaway_postgres(const throwaway_kdc& kdc, const std::string& keytab, const std::string& user) : kdc_(kdc) {
    directory_ = (std::filesystem::temp_directory_path() / "kerb-postgres-XXXXXX").string();
    if (mkdtemp(directory_.data()) == nullptr) throw std::runtime_error("no directory can be made: " + directory_);
    try {
      std::filesystem::copy(keytab, directory_ + "/keytab");
      std::filesystem::copy(kdc.path("krb5.conf"), directory_ + "/krb5.conf");  // the KDC's directory is for root alone
      if (geteuid() == 0) {                                                     // the server refuses to run as root
        const passwd* p = getpwnam("postgres");
        if (p == nullptr) throw std::runtime_error("there is no user postgres");
        for (const std::string& path : {directory_, directory_ + "/keytab", directory_ + "/krb5.conf"})
          if (chown(path.c_str(), p->pw_uid, p->pw_gid) != 0) throw std::runtime_error("chown: " + path);
      }
      const std::string data = directory_ + "/data";
      run({program("initdb"), "-D", data, "-U", user, "-A", "reject", "--no-sync"});
      std::ofstream(data + "/pg_hba.conf") << "hostgssenc all all 127.0.0.1/32 gss include_realm=0\n";
      port_ = free_port();
      run({program("pg_ctl"), "-D", data, "-w", "-t", "30", "-l", directory_ + "/log", "-o",
           "-p " + std::to_string(port_) + " -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off" +
               " -c krb_server_keyfile=" + directory_ + "/keytab",
           "start"});
    } catch (...) {
      end();
      throw;
    }
  }
  throwaway_postgres(const throwaway_postgres&) = delete;
  throwaway_postgres& operator=(const throwaway_postgres&) = delete;
  ~throwaway_postgres() { end(); }
  unsigned short port() const { return port_; }

  /// Whether the server is installed, and this user can run it.
  static bool installed() { return !program("initdb").empty() && (geteuid() != 0 || getpwnam("postgres") != nullptr); }

 private:
  /// The path of one of its programs, of the newest version; empty if there is none.
  static std::string program(const std::string& name) {
    const std::filesystem::path all = "/usr/lib/postgresql";
    std::string best;
    std::error_code none;
    for (const auto& version : std::filesystem::directory_iterator(all, none)) {
      const std::string path = (version.path() / "bin" / name).string();
      if (access(path.c_str(), X_OK) == 0) best = std::max(best, path);
    }
    return best;
  }
  void run(const std::vector<std::string>& command) const {
    std::vector<std::string> whole{"env", "KRB5_CONFIG=" + directory_ + "/krb5.conf"};
    if (geteuid() == 0) whole = {"runuser", "-u", "postgres", "--", whole[0], whole[1]};
    whole.insert(whole.end(), command.begin(), command.end());
    kdc_.run(whole);
  }
  static unsigned short free_port() {
    const int s = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t n = sizeof a;
    const bool got =
        bind(s, reinterpret_cast<sockaddr*>(&a), n) == 0 && getsockname(s, reinterpret_cast<sockaddr*>(&a), &n) == 0;
    close(s);
    return got ? ntohs(a.sin_port) : 5432;
  }
  void end() noexcept try {
    if (port_ != 0) run({program("pg_ctl"), "-D", directory_ + "/data", "-m", "immediate", "-t", "10", "stop"});
    std::filesystem::remove_all(directory_);
  } catch (...) {  // the directory remains, and the program's own error is the one to see
  }

  const throwaway_kdc& kdc_;
  std::string directory_;
  unsigned short port_ = 0;
};

}  // namespace example
