// A value together with its encoding as received.
#pragma once
#include "decode.hpp"
#include "encode.hpp"

namespace kerb::inline v0::asn1 {

/// A T and its encoding as the sender wrote it. Use it for values that are forwarded unchanged or
/// covered by a checksum: a decoded value is never re-encoded. Made by decoding, by of() for a new
/// value, or by as_sent() for octets that were kept.
template <class T>
class captured {
 public:
  using value_type = T;
  constexpr captured() = default;
  /// A new value, to be encoded when it is written.
  static constexpr captured of(const T& v) {
    captured c;
    c.value_ = v;
    return c;
  }
  /// Octets that a peer sent, to be written unchanged. They are not decoded: value() is a default T.
  static constexpr captured as_sent(bytes_view octets) {
    captured c;
    c.octets_ = octets;
    c.has_octets_ = true;
    return c;
  }
  constexpr const T& value() const& KERB_LIFETIMEBOUND { return value_; }
  const T& value() const&& = delete;
  constexpr const T* operator->() const KERB_LIFETIMEBOUND { return &value_; }
  /// The encoding as received, a view of the input; empty after of().
  constexpr bytes_view octets() const { return octets_; }

 private:
  friend struct codec<captured>;
  T value_{};
  bytes_view octets_;
  bool has_octets_ = false;
};

template <class T>
struct codec<captured<T>> {
  template <der::mode M>
  static constexpr bool read(der::basic_reader<M>& r, captured<T>& out, der::place p) {
    const std::uint8_t* const m = r.mark();
    if (!asn1::read(r, out.value_, p)) return false;
    out.octets_ = r.since(m);
    out.has_octets_ = true;
    return true;
  }
  static constexpr void write(der::writer& w, const captured<T>& v) {
    if (v.has_octets_) {
      w.octets(v.octets_);
    } else {
      asn1::write(w, v.value_);
    }
  }

  static constexpr std::uint8_t* quick_write(std::uint8_t* at, const std::uint8_t* floor, const captured<T>& v) {
    return v.has_octets_ ? der::quick::octets(at, floor, v.octets_) : detail::quick::write(at, floor, v.value_);
  }
  static constexpr std::size_t quick_size(const captured<T>& v) {
    return v.has_octets_ ? v.octets_.size() : detail::quick::size(v.value_);
  }
};

}  // namespace kerb::inline v0::asn1
