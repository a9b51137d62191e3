// Runs a KDC's exchange to its end with a directory that answers at once.
#pragma once
#include "../grow.hpp"
#include "kdc.hpp"

namespace kerb::inline v0 {

struct not_found {};      ///< there is no such principal
struct not_available {};  ///< the database does not answer
/// The principal belongs to this realm, or the path to its realm leads through it.
struct in_realm {
  kerberos_string realm;
};
/// A directory's answer about a principal. The record's views must outlive the exchange.
template <crypto_policy C>
using lookup = std::variant<not_found, not_available, in_realm, principal_record<C>>;

/// A database of principals that answers at once: find(ask).
template <class D, class C>
concept directory = requires(D& d, const need_principal& ask) {
  { d.find(ask) } -> std::same_as<lookup<C>>;
};

/// The result of decide(): issue with these options, or refuse with this code.
using decision = std::variant<issue_options, error_code_t>;
/// Issues every ticket that passed the checks.
inline constexpr auto issue_all = [](const auto&) -> decision { return issue_options{}; };

/// Passed to serve() in place of a request cache. With a policy that needs one
/// (kdc_policy::check_requests), serve() returns errc::api_misuse.
struct no_request_store {};

/// Runs a KDC's exchange on one request and returns the octets to transmit; if they are empty,
/// transmit nothing. They are in the exchange's buffer, or in issue_options::reply. `now` is a
/// timestamp or a time of std::chrono::system_clock, or a function that returns one, which serve() calls
/// once. `decide(x)` makes the final decision on every ticket, again after the buffer has grown. `seen` is
/// the request cache, used if the policy has check_requests.
///
/// Returns an error when the exchange fails, for example without randomness. errc::no_space: the
/// buffer is too small (detail: octets needed), and `grow`, which is described at no_growth, returns
/// no larger one. issue_options::reply does not grow: then the error's type is "reply".
/// errc::step_not_handled: serve() does not sign tickets (issue_options::reserved_octets), and does
/// not answer the steps of a pre-authentication mechanism.
///
/// This is a convenience built on the public steps. A program that cannot block writes the same
/// loop itself.
template <crypto_policy C, class Mechanisms, directory<C> D, class Now,
          class Decide = std::remove_const_t<decltype(issue_all)>, class Seen = no_request_store,
          class Grow = no_growth>
[[nodiscard]] constexpr result<bytes_view> serve(kdc<C, Mechanisms>& x, bytes_view request, C& policy, D& principals,
                                                 Now&& now, const exchange_limits& limits = {},
                                                 Decide decide = issue_all, Seen&& seen = {}, Grow grow = {}) {
  const environment<C> env{policy, detail::clock_reading(now), limits};
  const auto call = [&](auto&& f) { return detail::with_growth(x, grow, f); };
  typename kdc<C, Mechanisms>::step step = call([&] { return x.receive(request, env); });
  for (;;) {
    if (const auto* ask = std::get_if<need_principal>(&step)) {
      const lookup<C> answer = principals.find(*ask);
      if (const auto* r = std::get_if<principal_record<C>>(&answer)) {
        step = call([&] { return x.found(*r, env); });
      } else if (const auto* realm = std::get_if<in_realm>(&answer)) {
        step = call([&] { return x.refer_to(realm->realm, env); });
      } else if (std::holds_alternative<not_available>(answer)) {
        step = call([&] { return x.unavailable(env); });
      } else {
        step = call([&] { return x.absent(env); });
      }
    } else if (is<authorize>(step)) {
      step = call([&] {  // in a larger buffer too: the decision may view what was in the smaller one
        const decision d = decide(std::as_const(x));
        const auto* code = std::get_if<error_code_t>(&d);
        return code != nullptr ? x.refuse(*code, env) : x.issue(std::get<issue_options>(d), env);
      });
    } else if (const auto* c = std::get_if<check_request>(&step)) {
      if constexpr (request_cache<std::remove_cvref_t<Seen>>) {
        const request_verdict v = seen.insert(c->authenticator, c->request, c->forget_after, env.now.at);
        step = call([&] { return x.request_checked(v, env); });
      } else {
        step = x.abandon({.code = errc::api_misuse});
      }
    } else if (const auto* r = std::get_if<reply>(&step)) {
      return r->octets;
    } else if (const auto* no = std::get_if<refused>(&step)) {
      return no->octets;
    } else if (const auto* n = std::get_if<need_buffer>(&step)) {
      return detail::too_small(*n);
    } else if (const auto* f = std::get_if<failed>(&step)) {
      return f->why;
    } else {
      step = x.abandon({.code = errc::step_not_handled});
    }
  }
}

}  // namespace kerb::inline v0
