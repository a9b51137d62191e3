// The pre-authentication mechanisms of an AS client, and the KDC's hints for the client's key.
#pragma once
#include "../../msg/preauth.hpp"
#include "../preauth/enc_timestamp.hpp"
#include "../salt.hpp"

namespace kerb::inline v0 {

/// The mechanisms that a client has, in any order: the KDC's METHOD-DATA decides which is used
/// first.
template <class... M>
using mechanisms = std::tuple<M...>;

namespace detail {

template <class Mechanisms>
class mechanism_set;
/// The mechanisms of one exchange: the one that is used in this round, and the one whose padata
/// were sent last.
template <class... M>
class mechanism_set<std::tuple<M...>> : public mechanism_list<std::tuple<M...>> {
  using base = mechanism_list<std::tuple<M...>>;
  using base::chosen_;
  using base::each;

 public:
  using base::none;
  using outcome = preauth_outcome<typename base::steps>;

  constexpr mechanism_set() = default;
  constexpr explicit mechanism_set(std::tuple<M...>&& own) : base(std::move(own)) {}

  /// Asks the mechanisms that the KDC offers, in its order, until one does not return skip. Puts
  /// its index into `who`, and the element that named it into `ctx`. Passes over the first `asked`
  /// pairs of element and mechanism, and adds to `asked` those that were asked now.
  template <crypto_policy C>
  constexpr outcome consider_all(preauth_context<typename C::key>& ctx, const environment<C>& env, std::size_t& asked,
                                 std::size_t& who) {
    static_assert((preauth_mechanism<M, C> && ...));
    outcome o = preauth::skip{};
    std::size_t pairs = 0;
    for (const msg::PaData pa : ctx.offered) {
      each([&]<class N>(N& m, std::size_t i) {
        if (!std::holds_alternative<preauth::skip>(o) || !is_named<N>(pa.padata_type)) return;
        if (pairs++ < asked) return;
        asked = pairs;
        ctx.type = pa.padata_type;
        ctx.value = pa.padata_value;
        o = widened<outcome>(m.consider(ctx, env));
        who = i;
      });
      if (!std::holds_alternative<preauth::skip>(o)) break;
    }
    return o;
  }
  constexpr void choose(std::size_t who) { chosen_ = who; }
  constexpr std::size_t choice() const { return chosen_; }
  constexpr bool chosen() const { return chosen_ != none; }
  /// The chosen mechanism's padata are in the request that was made.
  constexpr void sent() { sent_ = chosen_; }
  constexpr void choose_sent() { chosen_ = sent_; }
  constexpr bool was_sent() const { return sent_ != none; }

  /// consider() and answer() of the chosen mechanism.
  template <crypto_policy C>
  constexpr outcome consider(const preauth_context<typename C::key>& ctx, const environment<C>& env) {
    outcome o = preauth::skip{};
    each([&](auto& m, std::size_t i) {
      if (i == chosen_) o = widened<outcome>(m.consider(ctx, env));
    });
    return o;
  }
  template <class Value, crypto_policy C>
  constexpr outcome answer(const Value& v, const preauth_context<typename C::key>& ctx, const environment<C>& env) {
    return this->template answer_of_chosen<outcome>(v, ctx, env);
  }

  /// Writes the padata of the chosen mechanism.
  constexpr void write(der::writer& w) const {
    each([&](const auto& m, std::size_t i) {
      if (i == chosen_) m.write(w);
    });
  }
  constexpr std::size_t padata_size() const {
    der::writer counted = der::writer::counting();
    write(counted);
    return counted.count();
  }
  /// finish() of the mechanism whose padata were sent; without one, the long-term key opens the
  /// reply.
  template <crypto_policy C>
  constexpr result<reply_key<typename C::key>> finish(const msg::MethodData& padata,
                                                      const preauth_context<typename C::key>& ctx,
                                                      const typename C::key* key, const environment<C>& env) const {
    using found = result<reply_key<typename C::key>>;
    if (!was_sent()) return key != nullptr ? found(reply_key<typename C::key>(ref(*key))) : found(errc::no_key);
    return this->template of<found>(this->mechanisms_, sent_,
                                    [&](const auto& m) -> found { return m.finish(padata, ctx, key, env); });
  }

 private:
  template <class N>
  static constexpr bool is_named(padata_t type) {
    for (const padata_t t : N::types)
      if (t == type) return true;
    return false;
  }
  std::size_t sent_ = none;
};

/// The type of an answer to one of these mechanisms.
template <class Value, class C, class Mechanisms>
concept answers_one_of = mechanism_set<Mechanisms>::template takes<Value, preauth_context<typename C::key>, C>;
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
/// hint. Only ETYPE-INFO2 is used: RFC 4120 section 3.1.3 requires it from every KDC that knows
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
