// Random octets in advance: fewer calls of a source that costs a system call each time.
#pragma once
#include "policy.hpp"

namespace kerb::inline v0 {

/// An entropy_source that draws from `Source` as many octets at once as the memory holds that it is lent, and hands
/// them out: sixteen, out of 256 drawn at once from the system, in about a sixth of the time of a draw of their own.
/// What is handed out is wiped where it lay, and never handed out again; a draw of more than half the memory goes to
/// the source itself. When the source fails, so does fill(), and what was left is wiped.
///
/// Its security rests on the source's and on this: no other process and no other machine may have a copy of the memory
/// that it goes on handing out from. That the octets are not the same is what confounders, nonces and subkeys are for,
/// so for each way of making a copy there is something to do:
///
///   fork, clone     lend it memory that a child finds filled with zeros, which is what an empty one looks like:
///                   fork_wiped_page (fork_wiped.hpp), where the system has that. With any other memory the child calls
///                   discard() before anything else. A process number is no help: two processes have the same one where
///                   a child opens a namespace of its own, or where the first has ended.
///   vfork, threads  nothing for a child that shares the memory until it calls exec; it serves one thread at a time.
///   a machine copied while it runs, or resumed twice from one snapshot
///                   nothing here can see that. Whoever does such things calls discard() after it, in each copy, or
///                   does without this class: the policies of this library draw from the system each time.
///   a core dump, a swapped page
///                   they show what would have been handed out next, as they show keys. Lend it as little as pays:
///                   256 octets hold 16 confounders.
template <entropy_source Source>
class buffered_random {
 public:
  /// Wipes `memory`, at most 64 KiB of which are used; with less than 8 octets every draw goes to the source. Both must
  /// outlive this object, which wipes the memory when it dies.
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
  /// Forgets what was drawn; the next fill() draws anew.
  constexpr void discard() noexcept { secure_zero(memory_); }

 private:
  // How many octets are unused stands in front of them, so that nobody can have a copy of the one without the other.
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
