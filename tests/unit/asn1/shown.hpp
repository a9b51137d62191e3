// A visitor that keeps what it is shown.
#pragma once
#include <kerb/asn1/node.hpp>

namespace kerb_test {

struct shown {
  struct thing {
    std::uint32_t depth = 0, offset = 0, header = 0, octets = 0;
    std::string_view field, type, element, name;
    std::size_t index = 0;
    std::size_t contents = 0;  // how many octets were given
    kerb::asn1::content holds{};
    std::int64_t number = 0;
    kerb::error note{};
  };
  std::array<thing, 64> things{};
  std::size_t size = 0;
  kerb::error fault{};

  constexpr const thing& operator[](std::size_t i) const { return things[i]; }
  constexpr void operator()(const kerb::asn1::node& n) {
    if (size == things.size()) return;
    things[size++] = {n.depth,
                      n.offset,
                      static_cast<std::uint32_t>(n.header.size()),
                      n.size,
                      n.field,
                      n.type,
                      n.element,
                      n.name,
                      n.index,
                      n.contents.size(),
                      n.holds,
                      n.number,
                      n.note};
  }
  /// Whether the fields, types and numbers are these, in this order.
  struct line {
    std::uint32_t depth;
    std::string_view field, type;
    std::int64_t number = 0;
  };
  template <std::size_t N>
  constexpr bool are(const line (&lines)[N]) const {
    if (size != N) return false;
    for (std::size_t i = 0; i != N; ++i)
      if (things[i].depth != lines[i].depth || things[i].field != lines[i].field || things[i].type != lines[i].type ||
          things[i].number != lines[i].number)
        return false;
    return true;
  }
};

}  // namespace kerb_test
