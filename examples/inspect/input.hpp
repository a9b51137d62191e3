// What a file has: octets, hexadecimal or base64 text, or the headers of an HTTP conversation.
#pragma once
#include <kerb/core/hex.hpp>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "model.hpp"

namespace inspect {

/// Octets to be shown, and where they come from.
struct source {
  std::string where;
  octets data;
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
/// The same for base64, with or without line breaks.
inline std::optional<octets> from_base64(const std::string& text) {
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

/// What a line of HTTP has behind the scheme Negotiate; nothing if it is another line. In front, there may be the name
/// of a header, and curl's mark of a line sent or received.
inline std::optional<std::string> negotiate_value(std::string_view line) {
  const auto skip = [&line](std::string_view word) {
    if (line.size() < word.size()) return false;
    for (std::size_t i = 0; i != word.size(); ++i)
      if ((line[i] >= 'A' && line[i] <= 'Z' ? line[i] - 'A' + 'a' : line[i]) != word[i]) return false;
    line.remove_prefix(word.size());
    while (!line.empty() && (line[0] == ' ' || line[0] == '\t')) line.remove_prefix(1);
    return true;
  };
  (void)skip("");
  if (!skip(">")) (void)skip("<");
  for (const char* name : {"authorization:", "www-authenticate:", "proxy-authorization:", "proxy-authenticate:"})
    if (skip(name)) break;
  if (!skip("negotiate")) return std::nullopt;
  return std::string(line);
}
/// The tokens of all such lines. Base64 may go on in the lines below.
inline std::vector<source> http_tokens(const std::string& text) {
  std::vector<source> out;
  std::string line, base64;
  std::size_t number = 0, first = 0;
  const auto finish = [&] {
    if (auto token = from_base64(std::exchange(base64, {})))
      out.push_back({"line " + std::to_string(first), *std::move(token)});
  };
  for (std::istringstream lines(text); std::getline(lines, line);) {
    ++number;
    if (auto value = negotiate_value(line)) {
      finish();
      base64 = *std::move(value);
      first = number;
    } else if (!base64.empty()) {
      if (from_base64(base64 + line)) base64 += line;
      else finish();
    }
  }
  finish();
  return out;
}

/// Decodes text, and returns everything else unchanged.
inline std::vector<source> sources_of(octets in) {
  const auto is_binary = [](std::uint8_t b) { return (b < 0x20 && b != '\n' && b != '\r' && b != '\t') || b >= 0x7f; };
  if (!std::any_of(in.begin(), in.end(), is_binary)) {
    const std::string text(in.begin(), in.end());
    if (auto out = from_hex(text)) return {{"", *std::move(out)}};
    if (auto out = http_tokens(text); !out.empty()) {
      if (out.size() == 1) out[0].where.clear();
      return out;
    }
    if (auto out = from_base64(text)) return {{"", *std::move(out)}};
  }
  std::vector<source> out(1);
  out[0].data = std::move(in);
  return out;
}

}  // namespace inspect
