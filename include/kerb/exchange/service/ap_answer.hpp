// A service's answers to an AP-REQ, and the buffer space that they need.
#pragma once
#include "../../msg/ap.hpp"
#include "../../msg/error.hpp"
#include "../../msg/gss.hpp"
#include "../verdict.hpp"

namespace kerb::inline v0::detail {

/// RFC 4120 section 5.9.1: a KRB-ERROR from `service`. `at` is the authenticator's time, if the
/// authenticator was opened. Section 5.9.1 also has the client's name and realm in it, if they are
/// known. This departs from it on purpose: they are sealed in the AP-REQ, no other message of the AP
/// exchange has them in clear, and a KRB-ERROR is in clear.
constexpr msg::KrbError ap_error(error_code_t code, const principal_view& service, timestamp now,
                                 const std::optional<timestamp>& at) {
  msg::KrbError e;
  e.stime = now.at;
  e.susec = now.usec;
  e.error_code = code;
  e.realm = service.realm;
  e.sname = service.name;
  if (at) {
    e.ctime = at->at;
    e.cusec = at->usec;
  }
  return e;
}

/// The maximum size of an AP-REP with subkey and sequence number: 27 octets of time, 45 of key, 8
/// of number, the seal, and their headers.
inline constexpr std::size_t ap_rep_bound = 256;
/// An upper bound for the octets of an answer's frame (RFC 4121 section 4.1): its header, the mechanism's header, the
/// mechanism, and the identifier.
constexpr std::size_t frame_bound(const std::optional<object_identifier>& frame) {
  return frame ? 5 + 2 + frame->octets.size() + 2 : 0;
}
/// The size in octets of the longest answer from `service`.
constexpr std::size_t ap_answer_size(const principal_view& service) {
  constexpr timestamp longest{latest_time, {999999, integer_form::four_octets}};
  const std::size_t n = asn1::encoded_size(ap_error(error_code_t::krb_err_generic, service, longest, longest));
  return n < ap_rep_bound ? ap_rep_bound : n;
}
/// An upper bound for ap_answer_size(), without counting all of it.
constexpr std::size_t ap_answer_bound(const principal_view& service) {
  return (error_bound < ap_rep_bound ? ap_rep_bound : error_bound) + asn1::encoded_size(service.name) +
         service.realm.octets.size();
}

/// The sname of a Ticket as it was received: the encoding of a PrincipalName.
constexpr bytes_view sname_octets(const captured<msg::Ticket>& ticket) {
  // The sname follows the realm; the whole ticket has been decoded before
  const bytes_view whole = ticket.octets(), realm = ticket->realm.octets;
  const bytes_view rest = whole.subview(static_cast<std::size_t>(realm.data() - whole.data()) + realm.size());
  der::source s{.origin = whole.data()};
  return der::reader(rest, s).contents(der::context(2), {});
}

}  // namespace kerb::inline v0::detail
