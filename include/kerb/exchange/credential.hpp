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
  /// When the client's password and account expire, if the reply's LastReq says so
  /// (RFC 4120 section 5.4.2, types 6 and 7): for a warning to the user.
  std::optional<kerberos_time> password_expires{}, account_expires{};
  /// From which the ticket is valid; none: from any. A TGS-REP names them only if they are new, and
  /// otherwise they are those of the ticket-granting ticket (RFC 4120 section 5.4.2).
  std::optional<msg::HostAddresses> addresses;
  /// The client requested addresses, and the ticket is valid from any nevertheless. This is no error,
  /// but it shows that the ticket permits more.
  bool valid_from_anywhere = false;
  /// The KDC changed the client's name, or changed it in the ticket-granting ticket that this ticket
  /// was obtained with. Only the canonicalize option of an AS request authorizes the change
  /// (RFC 6806 section 6). Nothing protects the new name: it is in the reply's clear part.
  bool client_renamed = false;
  /// The ticket is not for the requested service but for the KDC of another realm, which the client
  /// asks next (RFC 6806 section 8). Only when the canonicalize option was set, or when the
  /// requested service was the KDC of another realm and this one is closer to it
  /// (RFC 4120 section 3.3.1). False for a ticket-granting ticket of the client's own realm, even
  /// if the KDC spells that realm differently.
  bool is_referral = false;
  /// A peer sent this ticket in a KRB-CRED, and all these facts are the peer's claims; or it was
  /// obtained with such a ticket-granting ticket, whose session key the peer knows.
  bool handed_over = false;
  /// The ticket is sealed under the session key of another user's ticket (RFC 4120 section 3.7).
  bool user_to_user = false;
  /// The client requested authorization data in the ticket, or in the ticket-granting ticket that
  /// it was obtained with.
  bool restricted = false;
  /// The client requested a forwarded or proxy ticket, to send it to a peer (RFC 4120 sections 2.5
  /// and 2.6), or obtained this ticket with one.
  bool for_peer = false;
};

/// How a client obtained a ticket, and what distinguishes it from a plain ticket for the same
/// service. This limits what the client may use the ticket for without a check. The values other
/// than asked_for can be combined with `|`.
enum class ticket_kind : std::uint8_t {
  asked_for = 0,     ///< a KDC issued the plain ticket that was requested
  referral = 1,      ///< a KDC named another KDC instead: ticket_facts::is_referral
  handed_over = 2,   ///< a peer sent it: ticket_facts::handed_over
  renamed = 4,       ///< a KDC changed the client's name: ticket_facts::client_renamed
  user_to_user = 8,  ///< for one user's session with another: ticket_facts::user_to_user
  restricted = 16,   ///< has authorization data of the client: ticket_facts::restricted
  for_peer = 32,     ///< a peer is to use it: ticket_facts::for_peer
  not_valid = 64,    ///< postdated, and not validated by a KDC: ticket_flag_t::invalid
};
constexpr ticket_kind operator|(ticket_kind a, ticket_kind b) {
  return static_cast<ticket_kind>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr ticket_kind operator&(ticket_kind a, ticket_kind b) {
  return static_cast<ticket_kind>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}
/// Whether `all` includes `one`.
constexpr bool has(ticket_kind all, ticket_kind one) { return (all & one) == one; }
/// Everything that distinguishes the ticket from a plain one.
constexpr ticket_kind kind_of(const ticket_facts& f) {
  ticket_kind k = ticket_kind::asked_for;
  if (f.is_referral) k = k | ticket_kind::referral;
  if (f.handed_over) k = k | ticket_kind::handed_over;
  if (f.client_renamed) k = k | ticket_kind::renamed;
  if (f.user_to_user) k = k | ticket_kind::user_to_user;
  if (f.restricted) k = k | ticket_kind::restricted;
  if (f.for_peer) k = k | ticket_kind::for_peer;
  if (f.flags.has(ticket_flag_t::invalid)) k = k | ticket_kind::not_valid;
  return k;
}

namespace detail {
/// RFC 4120 section 2.2: every server rejects a ticket with INVALID, except a KDC that validates it.
constexpr error check_valid(const ticket_facts& f) {
  if (!f.flags.has(ticket_flag_t::invalid)) return {};
  return {.code = errc::ticket_not_yet_valid, .type = "EncTicketPart", .field = "flags"};
}
/// RFC 4120 section 3.2.3: a service refuses a ticket that ended earlier than the clock skew before its
/// own time. A client whose clock is fast by less than that loses no ticket that is still valid.
constexpr error check_unexpired(const ticket_facts& f, kerberos_time now, std::int64_t clock_skew) {
  if (now <= plus(f.endtime, clock_skew)) return {};
  return {.code = errc::ticket_expired, .type = "EncTicketPart", .field = "endtime"};
}
struct credential_buffer;
}  // namespace detail

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

  constexpr const ticket_facts& facts() const& KERB_LIFETIMEBOUND { return facts_; }
  void facts() const&& = delete;
  constexpr const principal_view& client() const& KERB_LIFETIMEBOUND { return facts_.client; }
  void client() const&& = delete;
  constexpr const principal_view& server() const& KERB_LIFETIMEBOUND { return facts_.server; }
  void server() const&& = delete;
  /// The Ticket's encoding, as the KDC sent it.
  constexpr bytes_view ticket() const& KERB_LIFETIMEBOUND { return facts_.ticket; }
  void ticket() const&& = delete;
  constexpr const Key& session_key() const& KERB_LIFETIMEBOUND { return session_key_; }
  /// Moves the key out of a credential that is no longer needed.
  constexpr Key session_key() && { return std::move(session_key_); }
  constexpr kerberos_time endtime() const { return facts_.endtime; }
  /// When the ticket ends by the caller's clock: endtime() is a time of the KDC's clock, which is
  /// kdc_clock_offset() ahead.
  constexpr kerberos_time local_endtime() const {
    constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();  // has no negative
    return plus(facts_.endtime, kdc_clock_offset_ == least ? -(least + 1) : -kdc_clock_offset_);
  }
  /// The number of octets at the front of the exchange's buffer that the credential uses: the
  /// ticket, and the decrypted part of the reply or the names. 0 for a credential in a cache.
  constexpr std::size_t octets_used() const { return workspace_.kept().size(); }
  /// Gives back the rest of the exchange's buffer, wiped, for the next exchange: a chain of
  /// referrals then needs one buffer. Empty when called again.
  [[nodiscard]] constexpr std::span<std::uint8_t> release_rest() { return workspace_.release_rest(); }
  /// How many seconds the KDC's clock was ahead of the caller's. Use it only for messages with this
  /// credential (RFC 4120 section 3.1.5).
  constexpr std::int64_t kdc_clock_offset() const { return kdc_clock_offset_; }
  /// Forgets that the KDC trusts the server with delegated credentials (OK-AS-DELEGATE,
  /// RFC 4120 section 2.8): a KDC on the way to this ticket does not trust the KDC that says so.
  constexpr void clear_ok_as_delegate() { facts_.flags.set(ticket_flag_t::ok_as_delegate, false); }
  constexpr void set_kdc_clock_offset(std::int64_t seconds) { kdc_clock_offset_ = seconds; }

 private:
  friend struct detail::credential_buffer;
  ticket_facts facts_{};
  Key session_key_{};
  detail::workspace workspace_;
  std::int64_t kdc_clock_offset_ = 0;
};

namespace detail {
/// For exchanges that move a credential within a buffer.
struct credential_buffer {
  /// From now on the credential's octets are the first `used` of `whole`, and it wipes them.
  template <class Key>
  static constexpr void hold(basic_credential<Key>& c, std::span<std::uint8_t> whole, std::size_t used) {
    c.workspace_.hold(whole, used);
  }
};
}  // namespace detail

}  // namespace kerb::inline v0
