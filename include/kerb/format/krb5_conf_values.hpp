// Values in krb5.conf: booleans, integers, durations and lists, as MIT krb5 and Heimdal read them.
#pragma once
#include <initializer_list>
#include <optional>

#include "krb5_conf_reader.hpp"

namespace kerb::inline v0 {

/// The value of a boolean. MIT krb5: y, yes, true, t, 1, on; n, no, false, nil, 0, off, in any
/// letters; for others it uses the default, or false. Heimdal: yes, true and numbers other than 0 are
/// true, and all else is false.
constexpr std::optional<bool> conf_boolean(std::string_view value, conf_dialect dialect = conf_dialect::mit) {
  const auto is_one_of = [&](std::initializer_list<std::string_view> words) {
    for (const std::string_view w : words)
      if (detail::same_letters(value, w)) return true;
    return false;
  };
  if (dialect == conf_dialect::mit) {
    if (is_one_of({"y", "yes", "true", "t", "1", "on"})) return true;
    if (is_one_of({"n", "no", "false", "nil", "0", "off"})) return false;
    return std::nullopt;
  }
  if (is_one_of({"yes", "true"})) return true;
  if (!value.empty() && (value.front() == '-' || value.front() == '+')) detail::drop(value, 1);
  for (; !value.empty() && detail::is_digit(value.front()); detail::drop(value, 1))
    if (value.front() != '0') return true;
  return false;
}

/// The value of a whole number in decimal digits, with or without a sign; none outside of 32 bits.
constexpr std::optional<std::int32_t> conf_integer(std::string_view value) {
  detail::drop_blanks(value);
  const bool negative = !value.empty() && value.front() == '-';
  if (negative || (!value.empty() && value.front() == '+')) detail::drop(value, 1);
  std::uint64_t n = 0;
  if (!detail::take_number(value, negative ? 0x80000000u : 0x7fffffffu, n) || !value.empty()) return std::nullopt;
  return static_cast<std::int32_t>(negative ? -static_cast<std::int64_t>(n) : static_cast<std::int64_t>(n));
}

namespace detail {
inline constexpr std::int64_t longest_duration = 0x7fffffff;

/// MIT krb5's durations: `1d2h3m4s` with any of the units, largest first; `h:m`, `h:m:s`, `d-h:m:s`;
/// a plain number of seconds. What follows a unit and is not a part of a duration is ignored.
class mit_duration {
 public:
  constexpr explicit mit_duration(std::string_view text) : text_(text) {}
  constexpr std::optional<std::int64_t> read() {
    const std::optional<std::int64_t> first = number(true);
    if (!first) return std::nullopt;
    if (take(':')) {
      const auto minutes = two_digits();
      if (!minutes) return std::nullopt;
      std::int64_t seconds = 0;
      if (take(':')) {
        const auto s = two_digits();
        if (!s) return std::nullopt;
        seconds = *s;
      }
      return ends() ? sum(0, *first, *minutes, seconds) : std::nullopt;
    }
    if (take('-')) {
      const auto hours = two_digits();
      if (!hours || !take(':')) return std::nullopt;
      const auto minutes = two_digits();
      if (!minutes || !take(':')) return std::nullopt;
      const auto seconds = two_digits();
      return seconds && ends() ? sum(*first, *hours, *minutes, *seconds) : std::nullopt;
    }
    std::int64_t of[4] = {};  // days, hours, minutes, seconds
    std::optional<std::int64_t> n = first;
    for (std::size_t unit = 0;;) {
      constexpr std::string_view letters = "dhms";
      std::size_t u = unit;
      while (u != 4 && !take(letters[u])) ++u;
      if (u == 4) {  // a number without a unit is seconds, if there is nothing else
        if (unit != 0) return std::nullopt;
        of[3] = *n;
        return ends() ? sum(of[0], of[1], of[2], of[3]) : std::nullopt;
      }
      of[u] = *n;
      unit = u + 1;
      const bool blanks = take_blanks();
      if (unit == 4 && blanks) return std::nullopt;
      if (unit == 4 || ends()) return ends() ? sum(of[0], of[1], of[2], of[3]) : std::nullopt;
      n = number(true);
      if (!n) return std::nullopt;
    }
  }

 private:
  constexpr bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    drop(text_, 1);
    return true;
  }
  constexpr bool take_blanks() {
    const std::size_t before = text_.size();
    drop_blanks(text_);
    return text_.size() != before;
  }
  /// Whether the rest is empty or begins with a character that no duration contains.
  constexpr bool ends() const {
    if (text_.empty()) return true;
    const char c = text_.front();
    return !is_digit(c) && !is_blank(c) && std::string_view("-:dhms").find(c) == std::string_view::npos;
  }
  constexpr std::optional<std::int64_t> number(bool sign) {
    drop_blanks(text_);
    const bool negative = sign && take('-');
    std::uint64_t n = 0;
    if (!take_number(text_, static_cast<std::uint64_t>(longest_duration), n)) return std::nullopt;
    return negative ? -static_cast<std::int64_t>(n) : static_cast<std::int64_t>(n);
  }
  constexpr std::optional<std::int64_t> two_digits() {
    const std::size_t before = text_.size();
    std::uint64_t n = 0;
    if (!take_number(text_, 99, n) || before - text_.size() > 2) return std::nullopt;
    return static_cast<std::int64_t>(n);
  }
  static constexpr std::optional<std::int64_t> sum(std::int64_t d, std::int64_t h, std::int64_t m, std::int64_t s) {
    const std::int64_t all = d * 86400 + h * 3600 + m * 60 + s;
    if (all > longest_duration || all < -longest_duration - 1) return std::nullopt;
    return all;
  }
  std::string_view text_;
};

/// Heimdal's durations: numbers with units, which can be plural or shortened where only one begins
/// so: `1 day 2 hours`, `3 months`, `1h30s`.
constexpr std::optional<std::int64_t> heimdal_duration(std::string_view text) {
  struct unit {
    std::string_view name;
    std::int64_t seconds;
  };
  constexpr unit units[] = {{"year", 31536000}, {"month", 2592000}, {"week", 604800}, {"day", 86400}, {"hour", 3600},
                            {"h", 3600},        {"minute", 60},     {"m", 60},        {"second", 1},  {"s", 1}};
  std::int64_t all = 0;
  const auto skip = [&] {
    while (!text.empty() && (is_blank(text.front()) || text.front() == ',')) drop(text, 1);
  };
  for (skip(); !text.empty(); skip()) {
    std::uint64_t n = 0;
    if (!take_number(text, static_cast<std::uint64_t>(longest_duration), n)) return std::nullopt;
    drop_blanks(text);
    std::size_t size = 0;
    while (size != text.size() && small_letter(text[size]) >= 'a' && small_letter(text[size]) <= 'z') ++size;
    std::string_view word = part_of(text, 0, size);
    drop(text, size);
    if (word.size() > 1 && small_letter(word.back()) == 's') word = part_of(word, 0, word.size() - 1);
    std::int64_t seconds = word.empty() ? 1 : 0;
    int begin_so = 0;
    for (const unit& u : units) {
      if (word.empty() || u.name.size() < word.size() || !same_letters(part_of(u.name, 0, word.size()), word)) continue;
      seconds = u.seconds;
      if (u.name.size() == word.size()) {
        begin_so = 1;
        break;
      }
      ++begin_so;
    }
    if (!word.empty() && begin_so != 1) return std::nullopt;
    if (word.empty() && !text.empty()) return std::nullopt;  // only the last number can have no unit
    all += static_cast<std::int64_t>(n) * seconds;
    if (all > longest_duration) return std::nullopt;
  }
  return all;
}
}  // namespace detail

/// The value of a duration such as `ticket_lifetime`, in seconds; none if it is malformed or does
/// not fit in 31 bits. MIT krb5: `10h`, `1d2h3m4s`, `36000`, `10:30`, `10:30:00`, `1-10:30:00`.
/// Heimdal: `10 hours`, `1 day, 2 h`, `36000`.
constexpr std::optional<std::int64_t> conf_duration(std::string_view value, conf_dialect dialect = conf_dialect::mit) {
  return dialect == conf_dialect::mit ? detail::mit_duration(value).read() : detail::heimdal_duration(value);
}

/// The words of a value, for values that are lists: Heimdal's of several KDCs, and encryption types.
/// Blanks and commas separate words. A word that begins and ends with a quote loses both, and can
/// contain blanks.
class conf_words {
 public:
  constexpr explicit conf_words(std::string_view value) : rest_(value) {}
  /// Removes the first word and returns it; none at the end.
  constexpr std::optional<std::string_view> next() {
    const auto separates = [](char c) { return c == ',' || detail::is_blank(c); };
    while (!rest_.empty() && separates(rest_.front())) detail::drop(rest_, 1);
    if (rest_.empty()) return std::nullopt;
    std::size_t n = 0;
    while (n != rest_.size() && rest_[n] == '"') {
      const std::size_t end = rest_.find('"', n + 1);
      n = end == std::string_view::npos ? rest_.size() : end + 1;
    }
    while (n != rest_.size() && !separates(rest_[n])) ++n;
    std::string_view word = detail::part_of(rest_, 0, n);
    detail::drop(rest_, n);
    if (n > 1 && word.front() == '"' && word.back() == '"') word = detail::part_of(word, 1, n - 2);
    return word;
  }

 private:
  std::string_view rest_;
};

}  // namespace kerb::inline v0
