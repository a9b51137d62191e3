// The client's side of the AS exchange, RFC 4120 section 3.1.
//
// Random octets are drawn in this order: for each request the nonce (4), then what the
// pre-authentication mechanism draws: the confounder of PA-ENC-TIMESTAMP.
#pragma once
#include "as_params.hpp"
#include "client_core.hpp"
#include "known_keys.hpp"
#include "preauth.hpp"

namespace kerb::inline v0 {

namespace detail {
struct as_client_table {
  enum class state : std::uint8_t { idle, waiting, wants_key, over, spent, failed };
  enum class call : std::uint8_t { start, receive, provide, set_buffer, take };
  static constexpr state moved_from = state::spent;
  static constexpr transition<call, state> transitions[] = {
      {call::start, state::idle, {state::waiting}},
      {call::receive, state::waiting, {state::waiting, state::wants_key, state::over}},
      {call::provide, state::wants_key, {state::waiting, state::over}},
      {call::set_buffer, state::idle, {state::idle}},
      {call::set_buffer, state::waiting, {state::waiting}},
      {call::set_buffer, state::wants_key, {state::wants_key}},
      {call::take, state::over, {state::spent}},
  };
};
/// The table of a client with mechanisms that have steps of their own: `wants_answer` is the state
/// after such a step.
struct asking_as_client_table {
  enum class state : std::uint8_t { idle, waiting, wants_key, wants_answer, over, spent, failed };
  enum class call : std::uint8_t { start, receive, provide, answer, set_buffer, take };
  static constexpr state moved_from = state::spent;
  static constexpr transition<call, state> transitions[] = {
      {call::start, state::idle, {state::waiting}},
      {call::receive, state::waiting, {state::waiting, state::wants_key, state::wants_answer, state::over}},
      {call::provide, state::wants_key, {state::waiting, state::wants_answer, state::over}},
      {call::answer, state::wants_answer, {state::waiting, state::wants_key, state::wants_answer}},
      {call::set_buffer, state::idle, {state::idle}},
      {call::set_buffer, state::waiting, {state::waiting}},
      {call::set_buffer, state::wants_key, {state::wants_key}},
      {call::set_buffer, state::wants_answer, {state::wants_answer}},
      {call::take, state::over, {state::spent}},
  };
};
template <class Mechanisms>
using as_client_table_for =
    std::conditional_t<mechanism_set<Mechanisms>::has_steps, asking_as_client_table, as_client_table>;
template <class Mechanisms>
using as_client_step_for =
    joined<std::variant<send, need_key, need_buffer, ignored, done, failed>, typename mechanism_set<Mechanisms>::steps>;
template <class Self, class C, class Mechanisms>
using as_client_core = kdc_client_core<Self, C, as_client_step_for<Mechanisms>, as_client_table_for<Mechanisms>>;
}  // namespace detail

/// Gets an initial ticket with a password or a long-term key. A client that was moved from refuses
/// every call. receive() does not modify the octets that it is given; they must remain valid until
/// the next `send`, or the end of the exchange. Octets in a step are valid until the next call.
///
/// `Mechanisms` are the client's pre-authentication mechanisms; see preauth_mechanism for writing
/// one. Their own steps are alternatives of `step`. `Extensions` add other padata to the requests:
/// see padata_extension. A list of your own replaces enc_pa_rep, which RFC 6806 section 11 requires
/// in every AS request. So name it too, unless a KDC cannot bear it.
template <crypto_policy C, class Mechanisms = mechanisms<enc_timestamp>,
          class Extensions = padata_extensions<enc_pa_rep>>
class [[nodiscard]] as_client : public detail::as_client_core<as_client<C, Mechanisms, Extensions>, C, Mechanisms> {
  using base = detail::as_client_core<as_client, C, Mechanisms>;
  using typename base::call;
  using typename base::state;
  using set = detail::mechanism_set<Mechanisms>;

 public:
  using typename base::key;
  using typename base::product;
  using typename base::step;

  constexpr explicit as_client(as_params<key> params)
      : base(params.buffer, params.options, params.renew_lifetime.has_value()), request_(std::move(params)) {}
  /// With mechanisms and extensions that have parameters of their own.
  constexpr as_client(as_params<key> params, Mechanisms own, Extensions extensions = {})
      : base(params.buffer, params.options, params.renew_lifetime.has_value()),
        request_(std::move(params)),
        mechanisms_(std::move(own)),
        extensions_(std::move(extensions)) {}

  /// Makes the first request, without pre-authentication. Returns errc::api_misuse for a server of
  /// another realm than the client's: an AS has only those of its own realm (RFC 4120 section 5.4.1).
  [[nodiscard]] constexpr step start(const environment<C>& env) {
    if (const auto no = this->template unless<call::start>(env)) return *no;
    if (request_.server && !(request_.server->realm == request_.client.realm))
      return fail({.code = errc::api_misuse, .type = "KDC-REQ-BODY", .field = "realm"});
    tgs_name_[1] = request_.client.realm;
    // RFC 6112 section 4.1: required of an anonymous client
    if (is_anonymous(request_.client.name)) options_.set(kdc_option_t::request_anonymous);
    std::optional<etype_t> own;
    if (request_.key) own = env.crypto->etype_of(request_.key->get());
    if (!detail::make_offer(offer_, own, request_.etypes.empty() ? env.crypto->offered() : request_.etypes))
      return fail({.code = errc::api_misuse, .type = "KDC-REQ-BODY", .field = "etype"});
    return send_request(at_kdc(env), {});
  }

  /// Processes what arrived: an AS-REP, a KRB-ERROR or, in a datagram, any octets. Without `arrived` it counts
  /// as arrived in the way that the last `send` asked for. If that was a stream, a datagram is ignored.
  [[nodiscard]] constexpr step receive(bytes_view octets, const environment<C>& env,
                                       std::optional<transport> arrived = {}) {
    return this->template received<msg::AsRep>(octets, env, arrived);
  }

  /// Answers need_key. The key must have the encryption type that need_key names. The call takes the
  /// key. If the result is need_buffer, `k` still has it. The exchange remembers the key and does not
  /// ask for it again. If it was for a datagram that the key does not open, or that answers another
  /// request, the step is `ignored`, and the exchange waits for another message.
  [[nodiscard]] constexpr step provide(key&& k, const environment<C>& env) {
    if (const auto no = this->template unless<call::provide>(env)) return *no;
    if (env.crypto->etype_of(k) != wanted_.etype) return fail({.code = errc::api_misuse});
    const bool for_reply = !reply_.empty();
    const auto rep = asn1::decode<msg::AsRep>(reply_);
    if (for_reply && !rep) return fail(rep.error());  // the caller did not keep the octets valid
    std::size_t& place = for_reply ? reply_key_ : key_;
    place = keys_.add(wanted_, std::move(k), key_);
    step next = for_reply ? on_reply(*rep, reply_, env) : consider(env);
    if (is<need_buffer>(next)) {
      k = keys_.take(std::exchange(place, no_key));
      state_ = state::wants_key;
    } else if (state_ == state::wants_key) {
      state_ = state::waiting;
    }
    return next;
  }

  /// Answers the step of a mechanism. The octets of the message that was received last must still be
  /// valid.
  template <detail::answers_one_of<C, Mechanisms> Value>
  [[nodiscard]] constexpr step answer(const Value& value, const environment<C>& env) {
    if (const auto no = this->template unless<call::answer>(env)) return *no;
    return unchanged_if_too_small([&]() -> step {
      const auto ctx = context();
      if (!ctx) return fail(ctx.error());
      state_ = state::waiting;
      return proceed(mechanisms_.answer(value, *ctx, at_kdc(env)), env);
    });
  }

 private:
  template <class, crypto_policy, class, class>
  friend class detail::kdc_client_core;
  template <class, class, class>
  friend class detail::exchange_core;
  using base::disregard;
  using base::fail;
  using base::named_;
  using base::nonce_;
  using base::offer_;
  using base::options_;
  using base::rtime_;
  using base::state_;
  using base::till_;
  using base::transmit;
  using base::workspace_;

  constexpr kerberos_string kdc_realm() const { return request_.client.realm; }
  constexpr principal_view server() const {
    if (request_.server) return *request_.server;
    return {{name_t::srv_inst, view_of<kerberos_string>(tgs_name_)}, request_.client.realm};
  }
  constexpr detail::request_facts asked(std::uint32_t nonce) const {
    return {request_.client, server(), request_.client.realm, options_, request_.from, till_, rtime_,
            nonce,           offer_,   request_.addresses,    true};
  }

  /// Makes a call, and undoes what it has changed if the buffer is too small: the caller may repeat it,
  /// or go on with another message. Keys that were derived are kept, and their number still counts.
  template <class F>
  constexpr step unchanged_if_too_small(F&& change) {
    const round_facts facts = round_facts_;
    const std::optional<hinted> hint = hinted_;
    const std::size_t own = key_, choice = mechanisms_.choice();
    const bytes_view reply = reply_;
    const bool followed = followed_clock_;
    const std::int64_t ahead = kdc_clock_ahead_;
    const state before = state_;
    const step next = change();
    if (is<need_buffer>(next)) {
      round_facts_ = facts;
      hinted_ = hint;
      key_ = own;
      mechanisms_.choose(choice);
      reply_ = reply;
      followed_clock_ = followed;
      kdc_clock_ahead_ = ahead;
      state_ = before;
    }
    return next;
  }

  /// Checks that the buffer can hold the next request with `padata` octets of the mechanism's
  /// padata, and with `body_too` its body beside the last request. Then keeps the cookie and draws
  /// the nonce.
  constexpr std::optional<step> begin_request(const environment<C>& env, std::optional<bytes_view> cookie,
                                              std::size_t padata, bool body_too) {
    const kerberos_time begin = request_.from.value_or(env.now.at);
    const kerberos_time till_before = till_;
    const std::optional<kerberos_time> rtime_before = rtime_;
    till_ = request_.lifetime == 0 ? kerberos_time{0} : plus(begin, request_.lifetime);
    if (request_.renew_lifetime) rtime_ = plus(begin, *request_.renew_lifetime);

    errc why = errc::ok;
    der::writer counted = der::writer::counting();
    write_request(
        counted, env, longest_nonce, cookie, [&](der::writer& w) { w.zeros(padata); }, why);
    if (why != errc::ok) return fail({.code = why});
    // The front of the buffer holds the default salt, so that no later call lacks space for it, and
    // the cookie, whose octets are valid only for now
    const std::size_t salt_size = default_salt_size(request_.client), cookie_size = cookie ? cookie->size() : 0;
    std::size_t n = workspace_.size_for_message(counted.count());
    if (body_too) {
      const std::size_t beside = workspace_.size_with(asn1::encoded_size(body(longest_nonce)));
      if (n < beside) n = beside;
    }
    n += salt_size + cookie_size - workspace_.kept().size();
    if (workspace_.size() < n) {
      till_ = till_before;
      rtime_ = rtime_before;
      return need_buffer{n};
    }
    if (state_ == state::idle) {
      write_default_salt(request_.client, workspace_.borrow(salt_size));
      workspace_.keep(salt_size);
    }
    const bool has_it = cookie && cookie_size_ && cookie->data() == this->cookie()->data();
    workspace_.keep_first(has_it ? salt_size + cookie_size : salt_size);
    if (cookie && !has_it) workspace_.keep_copy(*cookie);
    cookie_size_ = cookie ? std::optional(cookie_size) : std::nullopt;

    const std::optional<std::uint32_t> nonce = draw_nonce(env);
    if (!nonce) return fail({.code = errc::entropy});
    nonce_ = *nonce;
    return std::nullopt;
  }
  /// Writes the request and returns the step that sends it.
  constexpr step finish_request(const environment<C>& env) {
    const errc why = this->write_message([&](der::writer& w, errc& e) {
      write_request(
          w, env, nonce_, cookie(), [&](der::writer& out) { mechanisms_.write(out); }, e);
    });
    if (why != errc::ok) return fail({.code = why});
    mechanisms_.sent();
    ++round_;
    reply_ = {};
    state_ = state::waiting;
    return transmit(true, env);
  }
  /// Makes a request for which the chosen mechanism, if there is one, is ready.
  constexpr step send_request(const environment<C>& env, std::optional<bytes_view> cookie) {
    if (const auto no = begin_request(env, cookie, mechanisms_.padata_size(), false)) return *no;
    return finish_request(env);
  }
  /// Makes a request for whose padata the chosen mechanism needs the body.
  constexpr step send_request_around_body(const environment<C>& env, const preauth::wants_body& wanted,
                                          std::optional<bytes_view> cookie) {
    if (const auto no = begin_request(env, cookie, wanted.padata, true)) return *no;
    auto ctx = context();
    if (!ctx) return fail(ctx.error());
    const msg::KdcReqBody request_body = body(nonce_);
    const auto encoded = asn1::encode(request_body, workspace_.borrow(asn1::encoded_size(request_body)));
    if (!encoded) return fail(encoded.error());
    ctx->body = *encoded;
    const auto o = mechanisms_.consider(*ctx, env);
    if (const auto* e = std::get_if<error>(&o)) return fail(*e);
    if (!std::holds_alternative<preauth::ready>(o) || mechanisms_.padata_size() > wanted.padata)
      return fail({.code = errc::api_misuse});  // a mistake in the mechanism
    return finish_request(env);
  }
  constexpr msg::KdcReqBody body(std::uint32_t nonce) const {
    msg::KdcReqBody b;
    detail::fill_body(b, asked(nonce));
    return b;
  }
  template <class Padata>
  constexpr void write_request(der::writer& w, const environment<C>& env, std::uint32_t nonce,
                               std::optional<bytes_view> cookie, const Padata& write_padata, errc& why) const {
    padata_facts<key> facts;
    facts.initial = true;
    facts.client = request_.client;
    facts.server = server();
    facts.nonce = nonce;
    const auto extend = [&](der::writer& out) { detail::write_extensions(extensions_, out, facts, env, why); };
    der::writer extended = der::writer::counting();
    extend(extended);
    auto elements = asn1::computed{[&](der::writer& out) {
      der::wrap(out, der::sequence, [&] {
        // RFC 6113 section 5.2: the cookie returns to the KDC unchanged
        if (cookie) asn1::write(out, msg::PaData{padata_t::fx_cookie, *cookie});
        write_padata(out);
        extend(out);
      });
    }};
    std::optional<decltype(elements)> padata;
    if (mechanisms_.chosen() || cookie || extended.count() != 0) padata.emplace(elements);
    asn1::write(w, msg::KdcReq<msg_t::as_req, decltype(padata), msg::KdcReqBody>{padata, body(nonce)});
  }
  /// Null when there is none yet.
  constexpr const key* long_term() const {
    return request_.key ? &request_.key->get() : key_ != no_key ? &keys_[key_] : nullptr;
  }
  /// The cookie of the last request, in the buffer.
  constexpr std::optional<bytes_view> cookie() const {
    if (!cookie_size_) return std::nullopt;
    return workspace_.kept().subview(default_salt_size(request_.client), *cookie_size_);
  }

  // ---- KRB-ERROR: unauthenticated, so only a hint

  constexpr step on_error(const msg::KrbError& e, const environment<C>& env) {
    return unchanged_if_too_small([&] { return follow(e, env); });
  }
  constexpr step follow(const msg::KrbError& e, const environment<C>& env) {
    switch (e.error_code) {
      case error_code_t::kdc_err_preauth_required:
      case error_code_t::kdc_err_preauth_failed:
      case error_code_t::kdc_err_more_preauth_data_required: return next_round(e, env);
      case error_code_t::kdc_err_preauth_expired: return start_again(e, env);
      case error_code_t::krb_ap_err_skew:
        if (request_.follow_kdc_clock && !followed_clock_ && round_ < env.limits.max_rounds) {
          const std::int64_t ahead = e.stime.seconds - env.now.at.seconds;
          if (ahead > env.limits.max_clock_offset || ahead < -env.limits.max_clock_offset) return skewed();
          followed_clock_ = true;
          kdc_clock_ahead_ = ahead;
          detail::tell(env, [&] { return trace::clock_learnt{ahead}; });
          mechanisms_.choose_sent();
          round_facts_ = {};
          round_facts_.new_clock = true;
          round_facts_.has_key = long_term() != nullptr;
          return mechanisms_.chosen() ? consider(env) : send_request(at_kdc(env), cookie());
        }
        return skewed();
      default: return refused_by_kdc(e);
    }
  }
  constexpr step refused_by_kdc(const msg::KrbError& e) {
    named_.note(e, request_.client.realm);
    return fail(detail::krb_error(errc::kdc_error, e));
  }
  /// RFC 6113 section 5.2: the conversation has expired, and the client begins a new one, without a
  /// cookie. Only once, since anyone can send this error.
  constexpr step start_again(const msg::KrbError& e, const environment<C>& env) {
    if (started_again_ || round_ >= env.limits.max_rounds) return refused_by_kdc(e);
    mechanisms_.restart();
    mechanisms_.choose(set::none);
    round_facts_ = {};
    const step next = send_request(at_kdc(env), {});
    started_again_ = is<send>(next);
    return next;
  }
  /// Does not use peer_error(): an ignored datagram may have ended it since.
  constexpr step skewed() {
    return fail({.code = errc::clock_skew,
                 .detail = static_cast<std::uint32_t>(error_code_t::krb_ap_err_skew),
                 .type = "KRB-ERROR",
                 .field = "error-code"});
  }
  /// The environment with the client's time as the KDC will see it.
  constexpr environment<C> at_kdc(const environment<C>& env) const {
    return {env.crypto, {plus(env.now.at, kdc_clock_ahead_), env.now.usec}, env.limits};
  }

  constexpr step next_round(const msg::KrbError& e, const environment<C>& env) {
    if (!e.e_data) return refused_by_kdc(e);
    const auto methods = asn1::decode_as<msg::MethodData>("METHOD-DATA", *e.e_data);
    if (!methods) {  // Windows can send a KERB-ERROR-DATA there (MS-KILE section 2.2.2); only the code counts
      const bool first = e.error_code != error_code_t::kdc_err_preauth_failed && round_ == 1;
      return first ? disregard(methods.error()) : refused_by_kdc(e);
    }
    if (round_ >= env.limits.max_rounds) return fail({.code = errc::too_many_rounds, .type = "KRB-ERROR"});
    preauth_context<key> ctx;
    ctx.offered = *methods;
    ctx.previous_request = workspace_.message();
    ctx.round = round_;
    std::size_t asked = 0, who = 0;
    const auto o = mechanisms_.consider_all(ctx, at_kdc(env), asked, who);
    if (std::holds_alternative<preauth::skip>(o)) return nothing_left(e);
    mechanisms_.choose(who);
    detail::tell(env, [&] { return trace::preauth_chosen{ctx.type}; });
    reply_ = {};
    round_facts_ = {};
    round_facts_.offered = *e.e_data;
    round_facts_.type = ctx.type;
    round_facts_.value = ctx.value;
    round_facts_.asked = asked;
    for (const msg::PaData pa : *methods)
      if (pa.padata_type == padata_t::fx_cookie) round_facts_.cookie = pa.padata_value;
    remember_hint(*methods, env);
    return proceed(o, env);
  }
  /// The context of the chosen mechanism, without the body.
  constexpr result<preauth_context<key>> context() const {
    preauth_context<key> ctx;
    ctx.type = round_facts_.type;
    ctx.value = round_facts_.value;
    ctx.previous_request = workspace_.message();
    ctx.key = round_facts_.has_key ? long_term() : nullptr;
    ctx.round = round_;
    ctx.new_clock = round_facts_.new_clock;
    if (!round_facts_.new_clock) {
      const auto offered = asn1::decode_as<msg::MethodData>("METHOD-DATA", round_facts_.offered);
      if (!offered) return offered.error();  // the caller did not keep the octets valid
      ctx.offered = *offered;
    }
    return ctx;
  }
  /// Asks the chosen mechanism again, and continues with what it wants.
  constexpr step consider(const environment<C>& env) {
    const auto ctx = context();
    if (!ctx) return fail(ctx.error());
    return proceed(mechanisms_.consider(*ctx, at_kdc(env)), env);
  }
  /// Continues with what the chosen mechanism wants.
  constexpr step proceed(const typename set::outcome& o, const environment<C>& env) {
    return std::visit([&](const auto& wanted) { return this->go_on(wanted, env); }, o);
  }
  /// Asks the mechanisms after the chosen one. This goes at most three calls deep: consider_all()
  /// passes over those that skip at once, and only one can still ask for the key.
  constexpr step go_on(const preauth::skip&, const environment<C>& env) {
    if (round_facts_.new_clock) return skewed();
    auto ctx = context();
    if (!ctx) return fail(ctx.error());
    std::size_t who = 0;
    const auto o = mechanisms_.consider_all(*ctx, at_kdc(env), round_facts_.asked, who);
    if (std::holds_alternative<preauth::skip>(o))
      return fail({.code = errc::no_preauth_mechanism, .type = "METHOD-DATA", .field = ""});
    mechanisms_.choose(who);
    round_facts_.type = ctx->type;
    round_facts_.value = ctx->value;
    return proceed(o, env);
  }
  /// Finds the long-term key, with the KDC's hints.
  constexpr step go_on(const preauth::wants_key&, const environment<C>& env) {
    const auto ctx = context();
    if (!ctx) return fail(ctx.error());
    if (ctx->key != nullptr || round_facts_.new_clock) return fail({.code = errc::api_misuse});
    const auto hint = detail::hint_from(env.crypto.get(), ctx->offered, key_etypes(), env.limits);
    if (!hint) return is_malformed(hint.error().code) ? disregard(hint.error()) : fail(hint.error());
    round_facts_.has_key = true;
    if (const auto next = find_key(hint->value_or(last_hint(env.crypto.get())), env, key_)) return *next;
    return consider(env);
  }
  constexpr step go_on(const preauth::wants_body& wanted, const environment<C>& env) {
    return send_request_around_body(at_kdc(env), wanted, cookie_to_send());
  }
  constexpr step go_on(const preauth::ready&, const environment<C>& env) {
    return send_request(at_kdc(env), cookie_to_send());
  }
  constexpr step go_on(const error& why, const environment<C>&) { return fail(why); }
  template <class Question>
  constexpr step go_on(const Question& question, const environment<C>&) {
    state_ = state::wants_answer;
    return question;
  }
  constexpr std::optional<bytes_view> cookie_to_send() const {
    return round_facts_.new_clock ? cookie() : round_facts_.cookie;
  }
  constexpr step nothing_left(const msg::KrbError& e) {
    const bool wants_preauth = e.error_code == error_code_t::kdc_err_preauth_required;
    // After the first round it may be the answer to a duplicate datagram
    if (wants_preauth && round_ > 1) return disregard(detail::krb_error(errc::kdc_error, e));
    if (round_ > 1 || e.error_code == error_code_t::kdc_err_preauth_failed) return refused_by_kdc(e);
    error why = detail::krb_error(errc::no_preauth_mechanism, e);
    why.type = "METHOD-DATA", why.field = "";
    return fail(why);
  }

  // ---- the long-term key

  /// The encryption types for which there can be a key: all offered ones, or only that of the
  /// caller's key.
  constexpr view_of<etype_t> key_etypes() const { return {offer_.data(), request_.key ? 1 : offer_.size()}; }
  constexpr detail::key_hint standard_hint(etype_t e, C& policy) const {
    return {e, {}, {policy.default_iterations(e)}};
  }
  /// Keeps the hint of this round for later ones, in which a KDC need not repeat it: MIT krb5 sends
  /// it only before the client has a cookie. A salt of more than 256 octets is not kept.
  constexpr void remember_hint(const msg::MethodData& offered, const environment<C>& env) {
    const auto hint = detail::hint_from(env.crypto.get(), offered, key_etypes(), env.limits);
    if (!hint || !hint->has_value()) return;
    const detail::key_hint& h = **hint;
    if (h.salt && h.salt->size() > hinted::most_salt_octets) return;
    hinted_ = hinted{h.etype, h.iterations, {}, {}};
    if (!h.salt) return;
    hinted_->salt_size = h.salt->size();
    detail::copy_octets(h.salt->data(), h.salt->size(), hinted_->salt.data());
  }
  /// The hint of an earlier round, or, if there was none, the standard one for the first encryption
  /// type that was offered.
  constexpr detail::key_hint last_hint(C& policy) const {
    return hinted_ ? last_hint(hinted_->etype, policy) : standard_hint(offer_[0], policy);
  }
  constexpr detail::key_hint last_hint(etype_t e, C& policy) const {
    if (!hinted_ || hinted_->etype != e) return standard_hint(e, policy);
    detail::key_hint h{e, {}, hinted_->iterations};
    if (hinted_->salt_size) h.salt = bytes_view(hinted_->salt).first(*hinted_->salt_size);
    return h;
  }
  /// Puts the index of the key for the hint into `place`. Returns a step when the caller must
  /// provide the key, or on failure.
  constexpr std::optional<step> find_key(const detail::key_hint& hint, const environment<C>& env, std::size_t& place) {
    const auto chosen = [&](std::uint64_t iterations) {
      detail::tell(env, [&] { return trace::key_chosen{hint.etype, iterations}; });
    };
    if (request_.key) {
      if (env.crypto->etype_of(request_.key->get()) == hint.etype) return chosen(0), std::nullopt;
      return disregard({.code = errc::no_key, .type = "ETYPE-INFO2"});
    }
    const bytes_view salt = hint.salt ? *hint.salt : workspace_.kept().first(default_salt_size(request_.client));
    wanted_ = {.etype = hint.etype, .iterations = hint.iterations.count};
    const bytes_view pieces[] = {salt};
    if (const errc e = env.crypto->digest(pieces, wanted_.salt); e != errc::ok) return fail({.code = e});
    place = keys_.find(wanted_);
    chosen(hint.iterations.count);
    if (place != no_key) return std::nullopt;
    // The hints of a reply are as unauthenticated as it is, and another reply may have none that are wrong
    const bool from_reply = &place == &reply_key_;
    const auto refuse = [&](error why) { return from_reply ? disregard(why) : step{fail(why)}; };
    // Anyone can make a client derive keys; limit them to the number that an honest KDC can cause. Forged
    // replies, which are ignored, leave those of the KDC's errors
    unsigned& derivations = from_reply ? derivations_for_replies_ : derivations_for_rounds_;
    if (derivations >= env.limits.max_rounds) return refuse({.code = errc::too_many_rounds, .type = "ETYPE-INFO2"});
    ++derivations;
    if (request_.password.empty()) {
      state_ = state::wants_key;
      return need_key{hint.etype, salt, hint.iterations};
    }
    auto k = env.crypto->string_to_key(hint.etype, request_.password, salt, hint.iterations);
    if (!k) return k.error().code == errc::bad_s2k_parameters ? refuse(k.error()) : step{fail(k.error())};
    place = keys_.add(wanted_, std::move(*k), key_);
    return std::nullopt;
  }

  // ---- AS-REP

  constexpr step on_reply(const msg::AsRep& rep, bytes_view octets, const environment<C>& env) {
    reply_ = octets;
    const detail::request_facts a = asked(nonce_);
    if (const error e = detail::check_clear_part(rep, a); !e.ok()) {
      if (same_name(rep.cname, a.client.name) && !(rep.crealm == a.client.realm)) named_.note(rep.crealm);
      return disregard(e);
    }
    if (const std::size_t n = detail::buffer_for(rep, a); workspace_.free() < n)
      return need_buffer{workspace_.size_with(n)};
    const msg::MethodData padata = rep.padata.value_or(msg::MethodData{});
    auto opener = reply_key_for(rep, padata, env);
    if (!opener && opener.error().code == errc::no_key) {
      const etype_t only[] = {rep.enc_part.etype};
      // RFC 4120 section 3.1.5: padata in the reply may describe how to derive the key; they are as
      // unauthenticated as the reply
      const auto hint = detail::hint_from(env.crypto.get(), padata, only, env.limits);
      if (!hint) return disregard(hint.error());
      if (const auto next = find_key(hint->value_or(last_hint(only[0], env.crypto.get())), env, reply_key_))
        return *next;
      if (reply_key_ != no_key) opener = reply_key_for(rep, padata, env);
    }
    if (!opener) {
      reply_key_ = no_key;
      return disregard({.code = opener.error().code, .type = "AS-REP", .field = "enc-part"});
    }
    const auto* const replaced = std::get_if<key>(&*opener);
    const key& reply_key = replaced != nullptr ? *replaced : std::get<ref<const key>>(*opener).get();
    const std::size_t kept = workspace_.kept().size();
    auto plain = open_sealed(env.crypto.get(), rep.enc_part, reply_key, key_usage_t::as_rep_enc_part, workspace_);
    reply_key_ = no_key;
    if (!plain) return disregard({.code = plain.error().code, .type = "AS-REP", .field = "enc-part"});
    const step next = this->template accept_reply<msg::EncAsRepPart>(rep, *plain, kept, a, env, kdc_clock_ahead_,
                                                                     reply_key, extensions_);
    if (is<done>(next)) {
      keys_.clear();
      mechanisms_.forget();
    }
    return next;
  }
  /// The key that opens this reply; errc::no_key when the long-term key of its encryption type must
  /// be found first.
  constexpr result<reply_key<key>> reply_key_for(const msg::AsRep& rep, const msg::MethodData& padata,
                                                 const environment<C>& env) const {
    const key* const k = reply_key_ != no_key ? &keys_[reply_key_] : long_term();
    preauth_context<key> ctx;
    ctx.previous_request = workspace_.message();
    ctx.key = k;
    ctx.round = round_;
    if (mechanisms_.was_sent()) {
      const auto sent = asn1::decode<msg::AsReq>(ctx.previous_request);
      if (!sent) return sent.error();  // impossible: this exchange wrote it
      ctx.body = sent->req_body.octets();
    }
    auto opener = mechanisms_.finish(padata, ctx, k, env);
    if (!opener) return opener;
    const auto* const own = std::get_if<ref<const key>>(&*opener);
    if (own != nullptr && env.crypto->etype_of(own->get()) != rep.enc_part.etype) return errc::no_key;
    return opener;
  }

  constexpr void forget() {
    this->product_ = product();
    keys_.clear();
    key_ = reply_key_ = no_key;
    mechanisms_.forget();
    workspace_.wipe_front();
  }

  static constexpr std::uint32_t longest_nonce = 0x7fffffff;
  static constexpr std::size_t no_key = detail::known_keys<key>::none;

  as_params<key> request_;
  bool followed_clock_ = false;
  bool started_again_ = false;
  unsigned round_ = 0;
  std::int64_t kdc_clock_ahead_ = 0;
  std::array<kerberos_string, 2> tgs_name_{{{"krbtgt"_krb}, {}}};
  set mechanisms_;
  Extensions extensions_;
  struct round_facts {
    bytes_view offered;  // the METHOD-DATA, which the caller keeps valid; and, of it:
    padata_t type{};     // of the element that named the chosen mechanism
    bytes_view value;
    std::size_t asked = 0;  // pairs of element and mechanism: consider_all()
    std::optional<bytes_view> cookie;
    bool new_clock = false;  // no offer, but the last request again, at the KDC's time
    bool has_key = false;    // the mechanism has asked for the long-term key
  };
  round_facts round_facts_;
  struct hinted {
    etype_t etype{};
    s2k_iterations iterations;
    std::optional<std::size_t> salt_size;  // none: the default salt
    static constexpr std::size_t most_salt_octets = 256;
    std::array<std::uint8_t, most_salt_octets> salt{};
  };
  std::optional<hinted> hinted_;  // by the last ETYPE-INFO2
  detail::known_keys<key> keys_;
  detail::key_recipe wanted_;       // the key that was searched for last
  std::size_t key_ = no_key;        // from the hints of a round
  std::size_t reply_key_ = no_key;  // from the hints of a reply, until that reply has been tried
  unsigned derivations_for_rounds_ = 0;
  unsigned derivations_for_replies_ = 0;
  std::optional<std::size_t> cookie_size_;  // of the cookie that was sent, in the buffer
  bytes_view reply_;
};

}  // namespace kerb::inline v0
