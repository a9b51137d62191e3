// HTTP's scheme Negotiate, RFC 4559: from the fields of a request and a response to a negotiation, and back.
#pragma once
#include "../format/negotiate_header.hpp"
#include "accept.hpp"
#include "negotiate_initiator.hpp"

namespace kerb::inline v0::gss {

/// How a server answers a request.
struct http_answer {
  /// 200: the client is authenticated, and the server answers with what was requested, under any
  /// status. Otherwise the response has this status and no contents: 401, 400 for a field that is
  /// malformed or too long, 500 for a fault of the server itself.
  unsigned status = 401;
  /// The value of the field WWW-Authenticate; empty: no such field. With status 200 it contains the
  /// token that authenticates the server (RFC 4559 section 4.1).
  std::string_view www_authenticate;
  error why;  ///< of a refusal; ok if the client only has to send a token, or another one

  constexpr bool authenticated() const { return status == 200; }
};

/// Takes the value of the field Authorization of a request, without its name, and an empty one for a
/// request without that field. `token` is a buffer for the token in the field; it may be the memory
/// of the value itself, is otherwise large enough with max_negotiation_token octets, and must remain
/// unchanged until the acceptor is given the next token, or the negotiation is over: one buffer is
/// enough for all requests of a connection. Returns the acceptor's step, or none if there is no token
/// of Negotiate: then answer with status 401 and the field that write_negotiate() makes of an empty
/// token. Errors: those of read_authorization(), with a limit of max_negotiation_token octets; the
/// acceptor is then unchanged.
///
/// A negotiation belongs to a connection (RFC 4559 section 6): keep the acceptor with the connection
/// if its step is continue_with, and close the connection if it is refused. What comes through
/// a proxy must not share a connection with other clients.
template <crypto_policy C>
[[nodiscard]] constexpr result<std::optional<typename negotiate_acceptor<C>::step>> receive_authorization(
    negotiate_acceptor<C>& acceptor, std::string_view value, std::span<std::uint8_t> token, const environment<C>& env) {
  using step = std::optional<typename negotiate_acceptor<C>::step>;
  if (value.empty()) return step{};
  const auto field = read_authorization(value, token, max_negotiation_token);
  if (!field) return field.error();
  if (!field->token || field->token->empty()) return step{};
  return step{acceptor.receive(*field->token, env)};
}

namespace detail {
constexpr http_answer with_field(unsigned status, bytes_view token, std::span<char> out, error why) {
  const auto value = write_negotiate(token, out);
  if (!value) return {500, {}, value.error()};
  return {status, *value, why};
}
}  // namespace detail

/// Answers a request from the value of its field Authorization, with a source of keys and a replay
/// cache, as accept() does. After status 200 the context is taken from the acceptor. `out` is a
/// buffer for the field WWW-Authenticate: 1024 characters are enough for Kerberos. For `token` and
/// the connection see receive_authorization().
template <crypto_policy C, class Keys, class Store, class Now, class Grow = no_growth>
  requires ticket_keys<Keys> &&(replay_cache<Store> || std::same_as<Store, no_replay_cache>)
      [[nodiscard]] constexpr http_answer
      accept_http(negotiate_acceptor<C>& acceptor, std::string_view authorization, std::span<std::uint8_t> token,
                  std::span<char> out, C& policy, Keys& keys, Store& seen, Now&& now,
                  const accept_options& options = {}, const exchange_limits& limits = {}, Grow grow = {}) {
    if (authorization.empty()) return detail::with_field(401, {}, out, {});
    const auto field = read_authorization(authorization, token, max_negotiation_token);
    if (!field) return {is_malformed(field.error().code) ? 400u : 500u, {}, field.error()};
    if (!field->token || field->token->empty()) return detail::with_field(401, {}, out, {});
    const auto a = detail::accept(acceptor, *field->token, policy, keys, seen, now, options, limits, grow);
    if (!a) {
      const error why = a.error();
      if (!is_peer_fault(why) && acceptor.refusal().empty()) return {500, {}, why};
      return detail::with_field(401, acceptor.refusal(), out, why);
    }
    if (a->complete && a->token.empty()) return {200, {}, {}};
    return detail::with_field(a->complete ? 200 : 401, a->token, out, {});
  }

  /// Takes a response to a client's request that had a token: its status and the value of its field
  /// WWW-Authenticate, empty if there is none. `token` is a buffer for the token in it. If the step is
  /// `send`, repeat the request on the same connection with the field Authorization that
  /// write_negotiate() makes of its octets. Use the response only after `done`: before, the server is
  /// not authenticated (RFC 4559 section 4.1). A response without a token and with another status than
  /// 401 is `done` if the initiator has sent the last token, and otherwise errc::mutual_required. A 401
  /// without a token is errc::negotiation_rejected, and a token after the last one
  /// errc::unexpected_message.
  template <crypto_policy C>
  [[nodiscard]] constexpr typename negotiate_initiator<C>::step receive_www_authenticate(
      negotiate_initiator<C>& initiator, unsigned status, std::string_view value, std::span<std::uint8_t> token,
      const environment<C>& env) {
    const auto fault = [](errc c) { return error{.code = c, .type = "HTTP field", .field = "WWW-Authenticate"}; };
    if (!value.empty()) {
      const auto field = read_www_authenticate(value, token, max_negotiation_token);
      if (!field) return initiator.abandon(field.error());
      if (field->token && !field->token->empty()) {
        if (initiator.complete()) return initiator.abandon(fault(errc::unexpected_message));
        return initiator.receive(*field->token, env);
      }
    }
    if (status == 401) return initiator.abandon(fault(errc::negotiation_rejected));
    if (initiator.complete()) return done{};
    return initiator.abandon(fault(errc::mutual_required));
  }

}  // namespace kerb::inline v0::gss
