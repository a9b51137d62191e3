// A program without cryptography: it decodes a message.
#include <kerb/msg/ticket.hpp>

#include <cstdio>

int main() {
  const std::uint8_t octets[] = {0x61, 0x00};
  const auto ticket = kerb::asn1::decode<kerb::msg::Ticket>(octets);
  std::printf("kerb: %s\n", kerb::name_of(ticket.error().code).data());
}
