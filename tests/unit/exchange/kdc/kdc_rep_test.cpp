// Replies written from a draft, without an exchange.
#include "support/both.hpp"
#include "support/kdc_side.hpp"

using namespace kerb;
using namespace kerb_kdc_test;

namespace {
using world = kerb_kdc_test::kdc_world;
using f = ticket_flag_t;
constexpr std::uint8_t session_octets[32] = {1, 2, 3};

constexpr ticket_draft drafted() {
  ticket_draft d;
  d.client = alice();
  d.server = web();
  d.flags = {f::forwardable, f::renewable, f::invalid};
  d.session_etype = e18;
  d.ticket_etype = e20;
  d.kvno = 1;
  d.authtime = d.starttime = noon.at;
  d.endtime = plus(noon.at, 600);
  d.renew_till = plus(noon.at, 6000);
  d.transited.tr_type = tr_t::domain_x500_compress;
  return d;
}

constexpr bool a_part_says_what_the_draft_says() {
  const ticket_draft d = drafted();
  std::array<std::uint8_t, 512> octets{};
  der::writer w{std::span(octets)};
  detail::write_ticket_part(w, d, session_octets, nullptr, {});
  const auto part = asn1::decode<msg::EncTicketPart>(bytes_view(octets).last(w.count()));
  return part && part->flags == d.flags && part->key.keytype == e18 &&
         part->key.keyvalue == bytes_view(session_octets) && same_principal({part->cname, part->crealm}, alice()) &&
         part->starttime == d.starttime && part->endtime == d.endtime && part->renew_till == d.renew_till &&
         !part->caddr && !part->authorization_data;
}
KERB_BOTH("write_ticket_part: a ticket says what its draft says", "[exchange][rfc4120-5.3]",
          a_part_says_what_the_draft_says);

constexpr bool data_are_written_in_their_order() {
  constexpr std::uint8_t one[] = {1}, two[] = {2};
  const msg::AuthorizationDataElement inherited[] = {{ad_t(100), one}}, added[] = {{ad_t(101), two}};
  detail::carried_authdata carried;
  if (!carried.add(view_of<msg::AuthorizationDataElement>(inherited), authdata_origin::ticket, 32)) return false;
  issue_options o;
  o.authorization_data = added;
  o.reserved_octets = 5;
  std::array<std::uint8_t, 512> octets{};
  std::span<std::uint8_t> reserved;
  der::writer w{std::span(octets)};
  detail::write_ticket_part(w, drafted(), session_octets, &carried, o, &reserved);
  const auto part = asn1::decode<msg::EncTicketPart>(bytes_view(octets).last(w.count()));
  if (!part || !part->authorization_data || reserved.size() != 5) return false;
  std::array<ad_t, 3> types{};
  std::size_t n = 0;
  for (const msg::AuthorizationDataElement e : *part->authorization_data) {
    if (n == types.size()) return false;
    types[n++] = e.ad_type;
  }
  return n == 3 && types[0] == ad_t::if_relevant && types[1] == ad_t(101) && types[2] == ad_t(100);
}
KERB_BOTH("write_ticket_part: reserved octets come first, then the caller's data, then what the ticket inherits",
          "[exchange][rfc4120-5.2.6]", data_are_written_in_their_order);

constexpr bool a_draft_is_only_restricted() {
  ticket_draft d = drafted();
  detail::restrict_draft(d, {.endtime = plus(noon.at, 6000), .renew_till = plus(noon.at, 60000)});
  if (d.endtime != drafted().endtime || d.renew_till != drafted().renew_till || d.flags != drafted().flags)
    return false;
  detail::restrict_draft(d, {.endtime = plus(noon.at, 60), .without = {f::renewable, f::invalid}});
  return d.endtime == plus(noon.at, 60) && !d.renew_till && d.flags == msg::TicketFlags{f::forwardable, f::invalid};
}
KERB_BOTH("restrict_draft: a ticket is restricted, never extended, and stays invalid", "[exchange][rfc4120-2.2]",
          a_draft_is_only_restricted);

constexpr bool a_reply_is_written_from_its_parts() {
  world w;
  const ticket_draft d = drafted();
  const detail::reply_parts<testing::insecure_policy> parts{
      d,
      detail::sealing_with(*w.service.keys[0], key_usage_t::ticket),
      {key_usage_t::tgs_rep_enc_part_session, w.session},
      77};
  const auto plain = asn1::computed{
      [&](der::writer& out) { detail::write_ticket_part(out, d, session_octets, nullptr, issue_options{}); }};
  std::array<std::uint8_t, 2048> octets{}, opened{};
  errc why = errc::ok;
  der::writer out{std::span(octets)};
  detail::write_kdc_rep<msg_t::tgs_rep, msg::EncTgsRepPart>(out, parts, plain, session_octets, w.env_now(), why);
  if (why != errc::ok || !out.ok() || out.count() > detail::reply_bound(d, nullptr, {})) return false;
  const auto rep = asn1::decode<msg::TgsRep>(bytes_view(octets).last(out.count()));
  if (!rep || rep->padata || !same_principal({rep->cname, rep->crealm}, alice())) return false;
  detail::workspace in(opened);
  const auto sealed = open_sealed(w.crypto, rep->enc_part, w.session, key_usage_t::tgs_rep_enc_part_session, in);
  const auto ticket = open_sealed(w.crypto, rep->ticket->enc_part, w.service.own, key_usage_t::ticket, in);
  if (!sealed || !ticket) return false;
  const auto part = asn1::decode<msg::EncTgsRepPart>(bytes_view(*sealed));
  return part && part->nonce == 77u && part->flags == d.flags && part->endtime == d.endtime &&
         part->last_req.size() == 1 && same_principal({part->sname, part->srealm}, web()) &&
         asn1::decode<msg::EncTicketPart>(bytes_view(*ticket)).has_value() && rep->ticket->enc_part.kvno == 1u &&
         !rep->enc_part.kvno;
}
KERB_BOTH("write_kdc_rep: a reply is written from its parts, within its bound", "[exchange][rfc4120-5.4.2]",
          a_reply_is_written_from_its_parts);
}  // namespace
