// AES in CBC mode with ciphertext stealing, of several messages side by side.
#pragma once
#include "cts.hpp"

namespace kerb::inline v0 {

/// Messages whose blocks are encrypted in one call. In one message each block waits for the one before it, and a
/// processor has room for about so many that do not.
inline constexpr std::size_t cts_lanes = 8;

namespace detail {
/// One message on its way through cts_encrypt_many: `at` is where its next block begins.
struct cts_lane {
  std::uint8_t* text = nullptr;
  std::size_t last = 0, tail = 0, at = 0;  // where the last block begins, and its octets

  constexpr cts_lane() = default;
  constexpr explicit cts_lane(std::span<std::uint8_t> message)
      : text(message.data()), last(last_block_at(message.size())), tail(message.size() - last) {}

  /// The next block as the cipher is to have it.
  constexpr void load(std::uint8_t* block) const {
    const std::uint8_t* const before = at == 0 ? zero_iv.data() : text + (at - block_octets);
    if (at != last || tail == block_octets) return xor_block(text + at, before, block);
    copy_octets(before, block_octets, block);  // a cut block, padded with zeros
    for (std::size_t i = 0; i != tail; ++i) block[i] = static_cast<std::uint8_t>(block[i] ^ text[at + i]);
  }
  /// Takes what the cipher made of it; whether the message is done.
  constexpr bool store(const std::uint8_t* block) {
    if (at != last || last == 0) {
      copy_octets(block, block_octets, text + at);
    } else {  // swapped, as in cts_encrypt
      copy_octets(text + (last - block_octets), tail, text + last);
      copy_octets(block, block_octets, text + (last - block_octets));
    }
    at += block_octets;
    return at > last;
  }
};

/// What is left of one message, when no other is there to go beside it.
template <primitives P>
constexpr errc cts_encrypt_rest(P& p, typename P::cipher& c, cts_lane lane) noexcept {
  if (lane.at < lane.last) {
    std::uint8_t* const here = lane.text + lane.at;
    const std::uint8_t* const before = lane.at == 0 ? zero_iv.data() : here - block_octets;
    if (const errc e = cbc_encrypt(p, c, here, here, (lane.last - lane.at) / block_octets, before); e != errc::ok)
      return e;
    lane.at = lane.last;
  }
  cipher_block b{};
  wiped_on_exit wipe(b);
  lane.load(b.data());
  if (const errc e = p.encrypt(c, b.data(), b.data(), 1); e != errc::ok) return e;
  lane.store(b.data());
  return errc::ok;
}
}  // namespace detail

/// cts_encrypt, from a zero vector and in place, for each message without its last `behind` octets: the same octets, in
/// about an eighth of the time where a library works on independent blocks at once. Messages lie apart from each other
/// and may have different lengths. errc::api_misuse, and none is touched, when one of them is too short; when the
/// library fails, they are in no defined state.
template <primitives P>
constexpr errc cts_encrypt_many(P& p, typename P::cipher& c, view_of<std::span<std::uint8_t>> messages,
                                std::size_t behind = 0) noexcept {
  for (const std::span<std::uint8_t> m : messages)
    if (m.size() < detail::block_octets + behind) return errc::api_misuse;
  std::array<detail::cts_lane, cts_lanes> lanes{};
  std::array<std::uint8_t, cts_lanes * detail::block_octets> blocks;
  wiped_on_exit wipe(blocks);
  std::size_t next = 0, busy = 0;  // a lane whose message is done takes the next one, or is given up
  const auto begin = [&](detail::cts_lane& lane) {
    lane = detail::cts_lane(messages[next].first(messages[next].size() - behind));
    ++next;
  };
  while (busy != cts_lanes && next != messages.size()) begin(lanes[busy++]);
  while (busy > 1) {
    for (std::size_t i = 0; i != busy; ++i) lanes[i].load(blocks.data() + i * detail::block_octets);
    if (const errc e = p.encrypt(c, blocks.data(), blocks.data(), busy); e != errc::ok) return e;
    for (std::size_t i = busy; i-- != 0;) {  // from the end, so that a lane moved here has been stored
      if (!lanes[i].store(blocks.data() + i * detail::block_octets)) continue;
      if (next != messages.size()) begin(lanes[i]);
      else lanes[i] = lanes[--busy];
    }
  }
  return busy == 0 ? errc::ok : detail::cts_encrypt_rest(p, c, lanes[0]);
}

}  // namespace kerb::inline v0
