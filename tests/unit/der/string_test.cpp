// Strings of octets.
#include <kerb/der/string.hpp>

#include "unit/der/walk.hpp"

using namespace kerb;
using kerb_test::read_one;

namespace {

constexpr auto view = [](auto c, bytes_view& v) {
  v = c;
  return true;
};
constexpr auto octets = kerb_test::under(der::octet_string, view);
constexpr auto general = kerb_test::under(der::general_string, view);

constexpr bool a_view_of_the_input() {
  const auto in = "0403aabbcc"_hex;
  const auto none = "0400"_hex;
  const auto got = read_one<bytes_view>(octets, in);
  return got.ok() && got.value.data() == in.data() + 2 && got.value.size() == 3 &&
         read_one<bytes_view>(octets, none).ok() && read_one<bytes_view>(octets, none).value.empty();
}
KERB_BOTH("string: what is read is a view of the input", "[der]", a_view_of_the_input);

constexpr bool octets_are_octets() {
  // RFC 4120 section 5.2.1: a KerberosString may hold what its writer's locale put there; nothing ends it but its
  // length
  const auto in = "1b06410042c3a9ff"_hex;
  return read_one<bytes_view>(general, in).value == bytes_view(in).subview(2);
}
KERB_BOTH("string: NUL, UTF-8 and stray octets are read as they are", "[der][rfc4120-5.2.1]", octets_are_octets);

constexpr bool another_string() {
  for (int t : {0x0c, 0x13, 0x16, 0x1a, 0x3b, 0x04}) {
    const std::array<std::uint8_t, 3> in{static_cast<std::uint8_t>(t), 1, 'a'};
    if (!read_one<bytes_view>(general, in).failed(errc::unexpected_tag)) return false;
  }
  return true;
}
KERB_BOTH("string: UTF8String, PrintableString, IA5String and strings in pieces are no GeneralString",
          "[der][rfc4120-5.2.1]", another_string);

constexpr bool written() {
  constexpr std::array<std::uint8_t, 2> text{'h', 'i'};
  return kerb_test::writes([&](der::writer& w) { der::write_octets(w, der::general_string, text); }, "1b026869"_hex) &&
         kerb_test::writes([](der::writer& w) { der::write_octets(w, der::octet_string, {}); }, "0400"_hex);
}
KERB_BOTH("string: octets behind their header", "[der]", written);

}  // namespace
