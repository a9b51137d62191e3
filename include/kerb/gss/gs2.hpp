// The SASL mechanisms GS2-KRB5 and GS2-KRB5-PLUS, client and server: RFC 5801.
//
// Random octets are drawn where gss::initiator and gss::acceptor draw them.
#pragma once
#include "gs2_header.hpp"
#include "sasl.hpp"

namespace kerb::inline v0::gss {

/// The name of the mechanism without a binding to the connection, as protocols list it.
inline constexpr std::string_view gs2_mechanism = "GS2-KRB5";
/// The name of the mechanism with a binding.
inline constexpr std::string_view gs2_plus_mechanism = "GS2-KRB5-PLUS";

/// Parameters of a client. Every view must outlive the exchange, and the credential the context too.
template <class Key>
struct gs2_client_params {
  /// The context: credential, buffer, and what is delegated. Its flags and its bindings are not used:
  /// the flags are GSS_C_MUTUAL_FLAG, which RFC 5801 section 8 requires, and GSS_C_SEQUENCE_FLAG; the
  /// bindings are `channel` and the header.
  initiator_params<Key> gss;
  /// The secure connection; none: this client does not support bindings.
  std::optional<gs2_channel> channel{};
  /// Whether the server offers GS2-KRB5-PLUS. If there is a channel, the client then binds to it and
  /// must select that mechanism. If an attacker has taken the name out of the server's list, the
  /// server finds out: the header says that the client can bind.
  bool server_binds = false;
  /// Fail with errc::bindings_missing, before anything is sent, if the server does not offer
  /// GS2-KRB5-PLUS. errc::missing_parameter: there is no channel.
  bool channel_required = false;
  /// The identity to act as, in UTF-8 without U+0000; empty: the one that the server associates
  /// with the client's principal.
  bytes_view identity{};
};

/// Parameters of a server. Every view must outlive the exchange; the buffer must outlive the context
/// too.
struct gs2_server_params {
  /// The context: what the service accepts, and the buffer. Name the service in gss.ap, as for
  /// sasl_server_params. Its bindings are not used.
  acceptor_params gss;
  /// The secure connection, once for each type of binding that the server supports; empty: none. A
  /// server that has some must offer GS2-KRB5-PLUS: clients that can bind and have not seen that name
  /// are refused with errc::bindings_missing. RFC 5801 section 5.2 requires tls-unique, for which RFC
  /// 9266 has tls-exporter with TLS 1.3.
  view_of<gs2_channel> channels{};
  /// Refuse clients that cannot bind, with errc::bindings_missing. Offer only GS2-KRB5-PLUS then.
  bool channel_required = false;
  /// Octets of the largest authorization identity, as the header has it.
  std::size_t max_identity = 1024;
};

/// What was established. RFC 5801 section 12: there is no security layer, and the connection itself
/// protects what follows.
template <crypto_policy C>
struct gs2_context {
  context<C> kerberos;         ///< for its names, lifetime and delegated credentials
  bool channel_bound = false;  ///< the client is bound to the secure connection. context::bound() is always true: the
                               ///< header is bound too
};

namespace detail {
struct gs2_client_table {
  enum class state : std::uint8_t { idle, context, over, spent, failed };
  enum class call : std::uint8_t { start, receive, set_buffer, take };
  static constexpr state moved_from = state::spent;
  static constexpr kerb::detail::transition<call, state> transitions[] = {
      {call::start, state::idle, {state::context}},   {call::receive, state::context, {state::over}},
      {call::set_buffer, state::idle, {state::idle}}, {call::set_buffer, state::context, {state::context}},
      {call::take, state::over, {state::spent}},
  };
};
struct gs2_server_table {
  /// `confirm`: waits for the empty response to the context's token; `identity`: for the program's
  /// decision.
  enum class state : std::uint8_t { idle, wants_key, replay, proven, confirm, identity, done, refused, spent, failed };
  enum class call : std::uint8_t {
    receive,
    provide,
    no_key,
    replay_checked,
    accept,
    refuse,
    allow,
    deny,
    set_buffer,
    take
  };
  static constexpr state moved_from = state::spent;
  static constexpr kerb::detail::transition<call, state> transitions[] = {
      {call::receive, state::idle, {state::wants_key, state::refused}},
      {call::receive, state::confirm, {state::identity}},
      {call::provide, state::wants_key, {state::wants_key, state::replay, state::proven, state::refused}},
      {call::no_key, state::wants_key, {state::refused}},
      {call::replay_checked, state::replay, {state::proven, state::refused}},
      {call::accept, state::proven, {state::confirm}},
      {call::refuse, state::proven, {state::refused}},
      {call::allow, state::identity, {state::done}},
      {call::deny, state::identity, {state::refused}},
      {call::set_buffer, state::idle, {state::idle}},
      {call::take, state::done, {state::spent}},
  };
};
/// The octets in front of the AP-REQ in the first token without its frame: TOK_ID.
inline constexpr std::size_t token_id_octets = 2;
}  // namespace detail

/// Authenticates to a server with SASL's GS2-KRB5 or GS2-KRB5-PLUS, whose name mechanism() returns. The
/// program carries the tokens as its protocol does: start() makes the initial response; without
/// initial responses it answers the server's empty challenge. When the step is `respond` with
/// afterwards::finished and the protocol then reports success, take() returns the context.
///
/// receive() does not modify the octets that it is given. Octets in a step are valid until the next
/// call.
template <crypto_policy C>
class [[nodiscard]] gs2_client
    : public kerb::detail::exchange_core<gs2_client<C>, detail::sasl_client_step, detail::gs2_client_table> {
  using base = kerb::detail::exchange_core<gs2_client, detail::sasl_client_step, detail::gs2_client_table>;
  using typename base::call;
  using typename base::state;

 public:
  using key = typename C::key;
  using product = gs2_context<C>;
  using typename base::step;
  /// A buffer size, in octets, that is enough for ordinary names and a ticket of 6 KiB.
  static constexpr std::size_t typical_buffer_size = initiator<C>::typical_buffer_size + 512;

  constexpr explicit gs2_client(gs2_client_params<key> params) : base({}), params_(std::move(params)) {}

  /// The mechanism to select.
  constexpr std::string_view mechanism() const { return binds() ? gs2_plus_mechanism : gs2_mechanism; }

  /// Makes the initial response. Errors: those of initiator::start(); errc::api_misuse for an
  /// identity that is not UTF-8 and for a channel without data or with a name that no header can
  /// have; errc::bindings_missing and errc::missing_parameter: see gs2_client_params.
  [[nodiscard]] constexpr step start(const environment<C>& env) {
    if (const auto no = this->template unless<call::start>(env)) return *no;
    if (const error e = check(); !e.ok()) return fail(e);
    const bytes_view data = binds() ? params_.channel->data : bytes_view();
    const std::span<std::uint8_t> whole = params_.gss.buffer;
    const std::size_t header = detail::write_gs2_header({}, flag(), params_.channel, params_.identity);
    const std::size_t front = header + data.size();
    initiator_params<key> p = params_.gss;
    // RFC 5801 section 8 needs no flag for messages, but servers of Cyrus SASL refuse clients without this one
    p.flags = {gss_flag_t::mutual, gss_flag_t::sequence};
    p.mech = msg::mech_krb5;
    p.buffer = whole.size() < front ? std::span<std::uint8_t>() : whole.subspan(front);
    if (whole.size() >= front) {
      (void)detail::write_gs2_header(whole, flag(), params_.channel, params_.identity);
      kerb::detail::copy_octets(data.data(), data.size(), whole.data() + header);
    }
    // RFC 5801 section 5.1: what is not protected otherwise, the header, is bound too
    p.bindings = channel_bindings{.application_data = bytes_view(whole.first(whole.size() < front ? 0 : front))};
    initiator_.emplace(std::move(p));
    const auto s = initiator_->start(env);
    if (const auto* f = std::get_if<failed>(&s)) return fail(f->why);
    if (const auto* n = std::get_if<need_buffer>(&s)) return need_buffer{n->size + front};
    // RFC 5801 section 4: the header takes the place of the token's frame
    const bytes_view token = std::get_if<send>(&s)->octets;
    const auto framed = read_krb5_token(token);
    if (!framed) return fail(framed.error());
    const std::size_t left = framed->message.size() + detail::token_id_octets;
    const std::span<std::uint8_t> response = whole.last(left + header);
    (void)detail::write_gs2_header(response, flag(), params_.channel, params_.identity);
    state_ = state::context;
    return respond{bytes_view(response)};
  }
  /// Takes the server's challenge. The response is empty. If the challenge came together with the
  /// report of success, as some protocols permit, there is nothing to send.
  [[nodiscard]] constexpr step receive(bytes_view octets, const environment<C>& env) {
    if (const auto no = this->template unless<call::receive>(env)) return *no;
    const auto s = initiator_->receive(octets, env);
    peer_error_ = initiator_->peer_error();
    if (const auto* f = std::get_if<failed>(&s)) return fail(f->why);
    if (const auto* n = std::get_if<need_buffer>(&s)) return *n;
    auto made = std::move(*initiator_).take();
    if (!made) return fail(made.error());
    product_.emplace(product{std::move(*made), binds()});
    state_ = state::over;
    return respond{{}, afterwards::finished};
  }
  /// The KRB-ERROR that receive() was given, if it was one. It is unauthenticated, and valid as
  /// long as the challenge that it came in.
  constexpr const std::optional<msg::KrbError>& peer_error() const& KERB_LIFETIMEBOUND { return peer_error_; }
  void peer_error() const&& = delete;

  /// As initiator::set_buffer().
  constexpr bool set_buffer(std::span<std::uint8_t> bigger) {
    if (!this->template may<call::set_buffer>()) return false;
    if (state_ == state::context && !initiator_->set_buffer(bigger)) return false;
    params_.gss.buffer = bigger;
    return true;
  }
  bytes_view framed() = delete;  // each protocol of SASL has a frame of its own

  /// Returns the context, once: when the protocol has reported success.
  [[nodiscard]] constexpr result<product> take() && {
    if (!this->template may<call::take>()) return errc::api_misuse;
    state_ = state::spent;
    return std::move(*product_);
  }

 private:
  template <class, class, class>
  friend class kerb::detail::exchange_core;
  using base::fail;
  using base::state_;

  constexpr bool binds() const { return params_.channel && params_.server_binds; }
  /// RFC 5801 section 5: `n` only from a client that cannot bind.
  constexpr gs2_flag flag() const {
    if (!params_.channel) return gs2_flag::unsupported;
    return params_.server_binds ? gs2_flag::used : gs2_flag::not_offered;
  }
  constexpr error check() const {
    const auto fault = [](errc c, const char* field) { return error{.code = c, .type = "gs2_params", .field = field}; };
    if (valid_utf8_octets(params_.identity) != params_.identity.size()) return fault(errc::api_misuse, "identity");
    if (params_.channel && !detail::is_fit(*params_.channel)) return fault(errc::api_misuse, "channel");
    if (!params_.channel_required || binds()) return {};
    return params_.channel ? fault(errc::bindings_missing, "server_binds") : fault(errc::missing_parameter, "channel");
  }
  constexpr void forget() {
    product_.reset();
    initiator_.reset();
  }

  gs2_client_params<key> params_;
  std::optional<initiator<C>> initiator_;
  std::optional<msg::KrbError> peer_error_;
  std::optional<product> product_;
};

/// Authenticates a client with SASL's GS2-KRB5 or GS2-KRB5-PLUS. Which of the two names the client has
/// selected does not matter: the header in its response says whether it is bound. A service bounds the
/// number of exchanges that are not done and their time, as for acceptors. After `done` report success
/// without additional data; take() returns the context. After `refused` or `failed` report a failure.
///
/// receive() does not modify the octets that it is given; those of the first response must remain
/// valid until the exchange is over. Octets in a step are valid until the next call.
template <crypto_policy C>
class [[nodiscard]] gs2_server
    : public kerb::detail::acceptor_core<gs2_server<C>, C, detail::sasl_server_step, detail::gs2_server_table> {
  using base = kerb::detail::acceptor_core<gs2_server, C, detail::sasl_server_step, detail::gs2_server_table>;
  using typename base::call;
  using typename base::state;

 public:
  using key = typename C::key;
  using product = gs2_context<C>;
  using typename base::step;
  /// A buffer size, in octets, that is enough for ordinary names, a ticket of 6 KiB, and an identity
  /// of the default size.
  static constexpr std::size_t typical_buffer_size = acceptor<C>::typical_buffer_size + 2560;

  constexpr explicit gs2_server(gs2_server_params params) : base({}), params_(std::move(params)) {}

  /// Takes a response. Errors of the first one, besides those of acceptor::receive(): those of
  /// read_gs2_header(); errc::bindings_missing and errc::bindings_mismatch for a client that is not
  /// bound to this connection; errc::token_too_long for its identity; errc::unexpected_message for a
  /// token that is no AP-REQ or still has its frame.
  [[nodiscard]] constexpr step receive(bytes_view octets, const environment<C>& env) {
    if (const auto no = this->template unless<call::receive>(env)) return *no;
    if (state_ == state::confirm) return confirmed(octets);
    const auto h = read_gs2_header(octets);
    if (!h) return fail(h.error());
    const auto data = channel_of(*h);
    if (!data) return fail(data.error());
    const bytes_view token = octets.subview(h->size);
    // The frame is always that of Kerberos's mechanism, and an acceptor accepts its message without it
    constexpr std::uint8_t ap_req[] = {0x01, 0x00, der::application(14).octet};
    if (token.size() < sizeof ap_req || !(token.first(sizeof ap_req) == bytes_view(ap_req))) {
      return fail({.code = errc::unexpected_message, .type = "InitialContextToken", .field = "TOK_ID"});
    }
    const std::span<std::uint8_t> whole = params_.gss.ap.buffer;
    const std::size_t bound = h->octets.size() + data->size();
    front_ = bound + h->identity.size();
    const bool fits = whole.size() >= front_;
    if (fits) {
      kerb::detail::copy_octets(h->octets.data(), h->octets.size(), whole.data());
      kerb::detail::copy_octets(data->data(), data->size(), whole.data() + h->octets.size());
      identity_ = bytes_view(whole).subview(bound, detail::read_saslname(h->identity, whole.subspan(bound)));
    }
    channel_bound_ = h->flag == gs2_flag::used;
    acceptor_params p = params_.gss;
    p.required.set(gss_flag_t::mutual);
    p.without_checksum = false;
    p.ap.bindings = channel_bindings{.application_data = bytes_view(whole).first(fits ? bound : 0)};
    p.ap.binding = binding_rule::require;
    p.ap.buffer = fits ? whole.subspan(front_) : std::span<std::uint8_t>();
    acceptor_.emplace(std::move(p));
    return taken(acceptor_->receive(token.subview(detail::token_id_octets), env), env);
  }
  /// The client, from `authenticated` until take(); null before.
  constexpr const authenticated_client<key>* peer() const& KERB_LIFETIMEBOUND {
    if (product_) return product_->kerberos.client();
    return acceptor_ ? acceptor_->peer() : nullptr;
  }
  void peer() const&& = delete;
  /// Continues with an authenticated client. If accept_options::reply is given, the challenge is
  /// there.
  [[nodiscard]] constexpr step accept(const accept_options& options, const environment<C>& env) {
    if (const auto no = this->template unless<call::accept>(env)) return *no;
    return taken(acceptor_->accept(options, env), env);
  }
  /// Answers authorize_as: the client may act as the identity.
  [[nodiscard]] constexpr step allow(const environment<C>& env) {
    if (const auto no = this->template unless<call::allow>(env)) return *no;
    state_ = state::done;
    return done{};
  }
  /// Answers authorize_as: the client may not act as the identity.
  [[nodiscard]] constexpr step deny(const environment<C>& env) {
    if (const auto no = this->template unless<call::deny>(env)) return *no;
    product_.reset();
    state_ = state::refused;
    return refused{{}, {.code = errc::refused_by_application, .type = "gs2-header", .field = "gs2-authzid"}};
  }

  /// Continues in a larger buffer, after need_buffer.
  constexpr bool set_buffer(std::span<std::uint8_t> bigger) {
    if (!this->template may<call::set_buffer>()) return false;
    params_.gss.ap.buffer = bigger;
    return true;
  }
  /// As ap_acceptor::key_lookup().
  constexpr std::optional<keys_asked> key_lookup() const { return acceptor_ ? acceptor_->key_lookup() : std::nullopt; }
  bytes_view framed() = delete;  // each protocol of SASL has a frame of its own

  /// Returns the context, once: after `done`.
  [[nodiscard]] constexpr result<product> take() && {
    if (!this->template may<call::take>()) return errc::api_misuse;
    state_ = state::spent;
    result<product> out = std::move(*product_);
    product_.reset();
    return out;
  }

 private:
  template <class, class, class>
  friend class kerb::detail::exchange_core;
  template <class, class, class, class>
  friend class kerb::detail::acceptor_core;
  using base::fail;
  using base::state_;

  constexpr acceptor<C>& inner() { return *acceptor_; }
  /// The data of the channel that a header names; empty for a client that is not bound to one.
  constexpr result<bytes_view> channel_of(const gs2_header& h) const {
    const auto fault = [](errc c, const char* field) { return error{.code = c, .type = "gs2-header", .field = field}; };
    // Kerberos's tokens have the frame of RFC 2743 section 3.1, so a client that had none to take away is another one's
    if (h.frameless) return fault(errc::wrong_constant, "gs2-nonstd-flag");
    if (h.identity.size() > params_.max_identity) return fault(errc::token_too_long, "gs2-authzid");
    if (h.flag == gs2_flag::used) {
      for (const gs2_channel& c : params_.channels)
        if (c.type == h.channel && detail::is_fit(c)) return c.data;
      return fault(errc::bindings_mismatch, "cb-name");
    }
    // RFC 5801 section 5: somebody has taken GS2-KRB5-PLUS out of the list that the client saw
    if (h.flag == gs2_flag::not_offered && !params_.channels.empty()) {
      return fault(errc::bindings_missing, "gs2-cb-flag");
    }
    if (params_.channel_required) return fault(errc::bindings_missing, "gs2-cb-flag");
    return bytes_view();
  }
  /// RFC 5801 section 6: the client replies to the context's token with an empty message.
  constexpr step confirmed(bytes_view octets) {
    if (!octets.empty()) return fail({.code = errc::trailing_data, .type = "SASL response"});
    auto made = std::move(*acceptor_).take();
    if (!made) return fail(made.error());
    acceptor_.reset();
    product_.emplace(product{std::move(*made), channel_bound_});
    return go(state::identity, authorize_as{product_->kerberos.initiator(), identity_});
  }
  /// What a step of the acceptor means here.
  constexpr step taken(const typename acceptor<C>::step& s, const environment<C>&) {
    // Its only token is an AP-REP: not in DCE style, and not left out, since GSS_C_MUTUAL_FLAG is required
    constexpr error unexpected{.code = errc::unexpected_message, .type = "checksum 0x8003", .field = "Flags"};
    return match(
        s, [&](const need_ticket_key& x) { return go(state::wants_key, x); },
        [&](const need_buffer& x) { return x.for_reply ? step(x) : step(need_buffer{x.size + front_}); },
        [&](const check_replay& x) { return go(state::replay, x); },
        [&](const authenticated& x) { return go(state::proven, x); },
        [&](const continue_with&) { return step(fail(unexpected)); },
        [&](const reply& x) { return go(state::confirm, challenge{x.octets}); },
        [&](const refused& x) { return go(state::refused, x); }, [&](const done&) { return step(fail(unexpected)); },
        [&](const failed& x) { return step(fail(x.why)); });
  }
  template <class S>
  constexpr step go(state to, const S& s) {
    state_ = to;
    return s;
  }
  constexpr void forget() {
    product_.reset();
    acceptor_.reset();
  }

  gs2_server_params params_;
  std::size_t front_ = 0;  // octets of the buffer for the bindings and the identity
  bytes_view identity_;
  bool channel_bound_ = false;
  std::optional<acceptor<C>> acceptor_;
  std::optional<product> product_;
};

/// Runs a server on one response, as accept() of sasl.hpp does.
template <crypto_policy C, class Keys, class Store, class Now, class MayAct, class Grow = no_growth>
  requires ticket_keys<Keys> &&(replay_cache<Store> || std::same_as<Store, no_replay_cache>)
      [[nodiscard]] constexpr result<answered> accept(gs2_server<C>& server, bytes_view response, C& policy, Keys& keys,
                                                      Store& seen, Now&& now, MayAct&& may_act,
                                                      const accept_options& options = {},
                                                      const exchange_limits& limits = {}, Grow grow = {}) {
    return detail::accept_sasl(server, response, policy, keys, seen, now, may_act, options, limits, grow);
  }

}  // namespace kerb::inline v0::gss
