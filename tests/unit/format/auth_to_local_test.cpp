// Local names: the cases of MIT krb5, Hadoop and Kafka, mistakes in rules, and hostile principals.
#include <kerb/format/auth_to_local.hpp>
#include <kerb/format/principal.hpp>
#include <string>

#include "support/alloc_count.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb::literals;

namespace {

constexpr auto mit = rule_dialect::mit, hadoop = rule_dialect::hadoop, kafka = rule_dialect::kafka;
constexpr auto simple = local_names::simple, any = local_names::any;

struct row {
  std::string_view principal;  // as text
  std::string_view local;      // empty: refused
  std::string_view field{};    // why
};
constexpr bool gives(const auth_to_local_params& params, const row& r) {
  const auto rules = auth_to_local::open(params);
  const auto p = principal::parse(r.principal);
  if (!rules || !p) return false;
  std::array<char, 64> out{};
  const auto name = rules->map(*p, out);
  if (name) return !r.local.empty() && *name == r.local;
  return r.local.empty() && name.error().code == errc::no_local_name &&
         (r.field.empty() || name.error().field == r.field);
}
template <std::size_t N>
constexpr bool all(const auth_to_local_params& params, const row (&rows)[N]) {
  for (const row& r : rows)
    if (!gives(params, r)) return false;
  return true;
}
constexpr auth_to_local_params of_mit(std::string_view rules, local_names names = any) {
  return {.rules = rules, .dialect = mit, .default_realm = "KRBTEST.COM"_krb, .realms = {}, .names = names};
}

// ---- well-known names

KERB_BOTH("auth_to_local: a well-known name or realm has no local name, except the anonymous one by a rule for it",
          "[format][rfc6111-3]", [] {
            constexpr row unknown[] = {{"WELLKNOWN/FEDERATED@KRBTEST.COM", "", "cname"},
                                       {"WELLKNOWN@KRBTEST.COM", "", "cname"},
                                       {"user@WELLKNOWN:X", "", "crealm"},
                                       {"user@WELLKNOWN:ANONYMOUS", "", "crealm"},
                                       {"WELLKNOWN/ANONYMOUS@WELLKNOWN:X", "", "crealm"}};
            constexpr row by_default[] = {{"WELLKNOWN/ANONYMOUS@KRBTEST.COM", "", "rules"}};
            constexpr row by_rule[] = {{"WELLKNOWN/ANONYMOUS@KRBTEST.COM", "nobody"},
                                       {"WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS", "nobody"},
                                       {"user@KRBTEST.COM", "user"}};
            for (const rule_dialect d : {mit, hadoop, kafka}) {
              auth_to_local_params p = of_mit("DEFAULT");
              p.dialect = d;
              p.names = simple;
              if (!all(p, by_default) || !all(p, unknown)) return false;
              p.rules = d == kafka ? "RULE:[2:$1-$2](WELLKNOWN-ANONYMOUS)s/^.*$/nobody/,RULE:[1:$1]"
                                   : "RULE:[2:$1-$2](WELLKNOWN-ANONYMOUS)s/^.*$/nobody/\nRULE:[1:$1]";
              if (!all(p, by_rule) || !all(p, unknown)) return false;
            }
            return true;
          });

// ---- krb5/krb5, src/tests/t_localauth.py

KERB_BOTH("auth_to_local: MIT's default", "[format]", [] {
  constexpr row rows[] = {{"user@KRBTEST.COM", "user"},
                          {"user/KRBTEST.COM@KRBTEST.COM", "user"},
                          {"user/KRBTEST.COM/x@KRBTEST.COM", "", "rules"},
                          {"user/X@KRBTEST.COM", "", "rules"},
                          {"user@X", "", "rules"}};
  return all(of_mit("DEFAULT"), rows) && all(of_mit(""), rows) && all(of_mit(" \n\n"), rows);
});
KERB_BOTH("auth_to_local: MIT's rules without a selection", "[format]", [] {
  constexpr row empty[] = {{"user@KRBTEST.COM", "user"}, {"user@X", "user"}, {"a/b/c@X", "a/b/c"}};
  constexpr row match[] = {{"withtail@X", "withtail"}, {"x/withtail@X", "x/withtail"}, {"tails@X", "", "rules"}};
  return all(of_mit("RULE:"), empty) && all(of_mit("RULE:(.*tail)"), match);
});
KERB_BOTH("auth_to_local: MIT's selections and substitutions", "[format]", [] {
  constexpr row selected[] = {{"aaron/burr@REALM", "REALM.burr.aaron"}, {"user@KRBTEST.COM", "", "rules"}};
  constexpr row once[] = {{"thebirdsbirdsbirds@X", "thebeesbirdsbirds"}};
  constexpr row twice[] = {{"the/birdsbirdsbirds@x", "the/birdsbeesbees"}};
  return all(of_mit("RULE:[2:$0.$2.$1]"), selected) && all(of_mit("RULE:s/birds/bees/"), once) &&
         all(of_mit("RULE:s/birds/bees/g  s/bees/birds/"), twice);
});
KERB_BOTH("auth_to_local: several of MIT's rules, the first that applies", "[format]", [] {
  constexpr row rows[] = {
      {"fred@X", "fred X"},         {"fred-too@X", "fred too X"}, {"fred@KRBTEST.COM", "fred KRBTEST.COM"},
      {"user@KRBTEST.COM", "user"}, {"zazz/b/c@X", "zazz"},       {"a/b@KRBTEST.COM", "", "rules"}};
  constexpr std::string_view rules = "RULE:[1:$1-$0](fred.*)s/-/ /g\nDEFAULT\nRULE:[3:$1](z.*z)";
  return all(of_mit(rules), rows) && all(of_mit(rules, simple), rows);
});
// doc/admin/conf_files/krb5_conf.rst
KERB_BOTH("auth_to_local: the example of MIT's documentation", "[format]", [] {
  constexpr row rows[] = {{"johndoe/anything@X", "guest"},
                          {"joe/admin@X", "joe"},
                          {"user@KRBTEST.COM", "user"},
                          {"joe/root@X", "", "rules"},
                          {"joe/x@KRBTEST.COM", "", "rules"}};
  constexpr row foo[] = {{"johndoe/admin@X", "adminjohndoefoo"}};
  return all(of_mit("RULE:[2:$1](johndoe)s/^.*$/guest/\n  RULE:[2:$1;$2](^.*;admin$)s/;admin$//  \n\n"
                    "RULE:[2:$2](^.*;root)s/^.*$/root/\nDEFAULT\n",
                    simple),
             rows) &&
         all(of_mit("RULE:[2:$2$1foo]"), foo);
});
KERB_BOTH("auth_to_local: in MIT's dialect the longest match counts, and ^ matches in each rest", "[format]", [] {
  constexpr row longest[] = {{"xab@X", "x-"}}, begins[] = {{"aaab@X", "b"}};
  constexpr row literal[] = {{"joe@X", "$1\\x"}};
  return all(of_mit("RULE:[1:$1]s/a|ab/-/"), longest) && all(of_mit("RULE:[1:$1]s/^a//g"), begins) &&
         all(of_mit("RULE:[1:$1]s/(joe)/$1\\x/"), literal);
});

constexpr bool wrong(rule_dialect d, std::string_view rules, std::size_t at) {
  const auto r = auth_to_local::open({.rules = rules, .dialect = d, .default_realm = "R"_krb, .realms = {}});
  return !r && r.error().code == errc::bad_rule_text && r.error().offset == at && r.error().field[0] != '\0';
}

// ---- apache/hadoop, TestKerberosName.java

constexpr auth_to_local_params of_hadoop(std::string_view rules, local_names names = simple) {
  return {.rules = rules, .dialect = hadoop, .default_realm = "EXAMPLE.COM"_krb, .realms = {}, .names = names};
}
constexpr std::string_view hadoop_rules =
    "RULE:[1:$1@$0](.*@YAHOO\\.COM)s/@.*//\n"
    "RULE:[2:$1](johndoe)s/^.*$/guest/\n"
    "RULE:[2:$1;$2](^.*;admin$)s/;admin$//\n"
    "RULE:[2:$2](root)\n"
    "DEFAULT";
KERB_BOTH("auth_to_local: Hadoop's rules", "[format]", [] {
  constexpr row rows[] = {
      {"omalley@EXAMPLE.COM", "omalley"},     {"hdfs/10.0.0.1@EXAMPLE.COM", "hdfs"}, {"oom@YAHOO.COM", "oom"},
      {"johndoe/zoo@FOO.COM", "guest"},       {"joe/admin@FOO.COM", "joe"},          {"joe/root@FOO.COM", "root"},
      {"owen/owen/owen@FOO.COM", "", "cname"}};
  constexpr row strict[] = {{"foo@ACME.COM", "", "rules"}, {"root/joe@FOO.COM", "", "rules"}};
  constexpr row whole[] = {{"foo@ACME.COM", "foo@ACME.COM"}, {"root/joe@FOO.COM", "root/joe@FOO.COM"}};
  return all(of_hadoop(hadoop_rules), rows) && all(of_hadoop(hadoop_rules), strict) &&
         all(of_hadoop(hadoop_rules, any), rows) && all(of_hadoop(hadoop_rules, any), whole);
});
KERB_BOTH("auth_to_local: Hadoop's small letters", "[format]", [] {
  constexpr row rows[] = {{"Joe@FOO.COM", "joe"},
                          {"Joe/root@FOO.COM", "joe"},
                          {"Joe/admin@FOO.COM", "joe"},
                          {"Joe/guestguest@FOO.COM", "joe"}};
  constexpr row later[] = {
      {"Joe/admin@FOO.COM", "joe"}, {"Joe/guestguest@FOO.COM", "", "rules"}, {"Joe/guest@FOO.COM", "joe"}};
  constexpr row first[] = {{"Joe@EXAMPLE.COM", "joe"}};
  return all(of_hadoop("RULE:[1:$1]/L\nRULE:[2:$1]/L\nRULE:[2:$1;$2](^.*;admin$)s/;admin$///L\n"
                       "RULE:[2:$1;$2](^.*;guest$)s/;guest$//g/L\nDEFAULT"),
             rows) &&
         all(of_hadoop("RULE:[2:$1;$2](^.*;admin$)s/;admin$///L RULE:[2:$1;$2](^.*;guest$)s/;guest$//g/LDEFAULT"),
             later) &&
         all(of_hadoop("DEFAULT/L"), first);
});
KERB_BOTH("auth_to_local: names with '/' or '@' are refused as Hadoop refuses them", "[format][security]", [] {
  constexpr row refused[] = {{"joe@FOO.COM", "", "result"}}, allowed[] = {{"joe@FOO.COM", "joe@FOO.COM"}};
  return all(of_hadoop("RULE:[1:$1@$0] RULE:[1:$1]"), refused) && all(of_hadoop("RULE:[1:$1@$0]", any), allowed) &&
         all(of_mit("RULE:[1:$1@$0]", simple), refused) && all(of_mit("RULE:[1:$0/$1]", simple), refused);
});

KERB_BOTH("auth_to_local: realms are quoted in Hadoop's and Kafka's rules as Cloudera's tools write them", "[format]",
          [] {
            constexpr std::string_view rule = "RULE:[1:$1@$0](.*@\\QTEST.EXAMPLE.COM\\E$)s/@\\QTEST.EXAMPLE.COM\\E$//";
            constexpr row rows[] = {{"joe@TEST.EXAMPLE.COM", "joe"}, {"joe@TESTxEXAMPLE.COM", "", "rules"}};
            auth_to_local_params of_kafka = of_hadoop(rule);
            of_kafka.dialect = kafka;
            return all(of_hadoop(rule), rows) && all(of_kafka, rows) && wrong(mit, rule, 18);
          });

// ---- apache/kafka, KerberosNameTest.java and KerberosRuleTest.java

constexpr auth_to_local_params of_kafka(std::string_view rules) {
  return {.rules = rules, .dialect = kafka, .default_realm = "REALM.COM"_krb, .realms = {}, .names = simple};
}
KERB_BOTH("auth_to_local: Kafka's rules, with groups in replacements", "[format]", [] {
  constexpr row rows[] = {{"App.service-name/example.com@REALM.COM", "service-name"},
                          {"App.service-name@REALM.COM", "service-name"},
                          {"user/host@REALM.COM", "user"}};
  return all(of_kafka("RULE:[1:$1](App\\..*)s/App\\.(.*)/$1/g,RULE:[2:$1](App\\..*)s/App\\.(.*)/$1/g,DEFAULT"), rows);
});
KERB_BOTH("auth_to_local: Kafka's small and capital letters", "[format]", [] {
  constexpr row small[] = {{"User@REALM.COM", "user"},
                           {"TestABC/host@FOO.COM", "test"},
                           {"ABC_User_ABC/host@FOO.COM", "xyz_user_xyz"},
                           {"App.SERVICE-name/example.com@REALM.COM", "service-name"},
                           {"User/root@REALM.COM", "user"}};
  constexpr row capital[] = {{"User@REALM.COM", "USER"},
                             {"TestABC/host@FOO.COM", "TEST"},
                             {"ABC_User_ABC/host@FOO.COM", "XYZ_USER_XYZ"},
                             {"App.SERVICE-name/example.com@REALM.COM", "SERVICE-NAME"},
                             {"User/root@REALM.COM", "USER"}};
  return all(of_kafka("RULE:[1:$1]/L, RULE:[2:$1](Test.*)s/ABC///L ,RULE:[2:$1](ABC.*)s/ABC/XYZ/g/L,"
                      "RULE:[2:$1](App\\..*)s/App\\.(.*)/$1/g/L,RULE:[2:$1]/L,DEFAULT"),
             small) &&
         all(of_kafka("RULE:[1:$1]/U,RULE:[2:$1](Test.*)s/ABC///U,RULE:[2:$1](ABC.*)s/ABC/XYZ/g/U,"
                      "RULE:[2:$1](App\\..*)s/App\\.(.*)/$1/g/U,RULE:[2:$1]/U,DEFAULT"),
             capital);
});
KERB_BOTH("auth_to_local: a letter without a slash, as the parsers of Hadoop and Kafka accept it", "[format]", [] {
  constexpr row small[] = {{"Ab@REALM.COM", "xb"}}, plain[] = {{"Ab@REALM.COM", "ab"}},
                capital[] = {{"Ab@REALM.COM", "AB"}}, first[] = {{"Joe@EXAMPLE.COM", "joe"}};
  return all(of_kafka("RULE:[1:$1](A.*)s/A/X/L"), small) && all(of_kafka("RULE:[1:$1](A.*)s/A/X/gL"), small) &&
         all(of_kafka("RULE:[1:$1]L,DEFAULT"), plain) && all(of_kafka("RULE:[1:$1]U"), capital) &&
         all(of_hadoop("RULE:[1:$1](A.*)s/A/X/L DEFAULT"), small) && all(of_hadoop("RULE:[1:$1]LRULE:[2:$1]"), plain) &&
         all(of_hadoop("DEFAULTL"), first) && wrong(kafka, "DEFAULTL", 7) && wrong(kafka, "RULE:[1:$1]LU", 12) &&
         wrong(mit, "RULE:[1:$1]L", 11) && wrong(hadoop, "RULE:[1:$1]U", 11);
});
KERB_BOTH("auth_to_local: parameters are not replaced in what replaced them", "[format]", [] {
  constexpr row rows[] = {{"no recursion $1@X", "hello no recursion $1"}}, plain[] = {{"many@X", "hello"}};
  return all(of_kafka("RULE:[1:hello $1]"), rows) && all(of_kafka("RULE:[1:hello]"), plain);
});

// ---- mistakes

KERB_BOTH("auth_to_local: Kafka's invalid rules", "[format]", [] {
  return wrong(kafka, "default", 0) && wrong(kafka, "DEFAUL", 0) && wrong(kafka, "DEFAULT/L", 7) &&
         wrong(kafka, "DEFAULT/g", 7) && wrong(kafka, "rule:[1:$1]", 0) && wrong(kafka, "rule:[1:$1]/L/U", 0) &&
         wrong(kafka, "RULE:[1:$1]/L/U", 13) && wrong(kafka, "RULE:[1:$1]/LU", 13) && wrong(kafka, "RULE:[1:$1/L", 8) &&
         wrong(kafka, "RULE:[1:$1]/l", 12) && wrong(kafka, "RULE:[2:$1](ABC.*)s/ABC/XYZ/L/g", 29) &&
         wrong(kafka, "RULE:[1:$2]", 8) && wrong(kafka, "RULE:[1:hello $a]", 14) && wrong(kafka, "DEFAULT,", 8) &&
         wrong(kafka, "DEFAULT,,DEFAULT", 8) && wrong(kafka, ",DEFAULT", 0) && wrong(kafka, "DEFAULT DEFAULT", 7);
});
KERB_BOTH("auth_to_local: mistakes are found where they are", "[format]", [] {
  return wrong(mit, "RULE", 0) && wrong(mit, "UNRECOGNIZED:stuff", 0) && wrong(mit, "DEFAULT\nRULE:[1:$1", 16) &&
         wrong(mit, "RULE:[x:$1]", 6) && wrong(mit, "RULE:[1]", 7) && wrong(mit, "RULE:[1:$1](a", 12) &&
         wrong(mit, "RULE:[1:$1](a)x", 14) && wrong(mit, "RULE:[1:$1]s/a", 13) && wrong(mit, "RULE:[1:$1]s/a/b", 15) &&
         wrong(mit, "RULE:[1:$1]s/a*+/b/", 15) && wrong(mit, "RULE:[1:$1](a**)", 14) &&
         wrong(mit, "RULE:[1:$1]s//b/", 13) && wrong(mit, "RULE:[1:$1]/L", 11) && wrong(mit, "DEFAULT:x", 7) &&
         wrong(mit, "RULE:[1:$1]s/a/b/gg", 18) && wrong(hadoop, "RULE:", 5) && wrong(hadoop, "RULE:(a)", 5) &&
         wrong(hadoop, "DEFAULT x", 8) && wrong(hadoop, "RULE:[1:$1]s/(a)/$2/", 17) &&
         wrong(hadoop, "RULE:[1:$1]s/(a)/$/", 17) && wrong(hadoop, "RULE:[1:$1]s/(a)/x\\/", 18) &&
         wrong(hadoop, "RULE:[1:$1]s/a/${n}/", 15) && wrong(hadoop, "RULE:[1000:$1]", 9) &&
         wrong(hadoop, "RULE:[:$1]", 6);
});

KERB_BOTH("auth_to_local: a replacement may end with a quoted character, and not with half of a group",
          "[format][security]", [] {
            for (const rule_dialect d : {hadoop, kafka}) {
              if (!wrong(d, "RULE:[1:$1]s/a/\\\\$z/", 17) || !wrong(d, "RULE:[1:$1]s/a/\\\\$/", 17) ||
                  !wrong(d, "RULE:[1:$1]s/a/\\\\$9/", 17)) {
                return false;
              }
            }
            return true;
          });

// ---- hostile principals

constexpr errc map_of(const auth_to_local_params& params, view_of<kerberos_string> name, kerberos_string realm) {
  std::array<char, 300> out{};
  const auto rules = auth_to_local::open(params);
  if (!rules) return rules.error().code;
  const auto r = rules->map({{name_t::principal, name}, realm}, out);
  return r ? errc::ok : r.error().code;
}
KERB_BOTH("auth_to_local: no component can look like another principal", "[format][security]", [] {
  constexpr std::array<std::uint8_t, 3> nul = {'r', 0, 't'}, line = {'r', '\n', 't'}, del = {'r', 0x7f, 't'};
  const kerberos_string hostile[] = {"root@EX.ORG"_krb, "root/admin"_krb,   "/"_krb,          "@"_krb,
                                     {bytes_view(nul)}, {bytes_view(line)}, {bytes_view(del)}};
  for (const kerberos_string& h : hostile) {
    const kerberos_string alone[] = {h}, second[] = {"root"_krb, h}, fine[] = {"root"_krb};
    for (const rule_dialect d : {mit, hadoop, kafka})
      for (const local_names n : {simple, any}) {
        const auth_to_local_params one{
            .rules = "RULE:[1:$1]", .dialect = d, .default_realm = "EX.ORG"_krb, .realms = {}, .names = n};
        auth_to_local_params two = one;
        two.rules = "RULE:[2:$1]";
        if (map_of(one, alone, "EX.ORG"_krb) != errc::no_local_name) return false;
        if (map_of(two, second, "EX.ORG"_krb) != errc::no_local_name) return false;
        if (map_of(one, fine, h) != errc::no_local_name || map_of(one, fine, "EX.ORG"_krb) != errc::ok) return false;
      }
  }
  return true;
});
KERB_BOTH("auth_to_local: a rule cannot produce an empty name or a control character", "[format][security]", [] {
  constexpr row empty[] = {{"joe@X", "", "result"}};
  constexpr kerberos_string nobody[] = {""_krb};
  return all(of_hadoop("RULE:[1:$1]s/.*//"), empty) && all(of_hadoop("RULE:[1:]"), empty) &&
         all(of_hadoop("RULE:[1:$1]s/o/\t/", any), empty) &&
         map_of(of_mit("RULE:"), nobody, "X"_krb) == errc::no_local_name &&
         map_of(of_mit("RULE:"), {}, "X"_krb) == errc::no_local_name;
});
KERB_BOTH("auth_to_local: realms that are not listed are refused before the rules", "[format][security]", [] {
  constexpr kerberos_string realms[] = {"EX.ORG"_krb, "SUB.EX.ORG"_krb};
  auth_to_local_params p = of_mit("RULE:[1:$1]");
  p.realms = view_of<kerberos_string>(realms);
  constexpr row rows[] = {{"root@EX.ORG", "root"},
                          {"root@SUB.EX.ORG", "root"},
                          {"root@EVIL.ORG", "", "crealm"},
                          {"root@ex.org", "", "crealm"}};
  auth_to_local_params nobody = p;
  nobody.realms = view_of<kerberos_string>();
  constexpr row none[] = {{"root@EX.ORG", "", "crealm"}};
  return all(p, rows) && all(nobody, none);
});
KERB_BOTH("auth_to_local: DEFAULT is for the default realm only", "[format][security]", [] {
  constexpr kerberos_string name[] = {"root"_krb};
  return map_of({.rules = "DEFAULT", .dialect = kafka, .default_realm = {}, .realms = {}}, name, {}) ==
             errc::no_local_name &&
         map_of({.rules = "", .dialect = mit, .default_realm = "EX.ORG"_krb, .realms = {}}, name, "EX.OR"_krb) ==
             errc::no_local_name;
});

constexpr bool buffers() {
  std::array<char, 8> out{};
  const auto rules = auth_to_local::open(of_mit("DEFAULT"));
  const auto p = principal::parse("joe@KRBTEST.COM");
  const auto no_space = rules->map(*p, std::span(out).first(2)), fits = rules->map(*p, std::span(out).first(3));
  return !no_space && no_space.error().code == errc::no_space && no_space.error().detail == 3 && fits &&
         *fits == "joe" && fits->data() == out.data();
}
KERB_BOTH("auth_to_local: a buffer that is too small gets the exact size", "[format]", buffers);

TEST_CASE("auth_to_local: long names and slow substitutions are refused", "[format][security]") {
  const auto map = [](std::string_view rule, std::size_t size) {
    const std::string name(size, 'a');
    const kerberos_string parts[] = {kerberos_string::of(name)};
    std::array<char, 300> out{};
    kerb_test::no_allocations block;
    const auto r = (*auth_to_local::open(of_hadoop(rule))).map({{name_t::principal, parts}, "X"_krb}, out);
    return r                                                                                      ? r->size()
           : r.error().code == errc::no_local_name && r.error().field == std::string_view("size") ? 0u
                                                                                                  : 999u;
  };
  CHECK(map("RULE:[1:$1]", 256) == 256);
  CHECK(map("RULE:[1:$1]", 257) == 0);
  CHECK(map("RULE:[1:$1$1]", 128) == 256);
  CHECK(map("RULE:[1:$1$1]", 129) == 0);
  CHECK(map("RULE:[1:$1]s/a/aa/g", 128) == 256);
  CHECK(map("RULE:[1:$1]s/a/aa/g", 129) == 0);
  CHECK(map("RULE:[1:$1]s/a/x/g", 256) == 256);
  // Each search looks at all of the rest before it is content with one octet
  CHECK(map("RULE:[1:$1]s/a.*b|a/x/g", 256) == 0);
  CHECK(map("RULE:[1:$1]s/a.*b|a/x/g", 20) == 20);
}

KERB_BOTH("auth_to_local: rules without any text are no mistake in any dialect", "[format]", [] {
  for (const rule_dialect d : {mit, hadoop, kafka})
    for (const std::string_view rules : {"", " \t\n\v\f\r"})
      if (!auth_to_local::open({.rules = rules, .dialect = d, .default_realm = {}, .realms = {}})) return false;
  for (int i = 0; i != 256; ++i) {
    const char c = static_cast<char>(i);
    if (detail::is_blank(c) != (std::string_view(" \t\n\v\f\r").find(c) != std::string_view::npos)) return false;
  }
  return true;
});
KERB_BOTH("auth_to_local: what another dialect allows is a mistake", "[format]", [] {
  return wrong(mit, "DEFAULT DEFAULT", 7) && wrong(mit, "DEFAULT/L", 7) && wrong(mit, "RULE:[1:$1](s/x/y/", 12) &&
         wrong(hadoop, "RULE:[1:$1]/U", 12) && wrong(hadoop, "RULE:[1:$1] s/a/b/", 12) &&
         wrong(hadoop, "RULE:[1:$1]s/a/b/s/c/d/", 17) && wrong(kafka, "RULE:[1:$1]s/a/b/s/c/d/", 17);
});
KERB_BOTH("auth_to_local: a substitution without g is made once, whatever follows it", "[format]", [] {
  constexpr row once[] = {{"aa@X", "ba"}}, both[] = {{"aa@X", "bc"}};
  return all(of_mit("RULE:[1:$1]s/a/b/ s/c/d/"), once) && all(of_mit("RULE:[1:$1]s/a/b/s/a/c/"), both);
});
KERB_BOTH("auth_to_local: a comma does not end Hadoop's rules", "[format]", [] {
  constexpr row rows[] = {{"aa@X", "b"}};
  return all(of_hadoop("RULE:[1:$1](a{1,2})s/a{2,3}/b/"), rows);
});
KERB_BOTH("auth_to_local: in Java's dialects ^ matches once, and an empty match moves on", "[format]", [] {
  constexpr row begins[] = {{"aab@X", "ab"}}, empty[] = {{"ab@X", "-a-b-"}};
  return all(of_hadoop("RULE:[1:$1]s/^a//g"), begins) && all(of_hadoop("RULE:[1:$1]s/x*/-/g"), empty);
});
KERB_BOTH("auth_to_local: groups in a replacement, also the whole match and those that did not match", "[format]", [] {
  constexpr row whole[] = {{"abbc@X", "a<bb>c"}}, either[] = {{"ab@X", "[a][b]"}}, last[] = {{"abcdefghi@X", "i"}};
  return all(of_hadoop("RULE:[1:$1]s/b+/<$0>/"), whole) && all(of_hadoop("RULE:[1:$1]s/(a)|(b)/[$1$2]/g"), either) &&
         all(of_hadoop("RULE:[1:$1]s/(a)(b)(c)(d)(e)(f)(g)(h)(i)/$9/"), last);
});
KERB_BOTH("auth_to_local: quoted characters in a replacement are themselves", "[format][security]", [] {
  constexpr row dollar[] = {{"a@X", "$x"}}, number[] = {{"a@X", "$9"}}, backslash[] = {{"a@X", "\\a"}};
  return all(of_hadoop("RULE:[1:$1]s/a/\\$x/"), dollar) && all(of_hadoop("RULE:[1:$1]s/a/\\$9/"), number) &&
         all(of_hadoop("RULE:[1:$1]s/a/\\\\$0/"), backslash) && wrong(hadoop, "RULE:[1:$1]s/a/\\\\$/", 17) &&
         wrong(hadoop, "RULE:[1:$1]s/a/\\\\$x/", 17) && wrong(kafka, "RULE:[1:$1]s/a/\\\\$9/", 17) &&
         wrong(hadoop, "RULE:[1:$1]s/a/x$9/", 16);
});
KERB_BOTH("auth_to_local: A to Z and a to z are the letters that change", "[format]", [] {
  constexpr row small[] = {{"AMZ[`amz{@X", "amz[`amz{"}}, capital[] = {{"AMZ[`amz{@X", "AMZ[`AMZ{"}};
  return all(of_kafka("RULE:[1:$1]/L"), small) && all(of_kafka("RULE:[1:$1]/U"), capital);
});
KERB_BOTH("auth_to_local: a result has no control character, and may have others than ASCII", "[format][security]", [] {
  constexpr kerberos_string joe[] = {"joe"_krb};
  const auto refused = [&](std::string_view rules) {
    return map_of(of_mit(rules), joe, "X"_krb) == errc::no_local_name;
  };
  return refused("RULE:[1:$1\x7f]") && refused(std::string_view("RULE:[1:$1\0]", 12)) && refused("RULE:[1:$1\x1f]") &&
         map_of(of_mit("RULE:[1:$1 \xc3\xb6]"), joe, "X"_krb) == errc::ok;
});
KERB_BOTH("auth_to_local: a name without components is refused by every rule", "[format][security]", [] {
  for (const rule_dialect d : {mit, hadoop, kafka})
    if (map_of({.rules = "DEFAULT", .dialect = d, .default_realm = "X"_krb, .realms = {}}, {}, "X"_krb) !=
        errc::no_local_name)
      return false;
  return true;
});
TEST_CASE("auth_to_local: what does not fit is never cut", "[format][security]") {
  const auto field = [](std::string_view rules, std::size_t size) {
    const std::string name(size, 'a');
    const kerberos_string parts[] = {kerberos_string::of(name)};
    std::array<char, 300> out{};
    const auto r = (*auth_to_local::open(of_mit(rules))).map({{name_t::principal, parts}, "KRBTEST.COM"_krb}, out);
    return r ? std::string(*r) : std::string(r.error().field);
  };
  CHECK(field("DEFAULT", 256) == std::string(256, 'a'));
  CHECK(field("DEFAULT", 257) == "size");
  CHECK(field("RULE:[1:$1]s/a*$/x/", 256) == "x");
  CHECK(field("RULE:[1:$1]s/a*$/x/", 257) == "size");
  CHECK(field("RULE:[1:$1]s/a/bb/g s/b*$/x/", 128) == "x");
  CHECK(field("RULE:[1:$1]s/a/bb/g s/b*$/x/", 129) == "size");
}
TEST_CASE("auth_to_local: rules of 4 GiB are refused before any of them is read", "[format]") {
  if constexpr (sizeof(std::size_t) > 4) {
    const char one = 'D';
    const auto r = auth_to_local::open(of_mit(std::string_view(&one, std::size_t{0xffffffffu} + 1)));
    CHECK(r.error().code == errc::input_too_large);
  }
}

}  // namespace
