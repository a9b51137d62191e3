// Whose address it is.
#include <kerb/exchange/addresses.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {
constexpr std::uint8_t here_octets[] = {192, 0, 2, 1}, there_octets[] = {192, 0, 2, 2};
constexpr std::uint8_t mapped_octets[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
constexpr std::uint8_t v6_octets[] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
constexpr msg::HostAddress here{addr_t::ipv4, here_octets}, there{addr_t::ipv4, there_octets},
    mapped{addr_t::ipv6, mapped_octets}, v6{addr_t::ipv6, v6_octets}, name{addr_t::netbios, here_octets},
    short_v6{addr_t::ipv6, here_octets};

KERB_BOTH("same_address: by type and octets", "[exchange][rfc4120-7.1]", [] {
  return same_address(here, here) && !same_address(here, there) && !same_address(here, name) &&
         !same_address(here, short_v6) && same_address(v6, v6) && !same_address(here, v6);
});
KERB_BOTH("same_address: an IPv4 address in an IPv6 socket's form is of type IPv4", "[exchange][rfc4120-7.1]", [] {
  return same_address(mapped, here) && same_address(here, mapped) && !same_address(mapped, there) &&
         normal_address(mapped).addr_type == addr_t::ipv4 && normal_address(v6).addr_type == addr_t::ipv6;
});
KERB_BOTH("normal_address: only 16 octets of type IPv6 hold an IPv4 address", "[exchange][rfc4120-7.1]", [] {
  const std::uint8_t longer[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1, 0};
  const msg::HostAddress others[] = {{addr_t::netbios, mapped_octets},
                                     {addr_t(26), mapped_octets},
                                     {addr_t::ipv6, longer},
                                     {addr_t::ipv6, bytes_view(longer).first(10)},
                                     {addr_t::ipv6, bytes_view(longer).first(15)}};
  for (const msg::HostAddress& a : others) {
    const msg::HostAddress b = normal_address(a);
    if (b.addr_type != a.addr_type || !(b.address == a.address)) return false;
  }
  return true;
});
KERB_BOTH("directional addresses: 0 comes from the initiator and 1 from the acceptor", "[exchange][rfc4120-7.1]", [] {
  const std::uint8_t zero[] = {0, 0, 0, 0}, one[] = {0, 0, 0, 1};
  return from_initiator.addr_type == addr_t::directional && from_initiator.address == bytes_view(zero) &&
         from_acceptor.addr_type == addr_t::directional && from_acceptor.address == bytes_view(one) &&
         !same_address(from_initiator, from_acceptor);
});

constexpr bool no_scoped_address_may() {
  std::array<std::uint8_t, 16> six{};
  const auto may = [&] { return may_be_in_ticket({addr_t::ipv6, bytes_view(six)}); };
  if (may()) return false;  // ::
  six[15] = 1;
  if (may()) return false;  // ::1
  six[15] = 2;
  if (!may()) return false;
  six[15] = 1, six[14] = 1;
  if (!may()) return false;
  for (const std::uint8_t second : std::initializer_list<std::uint8_t>{0x80, 0x9f, 0xbf}) {
    six[0] = 0xfe, six[1] = second;
    if (may()) return false;  // fe80::/10
  }
  for (const std::uint8_t second : std::initializer_list<std::uint8_t>{0x00, 0x7f, 0xc0}) {
    six[1] = second;
    if (!may()) return false;
  }
  six[0] = 0xfd, six[1] = 0x80;
  return may() && !may_be_in_ticket(mapped) && !may_be_in_ticket(from_initiator) && !may_be_in_ticket(from_acceptor);
}
KERB_BOTH("may_be_in_ticket: what RFC 4120 forbids may not", "[exchange][rfc4120-7.1]", no_scoped_address_may);
constexpr bool a_sender_may_say_it() {
  constexpr std::uint8_t none[16] = {}, loopback[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
                         link_local[16] = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7};
  for (const bytes_view octets : {bytes_view(none), bytes_view(loopback), bytes_view(link_local)}) {
    const msg::HostAddress a{addr_t::ipv6, octets};
    if (may_be_in_message(a) || !same_address(detail::sender_address(a, from_acceptor), from_acceptor)) return false;
  }
  for (const msg::HostAddress& a : {here, v6, mapped, from_initiator}) {
    const msg::HostAddress sent = detail::sender_address(a, from_acceptor);
    if (!may_be_in_message(a) || !same_address(sent, a) || sent.addr_type != normal_address(a).addr_type) return false;
  }
  return same_address(detail::sender_address({}, from_acceptor), from_acceptor);
}
KERB_BOTH("sender_address: an address that may be in no message is replaced by the directional one",
          "[exchange][rfc4120-7.1]", a_sender_may_say_it);

KERB_BOTH("may_be_in_ticket: all other addresses may", "[exchange][rfc4120-7.1]", [] {
  const std::uint8_t loopback[] = {127, 0, 0, 1};
  return may_be_in_ticket(here) && may_be_in_ticket(v6) && may_be_in_ticket(name) && may_be_in_ticket(short_v6) &&
         may_be_in_ticket({addr_t::ipv4, loopback}) && may_be_in_ticket({addr_t(-7), mapped_octets}) &&
         may_be_in_ticket(normal_address(mapped));
});

constexpr bool judges() {
  const msg::HostAddress both[] = {name, here}, other[] = {name, there}, names[] = {name, name},
                         directions[] = {from_initiator}, six[] = {mapped};
  const auto in = [](view_of<msg::HostAddress> v) { return std::optional<msg::HostAddresses>(v); };
  return verify_address({}, here) == address_verdict::unrestricted &&
         verify_address(msg::HostAddresses{}, here) == address_verdict::unrestricted &&
         verify_address(in(both), here) == address_verdict::listed &&
         verify_address(in(six), here) == address_verdict::listed &&
         verify_address(in(other), here) == address_verdict::not_listed &&
         verify_address(in(names), here) == address_verdict::unrestricted &&
         verify_address(in(names), name) == address_verdict::unrestricted &&
         verify_address(in(directions), from_initiator) == address_verdict::not_listed;
}
KERB_BOTH("verify_address: NetBIOS names are passed over, and a directional address is no host's",
          "[exchange][rfc4120-3.2.3][rfc4120-7.1]", judges);
}  // namespace
