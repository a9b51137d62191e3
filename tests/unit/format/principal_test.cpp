// Principal names as text, both ways.
#include <kerb/format/principal.hpp>
#include <map>
#include <string>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace std::string_view_literals;

namespace {

using namespace kerb::literals;
using parts = std::vector<std::string_view>;

std::string text(const principal_view& p) {
  std::array<char, 4096> out{};
  const auto t = to_text(p, out);
  REQUIRE(t);
  return std::string(*t);
}
parts components(const principal_view& p) {
  parts out;
  for (const kerberos_string c : p.name.name_string) out.push_back(c.text());
  return out;
}

// ---- no view of a temporary

template <class T>
concept gives_a_view = requires(T&& t) {
  static_cast<T&&>(t).view();
};
template <class T>
concept gives_a_name = requires(T&& t) {
  static_cast<T&&>(t).name();
};
static_assert(gives_a_view<principal&> && gives_a_view<const principal&> && gives_a_name<const principal&>);
static_assert(!gives_a_view<principal> && !gives_a_view<const principal> && !gives_a_name<principal>,
              "a temporary's octets would be gone");
static_assert(std::is_convertible_v<principal&, principal_view> &&
              std::is_convertible_v<const principal&, principal_view>);
static_assert(!std::is_convertible_v<principal, principal_view> &&
              !std::is_convertible_v<const principal, principal_view>);

// ---- constants

constexpr bool parsed_while_compiling() {
  const auto p = principal::parse("HTTP/web.ex.org@EX.ORG");
  if (!p) return false;
  const kerberos_string expected[] = {"HTTP"_krb, "web.ex.org"_krb};
  return same_principal(*p, {{name_t::unknown, expected}, "EX.ORG"_krb}) && p->name().name_type == name_t::principal;
}
KERB_BOTH("principal: parses in a constant expression", "[format][rfc4120-6.2]", parsed_while_compiling);

constexpr bool copied_and_moved() {
  auto first = principal::parse("alice/admin@EX.ORG");
  const auto same = principal::parse("alice/admin@EX.ORG"), other = principal::parse("alice@EX.ORG");
  principal copy = *first;
  first = principal::parse("mallory@EVIL.ORG");  // its octets are others now
  principal moved = std::move(copy);
  principal assigned;
  assigned = moved;
  return moved == *same && assigned == *same && !(moved == *other) && !(*first == *same) &&
         same_principal(assigned.view(), same->view());
}
KERB_BOTH("principal: copies and moves own their octets", "[format]", copied_and_moved);

// ---- facts of other implementations

struct fact {
  std::string_view input, default_realm;
  parts components;
  std::string_view realm, unparsed;
};

TEST_CASE("principal: parses and writes what MIT krb5 does", "[format][rfc4120-6.2]") {
  // krb5/krb5 src/lib/krb5/krb/t_ref_kerb.out, t_princ.c
  const fact facts[] = {
      {"tytso/root@VEGGIE.COM", "ATHENA.MIT.EDU", {"tytso", "root"}, "VEGGIE.COM", "tytso/root@VEGGIE.COM"},
      {"tytso/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t@FOO",
       "ATHENA.MIT.EDU",
       {"tytso", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t"},
       "FOO",
       "tytso/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t@FOO"},
      {R"(\/slash/\@atsign/octa\/thorpe@\/slash\@at\/sign)",
       "ATHENA.MIT.EDU",
       {"/slash", "@atsign", "octa/thorpe"},
       "/slash@at/sign",
       R"(\/slash/\@atsign/octa\/thorpe@\/slash\@at\/sign)"},
      {"lha", "SAMBA.ORG", {"lha"}, "SAMBA.ORG", "lha@SAMBA.ORG"},
      {R"(lha\@su.se@WIN.SU.SE)", "SAMBA.ORG", {"lha@su.se"}, "WIN.SU.SE", R"(lha\@su.se@WIN.SU.SE)"},
      {R"(tytso/\n/\b\t@B)", "", {"tytso", "\n", "\b\t"}, "B", R"(tytso/\n/\b\t@B)"},
  };
  for (const fact& f : facts) {
    INFO(f.input);
    const auto p = principal::parse(f.input, f.default_realm);
    REQUIRE(p);
    CHECK(components(*p) == f.components);
    CHECK(p->view().realm.text() == f.realm);
    CHECK(text(*p) == f.unparsed);
  }
}

TEST_CASE("principal: parses what Heimdal does, given a realm", "[format][rfc4120-6.2]") {
  // heimdal/heimdal lib/krb5/parse-name-test.c, there with an empty default realm; test_princ.c
  const fact facts[] = {
      {"a", "R", {"a"}, "R", "a@R"},
      {R"(\n)", "R", {"\n"}, "R", R"(\n@R)"},
      {R"(\ )", "R", {" "}, "R", " @R"},  // Heimdal would quote the blank again; MIT does not
      {R"(\t)", "R", {"\t"}, "R", R"(\t@R)"},
      {R"(\b)", "R", {"\b"}, "R", R"(\b@R)"},
      {R"(\\)", "R", {"\\"}, "R", R"(\\@R)"},
      {R"(\/)", "R", {"/"}, "R", R"(\/@R)"},
      {R"(\@)", "R", {"@"}, "R", R"(\@@R)"},
      {"a/b", "R", {"a", "b"}, "R", "a/b@R"},
      {"a/", "R", {"a", ""}, "R", "a/@R"},
      {"/a", "R", {"", "a"}, "R", "/a@R"},
      {R"(\@@\@)", "", {"@"}, "@", R"(\@@\@)"},
      {"a/b/c", "R", {"a", "b", "c"}, "R", "a/b/c@R"},
      {"@R", "", {""}, "R", "@R"},
      {R"(test\ principal@SU.SE)", "SU.SE", {"test principal"}, "SU.SE", "test principal@SU.SE"},
      {"foo@BAR/BAZ", "", {"foo"}, "BAR/BAZ", R"(foo@BAR\/BAZ)"},  // refused by MIT
  };
  for (const fact& f : facts) {
    INFO(f.input);
    const auto p = principal::parse(f.input, f.default_realm);
    REQUIRE(p);
    CHECK(components(*p) == f.components);
    CHECK(p->view().realm.text() == f.realm);
    CHECK(text(*p) == f.unparsed);
    const auto again = principal::parse(text(*p));
    REQUIRE(again);
    CHECK(*again == *p);
  }
}

TEST_CASE("principal: the name's type is read off its first component", "[format][rfc4120-6.2]") {
  const auto type = [](std::string_view t) {
    const auto p = principal::parse(t);
    return kerb_test::must(p).name().name_type;
  };
  CHECK(type("host/www.krb5.test@KRB5.TEST") == name_t::principal);
  CHECK(type("krbtg/KRB5.TEST@KRB5.TEST") == name_t::principal);
  CHECK(type("krbtgt/KRB5.TEST@KRB5.TEST") == name_t::srv_inst);
  CHECK(type("krbtgt@KRB5.TEST") == name_t::principal);
  CHECK(type("krbtgt/A/B@KRB5.TEST") == name_t::principal);
  CHECK(type("WELLKNOWN/ANONYMOUS@KRB5.TEST") == name_t::wellknown);
  CHECK(type("WELLKNOWN@KRB5.TEST") == name_t::principal);
}

// ---- errors

TEST_CASE("principal: what does not parse says where", "[format][rfc4120-6.2]") {
  const auto offset = [](std::string_view t, std::string_view realm = {}) {
    const auto p = principal::parse(t, realm);
    REQUIRE(!p);
    CHECK(p.error().code == errc::bad_name_text);
    return p.error().offset;
  };
  CHECK(offset("") == 0);
  CHECK(offset("", "R") == 0);
  CHECK(offset("alice") == 5);
  CHECK(offset("alice@") == 6);
  CHECK(offset("alice@", "R") == 6);  // an empty realm is not a missing one
  CHECK(offset("@") == 1);
  CHECK(offset("foo@BAR@BAZ") == 7);
  CHECK(offset("foo\\", "R") == 3);
  CHECK(offset("foo\\\\\\", "R") == 5);
  CHECK(offset("foo@BAR\\") == 7);
  CHECK(offset("a\0b@R"sv) == 1);
  CHECK(offset("ab@R\0"sv) == 4);
  // RFC 4120 section 5.2.2: realms hold no NUL (MIT's parser takes this one)
  CHECK(offset(R"(tytso/\n/\b\t@B\0hacky-test)") == 27);
  CHECK(offset("a", "R\0S"sv) == 1);
  const kerberos_string alice[] = {"alice"_krb};
  CHECK(principal::of({{name_t::principal, alice}, "R\0"_krb}).error().code == errc::bad_name_text);
  CHECK(principal::of({{name_t::principal, alice}, "R"_krb}).has_value());
  const auto nul = principal::parse(R"(a\0b@R)");
  REQUIRE(nul);
  CHECK(components(*nul) == parts{"a\0b"sv});
  CHECK(text(*nul) == R"(a\0b@R)");
}

TEST_CASE("principal: a service's realm may be unknown", "[format][rfc6806-8]") {
  for (const char* const text : {"HTTP/web.ex.org", "HTTP/web.ex.org@"}) {
    const auto p = principal::parse_service(text);
    REQUIRE(p);
    CHECK(p->view().realm.octets.empty());
    CHECK(components(*p) == parts{"HTTP", "web.ex.org"});
    CHECK(p->view().name.name_type == name_t::srv_hst);
  }
  CHECK(*principal::parse_service("HTTP/web.ex.org@EX.ORG") == *principal::parse("HTTP/web.ex.org@EX.ORG"));
  const auto other = principal::parse_service("krbtgt/EX.ORG"), plain = principal::parse_service("kiprop");
  CHECK(other->view().name.name_type == name_t::srv_inst);
  CHECK(plain->view().name.name_type == name_t::principal);
  CHECK(principal::parse_service("").error().code == errc::bad_name_text);
  CHECK(principal::parse_service("HTTP/web@EX@ORG").error().code == errc::bad_name_text);
}

TEST_CASE("principal: only the host of a service is written in small letters", "[format][rfc4120-6.2.1]") {
  const auto service = [](std::string_view written) {
    const auto p = principal::parse_service(written);
    REQUIRE(p);
    return std::string(text(*p));
  };
  CHECK(service("HTTP/Web.EXAMPLE.Z[@EX.ORG") == "HTTP/web.example.z[@EX.ORG");
  CHECK(service("krbtgt/EX.ORG@EX.ORG") == "krbtgt/EX.ORG@EX.ORG");
  CHECK(service("WELLKNOWN/ANONYMOUS@EX.ORG") == "WELLKNOWN/ANONYMOUS@EX.ORG");
  CHECK(service("Kiprop@EX.ORG") == "Kiprop@EX.ORG");
  CHECK(service("ldap/DC.EX.ORG/EX.ORG@EX.ORG") == "ldap/DC.EX.ORG/EX.ORG@EX.ORG");
  const auto three = principal::parse_service("ldap/DC.EX.ORG/EX.ORG@EX.ORG");
  CHECK(three->view().name.name_type == name_t::principal);
  const auto unchanged = principal::parse("HTTP/Web.EX.ORG@EX.ORG");
  CHECK(text(*unchanged) == "HTTP/Web.EX.ORG@EX.ORG");
}

TEST_CASE("principal: a name that does not fit is refused, and one that just fits is not", "[format]") {
  using small = basic_principal<64>;
  const auto fits = [](std::size_t name, std::size_t realm) {
    return small::parse(std::string(name, 'a') + "@" + std::string(realm, 'R'));
  };
  // PrincipalName of one component: 11 octets around it; the realm stands behind
  std::size_t most = 0;
  for (std::size_t n = 1; n != 200; ++n) {
    const auto p = fits(n, 4);
    if (p) {
      CHECK(n == most + 1);
      most = n;
      CHECK(components(*p)[0].size() == n);
    } else {
      CHECK(p.error().code == errc::no_space);
      CHECK(p.error().detail > 0);
    }
  }
  const auto whole = principal::parse(std::string(most, 'a') + "@RRRR");
  REQUIRE(whole);
  CHECK(asn1::encoded_size(whole->name()) + 4 == 64);
  CHECK(basic_principal<64>::of(*whole).has_value());
  const auto less = basic_principal<63>::of(*whole);
  REQUIRE(!less);
  CHECK(less.error().code == errc::no_space);
  CHECK(less.error().detail == 64);
  CHECK(!small::parse("a", std::string(200, 'R')));

  // A long name is no problem where there is buffer: 300 octets and more
  const std::string long_text = std::string(300, 'x').append("/").append(300, 'y').append("@EX.ORG");
  const auto long_name = principal::parse(long_text);
  REQUIRE(long_name);
  CHECK(components(*long_name)[1].size() == 300);
  // Components are counted too
  std::string many = "c";
  for (int i = 1; i != 32; ++i) many += "/c";
  CHECK(principal::parse(many + "@R").has_value());
  CHECK(principal::parse(many + "/c@R").error().code == errc::no_space);
}

TEST_CASE("to_text: says how much buffer will do", "[format]") {
  const auto p = principal::parse(R"(a\/b/c@R)");
  REQUIRE(p);
  const std::string expected = R"(a\/b/c@R)";
  for (std::size_t n = 0; n != expected.size(); ++n) {
    std::vector<char> out(n + 1, '#');
    const auto t = to_text(*p, std::span(out).first(n));
    REQUIRE(!t);
    CHECK(t.error().code == errc::no_space);
    CHECK(t.error().detail == expected.size());
    CHECK(out[n] == '#');
  }
  std::vector<char> out(expected.size());
  CHECK(*to_text(*p, out) == expected);
}

TEST_CASE("to_text: shows no control characters", "[format]") {
  std::uint8_t octets[256];
  for (int i = 0; i != 256; ++i) octets[i] = static_cast<std::uint8_t>(i);
  const kerberos_string component[] = {{bytes_view(octets)}};
  const std::string shown = text({{name_t::principal, component}, "R"_krb});
  for (const char c : shown) CHECK((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
  CHECK(shown.substr(0, 2) == "\\0");
  CHECK(shown.find("\\t\\n") != std::string::npos);
  CHECK(shown.find("\xc3") != std::string::npos);
}

TEST_CASE("to_text: different principals have different texts, and each text parses to its principal",
          "[format][rfc4120-6.2]") {
  // Every name of up to two components of up to two octets, and every realm of one, over an alphabet of octets that
  // quoting could confuse
  constexpr std::string_view alphabet = "/@\\x01?n\n\x01\x1b\x7f\0"sv;
  std::vector<std::string> words{""};
  for (const char a : alphabet) words.emplace_back(1, a);
  for (const char a : alphabet)
    for (const char b : alphabet) words.push_back({a, b});
  std::map<std::string, std::string> seen;  // the encoding by the text
  const auto check = [&](view_of<kerberos_string> components, std::string_view realm) {
    const principal_view p{{name_t::principal, components}, kerberos_string::of(realm)};
    const std::string shown = text(p);
    std::string encoding;
    for (const kerberos_string c : components)
      encoding += std::to_string(c.octets.size()) + ":" + std::string(c.text());
    encoding += "@" + std::string(realm);
    const auto [was, is_new] = seen.emplace(shown, encoding);
    if (!is_new && was->second != encoding) FAIL("the same text: " << shown);
    const auto back = principal::parse(shown);
    if (!back || !same_principal(*back, p)) FAIL("parses to another principal: " << shown);
  };
  for (const std::string& a : words) {
    const kerberos_string one[] = {kerberos_string::of(a)};
    for (const char realm : std::string_view("/@\\xn\n\x01\x1b\x7f")) check(one, {&realm, 1});
    for (const std::string& b : words) {
      const kerberos_string two[] = {kerberos_string::of(a), kerberos_string::of(b)};
      check(two, "R");
    }
  }
  CHECK(seen.size() == words.size() * (9 + words.size()));
}
TEST_CASE("to_text: quotes as krb5_unparse_name of MIT krb5, and other control characters as \\x", "[format]") {
  const auto of = [](std::string_view component) {
    const kerberos_string c[] = {kerberos_string::of(component)};
    return text({{name_t::principal, c}, "R"_krb});
  };
  CHECK(of("a/b@c\\d") == R"(a\/b\@c\\d@R)");
  CHECK(of("\n\t\b\0"sv) == R"(\n\t\b\0@R)");
  CHECK(of("a b\xc3\xa4") == "a b\xc3\xa4@R");
  CHECK(of("\x01\x1b[2J\x7f?") == R"(\x01\x1b[2J\x7f?@R)");
  CHECK(of("x1b") == "x1b@R");
  CHECK(of("\\x1b") == R"(\\x1b@R)");
}
TEST_CASE("principal: an octet in hexadecimal needs two digits", "[format]") {
  const auto component = [](std::string_view t) {
    const principal p = kerb_test::must(principal::parse(t));
    return std::string(components(p)[0]);
  };
  CHECK(component(R"(\x1b\x1B\xff\x2f\x40\x5c@R)") == "\x1b\x1b\xff/@\\");
  CHECK(component(R"(\x\x1\xg1\x1g@R)") == "xx1xg1x1g");
  CHECK(component(R"(\x00@R)") == "\0"sv);
  CHECK(principal::parse(R"(a@R\x00)").error().code == errc::bad_name_text);
}
TEST_CASE("to_text: a name without components has no text", "[format]") {
  std::array<char, 64> out{};
  CHECK(to_text({{}, "R"_krb}, out).error().code == errc::bad_name_text);
  const kerberos_string empty[] = {""_krb};
  CHECK(text({{name_t::principal, empty}, "R"_krb}) == "@R");
}

TEST_CASE("principal: any name of any octets comes back as it was", "[format][rfc4120-6.2]") {
  std::uint64_t random = 20260101;
  const auto next = [&](std::uint64_t below) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    return (random >> 33) % below;
  };
  constexpr std::string_view alphabet = "ab/@\\\n\t\b nt0x1\x01\x1b\x7f\xc3\xa4\xff~";
  for (int i = 0; i != 5000; ++i) {
    std::string octets[4], realm;
    kerberos_string components_in[4];
    const std::size_t count = 1 + next(4);
    for (std::size_t c = 0; c != count; ++c) {
      for (std::uint64_t n = next(6); n != 0; --n) {
        const std::uint64_t which = next(alphabet.size() + 1);
        octets[c] += which == alphabet.size() ? '\0' : alphabet[which];
      }
      components_in[c] = kerberos_string::of(octets[c]);
    }
    for (std::uint64_t n = 1 + next(6); n != 0; --n) realm += alphabet[next(alphabet.size())];
    const principal_view p{{name_t::principal, view_of<kerberos_string>(components_in, count)},
                           kerberos_string::of(realm)};
    const std::string shown = text(p);
    const auto back = principal::parse(shown);
    INFO(shown);
    REQUIRE(back);
    CHECK(same_principal(*back, p));
    const auto owned = principal::of(p);
    REQUIRE(owned);
    CHECK(*owned == *back);
  }
}

TEST_CASE("principal: a default one is empty, and nothing allocates", "[format]") {
  const principal none;
  CHECK(none.view().realm.octets.empty());
  CHECK(none.name().name_string.empty());
  bool good = false;
  {
    kerb_test::no_allocations guard;
    std::array<char, 64> out{};
    const auto p = principal::parse("HTTP/web.ex.org@EX.ORG");
    good = p && to_text(*p, out).has_value();
  }
  CHECK(good);
}

}  // namespace
