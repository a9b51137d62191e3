// Where a service's keys come from: a concept, and a list in memory.
#pragma once
#include "../../core/fixed.hpp"
#include "../step.hpp"

namespace kerb::inline v0 {

/// A source of service keys. find() gives the key to try as number ask.tried, or null when there is no further one;
/// why_none() then says errc::no_key or errc::bad_key_version.
template <class S>
concept ticket_keys = requires(S& s, const need_ticket_key& ask) {
  *s.find(ask);
  { s.why_none(ask) } -> std::same_as<errc>;
};

/// At most N keys in place, each for one service, version and encryption type. A ticket that names a version gets the
/// key of just that version; one that names none gets all of its type, in the order in which they were added.
template <class Key, std::size_t N>
class key_list {
 public:
  /// Adds a key; false, and nothing changed, when all N places are taken. The service's octets must outlive the list.
  [[nodiscard]] constexpr bool add(const principal_view& service, std::uint32_t kvno, etype_t etype, Key k) {
    if (size_ == N) return false;
    entries_[size_].emplace(entry{service, kvno, etype, std::move(k)});
    ++size_;
    return true;
  }
  constexpr const Key* find(const need_ticket_key& ask) const KERB_LIFETIMEBOUND {
    unsigned skip = ask.tried;
    for (std::size_t i = 0; i != size_; ++i) {
      const entry& e = *entries_[i];
      if (e.etype != ask.etype || !same_principal(e.service, ask.service)) continue;
      if (ask.kvno && *ask.kvno != e.kvno) continue;
      if (skip-- == 0) return &e.k;
    }
    return nullptr;
  }
  /// RFC 4120 section 3.2.3: a version that is not there is another failure than no key of the ticket's type.
  constexpr errc why_none(const need_ticket_key& ask) const {
    errc why = errc::no_key;
    for (std::size_t i = 0; i != size_; ++i) {
      if (!same_principal(entries_[i]->service, ask.service)) continue;
      if (!ask.kvno || *ask.kvno == entries_[i]->kvno) return errc::no_key;
      why = errc::bad_key_version;
    }
    return why;
  }

 private:
  struct entry {
    principal_view service;
    std::uint32_t kvno;
    etype_t etype;
    Key k;
  };
  std::array<std::optional<entry>, N> entries_;
  std::size_t size_ = 0;
};

}  // namespace kerb::inline v0
