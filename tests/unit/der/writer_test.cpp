// Writing from the tail, counting, and running out of buffer.
#include <kerb/der/writer.hpp>

#include "unit/der/walk.hpp"

using namespace kerb;

namespace {

constexpr bool from_the_tail() {
  std::array<std::uint8_t, 8> buffer{};
  der::writer w(buffer);
  w.octet(3);
  const std::array<std::uint8_t, 2> front{1, 2};
  w.octets(front);
  return w.ok() && !w.is_counting() && w.count() == 3 && buffer == std::array<std::uint8_t, 8>{0, 0, 0, 0, 0, 1, 2, 3};
}
KERB_BOTH("writer: what is written later stands in front", "[der]", from_the_tail);

template <std::size_t N>
constexpr bool header_of(const auto& wanted) {
  std::array<std::uint8_t, 8> buffer{};
  der::writer w(buffer);
  w.header(der::octet_string, N);
  der::writer n = der::writer::counting();
  n.header(der::octet_string, N);
  return w.ok() && bytes_view(w.written_since(0)) == bytes_view(wanted) && n.count() == wanted.size();
}
constexpr bool header_lengths() {
  return header_of<0>("0400"_hex) && header_of<1>("0401"_hex) && header_of<127>("047f"_hex) &&
         header_of<128>("048180"_hex) && header_of<255>("0481ff"_hex) && header_of<256>("04820100"_hex) &&
         header_of<65535>("0482ffff"_hex) && header_of<65536>("0483010000"_hex) &&
         header_of<0xffffff>("0483ffffff"_hex) && header_of<0x1000000>("048401000000"_hex) &&
         header_of<0xffffffff>("0484ffffffff"_hex);
}
KERB_BOTH("writer: a length is as short as it can be", "[der][x690-10.1]", header_lengths);

constexpr bool wrapped() {
  return kerb_test::writes(
      [](der::writer& w) {
        der::wrap(w, der::sequence, [&] {
          der::wrap(w, der::octet_string, [] {});
          der::wrap(w, der::octet_string, [&] { w.octet(0xaa); });
        });
      },
      "30050401aa0400"_hex);
}
KERB_BOTH("wrap: a header stands in front of what was written inside", "[der]", wrapped);

constexpr bool octets_in_place() {
  std::array<std::uint8_t, 8> buffer{};
  der::writer w(buffer);
  w.octet(9);
  const std::size_t mark = w.count();
  w.zeros(2);
  const std::span<std::uint8_t> s = w.written_since(mark);
  s[0] = 7;
  return s.size() == 2 && s.data() == buffer.data() + 5 && buffer[5] == 7 && buffer[6] == 0 && buffer[7] == 9 &&
         w.written_since(0).size() == 3 && w.written_since(w.count()).empty();
}
KERB_BOTH("writer: what was written since a mark can be changed in place", "[der]", octets_in_place);

constexpr bool only_counting() {
  der::writer w = der::writer::counting();
  w.zeros(300);
  w.header_since(der::octet_string, 0);
  return w.ok() && w.is_counting() && w.count() == 304 && w.written_since(0).empty();
}
KERB_BOTH("writer: counting is the size, and writes nowhere", "[der]", only_counting);

// A little of everything, 22 octets.
constexpr void something(der::writer& w) {
  constexpr std::array<std::uint8_t, 3> text{1, 2, 3};
  der::wrap(w, der::sequence, [&] {
    der::wrap(w, der::octet_string, [&] { w.octets(text); });
    der::wrap(w, der::sequence, [&] { w.zeros(9); });
    w.octet(5);
    w.octet(1);
    w.octet(2);
    w.octet(0xff);
  });
}
constexpr bool every_size_below() {
  der::writer n = der::writer::counting();
  something(n);
  const std::size_t whole = n.count();
  for (std::size_t octets = 0; octets != whole; ++octets) {
    std::array<std::uint8_t, 64> buffer{};
    der::writer w(std::span<std::uint8_t>(buffer).subspan(8, octets));
    something(w);
    if (w.ok() || !w.is_counting() || w.count() != whole || !w.written_since(0).empty()) return false;
    for (std::size_t i = 0; i != buffer.size(); ++i)
      if ((i < 8 || i >= 8 + octets) && buffer[i] != 0) return false;  // nothing outside
  }
  std::array<std::uint8_t, 64> buffer{};
  der::writer w(std::span<std::uint8_t>(buffer).first(whole));
  something(w);
  return w.ok() && w.count() == whole && whole == 22;
}
KERB_BOTH("writer: in every smaller buffer it goes on counting to the size that will do", "[der]", every_size_below);

constexpr bool long_header_without_buffer() {
  std::array<std::uint8_t, 202> buffer{};
  der::writer w(buffer);
  w.zeros(200);
  w.header_since(der::octet_string, 0);
  return !w.ok() && w.count() == 203;
}
KERB_BOTH("writer: a header that does not fit counts whole", "[der]", long_header_without_buffer);

constexpr bool no_buffer_at_all() {
  der::writer w{std::span<std::uint8_t>()};
  const bool well = w.ok() && !w.is_counting() && w.count() == 0;
  w.octets({});
  const bool still = w.ok();
  w.octet(1);
  return well && still && !w.ok() && w.count() == 1;
}
KERB_BOTH("writer: an empty buffer is too small for the first octet", "[der]", no_buffer_at_all);

}  // namespace
