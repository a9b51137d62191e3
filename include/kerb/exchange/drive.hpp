// Runs a client's exchange to its end with one function that sends a request and waits for the answer.
#pragma once
#include "../asn1/decode.hpp"
#include "../msg/error.hpp"
#include "environment.hpp"
#include "grow.hpp"

namespace kerb::inline v0 {

/// An answer that the caller's transport received.
struct answer {
  bytes_view octets;                 ///< valid until the transport is called again
  std::optional<transport> arrived;  ///< none: in the way that the last `send` asked for (send::via)
  constexpr answer(bytes_view o, std::optional<transport> how = {}) : octets(o), arrived(how) {}
};

namespace detail {
template <class T, class Step>
inline constexpr bool is_alternative = false;
template <class T, class... Steps>
inline constexpr bool is_alternative<T, std::variant<Steps...>> = (std::same_as<T, Steps> || ...);

/// What a caller's transport returns for a request. The request is const, so that `ask` cannot change it.
template <class Ask>
constexpr result<answer> answer_from(Ask& ask, const send& request) {
  constexpr bool callable = std::invocable<Ask&, const send&>;
  static_assert(callable,
                "kerb: `ask` must be a function that is called with a const kerb::send& and returns a "
                "kerb::result<kerb::answer>");
  if constexpr (callable) {
    constexpr bool answers = std::convertible_to<std::invoke_result_t<Ask&, const send&>, result<answer>>;
    static_assert(answers, "kerb: `ask` must return a kerb::result<kerb::answer>");
    if constexpr (answers) return ask(request);
  }
  return errc::no_answer;
}

/// The last request that a caller's transport got, and why answers to it were ignored.
struct pending_request {
  send request{};
  error passed_over{};

  /// Transmits the request with the caller's `ask`, or waits on if it has no octets.
  template <class Ask>
  constexpr result<answer> answer_from(Ask& ask) const {
    result<answer> got = detail::answer_from(ask, request);
    // An `ask` that has nothing to wait for must not keep the caller in a loop
    if (got && got->octets.empty()) got = errc::no_answer;
    return got ? got : result<answer>(reason(got.error()));
  }

  constexpr void sent(const send& s) {
    request = s;
    if (request.fresh) passed_over = {};  // of the request before
  }
  constexpr void ignored_answer(const error& why) {
    if (passed_over.ok() || !is_malformed(why.code)) passed_over = why;
    request.octets = {};  // wait where it was sent
    request.fresh = false;
  }
  /// The error if there is no answer: `none`, unless one was ignored.
  constexpr error reason(const error& none) const { return passed_over.ok() ? none : passed_over; }
};
}  // namespace detail

/// Runs a client's exchange to its end and returns its product. `ask(const send&)` transmits the
/// octets and returns the answer as result<answer>; when there are no octets it only waits where it sent the last ones.
/// It returns errc::no_answer when it has waited long enough for the answer to a request, whatever has arrived in the
/// meantime: drive() itself has no limit. An answer without octets is errc::no_answer too.
/// `now` is a timestamp or a time of std::chrono::system_clock, or a function that returns one, such as
/// std::chrono::system_clock::now; drive() calls it for each step.
///
/// If `ask` returns an error, drive() returns that error. But if an answer to the same request was
/// ignored before, it returns why that answer was ignored. If several were ignored, it returns the last
/// reason that is not a malformed message. errc::no_key: the exchange
/// needs a key that the caller did not give it. errc::step_not_handled: a pre-authentication
/// mechanism has returned a step of its own. errc::password_refused: kpasswd_client::refusal() has the server's
/// reason. errc::no_space: the buffer is too small (detail:
/// octets needed), and `grow`, which is described at no_growth, returns no larger one.
///
/// When the exchange waits for no answer, an answer that is a KRB-ERROR is errc::peer_error (detail:
/// its code), and any other is ignored. That KRB-ERROR is unauthenticated.
///
/// It is for as_client, tgs_client, ap_initiator and kpasswd_client. The exchanges of kerb::gss have no datagrams, and
/// their protocols no KDC: pass their tokens with start() and receive().
///
/// This is a convenience built on the public steps. A program that cannot block writes the same
/// loop itself.
template <class Exchange, class C, class Now, class Ask, class Grow = no_growth>
[[nodiscard]] constexpr result<typename Exchange::product> drive(Exchange& x, C& policy, Now&& now, Ask&& ask,
                                                                 const exchange_limits& limits = {}, Grow grow = {}) {
  static_assert(
      detail::is_alternative<ignored, typename Exchange::step>,
      "drive() is for as_client, tgs_client, ap_initiator and kpasswd_client: send the tokens of an exchange of "
      "kerb::gss with its start() and receive()");
  const auto env_now = [&] { return environment<C>{policy, detail::clock_reading(now), limits}; };
  typename Exchange::step step = detail::with_growth(x, grow, [&] { return x.start(env_now()); });
  detail::pending_request pending;
  for (;;) {
    if (const auto* f = std::get_if<failed>(&step)) return f->why;
    if (is<done>(step)) return std::move(x).take();
    if (const auto* n = std::get_if<need_buffer>(&step)) { return detail::too_small(*n); }
    if (const auto* i = std::get_if<ignored>(&step)) {
      pending.ignored_answer(i->why);
    } else if (const auto* s = std::get_if<send>(&step)) {
      pending.sent(*s);
    } else {
      return std::visit(
          [](const auto& other) -> error {
            if constexpr (requires { other.why; }) return other.why;
            return {.code = std::same_as<std::remove_cvref_t<decltype(other)>, need_key> ? errc::no_key
                                                                                         : errc::step_not_handled};
          },
          step);
    }
    if (pending.request.then == afterwards::finished) {
      const result<answer> got = detail::answer_from(ask, pending.request);
      if (!got) return got.error();
      if (const auto e = asn1::decode<msg::KrbError>(got->octets)) {
        return error{.code = errc::peer_error,
                     .detail = static_cast<std::uint32_t>(e->error_code),
                     .type = "KRB-ERROR",
                     .field = "error-code"};
      }
      return std::move(x).take();
    }
    const result<answer> got = pending.answer_from(ask);
    if (!got) return got.error();
    step = detail::with_growth(x, grow, [&] { return x.receive(got->octets, env_now(), got->arrived); });
  }
}

}  // namespace kerb::inline v0
