// Replay cache files of any octets.
#include <algorithm>
#include <kerb/format/rcache.hpp>
#include <vector>

#include "require.hpp"

using namespace kerb;
using kerb_fuzz::require;

// A tag, a time and a clock skew in two octets, and what the file has where it is read: 32 octets each time, then none.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 18 || size > 1 << 12) return 0;
  const rcache_tag tag = rcache_tag::of_checksum(bytes_view(data, 12));
  std::uint32_t now = 0;
  for (std::size_t i = 12; i != 16; ++i) now = now << 8 | data[i];
  const std::int64_t skew = data[16] << 8 | data[17];
  const std::array<std::uint8_t, 16> seed{1, 2, 3};
  bytes_view rest(data + 18, size - 18);
  std::vector<bytes_view> read;
  const auto store = [&] {
    rcache_file f(std::span<const std::uint8_t, 16>(seed), tag, {now}, skew);
    rcache_step s = f.start();
    std::uint64_t before = 0;
    for (std::size_t n = 0; s.what == rcache_step::kind::read; ++n) {
      require(n < 32 && s.offset >= 16 && s.offset % 16 == 0 && s.offset > before, "goes on in the file", "a search");
      before = s.offset;
      if (n == read.size()) {
        read.push_back(rest.first(std::min<std::size_t>(32, rest.size())));
        rest = rest.subview(read.back().size());
      }
      s = f.found(read[n]);
    }
    return s;
  };
  const rcache_step s = store();
  bool known = false;
  for (const bytes_view r : read)
    for (std::size_t i = 0; i + 16 <= r.size(); i += 16) known |= r.subview(i, 12) == bytes_view(tag.octets);
  require(s.what != rcache_step::kind::replayed || known, "is in the file", "a replay");
  if (s.what != rcache_step::kind::write) return 0;
  require(bytes_view(s.record).first(12) == bytes_view(tag.octets), "has the tag", "a record");
  require(s.offset >= 16 && s.offset % 16 == 0 && s.offset <= 0x7fffffff, "has a place", "a record");
  const rcache_step again = store();
  require(again.what == s.what && again.offset == s.offset, "is found again", "a place");
  return 0;
}
