// Authorization data that a KDC carries into a ticket.
#include <kerb/exchange/kdc/authdata.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {
constexpr auto by_ticket = authdata_origin::ticket, by_client = authdata_origin::client;

constexpr bool what_is_signed_elsewhere_is_not_carried() {
  for (const ad_t t : {ad_t::win2k_pac, ad_t::cammac, ad_t::kdc_issued, ad_t(512), ad_t::mandatory_for_kdc})
    if (kdc_carries(t, by_ticket) || kdc_carries(t, by_client)) return false;
  return true;
}
KERB_BOTH("kdc_carries: what was signed for another ticket is left behind, whoever says it",
          "[exchange][rfc4120-3.3.3]", what_is_signed_elsewhere_is_not_carried);

constexpr bool only_a_kdc_says_what_a_kdc_says() {
  for (const ad_t t : {ad_t::initial_verified_cas, ad_t::authentication_strength, ad_t::fx_fast_armor,
                       ad_t::fx_fast_used, ad_t::authentication_indicator})
    if (!kdc_carries(t, by_ticket) || kdc_carries(t, by_client)) return false;
  return true;
}
KERB_BOTH("kdc_carries: what only a KDC may say comes from a ticket, and from no client", "[exchange][rfc4120-5.2.6]",
          only_a_kdc_says_what_a_kdc_says);

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
  return carried(harmless) == expected && carried(with_pac) == expected && carried(nested).empty() &&
         carried(garbage).empty();
}
KERB_BOTH("carried_authdata: of an AD-IF-RELEVANT just what may be carried is, and no nested one",
          "[exchange][rfc4120-5.2.6.1]", elements_inside_are_judged_one_by_one);

constexpr bool holds_looks_inside() {
  const msg::AuthorizationDataElement e[] = {{ad_t::if_relevant, with_pac}}, deep[] = {{ad_t::if_relevant, nested}};
  const std::optional<msg::AuthorizationData> data{view_of<msg::AuthorizationDataElement>(e)},
      deeper{view_of<msg::AuthorizationDataElement>(deep)};
  return detail::holds(data, ad_t::win2k_pac) && !detail::holds(data, ad_t::cammac) &&
         detail::holds(deeper, ad_t::and_or) && !detail::holds(deeper, ad_t::and_or, 1) &&
         !detail::holds(std::nullopt, ad_t::win2k_pac);
}
KERB_BOTH("holds: an element is found inside AD-IF-RELEVANT, to a bounded depth", "[exchange][rfc4120-5.2.6.1]",
          holds_looks_inside);
}  // namespace
