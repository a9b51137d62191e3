// The crypto policy that exchanges use, built from profiles on a cryptographic library.
#pragma once
#include <array>
#include <optional>
#include <tuple>

#include "cts_pieces.hpp"
#include "hmac_md5.hpp"
#include "profile.hpp"

namespace kerb::inline v0 {

namespace detail {
/// The facts of all encryption types of some profiles, in the list's order.
template <class... Profiles>
inline constexpr auto facts_of = [] {
  std::array<etype_facts, (Profiles::etypes.size() + ...)> all{};
  std::size_t n = 0;
  const auto append = [&](const auto& etypes) {
    for (const etype_facts& f : etypes) all[n++] = f;
  };
  (append(Profiles::etypes), ...);
  return all;
}();
template <class... Profiles>
inline constexpr auto etypes_of = [] {
  std::array<etype_t, facts_of<Profiles...>.size()> all{};
  for (std::size_t i = 0; i != all.size(); ++i) all[i] = facts_of<Profiles...>[i].etype;
  return all;
}();

template <class Profile, class P>
consteval bool supplied() {
  if constexpr (requires { Profile::template supplied_by<P>(); }) return Profile::template supplied_by<P>();
  return true;
}

/// A profile whose messages can be sealed in pieces.
template <class Profile, class P>
concept seals_pieces = requires(P& p, typename P::cipher& c, typename Profile::template mac<P>& m,
                                view_of<seal_piece> pieces, std::span<std::uint8_t> tag) {
  Profile::seal_pieces(p, c, m, pieces, tag);
  Profile::open_pieces(p, c, m, pieces, tag);
};

/// A profile whose per-message tokens have the form of RFC 1964.
template <class Profile, class P>
concept crypts_tokens = requires(P& p, typename P::cipher& c, typename P::mac& m, secret_view key, bytes_view in,
                                 std::span<std::uint8_t> io) {
  Profile::encrypt_part(p, c, m, key, token_part::number, in, io);
  Profile::decrypt_part(p, c, m, key, token_part::number, in, in, io);
};

/// The holder that profiles authenticate with: P::mac, and P::cipher if one of them uses a CMAC.
template <class P, class... Profiles>
using macs_of = std::conditional_t<(std::same_as<typename Profiles::template mac<P>, typename P::cipher> || ...),
                                   std::tuple<typename P::mac, typename P::cipher>, std::tuple<typename P::mac>>;
/// The keys and schedules for one usage of one key. Wiped when destroyed, like all holders of schedules.
template <class P, class Macs>
struct usage_schedules {
  typename P::cipher encryption;  // Ke
  Macs integrity;                 // Ki
  Macs checksum;                  // Kc
};
}  // namespace detail

/// A crypto_policy and entropy_source on the library `P`, with the encryption types of `Profiles`,
/// best first. Movable if P is. It contains the schedules of the last key used until its next use
/// or its destruction. A prepared key, like the policy, must be used by one thread at a time.
template <primitives P, class... Profiles>
  requires(sizeof...(Profiles) != 0 && (crypto_profile<Profiles, P> && ...))
class engine {
  static_assert((detail::supplied<Profiles, P>() && ...));
  using macs = detail::macs_of<P, Profiles...>;

 public:
  using key = kerb::key;

  /// The result of prepare(): the derived keys of a key for one usage, scheduled.
  class prepared_key {
   public:
    constexpr etype_t etype() const { return etype_; }
    constexpr key_usage_t usage() const { return usage_; }

   private:
    friend class engine;
    constexpr prepared_key(etype_t e, key_usage_t u) : etype_(e), usage_(u) {}
    etype_t etype_;
    key_usage_t usage_;
    mutable detail::usage_schedules<P, macs>
        schedules_;  // a MAC in progress changes its holder, but nothing observable
  };

  constexpr engine() = default;
  constexpr explicit engine(P library) : p_(std::move(library)) {}

  constexpr view_of<etype_t> offered() const noexcept { return detail::etypes_of<Profiles...>; }

  constexpr std::optional<seal_shape> shape(etype_t e) const noexcept {
    const etype_facts* const f = facts(e);
    if (f == nullptr) return std::nullopt;
    return seal_shape{f->front, f->back, f->block};
  }
  constexpr std::optional<cksum_shape> cksum_of(etype_t e) const noexcept {
    const etype_facts* const f = facts(e);
    if (f == nullptr) return std::nullopt;
    return cksum_shape{f->cksum, f->tag};
  }
  constexpr std::optional<cksum_shape> cksum_of(placed_cksum c) const noexcept {
    const etype_facts* const f = facts(c.etype());
    if (f != nullptr && c.type() == f->cksum) return cksum_shape{f->cksum, f->tag};
    if (c.type() == cksum_t::hmac_md5) return cksum_shape{c.type(), hmac_md5_octets};
    if (const std::optional<hash_id> h = unkeyed(c.type()))
      return cksum_shape{c.type(), static_cast<std::uint8_t>(hash_octets(*h))};
    return std::nullopt;
  }
  constexpr std::size_t key_octets(etype_t e) const noexcept { return facts(e) == nullptr ? 0 : facts(e)->key; }
  /// The size in octets of random_to_key's input; 0 for an unsupported encryption type.
  constexpr std::size_t seed_octets(etype_t e) const noexcept { return facts(e) == nullptr ? 0 : facts(e)->seed; }
  /// The size in octets of the pseudo-random function's output; prf() returns that many or fewer. 0
  /// for an unsupported encryption type.
  constexpr std::size_t prf_octets(etype_t e) const noexcept { return facts(e) == nullptr ? 0 : facts(e)->prf; }
  constexpr std::uint64_t default_iterations(etype_t e) const noexcept {
    return facts(e) == nullptr ? 0 : facts(e)->iterations;
  }

  constexpr etype_t etype_of(const key& k) const noexcept { return k.etype(); }
  constexpr etype_t etype_of(const prepared_key& k) const noexcept { return k.etype_; }

  /// Errors: errc::bad_key_length, weak_etype or unsupported_etype.
  constexpr result<key> import(etype_t e, bytes_view octets) noexcept {
    const etype_facts* const f = facts(e);
    if (f == nullptr) return refusal(e);
    if (octets.size() != f->key) return errc::bad_key_length;
    return key(e, *secret<max_key_octets>::copy_of(octets));
  }
  /// Fails with errc::bad_key_length unless there are seed_octets(e) octets.
  constexpr result<key> random_to_key(etype_t e, bytes_view octets) noexcept {
    secret<max_key_octets> made;
    const errc why = with(e, [&](auto profile, const etype_facts& f) {
      if (octets.size() != f.seed) return errc::bad_key_length;
      const std::span<std::uint8_t> to = made.expose_for_writing(f.key);
      if constexpr (requires { profile.random_to_key(octets, to); }) {
        profile.random_to_key(octets, to);
      } else {
        detail::copy_octets(octets.data(), to.size(), to.data());
      }
      return errc::ok;
    });
    if (why != errc::ok) return why;
    return key(e, std::move(made));
  }
  constexpr secret_view expose(const key& k KERB_LIFETIMEBOUND) const noexcept { return k.octets(); }
  secret_view expose(const key&&) const = delete;

  constexpr result<prepared_key> prepare(const key& k, key_usage_t u) noexcept {
    prepared_key made(k.etype(), u);
    auto& s = made.schedules_;
    const errc why = with(k.etype(), [&](auto profile, const etype_facts& f) {
      if (const errc e = schedule_seal(profile, f, k, u, s.encryption, s.integrity); e != errc::ok) return e;
      return schedule_cksum(profile, f, k, u, s.checksum);
    });
    if (why != errc::ok) return why;
    return made;
  }

  /// As in crypto_policy. Returns errc::api_misuse when `io` is too small for confounder and tag.
  /// On failure `io` is wiped.
  constexpr errc seal(const key& k, key_usage_t u, std::span<std::uint8_t> io) noexcept {
    return seal_many_with(k.etype(), {&io, 1}, [&](auto profile, const etype_facts& f) {
      if (const errc e = schedule_seal(profile, f, k, u, cipher_, macs_); e != errc::ok) return e;
      return profile.seal(p_, cipher_, mac_of(profile, macs_), f, io);
    });
  }
  constexpr errc seal(const prepared_key& k, key_usage_t u, std::span<std::uint8_t> io) noexcept {
    return seal_many_with(k.etype_, {&io, 1}, [&](auto profile, const etype_facts& f) {
      if (u != k.usage_) return errc::wrong_usage;
      return profile.seal(p_, k.schedules_.encryption, mac_of(profile, k.schedules_.integrity), f, io);
    });
  }

  /// Seals several messages, each as seal() does. They must not overlap and may differ in length.
  /// Blocks of several messages are encrypted together, which takes a fraction of the time if the
  /// library supports it. Returns errc::api_misuse, before any is sealed, when one is too small for
  /// confounder and tag. On failure all are wiped. seal_all (seal_all.hpp) also draws the
  /// confounders.
  constexpr errc seal_many(const key& k, key_usage_t u, view_of<std::span<std::uint8_t>> messages) noexcept {
    return seal_many_with(k.etype(), messages, [&](auto profile, const etype_facts& f) {
      if (const errc e = schedule_seal(profile, f, k, u, cipher_, macs_); e != errc::ok) return e;
      return seal_each(profile, cipher_, mac_of(profile, macs_), f, messages);
    });
  }
  constexpr errc seal_many(const prepared_key& k, key_usage_t u, view_of<std::span<std::uint8_t>> messages) noexcept {
    return seal_many_with(k.etype_, messages, [&](auto profile, const etype_facts& f) {
      if (u != k.usage_) return errc::wrong_usage;
      auto& s = k.schedules_;
      return seal_each(profile, s.encryption, mac_of(profile, s.integrity), f, messages);
    });
  }

  /// As in seals_pieces_with, for the encryption types of RFC 3962, RFC 6803 and RFC 8009. Long
  /// pieces are encrypted where they are, in one call of the library; parts of less than 256 octets
  /// are collected. seal_pieces() returns errc::api_misuse when fewer octets than a confounder are
  /// encrypted or `tag` does not have exactly the back octets; for unseal_pieces() these are
  /// errc::integrity.
  constexpr errc seal_pieces(const key& k, key_usage_t u, view_of<seal_piece> pieces,
                             std::span<std::uint8_t> tag) noexcept {
    return seal_pieces_with(k.etype(), pieces, tag, [&](auto profile, const etype_facts& f) {
      if (const errc e = schedule_seal(profile, f, k, u, cipher_, macs_); e != errc::ok) return e;
      return profile.seal_pieces(p_, cipher_, mac_of(profile, macs_), pieces, tag);
    });
  }
  constexpr errc seal_pieces(const prepared_key& k, key_usage_t u, view_of<seal_piece> pieces,
                             std::span<std::uint8_t> tag) noexcept {
    return seal_pieces_with(k.etype_, pieces, tag, [&](auto profile, const etype_facts&) {
      if (u != k.usage_) return errc::wrong_usage;
      auto& s = k.schedules_;
      return profile.seal_pieces(p_, s.encryption, mac_of(profile, s.integrity), pieces, tag);
    });
  }
  constexpr errc unseal_pieces(const key& k, key_usage_t u, view_of<seal_piece> pieces, bytes_view tag) noexcept {
    return unseal_pieces_with(k.etype(), pieces, tag, [&](auto profile, const etype_facts& f) {
      if (const errc e = schedule_seal(profile, f, k, u, cipher_, macs_); e != errc::ok) return e;
      return profile.open_pieces(p_, cipher_, mac_of(profile, macs_), pieces, tag);
    });
  }
  constexpr errc unseal_pieces(const prepared_key& k, key_usage_t u, view_of<seal_piece> pieces,
                               bytes_view tag) noexcept {
    return unseal_pieces_with(k.etype_, pieces, tag, [&](auto profile, const etype_facts&) {
      if (u != k.usage_) return errc::wrong_usage;
      auto& s = k.schedules_;
      return profile.open_pieces(p_, s.encryption, mac_of(profile, s.integrity), pieces, tag);
    });
  }

  /// Every fault of the octets is errc::integrity, including too few of them. On failure the first
  /// in.size() octets of `out` are wiped. Fails with errc::no_space, and changes nothing, when
  /// `out` is smaller than that.
  constexpr result<std::span<std::uint8_t>> unseal(const key& k, key_usage_t u, bytes_view in,
                                                   std::span<std::uint8_t> out) noexcept {
    return unseal_with(k.etype(), in, out, [&](auto profile, const etype_facts& f) {
      if (const errc e = schedule_seal(profile, f, k, u, cipher_, macs_); e != errc::ok) return e;
      return profile.open(p_, cipher_, mac_of(profile, macs_), f, in, out);
    });
  }
  constexpr result<std::span<std::uint8_t>> unseal(const prepared_key& k, key_usage_t u, bytes_view in,
                                                   std::span<std::uint8_t> out) noexcept {
    return unseal_with(k.etype_, in, out, [&](auto profile, const etype_facts& f) {
      if (u != k.usage_) return errc::wrong_usage;
      return profile.open(p_, k.schedules_.encryption, mac_of(profile, k.schedules_.integrity), f, in, out);
    });
  }

  /// As in crypts_tokens_with, for RC4 and triple DES: a policy without them does not have these
  /// functions.
  constexpr errc encrypt_part(const key& k, token_part part, bytes_view salt, std::span<std::uint8_t> io) noexcept
      requires(detail::crypts_tokens<Profiles, P> || ...) {
    const errc why = with_token_profile(
        k, [&](auto profile, auto& mac) { return profile.encrypt_part(p_, cipher_, mac, k.octets(), part, salt, io); });
    if (why != errc::ok) secure_zero(io);
    return why;
  }
  constexpr errc decrypt_part(const key& k, token_part part, bytes_view salt, bytes_view in,
                              std::span<std::uint8_t> out) noexcept
      requires(detail::crypts_tokens<Profiles, P> || ...) {
    const errc why = with_token_profile(k, [&](auto profile, auto& mac) {
      if (out.size() != in.size()) return errc::api_misuse;
      return profile.decrypt_part(p_, cipher_, mac, k.octets(), part, salt, in, out);
    });
    if (why != errc::ok) secure_zero(out);
    return why;
  }

  /// Errors: errc::unsupported_cksum when no profile has the type; errc::inappropriate_checksum
  /// when it belongs to keys of another encryption type; errc::api_misuse when `out` does not have
  /// exactly its number of octets.
  constexpr errc sign(cksum_t t, const key& k, key_usage_t u, view_of<bytes_view> pieces,
                      std::span<std::uint8_t> out) noexcept {
    return with(k.etype(), [&](auto profile, const etype_facts& f) {
      if (t != f.cksum) return misfit(t);
      if (out.size() != f.tag) return errc::api_misuse;
      if (const errc e = schedule_cksum(profile, f, k, u, macs_); e != errc::ok) return e;
      return profile.checksum(p_, mac_of(profile, macs_), u, pieces, out);
    });
  }
  constexpr errc sign(cksum_t t, const prepared_key& k, key_usage_t u, view_of<bytes_view> pieces,
                      std::span<std::uint8_t> out) noexcept {
    return with(k.etype_, [&](auto profile, const etype_facts& f) {
      if (u != k.usage_) return errc::wrong_usage;
      if (t != f.cksum) return misfit(t);
      if (out.size() != f.tag) return errc::api_misuse;
      return profile.checksum(p_, mac_of(profile, k.schedules_.checksum), u, pieces, out);
    });
  }

  /// The same for a placed type. Fails with errc::inappropriate_checksum when it was placed for
  /// keys of another encryption type.
  constexpr errc sign(placed_cksum c, const key& k, key_usage_t u, view_of<bytes_view> pieces,
                      std::span<std::uint8_t> out) noexcept {
    return with(k.etype(), [&](auto, const etype_facts& f) {
      if (c.etype() != k.etype()) return errc::inappropriate_checksum;
      if (c.type() == f.cksum) return sign(c.type(), k, u, pieces, out);
      if (unkeyed(c.type())) return checksum(c, pieces, out);
      if (c.type() != cksum_t::hmac_md5) return errc::unsupported_cksum;
      if (out.size() != hmac_md5_octets) return errc::api_misuse;
      if (k.octets().size() != f.key) return errc::bad_key_length;
      auto& m = std::get<typename P::mac>(macs_);
      if (const errc e = schedule_hmac_md5(p_, m, k.octets()); e != errc::ok) return e;
      return hmac_md5(p_, m, u, pieces, out);
    });
  }
  constexpr errc checksum(placed_cksum c, view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    const std::optional<hash_id> h = unkeyed(c.type());
    if (!h) return errc::inappropriate_checksum;
    return out.size() == hash_octets(*h) ? p_.hash(*h, pieces, out) : errc::api_misuse;
  }

  /// Fails as sign does. A checksum of the wrong size is errc::integrity.
  constexpr errc verify(cksum_t t, const key& k, key_usage_t u, view_of<bytes_view> pieces, bytes_view in) noexcept {
    return verify_with(t, k, u, pieces, in);
  }
  constexpr errc verify(cksum_t t, const prepared_key& k, key_usage_t u, view_of<bytes_view> pieces,
                        bytes_view in) noexcept {
    return verify_with(t, k, u, pieces, in);
  }

  constexpr errc verify(placed_cksum c, const key& k, key_usage_t u, view_of<bytes_view> pieces,
                        bytes_view in) noexcept {
    return verify_with(c, k, u, pieces, in);
  }

  /// Writes the first out.size() octets of the pseudo-random function's output, RFC 3961 section 3.
  /// Returns errc::api_misuse for more octets than prf_octets() or more pieces than max_prf_pieces.
  constexpr errc prf(const key& k, view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    return with(k.etype(), [&](auto profile, const etype_facts& f) {
      if (out.size() > f.prf || pieces.size() > max_prf_pieces) return errc::api_misuse;
      if (k.octets().size() != f.key) return errc::bad_key_length;
      return profile.prf(p_, cipher_, mac_of(profile, macs_), f, k.octets(), pieces, out);
    });
  }

  /// Fails with errc::bad_s2k_parameters for more than 2^32 iterations or a salt of more than 1024 octets.
  constexpr result<key> string_to_key(etype_t e, secret_view password, bytes_view salt, s2k_iterations it) noexcept {
    secret<max_key_octets> octets;
    const errc why = with(e, [&](auto profile, const etype_facts& f) {
      const std::uint64_t n = it.count == 0 ? f.iterations : it.count;
      if (n > max_iterations || salt.size() > max_salt_octets) return errc::bad_s2k_parameters;
      return profile.string_to_key(p_, cipher_, mac_of(profile, macs_), f, password, salt, n,
                                   octets.expose_for_writing(f.key));
    });
    if (why != errc::ok) return why;
    return key(e, std::move(octets));
  }

  constexpr errc digest(view_of<bytes_view> pieces, std::span<std::uint8_t, 32> out) noexcept {
    return p_.hash(hash_id::sha256, pieces, out);
  }
  constexpr errc hash(hash_id h, view_of<bytes_view> pieces, std::span<std::uint8_t> out) noexcept {
    return p_.hash(h, pieces, out);
  }
  constexpr bool fill(std::span<std::uint8_t> out) noexcept { return p_.fill(out); }

 private:
  static constexpr const etype_facts* facts(etype_t e) {
    for (const etype_facts& f : detail::facts_of<Profiles...>)
      if (f.etype == e) return &f;
    return nullptr;
  }
  static constexpr errc refusal(etype_t e) { return is_weak(e) ? errc::weak_etype : errc::unsupported_etype; }
  /// The error for a checksum type that does not belong to the key's type.
  static constexpr errc misfit(cksum_t t) {
    for (const etype_facts& f : detail::facts_of<Profiles...>)
      if (f.cksum == t) return errc::inappropriate_checksum;
    return errc::unsupported_cksum;
  }

  /// Returns f(profile, facts) for the profile that has `e`, or the error if there is none.
  template <class F>
  static constexpr errc with(etype_t e, F&& f) {
    errc why = refusal(e);
    (void)(with_profile<Profiles>(e, f, why) || ...);
    return why;
  }
  template <class Profile, class F>
  static constexpr bool with_profile(etype_t e, F& f, errc& why) {
    for (const etype_facts& x : Profile::etypes)
      if (x.etype == e) {
        why = f(Profile{}, x);
        return true;
      }
    return false;
  }

  /// The holder that this profile authenticates with.
  template <class Profile>
  static constexpr auto& mac_of(Profile, macs& m) {
    return std::get<typename Profile::template mac<P>>(m);
  }
  /// Schedules a usage's Ke and Ki. `ke` and `ki` may be the scratch holders.
  template <class Profile>
  constexpr errc schedule_seal(Profile profile, const etype_facts& f, const key& k, key_usage_t u,
                               typename P::cipher& ke, macs& ki) {
    if (k.octets().size() != f.key) return errc::bad_key_length;
    return profile.schedule_seal(p_, cipher_, mac_of(profile, macs_), f, k.octets(), u, ke, mac_of(profile, ki));
  }
  /// The same for Kc.
  template <class Profile>
  constexpr errc schedule_cksum(Profile profile, const etype_facts& f, const key& k, key_usage_t u, macs& kc) {
    if (k.octets().size() != f.key) return errc::bad_key_length;
    return profile.schedule_cksum(p_, cipher_, mac_of(profile, macs_), f, k.octets(), u, mac_of(profile, kc));
  }

  template <class F>
  constexpr errc seal_many_with(etype_t e, view_of<std::span<std::uint8_t>> messages, F&& f) {
    const errc why = with(e, [&](auto profile, const etype_facts& x) {
      for (const std::span<std::uint8_t> io : messages)
        if (io.size() < std::size_t{x.front} + x.back) return errc::api_misuse;
      return f(profile, x);
    });
    if (why != errc::ok)
      for (const std::span<std::uint8_t> io : messages) secure_zero(io);
    return why;
  }
  template <class Profile>
  constexpr errc seal_each(Profile profile, typename P::cipher& ke, auto& ki, const etype_facts& f,
                           view_of<std::span<std::uint8_t>> messages) {
    if constexpr (requires { profile.seal_many(p_, ke, ki, f, messages); }) {
      return profile.seal_many(p_, ke, ki, f, messages);
    } else {
      for (const std::span<std::uint8_t> io : messages)
        if (const errc e = profile.seal(p_, ke, ki, f, io); e != errc::ok) return e;
      return errc::ok;
    }
  }
  /// Returns f(profile, holder of a MAC) for the profile whose tokens have the key's type.
  template <class F>
  constexpr errc with_token_profile(const key& k, F&& f) {
    return with(k.etype(), [&](auto profile, const etype_facts& x) {
      if constexpr (detail::crypts_tokens<decltype(profile), P>) {
        if (k.octets().size() != x.key) return errc::bad_key_length;
        return f(profile, std::get<typename P::mac>(macs_));
      } else {
        return errc::unsupported_etype;
      }
    });
  }
  /// Returns f(profile, facts), or the error if the arguments or the encryption type do not allow it.
  template <class F>
  static constexpr errc with_pieces(etype_t e, view_of<seal_piece> pieces, std::size_t tag, errc misfit, F&& f) {
    return with(e, [&](auto profile, const etype_facts& x) {
      if constexpr (detail::seals_pieces<decltype(profile), P>) {
        if (pieces.size() > max_seal_pieces) return errc::api_misuse;
        if (detail::sealed_octets(pieces) < x.front || tag != x.back) return misfit;
        return f(profile, x);
      } else {
        return errc::unsupported_etype;
      }
    });
  }
  template <class F>
  static constexpr errc seal_pieces_with(etype_t e, view_of<seal_piece> pieces, std::span<std::uint8_t> tag, F&& f) {
    const errc why = with_pieces(e, pieces, tag.size(), errc::api_misuse, f);
    if (why != errc::ok) {
      wipe_pieces(pieces);
      secure_zero(tag);
    }
    return why;
  }
  template <class F>
  static constexpr errc unseal_pieces_with(etype_t e, view_of<seal_piece> pieces, bytes_view tag, F&& f) {
    const errc why = with_pieces(e, pieces, tag.size(), errc::integrity, f);
    if (why != errc::ok) wipe_pieces(pieces);
    return why;
  }
  static constexpr void wipe_pieces(view_of<seal_piece> pieces) {
    for (const seal_piece& piece : pieces) secure_zero(piece.sealed());
  }
  template <class F>
  constexpr result<std::span<std::uint8_t>> unseal_with(etype_t e, bytes_view in, std::span<std::uint8_t> out, F&& f) {
    if (out.size() < in.size()) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(in.size())};
    std::size_t front = 0, around = 0;
    const errc why = with(e, [&](auto profile, const etype_facts& x) {
      front = x.front;
      around = front + x.back;
      return in.size() < around ? errc::integrity : f(profile, x);
    });
    if (why != errc::ok) {
      secure_zero(out.first(in.size()));
      return why;
    }
    return out.subspan(front, in.size() - around);
  }
  /// The hash function of an unkeyed checksum type.
  static constexpr std::optional<hash_id> unkeyed(cksum_t t) {
    if (t == cksum_t::rsa_md4) return hash_id::md4;
    if (t == cksum_t::sha1_unkeyed_14) return hash_id::sha1;
    return std::nullopt;
  }
  constexpr std::size_t verified_octets(cksum_t, etype_t e) const { return facts(e) == nullptr ? 0 : facts(e)->tag; }
  constexpr std::size_t verified_octets(placed_cksum c, etype_t) const {
    return cksum_of(c).value_or(cksum_shape{}).octets;
  }
  template <class Type, class K>
  constexpr errc verify_with(Type t, const K& k, key_usage_t u, view_of<bytes_view> pieces, bytes_view in) {
    std::array<std::uint8_t, max_cksum_octets> octets;
    wiped_on_exit wipe(octets);
    const auto expected = std::span(octets).first(verified_octets(t, k.etype()));
    if (const errc e = sign(t, k, u, pieces, expected); e != errc::ok) return e;
    return ct_equal(expected, in) ? errc::ok : errc::integrity;
  }

  P p_;
  typename P::cipher cipher_;  // scratch holders, re-keyed on each call, so that nothing is allocated
  macs macs_;
};

}  // namespace kerb::inline v0
