// The octets of a credential, copied together: its names, addresses and ticket.
#pragma once
#include "../asn1/decode.hpp"
#include "../crypto/policy.hpp"
#include "credential.hpp"

namespace kerb::inline v0::detail {

/// A copy of the octets that a credential's facts refer to, one after the other.
struct packed_facts {
  std::array<std::size_t, 6> sizes{};  // client's name, server's name, addresses, two realms, ticket

  constexpr packed_facts() = default;
  constexpr explicit packed_facts(const ticket_facts& f)
      : sizes{asn1::encoded_size(f.client.name),
              asn1::encoded_size(f.server.name),
              f.addresses ? asn1::encoded_size(*f.addresses) : 0,
              f.client.realm.octets.size(),
              f.server.realm.octets.size(),
              f.ticket.size()} {}
  constexpr std::size_t size() const {
    std::size_t n = 0;
    for (const std::size_t s : sizes) n += s;
    return n;
  }
  /// Writes the octets into the front of `to`, which has size() octets and does not overlap them.
  constexpr void write(const ticket_facts& f, std::span<std::uint8_t> to) const {
    std::size_t at = 0;
    const auto take = [&](std::size_t n) { return to.subspan(std::exchange(at, at + n), n); };
    (void)asn1::encode(f.client.name, take(sizes[0]));
    (void)asn1::encode(f.server.name, take(sizes[1]));
    if (f.addresses) (void)asn1::encode(*f.addresses, take(sizes[2]));
    for (const bytes_view v : {f.client.realm.octets, f.server.realm.octets, f.ticket})
      copy_octets(v.data(), v.size(), take(v.size()).data());
  }
  /// `f` with views of the octets in `from`, which write() has written.
  constexpr ticket_facts read(ticket_facts f, bytes_view from) const {
    std::size_t at = 0;
    const auto next = [&](std::size_t i) { return from.subview(std::exchange(at, at + sizes[i]), sizes[i]); };
    if (const auto n = asn1::decode<msg::PrincipalName>(next(0))) f.client.name = *n;
    if (const auto n = asn1::decode<msg::PrincipalName>(next(1))) f.server.name = *n;
    const bytes_view addresses = next(2);
    if (f.addresses)
      if (const auto a = asn1::decode_as<msg::HostAddresses>("HostAddresses", addresses)) f.addresses = *a;
    f.client.realm = {next(3)};
    f.server.realm = {next(4)};
    f.ticket = next(5);
    return f;
  }
};

/// A second key with the same octets.
template <crypto_policy C>
constexpr result<typename C::key> copy_key(C& crypto, const typename C::key& k) {
  return crypto.import(crypto.etype_of(k), crypto.expose(k).unguarded());
}

/// A second credential with the same contents. Its octets are in `to`, of which it uses
/// packed_facts(c.facts()).size(), and which must not overlap those of the first one.
template <crypto_policy C>
constexpr result<basic_credential<typename C::key>> copy_credential(C& crypto,
                                                                    const basic_credential<typename C::key>& c,
                                                                    std::span<std::uint8_t> to) {
  const packed_facts packed(c.facts());
  auto k = copy_key(crypto, c.session_key());
  if (!k) return k.error();
  packed.write(c.facts(), to);
  basic_credential<typename C::key> copy(packed.read(c.facts(), bytes_view(to).first(packed.size())), std::move(*k));
  copy.set_kdc_clock_offset(c.kdc_clock_offset());
  return copy;
}

}  // namespace kerb::inline v0::detail
