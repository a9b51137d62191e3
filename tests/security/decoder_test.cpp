// Published flaws of decoders, each under its number: the octets, and the error that they must end in.
#include <kerb/asn1/describe.hpp>
#include <kerb/messages.hpp>

#include <vector>

#include "support/both.hpp"
#include "unit/asn1/shown.hpp"

using namespace kerb;
using namespace kerb::literals;

namespace {

/// The error of each type that a peer can send first; ok if any of them decodes.
constexpr std::array<error, 9> errors_of(bytes_view in) {
  return {asn1::decode<msg::AsReq>(in).error(),
          asn1::decode<msg::TgsReq>(in).error(),
          asn1::decode<msg::ApReq>(in).error(),
          asn1::decode<msg::AsRep>(in).error(),
          asn1::decode<msg::KrbError>(in).error(),
          asn1::decode<msg::KrbPriv>(in).error(),
          asn1::decode<msg::KrbCred>(in).error(),
          asn1::decode<msg::NegotiationToken>(in).error(),
          read_gss_token(in).error()};
}
/// Whether every type refuses these octets, and one of them for this reason.
constexpr bool refused(bytes_view in, errc why) {
  bool found = false;
  for (const error& e : errors_of(in)) {
    if (e.code == errc::ok || e.offset > in.size()) return false;
    found = found || e.code == why;
  }
  return found;
}

TEST_CASE("CVE-2020-28196: indefinite lengths in each other are refused at the first one", "[security][der]") {
  for (const std::uint8_t tag : "30606a6b6c6e75767ea0"_hex) {
    for (const std::size_t levels : {1u, 2u, 32u, 33u, 10000u, 1000000u}) {
      std::vector<std::uint8_t> in;
      for (std::size_t i = 0; i != levels; ++i) in.insert(in.end(), {tag, 0x80});
      for (const bool closed : {false, true}) {
        if (closed) in.insert(in.end(), 2 * levels, 0);
        for (const error& e : errors_of(in)) {
          // The first length is read if the tag is the right one, and nothing else is
          CHECK((e.code == errc::non_minimal_length || e.code == errc::unexpected_tag));
          CHECK(e.offset <= 1);
        }
        kerb_test::shown seen;
        CHECK(asn1::describe<msg::AsReq>(in, seen).code != errc::ok);
        CHECK(seen.size <= 1);
      }
    }
  }
  // In a definite length too, and in the place of any field
  std::vector<std::uint8_t> in{0x6a, 0x82, 0x40, 0x00};
  while (in.size() != 4 + 0x4000) in.insert(in.end(), {0x30, 0x80});
  CHECK(refused(in, errc::non_minimal_length));
}

template <std::size_t N>
constexpr bool refused(const std::array<std::uint8_t, N>& in, errc why) {
  return refused(bytes_view(in), why);
}

KERB_BOTH("MITKRB5-SA-2004-003: an indefinite length without an end, or with one, is refused", "[security][der]", [] {
  constexpr errc indefinite = errc::non_minimal_length;
  return refused("6a80 3080 00"_hex, indefinite) && refused("6a80 3080 0000"_hex, indefinite) &&
         refused("6a80 3080 0000 0000"_hex, indefinite) && refused("6a06 3004 a180 0000"_hex, indefinite) &&
         refused("6a0b 3009 a107 0280 05 0000 0000"_hex, indefinite);
})

KERB_BOTH("CVE-2009-0847: a length beyond the input, or near the largest number, is refused", "[security][der]", [] {
  constexpr errc cut = errc::truncated, too_long = errc::non_minimal_length;  // no input needs five octets of length
  return refused("6a05 30"_hex, cut) && refused("6a84ffffffff 30"_hex, cut) && refused("6a84fffffffa 30"_hex, cut) &&
         refused("6a88ffffffffffffffff 30"_hex, too_long) && refused("6a88fffffffffffffff6 30"_hex, too_long) &&
         refused("6a850100000001 30"_hex, too_long) && refused("6aff"_hex, too_long) && refused("6a"_hex, cut) &&
         refused("6a05 3084ffffff"_hex, cut) && refused("6a08 3006 a184fffffff0"_hex, cut);
})

/// Whether a CHOICE refuses an empty input, each of these tags with a body cut short, two alternatives, and, unless it
/// keeps them, a tag that it does not have.
template <class T>
constexpr bool choice_refuses(bytes_view tags, bool keeps_unknown) {
  if (asn1::decode<T>(bytes_view()).error().code != errc::truncated) return false;
  for (const std::uint8_t tag : tags) {
    const std::array<std::uint8_t, 2> empty{tag, 0};
    const std::array<std::uint8_t, 4> cut{tag, 2, 0x30, 5}, wrong{tag, 2, 0x05, 0}, beyond{tag, 5, 0x30, 0};
    for (const bytes_view in : {bytes_view(empty), bytes_view(cut), bytes_view(wrong), bytes_view(beyond)})
      if (!is_malformed(asn1::decode<T>(in).error().code)) return false;
  }
  const auto unknown = "be00"_hex;
  const auto twice = "be00be00"_hex;
  return asn1::decode<T>(unknown).has_value() == keeps_unknown && !asn1::decode<T>(twice).has_value();
}
KERB_BOTH(
    "CVE-2022-44640: an alternative of a CHOICE that is empty, malformed, doubled or unknown leaves nothing behind",
    "[security][asn1]", [] {
      constexpr std::uint8_t tags[] = {0xa0, 0xa1, 0xa2, 0xa3};
      const bytes_view all(tags);
      return choice_refuses<msg::PaFxFastRequest>(all.first(1), true) &&
             choice_refuses<msg::PaFxFastReply>(all.first(1), true) &&
             choice_refuses<msg::NegotiationToken>(all.first(2), false) && choice_refuses<msg::PaSpake>(all, true) &&
             choice_refuses<msg::PaPkAsRep>(all.first(1), true);
    })

}  // namespace
