// The long-term keys that an AS exchange has derived, so that it derives none twice.
#pragma once
#include "../../crypto/policy.hpp"

namespace kerb::inline v0::detail {

/// The inputs of a key that is derived from one password. The salt, which came in octets of the
/// caller, is known by its digest.
struct key_recipe {
  etype_t etype{};
  std::uint64_t iterations = 0;
  std::array<std::uint8_t, 32> salt{};
  friend constexpr bool operator==(const key_recipe&, const key_recipe&) = default;
};

/// Keys with their recipes, each known by an index. clear() and the destructor wipe them.
template <class Key>
class known_keys {
 public:
  /// The number of keys that an exchange derives for the KDC's errors unless its limits are raised
  /// (exchange_limits::max_rounds). If there are more, new keys replace the oldest.
  static constexpr std::size_t capacity = 6;
  static constexpr std::size_t none = capacity;

  constexpr std::size_t find(const key_recipe& r) const {
    for (std::size_t i = 0; i != capacity; ++i)
      if (places_[i] && places_[i]->recipe == r) return i;
    return none;
  }
  /// Stores a key in any place except `in_use`, and returns its index.
  constexpr std::size_t add(const key_recipe& r, Key&& k, std::size_t in_use) {
    if (next_ == in_use) next_ = (next_ + 1) % capacity;
    const std::size_t at = std::exchange(next_, (next_ + 1) % capacity);
    places_[at].emplace(place{r, std::move(k)});
    return at;
  }
  /// Moves the key out and forgets it.
  constexpr Key take(std::size_t i) {
    Key k = std::move(places_[i]->key);
    places_[i] = std::optional<place>{};
    next_ = i;
    return k;
  }
  constexpr const Key& operator[](std::size_t i) const { return places_[i]->key; }
  constexpr void clear() {
    for (std::optional<place>& p : places_) p = std::optional<place>{};
  }

 private:
  struct place {
    key_recipe recipe;
    Key key;
  };
  std::array<std::optional<place>, capacity> places_{};
  std::size_t next_ = 0;
};

}  // namespace kerb::inline v0::detail
