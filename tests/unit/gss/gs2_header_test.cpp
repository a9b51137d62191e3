// The header of GS2: what RFC 5801 section 4 permits, and nothing else.
#include <kerb/gss/gs2_header.hpp>
#include <string>

#include "support/both.hpp"
#include "support/must.hpp"

using namespace kerb;

namespace {

bytes_view octets(std::string_view s) { return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()}; }
std::string text(bytes_view v) { return {v.begin(), v.end()}; }

struct row {
  std::string_view header;
  bool frameless;
  gss::gs2_flag flag;
  std::string_view channel, identity;
};
// The examples of RFC 5801 section 6, and the identities of GNU SASL's tests/gs2-krb5.c
constexpr row rows[] = {
    {"n,a=someuser,", false, gss::gs2_flag::unsupported, "", "someuser"},
    {"n,,", false, gss::gs2_flag::unsupported, "", ""},
    {"F,n,,", true, gss::gs2_flag::unsupported, "", ""},
    {"p=tls-unique,a=someuser,", false, gss::gs2_flag::used, "tls-unique", "someuser"},
    {"p=tls-unique,,", false, gss::gs2_flag::used, "tls-unique", ""},
    {"p=tls-server-end-point,,", false, gss::gs2_flag::used, "tls-server-end-point", ""},
    {"y,a=someuser,", false, gss::gs2_flag::not_offered, "", "someuser"},
    {"n,a=foo,", false, gss::gs2_flag::unsupported, "", "foo"},
    {"n,a=BAB=2CABA,", false, gss::gs2_flag::unsupported, "", "BAB,ABA"},
    {"n,a==2C=3D=2C=3D,", false, gss::gs2_flag::unsupported, "", ",=,="},
    {"n,a==3D,", false, gss::gs2_flag::unsupported, "", "="},
};

}  // namespace

TEST_CASE("gs2 header: the examples of RFC 5801 are read, and written again as they were",
          "[gss][rfc5801-4][rfc5801-6]") {
  for (const row& r : rows) {
    INFO(r.header);
    const std::string response = std::string(r.header) + "\x01\x02,,more";
    const auto h = gss::read_gs2_header(octets(response));
    REQUIRE(h);
    CHECK(h->frameless == r.frameless);
    CHECK(h->flag == r.flag);
    CHECK(text(h->channel) == r.channel);
    CHECK(h->size == r.header.size());
    CHECK(text(h->octets) == r.header.substr(r.frameless ? 2 : 0));
    std::array<std::uint8_t, 64> out{};
    const std::size_t n = gss::detail::read_saslname(h->identity, out);
    CHECK(text(bytes_view(out).first(n)) == r.identity);
    const std::optional<gss::gs2_channel> c(gss::gs2_channel{octets(r.channel), octets("data")});
    const std::size_t size = gss::detail::write_gs2_header({}, r.flag, c, octets(r.identity));
    REQUIRE(gss::detail::write_gs2_header(out, r.flag, c, octets(r.identity)) == size);
    CHECK(text(bytes_view(out).first(size)) == text(h->octets));
  }
}
TEST_CASE("gs2 header: escapes have no case, as literals of ABNF", "[gss][rfc5801-4]") {
  const auto h = gss::read_gs2_header(octets("n,a=a=2cb=3d,"));
  REQUIRE(h);
  std::array<std::uint8_t, 8> out{};
  CHECK(text(bytes_view(out).first(gss::detail::read_saslname(h->identity, out))) == "a,b=");
}
TEST_CASE("gs2 header: what RFC 5801 does not permit is refused where it is wrong", "[gss][rfc5801-4][rfc5801-7]") {
  struct wrong {
    std::string_view header;
    errc code;
    std::uint32_t offset;
    std::string_view field;
  };
  using namespace std::literals;
  constexpr wrong all[] = {
      {"", errc::truncated, 0, "gs2-cb-flag"},
      {"n", errc::truncated, 1, "gs2-cb-flag"},
      {"F,", errc::truncated, 2, "gs2-cb-flag"},
      {"n,", errc::truncated, 2, "gs2-authzid"},
      {"n,a=b", errc::truncated, 5, "gs2-authzid"},
      {"b,,\x01", errc::wrong_constant, 0, "gs2-cb-flag"},  // WildFly Elytron's Gs2SuiteTest
      {"N,,", errc::wrong_constant, 0, "gs2-cb-flag"},
      {"f,n,,", errc::wrong_constant, 0, "gs2-cb-flag"},
      {"F,F,n,,", errc::wrong_constant, 2, "gs2-cb-flag"},
      {",,", errc::wrong_constant, 0, "gs2-cb-flag"},
      {"nn,,", errc::wrong_constant, 0, "gs2-cb-flag"},
      {"n=,,", errc::wrong_constant, 0, "gs2-cb-flag"},
      {"p,,", errc::wrong_constant, 0, "gs2-cb-flag"},
      {"p=,,", errc::wrong_constant, 2, "cb-name"},
      {"p=tls_unique,,", errc::wrong_constant, 2, "cb-name"},
      {"p=tls=,,", errc::wrong_constant, 2, "cb-name"},
      {"n,b,", errc::wrong_constant, 2, "gs2-authzid"},
      {"n,a=,", errc::wrong_constant, 2, "gs2-authzid"},
      {"n,A=b,", errc::wrong_constant, 2, "gs2-authzid"},
      {"n,b=c,", errc::wrong_constant, 2, "gs2-authzid"},
      {"n,a=b=,", errc::wrong_constant, 5, "gs2-authzid"},
      {"n,a=b=2,", errc::wrong_constant, 5, "gs2-authzid"},
      {"n,a=b=2D,", errc::wrong_constant, 5, "gs2-authzid"},
      {"n,a=b=3C,", errc::wrong_constant, 5, "gs2-authzid"},
      {"n,a=b=00,", errc::wrong_constant, 5, "gs2-authzid"},
      {"n,a=b\0,"sv, errc::bad_utf8, 5, "gs2-authzid"},
      {"n,a=b\xc0\xac,", errc::bad_utf8, 5, "gs2-authzid"},
  };
  for (const wrong& w : all) {
    INFO(w.header);
    const auto h = gss::read_gs2_header(octets(w.header));
    REQUIRE(!h);
    CHECK(h.error().code == w.code);
    CHECK(h.error().offset == w.offset);
    CHECK(h.error().field == w.field);
  }
}
TEST_CASE("gs2 header: no beginning of one is one", "[gss][rfc5801-4]") {
  for (const row& r : rows)
    for (std::size_t n = 0; n != r.header.size(); ++n) CHECK_FALSE(gss::read_gs2_header(octets(r.header.substr(0, n))));
}
