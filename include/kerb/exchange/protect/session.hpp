// KRB-SAFE, KRB-PRIV and KRB-CRED in the session that an AP exchange established, RFC 4120 sections 3.4 to 3.6.
#pragma once
#include "../../asn1/replaced.hpp"
#include "../../crypto/cksum_rules.hpp"
#include "../../msg/priv.hpp"
#include "../../msg/safe.hpp"
#include "../moved.hpp"
#include "cred.hpp"

namespace kerb::inline v0 {

namespace detail {
struct session_inspector;  // for tests: defined there
}  // namespace detail

/// One side of a session: makes, opens and counts its messages. Move-only, wiped on destruction,
/// for one thread at a time. A call that fails leaves the session unchanged, and leaves no opened
/// or partial message in the caller's buffers.
///
/// Each key is prepared once for each kind of message, when the first such message is made or
/// opened. After that a message costs its encryption and checksum, or only its checksum, and
/// allocates nothing. With `sequence_numbers` and `both` a peer must receive every message, in
/// order: after a lost message, no later one opens. No field of a message has an effect before its
/// seal or checksum has verified.
///
/// Calls with a replay cache (store/replay_cache.hpp) refuse messages that it has seen, and enter
/// messages that were sent, so that they cannot come back. `timestamps` requires one
/// (errc::api_misuse without it): the same for all calls of this side, and not that of the other
/// side. `both` works without one, since sequence numbers stop replays. `sequence_numbers` does not
/// use it.
///
/// RFC 4120 section 5.5.1: no sequence number is used twice with the same keys. After 2^32 messages in
/// one direction, calls return errc::numbers_used_up. Establish a new session then.
///
/// If both sides have the same address and the same key, sequence numbers alone cannot show which
/// side sent a message. Calls then return errc::api_misuse if both sides start at the same number,
/// and errc::bad_order when their numbers meet.
template <crypto_policy C>
class [[nodiscard]] protected_session {
 public:
  using key = typename C::key;
  using credential = basic_credential<key>;

  /// The addresses in `options` must outlive the session.
  constexpr protected_session(session_keys<key>&& keys, const session_options& options)
      : keys_(std::move(keys)), options_(options) {
    const std::optional<std::uint32_t> acceptor = keys_.acceptor_seq ? keys_.acceptor_seq
                                                  : options.acceptor_seq == unnamed_sequence::zero
                                                      ? std::optional(0u)
                                                      : keys_.initiator_seq;
    const bool first = options.here == side::initiator;
    out_ = sequence_counter(first ? keys_.initiator_seq : acceptor);
    in_ = sequence_counter(first ? acceptor : keys_.initiator_seq);
  }

  /// The exact size in octets of a KRB-PRIV with that many octets of data, if it is the next
  /// message and made now.
  [[nodiscard]] constexpr result<std::size_t> priv_size(std::size_t data_octets, const environment<C>& env) {
    return size_of<msg::EncKrbPrivPart>(data_octets, env);
  }
  /// The same for a KRB-SAFE.
  [[nodiscard]] constexpr result<std::size_t> safe_size(std::size_t data_octets, const environment<C>& env) {
    return size_of<msg::KrbSafeBody>(data_octets, env);
  }

  /// Makes a KRB-PRIV with `data` at the end of `out`, which `data` must not overlap. Draws the
  /// confounder. Returns errc::no_space (detail: octets needed) when `out` is too small; nothing
  /// was drawn or written then. After any other failure the octets written are wiped.
  [[nodiscard]] constexpr result<bytes_view> make_priv(bytes_view data, std::span<std::uint8_t> out KERB_LIFETIMEBOUND,
                                                       const environment<C>& env) {
    no_store none;
    return make_priv(data, out, env, none);
  }
  template <replay_cache S>
  [[nodiscard]] constexpr result<bytes_view> make_priv(bytes_view data, std::span<std::uint8_t> out KERB_LIFETIMEBOUND,
                                                       const environment<C>& env, S& seen) {
    return make<msg::EncKrbPrivPart>(data, out, env, seen);
  }
  /// Opens a KRB-PRIV and returns its user-data. The user-data is in `out`, which needs the size of
  /// the message's cipher and must not overlap the message. Returns errc::no_space (detail: octets
  /// needed) when `out` is too small; nothing was changed then.
  [[nodiscard]] constexpr result<bytes_view> open_priv(bytes_view message,
                                                       std::span<std::uint8_t> out KERB_LIFETIMEBOUND,
                                                       const environment<C>& env) {
    no_store none;
    return open_priv(message, out, env, none);
  }
  template <replay_cache S>
  [[nodiscard]] constexpr result<bytes_view> open_priv(bytes_view message,
                                                       std::span<std::uint8_t> out KERB_LIFETIMEBOUND,
                                                       const environment<C>& env, S& seen) {
    if (const error e = ready(direction::in, remembers<S>(), env); !e.ok()) return e;
    const auto m = asn1::decode<msg::KrbPriv>(message);
    if (!m) return m.error();
    const bytes_view cipher = m->enc_part.cipher;
    if (out.size() < cipher.size()) {
      return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(cipher.size())};
    }
    const auto k = prepared(direction::in, kind::priv, env);
    if (!k) return k.error();
    // RFC 4120 section 5.2.9: the etype names the algorithm, and a key is for one algorithm only
    const bool ours = env.crypto->etype_of(**k) == m->enc_part.etype;
    const auto plain = ours ? env.crypto->unseal(**k, key_usage_t::krb_priv_enc_part, cipher, out.first(cipher.size()))
                            : result<std::span<std::uint8_t>>(errc::integrity);
    if (!plain) return error{.code = plain.error().code, .type = "KRB-PRIV", .field = "enc-part"};
    const auto part =
        asn1::decode<msg::EncKrbPrivPart>(bytes_view(without_padding(*env.crypto, m->enc_part.etype, *plain)));
    error e = part ? verify(*part, env) : part.error();
    if (e.ok() && remembers<S>()) e = enter(*m, *part, false, env, seen);
    if (!e.ok()) {
      secure_zero(out.first(cipher.size()));
      return e;
    }
    if (numbered()) in_.count();
    return part->user_data;
  }

  /// Makes a KRB-SAFE with `data`, as make_priv() does; draws nothing.
  [[nodiscard]] constexpr result<bytes_view> make_safe(bytes_view data, std::span<std::uint8_t> out KERB_LIFETIMEBOUND,
                                                       const environment<C>& env) {
    no_store none;
    return make_safe(data, out, env, none);
  }
  template <replay_cache S>
  [[nodiscard]] constexpr result<bytes_view> make_safe(bytes_view data, std::span<std::uint8_t> out KERB_LIFETIMEBOUND,
                                                       const environment<C>& env, S& seen) {
    return make<msg::KrbSafeBody>(data, out, env, seen);
  }
  /// Opens a KRB-SAFE and returns its user-data, a view into the message. Returns
  /// errc::inappropriate_checksum unless its checksum has the key's mandatory type.
  [[nodiscard]] constexpr result<bytes_view> open_safe(bytes_view message KERB_LIFETIMEBOUND,
                                                       const environment<C>& env) {
    no_store none;
    return open_safe(message, env, none);
  }
  template <replay_cache S>
  [[nodiscard]] constexpr result<bytes_view> open_safe(bytes_view message KERB_LIFETIMEBOUND, const environment<C>& env,
                                                       S& seen) {
    if (const error e = ready(direction::in, remembers<S>(), env); !e.ok()) return e;
    const auto m = asn1::decode<msg::KrbSafe>(message);
    if (!m) return m.error();
    const auto k = prepared(direction::in, kind::safe, env);
    if (!k) return k.error();
    if (!cksum_allowed(cksum_place::krb_safe, m->cksum.cksumtype, env.crypto->etype_of(**k))) {
      return error{.code = errc::inappropriate_checksum, .type = "KRB-SAFE", .field = "cksum"};
    }
    const auto covered = asn1::with_replaced<&msg::KrbSafe::cksum>(message, {});
    if (!covered) return covered.error();
    const auto pieces = covered->pieces();
    const errc why =
        env.crypto->verify(m->cksum.cksumtype, **k, key_usage_t::krb_safe_cksum, pieces, m->cksum.checksum);
    if (why != errc::ok) return error{.code = why, .type = "KRB-SAFE", .field = "cksum"};
    const msg::KrbSafeBody& body = m->safe_body.value();
    error e = verify(body, env);
    if (e.ok() && remembers<S>()) e = enter(*m, body, false, env, seen);
    if (!e.ok()) return e;
    if (numbered()) in_.count();
    return body.user_data;
  }

  /// Makes a KRB-CRED that gives these credentials to the peer, as make_priv() does. It uses no
  /// sequence number unless `o.numbered`.
  [[nodiscard]] constexpr result<bytes_view> make_cred(view_of<ref<const credential>> credentials,
                                                       std::span<std::uint8_t> out KERB_LIFETIMEBOUND,
                                                       const environment<C>& env, const cred_make_options& o = {}) {
    if (!alive_ || !paired() || (o.addresses && !has_addresses())) return errc::api_misuse;
    if (o.numbered && out_.used_up()) return errc::numbers_used_up;
    unique_time times = times_;
    if (o.numbered && (!numbered() || !out_.next() || o.nonce)) return errc::api_misuse;
    cred_fields fields{times.next(env.now), o.numbered ? out_.next() : o.nonce, {}, {}};
    if (o.addresses) {
      fields.s_address = places().ours;
      fields.r_address = places().theirs;
    }
    const key& k = o.gss_delegation ? keys_.session_key : key_for(direction::out);
    auto made = make_krb_cred(credentials, fields, k, out, env);
    if (!made) return made;
    times_ = times;
    if (o.numbered) {
      out_.count();
      own_creds_ = out_;
    }
    return made;
  }
  [[nodiscard]] constexpr result<bytes_view> make_cred(const credential& c,
                                                       std::span<std::uint8_t> out KERB_LIFETIMEBOUND,
                                                       const environment<C>& env, const cred_make_options& o = {}) {
    const ref<const credential> one[] = {c};
    return make_cred(one, out, env, o);
  }
  /// Opens the peer's KRB-CRED in `buffer`; see open_krb_cred(). Without nonce, sequence number or
  /// addresses, a current message that was received before, or that this side sent, is not
  /// recognized.
  [[nodiscard]] constexpr result<received_credentials<C>> open_cred(bytes_view message, std::span<std::uint8_t> buffer,
                                                                    const environment<C>& env,
                                                                    const cred_open_options& o = {}) {
    if (!alive_ || !paired() || (o.addresses && !has_addresses())) return errc::api_misuse;
    if (o.numbered && in_.used_up()) return errc::numbers_used_up;
    if (o.numbered && (!numbered() || !in_.next() || o.nonce)) return errc::api_misuse;
    cred_demands want{
        !o.gss_delegation, o.numbered ? in_.next() : o.nonce, {}, options_.demand_recipient, o.may_be_open};
    if (o.addresses) want.addresses = places();
    // It contains neither its sender's side nor, mostly, an address: with a number of one of our
    // own it may be that one
    if (o.numbered && own_creds_.has_used(*in_.next())) {
      return error{.code = errc::bad_order, .type = "EncKrbCredPart", .field = "nonce"};
    }
    auto got = open_krb_cred(message, o.gss_delegation ? keys_.session_key : key_for(direction::in), buffer, env, want);
    if (got && o.numbered) in_.count();
    return got;
  }

  /// The sequence number of the next message sent or expected. None if the AP exchange did not set
  /// one, if all have been used, or after a move.
  constexpr std::optional<std::uint32_t> next_sent() const { return alive_ ? out_.next() : std::nullopt; }
  constexpr std::optional<std::uint32_t> next_expected() const { return alive_ ? in_.next() : std::nullopt; }

 private:
  friend struct detail::session_inspector;
  using prepared_key = typename C::prepared_key;
  enum class direction : std::uint8_t { out, in };
  enum class kind : std::uint8_t { priv, safe };
  template <class Part>
  static constexpr kind kind_of = std::same_as<Part, msg::EncKrbPrivPart> ? kind::priv : kind::safe;

  constexpr const key& key_for(direction d) const {
    if (options_.keys == key_choice::last_negotiated) return keys_.protection_key();
    const bool by_initiator = (options_.here == side::initiator) == (d == direction::out);
    const std::optional<key>& own = by_initiator ? keys_.initiator_subkey : keys_.acceptor_subkey;
    const std::optional<key>& other = by_initiator ? keys_.acceptor_subkey : keys_.initiator_subkey;
    return own ? *own : other ? *other : keys_.session_key;
  }
  constexpr bool one_key() const { return &key_for(direction::out) == &key_for(direction::in); }
  constexpr result<const prepared_key*> prepared(direction d, kind k, const environment<C>& env) {
    const bool second = d == direction::in && !one_key();
    std::optional<prepared_key>& place = prepared_[second ? 1 : 0][k == kind::priv ? 0 : 1];
    if (!place) {
      result<prepared_key> made = env.crypto->prepare(
          key_for(d), k == kind::priv ? key_usage_t::krb_priv_enc_part : key_usage_t::krb_safe_cksum);
      if (!made) return made.error();
      place.emplace(std::move(*made));
    }
    return &*place;
  }

  constexpr bool numbered() const { return options_.by != freshness::timestamps; }
  constexpr bool timed() const { return options_.by != freshness::sequence_numbers; }
  /// Whether the replay cache is used.
  template <class S>
  constexpr bool remembers() const {
    return timed() && !std::same_as<S, no_store>;
  }
  constexpr bool paired() const { return options_.local.has_value() == options_.peer.has_value(); }
  constexpr bool has_addresses() const { return places().ours.addr_type != addr_t::directional; }
  constexpr session_addresses places() const { return session_addresses::of(options_); }
  /// Whether neither key nor address distinguishes our messages from the peer's. Two subkeys may be
  /// equal: MIT krb5's AP-REP repeats the initiator's.
  constexpr bool alike(const C& policy) const {
    if (!same_address(places().ours, places().theirs)) return false;
    const key &a = key_for(direction::out), &b = key_for(direction::in);
    return policy.etype_of(a) == policy.etype_of(b) &&
           ct_equal(policy.expose(a).unguarded(), policy.expose(b).unguarded());
  }

  /// Checks the conditions that do not depend on the message.
  constexpr error ready(direction d, bool remembering, const environment<C>& env) const {
    if (!alive_ || !paired()) return {.code = errc::api_misuse};
    if (!numbered() && !remembering) return {.code = errc::api_misuse};
    if (!env.now.in_range()) return detail::clock_fault(env.now);
    if (!numbered()) return {};
    if ((d == direction::out ? out_ : in_).used_up()) return {.code = errc::numbers_used_up};
    if (!(d == direction::out ? out_ : in_).next()) {
      return {.code = errc::missing_field, .type = "Authenticator", .field = "seq-number"};
    }
    // If both sides count from the same number, a message of one side would pass for one of the
    // other
    if (out_.first() == in_.first() && alike(env.crypto.get())) return {.code = errc::api_misuse};
    return {};
  }

  /// The fields of the next message.
  template <class Part>
  constexpr Part part_of(bytes_view data, timestamp at) const {
    Part p;
    p.user_data = data;
    if (timed()) {
      p.timestamp = at.at;
      p.usec = at.usec;
    }
    if (numbered()) p.seq_number = out_.next();
    p.s_address = places().ours;
    p.r_address = places().recipient();
    return p;
  }
  static constexpr void write(der::writer& w, const msg::EncKrbPrivPart& part, const prepared_key& k,
                              const environment<C>& env, errc& why) {
    const auto sealed =
        asn1::computed{[&](der::writer& to) { write_sealed(to, part, k, key_usage_t::krb_priv_enc_part, env, why); }};
    asn1::write(w, msg::BasicKrbPriv<std::remove_const_t<decltype(sealed)>>{sealed});
  }
  static constexpr void write(der::writer& w, const msg::KrbSafeBody& body, const prepared_key& k,
                              const environment<C>& env, errc& why) {
    const std::optional<cksum_shape> shape = env.crypto->cksum_of(env.crypto->etype_of(k));
    if (!shape) {
      why = errc::unsupported_cksum;
      return;
    }
    constexpr std::array<std::uint8_t, max_cksum_octets> zeros{};
    asn1::write(
        w, msg::KrbSafe{captured<msg::KrbSafeBody>::of(body), {shape->type, bytes_view(zeros).first(shape->octets)}});
    if (w.is_counting()) return;
    // The checksum is the last field. It covers the whole message without its own type and octets
    const std::span<std::uint8_t> whole = w.written_since(0);
    const auto covered = asn1::with_replaced<&msg::KrbSafe::cksum>(bytes_view(whole), {});
    if (!covered) {
      why = covered.error().code;
      return;
    }
    const auto pieces = covered->pieces();
    why = env.crypto->sign(shape->type, k, key_usage_t::krb_safe_cksum, pieces, whole.last(shape->octets));
  }
  template <class Part>
  constexpr result<std::size_t> size_of(std::size_t data_octets, const environment<C>& env) {
    if (const error e = ready(direction::out, true, env); !e.ok()) return e;
    const auto k = prepared(direction::out, kind_of<Part>, env);
    if (!k) return k.error();
    errc why = errc::ok;
    unique_time times = times_;
    const timestamp at = times.next(env.now);
    if (timed() && !at.in_range()) return detail::clock_fault(at);
    der::writer counted = der::writer::counting();
    write(counted, part_of<Part>({nullptr, data_octets}, at), **k, env, why);  // no octet is read
    if (why != errc::ok) return why;
    if (counted.count() > 0xffffffffu) return errc::input_too_large;  // no decoder accepts it
    return counted.count();
  }
  /// Enters a message in the replay cache by octets that no two messages share, and that nobody can
  /// change.
  template <class S>
  static constexpr error enter(const msg::KrbPriv& m, const msg::EncKrbPrivPart& p, bool own, const environment<C>& env,
                               S& seen) {
    const bytes_view mark[] = {m.enc_part.cipher};
    return remember(mark, *p.timestamp, asn1::type_name<msg::EncKrbPrivPart>, own, env, seen);
  }
  template <class S>
  static constexpr error enter(const msg::KrbSafe& m, const msg::KrbSafeBody& b, bool own, const environment<C>& env,
                               S& seen) {
    const bytes_view mark[] = {m.safe_body.octets(), m.cksum.checksum};
    return remember(mark, *b.timestamp, asn1::type_name<msg::KrbSafeBody>, own, env, seen);
  }
  template <class Part, class S>
  constexpr result<bytes_view> make(bytes_view data, std::span<std::uint8_t> out KERB_LIFETIMEBOUND,
                                    const environment<C>& env, S& seen) {
    if (const error e = ready(direction::out, remembers<S>(), env); !e.ok()) return e;
    const auto n = size_of<Part>(data.size(), env);
    if (!n) return n.error();
    if (out.size() < *n) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(*n)};
    const auto k = prepared(direction::out, kind_of<Part>, env);
    unique_time times = times_;
    const Part part = part_of<Part>(data, times.next(env.now));
    const std::span<std::uint8_t> octets = out.last(*n);
    der::writer w(octets);
    error e{};
    write(w, part, **k, env, e.code);
    if (e.ok() && remembers<S>()) {
      using message = std::conditional_t<kind_of<Part> == kind::priv, msg::KrbPriv, msg::KrbSafe>;
      const auto own = asn1::decode<message>(bytes_view(octets));
      e = own ? enter(*own, part, true, env, seen) : own.error();
    }
    if (!e.ok()) {
      secure_zero(octets);
      return e;
    }
    times_ = times;
    if (numbered()) out_.count();
    return bytes_view(octets);
  }

  /// RFC 4120 sections 3.4.2 and 3.5.2: checks the fields of a message that has verified.
  template <class Part>
  constexpr error verify(const Part& p, const environment<C>& env) const {
    constexpr const char* type = asn1::type_name<Part>;
    error e = verify_addresses(p.s_address, p.r_address, places(), options_.demand_recipient, type);
    if (!e.ok()) return e;
    if (!p.timestamp && !p.seq_number && !(numbered() && in_.next() == 0u)) {
      return {.code = errc::no_freshness, .type = type};
    }
    e = verify_time(p.timestamp, p.usec, timed(), env.now, env.limits.clock_skew, type);
    if (!e.ok() || !numbered()) return e;
    // If only the number distinguishes our messages from the peer's, a number that we have used may
    // be our own message coming back. MIT krb5 omits a number of zero; the field is under the seal,
    // so nobody else can have removed it
    const std::uint32_t number = p.seq_number.value_or(0);
    if (number != in_.next() || (out_.has_used(*in_.next()) && alike(env.crypto.get()))) {
      return {.code = errc::bad_order, .type = type, .field = "seq-number"};
    }
    return {};
  }

  session_keys<key> keys_;
  session_options options_;
  sequence_counter out_, in_;
  sequence_counter own_creds_;  // out_ after the last KRB-CRED with a number
  unique_time times_;
  std::optional<prepared_key> prepared_[2][2];  // sending (and receiving, with one key), receiving; private, safe
  detail::moving_state<false> alive_ = true;    // until the session is moved from
};

}  // namespace kerb::inline v0
