// A request that is transmitted only once: a password service refuses a second copy as a replay.
#pragma once
#include "../support/posix_transport.hpp"

namespace example {

/// A request to one server. posix_transport does not tell whether anything was sent.
class single_request {
 public:
  single_request() = default;
  single_request(const single_request&) = delete;
  single_request& operator=(const single_request&) = delete;
  ~single_request() { close_socket(); }

  /// Transmits the octets to the first address of the host that can be reached. False: nothing was sent.
  bool transmit(const std::string& host, const std::string& port, bool stream, kerb::bytes_view octets) {
    close_socket();
    refused_ = false;
    stream_ = stream;
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = stream ? SOCK_STREAM : SOCK_DGRAM;
    if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return false;
    for (const addrinfo* a = found; a != nullptr && fd_ < 0; a = a->ai_next) {
      fd_ = ::socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
      until_ = clock::now() + std::chrono::seconds(3);
      if (fd_ >= 0 && !reached(*a)) close_socket();
    }
    ::freeaddrinfo(found);
    if (fd_ < 0) return false;
    until_ = clock::now() + std::chrono::seconds(20);
    std::vector<std::uint8_t> out;
    const auto header = kerb::frame_header(static_cast<std::uint32_t>(octets.size()));
    if (stream) out.assign(header.begin(), header.end());
    out.insert(out.end(), octets.begin(), octets.end());
    for (std::size_t sent = 0; sent != out.size();) {
      const ssize_t n = ready(POLLOUT) ? ::send(fd_, out.data() + sent, out.size() - sent, MSG_NOSIGNAL) : -1;
      if (n <= 0) return sent != 0;
      sent += static_cast<std::size_t>(n);
    }
    return true;
  }
  /// Waits for an answer, or for another one after a datagram that was ignored.
  kerb::result<kerb::answer> receive() {
    for (std::size_t have = 0;;) {
      if (stream_) {
        const auto frame = kerb::read_frame(kerb::bytes_view(in_).first(have), in_.size() - 4);
        if (!frame) return frame.error();
        if (frame->missing == 0) return kerb::answer(frame->message, kerb::transport::stream);
      }
      errno = 0;
      const ssize_t n = ready(POLLIN) ? ::recv(fd_, in_.data() + have, in_.size() - have, 0) : -1;
      refused_ = n < 0 && !stream_ && errno == ECONNREFUSED;
      if (n <= 0) return kerb::errc::no_answer;
      have += static_cast<std::size_t>(n);
      if (!stream_) return kerb::answer(kerb::bytes_view(in_).first(have), kerb::transport::datagram);
    }
  }
  /// Whether the host has said that nobody receives datagrams there.
  bool refused() const { return refused_; }

 private:
  using clock = std::chrono::steady_clock;

  bool reached(const addrinfo& a) const {
    if (::connect(fd_, a.ai_addr, a.ai_addrlen) == 0) return true;
    int why = errno;
    socklen_t size = sizeof why;
    if (why != EINPROGRESS || !ready(POLLOUT)) return false;
    return ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &why, &size) == 0 && why == 0;
  }
  bool ready(short event) const {
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - clock::now());
      pollfd p{fd_, event, 0};
      const int n = ::poll(&p, 1, static_cast<int>(std::max(left.count(), std::chrono::milliseconds::rep{0})));
      if (n >= 0 || errno != EINTR) return n > 0;
    }
  }
  void close_socket() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  int fd_ = -1;
  bool stream_ = false, refused_ = false;
  clock::time_point until_{};
  std::vector<std::uint8_t> in_ = std::vector<std::uint8_t>(65540);
};

}  // namespace example
