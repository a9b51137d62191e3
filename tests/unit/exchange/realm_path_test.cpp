// Realms between two others: the one question that a transited field asks of a path. The paths themselves are in
// transited_test.
#include <kerb/exchange/realm_path.hpp>
#include <utility>

#include "support/both.hpp"

using namespace kerb;

namespace {

constexpr kerberos_string names[] = {
    "EX"_krb,    "A.EX"_krb,  "B.A.EX"_krb,  "C.B.A.EX"_krb,  "D.EX"_krb,     "E.D.EX"_krb, "ORG"_krb,
    "A.ORG"_krb, "/COM"_krb,  "/COM/HP"_krb, "/COM/HP/X"_krb, "/COM/DEC"_krb, "C=US"_krb,   "C=US/O=A"_krb,
    "N:A"_krb,   "N:A/B"_krb, ""_krb,        ".EX"_krb,       "A..EX"_krb,    "/"_krb,      "a.ex"_krb,
};
constexpr realm_path listed[] = {
    {"A.EX"_krb, "D.EX"_krb, "ORG"_krb}, {"A.EX"_krb, "D.EX"_krb, "A.ORG"_krb}, {"B.A.EX"_krb, "EX"_krb, {}}};

constexpr bool one_answer() {
  const realm_path_policy policies[] = {{}, {.paths = listed}, {.paths = listed, .hierarchical = false}};
  for (const kerberos_string from : names) {
    for (const kerberos_string to : names) {
      for (const kerberos_string realm : names) {
        for (const realm_path_policy& p : policies) {
          bool called = false;
          (void)for_each_realm_between(from, to, p, [&](kerberos_string r) { return !(called = r == realm); });
          if (called != detail::is_realm_between(from, to, p, realm)) return false;
        }
      }
    }
  }
  return true;
}
KERB_BOTH("is_realm_between: it is one of those that for_each_realm_between calls for", "[exchange][rfc4120-2.7]",
          one_answer);

constexpr bool both_ends_are_no_part() {
  using detail::is_realm_between;
  return is_realm_between("B.A.EX"_krb, "D.EX"_krb, "EX"_krb) &&
         is_realm_between("B.A.EX"_krb, "D.EX"_krb, "A.EX"_krb) &&
         !is_realm_between("B.A.EX"_krb, "D.EX"_krb, "B.A.EX"_krb) &&
         !is_realm_between("B.A.EX"_krb, "D.EX"_krb, "D.EX"_krb) &&
         !is_realm_between("B.A.EX"_krb, "EX"_krb, "EX"_krb) &&
         !is_realm_between("C.B.A.EX"_krb, "B.A.EX"_krb, "EX"_krb) && !is_realm_between("EX"_krb, "EX"_krb, "EX"_krb);
}
KERB_BOTH("is_realm_between: the two ends, and what is above the nearest common realm, do not lie between",
          "[exchange][rfc4120-3.3.3.2]", both_ends_are_no_part);

constexpr bool a_join_is_within_one_style() {
  using detail::is_below;
  const auto below = [](kerberos_string realm, kerberos_string above) { return is_below(realm.octets, above.octets); };
  return below("A.EX"_krb, "EX"_krb) && below("/EX/A"_krb, "/EX"_krb) && !below("ABC/O=x"_krb, "ABC"_krb) &&
         !below("/EX/A.EX"_krb, "EX"_krb) && !below("A..EX"_krb, "EX"_krb) && below("/A/.BCD"_krb, "/A"_krb);
}
KERB_BOTH("is_below: both realms are of one style, and only a domain name's dots can be taken for another's",
          "[exchange][rfc4120-3.3.3.2][rfc4120-6.1]", a_join_is_within_one_style);
KERB_BOTH("realm path: a name with a slash inside and no equals sign is of neither style", "[exchange][rfc4120-6.1]",
          [] {
            using detail::realm_style;
            using detail::style_of;
            return style_of("A/B"_krb.octets) == realm_style::other &&
                   style_of("A/B.EX"_krb.octets) == realm_style::other &&
                   style_of("/A"_krb.octets) == realm_style::x500 &&
                   style_of("A/B=C"_krb.octets) == realm_style::x500 &&
                   style_of("N:A"_krb.octets) == realm_style::other &&
                   style_of("A.B"_krb.octets) == realm_style::domain &&
                   !for_each_realm_between("A/B.EX"_krb, "C.EX"_krb, [](kerberos_string) { return true; });
          });

constexpr bool no_path_between_styles() {
  // The ends of the two look alike, read as domain names; and so do the beginnings of the last two
  const std::pair<kerberos_string, kerberos_string> ends[] = {{"A.EX"_krb, "C=US/O=B.EX"_krb},
                                                              {"C=US/O=B.EX"_krb, "A.EX"_krb},
                                                              {"A.EX"_krb, "N:B.EX"_krb},
                                                              {"N:A/B"_krb, "N:A/C"_krb},
                                                              {"A/B.EX"_krb, "A/C.EX"_krb}};
  for (const auto& [from, to] : ends) {
    if (for_each_realm_between(from, to, [](kerberos_string) { return true; })) return false;
    for (const kerberos_string between : {"EX"_krb, "N:A"_krb, "A"_krb, "C=US"_krb})
      if (detail::is_realm_between(from, to, between)) return false;
  }
  return true;
}
KERB_BOTH("realm path: no realm lies between two that are not of one known style", "[exchange][rfc4120-6.1]",
          no_path_between_styles);

}  // namespace
