// PA-ENC-TIMESTAMP, RFC 4120 section 5.2.7.2: the client's time, sealed under its long-term key.
#pragma once
#include "../../msg/preauth.hpp"
#include "../sealed.hpp"
#include "mechanism.hpp"

namespace kerb::inline v0 {

/// The client's side of PA-ENC-TIMESTAMP. It is used in one round, and again if the client follows
/// the KDC's clock.
class enc_timestamp {
 public:
  static constexpr padata_t types[] = {padata_t::enc_timestamp};
  using step = no_steps;

  template <crypto_policy C>
  constexpr preauth_outcome<> consider(const preauth_context<typename C::key>& ctx, const environment<C>& env) {
    if (used_in_ && *used_in_ != ctx.round && !ctx.new_clock) return preauth::skip{};
    if (ctx.key == nullptr) return preauth::wants_key{};
    errc why = errc::ok;
    const msg::PaEncTsEnc plain{env.now.at, env.now.usec};
    const auto seal = [&](der::writer& w) {
      write_sealed(w, plain, *ctx.key, key_usage_t::as_req_enc_timestamp, env, why);
    };
    if (ctx.body.empty()) {
      der::writer counted = der::writer::counting();
      seal(counted);
      if (why != errc::ok) return error{.code = why};
      return preauth::wants_body{asn1::encoded_size(msg::PaData{types[0], value_of(counted.count())})};
    }
    der::writer w(octets_);
    seal(w);
    if (why == errc::ok && !w.ok()) why = errc::no_space;
    if (why != errc::ok) {
      secure_zero(octets_);  // may hold the plaintext
      return error{.code = why};
    }
    size_ = w.count();
    used_in_ = ctx.round;
    return preauth::ready{};
  }
  constexpr void restart() { used_in_.reset(); }
  constexpr void write(der::writer& w) const { asn1::write(w, msg::PaData{types[0], value_of(size_)}); }
  template <crypto_policy C>
  constexpr result<reply_key<typename C::key>> finish(const msg::MethodData&, const preauth_context<typename C::key>&,
                                                      const typename C::key* key, const environment<C>&) const {
    if (key == nullptr) return errc::no_key;
    return reply_key<typename C::key>(ref(*key));
  }

 private:
  constexpr bytes_view value_of(std::size_t size) const {
    return bytes_view(octets_).last(size < octets_.size() ? size : octets_.size());
  }

  std::array<std::uint8_t, 160> octets_{};  // the sealed time: at most 100 with the encryption types of RFC 8009
  std::size_t size_ = 0;
  std::optional<unsigned> used_in_;  // the round
};

/// The KDC's side of PA-ENC-TIMESTAMP. The timestamp must open under the client's newest key of its
/// type, and be current. An old password proves nothing. Except for clock skew, every failure is
/// KDC_ERR_PREAUTH_FAILED on the wire.
class kdc_enc_timestamp {
 public:
  static constexpr padata_t types[] = {padata_t::enc_timestamp};
  using step = no_steps;
  static constexpr std::size_t reserved = 0;

  template <crypto_policy C>
  constexpr void write_offer(der::writer& w, const kdc_preauth_context<C>&) const {
    asn1::write(w, msg::PaData{types[0], {}});
  }
  template <crypto_policy C>
  constexpr kdc_preauth_outcome<> verify(const kdc_preauth_context<C>& ctx, bytes_view value,
                                         const environment<C>& env) {
    const auto because = [](errc c) { return preauth::refused{{.code = c, .type = "AS-REQ", .field = "padata"}}; };
    const auto sealed = asn1::decode<msg::PaEncTimestamp>(value);
    if (!sealed) return preauth::refused{sealed.error()};
    const auto plain = ctx.open(*sealed, key_usage_t::as_req_enc_timestamp, env);
    const auto ts = plain ? asn1::decode<msg::PaEncTsEnc>(bytes_view(*plain)) : result<msg::PaEncTsEnc>(plain.error());
    if (!plain && plain.error().code == errc::entropy) return plain.error();
    if (!plain) return because(plain.error().code);
    if (!ts) return preauth::refused{ts.error()};
    if (!within_skew({ts->patimestamp, ts->pausec.value_or(microseconds{})}, env.now, env.limits.clock_skew)) {
      return preauth::refused{{.code = errc::clock_skew, .type = "PA-ENC-TS-ENC", .field = "patimestamp"},
                              error_code_t::krb_ap_err_skew};
    }
    return preauth::accepted{};
  }
  template <crypto_policy C>
  constexpr result<reply_key<typename C::key>> finish(const kdc_preauth_context<C>&, const typename C::key& own,
                                                      const environment<C>&) {
    return reply_key<typename C::key>(ref(own));
  }
  constexpr void write_reply(der::writer&) const {}
};

}  // namespace kerb::inline v0
