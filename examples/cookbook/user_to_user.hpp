// User-to-user: the service is a user's program, which has a ticket-granting ticket and no key (RFC 4120 section 3.7).
#pragma once
#include <kerb/botan.hpp>

namespace cookbook {

/// Bob's program sends this to Alice's, in your protocol: the ticket without its key, so anybody may read it.
inline kerb::bytes_view invitation(const kerb::botan::credential& bobs_tgt) { return bobs_tgt.ticket(); }

/// Alice's program: a ticket for Bob, which the KDC seals under the session key of Bob's ticket-granting ticket.
template <class Ask>
auto ticket_for_user(const kerb::botan::credential& alices_tgt, const kerb::principal_view& bob,
                     kerb::bytes_view invitation, kerb::botan::policy& crypto, kerb::timestamp now, Ask&& ask_kdc)
    -> kerb::result<kerb::botan::owned_credential<>> {
  std::array<std::uint8_t, 16384> buffer;
  kerb::botan::tgs_client tgs(
      {.tgt = alices_tgt, .server = bob, .buffer = buffer, .second_ticket = invitation, .user_to_user = true});
  return kerb::own(kerb::drive(tgs, crypto, now, ask_kdc));
}

/// Bob's program: accepts Alice's AP-REQ, which ap_initiator makes from that ticket as from any other.
template <class Seen>
auto accept_user(kerb::bytes_view ap_req, const kerb::botan::credential& bobs_tgt, std::span<std::uint8_t> buffer,
                 kerb::botan::policy& crypto, Seen& seen, kerb::timestamp now)
    -> kerb::result<kerb::authenticated_client<kerb::botan::key>> {
  kerb::botan::ap_acceptor acceptor({.service = bobs_tgt.client(), .buffer = buffer, .user_to_user = true});
  kerb::user_to_user_key keys(bobs_tgt);
  return kerb::accept(acceptor, ap_req, crypto, keys, seen, now);
}

}  // namespace cookbook
