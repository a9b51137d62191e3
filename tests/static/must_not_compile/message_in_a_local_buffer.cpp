// expect: address of stack memory associated with local variable 'octets' returned
// clang: -Werror=return-stack-address
// A decoded message is a view of its octets.
#include <kerb/asn1/owned.hpp>
#include <kerb/msg/ticket.hpp>

std::array<std::uint8_t, 100> from_the_network();

auto ticket() {
  const auto octets = from_the_network();
#if defined(KERB_FIXED)
  kerb::owned<kerb::msg::Ticket, 100> out;
  if (const auto t = kerb::asn1::decode<kerb::msg::Ticket>(octets)) (void)out.assign(*t);
  return out;
#else
  return kerb::asn1::decode<kerb::msg::Ticket>(octets);
#endif
}

kerb::errc why_not() {  // which returns a value, and is no mistake
  const auto octets = from_the_network();
  const auto t = kerb::asn1::decode<kerb::msg::Ticket>(octets);
  return t.error().code;
}

bool f() { return static_cast<bool>(ticket()) || why_not() == kerb::errc::ok; }
