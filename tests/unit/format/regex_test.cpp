// The safe subset of regular expressions: what it matches, what it refuses, and what it costs.
#include <kerb/format/regex.hpp>
#include <string>

#include "support/both.hpp"

using namespace kerb;
using detail::regex;
using detail::regex_dialect;

namespace {

constexpr bool matches(std::string_view pattern, std::string_view text, regex_dialect d = regex_dialect::posix) {
  regex e;
  return e.compile(pattern, d).ok() && e.matches(text);
}
constexpr bool fails(std::string_view pattern, std::string_view text, regex_dialect d = regex_dialect::posix) {
  regex e;
  return e.compile(pattern, d).ok() && !e.matches(text);
}
/// Whether the first match in `text` is from `from` to `to`.
constexpr bool finds(std::string_view pattern, std::string_view text, std::size_t from, std::size_t to,
                     regex_dialect d = regex_dialect::posix) {
  regex e;
  detail::regex_match m;
  std::size_t budget = 1000;
  return e.compile(pattern, d).ok() && e.find(text, 0, 0, m, budget) && m.at[0] == from && m.at[1] == to;
}
constexpr bool refused(std::string_view pattern, std::size_t at, regex_dialect d = regex_dialect::posix) {
  regex e;
  const error why = e.compile(pattern, d);
  return why.code == errc::bad_rule_text && why.offset == at && why.field[0] != '\0';
}
constexpr auto java = regex_dialect::java;

KERB_BOTH("regex: a whole text is matched", "[format]", [] {
  return matches("abc", "abc") && fails("abc", "abcd") && fails("abc", "xabc") && fails("abc", "ab") &&
         fails("a", "") && matches("a.c", "a/c") && matches(".*", "") && matches("a*", "aaaa") && fails("a*", "aab") &&
         matches("a+", "a") && fails("a+", "") && matches("ab?", "a") && matches("ab?", "ab") && fails("ab?", "abb") &&
         matches("a|bc", "bc") && matches("a|bc|d", "d") && fails("a|bc|d", "ad") && matches("(a|b)c", "bc") &&
         matches("(ab)*c", "ababc") && matches("^abc$", "abc") && fails("a^b", "ab") && fails("a$b", "ab") &&
         matches("(^a|b)c$", "bc");
});
KERB_BOTH("regex: repetitions are counted", "[format]", [] {
  return matches("a{3}", "aaa") && fails("a{3}", "aa") && fails("a{3}", "aaaa") && matches("a{0,2}", "") &&
         matches("a{0,2}", "aa") && fails("a{0,2}", "aaa") && matches("a{2,}", "aaaaa") && fails("a{2,}", "a") &&
         matches("a{0,}b", "b") && matches("a{0,}b", "aab") && matches("(ab|c){2,3}d", "abcabd") &&
         fails("(ab|c){2,3}d", "abd") && fails("(ab|c){2,3}d", "ccccd") && matches("(a{2}){2}", "aaaa") &&
         fails("(a{2}){2}", "aaa") && matches("(a{1,2}b){1,2}", "aabab");
});
KERB_BOTH("regex: brackets", "[format]", [] {
  return matches("[abc]", "b") && fails("[abc]", "d") && matches("[a-c]+", "abc") && matches("[^a-c]", "d") &&
         fails("[^a-c]", "b") && matches("[^a]", "\xc3") && matches("[-a]+", "a-") && matches("[a-]+", "a-") &&
         matches("[a^]", "^") && matches("[.*$]", "*") && fails("[.]", "x") &&
         matches("[A-Za-z0-9._-]+", "Fred_1.x-") && matches("[\\.\\]a]+", ".]a", java) &&
         matches("[\\d\\w]+", "a1_", java) && fails("[\\d]", "a", java);
});
KERB_BOTH("regex: Java's quotations are taken as they are", "[format]", [] {
  return matches(".*@\\QA.B*\\E$", "x@A.B*", java) && fails("@\\QA.B\\E", "@AxB", java) &&
         matches("\\Qa|(\\", "a|(\\", java) && matches("(a|\\Q.)\\E)+", "a.)", java) &&
         matches("\\Qa\\d\\Eb", "a\\db", java) && matches("\\Qa\\E\\Qb\\E|c", "ab", java) &&
         matches("\\Qa\\E\\Qb\\E|c", "c", java) && matches("\\Q\xc3\xa9\\E", "\xc3\xa9", java);
});
KERB_BOTH("regex: quotations are Java's, not empty, not repeated, and not in brackets", "[format]", [] {
  return refused("\\Qa\\E", 0) && refused("\\Q\\E", 2, java) && refused("a\\Q", 3, java) &&
         refused("\\Qab\\E*", 6, java) && refused("a\\E", 1, java) && refused("[\\Qa\\E]", 1, java) &&
         refused("(\\Qa)", 0, java);
});
KERB_BOTH("regex: quoted characters and Java's classes", "[format]", [] {
  return matches("a\\.b", "a.b") && fails("a\\.b", "axb") && matches("\\$\\(\\\\", "$(\\") &&
         matches("\\d+", "123", java) && fails("\\d+", "12a", java) && matches("\\w+\\s\\D\\W\\S", "a_1 x.y", java) &&
         matches("(?:ab)+", "abab", java);
});
KERB_BOTH("regex: of several matches POSIX takes the longest, and Java the preferred", "[format]", [] {
  return finds("a|ab", "xab", 1, 3) && finds("a|ab", "xab", 1, 2, java) && finds("a*", "baa", 0, 0) &&
         finds("b+|abb", "xabbb", 1, 4) && finds("(a|ab)(c|bcd)", "abcd", 0, 4) &&
         finds("(a|ab)(c|bcd)", "abcd", 0, 4, java) && finds("@.*", "joe@EX.ORG", 3, 10) && finds("$", "abc", 3, 3) &&
         finds("x*$", "axx", 1, 3, java);
});
KERB_BOTH("regex: groups are those of the match", "[format]", [] {
  regex e;
  detail::regex_match m;
  std::size_t budget = 1000;
  if (!e.compile("(a+)(b)?(c|(d))", java).ok() || e.groups() != 4 || !e.find("xaad", 0, 0, m, budget)) return false;
  return m.at[0] == 1 && m.at[1] == 4 && m.at[2] == 1 && m.at[3] == 3 && m.at[4] == detail::regex_match::none &&
         m.at[6] == 3 && m.at[7] == 4 && m.at[8] == 3 && m.at[9] == 4;
});
KERB_BOTH("regex: what is not supported is refused where it is", "[format]", [] {
  return refused("", 0) && refused("a||b", 2) && refused("|a", 0) && refused("a|", 2) && refused("()", 1) &&
         refused("(a", 0) && refused("a)", 1) && refused("*a", 0) && refused("a|*", 2) && refused("^*", 1) &&
         refused("$+", 1) && refused("a**", 2) && refused("a*?", 2, java) && refused("a++", 2, java) &&
         refused("a{2}{3}", 4) && refused("a{", 2) && refused("a{x}", 2) && refused("a{2", 3) && refused("a{3,2}", 6) &&
         refused("a{0}", 4) && refused("a{100}", 4) && refused("a{1,b}", 4) && refused("(?=a)", 2) &&
         refused("(?=a)", 2, java) && refused("(?i)a", 2, java) && refused("(?<n>a)", 2, java) && refused("(?:a)", 2) &&
         refused("(a)\\1", 3, java) && refused("\\b", 0, java) && refused("\\d", 0) && refused("\\", 0) &&
         refused("a\\", 1) && refused("\\Qa\\E", 0) && refused("\\p{L}", 0, java) && refused("\\x41", 0, java) &&
         refused("\\\xc3", 0) && refused("\xc3\xa9*", 2);
});
KERB_BOTH("regex: what can be empty is not repeated", "[format]", [] {
  return refused("(a*)*", 4) && refused("(a?)+", 4) && refused("(a|b*){2}", 6) && refused("(a{0,2}b?)?", 10) &&
         refused("(^)*", 3) && refused("(a*$)+", 5) && refused("((a*))*", 6, java) && matches("(a*b)*", "aabb") &&
         matches("(a*b+)+", "aabb") && matches("(a|b*)c", "bbc");
});
KERB_BOTH("regex: what is not supported in brackets is refused where it is", "[format]", [] {
  return refused("[", 0) && refused("[a", 0) && refused("[]a]", 1) && refused("[^]a]", 2) &&
         refused("[[:alpha:]]", 1) && refused("[a[b]]", 2, java) && refused("[a&&b]", 2, java) && refused("[b-a]", 4) &&
         refused("[\\.]", 1) && refused("[\\b]", 1, java) && refused("[\\d-z]", 3, java) &&
         refused("[a-\\d]", 5, java) && refused("[\xc3\xa9]", 1) && refused("[a-", 0) && refused("[\\", 1, java);
});
KERB_BOTH("regex: a program has a fixed size", "[format][security]", [] {
  return refused("(a{99}){99}", 11) && refused("((((((((((a))))))))))", 8) &&
         refused("(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)", 27, java) &&
         refused("[a][a][a][a][a][a][a][a][a][a][a][a][a][a][a][a][a]", 51);
});

TEST_CASE("regex: what makes others backtrack costs each octet once", "[format][security]") {
  const std::string many(1000, 'a');
  for (const std::string_view pattern :
       {"(a+)*b", "(a|a)*b", "(a|aa)+b", "(a+)+b", "a*a*a*a*a*a*a*a*b", "((?:a+){5}){5}b|a+b"}) {
    regex e;
    REQUIRE(e.compile(pattern, java).ok());
    CHECK_FALSE(e.matches(many));
    CHECK(e.matches("aaab"));
    detail::regex_match m;
    std::size_t budget = 2000;
    CHECK_FALSE(e.find(many, 0, 0, m, budget));
    CHECK(budget >= 999);
  }
}
TEST_CASE("regex: a text that is too long does not match", "[format][security]") {
  regex e;
  REQUIRE(e.compile("a*", java).ok());
  CHECK(e.matches(std::string(1024, 'a')));
  CHECK_FALSE(e.matches(std::string(1025, 'a')));
  REQUIRE(e.compile("a{99}", java).ok());
  CHECK(e.matches(std::string(99, 'a')));
  CHECK_FALSE(e.matches(std::string(98, 'a')));
}

KERB_BOTH("regex: the characters of each class, and those that a backslash quotes", "[format]", [] {
  constexpr std::string_view word = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_",
                             space = " \t\n\v\f\r", quotable = "!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~";
  for (int i = 0; i != 256; ++i) {
    const char text[] = {static_cast<char>(i)}, quoted[] = {'\\', text[0]};
    const std::string_view one(text, 1), pattern(quoted, 2);
    const auto in = [&](std::string_view set) { return set.find(text[0]) != std::string_view::npos; };
    if (matches("\\w", one, java) != in(word) || matches("\\s", one, java) != in(space)) return false;
    if (matches(pattern, one) != in(quotable)) return false;
  }
  return refused("\\_", 0) && refused("[\\_]", 1, java) && refused("[\x80]", 1) && refused("\x80*", 1);
});
KERB_BOTH("regex: what looks like a mistake and is none", "[format]", [] {
  return matches("[\\d-]+", "1-", java) && matches("[a-a]", "a") && matches("[a&b]+", "a&b") &&
         matches("(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)", "aaaaaaaaaa");
});
KERB_BOTH("regex: an alternative that can be empty is not repeated, and a count has a number in front", "[format]",
          [] { return refused("(a*|b)*", 6) && refused("a{,3}", 2); });
KERB_BOTH("regex: with no steps left nothing is found", "[format][security]", [] {
  regex e;
  detail::regex_match m;
  std::size_t budget = 0;
  return e.compile("a", java).ok() && !e.find("a", 0, 0, m, budget) && budget == 0;
});
TEST_CASE("regex: a program that is full at any place is refused there", "[format][security]") {
  for (const std::string_view end : {"|b", "\\.", "[b]", "\\d", "b*", "(b)", "b{0,}", "b|c"}) {
    for (std::size_t n = 120; n != 130; ++n) {
      regex e;
      const error why = e.compile(std::string(n, 'a') + std::string(end), java);
      CHECK((why.ok() || (why.code == errc::bad_rule_text && why.offset <= n + end.size())));
      if (n > 127) CHECK_FALSE(why.ok());
    }
  }
}

}  // namespace
