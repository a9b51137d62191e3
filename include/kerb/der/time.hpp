// GeneralizedTime as KerberosTime, RFC 4120 section 5.2.3: by digit arithmetic, both ways.
#pragma once
#include "../core/time.hpp"
#include "reader.hpp"
#include "writer.hpp"

namespace kerb::inline v0::der {

namespace detail {
// Days since 1970-01-01 of a day in the proleptic Gregorian calendar, counted in eras of 400 years from 0000-03-01.
constexpr std::int64_t days_of(std::int64_t year, unsigned month, unsigned day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const auto year_of_era = static_cast<unsigned>(year - era * 400);
  const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}
constexpr unsigned days_in(unsigned year, unsigned month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}
}  // namespace detail

/// YYYYMMDDHHMMSSZ and nothing else: no fraction, no offset, no leap second, no day that does not exist.
constexpr bool read_time(reader& r, kerberos_time& out, place p, tag t = generalized_time) {
  const std::uint8_t* const at = r.mark();
  const bytes_view c = r.contents(t, p);
  if (!r.ok()) return false;
  if (c.size() != 15 || c[14] != 'Z') return r.fail(errc::bad_time, p, at);
  unsigned pair[7]{};
  for (std::size_t i = 0; i != 7; ++i) {
    const unsigned tens = c[2 * i] - unsigned{'0'}, ones = c[2 * i + 1] - unsigned{'0'};
    if (tens > 9 || ones > 9) return r.fail(errc::bad_time, p, at);
    pair[i] = tens * 10 + ones;
  }
  const unsigned year = pair[0] * 100 + pair[1], month = pair[2], day = pair[3];
  if (year == 0 || month < 1 || month > 12 || day < 1 || day > detail::days_in(year, month) || pair[4] > 23 ||
      pair[5] > 59 || pair[6] > 59) {
    return r.fail(errc::bad_time, p, at);
  }
  out.seconds = detail::days_of(year, month, day) * 86400 + (pair[4] * 3600 + pair[5] * 60 + pair[6]);
  return true;
}

/// Times outside the years 0001 to 9999 are written as the nearest one inside.
constexpr void write_time(writer& w, kerberos_time t, tag own = generalized_time) {
  if (t < earliest_time) t = earliest_time;
  if (t > latest_time) t = latest_time;
  const std::int64_t days = t.seconds >= 0 ? t.seconds / 86400 : (t.seconds - 86399) / 86400;
  const auto second = static_cast<unsigned>(t.seconds - days * 86400);
  const auto since_era = static_cast<unsigned>(days + 719468);  // from 0000-03-01; not negative within the range
  const unsigned era = since_era / 146097, day_of_era = since_era % 146097;
  const unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned shifted = (5 * day_of_year + 2) / 153;  // March is 0
  const unsigned day = day_of_year - (153 * shifted + 2) / 5 + 1, month = shifted < 10 ? shifted + 3 : shifted - 9;
  const unsigned year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  std::uint8_t text[15]{};
  const unsigned pairs[7] = {year / 100, year % 100, month, day, second / 3600, second / 60 % 60, second % 60};
  for (std::size_t i = 0; i != 7; ++i) {
    text[2 * i] = static_cast<std::uint8_t>('0' + pairs[i] / 10);
    text[2 * i + 1] = static_cast<std::uint8_t>('0' + pairs[i] % 10);
  }
  text[14] = 'Z';
  w.octets(text);
  w.header(own, 15);
}

}  // namespace kerb::inline v0::der
