// Requests to the TGS that tests bend: what they put into them.
#pragma once
#include "kdc_side.hpp"

namespace kerb_kdc_test {
using namespace kerb;

inline constexpr std::uint8_t here_octets[] = {10, 1, 2, 3}, there_octets[] = {10, 1, 2, 4},
                              some_octets[] = {0x30, 0x00};
inline constexpr msg::HostAddress here{addr_t::ipv4, here_octets}, there{addr_t::ipv4, there_octets};
inline constexpr msg::HostAddress only_there[] = {there}, both_places[] = {there, here};
inline constexpr etype_t only_17[] = {e17}, only_20[] = {e20}, none_known[] = {etype_t::rc4_hmac};
inline constexpr kerberos_string unknown_parts[] = {"no"_krb, "body"_krb}, no_parts[1] = {};
inline constexpr msg::AuthorizationDataElement armor_only[] = {{ad_t::fx_fast_armor, some_octets}},
                                               for_the_kdc[] = {{ad_t::mandatory_for_kdc, some_octets}};
/// The contents of an AD-IF-RELEVANT with `Levels` more inside, the last one empty.
template <std::size_t Levels>
inline constexpr auto nested_lists = [] {
  std::array<std::uint8_t, 2 + 13 * Levels> octets{0x30, 0x00};
  for (std::size_t level = 0, n = 2; level != Levels; ++level, n += 13) {
    for (std::size_t i = n; i != 0; --i) octets[i + 12] = octets[i - 1];
    const auto size = [n](std::size_t more) { return static_cast<std::uint8_t>(n + more); };
    const std::uint8_t front[] = {0x30, size(11), 0x30, size(9), 0xa0, 3, 2, 1, 1, 0xa1, size(2), 4, size(0)};
    for (std::size_t i = 0; i != 13; ++i) octets[i] = front[i];
  }
  return octets;
}();
inline constexpr msg::AuthorizationDataElement deep_enough[] = {{ad_t::if_relevant, nested_lists<3>}},
                                               too_deep[] = {{ad_t::if_relevant, nested_lists<4>}};
inline constexpr auto many_elements = [] {
  std::array<msg::AuthorizationDataElement, 33> list{};
  for (auto& e : list) e = {ad_t(7000), some_octets};
  return list;
}();
/// AD-IF-RELEVANT around AD-FX-FAST-ARMOR.
inline constexpr std::uint8_t hidden_armor_octets[] = {0x30, 0x0d, 0x30, 0x0b, 0xa0, 3,    2,   1,
                                                       71,   0xa1, 4,    4,    2,    0x30, 0x00};
inline constexpr msg::AuthorizationDataElement hidden_armor[] = {{ad_t::if_relevant, hidden_armor_octets}};

/// A second ticket that is as it should be: bob's own ticket-granting ticket.
constexpr void to_user(kdc_world& w) {
  w.body.kdc_options.set(kdc_option_t::enc_tkt_in_skey);
  w.body.sname = bob().name;
  w.second = w.tgt;
  w.second->cname = bob().name;
}
/// The ticket that authenticates the request is one for this principal.
constexpr void show(kdc_world& w, const kdc_world::entry& server) {
  w.tgt_server = server.record.principal;
  w.tgt_key = &server.own;
}
/// The ticket comes from the KDC of another realm, whose client it is.
constexpr void from_far(kdc_world& w) {
  show(w, w.incoming);
  w.tgt.crealm = w.authenticator.crealm = other_org;
}

/// A renewable ticket-granting ticket is to be renewed.
constexpr void to_renew(kdc_world& w) {
  w.tgt.flags.set(ticket_flag_t::renewable);
  w.tgt.renew_till = plus(noon.at, 86400);
  w.body.kdc_options.set(kdc_option_t::renew);
  w.body.sname = krbtgt().name;
}

}  // namespace kerb_kdc_test
