// Four and a half thousand malformed encodings, each with the verdict that strict rules must give.
#include <string>
#include <vector>

#include "support/both.hpp"
#include "unit/msg/kinds.hpp"

using namespace kerb;

namespace {

enum class verdict { d, v, a };  // not DER, a value that is not allowed, right
struct row {
  const char *type, *reference, *category;
  verdict wanted;
  unsigned front, back;
  const char* between;
};
constexpr row rows[] = {
#define KERB_REFERENCE(type, octets) {type, octets, nullptr, verdict::a, 0, 0, nullptr},
#define KERB_CATEGORY(name) {nullptr, nullptr, name, verdict::a, 0, 0, nullptr},
#define KERB_BAD(wanted, front, back, between) {nullptr, nullptr, nullptr, verdict::wanted, front, back, between},
#include "vectors/der_bad.inc"
};

std::vector<std::uint8_t> from_hex(std::string_view text) {
  std::vector<std::uint8_t> out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out.push_back(
        static_cast<std::uint8_t>(kerb::detail::hex_digit(text[i]) << 4 | kerb::detail::hex_digit(text[i + 1])));
  }
  return out;
}
std::string to_hex(bytes_view octets) {
  std::string out;
  for (std::uint8_t b : octets) {
    out += "0123456789abcdef"[b >> 4];
    out += "0123456789abcdef"[b & 15];
  }
  return out;
}

TEST_CASE("decode: malformed encodings are refused and good ones taken, as the list says", "[msg][security]") {
  std::string type, category;
  std::vector<std::uint8_t> reference;
  int judged = 0, number = 0, short_flags = 0, empty_lists = 0, extensions = 0, realms = 0;
  for (const row& r : rows) {
    if (r.type != nullptr) {
      type = r.type;
      reference = from_hex(r.reference);
      continue;
    }
    if (r.category != nullptr) {
      category = r.category;
      number = 0;
      continue;
    }
    ++judged;
    ++number;
    const auto between = from_hex(r.between);
    std::vector<std::uint8_t> in(reference.begin(), reference.begin() + r.front);
    in.insert(in.end(), between.begin(), between.end());
    in.insert(in.end(), reference.end() - r.back, reference.end());
    INFO(type << ", " << category << ", number " << number << ": " << to_hex(in));
    const bool known = kerb_test::with_kind(type, [&]<class T>(kerb_test::kind<T> k) {
      const auto got = kerb_test::decode_kind(k, in, der::strict);
      const auto lenient = kerb_test::decode_kind(k, in, der::as_deployed);
      INFO(name_of(got.error().code) << " " << got.error().type << " " << got.error().field << " "
                                     << got.error().offset);
      CHECK((!got || lenient));  // a tolerance never refuses what strict rules take
      if (r.wanted == verdict::a && got.error().code == errc::bad_flags && lenient) {
        // right as a BIT STRING; RFC 4120 section 5.2.8 makes a KerberosFlags 32 bits at least
        ++short_flags;
        return;
      }
      if (category == "empty list" && got.error().code == errc::empty_sequence) {
        // right as a SEQUENCE OF; RFC 4120 section 5.2.7.5 gives ETYPE-INFO2 one entry at least, RFC 9588 the factors
        ++empty_lists;
        return;
      }
      if (category == "unknown field" && got && (type == "KrbFastResponse" || type == "PA-SPAKE")) {
        // RFC 6113 and RFC 9588 end these SEQUENCEs in `...`: a field behind the last one is of a later version
        ++extensions;
        return;
      }
      if (category == "string value" && got.error().code == errc::bad_realm && !lenient) {
        // right as a GeneralString; RFC 4120 section 5.2.2 lets no realm hold the octet 0
        ++realms;
        return;
      }
      CHECK(got.has_value() == (r.wanted == verdict::a));
    });
    CHECK(known);
  }
  CHECK(judged > 4500);
  CHECK(short_flags == 25);
  CHECK(empty_lists == 2);
  CHECK(extensions == 6);
  CHECK(realms == 16);
}

}  // namespace
