// The KDC's side of the TGS exchange, RFC 4120 section 3.3.
//
// Random octets are drawn in this order: the session key's seed, the reply's confounder, the
// ticket's confounder. If the policy conceals unknown clients and the decoy has no key for it, a key
// for the ticket that authenticates the request is drawn first, unless that is for a KDC.
#pragma once
#include "kdc_exchange.hpp"
#include "tgs_draft.hpp"

namespace kerb::inline v0 {

/// The second ticket of a user-to-user request: a ticket-granting ticket of this realm.
struct second_ticket_facts {
  /// Its client, the server of the new ticket: by the requested name, or by the name in the server's
  /// record. Valid until the exchange is over.
  principal_view client;
  msg::TicketFlags flags;
  kerberos_time authtime;
  kerberos_time starttime;
  kerberos_time endtime;
};

/// Answers a TGS-REQ. The exchange first asks for the server of the ticket that authenticates the
/// request. If the policy requires it, it then asks whether the request was seen before. It then asks
/// for the requested server, or the KDC that the client is referred to, and for user-to-user for the
/// server of the second ticket.
template <crypto_policy C>
class [[nodiscard]] tgs_kdc : public detail::kdc_exchange<C> {
  using base = detail::kdc_exchange<C>;
  using call = typename base::call;
  using state = typename base::state;
  using verdict = detail::verdict;

 public:
  using typename base::key;
  using typename base::record;
  using typename base::step;

  /// The buffer must outlive the exchange. So must `decoy`, whose keys are tried in place of those of
  /// an unknown server when the policy conceals unknown clients (kdc_policy::conceal_unknown_clients).
  constexpr tgs_kdc(const kdc_policy& settings, std::span<std::uint8_t> buffer, const kdc_peer& peer = {},
                    const record* decoy = nullptr)
      : base(settings, buffer, peer), decoy_(decoy) {
    this->wipe_more_ = [](base& x) { static_cast<tgs_kdc&>(x).facts_ = {}; };
  }

  /// Takes the TGS-REQ, without a length prefix.
  [[nodiscard]] constexpr step receive(bytes_view octets, const environment<C>& env) {
    if (const auto no = this->template unless<call::receive>(env)) return *no;
    // Everything that is opened later is part of the request. A path to which a realm is added is
    // kept a second time
    if (const std::size_t n = this->lacking_for_refusal(2 * octets.size(), octets.size()); n != 0)
      return need_buffer{n};
    const auto req = asn1::decode<msg::TgsReq>(octets);
    if (!req) return this->undecodable(req.error(), octets, der::application(12), env);
    request_ = detail::request_of(*req, octets);
    this->requested_server_ = request_.server();
    const auto ap = detail::header_of(request_);
    if (!ap) return this->turn_down(ap.refusal(), env);
    ap_req_ = *ap;
    if (const verdict v = detail::check_tgs_form(request_, ap_req_, this->policy_); !v.ok()) {
      return this->turn_down(v, env);
    }
    return ask(principal_role::header_server);
  }

  /// Answers need_principal with a record. If the record's name differs from the requested one, the
  /// requested name is an alias. The ticket is sealed under the record's key and keeps the alias,
  /// since RFC 6806 section 6 does not change names in the reply to a TGS request.
  ///
  /// With RENEW, VALIDATE and PROXY the request can show the requested server's own ticket. The new
  /// ticket is then sealed under the key that opened it, not under a newer one: a renewed ticket stays
  /// good for a service that has not got its new key yet, and nobody with only an old key of a service
  /// gets tickets under the new one. The lifetimes of the policy count from the ticket's authtime. To
  /// accept such tickets no more, take the old key out of the record.
  ///
  /// A ticket-granting service has no alias, and its name is no alias of another principal. If the record is that of
  /// another KDC than the requested principal, this call acts as refer_to() with that KDC's realm. If the requested
  /// principal is a KDC, this call acts as absent() for any other record. If the requested server's
  /// record is of another realm, this call acts as refer_to() with that realm.
  [[nodiscard]] constexpr step found(const record& r, const environment<C>& env) {
    if (const auto no = this->template unless<call::found>(env)) return *no;
    const principal_view wanted = wanted_principal();
    if (!same_principal(wanted, r.principal)) {
      if (const auto elsewhere = detail::tgs_realm(r.principal.name)) return refer_to(*elsewhere, env);
      if (detail::tgs_realm(wanted.name)) return absent(env);
    }
    switch (role_) {
      case principal_role::header_server: return conceals_header() ? open_concealed(&r, env) : open_header(r, env);
      case principal_role::second_ticket_server: return open_second(r, env);
      default: break;
    }
    if (!(r.principal.realm == this->policy_.realm)) return refer_to(r.principal.realm, env);
    this->server_ = r;
    return request_.has(kdc_option_t::enc_tkt_in_skey) ? ask(principal_role::second_ticket_server) : decide(env);
  }
  /// Answers need_principal: the server belongs to another realm, or that realm is closer to it
  /// than this one. The client gets a ticket for the KDC of that realm, krbtgt/REALM, which the
  /// exchange asks for next (RFC 4120 section 3.3.1, RFC 6806 section 8). If no referral is
  /// allowed, this call acts as absent().
  [[nodiscard]] constexpr step refer_to(kerberos_string realm, const environment<C>& env) {
    if (const auto no = this->template unless<call::found>(env)) return *no;
    if (!may_refer() || realm == this->policy_.realm) return absent(env);
    const kerberos_string parts[] = {"krbtgt"_krb, realm};
    const msg::PrincipalName name{name_t::srv_inst, view_of<kerberos_string>(parts)};
    const std::size_t n = asn1::encoded_size(name);
    if (const std::size_t whole = this->workspace_.size_for_message(n + this->refusal_size());
        this->workspace_.size() < whole) {
      return need_buffer{whole};
    }
    const std::span<std::uint8_t> to = this->workspace_.borrow(n);
    referral_ = detail::keep_range(this->workspace_, to.size());
    (void)asn1::encode(name, to);
    referred_ = true;
    return ask(principal_role::server);
  }
  /// Answers need_principal: there is no such principal.
  [[nodiscard]] constexpr step absent(const environment<C>& env) {
    if (const auto no = this->template unless<call::found>(env)) return *no;
    if (role_ == principal_role::header_server) {
      if (conceals_header()) return open_concealed(nullptr, env);
      return this->turn_down(detail::no(errc::wrong_service, "Ticket", "sname"), env);
    }
    if (role_ == principal_role::second_ticket_server) {
      return this->turn_down(detail::no(errc::no_key, "Ticket", "sname"), env);
    }
    return this->turn_down(detail::no(errc::server_unknown, "KDC-REQ-BODY", "sname"), env);
  }
  /// Answers need_principal: the database does not answer.
  [[nodiscard]] constexpr step unavailable(const environment<C>& env) {
    if (const auto no = this->template unless<call::found>(env)) return *no;
    return this->turn_down(detail::no(errc::database_unavailable, "KDC-REQ-BODY"), env);
  }
  /// Answers check_request with what the request cache has returned. If it cannot tell (`full`,
  /// `unknown`), the request is refused with errc::replay_unknown and KDC_ERR_SVC_UNAVAILABLE: it is
  /// no replay, and the client may try again. An answer after check_request::forget_after refuses
  /// the request too, since the cache may no longer have had the authenticator.
  [[nodiscard]] constexpr step request_checked(request_verdict seen, const environment<C>& env) {
    if (const auto no = this->template unless<call::request_checked>(env)) return *no;
    if (seen != request_verdict::fresh && seen != request_verdict::again) {
      const errc why = seen == request_verdict::other ? errc::replayed : errc::replay_unknown;
      return this->turn_down(detail::no(why, "Authenticator", "ctime"), env);
    }
    if (env.now.at >= forget_after(env.limits)) {
      return this->turn_down(detail::no(errc::clock_skew, "Authenticator", "ctime"), env);
    }
    return ask(principal_role::server);
  }

  /// The request, valid after one was received; and the contents of its ticket, valid from the
  /// first need_principal for the requested server until the exchange is over and the ticket is
  /// wiped.
  constexpr const msg::KdcReqBody& body() const& KERB_LIFETIMEBOUND { return request_.body; }
  void body() const&& = delete;
  constexpr const msg::EncTicketPart& header_ticket() const& KERB_LIFETIMEBOUND { return facts_.tgt.part; }
  void header_ticket() const&& = delete;
  /// The server under whose key that ticket is sealed, with the realm that issued it; valid as long
  /// as the request.
  constexpr principal_view header_server() const { return {ap_req_.ticket->sname, ap_req_.ticket->realm}; }
  /// Whether only this KDC can have named the client: that ticket is a ticket-granting ticket of this
  /// realm for a client of this realm. If not, somebody else can have named the client: another realm's
  /// KDC, also when this KDC has issued a ticket-granting ticket of its own for the ticket of that KDC; or,
  /// with RENEW, VALIDATE and PROXY, the requested server, which has the key of header_server() and can put
  /// any client into the ticket. Then do not sign statements about the client, for example a PAC: at
  /// sign_ticket, and before issue() with reserved octets, check this.
  constexpr bool header_is_own_tgt() const { return facts_.is_own_tgt; }

  /// The second ticket of a user-to-user request, from `authorize` on; none for other requests. A KDC
  /// that keeps a list of stolen tickets (RFC 4120 section 3.3.3.1) compares it with the list too.
  constexpr const std::optional<second_ticket_facts>& second_ticket() const& KERB_LIFETIMEBOUND { return second_; }
  void second_ticket() const&& = delete;

  /// Issues the ticket, with what the caller's policy adds and removes.
  [[nodiscard]] constexpr step issue(const issue_options& options, const environment<C>& env) {
    if (const auto no = this->template unless<call::issue>(env)) return *no;
    const detail::tgs_reply_parts<C> parts = reply_parts();
    if (parts.signed_request && !env.crypto->cksum_of(parts.reply_etype(env.crypto.get()))) {
      return this->fail({.code = errc::unsupported_cksum});  // checked before the draw
    }
    return keys_used(this->begin_issue(parts, options, env, facts_.carried ? &*facts_.carried : nullptr));
  }
  /// Refuses the ticket with a KRB-ERROR of this code.
  [[nodiscard]] constexpr step refuse(error_code_t code, const environment<C>& env) {
    if (const auto no = this->template unless<call::refuse>(env)) return *no;
    return this->turn_down({{.code = errc::refused_by_application}, code}, env);
  }
  /// The caller has filled the octets of sign_ticket.
  [[nodiscard]] constexpr step signed_ticket(const environment<C>& env) {
    if (const auto no = this->template unless<call::signed_ticket>(env)) return *no;
    return keys_used(this->finish_issue(reply_parts(), env));
  }

  /// Continues in a larger buffer, after need_buffer. Returns false, and changes nothing, if
  /// `bigger` is smaller than the buffer in use, and from sign_ticket on. Before receive(), any size
  /// is allowed.
  constexpr bool set_buffer(std::span<std::uint8_t> bigger) {
    if (!this->template may<call::set_buffer>()) return false;
    // receive() has made sure of space for everything that later calls open
    if (this->state_ != state::idle && bigger.size() < this->workspace_.size()) return false;
    if (!this->workspace_.move_to(bigger)) return false;
    read_again(facts_, request_, this->policy_, this->workspace_);
    if (this->names_client_) this->client_ = facts_.tgt.client();
    if (this->state_ == state::wants_decision) set_views(this->draft_, request_, facts_, path_, this->workspace_);
    return true;
  }

 private:
  constexpr bool may_refer() const {
    return role_ == principal_role::server && !referred_ && detail::may_refer(request_, ap_req_, this->policy_.realm);
  }
  /// Wipes the request's keys once the ticket has been issued. The plaintext that draft() views stays
  /// until the exchange is destroyed; the keys in it have been wiped when they were read.
  constexpr step keys_used(const step& s) {
    if (!this->issued()) return s;
    facts_.tgt.session_key = key();
    facts_.subkey.reset();
    this->user_key_.reset();
    return s;
  }
  constexpr msg::Ticket sealed_second_ticket() const { return *body().additional_tickets->begin(); }

  constexpr step ask(principal_role role) {
    role_ = role;
    this->state_ = state::wants_principal;
    std::optional<std::uint32_t> kvno;
    if (role == principal_role::header_server) kvno = ap_req_.ticket->enc_part.kvno;
    if (role == principal_role::second_ticket_server) kvno = sealed_second_ticket().enc_part.kvno;
    return need_principal{wanted_principal(), role, may_refer(), kvno};
  }
  /// The principal that the exchange currently asks for.
  constexpr principal_view wanted_principal() const {
    if (role_ == principal_role::header_server) return {ap_req_.ticket->sname, ap_req_.ticket->realm};
    if (role_ == principal_role::second_ticket_server) {
      const msg::Ticket second = sealed_second_ticket();
      return {second.sname, second.realm};
    }
    if (!referred_) return this->requested_server_;
    const auto name = asn1::decode<msg::PrincipalName>(referral_.of(this->workspace_));
    return {name ? *name : msg::PrincipalName{}, this->policy_.realm};
  }

  constexpr kerberos_time forget_after(const exchange_limits& l) const {
    return plus(plus(facts_.sent_at->at, l.clock_skew), 1);
  }
  /// Whether the answer must not depend on the server of the ticket that authenticates the request:
  /// nothing is authenticated yet, and with RENEW, VALIDATE and PROXY the sender names any principal.
  constexpr bool conceals_header() const {
    return this->policy_.conceal_unknown_clients && !detail::tgs_realm(ap_req_.ticket->sname);
  }
  /// Opens the ticket with one key, whether there is such a server or not, and in the same time: `r`
  /// is its record, or null. Whatever is missing, the refusal is that of a ticket that does not open.
  constexpr step open_concealed(const record* r, const environment<C>& env) {
    const msg::EncryptedData& sealed = ap_req_.ticket->enc_part;
    const verdict closed = detail::no(errc::integrity, "Ticket", "enc-part");
    if (!env.crypto->shape(sealed.etype) || !base::allowed(this->policy_.ticket_etypes, env.crypto.get(), sealed.etype))
      return this->turn_down(closed, env);
    if (r != nullptr && !detail::check_header_server(*r).ok()) r = nullptr;
    const long_term_key<C>* const own = r == nullptr ? nullptr : detail::key_of_ticket(sealed, *r, env.crypto.get());
    const long_term_key<C>* stand_in = nullptr;
    if (decoy_ != nullptr) stand_in = detail::key_of_ticket({sealed.etype, {}, {}}, *decoy_, env.crypto.get());
    std::optional<key> drawn;
    if (stand_in == nullptr) {
      auto k = draw_key(sealed.etype, env);
      if (!k) return this->fail(k.error());
      drawn.emplace(std::move(*k));
    }
    // The key itself: keys of users are not prepared for tickets, nor is the decoy's
    const long_term_key<C> one[] = {{.kvno = sealed.kvno.value_or(0),
                                     .key = own != nullptr        ? own->key
                                            : stand_in != nullptr ? stand_in->key
                                                                  : ref<const key>(*drawn)}};
    record only = r != nullptr ? *r : record{};
    only.keys = view_of<long_term_key<C>>(one);
    const step next = open_header(only, env, own == nullptr ? &closed : nullptr);
    if (facts_.servers_key != nullptr) facts_.servers_key = own;  // which, unlike `one`, outlives this call
    return next;
  }
  /// Opens the ticket that authenticates the request, and its authenticator:
  /// RFC 4120 sections 3.3.2 and 3.2.3. `instead` is the result, whatever was opened, if it is not null.
  constexpr step open_header(const record& r, const environment<C>& env, const verdict* instead = nullptr) {
    verdict opened = detail::check_header_server(r);
    if (opened.ok())
      opened = detail::authenticate(facts_, request_, ap_req_, r, this->policy_, this->peer_, env, this->workspace_);
    if (instead != nullptr) opened = *instead;
    else name_client();
    if (!opened.ok()) return this->turn_down(opened, env);
    if (const verdict v = detail::check_server(r, env.now.at, "Ticket"); !v.ok()) return this->turn_down(v, env);
    if (!this->policy_.check_requests) return ask(principal_role::server);
    check_request ask_for{{}, {}, forget_after(env.limits)};
    const bytes_view authenticator[] = {ap_req_.authenticator.cipher}, whole[] = {request_.whole};
    if (const errc e = env.crypto->digest(authenticator, ask_for.authenticator); e != errc::ok)
      return this->fail({.code = e});
    if (const errc e = env.crypto->digest(whole, ask_for.request); e != errc::ok) return this->fail({.code = e});
    this->state_ = state::wants_check;
    return ask_for;
  }
  /// RFC 4120 section 5.9.1: once the authenticator has opened, a refusal has its time and the client's
  /// name, which a TGS-REP has in clear too. The reply to a request for anonymity does not name the
  /// client, and nor does a refusal.
  constexpr void name_client() {
    if (!facts_.sent_at) return;
    this->client_time_ = facts_.sent_at;
    if (request_.has(kdc_option_t::request_anonymous)) return;
    this->client_ = facts_.tgt.client();
    this->names_client_ = true;
  }
  /// User-to-user, RFC 4120 section 3.3.3: opens the server's ticket-granting ticket, whose session
  /// key seals the ticket.
  constexpr step open_second(const record& r, const environment<C>& env) {
    const msg::Ticket second = sealed_second_ticket();
    if (!detail::is_tgs_of(second.sname, this->policy_.realm) || !(second.realm == this->policy_.realm)) {
      return this->turn_down(detail::no(errc::second_ticket_not_tgt, "KDC-REQ-BODY", "additional-tickets"), env);
    }
    const std::size_t before = this->workspace_.kept().size();
    auto opened = detail::open_ticket(second, r, this->policy_, env, this->workspace_);
    const verdict v =
        opened ? detail::check_second_ticket(*opened, this->requested_server_, this->server_, this->policy_, env)
               : opened.refusal();
    if (v.ok()) {
      const bool by_request = same_principal(opened->client(), this->requested_server_);
      const msg::EncTicketPart& part = opened->part;
      second_ = second_ticket_facts{by_request ? this->requested_server_ : this->server_.principal, part.flags,
                                    part.authtime, part.starttime.value_or(part.authtime), part.endtime};
    }
    this->workspace_.keep_first(before);  // its plaintext is not used from here on
    if (!v.ok()) return this->turn_down(v, env);
    this->user_key_.emplace(std::move(opened->session_key));
    if (const verdict s = detail::check_server(r, env.now.at, "Ticket"); !s.ok()) return this->turn_down(s, env);
    return decide(env);
  }
  constexpr step decide(const environment<C>& env) {
    const detail::tgs_sources<C> from{request_, facts_, this->server_, referred_,
                                      this->user_key_ ? &*this->user_key_ : nullptr};
    // Only the path of a ticket from another realm grows
    const std::size_t spare = facts_.tgt.realm == this->policy_.realm ? 0 : this->refusal_size();
    const auto drafted = detail::draft_tgs_ticket(from, this->policy_, env, this->workspace_, spare);
    if (drafted) {
      this->draft_ = drafted->draft;
      path_ = drafted->path;
      return this->authorize_with(drafted->key);
    }
    const verdict& v = drafted.refusal();
    if (v.why.code == errc::no_space) return need_buffer{this->workspace_.size_with(v.why.detail + spare)};
    return this->turn_down(v, env);
  }
  constexpr detail::tgs_reply_parts<C> reply_parts() const {
    return detail::reply_to<C>(request_, facts_, this->draft_, this->ticket_sealer());
  }

  const record* decoy_;
  detail::kdc_request request_;
  msg::ApReq ap_req_;
  detail::authenticated_tgs_request<C> facts_;  // empty until the ticket was opened
  detail::kept_range referral_, path_;          // krbtgt/REALM of a referral, and the path with a realm added
  std::optional<second_ticket_facts> second_;
  principal_role role_{};
  bool referred_ = false;
};

}  // namespace kerb::inline v0
