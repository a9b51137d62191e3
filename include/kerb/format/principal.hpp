// Principal names in text form: component/component@REALM.
#pragma once
#include "../core/hex.hpp"
#include "../core/result.hpp"
#include "../msg/basic.hpp"

namespace kerb::inline v0 {

/// A principal name that owns its octets, at most N in encoded form. They are stored as the name's
/// encoding, so it can be copied and moved freely; name() and view() are views of it.
template <std::size_t N>
class basic_principal {
 public:
  constexpr basic_principal() = default;

  /// Parses `name@REALM`. `/` separates components. `\` before `/`, `@` or `\` makes them ordinary
  /// characters; `\n`, `\t`, `\b` and `\0` are the control characters of those names, and `\x` with
  /// two hexadecimal digits is the octet of that value. Without `@`, the realm is `default_realm`,
  /// unless that is empty. The name type is KRB_NT_SRV_INST for krbtgt, KRB_NT_WELLKNOWN for WELLKNOWN
  /// (RFC 6111 section 3.1) and KRB_NT_PRINCIPAL otherwise. For a service on a host
  /// RFC 4120 section 6.2 recommends KRB_NT_SRV_HST instead: see parse_service().
  ///
  /// Errors: errc::bad_name_text, with the offset of the fault, for an empty text, a missing or empty
  /// realm, a second `@`, a NUL or a trailing `\`; errc::no_space for a name that does not fit.
  static constexpr result<basic_principal> parse(std::string_view text, std::string_view default_realm = {}) {
    return read(text, default_realm, false);
  }
  /// Parses the name of a service whose realm may be unknown, `HTTP/web.example.org`: without '@', or
  /// with nothing after it, the realm is empty, as credential_params::server expects it. The type of a
  /// name of two components is KRB_NT_SRV_HST (RFC 4120 section 6.2.1), because MIT krb5's KDC refers
  /// clients to other realms only for that type. The second component is then the name of a host, and
  /// ASCII capitals in it become small letters, as that section requires. Otherwise as parse(): a name
  /// of more components is not taken for one of a host (KRB_NT_SRV_XHST).
  static constexpr result<basic_principal> parse_service(std::string_view text) { return read(text, {}, true); }
  /// A copy of `p`. Errors: errc::no_space when it does not fit, errc::bad_name_text for a realm
  /// with the octet 0.
  static constexpr result<basic_principal> of(const principal_view& p) {
    basic_principal out;
    if (!is_realm_text(p.realm)) return error{.code = errc::bad_name_text};
    const std::size_t size = asn1::encoded_size(p.name), whole = size + p.realm.octets.size();
    if (whole > N) return error{.code = errc::no_space, .detail = offset(whole)};
    if (const auto e = asn1::encode(p.name, std::span(out.octets_).first(size)); !e) return e.error();
    detail::copy_octets(p.realm.octets.data(), p.realm.octets.size(), out.octets_.data() + size);
    out.name_size_ = size;
    out.realm_size_ = p.realm.octets.size();
    return out;
  }

  /// A view of the name and the realm, valid until this object is moved or destroyed.
  constexpr principal_view view() const& KERB_LIFETIMEBOUND {
    const bytes_view all(octets_);
    const auto name = asn1::decode<msg::PrincipalName>(all.first(name_size_));
    return {name ? *name : msg::PrincipalName{}, {all.subview(name_size_, realm_size_)}};
  }
  principal_view view() const&& = delete;
  constexpr msg::PrincipalName name() const& KERB_LIFETIMEBOUND { return view().name; }
  msg::PrincipalName name() const&& = delete;
  constexpr operator principal_view() const& KERB_LIFETIMEBOUND { return view(); }
  operator principal_view() const&& = delete;
  friend constexpr bool operator==(const basic_principal& a, const basic_principal& b) {
    return same_principal(a.view(), b.view());
  }

 private:
  static constexpr std::size_t max_components = 32;
  static constexpr result<basic_principal> read(std::string_view text, std::string_view default_realm,
                                                bool of_service) {
    if (text.empty()) return error{.code = errc::bad_name_text};
    // First unquote into plain octets and record where each component ends, then encode
    std::array<std::uint8_t, N> plain{};
    std::array<std::size_t, max_components> ends{};
    std::size_t size = 0, components = 0, realm_from = 0;
    bool in_realm = false;
    for (std::size_t i = 0; i != text.size(); ++i) {
      char c = text[i];
      if (c == '\\') {
        if (++i == text.size()) return error{.code = errc::bad_name_text, .offset = offset(i - 1)};
        if (const auto octet = hex_escape({text.data() + i, text.size() - i})) c = *octet, i += 2;
        else c = unescaped(text[i]);
      } else if (c == '/' && !in_realm) {
        if (components == max_components - 1) return error{.code = errc::no_space, .detail = offset(i)};
        ends[components++] = size;
        continue;
      } else if (c == '@') {
        if (in_realm) return error{.code = errc::bad_name_text, .offset = offset(i)};
        in_realm = true;
        ends[components++] = realm_from = size;
        continue;
      } else if (c == '\0') {
        return error{.code = errc::bad_name_text, .offset = offset(i)};
      }
      if (size == N) return error{.code = errc::no_space, .detail = offset(text.size())};
      plain[size++] = static_cast<std::uint8_t>(c);
    }
    if (!in_realm) {
      ends[components++] = realm_from = size;
      for (char c : default_realm) {
        if (size == N) return error{.code = errc::no_space, .detail = offset(text.size() + default_realm.size())};
        plain[size++] = static_cast<std::uint8_t>(c);
      }
    }
    const auto is_first = [&](std::string_view word) {
      return kerberos_string{bytes_view(plain).first(ends[0])} == word;
    };
    const bool is_tgs = components == 2 && is_first("krbtgt"), is_known = components >= 2 && is_first("WELLKNOWN");
    const bool on_host = of_service && components == 2 && !is_tgs && !is_known;
    for (std::size_t i = ends[0]; on_host && i != ends[1]; ++i)
      if (plain[i] >= 'A' && plain[i] <= 'Z') plain[i] = static_cast<std::uint8_t>(plain[i] + ('a' - 'A'));
    const bytes_view all = bytes_view(plain).first(size);
    const kerberos_string realm{all.subview(realm_from)};
    // RFC 4120 section 5.2.2: a realm must not contain NUL
    if ((realm.octets.empty() && !of_service) || !is_realm_text(realm))
      return error{.code = errc::bad_name_text, .offset = offset(text.size())};
    std::array<kerberos_string, max_components> parts{};
    for (std::size_t i = 0, from = 0; i != components; from = ends[i++]) {
      parts[i].octets = all.subview(from, ends[i] - from);
    }
    const name_t plain_type = on_host ? name_t::srv_hst : name_t::principal;
    const view_of<kerberos_string> used(parts.data(), components);
    return of({{is_tgs ? name_t::srv_inst : is_known ? name_t::wellknown : plain_type, used}, realm});
  }
  static constexpr std::uint32_t offset(std::size_t n) { return static_cast<std::uint32_t>(n); }
  static constexpr char unescaped(char c) {
    switch (c) {
      case 'n': return '\n';
      case 't': return '\t';
      case 'b': return '\b';
      case '0': return '\0';
      default: return c;
    }
  }
  static constexpr std::optional<char> hex_escape(std::string_view t) {
    if (t.size() < 3 || t[0] != 'x') return std::nullopt;
    const int high = detail::hex_digit(t[1]), low = detail::hex_digit(t[2]);
    if (high < 0 || low < 0) return std::nullopt;
    return static_cast<char>(16 * high + low);
  }
  std::array<std::uint8_t, N> octets_{};
  std::size_t name_size_ = 0;
  std::size_t realm_size_ = 0;
};
/// Large enough for a name that contains a hostname or two and a realm.
using principal = basic_principal<1024>;

/// Writes a principal in text form, with quoting as parse() expects; the result is in `out`.
/// Different principals have different texts, and a text contains no control character of ASCII: it
/// quotes as krb5_unparse_name() of MIT krb5 does, except that control characters which MIT writes
/// unchanged become `\x` with two digits. Octets from 0x80 on are written unchanged. On
/// errc::no_space, `detail` is a size in octets that is enough. Returns errc::bad_name_text for a
/// name without components, whose text would be that of a name with one empty component.
inline result<std::string_view> to_text(const principal_view& p, std::span<char> out KERB_LIFETIMEBOUND) {
  if (p.name.name_string.empty()) return error{.code = errc::bad_name_text};
  std::size_t at = 0, needed = 0;
  auto put = [&](char c) {
    ++needed;
    if (at != out.size()) out[at++] = c;
  };
  auto put_quoted = [&](kerberos_string s) {
    for (std::uint8_t b : s.octets) {
      const char c = static_cast<char>(b);
      const std::size_t escape = std::string_view("\n\t\b\0", 4).find(c);
      if (escape != std::string_view::npos) {
        put('\\');
        put("ntb0"[escape]);
      } else if (c == '/' || c == '@' || c == '\\') {
        put('\\');
        put(c);
      } else if (b < 0x20 || b == 0x7f) {
        put('\\');
        put('x');
        put("0123456789abcdef"[b >> 4]);
        put("0123456789abcdef"[b & 15]);
      } else {
        put(c);
      }
    }
  };
  bool first = true;
  for (kerberos_string c : p.name.name_string) {
    if (!first) put('/');
    first = false;
    put_quoted(c);
  }
  put('@');
  put_quoted(p.realm);
  if (needed > out.size()) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(needed)};
  return std::string_view(out.data(), at);
}

}  // namespace kerb::inline v0
