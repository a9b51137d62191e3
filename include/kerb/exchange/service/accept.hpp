// Runs a service's exchange to its end with a source of keys and a replay cache.
#pragma once
#include "../../store/replay_cache.hpp"
#include "../grow.hpp"
#include "ap.hpp"
#include "keys.hpp"

namespace kerb::inline v0 {

/// Passed to accept() in place of a replay cache, for an acceptor with replay_rule::by_application.
/// With any other acceptor, accept() returns errc::api_misuse.
struct no_replay_cache {};

namespace detail {
/// Answers what an acceptor asks: for a key, for the replay cache, and whether it accepts the client.
/// Returns false, and leaves `step` unchanged, if it is no question.
template <class Acceptor, class Step, class Keys, class Store, crypto_policy C>
constexpr bool answer_question(Acceptor& acceptor, Step& step, Keys& keys, Store& seen, const accept_options& options,
                               const environment<C>& env) {
  if (const auto* ask = std::get_if<need_ticket_key>(&step)) {
    const auto* k = keys.find(*ask);
    if (k == nullptr) {
      step = acceptor.no_key(keys.why_none(*ask), env);
    } else if constexpr (names_realms<Keys>) {
      step = acceptor.provide(*k, keys.realm_of(*ask), env);
    } else {
      step = acceptor.provide(*k, env);
    }
  } else if (const auto* r = std::get_if<check_replay>(&step)) {
    if constexpr (replay_cache<Store>) {
      step = acceptor.replay_checked(seen.insert(r->digest, r->forget_after, env.now.at), env);
    } else {
      step = acceptor.abandon({.code = errc::api_misuse});
    }
  } else if (is<authenticated>(step)) {
    step = acceptor.accept(options, env);
  } else {
    return false;
  }
  return true;
}
}  // namespace detail

/// Runs an acceptor on one AP-REQ. `now` is that of drive(); a function is called once. On
/// failure acceptor.refusal() is the KRB-ERROR to transmit, if there is one. errc::no_space: the
/// buffer is too small (detail: octets needed), and `grow`, which is described at no_growth,
/// returns no larger one. accept_options::reply does not grow: then the error's type is "reply".
/// This is a convenience built on the public steps. A program that cannot block
/// writes the same loop itself.
template <crypto_policy C, class Keys, class Store, class Now, class Grow = no_growth>
  requires ticket_keys<Keys> &&(replay_cache<Store> || std::same_as<Store, no_replay_cache>)
      [[nodiscard]] constexpr result<authenticated_client<typename C::key>> accept(
          ap_acceptor<C>& acceptor, bytes_view token, C& policy, Keys& keys, Store& seen, Now&& now,
          const accept_options& options = {}, const exchange_limits& limits = {}, Grow grow = {}) {
    const environment<C> env{policy, detail::clock_reading(now), limits};
    auto step = detail::with_growth(acceptor, grow, [&] { return acceptor.receive(token, env); });
    while (detail::answer_question(acceptor, step, keys, seen, options, env)) {}
    if (const auto* no = std::get_if<refused>(&step)) return no->why;
    if (const auto* f = std::get_if<failed>(&step)) return f->why;
    if (const auto* n = std::get_if<need_buffer>(&step)) return detail::too_small(*n);
    return std::move(acceptor).take();
  }

}  // namespace kerb::inline v0
