// Changes or sets a password: the client's side of RFC 3244.
//
// Random octets are drawn in start(): those of ap_initiator, then the confounder of the KRB-PRIV.
#pragma once
#include "../../msg/kpasswd.hpp"
#include "../../msg/priv.hpp"
#include "../addresses.hpp"
#include "ap.hpp"

namespace kerb::inline v0 {

/// Parameters of kpasswd_client. Every view, and the credential, must outlive the exchange.
template <class Key>
struct kpasswd_params {
  /// A ticket for kpasswd_service_name() of the realm whose password is changed. Servers change a
  /// client's own password only with a ticket from the AS exchange (as_params::server), so only if
  /// the client has just proved that it knows the old one.
  ref<const basic_credential<Key>> credential;
  secret_view new_password;        ///< in UTF-8
  std::span<std::uint8_t> buffer;  ///< must outlive the exchange and its product; see typical_buffer_size
  /// Whose password is set; none: the client's own. Requires the set version, with which MIT krb5's
  /// service requires a name, also the client's own.
  std::optional<principal_view> target{};
  /// kpasswd_frame::change_version: a request that every server understands. kpasswd_frame::set_version: the
  /// request of RFC 3244.
  std::uint16_t version = kpasswd_frame::change_version;
  /// The client's address, which a server compares with the request's origin only if the ticket has
  /// addresses, or if it is old. None, or one that may be in no message (may_be_in_message()): the
  /// directional one of RFC 4120 section 7.1.
  std::optional<msg::HostAddress> local{};
  std::optional<msg::HostAddress> peer{};   ///< require that the reply names this address; none: no check
  std::optional<ref<unique_time>> times{};  ///< prevents two authenticators with the same time
};

/// The server did not change the password. Its message is authenticated. Show the user `text` or
/// `policy`. The exchange is over, and refusal() returns this again; with another password, make a new one.
struct password_refused {
  kpasswd_result_t code{};                 ///< never success; any other number can occur
  kerberos_string text;                    ///< from kpasswd_text(); may be empty. Valid as long as the exchange
  std::optional<kpasswd_policy> policy{};  ///< of Active Directory, which then sends no text
  error why;                               ///< errc::password_refused; detail: the code
};

namespace detail {
struct kpasswd_client_table {
  enum class state : std::uint8_t { idle, waiting, over, turned_down, spent, failed };
  enum class call : std::uint8_t { start, receive, set_buffer, take };
  static constexpr state moved_from = state::spent;
  static constexpr transition<call, state> transitions[] = {
      {call::start, state::idle, {state::waiting}},
      {call::receive, state::waiting, {state::over, state::turned_down}},
      {call::set_buffer, state::idle, {state::idle}},
      {call::set_buffer, state::waiting, {state::waiting}},
      {call::take, state::over, {state::spent}},
  };
};
using kpasswd_client_step = std::variant<send, need_buffer, ignored, password_refused, done, failed>;
}  // namespace detail

/// Changes or sets a password. The new password is in the buffer only until it is encrypted. A
/// service answers one request once: it refuses a request that it gets a second time as a replay, even
/// if the first answer was lost. Then it is unknown whether the password was changed: try it.
///
/// An exchange that was moved from refuses every call. receive() does not modify the octets that it
/// is given. Octets in a step are valid until the next call.
template <crypto_policy C>
class [[nodiscard]] kpasswd_client
    : public detail::client_core<kpasswd_client<C>, detail::kpasswd_client_step, detail::kpasswd_client_table> {
  using base = detail::client_core<kpasswd_client, detail::kpasswd_client_step, detail::kpasswd_client_table>;
  using typename base::call;
  using typename base::state;

 public:
  using key = typename C::key;
  using product = kpasswd_result;
  using typename base::step;
  /// A buffer size, in octets, that is enough for ordinary names and a ticket of 6 KiB. A user in many groups can
  /// have a ticket of 64 KiB: then the step is need_buffer, or the request does not fit in its
  /// frame, which has at most 65535 octets (errc::input_too_large).
  static constexpr std::size_t typical_buffer_size = 8192;

  constexpr explicit kpasswd_client(kpasswd_params<key> params) : base(params.buffer), params_(std::move(params)) {}

  /// Makes the request. `send` says to transmit it to the kpasswd service of the realm: port 464.
  [[nodiscard]] constexpr step start(const environment<C>& env) {
    if (const auto no = this->template unless<call::start>(env)) return *no;
    if (const error e = check(); !e.ok()) return fail(e);
    errc why = errc::ok;
    const std::size_t priv = [&] {
      der::writer counted = der::writer::counting();
      write_priv(counted, credential().session_key(), longest_seq, env, why);  // the subkey has the same type
      return counted.count();
    }();
    if (why != errc::ok) return fail({.code = why});
    // The AP-REQ is written where it stays, with space for the frame's numbers in front of it
    const std::span<std::uint8_t> space = workspace_.message_space();
    const std::size_t around = in_front + priv;
    initiator_params<key> ap{
        .credential = params_.credential,
        .buffer = space.size() < around ? std::span<std::uint8_t>() : space.subspan(in_front, space.size() - around),
        .times = params_.times};
    // RFC 3244 section 2: the authenticator has a subkey and a sequence number
    ap_initiator<C> initiator(std::move(ap));
    auto first = initiator.start(env);
    if (const auto* n = std::get_if<need_buffer>(&first))
      return need_buffer{workspace_.size_for_message(n->size + around)};
    if (const auto* f = std::get_if<failed>(&first)) return fail(f->why);
    const std::size_t req = std::get<send>(first).octets.size();
    if (kpasswd_frame::header_size + req + priv > 0xffff)
      return fail({.code = errc::input_too_large, .type = "kpasswd"});
    if (!initiator.finish(env.crypto.get(), {}, {})) return fail(initiator.why_);
    sent_at_ = initiator.sent_at();
    auto keys = std::move(initiator).take();
    if (!keys) return fail(keys.error());
    subkey_ = std::move(keys->initiator_subkey);
    der::writer w(space.last(priv));
    write_priv(w, *subkey_, *keys->initiator_seq, env, why);
    if (why != errc::ok) return fail({.code = why});
    priv_size_ = w.count();  // less than counted if the number is short
    workspace_.message_is(detail::frame_kpasswd(space, params_.version, req, priv, priv_size_));
    state_ = state::waiting;
    return send{workspace_.message(), credential().server().realm, destination::kpasswd};
  }

  /// Processes what arrived: a reply, a KRB-ERROR with or without a frame, or, in a datagram, any
  /// octets. Without `arrived` it counts as a datagram. A KRB-ERROR is not authenticated; it fails the exchange with
  /// errc::peer_error (detail: its error code), and peer_result() returns the result that it contains.
  [[nodiscard]] constexpr step receive(bytes_view octets, const environment<C>& env,
                                       std::optional<transport> arrived = {}) {
    if (const auto no = this->unless_received(env, arrived, transport::datagram)) return *no;
    // RFC 3244 section 2: the KRB-ERROR has no frame; Active Directory's has none for version 1 either. Its tag would
    // be a length of 32256 or more
    if (base::is_error(octets)) return on_error(octets);
    const auto frame = read_kpasswd_frame(octets);
    if (!frame) return disregard(frame.error());
    // RFC 3244 section 2: a reply has version 1. No server is known to answer with that of the request; it is read, as
    // by MIT krb5's client, because both versions have the same form of reply
    if (frame->version != kpasswd_frame::change_version && frame->version != kpasswd_frame::set_version) {
      return disregard({.code = errc::wrong_constant, .type = "kpasswd", .field = "protocol version number"});
    }
    if (frame->ap.empty()) return on_error(frame->message);
    const auto rep = asn1::decode<msg::ApRep>(frame->ap);
    if (!rep) return disregard(rep.error());
    const auto priv = asn1::decode<msg::KrbPriv>(frame->message);
    if (!priv) return disregard(priv.error());
    const std::size_t n = rep->enc_part.cipher.size() + priv->enc_part.cipher.size();
    if (workspace_.free() < n) return need_buffer{workspace_.size_with(n)};
    if (is_own(*priv)) return disregard({.code = errc::reflected_token, .type = "KRB-PRIV", .field = "enc-part"});
    // RFC 3244 section 2: sealed under the subkey of the AP-REQ, also if the AP-REP has another one, as that of MIT
    // krb5 does. The subkey is of this exchange only, so a reply of another exchange does not open
    const std::size_t kept = workspace_.kept().size();
    const auto data = opened(priv->enc_part, *subkey_, key_usage_t::krb_priv_enc_part, env);
    if (!data) return disregard_opened({.code = data.error().code, .type = "KRB-PRIV", .field = "enc-part"}, kept);
    const auto plain = opened(rep->enc_part, credential().session_key(), key_usage_t::ap_rep_enc_part, env);
    if (!plain) return disregard_opened({.code = plain.error().code, .type = "AP-REP", .field = "enc-part"}, kept);
    const auto facts = detail::read_ap_rep(env.crypto.get(), *plain, sent_at_);
    if (!facts) {
      // The AP-REP of another exchange, which anyone can have put in front of this KRB-PRIV
      if (facts.error().code != errc::time_mismatch) return fail(facts.error());
      return disregard_opened(facts.error(), kept);
    }
    const auto part = asn1::decode<msg::KpasswdEncKrbPrivPart>(bytes_view(*data));
    if (!part) return fail(part.error());
    // MIT krb5 omits a number of zero. A time in the message is not checked: the subkey and the AP-REP show that the
    // message is new, and RFC 3244 section 2 has the number in the field `usec`
    if (part->seq_number.value_or(0) != facts->seq_number.value_or(0)) {
      return fail({.code = errc::bad_order, .type = "EncKrbPrivPart", .field = "seq-number"});
    }
    if (params_.peer && !same_address(part->s_address, *params_.peer)) {
      return fail({.code = errc::address_mismatch, .type = "EncKrbPrivPart", .field = "s-address"});
    }
    const auto found = read_kpasswd_result(part->user_data);
    if (!found) return fail(found.error());
    subkey_.reset();
    result_ = *found;
    if (found->code == kpasswd_result_t::success) {
      state_ = state::over;
      return done{};
    }
    state_ = state::turned_down;
    return *refusal();
  }

  /// Why the server did not change the password: the step password_refused, for a caller of drive(), which
  /// returns only its error. None in every other case. Its text is valid as long as the exchange.
  constexpr std::optional<password_refused> refusal() const& KERB_LIFETIMEBOUND {
    if (state_ != state::turned_down) return std::nullopt;
    return password_refused{result_.code,
                            kpasswd_text(result_.text),
                            read_kpasswd_policy(result_.text),
                            {.code = errc::password_refused, .detail = static_cast<std::uint32_t>(result_.code)}};
  }
  void refusal() const&& = delete;
  /// The result in the e-data of the KRB-ERROR that peer_error() returns, and as unauthenticated. None
  /// if there is no result, or if it claims success, which no KRB-ERROR may do (RFC 3244 section 2).
  constexpr std::optional<kpasswd_result> peer_result() const {
    if (!this->peer_error_ || !this->peer_error_->e_data) return std::nullopt;
    const auto r = read_kpasswd_result(*this->peer_error_->e_data);
    if (!r || r->code == kpasswd_result_t::success) return std::nullopt;
    return *r;
  }

  /// Returns the server's result, once: after `done`. Its text is valid as long as the exchange.
  [[nodiscard]] constexpr result<product> take() && {
    if (!this->template may<call::take>()) return errc::api_misuse;
    state_ = state::spent;
    return result_;
  }

 private:
  template <class, class, class>
  friend class detail::exchange_core;
  using base::disregard;
  using base::disregard_opened;
  using base::fail;
  using base::state_;
  using base::workspace_;
  static constexpr std::uint32_t longest_seq = 0x3fffffff;  // as in ap_initiator
  /// The frame's numbers, without the four octets that ap_initiator leaves in front of its message.
  static constexpr std::size_t in_front = kpasswd_frame::header_size - 4;

  constexpr const basic_credential<key>& credential() const { return params_.credential.get(); }

  constexpr error check() const {
    const auto fault = [](errc c, const char* field) {
      return error{.code = c, .type = "kpasswd_params", .field = field};
    };
    const principal_view& server = credential().server();
    if (!same_principal(server, kpasswd_service_name(server.realm))) return fault(errc::api_misuse, "credential");
    const bool sets = params_.version == kpasswd_frame::set_version;
    if (!sets && params_.version != kpasswd_frame::change_version) return fault(errc::api_misuse, "version");
    if (params_.target && !sets) return fault(errc::api_misuse, "target");
    if (params_.new_password.empty()) return fault(errc::missing_parameter, "new_password");
    return {};
  }

  constexpr void write_priv(der::writer& w, const key& k, std::uint32_t seq, const environment<C>& env, errc& why) {
    auto data = asn1::computed{[&](der::writer& out) {
      der::wrap(out, der::octet_string, [&] {
        const bytes_view password = params_.new_password.unguarded();
        if (params_.version == kpasswd_frame::change_version) return out.octets(password);
        msg::ChangePasswdData m{password, {}, {}, {}};
        if (params_.target) m.targname = params_.target->name;
        if (params_.target) m.targrealm = params_.target->realm;
        asn1::write(out, m);
      });
    }};
    // RFC 3244 section 2 has the number in `usec` too. That departs from RFC 4120 section 5.2.4, where the
    // largest usec is 999999. The clients of MIT krb5 and Heimdal send none, and servers do not require it
    msg::BasicEncKrbPrivPart<decltype(data)> part{
        data, {}, {}, seq, detail::sender_address(params_.local, from_initiator), {}};
    auto sealed =
        asn1::computed{[&](der::writer& out) { write_sealed(out, part, k, key_usage_t::krb_priv_enc_part, env, why); }};
    asn1::write(w, msg::BasicKrbPriv<decltype(sealed)>{sealed});
  }

  /// Whether this is the KRB-PRIV of the request.
  constexpr bool is_own(const msg::KrbPriv& priv) const {
    const auto own = asn1::decode<msg::KrbPriv>(workspace_.message().last(priv_size_));
    return own && own->enc_part.cipher == priv.enc_part.cipher;
  }
  /// Opens what the buffer has space for, and keeps it.
  constexpr result<std::span<std::uint8_t>> opened(const msg::EncryptedData& sealed, const key& k, key_usage_t usage,
                                                   const environment<C>& env) {
    return open_sealed(env.crypto.get(), sealed, k, usage, workspace_);
  }
  constexpr step on_error(bytes_view octets) {
    const auto e = asn1::decode<msg::KrbError>(octets);
    if (!e) return disregard(e.error());
    this->peer_error_ = *e;
    return fail({.code = errc::peer_error,
                 .detail = static_cast<std::uint32_t>(e->error_code),
                 .type = "KRB-ERROR",
                 .field = "error-code"});
  }
  constexpr void forget() {
    subkey_.reset();
    workspace_.wipe_message();  // it may be unfinished, and contain the password
    workspace_.wipe_front();
  }

  kpasswd_params<key> params_;
  timestamp sent_at_;
  std::size_t priv_size_ = 0;
  std::optional<key> subkey_;
  kpasswd_result result_{};
};

}  // namespace kerb::inline v0
