// Names from any text: what parses is written as text that parses to the same name.
#include <kerb/format/principal.hpp>

#include "require.hpp"

using namespace kerb;
using kerb_fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 2000) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto p = principal::parse(text, "DEFAULT.REALM");
  if (!p) {
    require(p.error().code == errc::bad_name_text || p.error().code == errc::no_space, "says why");
    require(p.error().code != errc::bad_name_text || p.error().offset <= size, "points into the text");
    return 0;
  }
  require(!p->view().realm.octets.empty(), "has a realm");
  require(principal::of(*p).has_value(), "can be copied");
  std::array<char, 4096> out{};
  const auto written = to_text(*p, out);
  require(written.has_value(), "can be written");
  for (const char c : *written)
    require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "holds no control character");
  const auto again = principal::parse(*written);
  require(again.has_value(), "parses again");
  require(*again == *p, "is the same name");
  return 0;
}
