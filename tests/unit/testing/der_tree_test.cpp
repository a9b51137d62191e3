// A message as a tree: every change keeps the lengths around it, and stays in the buffer.
#include <kerb/core/hex.hpp>
#include <kerb/testing/der_tree.hpp>

#include "support/both.hpp"

using namespace kerb;
using namespace kerb::literals;
using testing::der_tree;

namespace {

constexpr auto two_fields = "300a a003020105 a1030401ff"_hex;

template <std::size_t N, std::size_t M>
constexpr std::array<std::uint8_t, N> in_buffer(const std::array<std::uint8_t, M>& from) {
  std::array<std::uint8_t, N> a{};
  for (std::size_t i = 0; i != M; ++i) a[i] = from[i];
  return a;
}

template <std::size_t N>
constexpr bool same(bytes_view a, const std::array<std::uint8_t, N>& b) {
  return a == bytes_view(b);
}
constexpr auto two_octets = "00ff"_hex, zeros = "0000"_hex;
constexpr auto long_length = "820009"_hex;

constexpr bool parts() {
  auto b = in_buffer<64>("300e 020105 0405 3003020107 a002 0500"_hex);
  der_tree t(b, 16);
  t.add_all();
  // the SEQUENCE, its INTEGER, the OCTET STRING, and in it a SEQUENCE and an INTEGER, then [0] and NULL
  if (t.count() != 7 || t[0].parent != -1 || t[1].parent != 0 || t[2].parent != 0) return false;
  if (t[2].holds != asn1::content::nested || t[3].parent != 2 || t[4].parent != 3 || t[5].parent != 0) return false;
  return t[4].depth == 3 && t[1].is_leaf && !t[2].is_leaf && t.contents(4)[0] == 7 && same(t.whole(1), "020105"_hex);
}
KERB_BOTH("tree: TLVs, and those in an OCTET STRING that is an encoding, are parts", "[testing]", parts);

constexpr bool changes() {
  auto b = in_buffer<300>(two_fields);
  der_tree t(b, two_fields.size());
  t.add_all();
  if (!t.set_contents(2, two_octets) || !same(bytes_view(t.octets()), "300b a004020200ff a1030401ff"_hex)) return false;
  if (!t.swap_with_next(1) || !same(bytes_view(t.octets()), "300b a1030401ff a004020200ff"_hex)) return false;
  if (t.swap_with_next(1) || t.contents(4)[0] != 0xff || t.contents(2)[1] != 0xff) return false;
  if (!t.erase(3) || t[4].is_alive || !same(bytes_view(t.octets()), "3006 a004020200ff"_hex)) return false;
  // two lengths get a second octet, and so does what is around them
  if (!t.set_size(2, 127) || t.size() != 2 + 1 + 2 + 1 + 2 + 127 || b[1] != 0x81 || b[2] != 132) return false;
  return t.set_size(2, 0) && same(bytes_view(t.octets()), "3004 a0020200"_hex);
}
KERB_BOTH("tree: lengths stay right when parts are changed, exchanged and removed", "[testing]", changes);

constexpr bool no_place() {
  auto b = in_buffer<140>(two_fields);
  der_tree t(std::span<std::uint8_t>(b).first(139), two_fields.size());
  t.add_all();
  // 12 octets and 127 more would be 139, but three lengths would have a second octet
  if (t.set_size(2, 128) || !same(bytes_view(t.octets()), two_fields)) return false;
  if (t.replace(2, 5, 0, static_cast<std::size_t>(-1)) || !same(bytes_view(t.octets()), two_fields)) return false;
  return t.set_size(2, 125) && b[139] == 0;
}
KERB_BOTH("tree: without place for a change and the lengths around it nothing is changed", "[testing]", no_place);

constexpr bool lies() {
  auto b = in_buffer<64>(two_fields);
  der_tree t(b, two_fields.size());
  t.add_all();
  if (!t.set_length(1, 0, long_length)) return false;
  if (!same(bytes_view(t.octets()), "300c a0820009020105 a1030401ff"_hex)) return false;
  // another change corrects all lengths but that one
  return t.set_contents(2, zeros) && same(bytes_view(t.octets()), "300d a082000902020000 a1030401ff"_hex);
}
KERB_BOTH("tree: a false length stays while those around it are corrected", "[testing]", lies);

TEST_CASE("tree: octets that are no TLV, or nested without end, have a bounded tree", "[testing]") {
  std::array<std::uint8_t, 4000> b{};
  for (std::size_t i = 0; i + 4 <= b.size(); i += 4) {  // SEQUENCEs in SEQUENCEs
    const std::size_t size = b.size() - i - 4;
    b[i] = 0x30, b[i + 1] = 0x82, b[i + 2] = static_cast<std::uint8_t>(size >> 8);
    b[i + 3] = static_cast<std::uint8_t>(size);
  }
  der_tree deep(b, b.size());
  deep.add_all();
  CHECK(deep.count() == der_tree::max_depth + 1u);
  for (std::size_t i = 0; i != b.size(); ++i) b[i] = i % 2 == 0 ? 0x05 : 0x00;  // 2000 NULLs
  der_tree wide(b, b.size());
  wide.add_all();
  CHECK(wide.count() == der_tree::max_nodes);
  b[0] = 0xff;
  der_tree none(b, b.size());
  none.add_all();
  CHECK(none.count() == 0);
  CHECK(der_tree(b, 5000).size() == b.size());
}

}  // namespace
