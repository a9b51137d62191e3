// Host addresses: when two are equal, and which a ticket allows; RFC 4120 section 7.1.
#pragma once
#include "../msg/basic.hpp"

namespace kerb::inline v0 {

/// The directional addresses, for sessions that cannot use the addresses of their transport. In
/// RFC 4120 section 7.1 the initiator sends from address 0 and the acceptor from address 1. That section
/// allows them as the sender's address in a KRB-SAFE and a KRB-PRIV, and nowhere else.
inline constexpr std::array<std::uint8_t, 4> from_initiator_octets{0, 0, 0, 0}, from_acceptor_octets{0, 0, 0, 1};
inline constexpr msg::HostAddress from_initiator{addr_t::directional, bytes_view(from_initiator_octets)};
inline constexpr msg::HostAddress from_acceptor{addr_t::directional, bytes_view(from_acceptor_octets)};

/// Returns the address in the form that RFC 4120 section 7.1 requires: an IPv4 address that an IPv6
/// socket reports (ffff before it, in 16 octets) becomes an address of type IPv4. A view of the same
/// octets.
constexpr msg::HostAddress normal_address(const msg::HostAddress& a) {
  if (a.addr_type != addr_t::ipv6 || a.address.size() != 16) return a;
  for (std::size_t i = 0; i != 12; ++i)
    if (a.address[i] != (i < 10 ? 0x00 : 0xff)) return a;
  return {addr_t::ipv4, a.address.subview(12)};
}
constexpr bool same_address(const msg::HostAddress& a, const msg::HostAddress& b) {
  const msg::HostAddress x = normal_address(a), y = normal_address(b);
  return x.addr_type == y.addr_type && x.address == y.address;
}

/// Whether RFC 4120 section 7.1 allows this address in a message of Kerberos at all. In none of them may be
/// the unspecified, loopback and link-local addresses of IPv6: another host can have the same address. It
/// only advises against the loopback address of IPv4.
constexpr bool may_be_in_message(const msg::HostAddress& a) {
  if (a.addr_type != addr_t::ipv6 || a.address.size() != 16) return true;
  if (a.address[0] == 0xfe && (a.address[1] & 0xc0) == 0x80) return false;  // fe80::/10
  for (std::size_t i = 0; i != 15; ++i)
    if (a.address[i] != 0) return true;
  return a.address[15] > 1;  // not :: and not ::1
}
/// Whether RFC 4120 section 7.1 allows this address in a ticket. Besides those that may be in no message, it
/// forbids directional addresses, and an IPv4 address of type IPv6 (normal_address() changes its type).
constexpr bool may_be_in_ticket(const msg::HostAddress& a) {
  const bool mapped = a.addr_type == addr_t::ipv6 && normal_address(a).addr_type == addr_t::ipv4;
  return a.addr_type != addr_t::directional && !mapped && may_be_in_message(a);
}

namespace detail {
/// The sender's address in a KRB-PRIV: `own`, or the directional one if there is none, or one that may not
/// be in a message.
constexpr msg::HostAddress sender_address(const std::optional<msg::HostAddress>& own,
                                          const msg::HostAddress& directional) {
  return own && may_be_in_message(*own) ? normal_address(*own) : directional;
}
/// RFC 4120 section 5.1.3: an empty list is the same as an absent one.
constexpr std::optional<msg::HostAddresses> unless_empty(const std::optional<msg::HostAddresses>& list) {
  return list && !list->empty() ? list : std::nullopt;
}
}  // namespace detail

/// Whether a ticket with these addresses may come from that host. Two types of entry match no host:
/// Windows requests tickets with its NetBIOS name, and RFC 4120 section 7.1 forbids directional
/// addresses in tickets. A list that has only NetBIOS names counts as no list.
enum class address_verdict : std::uint8_t {
  unrestricted,  ///< the ticket names no address
  listed,
  not_listed,
};
constexpr address_verdict verify_address(const std::optional<msg::HostAddresses>& addresses,
                                         const msg::HostAddress& peer) {
  if (!addresses) return address_verdict::unrestricted;
  bool names_alone = true;
  for (const msg::HostAddress a : *addresses) {
    if (a.addr_type == addr_t::netbios) continue;
    names_alone = false;
    if (a.addr_type != addr_t::directional && same_address(a, peer)) return address_verdict::listed;
  }
  return names_alone ? address_verdict::unrestricted : address_verdict::not_listed;
}

}  // namespace kerb::inline v0
