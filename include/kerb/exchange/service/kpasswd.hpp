// Answers requests to change or set a password: the service's side of RFC 3244.
//
// Random octets are drawn in answer(): those of ap_acceptor, then the confounder of the KRB-PRIV. The refusal of an
// authenticated request draws the same ones earlier.
#pragma once
#include "../../msg/kpasswd.hpp"
#include "../../msg/priv.hpp"
#include "../addresses.hpp"
#include "../grow.hpp"
#include "../protect/rules.hpp"
#include "acceptor_core.hpp"
#include "ap.hpp"
#include "keys.hpp"

namespace kerb::inline v0 {

/// Parameters of kpasswd_service. Every view must outlive the exchange.
struct kpasswd_service_params {
  /// What is accepted of the AP-REQ: set `buffer` (see typical_buffer_size), `service` to
  /// kpasswd_service_name(), and `arrived`. `mutual`, `replays`, `binding`, `frame`, `user_to_user` and
  /// `anonymous` are not used: the answer always has an AP-REP, a replay cache is always asked, and an
  /// anonymous client is refused.
  acceptor_params ap;
  /// The service's address, for clients that compare it. None, or one that may be in no message
  /// (may_be_in_message()): the directional one of RFC 4120 section 7.1, which MIT krb5's service sends
  /// too if it does not know its own.
  std::optional<msg::HostAddress> local{};
};

/// A client that has authenticated wants to change its own password, or to set that of `target`.
/// Check whether it may and whether the password is good enough, store new keys, and call answer().
/// All views are valid until that call.
struct change_password {
  principal_view client;
  principal_view target;     ///< if not `is_own`, the client chose its realm freely
  secret_view new_password;  ///< not empty, and not checked in any other way
  bool is_own = false;       ///< the client's own password; its ticket is from the AS exchange
  bool initial = false;      ///< the client's ticket is from the AS exchange, for which it needed its key
};

namespace detail {
struct kpasswd_service_table {
  enum class state : std::uint8_t { idle, wants_key, replay, asking, over, failed };
  enum class call : std::uint8_t { receive, provide, no_key, replay_checked, answer, set_buffer };
  static constexpr state moved_from = state::over;
  static constexpr transition<call, state> transitions[] = {
      {call::receive, state::idle, {state::wants_key, state::over}},
      {call::provide, state::wants_key, {state::wants_key, state::replay, state::over}},
      {call::no_key, state::wants_key, {state::over}},
      {call::replay_checked, state::replay, {state::asking, state::over}},
      {call::answer, state::asking, {state::over}},
      {call::set_buffer, state::idle, {state::idle}},
  };
};
using kpasswd_service_step =
    std::variant<need_ticket_key, need_buffer, check_replay, change_password, reply, refused, failed>;
}  // namespace detail

/// Opens one request of kpasswd and answers it. After `reply` or `refused`, transmit the octets, if
/// there are any. `refused` has a KRB-ERROR with a result in its e-data, or, if the request was
/// authentic, a sealed result; `why` is for the log. Answers of another service, and what has no
/// frame of RFC 3244, get no answer, so that two services cannot keep each other busy.
///
/// receive() does not modify the octets that it is given; they must remain valid until the exchange
/// is over. Octets in a step are valid until the next call.
template <crypto_policy C>
class [[nodiscard]] kpasswd_service
    : public detail::acceptor_core<kpasswd_service<C>, C, detail::kpasswd_service_step, detail::kpasswd_service_table> {
  using base = detail::acceptor_core<kpasswd_service, C, detail::kpasswd_service_step, detail::kpasswd_service_table>;
  using typename base::call;
  using typename base::state;

 public:
  using key = typename C::key;
  using typename base::step;
  /// A buffer size, in octets, that is enough for ordinary names and a ticket of 6 KiB. If a ticket
  /// is larger, the step is need_buffer.
  static constexpr std::size_t typical_buffer_size = ap_acceptor<C>::typical_buffer_size + 4096;

  constexpr explicit kpasswd_service(kpasswd_service_params params) : base({}), params_(std::move(params)) {}

  /// Takes a request, without the length that a stream has in front of it.
  [[nodiscard]] constexpr step receive(bytes_view octets, const environment<C>& env) {
    if (const auto no = this->template unless<call::receive>(env)) return *no;
    request_size_ = octets.size();
    const auto frame = read_kpasswd_frame(octets);
    // RFC 3244 section 2: an answer has the AP-REP's tag here, or, with a KRB-ERROR, nothing. Whatever else is no
    // request may be an answer of some other protocol
    if (!frame) return ignore(frame.error());
    if (frame->ap.empty() || frame->ap[0] != der::application(14).octet) {
      return ignore({.code = errc::unexpected_message, .type = "AP-REQ"});
    }
    // The space is divided: the AP exchange's, then that of the opened KRB-PRIV, then that of the answer
    const std::span<std::uint8_t> buffer = params_.ap.buffer;
    const std::size_t rest = frame->message.size() + answer_size();
    const std::span<std::uint8_t> front =
        buffer.size() < rest ? std::span<std::uint8_t>() : buffer.first(buffer.size() - rest);
    acceptor_params ap = params_.ap;
    ap.buffer = front;
    ap.mutual = if_asked;
    ap.binding = binding_rule::ignore;
    ap.replays = replay_rule::ask;
    ap.frame = std::optional<object_identifier>{};
    ap.user_to_user = false;
    ap.anonymous = false;            // such a client has no password
    ap.arrived = transport::stream;  // its refusal is rewritten here
    ap_.emplace(std::move(ap));
    auto first = ap_->receive(frame->ap, env);
    if (const auto* n = std::get_if<need_buffer>(&first)) {
      ap_.reset();
      return need_buffer{n->size + rest};
    }
    if (const auto* f = std::get_if<failed>(&first)) return fail(f->why);
    version_ = frame->version;
    message_ = frame->message;
    opened_ = detail::workspace(buffer.subspan(front.size(), message_.size()));
    workspace_ = detail::workspace(buffer.last(answer_size()));
    if (version_ != kpasswd_frame::change_version && version_ != kpasswd_frame::set_version) {
      return turn_down({.code = errc::wrong_constant, .type = "kpasswd", .field = "protocol version number"},
                       kpasswd_result_t::bad_version, env);
    }
    return taken(std::move(first), env);
  }

  /// Answers change_password with the result. Of `text`, which may be empty and tells the user more, the
  /// client gets what kpasswd_text() returns.
  [[nodiscard]] constexpr step answer(kpasswd_result_t code, kerberos_string text, const environment<C>& env) {
    if (const auto no = this->template unless<call::answer>(env)) return *no;
    if (const errc why = write_answer(code, text, env); why != errc::ok) return fail({.code = why});
    finish();
    return reply{workspace_.message()};
  }

  /// The same for a result as serve() gets it, for example kpasswd_result::of(code, "too short").
  [[nodiscard]] constexpr step answer(const kpasswd_result& r, const environment<C>& env) {
    return answer(r.code, {r.text}, env);
  }

  /// Continues in a larger buffer, after need_buffer. Returns false, and changes nothing, when this
  /// state has no use for one.
  constexpr bool set_buffer(std::span<std::uint8_t> bigger) {
    if (!this->template may<call::set_buffer>()) return false;
    params_.ap.buffer = bigger;
    return true;
  }
  /// As ap_acceptor::key_lookup().
  constexpr std::optional<keys_asked> key_lookup() const { return ap_ ? ap_->key_lookup() : std::nullopt; }

 private:
  template <class, class, class>
  friend class detail::exchange_core;
  template <class, class, class, class>
  friend class detail::acceptor_core;
  using base::fail;
  using base::state_;
  using base::workspace_;

  constexpr ap_acceptor<C>& inner() { return *ap_; }
  /// The size of the space for the longest answer. A KRB-ERROR that does not fit, because names in the request are
  /// very long, is not sent.
  constexpr std::size_t answer_size() const {
    constexpr std::size_t rest = 320;  // lengths, a seal, a number, the result's code, and all headers: less than 250
    const std::size_t address = params_.local ? params_.local->address.size() : 0;
    return detail::ap_rep_bound + max_kpasswd_text + rest + address;
  }

  /// What a step of the AP exchange means here.
  template <class Step>
  constexpr step taken(Step&& s, const environment<C>& env) {
    return match(
        s,
        [&](const need_ticket_key& x) -> step {
          // RFC 3244 section 2. The name is not authenticated, but the key is chosen by it
          if (!same_principal(x.service, kpasswd_service_name(x.service.realm))) {
            return turn_down({.code = errc::wrong_service, .type = "Ticket", .field = "sname"},
                             kpasswd_result_t::autherror, env);
          }
          state_ = state::wants_key;
          return x;
        },
        [&](const check_replay& x) -> step {
          at_ = x.at;
          state_ = state::replay;
          return x;
        },
        [&](const authenticated&) { return read_request(env); },
        [&](const refused& x) -> step {
          const auto e = asn1::decode<msg::KrbError>(x.octets);
          if (!e) return ignore(x.why);
          const bool malformed = is_malformed(x.why.code);
          return turn_down(x.why, malformed ? kpasswd_result_t::malformed : kpasswd_result_t::autherror, *e);
        },
        [&](const failed& x) -> step { return fail(x.why); },
        [&](const auto&) -> step { return fail({.code = errc::api_misuse}); });
  }

  /// Opens the KRB-PRIV of an authenticated client.
  constexpr step read_request(const environment<C>& env) {
    const session_keys<key>& keys = ap_->peer()->keys();
    const auto priv = asn1::decode<msg::KrbPriv>(message_);
    if (!priv) return turn_down(priv.error(), kpasswd_result_t::malformed, env);
    // RFC 3244 section 2: the authenticator has a subkey, which is used only once
    if (!keys.initiator_subkey) {
      return turn_down({.code = errc::missing_field, .type = "Authenticator", .field = "subkey"},
                       kpasswd_result_t::malformed, env);
    }
    const auto plain =
        open_sealed(env.crypto.get(), priv->enc_part, *keys.initiator_subkey, key_usage_t::krb_priv_enc_part, opened_);
    if (!plain) {
      return turn_down({.code = plain.error().code, .type = "KRB-PRIV", .field = "enc-part"},
                       kpasswd_result_t::autherror, env);
    }
    const auto part = asn1::decode<msg::KpasswdEncKrbPrivPart>(bytes_view(*plain));
    if (!part) return turn_down(part.error(), kpasswd_result_t::malformed, env);
    // The addresses are not checked, as MIT krb5's service does not check them: clients may be behind a translator of
    // addresses, and the subkey is only of this request.
    // RFC 3244 section 2: a KRB-ERROR is only for a message that cannot be decoded. From here on the client gets a
    // sealed result
    if (const error e = verify_number(*part, env); !e.ok()) {
      return refuse_sealed(e, kpasswd_result_t::autherror, env);
    }
    return ask(part->user_data, env);
  }
  /// Checks that the KRB-PRIV has the number of the authenticator (RFC 3244 section 2). If neither has one, a time that
  /// is there must be within the clock skew (RFC 4120 section 3.5.2). kpasswd and kinit of MIT krb5 1.20 send
  /// neither a number nor a time. Their message is no older than the authenticator, of which no replay is accepted and
  /// whose subkey sealed it.
  constexpr error verify_number(const msg::KpasswdEncKrbPrivPart& part, const environment<C>& env) const {
    constexpr const char* type = "EncKrbPrivPart";
    if (part.seq_number.value_or(0) != ap_->peer()->keys().initiator_seq.value_or(0)) {
      return {.code = errc::bad_order, .type = type, .field = "seq-number"};
    }
    if (part.seq_number || !part.timestamp)
      return {};  // then usec is the number too, or what MIT krb5 and Heimdal send: nothing
    std::optional<microseconds> usec;
    if (part.usec) usec = microseconds{static_cast<std::int32_t>(*part.usec)};  // out of range: within no skew
    return verify_time(part.timestamp, usec, true, env.now, env.limits.clock_skew, type);
  }
  /// Asks the caller for the change.
  constexpr step ask(bytes_view data, const environment<C>& env) {
    const authenticated_client<key>& client = *ap_->peer();
    change_password wanted{client.client(), client.client(), secret_view(data), true,
                           client.flags().has(ticket_flag_t::initial)};
    const auto m = asn1::decode<msg::ChangePasswdData>(data);
    if (version_ == kpasswd_frame::set_version) {
      if (!m) return refuse_sealed(m.error(), kpasswd_result_t::malformed, env);
      if (m->targrealm && !m->targname) {
        return refuse_sealed({.code = errc::missing_field, .type = "ChangePasswdData", .field = "targname"},
                             kpasswd_result_t::malformed, env);
      }
      wanted.new_password = secret_view(m->newpasswd);
      if (m->targname) {
        wanted.target = {*m->targname, m->targrealm ? kerberos_string{m->targrealm->octets} : client.service().realm};
      }
      wanted.is_own = same_principal(wanted.target, wanted.client);
    } else if (m) {
      // Nothing authenticates the version. An attacker can have changed it, so that the client's own password would
      // become these octets
      return refuse_sealed({.code = errc::wrong_constant, .type = "kpasswd", .field = "protocol version number"},
                           kpasswd_result_t::bad_version, env);
    }
    if (wanted.new_password.empty()) {
      return refuse_sealed({.code = errc::missing_field, .type = "ChangePasswdData", .field = "newpasswd"},
                           kpasswd_result_t::malformed, env);
    }
    // RFC 4120 section 2.1: the flag INITIAL shows that the client's key was used recently. RFC 3244 section 2 lets
    // the server decide. As MIT krb5's does, this one requires it for the client's own password: whoever finds a
    // session unattended does not know the old one
    if (wanted.is_own && !wanted.initial) {
      return refuse_sealed({.code = errc::initial_flag_needed, .type = "EncTicketPart", .field = "flags"},
                           kpasswd_result_t::initial_flag_needed, env);
    }
    state_ = state::asking;
    return wanted;
  }

  // ---- what goes out

  static constexpr kerberos_string text_of(kpasswd_result_t code) {
    switch (code) {
      case kpasswd_result_t::malformed: return "The request is malformed."_krb;
      case kpasswd_result_t::bad_version: return "The version of the request is unknown."_krb;
      case kpasswd_result_t::initial_flag_needed: return "Log in with the old password first."_krb;
      default: return "The request could not be authenticated."_krb;
    }
  }
  static constexpr void write_result(der::writer& w, kpasswd_result_t code, kerberos_string text) {
    const auto n = static_cast<std::uint16_t>(code);
    w.octets(text.octets);
    w.octet(static_cast<std::uint8_t>(n & 0xff));
    w.octet(static_cast<std::uint8_t>(n >> 8));
  }
  /// Writes the answer with an AP-REP and a KRB-PRIV. RFC 3244 section 2: sealed under the subkey of the AP-REQ. The
  /// AP-REP has no subkey, since Heimdal's client would open the KRB-PRIV with that.
  constexpr errc write_answer(kpasswd_result_t code, kerberos_string text, const environment<C>& env) {
    errc why = errc::ok;
    auto data = asn1::computed{[&](der::writer& out) {
      der::wrap(out, der::octet_string, [&] { write_result(out, code, kpasswd_text(text.octets)); });
    }};
    const auto write = [&](der::writer& w) {
      const session_keys<key>& keys = ap_->peer()->keys();
      // While counting there is no number yet; the longest has as many octets as any
      msg::BasicEncKrbPrivPart<decltype(data)> part{
          data, {}, {}, keys.acceptor_seq.value_or(0x3fffffff), detail::sender_address(params_.local, from_acceptor),
          {}};
      auto sealed = asn1::computed{[&](der::writer& out) {
        write_sealed(out, part, *keys.initiator_subkey, key_usage_t::krb_priv_enc_part, env, why);
      }};
      asn1::write(w, msg::BasicKrbPriv<decltype(sealed)>{sealed});
    };
    der::writer counted = der::writer::counting();
    write(counted);
    if (why != errc::ok) return why;
    const std::size_t place = counted.count();
    // The AP-REP is written where it stays, with space for the frame's numbers in front of it
    constexpr std::size_t in_front = kpasswd_frame::header_size - 4;  // and four octets that ap_acceptor leaves
    const std::span<std::uint8_t> space = workspace_.message_space();
    const accept_options options{
        .subkey = false, .unasked_reply = true, .reply = space.subspan(in_front, space.size() - in_front - place)};
    auto first = ap_->accept(options, env);
    if (const auto* f = std::get_if<failed>(&first)) return f->why.code;
    const auto* const rep = std::get_if<reply>(&first);
    if (rep == nullptr) return errc::no_space;
    der::writer w(space.last(place));
    write(w);
    if (why != errc::ok) return why;
    workspace_.message_is(
        detail::frame_kpasswd(space, kpasswd_frame::change_version, rep->octets.size(), place, w.count()));
    return errc::ok;
  }
  /// Refuses an authentic request.
  constexpr step refuse_sealed(const error& why, kpasswd_result_t code, const environment<C>& env) {
    if (const errc e = write_answer(code, text_of(code), env); e != errc::ok) return fail({.code = e});
    finish();
    return refused{workspace_.message(), why};
  }
  /// Refuses with a KRB-ERROR: the one that the AP exchange has made, or one of our own. RFC 3244 section 2: it has
  /// the result as its e-data, and a frame only if the request has version 1. As in ap_acceptor, the answer to a
  /// datagram is not longer than the datagram.
  KERB_COLD constexpr step turn_down(const error& why, kpasswd_result_t code, const environment<C>& env) {
    const principal_view by = params_.ap.service             ? *params_.ap.service
                              : !params_.ap.services.empty() ? *params_.ap.services.begin()
                                                             : kpasswd_service_name({});
    return turn_down(why, code, detail::ap_error(to_krb_error(why), by, env.now, at_));
  }
  KERB_COLD constexpr step turn_down(const error& why, kpasswd_result_t code, msg::KrbError e) {
    std::array<std::uint8_t, 64> result{};
    der::writer data(result);
    write_result(data, code, text_of(code));
    e.e_data = bytes_view(data.written_since(0));
    const std::span<std::uint8_t> space = workspace_.message_space();
    const auto made = asn1::encode(e, space.subspan(kpasswd_frame::header_size));
    std::size_t size = made ? made->size() : 0;
    if (size != 0 && version_ != kpasswd_frame::set_version) {
      size = detail::frame_kpasswd(space, kpasswd_frame::change_version, 0, size, size);
    }
    if (params_.ap.arrived == transport::datagram && size > request_size_) size = 0;
    workspace_.message_is(size);
    finish();
    return refused{workspace_.message(), why};
  }
  constexpr step ignore(const error& why) {
    finish();
    return refused{{}, why};
  }
  /// Nothing that was opened outlives the answer.
  constexpr void finish() {
    ap_.reset();
    opened_.wipe_front();
    state_ = state::over;
  }
  constexpr void forget() {
    ap_.reset();
    opened_.wipe_front();
    workspace_.wipe_message();  // it may be unfinished
  }

  kpasswd_service_params params_;
  std::size_t request_size_ = 0;
  std::uint16_t version_ = 0;
  bytes_view message_;
  std::optional<timestamp> at_;  // the authenticator's time, once it was opened: RFC 4120 section 5.9.1
  std::optional<ap_acceptor<C>> ap_;
  detail::workspace opened_;
};

/// Runs a password service's exchange on one request and returns the octets to transmit; if they are
/// empty, transmit nothing. They are in the exchange's buffer. `now` is that of drive(); a function is
/// called once. `change(const change_password&)` changes the password and returns a
/// kpasswd_result, whose text must be valid until serve() returns.
///
/// Returns an error when the exchange fails, for example without randomness. errc::no_space: the
/// buffer is too small (detail: octets needed), and `grow`, which is described at no_growth, returns
/// no larger one. This is a convenience built on the public steps. A program that cannot block, or
/// logs why a client was refused, writes the same loop itself.
template <crypto_policy C, ticket_keys Keys, replay_cache Store, class Now, class Change, class Grow = no_growth>
[[nodiscard]] constexpr result<bytes_view> serve(kpasswd_service<C>& x, bytes_view request, C& policy, Keys& keys,
                                                 Store& seen, Now&& now, Change&& change,
                                                 const exchange_limits& limits = {}, Grow grow = {}) {
  const environment<C> env{policy, detail::clock_reading(now), limits};
  auto step = detail::with_growth(x, grow, [&] { return x.receive(request, env); });
  for (;;) {
    if (const auto* ask = std::get_if<need_ticket_key>(&step)) {
      const auto* k = keys.find(*ask);
      if (k == nullptr) step = x.no_key(keys.why_none(*ask), env);
      else if constexpr (names_realms<Keys>) step = x.provide(*k, keys.realm_of(*ask), env);
      else step = x.provide(*k, env);
    } else if (const auto* r = std::get_if<check_replay>(&step)) {
      step = x.replay_checked(seen.insert(r->digest, r->forget_after, env.now.at), env);
    } else if (const auto* wanted = std::get_if<change_password>(&step)) {
      const kpasswd_result got = change(*wanted);
      step = x.answer(got, env);
    } else if (const auto* out = std::get_if<reply>(&step)) {
      return out->octets;
    } else if (const auto* no = std::get_if<refused>(&step)) {
      return no->octets;
    } else if (const auto* n = std::get_if<need_buffer>(&step)) {
      return detail::too_small(*n);
    } else {
      return std::get<failed>(step).why;
    }
  }
}

}  // namespace kerb::inline v0
