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

namespace detail {
constexpr http_answer with_field(unsigned status, bytes_view token, std::span<char> out, error why) {
  const auto value = write_negotiate(token, out);
  if (!value) return {500, {}, value.error()};
  return {status, *value, why};
}
/// Makes a value that was decoded in place again, so that it can be read once more: spaces, and then
/// Negotiate with the token.
constexpr void restore(std::string_view value, std::span<std::uint8_t> memory, bytes_view token) {
  if (std::is_constant_evaluated()) return;  // octets and characters cannot be at the same place
  if (static_cast<const void*>(value.data()) != memory.data() || memory.size() < value.size()) return;
  const std::span<std::uint8_t> text = memory.first(value.size());
  for (std::size_t i = token.size(), to = text.size(); i != 0;) text[--to] = token[--i];
  const auto written = write_negotiate(bytes_view(text.last(token.size())), text);
  for (std::size_t i = 0; written && i != text.size() - written->size(); ++i) text[i] = ' ';
}
}  // namespace detail

/// Takes the value of the field Authorization of a request, without its name, and an empty one for a
/// request without that field. `token` is a buffer for the token in the field; it may be the memory
/// of the value itself, is otherwise large enough with max_negotiation_token octets, and must remain
/// unchanged until the acceptor is given the next token, or the negotiation is over: one buffer is
/// enough for all requests of a connection. Returns the acceptor's step, or none if there is no token
/// of Negotiate: then answer with status 401 and the field that write_negotiate() makes of an empty
/// token. Errors: those of read_authorization(), with a limit of max_negotiation_token octets; the
/// acceptor is then unchanged. After need_buffer, call it again with the same value once the acceptor
/// has a larger buffer: if `token` is all of the memory of the value, the value is there again, with
/// spaces in front.
///
/// A negotiation belongs to a connection (RFC 4559 section 6): keep the acceptor with the connection
/// if its step is continue_with, and close the connection if it is refused. A proxy in front of the
/// server must not send the requests of several clients on one connection to it.
///
/// A connection whose negotiation is not over costs an acceptor and its buffer. Limit how many such
/// connections there are, and how long each may wait. If a client begins anew on a connection, the
/// acceptor refuses its token: give that token to a new acceptor.
template <crypto_policy C>
[[nodiscard]] constexpr result<std::optional<typename negotiate_acceptor<C>::step>> receive_authorization(
    negotiate_acceptor<C>& acceptor, std::string_view value, std::span<std::uint8_t> token, const environment<C>& env) {
  using step = std::optional<typename negotiate_acceptor<C>::step>;
  if (value.empty()) return step{};
  const auto field = read_authorization(value, token, max_negotiation_token);
  if (!field) return field.error();
  if (!field->token || field->token->empty()) return step{};
  const auto s = acceptor.receive(*field->token, env);
  if (is<need_buffer>(s)) detail::restore(value, token, *field->token);
  return step{s};
}

/// Answers a request from the value of its field Authorization, with a source of keys and a replay
/// cache, as accept() does. After status 200 the context is taken from the acceptor. `out` is a
/// buffer for the field WWW-Authenticate: 1024 characters are enough for Kerberos. For `token` and
/// the connection see receive_authorization().
///
/// errc::no_space with status 500: a buffer is too small (detail: octets needed). If it is `out`,
/// which is checked before the token is looked at, or the acceptor's, the request has not been
/// recorded, and the call can be repeated with a larger buffer and the same value. A refusal whose
/// explanation does not fit in `out` has none.
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
    // Before the replay cache has recorded the request: repeated, it would be a replay
    constexpr std::size_t longest = negotiate_size(negotiate_acceptor<C>::max_answer_octets);
    if (out.size() < longest) {
      detail::restore(authorization, token, *field->token);
      return {500, {}, {.code = errc::no_space, .detail = longest, .type = "HTTP field", .field = "WWW-Authenticate"}};
    }
    const auto a = detail::accept(acceptor, *field->token, policy, keys, seen, now, options, limits, grow);
    if (!a) {
      const error why = a.error();
      // Nothing was taken from the token, and nothing views it
      if (why.code == errc::no_space && !acceptor.key_lookup()) detail::restore(authorization, token, *field->token);
      if (!is_peer_fault(why) && acceptor.refusal().empty()) return {500, {}, why};
      const bool fits = negotiate_size(acceptor.refusal().size()) <= out.size();
      return detail::with_field(401, fits ? acceptor.refusal() : bytes_view(), out, why);
    }
    if (a->complete && a->token.empty()) return {200, {}, {}};
    return detail::with_field(a->complete ? 200 : 401, a->token, out, {});
  }

  /// Takes a response to a client's request that had a token: its status and the value of its field
  /// WWW-Authenticate, empty if there is none. `token` is a buffer for the token in it. If the step is
  /// `send`, repeat the request on the same connection with the field Authorization that
  /// write_negotiate() makes of its octets. Use the response only after `done`: before, the server is
  /// not authenticated (RFC 4559 section 4.1).
  ///
  /// A response without a token is errc::negotiation_rejected if its status is 401, or 407, with which a
  /// proxy answers. With another status it is `done` if the initiator has sent the last token; RFC 4559
  /// section 4.2 counts only 2xx as success of the authentication, but servers answer authenticated
  /// clients with other statuses too, so the program looks at the status. With 2xx it is also `done` if
  /// the initiator did not request mutual authentication (see negotiate_initiator::unanswered()).
  /// With 5xx it is otherwise errc::server_failed (detail: the status), and errc::mutual_required with every
  /// other status. A token after the last one is errc::unexpected_message.
  /// After need_buffer, call it again with the same value, as receive_authorization().
  ///
  /// Send the contents of a PUT or POST only after `done` (RFC 4559 section 6): begin with a request
  /// without contents.
  ///
  /// Through a proxy that is not a tunnel (CONNECT), do not send a token unless the server's response
  /// 401 came with the field "Proxy-Support: Session-Based-Authentication" (RFC 4559 section 6). Such
  /// a proxy does not share an authenticated connection between clients; another one may.
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
        const auto s = initiator.receive(*field->token, env);
        if (is<need_buffer>(s)) detail::restore(value, token, *field->token);
        return s;
      }
    }
    if (status == 401 || status == 407) return initiator.abandon(fault(errc::negotiation_rejected));
    if (initiator.complete()) return done{};
    if (status >= 200 && status < 300) return initiator.unanswered(env);
    if (status >= 500 && status < 600) {
      return initiator.abandon(
          {.code = errc::server_failed, .detail = status, .type = "HTTP response", .field = "status"});
    }
    return initiator.abandon(fault(errc::mutual_required));
  }

}  // namespace kerb::inline v0::gss
