// What a KDC tells a client about its keys.
#include <kerb/exchange/kdc/hints.hpp>

#include "support/both.hpp"

using namespace kerb;
using namespace kerb::literals;

namespace {
constexpr etype_t e18 = etype_t::aes256_cts_hmac_sha1_96, e23 = etype_t::rc4_hmac;
constexpr std::uint8_t params[] = {0, 0, 0x10, 0};

using detail::hint_place;
constexpr std::size_t written(std::span<std::uint8_t> out, bool newer, bool offered,
                              hint_place place = hint_place::as_rep) {
  detail::s2k_hints h;
  if (!h.push_back({e18, "salt"_krb, bytes_view(params)}) || !h.push_back({e23, {}, {}})) return 0;
  der::writer w(out);
  detail::write_hints(w, h, newer, place, [&](der::writer& more) {
    if (offered) asn1::write(more, msg::PaData{padata_t::enc_timestamp, {}});
  });
  return w.count();
}
constexpr std::optional<bytes_view> find(const msg::MethodData& m, padata_t t) {
  for (const msg::PaData p : m)
    if (p.padata_type == t) return p.padata_value;
  return std::nullopt;
}

constexpr bool newer_clients_get_etype_info2_alone() {
  std::array<std::uint8_t, 256> out{};
  const std::size_t n = written(out, true, true);
  const auto m = asn1::decode_as<msg::MethodData>("METHOD-DATA", bytes_view(out).last(n));
  if (!m || m->size() != 2 || !find(*m, padata_t::enc_timestamp) || !find(*m, padata_t::enc_timestamp)->empty())
    return false;
  const auto info = asn1::decode_as<msg::EtypeInfo2>("ETYPE-INFO2", *find(*m, padata_t::etype_info2));
  if (!info || info->size() != 2) return false;
  auto e = info->begin();
  const bool first = (*e).etype == e18 && *(*e).salt == "salt"_krb && *(*e).s2kparams == bytes_view(params);
  ++e;
  return first && (*e).etype == e23 && !(*e).salt && !(*e).s2kparams;
}
KERB_BOTH("hints: a client that names a newer encryption type gets ETYPE-INFO2 and no older hint",
          "[exchange][rfc4120-5.2.7.5]", newer_clients_get_etype_info2_alone);

constexpr bool older_clients_get_the_older_hints_too() {
  std::array<std::uint8_t, 256> out{};
  const std::size_t n = written(out, false, false);
  const auto m = asn1::decode_as<msg::MethodData>("METHOD-DATA", bytes_view(out).last(n));
  if (!m || m->size() != 3 || find(*m, padata_t::enc_timestamp)) return false;
  const auto info = asn1::decode_as<msg::EtypeInfo>("ETYPE-INFO", *find(*m, padata_t::etype_info));
  return info && info->size() == 2 && kerberos_string{*find(*m, padata_t::pw_salt)} == "salt"_krb &&
         kerberos_string{*(*info->begin()).salt} == "salt"_krb && find(*m, padata_t::etype_info2);
}
KERB_BOTH("hints: a client of the time of RFC 1510 gets ETYPE-INFO and PW-SALT as well", "[exchange][rfc4120-5.2.7.4]",
          older_clients_get_the_older_hints_too);

constexpr bool a_refusal_has_no_pw_salt() {
  std::array<std::uint8_t, 256> out{};
  const std::size_t n = written(out, false, false, hint_place::krb_error);
  const auto m = asn1::decode_as<msg::MethodData>("METHOD-DATA", bytes_view(out).last(n));
  return m && m->size() == 2 && !find(*m, padata_t::pw_salt) && find(*m, padata_t::etype_info) &&
         find(*m, padata_t::etype_info2);
}
KERB_BOTH("hints: PW-SALT is only in an AS-REP", "[exchange][rfc4120-5.2.7.3]", a_refusal_has_no_pw_salt);

constexpr bool are_not_longer_than_said() {
  constexpr std::array<std::uint8_t, 300> octets{};
  for (const std::size_t salt : {std::size_t{0}, std::size_t{5}, std::size_t{130}, octets.size()}) {
    detail::s2k_hints h;
    while (h.push_back({etype_t{0x12345678}, kerberos_string{bytes_view(octets).first(salt)}, bytes_view(params)})) {
      for (const bool newer : {false, true}) {
        der::writer counted = der::writer::counting();
        detail::write_hints(counted, h, newer, hint_place::as_rep, [](der::writer&) {});
        if (counted.count() > detail::size_bound(h)) return false;
      }
    }
  }
  return true;
}
KERB_BOTH("hints: they are no longer than their bound", "[exchange]", are_not_longer_than_said);

constexpr bool the_older_types_are_known() {
  constexpr etype_t old[] = {etype_t(1), etype_t(2), etype_t(3), etype_t(16), e23, etype_t(24)};
  constexpr etype_t mixed[] = {e23, etype_t(17)};
  return !detail::names_newer_etype(view_of<etype_t>(old)) && detail::names_newer_etype(view_of<etype_t>(mixed));
}
KERB_BOTH("hints: DES, triple DES and RC4 are the older encryption types", "[exchange][rfc4120-5.2.7.4]",
          the_older_types_are_known);
}  // namespace
