// The command line of quickstart.
#pragma once
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>

#include "no_echo.hpp"

namespace example {

struct options {
  std::string host, port, realm, principal, service, password, service_password;
  enum { embedded, mit, given } kdc = embedded;
  bool tcp = false;
};

inline constexpr const char* usage =
    "usage: quickstart\n"
    "       quickstart --mit [--tcp]\n"
    "       quickstart [--tcp] --kdc HOST:PORT --realm REALM --principal NAME --service NAME\n"
    "                  [--password-file FILE] [--service-password-file FILE]\n"
    "\n"
    "Gets a ticket-granting ticket and a service ticket, authenticates to the service, and tells step by step.\n"
    "Without arguments the KDC is in this program too, and no other software is needed.\n"
    "\n"
    "  --mit                         start MIT's KDC (Debian packages krb5-kdc and krb5-admin-server) and use that\n"
    "  --kdc HOST:PORT               use this KDC; without :PORT it is 88, and [::1]:88 is an IPv6 address\n"
    "  --realm REALM                 the realm of names that are given without one\n"
    "  --principal NAME              who to be: alice, or alice@EXAMPLE.ORG\n"
    "  --service NAME                whom to authenticate to: HTTP/www.example.org\n"
    "  --password-file FILE          the first line is the password; asked for where absent\n"
    "  --service-password-file FILE  the same for the service, whose part is played here too where it is given\n"
    "  --tcp                         never use UDP\n";

/// Returns the first line of a file.
inline std::optional<std::string> first_line(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  if (!std::getline(in, line)) {
    std::fprintf(stderr, "quickstart: %s cannot be read, or is empty\n", file.c_str());
    return std::nullopt;
  }
  return line;
}

/// Asks on the terminal, without echo. From a pipe, it reads the first line.
inline std::optional<std::string> ask_password(const std::string& whose) {
  if (isatty(0) != 0) std::fprintf(stderr, "Password of %s: ", whose.c_str());
  std::string line;
  bool got = false;
  {
    const no_echo silent;
    got = static_cast<bool>(std::getline(std::cin, line)) && !line.empty();
  }
  if (got) return line;
  std::fputs("quickstart: a password is needed\n", stderr);
  return std::nullopt;
}

/// Returns the arguments, or sets the exit status if there is nothing to do: 0 after --help, 2 after a wrong argument.
inline std::optional<options> read_options(int argc, char** argv, int& status) {
  options o;
  std::string kdc, password_file, service_password_file;
  status = 2;
  for (int i = 1; i != argc; ++i) {
    const std::string a = argv[i];
    std::string* const value = a == "--kdc"                     ? &kdc
                               : a == "--realm"                 ? &o.realm
                               : a == "--principal"             ? &o.principal
                               : a == "--service"               ? &o.service
                               : a == "--password-file"         ? &password_file
                               : a == "--service-password-file" ? &service_password_file
                                                                : nullptr;
    if (a == "--help" || a == "-h") {
      std::fputs(usage, stdout);
      status = 0;
      return std::nullopt;
    }
    if (a == "--tcp") {
      o.tcp = true;
    } else if (a == "--mit") {
      o.kdc = options::mit;
    } else if (value == nullptr || i + 1 == argc || *argv[i + 1] == '\0') {
      std::fprintf(stderr, "quickstart: %s %s\n%s", a.c_str(), value == nullptr ? "is no option" : "needs a value",
                   usage);
      return std::nullopt;
    } else {
      *value = argv[++i];
    }
  }
  const bool own_kdc = kdc.empty();
  const bool named = !o.realm.empty() && !o.principal.empty() && !o.service.empty();
  const bool any = !(o.realm + o.principal + o.service + password_file + service_password_file).empty();
  if (!own_kdc && o.kdc == options::mit) {
    std::fprintf(stderr, "quickstart: --mit or --kdc, not both\n%s", usage);
    return std::nullopt;
  }
  if (own_kdc ? any : !named) {
    std::fprintf(stderr, "quickstart: --kdc, --realm, --principal and --service go together\n%s", usage);
    return std::nullopt;
  }
  if (own_kdc && o.kdc == options::embedded && o.tcp) {
    std::fprintf(stderr, "quickstart: --tcp is for --mit or --kdc\n%s", usage);
    return std::nullopt;
  }
  if (own_kdc) return o;
  o.kdc = options::given;
  const std::size_t colon = kdc.rfind(':');
  const bool has_port = colon != std::string::npos && kdc.find(']', colon) == std::string::npos;
  o.host = kdc.substr(0, has_port ? colon : kdc.size());
  o.port = has_port ? kdc.substr(colon + 1) : "88";
  if (o.host.size() > 2 && o.host.front() == '[') o.host = o.host.substr(1, o.host.size() - 2);
  status = 1;
  if (!service_password_file.empty()) {
    const auto p = first_line(service_password_file);
    if (!p) return std::nullopt;
    o.service_password = *p;
  }
  const auto p = password_file.empty() ? ask_password(o.principal) : first_line(password_file);
  if (!p) return std::nullopt;
  o.password = *p;
  return o;
}

}  // namespace example
