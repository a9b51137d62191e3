// Messages on a byte stream, RFC 4120 section 7.2.2: a four-octet length, then the message.
#pragma once
#include "../core/bytes.hpp"
#include "../core/result.hpp"

namespace kerb::inline v0 {

/// What the octets received so far contain.
struct frame {
  bytes_view message;       ///< the whole message, when `missing` is 0
  std::size_t missing = 0;  ///< the least number of octets to read before the next call can return more
};

/// Finds the message at the start of `in`; the result is a view of it. A message longer than `cap`
/// octets is rejected as soon as its length has been read (errc::frame_too_long; detail: the
/// length). So is a length with its first bit set, which RFC 4120 reserves. A length of 0 is an
/// empty message; the decoder rejects it.
constexpr result<frame> read_frame(bytes_view in, std::size_t cap) {
  if (in.size() < 4) return frame{{}, 4 - in.size()};
  std::uint32_t size = 0;
  for (std::size_t i = 0; i != 4; ++i) size = size << 8 | in[i];
  if (size > 0x7fffffff || size > cap) return error{.code = errc::frame_too_long, .detail = size};
  if (in.size() - 4 < size) return frame{{}, size - (in.size() - 4)};
  return frame{in.subview(4, size), 0};
}

/// The four octets in front of a message of `size` octets, which must be less than 2^31.
constexpr std::array<std::uint8_t, 4> frame_header(std::uint32_t size) {
  std::array<std::uint8_t, 4> h{};
  for (std::size_t i = 0; i != 4; ++i) h[i] = static_cast<std::uint8_t>(size >> (8 * (3 - i)));
  return h;
}

}  // namespace kerb::inline v0
