// n-fold against the published vectors, and the table of folded usages.
#include "kerb/crypto/nfold.hpp"

#include "support/both.hpp"
#include "vectors.hpp"

namespace {

constexpr bool published() {
  for (const kerb_test::nfold_vector& v : kerb_test::nfold_vectors) {
    std::array<std::uint8_t, 64> out{};
    const std::span<std::uint8_t> cut(out.data(), v.output.size());
    kerb::nfold(v.input, cut);
    if (!(kerb::bytes_view(cut) == v.output)) return false;
  }
  return kerb_test::nfold_vectors.size() >= 14;
}
KERB_BOTH("nfold: the published vectors hold", "[crypto][rfc3961-5.1]", published);

constexpr bool nothing_of_nothing() {
  std::array<std::uint8_t, 4> out{1, 2, 3, 4};
  kerb::nfold({}, out);
  kerb::nfold(out, {});
  return out == std::array<std::uint8_t, 4>{1, 2, 3, 4};
}
KERB_BOTH("nfold: of nothing, or into nothing, changes nothing", "[crypto][rfc3961-5.1]", nothing_of_nothing);

constexpr bool table_is_right(std::int32_t first, std::int32_t last) {
  using enum kerb::derived_key;
  for (std::int32_t u = first; u <= last; ++u)
    for (const kerb::derived_key k : {integrity, checksum, encryption}) {
      const auto n = static_cast<std::uint32_t>(u);
      const std::uint8_t constant[]{static_cast<std::uint8_t>(n >> 24), static_cast<std::uint8_t>(n >> 16),
                                    static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n),
                                    static_cast<std::uint8_t>(k)};
      std::array<std::uint8_t, 16> out{};
      kerb::nfold(constant, out);
      if (out != kerb::folded_usage(kerb::key_usage_t{u}, k)) return false;
    }
  return true;
}
KERB_BOTH("folded_usage: the table holds what is folded on the spot", "[crypto][rfc3961-5.3]",
          [] { return table_is_right(0, 64) && table_is_right(1020, 1030); });
KERB_BOTH("folded_usage: a usage without a name has constants too", "[crypto][rfc3961-5.3]",
          [] { return table_is_right(2046, 2048) && table_is_right(-1, 0) && table_is_right(0x7ffffffe, 0x7ffffffe); });

}  // namespace
