// The command line of an acceptor of the fleet.
#pragma once
#include <cstdio>
#include <fstream>
#include <map>

#include "server.hpp"

namespace example {

struct fleet_options {
  std::string service, keytab;
  bool quiet = false, new_service = false;
  replay_options replays;
  server_options server;
};

inline constexpr const char* fleet_usage =
    "usage: fleet --service NAME --keytab FILE [options]\n"
    "       fleet --new-service [--redis ADDRESS] [--prefix TEXT]\n"
    "\n"
    "One of several acceptors of a service, which share what they have seen in a Redis server: an AP-REQ is accepted "
    "by\n"
    "one of them, once. Over TCP a request has its length in front, four octets, and so has the answer: an AP-REP, or "
    "a\n"
    "KRB-ERROR.\n"
    "\n"
    "  --service NAME         HTTP/www.example.org@EXAMPLE.ORG\n"
    "  --keytab FILE          its keys\n"
    "  --address ADDRESS      where to listen (127.0.0.1)\n"
    "  --port PORT            any that is free, and the first line says which\n"
    "  --reuse-port           several can listen on one port, and the system deals the clients out\n"
    "  --redis ADDRESS        HOST:PORT, or the path of a socket (127.0.0.1:6379)\n"
    "  --redis-password-file FILE\n"
    "  --prefix TEXT          of the keys there; whoever holds the service's key must use the same (kerb:)\n"
    "  --clock-skew SECONDS   how old or new an authenticator may be; the same for all (300)\n"
    "  --apart SECONDS        how far the clocks of the acceptors and of Redis may be apart (2)\n"
    "  --patience MS          for Redis to answer, at most --apart (1000)\n"
    "  --idle SECONDS         for a whole request to come, and for a whole answer to go (30)\n"
    "  --quiet                no line for each request\n"
    "  --new-service          vouch that nothing that was accepted has been forgotten, and end: see README.md there\n"
    "  --help\n";

inline std::string first_line(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  if (!std::getline(in, line)) throw std::runtime_error(file + " cannot be read, or is empty");
  return line;
}

/// Returns the arguments, or nothing if the program must end with `status`.
inline std::optional<fleet_options> read_fleet_options(int argc, char** argv, int& status) {
  fleet_options o;
  std::string port = "0", skew = "300", apart = "2", patience = "1000", idle = "30", password_file;
  const std::map<std::string, std::string*> values = {{"--service", &o.service},
                                                      {"--keytab", &o.keytab},
                                                      {"--address", &o.server.address},
                                                      {"--port", &port},
                                                      {"--redis", &o.replays.redis},
                                                      {"--redis-password-file", &password_file},
                                                      {"--prefix", &o.replays.prefix},
                                                      {"--clock-skew", &skew},
                                                      {"--apart", &apart},
                                                      {"--patience", &patience},
                                                      {"--idle", &idle}};
  const std::map<std::string, bool*> flags = {
      {"--reuse-port", &o.server.reuse_port}, {"--quiet", &o.quiet}, {"--new-service", &o.new_service}};
  status = 2;
  const auto wrong = [](const std::string& what) {
    std::fprintf(stderr, "fleet: %s\nfleet --help tells more\n", what.c_str());
    return std::nullopt;
  };
  for (int i = 1; i != argc; ++i) {
    const std::string a = argv[i];
    if (a == "--help" || a == "-h") {
      std::fputs(fleet_usage, stdout);
      status = 0;
      return std::nullopt;
    }
    if (const auto flag = flags.find(a); flag != flags.end()) {
      *flag->second = true;
      continue;
    }
    const auto value = values.find(a);
    if (value == values.end()) return wrong(a + " is no option");
    if (i + 1 == argc || *argv[i + 1] == '\0') return wrong(a + " needs a value");
    *value->second = argv[++i];
  }
  const auto number = [](const std::string& text, std::int64_t most) -> std::optional<std::int64_t> {
    std::int64_t n = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (fault != std::errc{} || *end != '\0' || n < 0 || n > most) return std::nullopt;
    return n;
  };
  const auto p = number(port, 65535), s = number(skew, 86400), d = number(apart, 3600), ms = number(patience, 3600000);
  const auto seconds = number(idle, 86400);
  if (!p) return wrong("--port " + port + " is no port");
  if (!s || *s == 0) return wrong("--clock-skew " + skew + " is no time");
  if (!d || *d == 0) return wrong("--apart " + apart + " is no time");
  if (!ms || *ms == 0 || *ms > 1000 * *d) return wrong("--patience " + patience + ": from 1 to what --apart is");
  if (!seconds || *seconds == 0) return wrong("--idle " + idle + " is no time");
  if (!o.new_service && (o.service.empty() || o.keytab.empty())) return wrong("--service and --keytab are needed");
  o.server.port = static_cast<std::uint16_t>(*p);
  o.server.idle = std::chrono::seconds(*seconds);
  o.replays.skew = *s;
  o.replays.apart = *d;
  o.replays.patience = std::chrono::milliseconds(*ms);
  if (!password_file.empty()) o.replays.password = first_line(password_file);
  return o;
}

}  // namespace example
