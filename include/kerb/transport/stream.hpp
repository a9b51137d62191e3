// Messages on a byte stream, RFC 4120 section 7.2.2: four octets of length, then the message.
#pragma once
#include "../core/bytes.hpp"
#include "../core/result.hpp"

namespace kerb::inline v0 {

/// What the octets of a stream hold so far.
struct frame {
  bytes_view message;       ///< the whole message, once `missing` is 0
  std::size_t missing = 0;  ///< octets that have to be read before anything more can be said, at the least
};

/// Finds the message at the start of `in`, a view of it. A message longer than `cap` octets is refused as soon as its
/// length is there (errc::frame_too_long; detail: the length), and so is a length with its first bit set, which RFC
/// 4120 reserves. A length of 0 is an empty message, for the decoder to refuse.
constexpr result<frame> read_frame(bytes_view in, std::size_t cap) {
  if (in.size() < 4) return frame{{}, 4 - in.size()};
  std::uint32_t size = 0;
  for (std::size_t i = 0; i != 4; ++i) size = size << 8 | in[i];
  if (size > 0x7fffffff || size > cap) return error{.code = errc::frame_too_long, .detail = size};
  if (in.size() - 4 < size) return frame{{}, size - (in.size() - 4)};
  return frame{in.subview(4, size), 0};
}

/// The four octets that stand in front of a message of `size` octets, which is less than 2^31.
constexpr std::array<std::uint8_t, 4> frame_header(std::uint32_t size) {
  std::array<std::uint8_t, 4> h{};
  for (std::size_t i = 0; i != 4; ++i) h[i] = static_cast<std::uint8_t>(size >> (8 * (3 - i)));
  return h;
}

}  // namespace kerb::inline v0
