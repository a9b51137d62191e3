#include <kerb/core/hex.hpp>
#include <kerb/der/quick.hpp>
#include <kerb/der/reader.hpp>
#include <kerb/der/writer.hpp>
#include <vector>

#include "support/both.hpp"

using namespace kerb;
using namespace kerb::der;

namespace {

constexpr tag outer = context(2), inner = octet_string;

// What the careful reader makes of the same octets.
constexpr bool same_as_reader(bytes_view in) {
  source s{.origin = in.data(), .allowed = strict};
  reader r(in, s);
  const bytes_view c = r.contents(inner, {});
  const quick::found f = quick::open(in.begin(), in.end(), inner);
  if (!r.ok()) return f.begin == nullptr;
  return f.begin == c.begin() && f.end == c.end() && f.end == r.mark();
}
constexpr bool same_as_two_readers(bytes_view in) {
  source s{.origin = in.data(), .allowed = strict};
  reader r(in, s);
  reader o = r.open(outer, {});
  const bytes_view c = o.contents(inner, {});
  const bool good = o.ok() && o.at_end();
  const quick::found f = quick::open(in.begin(), in.end(), outer, inner);
  if (!good) return f.begin == nullptr;
  return f.begin == c.begin() && f.end == c.end() && f.end == r.mark();
}

// Arrays of exactly their octets: both the compiler and a sanitizer see who looks behind them.
template <std::size_t N>
constexpr bool is_none(const std::array<std::uint8_t, N>& in) {
  const std::uint8_t *const at = in.data(), *const end = at + N;
  return quick::open(at, end, tag{in[0]}).begin == nullptr &&
         quick::open(at, end, tag{in[0]}, inner).begin == nullptr && quick::open(end, end, outer).begin == nullptr &&
         quick::open(end, end, outer, inner).begin == nullptr;
}
constexpr bool headers_cut_short() {
  return is_none("04"_hex) && is_none("0481"_hex) && is_none("0482"_hex) && is_none("048201"_hex) &&
         is_none("04820100"_hex) && is_none("0483"_hex) && is_none("048301"_hex) && is_none("04830100"_hex) &&
         is_none("0484"_hex) && is_none("0484010000"_hex) && is_none("a2"_hex) && is_none("a201"_hex);
}
KERB_BOTH("der/quick: a header that is cut short is none, and nothing is read behind it",
          "[der][security][rfc4120-5.1]", headers_cut_short);

constexpr bool nothing_inside() {
  const auto of = [](const auto& in) {
    return quick::open(in.data(), in.data() + in.size(), outer, inner).begin == nullptr;
  };
  return of("a200"_hex) && of("a20104"_hex) && of("a2020481"_hex) && of("a203048200"_hex) && of("a20404820100"_hex) &&
         of("a28100"_hex);
}
KERB_BOTH("der/quick: an outer header with less than a header inside is none", "[der][security][rfc4120-5.1]",
          nothing_inside);

TEST_CASE("der/quick: a header is read as the reader reads it, or not at all", "[der][rfc4120-5.1]") {
  std::vector<std::uint8_t> in(70000, 0x41);
  int good = 0, all = 0;
  const auto each = [&](std::size_t header, std::size_t size) {
    for (const std::size_t length : {header, header + 1, header + size - 1, header + size, header + size + 1}) {
      if (length > in.size()) continue;
      ++all;
      good += same_as_reader(bytes_view(in).first(length));
      in[0] ^= 0x20;
      good += same_as_reader(bytes_view(in).first(length));
      in[0] ^= 0x20;
    }
  };
  in[0] = inner.octet;
  for (unsigned first = 0; first != 256; ++first) {
    for (const std::size_t size : {0u, 1u, 5u, 0x7fu, 0x80u, 0xffu, 0x100u, 0x101u, 0xffffu, 0x10000u}) {
      in[1] = static_cast<std::uint8_t>(first);
      const std::size_t octets = first < 0x80 ? 0 : first & 7;
      for (std::size_t i = 0; i != octets; ++i) in[2 + i] = static_cast<std::uint8_t>(size >> 8 * (octets - 1 - i));
      each(2 + octets, first < 0x80 ? first : size);
    }
  }
  CHECK(good == 2 * all);
  CHECK(all > 10000);
}

TEST_CASE("der/quick: of two headers the inner one fills the outer one", "[der][rfc4120-5.1]") {
  std::vector<std::uint8_t> in(400, 0x41);
  int good = 0, all = 0, taken = 0;
  in[0] = outer.octet;
  for (unsigned a = 0; a != 256; ++a) {
    for (unsigned b = 0; b != 256; ++b) {
      in[1] = static_cast<std::uint8_t>(a);
      in[2] = inner.octet;
      in[3] = static_cast<std::uint8_t>(b);
      for (const std::size_t length : {std::size_t{0}, std::size_t{3}, std::size_t{4}, std::size_t{a + 1u},
                                       std::size_t{a + 2u}, std::size_t{400}}) {
        const bytes_view part = bytes_view(in).first(length);
        ++all;
        good += same_as_two_readers(part);
        taken += quick::open(part.begin(), part.end(), outer, inner).begin != nullptr;
      }
    }
  }
  CHECK(good == all);
  CHECK(taken > 200);
}

TEST_CASE("der/quick: two long headers are read as the readers read them", "[der]") {
  std::vector<std::uint8_t> in;
  for (const std::size_t size : {0x7bu, 0x7cu, 0x7du, 0x7eu, 0x7fu, 0x80u, 0xfcu, 0xfdu, 0xfeu, 0xffu, 0x100u, 0xfffbu,
                                 0xfffcu, 0xffffu, 0x10000u, 0x12345u}) {
    in.assign(size + 20, 0x41);
    writer w(in);
    w.zeros(size);
    w.header(inner, size);
    w.header(outer, w.count());
    const bytes_view whole = bytes_view(in).last(w.count());
    const quick::found f = quick::open(whole.begin(), whole.end(), outer, inner);
    CHECK(f.end == whole.end());
    CHECK(static_cast<std::size_t>(f.end - f.begin) == size);
    int good = 0, all = 0;
    for (std::size_t at = 0; at != static_cast<std::size_t>(f.begin - whole.begin()); ++at) {
      auto& octet = in[in.size() - whole.size() + at];
      const std::uint8_t was = octet;
      for (unsigned other = 0; other != 256; ++other) {
        octet = static_cast<std::uint8_t>(other);
        ++all;
        good += same_as_two_readers(whole);
      }
      octet = was;
    }
    CHECK(good == all);
  }
}

TEST_CASE("der/quick: headers are written as the writer writes them, and nothing where one octet is missing", "[der]") {
  std::vector<std::uint8_t> ours(40), theirs(40);
  for (const std::size_t size : {0u, 1u, 0x7bu, 0x7cu, 0x7du, 0x7eu, 0x7fu, 0x80u, 0xfcu, 0xfdu, 0xfeu, 0xffu, 0x100u,
                                 0xfffbu, 0xfffcu, 0xffffu, 0x10000u, 0xffffffu, 0x1000000u}) {
    writer one(theirs);
    one.header(inner, size);
    const std::uint8_t* at = quick::header(ours.data() + 40, ours.data(), inner, size);
    REQUIRE(at != nullptr);
    CHECK(bytes_view(at, static_cast<std::size_t>(ours.data() + 40 - at)) == bytes_view(one.written_since(0)));
    CHECK(quick::header_size(size) == one.count());
    CHECK(quick::header(ours.data() + one.count() - 1, ours.data(), inner, size) == nullptr);
    CHECK(quick::header(ours.data() + one.count(), ours.data(), inner, size) == ours.data());

    one.header(outer, size + one.count());
    at = quick::header(ours.data() + 40, ours.data(), outer, inner, size);
    REQUIRE(at != nullptr);
    CHECK(bytes_view(at, static_cast<std::size_t>(ours.data() + 40 - at)) == bytes_view(one.written_since(0)));
    CHECK(quick::header(ours.data() + one.count() - 1, ours.data(), outer, inner, size) == nullptr);
    CHECK(quick::header(ours.data() + one.count(), ours.data(), outer, inner, size) == ours.data());
  }
}

TEST_CASE("der/quick: octets of any number are copied, and not one beside them", "[der]") {
  std::vector<std::uint8_t> from(64), buffer(80);
  for (std::size_t i = 0; i != from.size(); ++i) from[i] = static_cast<std::uint8_t>(i + 1);
  for (std::size_t n = 0; n != from.size(); ++n) {
    const std::vector<std::uint8_t> exact(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(n));
    buffer.assign(80, 0xee);
    const std::uint8_t* const at = quick::octets(buffer.data() + 72, buffer.data(), exact);
    REQUIRE(at == buffer.data() + 72 - n);
    CHECK(bytes_view(at, n) == bytes_view(exact));
    CHECK((n == 72 || *(at - 1) == 0xee));
    CHECK(buffer[72] == 0xee);
    if (n != 0) CHECK(quick::octets(buffer.data() + n - 1, buffer.data(), exact) == nullptr);
  }
}

constexpr bool numbers() {
  const std::uint8_t o[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  std::uint8_t back[8]{};
  quick::store<std::uint64_t>(back, 0x0807060504030201);
  return quick::load<std::uint16_t>(o) == 0x0201 && quick::load<std::uint32_t>(o) == 0x04030201 &&
         quick::load<std::uint64_t>(o) == 0x0807060504030201 && bytes_view(back) == bytes_view(o);
}
KERB_BOTH("der/quick: numbers have their first octet lowest, both ways", "[der]", numbers);

constexpr bool two_headers() {
  const std::uint8_t in[] = {0xa2, 0x05, 0x04, 0x03, 1, 2, 3};
  const quick::found f = quick::open(in, in + sizeof in, outer, inner);
  return f.begin == in + 4 && f.end == in + 7 && quick::open(in, in + sizeof in - 1, outer, inner).begin == nullptr;
}
KERB_BOTH("der/quick: two headers are read at once", "[der]", two_headers);

}  // namespace
