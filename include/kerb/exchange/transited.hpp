// The realms that a client has come through: DOMAIN-X500-COMPRESS, RFC 4120 section 3.3.3.2, and who trusts them.
#pragma once
#include "../msg/ticket.hpp"
#include "realm_path.hpp"

namespace kerb::inline v0 {

/// The longest realm that a transited field may stand for. A domain name ends at 255 octets, X.500 names are longer;
/// and a short field must not grow into a long one, since each subfield may repeat what stood before it.
inline constexpr std::size_t max_transited_realm = 1024;
/// The most realms that a transited field may stand for, null subfields included. Each one is a KDC that the client has
/// asked in turn, and between two names of 32 components there are no more; whoever reads a field compares each with
/// those before it and with a policy's, and a hostile field must not make that long.
inline constexpr std::size_t max_transited_realms = 64;

namespace detail {

/// Reads a transited field subfield by subfield and joins each to the realm before it. The work is linear in the
/// field's size: the number of subfields is bounded, and so is the length of a realm.
class transited_subfields {
 public:
  constexpr explicit transited_subfields(bytes_view contents) : contents_(contents), last_(contents.empty()) {}

  /// Goes to the next subfield; false behind the last one, and at one that is malformed or one too many.
  constexpr bool next() {
    if (last_ || !ok_) return false;
    begin_ = next_;
    if (++subfields_ > max_transited_realms) return ok_ = false;
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
  /// How many subfields have been read.
  constexpr std::size_t subfields() const { return subfields_; }
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

/// The same, and a realm that is listed twice is malformed: the field is a set (RFC 4120 section 3.3.3.2). Behind a
/// null subfield a realm may stand again, for there it says how far that one reaches.
class transited_walk : public transited_subfields {
 public:
  using transited_subfields::transited_subfields;
  constexpr bool next() {
    if (!transited_subfields::next()) return false;
    const bool behind_null = std::exchange(was_null_, null());
    if (null()) return true;
    const std::uint64_t mark = mark_of(realm());
    for (std::size_t i = 0; i != realms_ && !behind_null; ++i)
      if (marks_[i] == mark && is_listed_before()) return refuse();
    marks_[realms_++] = mark;
    return true;
  }

 private:
  /// FNV-1a: equal realms have equal marks, so that only those with equal marks are compared.
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
/// subfields reach to them. errc::bad_transited says that a subfield is malformed, that one realm is listed twice, or
/// that there are more than max_transited_realms; f has then been called for what comes before.
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

/// Whether the policy accepts a client whose ticket has this field (RFC 4120 section 2.7): its realm, its service's
/// realm and the policy's own apart, no realm has vouched for it. errc::path_not_accepted, or bad_transited, when not.
/// Contents in another encoding than DOMAIN-X500-COMPRESS are not understood, so not accepted; empty ones are an empty
/// path. A service that does not know its own realm gives none: then its name accepts no realm, nor does a path to it.
[[nodiscard]] constexpr error check_transited(const msg::TransitedEncoding& transited, kerberos_string client,
                                              kerberos_string server, const realm_path_policy& policy) {
  if (transited.contents.empty()) return {};
  // Each realm of the list is looked for between the two: this bounds the work
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

/// Writes the transited field of a ticket that a KDC issues on a ticket-granting ticket of another realm: `contents` is
/// that ticket's field, `issuer` the realm that issued it, `server` the realm of the ticket to be issued. The result,
/// at the front of `out`, stands for the same realms and the issuer, which is not added where it is the client's realm,
/// the server's or already there. errc::no_space says how many octets will do; `out` must not overlap `contents`.
/// errc::bad_transited as for_each_transited(), and where one more would be more than max_transited_realms.
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
