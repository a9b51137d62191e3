// A client's exchange driven to its end by one function that asks the other side.
#pragma once
#include "environment.hpp"
#include "step.hpp"

namespace kerb::inline v0 {

/// What the caller's transport brought.
struct answer {
  bytes_view octets;                        ///< lent until the transport is asked again
  transport arrived = transport::datagram;  ///< transport::stream when it came over one
  constexpr answer(bytes_view o, transport how = transport::datagram) : octets(o), arrived(how) {}
};

/// Runs a client's exchange: `ask(const send&)` transmits the octets (none: only waits on) and returns a
/// result<answer>; when it has none, its error is returned, or why what had come was passed over: the last reason that
/// says more than that octets were no message. `now` is a
/// timestamp, or is called for one at every turn. A client that needs a key it was not given fails with errc::no_key;
/// too small a buffer fails with errc::no_space. Adds no power: whoever cannot block writes the same loop around the
/// same steps.
template <class Exchange, class C, class Now, class Ask>
[[nodiscard]] constexpr result<typename Exchange::product> drive(Exchange& x, C& policy, Now&& now, Ask&& ask,
                                                                 const exchange_limits& limits = {}) {
  const auto env_now = [&] {
    if constexpr (std::convertible_to<Now&&, timestamp>) {
      return environment<C, C>{policy, policy, now, limits};
    } else {
      return environment<C, C>{policy, policy, now(), limits};
    }
  };
  typename Exchange::step step = x.start(env_now());
  error passed_over{};
  for (;;) {
    send request{};
    if (const auto* f = std::get_if<failed>(&step)) return f->why;
    if (is<done>(step)) return std::move(x).take();
    if (const auto* n = std::get_if<need_buffer>(&step)) {
      return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(n->size)};
    }
    if (const auto* i = std::get_if<ignored>(&step)) {
      if (passed_over.ok() || !is_malformed(i->why.code)) passed_over = i->why;
      request.fresh = false;
    } else if (const auto* s = std::get_if<send>(&step)) {
      request = *s;
      if (request.fresh) passed_over = {};  // another question: what was said to the last one is of no account
    } else {
      return error{.code = errc::no_key};
    }
    const result<answer> got = ask(static_cast<const send&>(request));
    if (request.then == afterwards::finished) {
      if (!got) return got.error();
      return std::move(x).take();
    }
    if (!got) return passed_over.ok() ? got.error() : passed_over;
    step = x.receive(got->octets, env_now(), got->arrived);
  }
}

}  // namespace kerb::inline v0
