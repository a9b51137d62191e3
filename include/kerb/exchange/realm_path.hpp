// Which realms lie between two others, by their names or by a list; RFC 4120 sections 2.7 and 3.3.3.2.
#pragma once
#include <concepts>

#include "../msg/basic.hpp"

namespace kerb::inline v0 {

namespace detail {

enum class realm_style : std::uint8_t { domain, x500, other };

/// RFC 4120 section 6.1. Section 3.3.3.2 writes X.500 names with a leading slash, so that style
/// also counts.
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

/// A realm's octets counted from the root of its hierarchy: from the end of a domain name, or from
/// the beginning of an X.500 name.
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

/// The size of the name of the nearest realm that is above both realms or is one of them; 0 when
/// there is none. Only whole components count: OZ.EXAMPLE.COM is not above FOZ.EXAMPLE.COM.
constexpr std::size_t common_realm(const realm_from_root& a, const realm_from_root& b) {
  std::size_t common = 0;
  for (std::size_t i = 0; i != a.size() && i != b.size() && a[i] == b[i];) {
    ++i;
    if (a.ends_component(i) && b.ends_component(i)) common = i;
  }
  return common;
}

/// Whether `realm` is `above` with something added in front (domain) or at the end (X.500).
constexpr bool is_below(bytes_view realm, bytes_view above) {
  if (above.empty() || realm.size() < above.size() + 2) return false;
  const realm_style style = style_of(realm);
  if (style == realm_style::other || style_of(above) != style) return false;
  if (common_realm({realm, style}, {above, style}) != above.size()) return false;
  // A..EDU would have a prefix that ends in two dots (A..). A trailing dot must be quoted, but the
  // dot that marks a prefix must not be
  return style == realm_style::x500 || realm[realm.size() - above.size() - 2] != '.';
}

}  // namespace detail

/// Calls f(realm) for each realm on the hierarchical path between two realms, which excludes the
/// two: up to the nearest realm above both, then down. f returns false to stop. Returns false,
/// without a call, when no realm is above both.
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

/// Declares that clients of one realm may reach another through a third, or directly if `between`
/// is empty.
struct realm_path {
  kerberos_string client;
  kerberos_string server;
  kerberos_string between;
};

/// The realms that a client's ticket may have passed through. If `paths` has entries for the
/// client's and the server's realm, the realms of those entries are allowed. Otherwise the realms on
/// the hierarchical path are. The realms in `trusted` are always allowed. The lists must outlive this
/// object.
struct realm_path_policy {
  view_of<realm_path> paths{};
  view_of<kerberos_string> trusted{};
  bool hierarchical = true;  ///< trust the hierarchical path between two realms that are not listed
};

namespace detail {
/// Calls f(realm) for the realms that the policy lists for the two, or otherwise() when it lists
/// none.
template <class F, class Otherwise>
constexpr bool by_policy(kerberos_string from, kerberos_string to, const realm_path_policy& policy, F&& f,
                         Otherwise&& otherwise) {
  bool listed = false;
  for (const realm_path& p : policy.paths) {
    if (!(p.client == from) || !(p.server == to)) continue;
    listed = true;
    if (!p.between.octets.empty() && !f(p.between)) return true;
  }
  return listed || (policy.hierarchical && otherwise());
}
}  // namespace detail

/// Calls f(realm) for each realm that the policy puts between two others, without `trusted`. f
/// returns false to stop. Returns false, without a call, when the policy has no path.
template <class F>
  requires std::predicate<F&, kerberos_string>
[[nodiscard]] constexpr bool for_each_realm_between(kerberos_string from, kerberos_string to,
                                                    const realm_path_policy& policy, F&& f) {
  return detail::by_policy(from, to, policy, f, [&] { return for_each_realm_between(from, to, f); });
}

namespace detail {

/// Whether for_each_realm_between() would call its function for `realm`; does not visit the other
/// realms.
constexpr bool is_realm_between(kerberos_string from, kerberos_string to, kerberos_string realm) {
  if (from == to) return false;
  const realm_style style = style_of(from.octets);
  if (style == realm_style::other || style_of(to.octets) != style) return false;
  const realm_from_root a(from.octets, style), b(to.octets, style);
  const std::size_t top = common_realm(a, b), n = realm.octets.size();
  if (top == 0 || n < top) return false;
  const auto above = [&](const realm_from_root& r) {
    return n < r.size() && r.ends_component(n) && r.ancestor(n) == realm;
  };
  return n == top ? above(a) && above(b) : above(a) || above(b);
}
constexpr bool is_realm_between(kerberos_string from, kerberos_string to, const realm_path_policy& policy,
                                kerberos_string realm) {
  bool found = false;
  (void)by_policy(
      from, to, policy, [&](kerberos_string r) { return !(found = r == realm); },
      [&] { return found = is_realm_between(from, to, realm); });
  return found;
}
}  // namespace detail

}  // namespace kerb::inline v0
