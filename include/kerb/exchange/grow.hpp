// Larger buffers for the functions that run an exchange to its end: drive(), acquire(), accept() and serve().
#pragma once
#include "step.hpp"

namespace kerb::inline v0 {

/// The default of `grow` in drive(), acquire(), accept() and serve(): there is no larger buffer, and the
/// function returns errc::no_space.
///
/// A `grow` of your own is called with a number of octets and returns a buffer of at least that
/// size, or an empty one to give up. The exchange copies what it keeps from its current buffer,
/// which must remain valid until the new one is in use: do not reallocate it in place. Every buffer
/// that was returned must outlive the exchange and its product. A peer decides how large its
/// message is, so `grow` should have a limit.
///
///   std::list<std::vector<std::uint8_t>> larger;  // a list does not move its elements
///   const auto grow = [&](std::size_t n) {
///     return n > 1 << 20 ? std::span<std::uint8_t>() : std::span(larger.emplace_back(n));
///   };
struct no_growth {
  constexpr std::span<std::uint8_t> operator()(std::size_t) const { return {}; }
};

namespace detail {
/// Makes a call of an exchange. While the exchange needs a larger buffer of its own, gets one from
/// `grow` and repeats the call.
template <class Exchange, class Grow, class Call>
constexpr auto with_growth(Exchange& x, Grow& grow, Call&& call) {
  auto step = call();
  if constexpr (!std::same_as<Grow, no_growth>) {
    while (const auto* n = std::get_if<need_buffer>(&step)) {
      if (n->for_reply) break;
      const std::size_t wanted = n->size;
      const std::span<std::uint8_t> larger = grow(wanted);
      if (larger.size() < wanted || !x.set_buffer(larger)) break;
      step = call();
    }
  }
  return step;
}
/// What `now` reads: a timestamp or a time of std::chrono::system_clock, or a function that returns one.
template <class Now>
constexpr timestamp clock_reading(Now& now) {
  if constexpr (std::convertible_to<Now&, timestamp>) {
    return now;
  } else if constexpr (system_time_point<std::remove_cvref_t<Now>>) {
    return to_timestamp(now);
  } else if constexpr (std::invocable<Now&>) {
    using reading = std::invoke_result_t<Now&>;
    constexpr bool is_time = std::convertible_to<reading, timestamp>;
    static_assert(is_time || system_time_point<std::remove_cvref_t<reading>>,
                  "kerb: `now` must return a kerb::timestamp or a time of std::chrono::system_clock");
    if constexpr (is_time) return now();
    else return to_timestamp(now());
  } else {
    static_assert(std::invocable<Now&>,
                  "kerb: `now` is a kerb::timestamp, a time of std::chrono::system_clock, or a function that returns "
                  "one");
    return {};
  }
}
constexpr error too_small(const need_buffer& n) {
  return {.code = errc::no_space, .detail = static_cast<std::uint32_t>(n.size), .type = n.for_reply ? "reply" : ""};
}
}  // namespace detail

}  // namespace kerb::inline v0
