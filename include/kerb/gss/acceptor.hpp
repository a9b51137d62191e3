// Establishes a context of GSS-API as its acceptor: RFC 4121 section 4.1, RFC 2743.
//
// Random octets are drawn in accept(), as ap_acceptor does.
#pragma once
#include "../exchange/service/accept.hpp"
#include "../exchange/service/acceptor_core.hpp"
#include "context.hpp"

namespace kerb::inline v0::gss {

/// Parameters of an acceptor. Every view must outlive the exchange; the buffer must outlive the
/// context too, which has the client's names and authorization data there.
struct acceptor_params {
  /// What the service accepts: names, buffer, channel bindings, replays. `frame` is the one of the
  /// client's token, if that has one.
  kerb::acceptor_params ap;
  /// Flags that every client must have requested; others are refused with errc::flags_not_granted.
  gss_flags required{};
  /// Accept clients whose authenticator has no checksum, as MS-KILE section 3.4.5 has it, and some
  /// clients of SMB. RFC 4121 section 4.1.1 requires one: without it they are refused with
  /// errc::inappropriate_checksum. Their context has no flags, except GSS_C_MUTUAL_FLAG if it was answered
  /// with an AP-REP, and no bindings: they are refused if bindings or flags are required.
  bool without_checksum = false;
};

namespace detail {
struct acceptor_table {
  /// `third`: waits for the last token in DCE style; `refused`: the client was refused.
  enum class state : std::uint8_t { idle, wants_key, replay, proven, third, done, refused, spent, failed };
  enum class call : std::uint8_t { receive, provide, no_key, replay_checked, accept, refuse, set_buffer, take };
  static constexpr state moved_from = state::spent;
  static constexpr kerb::detail::transition<call, state> transitions[] = {
      {call::receive, state::idle, {state::wants_key, state::refused}},
      {call::receive, state::third, {state::done}},
      {call::provide, state::wants_key, {state::wants_key, state::replay, state::proven, state::refused}},
      {call::no_key, state::wants_key, {state::refused}},
      {call::replay_checked, state::replay, {state::proven, state::refused}},
      {call::accept, state::proven, {state::third, state::done}},
      {call::refuse, state::proven, {state::refused}},
      {call::set_buffer, state::idle, {state::idle}},
      {call::take, state::done, {state::spent}},
  };
};
/// continue_with: send these octets, then pass the next token to receive().
struct continue_with {
  bytes_view octets;
};
using acceptor_step = std::variant<need_ticket_key, need_buffer, check_replay, authenticated, continue_with, reply,
                                   refused, done, failed>;
}  // namespace detail

using detail::continue_with;

/// Establishes a context with a client. A service bounds the number of acceptors that are not done
/// and their time: before the client has authenticated, each costs a buffer. Pass a token to one
/// acceptor only: a second one refuses it as a replay. receive() does not modify the octets that it
/// is given; they must remain valid until the exchange is over. Octets in a step are valid until
/// the next call.
template <crypto_policy C>
class [[nodiscard]] acceptor
    : public kerb::detail::acceptor_core<acceptor<C>, C, detail::acceptor_step, detail::acceptor_table> {
  using base = kerb::detail::acceptor_core<acceptor, C, detail::acceptor_step, detail::acceptor_table>;
  using typename base::call;
  using typename base::state;

 public:
  using key = typename C::key;
  using product = context<C>;
  using typename base::step;
  /// A buffer size, in octets, that is enough for ordinary names and a ticket of 6 KiB. If a ticket
  /// is larger, the step is need_buffer.
  static constexpr std::size_t typical_buffer_size = ap_acceptor<C>::typical_buffer_size;

  constexpr explicit acceptor(acceptor_params params) : base({}), params_(std::move(params)) {}

  /// Takes a token: the first one, or after continue_with the last one of a context in DCE style.
  /// The first one has the frame of Kerberos's mechanism, or is a bare AP-REQ. The frame of the
  /// user-to-user mechanism is accepted only with kerb::acceptor_params::user_to_user. Answers have the
  /// frame in all cases, as those of MIT krb5 and Heimdal, except for the AP-REP in DCE style.
  [[nodiscard]] constexpr step receive(bytes_view token, const environment<C>& env) {
    if (const auto no = this->template unless<call::receive>(env)) return *no;
    if (state_ == state::third) return receive_third(token, env);
    token_size_ = token.size();
    constexpr error unexpected{.code = errc::unexpected_message, .type = "InitialContextToken", .field = "TOK_ID"};
    auto ap = params_.ap;
    ap.frame = msg::mech_krb5;
    ap.arrived = transport::stream;  // its refusal is compared with the whole token here
    bytes_view message = token;
    bool wrong_id = false;
    if (token.empty() || token[0] != der::application(14).octet) {
      const auto t = read_krb5_token(token);
      if (!t) return fail(t.error());
      if (t->mech == msg::mech_user_to_user && !params_.ap.user_to_user) {
        return fail({.code = errc::wrong_constant, .type = "InitialContextToken", .field = "thisMech"});
      }
      ap.frame = t->mech;
      message = t->message;
      wrong_id = t->id != gss_token_t::ap_req;
      // An answer to an answer could cause an endless loop
      if (t->id == gss_token_t::ap_rep || t->id == gss_token_t::krb_error) return fail(unexpected);
    }
    ap_.emplace(std::move(ap));
    // RFC 4121 section 4.1: the answer to any other identifier is KRB_AP_ERR_MSG_TYPE
    step s = taken(ap_->receive(wrong_id ? bytes_view() : message, env), env);
    if (is<need_buffer>(s)) ap_.reset();
    if (auto* no = std::get_if<refused>(&s); no != nullptr && wrong_id) no->why = unexpected;
    return s;
  }
  /// The client, from `authenticated` until take(); null before.
  constexpr const authenticated_client<key>* peer() const& KERB_LIFETIMEBOUND { return ap_ ? ap_->peer() : nullptr; }
  void peer() const&& = delete;

  /// Accepts the client. The step is `reply`, `done` if the client does not want an answer, or
  /// continue_with in DCE style. If accept_options::reply is given, the token is there.
  [[nodiscard]] constexpr step accept(const accept_options& options, const environment<C>& env) {
    if (const auto no = this->template unless<call::accept>(env)) return *no;
    accept_options with_number = options;
    with_number.sequence_number = true;  // the messages are counted from it, RFC 4120 section 5.5.2
    // The key of the tokens of RFC 1964 section 1.2 is the initiator's; MIT krb5's initiators use no other
    if (!has_cfx_tokens(ap_->subkey_etype(options, env.crypto.get()))) with_number.subkey = false;
    // As MIT krb5's acceptors do: by its subkey our AP-REP is told from the client's
    if (kerb::detail::is_dce_style(ap_->peer()->gss())) with_number.subkey = true;
    return taken(ap_->accept(with_number, env), env);
  }

  /// Continues in a larger buffer, after need_buffer.
  constexpr bool set_buffer(std::span<std::uint8_t> bigger) {
    if (!this->template may<call::set_buffer>()) return false;
    params_.ap.buffer = bigger;
    return true;
  }
  /// As ap_acceptor::key_lookup().
  constexpr std::optional<keys_asked> key_lookup() const { return ap_ ? ap_->key_lookup() : std::nullopt; }
  /// The token with the KRB-ERROR to transmit after `refused`; empty before.
  constexpr bytes_view refusal() const {
    return state_ == state::refused && ap_ ? sendable(ap_->refusal()) : bytes_view();
  }
  /// The token that was written last with its length in front, in four octets, as many protocols
  /// send it; valid as long as the token.
  constexpr bytes_view framed() {
    const bool silent = state_ == state::refused && refusal().empty();
    return ap_ && !silent ? ap_->framed() : bytes_view();
  }

  /// Returns the context, once: after `done` or `reply`.
  [[nodiscard]] constexpr result<product> take() && {
    if (!this->template may<call::take>()) return errc::api_misuse;
    auto client = std::move(*ap_).take();
    if (!client) return client.error();
    state_ = state::spent;
    if (!client->gss()) flags_.set(gss_flag_t::mutual, !client->reply().empty());
    detail::context_parts<key> parts{side::acceptor,    flags_,         {}, client->client(), client->service(),
                                     client->endtime(), client->bound()};
    parts.keys = std::move(*client).keys();
    return product(std::move(parts), std::move(*client));
  }

 private:
  template <class, class, class>
  friend class kerb::detail::exchange_core;
  template <class, class, class, class>
  friend class kerb::detail::acceptor_core;
  using base::fail;
  using base::state_;

  constexpr ap_acceptor<C>& inner() { return *ap_; }
  /// As ap_acceptor does: the answer to a datagram is not longer than the datagram.
  constexpr bytes_view sendable(bytes_view refusal) const {
    return params_.ap.arrived == transport::datagram && refusal.size() > token_size_ ? bytes_view() : refusal;
  }
  /// What a step of the AP exchange means here.
  template <class Step>
  constexpr step taken(Step&& s, const environment<C>& env) {
    return match(
        s, [&](const need_ticket_key& x) { return go(state::wants_key, x); },
        [&](const need_buffer& x) { return step(x); }, [&](const check_replay& x) { return go(state::replay, x); },
        [&](const authenticated& x) {
          const error unfit = admit(*ap_->peer());
          return unfit.ok() ? go(state::proven, x) : turn_down(unfit, env);
        },
        [&](const reply& x) {
          const bool third = kerb::detail::is_dce_style(ap_->peer()->gss());
          return third ? go(state::third, continue_with{x.octets}) : go(state::done, x);
        },
        [&](const refused& x) {
          return go(state::refused, refused{sendable(x.octets), x.why});
        },
        [&](const done& x) { return go(state::done, x); }, [&](const failed& x) { return step(fail(x.why)); });
  }
  /// Checks what GSS-API requires of a client beyond the AP exchange, and takes its flags.
  constexpr error admit(const authenticated_client<key>& client) {
    // RFC 4121 section 4.1.1: the authenticator has a checksum of type 0x8003
    if (!client.gss() && (!params_.without_checksum || client.checksum())) {
      return {.code = errc::inappropriate_checksum, .type = "Authenticator", .field = "cksum"};
    }
    flags_ = client.gss() ? gss_flags::of(client.gss()->flags.bits & known_flags) : gss_flags{};  // others are ignored
    if (kerb::detail::is_dce_style(client.gss())) flags_.set(gss_flag_t::mutual);
    const std::uint32_t lacking = params_.required.bits & ~flags_.bits;
    if (lacking == 0) return {};
    return {.code = errc::flags_not_granted, .detail = lacking, .type = "checksum 0x8003", .field = "Flags"};
  }
  constexpr step turn_down(const error& why, const environment<C>& env) {
    auto s = ap_->refuse(to_krb_error(why), env);
    if (const auto* no = std::get_if<refused>(&s)) return go(state::refused, refused{sendable(no->octets), why});
    return fail(why);
  }
  /// The last token in DCE style (MS-KILE section 3.4.5.1): an AP-REP of the client. Our sequence
  /// number in it shows that the client has opened our AP-REP. Its time is not compared: MIT krb5's
  /// initiators put the time of their clock there, Heimdal's that of their AP-REQ. Another
  /// subkey than ours in it is not used: the context has its keys.
  constexpr step receive_third(bytes_view token, const environment<C>& env) {
    constexpr const char* type = "AP-REP";
    const authenticated_client<key>& client = *ap_->peer();
    const auto rep = asn1::decode<msg::ApRep>(token);
    if (!rep) return fail(rep.error());
    std::array<std::uint8_t, kerb::detail::ap_rep_bound> octets;
    wiped_on_exit wipe(octets);
    kerb::detail::workspace plain_in(octets);
    const auto plain =
        open_sealed(env.crypto.get(), rep->enc_part, client.keys().session_key, key_usage_t::ap_rep_enc_part, plain_in);
    if (!plain) {
      const errc why = plain.error().code == errc::no_space ? errc::integrity : plain.error().code;
      return fail({.code = why, .type = type, .field = "enc-part"});
    }
    const auto part = asn1::decode<msg::EncApRepPart>(bytes_view(*plain));
    if (!part) return fail(part.error());
    // Our own AP-REP sent back to us is told by our subkey, which it always has
    const auto& ours = client.keys().acceptor_subkey;
    if (part->subkey && ours && ct_equal(part->subkey->keyvalue, env.crypto->expose(*ours).unguarded())) {
      return fail({.code = errc::reflected_token, .type = "EncAPRepPart", .field = "subkey"});
    }
    if (part->seq_number != client.keys().acceptor_seq) {
      return fail({.code = errc::bad_order, .type = "EncAPRepPart", .field = "seq-number"});
    }
    return go(state::done, done{});
  }
  template <class S>
  constexpr step go(state to, const S& s) {
    state_ = to;
    return s;
  }
  constexpr void forget() { ap_.reset(); }

  acceptor_params params_;
  std::size_t token_size_ = 0;
  gss_flags flags_;
  std::optional<ap_acceptor<C>> ap_;
};

}  // namespace kerb::inline v0::gss
