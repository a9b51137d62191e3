// GeneralizedTime as KerberosTime, RFC 4120 section 5.2.3: parsing and formatting with digit arithmetic.
#pragma once
#include "../core/time.hpp"
#include "reader.hpp"
#include "writer.hpp"

namespace kerb::inline v0::der {

namespace detail {
// Days from 1970-01-01 to a date in the years 1 to 9999 of the proleptic Gregorian calendar. The
// calculation lets years begin in March, so that the leap day is the last one.
constexpr std::int32_t days_of(std::uint32_t year, std::uint32_t month, std::uint32_t day) {
  const std::uint32_t y = year - (month <= 2 ? 1 : 0), m = month + (month <= 2 ? 9 : 0) - (month <= 2 ? 0 : 3);
  return static_cast<std::int32_t>(y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day) - 719469;
}
constexpr unsigned days_in(unsigned year, unsigned month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}
// Eight octets as one number, so that four pairs of digits are processed at once. The first octet
// is the lowest.
inline constexpr std::uint64_t in_each_octet = 0x0101010101010101, in_each_pair = 0x0001000100010001;
constexpr bool all_digits(std::uint64_t v) {
  const std::uint64_t high = 0xf0 * in_each_octet, zeros = '0' * in_each_octet;
  return ((v & high) | (((v + 0x06 * in_each_octet) & high) >> 4)) == (zeros | zeros >> 4);
}
/// Converts each pair of digits to a number from 0 to 99, in 16 bits.
constexpr std::uint64_t pairs_of_digits(std::uint64_t v) {
  v &= 0x0f * in_each_octet;
  return (v * 10 + (v >> 8)) & 0xff * in_each_pair;
}
constexpr std::uint64_t digits_of_pairs(std::uint64_t v) {
  const std::uint64_t tens = v * 103 >> 10 & 0x0f * in_each_pair;  // exact up to 178; no pair carries into another
  return (tens | (v - tens * 10) << 8) + '0' * in_each_octet;
}
}  // namespace detail

inline constexpr std::size_t time_octets = 15;

/// Parses YYYYMMDDHHMMSSZ. A fraction, an offset, a leap second or a day that does not exist is an
/// error. `c` points to time_octets octets.
constexpr bool parse_time(const std::uint8_t* c, kerberos_time& out) {
  // Both halves contain the last digit of the day; it is removed from the second.
  const auto date = quick::load<std::uint64_t>(c), rest = quick::load<std::uint64_t>(c + 7);
  const std::uint64_t clock = (rest >> 8 & 0x0000ffffffffffff) | std::uint64_t{'0'} << 48 | std::uint64_t{'0'} << 56;
  if (!detail::all_digits(date) || !detail::all_digits(clock) || rest >> 56 != 'Z') return false;
  const std::uint64_t d = detail::pairs_of_digits(date), t = detail::pairs_of_digits(clock);
  const auto year = static_cast<std::uint32_t>((d & 0xff) * 100 + (d >> 16 & 0xff));
  const auto month = static_cast<std::uint32_t>(d >> 32 & 0xff), day = static_cast<std::uint32_t>(d >> 48);
  const auto hour = static_cast<std::uint32_t>(t & 0xff), minute = static_cast<std::uint32_t>(t >> 16 & 0xff),
             second = static_cast<std::uint32_t>(t >> 32 & 0xff);
  if (year == 0 || month - 1 > 11 || day - 1 > 30 || (day > 28 && day > detail::days_in(year, month)) || hour > 23 ||
      minute > 59 || second > 59) {
    return false;
  }
  out.seconds = std::int64_t{detail::days_of(year, month, day)} * 86400 + (hour * 3600 + minute * 60 + second);
  return true;
}

/// Writes `t` in the same format. Times outside the years 0001 to 9999 are written as the nearest one inside.
constexpr void time_text(kerberos_time t, std::uint8_t* to) {
  if (t < earliest_time) t = earliest_time;
  if (t > latest_time) t = latest_time;
  const auto since_year_0 = static_cast<std::uint64_t>(t.seconds + 719468 * std::int64_t{86400});  // March of year 0
  const auto days = static_cast<std::uint32_t>(since_year_0 / 86400),
             s = static_cast<std::uint32_t>(since_year_0 % 86400);
  // A century has 36524.25 days on average, a year in it 365.25, and a month of a year that begins
  // in March about 30.6.
  const std::uint32_t century = (4 * days + 3) / 146097, day_of_century = (4 * days + 3) % 146097 / 4;
  const std::uint32_t year_of_century = (4 * day_of_century + 3) / 1461;
  const std::uint32_t day_of_year = (4 * day_of_century + 3) % 1461 / 4;
  const std::uint32_t shifted = (5 * day_of_year + 2) / 153, day = day_of_year - (153 * shifted + 2) / 5 + 1;
  const bool next = shifted >= 10;  // January and February belong to the next year
  const std::uint32_t month = next ? shifted - 9 : shifted + 3, year = century * 100 + year_of_century + (next ? 1 : 0);
  const std::uint64_t date =
      detail::digits_of_pairs(year / 100 | year % 100 << 16 | std::uint64_t{month} << 32 | std::uint64_t{day} << 48);
  const std::uint64_t clock =
      detail::digits_of_pairs(s / 3600 | s / 60 % 60 << 16 | static_cast<std::uint64_t>(s % 60) << 32);
  quick::store(to, date);
  quick::store(to + 7, date >> 56 | (clock & 0x0000ffffffffffff) << 8 | std::uint64_t{'Z'} << 56);
}

template <mode M>
KERB_INLINE constexpr bool read_time(contents<M> c, kerberos_time& out) {
  return (c.size() == time_octets && parse_time(c.begin(), out)) || c.fail(errc::bad_time);
}
constexpr void write_time(writer& w, kerberos_time t, tag own = generalized_time) {
  std::uint8_t text[time_octets]{};
  time_text(t, text);
  w.octets(text);
  w.header(own, time_octets);
}

}  // namespace kerb::inline v0::der
