// Base64, RFC 4648 section 4: octets as text, both ways, in the caller's buffer or in place.
#pragma once
#include <array>
#include <span>
#include <string_view>

#include "../core/bytes.hpp"
#include "../core/result.hpp"

namespace kerb::inline v0 {

/// The exact number of characters in the base64 text of this many octets, padding included.
constexpr std::size_t base64_size(std::size_t octets) { return (octets + 2) / 3 * 4; }

namespace detail {
inline constexpr std::string_view base64_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
inline constexpr std::uint8_t no_base64 = 0xff;
/// The six bits of each character; no_base64 for those outside the alphabet.
inline constexpr auto base64_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_base64);
  for (std::size_t i = 0; i != 64; ++i) {
    values[static_cast<unsigned char>(base64_alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

/// The number of "=" at the end of a text, at most two; 0 if the text does not consist of whole groups.
template <class Char>
constexpr std::size_t base64_padding(const Char* text, std::size_t size) {
  std::size_t padding = 0;
  if (size % 4 != 0) return 0;
  while (padding != 2 && padding != size && text[size - padding - 1] == '=') ++padding;
  return padding;
}
/// The number of octets that a text decodes to if it is valid. Looks only at its length and padding.
template <class Char>
constexpr std::size_t base64_octets(const Char* text, std::size_t size) {
  return size / 4 * 3 - base64_padding(text, size);
}

template <class Char>
constexpr result<bytes_view> decode_base64(const Char* text, std::size_t size, std::span<std::uint8_t> out) {
  constexpr const char* type = "base64";
  if (size > 0xffffffffu) return error{.code = errc::input_too_large, .type = type};
  const std::size_t padding = base64_padding(text, size), octets = base64_octets(text, size);
  if (out.size() < octets) {
    return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(octets), .type = type};
  }
  const auto fault = [](std::size_t at) {
    return error{.code = errc::bad_base64, .offset = static_cast<std::uint32_t>(at), .type = type};
  };
  std::size_t from = 0, to = 0;
  // All groups but the last, in a loop without the rules for the end. It leaves a group with a fault to the loop below
  for (; size - from > 4; from += 4) {
    const auto value = [&](std::size_t i) { return base64_values[static_cast<unsigned char>(text[from + i])]; };
    const std::uint8_t a = value(0), b = value(1), c = value(2), d = value(3);
    if ((a | b | c | d) > 0x3f) break;
    out[to++] = static_cast<std::uint8_t>(a << 2 | b >> 4);
    out[to++] = static_cast<std::uint8_t>(b << 4 | c >> 2);
    out[to++] = static_cast<std::uint8_t>(c << 6 | d);
  }
  for (; from != size; from += 4) {
    // Only in a complete last group does "=" stand for a missing octet
    const std::size_t digits = size - from == 4 ? 4 - padding : 4;
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i != digits; ++i) {
      if (from + i == size) return fault(size);
      const std::uint8_t value = base64_values[static_cast<unsigned char>(text[from + i])];
      if (value == no_base64) return fault(from + i);
      bits |= static_cast<std::uint32_t>(value) << (18 - 6 * i);
    }
    const std::size_t n = digits - 1;
    // RFC 4648 section 3.5: the unused bits are zero, so octets have only one text
    if ((bits & (0xffffffu >> (8 * n))) != 0) return fault(from + n);
    for (std::size_t i = 0; i != n; ++i) out[to++] = static_cast<std::uint8_t>(bits >> (16 - 8 * i));
  }
  return bytes_view(out.first(octets));
}

/// Writes the text of `octets`, which may be the end of `out`, so that it ends where `out` ends.
/// Returns where the text begins in `out`.
template <class Char>
constexpr result<std::size_t> encode_base64(bytes_view octets, std::span<Char> out) {
  constexpr const char* type = "base64";
  if (octets.size() > 0xbffffffdu) return error{.code = errc::input_too_large, .type = type};
  const std::size_t size = base64_size(octets.size());
  if (out.size() < size) {
    return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(size), .type = type};
  }
  const std::size_t begin = out.size() - size;
  std::size_t to = begin;
  for (std::size_t from = 0; from < octets.size(); from += 3) {
    // All of the group is read before any of it is written, and never are more characters written
    // than there is space before the octets that are still to be read
    const std::size_t n = octets.size() - from < 3 ? octets.size() - from : 3;
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i != n; ++i) bits |= static_cast<std::uint32_t>(octets[from + i]) << (16 - 8 * i);
    for (std::size_t i = 0; i != 4; ++i) {
      out[to++] = static_cast<Char>(i > n ? '=' : base64_alphabet[bits >> (18 - 6 * i) & 0x3f]);
    }
  }
  return begin;
}
}  // namespace detail

/// Decodes all of `text` to the front of `out`, and returns the octets. `out` may begin where `text`
/// begins: then the text is decoded in place. The decoder is strict: it accepts no white space and
/// no other character outside the alphabet, requires the padding, and requires zero in the unused
/// bits of the last character (RFC 4648 sections 3.2, 3.3 and 3.5). So no two texts decode to the
/// same octets. Errors: errc::bad_base64 with the offset of the first character that does not
/// belong there, or with the size of the text if it ends too early; errc::no_space, where `detail`
/// is the exact size in octets; errc::input_too_large for 2^32 characters or more.
///
/// The time depends on the length, and through a table on the characters. That is enough for
/// tokens: they are sent in the clear, and what is secret in them is encrypted. Do not use it for
/// keys or passwords.
constexpr result<bytes_view> decode_base64(std::string_view text, std::span<std::uint8_t> out KERB_LIFETIMEBOUND) {
  return detail::decode_base64(text.data(), text.size(), out);
}
/// The same for text that is stored as octets.
constexpr result<bytes_view> decode_base64(bytes_view text, std::span<std::uint8_t> out KERB_LIFETIMEBOUND) {
  return detail::decode_base64(text.data(), text.size(), out);
}

/// Writes the base64 text of `octets` with its padding and without line feeds, so that it ends where
/// `out` ends, and returns that part of `out`. Errors: errc::no_space, where `detail` is the exact
/// size, which base64_size() also returns; errc::input_too_large for a text of 2^32 characters or
/// more. See decode_base64() about secrets.
constexpr result<std::string_view> encode_base64(bytes_view octets, std::span<char> out KERB_LIFETIMEBOUND) {
  const auto begin = detail::encode_base64(octets, out);
  if (!begin) return begin.error();
  return std::string_view(out.data() + *begin, out.size() - *begin);
}
/// The same with the text as octets. `octets` may be the end of `out`: then they are encoded in place.
constexpr result<bytes_view> encode_base64(bytes_view octets, std::span<std::uint8_t> out KERB_LIFETIMEBOUND) {
  const auto begin = detail::encode_base64(octets, out);
  if (!begin) return begin.error();
  return bytes_view(out.subspan(*begin));
}

}  // namespace kerb::inline v0
