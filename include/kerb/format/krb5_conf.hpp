// krb5.conf: look-ups in a configuration of one or more texts, by the rules of MIT krb5 or Heimdal.
#pragma once
#include <initializer_list>

#include "../msg/basic.hpp"
#include "host_port.hpp"
#include "krb5_conf_reader.hpp"
#include "krb5_conf_values.hpp"

namespace kerb::inline v0 {

/// A text of a configuration, and which line of which other text includes it.
struct conf_text {
  text_view text;
  std::size_t parent = none;  ///< the number of the text that includes it; none: the caller gave it
  std::size_t at = 0;         ///< the offset of the line that includes it
  std::size_t level = 0;      ///< how many includes lead to it
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
};

/// How deep includes can be nested. Heimdal reads five levels; MIT krb5 has no limit, and a file
/// that includes itself ends the program.
inline constexpr std::size_t max_conf_includes = 5;
/// The most names in a path: a section, the names of subsections, and a relation.
inline constexpr std::size_t max_conf_path = 8;

/// The names on the way to a relation, {"realms", "EX.ORG", "kdc"}, or to a section. At most
/// max_conf_path; a longer path leads to nothing.
class conf_path {
 public:
  constexpr conf_path() = default;
  constexpr conf_path(std::initializer_list<text_view> names) {
    for (const text_view& n : names) append(n);
  }
  /// Appends a name. A name more than fits makes the path lead to nothing.
  constexpr void append(std::string_view name) {
    fits_ = fits_ && size_ != max_conf_path;
    if (fits_) names_[size_++] = name;
  }
  constexpr std::size_t size() const { return size_; }
  constexpr bool leads_somewhere() const { return fits_ && size_ != 0; }
  constexpr std::string_view operator[](std::size_t i) const { return names_[i]; }

 private:
  std::array<std::string_view, max_conf_path> names_{};
  std::size_t size_ = 0;
  bool fits_ = true;
};

/// Something in a section: a relation with a value, or a subsection.
struct conf_member {
  std::string_view name;
  std::optional<conf_value> value;  ///< none: a subsection
  bool final = false;               ///< marked with `*`
};

namespace detail {
/// Walks through the texts in the order of their lines, and stops at what is directly in one
/// section, or if `any` in all subsections of the section whose name would be the last of the path.
/// It has no errors: the texts were read before.
class conf_walk {
 public:
  constexpr conf_walk() = default;
  constexpr conf_walk(view_of<conf_text> texts, conf_dialect dialect, const conf_path& section, bool any = false)
      : texts_(texts), section_(section), dialect_(dialect), any_(any) {
    if (any) section_.append({});
  }
  /// Remembers whether a subsection of this name, directly in the section, is marked as final.
  constexpr void watch(std::string_view name) { watched_ = name; }
  constexpr bool is_final() const { return is_final_; }
  /// The name of the subsection of the last member, if `any`.
  constexpr std::string_view subsection() const { return subsection_; }

  constexpr std::optional<conf_member> next() {
    if (!section_.leads_somewhere()) return std::nullopt;
    for (;;) {
      if (level_ == 0 && !enter_next(conf_text::none, 0)) return std::nullopt;
      frame& f = frames_[level_ - 1];
      if (f.include != none_pending) {
        if (!enter_next(f.text, f.include)) f.include = none_pending;
        continue;
      }
      const std::optional<conf_event> e = f.reader.next();
      if (!e) {
        last_ = f.text;
        --level_;
        continue;
      }
      if (std::optional<conf_member> m = look(f, *e)) return m;
    }
  }

 private:
  static constexpr std::size_t none_pending = static_cast<std::size_t>(-1);
  struct frame {
    krb5_conf_reader reader;
    std::size_t text = 0;
    std::size_t include = none_pending;  // the offset of the line whose texts are being read
    std::size_t depth = 0;
    std::size_t matched = 0;  // how many names of the path lead to where the reader is
    std::string_view sub;     // the subsection that was opened last directly in the section
    std::size_t discard = 0;  // the depth of a section that is ignored, because it was final before
  };
  /// Begins the next text that line `at` of `parent` includes: the first after the one that ended last.
  constexpr bool enter_next(std::size_t parent, std::size_t at) {
    for (std::size_t i = last_ == conf_text::none ? 0 : last_ + 1; i != texts_.size(); ++i) {
      if (texts_[i].parent != parent || (parent != conf_text::none && texts_[i].at != at)) continue;
      frames_[level_] = {};
      frames_[level_].reader = krb5_conf_reader(texts_[i].text, dialect_);
      frames_[level_++].text = i;
      last_ = i;
      return true;
    }
    last_ = level_ == 0 ? texts_.size() - 1 : frames_[level_ - 1].text;
    return false;
  }
  constexpr std::optional<conf_member> look(frame& f, const conf_event& e) {
    const bool here = f.matched == f.depth && f.depth == section_.size() && f.discard == 0;
    switch (e.line) {
      case conf_line::include:
      case conf_line::include_directory: f.include = e.offset; break;
      case conf_line::section:
        f.depth = 1;
        f.discard = 0;
        f.matched = 0;
        enter(f, e);
        break;
      case conf_line::open:
        ++f.depth;
        enter(f, e);
        if (!here) break;
        f.sub = e.name;
        is_final_ = is_final_ || (e.final && e.name == watched_);
        return conf_member{e.name, {}, e.final};
        break;
      case conf_line::close:
        if (f.matched == f.depth) {
          if (e.final && !(any_ && f.depth == section_.size())) final_[f.depth - 1] = true;
          --f.matched;
        } else if (e.final && f.matched == section_.size() && f.depth == f.matched + 1 && f.discard == 0) {
          is_final_ = is_final_ || f.sub == watched_;
        }
        --f.depth;
        if (f.depth < f.discard) f.discard = 0;
        break;
      case conf_line::relation:
        if (here) return conf_member{e.name, e.value, e.final};
        break;
    }
    return std::nullopt;
  }
  constexpr void enter(frame& f, const conf_event& e) {
    if (f.matched + 1 != f.depth || f.depth > section_.size()) return;
    const bool any = any_ && f.depth == section_.size();
    if (!any && section_[f.depth - 1] != e.name) return;
    f.matched = f.depth;
    if (any) {  // whether they are final is not remembered for each
      subsection_ = e.name;
      return;
    }
    if (final_[f.depth - 1] && f.discard == 0) f.discard = f.depth;
    if (e.final) final_[f.depth - 1] = true;
  }

  view_of<conf_text> texts_;
  conf_path section_;
  std::array<frame, max_conf_includes + 1> frames_{};
  std::array<bool, max_conf_path> final_{};
  std::size_t level_ = 0;
  std::size_t last_ = conf_text::none;  // the text that was entered or left last
  std::string_view subsection_;
  std::string_view watched_;
  conf_dialect dialect_ = conf_dialect::mit;
  bool any_ = false;
  bool is_final_ = false;
};
}  // namespace detail

/// The end of conf_members and conf_values.
struct conf_end {};

/// The relations and subsections that are directly in a section, in the order of the texts. Sections
/// of the same name are one section. One pass over the texts.
class conf_members {
 public:
  constexpr explicit conf_members(detail::conf_walk walk) : walk_(walk) {}
  class iterator {
   public:
    using value_type = conf_member;
    using difference_type = std::ptrdiff_t;
    constexpr iterator() = default;
    constexpr explicit iterator(const detail::conf_walk& walk) : walk_(walk) { ++*this; }
    constexpr const conf_member& operator*() const { return *member_; }
    constexpr const conf_member* operator->() const { return &*member_; }
    constexpr iterator& operator++() {
      member_ = walk_.next();
      return *this;
    }
    friend constexpr bool operator==(const iterator& i, conf_end) { return !i.member_; }

   private:
    detail::conf_walk walk_;
    std::optional<conf_member> member_;
  };
  constexpr iterator begin() const { return iterator(walk_); }
  constexpr conf_end end() const { return {}; }

 private:
  detail::conf_walk walk_;
};

/// The values of a relation, in the order of the texts.
class conf_values {
 public:
  constexpr conf_values(detail::conf_walk walk, std::string_view name) : walk_(walk), name_(name) {}
  class iterator {
   public:
    using value_type = conf_value;
    using difference_type = std::ptrdiff_t;
    constexpr iterator() = default;
    constexpr iterator(const detail::conf_walk& walk, std::string_view name) : walk_(walk), name_(name) {
      walk_.watch(name);
      ++*this;
    }
    constexpr const conf_value& operator*() const { return *value_; }
    constexpr const conf_value* operator->() const { return &*value_; }
    constexpr iterator& operator++() {
      value_.reset();
      while (!final_) {
        const auto m = walk_.next();
        if (!m) break;
        if (!m->value || m->name != name_) continue;
        if (walk_.is_final()) break;  // a subsection of this name
        value_ = m->value;
        final_ = m->final;
        break;
      }
      return *this;
    }
    friend constexpr bool operator==(const iterator& i, conf_end) { return !i.value_; }

   private:
    detail::conf_walk walk_;
    std::string_view name_;
    std::optional<conf_value> value_;
    bool final_ = false;
  };
  constexpr iterator begin() const { return {walk_, name_}; }
  constexpr conf_end end() const { return {}; }

 private:
  detail::conf_walk walk_;
  std::string_view name_;
};

/// A configuration: texts that were read without an error. Names are compared exactly, as MIT krb5
/// and Heimdal do. Each look-up takes time linear in the size of the texts.
class krb5_conf_view {
 public:
  constexpr krb5_conf_view() = default;
  constexpr krb5_conf_view(view_of<conf_text> texts, conf_dialect dialect) : texts_(texts), dialect_(dialect) {}

  constexpr conf_dialect dialect() const { return dialect_; }
  constexpr view_of<conf_text> texts() const { return texts_; }
  /// What is directly in the section {"realms", "EX.ORG"}, known or unknown.
  constexpr conf_members members(const conf_path& section) const {
    return conf_members(detail::conf_walk(texts_, dialect_, section));
  }
  /// The values of the relation {"realms", "EX.ORG", "kdc"}.
  constexpr conf_values values(const conf_path& relation) const {
    conf_path section;
    for (std::size_t i = 0; i + 1 < relation.size(); ++i) section.append(relation[i]);
    const bool leads = relation.leads_somewhere() && relation.size() > 1;
    return {detail::conf_walk(texts_, dialect_, section), leads ? relation[relation.size() - 1] : std::string_view()};
  }
  /// The first value, which counts where there can be only one.
  constexpr std::optional<conf_value> value(const conf_path& relation) const {
    for (const conf_value& v : values(relation)) return v;
    return std::nullopt;
  }

 private:
  view_of<conf_text> texts_;
  conf_dialect dialect_ = conf_dialect::mit;
};

/// A text that a configuration needs, because a line includes it.
struct conf_request {
  enum class kind : std::uint8_t { nothing, file, directory };
  kind what = kind::nothing;
  /// The name, as in the text. It can begin with `~/` or contain Heimdal's `%{TOKEN}`.
  std::string_view path{};
};

/// A configuration of at most N texts. It does not own them; they must outlive it.
///
///     krb5_conf<> conf;
///     auto r = conf.add(text_of("/etc/krb5.conf"));
///     while (r && r->what != conf_request::kind::nothing)
///       r = r->what == conf_request::kind::file ? conf.provide(text_of(r->path))   // or conf.skip()
///                                               : conf.provide(texts_in(r->path));
template <std::size_t N = 16>
class krb5_conf {
 public:
  constexpr explicit krb5_conf(conf_dialect dialect = conf_dialect::mit) : dialect_(dialect) {}

  /// Adds a text and reads it. Those that were added earlier take precedence, as the files in
  /// KRB5_CONFIG. Returns the file or directory that it includes: answer with provide() or skip()
  /// until nothing is needed. Errors: errc::bad_conf_text and errc::input_too_large of
  /// krb5_conf_reader, in the text number faulty_text(); errc::no_space for more than N texts;
  /// errc::api_misuse when a request has not been answered. After an error, look-ups find what is
  /// before it.
  constexpr result<conf_request> add(text_view text) {
    if (needs_ != conf_request::kind::nothing) return error{.code = errc::api_misuse, .type = type};
    if (!texts_.push_back({text})) return full();
    return read_on();
  }
  /// Answers a request for a file. It is an error, errc::bad_conf_text with the field "include", if
  /// includes are nested more than max_conf_includes deep.
  constexpr result<conf_request> provide(text_view text) { return provide(view_of<text_view>(&text, 1)); }
  /// Answers a request for a directory: with the files for which is_included_name() is true, in the
  /// order of their names.
  constexpr result<conf_request> provide(view_of<text_view> files) {
    if (needs_ == conf_request::kind::nothing) return error{.code = errc::api_misuse, .type = type};
    const conf_text& parent = texts_[reading_];
    if (parent.level == max_conf_includes) return error{errc::bad_conf_text, offset(include_), 0, type, "include"};
    for (const text_view& t : files)
      if (!texts_.push_back({t, reading_, include_, parent.level + 1})) return full();
    return read_on();
  }
  /// There is no such file or directory, and that is no error. For MIT krb5 it is one.
  constexpr result<conf_request> skip() { return provide(view_of<text_view>()); }
  /// The number of the text with the error, in the order in which they were given.
  constexpr std::size_t faulty_text() const { return reading_; }

  constexpr krb5_conf_view view() const& KERB_LIFETIMEBOUND { return {texts_, dialect_}; }
  krb5_conf_view view() const&& = delete;
  constexpr operator krb5_conf_view() const& KERB_LIFETIMEBOUND { return view(); }
  operator krb5_conf_view() const&& = delete;

 private:
  static constexpr const char* type = "krb5.conf";
  static constexpr std::uint32_t offset(std::size_t n) { return static_cast<std::uint32_t>(n); }
  constexpr error full() {
    needs_ = conf_request::kind::nothing;
    return {.code = errc::no_space, .detail = offset(N + 1), .type = type};
  }
  constexpr result<conf_request> read_on() {
    needs_ = conf_request::kind::nothing;
    for (; reading_ != texts_.size(); ++reading_, open_ = false) {
      if (!open_) reader_ = krb5_conf_reader(texts_[reading_].text, dialect_);
      open_ = true;
      while (const std::optional<conf_event> e = reader_.next()) {
        if (e->line != conf_line::include && e->line != conf_line::include_directory) continue;
        needs_ = e->line == conf_line::include ? conf_request::kind::file : conf_request::kind::directory;
        include_ = e->offset;
        return conf_request{needs_, e->name};
      }
      if (!reader_.why().ok()) return reader_.why();
    }
    return conf_request{};
  }

  fixed<conf_text, N> texts_;
  krb5_conf_reader reader_;
  std::size_t reading_ = 0;
  std::size_t include_ = 0;
  conf_request::kind needs_ = conf_request::kind::nothing;
  conf_dialect dialect_ = conf_dialect::mit;
  bool open_ = false;
};

/// The realm of the user whose name has none: [libdefaults] default_realm.
constexpr std::optional<conf_value> default_realm(const krb5_conf_view& conf) {
  return conf.value({"libdefaults", "default_realm"});
}

/// The realm of a host by [domain_realm]: of the entries for the host's whole name and for the
/// domains that it is in, `.b.c`, the longest. With MIT krb5 `b.c` stands for the hosts in it too;
/// an entry `.b.c` takes precedence. The host's name is compared in small letters and without a dot
/// at its end, so an entry in capital letters is for no host. None for addresses, and if no entry
/// fits; then a KDC may refer the client (RFC 6806 section 8).
constexpr std::optional<conf_value> realm_of_host(const krb5_conf_view& conf, std::string_view host) {
  if (!host.empty() && host.back() == '.') host = detail::part_of(host, 0, host.size() - 1);
  if (host.empty() || is_numeric_address(host)) return std::nullopt;
  const auto fits = [&](std::string_view entry) {
    if (entry.empty() || entry.size() > host.size()) return false;
    const std::size_t from = host.size() - entry.size();
    for (std::size_t i = 0; i != entry.size(); ++i)
      if (entry[i] != detail::small_letter(host[from + i])) return false;
    return from == 0 || host[from] == '.' || (conf.dialect() == conf_dialect::mit && host[from - 1] == '.');
  };
  std::optional<conf_member> best;
  for (const conf_member& m : conf.members({"domain_realm"})) {
    if (m.value && (!best || m.name.size() > best->name.size()) && fits(m.name)) best = m;
  }
  return best ? best->value : std::nullopt;
}

/// The value of an option of a program in [appdefaults]: of `program = { realm = { option`, then of
/// `program = { option`, `realm = { option` and `option`. `realm` can be empty.
constexpr std::optional<conf_value> app_default(const krb5_conf_view& conf, std::string_view program,
                                                std::string_view realm, std::string_view option) {
  std::optional<conf_value> v;
  if (!realm.empty()) v = conf.value({"appdefaults", program, realm, option});
  if (!v) v = conf.value({"appdefaults", program, option});
  if (!v && !realm.empty()) v = conf.value({"appdefaults", realm, option});
  return v ? v : conf.value({"appdefaults", option});
}

namespace detail {
template <std::size_t N>
constexpr result<bool> add_servers(const krb5_conf_view& conf, std::string_view realm, std::string_view relation,
                                   std::uint16_t port, bool primary, server_list<N>& out) {
  bool any = false;
  const auto add = [&](std::string_view text, std::size_t at) {
    any = true;
    auto c = parse_server(text, port);
    if (!c) {
      if (text.starts_with("http")) return error{};  // Heimdal's proxy
      return error{errc::bad_conf_text, static_cast<std::uint32_t>(at), 0, "krb5.conf", "server"};
    }
    c->primary = primary;
    for (const server_candidate& known : out)
      if (known == *c) return error{};
    return out.push_back(*c) ? error{} : error{.code = errc::no_space, .detail = N + 1, .type = "krb5.conf"};
  };
  for (const conf_value& v : conf.values({"realms", realm, relation})) {
    if (conf.dialect() == conf_dialect::mit) {
      if (const error e = add(v.raw(), v.offset()); !e.ok()) return e;
      continue;
    }
    conf_words words(v.raw());
    while (const auto w = words.next())
      if (const error e = add(*w, v.offset()); !e.ok()) return e;
  }
  return any;
}
}  // namespace detail

/// Appends the servers of a realm that [realms] names, in their order: `kdc`; `primary_kdc`, or
/// `master_kdc` where there is none; `admin_server`; `kpasswd_server`, or port 464 of the
/// `admin_server` where there is none. If there are no servers, ask DNS (dns.hpp), unless
/// [libdefaults] dns_lookup_kdc is false. Errors: errc::bad_conf_text for a malformed server, with
/// its offset in its text; errc::no_space for more than N candidates.
template <std::size_t N>
constexpr error append_servers(const krb5_conf_view& conf, std::string_view realm, server_t which,
                               server_list<N>& out) {
  const std::uint16_t port = default_port(which);
  const auto add = [&](std::string_view relation) {
    return detail::add_servers(conf, realm, relation, port, which == server_t::primary_kdc, out);
  };
  result<bool> any = false;
  switch (which) {
    case server_t::kdc: any = add("kdc"); break;
    case server_t::primary_kdc:
      any = add("primary_kdc");
      if (any && !*any) any = add("master_kdc");
      break;
    case server_t::kadmin: any = add("admin_server"); break;
    case server_t::kpasswd: {
      any = add("kpasswd_server");
      if (!any || *any) break;
      const std::size_t before = out.size();
      any = add("admin_server");
      for (std::size_t i = before; i != out.size(); ++i) out[i].port = port;
      break;
    }
  }
  return any ? error{} : any.error();
}

/// The realms between others by [capaths], as realm_path_policy::paths expects them: `Path` is
/// realm_path (kerb/exchange/realm_path.hpp). A value `.` means that there is no realm between. With
/// MIT krb5 the first word of a value counts, with Heimdal all words. That a client's subsection is
/// marked as final is ignored here. Errors: errc::no_space, with the number of entries in `detail`.
template <class Path, std::size_t N>
result<view_of<Path>> realm_paths(const krb5_conf_view& conf, std::span<Path, N> out KERB_LIFETIMEBOUND) {
  std::size_t n = 0;
  detail::conf_walk walk(conf.texts(), conf.dialect(), {"capaths"}, true);
  while (const std::optional<conf_member> server = walk.next()) {
    if (!server->value) continue;
    conf_words words(server->value->raw());
    while (const auto between = words.next()) {
      if (n < out.size()) {
        out[n] = {kerberos_string::of(walk.subsection()), kerberos_string::of(server->name),
                  *between == "." ? kerberos_string{} : kerberos_string::of(*between)};
      }
      ++n;
      if (conf.dialect() == conf_dialect::mit) break;
    }
  }
  if (n > out.size())
    return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(n), .type = "krb5.conf"};
  return view_of<Path>(out.data(), n);
}

/// The rules of `auth_to_local` of a realm, one on each line, as auth_to_local_params::rules expects
/// them. Errors: errc::no_space, with the number of octets in `detail`.
constexpr result<std::string_view> auth_to_local_rules(const krb5_conf_view& conf, std::string_view realm,
                                                       std::span<char> out KERB_LIFETIMEBOUND) {
  std::size_t n = 0;
  for (const conf_value& v : conf.values({"realms", realm, "auth_to_local"})) {
    if (const std::size_t size = n + v.octets() + 1; size > out.size()) {
      n = size;
      continue;
    }
    const auto text = v.text(out.subspan(n));
    const std::size_t size = text->size();
    for (std::size_t i = 0; i != size; ++i) out[n + i] = (*text)[i];
    n += size;
    out[n++] = '\n';
  }
  if (n > out.size())
    return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(n), .type = "krb5.conf"};
  return std::string_view(out.data(), n);
}

}  // namespace kerb::inline v0
