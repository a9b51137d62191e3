// The command line of inspect, and the files that it names.
#pragma once
#include <unistd.h>

#include <cstdlib>

#include "dissect.hpp"
#include "input.hpp"

namespace inspect {

inline constexpr const char* usage =
    "usage: inspect [OPTION]... FILE...\n"
    "       inspect [OPTION]... -\n"
    "\n"
    "Shows Kerberos messages field by field: from a file or standard input, as they are, in hexadecimal or in base64;\n"
    "bare, with TCP's length, in kpasswd's frame, in GSS-API and SPNEGO tokens, in HTTP headers of the scheme "
    "Negotiate,\n"
    "through a KDC proxy; or all those in a capture (pcap, pcapng). Keytabs and credential caches are shown too. Keys\n"
    "found in one file open what is sealed in the others: so the tokens of a context open its messages. Each line has\n"
    "the offset in hexadecimal and the size of the field with its header; a + marks offsets in what has been decrypted."
    "\n"
    "\n"
    "  --as TYPE                what it is, where that cannot be told: PrincipalName, EncTicketPart, ... (--as help)\n"
    "  --keytab FILE            open what is sealed under these keys; may be repeated\n"
    "  --password TEXT          open what is sealed under keys made from it; salts are taken from ETYPE-INFO2 and "
    "names\n"
    "  --salt TEXT              another salt for the password\n"
    "  --key ETYPE:HEX          open what is sealed under this key; may be repeated\n"
    "  --message FILE           a message that a MIC token may cover, besides those found; may be repeated\n"
    "  --show-secrets           show keys and passwords too\n"
    "  --port N                 look at this UDP and TCP port of a capture, beside 88 and 464; may be repeated\n"
    "  --json                   one JSON object a line for each message\n"
    "  --full                   show long octet strings whole\n"
    "  --color=auto|always|never\n"
    "  --help\n"
    "\n"
    "Exit status: 0 where everything is well formed, 1 where something is not, 2 for wrong arguments.\n";

struct options : request {
  bool json = false;
  style how;
  std::vector<std::string> files;  ///< "-" is standard input
  std::vector<std::string> keytabs, salts, messages;
  std::vector<std::pair<kerb::etype_t, octets>> keys;
  std::vector<std::string> passwords;
};

/// Returns the arguments, or sets the exit status if there is nothing to do.
inline std::optional<options> read_options(int argc, char** argv, int& status) {
  options o;
  status = 2;
  std::string colour = "auto";
  const auto wrong = [&](const std::string& why) {
    std::cerr << "inspect: " << why << "\n(--help says more)\n";
    return std::nullopt;
  };
  for (int i = 1; i < argc; ++i) {
    std::string a = argv[i], value;
    const std::size_t equals = a.rfind("--", 0) == 0 ? a.find('=') : std::string::npos;
    bool has_value = equals != std::string::npos;
    if (has_value) value = a.substr(equals + 1), a.resize(equals);
    const bool takes_value = a == "--as" || a == "--keytab" || a == "--password" || a == "--salt" || a == "--key" ||
                             a == "--port" || a == "--message" || a == "--color";
    if (takes_value && !has_value) {
      if (i + 1 == argc) return wrong(a + " needs a value");
      value = argv[++i];
    }
    if (!takes_value && has_value) return wrong(a + " takes no value");
    if (a == "--help" || a == "-h") {
      std::cout << usage;
      status = 0;
      return std::nullopt;
    }
    if (a == "--as") o.as = value;
    else if (a == "--keytab") o.keytabs.push_back(value);
    else if (a == "--password") o.passwords.push_back(value);
    else if (a == "--salt") o.salts.push_back(value);
    else if (a == "--message") o.messages.push_back(value);
    else if (a == "--color") colour = value;
    else if (a == "--json") o.json = true;
    else if (a == "--full") o.how.full = true;
    else if (a == "--show-secrets") o.secrets = true;
    else if (a == "--port") {
      const unsigned long n = std::strtoul(value.c_str(), nullptr, 10);
      if (n == 0 || n > 65535) return wrong("--port " + value + " is no port");
      o.ports.insert(static_cast<std::uint16_t>(n));
    } else if (a == "--key") {
      const std::size_t colon = value.find(':');
      const auto key = colon == std::string::npos ? std::nullopt : from_hex(value.substr(colon + 1));
      int number = std::atoi(value.c_str());
      for (int n = 1; n != 70 && colon != std::string::npos; ++n)
        if (name_of(static_cast<kerb::etype_t>(n)) == value.substr(0, colon)) number = n;
      if (!key || number == 0) return wrong("--key takes an encryption type, a colon and hexadecimal digits");
      o.keys.emplace_back(static_cast<kerb::etype_t>(number), *key);
    } else if (a.size() > 1 && a[0] == '-') {
      return wrong(a + " is no option");
    } else {
      o.files.push_back(a);
    }
  }
  if (!o.as.empty()) {
    bool known = false;
    for (const kind& k : kinds()) known = known || o.as == k.name;
    if (!known) {
      std::cerr << "inspect: --as knows";
      for (const kind& k : kinds()) std::cerr << (&k == &kinds()[0] ? " " : ", ") << k.name;
      std::cerr << '\n';
      status = o.as == "help" ? 0 : 2;
      return std::nullopt;
    }
  }
  if (o.files.empty()) return wrong("which file?");
  if (colour != "auto" && colour != "always" && colour != "never") return wrong("--color is auto, always or never");
  const char* const no_color = std::getenv("NO_COLOR");
  o.how.colour =
      colour == "always" || (colour == "auto" && isatty(1) != 0 && (no_color == nullptr || *no_color == '\0'));
  return o;
}

}  // namespace inspect
