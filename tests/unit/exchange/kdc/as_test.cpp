// The AS: what RFC 4120 section 3.1 has it issue, and what it refuses.
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using f = ticket_flag_t;
using o = kdc_option_t;
using a = principal_attribute;
using world = kerb_kdc_test::kdc_world;

constexpr bool a_good_request_gets_a_ticket() {
  world w;
  const outcome r = w.ask_as();
  return r.issued && r.why.ok() && w.asked == 2 && same_principal(r.clear_client, alice()) &&
         same_principal(r.clear_server, krbtgt()) && same_principal({r.ticket.cname, r.ticket.crealm}, alice()) &&
         same_principal({r.part.sname, r.part.srealm}, krbtgt()) && r.part.nonce == 12345 &&
         r.ticket.flags == msg::TicketFlags{f::initial, f::pre_authent, f::enc_pa_rep} &&
         r.part.flags == r.ticket.flags && r.ticket.authtime == noon.at && r.ticket.starttime == noon.at &&
         r.ticket.endtime == w.body.till && !r.ticket.renew_till && r.part.endtime == r.ticket.endtime &&
         r.part.last_req.size() == 1 && r.ticket.key.keytype == r.part.key.keytype &&
         r.ticket.key.keyvalue == r.part.key.keyvalue && r.ticket.transited.tr_type == tr_t::domain_x500_compress &&
         r.ticket.transited.contents.empty() && !r.ticket.authorization_data && r.ticket_kvno == 1u;
}
KERB_BOTH("as_kdc: a good request gets a ticket for the one who asked", "[exchange][rfc4120-3.1.3]",
          a_good_request_gets_a_ticket);

constexpr bool a_nonce_is_answered_as_it_came() {
  // Samba's client writes half of its nonces negative, sspi-rs' all in four octets
  const auto came_back = [](uint32 nonce, bytes_view as_written) {
    world w;
    w.body.nonce = nonce;
    const outcome r = w.ask_as();
    std::array<std::uint8_t, 16> buffer{};
    const auto octets = asn1::encode(r.part.nonce, buffer);
    return r.issued && r.part.nonce == std::uint32_t{nonce} && octets && *octets == as_written;
  };
  const auto negative = "0204b32ffc19"_hex, padded = "020400123456"_hex;
  const auto positive = "020500b32ffc19"_hex;
  return came_back({0xb32ffc19, integer_form::negative}, negative) &&
         came_back({0x123456, integer_form::four_octets}, padded) && came_back(0xb32ffc19, positive);
}
KERB_BOTH("as_kdc: a nonce goes back in the octets that it came in", "[exchange][tolerance][rfc4120-5.4.2]",
          a_nonce_is_answered_as_it_came);

constexpr bool a_key_version_is_written_in_the_form_that_the_database_says() {
  const auto of = [](uint32 kvno) {
    world w;
    w.tgs.keys[0]->kvno = kvno;
    const outcome r = w.ask_as();
    return r.issued && r.ticket_kvno == std::uint32_t{kvno} ? r.ticket_kvno_form : integer_form::four_octets;
  };
  return of(0x80000003) == integer_form::der && of({0x80000003, integer_form::negative}) == integer_form::negative;
}
KERB_BOTH("as_kdc: a key version is written as the database says", "[exchange][tolerance][rfc4120-5.2.9]",
          a_key_version_is_written_in_the_form_that_the_database_says);

constexpr bool the_three_encryption_types_are_chosen_apart() {
  world w;  // the client has a key of type 20, the ticket-granting service one of 18
  const etype_t reordered[] = {e17, e18, e20};
  w.body.etype = view_of<etype_t>(reordered);
  const etype_t declared[] = {e19, e17, e18};
  w.tgs.record.session_etypes = declared;
  const outcome r = w.ask_as();
  return r.issued && r.reply_etype == e20 && r.ticket_etype == e18 && r.ticket.key.keytype == e17;
}
KERB_BOTH("as_kdc: reply key, session key and ticket have an encryption type each", "[exchange][rfc4120-3.1.3]",
          the_three_encryption_types_are_chosen_apart);

constexpr bool a_session_key_is_of_a_type_that_the_service_has() {
  world w;
  const outcome r = w.ask_as();  // the first of the request is 20, and krbtgt has a key of 18 alone
  return r.issued && r.ticket.key.keytype == e18;
}
KERB_BOTH("as_kdc: without a declaration a session key is of a type that the service has a key of",
          "[exchange][rfc4120-3.1.3]", a_session_key_is_of_a_type_that_the_service_has);

constexpr bool prepared_keys_serve_as_well() {
  // Of another key each, so that it shows which one was taken
  const auto with = [](int which, const key& k) {
    world w;
    const auto stamp = w.crypto.prepare(which == 1 ? k : w.client.own, key_usage_t::as_req_enc_timestamp);
    const auto reply = w.crypto.prepare(which == 2 ? k : w.client.own, key_usage_t::as_rep_enc_part);
    const auto checksum = w.crypto.prepare(w.client.own, key_usage_t::as_req);
    const prepared_for<testing::insecure_policy> prepared[] = {{key_usage_t::as_req_enc_timestamp, *stamp},
                                                               {key_usage_t::as_rep_enc_part, *reply},
                                                               {key_usage_t::as_req, *checksum}};
    w.client.keys[0]->prepared = prepared;
    return w.ask_as();
  };
  world other;
  const outcome r = with(0, other.client.own);
  return r.issued && r.reply_etype == e20 && with(1, other.service.own).is(error_code_t::kdc_err_preauth_failed) &&
         !with(2, other.service.own).issued;
}
KERB_BOTH("as_kdc: keys prepared for timestamps and replies open and seal them", "[exchange][rfc4120-3.1.3]",
          prepared_keys_serve_as_well);

/// One request that is bent, and what becomes of it.
struct refusal {
  const char* name;
  void (*bend)(world&);
  error_code_t sent;
  errc why;
  const char* type;
  const char* field;
};
constexpr etype_t old_types[] = {etype_t::rc4_hmac, etype_t::des3_cbc_sha1_kd}, only_17[] = {e17}, only_20[] = {e20};
constexpr std::uint8_t nothing_sealed[] = {0x30, 0x00};
constexpr kerberos_string no_parts[1] = {};
const refusal refusals[] = {
    {"an unknown client", [](world& w) { w.client.there = false; }, error_code_t::kdc_err_c_principal_unknown,
     errc::client_unknown, "KDC-REQ-BODY", "cname"},
    {"an unknown server", [](world& w) { w.tgs.there = false; }, error_code_t::kdc_err_s_principal_unknown,
     errc::server_unknown, "KDC-REQ-BODY", "sname"},
    {"another realm", [](world& w) { w.body.realm = other_org; }, error_code_t::kdc_err_c_principal_unknown,
     errc::client_unknown, "KDC-REQ-BODY", "cname"},
    {"a client without a component", [](world& w) { w.body.cname = msg::PrincipalName{}; },
     error_code_t::kdc_err_c_principal_unknown, errc::client_unknown, "KDC-REQ-BODY", "cname"},
    {"a server without a component",
     [](world& w) {
       w.body.sname = msg::PrincipalName{name_t::principal, view_of<kerberos_string>(no_parts, 0)};
     },
     error_code_t::kdc_err_s_principal_unknown, errc::server_not_named, "KDC-REQ-BODY", "sname"},
    {"a client that is none", [](world& w) { w.client.record.attributes.set(a::not_a_client); },
     error_code_t::kdc_err_c_principal_unknown, errc::client_unknown, "KDC-REQ-BODY", "cname"},
    {"a locked client", [](world& w) { w.client.record.attributes.set(a::locked); },
     error_code_t::kdc_err_client_revoked, errc::client_locked, "KDC-REQ-BODY", "cname"},
    {"a client that is not valid yet", [](world& w) { w.client.record.valid_from = plus(noon.at, 1); },
     error_code_t::kdc_err_client_notyet, errc::client_not_yet_valid, "KDC-REQ-BODY", "cname"},
    {"a client that has expired", [](world& w) { w.client.record.expires = noon.at; }, error_code_t::kdc_err_name_exp,
     errc::client_expired, "KDC-REQ-BODY", "cname"},
    {"an expired password", [](world& w) { w.client.record.password_expires = noon.at; },
     error_code_t::kdc_err_key_expired, errc::password_expired, "KDC-REQ-BODY", "cname"},
    {"a password that must be changed", [](world& w) { w.client.record.attributes.set(a::must_change_password); },
     error_code_t::kdc_err_key_expired, errc::password_expired, "KDC-REQ-BODY", "cname"},
    {"a locked server", [](world& w) { w.tgs.record.attributes.set(a::locked); }, error_code_t::kdc_err_service_revoked,
     errc::server_locked, "KDC-REQ-BODY", "sname"},
    {"a server that is none", [](world& w) { w.tgs.record.attributes.set(a::not_a_server); },
     error_code_t::kdc_err_s_principal_unknown, errc::not_a_server, "KDC-REQ-BODY", "sname"},
    {"a server that is not valid yet", [](world& w) { w.tgs.record.valid_from = plus(noon.at, 1); },
     error_code_t::kdc_err_service_notyet, errc::server_not_yet_valid, "KDC-REQ-BODY", "sname"},
    {"a server that has expired", [](world& w) { w.tgs.record.expires = noon.at; }, error_code_t::kdc_err_service_exp,
     errc::server_expired, "KDC-REQ-BODY", "sname"},
    {"a server that is a user", [](world& w) { w.tgs.record.attributes.set(a::user_to_user_only); },
     error_code_t::kdc_err_must_use_user2user, errc::must_use_user_to_user, "KDC-REQ-BODY", "sname"},

    {"no pre-authentication", [](world& w) { w.with_timestamp = false; }, error_code_t::kdc_err_preauth_required,
     errc::preauth_required, "AS-REQ", "padata"},
    {"no pre-authentication, and the client's record asks for it",
     [](world& w) {
       w.with_timestamp = w.settings.require_preauth = false;
       w.client.record.attributes.set(a::requires_preauth);
     },
     error_code_t::kdc_err_preauth_required, errc::preauth_required, "AS-REQ", "padata"},
    {"no pre-authentication, and the server's record asks for it",
     [](world& w) {
       w.with_timestamp = w.settings.require_preauth = false;
       w.tgs.record.attributes.set(a::requires_preauth);
     },
     error_code_t::kdc_err_preauth_required, errc::preauth_required, "AS-REQ", "padata"},
    {"a timestamp under another key", [](world& w) { w.stamp_key = &w.service.own; },
     error_code_t::kdc_err_preauth_failed, errc::integrity, "AS-REQ", "padata"},
    {"a timestamp under a key of a type that the client has none of", [](world& w) { w.stamp_key = &w.user.own; },
     error_code_t::kdc_err_preauth_failed, errc::no_key, "AS-REQ", "padata"},
    {"a timestamp that is none", [](world& w) { w.stamp_octets = nothing_sealed; },
     error_code_t::kdc_err_preauth_failed, errc::missing_field, "EncryptedData", "etype"},
    {"an empty timestamp", [](world& w) { w.stamp_octets = bytes_view(); }, error_code_t::kdc_err_preauth_failed,
     errc::truncated, "EncryptedData", ""},
    {"a timestamp of long ago",
     [](world& w) {
       w.stamp = timestamp{plus(noon.at, -301), {0}};
     },
     error_code_t::krb_ap_err_skew, errc::clock_skew, "PA-ENC-TS-ENC", "patimestamp"},
    {"a timestamp to come",
     [](world& w) {
       w.stamp = timestamp{plus(noon.at, 301), {0}};
     },
     error_code_t::krb_ap_err_skew, errc::clock_skew, "PA-ENC-TS-ENC", "patimestamp"},
    {"a timestamp under a key of a type that policy forbids", [](world& w) { w.settings.reply_etypes = only_17; },
     error_code_t::kdc_err_etype_nosupp, errc::no_common_etype, "KDC-REQ-BODY", "etype"},

    {"encryption types that nobody has", [](world& w) { w.body.etype = view_of<etype_t>(old_types); },
     error_code_t::kdc_err_etype_nosupp, errc::no_common_etype, "KDC-REQ-BODY", "etype"},
    {"encryption types that the client has no key of", [](world& w) { w.body.etype = view_of<etype_t>(only_17); },
     error_code_t::kdc_err_etype_nosupp, errc::no_common_etype, "KDC-REQ-BODY", "etype"},
    {"no encryption type", [](world& w) { w.body.etype = view_of<etype_t>(only_17, 0); },
     error_code_t::kdc_err_etype_nosupp, errc::no_common_etype, "KDC-REQ-BODY", "etype"},
    {"session keys that the server does not declare", [](world& w) { w.body.etype = view_of<etype_t>(only_20); },
     error_code_t::kdc_err_etype_nosupp, errc::no_common_etype, "KDC-REQ-BODY", "etype"},
    {"session keys that policy forbids", [](world& w) { w.settings.session_etypes = only_17; },
     error_code_t::kdc_err_etype_nosupp, errc::no_common_etype, "KDC-REQ-BODY", "etype"},
    {"tickets that policy forbids", [](world& w) { w.settings.ticket_etypes = only_17; },
     error_code_t::kdc_err_etype_nosupp, errc::server_has_no_key, "KDC-REQ-BODY", "sname"},

    {"FORWARDED", [](world& w) { w.body.kdc_options.set(o::forwarded); }, error_code_t::kdc_err_badoption,
     errc::option_not_allowed, "KDC-REQ-BODY", "kdc-options"},
    {"PROXY", [](world& w) { w.body.kdc_options.set(o::proxy); }, error_code_t::kdc_err_badoption,
     errc::option_not_allowed, "KDC-REQ-BODY", "kdc-options"},
    {"RENEW", [](world& w) { w.body.kdc_options.set(o::renew); }, error_code_t::kdc_err_badoption,
     errc::option_not_allowed, "KDC-REQ-BODY", "kdc-options"},
    {"VALIDATE", [](world& w) { w.body.kdc_options.set(o::validate); }, error_code_t::kdc_err_badoption,
     errc::option_not_allowed, "KDC-REQ-BODY", "kdc-options"},
    {"ENC-TKT-IN-SKEY", [](world& w) { w.body.kdc_options.set(o::enc_tkt_in_skey); }, error_code_t::kdc_err_badoption,
     errc::option_not_allowed, "KDC-REQ-BODY", "kdc-options"},
    {"CNAME-IN-ADDL-TKT", [](world& w) { w.body.kdc_options.set(o::cname_in_addl_tkt); },
     error_code_t::kdc_err_badoption, errc::option_not_allowed, "KDC-REQ-BODY", "kdc-options"},
    {"an anonymous client", [](world& w) { w.body.kdc_options.set(o::request_anonymous); },
     error_code_t::kdc_err_badoption, errc::anonymity_not_supported, "KDC-REQ-BODY", "kdc-options"},

    {"an end in the past", [](world& w) { w.body.till = noon.at; }, error_code_t::kdc_err_never_valid,
     errc::never_valid, "KDC-REQ-BODY", "till"},
    {"a start to come that was not to be postdated", [](world& w) { w.body.from = plus(noon.at, 301); },
     error_code_t::kdc_err_cannot_postdate, errc::starts_in_future, "KDC-REQ-BODY", "from"},
    {"a postdated ticket where policy has none",
     [](world& w) {
       w.settings.postdated = false;
       w.body.kdc_options.set(o::postdated);
     },
     error_code_t::kdc_err_cannot_postdate, errc::cannot_postdate, "KDC-REQ-BODY", "kdc-options"},
    {"a postdated ticket of a client that gets none",
     [](world& w) {
       w.client.record.attributes.set(a::no_postdated);
       w.body.kdc_options.set(o::postdated);
     },
     error_code_t::kdc_err_cannot_postdate, errc::cannot_postdate, "KDC-REQ-BODY", "kdc-options"},
    {"a start too far away",
     [](world& w) {
       w.body.kdc_options.set(o::postdated);
       w.body.from = plus(noon.at, w.settings.max_postdate + 1);
       w.body.till = {};
     },
     error_code_t::kdc_err_cannot_postdate, errc::starts_too_late, "KDC-REQ-BODY", "from"},
    {"what the caller's policy refuses", [](world& w) { w.refuse = error_code_t::kdc_err_policy; },
     error_code_t::kdc_err_policy, errc::refused_by_application, "", ""},
    {"an end that the caller's policy leaves no time", [](world& w) { w.options.endtime = noon.at; },
     error_code_t::kdc_err_never_valid, errc::never_valid, "KDC-REQ-BODY", ""},
};
TEST_CASE("as_kdc: what is not to be answered with a ticket is refused with its own error",
          "[exchange][rfc4120-3.1.3]") {
  for (const refusal& r : refusals) {
    INFO(r.name);
    world w;
    r.bend(w);
    const outcome got = w.ask_as();
    CHECK_FALSE(got.issued);
    REQUIRE(got.sent);
    CHECK(name_of(got.sent->error_code) == name_of(r.sent));
    CHECK(name_of(got.why.code) == name_of(r.why));
    CHECK(std::string_view(got.why.type) == r.type);
    CHECK(std::string_view(got.why.field) == r.field);
    CHECK(got.sent->realm == ex_org);
    CHECK(got.sent->stime == noon.at);
    CHECK(got.sent->e_text);
  }
}

constexpr bool a_forbidden_type_proves_nothing() {
  world w;  // the client has a key of a type that policy allows, and signs with one of a type that it does not
  const key allowed = w.make(e17, 0xe1);
  const long_term_key<testing::insecure_policy> keys[] = {{.kvno = 1, .key = w.client.own},
                                                          {.kvno = 1, .key = allowed}};
  w.client.record.keys = keys;
  w.settings.reply_etypes = only_17;
  const bool refused = w.ask_as().is(error_code_t::kdc_err_preauth_failed);
  w.stamp_key = &allowed;
  const auto r = w.ask_as();
  return refused && !r.sent && r.reply_etype == e17;
}
KERB_BOTH("as_kdc: a timestamp under a key of a type that policy forbids proves nothing", "[exchange][rfc4120-3.1.3]",
          a_forbidden_type_proves_nothing);

constexpr bool an_old_password_proves_nothing() {
  world w;
  const key older = w.make(e20, 0xe1);
  const long_term_key<testing::insecure_policy> keys[] = {{.kvno = 2, .key = w.client.own}, {.kvno = 1, .key = older}};
  w.client.record.keys = keys;
  const bool newest = w.ask_as().issued;
  w.stamp_key = &older;
  return newest && w.ask_as().is(error_code_t::kdc_err_preauth_failed);
}
KERB_BOTH("as_kdc: a timestamp under an older key than the client's newest of that type proves nothing",
          "[exchange][rfc4120-5.2.7.2]", an_old_password_proves_nothing);

constexpr bool names_that_cannot_be_are_not_looked_up() {
  world nobody, elsewhere;
  nobody.body.cname = msg::PrincipalName{};
  elsewhere.body.realm = other_org;
  return !nobody.ask_as().issued && nobody.asked == 0 && !elsewhere.ask_as().issued && elsewhere.asked == 0;
}
KERB_BOTH("as_kdc: neither a client without a name nor one of another realm is looked up", "[exchange][rfc4120-3.1.3]",
          names_that_cannot_be_are_not_looked_up);

constexpr bool pre_authent_is_for_those_who_did() {
  world w;
  w.settings.require_preauth = w.with_timestamp = false;
  const outcome r = w.ask_as();
  return r.issued && r.ticket.flags == msg::TicketFlags{f::initial, f::enc_pa_rep} && r.part.flags == r.ticket.flags;
}
KERB_BOTH("as_kdc: a ticket without pre-authentication does not say that there was one", "[exchange][rfc4120-2.1]",
          pre_authent_is_for_those_who_did);

constexpr bool something_else_under_the_key_is_no_timestamp() {
  world w;
  std::array<std::uint8_t, 128> sealed{};
  errc why = errc::ok;
  auto other = asn1::computed{[&](der::writer& out) {
    write_sealed(out, msg::EncApRepPart{noon.at, noon.usec, {}, {}}, w.client.own, key_usage_t::as_req_enc_timestamp,
                 w.env_now(), why);
  }};
  w.stamp_octets = kerb_test::must(asn1::encode(other, sealed));
  return w.ask_as().is(error_code_t::kdc_err_preauth_failed);
}
KERB_BOTH("as_kdc: something else under the client's key is no timestamp", "[exchange][rfc4120-5.2.7.2]",
          something_else_under_the_key_is_no_timestamp);

/// The METHOD-DATA of a refusal.
constexpr std::optional<msg::MethodData> method_data(const outcome& r) {
  if (!r.sent || !r.sent->e_data) return std::nullopt;
  const auto m = asn1::decode_as<msg::MethodData>("METHOD-DATA", *r.sent->e_data);
  return m ? std::optional(*m) : std::nullopt;
}
constexpr std::optional<bytes_view> padata_of(const std::optional<msg::MethodData>& m, padata_t type) {
  if (!m) return std::nullopt;
  for (const msg::PaData p : *m)
    if (p.padata_type == type) return p.padata_value;
  return std::nullopt;
}
constexpr bool hints_say_how_the_key_is_made() {
  world w;
  w.with_timestamp = false;
  constexpr std::uint8_t params[] = {0, 0, 0x80, 0};
  w.client.keys[0]->s2kparams = params;
  const outcome r = w.ask_as();
  const auto m = method_data(r);
  const auto value = padata_of(m, padata_t::etype_info2);
  if (!value || !padata_of(m, padata_t::enc_timestamp) || padata_of(m, padata_t::etype_info) ||
      padata_of(m, padata_t::pw_salt)) {
    return false;
  }
  const auto info = asn1::decode_as<msg::EtypeInfo2>("ETYPE-INFO2", *value);
  if (!info || info->size() != 1) return false;
  const msg::EtypeInfo2Entry e = *info->begin();
  return e.etype == e20 && e.salt && *e.salt == "alices salt"_krb && e.s2kparams && *e.s2kparams == bytes_view(params);
}
KERB_BOTH("as_kdc: whoever has to pre-authenticate is told with which key, salt and parameters",
          "[exchange][rfc4120-5.2.7.5]", hints_say_how_the_key_is_made);

constexpr bool a_failed_timestamp_gets_the_same_hints() {
  world w;
  w.stamp_key = &w.user.own;
  return padata_of(method_data(w.ask_as()), padata_t::etype_info2).has_value();
}
KERB_BOTH("as_kdc: whoever failed to pre-authenticate is told again how", "[exchange][rfc4120-5.2.7.5]",
          a_failed_timestamp_gets_the_same_hints);

constexpr bool a_reply_has_the_hint_of_its_key_alone() {
  world w;
  const outcome r = w.ask_as();
  const auto value = padata_of(r.padata, padata_t::etype_info2);
  if (!value || !r.padata || r.padata->size() != 1) return false;
  const auto info = asn1::decode_as<msg::EtypeInfo2>("ETYPE-INFO2", *value);
  return info && info->size() == 1 && (*info->begin()).etype == e20;
}
KERB_BOTH("as_kdc: a reply says how its own key is made, and nothing of others", "[exchange][rfc4120-5.2.7.5]",
          a_reply_has_the_hint_of_its_key_alone);

// ---- times and flags

constexpr bool a_ticket_lives_no_longer_than_anybody_allows() {
  const auto end = [](auto bend) {
    world w;
    w.body.till = {};  // as long as may be
    bend(w);
    return w.ask_as().ticket.endtime.seconds - noon.at.seconds;
  };
  return end([](world&) {}) == 36000 && end([](world& w) { w.settings.max_life = 100; }) == 100 &&
         end([](world& w) { w.client.record.max_life = 200; }) == 200 &&
         end([](world& w) { w.tgs.record.max_life = 300; }) == 300 &&
         end([](world& w) { w.body.till = plus(noon.at, 400); }) == 400 &&
         end([](world& w) { w.options.endtime = plus(noon.at, 500); }) == 500 &&
         end([](world& w) { w.options.endtime = plus(noon.at, 90000); }) == 36000;
}
KERB_BOTH("as_kdc: a ticket lives no longer than client, server, realm and caller allow", "[exchange][rfc4120-3.1.3]",
          a_ticket_lives_no_longer_than_anybody_allows);

constexpr bool a_renewable_ticket_is_renewable_as_long_as_anybody_allows() {
  const auto till = [](auto bend) {
    world w;
    w.body.kdc_options.set(o::renewable);
    w.body.till = plus(noon.at, 60);
    bend(w);
    const outcome r = w.ask_as();
    if (!r.issued || r.ticket.renew_till.has_value() != r.ticket.flags.has(f::renewable)) return std::int64_t{-1};
    return r.ticket.renew_till ? r.ticket.renew_till->seconds - noon.at.seconds : 0;
  };
  return till([](world&) {}) == 604800 && till([](world& w) { w.body.rtime = plus(noon.at, 3600); }) == 3600 &&
         till([](world& w) { w.body.rtime = kerberos_time{}; }) == 604800 &&
         till([](world& w) { w.settings.max_renewable_life = 1000; }) == 1000 &&
         till([](world& w) { w.client.record.max_renewable_life = 900; }) == 900 &&
         till([](world& w) { w.tgs.record.max_renewable_life = 800; }) == 800 &&
         till([](world& w) { w.options.renew_till = plus(noon.at, 700); }) == 700 &&
         till([](world& w) { w.settings.renewable = false; }) == 0 &&
         till([](world& w) { w.client.record.attributes.set(a::no_renewable); }) == 0 &&
         till([](world& w) { w.tgs.record.attributes.set(a::no_renewable); }) == 0 &&
         till([](world& w) { w.options.without.set(f::renewable); }) == 0 &&
         till([](world& w) { w.body.rtime = plus(noon.at, 30); }) == 0;
}
KERB_BOTH("as_kdc: a ticket is renewable as long as client, server, realm and caller allow",
          "[exchange][rfc4120-3.1.3]", a_renewable_ticket_is_renewable_as_long_as_anybody_allows);

constexpr bool renewable_ok_makes_up_for_a_short_life() {
  world w;
  w.body.kdc_options.set(o::renewable_ok);
  w.body.till = plus(noon.at, 72000);
  const outcome longer = w.ask_as();
  w.body.till = plus(noon.at, 3600);
  const outcome shorter = w.ask_as();
  return longer.issued && longer.ticket.endtime == plus(noon.at, 36000) &&
         longer.ticket.renew_till == plus(noon.at, 72000) && shorter.issued && !shorter.ticket.renew_till &&
         !shorter.ticket.flags.has(f::renewable);
}
KERB_BOTH("as_kdc: RENEWABLE-OK gives a renewable ticket only where a long one is not to be had",
          "[exchange][rfc4120-3.1.3]", renewable_ok_makes_up_for_a_short_life);

constexpr bool flags_need_the_option_and_everybodys_leave() {
  struct row {
    o option;
    f flag;
    a barred;
    bool kdc_policy::*allowed;
  };
  constexpr row rows[] = {{o::forwardable, f::forwardable, a::no_forwardable, &kdc_policy::forwardable},
                          {o::proxiable, f::proxiable, a::no_proxiable, &kdc_policy::proxiable},
                          {o::allow_postdate, f::may_postdate, a::no_postdated, &kdc_policy::postdated}};
  for (const row& r : rows) {
    const auto granted = [&](auto bend) {
      world w;
      w.body.kdc_options.set(r.option);
      bend(w);
      const outcome got = w.ask_as();
      return got.issued && got.ticket.flags.has(r.flag);
    };
    if (!granted([](world&) {}) || granted([&](world& w) { w.body.kdc_options.set(r.option, false); }) ||
        granted([&](world& w) { w.settings.*r.allowed = false; }) ||
        granted([&](world& w) { w.client.record.attributes.set(r.barred); }) ||
        granted([&](world& w) { w.tgs.record.attributes.set(r.barred); }) ||
        granted([&](world& w) { w.options.without.set(r.flag); })) {
      return false;
    }
  }
  return true;
}
KERB_BOTH("as_kdc: a flag needs the option, and client's, server's, realm's and caller's leave",
          "[exchange][rfc4120-2]", flags_need_the_option_and_everybodys_leave);

constexpr bool a_postdated_ticket_starts_later_and_is_invalid() {
  world w;
  w.body.kdc_options.set(o::postdated);
  w.body.from = plus(noon.at, 3600);
  w.body.till = plus(noon.at, 7200);
  const outcome r = w.ask_as();
  return r.issued && r.ticket.flags.has(f::postdated) && r.ticket.flags.has(f::invalid) &&
         r.ticket.starttime == plus(noon.at, 3600) && r.ticket.endtime == plus(noon.at, 7200) &&
         r.ticket.authtime == noon.at;
}
KERB_BOTH("as_kdc: a postdated ticket starts when it is to, and is invalid until it is validated",
          "[exchange][rfc4120-2.4]", a_postdated_ticket_starts_later_and_is_invalid);

constexpr bool addresses_are_those_asked_for() {
  world w;
  constexpr std::uint8_t ip[] = {10, 1, 2, 3};
  const msg::HostAddress list[] = {{addr_t::ipv4, ip}};
  w.body.addresses = view_of<msg::HostAddress>(list);
  const outcome r = w.ask_as();
  return r.issued && r.ticket.caddr && r.ticket.caddr->size() == 1 &&
         (*r.ticket.caddr->begin()).address == bytes_view(ip) && r.part.caddr && r.part.caddr->size() == 1;
}
KERB_BOTH("as_kdc: a ticket is bound to the addresses asked for", "[exchange][rfc4120-3.1.3]",
          addresses_are_those_asked_for);
KERB_BOTH("as_kdc: a list without addresses goes into no ticket", "[exchange][rfc4120-5.2.5]", [] {
  world w;
  w.body.addresses = msg::HostAddresses();
  const outcome r = w.ask_as();
  return r.issued && !r.ticket.caddr && !r.part.caddr;
});

constexpr bool keys_that_expire_are_announced() {
  world w;
  w.client.record.password_expires = plus(noon.at, 5000);
  w.client.record.expires = plus(noon.at, 4000);
  const msg::LastReqEntry last[] = {{lr_t(1), plus(noon.at, -50)}};
  w.client.record.last_req = last;
  const outcome r = w.ask_as();
  return r.issued && r.part.key_expiration == plus(noon.at, 4000) && r.part.last_req.size() == 1 &&
         (*r.part.last_req.begin()).lr_value == plus(noon.at, -50);
}
KERB_BOTH("as_kdc: the key expires with the password or the principal, whichever is first", "[exchange][rfc4120-5.4.2]",
          [] {
            world w;
            const auto at = [&](std::optional<kerberos_time> password, std::optional<kerberos_time> principal) {
              w.client.record.password_expires = password;
              w.client.record.expires = principal;
              return w.ask_as().part.key_expiration;
            };
            const kerberos_time soon = plus(noon.at, 4000), late = plus(noon.at, 5000);
            return at(soon, late) == soon && at(late, soon) == soon && at(soon, {}) == soon && at({}, soon) == soon &&
                   !at({}, {});
          });
KERB_BOTH("as_kdc: the client learns when its key expires, and what the database has of its last requests",
          "[exchange][rfc4120-5.4.2]", keys_that_expire_are_announced);

constexpr bool an_expired_password_still_gets_its_change() {
  world w;
  w.client.record.password_expires = plus(noon.at, -1);
  w.body.sname = changepw().name;
  const bool before = w.ask_as().is(error_code_t::kdc_err_key_expired);
  w.changer.record.attributes.set(a::changes_passwords);
  const outcome r = w.ask_as();
  return before && r.issued && r.ticket.flags.has(f::initial) && same_principal(r.clear_server, changepw());
}
KERB_BOTH("as_kdc: an expired password gets an initial ticket to change it", "[exchange][rfc4120-3.1.3]",
          an_expired_password_still_gets_its_change);

// ---- RFC 6806

constexpr kerberos_string alias_parts[] = {"alias"_krb};
constexpr bool an_alias_is_answered_in_the_name_it_was_asked_by() {
  world w;
  const auto answered = [&](bool canonicalize) {
    w.body.kdc_options.set(o::canonicalize, canonicalize);
    kdc<testing::insecure_policy> x(w.settings, std::span(w.scratch));
    w.body.cname = named(alias_parts).name;
    const auto t = w.env_now();
    kdc_step s = x.receive(w.as_req(), t);
    if (!is<need_principal>(s)) return outcome{};
    s = x.found(w.client.record, t);
    s = x.found(w.tgs.record, t);
    if (!is<authorize>(s)) return outcome{};
    s = x.issue({}, t);
    const auto* r = std::get_if<reply>(&s);
    outcome got;
    const auto rep = r != nullptr ? asn1::decode<msg::AsRep>(r->octets) : result<msg::AsRep>(errc::truncated);
    if (rep) got.issued = same_principal({rep->cname, rep->crealm}, canonicalize ? alice() : named(alias_parts));
    return got;
  };
  return answered(false).issued && answered(true).issued;
}
KERB_BOTH("as_kdc: an alias gets its canonical name where it asks for that, and keeps its own where not",
          "[exchange][rfc6806-6]", an_alias_is_answered_in_the_name_it_was_asked_by);

constexpr bool a_server_keeps_the_name_that_it_was_asked_by() {
  constexpr kerberos_string www[] = {"HTTP"_krb, "www"_krb};
  const auto named_in_reply = [&](bool canonicalize) -> std::optional<bool> {
    world w;
    w.body.kdc_options.set(o::canonicalize, canonicalize);
    w.body.sname = named(www).name;
    kdc<testing::insecure_policy> x(w.settings, std::span(w.scratch));
    const auto t = w.env_now();
    kdc_step s = x.receive(w.as_req(), t);
    s = x.found(w.client.record, t);
    s = x.found(w.service.record, t);
    if (!is<authorize>(s)) return std::nullopt;
    s = x.issue({}, t);
    const auto* r = std::get_if<reply>(&s);
    const auto rep = r != nullptr ? asn1::decode<msg::AsRep>(r->octets) : result<msg::AsRep>(errc::truncated);
    if (!rep) return std::nullopt;
    const principal_view got{rep->ticket->sname, rep->ticket->realm};
    return same_principal(got, named(www)) ? std::optional(false)
           : same_principal(got, web())    ? std::optional(true)
                                           : std::nullopt;
  };
  return named_in_reply(false) == false && named_in_reply(true) == true;
}
KERB_BOTH("as_kdc: a server is renamed where canonicalisation is asked for, and nowhere else", "[exchange][rfc6806-7]",
          a_server_keeps_the_name_that_it_was_asked_by);

constexpr kerberos_string mail_parts[] = {"alice@ex.org"_krb};
constexpr bool an_enterprise_name_becomes_a_principals() {
  world w;
  w.body.kdc_options.set(o::canonicalize);
  w.body.cname = msg::PrincipalName{name_t::enterprise, mail_parts};
  kdc<testing::insecure_policy> x(w.settings, std::span(w.scratch));
  const auto t = w.env_now();
  kdc_step s = x.receive(w.as_req(), t);
  s = x.found(w.client.record, t);
  s = x.found(w.tgs.record, t);
  if (!is<authorize>(s)) return false;
  s = x.issue({}, t);
  const auto* r = std::get_if<reply>(&s);
  const auto rep = r != nullptr ? asn1::decode<msg::AsRep>(r->octets) : result<msg::AsRep>(errc::truncated);
  return rep && same_principal({rep->cname, rep->crealm}, alice());
}
KERB_BOTH("as_kdc: a ticket for an enterprise name is the principal's", "[exchange][rfc6806-5]",
          an_enterprise_name_becomes_a_principals);

constexpr bool only_clients_are_sent_to_another_realm() {
  world w;
  w.body.kdc_options.set(o::canonicalize);
  kdc<testing::insecure_policy> x(w.settings, std::span(w.scratch));
  const auto t = w.env_now();
  kdc_step s = x.receive(w.as_req(), t);
  s = x.found(w.client.record, t);
  const auto* ask = std::get_if<need_principal>(&s);
  if (ask == nullptr || ask->may_refer) return false;
  s = x.refer_to(other_org, t);
  const auto* no = std::get_if<refused>(&s);
  const auto e = no != nullptr ? asn1::decode<msg::KrbError>(no->octets) : result<msg::KrbError>(errc::truncated);
  return e && e->error_code == error_code_t::kdc_err_s_principal_unknown;
}
KERB_BOTH("as_kdc: a server of another realm is unknown here, and the client is not told that it is elsewhere itself",
          "[exchange][rfc6806-4]", only_clients_are_sent_to_another_realm);

constexpr kerberos_string upn_parts[] = {"alice@other.org"_krb};
constexpr bool a_client_of_another_realm_is_sent_there() {
  world w;
  w.refer = other_org;
  w.body.kdc_options.set(o::canonicalize);
  w.body.cname = msg::PrincipalName{name_t::enterprise, upn_parts};
  const outcome r = w.ask_as();
  world plain;  // a name that is no enterprise name, and no canonicalisation asked for
  plain.refer = other_org;
  plain.client.there = false;
  return r.is(error_code_t::kdc_err_wrong_realm, errc::wrong_realm, "KDC-REQ-BODY", "cname") && r.sent->crealm &&
         *r.sent->crealm == other_org && plain.ask_as().is(error_code_t::kdc_err_c_principal_unknown);
}
KERB_BOTH("as_kdc: a client of another realm is told which, if it asked", "[exchange][rfc6806-4]",
          a_client_of_another_realm_is_sent_there);

constexpr bool valid_from_the_first_second_to_the_last() {
  world w;
  for (auto* const r : {&w.client.record, &w.tgs.record}) {
    r->valid_from = noon.at;
    r->expires = plus(noon.at, 1);
    if (!w.ask_as().issued) return false;
    r->valid_from = plus(noon.at, -1000);
    r->expires = plus(noon.at, 1000);
    if (!w.ask_as().issued) return false;
    r->valid_from = plus(noon.at, 1);
    if (w.ask_as().issued) return false;
    r->valid_from.reset();
    r->expires = noon.at;
    if (w.ask_as().issued) return false;
    r->expires.reset();
  }
  return true;
}
KERB_BOTH("as_kdc: client and server are valid from a first second on, and before a last one",
          "[exchange][rfc4120-3.1.3]", valid_from_the_first_second_to_the_last);
KERB_BOTH("as_kdc: nobody gets a renewable ticket who asked for neither", "[exchange][rfc4120-3.1.3]", [] {
  world w;
  w.settings.renewable = true;
  w.settings.max_life = 600;  // less than is asked for
  const outcome r = w.ask_as();
  w.body.kdc_options.set(kdc_option_t::renewable_ok);
  const outcome twin = w.ask_as();
  return r.issued && !r.ticket.renew_till && !r.ticket.flags.has(f::renewable) && twin.issued &&
         twin.ticket.flags.has(f::renewable);
});

/// The salt and the types in the hints of a refusal.
struct hinted {
  std::optional<kerberos_string> salt;
  std::size_t types = 0;
  bool unknown_type = false;
};
constexpr hinted hints_of(const outcome& r) {
  hinted h;
  if (!r.sent || !r.sent->e_data) return h;
  for (const msg::PaData pa : kerb_test::must(asn1::decode_as<msg::MethodData>("METHOD-DATA", *r.sent->e_data))) {
    if (pa.padata_type != padata_t::etype_info2) continue;
    for (const msg::EtypeInfo2Entry e :
         kerb_test::must(asn1::decode_as<msg::EtypeInfo2>("ETYPE-INFO2", pa.padata_value))) {
      h.salt = e.salt;
      ++h.types;
      h.unknown_type = h.unknown_type || e.etype == etype_t::des_cbc_md5;
    }
  }
  return h;
}
constexpr bool hints_have_the_salt_of_the_key() {
  for (const bool conceals : {false, true}) {
    world w;
    w.with_timestamp = false;
    w.settings.require_preauth = true;
    w.settings.conceal_unknown_clients = conceals;
    const outcome first = w.ask_as();
    const auto own = hints_of(first).salt;  // a view of the answer
    if (!own || !(*own == "alices salt")) return false;
    w.client.keys[0]->salt.reset();
    const outcome second = w.ask_as();
    const auto by_default = hints_of(second).salt;
    if (conceals ? !by_default || !(*by_default == "EX.ORGalice") : by_default.has_value()) return false;
  }
  return true;
}
KERB_BOTH("as_kdc: hints have the key's own salt, and the default one only where clients are concealed",
          "[exchange][rfc4120-5.2.7.5]", hints_have_the_salt_of_the_key);
KERB_BOTH("as_kdc: no hint names a type that the library does not have, also for a client that is concealed",
          "[exchange][rfc4120-3.1.3]", [] {
            world w;
            const etype_t types[] = {etype_t::des_cbc_md5, e20};
            w.with_timestamp = false;
            w.settings.conceal_unknown_clients = true;
            w.settings.reply_etypes = types;
            w.body.etype = view_of<etype_t>(types);
            w.client.there = false;
            const hinted h = hints_of(w.ask_as());
            return h.types == 1 && !h.unknown_type;
          });
KERB_BOTH("as_kdc: with canonicalize a client of any name type is told which realm it belongs to",
          "[exchange][rfc6806-7]", [] {
            world w;
            w.refer = other_org;
            w.client.there = false;
            w.body.kdc_options.set(o::canonicalize);
            const outcome r = w.ask_as();
            return r.is(error_code_t::kdc_err_wrong_realm) && r.sent->crealm && *r.sent->crealm == other_org;
          });
KERB_BOTH("as_kdc: a timestamp of another time gets no hints, since its key was right", "[exchange][rfc4120-3.1.3]",
          [] {
            world w;
            w.stamp = timestamp{plus(noon.at, 301), noon.usec};
            const outcome late = w.ask_as();
            w.stamp.reset();
            w.stamp_key = &w.user.own;
            const outcome wrong = w.ask_as();
            return late.is(error_code_t::krb_ap_err_skew) && !late.sent->e_data &&
                   wrong.is(error_code_t::kdc_err_preauth_failed) && wrong.sent->e_data.has_value();
          });

/// The request with what follows as its padata, in that order.
constexpr outcome with_padata(world& w, view_of<msg::PaData> list) {
  w.with_timestamp = false;
  const auto req = asn1::decode<msg::AsReq>(w.as_req());
  std::array<std::uint8_t, 2048> made{};
  return w.ask(*asn1::encode(
      msg::AsReq{msg::MethodData{list}, captured<msg::KdcReqBody>::as_sent(req->req_body.octets())}, made));
}
constexpr bool the_first_timestamp_counts() {
  world w;
  std::array<std::uint8_t, 128> sealed{};
  errc why = errc::ok;
  auto stamp = asn1::computed{[&](der::writer& out) {
    write_sealed(out, msg::PaEncTsEnc{noon.at, noon.usec}, w.client.own, key_usage_t::as_req_enc_timestamp, w.env_now(),
                 why);
  }};
  const msg::PaData good{padata_t::enc_timestamp, *asn1::encode(stamp, sealed)}, bad{padata_t::enc_timestamp, {}};
  const msg::PaData good_first[] = {good, bad, {padata_t::req_enc_pa_rep, {}}}, bad_first[] = {bad, good};
  const outcome r = with_padata(w, good_first);
  return r.issued && r.ticket.flags.has(f::pre_authent) && r.ticket.flags.has(f::enc_pa_rep) &&
         with_padata(w, bad_first).is(error_code_t::kdc_err_preauth_failed);
}
KERB_BOTH("as_kdc: of several timestamps the first one counts, whatever else comes behind it is looked at",
          "[exchange][rfc4120-5.2.7.2]", the_first_timestamp_counts);

constexpr bool enc_pa_rep_is_a_checksum_of_the_request() {
  world w;
  w.ask_enc_pa_rep = true;
  const bytes_view request = w.as_req();
  const outcome r = w.ask(request);
  if (!r.issued || !r.ticket.flags.has(f::enc_pa_rep)) return false;
  const auto value = padata_of(r.part.encrypted_pa_data, padata_t::req_enc_pa_rep);
  if (!value) return false;
  const auto c = asn1::decode<msg::Checksum>(*value);
  const bytes_view pieces[] = {request};
  world without;
  const outcome plain = without.ask_as();
  return c && w.crypto.verify(c->cksumtype, w.client.own, key_usage_t::as_req, pieces, c->checksum) == errc::ok &&
         plain.issued && !plain.part.encrypted_pa_data && plain.ticket.flags.has(f::enc_pa_rep);
}
KERB_BOTH("as_kdc: every ticket has the flag ENC-PA-REP and PA-REQ-ENC-PA-REP brings a checksum of the request",
          "[exchange][rfc6806-11]", enc_pa_rep_is_a_checksum_of_the_request);

// ---- what is no secret

constexpr bool a_concealed_client_looks_like_any_other() {
  world w;
  w.settings.conceal_unknown_clients = true;
  w.client.there = w.with_timestamp = false;
  const outcome asked = w.ask_as();
  const auto info = padata_of(method_data(asked), padata_t::etype_info2);
  if (!asked.is(error_code_t::kdc_err_preauth_required) || !info) return false;
  const auto entries = asn1::decode_as<msg::EtypeInfo2>("ETYPE-INFO2", *info);
  if (!entries || entries->empty() || !(*entries->begin()).salt || !(*(*entries->begin()).salt == "EX.ORGalice"_krb)) {
    return false;
  }
  w.with_timestamp = true;
  const outcome tried = w.ask_as();
  w.settings.require_preauth = false;  // no ticket even where nobody has to prove anything
  w.with_timestamp = false;
  return tried.is(error_code_t::kdc_err_preauth_failed) && tried.why.code == errc::integrity &&
         w.ask_as().is(error_code_t::kdc_err_preauth_required);
}
KERB_BOTH("as_kdc: where policy conceals them, a client that there is not is one with a wrong password",
          "[exchange][rfc4120-3.1.3]", a_concealed_client_looks_like_any_other);

/// Everything of a client that a refusal could tell, with a wrong password or none, and whether it differs from nobody.
constexpr bool nobody_can_be_told_from_somebody() {
  constexpr void (*of_client[])(world&) = {
      [](world&) {},
      [](world& w) { w.client.record.attributes.set(a::locked); },
      [](world& w) {  // a service: its key is random, and has no salt
        w.client.record.attributes.set(a::not_a_client);
        w.client.keys[0]->salt = std::optional<kerberos_string>{};
      },
      [](world& w) { w.client.record.attributes.set(a::must_change_password); },
      [](world& w) { w.client.record.valid_from = plus(noon.at, 1); },
      [](world& w) { w.client.record.expires = noon.at; },
      [](world& w) { w.client.record.password_expires = noon.at; },
  };
  for (const bool tried : {false, true}) {
    std::array<std::uint8_t, 1024> answer{};
    std::size_t n = 0;
    for (const auto bend : of_client) {
      world w;
      w.settings.conceal_unknown_clients = true;
      w.settings.reply_etypes = only_20;
      w.client.keys[0]->salt = "EX.ORGalice"_krb;
      w.with_timestamp = tried;
      w.stamp_key = &w.user.own;
      bend(w);
      const outcome known = w.ask_as();
      if (known.issued || known.octets.empty()) return false;
      detail::copy_octets(known.octets.data(), n = known.octets.size(), answer.data());
      w.client.there = false;
      if (!(w.ask_as().octets == bytes_view(answer).first(n))) return false;
    }
  }
  world owner;  // who knows the password learns why
  owner.settings.conceal_unknown_clients = true;
  owner.client.record.attributes.set(a::locked);
  return owner.ask_as().is(error_code_t::kdc_err_client_revoked);
}
KERB_BOTH("as_kdc: where policy conceals clients, what sets one apart is told to its owner alone",
          "[exchange][rfc4120-3.1.3]", nobody_can_be_told_from_somebody);

constexpr bool octets_that_no_client_sends_get_no_answer() {
  world w;
  const bytes_view good = w.as_req();
  std::array<std::uint8_t, 4096> copy{};
  const auto altered = [&](std::size_t at, std::uint8_t to) {
    detail::copy_octets(good.data(), good.size(), copy.data());
    copy[at] = to;
    return w.ask(bytes_view(copy).first(good.size()));
  };
  constexpr std::uint8_t bogus[][2] = {{0x6a, 0xff}, {0x6c, 0xff}, {0xff, 0xff}, {0x04, 0x00}, {0x7e, 0x00}};
  for (const auto& b : bogus)
    if (!w.ask(bytes_view(b)).silent) return false;
  if (!w.ask({}).silent || !w.ask(good.first(good.size() - 1)).silent || !w.ask(good.first(1)).silent) return false;
  std::size_t pvno = 4;  // behind a1 03 02 01; msg-type stands five further on
  while (good[pvno - 4] != 0xa1 || good[pvno - 3] != 3) ++pvno;
  return altered(pvno, 4).is(error_code_t::kdc_err_bad_pvno) &&
         altered(pvno + 5, 12).is(error_code_t::krb_ap_err_msg_type) &&
         altered(0, 0x6c).is(error_code_t::krb_ap_err_msg_type) && w.ask(good).issued;
}
KERB_BOTH("as_kdc: octets that are no request get no answer, another version or type an error",
          "[exchange][rfc4120-3.1.3]", octets_that_no_client_sends_get_no_answer);

struct no_cksum_of_20 : testing::insecure_policy {
  using insecure_policy::cksum_of;
  constexpr std::optional<cksum_shape> cksum_of(etype_t e) const noexcept {
    return e == e20 ? std::nullopt : insecure_policy::cksum_of(e);
  }
};
constexpr bool a_missing_checksum_is_found_before_the_draw() {
  for (const std::size_t reserved : {std::size_t{0}, std::size_t{40}}) {
    kdc_side<no_cksum_of_20> w;
    w.ask_enc_pa_rep = true;
    w.options.reserved_octets = reserved;
    const bytes_view request = w.as_req();
    const unsigned draws = w.crypto.entropy.draws();
    const outcome r = w.ask(request);
    if (r.issued || r.why.code != errc::unsupported_cksum || w.crypto.entropy.draws() != draws) return false;
  }
  kdc_side<no_cksum_of_20> other;  // which nobody asks for
  return other.ask_as().issued;
}
KERB_BOTH("as_kdc: a checksum that the policy cannot make is found before anything is drawn or signed",
          "[exchange][rfc6806-11]", a_missing_checksum_is_found_before_the_draw);
constexpr bool nobody_needs_the_buffer_of_somebody() {
  std::array<std::uint8_t, 600> letters{};
  for (std::uint8_t& c : letters) c = 'a';
  const kerberos_string parts[] = {{bytes_view(letters)}};
  std::array<std::size_t, 2> wanted{};
  for (const bool known : {false, true}) {
    world w;
    w.settings.conceal_unknown_clients = true;
    w.with_timestamp = false;
    w.body.cname = named(parts).name;
    w.client.record.principal = named(parts);
    const bytes_view request = w.as_req();
    const auto env = w.env_now();
    as_kdc<testing::insecure_policy> x(w.settings, std::span(w.scratch).first(0), w.peer);
    const auto first = x.receive(request, env);
    const auto* n = std::get_if<need_buffer>(&first);
    if (n == nullptr || !x.set_buffer(std::span(w.scratch).first(n->size))) return false;
    if (!is<need_principal>(x.receive(request, env))) return false;
    const auto answer = [&] { return known ? x.found(w.client.record, env) : x.absent(env); };
    const auto second = answer();
    n = std::get_if<need_buffer>(&second);
    if (n == nullptr || !x.set_buffer(std::span(w.scratch).first(n->size))) return false;
    wanted[known ? 1 : 0] = n->size;
    if (!is<need_principal>(answer())) return false;
  }
  return wanted[0] == wanted[1];
}
KERB_BOTH("as_kdc: where policy conceals clients, a long name needs the same buffer whether there is such a client",
          "[exchange][rfc4120-3.1.3]", nobody_needs_the_buffer_of_somebody);

constexpr bool long_hints_are_counted() {
  std::array<std::uint8_t, 1500> octets{};
  for (std::uint8_t& c : octets) c = 'a';
  for (const bool parameters : {false, true}) {
    std::size_t whole = 0;
    for (const int step_by : {0, 1, 2}) {  // the size of the reply; one octet less than it and its length need; those
      world w;
      w.settings.require_preauth = w.with_timestamp = false;
      if (parameters) w.client.keys[0]->s2kparams = bytes_view(octets);
      else w.client.keys[0]->salt = kerberos_string{bytes_view(octets)};
      const bytes_view request = w.as_req();
      const auto env = w.env_now();
      const std::size_t given = step_by == 0 ? w.scratch.size() : step_by == 1 ? whole - 1 : whole;
      as_kdc<testing::insecure_policy> x(w.settings, std::span(w.scratch).first(given), w.peer);
      if (!is<need_principal>(x.receive(request, env)) || !is<need_principal>(x.found(w.client.record, env)) ||
          !is<authorize>(x.found(w.tgs.record, env)))
        return false;
      const auto s = x.issue({}, env);
      const auto* more = std::get_if<need_buffer>(&s);
      if (step_by == 1 ? more == nullptr || more->size != whole : !is<reply>(s)) return false;
      if (step_by == 0) whole = std::get<reply>(s).octets.size() + 4;
    }
  }
  return true;
}
KERB_BOTH("as_kdc: a reply with a long salt or long parameters asks for the space that it lacks", "[exchange]",
          long_hints_are_counted);
}  // namespace
