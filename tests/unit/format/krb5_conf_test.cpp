// krb5.conf: look-ups in one text and in several, as MIT krb5 and as Heimdal do them.
#include <kerb/exchange/realm_path.hpp>
#include <kerb/format/auth_to_local.hpp>
#include <kerb/format/krb5_conf.hpp>
#include <string>

#include "support/alloc_count.hpp"
#include "support/both.hpp"
#include "support/must.hpp"

using namespace kerb;
using namespace kerb::literals;
using kerb_test::no_allocations;

namespace {

constexpr auto mit = conf_dialect::mit, heimdal = conf_dialect::heimdal;
using kind = conf_request::kind;

constexpr std::string_view ordinary = R"(# the realm of the tests
[libdefaults]
  default_realm = EX.ORG
  dns_lookup_kdc = no
  ticket_lifetime = 10h
  our_own_word = kept

[realms]
EX.ORG = {
  kdc = kdc1.ex.org
  kdc = [2001:db8::1]:750
  master_kdc = kdc1.ex.org
  admin_server = adm.ex.org:749
  auth_to_local = RULE:[1:$1@$0](.*@SUB)s/@.*//
  auth_to_local = DEFAULT
  v4_realm = {
    deep = {
      deeper = 1
    }
  }
}
SUB.EX.ORG = {
  kdc = https://proxy.ex.org/KdcProxy
}

[domain_realm]
  host.sub.ex.org = HOST
  .sub.ex.org = SUB.EX.ORG
  ex.org = EX.ORG
  .ex.org = DOT.EX.ORG

[capaths]
  A = {
    B = .
    C = B
    C = X trailing
  }

[appdefaults]
  forwardable = false
  telnet = {
    forwardable = true
    EX.ORG = {
      forwardable = "only \"here\""
    }
  }
  EX.ORG = {
    renewable = y
  }
)";

template <std::size_t N = 4>
constexpr krb5_conf<N> of(std::string_view text, conf_dialect d = mit) {
  krb5_conf<N> c(d);
  const auto r = kerb_test::must(c.add(text));
  if (r.what != kind::nothing) kerb_test::missing_value({}, std::source_location::current());
  return c;
}
constexpr std::string_view first(const krb5_conf_view& c, const conf_path& p) {
  const auto v = c.value(p);
  return v ? v->raw() : std::string_view("(none)");
}
/// All values of a relation, each with a bar behind it.
template <std::size_t N = 64>
constexpr bool are(const krb5_conf_view& c, const conf_path& p, std::string_view wanted) {
  std::array<char, N> text{};
  std::size_t n = 0;
  for (const conf_value& v : c.values(p)) {
    for (const char x : v.raw()) text[n++] = x;
    text[n++] = '|';
  }
  return std::string_view(text.data(), n) == wanted;
}

constexpr bool values_are_found() {
  const auto c = of(ordinary);
  return first(c, {"libdefaults", "default_realm"}) == "EX.ORG" && default_realm(c)->raw() == "EX.ORG" &&
         first(c, {"libdefaults", "our_own_word"}) == "kept" && first(c, {"libdefaults", "absent"}) == "(none)" &&
         are(c, {"realms", "EX.ORG", "kdc"}, "kdc1.ex.org|[2001:db8::1]:750|") &&
         first(c, {"realms", "EX.ORG", "v4_realm", "deep", "deeper"}) == "1" &&
         first(c, {"realms", "EX.ORG", "deeper"}) == "(none)" && first(c, {"realms", "kdc"}) == "(none)" &&
         first(c, {"realms", "ex.org", "kdc"}) == "(none)" && first(c, {"kdc"}) == "(none)" &&
         first(c, {}) == "(none)" && first(c, {"a", "b", "c", "d", "e", "f", "g", "h", "i"}) == "(none)" &&
         first(krb5_conf_view{}, {"libdefaults", "default_realm"}) == "(none)";
}
KERB_BOTH("krb5_conf: a relation is found by its path and by no part of it", "[format]", values_are_found);

constexpr bool members_are_listed() {
  const auto c = of(ordinary);
  std::size_t relations = 0, sections = 0;
  for (const conf_member& m : krb5_conf_view(c).members({"realms", "EX.ORG"})) {
    relations += m.value.has_value();
    sections += !m.value && m.name == "v4_realm";
  }
  const auto realms = krb5_conf_view(c).members({"realms"});
  auto i = realms.begin();
  const bool both = i->name == "EX.ORG" && (++i)->name == "SUB.EX.ORG" && ++i == realms.end();
  return both && relations == 6 && sections == 1;
}
KERB_BOTH("krb5_conf: the relations and subsections of a section are listed, unknown words too", "[format]",
          members_are_listed);

constexpr bool sections_are_merged() {
  const auto c =
      of("[a]\nx = {\n1 = a\n}\n[b]\nx = {\n1 = no\n}\n[a]\n1 = no\nx = {\n1 = b\ny = {\n1 = no\n}\n1 = c\n}\n");
  return are(c, {"a", "x", "1"}, "a|b|c|");
}
KERB_BOTH("krb5_conf: sections of the same name are one section", "[format]", sections_are_merged);

constexpr bool final_markers() {
  constexpr std::string_view text =
      "[a]\nr* = 1\nr = 2\ns = {\nr = 1\n}*\ns = {\nr = 2\n}\nt* = {\nr = 1\nu = {\nr = x\n}\nr = 2\n}\n"
      "t = {\nr = 3\nu = {\nr = y\n}\n}\nr = 3\n[b]*\nr = 1\n[c]\nr = 1\nv = 1\nv* = {\n}\nv = 2\nw = {\n}*\nw = "
      "1\n[b]\nr = 2\n";
  const auto m = of(text), h = of("[a]\nr* = 1\nr = 2\n[b]*\nr = 1\n[b]\nr = 2\n", heimdal);
  return are(m, {"a", "r"}, "1|") && are(m, {"a", "s", "r"}, "1|") && are(m, {"a", "t", "r"}, "1|2|") &&
         are(m, {"a", "t", "u", "r"}, "x|") && are(m, {"b", "r"}, "1|") && are(m, {"c", "r"}, "1|") &&
         are(m, {"c", "v"}, "1|") && are(m, {"c", "w"}, "") && are(h, {"a", "r"}, "2|") && are(h, {"a", "r*"}, "1|") &&
         are(h, {"b", "r"}, "1|2|");
}
KERB_BOTH("krb5_conf: what follows a name that is marked as final is ignored, by MIT krb5", "[format]", final_markers);

constexpr bool quotes() {
  const auto m = of("[a]\nx = \"a \\\"b\\\"\\tc\\q \" rest\ny = \"open \nz = a \"b\"\n");
  const auto h = of("[a]\nx = \"a b\" c\n", heimdal);
  std::array<char, 32> buffer{};
  const auto x = *krb5_conf_view(m).value({"a", "x"}), y = *krb5_conf_view(m).value({"a", "y"});
  const auto text = x.text(buffer);
  const auto none = x.text(std::span(buffer).first(x.octets() - 1));
  conf_words words(first(h, {"a", "x"}));
  return text && *text == "a \"b\"\tcq " && x == "a \"b\"\tcq " && !(x == "a \"b\"\tcq") && !(x == "a \"b\"\tcq  ") &&
         x.has_escapes() && !none && none.error().code == errc::no_space && none.error().detail == x.octets() &&
         y == "open " && !y.has_escapes() && first(m, {"a", "z"}) == "a \"b\"" && words.next() == "a b" &&
         words.next() == "c" && !words.next();
}
KERB_BOTH("krb5_conf: quotes keep blanks, with MIT's escapes in them, and separate Heimdal's words", "[format]",
          quotes);

constexpr bool hosts() {
  const auto m = of(ordinary), h = of(ordinary, heimdal);
  const auto is = [](const krb5_conf_view& c, std::string_view host, std::string_view realm) {
    const auto r = realm_of_host(c, host);
    return realm.empty() ? !r : r && *r == realm;
  };
  const auto by = [&](std::string_view entries, conf_dialect d, std::string_view host, std::string_view realm) {
    std::array<char, 64> text{};
    std::size_t n = 0;
    for (const std::string_view part : {std::string_view("[domain_realm]\n"), entries, std::string_view("\n")})
      for (const char x : part) text[n++] = x;
    const auto c = of(std::string_view(text.data(), n), d);
    return is(c, host, realm);
  };
  return is(m, "host.sub.ex.org", "HOST") && is(m, "HOST.Sub.ex.ORG.", "HOST") && is(m, "a.sub.ex.org", "SUB.EX.ORG") &&
         is(m, "a.b.sub.ex.org", "SUB.EX.ORG") && is(m, "sub.ex.org", "DOT.EX.ORG") && is(m, "ex.org", "EX.ORG") &&
         is(m, "hex.org", "") && is(m, "org", "") && is(m, "", "") && is(m, ".", "") && is(m, "10.0.0.1", "") &&
         is(m, "2001:db8::1", "") && is(h, "a.ex.org", "DOT.EX.ORG") && by("ex.org = E", mit, "a.b.ex.org", "E") &&
         by("ex.org = E", heimdal, "a.ex.org", "") && by("ex.org = E", heimdal, "ex.org", "E") &&
         by("1.2.3.4 = E", mit, "1.2.3.4", "") && by("x = A\nx = B", mit, "x", "A") &&
         by("EX.org = E", mit, "ex.org", "");
}
KERB_BOTH("krb5_conf: the longest entry for a host or its domains names its realm", "[format]", hosts);

constexpr bool servers() {
  const auto c = of(ordinary);
  server_list<4> kdcs, primary, kpasswd, kadmin, proxy, none;
  if (!append_servers(c, "EX.ORG", server_t::kdc, kdcs).ok()) return false;
  if (!append_servers(c, "EX.ORG", server_t::primary_kdc, primary).ok()) return false;
  if (!append_servers(c, "EX.ORG", server_t::kpasswd, kpasswd).ok()) return false;
  if (!append_servers(c, "EX.ORG", server_t::kadmin, kadmin).ok()) return false;
  if (!append_servers(c, "SUB.EX.ORG", server_t::kdc, proxy).ok()) return false;
  if (!append_servers(c, "NO.EX.ORG", server_t::kdc, none).ok()) return false;
  return kdcs.size() == 2 && kdcs[0] == server_candidate{.host = "kdc1.ex.org", .port = 88} &&
         kdcs[1] == server_candidate{.host = "2001:db8::1", .port = 750} && primary.size() == 1 &&
         primary[0] == server_candidate{.host = "kdc1.ex.org", .port = 88, .primary = true} && kpasswd.size() == 1 &&
         kpasswd[0] == server_candidate{.host = "adm.ex.org", .port = 464} && kadmin.size() == 1 &&
         kadmin[0].port == 749 && none.empty() && proxy.size() == 1 &&
         proxy[0] == server_candidate{.host = "proxy.ex.org", .port = 443, .reach = reach_t::https, .path = "KdcProxy"};
}
KERB_BOTH("krb5_conf: the servers of a realm are candidates in their order", "[format]", servers);

constexpr bool servers_of_either() {
  constexpr std::string_view text = "[realms]\nR = {\nkdc = a b:750\nkdc = http://x\nkdc = tcp/c\nkdc = a\n}\n";
  server_list<8> m, h;
  const auto c = of(text), d = of(text, heimdal), number = of("[realms]\nR = {\nkdc = 88\n}\n"),
             letter = of("[realms]\nR = {\nkdc = a:x\n}\n");
  const bool fine = append_servers(c, "R", server_t::kdc, m).ok() && append_servers(d, "R", server_t::kdc, h).ok();
  server_list<1> small;
  const error full = append_servers(c, "R", server_t::kdc, small);
  const error bad = append_servers(number, "R", server_t::kdc, m);
  const error port = append_servers(letter, "R", server_t::kdc, m);
  return fine && m.size() == 2 && m[0].host == "a" && m[1].host == "c" && m[1].reach == reach_t::tcp && h.size() == 3 &&
         h[1].host == "b" && h[1].port == 750 && full.code == errc::no_space && full.detail == 2 &&
         bad.code == errc::bad_conf_text && bad.offset == 21 && port.code == errc::bad_conf_text;
}
KERB_BOTH("krb5_conf: MIT's value is one server, Heimdal's can be several, and a malformed one is an error", "[format]",
          servers_of_either);

TEST_CASE("krb5_conf: capaths are the realm paths of a client and of a service", "[format]") {
  std::array<realm_path, 8> out{};
  const auto conf = of(ordinary), words = of(ordinary, heimdal);
  const auto paths = kerb_test::must(realm_paths(conf, std::span(out)));
  REQUIRE(paths.size() == 3);
  CHECK((paths[0].client == "A" && paths[0].server == "B" && paths[0].between.octets.empty()));
  CHECK((paths[1].server == "C" && paths[1].between == "B"));
  CHECK(paths[2].between == "X");
  std::string way;
  const realm_path_policy policy{.paths = paths};
  CHECK(for_each_realm_between("A"_krb, "C"_krb, policy, [&](kerberos_string r) {
    way += r.text();
    return true;
  }));
  CHECK(way == "BX");
  CHECK(kerb_test::must(realm_paths(words, std::span(out))).size() == 4);
  const auto small = realm_paths(conf, std::span(out).first(2));
  CHECK((!small && small.error().code == errc::no_space && small.error().detail == 3));
}

constexpr bool app_defaults() {
  const auto c = of(ordinary);
  const auto is = [&](std::string_view app, std::string_view realm, std::string_view option, std::string_view v) {
    const auto got = app_default(c, app, realm, option);
    return v.empty() ? !got : got && *got == v;
  };
  return is("telnet", "EX.ORG", "forwardable", "only \"here\"") && is("telnet", "OTHER", "forwardable", "true") &&
         is("telnet", "", "forwardable", "true") && is("rlogin", "EX.ORG", "renewable", "y") &&
         is("rlogin", "EX.ORG", "forwardable", "false") && is("rlogin", "", "renewable", "");
}
KERB_BOTH("krb5_conf: an option of a program is looked up in MIT's four places", "[format]", app_defaults);

constexpr bool local_rules() {
  const auto c = of(ordinary);
  std::array<char, 64> out{};
  const auto rules = auth_to_local_rules(c, "EX.ORG", out);
  const auto none = auth_to_local_rules(c, "X", out);
  const auto small = auth_to_local_rules(c, "EX.ORG", std::span(out).first(10));
  return rules && *rules == "RULE:[1:$1@$0](.*@SUB)s/@.*//\nDEFAULT\n" && none && none->empty() && !small &&
         small.error().code == errc::no_space && small.error().detail > rules->size() - 10;
}
KERB_BOTH("krb5_conf: auth_to_local gives the rules for auth_to_local_params", "[format]", local_rules);

constexpr bool includes() {
  krb5_conf<8> c;
  auto r = c.add("[a]\nx = {\nr = 1\ninclude /one \nr = 4\n}\nincludedir /d\nlast = 9\n");
  if (!r || r->what != kind::file || r->path != "/one") return false;
  if (c.add("").error().code != errc::api_misuse) return false;
  r = c.provide("[a]\nx = {\nr = 2\n}\ninclude inner\n[a]\nx = {\nr = 3\n}\n");
  if (!r || r->what != kind::directory || r->path != "/d") return false;
  const text_view files[] = {"[a]\nlast = 7\n", "[a]\nlast = 8\ninclude none\n"};
  r = c.provide(view_of<text_view>(files));
  if (!r || r->what != kind::file || r->path != "inner") return false;
  r = c.provide("[a]\nx = {\nr = 2b\n}\n");
  if (!r || r->what != kind::file || r->path != "none") return false;
  r = c.skip();
  if (!r || r->what != kind::nothing || c.provide("").error().code != errc::api_misuse) return false;
  r = c.add("[a]\nlast = 10\n");
  return r && r->what == kind::nothing && are(c, {"a", "x", "r"}, "1|2|2b|3|4|") && are(c, {"a", "last"}, "7|8|9|10|");
}
KERB_BOTH("krb5_conf: what a line includes is read in its place, with sections of its own", "[format]", includes);

constexpr bool include_bounds() {
  krb5_conf<16> loop;
  auto r = loop.add("include x\n");
  std::size_t read = 1;
  for (; r && r->what == kind::file; ++read) r = loop.provide("include x\n");
  const bool deep = !r && r.error().code == errc::bad_conf_text && std::string_view(r.error().field) == "include" &&
                    read == max_conf_includes + 2;
  krb5_conf<2> small;
  const text_view many[] = {"", ""};
  r = small.add("includedir x\n");
  r = small.provide(view_of<text_view>(many));
  const bool full = !r && r.error().code == errc::no_space && r.error().detail == 3;
  krb5_conf<2> faulty;
  r = faulty.add("include x\n[a]\nr = 1\n");
  r = faulty.provide("[a]\nbad\n");
  return deep && full && !r && r.error().code == errc::bad_conf_text && r.error().detail == 2 &&
         faulty.faulty_text() == 1;
}
KERB_BOTH("krb5_conf: a file that includes itself ends, and texts are counted", "[format][security]", include_bounds);

constexpr bool final_over_texts() {
  krb5_conf<4> c;
  const bool fine = c.add("[a]*\nr = 1\n[b]\nr* = 1\n").has_value() && c.add("[a]\nr = 2\n[b]\nr = 2\n").has_value();
  return fine && are(c, {"a", "r"}, "1|") && are(c, {"b", "r"}, "1|");
}
KERB_BOTH("krb5_conf: a final name counts for the texts that follow", "[format]", final_over_texts);

TEST_CASE("krb5_conf: look-ups do not allocate", "[format]") {
  const no_allocations none;
  const auto c = of(ordinary);
  server_list<> kdcs;
  CHECK(append_servers(c, "EX.ORG", server_t::kdc, kdcs).ok());
  CHECK(realm_of_host(c, "a.ex.org"));
}

}  // namespace
