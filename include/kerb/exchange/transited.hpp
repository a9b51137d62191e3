// The realms that a client has come through: DOMAIN-X500-COMPRESS, RFC 4120 section 3.3.3.2, and who trusts them.
#pragma once
#include "../msg/ticket.hpp"

namespace kerb::inline v0 {

/// The longest realm that a transited field may stand for. A domain name ends at 255 octets, X.500 names are longer;
/// and a short field must not grow into a long one, since each subfield may repeat what stood before it.
inline constexpr std::size_t max_transited_realm = 1024;

namespace detail {

enum class realm_style : std::uint8_t { domain, x500, other };

/// RFC 4120 section 6.1; section 3.3.3.2 writes X.500 names with a leading slash, so that is one too.
constexpr realm_style style_of(bytes_view realm) {
  if (!realm.empty() && realm[0] == '/') return realm_style::x500;
  bool slash = false;
  for (const std::uint8_t c : realm) {
    if (c == '=') return realm_style::x500;
    if (c == ':') return realm_style::other;
    slash |= c == '/';
  }
  return slash ? realm_style::other : realm_style::domain;
}

/// A realm's octets counted from the root of its hierarchy: from the end of a domain, the beginning of an X.500 name.
class realm_from_root {
 public:
  constexpr realm_from_root(bytes_view realm, realm_style style)
      : realm_(realm), from_end_(style == realm_style::domain) {}
  constexpr std::size_t size() const { return realm_.size(); }
  constexpr std::uint8_t operator[](std::size_t i) const { return realm_[from_end_ ? realm_.size() - 1 - i : i]; }
  /// Whether the `n` octets nearest the root are whole components.
  constexpr bool ends_component(std::size_t n) const { return n == size() || (*this)[n] == (from_end_ ? '.' : '/'); }
  /// The realm that those `n` octets name.
  constexpr kerberos_string ancestor(std::size_t n) const { return {from_end_ ? realm_.last(n) : realm_.first(n)}; }

 private:
  bytes_view realm_;
  bool from_end_;
};

/// How long the name of the nearest realm is that stands above both, or is one of them; 0 when there is none. Whole
/// components only: OZ.EXAMPLE.COM is not above FOZ.EXAMPLE.COM.
constexpr std::size_t common_realm(const realm_from_root& a, const realm_from_root& b) {
  std::size_t common = 0;
  for (std::size_t i = 0; i != a.size() && i != b.size() && a[i] == b[i];) {
    ++i;
    if (a.ends_component(i) && b.ends_component(i)) common = i;
  }
  return common;
}

/// Whether `realm` can be written as something in front of (domain) or behind (X.500) `above`.
constexpr bool is_below(bytes_view realm, bytes_view above) {
  if (above.empty() || realm.size() < above.size() + 2) return false;
  const realm_style style = style_of(realm);
  if (style == realm_style::other || style_of(above) != style) return false;
  if (common_realm({realm, style}, {above, style}) != above.size()) return false;
  // "A." before ".EDU" would be a prefix that ends in two dots, which must be quoted and must not be
  return style == realm_style::x500 || realm[realm.size() - above.size() - 2] != '.';
}

}  // namespace detail

/// Calls f(realm) for each realm on the hierarchical path from one realm to another, without the two: up to the nearest
/// that is above both, and down. f answers false to stop. False, and no call, when no realm is above both.
template <class F>
  requires std::predicate<F&, kerberos_string>
[[nodiscard]] constexpr bool for_each_realm_between(kerberos_string from, kerberos_string to, F&& f) {
  if (from == to) return !from.octets.empty();
  const detail::realm_style style = detail::style_of(from.octets);
  if (style == detail::realm_style::other || detail::style_of(to.octets) != style) return false;
  const detail::realm_from_root a(from.octets, style), b(to.octets, style);
  const std::size_t top = detail::common_realm(a, b);
  if (top == 0) return false;
  for (std::size_t n = a.size() - 1; n > top; --n)
    if (a.ends_component(n) && !f(a.ancestor(n))) return true;
  if (top != a.size() && top != b.size() && !f(a.ancestor(top))) return true;
  for (std::size_t n = top + 1; n < b.size(); ++n)
    if (b.ends_component(n) && !f(b.ancestor(n))) return true;
  return true;
}

/// That clients of one realm may reach another through a third; with `between` empty, that they reach it directly.
struct realm_path {
  kerberos_string client;
  kerberos_string server;
  kerberos_string between;
};

/// Which realms may have vouched for a client on its way: those that `paths` lists for the two realms, or, where it
/// lists nothing for them, those on the hierarchical path; and everywhere those in `trusted`. The lists must outlive
/// it.
struct realm_path_policy {
  view_of<realm_path> paths{};
  view_of<kerberos_string> trusted{};
  bool hierarchical = true;  ///< trust the hierarchical path between two realms that are not listed
};

/// Calls f(realm) for each realm that the policy puts between two others, without `trusted`. f answers false to stop.
/// False, and no call, when the policy knows of no path.
template <class F>
  requires std::predicate<F&, kerberos_string>
[[nodiscard]] constexpr bool for_each_realm_between(kerberos_string from, kerberos_string to,
                                                    const realm_path_policy& policy, F&& f) {
  bool listed = false;
  for (const realm_path& p : policy.paths) {
    if (!(p.client == from) || !(p.server == to)) continue;
    listed = true;
    if (!p.between.octets.empty() && !f(p.between)) return true;
  }
  return listed || (policy.hierarchical && for_each_realm_between(from, to, f));
}

namespace detail {

/// Reads a transited field subfield by subfield and joins each to the realm before it.
class transited_walk {
 public:
  constexpr explicit transited_walk(bytes_view contents) : contents_(contents), last_(contents.empty()) {}

  /// Goes to the next subfield; false behind the last one, and at one that is malformed.
  constexpr bool next() {
    if (last_ || !ok_) return false;
    begin_ = next_;
    bool quoted = false;  // whether the last octet of the subfield is
    std::size_t i = begin_;
    for (; i < contents_.size() && contents_[i] != ','; ++i) {
      quoted = contents_[i] == '\\';
      if (quoted) ++i;
    }
    if (i > contents_.size()) return ok_ = false;  // a backslash that quotes nothing
    end_ = i;
    last_ = i == contents_.size();
    next_ = i + 1;
    null_ = begin_ == end_;
    if (null_) return true;

    std::size_t from = begin_;
    while (from != end_ && contents_[from] == ' ') ++from;  // RFC 4120 section 3.3.3.2: unquoted, none of the name's
    if (from == end_) return ok_ = false;
    const bool alone = from != begin_, slash = contents_[from] == '/', dot = contents_[end_ - 1] == '.' && !quoted;
    // A prefix to nothing, or what is to be joined at both ends: readers disagree about what that is, so it is nothing
    if (dot && (slash || alone || realm().empty())) return ok_ = false;
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
  /// Where the subfield is, commas excluded.
  constexpr std::size_t begin() const { return begin_; }
  constexpr std::size_t end() const { return end_; }
  constexpr bool null() const { return null_; }
  /// Whether the subfield is only part of its realm's name, the rest being previous().
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
  std::size_t begin_ = 0, end_ = 0, next_ = 0;
  bool last_, ok_ = true, null_ = false, relative_ = false;
  unsigned this_ = 0;
  std::size_t size_[2]{};
  std::array<std::uint8_t, max_transited_realm> scratch_[2]{};
};

/// Writes what fits and counts what does not.
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
  /// RFC 4120 section 3.3.3.2: a backslash before ",", "\", leading blanks and trailing dots.
  constexpr void quote(bytes_view name) {
    std::size_t dots = name.size(), i = 0;
    while (dots != 0 && name[dots - 1] == '.') --dots;
    for (bool leading = true; i != name.size(); ++i) {
      leading = leading && name[i] == ' ';
      if (leading || i >= dots || name[i] == ',' || name[i] == '\\') put('\\');
      copy(name.subview(i, 1));
    }
  }
  /// A realm as a subfield of its own, or joined to the one that is written before it.
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

/// Calls f(realm) for each realm that a DOMAIN-X500-COMPRESS field stands for, whole, in the field's order; f answers
/// false to stop, and must not keep the view. The two realms are those of the ticket's client and of its service: null
/// subfields reach to them. What comes before a malformed subfield has been called for when errc::bad_transited says
/// so.
template <class F>
  requires std::predicate<F&, kerberos_string>
[[nodiscard]] constexpr error for_each_transited(bytes_view contents, kerberos_string client, kerberos_string server,
                                                 F&& f) {
  detail::transited_walk walk(contents);
  bool all_between = false, going = true;
  const auto call = [&](kerberos_string realm) { return going = f(realm); };
  const auto listed = [&](bytes_view realm) { return realm.empty() ? client : kerberos_string{realm}; };
  while (walk.next()) {
    if (walk.null()) {
      all_between = true;
      continue;
    }
    if (std::exchange(all_between, false)) {
      if (!for_each_realm_between(listed(walk.previous()), {walk.realm()}, call)) return walk.what(errc::bad_transited);
      if (!going) return {};
    }
    if (!call({walk.realm()})) return {};
  }
  if (walk.ok() && all_between && !for_each_realm_between(listed(walk.realm()), server, call))
    return walk.what(errc::bad_transited);
  return walk.error();
}

/// Whether the policy accepts a client whose ticket has this field (RFC 4120 section 2.7): its realm, its service's
/// realm and the policy's own apart, no realm has vouched for it. errc::path_not_accepted, or bad_transited, when not.
/// Contents in another encoding than DOMAIN-X500-COMPRESS are not understood, so not accepted; empty ones are an empty
/// path.
[[nodiscard]] constexpr error check_transited(const msg::TransitedEncoding& transited, kerberos_string client,
                                              kerberos_string server, const realm_path_policy& policy) {
  if (transited.contents.empty()) return {};
  // Each realm of the list is looked for on the way from the client's: this bounds the work
  if (client.octets.size() > max_transited_realm || server.octets.size() > max_transited_realm)
    return {.code = errc::path_not_accepted, .type = "TransitedEncoding", .field = "contents"};
  if (transited.tr_type != tr_t::domain_x500_compress)
    return {.code = errc::path_not_accepted, .type = "TransitedEncoding", .field = "tr-type"};
  bool accepted = true;
  const error e = for_each_transited(transited.contents, client, server, [&](kerberos_string realm) {
    accepted = realm == client || realm == server;
    for (const kerberos_string t : policy.trusted) accepted = accepted || t == realm;
    const auto is_it = [&](kerberos_string r) { return !(accepted = r == realm); };
    return accepted || (for_each_realm_between(client, server, policy, is_it) && accepted);
  });
  if (!e.ok() || accepted) return e;
  return {.code = errc::path_not_accepted, .type = "TransitedEncoding", .field = "contents"};
}

/// Writes the transited field of a ticket that a KDC issues on a ticket-granting ticket of another realm: `contents` is
/// that ticket's field, `issuer` the realm that issued it, `server` the realm of the ticket to be issued. The result,
/// at the front of `out`, stands for the same realms and the issuer, which is not added where it is the client's realm,
/// the server's or already there. errc::no_space says how many octets will do; `out` must not overlap `contents`.
[[nodiscard]] constexpr result<bytes_view> append_transited(bytes_view contents, kerberos_string issuer,
                                                            kerberos_string client, kerberos_string server,
                                                            std::span<std::uint8_t> out) {
  const bytes_view added = issuer.octets;
  if (added.empty() || client.octets.empty() || server.octets.empty()) return errc::api_misuse;
  if (added.size() > max_transited_realm) return errc::bad_transited;

  // Where is it shortest? Before a subfield that can be joined to it, behind one that it can be joined to, or at the
  // end. No subfield may lose the realm that it is joined to, and none comes next to a null one, whose meaning it would
  // change.
  bool present = issuer == client || issuer == server;
  unsigned nulls = 0;  // just before this subfield
  const auto look = [&](kerberos_string realm) {
    present |= realm == issuer;
    return true;
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
    // It gives up the joint that it has: nothing is saved where it cannot be joined to the new realm instead
    if (walk.relative()) saved -= saved < walk.previous().size() ? saved : walk.previous().size();
    if (saved != 0 && saved >= best) {
      best = saved;
      place = walk.begin();
    }
  }
  if (!walk.ok()) return walk.error();
  // A null subfield at the end reaches to the realm of its ticket, which is the issuer. Once the issuer stands behind
  // it, it still does; elsewhere it would come to reach to `server`.
  if (nulls != 0) {
    if (!for_each_realm_between(listed(walk.realm()), issuer, look)) return walk.what(errc::bad_transited);
    present = issuer == server;
  }
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
