// The command line of inspect, and the files that it names.
#pragma once
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "dissect.hpp"
#include "print.hpp"

namespace inspect {

inline constexpr const char* usage =
    "usage: inspect [OPTION]... FILE\n"
    "       inspect [OPTION]... -\n"
    "\n"
    "Shows Kerberos messages field by field: from a file or standard input, as they are, in hexadecimal or in base64;\n"
    "bare, with TCP's length, in kpasswd's frame, in GSS-API and SPNEGO tokens, through a KDC proxy; or all those in "
    "a\n"
    "capture (pcap, pcapng). Keytabs and credential caches are shown too. Each line has the offset in hexadecimal and\n"
    "the size of the field with its header; a + marks offsets in what has been decrypted.\n"
    "\n"
    "  --as TYPE                what it is, where that cannot be told: PrincipalName, EncTicketPart, ... (--as help)\n"
    "  --keytab FILE            open what is sealed under these keys; may be repeated\n"
    "  --password TEXT          open what is sealed under keys made from it; salts are taken from ETYPE-INFO2 and "
    "names\n"
    "  --salt TEXT              another salt for the password\n"
    "  --key ETYPE:HEX          open what is sealed under this key; may be repeated\n"
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
  std::vector<std::string> keytabs, salts;
  std::vector<std::pair<kerb::etype_t, octets>> keys;
  std::vector<std::string> passwords;
};

/// The octets of a text that is entirely hexadecimal; blanks, colons, commas and 0x are ignored.
inline std::optional<octets> from_hex(const std::string& text) {
  octets out;
  int high = -1;
  for (std::size_t i = 0; i != text.size(); ++i) {
    const char c = text[i];
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == ':' || c == ',') continue;
    if (c == '0' && high < 0 && i + 1 != text.size() && (text[i + 1] == 'x' || text[i + 1] == 'X')) {
      ++i;
      continue;
    }
    const int digit = kerb::detail::hex_digit(c);
    if (digit < 0) return std::nullopt;
    if (high < 0) high = digit;
    else out.push_back(static_cast<std::uint8_t>(high * 16 + digit)), high = -1;
  }
  if (high >= 0 || out.empty()) return std::nullopt;
  return out;
}
/// The same for base64, with or without line breaks and the name of an HTTP header in front.
inline std::optional<octets> from_base64(std::string text) {
  for (const char* word : {"Authorization:", "WWW-Authenticate:", "Negotiate"}) {
    const std::size_t start = text.find_first_not_of(" \t\r\n");
    if (start != std::string::npos && text.compare(start, std::char_traits<char>::length(word), word) == 0)
      text.erase(0, start + std::char_traits<char>::length(word));
  }
  octets out;
  unsigned bits = 0, held = 0;
  std::size_t digits = 0, padding = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const int digit = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : c >= '0' && c <= '9' ? c - '0' + 52
                      : c == '+' || c == '-' ? 62
                      : c == '/' || c == '_' ? 63
                                             : -1;
    if (digit < 0 || padding != 0) return std::nullopt;
    ++digits;
    bits = bits << 6 | static_cast<unsigned>(digit);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out.push_back(static_cast<std::uint8_t>(bits >> held));
    }
  }
  if (digits < 4 || digits % 4 == 1 || padding > 2) return std::nullopt;
  return out;
}

inline std::optional<octets> read_octets(const std::string& file) {
  std::ifstream in;
  if (file != "-") {
    in.open(file, std::ios::binary);
    if (!in) return std::nullopt;
  }
  std::istream& from = file == "-" ? std::cin : in;
  octets out;
  try {
    // offsets have 32 bits, and /dev/zero has no end
    for (std::istreambuf_iterator<char> at(from), end; at != end && out.size() <= 0xffffffff; ++at)
      out.push_back(static_cast<std::uint8_t>(*at));
  } catch (const std::ios_base::failure&) {  // for example, a directory
    return std::nullopt;
  }
  if (from.bad() || out.size() > 0xffffffff) return std::nullopt;
  return out;
}
/// Decodes hexadecimal or base64 text, and returns everything else unchanged.
inline octets decoded(octets in) {
  for (const std::uint8_t b : in)
    if ((b < 0x20 && b != '\n' && b != '\r' && b != '\t') || b >= 0x7f) return in;
  const std::string text(in.begin(), in.end());
  if (auto out = from_hex(text)) return *out;
  if (auto out = from_base64(text)) return *out;
  return in;
}

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
                             a == "--port" || a == "--color";
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
    } else if (!o.file.empty()) {
      return wrong("one file at a time");
    } else {
      o.file = a;
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
  if (o.file.empty()) return wrong("which file?");
  if (colour != "auto" && colour != "always" && colour != "never") return wrong("--color is auto, always or never");
  const char* const no_color = std::getenv("NO_COLOR");
  o.how.colour =
      colour == "always" || (colour == "auto" && isatty(1) != 0 && (no_color == nullptr || *no_color == '\0'));
  return o;
}

}  // namespace inspect
