// What visitors are given, and what they may be.
#include <kerb/asn1/node.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {

struct counts {
  int seen = 0;
  constexpr void operator()(const asn1::node&) { ++seen; }
};
struct opens : counts {
  static constexpr asn1::reveal secrets{};
  bytes_view plain;
  constexpr bytes_view unseal(const asn1::node&, const asn1::seal&) { return plain; }
};
static_assert(asn1::visitor<counts> && asn1::visitor<opens> && !asn1::visitor<int>);

constexpr bool what_a_visitor_says() {
  counts plain;
  opens all;
  const std::uint8_t octets[] = {1, 2};
  all.plain = bytes_view(octets);
  asn1::detail::sink_for<counts> a(plain);
  asn1::detail::sink_for<opens> b(all);
  asn1::detail::sink& second = b;
  const asn1::node n;
  a.see(n);
  second.see(n);
  second.see(n);
  return plain.seen == 1 && all.seen == 2 && !a.reveals && second.reveals && a.unseal(n, {}).empty() &&
         second.unseal(n, {}).size() == 2;
}
KERB_BOTH("node: only a visitor that asks is given secrets, and only one that can unseals", "[asn1]",
          what_a_visitor_says);

}  // namespace
