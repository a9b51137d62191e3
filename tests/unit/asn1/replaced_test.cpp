// One field replaced in an encoding, without a copy of the rest.
#include <kerb/asn1/replaced.hpp>
#include <kerb/msg/safe.hpp>
#include <vector>

#include "support/alloc_count.hpp"
#include "unit/asn1/small.hpp"
#include "unit/msg/walk.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

/// Whether the pieces make exactly `wanted`.
template <std::size_t N>
constexpr bool makes(const asn1::replaced<N>& r, bytes_view wanted) {
  std::size_t at = 0;
  for (const bytes_view piece : r.pieces()) {
    if (piece.size() > wanted.size() - at || !(piece == wanted.subview(at, piece.size()))) return false;
    at += piece.size();
  }
  return at == wanted.size() && r.size() == at;
}
/// Replaces, and compares with the encoding of the changed value.
template <auto Member, class T, class V>
constexpr bool agrees(const T& before, const V& v) {
  std::array<std::uint8_t, 128> a{}, b{};
  T changed = before;
  changed.*Member = v;
  const auto old = asn1::encode(before, a), wanted = asn1::encode(changed, b);
  const auto r = asn1::with_replaced<Member>(*old, v);
  return r && makes(*r, *wanted);
}

constexpr std::uint8_t octets[] = {1, 2, 3};

constexpr bool every_place() {
  const Small s{5, 6, octets}, without{5, {}, octets};
  return agrees<&Small::a>(s, 300) && agrees<&Small::a>(without, -1) &&
         agrees<&Small::b>(s, std::optional<std::uint32_t>(70000)) && agrees<&Small::c>(s, bytes_view{}) &&
         agrees<&Small::c>(without, bytes_view(octets)) && agrees<&Tagged::small>(Tagged{s}, without);
}
KERB_BOTH("replaced: the first field, one between and the last one", "[asn1]", every_place);

constexpr bool optional_fields() {
  using number = std::optional<std::uint32_t>;
  return agrees<&Small::b>(Small{5, {}, octets}, number(6)) && agrees<&Small::b>(Small{5, 6, octets}, number()) &&
         agrees<&Small::b>(Small{5, {}, octets}, number()) &&
         agrees<&Options::first>(Options{}, std::optional<std::int32_t>(1)) &&
         agrees<&Options::last>(Options{}, std::optional<std::int32_t>(1)) &&
         agrees<&Options::last>(Options{1, 2}, std::optional<std::int32_t>());
}
KERB_BOTH("replaced: an OPTIONAL is put in where it belongs, and taken out", "[asn1]", optional_fields);

constexpr bool tagged_otherwise() {
  const Extensible e{1, Options{2, {}}, {}, {}};
  return agrees<&Extensible::number>(e, -300) && agrees<&Extensible::options>(e, std::optional<Options>()) &&
         agrees<&Extensible::options>(Extensible{1, {}, Closed{Options{}}, {}}, std::optional(Options{7, 8}));
}
KERB_BOTH("replaced: an IMPLICIT field keeps its tag", "[asn1]", tagged_otherwise);

constexpr bool what_is_not_known_stays() {
  // [3] NULL is no field of Extensible's
  constexpr auto in = "3009 800101 a304 0402aabb"_hex;
  constexpr auto wanted = "300a 80020100 a304 0402aabb"_hex;
  const auto r = asn1::with_replaced<&Extensible::number>(in, 256);
  return r && makes(*r, wanted);
}
KERB_BOTH("replaced: fields that nobody knows stay", "[asn1]", what_is_not_known_stays);

constexpr bool another_application_number() {
  constexpr auto in = "6612 3010 a00e 300c a003020105 a303020107 a400"_hex;  // not even a well-formed Small
  constexpr auto wanted = "6614 3012 a010 300e a003020105 a303020107 a4020400"_hex;
  const auto r = asn1::with_replaced<&Tagged::small>(in, Small{5, {}, {}});
  return r && makes(*r, wanted);
}
KERB_BOTH("replaced: the number of an APPLICATION stays what it was", "[asn1]", another_application_number);

constexpr bool rest_is_not_copied() {
  const auto r = asn1::with_replaced<&Small::b>(small_with_b, std::optional<std::uint32_t>(9));
  if (!r) return false;
  const auto p = r->pieces();
  const std::uint8_t* const from = small_with_b.data();
  return p[1].data() == from + 2 && p[1].size() == 5 && p[3].data() == from + 12 && p[3].size() == 11;
}
KERB_BOTH("replaced: what stands around the field are the sender's octets", "[asn1]", rest_is_not_copied);

template <class T>
concept gives_pieces = requires(T&& t) {
  static_cast<T&&>(t).pieces();
};
static_assert(gives_pieces<const asn1::replaced<64>&> && !gives_pieces<asn1::replaced<64>>);
static_assert(std::convertible_to<const std::array<bytes_view, 4>&, view_of<bytes_view>>);

// KRB-SAFE: what its checksum covers
constexpr bool checksum_cleared() {
  const bytes_view full = reference("KRB-SAFE: safe");
  auto s = kerb_test::must(asn1::decode<msg::KrbSafe>(full, der::strict));
  const auto r = asn1::with_replaced<&msg::KrbSafe::cksum>(full, {});
  s.cksum = {};
  std::array<std::uint8_t, 256> buffer{};
  const auto wanted = asn1::encode(s, buffer);
  constexpr auto cleared = "a30b3009a003020100a1020400"_hex;
  if (!r || !makes(*r, *wanted) || !(r->pieces()[2] == bytes_view(cleared))) return false;
  // And back again
  const auto again =
      asn1::with_replaced<&msg::KrbSafe::cksum>(*wanted, kerb_test::must(asn1::decode<msg::KrbSafe>(full)).cksum);
  return again && makes(*again, full);
}
KERB_BOTH("replaced: a KRB-SAFE without its checksum, and with it again", "[asn1][rfc4120-5.6.1]", checksum_cleared);

// ---- lengths

TEST_CASE("replaced: headers grow and shrink with what they enclose", "[asn1]") {
  // The SEQUENCE crosses a length's every form, and the application's header around it follows
  std::vector<std::uint8_t> data(66000, 0x5a), a(67000), b(67000);
  msg::KrbSafeBody body;
  body.s_address = {addr_t::ipv4, bytes_view(octets)};
  std::vector<std::size_t> sizes;
  for (const std::size_t about : {std::size_t{128}, std::size_t{256}, std::size_t{65536}})
    for (std::size_t n = about - 70; n != about + 10; ++n) sizes.push_back(n);
  bool crossed[3] = {};
  for (const std::size_t n : sizes) {
    body.user_data = bytes_view(data).first(n);
    for (const std::size_t mac : {std::size_t{0}, std::size_t{12}, std::size_t{32}}) {
      const msg::KrbSafe with{captured<msg::KrbSafeBody>::of(body),
                              {cksum_t::hmac_sha1_96_aes256, bytes_view(data).first(mac)}};
      const msg::KrbSafe cleared{captured<msg::KrbSafeBody>::of(body), {}};
      const bytes_view whole = kerb_test::must(asn1::encode(with, a)),
                       without = kerb_test::must(asn1::encode(cleared, b));
      const auto out = asn1::with_replaced<&msg::KrbSafe::cksum>(whole, {});
      REQUIRE(out);
      REQUIRE(makes(*out, without));
      const auto in = asn1::with_replaced<&msg::KrbSafe::cksum>(without, with.cksum);
      REQUIRE(in);
      REQUIRE(makes(*in, whole));
      for (int i = 0; i != 3; ++i) {
        const std::size_t limit[] = {0x80, 0x100, 0x10000};
        crossed[i] = crossed[i] || (whole.size() >= limit[i] + 8 && without.size() < limit[i]);
      }
    }
  }
  CHECK((crossed[0] && crossed[1] && crossed[2]));
}

constexpr bool length_at_the_edge() {
  // 127 octets of contents become 128 and back
  std::array<std::uint8_t, 118> c{};
  const Small less{5, {}, bytes_view(c).first(113)}, more{300, {}, bytes_view(c).first(113)};
  std::array<std::uint8_t, 160> a{}, b{};
  const auto x = asn1::encode(less, a), y = asn1::encode(more, b);
  if (x->size() != 129 || y->size() != 131) return false;
  const auto up = asn1::with_replaced<&Small::a>(*x, 300), down = asn1::with_replaced<&Small::a>(*y, 5);
  return up && down && makes(*up, *y) && makes(*down, *x);
}
KERB_BOTH("replaced: a length crosses 127 in both directions", "[asn1]", length_at_the_edge);

// ---- failures

template <auto Member, std::size_t Scratch, class V>
constexpr bool refused(bytes_view in, const V& v, errc code, std::uint32_t detail = 0, std::string_view field = "") {
  const auto r = asn1::with_replaced<Member, Scratch>(in, v);
  return !r && r.error().code == code && r.error().detail == detail && field == r.error().field;
}
constexpr bool scratch_too_small() {
  // c: a4 05 04 03 and three octets; headers of two octets
  return refused<&Small::c, 8>(small_with_b, bytes_view(octets), errc::no_space, 9) &&
         refused<&Small::c, 0>(small_with_b, bytes_view(octets), errc::no_space, 9) &&
         asn1::with_replaced<&Small::c, 9>(small_with_b, bytes_view(octets)).has_value();
}
KERB_BOTH("replaced: too little scratch is named with what will do", "[asn1]", scratch_too_small);

constexpr bool outline_is_checked() {
  const bytes_view good = small_with_b;
  for (std::size_t n = 0; n != good.size(); ++n)
    if (!refused<&Small::c, 64>(good.first(n), bytes_view(octets), errc::truncated)) return false;
  constexpr auto behind = "3010a003020105a303020107a4040402aabb00"_hex;
  constexpr auto no_a = "300ba303020107a4040402aabb"_hex, no_k = "300ba003020105a4040402aabb"_hex;
  constexpr auto no_c = "300aa003020105a303020107"_hex;
  constexpr auto other = "3110a003020105a303020107a4040402aabb"_hex;
  constexpr auto longer = "60023000"_hex;
  return refused<&Small::c, 64>(behind, bytes_view(octets), errc::trailing_data) &&
         refused<&Small::c, 64>(no_a, bytes_view(octets), errc::missing_field, 0, "a") &&
         refused<&Small::c, 64>(no_k, bytes_view(octets), errc::missing_field, 0, "k") &&
         refused<&Small::c, 64>(no_c, bytes_view(octets), errc::missing_field, 0, "c") &&
         refused<&Small::c, 64>(other, bytes_view(octets), errc::unexpected_tag) &&
         refused<&Tagged::small, 64>(longer, Small{}, errc::unexpected_tag);
}
KERB_BOTH("replaced: what is not such an encoding is refused", "[asn1]", outline_is_checked);

constexpr bool trailing_inside_the_application() {
  constexpr auto in = "6514 3010 a00e 300c a003020105 a303020107 a400 0500"_hex;
  return refused<&Tagged::small, 64>(in, Small{}, errc::trailing_data);
}
KERB_BOTH("replaced: octets behind the SEQUENCE in its application tag are refused", "[asn1]",
          trailing_inside_the_application);

TEST_CASE("replaced: allocates nothing", "[asn1]") {
  bool good = false;
  {
    no_allocations guard;
    good = asn1::with_replaced<&Small::c>(small_with_b, bytes_view(octets)).has_value();
  }
  CHECK(good);
}

}  // namespace
