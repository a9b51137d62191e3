// Two sides of a session, and messages between them in which a test may have anything wrong.
#pragma once
#include <kerb/exchange/protect/session.hpp>

#include "support/ap_world.hpp"

namespace kerb_test::inline protect_world_names {

/// The two messages that a session makes of application data.
enum class kind { priv, safe };
inline constexpr kind kinds_of_message[] = {kind::priv, kind::safe};

/// What a message says of itself besides its data.
struct control {
  std::optional<kerb::kerberos_time> timestamp{};
  std::optional<kerb::microseconds> usec{};
  std::optional<std::uint32_t> seq_number{};
  kerb::msg::HostAddress s_address{};
  std::optional<kerb::msg::HostAddress> r_address{};
};
template <class Part>
constexpr Part part_of(const control& c, kerb::bytes_view data) {
  return {data, c.timestamp, c.usec, c.seq_number, c.s_address, c.r_address};
}

inline constexpr std::uint8_t here_octets[] = {192, 0, 2, 1}, there_octets[] = {192, 0, 2, 2};
inline constexpr kerb::msg::HostAddress here_address{kerb::addr_t::ipv4, kerb::bytes_view(here_octets)};
inline constexpr kerb::msg::HostAddress there_address{kerb::addr_t::ipv4, kerb::bytes_view(there_octets)};
inline constexpr std::uint8_t some_data[] = {'s', 'o', 'm', 'e', ' ', 'd', 'a', 't', 'a'};

template <class C>
struct basic_protect_world {
  using key = typename C::key;
  /// A session with the store of its side.
  struct session : kerb::protected_session<C> {
    using kerb::protected_session<C>::protected_session;
    kerb::memory_replay_cache<32> seen{};
  };

  basic_ap_world<C> w;
  bool with_store = false;  ///< each side's store is given to its every call
  kerb::session_options options{.here = kerb::side::initiator};
  std::optional<std::uint32_t> initiator_seq = 70000, acceptor_seq = 90000;
  bool initiator_subkey = false, acceptor_subkey = false;

  constexpr key subkey(bool of_initiator) {
    return w.import(of_initiator ? key_as_sent(w.session_etype, subkey_octets)
                                 : key_as_sent(w.session_etype, other_octets));
  }
  constexpr kerb::session_keys<key> keys() {
    kerb::session_keys<key> k{w.session_key(), {}, {}, initiator_seq, acceptor_seq};
    if (initiator_subkey) k.initiator_subkey.emplace(subkey(true));
    if (acceptor_subkey) k.acceptor_subkey.emplace(subkey(false));
    return k;
  }
  constexpr session of(kerb::side s) {
    kerb::session_options o = options;
    o.here = s;
    if (s == kerb::side::acceptor) {
      o.local = options.peer;
      o.peer = options.local;
    }
    return session(keys(), o);
  }
  constexpr session initiator() { return of(kerb::side::initiator); }
  constexpr session acceptor() { return of(kerb::side::acceptor); }
  constexpr void at_places() {
    options.local = here_address;
    options.peer = there_address;
  }

  constexpr kerb::result<kerb::bytes_view> make(session& s, kind k, kerb::bytes_view data,
                                                std::span<std::uint8_t> out) {
    const auto t = w.turn();
    if (with_store) return k == kind::priv ? s.make_priv(data, out, t, s.seen) : s.make_safe(data, out, t, s.seen);
    return k == kind::priv ? s.make_priv(data, out, t) : s.make_safe(data, out, t);
  }
  constexpr kerb::result<kerb::bytes_view> open(session& s, kind k, kerb::bytes_view message,
                                                std::span<std::uint8_t> out) {
    const auto t = w.turn();
    if (with_store) return k == kind::priv ? s.open_priv(message, out, t, s.seen) : s.open_safe(message, t, s.seen);
    return k == kind::priv ? s.open_priv(message, out, t) : s.open_safe(message, t);
  }
  constexpr kerb::result<std::size_t> size(session& s, kind k, std::size_t n) {
    return k == kind::priv ? s.priv_size(n, w.turn()) : s.safe_size(n, w.turn());
  }

  /// What the initiator's first message would say.
  constexpr control honest() const {
    control c;
    if (options.by != kerb::freshness::sequence_numbers) {
      c.timestamp = w.now.at;
      c.usec = w.now.usec;
    }
    if (options.by != kerb::freshness::timestamps) c.seq_number = initiator_seq;
    c.s_address = options.local ? *options.local : kerb::from_initiator;
    if (options.peer) c.r_address = *options.peer;
    return c;
  }
  /// A message that says just this, under a key.
  constexpr kerb::bytes_view mint(kind k, const control& c, kerb::bytes_view data, const key& by,
                                  std::span<std::uint8_t> out) {
    return k == kind::priv ? mint_priv(c, data, by, kerb::key_usage_t::krb_priv_enc_part, out)
                           : mint_safe(c, data, by, kerb::key_usage_t::krb_safe_cksum, out);
  }
  constexpr kerb::bytes_view mint_priv(const control& c, kerb::bytes_view data, const key& by, kerb::key_usage_t usage,
                                       std::span<std::uint8_t> out) {
    kerb::errc why = kerb::errc::ok;
    const auto part = part_of<kerb::msg::EncKrbPrivPart>(c, data);
    const auto t = w.turn();
    const auto sealed =
        kerb::asn1::computed{[&](kerb::der::writer& to) { kerb::write_sealed(to, part, by, usage, t, why); }};
    return must(kerb::asn1::encode(kerb::msg::BasicKrbPriv<std::remove_const_t<decltype(sealed)>>{sealed}, out));
  }
  constexpr kerb::bytes_view mint_safe(const control& c, kerb::bytes_view data, const key& by, kerb::key_usage_t usage,
                                       std::span<std::uint8_t> out, std::optional<kerb::cksum_t> type = {}) {
    using namespace kerb;
    const auto body = captured<msg::KrbSafeBody>::of(part_of<msg::KrbSafeBody>(c, data));
    const cksum_shape shape = must(w.policy.cksum_of(w.policy.etype_of(by)));
    std::array<std::uint8_t, 512> covered{};
    std::array<std::uint8_t, 32> octets{};
    const std::span<std::uint8_t> mac = std::span(octets).first(shape.octets);
    const bytes_view pieces[] = {must(asn1::encode(msg::KrbSafe{body, {}}, covered))};  // encoded, not patched
    (void)w.policy.sign(shape.type, by, usage, pieces, mac);
    return must(asn1::encode(msg::KrbSafe{body, {type ? *type : shape.type, bytes_view(mac)}}, out));
  }
};
using protect_world = basic_protect_world<kerb::testing::insecure_policy>;

}  // namespace kerb_test::inline protect_world_names
