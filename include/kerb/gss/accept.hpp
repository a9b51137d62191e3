// Runs an acceptor of GSS-API on one token with a source of keys and a replay cache.
#pragma once
#include "negotiate_acceptor.hpp"

namespace kerb::inline v0::gss {

/// What a token was answered with.
struct answered {
  bytes_view token;       ///< transmit it, unless it is empty; valid until the next call of the acceptor
  bool complete = false;  ///< the context is established: take() it. Otherwise wait for another token
};

namespace detail {
template <class Acceptor, crypto_policy C, class Keys, class Store, class Now, class Grow>
constexpr result<answered> accept(Acceptor& acceptor, bytes_view token, C& policy, Keys& keys, Store& seen, Now& now,
                                  const accept_options& options, const exchange_limits& limits, Grow& grow) {
  const environment<C> env{policy, kerb::detail::clock_reading(now), limits};
  auto step = kerb::detail::with_growth(acceptor, grow, [&] { return acceptor.receive(token, env); });
  while (kerb::detail::answer_question(acceptor, step, keys, seen, options, env)) {}
  if (const auto* no = std::get_if<refused>(&step)) return no->why;
  if (const auto* f = std::get_if<failed>(&step)) return f->why;
  if (const auto* n = std::get_if<need_buffer>(&step)) return kerb::detail::too_small(*n);
  if (const auto* c = std::get_if<continue_with>(&step)) return answered{c->octets, false};
  if (const auto* last = std::get_if<reply>(&step)) return answered{last->octets, true};
  if (is<done>(step)) return answered{{}, true};
  constexpr error misuse{.code = errc::api_misuse};  // a mechanism of the program, which answers such steps itself
  (void)acceptor.abandon(misuse);
  return misuse;
}
}  // namespace detail

/// Runs an acceptor on one token, and returns the token to answer with. `now` is a timestamp, or a
/// function that accept() calls once. On failure acceptor.refusal() is the token to transmit, if
/// there is one. errc::no_space: the buffer is too small (detail: octets needed), and `grow`, which
/// is described at no_growth, returns no larger one. This is a convenience built on the public
/// steps. A program that cannot block, or looks at the client before it accepts it, writes the same
/// loop itself.
template <crypto_policy C, class Keys, class Store, class Now, class Grow = no_growth>
  requires ticket_keys<Keys> &&(replay_cache<Store> || std::same_as<Store, no_replay_cache>)
      [[nodiscard]] constexpr result<answered> accept(acceptor<C>& acceptor, bytes_view token, C& policy, Keys& keys,
                                                      Store& seen, Now&& now, const accept_options& options = {},
                                                      const exchange_limits& limits = {}, Grow grow = {}) {
    return detail::accept(acceptor, token, policy, keys, seen, now, options, limits, grow);
  }
  /// The same with SPNEGO. If a mechanism of the program is selected, it returns errc::api_misuse: a
  /// program that has some writes the loop itself.
  template <crypto_policy C, class Keys, class Store, class Now, class Grow = no_growth>
    requires ticket_keys<Keys> &&(replay_cache<Store> || std::same_as<Store, no_replay_cache>)
        [[nodiscard]] constexpr result<answered> accept(negotiate_acceptor<C>& acceptor, bytes_view token, C& policy,
                                                        Keys& keys, Store& seen, Now&& now,
                                                        const accept_options& options = {},
                                                        const exchange_limits& limits = {}, Grow grow = {}) {
      return detail::accept(acceptor, token, policy, keys, seen, now, options, limits, grow);
    }

}  // namespace kerb::inline v0::gss
