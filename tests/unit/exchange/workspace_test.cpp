// The one buffer of an exchange: its front, its tail, and what is wiped.
#include <kerb/exchange/workspace.hpp>
#include <vector>

#include "support/both.hpp"

using namespace kerb;

namespace {

constexpr bool all(bytes_view v, std::uint8_t value) {
  for (const std::uint8_t o : v)
    if (o != value) return false;
  return true;
}
constexpr void fill(std::span<std::uint8_t> s, std::uint8_t value) {
  for (std::uint8_t& o : s) o = value;
}

constexpr bool front_and_tail() {
  std::array<std::uint8_t, 64> octets{};
  detail::workspace r{std::span(octets)};
  if (r.size() != 64 || r.free() != 60 || !r.message().empty() || !r.framed_message().empty()) return false;
  const std::uint8_t kept[] = {1, 2, 3};
  const bytes_view copy = r.keep_copy(kept);
  if (copy.data() != octets.data() || !(copy == bytes_view(kept)) || r.free() != 57) return false;
  const std::span<std::uint8_t> space = r.message_space();
  if (space.size() != 57 || space.data() + space.size() != octets.data() + 64) return false;
  fill(space.last(10), 7);
  r.message_is(10);
  if (r.free() != 47 || r.message().size() != 10 || !all(r.message(), 7)) return false;
  return r.size_with(47) == 64 && r.size_with(48) == 65 && r.size_for_message(57) == 64 && r.size_for_message(58) == 65;
}
KERB_BOTH("buffer: the front grows, the tail holds the message, and a frame has its place", "[exchange]",
          front_and_tail);

constexpr bool lacks_what_it_lacks() {
  std::array<std::uint8_t, 64> octets{};
  detail::workspace r{std::span(octets)};
  (void)r.keep_copy(bytes_view(octets).first(10));
  unsigned counted = 0;
  const auto exactly = [&](std::size_t n) {
    return [&counted, n] {
      ++counted;
      return n;
    };
  };
  if (r.lacking(50, exactly(1000)) != 0 || counted != 0) return false;  // enough: nobody asks for the number
  return r.lacking(51, exactly(50)) == 0 && r.lacking(51, exactly(51)) == 65 && counted == 2;
}
KERB_BOTH("buffer: says what it lacks, and counts only where a rough number does not do", "[exchange]",
          lacks_what_it_lacks);

constexpr bool goes_back() {
  std::array<std::uint8_t, 64> octets{};
  detail::workspace r{std::span(octets)};
  fill(r.message_space().last(10), 7);
  r.message_is(10);
  fill(r.borrow(4), 1);
  r.keep(4);
  fill(r.borrow(20), 2);
  r.keep(20);
  fill(r.borrow(8), 3);
  r.wipe_after(4);
  const bool wiped = r.kept().size() == 4 && all(r.kept(), 1) && all(bytes_view(octets).subview(4, 50), 0);
  r.wipe_after(40);  // more than is kept: nothing changes
  return wiped && r.kept().size() == 4 && r.free() == 46 && all(r.message(), 7);
}
KERB_BOTH("buffer: what was kept or borrowed after a point is wiped, and nothing else", "[exchange]", goes_back);

constexpr bool framed() {
  std::array<std::uint8_t, 400> octets{};
  detail::workspace r{std::span(octets)};
  fill(r.message_space().last(300), 9);
  r.message_is(300);
  const bytes_view f = r.framed_message();
  return f.size() == 304 && f[0] == 0 && f[1] == 0 && f[2] == 1 && f[3] == 44 && f.subview(4) == r.message();
}
KERB_BOTH("buffer: a message gets its length in front", "[exchange][rfc4120-7.2.2]", framed);

constexpr bool too_small_for_anything() {
  std::array<std::uint8_t, 3> octets{};
  detail::workspace r{std::span(octets)}, none;
  return r.free() == 0 && r.message_space().empty() && none.size() == 0 && none.free() == 0 &&
         none.message_space().empty() && none.framed_message().empty();
}
KERB_BOTH("buffer: one without place for a frame has none for anything", "[exchange]", too_small_for_anything);

constexpr bool what_is_not_kept_is_overwritten() {
  std::array<std::uint8_t, 64> octets{};
  detail::workspace r{std::span(octets)};
  fill(r.borrow(8), 5);
  const std::span<std::uint8_t> again = r.borrow(4);
  if (again.data() != octets.data()) return false;
  r.keep(4);
  return r.borrow(2).data() == octets.data() + 4;
}
KERB_BOTH("buffer: what was borrowed and not kept is borrowed again", "[exchange]", what_is_not_kept_is_overwritten);

constexpr bool wiped_on_death() {
  std::array<std::uint8_t, 64> octets{};
  {
    detail::workspace r{std::span(octets)};
    fill(r.borrow(20), 5);
    r.keep(6);  // the other 14 held something as well
    fill(r.message_space().last(10), 7);
    r.message_is(10);
  }
  return all(bytes_view(octets).first(54), 0) && all(bytes_view(octets).last(10), 7);
}
KERB_BOTH("buffer: everything that was ever borrowed is wiped when it dies, and the message is not", "[exchange]",
          wiped_on_death);

constexpr bool wiped_however_little_was_borrowed_last() {
  std::array<std::uint8_t, 64> octets{};
  {
    detail::workspace r{std::span(octets)};
    fill(r.borrow(20), 5);
    (void)r.borrow(4);
    (void)r.keep_copy(bytes_view(octets).first(2));
  }
  return all(octets, 0);
}
KERB_BOTH("buffer: what was borrowed is wiped however little was borrowed after it", "[exchange]",
          wiped_however_little_was_borrowed_last);

constexpr bool wiped_on_demand() {
  std::array<std::uint8_t, 64> octets{};
  detail::workspace r{std::span(octets)};
  fill(r.borrow(20), 5);
  r.keep(20);
  fill(r.message_space(), 7);
  r.message_is(10);
  r.wipe_message();
  if (!r.message().empty() || !all(bytes_view(octets).subview(20), 0) || !all(bytes_view(octets).first(20), 5))
    return false;
  r.wipe_front();
  return all(octets, 0) && r.free() == 60;
}
KERB_BOTH("buffer: front and message are wiped on demand, each alone", "[exchange]", wiped_on_demand);

constexpr bool moved_from_it_lends_nothing() {
  std::array<std::uint8_t, 64> octets{}, others{};
  detail::workspace a{std::span(octets)};
  fill(a.borrow(10), 5);
  a.keep(10);
  detail::workspace b(std::move(a));
  if (a.size() != 0 || a.free() != 0 || b.size() != 64) return false;  // NOLINT: what a moved-from buffer says
  a.wipe_front();
  if (!all(bytes_view(octets).first(10), 5)) return false;
  detail::workspace c{std::span(others)};
  fill(c.borrow(10), 6);
  c = std::move(b);  // what c held is wiped; what b held lives on
  if (!all(others, 0) || !all(bytes_view(octets).first(10), 5)) return false;
  detail::workspace& same = c;
  c = std::move(same);
  return c.size() == 64 && all(bytes_view(octets).first(10), 5);
}
KERB_BOTH("buffer: moved from, it lends nothing and wipes nothing", "[exchange]", moved_from_it_lends_nothing);

constexpr bool goes_on_in_a_larger_one() {
  std::array<std::uint8_t, 32> small{};
  std::array<std::uint8_t, 64> large{};
  detail::workspace r{std::span(small)};
  fill(r.borrow(8), 5);
  r.keep(3);
  for (std::size_t i = 0; i != 10; ++i) r.message_space().last(10)[i] = static_cast<std::uint8_t>(i + 1);
  r.message_is(10);
  if (!r.move_to(large)) return false;
  if (r.size() != 64 || r.free() != 47 || !all(bytes_view(small).first(8), 0)) return false;
  if (!all(bytes_view(large).first(3), 5) || !all(bytes_view(large).subview(3, 51), 0)) return false;
  for (std::size_t i = 0; i != 10; ++i)
    if (r.message()[i] != i + 1) return false;
  return r.message().data() == large.data() + 54;
}
KERB_BOTH("buffer: goes on in a larger buffer with its front and message, and wipes the old front", "[exchange]",
          goes_on_in_a_larger_one);

constexpr bool goes_on_in_the_same_one() {
  for (const std::size_t grown : {29u, 30u, 35u, 64u}) {
    std::array<std::uint8_t, 64> octets{};
    detail::workspace r{std::span(octets).first(28)};
    fill(r.borrow(4), 5);
    r.keep(2);
    for (std::size_t i = 0; i != 20; ++i) r.message_space().last(20)[i] = static_cast<std::uint8_t>(i + 1);
    r.message_is(20);
    r.move_to(std::span(octets).first(grown));  // the two places of the message overlap
    for (std::size_t i = 0; i != 20; ++i)
      if (r.message()[i] != i + 1) return false;
    if (r.size() != grown || !all(bytes_view(octets).first(2), 5) || !all(bytes_view(octets).subview(2, 2), 0))
      return false;
  }
  return true;
}
KERB_BOTH("buffer: may go on in more of the same buffer", "[exchange]", goes_on_in_the_same_one);

constexpr bool goes_on_in_less_of_the_same_one() {
  for (const std::size_t shrunk : {26u, 27u, 45u, 63u, 64u}) {
    for (const std::size_t borrowed : {3u, 20u, 40u}) {
      std::array<std::uint8_t, 64> octets{};
      detail::workspace r{std::span(octets)};
      for (std::size_t i = 0; i != 20; ++i) r.message_space().last(20)[i] = static_cast<std::uint8_t>(i + 1);
      r.message_is(20);
      fill(r.borrow(borrowed), 0x55);
      r.keep(2);
      if (!r.move_to(std::span(octets).first(shrunk)) || r.size() != shrunk || r.message().size() != 20) return false;
      for (std::size_t i = 0; i != 20; ++i)
        if (r.message()[i] != i + 1) return false;
      if (!all(r.kept(), 0x55) || r.kept().size() != 2) return false;
      for (std::size_t i = 2; i != 64; ++i)
        if (octets[i] == 0x55) return false;  // what was borrowed is wiped, also outside of the new buffer
    }
  }
  return true;
}
KERB_BOTH("buffer: may go on in less of the same buffer, without losing the message", "[exchange]",
          goes_on_in_less_of_the_same_one);

constexpr bool a_message_outside() {
  std::array<std::uint8_t, 20> octets{};
  std::array<std::uint8_t, 64> other{}, larger{};
  detail::workspace r{std::span(octets)};
  fill(r.borrow(16), 5);
  r.keep(16);
  const std::span<std::uint8_t> space = r.message_space(other);
  if (space.size() != 60 || space.data() != other.data() + 4) return false;
  fill(space.last(60), 7);
  r.message_is(60);
  if (r.message().data() != other.data() + 4 || r.message().size() != 60) return false;
  const bytes_view f = r.framed_message();
  if (f.data() != other.data() || f.size() != 64 || f[3] != 60) return false;
  if (r.free() != 0 || r.size_with(3) != 23) return false;
  if (!all(bytes_view(octets).first(16), 5) || !all(bytes_view(octets).subview(16), 0)) return false;
  if (!r.move_to(std::span(larger)) || r.message().data() != other.data() + 4 || !all(r.message(), 7)) return false;
  detail::workspace moved(std::move(r));
  if (!r.message().empty() || moved.message().data() != other.data() + 4) return false;  // NOLINT: moved from
  return moved.release_rest().size() == 48 && moved.message().size() == 60 && all(moved.message(), 7);
}
KERB_BOTH("buffer: a message in another buffer has its frame there, and takes no space here", "[exchange]",
          a_message_outside);

constexpr bool wiped_outside_only_while_it_is_written() {
  std::array<std::uint8_t, 32> octets{}, other{};
  detail::workspace r{std::span(octets)};
  fill(r.borrow(8), 5);
  r.keep(8);
  fill(r.message_space(other), 7);
  r.wipe_message();
  if (!all(other, 0) || !all(r.kept(), 5) || !r.message().empty()) return false;
  fill(r.message_space(other), 7);
  r.message_is(28);
  r.forget_message();
  if (!all(bytes_view(other).subview(4), 7) || !r.message().empty() || !r.framed_message().empty()) return false;
  r.wipe_message();  // the own space
  return all(bytes_view(other).subview(4), 7) && all(r.kept(), 5);
}
KERB_BOTH("buffer: a message in another buffer is wiped when it fails, and left alone when it is forgotten",
          "[exchange]", wiped_outside_only_while_it_is_written);

constexpr bool lacks_outside_what_it_lacks() {
  std::array<std::uint8_t, 8> octets{};
  std::array<std::uint8_t, 64> other{};
  detail::workspace r{std::span(octets)};
  (void)r.keep_copy(bytes_view(octets).first(3));
  const auto of = [&](std::size_t n) {
    return r.lacking(
        1000, [n] { return n; }, other);
  };
  unsigned counted = 0;
  const auto count = [&] { return ++counted, std::size_t{1000}; };
  return of(60) == 0 && of(61) == 65 && r.lacking(60, count, other) == 0 && counted == 0;
}
KERB_BOTH("buffer: another buffer lacks what the message and its frame need", "[exchange]",
          lacks_outside_what_it_lacks);

constexpr bool stays_where_it_is() {
  std::array<std::uint8_t, 32> octets{};
  std::array<std::uint8_t, 13> smaller{};
  std::array<std::uint8_t, 14> one_less{};
  detail::workspace r{std::span(octets)};
  fill(r.borrow(1), 5);
  r.keep(1);
  fill(r.message_space().last(10), 7);
  r.message_is(10);
  return !r.move_to(smaller) && !r.move_to(one_less) && !r.move_to(std::span(octets).first(14)) && r.size() == 32 &&
         octets[0] == 5 && r.message().size() == 10 && all(r.message(), 7);
}
KERB_BOTH("buffer: does not go where front, frame and message have no place", "[exchange]", stays_where_it_is);

constexpr bool a_message_over_what_was_borrowed_stays() {
  std::array<std::uint8_t, 64> octets{};
  detail::workspace r{std::span(octets)};
  fill(r.borrow(64), 5);
  fill(r.message_space().last(10), 7);
  r.message_is(10);
  r.wipe_front();
  return all(bytes_view(octets).first(54), 0) && all(r.message(), 7) && r.message().size() == 10;
}
KERB_BOTH("buffer: a message that has overwritten borrowed octets is not wiped with them", "[exchange]",
          a_message_over_what_was_borrowed_stays);

constexpr bool the_frame_stays_too() {
  for (std::size_t borrowed = 45; borrowed <= 64; ++borrowed) {
    std::array<std::uint8_t, 64> octets{};
    bytes_view framed;
    {
      detail::workspace r{std::span(octets)};
      fill(r.borrow(borrowed), 5);
      fill(r.message_space().last(10), 7);
      r.message_is(10);
      framed = r.framed_message();
    }
    if (framed.size() != 14 || framed[3] != 10 || framed.data() != octets.data() + 50) return false;
    if (!all(bytes_view(octets).first(53), 0) || !all(bytes_view(octets).last(10), 7)) return false;
  }
  return true;
}
KERB_BOTH("buffer: the length in front of a message survives the wiping of what was borrowed", "[exchange]",
          the_frame_stays_too);

constexpr bool a_frame_that_nobody_asked_for_holds_no_secret() {
  std::array<std::uint8_t, 64> octets{};
  {
    detail::workspace r{std::span(octets)};
    fill(r.borrow(64), 5);
    fill(r.message_space().last(10), 7);
    r.message_is(10);
  }
  return all(bytes_view(octets).first(54), 0) && all(bytes_view(octets).last(10), 7);
}
KERB_BOTH("buffer: what was borrowed is wiped in the place of the length too", "[exchange]",
          a_frame_that_nobody_asked_for_holds_no_secret);

constexpr bool no_message_needs_no_space() {
  std::array<std::uint8_t, 3> octets{};
  detail::workspace r{std::span(octets)};
  fill(r.borrow(0), 5);
  (void)r.message_space();
  r.message_is(0);
  std::array<std::uint8_t, 8> others{};
  {
    detail::workspace full{std::span(others)};
    fill(full.borrow(8), 5);
    full.message_is(0);
  }
  return r.message().empty() && all(others, 0);
}
KERB_BOTH("buffer: no message in a buffer without place for a frame changes nothing", "[exchange]",
          no_message_needs_no_space);

constexpr bool a_message_outside_has_overwritten_nothing() {
  std::array<std::uint8_t, 64> octets{}, other{};
  detail::workspace r{std::span(octets)};
  fill(r.borrow(20), 5);
  fill(r.message_space(other).last(50), 7);
  r.message_is(50);
  r.wipe_front();
  return all(octets, 0) && all(r.message(), 7);
}
KERB_BOTH("buffer: what was borrowed is wiped although the last message is in another buffer", "[exchange]",
          a_message_outside_has_overwritten_nothing);

}  // namespace
