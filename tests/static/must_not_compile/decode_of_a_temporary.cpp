// expect: a_view_of_a_temporary_object_would_dangle
#include <kerb/msg/ticket.hpp>

std::array<std::uint8_t, 100> from_the_network();

bool is_ticket() {
#ifdef KERB_FIXED
  const auto octets = from_the_network();
  return kerb::asn1::decode<kerb::msg::Ticket>(octets).has_value();
#else
  return kerb::asn1::decode<kerb::msg::Ticket>(from_the_network()).has_value();
#endif
}
