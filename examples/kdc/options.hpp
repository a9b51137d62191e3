// The KDC's command line.
#pragma once
#include "server.hpp"

namespace example {

struct kdc_options {
  std::string realm, principals, keys, db, export_keytab;
  std::vector<std::string> names;  ///< the principals to export
  bool quiet = false;
  server_options server;
};

inline constexpr const char* kdc_usage =
    "usage: kdc --realm REALM --principals FILE [--keys FILE] [options]\n"
    "       kdc --realm REALM --db FILE [--principals FILE] [options]\n"
    "       kdc --realm REALM (--principals FILE | --db FILE) --export-keytab FILE PRINCIPAL...\n"
    "\n"
    "A Kerberos KDC for a small realm: it issues tickets to MIT krb5, Heimdal and whoever speaks RFC 4120.\n"
    "\n"
    "  --realm REALM           the realm that it serves\n"
    "  --principals FILE       its principals, one a line; with --db it is loaded into the database first\n"
    "  --keys FILE             a keytab with the random keys, made when it is not there (FILE.keytab)\n"
    "  --db FILE               an SQLite database, made when it is not there; several KDCs can share it\n"
    "  --address ADDRESS       where to listen, for UDP and TCP (127.0.0.1)\n"
    "  --port PORT             (88); 0 is any that is free, and the first line says which\n"
    "  --kpasswd-port PORT     change passwords too, at this port (464 for most clients); 0 as above\n"
    "  --reuse-port            several KDCs can listen on one port, and the system deals the requests out\n"
    "  --largest-datagram N    octets of an answer over UDP; longer ones are asked for again over TCP (1400)\n"
    "  --idle SECONDS          for a request to come over TCP, and for an answer to go (10)\n"
    "  --quiet                 no line for each request\n"
    "  --export-keytab FILE    write a new keytab of the principals named behind it, and end\n"
    "  --help\n"
    "\n"
    "SIGTERM and SIGINT end it when the answers on their way have gone. The file of principals:\n"
    "\n"
    "  principal alice password=\"a long one\" max_renewable_life=7d  # requires pre-authentication, but for "
    "no_preauth,\n"
    "                                                             # and is no service, but for service\n"
    "  principal HTTP/www.example.org                             # random keys\n"
    "  alias www HTTP/www.example.org\n"
    "\n"
    "examples/kdc/README.md has the rest.\n";

/// Returns the arguments, or nothing if the program must end with `status`.
inline std::optional<kdc_options> read_kdc_options(int argc, char** argv, int& status) {
  kdc_options o;
  std::string port = "88", kpasswd, largest = "1400", idle = "10";
  const std::unordered_map<std::string, std::string*> values = {{"--realm", &o.realm},
                                                                {"--principals", &o.principals},
                                                                {"--keys", &o.keys},
                                                                {"--db", &o.db},
                                                                {"--address", &o.server.address},
                                                                {"--port", &port},
                                                                {"--kpasswd-port", &kpasswd},
                                                                {"--largest-datagram", &largest},
                                                                {"--idle", &idle},
                                                                {"--export-keytab", &o.export_keytab}};
  status = 2;
  const auto wrong = [](const std::string& what) {
    std::fprintf(stderr, "kdc: %s\n%s", what.c_str(), "kdc --help tells more\n");
    return std::nullopt;
  };
  for (int i = 1; i != argc; ++i) {
    const std::string a = argv[i];
    if (a == "--help" || a == "-h") {
      std::fputs(kdc_usage, stdout);
      status = 0;
      return std::nullopt;
    }
    const auto value = values.find(a);
    if (a == "--reuse-port") o.server.reuse_port = true;
    else if (a == "--quiet") o.quiet = true;
    else if (value == values.end() && !a.starts_with("-")) o.names.push_back(a);
    else if (value == values.end()) return wrong(a + " is no option");
    else if (i + 1 == argc || *argv[i + 1] == '\0') return wrong(a + " needs a value");
    else *value->second = argv[++i];
  }
  if (o.realm.empty()) return wrong("--realm is needed");
  if (o.principals.empty() && o.db.empty()) return wrong("--principals or --db is needed");
  if (o.names.empty() != o.export_keytab.empty())
    return wrong("--export-keytab and the names of principals go together");
  const auto p = number_of<std::uint16_t>(port), passwords = number_of<std::uint16_t>(kpasswd);
  const auto seconds = number_of<std::uint16_t>(idle);
  const auto datagram = number_of<std::uint32_t>(largest);
  if (!p) return wrong("--port " + port + " is no port");
  if (!kpasswd.empty() && !passwords) return wrong("--kpasswd-port " + kpasswd + " is no port");
  if (!seconds || *seconds == 0) return wrong("--idle " + idle + " is no time");
  if (!datagram || *datagram > 65507) return wrong("--largest-datagram " + largest + " is no size of a datagram");
  o.server.port = *p;
  o.server.kpasswd = passwords;
  o.server.idle = std::chrono::seconds(*seconds);
  o.server.largest_datagram = *datagram;
  if (o.keys.empty()) o.keys = o.principals + ".keytab";
  return o;
}

}  // namespace example
