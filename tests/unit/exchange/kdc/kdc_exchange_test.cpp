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
}  // namespace
