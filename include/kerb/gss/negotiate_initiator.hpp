// The initiator's side of SPNEGO: RFC 4178, MS-SPNG.
//
// Random octets are drawn as gss::initiator draws them, when Kerberos's first token is made.
#pragma once
#include "initiator.hpp"
#include "negotiate.hpp"

namespace kerb::inline v0::gss {

/// Parameters of a negotiation. Every view must outlive the exchange, and the credential the context
/// too.
template <class Key>
struct negotiate_initiator_params {
  /// Kerberos. Its buffer holds everything that the negotiation keeps, too. GSS_C_INTEG_FLAG is
  /// always requested (RFC 4178 appendix C).
  initiator_params<Key> krb5;
  /// The mechanisms to offer; SPNEGO's own identifier must not be there (RFC 4178 section 3.1). If
  /// Kerberos's first token cannot be made, because the policy does not support the ticket's encryption
  /// type for example, start() fails and does not offer the next mechanism, although RFC 4178 section 3.1
  /// would leave out a mechanism that cannot be used: an attacker who keeps tickets from the client
  /// could choose the next one. This includes errc::ticket_expired. To go on without Kerberos, begin a
  /// negotiation whose list does not have it.
  mech_list mechs = only_krb5;
  /// Longer tokens of the acceptor are refused with errc::token_too_long.
  std::size_t max_token = max_negotiation_token;
};

namespace detail {
struct negotiate_initiator_table {
  /// `offering`: asks the program for the first token; `asking`: for a later one; `checking`,
  /// `making`: a MIC of the program's mechanism.
  enum class state : std::uint8_t { idle, offering, waiting, asking, checking, making, over, spent, failed };
  enum class call : std::uint8_t {
    start,
    receive,
    mechanism_token,
    without_mechanism,
    mic_checked,
    mic_made,
    unanswered,
    set_buffer,
    take
  };
  static constexpr state moved_from = state::spent;
  static constexpr kerb::detail::transition<call, state> transitions[] = {
      {call::start, state::idle, {state::offering, state::waiting}},
      {call::without_mechanism, state::offering, {state::offering, state::waiting}},
      {call::mechanism_token, state::offering, {state::waiting}},
      {call::receive, state::waiting, {state::waiting, state::asking, state::checking, state::over}},
      {call::mechanism_token, state::asking, {state::waiting, state::checking, state::making, state::over}},
      {call::mic_checked, state::checking, {state::making, state::over}},
      {call::mic_made, state::making, {state::waiting, state::over}},
      {call::unanswered, state::waiting, {state::over}},
      {call::set_buffer, state::idle, {state::idle}},
      {call::set_buffer, state::offering, {state::offering}},
      {call::set_buffer, state::waiting, {state::waiting}},
      {call::set_buffer, state::asking, {state::asking}},
      {call::set_buffer, state::making, {state::making}},
      {call::take, state::over, {state::spent}},
  };
};
using negotiate_initiator_step = std::variant<send, other_mechanism, make_mic, check_mic, need_buffer, done, failed>;
}  // namespace detail

/// Negotiates a mechanism with an acceptor, and establishes its context. The first token has the
/// frame of SPNEGO, later ones have none. Tokens arrive over a stream of some kind: a token that is
/// not valid fails the exchange. receive() does not modify the octets that it is given; they must
/// remain valid until the next `send`, `done` or `failed`. Octets in a step are valid until the
/// next call.
///
/// The MIC of the list (RFC 4178 section 5) protects the negotiation: an attacker who alters the list
/// of mechanisms, or the acceptor's choice, is noticed. The MIC is required whenever the acceptor
/// requests it or selects another mechanism than the first. There is none if the selected mechanism
/// cannot make one: a program that offers mechanisms without integrity, such as
/// mechanism_answer::integrity = false, must expect that an attacker selects them, and can look at
/// negotiated::list_verified.
template <crypto_policy C>
class [[nodiscard]] negotiate_initiator
    : public kerb::detail::exchange_core<negotiate_initiator<C>, detail::negotiate_initiator_step,
                                         detail::negotiate_initiator_table> {
  using base = kerb::detail::exchange_core<negotiate_initiator, detail::negotiate_initiator_step,
                                           detail::negotiate_initiator_table>;
  using typename base::call;
  using typename base::state;

 public:
  using key = typename C::key;
  using product = negotiated<C>;
  using typename base::step;
  /// A buffer size, in octets, that is enough for ordinary names, a ticket of 6 KiB and no
  /// delegation. If a ticket is larger, the step is need_buffer.
  static constexpr std::size_t typical_buffer_size = initiator<C>::typical_buffer_size + 512;

  constexpr explicit negotiate_initiator(negotiate_initiator_params<key> params)
      : base(params.krb5.buffer), params_(std::move(params)) {}

  /// Makes the first token, with the first token of the first mechanism. If that is one of the
  /// program's, the step is other_mechanism.
  [[nodiscard]] constexpr step start(const environment<C>& env) {
    if (const auto no = this->template unless<call::start>(env)) return *no;
    if (const error e = detail::fault_of(params_.mechs); !e.ok()) return fail(e);
    return offer(0, 0, env);
  }
  /// The same when the acceptor has spoken first (MS-SPNG section 3.3.5.2), as Windows does in SMB.
  /// Its token must be a NegTokenInit2 or a NegTokenInit, but nothing in it is used: it is not protected, and an
  /// attacker could have removed mechanisms from its list. Its hintName is never a name to
  /// authenticate.
  [[nodiscard]] constexpr step start(bytes_view hints, const environment<C>& env) {
    if (const auto no = this->template unless<call::start>(env)) return *no;
    if (const auto h = read_negotiation_hints(hints); !h) return fail(h.error());
    return start(env);
  }

  /// Takes a token of the acceptor.
  [[nodiscard]] constexpr step receive(bytes_view token, const environment<C>& env) {
    if (const auto no = this->template unless<call::receive>(env)) return *no;
    peer_error_ = std::optional<msg::KrbError>{};
    if (token.size() > params_.max_token) {
      return fail({.code = errc::token_too_long, .detail = static_cast<std::uint32_t>(token.size())});
    }
    const auto resp = detail::read_resp(token);
    if (!resp) return fail(resp.error());
    const bytes_view response = resp->response_token.value_or(bytes_view());
    if (resp->neg_state == neg_state_t::reject) return rejected(response);
    // RFC 4178 section 4.2.2: only in the first answer
    if (resp->neg_state == neg_state_t::request_mic && !first_) {
      return fail(detail::resp_fault(errc::unexpected_message, "negState"));
    }
    // In later answers MS-SPNG section 3.3.5 ignores supportedMech. Java sends neither supportedMech nor negState in
    // the first one: the optimistic mechanism is meant
    if (first_ && resp->supported_mech && !detail::same_mechanism(mech(), *resp->supported_mech)) {
      return select(*resp, env);
    }
    if (!started_) return begin(*resp, index_, env);
    // Old IIS servers send an empty token instead of none
    if (complete_ != response.empty()) {
      return fail(detail::resp_fault(complete_ ? errc::unexpected_message : errc::missing_field, "responseToken"));
    }
    if (complete_) {
      heard(*resp);
      return proceed({}, false, env);
    }
    if (!is_kerberos()) {
      heard(*resp);
      state_ = state::asking;
      return other_mechanism{mech(), response};
    }
    auto s = inner_->receive(response, env);
    if (const auto* n = std::get_if<need_buffer>(&s)) return need_buffer{n->size + in_front()};
    peer_error_ = inner_->peer_error();
    if (const auto* f = std::get_if<failed>(&s)) return fail(f->why);
    heard(*resp);
    const auto* const last = std::get_if<send>(&s);  // in DCE style
    if (const error e = establish(); !e.ok()) return fail(e);
    return proceed(last != nullptr ? last->octets : bytes_view(), true, env);
  }

  /// Answers other_mechanism. The token's octets must remain valid until the next `send`.
  [[nodiscard]] constexpr step mechanism_token(const mechanism_answer& a, const environment<C>& env) {
    if (const auto no = this->template unless<call::mechanism_token>(env)) return *no;
    if (state_ == state::offering) {
      const std::size_t list = list_size(left_out_);
      if (const auto n = lacks(list, detail::init_overhead(list) + a.token.size())) return *n;
      if (a.complete && a.token.empty()) return fail({.code = errc::api_misuse});
      note(a);
      started_ = !a.token.empty();
      keep_list(list);
      return send_first({.list = kept_list(), .token = a.token});
    }
    if (const auto n = lacks(0, detail::resp_overhead(mech()) + a.token.size())) return *n;
    if (!a.complete && a.token.empty()) return fail({.code = errc::api_misuse});
    note(a);
    started_ = true;
    return proceed(a.token, false, env);
  }
  /// Answers other_mechanism without a first token: the mechanism cannot be used. It is left out of
  /// the list (RFC 4178 section 3.1), and the next one becomes the first. Later, call abandon()
  /// instead. errc::no_common_mechanism: there is no other.
  [[nodiscard]] constexpr step without_mechanism(const environment<C>& env) {
    if (const auto no = this->template unless<call::without_mechanism>(env)) return *no;
    return offer(index_ + 1, left_out_ | std::uint32_t{1} << index_, env);
  }
  /// Answers check_mic: whether the MIC is that of the peer's context.
  [[nodiscard]] constexpr step mic_checked(bool is_valid, const environment<C>& env) {
    if (const auto no = this->template unless<call::mic_checked>(env)) return *no;
    if (!is_valid) return fail(detail::resp_fault(errc::integrity, "mechListMIC"));
    verified_ = true;
    return conclude(env);
  }
  /// Answers make_mic.
  [[nodiscard]] constexpr step mic_made(bytes_view mic, const environment<C>& env) {
    if (const auto no = this->template unless<call::mic_made>(env)) return *no;
    if (mic.empty()) return fail({.code = errc::api_misuse});
    if (const auto n = lacks(0, detail::resp_overhead(mech()) + token_.size() + mic.size())) return *n;
    return answer(mic);
  }

  /// Ends the negotiation when the protocol has reported success without a token of the acceptor, as
  /// HTTP can (RFC 4559 section 4.1). The step is `done` if the first mechanism's context was established by
  /// its first token, as Kerberos's is without mutual authentication. Nothing shows then who has answered,
  /// and negotiated::list_verified is false. Otherwise it fails with errc::mutual_required.
  [[nodiscard]] constexpr step unanswered(const environment<C>& env) {
    if (const auto no = this->template unless<call::unanswered>(env)) return *no;
    if (!complete_ || !first_) return fail(detail::resp_fault(errc::mutual_required, "responseToken"));
    return finish(done{});
  }

  /// The KRB-ERROR that receive() was given, if it was one. It is unauthenticated, and valid as
  /// long as the token that it came in.
  constexpr const std::optional<msg::KrbError>& peer_error() const& KERB_LIFETIMEBOUND { return peer_error_; }
  void peer_error() const&& = delete;
  /// Continues in a larger buffer, after need_buffer. Returns false, and changes nothing, when the
  /// buffer is too small for what the exchange keeps, or when this state has no use for one.
  constexpr bool set_buffer(std::span<std::uint8_t> bigger) {
    if (!this->template may<call::set_buffer>()) return false;
    const std::size_t kept = workspace_.kept().size();
    if (bigger.size() < kept + detail::reserved_octets) return false;
    if (inner_) {
      const std::size_t front = in_front();
      if (bigger.size() < front || !inner_->set_buffer(bigger.subspan(front))) return false;
    }
    (void)workspace_.message_space();  // the last message is no longer needed
    (void)workspace_.move_to(bigger);
    params_.krb5.buffer = bigger;
    return true;
  }

  /// Whether the negotiation is complete on this side, so that take() returns what was negotiated.
  constexpr bool complete() const { return this->template may<call::take>(); }
  /// Returns what was negotiated, once: after `done`, or after a `send` that no answer follows.
  [[nodiscard]] constexpr result<product> take() && {
    if (!this->template may<call::take>()) return errc::api_misuse;
    state_ = state::spent;
    return product{mech(), std::move(context_), verified_};
  }

 private:
  template <class, class, class>
  friend class kerb::detail::exchange_core;
  using base::fail;
  using base::state_;
  using base::workspace_;

  constexpr object_identifier mech() const { return params_.mechs.begin()[index_]; }
  constexpr bool is_kerberos() const { return detail::is_kerberos(mech()); }
  constexpr bool is_offered(std::size_t i) const { return (left_out_ >> i & 1) == 0; }
  constexpr bytes_view kept_list() const { return workspace_.kept(); }

  // ---- buffer space: the list is at the front, Kerberos's exchange behind it up to the end

  constexpr std::size_t list_size(std::uint32_t left_out) const {
    der::writer w = der::writer::counting();
    detail::write_mech_list(w, params_.mechs, left_out);
    return w.count();
  }
  /// The octets in front of Kerberos's exchange: the list, and what is written around its token.
  static constexpr std::size_t in_front(std::size_t list) {
    return list + detail::reserved_octets + detail::init_overhead(list) + detail::mic_bound;
  }
  constexpr std::size_t in_front() const { return in_front(kept_list().size()); }
  /// What is needed for tokens with a MIC after the first one.
  static constexpr std::size_t later_octets = 128 + kerb::detail::ap_rep_bound + detail::mic_bound;
  /// need_buffer, if `kept` and then a message of `n` octets do not fit.
  constexpr std::optional<need_buffer> lacks(std::size_t kept, std::size_t n) const {
    const std::size_t size = kept_list().size() + kept + detail::reserved_octets + n;
    if (params_.krb5.buffer.size() >= size) return std::nullopt;
    return need_buffer{size};
  }
  constexpr void keep_list(std::size_t n) {
    const std::span<std::uint8_t> to = workspace_.borrow(n);
    der::writer w(to);
    detail::write_mech_list(w, params_.mechs, left_out_);
    workspace_.keep(n);
  }

  // ---- the first token

  /// Offers all mechanisms from `i` on; `left_out` has the others.
  constexpr step offer(std::size_t i, std::uint32_t left_out, const environment<C>& env) {
    if (i == params_.mechs.size()) return fail({.code = errc::no_common_mechanism});
    const std::size_t list = list_size(left_out);
    const bool kerberos = detail::is_kerberos(params_.mechs.begin()[i]);
    typename initiator<C>::step s = done{};
    if (kerberos) {
      s = start_kerberos(list, env);
      if (const auto* n = std::get_if<need_buffer>(&s)) return *n;
      if (const auto* f = std::get_if<failed>(&s)) return fail(f->why);
    }
    index_ = i;
    left_out_ = left_out;
    if (!kerberos) {
      state_ = state::offering;
      return other_mechanism{mech(), {}};
    }
    const send& first = *std::get_if<send>(&s);
    if (const error e = begun(first); !e.ok()) return fail(e);
    keep_list(list);
    return send_first({.list = kept_list(), .token = first.octets, .in_place = true});
  }
  /// Makes Kerberos's first token at the end of the buffer. On need_buffer nothing has changed.
  constexpr typename initiator<C>::step start_kerberos(std::size_t list, const environment<C>& env) {
    const std::size_t front = in_front(list);
    const std::size_t least = front + later_octets;
    auto p = params_.krb5;
    p.flags.set(gss_flag_t::integ);
    p.buffer = p.buffer.size() < least ? std::span<std::uint8_t>() : p.buffer.subspan(front);
    inner_.emplace(std::move(p));
    auto s = inner_->start(env);
    if (const auto* n = std::get_if<need_buffer>(&s)) {
      const std::size_t size = n->size + front;
      inner_.reset();
      return need_buffer{size < least ? least : size};
    }
    return s;
  }
  /// Without mutual authentication the first token establishes the context.
  constexpr error begun(const send& first) {
    started_ = true;
    return first.then == afterwards::finished ? establish() : error{};
  }
  constexpr step send_first(const detail::token_fields& f) {
    if (const errc why = write(f); why != errc::ok) return fail({.code = why});
    first_ = true;
    state_ = state::waiting;
    return sent(afterwards::wait);
  }

  // ---- the acceptor's answers

  /// What an answer says besides its token.
  constexpr void heard(const msg::NegTokenResp& resp) {
    first_ = false;
    required_ = required_ || resp.neg_state == neg_state_t::request_mic;
    peer_state_ = resp.neg_state;
    mic_ = resp.mech_list_mic;
  }
  /// A rejection, with the KRB-ERROR that explains it, if there is one.
  constexpr step rejected(bytes_view response) {
    error why{.code = errc::negotiation_rejected, .type = "NegTokenResp", .field = "negState"};
    const auto framed = read_krb5_token(response);
    if (const auto e = asn1::decode<msg::KrbError>(framed ? framed->message : response); e && is_kerberos()) {
      peer_error_ = *e;
      why = {.code = errc::peer_error,
             .detail = static_cast<std::uint32_t>(e->error_code),
             .type = "KRB-ERROR",
             .field = "error-code"};
    }
    return fail(why);
  }
  /// The acceptor has selected another mechanism than the first one.
  constexpr step select(const msg::NegTokenResp& resp, const environment<C>& env) {
    std::size_t i = 0;
    for (; i != params_.mechs.size(); ++i)
      if (is_offered(i) && detail::same_mechanism(params_.mechs.begin()[i], *resp.supported_mech)) break;
    // RFC 4178 section 4.2.2: one of the mechanisms that were offered
    if (i == params_.mechs.size()) return fail(detail::resp_fault(errc::mechanism_not_offered, "supportedMech"));
    return begin(resp, i, env);
  }
  /// Begins with mechanism `i` after the first answer.
  constexpr step begin(const msg::NegTokenResp& resp, std::size_t i, const environment<C>& env) {
    // RFC 4178 section 3.2: an acceptor that got no token for the mechanism does not make one
    if (resp.response_token && !resp.response_token->empty()) {
      return fail(detail::resp_fault(errc::unexpected_message, "responseToken"));
    }
    const bool kerberos = detail::is_kerberos(params_.mechs.begin()[i]);
    typename initiator<C>::step s = done{};
    if (kerberos) {
      s = start_kerberos(kept_list().size(), env);
      if (const auto* n = std::get_if<need_buffer>(&s)) return *n;
      if (const auto* f = std::get_if<failed>(&s)) return fail(f->why);
    } else {
      inner_.reset();
    }
    // RFC 4178 section 5: the MIC is required for any mechanism but the initiator's first
    required_ = i != index_;
    heard(resp);
    index_ = i;
    context_.reset();
    complete_ = started_ = integrity_ = false;
    if (!kerberos) {
      state_ = state::asking;
      return other_mechanism{mech(), {}};
    }
    const send& first = *std::get_if<send>(&s);
    if (const error e = begun(first); !e.ok()) return fail(e);
    return proceed(first.octets, true, env);
  }
  constexpr void note(const mechanism_answer& a) {
    complete_ = a.complete;
    integrity_ = a.integrity;
  }
  constexpr error establish() {
    auto c = std::move(*inner_).take();
    inner_.reset();
    if (!c) return c.error();
    context_.emplace(std::move(*c));
    complete_ = integrity_ = true;
    return {};
  }

  // ---- RFC 4178 section 5

  /// Continues after the mechanism has had its turn, and made `token`.
  constexpr step proceed(bytes_view token, bool in_place, const environment<C>& env) {
    token_ = token;
    in_place_ = in_place;
    if (!mic_) return conclude(env);
    // A MIC is made when the peer's context is established, once, and only where the mechanism can
    if (!complete_ || !token.empty() || verified_ || !integrity_) {
      return fail(detail::resp_fault(errc::unexpected_message, "mechListMIC"));
    }
    if (!is_kerberos()) {
      state_ = state::checking;
      return check_mic{mech(), kept_list(), *mic_};
    }
    // Its sequence number need not be the next one: Windows signs with number 0
    if (const auto ok = context_->verify_mic(kept_list(), *mic_, env.crypto.get()); !ok) {
      return fail(detail::resp_fault(ok.error().code, "mechListMIC"));
    }
    verified_ = true;
    return conclude(env);
  }
  /// Makes the own MIC where that is due, and answers.
  constexpr step conclude(const environment<C>& env) {
    const bool mine = complete_ && integrity_;
    // b) IV and c) IV: the acceptor sends its MIC with the last token of the mechanism, or in answer to ours
    if (mine && required_ && token_.empty() && !verified_) {
      return fail(detail::resp_fault(errc::mic_missing, "mechListMIC"));
    }
    const bool goes_on = peer_state_ != neg_state_t::accept_completed;
    if (!mine || sent_mic_ || !(required_ || (verified_ && goes_on))) return answer({});
    if (!is_kerberos()) {
      state_ = state::making;
      return make_mic{mech(), kept_list()};
    }
    std::array<std::uint8_t, detail::mic_bound> octets{};
    const auto mic = context_->get_mic(kept_list(), octets, env.crypto.get());
    if (!mic) return fail(mic.error());
    return answer(*mic);
  }
  /// Sends the token and the MIC, if there is one of them.
  constexpr step answer(bytes_view mic) {
    const bool nothing = token_.empty() && mic.empty();
    const bool incomplete = peer_state_ == neg_state_t::accept_incomplete;
    if (nothing && (!incomplete || verified_)) return finish(done{});
    // Microsoft's implementations expect an even number of tokens: an acceptor that waits for one gets one without
    // contents, once
    if (nothing && sent_empty_) return fail(detail::resp_fault(errc::unexpected_message, "negState"));
    sent_empty_ = nothing;
    sent_mic_ = sent_mic_ || !mic.empty();
    // b) I: the initiator's MIC in answer to the acceptor's is the last token
    const bool last = !nothing && complete_ && token_.empty();
    detail::token_fields f{.state = last || nothing ? neg_state_t::accept_completed : neg_state_t::accept_incomplete,
                           .token = token_,
                           .in_place = in_place_};
    if (!mic.empty()) f.mic = mic;
    if (const errc why = write(f); why != errc::ok) return fail({.code = why});
    state_ = last ? state::over : state::waiting;
    return sent(last ? afterwards::finished : afterwards::wait);
  }
  constexpr errc write(const detail::token_fields& f) {
    if (f.in_place && !f.token.empty()) detail::place(params_.krb5.buffer, f);
    return this->write_message([&](der::writer& w, errc&) { detail::write_negotiation_token(w, f); });
  }
  constexpr send sent(afterwards then) {
    token_ = {};
    return {workspace_.message(), {}, destination::peer, transport::datagram, true, then};
  }
  constexpr step finish(step s) {
    state_ = state::over;
    return s;
  }
  constexpr void forget() {
    inner_.reset();
    context_.reset();
    workspace_.wipe_front();
  }

  negotiate_initiator_params<key> params_;
  std::size_t index_ = 0;       // of the mechanism
  std::uint32_t left_out_ = 0;  // the mechanisms that are not in the list
  bool first_ = false;          // the acceptor's first answer is awaited
  bool started_ = false;        // the mechanism has made a token
  bool complete_ = false;       // its context is established on this side
  bool integrity_ = false;      // and can make a MIC
  bool required_ = false, verified_ = false, sent_mic_ = false;
  bool sent_empty_ = false;
  bool in_place_ = false;  // token_ is at the end of the buffer
  bytes_view token_;       // of the mechanism, until it is sent
  std::optional<neg_state_t> peer_state_;
  std::optional<bytes_view> mic_;  // of the peer, in the token that is being processed
  std::optional<msg::KrbError> peer_error_;
  std::optional<initiator<C>> inner_;
  std::optional<context<C>> context_;
};

}  // namespace kerb::inline v0::gss
