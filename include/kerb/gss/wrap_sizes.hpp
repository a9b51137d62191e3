// The sizes of Wrap tokens: RFC 4121 section 4.2.4, RFC 1964 section 1.2.2, RFC 4757 section 7.3.
#pragma once
#include <cstddef>
#include <cstdint>

namespace kerb::inline v0::gss {

/// The octets that a Wrap token has in front of its message and behind it.
struct wrap_overhead {
  std::size_t front = 0, back = 0;
  constexpr std::size_t octets() const { return front + back; }
};

/// The sizes of a context's Wrap tokens of one kind. For the tokens of RFC 4121 the overhead is the
/// same for every message. The tokens of RC4 and triple DES have a frame with a length, and
/// their messages are padded, so the overhead depends on the size of the message.
class wrap_sizes {
 public:
  /// For the tokens of RFC 4121.
  constexpr explicit wrap_sizes(wrap_overhead same) : front_(same.front), back_(same.back) {}
  /// For the tokens of RC4 and triple DES. `header` is the number of octets from the token's identifier to
  /// the confounder; `block` is the size to whose multiples messages are padded, with one octet at
  /// least. In DCE style the program pads the message, and the frame does not contain it.
  static constexpr wrap_sizes framed(std::size_t header, std::size_t block, bool dce_style) {
    wrap_sizes s({mech_octets + header, 0});
    s.block_ = block;
    s.dce_style_ = dce_style;
    return s;
  }

  /// Whether the overhead is the same for every message.
  constexpr bool same_for_all() const { return block_ == 0; }
  /// Whether there are tokens of messages of this size. In DCE style, messages under triple DES
  /// must have a multiple of 8 octets. A frame has less than 2^32 octets.
  constexpr bool possible(std::size_t message_octets) const {
    if (same_for_all()) return true;
    return message_octets <= largest && (!dce_style_ || message_octets % block_ == 0);
  }
  /// The octets around a message of this size.
  constexpr wrap_overhead around(std::size_t message_octets) const {
    if (same_for_all()) return {front_, back_};
    const std::size_t padding = dce_style_ ? 0 : block_ - message_octets % block_;
    return {1 + length_octets(framed_octets(message_octets)) + front_, padding};
  }
  /// The size of a message's token.
  constexpr std::size_t token(std::size_t message_octets) const {
    return around(message_octets).octets() + message_octets;
  }
  /// The size of the largest message whose token has at most `token_octets` octets; 0 if there is
  /// none.
  constexpr std::size_t limit(std::size_t token_octets) const {
    const std::size_t least = same_for_all() ? front_ + back_ : front_ + 2 + (dce_style_ ? 0 : 1);
    std::size_t n = token_octets < least ? 0 : token_octets - least;
    if (!same_for_all() && n > largest) n = largest;
    while (n != 0 && (token(n) > token_octets || !possible(n))) --n;  // at most 11 times
    return n;
  }
  /// The octets in the frame, after its length. In DCE style the message is not among them
  /// (MS-KILE section 3.4.5.4.1).
  constexpr std::size_t framed_octets(std::size_t message_octets) const {
    return front_ + (dce_style_ ? 0 : message_octets + block_ - message_octets % block_);
  }
  /// The octets of a length in DER.
  static constexpr std::size_t length_octets(std::size_t length) {
    std::size_t n = 1;
    if (length >= 0x80)
      for (; length != 0; length >>= 8) ++n;
    return n;
  }

 private:
  static constexpr std::size_t largest = 0xffffff00;
  static constexpr std::size_t mech_octets = 11;  // the identifier of Kerberos, RFC 1964 section 1
  std::size_t front_ = 0, back_ = 0;
  std::size_t block_ = 0;
  bool dce_style_ = false;
};

}  // namespace kerb::inline v0::gss
