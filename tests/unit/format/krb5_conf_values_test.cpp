// Values in krb5.conf: what MIT krb5 and Heimdal make of them.
#include <kerb/format/krb5_conf_values.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {

constexpr auto heimdal = conf_dialect::heimdal;

constexpr bool booleans() {
  for (const std::string_view t : {"y", "YES", "true", "T", "1", "On"})
    if (conf_boolean(t) != true) return false;
  for (const std::string_view f : {"n", "no", "False", "nil", "0", "off"})
    if (conf_boolean(f) != false) return false;
  return !conf_boolean("2") && !conf_boolean("") && !conf_boolean("yes ") && conf_boolean("2", heimdal) == true &&
         conf_boolean("-1", heimdal) == true && conf_boolean("0", heimdal) == false &&
         conf_boolean("on", heimdal) == false && conf_boolean("Yes", heimdal) == true &&
         conf_boolean("00", heimdal) == false && conf_boolean("", heimdal) == false;
}
KERB_BOTH("krb5_conf values: booleans are those of MIT krb5 and of Heimdal", "[format]", booleans);

constexpr bool integers() {
  return conf_integer("0") == 0 && conf_integer("-7") == -7 && conf_integer("+7") == 7 &&
         conf_integer("2147483647") == 2147483647 && conf_integer("-2147483648") == -2147483647 - 1 &&
         !conf_integer("2147483648") && !conf_integer("-2147483649") && !conf_integer("") && !conf_integer("-") &&
         !conf_integer("1x") && !conf_integer("0x1") && !conf_integer("99999999999999999999");
}
KERB_BOTH("krb5_conf values: integers are decimal and have 32 bits", "[format]", integers);

struct duration_row {
  std::string_view text;
  std::optional<std::int64_t> seconds;
};
constexpr bool mit_durations() {
  constexpr duration_row rows[] = {{"36000", 36000},
                                   {"10h", 36000},
                                   {"1d2h3m4s", 93784},
                                   {"1d 2h 3m 4s", 93784},
                                   {" 5m", 300},
                                   {"1d3m", 86580},
                                   {"1d4s", 86404},
                                   {"10:30", 37800},
                                   {"10:30:05", 37805},
                                   {"1-10:30:05", 124205},
                                   {"100:30", 361800},
                                   {"-5", -5},
                                   {"-1h", -3600},
                                   {"0", 0},
                                   {"1hour", 3600},
                                   {"30 ", {}},
                                   {"2 h", {}},
                                   {"", {}},
                                   {"h", {}},
                                   {"1h2d", {}},
                                   {"10:300", {}},
                                   {"1:", {}},
                                   {"1-2", {}},
                                   {"1-2:3", {}},
                                   {"2147483647", 2147483647},
                                   {"2147483648", {}},
                                   {"24855d", 2147472000},
                                   {"24856d", {}},
                                   {"1h30", {}},
                                   {"1s2", {}},
                                   {"10h ", 36000},
                                   {"1m-30s", 30},
                                   {"10x", 10},
                                   {"99999999999d", {}}};
  for (const duration_row& r : rows)
    if (conf_duration(r.text) != r.seconds) return false;
  return true;
}
KERB_BOTH("krb5_conf values: durations are those of MIT krb5's krb5_string_to_deltat", "[format]", mit_durations);

constexpr bool heimdal_durations() {
  constexpr duration_row rows[] = {{"36000", 36000},
                                   {"1 day", 86400},
                                   {"2 days, 3 hours", 183600},
                                   {"1h30s", 3630},
                                   {"1 w", 604800},
                                   {"3 months", 7776000},
                                   {"1 y", 31536000},
                                   {"2 sec", 2},
                                   {"1 M", 60},
                                   {"1 mi", 60},
                                   {"x", {}},
                                   {"1 x", {}},
                                   {"1 2", {}},
                                   {"1 day 30", 86430},
                                   {"3000000000", {}},
                                   {"69 years", {}},
                                   {"68 years", 2144448000}};
  for (const duration_row& r : rows)
    if (conf_duration(r.text, heimdal) != r.seconds) return false;
  return true;
}
KERB_BOTH("krb5_conf values: durations are those of Heimdal's parse_time", "[format]", heimdal_durations);

constexpr bool words() {
  conf_words w(" a,b\t\"c d\" e\"f ,, \"g\"\"h\" \"i\"j \" \"k l");
  return w.next() == "a" && w.next() == "b" && w.next() == "c d" && w.next() == "e\"f" && w.next() == "g\"\"h" &&
         w.next() == "\"i\"j" && w.next() == "\" \"k" && w.next() == "l" && !w.next() && !w.next();
}
KERB_BOTH("krb5_conf values: words are separated by blanks and commas", "[format]", words);

}  // namespace
