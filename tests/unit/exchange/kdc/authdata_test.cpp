// Authorization data that a KDC carries into a ticket.
#include <kerb/exchange/kdc/authdata.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {
constexpr auto by_ticket = authdata_origin::ticket, by_other_realm = authdata_origin::foreign_ticket,
               by_client = authdata_origin::client;

constexpr bool what_is_signed_elsewhere_is_not_carried() {
  for (const ad_t t : {ad_t::win2k_pac, ad_t::cammac, ad_t::kdc_issued, ad_t(512), ad_t::mandatory_for_kdc})
    if (kdc_carries(t, by_ticket) || kdc_carries(t, by_other_realm) || kdc_carries(t, by_client)) return false;
  return true;
}
KERB_BOTH("kdc_carries: what was signed for another ticket is left behind, whoever says it",
          "[exchange][rfc4120-3.3.3]", what_is_signed_elsewhere_is_not_carried);

constexpr ad_t statements[] = {ad_t::initial_verified_cas, ad_t::authentication_strength,
                               ad_t::authentication_indicator, ad_t::login_alias};
constexpr bool only_a_kdc_says_what_a_kdc_says() {
  for (const ad_t t : statements)
    if (!kdc_carries(t, by_ticket) || kdc_carries(t, by_client)) return false;
  return true;
}
KERB_BOTH("kdc_carries: what only a KDC may say comes from a ticket, and from no client", "[exchange][rfc4120-5.2.6]",
          only_a_kdc_says_what_a_kdc_says);

constexpr bool another_realms_statements_stay_behind() {
  for (const ad_t t : statements)
    if (kdc_carries(t, by_other_realm) != (t == ad_t::initial_verified_cas)) return false;
  return kdc_carries(ad_t(7777), by_other_realm) && kdc_carries(ad_t::fx_fast_armor, by_other_realm);
}
KERB_BOTH(
    "kdc_carries: another realm's unsigned statements do not become this realm's, except the path of certificates",
    "[exchange][rfc4120-5.2.6][rfc4556-3.2.3]", another_realms_statements_stay_behind);

constexpr bool a_client_may_restrict_its_ticket() {
  for (const ad_t t : {ad_t::fx_fast_armor, ad_t::fx_fast_used})
    if (!kdc_carries(t, by_client) || !kdc_carries(t, by_ticket)) return false;
  return true;
}
KERB_BOTH("kdc_carries: the elements by which a client restricts its ticket to FAST are copied",
          "[exchange][rfc6113-5.4.1.1][rfc6113-5.4.2]", a_client_may_restrict_its_ticket);

constexpr bool unknown_types_are_carried() {
  return kdc_carries(ad_t(7777), by_ticket) && kdc_carries(ad_t(7777), by_client) &&
         kdc_carries(ad_t::and_or, by_client) && kdc_carries(ad_t::if_relevant, by_client);
}
KERB_BOTH("kdc_carries: what a KDC does not know is for the server to judge", "[exchange][rfc4120-1.5.1]",
          unknown_types_are_carried);

constexpr std::uint8_t octets[] = {1, 2, 3};
constexpr auto list_of = [](auto count) {
  std::array<msg::AuthorizationDataElement, count> a{};
  for (auto& e : a) e = {ad_t(7000), octets};
  return a;
};
constexpr auto thirty_two = list_of(std::integral_constant<std::size_t, 32>{});
constexpr auto thirty_three = list_of(std::integral_constant<std::size_t, 33>{});

constexpr bool a_bound_holds_over_both_lists() {
  detail::carried_authdata all, over, both, few;
  const msg::AuthorizationData full{view_of<msg::AuthorizationDataElement>(thirty_two)},
      one{view_of<msg::AuthorizationDataElement>(thirty_two.data(), 1)};
  return all.add(full, by_ticket, 32) &&
         !over.add({view_of<msg::AuthorizationDataElement>(thirty_three)}, by_ticket, 100) &&
         both.add(full, by_ticket, 32) && !both.add(one, by_client, 32) && few.add(one, by_ticket, 1) &&
         !few.add(one, by_client, 1);
}
KERB_BOTH("carried_authdata: no more elements are looked at than the bound, over all lists", "[exchange]",
          a_bound_holds_over_both_lists);

// AD-IF-RELEVANTs: of a type 7000 alone; of one and a PAC; of one in a further AD-IF-RELEVANT; and of nothing readable
constexpr std::uint8_t harmless[] = {0x30, 0x0d, 0x30, 0x0b, 0xa0, 4, 2, 2, 0x1b, 0x58, 0xa1, 3, 4, 1, 7};
constexpr std::uint8_t with_pac[] = {0x30, 0x1b, 0x30, 0x0c, 0xa0, 4, 2, 2,    0,    0x80, 0xa1, 4, 4, 2, 9,
                                     9,    0x30, 0x0b, 0xa0, 4,    2, 2, 0x1b, 0x58, 0xa1, 3,    4, 1, 7};
constexpr std::uint8_t nested[] = {0x30, 0x18, 0x30, 0x16, 0xa0, 3, 2, 1, 1, 0xa1, 15, 4, 13,
                                   0x30, 0x0b, 0x30, 0x09, 0xa0, 3, 2, 1, 5, 0xa1, 2,  4, 0};
constexpr std::uint8_t garbage[] = {0x30, 0x05, 0x01};

constexpr bytes_view written(const detail::carried_authdata& c, std::span<std::uint8_t> to) {
  der::writer w(to);
  c.write(w);
  return bytes_view(w.written_since(0));
}
constexpr bool elements_inside_are_judged_one_by_one() {
  std::array<std::uint8_t, 128> out{};
  const auto carried = [&](bytes_view inside) {
    detail::carried_authdata c;
    const msg::AuthorizationDataElement e[] = {{ad_t::if_relevant, inside}};
    return c.add({view_of<msg::AuthorizationDataElement>(e)}, by_ticket, 32) ? written(c, out) : bytes_view();
  };
  const msg::AuthorizationDataElement whole{ad_t::if_relevant, harmless};
  std::array<std::uint8_t, 64> as_it_was{};
  const bytes_view expected = kerb_test::must(asn1::encode(whole, as_it_was));
  return carried(harmless) == expected && carried(with_pac) == expected;
}
KERB_BOTH("carried_authdata: an AD-IF-RELEVANT keeps the elements that may be copied", "[exchange][rfc4120-5.2.6.1]",
          elements_inside_are_judged_one_by_one);

constexpr bool holds_looks_inside() {
  const msg::AuthorizationDataElement e[] = {{ad_t::if_relevant, with_pac}}, deep[] = {{ad_t::if_relevant, nested}};
  const std::optional<msg::AuthorizationData> data{view_of<msg::AuthorizationDataElement>(e)},
      deeper{view_of<msg::AuthorizationDataElement>(deep)};
  return detail::holds(data, ad_t::win2k_pac) && !detail::holds(data, ad_t::cammac) &&
         detail::holds(deeper, ad_t::and_or) && !detail::holds(deeper, ad_t::win2k_pac) &&
         !detail::holds(deeper, ad_t::win2k_pac, 2) && detail::holds(deeper, ad_t::win2k_pac, 1) &&
         !detail::holds(std::nullopt, ad_t::win2k_pac);
}
KERB_BOTH("holds: an element is found inside AD-IF-RELEVANT, and what lies too deep counts as found",
          "[exchange][rfc4120-5.2.6.1]", holds_looks_inside);

// ---- AD-AND-OR

/// One element inside `outer`s, of which the last is the outermost.
class wrapped {
 public:
  constexpr wrapped(const msg::AuthorizationDataElement& inner, std::initializer_list<ad_t> outer) : element_(inner) {
    for (const ad_t type : outer) {
      const msg::AuthorizationDataElement list[] = {element_};
      const msg::AuthorizationData data{view_of<msg::AuthorizationDataElement>(list)};
      std::array<std::uint8_t, 256> made{};
      const bytes_view whole =
          type == ad_t::and_or ? *asn1::encode(msg::AdAndOr{1, data}, made) : *asn1::encode(data, made);
      size_ = whole.size();
      for (std::size_t i = 0; i != size_; ++i) octets_[i] = whole[i];
      element_ = {type, bytes_view(octets_).first(size_)};
    }
  }
  wrapped(const wrapped&) = delete;
  constexpr view_of<msg::AuthorizationDataElement> list() const { return {&element_, 1}; }

 private:
  std::array<std::uint8_t, 256> octets_{};
  std::size_t size_ = 0;
  msg::AuthorizationDataElement element_;
};
constexpr msg::AuthorizationDataElement harmless_one{ad_t(7000), octets};
constexpr bool carried_whole(const wrapped& w, authdata_origin from, std::size_t most = 32) {
  detail::carried_authdata c;
  std::array<std::uint8_t, 512> out{}, same{};
  return c.add({w.list()}, from, most) && written(c, out) == *asn1::encode(w.list()[0], same);
}
constexpr bool refused(const wrapped& w, authdata_origin from, std::size_t most = 32) {
  detail::carried_authdata c;
  return !c.add({w.list()}, from, most);
}
constexpr bool a_nested_if_relevant_loses_no_restriction() {
  constexpr auto relevant = ad_t::if_relevant;
  for (const authdata_origin from : {by_ticket, by_other_realm, by_client}) {
    if (!carried_whole({harmless_one, {relevant, relevant}}, from) ||
        !carried_whole({harmless_one, {relevant, relevant, relevant, relevant}}, from) ||
        !refused({harmless_one, {relevant, relevant, relevant, relevant, relevant}}, from)) {
      return false;
    }
    // A PAC and a restriction, two levels deep: the restriction alone is copied, once inside
    const msg::AuthorizationDataElement two{relevant, with_pac}, expected{relevant, harmless};
    const wrapped w(two, {relevant});
    detail::carried_authdata c;
    std::array<std::uint8_t, 256> out{}, same{};
    if (!c.add({w.list()}, from, 32) || !(written(c, out) == *asn1::encode(expected, same))) return false;
    const msg::AuthorizationDataElement unreadable{relevant, garbage};
    if (!refused({unreadable, {}}, from) || !refused({unreadable, {relevant}}, from)) return false;
  }
  return carried_whole({harmless_one, {relevant, relevant}}, by_client, 3) &&
         refused({harmless_one, {relevant, relevant}}, by_client, 2);
}
KERB_BOTH("carried_authdata: a nested AD-IF-RELEVANT is copied by the same rules or refused, and never lost",
          "[exchange][rfc4120-5.2.6.1]", a_nested_if_relevant_loses_no_restriction);

constexpr bool what_a_kdc_must_understand_is_refused() {
  const msg::AuthorizationDataElement e{ad_t::mandatory_for_kdc, octets};
  for (const authdata_origin from : {by_ticket, by_other_realm, by_client})
    if (!refused({e, {}}, from) || !refused({e, {ad_t::if_relevant}}, from)) return false;
  return true;
}
KERB_BOTH("carried_authdata: AD-MANDATORY-FOR-KDC is refused, and never omitted", "[exchange][rfc4120-5.2.6.4]",
          what_a_kdc_must_understand_is_refused);

constexpr bool an_anonymous_ticket_keeps_its_restrictions() {
  constexpr auto relevant = ad_t::if_relevant, either = ad_t::and_or;
  const auto fate = [](const wrapped& w, authdata_origin from) {
    detail::carried_authdata c(true);
    return !c.add({w.list()}, from, 32) ? -1 : c.empty() ? 0 : 1;
  };
  for (const authdata_origin from : {by_ticket, by_other_realm, by_client}) {
    for (const ad_t t : {ad_t::win2k_pac, ad_t::cammac, ad_t::kdc_issued, ad_t(512), ad_t::initial_verified_cas,
                         ad_t::authentication_strength, ad_t::authentication_indicator, ad_t::login_alias}) {
      const msg::AuthorizationDataElement e{t, octets};
      if (fate({e, {}}, from) != 0 || fate({e, {relevant}}, from) != 0 || fate({e, {either}}, from) != -1) return false;
    }
    for (const ad_t t : {ad_t(7000), ad_t::osf_dce, ad_t::intended_for_server, ad_t::mandatory_for_kdc}) {
      const msg::AuthorizationDataElement e{t, octets};
      if (fate({e, {}}, from) != -1 || fate({e, {relevant}}, from) != -1 || fate({e, {either}}, from) != -1 ||
          fate({e, {relevant, relevant}}, from) != -1) {
        return false;
      }
    }
    for (const ad_t t : {ad_t::fx_fast_armor, ad_t::fx_fast_used}) {
      const msg::AuthorizationDataElement e{t, octets};
      if (fate({e, {}}, from) != 1 || fate({e, {relevant}}, from) != 1) return false;
    }
  }
  return true;
}
KERB_BOTH("carried_authdata: an anonymous ticket keeps restrictions, loses what names the client, or is refused",
          "[exchange][rfc6112-4.2]", an_anonymous_ticket_keeps_its_restrictions);

constexpr bool and_or_is_judged_by_what_it_encloses() {
  constexpr auto either = ad_t::and_or, relevant = ad_t::if_relevant;
  for (const authdata_origin from : {by_ticket, by_client}) {
    if (!carried_whole({harmless_one, {either}}, from) || !carried_whole({harmless_one, {either, relevant}}, from) ||
        !carried_whole({harmless_one, {relevant, either}}, from) ||
        !carried_whole({harmless_one, {either, either, either, either}}, from)) {
      return false;
    }
    for (const ad_t type : {ad_t::win2k_pac, ad_t::cammac, ad_t::kdc_issued, ad_t(512), ad_t::mandatory_for_kdc}) {
      const msg::AuthorizationDataElement e{type, octets};
      if (!refused({e, {either}}, from) || !refused({e, {either, relevant}}, from) ||
          !refused({e, {relevant, either}}, from) || !refused({e, {either, either, relevant}}, from) ||
          !refused({e, {relevant, either, either}}, from)) {
        return false;
      }
    }
    if (!refused({harmless_one, {either, either, either, either, either}}, from)) return false;  // too deep to look
    const msg::AuthorizationDataElement unreadable[] = {{either, garbage}}, inside[] = {{relevant, garbage}};
    if (!refused({unreadable[0], {}}, from) || !refused({unreadable[0], {relevant}}, from) ||
        !refused({inside[0], {either}}, from)) {
      return false;
    }
  }
  const msg::AuthorizationDataElement indicator{ad_t::authentication_indicator, octets};
  return carried_whole({indicator, {either}}, by_ticket) && refused({indicator, {either}}, by_client);
}
KERB_BOTH("carried_authdata: an AD-AND-OR is carried as it is, or the request is refused",
          "[exchange][rfc4120-5.2.6.3]", and_or_is_judged_by_what_it_encloses);

constexpr bool a_list_that_is_carried_whole_stays_one() {
  std::array<std::uint8_t, 256> inside{}, out{}, same{};
  const msg::AuthorizationDataElement two[] = {harmless_one, {ad_t(7001), octets}};
  const msg::AuthorizationDataElement e[] = {
      {ad_t::if_relevant, *asn1::encode(msg::AuthorizationData(view_of<msg::AuthorizationDataElement>(two)), inside)}};
  detail::carried_authdata c;
  return c.add({view_of<msg::AuthorizationDataElement>(e)}, by_client, 32) &&
         written(c, out) == *asn1::encode(e[0], same);
}
KERB_BOTH("carried_authdata: an AD-IF-RELEVANT of which everything is carried stays as it is",
          "[exchange][rfc4120-5.2.6.1]", a_list_that_is_carried_whole_stays_one);

constexpr bool other_types_enclose_nothing() {
  const wrapped in_and_or({ad_t::win2k_pac, octets}, {ad_t::and_or});
  const msg::AuthorizationDataElement unknown[] = {{ad_t(7000), in_and_or.list()[0].ad_data}};
  const std::optional<msg::AuthorizationData> open{in_and_or.list()},
      data{view_of<msg::AuthorizationDataElement>(unknown)};
  return detail::holds(open, ad_t::win2k_pac) && !detail::holds(data, ad_t::win2k_pac);
}
KERB_BOTH("holds: nothing is looked for in elements of types that enclose none", "[exchange][rfc4120-5.2.6]",
          other_types_enclose_nothing);

constexpr bool the_bound_counts_what_is_enclosed() {
  constexpr auto either = ad_t::and_or, relevant = ad_t::if_relevant;
  return carried_whole({harmless_one, {relevant}}, by_client, 2) && refused({harmless_one, {relevant}}, by_client, 1) &&
         carried_whole({harmless_one, {either}}, by_client, 2) && refused({harmless_one, {either}}, by_client, 1) &&
         carried_whole({harmless_one, {either, relevant}}, by_client, 3) &&
         refused({harmless_one, {either, relevant}}, by_client, 2) &&
         carried_whole({harmless_one, {either, either}}, by_client, 3) &&
         refused({harmless_one, {either, either}}, by_client, 2);
}
KERB_BOTH("carried_authdata: the bound counts what AD-IF-RELEVANT and AD-AND-OR enclose", "[exchange][rfc4120-5.2.6.1]",
          the_bound_counts_what_is_enclosed);

constexpr bool cleared_is_as_new() {
  detail::carried_authdata c;
  const msg::AuthorizationData one{view_of<msg::AuthorizationDataElement>(thirty_two.data(), 1)};
  if (!c.empty() || !c.add(one, by_ticket, 1) || c.empty() || c.add(one, by_ticket, 1)) return false;
  c.clear();
  return c.empty() && c.size_bound() == 0 && c.add(one, by_ticket, 1) && !c.empty();
}
KERB_BOTH("carried_authdata: cleared, it counts anew", "[exchange]", cleared_is_as_new);

constexpr bool the_bound_is_one() {
  for (const std::size_t size : {0u, 1u, 100u, 127u, 128u, 255u, 256u, 70000u}) {
    der::writer w = der::writer::counting();
    auto zeros =
        asn1::computed{[&](der::writer& inner) { der::wrap(inner, der::octet_string, [&] { inner.zeros(size); }); }};
    detail::carried_authdata::write_one(
        w, msg::BasicAuthorizationDataElement<decltype(zeros)>{ad_t(-0x7fffffff), zeros}, true);
    if (w.count() > 64 + size) return false;
  }
  return true;
}
KERB_BOTH("carried_authdata: 64 octets do for all that surrounds an element's data", "[exchange]", the_bound_is_one);
}  // namespace
