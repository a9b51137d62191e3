// Trace events as JSON, one object a line.
#pragma once
#include "letters.hpp"

namespace kerb::inline v0 {

namespace detail {
/// The members of an event's object.
class json_object {
 public:
  explicit json_object(std::span<char> out) : to_(out, markup::json) { to_.raw("{"); }
  json_object& name(std::string_view key, const principal_view& p) {
    begin(key).name(p).raw("\"");
    return *this;
  }
  json_object& realm(kerberos_string r) { return realm("realm", r); }
  json_object& realm(std::string_view key, kerberos_string r) {
    begin(key).realm(r).raw("\"");
    return *this;
  }
  json_object& word(std::string_view key, std::string_view value) {
    begin(key).raw(value).raw("\"");
    return *this;
  }
  template <class Number>
  json_object& named(std::string_view key, Number n) {
    begin(key).named(n).raw("\"");
    return *this;
  }
  json_object& number(std::string_view key, std::int64_t n) {
    member(key).signed_number(n);
    return *this;
  }
  json_object& flag(std::string_view key, bool b) {
    member(key).raw(b ? "true" : "false");
    return *this;
  }
  json_object& time(std::string_view key, kerberos_time t, std::optional<std::int32_t> usec = {}) {
    begin(key).time(t);
    if (usec) to_.microseconds(*usec);
    to_.raw("Z\"");
    return *this;
  }
  json_object& why(const error& e) {
    begin("error");
    write_error(to_, e).raw("\"");
    return *this;
  }
  json_object& octets(std::size_t n) { return number("octets", static_cast<std::int64_t>(n)); }
  json_object& ticket_flags(msg::TicketFlags flags) {
    member("flags").raw("[");
    bool first = true;
    for (std::uint32_t bit = 0; bit != 32; ++bit) {
      const auto flag = static_cast<ticket_flag_t>(bit);
      if (!flags.has(flag)) continue;
      to_.raw(std::exchange(first, false) ? "\"" : ",\"").named(flag).raw("\"");
    }
    to_.raw("]");
    return *this;
  }
  result<std::string_view> end() {
    to_.raw("}");
    return to_.written();
  }

 private:
  letters& member(std::string_view key) {
    return to_.raw(std::exchange(first_, false) ? "\"" : ",\"").raw(key).raw("\":");
  }
  letters& begin(std::string_view key) { return member(key).raw("\""); }
  letters to_;
  bool first_ = true;
};
}  // namespace detail

/// One JSON object (RFC 8259) without an end of line: {"at":"2026-01-01T12:00:00.250000Z","event":
/// "login","client":"alice@A.ORG"}. Registered numbers are their names, or the number in digits, as
/// strings. The result is in `out`; errc::no_space if it does not fit (detail: the size in octets that
/// is needed).
inline result<std::string_view> trace_json(timestamp at, const trace_event& event, std::span<char> out) {
  namespace t = trace;
  detail::json_object o(out);
  o.time("at", at.at, at.usec.count);
  match(
      event,
      [&](const t::cache_searched& e) {
        o.word("event", "cache-search").name("client", e.client).name("server", e.server);
      },
      [&](const t::cache_hit& e) { o.word("event", "cache-hit").name("server", e.server).time("endtime", e.endtime); },
      [&](const t::cache_missed& e) { o.word("event", "cache-miss").name("server", e.server); },
      [&](const t::login_begun& e) { o.word("event", "login").name("client", e.client); },
      [&](const t::ticket_wanted& e) {
        o.word("event", e.renewal ? "renewal" : "ticket-wanted").realm(e.realm).name("server", e.server);
      },
      [&](const t::request_made& e) {
        o.word("event", "request").word("message", e.initial ? "AS-REQ" : "TGS-REQ").realm(e.realm);
        o.name("client", e.client).name("server", e.server).octets(e.octets);
        o.word("via", e.via == transport::stream ? "stream" : "datagram").flag("fresh", e.fresh);
      },
      [&](const t::refusal_arrived& e) {
        o.word("event", "reply").word("message", "KRB-ERROR").realm(e.realm).named("code", e.code).octets(e.octets);
      },
      [&](const t::reply_arrived& e) {
        o.word("event", "reply").word("message", e.initial ? "AS-REP" : "TGS-REP").realm(e.realm).octets(e.octets);
      },
      [&](const t::answer_ignored& e) { o.word("event", "ignored").realm(e.realm).octets(e.octets).why(e.why); },
      [&](const t::preauth_chosen& e) { o.word("event", "preauth").named("padata", e.type); },
      [&](const t::key_chosen& e) {
        o.word("event", "key").named("etype", e.etype).number("iterations", static_cast<std::int64_t>(e.iterations));
      },
      [&](const t::clock_learnt& e) { o.word("event", "clock").number("ahead", e.ahead); },
      [&](const t::ticket_issued& e) {
        o.word("event", "ticket").name("client", e.client).name("server", e.server);
        o.named("session_etype", e.session_key).named("ticket_etype", e.sealed_with).ticket_flags(e.flags);
        o.time("endtime", e.endtime).octets(e.octets);
        if (e.renew_till) o.time("renew_till", *e.renew_till);
      },
      [&](const t::referred& e) { o.word("event", "referral").realm("from", e.from).realm("to", e.to); },
      [&](const t::redirect& e) { o.word("event", "wrong-realm").realm("to", e.to).flag("followed", e.followed); },
      [&](const t::fallback_used& e) { o.word("event", "fallback").realm(e.realm); },
      [&](const t::exchange_failed& e) { o.word("event", "failed").realm(e.realm).why(e.why); });
  return o.end();
}

}  // namespace kerb::inline v0
