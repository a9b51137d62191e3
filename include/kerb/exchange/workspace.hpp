// The one buffer of an exchange: data that must be kept grows from its front, the outgoing message is at its end.
#pragma once
#include "../asn1/encode.hpp"
#include "../core/secret.hpp"

namespace kerb::inline v0::detail {

/// A caller's buffer, which must outlive the exchange. The front holds plaintext and copies; the
/// tail holds the message that was written last, unless that message was written outside, at the end
/// of another buffer of the caller. A workspace that was moved from has no buffer. The destructor
/// wipes the front, and leaves the message and its length prefix as they are.
class workspace {
 public:
  constexpr workspace() = default;
  constexpr explicit workspace(std::span<std::uint8_t> octets) : octets_(octets) {}
  constexpr workspace(workspace&& o) noexcept
      : octets_(std::exchange(o.octets_, {})),
        front_(std::exchange(o.front_, 0)),
        tail_(std::exchange(o.tail_, 0)),
        dirty_(std::exchange(o.dirty_, 0)),
        outside_(std::exchange(o.outside_, {})) {}
  constexpr workspace& operator=(workspace&& o) noexcept {
    if (this != &o) {
      wipe_front();
      octets_ = std::exchange(o.octets_, {});
      front_ = std::exchange(o.front_, 0);
      tail_ = std::exchange(o.tail_, 0);
      dirty_ = std::exchange(o.dirty_, 0);
      outside_ = std::exchange(o.outside_, {});
    }
    return *this;
  }
  workspace(const workspace&) = delete;
  workspace& operator=(const workspace&) = delete;
  constexpr ~workspace() { wipe_front(); }

  constexpr std::size_t size() const { return octets_.size(); }
  /// The number of octets that are not front, tail, or reserved for the tail's length prefix.
  constexpr std::size_t free() const {
    const std::size_t taken = size_with(0);
    return octets_.size() < taken ? 0 : octets_.size() - taken;
  }
  /// The size that this buffer must have for `n` more octets at its front.
  constexpr std::size_t size_with(std::size_t n) const { return front_ + n + frame_octets + own_tail(); }
  /// The size that this buffer must have for a message of `n` octets in place of the last one.
  constexpr std::size_t size_for_message(std::size_t n) const { return front_ + frame_octets + n; }

  /// The size that this buffer, or `outside` if it is not empty, must have for a message of
  /// exactly() octets; 0 when it already has that size. `enough` is an upper bound of exactly(). If
  /// the buffer can hold `enough` octets, as it nearly always can, exactly() is not called.
  template <class F>
    requires std::is_invocable_r_v<std::size_t, F&>
  constexpr std::size_t lacking(std::size_t enough, F&& exactly, std::span<const std::uint8_t> outside = {}) const {
    const std::size_t before = outside.empty() ? size_for_message(0) : frame_octets;
    const std::size_t available = outside.empty() ? size() : outside.size();
    if (before + enough <= available) return 0;
    const std::size_t n = before + exactly();
    return n <= available ? 0 : n;
  }

  /// Returns `n` octets after the front, at most free(). They are not kept yet, but are wiped in
  /// the end.
  constexpr std::span<std::uint8_t> borrow(std::size_t n) {
    if (dirty_ < front_ + n) dirty_ = front_ + n;
    return octets_.subspan(front_, n);
  }
  /// Keeps the first `n` octets of those that were borrowed.
  constexpr void keep(std::size_t n) { front_ += n; }
  /// Copies `v` to the front and keeps it; v.size() is at most free().
  constexpr bytes_view keep_copy(bytes_view v) {
    const std::span<std::uint8_t> to = borrow(v.size());
    detail::copy_octets(v.data(), v.size(), to.data());
    keep(v.size());
    return bytes_view(to);
  }
  /// The octets that are kept at the front.
  constexpr bytes_view kept() const { return bytes_view(octets_).first(front_); }
  constexpr std::span<std::uint8_t> kept_for_writing() { return octets_.first(front_); }
  /// Keeps only the first `n` octets of them.
  constexpr void keep_first(std::size_t n) { front_ = n < front_ ? n : front_; }
  /// The same, and wipes everything behind them that was kept or borrowed.
  constexpr void wipe_after(std::size_t n) {
    keep_first(n);
    secure_zero(octets_.subspan(front_, dirty_ - front_));
    dirty_ = front_;
  }
  /// Returns the space for the next message, which replaces the last one: everything after the
  /// front, or all of `outside` if that is not empty. Reserves the octets of its length prefix.
  constexpr std::span<std::uint8_t> message_space(std::span<std::uint8_t> outside = {}) {
    tail_ = 0;
    outside_ = outside;
    const std::span<std::uint8_t> all = whole_message_space();
    return all.size() < frame_octets ? std::span<std::uint8_t>() : all.subspan(frame_octets);
  }
  /// The last `n` octets of that space now hold a message.
  constexpr void message_is(std::size_t n) {
    tail_ = n;
    if (n == 0) return;
    if (!outside_.empty()) return;
    // The message has overwritten what was borrowed there. Its frame is wiped now: a later wipe of the front must
    // not change the length that framed_message() writes there
    const std::size_t frame_at = octets_.size() - n - frame_octets;
    if (dirty_ <= frame_at) return;
    secure_zero(octets_.subspan(frame_at, frame_octets));
    dirty_ = frame_at;
  }
  constexpr bytes_view message() const { return bytes_view(outside_.empty() ? octets_ : outside_).last(tail_); }
  /// The message with its length in front, as a stream carries it (RFC 4120 section 7.2.2); empty
  /// without a message.
  constexpr bytes_view framed_message() {
    if (tail_ == 0) return {};
    const std::span<std::uint8_t> whole = whole_message_space().last(tail_ + frame_octets);
    for (std::size_t i = 0; i != frame_octets; ++i) {
      whole[i] = static_cast<std::uint8_t>(tail_ >> (8 * (frame_octets - 1 - i)));
    }
    return bytes_view(whole);
  }
  /// Wipes the space for messages: a message that failed may have left plaintext there.
  constexpr void wipe_message() {
    secure_zero(whole_message_space());
    forget_message();
  }
  /// There is no message any more. Its octets are not changed, since a caller may have used the
  /// space of one that was written outside for something else.
  constexpr void forget_message() { (void)message_space(); }
  constexpr void wipe_front() {
    secure_zero(octets_.first(dirty_));
    dirty_ = front_ = 0;
  }

  /// Ends the buffer after what is kept. Returns the octets behind it, wiped; the last message is
  /// among them, unless it was written outside.
  constexpr std::span<std::uint8_t> release_rest() {
    const std::span<std::uint8_t> rest = octets_.subspan(front_);
    secure_zero(rest);
    octets_ = octets_.first(front_);
    tail_ -= own_tail();
    dirty_ = front_;
    return rest;
  }

  /// Becomes the workspace of `whole`, whose first `used` octets are kept. Changes no octet, also not of
  /// the old buffer.
  constexpr void hold(std::span<std::uint8_t> whole, std::size_t used) {
    octets_ = whole;
    front_ = dirty_ = used;
    tail_ = 0;
    outside_ = {};
  }

  /// Continues in `other`, and wipes the front of the old buffer. Returns false, and changes
  /// nothing, if `other` cannot hold what is kept. `other` may begin where the old buffer begins,
  /// and have more or fewer octets; otherwise the two must not overlap.
  constexpr bool move_to(std::span<std::uint8_t> other) {
    if (other.size() < size_with(0)) return false;
    const bool same = other.data() == octets_.data();
    const bytes_view m = bytes_view(octets_).last(own_tail());
    const std::span<std::uint8_t> to = other.last(m.size());
    if (same && other.size() < octets_.size()) {  // the two messages may overlap
      for (std::size_t i = 0; i != m.size(); ++i) to[i] = m[i];
    } else {
      for (std::size_t i = m.size(); i != 0; --i) to[i - 1] = m[i - 1];
    }
    const std::size_t kept = front_;
    if (same) {
      const std::size_t message_at = other.size() - m.size();
      secure_zero(octets_.subspan(kept, (dirty_ < message_at ? dirty_ : message_at) - kept));
      if (dirty_ > other.size()) secure_zero(octets_.subspan(other.size(), dirty_ - other.size()));
    } else {
      detail::copy_octets(octets_.data(), kept, other.data());
      wipe_front();
    }
    octets_ = other;
    front_ = dirty_ = kept;
    return true;
  }

 private:
  static constexpr std::size_t frame_octets = 4;
  constexpr std::span<std::uint8_t> whole_message_space() const {
    return outside_.empty() ? octets_.subspan(front_) : outside_;
  }
  constexpr std::size_t own_tail() const { return outside_.empty() ? tail_ : 0; }
  std::span<std::uint8_t> octets_;
  std::size_t front_ = 0;
  std::size_t tail_ = 0;
  std::size_t dirty_ = 0;            // how many octets from the front may have held secrets
  std::span<std::uint8_t> outside_;  // the buffer of the last message, if it is not in octets_
};

}  // namespace kerb::inline v0::detail
