// Sealing a message where it stands in the output buffer, and opening one into buffer.
#pragma once
#include "../asn1/payload.hpp"
#include "../msg/basic.hpp"
#include "environment.hpp"
#include "workspace.hpp"

namespace kerb::inline v0 {

/// Writes `plain` as EncryptedData (RFC 4120 section 5.2.9) and encrypts it where it stands: one pass, one buffer. On a
/// failure `why` is set, and the caller wipes the buffer, since plaintext may stand in it. While counting nothing is
/// drawn or encrypted.
template <class T, class K, crypto_policy C, entropy_source R>
  requires seals_with<C, K>
constexpr void write_sealed(der::writer& w, const T& plain, const K& k, key_usage_t usage, const environment<C, R>& env,
                            errc& why, std::optional<uint32> kvno = {}) {
  const etype_t etype = env.policy->etype_of(k);
  const std::optional<seal_shape> shape = env.policy->shape(etype);
  if (!shape) {
    why = errc::unsupported_etype;
    return;
  }
  auto cipher = asn1::computed{[&](der::writer& out) {
    der::wrap(out, der::octet_string, [&] {
      const std::size_t mark = out.count();
      out.zeros(shape->back);
      if (shape->block != 1) out.zeros(shape->padding(asn1::encoded_size(plain)));
      asn1::write(out, plain);
      out.zeros(shape->front);
      if (out.is_counting() || why != errc::ok) return;
      const std::span<std::uint8_t> whole = out.written_since(mark);
      why = env.entropy->fill(whole.first(shape->front)) ? env.policy->seal(k, usage, whole) : errc::entropy;
    });
  }};
  asn1::write(w, msg::BasicEncryptedData<decltype(cipher)>{etype, kvno, cipher});
}

/// What was sealed, out of what was opened: RFC 3961 section 3 lets an encryption type pad, and the encoding says where
/// it ends.
template <crypto_policy C>
constexpr std::span<std::uint8_t> without_padding(const C& policy, etype_t e, std::span<std::uint8_t> plain) {
  const std::optional<seal_shape> shape = policy.shape(e);
  if (!shape || shape->block == 1) return plain;
  der::source from{.origin = plain.data()};
  der::reader r(bytes_view(plain), from);
  if (!r.skip() || r.rest().size() >= shape->block) return plain;  // which decoding will refuse
  return plain.first(plain.size() - r.rest().size());
}

/// The opened contents of `sealed`, kept at the front of `in`, which has at least sealed.cipher.size() octets free.
/// errc::integrity when the seal does not open, or was made with another encryption type than the key's.
template <class K, crypto_policy C>
  requires seals_with<C, K>
constexpr result<std::span<std::uint8_t>> open_sealed(C& policy, const msg::EncryptedData& sealed, const K& k,
                                                      key_usage_t usage, detail::workspace& in) {
  // RFC 4120 section 5.2.9: the etype says which algorithm it was; a key serves no other
  if (policy.etype_of(k) != sealed.etype) return errc::integrity;
  if (in.free() < sealed.cipher.size()) {
    return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(sealed.cipher.size())};
  }
  const std::span<std::uint8_t> to = in.borrow(sealed.cipher.size());
  const result<std::span<std::uint8_t>> plain = policy.unseal(k, usage, sealed.cipher, to);
  if (!plain) return plain.error();
  in.keep(to.size());
  return without_padding(policy, sealed.etype, *plain);
}

/// Randomness for several uses, drawn at once and handed out in the order of the uses, as if each had drawn its own: a
/// source is often a call of the system. Wiped when it dies.
class drawn_octets {
 public:
  /// Draws `n` octets; false when the source fails, or when there are to be more than 128.
  template <entropy_source R>
  [[nodiscard]] constexpr bool draw(R& from, std::size_t n) {
    taken_ = 0;
    const std::span<std::uint8_t> to = octets_.expose_for_writing(n);
    if (to.size() == n && (n == 0 || from.fill(to))) return true;
    octets_.wipe();
    return false;
  }
  /// The next of them; false, and `out` as it was, where fewer are left.
  constexpr bool fill(std::span<std::uint8_t> out) noexcept {
    if (octets_.size() - taken_ < out.size()) return false;
    detail::copy_octets(octets_.expose().data() + taken_, out.size(), out.data());
    taken_ += out.size();
    return true;
  }
  constexpr std::size_t left() const { return octets_.size() - taken_; }

 private:
  secret<128> octets_;
  std::size_t taken_ = 0;
};
/// The same turn with another source of randomness, which must outlive it.
template <crypto_policy C, entropy_source R, entropy_source Other>
constexpr environment<C, Other> with_entropy(const environment<C, R>& env, Other& source KERB_LIFETIMEBOUND) {
  return {env.policy, source, env.now, env.limits};
}
/// The octets that write_sealed draws for a key of this encryption type; 0 where the policy does not have it.
template <crypto_policy C>
constexpr std::size_t confounder_octets(const C& policy, etype_t e) {
  const std::optional<seal_shape> shape = policy.shape(e);
  return shape ? shape->front : 0;
}

/// Draws a fresh key of the given encryption type (RFC 3961 section 3, random-to-key).
template <crypto_policy C, entropy_source R>
constexpr result<typename C::key> draw_key(etype_t etype, const environment<C, R>& env) {
  secret<64> seed;
  const std::size_t n = env.policy->seed_octets(etype);
  if (n == 0 || n > seed.capacity()) return errc::unsupported_etype;
  const std::span<std::uint8_t> to = seed.expose_for_writing(n);
  if (!env.entropy->fill(to)) return errc::entropy;
  return env.policy->random_to_key(etype, bytes_view(to));
}

/// Imports a key that a decrypted message carries, and wipes its octets where they stand in `plain`.
template <crypto_policy C>
constexpr result<typename C::key> take_key(C& policy, const msg::EncryptionKey& k, std::span<std::uint8_t> plain) {
  result<typename C::key> imported = policy.import(k.keytype, k.keyvalue);
  const std::size_t at = static_cast<std::size_t>(k.keyvalue.data() - plain.data());
  secure_zero(plain.subspan(at, k.keyvalue.size()));
  return imported;
}

/// 31 random bits: RFC 4120 section 5.4.1 allows 32, but deployed KDCs read a nonce as a signed number.
template <crypto_policy C, entropy_source R>
constexpr std::optional<std::uint32_t> draw_nonce(const environment<C, R>& env) {
  std::array<std::uint8_t, 4> n{};
  if (!env.entropy->fill(n)) return std::nullopt;
  return (n[0] & 0x7fu) << 24 | std::uint32_t{n[1]} << 16 | std::uint32_t{n[2]} << 8 | n[3];
}

}  // namespace kerb::inline v0
