// The words in which exchanges say what is to be done next.
#pragma once
#include <variant>

#include "../crypto/key.hpp"
#include "../msg/basic.hpp"

namespace kerb::inline v0 {

/// Who a message is for.
enum class destination : std::uint8_t { kdc, primary_kdc, kpasswd, peer };
/// What carries a message: any transport will do, or only a stream. Of a message that came: a datagram, or a stream.
enum class transport : std::uint8_t { datagram, stream };
/// What comes after a transmission.
enum class afterwards : std::uint8_t { wait, finished };

/// Transmit these octets. They lie in the exchange's buffer until its next call. With no octets there is nothing to
/// transmit: wait on for what comes.
struct send {
  bytes_view octets;
  kerberos_string realm;  ///< whose KDC; empty for a peer
  destination to = destination::kdc;
  transport via = transport::datagram;
  bool fresh = true;  ///< differs from what was sent last
  afterwards then = afterwards::wait;
};
/// A datagram was no message for this exchange: it does not decode, or its seal does not open. Nothing has changed;
/// wait on. (On a stream the exchange fails instead.)
struct ignored {
  error why;
};
/// The buffer is too small: nothing has changed; give set_buffer(bigger) of at least that many octets and repeat the
/// call.
struct need_buffer {
  std::size_t size = 0;  ///< in octets
};
/// Derive or fetch the client's long-term key, then provide() it. The salt is lent until the next call.
struct need_key {
  etype_t etype{};
  bytes_view salt;
  s2k_iterations iterations;  ///< within the caller's limits
};
/// Look up a key of the service, then provide() it, or say no_key(). Said again, with `tried` one higher, when
/// the key did not open the ticket.
struct need_ticket_key {
  principal_view service;             ///< as the ticket's clear part says, which anybody can have changed
  std::optional<std::uint32_t> kvno;  ///< absent when the ticket does not say
  etype_t etype{};
  unsigned tried = 0;  ///< keys already provided for this ticket
  /// Not a key of the service: the session key of a ticket-granting ticket that it gave away (RFC 4120 section 3.7).
  bool user_to_user = false;
};
/// Has this authenticator been seen? Asked last, about authenticated octets only; answer with replay_checked(), at once
/// or when a store elsewhere has answered. Remember the digest until `forget_after`: from then on the authenticator is
/// too old anyway.
struct check_replay {
  principal_view server;  ///< as the ticket's clear part says: no part of what tells authenticators apart
  principal_view client;
  timestamp at;                           ///< the authenticator's time
  std::array<std::uint8_t, 32> digest{};  ///< of the authenticator as sent
  kerberos_time forget_after;
};
/// Who the peer is has been proven. Look at it, then accept() or refuse().
struct authenticated {};
/// Transmit these octets to the peer; then the exchange is over and the product is ready.
struct reply {
  bytes_view octets;
};
/// Transmit this KRB-ERROR, if there are octets; the exchange is over.
struct refused {
  bytes_view octets;
  error why;
};
/// The product is ready: std::move(exchange).take().
struct done {};
/// Over. Every later call says the same.
struct failed {
  error why;
};

namespace detail {
template <class... F>
struct overloaded : F... {
  using F::operator()...;
};
template <class... F>
overloaded(F...) -> overloaded<F...>;

template <class Handlers, class Word>
inline constexpr bool handles = requires(Handlers h, const Word& w) {
  h(w);
};
}  // namespace detail

/// Calls the handler for the word that `step` says. A word without a handler does not compile.
template <class... Word, class... Handler>
constexpr decltype(auto) match(const std::variant<Word...>& step, Handler&&... handler) {
  using handlers = detail::overloaded<std::remove_cvref_t<Handler>...>;
  static_assert((detail::handles<handlers, Word> && ...), "a word of this exchange's step has no handler");
  return std::visit(handlers{static_cast<Handler&&>(handler)...}, step);
}
/// Whether `step` says this word.
template <class Word, class... Words>
constexpr bool is(const std::variant<Words...>& step) {
  return std::holds_alternative<Word>(step);
}

}  // namespace kerb::inline v0
