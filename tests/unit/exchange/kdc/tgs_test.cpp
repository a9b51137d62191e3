// The TGS: what RFC 4120 section 3.3 has it issue, and every attack that it refuses.
#include <algorithm>
#include <cstring>

#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using f = ticket_flag_t;
using o = kdc_option_t;
using a = principal_attribute;
using world = kerb_kdc_test::kdc_world;

constexpr bool a_good_request_gets_a_ticket(bool subkey) {
  world w;
  w.with_subkey = subkey;
  const outcome r = w.ask_tgs();
  return r.issued && w.asked == 2 && same_principal(r.clear_client, alice()) && same_principal(r.clear_server, web()) &&
         same_principal({r.ticket.cname, r.ticket.crealm}, alice()) &&
         same_principal({r.part.sname, r.part.srealm}, web()) && r.part.nonce == 12345 &&
         r.ticket.flags == msg::TicketFlags{f::pre_authent, f::transited_policy_checked, f::enc_pa_rep} &&
         r.part.flags == r.ticket.flags && r.ticket.authtime == w.tgt.authtime && r.ticket.starttime == noon.at &&
         r.ticket.endtime == w.tgt.endtime && r.ticket.key.keytype == e20 && r.ticket_etype == e20 &&
         r.reply_etype == (subkey ? e20 : e18) && r.ticket.key.keyvalue == r.part.key.keyvalue &&
         r.ticket.transited.contents.empty() && !r.ticket.authorization_data && !r.padata;
}
constexpr bool a_good_request_under_the_session_key() { return a_good_request_gets_a_ticket(false); }
constexpr bool a_good_request_under_a_subkey() { return a_good_request_gets_a_ticket(true); }
KERB_BOTH("tgs_kdc: a good request gets a ticket, sealed for the client under the session key",
          "[exchange][rfc4120-3.3.3]", a_good_request_under_the_session_key);
KERB_BOTH("tgs_kdc: a good request gets a ticket, sealed for the client under its subkey", "[exchange][rfc4120-3.3.3]",
          a_good_request_under_a_subkey);

constexpr bool a_nonce_is_answered_as_it_came() {
  // Samba's client writes half of its nonces negative, sspi-rs' all in four octets
  const auto came_back = [](uint32 nonce, bytes_view as_written) {
    world w;
    w.body.nonce = nonce;
    const outcome r = w.ask_tgs();
    std::array<std::uint8_t, 16> buffer{};
    const auto octets = asn1::encode(r.part.nonce, buffer);
    return r.issued && r.part.nonce == std::uint32_t{nonce} && octets && *octets == as_written;
  };
  const auto negative = "0204b32ffc19"_hex, padded = "020400123456"_hex;
  const auto positive = "020500b32ffc19"_hex;
  return came_back({0xb32ffc19, integer_form::negative}, negative) &&
         came_back({0x123456, integer_form::four_octets}, padded) && came_back(0xb32ffc19, positive);
}
KERB_BOTH("tgs_kdc: a nonce goes back in the octets that it came in", "[exchange][tolerance][rfc4120-5.4.2]",
          a_nonce_is_answered_as_it_came);

constexpr std::uint8_t here_octets[] = {10, 1, 2, 3}, there_octets[] = {10, 1, 2, 4}, some_octets[] = {0x30, 0x00};
constexpr msg::HostAddress here{addr_t::ipv4, here_octets}, there{addr_t::ipv4, there_octets};
constexpr msg::HostAddress only_there[] = {there}, both_places[] = {there, here};
constexpr etype_t only_17[] = {e17}, only_20[] = {e20}, none_known[] = {etype_t::rc4_hmac};
constexpr kerberos_string unknown_parts[] = {"no"_krb, "body"_krb}, no_parts[1] = {};
constexpr msg::AuthorizationDataElement armor_only[] = {{ad_t::fx_fast_armor, some_octets}},
                                        for_the_kdc[] = {{ad_t::mandatory_for_kdc, some_octets}};
/// The contents of an AD-IF-RELEVANT with `Levels` more inside, the last one empty.
template <std::size_t Levels>
constexpr auto nested_lists = [] {
  std::array<std::uint8_t, 2 + 13 * Levels> octets{0x30, 0x00};
  for (std::size_t level = 0, n = 2; level != Levels; ++level, n += 13) {
    for (std::size_t i = n; i != 0; --i) octets[i + 12] = octets[i - 1];
    const auto size = [n](std::size_t more) { return static_cast<std::uint8_t>(n + more); };
    const std::uint8_t front[] = {0x30, size(11), 0x30, size(9), 0xa0, 3, 2, 1, 1, 0xa1, size(2), 4, size(0)};
    for (std::size_t i = 0; i != 13; ++i) octets[i] = front[i];
  }
  return octets;
}();
constexpr msg::AuthorizationDataElement deep_enough[] = {{ad_t::if_relevant, nested_lists<3>}},
                                        too_deep[] = {{ad_t::if_relevant, nested_lists<4>}};
constexpr auto many_elements = [] {
  std::array<msg::AuthorizationDataElement, 33> list{};
  for (auto& e : list) e = {ad_t(7000), some_octets};
  return list;
}();
/// AD-IF-RELEVANT around AD-FX-FAST-ARMOR.
constexpr std::uint8_t hidden_armor_octets[] = {0x30, 0x0d, 0x30, 0x0b, 0xa0, 3, 2, 1, 71, 0xa1, 4, 4, 2, 0x30, 0x00};
constexpr msg::AuthorizationDataElement hidden_armor[] = {{ad_t::if_relevant, hidden_armor_octets}};

/// A second ticket that is as it should be: bob's own ticket-granting ticket.
constexpr void to_user(world& w) {
  w.body.kdc_options.set(o::enc_tkt_in_skey);
  w.body.sname = bob().name;
  w.second = w.tgt;
  w.second->cname = bob().name;
}
/// The ticket that authenticates the request is one for this principal.
constexpr void show(world& w, const world::entry& server) {
  w.tgt_server = server.record.principal;
  w.tgt_key = &server.own;
}
/// The ticket comes from the KDC of another realm, whose client it is.
constexpr void from_far(world& w) {
  show(w, w.incoming);
  w.tgt.crealm = w.authenticator.crealm = other_org;
}

/// A renewable ticket-granting ticket is to be renewed.
constexpr void to_renew(world& w) {
  w.tgt.flags.set(f::renewable);
  w.tgt.renew_till = plus(noon.at, 86400);
  w.body.kdc_options.set(o::renew);
  w.body.sname = krbtgt().name;
}

struct refusal {
  const char* name;
  void (*bend)(world&);
  error_code_t sent;
  errc why;
  const char* type;
  const char* field;
};
const refusal refusals[] = {
    // RFC 4120 section 3.3.2: what authenticates the request
    {"no ticket", [](world& w) { w.with_tgt = false; }, error_code_t::kdc_err_padata_type_nosupp, errc::no_header_ticket,
     "TGS-REQ", "padata"},
    {"no server",
     [](world& w) {
       w.body.sname = msg::PrincipalName{name_t::principal, view_of<kerberos_string>(no_parts, 0)};
     },
     error_code_t::kdc_err_s_principal_unknown, errc::server_not_named, "KDC-REQ-BODY", "sname"},
    {"a server of another realm", [](world& w) { w.body.realm = other_org; }, error_code_t::kdc_err_s_principal_unknown,
     errc::server_unknown, "KDC-REQ-BODY", "realm"},
    {"a service ticket used as a ticket-granting ticket",
     [](world& w) {
       show(w, w.service);
     },
     error_code_t::krb_ap_err_not_us, errc::wrong_service, "Ticket", "sname"},
    {"a service ticket to be proxied for another service",
     [](world& w) {
       show(w, w.changer);
       w.tgt.flags.set(f::proxiable);
       w.body.kdc_options.set(o::proxy);
     },
     error_code_t::krb_ap_err_not_us, errc::wrong_service, "Ticket", "sname"},
    {"a ticket for the KDC of another realm",
     [](world& w) {
       show(w, w.outgoing);
     },
     error_code_t::krb_ap_err_not_us, errc::wrong_service, "Ticket", "sname"},
    {"a ticket for the KDC of another realm, to be proxied",
     [](world& w) {
       show(w, w.outgoing);
       w.body.sname = to_other().name;
       w.tgt.flags.set(f::proxiable);
       w.body.kdc_options.set(o::proxy);
     },
     error_code_t::krb_ap_err_not_us, errc::wrong_service, "Ticket", "sname"},
    {"a ticket for this KDC from another realm, to be renewed here",
     [](world& w) {
       from_far(w);
       to_renew(w);
     },
     error_code_t::kdc_err_server_nomatch, errc::server_mismatch, "KDC-REQ-BODY", "sname"},
    {"a ticket for this KDC from another realm, to be validated here",
     [](world& w) {
       from_far(w);
       w.tgt.flags.set(f::invalid);
       w.body.sname = krbtgt().name;
       w.body.kdc_options.set(o::validate);
     },
     error_code_t::kdc_err_server_nomatch, errc::server_mismatch, "KDC-REQ-BODY", "sname"},
    {"a ticket from a realm that there is no key with",
     [](world& w) { w.tgt_server = named(krbtgt_parts, far_org, name_t::srv_inst); }, error_code_t::krb_ap_err_not_us,
     errc::wrong_service, "Ticket", "sname"},
    {"a renewal as another service",
     [](world& w) {
       to_renew(w);
       w.body.sname = web().name;
     },
     error_code_t::kdc_err_server_nomatch, errc::server_mismatch, "KDC-REQ-BODY", "sname"},
    {"a validation as another service",
     [](world& w) {
       w.body.kdc_options.set(o::validate);
       w.tgt.flags.set(f::invalid);
     },
     error_code_t::kdc_err_server_nomatch, errc::server_mismatch, "KDC-REQ-BODY", "sname"},
    {"a ticket under another key", [](world& w) { w.tgt_key = &w.user.own; }, error_code_t::krb_ap_err_bad_integrity,
     errc::integrity, "Ticket", "enc-part"},
    {"a ticket under a key of another version", [](world& w) { w.tgt_kvno = 2; }, error_code_t::krb_ap_err_badkeyver,
     errc::bad_key_version, "Ticket", "enc-part"},
    {"a ticket under a key of another type", [](world& w) { w.tgt_key = &w.service.own; },
     error_code_t::krb_ap_err_nokey, errc::no_key, "Ticket", "enc-part"},
    {"a ticket under a key of a type that policy forbids", [](world& w) { w.settings.ticket_etypes = only_20; },
     error_code_t::krb_ap_err_nokey, errc::no_key, "Ticket", "enc-part"},
    {"an authenticator under another key", [](world& w) { w.sealed_by = &w.user.own; },
     error_code_t::krb_ap_err_bad_integrity, errc::integrity, "AP-REQ", "authenticator"},
    {"an authenticator made for a service", [](world& w) { w.usage = key_usage_t::ap_req_authenticator; },
     error_code_t::krb_ap_err_bad_integrity, errc::integrity, "AP-REQ", "authenticator"},
    {"another client in the authenticator", [](world& w) { w.authenticator.cname = bob().name; },
     error_code_t::krb_ap_err_badmatch, errc::name_mismatch, "Authenticator", "cname"},
    {"a client of another realm in the authenticator", [](world& w) { w.authenticator.crealm = other_org; },
     error_code_t::krb_ap_err_badmatch, errc::name_mismatch, "Authenticator", "cname"},
    {"an old authenticator", [](world& w) { w.authenticator.ctime = plus(noon.at, -301); },
     error_code_t::krb_ap_err_skew, errc::clock_skew, "Authenticator", "ctime"},
    {"an authenticator to come", [](world& w) { w.authenticator.ctime = plus(noon.at, 301); },
     error_code_t::krb_ap_err_skew, errc::clock_skew, "Authenticator", "ctime"},

    // RFC 4120 section 3.3.2: the checksum over the body
    {"no checksum", [](world& w) { w.with_cksum = false; }, error_code_t::krb_ap_err_inapp_cksum,
     errc::inappropriate_checksum, "Authenticator", "cksum"},
    {"a checksum that anybody can make", [](world& w) { w.cksum_type = cksum_t::rsa_md5; },
     error_code_t::krb_ap_err_inapp_cksum, errc::inappropriate_checksum, "Authenticator", "cksum"},
    {"a CRC", [](world& w) { w.cksum_type = cksum_t::crc32; }, error_code_t::krb_ap_err_inapp_cksum,
     errc::inappropriate_checksum, "Authenticator", "cksum"},
    {"a SHA-1 without a key", [](world& w) { w.cksum_type = cksum_t(14); }, error_code_t::krb_ap_err_inapp_cksum,
     errc::inappropriate_checksum, "Authenticator", "cksum"},
    {"a keyed checksum of another encryption type", [](world& w) { w.cksum_type = cksum_t::hmac_sha256_128_aes128; },
     error_code_t::krb_ap_err_inapp_cksum, errc::inappropriate_checksum, "Authenticator", "cksum"},
    {"the GSS-API's checksum", [](world& w) { w.cksum_type = cksum_t::gssapi; }, error_code_t::krb_ap_err_inapp_cksum,
     errc::inappropriate_checksum, "Authenticator", "cksum"},
    {"a checksum under another key", [](world& w) { w.cksum_key = &w.user.own; }, error_code_t::krb_ap_err_modified,
     errc::request_modified, "Authenticator", "cksum"},
    {"another server in the body", [](world& w) { w.alter_body = [](msg::KdcReqBody& b) { b.sname = bob().name; }; },
     error_code_t::krb_ap_err_modified, errc::request_modified, "Authenticator", "cksum"},
    {"another option in the body",
     [](world& w) { w.alter_body = [](msg::KdcReqBody& b) { b.kdc_options.set(o::canonicalize); }; },
     error_code_t::krb_ap_err_modified, errc::request_modified, "Authenticator", "cksum"},
    {"another encryption type in the body",
     [](world& w) { w.alter_body = [](msg::KdcReqBody& b) { b.etype = view_of<etype_t>(only_17); }; },
     error_code_t::krb_ap_err_modified, errc::request_modified, "Authenticator", "cksum"},

    // RFC 4120 section 3.3.3: the ticket's times, flags and addresses
    {"an expired ticket", [](world& w) { w.tgt.endtime = plus(noon.at, -301); }, error_code_t::krb_ap_err_tkt_expired,
     errc::ticket_expired, "EncTicketPart", "endtime"},
    {"a ticket that ends now", [](world& w) { w.tgt.endtime = noon.at; }, error_code_t::kdc_err_never_valid,
     errc::never_valid, "KDC-REQ-BODY", "till"},
    {"a ticket that is not valid yet", [](world& w) { w.tgt.starttime = plus(noon.at, 301); },
     error_code_t::krb_ap_err_tkt_nyv, errc::ticket_not_yet_valid, "EncTicketPart", "starttime"},
    {"an invalid ticket that is not to be validated", [](world& w) { w.tgt.flags.set(f::invalid); },
     error_code_t::krb_ap_err_tkt_nyv, errc::ticket_not_yet_valid, "EncTicketPart", "flags"},
    {"an invalid ticket validated too early",
     [](world& w) {
       w.tgt.flags.set(f::invalid);
       w.tgt.starttime = plus(noon.at, 1);
       w.body.sname = krbtgt().name;
       w.body.kdc_options.set(o::validate);
     },
     error_code_t::krb_ap_err_tkt_nyv, errc::ticket_not_yet_valid, "EncTicketPart", "starttime"},
    {"a valid ticket to be validated",
     [](world& w) {
       w.body.sname = krbtgt().name;
       w.body.kdc_options.set(o::validate);
     },
     error_code_t::kdc_err_policy, errc::already_valid, "EncTicketPart", "flags"},
    {"a ticket to be renewed that is not renewable",
     [](world& w) {
       to_renew(w);
       w.tgt.flags.set(f::renewable, false);
     },
     error_code_t::kdc_err_badoption, errc::not_renewable, "EncTicketPart", "flags"},
    {"a ticket to be renewed past its renew-till",
     [](world& w) {
       to_renew(w);
       w.tgt.renew_till = noon.at;
     },
     error_code_t::krb_ap_err_tkt_expired, errc::ticket_expired, "EncTicketPart", "renew-till"},
    {"a ticket to be renewed that has expired",
     [](world& w) {
       to_renew(w);
       w.tgt.endtime = plus(noon.at, -301);
     },
     error_code_t::krb_ap_err_tkt_expired, errc::ticket_expired, "EncTicketPart", "endtime"},
    {"another address than the ticket's",
     [](world& w) {
       w.tgt.caddr = view_of<msg::HostAddress>(only_there);
       w.peer.address = here;
     },
     error_code_t::krb_ap_err_badaddr, errc::address_mismatch, "EncTicketPart", "caddr"},
    {"FORWARDED without FORWARDABLE", [](world& w) { w.body.kdc_options.set(o::forwarded); },
     error_code_t::kdc_err_badoption, errc::flag_not_in_ticket, "KDC-REQ-BODY", "kdc-options"},
    {"FORWARDABLE without FORWARDABLE", [](world& w) { w.body.kdc_options.set(o::forwardable); },
     error_code_t::kdc_err_badoption, errc::flag_not_in_ticket, "KDC-REQ-BODY", "kdc-options"},
    {"PROXY without PROXIABLE", [](world& w) { w.body.kdc_options.set(o::proxy); }, error_code_t::kdc_err_badoption,
     errc::flag_not_in_ticket, "KDC-REQ-BODY", "kdc-options"},
    {"PROXIABLE without PROXIABLE", [](world& w) { w.body.kdc_options.set(o::proxiable); },
     error_code_t::kdc_err_badoption, errc::flag_not_in_ticket, "KDC-REQ-BODY", "kdc-options"},
    {"ALLOW-POSTDATE without MAY-POSTDATE", [](world& w) { w.body.kdc_options.set(o::allow_postdate); },
     error_code_t::kdc_err_badoption, errc::flag_not_in_ticket, "KDC-REQ-BODY", "kdc-options"},
    {"POSTDATED without MAY-POSTDATE", [](world& w) { w.body.kdc_options.set(o::postdated); },
     error_code_t::kdc_err_cannot_postdate, errc::cannot_postdate, "KDC-REQ-BODY", "kdc-options"},
    {"RENEW and VALIDATE",
     [](world& w) {
       w.body.sname = krbtgt().name;
       w.tgt.flags = {f::invalid, f::postdated, f::renewable};
       w.tgt.starttime = noon.at;
       w.tgt.renew_till = plus(noon.at, 86400);
       w.body.kdc_options = {o::renew, o::validate};
     },
     error_code_t::kdc_err_badoption, errc::options_contradict, "KDC-REQ-BODY", "kdc-options"},
    // RFC 4120 section 2.5: with a proxy's addresses there are no ticket-granting tickets
    {"PROXY for a ticket-granting ticket",
     [](world& w) {
       w.tgt.flags.set(f::proxiable);
       w.body.kdc_options.set(o::proxy);
       w.body.sname = krbtgt().name;
     },
     error_code_t::kdc_err_badoption, errc::option_not_allowed, "KDC-REQ-BODY", "kdc-options"},
    {"PROXY for the KDC of another realm",
     [](world& w) {
       w.tgt.flags.set(f::proxiable);
       w.body.kdc_options.set(o::proxy);
       w.body.sname = to_other().name;
     },
     error_code_t::kdc_err_badoption, errc::option_not_allowed, "KDC-REQ-BODY", "kdc-options"},
    {"PROXY for a service that is referred to another realm",
     [](world& w) {
       w.tgt.flags.set(f::proxiable);
       w.body.kdc_options = {o::proxy, o::canonicalize};
       w.body.sname = named(unknown_parts).name;
       w.refer = other_org;
     },
     error_code_t::kdc_err_badoption, errc::option_not_allowed, "KDC-REQ-BODY", "kdc-options"},
    {"RENEW and FORWARDED",
     [](world& w) {
       to_renew(w);
       w.tgt.flags.set(f::forwardable);
       w.body.kdc_options.set(o::forwarded);
     },
     error_code_t::kdc_err_badoption, errc::options_contradict, "KDC-REQ-BODY", "kdc-options"},
    {"VALIDATE and FORWARDED",
     [](world& w) {
       w.tgt.flags = {f::invalid, f::postdated, f::forwardable};
       w.body.kdc_options = {o::validate, o::forwarded};
       w.body.sname = krbtgt().name;
     },
     error_code_t::kdc_err_badoption, errc::options_contradict, "KDC-REQ-BODY", "kdc-options"},
    {"RENEW and PROXY",
     [](world& w) {
       to_renew(w);
       show(w, w.service);
       w.body.sname = web().name;
       w.tgt.flags.set(f::proxiable);
       w.body.kdc_options.set(o::proxy);
     },
     error_code_t::kdc_err_badoption, errc::options_contradict, "KDC-REQ-BODY", "kdc-options"},
    {"RENEW where policy has no renewable tickets any more",
     [](world& w) {
       to_renew(w);
       w.settings.renewable = false;
     },
     error_code_t::kdc_err_policy, errc::renewal_forbidden, "KDC-REQ-BODY", "kdc-options"},
    {"RENEW of a ticket for a server that has no renewable ones any more",
     [](world& w) {
       to_renew(w);
       w.tgs.record.attributes.set(a::no_renewable);
     },
     error_code_t::kdc_err_policy, errc::renewal_forbidden, "KDC-REQ-BODY", "kdc-options"},
    {"FORWARDED where policy has no forwardable tickets any more",
     [](world& w) {
       w.tgt.flags.set(f::forwardable);
       w.body.kdc_options.set(o::forwarded);
       w.settings.forwardable = false;
     },
     error_code_t::kdc_err_policy, errc::forwarding_forbidden, "KDC-REQ-BODY", "kdc-options"},
    {"FORWARDED for a server that has no forwardable tickets",
     [](world& w) {
       w.tgt.flags.set(f::forwardable);
       w.body.kdc_options.set(o::forwarded);
       w.service.record.attributes.set(a::no_forwardable);
     },
     error_code_t::kdc_err_policy, errc::forwarding_forbidden, "KDC-REQ-BODY", "kdc-options"},
    {"FORWARDED with a foreign ticket where policy has no forwardable tickets",
     [](world& w) {
       from_far(w);
       w.tgt.flags.set(f::forwardable);
       w.body.kdc_options.set(o::forwarded);
       w.settings.forwardable = false;
     },
     error_code_t::kdc_err_policy, errc::forwarding_forbidden, "KDC-REQ-BODY", "kdc-options"},
    {"PROXY where policy has no proxiable tickets any more",
     [](world& w) {
       w.tgt.flags.set(f::proxiable);
       w.body.kdc_options.set(o::proxy);
       w.settings.proxiable = false;
     },
     error_code_t::kdc_err_policy, errc::forwarding_forbidden, "KDC-REQ-BODY", "kdc-options"},
    {"PROXY for a server that has no proxiable tickets",
     [](world& w) {
       w.tgt.flags.set(f::proxiable);
       w.body.kdc_options.set(o::proxy);
       w.service.record.attributes.set(a::no_proxiable);
     },
     error_code_t::kdc_err_policy, errc::forwarding_forbidden, "KDC-REQ-BODY", "kdc-options"},
    {"VALIDATE where policy has no postdated tickets any more",
     [](world& w) {
       w.body.sname = krbtgt().name;
       w.tgt.flags = {f::invalid, f::postdated};
       w.body.kdc_options.set(o::validate);
       w.settings.postdated = false;
     },
     error_code_t::kdc_err_cannot_postdate, errc::cannot_postdate, "KDC-REQ-BODY", "kdc-options"},
    {"VALIDATE of a ticket for a server that has no postdated ones any more",
     [](world& w) {
       w.body.sname = krbtgt().name;
       w.tgt.flags = {f::invalid, f::postdated};
       w.body.kdc_options.set(o::validate);
       w.tgs.record.attributes.set(a::no_postdated);
     },
     error_code_t::kdc_err_cannot_postdate, errc::cannot_postdate, "KDC-REQ-BODY", "kdc-options"},
    {"CNAME-IN-ADDL-TKT", [](world& w) { w.body.kdc_options.set(o::cname_in_addl_tkt); },
     error_code_t::kdc_err_badoption, errc::delegation_not_supported, "KDC-REQ-BODY", "kdc-options"},
    {"an anonymous ticket where policy has none", [](world& w) { w.body.kdc_options.set(o::request_anonymous); },
     error_code_t::kdc_err_badoption, errc::anonymity_not_supported, "KDC-REQ-BODY", "kdc-options"},

    // Authorization data
    {"a ticket for armor alone",
     [](world& w) { w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(armor_only); },
     error_code_t::kdc_err_policy, errc::armor_ticket, "Authenticator", "authorization-data"},
    {"an authenticator for armor alone",
     [](world& w) { w.authenticator.authorization_data = view_of<msg::AuthorizationDataElement>(armor_only); },
     error_code_t::kdc_err_policy, errc::armor_ticket, "Authenticator", "authorization-data"},
    {"a ticket for armor alone, in AD-IF-RELEVANT",
     [](world& w) { w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(hidden_armor); },
     error_code_t::kdc_err_policy, errc::armor_ticket, "Authenticator", "authorization-data"},
    {"a ticket with what the KDC must understand, and does not",
     [](world& w) { w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(for_the_kdc); },
     error_code_t::kdc_err_policy, errc::mandatory_for_kdc, "EncTicketPart", "authorization-data"},
    {"an authenticator with what the KDC must understand, and does not",
     [](world& w) { w.authenticator.authorization_data = view_of<msg::AuthorizationDataElement>(for_the_kdc); },
     error_code_t::kdc_err_policy, errc::mandatory_for_kdc, "EncTicketPart", "authorization-data"},
    {"a client's data with what the KDC must understand, and does not", [](world& w) { w.added = for_the_kdc; },
     error_code_t::kdc_err_policy, errc::mandatory_for_kdc, "KDC-REQ-BODY", "enc-authorization-data"},
    {"a client's data under another key",
     [](world& w) {
       w.added = armor_only;
       w.added_by = &w.user.own;
     },
     error_code_t::krb_ap_err_bad_integrity, errc::integrity, "KDC-REQ-BODY", "enc-authorization-data"},
    {"a ticket with authorization data nested too deep",
     [](world& w) { w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(too_deep); },
     error_code_t::kdc_err_policy, errc::authdata_not_carried, "EncTicketPart", "authorization-data"},
    {"an authenticator with authorization data nested too deep",
     [](world& w) { w.authenticator.authorization_data = view_of<msg::AuthorizationDataElement>(too_deep); },
     error_code_t::kdc_err_policy, errc::authdata_not_carried, "EncTicketPart", "authorization-data"},
    {"a client's authorization data nested too deep", [](world& w) { w.added = too_deep; },
     error_code_t::kdc_err_policy, errc::authdata_not_carried, "KDC-REQ-BODY", "enc-authorization-data"},
    {"more authorization data than are looked at", [](world& w) { w.added = many_elements; },
     error_code_t::kdc_err_policy, errc::authdata_not_carried, "EncTicketPart", "authorization-data"},

    // The server
    {"an unknown server", [](world& w) { w.body.sname = named(unknown_parts).name; },
     error_code_t::kdc_err_s_principal_unknown, errc::server_unknown, "KDC-REQ-BODY", "sname"},
    {"a locked server", [](world& w) { w.service.record.attributes.set(a::locked); },
     error_code_t::kdc_err_service_revoked, errc::server_locked, "KDC-REQ-BODY", "sname"},
    {"a server whose tickets only the AS issues", [](world& w) { w.service.record.attributes.set(a::initial_only); },
     error_code_t::kdc_err_policy, errc::initial_ticket_required, "KDC-REQ-BODY", "sname"},
    {"a server that wants clients to have pre-authenticated",
     [](world& w) {
       w.service.record.attributes.set(a::requires_preauth);
       w.tgt.flags.set(f::pre_authent, false);
     },
     error_code_t::kdc_err_policy, errc::preauth_ticket_required, "KDC-REQ-BODY", "sname"},
    {"a server that is a user", [](world& w) { w.service.record.attributes.set(a::user_to_user_only); },
     error_code_t::kdc_err_must_use_user2user, errc::must_use_user_to_user, "KDC-REQ-BODY", "sname"},
    {"no encryption type that there is", [](world& w) { w.body.etype = view_of<etype_t>(none_known); },
     error_code_t::kdc_err_etype_nosupp, errc::no_common_etype, "KDC-REQ-BODY", "etype"},
    {"an end in the past", [](world& w) { w.body.till = noon.at; }, error_code_t::kdc_err_never_valid,
     errc::never_valid, "KDC-REQ-BODY", "till"},
    {"what the caller's policy refuses", [](world& w) { w.refuse = error_code_t::kdc_err_policy; },
     error_code_t::kdc_err_policy, errc::refused_by_application, "", ""},
    {"an authenticator that was seen with another request",
     [](world& w) {
       w.settings.check_requests = true;
       w.seen = request_verdict::other;
     },
     error_code_t::krb_ap_err_repeat, errc::replayed, "Authenticator", "ctime"},

    // RFC 4120 section 3.3.3: user-to-user
    {"user-to-user without a second ticket", [](world& w) { w.body.kdc_options.set(o::enc_tkt_in_skey); },
     error_code_t::kdc_err_badoption, errc::second_ticket_missing, "KDC-REQ-BODY", "kdc-options"},
    {"user-to-user where policy has none",
     [](world& w) {
       to_user(w);
       w.settings.user_to_user = false;
     },
     error_code_t::kdc_err_badoption, errc::user_to_user_not_supported, "KDC-REQ-BODY", "kdc-options"},
    {"a second ticket that has expired",
     [](world& w) {
       to_user(w);
       w.second->endtime = plus(noon.at, -301);
     },
     error_code_t::krb_ap_err_tkt_expired, errc::ticket_expired, "EncTicketPart", "endtime"},
    {"a second ticket that is not valid yet",
     [](world& w) {
       to_user(w);
       w.second->flags.set(f::invalid);
     },
     error_code_t::krb_ap_err_tkt_nyv, errc::ticket_not_yet_valid, "EncTicketPart", "flags"},
    {"a second ticket of another user",
     [](world& w) {
       to_user(w);
       w.second->cname = alice().name;
     },
     error_code_t::kdc_err_server_nomatch, errc::second_ticket_mismatch, "KDC-REQ-BODY", "additional-tickets"},
    {"a second ticket of another realm's user",
     [](world& w) {
       to_user(w);
       w.second->crealm = other_org;
     },
     error_code_t::kdc_err_server_nomatch, errc::second_ticket_mismatch, "KDC-REQ-BODY", "additional-tickets"},
    {"a second ticket for a service",
     [](world& w) {
       to_user(w);
       w.second_server = web();
     },
     error_code_t::kdc_err_policy, errc::second_ticket_not_tgt, "KDC-REQ-BODY", "additional-tickets"},
    {"a second ticket for the KDC of another realm",
     [](world& w) {
       to_user(w);
       w.second_server = to_other();
     },
     error_code_t::kdc_err_policy, errc::second_ticket_not_tgt, "KDC-REQ-BODY", "additional-tickets"},
    {"a second ticket from the KDC of another realm",
     [](world& w) {
       to_user(w);
       w.second_server = from_other();
     },
     error_code_t::kdc_err_policy, errc::second_ticket_not_tgt, "KDC-REQ-BODY", "additional-tickets"},
    {"a second ticket whose session key is of a type that policy forbids for tickets",
     [](world& w) {
       to_user(w);
       w.second_session = w.make(e17, 0xb1);
       static constexpr etype_t only_18[] = {e18};
       w.settings.ticket_etypes = only_18;
     },
     error_code_t::kdc_err_etype_nosupp, errc::etype_not_allowed, "KDC-REQ-BODY", "additional-tickets"},
    {"a user who gets no tickets under a session key",
     [](world& w) {
       to_user(w);
       w.user.record.attributes.set(a::no_user_to_user);
     },
     error_code_t::kdc_err_policy, errc::user_to_user_forbidden, "KDC-REQ-BODY", "sname"},

    {"a second ticket for a server that is locked",
     [](world& w) {
       to_user(w);
       from_far(w);
       w.tgs.record.attributes.set(a::locked);
     },
     error_code_t::kdc_err_service_revoked, errc::server_locked, "Ticket", "sname"},

    // Other realms
    {"a realm whose key is locked",
     [](world& w) {
       from_far(w);
       w.incoming.record.attributes.set(a::locked);
     },
     error_code_t::kdc_err_service_revoked, errc::server_locked, "Ticket", "sname"},
    {"a realm whose key has expired",
     [](world& w) {
       from_far(w);
       w.incoming.record.expires = noon.at;
     },
     error_code_t::kdc_err_service_exp, errc::server_expired, "Ticket", "sname"},
    {"one of our own clients, out of the hands of another realm",
     [](world& w) {
       from_far(w);
       w.tgt.crealm = w.authenticator.crealm = ex_org;
     },
     error_code_t::kdc_err_policy, errc::own_client_from_elsewhere, "EncTicketPart", "crealm"},
    {"a client behind a realm that is not on its way",
     [](world& w) {
       from_far(w);
       w.tgt.crealm = w.authenticator.crealm = far_org;
     },
     error_code_t::kdc_err_path_not_accepted, errc::path_not_accepted, "TransitedEncoding", "contents"},
    {"a path in an encoding that is not known",
     [](world& w) {
       from_far(w);
       w.tgt.crealm = w.authenticator.crealm = far_org;
       w.tgt.transited = {tr_t(2), some_octets};
     },
     error_code_t::kdc_err_trtype_nosupp, errc::unknown_transited_type, "EncTicketPart", "transited"},
};
TEST_CASE("tgs_kdc: every request that is not to be answered with a ticket is refused with its own error",
          "[exchange][rfc4120-3.3.3]") {
  for (const refusal& r : refusals) {
    INFO(r.name);
    world w;
    r.bend(w);
    const outcome got = w.ask_tgs();
    CHECK_FALSE(got.issued);
    REQUIRE(got.sent);
    CHECK(name_of(got.sent->error_code) == name_of(r.sent));
    CHECK(name_of(got.why.code) == name_of(r.why));
    CHECK(std::string_view(got.why.type) == r.type);
    CHECK(std::string_view(got.why.field) == r.field);
  }
}

TEST_CASE("tgs_kdc: no key of the request is left in the exchange once the ticket is issued", "[exchange][security]") {
  for (const bool signs : {false, true}) {
    world w;
    w.with_subkey = true;
    const bytes_view request = w.tgs_req();
    const auto t = w.env_now();
    kdc<testing::insecure_policy> x(w.settings, std::span(w.scratch));
    kdc_step s = x.receive(request, t);
    while (const auto* ask = std::get_if<need_principal>(&s)) s = x.found(w.find(ask->principal)->record, t);
    REQUIRE(is<authorize>(s));
    const auto left = [&](const key& k) {
      std::array<std::uint8_t, sizeof(x)> object{};
      std::memcpy(object.data(), &x, sizeof(x));
      const auto of_key = k.octets().unguarded();
      const auto in = [&](auto& where) {
        return std::search(where.begin(), where.end(), of_key.begin(), of_key.end()) != where.end();
      };
      return in(object) || in(w.scratch);
    };
    REQUIRE(left(w.session));
    REQUIRE(left(w.subkey));
    s = x.issue({.reserved_octets = signs ? std::size_t{8} : 0}, t);
    if (signs) s = x.signed_ticket(t);
    REQUIRE(is<reply>(s));
    CHECK(!left(w.session));
    CHECK(!left(w.subkey));
    CHECK(same_principal(x.tgs()->draft().client, alice()));
  }
}

// ---- what passes, beside what does not

constexpr bool an_older_key_opens_what_it_sealed() {
  world w;
  const key older = w.make(e18, 0xc1);
  const long_term_key<testing::insecure_policy> both[] = {{.kvno = 4, .key = w.tgs.own}, {.kvno = 3, .key = older}};
  w.tgs.record.keys = both;
  w.tgt_key = &older;
  w.tgt_kvno = 3;
  const bool by_version = w.ask_tgs().issued;
  w.tgt_kvno = std::optional<std::uint32_t>{};
  const bool by_trying = w.ask_tgs().issued;
  w.tgt_kvno = 0;  // what some KDCs write who keep no versions
  const bool by_zero = w.ask_tgs().issued;
  w.tgt_kvno = 4;
  return by_version && by_trying && by_zero && w.ask_tgs().is(error_code_t::krb_ap_err_bad_integrity);
}
KERB_BOTH("tgs_kdc: a ticket under an older key is opened with that key", "[exchange][rfc4120-3.3.2]",
          an_older_key_opens_what_it_sealed);

constexpr bool a_prepared_key_serves_as_well() {
  world w;
  const auto prepared = w.crypto.prepare(w.tgs.own, key_usage_t::ticket);
  const auto sealing = w.crypto.prepare(w.service.own, key_usage_t::ticket);
  const prepared_for<testing::insecure_policy> opens[] = {{key_usage_t::ticket, *prepared}},
                                               seals[] = {{key_usage_t::ticket, *sealing}};
  w.tgs.keys[0]->prepared = opens;
  w.service.keys[0]->prepared = seals;
  const outcome r = w.ask_tgs();
  return r.issued && r.ticket_kvno == 1u;
}
KERB_BOTH("tgs_kdc: keys prepared for tickets open and seal them", "[exchange][rfc4120-3.3.3]",
          a_prepared_key_serves_as_well);

constexpr bool enc_pa_rep_is_a_checksum_of_the_request() {
  for (const bool subkey : {false, true}) {
    world w;
    w.with_subkey = subkey;
    const msg::PaData asks[] = {{padata_t::req_enc_pa_rep, {}}};
    w.more_padata = asks;
    const bytes_view request = w.tgs_req();
    const outcome r = w.ask(request);
    if (!r.issued || !r.part.encrypted_pa_data) return false;
    std::optional<bytes_view> value;
    for (const msg::PaData pa : *r.part.encrypted_pa_data)
      if (pa.padata_type == padata_t::req_enc_pa_rep) value = pa.padata_value;
    const auto c = value ? asn1::decode<msg::Checksum>(*value) : result<msg::Checksum>(errc::missing_field);
    const bytes_view pieces[] = {request};
    const key& k = subkey ? w.subkey : w.session;
    if (!c || w.crypto.verify(c->cksumtype, k, key_usage_t::as_req, pieces, c->checksum) != errc::ok) return false;
    world without;
    if (without.ask_tgs().part.encrypted_pa_data) return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: PA-REQ-ENC-PA-REP brings a checksum of the request under the reply key", "[exchange][rfc6806-11]",
          enc_pa_rep_is_a_checksum_of_the_request);

struct no_cksum_of_20 : testing::insecure_policy {
  using insecure_policy::cksum_of;
  constexpr std::optional<cksum_shape> cksum_of(etype_t e) const noexcept {
    return e == e20 ? std::nullopt : insecure_policy::cksum_of(e);
  }
};
constexpr bool a_missing_checksum_is_found_before_the_draw() {
  for (const bool asked : {false, true}) {
    kdc_side<no_cksum_of_20> w;
    w.with_subkey = true;  // of type 20: it seals the reply
    const msg::PaData asks[] = {{padata_t::req_enc_pa_rep, {}}};
    if (asked) w.more_padata = asks;
    const bytes_view request = w.tgs_req();
    const unsigned draws = w.crypto.entropy.draws();
    const outcome r = w.ask(request);
    if (asked ? r.issued || r.why.code != errc::unsupported_cksum || w.crypto.entropy.draws() != draws : !r.issued)
      return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: a checksum that the policy cannot make is found before anything is drawn", "[exchange][rfc6806-11]",
          a_missing_checksum_is_found_before_the_draw);

constexpr bool a_renewed_ticket_lives_as_long_again() {
  world w;
  to_renew(w);
  w.tgt.flags = {f::initial, f::renewable, f::forwardable, f::pre_authent};
  w.tgt.starttime = plus(noon.at, -1000);
  w.tgt.endtime = plus(noon.at, 2600);
  const outcome r = w.ask_tgs();
  w.tgt.renew_till = plus(noon.at, 3000);
  const outcome last = w.ask_tgs();
  return r.issued && r.ticket.starttime == noon.at && r.ticket.endtime == plus(noon.at, 3600) &&
         r.ticket.renew_till == plus(noon.at, 86400) &&
         r.ticket.flags == msg::TicketFlags{f::renewable, f::forwardable, f::pre_authent, f::transited_policy_checked,
                                            f::enc_pa_rep} &&
         last.issued && last.ticket.endtime == plus(noon.at, 3000) && same_principal(r.clear_server, krbtgt());
}
KERB_BOTH("tgs_kdc: a renewed ticket lives as long again, to its renew-till and not beyond",
          "[exchange][rfc4120-3.3.3]", a_renewed_ticket_lives_as_long_again);

constexpr bool a_service_ticket_is_renewed_with_the_services_key() {
  world w;
  to_renew(w);
  show(w, w.service);
  w.body.sname = web().name;
  return w.ask_tgs().issued;
}
KERB_BOTH("tgs_kdc: a service ticket is renewed under its own name", "[exchange][rfc4120-3.3.2]",
          a_service_ticket_is_renewed_with_the_services_key);

constexpr bool a_ticket_for_another_kdc_is_renewed_and_validated_where_it_was_issued() {
  for (const o again : {o::renew, o::validate}) {
    world w;
    show(w, w.outgoing);
    w.tgt.crealm = w.authenticator.crealm = other_org;  // one of this realm it could have invented
    w.body.sname = to_other().name;
    w.body.kdc_options.set(again);
    w.tgt.flags.set(f::renewable);
    w.tgt.flags.set(f::invalid, again == o::validate);
    w.tgt.flags.set(f::postdated, again == o::validate);
    w.tgt.renew_till = plus(noon.at, 86400);
    const outcome r = w.ask_tgs();
    if (!r.issued || !same_principal(r.clear_server, to_other()) || r.ticket.flags.has(f::invalid)) return false;
    w.body.sname = web().name;  // for nothing else
    if (!w.ask_tgs().is(error_code_t::kdc_err_server_nomatch)) return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: a ticket for another realm's KDC is renewed and validated by the KDC that issued it",
          "[exchange][rfc4120-3.3.3]", a_ticket_for_another_kdc_is_renewed_and_validated_where_it_was_issued);

constexpr bool a_service_ticket_is_proxied_with_the_services_key() {
  world w;
  w.body.kdc_options.set(o::proxy);
  show(w, w.service);
  w.tgt.flags.set(f::proxiable);
  const outcome r = w.ask_tgs();
  return r.issued && r.ticket.flags.has(f::proxy) && same_principal(r.clear_server, web());
}
KERB_BOTH("tgs_kdc: a service ticket is proxied under its own name", "[exchange][rfc4120-3.3.2]",
          a_service_ticket_is_proxied_with_the_services_key);

constexpr bool a_postdated_ticket_is_validated_when_its_time_has_come() {
  world w;
  w.body.sname = krbtgt().name;
  w.body.kdc_options.set(o::validate);
  w.tgt.flags = {f::initial, f::invalid, f::postdated, f::renewable};
  w.tgt.starttime = noon.at;
  w.tgt.renew_till = plus(noon.at, 86400);
  const outcome r = w.ask_tgs();
  return r.issued && !r.ticket.flags.has(f::invalid) && r.ticket.flags.has(f::postdated) &&
         r.ticket.starttime == noon.at && r.ticket.endtime == w.tgt.endtime && r.ticket.renew_till == w.tgt.renew_till;
}
KERB_BOTH("tgs_kdc: a postdated ticket is validated when its time has come", "[exchange][rfc4120-3.3.3]",
          a_postdated_ticket_is_validated_when_its_time_has_come);

constexpr bool a_ticket_never_outlives_the_one_it_came_from() {
  const auto end = [](auto bend) {
    world w;
    w.body.till = {};
    bend(w);
    return w.ask_tgs().ticket.endtime.seconds - noon.at.seconds;
  };
  return end([](world&) {}) == 7200 && end([](world& w) { w.tgt.endtime = plus(noon.at, 50); }) == 50 &&
         end([](world& w) { w.settings.max_life = 100; }) == 100 &&
         end([](world& w) { w.service.record.max_life = 200; }) == 200 &&
         end([](world& w) { w.options.endtime = plus(noon.at, 300); }) == 300 &&
         end([](world& w) { w.options.endtime = plus(noon.at, 8000); }) == 7200;
}
KERB_BOTH("tgs_kdc: a ticket never outlives the one that it was got with", "[exchange][rfc4120-3.3.3]",
          a_ticket_never_outlives_the_one_it_came_from);

constexpr bool renewable_tickets_need_a_renewable_one() {
  world w;
  w.body.kdc_options.set(o::renewable);
  w.body.till = plus(noon.at, 60);
  const outcome without = w.ask_tgs();
  w.tgt.flags.set(f::renewable);
  w.tgt.renew_till = plus(noon.at, 9000);
  const outcome with = w.ask_tgs();
  w.tgt.renew_till = std::optional<kerberos_time>{};  // some other realm's KDC forgot to say until when
  const outcome unbounded = w.ask_tgs();
  return without.issued && !without.ticket.renew_till && with.issued && with.ticket.renew_till == plus(noon.at, 9000) &&
         unbounded.issued && !unbounded.ticket.renew_till && !unbounded.ticket.flags.has(f::renewable);
}
KERB_BOTH("tgs_kdc: a renewable ticket takes a renewable one, and its renew-till", "[exchange][rfc4120-3.3.3]",
          renewable_tickets_need_a_renewable_one);

constexpr bool forwarded_and_proxied_tickets_have_the_addresses_asked_for() {
  world w;
  w.tgt.flags = {f::forwardable, f::proxiable};
  w.tgt.caddr = view_of<msg::HostAddress>(only_there);
  w.peer.address = there;
  const outcome plain = w.ask_tgs();
  w.body.addresses = view_of<msg::HostAddress>(both_places);
  const outcome unasked = w.ask_tgs();
  w.body.kdc_options = {o::proxy, o::proxiable};
  const outcome proxied = w.ask_tgs();
  w.body.sname = krbtgt().name;
  w.body.kdc_options = {o::forwarded, o::forwardable};
  const outcome forwarded = w.ask_tgs();
  w.body.addresses = std::optional<msg::HostAddresses>{};
  const outcome anywhere = w.ask_tgs();
  return plain.issued && plain.ticket.caddr && plain.ticket.caddr->size() == 1 &&
         !plain.ticket.flags.has(f::forwardable) && unasked.issued && unasked.ticket.caddr->size() == 1 &&
         proxied.issued && proxied.ticket.flags.has(f::proxy) && proxied.ticket.flags.has(f::proxiable) &&
         proxied.ticket.caddr->size() == 2 && forwarded.issued && forwarded.ticket.flags.has(f::forwarded) &&
         forwarded.ticket.flags.has(f::forwardable) && forwarded.ticket.caddr->size() == 2 && anywhere.issued &&
         !anywhere.ticket.caddr;
}
KERB_BOTH("tgs_kdc: only a forwarded or proxied ticket has other addresses than the one it came from",
          "[exchange][rfc4120-3.3.3]", forwarded_and_proxied_tickets_have_the_addresses_asked_for);

constexpr bool no_addresses_are_none() {
  world forwarded;
  forwarded.tgt.flags = {f::forwardable};
  forwarded.body.kdc_options = {o::forwarded};
  forwarded.body.addresses = msg::HostAddresses();
  world kept;
  kept.tgt.caddr = msg::HostAddresses();
  return forwarded.ask_tgs().issued && !forwarded.ask_tgs().ticket.caddr && !forwarded.ask_tgs().part.caddr &&
         kept.ask_tgs().issued && !kept.ask_tgs().ticket.caddr;
}
KERB_BOTH("tgs_kdc: a list without addresses goes into no ticket", "[exchange][rfc4120-5.2.5]", no_addresses_are_none);

constexpr bool a_forwarded_ticket_says_so_ever_after() {
  world w;
  w.tgt.flags = {f::forwarded, f::proxy, f::pre_authent, f::hw_authent, f::may_postdate, f::forwardable};
  const outcome r = w.ask_tgs();
  return r.issued &&
         r.ticket.flags ==
             msg::TicketFlags{f::forwarded, f::proxy, f::pre_authent, f::hw_authent, f::transited_policy_checked,
                              f::enc_pa_rep};
}
KERB_BOTH("tgs_kdc: how the client was authenticated is carried over, what it may do is not", "[exchange][rfc4120-2.6]",
          a_forwarded_ticket_says_so_ever_after);

constexpr bool a_postdated_ticket_comes_from_a_ticket_that_may() {
  world w;
  w.tgt.flags.set(f::may_postdate);
  w.body.kdc_options = {o::postdated, o::allow_postdate};
  w.body.from = plus(noon.at, 1000);
  const outcome r = w.ask_tgs();
  return r.issued && r.ticket.starttime == plus(noon.at, 1000) && r.ticket.flags.has(f::invalid) &&
         r.ticket.flags.has(f::postdated) && r.ticket.flags.has(f::may_postdate) && r.ticket.endtime == w.tgt.endtime;
}
KERB_BOTH("tgs_kdc: a ticket is postdated by one that may be", "[exchange][rfc4120-3.3.3]",
          a_postdated_ticket_comes_from_a_ticket_that_may);

constexpr bool user_to_user_seals_under_the_second_tickets_key() {
  world w;
  to_user(w);
  w.user.record.attributes.set(a::user_to_user_only);
  const outcome r = w.ask_tgs();
  return r.issued && same_principal(r.clear_server, bob()) && !r.ticket_kvno && r.ticket_etype == e18 && w.asked == 3;
}
KERB_BOTH("tgs_kdc: a ticket for a user is sealed under the session key of that user's ticket",
          "[exchange][rfc4120-3.3.3]", user_to_user_seals_under_the_second_tickets_key);

// ---- other realms

constexpr bool a_client_of_another_realm_is_served() {
  world w;
  from_far(w);
  const outcome r = w.ask_tgs();
  return r.issued && r.ticket.crealm == other_org && r.ticket.transited.contents.empty() &&
         r.ticket.flags.has(f::transited_policy_checked);
}
KERB_BOTH("tgs_kdc: a client of a realm that shares a key with ours is served", "[exchange][rfc4120-3.3.2]",
          a_client_of_another_realm_is_served);

constexpr bool the_realm_before_ours_joins_the_path() {
  world w;
  from_far(w);
  w.tgt.crealm = w.authenticator.crealm = far_org;
  const kerberos_string trusted[] = {other_org};
  w.settings.paths.trusted = trusted;
  const outcome r = w.ask_tgs();
  world unchecked;  // RFC 4120 section 2.7: then the server is left to check it
  from_far(unchecked);
  unchecked.tgt.crealm = unchecked.authenticator.crealm = far_org;
  unchecked.body.kdc_options.set(o::disable_transited_check);
  const bool not_granted = unchecked.ask_tgs().is(error_code_t::kdc_err_path_not_accepted);
  unchecked.settings.unchecked_paths = true;
  const outcome u = unchecked.ask_tgs();
  return r.issued && kerberos_string{r.ticket.transited.contents} == other_org &&
         r.ticket.flags.has(f::transited_policy_checked) && not_granted && u.issued &&
         kerberos_string{u.ticket.transited.contents} == other_org && !u.ticket.flags.has(f::transited_policy_checked);
}
KERB_BOTH("tgs_kdc: the realm that the ticket came from joins the path, which is checked",
          "[exchange][rfc4120-3.3.3.2]", the_realm_before_ours_joins_the_path);

constexpr kerberos_string far_service[] = {"HTTP"_krb, "www.other.org"_krb},
                          far_tgs_parts[] = {"krbtgt"_krb, "FAR.ORG"_krb};
constexpr bool a_service_elsewhere_is_referred() {
  world w;
  w.refer = other_org;
  w.body.sname = named(far_service).name;
  const bool unasked = w.ask_tgs().is(error_code_t::kdc_err_s_principal_unknown);
  w.body.kdc_options.set(o::canonicalize);
  const outcome r = w.ask_tgs();
  const bool referred = r.issued && same_principal(r.clear_server, to_other()) &&
                        same_principal({r.part.sname, r.part.srealm}, to_other());
  w.outgoing.there = false;
  return unasked && referred && w.ask_tgs().is(error_code_t::kdc_err_s_principal_unknown);
}
KERB_BOTH("tgs_kdc: who asks for canonicalisation is referred to another realm's KDC", "[exchange][rfc6806-8]",
          a_service_elsewhere_is_referred);

constexpr bool nobody_is_referred_to_us() {
  for (const bool by_name : {false, true}) {
    world w;
    w.body.sname = by_name ? named(far_tgs_parts).name : named(far_service).name;
    w.body.kdc_options.set(o::canonicalize);
    w.refer = ex_org;
    if (!w.ask_tgs().is(error_code_t::kdc_err_s_principal_unknown)) return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: nobody is referred to the realm that refers", "[exchange][rfc6806-8]", nobody_is_referred_to_us);

constexpr bool only_the_server_is_elsewhere() {
  world w;
  to_user(w);
  const auto t = w.env_now();
  // Canonicalisation is asked for, and the ticket is one of ours by its name in clear: only the role forbids it
  w.body.kdc_options = {o::canonicalize};
  kdc<testing::insecure_policy> header(w.settings, std::span(w.scratch));
  const kdc_step first = header.receive(w.tgs_req(), t);
  const auto* ask = std::get_if<need_principal>(&first);
  if (ask == nullptr || ask->role != principal_role::header_server || ask->may_refer) return false;
  if (code_of(header.refer_to(other_org, t)) != error_code_t::krb_ap_err_not_us) return false;
  w.body.kdc_options = {o::canonicalize, o::enc_tkt_in_skey};
  kdc<testing::insecure_policy> second(w.settings, std::span(w.scratch));
  kdc_step s = second.receive(w.tgs_req(), t);
  s = second.found(w.tgs.record, t);
  s = second.found(w.user.record, t);
  ask = std::get_if<need_principal>(&s);
  return ask != nullptr && ask->role == principal_role::second_ticket_server && !ask->may_refer &&
         code_of(second.refer_to(other_org, t)) == error_code_t::krb_ap_err_nokey;
}
KERB_BOTH("tgs_kdc: no server of a ticket that is shown is looked for in another realm", "[exchange][rfc4120-3.3.2]",
          only_the_server_is_elsewhere);

/// A service knows its key, and can put into a ticket of its own what it likes.
constexpr bool a_services_own_ticket_leads_nowhere() {
  for (const bool proxied : {false, true}) {
    for (const bool by_tgt : {false, true}) {
      if (proxied && by_tgt) continue;
      world w;
      to_renew(w);
      w.body.kdc_options = {proxied ? o::proxy : o::renew, o::canonicalize};
      w.tgt.flags.set(f::proxiable);
      if (!by_tgt) {
        show(w, w.service);
        w.body.sname = web().name;
      }
      const auto t = w.env_now();
      kdc<testing::insecure_policy> x(w.settings, std::span(w.scratch));
      kdc_step s = x.receive(w.tgs_req(), t);
      s = x.found(by_tgt ? w.tgs.record : w.service.record, t);
      const auto* ask = std::get_if<need_principal>(&s);
      if (ask == nullptr || ask->role != principal_role::server || ask->may_refer) return false;
      if (code_of(x.refer_to(other_org, t)) != error_code_t::kdc_err_s_principal_unknown) return false;
    }
  }
  return true;
}
KERB_BOTH("tgs_kdc: what is renewed, validated or shown by its own server is never referred",
          "[exchange][rfc4120-3.3.2]", a_services_own_ticket_leads_nowhere);

constexpr bool the_way_to_a_realm_leads_through_a_nearer_one() {
  world w;
  w.refer = other_org;
  w.body.sname = named(far_tgs_parts).name;
  const outcome r = w.ask_tgs();
  return r.issued && same_principal(r.clear_server, to_other());
}
KERB_BOTH("tgs_kdc: who asks for a far realm's KDC gets a ticket for one that is nearer to it",
          "[exchange][rfc4120-3.3.1]", the_way_to_a_realm_leads_through_a_nearer_one);

// ---- authorization data, RFC 4120 sections 1.5.1 and 3.3.3

constexpr std::uint8_t data_a[] = {1}, data_b[] = {2};
/// An AD-IF-RELEVANT with a PAC and something harmless.
constexpr std::uint8_t mixed_octets[] = {0x30, 0x1b, 0x30, 0x0c, 0xa0, 4, 2, 2,    0,    0x80, 0xa1, 4, 4, 2, 9,
                                         9,    0x30, 0x0b, 0xa0, 4,    2, 2, 0x1b, 0x58, 0xa1, 3,    4, 1, 7};
/// The contents of an AD-IF-RELEVANT with a PAC alone.
constexpr std::uint8_t pac_inside[] = {0x30, 0x0e, 0x30, 0x0c, 0xa0, 4, 2, 2, 0, 0x80, 0xa1, 4, 4, 2, 9, 9};
constexpr std::size_t count(const outcome& r) {
  return r.ticket.authorization_data ? r.ticket.authorization_data->size() : 0;
}
constexpr bool authorization_data_are_carried_over_and_added() {
  world w;
  const msg::AuthorizationDataElement had[] = {{ad_t(7000), data_a}}, adds[] = {{ad_t(7001), data_b}};
  const msg::AuthorizationDataElement ours[] = {{ad_t(7002), data_a}};
  w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(had);
  w.added = adds;
  w.options.authorization_data = ours;
  for (const bool subkey : {false, true}) {
    w.with_subkey = subkey;
    const outcome r = w.ask_tgs();
    if (!r.issued || count(r) != 3) return false;
    auto e = r.ticket.authorization_data->begin();
    if ((*e).ad_type != ad_t(7002) || (*++e).ad_type != ad_t(7000) || (*++e).ad_type != ad_t(7001) ||
        !((*e).ad_data == bytes_view(data_b))) {
      return false;
    }
  }
  return true;
}
KERB_BOTH("tgs_kdc: a ticket's authorization data are carried over, the client's and the caller's are added",
          "[exchange][rfc4120-3.3.3]", authorization_data_are_carried_over_and_added);

constexpr bool what_a_client_may_not_say_is_dropped() {
  constexpr ad_t kdcs_alone[] = {ad_t::win2k_pac,
                                 ad_t::cammac,
                                 ad_t::kdc_issued,
                                 ad_t(512),
                                 ad_t::initial_verified_cas,
                                 ad_t::authentication_strength,
                                 ad_t::login_alias,
                                 ad_t::authentication_indicator};
  constexpr ad_t signed_ones[] = {ad_t::win2k_pac, ad_t::cammac, ad_t::kdc_issued, ad_t(512)};
  for (const ad_t t : kdcs_alone) {
    world w;
    const msg::AuthorizationDataElement adds[] = {{t, data_a}};
    w.added = adds;
    const outcome r = w.ask_tgs();
    if (!r.issued || count(r) != 0) return false;
  }
  for (const ad_t t : signed_ones) {
    world w;
    const msg::AuthorizationDataElement had[] = {{t, data_a}};
    w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(had);
    const outcome r = w.ask_tgs();
    if (!r.issued || count(r) != 0) return false;
  }
  world w;  // what the KDC said of how the client was authenticated stays
  const msg::AuthorizationDataElement had[] = {{ad_t::authentication_indicator, data_a}};
  w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(had);
  return count(w.ask_tgs()) == 1;
}
KERB_BOTH("tgs_kdc: nothing that is signed for another ticket is carried, and nothing that only a KDC may say is added",
          "[exchange][rfc4120-5.2.6]", what_a_client_may_not_say_is_dropped);

constexpr bool the_same_holds_inside_if_relevant() {
  world w;
  const msg::AuthorizationDataElement had[] = {{ad_t::if_relevant, mixed_octets}};
  w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(had);
  const outcome r = w.ask_tgs();
  if (!r.issued || count(r) != 1) return false;
  const msg::AuthorizationDataElement e = *r.ticket.authorization_data->begin();
  const auto inside = asn1::decode_as<msg::AdIfRelevant>("AD-IF-RELEVANT", e.ad_data);
  return e.ad_type == ad_t::if_relevant && inside && inside->size() == 1 && (*inside->begin()).ad_type == ad_t(7000) &&
         (*inside->begin()).ad_data[0] == 7;
}
KERB_BOTH("tgs_kdc: the elements of an AD-IF-RELEVANT are judged one by one", "[exchange][rfc4120-5.2.6.1]",
          the_same_holds_inside_if_relevant);

constexpr kerberos_string anonymous_parts[] = {"WELLKNOWN"_krb, "ANONYMOUS"_krb};
constexpr bool an_anonymous_ticket_names_nobody() {
  world w;
  w.settings.anonymous = true;
  const msg::AuthorizationDataElement had[] = {{ad_t::win2k_pac, data_a}, {ad_t::if_relevant, pac_inside}};
  w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(had);
  w.body.kdc_options.set(o::request_anonymous);
  const outcome r = w.ask_tgs();
  return r.issued && r.ticket.flags.has(f::anonymous) && same_principal(r.clear_client, named(anonymous_parts)) &&
         same_principal({r.ticket.cname, r.ticket.crealm}, named(anonymous_parts)) && count(r) == 0;
}
KERB_BOTH("tgs_kdc: an anonymous ticket has neither the client's name nor its PAC", "[exchange][rfc6112-4.2]",
          an_anonymous_ticket_names_nobody);

constexpr bool anonymity_lifts_no_restriction() {
  const msg::AuthorizationDataElement restriction[] = {{ad_t(7000), data_a}},
                                      optional[] = {{ad_t::if_relevant, mixed_octets}};
  for (const bool from_client : {false, true}) {
    for (const bool inside : {false, true}) {
      world w;
      w.settings.anonymous = true;
      w.body.kdc_options.set(o::request_anonymous);
      const view_of<msg::AuthorizationDataElement> data(inside ? optional : restriction);
      if (from_client) w.added = data;
      else w.tgt.authorization_data = data;
      if (!w.ask_tgs().is(error_code_t::kdc_err_policy, errc::authdata_not_carried, "EncTicketPart",
                          "authorization-data")) {
        return false;
      }
    }
  }
  return true;
}
KERB_BOTH("tgs_kdc: an anonymous ticket is refused where it would be less restricted", "[exchange][rfc6112-4.2]",
          anonymity_lifts_no_restriction);

constexpr bool an_anonymous_ticket_leads_to_anonymous_ones() {
  for (const bool asked : {false, true}) {
    for (const o option : {o::canonicalize, o::renew}) {
      world w;
      w.settings.anonymous = true;
      w.tgt.flags = {f::anonymous, f::renewable};
      w.tgt.renew_till = plus(noon.at, 86400);
      w.tgt.cname = w.authenticator.cname = named(anonymous_parts).name;
      w.body.kdc_options.set(option);
      if (option == o::renew) w.body.sname = krbtgt().name;
      w.body.kdc_options.set(o::request_anonymous, asked);
      const outcome r = w.ask_tgs();
      if (asked ? !r.issued || !r.ticket.flags.has(f::anonymous)
                : !r.is(error_code_t::kdc_err_badoption, errc::anonymity_required, "KDC-REQ-BODY", "kdc-options")) {
        return false;
      }
    }
  }
  return true;
}
KERB_BOTH("tgs_kdc: with an anonymous ticket only anonymous ones are requested", "[exchange][rfc6112-4.2]",
          an_anonymous_ticket_leads_to_anonymous_ones);

constexpr bool a_client_restricts_its_ticket_to_armor() {
  const msg::AuthorizationDataElement armor[] = {{ad_t::fx_fast_armor, {}}};
  world w;
  w.body.sname = krbtgt().name;
  w.added = armor;
  const outcome r = w.ask_tgs();
  if (!r.issued || count(r) != 1 || (*r.ticket.authorization_data->begin()).ad_type != ad_t::fx_fast_armor)
    return false;
  world again;  // and such a ticket is refused
  again.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(armor);
  return again.ask_tgs().is(error_code_t::kdc_err_policy);
}
KERB_BOTH("tgs_kdc: a ticket that its client requests as armor is restricted to that", "[exchange][rfc6113-5.4.1.1]",
          a_client_restricts_its_ticket_to_armor);

constexpr bool what_is_nested_less_deep_passes() {
  world w;
  w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(deep_enough);
  return w.ask_tgs().issued;
}
KERB_BOTH("tgs_kdc: authorization data that are nested less deep pass", "[exchange][rfc4120-5.2.6.1]",
          what_is_nested_less_deep_passes);

constexpr bool another_realms_indicator_is_not_copied() {
  for (const ad_t t : {ad_t::authentication_indicator, ad_t::authentication_strength, ad_t::login_alias}) {
    world w;
    const msg::AuthorizationDataElement had[] = {{t, data_a}, {ad_t(7000), data_b}};
    w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(had);
    from_far(w);
    const outcome r = w.ask_tgs();
    if (!r.issued || count(r) != 1 || (*r.ticket.authorization_data->begin()).ad_type != ad_t(7000)) return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: what another realm states without a signature is not stated in this realm's ticket",
          "[exchange][rfc4120-5.2.6]", another_realms_indicator_is_not_copied);

constexpr bool a_signer_fills_what_is_reserved() {
  world w;
  constexpr std::uint8_t seal[] = {9, 8, 7, 6, 5, 4, 3, 2};
  const msg::AuthorizationDataElement had[] = {{ad_t(7000), data_a}};
  w.tgt.authorization_data = view_of<msg::AuthorizationDataElement>(had);
  w.options.reserved_octets = 8;
  w.sign_with = seal;
  const outcome r = w.ask_tgs();
  if (!r.issued || count(r) != 2) return false;
  const msg::AuthorizationDataElement e = *r.ticket.authorization_data->begin();
  const auto inside = asn1::decode_as<msg::AdIfRelevant>("AD-IF-RELEVANT", e.ad_data);
  return e.ad_type == ad_t::if_relevant && inside && inside->size() == 1 &&
         (*inside->begin()).ad_type == ad_t::win2k_pac && (*inside->begin()).ad_data == bytes_view(seal) &&
         r.ticket.key.keyvalue == r.part.key.keyvalue;
}
KERB_BOTH("tgs_kdc: octets that are reserved are filled by the caller once the ticket is complete",
          "[exchange][rfc4120-3.3.3]", a_signer_fills_what_is_reserved);
}  // namespace
