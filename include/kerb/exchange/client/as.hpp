// The client's side of the AS exchange, RFC 4120 section 3.1.
//
// Random octets are drawn in this order: for each request the nonce (4), then the confounder of
// PA-ENC-TIMESTAMP.
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
using as_client_step = std::variant<send, need_key, need_buffer, ignored, done, failed>;
}  // namespace detail

/// Gets an initial ticket with a password or a long-term key. A client that was moved from refuses
/// every call. receive() does not modify the octets that it is given; they must remain valid until
/// the next receive() or the end of the exchange. Octets in a step are valid until the next call.
template <crypto_policy C, class Mechanisms = mechanisms<enc_timestamp>>
class [[nodiscard]] as_client
    : public detail::kdc_client_core<as_client<C, Mechanisms>, C, detail::as_client_step, detail::as_client_table> {
  using base = detail::kdc_client_core<as_client, C, detail::as_client_step, detail::as_client_table>;
  using typename base::call;
  using typename base::state;

 public:
  using typename base::key;
  using typename base::product;
  using typename base::step;

  constexpr explicit as_client(as_params<key> params)
      : base(params.buffer, params.options, params.renew_lifetime.has_value()), request_(std::move(params)) {}

  /// Makes the first request, without pre-authentication.
  [[nodiscard]] constexpr step start(const environment<C>& env) {
    if (const auto no = this->template unless<call::start>(env)) return *no;
    tgs_name_[1] = request_.client.realm;
    std::optional<etype_t> own;
    if (request_.key) own = env.crypto->etype_of(request_.key->get());
    if (!detail::make_offer(offer_, own, request_.etypes.empty() ? env.crypto->offered() : request_.etypes))
      return fail({.code = errc::api_misuse, .type = "KDC-REQ-BODY", .field = "etype"});
    return send_request(env, env.now, true, {});
  }

  /// Processes what arrived: an AS-REP, a KRB-ERROR or, in a datagram, any octets.
  [[nodiscard]] constexpr step receive(bytes_view octets, const environment<C>& env,
                                       transport arrived = transport::datagram) {
    return this->template received<msg::AsRep>(octets, env, arrived);
  }

  /// Answers need_key. The key must have the encryption type that need_key names. It is moved from,
  /// unless the result is need_buffer. The exchange remembers the key and does not ask for it
  /// again.
  [[nodiscard]] constexpr step provide(key&& k, const environment<C>& env) {
    if (const auto no = this->template unless<call::provide>(env)) return *no;
    if (env.crypto->etype_of(k) != wanted_.etype) return fail({.code = errc::api_misuse});
    const bool for_reply = !reply_.empty();
    const auto rep = asn1::decode<msg::AsRep>(reply_);
    if (for_reply && !rep) return fail(rep.error());  // the caller did not keep the octets valid
    std::size_t& place = for_reply ? reply_key_ : key_;
    place = keys_.add(wanted_, std::move(k), key_);
    step next = for_reply ? on_reply(*rep, reply_, env) : send_request(env, kdc_time(env.now), true, cookie_offered_);
    if (is<need_buffer>(next)) {
      k = keys_.take(std::exchange(place, no_key));
      state_ = state::wants_key;
    } else if (state_ == state::wants_key) {
      state_ = state::waiting;
    }
    return next;
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

  /// Writes the next request and returns the step that sends it. `now` is the client's time as the
  /// KDC will see it.
  constexpr step send_request(const environment<C>& env, timestamp now, bool fresh, std::optional<bytes_view> cookie) {
    const kerberos_time begin = request_.from.value_or(now.at);
    till_ = request_.lifetime == 0 ? kerberos_time{0} : plus(begin, request_.lifetime);
    if (request_.renew_lifetime) rtime_ = plus(begin, *request_.renew_lifetime);
    const environment<C> at{env.crypto, now, env.limits};

    errc why = errc::ok;
    der::writer counted = der::writer::counting();
    write_request(counted, at, longest_nonce, cookie, why);
    if (why != errc::ok) return fail({.code = why});
    // The front of the buffer holds the default salt, so that no later call lacks space for it, and
    // the cookie, whose octets are valid only for now
    const std::size_t salt_size = default_salt_size(request_.client), cookie_size = cookie ? cookie->size() : 0;
    const std::size_t n =
        workspace_.size_for_message(counted.count()) + salt_size + cookie_size - workspace_.kept().size();
    if (workspace_.size() < n) return need_buffer{n};
    if (state_ == state::idle) {
      write_default_salt(request_.client, workspace_.borrow(salt_size));
      workspace_.keep(salt_size);
    }
    if (cookie && !(cookie_size_ && cookie->data() == this->cookie()->data())) {
      workspace_.keep_first(salt_size);
      cookie = workspace_.keep_copy(*cookie);
    }
    if (!cookie) workspace_.keep_first(salt_size);
    cookie_size_ = cookie ? std::optional(cookie_size) : std::nullopt;

    const std::optional<std::uint32_t> nonce = draw_nonce(env);
    if (!nonce) return fail({.code = errc::entropy});
    nonce_ = *nonce;
    why = this->write_message([&](der::writer& w, errc& e) { write_request(w, at, nonce_, cookie, e); });
    if (why != errc::ok) return fail({.code = why});
    mechanisms_.written();
    ++round_;
    reply_ = {};
    state_ = state::waiting;
    return transmit(fresh);
  }
  constexpr void write_request(der::writer& w, const environment<C>& env, std::uint32_t nonce,
                               std::optional<bytes_view> cookie, errc& why) {
    msg::KdcReqBody body;
    detail::fill_body(body, asked(nonce));

    auto elements = asn1::computed{[&](der::writer& out) {
      der::wrap(out, der::sequence, [&] {
        // RFC 6113 section 5.2: the cookie returns to the KDC unchanged
        if (cookie) asn1::write(out, msg::PaData{padata_t::fx_cookie, *cookie});
        mechanisms_.write(out, long_term(), env, why);
      });
    }};
    std::optional<decltype(elements)> padata;
    if (mechanisms_.chosen() || cookie) padata.emplace(elements);
    asn1::write(w, msg::KdcReq<msg_t::as_req, decltype(padata), msg::KdcReqBody>{padata, body});
  }
  /// Null when there is none yet; a mechanism that asked for the key never gets null.
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
    switch (e.error_code) {
      case error_code_t::kdc_err_preauth_required:
      case error_code_t::kdc_err_preauth_failed:
      case error_code_t::kdc_err_more_preauth_data_required: return next_round(e, env);
      case error_code_t::krb_ap_err_skew:
        if (request_.follow_kdc_clock && !followed_clock_ && round_ < env.limits.max_rounds) {
          const std::int64_t ahead = e.stime.seconds - env.now.at.seconds;
          if (ahead > env.limits.max_clock_offset || ahead < -env.limits.max_clock_offset) return skewed(e);
          followed_clock_ = true;
          kdc_clock_ahead_ = ahead;
          const step next = send_request(env, kdc_time(env.now), true, cookie());
          if (is<need_buffer>(next)) followed_clock_ = false;  // the call will be repeated
          return next;
        }
        return skewed(e);
      default: return refused_by_kdc(e);
    }
  }
  constexpr step refused_by_kdc(const msg::KrbError& e) {
    named_.note(e, request_.client.realm);
    return fail(detail::krb_error(errc::kdc_error, e));
  }
  constexpr step skewed(const msg::KrbError& e) { return fail(detail::krb_error(errc::clock_skew, e)); }
  constexpr timestamp kdc_time(timestamp now) const { return {plus(now.at, kdc_clock_ahead_), now.usec}; }

  constexpr step next_round(const msg::KrbError& e, const environment<C>& env) {
    if (!e.e_data) return refused_by_kdc(e);
    const auto methods = asn1::decode_as<msg::MethodData>("METHOD-DATA", *e.e_data);
    if (!methods) {  // some KDCs send another type there; only the code counts
      const bool first = e.error_code != error_code_t::kdc_err_preauth_failed && round_ == 1;
      return first ? disregard(methods.error()) : refused_by_kdc(e);
    }
    if (round_ >= env.limits.max_rounds) return fail({.code = errc::too_many_rounds, .type = "KRB-ERROR"});
    std::optional<bytes_view> cookie;
    for (const msg::PaData pa : *methods)
      if (pa.padata_type == padata_t::fx_cookie) cookie = pa.padata_value;
    std::size_t who = 0;
    const preauth_wants wants = mechanisms_.consider(*methods, round_, who);
    if (wants == preauth_wants::skip) return nothing_left(e);
    std::optional<detail::key_hint> hint;
    if (wants == preauth_wants::key) {
      const auto found = detail::hint_from(env.crypto.get(), *methods, key_etypes(), env.limits);
      if (!found) return is_malformed(found.error().code) ? disregard(found.error()) : fail(found.error());
      hint = found->value_or(standard_hint(offer_[0], env.crypto.get()));
    }
    // Nothing has changed so far; the next round begins here
    reply_ = {};
    mechanisms_.choose(who);
    cookie_offered_ = cookie;
    if (hint) {
      if (const auto next = find_key(*hint, env, key_)) return *next;
    }
    return send_request(env, kdc_time(env.now), true, cookie);
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
  /// Puts the index of the key for the hint into `place`. Returns a step when the caller must
  /// provide the key, or on failure.
  constexpr std::optional<step> find_key(const detail::key_hint& hint, const environment<C>& env, std::size_t& place) {
    if (request_.key) {
      if (env.crypto->etype_of(request_.key->get()) == hint.etype) return std::nullopt;
      return disregard({.code = errc::no_key, .type = "ETYPE-INFO2"});
    }
    const bytes_view salt = hint.salt ? *hint.salt : workspace_.kept().first(default_salt_size(request_.client));
    wanted_ = {.etype = hint.etype, .iterations = hint.iterations.count};
    const bytes_view pieces[] = {salt};
    if (const errc e = env.crypto->digest(pieces, wanted_.salt); e != errc::ok) return fail({.code = e});
    place = keys_.find(wanted_);
    if (place != no_key) return std::nullopt;
    // Anyone can make a client derive keys; limit them to the number that an honest KDC can cause
    if (++derivations_ > env.limits.max_rounds) return fail({.code = errc::too_many_rounds, .type = "ETYPE-INFO2"});
    if (request_.password.empty()) {
      state_ = state::wants_key;
      return need_key{hint.etype, salt, hint.iterations};
    }
    auto k = env.crypto->string_to_key(hint.etype, request_.password, salt, hint.iterations);
    if (!k) return fail(k.error());
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
    if (const std::size_t n = detail::buffer_for(rep); workspace_.free() < n)
      return need_buffer{workspace_.size_with(n)};
    const key* reply_key = reply_key_for(rep.enc_part.etype, env.crypto.get());
    if (reply_key == nullptr) {
      const etype_t only[] = {rep.enc_part.etype};
      // RFC 4120 section 3.1.5: padata in the reply may describe how to derive the key; they are as
      // unauthenticated as the reply
      const auto hint = detail::hint_from(env.crypto.get(), rep.padata.value_or(msg::MethodData{}), only, env.limits);
      if (!hint) return disregard(hint.error());
      if (const auto next = find_key(hint->value_or(standard_hint(only[0], env.crypto.get())), env, reply_key_))
        return *next;
      if (reply_key_ == no_key) return disregard({.code = errc::no_key, .type = "AS-REP", .field = "enc-part"});
      reply_key = &keys_[reply_key_];
    }
    auto plain = open_sealed(env.crypto.get(), rep.enc_part, *reply_key, key_usage_t::as_rep_enc_part, workspace_);
    reply_key_ = no_key;
    if (!plain) return disregard({.code = plain.error().code, .type = "AS-REP", .field = "enc-part"});
    const step next = this->template accept_reply<msg::EncAsRepPart>(rep, *plain, a, env, kdc_clock_ahead_);
    if (is<done>(next)) keys_.clear();
    return next;
  }
  constexpr const key* reply_key_for(etype_t etype, C& policy) {
    const key* k = reply_key_ != no_key ? &keys_[reply_key_] : mechanisms_.reply_key(long_term());
    return k != nullptr && policy.etype_of(*k) == etype ? k : nullptr;
  }

  constexpr void forget() {
    this->product_ = product();
    keys_.clear();
    key_ = reply_key_ = no_key;
    workspace_.wipe_front();
  }

  static constexpr std::uint32_t longest_nonce = 0x7fffffff;
  static constexpr std::size_t no_key = detail::known_keys<key>::none;

  as_params<key> request_;
  bool followed_clock_ = false;
  unsigned round_ = 0;
  std::int64_t kdc_clock_ahead_ = 0;
  std::array<kerberos_string, 2> tgs_name_{{{"krbtgt"_krb}, {}}};
  detail::mechanism_set<Mechanisms> mechanisms_;
  detail::known_keys<key> keys_;
  detail::key_recipe wanted_;       // the key that was searched for last
  std::size_t key_ = no_key;        // from the hints of a round
  std::size_t reply_key_ = no_key;  // from the hints of a reply, until that reply has been tried
  unsigned derivations_ = 0;
  std::optional<bytes_view> cookie_offered_;  // in octets that the caller keeps valid
  std::optional<std::size_t> cookie_size_;    // of the cookie that was sent, in the buffer
  bytes_view reply_;
};

}  // namespace kerb::inline v0
