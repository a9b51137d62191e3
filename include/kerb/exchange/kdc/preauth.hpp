// Pre-authentication of an AS-REQ's client: PA-ENC-TIMESTAMP (RFC 4120 section 5.2.7.2) and the hints for it.
#pragma once
#include "../salt.hpp"
#include "hints.hpp"
#include "kdc_exchange.hpp"

namespace kerb::inline v0::detail {

/// The client's record, the hints made from it, and the check of its timestamp. If the policy
/// conceals unknown clients, known and unknown ones are treated alike: the same hints, the same
/// buffer, the same calls of the crypto policy.
template <crypto_policy C>
class as_preauth : public kdc_exchange<C> {
 protected:
  using base = kdc_exchange<C>;
  using typename base::key;
  using typename base::record;

  constexpr as_preauth(const kdc_policy& settings, std::span<std::uint8_t> buffer, const kdc_peer& peer,
                       const record* decoy)
      : base(settings, buffer, peer), decoy_(decoy) {}

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
  /// The size that the buffer must have for this name's default salt, which is kept at its front if
  /// the policy conceals unknown clients; 0 when it already has that size.
  constexpr std::size_t lacking_for_salt(const principal_view& of) const {
    return conceals() ? this->lacking_for_refusal(default_salt_size(of)) : 0;
  }
  constexpr void client_is(const record& r) {
    if (conceals()) keep_salt(r.principal);
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
    return key_of(client_record_, crypto, e);
  }
  static constexpr const long_term_key<C>* key_of(const record& r, const C& crypto, etype_t e) {
    for (const long_term_key<C>& k : r.keys)
      if (crypto.etype_of(k.key.get()) == e) return &k;
    return nullptr;
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
      if (conceals() && !h.salt) h.salt = kerberos_string{this->workspace_.kept()};
      if (!hints.push_back(h)) break;
    }
    return hints;
  }

  /// RFC 4120 section 5.2.7.2: the timestamp must open under the client's newest key of its type,
  /// and be current. An old password proves nothing. Except for clock skew, every failure is
  /// KDC_ERR_PREAUTH_FAILED on the wire.
  constexpr verdict check_timestamp(bytes_view value, const environment<C>& env) {
    constexpr error_code_t failed_code = error_code_t::kdc_err_preauth_failed;
    const auto sealed = asn1::decode<msg::PaEncTimestamp>(value);
    if (!sealed) return {sealed.error(), failed_code};
    if (!base::allowed(this->policy_.reply_etypes, env.crypto.get(), sealed->etype)) {
      return no(errc::unsupported_etype, failed_code, "AS-REQ", "padata");
    }
    const std::size_t before = this->workspace_.kept().size();
    const long_term_key<C>* const own = concealed_ ? nullptr : key_of(env.crypto.get(), sealed->etype);
    const auto plain = open_timestamp(*sealed, own, env);
    const auto ts = plain ? asn1::decode<msg::PaEncTsEnc>(bytes_view(*plain)) : result<msg::PaEncTsEnc>(plain.error());
    this->workspace_.keep_first(before);
    if (!plain && plain.error().code == errc::entropy) return {plain.error(), failed_code};
    if (concealed_) return no(errc::integrity, failed_code, "AS-REQ", "padata");
    if (own == nullptr) return no(errc::no_key, failed_code, "AS-REQ", "padata");
    if (!plain) return no(plain.error().code, failed_code, "AS-REQ", "padata");
    if (!ts) return {ts.error(), failed_code};
    if (!within_skew({ts->patimestamp, ts->pausec.value_or(microseconds{})}, env.now, env.limits.clock_skew)) {
      return no(errc::clock_skew, "PA-ENC-TS-ENC", "patimestamp");
    }
    return {};
  }

  constexpr std::size_t hints_size(const s2k_hints& hints) const {
    der::writer counted = der::writer::counting();
    write_hints(counted, hints, names_newer_etype(request_body().etype), true);
    return counted.count();
  }
  /// The size that the buffer must have for a refusal with hints, which are at its front and in the
  /// message, and for `besides` more octets; 0 when it already has that size.
  constexpr std::size_t lacking_for_hints(const s2k_hints& hints, std::size_t besides) const {
    return this->workspace_.lacking(besides + 2 * size_bound(hints) + this->refusal_bound(), [&] {
      const std::size_t n = hints_size(hints);
      return besides + n + this->refusal_size(n);
    });
  }
  constexpr kdc_step with_hints(const verdict& v, const s2k_hints& hints, const environment<C>& env) {
    const std::span<std::uint8_t> at = this->workspace_.borrow(hints_size(hints));
    this->workspace_.keep(at.size());
    der::writer w(at);
    write_hints(w, hints, names_newer_etype(request_body().etype), true);
    return this->turn_down(v, env, bytes_view(at));
  }

  msg::AsReq req_;
  record client_record_{};
  bool has_client_ = false;
  bool concealed_ = false;  // there is no such client, and nothing that it sends proves anything

 private:
  constexpr void keep_salt(const principal_view& of) {
    const std::size_t n = default_salt_size(of);
    write_default_salt(of, this->workspace_.borrow(n));
    this->workspace_.keep(n);
  }
  /// Opens the timestamp with the client's own key. If the policy conceals unknown clients, a
  /// missing key costs the same time: the decoy's key is tried instead. Without a decoy a key is
  /// drawn for every client, even if it is not used, and no prepared key is used.
  constexpr result<std::span<std::uint8_t>> open_timestamp(const msg::PaEncTimestamp& sealed, const long_term_key<C>* k,
                                                           const environment<C>& env) {
    constexpr key_usage_t usage = key_usage_t::as_req_enc_timestamp;
    if (conceals() && decoy_ == nullptr) {
      const auto drawn = draw_key(sealed.etype, env);
      if (!drawn) return drawn.error();
      return open_sealed(env.crypto.get(), sealed, k != nullptr ? k->key.get() : *drawn, usage, this->workspace_);
    }
    if (k == nullptr && conceals()) k = key_of(*decoy_, env.crypto.get(), sealed.etype);
    if (k == nullptr) return errc::no_key;
    return k->for_timestamps != nullptr
               ? open_sealed(env.crypto.get(), sealed, *k->for_timestamps, usage, this->workspace_)
               : open_sealed(env.crypto.get(), sealed, k->key.get(), usage, this->workspace_);
  }

  const record* decoy_;
};

}  // namespace kerb::inline v0::detail
