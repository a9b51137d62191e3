// The text file that describes the KDC's realm: one line for each principal, alias and route.
#pragma once
#include <charconv>
#include <cstdio>
#include <fstream>
#include <kerb/botan.hpp>
#include <kerb/crypto/buffered_random.hpp>
#include <kerb/crypto/fork_wiped.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

namespace example {

using kerb::etype_t;

/// The default policy, which draws random octets 512 at a time: a system call for each draw would be one in six of all
/// system calls. In a forked child the page is empty.
class policy : public kerb::botan::policy {
 public:
  bool fill(std::span<std::uint8_t> out) noexcept { return random_.fill(out); }

 private:
  kerb::fork_wiped_page page_;
  kerb::buffered_random<kerb::botan::policy> random_{*this, page_.octets(512)};
};

/// An error in the administrator's text; what() has the place and the reason.
struct bad_text : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Splits a line into words. Between double quotes, blanks and # are ordinary characters, and \ makes the next one
/// literal.
inline std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  bool in_word = false, in_quotes = false;
  for (std::size_t i = 0; i != line.size(); ++i) {
    char c = line[i];
    const bool space = c == ' ' || c == '\t' || c == '\r';
    if (!in_quotes && (space || (c == '#' && !in_word))) {
      if (c == '#') break;
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (c == '"') {
      in_quotes = !in_quotes;
      continue;
    }
    if (in_quotes && c == '\\' && i + 1 != line.size()) c = line[++i];
    words.back() += c;
  }
  if (in_quotes) throw bad_text("a quotation mark is open at the end of the line");
  return words;
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number n{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return n;
}

/// "10h", "7d", "90m", "30s", or seconds.
inline std::int64_t duration_of(std::string_view text) {
  std::int64_t unit = 1;
  const auto whole = text;
  if (!text.empty()) {
    const char last = text.back();
    unit = last == 'd' ? 86400 : last == 'h' ? 3600 : last == 'm' ? 60 : 1;
    if (unit != 1 || last == 's') text.remove_suffix(1);
  }
  const auto n = number_of<std::int64_t>(text);
  if (!n || *n < 0 || *n > 10000000000)
    throw bad_text("\"" + std::string(whole) + "\" is no duration such as 10h or 7d");
  return *n * unit;
}

/// "2030-12-31" or "2030-12-31T23:59:59Z", always UTC.
inline kerb::kerberos_time time_of(const std::string& text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
  const char* const t = text.c_str();
  const bool date = std::sscanf(t, "%4d-%2d-%2d%n", &year, &month, &day, &used) == 3 && text.size() == 10 && used == 10;
  const bool both =
      !date && std::sscanf(t, "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &year, &month, &day, &hour, &minute, &second, &used) == 6 &&
      text.size() == 20 && used == 20;
  if ((!date && !both) || year < 1 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
      minute < 0 || minute > 59 || second < 0 || second > 59) {
    throw bad_text("\"" + text + "\" is no time such as 2030-12-31 or 2030-12-31T23:59:59Z");
  }
  const std::int64_t y = month <= 2 ? year - 1 : year, era = y / 400, of_era = y - era * 400;
  const std::int64_t of_year =
      (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;  // the year begins in March here
  const std::int64_t days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
  return {((days * 24 + hour) * 60 + minute) * 60 + second};
}

/// "20,18": numbers or names of encryption types that this program supports.
inline std::vector<etype_t> etypes_of(std::string_view text, const policy& crypto) {
  std::vector<etype_t> list;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view one = text.substr(0, comma);
    text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
    std::optional<etype_t> found;
    for (const etype_t e : crypto.offered())
      if (one == name_of(e) || one == std::to_string(static_cast<int>(e))) found = e;
    if (!found) throw bad_text("\"" + std::string(one) + "\" is no encryption type that there is here");
    list.push_back(*found);
  }
  return list;
}

/// "7:c0ffee": the type of authorization data, and its octets in hexadecimal.
struct authdata_word {
  kerb::ad_t type{};
  std::vector<std::uint8_t> octets;
  bool if_relevant = false;  ///< a service that does not know the type may ignore it
};
inline authdata_word authdata_of(const std::string& text, bool if_relevant) {
  const std::size_t colon = text.find(':');
  const auto type = number_of<std::int32_t>(std::string_view(text).substr(0, colon));
  const std::string hex = colon == text.npos ? "" : text.substr(colon + 1);
  if (!type || hex.empty() || hex.size() % 2 != 0 || hex.find_first_not_of("0123456789abcdefABCDEF") != hex.npos)
    throw bad_text("\"" + text + "\" is no authorization data such as 7:c0ffee");
  authdata_word w{static_cast<kerb::ad_t>(*type), {}, if_relevant};
  for (std::size_t i = 0; i != hex.size(); i += 2)
    w.octets.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return w;
}

/// The settings after a principal's name.
struct traits {
  kerb::flags<kerb::principal_attribute> attributes{};
  std::vector<etype_t> etypes{}, session_etypes{};
  std::optional<std::int64_t> max_life{}, max_renewable_life{};
  std::optional<kerb::kerberos_time> valid_from{}, expires{}, password_expires{};
  std::vector<authdata_word> authdata{};  ///< for the tickets that the AS issues to this client
  bool sets_passwords = false;            ///< may set the passwords of other principals
};

/// A principal's line: how its keys are made, and its settings, also as the original words.
struct principal_line {
  std::optional<std::string> password;  ///< without one: random keys
  std::uint32_t kvno = 1;
  traits is;
  std::string words;
};

inline std::optional<kerb::principal_attribute> attribute_of(std::string_view word) {
  using a = kerb::principal_attribute;
  static const std::unordered_map<std::string_view, a> all = {
      {"locked", a::locked},
      {"requires_preauth", a::requires_preauth},
      {"not_a_client", a::not_a_client},
      {"not_a_server", a::not_a_server},
      {"user_to_user_only", a::user_to_user_only},
      {"no_user_to_user", a::no_user_to_user},
      {"initial_only", a::initial_only},
      {"changes_passwords", a::changes_passwords},
      {"must_change_password", a::must_change_password},
      {"no_forwardable", a::no_forwardable},
      {"no_proxiable", a::no_proxiable},
      {"no_postdated", a::no_postdated},
      {"no_renewable", a::no_renewable},
      {"ok_as_delegate", a::ok_as_delegate},
  };
  const auto found = all.find(word);
  return found == all.end() ? std::nullopt : std::optional(found->second);
}

/// Reads the words after `principal NAME`. A principal with a password must pre-authenticate unless the line has
/// no_preauth, and tickets to it are user-to-user unless the line has service: otherwise anybody could request a
/// message to try passwords on.
inline principal_line principal_line_of(const std::vector<std::string>& words, std::size_t from, bool is_tgs,
                                        const policy& crypto) {
  principal_line p;
  bool preauth = true, service = false;
  for (std::size_t i = from; i != words.size(); ++i) {
    const std::string& w = words[i];
    const std::size_t equals = w.find('=');
    const std::string name = w.substr(0, equals), value = equals == w.npos ? "" : w.substr(equals + 1);
    if (name == "password") {
      if (value.empty()) throw bad_text("an empty password");
      p.password = value;
      continue;  // not among the words that are kept
    }
    if (name == "kvno") {
      const auto n = number_of<std::uint32_t>(value);
      if (!n || *n == 0) throw bad_text("\"" + value + "\" is no key version");
      p.kvno = *n;
      continue;
    }
    if (name == "random") continue;
    p.words += (p.words.empty() ? "" : " ") + w;
    if (const auto a = attribute_of(w)) p.is.attributes.set(*a);
    else if (w == "no_preauth") preauth = false;
    else if (w == "service") service = true;
    else if (w == "sets_passwords") p.is.sets_passwords = true;
    else if (name == "etypes") p.is.etypes = etypes_of(value, crypto);
    else if (name == "session_etypes") p.is.session_etypes = etypes_of(value, crypto);
    else if (name == "max_life") p.is.max_life = duration_of(value);
    else if (name == "max_renewable_life") p.is.max_renewable_life = duration_of(value);
    else if (name == "valid_from") p.is.valid_from = time_of(value);
    else if (name == "expires") p.is.expires = time_of(value);
    else if (name == "password_expires") p.is.password_expires = time_of(value);
    else if (name == "authdata") p.is.authdata.push_back(authdata_of(value, false));
    else if (name == "authdata_if_relevant") p.is.authdata.push_back(authdata_of(value, true));
    else throw bad_text("\"" + w + "\" is not known here");
  }
  if (p.is.etypes.empty()) p.is.etypes.assign(crypto.offered().begin(), crypto.offered().end());
  const auto imply = [&](kerb::principal_attribute a, const char* word) {
    if (!p.is.attributes.has(a)) p.words += std::string(p.words.empty() ? "" : " ") + word;
    p.is.attributes.set(a);
  };
  if (p.password && !is_tgs && preauth) imply(kerb::principal_attribute::requires_preauth, "requires_preauth");
  if (p.password && !is_tgs && !service) imply(kerb::principal_attribute::user_to_user_only, "user_to_user_only");
  return p;
}

/// The content of a realm's file.
struct realm_text {
  std::unordered_map<std::string, principal_line> principals;  ///< by name with realm, as kerb::to_text writes it
  /// The targets of "alias NAME", "enterprise TEXT", "referral HOST-OR-REALM" and "moved NAME", and for "capath
  /// CLIENT-REALM SERVER-REALM" the realms between the two.
  std::unordered_map<std::string, std::string> ways;
  std::string policy;  ///< the words of the policy lines
};

/// The name of a principal with realm, in the spelling that look-ups use.
inline std::string name_with_realm(const std::string& text, const std::string& realm) {
  const auto p = kerb::principal::parse(text, realm);
  if (!p) throw bad_text("\"" + text + "\" is no name of a principal");
  std::array<char, 4096> buffer{};
  const auto spelt = kerb::to_text(*p, buffer);
  if (!spelt) throw bad_text("\"" + text + "\" is too long for the name of a principal");
  return std::string(*spelt);
}

inline realm_text read_realm(const std::string& file, const std::string& realm, const policy& crypto) {
  std::ifstream in(file);
  if (!in) throw bad_text(file + " cannot be read");
  realm_text all;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    try {
      const auto w = words_of(line);
      if (w.empty()) continue;
      const auto needs = [&](std::size_t n, const char* usage) {
        if (w.size() != n) throw bad_text(std::string("it should be: ") + usage);
      };
      if (w[0] == "principal") {
        if (w.size() < 2) throw bad_text("it should be: principal NAME [password=TEXT] [more]");
        const std::string name = name_with_realm(w[1], realm);
        if (!all.principals.emplace(name, principal_line_of(w, 2, name.starts_with("krbtgt/"), crypto)).second)
          throw bad_text("this principal has been there before");
      } else if (w[0] == "alias" || w[0] == "enterprise") {
        needs(3, "alias NAME PRINCIPAL, or enterprise NAME@DOMAIN PRINCIPAL");
        all.ways[w[0] + " " + (w[0] == "alias" ? name_with_realm(w[1], realm) : w[1])] = name_with_realm(w[2], realm);
      } else if (w[0] == "referral" || w[0] == "moved") {
        needs(3, "referral .DOMAIN-OR-REALM NEXT-REALM, or moved NAME-OR-@DOMAIN REALM");
        all.ways[w[0] + " " + w[1]] = w[2];
      } else if (w[0] == "capath") {
        if (w.size() < 4) throw bad_text("it should be: capath CLIENT-REALM SERVER-REALM BETWEEN...");
        std::string& between = all.ways["capath " + w[1] + " " + w[2]];
        for (std::size_t i = 3; i != w.size(); ++i) between += w[i] + " ";
      } else if (w[0] == "policy") {
        for (std::size_t i = 1; i != w.size(); ++i) all.policy += w[i] + " ";
      } else {
        throw bad_text("\"" + w[0] + "\" is none of principal, alias, enterprise, referral, moved, capath, policy");
      }
    } catch (const bad_text& e) { throw bad_text(file + ":" + std::to_string(number) + ": " + e.what()); }
  }
  all.principals.try_emplace(
      name_with_realm("krbtgt/" + realm, realm),
      principal_line_of({}, 0, true, crypto));  // every realm has this principal, also without a line
  return all;
}

}  // namespace example
