// The log: one line per request on standard output, and the parts of a line.
#pragma once
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <kerb/core/time.hpp>
#include <kerb/msg/basic.hpp>
#include <kerb/numbers/etype.hpp>
#include <string>

namespace example {

/// Collects lines and writes them together, before the answers that they describe are sent.
class journal {
 public:
  /// A quiet journal gets no lines about requests.
  explicit journal(bool quiet) : quiet_(quiet) {}
  bool quiet() const { return quiet_; }
  /// Append the line to this string, and then call end().
  std::string& line() { return text_; }
  void end() { text_ += '\n'; }
  void write() {
    for (std::size_t sent = 0; sent < text_.size();) {
      const ssize_t n = ::write(STDOUT_FILENO, text_.data() + sent, text_.size() - sent);
      if (n < 0 && errno != EINTR) break;  // the error cannot be reported anywhere
      if (n > 0) sent += static_cast<std::size_t>(n);
    }
    text_.clear();
  }

 private:
  bool quiet_;
  std::string text_;
};

/// Appends octets from the network as one word of printable ASCII.
inline void add_word(std::string& to, kerb::bytes_view octets) {
  const std::size_t before = to.size();
  for (const std::uint8_t o : octets) {
    if (o > 0x20 && o < 0x7f && o != '\\') {
      to += static_cast<char>(o);
    } else {
      constexpr char digits[] = "0123456789abcdef";
      to += {'\\', 'x', digits[o >> 4], digits[o & 15]};
    }
    if (to.size() - before > 200) {
      to += "...";  // bounds the length of a line
      return;
    }
  }
}
inline void add_name(std::string& to, const kerb::principal_view& p) {
  const std::size_t before = to.size();
  for (const kerb::kerberos_string c : p.name.name_string) {
    if (to.size() != before) to += '/';
    add_word(to, c.octets);
    if (to.size() - before > 400) break;
  }
  if (to.size() == before) {
    to += '-';
    return;
  }
  to += '@';
  add_word(to, p.realm.octets);
}
inline void add_number(std::string& to, int n) {
  std::array<char, 16> digits;
  to.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), n).ptr);
}
inline void add_time(std::string& to, kerb::kerberos_time t) {
  std::array<std::uint8_t, 32> buffer{};
  const auto octets = kerb::asn1::encode(t, buffer);  // two octets of header and YYYYMMDDhhmmssZ
  if (!octets || octets->size() != 17) return;
  for (std::size_t i = 2; i != 17; ++i) {
    if (i == 6 || i == 8) to += '-';
    if (i == 10) to += 'T';
    if (i == 12 || i == 14) to += ':';
    to += static_cast<char>((*octets)[i]);
  }
}
/// Appends the name of a registered number, or the number.
template <class Number>
void add_registered(std::string& to, Number n) {
  const auto name = name_of(n);
  if (name.empty()) add_number(to, static_cast<int>(n));
  else to += name;
}

}  // namespace example
