// The steps that exchanges return: what the caller must do next.
#pragma once
#include <variant>

#include "../crypto/key.hpp"
#include "../msg/basic.hpp"

namespace kerb::inline v0 {

/// Who a message is for.
enum class destination : std::uint8_t { kdc, primary_kdc, kpasswd, peer };
/// For a message to send: whether a datagram is enough or a stream is needed. For a received
/// message: how it arrived.
enum class transport : std::uint8_t { datagram, stream };
/// What follows a transmission.
enum class afterwards : std::uint8_t { wait, finished };

/// Transmit these octets. They are in the exchange's buffer and valid until its next call. If there
/// are none, transmit nothing and continue to wait for an answer.
struct send {
  bytes_view octets;
  kerberos_string realm;  ///< the realm whose KDC it is for; empty for a peer
  destination to = destination::kdc;
  transport via = transport::datagram;
  bool fresh = true;  ///< differs from the message that was sent last
  afterwards then = afterwards::wait;
};
/// A datagram was not a valid message for this exchange: it does not decode, its seal does not open,
/// it answers another request, or the exchange does not wait for a message. The exchange is unchanged;
/// continue to wait for what it asked for last. (On a stream the exchange fails instead.)
struct ignored {
  error why;
};
/// A buffer is too small. The exchange is unchanged, and nothing was drawn or written. Repeat the
/// call with a buffer of at least this many octets, which you pass to set_buffer() first, or, if
/// `for_reply`, in place of the reply buffer of the call (issue_options::reply,
/// accept_options::reply).
///
/// Do not free or reallocate the old buffer before set_buffer() has returned true, or before the
/// exchange has been destroyed: set_buffer() copies what the exchange keeps and wipes the old buffer,
/// and the destructor of an exchange wipes the buffer in use.
struct need_buffer {
  std::size_t size = 0;    ///< in octets
  bool for_reply = false;  ///< only if the caller gave a reply buffer
};
/// Derive or fetch the client's long-term key, then call provide(). The salt is valid until the next
/// call of provide(). A datagram that is given to receive() until then is ignored; do not receive it
/// into the octets of the last message, which the exchange still needs.
struct need_key {
  etype_t etype{};
  bytes_view salt;
  s2k_iterations iterations;  ///< within the caller's limits
};
/// Look up a key of the service, then call provide(), or no_key(). If the key does not open the
/// ticket, this step is returned again with `tried` one higher.
struct need_ticket_key {
  principal_view service;             ///< from the ticket's unencrypted part, which anyone can have changed
  std::optional<std::uint32_t> kvno;  ///< absent when the ticket does not contain it
  etype_t etype{};
  unsigned tried = 0;  ///< keys already provided for this ticket
  /// Find the session key of a ticket-granting ticket that the service gave to the client
  /// (RFC 4120 section 3.7), not a long-term key of the service.
  bool user_to_user = false;
};
/// Check whether this authenticator has been seen before. This is the last check, so all octets are
/// authenticated. Call replay_checked(), at once or when a remote replay cache has answered.
/// Remember the digest until `forget_after`; after that the authenticator is too old to be
/// accepted.
struct check_replay {
  principal_view server;  ///< from the ticket's unencrypted part; do not use it to tell authenticators apart
  principal_view client;
  timestamp at;                           ///< the authenticator's time
  std::array<std::uint8_t, 32> digest{};  ///< of the authenticator as it was sent
  kerberos_time forget_after;
};
/// The peer is authenticated. Inspect it, then call accept() or refuse().
struct authenticated {};
/// Transmit these octets to the peer. The exchange is then over and the product is ready. They are
/// at the end of the exchange's buffer, or of the reply buffer if the caller gave one.
struct reply {
  bytes_view octets;
};
/// Transmit this KRB-ERROR, if there are octets. The exchange is over.
struct refused {
  bytes_view octets;
  error why;
};
/// The product is ready: call std::move(exchange).take(). Nothing more is expected: drop what still
/// arrives. A client's receive() ignores datagrams.
struct done {};
/// The exchange has failed. Every later call returns the same.
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

template <class Handlers, class Alternative>
inline constexpr bool handles = requires(Handlers h, const Alternative& a) {
  h(a);
};
}  // namespace detail

/// Calls the handler for the alternative that `step` holds. A missing handler does not compile.
template <class... Alternative, class... Handler>
constexpr decltype(auto) match(const std::variant<Alternative...>& step, Handler&&... handler) {
  using handlers = detail::overloaded<std::remove_cvref_t<Handler>...>;
  constexpr bool complete = (detail::handles<handlers, Alternative> && ...);
  static_assert(complete, "kerb::match: an alternative of the step has no handler");
  if constexpr (complete) return std::visit(handlers{static_cast<Handler&&>(handler)...}, step);
}
/// Whether `step` holds this alternative.
template <class Alternative, class... Alternatives>
constexpr bool is(const std::variant<Alternatives...>& step) {
  return std::holds_alternative<Alternative>(step);
}

}  // namespace kerb::inline v0
