// Which of a service's keys are tried on a ticket, and in which order.
#pragma once
#include <optional>

#include "../core/error.hpp"
#include "../core/fixed.hpp"
#include "etype.hpp"

namespace kerb::inline v0 {

/// Which key versions are tried on a ticket that contains a kvno. For a ticket without one, or with
/// 0, which some KDCs write instead, all keys of its encryption type are tried.
enum class key_search : std::uint8_t {
  named_version,  ///< only the version in the ticket
  /// That version, then version 0, which keytabs contain that the KDC did not make, then the
  /// newest. For a service whose keytab and KDC count versions differently.
  named_zero_newest,
};

/// The version and encryption type of a key.
struct key_label {
  std::uint32_t kvno = 0;
  etype_t etype{};
  friend constexpr bool operator==(const key_label&, const key_label&) = default;
};

/// Why no further key was found for a ticket, and which keys the service has. For logs.
struct no_ticket_key {
  errc why = errc::no_key;     ///< no_key: none of its encryption type, or (`total` is 0) none of its service;
                               ///< bad_key_version: none of its version
  fixed<key_label, 16> had{};  ///< the first 16 of the service's keys
  std::size_t total = 0;       ///< the number of the service's keys
  constexpr no_ticket_key() = default;
  constexpr no_ticket_key(errc e) : why(e) {}
};

namespace detail {
/// Whether a ticket with this kvno selects a version.
constexpr bool names_version(const std::optional<std::uint32_t>& kvno) { return kvno && *kvno != 0; }

/// Returns the index in `entries` of the key to try after `tried` others. `label(entry)` returns
/// its key_label, or nullopt if the entry is of another service. `is_version(entry)` returns
/// whether it has the ticket's version.
template <class Entries, class Label, class IsVersion>
constexpr std::optional<std::size_t> nth_key(const Entries& entries, key_search search, etype_t etype, bool versioned,
                                             unsigned tried, const Label& label, const IsVersion& is_version) {
  const int ranks = versioned && search == key_search::named_zero_newest ? 3 : 1;
  std::uint32_t newest = 0;
  if (ranks == 3) {
    for (const auto& e : entries) {
      const std::optional<key_label> l = label(e);
      if (l && l->etype == etype && l->kvno > newest) newest = l->kvno;
    }
  }
  for (int rank = 0; rank != ranks; ++rank) {
    std::size_t place = 0;
    for (const auto& e : entries) {
      const std::size_t here = place++;
      const std::optional<key_label> l = label(e);
      if (!l || l->etype != etype) continue;
      const int its = !versioned || is_version(e) ? 0 : l->kvno == 0 ? 1 : l->kvno == newest ? 2 : 3;
      if (its == rank && tried-- == 0) return here;
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
    if (!l) continue;
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
