// A KDC's exchange driven to its end by a directory that answers at once.
#pragma once
#include "../../store/request_cache.hpp"
#include "kdc.hpp"

namespace kerb::inline v0 {

struct not_found {};      ///< there is no such principal
struct not_available {};  ///< the database does not answer
/// The principal is of this realm, or the way to it leads through it.
struct in_realm {
  kerberos_string realm;
};
/// What a directory says of a principal. The record's views must outlive the exchange.
template <crypto_policy C>
using lookup = std::variant<not_found, not_available, in_realm, principal_record<C>>;

/// A database of principals that answers at once: find(ask).
template <class D, class C>
concept directory = requires(D& d, const need_principal& ask) {
  { d.find(ask) } -> std::same_as<lookup<C>>;
};

/// What decide() says: issue with these options, or refuse with this code.
using decision = std::variant<issue_options, error_code_t>;
/// Issues whatever passed the checks.
inline constexpr auto issue_all = [](const auto&) -> decision { return issue_options{}; };

/// No store of requests: a policy that wants one (kdc_policy::check_requests) is an api_misuse.
struct no_request_store {};

/// Runs a KDC's exchange on one request; what is returned is to be transmitted, nothing when it is empty, and lies in
/// the exchange's buffer. `decide(x)` has the last word on every ticket. `seen` is asked where the policy has
/// check_requests. Fails where the machine fails (no randomness, say); too small a buffer is errc::no_space. Adds no
/// power: whoever cannot block writes the same loop around the same steps.
template <crypto_policy C, directory<C> D, class Decide = std::remove_const_t<decltype(issue_all)>,
          class Seen = no_request_store>
  requires entropy_source<C>
[[nodiscard]] constexpr result<bytes_view> serve(kdc<C>& x, bytes_view request, C& policy, D& principals, timestamp now,
                                                 const exchange_limits& limits = {}, Decide decide = issue_all,
                                                 Seen&& seen = {}) {
  const environment<C, C> env{policy, policy, now, limits};
  kdc_step step = x.receive(request, env);
  for (;;) {
    if (const auto* ask = std::get_if<need_principal>(&step)) {
      const lookup<C> answer = principals.find(*ask);
      if (const auto* r = std::get_if<principal_record<C>>(&answer)) step = x.found(*r, env);
      else if (const auto* realm = std::get_if<in_realm>(&answer)) step = x.refer_to(realm->realm, env);
      else if (std::holds_alternative<not_available>(answer)) step = x.unavailable(env);
      else step = x.absent(env);
    } else if (is<authorize>(step)) {
      const decision d = decide(static_cast<const kdc<C>&>(x));
      const auto* code = std::get_if<error_code_t>(&d);
      step = code != nullptr ? x.refuse(*code, env) : x.issue(std::get<issue_options>(d), env);
    } else if (const auto* c = std::get_if<check_request>(&step)) {
      if constexpr (request_cache<std::remove_cvref_t<Seen>>) {
        const request_verdict v = seen.insert(c->authenticator, c->request, c->forget_after, now.at);
        step = x.request_checked(v == request_verdict::fresh || v == request_verdict::again, env);
      } else {
        step = x.abandon({.code = errc::api_misuse});
      }
    } else if (const auto* r = std::get_if<reply>(&step)) {
      return r->octets;
    } else if (const auto* no = std::get_if<refused>(&step)) {
      return no->octets;
    } else if (const auto* n = std::get_if<need_buffer>(&step)) {
      return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(n->size)};
    } else if (const auto* f = std::get_if<failed>(&step)) {
      return f->why;
    } else {
      step = x.abandon({.code = errc::api_misuse});  // nobody here signs tickets
    }
  }
}

}  // namespace kerb::inline v0
