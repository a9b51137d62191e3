// What a caller's policy can take from a ticket, and add to it.
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using world = kerb_kdc_test::kdc_world;
using f = ticket_flag_t;

constexpr bool flags_are_taken_away_and_never_added() {
  world w;
  w.body.kdc_options = {kdc_option_t::forwardable, kdc_option_t::renewable};
  w.options.without = {f::forwardable, f::proxiable, f::renewable};
  const outcome r = w.ask_as();
  return r.issued && r.ticket.flags == msg::TicketFlags{f::initial, f::pre_authent, f::enc_pa_rep} &&
         !r.ticket.renew_till;
}
KERB_BOTH("issue: flags are taken away, and what a renewable ticket had goes with its flag", "[exchange]",
          flags_are_taken_away_and_never_added);

constexpr bool nobody_takes_invalid_away() {
  world w;
  w.body.kdc_options.set(kdc_option_t::postdated);
  w.body.from = plus(noon.at, 1000);
  w.options.without = msg::TicketFlags::of(~std::uint32_t{0});
  const outcome r = w.ask_as();
  return r.issued && r.ticket.flags == msg::TicketFlags{f::invalid, f::postdated, f::enc_pa_rep};
}
KERB_BOTH("issue: a postdated ticket stays invalid whatever is taken away", "[exchange][rfc4120-2.2]",
          nobody_takes_invalid_away);

constexpr bool the_draft_is_what_will_be_issued() {
  world w;
  const auto t = w.env_now();
  kdc<testing::insecure_policy> x(w.settings, std::span(w.scratch));
  kdc_step s = x.receive(w.tgs_req(), t);
  while (const auto* a = std::get_if<need_principal>(&s)) s = x.found(w.find(a->principal)->record, t);
  if (!is<authorize>(s)) return false;
  const ticket_draft& d = x.tgs()->draft();
  if (!same_principal(d.client, alice()) || !same_principal(d.server, web()) || d.endtime != w.tgt.endtime ||
      d.ticket_etype != e20 || d.session_etype != e20 || d.kvno != 1 || d.is_referral || x.tgs()->issued()) {
    return false;
  }
  s = x.issue({.endtime = plus(noon.at, 60)}, t);
  return is<reply>(s) && x.tgs()->issued() && d.endtime == plus(noon.at, 60) && same_principal(d.client, alice());
}
KERB_BOTH("issue: the draft says what will be issued, and then what was", "[exchange]",
          the_draft_is_what_will_be_issued);

constexpr bool a_draft_is_as_it_was_where_there_is_no_buffer() {
  world w;
  w.body.kdc_options = {kdc_option_t::forwardable, kdc_option_t::renewable};
  w.body.till = plus(noon.at, 600);
  const auto t = w.env_now();
  std::array<std::uint8_t, 560> small{};
  kdc<testing::insecure_policy> x(w.settings, small);
  kdc_step s = x.receive(w.as_req(), t);
  s = x.found(w.client.record, t);
  s = x.found(w.tgs.record, t);
  if (!is<authorize>(s)) return false;
  const ticket_draft before = x.as()->draft();
  s = x.issue({.endtime = plus(noon.at, 60), .renew_till = plus(noon.at, 70), .without = {f::forwardable}}, t);
  if (!is<need_buffer>(s)) return false;
  const ticket_draft& d = x.as()->draft();
  if (d.endtime != before.endtime || d.renew_till != before.renew_till || d.flags != before.flags) return false;
  x.set_buffer(std::span(w.scratch));
  s = x.issue({}, t);  // the caller may have thought better of it
  return is<reply>(s) && d.endtime == before.endtime && d.renew_till == before.renew_till && d.flags == before.flags &&
         d.flags.has(f::forwardable);
}
KERB_BOTH("issue: where there is no space nothing is taken from the draft", "[exchange][rfc4120-3.3.3]",
          a_draft_is_as_it_was_where_there_is_no_buffer);

/// Seals nothing when told so.
struct unwilling : testing::insecure_policy {
  bool seals = true;
  template <class K>
  constexpr errc seal(const K& k, key_usage_t u, std::span<std::uint8_t> io) noexcept {
    return seals ? testing::insecure_policy::seal(k, u, io) : errc::crypto_backend;
  }
};
constexpr bool what_cannot_be_sealed_is_not_issued() {
  for (const bool tgs : {false, true}) {
    kdc_side<unwilling> w;
    const bytes_view request = tgs ? w.tgs_req() : w.as_req();
    const auto t = w.env_now();
    kdc<unwilling> x(w.settings, std::span(w.scratch));
    auto s = x.receive(request, t);
    while (const auto* a = std::get_if<need_principal>(&s)) s = x.found(w.find(a->principal)->record, t);
    if (!is<authorize>(s)) return false;
    w.crypto.seals = false;
    s = x.issue({}, t);
    const auto* const no = std::get_if<failed>(&s);
    if (no == nullptr || no->why.code != errc::crypto_backend) return false;
    if (tgs ? x.tgs()->issued() : x.as()->issued()) return false;
    if (!x.framed().empty()) return false;
  }
  return true;
}
KERB_BOTH("issue: what the library does not seal is not issued", "[exchange]", what_cannot_be_sealed_is_not_issued);

constexpr bool nothing_is_no_request() {
  for (const transport arrived : {transport::datagram, transport::stream}) {
    world w;
    w.peer.arrived = arrived;
    const auto silent = [](const kdc_step& s) {
      const auto* const no = std::get_if<refused>(&s);
      return no != nullptr && no->octets.empty();
    };
    as_kdc<testing::insecure_policy> as(w.settings, std::span(w.scratch), w.peer);
    tgs_kdc<testing::insecure_policy> tgs(w.settings, std::span(w.scratch), w.peer);
    if (!silent(as.receive({}, w.env_now())) || !silent(tgs.receive({}, w.env_now()))) return false;
  }
  return true;
}
KERB_BOTH("kdc: no octets are no request, and get no answer", "[exchange]", nothing_is_no_request);

constexpr bool only_another_number_is_another_version() {
  world w;
  const bytes_view request = w.as_req();
  std::array<std::uint8_t, 1024> octets{};
  detail::copy_octets(request.data(), request.size(), octets.data());
  std::size_t at = 0;  // of pvno: [1] INTEGER 5
  while (
      !(octets[at] == 0xa1 && octets[at + 1] == 3 && octets[at + 2] == 2 && octets[at + 3] == 1 && octets[at + 4] == 5))
    ++at;
  octets[at + 4] = 4;
  const outcome version = w.ask(bytes_view(octets).first(request.size()));
  octets[at + 2] = 4;  // no INTEGER
  const outcome broken = w.ask(bytes_view(octets).first(request.size()));
  return version.is(error_code_t::kdc_err_bad_pvno) && broken.silent && !broken.sent;
}
KERB_BOTH("kdc: a version that is no number is no other version, and gets no answer", "[exchange][rfc4120-7.5.9]",
          only_another_number_is_another_version);

constexpr bool a_start_that_has_come_is_now() {
  for (const std::int64_t from : {-100, 0, 1}) {
    world w;
    w.body.kdc_options.set(kdc_option_t::postdated);
    w.body.from = plus(noon.at, from);
    const outcome r = w.ask_as();
    if (!r.issued || r.ticket.starttime != (from > 0 ? plus(noon.at, from) : noon.at)) return false;
    if (r.ticket.flags.has(f::invalid) != (from > 0) || r.ticket.flags.has(f::postdated) != (from > 0)) return false;
  }
  world none, last;
  none.body.kdc_options.set(kdc_option_t::postdated);
  last.body.kdc_options.set(kdc_option_t::postdated);
  last.body.from = plus(noon.at, last.settings.max_postdate);
  last.body.till = {};
  const outcome now = none.ask_as();
  return now.issued && now.ticket.starttime == noon.at && !now.ticket.flags.has(f::invalid) && last.ask_as().issued;
}
KERB_BOTH("issue: a ticket that is postdated to now or earlier starts now, and is valid", "[exchange][rfc4120-3.1.3]",
          a_start_that_has_come_is_now);

constexpr bool a_refusal_names_the_client_and_has_words_or_none() {
  world w;
  w.refuse = error_code_t::kdc_err_policy;
  const outcome known = w.ask_as();
  if (!known.sent || !known.sent->crealm || !(*known.sent->crealm == ex_org) || !known.sent->cname ||
      !same_name(*known.sent->cname, alice().name) || !known.sent->e_text || known.sent->e_text->octets.empty())
    return false;
  w.refuse = error_code_t{127};  // which has no name
  const outcome unknown = w.ask_as();
  return unknown.sent && !unknown.sent->e_text;
}
KERB_BOTH("kdc: a refusal names the client with its realm, and has no empty text", "[exchange][rfc4120-5.9.1]",
          a_refusal_names_the_client_and_has_words_or_none);

/// The AS-REQ with something left out.
template <class F>
constexpr outcome as_req_without(F leave_out) {
  world w;
  const auto req = kerb_test::must(asn1::decode<msg::AsReq>(w.as_req()));
  msg::KdcReqBody body = req.req_body.value();
  leave_out(body);
  std::array<std::uint8_t, 1024> octets{};
  return w.ask(kerb_test::must(asn1::encode(msg::AsReq{req.padata, captured<msg::KdcReqBody>::of(body)}, octets)));
}
constexpr bool names_may_be_missing() {
  const outcome no_server = as_req_without([](msg::KdcReqBody& b) { b.sname.reset(); });
  const outcome no_client = as_req_without([](msg::KdcReqBody& b) { b.cname.reset(); });
  const outcome neither = as_req_without([](msg::KdcReqBody& b) { b.cname.reset(), b.sname.reset(); });
  return no_server.is(error_code_t::kdc_err_s_principal_unknown) && no_server.why.code == errc::server_not_named &&
         no_client.is(error_code_t::kdc_err_c_principal_unknown) &&
         neither.is(error_code_t::kdc_err_c_principal_unknown);
}
KERB_BOTH("as_kdc: a request without the name of its client or of a server is refused", "[exchange][rfc4120-5.4.1]",
          names_may_be_missing);
constexpr bool a_server_is_named_to_a_tgs() {
  world w;
  w.body.sname = msg::PrincipalName{};
  const bool empty = w.ask_tgs().is(error_code_t::kdc_err_s_principal_unknown);
  world x;
  x.alter_body = [](msg::KdcReqBody& b) { b.sname.reset(); };
  const outcome none = x.ask_tgs();
  return empty && none.is(error_code_t::kdc_err_s_principal_unknown) && none.why.code == errc::server_not_named;
}
KERB_BOTH("tgs_kdc: a request without the name of a server is refused", "[exchange][rfc4120-5.4.1]",
          a_server_is_named_to_a_tgs);
constexpr bool a_ticket_counts_within_the_skew() {
  const auto issued = [](std::int64_t start, std::int64_t end) {
    world w;
    w.tgt.starttime = plus(noon.at, start);
    w.tgt.endtime = plus(noon.at, end);
    return w.ask_tgs().is(error_code_t::krb_ap_err_tkt_nyv) ? -1 : w.ask_tgs().is(error_code_t::krb_ap_err_tkt_expired);
  };
  return issued(300, 7200) == 0 && issued(301, 7200) == -1 && issued(-600, -300) == 0 && issued(-600, -301) == 1;
}
KERB_BOTH("tgs_kdc: a ticket begins and ends with the clock skew to spare, to the second", "[exchange][rfc4120-3.3.3]",
          a_ticket_counts_within_the_skew);
constexpr bool a_time_of_renewal_needs_its_flag() {
  for (const bool flag : {false, true}) {
    world w;
    w.settings.renewable = true;
    w.tgt.renew_till = plus(noon.at, 86400);
    w.tgt.flags.set(f::renewable, flag);
    w.body.kdc_options.set(kdc_option_t::renewable);
    const outcome r = w.ask_tgs();
    if (!r.issued || r.ticket.flags.has(f::renewable) != flag || r.ticket.renew_till.has_value() != flag) return false;
  }
  return true;
}
KERB_BOTH("tgs_kdc: a ticket with a time of renewal and without its flag leads to no renewable one",
          "[exchange][rfc4120-3.3.3]", a_time_of_renewal_needs_its_flag);
}  // namespace
