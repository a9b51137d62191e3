// A buffer for the letters of a trace: counts what does not fit, and escapes what peers can choose.
#pragma once
#include "../der/time.hpp"
#include "../exchange/trace.hpp"
#include "../format/principal.hpp"

namespace kerb::inline v0::detail {

/// How letters are escaped that have a meaning in the output's format.
enum class markup : std::uint8_t { none, json, xml };

/// Writes into a caller's buffer. Letters that do not fit are only counted.
class letters {
 public:
  constexpr explicit letters(std::span<char> out, markup m = markup::none) : out_(out), markup_(m) {}
  /// The number of letters so far, also of those that did not fit.
  constexpr std::size_t size() const { return size_; }
  constexpr bool fits() const { return size_ <= out_.size(); }
  result<std::string_view> written() const {
    if (!fits()) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(size_)};
    return std::string_view(out_.data(), size_);
  }

  /// Text of this library: nothing is escaped.
  constexpr letters& raw(std::string_view text) {
    for (const char c : text) put(c);
    return *this;
  }
  /// Text that somebody else may have chosen. Only printable letters of ASCII are written as they are;
  /// any other octet becomes \x with two digits.
  constexpr letters& text(std::string_view t) {
    for (const char c : t) {
      const auto o = static_cast<std::uint8_t>(c);
      if (o >= 0x20 && o < 0x7f) {
        letter(c);
        continue;
      }
      letter('\\');
      letter('x');
      letter("0123456789abcdef"[o >> 4]);
      letter("0123456789abcdef"[o & 15]);
    }
    return *this;
  }
  letters& realm(kerberos_string r) { return text(r.text()); }
  /// A principal as to_text() writes it. With an empty realm there is no '@'.
  letters& name(const principal_view& p) {
    std::array<char, 1024> plain;
    if (p.name.name_string.empty()) return raw("(no name)");
    const auto t = to_text(p, plain);
    if (!t) return raw("(a long name)");
    return text(p.realm.octets.empty() ? t->substr(0, t->size() - 1) : *t);
  }
  constexpr letters& number(std::uint64_t n) {
    std::array<char, 20> digits{};
    std::size_t at = digits.size();
    do digits[--at] = static_cast<char>('0' + n % 10);
    while ((n /= 10) != 0);
    return raw({digits.data() + at, digits.size() - at});
  }
  constexpr letters& signed_number(std::int64_t n) {
    if (n < 0) raw("-");
    return number(n < 0 ? 0 - static_cast<std::uint64_t>(n) : static_cast<std::uint64_t>(n));
  }
  /// The registered name of a number, or the number.
  template <class Number>
  constexpr letters& named(Number n) {
    const std::string_view known = name_of(n);
    return known.empty() ? signed_number(static_cast<std::int64_t>(n)) : raw(known);
  }
  /// "2026-01-01T12:00:00", or only the last 8 letters.
  constexpr letters& time(kerberos_time t, bool date = true) {
    std::array<std::uint8_t, der::time_octets> o{};
    der::time_text(t, o.data());
    for (std::size_t i = date ? 0 : 8; i != 14; ++i) {
      if (i == 4 || i == 6) raw("-");
      if (i == 8 && date) raw("T");
      if (i == 10 || i == 12) raw(":");
      put(static_cast<char>(o[i]));
    }
    return *this;
  }
  constexpr letters& microseconds(std::int32_t n) {
    std::uint32_t unit = 100000, rest = n < 0 ? 0 : static_cast<std::uint32_t>(n) % 1000000;
    for (raw("."); unit != 0; unit /= 10) put(static_cast<char>('0' + rest / unit % 10));
    return *this;
  }

 private:
  constexpr void put(char c) {
    if (size_ < out_.size()) out_[size_] = c;
    ++size_;
  }
  constexpr void letter(char c) {
    if (markup_ == markup::json && (c == '"' || c == '\\')) put('\\');
    if (markup_ != markup::xml) return put(c);
    switch (c) {
      case '&': raw("&amp;"); break;
      case '<': raw("&lt;"); break;
      case '>': raw("&gt;"); break;
      case '"': raw("&quot;"); break;
      case '\'': raw("&apos;"); break;
      default: put(c);
    }
  }
  std::span<char> out_;
  std::size_t size_ = 0;
  markup markup_;
};

/// The name of an error, and its place.
constexpr letters& write_error(letters& to, const error& e) {
  const std::string_view name = name_of(e.code);
  to.raw(name.empty() ? "unknown error" : name);
  if (*e.type != '\0') to.raw(" in ").text(e.type);
  if (*e.type != '\0' && *e.field != '\0') to.raw(".").text(e.field);
  if (e.code == errc::kdc_error) to.raw(", ").named(static_cast<error_code_t>(e.detail));
  return to;
}

}  // namespace kerb::inline v0::detail
