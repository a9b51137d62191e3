// The command line of kerb.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <kerb/format/krb5_conf_values.hpp>

namespace example {

enum class command { none, init, get, list, destroy, renew, passwd, keytab };
enum class tracing { off, text, json, svg };

struct options {
  command what = command::none;
  std::vector<std::string> names;  ///< what is neither command nor option
  std::string cache, kdc, password_file, new_password_file, keytab_file, realm;
  std::optional<std::int64_t> lifetime, renewable;
  std::uint32_t kvno = 1;
  bool json = false, forwardable = false, follow_clock = false, enterprise = false, tcp = false, verify = false;
  tracing trace = tracing::off;
  std::string trace_file;
};

/// A command, and what `kerb --help` and `kerb NAME --help` say of it.
struct command_help {
  const char* name;
  command what;
  const char* arguments;
  const char* does;
  const char* more;     ///< empty, or lines for `kerb NAME --help`
  const char* options;  ///< empty, or lines
};
inline constexpr command_help commands[] = {
    {"init", command::init, " [PRINCIPAL]", "log in, and keep the ticket-granting ticket in the cache",
     "Without PRINCIPAL: the owner of the cache, or $USER. The cache is begun anew.\n",
     "  --lifetime TIME            of the ticket: 10h, 90m, 3600\n"
     "  --renewable TIME           ask for a renewable ticket, for that long\n"
     "  --forwardable              ask for a forwardable ticket\n"
     "  --enterprise               PRINCIPAL is a name such as alice@example.com, which the KDC maps to another one.\n"
     "                             A realm that a KDC names then gets what the password can be guessed from, and\n"
     "                             that answer can be forged\n"
     "  --keytab FILE              log in with a key of this keytab instead of a password\n"
     "  --verify                   prove with the key of host/NAME in --keytab that the KDC is the true one\n"
     "  --follow-clock             believe the clock in a KDC's error, once. Anyone can forge that error\n"
     "  --new-password-file FILE   the first line is the new password, if the old one has expired\n"},
    {"get", command::get, " SERVICE...", "get tickets, for example for HTTP/www.example.org",
     "A ticket that is in the cache is not asked for again. Without a realm, the KDCs say where the service is.\n", ""},
    {"list", command::list, "", "show the tickets in the cache", "", ""},
    {"renew", command::renew, "", "renew the ticket-granting ticket", "The cache is begun anew: service tickets go.\n",
     ""},
    {"destroy", command::destroy, "", "wipe the cache", "The file is overwritten with zeros and removed.\n", ""},
    {"passwd", command::passwd, " [PRINCIPAL]", "change a password",
     "Without PRINCIPAL: the owner of the cache, or $USER. --password-file has the old password.\n",
     "  --new-password-file FILE   the first line is the new password\n"},
    {"keytab", command::keytab, " FILE [NAME]", "show a keytab, or add keys that are made from a password",
     "With NAME, a key of each encryption type is added, made with the default salt.\n",
     "  --kvno NUMBER              the version of the new keys; default: 1\n"},
};
inline constexpr const char* common_options =
    "  --cache FILE               the cache; default: KRB5CCNAME, then /tmp/krb5cc_UID\n"
    "  --kdc HOST[:PORT]          ask this KDC, whatever krb5.conf (KRB5_CONFIG) and DNS say\n"
    "  --realm REALM              the realm of names without one\n"
    "  --tcp                      never use UDP\n"
    "  --password-file FILE       the first line is the password; - is standard input\n"
    "  --json                     answer in JSON\n"
    "  --trace[=FORMAT[:FILE]]    show each step; FORMAT is text, json or svg. FILE: not on standard error\n"
    "  --help                     this text, or that of a command\n";

/// Prints the usage of the program, or of one command.
inline void print_usage(command which) {
  for (const command_help& c : commands) {
    if (c.what != which) continue;
    std::printf("usage: kerb [OPTIONS] %s%s       %s\n%s\n%s%s", c.name, c.arguments, c.does, c.more, c.options,
                *c.options != 0 ? "\n" : "");
    std::printf("Options of all commands:\n%s", common_options);
    return;
  }
  const char* before = "usage:";
  for (const command_help& c : commands) {
    const std::string call = std::string(c.name) + c.arguments;
    std::printf("%-6s kerb [OPTIONS] %-22s %s\n", before, call.c_str(), c.does);
    before = "";
  }
  std::printf(
      "       kerb trace COMMAND...                 the same as kerb --trace COMMAND...\n"
      "       kerb help [COMMAND]                   the same as kerb [COMMAND] --help\n\n%s",
      common_options);
  for (const command_help& c : commands)
    if (*c.options != 0) std::printf("%s:\n%s", c.name, c.options);
  std::printf("\nExit status: 0 success; 1 failure; 2 wrong arguments.\n");
}

/// Returns the arguments, or sets the exit status if there is nothing to do.
inline std::optional<options> read_options(int argc, char** argv, int& status) {
  options o;
  status = 2;
  std::vector<std::string> args(argv + 1, argv + argc);
  const auto wrong = [](const std::string& why) {
    std::fprintf(stderr, "kerb: %s. Try kerb --help\n", why.c_str());
    return std::nullopt;
  };
  const auto time = [&](const std::string& text, std::optional<std::int64_t>& to) {
    const auto t = kerb::conf_duration(text);
    if (t && *t > 0) to = *t;
    return t && *t > 0;
  };
  const auto command_named = [](const std::string& name) {
    const auto* const c =
        std::find_if(std::begin(commands), std::end(commands), [&](const command_help& h) { return name == h.name; });
    return c == std::end(commands) ? command::none : c->what;
  };
  const auto help = [&](command which) {
    print_usage(which);
    status = 0;
    return std::nullopt;
  };
  bool only_names = false;
  for (std::size_t i = 0; i != args.size(); ++i) {
    std::string a = args[i];
    if (only_names || a.size() < 2 || a[0] != '-') {
      if (o.what != command::none) {
        o.names.push_back(a);
      } else if (a == "help") {
        const std::string of = i + 1 == args.size() ? "" : args[i + 1];
        if (of.empty() || command_named(of) != command::none) return help(command_named(of));
        return wrong("there is no command " + of);
      } else if (a == "trace") {
        o.trace = tracing::text;
      } else {
        o.what = command_named(a);
        if (o.what == command::none) return wrong("there is no command " + a);
      }
      continue;
    }
    if (a == "--") {
      only_names = true;
      continue;
    }
    if (a == "--help" || a == "-h") return help(o.what);
    std::optional<std::string> value;
    if (const std::size_t equals = a.find('='); equals != std::string::npos) {
      value = a.substr(equals + 1);
      a.resize(equals);
    }
    bool* const flag = a == "--json"           ? &o.json
                       : a == "--forwardable"  ? &o.forwardable
                       : a == "--follow-clock" ? &o.follow_clock
                       : a == "--enterprise"   ? &o.enterprise
                       : a == "--verify"       ? &o.verify
                       : a == "--tcp"          ? &o.tcp
                                               : nullptr;
    if (flag != nullptr) {
      if (value) return wrong(a + " has no value");
      *flag = true;
      continue;
    }
    if (a == "--trace") {
      const std::string all = value.value_or("text"), format = all.substr(0, all.find(':'));
      o.trace = format == "text" ? tracing::text : format == "json" ? tracing::json : tracing::svg;
      if (o.trace == tracing::svg && format != "svg") return wrong("the format of --trace is text, json or svg");
      if (format.size() != all.size()) o.trace_file = all.substr(format.size() + 1);
      continue;
    }
    std::string kvno, lifetime, renewable;
    std::string* const to = a == "--cache"               ? &o.cache
                            : a == "--kdc"               ? &o.kdc
                            : a == "--realm"             ? &o.realm
                            : a == "--password-file"     ? &o.password_file
                            : a == "--new-password-file" ? &o.new_password_file
                            : a == "--keytab"            ? &o.keytab_file
                            : a == "--kvno"              ? &kvno
                            : a == "--lifetime"          ? &lifetime
                            : a == "--renewable"         ? &renewable
                                                         : nullptr;
    if (to == nullptr) return wrong("there is no option " + a);
    if (!value && i + 1 != args.size()) value = args[++i];
    if (!value || value->empty()) return wrong(a + " needs a value");
    *to = *value;
    if (!lifetime.empty() && !time(lifetime, o.lifetime)) return wrong("--lifetime needs a time, such as 10h");
    if (!renewable.empty() && !time(renewable, o.renewable)) return wrong("--renewable needs a time, such as 7d");
    if (!kvno.empty()) {
      const auto n = kerb::conf_integer(kvno);
      if (!n || *n < 1) return wrong("--kvno needs a number from 1 on");
      o.kvno = static_cast<std::uint32_t>(*n);
    }
  }
  if (o.what == command::none) return wrong("a command is missing");
  if (o.what == command::get && o.names.empty()) return wrong("get needs the name of a service");
  if (o.what == command::keytab && (o.names.empty() || o.names.size() > 2)) return wrong("keytab needs a file");
  const bool alone = o.what == command::list || o.what == command::destroy || o.what == command::renew;
  const bool one = o.what == command::init || o.what == command::passwd;
  if ((alone && !o.names.empty()) || (one && o.names.size() > 1)) return wrong("there are too many names");
  if (o.verify && o.keytab_file.empty()) return wrong("--verify needs --keytab");
  return o;
}

}  // namespace example
