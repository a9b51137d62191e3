// What a client keeps: a ticket, its session key, and what the KDC said about them.
#pragma once
#include "../msg/kdc.hpp"
#include "workspace.hpp"

namespace kerb::inline v0 {

/// What the encrypted part of a KDC's reply said about a ticket, and whose it is.
struct ticket_facts {
  principal_view client;
  principal_view server;  ///< its realm is the one that issued the ticket (RFC 4120 section 5.3)
  bytes_view ticket;      ///< the Ticket's encoding, as the KDC sent it
  msg::TicketFlags flags;
  /// Those of `flags` that the KDC has set although nothing asked for them, such as FORWARDABLE. No fault (RFC 4120
  /// section 3.1.5), but the caller may want to know what else can be done with the ticket.
  msg::TicketFlags unrequested_flags{};
  kerberos_time authtime;
  kerberos_time starttime;
  kerberos_time endtime;
  std::optional<kerberos_time> renew_till;
  std::optional<kerberos_time> key_expiration;  ///< when the client's long-term key expires
  std::optional<msg::HostAddresses> addresses;
  /// The KDC gave the client another name than the one asked for; with no FAST, nothing but the request's
  /// canonicalize option vouches for it (RFC 6806 section 6).
  bool client_renamed = false;
  /// It is not a ticket for the service that was asked for, but for the KDC of another realm, to be asked next
  /// (RFC 6806 section 8); only where the canonicalize option was set. False for a ticket-granting ticket of the
  /// client's own realm, however the KDC writes that realm.
  bool is_referral = false;
  /// A peer has handed it over in a KRB-CRED, and all of this is what that peer says.
  bool handed_over = false;
};

/// How a client has come by a ticket, and so what may be done with it unseen.
enum class ticket_kind : std::uint8_t {
  asked_for,    ///< a KDC gave what was asked for
  referral,     ///< a KDC named another KDC instead: ticket_facts::is_referral
  handed_over,  ///< a peer's: ticket_facts::handed_over
};
constexpr ticket_kind kind_of(const ticket_facts& f) {
  if (f.handed_over) return ticket_kind::handed_over;
  return f.is_referral ? ticket_kind::referral : ticket_kind::asked_for;
}

/// A ticket with its session key. Move-only; its views lie in the buffer of the exchange that made it, and its key and
/// that buffer's plaintext are wiped when it dies.
template <class Key>
class basic_credential {
 public:
  constexpr basic_credential() = default;
  /// From a cache: the octets behind the views must outlive the credential.
  constexpr basic_credential(const ticket_facts& facts, Key session_key)
      : facts_(facts), session_key_(std::move(session_key)) {}
  constexpr basic_credential(const ticket_facts& facts, Key session_key, detail::workspace in)
      : facts_(facts), session_key_(std::move(session_key)), workspace_(std::move(in)) {}

  constexpr const ticket_facts& facts() const KERB_LIFETIMEBOUND { return facts_; }
  constexpr const principal_view& client() const KERB_LIFETIMEBOUND { return facts_.client; }
  constexpr const principal_view& server() const KERB_LIFETIMEBOUND { return facts_.server; }
  /// The Ticket's encoding, as the KDC sent it.
  constexpr bytes_view ticket() const { return facts_.ticket; }
  constexpr const Key& session_key() const& KERB_LIFETIMEBOUND { return session_key_; }
  /// The key alone, out of a credential that is not needed any more.
  constexpr Key session_key() && { return std::move(session_key_); }
  constexpr kerberos_time endtime() const { return facts_.endtime; }
  /// How far the KDC's clock was ahead of the caller's, in seconds; to be used with this credential's messages only
  /// (RFC 4120 section 3.1.5).
  constexpr std::int64_t kdc_clock_offset() const { return kdc_clock_offset_; }
  constexpr void set_kdc_clock_offset(std::int64_t seconds) { kdc_clock_offset_ = seconds; }

 private:
  ticket_facts facts_{};
  Key session_key_{};
  detail::workspace workspace_;
  std::int64_t kdc_clock_offset_ = 0;
};

}  // namespace kerb::inline v0
