// Pre-authentication of an AS-REQ's client: the KDC's mechanisms, and the hints for the client.
#pragma once
#include "../preauth/enc_timestamp.hpp"
#include "../salt.hpp"
#include "hints.hpp"
#include "kdc_exchange.hpp"

namespace kerb::inline v0 {

/// One request with pre-authentication, as the KDC's mechanism sees it. All views are valid only
/// during the call.
///
/// If the policy conceals unknown clients (kdc_policy::conceal_unknown_clients), a mechanism is
/// called for unknown clients too and cannot tell them from known ones: with_key() and open() use a
/// stand-in, and whatever the mechanism returns for it, the client is refused. So that nobody can
/// tell them apart, a mechanism must use no other data of the client. If it has a step of its own,
/// the caller must answer that step for unknown clients too.
template <crypto_policy C>
class kdc_preauth_context {
 public:
  principal_view client;   ///< as in the request
  padata_t type{};         ///< of the element that the mechanism verifies
  bytes_view body;         ///< the KDC-REQ-BODY as it was received
  bytes_view request;      ///< the AS-REQ
  msg::MethodData padata;  ///< all padata of the request
  /// A mechanism's PA-FX-COOKIE in the request: anyone can have made it. None also if the request has
  /// the cookie of a refusal in which no mechanism gave one.
  std::optional<bytes_view> cookie;

  /// Returns f(key) with the client's newest key of this type, in the form that is fastest for this
  /// usage. `f` takes a key or a prepared key and returns a result. Returns
  /// errc::unsupported_etype, errc::no_key or errc::entropy instead if there is no key.
  template <class F>
  constexpr auto with_key(etype_t e, key_usage_t usage, const environment<C>& env, F&& f) const {
    using found = decltype(f(std::declval<const typename C::key&>()));
    if (!detail::listed(etypes_.empty() ? env.crypto->offered() : etypes_, e)) return found(errc::unsupported_etype);
    const long_term_key<C>* k = known_ ? key_of(*record_, env.crypto.get(), e) : nullptr;
    if (k == nullptr) *stood_in_ = true;
    // Without a decoy a key is drawn for every client, even if it is not used, and no prepared key
    // is used. With one, a missing key costs the same time: the decoy's key is tried instead
    if (conceals_ && decoy_ == nullptr) {
      const auto drawn = draw_key(e, env);
      if (!drawn) return found(drawn.error());
      return f(k != nullptr ? k->key.get() : *drawn);
    }
    if (k == nullptr && conceals_) k = key_of(*decoy_, env.crypto.get(), e);
    if (k == nullptr) return found(errc::no_key);
    return detail::with_key_for(usage, *k, f);
  }
  /// Opens `sealed` with the client's newest key of its type. The plaintext is valid during the call
  /// of the mechanism.
  constexpr result<std::span<std::uint8_t>> open(const msg::EncryptedData& sealed, key_usage_t usage,
                                                 const environment<C>& env) const {
    return with_key(sealed.etype, usage, env,
                    [&](const auto& form) { return open_sealed(env.crypto.get(), sealed, form, usage, *space_); });
  }

  /// For the exchange. `known`: the record is that of the client; if a key is missing, `stood_in`
  /// becomes true.
  constexpr kdc_preauth_context(const principal_record<C>& record, bool known, const principal_record<C>* decoy,
                                const kdc_policy& policy, detail::workspace& space, bool& stood_in)
      : record_(&record),
        decoy_(decoy),
        known_(known),
        conceals_(policy.conceal_unknown_clients),
        etypes_(policy.reply_etypes),
        space_(&space),
        stood_in_(&stood_in) {}
  /// The first key of this type in a record, which is the newest one; null when there is none.
  static constexpr const long_term_key<C>* key_of(const principal_record<C>& r, const C& crypto, etype_t e) {
    for (const long_term_key<C>& k : r.keys)
      if (crypto.etype_of(k.key.get()) == e) return &k;
    return nullptr;
  }

 private:
  const principal_record<C>* record_;
  const principal_record<C>* decoy_;
  bool known_, conceals_;
  view_of<etype_t> etypes_;
  detail::workspace* space_;
  bool* stood_in_;
};

/// A mechanism of the KDC is a movable value. It has
///
///   static constexpr padata_t types[]       the elements of a request that it verifies
///   step                                    a std::variant of its own steps; no_steps if it has none
///   static constexpr std::size_t reserved   the octets of e_data and cookie in preauth::more, at most
///   write_offer(writer, ctx) const          writes its PA-DATA elements for the METHOD-DATA of a refusal
///   verify(ctx, value, env)                 -> kdc_preauth_outcome<step>
///   answer(value, ctx, env) -> the same;    only if it has steps: what the caller gave to answer()
///   finish(ctx, own, env)                   -> result<reply_key<Key>>: the key that seals the AS-REP, where
///                                           `own` is the client's key; called once, when the ticket is issued
///   write_reply(writer) const               writes its PA-DATA elements for the AS-REP; also called to count
///   forget()                                optional: wipes its secrets, when the exchange fails or is over
///
/// Views that it returns, except accepted::indicators, may point into the mechanism, which is a
/// member of the exchange. verify() is
/// called again when the caller's buffer was too small, but then nothing was computed before.
template <class M, class C>
concept kdc_preauth_mechanism = std::movable<M> &&
    requires(M& m, const M& same, const kdc_preauth_context<C>& ctx, const environment<C>& env, der::writer& w,
             bytes_view value, const typename C::key& own) {
  { M::types[0] } -> std::convertible_to<padata_t>;
  { M::reserved } -> std::convertible_to<std::size_t>;
  same.write_offer(w, ctx);
  { m.verify(ctx, value, env) } -> std::same_as<kdc_preauth_outcome<typename M::step>>;
  { m.finish(ctx, own, env) } -> std::same_as<result<reply_key<typename C::key>>>;
  same.write_reply(w);
};

/// The mechanisms of a KDC, in the order in which it offers them.
template <class... M>
using kdc_mechanisms = std::tuple<M...>;

namespace detail {

/// The PA-FX-COOKIE of a refusal in which no mechanism gives one. RFC 6113 section 5.2 requires a cookie
/// whenever the client can continue. It says nothing, so anyone may make it.
inline constexpr std::array<std::uint8_t, 4> cookie_without_state{'k', 'e', 'r', 'b'};

template <class Mechanisms>
class kdc_mechanism_set;
/// The mechanisms of one exchange, and the one that verifies this request.
template <class... M>
class kdc_mechanism_set<std::tuple<M...>> : public mechanism_list<std::tuple<M...>> {
  using base = mechanism_list<std::tuple<M...>>;
  using base::chosen_;
  using base::each;

 public:
  using base::none;
  using outcome = kdc_preauth_outcome<typename base::steps>;
  /// The octets that `more` adds to METHOD-DATA, at most: with the header of PA-FX-COOKIE, or a cookie
  /// without state.
  static constexpr std::size_t reserved = [] {
    std::size_t most = 0;
    ((most = M::reserved > most ? M::reserved : most), ...);
    return most == 0 ? 0 : most + 48;
  }();

  constexpr kdc_mechanism_set() = default;
  constexpr explicit kdc_mechanism_set(std::tuple<M...>&& own) : base(std::move(own)) {}

  /// Chooses the mechanism for the request's first element that one of them verifies, and returns
  /// that element.
  constexpr std::optional<msg::PaData> choose(const msg::MethodData& padata) {
    chosen_ = none;
    std::optional<msg::PaData> found;
    for (const msg::PaData pa : padata) {
      each([&]<class N>(N&, std::size_t i) {
        for (const padata_t t : N::types)
          if (!found && t == pa.padata_type) chosen_ = i, found = pa;
      });
    }
    return found;
  }
  template <crypto_policy C>
  constexpr outcome verify(const kdc_preauth_context<C>& ctx, bytes_view value, const environment<C>& env) {
    static_assert((kdc_preauth_mechanism<M, C> && ...));
    outcome o = preauth::refused{};
    each([&](auto& m, std::size_t i) {
      if (i == chosen_) o = widened<outcome>(m.verify(ctx, value, env));
    });
    return o;
  }
  template <class Value, crypto_policy C>
  constexpr outcome answer(const Value& v, const kdc_preauth_context<C>& ctx, const environment<C>& env) {
    return this->template answer_of_chosen<outcome>(v, ctx, env);
  }

  template <crypto_policy C>
  constexpr result<reply_key<typename C::key>> finish(const kdc_preauth_context<C>& ctx, const typename C::key& own,
                                                      const environment<C>& env) {
    if (chosen_ == none) return reply_key<typename C::key>(ref(own));
    using found = result<reply_key<typename C::key>>;
    return this->template of<found>(this->mechanisms_, chosen_,
                                    [&](auto& m) -> found { return m.finish(ctx, own, env); });
  }
  constexpr void write_reply(der::writer& w) const {
    each([&](const auto& m, std::size_t i) {
      if (i == chosen_) m.write_reply(w);
    });
  }
  /// Writes the offers of all mechanisms, from the last one on.
  template <crypto_policy C>
  constexpr void write_offers(der::writer& w, const kdc_preauth_context<C>& ctx) const {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (std::get<sizeof...(M) - 1 - I>(this->mechanisms_).write_offer(w, ctx), ...);
    }
    (std::index_sequence_for<M...>{});
  }
};

/// The type of an answer to one of these mechanisms.
template <class Value, class C, class Mechanisms>
concept kdc_answers_one_of = kdc_mechanism_set<Mechanisms>::template takes<Value, kdc_preauth_context<C>, C>;

/// The client's record, the hints made from it, and what the mechanisms find. If the policy
/// conceals unknown clients, known and unknown ones are treated alike: the same hints, the same
/// buffer, the same calls of the crypto policy.
template <crypto_policy C, class Mechanisms>
class as_preauth : public kdc_exchange<C> {
 protected:
  using base = kdc_exchange<C>;
  using typename base::key;
  using typename base::record;
  using set = kdc_mechanism_set<Mechanisms>;

  constexpr as_preauth(const kdc_policy& settings, std::span<std::uint8_t> buffer, const kdc_peer& peer,
                       const record* decoy, Mechanisms&& own)
      : base(settings, buffer, peer), mechanisms_(std::move(own)), decoy_(decoy) {}

  constexpr const msg::KdcReqBody& request_body() const { return req_.req_body.value(); }
  constexpr bool conceals() const { return this->policy_.conceal_unknown_clients; }

  /// The name whose default salt an unknown client gets: its own name. For an enterprise name,
  /// which denotes a principal, it is the part before the last @ (RFC 6806 section 5), which is put
  /// into `one`.
  constexpr principal_view salt_name(std::array<kerberos_string, 1>& one KERB_LIFETIMEBOUND) const {
    const principal_view& p = this->client_;
    if (p.name.name_type != name_t::enterprise || p.name.name_string.size() != 1) return p;
    one[0] = *p.name.name_string.begin();
    for (std::size_t i = one[0].octets.size(); i != 0; --i) {
      if (one[0].octets[i - 1] != '@') continue;
      one[0].octets = one[0].octets.first(i - 1);
      break;
    }
    return {{name_t::principal, view_of<kerberos_string>(one)}, p.realm};
  }
  /// Whether the default salt of the client with this canonical name is written out: always if the
  /// policy conceals unknown clients, and if the request has an alias, since a client without a salt
  /// takes that of the name that it requested.
  constexpr bool writes_salt(const principal_view& canonical) const {
    return conceals() || !same_principal(canonical, this->client_);
  }
  /// The size that the buffer must have for this name's default salt, which is kept at its front if
  /// it is written out; 0 when it already has that size.
  constexpr std::size_t lacking_for_salt(const principal_view& of) const {
    return writes_salt(of) ? this->lacking_for_refusal(default_salt_size(of)) : 0;
  }
  constexpr void client_is(const record& r) {
    if (writes_salt(r.principal)) keep_salt(r.principal);
    client_record_ = r;
    has_client_ = true;
  }
  /// There is no such client: the decoy, if there is one, takes its place.
  constexpr void client_is_nobody(const principal_view& salted) {
    keep_salt(salted);
    if (decoy_ != nullptr) client_record_ = *decoy_;
    client_record_.principal = this->client_;
    has_client_ = concealed_ = true;
  }

  constexpr const long_term_key<C>* key_of(const C& crypto, etype_t e) const {
    return kdc_preauth_context<C>::key_of(client_record_, crypto, e);
  }
  /// The hints for the client's keys whose encryption types the request names and the policy
  /// allows, in the request's order. The first one is for the reply key (RFC 4120 section 3.1.3).
  constexpr s2k_hints hints_for(const C& crypto) const {
    s2k_hints hints;
    const bool any_type = concealed_ && decoy_ == nullptr;
    for (const etype_t e : request_body().etype) {
      if (!crypto.shape(e) || !base::allowed(this->policy_.reply_etypes, crypto, e)) continue;
      const long_term_key<C>* const k = key_of(crypto, e);
      bool passed_over = k == nullptr && !any_type;
      for (const s2k_hint& h : hints) passed_over |= h.etype == e;
      if (passed_over) continue;
      s2k_hint h{e, {}, {}};
      if (k != nullptr) {
        if (!concealed_) h.salt = k->salt;
        h.s2kparams = k->s2kparams;
      }
      if (!h.salt) h.salt = kept_salt();
      if (!hints.push_back(h)) break;
    }
    return hints;
  }

  /// The default salt that is written out for keys without a salt of their own; none: the client
  /// knows it.
  constexpr std::optional<kerberos_string> kept_salt() const {
    if (salt_octets_ == 0) return std::nullopt;
    return kerberos_string{this->workspace_.kept().first(salt_octets_)};
  }

  /// What a mechanism sees of the request whose octets these are.
  constexpr kdc_preauth_context<C> context(bytes_view request, padata_t type = {}) {
    kdc_preauth_context<C> ctx(client_record_, !concealed_, decoy_, this->policy_, this->workspace_, stood_in_);
    ctx.client = this->client_;
    ctx.type = type;
    ctx.body = req_.req_body.octets();
    ctx.request = request;
    ctx.padata = req_.padata.value_or(msg::MethodData{});
    for (const msg::PaData pa : ctx.padata)
      if (pa.padata_type == padata_t::fx_cookie && !(pa.padata_value == bytes_view(cookie_without_state)))
        ctx.cookie = pa.padata_value;
    return ctx;
  }
  /// Calls a mechanism, and forgets what it opened. A proof under any key other than the client's
  /// own is refused, whatever the mechanism returns.
  template <class F>
  constexpr typename set::outcome outcome_of(F&& ask) {
    const std::size_t before = this->workspace_.kept().size();
    typename set::outcome o = ask();
    this->workspace_.keep_first(before);
    const preauth::refused no{
        {.code = concealed_ ? errc::integrity : errc::no_key, .type = "AS-REQ", .field = "padata"}};
    if (std::holds_alternative<preauth::accepted>(o) && (concealed_ || stood_in_)) o = no;
    if (std::holds_alternative<preauth::refused>(o) && stood_in_) o = no;  // the stand-in may have had another fault
    return o;
  }

  /// Writes the METHOD-DATA of a refusal. `more`: not the mechanisms' offers, but this.
  constexpr void write_method_data(der::writer& w, const s2k_hints& hints, const kdc_preauth_context<C>& ctx,
                                   const preauth::more* more = nullptr) const {
    write_hints(w, hints, names_newer_etype(request_body().etype), hint_place::krb_error, [&](der::writer& out) {
      // RFC 6113 section 5.2: the client returns the cookie unchanged
      const bool has_state = more != nullptr && more->cookie;
      asn1::write(out, msg::PaData{padata_t::fx_cookie, has_state ? *more->cookie : bytes_view(cookie_without_state)});
      if (more == nullptr) mechanisms_.write_offers(out, ctx);
      else out.octets(more->e_data);
    });
  }
  constexpr std::size_t method_data_size(const s2k_hints& hints, const kdc_preauth_context<C>& ctx,
                                         const preauth::more* more = nullptr) const {
    der::writer counted = der::writer::counting();
    write_method_data(counted, hints, ctx, more);
    return counted.count();
  }
  /// The size that the buffer must have for a refusal with hints, which are at its front and in the
  /// message, and for `besides` more octets; 0 when it already has that size.
  constexpr std::size_t lacking_for_hints(const s2k_hints& hints, std::size_t besides,
                                          const kdc_preauth_context<C>& ctx) const {
    der::writer counted = der::writer::counting();
    mechanisms_.write_offers(counted, ctx);
    asn1::write(counted, msg::PaData{padata_t::fx_cookie, bytes_view(cookie_without_state)});
    const std::size_t elements = counted.count() > set::reserved ? counted.count() : set::reserved;
    return this->workspace_.lacking(besides + 2 * (size_bound(hints) + elements) + this->refusal_bound(), [&] {
      der::writer exact = der::writer::counting();
      write_hints(exact, hints, names_newer_etype(request_body().etype), hint_place::krb_error,
                  [&](der::writer& out) { out.zeros(elements); });
      return besides + exact.count() + this->refusal_size(exact.count());
    });
  }
  constexpr kdc_step with_hints(const verdict& v, const s2k_hints& hints, const kdc_preauth_context<C>& ctx,
                                const environment<C>& env, const preauth::more* more = nullptr) {
    const std::span<std::uint8_t> at = this->workspace_.borrow(method_data_size(hints, ctx, more));
    this->workspace_.keep(at.size());
    der::writer w(at);
    write_method_data(w, hints, ctx, more);
    return this->turn_down(v, env, bytes_view(at));
  }

  msg::AsReq req_;
  record client_record_{};
  bool has_client_ = false;
  bool concealed_ = false;  // there is no such client; no pre-authentication is accepted
  bool stood_in_ = false;   // a mechanism has used another key than the client's own
  set mechanisms_;

 private:
  constexpr void keep_salt(const principal_view& of) {
    const std::size_t n = default_salt_size(of);
    write_default_salt(of, this->workspace_.borrow(n));
    this->workspace_.keep(n);
    salt_octets_ = n;
  }
  const record* decoy_;
  std::size_t salt_octets_ = 0;  // at the front of the buffer
};

}  // namespace detail

}  // namespace kerb::inline v0
