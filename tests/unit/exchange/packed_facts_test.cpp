// A credential's octets together in one place, from which its facts are read again.
#include <kerb/exchange/packed_facts.hpp>

#include "support/both.hpp"
#include "support/kdc_world.hpp"

using namespace kerb_test;
using kerb::detail::packed_facts;

namespace {

constexpr std::uint8_t address_octets[] = {10, 1, 2, 3},
                       address_list[] = {0x30, 0x0f, 0x30, 0x0d, 0xa0, 3, 2, 1, 2, 0xa1, 6, 4, 4, 10, 1, 2, 3};

constexpr bool copies_everything() {
  kdc_world w;
  for (const bool addresses : {false, true}) {
    std::array<std::uint8_t, 1024> to{};
    const auto tgt = w.tgt();
    ticket_facts f = tgt.facts();
    if (addresses) f.addresses = must(asn1::decode_as<msg::HostAddresses>("HostAddresses", address_list));
    f.renew_till = noon.at;
    f.is_referral = true;
    basic_credential<key> original(f, w.session_key.copy());
    original.set_kdc_clock_offset(-7);
    const std::size_t n = packed_facts(f).size();
    const auto copy = kerb::detail::copy_credential(w.policy, original, std::span(to).first(n));
    if (!copy) return false;
    // what the original's views refer to is no longer needed
    const bytes_view from[] = {copy->client().realm.octets, copy->server().realm.octets, copy->ticket()};
    for (const bytes_view v : from)
      if (v.data() < to.data() || v.data() + v.size() > to.data() + n) return false;
    const ticket_facts& g = copy->facts();
    if (!same_principal(g.client, alice()) || !same_principal(g.server, krbtgt()) || g.ticket != f.ticket ||
        g.flags != f.flags || g.renew_till != f.renew_till || !g.is_referral || copy->kdc_clock_offset() != -7 ||
        !(copy->session_key().octets().unguarded() == w.session_key.octets().unguarded())) {
      return false;
    }
    if (g.addresses.has_value() != addresses) return false;
    if (addresses) {
      const msg::HostAddress a = *g.addresses->begin();
      if (g.addresses->size() != 1 || a.addr_type != addr_t::ipv4 || a.address != bytes_view(address_octets))
        return false;
    }
  }
  return true;
}
constexpr bool needs_every_octet() {
  kdc_world w;
  std::array<std::uint8_t, 1024> to{};
  const auto c = w.tgt();
  const packed_facts packed(c.facts());
  for (std::uint8_t& b : to) b = 0xee;
  packed.write(c.facts(), std::span(to).first(packed.size()));
  return to[packed.size() - 1] == c.ticket()[c.ticket().size() - 1] && to[packed.size()] == 0xee;
}
}  // namespace

KERB_BOTH("packed_facts: a copied credential has the same contents, in its own octets", "[exchange]",
          copies_everything);
KERB_BOTH("packed_facts: size() is exactly what is written", "[exchange]", needs_every_octet);
