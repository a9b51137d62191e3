// A client's ticket cache: fixed size, in place, until the tickets expire or the user logs off.
#pragma once
#include <optional>

#include "packed_facts.hpp"

namespace kerb::inline v0 {

/// Up to N credentials of one user, each with its ticket and names in at most `Octets` octets.
/// Never allocates. A client can use a ticket any number of times until it expires
/// (RFC 4120 section 3.2.2).
///
/// The key of an entry is the client, the server with the realm that issued the ticket, and its
/// ticket_kind. So a ticket of another kind, such as a referral, a ticket that a peer sent or a
/// postdated ticket that no KDC has validated, never replaces a plain ticket, and find() never
/// returns it when a plain ticket is wanted. There is one ticket of each kind: a user-to-user ticket
/// replaces one for another second ticket, and a restricted ticket replaces one with other
/// restrictions.
///
/// `now` is the caller's clock. A ticket expires by the KDC's, which kdc_clock_offset() of its credential
/// has shown (basic_credential::local_endtime()).
///
/// Keys and octets are wiped when a credential is replaced, when the user logs off, and on
/// destruction. The credentials that it returns are views into the cache, so the cache cannot be
/// moved.
template <class Key, std::size_t N, std::size_t Octets = 4096>
class ticket_cache {
  struct entry;
  static_assert(N != 0, "ticket_cache<Key, N, Octets>: N tickets, at least 1");

 public:
  using credential = basic_credential<Key>;

  constexpr ticket_cache() = default;
  ticket_cache(const ticket_cache&) = delete;
  ticket_cache& operator=(const ticket_cache&) = delete;

  /// Stores a credential. It replaces one with the same client, server and kind, or else takes the
  /// place of an expired one or an empty place. The result is valid until it is replaced. Returns
  /// errc::no_space when the ticket is too long (detail: octets needed), or when all N places hold
  /// other valid credentials (detail: 0).
  constexpr result<ref<const credential>> store(credential c, kerberos_time now) & KERB_LIFETIMEBOUND {
    const ticket_facts& f = c.facts();
    const detail::packed_facts packed(f);
    if (packed.size() > Octets) {
      return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(packed.size())};
    }
    entry* const e = place(f, now);
    if (e == nullptr) return error{.code = errc::no_space};
    std::array<std::uint8_t, Octets> octets{};  // the credential may be a view of the entry that it replaces
    packed.write(f, octets);
    const ticket_facts kept = f;
    e->wipe();
    e->octets = octets;
    const std::int64_t offset = c.kdc_clock_offset();
    e->held.emplace(packed.read(kept, bytes_view(e->octets).first(packed.size())), std::move(c).session_key());
    e->held->set_kdc_clock_offset(offset);
    return ref<const credential>(*e->held);
  }
  /// Stores a copy of a credential that the caller goes on using.
  template <crypto_policy C>
    requires std::same_as<typename C::key, Key>
  constexpr result<ref<const credential>> store_copy(const credential& c, C& crypto,
                                                     kerberos_time now) KERB_LIFETIMEBOUND {
    auto k = detail::copy_key(crypto, c.session_key());
    if (!k) return k.error();
    credential copy(c.facts(), std::move(*k));
    copy.set_kdc_clock_offset(c.kdc_clock_offset());
    return store(std::move(copy), now);
  }
  /// The client's credential of exactly this kind for a server; null when there is none that has
  /// not expired. The server's realm is the realm that issued the ticket: for `krbtgt/B@A` it is A.
  constexpr const credential* find(const principal_view& client, const principal_view& server, kerberos_time now,
                                   ticket_kind kind = ticket_kind::asked_for) const& KERB_LIFETIMEBOUND {
    for (const entry& e : entries_)
      if (e.is_of_use(now) && e.is(client, server, kind)) return &*e.held;
    return nullptr;
  }
  void find(const principal_view&, const principal_view&, kerberos_time,
            ticket_kind = ticket_kind::asked_for) const&& = delete;
  /// The same for a cache that has only one client's tickets. Also null when several clients have a
  /// ticket for this server.
  constexpr const credential* find(const principal_view& server, kerberos_time now) const& KERB_LIFETIMEBOUND {
    const credential* found = nullptr;
    for (const entry& e : entries_) {
      if (!e.is_of_use(now) || !e.is(e.held->client(), server, ticket_kind::asked_for)) continue;
      if (found != nullptr) return nullptr;  // another client: for one client there is at most one entry
      found = &*e.held;
    }
    return found;
  }
  void find(const principal_view&, kerberos_time) const&& = delete;
  /// The credentials that are valid at `now`, of every kind, in no particular order. Storing another
  /// one invalidates the iterators.
  class range {
   public:
    class iterator {
     public:
      using value_type = credential;
      using difference_type = std::ptrdiff_t;
      constexpr iterator() = default;
      constexpr const credential& operator*() const { return *left_.front().held; }
      constexpr const credential* operator->() const { return &*left_.front().held; }
      constexpr iterator& operator++() {
        left_ = left_.subspan(1);
        skip();
        return *this;
      }
      constexpr iterator operator++(int) {
        iterator before = *this;
        ++*this;
        return before;
      }
      friend constexpr bool operator==(const iterator& a, const iterator& b) {
        return a.left_.size() == b.left_.size();
      }

     private:
      friend class range;
      constexpr iterator(std::span<const entry> left, kerberos_time now) : left_(left), now_(now) { skip(); }
      constexpr void skip() {
        while (!left_.empty() && !left_.front().is_of_use(now_)) left_ = left_.subspan(1);
      }
      std::span<const entry> left_;
      kerberos_time now_;
    };
    constexpr iterator begin() const { return {all_, now_}; }
    constexpr iterator end() const { return {all_.last(0), now_}; }

   private:
    friend class ticket_cache;
    constexpr range(std::span<const entry> all, kerberos_time now) : all_(all), now_(now) {}
    std::span<const entry> all_;
    kerberos_time now_;
  };
  constexpr range credentials(kerberos_time now) const& KERB_LIFETIMEBOUND { return {entries_, now}; }
  void credentials(kerberos_time) const&& = delete;
  /// The number of credentials that are valid at `now`.
  constexpr std::size_t size(kerberos_time now) const {
    std::size_t n = 0;
    for (const entry& e : entries_) n += e.is_of_use(now);
    return n;
  }
  /// The user logs off: destroys every ticket and every key.
  constexpr void log_off() {
    for (entry& e : entries_) e.wipe();
  }

 private:
  struct entry {
    std::array<std::uint8_t, Octets> octets{};
    std::optional<credential> held{};

    constexpr ~entry() { wipe(); }
    constexpr bool is_of_use(kerberos_time now) const { return held && now < held->local_endtime(); }
    constexpr bool is(const principal_view& client, const principal_view& server, ticket_kind kind) const {
      return kind_of(held->facts()) == kind && same_principal(held->client(), client) &&
             same_principal(held->server(), server);
    }
    constexpr void wipe() {
      held.reset();
      secure_zero(octets);
    }
  };
  constexpr entry* place(const ticket_facts& f, kerberos_time now) {
    entry* free = nullptr;
    for (entry& e : entries_) {
      if (e.held && e.is(f.client, f.server, kind_of(f))) return &e;
      if (free == nullptr && !e.is_of_use(now)) free = &e;
    }
    return free;
  }
  std::array<entry, N> entries_{};
};

}  // namespace kerb::inline v0
