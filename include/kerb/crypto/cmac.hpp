// CMAC: a message authentication code over a block cipher.
#pragma once
#include "cts.hpp"

namespace kerb::inline v0 {

namespace detail {
/// RFC 4493 section 2.3: doubles `b` in the field of 2^128 elements, in constant time.
constexpr cipher_block doubled(cipher_block b) {
  const auto reduction = static_cast<std::uint8_t>(0x87 & -(b[0] >> 7));
  for (std::size_t i = 0; i + 1 != b.size(); ++i) b[i] = static_cast<std::uint8_t>(b[i] << 1 | b[i + 1] >> 7);
  b.back() = static_cast<std::uint8_t>(b.back() << 1 ^ reduction);
  return b;
}
}  // namespace detail

/// Computes the first out.size() octets, at most 16, of the CMAC over the pieces, in order (RFC
/// 4493 section 2.4, for any cipher with blocks of 16 octets). `c` contains the scheduled key.
template <primitives P>
constexpr errc cmac(P& p, typename P::cipher& c, view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
  cipher_block state{}, end{};  // `end` is XORed into the last block
  wiped_on_exit wipe_state(state), wipe_end(end);
  if (out.size() > state.size()) return errc::api_misuse;
  std::size_t n = 0;  // octets in the current block; a full one is encrypted only when another octet follows
  for (bytes_view piece : pieces)
    while (!piece.empty()) {
      if (n == state.size()) {
        if (const errc e = p.encrypt(c, state.data(), state.data(), 1); e != errc::ok) return e;
        n = 0;
      }
      const std::size_t now = piece.size() < state.size() - n ? piece.size() : state.size() - n;
      if (now == state.size()) detail::xor_block(state.data(), piece.data(), state.data());
      else
        for (std::size_t i = 0; i != now; ++i) state[n + i] = static_cast<std::uint8_t>(state[n + i] ^ piece[i]);
      n += now;
      piece = piece.subview(now);
    }
  if (const errc e = p.encrypt(c, end.data(), end.data(), 1); e != errc::ok) return e;
  end = detail::doubled(end);
  if (n != state.size()) {
    state[n] ^= 0x80;
    end = detail::doubled(end);
  }
  detail::xor_block(state.data(), end.data(), state.data());
  if (const errc e = p.encrypt(c, state.data(), state.data(), 1); e != errc::ok) return e;
  detail::copy_octets(state.data(), out.size(), out.data());
  return errc::ok;
}

}  // namespace kerb::inline v0
