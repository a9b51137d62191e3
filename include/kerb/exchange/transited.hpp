// The realms that a client has passed through: DOMAIN-X500-COMPRESS (RFC 4120 section 3.3.3.2), and a policy for them.
#pragma once
#include "../msg/anonymity.hpp"
#include "../msg/ticket.hpp"
#include "realm_path.hpp"

namespace kerb::inline v0 {

/// The maximum size of a realm in a transited field, in octets. A domain name has at most 255
/// octets; X.500 names are longer. The limit also stops a short field from expanding into a long
/// one, since each subfield may repeat the realm before it.
inline constexpr std::size_t max_transited_realm = 1024;
/// The maximum number of realms in a transited field, including null subfields. Each realm is a KDC
/// that the client asked, and a path between two names of 32 components has no more. A reader
/// compares each realm with the ones before it and with those of a policy, so the limit bounds the
/// work that a hostile field can cause.
inline constexpr std::size_t max_transited_realms = 64;

namespace detail {

/// Reads a transited field subfield by subfield and joins each to the realm before it. The work is
/// linear in the size of the field, because the number of subfields and the size of a realm are
/// bounded.
class transited_subfields {
 public:
  constexpr explicit transited_subfields(bytes_view contents) : contents_(contents), last_(contents.empty()) {}

  /// Goes to the next subfield. Returns false after the last one, and when one is malformed or one
  /// too many.
  constexpr bool next() {
    if (last_ || !ok_) return false;
    begin_ = next_;
    if (++subfields_ > max_transited_realms) return ok_ = false;
    bool quoted = false;  // whether the last octet of the subfield is quoted
    std::size_t i = begin_;
    for (; i < contents_.size() && contents_[i] != ','; ++i) {
      quoted = contents_[i] == '\\';
      if (quoted) ++i;
    }
    if (i > contents_.size()) return ok_ = false;  // a backslash at the end quotes nothing
    end_ = i;
    last_ = i == contents_.size();
    next_ = i + 1;
    null_ = begin_ == end_;
    if (null_) return true;
    if (has_zero(contents_.data() + begin_, end_ - begin_)) return ok_ = false;  // no realm contains the octet 0

    std::size_t from = begin_;
    while (from != end_ && contents_[from] == ' ') ++from;  // RFC 4120 section 3.3.3.2: unquoted, not in the name
    if (from == end_) return ok_ = false;
    const bool alone = from != begin_, slash = contents_[from] == '/', dot = contents_[end_ - 1] == '.' && !quoted;
    // RFC 4120 section 3.3.3.2: an unquoted space in front has a meaning only before "/". The KDCs of MIT
    // krb5 and Heimdal write it nowhere else
    if (alone && !slash) return ok_ = false;
    // A prefix without a realm to join to, or a subfield that would be joined at both ends, is
    // refused: readers disagree about its meaning
    if (dot && (slash || realm().empty())) return ok_ = false;
    relative_ = dot || (slash && !alone && !realm().empty());

    const bytes_view before = realm();
    this_ ^= 1;
    size_[this_] = 0;
    if (relative_ && slash) add(before);
    for (; from != end_ && ok_; ++from) {
      if (contents_[from] == '\\') ++from;
      add(contents_.subview(from, 1));
    }
    if (relative_ && dot) add(before);
    return ok_;
  }
  constexpr bool ok() const { return ok_; }
  /// The number of subfields read so far.
  constexpr std::size_t subfields() const { return subfields_; }
  /// Where the subfield begins and ends, without commas.
  constexpr std::size_t begin() const { return begin_; }
  constexpr std::size_t end() const { return end_; }
  constexpr bool null() const { return null_; }
  /// Whether the subfield is only part of the realm's name; the rest is previous().
  constexpr bool relative() const { return relative_; }
  /// The realm listed last, and the one before it; empty when there is none. Valid until next().
  constexpr bytes_view realm() const { return bytes_view(scratch_[this_]).first(size_[this_]); }
  constexpr bytes_view previous() const { return bytes_view(scratch_[this_ ^ 1]).first(size_[this_ ^ 1]); }
  constexpr kerb::error error() const { return what(ok_ ? errc::ok : errc::bad_transited); }
  constexpr kerb::error what(errc code) const {
    if (code == errc::ok) return {};
    return {
        .code = code, .offset = static_cast<std::uint32_t>(begin_), .type = "TransitedEncoding", .field = "contents"};
  }

 protected:
  /// Ends the walk: this subfield is malformed.
  constexpr bool refuse() { return ok_ = false; }
  constexpr bytes_view contents() const { return contents_; }

 private:
  constexpr void add(bytes_view octets) {
    if (octets.size() > max_transited_realm - size_[this_]) {
      ok_ = false;
      return;
    }
    copy_octets(octets.data(), octets.size(), scratch_[this_].data() + size_[this_]);
    size_[this_] += octets.size();
  }

  bytes_view contents_;
  std::size_t begin_ = 0, end_ = 0, next_ = 0, subfields_ = 0;
  bool last_, ok_ = true, null_ = false, relative_ = false;
  unsigned this_ = 0;
  std::size_t size_[2]{};
  std::array<std::uint8_t, max_transited_realm> scratch_[2]{};
};

/// The same, and a realm that is listed twice is malformed, because the field is a set
/// (RFC 4120 section 3.3.3.2). After a null subfield a realm may be listed again: there it marks
/// where the range of the null subfield ends.
class transited_walk : public transited_subfields {
 public:
  using transited_subfields::transited_subfields;
  constexpr bool next() {
    if (!transited_subfields::next()) return false;
    const bool behind_null = std::exchange(was_null_, null());
    if (null()) return true;
    const std::uint64_t mark = mark_of(realm());
    bool alike = false;
    for (std::size_t i = 0; i != realms_ && !behind_null; ++i) alike |= marks_[i] == mark;
    if (alike && is_listed_before()) return refuse();  // one pass over the field, however many marks are equal
    marks_[realms_++] = mark;
    return true;
  }

 private:
  /// FNV-1a. Equal realms have equal marks, so only realms with equal marks are compared.
  static constexpr std::uint64_t mark_of(bytes_view realm) {
    std::uint64_t mark = 0xcbf29ce484222325u;
    for (const std::uint8_t o : realm) mark = (mark ^ o) * 0x100000001b3u;
    return mark;
  }
  constexpr bool is_listed_before() const {
    transited_subfields before(contents());
    while (before.next() && before.begin() != begin())
      if (!before.null() && before.realm() == realm()) return true;
    return false;
  }
  std::array<std::uint64_t, max_transited_realms> marks_{};
  std::size_t realms_ = 0;
  bool was_null_ = false;
};

/// Writes what fits, and counts what does not.
class transited_text {
 public:
  constexpr explicit transited_text(std::span<std::uint8_t> out) : out_(out) {}
  constexpr std::size_t count() const { return count_; }
  constexpr void put(char c) {
    const std::uint8_t octet[] = {static_cast<std::uint8_t>(c)};
    copy(octet);
  }
  constexpr void copy(bytes_view octets) {
    if (count_ <= out_.size() && octets.size() <= out_.size() - count_)
      copy_octets(octets.data(), octets.size(), out_.data() + count_);
    count_ += octets.size();
  }
  /// RFC 4120 section 3.3.3.2: puts a backslash before ",", "\", leading blanks and trailing dots.
  constexpr void quote(bytes_view name) {
    std::size_t dots = name.size(), i = 0;
    while (dots != 0 && name[dots - 1] == '.') --dots;
    for (bool leading = true; i != name.size(); ++i) {
      leading = leading && name[i] == ' ';
      if (leading || i >= dots || name[i] == ',' || name[i] == '\\') put('\\');
      copy(name.subview(i, 1));
    }
  }
  /// Writes a realm as a complete subfield, or joined to the realm written before it.
  constexpr void realm(bytes_view name, bytes_view before) {
    if (!is_below(name, before)) {
      if (name[0] == '/' && count_ != 0) put(' ');
      quote(name);
    } else if (style_of(name) == realm_style::x500) {
      quote(name.subview(before.size()));
    } else {
      quote(name.first(name.size() - before.size() - 1));
      put('.');
    }
  }

 private:
  std::span<std::uint8_t> out_;
  std::size_t count_ = 0;
};

}  // namespace detail

/// Calls f(realm) for each realm that a DOMAIN-X500-COMPRESS field lists or implies: with its full
/// name, in the field's order. f returns false to stop; it must not keep the view. `client` and
/// `server` are the realms of the ticket's client and service, where the ranges of null subfields
/// begin and end. Returns errc::bad_transited when a subfield is malformed, a realm is listed
/// twice, or there are more than max_transited_realms; f has then been called for the realms before
/// the fault.
template <class F>
  requires std::predicate<F&, kerberos_string>
[[nodiscard]] constexpr error for_each_transited(bytes_view contents, kerberos_string client, kerberos_string server,
                                                 F&& f) {
  detail::transited_walk walk(contents);
  bool all_between = false, going = true;
  std::size_t realms = 0;
  const auto call = [&](kerberos_string realm) { return going = ++realms <= max_transited_realms && f(realm); };
  const auto stopped = [&] { return walk.what(realms <= max_transited_realms ? errc::ok : errc::bad_transited); };
  const auto listed = [&](bytes_view realm) { return realm.empty() ? client : kerberos_string{realm}; };
  while (walk.next()) {
    if (walk.null()) {
      all_between = true;
      continue;
    }
    if (std::exchange(all_between, false)) {
      if (!for_each_realm_between(listed(walk.previous()), {walk.realm()}, call)) return walk.what(errc::bad_transited);
      if (!going) return stopped();
    }
    if (!call({walk.realm()})) return stopped();
  }
  if (walk.ok() && all_between && !for_each_realm_between(listed(walk.realm()), server, call))
    return walk.what(errc::bad_transited);
  return walk.ok() ? stopped() : walk.error();
}

/// Whether the policy accepts a client whose ticket has this field (RFC 4120 section 2.7). Every
/// realm in the field must be the client's realm, the service's realm, or one that the policy
/// allows. Otherwise returns errc::path_not_accepted or errc::bad_transited. An empty field is an
/// empty path, which is accepted. Any encoding other than DOMAIN-X500-COMPRESS is refused. A
/// service that does not know its own realm passes an empty `server`; then only the client's realm and
/// the trusted realms are accepted.
[[nodiscard]] constexpr error check_transited(const msg::TransitedEncoding& transited, kerberos_string client,
                                              kerberos_string server, const realm_path_policy& policy) {
  if (transited.contents.empty()) return {};
  // Each realm of the list is searched for between the two; this bounds the work
  if (client.octets.size() > max_transited_realm || server.octets.size() > max_transited_realm)
    return {.code = errc::path_not_accepted, .type = "TransitedEncoding", .field = "contents"};
  if (transited.tr_type != tr_t::domain_x500_compress)
    return {.code = errc::path_not_accepted, .type = "TransitedEncoding", .field = "tr-type"};
  bool accepted = true;
  const error e = for_each_transited(transited.contents, client, server, [&](kerberos_string realm) {
    accepted = realm == client || realm == server;
    for (const kerberos_string t : policy.trusted) accepted = accepted || t == realm;
    return accepted = accepted || detail::is_realm_between(client, server, policy, realm);
  });
  if (!e.ok() || accepted) return e;
  return {.code = errc::path_not_accepted, .type = "TransitedEncoding", .field = "contents"};
}

namespace detail {
/// Whether this ticket belongs to an anonymous client that hides its realm too (RFC 6112 section 3).
constexpr bool hides_realm(const msg::EncTicketPart& ticket) {
  return ticket.crealm == anonymous_realm && is_anonymous(ticket.cname) && ticket.flags.has(ticket_flag_t::anonymous);
}
/// check_transited() for the client of `ticket`, with the path `transited`. RFC 6112 section 4.3: a
/// client that hides its realm may have passed through any realms, so only the form of the field is
/// checked. A realm that misuses this can only name an anonymous client, and is itself in the path.
constexpr error check_transited_of(const msg::EncTicketPart& ticket, const msg::TransitedEncoding& transited,
                                   kerberos_string server, const realm_path_policy& policy) {
  if (!hides_realm(ticket) || transited.contents.empty() || transited.tr_type != tr_t::domain_x500_compress)
    return check_transited(transited, ticket.crealm, server, policy);
  return for_each_transited(transited.contents, ticket.crealm, server, [](kerberos_string) { return true; });
}
}  // namespace detail

/// Writes the transited field of a ticket that a KDC issues for a ticket-granting ticket of another
/// realm. `contents` is the field of that ticket, `issuer` the realm that issued it, `server` the
/// realm of the new ticket. The result, at the front of `out`, represents the same realms and the
/// issuer. The issuer is not added if it is the client's realm, the server's realm or already in
/// the field. Returns errc::no_space (detail: octets needed) when `out` is too small;
/// errc::bad_transited as for_each_transited(), and when the result would have more than
/// max_transited_realms; errc::api_misuse when a realm is empty. `out` must not overlap `contents`.
[[nodiscard]] constexpr result<bytes_view> append_transited(bytes_view contents, kerberos_string issuer,
                                                            kerberos_string client, kerberos_string server,
                                                            std::span<std::uint8_t> out KERB_LIFETIMEBOUND) {
  const bytes_view added = issuer.octets;
  if (added.empty() || client.octets.empty() || server.octets.empty()) return errc::api_misuse;
  if (added.size() > max_transited_realm || !is_realm_text(issuer)) return errc::bad_transited;

  // Find the place where the result is shortest: before a subfield that can be joined to the
  // issuer, after one that the issuer can be joined to, or at the end. Every subfield keeps the
  // realm that it is joined to. The issuer is not inserted next to a null subfield, because that
  // would change the range of the null subfield.
  bool present = issuer == client || issuer == server;
  unsigned nulls = 0;  // immediately before this subfield
  std::size_t realms = 0;
  const auto look = [&](kerberos_string realm) {
    present |= realm == issuer;
    return ++realms <= max_transited_realms;
  };
  const auto listed = [&](bytes_view realm) { return realm.empty() ? client : kerberos_string{realm}; };
  std::size_t place = contents.size(), best = 0;
  detail::transited_walk walk(contents);
  while (walk.next()) {
    if (walk.null()) {
      ++nulls;
      continue;
    }
    (void)look({walk.realm()});
    if (std::exchange(nulls, 0u) != 0) {
      if (!for_each_realm_between(listed(walk.previous()), {walk.realm()}, look)) return walk.what(errc::bad_transited);
      continue;
    }
    const bool joined = detail::is_below(walk.realm(), added);
    std::size_t saved = detail::is_below(added, walk.previous()) ? walk.previous().size() : 0;
    if (joined) saved += added.size();
    // This subfield loses the join that it has. Nothing is saved if it cannot be joined to the new
    // realm instead
    if (walk.relative()) saved -= saved < walk.previous().size() ? saved : walk.previous().size();
    if (saved != 0 && saved >= best) {
      best = saved;
      place = walk.begin();
    }
  }
  if (!walk.ok()) return walk.error();
  // A null subfield at the end extends to the realm of its ticket, which is the issuer. That stays
  // true if the issuer is added after it; anywhere else, the range would extend to `server`.
  if (nulls != 0) {
    if (!for_each_realm_between(listed(walk.realm()), issuer, look)) return walk.what(errc::bad_transited);
    present = issuer == server;
  }
  const std::size_t most = max_transited_realms - (present ? 0 : 1);
  if (realms > most || walk.subfields() > most) return walk.what(errc::bad_transited);
  const std::size_t at_end = detail::is_below(added, walk.realm()) ? walk.realm().size() : 0;
  if (nulls != 0 || at_end >= best) place = contents.size();

  detail::transited_text text(out);
  if (present) {
    text.copy(contents);
  } else if (place == contents.size()) {
    text.copy(contents);
    if (!contents.empty() && nulls < 2) text.put(',');
    text.realm(added, walk.realm());
  } else {
    detail::transited_walk again(contents);
    while (again.next() && again.begin() != place) {}
    text.copy(contents.first(place));
    text.realm(added, again.previous());
    text.put(',');
    if (detail::is_below(again.realm(), added)) {
      text.realm(again.realm(), added);
      text.copy(contents.subview(again.end()));
    } else {
      text.copy(contents.subview(place));
    }
  }
  if (text.count() > out.size())
    return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(text.count())};
  return bytes_view(out.first(text.count()));
}

}  // namespace kerb::inline v0
