// A crypto policy that protects nothing, for tests and fuzzers. Every exchange can run under it at compile time.
#pragma once
#include "../crypto/policy.hpp"

namespace kerb::inline v0::testing {

/// A random source that returns scripted octets, and fails when they are used up.
class scripted_entropy {
 public:
  constexpr explicit scripted_entropy(bytes_view script) : script_(script) {}
  constexpr bool fill(std::span<std::uint8_t> out) noexcept {
    if (out.size() > script_.size()) return false;
    detail::copy_octets(script_.data(), out.size(), out.data());
    script_ = script_.subview(out.size());
    return true;
  }
  constexpr std::size_t left() const { return script_.size(); }

 private:
  bytes_view script_;
};

/// A reproducible random source that counts its draws. The draw numbered `fail_at`, counted from 1, fails.
class counting_entropy {
 public:
  unsigned fail_at = 0;
  constexpr bool fill(std::span<std::uint8_t> out) noexcept {
    if (++draws_ == fail_at) return false;
    for (std::uint8_t& o : out) {
      state_ = state_ * 6364136223846793005u + 1442695040888963407u;
      o = static_cast<std::uint8_t>(state_ >> 56);
    }
    return true;
  }
  constexpr unsigned draws() const { return draws_; }

 private:
  std::uint64_t state_ = 20260101;
  unsigned draws_ = 0;
};

/// A crypto_policy whose encryption leaves the text unchanged and whose checksum anybody can
/// compute (FNV-1a over key, usage and text). Sizes are realistic and altered messages are
/// rejected, so exchanges can be tested and fuzzed. It keeps no secrets: never use it for anything
/// else.
class insecure_policy {
 public:
  using key = kerb::key;
  class prepared_key {
   public:
    constexpr prepared_key() = default;

   private:
    friend class insecure_policy;
    kerb::key key_;
    key_usage_t usage_{};
  };
  counting_entropy entropy;

  constexpr bool fill(std::span<std::uint8_t> out) noexcept { return entropy.fill(out); }
  constexpr view_of<etype_t> offered() const noexcept { return etypes; }
  constexpr std::optional<seal_shape> shape(etype_t e) const noexcept {
    if (!known(e)) return std::nullopt;
    return seal_shape{8, 8};
  }
  constexpr etype_t etype_of(const kerb::key& k) const noexcept { return k.etype(); }
  constexpr etype_t etype_of(const prepared_key& k) const noexcept { return k.key_.etype(); }
  constexpr secret_view expose(const kerb::key& k) const noexcept { return k.octets(); }

  constexpr result<kerb::key> import(etype_t e, bytes_view octets) noexcept {
    if (!known(e)) return errc::unsupported_etype;
    if (octets.size() != size_of(e)) return errc::bad_key_length;
    return kerb::key(e, *secret<max_key_octets>::copy_of(octets));
  }
  constexpr result<prepared_key> prepare(const kerb::key& k, key_usage_t u) noexcept {
    prepared_key p;
    p.key_ = k.copy();
    p.usage_ = u;
    return p;
  }
  constexpr std::size_t key_octets(etype_t e) const noexcept { return known(e) ? size_of(e) : 0; }
  constexpr std::size_t seed_octets(etype_t e) const noexcept { return known(e) ? size_of(e) : 0; }
  constexpr result<kerb::key> random_to_key(etype_t e, bytes_view seed) noexcept { return import(e, seed); }
  constexpr std::uint64_t default_iterations(etype_t e) const noexcept {
    return static_cast<std::int32_t>(e) < 19 ? 4096 : 32768;
  }
  constexpr result<kerb::key> string_to_key(etype_t e, secret_view password, bytes_view salt,
                                            s2k_iterations it) noexcept {
    if (!known(e)) return errc::unsupported_etype;
    secret<max_key_octets> s;
    const std::uint8_t count[] = {static_cast<std::uint8_t>(it.count), static_cast<std::uint8_t>(it.count >> 8),
                                  static_cast<std::uint8_t>(it.count >> 16), static_cast<std::uint8_t>(it.count >> 24)};
    const bytes_view pieces[] = {password.unguarded(), salt, count};
    spread(0, pieces, s.expose_for_writing(size_of(e)));
    return kerb::key(e, std::move(s));
  }

  constexpr errc seal(const kerb::key& k, key_usage_t u, std::span<std::uint8_t> io) noexcept {
    if (!known(k.etype()) || io.size() < 16) return errc::unsupported_etype;
    const bytes_view text[] = {bytes_view(io).first(io.size() - 8)};
    mark(k, u, text, io.last(8));
    return errc::ok;
  }
  constexpr result<std::span<std::uint8_t>> unseal(const kerb::key& k, key_usage_t u, bytes_view in,
                                                   std::span<std::uint8_t> out) noexcept {
    if (in.size() < 16 || out.size() < in.size()) return errc::integrity;
    std::array<std::uint8_t, 8> tag{};
    const bytes_view text[] = {in.first(in.size() - 8)};
    mark(k, u, text, tag);
    if (!ct_equal(bytes_view(tag), in.last(8))) {
      secure_zero(out);
      return errc::integrity;
    }
    const bytes_view plain = in.subview(8, in.size() - 16);
    for (std::size_t i = 0; i != plain.size(); ++i) out[i] = plain[i];
    return out.first(plain.size());
  }
  /// Whether unseal() would open `in`. The plaintext lies in it, between the first and the last 8 octets.
  constexpr bool opens(const kerb::key& k, key_usage_t u, bytes_view in) const noexcept {
    if (in.size() < 16) return false;
    std::array<std::uint8_t, 8> tag{};
    const bytes_view text[] = {in.first(in.size() - 8)};
    mark(k, u, text, tag);
    return ct_equal(bytes_view(tag), in.last(8));
  }
  constexpr errc seal(const prepared_key& k, key_usage_t u, std::span<std::uint8_t> io) noexcept {
    return u == k.usage_ ? seal(k.key_, u, io) : errc::wrong_usage;
  }
  constexpr result<std::span<std::uint8_t>> unseal(const prepared_key& k, key_usage_t u, bytes_view in,
                                                   std::span<std::uint8_t> out) noexcept {
    if (u != k.usage_) return errc::wrong_usage;
    return unseal(k.key_, u, in, out);
  }
  constexpr errc seal_pieces(const kerb::key& k, key_usage_t u, view_of<seal_piece> pieces,
                             std::span<std::uint8_t> tag) noexcept {
    const errc why = fits(k, pieces, tag.size(), errc::api_misuse);
    if (why == errc::ok) {
      mark(k, u, pieces, tag);
    } else {
      wipe(pieces);
      secure_zero(tag);
    }
    return why;
  }
  constexpr errc unseal_pieces(const kerb::key& k, key_usage_t u, view_of<seal_piece> pieces, bytes_view tag) noexcept {
    std::array<std::uint8_t, 8> expected{};
    errc why = fits(k, pieces, tag.size(), errc::integrity);
    if (why == errc::ok) {
      mark(k, u, pieces, expected);
      if (!ct_equal(bytes_view(expected), tag)) why = errc::integrity;
    }
    if (why != errc::ok) wipe(pieces);
    return why;
  }
  constexpr errc seal_pieces(const prepared_key& k, key_usage_t u, view_of<seal_piece> pieces,
                             std::span<std::uint8_t> tag) noexcept {
    if (u == k.usage_) return seal_pieces(k.key_, u, pieces, tag);
    wipe(pieces);
    secure_zero(tag);
    return errc::wrong_usage;
  }
  constexpr errc unseal_pieces(const prepared_key& k, key_usage_t u, view_of<seal_piece> pieces,
                               bytes_view tag) noexcept {
    if (u == k.usage_) return unseal_pieces(k.key_, u, pieces, tag);
    wipe(pieces);
    return errc::wrong_usage;
  }

  constexpr std::optional<cksum_shape> cksum_of(etype_t e) const noexcept {
    switch (e) {
      case etype_t::aes128_cts_hmac_sha1_96: return cksum_shape{cksum_t::hmac_sha1_96_aes128, 8};
      case etype_t::aes256_cts_hmac_sha1_96: return cksum_shape{cksum_t::hmac_sha1_96_aes256, 8};
      case etype_t::aes128_cts_hmac_sha256_128: return cksum_shape{cksum_t::hmac_sha256_128_aes128, 8};
      case etype_t::aes256_cts_hmac_sha384_192: return cksum_shape{cksum_t::hmac_sha384_192_aes256, 8};
      default: return std::nullopt;
    }
  }
  constexpr errc sign(cksum_t c, const kerb::key& k, key_usage_t u, view_of<bytes_view> pieces,
                      std::span<std::uint8_t> out) noexcept {
    const auto mandatory = cksum_of(k.etype());
    if (!mandatory || mandatory->type != c || out.size() != 8) return errc::unsupported_cksum;
    mark(k, u, pieces, out);
    return errc::ok;
  }
  constexpr errc verify(cksum_t c, const kerb::key& k, key_usage_t u, view_of<bytes_view> pieces,
                        bytes_view mac) noexcept {
    std::array<std::uint8_t, 8> own{};
    if (const errc e = sign(c, k, u, pieces, own); e != errc::ok) return e;
    return ct_equal(bytes_view(own), mac) ? errc::ok : errc::integrity;
  }
  constexpr errc sign(cksum_t c, const prepared_key& k, key_usage_t u, view_of<bytes_view> pieces,
                      std::span<std::uint8_t> out) noexcept {
    return u == k.usage_ ? sign(c, k.key_, u, pieces, out) : errc::wrong_usage;
  }
  constexpr errc verify(cksum_t c, const prepared_key& k, key_usage_t u, view_of<bytes_view> pieces,
                        bytes_view mac) noexcept {
    return u == k.usage_ ? verify(c, k.key_, u, pieces, mac) : errc::wrong_usage;
  }
  constexpr std::optional<cksum_shape> cksum_of(placed_cksum c) const noexcept { return cksum_shape{c.type(), 8}; }
  constexpr errc sign(placed_cksum c, const kerb::key& k, key_usage_t u, view_of<bytes_view> pieces,
                      std::span<std::uint8_t> out) noexcept {
    if (c.etype() != k.etype()) return errc::inappropriate_checksum;
    if (!keyed(c)) return checksum(c, pieces, out);
    if (!known(k.etype()) || out.size() != 8) return errc::unsupported_cksum;
    mark(k, u, pieces, out);
    return errc::ok;
  }
  constexpr errc verify(placed_cksum c, const kerb::key& k, key_usage_t u, view_of<bytes_view> pieces,
                        bytes_view mac) noexcept {
    std::array<std::uint8_t, 8> own{};
    if (const errc e = sign(c, k, u, pieces, own); e != errc::ok) return e;
    return ct_equal(bytes_view(own), mac) ? errc::ok : errc::integrity;
  }
  constexpr errc checksum(placed_cksum c, view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    if (keyed(c)) return errc::inappropriate_checksum;
    if (out.size() != 8) return errc::unsupported_cksum;
    spread(100, pieces, out);
    return errc::ok;
  }
  constexpr std::size_t prf_octets(etype_t e) const noexcept { return known(e) ? 16 : 0; }
  constexpr errc prf(const kerb::key& k, view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    if (!known(k.etype())) return errc::unsupported_etype;
    if (out.size() > 16 || pieces.size() > max_prf_pieces) return errc::api_misuse;
    std::uint64_t h = fnv(offset_basis, k.octets().unguarded());
    spread(h, pieces, out);
    return errc::ok;
  }
  constexpr errc digest(view_of<bytes_view> pieces, std::span<std::uint8_t, 32> out) noexcept {
    spread(1, pieces, out);
    return errc::ok;
  }
  constexpr errc hash(hash_id h, view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    if (out.size() > hash_octets(h)) return errc::crypto_backend;
    spread(2 + static_cast<std::uint64_t>(h), pieces, out);
    return errc::ok;
  }

 private:
  static constexpr etype_t etypes[] = {etype_t::aes256_cts_hmac_sha384_192, etype_t::aes128_cts_hmac_sha256_128,
                                       etype_t::aes256_cts_hmac_sha1_96, etype_t::aes128_cts_hmac_sha1_96};
  static constexpr std::uint64_t offset_basis = 14695981039346656037u;

  static constexpr bool known(etype_t e) {
    return static_cast<std::int32_t>(e) >= 17 && static_cast<std::int32_t>(e) <= 20;
  }
  static constexpr bool keyed(placed_cksum c) {
    return c.type() != cksum_t::rsa_md4 && c.type() != cksum_t::sha1_unkeyed_14;
  }
  static constexpr std::size_t size_of(etype_t e) { return static_cast<std::int32_t>(e) % 2 == 0 ? 32 : 16; }
  static constexpr std::uint64_t fnv(std::uint64_t h, bytes_view v) {
    for (std::uint8_t b : v) h = (h ^ b) * 1099511628211u;
    return h;
  }
  static constexpr void put(std::uint64_t h, std::span<std::uint8_t> out) {
    for (std::size_t i = 0; i != out.size(); ++i) {
      if (i % 8 == 0) h = (h ^ i) * 1099511628211u;
      out[i] = static_cast<std::uint8_t>(h >> (8 * (i % 8)));
    }
  }
  static constexpr void spread(std::uint64_t seed, view_of<bytes_view> pieces, std::span<std::uint8_t> out) {
    std::uint64_t h = offset_basis + seed;
    for (bytes_view p : pieces) h = fnv(h, p);
    put(h, out);
  }
  static constexpr std::uint64_t begin(const kerb::key& k, key_usage_t u) {
    const auto usage = static_cast<std::uint32_t>(u);
    const std::uint8_t salt[] = {static_cast<std::uint8_t>(k.etype()), static_cast<std::uint8_t>(usage),
                                 static_cast<std::uint8_t>(usage >> 8)};
    return fnv(fnv(offset_basis, k.octets().unguarded()), salt);
  }
  static constexpr void mark(const kerb::key& k, key_usage_t u, view_of<bytes_view> text, std::span<std::uint8_t> out) {
    std::uint64_t h = begin(k, u);
    for (bytes_view p : text) h = fnv(h, p);
    put(h, out);
  }
  /// An octet that is only authenticated counts as another one, since no encryption tells them apart.
  static constexpr void mark(const kerb::key& k, key_usage_t u, view_of<seal_piece> pieces,
                             std::span<std::uint8_t> out) {
    std::uint64_t h = begin(k, u);
    for (const seal_piece& p : pieces)
      for (const std::uint8_t o : p.authenticated()) h = (h ^ (p.sealed().empty() ? 0x100u | o : o)) * 1099511628211u;
    put(h, out);
  }
  static constexpr errc fits(const kerb::key& k, view_of<seal_piece> pieces, std::size_t tag, errc misfit) {
    if (!known(k.etype())) return errc::unsupported_etype;
    if (pieces.size() > max_seal_pieces) return errc::api_misuse;
    std::size_t sealed = 0;
    for (const seal_piece& p : pieces) sealed += p.sealed().size();
    return sealed < 8 || tag != 8 ? misfit : errc::ok;
  }
  static constexpr void wipe(view_of<seal_piece> pieces) {
    for (const seal_piece& p : pieces) secure_zero(p.sealed());
  }
};
static_assert(crypto_policy<insecure_policy> && entropy_source<insecure_policy>);
static_assert(seals_pieces_with<insecure_policy, insecure_policy::key> &&
              seals_pieces_with<insecure_policy, insecure_policy::prepared_key>);

}  // namespace kerb::inline v0::testing
