// What a TGS makes of requests at the edges: contents that do not decode, what policy leaves, buffers and states.
#include <algorithm>
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using f = ticket_flag_t;
using o = kdc_option_t;
using a = principal_attribute;
using world = kerb_kdc_test::kdc_world;
using machine = kdc<testing::insecure_policy>;
constexpr std::uint8_t no_encoding[] = {0x04, 0x00};
constexpr kerberos_string far_service[] = {"HTTP"_krb, "www.other.org"_krb};

constexpr std::uint8_t here[] = {10, 1, 2, 3}, there[] = {10, 1, 2, 4};
constexpr msg::HostAddress only_there[] = {{addr_t::ipv4, there}};

constexpr void to_user(world& w) {
  w.body.kdc_options.set(o::enc_tkt_in_skey);
  w.body.sname = bob().name;
  w.second = w.tgt;
  w.second->cname = bob().name;
}
constexpr void from_other_org(world& w, kerberos_string client_realm) {
  w.tgt_server = from_other();
  w.tgt_key = &w.incoming.own;
  w.tgt.crealm = w.authenticator.crealm = client_realm;
}
template <class F>
constexpr bool refuses(error_code_t code, F bend) {
  world w;
  bend(w);
  return w.ask_tgs().is(code);
}
template <class F>
constexpr bool issues(F bend) {
  world w;
  bend(w);
  return w.ask_tgs().issued;
}

// ---- what opens and is not what it ought to be

constexpr bool what_opens_and_does_not_decode_is_refused() {
  constexpr auto bad = error_code_t::krb_ap_err_bad_integrity;
  constexpr msg::AuthorizationDataElement some[] = {{ad_t(7000), no_encoding}};
  return refuses(bad, [](world& w) { w.raw.tgt = bytes_view(no_encoding); }) &&
         refuses(bad, [](world& w) { w.raw.authenticator = bytes_view(no_encoding); }) &&
         refuses(bad,
                 [&](world& w) {
                   w.added = some;
                   w.raw.added = bytes_view(no_encoding);
                 }) &&
         refuses(bad, [](world& w) {
           to_user(w);
           w.raw.second = bytes_view(no_encoding);
         });
}
KERB_BOTH("tgs_kdc: what opens and does not decode is refused as what does not open", "[exchange][rfc4120-3.2.3]",
          what_opens_and_does_not_decode_is_refused);

constexpr bool keys_of_no_known_type_are_refused() {
  constexpr auto unknown = error_code_t::kdc_err_etype_nosupp;
  return refuses(unknown, [](world& w) { w.session_label = etype_t(999); }) &&
         refuses(unknown,
                 [](world& w) {
                   w.with_subkey = true;
                   w.subkey_label = etype_t(999);
                 }) &&
         refuses(unknown, [](world& w) {
           to_user(w);
           w.second_label = etype_t(999);
         });
}
KERB_BOTH("tgs_kdc: session keys and subkeys of a type that nobody has are refused", "[exchange][rfc4120-3.3.3]",
          keys_of_no_known_type_are_refused);

constexpr bool a_second_ticket_has_its_own_reasons() {
  world w;  // the other realm's ticket opens, the second does not
  from_other_org(w, other_org);
  to_user(w);
  w.second->crealm = ex_org;
  w.tgs.keys[0]->kvno = 2;
  return w.ask_tgs().is(error_code_t::krb_ap_err_badkeyver, errc::bad_key_version, "Ticket", "enc-part");
}
KERB_BOTH("tgs_kdc: a second ticket that does not open says why", "[exchange][rfc4120-3.3.3]",
          a_second_ticket_has_its_own_reasons);

constexpr bool the_header_is_under_the_tickets_session_key_alone() {
  return refuses(error_code_t::kdc_err_badoption, [](world& w) { w.ap_options.set(ap_option_t::use_session_key); });
}
KERB_BOTH("tgs_kdc: a ticket under a session key authenticates nobody here", "[exchange][rfc4120-3.3.2]",
          the_header_is_under_the_tickets_session_key_alone);

constexpr bool renewable_needs_an_end_of_renewing() {
  return refuses(error_code_t::kdc_err_badoption, [](world& w) {
    w.body.sname = krbtgt().name;
    w.body.kdc_options.set(o::renew);
    w.tgt.flags.set(f::renewable);
  });
}
KERB_BOTH("tgs_kdc: a renewable ticket that does not say until when is not renewed", "[exchange][rfc4120-3.3.3]",
          renewable_needs_an_end_of_renewing);

// ---- what passes

constexpr bool a_rule_that_does_not_apply_refuses_nobody() {
  return issues([](world& w) { w.service.record.attributes.set(a::requires_preauth); }) &&
         issues([](world& w) { w.service.record.attributes.set(a::no_user_to_user); }) &&
         issues([](world& w) { w.settings.renewable = false; }) &&
         issues([](world& w) { w.service.record.attributes.set(a::no_renewable); }) && issues([](world& w) {
           w.tgt.caddr = view_of<msg::HostAddress>(only_there);
           w.peer.address = msg::HostAddress{addr_t::ipv4, here};
           w.settings.check_addresses = false;
         });
}
KERB_BOTH("tgs_kdc: what a server, or policy, does not demand refuses nobody", "[exchange][rfc4120-3.3.3]",
          a_rule_that_does_not_apply_refuses_nobody);

constexpr bool flags_need_policy_and_the_server() {
  struct row {
    o option;
    f flag;
    bool kdc_policy::*by_policy;
    a barred;
  };
  constexpr row rows[] = {{o::forwardable, f::forwardable, &kdc_policy::forwardable, a::no_forwardable},
                          {o::proxiable, f::proxiable, &kdc_policy::proxiable, a::no_proxiable},
                          {o::allow_postdate, f::may_postdate, &kdc_policy::postdated, a::no_postdated}};
  for (const row& r : rows) {
    const auto granted = [&](bool policy, bool barred) {
      world w;
      w.tgt.flags.set(r.flag);
      w.body.kdc_options.set(r.option);
      w.settings.*r.by_policy = policy;
      w.service.record.attributes.set(r.barred, barred);
      const outcome got = w.ask_tgs();
      return got.issued && got.ticket.flags.has(r.flag);
    };
    if (!granted(true, false) || granted(false, false) || granted(true, true)) return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: a ticket gets no flag that policy or its server forbids", "[exchange][rfc4120-3.3.3]",
          flags_need_policy_and_the_server);

constexpr bool ok_as_delegate_is_the_servers() {
  world w;
  const bool without = w.ask_tgs().ticket.flags.has(f::ok_as_delegate);
  w.tgt.flags.set(f::ok_as_delegate);  // a foreign KDC's word on its own server
  const bool carried = w.ask_tgs().ticket.flags.has(f::ok_as_delegate);
  w.service.record.attributes.set(a::ok_as_delegate);
  return !without && !carried && w.ask_tgs().ticket.flags.has(f::ok_as_delegate);
}
KERB_BOTH("tgs_kdc: OK-AS-DELEGATE is said of the server, and not carried over", "[exchange][rfc4120-2.8]",
          ok_as_delegate_is_the_servers);

// ---- the path of realms

constexpr bool a_path_is_checked_where_nobody_asked_to_leave_it() {
  const auto far = [](world& w) {
    from_other_org(w, far_org);
    w.settings.unchecked_paths = true;
  };
  const kerberos_string trusted[] = {other_org};
  return refuses(error_code_t::kdc_err_path_not_accepted, far) && issues([&](world& w) {
           far(w);
           w.body.kdc_options.set(o::disable_transited_check);
         }) &&
         issues([&](world& w) {  // nothing stands in it, so that its type says nothing
           from_other_org(w, far_org);
           w.settings.paths.trusted = trusted;
           w.tgt.transited.tr_type = tr_t(0);
         });
}
KERB_BOTH("tgs_kdc: a path is left unchecked for who asks, where policy allows", "[exchange][rfc4120-2.7]",
          a_path_is_checked_where_nobody_asked_to_leave_it);

constexpr bool a_path_that_gets_no_realm_keeps_its_type() {
  const auto odd = [](world& w) { w.tgt.transited = {tr_t(2), no_encoding}; };
  return refuses(error_code_t::kdc_err_path_not_accepted,
                 [&](world& w) {
                   odd(w);
                   from_other_org(w, other_org);
                 }) &&
         refuses(error_code_t::kdc_err_path_not_accepted,
                 [&](world& w) {
                   odd(w);
                   w.tgt.crealm = w.authenticator.crealm = far_org;
                 }) &&
         refuses(error_code_t::kdc_err_path_not_accepted, [&](world& w) {
           from_other_org(w, far_org);
           w.tgt.transited.contents = "A\\"_krb.octets;  // ends in the middle of a quotation
         });
}
KERB_BOTH("tgs_kdc: the type of a path matters where a realm joins it, and a path that is none is not accepted",
          "[exchange][rfc4120-3.3.3.2]", a_path_that_gets_no_realm_keeps_its_type);

constexpr bool a_renewed_ticket_is_marked_anew() {
  world w;
  from_other_org(w, far_org);
  w.tgt_server = krbtgt();
  w.tgt_key = nullptr;
  w.body.sname = krbtgt().name;
  w.body.kdc_options = {o::renew, o::disable_transited_check};
  w.settings.unchecked_paths = true;
  w.tgt.flags = {f::renewable, f::transited_policy_checked};
  w.tgt.renew_till = plus(noon.at, 86400);
  const outcome r = w.ask_tgs();
  return r.issued && !r.ticket.flags.has(f::transited_policy_checked);
}
KERB_BOTH("tgs_kdc: a renewed ticket is marked as checked only when it was checked again", "[exchange][rfc4120-2.7]",
          a_renewed_ticket_is_marked_anew);

// ---- what is asked of the caller

constexpr bool a_request_is_known_by_its_octets() {
  world w;
  w.settings.check_requests = true;
  w.authenticator.ctime = plus(noon.at, -7);
  const auto t = w.env_now();
  const bytes_view request = w.tgs_req();
  machine x(w.settings, std::span(w.scratch));
  kdc_step s = x.receive(request, t);
  s = x.found(w.tgs.record, t);
  const auto* ask = std::get_if<check_request>(&s);
  if (ask == nullptr || ask->forget_after != plus(noon.at, -7 + 300 + 1)) return false;
  const auto req = asn1::decode<msg::TgsReq>(request);
  bytes_view sealed;
  for (const msg::PaData pa : *req->padata)
    if (pa.padata_type == padata_t::tgs_req) sealed = (*asn1::decode<msg::ApReq>(pa.padata_value)).authenticator.cipher;
  std::array<std::uint8_t, 32> of_request{}, of_authenticator{};
  const bytes_view whole[] = {request}, part[] = {sealed};
  return w.crypto.digest(whole, of_request) == errc::ok && w.crypto.digest(part, of_authenticator) == errc::ok &&
         ask->request == of_request && ask->authenticator == of_authenticator;
}
KERB_BOTH("tgs_kdc: a request is known by a digest of its octets and of its authenticator, while that counts",
          "[exchange][rfc4120-3.3.2]", a_request_is_known_by_its_octets);

constexpr bool a_late_answer_of_the_request_cache_refuses() {
  world w;
  w.settings.check_requests = true;
  const bytes_view request = w.tgs_req();
  const auto answered_at = [&](std::int64_t after) {
    machine x(w.settings, std::span(w.scratch));
    kdc_step s = x.receive(request, w.env_now());
    s = x.found(w.tgs.record, w.env_now());
    if (!is<check_request>(s)) return errc::api_misuse;
    const timestamp later{plus(w.authenticator.ctime, after), {0}};
    s = x.request_checked(request_verdict::fresh, environment(w.crypto, later, w.limits));
    if (is<need_principal>(s)) return errc::ok;
    const auto* no = std::get_if<refused>(&s);
    return no == nullptr ? errc::api_misuse : no->why.code;
  };
  return answered_at(300) == errc::ok && answered_at(301) == errc::clock_skew && answered_at(4000) == errc::clock_skew;
}
KERB_BOTH("tgs_kdc: an answer of the request cache that comes too late refuses the request",
          "[exchange][rfc4120-3.3.2]", a_late_answer_of_the_request_cache_refuses);

constexpr bool flags_that_restrict_stay() {
  world w;
  w.tgt.flags = {f::forwarded, f::proxy, f::forwardable, f::pre_authent};
  w.body.kdc_options = {o::forwardable};
  w.options.without = msg::TicketFlags::of(0xffffffffu);
  const outcome r = w.ask_tgs();
  world anonymous;
  anonymous.settings.anonymous = true;
  anonymous.body.kdc_options = {o::request_anonymous};
  anonymous.options.without = msg::TicketFlags::of(0xffffffffu);
  const outcome got = anonymous.ask_tgs();
  return r.issued && r.ticket.flags == msg::TicketFlags{f::forwarded, f::proxy, f::enc_pa_rep} && got.issued &&
         got.ticket.flags == msg::TicketFlags{f::anonymous, f::enc_pa_rep};
}
KERB_BOTH("tgs_kdc: the program's policy cannot remove flags that restrict or describe a ticket",
          "[exchange][rfc4120-2.6][rfc6112-4.2]", flags_that_restrict_stay);

TEST_CASE("tgs_kdc: the keys of a refused request are wiped with the refusal", "[exchange][rfc4120-10]") {
  for (const bool by_caller : {false, true}) {
    world w;
    w.with_subkey = true;
    const bytes_view request = w.tgs_req();
    std::array<std::uint8_t, 32> session{}, subkey{};
    const bytes_view s1 = w.crypto.expose(w.session).unguarded(), s2 = w.crypto.expose(w.subkey).unguarded();
    std::copy(s1.begin(), s1.end(), session.begin());
    std::copy(s2.begin(), s2.end(), subkey.begin());
    alignas(tgs_kdc<testing::insecure_policy>) std::array<std::uint8_t, sizeof(tgs_kdc<testing::insecure_policy>)>
        place{};
    auto* const x = std::construct_at(reinterpret_cast<tgs_kdc<testing::insecure_policy>*>(place.data()), w.settings,
                                      std::span(w.scratch));
    const auto object_holds = [&](const std::array<std::uint8_t, 32>& octets, std::size_t n) {
      const bytes_view hay(place), needle = bytes_view(octets).first(n);
      return std::search(hay.begin(), hay.end(), needle.begin(), needle.end()) != hay.end();
    };
    REQUIRE(is<need_principal>(x->receive(request, w.env_now())));
    REQUIRE(is<need_principal>(x->found(w.tgs.record, w.env_now())));
    REQUIRE(object_holds(session, s1.size()));
    REQUIRE(object_holds(subkey, s2.size()));
    if (by_caller) REQUIRE(is<failed>(x->abandon({.code = errc::no_answer})));
    else REQUIRE(is<refused>(x->absent(w.env_now())));
    CHECK(!object_holds(session, s1.size()));
    CHECK(!object_holds(subkey, s2.size()));
    std::destroy_at(x);
  }
}

/// A policy whose digests fail, from the nth on.
struct without_digests : testing::insecure_policy {
  unsigned good = 0;
  constexpr errc digest(view_of<bytes_view> pieces, std::span<std::uint8_t, 32> out) noexcept {
    if (good-- == 0) return errc::unsupported_cksum;
    return testing::insecure_policy::digest(pieces, out);
  }
};
constexpr bool no_digest_is_no_check() {
  for (const unsigned good : {0u, 1u, 2u}) {
    kdc_side<without_digests> w;
    w.settings.check_requests = true;
    const bytes_view request = w.tgs_req();
    w.crypto.good = good;
    const auto r = w.ask(request);
    if (r.issued != (good == 2)) return false;
    if (!r.issued && (r.why.code != errc::unsupported_cksum || r.sent)) return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: where no digest can be made nothing is issued", "[exchange][rfc4120-3.3.2]", no_digest_is_no_check);

constexpr bool versions_are_asked_for_where_a_ticket_has_one() {
  world w;
  to_user(w);
  w.tgt_kvno = 7;
  w.tgs.keys[0]->kvno = 7;
  const auto t = w.env_now();
  machine x(w.settings, std::span(w.scratch));
  kdc_step s = x.receive(w.tgs_req(), t);
  const auto asks = [&](principal_role role, const principal_view& name, std::optional<std::uint32_t> kvno) {
    const auto* ask = std::get_if<need_principal>(&s);
    return ask != nullptr && ask->role == role && same_principal(ask->principal, name) && ask->kvno == kvno &&
           !ask->may_refer;
  };
  if (!asks(principal_role::header_server, krbtgt(), 7u)) return false;
  s = x.found(w.tgs.record, t);
  if (!asks(principal_role::server, bob(), std::nullopt)) return false;
  s = x.found(w.user.record, t);
  return asks(principal_role::second_ticket_server, krbtgt(), 1u);
}
KERB_BOTH("tgs_kdc: the server is asked for without a key's version, the servers of tickets with theirs",
          "[exchange][rfc4120-3.3.3]", versions_are_asked_for_where_a_ticket_has_one);

constexpr bool what_is_validated_leads_nowhere() {
  world w;
  w.body.kdc_options = {o::validate, o::canonicalize};
  w.body.sname = krbtgt().name;
  w.tgt.flags.set(f::invalid);
  w.tgt.flags.set(f::postdated);
  w.tgs.there = true;
  const auto t = w.env_now();
  machine x(w.settings, std::span(w.scratch));
  kdc_step s = x.receive(w.tgs_req(), t);
  s = x.found(w.tgs.record, t);
  const auto* ask = std::get_if<need_principal>(&s);
  return ask != nullptr && ask->role == principal_role::server && !ask->may_refer;
}
KERB_BOTH("tgs_kdc: what is validated is never referred", "[exchange][rfc4120-3.3.3]", what_is_validated_leads_nowhere);

// ---- referrals in states and buffers

constexpr bool a_referral_is_told_and_comes_in_its_turn() {
  world w;
  w.body.sname = named(far_service).name;
  w.body.kdc_options.set(o::canonicalize);
  const auto t = w.env_now();
  const bytes_view request = w.tgs_req();
  machine x(w.settings, std::span(w.scratch));
  kdc_step s = x.receive(request, t);
  s = x.found(w.tgs.record, t);
  const auto* ask = std::get_if<need_principal>(&s);
  if (ask == nullptr || !ask->may_refer) return false;
  s = x.refer_to(other_org, t);
  ask = std::get_if<need_principal>(&s);
  if (ask == nullptr || ask->may_refer || !same_principal(ask->principal, to_other())) return false;
  s = x.found(w.outgoing.record, t);
  if (!is<authorize>(s) || !x.tgs()->draft().is_referral) return false;
  s = x.issue({}, t);
  if (!is<reply>(s)) return false;
  machine late(w.settings, std::span(w.scratch));  // the server was found, and then a realm is named
  s = late.receive(request, t);
  s = late.found(w.tgs.record, t);
  world plain;
  s = late.found(w.service.record, t);
  if (!is<authorize>(s) || late.tgs()->draft().is_referral) return false;
  s = late.refer_to(other_org, t);
  const auto* no = std::get_if<failed>(&s);
  return no != nullptr && no->why.code == errc::api_misuse;
}
KERB_BOTH("tgs_kdc: a referral is told in the draft, and comes in its turn alone", "[exchange][rfc6806-8]",
          a_referral_is_told_and_comes_in_its_turn);

constexpr bool a_referral_asks_for_buffer_and_survives_a_move() {
  std::array<std::uint8_t, 5000> letters{};
  for (std::uint8_t& c : letters) c = 'A';
  const kerberos_string realm{bytes_view(letters)};
  const kerberos_string parts[] = {"krbtgt"_krb, realm};
  world w;
  w.body.sname = named(far_service).name;
  w.body.kdc_options.set(o::canonicalize);
  w.outgoing.record.principal = named(parts, ex_org, name_t::srv_inst);
  const auto t = w.env_now();
  const bytes_view request = w.tgs_req();
  std::array<std::uint8_t, 3000> small{};
  std::array<std::uint8_t, 8000> larger{}, largest{};
  std::array<std::uint8_t, 30000> enough{};
  machine x(w.settings, small);
  kdc_step s = x.receive(request, t);
  s = x.found(w.tgs.record, t);
  if (!is<need_principal>(s)) return false;
  s = x.refer_to(realm, t);
  const auto* more = std::get_if<need_buffer>(&s);
  if (more == nullptr || more->size <= small.size() || more->size > larger.size()) return false;
  x.set_buffer(std::span(larger).first(more->size));
  s = x.refer_to(realm, t);
  for (std::uint8_t& octet : small) octet = 0xee;
  if (!is<need_principal>(s)) return false;
  x.set_buffer(largest);
  for (std::uint8_t& octet : larger) octet = 0xee;
  s = x.found(w.outgoing.record, t);
  if (!is<authorize>(s)) return false;
  s = x.issue({}, t);
  if (!is<need_buffer>(s)) return false;
  x.set_buffer(enough);
  s = x.issue({}, t);
  const auto* r = std::get_if<reply>(&s);
  const auto rep = r == nullptr ? result<msg::TgsRep>(errc::truncated) : asn1::decode<msg::TgsRep>(r->octets);
  return rep && same_principal({rep->ticket->sname, rep->ticket->realm}, w.outgoing.record.principal);
}
KERB_BOTH("tgs_kdc: a referral asks for the buffer that its realm takes, and survives a move to a larger one",
          "[exchange][rfc6806-8]", a_referral_asks_for_buffer_and_survives_a_move);

constexpr bool the_path_survives_a_move() {
  world w;
  from_other_org(w, far_org);
  const kerberos_string trusted[] = {other_org};
  w.settings.paths.trusted = trusted;
  const std::array<std::uint8_t, 6000> much{};
  const msg::AuthorizationDataElement large[] = {{ad_t(7000), much}};
  const auto t = w.env_now();
  const bytes_view request = w.tgs_req();
  std::array<std::uint8_t, 4000> small{};
  std::array<std::uint8_t, 20000> enough{};
  machine x(w.settings, small);
  kdc_step s = x.receive(request, t);
  s = x.found(w.incoming.record, t);
  s = x.found(w.service.record, t);
  if (!is<authorize>(s)) return false;
  s = x.issue({.authorization_data = large}, t);
  if (!is<need_buffer>(s)) return false;
  x.set_buffer(enough);
  for (std::uint8_t& octet : small) octet = 0xee;
  s = x.issue({.authorization_data = large}, t);
  const auto* r = std::get_if<reply>(&s);
  return r != nullptr && kerberos_string{x.tgs()->draft().transited.contents} == other_org;
}
KERB_BOTH("tgs_kdc: a path that a realm has joined survives a move to a larger buffer", "[exchange][rfc4120-3.3.3.2]",
          the_path_survives_a_move);

constexpr bool a_path_asks_for_the_buffer_that_it_takes() {
  world w;
  from_other_org(w, far_org);
  const kerberos_string trusted[] = {other_org};
  w.settings.paths.trusted = trusted;
  std::array<std::uint8_t, 4000> letters{};  // the realm of a referral takes the space that there was for the path
  for (std::uint8_t& l : letters) l = 'R';
  const kerberos_string realm{letters}, parts[] = {"krbtgt"_krb, realm};
  w.body.kdc_options.set(o::canonicalize);
  w.outgoing.record.principal = named(parts, ex_org, name_t::srv_inst);
  const auto t = w.env_now();
  std::array<std::uint8_t, 4000> first{};
  std::array<std::uint8_t, 12000> second{}, third{};
  machine x(w.settings, first);
  kdc_step s = x.receive(w.tgs_req(), t);
  s = x.found(w.incoming.record, t);
  s = x.refer_to(realm, t);
  const auto* wanted = std::get_if<need_buffer>(&s);
  if (wanted == nullptr || wanted->size > second.size()) return false;
  const std::size_t least = wanted->size;
  if (!x.set_buffer(std::span(second).first(least))) return false;
  s = x.refer_to(realm, t);
  s = x.found(w.outgoing.record, t);
  const auto* more = std::get_if<need_buffer>(&s);
  if (more == nullptr || more->size <= least || more->size > third.size()) return false;
  if (!x.set_buffer(std::span(third).first(more->size))) return false;
  s = x.found(w.outgoing.record, t);
  return is<authorize>(s) && kerberos_string{x.tgs()->draft().transited.contents} == other_org;
}
KERB_BOTH("tgs_kdc: a path asks for the buffer that it takes", "[exchange][rfc4120-3.3.3.2]",
          a_path_asks_for_the_buffer_that_it_takes);

constexpr bool a_buffer_does_not_shrink() {
  world w;
  const auto t = w.env_now();
  std::array<std::uint8_t, 4000> first{}, same{};
  std::array<std::uint8_t, 8000> larger{};
  machine x(w.settings, larger);
  if (!x.set_buffer(first)) return false;  // before the request
  kdc_step s = x.receive(w.tgs_req(), t);
  if (!is<need_principal>(s)) return false;
  if (x.set_buffer(std::span(same).first(3999)) || x.set_buffer(std::span(first).first(3999))) return false;
  if (!x.set_buffer(same)) return false;
  s = x.found(w.tgs.record, t);
  if (x.set_buffer(std::span(first).first(2000)) || !x.set_buffer(larger) || x.set_buffer(same)) return false;
  s = x.found(w.service.record, t);
  return is<authorize>(s) && !x.set_buffer(same) && is<reply>(x.issue({}, t));
}
KERB_BOTH("tgs_kdc: a buffer that is smaller than the one in use is refused", "[exchange]", a_buffer_does_not_shrink);

constexpr bool nothing_moves_once_it_is_being_signed() {
  world w;
  const auto t = w.env_now();
  std::array<std::uint8_t, 8192> other{};
  std::array<std::uint8_t, 6> tiny{};
  machine x(w.settings, std::span(w.scratch));
  kdc_step s = x.receive(w.tgs_req(), t);
  s = x.found(w.tgs.record, t);
  s = x.found(w.service.record, t);
  s = x.issue({.reserved_octets = 8}, t);
  if (!is<sign_ticket>(s) || x.set_buffer(other)) return false;
  for (std::uint8_t& octet : std::get<sign_ticket>(s).reserved) octet = 0x77;
  s = x.signed_ticket(t);
  const auto* r = std::get_if<reply>(&s);
  if (r == nullptr) return false;
  x.set_buffer(other);
  if (x.framed().data() + 4 != r->octets.data() || !asn1::decode<msg::TgsRep>(r->octets)) return false;
  for (const std::uint8_t octet : other)
    if (octet != 0) return false;
  machine ended(w.settings, std::span(w.scratch));
  s = ended.receive(w.tgs_req(), t);
  s = ended.found(w.tgs.record, t);
  s = ended.abandon({.code = errc::no_answer});
  std::array<std::uint8_t, 512> encoded{};
  const bytes_view beginning = *asn1::encode(w.tgt, encoded);
  for (std::size_t i = 0; i != tiny.size(); ++i) tiny[i] = beginning[i];
  ended.set_buffer(tiny);  // what was kept has gone: nobody reads on behind what looks like it
  s = ended.issue({}, t);
  const auto* no = std::get_if<failed>(&s);
  return no != nullptr && no->why.code == errc::no_answer;
}
KERB_BOTH("tgs_kdc: a buffer is changed while something is to be kept, and neither under a signature nor at the end",
          "[exchange]", nothing_moves_once_it_is_being_signed);

}  // namespace
