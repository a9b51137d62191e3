// The header of SASL's GS2 mechanisms, RFC 5801 section 4: channel binding and authorization identity.
#pragma once
#include <optional>
#include <span>
#include <utility>

#include "../core/error.hpp"
#include "../core/utf8.hpp"
#include "../exchange/channel_bindings.hpp"

namespace kerb::inline v0::gss {

/// Whether a client binds itself to the secure connection: the first letter of gs2-cb-flag.
enum class gs2_flag : std::uint8_t {
  unsupported = 'n',  ///< it does not support bindings
  not_offered = 'y',  ///< it supports them, and believes that the server does not
  used = 'p',         ///< it is bound
};

/// A secure connection, and the type of binding to it. Views.
struct gs2_channel {
  bytes_view type{};  ///< the name of the type, such as tls-unique: letters, digits, `.` and `-`
  bytes_view data{};  ///< the binding without its name
};
/// The channel of a TLS connection; views of `b`.
constexpr gs2_channel gs2_channel_of(const tls_binding& b KERB_LIFETIMEBOUND) { return {b.name(), b.data()}; }
gs2_channel gs2_channel_of(const tls_binding&& b) = delete;

/// A header, as views of the octets that it was read from. Nothing in it is authentic before the
/// client has authenticated with bindings that include `octets`.
struct gs2_header {
  /// `F`: the token behind the header had no frame (RFC 2743 section 3.1) before. No client of Kerberos says so.
  bool frameless = false;
  gs2_flag flag{};
  bytes_view channel{};   ///< the type of the binding, with gs2_flag::used
  bytes_view identity{};  ///< as it was sent, with =2C and =3D; empty: none
  bytes_view octets{};    ///< the header without `F,`: the beginning of the bindings
  std::size_t size = 0;   ///< the octets of the whole header; the token follows
};

namespace detail {
/// Whether this can be a cb-name.
constexpr bool is_channel_type(bytes_view name) {
  for (const std::uint8_t c : name) {
    const std::uint8_t small = c | 0x20;
    if (!(small >= 'a' && small <= 'z') && !(c >= '0' && c <= '9') && c != '.' && c != '-') return false;
  }
  return !name.empty();
}
constexpr bool is_fit(const gs2_channel& c) { return is_channel_type(c.type) && !c.data.empty(); }

/// The character that `=` and two digits at `at` stand for; 0 if it is none that a saslname may have.
constexpr std::uint8_t escaped(bytes_view name, std::size_t at) {
  if (name.size() - at < 3) return 0;
  const std::uint8_t digit = name[at + 2] | 0x20;  // literals of ABNF have no case
  if (name[at + 1] == '2' && digit == 'c') return ',';
  return name[at + 1] == '3' && digit == 'd' ? std::uint8_t{'='} : std::uint8_t{0};
}
/// Writes a valid saslname without its escapes at the front of `out`, and returns the octets. It needs
/// at most name.size() of them.
constexpr std::size_t read_saslname(bytes_view name, std::span<std::uint8_t> out) {
  std::size_t n = 0;
  for (std::size_t at = 0; at < name.size(); ++at) {
    const bool is_escaped = name[at] == '=';
    out[n++] = is_escaped ? escaped(name, at) : name[at];
    if (is_escaped) at += 2;
  }
  return n;
}
/// Writes a header at the front of `out`, and returns its octets. An empty `out` only counts them.
constexpr std::size_t write_gs2_header(std::span<std::uint8_t> out, gs2_flag flag,
                                       const std::optional<gs2_channel>& channel, bytes_view identity) {
  std::size_t n = 0;
  const auto put = [&](std::uint8_t octet) {
    if (!out.empty()) out[n] = octet;
    ++n;
  };
  const auto text = [&](std::string_view s) {
    for (const char c : s) put(static_cast<std::uint8_t>(c));
  };
  put(static_cast<std::uint8_t>(flag));
  if (flag == gs2_flag::used && channel) {
    put('=');
    for (const std::uint8_t c : channel->type) put(c);
  }
  put(',');
  if (!identity.empty()) text("a=");
  for (const std::uint8_t c : identity) {
    if (c == ',') text("=2C");
    else if (c == '=') text("=3D");
    else put(c);
  }
  put(',');
  return n;
}
}  // namespace detail

/// Reads the header at the front of a client's first response. Errors: errc::truncated;
/// errc::wrong_constant for what RFC 5801 section 4 does not permit; errc::bad_utf8 for an identity
/// that is not UTF-8 or has U+0000.
constexpr result<gs2_header> read_gs2_header(bytes_view response KERB_LIFETIMEBOUND) {
  const auto fault = [](errc c, std::size_t at, const char* field) {
    return error{.code = c, .offset = static_cast<std::uint32_t>(at), .type = "gs2-header", .field = field};
  };
  std::size_t at = 0;
  // The field at `at`, which then moves behind its comma
  const auto next_field = [&]() -> std::optional<bytes_view> {
    for (std::size_t end = at; end != response.size(); ++end) {
      if (response[end] != ',') continue;
      const std::size_t begin = std::exchange(at, end + 1);
      return response.subview(begin, end - begin);
    }
    return std::nullopt;
  };
  gs2_header h;
  const auto is = [](bytes_view v, char letter) { return v.size() == 1 && v[0] == static_cast<std::uint8_t>(letter); };

  auto field = next_field();
  if (field && is(*field, 'F')) {
    h.frameless = true;
    field = next_field();
  }
  constexpr const char* cb_flag = "gs2-cb-flag";
  if (!field) return fault(errc::truncated, response.size(), cb_flag);
  const std::size_t start = at - field->size() - 1;
  if (is(*field, 'n')) {
    h.flag = gs2_flag::unsupported;
  } else if (is(*field, 'y')) {
    h.flag = gs2_flag::not_offered;
  } else {
    if (field->size() < 2 || (*field)[0] != 'p' || (*field)[1] != '=')
      return fault(errc::wrong_constant, start, cb_flag);
    h.flag = gs2_flag::used;
    h.channel = field->subview(2);
    if (!detail::is_channel_type(h.channel)) return fault(errc::wrong_constant, start + 2, "cb-name");
  }

  constexpr const char* authzid = "gs2-authzid";
  const std::size_t name_at = at + 2;
  field = next_field();
  if (!field) return fault(errc::truncated, response.size(), authzid);
  if (!field->empty()) {
    if (field->size() < 3 || (*field)[0] != 'a' || (*field)[1] != '=') {
      return fault(errc::wrong_constant, name_at - 2, authzid);
    }
    h.identity = field->subview(2);
    if (const std::size_t n = valid_utf8_octets(h.identity); n != h.identity.size()) {
      return fault(errc::bad_utf8, name_at + n, authzid);
    }
    for (std::size_t i = 0; i != h.identity.size(); ++i)
      if (h.identity[i] == '=' && detail::escaped(h.identity, i) == 0) {
        return fault(errc::wrong_constant, name_at + i, authzid);
      }
  }
  h.octets = response.subview(start, at - start);
  h.size = at;
  return h;
}

}  // namespace kerb::inline v0::gss
