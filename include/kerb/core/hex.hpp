// Octets from hexadecimal text, at compile time.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

namespace kerb::inline v0 {

namespace detail {
/// A string literal as a template argument.
template <std::size_t N>
struct literal {
  char text[N]{};
  consteval literal(const char (&t)[N]) {
    for (std::size_t i = 0; i != N; ++i) text[i] = t[i];
  }
  static constexpr std::size_t size = N - 1;
};
void hex_text_holds_another_character();  // declared only: calling it ends constant evaluation
void hex_text_has_an_odd_digit();

constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
template <literal L>
consteval std::size_t hex_octets() {
  std::size_t digits = 0;
  for (std::size_t i = 0; i != L.size; ++i) {
    if (L.text[i] == ' ' || L.text[i] == '\n') continue;
    if (hex_digit(L.text[i]) < 0) hex_text_holds_another_character();
    ++digits;
  }
  if (digits % 2 != 0) hex_text_has_an_odd_digit();
  return digits / 2;
}
}  // namespace detail

inline namespace literals {
/// The octets of a hexadecimal text; blanks are skipped. `"6a 0b"_hex` is an array of two octets.
template <detail::literal L>
consteval auto operator""_hex() {
  std::array<std::uint8_t, detail::hex_octets<L>()> out{};
  std::size_t digits = 0;
  for (std::size_t i = 0; i != L.size; ++i) {
    const int d = detail::hex_digit(L.text[i]);
    if (d < 0) continue;
    out[digits / 2] = static_cast<std::uint8_t>(out[digits / 2] << 4 | d);
    ++digits;
  }
  return out;
}
}  // namespace literals

}  // namespace kerb::inline v0
