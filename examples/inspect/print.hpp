// Documents as text for people, and as JSON for machines.
#pragma once
#include <arpa/inet.h>
#include <kerb/core/error.hpp>
#include <kerb/core/time.hpp>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "model.hpp"

namespace inspect {

using kerb::asn1::content;

struct style {
  bool colour = false;
  bool full = false;  ///< show all octets
};

inline std::string hex(const octets& in, std::size_t most = std::string::npos) {
  std::string out;
  char digits[3];
  for (std::size_t i = 0; i != in.size() && i != most; ++i) {
    std::snprintf(digits, sizeof digits, "%02x", in[i]);
    out += digits;
  }
  return out;
}

inline std::string format(const char* how, unsigned long long a, unsigned long long b = 0) {
  char out[64];
  std::snprintf(out, sizeof out, how, a, b);
  return out;
}

/// 2026-11-22T02:49:00Z
inline std::string time_text(std::int64_t seconds) {
  std::array<std::uint8_t, 17> buffer{};
  kerb::der::writer w(buffer);
  kerb::der::write_time(w, {seconds});
  const std::string t(buffer.begin() + 2, buffer.end());
  return t.substr(0, 4) + "-" + t.substr(4, 2) + "-" + t.substr(6, 2) + "T" + t.substr(8, 2) + ":" + t.substr(10, 2) +
         ":" + t.substr(12, 2) + "Z";
}

inline std::string oid_text(const octets& in) {
  std::string out;
  std::uint64_t arc = 0;
  for (std::uint8_t b : in) {
    arc = arc << 7 | (b & 0x7f);
    if (b >= 0x80) continue;
    if (out.empty()) {
      const std::uint64_t first = arc < 80 ? arc / 40 : 2;
      out = std::to_string(first) + "." + std::to_string(arc - first * 40);
    } else {
      out += "." + std::to_string(arc);
    }
    arc = 0;
  }
  return out;
}
inline std::string oid_name(const std::string& oid) {
  constexpr std::pair<const char*, const char*> names[] = {
      {"1.3.6.1.5.5.2", "SPNEGO"},
      {"1.2.840.113554.1.2.2", "Kerberos 5"},
      {"1.2.840.48018.1.2.2", "Microsoft Kerberos 5"},
      {"1.2.840.113554.1.2.2.3", "Kerberos 5 user-to-user"},
      {"1.3.6.1.5.2.5", "IAKERB"},
      {"1.3.6.1.4.1.311.2.2.10", "NTLMSSP"},
      {"1.3.6.1.4.1.311.2.2.30", "NegoEx"},
      {"1.3.6.1.5.2.3.6.1", "id-pkinit-kdf-ah-sha1"},
      {"1.3.6.1.5.2.3.6.2", "id-pkinit-kdf-ah-sha256"},
      {"1.3.6.1.5.2.3.6.3", "id-pkinit-kdf-ah-sha512"},
      {"1.3.6.1.5.2.3.6.4", "id-pkinit-kdf-ah-sha384"},
      {"1.3.14.3.2.26", "SHA-1"},
      {"2.16.840.1.101.3.4.2.1", "SHA-256"},
      {"2.16.840.1.101.3.4.2.2", "SHA-384"},
      {"2.16.840.1.101.3.4.2.3", "SHA-512"},
      {"1.2.840.113549.1.1.11", "sha256WithRSAEncryption"},
      {"1.2.840.10046.2.1", "Diffie-Hellman"},
  };
  for (const auto& [number, name] : names)
    if (oid == number) return name;
  return "";
}

/// IPv4 and IPv6 in the usual form, NetBIOS names as text, other addresses in hexadecimal.
inline std::string address_text(const item& i) {
  std::string out;
  char buffer[INET6_ADDRSTRLEN];
  if ((i.number == 2 && i.contents.size() == 4) || (i.number == 24 && i.contents.size() == 16)) {
    out = inet_ntop(i.number == 2 ? AF_INET : AF_INET6, i.contents.data(), buffer, sizeof buffer);
  } else if (i.number == 20) {
    out.assign(i.contents.begin(), i.contents.end());
  } else {
    out = hex(i.contents);
  }
  return out;
}

/// The size in octets of the UTF-8 character at `at`; 0 if there is none.
inline std::size_t utf8_octets(const std::string& s, std::size_t at) {
  const auto octet = [&](std::size_t k) { return static_cast<unsigned char>(s[at + k]); };
  const unsigned first = octet(0);
  const std::size_t n = first < 0x80                    ? 1
                        : first >= 0xc2 && first < 0xe0 ? 2
                        : first >= 0xe0 && first < 0xf0 ? 3
                        : first >= 0xf0 && first < 0xf5 ? 4
                                                        : 0;
  if (n == 0 || s.size() - at < n) return 0;
  for (std::size_t k = 1; k != n; ++k)
    if ((octet(k) & 0xc0) != 0x80) return 0;
  if (n == 3 && ((first == 0xe0 && octet(1) < 0xa0) || (first == 0xed && octet(1) >= 0xa0))) return 0;
  if (n == 4 && ((first == 0xf0 && octet(1) < 0x90) || (first == 0xf4 && octet(1) >= 0x90))) return 0;
  return n;
}

/// Whether a terminal could interpret the character at `at`, of `n` octets, as a command. This includes C1 controls and
/// bidirectional overrides.
inline bool is_control(const std::string& s, std::size_t at, std::size_t n) {
  const auto c = static_cast<unsigned char>(s[at]);
  const std::string_view one = std::string_view(s).substr(at, n);
  return c < 0x20 || c == 0x7f || (c == 0xc2 && n == 2 && one[1] < '\xa0') || one == "\u061c" ||
         (one >= "\u200b" && one <= "\u200f") || (one >= "\u2028" && one <= "\u202e") ||
         (one >= "\u2060" && one <= "\u206f") || one == "\ufeff";
}

/// Writes such characters, and octets that are not UTF-8, as \xNN. With `quoting`, \ is literal and is doubled.
inline std::string escaped(const std::string& s, bool quoting = true) {
  std::string out;
  for (std::size_t i = 0; i < s.size();) {
    const auto c = static_cast<unsigned char>(s[i]);
    const std::size_t n = utf8_octets(s, i);
    const std::string_view one = std::string_view(s).substr(i, n);
    const bool control = n == 0 || is_control(s, i, n);
    if (control) {
      for (std::size_t k = 0; k != (n == 0 ? 1 : n); ++k)
        out += format("\\x%02llx", static_cast<unsigned char>(s[i + k]));
    } else {
      if (c == '"' || (c == '\\' && quoting)) out += '\\';
      out += one;
    }
    i += n == 0 ? 1 : n;
  }
  return out;
}
inline std::string quoted(const std::string& s) { return '"' + escaped(s) + '"'; }

inline std::string fault_text(const kerb::error& e) {
  std::string out(name_of(e.code));
  const std::string type = e.type, field = e.field;
  if (!type.empty()) out += " in " + type + (field.empty() ? "" : "." + field);
  return out + " at " + std::to_string(e.offset) + format(" (0x%llx)", e.offset);
}

/// SND_SEQ can use all 64 bits.
inline std::string number_text(const item& i) {
  return i.type == "UInt64" ? std::to_string(static_cast<std::uint64_t>(i.number)) : std::to_string(i.number);
}

class text_printer {
 public:
  explicit text_printer(style s) : style_(s) {}

  void print(const document& d) {
    std::string head =
        paint("1", d.name.empty() ? "nothing" : d.name) + ", " + std::to_string(d.whole.size()) + " octets";
    if (!d.where.empty()) head += " (" + d.where + ")";
    std::cout << (first_ ? "" : "\n") << head << '\n';
    first_ = false;
    for (const item& i : d.items) line(i, d);
    if (!d.fault.ok()) fault(d);
  }

 private:
  std::string paint(const char* code, const std::string& s) const {
    return style_.colour && !s.empty() ? std::string("\x1b[") + code + "m" + s + "\x1b[0m" : s;
  }
  void line(const item& i, const document& d) {
    std::string out = i.in_plaintext ? format("   +%04llx %5llu  ", i.offset, i.header + i.size)
                                     : format("    %04llx %5llu  ", i.offset, i.header + i.size);
    if (!i.placed) out.assign(out.size(), ' ');
    out = paint("2", out) + std::string(i.depth * 2, ' ');
    if (i.index) out += paint("2", "[" + std::to_string(*i.index) + "]") + " ";
    if (!i.field.empty()) out += paint("36", i.field) + ": ";
    const std::string v = value(i, d);
    out += v.empty() ? i.type : paint("2", i.type) + " " + v;
    if (!i.name.empty()) out += " " + paint("32", "(" + i.name + ")");
    if (!i.bits.empty()) {
      std::string names;
      for (const std::string& b : i.bits) names += (names.empty() ? "" : ", ") + b;
      out += " " + paint("32", "(" + names + ")");
    }
    if (!i.remark.empty()) out += " " + paint("33", "<" + escaped(i.remark) + ">");
    if (!i.note.ok()) out += " " + paint("31", "<not as expected: " + fault_text(i.note) + ">");
    std::cout << out << '\n';
  }
  std::string some(const octets& in) const {
    const std::size_t most = style_.full || in.size() <= 36 ? in.size() : 32;
    std::string out = hex(in, most);
    if (most != in.size()) out += "... ";
    return in.empty() ? "(empty)" : out + (most != in.size() ? "(" + std::to_string(in.size()) + " octets)" : "");
  }
  std::string value(const item& i, const document& d) const {
    switch (i.holds) {
      case content::elements: {
        std::size_t n = 0;
        for (const item* k = &i + 1; k != d.items.data() + d.items.size() && k->depth > i.depth; ++k)
          n += k->depth == i.depth + 1;
        return i.element + " (" + std::to_string(n) + ")";
      }
      case content::number: return number_text(i);
      case content::boolean: return i.number != 0 ? "TRUE" : "FALSE";
      case content::time: return time_text(i.number);
      case content::flags: return format("0x%08llx", static_cast<unsigned long long>(i.number));
      case content::text: {
        const std::string text(i.contents.begin(), i.contents.end());
        return i.type == "principal" ? '"' + escaped(text, false) + '"' : quoted(text);  // a name is already quoted
      }
      case content::oid: {
        const std::string oid = oid_text(i.contents), name = oid_name(oid);
        return name.empty() ? oid : oid + " " + paint("32", "(" + name + ")");
      }
      case content::address: return i.number == 20 ? quoted(address_text(i)) : address_text(i);
      case content::withheld: return "withheld, " + std::to_string(i.size) + " octets (--show-secrets)";
      case content::sealed:
        if (i.remark.rfind("opened", 0) == 0) return std::to_string(i.contents.size()) + " octets";
        return some(i.contents);
      case content::octets:
      case content::bits:
      case content::any: return some(i.contents);
      default: return "";
    }
  }
  /// Prints the error, and a line of octets with a mark below the wrong one.
  void fault(const document& d) {
    std::cout << paint("1;31", "error: " + fault_text(d.fault)) << '\n';
    if (d.whole.empty()) return;
    const std::size_t at = std::min<std::size_t>(d.fault.offset, d.whole.size());
    const std::size_t from = at / 16 * 16, start = from >= 16 && at == d.whole.size() && at == from ? from - 16 : from;
    const auto is_withheld = [](const item& i) { return i.holds == content::withheld; };
    if (d.guarded || std::any_of(d.items.begin(), d.items.end(), is_withheld)) {
      std::cout << format("  %04llx ", start) << " withheld (--show-secrets)\n";
      return;
    }
    std::string octets_line = format("  %04llx ", start), mark(octets_line.size(), ' ');
    for (std::size_t i = start; i != d.whole.size() && i != start + 16; ++i)
      octets_line += format(" %02llx", d.whole[i]);
    mark += std::string((at - start) * 3 + 1, ' ') + "^^";
    std::cout << octets_line << '\n' << paint("1;31", mark) << '\n';
  }

  style style_;
  bool first_ = true;
};

class json_printer {
 public:
  /// Prints one object on one line.
  void print(const document& d) {
    out_ = "{\"message\":" + string(d.name) + ",\"octets\":" + std::to_string(d.whole.size());
    if (!d.where.empty()) {
      out_ += ",\"where\":" + string(d.where);
      if (d.where.rfind("frame ", 0) == 0) out_ += ",\"frame\":" + std::to_string(std::stoul(d.where.substr(6)));
    }
    out_ += ",\"ok\":" + std::string(d.fault.ok() ? "true" : "false");
    if (!d.fault.ok()) out_ += ",\"error\":" + error(d.fault);
    out_ += ",\"items\":[";
    std::size_t at = 0;
    while (at != d.items.size()) element(d, at);
    std::cout << out_ << "]}\n";
  }

 private:
  /// The code point of a character of at most three octets; all controls are that short.
  static unsigned long long code_point(const std::string& s, std::size_t at, std::size_t n) {
    unsigned long long v = static_cast<unsigned char>(s[at]) & (n == 1 ? 0x7f : n == 2 ? 0x1f : 0x0f);
    for (std::size_t k = 1; k != n; ++k) v = v << 6 | (static_cast<unsigned char>(s[at + k]) & 0x3f);
    return v;
  }
  static std::string string(const std::string& s) {
    std::string out = "\"";
    for (std::size_t i = 0; i < s.size();) {
      const auto c = static_cast<unsigned char>(s[i]);
      const std::size_t n = utf8_octets(s, i);
      if (n == 0) out += "\\ufffd";
      else if (is_control(s, i, n)) out += format("\\u%04llx", code_point(s, i, n));
      else if (c == '"' || c == '\\') (out += '\\') += s[i];
      else out += s.substr(i, n);
      i += n == 0 ? 1 : n;
    }
    return out + "\"";
  }
  static std::string error(const kerb::error& e) {
    return "{\"code\":" + string(std::string(name_of(e.code))) + ",\"type\":" + string(e.type) +
           ",\"field\":" + string(e.field) + ",\"offset\":" + std::to_string(e.offset) + "}";
  }
  static std::string value(const item& i) {
    const std::string text(i.contents.begin(), i.contents.end());
    switch (i.holds) {
      case content::number: return ",\"value\":" + number_text(i);
      case content::boolean: return std::string(",\"value\":") + (i.number != 0 ? "true" : "false");
      case content::time:
        return ",\"value\":" + string(time_text(i.number)) + ",\"seconds\":" + std::to_string(i.number);
      case content::flags: {
        std::string out = ",\"value\":" + std::to_string(i.number) + ",\"bits\":[";
        for (const std::string& b : i.bits) out += (out.back() == '[' ? "" : ",") + string(b);
        return out + "]";
      }
      case content::text: return ",\"value\":" + string(text) + ",\"hex\":\"" + hex(i.contents) + "\"";
      case content::oid: {
        const std::string oid = oid_text(i.contents), name = oid_name(oid);
        return ",\"value\":" + string(oid) + (name.empty() ? "" : ",\"name\":" + string(name));
      }
      case content::address: return ",\"value\":" + string(address_text(i)) + ",\"hex\":\"" + hex(i.contents) + "\"";
      case content::octets:
      case content::bits:
      case content::any: return ",\"hex\":\"" + hex(i.contents) + "\"";
      case content::sealed: return ",\"sealed\":true,\"hex\":\"" + hex(i.contents) + "\"";
      case content::withheld: return ",\"withheld\":true";
      default: return "";
    }
  }
  void element(const document& d, std::size_t& at) {
    const item& i = d.items[at];
    if (out_.back() != '[') out_ += ',';
    out_ += "{\"type\":" + string(i.type);
    if (!i.field.empty()) out_ += ",\"field\":" + string(i.field);
    if (i.index) out_ += ",\"index\":" + std::to_string(*i.index);
    if (!i.element.empty()) out_ += ",\"of\":" + string(i.element);
    if (i.placed) out_ += ",\"offset\":" + std::to_string(i.offset) + ",\"header\":" + std::to_string(i.header);
    out_ += ",\"size\":" + std::to_string(i.size);
    if (i.in_plaintext) out_ += ",\"plaintext\":true";
    out_ += value(i);
    if (!i.name.empty()) out_ += ",\"name\":" + string(i.name);
    if (i.holds == content::number && !i.bits.empty()) {
      out_ += ",\"bits\":[";
      for (const std::string& b : i.bits) out_ += (out_.back() == '[' ? "" : ",") + string(b);
      out_ += ']';
    }
    if (!i.remark.empty()) out_ += ",\"remark\":" + string(i.remark);
    if (!i.note.ok()) out_ += ",\"note\":" + error(i.note);
    const std::size_t depth = i.depth;
    if (++at != d.items.size() && d.items[at].depth > depth) {
      out_ += ",\"items\":[";
      while (at != d.items.size() && d.items[at].depth > depth) element(d, at);
      out_ += ']';
    }
    out_ += '}';
  }

  std::string out_;
};

}  // namespace inspect
