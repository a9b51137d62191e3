// A safe subset of regular expressions: a program of fixed size, matched without backtracking.
#pragma once
#include <array>
#include <string_view>

#include "../core/error.hpp"
#include "text.hpp"

namespace kerb::inline v0 {

namespace detail {
/// Whose rules apply where the two disagree: of several matches at one place, POSIX takes the
/// longest, and Java the one that the order of the alternatives prefers.
enum class regex_dialect : std::uint8_t { posix, java };

/// A match in a text: [0] and [1] are its ends, and further pairs those of the groups.
struct regex_match {
  static constexpr std::uint16_t none = 0xffff;
  std::array<std::uint16_t, 20> at{};
};

/// A compiled regular expression over octets. The syntax is what POSIX and Java have in common:
///
/// * characters, and `\` before a punctuation character; `.` for any octet; `^` and `$`
/// * `[abc]`, `[a-z]`, `[^a-z]` of ASCII characters; in Java `\` quotes in brackets too
/// * `( )`, `|`, `*`, `+`, `?`, `{m}`, `{m,}`, `{m,n}` with numbers up to 99
/// * in Java also `(?: )`, and `\d`, `\w`, `\s`, `\D`, `\W`, `\S`, in brackets only the small ones
/// * in Java outside of brackets `\Q...\E`, which quotes everything between; without `\E` to the end
///
/// Everything else is an error with its position, also where one of the two accepts it: back
/// references, lazy and possessive quantifiers, look-around, flags, named groups, `\b`, `[[:alpha:]]`,
/// `[` and `&&` in brackets, `]` as the first in brackets, empty alternatives, quantifiers after
/// anchors, after quantifiers, after `\E`, after what can be empty, and after characters that are not
/// ASCII.
///
/// A match costs at most (octets of text) * (instructions), whatever the expression is.
class regex {
 public:
  static constexpr std::size_t max_instructions = 128;  ///< enough for rules seen in use; bounds time and stack
  static constexpr std::size_t max_classes = 16;        ///< bracket expressions, and \d and the like
  static constexpr unsigned max_groups = 9;             ///< `$1` to `$9`
  static constexpr unsigned max_depth = 8;              ///< of groups in groups
  static constexpr std::size_t max_text = 1024;         ///< in octets; longer texts do not match

  /// Compiles `pattern`. On errc::bad_rule_text, `offset` is the position in it and `field` the reason.
  constexpr error compile(std::string_view pattern, regex_dialect dialect) {
    *this = {};
    dialect_ = dialect;
    parser p{pattern, 0, {}};
    alternatives(p, 0);
    if (p.ok() && !p.at_end()) p.fail("unmatched )");
    emit(p, {op::match});
    return p.why;
  }
  constexpr unsigned groups() const { return groups_; }

  /// Whether the expression matches all of `text`.
  constexpr bool matches(std::string_view text) const {
    regex_match m;
    std::size_t budget = text.size() + 1;
    return run(text, 0, 0, true, m, budget);
  }
  /// Finds the first match that begins at `from` or later. `^` matches at `base`. `budget` is the
  /// number of octets that may still be looked at, and is reduced; at 0 there is no match.
  constexpr bool find(std::string_view text, std::size_t from, std::size_t base, regex_match& m,
                      std::size_t& budget) const {
    return run(text, from, base, false, m, budget);
  }

 private:
  enum class op : std::uint8_t { octet, any, one_of, begin, end, save, split, jump, match };
  struct instruction {
    op what{};
    std::uint8_t arg = 0;  // octet, class or slot
    std::uint8_t x = 0;    // split: the preferred way; jump
    std::uint8_t y = 0;    // split: the other way
  };
  using set = std::array<std::uint64_t, 4>;
  static constexpr std::uint8_t open_end = 0xff;

  // ---- compiling

  struct parser {
    std::string_view text;
    std::size_t at = 0;
    error why{};
    constexpr bool ok() const { return why.ok(); }
    constexpr bool at_end() const { return at == text.size(); }
    constexpr char peek(std::size_t ahead = 0) const { return at + ahead < text.size() ? text[at + ahead] : '\0'; }
    constexpr bool next_is(char c) const { return !at_end() && text[at] == c; }
    constexpr bool starts_with(std::string_view s) const { return part_of(text, at, text.size() - at).starts_with(s); }
    constexpr bool take(char c) {
      if (!next_is(c)) return false;
      ++at;
      return true;
    }
    constexpr void fail(const char* reason) {
      if (ok()) why = {errc::bad_rule_text, static_cast<std::uint32_t>(at), 0, "regular expression", reason};
      at = text.size();
    }
  };
  static constexpr bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
  static constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static constexpr bool is_word(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  }
  static constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
  static constexpr bool is_quantifier(char c) { return c == '*' || c == '+' || c == '?' || c == '{'; }
  static constexpr bool is_punctuation(char c) { return c > ' ' && c < 0x7f && (!is_word(c) || c == '_'); }

  constexpr void emit(parser& p, instruction i) {
    if (!p.ok()) return;
    if (size_ == max_instructions) return p.fail("too long");
    program_[size_++] = i;
  }
  /// Makes space for an instruction in front of a fragment that reaches to the end.
  constexpr void insert(parser& p, std::size_t at, instruction i) {
    emit(p, {});
    if (!p.ok()) return;
    for (std::size_t k = size_ - 1; k != at; --k) {
      program_[k] = program_[k - 1];
      if (jumps(program_[k].what)) {
        ++program_[k].x;
        ++program_[k].y;
      }
    }
    program_[at] = i;
  }
  static constexpr bool jumps(op o) { return o == op::split || o == op::jump; }
  constexpr std::uint8_t here(std::size_t ahead = 0) const { return static_cast<std::uint8_t>(size_ + ahead); }

  constexpr void alternatives(parser& p, unsigned depth) {
    const std::size_t start = size_;
    sequence(p, depth);
    if (!p.take('|')) return;
    insert(p, start, {op::split, 0, static_cast<std::uint8_t>(start + 1), 0});
    const std::size_t jump = size_;
    emit(p, {op::jump});
    if (!p.ok()) return;
    program_[start].y = here();
    alternatives(p, depth);
    program_[jump].x = here();
  }
  constexpr void sequence(parser& p, unsigned depth) {
    if (p.at_end() || p.next_is('|') || p.next_is(')')) return p.fail("empty");
    while (p.ok() && !p.at_end() && !p.next_is('|') && !p.next_is(')')) repeated(p, depth);
  }
  /// Reads `\Q...\E`. Cloudera's tools write the realms in Hadoop's rules so.
  constexpr void quotation(parser& p) {
    p.at += 2;
    if (p.at_end() || p.starts_with("\\E")) return p.fail("empty");
    for (; !p.at_end() && !p.starts_with("\\E"); ++p.at) {
      emit(p, {op::octet, static_cast<std::uint8_t>(p.text[p.at])});
      if (!p.ok()) return;
    }
    if (!p.at_end()) p.at += 2;
    if (is_quantifier(p.peek())) p.fail("cannot be repeated");
  }
  constexpr void repeated(parser& p, unsigned depth) {
    if (dialect_ == regex_dialect::java && p.starts_with("\\Q")) return quotation(p);
    const std::size_t start = size_, from = p.at;
    const bool repeatable = atom(p, depth);
    if (!p.ok() || p.at_end() || !is_quantifier(p.peek())) return;
    if (!repeatable || !is_ascii(p.text[p.at - 1]) || from == p.at) return p.fail("cannot be repeated");
    if (can_be_empty(start)) return p.fail("can be empty, and is repeated");
    const auto first = static_cast<std::uint8_t>(start);
    if (p.take('*')) {
      insert(p, start, {op::split, 0, static_cast<std::uint8_t>(start + 1), here(2)});
      emit(p, {op::jump, 0, first, 0});
    } else if (p.take('+')) {
      emit(p, {op::split, 0, first, here(1)});
    } else if (p.take('?')) {
      insert(p, start, {op::split, 0, static_cast<std::uint8_t>(start + 1), here(1)});
    } else {
      counted(p, start);
    }
    if (p.ok() && !p.at_end() && is_quantifier(p.peek())) p.fail("lazy, possessive or repeated quantifier");
  }
  /// Whether the fragment from `start` to the end can match no octet. Such a fragment is not repeated,
  /// because implementations disagree about what an empty repetition means.
  constexpr bool can_be_empty(std::size_t start) const {
    std::array<bool, max_instructions + 1> reached{};
    reached[start] = true;
    for (bool more = true; more;) {
      more = false;
      const auto go = [&](std::size_t to) {
        more = more || !reached[to];
        reached[to] = true;
      };
      for (std::size_t k = start; k != size_; ++k) {
        const instruction& i = program_[k];
        if (!reached[k] || i.what == op::octet || i.what == op::any || i.what == op::one_of) continue;
        go(jumps(i.what) ? i.x : k + 1);
        if (i.what == op::split) go(i.y);
      }
    }
    return reached[size_];
  }
  /// `{m}`, `{m,}` or `{m,n}` after a fragment: copies of it.
  constexpr void counted(parser& p, std::size_t start) {
    p.take('{');
    const unsigned least = number(p);
    unsigned most = least;
    bool unbounded = false;
    if (p.take(',')) {
      unbounded = p.next_is('}');
      if (!unbounded) most = number(p);
    }
    if (p.ok() && (!p.take('}') || most < least || (most == 0 && !unbounded))) p.fail("bad quantifier");
    if (!p.ok()) return;
    const std::array<instruction, max_instructions> fragment = program_;
    const std::size_t end = size_;
    const auto copy = [&] {
      const std::size_t to = size_;
      for (std::size_t k = start; k != end; ++k) {
        instruction i = fragment[k];
        if (jumps(i.what)) {
          i.x = static_cast<std::uint8_t>(i.x - start + to);
          i.y = static_cast<std::uint8_t>(i.y - start + to);
        }
        emit(p, i);
      }
      return static_cast<std::uint8_t>(to);
    };
    size_ = start;
    std::uint8_t last = 0;
    for (unsigned n = 0; n != least && p.ok(); ++n) last = copy();
    if (unbounded && least != 0) {
      emit(p, {op::split, 0, last, here(1)});
    } else if (unbounded) {
      const std::size_t split = size_;
      emit(p, {op::split, 0, here(1), 0});
      copy();
      emit(p, {op::jump, 0, static_cast<std::uint8_t>(split), 0});
      if (p.ok()) program_[split].y = here();
    } else {
      for (unsigned n = least; n != most && p.ok(); ++n) {
        emit(p, {op::split, 0, here(1), open_end});
        copy();
      }
      for (std::size_t k = start; k != size_; ++k)
        if (program_[k].what == op::split && program_[k].y == open_end) program_[k].y = here();
    }
  }
  static constexpr unsigned number(parser& p) {
    unsigned n = 0, digits = 0;
    for (; is_digit(p.peek()) && digits != 2; ++digits) n = n * 10 + static_cast<unsigned>(p.text[p.at++] - '0');
    if (digits == 0 || is_digit(p.peek())) p.fail("bad quantifier");
    return n;
  }
  /// Returns whether what was read can be repeated.
  constexpr bool atom(parser& p, unsigned depth) {
    switch (const char c = p.peek()) {
      case '(': group(p, depth); return true;
      case '[': brackets(p); return true;
      case '.':
        ++p.at;
        emit(p, {op::any});
        return true;
      case '^':
      case '$':
        ++p.at;
        emit(p, {c == '^' ? op::begin : op::end});
        return false;
      case '\\': escape(p); return true;
      case '*':
      case '+':
      case '?':
      case '{': p.fail("nothing to repeat"); return false;
      default:
        ++p.at;
        emit(p, {op::octet, static_cast<std::uint8_t>(c)});
        return true;
    }
  }
  constexpr void group(parser& p, unsigned depth) {
    if (depth == max_depth) return p.fail("too many groups in groups");
    const std::size_t from = p.at++;
    unsigned slot = 0;
    if (p.take('?')) {
      if (dialect_ != regex_dialect::java || !p.take(':')) return p.fail("unsupported group");
    } else if (dialect_ == regex_dialect::java) {  // POSIX's replacement text does not refer to groups
      if (groups_ == max_groups) return p.at = from, p.fail("too many groups");
      slot = 2 * ++groups_;
      emit(p, {op::save, static_cast<std::uint8_t>(slot)});
    }
    alternatives(p, depth + 1);
    if (p.ok() && !p.take(')')) {
      p.at = from;
      return p.fail("unmatched (");
    }
    if (slot != 0) emit(p, {op::save, static_cast<std::uint8_t>(slot + 1)});
  }
  static constexpr void add(set& s, char c) {
    const auto octet = static_cast<unsigned char>(c);
    s[octet / 64] |= std::uint64_t{1} << octet % 64;
  }
  /// Adds the characters of `\d`, `\w` or `\s`. Returns false for any other letter.
  static constexpr bool add_named(set& s, char letter) {
    if (letter != 'd' && letter != 'w' && letter != 's') return false;
    for (int i = 0; i != 128; ++i) {
      const char c = static_cast<char>(i);
      if (letter == 'd' ? is_digit(c) : letter == 'w' ? is_word(c) : is_space(c)) add(s, c);
    }
    return true;
  }
  constexpr void emit_class(parser& p, set s, bool negated) {
    if (!p.ok()) return;
    if (classes_ == max_classes) return p.fail("too many brackets");
    if (negated)
      for (std::uint64_t& part : s) part = ~part;
    sets_[classes_] = s;
    emit(p, {op::one_of, static_cast<std::uint8_t>(classes_++)});
  }
  constexpr void escape(parser& p) {
    const char c = p.peek(1);
    set s{};
    if (is_punctuation(c) && c != '_') {
      emit(p, {op::octet, static_cast<std::uint8_t>(c)});
    } else if (dialect_ == regex_dialect::java && add_named(s, static_cast<char>(c | 0x20))) {
      emit_class(p, s, (c & 0x20) == 0);
    } else {
      return p.fail("unsupported \\");
    }
    if (p.ok()) p.at += 2;
  }
  constexpr void brackets(parser& p) {
    const std::size_t from = p.at++;
    const bool negated = p.take('^');
    set s{};
    if (p.next_is(']')) return p.fail("] as the first in brackets");
    while (!p.at_end() && !p.next_is(']')) {
      bool is_set = false;
      const char low = bracket_character(p, s, is_set);
      if (!p.ok()) return;
      if (is_set) {
        if (p.next_is('-') && p.peek(1) != ']') return p.fail("bad range in brackets");
        continue;
      }
      char high = low;
      if (p.next_is('-') && p.peek(1) != ']' && p.at + 1 != p.text.size()) {
        ++p.at;
        high = bracket_character(p, s, is_set);
        if (p.ok() && (is_set || high < low)) p.fail("bad range in brackets");
        if (!p.ok()) return;
      }
      for (int c = low; c <= high; ++c) add(s, static_cast<char>(c));
    }
    if (!p.take(']')) {
      p.at = from;
      return p.fail("unmatched [");
    }
    emit_class(p, s, negated);
  }
  constexpr char bracket_character(parser& p, set& s, bool& is_set) const {
    const char c = p.peek();
    if (c == '\\') {
      const char quoted = p.peek(1);
      if (dialect_ == regex_dialect::posix) return p.fail("\\ in brackets"), '\0';
      is_set = add_named(s, quoted);
      if (!is_set && (!is_punctuation(quoted) || quoted == '_')) return p.fail("unsupported \\"), '\0';
      p.at += 2;
      return quoted;
    }
    if (c == '[' || (c == '&' && p.peek(1) == '&')) return p.fail("unsupported in brackets"), '\0';
    if (!is_ascii(c)) return p.fail("not ASCII in brackets"), '\0';
    ++p.at;
    return c;
  }

  // ---- matching: all ways at once, octet by octet

  using slots = std::array<std::uint16_t, 20>;
  /// The states that are reached at one place in the text, those that are preferred first.
  struct states {
    std::array<std::uint8_t, max_instructions> at{};
    std::array<bool, max_instructions> has{};
    std::array<slots, max_instructions> captured{};
    std::size_t size = 0;
    constexpr void clear() {
      size = 0;
      has = {};
    }
  };
  struct place {
    std::size_t at, base, end;
  };
  /// Adds a state and what is reached from it without reading an octet. Each state is entered once,
  /// so the depth and the work are bounded by the program.
  constexpr void reach(states& s, std::uint8_t pc, const place& where, slots& captured) const {
    if (s.has[pc]) return;
    s.has[pc] = true;
    const instruction& i = program_[pc];
    const auto next = static_cast<std::uint8_t>(pc + 1);
    switch (i.what) {
      case op::jump: return reach(s, i.x, where, captured);
      case op::split: reach(s, i.x, where, captured); return reach(s, i.y, where, captured);
      case op::begin:
        if (where.at == where.base) reach(s, next, where, captured);
        return;
      case op::end:
        if (where.at == where.end) reach(s, next, where, captured);
        return;
      case op::save: {
        const std::uint16_t before = captured[i.arg];
        captured[i.arg] = static_cast<std::uint16_t>(where.at);
        reach(s, next, where, captured);
        captured[i.arg] = before;
        return;
      }
      default: s.at[s.size] = pc; s.captured[s.size++] = captured;
    }
  }
  constexpr bool accepts(const instruction& i, char c) const {
    const auto octet = static_cast<unsigned char>(c);
    if (i.what == op::one_of) return (sets_[i.arg][octet / 64] >> octet % 64 & 1) != 0;
    return i.what == op::any || i.arg == octet;
  }
  constexpr bool run(std::string_view text, std::size_t from, std::size_t base, bool whole, regex_match& best,
                     std::size_t& budget) const {
    if (text.size() > max_text) return false;
    states lists[2];
    states *now = &lists[0], *then = &lists[1];
    bool found = false;
    for (std::size_t at = from; at <= text.size(); ++at) {
      if (budget == 0) return false;
      --budget;
      if (!found && (!whole || at == from)) {
        slots none{};
        none.fill(regex_match::none);
        none[0] = static_cast<std::uint16_t>(at);
        reach(*now, 0, {at, base, text.size()}, none);
      }
      if (now->size == 0 && (found || whole)) break;
      then->clear();
      for (std::size_t k = 0; k != now->size; ++k) {
        const instruction& i = program_[now->at[k]];
        slots& captured = now->captured[k];
        if (found && captured[0] > best.at[0]) break;  // the list is in the order of these
        if (i.what == op::match) {
          if (whole && at != text.size()) continue;
          best.at = captured;
          best.at[1] = static_cast<std::uint16_t>(at);
          found = true;
          if (dialect_ == regex_dialect::java) break;  // what follows is less preferred
        } else if (at != text.size() && accepts(i, text[at])) {
          reach(*then, static_cast<std::uint8_t>(now->at[k] + 1), {at + 1, base, text.size()}, captured);
        }
      }
      states* const swap = now;
      now = then;
      then = swap;
    }
    return found;
  }

  std::array<instruction, max_instructions> program_{};
  std::array<set, max_classes> sets_{};
  std::size_t size_ = 0, classes_ = 0;
  unsigned groups_ = 0;
  regex_dialect dialect_ = regex_dialect::posix;
};
}  // namespace detail

}  // namespace kerb::inline v0
