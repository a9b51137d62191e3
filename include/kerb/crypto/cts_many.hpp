// AES in CBC mode with ciphertext stealing, of several messages side by side.
#pragma once
#include "cts.hpp"

namespace kerb::inline v0 {

/// Messages whose blocks are encrypted in one call. In one message each block waits for the one before it, and a
/// processor has space for about so many that do not.
inline constexpr std::size_t cts_lanes = 8;

namespace detail {
/// One message on its way through cts_encrypt_many.
struct cts_lane {
  std::uint8_t* next = nullptr;  // where its next block begins
  std::size_t whole = 0;         // blocks before the last one
  std::size_t tail = 0;          // octets of the last
  bool only = true;              // there is no other

  constexpr cts_lane() = default;
  constexpr cts_lane(std::uint8_t* text, std::size_t size)
      : next(text), whole((size - 1) / block_octets), tail(size - whole * block_octets), only(whole == 0) {}

  /// Combines the next block, which is not the last, with the ciphertext before it, and stores what became of that.
  constexpr void load(std::uint8_t* chain) const { xor_block(next, chain, chain); }
  constexpr void store(const std::uint8_t* chain) {
    copy_octets(chain, block_octets, next);
    skip(1);
  }
  constexpr void skip(std::size_t blocks) {
    next += blocks * block_octets;
    whole -= blocks;
  }
  /// The same for the last: padded with zeros, and swapped as in cts_encrypt.
  constexpr void load_last(std::uint8_t* chain) const {
    if (tail == block_octets) return load(chain);
    for (std::size_t i = 0; i != tail; ++i) chain[i] = static_cast<std::uint8_t>(chain[i] ^ next[i]);
  }
  constexpr void store_last(const std::uint8_t* chain) const {
    if (only) return copy_octets(chain, block_octets, next);
    if (tail == block_octets) copy_octets(next - block_octets, block_octets, next);  // of a size that is known
    else copy_octets(next - block_octets, tail, next);
    copy_octets(chain, block_octets, next - block_octets);
  }
};

/// What is left of one message, when no other is there to go beside it. `chain` is the ciphertext before it.
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

/// Blocks that all of these messages have before one of them comes to its last.
constexpr std::size_t whole_in_all(const cts_lane* lanes, std::size_t busy) {
  std::size_t least = lanes[0].whole;
  for (std::size_t i = 1; i != busy; ++i) least = lanes[i].whole < least ? lanes[i].whole : least;
  return least;
}
}  // namespace detail

/// cts_encrypt, from a zero vector and in place, for each message without its last `behind` octets: the same octets, in
/// a quarter of the time where a library works on independent blocks at once. Messages lie apart from each other and
/// may have different lengths. errc::api_misuse, and none is touched, when one of them is too short; when the library
/// fails, they are in no defined state.
template <primitives P>
constexpr errc cts_encrypt_many(P& p, typename P::cipher& c, view_of<std::span<std::uint8_t>> messages,
                                std::size_t behind = 0) noexcept {
  using detail::block_octets;
  for (const std::span<std::uint8_t> m : messages)
    if (m.size() < block_octets + behind) return errc::api_misuse;
  std::array<detail::cts_lane, cts_lanes> lanes{};
  std::array<std::uint8_t, cts_lanes * block_octets> chains{};  // the last block of each lane
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
    for (std::size_t i = busy; i-- != 0;) {  // from the end, so that a lane that moves has been stored
      if (lanes[i].whole != 0) {
        lanes[i].store(chain(i));
        continue;
      }
      lanes[i].store_last(chain(i));
      if (started != messages.size()) {  // a lane whose message is done takes the next one, or is given up
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
