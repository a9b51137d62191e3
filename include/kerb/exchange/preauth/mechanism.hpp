// What a pre-authentication mechanism of a client or a KDC is (RFC 4120 section 5.2.7, RFC 6113 section 2).
#pragma once
#include <concepts>
#include <tuple>
#include <utility>
#include <variant>

#include "../../der/writer.hpp"
#include "../../msg/kdc.hpp"
#include "../../msg/ticket.hpp"
#include "../../numbers/error_code.hpp"
#include "../environment.hpp"

namespace kerb::inline v0 {

/// The key that opens an AS-REP: the client's long-term key, or a key that strengthens or replaces it
/// (RFC 6113 sections 3.2 and 3.3).
template <class Key>
using reply_key = std::variant<ref<const Key>, Key>;

/// One round of pre-authentication, as the client's mechanism sees it. All views are valid only
/// during the call.
template <class Key>
struct preauth_context {
  msg::MethodData offered;      ///< the KDC's METHOD-DATA, which is unauthenticated; empty in finish()
  padata_t type{};              ///< of the element of `offered` that named the mechanism
  bytes_view value;             ///< its padata-value
  bytes_view body;              ///< the KDC-REQ-BODY of the request that is made; empty before wants_body
  bytes_view previous_request;  ///< the last AS-REQ that was sent
  const Key* key = nullptr;     ///< the client's long-term key; null before wants_key
  unsigned round = 0;           ///< requests sent so far
  /// The KDC refused the time in the last request, and the client now follows the KDC's clock:
  /// make the same padata again, with the new time. There is no offer.
  bool new_clock = false;
};

/// The answers of a mechanism that has to make padata. Besides these it can return an error, with
/// which the exchange fails, and one of its own steps.
namespace preauth {
/// It cannot be used in this round. The exchange tries the next one, also after this one has asked
/// for the key or returned a step.
struct skip {};
/// It needs the client's long-term key. The exchange finds it, with the KDC's hints, and calls
/// consider() again.
struct wants_key {};
/// It needs the request's body, or randomness. The exchange checks that its buffer can hold the
/// request, draws the nonce, writes the body, and calls consider() again.
struct wants_body {
  std::size_t padata = 0;  ///< the octets that write() will write, at most
};
/// write() can write its padata.
struct ready {};
}  // namespace preauth

namespace detail {
template <class... Lists>
struct joined_list;
template <class... A>
struct joined_list<std::variant<A...>> {
  using type = std::variant<A...>;
};
template <class... A, class B, class... More, class... Rest>
struct joined_list<std::variant<A...>, std::variant<B, More...>, Rest...> {
  static constexpr bool there = (std::same_as<A, B> || ...);
  using longer =
      std::conditional_t<there, std::type_identity<std::variant<A...>>, std::type_identity<std::variant<A..., B>>>;
  using type = typename joined_list<typename longer::type, std::variant<More...>, Rest...>::type;
};
template <class... A, class... Rest>
struct joined_list<std::variant<A...>, std::variant<>, Rest...> {
  using type = typename joined_list<std::variant<A...>, Rest...>::type;
};
/// One std::variant with the alternatives of several, each of them once.
template <class... Lists>
using joined = typename joined_list<Lists...>::type;

template <class T, class Variant>
inline constexpr bool is_alternative_of = false;
template <class T, class... A>
inline constexpr bool is_alternative_of<T, std::variant<A...>> = (std::same_as<T, A> || ...);

/// The value of a std::variant, in one that has more alternatives.
template <class Wider, class... A>
constexpr Wider widened(const std::variant<A...>& from) {
  if constexpr (std::same_as<Wider, std::variant<A...>>) {
    return from;
  } else {
    return std::visit([](const auto& a) { return Wider(a); }, from);
  }
}
}  // namespace detail

/// The steps of a mechanism that asks its caller for nothing.
using no_steps = std::variant<>;

/// What a mechanism with these steps of its own (a std::variant) returns.
template <class Steps = no_steps>
using preauth_outcome =
    detail::joined<std::variant<preauth::skip, preauth::wants_key, preauth::wants_body, preauth::ready, error>, Steps>;

/// A mechanism of the AS client is a movable value. C is the crypto policy, Key its key. It has
///
///   static constexpr padata_t types[]    the elements of the METHOD-DATA that name it
///   step                                 a std::variant of its own steps; no_steps if it has none
///   consider(ctx, env)                   -> preauth_outcome<step>: examines a round and does the work
///   answer(value, ctx, env) -> the same; only if it has steps: what the caller gave to answer()
///   write(writer) const                  writes its PA-DATA, one or more. It draws nothing and computes
///                                        nothing: it is also called to count
///   finish(padata, ctx, key, env) const  -> result<reply_key<Key>>: the key that opens an AS-REP with this padata
///   restart()                            optional: the KDC has ended the conversation, and the client begins
///                                        a new one (RFC 6113 section 5.2)
///   forget()                             optional: wipes its secrets, when the exchange fails or is over
///
/// consider() and answer() are called again in the same round (the same ctx.round) after wants_key
/// and wants_body, and when the caller's buffer was too small. A mechanism that draws randomness
/// must return wants_body first, so that nothing is drawn for a request that does not fit.
///
/// ctx.key and ctx.body stay available in the round once they have been asked for.
///
/// The reply that finish() gets is unauthenticated: its key must open it. `key` is null if the
/// exchange has no long-term key yet; if finish() then returns errc::no_key, the exchange finds the
/// key and calls it again. Any other error makes the client ignore the reply.
template <class M, class C>
concept preauth_mechanism = std::movable<M> &&
    requires(M& m, const M& sent, const preauth_context<typename C::key>& ctx, const environment<C>& env,
             der::writer& w, const msg::MethodData& padata, const typename C::key* key) {
  { M::types[0] } -> std::convertible_to<padata_t>;
  { m.consider(ctx, env) } -> std::same_as<preauth_outcome<typename M::step>>;
  sent.write(w);
  { sent.finish(padata, ctx, key, env) } -> std::same_as<result<reply_key<typename C::key>>>;
};

/// The answers of a KDC's mechanism about a client's padata. Besides these it can return an error,
/// with which the exchange fails, and one of its own steps.
namespace preauth {
/// The padata prove nothing.
struct refused {
  error why{.code = errc::integrity, .type = "AS-REQ", .field = "padata"};  ///< for the KDC's program
  error_code_t code = error_code_t::kdc_err_preauth_failed;                 ///< for the client
};
/// The client is authenticated.
struct accepted {
  bool hardware = false;  ///< the ticket also gets HW-AUTHENT (RFC 4120 section 2.1)
  /// RFC 8129: for the KDC's program. They must outlive the exchange and be outside the mechanism,
  /// which moves when the exchange does.
  view_of<kerberos_string> indicators{};
};
/// The client must send another request.
struct more {
  bytes_view e_data;  ///< the encodings of PA-DATA elements, one after the other
  /// For PA-FX-COOKIE: the next request has it too (RFC 6113 section 5.2). Leave it out only if the
  /// mechanism recognizes the conversation by its own padata.
  std::optional<bytes_view> cookie{};
};
}  // namespace preauth

/// What a KDC's mechanism with these steps of its own (a std::variant) returns.
template <class Steps = no_steps>
using kdc_preauth_outcome =
    detail::joined<std::variant<preauth::refused, preauth::accepted, preauth::more, error>, Steps>;

/// One request with pre-authentication, as the KDC's mechanism sees it: kdc/preauth.hpp.
template <crypto_policy C>
class kdc_preauth_context;

namespace detail {

template <class M, class Value, class Context, class C>
concept takes_answer = requires(M& m, const Value& v, const Context& ctx, const environment<C>& env) {
  m.answer(v, ctx, env);
};

template <class Mechanisms>
class mechanism_list;
/// The mechanisms of one exchange, of a client or a KDC, and the one that is in use.
template <class... M>
class mechanism_list<std::tuple<M...>> {
 public:
  static constexpr std::size_t none = sizeof...(M);
  /// The own steps of all mechanisms.
  using steps = joined<no_steps, typename M::step...>;
  static constexpr bool has_steps = !std::same_as<steps, no_steps>;
  template <class Value, class Context, class C>
  static constexpr bool takes = (takes_answer<M, Value, Context, C> || ...);

  /// Tells the mechanisms that a new conversation begins.
  constexpr void restart() {
    each([](auto& m, std::size_t) {
      if constexpr (requires { m.restart(); }) m.restart();
    });
  }
  /// Has the mechanisms wipe their secrets.
  constexpr void forget() {
    each([](auto& m, std::size_t) {
      if constexpr (requires { m.forget(); }) m.forget();
    });
  }

 protected:
  constexpr mechanism_list() = default;
  constexpr explicit mechanism_list(std::tuple<M...>&& own) : mechanisms_(std::move(own)) {}

  /// answer() of the chosen mechanism.
  template <class Outcome, class Value, class Context, crypto_policy C>
  constexpr Outcome answer_of_chosen(const Value& v, const Context& ctx, const environment<C>& env) {
    Outcome o = error{.code = errc::api_misuse};  // an answer to another mechanism's question
    each([&]<class N>(N& m, std::size_t i) {
      if constexpr (takes_answer<N, Value, Context, C>) {
        if (i == chosen_) o = widened<Outcome>(m.answer(v, ctx, env));
      }
    });
    return o;
  }
  /// Calls f(mechanism, index) for each of them.
  template <class F>
  constexpr void each(F f) {
    each_of(mechanisms_, f);
  }
  template <class F>
  constexpr void each(F f) const {
    each_of(mechanisms_, f);
  }
  /// f(mechanism) for the one with this index; errc::api_misuse if there is none. The result is never assigned to, so
  /// that no key is moved.
  template <class R, std::size_t I = 0, class Tuple, class F>
  static constexpr R of(Tuple& all, std::size_t index, const F& f) {
    if constexpr (I == sizeof...(M)) {
      return errc::api_misuse;
    } else {
      return index == I ? f(std::get<I>(all)) : of<R, I + 1>(all, index, f);
    }
  }
  template <class Tuple, class F>
  static constexpr void each_of(Tuple& all, F& f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (f(std::get<I>(all), I), ...); }
    (std::index_sequence_for<M...>{});
  }
  std::tuple<M...> mechanisms_{};
  std::size_t chosen_ = none;
};

}  // namespace detail

}  // namespace kerb::inline v0
