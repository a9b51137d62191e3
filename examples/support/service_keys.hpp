// The service's part of quickstart: its keys, and what it does with a token.
#pragma once
#include <kerb/botan.hpp>
#include <vector>

#include "story.hpp"

namespace example {

inline void tell_opening(story& tell, kerb::etype_t e) {
  tell.step("service           opens the ticket with its own %s key (key usage 2)", text_of(e).c_str());
  tell.more("and the authenticator with the session key that the ticket holds (key usage 11).");
}

/// The service's keys, each made from its password when a ticket needs it.
struct password_keys {
  const kerb::key* find(const kerb::need_ticket_key& want) {
    if (want.tried != 0) return nullptr;  // the only key did not open the ticket
    std::vector<std::uint8_t> salt(kerb::default_salt_size(want.service));
    auto k = p.string_to_key(want.etype, password, kerb::write_default_salt(want.service, salt), {});
    if (!k) return nullptr;
    made = std::move(*k);
    tell_opening(tell, want.etype);
    return &made;
  }
  kerb::errc why_none(const kerb::need_ticket_key&) { return kerb::errc::no_key; }

  kerb::botan::policy& p;
  kerb::secret_view password;
  story& tell;
  kerb::key made{};
};
/// A source of one key.
struct one_key {
  const kerb::key* find(const kerb::need_ticket_key& want) {
    if (want.tried != 0 || k == nullptr) return nullptr;
    tell_opening(tell, want.etype);
    return k;
  }
  kerb::errc why_none(const kerb::need_ticket_key&) { return kerb::errc::no_key; }

  const kerb::key* k;
  story& tell;
};

/// A service that is called as a function.
template <class Keys>
struct service_side {
  kerb::principal_view service;
  Keys& keys;
  bool keys_are_there = true;
  kerb::memory_replay_cache<64> seen{};
  std::array<std::uint8_t, 16384> initiator_buffer{}, acceptor_buffer{};

  /// Runs the AP exchange and explains both sides. Returns the exit status.
  int meet(const kerb::botan::credential& c, kerb::botan::policy& p, story& tell, kerb::timestamp now) {
    const kerb::environment<kerb::botan::policy> t{p, now};
    kerb::botan::ap_initiator initiator({.credential = c, .buffer = initiator_buffer});
    auto step = initiator.start(t);
    const auto* request = std::get_if<kerb::send>(&step);
    if (request == nullptr) {
      const auto* const f = std::get_if<kerb::failed>(&step);
      return failure("no AP-REQ", f != nullptr ? f->why : kerb::error{.code = kerb::errc::no_space});
    }
    tell.step("client -> service  AP-REQ, %zu octets", request->octets.size());
    tell.more("Proof: the service ticket, and an authenticator sealed under its session key (key usage 11).");
    if (!keys_are_there) {
      tell.more("Here it ends: only the service's key opens this, and it was not given (--service-password-file).");
      return 0;
    }
    kerb::botan::ap_acceptor acceptor({.service = service, .mutual = kerb::required, .buffer = acceptor_buffer});
    const auto who = kerb::accept(acceptor, request->octets, p, keys, seen, now);
    if (!who) return failure("the service refuses", who.error(), kerb::party::service);
    tell.more("Learnt: the client is %s.", text_of(who->client()).c_str());
    tell.more("Checked: ticket and authenticator name the same client, clock, ticket times, addresses, no replay.");
    unsigned elements = 0;
    who->authorization().for_each([&](const kerb::authorization_element&) { ++elements; });
    if (elements != 0) {
      tell.more("With it came %u element of authorization data, from the KDC that knows the user.", elements);
    }
    tell.step("service -> client  AP-REP, %zu octets", who->reply().size());
    step = initiator.receive(who->reply(), t);
    if (const auto* f = std::get_if<kerb::failed>(&step)) return failure("the service is not who it says", f->why);
    const auto session = std::move(initiator).take();
    if (!session) return failure("the service's answer is none", session.error());
    tell.more("Opened with the session key (key usage 12). Checked: the client's own time came back, which nobody");
    tell.more("without the service's key could have read: the service has proven itself.");
    const kerb::key &ours = session->protection_key(), &theirs = who->keys().protection_key();
    const bool same = kerb::ct_equal(ours.octets().unguarded(), theirs.octets().unguarded());
    tell.step("both              hold one fresh %s key: %s", text_of(ours.etype()).c_str(), same ? "yes" : "NO");
    return same ? 0 : 1;
  }
  /// The same with a ticket that has been used before.
  int meet_again(const kerb::botan::credential& c, kerb::botan::policy& p, story& tell, kerb::timestamp now) {
    if (!accepts(c, p, now)) return failure("the service refuses", {.code = kerb::errc::refused_by_application});
    tell.more("With a new authenticator the service takes it again. It has kept nothing of the first time but that");
    tell.more("authenticator's digest, so that nobody can replay it: the session key came in the ticket.");
    return 0;
  }
  /// Returns whether the service accepts a new AP-REQ with this ticket.
  bool accepts(const kerb::botan::credential& c, kerb::botan::policy& p, kerb::timestamp now) {
    const kerb::environment<kerb::botan::policy> t{p, now};
    kerb::botan::ap_initiator initiator({.credential = c, .buffer = initiator_buffer});
    auto step = initiator.start(t);
    const auto* request = std::get_if<kerb::send>(&step);
    if (request == nullptr) return false;
    kerb::botan::ap_acceptor acceptor({.service = service, .mutual = kerb::required, .buffer = acceptor_buffer});
    return kerb::accept(acceptor, request->octets, p, keys, seen, now).has_value();
  }

 private:
  static int failure(const char* what, const kerb::error& e, kerb::party whom = kerb::party::client) {
    std::fflush(stdout);
    std::fprintf(stderr, "\nquickstart: %s: %s\n", what, log_line(e, whom).c_str());
    return 1;
  }
};

}  // namespace example
