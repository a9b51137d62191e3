// GeneralizedTime: what it can say, and all that it may not.
#include <kerb/der/time.hpp>
#include <string>

#include "unit/der/walk.hpp"

using namespace kerb;

namespace {

constexpr auto read_it =
    kerb_test::under(der::generalized_time, [](auto c, kerberos_time& v) { return der::read_time(c, v); });

// A text as the contents of a GeneralizedTime.
struct encoded {
  std::array<std::uint8_t, 40> octets{};
  std::size_t size;
  constexpr explicit encoded(std::string_view text) : size(text.size() + 2) {
    octets[0] = 0x18;
    octets[1] = static_cast<std::uint8_t>(text.size());
    for (std::size_t i = 0; i != text.size(); ++i) octets[i + 2] = static_cast<std::uint8_t>(text[i]);
  }
};
constexpr kerb_test::outcome<kerberos_time> read(std::string_view text) {
  const encoded e(text);
  const bytes_view in = bytes_view(e.octets).first(e.size);
  const auto got = kerb_test::read_view<kerberos_time>(read_it, in, der::as_deployed);
  const auto strict = kerb_test::read_view<kerberos_time>(read_it, in);  // no tolerance is about times
  return strict.why.code == got.why.code ? got : kerb_test::outcome<kerberos_time>{};
}
constexpr bool refused(std::string_view text) { return read(text).failed(errc::bad_time); }
constexpr bool both_ways(std::string_view text, std::int64_t seconds) {
  const encoded e(text);
  std::array<std::uint8_t, 17> buffer{};
  der::writer w(buffer);
  der::write_time(w, {seconds});
  return read(text).is({seconds}) && w.ok() && bytes_view(w.written_since(0)) == bytes_view(e.octets).first(e.size);
}

constexpr bool known_times() {
  return both_ways("19700101000000Z", 0) && both_ways("19691231235959Z", -1) &&
         both_ways("19940610060317Z", 771228197) && both_ways("20380119031407Z", 2147483647) &&
         both_ways("20380119031408Z", 2147483648) && both_ways("21060207062815Z", 4294967295) &&
         both_ways("21060207062816Z", 4294967296) && both_ways("20000229120000Z", 951825600) &&
         both_ways("20240229235959Z", 1709251199) && both_ways("20240301000000Z", 1709251200) &&
         both_ways("21000913024805Z", 4124486885) && both_ways("19011213204551Z", -2147483649) &&
         both_ways("00010101000000Z", earliest_time.seconds) && both_ways("99991231235959Z", latest_time.seconds);
}
KERB_BOTH("time: the epoch, before it, and beyond 31 and 32 bits, both ways", "[der][rfc4120-5.2.3]", known_times);

constexpr bool days_that_do_not_exist() {
  return refused("19950229000000Z") && refused("19000229000000Z") && refused("21000229000000Z") &&
         refused("20240230000000Z") && refused("20240231000000Z") && refused("19940631060317Z") &&
         refused("19940431060317Z") && refused("19940931060317Z") && refused("19941131060317Z") &&
         refused("19940132060317Z") && refused("19940600060317Z") && refused("19941310060317Z") &&
         refused("19940010060317Z") && refused("00000101000000Z") && refused("19949910060317Z");
}
KERB_BOTH("time: a day that does not exist is refused", "[der][rfc4120-5.2.3]", days_that_do_not_exist);

constexpr bool hours_that_do_not_exist() {
  return refused("19940610240000Z") && refused("19940610066017Z") && refused("19940610060360Z") &&
         refused("19940610060361Z") && refused("19940610069917Z");
}
KERB_BOTH("time: hour 24, minute 60 and a leap second are refused", "[der][rfc4120-5.2.3]", hours_that_do_not_exist);

constexpr bool other_forms() {
  return refused("") && refused("Z") && refused("199406100603Z") && refused("19940610060317") &&
         refused("19940610060317.5Z") && refused("19940610060317.Z") && refused("19940610060317+0000") &&
         refused("19940610060317z") && refused("1994O610060317Z") && refused("-9940610060317Z") &&
         refused("1994 610060317Z") && refused("19940610060317ZZ") &&
         refused(std::string_view("19940610060317Z\0", 16)) && refused(std::string_view("19940610060317\0", 15)) &&
         refused("1994061006031:Z") && refused("1994061006031/Z") && refused("9406100603170Z") &&
         refused("199406100603170");
}
KERB_BOTH("time: a fraction, an offset, missing parts and other characters are refused", "[der][rfc4120-5.2.3]",
          other_forms);

constexpr bool another_type() {
  auto utc = encoded("19940610060317Z");
  utc.octets[0] = 0x17;
  const auto got = kerb_test::read_view<kerberos_time>(read_it, bytes_view(utc.octets).first(utc.size));
  return got.failed(errc::unexpected_tag);
}
KERB_BOTH("time: a UTCTime is refused", "[der][rfc4120-5.2.3]", another_type);

constexpr bool times_that_cannot_be_written() {
  const auto same = [](std::int64_t a, kerberos_time b) {
    std::array<std::uint8_t, 17> x{}, y{};
    der::writer w(x), v(y);
    der::write_time(w, {a});
    der::write_time(v, b);
    return x == y;
  };
  return same(std::numeric_limits<std::int64_t>::max(), latest_time) && same(latest_time.seconds + 1, latest_time) &&
         same(std::numeric_limits<std::int64_t>::min(), earliest_time) &&
         same(earliest_time.seconds - 1, earliest_time);
}
KERB_BOTH("time: outside the years 0001 to 9999 the nearest time inside is written", "[der][rfc4120-5.2.3]",
          times_that_cannot_be_written);

// The day's text, counted forwards by the rules of the calendar alone, without the arithmetic under test.
struct calendar {
  int year, month, day;
  std::string text() const {
    const auto two = [](int n) {
      return std::string{static_cast<char>('0' + n / 10), static_cast<char>('0' + n % 10)};
    };
    return two(year / 100) + two(year % 100) + two(month) + two(day);
  }
  void next() {
    static constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (++day <= days[month - 1] + (month == 2 && leap)) return;
    day = 1;
    if (++month <= 12) return;
    month = 1;
    ++year;
  }
};
TEST_CASE("time: every day of more than 400 years, both ways", "[der][rfc4120-5.2.3]") {
  calendar c{1970, 1, 1};
  bool good = true;
  for (std::int64_t day = 0; c.year != 2401; ++day, c.next()) {
    good = good && both_ways(c.text() + "000000Z", day * 86400) && both_ways(c.text() + "235959Z", day * 86400 + 86399);
  }
  CHECK(good);
}
TEST_CASE("time: every day from the year 0001 to the epoch, and to 9999 in one of each century",
          "[der][rfc4120-5.2.3]") {
  calendar c{1, 1, 1};
  bool good = true;
  for (std::int64_t day = earliest_time.seconds / 86400; c.year != 10000; ++day, c.next()) {
    if (c.year < 1970 || c.year % 100 == 0) good = good && both_ways(c.text() + "120000Z", day * 86400 + 43200);
  }
  CHECK(good);
}
TEST_CASE("time: every second of a day, both ways", "[der][rfc4120-5.2.3]") {
  bool good = true;
  for (std::int64_t s = 0; s != 86400; ++s) {
    std::array<std::uint8_t, 17> buffer{};
    der::writer w(buffer);
    der::write_time(w, {951782400 + s});
    good = good && kerb_test::read_view<kerberos_time>(read_it, buffer).is({951782400 + s});
  }
  CHECK(good);
}

}  // namespace
