// Views of octets and of values; they cannot be made from temporaries.
#pragma once
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "config.hpp"

namespace kerb::inline v0 {

namespace detail {
template <class R>
concept contiguous_octets = requires(R& r) {
  { r.data() } -> std::convertible_to<const std::uint8_t*>;
  { r.size() } -> std::convertible_to<std::size_t>;
};
template <class R, class T>
concept contiguous_of = requires(R& r) {
  { r.data() } -> std::convertible_to<const T*>;
  { r.size() } -> std::convertible_to<std::size_t>;
};
template <class R>
inline constexpr bool is_span = false;
template <class T, std::size_t N>
inline constexpr bool is_span<std::span<T, N>> = true;
/// True for views of secrets. They convert to ordinary octets only through a named function that
/// can be searched for (secret.hpp).
template <class R>
inline constexpr bool is_secret = false;

/// A temporary object that owns the text to which it converts.
template <class Text>
concept owner_of_text = std::is_convertible_v<Text, std::string_view> && !std::is_trivially_destructible_v<Text>;

constexpr void copy_octets(const std::uint8_t* from, std::size_t n, std::uint8_t* to) {
  if (n == 0) return;  // memcpy requires a non-null pointer even when the size is 0
  if (std::is_constant_evaluated()) {
    for (std::size_t i = 0; i != n; ++i) to[i] = from[i];
  } else {
    std::memcpy(to, from, n);
  }
}
constexpr bool same_octets(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) {
  if (n == 0) return true;
  if (!std::is_constant_evaluated()) return std::memcmp(a, b, n) == 0;
  for (std::size_t i = 0; i != n; ++i)
    if (a[i] != b[i]) return false;
  return true;
}
/// Whether any of the octets is 0.
constexpr bool has_zero(const std::uint8_t* p, std::size_t n) {
  if (n == 0) return false;
  if (!std::is_constant_evaluated()) return std::memchr(p, 0, n) != nullptr;
  for (std::size_t i = 0; i != n; ++i)
    if (p[i] == 0) return true;
  return false;
}
}  // namespace detail

namespace detail {
// Not in the class, where a constraint that names it is looked at while it is incomplete.
template <class R, class View>
inline constexpr bool views_other = std::is_lvalue_reference_v<R> && !std::is_same_v<std::remove_cvref_t<R>, View> &&
                                    !is_span<std::remove_cvref_t<R>> && !is_secret<std::remove_cvref_t<R>>;
template <class R, class View>
inline constexpr bool is_temporary = !std::is_reference_v<R> && !std::is_same_v<std::remove_cv_t<R>, View> &&
                                     !is_span<std::remove_cv_t<R>> && !is_secret<std::remove_cv_t<R>>;
}  // namespace detail

/// In the compiler's message: the view would be of a temporary object, which is gone before the view is used. Give the
/// object a name, and keep it as long as the view.
struct a_view_of_a_temporary_object_would_dangle;

/// A view of immutable octets that it does not own. Unlike std::span, it does not bind to a
/// temporary owner: `decode<Ticket>(read_all(fd))` does not compile.
class bytes_view {
 public:
  constexpr bytes_view() = default;
  constexpr bytes_view(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  template <detail::contiguous_octets R>
    requires detail::views_other<R&&, bytes_view>
  constexpr bytes_view(R&& r KERB_LIFETIMEBOUND) : data_(r.data()), size_(r.size()) {}
  template <detail::contiguous_octets R>
    requires detail::is_temporary<R, bytes_view> bytes_view(R&&, a_view_of_a_temporary_object_would_dangle* = nullptr)
  = delete;
  template <class T, std::size_t N>
    requires std::same_as<std::remove_const_t<T>, std::uint8_t>
  constexpr bytes_view(std::span<T, N> s) : data_(s.data()), size_(s.size()) {}
  template <std::size_t N>
  constexpr bytes_view(const std::uint8_t (&a)[N] KERB_LIFETIMEBOUND) : data_(a), size_(N) {}
  template <std::size_t N>
  bytes_view(const std::uint8_t (&&)[N], a_view_of_a_temporary_object_would_dangle* = nullptr) = delete;

  constexpr const std::uint8_t* data() const { return data_; }
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr const std::uint8_t* begin() const { return data_; }
  constexpr const std::uint8_t* end() const { return data_ + size_; }
  constexpr std::uint8_t operator[](std::size_t i) const { return data_[i]; }
  /// The first `n` octets; `n` is at most size().
  constexpr bytes_view first(std::size_t n) const { return {data_, n}; }
  /// The last `n` octets; `n` is at most size().
  constexpr bytes_view last(std::size_t n) const { return {data_ + (size_ - n), n}; }
  /// The octets from offset `at` to the end; `at` is at most size().
  constexpr bytes_view subview(std::size_t at) const { return {data_ + at, size_ - at}; }
  constexpr bytes_view subview(std::size_t at, std::size_t n) const { return {data_ + at, n}; }

  /// Compares octet by octet; for public data only. Compare secrets with ct_equal.
  friend constexpr bool operator==(bytes_view a, bytes_view b) {
    return a.size_ == b.size_ && detail::same_octets(a.data_, b.data_, a.size_);
  }

 private:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

/// A view of an array of values that it does not own. It does not bind to a temporary owner.
template <class T>
class view_of {
 public:
  constexpr view_of() = default;
  constexpr view_of(const T* data, std::size_t size) : data_(data), size_(size) {}
  template <detail::contiguous_of<T> R>
    requires detail::views_other<R&&, view_of>
  constexpr view_of(R&& r KERB_LIFETIMEBOUND) : data_(r.data()), size_(r.size()) {}
  template <detail::contiguous_of<T> R>
    requires detail::is_temporary<R, view_of> view_of(R&&, a_view_of_a_temporary_object_would_dangle* = nullptr)
  = delete;
  template <class U, std::size_t N>
    requires std::same_as<std::remove_const_t<U>, T>
  constexpr view_of(std::span<U, N> s) : data_(s.data()), size_(s.size()) {}
  template <std::size_t N>
  constexpr view_of(const T (&a)[N] KERB_LIFETIMEBOUND) : data_(a), size_(N) {}
  template <std::size_t N>
  view_of(const T (&&)[N], a_view_of_a_temporary_object_would_dangle* = nullptr) = delete;

  constexpr const T* data() const { return data_; }
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr const T* begin() const { return data_; }
  constexpr const T* end() const { return data_ + size_; }
  constexpr const T& operator[](std::size_t i) const { return data_[i]; }

 private:
  const T* data_ = nullptr;
  std::size_t size_ = 0;
};

/// A reference that is never null and cannot be made from a temporary. It is copyable, so it can be
/// a member of an aggregate. The object must outlive the ref.
template <class T>
class ref {
 public:
  constexpr ref(T& t KERB_LIFETIMEBOUND) : p_(&t) {}
  ref(std::remove_const_t<T>&&, a_view_of_a_temporary_object_would_dangle* = nullptr) = delete;
  ref(const std::remove_const_t<T>&&, a_view_of_a_temporary_object_would_dangle* = nullptr) = delete;
  constexpr T& get() const { return *p_; }
  constexpr T& operator*() const { return *p_; }
  constexpr T* operator->() const { return p_; }

 private:
  T* p_;
};

/// A view of text that it does not own, for structures that keep one. Unlike std::string_view, it
/// does not bind to a temporary string.
class text_view {
 public:
  constexpr text_view() = default;
  constexpr text_view(std::string_view text) : text_(text) {}
  template <class Text>
    requires(std::convertible_to<Text, std::string_view> && !detail::owner_of_text<Text>)
  constexpr text_view(Text&& text KERB_LIFETIMEBOUND) : text_(text) {}
  template <detail::owner_of_text Text>
  text_view(Text&&, a_view_of_a_temporary_object_would_dangle* = nullptr) = delete;

  constexpr operator std::string_view() const { return text_; }
  constexpr std::size_t size() const { return text_.size(); }
  constexpr bool empty() const { return text_.empty(); }

 private:
  std::string_view text_;
};

/// The octets of a text. The text must outlive the view; a temporary string does not compile. Not
/// constexpr, because constant expressions do not allow the cast; for literals see operator""_krb.
inline bytes_view octets_of(std::string_view text KERB_LIFETIMEBOUND) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
template <detail::owner_of_text Text>
bytes_view octets_of(const Text& text KERB_LIFETIMEBOUND) {
  return octets_of(std::string_view(text));
}
template <detail::owner_of_text Text>
bytes_view octets_of(Text&&, a_view_of_a_temporary_object_would_dangle* = nullptr) = delete;

}  // namespace kerb::inline v0
