// A service's replay cache: the authenticators that it has seen, RFC 4120 section 3.2.3.
#pragma once
#include <array>
#include <concepts>
#include <cstddef>

#include "../core/time.hpp"

namespace kerb::inline v0 {

enum class replay_verdict : std::uint8_t {
  fresh,    ///< not seen before; it is recorded now
  seen,     ///< a replay
  full,     ///< no space to record it. Reject: dropping another entry instead would allow that one to be replayed
  unknown,  ///< it may have been seen before the cache lost its contents, or have been forgotten. Reject
};

// Why one digest, of the authenticator's ciphertext as sent, is enough. RFC 4120 section 3.2.3
// requires that at least server, client, time and microsecond are told apart:
// * Different requests have different digests. Client, realm, time and microsecond are sealed in
//   the ciphertext, under the session key of a ticket for one server; if one of them differs, so
//   does the ciphertext. Two authenticators of one client in one microsecond differ too, because
//   each seal begins with a random confounder.
// * A replay has the same digest. Under one key no two ciphertexts open to the same text, and only
//   a holder of the key can make one that opens (RFC 3962 and RFC 8009 authenticate every octet).
//   So a replay has to send the same octets.
// * The digest covers nothing that an attacker can change in an AP-REQ: not the ticket's cleartext
//   name and realm, its key version, the options or the framing. So it stays the same whatever name
//   or ticket accompanies it.
// So all acceptors that can open the ticket share one replay cache. What counts is the key, not the
// name: an account with several names and one key needs one cache.

/// A set of authenticators, identified by digest, with one atomic operation: insert if absent. An
/// entry may be dropped from the time `forget_after` on, because its authenticator is then too old
/// to be accepted. All acceptors that hold a key must share one cache and use the same
/// `clock_skew`: with a larger one, an acceptor would accept authenticators whose entries have been
/// dropped. If their clocks differ, the cache must keep entries longer by that difference, or
/// reject what it may have dropped.
template <class S>
concept replay_cache = requires(S& s, const std::array<std::uint8_t, 32>& digest, kerberos_time forget_after,
                                kerberos_time now) {
  { s.insert(digest, forget_after, now) }
  noexcept->std::same_as<replay_verdict>;
};

namespace detail {
/// Up to N entries in place, found by digest. Each has `digest` and `forget_after`, and is present
/// until that time. An entry can be in 32 places: two runs of 16 at independent positions. It is
/// put in the emptier run, because single runs would fill up far sooner.
template <class Entry, std::size_t N>
  requires(N >= 32)
class digest_places {
 public:
  struct found {
    const Entry* known = nullptr;  ///< the entry with this digest
    Entry* free = nullptr;         ///< if there is none: a place for it, or null when all its places are taken
  };
  constexpr found find(const std::array<std::uint8_t, 32>& digest, kerberos_time now) noexcept {
    found f;
    std::size_t at = word(digest, 0) % N;
    for (std::size_t run = 0, most = 0; run != 2; ++run) {
      Entry* first = nullptr;
      std::size_t free = 0;
      for (std::size_t i = 0; i != 16; ++i) {
        Entry& e = entries_[(at + i) % N];
        if (e.forget_after <= now) {
          if (free++ == 0) first = &e;
        } else if (e.digest == digest) {
          return {&e, nullptr};
        }
      }
      if (free > most) f.free = first, most = free;
      at += 16 + word(digest, 8) % (N - 31);
    }
    return f;
  }
  /// Whether an entry with this `forget_after` may have been present and dropped already. That is
  /// so when the call is too late, or when the clock was set back and the entry was dropped at the
  /// later time.
  constexpr bool is_blind_to(kerberos_time forget_after, kerberos_time now) const noexcept {
    return forget_after <= blind_to_ || forget_after <= now;
  }
  constexpr void be_blind_to(kerberos_time t) noexcept { blind_to_ = t; }
  /// Puts `e` in a free place. The previous entry there is dropped, and will never be reported as new again.
  constexpr void put(Entry& free, const Entry& e) noexcept {
    if (free.forget_after > blind_to_) blind_to_ = free.forget_after;
    free = e;
  }

 private:
  static constexpr std::size_t word(const std::array<std::uint8_t, 32>& digest, std::size_t from) {
    std::size_t w = 0;
    for (std::size_t i = 0; i != sizeof w; ++i) w = w << 8 | digest[from + i];
    return w;
  }

  std::array<Entry, N> entries_{};
  kerberos_time blind_to_ = earliest_time;  // entries with a forget_after up to this time may have been seen
};
}  // namespace detail

/// A replay cache of up to N authenticators, stored in place, for one thread. It never allocates,
/// and never drops an authenticator that could still be replayed. When the clock is set back, or
/// acceptors' clocks differ, it returns `unknown` for what it may have dropped at the later time.
/// The work per insert is bounded: an authenticator has 32 possible places, which its digest
/// determines. While the cache is less than half full, `full` is extremely unlikely.
///
/// An authenticator stays for up to twice the clock skew. So N is twice the requests that may come in that
/// time: 1200 for one request per second and a skew of 300 seconds. All clients share the cache, and one
/// can fill it with requests of its own, after which all are refused. A limit for each client is the
/// application's: count requests by client, in front of the acceptor by address.
template <std::size_t N>
class memory_replay_cache {
  static_assert(N >= 32,
                "memory_replay_cache<N>: an authenticator has 32 places, so N is 32 at least; take "
                "twice as many as may come within twice the clock skew");

 public:
  /// For a new service, where nothing can have been seen before.
  constexpr memory_replay_cache() = default;
  /// For a service whose cache was lost at `now`. RFC 4120 section 3.2.3 requires that the service
  /// reject every authenticator that it might have accepted before: those with times up to
  /// `clock_skew` seconds later.
  static constexpr memory_replay_cache after_loss(kerberos_time now, std::int64_t clock_skew) {
    memory_replay_cache s;
    s.places_.be_blind_to(plus(plus(plus(now, clock_skew), clock_skew), 1));
    return s;
  }

  constexpr replay_verdict insert(const std::array<std::uint8_t, 32>& digest, kerberos_time forget_after,
                                  kerberos_time now) noexcept {
    if (places_.is_blind_to(forget_after, now)) return replay_verdict::unknown;
    const auto at = places_.find(digest, now);
    if (at.known != nullptr) return replay_verdict::seen;
    if (at.free == nullptr) return replay_verdict::full;
    places_.put(*at.free, {digest, forget_after});
    return replay_verdict::fresh;
  }

 private:
  struct entry {
    std::array<std::uint8_t, 32> digest{};
    kerberos_time forget_after = earliest_time;
  };
  detail::digest_places<entry, N> places_;
};

}  // namespace kerb::inline v0
