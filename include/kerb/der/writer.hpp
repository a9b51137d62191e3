// A DER writer that fills the caller's buffer from its end, or only counts octets.
#pragma once
#include "../core/bytes.hpp"
#include "tag.hpp"

namespace kerb::inline v0::der {

/// Fills a buffer from its END towards its front. Contents are written before their header, so no
/// length has to be predicted or patched. Without a buffer, the same code computes the exact size.
/// When the buffer is too small the writer continues to count, so that count() is finally the size
/// that is needed.
class writer {
 public:
  constexpr explicit writer(std::span<std::uint8_t> out KERB_LIFETIMEBOUND)
      : base_(out.data()), left_(out.size()), size_(out.size()), writes_(true) {}
  static constexpr writer counting() { return writer(); }

  /// Whether everything written so far is in the buffer, or was only meant to be counted.
  constexpr bool ok() const { return !overflowed_; }
  /// Whether octets are only counted, on purpose or because the buffer was too small.
  constexpr bool is_counting() const { return !writes_; }
  constexpr std::size_t count() const { return size_ - left_; }

  constexpr void octet(std::uint8_t b) {
    if (left_ == 0) overflow();
    --left_;
    if (writes_) base_[left_] = b;
  }
  constexpr void octets(bytes_view b) {
    if (left_ < b.size()) {
      overflow();
      left_ -= b.size();
      return;
    }
    left_ -= b.size();
    if (writes_) detail::copy_octets(b.data(), b.size(), base_ + left_);
  }
  /// The free part of the buffer, all of it in front of what is written; empty when counting.
  constexpr std::span<std::uint8_t> space() const { return {base_, writes_ ? left_ : 0}; }
  /// Counts the last `n` octets of space() as written; the caller has filled them unless the writer
  /// is counting.
  constexpr void count_more(std::size_t n) { left_ -= n; }
  /// Counts `n` octets that do not fit in space().
  constexpr void has_no_buffer_for(std::size_t n) {
    overflow();
    left_ -= n;
  }
  /// Writes `n` zero octets, for a seal to fill.
  constexpr void zeros(std::size_t n) {
    for (std::size_t i = 0; i != n; ++i) octet(0);
  }
  /// Writes the header for contents of `size` octets that have just been written.
  constexpr void header(tag t, std::size_t size) {
    if (size < 0x80 && left_ >= 2) {
      left_ -= 2;
      if (writes_) {
        base_[left_] = t.octet;
        base_[left_ + 1] = static_cast<std::uint8_t>(size);
      }
      return;
    }
    header_long(t, size);
  }
  /// Writes the header for everything written since count() was `mark`.
  constexpr void header_since(tag t, std::size_t mark) { header(t, count() - mark); }
  /// The octets written since count() was `mark`, to be hashed or encrypted in place; empty when counting.
  constexpr std::span<std::uint8_t> written_since(std::size_t mark) const {
    if (!writes_) return {};
    return {base_ + left_, count() - mark};
  }

 private:
  static constexpr std::size_t boundless = static_cast<std::size_t>(-1) / 2;
  constexpr writer() : left_(boundless), size_(boundless) {}

  KERB_COLD constexpr void overflow() {
    if (writes_) overflowed_ = true;
    writes_ = false;
    left_ += boundless;
    size_ += boundless;
  }
  KERB_NOINLINE constexpr void header_long(tag t, std::size_t size) {
    if (size < 0x80) {
      octet(static_cast<std::uint8_t>(size));
    } else {
      unsigned octets = 0;
      for (std::size_t s = size; s != 0; s >>= 8, ++octets) octet(static_cast<std::uint8_t>(s));
      octet(static_cast<std::uint8_t>(0x80u | octets));
    }
    octet(t.octet);
  }

  std::uint8_t* base_ = nullptr;
  std::size_t left_ = 0;  // free octets of the buffer, all in front of what is written
  std::size_t size_ = 0;
  bool writes_ = false;
  bool overflowed_ = false;
};

/// Writes a TLV whose contents `contents` writes.
template <class F>
constexpr void wrap(writer& w, tag t, F&& contents) {
  const std::size_t mark = w.count();
  contents();
  w.header_since(t, mark);
}

}  // namespace kerb::inline v0::der
