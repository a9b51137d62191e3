// A credential that owns its octets: it can be returned from the function whose buffer the exchange used.
#pragma once
#include "packed_facts.hpp"

namespace kerb::inline v0 {

/// A ticket with its session key, names and addresses, in at most N octets of its own. Never
/// allocates. It can be moved, returned and stored; a move copies the octets and makes the views
/// again. Move-only; the octets and the key are wiped on destruction, and when it is moved from.
///
/// `*c` and `c->` are the credential. An exchange takes it as a credential: `{.credential = c}`.
template <class Key, std::size_t N = 4096>
class owned_credential {
 public:
  using credential = basic_credential<Key>;

  constexpr owned_credential() = default;
  constexpr owned_credential(owned_credential&& o) noexcept { take_over(o); }
  constexpr owned_credential& operator=(owned_credential&& o) noexcept {
    if (this != &o) {
      clear();
      take_over(o);
    }
    return *this;
  }
  owned_credential(const owned_credential&) = delete;
  owned_credential& operator=(const owned_credential&) = delete;
  constexpr ~owned_credential() { clear(); }

  /// A copy of the octets of `c`, and its key. errc::no_space: they are more than N; detail: how many.
  static constexpr result<owned_credential> of(credential c) {
    const detail::packed_facts packed(c.facts());
    if (packed.size() > N) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(packed.size())};
    owned_credential out;
    out.hold(packed, c);
    return out;
  }

  static constexpr std::size_t capacity() { return N; }
  constexpr const credential& get() const& KERB_LIFETIMEBOUND { return held_; }
  void get() const&& = delete;
  constexpr const credential& operator*() const& KERB_LIFETIMEBOUND { return held_; }
  void operator*() const&& = delete;
  constexpr const credential* operator->() const& KERB_LIFETIMEBOUND { return &held_; }
  void operator->() const&& = delete;
  constexpr operator ref<const credential>() const& KERB_LIFETIMEBOUND { return held_; }
  operator ref<const credential>() const&& = delete;
  /// Wipes the octets and the key.
  constexpr void clear() {
    held_ = credential();
    secure_zero(octets_.data(), size_);
    size_ = 0;
  }

 private:
  /// Copies the octets of `c`, which are elsewhere, and takes its key.
  constexpr void hold(const detail::packed_facts& packed, credential& c) {
    const ticket_facts f = c.facts();
    const std::int64_t offset = c.kdc_clock_offset();
    size_ = packed.size();
    packed.write(f, octets_);
    held_ = credential(packed.read(f, bytes_view(octets_).first(size_)), std::move(c).session_key());
    held_.set_kdc_clock_offset(offset);
  }
  constexpr void take_over(owned_credential& o) noexcept {
    if (o.size_ == 0) return;
    hold(detail::packed_facts(o.held_.facts()), o.held_);
    o.clear();
  }

  std::array<std::uint8_t, N> octets_{};
  std::size_t size_ = 0;
  credential held_;
};

/// The product of an exchange with octets of its own, or the error of the exchange:
///
///   return kerb::own(kerb::drive(exchange, policy, now, ask_kdc));
///
/// errc::no_space: the octets are more than N; detail: how many.
template <std::size_t N = 4096, class Key>
[[nodiscard]] constexpr result<owned_credential<Key, N>> own(result<basic_credential<Key>> c) {
  if (!c) return c.error();
  return owned_credential<Key, N>::of(*std::move(c));
}

}  // namespace kerb::inline v0
