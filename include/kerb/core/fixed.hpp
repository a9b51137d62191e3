// A list of at most N values, stored in the object itself.
#pragma once
#include <array>
#include <cstddef>

#include "bytes.hpp"

namespace kerb::inline v0 {

/// At most N values of T, stored in the object itself. Never allocates.
template <class T, std::size_t N>
class fixed {
 public:
  constexpr const T* data() const KERB_LIFETIMEBOUND { return items_.data(); }
  constexpr T* data() KERB_LIFETIMEBOUND { return items_.data(); }
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  static constexpr std::size_t capacity() { return N; }
  constexpr const T* begin() const KERB_LIFETIMEBOUND { return items_.data(); }
  constexpr const T* end() const KERB_LIFETIMEBOUND { return items_.data() + size_; }
  constexpr const T& operator[](std::size_t i) const KERB_LIFETIMEBOUND { return items_[i]; }
  constexpr T& operator[](std::size_t i) KERB_LIFETIMEBOUND { return items_[i]; }
  constexpr void clear() { size_ = 0; }
  /// Appends `v`. Returns false and changes nothing when the list already holds N values.
  [[nodiscard]] constexpr bool push_back(const T& v) {
    if (size_ == N) return false;
    items_[size_++] = v;
    return true;
  }

 private:
  std::array<T, N> items_{};
  std::size_t size_ = 0;
};

}  // namespace kerb::inline v0
