// Local user names from principals, by the auth_to_local rules of MIT krb5, Hadoop and Kafka.
#pragma once
#include <optional>
#include <span>

#include "../core/result.hpp"
#include "../msg/anonymity.hpp"
#include "regex.hpp"

namespace kerb::inline v0 {

/// Whose form the rules have. All have `DEFAULT` and
/// `RULE:[n:string](regexp)s/pattern/replacement/g`, where `$1` to `$n` in `string` are the
/// principal's components and `$0` is its realm. See `regex` in regex.hpp for the expressions.
enum class rule_dialect : std::uint8_t {
  /// krb5.conf's `auth_to_local`, one value on each line. `[n:string]` and `(regexp)` can be absent,
  /// and there can be several substitutions. Without `[n:string]` the string is the name without
  /// its realm. Replacements are plain text.
  mit,
  /// Hadoop's `hadoop.security.auth_to_local`: rules one after the other, also separated by white
  /// space. `/L` or `L` after a rule gives small letters. `$1` in a replacement is the pattern's group.
  hadoop,
  /// Kafka's `sasl.kerberos.principal.to.local.rules`: rules separated by commas, with `/L` and `/U`
  /// (capital letters), or `L` and `U`, after a RULE. `$1` in a replacement is the pattern's group.
  kafka,
};

/// What a rule may produce.
enum class local_names : std::uint8_t {
  /// No '/' and no '@'. If a rule produces one, the principal is refused, and no further rule is
  /// tried; Hadoop does the same in its mechanism "hadoop", and Kafka always.
  simple,
  /// What MIT krb5 does, and Hadoop in its mechanism "mit": '/' and '@' are allowed, and in Hadoop's
  /// dialect a principal to which no rule applies is its own local name.
  any,
};

/// The rules and what else decides about a local name. The texts must outlive the auth_to_local; a
/// temporary string does not compile.
struct auth_to_local_params {
  text_view rules;  ///< if empty, it is DEFAULT
  rule_dialect dialect = rule_dialect::mit;
  kerberos_string default_realm;  ///< DEFAULT applies only to this realm, and never if it is empty
  /// If given, principals of all other realms are refused before any rule is read. Rules do not
  /// look at the realm unless they name it: `RULE:[1:$1]` maps `root` of every realm to `root`.
  std::optional<view_of<kerberos_string>> realms{};
  local_names names = local_names::simple;
};

/// The octets of the longest local name that a rule can produce, and of the longest text from which
/// it can make one. No system accepts longer user names. map() never needs a larger buffer.
inline constexpr std::size_t max_local_name = 256;

namespace detail {
/// One rule; the texts are parts of the rules' text.
struct local_rule {
  bool is_default = false;
  std::optional<unsigned> components;  ///< `[n:`
  std::string_view format;             ///< `string]`
  std::optional<std::string_view> match;
  std::string_view substitutions;  ///< `s/a/b/g s/c/d/`
  char letters = '\0';             ///< 'L', 'U' or none
  std::size_t at = 0;              ///< its offset
};
struct substitution {
  std::string_view pattern, replacement;
  bool global = false;
};

/// Takes rules, or a rule's substitutions, from a text. `fail` keeps the first error.
class rule_reader {
 public:
  constexpr rule_reader(std::string_view text, rule_dialect d) : text_(text), dialect_(d) {}
  constexpr const error& why() const { return why_; }
  constexpr std::size_t offset_of(std::string_view part) const {
    return static_cast<std::size_t>(part.data() - text_.data());
  }
  constexpr bool fail(std::size_t at, const char* field) {
    if (why_.ok()) why_ = {errc::bad_rule_text, static_cast<std::uint32_t>(at), 0, "auth_to_local", field};
    return false;
  }

  /// Reads the next rule. Returns false at the end and after an error.
  constexpr bool next(local_rule& out) {
    const bool lines = dialect_ == rule_dialect::mit, list = dialect_ == rule_dialect::kafka;
    skip_blanks(text_.size());
    if (list && began_) {  // elements of a list are separated, and none is empty
      if (at_ == text_.size()) return false;
      ++at_;
      skip_blanks(text_.size());
    }
    if (at_ == text_.size()) return list && began_ ? fail(at_, "rule") : false;
    began_ = true;
    end_ = lines || list ? text_.find(lines ? '\n' : ',', at_) : std::string_view::npos;
    if (end_ == std::string_view::npos) end_ = text_.size();
    std::size_t last = end_;
    while (last != at_ && is_blank(text_[last - 1])) --last;
    end_ = last;
    out = {};
    out.at = at_;
    if (!read(out)) return false;
    if ((lines || list) && at_ != end_) return fail(at_, "rule");
    skip_blanks(text_.size());
    return true;
  }

  /// Reads the next of a rule's substitutions, which next() has checked.
  static constexpr std::optional<substitution> take_substitution(std::string_view& rest) {
    std::size_t at = 0;
    while (at != rest.size() && is_blank(rest[at])) ++at;
    if (at == rest.size()) return std::nullopt;
    const std::size_t pattern = at + 2, middle = rest.find('/', pattern), end = rest.find('/', middle + 1);
    substitution s{part_of(rest, pattern, middle - pattern), part_of(rest, middle + 1, end - middle - 1), false};
    at = end + 1;
    s.global = at != rest.size() && rest[at] == 'g';
    rest.remove_prefix(s.global ? at + 1 : at);
    return s;
  }

 private:
  constexpr std::string_view rest() const { return part_of(text_, at_, end_ - at_); }
  constexpr bool take(std::string_view word) {
    if (!rest().starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  constexpr void skip_blanks(std::size_t end) {
    while (at_ != end && is_blank(text_[at_])) ++at_;
  }
  /// Takes what is in front of `end`, and `end`.
  constexpr std::optional<std::string_view> take_until(char end, const char* field) {
    const std::size_t size = rest().find(end);
    if (size == std::string_view::npos) {
      fail(at_, field);
      return std::nullopt;
    }
    at_ += size + 1;
    return part_of(text_, at_ - size - 1, size);
  }
  constexpr bool read(local_rule& out) {
    const bool mit = dialect_ == rule_dialect::mit;
    out.is_default = take("DEFAULT");
    if (!out.is_default) {
      if (!take("RULE:")) return fail(at_, "rule");
      if (rest().starts_with('[') ? !read_selection(out) : !mit) return fail(at_, "[n:string]");
      if (take("(") && !(out.match = take_until(')', "(regexp)"))) return false;
      if (!read_substitutions(out)) return false;
    }
    if (mit || (out.is_default && dialect_ == rule_dialect::kafka)) return true;
    take("/");  // Hadoop's and Kafka's parsers do not need it in front of the letter
    if (take("L")) out.letters = 'L';
    else if (dialect_ == rule_dialect::kafka && take("U")) out.letters = 'U';
    return true;
  }
  constexpr bool read_selection(local_rule& out) {
    take("[");
    const auto count = number(text_, at_, end_);
    if (!count) return fail(at_, "[n:string]");
    if (!take(":")) return fail(at_, "[n:string]");
    const std::size_t from = at_;
    const auto format = take_until(']', "[n:string]");
    if (!format) return false;
    for (std::size_t i = 0; i != format->size();) {
      if ((*format)[i++] != '$') continue;
      const std::size_t digits = i;
      const auto n = number(*format, i, format->size());
      if (!n || *n > *count) return fail(from + digits - 1, "[n:string]");
    }
    out.components = count;
    out.format = *format;
    return true;
  }
  constexpr bool read_substitutions(local_rule& out) {
    const std::size_t from = at_;
    for (bool first = true;; first = false) {
      const std::size_t before = at_;
      if (dialect_ == rule_dialect::mit) skip_blanks(end_);
      if (at_ == end_ || (dialect_ != rule_dialect::mit && (!first || !rest().starts_with("s/")))) {
        at_ = before;
        break;
      }
      if (!take("s/")) return fail(at_, "s/pattern/replacement/");
      if (!take_until('/', "s/pattern/replacement/") || !take_until('/', "s/pattern/replacement/")) return false;
      take("g");
    }
    out.substitutions = part_of(text_, from, at_ - from);
    return true;
  }

 public:
  /// A number of at most three digits.
  static constexpr std::optional<unsigned> number(std::string_view text, std::size_t& at, std::size_t end) {
    unsigned n = 0;
    const std::size_t from = at;
    for (; at != end && at - from != 3 && text[at] >= '0' && text[at] <= '9'; ++at) {
      n = n * 10 + static_cast<unsigned>(text[at] - '0');
    }
    if (at == from) return std::nullopt;
    return n;
  }

 private:
  std::string_view text_;
  rule_dialect dialect_;
  std::size_t at_ = 0, end_ = 0;
  bool began_ = false;
  error why_{};
};

/// Text of bounded size. Once it has not fitted, it stays overfull.
class bounded_text {
 public:
  static constexpr std::size_t capacity = max_local_name;
  constexpr void add(char c) {
    if (size_ == capacity) overfull_ = true;
    else text_[size_++] = c;
  }
  constexpr void add(std::string_view s) {
    for (char c : s) add(c);
  }
  constexpr void add(kerberos_string s) {
    for (std::uint8_t b : s.octets) add(static_cast<char>(b));
  }
  constexpr void clear() { size_ = 0; }
  constexpr bool fits() const { return !overfull_; }
  constexpr std::string_view view() const& KERB_LIFETIMEBOUND { return {text_.data(), size_}; }
  void view() const&& = delete;
  constexpr std::span<char> characters() { return std::span(text_).first(size_); }

 private:
  std::array<char, capacity> text_{};
  std::size_t size_ = 0;
  bool overfull_ = false;
};
}  // namespace detail

/// Maps principals to local user names. A pure function of the rules and the principal: it reads no
/// file and asks no system. Rules are checked once, by open(), so that a mistake in them is found
/// when a service starts, and not with some user's name.
///
/// Expressions have a safe subset of the usual syntax and are matched in time linear in the name
/// (regex.hpp); a `g` that would take longer refuses the principal.
class auth_to_local {
 public:
  /// Checks all rules. Errors: errc::bad_rule_text, where `offset` is the position in `rules` and
  /// `field` the part of the rule or the reason; errc::input_too_large for 2^32 characters or more.
  static constexpr result<auth_to_local> open(const auth_to_local_params& params) {
    auth_to_local out(params);
    if (params.rules.size() > 0xffffffffu) return error{.code = errc::input_too_large, .type = "auth_to_local"};
    if (const error e = out.check(); !e.ok()) return e;
    return out;
  }

  /// Writes the local name of `p` to the front of `out`. The first rule that applies decides.
  ///
  /// A principal with '/', '@' or a control character in a component or in its realm is refused: its
  /// text could look like another principal's. So is one with a well-known name or realm (RFC 6111
  /// section 3), since no account has one. Only the anonymous principal (RFC 6112) can get a local name, by
  /// a rule for it: DEFAULT never maps it. A result that is empty, has a control character, or is not among
  /// params.names is refused too.
  ///
  /// Errors: errc::no_local_name, where `field` is "crealm" (not among the realms, well-known, or not
  /// plain), "cname" (well-known, no component, or one that is not plain; in the dialects of Hadoop and
  /// Kafka also more than two), "rules" (none applies), "result" (not allowed; `offset` is that of the rule in the
  /// text) or "size" (a text of more than max_local_name octets, or too many steps); errc::no_space, where
  /// `detail` is the exact size.
  constexpr result<std::string_view> map(const principal_view& p, std::span<char> out KERB_LIFETIMEBOUND) const {
    const auto refused = [](const char* field, std::size_t at = 0) {
      return error{errc::no_local_name, static_cast<std::uint32_t>(at), 0, "auth_to_local", field};
    };
    if (!is_plain(p.realm) || !is_allowed(p.realm)) return refused("crealm");
    const std::size_t components = p.name.name_string.size();
    if (components == 0 || (components > 2 && dialect_ != rule_dialect::mit)) return refused("cname");
    for (kerberos_string c : p.name.name_string)
      if (!is_plain(c)) return refused("cname");
    if (const char* const field = detail::unknown_well_known(p); field != nullptr) return refused(field);

    detail::bounded_text name;
    detail::rule_reader rules(rules_, dialect_);
    std::optional<std::size_t> rule = apply_default_alone(p, name);
    detail::local_rule r;
    while (!rule && rules.next(r)) {
      const std::optional<bool> applies = apply(r, p, name);
      if (!applies) return refused("size", r.at);
      if (*applies) rule = r.at;
    }
    if (!rule && names_ == local_names::any && dialect_ == rule_dialect::hadoop) {
      add_name(p, name);
      name.add('@');
      name.add(p.realm);
      rule = 0;
    }
    if (!rule) return refused("rules");
    if (!name.fits()) return refused("size", *rule);
    if (!is_local_name(name.view())) return refused("result", *rule);
    if (out.size() < name.view().size()) {
      return error{errc::no_space, 0, static_cast<std::uint32_t>(name.view().size()), "auth_to_local"};
    }
    std::size_t size = 0;
    for (char c : name.view()) out[size++] = c;
    return std::string_view(out.data(), size);
  }

 private:
  constexpr explicit auth_to_local(const auth_to_local_params& p)
      : rules_(p.rules), dialect_(p.dialect), default_realm_(p.default_realm), realms_(p.realms), names_(p.names) {}

  static constexpr bool is_control(char c) { return (c >= 0 && c < ' ') || c == 0x7f; }
  static constexpr bool is_plain(kerberos_string s) {
    for (std::uint8_t b : s.octets)
      if (b < 0x20 || b == 0x7f || b == '/' || b == '@') return false;
    return true;
  }
  constexpr bool is_local_name(std::string_view s) const {
    for (char c : s)
      if (is_control(c) || (names_ == local_names::simple && (c == '/' || c == '@'))) return false;
    return !s.empty();
  }
  constexpr bool is_allowed(kerberos_string realm) const {
    if (!realms_) return true;
    for (kerberos_string r : *realms_)
      if (r == realm) return true;
    return false;
  }
  constexpr detail::regex_dialect expressions() const {
    return dialect_ == rule_dialect::mit ? detail::regex_dialect::posix : detail::regex_dialect::java;
  }

  constexpr error check() const {
    detail::rule_reader rules(rules_, dialect_);
    detail::local_rule r;
    while (rules.next(r)) {
      if (r.match && !compiles(rules, *r.match)) return rules.why();
      std::string_view rest = r.substitutions;
      while (const auto s = detail::rule_reader::take_substitution(rest)) {
        const auto groups = compiles(rules, s->pattern);
        if (!groups || !check_replacement(rules, s->replacement, *groups)) return rules.why();
      }
    }
    return rules.why();
  }
  /// The number of groups of an expression, or none after an error.
  constexpr std::optional<unsigned> compiles(detail::rule_reader& rules, std::string_view pattern) const {
    detail::regex expression;
    if (const error e = expression.compile(pattern, expressions()); !e.ok()) {
      rules.fail(rules.offset_of(pattern) + e.offset, e.field);
      return std::nullopt;
    }
    return expression.groups();
  }
  constexpr bool check_replacement(detail::rule_reader& rules, std::string_view text, unsigned groups) const {
    if (dialect_ == rule_dialect::mit) return true;
    for (std::size_t i = 0; i != text.size(); ++i) {
      const std::size_t at = rules.offset_of(text) + i;
      if (text[i] == '\\') {  // quotes the next character, which may be another one of the two
        if (++i == text.size()) return rules.fail(at, "replacement");
        continue;
      }
      if (text[i] != '$') continue;
      if (++i == text.size() || text[i] < '0' || text[i] > '9') return rules.fail(at, "replacement");
      if (static_cast<unsigned>(text[i] - '0') > groups) return rules.fail(at, "replacement");
    }
    return true;
  }

  static constexpr void add_name(const principal_view& p, detail::bounded_text& out) {
    bool first = true;
    for (kerberos_string c : p.name.name_string) {
      if (!first) out.add('/');
      first = false;
      out.add(c);
    }
  }
  static constexpr kerberos_string parameter(const principal_view& p, unsigned n) {
    if (n == 0) return p.realm;
    auto component = p.name.name_string.begin();
    while (--n != 0) ++component;
    return *component;
  }
  constexpr bool apply_default(const principal_view& p, detail::bounded_text& out) const {
    if (default_realm_.octets.empty() || !(p.realm == default_realm_)) return false;
    if (is_well_known(p.name)) return false;
    const std::size_t components = p.name.name_string.size();
    if (dialect_ == rule_dialect::mit) {
      // MIT krb5 also maps name/REALM@REALM
      if (components > 2 || (components == 2 && !(parameter(p, 2) == default_realm_))) return false;
    }
    out.add(parameter(p, 1));
    return true;
  }
  /// Rules without any text are DEFAULT.
  constexpr std::optional<std::size_t> apply_default_alone(const principal_view& p, detail::bounded_text& out) const {
    for (char c : rules_)
      if (!detail::is_blank(c)) return std::nullopt;
    return apply_default(p, out) ? std::optional<std::size_t>(0) : std::nullopt;
  }
  /// Whether a rule applies; none if a text became too long or took too many steps.
  constexpr std::optional<bool> apply(const detail::local_rule& r, const principal_view& p,
                                      detail::bounded_text& name) const {
    name = {};
    if (r.is_default) {
      if (!apply_default(p, name)) return false;
    } else {
      if (r.components && *r.components != p.name.name_string.size()) return false;
      select(r, p, name);
      if (!name.fits()) return std::nullopt;
      detail::regex expression;
      if (r.match) {
        (void)expression.compile(*r.match, expressions());
        if (!expression.matches(name.view())) return false;
      }
      std::string_view rest = r.substitutions;
      while (const auto s = detail::rule_reader::take_substitution(rest)) {
        (void)expression.compile(s->pattern, expressions());
        if (!substitute(*s, expression, name)) return std::nullopt;
      }
    }
    if (dialect_ == rule_dialect::hadoop || dialect_ == rule_dialect::kafka) change_letters(r.letters, name);
    return true;
  }
  static constexpr void select(const detail::local_rule& r, const principal_view& p, detail::bounded_text& out) {
    if (!r.components) return add_name(p, out);
    for (std::size_t i = 0; i != r.format.size();) {
      const char c = r.format[i++];
      if (c == '$') out.add(parameter(p, detail::rule_reader::number(r.format, i, r.format.size()).value_or(0)));
      else out.add(c);
    }
  }
  /// Returns false if the result is too long, or finding all matches takes too many steps.
  constexpr bool substitute(const detail::substitution& s, const detail::regex& expression,
                            detail::bounded_text& name) const {
    // One search looks at each octet once, but may have looked far behind the match that it finds. This
    // many steps are enough unless that happens again and again.
    constexpr std::size_t passes = 16;
    const bool mit = dialect_ == rule_dialect::mit;
    const std::string_view text = name.view();
    std::size_t budget = passes * (text.size() + 2), from = 0, copied = 0;
    detail::bounded_text out;
    detail::regex_match m;
    // In MIT krb5 "^" also matches behind the last match, because it searches in the rest alone
    while (from <= text.size() && expression.find(text, from, mit ? copied : 0, m, budget)) {
      out.add(detail::part_of(text, copied, m.at[0] - copied));
      if (mit) out.add(s.replacement);
      else replace(s.replacement, text, m, out);
      copied = m.at[1];
      from = m.at[1] == m.at[0] ? m.at[1] + std::size_t{1} : m.at[1];
      if (!s.global) break;
    }
    if (budget == 0) return false;
    out.add(detail::part_of(text, copied, text.size() - copied));
    if (!out.fits()) return false;
    name = out;
    return true;
  }
  /// Java's replacement: `$1` is a group, and `\` quotes.
  static constexpr void replace(std::string_view replacement, std::string_view text, const detail::regex_match& m,
                                detail::bounded_text& out) {
    for (std::size_t i = 0; i != replacement.size(); ++i) {
      const char c = replacement[i];
      if (c == '\\') {
        out.add(replacement[++i]);
      } else if (c == '$') {
        const auto group = static_cast<std::size_t>(replacement[++i] - '0');
        const std::uint16_t from = m.at[2 * group], to = m.at[2 * group + 1];
        if (from != detail::regex_match::none) out.add(detail::part_of(text, from, std::size_t{to} - from));
      } else {
        out.add(c);
      }
    }
  }
  static constexpr void change_letters(char which, detail::bounded_text& name) {
    for (char& c : name.characters()) {
      if (which == 'L' && c >= 'A' && c <= 'Z') c = static_cast<char>(c + 0x20);
      if (which == 'U' && c >= 'a' && c <= 'z') c = static_cast<char>(c - 0x20);
    }
  }

  std::string_view rules_;
  rule_dialect dialect_;
  kerberos_string default_realm_;
  std::optional<view_of<kerberos_string>> realms_;
  local_names names_;
};

}  // namespace kerb::inline v0
