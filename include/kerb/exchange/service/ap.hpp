// The service's side of the AP exchange, RFC 4120 section 3.2.
//
// Random octets are drawn at once, in accept(), and used in this order: the subkey's seed, the
// sequence number (4), the AP-REP's confounder.
#pragma once
#include "../../store/replay_cache.hpp"
#include "../exchange_core.hpp"
#include "../sealed.hpp"
#include "ap_answer.hpp"
#include "authenticated.hpp"
#include "keys.hpp"
#include "opened_request.hpp"

namespace kerb::inline v0 {

namespace detail {
inline constexpr std::uint32_t longest_seq = 0x3fffffff;  // as in ap_initiator
/// The acceptor's first sequence number, from one that was drawn. With RC4 it is far from the client's:
/// GSS-API encrypts two messages with the same number alike, whichever side they come from (RFC 4757
/// section 7.3).
constexpr std::uint32_t first_number(etype_t session, std::uint32_t drawn, std::uint32_t clients) {
  if (session != etype_t::rc4_hmac && session != etype_t::rc4_hmac_exp) return drawn & longest_seq;
  constexpr std::uint32_t least_apart = (longest_seq + 1) / 4;
  return (clients + least_apart + drawn % (2 * least_apart)) & longest_seq;
}

struct ap_acceptor_table {
  /// `proven`: all checks are done and the caller decides; `over`: the client was refused.
  enum class state : std::uint8_t { idle, wants_key, replay, proven, done, over, spent, failed };
  enum class call : std::uint8_t { receive, provide, no_key, replay_checked, accept, refuse, set_buffer, take };
  static constexpr state moved_from = state::spent;
  static constexpr transition<call, state> transitions[] = {
      {call::receive, state::idle, {state::wants_key, state::over}},
      // replay: if the parameters have replay_rule::ask; otherwise proven
      {call::provide, state::wants_key, {state::wants_key, state::replay, state::proven, state::over}},
      {call::no_key, state::wants_key, {state::over}},
      {call::replay_checked, state::replay, {state::proven, state::over}},
      {call::accept, state::proven, {state::done}},
      {call::refuse, state::proven, {state::over}},
      {call::set_buffer, state::idle, {state::idle}},  // later there are views of the buffer
      {call::take, state::done, {state::spent}},
  };
};
using ap_acceptor_step =
    std::variant<need_ticket_key, need_buffer, check_replay, authenticated, reply, refused, done, failed>;
}  // namespace detail

/// Opens an AP-REQ with the service's key, checks all of it, and answers. An acceptor that was
/// moved from refuses every call. receive() does not modify the octets that it is given; they must
/// remain valid until the exchange is over. Octets in a step are valid until the next call.
template <crypto_policy C>
class [[nodiscard]] ap_acceptor
    : public detail::exchange_core<ap_acceptor<C>, detail::ap_acceptor_step, detail::ap_acceptor_table> {
  using base = detail::exchange_core<ap_acceptor, detail::ap_acceptor_step, detail::ap_acceptor_table>;
  using typename base::call;
  using typename base::state;

 public:
  using key = typename C::key;
  using product = authenticated_client<key>;
  using typename base::step;
  /// A buffer size, in octets, that is enough for ordinary names and a ticket of 6 KiB. A user in many groups can
  /// have a ticket of 64 KiB: then the step is need_buffer.
  static constexpr std::size_t typical_buffer_size = 8192;

  constexpr explicit ap_acceptor(acceptor_params params) : base(params.buffer), request_(std::move(params)) {}

  /// Takes the AP-REQ, without a length prefix.
  [[nodiscard]] constexpr step receive(bytes_view octets, const environment<C>& env) {
    if (const auto no = this->template unless<call::receive>(env)) return *no;
    if (request_.binding == binding_rule::require && !request_.bindings) {
      return fail({.code = errc::missing_parameter, .type = "acceptor_params", .field = "bindings"});
    }
    request_size_ = octets.size();
    const auto req = asn1::decode<msg::ApReq>(octets);
    if (req) {
      // Everything that later calls write is measured now, so that none of them lacks buffer space
      const principal_view by = named(*req);
      const std::size_t n = workspace_.lacking(octets.size() + detail::ap_answer_bound(by) + frame_octets(), [&] {
        const std::size_t opened = req->ticket->enc_part.cipher.size() + req->authenticator.cipher.size();
        const std::size_t kept = detail::sname_octets(req->ticket).size() + req->ticket->realm.octets.size();
        return opened + kept + detail::ap_answer_size(by) + frame_octets();
      });
      if (n != 0) return need_buffer{n};
      req_ = *req;
      received_ = true;
    } else if (const std::size_t n = workspace_.size_for_message(detail::ap_answer_size(named({})) + frame_octets());
               workspace_.size() < n) {
      return need_buffer{n};
    } else if (!octets.empty() &&
               (octets[0] == der::application(30).octet || octets[0] == der::application(15).octet)) {
      // This is an answer; answering it could cause an endless loop
      state_ = state::over;
      return refused{{}, {.code = errc::unexpected_message, .type = "AP-REQ"}};
    } else if (octets.empty() || octets[0] != der::application(14).octet) {
      // RFC 4120 section 3.2.3: any other message type
      return turn_down({.code = errc::unexpected_message, .type = "AP-REQ"}, env);
    } else {
      return turn_down(req.error(), env);
    }
    if (user_to_user() && !request_.user_to_user) {
      return turn_down({.code = errc::session_key_ticket, .type = "AP-REQ", .field = "ap-options"}, env);
    }
    if (!is_ours(service())) {
      return turn_down({.code = errc::wrong_service, .type = "Ticket", .field = "sname"}, env);
    }
    state_ = state::wants_key;
    return wanted();
  }

  /// Answers need_ticket_key with a key of the service, which is tried on the ticket: a key, a
  /// prepared key, or anything else that the policy can seal with. `realm` is the realm of the
  /// principal that the key belongs to. Clients of that realm are local, and the paths of others
  /// are checked up to that realm (RFC 4120 section 2.7).
  template <class K>
    requires seals_with<C, K>
  [[nodiscard]] constexpr step provide(const K& k, kerberos_string realm, const environment<C>& env) {
    return open(k, realm, env);
  }
  /// The same for a key of the realm that `service` and `services` name. If they name none or
  /// several, no client counts as local.
  template <class K>
    requires seals_with<C, K>
  [[nodiscard]] constexpr step provide(const K& k, const environment<C>& env) {
    return open(k, detail::own_realm(request_), env);
  }
  /// Answers need_ticket_key without a key. There is no such key (errc::no_key), none of this
  /// version (errc::bad_key_version), or no further one: then the keys that were tried did not open
  /// the ticket. key_lookup() returns `none` later.
  [[nodiscard]] constexpr step no_key(const no_ticket_key& none, const environment<C>& env) {
    if (const auto no = this->template unless<call::no_key>(env)) return *no;
    had_ = none;
    if (tried_ != 0) { return turn_down({.code = errc::integrity, .type = "Ticket", .field = "enc-part"}, env); }
    if (user_to_user()) {
      return turn_down({.code = errc::session_key_ticket, .type = "Ticket", .field = "enc-part"}, env);
    }
    if (none.why != errc::bad_key_version) {
      error e{.code = errc::no_key, .type = "Ticket", .field = "sname"};
      if (none.total != 0) e.detail = static_cast<std::uint32_t>(req_.ticket->enc_part.etype), e.field = "enc-part";
      return turn_down(e, env);
    }
    return turn_down({.code = errc::bad_key_version,
                      .detail = req_.ticket->enc_part.kvno.value_or(0),
                      .type = "Ticket",
                      .field = "enc-part"},
                     env);
  }

  /// Answers check_replay: whether the authenticator was seen before. `fresh` means that it was
  /// not, and that the replay cache now has it. A caller that cannot tell must pass `unknown`
  /// (RFC 4120 section 3.2.3); the client is then refused.
  [[nodiscard]] constexpr step replay_checked(replay_verdict v, const environment<C>& env) {
    if (const auto no = this->template unless<call::replay_checked>(env)) return *no;
    if (v == replay_verdict::seen) {
      return turn_down({.code = errc::replayed, .type = "Authenticator", .field = "ctime"}, env);
    }
    if (v != replay_verdict::fresh) {
      return turn_down({.code = errc::replay_unknown, .type = "Authenticator", .field = "ctime"}, env);
    }
    if (env.now.at >= forget_after(env.limits)) {  // the replay cache may already have forgotten it
      return turn_down({.code = errc::clock_skew, .type = "Authenticator", .field = "ctime"}, env);
    }
    state_ = state::proven;
    return authenticated{};
  }
  [[nodiscard]] constexpr step replay_checked(bool is_fresh, const environment<C>& env) {
    return replay_checked(is_fresh ? replay_verdict::fresh : replay_verdict::seen, env);
  }

  /// The client, from `authenticated` until take(); null before.
  constexpr const product* peer() const& KERB_LIFETIMEBOUND {
    return state_ == state::proven || state_ == state::done ? &product_ : nullptr;
  }
  void peer() const&& = delete;

  /// The encryption type that the subkey of accept() would have, when the client is authenticated.
  constexpr etype_t subkey_etype(const accept_options& options, const C& crypto) const {
    const etype_t own = crypto.etype_of(product_.keys_.session_key);
    return options.negotiate_etype ? subkey_etype_.value_or(own) : own;
  }
  /// Accepts the client: makes the AP-REP if the client requested one, or the options do. The step can be need_buffer
  /// only with accept_options::reply.
  [[nodiscard]] constexpr step accept(const accept_options& options, const environment<C>& env) {
    if (const auto no = this->template unless<call::accept>(env)) return *no;
    if (!wants_mutual() && !options.unasked_reply) return finish(done{});
    session_keys<key>& keys = product_.keys_;
    const etype_t own = env.crypto->etype_of(keys.session_key);
    const etype_t subkey_etype = this->subkey_etype(options, env.crypto.get());
    drawn_octets octets;
    drawn_policy<C> drawn_crypto(env.crypto.get(), octets);
    const environment drawn = env.with(drawn_crypto);
    if (!options.reply.empty()) {  // receive() has made sure that the exchange's own buffer can hold it
      msg::EncApRepPart longest{at_->at, at_->usec, {}, {}};
      const std::array<std::uint8_t, max_key_octets> any_key{};
      if (options.subkey) {
        longest.subkey =
            msg::EncryptionKey{subkey_etype, bytes_view(any_key).first(env.crypto->key_octets(subkey_etype))};
      }
      if (options.sequence_number) longest.seq_number = detail::longest_seq;
      errc e = errc::ok;
      const auto exactly = [&] {
        der::writer counted = der::writer::counting();
        write_reply(counted, longest, drawn, e);
        return counted.count();
      };
      const std::size_t n = workspace_.lacking(detail::ap_rep_bound + frame_octets(), exactly, options.reply);
      if (e != errc::ok) return fail({.code = e});
      if (n != 0) return need_buffer{n, true};
    }
    const std::size_t seed = options.subkey ? env.crypto->seed_octets(subkey_etype) : 0;
    const std::size_t wanted = seed + (options.sequence_number ? 4 : 0) + confounder_octets(env.crypto.get(), own);
    if (!octets.draw(env.crypto.get(), wanted)) return fail({.code = errc::entropy});
    if (options.subkey) {
      auto k = draw_key(subkey_etype, drawn);
      if (!k) return fail(k.error());
      keys.acceptor_subkey.emplace(std::move(*k));
    }
    if (options.sequence_number) {
      const std::optional<std::uint32_t> n = draw_nonce(drawn);
      if (!n) return fail({.code = errc::entropy});
      keys.acceptor_seq = detail::first_number(own, *n, keys.initiator_seq.value_or(0));
    }
    msg::EncApRepPart part{at_->at, at_->usec, {}, keys.acceptor_seq};  // RFC 4120 section 3.2.4: the client's own time
    if (keys.acceptor_subkey) {
      part.subkey = msg::EncryptionKey{env.crypto->etype_of(*keys.acceptor_subkey),
                                       env.crypto->expose(*keys.acceptor_subkey).unguarded()};
    }
    const errc why =
        this->write_message([&](der::writer& w, errc& e) { write_reply(w, part, drawn, e); }, options.reply);
    if (why != errc::ok) return fail({.code = why});
    product_.reply_ = workspace_.message();
    return finish(reply{product_.reply_});
  }
  /// Refuses an authenticated client with a KRB-ERROR of this code.
  [[nodiscard]] constexpr step refuse(error_code_t code, const environment<C>& env) {
    if (const auto no = this->template unless<call::refuse>(env)) return *no;
    return turn_down({.code = errc::refused_by_application}, code, env);
  }

  /// Continues in a larger buffer, after need_buffer. Returns false, and changes nothing, when the
  /// buffer is too small for what the exchange keeps, or when this state has no use for one.
  constexpr bool set_buffer(std::span<std::uint8_t> bigger) {
    return this->template may<call::set_buffer>() && workspace_.move_to(bigger);
  }
  /// The key that the ticket needs and the keys that there were, for the log of a service that
  /// could not open the ticket. Valid as long as the octets received. Null before an AP-REQ was
  /// received, and after take().
  constexpr std::optional<keys_asked> key_lookup() const {
    if (state_ == state::spent || !received_) return std::nullopt;
    return keys_asked{wanted(), had_.value_or(no_ticket_key{})};
  }
  /// The KRB-ERROR to transmit after `refused`; empty before.
  constexpr bytes_view refusal() const { return state_ == state::over ? workspace_.message() : bytes_view(); }

  /// Returns the client, once: after `done` or `reply`.
  [[nodiscard]] constexpr result<product> take() && {
    if (!this->template may<call::take>()) return errc::api_misuse;
    state_ = state::spent;
    product_.workspace_ = std::move(workspace_);
    return std::move(product_);
  }

 private:
  template <class, class, class>
  friend class detail::exchange_core;
  using base::fail;
  using base::state_;
  using base::workspace_;

  constexpr principal_view service() const { return {req_.ticket->sname, req_.ticket->realm}; }
  constexpr principal_view kept_service() {
    const auto name = asn1::decode<msg::PrincipalName>(workspace_.keep_copy(detail::sname_octets(req_.ticket)));
    return {name ? *name : msg::PrincipalName{}, {workspace_.keep_copy(service().realm.octets)}};
  }
  constexpr bool user_to_user() const { return req_.ap_options.has(ap_option_t::use_session_key); }
  constexpr bool is_ours(const principal_view& p) const {
    bool ours = request_.service ? same_principal(p, *request_.service) : request_.services.empty();
    for (const principal_view& s : request_.services) ours = ours || same_principal(p, s);
    return ours;
  }
  constexpr bool wants_mutual() const { return detail::wants_mutual(product_.gss_, req_.ap_options); }
  constexpr kerberos_time forget_after(const exchange_limits& l) const { return plus(plus(at_->at, l.clock_skew), 1); }
  constexpr need_ticket_key wanted() const {
    const msg::EncryptedData& e = req_.ticket->enc_part;
    return {service(), e.kvno, e.etype, tried_, user_to_user()};
  }

  template <class K>
  constexpr step open(const K& k, std::optional<kerberos_string> realm, const environment<C>& env) {
    if (const auto no = this->template unless<call::provide>(env)) return *no;
    ++tried_;
    const auto plain = open_sealed(env.crypto.get(), req_.ticket->enc_part, k, key_usage_t::ticket, workspace_);
    if (!plain) return tried_ < env.limits.max_keys ? wanted() : no_key(errc::no_key, env);
    return authenticate(*plain, realm, env);
  }
  /// Makes the client from the plaintext of its ticket: opens the authenticator, checks all, and
  /// asks a replay cache last.
  constexpr step authenticate(std::span<std::uint8_t> plain, std::optional<kerberos_string> key_realm,
                              const environment<C>& env) {
    C& crypto = env.crypto.get();
    auto ticket = detail::read_ticket(crypto, plain, service().realm, workspace_);
    if (!ticket) return turn_down(ticket.refusal(), env);
    auto auth = detail::open_authenticator(crypto, req_.authenticator, ticket->session_key,
                                           key_usage_t::ap_req_authenticator, workspace_);
    if (!auth) return turn_down(auth.refusal(), env);
    at_ = auth->time();
    if (const detail::verdict v = detail::take_subkey(crypto, *auth); !v.ok()) return turn_down(v, env);
    detail::opened_request<key> opened{std::move(*ticket), std::move(*auth), req_.ap_options, key_realm};
    const auto verified = detail::verify(opened, request_, env);
    if (!verified) return turn_down(verified.refusal(), env);
    subkey_etype_ = verified->subkey_etype;
    product_ = product(std::move(opened), *verified, kept_service());  // it outlives the octets that were received
    if (request_.replays == replay_rule::by_application) {
      state_ = state::proven;
      return authenticated{};
    }
    check_replay ask{service(), product_.client_, *at_, {}, forget_after(env.limits)};
    const bytes_view pieces[] = {req_.authenticator.cipher};
    if (const errc e = crypto.digest(pieces, ask.digest); e != errc::ok) return fail({.code = e});
    state_ = state::replay;
    return ask;
  }

  // ---- what goes out

  /// RFC 4120 section 3.2.4: sealed under the ticket's session key, not the subkey.
  constexpr void write_reply(der::writer& w, const msg::EncApRepPart& part, const environment<drawn_policy<C>>& env,
                             errc& why) const {
    auto sealed = asn1::computed{[&](der::writer& out) {
      write_sealed(out, part, product_.keys_.session_key, key_usage_t::ap_rep_enc_part, env, why);
    }};
    const std::size_t mark = w.count();
    asn1::write(w, msg::BasicApRep<decltype(sealed)>{sealed});
    if (!detail::is_dce_style(product_.gss_)) write_frame(w, mark, gss_token_t::ap_rep);
  }
  /// The principal that an answer comes from.
  constexpr principal_view named(const msg::ApReq& req) const {
    if (request_.service) return *request_.service;
    const principal_view asked{req.ticket->sname, req.ticket->realm};
    return request_.services.empty() || is_ours(asked) ? asked : *request_.services.begin();
  }
  constexpr step turn_down(const error& why, const environment<C>& env) {
    return turn_down(why, to_krb_error(why), env);
  }
  constexpr step turn_down(const detail::verdict& v, const environment<C>& env) {
    return turn_down(v.why, v.code, env);
  }
  /// RFC 4120 section 3.2.3: a client whose request fails gets a KRB-ERROR. The sender of a datagram
  /// can forge its address, so an error longer than the request would amplify attacks on a victim: then
  /// there is no answer. A genuine AP-REQ contains a ticket and is longer than the error.
  KERB_COLD constexpr step turn_down(error why, error_code_t code, const environment<C>& env) {
    forget();
    const msg::KrbError e = detail::ap_error(code, named(req_), env.now, at_);
    (void)this->write_message([&](der::writer& w, errc&) {
      const std::size_t mark = w.count();
      asn1::write(w, e);
      write_frame(w, mark, gss_token_t::krb_error);
    });
    if (request_.arrived == transport::datagram && workspace_.message().size() > request_size_)
      workspace_.forget_message();
    state_ = state::over;
    return refused{workspace_.message(), why};
  }
  constexpr std::size_t frame_octets() const { return detail::frame_bound(request_.frame); }
  constexpr void write_frame(der::writer& w, std::size_t mark, gss_token_t id) const {
    if (request_.frame) write_krb5_header(w, mark, id, *request_.frame);
  }
  constexpr step finish(step s) {
    state_ = state::done;
    return s;
  }
  /// Wipes everything that was opened; nothing of it outlives a refusal.
  constexpr void forget() {
    product_ = product{};
    workspace_.wipe_front();
  }

  acceptor_params request_;
  std::size_t request_size_ = 0;
  unsigned tried_ = 0;
  std::optional<etype_t> subkey_etype_{};
  std::optional<no_ticket_key> had_;
  msg::ApReq req_;
  bool received_ = false;        // req_
  std::optional<timestamp> at_;  // the authenticator's time, once it was opened
  product product_;
};

}  // namespace kerb::inline v0
