// A ticket for a service from what the client has: a cache, a password or a key. RFC 4120 sections 3.1 and 3.3,
// RFC 6806.
//
// Random octets are drawn as as_client and tgs_client draw them, for each request.
#pragma once
#include "../drive.hpp"
#include "../owned_credential.hpp"
#include "../realm_path.hpp"
#include "../ticket_cache.hpp"
#include "as.hpp"
#include "tgs.hpp"

namespace kerb::inline v0 {

/// Parameters of credential_client. Every view must outlive the client.
template <class Key>
struct credential_params {
  /// Who. With a name that the KDC changes at the login, such as an enterprise name, the client logs in
  /// each time: the new name in a KDC's reply is not authenticated, so the tickets in a cache under that
  /// name (ticket_kind::renamed) are of use only after a login that leads to it.
  principal_view client;
  /// The service. Without a realm, it is wherever the KDC of the client's realm says that it is
  /// (RFC 6806 section 8). With a realm, only a ticket of that realm's KDC is accepted.
  principal_view server;
  /// Where the service is if it has no realm here and the KDC of the client's realm does not know
  /// it. A program that maps hosts to realms knows.
  std::optional<kerberos_string> fallback_realm{};
  std::span<std::uint8_t> buffer{};     ///< must outlive the client and its product; see typical_buffer_size
  secret_view password{};               ///< for the login; without it and a key, `may_ask` decides
  std::optional<ref<const Key>> key{};  ///< the client's long-term key, instead of a password
  bool may_ask = false;                 ///< without password and key, log in with the step need_key
  bool login = true;                    ///< false: only with a ticket-granting ticket that is there
  msg::KdcOptions options{};            ///< of the login; forwardable and proxiable of every ticket
  std::int64_t lifetime = 36000;        ///< seconds requested at the login; 0: as long as the KDC's policy allows
  std::optional<std::int64_t> renew_lifetime{};  ///< seconds; requests a renewable ticket-granting ticket
  std::int64_t least_lifetime = 60;              ///< seconds; a ticket that ends earlier is not used, but replaced
  /// Seconds; a renewable ticket-granting ticket that ends earlier is renewed, if the KDC agrees.
  std::int64_t renew_before = 0;
  view_of<etype_t> etypes{};              ///< offered, best first; empty: the policy's own list
  view_of<msg::HostAddress> addresses{};  ///< of the login; none: a ticket that is valid from any address
  /// The realms between the client's and the service's, for KDCs that do not know the way.
  realm_path_policy paths{};
  /// Allow one more try with the clock of an unauthenticated KRB-ERROR, at the login and with a
  /// ticket-granting ticket.
  bool follow_kdc_clock = false;
  /// Log in at the realm that a KDC names instead of the client's own (KDC_ERR_WRONG_REALM). The
  /// message is unauthenticated, and that realm's KDC gets what a password can be guessed from
  /// (RFC 6806 section 7).
  bool follow_wrong_realm = false;
  std::optional<ref<unique_time>> times{};  ///< prevents two authenticators with the same time
};

/// Look for a credential of exactly this client, server and kind whose
/// basic_credential::local_endtime() is not before `valid_until`, a time of the caller's clock. Then call
/// found(), or not_found(). The server's realm is the realm that issues the ticket.
struct find_credential {
  principal_view client;
  principal_view server;
  ticket_kind kind{};
  kerberos_time valid_until;
};
/// A KDC has issued this ticket. Store a copy of it, or do not, and call stored(). The last one is
/// the product.
template <class Key>
struct store_credential {
  ref<const basic_credential<Key>> credential;
};
/// The KDC says that the password has expired. Its message is unauthenticated, so ask the user, who
/// chooses a new one. Change it with kpasswd_client, and a ticket that as_client gets with the old
/// password and kpasswd_service_name() as as_params::server. Then call password_changed().
struct need_new_password {};

namespace detail {
struct credential_client_table {
  enum class state : std::uint8_t { idle, finding, waiting, wants_key, wants_password, storing, over, spent, failed };
  enum class call : std::uint8_t {
    start,
    found,
    not_found,
    receive,
    provide,
    password_changed,
    stored,
    set_buffer,
    take
  };
  static constexpr state moved_from = state::spent;
  static constexpr transition<call, state> transitions[] = {
      {call::start, state::idle, {state::finding}},
      {call::found, state::finding, {state::waiting, state::over}},
      {call::not_found, state::finding, {state::finding, state::waiting}},
      {call::receive,
       state::waiting,
       {state::waiting, state::finding, state::wants_key, state::wants_password, state::storing}},
      {call::provide, state::wants_key, {state::waiting, state::storing}},
      {call::password_changed, state::wants_password, {state::waiting}},
      {call::stored, state::storing, {state::finding, state::waiting, state::over}},
      {call::set_buffer, state::idle, {state::idle}},
      {call::set_buffer, state::finding, {state::finding}},
      {call::set_buffer, state::waiting, {state::waiting}},
      {call::set_buffer, state::wants_key, {state::wants_key}},
      {call::set_buffer, state::wants_password, {state::wants_password}},
      {call::set_buffer, state::storing, {state::storing}},
      {call::take, state::over, {state::spent}},
  };
};
template <class Key>
using credential_client_step = std::variant<find_credential, send, need_key, need_new_password, store_credential<Key>,
                                            need_buffer, ignored, done, failed>;
}  // namespace detail

/// Gets a ticket for a service. It looks for the ticket and for a ticket-granting ticket in the
/// caller's cache, logs in where there is none, and asks one KDC after the other: along the realms
/// between the client's and the service's, or where a KDC refers it. It enters no realm twice, and at
/// most max_realms. Each reply is compared with its request as tgs_client does, so a KDC can only issue
/// tickets of its own realm.
///
/// If a KDC's error says that it does not accept a ticket-granting ticket of the cache, such as
/// KRB_AP_ERR_TKT_EXPIRED, the client goes on as if that ticket were not there, but logs in again only
/// with a password or key. After KRB_AP_ERR_SKEW it first tries once without the offset of the KDC's clock
/// that the ticket has, or with the KDC's clock if `follow_kdc_clock` allows it. The error is not
/// authenticated, so each happens once.
///
/// The client keeps the ticket-granting ticket that it uses in its own buffer, so the cache may
/// change at any time. It cannot be moved. receive() does not modify the octets that it is given;
/// they must remain valid until the next `send`, or the end of the exchange. Octets in a step are
/// valid until the next call.
template <crypto_policy C>
class [[nodiscard]] credential_client
    : public detail::exchange_core<credential_client<C>, detail::credential_client_step<typename C::key>,
                                   detail::credential_client_table> {
  using base = detail::exchange_core<credential_client, detail::credential_client_step<typename C::key>,
                                     detail::credential_client_table>;
  using typename base::call;
  using typename base::state;
  using login = as_client<C>;
  using request = tgs_client<C>;

 public:
  using key = typename C::key;
  using product = basic_credential<key>;
  using typename base::step;
  /// A buffer size, in octets, that is enough for ordinary names and tickets of 3 KiB.
  static constexpr std::size_t typical_buffer_size = 12288;
  /// The most realms whose KDCs one client asks for tickets.
  static constexpr std::size_t max_realms = 10;

  constexpr explicit credential_client(credential_params<key> params)
      : base({}), params_(std::move(params)), client_(params_.client), buffer_(params_.buffer) {}
  credential_client(const credential_client&) = delete;
  credential_client& operator=(const credential_client&) = delete;

  /// Begins with the search for the ticket.
  [[nodiscard]] constexpr step start(const environment<C>& env) {
    if (const auto no = this->template unless<call::start>(env)) return *no;
    if (client_.realm.octets.empty() || client_.name.name_string.empty()) {
      return fail({.code = errc::api_misuse, .type = "credential_params", .field = "client"});
    }
    if (params_.options.has(kdc_option_t::request_anonymous) && !is_anonymous(client_.name)) {
      return fail({.code = errc::api_misuse, .type = "credential_params", .field = "options"});
    }
    if (params_.server.name.name_string.empty()) {
      return fail({.code = errc::api_misuse, .type = "credential_params", .field = "server"});
    }
    realm_given_ = !params_.server.realm.octets.empty();
    return look_for(detail::krbtgt_realm(params_.server.name) == goal() ? wanted::own_tgt : wanted::service, env);
  }

  /// Answers find_credential. The credential is copied. One that is not what was looked for fails
  /// the exchange with errc::api_misuse.
  [[nodiscard]] constexpr step found(const product& c, const environment<C>& env) {
    if (const auto no = this->template unless<call::found>(env)) return *no;
    if (again_ != again::no) return repeat(call::found, env);
    answered_ = call::found;
    const find_credential f = sought();
    if (!same_principal(c.client(), f.client) || !same_principal(c.server(), f.server) ||
        kind_of(c.facts()) != f.kind || c.local_endtime() < f.valid_until) {
      return fail({.code = errc::api_misuse, .type = "credential", .field = "server"});
    }
    const std::size_t n = detail::packed_facts(c.facts()).size();
    const bool fits = buffer_.size() >= (looking_for_ == wanted::service ? n + tail_ : n);
    if (fits) detail::tell(env, [&] { return trace::cache_hit{c.server(), c.endtime()}; });
    if (looking_for_ == wanted::service) {
      if (buffer_.size() < n + tail_) return need_buffer{n + tail_};
      auto copy = detail::copy_credential(env.crypto.get(), c, buffer_.first(n));
      if (!copy) return fail(copy.error());
      product_ = std::move(*copy);
      return finish(n);
    }
    if (buffer_.size() < n) return need_buffer{n};
    auto copy = detail::copy_credential(env.crypto.get(), c, buffer_.last(n));
    if (!copy) return fail(copy.error());
    if (const error e = use(std::move(*copy), n, env); !e.ok()) return fail(e);
    cached_ = looking_for_;
    renews_ = renewable(env);
    return ask(env);
  }
  /// Answers find_credential: there is none.
  [[nodiscard]] constexpr step not_found(const environment<C>& env) {
    if (const auto no = this->template unless<call::not_found>(env)) return *no;
    if (again_ != again::no) return repeat(call::not_found, env);
    answered_ = call::not_found;
    detail::tell(env, [&] { return trace::cache_missed{sought().server}; });
    if (looking_for_ == wanted::service) {
      if (tgt_) return ask(env);
      if (!(goal() == client_.realm)) return look_for(wanted::foreign_tgt, env);
    }
    return looking_for_ == wanted::own_tgt ? log_in(env) : look_for(wanted::own_tgt, env);
  }
  /// Processes what arrived: an answer of a KDC or, in a datagram, any octets; see as_client::receive().
  [[nodiscard]] constexpr step receive(bytes_view octets, const environment<C>& env,
                                       std::optional<transport> arrived = {}) {
    const bool refuses = this->state_ == state::idle || this->state_ == state::failed || this->state_ == state::spent;
    peer_error_ = std::optional<msg::KrbError>{};  // its octets may no longer be valid
    if (arrived.value_or(transport::datagram) == transport::datagram && !refuses && this->state_ != state::waiting)
      return ignored{{.code = errc::unexpected_message}};
    if (const auto no = this->template unless<call::receive>(env)) return *no;
    if (again_ != again::no) return repeat(env);
    if (auto* const x = std::get_if<login>(&exchange_)) return go_on(*x, x->receive(octets, env, arrived), env);
    if (auto* const x = std::get_if<request>(&exchange_))
      return go_on(*x, x->receive(octets, at_kdc(env), arrived), env);
    return fail({.code = errc::api_misuse});
  }
  /// Answers need_key, as as_client::provide() does.
  [[nodiscard]] constexpr step provide(key&& k, const environment<C>& env) {
    if (const auto no = this->template unless<call::provide>(env)) return *no;
    if (again_ != again::no) return repeat(env);
    auto* const x = std::get_if<login>(&exchange_);
    if (x == nullptr) return fail({.code = errc::api_misuse});
    return go_on(*x, x->provide(std::move(k), env), env);
  }
  /// Answers need_new_password: logs in again, with the new password, which must outlive the
  /// client.
  [[nodiscard]] constexpr step password_changed(secret_view password, const environment<C>& env) {
    if (const auto no = this->template unless<call::password_changed>(env)) return *no;
    params_.password = password;
    params_.key = std::optional<ref<const key>>{};
    return log_in(env);
  }
  /// Answers store_credential.
  [[nodiscard]] constexpr step stored(const environment<C>& env) {
    if (const auto no = this->template unless<call::stored>(env)) return *no;
    if (is_final_) return finish(product_.octets_used());
    // After a referral, the service may be in the cache under its true realm
    return std::exchange(refers_, false) ? look_for(wanted::service, env) : ask(env);
  }

  /// Continues in a larger buffer, after need_buffer. Returns false, and changes nothing, when it is
  /// smaller, or when this state has no use for one. The two must not overlap.
  constexpr bool set_buffer(std::span<std::uint8_t> bigger) {
    if (!this->template may<call::set_buffer>() || bigger.size() < buffer_.size()) return false;
    if (this->state_ == state::storing && is_final_) return false;  // the product is in the buffer
    const std::span<std::uint8_t> front = bigger.first(bigger.size() - tail_);
    if (auto* const x = std::get_if<login>(&exchange_); x != nullptr && !x->set_buffer(front)) return false;
    auto* const x = std::get_if<request>(&exchange_);
    if (x != nullptr && !x->set_buffer(front)) return false;
    const auto move = [](product& c, std::span<std::uint8_t> to) {
      const detail::packed_facts packed(c.facts());
      packed.write(c.facts(), to);
      product moved(packed.read(c.facts(), to), std::move(c).session_key());
      moved.set_kdc_clock_offset(c.kdc_clock_offset());
      c = std::move(moved);
    };
    if (pending_) {  // which takes the place of the other, whose octets were in the old buffer
      move(*pending_, bigger);
      tgt_.reset();
    } else if (tgt_) {
      move(*tgt_, bigger.last(tail_));
    }
    if (x != nullptr) x->request_.server = asked();  // its realm was in the old buffer
    buffer_ = bigger;
    return true;
  }
  /// The last message with its length in front, for a stream (RFC 4120 section 7.2.2).
  constexpr bytes_view framed() {
    if (auto* const x = std::get_if<login>(&exchange_)) return x->framed();
    if (auto* const x = std::get_if<request>(&exchange_)) return x->framed();
    return {};
  }
  /// The KRB-ERROR that was last given to receive(). It is unauthenticated, and valid as long as the
  /// octets that it came in.
  constexpr const std::optional<msg::KrbError>& peer_error() const KERB_LIFETIMEBOUND { return peer_error_; }
  /// The realm that a KDC named instead of the client's own, if it has at most 255 octets; see
  /// as_client::realm_named().
  constexpr std::optional<kerberos_string> realm_named() const KERB_LIFETIMEBOUND {
    if (named_size_ == 0) return std::nullopt;
    return kerberos_string{bytes_view(named_).first(named_size_)};
  }

  /// The realm whose KDC the last request was for, to name it in a message about an error; none if
  /// there was no request, or if the name has more than 255 octets. Valid as long as the client.
  constexpr std::optional<kerberos_string> asked_realm() const KERB_LIFETIMEBOUND { return asked_realm_.get(); }

  /// Returns the credential, once: after `done`.
  [[nodiscard]] constexpr result<product> take() && {
    if (!this->template may<call::take>()) return errc::api_misuse;
    this->state_ = state::spent;
    return std::move(product_);
  }

 private:
  template <class, class, class>
  friend class detail::exchange_core;
  using base::fail;
  enum class wanted : std::uint8_t { service, foreign_tgt, own_tgt };
  enum class again : std::uint8_t { no, log_in, ask, adopt };

  // ---- who and where

  /// The client's name in tickets.
  constexpr const principal_view& client() const { return tgt_ ? tgt_->client() : client_; }
  /// The realm whose KDC accepts the ticket-granting ticket.
  constexpr kerberos_string tgt_realm() const {
    return detail::krbtgt_realm(tgt_->server().name).value_or(tgt_->server().realm);
  }
  /// The realm where the service is, as far as it is known. The views are made anew for each use,
  /// because the ticket-granting ticket moves with the buffer.
  constexpr kerberos_string goal() const {
    return realm_given_ ? params_.server.realm : tgt_ ? tgt_realm() : client_.realm;
  }
  constexpr principal_view service() const { return {params_.server.name, goal()}; }
  constexpr principal_view krbtgt(kerberos_string of, kerberos_string issuer) {
    krbtgt_name_[1] = of;
    return {{name_t::srv_inst, view_of<kerberos_string>(krbtgt_name_)}, issuer};
  }
  constexpr bool is_service(const product& c) const {
    return same_principal(c.server(), service()) && !c.facts().is_referral;
  }
  /// The realm to reach instead of the goal, after `closer_` refusals: the last one but so many.
  constexpr std::optional<kerberos_string> closer_realm() const {
    std::size_t left = 0;
    std::optional<kerberos_string> found;
    (void)for_each_realm_between(tgt_realm(), goal(), params_.paths, [&](kerberos_string) { return ++left, true; });
    (void)for_each_realm_between(tgt_realm(), goal(), params_.paths, [&](kerberos_string r) {
      if (left-- == closer_) found = r;
      return !found;
    });
    return found;
  }
  /// The server of the current request to a KDC.
  constexpr principal_view asked() {
    if (renews_) return tgt_->server();
    if (tgt_realm() == goal()) return service();
    return krbtgt(closer_realm().value_or(goal()), tgt_realm());
  }

  // ---- the cache

  constexpr step look_for(wanted what, const environment<C>& env) {
    looking_for_ = what;
    valid_until_ = plus(env.now.at, params_.least_lifetime);
    this->state_ = state::finding;
    const find_credential f = sought();
    detail::tell(env, [&] { return trace::cache_searched{f.client, f.server}; });
    return f;
  }
  constexpr find_credential sought() {
    find_credential f{client(), service(), {}, valid_until_};
    if (looking_for_ == wanted::own_tgt) f.server = krbtgt(client_.realm, client_.realm);
    if (looking_for_ == wanted::foreign_tgt) f.server = krbtgt(goal(), client_.realm);
    if (tgt_) f.kind = kind_of(tgt_->facts()) & passed_on;
    return f;
  }

  // ---- the KDCs

  /// Remembers a realm whose KDC will be asked. An error if it was asked before, or if there are too
  /// many.
  constexpr error visit(kerberos_string realm, const environment<C>& env) {
    constexpr error lost{.code = errc::referral_loop, .type = "EncKDCRepPart", .field = "sname"};
    std::array<std::uint8_t, 32> digest{};
    const bytes_view pieces[] = {realm.octets};
    if (const errc e = env.crypto->digest(pieces, digest); e != errc::ok) return {.code = e};
    for (const auto& d : visited_)
      if (d == digest) return lost;
    return visited_.push_back(digest) ? error{} : lost;
  }
  /// From now on, tickets are requested with this ticket-granting ticket, whose octets are the last
  /// `n` of the buffer.
  constexpr error use(product&& c, std::size_t n, const environment<C>& env) {
    tgt_.emplace(std::move(c));
    tail_ = n;
    closer_ = 0;
    note_trust();
    return visit(tgt_realm(), env);
  }
  /// A KDC that does not trust the next one with delegated credentials does not trust what that one
  /// says of its servers either.
  constexpr void note_trust() {
    const bool crosses = !(tgt_realm() == tgt_->server().realm);
    if (crosses && !tgt_->facts().flags.has(ticket_flag_t::ok_as_delegate)) trusted_ = false;
  }
  /// The KDC's clock, as the login has shown it (RFC 4120 section 3.1.5).
  constexpr environment<C> at_kdc(environment<C> env) const {
    env.now.at = plus(env.now.at, tgt_->kdc_clock_offset());
    return env;
  }
  constexpr bool renewable(const environment<C>& env) const {
    const ticket_facts& f = tgt_->facts();
    const kerberos_time now = at_kdc(env).now.at;
    return f.flags.has(ticket_flag_t::renewable) && f.renew_till && *f.renew_till > now &&
           f.endtime < plus(now, params_.renew_before);
  }
  /// Repeats find_credential's answer, which must be the one that needed a buffer.
  constexpr step repeat(call answer, const environment<C>& env) {
    return answer == answered_ ? repeat(env) : step{fail({.code = errc::api_misuse})};
  }
  constexpr step repeat(const environment<C>& env) {
    switch (again_) {
      case again::log_in: return log_in(env);
      case again::ask: return ask(env);
      default: again_ = again::no; return adopt(env);
    }
  }
  constexpr bool has_secret() const { return params_.login && (!params_.password.empty() || params_.key); }
  constexpr step log_in(const environment<C>& env) {
    if (!has_secret() && !(params_.login && params_.may_ask)) return fail({.code = errc::no_tgt});
    as_params<key> p{.client = client_, .buffer = buffer_};
    p.password = params_.password;
    p.key = params_.key;
    p.options = params_.options;
    if (client_.name.name_type == name_t::enterprise) p.options.set(kdc_option_t::canonicalize);
    p.lifetime = params_.lifetime;
    p.renew_lifetime = params_.renew_lifetime;
    p.etypes = params_.etypes;
    p.addresses = params_.addresses;
    p.follow_kdc_clock = params_.follow_kdc_clock;
    if (again_ == again::no) detail::tell(env, [&] { return trace::login_begun{client_}; });
    auto& x = exchange_.template emplace<login>(std::move(p));
    const step next = go_on(x, x.start(env), env);
    again_ = is<need_buffer>(next) ? again::log_in : again::no;
    return next;
  }
  /// Asks the KDC that the ticket-granting ticket is for.
  constexpr step ask(const environment<C>& env) {
    if (!renews_ && is_service(*tgt_)) {
      const detail::packed_facts packed(tgt_->facts());
      for (std::size_t i = 0; i != tail_; ++i) buffer_[i] = buffer_[buffer_.size() - tail_ + i];
      product_ = product(packed.read(tgt_->facts(), bytes_view(buffer_).first(tail_)), std::move(*tgt_).session_key());
      product_.set_kdc_clock_offset(tgt_->kdc_clock_offset());
      return finish(tail_);
    }
    if (requests_ >= max_requests) return fail({.code = errc::referral_loop});
    if (again_ == again::no)
      detail::tell(env, [&] {
        return trace::ticket_wanted{renews_ ? tgt_->server().realm : tgt_realm(), asked(), renews_};
      });
    tgs_params<key> p{
        .tgt = *tgt_, .server = asked(), .buffer = buffer_.first(buffer_.size() - tail_), .etypes = params_.etypes};
    // RFC 4120 section 5.4.1: only if the ticket-granting ticket is so too
    const auto pass_on = [&](kdc_option_t option, ticket_flag_t flag) {
      p.options.set(option, !renews_ && params_.options.has(option) && tgt_->facts().flags.has(flag));
    };
    pass_on(kdc_option_t::forwardable, ticket_flag_t::forwardable);
    pass_on(kdc_option_t::proxiable, ticket_flag_t::proxiable);
    p.options.set(kdc_option_t::renew, renews_);
    if (!renews_ && !realm_given_ && !plain_) p.options.set(kdc_option_t::canonicalize);
    p.times = params_.times;
    auto& x = exchange_.template emplace<request>(std::move(p));
    const step next = go_on(x, x.start(at_kdc(env)), env);
    again_ = is<need_buffer>(next) ? again::ask : again::no;
    if (is<send>(next)) ++requests_;
    return next;
  }
  /// What follows a step of the current exchange.
  template <class Exchange>
  constexpr step go_on(Exchange& x, const typename Exchange::step& s, const environment<C>& env) {
    peer_error_ = x.peer_error();
    if (const auto* f = std::get_if<failed>(&s)) return failed_in(x, f->why, env);
    if (const auto* n = std::get_if<need_buffer>(&s)) return need_buffer{n->size + tail_};
    if (const auto* i = std::get_if<ignored>(&s)) {
      this->state_ = state::waiting;  // also after provide()
      return *i;
    }
    if constexpr (std::same_as<Exchange, login>) {
      if (const auto* k = std::get_if<need_key>(&s)) {
        this->state_ = state::wants_key;
        return *k;
      }
    }
    if (const auto* out = std::get_if<send>(&s)) {
      asked_realm_.note(out->realm);
      this->state_ = state::waiting;
      return *out;
    }
    auto got = std::move(x).take();
    if (!got) return fail(got.error());
    const bool initial = std::same_as<Exchange, login>;
    exchange_.template emplace<std::monostate>();
    (void)got->release_rest();
    pending_.emplace(std::move(*got));
    is_final_ = !renews_ && is_service(*pending_);
    if (!is_final_ && !initial && !renews_) {
      // A ticket-granting ticket: for the next realm on the way, or where the service may be
      const bool at_goal = tgt_realm() == goal();
      if (!detail::krbtgt_realm(pending_->server().name) || (at_goal && realm_given_))
        return fail({.code = errc::name_mismatch, .type = "EncKDCRepPart", .field = "sname"});
      refers_ = at_goal;
      detail::tell(env, [&] {
        const principal_view& next_kdc = pending_->server();
        return trace::referred{tgt_realm(), detail::krbtgt_realm(next_kdc.name).value_or(next_kdc.realm)};
      });
    }
    return adopt(env);
  }
  /// Uses the credential that a KDC has issued.
  constexpr step adopt(const environment<C>& env) {
    if (is_final_) {
      product_ = std::move(*pending_);
      pending_.reset();
      if (!trusted_) product_.clear_ok_as_delegate();
    } else {
      const detail::packed_facts packed(pending_->facts());
      const std::size_t n = packed.size(), used = pending_->octets_used();
      const std::size_t needed = n + (used < n ? n : used);
      if (buffer_.size() < needed) {
        again_ = again::adopt;
        return need_buffer{needed};
      }
      packed.write(pending_->facts(), buffer_.last(n));
      const ticket_facts f = packed.read(pending_->facts(), bytes_view(buffer_).last(n));
      product next(f, std::move(*pending_).session_key());
      next.set_kdc_clock_offset(pending_->kdc_clock_offset());
      pending_.reset();
      cached_ = std::optional<wanted>{};
      if (refers_) referred_ = true;
      if (std::exchange(renews_, false)) {  // at the same KDC
        tgt_.emplace(std::move(next));
        tail_ = n;
        note_trust();
      } else if (const error e = use(std::move(next), n, env); !e.ok()) {
        return fail(e);
      }
    }
    this->state_ = state::storing;
    return store_credential<key>{is_final_ ? product_ : *tgt_};
  }
  constexpr step failed_in(login& x, error why, const environment<C>& env) {
    const bool by_kdc = why.code == errc::kdc_error;
    if (by_kdc && why.detail == static_cast<std::uint32_t>(error_code_t::kdc_err_key_expired)) {
      exchange_.template emplace<std::monostate>();
      this->state_ = state::wants_password;
      return need_new_password{};
    }
    // Another failure may follow an answer that named a realm and was ignored
    const bool elsewhere = why.code == errc::name_mismatch ||
                           (by_kdc && why.detail == static_cast<std::uint32_t>(error_code_t::kdc_err_wrong_realm));
    const std::optional<kerberos_string> named = x.realm_named();
    if (!elsewhere || !named || named->octets.size() > named_.size()) return fail(why);
    named_size_ = named->octets.size();
    for (std::size_t i = 0; i != named_size_; ++i) named_[i] = named->octets[i];
    detail::tell(env, [&] {
      return trace::redirect{{bytes_view(named_).first(named_size_)}, params_.follow_wrong_realm};
    });
    if (!params_.follow_wrong_realm) return fail(why);
    client_.realm = {bytes_view(named_).first(named_size_)};
    if (++redirects_ >= max_realms) return fail({.code = errc::referral_loop});
    return log_in(env);
  }
  /// Whether a KDC's error says that it does not accept the ticket-granting ticket. The error is not
  /// authenticated.
  static constexpr bool refuses_tgt(const error& why) {
    if (why.code != errc::kdc_error && why.code != errc::clock_skew) return false;
    switch (static_cast<error_code_t>(why.detail)) {
      case error_code_t::kdc_err_tgt_revoked:
      case error_code_t::krb_ap_err_bad_integrity:  // the KDC has another key
      case error_code_t::krb_ap_err_badkeyver:
      case error_code_t::krb_ap_err_nokey:
      case error_code_t::krb_ap_err_tkt_expired:
      case error_code_t::krb_ap_err_tkt_nyv:
      case error_code_t::krb_ap_err_skew: return true;
      default: return false;
    }
  }
  /// After KRB_AP_ERR_SKEW: whether there is another clock to try, once. The offset in a cached ticket is
  /// wrong once the machine's clock has been set.
  constexpr bool tries_another_clock(const error& why, const environment<C>& env) {
    const bool skewed = why.code == errc::clock_skew && peer_error_;
    if (!skewed || std::exchange(tried_clock_, true)) return false;
    std::int64_t ahead = 0;
    if (params_.follow_kdc_clock) ahead = peer_error_->stime.seconds - env.now.at.seconds;
    const std::int64_t most = env.limits.max_clock_offset;
    if (ahead > most || ahead < -most || ahead == tgt_->kdc_clock_offset()) return false;
    if (params_.follow_kdc_clock) detail::tell(env, [&] { return trace::clock_learnt{ahead}; });
    tgt_->set_kdc_clock_offset(ahead);
    return true;
  }
  /// Goes on as if the cache did not have the ticket-granting ticket.
  constexpr step replace_tgt(wanted what, const environment<C>& env) {
    exchange_.template emplace<std::monostate>();
    tgt_.reset();
    tail_ = 0;
    visited_.clear();
    trusted_ = true;
    return what == wanted::foreign_tgt ? look_for(wanted::own_tgt, env) : log_in(env);
  }
  constexpr step failed_in(request&, error why, const environment<C>& env) {
    if (tries_another_clock(why, env)) return ask(env);
    const bool unknown = why.code == errc::kdc_error &&
                         why.detail == static_cast<std::uint32_t>(error_code_t::kdc_err_s_principal_unknown);
    if (renews_) {  // the ticket is still of use
      renews_ = false;
      return ask(env);
    }
    if (cached_ && refuses_tgt(why) && (*cached_ == wanted::foreign_tgt || has_secret()))
      return replace_tgt(*cached_, env);
    if (!(tgt_realm() == goal())) {
      ++closer_;
      return unknown && closer_realm() ? ask(env) : fail(why);
    }
    if (unknown && !realm_given_ && !referred_ && params_.fallback_realm &&
        !(*params_.fallback_realm == client_.realm)) {
      exchange_.template emplace<std::monostate>();
      detail::tell(env, [&] { return trace::fallback_used{*params_.fallback_realm}; });
      params_.server.realm = *params_.fallback_realm;
      realm_given_ = true;
      return look_for(wanted::service, env);
    }
    // A KDC that refers to itself, or renames the service, may do better when it is not asked to
    const bool renamed = why.code == errc::name_mismatch && why.type == std::string_view("EncKDCRepPart");
    if (renamed && !realm_given_ && !plain_) {
      plain_ = true;
      return ask(env);
    }
    return fail(why);
  }
  /// The product's octets are the first `used` of the buffer.
  constexpr step finish(std::size_t used) {
    exchange_.template emplace<std::monostate>();
    tgt_.reset();
    detail::credential_buffer::hold(product_, buffer_, used);
    this->state_ = state::over;
    return done{};
  }
  constexpr void forget() {
    exchange_.template emplace<std::monostate>();
    pending_.reset();
    tgt_.reset();
    product_ = product();
  }

  /// What distinguishes the tickets that are got with a ticket-granting ticket of this kind.
  static constexpr ticket_kind passed_on =
      ticket_kind::handed_over | ticket_kind::renamed | ticket_kind::restricted | ticket_kind::for_peer;
  static constexpr unsigned max_requests = 3 * max_realms;

  credential_params<key> params_;
  principal_view client_;
  std::span<std::uint8_t> buffer_;  // the current exchange, and at the end `tail_` octets of tgt_
  std::size_t tail_ = 0;
  std::optional<product> tgt_;
  std::variant<std::monostate, login, request> exchange_;  // refers to tgt_
  std::optional<product> pending_;                         // issued, and not adopted for want of buffer
  product product_;
  std::array<kerberos_string, 2> krbtgt_name_{{{"krbtgt"_krb}, {}}};
  fixed<std::array<std::uint8_t, 32>, max_realms> visited_;
  std::array<std::uint8_t, 255> named_{};
  std::size_t named_size_ = 0;
  detail::named_realm asked_realm_;
  std::optional<msg::KrbError> peer_error_;
  wanted looking_for_{};
  again again_{};
  call answered_{};  // the last answer to find_credential
  kerberos_time valid_until_;
  std::optional<wanted> cached_;  // tgt_ is from the cache, where it was looked for as this
  bool tried_clock_ = false;      // after KRB_AP_ERR_SKEW
  bool realm_given_ = false;      // the service's realm is fixed
  bool referred_ = false;         // the service is where a KDC has referred the client
  bool refers_ = false;           // pending_ does so
  bool renews_ = false;
  bool plain_ = false;  // without canonicalize
  bool is_final_ = false;
  bool trusted_ = true;     // every KDC on the way trusts the next one with delegated credentials
  unsigned closer_ = 0;     // refusals of realms that are farther away
  unsigned requests_ = 0;   // that were sent
  unsigned redirects_ = 0;  // KDC_ERR_WRONG_REALM, which is unauthenticated
};

/// Runs a credential_client to its end with a cache, and returns a ticket. A client gives one
/// ticket: for the next one, or to try again, make a new client. `ask(const send&)` transmits the
/// octets to a KDC of `send::realm` and returns the answer as result<answer>, as for drive(), which
/// describes `now`, `grow` and the errors too. errc::no_tgt: there is no ticket-granting ticket, and
/// neither key nor password to get one. errc::no_key: `may_ask` is set, which acquire() cannot
/// answer. errc::password_expired: the KDC's KDC_ERR_KEY_EXPIRED, which is unauthenticated. A ticket
/// for which the cache has no place is not kept.
///
/// The ticket is a view of the client's buffer. To return it from the function that has the buffer,
/// return own(acquire(...)), or call acquire() with parameters instead of a client. Clang warns where
/// the client is a local variable and the ticket is returned as it is.
template <crypto_policy C, class Cache, class Now, class Ask, class Grow = no_growth>
[[nodiscard]] constexpr result<basic_credential<typename C::key>> acquire(credential_client<C>& x KERB_LIFETIMEBOUND,
                                                                          Cache& cache, C& policy, Now&& now, Ask&& ask,
                                                                          const exchange_limits& limits = {},
                                                                          Grow grow = {}) {
  using exchange = credential_client<C>;
  const auto env_now = [&] { return environment<C>{policy, detail::clock_reading(now), limits}; };
  const auto go = [&](auto&& call) { return detail::with_growth(x, grow, call); };
  typename exchange::step step = go([&] { return x.start(env_now()); });
  detail::pending_request pending;
  for (;;) {
    if (const auto* f = std::get_if<failed>(&step)) return f->why;
    if (is<done>(step)) return std::move(x).take();
    if (const auto* n = std::get_if<need_buffer>(&step)) return detail::too_small(*n);
    if (is<need_key>(step)) return errc::no_key;
    if (is<need_new_password>(step)) return errc::password_expired;
    if (const auto* f = std::get_if<find_credential>(&step)) {
      const auto env = env_now();
      const auto* const c = cache.find(f->client, f->server, env.now.at, f->kind);
      const bool good = c != nullptr && c->local_endtime() >= f->valid_until;
      step = go([&] { return good ? x.found(*c, env) : x.not_found(env); });
      continue;
    }
    if (const auto* s = std::get_if<store_credential<typename C::key>>(&step)) {
      const auto env = env_now();
      (void)cache.store_copy(s->credential.get(), policy, env.now.at);  // without a place for it, it is not kept
      step = go([&] { return x.stored(env); });
      continue;
    }
    if (const auto* i = std::get_if<ignored>(&step)) {
      pending.ignored_answer(i->why);
    } else {
      pending.sent(std::get<send>(step));
    }
    const result<answer> got = pending.answer_from(ask);
    if (!got) return got.error();
    step = go([&] { return x.receive(got->octets, env_now(), got->arrived); });
  }
}

/// The same in one call, with a product that can be returned and stored: it owns its octets, at most
/// N. `params.buffer` can be left empty; the function then uses a buffer on its stack, of
/// credential_client::typical_buffer_size octets or as many more as tickets of N octets need.
/// errc::no_space: the ticket has more octets, or the buffer is too small; detail: how many are needed.
template <std::size_t N = 4096, crypto_policy C, class Cache, class Now, class Ask, class Grow = no_growth>
[[nodiscard]] constexpr result<owned_credential<typename C::key, N>> acquire(credential_params<typename C::key> params,
                                                                             Cache& cache, C& policy, Now&& now,
                                                                             Ask&& ask,
                                                                             const exchange_limits& limits = {},
                                                                             Grow grow = {}) {
  std::array<std::uint8_t, credential_client<C>::typical_buffer_size + (N > 4096 ? 2 * (N - 4096) : 0)> buffer{};
  if (params.buffer.empty()) params.buffer = buffer;
  credential_client<C> x(std::move(params));
  return own<N>(acquire(x, cache, policy, now, ask, limits, std::move(grow)));
}

}  // namespace kerb::inline v0
