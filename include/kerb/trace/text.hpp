// Trace events as sentences.
#pragma once
#include "letters.hpp"

namespace kerb::inline v0 {

namespace detail {
/// What an event says, without its time: "asks A.ORG for HTTP/web@A.ORG".
inline void write_sentence(letters& to, const trace_event& event) {
  namespace t = trace;
  const auto kind = [](bool initial, std::string_view as, std::string_view tgs) { return initial ? as : tgs; };
  match(
      event,
      [&](const t::cache_searched& e) { to.raw("looks in the cache for ").name(e.server).raw(" of ").name(e.client); },
      [&](const t::cache_hit& e) {
        to.raw("the cache has ").name(e.server).raw(", valid until ").time(e.endtime).raw("Z");
      },
      [&](const t::cache_missed& e) { to.raw("the cache does not have ").name(e.server); },
      [&](const t::login_begun& e) { to.raw("logs in as ").name(e.client); },
      [&](const t::ticket_wanted& e) {
        to.raw("asks the KDC of ").realm(e.realm);
        to.raw(e.renewal ? " to renew " : " for ").name(e.server);
      },
      [&](const t::request_made& e) {
        to.raw(e.fresh ? "" : "again, over a stream: ").raw(kind(e.initial, "AS-REQ", "TGS-REQ")).raw(" for ");
        to.name(e.server).raw(" to ").realm(e.realm).raw(", ").number(e.octets).raw(" octets");
        if (e.via == transport::stream) to.raw(", needs a stream");
      },
      [&](const t::refusal_arrived& e) {
        to.raw("KRB-ERROR from ").realm(e.realm).raw(": ").named(e.code).raw(", ").number(e.octets).raw(" octets");
      },
      [&](const t::reply_arrived& e) {
        to.raw(kind(e.initial, "AS-REP", "TGS-REP")).raw(" from ").realm(e.realm).raw(", ");
        to.number(e.octets).raw(" octets");
      },
      [&](const t::answer_ignored& e) {
        to.raw("ignores ").number(e.octets).raw(" octets from ").realm(e.realm).raw(": ");
        write_error(to, e.why);
      },
      [&](const t::preauth_chosen& e) { to.raw("pre-authenticates with ").named(e.type); },
      [&](const t::key_chosen& e) {
        to.raw("uses a key of type ").named(e.etype);
        if (e.iterations != 0) to.raw(", from the password with ").number(e.iterations).raw(" iterations");
      },
      [&](const t::clock_learnt& e) {
        to.raw("continues with the KDC's clock, which is ").signed_number(e.ahead).raw(" seconds ahead");
      },
      [&](const t::ticket_issued& e) {
        to.raw("has a ticket for ").name(e.server).raw(": session key ").named(e.session_key);
        to.raw(", sealed with ").named(e.sealed_with).raw(", ").number(e.octets).raw(" octets, valid until ");
        to.time(e.endtime).raw("Z");
        if (e.renew_till) to.raw(", renewable until ").time(*e.renew_till).raw("Z");
      },
      [&](const t::referred& e) { to.raw("the KDC of ").realm(e.from).raw(" leads to the KDC of ").realm(e.to); },
      [&](const t::redirect& e) {
        to.raw("the KDC names the realm ").realm(e.to);
        to.raw(e.followed ? ", where the client tries again" : ", which the caller does not follow");
      },
      [&](const t::fallback_used& e) { to.raw("the KDC does not know the service: tries the realm ").realm(e.realm); },
      [&](const t::exchange_failed& e) {
        to.raw("the exchange with ").realm(e.realm).raw(" has failed: ");
        write_error(to, e.why);
      });
}
}  // namespace detail

/// One line for a person: "12:00:00.250000 logs in as alice@A.ORG", without an end of line. The time
/// is UTC. Names that a peer chose are escaped: the line has only printable letters of ASCII. The
/// result is in `out`; errc::no_space if it does not fit (detail: the size in octets that is needed).
inline result<std::string_view> trace_text(timestamp at, const trace_event& event, std::span<char> out) {
  detail::letters to(out);
  to.time(at.at, false).microseconds(at.usec.count).raw(" ");
  detail::write_sentence(to, event);
  return to.written();
}

}  // namespace kerb::inline v0
