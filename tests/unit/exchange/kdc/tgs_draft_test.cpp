// Drafts of tickets from facts that no request has to prove first.
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using world = kerb_kdc_test::kdc_world;
using policy = testing::insecure_policy;
using f = ticket_flag_t;

/// Facts, and what a ticket is drafted from beside them.
struct scene {
  world w;
  detail::kdc_request request;
  detail::authenticated_tgs_request<policy> facts;
  std::array<std::uint8_t, 512> octets{};
  detail::workspace in{octets};
  std::size_t spare = 64;

  constexpr scene() {
    w.body.sname = web().name;
    request.body = w.body;
    facts.tgt.part = w.tgt;
    facts.tgt.realm = ex_org;
  }
  constexpr auto draft(const principal_record<policy>& server, bool is_referral = false,
                       const key* user_key = nullptr) {
    const detail::tgs_sources<policy> from{request, facts, server, is_referral, user_key};
    return detail::draft_tgs_ticket(from, w.settings, w.env_now(), in, spare);
  }
  constexpr auto draft() { return draft(w.service.record); }
};

constexpr bool a_draft_is_complete() {
  scene s;
  const auto made = s.draft();
  if (!made) return false;
  const ticket_draft& d = made->draft;
  return same_principal(d.client, alice()) && same_principal(d.server, web()) && d.authtime == s.w.tgt.authtime &&
         d.starttime == noon.at && d.endtime == s.w.tgt.endtime && !d.renew_till && !d.addresses &&
         d.flags == msg::TicketFlags{f::pre_authent, f::transited_policy_checked, f::enc_pa_rep} &&
         d.session_etype == e20 && d.ticket_etype == e20 && d.kvno == 1 && !d.is_referral && made->path.size == 0 &&
         made->key == s.w.service.record.keys.begin();
}
KERB_BOTH("draft_tgs_ticket: names, times, flags and keys of the ticket at once", "[exchange][rfc4120-3.3.3]",
          a_draft_is_complete);

constexpr bool a_referral_has_the_name_of_its_record() {
  scene s;
  const auto made = s.draft(s.w.outgoing.record, true);
  const auto to_user = s.draft(s.w.service.record, false, &s.w.second_session);
  return made && made->draft.is_referral && same_principal(made->draft.server, to_other()) && to_user &&
         to_user->key == nullptr && to_user->draft.ticket_etype == e18 && same_principal(to_user->draft.server, web());
}
KERB_BOTH("draft_tgs_ticket: a referral names the other realm's KDC, and nothing else takes a record's name",
          "[exchange][rfc4120-3.3.1]", a_referral_has_the_name_of_its_record);

constexpr bool a_grown_path_moves_with_the_buffer() {
  std::array<std::uint8_t, 600> bigger{};
  scene s;
  s.facts.tgt.realm = other_org;
  s.facts.tgt.part.crealm = far_org;
  const realm_path way[] = {{far_org, ex_org, other_org}};
  s.w.settings.paths.paths = way;
  auto made = s.draft();
  if (!made || made->path.size == 0 || made->draft.transited.contents != bytes_view(s.octets).first(made->path.size))
    return false;
  if (!s.in.move_to(bigger)) return false;
  detail::set_views(made->draft, s.request, s.facts, made->path, s.in);
  return made->draft.transited.contents.data() == bigger.data() && made->draft.transited.contents == other_org.octets;
}
KERB_BOTH("set_views: a path that has grown is viewed where the buffer has moved", "[exchange][rfc4120-3.3.3.2]",
          a_grown_path_moves_with_the_buffer);

constexpr bool a_path_leaves_what_is_spared() {
  scene s;
  s.facts.tgt.realm = other_org;
  s.facts.tgt.part.crealm = far_org;
  s.spare = s.in.free();
  const auto made = s.draft();
  return !made && made.refusal().why.code == errc::no_space && made.refusal().why.detail == other_org.octets.size() &&
         s.in.kept().empty();
}
KERB_BOTH("extend_path: without space for the longer path nothing is kept", "[exchange][rfc4120-3.3.3.2]",
          a_path_leaves_what_is_spared);

constexpr bool an_anonymous_draft_keeps_the_realm() {
  scene s;
  s.request.body.kdc_options.set(kdc_option_t::request_anonymous);
  const auto made = s.draft();
  return made && made->draft.flags.has(f::anonymous) && made->draft.client.realm == ex_org &&
         made->draft.client.name.name_type == name_t::wellknown && made->draft.client.name.name_string.size() == 2;
}
KERB_BOTH("draft_tgs_ticket: an anonymous ticket has the well-known name in the client's realm",
          "[exchange][rfc6112-4.2]", an_anonymous_draft_keeps_the_realm);
KERB_BOTH("draft_tgs_ticket: a list without addresses in the request's ticket goes into no ticket",
          "[exchange][rfc4120-5.2.5]", [] {
            scene s;
            s.facts.tgt.part.caddr = msg::HostAddresses{};
            const auto made = s.draft();
            return made && !made->draft.addresses;
          });

constexpr bool a_realm_without_octets_is_on_no_path() {
  for (const bool of_client : {false, true}) {
    scene s;
    s.facts.tgt.realm = of_client ? other_org : kerberos_string{};
    s.facts.tgt.part.crealm = of_client ? kerberos_string{} : far_org;
    const auto made = s.draft();
    if (made || made.refusal().why.code != errc::bad_transited ||
        made.refusal().why.field != std::string_view("crealm"))
      return false;
  }
  return true;
}
KERB_BOTH("extend_path: neither the issuer of a ticket nor its client can have an empty realm",
          "[exchange][rfc4120-3.3.3.2]", a_realm_without_octets_is_on_no_path);
}  // namespace
