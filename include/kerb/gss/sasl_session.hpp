// The security layer that the SASL mechanism GSSAPI negotiates: RFC 4752 section 3.3, RFC 4422 section 3.7.
#pragma once
#include <limits>

#include "context.hpp"

namespace kerb::inline v0::gss {

/// A security layer, RFC 4752 section 3.3: a bit of the mask that each side sends.
enum class sasl_layer : std::uint8_t {
  none = 1,             ///< octets are sent unchanged
  integrity = 2,        ///< octets are sent in Wrap tokens without encryption
  confidentiality = 4,  ///< octets are sent in encrypted Wrap tokens
};
/// A set of layers.
struct sasl_layers {
  std::uint8_t bits = 0;

  constexpr sasl_layers() = default;
  constexpr sasl_layers(std::initializer_list<sasl_layer> on) {
    for (sasl_layer l : on) set(l);
  }
  /// The layers of a mask. Bits that are not understood are left out (RFC 4752 section 3.3).
  static constexpr sasl_layers of(std::uint8_t mask) {
    sasl_layers s;
    s.bits = mask & 7;
    return s;
  }
  constexpr void set(sasl_layer l, bool on = true) {
    const auto b = static_cast<std::uint8_t>(l);
    bits = static_cast<std::uint8_t>(on ? bits | b : bits & ~b);
  }
  constexpr bool has(sasl_layer l) const { return (bits & static_cast<std::uint8_t>(l)) != 0; }
  /// Whether it has a layer that protects messages.
  constexpr bool protects() const { return has(sasl_layer::integrity) || has(sasl_layer::confidentiality); }
  friend constexpr bool operator==(const sasl_layers&, const sasl_layers&) = default;
};

/// The largest size that a side can state, in three octets.
inline constexpr std::uint32_t sasl_size_limit = 0xffffff;
/// The least size that a side of ours may state for a layer: every encryption type's token of a
/// short message fits.
inline constexpr std::uint32_t sasl_least_size = 256;

/// What the two sides have agreed on. With the exported context it is all that another process
/// needs to continue a session.
struct sasl_agreement {
  sasl_layer layer = sasl_layer::none;
  std::uint32_t own_size = 0;   ///< octets of the largest token that this side receives
  std::uint32_t peer_size = 0;  ///< and of the largest that the peer receives
};

/// The security layer of one connection: it protects what the program sends after the exchange, and
/// opens what it receives. Each direction is a sequence of frames: a length of four octets, then a
/// Wrap token. Without a layer, frames are the program's octets, unchanged.
///
/// Any failure to open a frame ends the session, also a message that is repeated or out of order:
/// RFC 4752 section 3.3 makes every status but GSS_S_COMPLETE a fatal error, since a connection
/// loses and reorders nothing by itself. After that every call returns the first error. Close the
/// connection.
///
/// Move-only, wiped on destruction, for one thread at a time. The buffer of the exchange must
/// outlive it.
template <crypto_policy C>
class [[nodiscard]] sasl_session {
 public:
  using key = typename C::key;

  /// A session in a context that exists already, such as one that was imported. The order of messages
  /// is checked whatever flags the context has. Errors: errc::no_common_layer if the peer's size is too
  /// small for the tokens of any message; errc::unsupported_etype also if the layer's tokens do not
  /// authenticate their numbers, as RC4's without encryption (see context::numbers_are_authentic());
  /// those of context::sizes().
  static constexpr result<sasl_session> make(context<C>&& in, const sasl_agreement& agreed, const C& crypto) {
    const auto sizes = sizes_of(in, agreed, crypto);
    if (!sizes) return sizes.error();
    return sasl_session(std::move(in), agreed, *sizes);
  }
  /// Whether make() would succeed.
  static constexpr error check(const context<C>& in, const sasl_agreement& agreed, const C& crypto) {
    return sizes_of(in, agreed, crypto).error();
  }

  constexpr const sasl_agreement& agreed() const& KERB_LIFETIMEBOUND { return agreed_; }
  void agreed() const&& = delete;
  constexpr sasl_layer layer() const { return agreed_.layer; }
  /// The context, for its names, flags and keys. A message that is made or opened with it directly
  /// has a number that the peer then misses.
  constexpr const context<C>& established() const& KERB_LIFETIMEBOUND { return context_; }
  void established() const&& = delete;
  /// Ends the session and returns its context.
  [[nodiscard]] constexpr context<C> release() && { return std::move(context_); }
  /// Why the session has ended; ok while it has not.
  constexpr const error& ended() const& KERB_LIFETIMEBOUND { return why_; }
  void ended() const&& = delete;

  /// The octets in front of a message of this size and behind it: its length, and the rest of its
  /// token.
  constexpr wrap_overhead overhead(std::size_t message_octets) const {
    wrap_overhead around = sizes_.around(message_octets);
    if (layer() != sasl_layer::none) around.front += length_octets;
    return around;
  }
  constexpr std::size_t wrap_size(std::size_t message_octets) const {
    return overhead(message_octets).octets() + message_octets;
  }
  /// The size of the largest message that the peer receives in one frame. Divide a longer one.
  constexpr std::size_t wrap_size_limit() const {
    if (layer() == sasl_layer::none) return std::numeric_limits<std::size_t>::max();
    return sizes_.limit(agreed_.peer_size);
  }

  /// Makes a frame in place. `frame` has exactly wrap_size(message_octets) octets, with the message
  /// after overhead(message_octets).front of them. Errors: errc::api_misuse if the message is longer
  /// than wrap_size_limit(); those of context::wrap_in_place(). On failure `frame` is wiped, and the
  /// session continues.
  [[nodiscard]] constexpr errc wrap_in_place(std::span<std::uint8_t> frame, std::size_t message_octets, C& crypto) {
    const errc why = try_wrap(frame, message_octets, crypto);
    if (why != errc::ok) secure_zero(frame);
    return why;
  }
  /// Makes a frame of `message` at the front of `out`, and returns it. `out` must not overlap
  /// `message`. Errors: errc::no_space (detail: octets needed), before anything is drawn or written;
  /// those of wrap_in_place().
  [[nodiscard]] constexpr result<bytes_view> wrap(bytes_view message, std::span<std::uint8_t> out KERB_LIFETIMEBOUND,
                                                  C& crypto) {
    if (!why_.ok()) return why_;
    const std::size_t n = wrap_size(message.size());
    if (out.size() < n) return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(n)};
    const std::span<std::uint8_t> frame = out.first(n);
    kerb::detail::copy_octets(message.data(), message.size(), frame.data() + overhead(message.size()).front);
    if (const errc why = wrap_in_place(frame, message.size(), crypto); why != errc::ok) return why;
    return bytes_view(frame);
  }

  /// The size of the frame at the front of `received`, with its length; 0 if the length has not
  /// arrived yet. The frame is complete when so many octets have arrived. Without a layer, all
  /// octets that have arrived are a frame. Errors: errc::frame_too_long (detail: octets) for a
  /// token that is longer than this side receives; it ends the session.
  [[nodiscard]] constexpr result<std::size_t> frame_size(bytes_view received) {
    if (!why_.ok()) return why_;
    if (layer() == sasl_layer::none) return received.size();
    if (received.size() < length_octets) return std::size_t{0};
    std::uint32_t n = 0;
    for (std::size_t i = 0; i != length_octets; ++i) n = n << 8 | received[i];
    if (n > agreed_.own_size) return end({.code = errc::frame_too_long, .detail = n, .type = type, .field = "length"});
    return length_octets + std::size_t{n};
  }
  /// Opens a frame in place, of exactly frame_size() octets, and returns the message in it. Errors:
  /// those of frame_size() and context::unwrap_in_place(); errc::truncated and errc::trailing_data
  /// for another number of octets; errc::replayed and errc::bad_order for a message that is not the
  /// next one; errc::not_sealed for a message that had to be encrypted. Each ends the session. The
  /// octets of `frame` are then unspecified, and contain nothing that was encrypted.
  [[nodiscard]] constexpr result<std::span<std::uint8_t>> unwrap_in_place(
      std::span<std::uint8_t> frame KERB_LIFETIMEBOUND, C& crypto) {
    const auto n = frame_size(bytes_view(frame));
    if (!n) return n.error();
    if (layer() == sasl_layer::none) return frame;
    if (*n == 0 || *n > frame.size()) return end({.code = errc::truncated, .type = type});
    if (*n < frame.size()) {
      return end({.code = errc::trailing_data, .offset = static_cast<std::uint32_t>(*n), .type = type});
    }
    const message_demands next{.by = protection_of(layer()), .in_order = true};
    const auto got = context_.unwrap_in_place(frame.subspan(length_octets), next, crypto);
    if (!got) return end(got.error());
    return got->message;
  }

 private:
  static constexpr std::size_t length_octets = 4;
  static constexpr const char* type = "SASL frame";

  constexpr sasl_session(context<C>&& in, const sasl_agreement& agreed, const wrap_sizes& sizes)
      : context_(std::move(in)), agreed_(agreed), sizes_(sizes) {}

  static constexpr protection protection_of(sasl_layer l) {
    return l == sasl_layer::confidentiality ? protection::confidentiality : protection::integrity;
  }
  static constexpr result<wrap_sizes> sizes_of(const context<C>& in, const sasl_agreement& agreed, const C& crypto) {
    if (agreed.layer == sasl_layer::none) return wrap_sizes({});
    const auto sizes = in.sizes(protection_of(agreed.layer), crypto);
    if (sizes && sizes->limit(agreed.peer_size) == 0) {
      return error{.code = errc::no_common_layer, .detail = agreed.peer_size, .field = "size"};
    }
    if (sizes && !in.numbers_are_authentic(protection_of(agreed.layer), crypto)) {
      return error{.code = errc::unsupported_etype, .field = "layer"};
    }
    return sizes;
  }
  constexpr errc try_wrap(std::span<std::uint8_t> frame, std::size_t message_octets, C& crypto) {
    if (!why_.ok()) return why_.code;
    if (layer() == sasl_layer::none) return errc::ok;
    if (message_octets > wrap_size_limit() || frame.size() != wrap_size(message_octets)) return errc::api_misuse;
    const std::span<std::uint8_t> token = frame.subspan(length_octets);
    const errc why = context_.wrap_in_place(token, message_octets, protection_of(layer()), crypto);
    for (std::size_t i = 0; i != length_octets; ++i)
      frame[i] = static_cast<std::uint8_t>(token.size() >> (8 * (length_octets - 1 - i)));
    return why;
  }
  KERB_COLD constexpr error end(const error& why) {
    why_ = why;
    return why;
  }

  context<C> context_;
  sasl_agreement agreed_;
  wrap_sizes sizes_;
  error why_{};
};

}  // namespace kerb::inline v0::gss
