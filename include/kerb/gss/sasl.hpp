// The SASL mechanism GSSAPI, client and server: RFC 4752, in the frame of RFC 4422.
//
// Random octets are drawn where gss::initiator and gss::acceptor draw them.
#pragma once
#include "../core/utf8.hpp"
#include "accept.hpp"
#include "acceptor.hpp"
#include "initiator.hpp"
#include "sasl_session.hpp"

namespace kerb::inline v0::gss {

/// The name of the mechanism, as protocols list it.
inline constexpr std::string_view sasl_mechanism = "GSSAPI";

/// Parameters of a client. Every view must outlive the exchange, and the credential the session too.
template <class Key>
struct sasl_client_params {
  /// The context: credential, buffer and flags. The flags that RFC 4752 section 3.1 requires for
  /// `layers` are added. The ticket is for service/host with the service name of the protocol, such
  /// as ldap. RFC 4752 section 5 excludes channel bindings; Active Directory checks them over TLS.
  initiator_params<Key> gss;
  /// The acceptable layers. Of those that the server offers, the client chooses the strongest.
  sasl_layers layers{sasl_layer::none, sasl_layer::integrity, sasl_layer::confidentiality};
  /// Octets of the largest token that this side receives, from sasl_least_size to sasl_size_limit.
  std::uint32_t max_size = 65536;
  /// The identity to act as, in UTF-8 without U+0000; empty: the one that the server associates
  /// with the client's principal.
  bytes_view identity{};
};

/// Parameters of a server. Every view must outlive the exchange; the buffer must outlive the
/// session too.
struct sasl_server_params {
  /// The context: what the service accepts, and the buffer. Name the service in gss.ap: RFC 4752
  /// section 3.2 wants the server to check that the client's ticket is for a service with the
  /// protocol's name, such as ldap. Without names, a ticket for any service whose key is found is
  /// accepted; then compare established().acceptor() yourself.
  acceptor_params gss;
  /// The acceptable layers. Those that the context permits are offered. If `none` is not among
  /// them, clients whose contexts permit no other layer are refused. Contexts with RC4 do not permit
  /// `integrity`: RFC 4757 does not authenticate the numbers of messages that are not encrypted.
  sasl_layers layers{sasl_layer::none, sasl_layer::integrity, sasl_layer::confidentiality};
  /// Octets of the largest token that this side receives, from sasl_least_size to sasl_size_limit.
  std::uint32_t max_size = 65536;
  /// Octets of the largest authorization identity, at most sasl_size_limit. So many octets of the
  /// buffer are kept for it.
  std::size_t max_identity = 1024;
};

namespace detail {
/// Send these octets to the peer, also if there are none: an empty response is one.
struct respond {
  bytes_view octets;
  afterwards then = afterwards::wait;  ///< finished: the session is ready when the protocol reports success
};
/// Send these octets to the peer as a challenge, then pass its response to receive().
struct challenge {
  bytes_view octets;
};
/// The client has authenticated as `client`, and requests to act as `identity`: UTF-8 without
/// U+0000. An empty identity is the one that this server associates with the client. Call allow() or
/// deny().
struct authorize_as {
  principal_view client;
  bytes_view identity;
};

struct sasl_client_table {
  /// `context`: waits for the acceptor's token; `offer`: for the offered layers
  enum class state : std::uint8_t { idle, context, offer, over, spent, failed };
  enum class call : std::uint8_t { start, receive, set_buffer, take };
  static constexpr state moved_from = state::spent;
  static constexpr kerb::detail::transition<call, state> transitions[] = {
      {call::start, state::idle, {state::context, state::offer}},  // offer: without mutual authentication
      {call::receive, state::context, {state::offer}},
      {call::receive, state::offer, {state::over}},
      {call::set_buffer, state::idle, {state::idle}},
      {call::set_buffer, state::context, {state::context}},
      {call::set_buffer, state::offer, {state::offer}},
      {call::take, state::over, {state::spent}},
  };
};
using sasl_client_step = std::variant<respond, need_buffer, failed>;

struct sasl_server_table {
  /// `third`: waits for the last token in DCE style; `confirm`: for the empty response to the
  /// context's token; `choice`: for the chosen layer; `identity`: for the program's decision.
  enum class state : std::uint8_t {
    idle,
    wants_key,
    replay,
    proven,
    third,
    confirm,
    choice,
    identity,
    done,
    refused,
    spent,
    failed
  };
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
      {call::receive, state::third, {state::choice}},
      {call::receive, state::confirm, {state::choice}},
      {call::receive, state::choice, {state::identity}},
      {call::provide, state::wants_key, {state::wants_key, state::replay, state::proven, state::refused}},
      {call::no_key, state::wants_key, {state::refused}},
      {call::replay_checked, state::replay, {state::proven, state::refused}},
      // choice: the client does not want an AP-REP
      {call::accept, state::proven, {state::third, state::confirm, state::choice}},
      {call::refuse, state::proven, {state::refused}},
      {call::allow, state::identity, {state::done}},
      {call::deny, state::identity, {state::refused}},
      {call::set_buffer, state::idle, {state::idle}},
      {call::take, state::done, {state::spent}},
  };
};
using sasl_server_step = std::variant<need_ticket_key, need_buffer, check_replay, authenticated, challenge,
                                      authorize_as, refused, done, failed>;

/// The plaintext of the two tokens that negotiate the layer: a mask, a size, and an identity.
struct sasl_terms {
  std::uint8_t mask = 0;
  std::uint32_t size = 0;
  bytes_view identity{};

  static constexpr std::size_t fixed_octets = 4;
};
/// The octets that a Wrap token may have around such a plaintext.
inline constexpr std::size_t sasl_around = 96;

/// Reads them from the message of a token, which must be the next one.
constexpr result<sasl_terms> read_terms(const unwrapped& got, const char* type) {
  if (const error why = not_next(got.seen); !why.ok()) return why;
  const bytes_view m(got.message);
  if (m.size() < sasl_terms::fixed_octets) return error{.code = errc::truncated, .type = type};
  const std::uint32_t size = static_cast<std::uint32_t>(m[1]) << 16 | static_cast<std::uint32_t>(m[2]) << 8 | m[3];
  return sasl_terms{m[0], size, m.subview(sasl_terms::fixed_octets)};
}
/// Whether a client or a server can state these parameters.
constexpr error fault_of(sasl_layers layers, std::uint32_t max_size) {
  if (layers.bits == 0) return {.code = errc::api_misuse, .field = "layers"};
  if (max_size < sasl_least_size || max_size > sasl_size_limit) return {.code = errc::api_misuse, .field = "max_size"};
  return {};
}
constexpr error fault_of(const sasl_server_params& p) {
  // No token is longer; and other sizes are added to it
  if (p.max_identity > sasl_size_limit) return {.code = errc::api_misuse, .field = "max_identity"};
  return fault_of(p.layers, p.max_size);
}
/// The layers that a context permits, RFC 4752 sections 3.1 and 3.2. Section 3.1 requires
/// GSS_C_SEQUENCE_FLAG of the client. Where the numbers of messages are not authentic, an attacker could
/// repeat them.
template <crypto_policy C>
constexpr sasl_layers permitted(const context<C>& in, const C& crypto) {
  const gss_flags flags = in.flags();
  sasl_layers l{sasl_layer::none};
  if (!flags.has(gss_flag_t::integ) || !flags.has(gss_flag_t::sequence)) return l;
  l.set(sasl_layer::integrity, in.numbers_are_authentic(protection::integrity, crypto));
  const bool seals = flags.has(gss_flag_t::conf);
  l.set(sasl_layer::confidentiality, seals && in.numbers_are_authentic(protection::confidentiality, crypto));
  return l;
}
/// The flags that a context needs so that one of these layers is possible.
constexpr gss_flags flags_for(sasl_layers layers) {
  gss_flags f;
  if (layers.has(sasl_layer::none)) return f;
  f.set(gss_flag_t::integ);
  f.set(gss_flag_t::sequence);
  f.set(gss_flag_t::conf, !layers.has(sasl_layer::integrity));
  return f;
}
/// Makes the token with these terms at the end of a buffer, which is large enough.
template <crypto_policy C>
constexpr errc write_terms(kerb::detail::workspace& to, context<C>& in, const sasl_terms& t, C& crypto) {
  const auto sizes = in.sizes(protection::integrity, crypto);
  if (!sizes) return sizes.error().code;
  const std::size_t message = sasl_terms::fixed_octets + t.identity.size(), n = sizes->token(message);
  const std::span<std::uint8_t> token = to.message_space().last(n);
  std::uint8_t* const at = token.data() + sizes->around(message).front;
  at[0] = t.mask;
  for (std::size_t i = 1; i != 4; ++i) at[i] = static_cast<std::uint8_t>(t.size >> (8 * (3 - i)));
  kerb::detail::copy_octets(t.identity.data(), t.identity.size(), at + sasl_terms::fixed_octets);
  const errc why = in.wrap_in_place(token, message, protection::integrity, crypto);
  if (why == errc::ok) to.message_is(n);
  return why;
}
}  // namespace detail

using detail::authorize_as;
using detail::challenge;
using detail::respond;

/// Authenticates to a server with SASL. The program carries the tokens as its protocol does: start()
/// makes the initial response. If the protocol has none, or if the server sends an empty challenge
/// first, send it then. When the step is `respond` with afterwards::finished and the protocol then
/// reports success, take() returns the session; everything that follows is protected by it. This
/// includes octets that have arrived together with the message that reports success: pass them to
/// the session. Used as they are, they could be anybody's.
///
/// receive() does not modify the octets that it is given. Octets in a step are valid until the next
/// call.
template <crypto_policy C>
class [[nodiscard]] sasl_client
    : public kerb::detail::exchange_core<sasl_client<C>, detail::sasl_client_step, detail::sasl_client_table> {
  using base = kerb::detail::exchange_core<sasl_client, detail::sasl_client_step, detail::sasl_client_table>;
  using typename base::call;
  using typename base::state;

 public:
  using key = typename C::key;
  using product = sasl_session<C>;
  using typename base::step;
  /// A buffer size, in octets, that is enough for ordinary names and a ticket of 6 KiB.
  static constexpr std::size_t typical_buffer_size = initiator<C>::typical_buffer_size;

  constexpr explicit sasl_client(sasl_client_params<key> params)
      : base({}), params_(std::move(params)), initiator_(with_flags(params_)) {}

  /// Makes the initial response. Errors: those of initiator::start(); errc::api_misuse for no
  /// layers, a size out of range, and an identity that is not UTF-8.
  [[nodiscard]] constexpr step start(const environment<C>& env) {
    if (const auto no = this->template unless<call::start>(env)) return *no;
    if (const error why = detail::fault_of(params_.layers, params_.max_size); !why.ok()) return fail(why);
    if (valid_utf8_octets(params_.identity) != params_.identity.size()) {
      return fail({.code = errc::api_misuse, .field = "identity"});
    }
    return sent(initiator_.start(env), state::context);
  }
  /// Takes a challenge.
  [[nodiscard]] constexpr step receive(bytes_view octets, const environment<C>& env) {
    if (const auto no = this->template unless<call::receive>(env)) return *no;
    if (state_ == state::offer) return choose(octets, env);
    auto s = initiator_.receive(octets, env);
    peer_error_ = initiator_.peer_error();
    if (!is<done>(s)) return sent(s, state::offer);
    return established(respond{});  // RFC 4752 section 3.1: the client responds with no data
  }
  /// The KRB-ERROR that receive() was given, if it was one. It is unauthenticated, and valid as
  /// long as the challenge that it came in.
  constexpr const std::optional<msg::KrbError>& peer_error() const& KERB_LIFETIMEBOUND { return peer_error_; }
  void peer_error() const&& = delete;

  /// As initiator::set_buffer().
  constexpr bool set_buffer(std::span<std::uint8_t> bigger) {
    if (!this->template may<call::set_buffer>()) return false;
    if (state_ != state::offer && !initiator_.set_buffer(bigger)) return false;
    params_.gss.buffer = bigger;
    return true;
  }
  bytes_view framed() = delete;  // each protocol of SASL has a frame of its own

  /// Returns the session, once: when the protocol has reported success.
  [[nodiscard]] constexpr result<product> take() && {
    if (!this->template may<call::take>()) return errc::api_misuse;
    state_ = state::spent;
    return std::move(*session_);
  }

 private:
  template <class, class, class>
  friend class kerb::detail::exchange_core;
  using base::fail;
  using base::state_;

  static constexpr initiator_params<key> with_flags(const sasl_client_params<key>& p) {
    initiator_params<key> out = p.gss;
    out.flags.set(gss_flag_t::integ);
    if (p.layers.protects()) {
      out.flags.set(gss_flag_t::mutual);
      out.flags.set(gss_flag_t::sequence);
    }
    if (p.layers.has(sasl_layer::confidentiality)) out.flags.set(gss_flag_t::conf);
    return out;
  }
  /// What a step of the initiator means here, if it is none of success without a token.
  constexpr step sent(const typename initiator<C>::step& s, state waits) {
    if (const auto* f = std::get_if<failed>(&s)) return fail(f->why);
    if (const auto* n = std::get_if<need_buffer>(&s)) return *n;
    const send& token = *std::get_if<send>(&s);
    if (token.then == afterwards::finished) return established(respond{token.octets});
    state_ = waits;
    return respond{token.octets};
  }
  constexpr step established(const respond& s) {
    auto made = std::move(initiator_).take();
    if (!made) return fail(made.error());
    context_.emplace(std::move(*made));
    state_ = state::offer;
    return s;
  }
  /// Takes the server's offer, and answers with the chosen layer.
  constexpr step choose(bytes_view token, const environment<C>& env) {
    constexpr const char* type = "SASL offer";
    constexpr std::size_t n = detail::sasl_terms::fixed_octets;
    C& crypto = env.crypto.get();
    const auto needed = context_->wrap_size(n + params_.identity.size(), protection::integrity, crypto);
    if (!needed) return fail(needed.error());
    kerb::detail::workspace to(params_.gss.buffer);
    if (params_.gss.buffer.size() < to.size_for_message(*needed)) return need_buffer{to.size_for_message(*needed)};

    std::array<std::uint8_t, n + detail::sasl_around> plain{};
    if (token.size() > plain.size()) {
      return fail({.code = errc::frame_too_long, .detail = static_cast<std::uint32_t>(token.size()), .type = type});
    }
    const auto got = context_->unwrap(token, plain, crypto);
    if (!got) return fail(got.error());
    const auto terms = detail::read_terms(*got, type);
    if (!terms) return fail(terms.error());
    if (!terms->identity.empty()) return fail({.code = errc::trailing_data, .offset = n, .type = type});
    // RFC 4752 section 3.1 has the client verify that the size is 0 if no layer is offered. Java's
    // server, and with it Kafka and Hadoop, sends 65536; without a layer the size has no meaning
    const auto agreed = strongest(sasl_layers::of(terms->mask), terms->size, crypto);
    if (!agreed) return fail({.code = errc::no_common_layer, .detail = terms->mask, .type = type, .field = "layers"});

    const detail::sasl_terms choice{static_cast<std::uint8_t>(agreed->layer), agreed->own_size, params_.identity};
    if (const errc why = detail::write_terms(to, *context_, choice, crypto); why != errc::ok) {
      return fail({.code = why});
    }
    auto made = product::make(std::move(*context_), *agreed, crypto);
    if (!made) return fail(made.error());
    session_.emplace(std::move(*made));
    this->workspace_ = std::move(to);
    state_ = state::over;
    return respond{this->workspace_.message(), afterwards::finished};
  }
  /// The strongest layer that is acceptable, is offered, and in which the server can receive a
  /// message: Cyrus SASL 2.1.26 offers layers with a size of 0.
  constexpr std::optional<sasl_agreement> strongest(sasl_layers offered, std::uint32_t size, const C& crypto) const {
    for (const sasl_layer l : {sasl_layer::confidentiality, sasl_layer::integrity, sasl_layer::none}) {
      if (!params_.layers.has(l) || !offered.has(l)) continue;
      const bool none = l == sasl_layer::none;
      const sasl_agreement a{l, none ? 0 : params_.max_size, none ? 0 : size};
      if (product::check(*context_, a, crypto).ok()) return a;
    }
    return std::nullopt;
  }
  constexpr void forget() {
    (void)initiator_.abandon(this->why_);
    context_.reset();
    session_.reset();
  }

  sasl_client_params<key> params_;
  initiator<C> initiator_;
  std::optional<msg::KrbError> peer_error_;
  std::optional<context<C>> context_;
  std::optional<product> session_;
};

/// Authenticates a client with SASL. A service bounds the number of exchanges that are not done and
/// their time, as for acceptors. The program carries the tokens as its protocol does: the first
/// response is the client's initial response, or its answer to an empty challenge if the protocol
/// has no initial responses. After `done` report success without additional data; take() returns
/// the session, and everything that follows is protected by it, also octets that have arrived behind
/// the client's last response. After `refused` or `failed` report a failure: SASL has no place for
/// the KRB-ERROR of `refused`.
///
/// receive() does not modify the octets that it is given; those of the first response must remain
/// valid until the exchange is over. Octets in a step are valid until the next call.
template <crypto_policy C>
class [[nodiscard]] sasl_server
    : public kerb::detail::acceptor_core<sasl_server<C>, C, detail::sasl_server_step, detail::sasl_server_table> {
  using base = kerb::detail::acceptor_core<sasl_server, C, detail::sasl_server_step, detail::sasl_server_table>;
  using typename base::call;
  using typename base::state;

 public:
  using key = typename C::key;
  using product = sasl_session<C>;
  using typename base::step;
  /// A buffer size, in octets, that is enough for ordinary names, a ticket of 6 KiB, and an identity
  /// of the default size.
  static constexpr std::size_t typical_buffer_size = acceptor<C>::typical_buffer_size + 2048;

  constexpr explicit sasl_server(sasl_server_params params)
      : base({}), params_(std::move(params)), acceptor_(inner_params(params_)) {}

  /// Takes a response.
  [[nodiscard]] constexpr step receive(bytes_view octets, const environment<C>& env) {
    if (const auto no = this->template unless<call::receive>(env)) return *no;
    if (state_ == state::choice) return take_choice(octets, env);
    if (state_ == state::confirm) {
      // RFC 4752 section 3.2: the client replies to the context's token with no data
      if (!octets.empty()) return fail({.code = errc::trailing_data, .type = "SASL response"});
      return offer(env);
    }
    if (state_ == state::idle) {
      if (const error why = detail::fault_of(params_); !why.ok()) return fail(why);
    }
    return taken(acceptor_.receive(octets, env), env);
  }
  /// The client, from `authenticated` until take(); null before.
  constexpr const authenticated_client<key>* peer() const& KERB_LIFETIMEBOUND {
    if (state_ == state::spent) return nullptr;
    if (session_) return session_->established().client();
    return context_ ? context_->client() : acceptor_.peer();
  }
  void peer() const&& = delete;
  /// Continues with an authenticated client. If accept_options::reply is given, the challenge with
  /// the AP-REP is there; the others are in the exchange's own buffer.
  [[nodiscard]] constexpr step accept(const accept_options& options, const environment<C>& env) {
    if (const auto no = this->template unless<call::accept>(env)) return *no;
    return taken(acceptor_.accept(options, env), env);
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
    session_.reset();
    state_ = state::refused;
    return refused{{}, {.code = errc::refused_by_application, .type = "SASL choice", .field = "identity"}};
  }

  /// Continues in a larger buffer, after need_buffer.
  constexpr bool set_buffer(std::span<std::uint8_t> bigger) {
    if (!this->template may<call::set_buffer>()) return false;
    params_.gss.ap.buffer = bigger;
    return acceptor_.set_buffer(inner_buffer(params_));
  }
  /// As ap_acceptor::key_lookup().
  constexpr std::optional<keys_asked> key_lookup() const { return acceptor_.key_lookup(); }
  bytes_view framed() = delete;  // each protocol of SASL has a frame of its own

  /// Returns the session, once: after `done`.
  [[nodiscard]] constexpr result<product> take() && {
    if (!this->template may<call::take>()) return errc::api_misuse;
    state_ = state::spent;
    return std::move(*session_);
  }

 private:
  template <class, class, class>
  friend class kerb::detail::exchange_core;
  template <class, class, class, class>
  friend class kerb::detail::acceptor_core;
  using base::fail;
  using base::state_;

  /// The octets of the buffer that the acceptor does not get: for the offer, then for the choice.
  static constexpr std::size_t kept_octets(const sasl_server_params& p) {
    return detail::sasl_terms::fixed_octets + p.max_identity + detail::sasl_around;
  }
  static constexpr std::span<std::uint8_t> inner_buffer(const sasl_server_params& p) {
    const std::size_t n = kept_octets(p);
    return p.gss.ap.buffer.size() < n ? std::span<std::uint8_t>() : p.gss.ap.buffer.subspan(n);
  }
  static constexpr acceptor_params inner_params(const sasl_server_params& p) {
    acceptor_params out = p.gss;
    out.ap.buffer = inner_buffer(p);
    out.required.bits |= detail::flags_for(p.layers).bits;
    return out;
  }
  constexpr acceptor<C>& inner() { return acceptor_; }
  /// What a step of the acceptor means here.
  constexpr step taken(const typename acceptor<C>::step& s, const environment<C>& env) {
    return match(
        s, [&](const need_ticket_key& x) { return go(state::wants_key, x); },
        [&](const need_buffer& x) { return x.for_reply ? step(x) : step(need_buffer{x.size + kept_octets(params_)}); },
        [&](const check_replay& x) { return go(state::replay, x); },
        [&](const authenticated& x) { return go(state::proven, x); },
        [&](const continue_with& x) { return go(state::third, challenge{x.octets}); },
        [&](const reply& x) { return go(state::confirm, challenge{x.octets}); },
        [&](const refused& x) { return go(state::refused, x); }, [&](const done&) { return offer(env); },
        [&](const failed& x) { return step(fail(x.why)); });
  }
  template <class S>
  constexpr step go(state to, const S& s) {
    state_ = to;
    return s;
  }
  /// Offers the layers that are acceptable and that the context permits.
  constexpr step offer(const environment<C>& env) {
    auto made = std::move(acceptor_).take();
    if (!made) return fail(made.error());
    context_.emplace(std::move(*made));
    offered_ = sasl_layers::of(params_.layers.bits & detail::permitted(*context_, env.crypto.get()).bits);
    if (offered_.bits == 0) return fail({.code = errc::no_common_layer, .type = "SASL offer", .field = "layers"});
    this->workspace_ = kerb::detail::workspace(params_.gss.ap.buffer.first(kept_octets(params_)));
    const detail::sasl_terms terms{offered_.bits, offered_.protects() ? params_.max_size : 0};
    const errc why = detail::write_terms(this->workspace_, *context_, terms, env.crypto.get());
    if (why != errc::ok) return fail({.code = why});
    return go(state::choice, challenge{this->workspace_.message()});
  }
  constexpr step take_choice(bytes_view token, const environment<C>& env) {
    constexpr const char* type = "SASL choice";
    C& crypto = env.crypto.get();
    // RC4 does not authenticate the direction of such a token (RFC 4757 section 7.3): this is the offer, sent back
    if (ends_alike(token, this->workspace_.message())) {
      return fail({.code = errc::reflected_token, .type = type, .field = "SND_SEQ"});
    }
    this->workspace_ = kerb::detail::workspace(params_.gss.ap.buffer.first(kept_octets(params_)));
    const std::span<std::uint8_t> plain = this->workspace_.borrow(kept_octets(params_));
    if (token.size() > plain.size()) {
      return fail({.code = errc::frame_too_long, .detail = static_cast<std::uint32_t>(token.size()), .type = type});
    }
    const auto got = context_->unwrap(token, plain, crypto);
    if (!got) return fail(got.error());
    const auto terms = detail::read_terms(*got, type);
    if (!terms) return fail(terms.error());
    const auto layer = static_cast<sasl_layer>(terms->mask);
    const bool one =
        layer == sasl_layer::none || layer == sasl_layer::integrity || layer == sasl_layer::confidentiality;
    if (!one || !offered_.has(layer)) {
      return fail({.code = errc::no_common_layer, .detail = terms->mask, .type = type, .field = "layer"});
    }
    // RFC 4752 section 3.1 requires the size 0 without a layer. Java 8, kafka-python and pure-sasl send
    // another one; it has no meaning
    const bool none = layer == sasl_layer::none;
    if (const std::size_t n = terms->identity.size(); n > params_.max_identity) {
      return fail(
          {.code = errc::token_too_long, .detail = static_cast<std::uint32_t>(n), .type = type, .field = "identity"});
    }
    if (const std::size_t n = valid_utf8_octets(terms->identity); n != terms->identity.size()) {
      const auto at = static_cast<std::uint32_t>(detail::sasl_terms::fixed_octets + n);
      return fail({.code = errc::bad_utf8, .offset = at, .type = type, .field = "identity"});
    }
    auto made =
        product::make(std::move(*context_), {layer, none ? 0 : params_.max_size, none ? 0 : terms->size}, crypto);
    context_.reset();
    if (!made) return fail(made.error());
    session_.emplace(std::move(*made));
    return go(state::identity, authorize_as{session_->established().initiator(), terms->identity});
  }
  /// Whether two tokens have the same text, or checksum: no two that were made have.
  static constexpr bool ends_alike(bytes_view a, bytes_view b) {
    constexpr std::size_t n = 16;
    return a.size() == b.size() && a.size() >= n && a.subview(a.size() - n) == b.subview(b.size() - n);
  }
  constexpr void forget() {
    (void)acceptor_.abandon(this->why_);
    context_.reset();
    session_.reset();
  }

  sasl_server_params params_;
  acceptor<C> acceptor_;
  sasl_layers offered_;
  std::optional<context<C>> context_;
  std::optional<product> session_;
};

namespace detail {
template <class Server, crypto_policy C, class Keys, class Store, class Now, class MayAct, class Grow>
constexpr result<answered> accept_sasl(Server& server, bytes_view response, C& policy, Keys& keys, Store& seen,
                                       Now& now, MayAct& may_act, const accept_options& options,
                                       const exchange_limits& limits, Grow& grow) {
  const environment<C> env{policy, kerb::detail::clock_reading(now), limits};
  auto step = kerb::detail::with_growth(server, grow, [&] { return server.receive(response, env); });
  while (kerb::detail::answer_question(server, step, keys, seen, options, env)) {}
  if (const auto* as = std::get_if<authorize_as>(&step)) {
    step = may_act(static_cast<const authorize_as&>(*as)) ? server.allow(env) : server.deny(env);
  }
  if (const auto* no = std::get_if<refused>(&step)) return no->why;
  if (const auto* n = std::get_if<need_buffer>(&step)) return kerb::detail::too_small(*n);
  if (const auto* c = std::get_if<challenge>(&step)) return answered{c->octets, false};
  if (is<done>(step)) return answered{{}, true};
  return std::get_if<failed>(&step)->why;
}
}  // namespace detail

/// Runs a server on one response, as accept() of accept.hpp runs an acceptor on a token.
/// `may_act(const authorize_as&)` decides whether the client may act as the identity that it
/// requests. If the result is not complete, its token is the next challenge, also if it is empty;
/// if it is, take() the session. RFC 4752 defines no message for a failure: report it as the
/// protocol does. errc::refused_by_application: may_act() has returned false.
template <crypto_policy C, class Keys, class Store, class Now, class MayAct, class Grow = no_growth>
  requires ticket_keys<Keys> &&(replay_cache<Store> || std::same_as<Store, no_replay_cache>)
      [[nodiscard]] constexpr result<answered> accept(sasl_server<C>& server, bytes_view response, C& policy,
                                                      Keys& keys, Store& seen, Now&& now, MayAct&& may_act,
                                                      const accept_options& options = {},
                                                      const exchange_limits& limits = {}, Grow grow = {}) {
    return detail::accept_sasl(server, response, policy, keys, seen, now, may_act, options, limits, grow);
  }

}  // namespace kerb::inline v0::gss
