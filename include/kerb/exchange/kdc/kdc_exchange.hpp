// The common part of the AS and TGS exchanges: the state, issuing a ticket, and refusals.
#pragma once
#include <tuple>

#include "../../store/request_cache.hpp"
#include "../exchange_core.hpp"
#include "kdc_rep.hpp"

namespace kerb::inline v0::detail {

struct kdc_table {
  enum class state : std::uint8_t { idle, wants_principal, wants_check, wants_decision, wants_signature, over, failed };
  /// `found` is also refer_to, absent and unavailable.
  enum class call : std::uint8_t {
    receive,
    found,
    request_checked,
    issue,
    refuse,
    signed_ticket,
    frame_too_long,
    set_buffer
  };
  static constexpr state moved_from = state::over;
  static constexpr transition<call, state> transitions[] = {
      {call::receive, state::idle, {state::wants_principal, state::over}},
      {call::frame_too_long, state::idle, {state::over}},
      // wants_check: only in a TGS exchange, if the policy has check_requests
      {call::found,
       state::wants_principal,
       {state::wants_principal, state::wants_check, state::wants_decision, state::over}},
      {call::request_checked, state::wants_check, {state::wants_principal, state::over}},
      {call::issue, state::wants_decision, {state::wants_signature, state::over}},
      {call::refuse, state::wants_decision, {state::over}},
      {call::signed_ticket, state::wants_signature, {state::over}},
      {call::set_buffer, state::idle, {state::idle}},
      {call::set_buffer, state::wants_principal, {state::wants_principal}},
      {call::set_buffer, state::wants_check, {state::wants_check}},
      {call::set_buffer, state::wants_decision, {state::wants_decision}},
  };
};

/// Members and calls of both KDC exchanges. An exchange that was moved from is over. receive() does
/// not modify the octets that it is given; they and all records must remain valid until the
/// exchange is over. Octets in a step are valid until the next call.
template <crypto_policy C>
class kdc_exchange : public exchange_core<kdc_exchange<C>, kdc_step, kdc_table> {
  using core = exchange_core<kdc_exchange, kdc_step, kdc_table>;

 public:
  using key = typename C::key;
  using record = principal_record<C>;
  using typename core::step;
  /// A buffer size, in octets, that is enough for ordinary names and tickets of 3 KiB. A TGS-REQ
  /// needs space for its ticket, opened and resealed, three times.
  static constexpr std::size_t typical_buffer_size = 16384;

  /// The draft of the ticket, from `authorize` on; after `reply` it is what was issued.
  constexpr const ticket_draft& draft() const& KERB_LIFETIMEBOUND { return draft_; }
  void draft() const&& = delete;
  /// The server's record, from `authorize` on.
  constexpr const record& server() const& KERB_LIFETIMEBOUND { return server_; }
  void server() const&& = delete;
  /// Whether a ticket was issued.
  constexpr bool issued() const { return issued_; }
  /// See kdc::frame_too_long.
  [[nodiscard]] constexpr step frame_too_long(const environment<C>& env) {
    if (const auto no = this->template unless<call::frame_too_long>(env)) return *no;
    return turn_down(no({.code = errc::frame_too_long}), env);
  }
  /// Always misuse in an AS exchange, which has no check_request step.
  [[nodiscard]] constexpr step request_checked(request_verdict, const environment<C>& env) {
    if (const auto no = this->template unless<call::request_checked>(env)) return *no;
    return this->fail({.code = errc::api_misuse});
  }

 protected:
  using drawn_env = environment<drawn_policy<C>>;
  using core::fail;
  using core::state_;
  using core::workspace_;
  using typename core::call;
  using typename core::state;

  constexpr kdc_exchange(const kdc_policy& settings, std::span<std::uint8_t> buffer, const kdc_peer& peer)
      : core(buffer), policy_(settings), peer_(peer) {}

  static constexpr bool allowed(view_of<etype_t> by_policy, const C& crypto, etype_t e) {
    return detail::allowed(by_policy, crypto, e);
  }

  // ---- issuing. `r` writes the reply around the given part with write_reply(), and has reply_etype() and
  // padata_bound().

  /// Checks that the reply fits, draws the session key and writes the reply, or stops if the ticket
  /// is to be signed. `carried` is the authorization data that the ticket inherits, or null.
  template <class Reply>
  constexpr step begin_issue(const Reply& r, const issue_options& o, const environment<C>& env,
                             const carried_authdata* carried = nullptr) {
    const auto as_it_was = std::tuple(draft_.endtime, draft_.renew_till, draft_.flags);
    restrict_draft(draft_, o);
    if (draft_.endtime <= draft_.starttime) { return turn_down(no(errc::never_valid, "KDC-REQ-BODY"), env); }
    const std::array<std::uint8_t, max_key_octets> placeholder{};
    const bytes_view any_key = bytes_view(placeholder).first(env.crypto->key_octets(draft_.session_etype));
    const auto part_with = [&](bytes_view session_key, std::span<std::uint8_t>* reserved = nullptr) {
      return asn1::computed{[&d = std::as_const(draft_), session_key, carried, &o, reserved](der::writer& w) {
        write_ticket_part(w, d, session_key, carried, o, reserved);
      }};
    };
    const auto measured = part_with(any_key);
    const std::size_t part_size = o.reserved_octets == 0 ? 0 : asn1::encoded_size(measured);
    drawn_octets octets;
    drawn_policy<C> drawn_crypto(env.crypto.get(), octets);
    const environment drawn = env.with(drawn_crypto);
    errc why = errc::ok;
    // The part that is to be signed is in the exchange's buffer, with the reply, or with a refusal
    // if the reply is in a buffer of the caller
    reply_buffer_ = o.reply;
    const std::size_t beside = reply_buffer_.empty() ? part_size : 0;
    std::size_t lacking = reply_buffer_.empty() ? 0 : lacking_for_refusal(part_size);
    const bool for_reply = lacking == 0 && !reply_buffer_.empty();
    if (lacking == 0) {
      lacking = workspace_.lacking(
          beside + reply_bound(draft_, carried, o) + r.padata_bound(),
          [&] {
            der::writer counted = der::writer::counting();
            r.write_reply(counted, measured, any_key, drawn, why);
            return counted.count() + beside;
          },
          reply_buffer_);
    }
    if (why != errc::ok) return fail({.code = why});
    if (lacking != 0) {
      std::tie(draft_.endtime, draft_.renew_till, draft_.flags) = as_it_was;
      return need_buffer{lacking, for_reply};
    }
    std::size_t wanted = env.crypto->seed_octets(draft_.session_etype);
    if (part_size == 0) wanted += confounders(r, env.crypto.get());
    if (!octets.draw(env.crypto.get(), wanted)) return fail({.code = errc::entropy});
    auto k = draw_key(draft_.session_etype, drawn);
    if (!k) return fail(k.error());
    session_key_.emplace(std::move(*k));
    const bytes_view session_key = env.crypto->expose(*session_key_).unguarded();
    if (part_size == 0) return write_and_end(r, part_with(session_key), drawn, env);
    workspace_.forget_message();  // its space may be needed
    const std::span<std::uint8_t> at = workspace_.borrow(part_size);
    workspace_.keep(part_size);
    std::span<std::uint8_t> reserved;
    der::writer w(at);
    asn1::write(w, part_with(session_key, &reserved));
    part_octets_ = part_size;
    state_ = state::wants_signature;
    return sign_ticket{bytes_view(at), reserved};
  }
  template <class Reply>
  constexpr step finish_issue(const Reply& r, const environment<C>& env) {
    drawn_octets octets;
    if (!octets.draw(env.crypto.get(), confounders(r, env.crypto.get()))) return fail({.code = errc::entropy});
    drawn_policy<C> drawn_crypto(env.crypto.get(), octets);
    const bytes_view part = workspace_.kept().last(part_octets_);
    const step s = write_and_end(r, captured<msg::EncTicketPart>::as_sent(part), env.with(drawn_crypto), env);
    if (issued_)
      secure_zero(workspace_.kept_for_writing().last(part_octets_));  // a session key; a refusal wiped everything
    return s;
  }
  /// The number of octets of the reply's and the ticket's confounder.
  template <class Reply>
  constexpr std::size_t confounders(const Reply& r, const C& crypto) const {
    return confounder_octets(crypto, r.reply_etype(crypto)) + confounder_octets(crypto, draft_.ticket_etype);
  }
  template <class Reply, class TicketPart>
  constexpr step write_and_end(const Reply& r, const TicketPart& part, const drawn_env& drawn,
                               const environment<C>& env) {
    const errc why = this->write_message(
        [&](der::writer& w, errc& e) {
          r.write_reply(w, part, env.crypto->expose(*session_key_).unguarded(), drawn, e);
        },
        reply_buffer_);
    session_key_.reset();
    if (why != errc::ok) return fail({.code = why});
    // RFC 4120 section 7.2.1: the client then asks again over a stream
    if (const std::size_t octets = workspace_.message().size(); is_too_long(octets)) {
      workspace_.wipe_message();
      return turn_down(no({.code = errc::reply_too_long, .detail = static_cast<std::uint32_t>(octets)}), env);
    }
    issued_ = true;
    state_ = state::over;
    return reply{workspace_.message()};
  }
  /// The key that seals the ticket.
  constexpr sealing_key<C> ticket_sealer() const {
    // RFC 4120 section 3.3.3: user-to-user, under the session key of the second ticket
    if (user_key_) return {key_usage_t::ticket, *user_key_};
    return sealing_with(*ticket_key_, key_usage_t::ticket);
  }

  // ---- refusals

  /// The last choices before the caller's: the session key's encryption type, and the key that
  /// seals the ticket.
  constexpr step choose_keys(const msg::KdcReqBody& body, const environment<C>& env) {
    const auto k = detail::choose_keys(draft_, env.crypto.get(), body, server_, policy_, nullptr);
    return k ? authorize_with(*k) : turn_down(k.refusal(), env);
  }
  /// The draft is complete: the caller decides.
  constexpr step authorize_with(const long_term_key<C>* ticket_key) {
    ticket_key_ = ticket_key;
    state_ = state::wants_decision;
    return authorize{};
  }
  /// Answers a request that does not decode. RFC 4120 section 7.5.9 has an error for a wrong
  /// version, and section 5.1.4 one for a wrong type. Another Kerberos message is answered only on a
  /// stream. A KRB-ERROR is never answered, since two KDCs could answer each other forever. Octets
  /// with any other fault do not come from a client, and get no answer.
  ///
  /// The sender of a datagram can forge its address, so an error longer than the request would
  /// amplify attacks on a victim. In that case there is no answer. A real client's request contains
  /// names, times and types, and is longer than the error.
  constexpr step undecodable(const error& e, bytes_view octets, der::tag own, const environment<C>& env) {
    if (!octets.empty() && octets[0] != own.octet && is_other_message(octets[0]) &&
        peer_.arrived == transport::stream) {
      return turn_down(no(errc::unexpected_message, "KDC-REQ"), env);
    }
    const std::string_view field = e.code == errc::wrong_constant ? std::string_view(e.field) : std::string_view();
    if (field != "pvno" && field != "msg-type") return drop(e);
    const step s =
        turn_down({e, field == "pvno" ? error_code_t::kdc_err_bad_pvno : error_code_t::krb_ap_err_msg_type}, env);
    return peer_.arrived == transport::datagram && workspace_.message().size() > octets.size() ? drop(e) : s;
  }

  /// Whether an octet is the tag of a Kerberos message other than a KRB-ERROR: constructed, of class
  /// APPLICATION.
  static constexpr bool is_other_message(std::uint8_t octet) {
    return (octet & 0xe0) == 0x60 && octet != der::application(30).octet;
  }

  constexpr void write_refusal(der::writer& w, error_code_t code, timestamp now, std::optional<bytes_view> e_data,
                               std::optional<kerberos_string> crealm) const {
    const kerberos_string tgs[] = {"krbtgt"_krb, policy_.realm};
    std::array<std::uint8_t, 64> letters{};
    const std::string_view words = e_text(code).substr(0, letters.size());
    for (std::size_t i = 0; i != words.size(); ++i) letters[i] = static_cast<std::uint8_t>(words[i]);
    msg::KrbError e;
    e.stime = now.at;
    e.susec = now.usec;
    e.error_code = code;
    e.realm = policy_.realm;
    e.sname = requested_server_.name.name_string.empty()
                  ? msg::PrincipalName{name_t::srv_inst, view_of<kerberos_string>(tgs)}
                  : requested_server_.name;
    if (client_time_) {
      e.ctime = client_time_->at;
      e.cusec = client_time_->usec;
    }
    if (names_client_) {
      e.crealm = client_.realm;
      e.cname = client_.name;
    }
    if (crealm) e.crealm = crealm;
    if (!words.empty()) e.e_text = kerberos_string{bytes_view(letters).first(words.size())};
    e.e_data = e_data;
    asn1::write(w, e);
  }
  /// The octets of the longest refusal with that many octets of e-data and a realm of that many
  /// octets.
  constexpr std::size_t refusal_size(std::size_t e_data = 0, std::size_t realm = 0) const {
    constexpr std::size_t headers = 16;
    der::writer counted = der::writer::counting();
    write_refusal(counted, error_code_t::kdc_err_digest_in_signed_data_not_accepted, {latest_time, {999999}},
                  bytes_view(), kerberos_string{});
    return counted.count() + e_data + realm + (names_client_ ? client_.realm.octets.size() : 0) + headers;
  }
  /// An upper bound for refusal_size(), without counting all of it.
  constexpr std::size_t refusal_bound(std::size_t e_data = 0, std::size_t realm = 0) const {
    return error_bound + e_data + realm + asn1::encoded_size(requested_server_.name) +
           asn1::encoded_size(client_.name) + 2 * (client_.realm.octets.size() + policy_.realm.octets.size());
  }
  /// The size that the buffer must have for such a refusal and `besides` more octets; 0 when it
  /// already has that size.
  constexpr std::size_t lacking_for_refusal(std::size_t besides, std::size_t e_data = 0, std::size_t realm = 0) const {
    return workspace_.lacking(besides + refusal_bound(e_data, realm),
                              [&] { return besides + refusal_size(e_data, realm); });
  }
  KERB_COLD constexpr step turn_down(const verdict& v, const environment<C>& env, std::optional<bytes_view> e_data = {},
                                     std::optional<kerberos_string> crealm = {}) {
    const auto write = [&](error_code_t code, std::optional<bytes_view> data, std::optional<kerberos_string> realm) {
      der::writer w(workspace_.message_space());
      write_refusal(w, code, env.now, data, realm);
      workspace_.message_is(w.ok() ? w.count() : 0);
      return !is_too_long(w.count());
    };
    // RFC 4120 section 7.2.1. A refusal repeats names of the request, so the names are left out
    // where the short refusal would be too long as well
    constexpr error_code_t too_long = error_code_t::krb_err_response_too_big;
    if (!write(v.code, e_data, crealm) && !write(too_long, {}, {})) {
      names_client_ = false;
      requested_server_ = {};
      (void)write(too_long, {}, {});
    }
    end();
    return refused{workspace_.message(), v.why};
  }
  /// Whether an answer of so many octets is longer than the peer's transport can carry. The sender
  /// of a datagram can forge its address, so the limit also bounds what a victim gets.
  constexpr bool is_too_long(std::size_t octets) const {
    return peer_.arrived == transport::datagram && octets > peer_.largest_datagram;
  }
  /// Ends the exchange without an answer.
  KERB_COLD constexpr step drop(const error& why) {
    workspace_.message_is(0);
    end();
    return refused{{}, why};
  }
  constexpr void end() {
    wipe_keys();
    workspace_.wipe_front();
    state_ = state::over;
  }
  kdc_policy policy_;
  kdc_peer peer_;
  bool issued_ = false;
  bool names_client_ = false;
  principal_view client_;                 // for refusals: as in the AS-REQ, or in the opened ticket of a TGS-REQ
  std::optional<timestamp> client_time_;  // for refusals: of the authenticator that was opened
  principal_view requested_server_;       // the server, as in the request
  record server_{};
  const long_term_key<C>* ticket_key_ = nullptr;
  std::optional<key> user_key_;
  std::optional<key> session_key_;
  ticket_draft draft_;
  void (*wipe_more_)(kdc_exchange&) = nullptr;  // wipes the keys of the derived exchange
  std::size_t part_octets_ = 0;                 // size of the part that is being signed, the last one kept
  std::span<std::uint8_t> reply_buffer_;        // of the caller; empty: the exchange's own

 private:
  friend core;
  constexpr void wipe_keys() {
    session_key_.reset();
    user_key_.reset();
    if (wipe_more_ != nullptr) wipe_more_(*this);
  }
  constexpr void forget() {
    wipe_keys();
    workspace_.forget_message();
    workspace_.wipe_message();
    workspace_.wipe_front();
  }
};

}  // namespace kerb::inline v0::detail
