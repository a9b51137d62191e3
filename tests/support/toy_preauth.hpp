// A pre-authentication mechanism of two rounds that asks its caller for a PIN and replaces the reply key.
#pragma once
#include <kerb/crypto/prf.hpp>
#include <kerb/exchange/preauth/mechanism.hpp>
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

/// The proof that the client knows the key and the PIN.
template <kerb::crypto_policy C>
constexpr kerb::errc toy_mac(C& crypto, const typename C::key& k, kerb::bytes_view body, kerb::bytes_view nonce,
                             kerb::bytes_view challenge, kerb::bytes_view pin, std::span<std::uint8_t> out) {
  const auto shape = crypto.cksum_of(crypto.etype_of(k));
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
    const auto shape = env.crypto->cksum_of(env.crypto->etype_of(*ctx.key));
    if (!shape) return kerb::error{.code = kerb::errc::unsupported_cksum};
    if (ctx.body.empty()) {
      const kerb::bytes_view mac = kerb::bytes_view(proof_).first(shape->octets);
      return preauth::wants_body{kerb::asn1::encoded_size(hello()) +
                                 kerb::asn1::encoded_size(kerb::msg::PaData{toy_proof, mac})};
    }
    const kerb::errc why =
        toy_mac(env.crypto.get(), *ctx.key, ctx.body, nonce_, ctx.value, pin(), std::span(proof_).first(shape->octets));
    if (why != kerb::errc::ok) return kerb::error{.code = why};
    proof_size_ = shape->octets;
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
    if (proof_size_ != 0) {
      kerb::asn1::write(w, kerb::msg::PaData{toy_proof, kerb::bytes_view(proof_).first(proof_size_)});
    }
    kerb::asn1::write(w, hello());
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

  unsigned considered = 0;

 private:
  constexpr kerb::msg::PaData hello() const { return {toy_hello, nonce_}; }
  constexpr kerb::bytes_view pin() const { return kerb::bytes_view(pin_).first(pin_size_); }

  std::array<std::uint8_t, toy_nonce_octets> nonce_{};
  std::array<std::uint8_t, 16> pin_{};
  std::size_t pin_size_ = 0;
  std::array<std::uint8_t, 32> proof_{};
  std::size_t proof_size_ = 0;
  std::optional<unsigned> hello_in_;  // the round
};

}  // namespace kerb_test
