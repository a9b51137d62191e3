// Proof that the KDC of a login is the true one, with the key of a local service; RFC 4120 section 3.1.5.
//
// Random octets are drawn as credential_client and ap_initiator draw them.
#pragma once
#include "../service/ap.hpp"
#include "acquire.hpp"
#include "ap.hpp"

namespace kerb::inline v0 {

/// Parameters of login_verifier. Every view must outlive it.
struct verify_login_params {
  /// A service of this machine whose key the caller has and users do not, such as host/NAME. Without a
  /// realm, it must be in the client's realm: name the realm if users of other realms log in.
  principal_view service;
  std::span<std::uint8_t> buffer{};  ///< must outlive the verifier; see typical_buffer_size
  view_of<etype_t> etypes{};         ///< as credential_params::etypes
  realm_path_policy paths{};         ///< as credential_params::paths
  /// The paths of clients of other realms that no KDC has checked; none: such clients are refused
  /// (acceptor_params::paths).
  std::optional<realm_path_policy> accepted_paths{};
  view_of<ad_t> understood{};               ///< as acceptor_params::understood
  std::optional<ref<unique_time>> times{};  ///< prevents two authenticators with the same time
};

template <crypto_policy C, class Credential = basic_credential<typename C::key>>
class login_verifier;

/// A login whose KDC has proved that it knows the key of a service of this machine. Only login_verifier
/// makes one. A function that lets a user in takes this type, and not a credential: an AS reply alone
/// proves nothing about the user (RFC 4120 section 3.1.5), because whoever types the password can forge
/// the reply too.
///
/// `Credential` is a basic_credential or an owned_credential, as the verifier was given. With the latter,
/// the login owns its octets: it can be returned and stored.
template <class Key, class Credential = basic_credential<Key>>
class verified_login {
 public:
  /// The user, as the service's ticket names it.
  constexpr const principal_view& client() const& KERB_LIFETIMEBOUND { return credential().client(); }
  void client() const&& = delete;
  /// The ticket-granting ticket of the login.
  constexpr const basic_credential<Key>& credential() const& KERB_LIFETIMEBOUND {
    return ref<const basic_credential<Key>>(tgt_).get();
  }
  /// Moves it out of a login that is no longer needed.
  constexpr Credential credential() && { return std::move(tgt_); }

 private:
  template <crypto_policy, class>
  friend class login_verifier;
  constexpr explicit verified_login(Credential&& tgt) : tgt_(std::move(tgt)) {}
  Credential tgt_;
};

namespace detail {
struct login_verifier_table {
  enum class state : std::uint8_t { idle, waiting, wants_key, over, spent, failed };
  enum class call : std::uint8_t { start, receive, provide, no_key, set_buffer, take };
  static constexpr state moved_from = state::spent;
  static constexpr transition<call, state> transitions[] = {
      {call::start, state::idle, {state::waiting}},
      {call::receive, state::waiting, {state::waiting, state::wants_key}},
      {call::provide, state::wants_key, {state::wants_key, state::over}},
      {call::no_key, state::wants_key, {}},  // the login is refused
      {call::set_buffer, state::idle, {state::idle}},
      {call::set_buffer, state::waiting, {state::waiting}},
      {call::take, state::over, {state::spent}},
  };
};
using login_verifier_step = std::variant<send, need_ticket_key, need_buffer, ignored, done, failed>;
}  // namespace detail

/// Verifies a login: gets a ticket for a service of this machine with the ticket-granting ticket of the
/// login, and opens it with the service's key. It always asks the KDC, and no cache: a ticket of an
/// earlier login would prove nothing about this one. Then it makes an AP-REQ with the ticket and accepts
/// it as the service does. So the ticket must have the same session key and the same client as the KDC's
/// reply, and come from this login. A ticket that somebody has recorded, that somebody else has, or that
/// the user has from another login is no proof. It must be valid by this machine's clock, since what is
/// known of the KDC's clock is what an unverified KDC has said. For the same reason a login proves nothing
/// if the KDC's clock differed from this machine's by more than the clock skew (follow_kdc_clock). Of two
/// logins within the clock skew, a forged reply can claim the time of the other.
///
/// On failure the ticket-granting ticket is wiped, so that nothing of the login can be used. Errors of
/// the requests are those of credential_client. errc::no_key and errc::bad_key_version: the caller has
/// no such key. errc::login_not_verified: the ticket is no proof (detail: the errc of the check that
/// failed).
///
/// It cannot be moved. receive() does not modify the octets that it is given; they must remain valid
/// until the next `send`, or the end of the exchange. Octets in a step are valid until the next call.
///
/// `Credential` is a basic_credential, or an owned_credential: see verified_login.
template <crypto_policy C, class Credential>
class [[nodiscard]] login_verifier
    : public detail::exchange_core<login_verifier<C, Credential>, detail::login_verifier_step,
                                   detail::login_verifier_table> {
  using base = detail::exchange_core<login_verifier, detail::login_verifier_step, detail::login_verifier_table>;
  using typename base::call;
  using typename base::state;
  using walk = credential_client<C>;

 public:
  using key = typename C::key;
  using product = verified_login<key, Credential>;
  using typename base::step;
  /// A buffer size, in octets, that is enough for ordinary names and tickets of 3 KiB.
  static constexpr std::size_t typical_buffer_size = 16384;

  /// `tgt` is what the login has returned. The octets of a basic_credential must outlive the verifier and
  /// the product.
  constexpr login_verifier(verify_login_params params, Credential&& tgt)
      : base({}), params_(std::move(params)), tgt_(std::move(tgt)), walk_(wanted()) {}
  login_verifier(const login_verifier&) = delete;
  login_verifier& operator=(const login_verifier&) = delete;

  /// Makes the first request. errc::api_misuse: the credential is no ticket-granting ticket of a login.
  [[nodiscard]] constexpr step start(const environment<C>& env) {
    if (const auto no = this->template unless<call::start>(env)) return *no;
    if (again_ != again::no) return repeat(env);
    if (!detail::krbtgt_realm(tgt().server().name))  // and walk_ takes no ticket of another kind
      return fail({.code = errc::api_misuse, .type = "credential", .field = "server"});
    return go_on(walk_.start(env), env);
  }
  /// Processes what arrived: an answer of a KDC or, in a datagram, any octets.
  [[nodiscard]] constexpr step receive(bytes_view octets, const environment<C>& env,
                                       std::optional<transport> arrived = {}) {
    const bool busy = this->state_ == state::wants_key || this->state_ == state::over;
    if (arrived != transport::stream && busy) return ignored{{.code = errc::unexpected_message}};
    if (const auto no = this->template unless<call::receive>(env)) return *no;
    if (again_ != again::no) return repeat(env);
    return go_on(walk_.receive(octets, env, arrived), env);
  }
  /// Answers need_ticket_key with a key of the service; see ap_acceptor::provide().
  template <class K>
    requires seals_with<C, K>
  [[nodiscard]] constexpr step provide(const K& k, kerberos_string realm, const environment<C>& env) {
    if (const auto no = this->template unless<call::provide>(env)) return *no;
    return accepted(acceptor_->provide(k, realm, env), env);
  }
  /// The same for a key of the service's own realm.
  template <class K>
    requires seals_with<C, K>
  [[nodiscard]] constexpr step provide(const K& k, const environment<C>& env) {
    if (const auto no = this->template unless<call::provide>(env)) return *no;
    return accepted(acceptor_->provide(k, env), env);
  }
  /// Answers need_ticket_key without a key. The login fails.
  [[nodiscard]] constexpr step no_key(const no_ticket_key& none, const environment<C>& env) {
    if (const auto no = this->template unless<call::no_key>(env)) return *no;
    return accepted(acceptor_->no_key(none, env), env);
  }

  /// Continues in a larger buffer, after need_buffer. Returns false, and changes nothing, when it is
  /// smaller, or when this state has no use for one. The two must not overlap.
  constexpr bool set_buffer(std::span<std::uint8_t> bigger) {
    if (!this->template may<call::set_buffer>() || bigger.size() < params_.buffer.size()) return false;
    if (again_ == again::prove) {
      const detail::packed_facts packed(service_.facts());
      packed.write(service_.facts(), bigger);
      basic_credential<key> moved(packed.read(service_.facts(), bytes_view(bigger).first(packed.size())),
                                  std::move(service_).session_key());
      service_ = std::move(moved);
      rest_ = bigger.subspan(packed.size());
    } else if (!walk_.set_buffer(bigger)) {
      return false;
    }
    params_.buffer = bigger;
    return true;
  }
  /// The last message with its length in front, for a stream (RFC 4120 section 7.2.2).
  constexpr bytes_view framed() { return walk_.framed(); }
  /// The realm whose KDC the last request was for; see credential_client::asked_realm().
  constexpr std::optional<kerberos_string> asked_realm() const KERB_LIFETIMEBOUND { return walk_.asked_realm(); }

  /// Returns the verified login, once: after `done`.
  [[nodiscard]] constexpr result<product> take() && {
    if (!this->template may<call::take>()) return errc::api_misuse;
    this->state_ = state::spent;
    return product(std::move(tgt_));
  }

 private:
  template <class, class, class>
  friend class detail::exchange_core;
  using base::fail;
  enum class again : std::uint8_t { no, found, not_found, stored, prove };

  constexpr const basic_credential<key>& tgt() const { return ref<const basic_credential<key>>(tgt_).get(); }
  constexpr credential_params<key> wanted() const {
    credential_params<key> p{.client = tgt().client(), .server = params_.service, .buffer = params_.buffer};
    p.login = false;
    // The KDC decides whether the ticket-granting ticket is current: this machine's clock can be wrong
    p.least_lifetime = earliest_time.seconds;
    p.etypes = params_.etypes;
    p.paths = params_.paths;
    p.times = params_.times;
    return p;
  }

  constexpr step repeat(const environment<C>& env) {
    switch (std::exchange(again_, again::no)) {
      case again::found: return go_on(found(env), env);
      case again::not_found: return go_on(not_found(env), env);
      case again::stored: return go_on(stored(env), env);
      default: return prove(env);
    }
  }
  /// Gives the client the ticket-granting ticket of the login. Its KDC may have changed the client's name;
  /// the service's ticket is to prove the new one.
  constexpr typename walk::step found(const environment<C>& env) {
    ticket_facts f = tgt().facts();
    f.client_renamed = false;
    auto k = detail::copy_key(env.crypto.get(), tgt().session_key());
    if (!k) return failed{k.error()};
    basic_credential<key> copy(f, std::move(*k));
    copy.set_kdc_clock_offset(tgt().kdc_clock_offset());
    return noted(walk_.found(copy, env), again::found);
  }
  constexpr typename walk::step not_found(const environment<C>& env) {
    return noted(walk_.not_found(env), again::not_found);
  }
  constexpr typename walk::step stored(const environment<C>& env) { return noted(walk_.stored(env), again::stored); }
  constexpr typename walk::step noted(const typename walk::step& s, again what) {
    again_ = is<need_buffer>(s) ? what : again::no;
    return s;
  }
  /// Answers the client's searches: nothing is in a cache but the ticket-granting ticket.
  constexpr step go_on(typename walk::step s, const environment<C>& env) {
    for (;;) {
      if (const auto* f = std::get_if<find_credential>(&s)) {
        s = same_principal(f->server, tgt().server()) ? found(env) : not_found(env);
      } else if (is<store_credential<key>>(s)) {
        s = stored(env);
      } else {
        break;
      }
    }
    if (const auto* f = std::get_if<failed>(&s)) return fail(f->why);
    if (const auto* n = std::get_if<need_buffer>(&s)) return *n;
    if (const auto* i = std::get_if<ignored>(&s)) return *i;
    if (const auto* out = std::get_if<send>(&s)) {
      this->state_ = state::waiting;
      return *out;
    }
    auto got = std::move(walk_).take();
    if (!got) return fail(got.error());
    service_ = std::move(*got);
    rest_ = service_.release_rest();
    // Where the service is, an unverified KDC has said. A key of another realm proves nothing about the client's KDC
    if (params_.service.realm.octets.empty() && service_.server().realm != tgt().client().realm) {
      return fail({.code = errc::login_not_verified,
                   .detail = static_cast<std::uint32_t>(errc::name_mismatch),
                   .type = "ticket",
                   .field = "realm"});
    }
    return prove(env);
  }
  /// Makes an AP-REQ with the ticket, and gives it to an acceptor.
  constexpr step prove(const environment<C>& env) {
    const ticket_facts& f = service_.facts();
    initiator_params<key> request{.credential = service_, .buffer = {}, .mutual = if_asked};
    request.subkey = request.sequence_number = false;
    request.times = params_.times;
    constexpr std::size_t lengths = 8;  // of the two messages, as streams carry them
    const std::size_t n = detail::size_bound(request) + lengths;
    const std::size_t whole = 2 * n + detail::ap_answer_bound(f.server);
    if (rest_.size() < whole) {
      again_ = again::prove;
      return need_buffer{params_.buffer.size() - rest_.size() + whole};
    }
    request.buffer = rest_.first(n);
    initiator_.emplace(std::move(request));
    const auto made = initiator_->start(env);
    const auto* const out = std::get_if<send>(&made);
    if (out == nullptr) {
      if (!std::holds_alternative<failed>(made)) return fail({.code = errc::no_space});
      const error why = std::get<failed>(made).why;
      return fail(why.code == errc::ticket_expired ? not_verified(why) : why);
    }
    acceptor_params p{.service = f.server, .buffer = rest_.subspan(n)};
    if (f.addresses && !f.addresses->empty()) p.peer_address = *f.addresses->begin();  // this machine is there
    p.understood = params_.understood;
    p.paths = params_.accepted_paths;
    p.replays = replay_rule::by_application;  // the request has never left this machine
    acceptor_.emplace(std::move(p));
    return accepted(acceptor_->receive(out->octets, env), env);
  }
  /// The ticket is no proof, for this reason.
  static constexpr error not_verified(error why) {
    why.detail = static_cast<std::uint32_t>(why.code);
    why.code = errc::login_not_verified;
    return why;
  }
  constexpr step accepted(const typename ap_acceptor<C>::step& s, const environment<C>& env) {
    if (const auto* k = std::get_if<need_ticket_key>(&s)) {
      this->state_ = state::wants_key;
      return *k;
    }
    if (is<authenticated>(s)) {
      // RFC 4120 section 3.3.3: a ticket has the time of the login that it comes from
      if (acceptor_->peer()->authtime() != tgt().facts().authtime) {
        return fail({.code = errc::login_not_verified,
                     .detail = static_cast<std::uint32_t>(errc::time_mismatch),
                     .type = "EncTicketPart",
                     .field = "authtime"});
      }
      // The KDC that is judged here has said when the login was
      if (!within_skew({env.now.at, {}}, {plus(env.now.at, tgt().kdc_clock_offset()), {}}, env.limits.clock_skew)) {
        return fail({.code = errc::login_not_verified,
                     .detail = static_cast<std::uint32_t>(errc::clock_skew),
                     .type = "credential",
                     .field = "kdc_clock_offset"});
      }
      service_ = basic_credential<key>();
      acceptor_.reset();
      initiator_.reset();
      this->state_ = state::over;
      return done{};
    }
    if (const auto* no = std::get_if<refused>(&s)) {
      const bool lacks_key = no->why.code == errc::no_key || no->why.code == errc::bad_key_version;
      return fail(lacks_key ? no->why : not_verified(no->why));
    }
    const auto* const f = std::get_if<failed>(&s);
    return fail(f != nullptr ? f->why : error{.code = errc::no_space});
  }
  constexpr void forget() {
    acceptor_.reset();
    initiator_.reset();
    service_ = basic_credential<key>();
    (void)walk_.abandon(this->why_);
    tgt_ = Credential();
  }

  verify_login_params params_;
  Credential tgt_;
  walk walk_;
  again again_{};
  basic_credential<key> service_;
  std::span<std::uint8_t> rest_;              // of the buffer, behind service_
  std::optional<ap_initiator<C>> initiator_;  // refers to service_, and has the message
  std::optional<ap_acceptor<C>> acceptor_;
};

/// Runs a login_verifier to its end with a source of keys, and returns the verified login. `ask` and `now`
/// are those of drive(), and `keys` is that of accept(). Every error means that the user must not be let
/// in.
template <crypto_policy C, class Credential, class Keys, class Now, class Ask, class Grow = no_growth>
  requires ticket_keys<Keys>
[[nodiscard]] constexpr result<verified_login<typename C::key, Credential>> verify_login(
    login_verifier<C, Credential>& x, C& policy, Keys& keys, Now&& now, Ask&& ask, const exchange_limits& limits = {},
    Grow grow = {}) {
  const auto env_now = [&] { return environment<C>{policy, detail::clock_reading(now), limits}; };
  auto step = detail::with_growth(x, grow, [&] { return x.start(env_now()); });
  detail::pending_request pending;
  for (;;) {
    if (const auto* f = std::get_if<failed>(&step)) return f->why;
    if (is<done>(step)) return std::move(x).take();
    if (const auto* n = std::get_if<need_buffer>(&step)) return detail::too_small(*n);
    if (const auto* k = std::get_if<need_ticket_key>(&step)) {
      const auto* const found = keys.find(*k);
      if (found == nullptr) step = x.no_key(keys.why_none(*k), env_now());
      else if constexpr (names_realms<Keys>) step = x.provide(*found, keys.realm_of(*k), env_now());
      else step = x.provide(*found, env_now());
      continue;
    }
    if (const auto* i = std::get_if<ignored>(&step)) {
      pending.ignored_answer(i->why);
    } else {
      pending.sent(std::get<send>(step));
    }
    const result<answer> got = pending.answer_from(ask);
    if (!got) {
      const auto given_up = x.abandon(got.error());  // wipes the login
      return std::get<failed>(given_up).why;
    }
    step = detail::with_growth(x, grow, [&] { return x.receive(got->octets, env_now(), got->arrived); });
  }
}

/// The same in one call, for a login that owns its octets, such as the product of acquire() with
/// parameters. The verified login owns them too. `params.buffer` can be left empty; the function then uses
/// a buffer on its stack, of login_verifier::typical_buffer_size octets or as many more as tickets of N
/// octets need.
template <crypto_policy C, std::size_t N, class Keys, class Now, class Ask, class Grow = no_growth>
  requires ticket_keys<Keys>
[[nodiscard]] constexpr result<verified_login<typename C::key, owned_credential<typename C::key, N>>> verify_login(
    verify_login_params params, owned_credential<typename C::key, N>&& tgt, C& policy, Keys& keys, Now&& now, Ask&& ask,
    const exchange_limits& limits = {}, Grow grow = {}) {
  using verifier = login_verifier<C, owned_credential<typename C::key, N>>;
  std::array<std::uint8_t, verifier::typical_buffer_size + (N > 4096 ? 4 * (N - 4096) : 0)> buffer{};
  if (params.buffer.empty()) params.buffer = buffer;
  verifier x(std::move(params), std::move(tgt));
  return verify_login(x, policy, keys, now, ask, limits, std::move(grow));
}

}  // namespace kerb::inline v0
