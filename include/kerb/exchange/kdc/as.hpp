// The KDC's side of the AS exchange, RFC 4120 section 3.1.
//
// Random octets are drawn in this order: what the pre-authentication mechanism draws, the session
// key's seed, the reply's confounder, the ticket's confounder. If the policy conceals unknown
// clients and there is no decoy, a key for the mechanism is drawn first.
#pragma once
#include "../../msg/anonymity.hpp"
#include "preauth.hpp"

namespace kerb::inline v0 {

/// Answers an AS-REQ. The exchange asks for the client, then for the server; then it checks
/// everything, and the caller's policy decides. Unknown padata are ignored.
///
/// `Mechanisms` are the KDC's pre-authentication mechanisms; see kdc_preauth_mechanism for writing
/// one. Their own steps are alternatives of `step`.
template <crypto_policy C, class Mechanisms = kdc_mechanisms<kdc_enc_timestamp>>
class [[nodiscard]] as_kdc : public detail::as_preauth<C, Mechanisms> {
  using base = detail::as_preauth<C, Mechanisms>;
  using call = typename base::call;
  using state = typename base::state;
  using verdict = detail::verdict;
  using set = typename base::set;

 public:
  using typename base::key;
  using typename base::record;
  using step = detail::joined<kdc_step, typename set::steps>;

  /// The buffer must outlive the exchange. `decoy` is the record used in place of unknown clients
  /// when the policy conceals them (kdc_policy::conceal_unknown_clients). It must outlive the
  /// exchange.
  constexpr as_kdc(const kdc_policy& settings, std::span<std::uint8_t> buffer, const kdc_peer& peer = {},
                   const record* decoy = nullptr, Mechanisms own = {})
      : base(settings, buffer, peer, decoy, std::move(own)) {
    this->wipe_more_ = [](detail::kdc_exchange<C>& x) { static_cast<as_kdc&>(x).wipe_reply_key(); };
  }

  /// Takes the AS-REQ, without a length prefix.
  [[nodiscard]] constexpr step receive(bytes_view octets, const environment<C>& env) {
    if (const auto no = this->template unless<call::receive>(env)) return *no;
    const auto req = asn1::decode<msg::AsReq>(octets);
    if (const std::size_t n = this->lacking_for_refusal(0, octets.size()); n != 0) return need_buffer{n};
    if (!req) return out(this->undecodable(req.error(), octets, der::application(10), env));
    request_ = octets;
    req_ = *req;
    const msg::KdcReqBody& body = req_.req_body.value();
    if (body.cname) {
      this->client_ = {*body.cname, body.realm};
      this->names_client_ = true;
    }
    if (body.sname) this->requested_server_ = {*body.sname, body.realm};
    if (const verdict v = check_form(body); !v.ok()) return this->turn_down(v, env);
    this->state_ = state::wants_principal;
    return ask(principal_role::client);
  }

  /// Answers need_principal with a record. If the record's name differs from the requested one, the
  /// requested name is an alias. The reply then has the canonical name if the client requested
  /// canonicalization (RFC 6806 sections 6 and 7), and the canonical name of the client also if the
  /// requested one is an enterprise name.
  ///
  /// Aliases and ticket-granting services do not mix. If the record has another name than the
  /// requested server, and either is a krbtgt, this call acts as absent().
  ///
  /// An AS has only clients and servers of its own realm (RFC 4120 section 5.4.1). If the record of a
  /// client is of another realm, this call acts as refer_to() with that realm; if the record of a
  /// server is, as absent().
  [[nodiscard]] constexpr step found(const record& r, const environment<C>& env) {
    if (const auto no = unless_found(env)) return *no;
    const bool elsewhere = !(r.principal.realm == this->policy_.realm);
    if (!has_client_) {
      if (elsewhere) return refer_to(r.principal.realm, env);
      if (conceals() && r.attributes.has(principal_attribute::not_a_client)) return absent(env);
      if (const std::size_t n = lacking_for_salt(r.principal); n != 0) return need_buffer{n};
      client_is(r);
      return ask(principal_role::server);
    }
    const principal_view& wanted = this->requested_server_;
    if (elsewhere) return absent(env);
    if (!same_principal(wanted, r.principal) &&
        (detail::tgs_realm(r.principal.name) || detail::tgs_realm(wanted.name))) {
      return absent(env);
    }
    this->server_ = r;
    return decide(env);
  }
  /// Answers need_principal: the client belongs to another realm (RFC 6806 section 7). The KDC
  /// tells the client which one. If no referral is allowed, this call acts as absent().
  [[nodiscard]] constexpr step refer_to(kerberos_string realm, const environment<C>& env) {
    if (const auto no = unless_found(env)) return *no;
    if (has_client_ || !may_refer()) return absent(env);
    if (const std::size_t n = this->lacking_for_refusal(0, 0, realm.octets.size()); n != 0) return need_buffer{n};
    return this->turn_down(detail::no(errc::wrong_realm, "KDC-REQ-BODY", "cname"), env, {}, realm);
  }
  /// Answers need_principal: there is no such principal.
  [[nodiscard]] constexpr step absent(const environment<C>& env) {
    if (const auto no = unless_found(env)) return *no;
    if (has_client_) {
      server_unknown_ = true;
      return decide(env);
    }
    if (!conceals()) return this->turn_down(detail::unknown_client(), env);
    std::array<kerberos_string, 1> one{};
    const principal_view salted = salt_name(one);
    if (const std::size_t n = lacking_for_salt(salted); n != 0) return need_buffer{n};
    client_is_nobody(salted);
    return ask(principal_role::server);
  }
  /// Answers need_principal: the database does not answer.
  [[nodiscard]] constexpr step unavailable(const environment<C>& env) {
    if (const auto no = unless_found(env)) return *no;
    return this->turn_down(detail::no(errc::database_unavailable, "KDC-REQ-BODY"), env);
  }

  /// The request, valid after one was received; and the client's record, valid from `authorize` on.
  constexpr const msg::KdcReqBody& body() const& KERB_LIFETIMEBOUND { return req_.req_body.value(); }
  void body() const&& = delete;
  constexpr const record& client() const& KERB_LIFETIMEBOUND { return client_record_; }
  void client() const&& = delete;

  /// Issues the ticket, with what the caller's policy adds and removes.
  [[nodiscard]] constexpr step issue(const issue_options& options, const environment<C>& env) {
    if (const auto no = this->template unless<call::issue>(env)) return *no;
    if (!finished_) {
      auto k = mechanisms_.finish(this->context(request_, padata_type_), own_key_->key.get(), env);
      if (!k) return this->fail(k.error());
      if (auto* const replaced = std::get_if<key>(&*k)) replaced_key_.emplace(std::move(*replaced));
      else if (&std::get<ref<const key>>(*k).get() != &own_key_->key.get())
        return this->fail({.code = errc::api_misuse});
      finished_ = true;
    }
    if (wants_enc_pa_rep_ && !env.crypto->cksum_of(reply_etype(env.crypto.get()))) {  // checked before the draw
      return this->fail({.code = errc::unsupported_cksum});
    }
    return out_of_issue(this->begin_issue(*this, options, env));
  }
  /// Refuses the ticket with a KRB-ERROR of this code.
  [[nodiscard]] constexpr step refuse(error_code_t code, const environment<C>& env) {
    if (const auto no = this->template unless<call::refuse>(env)) return *no;
    return this->turn_down({{.code = errc::refused_by_application}, code}, env);
  }
  /// Answers the step of a mechanism.
  template <detail::kdc_answers_one_of<C, Mechanisms> Value>
  [[nodiscard]] constexpr step answer(const Value& value, const environment<C>& env) {
    if (const auto no = this->template unless<call::found>(env)) return *no;
    if (!asking_) return this->fail({.code = errc::api_misuse});
    const auto ctx = this->context(request_, padata_type_);
    const detail::s2k_hints hints = this->hints_for(env.crypto.get());
    const std::size_t value_size = mechanisms_.choose(ctx.padata)->padata_value.size();
    if (const std::size_t n = this->lacking_for_hints(hints, value_size, ctx); n != 0) return need_buffer{n};
    asking_ = false;
    return proceed(this->outcome_of([&] { return mechanisms_.answer(value, ctx, env); }), hints, ctx, env);
  }
  /// The mechanism's authentication indicators (RFC 8129), valid from `authorize` on.
  constexpr view_of<kerberos_string> indicators() const& KERB_LIFETIMEBOUND { return proof_.indicators; }
  void indicators() const&& = delete;

  /// The caller has filled the octets of sign_ticket.
  [[nodiscard]] constexpr step signed_ticket(const environment<C>& env) {
    if (const auto no = this->template unless<call::signed_ticket>(env)) return *no;
    return out_of_issue(this->finish_issue(*this, env));
  }

  /// Continues in a larger buffer, after need_buffer. Returns false, and changes nothing, if
  /// `bigger` cannot hold what is kept, and from sign_ticket on.
  constexpr bool set_buffer(std::span<std::uint8_t> bigger) {
    return this->template may<call::set_buffer>() && this->workspace_.move_to(bigger);
  }

 private:
  friend class detail::kdc_exchange<C>;
  using base::client_is;
  using base::client_is_nobody;
  using base::client_record_;
  using base::concealed_;
  using base::conceals;
  using base::has_client_;
  using base::key_of;
  using base::lacking_for_salt;
  using base::mechanisms_;
  using base::req_;
  using base::salt_name;

  static constexpr step out(const kdc_step& s) { return detail::widened<step>(s); }
  KERB_COLD constexpr step turn_down(const verdict& v, const environment<C>& env, std::optional<bytes_view> e_data = {},
                                     std::optional<kerberos_string> crealm = {}) {
    return out(base::turn_down(v, env, e_data, crealm));
  }
  constexpr step out_of_issue(const kdc_step& s) {
    if (this->state_ != state::wants_decision && this->state_ != state::wants_signature) wipe_reply_key();
    return out(s);
  }
  constexpr void wipe_reply_key() {
    replaced_key_.reset();
    mechanisms_.forget();
  }
  /// The guard of the calls that answer need_principal.
  constexpr std::optional<failed> unless_found(const environment<C>& env) {
    if (const auto no = this->template unless<call::found>(env)) return no;
    if (asking_) return this->fail({.code = errc::api_misuse});
    return std::nullopt;
  }
  /// RFC 6806 section 6: an enterprise name is an alias, which the reply replaces. That takes the
  /// option canonicalize, but `kinit -E` of MIT krb5 expects it without.
  constexpr bool renames_client() const {
    return body().kdc_options.has(kdc_option_t::canonicalize) || body().cname->name_type == name_t::enterprise;
  }
  constexpr bool may_refer() const { return renames_client(); }
  constexpr step ask(principal_role role) const {
    if (role == principal_role::client) return need_principal{this->client_, role, may_refer(), {}};
    return need_principal{this->requested_server_, role, false, {}};
  }

  constexpr verdict check_form(const msg::KdcReqBody& body) const {
    using o = kdc_option_t;
    const auto bad = [](errc why) { return detail::no(why, "KDC-REQ-BODY", "kdc-options"); };
    if (!body.cname || body.cname->name_string.empty()) return detail::unknown_client();
    if (!body.sname || body.sname->name_string.empty()) {
      return detail::no(errc::server_not_named, "KDC-REQ-BODY", "sname");
    }
    // RFC 6806 section 5: an enterprise name is an alias of a client
    if (body.sname->name_type == name_t::enterprise) {
      return detail::no(errc::server_unknown, "KDC-REQ-BODY", "sname");
    }
    // RFC 6111 section 3: this KDC knows none. RFC 6112 section 4.3: no server is anonymous
    if (is_well_known(*body.sname)) return detail::no(errc::well_known_name, "KDC-REQ-BODY", "sname");
    if (!(body.realm == this->policy_.realm)) return detail::unknown_client();
    // RFC 4120 section 5.4.1: none of these has a meaning in an AS-REQ
    for (o option : {o::forwarded, o::proxy, o::renew, o::validate, o::enc_tkt_in_skey, o::cname_in_addl_tkt})
      if (body.kdc_options.has(option)) return bad(errc::option_not_allowed);
    // RFC 6112 section 4.1: an anonymous client requests anonymity. It has no key, and would need
    // PKINIT. Only the TGS gives anonymous tickets to others (kdc_policy::anonymous)
    const bool requested = body.kdc_options.has(o::request_anonymous);
    if (is_anonymous(*body.cname)) {
      if (!requested) return bad(errc::anonymity_required);
      return detail::no(errc::anonymity_not_supported, error_code_t::kdc_err_null_key, "KDC-REQ-BODY", "cname");
    }
    if (is_well_known(*body.cname)) return detail::no(errc::well_known_name, "KDC-REQ-BODY", "cname");
    if (requested) return bad(errc::anonymity_not_supported);
    return detail::check_requested_addresses(body);
  }

  /// Decides once everything is known, RFC 4120 section 3.1.3. Pre-authentication comes before
  /// anything that only the client may learn. If the policy conceals unknown clients, this includes
  /// whether the server exists, since users can also be servers of tickets.
  constexpr step decide(const environment<C>& env) {
    const verdict principals = check_principals(env.now.at);
    if (!conceals() && !principals.ok()) return this->turn_down(principals, env);
    const detail::s2k_hints hints = this->hints_for(env.crypto.get());
    if (hints.empty()) { return this->turn_down(detail::no(errc::no_common_etype, "KDC-REQ-BODY", "etype"), env); }
    const msg::MethodData padata = req_.padata.value_or(msg::MethodData{});
    for (const msg::PaData pa : padata) wants_enc_pa_rep_ |= pa.padata_type == padata_t::req_enc_pa_rep;
    const std::optional<msg::PaData> proof = mechanisms_.choose(padata);
    padata_type_ = proof ? proof->padata_type : padata_t{};
    const auto ctx = this->context(request_, padata_type_);
    if (!proof) return decide(false, hints, ctx, env);
    if (const std::size_t n = this->lacking_for_hints(hints, proof->padata_value.size(), ctx); n != 0)
      return need_buffer{n};
    const auto o = this->outcome_of([&] { return mechanisms_.verify(ctx, proof->padata_value, env); });
    return proceed(o, hints, ctx, env);
  }
  /// Continues with what the mechanism has found.
  constexpr step proceed(const typename set::outcome& o, const detail::s2k_hints& hints,
                         const kdc_preauth_context<C>& ctx, const environment<C>& env) {
    return std::visit([&](const auto& found) { return this->go_on(found, hints, ctx, env); }, o);
  }
  constexpr step go_on(const preauth::refused& no, const detail::s2k_hints& hints, const kdc_preauth_context<C>& ctx,
                       const environment<C>& env) {
    const verdict v{no.why, no.code};
    if (v.code != error_code_t::kdc_err_preauth_failed) return this->turn_down(v, env);
    return out(this->with_hints(v, hints, ctx, env));
  }
  constexpr step go_on(const preauth::more& more, const detail::s2k_hints& hints, const kdc_preauth_context<C>& ctx,
                       const environment<C>& env) {
    if (this->method_data_size({}, ctx, &more) > set::reserved)
      return this->fail({.code = errc::api_misuse});  // a mistake in the mechanism
    constexpr error_code_t code = error_code_t::kdc_err_more_preauth_data_required;
    return out(this->with_hints(detail::no(errc::preauth_required, code, "AS-REQ", "padata"), hints, ctx, env, &more));
  }
  constexpr step go_on(const preauth::accepted& proof, const detail::s2k_hints& hints,
                       const kdc_preauth_context<C>& ctx, const environment<C>& env) {
    proof_ = proof;
    return decide(true, hints, ctx, env);
  }
  constexpr step go_on(const error& why, const detail::s2k_hints&, const kdc_preauth_context<C>&,
                       const environment<C>&) {
    return this->fail(why);
  }
  template <class Question>
  constexpr step go_on(const Question& question, const detail::s2k_hints&, const kdc_preauth_context<C>&,
                       const environment<C>&) {
    asking_ = true;
    return question;
  }
  constexpr step decide(bool preauthenticated, const detail::s2k_hints& hints, const kdc_preauth_context<C>& ctx,
                        const environment<C>& env) {
    const verdict principals = check_principals(env.now.at);
    using a = principal_attribute;
    const bool demanded = this->policy_.require_preauth || concealed_ ||
                          client_record_.attributes.has(a::requires_preauth) ||
                          this->server_.attributes.has(a::requires_preauth) || !principals.ok();
    if (demanded && !preauthenticated) {
      if (const std::size_t n = this->lacking_for_hints(hints, 0, ctx); n != 0) return need_buffer{n};
      return out(this->with_hints(detail::no(errc::preauth_required, "AS-REQ", "padata"), hints, ctx, env));
    }
    if (!principals.ok()) return this->turn_down(principals, env);
    own_key_ = key_of(env.crypto.get(), hints[0].etype);
    return draft_ticket(preauthenticated, env);
  }

  constexpr verdict check_principals(kerberos_time now) const {
    const record& s = this->server_;
    if (server_unknown_) { return detail::no(errc::server_unknown, "KDC-REQ-BODY", "sname"); }
    if (const verdict v = detail::check_client(client_record_, s, now); !v.ok()) return v;
    if (s.attributes.has(principal_attribute::user_to_user_only)) {
      return detail::no(errc::must_use_user_to_user, "KDC-REQ-BODY", "sname");
    }
    return detail::check_server(s, now);
  }

  constexpr step draft_ticket(bool preauthenticated, const environment<C>& env) {
    using f = ticket_flag_t;
    using a = principal_attribute;
    const msg::KdcReqBody& b = body();
    const record& c = client_record_;
    const record& s = this->server_;
    const bool canonical = b.kdc_options.has(kdc_option_t::canonicalize);
    ticket_draft& d = this->draft_;
    d = {};
    d.client = renames_client() ? c.principal : this->client_;
    d.server = canonical ? s.principal : this->requested_server_;
    d.authtime = env.now.at;
    d.flags.set(f::initial);
    d.flags.set(f::pre_authent, preauthenticated);
    d.flags.set(f::hw_authent, preauthenticated && proof_.hardware);
    d.flags.set(f::enc_pa_rep);  // RFC 6806 section 11: in all tickets
    d.flags.set(f::ok_as_delegate, s.attributes.has(a::ok_as_delegate));
    const auto grant = [&](kdc_option_t option, f flag, bool by_policy, a barred) {
      d.flags.set(flag,
                  b.kdc_options.has(option) && by_policy && !c.attributes.has(barred) && !s.attributes.has(barred));
    };
    grant(kdc_option_t::forwardable, f::forwardable, this->policy_.forwardable, a::no_forwardable);
    grant(kdc_option_t::proxiable, f::proxiable, this->policy_.proxiable, a::no_proxiable);
    grant(kdc_option_t::allow_postdate, f::may_postdate, this->policy_.postdated, a::no_postdated);
    d.transited.tr_type = tr_t::domain_x500_compress;
    d.addresses = detail::unless_empty(b.addresses);
    const bool as_issued = detail::is_used_as_issued(d.server.name, this->policy_.realm, this->policy_.realm);
    verdict v = detail::set_times<C>(d, b, this->policy_, &c, s, env.now.at, env.limits.clock_skew, {}, {}, !as_issued);
    if (v.ok() && as_issued && d.flags.has(f::postdated))
      v = detail::no(errc::cannot_postdate, "KDC-REQ-BODY", "kdc-options");
    if (!v.ok()) return this->turn_down(v, env);
    return out(this->choose_keys(b, env));
  }

  template <class TicketPart>
  constexpr void write_reply(der::writer& w, const TicketPart& part, bytes_view session_key,
                             const typename base::drawn_env& env, errc& why) const {
    const key& reply_key = this->reply_key();
    detail::request_checksum echo;
    std::optional<msg::MethodData> sealed_padata;
    if (wants_enc_pa_rep_) {
      const auto sign = [&](cksum_t type, view_of<bytes_view> pieces, std::span<std::uint8_t> out) {
        const auto with = [&](const auto& form) {
          return env.crypto->sign(type, form, key_usage_t::as_req, pieces, out);
        };
        return replaced_key_ ? with(reply_key) : detail::with_key_for(key_usage_t::as_req, *own_key_, with);
      };
      const auto shape = env.crypto->cksum_of(env.crypto->etype_of(reply_key));  // issue() has checked this
      sealed_padata = echo.make(*shape, request_, w.is_counting(), sign, why);
    }
    // RFC 4120 section 5.2.7.5: the entry's type is that of the reply's seal. A key that a mechanism
    // has made is not derived from a password
    detail::s2k_hints own;
    if (!replaced_key_) own = own_hints(env.crypto->etype_of(own_key_->key.get()));
    const bool newer = detail::names_newer_etype(body().etype);
    const auto padata = asn1::computed{[&](der::writer& out) {
      detail::write_hints(out, own, newer, detail::hint_place::as_rep,
                          [&](der::writer& more) { mechanisms_.write_reply(more); });
    }};
    der::writer of_mechanism = der::writer::counting();
    mechanisms_.write_reply(of_mechanism);
    const last_requests last = with_expirations();
    detail::reply_parts<C, std::remove_const_t<decltype(padata)>> parts{
        this->draft_,
        this->ticket_sealer(),
        reply_sealer(),
        body().nonce,
        {},
        sealed_padata,
        key_expiration(),
        last.empty() ? client_record_.last_req : view_of<msg::LastReqEntry>(last)};
    if (!own.empty() || of_mechanism.count() != 0) parts.padata.emplace(padata);
    detail::write_kdc_rep<msg_t::as_rep, msg::EncAsRepPart>(w, parts, part, session_key, env, why);
  }
  constexpr detail::sealing_key<C> reply_sealer() const {
    constexpr key_usage_t usage = key_usage_t::as_rep_enc_part;
    // Another key than one of the database has no version
    if (replaced_key_) return {usage, *replaced_key_};
    return detail::sealing_with(*own_key_, usage);
  }
  constexpr const key& reply_key() const { return replaced_key_ ? *replaced_key_ : own_key_->key.get(); }
  constexpr etype_t reply_etype(const C& crypto) const { return crypto.etype_of(reply_key()); }
  constexpr detail::s2k_hints own_hints(etype_t e) const {
    detail::s2k_hints own;
    (void)own.push_back({e, own_key_->salt ? own_key_->salt : this->kept_salt(), own_key_->s2kparams});
    return own;
  }
  /// An upper bound for a reply's padata, unencrypted and sealed, and its list of earlier requests.
  constexpr std::size_t padata_bound() const {
    const long_term_key<C>& k = *own_key_;
    der::writer of_mechanism = der::writer::counting();
    mechanisms_.write_reply(of_mechanism);
    const std::optional<kerberos_string> salt = k.salt ? k.salt : this->kept_salt();
    return 256 + of_mechanism.count() + (salt ? 3 * salt->octets.size() : 0) + (k.s2kparams ? k.s2kparams->size() : 0) +
           32 * (client_record_.last_req.size() + 2);
  }
  using last_requests = fixed<msg::LastReqEntry, 16>;
  /// RFC 4120 section 5.4.2: the record's list of times with those at which the password and the
  /// account expire, which the deprecated key-expiration does not tell apart. Empty if that is too long.
  constexpr last_requests with_expirations() const {
    const record& c = client_record_;
    last_requests list;
    for (const msg::LastReqEntry& e : c.last_req)
      if (!list.push_back(e)) return {};
    const auto add = [&](lr_t type, lr_t type_here, const std::optional<kerberos_time>& at) {
      if (!at) return true;
      for (const msg::LastReqEntry& e : c.last_req)
        if (e.lr_type == type || e.lr_type == type_here) return true;
      return list.push_back({type, *at});
    };
    const bool fits = add(lr_t::password_expires, lr_t::password_expires_here, c.password_expires) &&
                      add(lr_t::account_expires, lr_t::account_expires_here, c.expires);
    return fits ? list : last_requests{};
  }
  constexpr std::optional<kerberos_time> key_expiration() const {
    const record& c = client_record_;
    if (!c.password_expires) return c.expires;
    return detail::least(*c.password_expires, c.expires);
  }

  bytes_view request_;
  bool server_unknown_ = false;
  bool wants_enc_pa_rep_ = false;
  bool asking_ = false;     // a mechanism has returned a step of its own
  bool finished_ = false;   // the mechanism's part of the reply is complete
  padata_t padata_type_{};  // of the element that the mechanism verifies
  preauth::accepted proof_{};
  const long_term_key<C>* own_key_ = nullptr;  // the client's key for the reply
  std::optional<key> replaced_key_;            // seals the reply in its place
};

}  // namespace kerb::inline v0
