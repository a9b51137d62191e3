// Seals a message in place in the output buffer, and opens a sealed one into a workspace.
#pragma once
#include "../asn1/payload.hpp"
#include "../crypto/with_random.hpp"
#include "../msg/basic.hpp"
#include "environment.hpp"
#include "workspace.hpp"

namespace kerb::inline v0 {

/// Writes `plain` as EncryptedData (RFC 4120 section 5.2.9) and encrypts it in place, in one pass
/// and one buffer. On failure it sets `why`; the caller must then wipe the buffer, which may
/// contain plaintext. A counting writer causes no randomness to be drawn and nothing to be
/// encrypted.
template <class T, class K, crypto_policy C>
  requires seals_with<C, K>
constexpr void write_sealed(der::writer& w, const T& plain, const K& k, key_usage_t usage, const environment<C>& env,
                            errc& why, std::optional<uint32> kvno = {}) {
  const etype_t etype = env.crypto->etype_of(k);
  const std::optional<seal_shape> shape = env.crypto->shape(etype);
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
      why = env.crypto->fill(whole.first(shape->front)) ? env.crypto->seal(k, usage, whole) : errc::entropy;
    });
  }};
  asn1::write(w, msg::BasicEncryptedData<decltype(cipher)>{etype, kvno, cipher});
}

/// Removes the padding from a decrypted message. RFC 3961 section 3 allows an encryption type to
/// pad, and the DER encoding shows where the message ends.
template <crypto_policy C>
constexpr std::span<std::uint8_t> without_padding(const C& policy, etype_t e, std::span<std::uint8_t> plain) {
  const std::optional<seal_shape> shape = policy.shape(e);
  if (!shape || shape->block == 1) return plain;
  der::source from{.origin = plain.data()};
  der::reader r(bytes_view(plain), from);
  if (!r.skip() || r.rest().size() >= shape->block) return plain;  // decoding will refuse it
  return plain.first(plain.size() - r.rest().size());
}

/// Opens `sealed` into `in`, keeps the plaintext at its front, and returns it. Returns
/// errc::integrity when the decryption fails or the key has another encryption type, and
/// errc::no_space (detail: the octets needed) when `in` has fewer than sealed.cipher.size() octets
/// free.
template <class K, crypto_policy C>
  requires seals_with<C, K>
constexpr result<std::span<std::uint8_t>> open_sealed(C& policy, const msg::EncryptedData& sealed, const K& k,
                                                      key_usage_t usage, detail::workspace& in) {
  // RFC 4120 section 5.2.9: the etype names the algorithm, and a key is for one algorithm only
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

/// Randomness for several uses in one draw, since each draw is often a system call. fill() hands it
/// out in order, as if each use had drawn its own. Wiped on destruction.
class drawn_octets {
 public:
  /// Draws `n` octets. Returns false when the source fails, or when `n` is more than 128.
  template <entropy_source R>
  [[nodiscard]] constexpr bool draw(R& from, std::size_t n) {
    taken_ = 0;
    const std::span<std::uint8_t> to = octets_.expose_for_writing(n);
    if (to.size() == n && (n == 0 || from.fill(to))) return true;
    octets_.wipe();
    return false;
  }
  /// Copies the next octets to `out`. Returns false, and leaves `out` unchanged, when fewer are
  /// left.
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
/// The policy `C` with randomness that was drawn before.
template <crypto_policy C>
using drawn_policy = with_random<C, drawn_octets>;
/// The number of octets that write_sealed() draws for a key of this encryption type; 0 when the
/// policy does not have it.
template <crypto_policy C>
constexpr std::size_t confounder_octets(const C& policy, etype_t e) {
  const std::optional<seal_shape> shape = policy.shape(e);
  return shape ? shape->front : 0;
}

/// Draws a new key of the given encryption type (RFC 3961 section 3, random-to-key).
template <crypto_policy C>
constexpr result<typename C::key> draw_key(etype_t etype, const environment<C>& env) {
  secret<64> seed;
  const std::size_t n = env.crypto->seed_octets(etype);
  if (n == 0 || n > seed.capacity()) return errc::unsupported_etype;
  const std::span<std::uint8_t> to = seed.expose_for_writing(n);
  if (!env.crypto->fill(to)) return errc::entropy;
  return env.crypto->random_to_key(etype, bytes_view(to));
}

/// Imports a key from a decrypted message and wipes its octets in `plain`.
template <crypto_policy C>
constexpr result<typename C::key> take_key(C& policy, const msg::EncryptionKey& k, std::span<std::uint8_t> plain) {
  result<typename C::key> imported = policy.import(k.keytype, k.keyvalue);
  const std::size_t at = static_cast<std::size_t>(k.keyvalue.data() - plain.data());
  secure_zero(plain.subspan(at, k.keyvalue.size()));
  return imported;
}

/// Draws 31 random bits. RFC 4120 section 5.4.1 allows 32, but deployed KDCs read a nonce as a
/// signed number.
template <crypto_policy C>
constexpr std::optional<std::uint32_t> draw_nonce(const environment<C>& env) {
  std::array<std::uint8_t, 4> n{};
  if (!env.crypto->fill(n)) return std::nullopt;
  return (n[0] & 0x7fu) << 24 | std::uint32_t{n[1]} << 16 | std::uint32_t{n[2]} << 8 | n[3];
}

}  // namespace kerb::inline v0
