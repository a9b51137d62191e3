// What the AS refuses, and what a refusal gives away.
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using o = kdc_option_t;
using a = principal_attribute;
using world = kerb_kdc_test::kdc_world;

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
constexpr std::uint8_t one_host[] = {10, 1, 2, 3};
constexpr msg::HostAddress host_and_direction[] = {{addr_t::ipv4, one_host}, from_initiator};
const refusal refusals[] = {
    {"an address that is no host's", [](world& w) { w.body.addresses = view_of<msg::HostAddress>(host_and_direction); },
     error_code_t::kdc_err_policy, errc::address_not_allowed, "KDC-REQ-BODY", "addresses"},
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

constexpr bool names_that_cannot_be_are_not_looked_up() {
  world nobody, elsewhere;
  nobody.body.cname = msg::PrincipalName{};
  elsewhere.body.realm = other_org;
  return !nobody.ask_as().issued && nobody.asked == 0 && !elsewhere.ask_as().issued && elsewhere.asked == 0;
}
KERB_BOTH("as_kdc: neither a client without a name nor one of another realm is looked up", "[exchange][rfc4120-3.1.3]",
          names_that_cannot_be_are_not_looked_up);

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

}  // namespace
