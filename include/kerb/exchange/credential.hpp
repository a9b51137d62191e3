// A client's credential: a ticket, its session key, and what the KDC reported about them.
#pragma once
#include "../msg/kdc.hpp"
#include "workspace.hpp"

namespace kerb::inline v0 {

/// What the encrypted part of a KDC's reply reports about a ticket and its client.
struct ticket_facts {
  principal_view client;
  principal_view server;  ///< its realm is the one that issued the ticket (RFC 4120 section 5.3)
  bytes_view ticket;      ///< the Ticket's encoding, as the KDC sent it
  msg::TicketFlags flags;
  /// The flags in `flags` that the KDC set although the client did not request them, such as
  /// FORWARDABLE. This is no error (RFC 4120 section 3.1.5), but it shows what else the ticket
  /// permits.
  msg::TicketFlags unrequested_flags{};
  kerberos_time authtime;
  kerberos_time starttime;
  kerberos_time endtime;
  std::optional<kerberos_time> renew_till;
  std::optional<kerberos_time> key_expiration;  ///< when the client's long-term key expires
  std::optional<msg::HostAddresses> addresses;
  /// The KDC changed the client's name. Without FAST only the canonicalize option of the request
  /// authorizes the change (RFC 6806 section 6).
  bool client_renamed = false;
  /// The ticket is not for the requested service but for the KDC of another realm, which the client
  /// asks next (RFC 6806 section 8). Only when the canonicalize option was set. False for a
  /// ticket-granting ticket of the client's own realm, even if the KDC spells that realm
  /// differently.
  bool is_referral = false;
  /// A peer sent this ticket in a KRB-CRED, and all these facts are the peer's claims.
  bool handed_over = false;
};

/// How a client obtained a ticket. This limits what the client may use the ticket for without a
/// check.
enum class ticket_kind : std::uint8_t {
  asked_for,    ///< a KDC issued the ticket that was requested
  referral,     ///< a KDC named another KDC instead: ticket_facts::is_referral
  handed_over,  ///< a peer sent it: ticket_facts::handed_over
};
constexpr ticket_kind kind_of(const ticket_facts& f) {
  if (f.handed_over) return ticket_kind::handed_over;
  return f.is_referral ? ticket_kind::referral : ticket_kind::asked_for;
}

/// A ticket with its session key. Move-only. Its views point into the buffer of the exchange that
/// made it. Its destructor wipes the key and the plaintext in that buffer.
template <class Key>
class basic_credential {
 public:
  constexpr basic_credential() = default;
  /// Makes a credential from a cache. The octets behind the views must outlive the credential.
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
  /// Moves the key out of a credential that is no longer needed.
  constexpr Key session_key() && { return std::move(session_key_); }
  constexpr kerberos_time endtime() const { return facts_.endtime; }
  /// How many seconds the KDC's clock was ahead of the caller's. Use it only for messages with this
  /// credential (RFC 4120 section 3.1.5).
  constexpr std::int64_t kdc_clock_offset() const { return kdc_clock_offset_; }
  constexpr void set_kdc_clock_offset(std::int64_t seconds) { kdc_clock_offset_ = seconds; }

 private:
  ticket_facts facts_{};
  Key session_key_{};
  detail::workspace workspace_;
  std::int64_t kdc_clock_offset_ = 0;
};

}  // namespace kerb::inline v0
