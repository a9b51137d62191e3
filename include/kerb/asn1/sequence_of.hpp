// SEQUENCE OF without storage: a view of validated received octets, or of the caller's array.
#pragma once
#include <cstddef>

#include "decode.hpp"
#include "encode.hpp"

namespace kerb::inline v0::asn1 {

struct may_be_empty {};
struct not_empty {};

/// A SEQUENCE OF T. Decoding validates every element and keeps a view of the octets, so iteration
/// cannot fail; it returns each T by value. For encoding it is a view of the caller's values. It
/// owns nothing and is cheap to copy.
template <class T, class Rule = may_be_empty>
class sequence_of {
 public:
  using value_type = T;
  constexpr sequence_of() = default;
  constexpr sequence_of(view_of<T> items) : items_(items.data()), size_(items.size()), in_memory_(true) {}
  template <class R>
    requires(std::convertible_to<R&&, view_of<T>> && !std::same_as<std::remove_cvref_t<R>, sequence_of> &&
             !std::same_as<std::remove_cvref_t<R>, view_of<T>>)
  constexpr sequence_of(R&& items KERB_LIFETIMEBOUND) : sequence_of(view_of<T>(static_cast<R&&>(items))) {}

  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  /// The elements' encodings as received, one after another; empty for values in memory.
  constexpr bytes_view octets() const { return in_memory_ ? bytes_view() : wire_; }

  class iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    constexpr iterator() = default;
    constexpr T operator*() const {
      if (in_memory_) return *item_;
      T v{};
      detail::read_again(wire_, v);
      return v;
    }
    constexpr iterator& operator++() {
      --left_;
      if (in_memory_) {
        ++item_;
      } else {
        wire_ = wire_.subview(octets().size());
      }
      return *this;
    }
    constexpr iterator operator++(int) {
      iterator before = *this;
      ++*this;
      return before;
    }
    /// The element's own octets as received; empty for values in memory.
    constexpr bytes_view octets() const {
      if (in_memory_ || wire_.empty()) return {};
      const der::quick::found f = der::quick::open(wire_.begin(), wire_.end(), der::tag{wire_[0]});
      return wire_.first(static_cast<std::size_t>(f.end - wire_.begin()));
    }
    friend constexpr bool operator==(const iterator& a, const iterator& b) { return a.left_ == b.left_; }

   private:
    friend class sequence_of;
    constexpr iterator(const sequence_of& s, std::size_t left)
        : wire_(s.wire_), item_(s.items_), left_(left), in_memory_(s.in_memory_) {}
    bytes_view wire_;
    const T* item_ = nullptr;
    std::size_t left_ = 0;
    bool in_memory_ = false;
  };
  constexpr iterator begin() const { return {*this, size_}; }
  constexpr iterator end() const { return {*this, 0}; }

 private:
  friend struct codec<sequence_of>;
  bytes_view wire_;           // the elements' TLVs, already validated
  const T* items_ = nullptr;  // or the caller's values
  std::size_t size_ = 0;
  bool in_memory_ = false;  // which of the two; comparing with null would not be constant under UBSan
};

template <class T, class Rule>
struct codec<sequence_of<T, Rule>> {
  static constexpr der::tag tag = der::sequence;
  template <der::mode M>
  static constexpr bool read(der::contents<M> c, sequence_of<T, Rule>& out) {
    std::size_t size = 0;
    for (der::basic_reader<M> in(c); !in.at_end(); ++size) {
      T checked = kerb::detail::fresh<T>{};
      if (!asn1::read(in, checked, c.where())) return false;
    }
    out.wire_ = c;
    out.size_ = size;
    out.items_ = nullptr;
    out.in_memory_ = false;
    return std::same_as<Rule, may_be_empty> || size != 0 || c.fail(errc::empty_sequence);
  }
  /// Writes the elements without a header, for callers that put others in front of them.
  static constexpr void write_elements(der::writer& w, const sequence_of<T, Rule>& v) {
    if (v.in_memory_) {
      for (std::size_t i = v.size_; i != 0; --i) asn1::write(w, v.items_[i - 1]);
    } else {
      w.octets(v.wire_);
    }
  }
  static constexpr void write(der::writer& w, const sequence_of<T, Rule>& v, der::tag t = tag) {
    const std::size_t mark = w.count();
    write_elements(w, v);
    w.header_since(t, mark);
  }

  static constexpr bool all_known = detail::quick::known<T>();
  static constexpr std::uint8_t* put(std::uint8_t* at, const std::uint8_t* floor, const sequence_of<T, Rule>& v) {
    if (!v.in_memory_) return der::quick::octets(at, floor, v.wire_);
    for (std::size_t i = v.size_; i != 0 && at != nullptr; --i) at = detail::quick::write(at, floor, v.items_[i - 1]);
    return at;
  }
  static constexpr std::size_t size(const sequence_of<T, Rule>& v) {
    if (!v.in_memory_) return v.wire_.size();
    std::size_t n = 0;
    for (std::size_t i = 0; i != v.size_; ++i) n += detail::quick::size(v.items_[i]);
    return n;
  }
};

}  // namespace kerb::inline v0::asn1
