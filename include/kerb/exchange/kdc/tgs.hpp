// The KDC's side of the TGS exchange, RFC 4120 section 3.3.
//
// Random octets are drawn in this order: the session key's seed, the reply's confounder, the
// ticket's confounder.
#pragma once
#include "authenticated_tgs_request.hpp"

namespace kerb::inline v0 {

/// Answers a TGS-REQ. The exchange asks in this order for: the server of the ticket that
/// authenticates the request; whether the request was seen before, if the policy requires it; the
/// requested server, or the KDC that the client is referred to; and, for user-to-user, the server
/// of the second ticket.
template <crypto_policy C>
class [[nodiscard]] tgs_kdc : public detail::authenticated_tgs_request<C> {
  using base = detail::authenticated_tgs_request<C>;
  using call = typename base::call;
  using state = typename base::state;
  using verdict = detail::verdict;

 public:
  using typename base::key;
  using typename base::record;
  using typename base::step;

  /// The buffer must outlive the exchange.
  constexpr tgs_kdc(const kdc_policy& settings, std::span<std::uint8_t> buffer, const kdc_peer& peer = {})
      : base(settings, buffer, peer) {}

  /// Takes the TGS-REQ, without a length prefix.
  [[nodiscard]] constexpr step receive(bytes_view octets, const environment<C>& env) {
    if (const auto no = this->template unless<call::receive>(env)) return *no;
    // All octets that are opened or copied later come from the request, and again when realms are
    // added
    if (const std::size_t n = this->lacking_for_refusal(2 * octets.size(), octets.size()); n != 0)
      return need_buffer{n};
    const auto req = asn1::decode<msg::TgsReq>(octets);
    if (!req) return this->undecodable(req.error(), octets, der::application(12), env);
    request_ = octets;
    req_ = *req;
    if (body().sname) this->requested_server_ = {*body().sname, body().realm};
    const verdict no_tgt = detail::no(errc::no_header_ticket, "TGS-REQ", "padata");
    bool has_ap_req = false;
    for (const msg::PaData pa : req_.padata.value_or(msg::MethodData{})) {
      if (detail::is_for_somebody_else(pa.padata_type))
        return this->turn_down(detail::not_supported(errc::impersonation_not_supported, "TGS-REQ"), env);
      if (pa.padata_type != padata_t::tgs_req) continue;
      if (has_ap_req) return this->turn_down(no_tgt, env);  // it would be unclear which one to use
      const auto ap = asn1::decode<msg::ApReq>(pa.padata_value);
      if (!ap) return this->turn_down({ap.error(), error_code_t::krb_err_generic}, env);
      ap_req_ = *ap;
      has_ap_req = true;
    }
    if (!has_ap_req) return this->turn_down(no_tgt, env);
    if (const verdict v = check_form(); !v.ok()) return this->turn_down(v, env);
    return ask(principal_role::header_server);
  }

  /// Answers need_principal with a record. If the record's name differs from the requested one, the
  /// requested name is an alias. The ticket is sealed under the record's key and keeps the alias,
  /// since RFC 6806 section 6 does not change names in the reply to a TGS request.
  ///
  /// A ticket-granting service has no alias and is none. If the record is that of another KDC than
  /// the requested principal, this call acts as refer_to() with that KDC's realm. If the requested
  /// principal is a KDC, this call acts as absent() for any other record.
  [[nodiscard]] constexpr step found(const record& r, const environment<C>& env) {
    if (const auto no = this->template unless<call::found>(env)) return *no;
    const principal_view wanted = wanted_principal();
    if (!same_principal(wanted, r.principal)) {
      if (const auto elsewhere = detail::tgs_realm(r.principal.name)) return refer_to(*elsewhere, env);
      if (detail::tgs_realm(wanted.name)) return absent(env);
    }
    switch (role_) {
      case principal_role::header_server: return open_header(r, env);
      case principal_role::second_ticket_server: return open_second(r, env);
      default: break;
    }
    this->server_ = r;
    return has(kdc_option_t::enc_tkt_in_skey) ? ask(principal_role::second_ticket_server) : decide(env);
  }
  /// Answers need_principal: the server belongs to another realm, or that realm is closer to it
  /// than this one. The client gets a ticket for the KDC of that realm, krbtgt/REALM, which the
  /// exchange asks for next (RFC 4120 section 3.3.1, RFC 6806 section 8). If no referral is
  /// allowed, this call acts as absent().
  [[nodiscard]] constexpr step refer_to(kerberos_string realm, const environment<C>& env) {
    if (const auto no = this->template unless<call::found>(env)) return *no;
    if (role_ != principal_role::server || referred_ || !may_refer() || realm == this->policy_.realm)
      return absent(env);
    const kerberos_string parts[] = {"krbtgt"_krb, realm};
    const msg::PrincipalName name{name_t::srv_inst, view_of<kerberos_string>(parts)};
    const std::size_t n = asn1::encoded_size(name);
    if (const std::size_t whole = this->workspace_.size_for_message(n + this->refusal_size());
        this->workspace_.size() < whole) {
      return need_buffer{whole};
    }
    const std::span<std::uint8_t> to = this->workspace_.borrow(n);
    referral_ = keep(to.size());
    (void)asn1::encode(name, to);
    referred_ = true;
    return ask(principal_role::server);
  }
  /// Answers need_principal: there is no such principal.
  [[nodiscard]] constexpr step absent(const environment<C>& env) {
    if (const auto no = this->template unless<call::found>(env)) return *no;
    if (role_ == principal_role::header_server) {
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
  /// Answers check_request: true if the authenticator was not seen before, or only with this same
  /// request.
  [[nodiscard]] constexpr step request_checked(bool is_unseen, const environment<C>& env) {
    if (const auto no = this->template unless<call::request_checked>(env)) return *no;
    if (!is_unseen) { return this->turn_down(detail::no(errc::replayed, "Authenticator", "ctime"), env); }
    return ask(principal_role::server);
  }

  /// The request, valid after one was received; and the contents of its ticket, valid from the
  /// first need_principal for the requested server until the exchange is over and the ticket is
  /// wiped.
  constexpr const msg::KdcReqBody& body() const KERB_LIFETIMEBOUND { return req_.req_body.value(); }
  constexpr const msg::EncTicketPart& header_ticket() const KERB_LIFETIMEBOUND { return tgt_; }

  /// Issues the ticket, with what the caller's policy adds and removes.
  [[nodiscard]] constexpr step issue(const issue_options& options, const environment<C>& env) {
    if (const auto no = this->template unless<call::issue>(env)) return *no;
    return this->begin_issue(*this, options, env);
  }
  /// Refuses the ticket with a KRB-ERROR of this code.
  [[nodiscard]] constexpr step refuse(error_code_t code, const environment<C>& env) {
    if (const auto no = this->template unless<call::refuse>(env)) return *no;
    return this->turn_down({{.code = errc::refused_by_application}, code}, env);
  }
  /// The caller has filled the octets of sign_ticket.
  [[nodiscard]] constexpr step signed_ticket(const environment<C>& env) {
    if (const auto no = this->template unless<call::signed_ticket>(env)) return *no;
    return this->finish_issue(*this, env);
  }

  /// Continues in a larger buffer, after need_buffer. Returns false, and changes nothing, if
  /// `bigger` cannot hold what is kept, and from sign_ticket on.
  constexpr bool set_buffer(std::span<std::uint8_t> bigger) {
    if (!this->template may<call::set_buffer>() || !this->workspace_.move_to(bigger)) return false;
    read_again();
    return true;
  }

 private:
  friend detail::kdc_exchange<C>;
  using base::ap_req_;
  using base::at;
  using base::from_other_realm;
  using base::has;
  using base::header_key_;
  using base::keep;
  using base::req_;
  using base::subkey_;
  using base::tgt_;
  constexpr principal_view header_server() const { return {ap_req_.ticket->sname, ap_req_.ticket->realm}; }
  constexpr bool is_ours(const msg::PrincipalName& name) const {
    const auto realm = detail::tgs_realm(name);
    return realm && *realm == this->policy_.realm;
  }
  /// A server's own ticket, and a renewed or validated one, is only for that server: no referral.
  constexpr bool may_refer() const {
    if (!is_ours(ap_req_.ticket->sname) || has(kdc_option_t::renew) || has(kdc_option_t::validate)) return false;
    return !has(kdc_option_t::enc_tkt_in_skey) &&
           (has(kdc_option_t::canonicalize) || detail::tgs_realm(this->requested_server_.name).has_value());
  }
  constexpr msg::Ticket second_ticket() const { return *body().additional_tickets->begin(); }

  constexpr step ask(principal_role role) {
    role_ = role;
    this->state_ = state::wants_principal;
    std::optional<std::uint32_t> kvno;
    if (role == principal_role::header_server) kvno = ap_req_.ticket->enc_part.kvno;
    if (role == principal_role::second_ticket_server) kvno = second_ticket().enc_part.kvno;
    return need_principal{wanted_principal(), role, role == principal_role::server && !referred_ && may_refer(), kvno};
  }
  /// The principal that the exchange currently asks for.
  constexpr principal_view wanted_principal() const {
    if (role_ == principal_role::header_server) return header_server();
    if (role_ == principal_role::second_ticket_server) {
      const msg::Ticket second = second_ticket();
      return {second.sname, second.realm};
    }
    if (!referred_) return this->requested_server_;
    const auto name = asn1::decode<msg::PrincipalName>(at(referral_));
    return {name ? *name : msg::PrincipalName{}, this->policy_.realm};
  }

  constexpr verdict check_form() const {
    using o = kdc_option_t;
    // RFC 4120 section 5.4.1 allows user-to-user to omit the name; no client does, and the owner
    // could not be determined
    if (!body().sname || body().sname->name_string.empty()) {
      return detail::no(errc::server_not_named, "KDC-REQ-BODY", "sname");
    }
    if (!(body().realm == this->policy_.realm)) { return detail::no(errc::server_unknown, "KDC-REQ-BODY", "realm"); }
    if (ap_req_.ap_options.has(ap_option_t::use_session_key)) {
      return detail::no(errc::option_not_allowed, "AP-REQ", "ap-options");
    }
    const bool again = has(o::renew) || has(o::validate);
    const bool same = same_principal(header_server(), this->requested_server_);
    if (again && !same) { return detail::no(errc::server_mismatch, "KDC-REQ-BODY", "sname"); }
    // RFC 4120 section 3.3.2: a ticket-granting ticket for us; or the server's own ticket, to
    // renew, validate or proxy
    if (is_ours(ap_req_.ticket->sname)) return {};
    if ((again || has(o::proxy)) && same && !detail::tgs_realm(ap_req_.ticket->sname)) return {};
    return detail::no(errc::wrong_service, "Ticket", "sname");
  }

  /// Opens the ticket that authenticates the request, and its authenticator:
  /// RFC 4120 sections 3.3.2 and 3.2.3.
  constexpr step open_header(const record& r, const environment<C>& env) {
    if (const verdict v = this->open_header_ticket(r, env); !v.ok()) return this->turn_down(v, env);
    if (const verdict v = detail::check_server(r, env.now.at, "Ticket"); !v.ok()) return this->turn_down(v, env);
    if (!this->policy_.check_requests) return ask(principal_role::server);
    check_request ask_for{{}, {}, plus(plus(this->authenticated_at_, env.limits.clock_skew), 1)};
    const bytes_view authenticator[] = {ap_req_.authenticator.cipher}, whole[] = {request_};
    if (const errc e = env.crypto->digest(authenticator, ask_for.authenticator); e != errc::ok)
      return this->fail({.code = e});
    if (const errc e = env.crypto->digest(whole, ask_for.request); e != errc::ok) return this->fail({.code = e});
    this->state_ = state::wants_check;
    return ask_for;
  }
  /// User-to-user, RFC 4120 section 3.3.3: opens the server's ticket-granting ticket, whose session
  /// key seals the ticket.
  constexpr step open_second(const record& r, const environment<C>& env) {
    const msg::Ticket second = second_ticket();
    if (!is_ours(second.sname) || !(second.realm == this->policy_.realm)) {
      return this->turn_down(detail::no(errc::second_ticket_not_tgt, "KDC-REQ-BODY", "additional-tickets"), env);
    }
    const std::size_t before = this->workspace_.kept().size();
    const verdict v = this->take_second(second, r, env);
    this->workspace_.keep_first(before);
    if (!v.ok()) return this->turn_down(v, env);
    if (const verdict s = detail::check_server(r, env.now.at, "Ticket"); !s.ok()) return this->turn_down(s, env);
    return decide(env);
  }
  constexpr step decide(const environment<C>& env) {
    const record& s = this->server_;
    if (const verdict v = detail::check_server(s, env.now.at); !v.ok()) return this->turn_down(v, env);
    if (const verdict v = detail::check_tgs_server(s, tgt_, this->user_key_.has_value()); !v.ok()) {
      return this->turn_down(v, env);
    }
    ticket_draft& d = this->draft_;
    d = {};
    d.is_referral = referred_;
    d.server =
        referred_ ? s.principal : this->requested_server_;  // RFC 6806 section 6: the requested name, also an alias
    if (const verdict v = detail::draft_from(d, tgt_, body(), this->policy_, s, env.now.at, env.limits.clock_skew);
        !v.ok()) {
      return this->turn_down(v, env);
    }
    if (has(kdc_option_t::request_anonymous)) d.flags.set(ticket_flag_t::anonymous);
    d.flags.set(ticket_flag_t::ok_as_delegate, s.attributes.has(principal_attribute::ok_as_delegate));
    if (const verdict v = pass_realms(); v.why.code == errc::no_space) {
      return need_buffer{this->workspace_.size_with(v.why.detail + this->refusal_size())};
    } else if (!v.ok()) {
      return this->turn_down(v, env);
    }
    point_draft();
    return this->choose_keys(body(), env);
  }
  /// RFC 4120 section 3.3.3.2: adds the realm that the ticket came from to the path, and checks the
  /// path.
  constexpr verdict pass_realms() {
    const kerberos_string from = ap_req_.ticket->realm;
    path_ = {};
    if (from_other_realm() && !(from == tgt_.crealm)) {
      if (!tgt_.transited.contents.empty() && tgt_.transited.tr_type != tr_t::domain_x500_compress) {
        return detail::no(errc::unknown_transited_type, "EncTicketPart", "transited");
      }
      const std::size_t free = this->workspace_.free(), least = this->refusal_size();
      const std::span<std::uint8_t> to = this->workspace_.borrow(free < least ? 0 : free - least);
      const auto added = append_transited(tgt_.transited.contents, from, tgt_.crealm, this->policy_.realm, to);
      if (!added) return {added.error(), error_code_t::kdc_err_path_not_accepted};
      path_ = keep(added->size());
    }
    if (has(kdc_option_t::disable_transited_check) && this->policy_.unchecked_paths) return {};
    if (const error e = check_transited(transited(), tgt_.crealm, this->policy_.realm, this->policy_.paths); !e.ok()) {
      return {e, error_code_t::kdc_err_path_not_accepted};
    }
    this->draft_.flags.set(ticket_flag_t::transited_policy_checked);
    return {};
  }
  constexpr msg::TransitedEncoding transited() const {
    return path_.size == 0 ? tgt_.transited : msg::TransitedEncoding{tr_t::domain_x500_compress, at(path_)};
  }
  /// Sets the parts of the draft that point into the buffer.
  constexpr void point_draft() {
    ticket_draft& d = this->draft_;
    d.client = has(kdc_option_t::request_anonymous) ? principal_view{anonymous_name(), tgt_.crealm}
                                                    : principal_view{tgt_.cname, tgt_.crealm};
    const bool other_addresses = has(kdc_option_t::forwarded) || has(kdc_option_t::proxy);
    d.addresses = other_addresses ? body().addresses : tgt_.caddr;
    if (d.addresses && d.addresses->empty()) d.addresses = std::optional<msg::HostAddresses>{};
    d.transited = transited();
  }
  static constexpr kerberos_string anonymous_parts[] = {"WELLKNOWN"_krb, "ANONYMOUS"_krb};
  static constexpr msg::PrincipalName anonymous_name() {
    return {name_t::wellknown, view_of<kerberos_string>(anonymous_parts)};
  }
  /// The buffer has moved: decodes again what is a view of it.
  constexpr void read_again() {
    this->read_evidence_again();
    point_draft();  // if there is none yet, decide() starts a new one
  }

  template <class TicketPart>
  constexpr void write_reply(der::writer& w, const TicketPart& part, bytes_view session_key,
                             const typename base::drawn_env& env, errc& why) const {
    // RFC 4120 section 3.3.3: sealed under the subkey if there is one
    const key& k = subkey_ ? *subkey_ : header_key_;
    const key_usage_t usage = subkey_ ? key_usage_t::tgs_rep_enc_part_subkey : key_usage_t::tgs_rep_enc_part_session;
    const auto seal = [&](der::writer& out, const msg::EncTgsRepPart& plain) {
      write_sealed(out, plain, k, usage, env, why);
    };
    this->template write_reply_message<msg_t::tgs_rep, msg::EncTgsRepPart>(
        w, part, session_key, body(), seal, std::optional<msg::MethodData>{}, {}, {}, {}, env, why);
  }
  constexpr etype_t reply_etype(const C& crypto) const { return crypto.etype_of(subkey_ ? *subkey_ : header_key_); }
  static constexpr std::size_t padata_bound() { return 0; }

  bytes_view request_;
  typename base::stretch referral_, path_;  // krbtgt/REALM of a referral, and the path with a realm added
  principal_role role_{};
  bool referred_ = false;
};

}  // namespace kerb::inline v0
