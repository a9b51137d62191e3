// Published flaws of readers of keytabs and credential caches, each under its number.
#include <kerb/format/ccache.hpp>
#include <kerb/format/keytab.hpp>

#include "support/both.hpp"

using namespace kerb;
using namespace kerb::literals;

namespace {

// a@R, version 1, etype 17, a key of two octets, and the size of the record behind it
constexpr auto one_and_a_size = "0502 00000017 0001 0001 52 0001 61 00000001 00000007 01 0011 0002 aabb 00000000"_hex;

constexpr bool record_sizes() {
  constexpr std::size_t at = one_and_a_size.size() - 4;
  for (const std::uint32_t size : {0x7fffffffu, 0x7fffffe0u, 0x7fffffe1u, 0x80000000u, 0x80000001u, 0xffffffe2u,
                                   0xffffffffu, 0xfffffffeu, 1u, 0x17u, 0x10000u}) {
    auto file = one_and_a_size;
    for (std::size_t i = 0; i != 4; ++i) file[at + i] = static_cast<std::uint8_t>(size >> (24 - 8 * i));
    const auto all = keytab_view::open(file);
    const auto some = keytab_view::open_up_to_fault(file);
    if (all || all.error().code != errc::truncated || all.error().offset != at || some.view.size() != 1 ||
        (*some.view.begin()).kvno != 1) {
      return false;
    }
  }
  const auto end = keytab_view::open(one_and_a_size);  // a size of 0 ends the file
  return end && end->size() == 1;
}
KERB_BOTH("MIT krb5 c5629fdffe: a record or a hole of a keytab that ends behind the largest offset is refused",
          "[security][format]", record_sizes)

constexpr bool another_format() {
  constexpr auto cache = "0504 0000 00000001 00000001 00000001 52 00000001 75"_hex;
  constexpr auto keytab = "0502 00000017 0001 0001 52 0001 61 00000001 00000007 01 0011 0002 aabb"_hex;
  const auto as_keytab = keytab_view::open(cache);
  if (!ccache_view::open(cache) || !keytab_view::open(keytab)) return false;
  if (as_keytab || as_keytab.error().code != errc::wrong_constant || as_keytab.error().offset != 1) return false;
  // 0502 is a version of both formats, and the lengths of a keytab are none of a cache
  for (std::size_t n = 0; n <= keytab.size(); ++n)
    if (ccache_view::open(bytes_view(keytab).first(n), std::endian::big)) return false;
  auto other = keytab;
  for (const std::uint8_t version : {std::uint8_t{0}, std::uint8_t{5}, std::uint8_t{0xff}}) {
    other[1] = version;
    if (ccache_view::open(other).error().code != errc::wrong_constant) return false;
  }
  return true;
}
KERB_BOTH("heimdal/heimdal#277: a credential cache is no keytab, and a keytab is no credential cache",
          "[security][format]", another_format)

}  // namespace
