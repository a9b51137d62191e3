// What a service remembers of the authenticators it has seen, RFC 4120 section 3.2.3.
#pragma once
#include <array>
#include <concepts>
#include <cstddef>

#include "../core/time.hpp"

namespace kerb::inline v0 {

enum class replay_verdict : std::uint8_t {
  fresh,    ///< not seen before, and remembered now
  seen,     ///< a replay
  full,     ///< there is no space to remember it: refuse, for to forget another one would let that one be replayed
  unknown,  ///< it may have been seen before the store lost its memory, or may be forgotten already: refuse
};

// Why one digest, of the authenticator's ciphertext as sent, is enough. RFC 4120 section 3.2.3 wants to tell apart
// server, client, time and microsecond, and that at least:
// * Client, realm, time and microsecond are sealed in it, under the session key of a ticket for one server. Where one
//   of them differs the octets differ, and so they do for two authenticators of one client in one microsecond, since
//   each seal begins with a random confounder: no request is taken for the replay of another one.
// * Under one key each ciphertext opens to a text of its own, and only who has the key makes one that opens (RFC 3962
//   and RFC 8009 leave no octet unauthenticated): whoever replays has to send the same octets.
// * All that can be rewritten in an AP-REQ is left out: the ticket's clear name and realm, its key version, the
//   options, the framing. So it is the same digest under whatever name and with whatever ticket it is presented.
// Hence one store is shared by all who can open the ticket, and that is by key and not by name: the several names of an
// account that has one key need one store.

/// A store of authenticators, by digest: one atomic insert-if-absent. An entry may be forgotten from `forget_after` on,
/// since its authenticator is refused for its age by then. All acceptors that hold a key share one store and go by one
/// `clock_skew`: with a larger one an acceptor would still take what the others' entries have been forgotten for. Where
/// their clocks differ, a store must remember that much longer, or refuse what it may have forgotten.
template <class S>
concept replay_cache = requires(S& s, const std::array<std::uint8_t, 32>& digest, kerberos_time forget_after,
                                kerberos_time now) {
  { s.insert(digest, forget_after, now) }
  noexcept->std::same_as<replay_verdict>;
};

namespace detail {
/// Up to N entries in place, found by their digests; each has `digest` and `forget_after`, and counts as there until
/// then. An entry has 32 places. It takes one in the emptier of two runs of 16, which lie apart: single runs would fill
/// up far sooner.
template <class Entry, std::size_t N>
  requires(N >= 32)
class digest_places {
 public:
  struct found {
    const Entry* known = nullptr;  ///< the entry of this digest
    Entry* free = nullptr;         ///< where there is none: a place for it, null when there is no such place either
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
  /// Whether something that may be forgotten from `forget_after` on can have been there and be forgotten already: what
  /// is asked about too late, and where a clock was set back what was forgotten by the later time.
  constexpr bool is_blind_to(kerberos_time forget_after, kerberos_time now) const noexcept {
    return forget_after <= blind_to_ || forget_after <= now;
  }
  constexpr void be_blind_to(kerberos_time t) noexcept { blind_to_ = t; }
  /// Puts `e` in a free place; what was there before is forgotten, and never taken for new again.
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
  kerberos_time blind_to_ = earliest_time;  // what may be forgotten by then may have been seen
};
}  // namespace detail

/// Remembers up to N authenticators in place, for one thread; never allocates and never forgets one that could still be
/// replayed. When the clock is set back, or acceptors' clocks differ, it is blind to what it may have forgotten by the
/// later time. Work per insert is bounded: an authenticator has 32 places, found by its digest; a store that is less
/// than half full is never `full` but by extraordinary chance.
template <std::size_t N>
class memory_replay_cache {
  static_assert(N >= 32,
                "memory_replay_cache<N>: an authenticator has 32 places, so N is 32 at least; take "
                "twice as many as may come within twice the clock skew");

 public:
  /// For a service that is new: nothing can have been seen before.
  constexpr memory_replay_cache() = default;
  /// For a service whose store was lost at `now`: RFC 4120 section 3.2.3 demands that it refuse every authenticator
  /// that it might have accepted before, which are those of up to `clock_skew` seconds later.
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
