// The command lines of echo and echo_epoll, and the files that they name.
#pragma once
#include <charconv>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <unordered_map>

#include "framing.hpp"

namespace echo {

inline constexpr const char* usage =
    "usage: echo\n"
    "       echo service --keytab FILE [--service NAME] [--address ADDRESS] [--port PORT] [--idle SECONDS]\n"
    "       echo client --kdc HOST:PORT --principal NAME@REALM --password-file FILE\n"
    "                   --service NAME --connect HOST:PORT [--text TEXT] [--messages N] [--connections N]\n"
    "       echo_epoll, with the options of echo service\n"
    "\n"
    "Client and service prove themselves to each other, and then what the one says under seal comes back from the\n"
    "other. Without arguments a KDC, the service and its clients are in one process.\n"
    "\n"
    "  --keytab FILE         the service's keys\n"
    "  --service NAME        whose tickets are taken (that of the keytab's first key), or whom the ticket is for\n"
    "  --address ADDRESS     where to listen (127.0.0.1)\n"
    "  --port PORT           0, which is the default, is any that is free, and the first line says which\n"
    "  --idle SECONDS        for a whole message to come, or to go (10)\n"
    "  --kdc HOST:PORT       the KDC, which is asked over UDP, and over TCP if it does not answer\n"
    "  --principal NAME      who to be: alice@EXAMPLE.ORG\n"
    "  --password-file FILE  the first line is the password\n"
    "  --connect HOST:PORT   where the service is\n"
    "  --text TEXT           what to say (\"Will you walk a little faster?\")\n"
    "  --messages N          how often, over each connection (1)\n"
    "  --connections N       how many at once (1)\n";

struct options {
  std::string keytab, service, address = "127.0.0.1", kdc, principal, password_file, connect;
  std::string text = "Will you walk a little faster?";
  std::uint16_t port = 0;
  std::chrono::seconds idle{10};
  unsigned messages = 1, connections = 1;
};

/// An error in the command line, or in a file that it names.
struct bad_option : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class Number>
Number number_of(const std::string& option, const std::string& text) {
  Number n{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (fault != std::errc{} || end != text.data() + text.size()) throw bad_option(option + " " + text + " is no number");
  return n;
}

inline options read_options(std::span<char*> arguments) {
  options o;
  std::string port = "0", idle = "10", messages = "1", connections = "1";
  const std::unordered_map<std::string, std::string*> values = {
      {"--keytab", &o.keytab},   {"--service", &o.service},     {"--address", &o.address},
      {"--kdc", &o.kdc},         {"--principal", &o.principal}, {"--password-file", &o.password_file},
      {"--connect", &o.connect}, {"--text", &o.text},           {"--port", &port},
      {"--idle", &idle},         {"--messages", &messages},     {"--connections", &connections}};
  for (std::size_t i = 0; i != arguments.size(); ++i) {
    const std::string a = arguments[i];
    const auto value = values.find(a);
    if (value == values.end()) throw bad_option(a + " is no option; --help lists them");
    if (++i == arguments.size()) throw bad_option(a + " needs a value");
    *value->second = arguments[i];
  }
  o.port = number_of<std::uint16_t>("--port", port);
  o.idle = std::chrono::seconds(number_of<std::uint16_t>("--idle", idle));
  o.messages = number_of<std::uint16_t>("--messages", messages);
  o.connections = number_of<std::uint16_t>("--connections", connections);
  return o;
}

inline std::vector<std::uint8_t> read_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  const std::vector<std::uint8_t> octets((std::istreambuf_iterator<char>(in)), {});
  if (octets.empty()) throw bad_option("\"" + file + "\" cannot be read, or is empty");
  return octets;
}
inline std::string first_line(const std::string& file) {
  const std::vector<std::uint8_t> octets = read_file(file);
  return {octets.begin(), std::find(octets.begin(), octets.end(), '\n')};
}
inline kerb::principal name_of(const std::string& text) {
  const auto name = kerb::principal::parse(text);
  if (!name) throw bad_option("\"" + text + "\" is no name: NAME@REALM");
  return *name;
}

}  // namespace echo
