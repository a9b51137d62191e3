// UTF-16 out of UTF-8.
#include "kerb/crypto/utf16.hpp"

#include "kerb/core/hex.hpp"
#include "support/both.hpp"

namespace {
using namespace kerb::literals;
using kerb::bytes_view;
using kerb::secret_view;

template <std::size_t N, std::size_t M>
constexpr bool becomes(const std::array<std::uint8_t, N>& text, const std::array<std::uint8_t, M>& expected) {
  std::array<std::uint8_t, 64> out{};
  const auto n = kerb::utf16le(secret_view(bytes_view(text)), out);
  if (!n || *n != M || bytes_view(out).first(M) != bytes_view(expected)) return false;
  for (std::size_t buffer = 0; buffer != M; ++buffer)
    if (kerb::utf16le(secret_view(bytes_view(text)), std::span(out).first(buffer))) return false;
  return kerb::utf16le(secret_view(bytes_view(text)), std::span(out).first(M)) == M;
}
template <std::size_t N>
constexpr bool refused(const std::array<std::uint8_t, N>& text) {
  std::array<std::uint8_t, 64> out{};
  return !kerb::utf16le(secret_view(bytes_view(text)), out);
}

KERB_BOTH("utf16le: characters of one to four octets, and the first and last of each length", "[crypto][rfc4757-2]",
          [] {
            return becomes("666f6f"_hex, "66006f006f00"_hex) && becomes("c39f"_hex, "df00"_hex) &&
                   becomes("e282ac"_hex, "ac20"_hex) && becomes("f09d849e"_hex, "34d81edd"_hex) &&
                   becomes("00"_hex, "0000"_hex) && becomes("7f"_hex, "7f00"_hex) && becomes("c280"_hex, "8000"_hex) &&
                   becomes("dfbf"_hex, "ff07"_hex) && becomes("e0a080"_hex, "0008"_hex) &&
                   becomes("ed9fbf"_hex, "ffd7"_hex) && becomes("ee8080"_hex, "00e0"_hex) &&
                   becomes("efbfbf"_hex, "ffff"_hex) && becomes("f0908080"_hex, "00d800dc"_hex) &&
                   becomes("f48fbfbf"_hex, "ffdbffdf"_hex) && becomes("41f09d849e42"_hex, "410034d81edd4200"_hex);
          });

KERB_BOTH("utf16le: nothing is nothing", "[crypto]", [] { return kerb::utf16le({}, {}) == 0u; });

KERB_BOTH("utf16le: overlong forms are refused", "[crypto]", [] {
  return refused("c080"_hex) && refused("c1bf"_hex) && refused("e08080"_hex) && refused("e09fbf"_hex) &&
         refused("f0808080"_hex) && refused("f08fbfbf"_hex);
});
KERB_BOTH("utf16le: surrogates and characters beyond the last are refused", "[crypto]", [] {
  return refused("eda080"_hex) && refused("edafbf"_hex) && refused("edb080"_hex) && refused("edbfbf"_hex) &&
         refused("f4908080"_hex) && refused("f5808080"_hex) && refused("f8888080"_hex) && refused("ff"_hex);
});
KERB_BOTH("utf16le: what is cut short or begins in the middle is refused", "[crypto]", [] {
  return refused("80"_hex) && refused("bf"_hex) && refused("c3"_hex) && refused("c341"_hex) && refused("e282"_hex) &&
         refused("e28241"_hex) && refused("f09d84"_hex) && refused("f09d8441"_hex) && refused("f041849e"_hex) &&
         refused("41c3"_hex) && refused("c3c3"_hex) && refused("e2c3ac"_hex);
});
KERB_BOTH("utf16le: no octet behind the text is read and no lead takes more than three others", "[crypto]", [] {
  // The octets behind would make it whole
  const auto euro = "e282ac"_hex;
  const auto clef = "f09d849e"_hex;
  std::array<std::uint8_t, 8> out{};
  for (std::size_t n = 1; n != euro.size(); ++n)
    if (kerb::utf16le(secret_view(bytes_view(euro).first(n)), out)) return false;
  for (std::size_t n = 1; n != clef.size(); ++n)
    if (kerb::utf16le(secret_view(bytes_view(clef).first(n)), out)) return false;
  for (const unsigned lead : {0x80u, 0xbfu, 0xc0u, 0xc1u, 0xf5u, 0xf8u, 0xfbu, 0xfcu, 0xffu}) {
    const std::uint8_t five[] = {static_cast<std::uint8_t>(lead), 0x80, 0x80, 0x80, 0xa0};
    if (kerb::utf16le(secret_view(bytes_view(five)), out)) return false;
  }
  return true;
});

}  // namespace
