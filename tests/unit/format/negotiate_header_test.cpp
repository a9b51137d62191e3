// HTTP Negotiate: tokens in fields, what is refused, and what is written.
#include <kerb/format/negotiate_header.hpp>
#include <string>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb::literals;

namespace {

constexpr auto init = "60 0d 06 06 2b 06 01 05 05 02 a0 03 30 01"_hex;
constexpr std::string_view text = "YA0GBisGAQUFAqADMAE=";

enum class is { absent, bare, token, fault };

/// How a reader takes `value`, where `at` is the offset of a fault.
template <class Read>
constexpr bool reads(Read read, std::string_view value, is wanted, std::size_t at = 0,
                     errc code = errc::bad_http_field) {
  std::array<std::uint8_t, 64> out{};
  const result<negotiate_field> f = read(value, out);
  if (!f) return wanted == is::fault && f.error().code == code && f.error().offset == at;
  if (wanted == is::token)
    return f->present && f->token && *f->token == bytes_view(init) && f->token->data() == out.data();
  return !f->token && wanted == (f->present ? is::bare : is::absent);
}
constexpr auto request = [](std::string_view value, std::span<std::uint8_t> out) {
  return read_authorization(value, out);
};
constexpr auto answer = [](std::string_view value, std::span<std::uint8_t> out) {
  return read_www_authenticate(value, out);
};
constexpr bool credentials(std::string_view value, is wanted, std::size_t at = 0, errc code = errc::bad_http_field) {
  return reads(request, value, wanted, at, code);
}
constexpr bool challenges(std::string_view value, is wanted, std::size_t at = 0, errc code = errc::bad_http_field) {
  return reads(answer, value, wanted, at, code);
}

KERB_BOTH("negotiate: a token in Authorization, whatever the case and the white space", "[format][rfc4559-4.2]", [] {
  return credentials("Negotiate YA0GBisGAQUFAqADMAE=", is::token) &&
         credentials("negotiate YA0GBisGAQUFAqADMAE=", is::token) &&
         credentials("NEGOTIATE   YA0GBisGAQUFAqADMAE=", is::token) &&
         credentials(" \tNegotiate YA0GBisGAQUFAqADMAE= \t", is::token) &&
         credentials("Negotiate  \tYA0GBisGAQUFAqADMAE=", is::token);
});
KERB_BOTH("negotiate: Authorization without a token, or of another scheme, has none", "[format][rfc9110-11.4]", [] {
  return credentials("Negotiate", is::bare) && credentials("Negotiate ", is::bare) &&
         credentials("Negotiate\t", is::bare) && credentials("Basic YWxhZGRpbjpvcGVuc2VzYW1l", is::absent) &&
         credentials("Negotiate2 YA0=", is::absent) && credentials("Negotiat YA0=", is::absent) &&
         credentials("NTLM TlRMTVNTUAAB", is::absent) &&
         credentials("Digest username=\"x, Negotiate YA0=\"", is::absent) && credentials("Negotiat% YA0=", is::absent);
});
KERB_BOTH("negotiate: Authorization has one token, and nothing follows it", "[format][rfc9110-11.6.2]", [] {
  return credentials("Negotiate YA0= YA0=", is::fault, 10) &&
         credentials("Negotiate YA0=, Negotiate YA0=", is::fault, 14) &&
         credentials("Negotiate YA0=,", is::fault, 14) && credentials("Negotiate a=b", is::fault, 10) &&
         credentials("Negotiate YA0=\r\nHost: x", is::fault, 10) && credentials("Negotiate \"YA0=\"", is::fault, 10) &&
         credentials("Negotiate =", is::fault, 10) && credentials("Negotiate\tYA0=", is::fault, 10) &&
         credentials("Negotiate,YA0=", is::fault, 9) && credentials("", is::fault, 0) &&
         credentials("  ", is::fault, 2) && credentials("=Negotiate YA0=", is::fault, 0) &&
         credentials(std::string_view("\0", 1), is::fault, 0) &&
         credentials(std::string_view("Negotiate \0", 11), is::fault, 10);
});
KERB_BOTH("negotiate: text that is not base64 is refused where it is wrong", "[format][rfc4559-4.2][rfc4648-3.3]", [] {
  // token68 has characters that base64 does not have
  return credentials("Negotiate YA-_", is::fault, 12, errc::bad_base64) &&
         credentials("Negotiate YA0", is::fault, 13, errc::bad_base64) &&
         credentials("Negotiate YA1=", is::fault, 12, errc::bad_base64) &&
         credentials(" Negotiate YA0==", is::fault, 14, errc::bad_base64) &&
         challenges("Basic realm=\"x\", Negotiate YA~=", is::fault, 29, errc::bad_base64);
});
KERB_BOTH("negotiate: the RFC's example is read, although it is no token", "[format][rfc4559-5]", [] {
  std::array<std::uint8_t, 21> out{};
  const auto f = read_authorization("Negotiate a87421000492aa874209af8bc028", out);
  return f && f->token && f->token->size() == 21 && kind_of_token(*f->token) == token_kind::unknown;
});

KERB_BOTH("negotiate: a proxy's fields are read as those of a server", "[format][rfc9110-11.7]", [] {
  // Proxy-Authenticate: Basic realm="proxy", Negotiate YA0GBisGAQUFAqADMAE=
  // Proxy-Authorization: Negotiate YA0GBisGAQUFAqADMAE=
  return challenges("Basic realm=\"proxy\", Negotiate YA0GBisGAQUFAqADMAE=", is::token) &&
         challenges("Basic realm=\"proxy\", Negotiate", is::bare) &&
         credentials("Negotiate YA0GBisGAQUFAqADMAE=", is::token);
});

KERB_BOTH("negotiate: WWW-Authenticate with one challenge", "[format][rfc4559-4.1]", [] {
  return challenges("Negotiate", is::bare) && challenges("negotiate", is::bare) &&
         challenges(" Negotiate , ", is::bare) && challenges("Negotiate YA0GBisGAQUFAqADMAE=", is::token) &&
         challenges("", is::absent) && challenges(",  ,", is::absent) && challenges("Basic realm=\"a\"", is::absent) &&
         challenges("Basic", is::absent) && challenges("NTLM TlRMTVNTUAAC", is::absent);
});
KERB_BOTH("negotiate: WWW-Authenticate with several challenges", "[format][rfc9110-11.6.1]", [] {
  // The RFC's example, and Negotiate at each place of it
  return challenges("Basic realm=\"simple\", Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\"",
                    is::absent) &&
         challenges("Negotiate, Basic realm=\"simple\", Newauth realm=\"apps\", type=1", is::bare) &&
         challenges("Basic realm=\"simple\", Negotiate, Newauth realm=\"apps\", type=1", is::bare) &&
         challenges("Basic realm=\"simple\", Newauth realm = \"apps\" , type = 1, Negotiate", is::bare) &&
         challenges("Basic realm=\"simple\",Negotiate YA0GBisGAQUFAqADMAE=,NTLM", is::token) &&
         challenges(",, Negotiate YA0GBisGAQUFAqADMAE= , ,Basic realm=\"\"", is::token) &&
         challenges("Negotiate, NTLM, Negotiate", is::bare) &&
         challenges("NTLM, Digest a=b, c=\"\", Negotiate", is::bare) &&
         challenges("X abc==, Negotiate YA0GBisGAQUFAqADMAE=", is::token) && challenges("X a,Y b=,Negotiate", is::bare);
});
KERB_BOTH("negotiate: what is quoted in another challenge is no challenge", "[format][rfc9110-5.6.4]", [] {
  return challenges("Basic realm=\"x, Negotiate YA0GBisGAQUFAqADMAE=\"", is::absent) &&
         challenges("Basic realm=\"x\\\", Negotiate YA0GBisGAQUFAqADMAE=\"", is::absent) &&
         challenges("Basic realm=\"\\\\\", Negotiate YA0GBisGAQUFAqADMAE=", is::token) &&
         challenges("Basic realm=\"x\", Negotiate=\"YA0=\"", is::absent) &&
         challenges("Basic realm=\"x\", negotiate = y", is::absent);
});
KERB_BOTH("negotiate: a list that can be read in two ways is refused", "[format][rfc9110-11.6.1]", [] {
  return challenges("Negotiate YA0=, Negotiate YA0=", is::fault, 16) &&
         challenges("Negotiate, Negotiate YA0=", is::fault, 11) &&
         challenges("Negotiate YA0=, Basic, Negotiate", is::fault, 23) &&
         challenges("Negotiate realm=\"x\"", is::fault, 10) && challenges("Negotiate, realm=\"x\"", is::fault, 11) &&
         challenges("Negotiate YA0=, realm=\"x\"", is::fault, 16) &&
         challenges("realm=\"x\", Negotiate", is::fault, 0) && challenges("NTLM abcd, realm=\"x\"", is::fault, 11);
});
KERB_BOTH("negotiate: what is no list of challenges is refused", "[format][rfc9110-11.3]", [] {
  return challenges("Negotiate YA0= YA0=", is::fault, 10) && challenges("Negotiate;YA0=", is::fault, 9) &&
         challenges("Basic realm=\"x", is::fault, 14) && challenges("Basic realm=\"x\\", is::fault, 15) &&
         challenges("Basic realm=", is::absent) && challenges("Basic a=b c=d", is::fault, 10) &&
         challenges("Basic \"x\"", is::fault, 6) && challenges("Basic realm=\"x\ny\"", is::fault, 14) &&
         challenges("Basic a=\"b\"c", is::fault, 11) && challenges("Basic a b", is::fault, 8) &&
         challenges("Basic, a=", is::fault, 9) && challenges("@", is::fault, 0) &&
         challenges("Basic\tx", is::fault, 6) && challenges("Negotiate\r\n", is::fault, 9);
});

constexpr bool limits() {
  std::array<std::uint8_t, 32> out{};
  const std::string_view value = "Negotiate YA0GBisGAQUFAqADMAE=";
  const auto at_limit = read_authorization(value, out, init.size()),
             over = read_authorization(value, out, init.size() - 1);
  const auto list = read_www_authenticate(value, out, init.size() - 1);
  const auto no_space = read_authorization(value, std::span(out).first(init.size() - 1));
  return at_limit && !over && over.error().code == errc::token_too_long && over.error().detail == init.size() &&
         over.error().offset == 10 && !list && list.error().code == errc::token_too_long && !no_space &&
         no_space.error().code == errc::no_space && no_space.error().detail == init.size();
}
KERB_BOTH("negotiate: a token is bounded, and a buffer that is too small gets the exact size", "[format]", limits);

TEST_CASE("negotiate: the default limit is 64 KiB of token", "[format]") {
  std::vector<std::uint8_t> out(70000);
  const auto value = [](std::size_t octets) {
    std::vector<std::uint8_t> big(octets, 0x60);
    std::string v(negotiate_size(octets), ' ');
    REQUIRE(write_negotiate(big, std::span(v)));
    return v;
  };
  const auto most = read_authorization(value(65536), out);
  REQUIRE(most);
  REQUIRE(most->token->size() == 65536);
  CHECK(read_authorization(value(65537), out).error().code == errc::token_too_long);
  CHECK(read_www_authenticate(value(65537), out).error().code == errc::token_too_long);
}

TEST_CASE("negotiate: a token is decoded where its field begins, without allocation", "[format]") {
  for (const bool list : {false, true}) {
    std::string value = "Negotiate YA0GBisGAQUFAqADMAE=";
    const auto place = std::span(reinterpret_cast<std::uint8_t*>(value.data()), value.size());
    const auto f = [&] {
      kerb_test::no_allocations block;
      return list ? read_www_authenticate(value, place) : read_authorization(value, place);
    }();
    REQUIRE(f);
    REQUIRE(f->token);
    CHECK(*f->token == bytes_view(init));
    CHECK(f->token->data() == place.data());
  }
}

constexpr bool writes() {
  std::array<char, 40> out{};
  std::array<std::uint8_t, 40> octets{};
  const auto w = write_negotiate(init, out);
  const auto bare = write_negotiate(bytes_view(), out);
  const auto no_space = write_negotiate(init, std::span(out).first(29));
  const auto not_even_base64 = write_negotiate(init, std::span(out).first(3));
  const auto no_bare = write_negotiate(bytes_view(), std::span(out).first(8));
  for (std::size_t i = 0; i != init.size(); ++i) octets[40 - init.size() + i] = init[i];
  const auto in_place = write_negotiate(bytes_view(octets).last(init.size()), octets);
  const kerberos_string written{in_place ? *in_place : bytes_view()};
  return bare && *bare == "Negotiate" && negotiate_size(0) == 9 && negotiate_size(init.size()) == 30 && !no_space &&
         no_space.error().code == errc::no_space && no_space.error().detail == 30 && !not_even_base64 &&
         not_even_base64.error().detail == 30 && !no_bare && no_bare.error().detail == 9 && w && w->size() == 30 &&
         w->data() + 30 == out.data() + 40 && written == std::string_view("Negotiate YA0GBisGAQUFAqADMAE=") &&
         in_place->end() == octets.data() + 40;
}
KERB_BOTH("negotiate: a field is written at the end of a buffer, and in place", "[format][rfc4559-4.1]", writes);

KERB_BOTH("negotiate: the kind of a token is seen in its text too", "[format][rfc4559-4]", [] {
  std::array<char, 120> out{};
  std::array<std::uint8_t, 80> krb5{};
  constexpr auto begin = "60 4e 06 09 2a 86 48 86 f7 12 01 02 02 01 00"_hex;
  for (std::size_t i = 0; i != begin.size(); ++i) krb5[i] = begin[i];
  return kind_of_base64_token(text) == token_kind::spnego &&
         kind_of_base64_token("TlRMTVNTUAABAAAAt4II4gAAAAAAAAAAAAAAAAAAAAA=") == token_kind::ntlm &&
         kind_of_base64_token("TlRMTVNTUAA=") == token_kind::ntlm &&
         kind_of_base64_token("TlRMTVNT") == token_kind::unknown &&
         kind_of_base64_token("oYG3MIG0") == token_kind::spnego &&
         kind_of_base64_token(*encode_base64(krb5, out)) == token_kind::krb5 &&
         kind_of_base64_token("") == token_kind::unknown && kind_of_base64_token("!") == token_kind::unknown;
});

KERB_BOTH("negotiate: the characters of a token and of a token68 are the RFC's", "[format][rfc9110-5.6.2]", [] {
  constexpr std::string_view alnum = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
                             in_token = "!#$%&'*+-.^_`|~", in_token68 = "-._~+/";
  const auto in = [](std::string_view set, char c) { return set.find(c) != std::string_view::npos; };
  for (int i = 0; i != 256; ++i) {
    const char c = static_cast<char>(i);
    if (detail::is_http_token(c) != (in(alnum, c) || in(in_token, c))) return false;
    if (detail::is_http_token68(c) != (in(alnum, c) || in(in_token68, c))) return false;
  }
  return true;
});

KERB_BOTH("negotiate: a quoted string has tabs, and no other control character", "[format][rfc9110-5.6.4]", [] {
  return challenges("Basic realm=\"x\ty\", Negotiate", is::bare) &&
         challenges("Basic realm=\"x\x7fy\"", is::fault, 14) && challenges("Basic realm=\"x\x1fy\"", is::fault, 14);
});

KERB_BOTH("negotiate: a parameter of another scheme has a name", "[format][rfc9110-11.2]",
          [] { return challenges("Basic a=b, =x", is::fault, 11); });

TEST_CASE("negotiate: a value of 4 GiB is refused before any of it is read", "[format]") {
  if constexpr (sizeof(std::size_t) > 4) {
    const std::size_t most = 0xffffffffu;
    const char one = '@';
    const std::uint8_t octet = 0;
    std::array<std::uint8_t, 16> out{};
    CHECK(read_authorization(std::string_view(&one, most + 1), out).error().code == errc::input_too_large);
    CHECK(read_authorization(std::string_view(&one, most), out).error().code == errc::bad_http_field);
    CHECK(read_www_authenticate(std::string_view(&one, most + 1), out).error().code == errc::input_too_large);
    CHECK(read_www_authenticate(std::string_view(&one, most), out).error().code == errc::bad_http_field);
    CHECK(write_negotiate(bytes_view(&octet, most), out).error().code == errc::input_too_large);
  }
}

KERB_BOTH("negotiate: a field in octets gets the exact size too", "[format]", [] {
  std::array<std::uint8_t, 29> out{};
  const auto w = write_negotiate(init, out);
  return !w && w.error().code == errc::no_space && w.error().detail == 30;
});

KERB_BOTH("negotiate: a value that does not fit leaves the buffer unchanged", "[format]", [] {
  std::array<std::uint8_t, 16> octets{};  // a token of 6 octets: its text has 8, the value 18
  for (std::size_t i = 0; i != 6; ++i) octets[10 + i] = static_cast<std::uint8_t>(0x60 + i);
  const auto before = octets;
  const auto in_place = write_negotiate(bytes_view(octets).last(6), octets);
  return !in_place && in_place.error().code == errc::no_space && in_place.error().detail == 18 && octets == before;
});

}  // namespace
