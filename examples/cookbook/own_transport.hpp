// A transport of your own: here a connected stream socket, a serial line or a pipe, by its file descriptors.
#pragma once
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <kerb/client.hpp>
#include <vector>

namespace cookbook {

/// The function `ask_kdc` of kerb::drive and kerb::acquire, for one request at a time. The program ignores SIGPIPE.
class stream_transport {
 public:
  stream_transport(int to, int from) : to_(to), from_(from), in_(65536) {}

  kerb::result<kerb::answer> operator()(const kerb::send& s) {
    // No octets: the exchange has ignored the answer and waits for another one. A stream has one answer to a request
    if (s.octets.empty()) return kerb::errc::no_answer;
    const auto until = clock::now() + std::chrono::seconds(10);  // for all of the request and its answer
    const auto length = kerb::frame_header(static_cast<std::uint32_t>(s.octets.size()));
    if (!write_all(length, until) || !write_all(s.octets, until)) return kerb::errc::no_answer;
    for (std::size_t have = 0;;) {
      const auto frame = kerb::read_frame(kerb::bytes_view(in_).first(have), in_.size() - 4);
      if (!frame) return frame.error();
      if (frame->missing == 0) return kerb::answer(frame->message, kerb::transport::stream);
      const ssize_t n = ready(from_, POLLIN, until) ? ::read(from_, in_.data() + have, frame->missing) : -1;
      if (n <= 0) return kerb::errc::no_answer;
      have += static_cast<std::size_t>(n);
    }
  }

 private:
  using clock = std::chrono::steady_clock;
  bool write_all(kerb::bytes_view v, clock::time_point until) {
    while (!v.empty()) {
      const ssize_t n = ready(to_, POLLOUT, until) ? ::write(to_, v.data(), v.size()) : -1;
      if (n <= 0) return false;
      v = v.subview(static_cast<std::size_t>(n));
    }
    return true;
  }
  static bool ready(int fd, short event, clock::time_point until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
    pollfd p{fd, event, 0};
    return left > 0 && ::poll(&p, 1, static_cast<int>(left)) == 1;
  }
  int to_, from_;
  std::vector<std::uint8_t> in_;
};

}  // namespace cookbook
