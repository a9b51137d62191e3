// AES in CBC mode with ciphertext stealing, for several messages at once.
#pragma once
#include "cts.hpp"

namespace kerb::inline v0 {

/// The number of messages whose blocks are encrypted in one call. Within a message each block
/// depends on the one before it; a processor can work on about this many independent blocks.
inline constexpr std::size_t cts_lanes = 8;

namespace detail {
/// One message that cts_encrypt_many is encrypting.
struct cts_lane {
  std::uint8_t* next = nullptr;  // where its next block begins
  std::size_t whole = 0;         // blocks before the last one
  std::size_t tail = 0;          // octets of the last
  bool only = true;              // whether the last block is the only one

  constexpr cts_lane() = default;
  constexpr cts_lane(std::uint8_t* text, std::size_t size)
      : next(text), whole((size - 1) / block_octets), tail(size - whole * block_octets), only(whole == 0) {}

  /// XORs the next block, which is not the last, into the ciphertext before it. store() writes the
  /// encrypted result back.
  constexpr void load(std::uint8_t* chain) const { xor_block(next, chain, chain); }
  constexpr void store(const std::uint8_t* chain) {
    copy_octets(chain, block_octets, next);
    skip(1);
  }
  constexpr void skip(std::size_t blocks) {
    next += blocks * block_octets;
    whole -= blocks;
  }
  /// The same for the last block: padded with zeros, and swapped as in cts_encrypt.
  constexpr void load_last(std::uint8_t* chain) const {
    if (tail == block_octets) return load(chain);
    for (std::size_t i = 0; i != tail; ++i) chain[i] = static_cast<std::uint8_t>(chain[i] ^ next[i]);
  }
  constexpr void store_last(const std::uint8_t* chain) const {
    if (only) return copy_octets(chain, block_octets, next);
    if (tail == block_octets) copy_octets(next - block_octets, block_octets, next);  // constant size
    else copy_octets(next - block_octets, tail, next);
    copy_octets(chain, block_octets, next - block_octets);
  }
};

/// Encrypts the rest of one message when no others are left. `chain` is the ciphertext before it.
template <primitives P>
constexpr errc cts_encrypt_rest(P& p, typename P::cipher& c, cts_lane lane, std::uint8_t* chain) noexcept {
  if (lane.whole != 0) {
    const std::size_t octets = lane.whole * block_octets;
    if (const errc e = cbc_encrypt(p, c, lane.next, lane.next, lane.whole, chain); e != errc::ok) return e;
    lane.next += octets;
    copy_octets(lane.next - block_octets, block_octets, chain);
  }
  lane.load_last(chain);
  if (const errc e = p.encrypt(c, chain, chain, 1); e != errc::ok) return e;
  lane.store_last(chain);
  return errc::ok;
}

/// The number of blocks before any of these messages reaches its last block.
constexpr std::size_t whole_in_all(const cts_lane* lanes, std::size_t busy) {
  std::size_t least = lanes[0].whole;
  for (std::size_t i = 1; i != busy; ++i) least = lanes[i].whole < least ? lanes[i].whole : least;
  return least;
}
}  // namespace detail

/// Encrypts each message in place, without its last `behind` octets, as cts_encrypt does with a
/// zero vector. It takes a quarter of the time if the library processes independent blocks in
/// parallel. Messages must not overlap and may differ in length. Returns errc::api_misuse and
/// changes none when one is too short. When the library fails, their contents are unspecified.
template <primitives P>
constexpr errc cts_encrypt_many(P& p, typename P::cipher& c, view_of<std::span<std::uint8_t>> messages,
                                std::size_t behind = 0) noexcept {
  using detail::block_octets;
  for (const std::span<std::uint8_t> m : messages)
    if (m.size() < block_octets + behind) return errc::api_misuse;
  std::array<detail::cts_lane, cts_lanes> lanes{};
  std::array<std::uint8_t, cts_lanes * block_octets> chains{};  // the last ciphertext block of each lane
  wiped_on_exit wipe(chains);
  const auto chain = [&](std::size_t lane) { return chains.data() + lane * block_octets; };
  std::size_t started = 0, busy = 0;
  const auto start = [&](std::size_t lane) {
    lanes[lane] = {messages[started].data(), messages[started].size() - behind};
    ++started;
    detail::copy_octets(zero_iv.data(), block_octets, chain(lane));
  };
  while (busy != cts_lanes && started != messages.size()) start(busy++);
  while (busy > 1) {
    const std::size_t n = detail::whole_in_all(lanes.data(), busy);
    for (std::size_t at = 0; at != n * block_octets; at += block_octets) {
      for (std::size_t i = 0; i != busy; ++i) detail::xor_block(lanes[i].next + at, chain(i), chain(i));
      if (const errc e = p.encrypt(c, chains.data(), chains.data(), busy); e != errc::ok) return e;
      for (std::size_t i = 0; i != busy; ++i) detail::copy_octets(chain(i), block_octets, lanes[i].next + at);
    }
    for (std::size_t i = 0; i != busy; ++i) lanes[i].skip(n);
    for (std::size_t i = 0; i != busy; ++i)
      lanes[i].whole != 0 ? lanes[i].load(chain(i)) : lanes[i].load_last(chain(i));
    if (const errc e = p.encrypt(c, chains.data(), chains.data(), busy); e != errc::ok) return e;
    for (std::size_t i = busy; i-- != 0;) {  // backwards, so that a lane that moves has been stored
      if (lanes[i].whole != 0) {
        lanes[i].store(chain(i));
        continue;
      }
      lanes[i].store_last(chain(i));
      if (started != messages.size()) {  // a lane whose message is complete gets the next one, or is removed
        start(i);
      } else if (i != --busy) {
        lanes[i] = lanes[busy];
        detail::copy_octets(chain(busy), block_octets, chain(i));
      }
    }
  }
  return busy == 0 ? errc::ok : detail::cts_encrypt_rest(p, c, lanes[0], chain(0));
}

}  // namespace kerb::inline v0
