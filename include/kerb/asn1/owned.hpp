// A message that owns its octets, to outlive the buffer that it was received in.
#pragma once
#include <array>

#include "../core/secret.hpp"
#include "decode.hpp"
#include "encode.hpp"

namespace kerb::inline v0::asn1 {

/// A message or another type that can be decoded from its own encoding.
template <class T>
concept storable = std::is_default_constructible_v<T> && std::is_copy_assignable_v<T> &&(
    message<T> || requires { codec<T>::tag; } ||
    requires(der::reader & r, T& v) { codec<T>::read(r, v, der::place{}); });

namespace detail {
template <storable T>
consteval const char* stored_name() {
  if constexpr (message<T>) return type_name<T>;
  else return "owned";
}
template <class T>
constexpr error no_space_for(std::size_t octets) {
  return {.code = errc::no_space, .detail = static_cast<std::uint32_t>(octets), .type = stored_name<T>()};
}
}  // namespace detail

/// A copy of the value whose views all point into `buffer`; the copy's encoding fills the end of
/// `buffer`. Captured parts keep their octets. On errc::no_space, `detail` is a size in octets that
/// is enough, and nothing is written. A value whose encoding does not decode is rejected, and
/// `buffer` then contains that encoding. The value must not have octets in `buffer`.
template <storable T>
constexpr result<T> clone_into(const T& value, std::span<std::uint8_t> buffer KERB_LIFETIMEBOUND) {
  const std::size_t needed = encoded_size(value);
  if (needed > buffer.size()) return detail::no_space_for<T>(needed);
  const auto octets = encode(value, buffer);
  if (!octets) return octets.error();
  return decode_as<T>(detail::stored_name<T>(), *octets);
}

/// A T together with its encoding of at most N octets, into which its views point. Never allocates.
/// A copy has octets and views of its own. The T is stored decoded, so access costs nothing and
/// returns a reference that the compiler can check; a copy or a move costs one decoding instead,
/// because views cannot be moved. The destructor wipes the octets for every T: many types contain
/// keys, and wiping a message is cheap.
template <storable T, std::size_t N>
class owned {
 public:
  using value_type = T;
  constexpr owned() = default;
  constexpr owned(const owned& o) { take_octets_of(o); }
  constexpr owned(owned&& o) noexcept {
    take_octets_of(o);
    o.clear();
  }
  constexpr owned& operator=(const owned& o) {
    if (this != &o) take_octets_of(o);
    return *this;
  }
  constexpr owned& operator=(owned&& o) noexcept {
    if (this != &o) {
      take_octets_of(o);
      o.clear();
    }
    return *this;
  }
  constexpr ~owned() { secure_zero(octets_.data(), size_); }

  /// A copy of `value` with octets of its own.
  static constexpr result<owned> of(const T& value) {
    owned made;
    const error why = made.assign(value);
    if (!why.ok()) return why;
    return made;
  }
  /// Copies `value`, which may point into this object's octets. On an error nothing changes: the
  /// error is errc::no_space with a size that is enough, or one of the decoder's. Uses N octets of
  /// the stack.
  [[nodiscard]] constexpr error assign(const T& value) {
    const std::size_t needed = encoded_size(value);
    if (needed > N) return detail::no_space_for<T>(needed);
    std::array<std::uint8_t, N> fresh{};
    const wiped_on_exit wipe(fresh);
    const auto written = encode(value, std::span(fresh).first(needed));
    if (!written) return written.error();
    // The new octets must be in their final place before they are decoded, and the old ones may
    // have to be restored.
    const std::size_t before = size_;
    exchange(fresh, needed > before ? needed : before);
    const auto made = decode_as<T>(detail::stored_name<T>(), bytes_view(octets_.data(), needed));
    if (!made) {
      exchange(fresh, needed > before ? needed : before);
      return made.error();
    }
    value_ = *made;
    size_ = needed;
    return {};
  }
  /// Wipes the octets and removes the value.
  constexpr void clear() {
    secure_zero(octets_.data(), size_);
    size_ = 0;
    value_ = T{};
  }

  static constexpr std::size_t capacity() { return N; }
  constexpr bool has_value() const { return size_ != 0; }
  constexpr explicit operator bool() const { return has_value(); }
  /// The value, or T{} if there is none. Its views are valid until this object is assigned to or destroyed.
  constexpr const T& value() const& KERB_LIFETIMEBOUND { return value_; }
  const T& value() const&& = delete;
  constexpr const T& operator*() const& KERB_LIFETIMEBOUND { return value_; }
  const T& operator*() const&& = delete;
  constexpr const T* operator->() const& KERB_LIFETIMEBOUND { return &value_; }
  const T* operator->() const&& = delete;
  /// The encoding.
  constexpr bytes_view octets() const& KERB_LIFETIMEBOUND { return {octets_.data(), size_}; }
  bytes_view octets() const&& = delete;

 private:
  constexpr void exchange(std::array<std::uint8_t, N>& other, std::size_t n) {
    for (std::size_t i = 0; i != n; ++i) {
      const std::uint8_t mine = octets_[i];
      octets_[i] = other[i];
      other[i] = mine;
    }
  }
  constexpr void take_octets_of(const owned& o) {
    if (size_ > o.size_) secure_zero(octets_.data() + o.size_, size_ - o.size_);
    size_ = o.size_;
    value_ = T{};
    if (size_ == 0) return;
    kerb::detail::copy_octets(o.octets_.data(), size_, octets_.data());
    detail::read_again(bytes_view(octets_.data(), size_), value_);
  }

  T value_{};
  std::array<std::uint8_t, N> octets_{};
  std::size_t size_ = 0;
};

/// Copies `value` into `out`, as owned::assign does.
template <storable T, std::size_t N>
[[nodiscard]] constexpr error clone_into(const T& value, owned<T, N>& out) {
  return out.assign(value);
}

}  // namespace kerb::inline v0::asn1

namespace kerb::inline v0 {
using asn1::clone_into;
using asn1::owned;
}  // namespace kerb::inline v0
