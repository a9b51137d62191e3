// The acceptor's side of SPNEGO: RFC 4178, MS-SPNG. It also accepts tokens of Kerberos without SPNEGO.
//
// Random octets are drawn in accept(), as ap_acceptor does.
#pragma once
#include "acceptor.hpp"
#include "negotiate.hpp"

namespace kerb::inline v0::gss {

/// How an acceptor selects a mechanism (RFC 4178 section 3.1).
enum class preference : std::uint8_t {
  initiators,  ///< the first one in the initiator's list that this side has
  own,         ///< the first one in the own list that the initiator offers
};

/// Parameters of a negotiation. Every view must outlive the exchange; the buffer must outlive the
/// context too.
struct negotiate_acceptor_params {
  /// Kerberos. Its buffer holds everything that the negotiation keeps, too.
  acceptor_params krb5;
  /// The mechanisms to accept. Either identifier of Kerberos accepts both. SPNEGO's own identifier must
  /// not be there (RFC 4178 section 3.1).
  mech_list mechs = only_krb5;
  preference by = preference::initiators;
  /// Accept tokens of Kerberos without SPNEGO around them, and answer with such tokens. Nothing protects
  /// a token that an attacker has taken out of SPNEGO: so with preference::own they are accepted only if
  /// Kerberos is the first mechanism of `mechs`. Otherwise the attacker could select Kerberos. Tokens of
  /// the user-to-user mechanism are refused, as those of other mechanisms: gss::acceptor accepts them.
  bool bare_kerberos = true;
  /// Longer tokens are refused with errc::token_too_long, and longer lists of mechanisms with
  /// errc::too_many_mechanisms.
  std::size_t max_token = max_negotiation_token;
  std::size_t max_offered = max_mechanisms;
};

namespace detail {
struct negotiate_acceptor_table {
  /// `waiting`: for a token of the mechanism; `third`: for the last token in DCE style; `signing`:
  /// for the initiator's MIC; `asking`, `checking`, `making`: asks the program for its mechanism's
  /// token or MIC.
  enum class state : std::uint8_t {
    idle,
    waiting,
    wants_key,
    replay,
    proven,
    third,
    asking,
    checking,
    making,
    signing,
    done,
    refused,
    spent,
    failed
  };
  enum class call : std::uint8_t {
    hints,
    receive,
    provide,
    no_key,
    replay_checked,
    accept,
    refuse,
    mechanism_token,
    without_mechanism,
    mic_checked,
    mic_made,
    set_buffer,
    take
  };
  static constexpr state moved_from = state::spent;
  static constexpr kerb::detail::transition<call, state> transitions[] = {
      {call::hints, state::idle, {state::idle}},
      {call::receive, state::idle, {state::wants_key, state::waiting, state::asking, state::refused}},
      {call::receive, state::waiting, {state::wants_key, state::asking, state::refused}},
      {call::receive, state::third, {state::done, state::refused}},
      {call::receive, state::signing, {state::checking, state::done, state::refused}},
      {call::provide, state::wants_key, {state::wants_key, state::replay, state::proven, state::refused}},
      {call::no_key, state::wants_key, {state::refused}},
      {call::replay_checked, state::replay, {state::proven, state::refused}},
      {call::accept, state::proven, {state::third, state::signing, state::done, state::refused}},
      {call::refuse, state::proven, {state::refused}},
      {call::mechanism_token,
       state::asking,
       {state::waiting, state::checking, state::making, state::done, state::refused}},
      {call::without_mechanism, state::asking, {state::refused}},
      {call::mic_checked, state::checking, {state::making, state::done, state::refused}},
      {call::mic_made, state::making, {state::signing, state::done}},
      {call::set_buffer, state::idle, {state::idle}},
      {call::set_buffer, state::waiting, {state::waiting}},
      {call::set_buffer, state::asking, {state::asking}},
      {call::set_buffer, state::making, {state::making}},
      {call::take, state::done, {state::spent}},
  };
};
using negotiate_acceptor_step = std::variant<need_ticket_key, need_buffer, check_replay, authenticated, other_mechanism,
                                             make_mic, check_mic, continue_with, reply, refused, done, failed>;
}  // namespace detail

/// Negotiates a mechanism with an initiator, and establishes its context. The steps of
/// gss::acceptor pass through; when `authenticated` is answered with accept(), Kerberos's context
/// may be established while the list of mechanisms is not verified yet: the initiator is
/// authenticated, and take() returns the context only when the negotiation is complete.
///
/// receive() does not modify the octets that it is given; they must remain valid until the next call
/// of receive(), or until the exchange is over. Octets in a step are valid until the next call. A
/// negotiation that waits for a token holds its buffer: a server must limit how many there are, and how long each
/// waits.
template <crypto_policy C>
class [[nodiscard]] negotiate_acceptor
    : public kerb::detail::acceptor_core<negotiate_acceptor<C>, C, detail::negotiate_acceptor_step,
                                         detail::negotiate_acceptor_table> {
  using base = kerb::detail::acceptor_core<negotiate_acceptor, C, detail::negotiate_acceptor_step,
                                           detail::negotiate_acceptor_table>;
  using typename base::call;
  using typename base::state;
  using inner_step = typename acceptor<C>::step;

 public:
  using key = typename C::key;
  using product = negotiated<C>;
  using typename base::step;
  /// A buffer size, in octets, that is enough for ordinary names and a ticket of 6 KiB. If a ticket
  /// is larger, the step is need_buffer.
  static constexpr std::size_t typical_buffer_size = acceptor<C>::typical_buffer_size + 1024;
  /// No token with which Kerberos accepts is longer: an AP-REP in its frame, a MIC, and what is
  /// written around them.
  static constexpr std::size_t max_answer_octets = kerb::detail::ap_rep_bound + 32 + detail::mic_bound + 64;

  constexpr explicit negotiate_acceptor(negotiate_acceptor_params params)
      : base(params.krb5.ap.buffer), params_(std::move(params)) {}

  /// Makes a token with which the acceptor speaks first (MS-SPNG section 3.2.5.2), as SMB does: the
  /// own mechanisms. The step is continue_with. The initiator answers with its first token.
  [[nodiscard]] constexpr step hints(const environment<C>& env) {
    if (const auto no = this->template unless<call::hints>(env)) return *no;
    if (const error e = misused(); !e.ok()) return fail(e);
    const auto token = [&](der::writer& w) {
      asn1::write(w, msg::NegotiationToken2{msg::NegTokenInit2{
                         .mech_types = captured<msg::MechTypeList>::of(msg::MechTypeList(params_.mechs)),
                         .req_flags = {},
                         .mech_token = {},
                         .neg_hints = msg::NegHints{"not_defined_in_RFC4178@please_ignore"_krb, {}},
                         .mech_list_mic = {},
                         .extensions = {}}});
      write_gss_header(w, 0, msg::mech_spnego);
    };
    der::writer counted = der::writer::counting();
    token(counted);
    if (const auto n = lacks(counted.count())) return *n;
    if (const errc why = this->write_message([&](der::writer& w, errc&) { token(w); }); why != errc::ok) {
      return fail({.code = why});
    }
    return continue_with{workspace_.message()};
  }

  /// Takes a token: the first one, or after continue_with a later one. The first one is of SPNEGO or
  /// of Kerberos. errc::ntlm_token: it is a token of NTLM without SPNEGO, for which this side has no
  /// answer.
  [[nodiscard]] constexpr step receive(bytes_view token, const environment<C>& env) {
    if (const auto no = this->template unless<call::receive>(env)) return *no;
    if (const error e = misused(); !e.ok()) return fail(e);
    if (token.size() > params_.max_token) {
      return turn_down({.code = errc::token_too_long, .detail = static_cast<std::uint32_t>(token.size())});
    }
    if (state_ == state::idle) return receive_first(token, env);
    if (bare_) return receive_third(token, {}, env);
    const auto resp = detail::read_resp(token);
    if (!resp) return turn_down(resp.error());
    if (resp->neg_state == neg_state_t::reject) {
      negotiates_ = false;  // this gets no answer
      return turn_down(detail::resp_fault(errc::negotiation_rejected, "negState"));
    }
    // RFC 4178 section 4.2.2: the acceptor sends it
    if (resp->neg_state == neg_state_t::request_mic) {
      return turn_down(detail::resp_fault(errc::unexpected_message, "negState"));
    }
    const bytes_view response = resp->response_token.value_or(bytes_view());
    if ((state_ == state::signing) != response.empty()) {
      return turn_down(
          detail::resp_fault(response.empty() ? errc::missing_field : errc::unexpected_message, "responseToken"));
    }
    if (state_ == state::third) return receive_third(response, resp->mech_list_mic, env);
    if (state_ == state::waiting) return pass_on(response, resp->mech_list_mic, env);
    // RFC 4178 section 5 b) I and c) IV: then the acceptor must verify the initiator's MIC
    if (!resp->mech_list_mic) return turn_down(detail::resp_fault(errc::mic_missing, "mechListMIC"));
    mic_ = resp->mech_list_mic;
    return settle({}, env);
  }
  /// Kerberos's client, from `authenticated` until take(); null before.
  constexpr const authenticated_client<key>* peer() const& KERB_LIFETIMEBOUND {
    return context_ ? context_->client() : inner_ ? inner_->peer() : nullptr;
  }
  void peer() const&& = delete;
  /// Accepts the client. The step is `reply`, `done` if a client without SPNEGO does not want an
  /// answer, continue_with if another token is needed, or `refused` if the initiator's MIC of the list
  /// of mechanisms is missing or wrong. accept_options::reply is used only for a client without
  /// SPNEGO; a token of SPNEGO is always in the exchange's own buffer.
  [[nodiscard]] constexpr step accept(const accept_options& options, const environment<C>& env) {
    if (const auto no = this->template unless<call::accept>(env)) return *no;
    accept_options inside = options;
    if (!bare_) inside.reply = {};  // the AP-REP is only a part of the token
    return taken(inner_->accept(inside, env), env);
  }

  /// Answers other_mechanism. The token's octets must remain valid until the next continue_with or
  /// `reply`.
  [[nodiscard]] constexpr step mechanism_token(const mechanism_answer& a, const environment<C>& env) {
    if (const auto no = this->template unless<call::mechanism_token>(env)) return *no;
    if (const auto n = lacks(detail::resp_overhead(mech_) + a.token.size())) return *n;
    if (a.complete) {
      integrity_ = a.integrity;
      return settle(a.token, env);
    }
    if (a.token.empty()) return fail({.code = errc::api_misuse});
    if (mic_) return turn_down(premature());
    return answer({.state = neg_state_t::accept_incomplete, .token = a.token}, state::waiting);
  }
  /// Answers other_mechanism: the mechanism refuses the token. `token` explains that to its peer, or
  /// is empty.
  [[nodiscard]] constexpr step without_mechanism(bytes_view token, const environment<C>& env) {
    if (const auto no = this->template unless<call::without_mechanism>(env)) return *no;
    if (const auto n = lacks(detail::resp_overhead(mech_) + token.size())) return *n;
    return turn_down({.code = errc::refused_by_application}, {.token = token});
  }
  /// Answers check_mic: whether the MIC is that of the peer's context.
  [[nodiscard]] constexpr step mic_checked(bool is_valid, const environment<C>& env) {
    if (const auto no = this->template unless<call::mic_checked>(env)) return *no;
    if (!is_valid) return turn_down(detail::resp_fault(errc::integrity, "mechListMIC"));
    verified_ = true;
    return conclude(env);
  }
  /// Answers make_mic.
  [[nodiscard]] constexpr step mic_made(bytes_view mic, const environment<C>& env) {
    if (const auto no = this->template unless<call::mic_made>(env)) return *no;
    if (mic.empty()) return fail({.code = errc::api_misuse});
    if (const auto n = lacks(detail::resp_overhead(mech_) + last_.size() + mic.size())) return *n;
    return answer_last(mic);
  }

  /// Continues in a larger buffer, after need_buffer. Returns false, and changes nothing, when the
  /// buffer is too small for what the exchange keeps, or when this state has no use for one.
  constexpr bool set_buffer(std::span<std::uint8_t> bigger) {
    if (!this->template may<call::set_buffer>() || !workspace_.move_to(bigger)) return false;
    params_.krb5.ap.buffer = bigger;
    return true;
  }
  /// As ap_acceptor::key_lookup(), also after Kerberos has refused the client: then the octets of its token
  /// must still be valid. Null if the negotiation has refused it for another reason, and after the last
  /// token in DCE style: the AP-REQ was in an earlier one.
  constexpr std::optional<keys_asked> key_lookup() const {
    return inner_ && !had_third_ ? inner_->key_lookup() : std::nullopt;
  }
  /// The token to transmit after `refused`; empty before, and when there is none.
  constexpr bytes_view refusal() const {
    if (state_ != state::refused) return {};
    return bare_ && inner_ ? inner_->refusal() : workspace_.message();
  }
  /// The token that was written last with its length in front, in four octets, as many protocols
  /// send it; valid as long as the token.
  constexpr bytes_view framed() { return bare_ && inner_ ? inner_->framed() : base::framed(); }

  /// Returns what was negotiated, once: after `done` or `reply`.
  [[nodiscard]] constexpr result<product> take() && {
    if (!this->template may<call::take>()) return errc::api_misuse;
    if (bare_) {
      if (const error e = establish(); !e.ok()) return e;
    }
    state_ = state::spent;
    return product{mech_, std::move(context_), verified_};
  }

 private:
  template <class, class, class>
  friend class kerb::detail::exchange_core;
  template <class, class, class, class>
  friend class kerb::detail::acceptor_core;
  using base::fail;
  using base::state_;
  using base::workspace_;

  constexpr acceptor<C>& inner() { return *inner_; }
  constexpr error misused() const { return detail::fault_of(params_.mechs); }

  // ---- buffer space: the list is at the front, behind it Kerberos's exchange, then answers

  /// The octets behind Kerberos's exchange.
  static constexpr std::size_t behind = detail::reserved_octets + max_answer_octets;
  /// need_buffer, if a message of `n` octets does not fit after what is kept.
  constexpr std::optional<need_buffer> lacks(std::size_t n) const {
    const std::size_t size = workspace_.kept().size() + detail::reserved_octets + n;
    if (workspace_.size() >= size) return std::nullopt;
    return need_buffer{size};
  }
  /// Begins Kerberos's exchange behind `front` octets. On need_buffer nothing has changed.
  constexpr inner_step open(bytes_view token, std::size_t front, const environment<C>& env) {
    auto p = params_.krb5;
    const std::size_t around = front + behind, size = workspace_.size();
    p.ap.buffer = size < around ? std::span<std::uint8_t>() : p.ap.buffer.subspan(front, size - around);
    inner_.emplace(std::move(p));
    inner_step s = inner_->receive(token, env);
    if (const auto* n = std::get_if<need_buffer>(&s)) {
      const std::size_t enough = n->size + around;
      inner_.reset();
      return need_buffer{enough};
    }
    if (size < around) {  // it has ended before it needed space, but the list and an answer need theirs
      inner_.reset();
      return need_buffer{around};
    }
    return s;
  }

  // ---- the first token

  constexpr step receive_first(bytes_view token, const environment<C>& env) {
    if (kind_of_token(token) == token_kind::ntlm) return turn_down({.code = errc::ntlm_token});
    if (!token.empty() && token[0] == der::application(14).octet) return receive_bare(token, msg::mech_krb5, env);
    const auto framed = read_gss_token(token);
    if (!framed) return turn_down(framed.error());
    if (framed->mech == msg::mech_ms_krb5) return receive_bare(token, msg::mech_ms_krb5, env);
    // The user-to-user mechanism is another one (see is_kerberos())
    if (framed->mech == msg::mech_krb5) return receive_bare(token, msg::mech_krb5, env);
    if (framed->mech != msg::mech_spnego) {
      return turn_down({.code = errc::wrong_constant, .type = "InitialContextToken", .field = "thisMech"});
    }
    const auto first = asn1::decode<msg::NegotiationToken>(framed->inner);
    if (const auto* init = first ? std::get_if<msg::NegTokenInit>(&first->value) : nullptr) {
      return receive_offer(init->mech_types, init->mech_token, init->mech_list_mic, env);
    }
    // MS-SPNG section 3.2.5: hints of an initiator are ignored
    const auto second = asn1::decode<msg::NegotiationToken2>(framed->inner);
    if (const auto* init = second ? std::get_if<msg::NegTokenInit2>(&second->value) : nullptr;
        init != nullptr && init->mech_types) {
      return receive_offer(*init->mech_types, init->mech_token, init->mech_list_mic, env);
    }
    return reject(first ? error{.code = errc::unexpected_message, .type = "NegotiationToken"} : first.error());
  }
  /// A token of Kerberos without SPNEGO.
  constexpr step receive_bare(bytes_view token, object_identifier mech, const environment<C>& env) {
    const std::size_t ours = found(params_.mechs, mech);
    // In SPNEGO this token would need a MIC if the acceptor prefers another mechanism (RFC 4178 section 5)
    const bool required = params_.by == preference::own && ours != 0;
    if (!params_.bare_kerberos || required || ours == params_.mechs.size()) {
      return turn_down({.code = errc::unexpected_message, .type = "InitialContextToken", .field = "thisMech"});
    }
    inner_.emplace(params_.krb5);
    const inner_step s = inner_->receive(token, env);
    if (const auto* n = std::get_if<need_buffer>(&s)) {
      const std::size_t enough = n->size;
      inner_.reset();
      return need_buffer{enough};
    }
    bare_ = true;
    mech_ = mech;
    return taken(s, env);
  }
  /// The place of a mechanism in a list; the list's size if it is not there.
  template <class List>
  static constexpr std::size_t found(const List& list, object_identifier mech) {
    std::size_t i = 0;
    for (const object_identifier m : list) {
      if (detail::same_mechanism(m, mech)) break;
      ++i;
    }
    return i;
  }
  constexpr step receive_offer(const captured<msg::MechTypeList>& list, const std::optional<bytes_view>& token,
                               const std::optional<bytes_view>& mic, const environment<C>& env) {
    if (list->size() > params_.max_offered) {
      return reject({.code = errc::too_many_mechanisms,
                     .detail = static_cast<std::uint32_t>(list->size()),
                     .type = "NegTokenInit",
                     .field = "mechTypes"});
    }
    // NegoEx, NTLM and all that this side does not have are passed over by their identifiers
    std::size_t theirs = 0, ours = params_.mechs.size();
    if (params_.by == preference::initiators) {
      for (const object_identifier m : list.value()) {
        ours = found(params_.mechs, m);
        if (ours != params_.mechs.size()) break;
        ++theirs;
      }
    } else {
      for (ours = 0; ours != params_.mechs.size(); ++ours) {
        theirs = found(list.value(), params_.mechs.begin()[ours]);
        if (theirs != list->size()) break;
      }
    }
    if (ours == params_.mechs.size()) {
      return reject({.code = errc::no_common_mechanism, .type = "NegTokenInit", .field = "mechTypes"});
    }
    object_identifier offered{};
    std::size_t i = 0;
    for (const object_identifier m : list.value())
      if (i++ == theirs) offered = m;
    const bool first = detail::same_mechanism(*list->begin(), offered);
    // The same identifier goes back (MS-SPNG section 3.2.5); its octets outlive the exchange
    object_identifier mech = params_.mechs.begin()[ours];
    if (detail::is_kerberos(offered)) mech = offered == msg::mech_ms_krb5 ? msg::mech_ms_krb5 : msg::mech_krb5;
    // RFC 4178 section 5: the MIC is required unless both sides prefer this mechanism
    const bool required = !first || (params_.by == preference::own && ours != 0);

    const bytes_view t = first && token ? *token : bytes_view();  // that of another mechanism is not looked at
    if (!t.empty() && detail::is_kerberos(mech)) {
      const inner_step s = open(t, list.octets().size(), env);
      if (const auto* n = std::get_if<need_buffer>(&s)) return *n;
      choose(mech, list.octets(), required, mic);
      return taken(s, env);
    }
    if (const auto n = lacks(list.octets().size() + behind)) return *n;
    choose(mech, list.octets(), required, mic);
    if (!t.empty()) {
      state_ = state::asking;
      return other_mechanism{mech_, t};
    }
    if (mic_) return turn_down(premature());
    return answer({.state = neg_state_t::accept_incomplete}, state::waiting);
  }
  constexpr void choose(object_identifier mech, bytes_view list, bool required, const std::optional<bytes_view>& mic) {
    negotiates_ = first_ = true;
    mech_ = mech;
    required_ = required;
    mic_ = mic;
    (void)workspace_.keep_copy(list);
  }
  static constexpr error premature() { return detail::resp_fault(errc::unexpected_message, "mechListMIC"); }

  // ---- the mechanism

  /// Passes a later token to the mechanism: its first one, unless that is the program's.
  constexpr step pass_on(bytes_view token, const std::optional<bytes_view>& mic, const environment<C>& env) {
    if (!detail::is_kerberos(mech_)) {
      mic_ = mic;
      state_ = state::asking;
      return other_mechanism{mech_, token};
    }
    const inner_step s = open(token, workspace_.kept().size(), env);
    if (const auto* n = std::get_if<need_buffer>(&s)) return *n;
    mic_ = mic;
    return taken(s, env);
  }
  constexpr step receive_third(bytes_view token, const std::optional<bytes_view>& mic, const environment<C>& env) {
    mic_ = mic;
    had_third_ = true;
    return taken(inner_->receive(token, env), env);
  }
  /// What a step of Kerberos's exchange means here.
  constexpr step taken(const inner_step& s, const environment<C>& env) {
    return match(
        s, [&](const need_ticket_key& x) { return go(state::wants_key, x); },
        [&](const need_buffer& x) { return step(x); }, [&](const check_replay& x) { return go(state::replay, x); },
        [&](const authenticated& x) { return go(state::proven, x); },
        [&](const continue_with& x) {
          if (bare_) return go(state::third, x);
          return answer({.state = neg_state_t::accept_incomplete, .token = x.octets}, state::third);
        },
        [&](const reply& x) { return bare_ ? go(state::done, x) : established(x.octets, env); },
        [&](const refused& x) {
          if (bare_) return go(state::refused, x);
          return turn_down(x.why, {.token = x.octets, .in_place = true});
        },
        [&](const done& x) { return bare_ ? go(state::done, x) : established({}, env); },
        [&](const failed& x) { return is_peer_fault(x.why) ? turn_down(x.why) : step(fail(x.why)); });
  }
  constexpr error establish() {
    auto c = std::move(*inner_).take();
    if (!c) return c.error();
    context_.emplace(std::move(*c));
    inner_.reset();
    integrity_ = true;
    return {};
  }
  constexpr step established(bytes_view token, const environment<C>& env) {
    if (const error e = establish(); !e.ok()) return fail(e);
    return settle(token, env);
  }

  // ---- RFC 4178 section 5

  /// Continues after the mechanism's context is established on this side, with its last `token`.
  constexpr step settle(bytes_view token, const environment<C>& env) {
    last_ = token;
    if (!mic_) return conclude(env);
    // A MIC is made when the initiator's context is established, once, and only where the mechanism can
    if (!token.empty() || !integrity_ || verified_) return turn_down(premature());
    if (!detail::is_kerberos(mech_)) {
      state_ = state::checking;
      return check_mic{mech_, workspace_.kept(), *mic_};
    }
    // Its sequence number need not be the next one: Windows signs with number 0
    if (const auto ok = context_->verify_mic(workspace_.kept(), *mic_, env.crypto.get()); !ok) {
      return turn_down(detail::resp_fault(ok.error().code, "mechListMIC"));
    }
    verified_ = true;
    return conclude(env);
  }
  /// Makes the own MIC where that is due, and answers.
  constexpr step conclude(const environment<C>& env) {
    if (sent_mic_) return go(state::done, done{});  // b) I: the initiator's MIC is the last token
    const bool required = integrity_ && required_;
    // c) V: the initiator sends its MIC with the last token of the mechanism. c) IV: not with the very first one
    if (required && !verified_ && last_.empty() && !first_) {
      return turn_down(detail::resp_fault(errc::mic_missing, "mechListMIC"));
    }
    if (!required && !verified_) return answer_last({});
    if (!detail::is_kerberos(mech_)) {
      state_ = state::making;
      return make_mic{mech_, workspace_.kept()};
    }
    std::array<std::uint8_t, detail::mic_bound> octets{};
    const auto mic = context_->get_mic(workspace_.kept(), octets, env.crypto.get());
    if (!mic) return fail(mic.error());
    return answer_last(*mic);
  }
  /// Answers the last token of the mechanism. With a MIC that the initiator has to answer, this is
  /// not the end.
  constexpr step answer_last(bytes_view mic) {
    const bool waits = integrity_ && required_ && !verified_;
    detail::token_fields f{.state = waits ? neg_state_t::accept_incomplete : neg_state_t::accept_completed,
                           .token = last_};
    if (!mic.empty()) f.mic = mic;
    sent_mic_ = !mic.empty();
    return answer(f, waits ? state::signing : state::done);
  }

  // ---- what goes out

  /// RFC 4178 section 4.2.2: the first answer has the mechanism, and request-mic if the MIC is
  /// required.
  constexpr step answer(detail::token_fields f, state next) {
    if (first_) {
      f.mech = mech_;
      if (required_ && f.state == neg_state_t::accept_incomplete) f.state = neg_state_t::request_mic;
    }
    const errc why = this->write_message([&](der::writer& w, errc&) { detail::write_negotiation_token(w, f); });
    if (why != errc::ok) return fail({.code = why});
    first_ = false;
    last_ = {};
    if (next == state::done) return go(next, reply{workspace_.message()});
    return go(next, continue_with{workspace_.message()});
  }
  /// Refuses a first token of SPNEGO.
  constexpr step reject(const error& why) {
    if (const auto n = lacks(behind)) return *n;
    negotiates_ = true;
    return turn_down(why);
  }
  /// RFC 4178 section 3.2: an initiator whose token fails gets a rejection, with the token in which
  /// the mechanism explains it.
  KERB_COLD constexpr step turn_down(error why, detail::token_fields f = {}) {
    if (negotiates_) {
      f.state = neg_state_t::reject;
      if (first_) f.mech = mech_;
      if (f.in_place) detail::place(params_.krb5.ap.buffer, f);
    }
    if (f.in_place) wipe();  // Kerberos has refused the client, and keeps only what key_lookup() returns
    else forget();
    (void)workspace_.message_space();  // the last message is no answer
    if (negotiates_) (void)this->write_message([&](der::writer& w, errc&) { detail::write_negotiation_token(w, f); });
    return go(state::refused, refused{workspace_.message(), why});
  }
  template <class S>
  constexpr step go(state to, const S& s) {
    state_ = to;
    return s;
  }
  /// Wipes everything that was opened; nothing of it outlives a refusal.
  constexpr void forget() {
    inner_.reset();
    wipe();
  }
  constexpr void wipe() {
    context_.reset();
    workspace_.wipe_front();
  }

  negotiate_acceptor_params params_;
  object_identifier mech_;   // as the initiator has offered it
  bool negotiates_ = false;  // the initiator speaks SPNEGO
  bool bare_ = false;        // the initiator speaks Kerberos without it
  bool first_ = false;       // the first answer is due
  bool had_third_ = false;   // the last token in DCE style was received
  bool integrity_ = false;   // the mechanism's context can make a MIC
  bool required_ = false, verified_ = false, sent_mic_ = false;
  bytes_view last_;                // the last token of the mechanism, until it is sent
  std::optional<bytes_view> mic_;  // of the peer, in the token that is being processed
  std::optional<acceptor<C>> inner_;
  std::optional<context<C>> context_;
};

}  // namespace kerb::inline v0::gss
