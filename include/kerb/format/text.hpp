// Characters and parts of ASCII text, without locale and without exceptions.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kerb::inline v0::detail {

/// `n` octets of `text` from `from` on, which it has: substr() without its check, which throws.
constexpr std::string_view part_of(std::string_view text, std::size_t from, std::size_t n) {
  return {text.data() + from, n};
}
constexpr bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char small_letter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

/// Whether two texts differ at most in capital and small letters of ASCII.
constexpr bool same_letters(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i != a.size(); ++i)
    if (small_letter(a[i]) != small_letter(b[i])) return false;
  return true;
}
/// Removes `n` characters from the front of `text`.
constexpr void drop(std::string_view& text, std::size_t n) { text = part_of(text, n, text.size() - n); }
constexpr void drop_blanks(std::string_view& text) {
  while (!text.empty() && is_blank(text.front())) drop(text, 1);
}
constexpr void drop_blanks_at_end(std::string_view& text) {
  while (!text.empty() && is_blank(text.back())) text = part_of(text, 0, text.size() - 1);
}
/// Removes `word` from the front of `text`, if it is there in these or other letters.
constexpr bool take_word(std::string_view& text, std::string_view word) {
  if (text.size() < word.size() || !same_letters(part_of(text, 0, word.size()), word)) return false;
  drop(text, word.size());
  return true;
}
/// Removes the decimal digits at the front of `text`. Returns false, and removes nothing, if there
/// are none or the number is greater than `most`.
constexpr bool take_number(std::string_view& text, std::uint64_t most, std::uint64_t& out) {
  std::uint64_t n = 0;
  std::size_t i = 0;
  for (; i != text.size() && is_digit(text[i]); ++i) {
    const auto digit = static_cast<std::uint64_t>(text[i] - '0');
    if (digit > most || n > (most - digit) / 10) return false;
    n = n * 10 + digit;
  }
  if (i == 0) return false;
  drop(text, i);
  out = n;
  return true;
}

}  // namespace kerb::inline v0::detail
