// Establishes a context of GSS-API as its initiator: RFC 4121 section 4.1, RFC 2743.
//
// Random octets are drawn in start(): for the delegated credential its confounder, then those of
// ap_initiator. A context in DCE style draws the confounder of its last token in receive().
#pragma once
#include "../exchange/client/ap.hpp"
#include "../exchange/service/ap_answer.hpp"
#include "context.hpp"

namespace kerb::inline v0::gss {

/// What an initiator delegates to the acceptor.
enum class delegation : std::uint8_t {
  always,     ///< GSS_C_DELEG_FLAG
  by_policy,  ///< GSS_C_DELEG_POLICY_FLAG, RFC 5896: only if the KDC marked the service's ticket with OK-AS-DELEGATE
};

/// Parameters of an initiator. Every view, the credentials and the buffer must outlive the exchange.
/// The context outlives them all but `credential`: its names are views of that one.
template <class Key>
struct initiator_params {
  /// A ticket for the service. It must outlive the context too.
  ref<const basic_credential<Key>> credential;
  /// Holds the token, and before it the delegated credential while the token is made.
  std::span<std::uint8_t> buffer;
  /// The flags that are requested: see gss_flag_t. GSS_C_DELEG_FLAG is set by `delegated`; set here
  /// without it, start() fails with errc::missing_parameter.
  gss_flags flags{gss_flag_t::mutual, gss_flag_t::replay, gss_flag_t::sequence, gss_flag_t::conf, gss_flag_t::integ};
  /// Flags without which the context is useless: if one of them is not granted, start() fails with
  /// errc::flags_not_granted, before a token is sent.
  gss_flags required{};
  /// The channel that the context is bound to.
  std::optional<channel_bindings> bindings{};
  /// Whether the token states that this initiator includes the bindings of its channel, if there is
  /// one (KERB_AP_OPTIONS_CBT, MS-KILE section 3.2.5.8). An acceptor that requires them then refuses
  /// a token without bindings over TLS, and so detects a man in the middle who ends the TLS
  /// connection. Without a value it is stated if `bindings` are given. A program that gives the
  /// bindings of each TLS connection sets it to true, so that it also holds for its connections
  /// without TLS; one that gives no bindings over TLS, as with SASL (RFC 4752 section 5), would be
  /// refused.
  std::optional<bool> bindings_aware{};
  /// A forwarded ticket-granting ticket to delegate (RFC 4120 section 2.6): a tgs_client with the
  /// options forwarded and forwardable, for the realm's krbtgt, gets one with a forwardable ticket.
  /// Another ticket, such as the client's own ticket-granting ticket, is refused with
  /// errc::not_forwarded: the service would get the client's own session key, and the KDC could not
  /// tell the two apart. MIT krb5 also obtains a forwarded ticket for each service.
  /// RFC 4121 section 4.1.1: the ticket should be forwardable. This is not checked: the service can also use
  /// one that is not, and only cannot delegate it further.
  /// If `delegate` is by_policy and the KDC does not trust the service, nothing is delegated; require
  /// GSS_C_DELEG_FLAG to make that a failure.
  std::optional<ref<const basic_credential<Key>>> delegated{};
  delegation delegate = delegation::by_policy;
  std::optional<ref<unique_time>> times{};  ///< prevents two authenticators with the same time
  object_identifier mech = msg::mech_krb5;  ///< in the frame of the tokens
};

namespace detail {
struct initiator_table {
  enum class state : std::uint8_t { idle, waiting, over, spent, failed };
  enum class call : std::uint8_t { start, receive, set_buffer, take };
  static constexpr state moved_from = state::spent;
  static constexpr kerb::detail::transition<call, state> transitions[] = {
      {call::start, state::idle, {state::waiting, state::over}},  // over: without mutual authentication
      {call::receive, state::waiting, {state::over}},
      {call::set_buffer, state::idle, {state::idle}},
      {call::set_buffer, state::waiting, {state::waiting}},
      {call::take, state::over, {state::spent}},
  };
};
using initiator_step = std::variant<send, need_buffer, done, failed>;
}  // namespace detail

/// Establishes a context with a service. Tokens arrive over a stream of some kind: a token that is
/// not valid fails the exchange. receive() does not modify the octets that it is given. Octets in a
/// step are valid until the next call.
template <crypto_policy C>
class [[nodiscard]] initiator
    : public kerb::detail::exchange_core<initiator<C>, detail::initiator_step, detail::initiator_table> {
  using base = kerb::detail::exchange_core<initiator, detail::initiator_step, detail::initiator_table>;
  using typename base::call;
  using typename base::state;

 public:
  using key = typename C::key;
  using product = context<C>;
  using typename base::step;
  /// A buffer size, in octets, that is enough for ordinary names, a ticket of 6 KiB and no
  /// delegation. If a ticket is larger, the step is need_buffer.
  static constexpr std::size_t typical_buffer_size = 8192;

  constexpr explicit initiator(initiator_params<key> params) : base({}), params_(std::move(params)) {}

  /// Makes the first token. If `then` is finished, the context is ready: the acceptor does not
  /// authenticate. errc::ticket_expired: the ticket, or the one to delegate, ended more than
  /// exchange_limits::clock_skew ago (GSS_S_CREDENTIALS_EXPIRED).
  [[nodiscard]] constexpr step start(const environment<C>& env) {
    if (const auto no = this->template unless<call::start>(env)) return *no;
    if (const error e = check_delegated(env); !e.ok()) return fail(e);
    gss_flags flags = params_.flags;
    flags.set(gss_flag_t::deleg, delegates());
    if (dce_style()) flags.set(gss_flag_t::mutual);  // its second token is the AP-REP
    if ((params_.required.bits & ~flags.bits) != 0) {
      return fail({.code = errc::flags_not_granted, .detail = params_.required.bits & ~flags.bits});
    }
    const bool mutual = flags.has(gss_flag_t::mutual);
    kerb::initiator_params<key> ap{.credential = params_.credential,
                                   .buffer = params_.buffer,
                                   .mutual = mutual ? kerb::required : if_asked,
                                   .times = params_.times};
    gss_context& told = ap.gss.emplace();
    told.flags = flags;
    told.bindings = params_.bindings;
    told.bindings_aware = params_.bindings_aware.value_or(params_.bindings.has_value());
    if (!dce_style()) told.frame = params_.mech;
    if (delegates()) {  // its KRB-CRED is at the front of the buffer until the token is made
      const ref<const basic_credential<key>> one[] = {*params_.delegated};
      const cred_fields fields{.at = env.now};
      // RFC 4121 section 4.1.1: sealed under the ticket's session key
      const auto counted = make_krb_cred<C>(one, fields, credential().session_key(), {}, env);
      if (counted.error().code != errc::no_space) return fail(counted.error());
      const std::size_t n = counted.error().detail;
      const std::size_t enough = 2 * n + kerb::detail::size_bound(ap) + 4;
      if (params_.buffer.size() < enough) return need_buffer{enough};
      const auto made = make_krb_cred<C>(one, fields, credential().session_key(), params_.buffer.first(n), env);
      if (!made) return fail(made.error());
      ap.gss->deleg = *made;
      ap.buffer = params_.buffer.subspan(n);
    }
    ap_.emplace(std::move(ap));
    auto s = ap_->start(env);
    if (const auto* f = std::get_if<failed>(&s)) return fail(f->why);
    if (const auto* n = std::get_if<need_buffer>(&s)) return *n;
    flags_ = flags;
    const send& sent = *std::get_if<send>(&s);
    if (mutual) {
      state_ = state::waiting;
      return sent;
    }
    if (const error e = establish(); !e.ok()) return fail(e);
    return sent;
  }

  /// Takes the acceptor's token: it proves that the service has authenticated, or it is a
  /// KRB-ERROR, which is not authenticated. In DCE style the step is the last token to send.
  [[nodiscard]] constexpr step receive(bytes_view token, const environment<C>& env) {
    if (const auto no = this->template unless<call::receive>(env)) return *no;
    const auto message = message_of(token);
    if (!message) return fail(message.error());
    auto s = ap_->receive(*message, env, transport::stream);
    if (const auto* f = std::get_if<failed>(&s)) return fail(f->why);
    if (const auto* n = std::get_if<need_buffer>(&s)) return need_buffer{n->size};
    const timestamp at = ap_->sent_at();
    std::optional<std::uint32_t> acceptor_seq;
    if (const error e = establish(&acceptor_seq); !e.ok()) return fail(e);
    if (!dce_style()) return done{};
    if (const errc why = write_third_leg(at, acceptor_seq, env); why != errc::ok) return fail({.code = why});
    return send{this->workspace_.message(), {}, destination::peer, transport::datagram, true, afterwards::finished};
  }

  /// The KRB-ERROR that receive() was given, if it was one. It is unauthenticated, and valid as
  /// long as the token that it came in.
  constexpr const std::optional<msg::KrbError>& peer_error() const& KERB_LIFETIMEBOUND { return peer_error_; }
  void peer_error() const&& = delete;
  /// Continues in a larger buffer, after need_buffer. Returns false, and changes nothing, when the
  /// buffer is too small for what the exchange keeps, or when this state has no use for one.
  constexpr bool set_buffer(std::span<std::uint8_t> bigger) {
    if (!this->template may<call::set_buffer>()) return false;
    if (state_ == state::waiting && !ap_->set_buffer(bigger)) return false;
    params_.buffer = bigger;
    return true;
  }
  /// The token that was written last with its length in front, in four octets, as many protocols
  /// send it; valid as long as the token.
  constexpr bytes_view framed() { return ap_ ? ap_->framed() : base::framed(); }

  /// Returns the context, once: after `done`, or after a `send` that no answer follows.
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

  constexpr const basic_credential<key>& credential() const { return params_.credential.get(); }
  constexpr bool dce_style() const { return params_.flags.has(gss_flag_t::dce_style); }
  constexpr error check_delegated(const environment<C>& env) const {
    const auto fault = [](errc c) { return error{.code = c, .type = "initiator_params", .field = "delegated"}; };
    if (!params_.delegated) return params_.flags.has(gss_flag_t::deleg) ? fault(errc::missing_parameter) : error{};
    const ticket_facts& f = params_.delegated->get().facts();
    const bool forwarded = f.flags.has(ticket_flag_t::forwarded) && kerb::detail::krbtgt_realm(f.server.name);
    if (!forwarded) return fault(errc::not_forwarded);
    const error late = kerb::detail::check_unexpired(f, env.now.at, env.limits.clock_skew);
    return late.ok() || !delegates() ? error{} : fault(late.code);
  }
  constexpr bool delegates() const {
    if (!params_.delegated) return false;
    return params_.delegate == delegation::always || credential().facts().flags.has(ticket_flag_t::ok_as_delegate);
  }
  /// The message in the acceptor's token.
  constexpr result<bytes_view> message_of(bytes_view token) {
    peer_error_ = std::optional<msg::KrbError>{};
    const bool bare_reply = !token.empty() && token[0] == der::application(15).octet;
    const bool bare_error = !token.empty() && token[0] == der::application(30).octet;
    if (dce_style() && bare_reply) return token;
    if (dce_style() && bare_error) return with_error(token);
    const auto t = read_krb5_token(token);
    if (!t) return t.error();
    constexpr error wrong{.code = errc::unexpected_message, .type = "InitialContextToken", .field = "TOK_ID"};
    const std::uint8_t tag = t->message.empty() ? std::uint8_t{0} : t->message[0];
    if (t->id == gss_token_t::krb_error && tag == der::application(30).octet) return with_error(t->message);
    if (dce_style() || t->id != gss_token_t::ap_rep || tag != der::application(15).octet) return wrong;
    return t->message;
  }
  constexpr bytes_view with_error(bytes_view message) {
    if (const auto e = asn1::decode<msg::KrbError>(message)) peer_error_ = *e;
    return message;
  }
  /// The last token in DCE style (MS-KILE section 3.4.5.1): an AP-REP like the acceptor's, with its
  /// sequence number.
  constexpr errc write_third_leg(timestamp at, std::optional<std::uint32_t> seq, const environment<C>& env) {
    if (params_.buffer.size() < kerb::detail::ap_rep_bound) return errc::no_space;  // the AP-REQ was longer
    ap_.reset();
    this->workspace_ = kerb::detail::workspace(params_.buffer);
    msg::EncApRepPart part{at.at, at.usec, {}, seq};  // not const: g++ 12 then refuses it in constant expressions
    return this->write_message([&](der::writer& w, errc& e) {
      auto sealed = asn1::computed{[&](der::writer& out) {
        write_sealed(out, part, credential().session_key(), key_usage_t::ap_rep_enc_part, env, e);
      }};
      asn1::write(w, msg::BasicApRep<decltype(sealed)>{sealed});
    });
  }
  constexpr error establish(std::optional<std::uint32_t>* acceptor_seq = nullptr) {
    auto keys = std::move(*ap_).take();
    if (!keys) return keys.error();
    if (acceptor_seq != nullptr) *acceptor_seq = keys->acceptor_seq;
    detail::context_parts<key> parts{side::initiator,
                                     flags_,
                                     std::move(*keys),
                                     credential().client(),
                                     credential().server(),
                                     credential().endtime(),
                                     params_.bindings.has_value()};
    product_.emplace(std::move(parts));
    state_ = state::over;
    return {};
  }
  constexpr void forget() {
    product_.reset();
    ap_.reset();
  }

  initiator_params<key> params_;
  gss_flags flags_;
  std::optional<ap_initiator<C>> ap_;
  std::optional<msg::KrbError> peer_error_;
  std::optional<product> product_;
};

}  // namespace kerb::inline v0::gss
