// Tokens that arrive in fragments (MS-SPNG section 3.1.5.9).
#include <kerb/gss/fragments.hpp>
#include <vector>

#include "support/both.hpp"
#include "support/negotiate_world.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using octet_list = std::vector<std::uint8_t>;
constexpr auto resp = "a1073005a0030a0101"_hex;  // a NegTokenResp: accept-incomplete

TEST_CASE("token_fragments: a token of SPNEGO in two or three fragments is whole in the end, and establishes a context",
          "[gss][ms-spng-3.1.5.9]") {
  negotiate_world w;
  const auto c = w.credential();
  negotiate_world::initiator i(w.initiator_params(c));
  const auto s = i.start(w.turn());
  const bytes_view token = negotiate_world::must_be<send>(s).octets;
  for (const std::size_t first : {std::size_t{5}, std::size_t{100}, token.size() - 1}) {
    std::array<std::uint8_t, 4096> buffer{};
    gss::token_fragments in(buffer);
    const std::size_t second = (token.size() - first + 1) / 2;
    CHECK(must(in.add(token.first(first))).empty());
    CHECK(in.pending() == first);
    bytes_view whole = must(in.add(token.subview(first, second)));
    if (first + second != token.size()) {
      CHECK(whole.empty());
      whole = must(in.add(token.subview(first + second)));
    }
    CHECK(whole == token);
    CHECK(in.pending() == 0);
    negotiate_world::acceptor a(w.acceptor_params());
    CHECK(is<reply>(w.take(a, whole)));
  }
}
constexpr bool one_after_another() {
  std::array<std::uint8_t, 16> buffer{};
  gss::token_fragments in(buffer);
  for (int round = 0; round != 2; ++round) {
    const auto whole = in.add(resp);
    if (!whole || whole->data() != bytes_view(resp).data() || in.pending() != 0) return false;
    for (std::size_t n = 2; n != resp.size(); ++n) {
      const auto none = in.add(bytes_view(resp).first(n));
      if (!none || !none->empty() || in.pending() != n) return false;
      const auto rest = in.add(bytes_view(resp).subview(n));
      if (!rest || !(*rest == bytes_view(resp))) return false;
    }
  }
  return true;
}
KERB_BOTH("token_fragments: collects one token after another, and does not copy a whole one", "[gss][ms-spng-3.1.5.9]",
          one_after_another);

constexpr bool other_kinds() {
  constexpr auto ntlm = "4e544c4d5353500001000000"_hex;
  constexpr auto ap_req = "6e03020105"_hex;
  std::array<std::uint8_t, 16> buffer{};
  gss::token_fragments in(buffer);
  const auto first = in.add(ntlm), second = in.add(ap_req);
  return first && *first == bytes_view(ntlm) && second && *second == bytes_view(ap_req) &&
         in.add(bytes_view(ap_req).first(3)).has_value() && in.pending() == 3;
}
KERB_BOTH("token_fragments: a token of NTLM is whole as it comes", "[gss][ms-spng-3.1.5.9]", other_kinds);

constexpr bool bounds() {
  std::array<std::uint8_t, 16> buffer{};
  const auto refused = [&](bytes_view first, bytes_view second, std::size_t n = 16) {
    gss::token_fragments in{std::span<std::uint8_t>(buffer).first(n)};
    const auto a = in.add(first);
    if (!a) return a.error();
    const auto b = in.add(second);
    // After an error the next token begins anew
    if (!b && (in.pending() != 0 || !in.add(resp))) return error{.code = errc::api_misuse};
    return b.error();
  };
  const bytes_view all(resp);
  constexpr auto huge = "60 84 00011170 06"_hex;
  constexpr auto indefinite = "6080 0609"_hex;
  constexpr auto long_length = "60 85 00000000 01"_hex;
  constexpr auto four_gigaoctets = "60 84 ffffffff 06"_hex;
  constexpr auto half_header = "6084 0001"_hex;
  constexpr auto more = "a107 3005a0030a010100"_hex;
  const error too_small = refused(huge, {});
  return too_small.code == errc::no_space && too_small.detail == 0x11170 + 6 &&
         refused(all.first(5), all.subview(5), 8).code == errc::no_space &&
         refused(all.first(5), all.subview(5), 9).code == errc::ok && refused({}, {}).code == errc::truncated &&
         refused(all.first(1), {}).code == errc::truncated && refused(half_header, {}).code == errc::truncated &&
         refused(all.first(5), {}).code == errc::truncated &&
         refused(indefinite, {}).code == errc::non_minimal_length &&
         refused(long_length, {}).code == errc::non_minimal_length &&
         refused(four_gigaoctets, {}).code == errc::input_too_large && refused(more, {}).code == errc::trailing_data &&
         refused(all.first(5), all).code == errc::trailing_data;
}
KERB_BOTH("token_fragments: no token is larger than the buffer, and none goes on after its end",
          "[gss][ms-spng-3.1.5.9]", bounds);

TEST_CASE("token_fragments: whatever comes, what it returns is what has arrived", "[gss][ms-spng-3.1.5.9]") {
  // Each first octet, and each length of one octet
  for (unsigned tag = 0; tag != 256; ++tag) {
    for (unsigned length = 0; length != 256; ++length) {
      std::array<std::uint8_t, 64> buffer{};
      gss::token_fragments in(buffer);
      octet_list arrived;
      bool whole = false;
      for (std::uint8_t n = 0; n != 40 && !whole; ++n) {
        octet_list piece{n, static_cast<std::uint8_t>(n + 1)};
        if (n == 0) piece = {static_cast<std::uint8_t>(tag), static_cast<std::uint8_t>(length)};
        const auto got = in.add(piece);
        arrived.insert(arrived.end(), piece.begin(), piece.end());
        if (!got) break;
        whole = !got->empty();
        if (whole) CHECK(octet_list(got->begin(), got->end()) == arrived);
        else CHECK(in.pending() == arrived.size());
      }
    }
  }
}

}  // namespace
