// The lines of a krb5.conf, one after the other: sections, relations, braces and includes, as views of the text.
#pragma once
#include <optional>
#include <span>

#include "../core/bytes.hpp"
#include "../core/result.hpp"
#include "text.hpp"

namespace kerb::inline v0 {

/// Whose rules apply where MIT krb5 and Heimdal read a krb5.conf differently:
///
/// |  | mit | heimdal |
/// |---|---|---|
/// | before the first section | ignored; `[` must be in column one | an error |
/// | quotes around a value | end it; `\n` `\t` `\b` `\"` in them are characters | are kept |
/// | blanks in a value | belong to it | separate values: see conf_words |
/// | `*` after a name, `]` or `}` | later lines for that name are ignored | no meaning |
/// | `name =` | opens a subsection; `{` follows | an empty value |
/// | `name = { more` | the value is `{ more` | opens a subsection |
/// | text after `]` | an error | ignored |
/// | the end within braces | allowed | an error |
/// | `include`, `includedir` | in column one | absolute paths, outside of braces |
/// | an include that fails (the caller decides) | an error | ignored |
/// | booleans, durations | see conf_boolean, conf_duration | the same |
/// | `b.c` in domain_realm | for the hosts of the domain too | for that host |
///
/// The marks `*` count as in MIT krb5 1.22. Earlier versions know none for relations, and the others
/// count only for the following files of KRB5_CONFIG.
enum class conf_dialect : std::uint8_t { mit, heimdal };

/// A relation's value.
class conf_value {
  /// Calls f for each character until it returns false. Returns whether it never did.
  template <class F>
  constexpr bool each_character(F&& f) const {
    for (std::size_t i = 0; i != text_.size(); ++i) {
      char c = text_[i];
      if (escaped_ && c == '\\' && i + 1 != text_.size()) {
        c = text_[++i];
        c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'b' ? '\b' : c;
      }
      if (!f(c)) return false;
    }
    return true;
  }

 public:
  constexpr conf_value() = default;
  constexpr conf_value(std::string_view text, bool escaped, std::size_t offset)
      : text_(text), offset_(offset), escaped_(escaped) {}

  /// The value. It is a view of the text; only a value with backslashes between quotes must be
  /// copied, which takes at most octets() characters of `buffer`. Errors: errc::no_space (detail:
  /// a size that is enough).
  constexpr result<std::string_view> text(std::span<char> buffer) const {
    if (!escaped_) return text_;
    if (buffer.size() < text_.size()) {
      return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(text_.size()), .type = "krb5.conf"};
    }
    std::size_t n = 0;
    each_character([&](char c) {
      buffer[n++] = c;
      return true;
    });
    return std::string_view(buffer.data(), n);
  }
  /// The value as it is in the text, without its quotes. Whether it is the value depends on
  /// has_escapes().
  constexpr std::string_view raw() const { return text_; }
  constexpr bool has_escapes() const { return escaped_; }
  constexpr std::size_t octets() const { return text_.size(); }
  /// Where the value is in its text.
  constexpr std::size_t offset() const { return offset_; }

  friend constexpr bool operator==(const conf_value& a, std::string_view b) {
    std::size_t n = 0;
    const bool same = a.each_character([&](char c) { return n != b.size() && b[n++] == c; });
    return same && n == b.size();
  }

 private:
  std::string_view text_;
  std::size_t offset_ = 0;
  bool escaped_ = false;
};

/// What a line of a krb5.conf says.
enum class conf_line : std::uint8_t {
  section,            ///< `[name]`
  relation,           ///< `name = value`
  open,               ///< `name = {`
  close,              ///< `}`
  include,            ///< `include name`: the file of that name is read here
  include_directory,  ///< `includedir name`: the files of that directory are (see is_included_name)
};
struct conf_event {
  conf_line line{};
  std::string_view name;   ///< a path for includes; empty for close
  conf_value value;        ///< of a relation
  bool final = false;      ///< marked with `*`
  std::size_t offset = 0;  ///< of the line
};

/// The deepest nesting of braces in a section. [appdefaults] has two levels.
inline constexpr std::size_t max_conf_depth = 16;
/// The longest line, in octets. MIT krb5 and Heimdal read the rest of a longer line as another line.
inline constexpr std::size_t max_conf_line = 2046;

/// Reads a krb5.conf line by line, in time linear in its size. It reads no file: includes are
/// events, and the text that the caller reads for them is a text of its own, whose sections begin
/// anew. krb5_conf (krb5_conf.hpp) combines the texts.
class krb5_conf_reader {
 public:
  constexpr krb5_conf_reader() = default;
  constexpr explicit krb5_conf_reader(text_view text, conf_dialect dialect = conf_dialect::mit)
      : text_(text), dialect_(dialect) {
    if (text_.size() > 0xffffffffu) why_ = {.code = errc::input_too_large, .type = type};
  }

  /// The next event. None at the end of the text and after an error, which why() then has.
  constexpr std::optional<conf_event> next() {
    conf_event e;
    while (why_.ok() && at_ != text_.size()) {
      if (read_line(e)) return e;
    }
    if (why_.ok() && mit() == false && depth_ > 1) fail(at_, "}");
    return std::nullopt;
  }
  /// errc::bad_conf_text, with `offset` in the text, the line's number in `detail` and what is wrong
  /// in `field`; errc::input_too_large; or ok().
  constexpr const error& why() const { return why_; }
  /// How deep the reader is: 0 before the first section, 1 in a section, 2 within its braces, ...
  constexpr std::size_t depth() const { return depth_; }

 private:
  static constexpr const char* type = "krb5.conf";
  constexpr bool mit() const { return dialect_ == conf_dialect::mit; }
  constexpr std::size_t offset_of(std::string_view part) const {
    return static_cast<std::size_t>(part.data() - text_.data());
  }
  constexpr bool fail(std::size_t at, const char* field) {
    why_ = {errc::bad_conf_text, static_cast<std::uint32_t>(at), line_, type, field};
    return false;
  }
  constexpr bool fail(std::string_view at, const char* field) { return fail(offset_of(at), field); }

  /// Reads a line. Returns whether it is an event.
  constexpr bool read_line(conf_event& e) {
    const std::size_t from = at_;
    std::size_t end = from;
    ++line_;
    for (; end != text_.size() && text_[end] != '\n'; ++end)
      if (text_[end] == '\0') return fail(end, "NUL");
    at_ = end == text_.size() ? end : end + 1;
    std::string_view line = detail::part_of(text_, from, end - from);
    while (!line.empty() && line.back() == '\r') line = detail::part_of(line, 0, line.size() - 1);
    if (line.size() > max_conf_line) return fail(from, "line");
    e = {};
    e.offset = from;
    return mit() ? read_mit(line, e) : read_heimdal(line, e);
  }

  constexpr bool read_mit(std::string_view line, conf_event& e) {
    if (read_include(line, e)) return true;
    if (!why_.ok()) return false;
    if (depth_ == 0) {
      if (takes(line, "module")) return fail(line, "module");
      if (line.empty() || line.front() != '[') return false;
    }
    detail::drop_blanks(line);
    if (brace_missing_) {
      if (line.empty() || line.front() != '{') return fail(line, "{");
      return brace_missing_ = false;
    }
    if (is_nothing(line)) return false;
    if (line.front() == '[') {
      if (depth_ > 1) return fail(line, "section");
      if (!read_section(line, e)) return false;
      e.final = !line.empty() && line.front() == '*';
      if (e.final) detail::drop(line, 1);
      detail::drop_blanks(line);
      if (!line.empty()) return fail(line, "section");
      return true;
    }
    if (line.front() == '}') {
      e.final = line.size() > 1 && line[1] == '*';
      return close(line, e);
    }
    if (!read_name(line, e)) return false;
    if (const std::size_t star = e.name.find('*'); star != std::string_view::npos) {
      e.final = true;
      e.name = detail::part_of(e.name, 0, star);
    }
    if (!line.empty() && line.front() == '"') {
      e.line = conf_line::relation;
      e.value = read_quoted(line);
      return true;
    }
    detail::drop_blanks_at_end(line);
    if (line.empty() || line == "{") {
      brace_missing_ = line.empty();
      return open(line, e);
    }
    return relation(line, e);
  }

  constexpr bool read_heimdal(std::string_view line, conf_event& e) {
    detail::drop_blanks(line);
    if (is_nothing(line)) return false;
    if (line.front() == '}') return close(line, e);
    if (depth_ < 2) {
      if (line.front() == '[') return read_section(line, e);
      if (read_include(line, e)) return true;
      if (!why_.ok()) return false;
      if (depth_ == 0) return fail(line, "section");
    }
    if (!read_name(line, e)) return false;
    if (!line.empty() && line.front() == '{') return open(line, e);
    return relation(line, e);
  }

  static constexpr bool is_nothing(std::string_view line) {
    return line.empty() || line.front() == '#' || line.front() == ';';
  }
  /// Takes `word` and the blanks behind it.
  static constexpr bool takes(std::string_view& line, std::string_view word) {
    if (!line.starts_with(word)) return false;
    if (line.size() != word.size() && !detail::is_blank(line[word.size()])) return false;
    detail::drop(line, word.size());
    detail::drop_blanks(line);
    return true;
  }
  constexpr bool read_include(std::string_view line, conf_event& e) {
    if (takes(line, "include")) e.line = conf_line::include;
    else if (takes(line, "includedir")) e.line = conf_line::include_directory;
    else return false;
    detail::drop_blanks_at_end(line);
    if (line.empty() || (!mit() && line.front() != '/')) return fail(line, "include");
    e.name = line;
    return true;
  }
  /// Reads `[name]`; `line` is then what follows.
  constexpr bool read_section(std::string_view& line, conf_event& e) {
    const std::size_t end = line.find(']');
    if (end == std::string_view::npos) return fail(line, "section");
    e.line = conf_line::section;
    e.name = detail::part_of(line, 1, end - 1);
    detail::drop(line, end + 1);
    depth_ = 1;
    return true;
  }
  /// Reads `name =` and the blanks behind it; `line` is then what follows.
  constexpr bool read_name(std::string_view& line, conf_event& e) {
    const std::string_view whole = line;
    std::size_t n = 0;
    while (n != line.size() && line[n] != '=' && !detail::is_blank(line[n])) ++n;
    e.name = detail::part_of(line, 0, n);
    detail::drop(line, n);
    detail::drop_blanks(line);
    if (line.empty() || line.front() != '=' || (n == 0 && mit())) return fail(whole, "=");
    detail::drop(line, 1);
    detail::drop_blanks(line);
    return true;
  }
  constexpr conf_value read_quoted(std::string_view line) const {
    detail::drop(line, 1);
    bool escaped = false;
    std::size_t n = 0;
    for (; n != line.size() && line[n] != '"'; ++n) {
      if (line[n] != '\\') continue;
      escaped = true;
      if (n + 1 != line.size()) ++n;
    }
    return {detail::part_of(line, 0, n), escaped, offset_of(line)};
  }
  constexpr bool relation(std::string_view line, conf_event& e) {
    detail::drop_blanks_at_end(line);
    e.line = conf_line::relation;
    e.value = {line, false, offset_of(line)};
    return true;
  }
  constexpr bool open(std::string_view line, conf_event& e) {
    if (depth_ > max_conf_depth) return fail(line, "depth");
    ++depth_;
    e.line = conf_line::open;
    return true;
  }
  constexpr bool close(std::string_view line, conf_event& e) {
    if (depth_ < 2) return fail(line, "}");
    --depth_;
    e.line = conf_line::close;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  error why_{};
  std::uint32_t line_ = 0;
  conf_dialect dialect_ = conf_dialect::mit;
  bool brace_missing_ = false;
};

/// Whether `includedir` reads a file of this name: its name ends in `.conf` and does not begin with
/// a dot, or has only letters, digits, '-' and '_'. Read the files in the order of their names, as
/// MIT krb5 does; Heimdal reads them in the order of the directory.
constexpr bool is_included_name(std::string_view file) {
  if (file.empty() || file.front() == '.') return false;
  if (file.ends_with(".conf")) return true;
  for (const char c : file)
    if (!detail::is_digit(c) && !(detail::small_letter(c) >= 'a' && detail::small_letter(c) <= 'z') && c != '-' &&
        c != '_')
      return false;
  return true;
}

}  // namespace kerb::inline v0
