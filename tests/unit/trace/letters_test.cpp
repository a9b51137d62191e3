// The letters of a trace: what does not fit is counted, and what a peer can choose is escaped.
#include <kerb/trace/letters.hpp>

#include <string>

#include "support/catch.hpp"

using namespace kerb;
using kerb::detail::letters;
using kerb::detail::markup;

namespace {
template <class F>
std::string written(markup m, F f) {
  std::array<char, 1200> out;
  letters to(out, m);
  f(to);
  const auto r = to.written();
  return r ? std::string(*r) : "no space";
}
}  // namespace

TEST_CASE("letters: numbers, times and registered names", "[trace]") {
  const auto w = [](auto f) { return written(markup::none, f); };
  CHECK(w([](letters& l) { l.number(0).raw(" ").number(18446744073709551615u); }) == "0 18446744073709551615");
  CHECK(w([](letters& l) { l.signed_number(-1).raw(" ").signed_number(std::numeric_limits<std::int64_t>::min()); }) ==
        "-1 -9223372036854775808");
  CHECK(w([](letters& l) { l.microseconds(7).microseconds(999999).microseconds(-1); }) == ".000007.999999.000000");
  CHECK(w([](letters& l) { l.time({0}).raw(" ").time({86399}, false); }) == "1970-01-01T00:00:00 23:59:59");
  CHECK(w([](letters& l) { l.named(etype_t{17}).raw(" ").named(etype_t{-5}); }) == "aes128-cts-hmac-sha1-96 -5");
}

TEST_CASE("letters: names are written as to_text() does, and escaped for the format", "[trace]") {
  static constexpr std::uint8_t odd[] = {'a', '/', '"', '&', 0xc3, 0xa9};
  const kerberos_string parts[] = {{bytes_view(odd)}};
  const principal_view p{{name_t::principal, view_of<kerberos_string>(parts)}, {bytes_view(odd).first(1)}};
  const auto name = [&](letters& l) { l.name(p); };
  CHECK(written(markup::none, name) == "a\\/\"&\\xc3\\xa9@a");
  CHECK(written(markup::json, name) == "a\\\\/\\\"&\\\\xc3\\\\xa9@a");
  CHECK(written(markup::xml, name) == "a\\/&quot;&amp;\\xc3\\xa9@a");
  const std::string long_name(2000, 'x');
  const kerberos_string long_part[] = {kerberos_string::of(long_name)};
  const principal_view q{{name_t::principal, view_of<kerberos_string>(long_part)}, {}};
  CHECK(written(markup::none, [&](letters& l) { l.name(q); }) == "(a long name)");
}

TEST_CASE("letters: an error is its name, its place and the code of a KRB-ERROR", "[trace]") {
  const auto w = [](const error& e) { return written(markup::none, [&](letters& l) { write_error(l, e); }); };
  CHECK(w({.code = errc::integrity}) == "integrity");
  CHECK(w({.code = errc::integrity, .type = "AS-REP"}) == "integrity in AS-REP");
  CHECK(w({.code = errc::kdc_error, .detail = 6, .type = "KRB-ERROR", .field = "error-code"}) ==
        "kdc_error in KRB-ERROR.error-code, KDC_ERR_C_PRINCIPAL_UNKNOWN");
  CHECK(w({.code = errc{9999}}) == "unknown error");
}
