// Buffered random octets, for sources that cost a system call on each draw.
#pragma once
#include "policy.hpp"

namespace kerb::inline v0 {

/// An entropy_source that draws from `Source` as many octets at once as its memory can store, and
/// returns them piece by piece. With 256 octets drawn at once from the system, 16 octets take about
/// a sixth of the time of a separate draw. Octets that were returned are wiped in the buffer and
/// never returned again. A draw of more than half the memory goes to the source directly. When the
/// source fails, fill() fails too, and the buffer is wiped.
///
/// It is as secure as its source if no other process and no other machine has a copy of the buffer
/// from which it will return octets. Confounders, nonces and subkeys must not repeat, so for each
/// way of copying memory a program has to act:
///
///   fork, clone     Use memory that is filled with zeros in the child; a buffer of zeros is empty. fork_wiped_page
///                   (fork_wiped.hpp) is such memory if the system has it. With any other memory the child must call
///                   discard() before anything else. A process number does not help: two processes have the same one if
///                   a child opens a namespace of its own, or if the first process has ended.
///   vfork, threads  Nothing is needed for a child that shares the memory until it calls exec. An object must be
///                   used by one thread at a time.
///   a machine copied while it runs, or resumed twice from one snapshot
///                   This class cannot notice that. Call discard() afterwards in each copy, or do not use this class:
///                   the policies of this library draw from the system each time.
///   a core dump, a swapped page
///                   They contain the octets that would be returned next, as they contain keys. Keep the memory small:
///                   256 octets are enough for 16 confounders.
template <entropy_source Source>
class buffered_random {
 public:
  /// Wipes `memory`. At most 64 KiB of it are used; with less than 8 octets every draw goes to the
  /// source. `source` and `memory` must outlive this object, whose destructor wipes the memory.
  constexpr buffered_random(Source& source KERB_LIFETIMEBOUND, std::span<std::uint8_t> memory KERB_LIFETIMEBOUND)
      : source_(&source), memory_(memory.size() > most ? memory.first(most) : memory) {
    discard();
  }
  buffered_random(const buffered_random&) = delete;
  buffered_random& operator=(const buffered_random&) = delete;
  constexpr ~buffered_random() { discard(); }

  constexpr bool fill(std::span<std::uint8_t> out) noexcept {
    if (out.size() > capacity() / 2 || capacity() == 0) return source_->fill(out);
    std::size_t left = unused();
    if (left < out.size()) {
      if (!source_->fill(memory_.subspan(count_octets))) return discard(), false;
      left = capacity();
    }
    left -= out.size();
    const std::span<std::uint8_t> taken = memory_.subspan(count_octets + left, out.size());
    memory_[0] = static_cast<std::uint8_t>(left);
    memory_[1] = static_cast<std::uint8_t>(left >> 8);
    detail::copy_octets(taken.data(), taken.size(), out.data());
    secure_zero(taken);
    return true;
  }
  /// Discards the buffered octets; the next fill() draws new ones.
  constexpr void discard() noexcept { secure_zero(memory_); }

 private:
  // The number of unused octets is stored in front of them, so that nobody can copy one without the other.
  static constexpr std::size_t count_octets = 2, most = 0x10000;
  constexpr std::size_t capacity() const { return memory_.size() < 8 ? 0 : memory_.size() - count_octets; }
  constexpr std::size_t unused() const {
    const std::size_t n = memory_.size() < 8 ? 0 : std::size_t{memory_[0]} | std::size_t{memory_[1]} << 8;
    return n <= capacity() ? n : 0;
  }

  Source* source_;
  std::span<std::uint8_t> memory_;
};

}  // namespace kerb::inline v0
