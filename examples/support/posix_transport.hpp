// One KDC over plain POSIX sockets: UDP first, sent again when nothing comes, and TCP where the exchange asks for it.
#pragma once
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <kerb/client.hpp>
#include <string>
#include <vector>

namespace example {

class posix_transport {
 public:
  posix_transport(std::string host, std::string port, bool tcp_only = false)
      : host_(std::move(host)), port_(std::move(port)), tcp_only_(tcp_only) {}
  posix_transport(const posix_transport&) = delete;
  posix_transport& operator=(const posix_transport&) = delete;
  ~posix_transport() { close_socket(); }

  /// What kerb::drive asks for: transmits what there is to transmit, and waits for an answer.
  kerb::result<kerb::answer> operator()(const kerb::send& s) {
    if (tcp_only_ || s.via == kerb::carrier::stream) return over_tcp(s.octets);
    if (!s.octets.empty() && !connected(SOCK_DGRAM)) return kerb::errc::no_answer;
    if (!s.octets.empty()) last_.assign(s.octets.begin(), s.octets.end());
    bool transmit = !s.octets.empty();  // without octets the exchange waits on for what comes
    for (const int patience : {1000, 2000, 4000}) {
      if (transmit) (void)::send(fd_, last_.data(), last_.size(), 0);
      transmit = true;  // a datagram may have been lost: the very same one again
      if (!readable(patience)) continue;
      const ssize_t n = ::recv(fd_, in_.data(), in_.size(), 0);
      if (n > 0) return kerb::answer(kerb::bytes_view(in_.data(), static_cast<std::size_t>(n)));
    }
    return kerb::errc::no_answer;
  }

 private:
  kerb::result<kerb::answer> over_tcp(kerb::bytes_view octets) {
    if (!connected(SOCK_STREAM)) return kerb::errc::no_answer;
    const auto header = kerb::frame_header(static_cast<std::uint32_t>(octets.size()));
    if (!write_all(header) || !write_all(octets)) return kerb::errc::no_answer;
    for (std::size_t have = 0;;) {
      const auto frame = kerb::read_frame(kerb::bytes_view(in_).first(have), in_.size() - 4);
      if (!frame) return frame.error();
      if (frame->missing == 0) return kerb::answer(frame->message, kerb::carrier::stream);
      const ssize_t n = readable(10000) ? ::recv(fd_, in_.data() + have, in_.size() - have, 0) : -1;
      if (n <= 0) return n == 0 ? kerb::errc::stream_ended : kerb::errc::no_answer;
      have += static_cast<std::size_t>(n);
    }
  }
  bool write_all(kerb::bytes_view v) {
    for (ssize_t n = 0; !v.empty(); v = v.subview(static_cast<std::size_t>(n)))
      if ((n = ::send(fd_, v.data(), v.size(), MSG_NOSIGNAL)) <= 0) return false;
    return true;
  }
  bool readable(int milliseconds) const {
    pollfd p{fd_, POLLIN, 0};
    return ::poll(&p, 1, milliseconds) > 0;
  }
  /// A new socket for each request: an answer to an earlier one cannot arrive there.
  bool connected(int kind) {
    close_socket();
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = kind;
    if (::getaddrinfo(host_.c_str(), port_.c_str(), &hints, &found) != 0) return false;
    for (const addrinfo* a = found; a != nullptr && fd_ < 0; a = a->ai_next) {
      fd_ = ::socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
      if (fd_ >= 0 && ::connect(fd_, a->ai_addr, a->ai_addrlen) != 0) close_socket();
    }
    ::freeaddrinfo(found);
    return fd_ >= 0;
  }
  void close_socket() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  std::string host_, port_;
  bool tcp_only_;
  int fd_ = -1;
  std::vector<std::uint8_t> last_;
  std::vector<std::uint8_t> in_ = std::vector<std::uint8_t>(65536);
};

}  // namespace example
