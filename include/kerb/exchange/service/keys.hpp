// Sources of a service's keys: a concept, a list in memory, and the key for user-to-user.
#pragma once
#include "../../numbers/key_search.hpp"
#include "../credential.hpp"
#include "../step.hpp"

namespace kerb::inline v0 {

/// A source of service keys. find() returns the key to try after ask.tried others, or null when
/// there is no further one. why_none() then returns errc::no_key, errc::bad_key_version, or a
/// no_ticket_key with the keys that there were. A source of long-term keys has none if
/// ask.user_to_user.
template <class S>
concept ticket_keys = requires(S& s, const need_ticket_key& ask) {
  *s.find(ask);
  { s.why_none(ask) } -> std::convertible_to<no_ticket_key>;
};

/// A source of keys that knows the realm of the key that find() last returned. This is the realm of
/// the principal that the key belongs to; the KDC of that realm seals tickets with the key. If one
/// key serves principals of several realms, these cannot be told apart: give each realm its own
/// key.
template <class S>
concept names_realms = requires(S& s, const need_ticket_key& ask) {
  { s.realm_of(ask) } -> std::convertible_to<kerberos_string>;
};

/// The key that a ticket needs, and the keys that its service had: ap_acceptor::key_lookup().
struct keys_asked {
  need_ticket_key ticket;
  no_ticket_key had;  ///< empty until no_key() is called
};

/// At most N keys in place, each for one service, version and encryption type. They are tried in
/// the order of key_search, and otherwise in the order in which they were added.
template <class Key, std::size_t N>
class key_list {
 public:
  constexpr key_list() = default;
  constexpr explicit key_list(key_search search) : search_(search) {}
  /// Adds a key. Returns false, without a change, when all N places are taken. The service's octets
  /// must outlive the list.
  [[nodiscard]] constexpr bool add(const principal_view& service, std::uint32_t kvno, etype_t etype, Key k) {
    if (size_ == N) return false;
    entries_[size_].emplace(entry{service, kvno, etype, std::move(k)});
    ++size_;
    return true;
  }
  constexpr const Key* find(const need_ticket_key& ask) const& KERB_LIFETIMEBOUND {
    if (ask.user_to_user) return nullptr;
    const auto label = [&, any = label_for(ask)](const std::optional<entry>& e) {
      return e->etype == ask.etype ? any(e) : std::nullopt;  // names are compared last
    };
    const auto at = detail::nth_key(std::span(entries_.data(), size_), search_, ask.etype,
                                    detail::names_version(ask.kvno), ask.tried, label, version_for(ask));
    return at ? &entries_[*at]->k : nullptr;
  }
  void find(const need_ticket_key&) const&& = delete;
  /// Keys are found by their full name, so a key that was found belongs to the requested realm.
  static constexpr kerberos_string realm_of(const need_ticket_key& ask) { return ask.service.realm; }
  constexpr no_ticket_key why_none(const need_ticket_key& ask) const {
    return detail::why_no_key(std::span(entries_.data(), size_), detail::names_version(ask.kvno), label_for(ask),
                              version_for(ask));
  }

 private:
  struct entry {
    principal_view service;
    std::uint32_t kvno;
    etype_t etype;
    Key k;
  };
  static constexpr auto label_for(const need_ticket_key& ask) {
    return [&ask](const std::optional<entry>& e) {
      return same_principal(e->service, ask.service) ? std::optional(key_label{e->kvno, e->etype}) : std::nullopt;
    };
  }
  static constexpr auto version_for(const need_ticket_key& ask) {
    return [&ask](const std::optional<entry>& e) { return e->kvno == *ask.kvno; };
  }
  std::array<std::optional<entry>, N> entries_;
  std::size_t size_ = 0;
  key_search search_ = key_search::named_version;
};

/// The key of a service without long-term keys: the session key of its ticket-granting ticket,
/// which it has given to the client (RFC 4120 section 3.7). Only for tickets to the principal that
/// the ticket-granting ticket belongs to. The credential must outlive this object.
template <class Key>
class user_to_user_key {
 public:
  constexpr explicit user_to_user_key(const basic_credential<Key>& tgt KERB_LIFETIMEBOUND) : tgt_(tgt) {}
  user_to_user_key(const basic_credential<Key>&&) = delete;
  constexpr const Key* find(const need_ticket_key& ask) const {
    const bool ours = ask.user_to_user && ask.tried == 0 && same_principal(ask.service, tgt_->client());
    return ours ? &tgt_->session_key() : nullptr;
  }
  constexpr kerberos_string realm_of(const need_ticket_key&) const KERB_LIFETIMEBOUND { return tgt_->client().realm; }
  constexpr no_ticket_key why_none(const need_ticket_key&) const { return errc::no_key; }

 private:
  ref<const basic_credential<Key>> tgt_;
};

}  // namespace kerb::inline v0
