// Base64: the RFC's vectors, every length, and what a strict decoder refuses.
#include <kerb/format/base64.hpp>
#include <string>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/both.hpp"

using namespace kerb;

namespace {

constexpr std::array<std::uint8_t, 6> foobar = {'f', 'o', 'o', 'b', 'a', 'r'};

struct vector {
  std::string_view text;
  std::size_t octets;  // of "foobar"
};
// RFC 4648 section 10
constexpr vector vectors[] = {{"", 0},         {"Zg==", 1},     {"Zm8=", 2},    {"Zm9v", 3},
                              {"Zm9vYg==", 4}, {"Zm9vYmE=", 5}, {"Zm9vYmFy", 6}};

constexpr bool rfc_vectors() {
  for (const vector& v : vectors) {
    std::array<std::uint8_t, 8> octets{};
    std::array<char, 10> text{};
    const bytes_view wanted = bytes_view(foobar).first(v.octets);
    const auto d = decode_base64(v.text, octets);
    const auto e = encode_base64(wanted, text);
    if (!d || !(*d == wanted) || d->data() != octets.data()) return false;
    if (!e || *e != v.text || e->data() + e->size() != text.data() + text.size()) return false;
    if (base64_size(v.octets) != v.text.size()) return false;
  }
  return true;
}
KERB_BOTH("base64: the RFC's vectors, both ways", "[format][rfc4648-10]", rfc_vectors);

constexpr bool every_character() {
  // 00 10 83 10 51 87 ...: the 64 values in order
  std::array<std::uint8_t, 48> octets{};
  for (std::size_t i = 0; i != 64; ++i)
    for (std::size_t bit = 0; bit != 6; ++bit)
      if ((i >> (5 - bit) & 1) != 0) {
        const std::size_t at = 6 * i + bit;
        octets[at / 8] = static_cast<std::uint8_t>(octets[at / 8] | 0x80u >> at % 8);
      }
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<char, 64> text{};
  std::array<std::uint8_t, 48> back{};
  const auto e = encode_base64(octets, text);
  const auto d = decode_base64(alphabet, back);
  return e && *e == alphabet && d && *d == bytes_view(octets);
}
KERB_BOTH("base64: the 64 characters have the values of the table", "[format][rfc4648-4]", every_character);

constexpr bool refused(std::string_view text, std::size_t at) {
  // In a buffer as small as possible: nothing is written outside it before the fault is found
  std::array<std::uint8_t, 16> out{};
  std::size_t enough = 0;
  while (enough != 12 && decode_base64(text, std::span(out).first(enough)).error().code == errc::no_space) ++enough;
  if (enough > text.size() / 4 * 3 || out[enough] != 0) return false;
  const auto d = decode_base64(text, std::span(out).first(enough));
  return !d && d.error().code == errc::bad_base64 && d.error().offset == at &&
         std::string_view(d.error().type) == "base64";
}
KERB_BOTH("base64: characters outside the alphabet are refused, white space included", "[format][rfc4648-3.3]", [] {
  return refused("Zm 9v", 2) && refused("Zm9v\n", 4) && refused("\nZm9v", 0) && refused(" ", 0) &&
         refused("Zm9v Zm9v", 4) && refused("Zm9-", 3) && refused("Zm9_", 3) && refused("\x80m9v", 0) &&
         refused(std::string_view("Zm\0v", 4), 2);
});
KERB_BOTH("base64: padding is required, and nothing is allowed after it", "[format][rfc4648-3.2]", [] {
  return refused("Z", 1) && refused("Zg", 2) && refused("Zm8", 3) && refused("Zg=", 2) && refused("Zm9vYg", 6) &&
         refused("Zg==Zm9v", 2) && refused("Zm8=Zm9v", 3) && refused("Zm9v=", 4) && refused("Zm9v==", 4) &&
         refused("Zm9v====", 4) && refused("Z===", 1) && refused("=", 0) && refused("==", 0) && refused("====", 0) &&
         refused("Zg=A", 2);
});
KERB_BOTH("base64: unused bits that are not zero are refused at their character", "[format][rfc4648-3.5]",
          [] { return refused("Zh==", 1) && refused("Zv==", 1) && refused("Zm9=", 2) && refused("Zm9vYmF=", 6); });

constexpr bool one_text_each() {
  // Of all last characters, only those decode whose unused bits are zero
  std::size_t one = 0, two = 0;
  for (char c : detail::base64_alphabet) {
    std::array<std::uint8_t, 2> out{};
    const char first[] = {'A', c, '=', '='}, second[] = {'A', 'A', c, '='};
    one += decode_base64(std::string_view(first, 4), out).has_value();
    two += decode_base64(std::string_view(second, 4), out).has_value();
  }
  return one == 4 && two == 16;
}
KERB_BOTH("base64: octets have only one text", "[format][rfc4648-3.5]", one_text_each);

constexpr bool buffers() {
  std::array<std::uint8_t, 4> out{};
  std::array<char, 8> text{};
  const auto d = decode_base64("Zm9vYmE=", out);
  const auto e = encode_base64(bytes_view(foobar).first(4), std::span(text).first(7));
  const auto exact = encode_base64(bytes_view(foobar).first(4), text);
  const auto full = decode_base64("Zm9v", std::span(out).first(3));
  return !d && d.error().code == errc::no_space && d.error().detail == 5 && !e && e.error().code == errc::no_space &&
         e.error().detail == 8 && exact && *exact == "Zm9vYg==" && full && full->size() == 3;
}
KERB_BOTH("base64: a buffer that is too small gets the exact size", "[format]", buffers);

constexpr bool in_place() {
  for (std::size_t n = 0; n != 40; ++n) {
    std::array<std::uint8_t, 64> buffer{}, wanted{};
    for (std::size_t i = 0; i != n; ++i) wanted[i] = buffer[64 - n + i] = static_cast<std::uint8_t>(37 * i + n);
    const auto e = encode_base64(bytes_view(buffer).last(n), buffer);
    if (!e || e->end() != buffer.data() + 64 || e->size() != base64_size(n)) return false;
    const std::span<std::uint8_t> whole = std::span(buffer).last(e->size());
    const auto d = decode_base64(*e, whole);
    if (!d || d->data() != whole.data() || !(*d == bytes_view(wanted).first(n))) return false;
  }
  return true;
}
KERB_BOTH("base64: octets at the end of a buffer become text there, and text becomes octets where it begins",
          "[format]", in_place);

TEST_CASE("base64: nothing is allocated, and text of characters is decoded in place", "[format]") {
  std::string text(400, 'A');
  const auto place = std::span(reinterpret_cast<std::uint8_t*>(text.data()), text.size());
  const auto d = [&] {
    kerb_test::no_allocations block;
    return decode_base64(text, place);
  }();
  REQUIRE(d);
  REQUIRE(d->size() == 300);
  REQUIRE(d->data() == place.data());
}

TEST_CASE("base64: each change of a character is seen, or changes the octets", "[format][rfc4648-3.5]") {
  const std::string text = "Zm9vYmE=";
  std::array<std::uint8_t, 16> out{}, other{};
  const auto right = decode_base64(text, out);
  REQUIRE(right);
  for (std::size_t i = 0; i != text.size(); ++i)
    for (int c = 0; c != 256; ++c) {
      std::string changed = text;
      changed[i] = static_cast<char>(c);
      if (changed == text) continue;
      const auto d = decode_base64(changed, other);
      CHECK_FALSE((d && *d == *right));
    }
}

KERB_BOTH("base64: nothing in front of a text or behind it is read", "[format][rfc4648-12]", [] {
  constexpr std::string_view around = "=Zm9vYmFy";
  std::array<std::uint8_t, 8> out{};
  const auto none = decode_base64(around.substr(1, 0), out);  // not even a "=" there is padding
  for (const std::size_t n : {1u, 2u, 3u, 5u, 6u, 7u})
    if (!refused(around.substr(1, n), n)) return false;
  return none && none->empty();
});

KERB_BOTH("base64: text in octets gets the exact size too", "[format]", [] {
  std::array<std::uint8_t, 8> out{};
  const auto e = encode_base64(bytes_view(foobar).first(4), std::span(out).first(7));
  return !e && e.error().code == errc::no_space && e.error().detail == 8;
});

TEST_CASE("base64: a text of 4 GiB is refused before any of it is read", "[format]") {
  if constexpr (sizeof(std::size_t) > 4) {
    const std::size_t most = 0xffffffffu, most_octets = 0xbffffffdu;
    const char one = 'A';
    const std::uint8_t octet = 0;
    std::array<std::uint8_t, 4> out{};
    CHECK(decode_base64(std::string_view(&one, most + 1), out).error().code == errc::input_too_large);
    CHECK(decode_base64(std::string_view(&one, most), out).error().code == errc::no_space);
    CHECK(encode_base64(bytes_view(&octet, most_octets + 1), out).error().code == errc::input_too_large);
    CHECK(encode_base64(bytes_view(&octet, most_octets), out).error().detail == 0xfffffffcu);
  }
}

}  // namespace
