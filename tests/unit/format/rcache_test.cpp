// Replay cache files: places as MIT krb5 chooses them, replays, and what has expired.
#include <kerb/core/hex.hpp>
#include <kerb/format/rcache.hpp>
#include <limits>
#include <vector>

#include "support/alloc_count.hpp"
#include "support/both.hpp"

using namespace kerb;
using namespace kerb::literals;

namespace {

using kind = rcache_step::kind;
constexpr auto seed = "000102030405060708090a0b0c0d0e0f"_hex;

constexpr bool siphash() {
  // the example of the paper by Aumasson and Bernstein, and the empty input of their reference code
  const auto in = "000102030405060708090a0b0c0d0e"_hex;
  return detail::siphash24(in, seed) == 0xa129ca6149be45e5u && detail::siphash24({}, seed) == 0x726fdb47dd0e0e31u;
}
KERB_BOTH("rcache: the hash is SipHash-2-4", "[format]", siphash);

rcache_tag tag_number(std::uint32_t n) {
  rcache_tag t;
  for (std::size_t i = 0; i != 12; ++i) t.octets[i] = static_cast<std::uint8_t>(n >> (8 * (i % 4)));
  return t;
}
/// A file as the octets that a program reads and writes.
struct file {
  std::vector<std::uint8_t> octets{seed.begin(), seed.end()};
  std::size_t reads = 0;

  rcache_step store(const rcache_tag& tag, std::int64_t now, std::int64_t skew = 300) {
    rcache_file f(std::span<const std::uint8_t, 16>(octets.data(), 16), tag, {now}, skew);
    rcache_step s = f.start();
    for (reads = 0; s.what == kind::read; ++reads) {
      const std::size_t at = static_cast<std::size_t>(s.offset);
      const std::size_t n = at < octets.size() ? std::min<std::size_t>(32, octets.size() - at) : 0;
      s = f.found(n == 0 ? bytes_view() : bytes_view(octets).subview(at, n));
    }
    if (s.what == kind::write) {
      const std::size_t at = static_cast<std::size_t>(s.offset);
      if (octets.size() < at + 16) octets.resize(at + 16);
      for (std::size_t i = 0; i != 16; ++i) octets[at + i] = s.record[i];
    }
    return s;
  }
};

TEST_CASE("rcache: what is new is written once, and then it is a replay", "[format]") {
  const auto time = "000003e8"_hex;
  file f;
  std::size_t most = 0;
  for (std::uint32_t n = 1; n != 5000; ++n) {
    const rcache_step s = f.store(tag_number(n), 1000);
    REQUIRE(s.what == kind::write);
    REQUIRE((s.offset - 16) % 16 == 0);
    const rcache_tag tag = tag_number(n);
    REQUIRE(bytes_view(s.record).first(12) == bytes_view(tag.octets));
    REQUIRE(bytes_view(s.record).last(4) == bytes_view(time));
    most = std::max(most, f.reads);
  }
  for (std::uint32_t n = 1; n != 5000; ++n) REQUIRE(f.store(tag_number(n), 1200).what == kind::replayed);
  CHECK(f.store(tag_number(5000), 1200).what == kind::write);
  CHECK(most > 2);  // more than one table
  CHECK(most < 8);
}

TEST_CASE("rcache: the places are those of MIT krb5 1.20", "[format]") {
  // where its k5_rc_store puts tags with these numbers, after all with smaller ones, with this seed
  struct row {
    std::uint32_t number;
    std::uint64_t offset;
  };
  constexpr row rows[] = {{1, 2640},   {2, 3136},    {3, 11456},    {4, 3904},     {9, 2256},
                          {77, 10944}, {800, 11872}, {1111, 29824}, {1500, 110624}};
  file f;
  for (std::uint32_t n = 1; n <= 1500; ++n) {
    const std::uint64_t offset = f.store(tag_number(n), 1000).offset;
    for (const row& r : rows)
      if (r.number == n) CHECK(offset == r.offset);
  }
}

TEST_CASE("rcache: the place of an expired record is used again, and it is not forgotten before", "[format]") {
  file f;
  const auto first = f.store(tag_number(1), 1000);
  CHECK(f.store(tag_number(1), 1600).what == kind::replayed);
  CHECK(f.store(tag_number(1), 1601).what == kind::replayed);  // still in the file: MIT krb5 refuses it too
  // others come to the same place: before it has expired they go elsewhere
  std::uint32_t same = 2;
  const auto place = [&](std::uint32_t n) {
    file empty;
    return empty.store(tag_number(n), 1000).offset;
  };
  while (place(same) != first.offset) ++same;
  file before = f, after = f;
  CHECK(before.store(tag_number(same), 1600).offset == first.offset + 16);
  CHECK(after.store(tag_number(same), 1601).offset == first.offset);
  CHECK(after.store(tag_number(1), 1601).what == kind::write);
}

/// Whether a record with the time `at` is overwritten at the time `now`.
constexpr bool gives_way(std::int64_t at, std::int64_t now, std::int64_t skew = 300) {
  rcache_tag old{}, other{};
  old.octets.fill(9);
  other.octets.fill(7);
  const std::span<const std::uint8_t, 16> s(seed);
  rcache_file stored(s, old, {at}, skew), asks(s, other, {now}, skew);
  (void)stored.start();
  const rcache_step w = stored.found({});
  const std::uint64_t place = asks.start().offset;
  return asks.found(w.record).offset == place;
}
constexpr bool until_no_authenticator_is_acceptable() {
  // stored at 1000 with an authenticator of 1300, which is acceptable until 1600
  return !gives_way(1000, 1301) && !gives_way(1000, 1600) && gives_way(1000, 1601);
}
KERB_BOTH("rcache: an authenticator from the future is not forgotten while it is acceptable", "[format][security]",
          until_no_authenticator_is_acceptable);

constexpr bool in_the_year_2106() {
  constexpr std::int64_t last = 0xffffffff;
  return !gives_way(last - 100, last) && !gives_way(last - 100, last + 400) && gives_way(last - 100, last + 501) &&
         !gives_way(last, last + 600) && gives_way(last, last + 601) && !gives_way(last + 1, last + 1) &&
         !gives_way(last + 1, last + 600);
}
KERB_BOTH("rcache: a record is kept as long when the 32 bits of its time end", "[format][security]", in_the_year_2106);

constexpr bool another_clock() {
  return !gives_way(5000, 1000) && !gives_way(0, 0) && !gives_way(1000, 1000) && gives_way(1000, 1001, 0) &&
         !gives_way(1000, 2000000000, std::numeric_limits<std::int64_t>::max()) && !gives_way(1000, 1000, -1);
}
KERB_BOTH("rcache: a record of a clock that was set back is kept, and so is one of the time zero", "[format][security]",
          another_clock);

constexpr bool half_records() {
  // a file that ends within a record: what is whole counts
  rcache_tag t{};
  t.octets.fill(7);
  std::array<std::uint8_t, 32> two{};
  for (std::size_t i = 0; i != 12; ++i) two[i] = two[16 + i] = 9;
  two[15] = two[31] = 200;
  const auto found = [&](std::size_t n) {
    rcache_file f(std::span<const std::uint8_t, 16>(seed), t, {100}, 300);
    const std::uint64_t at = f.start().offset;
    const rcache_step s = f.found(bytes_view(two).first(n));
    return s.what == kind::write ? s.offset - at : 1;
  };
  return found(0) == 0 && found(15) == 0 && found(16) == 16 && found(31) == 16 && found(32) == 1;
}
KERB_BOTH("rcache: a record that is cut at the end of the file is none", "[format][security]", half_records);

constexpr bool full() {
  // a file in which every place that is asked for is taken
  rcache_tag t{};
  t.octets.fill(7);
  std::array<std::uint8_t, 32> taken{};
  taken[15] = taken[31] = 200;
  rcache_file f(std::span<const std::uint8_t, 16>(seed), t, {100}, 300);
  rcache_step s = f.start();
  std::size_t tables = 0;
  for (; s.what == kind::read; ++tables) {
    if (s.offset + 32 > 0x7fffffff + 16ull) return false;
    s = f.found(taken);
  }
  return s.what == kind::full && tables == 17;
}
KERB_BOTH("rcache: a file of two gigabytes is full", "[format][security]", full);

constexpr bool tags() {
  std::array<std::uint8_t, 40> cipher{};
  for (std::size_t i = 0; i != cipher.size(); ++i) cipher[i] = static_cast<std::uint8_t>(i);
  const auto begins = [&](etype_t e, std::uint8_t first) {
    const auto t = rcache_tag::of(e, cipher);
    if (!t) return false;
    for (std::size_t i = 0; i != 12; ++i)
      if (t->octets[i] != first + i) return false;
    return !rcache_tag::of(e, bytes_view(cipher).first(39u - first));
  };
  const auto short_sum = rcache_tag::of_checksum(bytes_view(cipher).first(4));
  return begins(etype_t{17}, 28) && begins(etype_t{18}, 28) && begins(etype_t{19}, 24) && begins(etype_t{20}, 16) &&
         begins(etype_t{16}, 20) && begins(etype_t{23}, 24) && begins(etype_t{25}, 24) && begins(etype_t{26}, 24) &&
         !rcache_tag::of(etype_t{99}, cipher) && short_sum.octets[3] == 3 && short_sum.octets[4] == 0;
}
KERB_BOTH("rcache: a tag is the beginning of the checksum at the end of an authenticator", "[format]", tags);

}  // namespace
