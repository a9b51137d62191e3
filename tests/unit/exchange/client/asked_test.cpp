// What a client asks a KDC for.
#include <kerb/exchange/client/asked.hpp>

#include "support/both.hpp"
#include "support/kdc_world.hpp"

using namespace kerb_test;

namespace {
constexpr std::uint8_t with_zero[] = {'E', 'X', 0, 'O', 'R', 'G'};
constexpr bool ticket_granting_names_have_two_components() {
  const kerberos_string one[] = {"krbtgt"_krb}, other[] = {"KRBTGT"_krb, "EX.ORG"_krb}, none[] = {"krbtgt"_krb, ""_krb},
                        zero[] = {"krbtgt"_krb, {bytes_view(with_zero)}},
                        three[] = {"krbtgt"_krb, "EX.ORG"_krb, "x"_krb};
  return detail::krbtgt_realm(krbtgt().name) == ex_org &&
         detail::krbtgt_realm(named(referral_parts).name) == other_org && !detail::krbtgt_realm(named(one).name) &&
         !detail::krbtgt_realm(named(none).name) && !detail::krbtgt_realm(named(zero).name) &&
         !detail::krbtgt_realm(named(other).name) && !detail::krbtgt_realm(named(three).name) &&
         !detail::krbtgt_realm(web().name) && !detail::krbtgt_realm({});
}

constexpr etype_t seventeen[] = {etype_t(1),  etype_t(2),  etype_t(3),  etype_t(4),  etype_t(5),  etype_t(6),
                                 etype_t(7),  etype_t(8),  etype_t(9),  etype_t(10), etype_t(11), etype_t(12),
                                 etype_t(13), etype_t(14), etype_t(15), etype_t(16), etype_t(17)};
constexpr bool offers_have_one_to_sixteen() {
  fixed<etype_t, 16> o;
  const view_of<etype_t> all(seventeen), sixteen(seventeen, 16);
  return detail::make_offer(o, {}, sixteen) && o.size() == 16 && !detail::make_offer(o, {}, all) &&
         detail::make_offer(o, e20, {}) && o.size() == 1 && !detail::make_offer(o, {}, {}) &&
         !detail::make_offer(o, e20, sixteen);
}
constexpr bool the_own_type_is_first_and_no_type_twice() {
  fixed<etype_t, 16> o;
  const etype_t list[] = {e20, e18, e20, e17};
  return detail::make_offer(o, e17, list) && o.size() == 3 && o[0] == e17 && o[1] == e20 && o[2] == e18;
}

constexpr bool a_realm_is_noted_where_it_is_another() {
  msg::KrbError e;
  e.error_code = error_code_t::kdc_err_wrong_realm;
  e.realm = ex_org;
  const auto of = [&] {
    detail::named_realm n;
    n.note(e, ex_org);
    return n.get().has_value();
  };
  if (of()) return false;  // the one that was asked
  e.realm = other_org;
  if (!of()) return false;
  e.crealm = ex_org;
  if (of()) return false;  // crealm counts where there is one
  e.crealm = other_org;
  if (!of()) return false;
  e.error_code = error_code_t::kdc_err_c_principal_unknown;
  return !of();
}
constexpr bool a_realm_is_copied_or_left_out() {
  std::array<std::uint8_t, 256> octets{};
  for (std::uint8_t& b : octets) b = 'R';
  detail::named_realm n;
  n.note(kerberos_string{bytes_view(octets).first(255)});
  octets[0] = 'x';
  if (!n.get() || n.get()->octets.size() != 255 || n.get()->octets[0] != 'R' || n.get()->octets[254] != 'R')
    return false;
  n.note(kerberos_string{bytes_view(octets)});
  return !n.get();
}
}  // namespace

KERB_BOTH("krbtgt_realm: krbtgt and one more component, which is the realm", "[exchange][rfc4120-7.3]",
          ticket_granting_names_have_two_components);
KERB_BOTH("make_offer: one to sixteen encryption types", "[exchange][rfc4120-5.4.1]", offers_have_one_to_sixteen);
KERB_BOTH("make_offer: the type of the key that there is comes first, and none comes twice",
          "[exchange][rfc4120-3.1.3]", the_own_type_is_first_and_no_type_twice);
KERB_BOTH("named_realm: another realm than the one asked, from KDC_ERR_WRONG_REALM alone", "[exchange][rfc6806-7]",
          a_realm_is_noted_where_it_is_another);
KERB_BOTH("named_realm: a copy, or none of a realm that is too long", "[exchange]", a_realm_is_copied_or_left_out);
KERB_BOTH("fill_body: an AS is asked in the client's realm, a TGS in the server's", "[exchange][rfc4120-5.4.1]", [] {
  for (const bool initial : {true, false}) {
    detail::request_facts a;
    a.client = alice();
    a.server = named(web_parts, other_org);
    a.initial = initial;
    msg::KdcReqBody b;
    detail::fill_body(b, a);
    if (!(b.realm == (initial ? ex_org : other_org)) || b.cname.has_value() != initial) return false;
  }
  return true;
});
