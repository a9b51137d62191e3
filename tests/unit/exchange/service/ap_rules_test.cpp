// The checks of a service one by one; through the machine they are in ap_test and in tests/exchange/acceptor_test.
#include <kerb/exchange/service/ap_rules.hpp>
#include <kerb/testing/insecure.hpp>

#include "support/both.hpp"

using namespace kerb;
using kerb::testing::insecure_policy;

namespace {
constexpr kerberos_string alice_parts[] = {"alice"_krb}, bob_parts[] = {"bob"_krb};
constexpr msg::PrincipalName alice{name_t::principal, alice_parts}, bob{name_t::principal, bob_parts};
constexpr std::uint8_t here_octets[] = {10, 1, 2, 3}, there_octets[] = {10, 1, 2, 4};
constexpr std::uint8_t mapped_octets[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3};
constexpr msg::HostAddress here{addr_t::ipv4, here_octets}, there{addr_t::ipv4, there_octets},
    mapped{addr_t::ipv6, mapped_octets}, windows{addr_t::netbios, here_octets};

constexpr msg::EncTicketPart ticket() {
  msg::EncTicketPart t{};
  t.crealm = "EX.ORG"_krb;
  t.cname = alice;
  t.authtime = {1000};
  t.endtime = {5000};
  return t;
}

constexpr bool the_client_is_the_tickets() {
  msg::Authenticator a{};
  a.crealm = "EX.ORG"_krb;
  a.cname = alice;
  const bool good = detail::check_client(a, ticket()).ok();
  a.cname = bob;
  const bool name = !detail::check_client(a, ticket()).ok();
  a.cname = alice;
  a.crealm = "EX.OR"_krb;
  return good && name && !detail::check_client(a, ticket()).ok();
}
KERB_BOTH("check_client: name and realm are the ticket's", "[exchange][rfc4120-3.2.3]", the_client_is_the_tickets);

constexpr bool address(view_of<msg::HostAddress> list, std::optional<msg::HostAddress> peer, bool demanded) {
  msg::EncTicketPart t = ticket();
  if (!list.empty()) t.caddr = msg::HostAddresses(list);
  acceptor_params r{.buffer = {}};
  r.peer_address = peer;
  r.demand_addresses = demanded;
  return detail::check_address(t, r).ok();
}
constexpr msg::HostAddress one[] = {here}, other[] = {there}, names[] = {windows}, nobody[] = {{}};
KERB_BOTH("check_address: one of the ticket's, where it has any", "[exchange][rfc4120-3.2.3]", [] {
  return address(one, here, false) && address(one, here, true) && !address(other, here, false) &&
         !address(one, {}, false) && address({}, here, false) && !address({}, here, true) && address({}, {}, false) &&
         !address(nobody, {}, false);
});
KERB_BOTH("check_address: an IPv6 socket's form of an IPv4 address fits", "[exchange][rfc4120-7.1]",
          [] { return address(one, mapped, true); });
KERB_BOTH("check_address: a ticket with a NetBIOS name alone has no address", "[exchange][rfc4120-3.2.3]",
          [] { return address(names, here, false) && address(names, {}, false) && !address(names, here, true); });

constexpr std::uint8_t between[] = {'M', 'I', 'D', '.', 'N', 'E', 'T'},
                       evil[] = {'E', 'V', 'I', 'L', '.', 'C', 'O', 'M'};
constexpr realm_path listed[] = {{"FAR.ORG"_krb, "EX.ORG"_krb, "MID.NET"_krb}};
constexpr errc path(bytes_view transited, bool checked, void (*say)(acceptor_params&)) {
  msg::EncTicketPart t = ticket();
  t.crealm = "FAR.ORG"_krb;
  t.transited = {tr_t::domain_x500_compress, transited};
  t.flags.set(ticket_flag_t::transited_policy_checked, checked);
  acceptor_params r{.buffer = {}};
  say(r);
  return detail::check_path(t, "EX.ORG"_krb, r).why.code;
}
constexpr void nothing(acceptor_params&) {}
constexpr void own_paths(acceptor_params& r) { r.paths = realm_path_policy{.paths = listed}; }
constexpr void trusting(acceptor_params& r) { r.trust_unchecked_path = true; }
constexpr void doubting(acceptor_params& r) {
  own_paths(r);
  r.distrust_kdc_paths = true;
}
KERB_BOTH("check_path: what no KDC has checked is refused, unless the service can or will not",
          "[exchange][rfc4120-2.7]", [] {
            return path(between, false, nothing) == errc::path_not_checked &&
                   path(between, true, nothing) == errc::ok && path(between, false, trusting) == errc::ok &&
                   path(between, false, own_paths) == errc::ok &&
                   path(evil, false, own_paths) == errc::path_not_accepted && path(evil, true, own_paths) == errc::ok;
          });
KERB_BOTH("check_path: a service may judge what a KDC says to have checked", "[exchange][rfc4120-2.7]", [] {
  return path(between, true, doubting) == errc::ok && path(evil, true, doubting) == errc::path_not_accepted;
});
KERB_BOTH("check_path: a client of the service's realm has none", "[exchange][rfc4120-2.7]", [] {
  acceptor_params r{.buffer = {}};
  return detail::check_path(ticket(), "EX.ORG"_krb, r).ok();
});

constexpr errc anonymous_path(bytes_view transited, void (*say)(acceptor_params&), void (*bend)(msg::EncTicketPart&)) {
  msg::EncTicketPart t = ticket();
  t.crealm = anonymous_realm;
  t.cname = anonymous_name;
  t.flags.set(ticket_flag_t::anonymous);
  t.transited = {tr_t::domain_x500_compress, transited};
  bend(t);
  acceptor_params r{.buffer = {}};
  say(r);
  return detail::check_path(t, "EX.ORG"_krb, r).why.code;
}
constexpr std::uint8_t torn[] = {'A', '\\'};
KERB_BOTH("check_path: an anonymous client that hides its realm may have any path", "[exchange][rfc6112-4.3]", [] {
  const auto as_it_is = [](msg::EncTicketPart&) {};
  return anonymous_path(evil, nothing, as_it_is) == errc::ok && anonymous_path(evil, own_paths, as_it_is) == errc::ok &&
         anonymous_path({}, nothing, as_it_is) == errc::ok && anonymous_path(evil, doubting, as_it_is) == errc::ok &&
         anonymous_path(torn, own_paths, as_it_is) == errc::bad_transited;
});
KERB_BOTH("check_path: nobody else of the anonymous realm has any path", "[exchange][rfc6112-4.3]", [] {
  return anonymous_path(evil, nothing, [](msg::EncTicketPart& t) { t.cname = alice; }) == errc::path_not_checked &&
         anonymous_path(evil, own_paths, [](msg::EncTicketPart& t) { t.cname = alice; }) == errc::path_not_accepted &&
         anonymous_path(evil, own_paths, [](msg::EncTicketPart& t) { t.flags = {}; }) == errc::path_not_accepted &&
         anonymous_path(evil, own_paths, [](msg::EncTicketPart& t) { t.crealm = "FAR.ORG"_krb; }) ==
             errc::path_not_accepted &&
         anonymous_path(evil, own_paths, [](msg::EncTicketPart& t) { t.transited.tr_type = tr_t::none; }) ==
             errc::path_not_accepted;
});

constexpr kerberos_string http_parts[] = {"HTTP"_krb, "www"_krb};
constexpr principal_view in_ex{{name_t::srv_hst, http_parts}, "EX.ORG"_krb},
    in_far{{name_t::srv_hst, http_parts}, "FAR.ORG"_krb};
constexpr principal_view both_in_ex[] = {in_ex, in_ex}, in_both[] = {in_ex, in_far}, in_one[] = {in_far};
constexpr bool own(std::optional<principal_view> service, view_of<principal_view> services, std::string_view realm) {
  acceptor_params r{.buffer = {}};
  r.service = service;
  r.services = services;
  const auto got = detail::own_realm(r);
  return realm.empty() ? !got : got && *got == realm;
}
KERB_BOTH("own_realm: the one that all names of the service have", "[exchange][rfc4120-2.7]", [] {
  return own({}, {}, "") && own(in_ex, {}, "EX.ORG") && own({}, both_in_ex, "EX.ORG") && own({}, in_one, "FAR.ORG") &&
         own({}, in_both, "") && own(in_ex, in_one, "") && own(in_ex, both_in_ex, "EX.ORG") && own(in_far, in_both, "");
});
KERB_BOTH("check_path: where the own realm is not known no client is a local one", "[exchange][rfc4120-2.7]", [] {
  acceptor_params r{.buffer = {}};
  msg::EncTicketPart t = ticket();
  if (detail::check_path(t, {}, r).why.code != errc::path_not_checked) return false;
  r.paths = realm_path_policy{};
  if (!detail::check_path(t, {}, r).ok()) return false;  // its realm is trusted, and it has come through no other
  t.transited = {tr_t::domain_x500_compress, between};
  return detail::check_path(t, {}, r).why.code == errc::path_not_accepted;
});
KERB_BOTH("wants_mutual: by the checksum where there is one", "[exchange][rfc4121-4.1.1.1]", [] {
  const gss_checksum yes{.bnd = {}, .flags = {gss_flag_t::mutual}, .deleg = {}, .exts = {}},
      no{.bnd = {}, .flags = {gss_flag_t::conf}, .deleg = {}, .exts = {}};
  const msg::ApOptions asked{ap_option_t::mutual_required}, unasked{ap_option_t::use_session_key};
  return detail::wants_mutual(yes, asked) && detail::wants_mutual(yes, unasked) && !detail::wants_mutual(no, asked) &&
         !detail::wants_mutual(no, unasked) && detail::wants_mutual({}, asked) && !detail::wants_mutual({}, unasked);
});
// In a ticket the option is no client's word
KERB_BOTH("knows_bindings: only what the client itself says", "[exchange]", [] {
  const auto known = [](bool in_ticket, std::uint32_t flags) {
    insecure_policy p;
    const auto octets = octets_of_ms_flags(flags);
    const msg::AuthorizationDataElement options[] = {{ad_t::ad_auth_data_ap_options, octets}};
    std::array<std::uint8_t, 64> inner{};
    const bytes_view list =
        *asn1::encode(msg::AuthorizationData(view_of<msg::AuthorizationDataElement>(options)), inner);
    const msg::AuthorizationDataElement relevant[] = {{ad_t::if_relevant, list}};
    const std::optional<msg::AuthorizationData> d =
        msg::AuthorizationData(view_of<msg::AuthorizationDataElement>(relevant));
    std::array<std::uint8_t, 32> zeros{};
    const key k = *p.import(etype_t::aes256_cts_hmac_sha1_96, zeros);
    authorization data;
    (void)verify_authorization(p, k, {}, in_ticket ? d : std::nullopt, in_ticket ? std::nullopt : d, data);
    return detail::knows_bindings(data);
  };
  return known(false, 0x4000) && known(false, 0xc001) && !known(false, 0x8000) && !known(true, 0x4000);
});

/// The client's own authorization data, each element in AD-IF-RELEVANT.
constexpr authorization said_by_client(view_of<msg::AuthorizationDataElement> list, std::span<std::uint8_t> inner,
                                       msg::AuthorizationDataElement (&relevant)[1]) {
  insecure_policy p;
  relevant[0] = {ad_t::if_relevant, kerb_test::must(asn1::encode(msg::AuthorizationData(list), inner))};
  std::array<std::uint8_t, 32> zeros{};
  const key k = kerb_test::must(p.import(etype_t::aes256_cts_hmac_sha1_96, zeros));
  authorization data;
  (void)verify_authorization(p, k, {}, std::nullopt,
                             msg::AuthorizationData(view_of<msg::AuthorizationDataElement>(relevant)), data);
  return data;
}
KERB_BOTH("knows_bindings: it is the option that says so, once said", "[exchange]", [] {
  const auto cbt = octets_of_ms_flags(0x4000), none = octets_of_ms_flags(0);
  const auto known = [&](ad_t first, bytes_view a, bytes_view b) {
    const msg::AuthorizationDataElement list[] = {{first, a}, {ad_t::ad_auth_data_ap_options, b}};
    std::array<std::uint8_t, 96> inner{};
    msg::AuthorizationDataElement relevant[1];
    return detail::knows_bindings(said_by_client(list, inner, relevant));
  };
  const std::uint8_t junk[] = {1};
  return known(ad_t::ad_auth_data_ap_options, cbt, none) && known(ad_t::ad_auth_data_ap_options, none, cbt) &&
         known(ad_t::ad_auth_data_ap_options, cbt, junk) && !known(ad_t::osf_dce, cbt, none) &&
         !known(ad_t::osf_dce, cbt, junk);
});
KERB_BOTH("negotiated_etype: only from the element for it, and from one that decodes", "[exchange][rfc4537-3]", [] {
  insecure_policy p;
  const etype_t types[] = {etype_t::aes128_cts_hmac_sha1_96};
  std::array<std::uint8_t, 16> octets{};
  const bytes_view encoded = kerb_test::must(asn1::encode(msg::EtypeList(view_of<etype_t>(types)), octets));
  const std::uint8_t junk[] = {1};
  const auto of = [&](ad_t a, bytes_view first, ad_t b, bytes_view second) {
    const msg::AuthorizationDataElement list[] = {{a, first}, {b, second}};
    std::array<std::uint8_t, 96> inner{};
    msg::AuthorizationDataElement relevant[1];
    return detail::negotiated_etype(p, said_by_client(list, inner, relevant));
  };
  constexpr ad_t negotiation = ad_t::etype_negotiation;
  return of(negotiation, encoded, ad_t::osf_dce, junk) == types[0] &&
         of(negotiation, junk, negotiation, encoded) == types[0] && !of(ad_t::osf_dce, encoded, ad_t::osf_dce, junk) &&
         !of(negotiation, junk, ad_t::osf_dce, encoded);
});

KERB_BOTH("check_times: to the microsecond, and the ticket's to the second", "[exchange][rfc4120-3.2.3]", [] {
  const auto at = [](std::int64_t s, std::int32_t us, std::int64_t now) {
    return detail::check_times(ticket(), {{s}, {us}}, {{now}, {500000}}, 300).why.code;
  };
  return at(2000, 500000, 2000) == errc::ok && at(1700, 500000, 2000) == errc::ok &&
         at(1700, 499999, 2000) == errc::clock_skew && at(2300, 500001, 2000) == errc::clock_skew &&
         at(700, 500000, 700) == errc::ok && at(699, 500000, 699) == errc::ticket_not_yet_valid &&
         at(5300, 500000, 5300) == errc::ok && at(5301, 500000, 5301) == errc::ticket_expired &&
         // RFC 4120 section 5.2.4: 0 and 1 microseconds, and the last one
         at(1700, 999999, 2000) == errc::ok && at(2300, 0, 2000) == errc::ok && at(2300, 1, 2000) == errc::ok;
});

// ---- channel bindings

constexpr std::uint8_t channel_octets[] = {'t', 'l', 's'}, elsewhere_octets[] = {'t', 'l', 't'};
constexpr channel_bindings channel{.application_data = channel_octets}, elsewhere{.application_data = elsewhere_octets};
enum class says { nothing, no_checksum, this_channel, another };

constexpr std::pair<errc, bool> bind(says client, binding_rule rule, bool own, bool aware = false) {
  insecure_policy p;
  std::array<std::uint8_t, 16> bnd{};
  if (client == says::this_channel) (void)hash_bindings(p, channel, bnd);
  if (client == says::another) (void)hash_bindings(p, elsewhere, bnd);
  std::optional<gss_checksum> gss;
  if (client != says::no_checksum) gss = gss_checksum{.bnd = bnd, .flags = {}, .deleg = {}, .exts = {}};
  acceptor_params r{.buffer = {}};
  r.binding = rule;
  if (own) r.bindings = channel;
  const auto cbt = octets_of_ms_flags(0x4000);
  const msg::AuthorizationDataElement options[] = {{ad_t::ad_auth_data_ap_options, cbt}};
  std::array<std::uint8_t, 64> inner{};
  const bytes_view list =
      kerb_test::must(asn1::encode(msg::AuthorizationData(view_of<msg::AuthorizationDataElement>(options)), inner));
  const msg::AuthorizationDataElement relevant[] = {{ad_t::if_relevant, list}};
  authorization data;
  std::array<std::uint8_t, 32> octets{};
  const key k = kerb_test::must(p.import(etype_t::aes256_cts_hmac_sha1_96, octets));
  std::optional<msg::AuthorizationData> from_client;
  if (aware) from_client = msg::AuthorizationData(view_of<msg::AuthorizationDataElement>(relevant));
  if (!verify_authorization(p, k, {}, {}, from_client, data).ok()) return {errc::api_misuse, false};
  bool bound = true;
  const errc e = detail::check_bindings(p, gss, data, r, bound).why.code;
  return {e, bound};
}
/// A library without MD5.
struct no_md5 : insecure_policy {
  constexpr errc hash(hash_id, view_of<bytes_view>, std::span<std::uint8_t>) noexcept { return errc::crypto_backend; }
};
KERB_BOTH("check_bindings: bindings that cannot be hashed are an error of their own", "[exchange][rfc4121-4.1.1.2]",
          [] {
            no_md5 p;
            std::array<std::uint8_t, 16> bnd{};
            bnd[0] = 1;
            const std::optional<gss_checksum> gss = gss_checksum{.bnd = bnd, .flags = {}, .deleg = {}, .exts = {}};
            acceptor_params r{.buffer = {}};
            r.bindings = channel;
            bool bound = true;
            return detail::check_bindings(p, gss, {}, r, bound).why.code == errc::crypto_backend && !bound;
          });
using answer_t = std::pair<errc, bool>;
constexpr answer_t fine{errc::ok, false}, tied{errc::ok, true}, missing{errc::bindings_missing, false},
    differs{errc::bindings_mismatch, false};

KERB_BOTH("check_bindings: ignored where the service says so, or has none", "[exchange][rfc4121-4.1.1.2]", [] {
  for (says s : {says::nothing, says::no_checksum, says::this_channel, says::another}) {
    if (bind(s, binding_rule::ignore, true) != fine || bind(s, binding_rule::ignore, true, true) != fine) return false;
    if (bind(s, binding_rule::if_present, false) != fine) return false;
  }
  return true;
});
KERB_BOTH("check_bindings: compared where there are any", "[exchange][rfc4121-4.1.1.2]", [] {
  constexpr auto rule = binding_rule::if_present;
  return bind(says::nothing, rule, true) == fine && bind(says::no_checksum, rule, true) == fine &&
         bind(says::this_channel, rule, true) == tied && bind(says::another, rule, true) == differs;
});
KERB_BOTH("check_bindings: a client that knows of them and has none has lost them on its way", "[exchange]", [] {
  constexpr auto rule = binding_rule::if_present;
  return bind(says::nothing, rule, true, true) == missing && bind(says::no_checksum, rule, true, true) == missing &&
         bind(says::this_channel, rule, true, true) == tied && bind(says::another, rule, true, true) == differs;
});
KERB_BOTH("check_bindings: demanded of every client", "[exchange][rfc4121-4.1.1.2]", [] {
  constexpr auto rule = binding_rule::require;
  return bind(says::nothing, rule, true) == missing && bind(says::no_checksum, rule, true) == missing &&
         bind(says::this_channel, rule, true) == tied && bind(says::another, rule, true) == differs;
});

constexpr std::optional<etype_t> negotiate(view_of<etype_t> offer, bool in_ticket = false) {
  insecure_policy p;
  std::array<std::uint8_t, 64> buffer{}, outer{};
  const bytes_view list = kerb_test::must(asn1::encode(msg::EtypeList(offer), buffer));
  const msg::AuthorizationDataElement one_list[] = {{ad_t::etype_negotiation, list}};
  const bytes_view inside =
      kerb_test::must(asn1::encode(msg::AuthorizationData(view_of<msg::AuthorizationDataElement>(one_list)), outer));
  const msg::AuthorizationDataElement relevant[] = {{ad_t::if_relevant, inside}};
  const std::optional<msg::AuthorizationData> d =
      msg::AuthorizationData(view_of<msg::AuthorizationDataElement>(relevant));
  std::array<std::uint8_t, 32> octets{};
  const key k = kerb_test::must(p.import(etype_t::aes256_cts_hmac_sha1_96, octets));
  authorization data;
  if (!verify_authorization(p, k, {}, in_ticket ? d : std::nullopt, in_ticket ? std::nullopt : d, data).ok()) return {};
  return detail::negotiated_etype(p, data);
}
KERB_BOTH("negotiated_etype: the service's favourite among what the client offers", "[exchange][rfc4537]", [] {
  constexpr etype_t weak_first[] = {etype_t::rc4_hmac, etype_t::aes128_cts_hmac_sha1_96,
                                    etype_t::aes256_cts_hmac_sha384_192},
                    unknown[] = {etype_t::rc4_hmac, etype_t(99)}, one_etype[] = {etype_t::aes128_cts_hmac_sha1_96};
  return negotiate(weak_first) == etype_t::aes256_cts_hmac_sha384_192 && !negotiate(unknown) && !negotiate({}) &&
         negotiate(one_etype) == etype_t::aes128_cts_hmac_sha1_96 && !negotiate(weak_first, true);
});
}  // namespace
