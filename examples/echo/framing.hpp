// Messages on a stream, and the clock: what both sides need with any transport.
#pragma once
#include <algorithm>
#include <chrono>
#include <kerb/botan.hpp>

namespace echo {

using policy = kerb::botan::policy;
using steady = std::chrono::steady_clock;

/// The longest message that is accepted, and the largest text that always fits into one.
inline constexpr std::size_t max_message = 16384, max_text = max_message - 256;
/// A message with its length in front.
using frame_buffer = std::array<std::uint8_t, 4 + max_message>;

inline kerb::timestamp now() {
  using namespace std::chrono;
  const auto us = duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
  return {{us / 1000000}, {static_cast<std::int32_t>(us % 1000000)}};
}
inline kerb::environment<policy> env_now(policy& p) { return {p, now()}; }

/// Collects one message at a time. It never reads beyond the message, so those octets stay in the stream.
class incoming {
 public:
  explicit incoming(std::span<std::uint8_t> buffer) : buffer_(buffer) {}
  /// Where to put the next octets.
  std::span<std::uint8_t> space() const { return buffer_.subspan(have_, missing_); }
  /// Call this after `n` octets were read. Returns the message, valid until the next read, or how many octets are
  /// missing.
  kerb::result<kerb::frame> got(std::size_t n) {
    have_ += n;
    auto frame = kerb::read_frame(kerb::bytes_view(buffer_).first(have_), buffer_.size() - 4);
    missing_ = !frame ? 0 : frame->missing;
    if (frame && frame->missing == 0) have_ = 0, missing_ = 4;
    return frame;
  }

 private:
  std::span<std::uint8_t> buffer_;
  std::size_t have_ = 0, missing_ = 4;
};

/// Where to write a message, so that four octets for its length remain in front.
inline std::span<std::uint8_t> message_part(frame_buffer& out) { return std::span(out).last(max_message); }

/// Returns the message with its length in front, at the end of `out`. The message may be there already.
inline kerb::bytes_view framed(kerb::bytes_view message, std::span<std::uint8_t> out) {
  const auto whole = out.last(4 + message.size());
  const auto length = kerb::frame_header(static_cast<std::uint32_t>(message.size()));
  std::copy(length.begin(), length.end(), whole.begin());
  if (message.data() != whole.data() + 4) std::copy(message.begin(), message.end(), whole.begin() + 4);
  return whole;
}

}  // namespace echo
