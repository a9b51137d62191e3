// A pre-authentication mechanism of two rounds that asks its caller for a PIN and replaces the reply key.
#pragma once
#include <kerb/crypto/prf.hpp>
#include <kerb/exchange/kdc/preauth.hpp>
#include <kerb/msg/preauth.hpp>

namespace kerb_test {

inline constexpr kerb::padata_t toy_hello{4001}, toy_challenge{4002}, toy_proof{4003};
inline constexpr std::size_t toy_nonce_octets = 8;
/// A usage of its own, from those that RFC 4120 section 7.5.1 leaves to applications.
inline constexpr kerb::key_usage_t toy_usage{1031};

/// What the client asks its caller: the PIN for this challenge.
struct toy_question {
  kerb::bytes_view challenge;
};
struct toy_answer {
  kerb::bytes_view pin;  ///< none: the user has no PIN
};

/// The proof that the client knows the key, which has this type, and the PIN.
template <kerb::crypto_policy C, class K>
constexpr kerb::errc toy_mac(C& crypto, kerb::etype_t e, const K& k, kerb::bytes_view body, kerb::bytes_view nonce,
                             kerb::bytes_view challenge, kerb::bytes_view pin, std::span<std::uint8_t> out) {
  const auto shape = crypto.cksum_of(e);
  if (!shape || shape->octets != out.size()) return kerb::errc::unsupported_cksum;
  const kerb::bytes_view pieces[] = {body, nonce, challenge, pin};
  return crypto.sign(shape->type, k, toy_usage, pieces, out);
}
/// The key that replaces the reply key.
template <kerb::crypto_policy C>
constexpr kerb::result<typename C::key> toy_reply_key(C& crypto, const typename C::key& k, kerb::bytes_view client,
                                                      kerb::bytes_view kdc) {
  return kerb::fx_cf2(crypto, k, k, client, kdc);
}

/// The client's side. Round 1: a nonce. Round 2: a proof over body, nonce, challenge and PIN.
class toy {
 public:
  static constexpr kerb::padata_t types[] = {toy_hello, toy_challenge};
  using step = std::variant<toy_question>;
  using outcome = kerb::preauth_outcome<step>;

  template <kerb::crypto_policy C>
  constexpr outcome consider(const kerb::preauth_context<typename C::key>& ctx, const kerb::environment<C>& env) {
    namespace preauth = kerb::preauth;
    ++considered;
    if (ctx.new_clock) return preauth::skip{};
    if (ctx.type == toy_hello) {
      if (hello_in_ && *hello_in_ != ctx.round) return preauth::skip{};
      if (ctx.body.empty()) return preauth::wants_body{kerb::asn1::encoded_size(hello())};
      if (!env.crypto->fill(nonce_)) return kerb::error{.code = kerb::errc::entropy};
      hello_in_ = ctx.round;
      proof_size_ = 0;
      return preauth::ready{};
    }
    if (!hello_in_ || ctx.value.empty()) return preauth::skip{};
    if (pin_size_ == 0) return toy_question{ctx.value};
    if (ctx.key == nullptr) return preauth::wants_key{};
    const kerb::etype_t e = env.crypto->etype_of(*ctx.key);
    const auto shape = env.crypto->cksum_of(e);
    if (!shape) return kerb::error{.code = kerb::errc::unsupported_cksum};
    if (ctx.body.empty()) {
      const kerb::bytes_view mac = kerb::bytes_view(proof_).first(1 + shape->octets);
      return preauth::wants_body{kerb::asn1::encoded_size(hello()) +
                                 kerb::asn1::encoded_size(kerb::msg::PaData{toy_proof, mac})};
    }
    const kerb::errc why = toy_mac(env.crypto.get(), e, *ctx.key, ctx.body, nonce_, ctx.value, pin(),
                                   std::span(proof_).subspan(1, shape->octets));
    if (why != kerb::errc::ok) return kerb::error{.code = why};
    proof_[0] = static_cast<std::uint8_t>(e);
    proof_size_ = 1 + shape->octets;
    return preauth::ready{};
  }
  template <kerb::crypto_policy C>
  constexpr outcome answer(const toy_answer& a, const kerb::preauth_context<typename C::key>& ctx,
                           const kerb::environment<C>& env) {
    if (a.pin.empty() || a.pin.size() > pin_.size()) return kerb::preauth::skip{};
    pin_size_ = a.pin.size();
    for (std::size_t i = 0; i != pin_size_; ++i) pin_[i] = a.pin[i];
    return consider(ctx, env);
  }
  constexpr void write(kerb::der::writer& w) const {  // from the end
    kerb::asn1::write(w, hello());
    if (proof_size_ == 0) return;
    kerb::asn1::write(w, kerb::msg::PaData{toy_proof, kerb::bytes_view(proof_).first(proof_size_)});
  }
  template <kerb::crypto_policy C>
  constexpr kerb::result<kerb::reply_key<typename C::key>> finish(const kerb::msg::MethodData& padata,
                                                                  const kerb::preauth_context<typename C::key>&,
                                                                  const typename C::key* key,
                                                                  const kerb::environment<C>& env) const {
    using key_type = typename C::key;
    if (key == nullptr) return kerb::errc::no_key;
    for (const kerb::msg::PaData pa : padata) {
      if (pa.padata_type != toy_proof) continue;
      auto k = toy_reply_key(env.crypto.get(), *key, nonce_, pa.padata_value);
      if (!k) return k.error();
      return kerb::reply_key<key_type>(std::move(*k));
    }
    return kerb::error{.code = kerb::errc::missing_field, .type = "AS-REP", .field = "padata"};
  }

  constexpr void forget() {
    kerb::secure_zero(pin_);
    kerb::secure_zero(proof_);
    pin_size_ = proof_size_ = 0;
  }

  unsigned considered = 0;

 private:
  constexpr kerb::msg::PaData hello() const { return {toy_hello, nonce_}; }
  constexpr kerb::bytes_view pin() const { return kerb::bytes_view(pin_).first(pin_size_); }

  std::array<std::uint8_t, toy_nonce_octets> nonce_{};
  std::array<std::uint8_t, 16> pin_{};
  std::size_t pin_size_ = 0;
  std::array<std::uint8_t, 33> proof_{};  // encryption type, checksum
  std::size_t proof_size_ = 0;
  std::optional<unsigned> hello_in_;  // the round
};

/// What the KDC's side asks its caller: the PIN of a client, which there may not be.
struct toy_lookup {
  kerb::principal_view client;
};
struct toy_secret {
  kerb::bytes_view pin;
};

/// The KDC's side.
class kdc_toy {
 public:
  static constexpr kerb::padata_t types[] = {toy_proof, toy_hello};
  using step = std::variant<toy_lookup>;
  using outcome = kerb::kdc_preauth_outcome<step>;
  static constexpr std::size_t reserved = 64;

  template <kerb::crypto_policy C>
  constexpr void write_offer(kerb::der::writer& w, const kerb::kdc_preauth_context<C>&) const {
    kerb::asn1::write(w, kerb::msg::PaData{toy_hello, {}});
  }
  template <kerb::crypto_policy C>
  constexpr outcome verify(const kerb::kdc_preauth_context<C>& ctx, kerb::bytes_view value,
                           const kerb::environment<C>& env) {
    namespace preauth = kerb::preauth;
    if (ctx.type == toy_hello) {
      if (value.size() != toy_nonce_octets) return preauth::refused{};
      if (!env.crypto->fill(challenge_)) return kerb::error{.code = kerb::errc::entropy};
      const auto e = kerb::asn1::encode(kerb::msg::PaData{toy_challenge, challenge_}, e_data_);
      if (!e) return e.error();
      return preauth::more{*e, kerb::bytes_view(challenge_)};
    }
    if (!ctx.cookie || ctx.cookie->size() != toy_nonce_octets || value.size() < 2 || value.size() > proof_.size())
      return preauth::refused{};
    for (const kerb::msg::PaData pa : ctx.padata) {
      if (pa.padata_type != toy_hello || pa.padata_value.size() != toy_nonce_octets) continue;
      copy(pa.padata_value, client_nonce_);
      copy(*ctx.cookie, challenge_);
      copy(value, proof_);
      proof_size_ = value.size();
      return toy_lookup{ctx.client};
    }
    return preauth::refused{};
  }
  template <kerb::crypto_policy C>
  constexpr outcome answer(const toy_secret& secret, const kerb::kdc_preauth_context<C>& ctx,
                           const kerb::environment<C>& env) {
    namespace preauth = kerb::preauth;
    const kerb::etype_t e{proof_[0]};
    const auto proven = ctx.with_key(e, toy_usage, env, [&](const auto& k) -> kerb::result<bool> {
      std::array<std::uint8_t, 32> mac{};
      const auto shape = env.crypto->cksum_of(e);
      if (!shape) return kerb::errc::unsupported_cksum;
      const auto out = std::span(mac).first(shape->octets);
      const kerb::errc why = toy_mac(env.crypto.get(), e, k, ctx.body, client_nonce_, challenge_, secret.pin, out);
      if (why != kerb::errc::ok) return why;
      return kerb::ct_equal(kerb::bytes_view(out), kerb::bytes_view(proof_).subview(1, proof_size_ - 1));
    });
    if (!proven && proven.error().code == kerb::errc::entropy) return proven.error();
    if (!proven) return preauth::refused{proven.error()};
    if (!*proven) return preauth::refused{};
    return preauth::accepted{.hardware = true, .indicators = indicators};
  }
  template <kerb::crypto_policy C>
  constexpr kerb::result<kerb::reply_key<typename C::key>> finish(const kerb::kdc_preauth_context<C>&,
                                                                  const typename C::key& own,
                                                                  const kerb::environment<C>& env) {
    if (!env.crypto->fill(kdc_nonce_)) return kerb::errc::entropy;
    auto k = toy_reply_key(env.crypto.get(), own, client_nonce_, kdc_nonce_);
    if (!k) return k.error();
    return kerb::reply_key<typename C::key>(std::move(*k));
  }
  constexpr void write_reply(kerb::der::writer& w) const {
    kerb::asn1::write(w, kerb::msg::PaData{toy_proof, kdc_nonce_});
  }

 private:
  static constexpr std::array<std::uint8_t, 3> toy_letters{'t', 'o', 'y'};
  static constexpr kerb::kerberos_string indicators[] = {{kerb::bytes_view(toy_letters)}};
  static constexpr void copy(kerb::bytes_view from, std::span<std::uint8_t> to) {
    for (std::size_t i = 0; i != from.size(); ++i) to[i] = from[i];
  }
  std::array<std::uint8_t, toy_nonce_octets> challenge_{}, client_nonce_{}, kdc_nonce_{};
  std::array<std::uint8_t, 33> proof_{};
  std::size_t proof_size_ = 0;
  std::array<std::uint8_t, 32> e_data_{};
};

}  // namespace kerb_test
