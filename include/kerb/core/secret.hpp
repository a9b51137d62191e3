// Secret octets: wiped when destroyed, compared in constant time, never printed.
#pragma once
#include <array>
#include <optional>
#include <type_traits>

#include "bytes.hpp"

namespace kerb::inline v0 {

/// Overwrites `n` octets; the optimiser cannot remove the stores.
constexpr void secure_zero(std::uint8_t* p, std::size_t n) {
  if (std::is_constant_evaluated() || n == 0) {
    for (std::size_t i = 0; i != n; ++i) p[i] = 0;
  } else {
    std::memset(p, 0, n);
#if defined(__GNUC__)
    __asm__ __volatile__("" : : "r"(p) : "memory");  // the compiler must assume that the stores are read
#endif
  }
}
constexpr void secure_zero(std::span<std::uint8_t> s) { secure_zero(s.data(), s.size()); }

/// Wipes a range of memory at the end of the scope, however the scope is left.
class wiped_on_exit {
 public:
  constexpr explicit wiped_on_exit(std::span<std::uint8_t> octets KERB_LIFETIMEBOUND) : octets_(octets) {}
  wiped_on_exit(const wiped_on_exit&) = delete;
  wiped_on_exit& operator=(const wiped_on_exit&) = delete;
  constexpr ~wiped_on_exit() { secure_zero(octets_); }

 private:
  std::span<std::uint8_t> octets_;
};

/// Whether two strings of octets are equal. The time depends only on their sizes.
[[nodiscard]] constexpr bool ct_equal(bytes_view a, bytes_view b) {
  if (a.size() != b.size()) return false;
  std::uint8_t differ = 0;
  for (std::size_t i = 0; i != a.size(); ++i) {
    differ = static_cast<std::uint8_t>(differ | (a[i] ^ b[i]));
#if defined(__GNUC__)
    if (!std::is_constant_evaluated()) __asm__ __volatile__("" : "+r"(differ));  // prevents an early exit
#endif
  }
  return differ == 0;
}

/// In the compiler's message: a text does not become a secret by itself. Write secret_view::of(text).
struct write_secret_view_of_text;

class secret_view;
template <>
inline constexpr bool detail::is_secret<secret_view> = true;

/// A view of secret octets. It has no operator==, so a secret cannot be compared by accident.
class secret_view {
 public:
  constexpr secret_view() = default;
  constexpr secret_view(const std::uint8_t* data, std::size_t size) : octets_(data, size) {}
  constexpr explicit secret_view(bytes_view octets) : octets_(octets) {}
  template <std::convertible_to<std::string_view> Text>
  secret_view(const Text&, write_secret_view_of_text* = nullptr) = delete;
  /// A password as it was typed. Not constexpr, as octets_of. The text must outlive the view; a
  /// temporary string does not compile.
  static secret_view of(std::string_view text KERB_LIFETIMEBOUND) { return secret_view(octets_of(text)); }
  template <detail::owner_of_text Text>
  static secret_view of(const Text& text KERB_LIFETIMEBOUND) {
    return of(std::string_view(text));
  }
  template <detail::owner_of_text Text>
  static secret_view of(Text&&, a_view_of_a_temporary_object_would_dangle* = nullptr) = delete;

  constexpr const std::uint8_t* data() const { return octets_.data(); }
  constexpr std::size_t size() const { return octets_.size(); }
  constexpr bool empty() const { return octets_.empty(); }
  constexpr secret_view first(std::size_t n) const { return secret_view(octets_.first(n)); }
  /// The same octets as an ordinary view. The name is chosen so that uses can be searched for.
  constexpr bytes_view unguarded() const { return octets_; }
  friend bool operator==(secret_view, secret_view) = delete;

 private:
  bytes_view octets_;
};

/// Up to N secret octets. Move-only; wiped when destroyed and when moved from.
template <std::size_t N>
class secret {
 public:
  constexpr secret() = default;
  constexpr secret(secret&& o) noexcept : octets_(o.octets_), size_(o.size_) { o.wipe(); }
  constexpr secret& operator=(secret&& o) noexcept {
    if (this != &o) {
      octets_ = o.octets_;
      size_ = o.size_;
      o.wipe();
    }
    return *this;
  }
  secret(const secret&) = delete;
  secret& operator=(const secret&) = delete;
  constexpr ~secret() { wipe(); }
  friend bool operator==(const secret&, const secret&) = delete;

  /// A copy of `from`, or nullopt when it has more than N octets.
  static constexpr std::optional<secret> copy_of(bytes_view from) {
    std::optional<secret> s;
    if (from.size() > N) return s;
    s.emplace();
    detail::copy_octets(from.data(), from.size(), s->octets_.data());
    s->size_ = from.size();
    return s;
  }
  static constexpr std::size_t capacity() { return N; }
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  /// The octets; valid while this object lives. The name is chosen so that uses can be searched for.
  constexpr secret_view expose() const& KERB_LIFETIMEBOUND { return {octets_.data(), size_}; }
  secret_view expose() const&& = delete;
  /// Sets the size to `n` octets, at most N, which the caller then fills.
  constexpr std::span<std::uint8_t> expose_for_writing(std::size_t n) & KERB_LIFETIMEBOUND {
    size_ = n <= N ? n : N;
    return {octets_.data(), size_};
  }
  constexpr void wipe() {
    secure_zero(octets_.data(), N);
    size_ = 0;
  }

 private:
  std::array<std::uint8_t, N> octets_{};
  std::size_t size_ = 0;
};

}  // namespace kerb::inline v0
