// Base64 from any text: what decodes is the only text of its octets.
#include <kerb/format/base64.hpp>
#include <vector>

#include "require.hpp"

using namespace kerb;
using kerb_fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bytes_view text(data, size);
  std::vector<std::uint8_t> octets(size), in_place(data, data + size);
  const auto d = decode_base64(text, octets);
  const auto same = decode_base64(bytes_view(in_place), in_place);
  require(d.has_value() == same.has_value(), "is decoded in place too");
  for (std::size_t n = size < 9 ? 0 : size / 4 * 3 - 4; n <= size / 4 * 3; ++n) {
    std::vector<std::uint8_t> small(n);  // a sanitizer sees an octet behind it
    const auto s = decode_base64(text, small);
    require(s || s.error().code == errc::no_space || s.error().code == errc::bad_base64, "is kept within the buffer");
  }
  if (!d) {
    require(d.error().code == errc::bad_base64 && d.error().offset <= size, "points into the text");
    require(same.error().offset == d.error().offset, "points to the same character in place");
  } else {
    require(*d == *same, "gives the same octets in place");
    std::vector<std::uint8_t> exact(d->size()), again(size);
    require(decode_base64(text, exact).has_value(), "has the announced size");
    const auto e = encode_base64(*d, again);
    require(e && *e == text, "is the only text of its octets");
  }
  std::vector<std::uint8_t> buffer(base64_size(size));
  const std::span<std::uint8_t> end = std::span(buffer).last(size);
  for (std::size_t i = 0; i != size; ++i) end[i] = data[i];
  const auto e = encode_base64(bytes_view(end), buffer);
  require(e && e->size() == buffer.size(), "can be encoded in place");
  const auto back = decode_base64(*e, buffer);
  require(back && *back == text, "comes back");
  return 0;
}
