// The TGS: every request that it refuses, and how. RFC 4120 section 3.3.3.
#include "support/both.hpp"
#include "support/tgs_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using f = ticket_flag_t;
using o = kdc_option_t;
using a = principal_attribute;
using world = kerb_kdc_test::kdc_world;

struct refusal {
  const char* name;
  void (*bend)(world&);
  error_code_t sent;
  errc why;
  const char* type;
  const char* field;
};
constexpr msg::HostAddress host_and_direction[] = {here, from_initiator};
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
    {"FORWARDED to an address that is no host's",
     [](world& w) {
       w.tgt.flags.set(f::forwardable);
       w.body.kdc_options.set(o::forwarded);
       w.body.addresses = view_of<msg::HostAddress>(host_and_direction);
     },
     error_code_t::kdc_err_policy, errc::address_not_allowed, "KDC-REQ-BODY", "addresses"},
    {"PROXY to an address that is no host's",
     [](world& w) {
       w.tgt.flags.set(f::proxiable);
       w.body.kdc_options.set(o::proxy);
       w.body.addresses = view_of<msg::HostAddress>(host_and_direction);
     },
     error_code_t::kdc_err_policy, errc::address_not_allowed, "KDC-REQ-BODY", "addresses"},
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

// ---- what a refusal says of the client

constexpr bool a_refusal_names_the_client() {
  constexpr void (*bends[])(world&) = {
      [](world& w) { w.authenticator.ctime = plus(noon.at, -1000); },
      [](world& w) { w.tgt.endtime = plus(noon.at, -1000); }, [](world& w) { w.body.kdc_options.set(o::proxy); },
      [](world& w) { w.service.there = false; }, [](world& w) { w.refuse = error_code_t::kdc_err_tgt_revoked; }};
  for (const auto bend : bends) {
    world w;
    bend(w);
    const outcome r = w.ask_tgs();
    if (!r.sent || r.sent->ctime != w.authenticator.ctime || r.sent->cusec != w.authenticator.cusec ||
        r.sent->crealm != ex_org || !r.sent->cname || !same_name(*r.sent->cname, alice().name)) {
      return false;
    }
  }
  return true;
}
KERB_BOTH("tgs_kdc: a refusal has the authenticator's time and the client's name", "[exchange][rfc4120-5.9.1]",
          a_refusal_names_the_client);

constexpr bool names_nobody(const outcome& r, bool tells_time) {
  return r.sent && !r.sent->crealm && !r.sent->cname && r.sent->ctime.has_value() == tells_time &&
         r.sent->cusec.has_value() == tells_time;
}
KERB_BOTH("tgs_kdc: a refusal names nobody before the authenticator has opened", "[exchange][rfc4120-5.9.1]", [] {
  world w;
  w.sealed_by = &w.client.own;
  world other;
  other.tgt_key = &other.client.own;
  return names_nobody(w.ask_tgs(), false) && names_nobody(other.ask_tgs(), false);
});
KERB_BOTH("tgs_kdc: a refusal does not name a client that requests anonymity", "[exchange][rfc6112-4.3]", [] {
  world w;
  w.body.kdc_options.set(o::request_anonymous);  // and policy has none
  return names_nobody(w.ask_tgs(), true);
});
/// A request to renew a ticket for this principal, under the key `k`, from a KDC that conceals what it has.
constexpr bool renewal_names_nobody(const principal_view& server, const world::key& k,
                                    const principal_record<testing::insecure_policy>& decoy, world& w) {
  w.settings.conceal_unknown_clients = true;
  to_renew(w);
  w.tgt_server = server;
  w.tgt_key = &k;
  w.body.sname = server.name;
  const auto t = w.env_now();
  kdc<testing::insecure_policy> x(w.settings, w.scratch, {}, &decoy);
  (void)x.receive(w.tgs_req(), t);
  const kdc_step s = x.absent(t);
  const auto* const no = std::get_if<refused>(&s);
  const auto e = no != nullptr ? asn1::decode<msg::KrbError>(no->octets) : result<msg::KrbError>(errc::truncated);
  return e && e->error_code == error_code_t::krb_ap_err_bad_integrity && !e->ctime && !e->cname;
}
KERB_BOTH("tgs_kdc: a refusal does not show that a concealed ticket was opened", "[exchange][rfc4120-5.9.1]", [] {
  constexpr kerberos_string nobody_parts[] = {"nobody"_krb};
  world w;
  return renewal_names_nobody(named(nobody_parts), w.user.own, w.user.record, w);
});
KERB_BOTH("tgs_kdc: a refusal names the client also from a larger buffer", "[exchange][rfc4120-5.9.1]", [] {
  world w;
  const auto t = w.env_now();
  std::array<std::uint8_t, 16384> larger{};
  tgs_kdc<testing::insecure_policy> x(w.settings, w.scratch);
  if (!is<need_principal>(x.receive(w.tgs_req(), t)) || !is<need_principal>(x.found(w.tgs.record, t))) return false;
  if (!x.set_buffer(larger)) return false;
  for (std::uint8_t& b : w.scratch) b = 0x55;
  const kdc_step s = x.absent(t);
  const auto* const no = std::get_if<refused>(&s);
  const auto e = no != nullptr ? asn1::decode<msg::KrbError>(no->octets) : result<msg::KrbError>(errc::truncated);
  return e && e->cname && same_name(*e->cname, alice().name) && e->crealm == ex_org;
});

}  // namespace
