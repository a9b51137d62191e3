// The lines of a krb5.conf: events, and what is refused where, as MIT krb5 and as Heimdal.
#include <kerb/format/krb5_conf_reader.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {

constexpr auto mit = conf_dialect::mit, heimdal = conf_dialect::heimdal;

/// The events as a text: a letter each, the name, and a value after '='.
template <std::size_t N = 256>
struct trace {
  std::array<char, N> text{};
  std::size_t size = 0;
  error why{};
  constexpr void add(std::string_view s) {
    for (const char c : s) text[size++] = c;
  }
  constexpr bool is(std::string_view wanted) const { return why.ok() && std::string_view(text.data(), size) == wanted; }
};
constexpr trace<> read(std::string_view text, conf_dialect d) {
  krb5_conf_reader r(text, d);
  trace<> t;
  while (const auto e = r.next()) {
    constexpr std::string_view letters[] = {"[", "", "{", "}", "<", "<<"};
    t.add(letters[static_cast<std::size_t>(e->line)]);
    t.add(e->name);
    if (e->final) t.add("*");
    if (e->line == conf_line::relation) {
      t.add("=");
      t.add(e->value.raw());
    }
    t.add("|");
  }
  t.why = r.why();
  if (r.next()) t.add("again");
  return t;
}
constexpr bool is(std::string_view text, std::string_view m, std::string_view h) {
  return read(text, mit).is(m) && read(text, heimdal).is(h);
}
constexpr bool fails(std::string_view text, conf_dialect d, std::size_t offset, std::size_t line,
                     std::string_view field) {
  const error e = read(text, d).why;
  return e.code == errc::bad_conf_text && e.offset == offset && e.detail == line &&
         std::string_view(e.field) == field && std::string_view(e.type) == "krb5.conf";
}

constexpr bool events() {
  return read("[s]\n a = b c \r\n\n# x\n ; [y\n\tx={\ny = {\t\nk=1\n}\n } rest\n[t]\nz = \"\"", mit)
             .is("[s|a=b c|{x|{y|k=1|}|}|[t|z=|") &&
         read("[s]\na = b c\nx = {\ny = { more\nk = 1\n}\n}\n[t]\nz =\n", heimdal)
             .is("[s|a=b c|{x|{y|k=1|}|}|[t|z=|") &&
         is("", "", "") && is("# only\n\n", "", "");
}
KERB_BOTH("krb5_conf reader: sections, relations and braces are events", "[format]", events);

constexpr bool differences() {
  return read("text\n [no]\n[s]\na=1\n", mit).is("[s|a=1|") && fails("text\n[s]\n", heimdal, 0, 1, "section") &&
         read(" [s]\na=1\n", heimdal).is("[s|a=1|") && is("[s]\na = \"b \" c\n", "[s|a=b |", "[s|a=\"b \" c|") &&
         is("[s]\na* = 1\nb = 2\n", "[s|a*=1|b=2|", "[s|a*=1|b=2|") && is("[s]*\n", "[s*|", "[s|") &&
         is("[s]\nx* = {\n}*\n", "[s|{x*|}*|", "[s|{x*|}|") &&
         read("[s]\nx =\n{\na = 1\n}\n", mit).is("[s|{x|a=1|}|") &&
         read("[s]\nx =\na = 1\n", heimdal).is("[s|x=|a=1|") &&
         read("[s]\nx = { a = 1 }\n", mit).is("[s|x={ a = 1 }|") &&
         read("[s]\nx = { a = 1 }\n}\n", heimdal).is("[s|{x|}|") && fails("[s] more\n", mit, 4, 1, "section") &&
         read("[s] more\n", heimdal).is("[s|") && read("[s]\nx = {\na = 1\n", mit).is("[s|{x|a=1|") &&
         fails("[s]\nx = {\na = 1\n", heimdal, 16, 3, "}") && fails("module /lib/x.so\n", mit, 7, 1, "module") &&
         read("[s]\nmodule = 1\n", mit).is("[s|module=1|");
}
KERB_BOTH("krb5_conf reader: MIT krb5 and Heimdal read some lines differently", "[format]", differences);

constexpr bool includes() {
  return is("include /a b \r\nincludedir\t/d\n[s]\n", "</a b|<</d|[s|", "</a b|<</d|[s|") &&
         read("[s]\nx = {\ninclude rel\n}\n", mit).is("[s|{x|<rel|}|") &&
         fails("[s]\ninclude rel\n", heimdal, 12, 2, "include") &&
         fails("[s]\nx = {\ninclude /a\n}\n", heimdal, 10, 3, "=") &&
         read("[s]\n include /a\n", heimdal).is("[s|</a|") && fails("[s]\n include /a\n", mit, 5, 2, "=") &&
         fails("include\n", mit, 7, 1, "include") && fails("includedir  \n", heimdal, 12, 1, "include") &&
         read("includes\ninclude_x /a\n", mit).is("") && read("[s]\nx =\ninclude /a\n{\n}\n", mit).is("[s|{x|</a|}|");
}
KERB_BOTH("krb5_conf reader: includes are events with a path", "[format]", includes);

constexpr bool refusals() {
  return fails("[s\n", mit, 0, 1, "section") && fails("[s\n", heimdal, 0, 1, "section") &&
         fails("[s]\nabc\n", mit, 4, 2, "=") && fails("[s]\na b = c\n", mit, 4, 2, "=") &&
         fails("[s]\na b = c\n", heimdal, 4, 2, "=") && fails("[s]\n= c\n", mit, 4, 2, "=") &&
         read("[s]\n= c\n", heimdal).is("[s|=c|") && fails("[s]\n}\n", mit, 4, 2, "}") &&
         fails("[s]\n}\n", heimdal, 4, 2, "}") && fails("[s]\nx = {\n[t]\n", mit, 10, 3, "section") &&
         fails("[s]\nx = {\n[t]\n}\n", heimdal, 10, 3, "=") && fails("[s]\nx =\na = 1\n", mit, 8, 3, "{") &&
         fails(std::string_view("[s]\na = \0\n", 10), mit, 8, 2, "NUL") &&
         fails(std::string_view("[s]\na = \0\n", 10), heimdal, 8, 2, "NUL");
}
KERB_BOTH("krb5_conf reader: what does not parse is refused by offset and line", "[format]", refusals);

constexpr bool bounds() {
  std::array<char, 4 + 6 * 20> deep{};
  std::size_t n = 0;
  for (const char c : std::string_view("[s]\n")) deep[n++] = c;
  for (int i = 0; i != 20; ++i)
    for (const char c : std::string_view("x = {\n")) deep[n++] = c;
  const auto levels = [&](std::size_t many) { return std::string_view(deep.data(), 4 + 6 * many); };
  std::array<char, 4 + max_conf_line + 1> wide{};
  for (char& c : wide) c = 'x';
  for (std::size_t i = 0; i != 4; ++i) wide[i] = deep[i];
  wide[6] = '=';
  wide[4 + max_conf_line] = '\n';
  const std::string_view line(wide.data(), 4 + max_conf_line + 1);
  const bool fits = [&] {
    krb5_conf_reader r(line);
    const auto s = r.next(), v = r.next();
    return s && v && v->value.raw().size() == max_conf_line - 3 && !r.next() && r.why().ok();
  }();
  wide[4 + max_conf_line] = 'x';
  return fails(levels(17), mit, 4 + 6 * 16 + 4, 18, "depth") && read(levels(16), mit).why.ok() &&
         fails(levels(17), heimdal, 4 + 6 * 16 + 4, 18, "depth") && fits && fails(line, mit, 4, 2, "line") &&
         fails(line, heimdal, 4, 2, "line");
}
KERB_BOTH("krb5_conf reader: depth and the length of lines are bounded", "[format][security]", bounds);

constexpr bool included_names() {
  return is_included_name("a.conf") && is_included_name("10-x_Y") && is_included_name("a b~.conf") &&
         is_included_name("x..conf") && !is_included_name(".conf") && !is_included_name("") &&
         !is_included_name("a.conf~") && !is_included_name("a.rpmsave") && !is_included_name(".x") &&
         !is_included_name("a b");
}
KERB_BOTH("krb5_conf reader: includedir reads the names that MIT krb5 reads", "[format]", included_names);

}  // namespace
