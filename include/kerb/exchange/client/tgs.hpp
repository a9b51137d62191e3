// The client's side of the TGS exchange, RFC 4120 section 3.3.
//
// Random octets are drawn in this order: the nonce (4), the subkey's seed, the confounder of the
// authorization data, the confounder of the authenticator.
#pragma once
#include "../../msg/ap.hpp"
#include "client_core.hpp"

namespace kerb::inline v0 {

/// Parameters of a TGS exchange. Every view, and the ticket-granting ticket, must outlive the
/// exchange.
template <class Key>
struct tgs_params {
  ref<const basic_credential<Key>> tgt;
  /// In the realm whose KDC is asked, which is the one that `tgt` is for. For a service of another
  /// realm, first request that realm's krbtgt/REALM, or let a KDC refer you with the option
  /// CANONICALIZE: credential_client does both.
  principal_view server;
  std::span<std::uint8_t> buffer;  ///< must outlive the exchange and its product; see typical_buffer_size
  msg::KdcOptions options{};
  std::optional<std::int64_t> lifetime{};  ///< seconds requested; none: until the TGT ends; 0: as long as possible
  std::optional<std::int64_t> renew_lifetime{};  ///< seconds; requests a renewable ticket
  std::optional<kerberos_time> from{};           ///< required with the option POSTDATED: when the ticket starts
  view_of<etype_t> etypes{};                     ///< for the session key, best first; empty: the policy's own list
  view_of<msg::HostAddress> addresses{};         ///< with FORWARDED or PROXY: of the ticket; see as_params::addresses
  bool subkey = true;                            ///< have the reply sealed under a new key of this exchange
  std::optional<ref<unique_time>> times{};       ///< prevents two authenticators with the same time
  std::optional<bytes_view> second_ticket{};     ///< a Ticket's encoding, for options that need one
  bool user_to_user = false;  ///< seal the ticket under the second ticket's session key (RFC 4120 section 3.7)
  std::optional<msg::AuthorizationData> authorization_data{};  ///< restrictions to put into the ticket
};

namespace detail {
struct tgs_client_table {
  enum class state : std::uint8_t { idle, waiting, over, spent, failed };
  enum class call : std::uint8_t { start, receive, set_buffer, take };
  static constexpr state moved_from = state::spent;
  static constexpr transition<call, state> transitions[] = {
      {call::start, state::idle, {state::waiting}},   {call::receive, state::waiting, {state::waiting, state::over}},
      {call::set_buffer, state::idle, {state::idle}}, {call::set_buffer, state::waiting, {state::waiting}},
      {call::take, state::over, {state::spent}},
  };
};
using tgs_client_step = std::variant<send, need_buffer, ignored, done, failed>;
}  // namespace detail

template <crypto_policy C>
class credential_client;

/// Gets a ticket for another service with a ticket-granting ticket. A client that was moved from
/// refuses every call. receive() does not modify the octets that it is given; they must remain
/// valid until the next receive() or the end of the exchange. Octets in a step are valid until the
/// next call. `Extensions` add padata to the request: see padata_extension.
template <crypto_policy C, class Extensions = padata_extensions<>>
class [[nodiscard]] tgs_client
    : public detail::kdc_client_core<tgs_client<C, Extensions>, C, detail::tgs_client_step, detail::tgs_client_table> {
  using base = detail::kdc_client_core<tgs_client, C, detail::tgs_client_step, detail::tgs_client_table>;
  using typename base::call;
  using typename base::state;

 public:
  using typename base::key;
  using typename base::product;
  using typename base::step;

  constexpr explicit tgs_client(tgs_params<key> params, Extensions extensions = {})
      : base(params.buffer, params.options, params.renew_lifetime.has_value()),
        request_(std::move(params)),
        extensions_(std::move(extensions)) {
    if (request_.user_to_user) options_.set(kdc_option_t::enc_tkt_in_skey);
    // MIT krb5's KDC renews a ticket as one that is not renewable, unless the request asks for that too
    // (tests/interop/kerb_program_test.py)
    if (options_.has(kdc_option_t::renew) && tgt().facts().flags.has(ticket_flag_t::renewable))
      options_.set(kdc_option_t::renewable);
    // RFC 6112 section 4.2: required with an anonymous ticket
    if (is_anonymous(tgt().client().name)) options_.set(kdc_option_t::request_anonymous);
  }

  /// Makes the request. Returns errc::ticket_not_yet_valid for a postdated ticket-granting ticket that
  /// no KDC has validated, unless the request is to validate it.
  [[nodiscard]] constexpr step start(const environment<C>& env) {
    if (const auto no = this->template unless<call::start>(env)) return *no;
    if (!options_.has(kdc_option_t::validate)) {
      if (const error e = detail::check_valid(tgt().facts()); !e.ok()) return fail(e);
    }
    // RFC 4120 section 5.4.1: the time belongs to this option
    if (options_.has(kdc_option_t::postdated) && !detail::is_same_ticket_again(options_) && !request_.from) {
      return fail({.code = errc::api_misuse, .type = "KDC-REQ-BODY", .field = "from"});
    }
    if (request_.second_ticket) {  // from someone else, and it would go into this client's request
      if (const auto second = asn1::decode<msg::Ticket>(*request_.second_ticket); !second) return fail(second.error());
    } else if (options_.has(kdc_option_t::enc_tkt_in_skey)) {
      return fail({.code = errc::api_misuse, .type = "KDC-REQ-BODY", .field = "additional-tickets"});
    }
    const view_of<etype_t> etypes = request_.etypes.empty() ? env.crypto->offered() : request_.etypes;
    offer_.clear();
    for (etype_t e : etypes)
      if (!offer_.push_back(e)) return fail({.code = errc::api_misuse, .type = "KDC-REQ-BODY", .field = "etype"});
    const kerberos_time begin = request_.from.value_or(env.now.at);
    till_ = !request_.lifetime        ? tgt().endtime()
            : *request_.lifetime == 0 ? kerberos_time{0}
                                      : plus(begin, *request_.lifetime);
    if (request_.renew_lifetime) rtime_ = plus(begin, *request_.renew_lifetime);

    errc why = errc::ok;
    der::writer counted = der::writer::counting();
    write_request(counted, env, {env.now.at, {999999}}, 0x7fffffff, why);  // the longest of each
    if (why != errc::ok) return fail({.code = why});
    if (const std::size_t n = workspace_.size_for_message(counted.count()); workspace_.size() < n)
      return need_buffer{n};

    const std::optional<std::uint32_t> nonce = draw_nonce(env);
    if (!nonce) return fail({.code = errc::entropy});
    nonce_ = *nonce;
    if (request_.subkey) {
      auto k = draw_key(env.crypto->etype_of(tgt().session_key()), env);
      if (!k) return fail(k.error());
      subkey_.emplace(std::move(*k));
    }
    const timestamp at = request_.times ? request_.times->get().next(env.now) : env.now;
    why = this->write_message([&](der::writer& w, errc& e) { write_request(w, env, at, nonce_, e); });
    if (why != errc::ok) return fail({.code = why});
    state_ = state::waiting;
    return transmit(true, env);
  }

  /// Processes what arrived: a TGS-REP, a KRB-ERROR or, in a datagram, any octets. Without `arrived` it counts
  /// as arrived in the way that the last `send` asked for. If that was a stream, a datagram is ignored.
  [[nodiscard]] constexpr step receive(bytes_view octets, const environment<C>& env,
                                       std::optional<transport> arrived = {}) {
    return this->template received<msg::TgsRep>(octets, env, arrived);
  }

 private:
  template <class, crypto_policy, class, class>
  friend class detail::kdc_client_core;
  template <class, class, class>
  friend class detail::exchange_core;
  template <crypto_policy>
  friend class credential_client;
  using base::disregard;
  using base::fail;
  using base::nonce_;
  using base::offer_;
  using base::options_;
  using base::rtime_;
  using base::state_;
  using base::till_;
  using base::transmit;
  using base::workspace_;

  constexpr const basic_credential<key>& tgt() const { return request_.tgt.get(); }
  constexpr detail::request_facts asked(std::uint32_t nonce) const {
    const ticket_facts& f = tgt().facts();
    constexpr msg::TicketFlags carried{ticket_flag_t::forwarded, ticket_flag_t::proxy, ticket_flag_t::anonymous};
    // RFC 4120 section 3.3.3: a renewed or validated ticket keeps the flags it had
    const msg::TicketFlags kept = detail::is_same_ticket_again(options_) ? f.flags : f.flags & carried;
    return {.client = f.client,
            .server = request_.server,
            .kdc = kdc_realm(),
            .options = options_,
            .from = request_.from,
            .till = till_,
            .rtime = rtime_,
            .nonce = nonce,
            .etypes = offer_,
            .addresses = request_.addresses,
            .inherited = kept,
            .renewable_to = f.renew_till,
            .inherited_addresses = f.addresses,
            .kind = asked_kind()};
  }
  /// What distinguishes the requested ticket: what distinguishes the ticket-granting ticket, since
  /// it has the same client and restrictions, and the request.
  constexpr ticket_kind asked_kind() const {
    constexpr ticket_kind passed_on =
        ticket_kind::handed_over | ticket_kind::renamed | ticket_kind::restricted | ticket_kind::for_peer;
    const ticket_kind of_tgt = kind_of(tgt().facts());
    ticket_kind k = of_tgt & passed_on;
    if (detail::is_same_ticket_again(options_)) k = k | (of_tgt & ticket_kind::user_to_user);
    if (options_.has(kdc_option_t::enc_tkt_in_skey)) k = k | ticket_kind::user_to_user;
    if (request_.authorization_data && !request_.authorization_data->empty()) k = k | ticket_kind::restricted;
    if (options_.has_any({kdc_option_t::forwarded, kdc_option_t::proxy})) k = k | ticket_kind::for_peer;
    return k;
  }
  /// The realm whose KDC is asked: the realm that the TGT is for, which is the second component of
  /// its name, also across realms. A ticket is renewed or validated by the realm that issued it
  /// (RFC 4120 section 3.3.3).
  constexpr kerberos_string kdc_realm() const {
    const principal_view& s = tgt().server();
    if (detail::is_same_ticket_again(options_)) return s.realm;
    return detail::krbtgt_realm(s.name).value_or(s.realm);
  }
  constexpr void write_request(der::writer& w, const environment<C>& env, timestamp at, std::uint32_t nonce,
                               errc& why) {
    const key& session_key = tgt().session_key();
    auto restrictions = asn1::computed{[&](der::writer& out) {
      // RFC 4120 section 5.4.1: sealed under the authenticator's subkey, or under the session key
      // when there is no subkey
      if (subkey_) {
        write_sealed(out, *request_.authorization_data, *subkey_, key_usage_t::tgs_req_ad_subkey, env, why);
      } else {  // also while counting: the seal has the same size with either key
        write_sealed(out, *request_.authorization_data, session_key, key_usage_t::tgs_req_ad_session, env, why);
      }
    }};
    auto second = asn1::computed{
        [&](der::writer& out) { der::wrap(out, der::sequence, [&] { out.octets(*request_.second_ticket); }); }};
    using request_body = msg::BasicKdcReqBody<decltype(restrictions), decltype(second)>;
    request_body body;
    detail::fill_body(body, asked(nonce));
    // RFC 4120 section 5.2.6: the field is absent when there are no authorization data
    if (request_.authorization_data && !request_.authorization_data->empty()) {
      body.enc_authorization_data.emplace(restrictions);
    }
    if (request_.second_ticket) body.additional_tickets.emplace(second);

    bytes_view body_octets;  // the body's octets, known once they are written, after the padata
    auto padata = asn1::computed{[&](der::writer& out) {
      der::wrap(out, der::sequence, [&] {
        const padata_facts<key> facts{
            false, tgt().client(), request_.server, nonce, body_octets, &session_key, subkey_ ? &*subkey_ : nullptr};
        detail::write_extensions(extensions_, out, facts, env, why);
        auto value = asn1::computed{[&](der::writer& inner) {
          der::wrap(inner, der::octet_string, [&] { write_ap_req(inner, env, at, body_octets, why); });
        }};
        asn1::write(out, msg::BasicPaData<decltype(value)>{padata_t::tgs_req, value});
      });
    }};
    using noted_body = asn1::noted<request_body>;
    asn1::write(w, msg::KdcReq<msg_t::tgs_req, decltype(padata), noted_body>{padata, {body, body_octets}});
  }
  constexpr void write_ap_req(der::writer& w, const environment<C>& env, timestamp at, bytes_view body, errc& why) {
    const key& session_key = tgt().session_key();
    // RFC 4120 section 3.3.2: the checksum must be keyed, and cover the body as it is sent
    const std::optional<cksum_shape> shape = env.crypto->cksum_of(env.crypto->etype_of(session_key));
    if (!shape) {
      why = errc::unsupported_cksum;
      return;
    }
    std::array<std::uint8_t, max_cksum_octets> mac{};
    const std::span<std::uint8_t> checksum = std::span(mac).first(shape->octets);
    if (!w.is_counting() && why == errc::ok) {
      const bytes_view pieces[] = {body};
      why = env.crypto->sign(shape->type, session_key, key_usage_t::tgs_req_authenticator_cksum, pieces, checksum);
    }
    msg::Authenticator a;
    a.crealm = tgt().client().realm;
    a.cname = tgt().client().name;
    a.cksum = msg::Checksum{shape->type, bytes_view(checksum)};
    a.cusec = at.usec;
    a.ctime = at.at;
    if (request_.subkey) {
      const etype_t e = env.crypto->etype_of(session_key);
      a.subkey = subkey_
                     ? msg::EncryptionKey{e, env.crypto->expose(*subkey_).unguarded()}
                     : msg::EncryptionKey{e, env.crypto->expose(session_key).unguarded()};  // counting: the same size
    }
    auto authenticator = asn1::computed{
        [&](der::writer& out) { write_sealed(out, a, session_key, key_usage_t::tgs_req_authenticator, env, why); }};
    asn1::write(
        w, msg::BasicApReq<decltype(authenticator)>{{}, captured<msg::Ticket>::as_sent(tgt().ticket()), authenticator});
  }

  constexpr step on_error(const msg::KrbError& e, const environment<C>&) {
    this->named_.note(e, request_.server.realm);
    const bool skew = e.error_code == error_code_t::krb_ap_err_skew;
    return fail(detail::krb_error(skew ? errc::clock_skew : errc::kdc_error, e));
  }

  constexpr step on_reply(const msg::TgsRep& rep, bytes_view, const environment<C>& env) {
    const detail::request_facts a = asked(nonce_);
    if (const error e = detail::check_clear_part(rep, a); !e.ok()) return disregard(e);
    const std::size_t n = detail::buffer_for(rep, a);
    if (workspace_.free() < n) return need_buffer{workspace_.size_with(n)};
    // RFC 4120 section 3.3.3: sealed under the subkey if there is one. Heimdal's KDC up to 1.2 uses the
    // session key anyway
    const std::size_t kept = workspace_.kept().size();
    result<std::span<std::uint8_t>> plain = errc::integrity;
    const key* opener = subkey_ ? &*subkey_ : nullptr;
    if (subkey_) {
      plain = open_sealed(env.crypto.get(), rep.enc_part, *subkey_, key_usage_t::tgs_rep_enc_part_subkey, workspace_);
    }
    if (!plain) {
      opener = &tgt().session_key();
      plain = open_sealed(env.crypto.get(), rep.enc_part, *opener, key_usage_t::tgs_rep_enc_part_session, workspace_);
    }
    if (!plain) return disregard({.code = plain.error().code, .type = "TGS-REP", .field = "enc-part"});
    const step next =
        this->template accept_reply<msg::EncTgsRepPart>(rep, *plain, kept, a, env, 0, *opener, extensions_);
    if (is<done>(next)) {
      this->product_.set_kdc_clock_offset(tgt().kdc_clock_offset());
      subkey_.reset();
    }
    return next;
  }
  constexpr void forget() {
    this->product_ = product();
    subkey_.reset();
    workspace_.wipe_front();
  }

  tgs_params<key> request_;
  std::optional<key> subkey_;
  Extensions extensions_;
};

}  // namespace kerb::inline v0
