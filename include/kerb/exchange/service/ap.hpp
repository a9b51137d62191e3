// The service's side of the AP exchange, RFC 4120 section 3.2.
//
//   state    | receive         | provide                   | provide_none | fresh         | accept | refuse  | take
//   idle     | wants_key, over | misuse                    | misuse       | misuse        | misuse | misuse  | misuse
//   wants_key| misuse          | wants_key, replay, over   | over         | misuse        | misuse | misuse  | misuse
//   replay   | misuse          | misuse                    | misuse       | proven, over  | misuse | misuse  | misuse
//   proven   | misuse          | misuse                    | misuse       | misuse        | done   | over    | misuse
//   done     | misuse          | misuse                    | misuse       | misuse        | misuse | misuse  | spent
//   over, spent and failed: nothing goes on; failed says the first reason again, from every call
//
// `over` is after `refused`. Random octets are drawn in accept(), in this order: the subkey's seed, the sequence number
// (4), the AP-REP's confounder.
#pragma once
#include "../../msg/error.hpp"
#include "../sealed.hpp"
#include "../step.hpp"
#include "authenticated.hpp"

namespace kerb::inline v0 {

/// What an acceptor accepts. Every view must outlive the exchange.
struct accept_request {
  std::optional<principal_view> service{};  ///< the ticket must be for it; none: for whatever there is a key
  requirement mutual = if_asked;            ///< required: refuse clients that do not ask for mutual authentication
  std::span<std::uint8_t> room;             ///< lent until the exchange and its product are gone
  std::optional<msg::HostAddress>
      peer_address{};  ///< where the request came from; compared with the ticket's addresses
  /// The authorization data that the caller will enforce; any other that is not AD-IF-RELEVANT refuses the client.
  view_of<ad_t> understood{};
  bool trust_unchecked_path = false;  ///< accept clients of other realms whose path no KDC has checked: see transited()
  bool demand_addresses = false;      ///< refuse tickets that name no address
};
/// How an acceptor answers a client that has proven who it is.
struct accept_options {
  bool subkey = true;           ///< answer with a fresh key for the session
  bool sequence_number = true;  ///< answer with a first sequence number
};

/// Opens an AP-REQ with the service's key, checks everything in it, and answers. Octets handed to receive() are never
/// written to and are lent until the end; octets in a step are valid until the next call.
template <crypto_policy C>
class [[nodiscard]] ap_acceptor {
 public:
  using key = typename C::key;
  using product = authenticated_client<key>;
  using step = std::variant<need_ticket_key, need_room, check_replay, authenticated, reply, refused, done, failed>;
  /// Octets of room that do for a ticket with a PAC.
  static constexpr std::size_t room_size = 8192;

  constexpr explicit ap_acceptor(accept_request request) : request_(std::move(request)), room_(request_.room) {}

  /// The AP-REQ, alone.
  template <entropy_source R>
  [[nodiscard]] constexpr step receive(bytes_view octets, const turn<C, R>& t) {
    if (state_ == state::failed) return failed{why_};
    if (state_ != state::idle) return misuse();
    if (!t.now.in_range()) return fail({.code = errc::clock_out_of_range});
    const auto req = asn1::decode<msg::ApReq>(octets);
    if (req) {
      // All that later calls write is measured now, so that none of them runs out of room
      const std::size_t opened = req->ticket->enc_part.cipher.size() + req->authenticator.cipher.size();
      const std::size_t kept = asn1::encoded_size(req->ticket->sname) + req->ticket->realm.octets.size();
      const std::size_t n = room_.size_for_message(opened + kept + answer_size(*req));
      if (room_.size() < n) return need_room{n};
      req_ = *req;
    } else if (const std::size_t n = room_.size_for_message(answer_size({})); room_.size() < n) {
      return need_room{n};
    } else if (!octets.empty() &&
               (octets[0] == der::application(30).octet || octets[0] == der::application(15).octet)) {
      // An answer, and to answer it might go on for ever
      state_ = state::over;
      return refused{{}, {.code = errc::unexpected_message, .type = "AP-REQ"}};
    } else if (octets.empty() || octets[0] != der::application(14).octet) {
      // RFC 4120 section 3.2.3: anything but an AP-REQ
      return turn_down({.code = errc::unexpected_message, .type = "AP-REQ"}, error_code_t::krb_ap_err_msg_type, t);
    } else {
      const bool constant = req.error().code == errc::wrong_constant;
      const bool type = constant && std::string_view(req.error().field) == "msg-type";
      return turn_down(req.error(),
                       type       ? error_code_t::krb_ap_err_msg_type
                       : constant ? error_code_t::krb_ap_err_badversion
                                  : error_code_t::krb_err_generic,
                       t);
    }
    if (req_.ap_options.has(ap_option_t::use_session_key)) {
      return turn_down({.code = errc::session_key_ticket, .type = "AP-REQ", .field = "ap-options"},
                       error_code_t::krb_ap_err_no_tgt, t);
    }
    if (request_.service && !same_principal(service(), *request_.service)) {
      return turn_down({.code = errc::wrong_service, .type = "Ticket", .field = "sname"},
                       error_code_t::krb_ap_err_not_us, t);
    }
    if (request_.mutual == required && !req_.ap_options.has(ap_option_t::mutual_required)) {
      return turn_down({.code = errc::mutual_required, .type = "AP-REQ", .field = "ap-options"},
                       error_code_t::krb_ap_err_mut_fail, t);
    }
    state_ = state::wants_key;
    return ask_for_key();
  }

  /// A key of the service, tried on the ticket: a key, a prepared key, or whatever else the policy seals with.
  template <class K, entropy_source R>
    requires seals_with<C, K>
  [[nodiscard]] constexpr step provide(const K& k, const turn<C, R>& t) {
    if (state_ == state::failed) return failed{why_};
    if (state_ != state::wants_key) return misuse();
    ++tried_;
    auto plain = open_sealed(t.policy.get(), req_.ticket->enc_part, k, key_usage_t::ticket, room_);
    if (!plain) return tried_ < t.limits.max_keys ? ask_for_key() : provide_none(errc::no_key, t);
    const auto ticket = asn1::decode<msg::EncTicketPart>(bytes_view(*plain));
    if (!ticket) return turn_down(ticket.error(), error_code_t::krb_ap_err_bad_integrity, t);
    auto session_key = take_key(t.policy.get(), ticket->key, *plain);
    if (!session_key) {
      return turn_down({.code = session_key.error().code, .type = "EncTicketPart", .field = "key"},
                       error_code_t::kdc_err_etype_nosupp, t);
    }
    product_.keys_.session_key = std::move(*session_key);
    return check(*ticket, t);
  }
  /// There is no such key (errc::no_key), or none of this version (errc::bad_key_version), or no further one: then the
  /// ones that were tried did not open the ticket.
  template <entropy_source R>
  [[nodiscard]] constexpr step provide_none(errc why, const turn<C, R>& t) {
    if (state_ == state::failed) return failed{why_};
    if (state_ != state::wants_key) return misuse();
    if (tried_ != 0) {
      return turn_down({.code = errc::integrity, .type = "Ticket", .field = "enc-part"},
                       error_code_t::krb_ap_err_bad_integrity, t);
    }
    const bool version = why == errc::bad_key_version;
    return turn_down({.code = version ? errc::bad_key_version : errc::no_key, .type = "Ticket", .field = "enc-part"},
                     version ? error_code_t::krb_ap_err_badkeyver : error_code_t::krb_ap_err_nokey, t);
  }

  /// Answers check_replay: whether the authenticator had not been seen, and is remembered now.
  template <entropy_source R>
  [[nodiscard]] constexpr step fresh(bool is_fresh, const turn<C, R>& t) {
    if (state_ == state::failed) return failed{why_};
    if (state_ != state::replay) return misuse();
    if (!is_fresh) {
      return turn_down({.code = errc::replayed, .type = "Authenticator", .field = "ctime"},
                       error_code_t::krb_ap_err_repeat, t);
    }
    state_ = state::proven;
    return authenticated{};
  }

  /// Who it is, from `authenticated` on until take(); null before.
  constexpr const product* peer() const KERB_LIFETIMEBOUND {
    return state_ == state::proven || state_ == state::done ? &product_ : nullptr;
  }

  /// Accepts: makes the AP-REP where the client asked for one.
  template <entropy_source R>
  [[nodiscard]] constexpr step accept(const accept_options& options, const turn<C, R>& t) {
    if (state_ == state::failed) return failed{why_};
    if (state_ != state::proven) return misuse();
    if (!req_.ap_options.has(ap_option_t::mutual_required)) return finish(done{});
    session_keys<key>& keys = product_.keys_;
    if (options.subkey) {
      auto k = draw_key(t.policy->etype_of(keys.session_key), t);
      if (!k) return fail(k.error());
      keys.acceptor_subkey.emplace(std::move(*k));
    }
    if (options.sequence_number) {
      const std::optional<std::uint32_t> n = draw_nonce(t);
      if (!n) return fail({.code = errc::entropy});
      keys.acceptor_seq = *n & 0x3fffffff;  // see the initiator
    }
    msg::EncApRepPart part{at_.at, at_.usec, {}, keys.acceptor_seq};  // RFC 4120 section 3.2.4: the client's own time
    if (keys.acceptor_subkey) {
      part.subkey = msg::EncryptionKey{t.policy->etype_of(*keys.acceptor_subkey),
                                       t.policy->expose(*keys.acceptor_subkey).unguarded()};
    }
    errc why = errc::ok;
    // RFC 4120 section 3.2.4: under the ticket's session key, not the subkey
    auto sealed = asn1::computed{
        [&](der::writer& out) { write_sealed(out, part, keys.session_key, key_usage_t::ap_rep_enc_part, t, why); }};
    if (!write_message(msg::BasicApRep<decltype(sealed)>{sealed}) || why != errc::ok) {
      room_.wipe_message();
      return fail({.code = why != errc::ok ? why : errc::no_space});
    }
    product_.reply_ = room_.message();
    return finish(reply{product_.reply_});
  }
  /// Refuses a client that has proven who it is, with a KRB-ERROR of this code.
  template <entropy_source R>
  [[nodiscard]] constexpr step refuse(error_code_t code, const turn<C, R>& t) {
    if (state_ == state::failed) return failed{why_};
    if (state_ != state::proven) return misuse();
    return turn_down({.code = errc::refused_by_application}, code, t);
  }

  /// The answer with its length in front, for a stream (RFC 4120 section 7.2.2); valid like the answer.
  constexpr bytes_view framed() { return room_.framed_message(); }
  /// The caller's transport has given up: the exchange fails with this reason.
  [[nodiscard]] constexpr step abandon(error e) { return state_ == state::failed ? failed{why_} : fail(e); }
  /// Goes on in a larger buffer, after need_room.
  constexpr void room(std::span<std::uint8_t> bigger) {
    if (state_ == state::idle) room_.move_to(bigger);  // later, there are views of it
  }
  /// The KRB-ERROR to transmit after `refused`; empty before.
  constexpr bytes_view refusal() const { return state_ == state::over ? room_.message() : bytes_view(); }

  /// The client; once, after done or reply.
  [[nodiscard]] constexpr result<product> take() && {
    if (state_ != state::done) return errc::api_misuse;
    state_ = state::spent;
    product_.room_ = std::move(room_);
    return std::move(product_);
  }

 private:
  enum class state : std::uint8_t { idle, wants_key, replay, proven, done, over, spent, failed };

  constexpr principal_view service() const { return {req_.ticket->sname, req_.ticket->realm}; }
  constexpr principal_view kept_service() {
    const principal_view from = service();
    const std::span<std::uint8_t> to = room_.borrow(asn1::encoded_size(from.name));
    room_.keep(to.size());
    const auto octets = asn1::encode(from.name, to);
    const auto name = asn1::decode<msg::PrincipalName>(octets ? *octets : bytes_view());
    return {name ? *name : msg::PrincipalName{}, {room_.keep_copy(from.realm.octets)}};
  }
  constexpr step ask_for_key() const {
    const msg::EncryptedData& e = req_.ticket->enc_part;
    return need_ticket_key{service(), e.kvno, e.etype, tried_};
  }

  /// RFC 4120 section 3.2.3, in its order, with the replay check last: only what is authentic may fill that store.
  template <entropy_source R>
  constexpr step check(const msg::EncTicketPart& ticket, const turn<C, R>& t) {
    const auto plain = open_sealed(t.policy.get(), req_.authenticator, product_.keys_.session_key,
                                   key_usage_t::ap_req_authenticator, room_);
    if (!plain) {
      return turn_down({.code = plain.error().code, .type = "AP-REQ", .field = "authenticator"},
                       error_code_t::krb_ap_err_bad_integrity, t);
    }
    const auto auth = asn1::decode<msg::Authenticator>(bytes_view(*plain));
    if (!auth) return turn_down(auth.error(), error_code_t::krb_ap_err_bad_integrity, t);
    at_ = {auth->ctime, auth->cusec};
    opened_ = true;
    if (auth->subkey) {
      auto k = take_key(t.policy.get(), *auth->subkey, *plain);
      if (!k) {
        return turn_down({.code = k.error().code, .type = "Authenticator", .field = "subkey"},
                         error_code_t::kdc_err_etype_nosupp, t);
      }
      product_.keys_.initiator_subkey.emplace(std::move(*k));
    }
    if (!(auth->crealm == ticket.crealm)) {
      return turn_down({.code = errc::name_mismatch, .type = "Authenticator", .field = "crealm"},
                       error_code_t::krb_ap_err_badmatch, t);
    }
    if (!same_name(auth->cname, ticket.cname)) {
      return turn_down({.code = errc::name_mismatch, .type = "Authenticator", .field = "cname"},
                       error_code_t::krb_ap_err_badmatch, t);
    }
    if (!address_fits(ticket)) {
      return turn_down({.code = errc::address_mismatch, .type = "EncTicketPart", .field = "caddr"},
                       error_code_t::krb_ap_err_badaddr, t);
    }
    // RFC 4120 section 2.7: a path that no KDC has checked is the server's to check, or to refuse
    if (!(ticket.crealm == req_.ticket->realm) && !ticket.flags.has(ticket_flag_t::transited_policy_checked) &&
        !request_.trust_unchecked_path) {
      return turn_down({.code = errc::path_not_checked, .type = "EncTicketPart", .field = "transited"},
                       error_code_t::krb_ap_path_not_accepted, t);
    }
    // RFC 4120 section 5.2.6: what is not understood and not marked AD-IF-RELEVANT refuses the client
    if (!understands(ticket.authorization_data)) {
      return turn_down({.code = errc::critical_authdata, .type = "EncTicketPart", .field = "authorization-data"},
                       error_code_t::krb_err_generic, t);
    }
    if (!understands(auth->authorization_data)) {
      return turn_down({.code = errc::critical_authdata, .type = "Authenticator", .field = "authorization-data"},
                       error_code_t::krb_err_generic, t);
    }
    const std::int64_t skew = t.limits.clock_skew;
    if (!within_skew(at_, t.now, skew)) {
      return turn_down({.code = errc::clock_skew, .type = "Authenticator", .field = "ctime"},
                       error_code_t::krb_ap_err_skew, t);
    }
    if (ticket.flags.has(ticket_flag_t::invalid)) {
      return turn_down({.code = errc::ticket_not_yet_valid, .type = "EncTicketPart", .field = "flags"},
                       error_code_t::krb_ap_err_tkt_nyv, t);
    }
    if (ticket.starttime.value_or(ticket.authtime) > plus(t.now.at, skew)) {
      return turn_down({.code = errc::ticket_not_yet_valid, .type = "EncTicketPart", .field = "starttime"},
                       error_code_t::krb_ap_err_tkt_nyv, t);
    }
    if (t.now.at > plus(ticket.endtime, skew)) {
      return turn_down({.code = errc::ticket_expired, .type = "EncTicketPart", .field = "endtime"},
                       error_code_t::krb_ap_err_tkt_expired, t);
    }
    product_.client_ = {ticket.cname, ticket.crealm};
    product_.service_ = kept_service();  // the product outlives the octets that came
    product_.flags_ = ticket.flags;
    product_.authtime_ = ticket.authtime;
    product_.endtime_ = ticket.endtime;
    product_.checksum_ = auth->cksum;
    product_.authorization_data_ = ticket.authorization_data;
    product_.authenticator_data_ = auth->authorization_data;
    product_.transited_ = ticket.transited;
    product_.keys_.initiator_seq = auth->seq_number;

    check_replay ask{service(), product_.client_, at_, {}, plus(plus(at_.at, skew), 1)};
    const bytes_view pieces[] = {req_.authenticator.cipher};
    if (const errc e = t.policy->digest(pieces, ask.digest); e != errc::ok) return fail({.code = e});
    state_ = state::replay;
    return ask;
  }
  constexpr bool understands(const std::optional<msg::AuthorizationData>& data) const {
    if (!data) return true;
    for (const msg::AuthorizationDataElement e : *data) {
      bool known = e.ad_type == ad_t::if_relevant;
      for (ad_t k : request_.understood) known |= k == e.ad_type;
      if (!known) return false;
    }
    return true;
  }
  constexpr bool address_fits(const msg::EncTicketPart& ticket) const {
    if (!ticket.caddr || ticket.caddr->empty()) return !request_.demand_addresses;
    if (!request_.peer_address) return false;
    for (const msg::HostAddress a : *ticket.caddr)
      if (a.addr_type == request_.peer_address->addr_type && a.address == request_.peer_address->address) return true;
    return false;
  }

  // ---- what goes out

  template <class T>
  constexpr bool write_message(const T& m) {
    der::writer w(room_.message_space());
    asn1::write(w, m);
    if (!w.ok()) return false;
    room_.message_is(w.count());
    return true;
  }
  /// The longest answer that this request can get: an AP-REP with subkey and sequence number, or a KRB-ERROR.
  constexpr std::size_t answer_size(const msg::ApReq& req) const {
    msg::KrbError e = error_message(error_code_t::krb_err_generic, {latest_time, {999999}});
    e.ctime = latest_time;
    e.cusec = microseconds{999999};
    e.realm = request_.service ? request_.service->realm : req.ticket->realm;
    e.sname = request_.service ? request_.service->name : req.ticket->sname;
    constexpr std::size_t ap_rep = 256;  // 27 octets of time, 45 of key, 8 of number, the seal, and their headers
    const std::size_t n = asn1::encoded_size(e);
    return n < ap_rep ? ap_rep : n;
  }
  constexpr msg::KrbError error_message(error_code_t code, timestamp now) const {
    msg::KrbError e;
    e.stime = now.at;
    e.susec = now.usec;
    e.error_code = code;
    e.realm = request_.service ? request_.service->realm : req_.ticket->realm;
    e.sname = request_.service ? request_.service->name : req_.ticket->sname;
    if (opened_) {
      e.ctime = at_.at;
      e.cusec = at_.usec;
    }
    return e;
  }
  /// RFC 4120 section 3.2.3: a client whose request fails is told so by a KRB-ERROR.
  template <entropy_source R>
  KERB_COLD constexpr step turn_down(error why, error_code_t code, const turn<C, R>& t) {
    forget();
    if (!write_message(error_message(code, t.now))) room_.message_is(0);
    state_ = state::over;
    return refused{room_.message(), why};
  }
  constexpr step finish(step s) {
    state_ = state::done;
    return s;
  }
  constexpr step misuse() { return fail({.code = errc::api_misuse}); }
  KERB_COLD constexpr step fail(error e) {
    forget();
    why_ = e;
    state_ = state::failed;
    return failed{why_};
  }
  /// Nothing of what was opened outlives a refusal.
  constexpr void forget() {
    product_ = product{};
    room_.wipe_front();
  }

  accept_request request_;
  kerb::room room_;
  state state_ = state::idle;
  unsigned tried_ = 0;
  bool opened_ = false;  // the authenticator, so that its time is known
  msg::ApReq req_;
  timestamp at_;
  product product_{};
  error why_{};
};

}  // namespace kerb::inline v0
