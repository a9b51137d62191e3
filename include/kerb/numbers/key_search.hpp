// Which of a service's keys are tried on a ticket, and in which order.
#pragma once
#include <array>
#include <optional>

#include "../core/error.hpp"
#include "../core/fixed.hpp"
#include "etype.hpp"

namespace kerb::inline v0 {

/// Which key versions are tried on a ticket that contains a kvno. For a ticket without one, all keys of
/// its encryption type are tried. So they are for 0, which means "any version" in MIT krb5's keytabs, and
/// is no version of a KDC's key; no KDC is known to write it.
enum class key_search : std::uint8_t {
  named_version,  ///< only the version in the ticket
  /// That version, then version 0, which keytabs contain that the KDC did not make, then the
  /// newest. For a service whose keytab and KDC count versions differently.
  named_zero_newest,
  /// The same three, and then all other versions. For a service whose keytab was made without the
  /// KDC's versions.
  any_version,
};

/// Under which names keys are tried on a ticket. The keys of the ticket's own name always come
/// first. The other two are for services that clients know by several names while the keys are
/// stored under one, as with the SPNs of one account in Active Directory.
///
/// They change what a key protects: whoever knows a key of one of these names can make tickets for
/// all of them. The acceptor checks the name in the ticket in any case.
enum class key_names : std::uint8_t {
  exact,         ///< only the name in the ticket (RFC 4120 section 3.2.3)
  same_host,     ///< then names of the same host and realm: a ticket for `cifs/host`, a key of `host/host`
  any_of_realm,  ///< then all names of the same realm
};

/// The version and encryption type of a key.
struct key_label {
  std::uint32_t kvno = 0;
  etype_t etype{};
  friend constexpr bool operator==(const key_label&, const key_label&) = default;
};

/// Why no further key was found for a ticket, and which keys the service has. For logs: key_line()
/// in kerb/explain.hpp makes a sentence of it.
struct no_ticket_key {
  errc why = errc::no_key;     ///< no_key: none of its encryption type, or (`total` is 0) none of its service;
                               ///< bad_key_version: none of its version
  fixed<key_label, 16> had{};  ///< the first 16 of the service's keys, and of those that key_names adds
  std::size_t total = 0;       ///< the number of these keys
  std::size_t others = 0;      ///< the number of keys under other names, which are not tried
  constexpr no_ticket_key() = default;
  constexpr no_ticket_key(errc e) : why(e) {}
};

namespace detail {
/// Whether a ticket with this kvno selects a version.
constexpr bool names_version(const std::optional<std::uint32_t>& kvno) { return kvno && *kvno != 0; }

/// The answers for lists in which every key is usable, or in which no key has another name.
template <bool B>
struct always {
  constexpr bool operator()(const auto&) const { return B; }
};

/// Returns the index in `entries` of the key to try after `tried` others. `label(entry)` returns
/// its key_label, or nullopt if the entry is of another service. `is_version(entry)` returns
/// whether it has the ticket's version, `is_alias(entry)` whether it has another name than the
/// ticket. `is_usable(entry)` can be expensive: entries that do not come before the wanted one in
/// order are not passed to it, except to find the newest version of the ticket's own name.
template <class Entries, class Label, class IsVersion, class IsUsable = always<true>, class IsAlias = always<false>>
constexpr std::optional<std::size_t> nth_key(const Entries& entries, key_search search, etype_t etype, bool versioned,
                                             unsigned tried, const Label& label, const IsVersion& is_version,
                                             const IsUsable& is_usable = {}, const IsAlias& is_alias = {}) {
  constexpr unsigned version_ranks = 4;
  const unsigned ranks = !versioned || search == key_search::named_version ? 1
                         : search == key_search::named_zero_newest         ? 3
                                                                           : version_ranks;
  std::array<std::uint32_t, 2> newest{};  // of the own name, and of others
  if (ranks != 1) {
    for (const auto& e : entries) {
      const std::optional<key_label> l = label(e);
      if (!l || l->etype != etype) continue;
      const bool alias = is_alias(e);
      if (l->kvno > newest[alias] && (alias || is_usable(e))) newest[alias] = l->kvno;
    }
  }
  const auto rank_of = [&](const auto& e) {
    const std::optional<key_label> l = label(e);
    if (!l || l->etype != etype) return 2 * version_ranks;
    const bool alias = is_alias(e);
    const unsigned its = !versioned || is_version(e) ? 0 : l->kvno == 0 ? 1 : l->kvno == newest[alias] ? 2 : 3;
    return its < ranks ? (alias ? version_ranks : 0) + its : 2 * version_ranks;
  };
  unsigned present = 0;  // the ranks that occur, so that a long list is not read for each of them
  for (const auto& e : entries) present |= 1u << rank_of(e);
  for (unsigned rank = 0; rank != 2 * version_ranks; ++rank) {
    if ((present >> rank & 1) == 0) continue;
    std::size_t place = 0;
    for (const auto& e : entries) {
      const std::size_t here = place++;
      if (rank_of(e) == rank && is_usable(e) && tried-- == 0) return here;
    }
  }
  return std::nullopt;
}

/// Explains why no key was found.
template <class Entries, class Label, class IsVersion>
constexpr no_ticket_key why_no_key(const Entries& entries, bool versioned, const Label& label,
                                   const IsVersion& is_version) {
  no_ticket_key out;
  bool of_version = false;
  for (const auto& e : entries) {
    const std::optional<key_label> l = label(e);
    if (!l) {
      ++out.others;
      continue;
    }
    ++out.total;
    (void)out.had.push_back(*l);
    of_version = of_version || !versioned || is_version(e);
  }
  // RFC 4120 section 3.2.3: a missing version is a different error from no key of the ticket's type
  if (out.total != 0 && !of_version) out.why = errc::bad_key_version;
  return out;
}
}  // namespace detail

}  // namespace kerb::inline v0
