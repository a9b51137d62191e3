// What happens to fields that a type does not have, behind those that it has.
#include <string>

#include "support/both.hpp"
#include "unit/msg/generate.hpp"
#include "unit/msg/walk.hpp"

using namespace kerb;
using kerb_test::encoded;
using kerb_test::generator;
using kerb_test::kind;
using kerb_test::reference;
using kerb_test::refuses;

namespace {

constexpr std::array<std::uint8_t, 5> unknown_field{0xbe, 0x03, 0x02, 0x01, 0x2a};  // [30] INTEGER 42

/// `in` with the unknown field as the last one inside `levels` encodings; `at` becomes its place.
std::vector<std::uint8_t> with_unknown_field(bytes_view in, int levels, std::size_t& at) {
  if (levels == 0) {
    at = in.size();
    std::vector<std::uint8_t> out(in.begin(), in.end());
    out.insert(out.end(), unknown_field.begin(), unknown_field.end());
    return out;
  }
  der::source s{.origin = in.data()};
  der::reader r(in, s);
  const der::tag outer{in[0]};
  const auto inside = with_unknown_field(r.contents(outer, {}), levels - 1, at);
  std::vector<std::uint8_t> out(inside.size() + 6);
  der::writer w(out);
  w.octets(inside);
  w.header(outer, inside.size());
  at += w.count() - inside.size();
  out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(w.count()));
  return out;
}

template <class L>
constexpr int tails(const L&) {
  return asn1::detail::is_tail<L> ? 1 : 0;
}
struct shape {
  int levels = 0;
  bool extensible = false;
};
template <class... L>
constexpr shape shape_of(const asn1::sequence_schema<L...>& s) {
  return {1, s.lines.apply([](const auto&... l) { return (tails(l) + ... + 0) != 0; })};
}
template <class S, std::uint8_t N, std::uint8_t... Also>
constexpr shape shape_of(const asn1::application_schema<S, N, Also...>& s) {
  return {2, shape_of(s.inner).extensible};
}
template <class C, class V, class... A>
constexpr shape shape_of(const asn1::choice_schema<C, V, A...>&) {
  return {};
}

TEST_CASE("messages: a field behind the last is kept where the module says ..., and refused everywhere else",
          "[msg][rfc4120-1.5]") {
  int kept = 0, refused = 0;
  kerb_test::for_each_kind([&]<class T>(kind<T> k) {
    if constexpr (asn1::message<T>) {
      constexpr shape s = shape_of(asn1::schema_of<T>);
      if (s.levels == 0) return;
      generator g(4711);
      g.present = 0;  // no extension of its own
      std::size_t at = 0;
      const auto known = encoded(g.make<T>());
      const auto in = with_unknown_field(known, s.levels, at);
      for (const der::rules allowed : {der::strict, der::as_deployed}) {
        const auto r = kerb_test::decode_kind(k, in, allowed);
        INFO(k.name);
        CHECK(r.has_value() == s.extensible);
        if (r) {
          CHECK(encoded(*r) == in);
        } else {
          CHECK(r.error().code == errc::trailing_data);
          CHECK(r.error().offset == at);
        }
      }
      ++(s.extensible ? kept : refused);
    }
  });
  CHECK(kept > 20);
  CHECK(refused > 30);
}

constexpr bool newer_tickets() {
  // MIT krb5's decoder drops what it does not know; a ticket that says more than we can read is no ticket here
  constexpr bytes_view in = reference("Ticket: ticket");
  std::array<std::uint8_t, 100> more{};
  kerb::detail::copy_octets(in.data(), in.size(), more.data());
  more[1] = static_cast<std::uint8_t>(more[1] + unknown_field.size());
  more[3] = static_cast<std::uint8_t>(more[3] + unknown_field.size());
  kerb::detail::copy_octets(unknown_field.data(), unknown_field.size(), more.data() + in.size());
  const bytes_view longer = bytes_view(more).first(in.size() + unknown_field.size());
  return asn1::decode<msg::Ticket>(in, der::strict) &&
         refuses<msg::Ticket>(longer, errc::trailing_data, in.size(), "Ticket", "");
}
KERB_BOTH("Ticket: a further field is refused, under any rules", "[msg][rfc4120-1.5][tolerance]", newer_tickets);

constexpr bool long_flags() {
  const auto of_40 = "300aa00803060040000000ff"_hex;
  const auto of_64 = "300da00b0309004000000001234567"_hex;
  const auto written = "3009a00703050040000000"_hex;
  for (const bytes_view in : {bytes_view(of_40), bytes_view(of_64)}) {
    const auto read = asn1::decode<msg::PaPacOptions>(in, der::strict);
    const auto whole = asn1::decode_as<captured<msg::PaPacOptions>>("PA-PAC-OPTIONS", in, der::strict);
    if (!read || !whole || read->options != flags{pac_option_t::branch_aware}) return false;
    std::array<std::uint8_t, 20> buffer{}, other{};
    const auto again = asn1::encode(*read, buffer), as_it_came = asn1::encode(*whole, other);
    if (!again || *again != bytes_view(written) || !as_it_came || *as_it_came != in) return false;
  }
  return true;
}
KERB_BOTH("KerberosFlags: bits behind the 32nd have no names; written again they are gone, captured they stay",
          "[msg][rfc4120-5.2.8][tolerance]", long_flags);

}  // namespace
