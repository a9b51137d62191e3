// HTTP's scheme Negotiate, RFC 4559 section 4: tokens in the fields Authorization and WWW-Authenticate.
#pragma once
#include <optional>

#include "../msg/gss.hpp"
#include "base64.hpp"

namespace kerb::inline v0 {

/// The default limit for a token in octets. Windows makes tokens of up to 48000 octets by default
/// (its MaxTokenSize), and advises against more in HTTP.
inline constexpr std::size_t max_http_token = 65536;

/// What a field value contains for the scheme Negotiate.
struct negotiate_field {
  bool present = false;             ///< the field names the scheme
  std::optional<bytes_view> token;  ///< none if there is only the name, as in a server's first challenge
};

namespace detail {
inline constexpr std::string_view negotiate_scheme = "Negotiate";

constexpr bool is_http_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
/// tchar, RFC 9110 section 5.6.2.
constexpr bool is_http_token(char c) {
  return is_http_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
/// The characters of a token68 other than "=", RFC 9110 section 11.2. A table, because a token has
/// more than a thousand of them.
inline constexpr auto http_token68_chars = [] {
  std::array<bool, 256> chars{};
  for (std::size_t c = 0; c != chars.size(); ++c) {
    const char text = static_cast<char>(c);
    chars[c] = is_http_alnum(text) || std::string_view("-._~+/").find(text) != std::string_view::npos;
  }
  return chars;
}();
constexpr bool is_http_token68(char c) { return http_token68_chars[static_cast<unsigned char>(c)]; }
constexpr bool is_http_space(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_negotiate(std::string_view scheme) {
  if (scheme.size() != negotiate_scheme.size()) return false;
  for (std::size_t i = 0; i != scheme.size(); ++i)
    if ((scheme[i] | 0x20) != (negotiate_scheme[i] | 0x20)) return false;  // a token, so only letters match
  return true;
}

/// A cursor over a field value, RFC 9110 section 5.6.
class http_field {
 public:
  constexpr explicit http_field(std::string_view value) : value_(value) {}
  constexpr std::size_t at() const { return at_; }
  constexpr bool at_end() const { return at_ == value_.size(); }
  constexpr bool next_is(char c) const { return !at_end() && value_[at_] == c; }
  /// Skips OWS or BWS.
  constexpr void skip_space() {
    while (!at_end() && is_http_space(value_[at_])) ++at_;
  }
  constexpr bool skip(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }
  /// A token; empty if there is none.
  constexpr std::string_view token() { return take_while(is_http_token); }
  /// The token68 that is all of the rest of this element, RFC 9110 section 11.2; if there is none,
  /// an empty one, and the cursor stays.
  constexpr std::string_view token68() {
    const std::size_t from = at_;
    std::string_view chars = take_while(is_http_token68);
    if (!chars.empty()) {
      while (skip('=')) {}
      chars = std::string_view(value_.data() + from, at_ - from);
      if (ends_element()) return chars;
    }
    at_ = from;
    return {};
  }
  /// Skips `= value` of an auth-param. Returns false at a fault.
  constexpr bool skip_parameter_value() {
    skip_space();
    if (!skip('=')) return false;
    skip_space();
    if (!next_is('"')) return !token().empty();
    for (++at_; !at_end(); ++at_) {
      const char c = value_[at_];
      if (c == '"') return skip('"');
      if (c == '\\' && ++at_ == value_.size()) return false;
      const auto octet = static_cast<unsigned char>(value_[at_]);
      if ((octet < 0x20 && octet != '\t') || octet == 0x7f) return false;
    }
    return false;
  }
  /// Whether a parameter's "=" follows the name that has been read.
  constexpr bool is_parameter() const {
    http_field ahead = *this;
    ahead.skip_space();
    return ahead.next_is('=');
  }
  /// Skips OWS, and returns whether the element ends here.
  constexpr bool ends_element() {
    skip_space();
    return at_end() || next_is(',');
  }

 private:
  constexpr std::string_view take_while(bool (&is)(char)) {
    const std::size_t from = at_;
    while (!at_end() && is(value_[at_])) ++at_;
    return std::string_view(value_.data() + from, at_ - from);
  }
  std::string_view value_;
  std::size_t at_ = 0;
};

constexpr error http_fault(std::size_t at, const char* field) {
  return {.code = errc::bad_http_field, .offset = static_cast<std::uint32_t>(at), .type = "HTTP field", .field = field};
}
/// Decodes the token whose text is at `at` in a field value.
constexpr result<negotiate_field> decode_negotiate(std::string_view text, std::size_t at, std::span<std::uint8_t> out,
                                                   std::size_t max_token, const char* field) {
  const std::size_t octets = base64_octets(text.data(), text.size());
  if (octets > max_token) {
    return error{.code = errc::token_too_long,
                 .offset = static_cast<std::uint32_t>(at),
                 .detail = static_cast<std::uint32_t>(octets),
                 .type = "HTTP field",
                 .field = field};
  }
  const auto token = kerb::decode_base64(text, out);
  if (token) return negotiate_field{true, *token};
  error e = token.error();
  e.offset += static_cast<std::uint32_t>(at);
  e.type = "HTTP field";
  e.field = field;
  return e;
}
}  // namespace detail

/// Reads the value of `Authorization:`, or of `Proxy-Authorization:`, and decodes the token to the
/// front of `out`, which may begin where `value` begins. For another scheme, `present` is false.
/// RFC 4559 section 6 does not cover the authentication to a proxy; proxies use the same syntax.
/// The scheme's name is compared without case; white space around the value is skipped. Nothing may
/// follow the token: the field has one value (RFC 9110 section 11.6.2), so refuse a request with two
/// such fields. Errors, with the offset in `value`: errc::bad_http_field for what is no token68 and
/// nothing else; errc::bad_base64; errc::token_too_long for a token of more than `max_token` octets,
/// where `detail` is their number; errc::no_space, where `detail` is the exact size;
/// errc::input_too_large for 2^32 characters or more.
constexpr result<negotiate_field> read_authorization(std::string_view value,
                                                     std::span<std::uint8_t> out KERB_LIFETIMEBOUND,
                                                     std::size_t max_token = max_http_token) {
  constexpr const char* field = "Authorization";
  if (value.size() > 0xffffffffu) return error{.code = errc::input_too_large, .type = "HTTP field", .field = field};
  detail::http_field in(value);
  in.skip_space();
  const std::string_view scheme = in.token();
  if (scheme.empty()) return detail::http_fault(in.at(), field);
  if (!detail::is_negotiate(scheme)) return negotiate_field{};
  const bool space = in.next_is(' ');
  in.skip_space();
  if (in.at_end()) return negotiate_field{true, {}};
  const std::size_t at = in.at();
  const std::string_view text = space ? in.token68() : std::string_view();
  if (text.empty() || !in.at_end()) return detail::http_fault(in.at(), field);
  return detail::decode_negotiate(text, at, out, max_token, field);
}

/// Reads the value of `WWW-Authenticate:`, or of `Proxy-Authenticate:`, finds Negotiate among its
/// challenges, and decodes the token, if there is one, to the front of `out`, which may begin where
/// `value` begins. If a response has several such fields, join their values with commas (RFC 9110
/// section 5.3), or read them one by one. The whole list is checked before anything is decoded. Two
/// challenges of Negotiate, one of them with a token, are refused, because two readers could choose
/// different ones; so are parameters of Negotiate, which RFC 4559 does not have. Errors are those of
/// read_authorization().
constexpr result<negotiate_field> read_www_authenticate(std::string_view value,
                                                        std::span<std::uint8_t> out KERB_LIFETIMEBOUND,
                                                        std::size_t max_token = max_http_token) {
  constexpr const char* field = "WWW-Authenticate";
  if (value.size() > 0xffffffffu) return error{.code = errc::input_too_large, .type = "HTTP field", .field = field};
  enum class open : std::uint8_t { nothing, negotiate, other, token } challenge = open::nothing;
  detail::http_field in(value);
  negotiate_field found;
  std::string_view text;
  std::size_t text_at = 0;
  for (;;) {
    do in.skip_space();
    while (in.skip(','));  // RFC 9110 section 5.6.1.2: elements may be empty
    if (in.at_end()) break;
    const std::size_t from = in.at();
    const std::string_view name = in.token();
    if (name.empty()) return detail::http_fault(in.at(), field);
    std::size_t parameter_at = from;
    bool parameter = in.is_parameter();
    if (!parameter) {
      const bool ours = detail::is_negotiate(name), space = in.next_is(' '), bare = in.ends_element();
      challenge = ours ? open::negotiate : open::other;
      const std::size_t at = in.at();
      std::string_view token;
      if (!bare) {
        if (!space) return detail::http_fault(in.at(), field);
        token = in.token68();
        parameter = token.empty();
        if (!parameter) challenge = open::token;  // no parameters may follow
      }
      if (ours) {
        if (found.present && (!text.empty() || !token.empty())) return detail::http_fault(from, field);
        found.present = true;
        if (!token.empty()) text = token, text_at = at;
      }
      if (parameter) parameter_at = at;
      if (parameter && in.token().empty()) return detail::http_fault(at, field);
    }
    if (parameter) {
      if (challenge != open::other) return detail::http_fault(parameter_at, field);
      if (!in.skip_parameter_value()) return detail::http_fault(in.at(), field);
    }
    if (!in.ends_element()) return detail::http_fault(in.at(), field);
  }
  if (text.empty()) return found;
  return detail::decode_negotiate(text, text_at, out, max_token, field);
}

/// The exact number of characters that write_negotiate() writes for a token of this size.
constexpr std::size_t negotiate_size(std::size_t octets) {
  return detail::negotiate_scheme.size() + (octets == 0 ? 0 : 1 + base64_size(octets));
}

namespace detail {
template <class Char>
constexpr result<std::size_t> write_negotiate(bytes_view token, std::span<Char> out) {
  const std::size_t size = negotiate_size(token.size());
  if (size > 0xffffffffu) return error{.code = errc::input_too_large, .type = "HTTP field"};
  if (out.size() < size) {  // before the text overwrites a token that is in `out`
    return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(size), .type = "HTTP field"};
  }
  if (const auto text = encode_base64(token, out); !text) return text.error();
  std::size_t at = out.size() - size;
  for (char c : negotiate_scheme) out[at++] = static_cast<Char>(c);
  if (!token.empty()) out[at] = static_cast<Char>(' ');
  return out.size() - size;
}
}  // namespace detail

/// Writes the value of `Authorization:` or `WWW-Authenticate:` with this token so that it ends where
/// `out` ends, and returns that part of `out`. For an empty token it is "Negotiate" only, a server's
/// first challenge. Errors: errc::no_space, where `detail` is the exact size, which negotiate_size()
/// also returns; errc::input_too_large for a value of 2^32 characters or more. On failure `out` is
/// unchanged.
constexpr result<std::string_view> write_negotiate(bytes_view token, std::span<char> out KERB_LIFETIMEBOUND) {
  const auto begin = detail::write_negotiate(token, out);
  if (!begin) return begin.error();
  return std::string_view(out.data() + *begin, out.size() - *begin);
}
/// The same with the value as octets. `token` may be the end of `out`: then it is written in place.
constexpr result<bytes_view> write_negotiate(bytes_view token, std::span<std::uint8_t> out KERB_LIFETIMEBOUND) {
  const auto begin = detail::write_negotiate(token, out);
  if (!begin) return begin.error();
  return bytes_view(out.subspan(*begin));
}

/// kind_of_token() for a token that is still base64 text. It decodes only the beginning.
constexpr token_kind kind_of_base64_token(std::string_view text) {
  std::array<std::uint8_t, 24> begin{};
  const auto octets = decode_base64(text.substr(0, 32), begin);
  return octets ? kind_of_token(*octets) : token_kind::unknown;
}

}  // namespace kerb::inline v0
