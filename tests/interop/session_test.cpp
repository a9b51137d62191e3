// KRB-SAFE and KRB-PRIV with the libraries' krb5_mk_safe, krb5_rd_safe, krb5_mk_priv and krb5_rd_priv.
#include "session_world.hpp"

using namespace sessions;
using kerb::freshness;

namespace {

constexpr std::uint8_t peer_octets[] = {192, 0, 2, 1}, our_octets[] = {192, 0, 2, 2};
constexpr kerb::msg::HostAddress peer_address{kerb::addr_t::ipv4, bytes_view(peer_octets)};
constexpr kerb::msg::HostAddress our_address{kerb::addr_t::ipv4, bytes_view(our_octets)};
const std::string peer_place = "2/c0000201", our_place = "2/c0000202";

/// How the peer is told what protects a session from replays.
std::string flags_of(freshness f) {
  return f == freshness::sequence_numbers ? "q" : f == freshness::timestamps ? "t" : "qt";
}
/// Heimdal's library sends under its own subkey where it proposed one.
kerb::key_choice keys_of(const library& with) {
  return with.is_heimdal ? kerb::key_choice::own_subkey : kerb::key_choice::last_negotiated;
}
kerb::session_options at_addresses(const library& with, freshness f = freshness::sequence_numbers) {
  return {.here = kerb::side::initiator, .by = f, .local = our_address, .peer = peer_address, .keys = keys_of(with)};
}

/// Several messages of both kinds and of many sizes, both ways.
void converse(talk& t, ours& we) {
  for (const std::size_t size : {5u, 0u, 1u, 47u, 300u}) {
    for (const kind k : {kind::safe, kind::priv, kind::priv, kind::safe}) {
      CAPTURE(size, word(k));
      octets data(size);
      for (std::size_t i = 0; i != size; ++i) data[i] = static_cast<std::uint8_t>(i + size);
      CHECK(opened_by(t, k, we.make(k, data)) == "data " + hex(data));
      data.push_back(7);
      CHECK(we.open(k, made_by(t, k, data)) == errc::ok);
      CHECK(we.opened == data);
    }
  }
}

}  // namespace

TEST_CASE("protected_session: KRB-SAFE and KRB-PRIV go to the libraries and come from them", "[sessions]") {
  for (const library& with : libraries()) {
    for (const etype_t e : all_etypes) {
      for (const bool peer_initiates : {true, false}) {
        for (const int subkeys : {0, 1, 2}) {  // none, the initiator's, both
          for (const freshness f : {freshness::sequence_numbers, freshness::timestamps, freshness::both}) {
            CAPTURE(with.name, e, peer_initiates, subkeys, flags_of(f));
            talk t({.with = with,
                    .etype = e,
                    .peer_initiates = peer_initiates,
                    .initiator_subkey = subkeys > 0,
                    .acceptor_subkey = subkeys > 1,
                    .flags = flags_of(f)});
            place(t, peer_place, our_place);
            ours we(t, at_addresses(with, f));
            converse(t, we);
          }
        }
      }
    }
  }
}
