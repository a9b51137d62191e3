// The result of an AP exchange for both sides: the keys and sequence numbers of a session.
#pragma once
#include "credential.hpp"

namespace kerb::inline v0 {

/// Whether the service must authenticate to the client (RFC 4120 section 3.2.4).
enum class requirement : std::uint8_t { if_asked, required };
inline constexpr requirement if_asked = requirement::if_asked;
inline constexpr requirement required = requirement::required;

/// The keys and initial sequence numbers of an authenticated session, equal on both sides. Wiped on
/// destruction.
template <class Key>
struct session_keys {
  Key session_key;                             ///< the ticket's session key
  std::optional<Key> initiator_subkey;         ///< from the authenticator
  std::optional<Key> acceptor_subkey;          ///< from the AP-REP
  std::optional<std::uint32_t> initiator_seq;  ///< the initiator's initial sequence number
  std::optional<std::uint32_t> acceptor_seq;

  /// The key that protects messages: the acceptor's subkey, else the initiator's subkey, else the
  /// ticket's session key. RFC 4120 section 3.2.6 leaves the choice to the application; this is the
  /// usual one.
  constexpr const Key& protection_key() const& KERB_LIFETIMEBOUND {
    return acceptor_subkey ? *acceptor_subkey : initiator_subkey ? *initiator_subkey : session_key;
  }
  void protection_key() const&& = delete;
};

}  // namespace kerb::inline v0
