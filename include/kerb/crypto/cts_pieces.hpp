// AES in CBC mode with ciphertext stealing, for a message that lies in several buffers.
#pragma once
#include "cts.hpp"

namespace kerb::inline v0 {

namespace detail {
/// Blocks that are collected from several pieces and encrypted or decrypted in one call.
inline constexpr std::size_t blocks_collected = 16;

/// A position in the sealed octets of pieces, which it reads and writes as if they were contiguous.
class sealed_cursor {
 public:
  constexpr explicit sealed_cursor(view_of<seal_piece> pieces) : next_(pieces.begin()), end_(pieces.end()) {}

  /// The octets from here to the end of a piece; empty only at the end of all.
  constexpr std::span<std::uint8_t> run() {
    while (here_.empty() && next_ != end_) here_ = (next_++)->sealed();
    return here_;
  }
  /// Moves by `n` octets, at most run().size().
  constexpr void skip(std::size_t n) { here_ = here_.subspan(n); }
  /// Moves behind the next `out.size()` octets and copies them. That many must follow.
  constexpr void read(std::span<std::uint8_t> out) {
    while (!out.empty()) {
      const std::size_t now = part_of(out.size());
      copy_octets(here_.data(), now, out.data());
      skip(now);
      out = out.subspan(now);
    }
  }
  /// Moves behind the next `in.size()` octets and overwrites them. That many must follow.
  constexpr void write(bytes_view in) {
    while (!in.empty()) {
      const std::size_t now = part_of(in.size());
      copy_octets(in.data(), now, here_.data());
      skip(now);
      in = in.subview(now);
    }
  }

 private:
  constexpr std::size_t part_of(std::size_t n) {
    const std::size_t here = run().size();
    return n < here ? n : here;
  }
  std::span<std::uint8_t> here_;
  const seal_piece* next_;
  const seal_piece* end_;
};

/// The number of octets that are encrypted.
constexpr std::size_t sealed_octets(view_of<seal_piece> pieces) {
  std::size_t n = 0;
  for (const seal_piece& piece : pieces) n += piece.sealed().size();
  return n;
}

/// All octets of at most max_seal_pieces pieces, in order, as a MAC needs them, behind `first`.
class authenticated_views {
 public:
  constexpr explicit authenticated_views(view_of<seal_piece> pieces, bytes_view first = {}) : views_{first} {
    for (const seal_piece& piece : pieces) views_[size_++] = piece.authenticated();
  }
  constexpr view_of<bytes_view> all() const& { return {views_.data(), size_}; }

 private:
  std::array<bytes_view, max_seal_pieces + 1> views_;
  std::size_t size_ = 1;
};

/// The two directions of cts_pieces. blocks() processes whole blocks in place; `chain` is the
/// ciphertext before them, and then that of the last one. rest() processes the end of a message.
struct cts_encryption {
  template <primitives P>
  static constexpr errc blocks(P& p, typename P::cipher& c, std::uint8_t* io, std::size_t n,
                               cipher_block& chain) noexcept {
    if (const errc e = cbc_encrypt(p, c, io, io, n, chain.data()); e != errc::ok) return e;
    copy_octets(io + (n - 1) * block_octets, block_octets, chain.data());
    return errc::ok;
  }
  template <primitives P>
  static constexpr errc rest(P& p, typename P::cipher& c, std::span<std::uint8_t> io,
                             const cipher_block& chain) noexcept {
    return cts_encrypt(p, c, io, io.data(), chain);
  }
};
struct cts_decryption {
  template <primitives P>
  static constexpr errc blocks(P& p, typename P::cipher& c, std::uint8_t* io, std::size_t n,
                               cipher_block& chain) noexcept {
    const cipher_block before = chain;
    copy_octets(io + (n - 1) * block_octets, block_octets, chain.data());
    return cbc_decrypt(p, c, io, io, n, before);
  }
  template <primitives P>
  static constexpr errc rest(P& p, typename P::cipher& c, std::span<std::uint8_t> io,
                             const cipher_block& chain) noexcept {
    return cts_decrypt(p, c, io, io.data(), chain);
  }
};

/// Long runs of blocks in one piece are processed where they are; what is between them, and the
/// end of the message, is collected in a small buffer.
template <class Direction, primitives P>
constexpr errc cts_pieces(P& p, typename P::cipher& c, view_of<seal_piece> pieces) noexcept {
  sealed_cursor at(pieces);
  std::size_t left = sealed_octets(pieces);
  if (at.run().size() == left) return Direction::rest(p, c, at.run(), zero_iv);
  cipher_block chain = zero_iv;
  std::array<std::uint8_t, blocks_collected * block_octets> collected;
  wiped_on_exit wipe({collected.data(), left < collected.size() ? left : collected.size()});
  while (left > collected.size()) {
    const std::size_t in_run = at.run().size() / block_octets, most = last_block_at(left) / block_octets - 1;
    std::size_t now = in_run < most ? in_run : most;
    if (now >= blocks_collected) {
      if (const errc e = Direction::blocks(p, c, at.run().data(), now, chain); e != errc::ok) return e;
      at.skip(now * block_octets);
    } else {
      now = most < blocks_collected ? most : blocks_collected;
      const auto blocks = std::span(collected).first(now * block_octets);
      sealed_cursor back = at;
      at.read(blocks);
      if (const errc e = Direction::blocks(p, c, blocks.data(), now, chain); e != errc::ok) return e;
      back.write(blocks);
    }
    left -= now * block_octets;
  }
  const auto rest = std::span(collected).first(left);
  sealed_cursor back = at;
  at.read(rest);
  if (const errc e = Direction::rest(p, c, rest, chain); e != errc::ok) return e;
  back.write(rest);
  return errc::ok;
}
}  // namespace detail

/// Encrypts the sealed octets of the pieces in place, as cts_encrypt with a zero vector encrypts
/// their concatenation. Returns errc::api_misuse when there are fewer than 16, or the library's
/// error; then the contents are unspecified.
template <primitives P>
constexpr errc cts_encrypt_pieces(P& p, typename P::cipher& c, view_of<seal_piece> pieces) noexcept {
  return detail::cts_pieces<detail::cts_encryption>(p, c, pieces);
}

/// The inverse of cts_encrypt_pieces, under the same conditions.
template <primitives P>
constexpr errc cts_decrypt_pieces(P& p, typename P::cipher& c, view_of<seal_piece> pieces) noexcept {
  return detail::cts_pieces<detail::cts_decryption>(p, c, pieces);
}

}  // namespace kerb::inline v0
