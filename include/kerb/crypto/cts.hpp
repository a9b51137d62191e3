// AES in CBC mode with ciphertext stealing, on a library's single-block functions.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "policy.hpp"

namespace kerb::inline v0 {

/// One block of the cipher.
using cipher_block = std::array<std::uint8_t, 16>;
/// The initial vector of every Kerberos message, RFC 3961 section 5.3.
inline constexpr cipher_block zero_iv{};

namespace detail {
inline constexpr std::size_t block_octets = 16;
// Blocks that are decrypted in one call when a message is opened in place; enough to fill any
// library's pipeline.
inline constexpr std::size_t blocks_at_once = 32;

constexpr void xor_block(const std::uint8_t* a, const std::uint8_t* b, std::uint8_t* out) {
  if (std::is_constant_evaluated()) {
    for (std::size_t i = 0; i != block_octets; ++i) out[i] = a[i] ^ b[i];
  } else {  // two words in registers: `out` may be `a` or `b`
    std::uint64_t x[2], y[2];
    std::memcpy(x, a, block_octets);
    std::memcpy(y, b, block_octets);
    x[0] ^= y[0];
    x[1] ^= y[1];
    std::memcpy(out, x, block_octets);
  }
}

/// The offset of a message's last block, which may be partial. In a message of one block it is 0.
constexpr std::size_t last_block_at(std::size_t size) { return (size - 1) / block_octets * block_octets; }

/// Plain CBC encryption of `n` blocks. `in` and `out` must be equal or must not overlap.
template <primitives P>
constexpr errc cbc_encrypt(P& p, typename P::cipher& c, const std::uint8_t* in, std::uint8_t* out, std::size_t n,
                           const std::uint8_t* iv) noexcept {
  if constexpr (has_cbc<P>) return p.cbc_encrypt(c, iv, in, out, n);
  for (std::size_t at = 0; at != n * block_octets; at += block_octets) {
    xor_block(in + at, iv, out + at);
    if (const errc e = p.encrypt(c, out + at, out + at, 1); e != errc::ok) return e;
    iv = out + at;
  }
  return errc::ok;
}

/// Plain CBC decryption of `n` blocks. `in` and `out` must be equal or must not overlap.
template <primitives P>
constexpr errc cbc_decrypt(P& p, typename P::cipher& c, const std::uint8_t* in, std::uint8_t* out, std::size_t n,
                           const cipher_block& iv) noexcept {
  if (n == 0) return errc::ok;
  if (in != out) {
    if (const errc e = p.decrypt(c, in, out, n); e != errc::ok) return e;
    xor_block(out, iv.data(), out);
    for (std::size_t at = block_octets; at != n * block_octets; at += block_octets)
      xor_block(out + at, in + (at - block_octets), out + at);
    return errc::ok;
  }
  std::array<std::uint8_t, (blocks_at_once + 1) * block_octets> before;  // ciphertext that decryption overwrites
  copy_octets(iv.data(), block_octets, before.data());
  for (std::size_t done = 0; done != n;) {
    const std::size_t now = n - done < blocks_at_once ? n - done : blocks_at_once;
    std::uint8_t* const here = out + done * block_octets;
    copy_octets(here, now * block_octets, before.data() + block_octets);
    if (const errc e = p.decrypt(c, here, here, now); e != errc::ok) return e;
    for (std::size_t at = 0; at != now * block_octets; at += block_octets)
      xor_block(here + at, before.data() + at, here + at);
    copy_octets(before.data() + now * block_octets, block_octets, before.data());
    done += now;
  }
  return errc::ok;
}
}  // namespace detail

/// Encrypts `in` (at least 16 octets) to as many octets at `out`, which must be where `in` begins
/// or not overlap it. The mode is CBC with the last two blocks always swapped and the last one
/// truncated, RFC 3962 section 5. Returns errc::api_misuse when `in` is too short, or the library's
/// error.
template <primitives P>
constexpr errc cts_encrypt(P& p, typename P::cipher& c, bytes_view in, std::uint8_t* out,
                           const cipher_block& iv = zero_iv) noexcept {
  using detail::block_octets;
  if (in.size() < block_octets) return errc::api_misuse;
  if (in.size() == block_octets) return detail::cbc_encrypt(p, c, in.data(), out, 1, iv.data());
  const std::size_t last = detail::last_block_at(in.size()), tail = in.size() - last;
  if (const errc e = detail::cbc_encrypt(p, c, in.data(), out, last / block_octets, iv.data()); e != errc::ok) return e;
  // The last block, padded with zeros, is encrypted into the place of the one before it; the head
  // of that one moves to the end.
  std::uint8_t* const swapped = out + (last - block_octets);
  cipher_block b{};
  wiped_on_exit wipe(b);
  detail::copy_octets(in.data() + last, tail, b.data());
  if (const errc e = detail::cbc_encrypt(p, c, b.data(), b.data(), 1, swapped); e != errc::ok) return e;
  detail::copy_octets(swapped, tail, out + last);
  detail::copy_octets(b.data(), block_octets, swapped);
  return errc::ok;
}

/// The inverse of cts_encrypt, under the same conditions.
template <primitives P>
constexpr errc cts_decrypt(P& p, typename P::cipher& c, bytes_view in, std::uint8_t* out,
                           const cipher_block& iv = zero_iv) noexcept {
  using detail::block_octets;
  if (in.size() < block_octets) return errc::api_misuse;
  if (in.size() == block_octets) return detail::cbc_decrypt(p, c, in.data(), out, 1, iv);
  const std::size_t last = detail::last_block_at(in.size()), tail = in.size() - last;
  const std::uint8_t* const swapped = in.data() + (last - block_octets);
  cipher_block end, full;  // become the last two plaintext blocks
  wiped_on_exit wipe_end(end), wipe_full(full);
  if (const errc e = p.decrypt(c, swapped, end.data(), 1); e != errc::ok) return e;
  full = end;  // the stolen octets follow the head of the truncated block
  detail::copy_octets(in.data() + last, tail, full.data());
  detail::xor_block(end.data(), full.data(), end.data());
  if (const errc e = p.decrypt(c, full.data(), full.data(), 1); e != errc::ok) return e;
  detail::xor_block(full.data(), last == block_octets ? iv.data() : swapped - block_octets, full.data());

  if (const errc e = detail::cbc_decrypt(p, c, in.data(), out, last / block_octets - 1, iv); e != errc::ok) return e;
  detail::copy_octets(full.data(), block_octets, out + (last - block_octets));
  detail::copy_octets(end.data(), tail, out + last);
  return errc::ok;
}

/// The cipher state after a message, RFC 3962 section 5: its next-to-last block, or its only one.
/// `ciphertext` has at least 16 octets.
constexpr cipher_block cts_next_iv(bytes_view ciphertext) {
  const std::size_t last = detail::last_block_at(ciphertext.size());
  cipher_block b{};
  detail::copy_octets(ciphertext.data() + (last == 0 ? 0 : last - b.size()), b.size(), b.data());
  return b;
}

}  // namespace kerb::inline v0
