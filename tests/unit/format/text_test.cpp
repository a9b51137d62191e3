// Characters and parts of ASCII text.
#include <kerb/format/text.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {

constexpr bool letters() {
  return detail::same_letters("Ab1_", "aB1_") && !detail::same_letters("a", "ab") && !detail::same_letters("@", "`") &&
         !detail::same_letters("[", "{") && detail::small_letter('Z') == 'z' && detail::small_letter('[') == '[' &&
         detail::is_blank('\v') && !detail::is_blank('\0') && detail::is_digit('9') && !detail::is_digit(':');
}
KERB_BOTH("text: letters are those of ASCII", "[format]", letters);

constexpr bool taking() {
  std::string_view t = " \t TCP/ab ";
  detail::drop_blanks(t);
  const bool word = !detail::take_word(t, "udp/") && detail::take_word(t, "tcp/") && t == "ab ";
  detail::drop_blanks_at_end(t);
  std::string_view blanks = "  ";
  detail::drop_blanks_at_end(blanks);
  return word && t == "ab" && blanks.empty() && !detail::take_word(t, "abc");
}
KERB_BOTH("text: words and blanks are taken from the ends", "[format]", taking);

constexpr bool numbers() {
  const auto reads = [](std::string_view t, std::uint64_t most, std::uint64_t n, std::string_view rest) {
    std::uint64_t got = 0;
    return detail::take_number(t, most, got) && got == n && t == rest;
  };
  const auto refuses = [](std::string_view t, std::uint64_t most) {
    const std::string_view before = t;
    std::uint64_t got = 7;
    return !detail::take_number(t, most, got) && got == 7 && t == before;
  };
  constexpr std::uint64_t all = 18446744073709551615u;
  return reads("0", 0, 0, "") && reads("65535x", 65535, 65535, "x") && refuses("65536", 65535) && refuses("", 9) &&
         refuses("x", 9) && refuses("5", 4) && reads("18446744073709551615", all, all, "") &&
         refuses("18446744073709551616", all) && refuses("99999999999999999999", all) && reads("007", 9, 7, "");
}
KERB_BOTH("text: a number above the limit is refused, however long", "[format]", numbers);

}  // namespace
