// Pre-authentication mechanisms of the AS client, each pluggable at compile time.
#pragma once
#include <tuple>
#include <utility>

#include "../../msg/preauth.hpp"
#include "../salt.hpp"
#include "../sealed.hpp"

namespace kerb::inline v0 {

/// What a mechanism needs before it can write its padata.
enum class preauth_wants : std::uint8_t {
  skip,   ///< it cannot be used in this round
  key,    ///< the client's long-term key
  write,  ///< nothing: it can write now
};

/// One round of pre-authentication, as a mechanism sees it: the KDC's offer, which is
/// unauthenticated.
struct preauth_offer {
  msg::MethodData method_data;
  bytes_view value;    ///< the padata-value of the element that named the mechanism
  unsigned round = 0;  ///< requests sent so far
};

/// A mechanism is a movable value with
///   static constexpr padata_t offered_as     the METHOD-DATA element that names it
///   consider(offer) -> preauth_wants         examines the offer of a round
///   write(writer, key, env, why)             writes its PA-DATA, with the key if it asked for it (else it may be
///   null);
///                                            sets why on failure; draws nothing while counting
///   written()                                called when a request with its padata has been made
///   reply_key(long_term) -> const Key*       the key that opens the AS-REP; most mechanisms return the long-term key
template <class M, class C>
concept preauth_mechanism = std::movable<M> &&
    requires(M& m, const preauth_offer& o, der::writer& w, const typename C::key* k, const environment<C>& env,
             errc& why) {
  { M::offered_as } -> std::convertible_to<padata_t>;
  { m.consider(o) } -> std::same_as<preauth_wants>;
  m.template write<C>(w, k, env, why);
  m.written();
  { m.reply_key(k) } -> std::same_as<const typename C::key*>;
};

/// PA-ENC-TIMESTAMP, RFC 4120 section 5.2.7.2: the client's time, sealed under its long-term key.
/// Used once.
class enc_timestamp {
 public:
  static constexpr padata_t offered_as = padata_t::enc_timestamp;
  constexpr preauth_wants consider(const preauth_offer&) const {
    return used_ ? preauth_wants::skip : preauth_wants::key;
  }
  template <class C>
  constexpr void write(der::writer& w, const typename C::key* k, const environment<C>& env, errc& why) const {
    const msg::PaEncTsEnc plain{env.now.at, env.now.usec};
    auto value = asn1::computed{[&](der::writer& out) {
      der::wrap(out, der::octet_string,
                [&] { write_sealed(out, plain, *k, key_usage_t::as_req_enc_timestamp, env, why); });
    }};
    asn1::write(w, msg::BasicPaData<decltype(value)>{offered_as, value});
  }
  constexpr void written() { used_ = true; }
  template <class Key>
  constexpr const Key* reply_key(const Key* long_term) const {
    return long_term;
  }

 private:
  bool used_ = false;
};

/// The mechanisms that a client has, in any order: the KDC's METHOD-DATA decides which is used
/// first.
template <class... M>
using mechanisms = std::tuple<M...>;

namespace detail {
template <class Mechanisms>
class mechanism_set;
/// The mechanisms of one exchange, and the one that is used in this round.
template <class... M>
class mechanism_set<std::tuple<M...>> {
 public:
  static constexpr std::size_t none = sizeof...(M);

  /// Finds the first mechanism in the KDC's list that can be used, and returns what it needs. `who`
  /// is unchanged when there is none.
  constexpr preauth_wants consider(const msg::MethodData& offered, unsigned round, std::size_t& who) {
    for (const msg::PaData pa : offered) {
      preauth_wants wants = preauth_wants::skip;
      const preauth_offer offer{offered, pa.padata_value, round};
      each([&]<class N>(N& m, std::size_t i) {
        if (wants != preauth_wants::skip || N::offered_as != pa.padata_type) return;
        wants = m.consider(offer);
        if (wants != preauth_wants::skip) who = i;
      });
      if (wants != preauth_wants::skip) return wants;
    }
    return preauth_wants::skip;
  }
  constexpr void choose(std::size_t who) { chosen_ = who; }
  constexpr bool chosen() const { return chosen_ != none; }

  template <class C>
  constexpr void write(der::writer& w, const typename C::key* k, const environment<C>& env, errc& why) {
    static_assert((preauth_mechanism<M, C> && ...));
    each([&](auto& m, std::size_t i) {
      if (i == chosen_) m.template write<C>(w, k, env, why);
    });
  }
  constexpr void written() {
    each([&](auto& m, std::size_t i) {
      if (i == chosen_) m.written();
    });
  }
  template <class Key>
  constexpr const Key* reply_key(const Key* long_term) {
    each([&](auto& m, std::size_t i) {
      if (i == chosen_) long_term = m.reply_key(long_term);
    });
    return long_term;
  }

 private:
  template <class F>
  constexpr void each(F f) {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (f(std::get<I>(mechanisms_), I), ...); }
    (std::index_sequence_for<M...>{});
  }
  std::tuple<M...> mechanisms_{};
  std::size_t chosen_ = none;
};
}  // namespace detail

namespace detail {

/// How to derive the long-term key, from unauthenticated hints.
struct key_hint {
  etype_t etype{};
  std::optional<bytes_view> salt;  // absent: the default one
  s2k_iterations iterations;
};

/// RFC 3962 section 4 and RFC 8009 section 4: four octets, big-endian; zero means 2^32. The
/// caller's limits apply, since the sender of the parameters decides how long the client computes,
/// or how weak its key is.
template <crypto_policy C>
constexpr result<s2k_iterations> iterations_from(C& policy, etype_t etype, std::optional<bytes_view> params,
                                                 const exchange_limits& limits) {
  const std::uint64_t standard = policy.default_iterations(etype);
  if (!params) return s2k_iterations{standard};
  constexpr error bad{.code = errc::bad_s2k_parameters, .type = "ETYPE-INFO2-ENTRY", .field = "s2kparams"};
  if (params->size() != 4) return bad;
  std::uint64_t n = 0;
  for (std::uint8_t b : *params) n = n << 8 | b;
  if (n == 0) n = std::uint64_t{1} << 32;
  const std::uint64_t least = limits.min_iterations != 0 ? limits.min_iterations : standard;
  if (n < least || n > limits.max_iterations) return bad;
  return s2k_iterations{n};
}

/// Returns the first encryption type, in the client's order of preference, for which the KDC sent a
/// hint. Only ETYPE-INFO2 is used: RFC 4120 section 5.2.7.5 requires it from every KDC that knows
/// the newer encryption types.
template <crypto_policy C>
constexpr result<std::optional<key_hint>> hint_from(C& policy, const msg::MethodData& padata, view_of<etype_t> ours,
                                                    const exchange_limits& limits) {
  for (const msg::PaData pa : padata) {
    if (pa.padata_type != padata_t::etype_info2) continue;
    const auto info = asn1::decode_as<msg::EtypeInfo2>("ETYPE-INFO2", pa.padata_value);
    if (!info) return info.error();
    for (etype_t e : ours) {
      for (const msg::EtypeInfo2Entry entry : *info) {
        if (entry.etype != e) continue;
        const result<s2k_iterations> n = iterations_from(policy, e, entry.s2kparams, limits);
        if (!n) return n.error();
        std::optional<bytes_view> salt;
        if (entry.salt) salt = entry.salt->octets;
        return std::optional<key_hint>(key_hint{e, salt, *n});
      }
    }
    return error{.code = errc::etype_not_offered, .type = "ETYPE-INFO2", .field = ""};
  }
  return std::optional<key_hint>{};
}

}  // namespace detail

}  // namespace kerb::inline v0
