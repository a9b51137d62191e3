// The common rules of KRB-SAFE, KRB-PRIV and KRB-CRED: options of a session, and checks of a message's fields.
#pragma once
#include "../../store/replay_cache.hpp"
#include "../addresses.hpp"
#include "../environment.hpp"
#include "../krb_error.hpp"
#include "../session.hpp"

namespace kerb::inline v0 {

/// The side of the AP exchange that a session belongs to.
enum class side : std::uint8_t { initiator, acceptor };

/// What shows that a message is new; RFC 4120 section 3.4.1 requires at least one of the two.
/// Sequence numbers are for peers that receive every message, in order. Timestamps are for peers
/// that may miss some, and need a replay cache.
enum class freshness : std::uint8_t { sequence_numbers, timestamps, both };

/// The key that each side sends under: the last one negotiated (RFC 4120 section 3.4, MIT krb5), or
/// the subkey that it proposed itself, if it did (Heimdal).
enum class key_choice : std::uint8_t { last_negotiated, own_subkey };

/// The first sequence number of an acceptor that named none in its AP-REP, or sent no AP-REP.
/// Implementations differ: acceptors of MIT krb5 and Windows start at the initiator's number and
/// Heimdal's at zero, while initiators of the krb5 library, including MIT's, expect zero. An initiator
/// chooses the value that its peer's software uses. An acceptor should use zero, unless its peers
/// expect the initiator's number. Without a subkey, zero allows messages of one session to be
/// replayed in another session with the same ticket.
enum class unnamed_sequence : std::uint8_t { as_initiator, zero };

/// How the messages of a session are protected. The octets of the addresses must outlive the
/// session.
struct session_options {
  side here;
  freshness by = freshness::sequence_numbers;
  /// The addresses of this side and the peer: both or neither. With neither, messages contain their
  /// direction instead (RFC 4120 section 7.1), which works with address translation.
  ///
  /// If one of them may be in no message (may_be_in_message()), they count as neither, on both sides: two
  /// programs that pass the addresses of their sockets also work over ::1 and link-local addresses. MIT
  /// krb5 and Heimdal put ::1 into messages, and such a message is refused here (errc::address_mismatch).
  /// With these libraries use 127.0.0.1.
  std::optional<msg::HostAddress> local{}, peer{};
  bool demand_recipient = false;  ///< refuse messages without a recipient address
  key_choice keys = key_choice::last_negotiated;
  unnamed_sequence acceptor_seq = unnamed_sequence::as_initiator;
};

/// The addresses of the two sides of a session, as seen from this side.
struct session_addresses {
  msg::HostAddress ours, theirs;

  /// The real addresses, or the directional ones.
  static constexpr session_addresses of(const session_options& o) {
    const bool real = o.local && o.peer && may_be_in_message(*o.local) && may_be_in_message(*o.peer);
    if (real) return {normal_address(*o.local), normal_address(*o.peer)};
    if (o.here == side::initiator) return {from_initiator, from_acceptor};
    return {from_acceptor, from_initiator};
  }
  /// The recipient's address in a message. RFC 4120 section 7.1 allows directional addresses only
  /// for the sender.
  constexpr std::optional<msg::HostAddress> recipient() const {
    if (theirs.addr_type == addr_t::directional) return std::nullopt;
    return theirs;
  }
};

/// RFC 4120 sections 3.4.2 and 3.5.2: the sender's address must be the peer's. The recipient's
/// address, if present or required, must be this side's.
constexpr error verify_addresses(const std::optional<msg::HostAddress>& s_address,
                                 const std::optional<msg::HostAddress>& r_address, const session_addresses& session,
                                 bool demand_recipient, const char* type) {
  if (!s_address || !same_address(*s_address, session.theirs)) {
    return {.code = errc::address_mismatch, .type = type, .field = "s-address"};
  }
  if (r_address ? !same_address(*r_address, session.ours) : demand_recipient) {
    return {.code = errc::address_mismatch, .type = type, .field = "r-address"};
  }
  return {};
}

/// The same sections: checks that the time is present if required, complete, and close enough to
/// now.
constexpr error verify_time(const std::optional<kerberos_time>& at, const std::optional<microseconds>& usec,
                            bool demanded, timestamp now, std::int64_t skew, const char* type) {
  if (!at && !usec && !demanded) return {};
  if (!at) return {.code = errc::clock_skew, .type = type, .field = "timestamp"};
  if (!usec) return {.code = errc::clock_skew, .type = type, .field = "usec"};
  if (!within_skew({*at, *usec}, now, skew)) return {.code = errc::clock_skew, .type = type, .field = "timestamp"};
  return {};
}

/// The sequence numbers of one direction, modulo 2^32. Each is used once (RFC 4120 section 5.5.1).
class sequence_counter {
 public:
  constexpr sequence_counter() = default;
  constexpr explicit sequence_counter(std::optional<std::uint32_t> first, std::uint64_t used = 0)
      : first_(first), used_(used) {}
  constexpr std::optional<std::uint32_t> first() const { return first_; }
  constexpr std::optional<std::uint32_t> next() const {
    if (!first_ || used_up()) return std::nullopt;
    return static_cast<std::uint32_t>(*first_ + used_);
  }
  constexpr void count() { ++used_; }
  /// Whether every number has been used.
  constexpr bool used_up() const { return used_ > 0xffffffffu; }
  constexpr bool has_used(std::uint32_t n) const {
    return first_ && (used_up() || static_cast<std::uint32_t>(n - *first_) < used_);
  }

 private:
  std::optional<std::uint32_t> first_{};
  std::uint64_t used_ = 0;
};

/// Used instead of a replay cache, if there is none.
struct no_store {
  constexpr replay_verdict insert(const std::array<std::uint8_t, 32>&, kerberos_time, kerberos_time) noexcept {
    return replay_verdict::fresh;
  }
};
/// Enters a message in a replay cache by octets that no other message has. For a message of this
/// side, `unknown` is no error: a cache that returns it now also refuses the message if it comes back.
template <crypto_policy C, replay_cache S>
constexpr error remember(view_of<bytes_view> mark, kerberos_time at, const char* type, bool own,
                         const environment<C>& env, S& seen) {
  std::array<std::uint8_t, 32> digest{};
  if (const errc e = env.crypto->digest(mark, digest); e != errc::ok) return {.code = e};
  const replay_verdict v = seen.insert(digest, plus(plus(at, env.limits.clock_skew), 1), env.now.at);
  if (v == replay_verdict::fresh || (own && v == replay_verdict::unknown)) return {};
  const errc why = v == replay_verdict::seen ? errc::replayed : errc::replay_unknown;
  return {.code = why, .type = type, .field = "timestamp"};
}

}  // namespace kerb::inline v0
